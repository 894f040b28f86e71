//! Traffic on whole clusters: what clients see when pods come, go, fill up and fail.

use orchestrion::kubernetes::objects::Kind;
use orchestrion::scenario::{Scenario, TextFile};
use orchestrion::session::run::{Input, Run};
use orchestrion::sim::{Rewindable, Span, Time};
use orchestrion::workload::streams::{Client, Flow, Why};
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

fn flow(run: &Run) -> Flow {
    let id = run.world.cluster.api.store.find(Kind::Service, "default", "web").expect("the Service");
    run.world.cluster.services.streams().flows().get(&id).cloned().unwrap_or_default()
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
    let totals = run.world.cluster.services.streams().totals();
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
        let route =
            run.world.cluster.services.streams().route(&Client::Load("service/web".into())).expect("the stream");
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

const HPA: &str = "---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 6
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
";

fn replicas(run: &Run) -> i32 {
    let all = run.world.cluster.api.store.list(Kind::Deployment);
    all.filter_map(|o| o.deployment()).next().map_or(0, |d| d.status.ready)
}

fn typed(run: &mut Run, line: &str) -> (String, String) {
    run.apply(&Input::Line(line.into()));
    run.take_answers().pop().map(|a| (a.stdout, a.stderr)).unwrap_or_default()
}

#[test]
fn load_reaches_the_autoscaler_through_the_metrics_pipeline() {
    let mut run = run(&(web(2, "") + HPA));
    on(&mut run, 40);
    assert_eq!(replicas(&run), 2);
    // 80 a second at 5 ms: 400m in all; 100m each asked for, half of that wanted: eight, six allowed.
    run.apply(&constant(80.0));
    on(&mut run, 14);
    assert_eq!(replicas(&run), 2, "the pipeline is late");
    on(&mut run, 120);
    assert_eq!(replicas(&run), 6);
    let (top, _) = typed(&mut run, "kubectl top pods");
    let cpu: Vec<&str> = top.lines().skip(1).filter_map(|l| l.split_whitespace().nth(1)).collect();
    assert_eq!(cpu.len(), 6, "{top}");
    assert!(cpu.iter().all(|c| ["67m", "68m", "69m"].contains(c)), "{top}");
    run.apply(&Input::EndLoad("service/web".into()));
    on(&mut run, 250);
    assert_eq!(replicas(&run), 6, "the window holds it");
    on(&mut run, 240);
    assert_eq!(replicas(&run), 2);
}

/// An autoscaler of web that looks at one metric; `value` says how much of it one replica stands.
fn scaled_by(metric: &str) -> String {
    let head = HPA.split("  - type").next().unwrap_or_default().replace("minReplicas: 2", "minReplicas: 1");
    format!("{head}  - {metric}\n")
}

#[test]
fn what_is_published_ends_with_the_load() {
    let target = "target: {type: AverageValue, averageValue: 20}";
    let metrics = [
        format!("{{type: Pods, pods: {{metric: {{name: http_requests}}, {target}}}}}"),
        format!(
            "{{type: Object, object: {{metric: {{name: http_requests}}, {target}, \
             describedObject: {{apiVersion: v1, kind: Service, name: web}}}}}}"
        ),
        format!("{{type: External, external: {{metric: {{name: requests}}, {target}}}}}"),
    ];
    for metric in metrics {
        let mut run = run(&(web(1, "") + &scaled_by(&metric)));
        // Eighty a second, twenty for each.
        run.apply(&constant(80.0));
        on(&mut run, 120);
        assert_eq!(replicas(&run), 4, "{metric}");
        run.apply(&Input::EndLoad("service/web".into()));
        on(&mut run, 240);
        assert_eq!(replicas(&run), 4, "{metric}: the window holds it");
        on(&mut run, 200);
        assert_eq!(replicas(&run), 1, "{metric}");
    }
}

#[test]
fn top_says_what_is_not_known_yet() {
    let mut run = run(&web(1, ""));
    run.apply(&Input::Line("kubectl scale deployment web --replicas=0".into()));
    on(&mut run, 60);
    typed(&mut run, "kubectl scale deployment web --replicas=1");
    on(&mut run, 5);
    assert_eq!(typed(&mut run, "kubectl top pod").1, "error: metrics not available yet\n");
    let (nodes, _) = typed(&mut run, "kubectl top node");
    assert!(nodes.starts_with("NAME     CPU(cores)   CPU(%)   MEMORY(bytes)   MEMORY(%)   \nnode-a   "), "{nodes}");
    run.world.cluster.api.floor.meter = None;
    assert_eq!(typed(&mut run, "kubectl top pod").1, "error: Metrics API not available\n");
}

#[test]
fn a_leak_ends_in_an_oom_kill() {
    let limits = "        resources: {limits: {memory: 100Mi}}\n";
    let mut run = run(&web(1, "").replace("        resources: {requests: {cpu: 100m}}\n", limits));
    assert_eq!(typed(&mut run, "behave deployment/web leak=4Mi").1, "");
    on(&mut run, 30);
    let status = |run: &Run| {
        let pods = run.world.cluster.api.store.list(Kind::Pod);
        pods.filter_map(|o| o.pod()).map(|p| p.status.containers[0].clone()).next().expect("a pod")
    };
    let it = status(&run);
    assert!(it.restarts >= 1, "{it:?}");
    let last = format!("{:?}", it.last);
    assert!(last.contains("OOMKilled") && last.contains("exit: 137"), "{last}");
}

#[test]
fn a_saturated_container_fails_its_probes() {
    let more = "        livenessProbe: {httpGet: {port: 80}, periodSeconds: 5, timeoutSeconds: 1}\n";
    let limits = "        resources: {limits: {cpu: 200m, memory: 512Mi}}\n";
    let mut run = run(&web(1, more).replace("        resources: {requests: {cpu: 100m}}\n", limits));
    on(&mut run, 30);
    run.apply(&constant(400.0));
    on(&mut run, 90);
    let events: Vec<String> = run
        .world
        .cluster
        .api
        .store
        .list(Kind::Event)
        .filter_map(|o| o.event())
        .map(|e| e.message.to_string())
        .collect();
    assert!(events.iter().any(|e| e.contains("Liveness probe failed: Get")), "{events:?}");
    assert!(events.iter().any(|e| e.contains("failed liveness probe, will be restarted")), "{events:?}");
}

#[test]
fn a_scenario_says_who_asks_and_what_it_costs() {
    let text = "name: x\nworkloads:\n- name: web\n  cpu: 20ms\nload:\n- {to: service/web, at: 10s, until: 40s, constant: 50}\n";
    let files = [
        TextFile { name: "x.scenario.yaml".into(), text: text.into() },
        TextFile { name: "web.yaml".into(), text: web(2, "").into() },
    ];
    let (scenario, problems) = Scenario::read(&files, 1);
    assert!(problems.is_empty(), "{problems:?}");
    let mut run = Run::new(&scenario);
    run.apply(&Input::Apply(vec![("web.yaml".into(), web(2, ""))]));
    run.run_until(Time::secs(30));
    assert!((flow(&run).rate - 50.0).abs() < 1e-6 && (flow(&run).mean - 0.02).abs() < 0.001, "{:?}", flow(&run));
    run.run_until(Time::secs(60));
    assert_eq!(flow(&run).rate, 0.0);
    assert!((run.world.cluster.services.streams().totals().came - 1_500.0).abs() < 1e-3);
}

#[test]
fn a_network_policy_keeps_clients_out() {
    let mut run = run(&web(2, ""));
    run.apply(&constant(40.0));
    on(&mut run, 10);
    assert_eq!(failed(&run), []);
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: none}\nspec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}\n";
    run.apply(&Input::Apply(vec![("policy.yaml".into(), policy.into())]));
    on(&mut run, 30);
    let now = flow(&run);
    assert!((now.failed - 40.0).abs() < 4.0 && now.answered == 0.0, "{now:?}");
    assert!(failed(&run).iter().all(|(why, _)| *why == "lost"), "{:?}", failed(&run));
}

