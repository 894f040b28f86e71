//! What the store knows that a new object's rules ask for, and the admission of pods made from templates.

use super::{Api, ApiError};
use crate::kubernetes::objects::field_error::invalid_message;
use crate::kubernetes::objects::parts::Quantity;
use crate::kubernetes::objects::pod::{Pod, PodSpec};
use crate::kubernetes::objects::rules::{self, Surroundings, limits};
use crate::kubernetes::objects::schema::Schema;
use crate::kubernetes::objects::service::Service;
use crate::kubernetes::objects::template::Template;
use crate::kubernetes::objects::{Id, Kind, Labels, Object, to_value};
use crate::map;
use crate::text::{Map, Value, Word};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Admitted specs by namespace, template and labels, so that a thousand pods of one template are admitted once.
#[derive(Clone, Debug, Default)]
pub(super) struct Admitted(BTreeMap<(Rc<str>, u64), Vec<ByLabels>>);

/// What one template becomes under these labels.
type ByLabels = (Labels, AdmittedPod);

/// What admission makes of a pod.
#[derive(Clone, Debug)]
pub struct AdmittedPod {
    /// Its wish.
    pub spec: Rc<PodSpec>,
    /// What the limit ranges filled in, as its annotation says it.
    pub limited: Option<Rc<str>>,
}

/// Addresses that Services without a fixed one get. Ours: 10.96.0.0/16 without its first and last 256.
const CLUSTER_IPS: u64 = 65_536 - 512;

/// Source: kubernetes v1.37 plugin/pkg/admission/storage/persistentvolume/resize/admission.go, Validate.
const FIXED: &str =
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";

/// Namespaces that stay. Source: kubernetes v1.37 apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go, Register.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// How many templates are remembered. Ours: bounds memory; older ones are admitted again.
const ADMITTED_MAX: usize = 4096;

