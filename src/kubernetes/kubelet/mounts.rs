//! What a container finds around it: mounted ConfigMaps and Secrets, environment from them, ports that are taken, and what of
//! it changes while it runs.
//! Source: kubernetes v1.37 pkg/volume/configmap/configmap.go, MakePayload; pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables;
//! recorded: a mounted ConfigMap follows at the pod's next regular look, the environment never.

use super::lifecycle::Desk;
use super::worker::{Run, Stage};
use super::{KUBELET, State, Timer};
use crate::kubernetes::apiserver::{Change, ChangeKind, Cx};
use crate::kubernetes::objects::scalar::base64_decode;
use crate::kubernetes::objects::{Id, Kind};
use crate::sim::{Span, Time};
use crate::text::{Map, Value};
use crate::workload::Workloads;
use std::rc::Rc;

/// Shortest time between two regular looks at a pod; the longest is half as long again.
/// Source: kubernetes v1.37 pkg/kubelet/apis/config/v1beta1/defaults.go, SyncFrequency; pkg/kubelet/pod_workers.go,
/// workerResyncIntervalJitterFactor 0.5.
pub(super) const RESYNC: Span = Span::secs(60);

/// What is around a container that starts.
#[derive(Debug, Default)]
pub struct Around {
    /// Mounted files: path, contents.
    pub files: Vec<(String, String)>,
    /// Environment.
    pub env: Vec<(Rc<str>, Rc<str>)>,
    /// Folders that can be written; `None` when everything can.
    pub writable: Option<Vec<String>>,
    /// Ports on which other containers of the pod listen.
    pub taken: Vec<u16>,
}

impl State {
    /// A ConfigMap or a Secret has changed: pods that mount it see it at their next regular look.
    pub(super) fn observe_data(&mut self, change: &Change, cx: &mut Cx<Timer>) {
        if change.what != ChangeKind::Modified {
            return;
        }
        let Some(object) = change.object() else { return };
        let word = if change.kind == Kind::Secret { "secret" } else { "configMap" };
        let (name, namespace, now) = (object.meta.name.clone(), object.meta.namespace.clone(), cx.now());
        let users = self.pods.iter().filter(|(id, worker)| {
            worker.stage == Stage::Live
                && worker.granted.volumes.iter().any(|v| *v.kind == *word && *v.refers_to == *name)
                && cx.api.store.card(**id).is_some_and(|c| c.namespace == namespace)
        });
        let users: Vec<(Id, Time)> = users.map(|(id, w)| (*id, w.since)).collect();
        for (id, since) in users {
            let every = cx.chance(KUBELET).between(RESYNC, Span(RESYNC.0 + RESYNC.0 / 2));
            let looks = now.since(since).0 / every.0 + 1;
            cx.timers.push((since + every * looks, Timer::Refresh(id)));
        }
    }
    pub(super) fn refresh(&mut self, id: Id, cx: &mut Cx<Timer>) {
        let fixed = self.pods.get(&id).is_some_and(|w| w.sheet.is_some());
        if fixed && cx.get(id).is_some_and(|o| o.meta.deleting()) {
            return self.renew_mirror(id, cx);
        }
        self.with(id, cx, |desk| {
            if desk.kubelet.up && desk.kubelet.reaches() && desk.worker.stage == Stage::Live {
                desk.worker.all().for_each(|at| desk.refresh(at));
            }
        });
    }
}

