//! The twin: the stage as rows of a tree, from the same view. Keys are stable, so focus survives every update.

use super::super::docker::{self, Sight};
use super::super::format;
use super::super::texts::{Language, Texts};
use super::super::view::View;
use super::{layout, words};
use crate::session::docker::HOST;
use crate::session::{Look, RowBody, zone_id};
use std::collections::BTreeSet;

/// More children than this are grouped by state. Ours: more rows than anybody walks.
const GROUP_ABOVE: usize = 200;

/// What a row of the tree stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Everything that needs attention.
    Problems,
    /// One of them.
    Problem(u32),
    /// Pods without a node.
    Waiting,
    /// A zone.
    Zone(String),
    /// A row.
    Row(u32),
    /// Pods of a node in one state, when there are too many.
    Group(u32, Look),
    /// A container.
    Part(u32, u32),
    /// Services.
    Services,
    /// Workloads.
    Workloads,
    /// Objects that nothing acts on, and the rest.
    Others,
}

impl Key {
    /// An id for the DOM.
    pub fn id(&self) -> String {
        match self {
            Key::Problems => "twin-problems".into(),
            Key::Problem(id) => format!("twin-p{id}"),
            Key::Waiting => "twin-waiting".into(),
            Key::Zone(name) => {
                let safe: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
                format!("twin-z-{safe}")
            }
            Key::Row(id) => format!("twin-{id}"),
            Key::Group(id, look) => format!("twin-{id}-g{}", *look as u8),
            Key::Part(id, part) => format!("twin-{id}-c{part}"),
            Key::Services => "twin-services".into(),
            Key::Workloads => "twin-workloads".into(),
            Key::Others => "twin-others".into(),
        }
    }

    /// The row it belongs to.
    pub fn row(&self) -> Option<u32> {
        match self {
            Key::Row(id) | Key::Problem(id) | Key::Part(id, _) | Key::Group(id, _) => Some(*id),
            Key::Zone(name) if !name.is_empty() => Some(zone_id(name)),
            _ => None,
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is.
    pub key: Key,
    /// Depth, from 1.
    pub level: usize,
    /// The words.
    pub label: String,
    /// Whether it is open; `None` when it has no children.
    pub open: Option<bool>,
    /// How many stand beside it.
    pub set: usize,
    /// Which of them it is, from 1.
    pub pos: usize,
    /// The look of a pod, for its mark.
    pub look: Option<Look>,
    /// How a container looks, for its mark.
    pub sight: Option<Sight>,
}

/// Which branches the person opened or closed against the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folds(pub BTreeSet<Key>);

impl Folds {
    /// Opens or closes.
    pub fn flip(&mut self, key: &Key) {
        if !self.0.remove(key) {
            self.0.insert(key.clone());
        }
    }
}

struct Builder<'v> {
    view: &'v View,
    t: Texts,
    language: Language,
    folds: &'v Folds,
    lines: Vec<Line>,
    small: bool,
}

/// All visible lines.
pub fn lines(view: &View, t: Texts, language: Language, folds: &Folds) -> Vec<Line> {
    let small = view.rows.len() <= 400;
    let mut b = Builder { view, t, language, folds, lines: Vec::new(), small };
    b.build();
    b.lines
}

impl Builder<'_> {
    fn build(&mut self) {
        let zones = layout::zones(self.view);
        let troubles: Vec<u32> = self.view.troubles.iter().copied().collect();
        let services: Vec<u32> = self.view.services().iter().map(|s| s.0.id).collect();
        let workloads = self.view.workloads().iter().map(|w| w.0.id).collect::<Vec<_>>().into_iter();
        let workloads: Vec<u32> = workloads.chain(self.view.autoscalers().iter().map(|a| a.0.id)).collect();
        let others: Vec<u32> = self.view.kinds.others.iter().copied().collect();
        let waiting: Vec<u32> = self.view.waiting.iter().copied().collect();
        let mut roots: Vec<(Key, String, Vec<Key>)> = Vec::new();
        let rows = |ids: &[u32]| ids.iter().map(|id| Key::Row(*id)).collect::<Vec<_>>();
        if !troubles.is_empty() {
            let children = troubles.iter().map(|id| Key::Problem(*id)).collect();
            roots.push((Key::Problems, self.t.tree_problems(self.whole(troubles.len())), children));
        }
        if !waiting.is_empty() {
            roots.push((Key::Waiting, self.t.tree_waiting(self.whole(waiting.len())), rows(&waiting)));
        }
        if let Some(row) = self.view.row(HOST) {
            let label = words::row(self.view, row, self.t, self.language);
            roots.push((Key::Row(HOST), label, self.inside(HOST)));
        }
        for (name, nodes) in &zones {
            let label = match self.view.row(zone_id(name)) {
                Some(row) if !name.is_empty() => words::row(self.view, row, self.t, self.language),
                _ if name.is_empty() => self.t.tree_nodes(self.whole(nodes.len())),
                _ => self.t.tree_zone(name, self.whole(nodes.len())),
            };
            roots.push((Key::Zone(name.clone()), label, rows(nodes)));
        }
        for (key, label, ids) in [
            (Key::Services, self.t.tree_services(self.whole(services.len())), services),
            (Key::Workloads, self.t.tree_workloads(self.whole(workloads.len())), workloads),
            (Key::Others, self.t.tree_others(self.whole(others.len())), others),
        ] {
            if !ids.is_empty() {
                roots.push((key, label, rows(&ids)));
            }
        }
        let set = roots.len();
        for (i, (key, label, children)) in roots.into_iter().enumerate() {
            let closed = matches!(key, Key::Problems | Key::Others | Key::Services) || !self.small;
            let open = self.open(&key, !closed);
            let line = Line { key, level: 1, label, open: Some(open), set, pos: i + 1, look: None, sight: None };
            self.lines.push(line);
            if open {
                self.children(2, &children);
            }
        }
    }

