//! Networks: addresses, names and aliases, and who answers to a name.

use super::{Answer, Cid, Container, Endpoint, Engine, Fault, Refusal, Reply, Ticket, Timer};
use crate::sim::Time;
use crate::text::go::quoted;
use std::rc::Rc;

/// A network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Network {
    /// 64 letters.
    pub id: Rc<str>,
    /// Name.
    pub name: Rc<str>,
    /// Driver.
    pub driver: Rc<str>,
    /// Labels, sorted.
    pub labels: Vec<(Rc<str>, Rc<str>)>,
    /// Third number of its addresses `172.N.0.0/16`; 0 where there are none.
    pub subnet: u8,
    /// Whether it has no way out.
    pub internal: bool,
    /// When it was made.
    pub created: Time,
}

/// Networks that every engine has: name, driver, ID, subnet. Real IDs are drawn at the engine's first start.
/// Source: moby v29 daemon/network/settings.go, IsPredefined; daemon/daemon_unix.go, configureNetworking.
const PREDEFINED: [(&str, &str, &str, u8); 3] = [
    ("bridge", "bridge", "5f0c1a7e9d342b86c1f94ab07e6d5823b4917c0ea6f2d85390bc47e1a2d6f813", 17),
    ("host", "host", "c27b90e4d1586fa3927e0b4c6d18f5a2e3907bd4156ca8f02e91d7b3486c5fa0", 0),
    ("none", "null", "91ae64d07c3b5f28e0d4716b9a52c8f3047e6bd1952fc8a3e61b70d49f2583ca", 0),
];

/// Whether every engine has a network of that name.
pub fn is_predefined(name: &str) -> bool {
    PREDEFINED.iter().any(|(known, ..)| *known == name)
}

/// The networks that every engine has.
pub fn predefined() -> impl Iterator<Item = Rc<Network>> {
    PREDEFINED.iter().map(|(name, driver, id, subnet)| {
        let (name, driver, id) = ((*name).into(), (*driver).into(), (*id).into());
        Rc::new(Network { name, driver, id, subnet: *subnet, ..Network::default() })
    })
}

/// First subnet that is handed out. Source: moby v29 daemon/libnetwork/ipamutils/utils.go: 172.17.0.0/16 is the default
/// bridge's, 172.18 to 172.31 follow.
const FIRST_SUBNET: u8 = 18;
/// Start and factor of the mixing that makes numbers of endpoints. Source: RFC 9923, FNV-1a of 64 bits.
const FNV: (u64, u64) = (0xcbf2_9ce4_8422_2325, 0x0100_0000_01b3);

