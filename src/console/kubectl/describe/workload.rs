//! Kinds that keep pods. Source: describe.go, describeDeployment, describeReplicaSet, describeStatefulSet, describeDaemonSet,
//! describeJob, describeCronJob.

use super::Subject;
use super::container::template;
use super::page::Page;
use super::{any_text, or_none};
use crate::kubernetes::objects::Object;
use crate::kubernetes::objects::columns::{human, label_text, selector_text};
use crate::text::Value;
use std::rc::Rc;

/// A selector as text; an empty one is nothing.
fn selector(s: &Subject, path: &[&str]) -> String {
    match selector_text(s.tree.at(path)) {
        none if none == "<none>" => String::new(),
        text => text,
    }
}

fn conditions(s: &Subject, page: &mut Page) {
    let list = s.tree.list_at(&["status", "conditions"]);
    if list.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tReason");
    page.line(1, "----\t------\t------");
    for c in list {
        let text = |key: &str| c.str_at(&[key]).unwrap_or_default();
        page.line(1, format!("{} \t{}\t{}", text("type"), text("status"), text("reason")));
    }
}

pub(super) fn deployment(s: &Subject, page: &mut Page) {
    s.head(page);
    page.line(0, format!("CreationTimestamp:\t{}", s.date(&["metadata", "creationTimestamp"])));
    s.marks(page);
    page.line(0, format!("Selector:\t{}", selector(s, &["spec", "selector"])));
    let count = |key: &str| s.int(&["status", key]);
    page.line(
        0,
        format!(
            "Replicas:\t{} desired | {} updated | {} total | {} available | {} unavailable",
            s.int(&["spec", "replicas"]),
            count("updatedReplicas"),
            count("replicas"),
            count("availableReplicas"),
            count("unavailableReplicas")
        ),
    );
    page.line(0, format!("StrategyType:\t{}", s.text(&["spec", "strategy", "type"])));
    page.line(0, format!("MinReadySeconds:\t{}", s.int(&["spec", "minReadySeconds"])));
    if let Some(rolling) = s.tree.at(&["spec", "strategy", "rollingUpdate"]) {
        let part = |key: &str| rolling.get(key).map(any_text).unwrap_or_default();
        let (unavailable, surge) = (part("maxUnavailable"), part("maxSurge"));
        page.line(0, format!("RollingUpdateStrategy:\t{unavailable} max unavailable, {surge} max surge"));
    }
    template(s, page, s.tree.at(&["spec", "template"]));
    conditions(s, page);
    let (old, new) = replica_sets(s);
    if !old.is_empty() || new.is_some() {
        let words = |list: Vec<&Rc<Object>>| {
            let one = |o: &&Rc<Object>| {
                let counts = o.replica_set().map_or((0, 0), |r| (r.status.replicas, r.replicas));
                format!("{} ({}/{} replicas created)", o.meta.name, counts.0, counts.1)
            };
            or_none(list.iter().map(one).collect::<Vec<_>>().join(", "))
        };
        page.line(0, format!("OldReplicaSets:\t{}", words(old.iter().collect())));
        page.line(0, format!("NewReplicaSet:\t{}", words(new.iter().collect())));
    }
    s.events(page);
}

/// The old ReplicaSets (by age) and the one of the present template.
/// Source: kubernetes v1.37 kubectl pkg/util/deployment/deployment.go, GetAllReplicaSets, FindNewReplicaSet.
fn replica_sets(s: &Subject) -> (Vec<Rc<Object>>, Option<Rc<Object>>) {
    let owned = s.cluster.api.store.owned_by(s.object.meta.id).filter(|o| o.replica_set().is_some());
    let mut all: Vec<Rc<Object>> = owned.cloned().collect();
    all.sort_by(|a, b| (a.meta.created, &a.meta.name).cmp(&(b.meta.created, &b.meta.name)));
    let wanted = super::super::rollout::bare_template(s.tree.at(&["spec", "template"]));
    let same = |o: &Rc<Object>| {
        let tree = s.cluster.api.tree(o);
        super::super::rollout::bare_template(tree.at(&["spec", "template"])) == wanted
    };
    let at = all.iter().position(same);
    let new = at.map(|at| all.remove(at));
    (all, new)
}

pub(super) fn replica_set(s: &Subject, page: &mut Page) {
    s.head(page);
    page.line(0, format!("Selector:\t{}", selector_text(s.tree.at(&["spec", "selector"]))));
    replicas(s, page);
}

pub(super) fn replication_controller(s: &Subject, page: &mut Page) {
    s.head(page);
    page.line(0, format!("Selector:\t{}", label_text(s.tree.at(&["spec", "selector"]))));
    replicas(s, page);
}

