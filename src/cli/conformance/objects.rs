//! What the API server makes of a document: defaults, refusals, the stored object.

use super::{Report, Request};
use crate::cli::Outcome;
use crate::kubernetes::objects::{KindInfo, Surroundings, decode, rules};
use crate::map;
use crate::text::go::quoted;
use crate::text::{Node, Problem, Value, json, yaml};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The namespace in which our own documents were recorded.
const OWN_NAMESPACE: &str = "val";

/// What the server answered.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    /// The object it would store, and its warnings.
    Accepted(Box<Value>, Vec<String>),
    /// Its words.
    Rejected(String),
    /// It knows no such kind.
    NoSuchKind,
    /// Not a document with a kind.
    NotAnObject,
}

/// The recorded control plane: service accounts `default`, no classes, nothing else.
pub(super) struct Recorded;

impl Surroundings for Recorded {
    fn service_account(&self, _: &str, name: &str) -> Option<Value> {
        (name == "default").then(|| Value::Map(map! { "metadata" => map! { "name" => name } }))
    }
    fn priority_class(&self, _: &str) -> Option<Value> {
        None
    }
    fn default_priority_class(&self) -> Option<Value> {
        None
    }
    fn runtime_class(&self, _: &str) -> Option<Value> {
        None
    }
    fn default_storage_class(&self) -> Option<Value> {
        None
    }
    fn default_ingress_class(&self) -> Option<Value> {
        None
    }
    fn limit_ranges(&self, _: &str) -> Vec<Value> {
        Vec::new()
    }
    fn suffix(&mut self) -> String {
        SUFFIX.into()
    }
    fn cluster_ip(&mut self) -> Option<Value> {
        Some(Value::str(CLUSTER_IP))
    }
    fn node_port(&mut self, _: &[i64]) -> Option<Value> {
        Some(Value::Int(NODE_PORT))
    }
    fn uid(&self) -> Value {
        Value::str(UID)
    }
}

/// Stands for the identity that recordings call `<uid>`.
const UID: &str = "00000000-0000-0000-0000-000000000000";

/// Stands for the address that recordings call `<allocated>`.
const CLUSTER_IP: &str = "10.96.255.254";

/// Stands for the ports that recordings call `<allocated>`. Ours: the last of the range, which no document asks for.
const NODE_PORT: i64 = 32_767;

/// Stands for the letters that are drawn.
const SUFFIX: &str = "zzzzz";

/// Writes what differs each time as recordings write it.
fn hide(value: &mut Value) {
    match value {
        Value::Str(text) if &**text == UID => *value = Value::str("<uid>"),
        Value::Str(text) if &**text == "kube-api-access-zzzzz" => *value = Value::str("kube-api-access-*****"),
        Value::Str(text) if &**text == CLUSTER_IP => *value = Value::str("<allocated>"),
        Value::Int(NODE_PORT) => *value = Value::str("<allocated>"),
        Value::Str(text) if text.ends_with("-zzzzz") => *value = Value::str("<generated>"),
        Value::List(items) => items.iter_mut().for_each(hide),
        Value::Map(map) => map.iter_mut().for_each(|(_, v)| hide(v)),
        _ => {}
    }
}

/// `conformance defaults defaults.json`.
pub fn defaults(request: &Request) -> Outcome {
    let mut report = Report::default();
    for file in &request.files {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return Outcome::usage(format!("{file}: {error}")),
        };
        add(&mut report, check_defaults(&text, request.only.as_deref()));
    }
    report.print(request.why)
}

