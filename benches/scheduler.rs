//! How fast pods are placed: `cargo bench --bench scheduler`. Figures go into docs/performance.md.
//!
//! 5,000 nodes in 3 zones, pods of 20 templates taking turns, all spread by default over nodes and zones.

use orchestrion::kubernetes::apiserver::{Api, By, Cx};
use orchestrion::kubernetes::objects::node::Node;
use orchestrion::kubernetes::objects::parts::LabelSelector;
use orchestrion::kubernetes::objects::pod::{Pod, PodSpec};
use orchestrion::kubernetes::objects::{Body, Calendar, Id, Kind, Labels, Meta, Object};
use orchestrion::kubernetes::scheduler::{self, State, Timer, fast::Cache, snapshot::Snapshot, view::PodView};
use orchestrion::sim::{Agenda, Time};
use orchestrion::text::{Value, json};
use std::rc::Rc;
use std::time::Instant;

const NODES: usize = 5_000;
const PODS: usize = 150_000;
const TEMPLATES: usize = 20;

orchestrion::reasons! { "bench":
    /// The bench did it.
    did(),
}

fn tree(text: &str) -> Value {
    json::parse(text).expect("a tree")
}

fn node(at: usize) -> (Rc<str>, Labels, Node) {
    let name = format!("node-{at:04}");
    let labels = [("kubernetes.io/hostname", name.clone()), ("topology.kubernetes.io/zone", format!("z{}", at % 3))];
    let allocatable = r#"{"status":{"allocatable":{"cpu":"32","memory":"128Gi","pods":"110"}}}"#;
    (name.as_str().into(), labels.into_iter().collect(), Node::read(&tree(allocatable), &Calendar::default()))
}

fn templates() -> Vec<(Rc<PodSpec>, Labels)> {
    let each = |at: usize| {
        let (cpu, memory) = (100 + at * 25, 64 + at * 32);
        let requests = format!(r#"{{"cpu":"{cpu}m","memory":"{memory}Mi"}}"#);
        let container = format!(r#"{{"name":"c","image":"app-{at}:1","resources":{{"requests":{requests}}}}}"#);
        let spec = PodSpec::read(&tree(&format!(r#"{{"containers":[{container}]}}"#)));
        (Rc::new(spec), [("app".to_owned(), format!("app-{at}"))].into_iter().collect())
    };
    (0..TEMPLATES).map(each).collect()
}

fn pod(at: usize, templates: &[(Rc<PodSpec>, Labels)]) -> PodView {
    let (spec, labels) = templates[at % TEMPLATES].clone();
    let (namespace, name) = ("default".into(), format!("pod-{at}").into());
    PodView { id: Id(at as u32), namespace, name, labels, spec, ..PodView::default() }
}

fn selector(labels: &Labels) -> LabelSelector {
    LabelSelector { labels: labels.iter().map(|(k, v)| (k.clone(), v.clone())).collect(), expressions: Vec::new() }
}

/// Wall clock, and the processor time of this process where the system tells it: the figure that a busy machine does not
/// spoil.
struct Stopwatch(Instant, Option<f64>);

impl Stopwatch {
    fn start() -> Self {
        Stopwatch(Instant::now(), processor_seconds())
    }
    fn say(&self, what: &str, pods: usize) {
        let rate = |seconds: f64| pods as f64 / seconds.max(1e-9);
        let wall = rate(self.0.elapsed().as_secs_f64());
        let own = processor_seconds().zip(self.1).map_or(0.0, |(now, then)| rate(now - then));
        println!("{what}: {pods:>7} pods, {wall:>8.0} pods/s by the clock, {own:>8.0} pods/s of processor time");
    }
}

/// User and system time so far, in hundredths, from Linux' process table.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
}

/// Choosing and counting alone.
fn core() {
    let templates = templates();
    let mut cluster = Snapshot::default();
    for (name, labels, node) in (0..NODES).map(node) {
        cluster.set_node(&name, &labels, &node);
    }
    cluster.arrange();
    let (mut cache, mut start) = (Cache::default(), 0);
    let (mut began, whole, mut part) = (Stopwatch::start(), Stopwatch::start(), 0);
    for at in 0..PODS {
        let pod = Rc::new(pod(at, &templates));
        let template = cache.template(&pod, None, 0, || selector(&pod.labels));
        let placed = cache.place(template, &cluster, start).expect("room");
        start = (start + placed.evaluated) % NODES;
        let name = cluster.nodes()[placed.node].name.clone();
        cluster.add_pod(&name, pod);
        part += 1;
        if [1_000, 10_000, 50_000, 100_000, PODS].contains(&(at + 1)) {
            began.say(&format!("core, up to pod {:>6}", at + 1), part);
            (began, part) = (Stopwatch::start(), 0);
        }
    }
    whole.say("core, all", PODS);
}

/// With the queue, the API server's writes, events and the journal.
fn whole() {
    let mut api = Api::new(Calendar::default(), 1);
    let mut state = State::default();
    let mut agenda = Agenda::<Timer>::default();
    let by = || By::actor("bench", did());
    for (name, labels, node) in (0..NODES).map(node) {
        let meta = Meta { labels, ..Meta::named("", name) };
        api.create(Object { kind: Kind::Node, meta, body: Body::Node(node) }, by()).expect("a free name");
    }
    let templates = templates();
    settle(&mut api, &mut state, &mut agenda);
    let began = Stopwatch::start();
    let mut waiting = 0;
    for at in 0..PODS {
        let (spec, labels) = templates[at % TEMPLATES].clone();
        let meta = Meta { labels, ..Meta::named("default", format!("pod-{at}")) };
        let body = Body::Pod(Pod { spec, ..Pod::default() });
        api.create(Object { kind: Kind::Pod, meta, body }, by()).expect("a free name");
        waiting += 1;
        if waiting == 1_000 || at + 1 == PODS {
            waiting = 0;
            settle(&mut api, &mut state, &mut agenda);
            while let Some((t, timer)) = agenda.pop_until(Time::NEVER) {
                api.now = api.now.max(t);
                with(&mut api, &mut agenda, |cx| scheduler::fire(&mut state, timer, cx));
                settle(&mut api, &mut state, &mut agenda);
            }
        }
    }
    began.say("made, queued, placed and bound through the API server", PODS);
    let placed = api.store.list(Kind::Pod).filter(|p| p.pod().is_some_and(|p| p.node.is_some())).count();
    assert_eq!(placed, PODS, "every pod has a node");
}

fn with(api: &mut Api, agenda: &mut Agenda<Timer>, act: impl FnOnce(&mut Cx<Timer>)) {
    let mut timers = Vec::new();
    act(&mut Cx { api, timers: &mut timers });
    timers.into_iter().for_each(|(at, timer)| agenda.add(at, timer));
}

fn settle(api: &mut Api, state: &mut State, agenda: &mut Agenda<Timer>) {
    loop {
        let changes = api.take_changes();
        if changes.is_empty() {
            return;
        }
        for change in &changes {
            with(api, agenda, |cx| scheduler::observe(state, change, cx));
        }
    }
}

fn main() {
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    core();
    whole();
}
