//! The rows that commands work on: a project's services, networks and volumes, read from the tree that
//! `docker compose config --format json` prints.

use super::read::*;
use crate::compose::engine::{Healthcheck, Limits, Publish, Restart};
use crate::sim::Span;
use crate::text::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a dependant waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// `service_started`, `service_healthy`, `service_completed_successfully`.
    pub condition: Rc<str>,
    /// Whether its failure is an error.
    pub required: bool,
    /// Whether the dependant is restarted with it.
    pub restart: bool,
}

/// A service's place in a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct InNetwork {
    /// Other names.
    pub aliases: Vec<Rc<str>>,
    /// Asked address; empty for any.
    pub address: Rc<str>,
    /// Higher ones are joined first.
    pub priority: i64,
}

/// A volume, bind or tmpfs of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mounted {
    /// `volume`, `bind`, `tmpfs`.
    pub kind: Rc<str>,
    /// Key of a volume or a path; empty for an anonymous volume.
    pub source: Rc<str>,
    /// Path in the container.
    pub target: Rc<str>,
    /// Whether it may only be read.
    pub read_only: bool,
    /// Whether a missing path of the host is made.
    pub create_host_path: bool,
}

/// A file given to a service: a secret or a config.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Given {
    /// Key in the project.
    pub source: Rc<str>,
    /// Path in the container.
    pub target: Rc<str>,
    /// Whether it is a secret.
    pub secret: bool,
}

/// A command around start or stop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hook {
    /// Its words.
    pub words: Vec<Rc<str>>,
    /// Its environment.
    pub env: Vec<(Rc<str>, Rc<str>)>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Service {
    /// Name.
    pub name: Rc<str>,
    /// Image, also that of a build.
    pub image: Rc<str>,
    /// Whether it is built.
    pub build: bool,
    /// `pull_policy`.
    pub pull_policy: Rc<str>,
    /// Own name of its container; empty for the usual one.
    pub container_name: Rc<str>,
    /// Command, if the file says so.
    pub command: Option<Vec<Rc<str>>>,
    /// Entry point, if the file says so.
    pub entrypoint: Option<Vec<Rc<str>>>,
    /// Environment with values.
    pub environment: Vec<(Rc<str>, Rc<str>)>,
    /// Labels.
    pub labels: Vec<(Rc<str>, Rc<str>)>,
    /// Host name.
    pub hostname: Rc<str>,
    /// What it depends on.
    pub depends_on: BTreeMap<Rc<str>, Dependency>,
    /// Restart policy.
    pub restart: Restart,
    /// A number of attempts that the policy does not allow.
    pub bad_attempts: bool,
    /// Health check.
    pub healthcheck: Option<Healthcheck>,
    /// Published ports.
    pub ports: Vec<Publish>,
    /// Other ports.
    pub expose: Vec<Rc<str>>,
    /// What is mounted.
    pub volumes: Vec<Mounted>,
    /// Services whose volumes it takes.
    pub volumes_from: Vec<Rc<str>>,
    /// Networks by key.
    pub networks: BTreeMap<Rc<str>, InNetwork>,
    /// `network_mode`.
    pub network_mode: Rc<str>,
    /// `ipc`.
    pub ipc_mode: Rc<str>,
    /// `pid`.
    pub pid_mode: Rc<str>,
    /// How many containers.
    pub scale: i64,
    /// Whether the file asks for none by `deploy.replicas: 0`.
    pub none_deployed: bool,
    /// Limits.
    pub limits: Limits,
    /// A device nobody has: driver and capability.
    pub device: Option<(Rc<str>, Rc<str>)>,
    /// What the engine checks and shows, and nothing more.
    pub further: Rc<Value>,
    /// Signal that asks it to stop.
    pub stop_signal: Rc<str>,
    /// How long it gets.
    pub stop_grace: Option<Span>,
    /// Commands after its start.
    pub post_start: Vec<Hook>,
    /// Commands before its stop.
    pub pre_stop: Vec<Hook>,
    /// Secrets and configs.
    pub given: Vec<Given>,
    /// Whether `up` shows its output.
    pub attach: bool,
    /// Whether it has a terminal.
    pub tty: bool,
    /// Hash of its configuration.
    pub hash: Rc<str>,
}

/// A network or volume of the project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Its name on the host.
    pub name: Rc<str>,
    /// Whether somebody else makes it.
    pub external: bool,
    /// Labels.
    pub labels: Vec<(Rc<str>, Rc<str>)>,
    /// Driver; empty for the usual one.
    pub driver: Rc<str>,
    /// Whether it has no way out.
    pub internal: bool,
    /// Hash of its configuration.
    pub hash: Rc<str>,
}

/// A secret or config of the project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Content {
    /// Name on the host.
    pub name: Rc<str>,
    /// Path of a file; empty without.
    pub file: Rc<str>,
    /// Variable that holds it; empty without.
    pub variable: Rc<str>,
    /// What that variable says, if it is set.
    pub value: Option<Rc<str>>,
    /// Written in the file.
    pub content: Option<Rc<str>>,
    /// Whether somebody else makes it.
    pub external: bool,
}

