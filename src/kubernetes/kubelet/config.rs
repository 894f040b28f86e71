//! What a container needs from ConfigMaps and Secrets before it can be made: volumes and environment.

use super::KUBELET;
use super::lifecycle::Desk;
use super::worker::Step;
use crate::kubernetes::apiserver::Told;
use crate::kubernetes::objects::Kind;
use crate::sim::Span;
use crate::text::Value;
use crate::workload::canonical;

/// First pause between two tries to mount a volume; doubles. Source: kubernetes v1.37
/// pkg/util/goroutinemap/exponentialbackoff/exponential_backoff.go, initialDurationBeforeRetry.
const MOUNT_FIRST: Span = Span::millis(500);
/// Longest pause. Source: same file, maxDurationBeforeRetry.
const MOUNT_MAX: Span = Span::secs(122);

impl Desk<'_, '_> {
    /// Mounts the pod's volumes, or says why not and tries again after `pause`.
    pub(super) fn mount(&mut self, pause: Span) {
        let Some(fault) = self.mount_fault() else {
            let takes = self.draw(|l| l.sandbox);
            return self.begin(Step::Sandbox, takes);
        };
        let told = Told::warning(KUBELET, self.id, "FailedMount", fault);
        self.send(Told { host: (&self.kubelet.name).into(), ..told });
        let pause = if pause > Span::ZERO { (pause * 2).min(MOUNT_MAX) } else { MOUNT_FIRST };
        self.begin(Step::Mount(pause), pause);
    }
    fn mount_fault(&self) -> Option<String> {
        for volume in self.spec.volumes.iter().filter(|v| !v.optional) {
            let (kind, word) = match &*volume.kind {
                "configMap" => (Kind::ConfigMap, "configmap"),
                "secret" => (Kind::Secret, "secret"),
                _ => continue,
            };
            let before = format!("MountVolume.SetUp failed for volume \"{}\" : ", volume.name);
            let Some(data) = self.data(kind, &volume.refers_to) else {
                return Some(format!("{before}{word} \"{}\" not found", volume.refers_to));
            };
            let items = self.spec.tree.list_at(&["volumes"]).iter().find(|v| v.str_at(&["name"]) == Some(&volume.name));
            let items = items.map(|v| v.list_at(&[&volume.kind, "items"])).unwrap_or_default();
            let keys = items.iter().filter_map(|i| i.str_at(&["key"]));
            if let Some(key) = keys.into_iter().find(|key| !has(&data, key)) {
                let what = if kind == Kind::Secret {
                    "references non-existent secret key"
                } else {
                    "configmap references non-existent config key"
                };
                return Some(format!("{before}{what}: {key}"));
            }
        }
        None
    }
    /// The contents of a ConfigMap or Secret of the pod's namespace.
    pub(super) fn data(&self, kind: Kind, name: &str) -> Option<Value> {
        let namespace = &self.cx.api.store.card(self.id)?.namespace;
        self.cx.api.store.by_name(kind, namespace, name)?.plain().map(|v| (**v).clone())
    }
    /// Why a container cannot be made, in the kubelet's words.
    /// Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables; kuberuntime/security_context.go, verifyRunAsNonRoot.
    pub(super) fn config_fault(&self, at: u16) -> Option<String> {
        let tree = self.worker.tree(&self.spec, at)?;
        self.environment_fault(tree).or_else(|| self.user_fault(at, tree))
    }
    fn environment_fault(&self, tree: &Value) -> Option<String> {
        let namespace = self.cx.api.store.card(self.id).map(|c| c.namespace.clone()).unwrap_or_default();
        let kinds = [
            (Kind::ConfigMap, "configmap", "ConfigMap", "configMapKeyRef", "configMapRef"),
            (Kind::Secret, "secret", "Secret", "secretKeyRef", "secretRef"),
        ];
        for (kind, word, title, key_ref, whole_ref) in kinds {
            let keys = tree.list_at(&["env"]).iter().filter_map(|e| e.at(&["valueFrom", key_ref]));
            let wholes = tree.list_at(&["envFrom"]).iter().filter_map(|e| e.get(whole_ref));
            for reference in keys.chain(wholes).filter(|r| r.bool_at(&["optional"]) != Some(true)) {
                let name = reference.str_at(&["name"]).unwrap_or_default();
                let Some(data) = self.data(kind, name) else { return Some(format!("{word} \"{name}\" not found")) };
                if let Some(key) = reference.str_at(&["key"]).filter(|key| !has(&data, key)) {
                    return Some(format!("couldn't find key {key} in {title} {namespace}/{name}"));
                }
            }
        }
        None
    }
    fn user_fault(&self, at: u16, tree: &Value) -> Option<String> {
        let pods = self.spec.tree.get("securityContext").unwrap_or(&Value::Null);
        let own = tree.get("securityContext").unwrap_or(&Value::Null);
        let non_root = own.bool_at(&["runAsNonRoot"]).or(pods.bool_at(&["runAsNonRoot"])).unwrap_or(false);
        let user = own.int_at(&["runAsUser"]).or(pods.int_at(&["runAsUser"]));
        let container = self.worker.container(&self.spec, at)?;
        let root = self.workloads.registry.runs_as_root(&canonical(&container.image));
        let named = self.workloads.registry.users.get(canonical(&container.image).as_str()).map(|u| &**u);
        let card = self.cx.api.store.card(self.id)?;
        let uid = self.own_uid();
        let place = format!("(pod: \"{}_{}({uid})\", container: {})", card.name, card.namespace, container.name);
        match (non_root, user) {
            (true, Some(0)) => Some(format!("container's runAsUser breaks non-root policy {place}")),
            (true, None) if named.is_some_and(|u| u.parse::<i64>().is_err()) => Some(format!(
                "container has runAsNonRoot and image has non-numeric user ({}), cannot verify user is non-root {place}",
                named.unwrap_or_default()
            )),
            (true, None) if root => Some(format!("container has runAsNonRoot and image will run as root {place}")),
            _ => None,
        }
    }
}

fn has(data: &Value, key: &str) -> bool {
    ["data", "binaryData", "stringData"].iter().any(|part| data.at(&[part, key]).is_some())
}
