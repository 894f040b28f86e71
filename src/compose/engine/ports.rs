//! Published ports: which port of the host a container gets, and when it gets none.
//! Source: moby v29 daemon/libnetwork/portallocator/portallocator.go; drivers/bridge/port_mapping_linux.go.

use super::{Binding, Cid, Engine, Fault, Publish, Refusal};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Addresses that an empty host address stands for.
const ALL: [&str; 2] = ["0.0.0.0", "::"];
/// Last port of the ephemeral range. Source: Linux, net.ipv4.ip_local_port_range.
const LAST_EPHEMERAL: u16 = 60_999;

/// What is bound, by port.
#[derive(Default)]
struct Taken(BTreeMap<u16, Vec<(Rc<str>, Rc<str>)>>);

impl Taken {
    fn add(&mut self, binding: &Binding) {
        self.0.entry(binding.port).or_default().push((binding.protocol.clone(), binding.ip.clone()));
    }
    fn has(&self, ip: &str, protocol: &str, port: u16) -> bool {
        let clashes = |(bound, at): &(Rc<str>, Rc<str>)| {
            let same = **at == *ip || (**at == *ALL[0] && !ip.contains(':')) || (ip == ALL[0] && !at.contains(':'));
            **bound == *protocol && (same || (**at == *ALL[1] && ip.contains(':')))
        };
        self.0.get(&port).is_some_and(|list| list.iter().any(clashes))
    }
    fn free(&self, ips: &[&str], protocol: &str, port: u16) -> bool {
        ips.iter().all(|ip| !self.has(ip, protocol, port))
    }
}

impl Engine {
    /// Finds ports for everything a container publishes.
    pub(super) fn bind_ports(&mut self, cid: Cid, publish: &[Publish]) -> Result<Vec<Binding>, Refusal> {
        let (mut mine, mut taken) = (Vec::new(), Taken::default());
        self.containers.values().flat_map(|c| &c.bindings).for_each(|binding| taken.add(binding));
        // Fixed ports go first, then ranges, then any. Source: drivers/bridge/port_mapping_linux.go, sortAndNormPBs.
        let mut order: Vec<&Publish> = publish.iter().collect();
        order.sort_by_key(|p| match p.range {
            Some((low, high)) if low == high => 0,
            Some(_) => 1,
            None => 2,
        });
        for wanted in order {
            let ips: Vec<&str> = if wanted.ip.is_empty() { ALL.to_vec() } else { vec![&wanted.ip] };
            let (protocol, none) = (&*wanted.protocol, || "all ports are allocated".to_string());
            let port = match wanted.range {
                Some((port, last)) if port == last => match ips.iter().find(|ip| taken.has(ip, protocol, port)) {
                    Some(at) => Err(format!("Bind for {at}:{port} failed: port is already allocated")),
                    None => Ok(port),
                },
                Some((low, high)) => (low..=high).find(|port| taken.free(&ips, protocol, *port)).ok_or_else(none),
                None => self.any_port(&ips, protocol, &taken).ok_or_else(none),
            };
            let port = port.map_err(|words| self.no_port(cid, &words))?;
            for ip in ips {
                let (target, protocol) = (wanted.target, wanted.protocol.clone());
                let binding = Binding { target, protocol, ip: ip.into(), port };
                taken.add(&binding);
                mine.push(binding);
            }
        }
        Ok(mine)
    }
    /// The next free one of the ephemeral range. Source: portallocator.go, requestPortsInRange, errAllPortsAllocated.
    fn any_port(&mut self, ips: &[&str], protocol: &str, taken: &Taken) -> Option<u16> {
        for _ in super::FIRST_EPHEMERAL..=LAST_EPHEMERAL {
            let port = self.next_port;
            self.next_port = if port >= LAST_EPHEMERAL { super::FIRST_EPHEMERAL } else { port + 1 };
            if taken.free(ips, protocol, port) {
                return Some(port);
            }
        }
        None
    }
    fn no_port(&mut self, cid: Cid, words: &str) -> Refusal {
        let endpoint: Rc<str> = self.new_id();
        let name = self.name_of(cid);
        let words = format!(
            "failed to set up container networking: driver failed programming external connectivity on endpoint {name} ({endpoint}): {words}"
        );
        Refusal::new(Fault::Other, words)
    }
}
