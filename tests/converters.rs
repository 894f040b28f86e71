//! Two converters, case by case: what kompose 1.38 made of small Compose projects (recorded) beside what is made of them here.
//! A project asks for certain things; each converter keeps one, says that it does not, or loses it. `docs/convert-cases.md` is
//! written from that: `REFRESH=1 cargo test --test converters`.

use orchestrion::cli::check::check;
use orchestrion::cli::convert::tree;
use orchestrion::compose::files::{Env, Folder, Request, load};
use orchestrion::convert::{Converted, convert};
use orchestrion::kubernetes::objects::scalar::base64_encode;
use orchestrion::text::{Severity, Value, json, yaml};
use std::fmt::Write;

/// What a converter made of a project.
struct Side {
    documents: Vec<Value>,
    /// Places that it said something of: `services.web.ports`, or a key in a sentence.
    told: Vec<String>,
    /// How many faults the API server finds.
    faults: usize,
}

/// What became of something that a project asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Kept,
    Told,
    Lost,
}

/// Something that a service asks for: its name in the table, its key in the file, and whether it is kept.
type Ask = (&'static str, &'static str, fn(&Asked) -> Option<bool>);

/// A service, and what a converter made of it.
struct Asked<'a> {
    key: &'a str,
    node: &'a Value,
    project: &'a Value,
    side: &'a Side,
    folder: &'a Folder,
}

/// Names as Kubernetes takes them.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>().trim_matches('-').into()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let text = |v: &Value| v.as_str().map_or_else(|| json::write(v, json::Style::COMPACT), str::to_string);
    match value {
        Some(Value::List(list)) => list.iter().map(text).collect(),
        Some(one) if !one.is_null() => vec![text(one)],
        _ => Vec::new(),
    }
}

/// Dollars that Kubernetes would read are doubled.
fn literal(text: &str) -> String {
    text.replace("$$", "$")
}

impl Asked<'_> {
    fn named(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.side.documents.iter().filter(move |d| d.str_at(&["kind"]) == Some(kind))
    }
    fn workload(&self) -> Option<&Value> {
        let kinds = ["Deployment", "DaemonSet", "Job", "StatefulSet", "Pod"];
        let name = plain(self.key);
        self.side.documents.iter().find(|d| {
            let kind = d.str_at(&["kind"]).unwrap_or_default();
            kinds.contains(&kind) && d.str_at(&["metadata", "name"]).is_some_and(|n| plain(n) == name)
        })
    }
    fn pod(&self) -> Option<&Value> {
        let workload = self.workload()?;
        workload.at(&["spec", "template", "spec"]).or(workload.get("spec"))
    }
    fn container(&self) -> Option<&Value> {
        self.pod()?.list_at(&["containers"]).first()
    }
    fn list(&self, key: &str) -> &[Value] {
        self.node.list_at(&[key])
    }
    /// Whether the file sets a key, and the container has a member for it.
    fn both(&self, key: &str, path: &[&str]) -> Option<bool> {
        let set = self.node.get(key).is_some_and(|v| !v.is_null() && *v != Value::Bool(false) && !is_empty(v));
        set.then(|| self.container().and_then(|c| c.at(path)).is_some_and(|v| !is_empty(v)))
    }
    /// The same of the pod.
    fn in_pod(&self, key: &str, path: &[&str]) -> Option<bool> {
        let set = self.node.get(key).is_some_and(|v| !v.is_null() && !is_empty(v));
        set.then(|| self.pod().and_then(|p| p.at(path)).is_some_and(|v| !is_empty(v)))
    }
    /// The Services of this service's name.
    fn service(&self) -> Option<&Value> {
        let name = plain(self.key);
        self.named("Service").find(|s| s.str_at(&["metadata", "name"]).is_some_and(|n| plain(n) == name))
    }
    fn mounted(&self, path: &str) -> bool {
        let mounts = self.container().map(|c| c.list_at(&["volumeMounts"])).unwrap_or_default();
        mounts
            .iter()
            .any(|m| m.str_at(&["mountPath"]).is_some_and(|p| p.trim_end_matches('/') == path.trim_end_matches('/')))
    }
    /// Whether a text is in a ConfigMap or a Secret.
    fn holds(&self, text: &str) -> bool {
        let maps = self.named("ConfigMap").chain(self.named("Secret"));
        let values = maps.flat_map(|d| ["data", "stringData"].map(|k| d.get(k).and_then(Value::as_map)));
        let coded = base64_encode(text.as_bytes());
        values.flatten().any(|m| m.iter().any(|(_, v)| v.as_str().is_some_and(|v| v == text || v == coded)))
    }
    fn fate(&self, (_, key, kept): &Ask) -> Option<Fate> {
        let path = format!("services.{}.{key}", self.key);
        let told = || self.side.told.iter().any(|t| t.starts_with(&path) || t == *key);
        Some(match kept(self)? {
            true => Fate::Kept,
            false if told() => Fate::Told,
            false => Fate::Lost,
        })
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.iter().next().is_none(),
        Value::Str(text) => text.is_empty(),
        _ => false,
    }
}

