//! The report on a pod: container states, conditions, phase.

use super::lifecycle::Desk;
use super::restart::is_sidecar;
use super::worker::{Ousted, Run, Slot, Stage, Worker};
use super::{KUBELET, reported};
use crate::kubernetes::apiserver::By;
use crate::kubernetes::objects::pod::{
    Container, ContainerState, ContainerStatus, Phase, PodSpec, PodStatus, RestartPolicy,
};
use crate::kubernetes::objects::{Condition, Object, Tri};
use crate::sim::Time;
use crate::text::Word;
use crate::workload::{Registry, canonical};
use std::rc::Rc;

/// Source: kubernetes v1.37 pkg/kubelet/active_deadline.go, reason and message.
pub const DEADLINE: &str = "DeadlineExceeded";
/// See [`DEADLINE`].
pub const DEADLINE_WORDS: &str = "Pod was active on the node longer than the specified deadline";
/// Source: kubernetes v1.37 pkg/kubelet/status/status_manager.go, TerminatePod.
const LOST: &str = "The container could not be located when the pod was terminated";

/// The conditions that belong to the kubelet, in the order it writes them.
/// Source: kubernetes v1.37 pkg/kubelet/types/pod_status.go; recorded order.
const OWN: [&str; 7] = [
    "AllContainersRestarting",
    "PodResizePending",
    "PodResizeInProgress",
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
];

impl Desk<'_, '_> {
    /// Writes the report if it differs from the stored one.
    pub(super) fn write_status(&mut self) {
        // What cannot be said now is said when the API server is there again.
        if !self.kubelet.reaches() || self.worker.silent() {
            return;
        }
        let Some(object) = self.cx.get(self.id) else { return };
        let Some(pod) = object.pod() else { return };
        let now = self.cx.now();
        let mut status = self.worker.report(&object, &pod.spec, &pod.status, &self.kubelet.address, now);
        if !self.worker.ip_shown {
            status.ip.clone_from(&pod.status.ip);
        }
        status.sizes = self.sizes();
        let uid = self.cx.api.calendar.uid(self.id);
        for status in status.containers.iter_mut().chain(&mut status.init_containers) {
            if !status.image_id.is_empty() {
                status.container_id = container_id(&uid, &status.name, status.restarts);
            }
        }
        let why = self.worker.why.take().unwrap_or_else(reported);
        self.cx.api.update_status(self.id, By::actor(KUBELET, why), |o| {
            if let Some(pod) = o.pod_mut() {
                pod.status = status;
            }
        });
    }
}

/// The id that the runtime gave a container: the same for the same pod, container and run.
fn container_id(uid: &str, name: &str, run: u32) -> Word {
    let digest = Registry::digest(&format!("{uid}/{name}/{run}"));
    Word::from(format!("containerd://{}", digest.trim_start_matches("sha256:")))
}

