//! Duels hold what they promise: the same start gives the same report however it is played, faults and load lose or double
//! no container, and what a gallery shows is what the case pages assert.

use orchestrion::compose::engine::Status;
use orchestrion::compose::project::observed;
use orchestrion::scenario::{Scenario, TextFile};
use orchestrion::session::run::{Input, Run};
use orchestrion::session::{Command, Session, wire};
use orchestrion::sim::{Rewindable, Span, Time};
use proptest::prelude::*;
use std::path::Path;

const COMPOSE: &str = "\
services:
  web: {image: 'nginx:1.27', ports: ['8080:80'], restart: always, depends_on: [app]}
  app:
    image: shop/app:1
    restart: unless-stopped
    healthcheck: {test: [CMD, curl, -f, 'http://localhost/'], interval: 2s, timeout: 1s, retries: 2}
    deploy: {replicas: 2, resources: {limits: {memory: 128M}}}
";
const CLUSTER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: app, image: 'shop/app:1', readinessProbe: {httpGet: {port: 80}, periodSeconds: 2}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: shop}, ports: [{port: 80}]}
";
const SCENARIO: &str = "\
workloads:
- {name: web, cpu: 200us, calls: [{to: 'http://app:80', timeout: 1s, retries: 1}]}
load:
- {to: app/web, constant: 30, timeout: 2s}
";

/// Lines that a person types in a bad hour.
const LINES: &[&str] = &[
    "docker compose up -d",
    "docker compose up -d --scale app=3",
    "docker compose up -d --scale app=1",
    "docker compose kill app",
    "docker compose restart web",
    "docker compose stop",
    "docker compose down",
    "docker kill app-app-1",
    "fault crash app/app",
    "fault kill app/web",
    "fault hang app/app pick 1 for 20s",
    "fault leak app/app pick 1 amount 20Mi",
    "fault slow app/app amount 50 for 10s",
    "fault node-reboot host",
    "fault node-crash host for 15s",
    "fault node-partition host for 10s",
    "fault dns-broken for 5s",
    "chaos kill,hang on app/app rate 10/m for 5s during 20s",
];

fn files(all: &[(&str, &str)]) -> Vec<TextFile> {
    all.iter().map(|(name, text)| TextFile { name: (*name).into(), text: (*text).into() }).collect()
}

fn run(seed: u64) -> Run {
    let files = files(&[("compose.yaml", COMPOSE), ("app.yaml", CLUSTER), ("x.scenario.yaml", SCENARIO)]);
    let (scenario, problems) = Scenario::read(&files, seed);
    assert!(problems.is_empty(), "{problems:?}");
    let mut run = Run::new(&scenario);
    let files = scenario.files.iter().map(|f| (f.name.to_string(), f.text.to_string())).collect();
    run.apply(&Input::Apply(files));
    run
}

fn on(run: &mut Run, millis: u64) {
    let to = run.now() + Span::millis(millis);
    run.run_until(to);
}

