//! Objects to rows: what the stage needs of each.

use super::update::{Look, NodeRow, OtherRow, PartRow, PodRow, ProbeRow, Row, RowBody, ServiceRow, WorkloadRow};
use crate::kubernetes::Cluster;
use crate::kubernetes::controllers::deployment::fenceposts;
use crate::kubernetes::kubelet::Probed;
use crate::kubernetes::objects::columns::pod::status_word;
use crate::kubernetes::objects::pod::{Container, ContainerState, ContainerStatus, Phase, Pod};
use crate::kubernetes::objects::{Body, Id, Kind, Object, Tri};

/// Annotation that counts a template's revision. Source: kubernetes v1.37 pkg/controller/deployment/util, RevisionAnnotation.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// Label that names a node's zone. Source: kubernetes v1.37 k8s.io/api/core/v1/well_known_labels.go, LabelTopologyZone.
pub(super) const ZONE: &str = "topology.kubernetes.io/zone";

/// The row of an object; `None` for kinds that are no thing on the stage (events, leases, slices).
pub fn row(cluster: &Cluster, object: &Object) -> Option<Row> {
    let body = match (&object.body, object.kind) {
        (Body::Event(_) | Body::Lease(_) | Body::EndpointSlice(_) | Body::Namespace(_), _) => return None,
        (Body::Node(_), _) => RowBody::Node(node(cluster, object)),
        (Body::Pod(pod), _) => RowBody::Pod(pod_row(cluster, object, pod)),
        (Body::Deployment(_) | Body::ReplicaSet(_), _) => RowBody::Workload(workload(object)),
        (Body::Service(_), _) => RowBody::Service(service(cluster, object)),
        _ if hidden(cluster, object) => return None,
        _ if cluster.api.kinds.name(object.kind) == "HorizontalPodAutoscaler" => {
            RowBody::Autoscaler(super::ladder::row(cluster, object))
        }
        _ => RowBody::Other(OtherRow {
            kind: cluster.api.kinds.name(object.kind).to_string(),
            acted_on: !matches!(object.kind, Kind::Other(_)),
        }),
    };
    Some(Row {
        id: object.meta.id.0,
        name: object.meta.name.to_string(),
        namespace: object.meta.namespace.to_string(),
        owner: object.meta.controller().and_then(|o| o.id).map(|id| id.0),
        created: object.meta.created.0,
        body,
    })
}

/// What every cluster has by itself is not shown among a person's things.
fn hidden(cluster: &Cluster, object: &Object) -> bool {
    let own = matches!(&*object.meta.name, "kube-root-ca.crt" | "default")
        && matches!(object.kind, Kind::ConfigMap | Kind::ServiceAccount);
    let endpoints = cluster.api.kinds.name(object.kind) == "Endpoints";
    own || endpoints || (object.kind == Kind::PriorityClass && object.meta.name.starts_with("system-"))
}

/// The rows that look different when this object changes: itself, its node, what it belongs to.
pub fn touched(cluster: &Cluster, object: &Object, out: &mut std::collections::BTreeSet<Id>) {
    out.insert(object.meta.id);
    let store = &cluster.api.store;
    match &object.body {
        Body::Pod(pod) => {
            if let Some(node) = &pod.node {
                out.extend(store.find(Kind::Node, "", node));
            }
        }
        // What a probe found is told in an event before it is in the report.
        Body::Event(event) => out.extend((event.about.0 > 0).then_some(event.about)),
        Body::ReplicaSet(_) => out.extend(object.meta.controller().and_then(|o| o.id)),
        Body::EndpointSlice(_) => out.extend(object.meta.owners.iter().filter_map(|o| o.id)),
        _ => {}
    }
}

fn node(cluster: &Cluster, object: &Object) -> NodeRow {
    let Some(node) = object.node() else { return NodeRow::default() };
    let mut row = NodeRow {
        zone: object.meta.labels.get(ZONE).map(|z| z.to_string()).unwrap_or_default(),
        ready: node.ready().word().into(),
        cordoned: node.unschedulable,
        taints: node.taints.iter().map(|t| t.text()).collect(),
        cpu: node.allocatable.cpu.max(0) as u64,
        memory: node.allocatable.memory.max(0) as u64,
        pods_max: node.allocatable.pods.clamp(0, i64::from(u32::MAX)) as u32,
        failed: cluster.kubelet.node_up(&object.meta.name) == Some(false),
        ..NodeRow::default()
    };
    for pod in cluster.api.store.pods_on(&object.meta.name).filter_map(|o| o.pod()) {
        if pod.status.phase.ended() {
            continue;
        }
        row.cpu_requested += pod.spec.requests.cpu.max(0) as u64;
        row.memory_requested += pod.spec.requests.memory.max(0) as u64;
    }
    for pod in cluster.api.store.pods_on(&object.meta.name) {
        for (_, unit) in cluster.api.floor.of(pod.meta.id.0).filter(|(_, u)| u.ended.is_none()) {
            row.cpu_used += (unit.cores(cluster.now()) * 1e3) as u64;
            row.memory_used += unit.memory() as u64;
        }
    }
    row
}

