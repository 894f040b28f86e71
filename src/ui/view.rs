//! What the page knows: updates folded into one view. Positions on the stage are kept here too, because a pod keeps its seat
//! while its neighbours come and go. Needs no browser; tested natively.

use super::docker;
use super::family::Families;
use super::live::Live;
use crate::session::docker::is_docker;
use crate::session::{
    AutoscalerRow, Check, Clock, DuelReport, Happening, Inspect, LoadRow, Look, NodeRow, NoteRow, Overview, PodRow,
    Row, RowBody, ServiceRow, Shell, Update, WhyStep, WorkloadRow,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// Happenings kept for the announcements and the list. Ours: a few screens of them.
const HAPPENINGS_MAX: usize = 400;
/// Terminal answers kept. Ours.
const SHELL_MAX: usize = 200;
/// The looks, in the order of `Look`.
pub const LOOKS: [Look; 10] = [
    Look::Pending,
    Look::Creating,
    Look::NotReady,
    Look::Ready,
    Look::Terminating,
    Look::CrashLoop,
    Look::Succeeded,
    Look::Failed,
    Look::Unknown,
    Look::Evicted,
];

/// The pods of one node (or of the waiting strip), each at its seat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seats {
    /// Row ids; an empty seat is `None`. Trailing empty seats are cut.
    pub pods: Vec<Option<u32>>,
    /// How many pods of each look.
    pub looks: [u32; 10],
}

impl Seats {
    fn sit(&mut self, pod: u32) {
        match self.pods.iter().position(Option::is_none) {
            Some(free) => self.pods[free] = Some(pod),
            None => self.pods.push(Some(pod)),
        }
    }

    fn leave(&mut self, pod: u32) {
        if let Some(seat) = self.pods.iter().position(|p| *p == Some(pod)) {
            self.pods[seat] = None;
            while self.pods.last() == Some(&None) {
                self.pods.pop();
            }
        }
    }

    /// How many pods sit here.
    pub fn count(&self) -> u32 {
        self.looks.iter().sum()
    }
}

/// A pod that is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// How it looked last.
    pub look: Look,
    /// Where it was.
    pub node: Option<u32>,
    /// Its seat there.
    pub seat: usize,
}

/// What an update did to the picture, for its motions and words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Any row came, changed or went.
    pub rows: bool,
    /// Everything is new; nothing should move.
    pub full: bool,
    /// New pods.
    pub came: Vec<u32>,
    /// Pods that changed their node.
    pub moved: Vec<u32>,
    /// Pods that went.
    pub went: Vec<Gone>,
    /// Nodes came or went, or their zone changed.
    pub nodes: bool,
    /// Services came or went, or loads did.
    pub services: bool,
    /// Something on the Docker host came, changed or went.
    pub docker: bool,
    /// Traffic, use or faults changed.
    pub live: bool,
}

/// Row ids by kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kinds {
    /// Nodes.
    pub nodes: BTreeSet<u32>,
    /// Services.
    pub services: BTreeSet<u32>,
    /// Workloads.
    pub workloads: BTreeSet<u32>,
    /// Autoscalers.
    pub autoscalers: BTreeSet<u32>,
    /// The rest.
    pub others: BTreeSet<u32>,
    /// Everything on the Docker host.
    pub docker: BTreeSet<u32>,
}

/// Everything that was told so far.
#[derive(Default)]
pub struct View {
    /// Where the run stands.
    pub clock: Clock,
    /// Rows by id.
    pub rows: BTreeMap<u32, Rc<Row>>,
    /// Seats by node.
    pub seats: BTreeMap<u32, Seats>,
    /// Pods without a node, oldest first.
    pub waiting: BTreeSet<u32>,
    /// Pods of each look.
    pub looks: [u32; 10],
    /// Row ids of what is not a pod, so that nobody walks all pods to find it.
    pub kinds: Kinds,
    /// Pods by their owners.
    pub families: Families,
    /// Rows that need attention: pods that crash, fail, wait or are unknown, and nodes that are not ready.
    pub troubles: BTreeSet<u32>,
    /// Newest happenings, newest last.
    pub happenings: VecDeque<Happening>,
    /// The newest answer to a check.
    pub check: Check,
    /// The newest inspection.
    pub inspect: Option<Inspect>,
    /// The newest chain of causes.
    pub why: Option<Vec<WhyStep>>,
    /// The newest report of what differed between the houses.
    pub duel: Option<DuelReport>,
    /// What was said about a conversion.
    pub notes: Vec<NoteRow>,
    /// Terminal answers, newest last.
    pub shell: VecDeque<Shell>,
    /// Completions of the terminal line.
    pub completions: Vec<String>,
    /// The run at a glance.
    pub overview: Overview,
    /// The input log for the next `Open`.
    pub log: Vec<u8>,
    /// Traffic, use, faults, curves.
    pub live: Live,
    /// Whether anything was told yet.
    pub started: bool,
}

