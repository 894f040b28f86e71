//! Static pods: manifests in a folder of the node. The kubelet runs them by itself, and shows each to the API server as a mirror
//! pod. Deleting the mirror changes nothing: it is made again.
//! Source: kubernetes v1.37 pkg/kubelet/config/{file,common}.go; pkg/kubelet/pod/mirror_client.go; kubelet.go,
//! tryReconcileMirrorPods; pod_workers.go, allowPodStart. Differs: FID-064.

use super::lifecycle::{Desk, RETRY};
use super::mounts::RESYNC;
use super::worker::{Stage, Step, Worker};
use super::{KUBELET, State, Timer, manifest_gone, mirrored};
use crate::kubernetes::apiserver::{By, Cx, DeleteOptions, Told, WriteOptions};
use crate::kubernetes::objects::{Id, Kind, Object, decode};
use crate::map;
use crate::sim::{Span, Time};
use crate::text::{Value, json, yaml};
use crate::workload::Registry;
use std::rc::Rc;

/// Source: kubernetes v1.37 pkg/kubelet/types/pod_update.go, Config…AnnotationKey.
const MIRROR: &str = "kubernetes.io/config.mirror";
const HASH: &str = "kubernetes.io/config.hash";
const SEEN: &str = "kubernetes.io/config.seen";
const SOURCE: &str = "kubernetes.io/config.source";
/// Mirrors whose pod is gone are looked for this often. Source: kubernetes v1.37 pkg/kubelet/kubelet.go, housekeepingPeriod.
const HOUSEKEEPING: Span = Span::secs(2);

/// What a manifest says, as the kubelet reads it.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The pod, with what the kubelet adds.
    tree: Value,
    /// `namespace`, `name`.
    namespace: Rc<str>,
    name: Rc<str>,
    /// Digest of it all: the static pod's own uid.
    pub hash: Rc<str>,
    /// When the kubelet saw it first.
    seen: Time,
}

impl Sheet {
    /// Reads a manifest as the kubelet of that node does; `Err` says why it is no pod that can run there.
    pub fn read(node: &str, file: &str, text: &str, now: Time) -> Result<Sheet, String> {
        let (documents, problems) = yaml::read(file, text);
        if let Some(broken) = problems.first() {
            return Err(broken.message.clone());
        }
        let document = documents.first().ok_or("the manifest is empty")?;
        let decoded = decode(&document.node, &problems);
        let mut tree = match decoded.refusal {
            Some(words) => return Err(words),
            None => decoded.object,
        };
        if decoded.kind.is_none_or(|k| k.kind != "Pod") {
            return Err(format!("invalid pod: {} is no Pod", tree.str_at(&["kind"]).unwrap_or("it")));
        }
        if let Some(what) = tree.get("spec").and_then(api_object) {
            return Err(format!("static pods may not reference {what}"));
        }
        let plain = json::write(&tree, json::Style::IN_ORDER);
        // Source: config/common.go, applyDefaults, generatePodName: 32 hexadecimal digits of the pod, the host and the file.
        let digest = Registry::digest(&format!("{plain}host:{node}file:{file}"));
        let hash: Rc<str> = digest.trim_start_matches("sha256:").chars().take(32).collect::<String>().into();
        let name = format!("{}-{}", tree.str_at(&["metadata", "name"]).unwrap_or_default(), node.to_lowercase());
        let namespace = tree.str_at(&["metadata", "namespace"]).unwrap_or("default").to_string();
        tree.set_at(&["metadata", "name"], name.as_str());
        tree.set_at(&["metadata", "namespace"], namespace.as_str());
        tree.set_at(&["spec", "nodeName"], node);
        let mut tolerations = tree.list_at(&["spec", "tolerations"]).to_vec();
        tolerations.push(Value::Map(map! { "operator" => "Exists", "effect" => "NoExecute" }));
        tree.set_at(&["spec", "tolerations"], tolerations);
        Ok(Sheet { tree, namespace: namespace.into(), name: name.into(), hash, seen: now })
    }
    /// The mirror as the API server is asked to make it. Source: mirror_client.go, CreateMirrorPod.
    fn mirror(&self, node: (&str, String), seen: String) -> Value {
        let mut tree = self.tree.clone();
        for (key, value) in [(HASH, &*self.hash), (MIRROR, &*self.hash), (SEEN, &*seen), (SOURCE, "file")] {
            tree.set_at(&["metadata", "annotations", key], value);
        }
        let owner = map! {
            "apiVersion" => "v1", "kind" => "Node", "name" => node.0, "uid" => node.1, "controller" => true,
        };
        tree.set_at(&["metadata", "ownerReferences"], vec![Value::Map(owner)]);
        tree
    }
}