fn pod_row(cluster: &Cluster, object: &Object, pod: &Pod) -> PodRow {
    let store = &cluster.api.store;
    let owner = object.meta.controller().and_then(|o| o.id).and_then(|id| store.get(id));
    let revision = owner.and_then(|o| o.meta.annotations.get(REVISION)?.parse().ok()).unwrap_or(0);
    let status = status_text(cluster, object, pod);
    let main = &pod.status.containers;
    let (detail, exit) = detail(pod);
    PodRow {
        node: pod.node.as_ref().and_then(|n| store.find(Kind::Node, "", n)).map(|id| id.0),
        look: look(cluster, object, pod, &status),
        ready: main.iter().filter(|c| c.ready).count() as u32,
        containers: pod.spec.containers.len() as u32,
        restarts: main.iter().map(|c| c.restarts).sum(),
        revision,
        span: span(cluster, object, pod),
        detail,
        exit,
        cpu: pod.spec.requests.cpu.max(0) as u64,
        memory: pod.spec.requests.memory.max(0) as u64,
        priority: pod.spec.priority,
        parts: parts(cluster, object.meta.id, pod),
        status,
    }
}

/// The STATUS word; the tree that the printer reads is composed only where the answer is not plain.
fn status_text(cluster: &Cluster, object: &Object, pod: &Pod) -> String {
    let plain = pod.spec.init_containers.is_empty() && !object.meta.deleting() && pod.status.reason.is_empty();
    let all_run = || pod.status.containers.iter().all(|c| c.ready && matches!(c.state, ContainerState::Running { .. }));
    match pod.status.phase {
        Phase::Running if plain && all_run() => "Running".into(),
        Phase::Pending if plain && pod.node.is_none() && pod.spec.gates.is_empty() => "Pending".into(),
        _ => status_word(&cluster.api.tree(object)),
    }
}

fn look(cluster: &Cluster, object: &Object, pod: &Pod, status: &str) -> Look {
    if pod.status.phase == Phase::Failed {
        return if pod.status.reason == "Evicted" { Look::Evicted } else { Look::Failed };
    }
    if pod.status.phase == Phase::Succeeded {
        return Look::Succeeded;
    }
    let Some(node) = &pod.node else { return Look::Pending };
    let silent = cluster
        .api
        .store
        .by_name(Kind::Node, "", node)
        .and_then(|o| o.node())
        .is_some_and(|n| n.ready() == Tri::Unknown);
    if silent {
        return Look::Unknown;
    }
    if object.meta.deleting() {
        return Look::Terminating;
    }
    if status.contains("CrashLoopBackOff") || status == "Error" {
        return Look::CrashLoop;
    }
    match (pod.status.phase, pod.ready()) {
        (Phase::Running, true) => Look::Ready,
        (Phase::Running, false) => Look::NotReady,
        _ => Look::Creating,
    }
}

/// From when to when what a pod is doing lasts, where that is known.
fn span(cluster: &Cluster, object: &Object, pod: &Pod) -> Option<(u64, u64)> {
    if let Some(deletion) = object.meta.deletion {
        return Some((deletion.at.0.saturating_sub(deletion.grace.0), deletion.at.0));
    }
    if pod.status.phase.ended() {
        return None;
    }
    cluster.kubelet.pause(object.meta.id, cluster.now()).map(|(from, to)| (from.0, to.0))
}

/// The detail of a pod and, when a container ended badly, its code.
fn detail(pod: &Pod) -> (String, Option<i32>) {
    let states = pod.status.init_containers.iter().chain(&pod.status.containers);
    for status in states {
        match &status.state {
            ContainerState::Waiting { message, .. } if !message.is_empty() => return (message.to_string(), None),
            ContainerState::Terminated { exit, reason, .. } if *exit != 0 => return (reason.to_string(), Some(*exit)),
            _ => {}
        }
    }
    if let Some(c) = pod.condition("PodScheduled").filter(|c| c.status == Tri::False) {
        return (c.message.to_string(), None);
    }
    (pod.status.message.to_string(), None)
}