/// Everything that is looked at, in the order of the table's words.
const ASKS: &[Ask] = &[
    ("a workload", "image", |a| Some(a.container()?.str_at(&["image"]).is_some())),
    ("command", "command", command),
    ("variables", "environment", variables),
    ("port outside", "ports", port_outside),
    ("port inside", "ports", port_inside),
    ("name", "networks", name),
    ("readiness", "healthcheck", |a| {
        checked(a)?;
        Some(a.container()?.get("readinessProbe").is_some())
    }),
    ("check's command", "healthcheck", check_command),
    ("order", "depends_on", |a| {
        let waits = a.node.get("depends_on").and_then(Value::as_map)?;
        let known = |key: &str| a.project.at(&["services", key]).is_some();
        let waits: Vec<&Value> = waits.iter().filter(|(key, _)| known(key)).map(|(_, d)| d).collect();
        let healthy = waits.iter().any(|d| d.str_at(&["condition"]) == Some("service_healthy"));
        let waited = a.pod().is_some_and(|p| !p.list_at(&["initContainers"]).is_empty());
        (!waits.is_empty()).then_some(healthy && waited)
    }),
    ("mounts", "volumes", |a| {
        let all = a.list("volumes");
        (!all.is_empty()).then(|| all.iter().all(|v| v.str_at(&["target"]).is_none_or(|t| a.mounted(t))))
    }),
    ("mounted files", "volumes", mounted_files),
    ("configs", "configs", |a| given(a, "configs", "/")),
    ("secrets", "secrets", |a| given(a, "secrets", "/run/secrets/")),
    ("replicas", "scale", replicas),
    ("limits", "deploy", |a| {
        let all = a.node.at(&["deploy", "resources", "limits"]).or(a.node.get("mem_limit")).or(a.node.get("cpus"))?;
        (!is_empty(all)).then(|| a.container().is_some_and(|c| c.at(&["resources", "limits"]).is_some()))
    }),
    ("restart", "restart", restart),
    ("user", "user", |a| a.both("user", &["securityContext", "runAsUser"])),
    ("folder", "working_dir", |a| a.both("working_dir", &["workingDir"])),
    ("terminal", "tty", |a| a.both("tty", &["tty"])),
    ("input", "stdin_open", |a| a.both("stdin_open", &["stdin"])),
    ("host name", "hostname", |a| a.in_pod("hostname", &["hostname"])),
    ("hosts", "extra_hosts", |a| a.in_pod("extra_hosts", &["hostAliases"])),
    ("grace", "stop_grace_period", |a| a.in_pod("stop_grace_period", &["terminationGracePeriodSeconds"])),
    ("capabilities", "cap_add", |a| a.both("cap_add", &["securityContext", "capabilities", "add"])),
    ("privileges", "privileged", |a| a.both("privileged", &["securityContext", "privileged"])),
    ("hooks", "post_start", |a| a.both("post_start", &["lifecycle", "postStart"])),
    ("labels", "labels", labels),
];

fn command(a: &Asked) -> Option<bool> {
    let (entry, words) = (texts(a.node.get("entrypoint")), texts(a.node.get("command")));
    let container = a.container();
    let same = |path: &str, wanted: &[String]| {
        let found = texts(container.and_then(|c| c.get(path)));
        found.iter().map(|t| literal(t)).eq(wanted.iter().map(|t| literal(t)))
    };
    (!entry.is_empty() || !words.is_empty())
        .then(|| (entry.is_empty() || same("command", &entry)) && (words.is_empty() || same("args", &words)))
}