    fn whole(&self, n: usize) -> String {
        format::whole(n as u64, self.language)
    }

    fn open(&self, key: &Key, by_default: bool) -> bool {
        self.folds.0.contains(key) != by_default
    }

    fn children(&mut self, level: usize, keys: &[Key]) {
        for (i, key) in keys.iter().enumerate() {
            self.one(level, key, keys.len(), i + 1);
        }
    }

    fn one(&mut self, level: usize, key: &Key, set: usize, pos: usize) {
        let Some(row) = key.row().and_then(|id| self.view.rows.get(&id)).cloned() else { return };
        let look = match &row.body {
            RowBody::Pod(p) => Some(p.look),
            _ => None,
        };
        if let Key::Part(_, part) = key {
            let RowBody::Pod(pod) = &row.body else { return };
            let Some(part) = pod.parts.get(*part as usize) else { return };
            let state = part.state.replace(':', " ");
            let label = match part.init {
                true => self.t.tree_init(&part.name, state, &part.image),
                false => self.t.tree_container(&part.name, state, &part.image),
            };
            self.lines.push(Line { key: key.clone(), level, label, open: None, set, pos, look: None, sight: None });
            return;
        }
        if let Key::Group(node, look) = key {
            let count = self.view.seats.get(node).map_or(0, |s| s.looks[*look as usize]);
            let label = format!("{} {}", self.whole(count as usize), look_name(*look, self.t));
            self.lines.push(Line {
                key: key.clone(),
                level,
                label,
                open: None,
                set,
                pos,
                look: Some(*look),
                sight: None,
            });
            return;
        }
        let children = if matches!(key, Key::Problem(_)) { Vec::new() } else { self.inside(row.id) };
        let label = words::row(self.view, &row, self.t, self.language);
        let sight = match &row.body {
            RowBody::Container(c) => Some(docker::sight(c)),
            _ => None,
        };
        let opens = matches!(row.body, RowBody::Node(_) | RowBody::Project(_) | RowBody::ComposeService(_));
        let by_default = self.small && opens;
        let open = if children.is_empty() { None } else { Some(self.open(key, by_default)) };
        self.lines.push(Line { key: key.clone(), level, label, open, set, pos, look, sight });
        if open == Some(true) {
            self.children(level + 1, &children);
        }
    }

    fn inside(&self, id: u32) -> Vec<Key> {
        match self.view.row(id).map(|r| &r.body) {
            Some(RowBody::Node(_)) => {
                let Some(seats) = self.view.seats.get(&id) else { return Vec::new() };
                let pods: Vec<u32> = seats.pods.iter().flatten().copied().collect();
                if pods.len() <= GROUP_ABOVE {
                    return pods.into_iter().map(Key::Row).collect();
                }
                let looks = super::super::view::LOOKS.into_iter();
                looks.filter(|l| seats.looks[*l as usize] > 0).map(|l| Key::Group(id, l)).collect()
            }
            Some(RowBody::Host(_) | RowBody::Project(_) | RowBody::ComposeService(_)) => self.inside_docker(id),
            Some(RowBody::Pod(p)) => (0..p.parts.len() as u32).map(|i| Key::Part(id, i)).collect(),
            _ => Vec::new(),
        }
    }
}

