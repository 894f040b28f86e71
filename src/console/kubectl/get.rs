//! `kubectl get`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/get/get.go.

use super::jsonpath;
use super::resource::{Resource, Selection, together};
use super::table::{Options, Printer, align, kind_prefix};
use super::{Args, Cx, Failure, Flow, Result, Verb, Waiting, manifest};
use crate::kubernetes::objects::{Id, Object};
use crate::map;
use crate::sim::Time;
use crate::text::go::quoted;
use crate::text::{Value, json, yaml};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "get",
    switches: "all-namespaces A watch w watch-only show-labels no-headers ignore-not-found show-kind show-managed-fields \
               server-print recursive R output-watch-events allow-missing-template-keys",
    options: "output o selector l field-selector label-columns L sort-by filename f kustomize k chunk-size template raw subresource",
    run: get,
}];

/// Kinds whose use the server warns of. Source: kubernetes v1.37 pkg/apis/core/v1, prerelease lifecycle.
const DEPRECATED: &[(&str, &str, &str)] = &[
    ("v1", "Endpoints", "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"),
    ("v1", "ComponentStatus", "v1 ComponentStatus is deprecated in v1.19+"),
];

fn get(cx: &mut Cx, args: &Args) -> Result {
    if let Some(path) = args.get("raw") {
        return super::raw::get(cx, args, path);
    }
    if args.words.is_empty() && args.get("filename").is_none() {
        return Err(Failure::plain(
            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples",
        ));
    }
    let selection = Selection::with_files(cx, args, &args.words)?;
    for resource in &selection.resources {
        let old = DEPRECATED.iter().find(|(v, k, _)| *v == resource.api_version && *k == resource.kind);
        if let Some((_, _, words)) = old {
            cx.complain(&format!("Warning: {words}\n"));
        }
    }
    let (mut found, missing) = selection.objects(cx.cluster, &cx.namespace);
    if let Some(path) = args.get("sort-by") {
        sort(cx, &mut found, path)?;
    }
    let watching = args.on("watch") || args.on("watch-only");
    let output = args.get("output").unwrap_or_default();
    if watching {
        return watch(cx, args, selection, found);
    }
    match output {
        "" | "wide" => tables(cx, args, &selection, &found),
        _ => {
            let trees: Vec<Value> = found.iter().map(|(_, o)| cx.cluster.api.tree(o)).collect();
            let alone = selection.names.len() == 1 && missing.is_empty();
            if !trees.is_empty() || missing.is_empty() {
                print_as(cx, output, &trees, alone, args)?;
            }
        }
    }
    if found.is_empty() && missing.is_empty() && !args.on("ignore-not-found") && matches!(output, "" | "wide") {
        let everywhere = args.on("all-namespaces") || selection.resources.iter().all(|r| !r.namespaced);
        match everywhere {
            true => cx.complain("No resources found\n"),
            false => cx.complain(&format!("No resources found in {} namespace.\n", cx.namespace)),
        }
    }
    match together(missing).filter(|_| !args.on("ignore-not-found")) {
        Some(failure) => Err(failure),
        None => Ok(Flow::Done(0)),
    }
}

fn sort(cx: &Cx, found: &mut [(Resource, Rc<Object>)], path: &str) -> Result<()> {
    let path = jsonpath::relaxed(path).map_err(Failure::error)?;
    let mut keyed: Vec<(Value, usize)> = Vec::with_capacity(found.len());
    for (i, (_, object)) in found.iter().enumerate() {
        let tree = cx.cluster.api.tree(object);
        keyed.push((path.find(&tree).first().map(|v| (*v).clone()).unwrap_or_default(), i));
    }
    keyed.sort_by(|(a, _), (b, _)| jsonpath::compare(a, b));
    let sorted: Vec<_> = keyed.into_iter().map(|(_, i)| found[i].clone()).collect();
    found.clone_from_slice(&sorted);
    Ok(())
}

