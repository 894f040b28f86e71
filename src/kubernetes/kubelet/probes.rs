//! Startup, liveness and readiness probes.
//! Source: kubernetes v1.37 pkg/kubelet/prober/worker.go, doProbe; prober_manager.go, UpdatePodStatus; prober.go, probe.
//!
//! A probe ticks from the moment the pod was first looked at; a look at a pod that is not ready probes at once and begins the
//! ticks anew. Ours: ticks on which nothing can change are skipped, so that a healthy pod costs nothing.

use super::ills::Ills;
use super::lifecycle::Desk;
use super::voice::Quiet;
use super::worker::{Run, Slot, Stage};
use super::{State, Timer, probed};
use crate::kubernetes::apiserver::Cx;
use crate::kubernetes::objects::Id;
use crate::kubernetes::objects::pod::{Container, Probe};
use crate::sim::{Span, Time};
use crate::text::Value;
use crate::workload::{Health, Profile, Unit, request_line};
use std::rc::Rc;

/// Which probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Startup,
    Liveness,
    Readiness,
}

const KINDS: [Kind; 3] = [Kind::Startup, Kind::Liveness, Kind::Readiness];

/// One probe of one container.
#[derive(Clone, Debug, Default)]
pub struct Prober {
    kind: Kind,
    /// Where its ticks begin.
    anchor: Time,
    /// Its next tick, when it waits for one.
    next: Option<Time>,
    /// What it said last, and how often in a row.
    last: Option<bool>,
    row: u32,
    /// Whether it waits for the container to be started again.
    hold: bool,
    /// The run it is about.
    run: u32,
    /// When it asked last.
    asked: Time,
    /// The run whose slow answer it waits for, and whether it is to ask again as soon as that has come.
    asking: Option<u32>,
    again: bool,
    /// Whether it skips ticks.
    pub quiet: Option<Quiet>,
}

/// What a probe has found so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probed {
    /// Which one: `Startup`, `Liveness`, `Readiness`.
    pub kind: &'static str,
    /// What it said last.
    pub well: Option<bool>,
    /// How often in a row.
    pub row: u32,
    /// Its next tick, where it waits for one.
    pub next: Option<Time>,
}

impl Prober {
    /// What it has found so far.
    pub fn shown(&self) -> Probed {
        Probed { kind: self.kind.word(), well: self.last, row: self.row, next: self.next }
    }
}

/// What a probe found.
enum Found {
    Well,
    Unwell(String),
    /// Neither: the event says so and nothing else happens.
    Unknown(String),
}

impl Kind {
    fn of(self, container: &Container) -> Option<&Probe> {
        match self {
            Kind::Startup => container.startup_probe.as_deref(),
            Kind::Liveness => container.liveness_probe.as_deref(),
            Kind::Readiness => container.readiness_probe.as_deref(),
        }
    }
    const fn word(self) -> &'static str {
        match self {
            Kind::Startup => "Startup",
            Kind::Liveness => "Liveness",
            Kind::Readiness => "Readiness",
        }
    }
    /// As in the reason of a kill.
    const fn reason(self) -> &'static str {
        match self {
            Kind::Startup => "startup",
            Kind::Liveness => "liveness",
            Kind::Readiness => "readiness",
        }
    }
}

impl State {
    pub(super) fn probe_due(&mut self, id: Id, slot: u16, which: u8, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| {
            let now = desk.now();
            let prober = desk.worker.slots.get_mut(slot as usize).and_then(|s| s.probers.get_mut(which as usize));
            if let Some(prober) = prober.filter(|p| p.next == Some(now)) {
                prober.next = None;
                desk.worker.slots[slot as usize].wake(which as usize, now);
                desk.probe(slot, which as usize);
            }
        });
    }
    pub(super) fn probe_answers(&mut self, id: Id, slot: u16, which: u8, run: u32, cx: &mut Cx<Timer>) {
        self.with(id, cx, |desk| {
            let current = desk.worker.slots.get(slot as usize).is_some_and(|s| s.runs == run && s.running());
            if current {
                desk.worker.slots[slot as usize].probers[which as usize].asking = None;
                desk.ask(slot, which as usize, true);
            }
        });
    }
}