const CALLS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
      - {name: db, image: shop/db:1, resources: {limits: {cpu: 500m, memory: 256Mi}}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
";

#[test]
fn requests_ask_others_and_retries_make_a_storm() {
    let mut run = run(&(CALLS.to_string() + &web(2, "")));
    typed(&mut run, "behave deployment/web calls=service/db");
    // One comma-free call without blanks: two seconds of patience, no retries. 100 a second are what the data base can do.
    run.apply(&constant(60.0));
    on(&mut run, 60);
    let store = &run.world.cluster.api.store;
    let db = store.find(Kind::Service, "default", "db").expect("the data base");
    let rate = |run: &Run| run.world.cluster.services.streams().flows()[&db].rate;
    assert!((rate(&run) - 60.0).abs() < 1.0, "{}", rate(&run));
    // The caller's answers wait for the data base: 5 ms of its own and M/M/1 at 60 per cent with 10 ms.
    assert!((flow(&run).mean - 0.030).abs() < 0.003, "{}", flow(&run).mean);
    run.apply(&Input::SetLoad(Load { retries: 3, ..Load::new("service/web", Shape::Constant { rate: 150.0 }) }));
    on(&mut run, 120);
    let storm = flow(&run);
    assert!(storm.rate > 250.0, "150 clients a second ask again and again: {}", storm.rate);
    assert!(storm.answered < 110.0, "{}", storm.answered);
}

#[test]
fn a_program_that_drains_finishes_what_it_has_begun() {
    let aborted = |drain: &str| {
        let mut run = run(&web(3, ""));
        typed(&mut run, &format!("behave deployment/web waits=1s spread=fixed drain={drain}"));
        run.apply(&constant(60.0));
        on(&mut run, 20);
        typed(&mut run, "kubectl delete pod --all --wait=false");
        on(&mut run, 60);
        failed(&run).iter().find(|(why, _)| *why == "aborted").map_or(0.0, |(_, n)| *n)
    };
    let (dropped, finished) = (aborted("no"), aborted("20s"));
    assert!(dropped > 30.0 && finished < 1.0, "{dropped} {finished}");
}

#[test]
fn a_batch_job_ends_when_its_work_is_done() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: sum}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - {name: sum, image: shop/sum:1, resources: {limits: {cpu: 500m, memory: 64Mi}}}\n";
    let scenario = "workloads:\n- container: sum\n  work: 10s\nload: []\n";
    let files = [TextFile { name: "x.scenario.yaml".into(), text: scenario.into() }];
    let mut run = Run::new(&Scenario::read(&files, 1).0);
    run.apply(&Input::Apply(vec![("job.yaml".into(), job.into())]));
    let ended = |run: &Run| {
        let pods = run.world.cluster.api.store.list(Kind::Pod).filter_map(|o| o.pod());
        pods.filter(|p| p.status.phase.ended()).count()
    };
    // Ten seconds of CPU with half a core.
    run.run_until(Time::secs(18));
    assert_eq!(ended(&run), 0);
    run.run_until(Time::secs(30));
    assert_eq!(ended(&run), 1);
}

