//! The resize subresource of pods: new requests and limits for containers that go on running.
//! Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidatePodResize; pkg/registry/core/pod/strategy.go,
//! podResizeStrategy; plugin/pkg/admission/nodedeclaredfeatures.

use super::{Api, ApiError, By, WriteOptions, Written};
use crate::kubernetes::objects::field_error::{FieldError, Path, invalid_message};
use crate::kubernetes::objects::pod::PodSpec;
use crate::kubernetes::objects::{Id, Kind, Schema, rules};
use crate::text::Value;
use std::rc::Rc;

impl Api {
    /// Takes over the resources of a pod's containers from a tree; everything else stays as it is.
    pub fn resize_pod(&mut self, id: Id, tree: &Value, by: By, options: &WriteOptions) -> Result<Written, ApiError> {
        let Some(old) = self.store.get(id).cloned() else { return Err(ApiError::gone()) };
        let old_tree = self.tree(&old);
        let Some(pod) = old.pod() else { return Err(ApiError::gone()) };
        let mut new = old_tree.clone();
        for list in ["containers", "initContainers"] {
            let mut containers = old_tree.list_at(&["spec", list]).to_vec();
            for container in &mut containers {
                let name = container.str_at(&["name"]).unwrap_or_default().to_string();
                let wished = tree.list_at(&["spec", list]).iter().find(|c| c.str_at(&["name"]) == Some(&name));
                if let Some(resources) = wished.and_then(|w| w.get("resources")) {
                    container.make_map().set("resources", resources.clone());
                }
            }
            if !containers.is_empty() {
                new.set_at(&["spec", list], containers);
            }
        }
        let spec = PodSpec::read(&without_node(new.get("spec").unwrap_or(&Value::Null)));
        let mut errors = shrunk(&old_tree, &new);
        if spec.qos != pod.spec.qos {
            let path = Path::new("spec");
            errors.push(path.invalid(spec.qos.word(), "Pod QOS Class may not change as a result of resizing"));
        }
        if let Some(info) = Schema::get().kind("v1", "Pod") {
            if errors.is_empty() {
                errors = rules::validate_create(&new, info);
            }
            if !errors.is_empty() {
                return Err(ApiError { reason: "Invalid", message: invalid_message(info, &old.meta.name, &errors) });
            }
        }
        if let Some(node) = pod.node.as_ref().and_then(|n| self.store.find(Kind::Node, "", n)) {
            self.node_holds(node, &spec).map_err(|because| {
                let message = format!("pods \"{}\" is forbidden: {because}", old.meta.name);
                ApiError { reason: "Forbidden", message }
            })?;
        }
        let changed = spec.tree != pod.spec.tree;
        if options.dry_run || !changed {
            return Ok(Written { object: old, changed, warnings: Vec::new() });
        }
        let spec = Rc::new(spec);
        self.update(id, by, |o| {
            if let Some(pod) = o.pod_mut() {
                pod.spec = spec;
            }
        });
        let object = self.store.get(id).cloned().unwrap_or(old);
        Ok(Written { object, changed: true, warnings: Vec::new() })
    }
    /// Whether a node could ever hold a pod.
    fn node_holds(&self, node: Id, spec: &PodSpec) -> Result<(), String> {
        let Some(row) = self.store.get(node).and_then(|o| o.node().cloned()) else { return Ok(()) };
        let (want, room) = (&spec.requests, &row.allocatable);
        for (name, want, room) in [("cpu", want.cpu, room.cpu), ("memory", want.memory, room.memory)] {
            if room > 0 && want > room {
                return Err(format!(
                    "node didn't have enough allocatable resources: {name}, requested: {want}, allocatable: {room}"
                ));
            }
        }
        Ok(())
    }
}

fn without_node(spec: &Value) -> Value {
    let mut spec = spec.clone();
    drop(spec.remove_at(&["nodeName"]));
    spec
}

/// Requests and limits that are taken away, and those of other resources than cpu and memory that change.
fn shrunk(old: &Value, new: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for list in ["containers", "initContainers"] {
        let pairs = old.list_at(&["spec", list]).iter().zip(new.list_at(&["spec", list]));
        for (at, (old, new)) in pairs.enumerate() {
            let path = Path::new("spec").child(list).index(at).child("resources");
            for key in ["limits", "requests"] {
                let [before, after] = [old, new].map(|c| c.at(&["resources", key]).and_then(Value::as_map));
                for (name, amount) in before.into_iter().flat_map(|m| m.iter()) {
                    let path = path.child(key);
                    match after.and_then(|m| m.get(name)) {
                        None => errors.push(path.forbidden(format!("resource {key} cannot be removed"))),
                        Some(now) if !matches!(&**name, "cpu" | "memory") && now != amount => {
                            errors.push(path.forbidden("only cpu and memory resources are mutable"));
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }
    errors
}
