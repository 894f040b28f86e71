//! Lists of `docker`: `ps`, `network ls`, `volume ls`; and `compose volumes`, which is the last one with another choice.
//! Source: docker/cli v28 cli/command/{container,network,volume}/list.go and their formatters.

use super::filters::{self, Filters};
use super::look::Look;
use super::sheet::{Sheet, natural};
use super::views::{day_and_time, listed};
use super::words::{command, ellipsis, human, ports, shown_ports, status};
use super::{Desk, Next};
use crate::compose::engine::{Container, Engine, Network, Volume, is_predefined, predefined};
use crate::compose::project::observed;
use crate::map;
use crate::sim::Time;
use crate::text::Value;
use crate::text::go::quoted;
use std::rc::Rc;

const CONTAINERS: Sheet = Sheet {
    row: "formatter.ContainerContext",
    usual: &["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"],
    titles: &[
        ("ID", "CONTAINER ID"),
        ("Names", "NAMES"),
        ("Image", "IMAGE"),
        ("Command", "COMMAND"),
        ("CreatedAt", "CREATED AT"),
        ("RunningFor", "CREATED"),
        ("Ports", "PORTS"),
        ("State", "STATE"),
        ("Status", "STATUS"),
        ("Size", "SIZE"),
        ("Labels", "LABELS"),
        ("Mounts", "MOUNTS"),
        ("LocalVolumes", "LOCAL VOLUMES"),
        ("Networks", "NETWORKS"),
        ("Platform", "PLATFORM"),
    ],
};

const NETWORKS: Sheet = Sheet {
    row: "network.networkContext",
    usual: &["ID", "Name", "Driver", "Scope"],
    titles: &[
        ("ID", "NETWORK ID"),
        ("Name", "NAME"),
        ("Driver", "DRIVER"),
        ("Scope", "SCOPE"),
        ("IPv4", "IPV4"),
        ("IPv6", "IPV6"),
        ("Internal", "INTERNAL"),
        ("Labels", "LABELS"),
        ("CreatedAt", "CREATED AT"),
    ],
};

const VOLUMES: Sheet = Sheet {
    row: "formatter.volumeContext",
    usual: &["Driver", "Name"],
    titles: &[
        ("ID", "ID"),
        ("Name", "VOLUME NAME"),
        ("Group", "GROUP"),
        ("Driver", "DRIVER"),
        ("Scope", "SCOPE"),
        ("Availability", "AVAILABILITY"),
        ("Mountpoint", "MOUNTPOINT"),
        ("Labels", "LABELS"),
        ("Links", "LINKS"),
        ("Size", "SIZE"),
        ("Status", "STATUS"),
    ],
};

/// Labels as a list shows them.
pub(super) fn label_words(labels: &[(Rc<str>, Rc<str>)]) -> String {
    let mut words: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    words.sort();
    words.join(",")
}

/// `docker ps`: the newest first.
pub(super) fn ps(look: &Look, desk: &mut Desk) -> Next {
    if look.args.on("size") {
        return Next::not_simulated(desk, "docker ps --size");
    }
    let engine = &desk.host.engine;
    let last: i64 = look.args.value("last").and_then(|n| n.parse().ok()).unwrap_or(-1);
    let limit = if look.args.on("latest") && last == -1 { 1 } else { last };
    let filters = match Filters::read(look.args.all("filter"), filters::PS) {
        Ok(filters) => filters,
        Err(words) => return Next::error(1, words),
    };
    if let Some(key) = filters.not_simulated() {
        return Next::not_simulated(desk, &format!("docker ps --filter {key}"));
    }
    let all = look.args.on("all") || limit > 0 || filters.has("status");
    let list: Vec<Rc<Container>> = engine.containers.values().rev().cloned().collect();
    let mut list = match filters.containers(engine, list) {
        Ok(list) => list,
        Err(words) => return Next::error(1, words),
    };
    list.retain(|c| all || listed(c));
    if limit > 0 {
        list.truncate(limit as usize);
    }
    let whole = look.args.on("no-trunc");
    let rows: Vec<Value> = list.iter().map(|c| container(c, desk.host.now(), whole)).collect();
    if look.args.on("quiet") {
        return CONTAINERS.shown(Some("{{.ID}}"), &rows);
    }
    CONTAINERS.shown(look.args.value("format"), &rows)
}

/// Source: docker/cli v28 cli/command/formatter/container.go, ContainerContext.
fn container(c: &Container, now: Time, whole: bool) -> Value {
    let words = command(c);
    let cut = |text: &str, most: usize| if whole { text.to_string() } else { ellipsis(text, most) };
    let mounts: Vec<String> = c.mounts.iter().map(|m| cut(&m.source, 15)).collect();
    let networks: Vec<&str> = c.endpoints.iter().map(|e| &*e.network).collect();
    let volumes = c.mounts.iter().filter(|m| &*m.kind == "volume").count();
    Value::from(map! {
        "Command" => quoted(&cut(&words, 20)),
        "CreatedAt" => format!("{} +0000 UTC", day_and_time(c.created)),
        "ID" => if whole { c.id.to_string() } else { c.short().to_string() },
        "Image" => c.spec.image.clone(),
        "Labels" => label_words(&c.spec.labels),
        "LocalVolumes" => volumes.to_string(),
        "Mounts" => mounts.join(","),
        "Names" => c.name.clone(),
        "Networks" => networks.join(","),
        "Platform" => map! { "architecture" => "amd64", "os" => "linux" },
        "Ports" => shown_ports(&ports(c)),
        "RunningFor" => format!("{} ago", human(now.since(c.created))),
        "Size" => "0B",
        "State" => c.status.word(),
        "Status" => status(c, now),
    })
}