impl Worker {
    /// The whole report. Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, generateAPIPodStatus.
    pub(super) fn report(&self, object: &Object, spec: &PodSpec, old: &PodStatus, host: &Word, now: Time) -> PodStatus {
        let has_inits = self.inits > 0;
        let one = |at: u16| {
            let (container, slot) = (self.container(spec, at)?, &self.slots[at as usize]);
            Some(container_status(container, slot, self.is_init(at), has_inits, self.removed))
        };
        let phase = self.phase(spec);
        let shown = match self.stage {
            // A pod that has ended says so only when its sandbox is gone.
            Stage::Live | Stage::Ending | Stage::Stopping { .. } if phase.ended() => old.phase,
            _ if self.dismissed() => old.phase,
            _ => phase,
        };
        let mut status = PodStatus {
            phase: shown,
            reason: old.reason.clone(),
            message: old.message.clone(),
            conditions: Vec::new(),
            start_time: old.start_time.or(Some(self.since)),
            ip: self.ip.clone().or_else(|| spec.host_network.then(|| host.clone())),
            host_ip: Some(host.clone()),
            nominated: old.nominated.clone(),
            init_containers: (0..self.inits).filter_map(one).collect(),
            containers: (self.inits..self.slots.len() as u16).filter_map(one).collect(),
            observed_generation: self.generation(object),
            sizes: None,
        };
        // Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, generateAPIPodStatus: the reason belongs to the phase `Failed`;
        // a pod whose programs all end well has `Succeeded`, without it.
        if shown == Phase::Failed {
            match &self.ousted {
                Some(ousted) => (status.reason, status.message) = (ousted.reason.clone(), ousted.words.clone()),
                None if self.overdue => (status.reason, status.message) = (DEADLINE.into(), DEADLINE_WORDS.into()),
                None => {}
            }
        }
        status.conditions = self.conditions(object, spec, &status, old, phase, now);
        status
    }
    /// Source: kubernetes v1.37 pkg/kubelet/status/generate.go.
    fn conditions(
        &self,
        object: &Object,
        spec: &PodSpec,
        status: &PodStatus,
        old: &PodStatus,
        phase: Phase,
        now: Time,
    ) -> Vec<Condition> {
        let sandbox = self.sandbox_condition(now);
        let done = match phase {
            Phase::Succeeded => "PodCompleted",
            Phase::Failed => "PodFailed",
            _ => "",
        };
        let missing: Vec<&str> = (0..self.inits)
            .filter(|at| !self.init_done(spec, *at) && !self.initialized(spec))
            .filter_map(|at| self.container(spec, at).map(|c| &*c.name))
            .collect();
        let initialized = match (phase, missing.is_empty()) {
            (Phase::Succeeded, _) => Condition::new("Initialized", Tri::True, done, "", now),
            (_, true) => Condition::new("Initialized", Tri::True, "", "", now),
            _ => {
                let words = format!("containers with incomplete status: [{}]", missing.join(" "));
                Condition::new("Initialized", Tri::False, "ContainersNotInitialized", words, now)
            }
        };
        let unready = self.unready(spec, status);
        let words = format!("containers with unready status: [{}]", unready.join(" "));
        let ready = |kind: &'static str| match (done.is_empty(), unready.is_empty()) {
            (false, _) => Condition::new(kind, Tri::False, done, "", now),
            (_, true) => Condition::new(kind, Tri::True, "", "", now),
            _ => Condition::new(kind, Tri::False, "ContainersNotReady", words.clone(), now),
        };
        let containers_ready = ready("ContainersReady");
        let mut pod_ready = ready("Ready");
        if let (true, Some(words)) = (pod_ready.is_true(), gates(spec, old)) {
            pod_ready = Condition::new("Ready", Tri::False, "ReadinessGatesNotReady", words, now);
        }
        let mut all: Vec<Condition> =
            self.resize.condition().into_iter().chain([sandbox, initialized, pod_ready, containers_ready]).collect();
        all.extend(self.restarting_condition(spec, phase, now));
        for condition in &mut all {
            let before = old.conditions.iter().find(|c| c.kind == condition.kind);
            if let Some(before) = before.filter(|b| b.status == condition.status) {
                (condition.changed, condition.updated) = (before.changed, before.updated);
            }
            condition.generation = self.generation(object);
        }
        for other in old.conditions.iter().filter(|c| !OWN.iter().any(|own| c.kind == *own)) {
            let mut other = other.clone();
            if other.kind == "PodScheduled" {
                other.generation = self.generation(object);
            }
            all.push(other);
        }
        self.tell_ousted(object, status, &mut all, now);
        if !all.iter().any(|c| c.kind == "PodScheduled") {
            let generation = self.generation(object);
            all.push(Condition { generation, ..Condition::new("PodScheduled", Tri::True, "", "", now) });
        }
        all
    }
    /// Says that the kubelet ended the pod, once nothing of it runs any more.
    /// Source: kubernetes v1.37 pkg/kubelet/eviction/eviction_manager.go, evictPod; status/status_manager.go, mergePodStatus.
    fn tell_ousted(&self, object: &Object, status: &PodStatus, all: &mut Vec<Condition>, now: Time) {
        let Some(Ousted { words, .. }) = self.ousted.as_ref().filter(|_| status.phase.ended()) else { return };
        if !all.iter().any(|c| c.kind == "DisruptionTarget") {
            let generation = self.generation(object);
            let target = Condition::new("DisruptionTarget", Tri::True, "TerminationByKubelet", words.clone(), now);
            all.push(Condition { generation, ..target });
        }
    }
    /// The generation that a report is about: a static pod has none, only its mirror does.
    fn generation(&self, object: &Object) -> i64 {
        if self.sheet.is_some() { 0 } else { object.meta.generation }
    }
    fn sandbox_condition(&self, now: Time) -> Condition {
        const KIND: &str = "PodReadyToStartContainers";
        match (self.sandbox, self.sandbox_gone) {
            (true, _) => Condition::new(KIND, Tri::True, "", "", now),
            (_, true) => Condition::new(KIND, Tri::False, "PodSandboxNotReady", "pod sandbox is not ready", now),
            _ => Condition::new(KIND, Tri::False, "PodSandboxNotReady", "no pod sandbox exists", now),
        }
    }
    fn unready<'a>(&self, spec: &'a PodSpec, status: &PodStatus) -> Vec<&'a str> {
        let sidecars = spec.init_containers.iter().zip(&status.init_containers).filter(|(c, _)| is_sidecar(c));
        let mains = spec.containers.iter().zip(&status.containers);
        sidecars.chain(mains).filter(|(_, s)| !s.ready).map(|(c, _)| &*c.name).collect()
    }
    /// The phase that conditions go by: a pod is not over while one of its containers runs.
    pub(super) fn phase(&self, spec: &PodSpec) -> Phase {
        let over = self.course(spec);
        let runs = self.slots.iter().any(super::worker::Slot::running) || self.dismissed();
        match over.ended() && !self.overdue && runs {
            true => Phase::Running,
            false => over,
        }
    }
    /// Whether it is stopped because its manifest was taken away: its mirror is deleted before it says how it ended.
    /// Source: recorded.
    fn dismissed(&self) -> bool {
        self.sheet.is_some() && matches!(self.stage, Stage::Stopping { .. } | Stage::Leaving { .. })
    }
    /// Where the pod stands, its sidecars aside.
    /// Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, getPhase.
    pub(super) fn course(&self, spec: &PodSpec) -> Phase {
        let leaving = matches!(self.stage, Stage::Leaving { .. }) || self.overdue;
        if self.overdue {
            return Phase::Failed;
        }
        for at in 0..self.inits {
            let (Some(container), slot) = (self.container(spec, at), &self.slots[at as usize]) else { continue };
            if self.initialized(spec) || is_sidecar(container) {
                continue;
            }
            match slot.ended() {
                Some(ended) if ended.code == 0 => {}
                Some(ended) if !self.starts_again(spec, at, ended.code) => return Phase::Failed,
                _ if self.removed => return Phase::Failed,
                _ => return Phase::Pending,
            }
        }
        let (mut waiting, mut running, mut stopped, mut succeeded) = (0, 0, 0, 0);
        for slot in &self.slots[self.inits as usize..] {
            match &slot.run {
                Run::Never if slot.last.is_some() => stopped += 1,
                Run::Never => waiting += 1,
                Run::Running(_) => running += 1,
                Run::Ended(ended) => {
                    stopped += 1;
                    succeeded += i32::from(ended.code == 0);
                }
            }
        }
        let again = (self.inits..self.slots.len() as u16).any(|at| {
            let slot = &self.slots[at as usize];
            let anew = slot.run == Run::Never && slot.last.is_some();
            anew || slot.ended().is_some_and(|e| self.starts_again(spec, at, e.code))
        });
        match (waiting > 0, running > 0) {
            (true, _) if self.removed => Phase::Failed,
            (true, _) => Phase::Pending,
            (_, true) => Phase::Running,
            _ if again && !leaving => Phase::Running,
            _ if stopped == succeeded => Phase::Succeeded,
            _ if spec.restart_policy == RestartPolicy::OnFailure && !leaving && again => Phase::Running,
            _ => Phase::Failed,
        }
    }
}