fn printer(args: &Args, several: bool, namespaced: bool) -> Printer {
    Printer::new(Options {
        wide: args.get("output") == Some("wide"),
        no_headers: args.on("no-headers"),
        show_labels: args.on("show-labels"),
        label_columns: args.list("label-columns"),
        with_namespace: args.on("all-namespaces") && namespaced,
        with_kind: several || args.on("show-kind"),
    })
}

/// One table for each type, with an empty line between them.
fn tables(cx: &mut Cx, args: &Args, selection: &Selection, found: &[(Resource, Rc<Object>)]) {
    let several = selection.resources.len() > 1;
    let (now, calendar) = (cx.now(), cx.cluster.api.calendar);
    let mut written = false;
    let mut at = 0;
    while let Some((resource, _)) = found.get(at) {
        let group: Vec<_> = found[at..].iter().take_while(|(r, _)| r == resource).collect();
        at += group.len();
        let mut printer = printer(args, several, resource.namespaced);
        let trees: Vec<Value> = group.iter().map(|(_, o)| cx.cluster.api.tree(o)).collect();
        let text = align(&printer.lines(&trees, now, &calendar), &mut Vec::new());
        if written && !args.on("no-headers") {
            cx.print("\n");
        }
        written = true;
        cx.print(&text);
    }
}

/// Prints trees in the form of `-o`, as `apply` and `create` do.
pub(super) fn print_trees(cx: &mut Cx, args: &Args, trees: &[Value]) -> Result<()> {
    let output = args.get("output").unwrap_or_default();
    if matches!(output, "" | "wide") {
        let mut printer = printer(args, false, true);
        let text = align(&printer.lines(trees, cx.now(), &cx.cluster.api.calendar), &mut Vec::new());
        cx.print(&text);
        return Ok(());
    }
    print_as(cx, output, trees, trees.len() == 1, args)
}

fn print_as(cx: &mut Cx, output: &str, trees: &[Value], alone: bool, args: &Args) -> Result<()> {
    let whole = || match trees {
        [one] if alone => one.clone(),
        _ => list_of(trees),
    };
    let (form, template) = output.split_once('=').map_or((output, None), |(f, t)| (f, Some(t)));
    let template = template.or(args.get("template"));
    let text = match (form, template) {
        ("yaml", _) => yaml::write(&whole()),
        ("json", _) => json::write(&whole(), json::Style::KUBECTL) + "\n",
        ("name", _) => trees.iter().map(|t| manifest::label(t) + "\n").collect(),
        ("jsonpath", Some(template)) => by_template(cx, template, &whole())?,
        ("custom-columns", Some(spec)) => custom_columns(spec, trees, args.on("no-headers"))?,
        ("custom-columns", None) => {
            return Err(Failure::error("custom-columns format specified but no custom columns given"));
        }
        ("jsonpath", None) => return Err(Failure::error("template format specified but no template given")),
        (other, _) => {
            return Err(Failure::error(format!(
                "unable to match a printer suitable for the output format \"{other}\", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml"
            )));
        }
    };
    cx.print(&text);
    Ok(())
}

/// What a JSONPath template prints. Source: kubernetes v1.37 cli-runtime pkg/printers/jsonpath.go, PrintObj.
fn by_template(cx: &mut Cx, template: &str, tree: &Value) -> Result<String> {
    let (text, why) = jsonpath::Template::parse(template).map_err(Failure::error)?.print(tree);
    let Some(why) = why else { return Ok(text) };
    cx.print(&text);
    let given = jsonpath::go_syntax(tree);
    Err(Failure::error(format!(
        "error executing jsonpath {}: Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{given}\n\n",
        quoted(template)
    )))
}

/// Several objects as one. Source: get.go, printGeneric.
fn list_of(trees: &[Value]) -> Value {
    Value::Map(map! {
        "apiVersion" => "v1",
        "items" => trees.to_vec(),
        "kind" => "List",
        "metadata" => map! { "resourceVersion" => "" },
    })
}

