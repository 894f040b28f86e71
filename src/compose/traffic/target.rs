//! Whom a stream asks, and where that leads: a published port to its one container, a name to every running container that has
//! it.
//! Source: moby v29 daemon/libnetwork/drivers/bridge/port_mapping_linux.go: a port of the host leads to one container while that
//! has it; daemon/libnetwork/sandbox.go, ResolveName, and resolver.go: names.

use super::{Goal, dark};
use crate::compose::engine::{Binding, Cid, Container, Engine, key};
use crate::workload::streams::{Client, Route, Way};
use std::rc::Rc;

/// Port of a URL that names none. Source: RFC 9110, http.
const HTTP: u16 = 80;

/// What a target means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// A port of the host, asked from the host itself (`localhost`) or from elsewhere.
    Published {
        /// Its number.
        port: u16,
        /// Whether the client is on the host.
        local: bool,
    },
    /// A name that containers have, and a port there; `None`: the one they listen on.
    Named {
        /// The project whose networks are asked first; empty for any.
        project: Rc<str>,
        /// The name.
        name: Rc<str>,
        /// The port.
        port: Option<u16>,
    },
    /// A service from outside: the port of the host that it publishes; where it publishes none, its name.
    App {
        /// The service.
        name: Rc<str>,
        /// The port of its containers.
        port: Option<u16>,
    },
}

/// What a target means: `localhost:8080`, `host:8080`, `port/8080`, `http://web:80/path`, `service/web[:80]`,
/// `service/PROJECT/web[:80]`, `app/web[:80]` or `compose/web[:80]`: by its published port.
pub fn meaning(target: &str) -> Option<Meant> {
    let port = |text: &str| text.parse::<u16>().ok().filter(|n| *n > 0);
    if let Some(number) = target.strip_prefix("port/") {
        return Some(Meant::Published { port: port(number)?, local: false });
    }
    if let Some(rest) = target.strip_prefix("app/").or_else(|| target.strip_prefix("compose/")) {
        let (name, number) = rest.split_once(':').map_or((rest, None), |(name, n)| (name, Some(n)));
        let number = number.map(|n| port(n).ok_or(())).transpose().ok()?;
        return (!name.is_empty()).then(|| Meant::App { name: name.into(), port: number });
    }
    if let Some(rest) = target.strip_prefix("service/").or_else(|| target.strip_prefix("svc/")) {
        let (rest, number) = rest.split_once(':').map_or((rest, None), |(rest, n)| (rest, Some(n)));
        let (project, name) = rest.split_once('/').unwrap_or(("", rest));
        let number = number.map(|n| port(n).ok_or(())).transpose().ok()?;
        return (!name.is_empty()).then(|| Meant::Named { project: project.into(), name: name.into(), port: number });
    }
    let (_, rest) = target.split_once("://").unwrap_or(("http", target));
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let (name, number) = match authority.rsplit_once(':') {
        Some((name, number)) => (name, port(number)?),
        None => (authority, HTTP),
    };
    match name {
        "" => None,
        "localhost" | "127.0.0.1" => Some(Meant::Published { port: number, local: true }),
        "host" | "host.docker.internal" => Some(Meant::Published { port: number, local: false }),
        _ => Some(Meant::Named { project: "".into(), name: name.into(), port: Some(number) }),
    }
}

/// Brings a stream to where it leads now.
pub fn follow(engine: &Engine, client: &Client, route: &mut Route<Goal>) {
    let (goal, mut ways) = match (meaning(&route.target), client) {
        (None, _) => (None, Vec::new()),
        (Some(Meant::Published { port, local }), _) => published(engine, port, local),
        (Some(Meant::App { name, port }), _) => match gate(engine, &name, port) {
            Some(gate) => published(engine, gate, false),
            None => from_inside(engine, "", &name, port),
        },
        (Some(Meant::Named { .. }), Client::Call(..)) if engine.floor.names_broken => (None, Vec::new()),
        (Some(Meant::Named { project, name, port }), Client::Load(_)) => from_inside(engine, &project, &name, port),
        (Some(Meant::Named { name, port, .. }), Client::Call(group, _)) => from_group(engine, group, &name, port),
    };
    ways.sort_by_key(|way| way.key);
    route.goal = goal;
    if *route.ways != ways {
        route.ways = Rc::new(ways);
    }
}

