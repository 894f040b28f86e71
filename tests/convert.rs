//! Converted manifests are taken by our own API server, and do in a cluster what the Compose project does: every project that
//! the real tool resolved, converted, checked, applied and played. The projects are recorded outputs of `docker compose
//! config`; more of them lie where `ORACLE_DIR` points.

use orchestrion::cli::check::check;
use orchestrion::convert::{Converted, Note, convert};
use orchestrion::kubernetes::objects::pod::{ContainerState, Pod};
use orchestrion::kubernetes::objects::{Kind, Object};
use orchestrion::scenario::{Scenario, TextFile};
use orchestrion::session::run::{Input, Run};
use orchestrion::sim::{Rewindable, Span, Time};
use orchestrion::text::{Severity, Value, json, yaml};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A recorded project: its name, its canonical form, and the texts of its folder.
struct Case {
    name: String,
    project: Value,
    files: BTreeMap<String, String>,
}

impl Case {
    fn convert(&self) -> Converted {
        convert(&self.project, &|path| self.files.get(path).cloned())
    }
    fn services(&self) -> Vec<(String, &Value)> {
        let map = self.project.get("services").and_then(Value::as_map);
        let all = map.into_iter().flat_map(|m| m.sorted()).map(|(key, node)| (key.to_string(), node));
        all.filter(|(_, node)| node.get("provider").is_none_or(Value::is_null)).collect()
    }
}

/// The canonical projects in a file of recorded `config` runs.
fn cases(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut all = Vec::new();
    for line in text.lines() {
        let case = json::parse(line).expect("a recorded case");
        let name = case.str_at(&["case"]).or(case.str_at(&["path"])).unwrap_or_default().to_string();
        let dir = case.str_at(&["dir"]).unwrap_or_default();
        let texts = case.get("files").and_then(Value::as_map).into_iter().flat_map(|files| files.iter());
        let files: BTreeMap<String, String> =
            texts.map(|(n, text)| (format!("{dir}/{n}"), text.as_str().unwrap_or_default().to_string())).collect();
        let run = case.list_at(&["runs"]).iter().find(|run| {
            let args: Vec<&str> = run.list_at(&["args"]).iter().filter_map(Value::as_str).collect();
            run.int_at(&["rc"]) == Some(0) && args == ["config"]
        });
        let Some(Value::Str(text)) = run.and_then(|run| run.get("stdout")) else { continue };
        let (node, _) = yaml::read_one(&text.replace("$$", "$"));
        all.extend(node.map(|node| Case { name, project: node.to_value(), files }));
    }
    all
}

/// A chain: nobody starts before what it waits for is healthy, and the first takes its time.
const CHAIN: &str = "
services:
  db:
    image: postgres:16
    healthcheck: {test: [CMD, nc, -z, localhost, '5432'], interval: 3s}
    expose: ['5432']
  cache:
    image: redis:7
    healthcheck: {test: [CMD, 'true'], interval: 3s}
  api:
    image: app:1
    healthcheck: {test: [CMD, 'true'], interval: 2s}
    ports: [{mode: ingress, target: 80, published: '8080', protocol: tcp}]
    scale: 2
    depends_on:
      db: {condition: service_healthy, required: true}
      cache: {condition: service_healthy, required: true}
  web:
    image: nginx:1.27
    depends_on:
      api: {condition: service_healthy, required: true}
      cache: {condition: service_started, required: true}
";

/// All that are at hand.
fn all_cases() -> Vec<Case> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/compose");
    let mut all = cases(&own.join("config.jsonl"));
    all.extend(cases(&own.join("more.jsonl")));
    if let Ok(folder) = std::env::var("ORACLE_DIR") {
        all.extend(cases(&Path::new(&folder).join("compose/config/public.jsonl")));
    }
    let (chain, _) = yaml::read_one(CHAIN);
    let project = chain.expect("a project").to_value();
    all.push(Case { name: "chain".into(), project, files: BTreeMap::new() });
    assert!(all.len() > 200, "only {} projects were found", all.len());
    all
}