/// The first readiness gate that does not hold, in words.
/// Source: kubernetes v1.37 pkg/kubelet/status/generate.go, GeneratePodReadyCondition.
fn gates(spec: &PodSpec, status: &PodStatus) -> Option<String> {
    let mut words = Vec::new();
    for gate in &spec.readiness_gates {
        match status.conditions.iter().find(|c| *c.kind == **gate) {
            None => words.push(format!("corresponding condition of pod readiness gate \"{gate}\" does not exist.")),
            Some(c) if !c.is_true() => {
                words.push(format!(
                    "the status of pod readiness gate \"{gate}\" is not \"True\", but {}",
                    c.status.word()
                ));
            }
            _ => {}
        }
    }
    (!words.is_empty()).then(|| words.join(", "))
}

/// Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, convertToAPIContainerStatuses.
fn container_status(container: &Container, slot: &Slot, init: bool, has_inits: bool, lost: bool) -> ContainerStatus {
    let made = slot.runs > 0;
    let name = canonical(&container.image);
    let last = |ended: &Option<Rc<super::worker::Ended>>| ended.as_ref().map_or(ContainerState::None, |e| e.state());
    let (state, before) = match (&slot.run, &slot.waiting) {
        (Run::Running(since), _) => (ContainerState::Running { since: *since }, last(&slot.last)),
        (Run::Ended(ended), Some((reason, message))) => {
            let waiting = ContainerState::Waiting { reason: reason.clone(), message: message.clone() };
            (waiting, ended.state())
        }
        (Run::Ended(ended), None) => (ended.state(), last(&slot.last)),
        (Run::Never, Some((reason, message))) => {
            (ContainerState::Waiting { reason: reason.clone(), message: message.clone() }, last(&slot.last))
        }
        (Run::Never, None) => {
            let reason = if has_inits { "PodInitializing" } else { "ContainerCreating" };
            (ContainerState::Waiting { reason: reason.into(), message: Word::EMPTY }, last(&slot.last))
        }
    };
    // Source: kubernetes v1.37 pkg/kubelet/status/status_manager.go, TerminatePod: whatever has not ended is lost.
    let state = match state {
        ContainerState::Waiting { .. } if lost => {
            let (reason, message, zero) = ("ContainerStatusUnknown".into(), LOST.into(), Time::ZERO);
            let (exit, signal) = (super::worker::SIGKILLED, 0);
            ContainerState::Terminated { exit, signal, reason, message, started: zero, finished: zero }
        }
        state => state,
    };
    let sidecar = init && is_sidecar(container);
    let ready = match init && !sidecar {
        true => slot.ended().is_some_and(|e| e.code == 0),
        false => slot.running() && slot.started && slot.ready,
    };
    ContainerStatus {
        name: container.name.clone(),
        image: if made { name.as_str().into() } else { container.image.clone() },
        image_id: if made { image_id(&name) } else { Word::EMPTY },
        container_id: Word::EMPTY,
        state,
        last: before,
        ready,
        started: Some(slot.running() && (slot.started || (init && !sidecar))),
        restarts: slot.restarts(),
    }
}

pub fn image_id(name: &str) -> Word {
    let base = name.rsplit_once(':').map_or(name, |(base, _)| base);
    Word::from(format!("{base}@{}", Registry::digest(name)))
}