/// The kind of API object that a part of a pod refers to, if any: a static pod may not.
/// Source: kubernetes v1.37 pkg/api/v1/pod/util.go, HasAPIObjectReference.
fn api_object(part: &Value) -> Option<&'static str> {
    const KEYS: [(&str, &str); 11] = [
        ("serviceAccountName", "serviceaccounts"),
        ("serviceAccount", "serviceaccounts"),
        ("imagePullSecrets", "secrets"),
        ("secret", "secrets"),
        ("secretRef", "secrets"),
        ("secretKeyRef", "secrets"),
        ("configMap", "configmaps"),
        ("configMapRef", "configmaps"),
        ("configMapKeyRef", "configmaps"),
        ("persistentVolumeClaim", "persistentvolumeclaims"),
        ("resourceClaims", "resourceclaims"),
    ];
    match part {
        Value::List(items) => items.iter().find_map(api_object),
        Value::Map(members) => members.iter().find_map(|(key, value)| {
            let named = KEYS.iter().find(|(k, _)| *k == &**key).map(|(_, what)| *what);
            // Names that people choose are no references.
            if &**key == "nodeSelector" { None } else { named.or_else(|| api_object(value)) }
        }),
        _ => None,
    }
}

/// The digest by which a mirror names its static pod.
pub fn mirror_of(object: &Object) -> Option<&Rc<str>> {
    object.meta.annotations.get(MIRROR)
}