/// The port of the host that a service publishes; of a free one that the engine chose only while it is in force.
fn gate(engine: &Engine, service: &str, port: Option<u16>) -> Option<u16> {
    let fits = |target: u16, protocol: &str| protocol == "tcp" && port.is_none_or(|port| port == target);
    let of = |c: &Container| {
        let bound = c.bindings.iter().find(|b| fits(b.target, &b.protocol)).map(|b| b.port);
        bound.or_else(|| c.spec.publish.iter().find(|p| fits(p.target, &p.protocol))?.range.map(|(low, _)| low))
    };
    let mine = |c: &&Rc<Container>| c.spec.group.rsplit('/').next() == Some(service);
    engine.containers.values().filter(mine).find_map(|c| of(c))
}

fn way(engine: &Engine, cid: Cid, port: u16) -> Way {
    Way { key: key(cid), host: engine.machine.clone(), port, allowed: true, weight: 1 }
}

/// Whether a client reaches an address that a port is published on.
fn faces(address: &str, local: bool) -> bool {
    let own = address.starts_with("127.") || address == "::1";
    match local {
        true => own || matches!(address, "0.0.0.0" | "::" | ""),
        false => !own,
    }
}

/// The container that has a port of the host. While none has it, nobody listens: the figures are then those of the one that
/// wants it. On a machine that is gone a way to that one swallows all.
fn published(engine: &Engine, port: u16, local: bool) -> (Option<Goal>, Vec<Way>) {
    let binding = |c: &Container| {
        let fits = |b: &&Binding| b.port == port && &*b.protocol == "tcp" && faces(&b.ip, local);
        c.bindings.iter().find(fits).map(|b| b.target)
    };
    // A container in the host's own network listens there itself.
    let own = |cid: Cid, c: &Container| {
        let listens = engine.unit(cid).is_some_and(|unit| unit.profile.ports.contains(&port));
        (&*c.spec.network_mode == "host" && listens).then_some(port)
    };
    let bound = engine.containers.iter().find_map(|(cid, c)| Some((*cid, c, binding(c).or_else(|| own(*cid, c))?)));
    if let Some((cid, c, target)) = bound {
        return (Some(c.spec.group()), vec![way(engine, cid, target)]);
    }
    let wants = |c: &Container| {
        let inside = |(low, high): (u16, u16)| (low..=high).contains(&port);
        c.spec.publish.iter().find(|p| &*p.protocol == "tcp" && p.range.is_some_and(inside)).map(|p| p.target)
    };
    let wanted = engine.containers.iter().find_map(|(cid, c)| Some((*cid, c, wants(c)?)));
    let Some((cid, c, target)) = wanted else { return (None, Vec::new()) };
    let ways = if dark(engine) { vec![way(engine, cid, target)] } else { Vec::new() };
    (Some(c.spec.group()), ways)
}

