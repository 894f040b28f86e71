//! Clusters under load: how much of a run a second of machine time plays.
//! `cargo bench --bench load`; figures go to `docs/performance.md`.

use orchestrion::scenario::{Scenario, TextFile};
use orchestrion::session::run::{Input, Run};
use orchestrion::sim::{Span, Time, Timeline};
use orchestrion::workload::{Load, Shape};
use std::time::Instant;

fn manifests(services: usize, pods: usize) -> String {
    let one = |i: usize| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web-{i}}}\nspec:\n  replicas: {}\n  selector: {{matchLabels: {{app: web-{i}}}}}\n  \
             template:\n    metadata: {{labels: {{app: web-{i}}}}}\n    spec:\n      containers:\n      - name: app\n        image: shop/web:1\n        \
             resources: {{requests: {{cpu: 50m, memory: 64Mi}}, limits: {{cpu: 500m, memory: 256Mi}}}}\n---\napiVersion: v1\nkind: Service\n\
             metadata: {{name: web-{i}}}\nspec: {{selector: {{app: web-{i}}}, ports: [{{port: 80}}]}}\n---\napiVersion: autoscaling/v2\n\
             kind: HorizontalPodAutoscaler\nmetadata: {{name: web-{i}}}\nspec:\n  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web-{i}}}\n  \
             minReplicas: {0}\n  maxReplicas: {1}\n  metrics: [{{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 60}}}}}}]\n---\n",
            pods / services,
            pods / services + 2
        )
    };
    (0..services).map(one).collect()
}

/// Plays `seconds` of a cluster of `pods` pods behind `services` Services under a load that goes up and down.
fn play(nodes: usize, services: usize, pods: usize, seconds: u64) {
    let text = format!("cluster:\n  nodes:\n  - {{count: {nodes}, zones: [a, b, c], cpu: 16, memory: 64Gi}}\n");
    let file = TextFile { name: "bench.scenario.yaml".into(), text: text.into() };
    let mut line = Timeline::new(Run::new(&Scenario::read(&[file], 1).0), Span::secs(10));
    line.apply(Input::Apply(vec![("web.yaml".into(), manifests(services, pods))]));
    line.seek(Time::secs(60));
    for i in 0..services {
        let each = 12.0 * (pods / services) as f64;
        let shape = Shape::Sine { low: each * 0.2, high: each, period: Span::secs(600 + 30 * i as u64) };
        line.apply(Input::SetLoad(Load { retries: 1, ..Load::new(&format!("service/web-{i}"), shape) }));
    }
    let start = Instant::now();
    line.seek(Time::secs(60 + seconds));
    let took = start.elapsed().as_secs_f64();
    let run = line.world();
    let totals = run.world.cluster.services.streams().totals();
    println!(
        "{pods:>5} pods behind {services} Services: {seconds} s in {:.0} ms, {:.0} times real time; {:.0} requests, {:.3} % failed, {} journal entries",
        took * 1e3,
        seconds as f64 / took,
        totals.came,
        totals.failed / totals.came.max(1.0) * 100.0,
        run.world.cluster.api.journal.len(),
    );
}

fn main() {
    play(10, 5, 100, 3_600);
    play(60, 20, 1_000, 600);
}
