//! A scenario: a cluster, files, a seed, what happens when. A bare manifest is a scenario with defaults. The format is
//! described in `docs/formats/scenario.md`.

mod objective;
mod pipelines;
mod workloads;

pub use objective::{PROMISE, objective};
pub use pipelines::{Pipeline, Stage};

use crate::compose::files::is_compose;
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::{By, NodeSpec};
use crate::kubernetes::kubelet::{Settings, Sheet};
use crate::kubernetes::objects::Calendar;
use crate::kubernetes::objects::parts::Quantity;
use crate::reasons;
use crate::sim::{Span, Time};
use crate::text::{Node, NodeKind, Problem, Value, yaml};
use crate::workload::{Load, Meter, Rule};
use crate::world::World;
use crate::world::faults::{self, Order};
use std::collections::BTreeSet;
use std::rc::Rc;

reasons! { "scenario":
    /// The scenario says that this machine is there from the start.
    node_joins(),
}

/// Ours: a bare manifest gets three nodes of 4 CPU and 8 GiB in three zones.
const DEFAULT_NODES: [(&str, &str); 3] = [("node-a", "zone-a"), ("node-b", "zone-b"), ("node-c", "zone-c")];
/// Ours: the folder of files that come from nowhere, such as those of a page.
const DEFAULT_FOLDER: &str = "/home/me/app";
/// Ours: more nodes than this are refused.
const NODES_MAX: usize = 20_000;

/// A file by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TextFile {
    /// Name, as shown in origins.
    pub name: Rc<str>,
    /// Text.
    pub text: Rc<str>,
}

/// One thing that happens at a time without a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Scripted {
    /// When, from the start.
    pub at: Span,
    /// What: a console line, or a fault in words (`fail node-a`, `recover node-a`, `kill pod/web-1`).
    pub line: Rc<str>,
    /// What breaks or is well again, instead of a line.
    pub order: Option<Order>,
}

/// Everything a run starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The machines.
    pub nodes: Vec<NodeSpec>,
    /// Files that are applied at the start: manifests, and what a Compose project is made of.
    pub files: Vec<TextFile>,
    /// Files that lie beside them, for whoever looks.
    pub around: Vec<TextFile>,
    /// Full path of the folder they lie in; a Compose project is named after it.
    pub folder: Rc<str>,
    /// Seed of chance.
    pub seed: u64,
    /// What happens when.
    pub inputs: Vec<Scripted>,
    /// What containers do.
    pub workloads: Vec<Rule>,
    /// Who asks when.
    pub loads: Vec<(Span, Load)>,
    /// Whether volumes come by themselves; otherwise pods wait until their claims are bound.
    pub storage: bool,
    /// What the kubelets are told.
    pub kubelet: Settings,
    /// Whether there is a metrics server.
    pub metrics: bool,
    /// How long the run is meant to be, when the file says so.
    pub until: Option<Span>,
    /// Whether the files are applied at the start; otherwise an input does it.
    pub apply: bool,
    /// Pipelines that act on the cluster.
    pub pipelines: Vec<Pipeline>,
    /// The share of requests that is promised to be answered.
    pub objective: f64,
}

impl Default for Scenario {
    fn default() -> Self {
        let node = |(name, zone): &(&str, &str)| NodeSpec {
            labels: vec![("topology.kubernetes.io/zone".into(), (*zone).into())],
            ..machine(name)
        };
        Scenario {
            nodes: DEFAULT_NODES.iter().map(node).collect(),
            files: Vec::new(),
            around: Vec::new(),
            folder: DEFAULT_FOLDER.into(),
            seed: 1,
            inputs: Vec::new(),
            workloads: Vec::new(),
            loads: Vec::new(),
            storage: true,
            kubelet: Settings::default(),
            metrics: true,
            until: None,
            apply: true,
            pipelines: Vec::new(),
            objective: PROMISE,
        }
    }
}

