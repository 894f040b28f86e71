//! StatefulSet: pods with names and volumes of their own.
//! Source: kubernetes v1.37 pkg/apis/apps/v1/defaults.go; pkg/registry/apps/statefulset/strategy.go.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, internal, persistent_volume_claim, pod, workload};
use crate::text::Value;

/// The rules of stateful sets.
pub const RULES: Rules = Rules {
    kind: "apps/v1 StatefulSet",
    simulated: &["spec.*"],
    defaults,
    strategy: super::fresh,
    name: super::meta::NameRule::Label,
    create,
    update,
    warnings,
    ..NONE
};

fn defaults(set: &mut Value) {
    let spec = set.make("spec");
    pod::template(spec.make("template"));
    spec.each("volumeClaimTemplates", |claim| {
        claim.fill_zero("apiVersion", "v1");
        claim.fill_zero("kind", "PersistentVolumeClaim");
        persistent_volume_claim::defaults(claim);
    });
    spec.fill_zero("podManagementPolicy", "OrderedReady");
    let strategy = spec.make("updateStrategy");
    let given = strategy.text("type").to_owned();
    strategy.fill_zero("type", "RollingUpdate");
    if given.is_empty() || given == "RollingUpdate" {
        let rolling = strategy.make("rollingUpdate");
        rolling.fill("partition", 0i64);
        rolling.fill("maxUnavailable", 1i64);
    }
    let policy = spec.make("persistentVolumeClaimRetentionPolicy");
    policy.fill_zero("whenDeleted", "Retain");
    policy.fill_zero("whenScaled", "Retain");
    spec.fill("replicas", 1i64);
    spec.fill("revisionHistoryLimit", 10i64);
}

