//! StatefulSet: pods with names and volumes of their own.
//! Source: kubernetes v1.37 pkg/apis/apps/v1/defaults.go; pkg/registry/apps/statefulset/strategy.go.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, persistent_volume_claim, pod, workload};
use crate::text::Value;

/// The rules of stateful sets.
pub const RULES: Rules = Rules {
    kind: "apps/v1 StatefulSet",
    simulated: &["spec.*"],
    defaults,
    strategy: super::fresh,
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
    out.extend(workload::non_negative(spec, &["replicas", "minReadySeconds"], &path));
    out.extend(workload::non_negative(spec.of("ordinals"), &["start"], &path.child("ordinals")));
    out.extend(workload::selector(spec, "empty selector is invalid for statefulset", &path));
    let service = spec.text("serviceName");
    if !service.is_empty() {
        out.extend(formats::at(&path.child("serviceName"), service, formats::dns_subdomain(service)));
    }
    if workload::readable(spec.of("selector")) {
        out.extend(workload::labels_match(spec, &path.child("template")));
        out.extend(pod::check_template(&with_claims(spec), &path.child("template")));
    } else {
        out.push(path.child("selector").invalid(spec.of("selector"), ""));
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
            let shown = strategy.of("rollingUpdate");
            let shown = crate::map! {
                "Partition" => shown.num("partition"), "MaxUnavailable" => shown.of("maxUnavailable").clone(),
            };
            let words = "only allowed for updateStrategy 'RollingUpdate'";
            vec![path.child("rollingUpdate").invalid(Value::Map(shown), words)]
        }
        "OnDelete" => Errors::new(),
        "RollingUpdate" => {
            let (rolling, at) = (strategy.of("rollingUpdate"), path.child("rollingUpdate"));
            let mut out = workload::non_negative(rolling, &["partition"], &at);
            let max = rolling.of("maxUnavailable");
            let at = at.child("maxUnavailable");
            out.extend(workload::count_or_percent(max, &at));
            if workload::as_number(max) == Some(0) {
                out.push(at.invalid(max, "cannot be 0"));
            }
            out.extend(workload::at_most_all(max, &at));
            out
        }
        other => {
            let shown = crate::map! { "Type" => other, "RollingUpdate" => Value::Null };
            vec![path.invalid(Value::Map(shown), "must be 'RollingUpdate' or 'OnDelete'")]
        }
    }
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

fn update(new: &Value, old: &Value) -> Errors {
    const FREE: [&str; 8] = [
        "replicas",
        "template",
        "updateStrategy",
        "minReadySeconds",
        "persistentVolumeClaimRetentionPolicy",
        "ordinals",
        "revisionHistoryLimit",
        "podManagementPolicy",
    ];
    let plain = |set: &Value| {
        let mut spec = set.of("spec").clone();
        FREE.iter().filter(|m| **m != "podManagementPolicy").for_each(|m| {
            spec.remove_at(&[m]);
        });
        spec
    };
    let mut out = create(new);
    if plain(new) != plain(old) {
        out.push(Path::new("spec").forbidden(
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', \
             'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ));
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