fn variables(a: &Asked) -> Option<bool> {
    let wanted = a.node.get("environment").and_then(Value::as_map).filter(|m| m.iter().next().is_some())?;
    let own = a.container().map(|c| c.list_at(&["env"])).unwrap_or_default();
    let from = a.container().is_some_and(|c| !c.list_at(&["envFrom"]).is_empty());
    let kept = |name: &str, value: &Value| {
        let text = texts(Some(value)).concat();
        let mut found = own.iter().filter(|e| e.str_at(&["name"]) == Some(name));
        let in_map = |d: &Value| d.str_at(&["data", name]) == Some(&text);
        let here = found.any(|e| match e.get("value") {
            Some(v) => literal(&texts(Some(v)).concat()) == literal(&text) && !(v == value && text.contains("$(")),
            None => text.is_empty() || e.get("valueFrom").is_some() && a.holds(&text),
        });
        here || from && a.named("ConfigMap").any(in_map)
    };
    Some(wanted.iter().filter(|(_, v)| !v.is_null()).all(|(name, value)| kept(name, value)))
}

fn published(port: &Value) -> Option<(i64, i64)> {
    let outside = match port.get("published")? {
        Value::Str(text) => text.parse().ok()?,
        other => other.as_int()?,
    };
    Some((outside, port.int_at(&["target"])?))
}

/// Ports that everybody may reach lead to a Service that everybody reaches.
fn port_outside(a: &Asked) -> Option<bool> {
    let open = a.list("ports").iter().filter(|p| p.str_at(&["host_ip"]).is_none_or(|ip| ip == "0.0.0.0"));
    let wanted: Vec<(i64, i64)> = open.filter_map(published).collect();
    let leads = |(outside, _): &(i64, i64)| {
        let open = |s: &&Value| matches!(s.str_at(&["spec", "type"]), Some("LoadBalancer" | "NodePort"));
        let port = |s: &Value| s.list_at(&["spec", "ports"]).iter().any(|p| p.int_at(&["port"]) == Some(*outside));
        let own = |s: &&Value| s.str_at(&["metadata", "name"]).is_some_and(|n| plain(n).starts_with(&plain(a.key)));
        a.named("Service").filter(open).filter(own).any(port)
    };
    (!wanted.is_empty()).then(|| wanted.iter().all(leads))
}

/// Where the ports differ, others still reach the container's port under the service's name.
fn port_inside(a: &Asked) -> Option<bool> {
    let differ: Vec<i64> =
        a.list("ports").iter().filter_map(published).filter(|(o, t)| o != t).map(|(_, t)| t).collect();
    let ports = a.service().map(|s| s.list_at(&["spec", "ports"])).unwrap_or_default();
    let open = |target: &i64| ports.iter().any(|p| p.int_at(&["port"]) == Some(*target));
    (!differ.is_empty()).then(|| differ.iter().all(open))
}

/// Whom others wait for or link to is found under its name.
fn name(a: &Asked) -> Option<bool> {
    let all = a.project.get("services").and_then(Value::as_map)?;
    let used = all.iter().any(|(_, s)| s.get("depends_on").and_then(|d| d.get(a.key)).is_some());
    used.then(|| a.service().is_some())
}

fn checked(a: &Asked) -> Option<Vec<String>> {
    let check = a.node.get("healthcheck")?;
    let test = texts(check.get("test"));
    (test.len() > 1 && check.get("disable") != Some(&Value::Bool(true))).then_some(test)
}

/// A check that is a line is given to a shell.
fn check_command(a: &Asked) -> Option<bool> {
    let test = checked(a).filter(|test| test[0] == "CMD-SHELL")?;
    let probe = |name: &str| a.container().and_then(|c| c.at(&[name, "exec", "command"]));
    let words = texts(probe("readinessProbe").or(probe("livenessProbe")));
    Some(words.len() == 3 && words[1] == "-c" && literal(&words[2]) == literal(&test[1]))
}