/// Every container of the project has a name and a number of its own.
fn nothing_doubled(run: &Run) -> Result<(), TestCaseError> {
    let host = run.world.host.as_ref().expect("a host");
    let seen = observed::of_project(&host.engine, "app");
    let mut names: Vec<String> = seen.iter().map(|s| s.container.name.to_string()).collect();
    let mut numbers: Vec<(String, i64)> = seen.iter().map(|s| (s.service.to_string(), s.number)).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    numbers.sort();
    numbers.dedup();
    prop_assert_eq!((names.len(), numbers.len()), (count, count));
    prop_assert_eq!(host.engine.containers.len(), count);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_container_is_lost_or_doubled_whatever_breaks(
        acts in proptest::collection::vec((0..LINES.len(), 100u64..15_000), 1..10), seed in 0u64..1_000,
    ) {
        let mut run = run(seed);
        on(&mut run, 10_000);
        for (act, wait) in &acts {
            run.apply(&Input::Line(LINES[*act].into()));
            on(&mut run, *wait);
            nothing_doubled(&run)?;
        }
        run.apply(&Input::Line("heal".into()));
        // What was under way ends, and the host comes back.
        on(&mut run, 120_000);
        run.take_answers();
        run.apply(&Input::Line("docker compose up -d --scale app=2".into()));
        run.finish_line(Span::secs(120));
        let answer = run.take_answers().pop().expect("an answer");
        prop_assert_eq!(answer.code, Some(0), "{:?}: {:?}", acts, answer);
        nothing_doubled(&run)?;
        let host = run.world.host.as_ref().expect("a host");
        let seen = observed::of_project(&host.engine, "app");
        prop_assert_eq!((observed::of_service(&seen, "app").len(), observed::of_service(&seen, "web").len()), (2, 1));
        on(&mut run, 30_000);
        let host = run.world.host.as_ref().expect("a host");
        let up = observed::of_project(&host.engine, "app").iter().all(|s| s.container.status == Status::Running);
        prop_assert!(up, "{:?}", acts);
    }

    #[test]
    fn a_duel_is_the_same_however_it_is_played(
        acts in proptest::collection::vec((0..LINES.len(), 100u64..10_000), 1..6), seed in 0u64..1_000, cut in 1u64..40_000,
    ) {
        let play = |run: &mut Run, from: usize| {
            for (act, wait) in acts.iter().skip(from) {
                run.apply(&Input::Line(LINES[*act].into()));
                on(run, *wait);
            }
            run.run_until(Time::secs(120));
            (run.duel(), run.world.digest())
        };
        let mut first = run(seed);
        first.run_until(Time::millis(cut));
        let mut second = first.clone();
        let whole = play(&mut first, 0);
        // A copy, and one that was looked at at every moment.
        prop_assert_eq!(&play(&mut second, 0), &whole);
        let mut third = run(seed);
        while let Some(due) = third.next_due().filter(|due| *due < Time::millis(cut)) {
            third.run_until(due);
        }
        third.run_until(Time::millis(cut));
        prop_assert_eq!(&play(&mut third, 0), &whole);
    }
}

#[test]
fn a_page_gets_the_report_on_its_wire() {
    let mut session =
        Session::open(&files(&[("compose.yaml", COMPOSE), ("app.yaml", CLUSTER), ("x.scenario.yaml", SCENARIO)]), 1);
    session.command(1, Command::Advance { by: 20_000_000 });
    while session.busy() {
        session.go_on(1);
    }
    session.command(2, Command::Shell { line: "fault crash app/app".into(), language: String::new() });
    session.command(3, Command::Advance { by: 30_000_000 });
    while session.busy() {
        session.go_on(3);
    }
    let update = session.command(4, Command::Duel);
    let update = wire::read_update(&wire::update(&update)).expect("an update");
    let report = update.duel.expect("a report");
    assert_eq!((report.start, report.to), (Some(20_000_000), 50_000_000));
    let restarts: Vec<(&str, u32)> = report.houses.iter().map(|f| (f.house.as_str(), f.restarts)).collect();
    assert_eq!(restarts, [("compose", 2), ("kubernetes", 2)]);
}

/// The files of a page: the fences with a name.
fn files_of_page(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("```yaml ") {
            let body: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
            found.push((name.to_string(), body.join("\n") + "\n"));
        }
    }
    found
}

#[test]
fn the_gallery_shows_what_the_pages_assert() {
    let mut seen = 0;
    for entry in std::fs::read_dir("static/examples").expect("examples").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(duel) = name.strip_prefix("duel-") else { continue };
        let page = Path::new("tests/cases/duel").join(format!("{}.md", duel.replace('-', "_")));
        let page = std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("{}", page.display()));
        assert!(
            page.contains("\n```duel\n") && page.contains("\n```duel de\n") && page.contains("\n```assert\n"),
            "{name}"
        );
        for (file, text) in files_of_page(&page) {
            let shown = std::fs::read_to_string(entry.path().join(&file)).unwrap_or_default();
            assert_eq!(shown, text, "{name}/{file}");
        }
        seen += 1;
    }
    assert_eq!(seen, 11, "every duel has a page");
}
