//! `kubectl label` and `annotate`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/label/label.go, pkg/cmd/annotate/annotate.go.

use super::args::{self, DryRun};
use super::output::{self, Teller, aggregate};
use super::resource::Selection;
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::apiserver::WriteOptions;
use crate::kubernetes::objects::parts::validate_names::label_value;
use crate::kubernetes::objects::{Object, group_of};
use crate::text::go::quoted;
use crate::text::{Map, Value};
use std::collections::BTreeMap;

const OPTIONS: &str =
    "filename f kustomize k selector l field-selector output o dry-run resource-version field-manager";
const SWITCHES: &str = "all all-namespaces A overwrite local list recursive R record";

pub(super) const VERBS: &[Verb] = &[
    Verb { name: "label", switches: SWITCHES, options: OPTIONS, run: label },
    Verb { name: "annotate", switches: SWITCHES, options: OPTIONS, run: annotate },
];

/// What is asked for: keys to set, keys to take out. kubectl keeps the first in a map, whose order is nobody's; here it is
/// that of the keys.
struct Marks {
    labels: bool,
    set: BTreeMap<String, String>,
    gone: Vec<String>,
}

/// How many keys were really set and really taken out.
struct Changed {
    set: usize,
    gone: usize,
}

fn label(cx: &mut Cx, args: &Args) -> Result {
    let (words, pairs) = args::resources_and_pairs(&args.words, "label")?;
    let (set, gone) = labels(&pairs)?;
    mark(cx, args, &words, &Marks { labels: true, set, gone })
}

fn annotate(cx: &mut Cx, args: &Args) -> Result {
    let (words, pairs) = args::resources_and_pairs(&args.words, "annotation")?;
    let (set, gone) = args::parse_pairs(&pairs, "annotation", true)?;
    mark(cx, args, &words, &Marks { labels: false, set, gone })
}

/// Source: label.go, parseLabels.
fn labels(pairs: &[String]) -> Result<(BTreeMap<String, String>, Vec<String>)> {
    let (mut set, mut gone) = (BTreeMap::new(), Vec::new());
    for pair in pairs {
        match pair.split('=').collect::<Vec<_>>().as_slice() {
            [key, value] => {
                let problems = label_value(value);
                if !problems.is_empty() {
                    let words = problems.join(";");
                    return Err(Failure::error(format!("invalid label value: {}: {words}", quoted(pair))));
                }
                set.insert(key.to_string(), value.to_string());
            }
            [key] => match key.strip_suffix('-') {
                Some(key) => gone.push(key.to_string()),
                None => return Err(Failure::error(format!("unknown label spec: {pair}"))),
            },
            _ => return Err(Failure::error(format!("invalid label spec: {pair}"))),
        }
    }
    if gone.iter().any(|key| set.contains_key(key)) {
        return Err(Failure::error("can not both modify and remove a label in the same command"));
    }
    Ok((set, gone))
}