impl Admitted {
    /// Whether a write of this kind can change what admission says.
    pub(super) fn depends_on(kind: Kind, name: &str) -> bool {
        matches!(kind, Kind::PriorityClass | Kind::ServiceAccount)
            || matches!(kind, Kind::Other(_)) && matches!(name, "RuntimeClass" | "LimitRange")
    }
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

impl Api {
    /// The wish of a pod made from a template in a namespace: what admission and the create strategy make of it. Refused with
    /// the server's words.
    pub fn admit_pod(&mut self, namespace: &str, name: &str, template: &Template) -> Result<AdmittedPod, ApiError> {
        let key = (Rc::from(namespace), template.spec.hash);
        let known = self.admitted.0.get(&key).and_then(|list| list.iter().find(|(l, _)| *l == template.labels));
        if let Some((_, admitted)) = known {
            return Ok(admitted.clone());
        }
        let labels = template.labels.iter().map(|(k, v)| (k.clone(), Value::Str(v.clone()))).collect::<Map>();
        let meta = map! { "name" => name, "namespace" => namespace, "labels" => labels };
        let mut tree = Value::Map(map! {
            "apiVersion" => "v1", "kind" => "Pod", "metadata" => meta, "spec" => template.spec.tree.clone(),
        });
        self.admit_tree(&mut tree)?;
        if let Some(info) = Schema::get().kind("v1", "Pod") {
            rules::judge(&tree, info, &Around(self)).map_err(|message| ApiError { reason: "Forbidden", message })?;
        }
        let ranges = Around(self).limit_ranges(namespace);
        if !ranges.is_empty() {
            self.validate_limited(&tree, name)?;
        }
        let limited = tree.str_at(&["metadata", "annotations", limits::ANNOTATION]).map(Rc::from);
        let admitted = AdmittedPod { spec: Pod::read(&tree, &self.calendar).spec, limited };
        if self.admitted.0.len() >= ADMITTED_MAX {
            self.admitted.forget();
        }
        self.admitted.0.entry(key).or_default().push((template.labels.clone(), admitted.clone()));
        Ok(admitted)
    }
    /// The template was valid; what limit ranges made of it may not be.
    fn validate_limited(&mut self, tree: &Value, name: &str) -> Result<(), ApiError> {
        let Some(info) = Schema::get().kind("v1", "Pod") else { return Ok(()) };
        let errors = rules::validate_create(tree, info);
        if !errors.is_empty() {
            return Err(ApiError { reason: "Invalid", message: invalid_message(info, name, &errors) });
        }
        self.refuse_beyond_limits(tree)
    }
    /// Whether the limit ranges of its namespace let a valid object in.
    pub(super) fn refuse_beyond_limits(&mut self, tree: &Value) -> Result<(), ApiError> {
        let kind = tree.str_at(&["kind"]).unwrap_or_default();
        let plural = match kind {
            "Pod" => "pods",
            "PersistentVolumeClaim" => "persistentvolumeclaims",
            _ => return Ok(()),
        };
        let text = |key: &str| tree.str_at(&["metadata", key]).unwrap_or_default();
        let ranges = Around(self).limit_ranges(text("namespace"));
        match limits::refusal(tree, kind, &ranges) {
            None => Ok(()),
            Some(words) => {
                let message = format!("{plural} \"{}\" is forbidden: {words}", text("name"));
                Err(ApiError { reason: "Forbidden", message })
            }
        }
    }
    /// A claim grows only where its class allows that.
    /// Source: kubernetes v1.37 plugin/pkg/admission/storage/persistentvolume/resize/admission.go, Validate.
    pub(super) fn refuse_growth(&mut self, new: &Value, old: &Value) -> Result<(), ApiError> {
        if new.str_at(&["kind"]) != Some("PersistentVolumeClaim") {
            return Ok(());
        }
        let size = |claim: &Value| {
            claim.at(&["spec", "resources", "requests", "storage"]).and_then(|q| Quantity::read(q).ok())
        };
        let grows = size(new).is_some_and(|n| size(old).is_none_or(|o| n.compare(&o) == Ordering::Greater));
        let class = |claim: &Value| -> String {
            let elder = claim.str_at(&["metadata", "annotations", "volume.beta.kubernetes.io/storage-class"]);
            elder.or(claim.str_at(&["spec", "storageClassName"])).unwrap_or_default().into()
        };
        let name = class(new);
        let allows = |class: Value| class.bool_at(&["allowVolumeExpansion"]) == Some(true);
        let words = if !grows {
            return Ok(());
        } else if old.str_at(&["status", "phase"]) != Some("Bound") {
            "Only bound persistent volume claims can be expanded"
        } else if !name.is_empty() && name == class(old) && Around(self).storage_class(&name).is_some_and(allows) {
            return Ok(());
        } else {
            FIXED
        };
        let claim = new.str_at(&["metadata", "name"]).unwrap_or_default();
        let message = format!("persistentvolumeclaims \"{claim}\" is forbidden: {words}");
        Err(ApiError { reason: "Forbidden", message })
    }
    /// Whether an object may be deleted: three namespaces may not.
    /// Source: kubernetes v1.37 apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go, Admit.
    pub fn may_delete(&self, object: &Object) -> Result<(), ApiError> {
        if object.kind == Kind::Namespace && IMMORTAL.contains(&&*object.meta.name) {
            let message =
                format!("namespaces \"{}\" is forbidden: this namespace may not be deleted", object.meta.name);
            return Err(ApiError { reason: "Forbidden", message });
        }
        Ok(())
    }
    /// Admission and create strategy of a new object of a built-in kind.
    pub(super) fn admit_tree(&mut self, tree: &mut Value) -> Result<(), ApiError> {
        let (version, kind) =
            (tree.str_at(&["apiVersion"]).unwrap_or_default(), tree.str_at(&["kind"]).unwrap_or_default());
        let Some(info) = Schema::get().kind(version, kind) else { return Ok(()) };
        rules::default_object(tree, info);
        rules::admit(tree, info, &mut Around(self)).map_err(|message| ApiError { reason: "Forbidden", message })?;
        rules::prepare_for_create(tree, info);
        Ok(())
    }
}

/// The store as rules see it.
pub(super) struct Around<'a>(pub &'a mut Api);

impl Around<'_> {
    fn tree(&self, object: &Object) -> Value {
        to_value(object, &self.0.kinds, &self.0.calendar)
    }
    fn named(&self, kind: Kind, namespace: &str, name: &str) -> Option<Value> {
        self.0.store.by_name(kind, namespace, name).map(|o| self.tree(o))
    }
    fn storage_class(&self, name: &str) -> Option<Value> {
        self.other("storage.k8s.io/v1", "StorageClass", |v| v.str_at(&["metadata", "name"]) == Some(name))
    }
    fn other(&self, api_version: &str, kind: &str, test: impl Fn(&Value) -> bool) -> Option<Value> {
        let kind = self.0.kinds.find(api_version, kind)?;
        self.0.store.list(kind).map(|o| self.tree(o)).find(|v| test(v))
    }
}