impl State {
    /// Writes a manifest into a node's folder; the kubelet notices at once. `Err` says why the kubelet takes no pod from it.
    pub fn put_manifest(&mut self, node: &str, file: &str, text: &str, cx: &mut Cx<Timer>) -> Result<(), String> {
        if !self.kubelets.contains_key(node) {
            return Err(format!("there is no node {node}"));
        }
        let sheet = Sheet::read(node, file, text, cx.now())?;
        let key: (Rc<str>, Rc<str>) = (node.into(), file.into());
        if self.sheets.get(&key).is_some_and(|old| old.hash == sheet.hash) {
            return Ok(());
        }
        let before = self.sheets.insert(key.clone(), Rc::new(sheet)).map(|old| old.hash.clone());
        let wait = match before.and_then(|hash| self.running_from(&hash)) {
            Some(id) => {
                self.end_manifest(id, true, cx);
                pause(cx)
            }
            None => self.latencies.watch.draw(cx.chance(KUBELET)),
        };
        cx.after(wait, Timer::Sheet(key.0, key.1));
        Ok(())
    }
    /// Takes a manifest out of a node's folder. Tells whether there was one.
    pub fn remove_manifest(&mut self, node: &str, file: &str, cx: &mut Cx<Timer>) -> bool {
        let Some(sheet) = self.sheets.remove(&(node.into(), file.into())) else { return false };
        if let Some(id) = self.running_from(&sheet.hash) {
            self.end_manifest(id, false, cx);
        }
        true
    }
    /// Takes all manifests out of a node's folder.
    pub fn clear_folder(&mut self, node: &str, cx: &mut Cx<Timer>) {
        let here: Vec<Rc<str>> = self.sheets.keys().filter(|(n, _)| **n == *node).map(|(_, f)| f.clone()).collect();
        for file in here {
            self.remove_manifest(node, &file, cx);
        }
    }
    /// The pod that runs from the manifest with this digest.
    fn running_from(&self, hash: &str) -> Option<Id> {
        self.pods.iter().find(|(_, w)| w.sheet.as_deref() == Some(hash)).map(|(id, _)| *id)
    }
    /// Whether a manifest with this digest is in a folder.
    fn wanted(&self, hash: &str) -> bool {
        self.sheets.values().any(|s| *s.hash == *hash)
    }
    /// The pod's manifest is gone, or another one is in its place: it is stopped.
    fn end_manifest(&mut self, id: Id, replaced: bool, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| {
            desk.worker.replaced = replaced;
            desk.worker.why = Some(manifest_gone(&desk.kubelet.name));
            let grace = desk.spec.grace;
            desk.terminate(grace);
        });
    }
    /// Starts what a manifest says, when nothing of the same name runs any more.
    pub(super) fn sheet_due(&mut self, node: Rc<str>, file: Rc<str>, cx: &mut Cx<Timer>) {
        let Some(sheet) = self.sheets.get(&(node.clone(), file.clone())).cloned() else { return };
        if self.running_from(&sheet.hash).is_some() {
            return;
        }
        let Some(kubelet) = self.kubelets.get(&node) else { return };
        // A kubelet that is down looks into its folder when it starts.
        if !kubelet.up {
            return;
        }
        let there = cx.api.store.find(Kind::Pod, &sheet.namespace, &sheet.name);
        let busy = there.is_some_and(|id| self.pods.contains_key(&id)) || !kubelet.reaches();
        if !busy && self.make_mirror(&node, &sheet, there, cx).is_some() {
            return;
        }
        let wait = pause(cx);
        cx.after(wait, Timer::Sheet(node, file));
    }
    /// Makes the mirror, in place of an older one. `None` when the API server does not take it.
    fn make_mirror(&mut self, node: &Rc<str>, sheet: &Sheet, old: Option<Id>, cx: &mut Cx<Timer>) -> Option<Id> {
        if let Some(old) = old {
            let object = cx.get(old)?;
            mirror_of(&object)?;
            delete_mirror(old, node, cx);
        }
        let kubelet = self.kubelets.get(node)?;
        let owner = (&**node, cx.api.calendar.uid(kubelet.id));
        let tree = sheet.mirror(owner, cx.api.calendar.nanos(sheet.seen));
        let by = By::actor(KUBELET, mirrored(node));
        Some(cx.api.create_tree(tree, by, &WriteOptions::default()).ok()?.object.meta.id)
    }
    /// The mirror of a running static pod is under deletion or gone: it is made again, and the pod goes on.
    pub(super) fn renew_mirror(&mut self, id: Id, cx: &mut Cx<Timer>) {
        let Some(worker) = self.pods.get(&id).cloned() else { return };
        let Some(sheet) = self.sheets.values().find(|s| Some(&s.hash) == worker.sheet.as_ref()).cloned() else {
            return;
        };
        let there = cx.get(id).map(|o| o.meta.id);
        let Some(new) = self.make_mirror(&worker.node.clone(), &sheet, there, cx) else { return };
        self.pods.remove(&id);
        cx.api.floor.rename(id.0, new.0);
        self.renamed.values_mut().filter(|to| **to == id).for_each(|to| *to = new);
        self.renamed.insert(id, new);
        let askers: Vec<u16> = self.askers.range((id, 0)..=(id, u16::MAX)).map(|(_, at)| *at).collect();
        for at in askers {
            self.askers.remove(&(id, at));
            self.askers.insert((new, at));
        }
        self.pods.insert(new, worker);
        self.look_soon(new, cx);
    }
    /// A write about a mirror. Tells whether that is all there is to do about it.
    pub(super) fn observe_mirror(&mut self, id: Id, object: &Object, gone: bool, cx: &mut Cx<Timer>) -> bool {
        let Some(hash) = mirror_of(object) else { return false };
        let Some(worker) = self.pods.get(&id) else { return false };
        let runs = worker.stage == Stage::Live && self.wanted(hash);
        if gone {
            if runs {
                self.renew_mirror(id, cx);
            }
            return runs;
        }
        if runs && object.meta.deleting() {
            // Source: recorded: a mirror under deletion is made again at the pod's next regular look.
            let every = cx.chance(KUBELET).between(RESYNC, Span(RESYNC.0 + RESYNC.0 / 2));
            let looks = cx.now().since(worker.since).0 / every.0 + 1;
            cx.timers.push((worker.since + every * looks, Timer::Refresh(id)));
        }
        object.meta.deleting()
    }
    /// A mirror that no worker looks after: taken when its manifest is there, deleted when no manifest has its name.
    pub(super) fn adopts(&mut self, object: &Object, cx: &mut Cx<Timer>) -> bool {
        let Some(hash) = mirror_of(object) else { return true };
        if self.wanted(hash) {
            return !object.meta.deleting();
        }
        let meta = &object.meta;
        if !self.sheets.values().any(|s| *s.name == *meta.name && *s.namespace == *meta.namespace) {
            let wait = cx.chance(KUBELET).between(Span::ZERO, HOUSEKEEPING);
            cx.after(wait, Timer::Leave(meta.id));
        }
        false
    }
    /// A mirror without a pod is deleted. Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, HandlePodCleanups.
    pub(super) fn drop_orphan(&mut self, id: Id, cx: &mut Cx<Timer>) {
        let Some(object) = cx.get(id).filter(|o| mirror_of(o).is_some()) else { return };
        let Some(node) = object.pod().and_then(|p| p.node.clone()) else { return };
        if !self.pods.contains_key(&id) && self.kubelets.get(&node).is_some_and(|k| k.up && k.reaches()) {
            delete_mirror(id, &node, cx);
        }
    }
    /// A kubelet that starts reads its folder.
    pub(super) fn read_folder(&mut self, node: &str, wait: Span, cx: &mut Cx<Timer>) {
        let here = self.sheets.keys().filter(|(n, _)| **n == *node);
        for (node, file) in here.cloned().collect::<Vec<_>>() {
            cx.after(wait, Timer::Sheet(node, file));
        }
    }
    /// The id under which a pod is known now: mirrors that were made again have another than their timers.
    pub(super) fn now_known_as(&self, id: Id) -> Id {
        self.renamed.get(&id).copied().unwrap_or(id)
    }
}

