//! What a command finds when its client has come up: what it prints then, or what it does.

use super::args::Args;
use super::{Desk, Next, docker, lists, logs, stats, views};
use crate::compose::engine::Status;
use crate::compose::project::observed::{self, Seen};
use crate::compose::project::{DownOptions, GOODBYE, Project, Step};
use std::rc::Rc;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Ps,
    Images,
    Ls,
    Top,
    Port,
    Logs,
    Exec,
    Wait,
    Events,
    Volumes,
    Stats,
    /// A verb of the `docker` client; its words are the arguments.
    Docker(docker::Reading),
}

/// A look to come.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) kind: Kind,
    pub(super) project: Rc<Project>,
    pub(super) args: Args,
}

impl Look {
    /// Looks.
    pub(super) fn look(&self, desk: &mut Desk) -> Next {
        match self.kind {
            Kind::Ps => views::ps(self, desk),
            Kind::Images => views::images(self, desk),
            Kind::Ls => views::ls(self, desk),
            Kind::Top => views::top(self, desk),
            Kind::Port => views::port(self, desk),
            Kind::Volumes => lists::of_project(self, desk),
            Kind::Stats => stats::compose(self, desk),
            Kind::Events => views::events(self, desk),
            Kind::Logs => logs::logs(self, desk),
            Kind::Exec => self.exec(desk),
            Kind::Wait => self.wait(desk),
            Kind::Docker(reading) => docker::read(reading, self, desk),
        }
    }
    /// A word that names no service of the files; without files any name will do.
    pub(super) fn unknown(&self) -> Option<&String> {
        let missing = |w: &&String| !self.project.services.contains_key(w.as_str());
        self.args.words.iter().find(missing).filter(|_| !self.project.files.is_empty())
    }
    /// Containers of the project that are meant by services.
    pub(super) fn seen(&self, desk: &Desk) -> Vec<Seen> {
        observed::of_project(&desk.host.engine, &self.project.name)
    }
    /// The running container of a service that a command means.
    /// Source: compose v5.6 pkg/compose/containers.go, getSpecifiedContainer.
    pub(super) fn one_running(&self, desk: &Desk, service: &str) -> Result<Seen, String> {
        let index = self.args.value("index").and_then(|i| i.parse::<i64>().ok()).unwrap_or(0);
        let up = |s: &Seen| matches!(s.container.status, Status::Running | Status::Paused | Status::Restarting);
        let fits = |s: &Seen| *s.service == *service && up(s) && (index == 0 || s.number == index);
        let mut found: Vec<Seen> = self.seen(desk).into_iter().filter(fits).collect();
        found.sort_by_key(|s| (s.one_off, s.number));
        match (found.into_iter().next(), index) {
            (Some(seen), _) => Ok(seen),
            (None, 0) => Err(format!("service \"{service}\" is not running")),
            (None, n) => Err(format!("service \"{service}\" is not running container #{n}")),
        }
    }
    fn exec(&self, desk: &Desk) -> Next {
        let Some((service, command)) = self.args.words.split_first() else { return Next::Done(Vec::new(), 1) };
        match self.one_running(desk, service) {
            Ok(seen) => {
                let words: Vec<Rc<str>> = command.iter().map(|w| w.as_str().into()).collect();
                let pair = |p: &String| {
                    let (k, v) = p.split_once('=')?;
                    Some((Rc::from(k), Rc::from(v)))
                };
                let env = self.args.all("env").iter().filter_map(pair).collect();
                let steps = vec![Step::Exec(seen.cid, words, env), Step::Pause(GOODBYE)];
                Next::Work(self.project.clone(), steps, None)
            }
            Err(words) => Next::error(1, words),
        }
    }
    /// Source: compose v5.6 pkg/compose/wait.go: what has ended counts only where nothing runs.
    fn wait(&self, desk: &Desk) -> Next {
        let up = |s: &&Seen| matches!(s.container.status, Status::Running | Status::Paused | Status::Restarting);
        let mut seen = self.seen(desk);
        seen.retain(|s| self.args.words.iter().any(|w| **w == *s.service));
        let running: Vec<u32> = seen.iter().filter(up).map(|s| s.cid).collect();
        let list = if running.is_empty() { seen.iter().map(|s| s.cid).collect() } else { running };
        if list.is_empty() {
            return Next::error(1, format!("no containers for project \"{}\"", self.project.name));
        }
        let mut steps = vec![Step::WaitEnd(list, false)];
        if self.args.on("down-project") {
            steps.push(Step::Down(DownOptions { orphans: true, ..DownOptions::default() }));
        }
        Next::Work(self.project.clone(), steps, None)
    }
}
