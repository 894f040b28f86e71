//! Job: pods that run to an end.
//! Source: kubernetes v1.37 pkg/apis/batch/v1/defaults.go; pkg/registry/batch/job/strategy.go.

use super::view::{Fill, View};
use super::{NONE, Rules, pod};
use crate::text::{Map, Value};

/// The rules of jobs.
pub const RULES: Rules =
    Rules { kind: "batch/v1 Job", simulated: &["spec.*"], defaults, strategy: super::fresh, ..NONE };

fn defaults(job: &mut Value) {
    let labels = job.of("spec").of("template").of("metadata").of("labels").clone();
    let spec = job.make("spec");
    pod::template(spec.make("template"));
    if !spec.has("completions") && !spec.has("parallelism") {
        spec.fill("completions", 1i64);
    }
    spec.fill("parallelism", 1i64);
    let limit = if spec.has("backoffLimitPerIndex") { i64::from(i32::MAX) } else { 6 };
    spec.fill("backoffLimit", limit);
    spec.fill("completionMode", "NonIndexed");
    spec.fill("suspend", false);
    spec.fill("manualSelector", false);
    let replacement = if spec.has("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    spec.fill("podReplacementPolicy", replacement);
    failure_conditions(spec);
    let metadata = job.make("metadata");
    if metadata.of("labels").is_void() && !labels.is_void() {
        metadata.make_map().set("labels", labels);
    }
}

/// Conditions in a failure policy mean True unless they say otherwise.
pub fn failure_conditions(spec: &mut Value) {
    spec.inside("podFailurePolicy", |policy| {
        policy.each("rules", |rule| {
            rule.each("onPodConditions", |condition| condition.fill_zero("status", "True"));
        });
    });
}

/// The labels by which a job knows its pods, unless it brings a selector of its own.
pub fn generate_selector(job: &mut Value, uid: &Value) {
    const UID: [&str; 2] = ["batch.kubernetes.io/controller-uid", "controller-uid"];
    const NAME: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];
    if job.of("spec").yes("manualSelector") {
        return;
    }
    let name = job.of("metadata").text("name").to_owned();
    let mut own = Map::new();
    for key in UID {
        own.set(key, uid.clone());
    }
    for key in NAME {
        own.set(key, name.as_str());
    }
    let add = |labels: &mut Value| {
        let labels = labels.make_map();
        own.iter().for_each(|(k, v)| labels.set(k.clone(), v.clone()));
    };
    let spec = job.make("spec");
    add(spec.make("template").make("metadata").make("labels"));
    spec.make("selector").make("matchLabels").make_map().set(UID[0], uid.clone());
    add(job.make("metadata").make("labels"));
}
