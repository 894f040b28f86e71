//! `kubectl drain`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/drain/drain.go, pkg/drain/{drain,filters}.go.

use super::args::DryRun;
use super::{Args, Cx, Failure, Flow, Result, Verb, Waiting};
use crate::kubernetes::apiserver::DeleteOptions;
use crate::kubernetes::objects::parts::selector::Selector;
use crate::kubernetes::objects::{Id, Object};
use crate::sim::{Span, Time};
use crate::text::go;
use std::rc::Rc;

/// Pause after a refused eviction. Source: drain.go, EvictErrorRetryDelay.
const RETRY: Span = Span::secs(5);
/// Pause between two looks whether a pod is gone. Source: drain.go, evictPods.
const LOOK: Span = Span::secs(1);

/// What forbids to take a pod away, in the order of kubectl's messages.
const FATAL_DAEMON: &str = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
const FATAL_STORAGE: &str = "Pods with local storage (use --delete-emptydir-data to override)";
const FATAL_BARE: &str = "Pods that declare no controller (use --force to override)";
/// What people are warned of.
const WARN_DAEMON: &str = "ignoring DaemonSet-managed Pods";
const WARN_BARE: &str = "deleting Pods that declare no controller";

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "drain",
    switches: "force ignore-daemonsets delete-emptydir-data disable-eviction",
    options: "grace-period timeout selector l pod-selector skip-wait-for-delete-timeout dry-run chunk-size",
    run: drain,
}];

/// Words about pods, and the pods.
type Told = Vec<(String, Vec<String>)>;
/// The pods to take, warnings, refusals.
type Looked = (Vec<Rc<Object>>, Told, Told);