fn look_index(look: Look) -> usize {
    look as usize
}

impl View {
    /// Takes one update in.
    pub fn fold(&mut self, mut update: Update) -> Changes {
        let mut changes = Changes { full: update.full, ..Changes::default() };
        self.started = true;
        self.clock = std::mem::take(&mut update.clock);
        if update.full {
            self.begin(&mut changes, &update.rows);
        }
        for id in std::mem::take(&mut update.gone) {
            self.remove(id, &mut changes);
        }
        for row in std::mem::take(&mut update.rows) {
            self.put(row, &mut changes);
        }
        self.fold_live(&mut update, &mut changes);
        self.happenings.extend(update.happenings);
        let now = self.clock.now;
        if self.happenings.back().is_some_and(|h| h.at > now) {
            self.happenings.retain(|h| h.at <= now);
        }
        while self.happenings.len() > HAPPENINGS_MAX {
            self.happenings.pop_front();
        }
        if let Some(check) = update.check {
            self.check = check;
        }
        if update.inspect.is_some() {
            self.inspect = update.inspect;
        }
        if update.why.is_some() {
            self.why = update.why;
        }
        if update.duel.is_some() {
            self.duel = update.duel;
        }
        update.shell.into_iter().for_each(|shell| self.tell_shell(shell));
        if let Some(completions) = update.completions {
            self.completions = completions;
        }
        if let Some(overview) = update.overview {
            self.overview = overview;
        }
        if let Some(log) = update.log {
            self.log = log;
        }
        changes
    }

    fn fold_live(&mut self, update: &mut Update, changes: &mut Changes) {
        let places = |live: &Live| live.traffic.loads.iter().map(|l| (l.name.clone(), l.target)).collect::<Vec<_>>();
        let before = places(&self.live);
        let rows = &self.rows;
        let node_of = |pod: u32| match &rows.get(&pod)?.body {
            RowBody::Pod(pod) => pod.node,
            _ => None,
        };
        changes.live = self.live.fold(update, node_of);
        changes.services |= changes.live && before != places(&self.live);
    }

    /// A command that waits goes on where it was, whatever was answered meanwhile; any other answer is a new one.
    fn tell_shell(&mut self, shell: Shell) {
        match self.shell.iter_mut().rev().find(|last| last.code.is_none() && last.line == shell.line) {
            Some(last) => last.go_on(shell),
            None => self.shell.push_back(shell),
        }
        while self.shell.len() > SHELL_MAX {
            self.shell.pop_front();
        }
    }

    /// A full update: rows that are not in it are gone; the others keep their seats.
    fn begin(&mut self, changes: &mut Changes, rows: &[Row]) {
        let mut keep: Vec<u32> = rows.iter().map(|r| r.id).collect();
        keep.sort_unstable();
        let old: Vec<u32> = self.rows.keys().filter(|id| keep.binary_search(id).is_err()).copied().collect();
        for id in old {
            self.remove(id, changes);
        }
        changes.rows = true;
    }

    fn remove(&mut self, id: u32, changes: &mut Changes) {
        let Some(row) = self.rows.remove(&id) else { return };
        changes.rows = true;
        self.families.take(&row);
        match &row.body {
            RowBody::Pod(pod) => {
                let seats = pod.node.and_then(|n| self.seats.get(&n)).map_or(&[][..], |s| &s.pods);
                let seat = seats.iter().position(|p| *p == Some(id)).unwrap_or(0);
                changes.went.push(Gone { look: pod.look, node: pod.node, seat });
                self.unseat(id, pod);
            }
            RowBody::Node(_) => {
                changes.nodes = true;
                self.seats.remove(&id);
            }
            RowBody::Service(_) => changes.services = true,
            _ => changes.docker |= docker::stands_there(&row),
        }
        self.troubles.remove(&id);
        let kinds = &mut self.kinds;
        for set in [
            &mut kinds.nodes,
            &mut kinds.services,
            &mut kinds.workloads,
            &mut kinds.autoscalers,
            &mut kinds.others,
            &mut kinds.docker,
        ] {
            set.remove(&id);
        }
    }