/// Pause of a worker that must wait until another pod has ended. Source: pod_workers.go, podWorkerLoop: backOffPeriod with
/// workerBackOffPeriodJitterFactor 0.5.
fn pause(cx: &mut Cx<Timer>) -> Span {
    cx.chance(KUBELET).between(RETRY, Span(RETRY.0 + RETRY.0 / 2))
}

fn delete_mirror(id: Id, node: &str, cx: &mut Cx<Timer>) {
    let by = By::actor(KUBELET, super::gone(node.to_string()));
    cx.api.delete(id, by, DeleteOptions { grace: Some(Span::ZERO), ..DeleteOptions::default() });
}

impl Worker {
    /// Whether reports are kept back: another pod of this name has taken its place.
    pub(super) fn silent(&self) -> bool {
        self.replaced
    }
}

impl Desk<'_, '_> {
    /// Stops the pod for a reason of the kubelet's own: nobody deleted it.
    pub(super) fn terminate(&mut self, grace: Span) {
        if !self.kubelet.up || !matches!(self.worker.stage, Stage::Live | Stage::Ending) {
            return;
        }
        let deadline = self.now() + grace;
        self.worker.stage = Stage::Stopping { deadline };
        // A step under way is finished first, except waiting and the stopping of an ended pod's sandbox.
        if matches!(self.worker.step, Step::Idle | Step::Mount(_) | Step::End) {
            self.worker.op += 1;
            self.worker.step = Step::Idle;
            self.stop_now();
        }
    }
    /// The uid by which the kubelet knows the pod: a static pod's is its digest.
    pub(super) fn own_uid(&self) -> String {
        match &self.worker.sheet {
            Some(hash) => hash.to_string(),
            None => self.cx.api.calendar.uid(self.id),
        }
    }
    /// A static pod has ended after its manifest was taken away: its mirror goes when the kubelet tidies up.
    pub(super) fn housekeeping(&mut self) -> Span {
        self.cx.chance(KUBELET).between(Span::ZERO, HOUSEKEEPING)
    }
    /// Tells about the pod itself.
    pub(super) fn tell_pod(&mut self, warning: bool, reason: &'static str, words: impl Into<crate::text::Word>) {
        let told = Told::normal(KUBELET, self.id, reason, words);
        let host = (&self.kubelet.name).into();
        self.send(Told { warning, host, ..told });
    }
}