impl Engine {
    /// `docker network create`.
    pub fn network_create(&mut self, mut network: Network) -> Ticket {
        let ticket = self.ticket();
        network.id = self.new_id();
        let span = self.draw(|p| p.network);
        self.after(span, Timer::NetworkMade(ticket, network.into()));
        ticket
    }
    pub(super) fn network_made(&mut self, ticket: Ticket, network: Rc<Network>) {
        let name = network.name.clone();
        if is_predefined(&name) {
            // Source: moby v29 daemon/network.go, createNetwork.
            let words = format!("{name} is a pre-defined network and cannot be created");
            return self.answer(ticket, Err(Refusal::new(Fault::Other, words)));
        }
        if self.networks.contains_key(&name) {
            let words = format!("network with name {name} already exists");
            return self.answer(ticket, Err(Refusal::new(Fault::Conflict, words)));
        }
        let used = |n: &u8| self.networks.values().any(|other| other.subnet == *n);
        let subnet = (FIRST_SUBNET..=u8::MAX).find(|n| !used(n)).unwrap_or(u8::MAX);
        self.networks.insert(name.clone(), Network { subnet, created: self.now, ..(*network).clone() }.into());
        self.tell_network(&name, "create", None);
        self.answer(ticket, Ok(Reply::Done));
    }
    /// The network of a name, an id or the beginning of one. Source: moby v29 daemon/network.go, FindNetwork.
    pub fn network_of(&self, word: &str) -> Option<Rc<Network>> {
        let by = |is: &dyn Fn(&Network) -> bool| self.networks.values().cloned().chain(predefined()).find(|n| is(n));
        let begun = |n: &Network| !word.is_empty() && n.id.starts_with(word);
        self.network_named(word).or_else(|| by(&|n| *n.id == *word)).or_else(|| by(&begun))
    }
    /// The network of a name.
    pub fn network_named(&self, name: &str) -> Option<Rc<Network>> {
        self.networks.get(name).cloned().or_else(|| predefined().find(|n| *n.name == *name))
    }
    /// Number of a container's place in a network: 64 letters, the same as long as both are there.
    pub fn endpoint_id(&self, network: &str, cid: Cid) -> String {
        let id = self.containers.get(&cid).map_or("", |c| &*c.id);
        let part = |from: usize| {
            let mixed = network
                .bytes()
                .skip(from)
                .chain(id.bytes())
                .fold(FNV.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV.1));
            format!("{mixed:016x}")
        };
        (0..4).map(part).collect()
    }
    /// Containers that are attached to a network and run.
    pub fn in_network(&self, name: &str) -> Vec<Cid> {
        let inside = |c: &Container| c.alive() && c.endpoints.iter().any(|e| &*e.network == name && e.ip.is_some());
        self.containers.iter().filter(|(_, c)| inside(c)).map(|(cid, _)| *cid).collect()
    }
    /// `docker network rm`.
    pub fn network_remove(&mut self, name: &str) -> Ticket {
        let ticket = self.ticket();
        let answer = self.network_gone(name);
        let span = self.draw(|p| p.network);
        self.after(span, Timer::Answer(ticket, answer));
        ticket
    }
    fn network_gone(&mut self, name: &str) -> Answer {
        if is_predefined(name) {
            // Source: moby v29 daemon/network.go, deleteNetwork.
            let words = format!("{name} is a pre-defined network and cannot be removed");
            return Err(Refusal::new(Fault::Other, words));
        }
        let Some(network) = self.networks.get(name) else {
            return Err(Refusal::new(Fault::NotFound, format!("network {name} not found")));
        };
        let inside = self.in_network(name);
        if !inside.is_empty() {
            // Source: moby v29 daemon/libnetwork/error.go, ActiveEndpointsError; network.go, delete.
            let endpoint = |cid: &Cid| {
                let id = self.endpoint_id(&network.id, *cid);
                format!("name:{} id:{}", quoted(&self.name_of(*cid)), quoted(&id[..12]))
            };
            let list = inside.iter().map(endpoint).collect::<Vec<_>>().join(", ");
            let words = format!("error while removing network: network {name} has active endpoints ({list})");
            return Err(Refusal::new(Fault::Conflict, words));
        }
        self.tell_network(name, "destroy", None);
        self.networks.remove(name);
        Ok(Reply::Done)
    }
    /// `docker network connect`.
    pub fn network_connect(&mut self, name: &str, cid: Cid, aliases: Vec<Rc<str>>) -> Ticket {
        let ticket = self.ticket();
        let answer = self.connect_now(name, cid, aliases);
        self.answer_soon(ticket, answer);
        ticket
    }
    fn connect_now(&mut self, name: &str, cid: Cid, aliases: Vec<Rc<str>>) -> Answer {
        if self.network_named(name).is_none() {
            return Err(Refusal::new(Fault::NotFound, format!("network {name} not found")));
        }
        let known = self.containers.get(&cid).is_some_and(|c| c.endpoints.iter().any(|e| &*e.network == name));
        let alive = self.containers.get(&cid).is_some_and(|c| c.alive());
        if known && alive {
            let words = format!("endpoint with name {} already exists in network {name}", self.name_of(cid));
            return Err(Refusal::new(Fault::Conflict, words));
        }
        let ip = if alive { self.free_address(name) } else { None };
        if let Some(c) = self.edit(cid) {
            // One that does not run gets the new settings in place of those it had.
            c.endpoints.retain(|e| &*e.network != name);
            c.endpoints.push(Endpoint { network: name.into(), aliases, asked: "".into(), ip });
        }
        if alive {
            self.tell_network(name, "connect", Some(cid));
        }
        Ok(Reply::Done)
    }
    /// `docker network disconnect`.
    pub fn network_disconnect(&mut self, name: &str, cid: Cid) -> Ticket {
        let ticket = self.ticket();
        let was = self.containers.get(&cid).and_then(|c| c.endpoints.iter().find(|e| &*e.network == name).cloned());
        let answer = match was {
            None => Err(self.not_connected(cid, name)),
            Some(endpoint) => {
                if endpoint.ip.is_some() {
                    self.tell_network(name, "disconnect", Some(cid));
                }
                if let Some(c) = self.edit(cid) {
                    c.endpoints.retain(|e| &*e.network != name);
                }
                Ok(Reply::Done)
            }
        };
        self.answer_soon(ticket, answer);
        ticket
    }
    /// Source: moby v29 daemon/container_operations.go, DisconnectFromNetwork, disconnectFromNetwork.
    fn not_connected(&self, cid: Cid, network: &str) -> Refusal {
        let (id, alive) = self.containers.get(&cid).map(|c| (c.id.clone(), c.alive())).unwrap_or_default();
        match alive {
            true if self.network_named(network).is_none() => {
                Refusal::new(Fault::NotFound, format!("network {network} not found"))
            }
            true => Refusal::new(Fault::Other, format!("container {id} is not connected to network {network}")),
            false => Refusal::new(Fault::Other, format!("container {id} is not connected to the network {network}")),
        }
    }
    /// Name of a container, without its slash.
    pub fn name_of(&self, cid: Cid) -> Rc<str> {
        self.containers.get(&cid).map_or_else(|| "".into(), |c| c.name.clone())
    }
    /// The lowest free address of a network.
    fn free_address(&self, network: &str) -> Option<Rc<str>> {
        let subnet = self.network_named(network)?.subnet;
        if subnet == 0 {
            return Some("".into());
        }
        let taken = |ip: &str| {
            self.containers
                .values()
                .flat_map(|c| &c.endpoints)
                .any(|e| &*e.network == network && e.ip.as_deref() == Some(ip))
        };
        (2..65_000u32).map(|n| format!("172.{subnet}.{}.{}", n >> 8, n & 255)).find(|ip| !taken(ip)).map(Rc::from)
    }
    /// Gives a container its addresses and tells of it.
    pub(super) fn join_networks(&mut self, cid: Cid) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        for (at, endpoint) in c.endpoints.iter().enumerate() {
            if self.network_named(&endpoint.network).is_none() {
                continue;
            }
            let free = self.free_address(&endpoint.network);
            let ip = if endpoint.asked.is_empty() { free } else { Some(endpoint.asked.clone()) };
            if let Some(c) = self.edit(cid) {
                c.endpoints[at].ip = ip;
            }
            self.tell_network(&endpoint.network, "connect", Some(cid));
        }
    }
    /// Takes a container's addresses back.
    pub(super) fn leave_networks(&mut self, cid: Cid) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        for endpoint in c.endpoints.iter().filter(|e| e.ip.is_some()) {
            self.tell_network(&endpoint.network, "disconnect", Some(cid));
        }
        if let Some(c) = self.edit(cid) {
            c.endpoints.iter_mut().for_each(|e| e.ip = None);
        }
    }
    /// The containers that a name stands for, as a container sees it: every running one with that name or alias in the first of
    /// its networks that has any, healthy or not, in a new order at each question.
    /// Source: moby v29 daemon/libnetwork/sandbox.go, resolveName; resolver.go, shuffleAddr.
    pub fn resolve(&mut self, from: Cid, name: &str) -> Vec<(Cid, Rc<str>)> {
        let mut found = self.named(from, name);
        for at in (1..found.len()).rev() {
            let with = self.chance.below(at as u64 + 1) as usize;
            found.swap(at, with);
        }
        found
    }
    /// The same in the order of the containers.
    pub fn named(&self, from: Cid, name: &str) -> Vec<(Cid, Rc<str>)> {
        let Some(asker) = self.container(from) else { return Vec::new() };
        let mine = || asker.endpoints.iter().filter(|e| e.ip.is_some()).map(|e| &e.network);
        let found = readings(name).flat_map(|(name, only)| {
            let mine = mine().filter(move |network| only.is_none_or(|only| ***network == *only));
            mine.map(move |network| self.named_in(network, name))
        });
        found.into_iter().find(|list| !list.is_empty()).unwrap_or_default()
    }
    /// The running containers of a network that a name stands for.
    /// Source: moby v29 daemon/libnetwork/network.go, ResolveName: names are asked in lower case. In the networks that every
    /// engine has there are no names: sandbox_dns_unix.go, startResolver, is called for other networks only.
    pub fn named_in(&self, network: &str, name: &str) -> Vec<(Cid, Rc<str>)> {
        if is_predefined(network) {
            return Vec::new();
        }
        let is = |word: &str| word.eq_ignore_ascii_case(name);
        let answer = |(cid, c): (&Cid, &Rc<Container>)| {
            let theirs = c.endpoints.iter().find(|e| *e.network == *network)?;
            let named = is(&c.name) || c.id.get(..12).is_some_and(is) || theirs.aliases.iter().any(|a| is(a));
            Some((*cid, theirs.ip.clone().filter(|_| named && c.alive())?))
        };
        self.containers.iter().filter_map(answer).collect()
    }
}

/// How a name may be meant: as it is, or its end as the name of a network.
/// Source: moby v29 daemon/libnetwork/sandbox.go, ResolveName.
fn readings(name: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let split = name.rmatch_indices('.').map(|(at, _)| (&name[..at], Some(&name[at + 1..])));
    std::iter::once((name, None)).chain(split)
}
