//! Where a fault is: places in words, and the objects they mean at a moment.

use super::{Needs, What};
use crate::compose::Host;
use crate::compose::engine::{Cid, Container};
use crate::compose::project::observed;
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::schema::Schema;
use crate::kubernetes::objects::{Id, Kind, Object};
use std::collections::BTreeSet;
use std::rc::Rc;

/// A place in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `pod/NAME`, `pod/NAMESPACE/NAME`, `node/NAME`, `deployment/NAME`, `service/NAME`, …; a `*` at the end of the name stands
    /// for all that begin so.
    Object {
        /// The kind as kubectl names it in the plural: `pods`.
        kind: String,
        /// The namespace, when one is given.
        namespace: Option<String>,
        /// The name, perhaps with `*` at its end.
        name: String,
    },
    /// `pods`, `pods app=web`, `nodes disk=ssd`.
    Labels {
        /// The kind in the plural.
        kind: String,
        /// Labels that it must have.
        labels: Vec<(String, String)>,
    },
    /// `zone/NAME`.
    Zone(String),
    /// `image/NAME`.
    Image(String),
    /// `controller/NAME`.
    Controller(String),
    /// `link/FROM->TO`: names of workloads (`web` or `shop/web`), or `outside`.
    Link(String, String),
    /// `container/NAME`: containers of the Docker host; a `*` at the end of the name stands for all that begin so.
    Container(String),
    /// `compose/NAME`: the containers of a service of a Compose project.
    Service(String),
    /// `app/NAME`: the pods of a workload and the containers of a service of that name, in both houses at once.
    App(String),
    /// `host`: the Docker host.
    Host,
    /// Nothing: the cluster.
    Cluster,
}

