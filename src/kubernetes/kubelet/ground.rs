//! What a kubelet tells the floor: which containers run, and what the floor tells it back.

use super::ills::Ills;
use super::lifecycle::Desk;
use super::start::RUN_MIN;
use super::worker::{Run, SIGKILLED, Stage};
use super::{State, Timer};
use crate::kubernetes::apiserver::{Api, Cx};
use crate::kubernetes::objects::Id;
use crate::sim::{Span, Time};
use crate::workload::{Ask, Behaviour, Key, News, Profile, Rule, Unit, Workloads};
use std::rc::Rc;

/// Name of the group of alike pods that a pod belongs to: of what stands at the top of its owners, else its own.
pub fn group_of(api: &Api, pod: Id) -> Rc<str> {
    let mut at = pod;
    // Ours: owners are at most two deep among built-in kinds.
    for _ in 0..3 {
        let owner = api.store.get(at).and_then(|o| o.meta.controller()).and_then(|o| o.id);
        match owner.filter(|id| api.store.get(*id).is_some()) {
            Some(owner) => at = owner,
            None => break,
        }
    }
    api.store.card(at).map_or_else(Rc::default, |card| card.name.clone())
}

impl State {
    /// The floor has something to say.
    pub fn hear(&mut self, news: News, cx: &mut Cx<Timer>) {
        match news {
            News::OutOfMemory(key) => self.floor_ends(key, SIGKILLED, true, cx),
            News::Done(key) => self.floor_ends(key, 0, false, cx),
            News::Pressed((id, slot)) => {
                self.with(Id(id), cx, |desk| {
                    if desk.worker.slots.get(slot as usize).is_some_and(|s| s.running()) {
                        desk.arm_probers(slot);
                    }
                });
            }
        }
    }
    /// Somebody changes what containers do: those of these pods that run go on so.
    pub fn amend(&mut self, pods: &[Id], rule: &Rule, cx: &mut Cx<Timer>) {
        for id in pods {
            self.with(*id, cx, |desk| {
                let fits = |name: &str| rule.container.is_empty() || *rule.container == *name;
                for at in desk.worker.all() {
                    if desk.worker.container(&desk.spec, at).is_some_and(|c| fits(&c.name)) {
                        desk.amend(at, rule);
                    }
                }
            });
        }
    }
    fn floor_ends(&mut self, (id, slot): Key, code: i32, oom: bool, cx: &mut Cx<Timer>) {
        self.with(Id(id), cx, |desk| {
            let Some(entry) = desk.worker.slots.get_mut(slot as usize).filter(|s| s.running()) else { return };
            let run = entry.runs;
            if oom && let (Run::Running(since), Some(profile)) = (&entry.run, &mut entry.profile) {
                // As if the run had been meant to end so: the report says why.
                let after = desk.cx.api.now.since(*since);
                Rc::make_mut(profile).end = Some(crate::workload::End { after, code, oom });
            }
            desk.exited(slot, run, Some(code));
        });
    }
}

