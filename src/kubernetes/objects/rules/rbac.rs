//! Roles and bindings: who may do what. Kept and shown; nothing is denied here.
//! Source: kubernetes v1.37 pkg/apis/rbac/v1/defaults.go.

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, meta};
use crate::text::Value;

const GROUP: &str = "rbac.authorization.k8s.io";

/// The rules of roles.
pub const ROLE: Rules = Rules {
    kind: "rbac.authorization.k8s.io/v1 Role",
    create: |role| rules(role, true),
    update: |new, _| rules(new, true),
    name: meta::NameRule::PathSegment,
    ..NONE
};

/// The rules of cluster roles.
pub const CLUSTER_ROLE: Rules = Rules {
    kind: "rbac.authorization.k8s.io/v1 ClusterRole",
    create: cluster_role,
    update: |new, _| cluster_role(new),
    ..ROLE
};

/// The rules of bindings.
pub const BINDING: Rules = Rules {
    kind: "rbac.authorization.k8s.io/v1 RoleBinding",
    defaults,
    create: |binding| check(binding, true),
    update: |new, old| update(new, old, true),
    ..ROLE
};

/// The rules of cluster-wide bindings.
pub const CLUSTER_BINDING: Rules = Rules {
    kind: "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
    defaults,
    create: |binding| check(binding, false),
    update: |new, old| update(new, old, false),
    ..ROLE
};

fn defaults(binding: &mut Value) {
    binding.make("roleRef").fill_zero("apiGroup", GROUP);
    binding.each("subjects", |subject| {
        if matches!(subject.text("kind"), "User" | "Group") {
            subject.fill_zero("apiGroup", GROUP);
        }
    });
}

/// Source: kubernetes v1.37 pkg/apis/rbac/validation/validation.go, ValidateClusterRole.
fn cluster_role(role: &Value) -> Errors {
    let selectors = role.of("aggregationRule").items("clusterRoleSelectors");
    let at = Path::new("aggregationRule").child("clusterRoleSelectors");
    let mut out = rules(role, false);
    let mut own = Errors::new();
    if role.has("aggregationRule") && selectors.is_empty() {
        own.push(at.required("at least one clusterRoleSelector required if aggregationRule is non-nil"));
    }
    for (i, selector) in selectors.iter().enumerate() {
        own.extend(meta::selector(selector, meta::SelectorRule::default(), &at.index(i)));
    }
    // The generated checks come last.
    let generated = out.iter().position(|e| e.path.ends_with(".verbs")).unwrap_or(out.len());
    out.splice(generated..generated, own);
    out
}

/// Source: kubernetes v1.37 pkg/apis/rbac/validation/validation.go, ValidatePolicyRule.
fn rules(role: &Value, namespaced: bool) -> Errors {
    let mut out = Errors::new();
    for (i, rule) in role.items("rules").iter().enumerate() {
        let at = Path::new("rules").index(i);
        let urls = rule.items("nonResourceURLs");
        if !urls.is_empty() {
            let shown = rule.of("nonResourceURLs");
            if namespaced {
                out.push(
                    at.child("nonResourceURLs").invalid(shown, "namespaced rules cannot apply to non-resource URLs"),
                );
            }
            let others = ["apiGroups", "resources", "resourceNames"].iter().any(|m| !rule.items(m).is_empty());
            if others {
                let words = "rules cannot apply to both regular resources and non-resource URLs";
                out.push(at.child("nonResourceURLs").invalid(shown, words));
            }
            continue;
        }
        if rule.items("apiGroups").is_empty() {
            out.push(at.child("apiGroups").required("resource rules must supply at least one api group"));
        }
        if rule.items("resources").is_empty() {
            out.push(at.child("resources").required("resource rules must supply at least one resource"));
        }
    }
    // The generated checks come last.
    for (i, _) in role.items("rules").iter().enumerate().filter(|(_, rule)| rule.items("verbs").is_empty()) {
        out.push(Path::new("rules").index(i).child("verbs").required(""));
    }
    out
}

/// Source: ValidateRoleBinding, ValidateClusterRoleBinding.
fn check(binding: &Value, namespaced: bool) -> Errors {
    let (role, path) = (binding.of("roleRef"), Path::new("roleRef"));
    let mut out = Errors::new();
    if role.text("apiGroup") != GROUP {
        out.push(path.child("apiGroup").not_supported(role.text("apiGroup"), &[GROUP]));
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&role.text("kind")) {
        out.push(path.child("kind").not_supported(role.text("kind"), kinds));
    }
    match role.text("name") {
        "" => {}
        name => out.extend(formats::at(&path.child("name"), name, formats::path_segment(name))),
    }
    for (i, subject) in binding.items("subjects").iter().enumerate() {
        out.extend(self::subject(subject, namespaced, &Path::new("subjects").index(i)));
    }
    // The generated checks come last.
    for (i, _) in binding.items("subjects").iter().enumerate().filter(|(_, s)| s.text("name").is_empty()) {
        out.push(Path::new("subjects").index(i).child("name").required(""));
    }
    if role.text("name").is_empty() {
        out.push(path.child("name").required(""));
    }
    out
}

fn subject(subject: &Value, namespaced: bool, path: &Path) -> Errors {
    let mut out = Errors::new();
    let (kind, name, group) = (subject.text("kind"), subject.text("name"), subject.text("apiGroup"));
    match kind {
        "ServiceAccount" => {
            if !name.is_empty() {
                out.extend(formats::at(&path.child("name"), name, formats::dns_subdomain(name)));
            }
            if !group.is_empty() {
                out.push(path.child("apiGroup").not_supported(group, &[""]));
            }
            if !namespaced && subject.text("namespace").is_empty() {
                out.push(path.child("namespace").required(""));
            }
        }
        "User" | "Group" => {
            if group != GROUP {
                out.push(path.child("apiGroup").not_supported(group, &[GROUP]));
            }
        }
        _ => out.push(path.child("kind").not_supported(kind, &["ServiceAccount", "User", "Group"])),
    }
    out
}

fn update(new: &Value, old: &Value, namespaced: bool) -> Errors {
    let mut out = check(new, namespaced);
    let (now, was) = (new.of("roleRef"), old.of("roleRef"));
    if !meta::same(now, was) {
        let shown = crate::map! {
            "APIGroup" => now.text("apiGroup"), "Kind" => now.text("kind"), "Name" => now.text("name"),
        };
        out.push(Path::new("roleRef").invalid(Value::Map(shown), "field is immutable"));
    }
    out
}
