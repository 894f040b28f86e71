//! What is there of a project: containers found by their labels, never by their names.
//! Source: compose v5.6 pkg/compose/observed_state.go, containers.go; pkg/api/labels.go.

use super::service::{Project, Service};
use crate::compose::engine::{Cid, Container, Engine, Network, Status};
use std::rc::Rc;

/// Label keys. Source: compose v5.6 pkg/api/labels.go.
pub const PROJECT: &str = "com.docker.compose.project";
/// See [`PROJECT`].
pub const SERVICE: &str = "com.docker.compose.service";
/// See [`PROJECT`].
pub const HASH: &str = "com.docker.compose.config-hash";
/// See [`PROJECT`].
pub const NUMBER: &str = "com.docker.compose.container-number";
/// See [`PROJECT`].
pub const ONE_OFF: &str = "com.docker.compose.oneoff";
/// See [`PROJECT`].
pub const FILES: &str = "com.docker.compose.project.config_files";
/// See [`PROJECT`].
pub const FOLDER: &str = "com.docker.compose.project.working_dir";
/// See [`PROJECT`].
pub const IMAGE: &str = "com.docker.compose.image";
/// See [`PROJECT`].
pub const DEPENDS: &str = "com.docker.compose.depends_on";
/// See [`PROJECT`].
pub const REPLACES: &str = "com.docker.compose.replace";
/// See [`PROJECT`].
pub const VERSION: &str = "com.docker.compose.version";
/// See [`PROJECT`].
pub const NETWORK: &str = "com.docker.compose.network";
/// See [`PROJECT`].
pub const VOLUME: &str = "com.docker.compose.volume";
/// The version that is imitated.
pub const OUR_VERSION: &str = "5.6.0";

/// A container of a project.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its number on the host.
    pub cid: Cid,
    /// Itself.
    pub container: Rc<Container>,
    /// Its service.
    pub service: Rc<str>,
    /// Its number in the service.
    pub number: i64,
    /// Whether it was made by `run`.
    pub one_off: bool,
}

/// All containers of a project, newest first, as the engine lists them.
pub fn of_project(engine: &Engine, project: &str) -> Vec<Seen> {
    let mut found: Vec<Seen> = engine
        .containers
        .iter()
        .filter(|(_, c)| c.spec.label(PROJECT) == project && !c.spec.label(HASH).is_empty())
        .map(|(cid, c)| Seen {
            cid: *cid,
            container: c.clone(),
            service: c.spec.label(SERVICE).into(),
            number: c.spec.label(NUMBER).parse().unwrap_or(0),
            one_off: c.spec.label(ONE_OFF) == "True",
        })
        .collect();
    found.reverse();
    found
}

/// The containers of a service, without one-off ones.
pub fn of_service<'a>(all: &'a [Seen], service: &str) -> Vec<&'a Seen> {
    all.iter().filter(|s| !s.one_off && *s.service == *service).collect()
}

/// Containers that no service of the project accounts for.
/// Source: see above, isOrphaned: one-off containers count once they have ended.
pub fn orphans(all: &[Seen], project: &Project) -> Vec<Seen> {
    let lost = |s: &&Seen| match s.one_off {
        true => s.container.status == Status::Exited,
        false => !project.services.contains_key(&s.service) && !project.disabled.contains_key(&s.service),
    };
    all.iter().filter(lost).cloned().collect()
}

/// The live network for a key of the project: by label, or by name.
pub fn network<'a>(engine: &'a Engine, project: &Project, key: &str) -> Option<&'a Rc<Network>> {
    let named = project.networks.get(key).and_then(|n| engine.networks.get(&n.name));
    let labelled = || {
        let mine = |n: &&Rc<Network>| has(&n.labels, PROJECT, &project.name) && has(&n.labels, NETWORK, key);
        engine.networks.values().find(mine)
    };
    named.or_else(labelled)
}

/// Whether labels hold a pair.
pub fn has(labels: &[(Rc<str>, Rc<str>)], key: &str, value: &str) -> bool {
    labels.iter().any(|(k, v)| **k == *key && **v == *value)
}

/// Value of a label; empty without it.
pub fn label<'a>(labels: &'a [(Rc<str>, Rc<str>)], key: &str) -> &'a str {
    labels.iter().find(|(k, _)| **k == *key).map_or("", |(_, v)| v)
}

/// The project that running containers tell of, when no file is at hand.
/// Source: compose v5.6 pkg/compose/compose.go, projectFromName.
pub fn project_of(engine: &Engine, name: &str) -> Project {
    let mut project = Project { name: name.into(), ..Project::default() };
    for seen in of_project(engine, name).iter().filter(|s| !s.one_off) {
        let c = &seen.container;
        let service = project.services.entry(seen.service.clone()).or_insert_with(|| Service {
            name: seen.service.clone(),
            image: c.spec.image.clone(),
            attach: true,
            ..Service::default()
        });
        service.scale += 1;
        for dependency in c.spec.label(DEPENDS).split(',').filter(|d| !d.is_empty()) {
            let mut parts = dependency.split(':');
            let on: Rc<str> = parts.next().unwrap_or_default().into();
            let condition = parts.next().unwrap_or("service_started").into();
            let restart = parts.next() == Some("true");
            service.depends_on.insert(on, super::service::Dependency { condition, required: false, restart });
        }
    }
    for network in engine.networks.values().filter(|n| has(&n.labels, PROJECT, name)) {
        let row = super::service::Resource { name: network.name.clone(), ..Default::default() };
        project.networks.insert(label(&network.labels, NETWORK).into(), row);
    }
    for (volume, row) in engine.volumes.iter().filter(|(_, v)| has(&v.labels, PROJECT, name)) {
        let resource = super::service::Resource { name: volume.clone(), ..Default::default() };
        project.volumes.insert(label(&row.labels, VOLUME).into(), resource);
    }
    let names: Vec<Rc<str>> = project.services.keys().cloned().collect();
    project.services.values_mut().for_each(|s| s.depends_on.retain(|dep, _| names.contains(dep)));
    project
}
