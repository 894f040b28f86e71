//! A container for one run: made, started, followed to its end. `compose run`, `docker run`, `docker logs --follow`.
//! Source: compose v5.6 pkg/compose/run.go; docker/cli v28 cli/command/container/run.go, logs.go.

use super::*;

/// The start of a container made for one run.
#[derive(Clone, Debug, Default)]
pub struct Beginning {
    name: Rc<str>,
    /// Whether it is removed after it.
    remove: bool,
    /// Whether nobody waits.
    detach: bool,
    /// Files that are put in before; what refuses it.
    files: (Vec<(Rc<str>, Rc<str>)>, Option<String>),
    /// Commands behind its start.
    hooks: Vec<Hook>,
}

/// `run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The service with its changes.
    pub service: Service,
    /// Whether it is removed when it has ended.
    pub remove: bool,
    /// Whether nobody waits for it.
    pub detach: bool,
    /// Whether it can be found by the service's names.
    pub aliases: bool,
    /// Whether its dependencies are waited for.
    pub waits: bool,
}

/// A container whose output is shown until it ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watched {
    cid: Cid,
    /// So many of its lines are shown.
    shown: usize,
    /// Whether it is a run of this command: its code is that of the command.
    runs: bool,
    /// Whether it is removed when it has ended.
    remove: bool,
    /// Whether moments stand before its lines.
    timestamps: bool,
}

impl Watched {
    /// One that is only looked at.
    pub(super) fn shown(cid: Cid, shown: usize, timestamps: bool) -> Self {
        Watched { cid, shown, timestamps, ..Watched::default() }
    }
}

impl Job {
    /// Commands behind the start of a single run, one after the other.
    /// Source: compose v5.6 pkg/compose/run.go, runPostStartHooksOnEvent.
    pub(super) fn run_hooks(&mut self) {
        let Some(watched) = self.once else { return };
        let mut last = None;
        for hook in std::mem::take(&mut self.hooks) {
            let node = Node::new(Act::Hook(watched.cid, hook.words, hook.env));
            last = Some(self.dag.add(node.after(last)));
        }
    }
    pub(super) fn watch_once(&mut self, engine: &mut Engine, watched: Watched) -> bool {
        let Watched { cid, shown, runs, remove, timestamps } = watched;
        let output = engine.output(cid);
        for line in output.iter().skip(shown) {
            let fd = if line.stream == Stream::Err { ERR } else { OUT };
            let text = match timestamps {
                true => format!("{} {}", stamp_nano(line.t), line.text).into(),
                false => line.text.clone(),
            };
            self.lines.push(Line { t: line.t, fd, text });
        }
        self.once = Some(Watched { shown: output.len(), ..watched });
        // One that the engine removes at its end is gone before its code counts: its last end tells it.
        let told = || {
            let end = engine.events.iter().rev().find(|e| e.cid == Some(cid) && &*e.action == "die")?;
            end.attrs.iter().find(|(key, _)| *key == "exitCode")?.1.parse().ok()
        };
        let code = match engine.container(cid) {
            Some(c) if c.alive() || (runs && (c.status == Status::Created || c.spec.auto_remove)) => return true,
            Some(c) => c.exit,
            None => told().unwrap_or(0),
        };
        self.once = None;
        if remove {
            self.dag.add(Node::new(Act::Remove(cid, true, true)));
        }
        if runs && code != 0 {
            if !self.docker_run {
                // docker/cli v28 cli-plugins/plugin/plugin.go: an error without words is a line as well.
                self.say(engine, ERR, "");
            }
            self.steps.push_front(Step::Exit(code));
        }
        false
    }
    pub(super) fn run_once(&mut self, engine: &mut Engine, once: Once) {
        let project = self.project.clone();
        let seen = observed::of_project(engine, &project.name);
        let service = &once.service;
        let wanted = Wanted {
            project: &project,
            service,
            name: service.container_name.clone(),
            number: 0,
            inherits: None,
            replaces: false,
            one_off: true,
            aliases: once.aliases,
        };
        let act = match make(engine, &wanted, |request| request.restart = crate::compose::engine::Restart::No) {
            Ok(act) => act,
            Err(words) => return self.failed(engine, &words),
        };
        let mut dag = Dag { cancels: true, ..Dag::default() };
        let entry = dag.add(Node::new(Act::Nothing));
        let ready = match once.waits {
            true => start::wait_for_dependencies(&mut dag, engine, &project, service, &seen, entry, 0, None),
            false => entry,
        };
        let id = format!("Container {}", service.container_name);
        let node = Node::new(act).says(progress(&id, "Creating", ""), progress(&id, "Created", ""));
        dag.add(node.after([ready]).on_fault(crate::compose::project::dag::OnFault::Words(id)));
        self.dag = dag;
        self.steps.push_front(Step::Begin(Beginning {
            name: service.container_name.clone(),
            remove: once.remove,
            detach: once.detach,
            files: start::contents(&project, service),
            hooks: service.post_start.clone(),
        }));
    }
    pub(super) fn docker_run(&mut self, engine: &mut Engine, spec: crate::compose::engine::Spec, attached: bool) {
        self.docker_run = true;
        let name = spec.name.clone();
        let mut dag = Dag { cancels: true, ..Dag::default() };
        dag.add(Node::new(Act::Make(spec.into(), None)));
        let _ = engine;
        self.dag = dag;
        self.steps.push_front(Step::Begin(Beginning { name, detach: !attached, ..Beginning::default() }));
    }
    /// A container that has just been made is started: attached, or its id is all that is told.
    pub(super) fn begin(&mut self, engine: &mut Engine, beginning: Beginning) {
        let Beginning { name, remove, detach, files: (files, refused), hooks } = beginning;
        let Some(cid) = engine.find(&name) else { return self.code = Some(1) };
        files.iter().for_each(|(path, text)| engine.put_file(cid, path, text));
        if let Some(words) = refused {
            return self.failed(engine, &words);
        }
        self.hooks = hooks;
        let id = engine.container(cid).map(|c| c.id.clone()).unwrap_or_default();
        if detach && self.docker_run {
            self.say(engine, OUT, id);
        } else if detach {
            self.detached = Some(id);
        } else {
            engine.attach(cid);
            self.once = Some(Watched { cid, runs: true, remove, ..Watched::default() });
        }
        self.ticket = Some(engine.start(cid));
        let _ = runs(engine, cid);
    }
}