impl Place {
    /// Reads a place; `Err` says what is not understood.
    pub fn read(text: &str) -> Result<Place, String> {
        let text = text.trim();
        if text.is_empty() || text == "cluster" {
            return Ok(Place::Cluster);
        }
        if text == "host" {
            return Ok(Place::Host);
        }
        let unknown =
            || format!("\"{text}\" is no place: KIND/NAME, pods KEY=VALUE, zone/NAME or image/NAME is expected");
        if let Some((kind, labels)) = text.split_once(' ').or((!text.contains('/')).then_some((text, ""))) {
            let label =
                |l: &str| l.split_once('=').map(|(k, v)| (k.to_string(), v.trim_start_matches('=').to_string()));
            let labels: Option<Vec<_>> = labels.split([',', ' ']).filter(|l| !l.is_empty()).map(label).collect();
            return match (plural(kind), labels) {
                (Some(kind), Some(labels)) => Ok(Place::Labels { kind, labels }),
                _ => Err(unknown()),
            };
        }
        let Some((kind, rest)) = text.split_once('/').filter(|(_, rest)| !rest.is_empty()) else {
            return Err(unknown());
        };
        match kind {
            "zone" => Ok(Place::Zone(rest.into())),
            "container" => Ok(Place::Container(rest.into())),
            "compose" => Ok(Place::Service(rest.into())),
            "app" => Ok(Place::App(rest.into())),
            "image" => Ok(Place::Image(rest.into())),
            "controller" => Ok(Place::Controller(rest.into())),
            "link" => match rest.split_once("->") {
                Some((from, to)) => Ok(Place::Link(from.trim().into(), to.trim().into())),
                None => Err(format!("\"{text}\" is no link: link/FROM->TO is expected")),
            },
            _ => {
                let kind = plural(kind).ok_or_else(unknown)?;
                let (namespace, name) = match rest.split_once('/') {
                    Some((namespace, name)) => (Some(namespace.to_string()), name),
                    None => (None, rest),
                };
                Ok(Place::Object { kind, namespace, name: name.into() })
            }
        }
    }
    /// Whether a kind of fault can be there; `Err` says what is expected.
    pub fn suits(&self, what: What) -> Result<(), String> {
        let (fits, expected) = match what.needs() {
            Needs::Pods => (
                matches!(self, Place::Object { kind, .. } | Place::Labels { kind, .. } if kind != "nodes")
                    || matches!(self, Place::Container(_) | Place::Service(_) | Place::App(_)),
                "pod/NAME, a workload, a Service, pods KEY=VALUE, container/NAME, compose/NAME or app/NAME",
            ),
            Needs::Nodes => (
                matches!(self, Place::Object { kind, .. } | Place::Labels { kind, .. } if kind == "nodes")
                    || matches!(self, Place::Zone(_))
                    || matches!(self, Place::Host | Place::App(_)) && what.hits_hosts(),
                if what.hits_hosts() { "node/NAME, zone/NAME, host or app/NAME" } else { "node/NAME or zone/NAME" },
            ),
            Needs::Zone => (matches!(self, Place::Zone(_)), "zone/NAME"),
            Needs::Image => (matches!(self, Place::Image(_)), "image/NAME"),
            Needs::Controller => (matches!(self, Place::Controller(_) | Place::Cluster), "controller/NAME"),
            Needs::Link => (matches!(self, Place::Link(..)), "link/FROM->TO"),
            Needs::Cluster => (matches!(self, Place::Cluster), "no place"),
        };
        if fits { Ok(()) } else { Err(format!("{}: {expected} is expected", what.key())) }
    }
    /// The pods it means now, by namespace and name.
    pub(super) fn pods(&self, cluster: &Cluster) -> Vec<Id> {
        let found = self.objects(cluster);
        let store = &cluster.api.store;
        let mut pods = BTreeSet::new();
        for object in found {
            pods.extend(cluster.pods_behind(object.meta.id));
        }
        let live = |id: &Id| {
            let pod = store.get(*id).and_then(|o| o.pod());
            pod.is_some_and(|p| p.node.is_some() && !p.status.phase.ended())
        };
        pods.into_iter().filter(live).collect()
    }
    /// The nodes it means now, by name; of an application the one that runs its first pod.
    pub(super) fn nodes(&self, cluster: &Cluster) -> Vec<Id> {
        let nodes = || cluster.api.store.list(Kind::Node);
        match self {
            Place::App(_) => {
                let store = &cluster.api.store;
                let node = |pod: &Id| store.get(*pod).and_then(|o| o.pod()).and_then(|p| p.node.clone());
                let name = self.pods(cluster).iter().find_map(node);
                name.and_then(|name| store.find(Kind::Node, "", &name)).into_iter().collect()
            }
            Place::Zone(zone) => nodes().filter(|o| zone_of(o) == Some(zone)).map(|o| o.meta.id).collect(),
            Place::Cluster => nodes().map(|o| o.meta.id).collect(),
            _ => self.objects(cluster).iter().map(|o| o.meta.id).collect(),
        }
    }
    /// The containers of a Docker host that it means now: those whose process runs.
    pub(super) fn containers(&self, host: &Host) -> Vec<Cid> {
        let fits = |c: &Container| match self {
            Place::Container(name) => is_named(&c.name, name),
            Place::Service(name) | Place::App(name) => {
                is_named(c.spec.label(observed::SERVICE), name) && c.spec.label(observed::ONE_OFF) != "True"
            }
            _ => false,
        };
        host.engine.containers.iter().filter(|(_, c)| c.run().is_some() && fits(c)).map(|(cid, _)| *cid).collect()
    }
    /// Whether it means the Docker host itself: of an application, if it was made there.
    pub(super) fn is_host(&self, host: &Host) -> bool {
        match self {
            Place::Host => true,
            Place::App(name) => {
                host.engine.containers.values().any(|c| is_named(c.spec.label(observed::SERVICE), name))
            }
            _ => false,
        }
    }
    fn objects<'a>(&self, cluster: &'a Cluster) -> Vec<&'a Rc<Object>> {
        if let Place::App(name) = self {
            return app(cluster, name);
        }
        let kind = match self {
            Place::Object { kind, .. } | Place::Labels { kind, .. } => kind.as_str(),
            Place::Cluster => "pods",
            _ => return Vec::new(),
        };
        let Some(kind) = kind_of(cluster, kind) else { return Vec::new() };
        let fits = |o: &&Rc<Object>| match self {
            Place::Object { namespace, name, .. } => {
                namespace.as_ref().is_none_or(|n| *o.meta.namespace == **n)
                    && name.strip_suffix('*').map_or(*o.meta.name == **name, |begin| o.meta.name.starts_with(begin))
            }
            Place::Labels { labels, .. } => {
                labels.iter().all(|(k, v)| o.meta.labels.get(k).is_some_and(|have| **have == **v))
            }
            _ => &*o.meta.namespace != "kube-system",
        };
        cluster.api.store.list(kind).filter(fits).collect()
    }
}

/// Whether a name is the wanted one, or begins so where that ends with `*`.
fn is_named(name: &str, wanted: &str) -> bool {
    !name.is_empty() && wanted.strip_suffix('*').map_or(name == wanted, |begin| name.starts_with(begin))
}

/// The workloads of a name; where there are none, the Services.
fn app<'a>(cluster: &'a Cluster, name: &str) -> Vec<&'a Rc<Object>> {
    let of = |kinds: &[&str]| {
        let kinds = kinds.iter().filter_map(|kind| kind_of(cluster, kind));
        let all = kinds.flat_map(|kind| cluster.api.store.list(kind));
        all.filter(|o| is_named(&o.meta.name, name)).collect::<Vec<_>>()
    };
    let found = of(&["deployments", "statefulsets", "daemonsets"]);
    if found.is_empty() { of(&["services"]) } else { found }
}

/// The zone of a node.
pub(super) fn zone_of(node: &Object) -> Option<&str> {
    node.meta.labels.get("topology.kubernetes.io/zone").map(|z| &**z)
}

/// The plural that kubectl prints for a name of a kind.
fn plural(name: &str) -> Option<String> {
    Schema::get().resource_by_name(name).map(|r| r.plural.to_string())
}

fn kind_of(cluster: &Cluster, plural: &str) -> Option<Kind> {
    let resource = Schema::get().resource_by_name(plural)?;
    let version = match resource.group {
        "" => resource.version.to_string(),
        group => format!("{group}/{}", resource.version),
    };
    cluster.api.kinds.find(&version, resource.kind)
}