/// A machine of 4 CPU and 8 GiB.
fn machine(name: &str) -> NodeSpec {
    let pair = |k: &str, v: &str| (k.to_string(), v.to_string());
    NodeSpec {
        name: name.into(),
        labels: Vec::new(),
        annotations: Vec::new(),
        taints: Vec::new(),
        // Pods a node: kubelet's default maxPods. Source: kubernetes v1.37 pkg/kubelet/apis/config/v1beta1/defaults.go.
        capacity: vec![
            pair("cpu", "4"),
            pair("memory", "8Gi"),
            pair("ephemeral-storage", "100Gi"),
            pair("pods", "110"),
        ],
        allocatable: Vec::new(),
        unschedulable: false,
        manifests: Vec::new(),
        info: Vec::new(),
        kubelet_version: "v1.37.2".into(),
    }
}

impl Scenario {
    /// Reads a person's files: at most one scenario among them, the rest are manifests.
    pub fn read(files: &[TextFile], seed: u64) -> (Scenario, Vec<Problem>) {
        let mut scenario = Scenario { seed, ..Scenario::default() };
        let mut problems = Vec::new();
        let mut machines = false;
        for file in files {
            let Some(document) = scenario_document(file) else {
                scenario.files.push(file.clone());
                continue;
            };
            let mut reader = Reader { file: file.name.clone(), problems: &mut problems };
            reader.scenario(&document, &mut scenario);
            machines |= document.get("cluster").is_some();
        }
        if scenario.has_compose() && !machines && scenario.manifests().is_empty() {
            // A Compose project alone has no cluster beside it.
            scenario.nodes.clear();
            scenario.metrics = false;
        }
        (scenario, problems)
    }
    /// The world at the start: the machines are there, nothing is applied yet.
    pub fn world(&self) -> World {
        let calendar = Calendar { seed: self.seed, ..Calendar::default() };
        let mut cluster = Cluster::new(calendar, self.seed);
        cluster.api.bootstrap();
        cluster.kubelet.settings = Rc::new(self.kubelet.clone());
        if !self.storage {
            cluster.scheduler.no_volumes_come();
        }
        add_nodes(&mut cluster, &self.nodes);
        cluster.settle();
        for (node, (file, text)) in self.nodes.iter().flat_map(|n| n.manifests.iter().map(move |m| (&n.name, m))) {
            // What is wrong with it was reported where it was written.
            drop(cluster.kubelet(|kubelets, cx| kubelets.put_manifest(node, file, text, cx)));
        }
        cluster.kubelet(|kubelets, _| Rc::make_mut(&mut kubelets.workloads).rules.extend(self.workloads.clone()));
        if self.metrics {
            // Ours: where in its rhythm the metrics server asks is chance.
            let phase = cluster.api.chance("metrics-server").between(Span::ZERO, Span::millis(14_999));
            cluster.api.floor.meter = Some(Meter { since: Time::ZERO, phase });
        }
        cluster.settle();
        let mut world = World::new(cluster);
        if self.has_compose() || has_compose(&self.around) {
            let host = world.host_mut(self.seed);
            host.engine.workloads.rules.extend(self.workloads.clone());
        }
        world
    }
    /// Whether a Compose project is among the files.
    pub fn has_compose(&self) -> bool {
        has_compose(&self.files)
    }
    /// The files that are manifests.
    pub fn manifests(&self) -> Vec<TextFile> {
        manifests(&self.files)
    }
}

/// The machines of a bare manifest.
pub fn default_nodes() -> Vec<NodeSpec> {
    Scenario::default().nodes
}

/// Machines join a cluster.
pub fn add_nodes(cluster: &mut Cluster, nodes: &[NodeSpec]) {
    for node in nodes {
        cluster.api.add_node(node, By::actor("scenario", node_joins()));
    }
}

/// Whether a Compose project is among the files.
pub fn has_compose(files: &[TextFile]) -> bool {
    files.iter().any(|file| is_compose(&file.name, &file.text))
}