/// Every case of a `defaults.json`.
pub fn check_defaults(text: &str, only: Option<&str>) -> Report {
    let mut report = Report::default();
    let cases = json::parse(text).unwrap_or_default();
    for (name, case) in cases.as_map().into_iter().flat_map(|m| m.iter()) {
        if only.is_some_and(|prefix| !name.starts_with(prefix)) {
            continue;
        }
        let given = case.get("given").cloned().unwrap_or_default();
        let warned = case.list_at(&["warnings"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let want = Answer::Accepted(Box::new(case.get("stored").cloned().unwrap_or_default()), warned);
        let node = json::read(&json::write(&given, json::Style::IN_ORDER)).map(|(node, _)| node);
        let got = node.map_or(Answer::NotAnObject, |node| answer(&node, &[], OWN_NAMESPACE, &Value::Null));
        judge(&mut report, name, &got, &want);
    }
    report
}

/// `conformance validation FILE…`: handwritten cases or the results of public files with their manifests beside them.
pub fn validation(request: &Request) -> Outcome {
    let mut report = Report::default();
    let mut figures = Figures::default();
    for file in &request.files {
        let read = |path: &str| std::fs::read_to_string(path).map_err(|e| Outcome::usage(format!("{path}: {e}")));
        let text = match read(file) {
            Ok(text) => text,
            Err(outcome) => return outcome,
        };
        let found = if file.ends_with("results.jsonl") {
            match read(&format!("{}manifests.jsonl", file.trim_end_matches("results.jsonl"))) {
                Ok(manifests) => check_public(&text, &manifests, request.only.as_deref(), &mut figures),
                Err(outcome) => return outcome,
            }
        } else {
            check_handwritten(&text, request.only.as_deref(), &mut figures)
        };
        add(&mut report, found);
    }
    let mut outcome = report.print(request.why);
    let mut out = figures.to_string();
    out.push_str(&outcome.out);
    outcome.out = out;
    outcome
}

/// Agreement in two figures: verdicts, and messages of refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Documents with the recorded verdict.
    pub verdicts: usize,
    /// All documents.
    pub documents: usize,
    /// Refusals with the recorded message.
    pub messages: usize,
    /// All recorded refusals.
    pub refusals: usize,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "verdicts {}/{}, messages {}/{}", self.verdicts, self.documents, self.messages, self.refusals)
    }
}

impl Figures {
    fn count(&mut self, got: &Answer, want: &Answer) {
        self.documents += 1;
        self.verdicts += usize::from(std::mem::discriminant(got) == std::mem::discriminant(want));
        if let Answer::Rejected(_) = want {
            self.refusals += 1;
            self.messages += usize::from(got == want);
        }
    }
}

/// Every handwritten case; the raw answers of the server are compared, and for updates what kubectl says.
pub fn check_handwritten(text: &str, only: Option<&str>, figures: &mut Figures) -> Report {
    let mut report = Report::default();
    for line in text.lines().filter(|l| !l.is_empty()) {
        let case = json::parse(line).unwrap_or_default();
        let name = case.str_at(&["name"]).unwrap_or_default();
        if only.is_some_and(|prefix| !name.starts_with(prefix)) {
            continue;
        }
        let input = case.str_at(&["input"]).unwrap_or_default();
        let Some(raw) = case.get("raw").and_then(Value::as_list) else {
            super::updates::check(&case, name, figures, &mut report);
            continue;
        };
        let pieces = pieces(input);
        let mut differs = None;
        for doc in raw {
            let index = doc.int_at(&["doc"]).and_then(|i| usize::try_from(i).ok()).unwrap_or(0);
            let piece = pieces.get(index).copied().unwrap_or_default();
            let (got, want) = (answer_text(piece, OWN_NAMESPACE, doc), recorded(doc));
            figures.count(&got, &want);
            differs = differs.or_else(|| difference(&got, &want));
        }
        match differs {
            None => report.passed += 1,
            Some(why) => report.failed.push((name.to_owned(), why)),
        }
    }
    report
}

