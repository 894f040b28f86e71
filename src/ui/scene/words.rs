//! The stage in sentences: what the tree, the live region and the status line say. One place, so that the two renderings
//! cannot disagree.

use super::super::format;
use super::super::texts::{Language, Texts};
use super::super::view::{View, stuck};
use crate::session::{
    AutoscalerRow, Happening, Look, NodeRow, PodRow, ProbeRow, Row, RowBody, ServiceRow, WorkloadRow, ZoneRow,
};

/// Longest spoken sentence, in words. Ours: longer ones are interrupted by the next.
const WORDS_MAX: usize = 25;

/// What there is of both houses: `12 pods: 11 ready, 1 waiting · 3 containers: 3 running`.
pub fn count(view: &View, t: Texts, language: Language) -> String {
    let containers = super::docker_words::count(view, t, language);
    match containers {
        Some(containers) if view.kinds.nodes.is_empty() => containers,
        Some(containers) => format!("{} · {containers}", pods(view, t, language)),
        None => pods(view, t, language),
    }
}

/// `12 pods: 11 ready, 1 waiting`.
fn pods(view: &View, t: Texts, language: Language) -> String {
    let whole = |n: u32| format::whole(n as u64, language);
    let mut parts = vec![t.count_ready(whole(view.of(Look::Ready)))];
    let mut say = |n: u32, words: String| {
        if n > 0 {
            parts.push(words);
        }
    };
    let of = |look: Look| view.of(look);
    // Whoever waits for an image that does not come is not starting.
    let stuck = view.stuck();
    let starting = of(Look::Creating).saturating_sub(stuck) + of(Look::NotReady);
    say(of(Look::Pending), t.count_waiting(whole(of(Look::Pending))));
    say(starting, t.count_starting(whole(starting)));
    say(of(Look::Terminating), t.count_ending(whole(of(Look::Terminating))));
    let broken = of(Look::CrashLoop) + of(Look::Failed) + of(Look::Evicted) + stuck;
    say(broken, t.count_failing(whole(broken)));
    say(of(Look::Unknown), t.count_unknown(whole(of(Look::Unknown))));
    say(of(Look::Succeeded), t.count_done(whole(of(Look::Succeeded))));
    format!("{}: {}", t.pods_count(whole(view.pod_count())), parts.join(", "))
}

/// The scene in two or three sentences.
pub fn summary(view: &View, t: Texts, language: Language) -> String {
    let host = super::docker_words::summary(view, t, language);
    match host {
        Some(host) if view.kinds.nodes.is_empty() => format!("{host} {}.", count(view, t, language)),
        host => host.map(|h| h + " ").unwrap_or_default() + &cluster_summary(view, t, language),
    }
}

fn cluster_summary(view: &View, t: Texts, language: Language) -> String {
    let nodes: Vec<&NodeRow> = view
        .kinds
        .nodes
        .iter()
        .filter_map(|id| view.rows.get(id))
        .filter_map(|r| match &r.body {
            RowBody::Node(n) => Some(n),
            _ => None,
        })
        .collect();
    let mut zones: Vec<&str> = nodes.iter().map(|n| n.zone.as_str()).filter(|z| !z.is_empty()).collect();
    zones.sort_unstable();
    zones.dedup();
    let silent = nodes.iter().filter(|n| n.ready != "True").count();
    let whole = |n: usize| format::whole(n as u64, language);
    let zones = t.summary_zones(whole(zones.len().max(1)));
    let mut out = t.summary_nodes(whole(nodes.len()), zones);
    if silent > 0 {
        out += " ";
        out += &t.summary_silent(whole(silent));
    }
    format!("{out} {}.", count(view, t, language))
}

