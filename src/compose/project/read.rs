//! How the canonical tree is read, field by field.

use super::service::{Content, Dependency, Given, Hook, InNetwork, Mounted, Resource, Service};
use crate::compose::engine::{Healthcheck, Limits, Publish, Restart};
use crate::sim::Span;
use crate::text::{Value, go, json};
use std::rc::Rc;

pub(super) fn text(node: &Value, key: &str) -> Rc<str> {
    node.get(key).map(scalar).unwrap_or_default()
}

/// Any scalar as the text that stands for it.
pub(super) fn scalar(value: &Value) -> Rc<str> {
    match value {
        Value::Str(s) => s.clone(),
        Value::Int(i) => i.to_string().as_str().into(),
        Value::Float(f) => f.to_string().as_str().into(),
        Value::Bool(b) => b.to_string().as_str().into(),
        _ => "".into(),
    }
}

pub(super) fn members<'a>(node: &'a Value, key: &str) -> impl Iterator<Item = (&'a Rc<str>, &'a Value)> {
    node.get(key).and_then(Value::as_map).into_iter().flat_map(|map| map.iter())
}

fn words(node: &Value, key: &str) -> Option<Vec<Rc<str>>> {
    node.get(key)?.as_list().map(|list| list.iter().map(scalar).collect())
}

fn pairs(node: &Value, key: &str) -> Vec<(Rc<str>, Rc<str>)> {
    let mut pairs: Vec<_> =
        members(node, key).filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), scalar(v))).collect();
    pairs.sort();
    pairs
}

fn flag(node: &Value, key: &str) -> bool {
    node.bool_at(&[key]).unwrap_or(false)
}

fn whole(node: &Value, path: &[&str]) -> i64 {
    node.at(path).map(scalar).and_then(|s| s.parse().ok()).unwrap_or(0)
}

/// Billionths of a number with a fraction.
fn billionths(text: &str) -> i64 {
    let (units, part) = text.split_once('.').unwrap_or((text, ""));
    let part: i64 = format!("{part:0<9}").get(..9).and_then(|p| p.parse().ok()).unwrap_or(0);
    units.parse::<i64>().unwrap_or(0).saturating_mul(1_000_000_000).saturating_add(part)
}

/// A length of time as Go prints it, `1m30.5s`.
pub fn go_span(text: &str) -> Option<Span> {
    go::micros(text).map(Span)
}

fn span(node: &Value, key: &str) -> Option<Span> {
    node.str_at(&[key]).and_then(go_span)
}

pub(super) fn read_service(project: &str, name: &Rc<str>, node: &Value) -> Service {
    let (restart, bad_attempts) = restart(node);
    let build = node.get("build").is_some_and(|b| !b.is_null());
    let image = text(node, "image");
    let replicas = node.int_at(&["deploy", "replicas"]);
    Service {
        name: name.clone(),
        image: if image.is_empty() { format!("{project}-{name}").into() } else { image },
        build,
        pull_policy: text(node, "pull_policy"),
        container_name: text(node, "container_name"),
        command: words(node, "command"),
        entrypoint: words(node, "entrypoint"),
        environment: pairs(node, "environment"),
        labels: pairs(node, "labels"),
        hostname: text(node, "hostname"),
        depends_on: members(node, "depends_on").map(|(name, node)| (name.clone(), dependency(node))).collect(),
        restart,
        bad_attempts,
        healthcheck: node.get("healthcheck").and_then(healthcheck),
        ports: node.list_at(&["ports"]).iter().map(publish).collect(),
        expose: words(node, "expose").unwrap_or_default(),
        volumes: node.list_at(&["volumes"]).iter().map(mounted).collect(),
        volumes_from: words(node, "volumes_from").unwrap_or_default(),
        networks: members(node, "networks").map(|(key, node)| (key.clone(), in_network(node))).collect(),
        network_mode: text(node, "network_mode"),
        ipc_mode: text(node, "ipc"),
        pid_mode: text(node, "pid"),
        scale: node.int_at(&["scale"]).or(replicas).unwrap_or(1),
        none_deployed: replicas == Some(0),
        limits: limits(node),
        device: device(node),
        further: super::further::further(node).into(),
        stop_signal: text(node, "stop_signal"),
        stop_grace: span(node, "stop_grace_period"),
        post_start: node.list_at(&["post_start"]).iter().map(hook).collect(),
        pre_stop: node.list_at(&["pre_stop"]).iter().map(hook).collect(),
        given: given(node),
        attach: node.bool_at(&["attach"]).unwrap_or(true),
        tty: flag(node, "tty"),
        hash: "".into(),
    }
}