    fn put(&mut self, row: Row, changes: &mut Changes) {
        let id = row.id;
        let old = self.rows.get(&id).cloned();
        if old.as_deref() == Some(&row) {
            return;
        }
        changes.rows = true;
        match &row.body {
            RowBody::Pod(pod) => self.put_pod(id, pod, old.as_deref(), changes),
            RowBody::Node(node) => {
                let same = matches!(old.as_deref(), Some(Row { body: RowBody::Node(o), .. }) if o.zone == node.zone);
                changes.nodes |= !same;
                self.seats.entry(id).or_default();
                self.kinds.nodes.insert(id);
            }
            RowBody::Service(_) => changes.services |= self.kinds.services.insert(id),
            RowBody::Workload(_) => _ = self.kinds.workloads.insert(id),
            RowBody::Autoscaler(_) => _ = self.kinds.autoscalers.insert(id),
            RowBody::Other(_) => _ = self.kinds.others.insert(id),
            RowBody::Zone(_) => {}
            _ => {
                if self.kinds.docker.insert(id) && matches!(row.body, RowBody::Container(_)) {
                    changes.came.push(id);
                }
                changes.docker = true;
            }
        }
        if needs_attention(&row) {
            self.troubles.insert(id);
        } else {
            self.troubles.remove(&id);
        }
        if let Some(old) = &old {
            self.families.take(old);
        }
        self.families.add(&row);
        self.rows.insert(id, Rc::new(row));
    }

    fn put_pod(&mut self, id: u32, pod: &PodRow, old: Option<&Row>, changes: &mut Changes) {
        match old.map(|r| &r.body) {
            Some(RowBody::Pod(before)) if before.node == pod.node => {
                self.count(before.node, before.look, -1);
                self.count(pod.node, pod.look, 1);
            }
            Some(RowBody::Pod(before)) => {
                changes.moved.push(id);
                let before = before.clone();
                self.unseat(id, &before);
                self.seat(id, pod);
            }
            _ => {
                changes.came.push(id);
                self.seat(id, pod);
            }
        }
    }

    fn seat(&mut self, id: u32, pod: &PodRow) {
        match pod.node {
            Some(node) => self.seats.entry(node).or_default().sit(id),
            None => _ = self.waiting.insert(id),
        }
        self.count(pod.node, pod.look, 1);
    }

    fn unseat(&mut self, id: u32, pod: &PodRow) {
        match pod.node {
            Some(node) => {
                if let Some(seats) = self.seats.get_mut(&node) {
                    seats.leave(id);
                }
            }
            None => _ = self.waiting.remove(&id),
        }
        self.count(pod.node, pod.look, -1);
    }

    fn count(&mut self, node: Option<u32>, look: Look, by: i32) {
        let i = look_index(look);
        self.looks[i] = self.looks[i].saturating_add_signed(by);
        if let Some(seats) = node.and_then(|n| self.seats.get_mut(&n)) {
            seats.looks[i] = seats.looks[i].saturating_add_signed(by);
        }
    }

    /// One row.
    pub fn row(&self, id: u32) -> Option<&Row> {
        self.rows.get(&id).map(Rc::as_ref)
    }

    /// A pod's row.
    pub fn pod(&self, id: u32) -> Option<(&Row, &PodRow)> {
        match self.row(id) {
            Some(row) => match &row.body {
                RowBody::Pod(pod) => Some((row, pod)),
                _ => None,
            },
            None => None,
        }
    }

    /// All workloads that nobody owns, by namespace and name.
    pub fn workloads(&self) -> Vec<(&Row, &WorkloadRow)> {
        let mut all: Vec<_> = self
            .kinds
            .workloads
            .iter()
            .filter_map(|id| self.rows.get(id))
            .filter_map(|r| match &r.body {
                RowBody::Workload(w) if r.owner.is_none() => Some((r.as_ref(), w)),
                _ => None,
            })
            .collect();
        all.sort_by(|a, b| (&a.0.namespace, &a.0.name).cmp(&(&b.0.namespace, &b.0.name)));
        all
    }