/// `NAME:.metadata.name,NODE:.spec.nodeName`. Source: kubectl pkg/cmd/get/customcolumn.go.
fn custom_columns(spec: &str, trees: &[Value], no_headers: bool) -> Result<String> {
    let mut columns = Vec::new();
    for part in spec.split(',') {
        let Some((header, path)) = part.split_once(':') else {
            return Err(Failure::error(format!(
                "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            )));
        };
        columns.push((header.to_string(), jsonpath::relaxed(path).map_err(Failure::error)?));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !no_headers {
        rows.push(columns.iter().map(|(header, _)| header.clone()).collect());
    }
    for tree in trees {
        let cell = |path: &jsonpath::Path| {
            let found = path.try_find(tree).map_err(Failure::error)?;
            Ok(match found.is_empty() {
                true => "<none>".to_string(),
                false => found.iter().map(|v| jsonpath::text(v)).collect::<Vec<_>>().join(","),
            })
        };
        rows.push(columns.iter().map(|(_, path)| cell(path)).collect::<Result<_>>()?);
    }
    Ok(align(&rows, &mut Vec::new()))
}

fn watch(cx: &mut Cx, args: &Args, selection: Selection, found: Vec<(Resource, Rc<Object>)>) -> Result {
    if selection.resources.len() > 1 {
        return Err(Failure::error("you may only specify a single resource type"));
    }
    let namespaced = selection.resources.first().is_some_and(|r| r.namespaced);
    let mut watch = Watch {
        printer: printer(args, false, namespaced),
        names_only: args.get("output") == Some("name"),
        selection,
        widths: Vec::new(),
        seen: BTreeMap::new(),
        version: 0,
    };
    watch.version = cx.cluster.api.store.version();
    let fresh: Vec<Rc<Object>> = found.into_iter().map(|(_, o)| o).collect();
    if !args.on("watch-only") {
        watch.show(cx, &fresh);
    }
    watch.seen = fresh.into_iter().map(|o| (o.meta.id, o)).collect();
    Ok(Flow::Wait(Box::new(watch)))
}

/// Prints a line for every change, until it is stopped.
#[derive(Clone, Debug)]
struct Watch {
    selection: Selection,
    printer: Printer,
    names_only: bool,
    widths: Vec<usize>,
    seen: BTreeMap<Id, Rc<Object>>,
    version: u64,
}

impl Watch {
    fn show(&mut self, cx: &mut Cx, objects: &[Rc<Object>]) {
        let trees: Vec<Value> = objects.iter().map(|o| cx.cluster.api.tree(o)).collect();
        if self.names_only {
            trees.iter().for_each(|t| {
                cx.print(&format!("{}/{}\n", kind_prefix(t), t.str_at(&["metadata", "name"]).unwrap_or_default()))
            });
            return;
        }
        let lines = self.printer.lines(&trees, cx.now(), &cx.cluster.api.calendar);
        cx.print(&align(&lines, &mut self.widths));
    }
}

impl Waiting for Watch {
    fn poll(&mut self, cx: &mut Cx) -> Option<i32> {
        let version = cx.cluster.api.store.version();
        if version == self.version {
            return None;
        }
        self.version = version;
        // A type that had no objects before may have come into the books since.
        for resource in &mut self.selection.resources {
            resource.stored =
                resource.stored.or_else(|| cx.cluster.api.kinds.find(&resource.api_version, &resource.kind));
        }
        let namespace = cx.namespace.clone();
        let (found, _) = self.selection.objects(cx.cluster, &namespace);
        let mut changed: Vec<Rc<Object>> = Vec::new();
        let mut now: BTreeMap<Id, Rc<Object>> = BTreeMap::new();
        for (_, object) in found {
            let old = self.seen.remove(&object.meta.id);
            if old.is_none_or(|o| o.meta.version != object.meta.version) {
                changed.push(object.clone());
            }
            now.insert(object.meta.id, object);
        }
        let gone = std::mem::replace(&mut self.seen, now);
        changed.extend(gone.into_values());
        changed.sort_by_key(|o| o.meta.version);
        if !changed.is_empty() {
            self.show(cx, &changed);
        }
        None
    }
    fn due(&self) -> Option<Time> {
        None
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}