fn mounted_files(a: &Asked) -> Option<bool> {
    let files = a.list("volumes").iter().filter(|v| v.str_at(&["type"]) == Some("bind"));
    let known: Vec<_> = files.filter_map(|v| a.folder.text(v.str_at(&["source"])?)).collect();
    (!known.is_empty()).then(|| known.iter().all(|text| a.holds(text)))
}

/// Configs or secrets: their place, and their text where it is at hand.
fn given(a: &Asked, key: &str, folder: &str) -> Option<bool> {
    let all = a.list(key);
    let kept = |one: &Value| {
        let source = one.str_at(&["source"]).unwrap_or_default();
        let target = one.str_at(&["target"]).unwrap_or(source);
        let path = if target.starts_with('/') { target.to_string() } else { format!("{folder}{target}") };
        let declared = a.project.at(&[key, source]);
        let file = declared.and_then(|d| d.str_at(&["file"])).and_then(|f| a.folder.text(f));
        let text = file.map(|t| t.to_string()).or(declared.and_then(|d| d.str_at(&["content"])).map(str::to_string));
        a.mounted(&path) && text.is_none_or(|text| a.holds(&text))
    };
    (!all.is_empty()).then(|| all.iter().all(kept))
}

fn replicas(a: &Asked) -> Option<bool> {
    let wanted = a.node.int_at(&["scale"]).or(a.node.int_at(&["deploy", "replicas"])).filter(|n| *n != 1)?;
    a.node.str_at(&["deploy", "mode"]).is_none_or(|m| m == "replicated").then_some(())?;
    let found = a.workload().and_then(|w| w.int_at(&["spec", "replicas"]).or(w.int_at(&["spec", "parallelism"])));
    Some(found == Some(wanted))
}

/// What is started again whatever happens is always there; what is not is no Deployment.
fn restart(a: &Asked) -> Option<bool> {
    let condition = a.node.str_at(&["deploy", "restart_policy", "condition"]);
    let policy = match condition {
        Some("any") => "always",
        Some("none") => "no",
        other => other.or(a.node.str_at(&["restart"]))?,
    };
    let ends = matches!(policy, "no") || policy.starts_with("on-failure");
    let kind = a.workload()?.str_at(&["kind"]);
    Some(ends == matches!(kind, Some("Job" | "Pod")))
}

fn labels(a: &Asked) -> Option<bool> {
    let wanted = a.node.get("labels").and_then(Value::as_map).filter(|m| m.iter().next().is_some())?;
    let workload = a.workload();
    let places = [&["metadata"][..], &["spec", "template", "metadata"]];
    let metas: Vec<&Value> = workload.map(|w| places.iter().filter_map(|p| w.at(p)).collect()).unwrap_or_default();
    let there = |key: &str| metas.iter().any(|m| ["labels", "annotations"].iter().any(|k| m.at(&[k, key]).is_some()));
    Some(wanted.iter().all(|(key, _)| there(key)))
}

