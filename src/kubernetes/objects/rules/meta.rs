//! Metadata, the same for every kind.
//! Source: kubernetes v1.37 apimachinery pkg/api/validation/objectmeta.go; pkg/apis/meta/v1/validation/validation.go.

use super::super::field_error::{Errors, Path};
use super::super::schema::KindInfo;
use super::formats::{self, Words};
use super::view::{Fill, View};
use crate::text::Value;
use crate::text::go::quoted;

/// How the names of a kind look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// `example.com`.
    Subdomain,
    /// `my-name`.
    Label,
    /// `my-name`, not beginning with a digit.
    Label1035,
    /// Anything that can stand in a path.
    PathSegment,
    /// As [`NameRule::PathSegment`], and judged only when nothing else is wrong.
    Later,
}

impl NameRule {
    /// Judges the beginning of a name.
    fn judge_head(self, head: &str) -> Words {
        match self {
            // Source: kubernetes v1.37 apimachinery pkg/api/validation/path/name.go, IsValidPathSegmentPrefix.
            NameRule::PathSegment | NameRule::Later if head.starts_with('.') => {
                formats::path_segment(&format!("{head}a"))
            }
            _ => self.judge(&masked(head)),
        }
    }
    fn judge(self, name: &str) -> Words {
        match self {
            NameRule::Subdomain => formats::dns_subdomain(name),
            NameRule::Label => formats::dns_label(name),
            NameRule::Label1035 => formats::dns_1035_label(name),
            NameRule::PathSegment | NameRule::Later => formats::path_segment(name),
        }
    }
}

/// The metadata of a new object.
pub fn validate(object: &Value, kind: &KindInfo, rule: NameRule) -> Errors {
    let judge = if rule == NameRule::Later { general } else { validate_at };
    judge(object.of("metadata"), kind.namespaced(), rule, &Path::new("metadata"))
}

/// The metadata of a new object at a place.
pub fn validate_at(meta: &Value, namespaced: bool, rule: NameRule, path: &Path) -> Errors {
    let mut out = general(meta, namespaced, rule, path);
    out.extend(known_finalizers(meta.items("finalizers"), &path.child("finalizers")));
    out
}

/// What the API machinery asks of any metadata.
/// Source: kubernetes v1.37 apimachinery pkg/api/validation/objectmeta.go, ValidateObjectMetaAccessor.
pub fn general(meta: &Value, namespaced: bool, rule: NameRule, path: &Path) -> Errors {
    let mut out = Errors::new();
    let generate = meta.text("generateName");
    if !generate.is_empty() {
        out.extend(formats::at(&path.child("generateName"), generate, rule.judge_head(generate)));
    }
    match meta.text("name") {
        "" => out.push(path.child("name").required("name or generateName is required")),
        name => out.extend(formats::at(&path.child("name"), name, rule.judge(name))),
    }
    let namespace = meta.text("namespace");
    match (namespaced, namespace.is_empty()) {
        (true, true) => out.push(path.child("namespace").required("")),
        (true, false) => out.extend(formats::at(&path.child("namespace"), namespace, formats::dns_label(namespace))),
        (false, true) => {}
        (false, false) => out.push(path.child("namespace").forbidden("not allowed on this type")),
    }
    out.extend(non_negative(meta, "generation", path));
    out.extend(labels(meta.of("labels"), &path.child("labels")));
    out.extend(annotations(meta.of("annotations"), &path.child("annotations")));
    out.extend(owners(meta.items("ownerReferences"), &path.child("ownerReferences")));
    out.extend(finalizers(meta.items("finalizers"), &path.child("finalizers")));
    out
}

/// An owner that is told twice counts once; returns the server's remark.
/// Source: kubernetes v1.37 apiserver pkg/endpoints/handlers/{rest,create}.go, dedupOwnerReferencesAndAddWarning,
/// DuplicateOwnerReferencesWarningFormat.
pub fn drop_twin_owners(object: &mut Value) -> Vec<String> {
    let all = object.of("metadata").items("ownerReferences");
    let (mut once, mut twins): (Vec<Value>, Vec<&str>) = (Vec::new(), Vec::new());
    for owner in all {
        if !once.contains(owner) {
            once.push(owner.clone());
        } else {
            twins.push(owner.text("uid"));
        }
    }
    if twins.is_empty() {
        return Vec::new();
    }
    let words = format!(
        ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject \
         such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
        twins.join(", ")
    );
    object.set_at(&["metadata", "ownerReferences"], once);
    vec![words]
}

