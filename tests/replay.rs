//! A run is a pure function of its scenario and inputs: played again, rewound or forked it reads the same.

use orchestrion::scenario::{Scenario, TextFile};
use orchestrion::session::run::{Input, Run};
use orchestrion::session::{Action, Clock, Command, FaultAsk, File, RowBody, Session, Update, menu, trace};
use orchestrion::sim::{Rewindable, Span, Time, Timeline};
use orchestrion::workload::{Load, Shape};
use proptest::prelude::*;

const WEB: &str = "\
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
      - {name: app, image: nginx:1.27, resources: {requests: {cpu: 100m}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

fn scenario(seed: u64) -> Scenario {
    let file = TextFile { name: "web.yaml".into(), text: WEB.into() };
    Scenario::read(&[file], seed).0
}

fn inputs() -> Vec<Input> {
    let line = |l: &str| Input::Line(l.into());
    vec![
        Input::Apply(vec![("web.yaml".into(), WEB.into())]),
        line("kubectl scale deployment web --replicas=5"),
        line("kubectl set image deployment/web app=nginx:1.28"),
        line("kubectl delete pod --all --wait=false"),
        line("kubectl cordon node-a"),
        line("kubectl rollout undo deployment/web"),
        line("kubectl scale deployment web --replicas=1"),
        line("fault node-partition node/node-b for 20s"),
        line("fault api-down for 8s"),
        line("chaos kill,hang,fail-readiness on pods app=web rate 20/m for 5s"),
        line("fault scheduler-stopped for 5s"),
        line("fault zone-outage zone/zone-a for 15s"),
        Input::EndFault(1),
        line("heal"),
        Input::SetLoad(Load::new("service/web", Shape::Sine { low: 5.0, high: 400.0, period: Span::secs(20) })),
        Input::SetLoad(Load { retries: 2, ..Load::new("service/web", Shape::Constant { rate: 3_000.0 }) }),
        Input::EndLoad("service/web".into()),
    ]
}

fn played(seed: u64, steps: &[(u64, usize)], end: Time) -> Run {
    let mut run = Run::new(&scenario(seed));
    let inputs = inputs();
    for (gap, which) in steps {
        run.run_until(run.now() + Span::millis(*gap));
        run.apply(&inputs[which % inputs.len()]);
    }
    run.run_until(end.max(run.now()));
    run
}

/// Gaps in milliseconds, and which input follows.
fn steps() -> impl Strategy<Value = Vec<(u64, usize)>> {
    proptest::collection::vec((0u64..9_000, 0usize..17), 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_same_inputs_write_the_same_trace(seed in 1u64..5, steps in steps()) {
        let end = Time::secs(60);
        let (a, b) = (played(seed, &steps, end), played(seed, &steps, end));
        prop_assert_eq!(trace(&a.world), trace(&b.world));
        prop_assert_eq!(a.world.digest(), b.world.digest());
    }

    #[test]
    fn rewinding_and_playing_again_reads_the_same(
        steps in steps(),
        back in proptest::collection::vec(0u64..50_000, 1..5),
    ) {
        let mut line = Timeline::new(Run::new(&scenario(1)), Span::secs(5));
        let inputs = inputs();
        for (gap, which) in &steps {
            let t = line.world().now() + Span::millis(*gap);
            line.seek(t);
            line.apply(inputs[which % inputs.len()].clone());
        }
        let end = Time::secs(60);
        line.seek(end);
        let straight = line.world().world.digest();
        for t in back {
            line.seek(Time::millis(t));
            line.seek(end);
            prop_assert_eq!(line.world().world.digest(), straight);
        }
    }
}

#[test]
fn a_log_opens_where_the_session_was() {
    let file = || File { name: "web.yaml".into(), text: WEB.into() };
    let mut session = Session::open(&[TextFile { name: "web.yaml".into(), text: WEB.into() }], 1);
    session.command(1, Command::Seek { to: 8_000_000 });
    while session.busy() {
        session.go_on(1);
    }
    let acted =
        session.command(2, Command::Act(Action::Line { line: "kubectl scale deployment web --replicas=4".into() }));
    let log = acted.log.expect("an act changes the log");
    session.command(3, Command::Seek { to: 20_000_000 });
    while session.busy() {
        session.go_on(3);
    }
    let before = session.command(4, Command::Trace).trace;
    let mut again = Session::default();
    again.command(1, Command::Open { files: vec![file()], seed: 1, log, at: 20_000_000 });
    assert_eq!(again.command(2, Command::Trace).trace, before);
}

#[test]
fn a_very_long_log_is_played_in_slices() {
    const HOUR: u64 = 3_600_000_000;
    let finish = |session: &mut Session| {
        while session.busy() {
            session.go_on(1);
        }
    };
    let mut session = Session::default();
    session.command(1, Command::Seek { to: 2 * HOUR });
    finish(&mut session);
    let line = "kubectl create namespace shop".to_string();
    let log = session.command(2, Command::Act(Action::Line { line })).log.expect("an act changes the log");
    let before = session.command(3, Command::Trace).trace;
    let open = |at: u64| Command::Open { files: Vec::new(), seed: 1, log: log.clone(), at };
    let mut again = Session::default();
    let first = again.command(1, open(HOUR));
    assert!(again.busy() && first.log.is_none() && first.clock.now < 2 * HOUR);
    finish(&mut again);
    assert_eq!(again.command(2, Command::Refresh).clock.now, HOUR);
    again.command(3, Command::Seek { to: 2 * HOUR });
    assert_eq!(again.command(4, Command::Trace).trace, before);
    // What is done before its end waits for it.
    again.command(5, open(2 * HOUR));
    assert_eq!(again.command(6, Command::Seek { to: 2 * HOUR }).clock.now, 2 * HOUR);
    assert_eq!(again.command(7, Command::Trace).trace, before);
    again.command(8, open(u64::MAX));
    assert!(again.busy() && again.go_on(9).clock.seeking == Some(1_000_000_000_000_000));
}

#[test]
fn faults_of_a_session_are_in_its_log_and_fork_the_past() {
    let file = || File { name: "web.yaml".into(), text: WEB.into() };
    let mut session = Session::open(&[TextFile { name: "web.yaml".into(), text: WEB.into() }], 1);
    let go = |session: &mut Session, to: u64| {
        session.command(1, Command::Seek { to });
        while session.busy() {
            session.go_on(1);
        }
    };
    go(&mut session, 15_000_000);
    let rows = session.command(2, Command::Refresh).rows;
    let pod = rows.iter().find(|r| r.name.starts_with("web-") && !menu(r).is_empty()).expect("something can break");
    let choice = menu(pod).into_iter().find(|c| c.ask.kind == "hang").expect("it can hang");
    let ask = FaultAsk { lasts: 20_000_000, every: 30_000_000, random: true, ..choice.ask };
    let acted = session.command(3, Command::Act(Action::Fault(ask)));
    assert_eq!(acted.refused, None);
    let log = acted.log.expect("a fault is an input");
    go(&mut session, 200_000_000);
    let before = session.command(4, Command::Trace).trace;
    assert!(before.as_ref().is_some_and(|t| t.contains("fault.hang")));
    let mut again = Session::default();
    again.command(1, Command::Open { files: vec![file()], seed: 1, log, at: 200_000_000 });
    assert_eq!(again.command(2, Command::Trace).trace, before);
    go(&mut session, 100_000_000);
    let forked = session.command(5, Command::Act(Action::EndFault { number: 1 }));
    assert!(forked.clock.forked);
    go(&mut session, 200_000_000);
    assert_ne!(session.command(6, Command::Trace).trace, before);
}

#[test]
fn acting_in_the_past_keeps_the_old_future_as_a_branch_and_can_be_taken_back() {
    let mut session = Session::open(&[TextFile { name: "web.yaml".into(), text: WEB.into() }], 1);
    for to in [5_000_000, 20_000_000, 6_000_000] {
        session.command(1, Command::Seek { to });
        while session.busy() {
            session.go_on(1);
        }
    }
    let forked =
        session.command(2, Command::Act(Action::Line { line: "kubectl scale deployment web --replicas=2".into() }));
    assert_eq!((forked.clock.branches.len(), forked.clock.branch, forked.clock.forked), (2, 1, true));
    assert_eq!(forked.clock.branches[0].newest, 20_000_000);
    let undone = session.command(3, Command::UndoFork { name: "B".into() });
    assert_eq!((undone.clock.branches.len(), undone.clock.newest, undone.full), (1, 20_000_000, true));
}

#[test]
fn taking_a_fork_back_takes_nothing_else() {
    let mut session = Session::open(&[TextFile { name: "web.yaml".into(), text: WEB.into() }], 1);
    let scale = |n: u32| Command::Act(Action::Line { line: format!("kubectl scale deployment web --replicas={n}") });
    let undo = |name: &str| Command::UndoFork { name: name.into() };
    let names = |clock: &Clock| clock.branches.iter().map(|b| b.name.clone()).collect::<Vec<_>>().join("");
    seek(&mut session, 20);
    // From another branch: B goes, A stays where it is.
    seek(&mut session, 6);
    session.command(2, scale(2));
    session.command(3, Command::Branch { index: 0 });
    let undone = session.command(4, undo("B")).clock;
    assert_eq!((names(&undone), undone.branch, undone.newest), ("A".into(), 0, 20_000_000));
    // Of two forks, the first: the second stays, and then leads back to where the first came from.
    session.command(5, scale(2));
    seek(&mut session, 30);
    seek(&mut session, 25);
    session.command(6, scale(4));
    let undone = session.command(7, undo("C")).clock;
    assert_eq!((names(&undone), undone.branch), ("AD".into(), 1));
    let undone = session.command(8, undo("D")).clock;
    assert_eq!((names(&undone), undone.branch), ("A".into(), 0));
    let nothing = session.command(9, undo("A")).clock;
    assert_eq!(names(&nothing), "A", "what is no fork stays");
}

#[test]
fn a_watching_line_goes_on_when_something_else_is_answered() {
    let file = || File { name: "web.yaml".into(), text: WEB.into() };
    let mut session = Session::open(&[TextFile { name: "web.yaml".into(), text: WEB.into() }], 1);
    seek(&mut session, 20);
    let line = "kubectl get pods -w";
    let began = session.command(2, Command::Shell { line: line.into(), language: "en".into() });
    assert_eq!(began.shell.iter().map(|s| (s.line.as_str(), s.code)).collect::<Vec<_>>(), [(line, None)]);
    let applied = session.command(3, Command::Act(Action::Apply { files: vec![file()] }));
    assert_eq!(applied.shell.iter().map(|s| (s.line.as_str(), s.code)).next(), Some(("kubectl apply -f .", Some(0))));
    for other in ["kubectl apply -f 'half", "load service/web 10"] {
        session.command(4, Command::Act(Action::Line { line: other.into() }));
    }
    let rows = session.command(5, Command::Refresh).rows;
    let pod = rows.into_iter().find(|r| matches!(r.body, RowBody::Pod(_))).expect("a pod");
    session.command(7, Command::Act(Action::KillContainer { id: pod.id, container: "app".into() }));
    let mut seen = String::new();
    for _ in 0..20 {
        let update = session.command(8, Command::Advance { by: 500_000 });
        seen.extend(update.shell.iter().filter(|s| s.line == line).map(|s| s.stdout.as_str()));
    }
    assert!(seen.contains(&pod.name), "{seen}");
    let codes = |update: Update| update.shell.iter().map(|s| s.code).collect::<Vec<_>>();
    let read = session.command(9, Command::Shell { line: "kubectl get nodes".into(), language: "en".into() });
    assert_eq!(codes(read), [Some(0)], "reading disturbs nothing");
    let again = session.command(10, Command::Shell { line: line.into(), language: "en".into() });
    assert_eq!(codes(again), [Some(130), None], "typed again it takes the place of the first");
    let ended = session.command(11, Command::Shell { line: "^C".into(), language: "en".into() });
    assert_eq!(ended.shell.last().map(|s| (s.line.as_str(), s.code)), Some((line, Some(130))));
}

/// All curves of everything, as text: NaN equals itself there.
fn curves(session: &mut Session) -> String {
    format!("{:?}", session.command(9, Command::Series { id: None, columns: 50 }).series)
}

fn seek(session: &mut Session, seconds: u64) {
    session.command(1, Command::Seek { to: seconds * 1_000_000 });
    while session.busy() {
        session.go_on(1);
    }
}

#[test]
fn curves_are_those_of_the_run_wherever_the_cursor_stands() {
    let load = |rate| Load::new("service/web", Shape::Constant { rate });
    let mut session = Session::open(&[TextFile { name: "web.yaml".into(), text: WEB.into() }], 1);
    seek(&mut session, 10);
    session.command(2, Command::Act(Action::SetLoadOn { load: load(50.0) }));
    seek(&mut session, 60);
    let straight = curves(&mut session);
    assert!(straight.contains("50.0"), "{straight}");
    for to in [30, 5, 59, 60] {
        seek(&mut session, to);
        assert_eq!(curves(&mut session), straight, "at {to}");
    }
    // Another future: its curves share the past and are its own then.
    seek(&mut session, 30);
    session.command(3, Command::Act(Action::SetLoadOn { load: load(80.0) }));
    seek(&mut session, 60);
    let forked = curves(&mut session);
    assert!(forked.contains("50.0") && forked.contains("80.0"), "{forked}");
    session.command(4, Command::Branch { index: 0 });
    assert_eq!(curves(&mut session), straight);
    session.command(5, Command::Branch { index: 1 });
    assert_eq!(curves(&mut session), forked);
}

#[test]
fn a_pod_that_waits_for_ever_is_nothing_to_skip_to() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: big}\nspec:\n  containers:\n  - {name: app, image: 'app:1', resources: {requests: {cpu: 99}}}\n";
    let mut session = Session::open(&[TextFile { name: "big.yaml".into(), text: pod.into() }], 1);
    let mut clock = session.command(1, Command::Advance { by: Span::secs(310).0 }).clock;
    while session.busy() {
        clock = session.go_on(1).clock;
    }
    // The scheduler asks again after five minutes and says the same: no news.
    assert_eq!(clock.next_due, None);
    let skipped = session.command(2, Command::SkipQuiet).clock;
    assert_eq!(skipped.now, clock.now);
}