impl Desk<'_, '_> {
    /// The first look at a pod: its probes begin to tick.
    pub(super) fn make_probers(&mut self) {
        let anchor = self.now();
        for at in self.worker.all() {
            let Some(container) = self.worker.container(&self.spec, at) else { continue };
            let kinds = KINDS.iter().filter(|k| k.of(container).is_some());
            let probers = kinds.map(|kind| Prober { kind: *kind, anchor, ..Prober::default() });
            self.worker.slots[at as usize].probers = probers.collect();
        }
    }
    /// A container was started: its probes wait for their next tick.
    pub(super) fn arm_probers(&mut self, at: u16) {
        for which in 0..self.worker.slots[at as usize].probers.len() {
            self.arm(at, which, Span::ZERO);
        }
    }
    /// Something about the program changed: probes that wait for nothing tick again.
    pub(super) fn wake_probers(&mut self, at: u16) {
        let live = self.worker.slots[at as usize].running();
        for which in 0..self.worker.slots[at as usize].probers.len() {
            if live {
                self.arm(at, which, Span::ZERO);
            }
        }
    }
    /// Sets the first tick that is at least `wait` away.
    fn arm(&mut self, at: u16, which: usize, wait: Span) {
        let now = self.now();
        let Some(period) = self.period(at, which) else { return };
        let Some(prober) = self.worker.slots[at as usize].probers.get_mut(which) else { return };
        let passed = (now + wait).since(prober.anchor).0;
        let ticks = if wait > Span::ZERO { passed.div_ceil(period.0) } else { passed / period.0 + 1 };
        let next = prober.anchor + period * ticks.max(1);
        let next = if next > now { next } else { next + period };
        prober.next = Some(next);
        self.cx.timers.push((next, Timer::Probe(self.id, at, which as u8)));
    }
    fn period(&self, at: u16, which: usize) -> Option<Span> {
        let kind = self.worker.slots[at as usize].probers.get(which)?.kind;
        let probe = kind.of(self.worker.container(&self.spec, at)?)?;
        Some(if probe.period > Span::ZERO { probe.period } else { Span::secs(10) })
    }
    /// A look at a pod that is not ready probes at once.
    pub(super) fn probe_unready(&mut self) {
        let now = self.now() + Span::millis(1);
        for at in self.worker.all() {
            let slot = &mut self.worker.slots[at as usize];
            if !slot.running() || !slot.started || slot.ready {
                continue;
            }
            if let Some(which) = slot.probers.iter().position(|p| p.kind == Kind::Readiness) {
                (slot.probers[which].anchor, slot.probers[which].next) = (now, Some(now));
                self.cx.timers.push((now, Timer::Probe(self.id, at, which as u8)));
            }
        }
    }
    /// A container that has ended fails its probes, and what changes by that makes the kubelet look again when the runtime is
    /// asked next: at once where it was ready, else at the next tick of its liveness probe.
    /// Source: kubernetes v1.37 pkg/kubelet/prober/worker.go, doProbe; kubelet.go, syncLoopIteration; pod_workers.go,
    /// podWorkerLoop, GetNewerThan.
    pub(super) fn look_for_fall(&mut self, at: u16) {
        let now = self.now();
        let slot = &mut self.worker.slots[at as usize];
        // Each end is noticed once.
        if std::mem::replace(&mut slot.noticed, slot.runs) == slot.runs {
            return;
        }
        let fell = std::mem::take(&mut slot.fell);
        let wait = |prober: &Prober, period: Span| match prober.kind {
            Kind::Readiness => fell.then_some(Span::ZERO),
            Kind::Liveness => Some(Span(period.0 - now.since(prober.anchor).0 % period.0.max(1))),
            Kind::Startup => None,
        };
        let slot = &self.worker.slots[at as usize];
        let waits = (0..slot.probers.len()).filter_map(|which| wait(&slot.probers[which], self.period(at, which)?));
        if let Some(wait) = waits.min() {
            let at = self.kubelet.tick(now + wait + Span(1));
            self.look_at(at);
        }
    }
    /// One tick of one probe.
    fn probe(&mut self, at: u16, which: usize) {
        let now = self.now();
        let live = matches!(self.worker.stage, Stage::Live | Stage::Stopping { .. });
        let looked = self.worker.looked.unwrap_or_default();
        let slot = &mut self.worker.slots[at as usize];
        let prober = &mut slot.probers[which];
        let since = match &slot.run {
            Run::Running(since) => *since,
            // It has ended, and nobody has noticed yet.
            Run::Ended(ended) if ended.finished >= looked => ended.started,
            _ => return,
        };
        if prober.run != slot.runs {
            (prober.run, prober.hold) = (slot.runs, false);
        }
        if prober.asking == Some(slot.runs) {
            prober.again = true;
            return;
        }
        let stopping = self.worker.stage != Stage::Live;
        let idle = match prober.kind {
            Kind::Startup => slot.started,
            _ => !slot.started,
        };
        if !live || !self.kubelet.up || prober.hold || idle || (stopping && prober.kind != Kind::Readiness) {
            return;
        }
        let kind = prober.kind;
        let Some(probe) = self.worker.container(&self.spec, at).and_then(|c| kind.of(c)) else { return };
        if now.since(since).as_secs() < probe.initial_delay.as_secs() {
            return self.arm(at, which, Span::ZERO);
        }
        self.ask(at, which, false);
    }
    /// Asks the container and takes note of its answer. `waited`: it was asked before, and its slow answer is due now.
    fn ask(&mut self, at: u16, which: usize, waited: bool) {
        let Some(container) = self.worker.container(&self.spec, at) else { return };
        let kind = self.worker.slots[at as usize].probers[which].kind;
        let Some(probe) = kind.of(container) else { return };
        let (success, failure) = (probe.success.max(1), probe.failure.max(1));
        let luck = self.luck(at);
        let Some(container) = self.worker.container(&self.spec, at) else { return };
        let Some(probe) = kind.of(container) else { return };
        let slot = &self.worker.slots[at as usize];
        let age = match slot.run {
            Run::Running(since) => Some(self.now().since(since)),
            _ => None,
        };
        let ip = self.worker.ip.as_deref().unwrap_or_default();
        let unit = self.cx.api.floor.get((self.id.0, at)).filter(|_| age.is_some());
        let (ills, profile) = (slot.ills, slot.profile.as_ref());
        let who = Asked { profile, age, unit, luck, now: self.cx.api.now, kind, ills };
        let (found, takes) = find(probe, container, &who, ip);
        if !waited {
            let runs = slot.runs;
            self.asks(at, which);
            if takes > Span::ZERO {
                self.worker.slots[at as usize].probers[which].asking = Some(runs);
                return self.cx.after(takes, Timer::Answer(self.id, at, which as u8, runs));
            }
        }
        let well = match found {
            Found::Well => true,
            Found::Unwell(words) => {
                self.tell(at, true, "Unhealthy", format!("{} probe failed: {words}", kind.word()));
                false
            }
            Found::Unknown(words) => {
                let words = format!("{} probe errored and resulted in unknown state: {words}", kind.word());
                self.tell(at, true, "Unhealthy", words);
                return self.arm(at, which, Span::ZERO);
            }
        };
        let prober = &mut self.worker.slots[at as usize].probers[which];
        prober.row = if prober.last == Some(well) { prober.row.saturating_add(1) } else { 1 };
        prober.last = Some(well);
        let reached = prober.row >= if well { success } else { failure };
        if reached {
            self.conclude(at, which, well);
        }
        self.next_tick(at, which, well && reached);
    }
    /// A request of a probe reaches the program, if it listens.
    fn asks(&mut self, at: u16, which: usize) {
        let now = self.now();
        self.worker.slots[at as usize].probers[which].asked = now;
        let Some((path, address, port)) = self.request(at, which) else { return };
        let slot = &self.worker.slots[at as usize];
        let (Run::Running(since), Some(profile)) = (&slot.run, &slot.profile) else { return };
        if profile.answer(now.since(*since), Some(port), true) != Health::Refused {
            self.heard(at, &path, &address);
        }
    }
    /// Path, address, port that an HTTP probe asks for.
    fn request(&self, at: u16, which: usize) -> Option<(String, String, u16)> {
        let container = self.worker.container(&self.spec, at)?;
        let probe = self.worker.slots[at as usize].probers.get(which)?.kind.of(container)?;
        if &*probe.kind != "httpGet" {
            return None;
        }
        let handler = probe.handler.get(&probe.kind).unwrap_or(&probe.handler);
        let port = port_of(handler, container)?;
        let host = handler.str_at(&["host"]).or(self.worker.ip.as_deref()).unwrap_or_default();
        Some((handler.str_at(&["path"]).unwrap_or("/").into(), format!("{host}:{port}"), port))
    }
    /// From now on a probe skips its ticks.
    fn rest(&mut self, at: u16, which: usize) {
        let (request, period) = (self.request(at, which), self.period(at, which).unwrap_or_default());
        let now = self.now();
        let prober = &mut self.worker.slots[at as usize].probers[which];
        let line = request.map(|(path, address, _)| request_line(&path, &address).into());
        let period = period.max(now.since(prober.asked));
        prober.quiet = line.map(|line| Quiet { from: prober.asked, period, line });
    }
    /// When to tick next: at once after a period, or when the answer can change.
    fn next_tick(&mut self, at: u16, which: usize, settled: bool) {
        let now = self.now();
        let slot = &self.worker.slots[at as usize];
        let prober = &slot.probers[which];
        if prober.hold || (prober.kind == Kind::Startup && slot.started) || prober.next.is_some() {
            return;
        }
        if !settled || self.restless(at) {
            if self.missed_a_tick(at, which) {
                let next = now + Span::millis(1);
                self.worker.slots[at as usize].probers[which].next = Some(next);
                return self.cx.timers.push((next, Timer::Probe(self.id, at, which as u8)));
            }
            return self.arm(at, which, Span::ZERO);
        }
        self.rest(at, which);
        let slot = &self.worker.slots[at as usize];
        let (Run::Running(since), Some(profile)) = (&slot.run, &slot.profile) else { return };
        // A program that has ended answers no more, until that is noticed.
        let ends = profile.end.map(|e| e.after);
        let change =
            [profile.next_change(now.since(*since)), ends].into_iter().flatten().filter(|t| *since + *t > now).min();
        if let Some(change) = change {
            let wait = (*since + change).since(now);
            self.arm(at, which, wait);
        }
    }
    /// Whether a tick or a trigger came while the answer was awaited: one of them is kept, and the probe asks at once.
    /// Source: kubernetes v1.37 pkg/kubelet/prober/worker.go, run; a ticker and a trigger each hold one.
    fn missed_a_tick(&mut self, at: u16, which: usize) -> bool {
        let (now, period) = (self.now(), self.period(at, which).unwrap_or_default().0.max(1));
        let prober = &mut self.worker.slots[at as usize].probers[which];
        let ticks = |t: Time| t.since(prober.anchor).0 / period;
        let missed = ticks(now) > ticks(prober.asked);
        std::mem::take(&mut prober.again) || missed
    }
    /// A probe has made up its mind.
    fn conclude(&mut self, at: u16, which: usize, well: bool) {
        let name = self.worker.container(&self.spec, at).map_or_else(Rc::default, |c| c.name.clone());
        let now = self.now();
        let slot = &mut self.worker.slots[at as usize];
        let running = slot.running();
        let prober = &mut slot.probers[which];
        let word = if well { "True" } else { "False" };
        match (prober.kind, well) {
            (Kind::Readiness, _) => {
                if slot.ready == well {
                    return;
                }
                slot.ready = well && slot.running();
                self.worker.why = Some(probed(&name, word));
                self.write_status();
                if !well {
                    self.probe_unready();
                }
            }
            (Kind::Startup, true) => {
                slot.started = true;
                self.worker.why = Some(probed(&name, word));
                // The others may begin.
                self.arm_probers(at);
                self.look_at(now);
            }
            (Kind::Liveness, true) => {}
            (Kind::Startup | Kind::Liveness, false) => {
                (prober.hold, prober.row) = (true, 0);
                if running {
                    slot.doomed = Some(prober.kind.reason());
                    self.look_at(now);
                }
            }
        }
    }
}

