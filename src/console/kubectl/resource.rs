//! Which objects a command line means: `deploy,rs`, `pod/web-1`, `all`, names, selectors.
//! Source: kubernetes v1.37 cli-runtime pkg/resource/builder.go.

use super::{Args, Cx, Failure, Result, manifest};
use crate::kubernetes::Cluster;
use crate::kubernetes::objects::parts::selector::{FieldSelector, Selector};
use crate::kubernetes::objects::{Kind, Object, Schema, group_of, plural};
use crate::text::Value;
use crate::text::go::quoted;
use std::rc::Rc;

/// A resource type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// `deployments`
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// The kind in the books, once there is one.
    pub stored: Option<Kind>,
}

impl Resource {
    /// `deployments.apps`
    pub fn with_group(&self) -> String {
        dotted(&self.plural, group_of(&self.api_version))
    }
    /// `deployment.apps`, as kubectl names one object's kind.
    pub fn singular(&self) -> String {
        dotted(&self.kind.to_lowercase(), group_of(&self.api_version))
    }
    /// Objects of this type, in one namespace or all.
    pub fn list(&self, cluster: &Cluster, namespace: Option<&str>) -> Vec<Rc<Object>> {
        let Some(kind) = self.stored else { return Vec::new() };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => cluster.api.store.list_in(kind, namespace).cloned().collect(),
            None => cluster.api.store.list(kind).cloned().collect(),
        }
    }
    /// The object of this name.
    pub fn find(&self, cluster: &Cluster, namespace: &str, name: &str) -> Option<Rc<Object>> {
        let namespace = if self.namespaced { namespace } else { "" };
        cluster.api.store.by_name(self.stored?, namespace, name).cloned()
    }
    /// `Error from server (NotFound): pods "x" not found`
    pub fn not_found(&self, name: &str) -> Failure {
        Failure::plain(format!("Error from server (NotFound): {} \"{name}\" not found", self.with_group()))
    }
}

fn dotted(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_string() } else { format!("{name}.{group}") }
}

/// The resource type a person means.
pub fn resource(cluster: &Cluster, name: &str) -> Result<Resource> {
    let schema = Schema::get();
    if let Some(found) = schema.resource_by_name(name) {
        let api_version = dotted_version(found.group, found.version);
        let stored = cluster.api.kinds.find(&api_version, found.kind);
        return Ok(Resource {
            api_version,
            kind: found.kind.into(),
            plural: found.plural.into(),
            namespaced: found.namespaced,
            stored,
        });
    }
    custom(cluster, name).ok_or_else(|| Failure::error(format!("the server doesn't have a resource type \"{name}\"")))
}

fn dotted_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_string() } else { format!("{group}/{version}") }
}

/// A kind that is not built in, by the names its definition gives or by its own name.
fn custom(cluster: &Cluster, name: &str) -> Option<Resource> {
    let kinds = &cluster.api.kinds;
    let name = name.to_lowercase();
    let (head, group) = name.split_once('.').unwrap_or((&name, ""));
    let others = kinds.all().filter(|k| matches!(k, Kind::Other(_)));
    let definitions = definitions(cluster);
    let found = others.into_iter().find(|kind| {
        let (api_version, kind) = (kinds.api_version(*kind), kinds.name(*kind));
        if Schema::get().kind(api_version, kind).is_some() {
            return false;
        }
        let names = definitions.iter().find(|d| d.str_at(&["names", "kind"]) == Some(kind));
        let short = names.is_some_and(|d| d.list_at(&["names", "shortNames"]).iter().any(|s| s.as_str() == Some(head)));
        let own = names.and_then(|d| d.str_at(&["names", "plural"])) == Some(head);
        let fits = short || own || plural(kind) == head || kind.to_lowercase() == head;
        fits && (group.is_empty() || group_of(api_version) == group)
    })?;
    let kind = kinds.name(found).to_string();
    let definition = definitions.iter().find(|d| d.str_at(&["names", "kind"]) == Some(&kind));
    let own = definition.and_then(|d| d.str_at(&["names", "plural"])).map(String::from);
    Some(Resource {
        api_version: kinds.api_version(found).into(),
        plural: own.unwrap_or_else(|| plural(&kind)),
        kind,
        namespaced: kinds.namespaced(found),
        stored: Some(found),
    })
}

