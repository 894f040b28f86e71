//! What the API server does with an object of each kind: defaults, create strategy, validation, warnings; and which of its
//! fields act in the simulation. One file a kind, one line a kind in [`ALL`]. Everything here is a function of the object
//! alone (and, on update, of the object before); what needs other objects asks through [`Surroundings`].

pub mod amount;
pub mod formats;
pub mod view;

mod aggregated;
mod config_map;
mod cron_job;
mod csi_driver;
mod custom_resource_definition;
mod daemon_set;
mod deployment;
pub mod difference;
mod endpoints;
mod event;
mod horizontal_pod_autoscaler;
mod ingress;
mod internal;
mod job;
mod lease;
mod limit_range;
pub mod limits;
mod meta;
mod namespace;
mod network_policy;
mod node;
mod persistent_volume;
mod persistent_volume_claim;
mod pipeline;
pub mod pod;
mod pod_disruption_budget;
mod pod_template;
mod priority_class;
mod rbac;
mod replica_set;
mod replication_controller;
mod resource_quota;
mod runtime_class;
mod secret;
pub mod service;
mod service_account;
mod stateful_set;
mod storage_class;
mod workload;

pub use pipeline::{Refusal, create, update};

use super::field_error::Errors;
use super::schema::KindInfo;
use super::shape::judged;
use crate::text::Value;

/// The rules of one kind.
pub struct Rules {
    /// `apiVersion kind`.
    pub kind: &'static str,
    /// The field paths that act in the simulation: `spec.replicas`; `[]` for items; a last `*` covers everything below.
    pub simulated: &'static [&'static str],
    /// What the versioned API fills in.
    pub defaults: fn(&mut Value),
    /// What the registry does when an object is created.
    pub strategy: fn(&mut Value),
    /// What an update takes over from the object before, beside identity and status.
    pub carry: fn(&mut Value, &Value),
    /// How names of this kind look.
    pub name: meta::NameRule,
    /// What is wrong with a new object, beside its metadata.
    pub create: fn(&Value) -> Errors,
    /// What is wrong with a change, beside its metadata: the new object and the old one.
    pub update: fn(&Value, &Value) -> Errors,
    /// What the server warns of.
    pub warnings: fn(&Value) -> Vec<String>,
}

/// Rules that do nothing, to fill the rest of a kind's rules.
const NONE: Rules = Rules {
    kind: "",
    simulated: &[],
    defaults: |_| {},
    strategy: |_| {},
    carry: |_, _| {},
    name: meta::NameRule::Subdomain,
    create: |_| Errors::new(),
    update: |_, _| Errors::new(),
    warnings: |_| Vec::new(),
};

/// Every kind with rules of its own. Differs: FID-023.
const ALL: &[&Rules] = &[
    &aggregated::API_SERVICE,
    &aggregated::MUTATING,
    &aggregated::POLICY,
    &aggregated::POLICY_BINDING,
    &aggregated::VALIDATING,
    &config_map::RULES,
    &cron_job::RULES,
    &csi_driver::DRIVER,
    &custom_resource_definition::RULES,
    &daemon_set::RULES,
    &deployment::RULES,
    &endpoints::ENDPOINTS,
    &endpoints::SLICE,
    &event::RULES,
    &horizontal_pod_autoscaler::RULES,
    &horizontal_pod_autoscaler::V1,
    &ingress::CLASS,
    &ingress::RULES,
    &job::RULES,
    &lease::RULES,
    &limit_range::RULES,
    &namespace::RULES,
    &network_policy::RULES,
    &node::RULES,
    &persistent_volume::RULES,
    &persistent_volume_claim::RULES,
    &pod::RULES,
    &pod_disruption_budget::RULES,
    &pod_template::RULES,
    &priority_class::RULES,
    &rbac::BINDING,
    &rbac::CLUSTER_BINDING,
    &rbac::CLUSTER_ROLE,
    &rbac::ROLE,
    &replica_set::RULES,
    &replication_controller::RULES,
    &resource_quota::RULES,
    &runtime_class::RULES,
    &secret::RULES,
    &service::RULES,
    &service_account::RULES,
    &stateful_set::RULES,
    &storage_class::RULES,
];

