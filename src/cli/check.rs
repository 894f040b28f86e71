//! `orchestrion check FILE…`: reads, defaults and validates; prints each problem as `file:line:col: severity: message`, and
//! what becomes of each field. Exit code 1 when there is an error.

use super::{Outcome, take_option};
use crate::kubernetes::objects::{Class, FieldClass, decode, prepare_for_create, validate_create, warnings};
use crate::map;
use crate::text::{Document, Node, Problem, Severity, Value, json, steps, yaml};
use std::fmt::Write;
use std::rc::Rc;

/// One document and what was found in it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The file it stands in.
    pub file: Rc<str>,
    /// Line at which it begins.
    pub line: u32,
    /// `Deployment/web`
    pub name: String,
    /// Every field, in the order of the document.
    pub fields: Vec<FieldClass>,
}

/// Everything found in some files.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The documents.
    pub documents: Vec<Checked>,
    /// The problems, in the order of the files.
    pub problems: Vec<Problem>,
}

/// The command.
pub fn run(args: &[String]) -> Outcome {
    let mut args = args.to_vec();
    let format = take_option(&mut args, "--format");
    if args.is_empty() || args.iter().any(|arg| arg.starts_with("--")) {
        return Outcome::usage("check FILE... [--format json]");
    }
    let mut files = Vec::new();
    for file in &args {
        match std::fs::read_to_string(file) {
            Ok(text) => files.push((file.clone(), text)),
            Err(error) => return Outcome::usage(format!("{file}: {error}")),
        }
    }
    let findings = check(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let out = match format.as_deref() {
        None | Some("text") => findings.as_text(),
        Some("json") => json::write(&findings.as_value(), json::Style { indent: 2, ..json::Style::IN_ORDER }) + "\n",
        Some(other) => return Outcome::usage(format!("no format {other}: text or json")),
    };
    Outcome { out, code: u8::from(findings.count(Severity::Error) > 0), ..Outcome::default() }
}

/// Checks files by name and text.
pub fn check<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Findings {
    let (documents, problems) = yaml::read_all(files);
    let (twice, problems): (Vec<_>, Vec<_>) = problems.into_iter().partition(|p| p.code == "duplicate_key");
    let mut findings = Findings { documents: Vec::new(), problems };
    for document in &documents {
        let here: Vec<Problem> = twice.iter().filter(|p| stands_in(p, document, &documents)).cloned().collect();
        findings.add(document, &here);
    }
    findings
}

/// Whether a problem's place lies within a document: behind its first line, before the next document's.
fn stands_in(problem: &Problem, document: &Document, all: &[Document]) -> bool {
    let next = all.iter().filter(|d| d.file == document.file && d.first_line > document.first_line);
    let end = next.map(|d| d.first_line).min().unwrap_or(u32::MAX);
    problem.file == document.file && (document.first_line..end).contains(&problem.at.line)
}

/// The items of a `List`; of anything else the document itself.
fn objects(node: &Node) -> Vec<&Node> {
    let is_list = node.get("kind").and_then(Node::as_str).is_some_and(|kind| kind.ends_with("List"));
    match node.get("items").map(|items| &items.kind) {
        Some(crate::text::NodeKind::List(items)) if is_list => items.iter().collect(),
        _ => vec![node],
    }
}

/// What kubectl and the server add before they validate: the namespace, and a name where one is generated.
fn complete_names(object: &mut Value, namespaced: bool) {
    if namespaced && object.str_at(&["metadata", "namespace"]).unwrap_or_default().is_empty() {
        object.set_at(&["metadata", "namespace"], "default");
    }
    let prefix = object.str_at(&["metadata", "generateName"]).unwrap_or_default().to_owned();
    if !prefix.is_empty() && object.str_at(&["metadata", "name"]).unwrap_or_default().is_empty() {
        object.set_at(&["metadata", "name"], format!("{prefix}xxxxx"));
    }
}

impl Findings {
    fn add(&mut self, document: &Document, twice: &[Problem]) {
        let mut found = Vec::new();
        for (i, node) in objects(&document.node).into_iter().enumerate() {
            // Keys that stand twice are told once, for the whole document.
            let decoded = decode(node, if i == 0 { twice } else { &[] });
            found.extend(decoded.problems);
            let name =
                decoded.object.str_at(&["metadata", "name"]).or(decoded.object.str_at(&["metadata", "generateName"]));
            let kind = decoded.object.str_at(&["kind"]).unwrap_or_default();
            self.documents.push(Checked {
                file: document.file.clone(),
                line: node.extent.start.line,
                name: format!("{kind}/{}", name.unwrap_or_default()),
                fields: decoded.classes,
            });
            if let (Some(kind), None) = (decoded.kind, &decoded.refusal) {
                let mut object = decoded.object;
                complete_names(&mut object, kind.namespaced());
                prepare_for_create(&mut object, kind);
                let errors = validate_create(&object, kind);
                found.extend(
                    errors.iter().map(|e| Problem::error("invalid", node.place(&steps(&e.path)), e.to_string())),
                );
                found.extend(warnings(&object, kind).into_iter().map(|words| {
                    let path = words.split_once(": ").map_or("", |(path, _)| path);
                    Problem::warning("warning", node.place(&steps(path)), words)
                }));
            }
        }
        found.sort_by_key(|p| p.at);
        self.problems.extend(found.into_iter().map(|p| Problem { file: document.file.clone(), ..p }));
    }

    /// How many problems are that bad.
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|p| p.severity == severity).count()
    }

    /// A line a problem, a line a field that does not act, and the counts.
    pub fn as_text(&self) -> String {
        let mut out = String::new();
        for problem in &self.problems {
            let _ = writeln!(out, "{problem}");
        }
        for document in &self.documents {
            let idle = document.fields.iter().filter(|f| f.class != Class::Simulated);
            for field in idle {
                let (at, class) = (field.at, class_name(field.class));
                let _ = writeln!(out, "{}:{}:{}: note: {class}: {}", document.file, at.line, at.col, field.path);
            }
            let count = |class| document.fields.iter().filter(|f| f.class == class).count();
            let (simulated, accepted, rejected) =
                (count(Class::Simulated), count(Class::Accepted), count(Class::Rejected));
            let (file, line, name) = (&document.file, document.line, &document.name);
            let _ =
                writeln!(out, "{file}:{line}: {name}: {simulated} simulated, {accepted} accepted, {rejected} rejected");
        }
        let (errors, warned) = (self.count(Severity::Error), self.count(Severity::Warning));
        let _ = writeln!(out, "{} documents, {errors} errors, {warned} warnings", self.documents.len());
        out
    }

    /// The same as data.
    pub fn as_value(&self) -> Value {
        let document = |d: &Checked| {
            let field = |f: &FieldClass| {
                Value::Map(map! {
                    "path" => f.path.as_str(), "line" => f.at.line, "col" => f.at.col, "class" => class_name(f.class)
                })
            };
            let fields: Vec<Value> = d.fields.iter().map(field).collect();
            Value::Map(
                map! { "file" => d.file.clone(), "line" => d.line, "object" => d.name.as_str(), "fields" => fields },
            )
        };
        let problem = |p: &Problem| {
            let severity = if p.severity == Severity::Error { "error" } else { "warning" };
            Value::Map(map! {
                "file" => p.file.clone(), "line" => p.at.line, "col" => p.at.col,
                "severity" => severity, "code" => p.code, "message" => p.message.as_str(),
            })
        };
        map! {
            "problems" => self.problems.iter().map(problem).collect::<Vec<_>>(),
            "documents" => self.documents.iter().map(document).collect::<Vec<_>>(),
        }
        .into()
    }
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Simulated => "simulated",
        Class::Accepted => "accepted",
        Class::Rejected => "rejected",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPLOYMENT: &str = "apiVersion: apps/v1\n\
        kind: Deployment\n\
        metadata: {name: Web}\n\
        spec:\n  replicas: 2\n  selector:\n    matchLabels: {app: web}\n  template:\n    \
        metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - {name: a, image: i}\n  nonsense: 1\n";

    #[test]
    fn problems_have_places() {
        let findings = check([("web.yaml", DEPLOYMENT)]);
        let said: Vec<String> = findings.problems.iter().map(Problem::to_string).collect();
        assert!(said.iter().any(|s| s.starts_with("web.yaml:13:3: error:") && s.contains("spec.nonsense")), "{said:?}");
        let without = DEPLOYMENT.replace("  nonsense: 1\n", "");
        let findings = check([("web.yaml", without.as_str())]);
        let errors = findings.problems.iter().filter(|p| p.severity == crate::text::Severity::Error);
        let said: Vec<String> = errors.map(Problem::to_string).collect();
        let want =
            "web.yaml:3:12: error: metadata.name: Invalid value: \"Web\": a lowercase RFC 1123 subdomain must consist";
        assert!(said.len() == 1 && said[0].starts_with(want), "{said:?}");
    }

    #[test]
    fn fields_have_classes() {
        let findings = check([("web.yaml", DEPLOYMENT.replace("Web", "web").replace("  nonsense: 1\n", "").as_str())]);
        assert_eq!(findings.problems, []);
        let replicas = findings.documents[0].fields.iter().find(|f| f.path == "spec.replicas").expect("spec.replicas");
        assert_eq!(replicas.class, Class::Simulated);
        assert!(findings.as_text().ends_with("1 documents, 0 errors, 0 warnings\n"));
    }

    #[test]
    fn broken_files_are_told_and_the_rest_is_checked() {
        let findings = check([("a.yaml", "a: b: c\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")]);
        assert_eq!((findings.count(Severity::Error), findings.documents.len()), (1, 1));
    }
}