/// `spec` of every CustomResourceDefinition.
fn definitions(cluster: &Cluster) -> Vec<Value> {
    let kind = cluster.api.kinds.find("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    let all = kind.into_iter().flat_map(|k| cluster.api.store.list(k));
    all.filter_map(|o| o.plain()?.get("spec").cloned()).collect()
}

/// Whether a CustomResourceDefinition defines this kind.
pub fn is_defined(cluster: &Cluster, group: &str, kind: &str) -> bool {
    let named = |d: &Value| d.str_at(&["names", "kind"]) == Some(kind) && d.str_at(&["group"]) == Some(group);
    definitions(cluster).iter().any(named)
}

/// The resource type of an object in the books.
pub fn resource_of(cluster: &Cluster, object: &Object) -> Resource {
    let kinds = &cluster.api.kinds;
    let (api_version, kind) = (kinds.api_version(object.kind), kinds.name(object.kind));
    let known = Schema::get().kind(api_version, kind).and_then(|k| k.resource());
    Resource {
        api_version: api_version.into(),
        kind: kind.into(),
        plural: known.map_or_else(|| plural(kind), |r| r.plural.into()),
        namespaced: kinds.namespaced(object.kind),
        stored: Some(object.kind),
    }
}

/// The resource types of the category `all`, in the order of discovery.
fn category_all(cluster: &Cluster) -> Vec<Resource> {
    let all = Schema::get().resources().iter().filter(|r| r.categories.contains(&"all") && !r.plural.contains('/'));
    all.filter_map(|r| resource(cluster, &dotted(r.plural, r.group)).ok()).fold(Vec::new(), |mut list, r| {
        if !list.contains(&r) {
            list.push(r);
        }
        list
    })
}

/// The resource types of `deploy,rs,pods` or `all`.
pub fn resources(cluster: &Cluster, list: &str) -> Result<Vec<Resource>> {
    let mut found: Vec<Resource> = Vec::new();
    for name in list.split(',').filter(|n| !n.is_empty()) {
        let here = if name == "all" { category_all(cluster) } else { vec![resource(cluster, name)?] };
        for resource in here {
            if !found.contains(&resource) {
                found.push(resource);
            }
        }
    }
    Ok(found)
}

/// An object by its name.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its type.
    pub resource: Resource,
    /// Its name.
    pub name: String,
    /// The namespace that its manifest says.
    pub namespace: Option<String>,
}

/// What a command line selects.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The types, in order.
    pub resources: Vec<Resource>,
    /// The names; empty when lists are wanted.
    pub names: Vec<Named>,
    /// `-l`
    pub labels: Option<Selector>,
    /// `--field-selector`
    pub fields: Option<FieldSelector>,
    /// The namespace; `None` for all.
    pub namespace: Option<String>,
}

