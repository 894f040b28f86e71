//! Pipelines act on the cluster by their lines, and take back what they did when a check fails.

use orchestrion::scenario::{Scenario, TextFile};
use orchestrion::session::expression::Expression;
use orchestrion::session::run::{Input, Run};
use orchestrion::session::{Command, File, Session};
use orchestrion::sim::{Rewindable, Span, Time, Timeline};

const SHOP: &str = "\
files:
  web.yaml: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: 3
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
          - {name: app, image: 'nginx:1.27', readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}}
pipelines:
- name: good
  at: 20s
  stages:
  - {name: build, takes: 10s}
  - name: deploy
    run: [kubectl set image deployment/web app=nginx:1.28, kubectl rollout status deployment/web --timeout=2m]
  - {name: verify, for: 30s, check: ['always deployment/web ready >= 3', 'max deployment/web restarts == 0']}
  rollback: {run: kubectl rollout undo deployment/web}
- name: bad
  at: 3m
  stages:
  - name: deploy
    run: [kubectl set image deployment/web app=nginx:1.29, kubectl rollout status deployment/web --timeout=2m]
  - {name: verify, for: 1m, check: always deployment/web ready >= 3}
  - {name: promote, run: kubectl annotate deployment/web released=yes}
  rollback:
    run: [kubectl rollout undo deployment/web, kubectl rollout status deployment/web]
inputs:
- {at: 220s, fault: fail-readiness, on: deployment/web, pick: 1, for: 30s}
";

fn scenario() -> Scenario {
    let file = TextFile { name: "shop.scenario.yaml".into(), text: SHOP.into() };
    let (scenario, problems) = Scenario::read(&[file], 1);
    assert!(problems.is_empty(), "{problems:?}");
    scenario
}

fn applied() -> Run {
    let scenario = scenario();
    let mut run = Run::new(&scenario);
    run.apply(&Input::Apply(scenario.files.iter().map(|f| (f.name.to_string(), f.text.to_string())).collect()));
    run
}

fn states(run: &Run, pipeline: usize) -> Vec<String> {
    run.jobs()[pipeline].row().stages.iter().map(|s| format!("{} {}", s.name, s.state)).collect()
}

fn holds(run: &Run, text: &str) -> bool {
    Expression::read(text).expect(text).holds(&run.world.cluster)
}

#[test]
fn a_good_one_passes_and_a_failed_check_takes_everything_back() {
    let mut run = applied();
    run.run_until(Time::secs(28));
    assert_eq!(states(&run, 0)[..2], ["build running", "deploy waiting"]);
    run.run_until(Time::secs(150));
    assert_eq!(states(&run, 0), ["build passed", "deploy passed", "verify passed", "rollback skipped"]);
    assert_eq!(run.jobs()[0].row().outcome, "passed");
    assert!(holds(&run, "deployment/web spec.template.spec.containers[0].image == nginx:1.28"));
    run.run_until(Time::secs(400));
    assert_eq!(states(&run, 1), ["deploy passed", "verify failed", "promote skipped", "rollback passed"]);
    assert_eq!(run.jobs()[1].row().outcome, "rolled_back");
    assert!(run.jobs()[1].row().stages[1].said.contains("ready is 2"), "{:?}", run.jobs()[1].row());
    assert!(holds(&run, "deployment/web spec.template.spec.containers[0].image == nginx:1.28"));
    assert!(holds(&run, "deployment/web ready == 3"));
}

#[test]
fn the_chain_of_what_a_pipeline_did_ends_at_its_start() {
    let mut run = applied();
    run.run_until(Time::secs(60));
    let api = &run.world.cluster.api;
    let first = api.journal.since(0).find(|(_, e)| e.why.reason.key == "you.ran").expect("it ran a line");
    let chain: Vec<&str> =
        api.journal.chain(first.0).iter().filter_map(|id| api.journal.get(*id)).map(|e| e.why.reason.key).collect();
    assert_eq!(chain, ["you.ran", "pipeline.stage", "pipeline.passed", "pipeline.stage", "pipeline.began"]);
}

#[test]
fn rewinding_through_a_pipeline_reads_the_same() {
    let mut line = Timeline::new(applied(), Span::secs(5));
    line.seek(Time::secs(300));
    let straight = (line.world().world.digest(), states(line.world(), 1));
    for t in [25, 130, 215, 260] {
        line.seek(Time::secs(t));
        line.seek(Time::secs(300));
        assert_eq!((line.world().world.digest(), states(line.world(), 1)), straight);
    }
    // However it is stopped on the way.
    let mut run = applied();
    for t in (0..=300_000).step_by(7_777) {
        run.run_until(Time::millis(t));
    }
    run.run_until(Time::secs(300));
    assert_eq!((run.world.digest(), states(&run, 1)), straight);
}

#[test]
fn a_session_tells_of_pipelines_and_faults() {
    let mut session = Session::open(&[TextFile { name: "shop.scenario.yaml".into(), text: SHOP.into() }], 1);
    let mut rows = (Vec::new(), Vec::new());
    let mut update = session.command(1, Command::Seek { to: 400_000_000 });
    loop {
        rows.0 = update.pipelines.unwrap_or(rows.0);
        rows.1 = update.faults.unwrap_or(rows.1);
        if !session.busy() {
            break;
        }
        update = session.go_on(1);
    }
    assert_eq!(rows.0.iter().map(|p| p.outcome.as_str()).collect::<Vec<_>>(), ["passed", "rolled_back"]);
    assert_eq!(
        rows.1.iter().map(|f| (f.kind.as_str(), f.since, f.ended)).collect::<Vec<_>>(),
        [("fail-readiness", 220_000_000, Some(250_000_000))]
    );
    let overview = session.command(2, Command::Overview { columns: 100 }).overview.expect("an overview");
    let lane = |name: &str| overview.marks.iter().filter(|m| m.0 == name).count();
    assert_eq!((lane("pipeline"), lane("faults")), (6, 1));
}

#[test]
fn what_is_wrong_in_a_pipeline_has_a_place() {
    let text =
        "pipelines:\n- name: x\n  stages:\n  - {name: a, check: 'web ~ 3'}\n  - {name: b, colour: red}\n- stages: []\n";
    let file = File { name: "x.scenario.yaml".into(), text: text.into() };
    let (_, problems) =
        Scenario::read(&[TextFile { name: file.name.as_str().into(), text: file.text.as_str().into() }], 1);
    let lines: Vec<u32> = problems.iter().map(|p| p.at.line).collect();
    assert_eq!(lines, [4, 5, 6]);
}
