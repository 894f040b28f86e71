//! Writes that come as trees: what a person applies, and every patch. Decoding has happened; here an object is admitted,
//! validated and entered.

use super::admission::Around;
use super::{Api, ApiError, By};
use crate::kubernetes::objects::field_error::invalid_message;
use crate::kubernetes::objects::rules::{self, service::Held};
use crate::kubernetes::objects::schema::{KindInfo, Schema};
use crate::kubernetes::objects::{Body, Id, Kind, Object, Source, complete, read_body, read_meta, to_value};
use crate::text::Value;
use std::rc::Rc;

/// What a write did.
#[derive(Clone, Debug)]
pub struct Written {
    /// The object as it is now.
    pub object: Rc<Object>,
    /// Whether anything changed.
    pub changed: bool,
    /// What the server warns of.
    pub warnings: Vec<String>,
}

/// How to write a tree.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// Only say what would happen.
    pub dry_run: bool,
    /// The file it came from.
    pub source: Option<Rc<Source>>,
}

impl Api {
    /// The tree of an object as the API shows it.
    pub fn tree(&self, object: &Object) -> Value {
        to_value(object, &self.kinds, &self.calendar)
    }
    /// The kind of a decoded tree, entered into the books when it is new there.
    pub fn kind_of(&mut self, tree: &Value) -> Kind {
        let (version, name) =
            (tree.str_at(&["apiVersion"]).unwrap_or_default(), tree.str_at(&["kind"]).unwrap_or_default());
        let namespaced = match Schema::get().kind(version, name) {
            Some(info) => info.namespaced(),
            None => !self.custom_kind_is_cluster_wide(version, name),
        };
        self.kinds.enter(version, name, namespaced)
    }
    /// Whether an applied CustomResourceDefinition says that its objects have no namespace.
    fn custom_kind_is_cluster_wide(&self, api_version: &str, kind: &str) -> bool {
        let Some(crd) = self.kinds.find("apiextensions.k8s.io/v1", "CustomResourceDefinition") else { return false };
        let group = crate::kubernetes::objects::group_of(api_version);
        let mut definitions = self.store.list(crd).filter_map(|o| o.plain());
        definitions.any(|d| {
            d.str_at(&["spec", "names", "kind"]) == Some(kind)
                && d.str_at(&["spec", "group"]) == Some(group)
                && d.str_at(&["spec", "scope"]) == Some("Cluster")
        })
    }
    /// Creates an object from a decoded tree.
    pub fn create_tree(&mut self, mut tree: Value, by: By, options: &WriteOptions) -> Result<Written, ApiError> {
        let kind = self.kind_of(&tree);
        self.enter_namespace(kind, &mut tree)?;
        let name = self.name_of_new(&mut tree);
        let info = info_of(&tree);
        if self.store.find(kind, tree.str_at(&["metadata", "namespace"]).unwrap_or_default(), &name).is_some() {
            return Err(self.already_exists(kind, &name));
        }
        self.admit_tree(&mut tree)?;
        let mut warnings = Vec::new();
        if let Some(info) = info {
            warnings = rules::warnings(&tree, info);
            let errors = rules::validate_create(&tree, info);
            if !errors.is_empty() {
                return Err(ApiError { reason: "Invalid", message: invalid_message(info, &name, &errors) });
            }
            let forbidden = |message| ApiError { reason: "Forbidden", message };
            rules::judge(&tree, info, &Around(self)).map_err(forbidden)?;
            self.refuse_beyond_limits(&tree)?;
            self.hand_out(&mut tree, info, None, options.dry_run)?;
            tree = complete(&tree, info);
        }
        let mut object = self.read_row(kind, &tree);
        object.meta.source = options.source.clone();
        // Source: kubernetes v1.37 pkg/registry/core/namespace/strategy.go, PrepareForCreate.
        if let Body::Namespace(ns) = &mut object.body {
            ns.finalizers = vec!["kubernetes".into()];
            object.meta.labels.set("kubernetes.io/metadata.name", object.meta.name.clone());
        }
        if options.dry_run {
            self.charges(&object, None)?;
            return Ok(Written { object: Rc::new(object), changed: true, warnings });
        }
        Ok(Written { object: self.create(object, by)?, changed: true, warnings })
    }
    /// What the registry adds to an object: addresses and ports of a Service that is new or is another type now.
    fn hand_out(
        &mut self,
        tree: &mut Value,
        info: &KindInfo,
        old: Option<(Id, &Value)>,
        dry_run: bool,
    ) -> Result<(), ApiError> {
        let own = old.map(|(id, _)| id);
        let others = || self.store.list(Kind::Service).filter(|o| Some(o.meta.id) != own).filter_map(|o| o.service());
        let port = |port: i64| others().any(|s| s.node_ports().contains(&port));
        let address = |ip: &str| others().any(|s| *s.cluster_ip == *ip);
        let held = Held { port: &port, address: &address, dry_run, before: old.map(|(_, tree)| tree) };
        let internal = |message| ApiError { reason: "InternalError", message };
        let errors = rules::taken(tree, info, &held).map_err(internal)?;
        if !errors.is_empty() {
            let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
            return Err(ApiError { reason: "Invalid", message: invalid_message(info, name, &errors) });
        }
        rules::allocate(tree, info, &mut Around(self)).map_err(internal)
    }
    /// Replaces an object's wish by a decoded tree: the end of every update and patch.
    pub fn update_tree(
        &mut self,
        id: Id,
        mut tree: Value,
        by: By,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let Some(old) = self.store.get(id).cloned() else { return Err(ApiError::gone()) };
        let old_tree = self.tree(&old);
        for key in [
            "namespace",
            "creationTimestamp",
            "uid",
            "resourceVersion",
            "generation",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ] {
            match old_tree.at(&["metadata", key]) {
                Some(value) => tree.set_at(&["metadata", key], value.clone()),
                None => drop(tree.remove_at(&["metadata", key])),
            }
        }
        let info = info_of(&tree);
        let mut warnings = Vec::new();
        if let Some(info) = info {
            rules::prepare_for_update(&mut tree, info);
            keep_status(&mut tree, &old_tree);
            rules::carry(&mut tree, &old_tree, info);
            warnings = rules::warnings(&tree, info);
            let errors = rules::validate_update(&tree, &old_tree, info);
            if !errors.is_empty() {
                return Err(ApiError { reason: "Invalid", message: invalid_message(info, &old.meta.name, &errors) });
            }
            self.refuse_growth(&tree, &old_tree)?;
            if old.kind == Kind::Service {
                self.hand_out(&mut tree, info, Some((id, &old_tree)), options.dry_run)?;
            }
            tree = complete(&tree, info);
        }
        let mut new = self.read_row(old.kind, &tree);
        new.meta.namespace = old.meta.namespace.clone();
        let charges = match self.is_charged_again(old.kind) {
            true => self.charges(&new, Some(&old))?,
            false => Vec::new(),
        };
        let source = options.source.clone().or_else(|| old.meta.source.clone());
        if options.dry_run {
            new.meta.source = source;
            let changed = self.tree(&new) != old_tree;
            return Ok(Written { object: Rc::new(new), changed, warnings });
        }
        self.charge(charges, &old.meta.name, &by);
        // The write that takes the last finalizer away removes the object; it is told as it last was.
        let last = old.meta.deleting().then(|| {
            let mut last = (*old).clone();
            take_wish(&mut last, new.clone());
            Rc::new(last)
        });
        let changed = self.update(id, by, |object| take_wish(object, new)).is_some();
        if let Some(source) = source {
            self.set_source(id, source);
        }
        let object = self.store.get(id).cloned().or(last).unwrap_or(old);
        Ok(Written { object, changed, warnings })
    }
    /// Takes over the report of a tree: a write of the `status` subresource.
    pub fn update_status_tree(&mut self, id: Id, tree: &Value, by: By) -> bool {
        let Some(old) = self.store.get(id) else { return false };
        let new = self.read_row(old.kind, tree);
        self.update_status(id, by, |object| match (&mut object.body, new.body) {
            (Body::Node(node), Body::Node(read)) => {
                *node = crate::kubernetes::objects::node::Node {
                    unschedulable: node.unschedulable,
                    taints: node.taints.clone(),
                    spec_rest: node.spec_rest.clone(),
                    ..read
                }
            }
            (Body::Plain(tree), Body::Plain(read)) => {
                if let Some(status) = read.get("status") {
                    Rc::make_mut(tree).set_at(&["status"], status.clone());
                }
            }
            _ => {}
        })
        .is_some()
    }
    /// Reads a defaulted tree into a row.
    pub(super) fn read_row(&self, kind: Kind, tree: &Value) -> Object {
        let owner = |uid: &str| self.calendar.id_of(uid, self.store.numbers());
        Object { kind, meta: read_meta(tree, &self.calendar, owner), body: read_body(kind, tree, &self.calendar) }
    }
    /// Fills in the namespace and refuses one that is missing or going.
    /// Source: kubernetes v1.37 plugin/pkg/admission/namespace/lifecycle.
    fn enter_namespace(&mut self, kind: Kind, tree: &mut Value) -> Result<(), ApiError> {
        if !self.kinds.namespaced(kind) {
            tree.remove_at(&["metadata", "namespace"]);
            return Ok(());
        }
        let namespace =
            tree.str_at(&["metadata", "namespace"]).filter(|n| !n.is_empty()).unwrap_or("default").to_string();
        tree.set_at(&["metadata", "namespace"], namespace.as_str());
        let Some(there) = self.store.by_name(Kind::Namespace, "", &namespace) else {
            return Err(self.not_found(Kind::Namespace, &namespace));
        };
        if !there.meta.deleting() {
            return Ok(());
        }
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
        Err(self.terminating(kind, name, &namespace))
    }
    /// The name of a new object, made from `generateName` when it has none.
    fn name_of_new(&mut self, tree: &mut Value) -> String {
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default().to_string();
        let prefix = tree.str_at(&["metadata", "generateName"]).unwrap_or_default().to_string();
        if !name.is_empty() || prefix.is_empty() {
            return name;
        }
        let name = self.generate_name("generate-name", &prefix);
        tree.set_at(&["metadata", "name"], name.as_str());
        name
    }
    /// A name from a prefix and five random letters, drawn from an actor's stream.
    /// Source: kubernetes v1.37 apiserver/pkg/storage/names/generate.go, simpleNameGenerator.
    pub fn generate_name(&mut self, actor: &'static str, prefix: &str) -> String {
        const MAX: usize = 63 - 5;
        let cut = prefix.char_indices().nth(MAX).map_or(prefix.len(), |(at, _)| at);
        format!("{}{}", &prefix[..cut], self.chance(actor).suffix(5))
    }
}