impl Desk<'_, '_> {
    /// The names under which scenarios speak of a container, and what it does.
    pub(super) fn asked<R>(&self, at: u16, what: impl FnOnce(&Workloads, &Ask) -> R) -> Option<R> {
        let container = self.worker.container(&self.spec, at)?;
        let unit = self.cx.api.store.card(self.id).map_or_else(Rc::default, |c| c.name.clone());
        let group = group_of(self.cx.api, self.id);
        let slot = &self.worker.slots[at as usize];
        // Only what a script does depends on what it finds.
        let scripted = !container.command.is_empty() || !container.args.is_empty();
        let mut around = self.around(at, scripted);
        let (mut started, mut changes) = (self.now(), &[][..]);
        if let Run::Running(since) = &slot.run {
            started = *since;
        }
        if let (Run::Running(_), Some(mounted)) = (&slot.run, slot.mounted.as_deref()) {
            (around.files, changes) = (mounted.files.clone(), &mounted.changes);
            around.env.clone_from(&mounted.env);
        }
        let ask = Ask {
            image: &container.image,
            container: &container.name,
            unit: &unit,
            group: &group,
            command: &container.command,
            args: &container.args,
            env: &around.env,
            run: self.worker.slots[at as usize].runs,
            memory_limit: container.resources.limits.memory,
            message_path: self
                .worker
                .tree(&self.spec, at)
                .and_then(|t| t.str_at(&["terminationMessagePath"]))
                .unwrap_or_default(),
            started: self.cx.api.calendar.epoch * 1_000_000 + started.0 as i64,
            files: &around.files,
            changes,
            writable: around.writable.as_deref(),
            taken: &around.taken,
            wires: Some(&slot.wires),
        };
        Some(what(self.workloads, &ask))
    }
    /// A run begins: it stands on the floor.
    pub(super) fn stand(&mut self, at: u16, profile: &Rc<Profile>) {
        let Some(behaviour) = self.asked(at, Workloads::behaviour) else { return };
        let behaviour = self.shared(behaviour);
        let group = self.group();
        let Some(container) = self.worker.container(&self.spec, at) else { return };
        let milli = |n: i64| n.clamp(0, i64::from(u32::MAX)) as u32;
        let unit = Unit {
            group,
            name: container.name.clone(),
            host: self.worker.node.clone(),
            since: self.now(),
            profile: profile.clone(),
            behaviour,
            cpu_limit: milli(container.resources.limits.cpu),
            cpu_asked: milli(container.resources.requests.cpu),
            memory_limit: container.resources.limits.memory.max(0) as u64,
            stops: None,
            ended: None,
            twist: crate::workload::Twist::default(),
            strain: None,
        };
        let ills = self.worker.slots[at as usize].ills;
        self.cx.api.floor.start((self.id.0, at), unit);
        if ills != Ills::default() {
            self.cx.api.floor.twist((self.id.0, at), |t| ills.twist(t));
        }
    }
    /// Changes how the run of a container goes on. What has lived longer than it now may ends at once.
    fn amend(&mut self, at: u16, rule: &Rule) {
        let now = self.now();
        let Some(slot) = self.worker.slots.get_mut(at as usize) else { return };
        let (Run::Running(since), Some(before)) = (&slot.run, &slot.profile) else { return };
        let (since, run) = (*since, slot.runs);
        let Some(profile) = rule.amended(before, now.since(since)) else { return };
        let ends = profile.end.filter(|end| before.end != Some(*end)).map(|end| since + end.after.max(RUN_MIN));
        let profile = Rc::new(profile);
        slot.profile = Some(profile.clone());
        self.cx.api.floor.follow((self.id.0, at), profile);
        if let Some(ends) = ends {
            self.cx.timers.push((ends.max(now), Timer::Exit(self.id, at, run)));
        }
        self.wake_probers(at);
    }
    /// Alike containers of a node share what is known of them.
    fn shared(&mut self, behaviour: Behaviour) -> Rc<Behaviour> {
        if *self.kubelet.behaviour != behaviour {
            Rc::make_mut(self.kubelet).behaviour = Rc::new(behaviour);
        }
        self.kubelet.behaviour.clone()
    }
    /// `namespace/name` of what stands at the top of the pod's owners.
    fn group(&mut self) -> Rc<str> {
        let namespace = self.cx.api.store.card(self.id).map_or_else(Rc::default, |c| c.namespace.clone());
        let name = group_of(self.cx.api, self.id);
        let known = self.kubelet.group.split_once('/');
        if known != Some((&*namespace, &*name)) {
            Rc::make_mut(self.kubelet).group = format!("{namespace}/{name}").into();
        }
        self.kubelet.group.clone()
    }
    /// A run will get SIGTERM after a while.
    pub(super) fn will_stop(&mut self, at: u16, wait: Span) {
        let when = self.now() + wait;
        self.cx.api.floor.stop((self.id.0, at), when);
    }
    /// How long a program that finishes what it has begun needs for that after SIGTERM.
    pub(super) fn drains(&self, at: u16) -> Span {
        let Some(unit) = self.cx.api.floor.get((self.id.0, at)) else { return Span::ZERO };
        let (Some(most), Some(strain)) = (unit.behaviour.drain, &unit.strain) else { return Span::ZERO };
        // Ours: all but one in a thousand requests are over then.
        const NEARLY_ALL: f64 = 3.09;
        let needs = if strain.inside > 1e-6 { strain.takes.at(NEARLY_ALL) } else { 0.0 };
        most.min(Span((needs * 1e6) as u64))
    }
    /// A run is over.
    pub(super) fn lie_down(&mut self, at: u16, now: Time) {
        self.cx.api.floor.end((self.id.0, at), now);
    }
    /// A share drawn for a request to a container that stands under load; calm ones need no luck.
    pub(super) fn luck(&mut self, at: u16) -> f64 {
        let pressed = |u: &Unit| u.strain.as_ref().is_some_and(|s| s.pressed);
        if !self.cx.api.floor.get((self.id.0, at)).is_some_and(pressed) {
            return 0.5;
        }
        self.cx.chance("traffic").below(1_000_000) as f64 / 1e6
    }
    /// Whether what a container answers may change at any moment.
    pub(super) fn restless(&self, at: u16) -> bool {
        let restless = |u: &Unit| {
            let t = &u.twist;
            t.hangs || t.unwell || t.not_ready || t.refuses || u.strain.as_ref().is_some_and(|s| s.pressed)
        };
        self.worker.stage == Stage::Live && self.cx.api.floor.get((self.id.0, at)).is_some_and(restless)
    }
}