/// A recorded case, and what both made of it; nothing where it was refused.
struct Case {
    name: String,
    asked: Vec<(&'static str, [Fate; 2])>,
    faults: [usize; 2],
    /// Whether Compose takes it, and whether kompose did.
    taken: [bool; 2],
    crashed: bool,
}

fn side(documents: Vec<Value>, told: Vec<String>, text: &str) -> Side {
    let findings = check([("converted.yaml", text)]);
    let faults = findings.problems.iter().filter(|p| p.severity == Severity::Error).count();
    Side { documents, told, faults }
}

/// What kompose says of a key.
fn said(errors: &str) -> Vec<String> {
    let known =
        ASKS.iter().filter(|(_, key, _)| errors.contains(&format!("{key} ")) || errors.contains(&format!("\"{key}\"")));
    let mut all: Vec<String> = known.map(|(_, key, _)| key.to_string()).collect();
    for (words, key) in [("isn't supported - ignoring path on the host", "volumes"), ("placement", "deploy")] {
        all.extend(errors.contains(words).then(|| key.to_string()));
    }
    all
}

fn read(line: &str) -> Case {
    let row = json::parse(line).expect("a recorded case");
    let text = |key: &str| row.str_at(&[key]).unwrap_or_default();
    let mut folder = Folder::new();
    for (name, file) in row.get("files").and_then(Value::as_map).into_iter().flat_map(|m| m.iter()) {
        folder.put(&format!("/p/{name}"), file.as_str().unwrap_or_default());
    }
    let mut env = Env::from([("HOME".into(), "/root".into())]);
    for (name, value) in row.get("env").and_then(Value::as_map).into_iter().flat_map(|m| m.iter()) {
        env.insert(name.to_string(), value.as_str().unwrap_or_default().into());
    }
    let request = Request { cwd: "/p".into(), env, files: vec!["compose.yaml".into()], ..Request::default() };
    let project = load(&folder, &request).0.map(|project| tree(&project));
    let code = row.int_at(&["rc"]).unwrap_or(1);
    let mut case = Case {
        name: text("case").replacen("scenario-", "run-", 1),
        asked: Vec::new(),
        faults: [0, 0],
        taken: [project.is_ok(), code == 0],
        crashed: code == 2,
    };
    let Ok(project) = project else { return case };
    let converted: Converted = convert(&project, &|path| folder.text(path).map(|text| text.to_string()));
    let told = converted.notes.iter().map(|n| n.path.clone()).collect();
    let ours = side(converted.documents.clone(), told, &converted.text());
    let (documents, _) = yaml::read("kompose.yaml", text("stdout"));
    let documents = documents.iter().map(|d| d.node.to_value()).filter(|d| !d.is_null()).collect();
    let theirs = side(documents, said(text("stderr")), text("stdout"));
    case.faults = [if code == 0 { theirs.faults } else { 0 }, ours.faults];
    for ask in ASKS {
        let fates = [&theirs, &ours].map(|side| {
            let services = project.get("services").and_then(Value::as_map);
            let all = services.into_iter().flat_map(|m| m.iter());
            let asked =
                |(key, node): (&str, &Value)| Asked { key, node, project: &project, side, folder: &folder }.fate(ask);
            all.filter_map(|(key, node)| asked((key, node))).max()
        });
        if let [Some(theirs), Some(ours)] = fates {
            case.asked.push((ask.0, [theirs, ours]));
        }
    }
    case
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string("tests/data/compose/kompose.jsonl").expect("recorded conversions");
    let mut all: Vec<Case> = text.lines().map(read).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

impl Case {
    fn of(&self, side: usize, fate: Fate) -> Vec<&str> {
        self.asked.iter().filter(|(_, fates)| fates[side] == fate).map(|(name, _)| *name).collect()
    }
    /// What a converter kept, in a few words.
    fn cell(&self, side: usize) -> String {
        if side == 0 && !self.taken[0] && self.taken[1] {
            return "converted".into();
        }
        if side == 0 && !self.taken[1] {
            return if self.crashed { "**crashed**" } else { "**refused**" }.into();
        }
        let (told, lost) = (self.of(side, Fate::Told), self.of(side, Fate::Lost));
        let mut parts = Vec::new();
        parts.extend((!lost.is_empty()).then(|| format!("**loses** {}", lost.join(", "))));
        parts.extend((!told.is_empty()).then(|| format!("says: {}", told.join(", "))));
        parts.extend((self.faults[side] > 0).then(|| "**refused by the API server**".to_string()));
        if parts.is_empty() { "all".into() } else { parts.join("; ") }
    }
    fn names(&self) -> String {
        format!("`{}`", self.name)
    }
}

fn listed(cases: &[&Case]) -> String {
    cases.iter().map(|c| c.names()).collect::<Vec<_>>().join(", ")
}

fn page() -> String {
    let all = cases();
    let taken: Vec<&Case> = all.iter().filter(|c| c.taken[0]).collect();
    let (same, differ): (Vec<&Case>, Vec<&Case>) = taken.iter().partition(|c| c.cell(0) == c.cell(1));
    let (whole, less): (Vec<&Case>, Vec<&Case>) = same.iter().partition(|c| c.cell(0) == "all");
    let refused: Vec<&Case> = all.iter().filter(|c| !c.taken[0] && !c.taken[1]).collect();
    let only_kompose: Vec<&Case> = all.iter().filter(|c| !c.taken[0] && c.taken[1]).collect();
    let mut out = HEAD.to_string();
    let count = |side: usize, fate: Fate| {
        taken.iter().map(|c| if side == 0 && !c.taken[1] { 0 } else { c.of(side, fate).len() }).sum::<usize>()
    };
    let _ = writeln!(out, "| of {} projects that Compose takes | kompose | here |\n|---|---|---|", taken.len());
    let without = |side: usize| taken.iter().filter(|c| c.cell(side) == "all").count();
    let converted = taken.iter().filter(|c| c.taken[1]).count();
    let faulty = |side: usize| taken.iter().filter(|c| c.faults[side] > 0).count();
    let rows = [
        ("converted", [converted, taken.len()]),
        ("with all that was looked at", [without(0), without(1)]),
        ("refused by the API server", [faulty(0), faulty(1)]),
        ("things kept", [count(0, Fate::Kept), count(1, Fate::Kept)]),
        ("things said to be lost or changed", [count(0, Fate::Told), count(1, Fate::Told)]),
        ("things lost without a word", [count(0, Fate::Lost), count(1, Fate::Lost)]),
    ];
    for (what, [theirs, ours]) in rows {
        let _ = writeln!(out, "| {what} | {theirs} | {ours} |");
    }
    let _ = writeln!(out, "\n## Where they differ\n\n| case | asks for | kompose | here |\n|---|---|---|---|");
    for case in &differ {
        let asks: Vec<&str> = case.asked.iter().map(|(name, _)| *name).filter(|n| *n != "a workload").collect();
        let _ = writeln!(out, "| {} | {} | {} | {} |", case.names(), asks.join(", "), case.cell(0), case.cell(1));
    }
    let _ = writeln!(out, "\n## Where they do not\n\nBoth keep all in {} cases: {}.", whole.len(), listed(&whole));
    if !less.is_empty() {
        let _ = writeln!(out, "\n| case | both |\n|---|---|");
        less.iter().for_each(|case| {
            let _ = writeln!(out, "| {} | {} |", case.names(), case.cell(1));
        });
    }
    let _ = writeln!(
        out,
        "\n## Refused\n\nRefused by Compose, by kompose and here ({}): {}.",
        refused.len(),
        listed(&refused)
    );
    if !only_kompose.is_empty() {
        let _ = writeln!(out, "\nRefused by Compose and here, converted by kompose: {}.", listed(&only_kompose));
    }
    out
}

const HEAD: &str = "# Two converters, case by case

What [kompose](https://kompose.io) 1.38 makes of small Compose projects, as recorded, beside what `orchestrion
convert` makes of them. A case is a project of one or a few services that uses one thing of the specification. Each
thing that a project asks for is *kept*, or the converter *says* that it is lost or must be decided, or it *loses*
it without a word. [From Compose to Kubernetes](convert.md) tells what becomes of what. This page is written by
`REFRESH=1 cargo test --test converters`, and a test keeps it true.

*Port outside*: everybody reaches a published port. *Port inside*: others reach the container's port under the
service's name. *Name*: whom others wait for is found under its name. *Readiness*: a check decides who gets
requests. *Check's command*: a check that is a line is given to a shell. *Order*: whoever waits for a healthy
service waits. *Restart*: what may end ends.

";

#[test]
fn the_page_says_what_both_converters_do() {
    let (path, now) = ("docs/convert-cases.md", page());
    if std::env::var("REFRESH").is_ok() {
        std::fs::write(path, &now).expect("written");
    }
    let then = std::fs::read_to_string(path).unwrap_or_default();
    assert!(then == now, "{path} is out of date: REFRESH=1 cargo test --test converters\n{now}");
}

#[test]
fn nothing_is_lost_here_without_a_word_and_the_api_server_takes_all() {
    let faults: Vec<String> = cases()
        .iter()
        .filter(|c| c.taken[0])
        .flat_map(|c| {
            let lost = c.of(1, Fate::Lost).into_iter().map(|what| format!("{}: {what}", c.name)).collect::<Vec<_>>();
            lost.into_iter().chain((c.faults[1] > 0).then(|| format!("{}: refused", c.name)))
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}