fn replicas(s: &Subject, page: &mut Page) {
    s.marks(page);
    s.controlled_by(page);
    let (current, desired) = (s.int(&["status", "replicas"]), s.int(&["spec", "replicas"]));
    page.line(0, format!("Replicas:\t{current} current / {desired} desired"));
    page.line(0, format!("Pods Status:\t{}", s.pods_by_phase()));
    template(s, page, s.tree.at(&["spec", "template"]));
    conditions(s, page);
    s.events(page);
}

pub(super) fn stateful_set(s: &Subject, page: &mut Page) {
    s.head(page);
    page.line(0, format!("CreationTimestamp:\t{}", s.date(&["metadata", "creationTimestamp"])));
    page.line(0, format!("Selector:\t{}", selector(s, &["spec", "selector"])));
    s.marks(page);
    for (title, key) in [("Service Name", "serviceName"), ("Pod Management Policy", "podManagementPolicy")] {
        if !s.text(&["spec", key]).is_empty() {
            page.line(0, format!("{title}:\t{}", s.text(&["spec", key])));
        }
    }
    let (desired, total) = (s.int(&["spec", "replicas"]), s.int(&["status", "replicas"]));
    page.line(0, format!("Replicas:\t{desired} desired | {total} total"));
    page.line(0, format!("Update Strategy:\t{}", s.text(&["spec", "updateStrategy", "type"])));
    if let Some(partition) = s.tree.int_at(&["spec", "updateStrategy", "rollingUpdate", "partition"]) {
        page.line(1, format!("Partition:\t{partition}"));
        if let Some(most) = s.tree.at(&["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]) {
            page.line(1, format!("MaxUnavailable:\t{}", any_text(most)));
        }
    }
    if let Some(policy) = s.tree.at(&["spec", "persistentVolumeClaimRetentionPolicy"]) {
        page.line(0, "Persistent Volume Claim Retention Policy:");
        page.line(1, format!("WhenDeleted:\t{}", policy.str_at(&["whenDeleted"]).unwrap_or_default()));
        page.line(1, format!("WhenScaled:\t{}", policy.str_at(&["whenScaled"]).unwrap_or_default()));
    }
    page.line(0, format!("Pods Status:\t{}", s.pods_by_phase()));
    template(s, page, s.tree.at(&["spec", "template"]));
    claims(page, s.tree.list_at(&["spec", "volumeClaimTemplates"]));
    s.events(page);
}

fn claims(page: &mut Page, list: &[Value]) {
    if list.is_empty() {
        page.line(0, "Volume Claims:\t<none>");
        return;
    }
    page.line(0, "Volume Claims:");
    for claim in list {
        let text = |path: &[&str]| claim.at(path).map(any_text).unwrap_or_default();
        page.line(1, format!("Name:\t{}", text(&["metadata", "name"])));
        page.line(1, format!("StorageClass:\t{}", text(&["spec", "storageClassName"])));
        page.labels("  ", "Labels", claim.at(&["metadata", "labels"]));
        page.labels("  ", "Annotations", claim.at(&["metadata", "annotations"]));
        let capacity = text(&["spec", "resources", "requests", "storage"]);
        page.line(1, format!("Capacity:\t{}", if capacity.is_empty() { "<default>".into() } else { capacity }));
        let modes: Vec<String> = claim.list_at(&["spec", "accessModes"]).iter().map(any_text).collect();
        page.line(1, format!("Access Modes:\t[{}]", modes.join(" ")));
    }
}

pub(super) fn daemon_set(s: &Subject, page: &mut Page) {
    s.head(page);
    page.line(0, format!("Selector:\t{}", selector(s, &["spec", "selector"])));
    let nodes = label_text(s.tree.at(&["spec", "template", "spec", "nodeSelector"]));
    page.line(0, format!("Node-Selector:\t{nodes}"));
    s.marks(page);
    for (title, key) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        page.line(0, format!("{title}: {}", s.int(&["status", key])));
    }
    page.line(0, format!("Pods Status:\t{}", s.pods_by_phase()));
    template(s, page, s.tree.at(&["spec", "template"]));
    s.events(page);
}