/// A project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Project {
    /// Name.
    pub name: Rc<str>,
    /// Its folder.
    pub folder: Rc<str>,
    /// Its files, by full path.
    pub files: Vec<Rc<str>>,
    /// Services by name.
    pub services: BTreeMap<Rc<str>, Service>,
    /// Services that are there but not chosen.
    pub disabled: BTreeMap<Rc<str>, Service>,
    /// Networks by key.
    pub networks: BTreeMap<Rc<str>, Resource>,
    /// Volumes by key.
    pub volumes: BTreeMap<Rc<str>, Resource>,
    /// Secrets by key.
    pub secrets: BTreeMap<Rc<str>, Content>,
    /// Configs by key.
    pub configs: BTreeMap<Rc<str>, Content>,
    /// Environment of who typed the command, for secrets and hooks.
    pub environment: BTreeMap<Rc<str>, Rc<str>>,
}

impl Project {
    /// Reads the canonical tree. `hashes` are the services' configuration hashes; one that is missing is made up from the tree.
    pub fn read(tree: &Value, hashes: &BTreeMap<Rc<str>, Rc<str>>) -> Project {
        let mut project = Project { name: text(tree, "name"), ..Project::default() };
        for (name, node) in members(tree, "services") {
            let mut service = read_service(&project.name, name, node);
            service.hash = hashes.get(name).cloned().unwrap_or_else(|| made_up_hash(node));
            project.services.insert(name.clone(), service);
        }
        project.networks = members(tree, "networks").map(|(key, node)| (key.clone(), resource(node))).collect();
        project.volumes = members(tree, "volumes").map(|(key, node)| (key.clone(), resource(node))).collect();
        project.secrets = members(tree, "secrets").map(|(key, node)| (key.clone(), content(node))).collect();
        project.configs = members(tree, "configs").map(|(key, node)| (key.clone(), content(node))).collect();
        project
    }
    /// The same project with other services only and what they depend on; the rest is disabled.
    /// Source: compose-go v2 types/project.go, WithSelectedServices.
    pub fn with_selected(&self, names: &[Rc<str>], with_dependencies: bool) -> Result<Project, String> {
        if names.is_empty() {
            return Ok(self.clone());
        }
        let mut wanted: Vec<Rc<str>> = Vec::new();
        let mut queue: Vec<Rc<str>> = names.to_vec();
        while let Some(name) = queue.pop() {
            let Some(service) = self.services.get(&name) else {
                if names.contains(&name) {
                    return Err(format!("no such service: {name}"));
                }
                continue;
            };
            if wanted.contains(&name) {
                continue;
            }
            wanted.push(name);
            if with_dependencies {
                queue.extend(service.dependencies());
            }
        }
        Ok(self.keep(|name| wanted.iter().any(|w| **w == *name)))
    }
    /// The same project with the services that depend on others, too.
    pub fn with_dependants(&self, names: &[Rc<str>]) -> Project {
        let mut wanted: Vec<Rc<str>> = names.to_vec();
        loop {
            let more: Vec<Rc<str>> = self
                .services
                .values()
                .filter(|s| !wanted.contains(&s.name) && s.dependencies().iter().any(|d| wanted.contains(d)))
                .map(|s| s.name.clone())
                .collect();
            if more.is_empty() {
                return self.keep(|name| wanted.iter().any(|w| **w == *name));
            }
            wanted.extend(more);
        }
    }
    /// Only some services; references to others are forgotten.
    pub fn keep(&self, wanted: impl Fn(&str) -> bool) -> Project {
        let mut project = self.clone();
        let out: Vec<Rc<str>> = self.services.keys().filter(|name| !wanted(name)).cloned().collect();
        for name in out {
            if let Some(service) = project.services.remove(&name) {
                project.disabled.insert(name, service);
            }
        }
        let used: Vec<Rc<str>> = project.services.values().flat_map(|s| s.networks.keys().cloned()).collect();
        project.networks.retain(|key, _| used.contains(key));
        let names: Vec<Rc<str>> = project.services.keys().cloned().collect();
        for service in project.services.values_mut() {
            service.depends_on.retain(|dep, _| names.contains(dep));
        }
        project
    }
    /// The same without anything about a service's dependencies that `keep` lets fall.
    pub fn with_dependencies(&self, keep: impl Fn(&Dependency) -> bool) -> Project {
        let mut project = self.clone();
        project.services.values_mut().for_each(|s| s.depends_on.retain(|_, d| keep(d)));
        project
    }
    /// Name of a container.
    pub fn container_name(&self, service: &Service, number: i64) -> Rc<str> {
        if service.container_name.is_empty() {
            format!("{}-{}-{number}", self.name, service.name).into()
        } else {
            service.container_name.clone()
        }
    }
}

impl Service {
    /// Services that must be there first: those it depends on, and those whose network or volumes it shares.
    /// Source: compose-go v2 types/types.go, GetDependencies; loader adds the implicit ones.
    pub fn dependencies(&self) -> Vec<Rc<str>> {
        let mut all: Vec<Rc<str>> = self.depends_on.keys().cloned().collect();
        all.extend(self.network_mode.strip_prefix("service:").map(Rc::from));
        all.sort();
        all.dedup();
        all
    }
    /// Networks in the order in which they are joined. Source: compose-go v2, NetworksByPriority.
    pub fn networks_by_priority(&self) -> Vec<Rc<str>> {
        let mut keys: Vec<&Rc<str>> = self.networks.keys().collect();
        keys.sort_by_key(|key| (-self.networks.get(*key).map_or(0, |n| n.priority), (*key).clone()));
        keys.into_iter().cloned().collect()
    }
}