/// The files that go to a cluster. Beside a Compose project lie files of many kinds: only those with an object in them do.
pub fn manifests(files: &[TextFile]) -> Vec<TextFile> {
    let beside = has_compose(files);
    files.iter().filter(|file| !beside || is_manifest(file)).cloned().collect()
}

fn is_manifest(file: &TextFile) -> bool {
    let named = [".yaml", ".yml", ".json"].iter().any(|end| file.name.ends_with(end));
    if !named || is_compose(&file.name, &file.text) {
        return false;
    }
    let (documents, _) = yaml::read(&file.name, &file.text);
    documents.iter().any(|d| d.node.get("kind").is_some())
}

/// The document of a scenario file; `None` for a manifest.
fn scenario_document(file: &TextFile) -> Option<Node> {
    let (documents, _) = yaml::read(&file.name, &file.text);
    let [document] = <[_; 1]>::try_from(documents).ok()?;
    let node = document.node;
    let looks = |key| node.get(key).is_some();
    let named = file.name.ends_with(".scenario.yaml") || file.name.ends_with(".scenario.yml");
    let unlike_a_manifest =
        !looks("kind") && ["cluster", "inputs", "files", "pipelines", "load"].iter().any(|key| looks(key));
    (named || unlike_a_manifest).then_some(node)
}

