//! Job: pods that run to an end.
//! Source: kubernetes v1.37 pkg/apis/batch/v1/defaults.go; pkg/registry/batch/job/strategy.go.

use super::super::field_error::{Errors, Path, Raw};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, internal, meta, pod, workload};
use crate::map;
use crate::text::go::quoted;
use crate::text::{Map, Value};

/// The rules of jobs.
pub const RULES: Rules =
    Rules { kind: "batch/v1 Job", simulated: &["spec.*"], defaults, strategy, create, update, warnings, ..NONE };

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
/// Differs: FID-024, checked files have no identity.
fn strategy(job: &mut Value) {
    super::fresh(job);
    if !job.of("spec").has("selector") || !job.of("metadata").has("uid") {
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

/// The labels that say whose pods they are, the elder names first.
const UID: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const NAME: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

/// The labels by which a job knows its pods, unless it brings a selector of its own. What the user set stays, to be refused.
/// The job keeps its identity until it is judged.
/// Source: kubernetes v1.37 pkg/registry/batch/job/strategy.go, generateSelector.
pub fn generate_selector(job: &mut Value, uid: &Value) {
    job.make("metadata").make_map().set("uid", uid.clone());
    if job.of("spec").yes("manualSelector") {
        return;
    }
    let name = job.of("metadata").text("name").to_owned();
    let spec = job.make("spec");
    let labels = spec.make("template").make("metadata").make("labels");
    for key in UID {
        labels.fill(key, uid.clone());
    }
    for key in NAME {
        labels.fill(key, name.as_str());
    }
    spec.make("selector").make("matchLabels").fill(UID[1], uid.clone());
}

/// Source: kubernetes v1.37 pkg/apis/batch/validation/validation.go, ValidateJob.
fn create(job: &Value) -> Errors {
    let (spec, name) = (job.of("spec"), job.of("metadata").text("name"));
    let mut out = generated(job);
    out.extend(check(spec, true, &Path::new("spec")));
    if spec.text("completionMode") == "Indexed"
        && let Some(count) = spec.int("completions").filter(|n| *n > 0)
    {
        let longest = format!("{name}-{}", count - 1);
        if !formats::dns_label(&longest).is_empty() {
            let words = format!("will not able to create pod with invalid DNS label: {longest}");
            out.push(Path::new("metadata").child("name").invalid(name, words));
        }
    }
    out
}

/// Source: validateGeneratedSelector.
fn generated(job: &Value) -> Errors {
    let (spec, metadata) = (job.of("spec"), job.of("metadata"));
    let mut out = Errors::new();
    if spec.yes("manualSelector") || !spec.has("selector") || !metadata.has("uid") {
        return out;
    }
    let labels = spec.of("template").of("metadata").of("labels");
    let path = Path::new("spec").child("template").child("metadata").child("labels");
    let mut own = Map::new();
    for (i, key) in [UID[0], NAME[0], UID[1], NAME[1]].into_iter().enumerate() {
        let expected = metadata.text(if i % 2 == 0 { "uid" } else { "name" });
        own.set(key, expected);
        if labels.text(key) != expected {
            out.push(path.key(key).invalid(labels, format!("must be '{expected}'")));
        }
    }
    let selector = spec.of("selector");
    if workload::readable(selector) && !meta::matches(selector, &Value::Map(own)) {
        out.push(
            Path::new("spec").child("selector").invalid(internal::plain(selector), "`selector` not auto-generated"),
        );
    }
    out
}

/// The spec of a job, or of a template of jobs, which has no selector yet.
/// Source: kubernetes v1.37 pkg/apis/batch/validation/validation.go, validateJobSpec.
pub fn check(spec: &Value, made: bool, path: &Path) -> Errors {
    const COUNTS: [&str; 5] =
        ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"];
    let mut out = workload::non_negative(spec, &COUNTS, path);
    out.extend(workload::non_negative(spec, &["backoffLimitPerIndex", "maxFailedIndexes"], path));
    if spec.has("maxFailedIndexes") && !spec.has("backoffLimitPerIndex") {
        out.push(path.child("backoffLimitPerIndex").required("when maxFailedIndexes is specified"));
    }
    if spec.has("managedBy") {
        out.extend(manager(spec.text("managedBy"), &path.child("managedBy")));
    }
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

/// Who looks after the job instead of the cluster itself.
/// Source: kubernetes v1.37 apimachinery pkg/util/validation/validation.go, IsDomainPrefixedPath.
fn manager(name: &str, path: &Path) -> Errors {
    const MAX: usize = 63;
    let mut out = Errors::new();
    match name.split_once('/') {
        _ if name.is_empty() => out.push(path.required("")),
        Some((host, rest)) if !host.is_empty() && !rest.is_empty() => {
            out.extend(formats::at(path, host, formats::dns_subdomain(host)));
        }
        _ => out.push(path.invalid(name, "must be a domain-prefixed path (such as \"acme.io/foo\")")),
    }
    if name.len() > MAX {
        out.push(path.too_long(MAX));
    }
    out
}

fn mode(spec: &Value, path: &Path) -> Errors {
    /// Source: kubernetes v1.37 pkg/apis/batch/validation/validation.go, completionsSoftLimit and its equals.
    const MANY: i64 = 100_000;
    const ALONE: &str = "requires indexed completion mode";
    let mut out = Errors::new();
    let mode = spec.text("completionMode");
    if spec.has("completionMode") && !matches!(mode, "NonIndexed" | "Indexed") {
        out.push(path.child("completionMode").not_supported(mode, &["NonIndexed", "Indexed"]));
    }
    if mode == "Indexed" {
        if !spec.has("completions") {
            out.push(path.child("completions").required("when completion mode is Indexed"));
        }
        let (all, failed) = (spec.int("completions"), spec.int("maxFailedIndexes"));
        let (failed_at, at) = (path.child("maxFailedIndexes"), path.child("parallelism"));
        let parallel = spec.num("parallelism");
        if parallel > MANY {
            let words = format!("must be less than or equal to {MANY} when completion mode is Indexed");
            out.push(at.invalid(parallel, words));
        }
        if let Some(n) = failed.filter(|n| all.is_some_and(|all| *n > all)) {
            out.push(failed_at.invalid(n, "must be less than or equal to completions"));
        }
        if let Some(n) = failed.filter(|n| *n > MANY) {
            out.push(failed_at.invalid(n, format!("must be less than or equal to {MANY}")));
        }
        if all.is_some_and(|n| n > MANY) && spec.has("backoffLimitPerIndex") {
            const TEN: i64 = 10_000;
            let words = format!(
                "must be less than or equal to {TEN} when completions are above {MANY} and used with backoff limit per index"
            );
            if failed.is_none() {
                out.push(failed_at.required(format!("must be specified when completions is above {MANY}")));
            }
            if parallel > TEN {
                out.push(at.invalid(parallel, words.as_str()));
            }
            out.extend(failed.filter(|n| *n > TEN).map(|n| failed_at.invalid(n, words)));
        }
    } else if matches!(mode, "" | "NonIndexed") {
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
                out.push(
                    at.invalid(Raw(String::new()), "specifying both OnExitCodes and OnPodConditions is not supported"),
                );
            }
            (false, true) => {
                out.push(
                    at.invalid(Raw(String::new()), "specifying one of OnExitCodes and OnPodConditions is required"),
                );
            }
            _ => {}
        }
    }
    out
}

fn listed(words: &[&str]) -> String {
    format!("[{}]", words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(" "))
}

fn exit_codes(codes: &Value, containers: &[&str], path: &Path) -> Errors {
    let mut out = Errors::new();
    let operator = codes.text("operator");
    match operator {
        "" => out.push(path.child("operator").required(format!("valid values: {}", listed(&["In", "NotIn"])))),
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
        out.push(at.invalid(codes.of("values"), "at least one value is required"));
    } else if values.len() > 255 {
        out.push(at.too_many(values.len(), 255));
    }
    let numbers: Vec<i64> = values.iter().filter_map(Value::as_int).collect();
    for (i, n) in numbers.iter().enumerate() {
        if operator == "In" && *n == 0 {
            out.push(at.index(i).invalid(*n, "must not be 0 for the In operator"));
        }
        if numbers[..i].contains(n) {
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
        let shown = inner_success(spec.of("successPolicy"));
        return vec![path.invalid(shown, "requires indexed completion mode")];
    }
    let (rules, at) = (spec.of("successPolicy").items("rules"), path.child("rules"));
    let mut out = Errors::new();
    if rules.is_empty() {
        out.push(at.required("at least one rules must be specified when the successPolicy is specified"));
    }
    if rules.len() > 20 {
        out.push(at.too_many(rules.len(), 20));
    }
    for (i, rule) in rules.iter().enumerate() {
        let at = at.index(i);
        if !rule.has("succeededCount") && !rule.has("succeededIndexes") {
            out.push(at.required("at least one of succeededCount or succeededIndexes must be specified"));
        }
        let all = spec.num("completions");
        let mut chosen = None;
        if rule.has("succeededIndexes") {
            let (text, at) = (rule.text("succeededIndexes"), at.child("succeededIndexes"));
            match indexes(text, all) {
                Ok(count) => chosen = Some(count),
                Err(words) => {
                    chosen = Some(0);
                    out.push(at.invalid(text, format!("error parsing succeededIndexes: {words}")));
                }
            }
        }
        let Some(count) = rule.int("succeededCount") else { continue };
        out.extend(meta::non_negative(rule, "succeededCount", &at));
        let limits =
            [(Some(all), "specified completions"), (chosen, "indexes in the specified succeededIndexes field")];
        for (limit, what) in limits {
            if let Some(limit) = limit.filter(|limit| count > *limit) {
                let words = format!("must be less than or equal to {limit} (the number of {what})");
                out.push(at.child("succeededCount").invalid(count, words));
            }
        }
    }
    out
}

/// How many indexes a list as `1,3-5` names.
/// Source: kubernetes v1.37 pkg/apis/batch/validation/validation.go, validateIndexesFormat.
fn indexes(text: &str, all: i64) -> Result<i64, String> {
    let number = |text: &str| -> Result<i64, String> {
        let n: i64 =
            text.parse().map_err(|_| format!("cannot convert string to integer for index: {}", quoted(text)))?;
        if n >= all { Err(format!("too large index: {}", quoted(text))) } else { Ok(n) }
    };
    let (mut last, mut total) = (None, 0);
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let ends: Vec<&str> = part.split('-').collect();
        if ends.len() > 2 {
            return Err(format!(
                "the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'",
                quoted(part)
            ));
        }
        let from = number(ends.first().copied().unwrap_or_default())?;
        let to = ends.get(1).map_or(Ok(from), |end| number(end))?;
        let wrong = |a: i64, b: i64| Err(format!("non-increasing order, previous: {a}, current: {b}"));
        if ends.len() > 1 && from >= to {
            return wrong(from, to);
        }
        if let Some(last) = last.filter(|last| *last >= from) {
            return wrong(last, from);
        }
        total += to - from + 1;
        last = Some(to);
    }
    Ok(total)
}

/// A success policy as the server holds it.
fn inner_success(policy: &Value) -> Value {
    let rule = |r: &Value| {
        let (indexes, count) = (r.of("succeededIndexes").clone(), r.of("succeededCount").clone());
        Value::Map(map! { "SucceededIndexes" => indexes, "SucceededCount" => count })
    };
    let rules = policy.of("rules").as_list().map(|l| Value::List(l.iter().map(rule).collect()));
    Value::Map(map! { "Rules" => rules.unwrap_or_default() })
}

/// A failure policy as the server holds it.
fn inner_failure(policy: &Value) -> Value {
    let listed = |v: &Value, each: fn(&Value) -> Value| {
        v.as_list().map_or(Value::Null, |l| Value::List(l.iter().map(each).collect()))
    };
    let rules = policy.items("rules").iter().map(|rule| {
        let codes = rule.of("onExitCodes");
        let codes = if codes.is_null() {
            Value::Null
        } else {
            Value::Map(map! {
                "ContainerName" => codes.of("containerName").clone(),
                "Operator" => codes.text("operator"),
                "Values" => codes.of("values").clone(),
            })
        };
        let conditions = listed(rule.of("onPodConditions"), |c| {
            Value::Map(map! { "Type" => c.text("type"), "Status" => c.text("status") })
        });
        Value::Map(map! { "Action" => rule.text("action"), "OnExitCodes" => codes, "OnPodConditions" => conditions })
    });
    Value::Map(map! { "Rules" => rules.collect::<Vec<_>>() })
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
    let shown = |member: &str| match (member, spec.has(member)) {
        ("podFailurePolicy", true) => inner_failure(spec.of(member)),
        ("successPolicy", true) => inner_success(spec.of(member)),
        _ => spec.of(member).clone(),
    };
    for member in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
        if !meta::immutable(spec.of(member), before.of(member), &path).is_empty() {
            out.push(path.child(member).invalid(shown(member), "field is immutable"));
        }
    }
    out
}

fn warnings(job: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let words = formats::dns_label(job.of("metadata").text("name"));
    if !words.is_empty() {
        out.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            words.join(" ")
        ));
    }
    out.extend(spec_warnings(job.of("spec"), &Path::new("spec")));
    out
}

/// Source: kubernetes v1.37 pkg/api/job/warnings.go, WarningsForJobSpec.
pub fn spec_warnings(spec: &Value, path: &Path) -> Vec<String> {
    let mut out = Vec::new();
    if spec.text("completionMode") == "Indexed" && spec.num("completions") > 100_000 && spec.num("parallelism") > 10_000
    {
        out.push(format!(
            "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, \
             Kubernetes might not be able to track completedIndexes when a big number of indexes fail"
        ));
    }
    let (template, at) = (spec.of("template"), path.child("template").child("spec"));
    out.extend(pod::warnings::of(template.of("spec"), template.of("metadata"), false, &at));
    out
}