    /// All autoscalers, by namespace and name.
    pub fn autoscalers(&self) -> Vec<(&Row, &AutoscalerRow)> {
        let rows = self.kinds.autoscalers.iter().filter_map(|id| self.rows.get(id));
        let mut all: Vec<_> = rows
            .filter_map(|r| match &r.body {
                RowBody::Autoscaler(a) => Some((r.as_ref(), a)),
                _ => None,
            })
            .collect();
        all.sort_by(|a, b| (&a.0.namespace, &a.0.name).cmp(&(&b.0.namespace, &b.0.name)));
        all
    }

    /// All services, by namespace and name.
    pub fn services(&self) -> Vec<(&Row, &ServiceRow)> {
        let mut all: Vec<_> = self
            .kinds
            .services
            .iter()
            .filter_map(|id| self.rows.get(id))
            .filter_map(|r| match &r.body {
                RowBody::Service(s) => Some((r.as_ref(), s)),
                _ => None,
            })
            .collect();
        all.sort_by(|a, b| (&a.0.namespace, &a.0.name).cmp(&(&b.0.namespace, &b.0.name)));
        all
    }

    /// The Services at the stage's left edge and the loads on each; those with a load first. Behind them services on the Docker
    /// host, with the loads that ask nobody else.
    pub fn gutter(&self) -> Vec<(u32, Vec<&LoadRow>)> {
        let services = self.services();
        let shown = services.iter().filter(|s| s.0.name != "kubernetes");
        let mut all: Vec<_> = shown.map(|(row, _)| (row.id, self.live.loads_on(row.id).collect::<Vec<_>>())).collect();
        all.sort_by_key(|(_, loads)| loads.is_empty());
        let named = |name: &str, loads: &[&LoadRow]| loads.iter().any(|load| load.name == name);
        let mut outside: BTreeMap<u32, Vec<&LoadRow>> = BTreeMap::new();
        for load in &self.live.traffic.loads {
            let Some(id) = load.target.filter(|id| is_docker(*id)) else { continue };
            if !all.iter().any(|(_, loads)| named(&load.name, loads)) {
                outside.entry(id).or_default().push(load);
            }
        }
        all.extend(outside);
        all
    }

    /// Whether both houses stand there.
    pub fn two_houses(&self) -> bool {
        !self.kinds.nodes.is_empty() && !self.kinds.docker.is_empty()
    }

    /// A node with what its pods use.
    pub fn with_use(&self, id: u32, node: &NodeRow) -> NodeRow {
        let (cpu, memory) = self.live.nodes.get(&id).copied().unwrap_or((node.cpu_used, node.memory_used));
        NodeRow { cpu_used: cpu, memory_used: memory, ..node.clone() }
    }

    /// The topmost owner of a row, or the row itself.
    pub fn top_owner(&self, id: u32) -> u32 {
        let mut at = id;
        for _ in 0..8 {
            match self.row(at).and_then(|r| r.owner) {
                Some(owner) if self.rows.contains_key(&owner) => at = owner,
                _ => break,
            }
        }
        at
    }

    /// Whether the pod is of its rolling owner's newest revision; `None` when nothing rolls.
    pub fn is_new(&self, pod: u32) -> Option<bool> {
        let (_, row) = self.pod(pod)?;
        match &self.row(self.top_owner(pod))?.body {
            RowBody::Workload(w) if w.revision > 1 && w.rolling && row.revision > 0 => Some(row.revision == w.revision),
            _ => None,
        }
    }

    /// How many pods there are.
    pub fn pod_count(&self) -> u32 {
        self.looks.iter().sum()
    }

    /// Pods that are still being made and cannot go on by themselves.
    pub fn stuck(&self) -> u32 {
        let stuck = |id: &&u32| self.pod(**id).is_some_and(|(_, pod)| stuck(pod));
        self.troubles.iter().filter(stuck).count() as u32
    }

    /// Pods of one look.
    pub fn of(&self, look: Look) -> u32 {
        self.looks[look_index(look)]
    }
}