impl Slot {
    /// Its pod is being stopped: only readiness probes go on.
    pub fn rest_for_good(&mut self, now: Time) {
        for which in 0..self.probers.len() {
            if self.probers[which].kind != Kind::Readiness {
                self.wake(which, now);
            }
        }
    }
}

/// The container that a probe asks.
struct Asked<'a> {
    profile: Option<&'a Rc<Profile>>,
    /// How long it has been running; `None` when it has ended.
    age: Option<Span>,
    /// How it stands under load.
    unit: Option<&'a Unit>,
    luck: f64,
    now: Time,
    kind: Kind,
    ills: Ills,
}

impl Asked<'_> {
    fn health(&self, port: Option<u16>, always_well: bool) -> Health {
        match (self.unit, self.profile, self.age) {
            (_, _, Some(_)) if self.ill() => Health::Bad,
            (Some(unit), _, Some(_)) => unit.answer(self.now, port, always_well, self.luck),
            (None, Some(profile), Some(age)) => profile.answer(age, port, always_well),
            _ => Health::Refused,
        }
    }
    /// Whether it answers this kind of probe badly.
    fn ill(&self) -> bool {
        match self.kind {
            Kind::Readiness => self.ills.unready.holds() || self.unit.is_some_and(|u| u.twist.not_ready),
            Kind::Liveness => self.ills.unlive.holds(),
            Kind::Startup => false,
        }
    }
    /// How a command goes in it.
    fn exec(&self, age: Span, words: &[&str]) -> (i32, Span) {
        match (self.ills.hangs.holds(), self.ill()) {
            (true, _) => (0, Span(u64::MAX)),
            (_, true) => (1, Span::ZERO),
            _ => self.profile.map_or((0, Span::ZERO), |p| p.exec(age, words)),
        }
    }
}

