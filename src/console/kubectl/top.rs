//! `kubectl top pod` and `kubectl top node`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/top/{top_pod,top_node}.go; pkg/metricsutil/metrics_printer.go.

use super::table::align;
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::controllers::horizontal_pod_autoscaler::metered::of_pod;
use crate::kubernetes::objects::parts::Resources;
use crate::kubernetes::objects::parts::selector::Selector;
use crate::kubernetes::objects::{Kind, Object};
use crate::sim::Span;
use crate::text::go;
use crate::workload::SYSTEM_USE as SYSTEM;
use std::collections::BTreeMap;
use std::rc::Rc;

const POD_SWITCHES: &str = "all-namespaces A containers no-headers sum use-protocol-buffers show-swap";
const POD_OPTIONS: &str = "selector l field-selector sort-by";
const NODE_SWITCHES: &str = "no-headers use-protocol-buffers show-capacity show-swap";
const NODE_OPTIONS: &str = "selector l sort-by";

pub(super) const VERBS: &[Verb] = &[
    Verb { name: "top pod", switches: POD_SWITCHES, options: POD_OPTIONS, run: pods },
    Verb { name: "top pods", switches: POD_SWITCHES, options: POD_OPTIONS, run: pods },
    Verb { name: "top po", switches: POD_SWITCHES, options: POD_OPTIONS, run: pods },
    Verb { name: "top node", switches: NODE_SWITCHES, options: NODE_OPTIONS, run: nodes },
    Verb { name: "top nodes", switches: NODE_SWITCHES, options: NODE_OPTIONS, run: nodes },
    Verb { name: "top no", switches: NODE_SWITCHES, options: NODE_OPTIONS, run: nodes },
];

/// A pod of this age without figures is an error of its own. Source: same file, metricsCreationDelay.
const DELAY: Span = Span::secs(120);

/// Thousandths of a core, and bytes.
type Used = (i64, i64);

fn available(cx: &Cx) -> Result<()> {
    match cx.cluster.api.floor.meter {
        Some(_) => Ok(()),
        None => Err(Failure::error("Metrics API not available")),
    }
}

fn sort_by(args: &Args) -> Result<&str> {
    match args.get("sort-by").unwrap_or_default() {
        it @ ("" | "cpu" | "memory") => Ok(it),
        _ => Err(Failure::error("--sort-by accepts only cpu or memory")),
    }
}

fn selector(args: &Args) -> Result<Selector> {
    Selector::parse(args.get("selector").unwrap_or_default()).map_err(Failure::error)
}

/// Largest first by what is asked for, else by name.
fn order<T>(rows: &mut [T], by: &str, used: impl Fn(&T) -> Used, name: impl Fn(&T) -> String) {
    rows.sort_by(|a, b| {
        let (x, y) = (used(a), used(b));
        let first = match by {
            "cpu" => y.0.cmp(&x.0),
            "memory" => y.1.cmp(&x.1),
            _ => std::cmp::Ordering::Equal,
        };
        first.then_with(|| name(a).cmp(&name(b)))
    });
}

fn cells((cpu, memory): Used) -> [String; 2] {
    [format!("{cpu}m"), format!("{}Mi", memory / (1024 * 1024))]
}

/// What is known of one pod.
struct PodUse {
    namespace: Rc<str>,
    name: Rc<str>,
    containers: Vec<(Rc<str>, Used)>,
}

impl PodUse {
    fn whole(&self) -> Used {
        self.containers.iter().fold((0, 0), |sum, (_, used)| (sum.0 + used.0, sum.1 + used.1))
    }
}

fn figures(cx: &Cx, pod: &Object) -> Option<PodUse> {
    let reading = of_pod(&cx.cluster.api, pod, cx.now())?;
    let of = |usage: &BTreeMap<Rc<str>, i64>, name: &str| usage.get(name).copied().unwrap_or(0);
    let one = |(name, usage): &(Rc<str>, BTreeMap<Rc<str>, i64>)| {
        (name.clone(), (of(usage, "cpu"), of(usage, "memory") / 1000))
    };
    let containers = reading.containers.iter().map(one).collect();
    Some(PodUse { namespace: pod.meta.namespace.clone(), name: pod.meta.name.clone(), containers })
}

