//! What must be done so that the host holds what the file says: a plan of single steps.
//! Source: compose v5.6 pkg/compose/reconcile.go, plan.go.

use super::create::{Wanted, make, missing_files};
use super::dag::{Act, Dag, Line, Node, OUT, OnFault, progress};
use super::observed::{self, Seen};
use super::service::{Project, Service};
use super::sharing::Sharing;
use super::wait::warning;
use crate::compose::engine::{Cid, Engine, Network, Status};
use crate::sim::Span;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Most containers of one service. Ours: a bridge of Linux takes about a thousand, and each is a step of the plan.
const SCALE_MAX: i64 = 2_000;

/// When containers are made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Recreate {
    /// When their configuration changed.
    #[default]
    Diverged,
    /// Always.
    Force,
    /// Never.
    Never,
}

/// What `up`, `create` and `scale` are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateOptions {
    /// Services meant; empty for all.
    pub services: Vec<Rc<str>>,
    /// For these.
    pub recreate: Recreate,
    /// For what they depend on.
    pub recreate_dependencies: Recreate,
    /// Whether anonymous volumes are taken over.
    pub inherit: bool,
    /// Time a container gets to stop.
    pub timeout: Option<Span>,
    /// Whether containers of other services go.
    pub remove_orphans: bool,
    /// Whether nothing is said of them.
    pub ignore_orphans: bool,
    /// Whether questions are answered with yes.
    pub yes: bool,
}

impl Default for CreateOptions {
    fn default() -> Self {
        CreateOptions {
            services: Vec::new(),
            recreate: Recreate::Diverged,
            recreate_dependencies: Recreate::Diverged,
            inherit: true,
            timeout: None,
            remove_orphans: false,
            ignore_orphans: false,
            yes: false,
        }
    }
}

struct Planner<'a> {
    engine: &'a Engine,
    project: &'a Project,
    options: &'a CreateOptions,
    seen: Vec<Seen>,
    dag: Dag,
    networks: BTreeMap<Rc<str>, usize>,
    volumes: BTreeMap<Rc<str>, usize>,
    services: BTreeMap<Rc<str>, usize>,
    stopped: BTreeMap<Cid, usize>,
    connects: BTreeMap<Cid, Vec<usize>>,
    recreated: Vec<Rc<str>>,
    planned: Vec<Cid>,
    lines: Vec<Line>,
}

/// The plan, and what is said before it is carried out.
pub(super) fn plan(
    engine: &Engine,
    project: &Project,
    options: &CreateOptions,
) -> Result<(Dag, Vec<Line>), (Vec<Line>, String)> {
    let seen = observed::of_project(engine, &project.name);
    let mut planner = Planner {
        engine,
        project,
        options,
        seen,
        dag: Dag { cancels: true, ..Dag::default() },
        networks: BTreeMap::new(),
        volumes: BTreeMap::new(),
        services: BTreeMap::new(),
        stopped: BTreeMap::new(),
        connects: BTreeMap::new(),
        recreated: Vec::new(),
        planned: Vec::new(),
        lines: Vec::new(),
    };
    match planner.all() {
        Ok(()) => Ok((planner.dag, planner.lines)),
        Err(words) => Err((planner.lines, words)),
    }
}