impl ApiError {
    /// The object was there a moment ago.
    pub fn gone() -> Self {
        ApiError { reason: "NotFound", message: "the object is gone".into() }
    }
}

/// The schema's entry of a tree's kind, when it is a built-in one.
pub fn info_of(tree: &Value) -> Option<&'static KindInfo> {
    Schema::get().kind(tree.str_at(&["apiVersion"]).unwrap_or_default(), tree.str_at(&["kind"]).unwrap_or_default())
}

/// The report is not changed through the main resource.
fn keep_status(tree: &mut Value, old: &Value) {
    match old.get("status") {
        Some(status) => tree.set_at(&["status"], status.clone()),
        None => drop(tree.remove_at(&["status"])),
    }
}

/// Takes over what a person may change; numbers, versions, dates and places stay. A wish that reads the same keeps its shared row.
fn take_wish(object: &mut Object, new: Object) {
    let meta = &mut object.meta;
    meta.labels = new.meta.labels;
    meta.annotations = new.meta.annotations;
    meta.owners = new.meta.owners;
    meta.finalizers = new.meta.finalizers;
    object.body = match (&object.body, new.body) {
        (Body::Pod(old), Body::Pod(mut pod)) => {
            if old.spec == pod.spec {
                pod.spec = old.spec.clone();
            }
            pod.status = old.status.clone();
            Body::Pod(pod)
        }
        (Body::Deployment(old), Body::Deployment(mut row)) => {
            if old.template == row.template {
                row.template = old.template.clone();
            }
            row.status = old.status.clone();
            Body::Deployment(row)
        }
        (Body::ReplicaSet(old), Body::ReplicaSet(mut row)) => {
            if old.template == row.template {
                row.template = old.template.clone();
            }
            row.status = old.status.clone();
            Body::ReplicaSet(row)
        }
        (_, body) => body,
    };
}