/// The beginning of a name as it is judged: what is to follow makes good for a dash at its end.
/// Source: kubernetes v1.37 apimachinery pkg/api/validation/generic.go, maskTrailingDash.
pub fn masked(name: &str) -> String {
    match name.strip_suffix('-') {
        Some(head) if !head.is_empty() => {
            format!("{}a", &head[..head.len() - head.chars().next_back().map_or(0, char::len_utf8)])
        }
        _ => name.to_owned(),
    }
}

/// The metadata of a changed object.
/// Source: kubernetes v1.37 apiserver pkg/registry/rest/update.go, validateCommonFields.
pub fn validate_update(new: &Value, old: &Value, kind: &KindInfo) -> Errors {
    let (new, old, path) = (new.of("metadata"), old.of("metadata"), Path::new("metadata"));
    let mut out = general(new, kind.namespaced(), NameRule::PathSegment, &path);
    if old.has("deletionTimestamp") {
        let mut extra: Vec<&str> = new
            .items("finalizers")
            .iter()
            .filter(|f| !old.items("finalizers").contains(f))
            .filter_map(Value::as_str)
            .collect();
        extra.sort_unstable();
        extra.dedup();
        if !extra.is_empty() {
            let all: Vec<String> = extra.iter().map(|f| quoted(f)).collect();
            out.push(path.child("finalizers").forbidden(format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                all.join(", ")
            )));
        }
    }
    out.extend(non_negative(new, "generation", &path));
    for member in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        out.extend(immutable(new.of(member), old.of(member), &path.child(member)));
    }
    out.extend(labels(new.of("labels"), &path.child("labels")));
    out.extend(annotations(new.of("annotations"), &path.child("annotations")));
    out.extend(owners(new.items("ownerReferences"), &path.child("ownerReferences")));
    out
}

/// A number that must not be negative.
pub fn non_negative(holder: &Value, member: &str, path: &Path) -> Errors {
    match holder.int(member) {
        Some(n) if n < 0 => vec![path.child(member).invalid(n, "must be greater than or equal to 0")],
        _ => Errors::new(),
    }
}

