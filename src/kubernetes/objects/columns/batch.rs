//! Rows of Jobs and CronJobs.

use super::{Columns, View, col, containers, human, selector_text, wide};
use crate::text::Value;

pub(super) const TABLES: &[Columns] = &[
    Columns {
        group: "batch",
        kind: "Job",
        columns: &[
            col("Name"),
            col("Status"),
            col("Completions"),
            col("Duration"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: job,
    },
    Columns {
        group: "batch",
        kind: "CronJob",
        columns: &[
            col("Name"),
            col("Schedule"),
            col("Timezone"),
            col("Suspend"),
            col("Active"),
            col("Last Schedule"),
            col("Age"),
            wide("Containers"),
            wide("Images"),
            wide("Selector"),
        ],
        cells: cron_job,
    },
];

fn job(v: &View) -> Vec<Value> {
    let status = match () {
        _ if v.has_condition("Complete") => "Complete",
        _ if v.has_condition("Failed") => "Failed",
        _ if v.deleting() => "Terminating",
        _ if v.has_condition("Suspended") => "Suspended",
        _ if v.has_condition("FailureTarget") => "FailureTarget",
        _ if v.has_condition("SuccessCriteriaMet") => "SuccessCriteriaMet",
        _ => "Running",
    };
    let succeeded = v.int(&["status", "succeeded"]);
    let completions = match (v.tree.int_at(&["spec", "completions"]), v.int(&["spec", "parallelism"])) {
        (Some(n), _) => format!("{succeeded}/{n}"),
        (None, parallel) if parallel > 1 => format!("{succeeded}/1 of {parallel}"),
        (None, _) => format!("{succeeded}/1"),
    };
    let started = v.seconds_since(v.text(&["status", "startTime"]));
    let ended = v.seconds_since(v.text(&["status", "completionTime"])).unwrap_or(0);
    let [names, images] = containers(v, &["spec", "template", "spec", "containers"]);
    vec![
        v.name(),
        status.into(),
        completions.into(),
        started.map(|s| human(s - ended)).unwrap_or_default().into(),
        v.age(),
        names,
        images,
        selector_text(v.tree.at(&["spec", "selector"])).into(),
    ]
}

fn cron_job(v: &View) -> Vec<Value> {
    let spec = ["spec", "jobTemplate", "spec"];
    let [names, images] = containers(v, &[&spec[..], &["template", "spec", "containers"]].concat());
    let suspend = match v.tree.bool_at(&["spec", "suspend"]) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let last = v.text(&["status", "lastScheduleTime"]);
    vec![
        v.name(),
        v.text(&["spec", "schedule"]).into(),
        v.tree.str_at(&["spec", "timeZone"]).unwrap_or("<none>").into(),
        suspend.into(),
        (v.tree.list_at(&["status", "active"]).len() as i64).into(),
        if last.is_empty() { "<none>".into() } else { v.since(last).into() },
        v.age(),
        names,
        images,
        selector_text(v.tree.at(&[&spec[..], &["selector"]].concat())).into(),
    ]
}