fn pods(cx: &mut Cx, args: &Args) -> Result {
    let by = sort_by(args)?;
    let name = args.words.first();
    if name.is_some() && (args.get("selector").is_some() || args.get("field-selector").is_some()) {
        return Err(Failure::error("only one of NAME or selector can be provided"));
    }
    available(cx)?;
    let (everywhere, selector) = (args.on("all-namespaces"), selector(args)?);
    let fits = |pod: &&Rc<Object>| {
        (everywhere || *pod.meta.namespace == *cx.namespace)
            && name.is_none_or(|n| **n == *pod.meta.name)
            && selector.matches(|key| pod.meta.labels.get(key).map(|v| &**v))
    };
    let asked: Vec<Rc<Object>> = cx.cluster.api.store.list(Kind::Pod).filter(fits).cloned().collect();
    let mut found: Vec<PodUse> = asked.iter().filter_map(|pod| figures(cx, pod)).collect();
    if found.is_empty() {
        if let Some(name) = name {
            let words = match asked.is_empty() {
                true => format!("pods \"{name}\" not found"),
                false => format!("podmetrics.metrics.k8s.io \"{}/{name}\" not found", cx.namespace),
            };
            return Err(Failure::plain(format!("Error from server (NotFound): {words}")));
        }
        return nothing(cx, &asked, everywhere);
    }
    let name_of = |p: &PodUse| if everywhere { format!("{}/{}", p.namespace, p.name) } else { p.name.to_string() };
    order(&mut found, by, PodUse::whole, name_of);
    let split = args.on("containers");
    let mut rows: Vec<Vec<String>> = Vec::new();
    let head =
        [(everywhere, "NAMESPACE"), (split, "POD"), (true, "NAME"), (true, "CPU(cores)"), (true, "MEMORY(bytes)")];
    if !args.on("no-headers") {
        rows.push(head.iter().filter(|(on, _)| *on).map(|(_, h)| (*h).to_string()).collect());
    }
    for pod in &mut found {
        let front: Vec<String> = if everywhere { vec![pod.namespace.to_string()] } else { Vec::new() };
        if split {
            order(&mut pod.containers, by, |c| c.1, |c| c.0.to_string());
            for (name, used) in &pod.containers {
                let names = [pod.name.to_string(), name.to_string()];
                rows.push(front.iter().cloned().chain(names).chain(cells(*used)).collect());
            }
        } else {
            rows.push(front.into_iter().chain([pod.name.to_string()]).chain(cells(pod.whole())).collect());
        }
    }
    if args.on("sum") {
        let columns = 3 + usize::from(everywhere) + usize::from(split);
        let whole = found.iter().map(PodUse::whole).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let blank = |n: usize| std::iter::repeat_n(String::new(), n);
        rows.push(blank(columns - 2).chain(["________".to_string(), "________".to_string()]).collect());
        rows.push(blank(columns - 3).chain([String::new()]).chain(cells(whole)).collect());
    }
    print(cx, rows);
    Ok(Flow::Done(0))
}

/// Every cell of these tables ends with a tab, the last ones too. Source: metrics_printer.go, printValue.
fn print(cx: &mut Cx, mut rows: Vec<Vec<String>>) {
    rows.iter_mut().for_each(|row| row.push(String::new()));
    let table = align(&rows, &mut Vec::new());
    cx.print(&table);
}

/// Why there are no figures. Source: top_pod.go, verifyEmptyMetrics.
fn nothing(cx: &mut Cx, asked: &[Rc<Object>], everywhere: bool) -> Result {
    let now = cx.now();
    for pod in asked {
        let age = now.since(pod.meta.created);
        if age > DELAY {
            let words = format!(
                "Metrics not available for pod {}/{}, age: {}",
                pod.meta.namespace,
                pod.meta.name,
                go::duration_of_micros(age.0)
            );
            return Err(Failure::error(words));
        }
    }
    if !asked.is_empty() {
        return Err(Failure::error("metrics not available yet"));
    }
    match everywhere {
        true => cx.complain("No resources found\n"),
        false => cx.complain(&format!("No resources found in {} namespace.\n", cx.namespace)),
    }
    Ok(Flow::Done(0))
}

fn nodes(cx: &mut Cx, args: &Args) -> Result {
    let by = sort_by(args)?;
    let name = args.words.first();
    if name.is_some() && args.get("selector").is_some() {
        return Err(Failure::error("only one of NAME or --selector can be provided"));
    }
    available(cx)?;
    let selector = selector(args)?;
    let api = &cx.cluster.api;
    let fits = |node: &&Rc<Object>| {
        name.is_none_or(|n| **n == *node.meta.name) && selector.matches(|key| node.meta.labels.get(key).map(|v| &**v))
    };
    let asked: Vec<Rc<Object>> = api.store.list(Kind::Node).filter(fits).cloned().collect();
    if let (Some(name), true) = (name, asked.is_empty()) {
        return Err(Failure::plain(format!("Error from server (NotFound): nodes \"{name}\" not found")));
    }
    let mut known: Vec<(Rc<Object>, Used)> = Vec::new();
    let mut unknown = Vec::new();
    for node in asked {
        match node_use(cx, &node) {
            Some(used) => known.push((node, used)),
            None => unknown.push(node),
        }
    }
    if known.is_empty() {
        return Err(Failure::error("metrics not available yet"));
    }
    order(&mut known, by, |n| n.1, |n| n.0.meta.name.to_string());
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !args.on("no-headers") {
        rows.push(["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)"].map(str::to_string).to_vec());
    }
    for (node, used) in &known {
        let all = args.on("show-capacity");
        let room = node.node().map(|n| if all { Resources::read(&n.capacity) } else { (*n.allocatable).clone() });
        let (cpu, memory) = room.map_or((0, 0), |r| (r.cpu, r.memory));
        let percent = |used: i64, of: i64| format!("{}%", if of > 0 { used * 100 / of } else { 0 });
        let [a, b] = cells(*used);
        rows.push(vec![node.meta.name.to_string(), a, percent(used.0, cpu), b, percent(used.1, memory)]);
    }
    for node in unknown {
        rows.push([&*node.meta.name, "<unknown>", "<unknown>", "<unknown>", "<unknown>"].map(str::to_string).to_vec());
    }
    print(cx, rows);
    Ok(Flow::Done(0))
}

/// What a machine uses: its pods and itself; `None` while it does not answer or was not asked twice.
fn node_use(cx: &Cx, node: &Object) -> Option<Used> {
    let api = &cx.cluster.api;
    let meter = api.floor.meter.as_ref()?;
    let now = cx.now();
    // Two answers of the machine itself.
    meter.asked(now)?.0.checked_sub(meter.since.0 + 15_000_000)?;
    if api.floor.dark.contains(&node.meta.name) {
        return None;
    }
    let pods = api.store.pods_on(&node.meta.name).filter_map(|pod| figures(cx, pod));
    let sum = pods.map(|p| p.whole()).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    Some((sum.0 + (SYSTEM.0 * 1e3) as i64, sum.1 + SYSTEM.1 as i64))
}