/// `restart` and `deploy.restart_policy`: the latter wins.
/// Source: compose v5.6 pkg/compose/create.go, getRestartPolicy, mapRestartPolicyCondition.
fn restart(node: &Value) -> (Restart, bool) {
    let word = text(node, "restart");
    let (name, most) = word.split_once(':').unwrap_or((&word, ""));
    let most: u32 = most.parse().unwrap_or(0);
    let mut policy = match name {
        "always" => Restart::Always,
        "unless-stopped" => Restart::UnlessStopped,
        "on-failure" => Restart::OnFailure(most),
        _ => Restart::No,
    };
    let mut bad = most > 0 && !matches!(policy, Restart::OnFailure(_));
    if let Some(deploy) = node.at(&["deploy", "restart_policy"]).filter(|d| !d.is_null()) {
        let attempts = u32::try_from(whole(deploy, &["max_attempts"])).unwrap_or(0);
        policy = match &*text(deploy, "condition") {
            "none" | "no" => Restart::No,
            "on-failure" => Restart::OnFailure(attempts),
            "unless-stopped" => Restart::UnlessStopped,
            "any" | "always" => Restart::Always,
            _ => Restart::No,
        };
        bad = attempts > 0 && !matches!(policy, Restart::OnFailure(_));
    }
    (policy, bad)
}

fn dependency(node: &Value) -> Dependency {
    Dependency {
        condition: text(node, "condition"),
        required: node.bool_at(&["required"]).unwrap_or(true),
        restart: flag(node, "restart"),
    }
}

fn healthcheck(node: &Value) -> Option<Healthcheck> {
    if flag(node, "disable") {
        return Some(Healthcheck { test: vec!["NONE".into()], ..Healthcheck::default() });
    }
    let check = Healthcheck {
        test: words(node, "test").unwrap_or_default(),
        interval: span(node, "interval").unwrap_or_default(),
        timeout: span(node, "timeout").unwrap_or_default(),
        retries: u32::try_from(whole(node, &["retries"])).unwrap_or(0),
        start_period: span(node, "start_period").unwrap_or_default(),
        start_interval: span(node, "start_interval").unwrap_or_default(),
    };
    (check != Healthcheck::default()).then_some(check)
}

/// A published port in its long form.
pub fn publish(node: &Value) -> Publish {
    let published = text(node, "published");
    let range = match published.split_once('-') {
        Some((low, high)) => low.parse().ok().zip(high.parse().ok()),
        None => published.parse().ok().filter(|p| *p > 0).map(|port: u16| (port, port)),
    };
    let protocol = text(node, "protocol");
    Publish {
        target: u16::try_from(whole(node, &["target"])).unwrap_or(0),
        protocol: if protocol.is_empty() { "tcp".into() } else { protocol },
        ip: text(node, "host_ip"),
        range,
    }
}

/// `[IP:][HOST:]TARGET[/PROTOCOL]`, as `docker run -p` takes it.
pub fn publish_of(text: &str) -> Option<Publish> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let parts: Vec<&str> = ports.rsplitn(3, ':').collect();
    let range = match parts.get(1).filter(|p| !p.is_empty()) {
        None => None,
        Some(p) => {
            let (low, high) = p.split_once('-').unwrap_or((p, p));
            Some((low.parse().ok()?, high.parse().ok()?))
        }
    };
    let ip = parts.get(2).copied().unwrap_or_default();
    Some(Publish { target: parts.first()?.parse().ok()?, protocol: protocol.into(), ip: ip.into(), range })
}

