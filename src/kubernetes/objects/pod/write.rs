//! A pod between its row and the tree the API shows. The tree is composed only when somebody looks.

use super::{ContainerState, ContainerStatus, Phase, Pod, PodSpec, PodStatus};
use crate::kubernetes::objects::{Calendar, Meta, tree};
use crate::map;
use crate::text::{Map, Value, Word};
use std::rc::Rc;

impl Pod {
    /// Reads a defaulted object.
    pub fn read(tree: &Value, calendar: &Calendar) -> Self {
        let spec = tree::without(tree.get("spec").unwrap_or(&Value::Null), &["nodeName"]);
        Pod {
            spec: Rc::new(PodSpec::read(&spec)),
            node: tree.str_at(&["spec", "nodeName"]).filter(|n| !n.is_empty()).map(Rc::from),
            status: PodStatus::read(tree.get("status").unwrap_or(&Value::Null), calendar),
        }
    }
    /// `spec` and `status` as the API shows them.
    pub fn write(&self, out: &mut Map, meta: &Meta, calendar: &Calendar) {
        let _ = meta;
        let mut spec = self.spec.tree.clone();
        if let Some(node) = &self.node {
            spec.make_map().set("nodeName", node.clone());
        }
        out.set("spec", spec);
        let mut status = self.status.write(calendar);
        self.tell_resources(&mut status);
        status.set("qosClass", self.spec.qos.word());
        out.set("status", status);
    }
}

impl PodStatus {
    /// Reads `status`.
    pub fn read(tree: &Value, calendar: &Calendar) -> Self {
        let word = |key: &str| -> Word { tree.str_at(&[key]).unwrap_or_default().to_string().into() };
        let containers = |key: &str| tree.list_at(&[key]).iter().map(|c| ContainerStatus::read(c, calendar)).collect();
        let ip = |key: &str| tree.str_at(&[key]).map(|ip| Word::from(ip.to_string()));
        PodStatus {
            phase: match tree.str_at(&["phase"]) {
                Some("Running") => Phase::Running,
                Some("Succeeded") => Phase::Succeeded,
                Some("Failed") => Phase::Failed,
                Some("Unknown") => Phase::Unknown,
                _ => Phase::Pending,
            },
            reason: word("reason"),
            message: word("message"),
            conditions: tree::read_conditions(tree, calendar),
            start_time: tree.str_at(&["startTime"]).and_then(|t| calendar.read(t)),
            ip: ip("podIP"),
            host_ip: ip("hostIP"),
            nominated: tree.str_at(&["nominatedNodeName"]).filter(|n| !n.is_empty()).map(Rc::from),
            containers: containers("containerStatuses"),
            init_containers: containers("initContainerStatuses"),
            observed_generation: tree.int_at(&["observedGeneration"]).unwrap_or(0),
            sizes: None,
        }
    }
    fn write(&self, calendar: &Calendar) -> Map {
        let mut out = Map::new();
        tree::set_conditions(&mut out, &self.conditions, calendar, tree::ConditionTimes::ChangedAndProbe);
        for (key, list) in [("containerStatuses", &self.containers), ("initContainerStatuses", &self.init_containers)] {
            if !list.is_empty() {
                out.set(key, list.iter().map(|c| c.write(calendar)).collect::<Vec<_>>());
            }
        }
        for (key, list, ip) in [("hostIP", "hostIPs", &self.host_ip), ("podIP", "podIPs", &self.ip)] {
            if let Some(ip) = ip {
                out.set(key, ip);
                out.set(list, vec![Value::Map(map! { "ip" => ip })]);
            }
        }
        for (key, word) in [("message", &self.message), ("reason", &self.reason)] {
            if !word.is_empty() {
                out.set(key, word);
            }
        }
        if let Some(node) = &self.nominated {
            out.set("nominatedNodeName", node.clone());
        }
        tree::set_generation(&mut out, self.observed_generation);
        out.set("phase", self.phase.word());
        if let Some(t) = self.start_time {
            out.set("startTime", calendar.seconds(t));
        }
        out
    }
}

impl ContainerStatus {
    fn read(tree: &Value, calendar: &Calendar) -> Self {
        let text = |key: &str| tree.str_at(&[key]).unwrap_or_default();
        ContainerStatus {
            name: text("name").into(),
            image: text("image").into(),
            image_id: text("imageID").to_string().into(),
            container_id: text("containerID").to_string().into(),
            state: ContainerState::read(tree.get("state").unwrap_or(&Value::Null), calendar),
            last: ContainerState::read(tree.get("lastState").unwrap_or(&Value::Null), calendar),
            ready: tree.bool_at(&["ready"]).unwrap_or(false),
            started: tree.bool_at(&["started"]),
            restarts: tree.int_at(&["restartCount"]).unwrap_or(0).max(0) as u32,
        }
    }
    fn write(&self, calendar: &Calendar) -> Value {
        let mut out = Map::new();
        if !self.container_id.is_empty() {
            out.set("containerID", &self.container_id);
        }
        out.set("image", self.image.clone());
        out.set("imageID", &self.image_id);
        out.set("lastState", self.last.write(calendar, &self.container_id));
        out.set("name", self.name.clone());
        out.set("ready", self.ready);
        out.set("restartCount", self.restarts);
        if let Some(started) = self.started {
            out.set("started", started);
        }
        out.set("state", self.state.write(calendar, &self.container_id));
        Value::Map(out)
    }
}

impl ContainerState {
    fn read(tree: &Value, calendar: &Calendar) -> Self {
        let word = |v: &Value, key: &str| -> Word { v.str_at(&[key]).unwrap_or_default().to_string().into() };
        let time = |v: &Value, key: &str| v.str_at(&[key]).and_then(|t| calendar.read(t)).unwrap_or_default();
        if let Some(w) = tree.get("waiting") {
            return ContainerState::Waiting { reason: word(w, "reason"), message: word(w, "message") };
        }
        if let Some(r) = tree.get("running") {
            return ContainerState::Running { since: time(r, "startedAt") };
        }
        let Some(t) = tree.get("terminated") else { return ContainerState::None };
        ContainerState::Terminated {
            exit: t.int_at(&["exitCode"]).unwrap_or(0) as i32,
            signal: t.int_at(&["signal"]).unwrap_or(0) as i32,
            reason: word(t, "reason"),
            message: word(t, "message"),
            started: time(t, "startedAt"),
            finished: time(t, "finishedAt"),
        }
    }
    fn write(&self, calendar: &Calendar, container_id: &Word) -> Map {
        let mut inner = Map::new();
        let set_words = |inner: &mut Map, reason: &Word, message: &Word| {
            for (key, word) in [("message", message), ("reason", reason)] {
                if !word.is_empty() {
                    inner.set(key, word);
                }
            }
        };
        let key = match self {
            ContainerState::None => return inner,
            ContainerState::Waiting { reason, message } => {
                set_words(&mut inner, reason, message);
                "waiting"
            }
            ContainerState::Running { since } => {
                inner.set("startedAt", calendar.seconds(*since));
                "running"
            }
            ContainerState::Terminated { exit, signal, reason, message, started, finished } => {
                if !container_id.is_empty() {
                    inner.set("containerID", container_id);
                }
                inner.set("exitCode", *exit);
                inner.set("finishedAt", calendar.seconds(*finished));
                set_words(&mut inner, reason, message);
                if *signal != 0 {
                    inner.set("signal", *signal);
                }
                inner.set("startedAt", calendar.seconds(*started));
                "terminated"
            }
        };
        map! { key => inner }
    }
}
