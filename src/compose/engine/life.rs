//! How a container is made and started, and how its first process ends.

use super::*;
use crate::workload::{Process, programs};

/// A start that fails takes so long. Ours: recorded.
const FAILED_START: Span = Span::millis(180);
/// The runtime's words before those about a program. Source: moby v29 daemon/start.go; containerd; runc v1.3.
const NO_PROCESS: &str = "failed to create task for container: failed to create shim task: OCI runtime create failed: runc \
    create failed: unable to start container process: error during container init: ";
/// Code of a container whose start failed. Source: moby v29 daemon/start.go, exitUnknown.
const UNKNOWN: i32 = 128;
/// And of one whose program is not there. Source: moby v29 daemon/errors.go, setExitCodeFromError.
const NOT_FOUND: i32 = 127;

impl Engine {
    /// `docker create`.
    pub fn create(&mut self, spec: Spec) -> Ticket {
        let ticket = self.ticket();
        // What was asked for first is made first.
        let span = self.draw(|p| p.create);
        self.work_in_turn(span, Timer::Make(ticket, spec.into()));
        ticket
    }
    pub(super) fn make(&mut self, ticket: Ticket, spec: Rc<Spec>) {
        let answer = match self.check_spec(&spec) {
            Ok((image_id, image)) => Ok(Reply::Made(self.made_from(spec, image_id, &image))),
            Err(refusal) => Err(refusal),
        };
        self.answer(ticket, answer);
    }
    fn made_from(&mut self, spec: Rc<Spec>, image_id: Rc<str>, image: &Image) -> Cid {
        let mut full = (*spec).clone();
        if full.entrypoint.is_empty() {
            full.entrypoint.clone_from(&image.entrypoint);
            if full.command.is_empty() {
                full.command.clone_from(&image.command);
            }
        }
        if full.stop_signal.is_empty() {
            full.stop_signal = image.stop_signal.clone();
        }
        let absent = |v: &&Rc<str>| !full.mounts.iter().any(|m| m.target == **v);
        let wanted: Vec<Mount> = image.volumes.iter().filter(absent).map(anonymous).collect();
        full.mounts.extend(wanted);
        full.exposed.extend(image.exposed.iter().cloned());
        full.exposed.sort();
        full.exposed.dedup();
        full.healthcheck = merged(full.healthcheck.take(), image.healthcheck.as_ref());
        let mounts = self.make_volumes(&full.mounts);
        let (cid, id) = (self.next_cid, self.new_id());
        self.next_cid += 1;
        let (name, words) = (full.name.clone(), full.image.clone());
        let container = Container {
            id,
            image_id,
            name: name.clone(),
            created: self.now,
            status: Status::Created,
            exit: 0,
            restarts: 0,
            started: None,
            finished: None,
            oom: false,
            error: "".into(),
            health: None,
            by_hand: false,
            coming_back: false,
            backoff: Span::ZERO,
            bindings: Vec::new(),
            endpoints: full.networks.clone(),
            mounts,
            epoch: 0,
            runs: Vec::new(),
            pid: 0,
            spec: full.into(),
        };
        self.images.keep(&words);
        self.containers.insert(cid, container.into());
        self.tell(cid, "create", &[]);
        self.note(cid, made(name, words));
        cid
    }
    /// `docker start`.
    pub fn start(&mut self, cid: Cid) -> Ticket {
        let ticket = self.ticket();
        let Some(c) = self.containers.get(&cid).cloned().filter(|_| self.power != Power::Lost) else {
            self.answer_soon(ticket, Err(self.no_container(cid)));
            return ticket;
        };
        match c.status {
            Status::Paused => {
                let words = "cannot start a paused container, try unpause instead";
                self.answer_soon(ticket, Err(Refusal::new(Fault::Conflict, words)));
            }
            Status::Running | Status::Restarting => self.answer_soon(ticket, Ok(Reply::Done)),
            _ => {
                if let Some(c) = self.edit(cid) {
                    c.restarts = 0;
                    c.backoff = Span::ZERO;
                    c.by_hand = false;
                }
                self.set_off(cid, Some(ticket), false);
            }
        }
        ticket
    }
    /// Begins a start: mounts, ports, then the process.
    pub(super) fn set_off(&mut self, cid: Cid, ticket: Option<Ticket>, restarted: bool) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        self.tell_mounts(cid, "mount");
        let publish = if c.endpoints.is_empty() && !c.spec.networks.is_empty() { &[][..] } else { &c.spec.publish[..] };
        let outcome = match &c.spec.device {
            Some((driver, ability)) => {
                let words = format!("could not select device driver \"{driver}\" with capabilities: [[{ability}]]");
                Err(Refusal::new(Fault::Other, words))
            }
            None => self.bind_ports(cid, publish),
        };
        match outcome {
            Ok(bindings) => {
                if let Some(words) = self.no_program(&c) {
                    // It joins its networks before its process is looked for.
                    self.join_networks(cid);
                    self.leave_networks(cid);
                    let refusal = Refusal::new(Fault::Other, format!("{NO_PROCESS}{words}"));
                    return self.not_started(cid, ticket, refusal, NOT_FOUND);
                }
                let span = self.draw(|p| p.launch);
                let Some(c) = self.edit(cid) else { return };
                c.bindings = bindings;
                c.error = "".into();
                c.epoch += 1;
                let epoch = c.epoch;
                self.work(span, Timer::Launch(cid, epoch, ticket, restarted));
            }
            Err(refusal) => {
                if let Some(c) = self.edit(cid) {
                    match c.spec.device {
                        None => c.endpoints.clear(),
                        // It had joined its networks already.
                        Some(_) => c.endpoints.iter_mut().for_each(|e| e.ip = Some("".into())),
                    }
                }
                self.not_started(cid, ticket, refusal, UNKNOWN);
            }
        }
    }
    /// Why a container's first process cannot run.
    fn no_program(&self, c: &Container) -> Option<String> {
        let words = c.spec.words();
        let own =
            self.images.get(&c.spec.image).is_some_and(|(_, i)| i.entrypoint.first().is_some_and(|e| &**e == "/app"));
        let program = words.first()?;
        let brought = c.mounts.iter().any(|m| program.starts_with(&*m.target))
            || c.spec.files.iter().any(|(path, _)| path == program);
        programs::missing(&c.spec.image, own, program).filter(|_| !brought)
    }
    /// A start that failed leaves the container without its networks: started again it has neither address nor ports.
    /// Source: recorded; moby v29 daemon/start.go, containerStart's deferred clean-up.
    fn not_started(&mut self, cid: Cid, ticket: Option<Ticket>, refusal: Refusal, code: i32) {
        self.note(cid, not_started(self.name_of(cid), refusal.words.clone()));
        self.tell_mounts(cid, "unmount");
        if let Some(c) = self.edit(cid) {
            c.error = refusal.words.as_str().into();
            c.exit = code;
            if c.status != Status::Created {
                c.status = Status::Exited;
            }
        }
        if let Some(ticket) = ticket {
            self.after(FAILED_START, Timer::Answer(ticket, Err(refusal)));
        }
    }
    pub(super) fn launch(&mut self, cid: Cid, epoch: u32, ticket: Option<Ticket>, restarted: bool) {
        if self.current(cid, epoch).is_none() {
            return ticket.into_iter().for_each(|ticket| self.answer(ticket, Err(Refusal::unreachable())));
        }
        let now = self.now;
        if let Some(c) = self.edit(cid) {
            c.started = Some(now);
            c.oom = false;
        }
        let span = self.draw(|p| p.begin);
        self.after(span, Timer::Run(cid, epoch, ticket, restarted));
    }
    /// The process runs: addresses, the event, the health check, and how it will go.
    pub(super) fn running(&mut self, cid: Cid, epoch: u32, ticket: Option<Ticket>, restarted: bool) {
        let Some(c) = self.current(cid, epoch) else {
            return ticket.into_iter().for_each(|ticket| self.answer(ticket, Err(Refusal::unreachable())));
        };
        let process = self.process_of(&c);
        let (now, pid) = (self.now, self.next_pid);
        self.next_pid += 23;
        if let Some(c) = self.edit(cid) {
            c.status = Status::Running;
            c.coming_back = false;
            c.exit = 0;
            c.pid = pid;
            c.runs.push(RunOf { begun: now, process: process.clone(), ended: None, said: Vec::new() });
        }
        self.join_networks(cid);
        self.tell(cid, "start", &[]);
        if restarted {
            self.tell(cid, "restart", &[]);
        }
        self.note(cid, started(c.name.clone()));
        // What needs another service looks for it now, that it has an address.
        let process = match &process.need {
            Some(need) if !self.answers_at(cid, &need.host, need.port) => {
                let process = Rc::new(process.without_need());
                if let Some(run) = self.edit(cid).and_then(|c| c.runs.last_mut()) {
                    run.process = process.clone();
                }
                process
            }
            _ => process,
        };
        self.stand(cid, &process.profile);
        if let Some(end) = process.profile.end {
            self.after(end.after, Timer::Own(cid, epoch));
        }
        if let Some(at) = process.child_oom {
            self.after(at, Timer::ChildOom(cid, epoch));
        }
        self.begin_health(cid);
        if let Some(ticket) = ticket {
            self.answer(ticket, Ok(Reply::Done));
        }
    }
    /// Whether a server listens behind a name, as a container sees it.
    pub fn answers_at(&mut self, from: Cid, host: &str, port: u16) -> bool {
        let found = self.resolve(from, host);
        found.first().is_some_and(|(cid, _)| self.listens(*cid, port))
    }
    fn process_of(&mut self, c: &Container) -> Rc<Process> {
        let (words, image) = (c.spec.words(), c.spec.image.clone());
        let env = self.env_of(c);
        let mut files = self.files_of(c);
        let process = self.workloads.process(&ground::ask(c, &image, &words, &env), &mut files);
        self.keep_files(c, &files);
        process.into()
    }
    /// The environment of a container: a path, its host name, what it was asked to have, what its image says, its home.
    pub fn env_of(&self, c: &Container) -> Vec<(Rc<str>, Rc<str>)> {
        let image = self.images.get(&c.spec.image).map(|(_, image)| image.env.clone()).unwrap_or_default();
        let mut env: Vec<(Rc<str>, Rc<str>)> = vec![("PATH".into(), "/usr/local/bin:/bin".into())];
        env.push(("HOSTNAME".into(), c.hostname()));
        env.extend(c.spec.env.iter().cloned());
        env.extend(image.into_iter().filter(|(k, _)| k.as_ref() != "PATH" && !c.spec.env.iter().any(|(o, _)| o == k)));
        env.push(("HOME".into(), "/".into()));
        env
    }
    pub(super) fn child_oom(&mut self, cid: Cid, epoch: u32) {
        if self.current(cid, epoch).is_some_and(|c| c.alive()) {
            if let Some(c) = self.edit(cid) {
                c.oom = true;
            }
            self.tell(cid, "oom", &[]);
            self.note(cid, out_of_memory(self.name_of(cid)));
        }
    }
    /// The first process has ended; the engine sees it a moment later.
    pub(super) fn process_ends(&mut self, cid: Cid, epoch: u32, code: i32, oom: bool) {
        let Some(c) = self.current(cid, epoch).filter(|c| c.run().is_some()) else { return };
        let now = self.now;
        if oom {
            self.tell(cid, "oom", &[]);
            self.note(cid, out_of_memory(c.name.clone()));
        }
        if let Some(c) = self.edit(cid) {
            c.oom |= oom;
            c.finished = Some(now);
            c.exit = code;
            if let Some(run) = c.runs.last_mut() {
                run.ended = Some(now);
            }
        }
        self.lie_down(cid);
        let span = self.draw(|p| p.bury);
        self.work(span, Timer::Buried(cid, epoch));
    }
    /// The engine has seen the end: the events, whoever waits for it, and the restart policy.
    /// Source: moby v29 daemon/monitor.go, handleContainerExit.
    pub(super) fn buried(&mut self, cid: Cid, epoch: u32) {
        let Some(c) = self.current(cid, epoch) else { return };
        let waits: Vec<AfterEnd> = self.ends.iter().filter(|(id, _)| *id == cid).map(|(_, w)| w.clone()).collect();
        self.ends.retain(|(id, _)| *id != cid);
        let ran = c.finished.unwrap_or(self.now).since(c.started.unwrap_or(self.now));
        self.leave_networks(cid);
        self.tell_mounts(cid, "unmount");
        let stopped = waits.iter().any(|w| matches!(w, AfterEnd::Stop(_) | AfterEnd::Restart(_)));
        if stopped || self.power != Power::On && self.power != Power::Starting {
            self.tell(cid, "stop", &[]);
        }
        let (code, seconds) = (c.exit.to_string(), ran.as_secs().to_string());
        self.tell(cid, "die", &[("execDuration", seconds.as_str().into()), ("exitCode", code.as_str().into())]);
        self.note(cid, ended(c.name.clone(), c.exit));
        let revived = !stopped
            && !c.by_hand
            && matches!(self.power, Power::On | Power::Starting)
            && !waits.iter().any(|w| matches!(w, AfterEnd::Remove(..)))
            && restart::again(c.spec.restart, c.exit, c.restarts, c.by_hand);
        let wait = restart::next_wait(c.backoff, ran);
        if let Some(c) = self.edit(cid) {
            c.bindings.clear();
            c.pid = 0;
            c.status = if revived { Status::Restarting } else { Status::Exited };
            c.restarts += u32::from(revived);
            c.coming_back = waits.iter().any(|w| matches!(w, AfterEnd::Restart(_)));
            c.backoff = if revived { wait } else { c.backoff };
        }
        self.end_health(cid);
        if revived {
            self.after(wait, Timer::Revive(cid, epoch));
            self.note(cid, restarts(c.name.clone(), c.spec.restart.name(), wait.as_millis()));
        } else if !stopped && c.spec.restart != Restart::No {
            self.note(cid, stays_down(c.name.clone(), c.spec.restart.name(), c.exit));
        }
        let removed = waits.iter().any(|w| matches!(w, AfterEnd::Remove(..)));
        for wait in waits {
            match wait {
                AfterEnd::Stop(ticket) | AfterEnd::Tell(ticket) => self.answer(ticket, Ok(Reply::Done)),
                AfterEnd::Restart(ticket) => self.start_again(cid, ticket),
                AfterEnd::Remove(ticket, volumes) => self.destroy_soon(ticket, cid, volumes),
            }
        }
        if c.spec.auto_remove && !revived && !removed {
            let ticket = self.ticket();
            self.destroy_soon(ticket, cid, true);
        }
        self.maybe_off();
    }
    pub(super) fn start_again(&mut self, cid: Cid, ticket: Ticket) {
        if let Some(c) = self.edit(cid) {
            c.restarts = 0;
            c.backoff = Span::ZERO;
            c.by_hand = false;
        }
        self.set_off(cid, Some(ticket), true);
    }
    pub(super) fn revive(&mut self, cid: Cid, epoch: u32) {
        if self.current(cid, epoch).is_some_and(|c| c.status == Status::Restarting)
            && matches!(self.power, Power::On | Power::Starting)
        {
            self.set_off(cid, None, false);
        }
    }
}

/// Source: moby v29 daemon/errors.go, nameConflictError.
pub(super) fn name_taken(name: &str, holder: &str) -> String {
    format!(
        "Conflict. The container name \"/{name}\" is already in use by container \"{holder}\". You have to remove (or \
         rename) that container to be able to reuse that name."
    )
}

fn anonymous(target: &Rc<str>) -> Mount {
    Mount { kind: "volume".into(), source: "".into(), target: target.clone(), read_only: false, must_exist: false }
}

/// What a request leaves out comes from the image. Source: moby v29 daemon/commit.go, merge.
fn merged(own: Option<Healthcheck>, image: Option<&Healthcheck>) -> Option<Healthcheck> {
    let (Some(mut own), Some(image)) = (own.clone(), image) else { return own.or(image.cloned()) };
    if own.test.is_empty() {
        own.test.clone_from(&image.test);
    }
    let or = |a: Span, b: Span| if a == Span::ZERO { b } else { a };
    own.interval = or(own.interval, image.interval);
    own.timeout = or(own.timeout, image.timeout);
    own.start_period = or(own.start_period, image.start_period);
    own.start_interval = or(own.start_interval, image.start_interval);
    own.retries = if own.retries == 0 { image.retries } else { own.retries };
    Some(own)
}