/// A mount in its long form.
pub fn mounted(node: &Value) -> Mounted {
    Mounted {
        kind: text(node, "type"),
        source: text(node, "source"),
        target: text(node, "target"),
        read_only: flag(node, "read_only"),
        create_host_path: node.bool_at(&["bind", "create_host_path"]).unwrap_or(true),
    }
}

fn in_network(node: &Value) -> InNetwork {
    InNetwork {
        aliases: words(node, "aliases").unwrap_or_default(),
        address: text(node, "ipv4_address"),
        priority: whole(node, &["priority"]),
    }
}

/// Limits of the service and of `deploy.resources`.
/// Source: compose v5.6 pkg/compose/create.go, getDeployResources, setLimits, setReservations.
fn limits(node: &Value) -> Limits {
    let first = |paths: &[&[&str]]| paths.iter().map(|path| whole(node, path)).find(|n| *n != 0).unwrap_or(0);
    let cpus: &[&[&str]] = &[&["deploy", "resources", "limits", "cpus"], &["cpus"]];
    let cpus = cpus.iter().find_map(|path| node.at(path)).map(scalar).unwrap_or_default();
    Limits {
        memory: first(&[&["deploy", "resources", "limits", "memory"], &["mem_limit"]]),
        reservation: first(&[&["deploy", "resources", "reservations", "memory"], &["mem_reservation"]]),
        nano_cpus: billionths(&cpus),
        cpu_shares: whole(node, &["cpu_shares"]),
        pids: first(&[&["deploy", "resources", "limits", "pids"], &["pids_limit"]]),
    }
}

fn device(node: &Value) -> Option<(Rc<str>, Rc<str>)> {
    let devices = node.list_at(&["deploy", "resources", "reservations", "devices"]);
    let device = devices.first().or(node.list_at(&["gpus"]).first())?;
    let abilities = words(device, "capabilities").unwrap_or_default();
    Some((text(device, "driver"), abilities.first().cloned().unwrap_or_default()))
}

fn hook(node: &Value) -> Hook {
    Hook { words: words(node, "command").unwrap_or_default(), env: pairs(node, "environment") }
}

fn given(node: &Value) -> Vec<Given> {
    let mut all = Vec::new();
    for (key, folder, secret) in [("secrets", "/run/secrets/", true), ("configs", "/", false)] {
        for item in node.list_at(&[key]) {
            let (source, target) = (text(item, "source"), text(item, "target"));
            let target: Rc<str> = match () {
                () if target.is_empty() => format!("{folder}{source}").into(),
                () if target.starts_with('/') => target,
                () => format!("{folder}{target}").into(),
            };
            all.push(Given { source, target, secret });
        }
    }
    all
}

pub(super) fn resource(node: &Value) -> Resource {
    Resource {
        name: text(node, "name"),
        external: flag(node, "external"),
        labels: pairs(node, "labels"),
        driver: text(node, "driver"),
        internal: flag(node, "internal"),
        hash: made_up_hash(node),
    }
}

pub(super) fn content(node: &Value) -> Content {
    Content {
        name: text(node, "name"),
        file: text(node, "file"),
        variable: text(node, "environment"),
        value: None,
        content: node.str_at(&["content"]).map(Rc::from),
        external: flag(node, "external"),
    }
}

/// A hash for what only we compare: two trees share it when they say the same.
pub(super) fn made_up_hash(node: &Value) -> Rc<str> {
    let mut node = node.clone();
    for path in [&["depends_on"][..], &["profiles"], &["scale"], &["deploy", "replicas"], &["pull_policy"], &["build"]]
    {
        node.remove_at(path);
    }
    let line = json::write(&node, json::Style { escape_html: false, ..json::Style::COMPACT });
    let hash = |seed: u64| line.bytes().fold(seed, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let parts = [1u64, 2, 3, 4].map(|n| format!("{:016x}", crate::sim::mix(hash(0xcbf2_9ce4_8422_2325 ^ n))));
    parts.concat().into()
}
