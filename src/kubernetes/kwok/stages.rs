//! The stages of a pod on a fake node. Delays are those of the recorded comparisons; annotations on the pod change them:
//! `oracle.kwok/` `ready-after` `ready` (never, false, true) `init` `init-for` `run-for` `completes` `exit` `exit-code`
//! `fail-indexes` `stop-after`.

use crate::kubernetes::objects::pod::{Container, ContainerState, ContainerStatus, Phase, Pod, RestartPolicy};
use crate::kubernetes::objects::{Condition, Object, Tri, set_condition};
use crate::sim::{Span, Time};
use crate::text::{Word, go};

/// One stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Create,
    InitDone,
    Ready,
    RunningUnready,
    Unready,
    ReadyAgain,
    Complete,
    Fail,
    Delete,
    DeleteFinalizers,
}

impl Stage {
    /// As the recorded stages are named.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Create => "pod-create",
            Stage::InitDone => "pod-init-done",
            Stage::Ready => "pod-ready",
            Stage::RunningUnready => "pod-running-unready",
            Stage::Unready => "pod-unready",
            Stage::ReadyAgain => "pod-ready-again",
            Stage::Complete => "pod-complete",
            Stage::Fail => "pod-fail",
            Stage::Delete => "pod-delete",
            Stage::DeleteFinalizers => "pod-delete-finalizers",
        }
    }
}

/// The stage of a pod and its delay.
pub fn choose(object: &Object, pod: &Pod) -> Option<(Stage, Span)> {
    let note = |key: &str| object.meta.annotations.get(&format!("oracle.kwok/{key}")).map(|v| &**v);
    let span = |key: &str, default: Span| note(key).and_then(go::micros).map_or(default, Span);
    let status = &pod.status;
    let is = |kind: &str, want: Tri| pod.condition(kind).is_some_and(|c| c.status == want);
    if object.meta.deleting() {
        let after = span("stop-after", Span::secs(1));
        return match object.meta.finalizers.is_empty() {
            true => Some((Stage::Delete, after)),
            false if !status.phase.ended() => Some((Stage::DeleteFinalizers, after)),
            false => None,
        };
    }
    if status.start_time.is_none() {
        return Some((Stage::Create, Span::millis(50)));
    }
    let unready = matches!(note("ready"), Some("never" | "false"));
    match status.phase {
        Phase::Pending if is("Initialized", Tri::False) => {
            (note("init") != Some("never")).then(|| (Stage::InitDone, span("init-for", Span::secs(2))))
        }
        Phase::Pending if is("Initialized", Tri::True) => {
            let stage = if unready { Stage::RunningUnready } else { Stage::Ready };
            Some((stage, span("ready-after", Span::secs(1))))
        }
        Phase::Running if is("Ready", Tri::True) && note("ready") == Some("false") => {
            Some((Stage::Unready, Span::millis(100)))
        }
        Phase::Running if is("Ready", Tri::False) && note("ready") == Some("true") => {
            Some((Stage::ReadyAgain, Span::millis(100)))
        }
        Phase::Running => {
            let ends = object.meta.owners.iter().any(|o| o.kind == "Job") || note("completes") == Some("true");
            let index = object.meta.annotations.get("batch.kubernetes.io/job-completion-index");
            let listed = note("fail-indexes").zip(index).is_some_and(|(all, i)| all.split(',').any(|f| *f == **i));
            let stage = if note("exit") == Some("fail") || listed { Stage::Fail } else { Stage::Complete };
            ends.then(|| (stage, span("run-for", Span::secs(3))))
        }
        _ => None,
    }
}

/// Plays a stage on a pod.
pub fn apply(object: &mut Object, stage: Stage, now: Time, ip: &Word) {
    let exit_code = object.meta.annotations.get("oracle.kwok/exit-code").and_then(|c| c.parse().ok()).unwrap_or(1);
    let Some(pod) = object.pod_mut() else { return };
    match stage {
        Stage::Create => create(pod, now),
        Stage::InitDone => {
            condition(pod, "Initialized", true, "", now);
            let statuses = pod.spec.init_containers.iter().map(|c| init_done(c, now));
            pod.status.init_containers = statuses.collect();
        }
        Stage::Ready | Stage::RunningUnready => {
            let ready = stage == Stage::Ready;
            condition(pod, "PodReadyToStartContainers", true, "", now);
            if ready {
                condition(pod, "Ready", true, "", now);
                condition(pod, "ContainersReady", true, "", now);
            }
            let running = |c: &Container| ContainerStatus {
                image_id: Word::from(&c.image),
                ready,
                started: Some(true),
                state: ContainerState::Running { since: now },
                ..status_of(c)
            };
            pod.status.containers = pod.spec.containers.iter().map(running).collect();
            pod.status.ip = Some(if pod.spec.host_network { "192.0.2.100".into() } else { ip.clone() });
            pod.status.phase = Phase::Running;
        }
        Stage::Unready | Stage::ReadyAgain => {
            let ready = stage == Stage::ReadyAgain;
            for kind in ["Ready", "ContainersReady"] {
                let reason = if ready { "" } else { "ContainersNotReady" };
                condition(pod, kind, ready, reason, now);
            }
            // Source: the recorded stages: the statuses are written anew, with nothing but this.
            let anew = |c: &Container| ContainerStatus { ready, ..status_of(c) };
            pod.status.containers = pod.spec.containers.iter().map(anew).collect();
        }
        Stage::Complete => end(pod, (0, "Completed"), "PodCompleted", Phase::Succeeded, now),
        Stage::Fail => end(pod, (exit_code, "Error"), "PodFailed", Phase::Failed, now),
        Stage::DeleteFinalizers => {
            condition(pod, "Ready", false, "PodFailed", now);
            terminate(pod, 143, "Error", now);
            pod.status.phase = Phase::Failed;
        }
        Stage::Delete => {}
    }
}

