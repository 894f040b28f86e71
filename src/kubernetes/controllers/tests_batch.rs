//! Promises of CronJobs and Jobs.

use super::tests::Stage;
use crate::kubernetes::apiserver::By;
use crate::kubernetes::apiserver::bootstrap::from_the_start;
use crate::kubernetes::objects::parts::cron::Schedule;
use crate::kubernetes::objects::pod::Phase;
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::sim::{Span, Time};
use crate::text::Value;
use proptest::prelude::*;
use std::rc::Rc;

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

fn you() -> By {
    By::actor("you", from_the_start())
}

fn cron(schedule: &str, more: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: tick}}\nspec:\n  schedule: '{schedule}'\n  \
         successfulJobsHistoryLimit: 1000\n{more}  jobTemplate:\n    spec:\n      template:\n        spec:\n          \
         restartPolicy: Never\n          containers: [{{name: c, image: i}}]\n"
    )
}

fn jobs(stage: &Stage) -> Vec<Rc<Object>> {
    let api = &stage.cluster.api;
    api.kinds.find("batch/v1", "Job").into_iter().flat_map(|kind| api.store.list_in(kind, "default")).cloned().collect()
}

/// The times, in seconds since 1970, for which jobs were made: their names end in minutes.
fn made_for(stage: &Stage) -> Vec<i64> {
    let minutes = |o: &Rc<Object>| o.meta.name.rsplit_once('-').and_then(|(_, m)| m.parse::<i64>().ok());
    let mut all: Vec<i64> = jobs(stage).iter().filter_map(minutes).map(|m| m * 60).collect();
    all.sort_unstable();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn a_cron_job_fires_exactly_at_its_schedules_times(
        step in 1u32..20, offset in 0u32..10, start in 0u64..3600, hours in 1u64..4,
    ) {
        let text = format!("{offset}-59/{step} * * * *");
        let schedule = Schedule::parse(&text).expect("a schedule");
        let mut stage = Stage::new();
        stage.wait(Span::secs(start));
        let epoch = stage.cluster.api.calendar.epoch;
        let now = |stage: &Stage| epoch + stage.cluster.now().as_secs() as i64;
        let from = now(&stage);
        stage.apply(&cron(&text, ""));
        stage.wait(Span::secs(hours * 3600) + Span::millis(500));
        let until = now(&stage);
        let mut wanted = Vec::new();
        let mut next = schedule.next(from);
        while let Some(at) = next.filter(|at| *at <= until) {
            wanted.push(at);
            next = schedule.next(at);
        }
        prop_assert_eq!(&made_for(&stage), &wanted);
        for job in jobs(&stage) {
            let late = job.meta.created.as_secs() as i64 + epoch;
            prop_assert!(wanted.contains(&late), "made at {late}");
        }
    }
}

#[test]
fn forbid_waits_for_the_job_that_runs_and_suspension_stops_all() {
    let mut stage = Stage::new();
    stage.apply(&cron("* * * * *", "  concurrencyPolicy: Forbid\n"));
    stage.wait(Span::secs(300));
    assert_eq!(jobs(&stage).len(), 1);
    let mut stage = Stage::new();
    stage.apply(&cron("* * * * *", "  suspend: true\n"));
    stage.wait(Span::secs(300));
    assert_eq!(jobs(&stage).len(), 0);
}

fn job(spec: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j}}\nspec:\n{spec}  template:\n    spec:\n      \
         restartPolicy: Never\n      containers: [{{name: c, image: i}}]\n"
    )
}

fn pods(stage: &Stage) -> Vec<Rc<Object>> {
    stage.cluster.api.store.list_in(Kind::Pod, "default").cloned().collect()
}

fn end(stage: &mut Stage, pod: Id, phase: Phase) {
    stage.cluster.api.update_status(pod, you(), |o| o.pod_mut().expect("a pod").status.phase = phase);
    stage.cluster.settle();
}

fn status(stage: &Stage, job: Id, key: &str) -> Option<Value> {
    stage.cluster.api.store.get(job)?.plain()?.at(&["status", key]).cloned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn every_ended_pod_is_counted_once(ends in prop::collection::vec(any::<bool>(), 1..12), parallel in 1i64..4) {
        let mut stage = Stage::new();
        let spec = format!("  completions: 100\n  parallelism: {parallel}\n  backoffLimit: 1000\n");
        let id = stage.apply(&job(&spec));
        let (mut good, mut bad) = (0, 0);
        for well in ends {
            // The longest pause between failures is ten minutes.
            stage.wait(Span::secs(601));
            let live = pods(&stage).into_iter().find(|p| p.pod().is_some_and(|row| !row.status.phase.ended()));
            let pod = live.expect("a pod to end");
            let (phase, count) = if well { (Phase::Succeeded, &mut good) } else { (Phase::Failed, &mut bad) };
            *count += 1;
            end(&mut stage, pod.meta.id, phase);
        }
        stage.wait(Span::secs(5));
        let number = |key: &str| status(&stage, id, key).and_then(|v| v.as_int()).unwrap_or(0);
        prop_assert_eq!((number("succeeded"), number("failed")), (good, bad));
        let ended = |p: &Object| p.pod().is_some_and(|row| row.status.phase.ended());
        let held = |p: &Rc<Object>| !p.meta.finalizers.is_empty() && ended(p);
        prop_assert!(!pods(&stage).iter().any(held), "an ended pod is still held");
    }
}

#[test]
fn an_index_that_fails_too_often_fails_alone() {
    let mut stage = Stage::new();
    let spec = "  completions: 2\n  parallelism: 2\n  completionMode: Indexed\n  backoffLimitPerIndex: 0\n";
    let id = stage.apply(&job(spec));
    stage.wait(Span::secs(1));
    let found = pods(&stage);
    let of = |index: &str| {
        let index_of = |p: &&Rc<Object>| p.meta.labels.get(INDEX) == Some(&index.into());
        found.iter().find(index_of).expect("a pod of the index").meta.id
    };
    end(&mut stage, of("0"), Phase::Failed);
    stage.wait(Span::secs(20));
    assert_eq!(status(&stage, id, "failedIndexes"), Some("0".into()));
    assert_eq!(pods(&stage).len(), 2, "index 0 is not tried again");
    end(&mut stage, of("1"), Phase::Succeeded);
    stage.wait(Span::secs(20));
    let conditions = status(&stage, id, "conditions").expect("conditions");
    let last = conditions.as_list().and_then(|all| all.last()).cloned().expect("a condition");
    assert_eq!((last.str_at(&["type"]), last.str_at(&["reason"])), (Some("Failed"), Some("FailedIndexes")));
    assert!(stage.cluster.now() > Time::secs(40));
}
