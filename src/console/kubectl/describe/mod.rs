//! `kubectl describe`: one file a group of kinds.
//! Source: kubernetes v1.37 kubectl pkg/describe/describe.go; pkg/cmd/describe/describe.go.

mod access;
mod container;
mod generic;
mod network;
mod node;
mod page;
mod pod;
mod policy;
mod storage;
mod volume;
mod workload;

use page::Page;
pub use page::elastic;

use super::resource::{Resource, Selection, resource_of, together};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::columns::{View, human};
use crate::kubernetes::objects::event::Event;
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::text::Value;
use std::rc::Rc;

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "describe",
    switches: "all-namespaces A show-events recursive R",
    options: "selector l filename f kustomize k chunk-size field-selector",
    run: describe,
}];

/// One object being described.
pub(super) struct Subject<'a> {
    pub cluster: &'a Cluster,
    pub object: &'a Object,
    pub tree: Value,
    pub events: bool,
}

/// Which function describes a kind.
type Describer = fn(&Subject, &mut Page);

/// (group, kind, describer). Kinds without one are shown as trees.
const DESCRIBERS: &[(&str, &str, Describer)] = &[
    ("", "Pod", pod::pod),
    ("", "Node", node::node),
    ("", "Namespace", policy::namespace),
    ("", "Service", network::service),
    ("", "Endpoints", network::endpoints),
    ("", "ConfigMap", generic::config_map),
    ("", "Secret", generic::secret),
    ("", "ServiceAccount", generic::service_account),
    ("", "ReplicationController", workload::replication_controller),
    ("", "ResourceQuota", policy::quota),
    ("", "LimitRange", policy::limit_range),
    ("", "PersistentVolume", storage::volume),
    ("", "PersistentVolumeClaim", storage::claim),
    ("apps", "Deployment", workload::deployment),
    ("apps", "ReplicaSet", workload::replica_set),
    ("apps", "StatefulSet", workload::stateful_set),
    ("apps", "DaemonSet", workload::daemon_set),
    ("batch", "Job", workload::job),
    ("batch", "CronJob", workload::cron_job),
    ("autoscaling", "HorizontalPodAutoscaler", policy::autoscaler),
    ("policy", "PodDisruptionBudget", policy::budget),
    ("networking.k8s.io", "Ingress", network::ingress),
    ("networking.k8s.io", "IngressClass", access::ingress_class),
    ("rbac.authorization.k8s.io", "Role", access::role),
    ("rbac.authorization.k8s.io", "ClusterRole", access::role),
    ("rbac.authorization.k8s.io", "RoleBinding", access::binding),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", access::binding),
    ("networking.k8s.io", "NetworkPolicy", network::network_policy),
    ("discovery.k8s.io", "EndpointSlice", network::endpoint_slice),
    ("storage.k8s.io", "StorageClass", storage::class),
    ("scheduling.k8s.io", "PriorityClass", policy::priority_class),
];