/// Whether an annotation of a tree says `true`.
fn annotated(tree: &Value, key: &str) -> bool {
    tree.str_at(&["metadata", "annotations", key]) == Some("true")
}

impl Surroundings for Around<'_> {
    fn service_account(&self, namespace: &str, name: &str) -> Option<Value> {
        self.named(Kind::ServiceAccount, namespace, name)
    }
    fn priority_class(&self, name: &str) -> Option<Value> {
        self.named(Kind::PriorityClass, "", name)
    }
    fn default_priority_class(&self) -> Option<Value> {
        let mut classes = self.0.store.list(Kind::PriorityClass);
        classes.find(|o| o.priority_class().is_some_and(|c| c.global_default)).map(|o| self.tree(o))
    }
    fn runtime_class(&self, name: &str) -> Option<Value> {
        self.other("node.k8s.io/v1", "RuntimeClass", |v| v.str_at(&["metadata", "name"]) == Some(name))
    }
    fn default_storage_class(&self) -> Option<Value> {
        self.other("storage.k8s.io/v1", "StorageClass", |v| annotated(v, "storageclass.kubernetes.io/is-default-class"))
    }
    fn default_ingress_class(&self) -> Option<Value> {
        self.other("networking.k8s.io/v1", "IngressClass", |v| {
            annotated(v, "ingressclass.kubernetes.io/is-default-class")
        })
    }
    fn limit_ranges(&self, namespace: &str) -> Vec<Value> {
        let Some(kind) = self.0.kinds.find("v1", "LimitRange") else { return Vec::new() };
        let mut all: Vec<Value> = self.0.store.list_in(kind, namespace).map(|o| self.tree(o)).collect();
        all.sort_by(|a, b| a.str_at(&["metadata", "name"]).cmp(&b.str_at(&["metadata", "name"])));
        all
    }
    fn suffix(&mut self) -> String {
        self.0.chance("names").suffix(5)
    }
    /// Drawn from 10.96.0.0/16 without the first 256, which the server keeps for fixed addresses.
    /// Source: kubernetes v1.37 pkg/registry/core/service/ipallocator, "ServiceIPStaticSubrange".
    fn cluster_ip(&mut self) -> Option<Value> {
        let start = self.0.chance("service-ips").below(CLUSTER_IPS);
        let mut services = self.0.store.list(Kind::Service).filter_map(|o| o.service());
        let address = |n: u64| format!("10.96.{}.{}", n / 256, n % 256);
        let first = address(256 + start);
        if !services.any(|s| s.cluster_ip == *first) {
            return Some(Value::from(first));
        }
        let taken: BTreeSet<Word> =
            self.0.store.list(Kind::Service).filter_map(|o| Some(o.service()?.cluster_ip.clone())).collect();
        let all = (1..CLUSTER_IPS).map(|n| address(256 + (start + n) % CLUSTER_IPS));
        all.into_iter().find(|ip| !taken.contains(ip.as_str())).map(Value::from)
    }
    /// Drawn from 30000-32767: behind the first 86 while one is free there, the next free one from a random place on.
    /// Source: kubernetes v1.37 pkg/registry/core/service/portallocator; service/allocator/bitmap.go,
    /// randomScanStrategyWithOffset.AllocateBit.
    fn node_port(&mut self, mine: &[i64]) -> Option<Value> {
        let services = self.0.store.list(Kind::Service).filter_map(|o| o.service());
        let others: Vec<i64> = services.flat_map(Service::node_ports).collect();
        let mut free = |first: i64, count: i64| {
            let start = self.0.chance("node-ports").below(count as u64) as i64;
            let drawn = first + start;
            if !mine.contains(&drawn) && !others.contains(&drawn) {
                return Some(drawn);
            }
            let taken: BTreeSet<&i64> = others.iter().chain(mine).collect();
            (1..count).map(|n| first + (start + n) % count).find(|port| !taken.contains(port))
        };
        let port = free(30_086, 2_682).or_else(|| free(30_000, 86));
        port.map(Value::from)
    }
    fn uid(&self) -> Value {
        Value::from(self.0.calendar.uid(Id(self.0.store.numbers())))
    }
}