/// One row as a sentence.
pub fn row(view: &View, row: &Row, t: Texts, language: Language) -> String {
    match &row.body {
        RowBody::Pod(p) => pod(view, row, p, t, language),
        RowBody::Node(n) => node(view, row, &view.with_use(row.id, n), t, language),
        RowBody::Service(s) => service(view, row, s, t, language),
        RowBody::Workload(w) => workload(row, w, t, language),
        RowBody::Autoscaler(a) => {
            let (rule, n) = (binding(a, t), |n: u32| format::whole(n.into(), language));
            let end = if rule.is_empty() { String::new() } else { format!(" {rule}.") };
            t.autoscaler_line(&row.name, n(a.current), n(a.desired), n(a.min), n(a.max)) + &end
        }
        RowBody::Zone(z) => zone(row, z, t, language),
        RowBody::Other(o) if o.acted_on => format!("{} {}", o.kind, row.name),
        RowBody::Other(o) => t.other_kept(&o.kind, &row.name),
        _ => super::docker_words::row(view, row, t, language),
    }
}

fn zone(row: &Row, z: &ZoneRow, t: Texts, language: Language) -> String {
    let whole = |n: u32| format::whole(n.into(), language);
    let label = t.tree_zone(&row.name, whole(z.nodes));
    if z.ready == z.nodes {
        format!("{label}.")
    } else {
        format!("{label}, {}.", t.zone_silent(whole(z.nodes - z.ready)))
    }
}

/// What keeps a pod from being ready: the first probe that fails, or has not passed yet.
fn failing(pod: &PodRow, t: Texts) -> Option<String> {
    let mut probes = pod.parts.iter().flat_map(|part| &part.probes).filter(|probe| probe.kind != 'L');
    probes.find(|probe| probe.well != Some(true)).map(|probe| self::probe(probe, t))
}

fn pod(view: &View, row: &Row, p: &PodRow, t: Texts, language: Language) -> String {
    let now = view.clock.now;
    let name = &row.name;
    let left = p.span.map_or(0, |(_, to)| to.saturating_sub(now).div_ceil(1_000_000));
    let whole = |n: u64| format::whole(n, language);
    let since = whole(now.saturating_sub(row.created) / 1_000_000);
    let detail = match p.exit {
        Some(code) => t.pod_exit(code, &p.detail),
        None if p.detail.is_empty() => p.status.clone(),
        None => p.detail.clone(),
    };
    match p.look {
        Look::Pending => t.pod_pending(name, since, first_sentence(&detail)),
        Look::Creating if stuck(p) => t.pod_stuck(name, &p.status, detail),
        Look::Creating => t.pod_creating(name, &p.status, detail),
        Look::NotReady => match failing(p, t) {
            Some(words) => t.pod_not_ready(name, &p.status, words),
            None if p.detail.is_empty() => t.pod_unready(name, &p.status),
            None => t.pod_not_ready(name, &p.status, detail),
        },
        Look::Ready => match services_of(view, row.id) {
            Some(service) => t.pod_ready_traffic(name, service),
            None => t.pod_ready(name),
        },
        Look::Terminating => t.pod_terminating(name, left),
        Look::CrashLoop => t.pod_crash_loop(name, detail, whole(p.restarts.into()), left),
        Look::Succeeded => t.pod_succeeded(name),
        Look::Failed => t.pod_failed(name, detail),
        Look::Unknown => t.pod_unknown(name, node_name(view, p)),
        Look::Evicted => t.pod_evicted(name, detail),
    }
}

/// What a probe found last.
pub fn probe(probe: &ProbeRow, t: Texts) -> String {
    let kind = match probe.kind {
        'S' => "Startup",
        'L' => "Liveness",
        _ => "Readiness",
    };
    match probe.well {
        Some(true) => t.probe_passes(kind),
        Some(false) => t.probe_fails(kind, probe.row.0.min(probe.row.1), probe.row.1),
        None => t.probe_none(kind),
    }
}

/// The binding rule in a few words.
pub fn binding(a: &AutoscalerRow, t: Texts) -> String {
    let rule = a.binding.rsplit('.').next().unwrap_or_default();
    match rule {
        "max" | "above_max" => t.binding_max(a.raw.max(a.max), a.max),
        "min" | "below_min" => t.binding_min(a.raw.min(a.min), a.min),
        "inside" => t.binding_tolerance().into(),
        "stabilised" => t.binding_stabilise(a.raw, a.desired),
        "policy" => t.binding_policy(a.raw, a.desired),
        "raw" => t.binding_raw(a.desired),
        "no_metric" | "unreadable" => t.scaler_unknown().into(),
        _ => String::new(),
    }
}

