//! The container that a service asks for.
//! Source: compose v5.6 pkg/compose/create.go, getCreateConfigs, buildContainerVolumes, createEndpointSettings.

use super::dag::Act;
use super::observed;
use super::service::{Mounted, Project, Service};
use super::sharing::Sharing;
use crate::compose::engine::{Container, Endpoint, Engine, Mount, Spec, is_predefined};
use std::rc::Rc;

/// What a container is made for.
pub(super) struct Wanted<'a> {
    pub(super) project: &'a Project,
    pub(super) service: &'a Service,
    pub(super) name: Rc<str>,
    pub(super) number: i64,
    /// The container whose anonymous volumes it takes over.
    pub(super) inherits: Option<&'a Container>,
    /// Whether it replaces another one.
    pub(super) replaces: bool,
    pub(super) one_off: bool,
    pub(super) aliases: bool,
}

/// The step that makes it, after `change` of the request.
///
/// # Errors
/// Why it cannot be made.
pub(super) fn make(engine: &Engine, wanted: &Wanted, change: impl FnOnce(&mut Spec)) -> Result<Act, String> {
    let mut spec = spec(engine, wanted)?;
    change(&mut spec);
    let sharing = Sharing::of(&wanted.project.name, wanted.service);
    Ok(Act::Make(spec.into(), sharing.map(Box::new)))
}

fn spec(engine: &Engine, wanted: &Wanted) -> Result<Spec, String> {
    let service = wanted.service;
    Ok(Spec {
        name: wanted.name.clone(),
        group: match wanted.one_off {
            true => wanted.name.clone(),
            false => format!("{}/{}", wanted.project.name, service.name).into(),
        },
        image: service.image.clone(),
        entrypoint: service.entrypoint.clone().unwrap_or_default(),
        command: service.command.clone().unwrap_or_default(),
        env: service.environment.clone(),
        labels: labels(engine, wanted),
        hostname: service.hostname.clone(),
        restart: service.restart,
        healthcheck: service.healthcheck.clone(),
        publish: service.ports.clone(),
        exposed: exposed(service),
        mounts: mounts(engine, wanted)?,
        networks: networks(wanted),
        network_mode: service.network_mode.clone(),
        limits: service.limits,
        further: service.further.clone(),
        stop_signal: service.stop_signal.clone(),
        stop_grace: service.stop_grace,
        device: service.device.clone(),
        tty: service.tty,
        bad_attempts: service.bad_attempts,
        ..Spec::default()
    })
}

fn labels(engine: &Engine, wanted: &Wanted) -> Vec<(Rc<str>, Rc<str>)> {
    let (project, service) = (wanted.project, wanted.service);
    let mut labels = service.labels.clone();
    let mut put = |key: &str, value: &str| labels.push((key.into(), value.into()));
    put(observed::HASH, &service.hash);
    if wanted.number > 0 {
        put(observed::NUMBER, &wanted.number.to_string());
    }
    let depends: Vec<String> =
        service.depends_on.iter().map(|(name, d)| format!("{name}:{}:{}", d.condition, d.restart)).collect();
    put(observed::DEPENDS, &depends.join(","));
    if let Some((id, _)) = engine.images.get(&service.image) {
        put(observed::IMAGE, &id);
    }
    put(observed::ONE_OFF, if wanted.one_off { "True" } else { "False" });
    put(observed::PROJECT, &project.name);
    put(observed::FILES, &project.files.join(","));
    put(observed::FOLDER, &project.folder);
    if wanted.replaces {
        let replaced = format!("{}-{}", service.name, wanted.number);
        put(observed::REPLACES, if service.container_name.is_empty() { &replaced } else { &service.container_name });
    }
    put(observed::SERVICE, &service.name);
    put(observed::VERSION, observed::OUR_VERSION);
    labels.sort();
    labels
}

fn exposed(service: &Service) -> Vec<Rc<str>> {
    let with_protocol = |p: &Rc<str>| if p.contains('/') { p.clone() } else { format!("{p}/tcp").into() };
    let mut all: Vec<Rc<str>> = service.expose.iter().map(with_protocol).collect();
    all.extend(service.ports.iter().map(|p| Rc::from(format!("{}/{}", p.target, p.protocol))));
    all
}

fn networks(wanted: &Wanted) -> Vec<Endpoint> {
    let service = wanted.service;
    // What every engine has is joined like any other network. Source: moby v29 daemon/container_operations.go,
    // updateContainerNetworkSettings.
    if is_predefined(&service.network_mode) {
        let (network, asked) = (service.network_mode.clone(), "".into());
        return vec![Endpoint { network, aliases: Vec::new(), asked, ip: None }];
    }
    if !service.network_mode.is_empty() {
        return Vec::new();
    }
    let endpoint = |key: Rc<str>| {
        let settings = service.networks.get(&key).cloned().unwrap_or_default();
        let mut aliases: Vec<Rc<str>> = Vec::new();
        if wanted.aliases {
            aliases.push(wanted.name.clone());
            aliases.push(service.name.clone());
            aliases.extend(settings.aliases.iter().cloned());
        }
        let network = wanted.project.networks.get(&key).map_or_else(|| key.clone(), |n| n.name.clone());
        Endpoint { network, aliases, asked: settings.address, ip: None }
    };
    service.networks_by_priority().into_iter().map(endpoint).collect()
}

/// Names of secrets and configs whose files are not there: the client warns of them.
pub(super) fn missing_files(engine: &Engine, project: &Project, service: &Service) -> Vec<String> {
    let missing = |given: &super::service::Given| {
        let (list, word) = if given.secret { (&project.secrets, "secret") } else { (&project.configs, "config") };
        let row = list.get(&given.source).filter(|row| !row.external && !row.file.is_empty())?;
        engine.path_missing(&row.file).then(|| format!("{word} file {} does not exist", row.name))
    };
    service.given.iter().filter_map(missing).collect()
}

fn mounts(engine: &Engine, wanted: &Wanted) -> Result<Vec<Mount>, String> {
    let (project, service) = (wanted.project, wanted.service);
    let mut mounts: Vec<Mount> = service.volumes.iter().map(|m| mount(project, m)).collect();
    if let Some(old) = wanted.inherits {
        let anonymous = |m: &&Mount| {
            &*m.kind == "volume"
                && engine.volumes.get(&m.source).is_some_and(|v| v.anonymous)
                && !mounts.iter().any(|own| own.target == m.target && !own.source.is_empty())
        };
        let kept: Vec<Mount> = old.mounts.iter().filter(anonymous).cloned().collect();
        mounts.retain(|m| !(m.source.is_empty() && kept.iter().any(|k| k.target == m.target)));
        mounts.extend(kept);
    }
    for given in &service.given {
        let (list, word) = if given.secret { (&project.secrets, "secret") } else { (&project.configs, "config") };
        let Some(content) = list.get(&given.source) else { continue };
        if content.external {
            return Err(format!("unsupported external {word} {}", given.source));
        }
        if !content.file.is_empty() {
            mounts.push(Mount {
                kind: "bind".into(),
                source: content.file.clone(),
                target: given.target.clone(),
                read_only: true,
                must_exist: true,
            });
        }
    }
    Ok(mounts)
}

fn mount(project: &Project, m: &Mounted) -> Mount {
    let source = match (&*m.kind, project.volumes.get(&m.source)) {
        ("volume", Some(volume)) => volume.name.clone(),
        _ => m.source.clone(),
    };
    let must_exist = &*m.kind == "bind" && !m.create_host_path;
    Mount { kind: m.kind.clone(), source, target: m.target.clone(), read_only: m.read_only, must_exist }
}