pub(in crate::scenario) struct Reader<'a> {
    file: Rc<str>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn complain(&mut self, node: &Node, words: String) {
        let mut problem = Problem::error("scenario", node.extent.start, words);
        problem.file = self.file.clone();
        self.problems.push(problem);
    }
    fn scenario(&mut self, node: &Node, into: &mut Scenario) {
        let NodeKind::Map(members) = &node.kind else {
            return self.complain(node, "a scenario is a map".into());
        };
        for member in members {
            let value = &member.node;
            match &*member.key {
                "cluster" => self.cluster(value, into),
                "files" => self.files(value, into),
                "seed" => match value.to_value().as_int() {
                    Some(n) if n >= 0 => into.seed = n as u64,
                    _ => self.complain(value, "seed: a whole number of at least 0 is expected".into()),
                },
                "inputs" => self.inputs(value, into),
                "pipelines" => into.pipelines = self.pipelines(value),
                "workloads" => self.workloads(value, into),
                "load" => self.loads(value, into),
                "objective" => match objective(&scalar_text(&value.to_value()).unwrap_or_default()) {
                    Ok(share) => into.objective = share,
                    Err(words) => self.complain(value, words),
                },
                "until" => into.until = self.span(value),
                "apply" => into.apply = value.to_value() != Value::Bool(false),
                "name" | "about" | "orchestrion" => {}
                other => self.complain(value, format!("unknown field \"{other}\"")),
            }
        }
    }
    /// Names the members of a map that nothing reads.
    fn known(&mut self, node: &Node, what: &str, keys: &[&str]) {
        let NodeKind::Map(members) = &node.kind else { return };
        for member in members.iter().filter(|member| !keys.contains(&&*member.key)) {
            self.complain(&member.node, format!("{what}: unknown field \"{}\"", member.key));
        }
    }
    fn cluster(&mut self, node: &Node, into: &mut Scenario) {
        self.known(node, "cluster", &["storage", "kubelet", "metrics", "nodes"]);
        if let Some(storage) = node.get("storage") {
            into.storage = storage.to_value() != Value::Bool(false);
        }
        if let Some(told) = node.get("kubelet") {
            for key in into.kubelet.take(&told.to_value()) {
                self.complain(told, format!("kubelet: {key} has no effect here"));
            }
        }
        if let Some(metrics) = node.get("metrics") {
            into.metrics = metrics.to_value() != Value::Bool(false);
        }
        let Some(nodes) = node.get("nodes") else { return };
        let mut made = Vec::new();
        match &nodes.kind {
            NodeKind::List(items) => items.iter().for_each(|item| self.group(item, &mut made)),
            _ => self.group(nodes, &mut made),
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = made.iter().find(|spec| !names.insert(spec.name.to_string())) {
            self.complain(nodes, format!("nodes: the name {} stands twice", twice.name));
        }
        if made.len() > NODES_MAX {
            self.complain(nodes, format!("at most {NODES_MAX} nodes are possible"));
            made.truncate(NODES_MAX);
        }
        into.nodes = made;
    }
    /// One node, or a group: `{count, zones, name, cpu, memory, pods, labels, taints, manifests}`.
    fn group(&mut self, node: &Node, made: &mut Vec<NodeSpec>) {
        let tree = node.to_value();
        let Value::Map(_) = &tree else {
            return self.complain(node, "nodes: a group such as {count: 3, cpu: 4} is expected".into());
        };
        self.known(node, "nodes", &[GROUP, NODE].concat());
        node.get("each").into_iter().for_each(|each| self.known(each, "nodes", NODE));
        let each = tree.get("each").unwrap_or(&tree);
        self.amounts(node.get("each").unwrap_or(node));
        let count = match tree.get("count").map(|n| n.as_int().filter(|n| *n >= 0)) {
            None => 1,
            Some(Some(n)) => n.min(NODES_MAX as i64 + 1) as usize,
            Some(None) => {
                return self.complain(node, "nodes: count: a whole number of at least 0 is expected".into());
            }
        };
        let zones: Vec<&str> = each.list_at(&["zones"]).iter().filter_map(Value::as_str).collect();
        for i in 0..count {
            let number = made.len() + 1;
            let name = match each.str_at(&["name"]) {
                Some(name) if count == 1 => name.to_string(),
                Some(name) => format!("{name}-{}", i + 1),
                None => format!("node-{number}"),
            };
            let zone = zones.get(i % zones.len().max(1)).copied().or(each.str_at(&["zone"]));
            let spec = node_spec(&name, each, zone);
            for (file, text) in &spec.manifests {
                if let Err(words) = Sheet::read(&spec.name, file, text, Time::ZERO) {
                    self.complain(node, format!("manifests: {file}: {words}"));
                }
            }
            made.push(spec);
        }
    }
    /// Looks at the quantities of a node.
    fn amounts(&mut self, node: &Node) {
        for key in AMOUNTS {
            let Some(amount) = node.get(key) else { continue };
            let read = scalar_text(&amount.to_value()).map(|text| Quantity::parse(&text));
            if !matches!(read, Some(Ok(_))) {
                self.complain(amount, format!("nodes: {key}: a quantity such as 4 or 8Gi is expected"));
            }
        }
    }
    fn files(&mut self, node: &Node, into: &mut Scenario) {
        let NodeKind::Map(members) = &node.kind else {
            return self.complain(node, "files: a map of names to texts is expected".into());
        };
        for member in members {
            match member.node.as_str() {
                Some(text) => into.files.push(TextFile { name: member.key.clone(), text: text.into() }),
                None => self.complain(&member.node, format!("files: {}: text is expected", member.key)),
            }
        }
    }
    fn inputs(&mut self, node: &Node, into: &mut Scenario) {
        let NodeKind::List(items) = &node.kind else {
            return self.complain(node, "inputs: a list is expected".into());
        };
        for item in items {
            let at = item.get("at").or(item.get("t")).and_then(|n| self.span(n));
            let line = item.get("run").or(item.get("do"));
            let read = match line.and_then(Node::as_str) {
                Some(text) => faults::read_line(text).map(|r| r.map_err(|words| (line.unwrap_or(item), words))),
                None => faults::from_yaml(item),
            };
            let order = match read.transpose() {
                Ok(order) => order,
                Err((place, words)) => {
                    self.complain(place, format!("inputs: {words}"));
                    continue;
                }
            };
            let line = line.and_then(Node::as_str).unwrap_or_default();
            match at {
                Some(at) if order.is_some() || !line.is_empty() => {
                    into.inputs.push(Scripted { at, line: line.into(), order });
                }
                _ => self
                    .complain(item, "inputs: `at` (a time) and `run` (a line), `fault` or `chaos` are expected".into()),
            }
        }
        into.inputs.sort_by_key(|i| i.at);
    }
    /// `90s`, `1m30s`, `500ms`, `2h`, or a number of seconds.
    fn span(&mut self, node: &Node) -> Option<Span> {
        let span = match node.to_value() {
            Value::Int(s) if s >= 0 => Some(Span::secs(s as u64)),
            Value::Float(s) if s >= 0.0 => Some(Span::micros((s * 1e6) as u64)),
            Value::Str(text) => parse_span(&text),
            _ => None,
        };
        let span = span.filter(|span| *span < Span::LONGEST);
        if span.is_none() {
            self.complain(node, "a time such as 90s, 1m30s or 500ms is expected".into());
        }
        span
    }
}

