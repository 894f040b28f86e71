//! `orchestrion check FILE…`: reads, defaults and validates; prints each problem as `file:line:col: severity: message`, and
//! what becomes of each field. Exit code 1 when there is an error.

use super::{Outcome, take_option};
use crate::compose::files::{self, Env, Folder};
use crate::kubernetes::objects::{Class, decode, prepare_for_create, validate_create, warnings};
use crate::map;
use crate::text::{Document, Node, Pos, Problem, Severity, Value, json, steps, yaml};
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
    pub fields: Vec<Field>,
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its path.
    pub path: String,
    /// Where it stands.
    pub at: Pos,
    /// What becomes of it.
    pub class: Class,
    /// Why, where the real tool says so.
    pub why: Option<&'static str>,
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
    let (compose, manifests): (Vec<_>, Vec<_>) =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).partition(|(n, t)| files::is_compose(n, t));
    let mut findings = check(manifests);
    if !compose.is_empty() {
        findings.join(check_compose(&compose, around(&compose), std::env::vars().collect()));
    }
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

/// Where files without a folder of their own are thought to lie.
const HERE: &str = "/project";

fn absolute(name: &str) -> String {
    if name.starts_with('/') { files::folder::clean(name) } else { files::folder::join(HERE, name) }
}

/// What lies beside compose files on this machine: files of variables, and files that are included or extended.
fn around(compose: &[(&str, &str)]) -> Folder {
    let mut folder = Folder::new();
    for (name, _) in compose {
        let dir = std::path::Path::new(name).parent().unwrap_or(std::path::Path::new("")).to_path_buf();
        let dir = if dir.as_os_str().is_empty() { ".".into() } else { dir };
        put_folder(&dir, DEPTH_MAX, &mut folder);
    }
    folder
}

/// How deep folders beside a compose file are looked into. Ours: includes rarely go further, and homes are large.
const DEPTH_MAX: usize = 3;

fn put_folder(dir: &std::path::Path, depth: usize, folder: &mut Folder) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let small = entry.metadata().is_ok_and(|data| data.len() <= yaml::FILE_BYTES_MAX as u64);
        if path.is_dir() && depth > 0 && !entry.file_name().to_string_lossy().starts_with('.') {
            put_folder(&path, depth - 1, folder);
        } else if small
            && path.is_file()
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            folder.put(&absolute(&path.to_string_lossy()), text);
        }
    }
}

/// Checks compose files as one project, later ones over earlier ones. `folder` holds what they name.
pub fn check_compose(compose: &[(&str, &str)], mut folder: Folder, env: Env) -> Findings {
    let mut request = files::Request { cwd: HERE.into(), env, ..files::Request::default() };
    for (name, text) in compose {
        folder.put(&absolute(name), *text);
        request.files.push(absolute(name));
    }
    let (project, mut problems) = files::load(&folder, &request);
    let title = project.as_ref().map_or_else(|_| "Compose".to_owned(), |project| format!("Compose/{}", project.name));
    problems.extend(project.err().map(|refused| *refused));
    let mut findings = Findings::default();
    for (name, text) in compose {
        let keys = files::classes(&absolute(name), text, &problems);
        let field = |key: files::Key| {
            let class = match key.class {
                files::Class::Simulated => Class::Simulated,
                files::Class::Accepted | files::Class::Ignored => Class::Accepted,
                files::Class::Rejected => Class::Rejected,
            };
            Field { path: key.path, at: key.at, class, why: key.why }
        };
        let fields = keys.into_iter().map(field).collect();
        findings.documents.push(Checked { file: (*name).into(), line: 1, name: title.clone(), fields });
    }
    let prefix = format!("{HERE}/");
    for mut problem in problems {
        problem.file = problem.file.strip_prefix(&prefix).unwrap_or(&problem.file).into();
        findings.problems.push(problem);
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
    fn join(&mut self, other: Findings) {
        self.documents.extend(other.documents);
        self.problems.extend(other.problems);
    }

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
                fields: decoded
                    .classes
                    .into_iter()
                    .map(|f| Field { path: f.path, at: f.at, class: f.class, why: None })
                    .collect(),
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
                let why = field.why.map(|why| format!(" ({why})")).unwrap_or_default();
                let _ = writeln!(out, "{}:{}:{}: note: {class}: {}{why}", document.file, at.line, at.col, field.path);
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
            let field = |f: &Field| {
                let mut out = map! {
                    "path" => f.path.as_str(), "line" => f.at.line, "col" => f.at.col, "class" => class_name(f.class)
                };
                if let Some(why) = f.why {
                    out.set("why", why);
                }
                Value::Map(out)
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
    fn compose_files_are_known_and_their_keys_classed() {
        let text = "services:\n  web:\n    image: nginx\n    deploy: {mode: global}\n    ports: [\"a:b\"]\n";
        assert!(files::is_compose("stack.yaml", text) && !files::is_compose("web.yaml", DEPLOYMENT));
        let findings = check_compose(&[("stack.yaml", text)], Folder::new(), Env::new());
        let said: Vec<String> = findings.problems.iter().map(Problem::to_string).collect();
        assert_eq!(said, ["stack.yaml:5:13: error: invalid containerPort: b"]);
        let shown = findings.as_text();
        assert!(shown.contains("stack.yaml:5:13: note: rejected: services.web.ports[0]\n"), "{shown}");
        let why = "accepted: services.web.deploy.mode (deploy.mode is only honored in Swarm mode)";
        assert!(shown.contains(why), "{shown}");
    }

    #[test]
    fn broken_files_are_told_and_the_rest_is_checked() {
        let findings = check([("a.yaml", "a: b: c\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")]);
        assert_eq!((findings.count(Severity::Error), findings.documents.len()), (1, 1));
    }
}