#[test]
fn converted_projects_pass_our_own_check() {
    let mut faults = Vec::new();
    for case in all_cases() {
        let text = case.convert().text();
        let findings = check([("converted.yaml", text.as_str())]);
        for problem in findings.problems.iter().filter(|p| p.severity == Severity::Error) {
            let line = text.lines().nth(problem.at.line.saturating_sub(1) as usize).unwrap_or_default();
            faults.push(format!("{}: {}: {line}", case.name, problem.message));
        }
    }
    assert!(faults.is_empty(), "{} faults, such as\n{}", faults.len(), faults[..faults.len().min(60)].join("\n"));
}

/// The label by which a service's pods are known: ours, and that of the other converter.
const LABEL: &str = "app.kubernetes.io/name";
const OTHERS_LABEL: &str = "io.kompose.service";
/// Room for any project: what the machines lack would hide what the conversion lacks.
const CLUSTER: &str = "cluster:\n  nodes:\n  - {count: 3, cpu: 256, memory: 1024Gi, zones: [a, b, c]}\napply: false\n";
/// How long a project may take until it stands. Health checks of half a minute, one behind the other, take that long.
const PATIENCE: Time = Time::secs(900);

/// A converted project in a cluster, when its services first ran and were first ready.
struct Played {
    run: Run,
    label: &'static str,
    converted: Converted,
    ran: BTreeMap<String, Time>,
    ready: BTreeMap<String, Time>,
}

impl Played {
    fn new(converted: Converted, label: &'static str) -> Self {
        let file = TextFile { name: "cluster.scenario.yaml".into(), text: CLUSTER.into() };
        let run = Run::new(&Scenario::read(&[file], 1).0);
        let mut played = Played { run, label, converted, ran: BTreeMap::new(), ready: BTreeMap::new() };
        let text = played.converted.text();
        played.run.apply(&Input::Apply(vec![("converted.yaml".into(), text)]));
        let (mut seen, mut quiet) = (0, Time::secs(30));
        while let Some(due) = played.run.next_due().filter(|due| *due <= PATIENCE.min(quiet)) {
            played.run.run_until(due);
            let version = played.run.world.cluster.api.store.version();
            if version == seen {
                continue;
            }
            seen = version;
            if played.look() {
                quiet = due + Span::secs(330);
            }
            if played.stands() {
                break;
            }
        }
        // What stands is heard of by whoever leads to it.
        played.run.run_until(played.run.now() + Span::secs(5));
        played
    }
    fn list(&self, kind: Kind) -> Vec<std::rc::Rc<Object>> {
        self.run.world.cluster.api.store.list(kind).cloned().collect()
    }
    fn pods(&self, name: &str) -> Vec<Pod> {
        let pods = self.list(Kind::Pod);
        let of =
            pods.iter().filter(|p| p.meta.labels.get(self.label).is_some_and(|l| **l == *name) && !p.meta.deleting());
        of.filter_map(|p| p.pod().cloned()).collect()
    }
    /// Notes when services first run and are ready; whether something is new.
    fn look(&mut self) -> bool {
        let (now, before) = (self.run.now(), self.ran.len() + self.ready.len());
        for object in self.list(Kind::Pod) {
            let (Some(pod), Some(name)) = (object.pod(), object.meta.labels.get(self.label)) else { continue };
            let runs = |c: &orchestrion::kubernetes::objects::pod::ContainerStatus| {
                matches!(c.state, ContainerState::Running { .. } | ContainerState::Terminated { .. })
            };
            if pod.status.containers.iter().any(runs) {
                self.ran.entry(name.to_string()).or_insert(now);
            }
            if pod.ready() {
                self.ready.entry(name.to_string()).or_insert(now);
            }
        }
        self.ran.len() + self.ready.len() != before
    }
    fn stands(&self) -> bool {
        self.converted.documents.iter().all(|d| workload(d).is_none_or(|name| self.holds(name, d)))
    }
    /// Whether a workload has the replicas that it should have, ready; a Job's may have ended well.
    fn holds(&self, name: &str, document: &Value) -> bool {
        let pods = self.pods(name);
        let ready = pods.iter().filter(|p| p.ready()).count() as i64;
        match document.str_at(&["kind"]) {
            Some("Job") => {
                let ended = pods.iter().filter(|p| p.status.phase.ended()).count() as i64;
                ready + ended >= document.int_at(&["spec", "completions"]).unwrap_or(1)
            }
            Some("DaemonSet") => ready == self.list(Kind::Node).len() as i64,
            _ => ready == document.int_at(&["spec", "replicas"]).unwrap_or(1),
        }
    }
    fn noted(&self, fits: impl Fn(&Note) -> bool) -> bool {
        self.converted.notes.iter().any(fits)
    }
    /// What keeps pods of a workload from being ready, in a few words.
    fn why(&self, name: &str) -> String {
        let pods = self.pods(name);
        let Some(pod) = pods.iter().find(|p| !p.ready()) else { return "no pods".into() };
        let waits = |c: &orchestrion::kubernetes::objects::pod::ContainerStatus| match &c.state {
            ContainerState::Waiting { reason, message } => format!("{} {reason} {message}", c.name),
            ContainerState::Terminated { exit, .. } => format!("{} ended {exit}", c.name),
            ContainerState::Running { .. } => format!("{} runs, ready {}", c.name, c.ready),
            ContainerState::None => String::new(),
        };
        let scheduled = pod.condition("PodScheduled").map(|c| c.message.to_string()).unwrap_or_default();
        let all = pod.status.init_containers.iter().chain(&pod.status.containers).map(waits);
        std::iter::once(scheduled).chain(all).collect::<Vec<_>>().join("; ")
    }
}