impl Planner<'_> {
    fn all(&mut self) -> Result<(), String> {
        self.external()?;
        self.warn();
        self.plan_networks();
        self.plan_volumes();
        for name in in_order(self.project) {
            if let Some(service) = self.project.services.get(&name) {
                self.plan_service(service)?;
            }
        }
        if self.options.remove_orphans {
            self.plan_orphans();
        }
        self.say_running();
        Ok(())
    }
    fn external(&self) -> Result<(), String> {
        for network in self.project.networks.values().filter(|n| n.external) {
            if !self.engine.networks.contains_key(&network.name) {
                return Err(format!("network {} declared as external, but could not be found", network.name));
            }
        }
        for volume in self.project.volumes.values().filter(|v| v.external) {
            if !self.engine.volumes.contains_key(&volume.name) {
                return Err(format!("external volume \"{}\" not found", volume.name));
            }
        }
        Ok(())
    }
    fn warn(&mut self) {
        let name = &self.project.name;
        let mut words = Vec::new();
        for (key, network) in self.project.networks.iter().filter(|(_, n)| !n.external) {
            let Some(live) = observed::network(self.engine, self.project, key) else { continue };
            let why = match observed::label(&live.labels, observed::PROJECT) {
                owner if *owner == **name => continue,
                "" => "was not created by compose".to_string(),
                _ => format!("was not created for project \"{name}\""),
            };
            words.push(format!(
                "a network with name {} exists but {why}.\nSet `external: true` to use an existing network",
                network.name
            ));
        }
        for volume in self.project.volumes.values().filter(|v| !v.external) {
            let Some(live) = self.engine.volumes.get(&volume.name) else { continue };
            let use_external = "Use `external: true` to use an existing volume";
            match observed::label(&live.labels, observed::PROJECT) {
                owner if *owner == **name => {}
                "" => words.push(format!(
                    "volume \"{}\" already exists but was not created by Docker Compose. {use_external}",
                    volume.name
                )),
                owner => words.push(format!(
                    "volume \"{}\" already exists but was created for project \"{owner}\" (expected \"{name}\"). {use_external}",
                    volume.name
                )),
            }
        }
        let lost = observed::orphans(&self.seen, self.project);
        if !lost.is_empty() && !self.options.ignore_orphans && !self.options.remove_orphans {
            let names: Vec<&str> = lost.iter().map(|s| &*s.container.name).collect();
            words.push(format!(
                "Found orphan containers ({}) for this project. If you removed or renamed this service in your compose file, you can run this command with the --remove-orphans flag to clean it up.",
                names.join(", ")
            ));
        }
        self.lines.extend(words.iter().map(|w| warning(self.engine, w)));
    }
    fn make_network(&mut self, key: &Rc<str>, deps: Vec<usize>) {
        let row = self.project.networks[key].clone();
        let mut labels = row.labels.clone();
        labels.push((observed::NETWORK.into(), key.clone()));
        labels.push((observed::PROJECT.into(), self.project.name.clone()));
        labels.push((observed::HASH.into(), row.hash.clone()));
        labels.sort();
        let driver = if row.driver.is_empty() { "bridge".into() } else { row.driver.clone() };
        let network = Network { name: row.name.clone(), driver, labels, internal: row.internal, ..Network::default() };
        let (begin, end) = (
            progress(&format!("Network {}", row.name), "Creating", ""),
            progress(&format!("Network {}", row.name), "Created", ""),
        );
        // Both the plan and the step itself tell of it. Source: recorded.
        let unit = self.dag_unit();
        let node = Node::new(Act::NetworkMake(network)).after(deps).says(&*begin, &*end).says(&*begin, &*end);
        let at = self.dag.add(node.in_unit(unit));
        self.networks.insert(key.clone(), at);
    }
    fn dag_unit(&self) -> usize {
        0
    }
    fn plan_networks(&mut self) {
        let keys: Vec<Rc<str>> = self.project.networks.keys().cloned().collect();
        for key in keys {
            let row = &self.project.networks[&key];
            if row.external {
                continue;
            }
            match observed::network(self.engine, self.project, &key).cloned() {
                None => self.make_network(&key, Vec::new()),
                Some(live) => {
                    let hash = observed::label(&live.labels, observed::HASH);
                    if !hash.is_empty() && *hash != *row.hash {
                        self.remake_network(&key, &live);
                    }
                }
            }
        }
    }
    fn remake_network(&mut self, key: &Rc<str>, live: &Network) {
        let users: Vec<Seen> = self
            .seen
            .iter()
            .filter(|s| {
                !s.one_off && self.project.services.get(&s.service).is_some_and(|v| v.networks.contains_key(key))
            })
            .cloned()
            .collect();
        let mut gone = Vec::new();
        for seen in &users {
            let stop = self.stop_of(seen);
            gone.push(self.dag.add(Node::new(Act::Disconnect(live.name.clone(), seen.cid)).after([stop])));
        }
        let id = format!("Network {}", live.name);
        let node = Node::new(Act::NetworkRemove(live.name.clone())).after(gone);
        let remove = self.dag.add(node.says(progress(&id, "Removing", ""), progress(&id, "Removed", "")));
        self.make_network(key, vec![remove]);
        let made = self.networks[key];
        let name = self.project.networks[key].name.clone();
        for seen in &users {
            let at = self.dag.add(Node::new(Act::Connect(name.clone(), seen.cid)).after([made]));
            self.connects.entry(seen.cid).or_default().push(at);
        }
    }
    /// The step that stops a container; the same one for everybody who needs it.
    fn stop_of(&mut self, seen: &Seen) -> usize {
        if let Some(at) = self.stopped.get(&seen.cid) {
            return *at;
        }
        self.planned.push(seen.cid);
        let id = format!("Container {}", seen.container.name);
        let node = Node::new(Act::Stop(seen.cid, self.options.timeout));
        let at = self
            .dag
            .add(node.says(progress(&id, "Stopping", ""), progress(&id, "Stopped", "")).on_fault(OnFault::Words(id)));
        self.stopped.insert(seen.cid, at);
        at
    }
    fn plan_volumes(&mut self) {
        let keys: Vec<Rc<str>> = self.project.volumes.keys().cloned().collect();
        for key in keys {
            let row = self.project.volumes[&key].clone();
            if row.external {
                continue;
            }
            let Some(live) = self.engine.volumes.get(&row.name) else {
                self.make_volume(&key, Vec::new());
                continue;
            };
            let hash = observed::label(&live.labels, observed::HASH);
            if hash.is_empty() || *hash == *row.hash {
                continue;
            }
            if self.options.yes {
                self.remake_volume(&key);
                continue;
            }
            let words = format!(
                "Volume \"{}\" exists but doesn't match configuration in compose file. Recreate (data will be lost)?",
                row.name
            );
            self.lines.push(Line { t: self.engine.now, fd: OUT, text: words.into() });
        }
    }
    fn make_volume(&mut self, key: &Rc<str>, deps: Vec<usize>) {
        let row = &self.project.volumes[key];
        let mut labels = row.labels.clone();
        labels.push((observed::VOLUME.into(), key.clone()));
        labels.push((observed::PROJECT.into(), self.project.name.clone()));
        labels.push((observed::HASH.into(), row.hash.clone()));
        labels.sort();
        let id = format!("Volume {}", row.name);
        let (begin, end) = (progress(&id, "Creating", ""), progress(&id, "Created", ""));
        let node = Node::new(Act::VolumeMake(row.name.clone(), labels)).after(deps);
        let at = self.dag.add(node.says(&*begin, &*end).says(&*begin, &*end));
        self.volumes.insert(key.clone(), at);
    }
    fn remake_volume(&mut self, key: &Rc<str>) {
        let users: Vec<Seen> = self
            .seen
            .iter()
            .filter(|s| {
                self.project.services.get(&s.service).is_some_and(|v| v.volumes.iter().any(|m| m.source == *key))
            })
            .cloned()
            .collect();
        let mut gone = Vec::new();
        for seen in &users {
            let stop = self.stop_of(seen);
            gone.push(self.remove_of(seen, stop));
            self.recreated.push(seen.service.clone());
        }
        self.seen.retain(|s| !users.iter().any(|u| u.cid == s.cid));
        let name = self.project.volumes[key].name.clone();
        let id = format!("Volume {name}");
        let node = Node::new(Act::VolumeRemove(name)).after(gone);
        let remove = self.dag.add(node.says(progress(&id, "Removing", ""), progress(&id, "Removed", "")));
        self.make_volume(key, vec![remove]);
    }
    fn remove_of(&mut self, seen: &Seen, stop: usize) -> usize {
        let id = format!("Container {}", seen.container.name);
        let node = Node::new(Act::Remove(seen.cid, true, false)).after([stop]);
        self.dag.add(node.says(progress(&id, "Removing", ""), progress(&id, "Removed", "")))
    }
    fn plan_service(&mut self, service: &Service) -> Result<(), String> {
        let scale = service.scale;
        if scale > 1 && !service.container_name.is_empty() {
            return Err(format!(
                "WARNING: The \"{}\" service is using the custom container name \"{}\". Docker requires each container to have a unique name. Remove the custom name to scale the service",
                service.name, service.container_name
            ));
        }
        if scale > SCALE_MAX {
            return Err(format!("service {:?}: more than {SCALE_MAX} containers are not simulated", service.name));
        }
        let meant = self.options.services.is_empty() || self.options.services.contains(&service.name);
        let policy = if meant { self.options.recreate } else { self.options.recreate_dependencies };
        let mut containers: Vec<Seen> = observed::of_service(&self.seen, &service.name).into_iter().cloned().collect();
        // Obsolete ones go last, low numbers stay. Source: see above, sortContainers.
        containers.sort_by_key(|s| (self.must_recreate(service, s, policy), s.number, std::cmp::Reverse(s.cid)));
        let deps = self.before(service);
        let mut last = None;
        let actual = containers.len() as i64;
        for (at, seen) in containers.iter().enumerate() {
            if at as i64 >= scale {
                let stop = self.stop_of(seen);
                last = Some(self.remove_of(seen, stop));
            } else if self.must_recreate(service, seen, policy) {
                last = Some(self.recreate(service, seen, &deps)?);
                self.recreated.push(service.name.clone());
            } else if seen.container.status == Status::Paused {
                self.planned.push(seen.cid);
                let id = format!("Container {}", seen.container.name);
                let node = Node::new(Act::Start(seen.cid)).after(deps.clone());
                let node = node.says(progress(&id, "Starting", ""), progress(&id, "Started", ""));
                last = Some(self.dag.add(node.on_fault(OnFault::Words(id))));
            }
        }
        let highest = containers.iter().map(|s| s.number).max().unwrap_or(0);
        // All at once in the real client; the last one begun comes first most often. Source: recorded.
        for n in (0..(scale - actual).max(0)).rev() {
            last = Some(self.make(service, highest + 1 + n, &deps)?);
        }
        if let Some(last) = last {
            self.services.insert(service.name.clone(), last);
        }
        Ok(())
    }
    fn make(&mut self, service: &Service, number: i64, deps: &[usize]) -> Result<usize, String> {
        let name = self.project.container_name(service, number);
        let id = format!("Container {name}");
        let wanted = Wanted {
            project: self.project,
            service,
            name,
            number,
            inherits: None,
            replaces: false,
            one_off: false,
            aliases: true,
        };
        let act = make(self.engine, &wanted, |_| ()).unwrap_or_else(|words| Act::Put(0, Vec::new(), Some(words)));
        let node = Node::new(act).after(deps.iter().copied());
        let fault = OnFault::Words(format!("service:{}:{number}", service.name));
        let mut node = node.says(progress(&id, "Creating", ""), progress(&id, "Created", "")).on_fault(fault);
        for words in missing_files(self.engine, self.project, service) {
            node = node.begins(warning(self.engine, &words).text.to_string());
        }
        Ok(self.dag.add(node))
    }
    fn must_recreate(&self, service: &Service, seen: &Seen, policy: Recreate) -> bool {
        match policy {
            Recreate::Never => return false,
            Recreate::Force => return true,
            Recreate::Diverged => {}
        }
        let c = &seen.container;
        // Source: compose v5.6 pkg/compose/reconcile.go, parentNamespaceRecreated, serviceHashWithResolvedRefs.
        let sharing = Sharing::of(&self.project.name, service);
        let hash = sharing.as_ref().map_or(service.hash.clone(), |all| all.hash(&self.seen));
        if sharing.is_some_and(|all| all.takes_from(&self.recreated)) || c.spec.label(observed::HASH) != &*hash {
            return true;
        }
        let image = self.engine.images.get(&service.image).map(|(id, _)| id);
        if image.is_some_and(|id| *id != *c.image_id) {
            return true;
        }
        c.status == Status::Running && self.other_network(service, seen) || self.other_volume(service, seen)
    }
    fn other_network(&self, service: &Service, seen: &Seen) -> bool {
        service.networks.keys().any(|key| {
            observed::network(self.engine, self.project, key)
                .is_some_and(|live| !seen.container.endpoints.iter().any(|e| e.network == live.name))
        })
    }
    fn other_volume(&self, service: &Service, seen: &Seen) -> bool {
        service.volumes.iter().filter(|m| &*m.kind == "volume" && !m.source.is_empty()).any(|m| {
            let Some(row) = self.project.volumes.get(&m.source) else { return false };
            self.engine.volumes.contains_key(&row.name)
                && !seen.container.mounts.iter().any(|own| own.source == row.name)
        })
    }
    /// A new container beside the old one, then the old one goes and the new one takes its name.
    fn recreate(&mut self, service: &Service, seen: &Seen, deps: &[usize]) -> Result<usize, String> {
        let final_name = self.project.container_name(service, seen.number);
        let mut deps = deps.to_vec();
        let dependants: Vec<Rc<str>> = self
            .project
            .services
            .values()
            .filter(|s| s.depends_on.get(&service.name).is_some_and(|d| d.restart))
            .map(|s| s.name.clone())
            .collect();
        for dependant in dependants {
            let list: Vec<Seen> = observed::of_service(&self.seen, &dependant).into_iter().cloned().collect();
            for other in list {
                if !self.stopped.contains_key(&other.cid) {
                    deps.push(self.stop_of(&other));
                }
            }
        }
        let name = format!("{}_{final_name}", seen.container.short());
        self.planned.push(seen.cid);
        let group = Some(self.dag.group(format!("Container {}", seen.container.name)));
        let wanted = Wanted {
            project: self.project,
            service,
            name: name.into(),
            number: seen.number,
            inherits: self.options.inherit.then_some(&*seen.container),
            replaces: self.options.inherit,
            one_off: false,
            aliases: true,
        };
        let act = make(self.engine, &wanted, |spec| {
            for endpoint in &mut spec.networks {
                endpoint.aliases.iter_mut().filter(|a| **a == wanted.name).for_each(|a| *a = final_name.clone());
            }
        });
        let act = act.unwrap_or_else(|words| Act::Put(0, Vec::new(), Some(words)));
        let words = || OnFault::Words(String::new());
        let make = self.dag.add(Node::new(act).after(deps).in_group(group).on_fault(words()));
        let (stop, mut before) = match self.stopped.get(&seen.cid) {
            Some(stop) => (*stop, vec![make]),
            None => {
                let node = Node::new(Act::Stop(seen.cid, self.options.timeout)).after([make]).in_group(group);
                let stop = self.dag.add(node.on_fault(words()));
                self.stopped.insert(seen.cid, stop);
                (stop, Vec::new())
            }
        };
        before.push(stop);
        before.extend(self.connects.get(&seen.cid).cloned().unwrap_or_default());
        let node = Node::new(Act::Remove(seen.cid, true, false)).after(before).in_group(group);
        let remove = self.dag.add(node.on_fault(words()));
        let node = Node::new(Act::RenameMade(make, final_name)).after([remove]).in_group(group);
        Ok(self.dag.add(node.on_fault(words())))
    }
    fn before(&self, service: &Service) -> Vec<usize> {
        let mut deps: Vec<usize> = service.networks.keys().filter_map(|key| self.networks.get(key).copied()).collect();
        deps.extend(service.volumes.iter().filter_map(|m| self.volumes.get(&m.source).copied()));
        deps.extend(service.dependencies().iter().filter_map(|name| self.services.get(name).copied()));
        deps
    }
    fn plan_orphans(&mut self) {
        for seen in observed::orphans(&self.seen, self.project) {
            let stop = self.stop_of(&seen);
            self.remove_of(&seen, stop);
        }
    }
    /// Source: compose v5.6 pkg/compose/observed_state.go, emitRunningEvents.
    fn say_running(&mut self) {
        for service in self.project.services.values() {
            let mut mine = observed::of_service(&self.seen, &service.name);
            mine.sort_by_key(|s| s.number);
            for seen in mine {
                if seen.container.status == Status::Running && !self.planned.contains(&seen.cid) {
                    let text = progress(&format!("Container {}", seen.container.name), "Running", "");
                    self.lines.push(Line { t: self.engine.now, fd: super::dag::ERR, text: text.into() });
                }
            }
        }
    }
}

/// Services so that each comes behind those it depends on, by name where both are possible; what waits for itself is left out.
pub fn in_order(project: &Project) -> Vec<Rc<str>> {
    let mut waits: BTreeMap<&Rc<str>, usize> = BTreeMap::new();
    let mut behind: BTreeMap<&Rc<str>, Vec<&Rc<str>>> = BTreeMap::new();
    for (name, service) in &project.services {
        let needs: BTreeSet<&Rc<str>> =
            service.dependencies().iter().filter_map(|d| Some(project.services.get_key_value(d)?.0)).collect();
        waits.insert(name, needs.len());
        needs.into_iter().for_each(|need| behind.entry(need).or_default().push(name));
    }
    let mut ready: BTreeSet<&Rc<str>> = waits.iter().filter(|(_, n)| **n == 0).map(|(name, _)| *name).collect();
    let mut order = Vec::new();
    while let Some(name) = ready.pop_first() {
        order.push(name.clone());
        for waiting in behind.remove(name).unwrap_or_default() {
            if let Some(n) = waits.get_mut(waiting) {
                *n -= 1;
                ready.extend((*n == 0).then_some(waiting));
            }
        }
    }
    order
}
