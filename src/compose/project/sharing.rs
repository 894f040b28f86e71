//! What a service takes from the containers of others, its network, its processes or its volumes: named by service in the
//! file, by container once that is made.
//! Source: compose v5.6 pkg/compose/convergence.go, resolveServiceReferences; reconcile.go, serviceHashWithResolvedRefs.

use super::observed::{self, Seen};
use super::service::Service;
use crate::compose::engine::{Container, Engine, Mount, Spec};
use crate::compose::files::hash::sha256;
use std::rc::Rc;

/// What is taken from a service, in the words of the refusal when it has no container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Volumes,
    Network,
    Ipc,
    Pid,
}

impl What {
    fn words(self) -> &'static str {
        match self {
            What::Volumes => "volume",
            What::Network => "network namespace",
            What::Ipc => "IPC namespace",
            What::Pid => "PID namespace",
        }
    }
}

/// All that one service takes from others.
#[derive(Clone, Debug, Default)]
pub(super) struct Sharing {
    project: Rc<str>,
    /// The service's own hash, without what the references stand for.
    hash: Rc<str>,
    services: Vec<(What, Rc<str>)>,
    /// Names of containers outside of the project whose volumes it takes.
    containers: Vec<Rc<str>>,
}

impl Sharing {
    /// Reads it off a service; `None` when it takes nothing.
    pub(super) fn of(project: &Rc<str>, service: &Service) -> Option<Self> {
        let mut all = Sharing { project: project.clone(), hash: service.hash.clone(), ..Sharing::default() };
        for from in &service.volumes_from {
            let mut parts = from.split(':');
            match (parts.next(), parts.next()) {
                (Some("container"), name) => all.containers.push(name.unwrap_or_default().into()),
                (name, _) => all.services.push((What::Volumes, name.unwrap_or_default().into())),
            }
        }
        let modes =
            [(What::Network, &service.network_mode), (What::Ipc, &service.ipc_mode), (What::Pid, &service.pid_mode)];
        let shared = modes.into_iter().filter_map(|(what, mode)| Some((what, mode.strip_prefix("service:")?.into())));
        all.services.extend(shared);
        (!all.services.is_empty() || !all.containers.is_empty()).then_some(all)
    }
    /// Whether something is taken from one of these services.
    pub(super) fn takes_from(&self, services: &[Rc<str>]) -> bool {
        self.services.iter().any(|(_, name)| services.contains(name))
    }
    /// The containers that the services stand for, as far as they are there, and the first that is not.
    fn resolved<'a>(&self, seen: &'a [Seen]) -> (Vec<(What, &'a Container)>, Option<String>) {
        let mut found = Vec::new();
        for (what, name) in &self.services {
            let first = observed::of_service(seen, name).into_iter().min_by_key(|s| s.container.name.clone());
            let Some(first) = first else {
                let words = what.words();
                return (found, Some(format!("cannot share {words} with service {name}: container missing")));
            };
            found.push((*what, &*first.container));
        }
        (found, None)
    }
    /// The hash that a container carries: another one when what it takes from is another container.
    pub(super) fn hash(&self, seen: &[Seen]) -> Rc<str> {
        let (found, _) = self.resolved(seen);
        let ids: String = found.iter().map(|(what, c)| format!(" {}={}", what.words(), c.id)).collect();
        sha256(format!("{}{ids}", self.hash).as_bytes()).into()
    }
    /// The request with what the others have by now.
    ///
    /// # Errors
    /// A service has no container, or a container is not there.
    pub(super) fn fill(&self, mut spec: Spec, engine: &Engine) -> Result<Spec, String> {
        let seen = observed::of_project(engine, &self.project);
        let (found, missing) = self.resolved(&seen);
        if let Some(words) = missing {
            return Err(words);
        }
        let mut from: Vec<&Container> = Vec::new();
        for name in &self.containers {
            let container = engine.find(name).and_then(|cid| engine.container(cid));
            // moby: daemon/volumes.go, registerMountPoints
            from.push(container.ok_or_else(|| format!("Error response from daemon: No such container: {name}"))?);
        }
        let own = found.iter().filter(|(what, _)| *what == What::Volumes).map(|(_, c)| &c.mounts);
        let shared: Vec<&Mount> = own.chain(from.iter().map(|c| &c.mounts)).flatten().collect();
        for mount in shared {
            if !spec.mounts.iter().any(|m| m.target == mount.target) {
                spec.mounts.push(mount.clone());
            }
        }
        let hash = self.hash(&seen);
        spec.labels.iter_mut().filter(|(key, _)| &**key == observed::HASH).for_each(|label| label.1 = hash.clone());
        Ok(spec)
    }
}