fn workload(document: &Value) -> Option<&str> {
    let kind = document.str_at(&["kind"])?;
    matches!(kind, "Deployment" | "DaemonSet" | "Job").then(|| document.str_at(&["metadata", "name"]))?
}

#[test]
fn converted_projects_do_in_a_cluster_what_compose_does() {
    let (mut faults, mut figures) = (Vec::new(), BTreeMap::<&str, u32>::new());
    for case in all_cases() {
        let played = Played::new(case.convert(), LABEL);
        let mut judge = Judge { case: &case, played: &played, faults: Vec::new(), figures: &mut figures };
        judge.names();
        for (key, service) in case.services() {
            judge.replicas(&key);
            judge.ports(&key, service);
            judge.order(&key, service);
        }
        faults.extend(judge.faults.into_iter().map(|words| format!("{}: {words}", case.name)));
    }
    println!("{figures:#?}");
    assert!(faults.is_empty(), "{} faults of {figures:#?}, such as\n{}", faults.len(), faults.join("\n"));
    for (figure, least) in [("services ready", 200), ("ports that lead to ready ends", 15), ("dependencies kept", 3)] {
        assert!(figures.get(figure).is_some_and(|n| *n >= least), "{figure}: {figures:#?}");
    }
}

/// Why a service is not ready, as the cluster says it, and the sentence of the list that told of it. What ends by itself is
/// started again and again, where Compose leaves it or does the same.
const REASONS: &[(&str, &str)] = &[
    ("Insufficient nvidia.com/gpu", "decide.gpu"),
    ("persistentvolumeclaim", "decide.external_volume"),
    ("ContainerCreating", "decide.external_file"),
    ("node affinity/selector", "decide.node_label"),
    ("node affinity/selector", "decide.platform"),
    ("no pods", "decide.runtime"),
    (" ended ", "assumed.restart"),
    (" ended ", "none.on_failure"),
    ("CrashLoopBackOff", "assumed.restart"),
    ("CrashLoopBackOff", "none.on_failure"),
];

/// What is asked of one project that was played.
struct Judge<'a> {
    case: &'a Case,
    played: &'a Played,
    faults: Vec<String>,
    figures: &'a mut BTreeMap<&'static str, u32>,
}

