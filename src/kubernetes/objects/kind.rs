//! Which kinds there are. Those with a row of their own have a variant; every other built-in kind and every custom one is
//! [`Kind::Other`] with its number in the cluster's [`KindNames`].

use std::rc::Rc;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    Namespace,
    Node,
    Pod,
    ReplicaSet,
    Deployment,
    Service,
    EndpointSlice,
    Event,
    Lease,
    PriorityClass,
    ConfigMap,
    Secret,
    ServiceAccount,
    /// A kind without a row of its own; the number is its place in [`KindNames`].
    Other(u16),
}

/// (kind, `apiVersion`, name, whether namespaced) of the kinds with a variant.
const OWN: &[(Kind, &str, &str, bool)] = &[
    (Kind::Namespace, "v1", "Namespace", false),
    (Kind::Node, "v1", "Node", false),
    (Kind::Pod, "v1", "Pod", true),
    (Kind::ReplicaSet, "apps/v1", "ReplicaSet", true),
    (Kind::Deployment, "apps/v1", "Deployment", true),
    (Kind::Service, "v1", "Service", true),
    (Kind::EndpointSlice, "discovery.k8s.io/v1", "EndpointSlice", true),
    (Kind::Event, "v1", "Event", true),
    (Kind::Lease, "coordination.k8s.io/v1", "Lease", true),
    (Kind::PriorityClass, "scheduling.k8s.io/v1", "PriorityClass", false),
    (Kind::ConfigMap, "v1", "ConfigMap", true),
    (Kind::Secret, "v1", "Secret", true),
    (Kind::ServiceAccount, "v1", "ServiceAccount", true),
];

/// Names of the kinds without a variant, in order of first use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KindNames(Vec<OtherKind>);

/// A kind without a variant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OtherKind {
    api_version: Rc<str>,
    name: Rc<str>,
    namespaced: bool,
}

impl KindNames {
    /// The kind of this name; the version does not matter beyond its group, since there is one stored version of each.
    pub fn find(&self, api_version: &str, name: &str) -> Option<Kind> {
        let group = group_of(api_version);
        let own = OWN.iter().find(|(_, v, n, _)| *n == name && group_of(v) == group).map(|(k, ..)| *k);
        own.or_else(|| {
            let at = self.0.iter().position(|k| &*k.name == name && group_of(&k.api_version) == group)?;
            Some(Kind::Other(at as u16))
        })
    }
    /// The kind of this name, entered into the books when it is new.
    pub fn enter(&mut self, api_version: &str, name: &str, namespaced: bool) -> Kind {
        if let Some(kind) = self.find(api_version, name) {
            return kind;
        }
        self.0.push(OtherKind { api_version: api_version.into(), name: name.into(), namespaced });
        Kind::Other((self.0.len() - 1) as u16)
    }
    /// `kind` as in manifests.
    pub fn name(&self, kind: Kind) -> &str {
        match kind {
            Kind::Other(at) => self.0.get(at as usize).map_or("", |k| &k.name),
            own => own_row(own).2,
        }
    }
    /// `apiVersion` as stored.
    pub fn api_version(&self, kind: Kind) -> &str {
        match kind {
            Kind::Other(at) => self.0.get(at as usize).map_or("", |k| &k.api_version),
            own => own_row(own).1,
        }
    }
    /// Whether objects of this kind live in namespaces.
    pub fn namespaced(&self, kind: Kind) -> bool {
        match kind {
            Kind::Other(at) => self.0.get(at as usize).is_some_and(|k| k.namespaced),
            own => own_row(own).3,
        }
    }
    /// Every kind there is.
    pub fn all(&self) -> impl Iterator<Item = Kind> + '_ {
        OWN.iter().map(|(k, ..)| *k).chain((0..self.0.len()).map(|at| Kind::Other(at as u16)))
    }
}

/// The API group of an `apiVersion`; empty for the core group.
pub fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// The plural of a kind in lower case, as resources are named.
/// Source: kubernetes v1.37 apimachinery/pkg/api/meta/restmapper.go, UnsafeGuessKindToResource; Endpoints is its own plural.
pub fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    if singular.ends_with("endpoints") {
        return singular;
    }
    match singular.as_bytes().last() {
        Some(b's') => format!("{singular}es"),
        Some(b'y') => format!("{}ies", &singular[..singular.len() - 1]),
        _ => format!("{singular}s"),
    }
}

fn own_row(kind: Kind) -> (Kind, &'static str, &'static str, bool) {
    OWN.iter().copied().find(|(k, ..)| *k == kind).unwrap_or((kind, "", "", false))
}
