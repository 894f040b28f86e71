//! Traffic on whole clusters: what clients see when pods come, go, fill up and fail.

use orchestrion::kubernetes::objects::Kind;
use orchestrion::kubernetes::services::{Client, Why};
use orchestrion::scenario::{Scenario, TextFile};
use orchestrion::session::run::{Input, Run};
use orchestrion::sim::{Rewindable, Span, Time};
use orchestrion::workload::{Load, Shape};

/// A Deployment and its Service; `more` goes into the container.
fn web(replicas: u32, more: &str) -> String {
    WEB.replace("REPLICAS", &replicas.to_string()).replace("        MORE\n", more)
}

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: REPLICAS
  selector: {matchLabels: {app: web}}
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        image: shop/web:1
        resources: {requests: {cpu: 100m}}
        MORE
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

fn run(manifest: &str) -> Run {
    let file = TextFile { name: "web.yaml".into(), text: manifest.into() };
    let mut run = Run::new(&Scenario::read(&[file], 1).0);
    run.apply(&Input::Apply(vec![("web.yaml".into(), manifest.into())]));
    run.run_until(Time::secs(20));
    run
}

fn constant(rate: f64) -> Input {
    Input::SetLoad(Load::new("service/web", Shape::Constant { rate }))
}

fn on(run: &mut Run, seconds: u64) {
    let to = run.now() + Span::secs(seconds);
    run.run_until(to);
}

fn flow(run: &Run) -> orchestrion::kubernetes::services::Flow {
    let id = run.world.cluster.api.store.find(Kind::Service, "default", "web").expect("the Service");
    run.world.cluster.services.flows().get(&id).cloned().unwrap_or_default()
}

/// Failed requests by reason.
fn failed(run: &Run) -> Vec<(&'static str, f64)> {
    Why::ALL.map(Why::word).into_iter().zip(flow(run).why).filter(|(_, n)| *n > 1e-3).collect()
}

#[test]
fn requests_are_spread_evenly_and_answered_as_the_queue_theory_says() {
    let mut run = run(&web(4, ""));
    run.apply(&constant(400.0));
    on(&mut run, 60);
    let flow = flow(&run);
    assert!((flow.rate - 400.0).abs() < 1.0 && (flow.answered - 400.0).abs() < 1.0, "{flow:?}");
    assert_eq!(flow.ends.len(), 4);
    // 5 ms of CPU a request; no limit, so a node's four cores: M/M/4 far from full.
    assert!(flow.ends.iter().all(|e| (e.rate - 100.0).abs() < 1e-6));
    assert!((flow.mean - 0.005).abs() < 0.0002, "{}", flow.mean);
    assert_eq!(failed(&run), []);
    let totals = run.world.cluster.services.totals();
    assert!((totals.came - 24_000.0).abs() < 401.0, "{totals:?}");
}

#[test]
fn a_limit_throttles_and_a_full_queue_refuses() {
    let limits = "        resources: {limits: {cpu: 500m, memory: 256Mi}}\n";
    let manifest = web(2, "").replace("        resources: {requests: {cpu: 100m}}\n", limits);
    let mut run = run(&manifest);
    // Two times half a core at 5 ms: 200 a second at most.
    run.apply(&constant(150.0));
    on(&mut run, 60);
    let calm = flow(&run);
    // M/M/1 at 75 per cent with 10 ms a request: 40 ms.
    assert!((calm.mean / 0.04 - 1.0).abs() < 0.03, "{}", calm.mean);
    run.apply(&constant(300.0));
    on(&mut run, 120);
    let full = flow(&run);
    assert!((full.answered / 200.0 - 1.0).abs() < 0.03, "{full:?}");
    assert!(full.latency[0] > 1.0 && full.failed > 90.0, "{full:?}");
    assert!(full.ends.iter().all(|e| e.busy > 0.99));
    let used: f64 = run.world.cluster.api.floor.all().map(|(_, u)| u.cores(run.now())).sum();
    assert!((used - 1.0).abs() < 0.02, "{used}");
}

#[test]
fn clients_are_answered_gave_up_or_wait() {
    let mut run = run(&web(3, ""));
    run.apply(&Input::SetLoad(Load {
        retries: 2,
        ..Load::new("service/web", Shape::Sine { low: 0.0, high: 5_000.0, period: Span::secs(30) })
    }));
    for step in 0..40 {
        on(&mut run, 3);
        if step == 10 {
            run.apply(&Input::Line("kubectl delete pod --all --wait=false".into()));
        }
        if step == 20 {
            run.apply(&Input::Line("kubectl scale deployment web --replicas=0".into()));
        }
        let route = run.world.cluster.services.route(&Client::Load("service/web".into())).expect("the stream");
        let sum = route.answered + route.failed + route.waiting();
        assert!((route.came - sum).abs() < 1e-6 * (1.0 + route.came), "step {step}: {} came, {sum}", route.came);
        let inside: f64 = route.lanes.values().map(|l| l.inside).sum();
        assert!((inside - route.inside.iter().sum::<f64>()).abs() < 1e-6, "step {step}");
    }
}

const READY: &str = "        readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}\n";

#[test]
fn a_rolling_update_loses_nothing_with_readiness_and_a_pre_stop_pause() {
    let careful = format!("{READY}        lifecycle: {{preStop: {{sleep: {{seconds: 5}}}}}}\n");
    let mut run = run(&web(4, &careful));
    run.apply(&constant(200.0));
    on(&mut run, 10);
    run.apply(&Input::Line("kubectl set image deployment/web app=shop/web:2".into()));
    on(&mut run, 90);
    let updated = run
        .world
        .cluster
        .api
        .store
        .list(Kind::Deployment)
        .filter_map(|o| o.deployment())
        .next()
        .map(|d| d.status.updated);
    assert_eq!((updated, failed(&run)), (Some(4), vec![]));
}

#[test]
fn a_rolling_update_without_the_pause_loses_requests() {
    let mut run = run(&web(4, READY));
    run.apply(&constant(200.0));
    on(&mut run, 10);
    run.apply(&Input::Line("kubectl set image deployment/web app=shop/web:2".into()));
    on(&mut run, 90);
    let lost = failed(&run);
    assert!(lost.iter().any(|(why, n)| *why == "refused" && *n > 5.0), "{lost:?}");
    let share = flow(&run).totals.failed / flow(&run).totals.came;
    assert!(share < 0.05, "{share}");
}
