//! The promises of a rolling update, for any numbers: never more than the ceiling, never fewer available than the floor, no pod
//! lost and none doubled.

use orchestrion::kubernetes::objects::Kind;
use orchestrion::scenario::{Scenario, TextFile};
use orchestrion::session::run::{Input, Run};
use orchestrion::sim::{Rewindable, Span, Time};
use proptest::prelude::*;

fn manifest(replicas: u32, surge: u32, unavailable: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: web}}}}\n  \
         strategy: {{rollingUpdate: {{maxSurge: {surge}, maxUnavailable: {unavailable}}}}}\n  template:\n    \
         metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: app, image: 'nginx:1.27'}}]}}\n"
    )
}

fn start(text: String) -> Run {
    let file = TextFile { name: "web.yaml".into(), text: text.into() };
    let (scenario, _) = Scenario::read(std::slice::from_ref(&file), 1);
    let mut run = Run::new(&scenario);
    run.apply(&Input::Apply(vec![(file.name.to_string(), file.text.to_string())]));
    run
}

/// (pods that are not being deleted, of these the ready ones)
fn pods(run: &Run) -> (u32, u32) {
    let alive: Vec<_> = run.world.cluster.api.store.list(Kind::Pod).filter(|p| !p.meta.deleting()).collect();
    let ready = alive.iter().filter(|p| p.pod().is_some_and(|p| p.ready())).count();
    (alive.len() as u32, ready as u32)
}

/// How many pods the ReplicaSets want in all: what a rolling update keeps below its ceiling. (For a few milliseconds more may
/// exist: the controllers act one after the other, as the real ones do.)
fn wanted(run: &Run) -> u32 {
    let sets = run.world.cluster.api.store.list(Kind::ReplicaSet).filter_map(|o| o.replica_set());
    sets.map(|s| s.replicas.max(0) as u32).sum()
}

fn step_until(run: &mut Run, end: Time, mut each: impl FnMut(&Run)) {
    while let Some(due) = run.next_due().filter(|due| *due <= end) {
        run.run_until(due);
        each(run);
    }
    run.run_until(end);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn floor_and_ceiling_hold_at_every_moment(replicas in 1u32..9, surge in 0u32..4, unavailable in 0u32..4) {
        prop_assume!(surge + unavailable > 0);
        let mut run = start(manifest(replicas, surge, unavailable));
        run.run_until(Time::secs(60));
        prop_assert_eq!(pods(&run), (replicas, replicas));
        run.apply(&Input::Line("kubectl set image deployment/web app=nginx:1.28".into()));
        let (floor, ceiling) = (replicas.saturating_sub(unavailable), replicas + surge);
        let end = run.now() + Span::secs(300);
        let mut worst = (u32::MAX, 0);
        step_until(&mut run, end, |run| {
            worst = (worst.0.min(pods(run).1), worst.1.max(wanted(run)));
        });
        prop_assert!(worst.0 >= floor, "{} ready, floor {floor}", worst.0);
        prop_assert!(worst.1 <= ceiling, "{} wanted, ceiling {ceiling}", worst.1);
        prop_assert_eq!(pods(&run), (replicas, replicas));
        let images: Vec<_> = run.world.cluster.api.store.list(Kind::Pod).filter_map(|p| p.pod())
            .map(|p| p.spec.containers[0].image.to_string()).collect();
        prop_assert!(images.iter().all(|i| i == "nginx:1.28"), "{images:?}");
    }

    #[test]
    fn killed_and_deleted_pods_come_back(replicas in 1u32..8, kills in proptest::collection::vec(0u64..8_000, 1..6)) {
        let mut run = start(manifest(replicas, 1, 0));
        run.run_until(Time::secs(30));
        for gap in kills {
            run.run_until(run.now() + Span::millis(gap));
            let mut pods = run.world.cluster.api.store.list(Kind::Pod);
            let victim = pods.find(|p| !p.meta.deleting()).map(|p| p.meta.name.to_string());
            drop(pods);
            if let Some(name) = victim {
                run.apply(&Input::Line(format!("kubectl delete pod {name} --wait=false")));
            }
        }
        run.run_until(run.now() + Span::secs(120));
        prop_assert_eq!(pods(&run), (replicas, replicas));
    }
}