/// Source: kubernetes v1.37 pkg/apis/apps/validation/validation.go, ValidateStatefulSetSpec.
fn create(set: &Value) -> Errors {
    let (spec, path) = (set.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    let policy = spec.text("podManagementPolicy");
    if !matches!(policy, "OrderedReady" | "Parallel") {
        out.push(path.child("podManagementPolicy").invalid(policy, "must be 'OrderedReady' or 'Parallel'"));
    }
    out.extend(strategy(spec.of("updateStrategy"), &path.child("updateStrategy")));
    out.extend(retention(
        spec.of("persistentVolumeClaimRetentionPolicy"),
        &path.child("persistentVolumeClaimRetentionPolicy"),
    ));
    for (i, claim) in spec.items("volumeClaimTemplates").iter().enumerate() {
        let at = path.child("volumeClaimTemplates").index(i).child("spec");
        out.extend(persistent_volume_claim::spec(claim.of("spec"), &at));
    }
    out.extend(workload::non_negative(spec, &["replicas", "minReadySeconds"], &path));
    out.extend(workload::non_negative(spec.of("ordinals"), &["start"], &path.child("ordinals")));
    out.extend(workload::selector(spec, "empty selector is invalid for statefulset", &path));
    let service = spec.text("serviceName");
    if !service.is_empty() {
        out.extend(formats::at(&path.child("serviceName"), service, formats::dns_label(service)));
    }
    if workload::readable(spec.of("selector")) {
        out.extend(workload::labels_match(spec, &path.child("template")));
        out.extend(pod::check_template(&with_claims(spec), &path.child("template")));
    } else {
        out.push(path.child("selector").invalid(internal::plain(spec.of("selector")), ""));
    }
    let body = spec.of("template").of("spec");
    let at = path.child("template").child("spec");
    if body.text("restartPolicy") != "Always" {
        out.push(at.child("restartPolicy").not_supported(body.text("restartPolicy"), &["Always"]));
    }
    if body.has("activeDeadlineSeconds") {
        out.push(at.child("activeDeadlineSeconds").forbidden("activeDeadlineSeconds in StatefulSet is not Supported"));
    }
    out
}

/// The template with a volume for each claim template, as the pods will have them.
fn with_claims(spec: &Value) -> Value {
    let mut template = spec.of("template").clone();
    let claims = spec.items("volumeClaimTemplates");
    let body = template.make("spec");
    // The controller gives each pod its own.
    body.remove_at(&["hostname"]);
    body.remove_at(&["subdomain"]);
    let mut volumes = body.items("volumes").to_vec();
    for claim in claims {
        let name = claim.of("metadata").text("name");
        if !volumes.iter().any(|v| v.text("name") == name) {
            let source = crate::map! { "claimName" => name };
            volumes.push(Value::Map(crate::map! { "name" => name, "persistentVolumeClaim" => source }));
        }
    }
    body.make_map().set("volumes", volumes);
    template
}

fn strategy(strategy: &Value, path: &Path) -> Errors {
    match strategy.text("type") {
        "" => vec![path.required("")],
        "OnDelete" if strategy.has("rollingUpdate") => {
            let words = "only allowed for updateStrategy 'RollingUpdate'";
            vec![path.child("rollingUpdate").invalid(rolling_shown(strategy), words)]
        }
        "OnDelete" => Errors::new(),
        "RollingUpdate" => {
            let (rolling, at) = (strategy.of("rollingUpdate"), path.child("rollingUpdate"));
            let mut out = workload::non_negative(rolling, &["partition"], &at);
            let max = rolling.of("maxUnavailable");
            let at = at.child("maxUnavailable");
            out.extend(workload::count_or_percent(max, &at));
            if !max.is_null() && workload::worth(max) == 0 {
                out.push(at.invalid(max, "cannot be 0"));
            }
            out.extend(workload::at_most_all(max, &at));
            out
        }
        other => {
            let shown = crate::map! { "Type" => other, "RollingUpdate" => rolling_shown(strategy) };
            vec![path.invalid(Value::Map(shown), "must be 'RollingUpdate' or 'OnDelete'")]
        }
    }
}

/// How a set rolls, as the server holds it.
fn rolling_shown(strategy: &Value) -> Value {
    let rolling = strategy.of("rollingUpdate");
    if rolling.is_null() {
        return Value::Null;
    }
    let max = rolling.of("maxUnavailable").clone();
    Value::Map(crate::map! { "Partition" => rolling.num("partition"), "MaxUnavailable" => max })
}

fn retention(policy: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    for member in ["whenDeleted", "whenScaled"] {
        let value = policy.text(member);
        if !policy.is_null() && !matches!(value, "Retain" | "Delete") {
            out.push(path.child(member).not_supported(value, &["Retain", "Delete"]));
        }
    }
    out
}

/// Source: kubernetes v1.37 pkg/apis/apps/validation/validation.go, ValidateStatefulSetUpdate.
fn update(new: &Value, old: &Value) -> Errors {
    let mut out = create(new);
    out.extend(workload::selector_kept(new, old));
    let (spec, before, path) = (new.of("spec"), old.of("spec"), Path::new("spec"));
    let claims = "volumeClaimTemplates";
    if !super::meta::same(spec.of(claims), before.of(claims)) {
        let shown = spec.of(claims).as_list().map(|l| Value::List(l.iter().map(internal::claim).collect()));
        out.push(path.child(claims).invalid(shown.unwrap_or_default(), "field is immutable"));
    }
    for member in ["serviceName", "podManagementPolicy"] {
        if spec.text(member) != before.text(member) {
            out.push(path.child(member).invalid(spec.text(member), "field is immutable"));
        }
    }
    out
}

/// Source: kubernetes v1.37 pkg/registry/apps/statefulset/strategy.go, WarningsOnCreate.
fn warnings(set: &Value) -> Vec<String> {
    let mut out = workload::warnings(set);
    for (i, claim) in set.of("spec").items("volumeClaimTemplates").iter().enumerate() {
        let at = Path::new("spec").child("volumeClaimTemplates").index(i);
        out.extend(persistent_volume_claim::spec_warnings(claim.of("spec"), &at));
    }
    out
}