impl Judge<'_> {
    fn count(&mut self, figure: &'static str) {
        *self.figures.entry(figure).or_default() += 1;
    }
    /// The name that a service got.
    fn name(&self, key: &str) -> String {
        let path = format!("services.{key}");
        let renamed = self.played.converted.notes.iter().find(|n| n.key == "decide.renamed" && n.path == path);
        renamed.map_or(key, |n| &n.blanks[0].1).to_string()
    }
    fn document(&self, name: &str) -> Option<&Value> {
        self.played.converted.documents.iter().find(|d| workload(d) == Some(name))
    }
    /// No two documents are the same object.
    fn names(&mut self) {
        let mut seen = std::collections::BTreeSet::new();
        for document in &self.played.converted.documents {
            let text = |path: &[&str]| document.str_at(path).unwrap_or_default().to_string();
            let id = (text(&["kind"]), text(&["metadata", "name"]));
            if !seen.insert(id.clone()) {
                self.faults.push(format!("{} {} is there twice", id.0, id.1));
            }
        }
    }
    /// Every service has its replicas ready, or the list said why not.
    fn replicas(&mut self, key: &str) {
        let name = self.name(key);
        let Some(document) = self.document(&name) else { return self.faults.push(format!("{key}: no workload")) };
        if self.played.holds(&name, document) {
            return self.count("services ready");
        }
        let why = self.played.why(&name);
        let own = |path: &str| path.strip_prefix(&format!("services.{key}")).is_some_and(|p| !p.starts_with('-'));
        let about = |note: &Note| own(&note.path) || !note.path.starts_with("services.");
        let fits = |note: &Note| REASONS.iter().any(|(words, said)| why.contains(words) && note.key == *said);
        if document.str_at(&["kind"]) == Some("Job") && why.contains(" ended ") {
            return self.count("jobs whose program fails, as in Compose");
        }
        let restarts = why.contains(" ended ") || why.contains("CrashLoopBackOff");
        if restarts && self.restarts(key) {
            return self.count("services that end and are started again, as in Compose");
        }
        let told = |note: &Note| about(note) && fits(note);
        match self.played.noted(told) {
            true => self.count("services that are not ready, as the list says"),
            false => self.faults.push(format!("{key}: {why}")),
        }
    }
    /// Whether Compose starts the service again whenever it ends.
    fn restarts(&self, key: &str) -> bool {
        let services = self.case.services();
        let policy = services.iter().find(|(k, _)| *k == key).and_then(|(_, node)| node.str_at(&["restart"]));
        policy.is_some_and(|p| p == "always" || p == "unless-stopped")
    }
    /// Every published port has a Service that leads to ready ends, or the list said that nothing does.
    fn ports(&mut self, key: &str, service: &Value) {
        let name = self.name(key);
        let path = format!("services.{key}.ports");
        for port in service.list_at(&["ports"]) {
            let outside = match port.get("published") {
                Some(Value::Str(text)) => text.parse().unwrap_or(0),
                Some(Value::Int(number)) => *number,
                _ => 0,
            };
            let target = port.int_at(&["target"]).unwrap_or(0);
            let protocol = port.str_at(&["protocol"]).unwrap_or("tcp").to_uppercase();
            let said = |n: &Note| n.path == path && matches!(n.key, "none.any_port" | "decide.local_port");
            match self.way(&name, outside, target, &protocol) {
                Some(true) => self.count("ports that lead to ready ends"),
                Some(false) if !self.document(&name).is_some_and(|d| self.played.holds(&name, d)) => {
                    self.count("ports of services that are not ready");
                }
                None if self.played.noted(said) => self.count("ports that lead nowhere, as the list says"),
                way => self.faults.push(format!("{key}: port {outside}/{protocol} to {target}: {way:?}")),
            }
        }
    }
    /// Whether a Service leads from a port outside to one inside, and whether somebody is there.
    fn way(&self, name: &str, outside: i64, target: i64, protocol: &str) -> Option<bool> {
        let services = self.played.list(Kind::Service);
        let service = services.iter().find(|object| {
            let Some(service) = object.service() else { return false };
            let mut selector = service.selector.iter().flatten();
            let leads = selector.any(|(k, v)| **k == *self.played.label && **v == *name);
            let mut ports = service.ports.iter();
            let port = ports
                .any(|p| i64::from(p.port) == outside && *p.target == *target.to_string() && p.protocol == *protocol);
            service.kind == "LoadBalancer" && leads && port
        })?;
        let slices = self.played.list(Kind::EndpointSlice);
        let mut of = slices.iter().filter(|slice| {
            slice.meta.labels.get("kubernetes.io/service-name").is_some_and(|l| **l == *service.meta.name)
        });
        Some(of.any(|s| s.endpoint_slice().is_some_and(|s| s.endpoints.iter().any(|e| e.ready))))
    }
    /// Nobody runs before what it waits for is ready, or the list said that this order is not kept.
    fn order(&mut self, key: &str, service: &Value) {
        let map = service.get("depends_on").and_then(Value::as_map);
        for (other, node) in map.into_iter().flat_map(|m| m.sorted()) {
            if !self.case.services().iter().any(|(k, _)| **k == **other) {
                continue;
            }
            let path = format!("services.{key}.depends_on.{other}");
            let keys = ["none.order", "decide.wait_job", "decide.wait_port"];
            if self.played.noted(|n| n.path == path && keys.contains(&n.key)) {
                self.count("dependencies whose order is not kept, as the list says");
                continue;
            }
            let condition = node.str_at(&["condition"]).unwrap_or_default();
            let (ran, ready) = (self.played.ran.get(&self.name(key)), self.played.ready.get(&self.name(other)));
            match (condition, ran, ready) {
                ("service_healthy", Some(ran), Some(ready)) if ready <= ran => self.count("dependencies kept"),
                ("service_healthy", None, _) => self.count("dependencies whose waiting side never ran"),
                _ => self.faults.push(format!("{key} after {other} ({condition}): ran {ran:?}, ready {ready:?}")),
            }
        }
    }
}