fn node_name(view: &View, pod: &PodRow) -> String {
    pod.node.and_then(|n| view.row(n)).map(|n| n.name.clone()).unwrap_or_default()
}

fn services_of(view: &View, pod: u32) -> Option<String> {
    view.kinds.services.iter().filter_map(|id| view.rows.get(id)).find_map(|r| match &r.body {
        RowBody::Service(s) if s.endpoints.contains(&(pod, true)) => Some(r.name.clone()),
        _ => None,
    })
}

fn node(view: &View, row: &Row, n: &NodeRow, t: Texts, language: Language) -> String {
    let pods = view.seats.get(&row.id).map_or(0, |s| s.count());
    let state = if n.ready == "True" { "Ready" } else { "NotReady" };
    let mut out = t.node_line(
        &row.name,
        state,
        pods,
        format::cores(n.cpu_requested, language),
        format::cores(n.cpu, language),
        format::cores(n.cpu_used, language),
    );
    if n.cordoned {
        out += " ";
        out += t.node_cordoned();
    }
    if n.failed {
        out += " ";
        out += t.node_failed();
    }
    if let Some(first) = n.taints.first() {
        out += " ";
        out += &t.node_taint(first);
    }
    out
}

fn service(view: &View, row: &Row, s: &ServiceRow, t: Texts, language: Language) -> String {
    let ready = s.endpoints.iter().filter(|e| e.1).count();
    if let Some(flow) = view.live.flow(row.id).filter(|flow| flow.rate > 0.0) {
        let share = format::percent(f64::from(flow.failed / flow.rate), language);
        return t.service_flow(&row.name, format::rate(flow.rate, language), ready, s.endpoints.len(), share);
    }
    let whole = |n: usize| format::whole(n as u64, language);
    t.service_line(&row.name, whole(ready), whole(s.endpoints.len()))
}

fn workload(row: &Row, w: &WorkloadRow, t: Texts, language: Language) -> String {
    let n = |n: u32| format::whole(n.into(), language);
    if w.rolling && w.revision > 1 {
        t.rollout_line(&row.name, n(w.updated), n(w.desired), n(w.ready), n(w.floor), n(w.ceiling))
    } else {
        t.workload_line(&w.kind, &row.name, n(w.ready), n(w.desired))
    }
}

/// All news of the last while: the only one, or a count and how things stand. When only what is important is wanted, warnings
/// are told so, and of all the rest how things stand.
pub fn news(view: &View, t: Texts, language: Language, news: &[Happening], all: bool) -> Option<String> {
    let with_words = || news.iter().filter(|h| !h.reason.is_empty());
    let told: Vec<&Happening> = with_words().filter(|h| all || h.warning).collect();
    let words = match told[..] {
        [] if with_words().next().is_none() => return None,
        [] => format!("{}.", count(view, t, language)),
        [one] => format!("{}: {}", one.name, t.why(&one.reason, &one.args)),
        _ => {
            let n = format::whole(told.len() as u64, language);
            format!("{} {}.", t.news_changes(n), count(view, t, language))
        }
    };
    Some(shortened(&words))
}

/// As many whole sentences as can be listened to; a first one that is too long ends at a comma, or in the open.
fn shortened(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() <= WORDS_MAX {
        return words.join(" ");
    }
    let ends = |marks: &[char]| words[..WORDS_MAX].iter().rposition(|word| word.ends_with(marks)).map(|at| at + 1);
    match ends(&['.', '!', '?']) {
        Some(end) => words[..end].join(" "),
        None => {
            let end = ends(&[',', ';']).unwrap_or(WORDS_MAX);
            format!("{} …", words[..end].join(" ").trim_end_matches([',', ';']))
        }
    }
}

