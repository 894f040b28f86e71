//! NetworkPolicies: who may send requests to whom.
//! Source: kubernetes v1.37 staging/src/k8s.io/api/networking/v1/types.go, NetworkPolicySpec: a pod that no policy selects
//! takes and sends everything; one that is selected only what at least one of its policies allows.

use crate::kubernetes::apiserver::Api;
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::{Kind, Object};
use crate::text::Value;

/// Address that clients from outside are taken to have. Source: RFC 5737, a block for documentation.
const CLIENT: u32 = 0xcb00_710a;

/// All policies, read once.
pub struct Policies {
    all: Vec<Policy>,
}

struct Policy {
    namespace: std::rc::Rc<str>,
    selector: LabelSelector,
    /// `None`: it says nothing about this direction.
    ingress: Option<Vec<Value>>,
    egress: Option<Vec<Value>>,
}

impl Policies {
    /// Reads the policies of a cluster.
    pub fn read(api: &Api) -> Self {
        let kind = api.kinds.find("networking.k8s.io/v1", "NetworkPolicy");
        let objects = kind.into_iter().flat_map(|kind| api.store.list(kind));
        Policies { all: objects.map(|o| policy(&api.tree(o), o)).collect() }
    }
    /// Whether requests go from one pod (`None`: from outside) to a port of another.
    pub fn allow(&self, api: &Api, from: Option<&Object>, to: &Object, port: u16) -> bool {
        if self.all.is_empty() {
            return true;
        }
        let port_fits = |rule: &Value| ports(rule, to, port);
        let incoming = self.of(to, |p| p.ingress.as_ref());
        let into = |rule: &Value| port_fits(rule) && peers(api, rule.list_at(&["from"]), from, to);
        let taken = incoming.is_none_or(|rules| rules.iter().any(|r| into(r)));
        let Some(from) = from else { return taken };
        let outgoing = self.of(from, |p| p.egress.as_ref());
        let out_of = |rule: &Value| port_fits(rule) && peers(api, rule.list_at(&["to"]), Some(to), from);
        taken && outgoing.is_none_or(|rules| rules.iter().any(|r| out_of(r)))
    }
    /// The rules of one direction of all policies that select a pod; `None` when none does.
    fn of<'a>(&'a self, pod: &Object, way: impl Fn(&'a Policy) -> Option<&'a Vec<Value>>) -> Option<Vec<&'a Value>> {
        let mine = |p: &&Policy| p.namespace == pod.meta.namespace && p.selector.matches(&pod.meta.labels);
        let lists: Vec<&Vec<Value>> = self.all.iter().filter(mine).filter_map(way).collect();
        (!lists.is_empty()).then(|| lists.into_iter().flatten().collect())
    }
}

fn policy(tree: &Value, object: &Object) -> Policy {
    let spec = tree.get("spec").cloned().unwrap_or_default();
    let types: Vec<&str> = spec.list_at(&["policyTypes"]).iter().filter_map(Value::as_str).collect();
    let speaks = |way: &str, otherwise: bool| if types.is_empty() { otherwise } else { types.contains(&way) };
    let rules = |key: &str| spec.list_at(&[key]).to_vec();
    Policy {
        namespace: object.meta.namespace.clone(),
        selector: spec.get("podSelector").map(LabelSelector::read).unwrap_or_default(),
        ingress: speaks("Ingress", true).then(|| rules("ingress")),
        egress: speaks("Egress", spec.get("egress").is_some()).then(|| rules("egress")),
    }
}

/// Whether a rule speaks of a port; one without ports speaks of all.
fn ports(rule: &Value, to: &Object, port: u16) -> bool {
    let list = rule.list_at(&["ports"]);
    let named = |name: &str| {
        let all = to.pod().map(|p| p.spec.containers.iter().flat_map(|c| &c.ports)).into_iter().flatten();
        all.into_iter().any(|p| *p.name == *name && p.port == port)
    };
    let fits = |one: &Value| match one.get("port") {
        None | Some(Value::Null) => true,
        Some(Value::Str(name)) => named(name),
        Some(number) => {
            let first = number.as_int().unwrap_or(-1);
            let last = one.int_at(&["endPort"]).unwrap_or(first);
            (first..=last).contains(&i64::from(port))
        }
    };
    list.is_empty() || list.iter().any(fits)
}

/// Whether one of the peers is meant; no peers mean everybody. `owner`: the pod that the policy selects.
fn peers(api: &Api, list: &[Value], other: Option<&Object>, owner: &Object) -> bool {
    list.is_empty() || list.iter().any(|peer| is_peer(api, peer, other, owner))
}

fn is_peer(api: &Api, peer: &Value, other: Option<&Object>, owner: &Object) -> bool {
    if let Some(block) = peer.get("ipBlock").filter(|b| !b.is_null()) {
        let address = match other {
            None => Some(CLIENT),
            Some(pod) => pod.pod().and_then(|p| p.status.ip.as_deref()).and_then(ip),
        };
        let inside = |range: &str| address.is_some_and(|a| within(range, a));
        let except = block.list_at(&["except"]).iter().filter_map(Value::as_str).any(inside);
        return inside(block.str_at(&["cidr"]).unwrap_or_default()) && !except;
    }
    let Some(pod) = other else { return false };
    let selector = |key: &str| peer.get(key).filter(|s| !s.is_null()).map(LabelSelector::read);
    let space = match selector("namespaceSelector") {
        None => pod.meta.namespace == owner.meta.namespace,
        Some(selector) => {
            let found = api.store.by_name(Kind::Namespace, "", &pod.meta.namespace);
            found.is_some_and(|n| selector.matches(&n.meta.labels))
        }
    };
    space && selector("podSelector").is_none_or(|s| s.matches(&pod.meta.labels))
}

fn ip(text: &str) -> Option<u32> {
    let parts: Vec<u32> = text.split('.').map_while(|p| p.parse::<u8>().ok().map(u32::from)).collect();
    (parts.len() == 4).then(|| parts.iter().fold(0, |sum, part| sum << 8 | part))
}

fn within(range: &str, address: u32) -> bool {
    let Some((base, bits)) = range.split_once('/') else { return false };
    let (Some(base), Ok(bits)) = (ip(base), bits.parse::<u32>()) else { return false };
    let mask = if bits == 0 { 0 } else { u32::MAX << (32 - bits.min(32)) };
    base & mask == address & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_addresses() {
        let address = ip("203.0.113.10").expect("an address");
        assert_eq!(address, CLIENT);
        for (range, holds) in
            [("0.0.0.0/0", true), ("203.0.113.0/24", true), ("10.0.0.0/8", false), ("203.0.113.10", false)]
        {
            assert_eq!(within(range, address), holds, "{range}");
        }
    }
}