impl Selection {
    /// Reads `TYPE[,TYPE] [NAME…]` or `TYPE/NAME…` with `-l`, `--field-selector`, `-A`.
    pub fn read(cx: &Cx, args: &Args, words: &[String]) -> Result<Selection> {
        let mut selection = Self::empty(cx, args, words)?;
        let slashed = words.iter().filter(|w| w.contains('/')).count();
        if slashed > 0 {
            selection.add_slashed(cx, words, slashed)?;
            return Ok(selection);
        }
        let Some((types, names)) = words.split_first() else { return Ok(selection) };
        for resource in resources(cx.cluster, types)? {
            for name in names {
                selection.names.push(Named { resource: resource.clone(), name: name.clone(), namespace: None });
            }
            selection.resources.push(resource);
        }
        if !names.is_empty() && selection.labels.is_some() {
            return Err(Failure::error("name cannot be provided when a selector is specified"));
        }
        Ok(selection)
    }
    /// The same, or the objects of the manifests of `-f`.
    /// Source: kubernetes v1.37 cli-runtime pkg/resource/builder.go, visitByPaths.
    pub fn with_files(cx: &Cx, args: &Args, words: &[String]) -> Result<Selection> {
        if args.get("filename").is_none() {
            return Self::read(cx, args, words);
        }
        match words.first() {
            Some(word) if word.contains('/') => {
                return Err(Failure::error("resource/name arguments cannot be provided when a path is specified"));
            }
            Some(_) => {
                return Err(Failure::error(
                    "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
                ));
            }
            None => {}
        }
        let mut selection = Self::empty(cx, args, words)?;
        for manifest in manifest::read(cx, args)? {
            let tree = manifest::prepare(cx, args, &manifest)?;
            let resource = resource(cx.cluster, &manifest::resource_name(&tree))?;
            let namespace = tree.str_at(&["metadata", "namespace"]).map(String::from);
            let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
            selection.add(resource, name, namespace);
        }
        Ok(selection)
    }
    fn empty(cx: &Cx, args: &Args, words: &[String]) -> Result<Selection> {
        let labels = match args.get("selector").map(|text| (text.trim(), Selector::parse(text))) {
            Some((text, Err(why))) => return Err(refused_labels(cx, args, words, text, &why)),
            read => read.and_then(|(_, read)| read.ok()),
        };
        let fields = args.get("field-selector").map(FieldSelector::parse).transpose().map_err(Failure::error)?;
        let namespace = (!args.on("all-namespaces")).then(|| cx.namespace.clone());
        Ok(Selection { resources: Vec::new(), names: Vec::new(), labels, fields, namespace })
    }
    /// `TYPE/NAME…`
    fn add_slashed(&mut self, cx: &Cx, words: &[String], slashed: usize) -> Result<()> {
        if slashed < words.len() {
            return Err(Failure::error(
                "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
            ));
        }
        for word in words {
            let (types, name) = word.split_once('/').unwrap_or((word, ""));
            if types.is_empty() || name.is_empty() || name.contains('/') {
                return Err(Failure::error("arguments in resource/name form may not have more than one slash"));
            }
            for resource in resources(cx.cluster, types)? {
                self.add(resource, name, None);
            }
        }
        Ok(())
    }
    fn add(&mut self, resource: Resource, name: &str, namespace: Option<String>) {
        if !self.resources.contains(&resource) {
            self.resources.push(resource.clone());
        }
        self.names.push(Named { resource, name: name.to_string(), namespace });
    }
    /// The objects, and a failure for each name that is not there.
    pub fn objects(&self, cluster: &Cluster, default_namespace: &str) -> (Vec<(Resource, Rc<Object>)>, Vec<Failure>) {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        if self.names.is_empty() {
            for resource in &self.resources {
                if let Some(refused) = self.unsupported_field(resource) {
                    missing.push(refused);
                    continue;
                }
                let list = resource.list(cluster, self.namespace.as_deref());
                found.extend(list.into_iter().filter(|o| self.fits(cluster, o)).map(|o| (resource.clone(), o)));
            }
            return (found, missing);
        }
        for Named { resource, name, namespace } in &self.names {
            let namespace = namespace.as_deref().or(self.namespace.as_deref()).unwrap_or(default_namespace);
            match resource.find(cluster, namespace, name) {
                // Only objects of manifests can have a selector beside them.
                Some(object) if self.fits(cluster, &object) => found.push((resource.clone(), object)),
                Some(_) => {}
                None => missing.push(resource.not_found(name)),
            }
        }
        (found, missing)
    }
    /// What the server answers when it cannot select by a field.
    /// Source: kubernetes v1.37 cli-runtime pkg/resource/selector.go, EnhanceListError.
    fn unsupported_field(&self, resource: &Resource) -> Option<Failure> {
        let fields = self.fields.as_ref()?;
        let words = fields.names().find_map(|field| unknown_field(&resource.kind, field))?;
        let group = group_of(&resource.api_version);
        let version = resource.api_version.rsplit('/').next().unwrap_or_default();
        let labels = self.labels.as_ref().map(|l| l.to_string()).unwrap_or_default();
        let subject = quoted(&format!("{group}/{version}, Resource={}", resource.plural));
        let (labels, fields) = (quoted(&labels), quoted(&fields.to_string()));
        Some(Failure::plain(format!(
            "Error from server (BadRequest): Unable to find {subject} that match label selector {labels}, field selector {fields}: {words}"
        )))
    }
    /// Whether the selectors let an object through.
    pub fn fits(&self, cluster: &Cluster, object: &Object) -> bool {
        let labels = &object.meta.labels;
        if self.labels.as_ref().is_some_and(|l| !l.matches(|key| labels.get(key).map(|v| &**v))) {
            return false;
        }
        self.fields.as_ref().is_none_or(|fields| fields.matches(|field| field_of(cluster, object, field)))
    }
}

