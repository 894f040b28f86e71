//! What scripts find when they ask the network: names of Services, who listens, which pages come. A script that waits for
//! something is followed anew when the answer changes.
//! Source: kubernetes v1.37 pkg/proxy/topology.go, CategorizeEndpoints; the DNS schema of cluster DNS, version 1.1.0. Differs: FID-066.

use super::lifecycle::Desk;
use super::worker::{Run, Stage};
use super::{State, Timer};
use crate::kubernetes::apiserver::{Api, Cx};
use crate::kubernetes::objects::{Id, Kind, Object};
use crate::sim::Span;
use crate::workload::{Answer, Health, Profile, Question, Workloads};
use std::rc::Rc;

/// How often a script that waits for something is looked after. Ours: most loops sleep for a second.
const LOOK: Span = Span::secs(1);
/// Questions of one script are gathered in at most so many rounds. Ours: each round follows the script to its next question.
const ROUNDS_MAX: usize = 16;

/// Where a name or an address leads.
enum Place<'a> {
    /// The asking pod itself.
    Here,
    /// A Service.
    Service(&'a Rc<Object>),
    /// A pod.
    Pod(Id),
    /// Something outside of the cluster.
    Outside,
}

impl State {
    /// Services or their endpoints have changed: scripts that ask for something are looked after.
    pub(super) fn observe_wires(&mut self, cx: &mut Cx<Timer>) {
        let askers: Vec<(Id, u16)> = self.askers.iter().copied().collect();
        askers.into_iter().for_each(|(id, at)| self.ask_anew(id, at, cx));
    }
    /// A script that waits is looked after.
    pub(super) fn wires_due(&mut self, id: Id, at: u16, run: u32, cx: &mut Cx<Timer>) {
        let here = self.pods.get(&id).and_then(|w| w.slots.get(at as usize));
        if here.is_some_and(|slot| slot.running() && slot.runs == run) {
            self.ask_anew(id, at, cx);
            self.watch_wires(id, at, cx);
        }
    }
    fn ask_anew(&mut self, id: Id, at: u16, cx: &mut Cx<Timer>) {
        let asks = self.with(id, cx, |desk| desk.ask_anew(at)).unwrap_or(false);
        if !asks {
            self.askers.remove(&(id, at));
        }
    }
    /// Looks after a script that has begun, if it asks for anything.
    pub(super) fn watch_wires(&mut self, id: Id, at: u16, cx: &mut Cx<Timer>) {
        let Some(slot) = self.pods.get(&id).and_then(|w| w.slots.get(at as usize)) else { return };
        if slot.wires.is_empty() || !slot.running() {
            return;
        }
        self.askers.insert((id, at));
        let run = slot.runs;
        let waits = slot.wires.iter().enumerate().any(|(n, (_, question, well))| {
            !well && !slot.wires[n + 1..].iter().any(|(_, later, _)| later == question)
        });
        if waits {
            cx.after(LOOK, Timer::Wires(id, at, run));
        }
    }
}