/// Reads `1h2m3.5s`, `500ms`; a bare number counts seconds.
pub fn parse_span(text: &str) -> Option<Span> {
    Span::read(text)
}

/// Members of a node that are quantities.
const AMOUNTS: [&str; 4] = ["cpu", "memory", "pods", "ephemeral-storage"];
/// Members of a group of nodes.
const GROUP: &[&str] = &["count", "each"];
/// Members of a node.
const NODE: &[&str] = &[
    "name",
    "zones",
    "zone",
    "cpu",
    "memory",
    "pods",
    "ephemeral-storage",
    "extended",
    "capacity",
    "labels",
    "annotations",
    "manifests",
    "unschedulable",
    "taints",
];

fn node_spec(name: &str, each: &Value, zone: Option<&str>) -> NodeSpec {
    let mut node = machine(name);
    for key in AMOUNTS {
        if let Some(amount) = each.get(key).and_then(scalar_text) {
            node.capacity.retain(|(k, _)| k != key);
            node.capacity.push((key.into(), amount));
        }
    }
    let pairs = |key: &str| {
        let members = each.get(key).and_then(Value::as_map);
        members
            .into_iter()
            .flat_map(|m| m.iter())
            .filter_map(|(k, v)| Some((k.to_string(), scalar_text(v)?)))
            .collect::<Vec<_>>()
    };
    node.capacity.extend(pairs("extended"));
    node.capacity.extend(pairs("capacity"));
    node.labels = pairs("labels");
    node.annotations = pairs("annotations");
    node.manifests = pairs("manifests");
    node.unschedulable = each.bool_at(&["unschedulable"]).unwrap_or(false);
    if let Some(zone) = zone {
        node.labels.push(("topology.kubernetes.io/zone".into(), zone.into()));
    }
    for taint in each.list_at(&["taints"]) {
        let text = |key: &str| taint.str_at(&[key]).unwrap_or_default().to_string();
        let whole = match taint.as_str() {
            Some(text) => split_taint(text),
            None => (text("key"), text("value"), text("effect")),
        };
        node.taints.push(whole);
    }
    node
}