/// Every document of the public files.
pub fn check_public(results: &str, manifests: &str, only: Option<&str>, figures: &mut Figures) -> Report {
    let key = |v: &Value| ["repo", "path"].map(|k| v.str_at(&[k]).unwrap_or_default().to_owned());
    let texts: BTreeMap<[String; 2], Value> =
        manifests.lines().filter_map(|l| json::parse(l).ok()).map(|m| (key(&m), m)).collect();
    let mut report = Report::default();
    for line in results.lines().filter(|l| !l.is_empty()) {
        let result = json::parse(line).unwrap_or_default();
        let [repo, path] = key(&result);
        let name = format!("{repo}/{path}");
        if only.is_some_and(|prefix| !name.starts_with(prefix)) {
            continue;
        }
        let text = texts.get(&[repo, path]).and_then(|m| m.str_at(&["text"])).unwrap_or_default();
        let pieces = pieces(text);
        for doc in result.list_at(&["docs"]) {
            // The recorder's own reader could not take the text, but kubectl could: the server was never asked.
            let unread = doc.str_at(&["verdict"]) == Some("not-an-object");
            if unread && result.int_at(&["kubectl", "rc"]) == Some(0) {
                continue;
            }
            let index = doc.int_at(&["doc"]).and_then(|i| usize::try_from(i).ok()).unwrap_or(0);
            let piece = pieces.get(index).copied().unwrap_or_default();
            let (got, want) = (answer_text(piece, "default", doc), recorded(doc));
            figures.count(&got, &want);
            judge(&mut report, &format!("{name}#{index}"), &got, &want);
        }
    }
    report
}

/// A recording cuts files at lines that begin with `---`, one piece before the first of them included.
fn pieces(text: &str) -> Vec<&str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut out, mut start, mut at) = (Vec::new(), 0, 0);
    for row in text.split_inclusive('\n') {
        if is_separator(row) {
            let piece = &text[start..at];
            out.push(piece.strip_suffix('\n').unwrap_or(piece));
            start = at + row.len();
        }
        at += row.len();
    }
    out.push(&text[start..]);
    out
}

fn is_separator(row: &str) -> bool {
    row.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
}