/// The recorded conversions of kompose in the same cluster: what is reached from outside there, and here.
#[test]
fn more_is_reached_than_with_kompose() {
    let own = all_cases();
    let text = fs::read_to_string("tests/data/compose/kompose.jsonl").expect("recorded conversions");
    let (mut theirs, mut ours) = (BTreeMap::<&str, u32>::new(), BTreeMap::<&str, u32>::new());
    for line in text.lines() {
        let recorded = json::parse(line).expect("a recorded case");
        let name = recorded.str_at(&["case"]).unwrap_or_default();
        let case = own.iter().find(|case| case.name == name);
        let (Some(case), Some(0)) = (case, recorded.int_at(&["rc"])) else { continue };
        let (documents, _) = yaml::read("kompose.yaml", recorded.str_at(&["stdout"]).unwrap_or_default());
        let documents: Vec<Value> = documents.iter().map(|d| d.node.to_value()).filter(|d| !d.is_null()).collect();
        let made = Converted { documents, notes: Vec::new() };
        for (played, figures) in
            [(Played::new(made, OTHERS_LABEL), &mut theirs), (Played::new(case.convert(), LABEL), &mut ours)]
        {
            let mut judge = Judge { case, played: &played, faults: Vec::new(), figures };
            for (key, service) in case.services() {
                judge.count("services");
                judge.replicas(&key);
                judge.ports(&key, service);
            }
        }
    }
    println!("kompose {theirs:#?}\nhere {ours:#?}");
    for figure in ["services ready", "ports that lead to ready ends"] {
        let of = |figures: &BTreeMap<&str, u32>| figures.get(figure).copied().unwrap_or(0);
        assert!(of(&ours) > of(&theirs), "{figure}: {theirs:?} against {ours:?}");
    }
}
