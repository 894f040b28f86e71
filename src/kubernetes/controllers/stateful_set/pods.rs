//! The pods of a StatefulSet: each with its own name, host name and claims.
//! Source: kubernetes v1.37 pkg/controller/statefulset/stateful_set_utils.go, newVersionedStatefulSetPod, updateStorage.

use super::{Pass, REVISION_LABEL, claimed, kept_by, missing};
use crate::kubernetes::apiserver::WriteOptions;
use crate::kubernetes::controllers::owned::{controller_ref, create_pod};
use crate::kubernetes::controllers::revisions;
use crate::kubernetes::objects::pod::{Pod, PodSpec};
use crate::kubernetes::objects::template::Template;
use crate::kubernetes::objects::{Body, Kind, Meta, Object};
use crate::map;
use crate::text::{Value, Word};
use std::rc::Rc;

impl Pass<'_, '_> {
    /// Makes the pod of a number, and its claims.
    pub(super) fn create(&mut self, ordinal: i64) {
        let set = self.set.clone();
        let name = format!("{}-{ordinal}", set.meta.name);
        let revision = if self.keeps_old(ordinal) { self.current.clone() } else { self.update.clone() };
        self.claim_storage(&name);
        let shared = self.ctl.memory.templates.of(revision.object.meta.id, &revisions::template(&revision));
        let template = self.template_of(&shared, &name);
        let mut meta = Meta::named(set.meta.namespace.clone(), name.clone());
        meta.generate_name = Some(format!("{}-", set.meta.name).into());
        meta.labels = shared.labels.clone();
        meta.labels.set("statefulset.kubernetes.io/pod-name", name.as_str());
        meta.labels.set("apps.kubernetes.io/pod-index", ordinal.to_string());
        meta.labels.set(REVISION_LABEL, revision.name.clone());
        meta.annotations = shared.annotations.clone();
        meta.finalizers = shared.finalizers.iter().map(Word::from).collect();
        meta.owners = vec![controller_ref(self.ctl, &set)];
        meta.generation = 1;
        let pod =
            Object { kind: Kind::Pod, meta, body: Body::Pod(Pod { spec: template.spec.clone(), ..Pod::default() }) };
        match create_pod(self.ctl, pod, &template, missing(ordinal, self.wish.replicas), &set, "spec.replicas") {
            Ok(_) => {
                let message = format!("Create Pod {name} in StatefulSet {} successful", set.meta.name);
                self.ctl.normal(set.meta.id, "SuccessfulCreate", message);
            }
            Err(error) if error.reason != "AlreadyExists" => {
                let message =
                    format!("Create Pod {name} in StatefulSet {} failed error: {}", set.meta.name, error.message);
                self.ctl.warn(set.meta.id, "FailedCreate", message);
                self.ctl.later.push((set.meta.id, crate::sim::Span::secs(1)));
            }
            Err(_) => {}
        }
    }
    /// Whether a number keeps the old template. Source: newVersionedStatefulSetPod.
    fn keeps_old(&self, ordinal: i64) -> bool {
        if self.wish.on_delete {
            return false;
        }
        match self.wish.partition {
            Some(partition) => ordinal < self.wish.start + partition,
            None => ordinal < self.wish.start + self.tree.int_at(&["status", "currentReplicas"]).unwrap_or(0),
        }
    }
    /// The template with what only this pod has.
    fn template_of(&self, shared: &Template, name: &str) -> Template {
        let mut spec = shared.spec.tree.clone();
        spec.set_at(&["hostname"], name);
        if let Some(service) = self.tree.str_at(&["spec", "serviceName"]).filter(|s| !s.is_empty()) {
            spec.set_at(&["subdomain"], service);
        }
        let claims = self.tree.list_at(&["spec", "volumeClaimTemplates"]);
        if !claims.is_empty() {
            let claim_name = |c: &Value| c.str_at(&["metadata", "name"]).unwrap_or_default().to_string();
            let names: Vec<String> = claims.iter().map(claim_name).collect();
            let kept = |v: &&Value| !names.iter().any(|n| v.str_at(&["name"]) == Some(n));
            let mut volumes: Vec<Value> = names
                .iter()
                .map(|n| {
                    let source = map! { "claimName" => format!("{n}-{name}") };
                    Value::Map(map! { "name" => n.as_str(), "persistentVolumeClaim" => source })
                })
                .collect();
            volumes.extend(spec.list_at(&["volumes"]).iter().filter(kept).cloned());
            spec.set_at(&["volumes"], volumes);
        }
        Template { spec: Rc::new(PodSpec::read(&spec)), ..shared.clone() }
    }
    /// Makes the claims of a pod that are not there. Source: stateful_pod_control.go, createPersistentVolumeClaims.
    fn claim_storage(&mut self, pod: &str) {
        let set = self.set.clone();
        let kind = self.ctl.api.kinds.enter("v1", "PersistentVolumeClaim", true);
        for claim in self.tree.clone().list_at(&["spec", "volumeClaimTemplates"]) {
            let name = format!("{}-{pod}", claim.str_at(&["metadata", "name"]).unwrap_or_default());
            if self.ctl.api.store.find(kind, &set.meta.namespace, &name).is_some() {
                continue;
            }
            let mut tree = claim.clone();
            tree.set_at(&["apiVersion"], "v1");
            tree.set_at(&["kind"], "PersistentVolumeClaim");
            tree.set_at(&["metadata", "name"], name.as_str());
            tree.set_at(&["metadata", "namespace"], set.meta.namespace.clone());
            for (key, value) in self
                .tree
                .at(&["spec", "selector", "matchLabels"])
                .and_then(Value::as_map)
                .into_iter()
                .flat_map(|m| m.iter())
            {
                tree.set_at(&["metadata", "labels", key], value.clone());
            }
            let by = self.ctl.by(claimed(pod.to_string())).reading(&set, "spec.volumeClaimTemplates");
            // Source: stateful_pod_control.go, recordClaimEvent.
            match self.ctl.api.create_tree(tree, by, &WriteOptions::default()) {
                Ok(_) => {
                    let words = format!("Create Claim {name} Pod {pod} in StatefulSet {} success", set.meta.name);
                    self.ctl.normal(set.meta.id, "SuccessfulCreate", words);
                }
                Err(error) => {
                    let words = format!(
                        "Create Claim {name} for Pod {pod} in StatefulSet {} failed error: {}",
                        set.meta.name, error.message
                    );
                    self.ctl.warn(set.meta.id, "FailedCreate", words);
                }
            }
        }
        self.own_claims(pod, None);
    }
    /// Lets the claims of a pod belong to the set or to the pod, as the retention policy says: `going` is the pod when it is
    /// beyond the wanted number. Source: stateful_set_utils.go, updateClaimOwnerRefForSetAndPod.
    pub(super) fn own_claims(&mut self, pod: &str, going: Option<&Object>) {
        let set = self.set.clone();
        let deletes = |tree: &Value, key: &str| {
            tree.str_at(&["spec", "persistentVolumeClaimRetentionPolicy", key]) == Some("Delete")
        };
        let (on_delete, on_scale) = (deletes(&self.tree, "whenDeleted"), deletes(&self.tree, "whenScaled"));
        let by_pod = going.filter(|_| on_scale);
        let by_set = on_delete && by_pod.is_none();
        let Some(kind) = self.ctl.api.kinds.find("v1", "PersistentVolumeClaim") else { return };
        for claim in self.tree.clone().list_at(&["spec", "volumeClaimTemplates"]) {
            let name = format!("{}-{pod}", claim.str_at(&["metadata", "name"]).unwrap_or_default());
            let Some(claim) = self.ctl.api.store.by_name(kind, &set.meta.namespace, &name).cloned() else { continue };
            let others = claim.meta.owners.iter().filter(|o| {
                let of_pod = o.kind == "Pod" && *o.name == *pod;
                o.id != Some(set.meta.id) && !of_pod
            });
            let mut wanted: Vec<_> = others.cloned().collect();
            wanted.extend(by_set.then(|| controller_ref(self.ctl, &set)));
            wanted.extend(by_pod.map(|pod| controller_ref(self.ctl, pod)));
            if wanted != claim.meta.owners {
                let field = "spec.persistentVolumeClaimRetentionPolicy";
                let by = self.ctl.by(kept_by(name)).reading(&set, field);
                self.ctl.api.update(claim.meta.id, by, |o| o.meta.owners = wanted);
            }
        }
    }
}