fn needs_attention(row: &Row) -> bool {
    let bad = [Look::CrashLoop, Look::Failed, Look::Unknown, Look::Evicted];
    match &row.body {
        RowBody::Pod(p) if p.look == Look::Pending => !p.detail.is_empty(),
        RowBody::Pod(p) => bad.contains(&p.look) || stuck(p),
        RowBody::Node(n) => n.ready != "True",
        RowBody::Container(c) => docker::sight(c).ill(),
        RowBody::Host(h) => h.power != "on",
        _ => false,
    }
}

/// Whether a pod cannot go on by itself although it is still being made.
pub fn stuck(pod: &PodRow) -> bool {
    // ContainerCreating, PodInitializing and Pending are the many; asked for each pod of each frame.
    pod.look == Look::Creating
        && !pod.status.ends_with("ing")
        && ["ErrImage", "ImagePull", "InvalidImage", "CreateContainer", "RunContainerError"]
            .iter()
            .any(|s| pod.status.contains(s))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(id: u32, node: Option<u32>, look: Look) -> Row {
        Row {
            id,
            name: format!("p{id}"),
            namespace: "default".into(),
            owner: None,
            created: 0,
            body: RowBody::Pod(PodRow { node, look, ..PodRow::default() }),
        }
    }

    fn node(id: u32) -> Row {
        Row {
            id,
            name: format!("n{id}"),
            namespace: String::new(),
            owner: None,
            created: 0,
            body: RowBody::Node(Default::default()),
        }
    }

    fn rows(rows: Vec<Row>) -> Update {
        Update { rows, ..Update::default() }
    }

    #[test]
    fn a_pod_keeps_its_seat_while_neighbours_change() {
        let mut view = View::default();
        view.fold(rows(vec![
            node(1),
            pod(10, Some(1), Look::Ready),
            pod(11, Some(1), Look::Ready),
            pod(12, Some(1), Look::Ready),
        ]));
        view.fold(Update { gone: vec![11], ..Update::default() });
        assert_eq!(view.seats[&1].pods, [Some(10), None, Some(12)]);
        view.fold(rows(vec![pod(13, Some(1), Look::Creating)]));
        assert_eq!(view.seats[&1].pods, [Some(10), Some(13), Some(12)]);
        assert_eq!(view.seats[&1].looks[Look::Ready as usize], 2);
    }

    #[test]
    fn a_watching_command_goes_on_where_it_was() {
        let told = |line: &str, stdout: &str, code| Update {
            shell: vec![Shell { line: line.into(), stdout: stdout.into(), code, ..Shell::default() }],
            ..Update::default()
        };
        let mut view = View::default();
        view.fold(told("kubectl get pods -w", "a\n", None));
        view.fold(told("kubectl get pods -w", "b\n", Some(130)));
        view.fold(told("kubectl get pods -w", "c\n", None));
        let out: Vec<&str> = view.shell.iter().map(|s| s.stdout.as_str()).collect();
        assert_eq!(out, ["a\nb\n", "c\n"]);
        view.fold(told("kubectl apply -f .", "applied\n", Some(0)));
        view.fold(told("kubectl get pods -w", "d\n", None));
        assert_eq!(view.shell[1].stdout, "c\nd\n", "it goes on although something else was answered");
    }

    #[test]
    fn a_waiting_pod_moves_to_its_node() {
        let mut view = View::default();
        view.fold(rows(vec![node(1), pod(10, None, Look::Pending)]));
        assert_eq!(view.waiting.iter().collect::<Vec<_>>(), [&10]);
        let changes = view.fold(rows(vec![pod(10, Some(1), Look::Creating)]));
        assert_eq!((view.waiting.len(), changes.moved), (0, vec![10]));
        assert_eq!((view.of(Look::Pending), view.of(Look::Creating)), (0, 1));
    }

    #[test]
    fn a_full_update_forgets_what_it_does_not_name() {
        let mut view = View::default();
        view.fold(rows(vec![node(1), pod(10, Some(1), Look::Ready), pod(11, Some(1), Look::Ready)]));
        view.fold(Update { full: true, rows: vec![node(1), pod(11, Some(1), Look::Ready)], ..Update::default() });
        assert_eq!(view.seats[&1].pods, [None, Some(11)]);
        assert_eq!(view.pod_count(), 1);
    }
}