impl Marks {
    fn field(&self) -> &'static str {
        if self.labels { "labels" } else { "annotations" }
    }
    /// What kubectl checks before it looks for objects.
    fn check(&self, args: &Args, words: &[String]) -> Result<()> {
        let refuse = |words: String| Err(Failure::error(words));
        if args.on("list") && args.get("output").is_some_and(|o| !o.is_empty()) {
            return refuse("--list and --output may not be specified together".into());
        }
        for selector in ["selector", "field-selector"] {
            if args.on("all") && args.get(selector).is_some_and(|s| !s.is_empty()) {
                return refuse(format!("cannot set --all and --{selector} at the same time"));
            }
        }
        if words.is_empty() && args.get("filename").is_none() {
            return refuse("one or more resources must be specified as <resource> <name> or <resource>/<name>".into());
        }
        if self.set.is_empty() && self.gone.is_empty() && !args.on("list") {
            return refuse(format!("at least one {} update is required", self.field().trim_end_matches('s')));
        }
        let both: Vec<&str> = self.gone.iter().filter(|k| self.set.contains_key(*k)).map(String::as_str).collect();
        if !both.is_empty() {
            let both = both.join(", ");
            return refuse(format!(
                "can not both modify and remove the following annotation(s) in the same command: {both}"
            ));
        }
        Ok(())
    }
    /// Changes a tree; why not, when a key has another value that may not be overwritten.
    /// Source: label.go, labelFunc, validateNoOverwrites; annotate.go, updateAnnotations, validateNoAnnotationOverwrites.
    fn apply(&self, tree: &mut Value, overwrite: bool) -> std::result::Result<Changed, Vec<Failure>> {
        let path = ["metadata", self.field()];
        let mut members = tree.at(&path).and_then(Value::as_map).cloned().unwrap_or_else(Map::new);
        let old = |key: &str| members.get(key).and_then(Value::as_str);
        let taken: Vec<(&str, &str)> = self
            .set
            .iter()
            .filter(|(key, _)| self.labels || *key != args::CHANGE_CAUSE)
            .filter_map(|(key, value)| old(key).filter(|o| o != value).map(|o| (key.as_str(), o)))
            .collect();
        if !overwrite && !taken.is_empty() {
            let mut each = taken.iter().map(|(key, value)| format!("'{key}' already has a value ({value})"));
            return Err(match self.labels {
                true => each.map(|w| Failure::error(format!("{w}, and --overwrite is false"))).collect(),
                false => vec![Failure::error(format!(
                    "--overwrite is false but found the following declared annotation(s): {}",
                    each.by_ref().collect::<Vec<_>>().join("; ")
                ))],
            });
        }
        let set = self.set.iter().filter(|(key, value)| old(key) != Some(value)).count();
        for (key, value) in &self.set {
            members.set(key.as_str(), value.as_str());
        }
        let gone = self.gone.iter().filter(|key| members.remove(key).is_some()).count();
        tree.set_at(&path, members);
        Ok(Changed { set, gone })
    }
    /// Source: label.go, updateDataChangeMsg.
    fn word(&self, changed: &Changed) -> &'static str {
        match (self.labels, changed.set, changed.gone) {
            (false, ..) => "annotated",
            (_, 0, 0) => "not labeled",
            (_, _, 0) => "labeled",
            (_, 0, _) => "unlabeled",
            _ => "modified",
        }
    }
}

fn mark(cx: &mut Cx, args: &Args, words: &[String], marks: &Marks) -> Result {
    marks.check(args, words)?;
    // One printer for all annotations, one for each label: only the first is looked for before anything is changed.
    let mut teller = if marks.labels { None } else { Some(Teller::new(cx, args)?) };
    let selection = Selection::with_files(cx, args, words)?;
    let alone = selection.names.len() == 1;
    let (found, mut failures) = selection.objects(cx.cluster, &cx.namespace);
    for (_, object) in found {
        match mark_one(cx, args, &object, marks) {
            Err(mut refused) => failures.append(&mut refused),
            Ok((tree, _)) if args.on("list") => list(cx, &tree, marks, alone),
            Ok((tree, word)) => {
                let told = match &mut teller {
                    Some(teller) => teller.tell(cx, &tree, word),
                    None => output::tell(cx, args, &tree, word),
                };
                failures.extend(told.err());
            }
        }
    }
    aggregate(failures)?;
    Ok(Flow::Done(0))
}