fn recorded(doc: &Value) -> Answer {
    match doc.str_at(&["verdict"]) {
        Some("accepted") => {
            let warned = doc.list_at(&["warnings"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
            Answer::Accepted(Box::new(doc.get("object").cloned().unwrap_or_default()), warned)
        }
        Some("rejected") => Answer::Rejected(doc.str_at(&["message"]).unwrap_or_default().to_owned()),
        Some("no-such-kind") => Answer::NoSuchKind,
        _ => Answer::NotAnObject,
    }
}

/// Whether a namespace or an object existed when a document was recorded shows in the recorded status alone; the words
/// are ours.
fn world_refusal(doc: &Value, kind: &KindInfo, object: &Value, namespace: &str) -> Option<String> {
    let meta = |key: &str| object.str_at(&["metadata", key]).unwrap_or_default();
    match doc.int_at(&["code"])? {
        409 => Some(format!("{} {} already exists", kind.group_resource(), quoted(meta("name")))),
        404 => {
            let wanted = if meta("namespace").is_empty() { namespace } else { meta("namespace") };
            Some(format!("namespaces {} not found", quoted(wanted)))
        }
        _ => None,
    }
}

fn answer_text(text: &str, namespace: &str, doc: &Value) -> Answer {
    let (documents, problems) = yaml::read("", text);
    let Some(document) = documents.into_iter().next() else {
        let Some(problem) = problems.first() else { return Answer::NotAnObject };
        let Some(words) = problem.message.strip_prefix("error converting YAML to JSON: ") else {
            return Answer::NotAnObject;
        };
        if namespace != OWN_NAMESPACE {
            return Answer::NotAnObject;
        }
        let Some(kind) = text.lines().find_map(|l| l.strip_prefix("kind: ")) else { return Answer::NoSuchKind };
        let head: String = text.bytes().take(30).map(|b| format!("{b:02x}")).collect();
        return Answer::Rejected(format!(
            "the object provided is unrecognized (must be of type {kind}): {words} ({head} ...)"
        ));
    };
    let duplicates: Vec<Problem> = problems.into_iter().filter(|p| p.code == "duplicate_key").collect();
    answer(&document.node, &duplicates, namespace, doc)
}

/// The object and kind of a text without faults.
pub(super) fn decoded(text: &str) -> Option<(Value, &'static KindInfo)> {
    let (documents, _) = yaml::read("", text);
    let decoded = decode(&documents.first()?.node, &[]);
    let (kind, mut object) = (decoded.kind?, decoded.object);
    if kind.namespaced() && object.at(&["metadata", "namespace"]).is_none() {
        object.set_at(&["metadata", "namespace"], OWN_NAMESPACE);
    }
    Some((object, kind))
}

/// What the server answers to one document.
fn answer(node: &Node, duplicates: &[Problem], namespace: &str, doc: &Value) -> Answer {
    let decoded = decode(node, duplicates);
    let Some(kind) = decoded.kind.filter(|k| k.resource.is_some()) else {
        let map = matches!(node.kind, crate::text::NodeKind::Map(_) | crate::text::NodeKind::List(_));
        return if map { Answer::NoSuchKind } else { Answer::NotAnObject };
    };
    if let Some(words) = decoded.refusal {
        return Answer::Rejected(words);
    }
    if let Some(words) = world_refusal(doc, kind, &decoded.object, namespace) {
        return Answer::Rejected(words);
    }
    create(decoded.object, kind, namespace)
}

fn create(mut object: Value, kind: &KindInfo, namespace: &str) -> Answer {
    if kind.namespaced() && object.str_at(&["metadata", "namespace"]).unwrap_or_default().is_empty() {
        object.set_at(&["metadata", "namespace"], namespace);
    }
    if !kind.namespaced() {
        object.remove_at(&["metadata", "namespace"]);
    }
    let mut world = Recorded;
    match rules::create(&mut object, kind, &mut world) {
        Err(refusal) => Answer::Rejected(refusal.message),
        Ok(warned) => {
            hide(&mut object);
            Answer::Accepted(Box::new(object), warned)
        }
    }
}

fn judge(report: &mut Report, name: &str, got: &Answer, want: &Answer) {
    match difference(got, want) {
        None => report.passed += 1,
        Some(why) => report.failed.push((name.to_owned(), why)),
    }
}

/// How two answers differ.
fn difference(got: &Answer, want: &Answer) -> Option<String> {
    if let (Answer::Accepted(got, got_warned), Answer::Accepted(want, want_warned)) = (got, want) {
        let mut out = String::new();
        differ(got, want, "", &mut out);
        if got_warned != want_warned {
            let _ = writeln!(out, "got  warnings {got_warned:?}\nwant warnings {want_warned:?}");
        }
        return (!out.is_empty()).then_some(out);
    }
    (got != want).then(|| format!("got  {}\nwant {}", show(got), show(want)))
}

fn show(answer: &Answer) -> String {
    match answer {
        Answer::Accepted(..) => "accepted".into(),
        Answer::Rejected(words) => format!("rejected: {words}"),
        Answer::NoSuchKind => "no such kind".into(),
        Answer::NotAnObject => "not an object".into(),
    }
}

/// Moments and drawn letters are not compared.
fn is_chance(path: &str) -> bool {
    path == ".status.lastPhaseTransitionTime"
        || path.starts_with(".status.conditions[") && path.ends_with("].lastTransitionTime")
}

fn differ(got: &Value, want: &Value, path: &str, out: &mut String) {
    if is_chance(path) {
        return;
    }
    match (got, want) {
        (Value::Map(a), Value::Map(b)) => {
            for (key, value) in a.sorted() {
                differ(value, b.get(key).unwrap_or(&Value::Bool(false)), &format!("{path}.{key}"), out);
            }
            for (key, value) in b.sorted().into_iter().filter(|(k, _)| !a.has(k)) {
                if !is_chance(&format!("{path}.{key}")) {
                    let _ = writeln!(out, "missing {path}.{key} = {}", json::write(value, json::Style::COMPACT));
                }
            }
        }
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            for (i, (x, y)) in a.iter().zip(b).enumerate() {
                differ(x, y, &format!("{path}[{i}]"), out);
            }
        }
        _ if got == want || got.as_str() == Some("<generated>") => {}
        _ => {
            let text = |v: &Value| json::write(v, json::Style::COMPACT);
            let _ = writeln!(out, "{path}: got {} want {}", text(got), text(want));
        }
    }
}

fn add(all: &mut Report, more: Report) {
    all.passed += more.passed;
    all.failed.extend(more.failed);
}