#[test]
fn clients_of_a_service_with_affinity_stay_where_they_are() {
    let sticky = web(3, "")
        .replace("spec: {selector: {app: web}, ports", "spec: {sessionAffinity: ClientIP, selector: {app: web}, ports");
    let mut run = run(&sticky);
    run.apply(&constant(100.0));
    on(&mut run, 10);
    let rates = |run: &Run| flow(run).ends.iter().map(|e| (e.key.0, libm::round(e.rate))).collect::<Vec<_>>();
    let first = rates(&run);
    let sum: f64 = first.iter().map(|(_, rate)| rate).sum();
    assert!((sum - 100.0).abs() < 1.0 && first.iter().any(|(_, rate)| *rate != 33.0), "{first:?}");
    typed(&mut run, "kubectl scale deployment web --replicas=5");
    on(&mut run, 20);
    assert_eq!(rates(&run), first, "nobody moves to a new pod");
    typed(&mut run, "kubectl scale deployment web --replicas=1");
    on(&mut run, 60);
    assert_eq!(rates(&run).iter().map(|(_, rate)| *rate).collect::<Vec<_>>(), [100.0]);
}

#[test]
fn parameters_of_a_workload_do_what_they_say() {
    let cores = |run: &Run| run.world.cluster.api.floor.all().map(|(_, u)| u.cores(run.now())).sum::<f64>();
    let memory = |run: &Run| run.world.cluster.api.floor.all().map(|(_, u)| u.memory()).sum::<f64>();
    let mut run = run(&web(1, ""));
    let before = memory(&run);
    assert_eq!(typed(&mut run, "behave deployment/web start-cpu=900m start-takes=60s base-cpu=200m").1, "");
    on(&mut run, 1);
    assert!((cores(&run) - 0.9).abs() < 1e-6, "while it starts: {}", cores(&run));
    on(&mut run, 60);
    assert!((cores(&run) - 0.2).abs() < 1e-6, "later: {}", cores(&run));
    typed(&mut run, "behave deployment/web errors=25% leak-per-request=10Ki");
    run.apply(&constant(100.0));
    on(&mut run, 60);
    let errors = failed(&run);
    assert!(matches!(errors[..], [("error", n)] if (n / 1_500.0 - 1.0).abs() < 0.03), "{errors:?}");
    let kept = (memory(&run) - before) / f64::from(10 << 10);
    assert!((kept / 6_000.0 - 1.0).abs() < 0.03, "{kept}");
    // 5 ms each, besides what it takes anyway.
    assert!((cores(&run) - 0.7).abs() < 0.01, "{}", cores(&run));
}