/// The rules of a kind.
pub fn of(kind: &KindInfo) -> Option<&'static Rules> {
    ALL.iter().copied().find(|r| r.kind.split_once(' ').is_some_and(|(v, k)| k == kind.kind && v == kind.api_version()))
}

/// The field paths of a kind that act in the simulation.
pub fn simulated(kind: &KindInfo) -> &'static [&'static str] {
    of(kind).map_or(&[], |r| r.simulated)
}

/// Whether a field's path is covered by one of `patterns`.
pub fn matches_any(patterns: &[&str], path: &str) -> bool {
    if matches!(path, "apiVersion" | "kind") || path.starts_with("metadata.") {
        return true;
    }
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => {
                inside = true;
                plain.push('[');
            }
            ']' => {
                inside = false;
                plain.push(']');
            }
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    patterns.iter().any(|p| match p.strip_suffix('*') {
        Some(head) => plain.starts_with(head) || format!("{plain}.") == head,
        None => *p == plain || format!("{p}[]") == plain,
    })
}

/// Fills in the versioned API's defaults.
pub fn default_object(object: &mut Value, kind: &KindInfo) {
    if let Some(rules) = of(kind) {
        (rules.defaults)(object);
    }
}

/// Defaults and create strategy; the result has every member that the server prints.
pub fn prepare_for_create(object: &mut Value, kind: &KindInfo) {
    default_object(object, kind);
    if !kind.namespaced() {
        object.remove_at(&["metadata", "namespace"]);
    }
    // A job's labels hold its identity, which admission has given it by now.
    if kind.kind != "Job" {
        object.remove_at(&["metadata", "uid"]);
    }
    for member in [
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
        "managedFields",
    ] {
        object.remove_at(&["metadata", member]);
    }
    if let Some(rules) = of(kind) {
        (rules.strategy)(object);
    }
    pod::gates::drop_disabled(object, kind);
    *object = judged(object, kind);
}

/// Defaults of a changed object; the result has every member that the server prints.
pub fn prepare_for_update(object: &mut Value, kind: &KindInfo) {
    default_object(object, kind);
    pod::gates::drop_disabled(object, kind);
    *object = judged(object, kind);
}

/// What the registry takes over from the object before because it was allocated: addresses and ports of services.
pub fn carry(object: &mut Value, old: &Value, kind: &KindInfo) {
    if let Some(rules) = of(kind) {
        (rules.carry)(object, old);
    }
}

/// What the registry takes over from the object before: identity, status, what was allocated.
pub fn carry_over(object: &mut Value, old: &Value, kind: &KindInfo) {
    for member in ["uid", "creationTimestamp", "resourceVersion", "generation"] {
        match old.at(&["metadata", member]).cloned() {
            Some(value) => object.set_at(&["metadata", member], value),
            None => {
                object.remove_at(&["metadata", member]);
            }
        }
    }
    // An end that has begun stays; one that a change brings along is refused.
    for member in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
        if let Some(value) = old.at(&["metadata", member]).filter(|v| !v.is_null()).cloned() {
            object.set_at(&["metadata", member], value);
        }
    }
    if !kind.namespaced() {
        object.remove_at(&["metadata", "namespace"]);
    }
    let keeps_status = kind.resource().is_some_and(|r| {
        let status = format!("{}/status", r.plural);
        super::schema::Schema::get().resources().iter().any(|s| s.plural == status && s.group == r.group)
    });
    if keeps_status && let Some(status) = old.get("status").cloned() {
        object.make_map().set("status", status);
    }
    carry(object, old, kind);
    *object = judged(object, kind);
}

/// What is wrong with a new object, in the server's order.
pub fn validate_create(object: &Value, kind: &KindInfo) -> Errors {
    let Some(rules) = of(kind) else { return meta::validate(object, kind, meta::NameRule::Subdomain) };
    if rules.kind == service::RULES.kind {
        let errors = service::families(object);
        if !errors.is_empty() {
            return errors;
        }
    }
    if rules.name == meta::NameRule::Later {
        let errors = (rules.create)(object);
        return if errors.is_empty() { meta::validate(object, kind, rules.name) } else { errors };
    }
    let mut errors = meta::validate(object, kind, rules.name);
    errors.extend((rules.create)(object));
    errors
}