pub(super) fn job(s: &Subject, page: &mut Page) {
    s.head(page);
    page.line(0, format!("Selector:\t{}", selector(s, &["spec", "selector"])));
    s.marks(page);
    s.controlled_by(page);
    let spec = |key: &str| s.tree.at(&["spec", key]).map(any_text);
    if let Some(n) = spec("parallelism") {
        page.line(0, format!("Parallelism:\t{n}"));
    }
    page.line(0, format!("Completions:\t{}", spec("completions").unwrap_or_else(|| "<unset>".into())));
    for (title, key) in [
        ("Completion Mode", "completionMode"),
        ("Suspend", "suspend"),
        ("Backoff Limit", "backoffLimit"),
        ("TTL Seconds After Finished", "ttlSecondsAfterFinished"),
    ] {
        if let Some(value) = spec(key) {
            page.line(0, format!("{title}:\t{value}"));
        }
    }
    for (title, key) in [("Start Time", "startTime"), ("Completed At", "completionTime")] {
        if !s.text(&["status", key]).is_empty() {
            page.line(0, format!("{title}:\t{}", s.date(&["status", key])));
        }
    }
    let at = |key: &str| s.cluster.api.calendar.read(s.text(&["status", key]));
    if let (Some(start), Some(end)) = (at("startTime"), at("completionTime")) {
        page.line(0, format!("Duration:\t{}", human(end.since(start).as_secs() as i64)));
    }
    if let Some(deadline) = spec("activeDeadlineSeconds") {
        page.line(0, format!("Active Deadline Seconds:\t{deadline}s"));
    }
    let count = |key: &str| s.int(&["status", key]);
    let ready = s.tree.int_at(&["status", "ready"]).map(|n| format!(" ({n} Ready)")).unwrap_or_default();
    let (active, succeeded, failed) = (count("active"), count("succeeded"), count("failed"));
    page.line(0, format!("Pods Statuses:\t{active} Active{ready} / {succeeded} Succeeded / {failed} Failed"));
    if s.text(&["spec", "completionMode"]) == "Indexed" {
        page.line(0, format!("Completed Indexes:\t{}", indexes(s.text(&["status", "completedIndexes"]))));
    }
    template(s, page, s.tree.at(&["spec", "template"]));
    s.events(page);
}

/// Cut at the first comma behind 50 letters. Source: describe.go, capIndexesListOrNone.
fn indexes(list: &str) -> String {
    const SOFT_MAX: usize = 50;
    match list.get(SOFT_MAX..).and_then(|tail| tail.find(',')) {
        Some(at) => format!("{}...", &list[..=SOFT_MAX + at]),
        None => or_none(list.to_string()),
    }
}

pub(super) fn cron_job(s: &Subject, page: &mut Page) {
    s.head(page);
    s.marks(page);
    let unset = |path: &[&str], suffix: &str| match s.tree.at(path) {
        Some(value) => any_text(value) + suffix,
        None => "<unset>".to_string(),
    };
    page.line(0, format!("Schedule:\t{}", s.text(&["spec", "schedule"])));
    page.line(0, format!("Concurrency Policy:\t{}", s.text(&["spec", "concurrencyPolicy"])));
    let suspend = match s.tree.bool_at(&["spec", "suspend"]) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    page.line(0, format!("Suspend:\t{suspend}"));
    page.line(0, format!("Time Zone:\t{}", unset(&["spec", "timeZone"], "")));
    page.line(0, format!("Successful Job History Limit:\t{}", unset(&["spec", "successfulJobsHistoryLimit"], "")));
    page.line(0, format!("Failed Job History Limit:\t{}", unset(&["spec", "failedJobsHistoryLimit"], "")));
    page.line(0, format!("Starting Deadline Seconds:\t{}", unset(&["spec", "startingDeadlineSeconds"], "s")));
    let job = ["spec", "jobTemplate", "spec"];
    let path = |key: &str| s.tree.at(&[job[0], job[1], job[2], key]).is_some();
    let words = if path("selector") { selector(s, &[job[0], job[1], job[2], "selector"]) } else { "<unset>".into() };
    page.line(0, format!("Selector:\t{words}"));
    page.line(0, format!("Parallelism:\t{}", unset(&[job[0], job[1], job[2], "parallelism"], "")));
    page.line(0, format!("Completions:\t{}", unset(&[job[0], job[1], job[2], "completions"], "")));
    if path("activeDeadlineSeconds") {
        let deadline = unset(&[job[0], job[1], job[2], "activeDeadlineSeconds"], "s");
        page.line(0, format!("Active Deadline Seconds:\t{deadline}"));
    }
    template(s, page, s.tree.at(&[job[0], job[1], job[2], "template"]));
    let last = s.date(&["status", "lastScheduleTime"]);
    page.line(0, format!("Last Schedule Time:\t{}", if last.is_empty() { "<unset>".into() } else { last }));
    let active = s.tree.list_at(&["status", "active"]).iter().map(|j| j.str_at(&["name"]).unwrap_or_default());
    page.line(0, format!("Active Jobs:\t{}", or_none(active.collect::<Vec<_>>().join(", "))));
    s.events(page);
}