/// The containers that run: seconds since their start, whether they listen, times that their pod was restarted.
fn containers(run: &Run) -> Vec<(u64, bool, u32)> {
    let cluster = &run.world.cluster;
    let restarts = |pod: u32| {
        let pod = cluster.api.store.get(orchestrion::kubernetes::objects::Id(pod)).and_then(|o| o.pod());
        pod.map_or(0, |p| p.status.containers.iter().map(|c| c.restarts).sum())
    };
    let one = |((pod, _), unit): ((u32, u16), &orchestrion::workload::Unit)| {
        (run.now().since(unit.since).as_secs(), unit.listens(run.now(), Some(80)), restarts(pod))
    };
    cluster.api.floor.all().map(one).collect()
}

#[test]
fn a_start_up_time_holds_for_pods_that_come_later() {
    let mut run = run(&web(1, ""));
    run.apply(&constant(100.0));
    assert_eq!(typed(&mut run, "behave deployment/web start=30s").1, "");
    on(&mut run, 10);
    assert!(containers(&run)[0].1 && failed(&run).is_empty(), "what listens goes on listening");
    typed(&mut run, "kubectl scale deployment web --replicas=2");
    on(&mut run, 15);
    assert_eq!(containers(&run).iter().map(|c| c.1).collect::<Vec<_>>(), [true, false]);
    assert!((flow(&run).failed - 50.0).abs() < 1.0, "without a probe half of them reach nobody: {:?}", flow(&run));
    on(&mut run, 35);
    assert!(containers(&run)[1].1 && flow(&run).failed < 1e-3, "{:?}", flow(&run));
}

#[test]
fn how_a_program_ends_is_changed_while_it_runs() {
    let mut run = run(&web(1, ""));
    typed(&mut run, "behave deployment/web exit=40s code 3");
    on(&mut run, 15);
    assert_eq!(containers(&run).iter().map(|c| c.2).collect::<Vec<_>>(), [0]);
    on(&mut run, 30);
    let ended = typed(&mut run, "kubectl get pods -o jsonpath={.items[0].status.containerStatuses[0].lastState}").0;
    assert!(ended.contains("\"exitCode\":3"), "{ended}");
    // The new run is some seconds old: older than it may be now.
    on(&mut run, 5);
    typed(&mut run, "behave deployment/web exit=5s");
    on(&mut run, 1);
    let state = typed(&mut run, "kubectl get pods -o jsonpath={.items[0].status.containerStatuses[0].state}").0;
    assert!(state.contains("CrashLoopBackOff") || state.contains("\"exitCode\":1"), "{state}");
    typed(&mut run, "behave deployment/web exit=no");
    on(&mut run, 300);
    assert!(containers(&run)[0].0 > 100, "{:?}", containers(&run));
}

