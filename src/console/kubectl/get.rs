//! `kubectl get`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/get/get.go.

use super::form::{Form, list_of};
use super::jsonpath;
use super::output::aggregate;
use super::resource::{Resource, Selection, together};
use super::table::{Options, Printer, align};
use super::{Args, Cx, Failure, Flow, Result, Verb, Waiting};
use crate::kubernetes::objects::{Id, Object};
use crate::sim::Time;
use crate::text::Value;
use crate::text::go::quoted;
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
    contradictions(args)?;
    let selection = Selection::with_files(cx, args, &args.words)?;
    warn(cx, &selection);
    let (mut found, missing) = selection.objects(cx.cluster, &cx.namespace);
    if args.on("watch") || args.on("watch-only") {
        return watch(cx, args, selection, found);
    }
    let alone = selection.names.len() == 1;
    let failure = together(missing).filter(|_| !args.on("ignore-not-found"));
    if alone && let Some(failure) = failure {
        return Err(failure);
    }
    let ignored = found.is_empty() && args.on("ignore-not-found");
    let sort = args.get("sort-by").filter(|path| !path.is_empty());
    match Form::read(cx, args, true)? {
        Form::Own => {
            if let Some(path) = sort {
                sort_tables(cx, &selection, &mut found, path)?;
            }
            tables(cx, args, &selection, &found);
            if found.is_empty() && failure.is_none() && !ignored {
                none_found(cx, args, &selection);
            }
        }
        _ if ignored => {}
        form => {
            let mut trees: Vec<Value> = found.iter().map(|(_, o)| cx.cluster.api.tree(o)).collect();
            if let Some(path) = sort.filter(|_| !alone && !trees.is_empty()) {
                let path = jsonpath::in_braces(path).map_err(Failure::error)?;
                let order = order(&path, &trees).map_err(Failure::error)?;
                trees = order.into_iter().map(|at| std::mem::take(&mut trees[at])).collect();
            }
            let whole = if alone { trees.swap_remove(0) } else { list_of(&trees) };
            if let Err(other) = form.print(cx, &whole, 0) {
                return aggregate(failure.into_iter().chain([other]).collect()).map(|()| Flow::Done(0));
            }
        }
    }
    failure.map_or(Ok(Flow::Done(0)), Err)
}

/// What the server says of kinds that should not be used any more.
pub(super) fn warn(cx: &mut Cx, selection: &Selection) {
    warn_of(cx, selection.resources.iter().map(|r| (r.api_version.as_str(), r.kind.as_str())));
}

/// The same, once for each kind. Source: kubernetes v1.37 client-go rest/warnings.go, Deduplicate.
pub(super) fn warn_of<'a>(cx: &mut Cx, kinds: impl Iterator<Item = (&'a str, &'a str)>) {
    let kinds: Vec<_> = kinds.collect();
    for (_, _, words) in DEPRECATED.iter().filter(|(version, kind, _)| kinds.contains(&(version, kind))) {
        cx.complain(&format!("Warning: {words}\n"));
    }
}

/// Flags that do not go together. Source: get.go, Validate.
fn contradictions(args: &Args) -> Result<()> {
    let output = args.get("output").unwrap_or_default();
    if args.on("show-labels") && !matches!(output, "" | "wide") {
        return Err(Failure::error(format!("--show-labels option cannot be used with {output} printer")));
    }
    if !args.list("label-columns").is_empty() && output.starts_with("custom-columns") {
        return Err(Failure::error(format!("--label-columns option cannot be used with {output} printer")));
    }
    let watching = args.on("watch") || args.on("watch-only");
    if args.on("output-watch-events") && !watching {
        let words = "--output-watch-events option can only be used with --watch or --watch-only";
        return Err(Failure::error(words));
    }
    Ok(())
}

fn none_found(cx: &mut Cx, args: &Args, selection: &Selection) {
    match args.on("all-namespaces") || selection.resources.iter().any(|r| !r.namespaced) {
        true => cx.complain("No resources found\n"),
        false => cx.complain(&format!("No resources found in {} namespace.\n", cx.namespace)),
    }
}