/// Changes one object, in the store or on paper; what to show of it and the word for it.
fn mark_one(
    cx: &mut Cx,
    args: &Args,
    object: &Object,
    marks: &Marks,
) -> std::result::Result<(Value, &'static str), Vec<Failure>> {
    let dry_run = args.dry_run().map_err(|f| vec![f])?;
    let before = cx.cluster.api.tree(object);
    let mut tree = before.clone();
    let on_paper = dry_run == DryRun::Client || args.on("list");
    if marks.labels && !on_paper {
        let labels = before.at(&["metadata", "labels"]);
        for key in marks.gone.iter().filter(|key| labels.and_then(|l| l.get(key)).is_none()) {
            cx.print(&format!("label {} not found.\n", quoted(key)));
        }
    }
    if !marks.labels && !on_paper {
        args.record(&mut tree);
    }
    let changed = marks.apply(&mut tree, args.on("overwrite"))?;
    let word = marks.word(&changed);
    if on_paper {
        return Ok((tree, word));
    }
    if marks.labels {
        args.record(&mut tree);
        if changed.set + changed.gone == 0 {
            return Ok((tree, word));
        }
    }
    let options = WriteOptions { dry_run: dry_run.on(), source: None };
    let by = cx.by();
    let writer = args.writer(if marks.labels { "kubectl-label" } else { "kubectl-annotate" });
    let written = cx.cluster.api.update_by(object.meta.id, tree.clone(), writer, by, &options);
    cx.cluster.settle();
    match written {
        // `label` shows the object as it changed it, `annotate` as the server has it now.
        Ok(_) if marks.labels => Ok((tree, word)),
        Ok(written) => Ok((cx.cluster.api.tree(&written.object), word)),
        Err(error) => Err(vec![Failure::server(&error)]),
    }
}

/// `--list`: the pairs an object has.
fn list(cx: &mut Cx, tree: &Value, marks: &Marks, alone: bool) {
    let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
    if !alone {
        let group = group_of(text(&["apiVersion"]));
        let (kind, name) = (text(&["kind"]), text(&["metadata", "name"]));
        cx.print(&format!("Listing {} for {kind}.{group}/{name}:\n", marks.field()));
    }
    let members = tree.at(&["metadata", marks.field()]).and_then(Value::as_map).cloned().unwrap_or_default();
    for (key, value) in members.sorted() {
        let indent = if alone { "" } else { " " };
        cx.print(&format!("{indent}{key}={}\n", value.as_str().unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Desk, WEB};

    #[test]
    fn only_what_really_changes_counts() {
        let mut desk = Desk::new(&[("web.yaml", WEB)]);
        desk.say("kubectl apply -f web.yaml");
        assert_eq!(desk.say("kubectl label cm conf a=1 b=2"), "configmap/conf labeled\n");
        assert_eq!(desk.say("kubectl label cm conf a=1"), "configmap/conf not labeled\n");
        assert_eq!(desk.say("kubectl label cm conf a=1 b-"), "configmap/conf unlabeled\n");
        assert_eq!(desk.say("kubectl label cm conf c=3 a-"), "configmap/conf modified\n");
        assert_eq!(desk.say("kubectl label cm conf z-"), "label \"z\" not found.\nconfigmap/conf not labeled\n");
        assert_eq!(desk.say("kubectl label cm conf --list"), "c=3\n");
        assert_eq!(desk.say("kubectl label cm conf d=4 --dry-run=client -o jsonpath={.metadata.labels.d}"), "4");
        assert_eq!(
            desk.say("kubectl label cm --all --list"),
            "Listing labels for ConfigMap./conf:\n c=3\n".to_string()
        );
        assert_eq!(
            desk.say("kubectl label cm conf c=4 e=5 d=1"),
            "error: 'c' already has a value (3), and --overwrite is false\n"
        );
    }

    #[test]
    fn the_client_refuses_what_is_no_label() {
        let mut desk = Desk::new(&[]);
        let words = desk.say("kubectl label node node-a 'a=bad value'");
        assert!(
            words.starts_with("error: invalid label value: \"a=bad value\": a valid label must be an empty"),
            "{words}"
        );
        let says = [
            ("kubectl label node node-a a=b=c", "error: invalid label spec: a=b=c\n"),
            ("kubectl label node node-a a=b a-", "error: can not both modify and remove a label in the same command\n"),
            (
                "kubectl annotate node node-a a=b a-",
                "error: can not both modify and remove the following annotation(s) in the same command: a\n",
            ),
            ("kubectl label node a=b node-a", "error: all resources must be specified before label changes: node-a\n"),
            ("kubectl label node node-a --list -o yaml", "error: --list and --output may not be specified together\n"),
        ];
        for (line, words) in says {
            assert_eq!(desk.say(line), words);
        }
    }
}