fn create(pod: &mut Pod, now: Time) {
    let inits: Vec<&str> = pod.spec.init_containers.iter().map(|c| &*c.name).collect();
    let words = format!("containers with incomplete status: [{}]", inits.join(" "));
    condition(pod, "PodReadyToStartContainers", false, "", now);
    match pod.spec.init_containers.is_empty() {
        true => condition(pod, "Initialized", true, "", now),
        false => {
            let one = Condition::new("Initialized", Tri::False, "ContainersNotInitialized", words, now);
            set_condition(&mut pod.status.conditions, one);
        }
    }
    condition(pod, "Ready", false, "ContainersNotReady", now);
    condition(pod, "ContainersReady", false, "ContainersNotReady", now);
    // A strategic merge puts what the patch holds before what only the server has.
    // Source: kubernetes v1.37 apimachinery/pkg/util/strategicpatch/patch.go, normalizeElementOrder.
    const OWN: [&str; 4] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"];
    pod.status.conditions.sort_by_key(|c| !OWN.iter().any(|own| c.kind == *own));
    let first = if pod.spec.init_containers.is_empty() { "ContainerCreating" } else { "PodInitializing" };
    let waiting = |reason: &'static str| {
        move |c: &Container| ContainerStatus {
            started: Some(false),
            state: ContainerState::Waiting { reason: reason.into(), message: Word::EMPTY },
            ..status_of(c)
        }
    };
    pod.status.init_containers = pod.spec.init_containers.iter().map(waiting("PodInitializing")).collect();
    pod.status.containers = pod.spec.containers.iter().map(waiting(first)).collect();
    pod.status.host_ip = Some("192.0.2.100".into());
    pod.status.phase = Phase::Pending;
    pod.status.start_time = Some(now);
}

/// Sets one of the pod's conditions. Unlike a kubelet, kwok gives each a new transition time.
fn condition(pod: &mut Pod, kind: &'static str, holds: bool, reason: &'static str, now: Time) {
    let names: Vec<&str> = pod.spec.containers.iter().map(|c| &*c.name).collect();
    let message = match reason {
        "ContainersNotReady" => Word::from(format!("containers with unready status: [{}]", names.join(" "))),
        _ => Word::EMPTY,
    };
    let new = Condition::new(kind, holds, reason, message, now);
    match pod.status.conditions.iter_mut().find(|c| c.kind == kind) {
        Some(old) => *old = Condition { generation: old.generation, ..new },
        None => pod.status.conditions.push(new),
    }
}

fn end(pod: &mut Pod, (exit, word): (i32, &'static str), reason: &'static str, phase: Phase, now: Time) {
    condition(pod, "PodReadyToStartContainers", false, "", now);
    condition(pod, "Ready", false, reason, now);
    condition(pod, "ContainersReady", false, reason, now);
    terminate(pod, exit, word, now);
    pod.status.phase = phase;
}

fn terminate(pod: &mut Pod, exit: i32, word: &'static str, now: Time) {
    let message = Word::EMPTY;
    for status in &mut pod.status.containers {
        let message = message.clone();
        status.state =
            ContainerState::Terminated { exit, signal: 0, reason: word.into(), message, started: now, finished: now };
        (status.ready, status.started) = (false, Some(false));
        // Source: recorded: the stage writes the statuses anew, without the id.
        status.image_id = Word::EMPTY;
    }
}

fn init_done(container: &Container, now: Time) -> ContainerStatus {
    let sidecar = container.restart_policy == Some(RestartPolicy::Always);
    let state = match sidecar {
        true => ContainerState::Running { since: now },
        false => ContainerState::Terminated {
            exit: 0,
            signal: 0,
            reason: "Completed".into(),
            message: Word::EMPTY,
            started: now,
            finished: now,
        },
    };
    let image_id = Word::from(&container.image);
    ContainerStatus { image_id, ready: true, started: Some(sidecar), state, ..status_of(container) }
}

fn status_of(container: &Container) -> ContainerStatus {
    ContainerStatus { name: container.name.clone(), image: container.image.clone(), ..ContainerStatus::default() }
}