/// What the server answers to labels that it cannot read.
/// Source: kubernetes v1.37 cli-runtime pkg/resource/selector.go, EnhanceListError.
fn refused_labels(cx: &Cx, args: &Args, words: &[String], labels: &str, why: &str) -> Failure {
    let types = words.first().map(String::as_str).unwrap_or_default();
    let first = match resources(cx.cluster, types.split(',').next().unwrap_or_default()) {
        Ok(found) => found.into_iter().next(),
        Err(failure) => return failure,
    };
    let Some(first) = first else { return Failure::error(why) };
    let version = first.api_version.rsplit('/').next().unwrap_or_default();
    let group = group_of(&first.api_version);
    let subject = quoted(&format!("{group}/{version}, Resource={}", first.plural));
    let (labels, fields) = (quoted(labels), quoted(args.get("field-selector").unwrap_or_default()));
    Failure::plain(format!(
        "Error from server (BadRequest): Unable to find {subject} that match label selector {labels}, field selector {fields}: {why}"
    ))
}

/// Fields by which the server selects objects of a kind, besides their name and namespace.
/// Source: kubernetes v1.37 pkg/apis/{core,apps,batch,certificates}/v1/conversion.go, AddFieldLabelConversions….
const FIELDS: &[(&str, &[&str])] = &[
    (
        "Pod",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    ),
    ("Node", &["spec.unschedulable"]),
    ("ReplicationController", &["status.replicas"]),
    (
        "Event",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("Namespace", &["status.phase"]),
    ("Secret", &["type"]),
    ("Service", &["spec.clusterIP", "spec.type"]),
    ("StatefulSet", &["status.successful"]),
    ("Job", &["status.successful"]),
    ("CertificateSigningRequest", &["spec.signerName"]),
];

/// Why the server cannot select objects of a kind by a field. Source: the same files; for all other kinds
/// apimachinery/pkg/runtime/conversion.go, DefaultMetaV1FieldSelectorConversion.
fn unknown_field(kind: &str, field: &str) -> Option<String> {
    if matches!(field, "metadata.name" | "metadata.namespace") {
        return None;
    }
    match FIELDS.iter().find(|(k, _)| *k == kind) {
        Some((_, fields)) if fields.contains(&field) => None,
        Some(_) => Some(format!("field label not supported: {field}")),
        None => Some(format!(
            "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
            quoted(field)
        )),
    }
}

/// The text of a field that field selectors may name.
fn field_of(cluster: &Cluster, object: &Object, field: &str) -> String {
    match field {
        "metadata.name" => return object.meta.name.to_string(),
        "metadata.namespace" => return object.meta.namespace.to_string(),
        "spec.nodeName" if object.pod().is_some() => {
            return object.pod().and_then(|p| p.node.as_ref()).map(|n| n.to_string()).unwrap_or_default();
        }
        _ => {}
    }
    let tree = cluster.api.tree(object);
    let path: Vec<&str> = field.split('.').collect();
    match tree.at(&path) {
        Some(Value::Str(text)) => text.to_string(),
        Some(Value::Int(i)) => i.to_string(),
        Some(Value::Bool(b)) => b.to_string(),
        _ => String::new(),
    }
}

/// Several failures as one: their words one a line, those of the client then without their `error: `.
pub fn together(failures: Vec<Failure>) -> Option<Failure> {
    let code = failures.first()?.code;
    let head = if failures.len() > 1 { "error: " } else { "" };
    let line = |f: &Failure| f.words.trim_end_matches('\n').trim_start_matches(head).to_string();
    Some(Failure { words: failures.iter().map(line).collect::<Vec<_>>().join("\n"), code })
}

/// Completions of a resource type, or of a name behind a type.
pub fn complete(cluster: &Cluster, namespace: &str, before: &str, last: &str) -> Vec<String> {
    let types = Schema::get().resources().iter().filter(|r| !r.plural.contains('/'));
    if let Some((kind, _)) = last.split_once('/') {
        let Ok(resource) = resource(cluster, kind) else { return Vec::new() };
        return resource.list(cluster, Some(namespace)).iter().map(|o| format!("{kind}/{}", o.meta.name)).collect();
    }
    match resource(cluster, before) {
        Ok(resource) => resource.list(cluster, Some(namespace)).iter().map(|o| o.meta.name.to_string()).collect(),
        Err(_) => types.flat_map(|r| [Some(r.plural), r.short.first().copied()]).flatten().map(String::from).collect(),
    }
}