impl Desk<'_, '_> {
    /// The profile of a run that begins, with the answers to all that its script asks.
    pub(super) fn wired_profile(&mut self, at: u16) -> Profile {
        self.worker.slots[at as usize].wires = Rc::default();
        let mut profile = self.asked(at, Workloads::profile).unwrap_or_default();
        for _ in 0..ROUNDS_MAX {
            if !self.answer_new(at, &profile, Span::ZERO) {
                break;
            }
            profile = self.asked(at, Workloads::profile).unwrap_or_default();
        }
        profile
    }
    /// Answers what was not asked before; tells whether there was anything.
    fn answer_new(&mut self, at: u16, profile: &Profile, from: Span) -> bool {
        let known = self.worker.slots[at as usize].wires.clone();
        let new: Vec<Answer> = profile
            .asks
            .iter()
            .filter(|question| !known.iter().any(|(_, have, _)| have == *question))
            .map(|question| (from, question.clone(), self.finds(question)))
            .collect();
        let some = !new.is_empty();
        if some {
            Rc::make_mut(&mut self.worker.slots[at as usize].wires).extend(new);
        }
        some
    }
    /// Asks again what the script of a running container asks, and follows it anew where an answer has changed. Tells whether
    /// it asks for anything.
    fn ask_anew(&mut self, at: u16) -> bool {
        let Some(slot) = self.worker.slots.get(at as usize) else { return false };
        let (Run::Running(since), known) = (&slot.run, slot.wires.clone()) else { return false };
        if known.is_empty() || !matches!(self.worker.stage, Stage::Live | Stage::Stopping { .. }) {
            return false;
        }
        let age = self.now().since(*since);
        let newest = |n: usize| !known[n + 1..].iter().any(|(_, later, _)| *later == known[n].1);
        let changed: Vec<Answer> = (0..known.len())
            .filter(|n| newest(*n))
            .map(|n| (age, known[n].1.clone(), self.finds(&known[n].1)))
            .enumerate()
            .filter(|(_, (_, question, well))| {
                known.iter().rev().find(|(_, have, _)| have == question).is_some_and(|(.., had)| had != well)
            })
            .map(|(_, answer)| answer)
            .collect();
        if !changed.is_empty() {
            Rc::make_mut(&mut self.worker.slots[at as usize].wires).extend(changed);
            for _ in 0..ROUNDS_MAX {
                self.follow_anew(at);
                let profile = self.worker.slots[at as usize].profile.clone().unwrap_or_default();
                if !self.answer_new(at, &profile, age) {
                    break;
                }
            }
        }
        true
    }
    /// What a question finds now.
    pub(super) fn finds(&self, question: &Question) -> bool {
        let api = &*self.cx.api;
        let Some(place) = self.place(question.host()) else { return false };
        match (question, place) {
            (Question::Name(_), _) | (_, Place::Outside) => true,
            (Question::Port(_, port), place) => self.reached(api, &place, *port, None),
            (Question::Page(_, port, path), place) => self.reached(api, &place, *port, Some(path)),
        }
    }
    /// Where a host leads: `localhost`, an address, `SERVICE[.NAMESPACE[.svc[.cluster.local]]]`, `POD.SERVICE…` of a set, or a
    /// name of the world outside.
    fn place(&self, host: &str) -> Option<Place<'_>> {
        let api = &*self.cx.api;
        if matches!(host, "localhost" | "127.0.0.1" | "::1") || self.worker.ip.as_deref() == Some(host) {
            return Some(Place::Here);
        }
        if host.split('.').count() == 4 && host.chars().all(|c| c == '.' || c.is_ascii_digit()) {
            let service = api.store.list(Kind::Service).find(|o| o.service().is_some_and(|s| *s.cluster_ip == *host));
            let pod =
                || api.store.list(Kind::Pod).find(|o| o.pod().is_some_and(|p| p.status.ip.as_deref() == Some(host)));
            return service.map(Place::Service).or_else(|| pod().map(|o| Place::Pod(o.meta.id)));
        }
        if api.floor.names_broken {
            return None;
        }
        let own = api.store.card(self.id).map_or("", |c| &*c.namespace);
        let name = host.trim_end_matches('.');
        let name = name.strip_suffix(".cluster.local").unwrap_or(name);
        let inside = name.len() < host.trim_end_matches('.').len() || name.ends_with(".svc");
        let steps: Vec<&str> = name.strip_suffix(".svc").unwrap_or(name).split('.').collect();
        let service =
            |namespace: &str, name: &str| api.store.by_name(Kind::Service, namespace, name).filter(|s| named(api, s));
        match steps.as_slice() {
            [name] => service(own, name).map(Place::Service),
            [name, namespace] if service(namespace, name).is_some() => service(namespace, name).map(Place::Service),
            [pod, name, rest @ ..] if rest.len() < 2 => {
                let namespace = rest.first().copied().unwrap_or(own);
                let set = api.store.by_name(Kind::Service, namespace, name);
                let member = set.and_then(|s| member(api, s, pod));
                member.map(Place::Pod).or((!inside && set.is_none()).then_some(Place::Outside))
            }
            _ => (!inside).then_some(Place::Outside),
        }
    }
    /// Whether somebody takes connections there, and answers well when a page is asked for.
    fn reached(&self, api: &Api, place: &Place, port: u16, page: Option<&str>) -> bool {
        let host = &self.worker.node;
        let of_pod = |pod: Id, port: u16| {
            api.floor.of(pod.0).any(|(_, unit)| {
                let well = page.is_none_or(|path| {
                    matches!(unit.answer(api.now, Some(port), path == "/live", 0.5), Health::Good | Health::Slow(_))
                });
                unit.ended.is_none() && api.floor.reaches(host, &unit.host) && unit.listens(api.now, Some(port)) && well
            })
        };
        match place {
            Place::Here => of_pod(self.id, port),
            Place::Pod(pod) => of_pod(*pod, port),
            Place::Outside => true,
            Place::Service(service) => endpoints(api, service, port).into_iter().any(|(pod, port)| of_pod(pod, port)),
        }
    }
}

/// Whether cluster DNS knows a Service: a headless one has no records while it has no endpoints.
fn named(api: &Api, service: &Rc<Object>) -> bool {
    let headless = service.service().is_some_and(|s| s.cluster_ip == "None");
    let slices = api.store.owned_by(service.meta.id).filter_map(|o| o.endpoint_slice());
    !headless || slices.flat_map(|s| &s.endpoints).any(|e| e.ready)
}

/// The member of a headless Service with this host name.
fn member(api: &Api, service: &Rc<Object>, hostname: &str) -> Option<Id> {
    let mut slices = api.store.owned_by(service.meta.id).filter_map(|o| o.endpoint_slice());
    slices.find_map(|s| {
        let found = s.endpoints.iter().find(|e| e.ready && e.hostname == hostname)?;
        found.target.as_ref().map(|(_, id)| *id)
    })
}

/// The pods and ports to which the proxies send connections to a port of a Service.
fn endpoints(api: &Api, service: &Rc<Object>, port: u16) -> Vec<(Id, u16)> {
    let Some(body) = service.service() else { return Vec::new() };
    let headless = body.cluster_ip == "None";
    let name = body.ports.iter().find(|p| p.port == port).map(|p| p.name.clone());
    // A headless Service is only a name: any port of its pods can be asked.
    if name.is_none() && !headless {
        return Vec::new();
    }
    let (mut ready, mut last) = (Vec::new(), Vec::new());
    for slice in api.store.owned_by(service.meta.id).filter_map(|o| o.endpoint_slice()) {
        let target = slice.ports.iter().find(|p| name.as_deref() == Some(p.str_at(&["name"]).unwrap_or_default()));
        let number = target.and_then(|p| p.int_at(&["port"])).and_then(|n| u16::try_from(n).ok());
        let Some(number) = number.or(headless.then_some(port)) else { continue };
        for endpoint in &slice.endpoints {
            let Some((_, pod)) = &endpoint.target else { continue };
            match (endpoint.ready, endpoint.serving && endpoint.terminating) {
                (true, _) => ready.push((*pod, number)),
                (_, true) => last.push((*pod, number)),
                _ => {}
            }
        }
    }
    if ready.is_empty() { last } else { ready }
}
