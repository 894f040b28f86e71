//! How long a cluster takes to come up: nodes join, one Deployment is applied, every pod is created, scheduled and Running.
//! `cargo bench --bench cluster [-- NODES PODS]`; figures go to `docs/performance.md`.

use orchestrion::kubernetes::objects::Kind;
use orchestrion::scenario::{Scenario, TextFile};
use orchestrion::session::run::{Input, Run};
use orchestrion::sim::{Rewindable, Span, Time};
use std::time::Instant;

/// Templates of one bench: pods are spread over so many Deployments.
const TEMPLATES: usize = 20;
/// Virtual time in which everything must be Running.
const PATIENCE: Time = Time::secs(3_600);

fn scenario(nodes: usize) -> Scenario {
    let text =
        format!("cluster:\n  nodes:\n  - {{count: {nodes}, zones: [a, b, c], cpu: 32, memory: 128Gi, pods: 110}}\n");
    Scenario::read(&[TextFile { name: "bench.scenario.yaml".into(), text: text.into() }], 1).0
}

fn manifests(pods: usize) -> String {
    let each = pods.div_ceil(TEMPLATES);
    let one = |i: usize| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web-{i}}}\nspec:\n  replicas: {}\n  selector: {{matchLabels: {{app: web-{i}}}}}\n  \
             template:\n    metadata: {{labels: {{app: web-{i}}}}}\n    spec:\n      containers:\n      - name: app\n        image: nginx:1.27\n        \
             resources: {{requests: {{cpu: {}m, memory: {}Mi}}}}\n---\n",
            each.min(pods - (i * each).min(pods)),
            50 + 10 * i,
            32 + 8 * i
        )
    };
    (0..TEMPLATES).map(one).collect()
}

fn running(run: &Run) -> usize {
    run.world.cluster.api.store.list(Kind::Pod).filter(|p| p.pod().is_some_and(|p| p.ready())).count()
}

fn bring_up(nodes: usize, pods: usize) {
    let start = Instant::now();
    let mut run = Run::new(&scenario(nodes));
    run.world.cluster.keep_changes = false;
    let joined = start.elapsed();
    run.apply(&Input::Apply(vec![("web.yaml".into(), manifests(pods))]));
    let mut slice = Span::millis(500);
    while running(&run) < pods && run.now() < PATIENCE {
        run.run_until(run.now() + slice);
        slice = Span::secs(1);
    }
    let all = start.elapsed();
    let copied = Instant::now();
    let copy = run.clone();
    let clone = copied.elapsed();
    println!(
        "{nodes:>6} nodes {pods:>7} pods: joined {:>6.0} ms, all running {:>7.0} ms ({} of {pods} after {} virtual s), checkpoint {:.1} ms, {} journal entries, {} MB",
        joined.as_secs_f64() * 1e3,
        all.as_secs_f64() * 1e3,
        running(&copy),
        run.now().as_secs(),
        clone.as_secs_f64() * 1e3,
        run.world.cluster.api.journal.len(),
        peak_memory_mb(),
    );
}

/// Peak memory of this process so far, where the system tells.
fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    line.and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    match sizes.as_slice() {
        [nodes, pods] => bring_up(*nodes, *pods),
        _ => [(3, 100), (1_000, 10_000), (5_000, 50_000)].iter().for_each(|(n, p)| bring_up(*n, *p)),
    }
}