/// What the filters say of a pod.
enum Verdict {
    Take,
    TakeWith(&'static str),
    Leave(Option<&'static str>),
    Refuse(String),
}

fn drain(cx: &mut Cx, args: &Args) -> Result {
    if args.words.is_empty() && args.get("selector").is_none() {
        return Err(Failure::error("USAGE: drain NODE [flags]\nSee 'kubectl drain -h' for help and examples"));
    }
    let pod_selector = args.get("pod-selector").map(Selector::parse).transpose();
    let pod_selector =
        pod_selector.map_err(|_| Failure::error("--pod-selector=<pod_selector> must be a valid label selector"))?;
    let nodes = super::mark::cordon_all(cx, args, true)?;
    let timeout = args.span("timeout").filter(|t| *t > Span::ZERO);
    let grace = args.get("grace-period").and_then(|g| g.parse::<i64>().ok()).filter(|g| *g >= 0);
    let mut waiting = Drain {
        nodes: nodes.iter().map(|(_, o)| o.meta.name.clone()).collect(),
        options: DeleteOptions { grace: grace.map(|g| Span::secs(g as u64)), ..DeleteOptions::default() },
        asks_budgets: !args.on("disable-eviction"),
        force: args.on("force"),
        ignore_daemon_sets: args.on("ignore-daemonsets"),
        delete_storage: args.on("delete-emptydir-data"),
        dry_run: args.dry_run()?,
        pod_selector,
        timeout,
        until: Time::NEVER,
        pods: None,
        fatal: Vec::new(),
        remaining: Vec::new(),
    };
    match waiting.poll(cx) {
        Some(code) => Ok(Flow::Done(code)),
        None => Ok(Flow::Wait(Box::new(waiting))),
    }
}

/// One pod being taken away.
#[derive(Clone, Debug)]
struct Leaving {
    id: Id,
    name: Rc<str>,
    namespace: Rc<str>,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// To be asked at this moment.
    Ask(Time),
    /// Asked; looked after at this moment.
    Gone(Time),
    Done,
    Failed(String),
}

#[derive(Clone, Debug)]
struct Drain {
    nodes: Vec<Rc<str>>,
    options: DeleteOptions,
    asks_budgets: bool,
    force: bool,
    ignore_daemon_sets: bool,
    delete_storage: bool,
    dry_run: DryRun,
    /// Only these pods go. Source: kubernetes v1.37 kubectl pkg/drain/drain.go, GetPodsForDeletion.
    pod_selector: Option<Selector>,
    timeout: Option<Span>,
    until: Time,
    /// The pods of the first node, once it is under way.
    pods: Option<Vec<Leaving>>,
    fatal: Vec<String>,
    remaining: Vec<Rc<str>>,
}

impl Drain {
    fn verdict(&self, cx: &Cx, pod: &Object) -> Verdict {
        let Some(row) = pod.pod() else { return Verdict::Leave(None) };
        let ended = row.status.phase.ended();
        let controller = pod.meta.controller();
        if let Some(owner) = controller.filter(|c| c.kind == "DaemonSet" && !ended) {
            let there = owner.id.is_some_and(|id| cx.cluster.api.store.get(id).is_some());
            return match (there, self.force, self.ignore_daemon_sets) {
                (false, true, _) => Verdict::Take,
                (false, false, _) => Verdict::Refuse(format!("daemonsets.apps \"{}\" not found", owner.name)),
                (true, _, true) => Verdict::Leave(Some(WARN_DAEMON)),
                (true, _, false) => Verdict::Refuse(FATAL_DAEMON.into()),
            };
        }
        if pod.meta.annotations.get("kubernetes.io/config.mirror").is_some() {
            return Verdict::Leave(None);
        }
        // With --delete-emptydir-data there is a warning too, but the next filter's verdict replaces it.
        if !ended && !self.delete_storage && row.spec.volumes.iter().any(|v| v.kind == "emptyDir") {
            return Verdict::Refuse(FATAL_STORAGE.into());
        }
        match (ended || controller.is_some(), self.force) {
            (true, _) => Verdict::Take,
            (false, true) => Verdict::TakeWith(WARN_BARE),
            (false, false) => Verdict::Refuse(FATAL_BARE.into()),
        }
    }
    /// Sorts the pods of a node: those to take, warnings and refusals by message.
    fn look(&self, cx: &Cx, node: &str) -> Looked {
        let mut pods: Vec<Rc<Object>> = cx.cluster.api.store.pods_on(node).cloned().collect();
        if let Some(selector) = &self.pod_selector {
            pods.retain(|p| selector.matches(|key| p.meta.labels.get(key).map(|v| &**v)));
        }
        pods.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
        let (mut take, mut warnings, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        let enter = |list: &mut Told, words: String, pod: &Object| {
            let label = format!("{}/{}", pod.meta.namespace, pod.meta.name);
            match list.iter_mut().find(|(w, _)| *w == words) {
                Some((_, pods)) => pods.push(label),
                None => list.push((words, vec![label])),
            }
        };
        for pod in pods {
            match self.verdict(cx, &pod) {
                Verdict::Take => take.push(pod),
                Verdict::TakeWith(words) => {
                    enter(&mut warnings, words.into(), &pod);
                    take.push(pod);
                }
                Verdict::Leave(Some(words)) => enter(&mut warnings, words.into(), &pod),
                Verdict::Leave(None) => {}
                Verdict::Refuse(words) => enter(&mut refusals, words, &pod),
            }
        }
        refusals.sort();
        (take, warnings, refusals)
    }
    /// Begins with a node: refusals end it at once.
    fn begin(&mut self, cx: &mut Cx, node: &Rc<str>) -> std::result::Result<(), Vec<String>> {
        let (take, warnings, refusals) = self.look(cx, node);
        if !refusals.is_empty() {
            let line = |(words, pods): (String, Vec<String>)| format!("cannot delete {words}: {}", pods.join(", "));
            return Err(refusals.into_iter().map(line).collect());
        }
        if !warnings.is_empty() {
            let list: Vec<String> = warnings.iter().map(|(w, pods)| format!("{w}: {}", pods.join(", "))).collect();
            cx.complain(&format!("Warning: {}\n", list.join("; ")));
        }
        let now = cx.now();
        self.until = self.timeout.map_or(Time::NEVER, |t| now + t);
        if self.dry_run.on() {
            for pod in &take {
                let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
                cx.print(&format!("evicting pod {namespace}/{name}{}\n", self.dry_run.suffix()));
            }
            self.pods = Some(Vec::new());
            return Ok(());
        }
        let leaving = take.into_iter().map(|pod| Leaving {
            id: pod.meta.id,
            name: pod.meta.name.clone(),
            namespace: pod.meta.namespace.clone(),
            state: State::Ask(now),
        });
        self.pods = Some(leaving.collect());
        Ok(())
    }
    fn step(&self, cx: &mut Cx, pod: &mut Leaving) {
        let now = cx.now();
        let (namespace, name) = (&pod.namespace, &pod.name);
        match pod.state.clone() {
            State::Ask(at) if now >= at => {
                if self.asks_budgets {
                    cx.print(&format!("evicting pod {namespace}/{name}\n"));
                }
                if now >= self.until {
                    let limit = self.timeout.map(|t| go::duration_of_micros(t.0)).unwrap_or_default();
                    let words = format!(
                        "error when evicting pods/\"{name}\" -n \"{namespace}\": global timeout reached: {limit}"
                    );
                    pod.state = State::Failed(words);
                    return;
                }
                let by = cx.by();
                let answer = match self.asks_budgets {
                    true => cx.cluster.api.evict(pod.id, by, self.options),
                    false => {
                        cx.cluster.api.delete(pod.id, by, self.options);
                        Ok(())
                    }
                };
                cx.cluster.settle();
                pod.state = match answer {
                    Ok(()) => State::Gone(now),
                    Err(e) if e.reason == "TooManyRequests" => {
                        let words = &e.message;
                        cx.complain(&format!(
                            "error when evicting pods/\"{name}\" -n \"{namespace}\" (will retry after 5s): {words}\n"
                        ));
                        State::Ask(now + RETRY)
                    }
                    Err(e) if e.reason == "NotFound" => State::Done,
                    Err(e) => {
                        State::Failed(format!("error when evicting pods/\"{name}\" -n \"{namespace}\": {}", e.message))
                    }
                };
            }
            State::Gone(at) if now >= at => {
                if cx.cluster.api.store.get(pod.id).is_none() {
                    let word = if self.asks_budgets { "evicted" } else { "deleted" };
                    cx.print(&format!("pod/{name} {word}\n"));
                    pod.state = State::Done;
                } else if now >= self.until {
                    let limit = self.timeout.map(|t| go::duration_of_micros(t.0)).unwrap_or_default();
                    pod.state = State::Failed(format!(
                        "error when waiting for pod \"{name}\" in namespace \"{namespace}\" to terminate: global timeout reached: {limit}"
                    ));
                } else {
                    pod.state = State::Gone(at + LOOK);
                }
            }
            _ => {}
        }
    }
    fn end_node(&mut self, cx: &mut Cx, node: &Rc<str>, errors: Vec<String>) {
        if errors.is_empty() {
            cx.print(&format!("node/{node} drained{}\n", self.dry_run.suffix()));
        } else {
            let all = if errors.len() == 1 { errors[0].clone() } else { format!("[{}]", errors.join(", ")) };
            cx.complain(&format!(
                "error: unable to drain node \"{node}\" due to error: {all}, continuing command...\n"
            ));
            self.fatal.extend(errors);
            self.remaining.push(node.clone());
        }
        self.nodes.remove(0);
        self.pods = None;
    }
}

impl Waiting for Drain {
    fn poll(&mut self, cx: &mut Cx) -> Option<i32> {
        while let Some(node) = self.nodes.first().cloned() {
            if self.pods.is_none()
                && let Err(errors) = self.begin(cx, &node)
            {
                self.end_node(cx, &node, errors);
                continue;
            }
            let mut pods = self.pods.take().unwrap_or_default();
            pods.iter_mut().for_each(|pod| self.step(cx, pod));
            if pods.iter().any(|p| matches!(p.state, State::Ask(_) | State::Gone(_))) {
                self.pods = Some(pods);
                return None;
            }
            let failed = |p: &Leaving| match &p.state {
                State::Failed(words) => Some(words.clone()),
                _ => None,
            };
            let errors: Vec<String> = pods.iter().filter_map(failed).collect();
            if !errors.is_empty() {
                let (pending, _, _) = self.look(cx, &node);
                if !pending.is_empty() {
                    let all = if errors.len() == 1 { errors[0].clone() } else { format!("[{}]", errors.join(", ")) };
                    cx.complain(&format!("There are pending pods in node \"{node}\" when an error occurred: {all}\n"));
                    pending.iter().for_each(|p| cx.complain(&format!("pod/{}\n", p.meta.name)));
                }
            }
            self.end_node(cx, &node, errors);
        }
        if self.remaining.is_empty() {
            return Some(0);
        }
        cx.complain("There are pending nodes to be drained:\n");
        self.remaining.iter().for_each(|n| cx.complain(&format!(" {n}\n")));
        self.fatal.iter().for_each(|e| cx.complain(&format!("{e}\n")));
        Some(1)
    }
    fn due(&self) -> Option<Time> {
        let times = self.pods.iter().flatten().filter_map(|p| match p.state {
            State::Ask(at) | State::Gone(at) => Some(at),
            _ => None,
        });
        times.min()
    }
    fn boxed(&self) -> Box<dyn Waiting> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Desk;
    use crate::sim::Time;

    const BARE: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec:\n  nodeName: node-a\n  containers: [{name: a, image: i}]\n";

    #[test]
    fn bare_pods_need_force() {
        let mut desk = Desk::new(&[("bare.yaml", BARE)]);
        desk.say("kubectl apply -f bare.yaml");
        let want = "node/node-a cordoned\nerror: unable to drain node \"node-a\" due to error: cannot delete Pods that declare no controller (use --force to override): default/bare, continuing command...\nThere are pending nodes to be drained:\n node-a\ncannot delete Pods that declare no controller (use --force to override): default/bare\n";
        assert_eq!(desk.say("kubectl drain node-a"), want);
        assert!(desk.console.due().is_none() && desk.cluster.now() == Time::ZERO);
    }
}