#[test]
fn what_a_program_does_on_sigterm_and_says_of_itself_is_changed_while_it_runs() {
    let probe = "        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1, failureThreshold: 1}\n";
    let mut run = run(&web(1, probe));
    run.apply(&constant(10.0));
    on(&mut run, 5);
    assert_eq!(flow(&run).ends.len(), 1);
    assert_eq!(typed(&mut run, "behave deployment/web unwell=0s-10s, 24s-60s term=ignore").1, "");
    on(&mut run, 8);
    assert_eq!(flow(&run).ends.len(), 0, "its endpoint is gone");
    on(&mut run, 40);
    assert_eq!(flow(&run).ends.len(), 1, "and comes back");
    typed(&mut run, "behave deployment/web unwell=no");
    typed(&mut run, "kubectl scale deployment web --replicas=0");
    on(&mut run, 29);
    assert_eq!(containers(&run).len(), 1, "it does not hear SIGTERM");
    on(&mut run, 4);
    assert_eq!(containers(&run).len(), 0, "but SIGKILL, after its grace");
    let wrong = typed(&mut run, "behave deployment/web term=perhaps").1;
    assert!(wrong.starts_with("error: term: ignore, or a time"), "{wrong}");
    assert_eq!(typed(&mut run, "behave deployment/nobody term=ignore").1, "error: deployment/nobody not found\n");
}

#[test]
fn the_objective_is_the_scenarios_and_can_be_changed() {
    let text = "objective: 95%\nload: []\n";
    let mut run = Run::new(&Scenario::read(&[TextFile { name: "x.scenario.yaml".into(), text: text.into() }], 1).0);
    assert_eq!(run.recorder.promise, 0.95);
    run.apply(&Input::Apply(vec![("web.yaml".into(), web(1, ""))]));
    run.run_until(Time::secs(20));
    typed(&mut run, "behave deployment/web errors=3%");
    run.apply(&constant(50.0));
    on(&mut run, 120);
    let objective = |run: &Run| run.recorder.series(None, u32::MAX, run.now(), 10).objective;
    let kept = objective(&run).expect("requests came");
    let left = 1.0 - kept.failed / (kept.served + kept.failed) / (1.0 - kept.target);
    assert!((left - 0.4).abs() < 0.02, "three of the five in a hundred are spent: {left}");
    assert!(run.recorder.alerts.rows(None).is_empty(), "and slowly");
    assert_eq!(typed(&mut run, "objective 99.9%").1, "");
    on(&mut run, 5);
    assert_eq!(objective(&run).map(|o| o.target), Some(0.999));
    let alerts = run.recorder.alerts.rows(None);
    assert_eq!(alerts.iter().map(|a| a.key.as_str()).collect::<Vec<_>>(), ["alert.burning"]);
    assert!(typed(&mut run, "objective 100%").1.starts_with("error: objective: a share below 100%"));
}

#[test]
fn who_serves_on_after_sigterm_loses_nothing_while_it_drains() {
    let lost = |more: &str| {
        let mut run = run(&web(3, READY));
        typed(&mut run, &format!("behave deployment/web term=4s {more}"));
        run.apply(&constant(300.0));
        on(&mut run, 10);
        typed(&mut run, "kubectl rollout restart deployment web");
        on(&mut run, 60);
        assert_eq!(replicas(&run), 3);
        failed(&run)
    };
    let refused = lost("serves-on=false drain=4s");
    assert!(matches!(refused[..], [("refused", n)] if n > 1.0), "until the proxies know: {refused:?}");
    assert_eq!(lost("serves-on=true drain=4s"), []);
}