/// The filters of a list that knows `dangling`, and that one.
fn asked(look: &Look, known: &[&str]) -> Result<(Filters, Option<bool>), String> {
    let filters = Filters::read(look.args.all("filter"), known)?;
    let dangling = filters.dangling()?;
    Ok((filters, dangling))
}

/// `docker network ls`.
pub(super) fn networks(look: &Look, desk: &mut Desk) -> Next {
    let engine = &desk.host.engine;
    let (filters, dangling) = match asked(look, filters::NETWORKS) {
        Ok(asked) => asked,
        Err(words) => return Next::error(1, words),
    };
    let used = |name: &str| engine.containers.values().any(|c| c.endpoints.iter().any(|e| *e.network == *name));
    let mut list: Vec<Rc<Network>> = engine.networks.values().cloned().chain(predefined()).collect();
    list.retain(|n| {
        filters.name(&n.name)
            && filters.id(&n.id)
            && filters.labels(&n.labels)
            && filters.word("driver", &n.driver)
            && filters.word("scope", "local")
            && filters.word("type", if is_predefined(&n.name) { "builtin" } else { "custom" })
            && dangling.is_none_or(|dangling| (!is_predefined(&n.name) && !used(&n.name)) == dangling)
    });
    list.sort_by(|a, b| natural(&a.name, &b.name));
    let whole = look.args.on("no-trunc");
    let rows: Vec<Value> = list.iter().map(|n| network(n, whole)).collect();
    let quiet = look.args.on("quiet").then_some("{{.ID}}");
    NETWORKS.shown(quiet.or(look.args.value("format")), &rows)
}

fn network(n: &Network, whole: bool) -> Value {
    Value::from(map! {
        "CreatedAt" => format!("{} +0000 UTC", day_and_time(n.created)),
        "Driver" => n.driver.clone(),
        "ID" => if whole { n.id.to_string() } else { n.id.get(..12).unwrap_or(&n.id).to_string() },
        "IPv4" => "true",
        "IPv6" => "false",
        "Internal" => n.internal.to_string(),
        "Labels" => label_words(&n.labels),
        "Name" => n.name.clone(),
        "Scope" => "local",
    })
}

/// `docker volume ls`.
pub(super) fn volumes(look: &Look, desk: &mut Desk) -> Next {
    let engine = &desk.host.engine;
    let (filters, dangling) = match asked(look, filters::VOLUMES) {
        Ok(asked) => asked,
        Err(words) => return Next::error(1, words),
    };
    let used = |name: &str| engine.containers.values().any(|c| c.mounts.iter().any(|m| *m.source == *name));
    shown_volumes(look, engine, |name, volume| {
        filters.name(name)
            && filters.labels(&volume.labels)
            && filters.word("driver", "local")
            && dangling.is_none_or(|dangling| used(name) != dangling)
    })
}

/// `compose volumes`: those of the project, or those of them that running containers of services use.
/// Source: compose v5.6 cmd/compose/volumes.go; pkg/compose/volumes.go.
pub(super) fn of_project(look: &Look, desk: &Desk) -> Next {
    let (engine, words) = (&desk.host.engine, &look.args.words);
    if let Some(unknown) = look.unknown() {
        return Next::error(1, format!("no such service: {unknown}"));
    }
    let mut users = look.seen(desk);
    users.retain(|s| listed(&s.container) && words.iter().any(|w| **w == *s.service));
    let used = |name: &str| users.iter().any(|s| s.container.mounts.iter().any(|m| *m.source == *name));
    shown_volumes(look, engine, |name, volume| {
        observed::has(&volume.labels, observed::PROJECT, &look.project.name) && (words.is_empty() || used(name))
    })
}

/// Source: docker/cli v28 cli/command/formatter/volume.go, volumeContext.
fn shown_volumes(look: &Look, engine: &Engine, passes: impl Fn(&str, &Volume) -> bool) -> Next {
    let mut list: Vec<(&Rc<str>, &Volume)> = engine.volumes.iter().filter(|(name, v)| passes(name, v)).collect();
    list.sort_by(|a, b| natural(a.0, b.0));
    let row = |(name, volume): &(&Rc<str>, &Volume)| {
        Value::from(map! {
            "Availability" => "N/A",
            "Driver" => "local",
            "Group" => "N/A",
            "Labels" => label_words(&volume.labels),
            "Links" => "N/A",
            "Mountpoint" => format!("/var/lib/docker/volumes/{name}/_data"),
            "Name" => (*name).clone(),
            "Scope" => "local",
            "Size" => "N/A",
            "Status" => "N/A",
        })
    };
    let rows: Vec<Value> = list.iter().map(row).collect();
    let quiet = look.args.on("quiet").then_some("{{.Name}}");
    VOLUMES.shown(quiet.or(look.args.value("format")), &rows)
}