fn parts(cluster: &Cluster, id: Id, pod: &Pod) -> Vec<PartRow> {
    let status =
        |list: &[ContainerStatus], name: &str| list.iter().find(|s| &*s.name == name).cloned().unwrap_or_default();
    let init = pod.spec.init_containers.iter().map(|c| (c, status(&pod.status.init_containers, &c.name), true));
    let main = pod.spec.containers.iter().map(|c| (c, status(&pod.status.containers, &c.name), false));
    let part = |(at, (c, s, init)): (usize, (&Container, ContainerStatus, bool))| PartRow {
        probes: probes(cluster, id, at, c),
        name: c.name.to_string(),
        image: c.image.to_string(),
        state: match &s.state {
            ContainerState::None => String::new(),
            ContainerState::Waiting { reason, .. } => format!("waiting:{reason}"),
            ContainerState::Running { .. } => "running".into(),
            ContainerState::Terminated { exit, reason, .. } => format!("terminated:{reason}:{exit}"),
        },
        ready: s.ready,
        restarts: s.restarts,
        init,
    };
    init.chain(main).enumerate().map(part).collect()
}

fn probes(cluster: &Cluster, id: Id, at: usize, container: &Container) -> Vec<ProbeRow> {
    if container.startup_probe.is_none() && container.liveness_probe.is_none() && container.readiness_probe.is_none() {
        return Vec::new();
    }
    let needed = |probed: &Probed| {
        let probe = match probed.kind {
            "Startup" => &container.startup_probe,
            "Liveness" => &container.liveness_probe,
            _ => &container.readiness_probe,
        };
        probe.as_ref().map_or(1, |p| p.failure.max(1))
    };
    let row = |p: &Probed| ProbeRow {
        kind: p.kind.chars().next().unwrap_or_default(),
        well: p.well,
        row: (p.row, needed(p)),
        next: p.next.map(|t| t.0),
    };
    cluster.kubelet.probed(id, at).iter().map(row).collect()
}

fn workload(object: &Object) -> WorkloadRow {
    let revision = object.meta.annotations.get(REVISION).and_then(|r| r.parse().ok()).unwrap_or(0);
    let count = |n: i32| n.max(0) as u32;
    let images = |t: &crate::kubernetes::objects::template::Template| {
        t.spec.containers.iter().map(|c| (c.name.to_string(), c.image.to_string())).collect()
    };
    if let Some(set) = object.replica_set() {
        return WorkloadRow {
            kind: "ReplicaSet".into(),
            desired: count(set.replicas),
            current: count(set.status.replicas),
            ready: count(set.status.ready),
            updated: count(set.status.replicas),
            available: count(set.status.available),
            floor: count(set.replicas),
            ceiling: count(set.replicas),
            revision,
            images: images(&set.template),
            ..WorkloadRow::default()
        };
    }
    let Some(it) = object.deployment() else { return WorkloadRow::default() };
    let (surge, unavailable) = (fenceposts::max_surge(it), fenceposts::max_unavailable(it));
    let s = &it.status;
    let done = s.updated == it.replicas && s.replicas == it.replicas && s.available == it.replicas;
    WorkloadRow {
        kind: "Deployment".into(),
        desired: count(it.replicas),
        current: count(s.replicas),
        ready: count(s.ready),
        updated: count(s.updated),
        available: count(s.available),
        floor: if it.recreate { 0 } else { count(it.replicas - unavailable) },
        ceiling: if it.recreate { count(it.replicas) } else { count(it.replicas + surge) },
        rolling: !done,
        paused: it.paused,
        revision,
        images: images(&it.template),
    }
}

fn service(cluster: &Cluster, object: &Object) -> ServiceRow {
    let Some(service) = object.service() else { return ServiceRow::default() };
    let slices = cluster.api.store.owned_by(object.meta.id).filter_map(|o| o.endpoint_slice());
    let endpoints = slices.flat_map(|s| &s.endpoints).filter_map(|e| Some((e.target.as_ref()?.1.0, e.ready))).collect();
    let port = |p: &crate::kubernetes::objects::service::ServicePort| match p.node_port {
        0 => format!("{}/{}", p.port, p.protocol),
        node_port => format!("{}:{node_port}/{}", p.port, p.protocol),
    };
    ServiceRow {
        kind: service.kind.to_string(),
        address: service.cluster_ip.to_string(),
        ports: service.ports.iter().map(port).collect::<Vec<_>>().join(","),
        endpoints,
    }
}
