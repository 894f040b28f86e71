//! Published ports: which port of the host a container gets, and when it gets none.
//! Source: moby v29 daemon/libnetwork/portallocator/portallocator.go; drivers/bridge/port_mapping_linux.go.

use super::{Binding, Cid, Engine, Fault, Publish, Refusal};
use std::rc::Rc;

/// Addresses that an empty host address stands for.
const ALL: [&str; 2] = ["0.0.0.0", "::"];
/// Last port of the ephemeral range. Source: Linux, net.ipv4.ip_local_port_range.
const LAST_EPHEMERAL: u16 = 60_999;

impl Engine {
    fn taken(&self, ip: &str, protocol: &str, port: u16, mine: &[Binding]) -> bool {
        let clashes = |b: &Binding| {
            let same = *b.ip == *ip || (*b.ip == *ALL[0] && !ip.contains(':')) || (ip == ALL[0] && !b.ip.contains(':'));
            b.port == port && *b.protocol == *protocol && (same || (*b.ip == *ALL[1] && ip.contains(':')))
        };
        let others = self.containers.values().flat_map(|c| &c.bindings);
        others.chain(mine).any(clashes)
    }
    /// Finds ports for everything a container publishes.
    pub(super) fn bind_ports(&mut self, cid: Cid, publish: &[Publish]) -> Result<Vec<Binding>, Refusal> {
        let mut mine: Vec<Binding> = Vec::new();
        // Fixed ports go first, then ranges, then any. Source: drivers/bridge/port_mapping_linux.go, sortAndNormPBs.
        let mut order: Vec<&Publish> = publish.iter().collect();
        order.sort_by_key(|p| match p.range {
            Some((low, high)) if low == high => 0,
            Some(_) => 1,
            None => 2,
        });
        for wanted in order {
            let ips: Vec<&str> = if wanted.ip.is_empty() { ALL.to_vec() } else { vec![&wanted.ip] };
            let port = match wanted.range {
                Some((low, high)) => {
                    let free = |port: &u16| ips.iter().all(|ip| !self.taken(ip, &wanted.protocol, *port, &mine));
                    (low..=high).find(free).ok_or_else(|| {
                        if low == high {
                            let at = ips.iter().find(|ip| self.taken(ip, &wanted.protocol, low, &mine));
                            let at = at.copied().unwrap_or(ALL[0]);
                            format!("Bind for {at}:{low} failed: port is already allocated")
                        } else {
                            "all ports are allocated".to_string()
                        }
                    })
                }
                None => Ok(self.any_port(&ips, &wanted.protocol, &mine)),
            };
            let port = port.map_err(|words| self.no_port(cid, &words))?;
            mine.extend(ips.iter().map(|ip| Binding {
                target: wanted.target,
                protocol: wanted.protocol.clone(),
                ip: (*ip).into(),
                port,
            }));
        }
        Ok(mine)
    }
    fn any_port(&mut self, ips: &[&str], protocol: &str, mine: &[Binding]) -> u16 {
        loop {
            let port = self.next_port;
            self.next_port = if port >= LAST_EPHEMERAL { super::FIRST_EPHEMERAL } else { port + 1 };
            if ips.iter().all(|ip| !self.taken(ip, protocol, port, mine)) {
                return port;
            }
        }
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