/// What is wrong with a change, in the server's order.
pub fn validate_update(new: &Value, old: &Value, kind: &KindInfo) -> Errors {
    let mut errors = meta::validate_update(new, old, kind);
    if let Some(rules) = of(kind) {
        errors.extend((rules.update)(new, old));
    }
    errors
}

/// What the server warns of on create.
pub fn warnings(object: &Value, kind: &KindInfo) -> Vec<String> {
    of(kind).map_or_else(Vec::new, |r| (r.warnings)(object))
}

/// What rules may ask about other objects.
pub trait Surroundings {
    /// The service account `name` of a namespace.
    fn service_account(&self, namespace: &str, name: &str) -> Option<Value>;
    /// The priority class `name`.
    fn priority_class(&self, name: &str) -> Option<Value>;
    /// The priority class with `globalDefault`.
    fn default_priority_class(&self) -> Option<Value>;
    /// The runtime class `name`.
    fn runtime_class(&self, name: &str) -> Option<Value>;
    /// The storage class that claims without one get.
    fn default_storage_class(&self) -> Option<Value>;
    /// The ingress class that ingresses without one get.
    fn default_ingress_class(&self) -> Option<Value>;
    /// The limit ranges of a namespace, by name.
    fn limit_ranges(&self, namespace: &str) -> Vec<Value>;
    /// Five random letters for names.
    fn suffix(&mut self) -> String;
    /// The address for a new service; `None` when all are taken.
    fn cluster_ip(&mut self) -> Option<Value>;
    /// A free node port that is none of `mine`; `None` when all are taken.
    fn node_port(&mut self, mine: &[i64]) -> Option<Value>;
    /// The identity of the object being created.
    fn uid(&self) -> Value;
}

/// What admission adds to a new object, or the words with which it refuses it (403). Runs between the defaults and the
/// create strategy.
pub fn admit(object: &mut Value, kind: &KindInfo, around: &mut dyn Surroundings) -> Result<(), String> {
    match kind.kind {
        "Pod" if kind.group.is_empty() => pod::admit(object, around),
        "Node" => {
            node::admit(object);
            Ok(())
        }
        "PersistentVolumeClaim" => {
            persistent_volume_claim::admit(object, around);
            Ok(())
        }
        "PersistentVolume" => {
            meta::add_finalizer(object, "kubernetes.io/pv-protection");
            Ok(())
        }
        "Ingress" => {
            ingress::admit(object, around);
            Ok(())
        }
        "Job" => {
            job::generate_selector(object, &around.uid());
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What admission asks of a valid new object, or the words with which it refuses it (403).
pub fn judge(object: &Value, kind: &KindInfo, around: &dyn Surroundings) -> Result<(), String> {
    match kind.kind {
        "Pod" if kind.group.is_empty() => pod::judge(object, around),
        _ => Ok(()),
    }
}

/// What the registry adds to a valid new object: addresses and ports of services; labels of a job that has none. What it
/// cannot add it says in the words of an internal error (500).
pub fn allocate(object: &mut Value, kind: &KindInfo, around: &mut dyn Surroundings) -> Result<(), String> {
    match kind.kind {
        "Service" if kind.group.is_empty() => {
            service::allocate(object, around).map_err(|words| format!("Internal error occurred: {words}"))
        }
        "Job" => {
            job::stored(object);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What is asked for by name and cannot be given; `Err` in the words of an internal error.
pub fn taken(object: &Value, kind: &KindInfo, held: &service::Held) -> Result<Errors, String> {
    match kind.kind {
        "Service" if kind.group.is_empty() => {
            service::taken(object, held).map_err(|words| format!("Internal error occurred: {words}"))
        }
        _ => Ok(Errors::new()),
    }
}

/// Generation 1, for kinds that count.
fn first_generation(object: &mut Value) {
    object.set_at(&["metadata", "generation"], 1i64);
}

/// Generation 1 and no status.
fn fresh(object: &mut Value) {
    first_generation(object);
    no_status(object);
}

/// No status, whatever was given.
fn no_status(object: &mut Value) {
    object.remove_at(&["status"]);
}
