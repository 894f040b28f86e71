//! The host with the commands under way on it: one value, stepped like any world.

use super::dag::Line;
use super::job::{Job, Step};
use super::service::Project;
use crate::compose::engine::Engine;
use crate::compose::traffic::{Goal, Traffic};
use crate::sim::Time;
use crate::workload::Load;
use crate::workload::streams::Streams;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Number of a command.
pub type JobId = u32;

/// A Docker host and who works on it.
#[derive(Clone, Debug)]
pub struct Host {
    /// The engine.
    pub engine: Engine,
    traffic: Traffic,
    jobs: BTreeMap<JobId, Job>,
    next: JobId,
}

impl Host {
    /// An idle host.
    pub fn new(seed: u64) -> Self {
        Host { engine: Engine::new(seed), traffic: Traffic::default(), jobs: BTreeMap::new(), next: 1 }
    }
    /// The present moment.
    pub fn now(&self) -> Time {
        self.engine.now
    }
    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        let jobs = self.jobs.values().filter_map(|job| job.due(self.engine.now));
        jobs.chain(self.engine.next_due()).chain(self.traffic.next_due()).min()
    }
    /// Plays everything due up to and including `t`, and stands at `t` then.
    pub fn run_until(&mut self, t: Time) {
        self.settle();
        while let Some(due) = self.next_due().filter(|due| *due <= t) {
            let due = due.max(self.engine.now);
            if !self.engine.step(due) {
                self.engine.run_until(due);
            }
            self.settle();
        }
        self.engine.run_until(t);
        self.settle();
    }
    /// Lets every command do what it can at this moment, and requests follow what has changed.
    fn settle(&mut self) {
        self.traffic.settle(&mut self.engine);
        for job in self.jobs.values_mut() {
            self.engine.because(job.cause);
            job.advance(&mut self.engine);
        }
        self.engine.because(None);
        self.engine.clients(self.jobs.values().filter(|job| job.works()).count());
        self.traffic.settle(&mut self.engine);
    }
    /// Sets a load from now on; one of the same name is replaced.
    pub fn set_load(&mut self, load: Load) {
        self.traffic.set_load(load, &mut self.engine);
    }
    /// Ends a load; what is on its way is still answered. Tells whether there was one.
    pub fn end_load(&mut self, name: &str) -> bool {
        self.traffic.end_load(name, &mut self.engine)
    }
    /// What flows: loads, streams, figures.
    pub fn streams(&self) -> &Streams<Goal> {
        self.traffic.streams()
    }
    /// Begins a command, for what the engine's calls are caused by now.
    pub fn launch(&mut self, project: Rc<Project>, steps: impl IntoIterator<Item = Step>) -> JobId {
        let id = self.next;
        self.next += 1;
        let mut job = Job::new(project, steps);
        job.cause = self.engine.cause();
        self.jobs.insert(id, job);
        self.settle();
        id
    }
    /// A command.
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(&id)
    }
    /// Takes the lines a command has printed since the last call, and its exit code if it has ended.
    pub fn take_lines(&mut self, id: JobId) -> (Vec<Line>, Option<i32>) {
        let Some(job) = self.jobs.get_mut(&id) else { return (Vec::new(), Some(0)) };
        let lines = std::mem::take(&mut job.lines);
        let code = job.code;
        if code.is_some() {
            self.jobs.remove(&id);
        }
        (lines, code)
    }
    /// Ctrl-C.
    pub fn interrupt(&mut self, id: JobId) {
        if let Some(job) = self.jobs.get_mut(&id) {
            job.interrupt(&mut self.engine);
        }
        self.settle();
    }
    /// The client is cut off: its work stops where it is.
    pub fn abandon(&mut self, id: JobId) {
        self.jobs.remove(&id);
    }
}