/// A client inside, in the first network that knows the name: those of the project, if one is named.
fn from_inside(engine: &Engine, project: &str, name: &str, port: Option<u16>) -> (Option<Goal>, Vec<Way>) {
    let of_project = |c: &Container| project.is_empty() || c.spec.group.split('/').next() == Some(project);
    // Whoever has a name in a network stands for a client there, also while nobody runs.
    let (plain, only) = name
        .rsplit_once('.')
        .filter(|(_, end)| engine.networks.contains_key(*end))
        .map_or((name, None), |(n, e)| (n, Some(e)));
    let has = |c: &Container, network: &str| {
        let endpoint = c.endpoints.iter().chain(&c.spec.networks).find(|e| *e.network == *network);
        let named = |e: &crate::compose::engine::Endpoint| e.aliases.iter().any(|a| a.eq_ignore_ascii_case(plain));
        endpoint.is_some_and(|e| named(e) || c.name.eq_ignore_ascii_case(plain))
    };
    let known = |network: &&Rc<str>| {
        only.is_none_or(|only| ***network == *only)
            && engine.containers.values().any(|c| of_project(c) && has(c, network))
    };
    let networks: Vec<&Rc<str>> = engine.networks.keys().filter(known).collect();
    let found = networks.iter().map(|n| engine.named_in(n, plain)).find(|list| !list.is_empty()).unwrap_or_default();
    let down = || networks.iter().find_map(|n| engine.containers.iter().find(|(_, c)| of_project(c) && has(c, n)));
    led(engine, found, down().map(|(cid, _)| *cid), port)
}

/// A container of a group asks a name.
fn from_group(engine: &Engine, group: &Rc<str>, name: &str, port: Option<u16>) -> (Option<Goal>, Vec<Way>) {
    // Alike containers are in the same networks: one of them speaks for all.
    let asker = engine.containers.iter().find(|(cid, c)| c.spec.group() == *group && engine.unit(**cid).is_some());
    let Some((asker, _)) = asker else { return (None, Vec::new()) };
    let found = engine.named(*asker, name);
    let named = |e: &crate::compose::engine::Endpoint| e.aliases.iter().any(|a| a.eq_ignore_ascii_case(name));
    let down = engine.containers.iter().find(|(_, c)| c.spec.networks.iter().any(named)).map(|(cid, _)| *cid);
    led(engine, found, down, port)
}

/// The ways to what a name stands for; `down`: a container that has the name though it may not run.
fn led(engine: &Engine, found: Vec<(Cid, Rc<str>)>, down: Option<Cid>, port: Option<u16>) -> (Option<Goal>, Vec<Way>) {
    let first = found.first().map(|(cid, _)| *cid).or(down);
    let goal = first.and_then(|cid| engine.container(cid)).map(|c| c.spec.group());
    let own = |cid: Cid| engine.unit(cid).and_then(|unit| unit.profile.ports.first().copied()).unwrap_or(HTTP);
    let to = |cid: Cid| way(engine, cid, port.unwrap_or_else(|| own(cid)));
    let mut ways: Vec<Way> = found.into_iter().map(|(cid, _)| to(cid)).collect();
    if ways.is_empty() && dark(engine) {
        ways.extend(down.map(to));
    }
    (goal, ways)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        let named =
            |project: &str, name: &str, port| Some(Meant::Named { project: project.into(), name: name.into(), port });
        for (text, meant) in [
            ("localhost:8080", Some(Meant::Published { port: 8080, local: true })),
            ("http://localhost:8080/cart", Some(Meant::Published { port: 8080, local: true })),
            ("host:8080", Some(Meant::Published { port: 8080, local: false })),
            ("port/8080", Some(Meant::Published { port: 8080, local: false })),
            ("http://web", named("", "web", Some(80))),
            ("http://web:3000/x", named("", "web", Some(3000))),
            ("service/web", named("", "web", None)),
            ("service/shop/web:81", named("shop", "web", Some(81))),
            ("app/web", Some(Meant::App { name: "web".into(), port: None })),
            ("compose/web:81", Some(Meant::App { name: "web".into(), port: Some(81) })),
            ("port/0", None),
            ("http://web:many", None),
            ("service/", None),
        ] {
            assert_eq!(meaning(text), meant, "{text}");
        }
    }

    #[test]
    fn a_port_on_the_loopback_address_is_for_the_host_alone() {
        assert!(faces("127.0.0.1", true) && !faces("127.0.0.1", false));
        assert!(faces("0.0.0.0", true) && faces("::", false) && !faces("192.168.0.4", true));
    }
}