/// Whether two values are alike to the server: empty lists and maps are as good as none.
/// Source: kubernetes v1.37 apimachinery pkg/api/equality/semantic.go; third_party/forked/golang/reflect/deep_equal.go.
pub fn same(a: &Value, b: &Value) -> bool {
    let void = |v: &Value| match v {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    };
    match (a, b) {
        (Value::Map(x), Value::Map(y)) => {
            let mut keys = x.iter().chain(y.iter()).map(|(k, _)| k);
            keys.all(|k| same(a.of(k), b.of(k)))
        }
        (Value::List(x), Value::List(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        _ => a == b || (void(a) && void(b)),
    }
}

/// A member that must not change; emptiness and absence are alike.
pub fn immutable(new: &Value, old: &Value, path: &Path) -> Errors {
    if same(new, old) { Errors::new() } else { vec![path.invalid(new, "field is immutable")] }
}

/// Labels.
pub fn labels(labels: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    for (key, value) in labels.as_map().map_or_else(Vec::new, |m| m.sorted()) {
        out.extend(formats::at(path, key, formats::label_key(key)));
        let value = value.as_str().unwrap_or_default();
        out.extend(formats::at(path, value, formats::label_value(value)));
    }
    out
}

/// Annotations.
pub fn annotations(annotations: &Value, path: &Path) -> Errors {
    const MAX: usize = 256 << 10;
    let mut out = Errors::new();
    let mut size = 0;
    for (key, value) in annotations.as_map().map_or_else(Vec::new, |m| m.sorted()) {
        size += key.len() + value.as_str().map_or(0, str::len);
        out.extend(formats::at(path, key, formats::label_key(&key.to_lowercase())));
    }
    if size > MAX {
        out.push(path.too_long(MAX));
    }
    out
}

fn owners(owners: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut controller: Option<String> = None;
    for (i, owner) in owners.iter().enumerate() {
        let at = path.index(i);
        for member in ["apiVersion", "kind", "name", "uid"] {
            if owner.text(member).is_empty() {
                out.push(at.child(member).required("must not be empty"));
            }
        }
        if owner.text("apiVersion").matches('/').count() > 1 {
            out.push(
                at.child("apiVersion").invalid(owner.text("apiVersion"), "must be <group>/<version> or <version>"),
            );
        }
        if owner.text("apiVersion") == "v1" && owner.text("kind") == "Event" {
            out.push(at.invalid(owner, "/v1, Kind=Event is disallowed from being an owner"));
        }
        if owner.yes("controller") {
            let name = format!("{}/{}", owner.text("kind"), owner.text("name"));
            match &controller {
                Some(first) => out.push(path.invalid(
                    Value::List(owners.to_vec()),
                    format!("Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"),
                )),
                None => controller = Some(name),
            }
        }
    }
    out
}

fn finalizers(finalizers: &[Value], path: &Path) -> Errors {
    let mut out = Errors::new();
    let names: Vec<&str> = finalizers.iter().filter_map(Value::as_str).collect();
    for name in &names {
        out.extend(formats::at(path, name, formats::label_key(name)));
    }
    if names.contains(&"orphan") && names.contains(&"foregroundDeletion") {
        let words = "finalizer orphan and foregroundDeletion cannot be both set";
        out.push(path.invalid(Value::List(finalizers.to_vec()), words));
    }
    out
}

fn known_finalizers(finalizers: &[Value], path: &Path) -> Errors {
    let names = finalizers.iter().filter_map(Value::as_str).enumerate();
    names.flat_map(|(i, name)| known_finalizer(name, &path.index(i))).collect()
}

/// A finalizer by name: well formed, and one that the cluster or somebody with a domain looks after.
/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateFinalizerName.
pub fn finalizer(name: &str, path: &Path) -> Errors {
    let mut out = formats::at(path, name, formats::label_key(name));
    out.extend(known_finalizer(name, path));
    out
}

/// Source: same file, validateKubeFinalizerName; pkg/apis/core/helper.
fn known_finalizer(name: &str, path: &Path) -> Errors {
    const STANDARD: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];
    if name.contains('/') || STANDARD.contains(&name) {
        return Errors::new();
    }
    vec![path.invalid(name, "name is neither a standard finalizer name nor is it fully qualified")]
}

/// How much a selector may ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct SelectorRule {
    /// Label values may be malformed.
    pub any_value: bool,
}

/// A label selector.
pub fn selector(selector: &Value, rule: SelectorRule, path: &Path) -> Errors {
    let mut out = labels(selector.of("matchLabels"), &path.child("matchLabels"));
    for (i, term) in selector.items("matchExpressions").iter().enumerate() {
        let at = path.child("matchExpressions").index(i);
        let (operator, values) = (term.text("operator"), term.items("values"));
        match operator {
            "In" | "NotIn" if values.is_empty() => {
                out.push(at.child("values").required("must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let words = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                out.push(at.child("values").forbidden(words));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => out.push(at.child("operator").invalid(operator, "not a valid selector operator")),
        }
        out.extend(formats::at(&at.child("key"), term.text("key"), formats::label_key(term.text("key"))));
        if !rule.any_value {
            for (j, value) in values.iter().enumerate() {
                let value = value.as_str().unwrap_or_default();
                out.extend(formats::at(&at.child("values").index(j), value, formats::label_value(value)));
            }
        }
    }
    out
}

/// Whether labels satisfy a selector. An empty selector takes everything.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    let has = |key: &str| labels.get(key).and_then(Value::as_str);
    selector.pairs("matchLabels").iter().all(|(k, v)| has(k) == v.as_str())
        && selector.items("matchExpressions").iter().all(|term| {
            let value = has(term.text("key"));
            let listed = value.is_some_and(|v| term.items("values").iter().any(|x| x.as_str() == Some(v)));
            match term.text("operator") {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        })
}

/// Adds a finalizer unless it is there.
pub fn add_finalizer(object: &mut Value, name: &str) {
    let metadata = object.make("metadata");
    let mut all = metadata.items("finalizers").to_vec();
    if !all.iter().any(|f| f.as_str() == Some(name)) {
        all.push(Value::str(name));
        metadata.make_map().set("finalizers", all);
    }
}