/// The order of trees by a path that leads somewhere in one of them at least.
/// Source: sorter.go, NewTableSorter, SortObjects.
fn order(path: &str, trees: &[Value]) -> std::result::Result<Vec<usize>, String> {
    let template = jsonpath::Template::parse(path)?;
    let values = trees.iter().map(|tree| template.first(tree)).collect::<std::result::Result<Vec<_>, _>>()?;
    match values.iter().all(Option::is_none) && !values.is_empty() {
        true => Err(nowhere(path)),
        false => Ok(jsonpath::order(&values)),
    }
}

fn nowhere(path: &str) -> String {
    format!("couldn't find any field with path {} in the list of objects", quoted(path))
}

/// One table is sorted by its rows; where that fails, nothing of it is printed. Of several tables only their own members
/// are looked at. Source: get.go, RuntimeSorter.Sort, Run; sorter.go, SortingPrinter.PrintObj.
fn sort_tables(cx: &Cx, selection: &Selection, found: &mut Vec<(Resource, Rc<Object>)>, path: &str) -> Result<()> {
    let path = jsonpath::in_braces(path).unwrap_or_else(|_| path.to_string());
    let named = !selection.names.is_empty();
    let tables = if named { found.len() } else { selection.resources.len() };
    if tables > 1 {
        let of_tables = ["{.kind}", "{.apiVersion}", "{.metadata.resourceVersion}"].contains(&path.as_str());
        return if of_tables { Ok(()) } else { Err(Failure::error(nowhere(&path))) };
    }
    if found.len() > 1 {
        let trees: Vec<Value> = found.iter().map(|(_, o)| cx.cluster.api.tree(o)).collect();
        let order = order(&path, &trees).unwrap_or_default();
        *found = order.into_iter().map(|at| found[at].clone()).collect();
    }
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
    // Source: get.go, multipleGVKsRequested.
    let differ = found.iter().any(|(resource, _)| *resource != found[0].0);
    let several = if selection.names.is_empty() { selection.resources.len() > 1 } else { differ };
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

fn watch(cx: &mut Cx, args: &Args, selection: Selection, found: Vec<(Resource, Rc<Object>)>) -> Result {
    if let Some(way) = ["watch", "watch-only"].into_iter().find(|way| args.on(way))
        && args.get("sort-by").is_some_and(|path| !path.is_empty())
    {
        let rest = if way == "watch" { " for watch events received" } else { "" };
        cx.complain(&format!("warning: --{way} requested, --sort-by will be ignored{rest}\n"));
    }
    if selection.resources.len() > 1 {
        return Err(Failure::error("you may only specify a single resource type"));
    }
    let namespaced = selection.resources.first().is_some_and(|r| r.namespaced);
    let mut watch = Watch {
        printer: printer(args, false, namespaced),
        form: Form::read(cx, args, true)?,
        told: 0,
        selection,
        widths: Vec::new(),
        seen: BTreeMap::new(),
        version: 0,
    };
    watch.version = cx.cluster.api.store.version();
    let fresh: Vec<Rc<Object>> = found.into_iter().map(|(_, o)| o).collect();
    if !args.on("watch-only") {
        watch.show(cx, &fresh)?;
    }
    watch.seen = fresh.into_iter().map(|o| (o.meta.id, o)).collect();
    Ok(Flow::Wait(Box::new(watch)))
}

/// Prints a line for every change, until it is stopped.
#[derive(Clone, Debug)]
struct Watch {
    selection: Selection,
    printer: Printer,
    form: Form,
    told: usize,
    widths: Vec<usize>,
    seen: BTreeMap<Id, Rc<Object>>,
    version: u64,
}

impl Watch {
    fn show(&mut self, cx: &mut Cx, objects: &[Rc<Object>]) -> Result<()> {
        let trees: Vec<Value> = objects.iter().map(|o| cx.cluster.api.tree(o)).collect();
        if !matches!(self.form, Form::Own) {
            for tree in &trees {
                self.form.print(cx, tree, self.told)?;
                self.told += 1;
            }
            return Ok(());
        }
        let lines = self.printer.lines(&trees, cx.now(), &cx.cluster.api.calendar);
        cx.print(&align(&lines, &mut self.widths));
        Ok(())
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
        if changed.is_empty() {
            return None;
        }
        let failure = self.show(cx, &changed).err()?;
        cx.complain(&(failure.words + "\n"));
        Some(failure.code)
    }
    fn due(&self) -> Option<Time> {
        None
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}