impl Builder<'_> {
    /// Projects, services, containers; networks and volumes stand behind them.
    fn inside_docker(&self, id: u32) -> Vec<Key> {
        let Some(house) = docker::house(self.view) else { return Vec::new() };
        let rows = |ids: Vec<u32>| ids.into_iter().map(Key::Row).collect();
        if id == HOST {
            let loose = house.projects.iter().filter(|p| p.id.is_none()).flat_map(|p| &p.services);
            let loose = loose.flat_map(|s| s.containers.iter().copied());
            let projects = house.projects.iter().filter_map(|p| p.id);
            return rows(projects.chain(loose).chain(house.networks.iter().chain(&house.volumes).copied()).collect());
        }
        let mut services = house.projects.iter().flat_map(|p| &p.services);
        match house.projects.iter().find(|p| p.id == Some(id)) {
            Some(project) => rows(project.services.iter().filter_map(|s| s.id).collect()),
            None => rows(services.find(|s| s.id == Some(id)).map(|s| s.containers.clone()).unwrap_or_default()),
        }
    }
}

/// The name of a state, as Kubernetes says it where it has a word.
pub fn look_name(look: Look, t: Texts) -> &'static str {
    match look {
        Look::Pending => "Pending",
        Look::Creating => "ContainerCreating",
        Look::NotReady => t.look_not_ready(),
        Look::Ready => "Ready",
        Look::Terminating => "Terminating",
        Look::CrashLoop => "CrashLoopBackOff",
        Look::Succeeded => "Succeeded",
        Look::Failed => "Failed",
        Look::Unknown => "Unknown",
        Look::Evicted => "Evicted",
    }
}

/// The line `by` steps away (up or down) from `from`; the first one when it is gone.
pub fn step(lines: &[Line], from: &Key, by: i32) -> Option<Key> {
    let at = lines.iter().position(|l| l.key == *from);
    let to = match at {
        Some(at) => (at as i32 + by).clamp(0, lines.len() as i32 - 1) as usize,
        None => 0,
    };
    lines.get(to).map(|l| l.key.clone())
}

/// The line this one lies under.
pub fn parent(lines: &[Line], of: &Key) -> Option<Key> {
    let at = lines.iter().position(|l| l.key == *of)?;
    let level = lines[at].level;
    lines[..at].iter().rev().find(|l| l.level < level).map(|l| l.key.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{NodeRow, PodRow, Row, Update};

    fn row(id: u32, name: &str, body: RowBody) -> Row {
        Row { id, name: name.into(), namespace: "default".into(), owner: None, created: 0, body }
    }

    fn view() -> View {
        let mut view = View::default();
        let node =
            |zone: &str| RowBody::Node(NodeRow { zone: zone.into(), ready: "True".into(), ..NodeRow::default() });
        let pod = |node, look| RowBody::Pod(PodRow { node, look, detail: "no room".into(), ..PodRow::default() });
        view.fold(Update {
            rows: vec![
                row(1, "node-b", node("b")),
                row(2, "node-a", node("a")),
                row(3, "web-1", pod(Some(2), Look::Ready)),
                row(4, "web-2", pod(None, Look::Pending)),
            ],
            ..Update::default()
        });
        view
    }

    #[test]
    fn problems_and_waiting_stand_first_then_zones_by_name() {
        let lines = lines(&view(), Texts::default(), Language::En, &Folds::default());
        let keys: Vec<String> = lines.iter().filter(|l| l.level == 1).map(|l| l.key.id()).collect();
        assert_eq!(keys, ["twin-problems", "twin-waiting", "twin-z-a", "twin-z-b"]);
    }

    #[test]
    fn a_closed_node_hides_its_pods() {
        let mut folds = Folds::default();
        let shown =
            |folds: &Folds| lines(&view(), Texts::default(), Language::En, folds).iter().any(|l| l.key == Key::Row(3));
        assert!(shown(&folds));
        folds.flip(&Key::Row(2));
        assert!(!shown(&folds));
    }

    #[test]
    fn arrows_walk_and_left_goes_up() {
        let lines = lines(&view(), Texts::default(), Language::En, &Folds::default());
        assert_eq!(parent(&lines, &Key::Row(3)), Some(Key::Row(2)));
        assert_eq!(step(&lines, &Key::Row(2), 1), Some(Key::Row(3)));
        assert_eq!(step(&lines, &Key::Problems, -1), Some(Key::Problems));
    }
}