impl Desk<'_, '_> {
    /// Notes the mounted files that differ from those the running program knows, and follows it anew.
    fn refresh(&mut self, at: u16) {
        let now = self.now();
        let Run::Running(since) = self.worker.slots[at as usize].run else { return };
        let fresh = self.mounted(at, true);
        let slot = &mut self.worker.slots[at as usize];
        let Some(known) = slot.mounted.as_mut() else { return };
        let known = Rc::make_mut(known);
        let mut different = false;
        for (path, text) in fresh {
            let before = known.changes.iter().rev().find(|c| c.1 == path).map(|c| &c.2);
            let before = before.or(known.files.iter().find(|f| f.0 == path).map(|f| &f.1));
            if before != Some(&text) {
                known.changes.push((now.since(since), path, text));
                different = true;
            }
        }
        if different {
            self.follow_anew(at);
        }
    }
    /// Follows the script of a running container anew: what it finds around it is not what it was.
    pub(super) fn follow_anew(&mut self, at: u16) {
        let now = self.now();
        let Run::Running(since) = self.worker.slots[at as usize].run else { return };
        let Some(profile) = self.asked(at, Workloads::profile) else { return };
        let slot = &mut self.worker.slots[at as usize];
        let before = slot.profile.as_ref().and_then(|p| p.end);
        if let Some(end) = profile.end.filter(|e| Some(*e) != before && since + e.after > now) {
            self.cx.timers.push((since + end.after, Timer::Exit(self.id, at, slot.runs)));
        }
        slot.profile = Some(Rc::new(profile));
    }
    /// Files mounted into a container; `live`: only those that follow their source.
    fn mounted(&self, at: u16, live: bool) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mounts = self.worker.tree(&self.spec, at).map(|t| t.list_at(&["volumeMounts"])).unwrap_or_default();
        for mount in mounts {
            let name = mount.str_at(&["name"]).unwrap_or_default();
            let Some(volume) = self.spec.volumes.iter().find(|v| *v.name == *name) else { continue };
            let kind = match &*volume.kind {
                "configMap" => Kind::ConfigMap,
                "secret" => Kind::Secret,
                _ => continue,
            };
            let (folder, sub) = (mount.str_at(&["mountPath"]).unwrap_or_default(), mount.str_at(&["subPath"]));
            if live && sub.is_some() {
                continue;
            }
            for (key, text) in self.data(kind, &volume.refers_to).map(|d| contents(&d)).unwrap_or_default() {
                match sub {
                    Some(sub) if sub == key => files.push((folder.to_string(), text)),
                    Some(_) => {}
                    None => files.push((format!("{}/{key}", folder.trim_end_matches('/')), text)),
                }
            }
        }
        files
    }
    /// The files that a script is given at its start; `None` when it has none.
    pub(super) fn files_given(&self, at: u16) -> Option<Rc<Mounted>> {
        let files = self.mounted(at, false);
        let container = self.worker.container(&self.spec, at)?;
        let env = || container.env.iter().cloned().chain(self.referred(at)).collect();
        (!files.is_empty()).then(|| Rc::new(Mounted { files, env: env(), changes: Vec::new() }))
    }
    /// Everything around a container that starts now; `scripted`: its files too.
    pub(super) fn around(&self, at: u16, scripted: bool) -> Around {
        let Some(container) = self.worker.container(&self.spec, at) else { return Around::default() };
        let tree = self.worker.tree(&self.spec, at);
        let read_only = tree.and_then(|t| t.bool_at(&["securityContext", "readOnlyRootFilesystem"])) == Some(true);
        let mounts = tree.map(|t| t.list_at(&["volumeMounts"])).unwrap_or_default();
        let folders = mounts.iter().filter_map(|m| m.str_at(&["mountPath"])).map(str::to_string).collect();
        let others = self.worker.all().filter(|other| *other != at);
        let running = others.filter_map(|other| {
            let slot = &self.worker.slots[other as usize];
            slot.profile.as_ref().filter(|p| slot.running() && p.prints_requests).map(|p| p.ports.clone())
        });
        Around {
            files: if scripted { self.mounted(at, false) } else { Vec::new() },
            env: container.env.iter().cloned().chain(self.referred(at)).collect(),
            writable: read_only.then_some(folders),
            taken: running.flatten().collect(),
        }
    }
    /// Environment that comes from the pod itself, from ConfigMaps and Secrets.
    fn referred(&self, at: u16) -> Vec<(Rc<str>, Rc<str>)> {
        let Some(tree) = self.worker.tree(&self.spec, at) else { return Vec::new() };
        let own = self.told_of_itself(at);
        let mut env: Vec<(Rc<str>, Rc<str>)> = own.into_iter().map(|(k, text)| (k.into(), text.into())).collect();
        for (kind, one, whole) in
            [(Kind::ConfigMap, "configMapKeyRef", "configMapRef"), (Kind::Secret, "secretKeyRef", "secretRef")]
        {
            let of = |reference: &Value| {
                let data = self.data(kind, reference.str_at(&["name"]).unwrap_or_default());
                data.map(|d| contents(&d)).unwrap_or_default()
            };
            for entry in tree.list_at(&["env"]) {
                let Some(reference) = entry.at(&["valueFrom", one]) else { continue };
                let key = reference.str_at(&["key"]).unwrap_or_default();
                let found = of(reference).into_iter().find(|(k, _)| k == key);
                let name = entry.str_at(&["name"]).unwrap_or_default();
                env.extend(found.map(|(_, text)| (name.into(), text.into())));
            }
            for reference in tree.list_at(&["envFrom"]).iter().filter_map(|e| e.get(whole)) {
                env.extend(of(reference).into_iter().map(|(k, text)| (k.into(), text.into())));
            }
        }
        env
    }
}

/// The texts in a ConfigMap or Secret.
fn contents(object: &Value) -> Vec<(String, String)> {
    let secret = object.str_at(&["kind"]) == Some("Secret") || object.get("type").is_some();
    let all = object.get("data").and_then(Value::as_map).into_iter().flat_map(Map::iter);
    let text = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        match secret {
            true => String::from_utf8_lossy(&base64_decode(text).unwrap_or_default()).into_owned(),
            false => text.to_string(),
        }
    };
    all.map(|(key, value)| (key.to_string(), text(value))).collect()
}

/// What a running program was given, and what of it has changed since.
#[derive(Clone, Debug, Default)]
pub struct Mounted {
    /// Files at its start.
    pub files: Vec<(String, String)>,
    /// Environment at its start.
    pub env: Vec<(Rc<str>, Rc<str>)>,
    /// Changes: when after its start, path, contents.
    pub changes: Vec<(Span, String, String)>,
}