fn describe(cx: &mut Cx, args: &Args) -> Result {
    if args.words.is_empty() && args.get("filename").is_none() {
        return Err(Failure::error(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    }
    let selection = Selection::with_files(cx, args, &args.words)?;
    super::get::warn(cx, &selection);
    let (mut found, missing) = selection.objects(cx.cluster, &cx.namespace);
    let mut events = found.len() <= 1 && missing.is_empty();
    let mut by_prefix = false;
    if !missing.is_empty() && args.words.len() == 2 {
        let like = with_prefix(cx, &selection, &args.words[1]);
        if like.is_empty() {
            return Err(together(missing).unwrap_or_else(|| Failure::plain("")));
        }
        by_prefix = true;
        found = like;
        events = false;
    }
    if let Some(shown) = args.get("show-events") {
        events = shown == "true";
    }
    for (i, (_, object)) in found.iter().enumerate() {
        let text = text_of(cx.cluster, object, events);
        match (by_prefix, i) {
            (true, _) => cx.print(&format!("{text}\n")),
            (false, 0) => cx.print(&text),
            (false, _) => cx.print(&format!("\n\n{text}")),
        }
    }
    if by_prefix {
        return Ok(Flow::Done(0));
    }
    if found.is_empty() && missing.is_empty() {
        match args.on("all-namespaces") {
            true => cx.complain("No resources found\n"),
            false => cx.complain(&format!("No resources found in {} namespace.\n", cx.namespace)),
        }
    }
    match together(missing) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

/// The objects of the type whose names begin so.
fn with_prefix(cx: &Cx, selection: &Selection, prefix: &str) -> Vec<(Resource, Rc<Object>)> {
    let Some(resource) = selection.resources.first() else { return Vec::new() };
    let all = resource.list(cx.cluster, selection.namespace.as_deref());
    all.into_iter().filter(|o| o.meta.name.starts_with(prefix)).map(|o| (resource.clone(), o)).collect()
}

/// The description of an object.
pub(super) fn text_of(cluster: &Cluster, object: &Object, events: bool) -> String {
    let subject = Subject { cluster, object, tree: cluster.api.tree(object), events };
    let kind = resource_of(cluster, object);
    let group = crate::kubernetes::objects::group_of(&kind.api_version);
    let describer = DESCRIBERS.iter().find(|(g, k, _)| *g == group && *k == kind.kind);
    let mut page = Page::default();
    describer.map_or(generic::any as Describer, |(_, _, d)| *d)(&subject, &mut page);
    page.finish()
}

/// A pod template as `rollout history` shows it: its tabs stay. Source: kubectl pkg/polymorphichelpers/history.go, printTemplate.
pub(super) fn template_text(cluster: &Cluster, object: &Object, template: &Value) -> String {
    let subject = Subject { cluster, object, tree: Value::Null, events: false };
    let mut page = Page::default();
    container::template(&subject, &mut page, Some(template));
    page.raw()
}

/// The description of an object by its number.
pub fn describe_object(cluster: &Cluster, id: Id) -> String {
    cluster.api.store.get(id).cloned().map(|object| text_of(cluster, &object, true)).unwrap_or_default()
}

impl Subject<'_> {
    pub fn text(&self, path: &[&str]) -> &str {
        self.tree.str_at(path).unwrap_or_default()
    }
    pub fn int(&self, path: &[&str]) -> i64 {
        self.tree.int_at(path).unwrap_or(0)
    }
    /// A value as text; empty where there is none.
    pub fn any(&self, path: &[&str]) -> String {
        self.tree.at(path).map(any_text).unwrap_or_default()
    }
    /// A date as people read it.
    pub fn date(&self, path: &[&str]) -> String {
        date(self.cluster, self.text(path))
    }
    pub fn view(&self) -> View<'_> {
        View { tree: &self.tree, now: self.cluster.now(), calendar: &self.cluster.api.calendar, wide: true }
    }
    /// Name and namespace.
    pub fn head(&self, page: &mut Page) {
        page.line(0, format!("Name:\t{}", self.text(&["metadata", "name"])));
        page.line(0, format!("Namespace:\t{}", self.text(&["metadata", "namespace"])));
    }
    /// Labels and annotations.
    pub fn marks(&self, page: &mut Page) {
        page.labels("", "Labels", self.tree.at(&["metadata", "labels"]));
        page.annotations("Annotations", self.tree.at(&["metadata", "annotations"]));
    }
    pub fn controlled_by(&self, page: &mut Page) {
        let owners = self.tree.list_at(&["metadata", "ownerReferences"]);
        if let Some(owner) = owners.iter().find(|o| o.bool_at(&["controller"]) == Some(true)) {
            let text = |key: &str| owner.str_at(&[key]).unwrap_or_default();
            page.line(0, format!("Controlled By:\t{}/{}", text("kind"), text("name")));
        }
    }
    /// What components told about the object. Source: describe.go, DescribeEvents.
    pub fn events(&self, page: &mut Page) {
        if !self.events {
            return;
        }
        let api = &self.cluster.api;
        // The kubelet's container manager knows its node by name alone, so what it tells is not found by the node's uid.
        // Source: recorded; kubernetes v1.37 pkg/kubelet/cm/node_container_manager_linux.go, nodeRefFromNode.
        let nameless = |e: &Event| e.reason == "NodeAllocatableEnforced";
        let about = |o: &&Rc<Object>| o.event().is_some_and(|e| e.about == self.object.meta.id && !nameless(e));
        let mut events: Vec<(String, Id, Value)> = api
            .store
            .list(Kind::Event)
            .filter(about)
            .map(|o| {
                let tree = api.tree(o);
                (tree.str_at(&["lastTimestamp"]).unwrap_or_default().to_string(), o.meta.id, tree)
            })
            .collect();
        if events.is_empty() {
            page.line(0, "Events:\t<none>");
            return;
        }
        events.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        page.part();
        page.line(0, "Events:");
        page.line(1, "Type\tReason\tAge\tFrom\tMessage");
        page.line(1, "----\t------\t----\t----\t-------");
        for (_, _, event) in &events {
            page.line(1, self.event_line(event));
        }
    }
    fn event_line(&self, event: &Value) -> String {
        let text = |path: &[&str]| event.str_at(path).unwrap_or_default();
        let view = View { tree: event, ..self.view() };
        let since = |date: &str| view.seconds_since_text(date);
        let first = match text(&["eventTime"]) {
            "" => since(text(&["firstTimestamp"])),
            date => since(date),
        };
        let count = event.int_at(&["count"]).unwrap_or(0);
        let interval = match event.get("series") {
            Some(series) => {
                let last = since(series.str_at(&["lastObservedTime"]).unwrap_or_default());
                format!("{last} (x{} over {first})", series.int_at(&["count"]).unwrap_or(0))
            }
            None if count > 1 => format!("{} (x{count} over {first})", since(text(&["lastTimestamp"]))),
            None => first,
        };
        let source = match text(&["source", "component"]) {
            "" => text(&["reportingComponent"]),
            component => component,
        };
        let message = match text(&["involvedObject", "fieldPath"]) {
            "" => text(&["message"]).trim().to_string(),
            field => format!("{field}: {}", text(&["message"]).trim()),
        };
        format!("{}\t{}\t{interval}\t{source}\t{message}", text(&["type"]), text(&["reason"]))
    }
    /// How many of the pods that this object controls are in each phase.
    pub fn pods_by_phase(&self) -> String {
        let mut counts = [0; 4];
        for pod in self.cluster.api.store.owned_by(self.object.meta.id) {
            let controlled = pod.meta.controller().is_some_and(|c| c.id == Some(self.object.meta.id));
            let Some(row) = pod.pod().filter(|_| controlled) else { continue };
            match row.status.phase.word() {
                "Running" => counts[0] += 1,
                "Pending" => counts[1] += 1,
                "Succeeded" => counts[2] += 1,
                "Failed" => counts[3] += 1,
                _ => {}
            }
        }
        let [running, waiting, succeeded, failed] = counts;
        format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed")
    }
}

impl View<'_> {
    /// The time since a date; `<unknown>` without one.
    fn seconds_since_text(&self, date: &str) -> String {
        let at = self.calendar.read(date);
        at.map_or("<unknown>".to_string(), |at| human((self.now.0 as i64 - at.0 as i64) / 1_000_000))
    }
}

/// A date as people read it.
pub(super) fn date(cluster: &Cluster, text: &str) -> String {
    let calendar = &cluster.api.calendar;
    calendar.read(text).map(|t| calendar.rfc1123(t)).unwrap_or_default()
}

/// A plain value as text.
pub(super) fn any_text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Null => String::new(),
        other => crate::text::json::write(other, crate::text::json::Style::COMPACT),
    }
}

/// `None` for nothing.
pub(super) fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".into() } else { text }
}
