//! Job: pods that run to an end.
//! Source: kubernetes v1.37 pkg/apis/batch/v1/defaults.go; pkg/registry/batch/job/strategy.go.

use super::super::field_error::{Errors, Path, quoted};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, internal, meta, pod, workload};
use crate::text::{Map, Value};

/// The rules of jobs.
pub const RULES: Rules = Rules {
    kind: "batch/v1 Job",
    simulated: &["spec.*"],
    defaults,
    strategy,
    create: |job| check(job.of("spec"), true, &Path::new("spec")),
    update,
    warnings,
    ..NONE
};

fn defaults(job: &mut Value) {
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
}

/// A job without labels of its own is read back with those of its template.
/// Source: kubernetes v1.37 pkg/apis/batch/v1/defaults.go, SetDefaults_Job.
pub fn stored(job: &mut Value) {
    let labels = job.of("spec").of("template").of("metadata").of("labels").clone();
    let metadata = job.make("metadata");
    if metadata.of("labels").is_void() && !labels.is_void() {
        metadata.make_map().set("labels", labels);
    }
}

/// Who has no identity to offer yet still gets a selector, so that the rest can be judged.
fn strategy(job: &mut Value) {
    super::fresh(job);
    if !job.of("spec").has("selector") {
        generate_selector(job, &Value::str("00000000-0000-0000-0000-000000000000"));
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
}

/// The spec of a job, or of a template of jobs, which has no selector yet.
/// Source: kubernetes v1.37 pkg/apis/batch/validation/validation.go, validateJobSpec.
pub fn check(spec: &Value, made: bool, path: &Path) -> Errors {
    const COUNTS: [&str; 5] =
        ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"];
    let mut out = workload::non_negative(spec, &COUNTS, path);
    out.extend(workload::non_negative(spec, &["backoffLimitPerIndex", "maxFailedIndexes"], path));
    out.extend(mode(spec, path));
    if spec.has("podFailurePolicy") {
        out.extend(failure_policy(spec, &path.child("podFailurePolicy")));
    }
    if spec.has("successPolicy") {
        out.extend(success_policy(spec, &path.child("successPolicy")));
    }
    let replacement = spec.text("podReplacementPolicy");
    if spec.has("podReplacementPolicy") {
        let allowed: &[&str] =
            if spec.has("podFailurePolicy") { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
        if !allowed.contains(&replacement) {
            out.push(path.child("podReplacementPolicy").not_supported(replacement, allowed));
        }
    }
    out.extend(pod::check_template(spec.of("template"), &path.child("template")));
    let policy = spec.of("template").of("spec").text("restartPolicy");
    let at = path.child("template").child("spec").child("restartPolicy");
    match policy {
        "Always" => out.push(at.required("valid values: \"OnFailure\", \"Never\"")),
        "OnFailure" if spec.has("podFailurePolicy") => {
            out.push(at.invalid(policy, "only \"Never\" is supported when podFailurePolicy is specified"));
        }
        "OnFailure" | "Never" => {}
        _ => out.push(at.not_supported(policy, &["OnFailure", "Never"])),
    }
    if made {
        out.extend(selector(spec, path));
    }
    out
}

fn selector(spec: &Value, path: &Path) -> Errors {
    let (selector, at) = (spec.of("selector"), path.child("selector"));
    let mut out = meta::selector(selector, meta::SelectorRule::default(), &at);
    if selector.is_null() {
        out.push(at.required(""));
    }
    let labels = spec.of("template").of("metadata").of("labels");
    if workload::readable(selector) && (selector.is_null() || !meta::matches(selector, labels)) {
        let at = path.child("template").child("metadata").child("labels");
        out.push(at.invalid(labels, "`selector` does not match template `labels`"));
    }
    out
}

fn mode(spec: &Value, path: &Path) -> Errors {
    const ALONE: &str = "requires indexed completion mode";
    let mut out = Errors::new();
    let mode = spec.text("completionMode");
    if spec.has("completionMode") && !matches!(mode, "NonIndexed" | "Indexed") {
        out.push(path.child("completionMode").not_supported(mode, &["NonIndexed", "Indexed"]));
    }
    if mode == "Indexed" {
        match spec.int("completions") {
            None => out.push(path.child("completions").required("when completion mode is Indexed")),
            Some(n) if n > 1_000_000_000 => {
                let words = "must be less than or equal to 1000000000 when completion mode is Indexed";
                out.push(path.child("completions").invalid(n, words));
            }
            _ => {}
        }
        if let Some(n) = spec.int("parallelism").filter(|n| *n > 100_000) {
            let words = "must be less than or equal to 100000 when completion mode is Indexed";
            out.push(path.child("parallelism").invalid(n, words));
        }
        if let (Some(failed), Some(all)) = (spec.int("maxFailedIndexes"), spec.int("completions"))
            && failed > all
        {
            out.push(path.child("maxFailedIndexes").invalid(failed, "must be less than or equal to completions"));
        }
        if spec.has("maxFailedIndexes") && !spec.has("backoffLimitPerIndex") {
            out.push(path.child("backoffLimitPerIndex").required("when maxFailedIndexes is specified"));
        }
    } else {
        for member in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if let Some(n) = spec.int(member) {
                out.push(path.child(member).invalid(n, ALONE));
            }
        }
    }
    out
}

fn failure_policy(spec: &Value, path: &Path) -> Errors {
    const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
    let mut out = Errors::new();
    let at = path.child("rules");
    let rules = spec.of("podFailurePolicy").items("rules");
    if rules.len() > 20 {
        out.push(at.too_many(rules.len(), 20));
    }
    let containers = ["initContainers", "containers"].iter().flat_map(|l| spec.of("template").of("spec").items(l));
    let names: Vec<&str> = containers.map(|c| c.text("name")).collect();
    for (i, rule) in rules.iter().enumerate() {
        let at = at.index(i);
        let action = rule.text("action");
        match action {
            "" => out.push(at.child("action").required(format!("valid values: {}", listed(&ACTIONS)))),
            "FailIndex" if !spec.has("backoffLimitPerIndex") => {
                out.push(at.child("action").invalid(action, "requires the backoffLimitPerIndex to be set"));
            }
            _ if ACTIONS.contains(&action) => {}
            _ => out.push(at.child("action").not_supported(action, &ACTIONS)),
        }
        if rule.has("onExitCodes") {
            out.extend(exit_codes(rule.of("onExitCodes"), &names, &at.child("onExitCodes")));
        }
        let conditions = rule.items("onPodConditions");
        if conditions.len() > 20 {
            out.push(at.child("onPodConditions").too_many(conditions.len(), 20));
        }
        for (j, condition) in conditions.iter().enumerate() {
            let at = at.child("onPodConditions").index(j);
            let (kind, status) = (condition.text("type"), condition.text("status"));
            out.extend(formats::at(&at.child("type"), kind, formats::label_key(kind)));
            if !matches!(status, "False" | "True" | "Unknown") {
                out.push(at.child("status").not_supported(status, &["False", "True", "Unknown"]));
            }
        }
        match (rule.has("onExitCodes"), conditions.is_empty()) {
            (true, false) => {
                out.push(at.invalid(Value::Null, "specifying both OnExitCodes and OnPodConditions is not supported"));
            }
            (false, true) => {
                out.push(at.invalid(Value::Null, "specifying one of OnExitCodes and OnPodConditions is required"));
            }
            _ => {}
        }
    }
    out
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(", ")
}

fn exit_codes(codes: &Value, containers: &[&str], path: &Path) -> Errors {
    let mut out = Errors::new();
    let operator = codes.text("operator");
    match operator {
        "" => out.push(path.child("operator").required("valid values: \"In\", \"NotIn\"")),
        "In" | "NotIn" => {}
        _ => out.push(path.child("operator").not_supported(operator, &["In", "NotIn"])),
    }
    let name = codes.text("containerName");
    if codes.has("containerName") && !containers.contains(&name) {
        out.push(
            path.child("containerName")
                .invalid(name, "must be one of the container or initContainer names in the pod template"),
        );
    }
    let (values, at) = (codes.items("values"), path.child("values"));
    if values.is_empty() {
        out.push(at.invalid(Value::List(Vec::new()), "at least one value is required"));
    } else if values.len() > 255 {
        out.push(at.too_many(values.len(), 255));
    }
    let numbers: Vec<i64> = values.iter().filter_map(Value::as_int).collect();
    for (i, n) in numbers.iter().enumerate() {
        if operator == "In" && *n == 0 {
            out.push(at.index(i).invalid(*n, "must not be 0 for the In operator"));
        } else if numbers[..i].contains(n) {
            out.push(at.index(i).duplicate(*n));
        }
    }
    if !numbers.is_sorted() {
        out.push(at.invalid(codes.of("values"), "must be ordered"));
    }
    out
}

fn success_policy(spec: &Value, path: &Path) -> Errors {
    if spec.text("completionMode") != "Indexed" {
        let shown = Value::Map(crate::map! { "Rules" => spec.of("successPolicy").of("rules").clone() });
        return vec![path.invalid(shown, "requires indexed completion mode")];
    }
    let (rules, at) = (spec.of("successPolicy").items("rules"), path.child("rules"));
    if rules.is_empty() {
        return vec![at.required("at least one rules must be specified when the successPolicy is specified")];
    }
    let mut out = Errors::new();
    if rules.len() > 20 {
        out.push(at.too_many(rules.len(), 20));
    }
    for (i, rule) in rules.iter().enumerate() {
        let at = at.index(i);
        if !rule.has("succeededCount") && !rule.has("succeededIndexes") {
            out.push(at.required("at least one of succeededCount or succeededIndexes must be specified"));
        }
        if let (Some(count), Some(all)) = (rule.int("succeededCount"), spec.int("completions"))
            && count > all
        {
            let words = format!("must be less than or equal to {all} (the number of specified completions)");
            out.push(at.child("succeededCount").invalid(count, words));
        }
    }
    out
}

/// Source: kubernetes v1.37 pkg/apis/batch/validation/validation.go, ValidateJobSpecUpdate.
fn update(new: &Value, old: &Value) -> Errors {
    let (spec, before) = (new.of("spec"), old.of("spec"));
    let path = Path::new("spec");
    let mut out = check(spec, true, &path);
    let elastic = spec.text("completionMode") == "Indexed"
        && spec.int("completions") == spec.int("parallelism")
        && before.int("completions") == before.int("parallelism");
    if !elastic {
        out.extend(meta::immutable(spec.of("completions"), before.of("completions"), &path.child("completions")));
    }
    out.extend(meta::immutable(spec.of("selector"), before.of("selector"), &path.child("selector")));
    let suspended = before.yes("suspend") && !old.of("status").has("startTime");
    if !suspended {
        let template = internal::template(spec.of("template"));
        if !meta::immutable(spec.of("template"), before.of("template"), &path).is_empty() {
            out.push(path.child("template").invalid(template, "field is immutable"));
        }
    }
    for member in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
        out.extend(meta::immutable(spec.of(member), before.of(member), &path.child(member)));
    }
    out
}

fn warnings(job: &Value) -> Vec<String> {
    let template = job.of("spec").of("template");
    let mut out = Vec::new();
    let words = formats::dns_label(job.of("metadata").text("name"));
    if !words.is_empty() {
        out.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            words.join(" ")
        ));
    }
    let path = Path::new("spec").child("template").child("spec");
    out.extend(pod::warnings::of(template.of("spec"), template.of("metadata"), false, &path));
    out
}