/// `key=value:Effect`
fn split_taint(text: &str) -> (String, String, String) {
    let (pair, effect) = text.rsplit_once(':').unwrap_or((text, "NoSchedule"));
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    (key.into(), value.into(), effect.into())
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Str(s) => Some(s.to_string()),
        Value::Int(i) => Some(i.to_string()),
        Value::Float(f) => Some(f.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Scenario, Vec<Problem>) {
        Scenario::read(&[TextFile { name: "x.scenario.yaml".into(), text: text.into() }], 1)
    }

    #[test]
    fn groups_of_nodes_spread_over_zones() {
        let (s, problems) = read(
            "cluster:\n  nodes:\n  - {count: 3, zones: [a, b], cpu: 2, taints: ['gpu=true:NoSchedule']}\nuntil: 1m30s\n",
        );
        assert!(problems.is_empty(), "{problems:?}");
        let zones: Vec<_> = s.nodes.iter().map(|n| n.labels[0].1.as_str()).collect();
        assert_eq!(zones, ["a", "b", "a"]);
        assert_eq!(s.nodes[2].taints, [("gpu".into(), "true".into(), "NoSchedule".into())]);
        assert_eq!(s.until, Some(Span::secs(90)));
        for long in ["18446744073710", "1e300", "99999999999h"] {
            let file = TextFile { name: "x.scenario.yaml".into(), text: format!("until: {long}\n").as_str().into() };
            let (s, problems) = Scenario::read(&[file], 1);
            assert!(s.until.is_none() && problems.iter().any(|p| p.message.contains("a time such as")), "{long}");
        }
    }

    #[test]
    fn a_wrong_member_has_a_place_and_the_rest_is_read() {
        let (s, problems) =
            read("seed: 7\nspeed: 3\ninputs:\n- at: 5s\n  run: kubectl get pods\n- at: soon\n  run: x\n");
        assert_eq!((s.seed, s.inputs.len()), (7, 1));
        let lines: Vec<_> = problems.iter().map(|p| p.at.line).collect();
        assert_eq!(lines, [2, 6, 6]);
    }

    #[test]
    fn faults_are_read_with_places_for_what_is_wrong() {
        let (s, problems) = read(
            "inputs:\n- {at: 5s, fault: kill, on: pod/web, container: app, for: 3s}\n- {at: 9s, chaos: [kill, hang], on: 'pods app=web', rate: 2/m, during: 10m}\n- {at: 20s, heal: kill, on: pod/web}\n- at: 1s\n  fault: melt\n- {at: 2s, fault: kill,\n   on: node/a}\n- {at: 3s, fault: kill, on: pod/web,\n   for: ever}\n",
        );
        let Some(Order::Break(chaos)) = &s.inputs[1].order else { panic!("{:?}", s.inputs) };
        let faults::Repeat::Chaos { mean, also, during } = &chaos.repeat else { panic!("{chaos:?}") };
        assert_eq!((*mean, also.len(), *during), (Span::secs(30), 1, Some(Span::secs(600))));
        assert_eq!(s.inputs[2].order, Some(Order::Heal(Some(faults::What::Kill), "pod/web".into())));
        assert_eq!(s.inputs.len(), 3);
        let lines: Vec<_> = problems.iter().map(|p| p.at.line).collect();
        assert_eq!(lines, [6, 7, 10]);
    }

    #[test]
    fn a_manifest_is_no_scenario() {
        let file = TextFile { name: "web.yaml".into(), text: "kind: Pod\napiVersion: v1\n".into() };
        let (s, _) = Scenario::read(std::slice::from_ref(&file), 3);
        assert_eq!((s.files, s.nodes.len(), s.seed), (vec![file], 3, 3));
    }

    #[test]
    fn spans_are_read() {
        for (text, us) in [("90s", 90_000_000), ("1m30s", 90_000_000), ("500ms", 500_000), ("2.5", 2_500_000)] {
            assert_eq!(parse_span(text), Some(Span(us)));
        }
        assert_eq!((parse_span(""), parse_span("5x"), parse_span("s")), (None, None, None));
    }

    #[test]
    fn what_nothing_reads_is_named() {
        let (_, problems) = read(
            "cluster:\n  node: 3\n  nodes:\n  - {cout: 3, memroy: 2Gi}\n  - {count: \"3\"}\n  - {cpu: four}\n  - {name: a}\n  - {name: a}\n",
        );
        let words: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
        let wanted = [
            "cluster: unknown field \"node\"",
            "nodes: unknown field \"cout\"",
            "nodes: unknown field \"memroy\"",
            "nodes: count: a whole number of at least 0 is expected",
            "nodes: cpu: a quantity such as 4 or 8Gi is expected",
            "nodes: the name a stands twice",
        ];
        assert_eq!(words, wanted);
    }
}