/// The first sentence of a message of Kubernetes; what preemption found follows in a second one.
fn first_sentence(message: &str) -> &str {
    message.split_once(". ").map_or(message, |(first, _)| first).trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Update;

    fn happening(name: &str, reason: &str, warning: bool) -> Happening {
        let args = vec![("node".to_string(), "node-a".to_string())];
        Happening { name: name.into(), reason: reason.into(), args, warning, ..Happening::default() }
    }

    fn told(news_of: &[Happening], all: bool) -> Option<String> {
        news(&View::default(), Texts(Language::En), Language::En, news_of, all)
    }

    #[test]
    fn important_news_are_warnings_and_how_things_stand() {
        let plain = happening("pod/a", "kubelet.took", false);
        let bad = happening("pod/b", "kubelet.node_silent", true);
        let stands = Some("0 pods: 0 ready.".to_string());
        assert!(told(std::slice::from_ref(&plain), true).is_some_and(|words| words.starts_with("pod/a: ")));
        assert_eq!(told(std::slice::from_ref(&plain), false), stands);
        assert!(told(&[plain.clone(), bad], false).is_some_and(|words| words.starts_with("pod/b: ")));
        assert_eq!(told(&[happening("pod/c", "", true)], true), None);
        assert!(told(&[plain.clone(), plain], true).is_some_and(|words| words.ends_with("0 pods: 0 ready.")));
    }

    #[test]
    fn long_news_end_where_a_sentence_ends() {
        let long = "One two three. ".repeat(8) + "And this is the rest that nobody hears to its end";
        assert_eq!(shortened(&long), "One two three. ".repeat(8).trim_end());
        let comma = "word ".repeat(20) + "here, " + &"more ".repeat(20);
        assert_eq!(shortened(&comma), "word ".repeat(20) + "here …");
        assert_eq!(shortened(&"word ".repeat(40)), "word ".repeat(WORDS_MAX) + "…");
        assert_eq!(shortened("Short."), "Short.");
    }

    #[test]
    fn a_waiting_pod_says_the_first_sentence_of_its_message() {
        let message = "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available.";
        assert_eq!(first_sentence(message), "0/3 nodes are available: 3 Insufficient cpu");
        assert_eq!(first_sentence("image app:1.2 is missing."), "image app:1.2 is missing");
    }

    fn view(looks: &[Look]) -> View {
        let mut view = View::default();
        let row = |(i, look): (usize, &Look)| Row {
            id: i as u32 + 1,
            name: format!("web-{i}"),
            namespace: "default".into(),
            owner: None,
            created: 0,
            body: RowBody::Pod(PodRow { look: *look, ..PodRow::default() }),
        };
        view.fold(Update { rows: looks.iter().enumerate().map(row).collect(), ..Update::default() });
        view
    }

    #[test]
    fn one_and_several_have_their_own_verbs() {
        let say = |looks: &[Look]| count(&view(looks), Texts(Language::De), Language::De);
        assert_eq!(say(&[Look::Ready, Look::Creating]), "2 Pods: 1 bereit, 1 startet");
        assert_eq!(say(&[Look::Pending, Look::Pending, Look::Failed]), "3 Pods: 0 bereit, 2 warten, 1 scheitert");
        assert_eq!(say(&[Look::Terminating]), "1 Pod: 0 bereit, 1 endet");
    }

    #[test]
    fn a_bad_end_is_told_with_its_code() {
        let view = view(&[Look::Failed]);
        let ended = PodRow { look: Look::Failed, detail: "Error".into(), exit: Some(1), ..PodRow::default() };
        let row =
            Row { body: RowBody::Pod(ended), ..view.rows.values().next().map(|row| Row::clone(row)).expect("a row") };
        let say = |language| super::row(&view, &row, Texts(language), language);
        assert_eq!(say(Language::De), "web-0, Failed: Exit-Code 1, Error.");
        assert_eq!(say(Language::En), "web-0, Failed: exit code 1, Error.");
    }
}