/// What a probe finds, and how long that takes.
fn find(probe: &Probe, container: &Container, who: &Asked, ip: &str) -> (Found, Span) {
    let age = who.age;
    let handler = probe.handler.get(&probe.kind).unwrap_or(&probe.handler);
    let timeout = if probe.timeout > Span::ZERO { probe.timeout } else { Span::secs(1) };
    if probe.kind == "exec" {
        let Some(age) = age else {
            // Source: recorded, containerd 2.4.
            let words =
                "rpc error: code = Unknown desc = failed to exec in container: container is in CONTAINER_EXITED state";
            return (Found::Unknown(words.into()), Span::ZERO);
        };
        let words: Vec<&str> = handler.list_at(&["command"]).iter().filter_map(Value::as_str).collect();
        let (code, takes) = who.exec(age, &words);
        if takes > timeout {
            let line = words.join(" ");
            return (
                Found::Unwell(format!("command timed out: \"{line}\" timed out after {}s", timeout.as_secs())),
                timeout,
            );
        }
        return (if code == 0 { Found::Well } else { Found::Unwell(String::new()) }, takes);
    }
    let port = port_of(handler, container);
    let host = handler.str_at(&["host"]).filter(|h| !h.is_empty()).unwrap_or(ip);
    let path = handler.str_at(&["path"]).unwrap_or("/");
    // A port that accepts connections is well whatever the program says of itself.
    let health = match who.health(port, probe.kind == "tcpSocket" || path == "/live") {
        Health::Bad if probe.kind == "tcpSocket" => Health::Refused,
        health => health,
    };
    let address = format!("{host}:{}", port.unwrap_or(0));
    let refused = format!("dial tcp {address}: connect: connection refused");
    let scheme = handler.str_at(&["scheme"]).unwrap_or("HTTP").to_lowercase();
    let get = format!("Get \"{scheme}://{address}{path}\": ");
    match (&*probe.kind, health) {
        (_, Health::Good) => (Found::Well, Span::ZERO),
        ("tcpSocket", Health::Refused) => (Found::Unwell(refused), Span::ZERO),
        ("grpc", health) if !answers(health, timeout) => {
            let words = format!(
                "error: timeout: failed to connect service \"{address}\" within {}s: context deadline exceeded",
                timeout.as_secs()
            );
            (Found::Unwell(words), timeout)
        }
        ("grpc", Health::Bad) => {
            (Found::Unwell("service unhealthy (responded with \"NOT_SERVING\")".into()), Span::ZERO)
        }
        (_, Health::Refused) => (Found::Unwell(get + &refused), Span::ZERO),
        (_, Health::Bad) => (Found::Unwell("HTTP probe failed with statuscode: 503".into()), Span::ZERO),
        ("tcpSocket", Health::Slow(_)) => (Found::Well, Span::ZERO),
        (_, Health::Slow(takes)) if takes < timeout => (Found::Well, takes),
        _ => {
            (Found::Unwell(get + "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"), timeout)
        }
    }
}

/// Whether an answer comes in time.
fn answers(health: Health, timeout: Span) -> bool {
    match health {
        Health::Good | Health::Bad => true,
        Health::Slow(takes) => takes < timeout,
        Health::Refused => false,
    }
}

/// The port of a handler: a number, or the name of one of the container's ports.
fn port_of(handler: &Value, container: &Container) -> Option<u16> {
    match handler.get("port")? {
        Value::Int(n) => u16::try_from(*n).ok(),
        Value::Str(name) => {
            let named = container.ports.iter().find(|p| *p.name == **name).map(|p| p.port);
            named.or_else(|| name.parse().ok())
        }
        _ => None,
    }
}
