//! Session affinity: behind a Service with `sessionAffinity: ClientIP` a client is sent where it was sent before, as long as that
//! endpoint is there; then it is sent anywhere, and stays there.
//! Source: kubernetes v1.37 pkg/proxy/iptables/proxier.go, writeServiceToEndpointRules: a client's address is looked for among
//! those that each endpoint has seen in the last `timeoutSeconds`; only who is not found is sent at random.

use crate::kubernetes::apiserver::Api;
use crate::kubernetes::objects::Id;
use crate::workload::Key;
use crate::workload::streams::{Client, Route, Way};

/// Clients behind a load. Ours: enough to be spread, few enough to be uneven as real ones are.
const CLIENTS: usize = 100;

/// How many addresses ask; none where every request may go anywhere. An Ingress controller asks endpoints, not the Service.
/// Source: ingress-nginx, kubernetes.github.io/ingress-nginx, "Why endpoints and not services".
fn clients(api: &Api, client: &Client, route: &Route<Id>) -> usize {
    let service = route.goal.and_then(|id| api.store.get(id));
    let sticks = service.is_some_and(|s| api.tree(s).str_at(&["spec", "sessionAffinity"]) == Some("ClientIP"));
    match client {
        _ if !sticks || route.target.starts_with("ingress/") => 0,
        Client::Load(_) => CLIENTS,
        Client::Call(group, _) => api.floor.all().filter(|(_, unit)| unit.group == *group).count().max(1),
    }
}

/// Sets how many clients go each way.
pub fn stick(api: &Api, client: &Client, route: &mut Route<Id>, ways: &mut [Way]) {
    let count = clients(api, client, route);
    if count == 0 || ways.is_empty() {
        return route.stuck.clear();
    }
    let name = match client {
        Client::Load(name) | Client::Call(name, _) => name,
    };
    choose(&mut route.stuck, name, count, ways);
    for way in ways.iter_mut() {
        way.weight = route.stuck.iter().filter(|key| **key == way.key).count() as u32;
    }
}

/// Each client keeps its endpoint or is given one, by its number and the endpoint it has lost.
fn choose(stuck: &mut Vec<Key>, name: &str, count: usize, ways: &[Way]) {
    stuck.truncate(count);
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    for at in 0..count {
        let last = stuck.get(at).copied();
        if last.is_some_and(|key| ways.iter().any(|way| way.key == key)) {
            continue;
        }
        // Who comes from a lost end draws anew.
        let lost = last.map_or(0, |key| crate::sim::mix(u64::from(key.0) + 1));
        let luck = crate::sim::mix(seed ^ ((at as u64) << 32) ^ lost);
        let key = ways[(luck % ways.len() as u64) as usize].key;
        if at < stuck.len() { stuck[at] = key } else { stuck.push(key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(keys: &[u32]) -> Vec<Way> {
        let way = |n: &u32| Way { key: (*n, 0), host: "a".into(), port: 80, allowed: true, weight: 1 };
        keys.iter().map(way).collect()
    }

    #[test]
    fn clients_stay_and_only_those_of_a_lost_end_move() {
        let mut stuck = Vec::new();
        choose(&mut stuck, "shoppers", 100, &ways(&[1, 2]));
        let first = stuck.clone();
        let of = |list: &[Key], n: u32| list.iter().filter(|key| key.0 == n).count();
        assert_eq!(of(&first, 1) + of(&first, 2), 100);
        assert!((30..=70).contains(&of(&first, 1)), "{}", of(&first, 1));
        choose(&mut stuck, "shoppers", 100, &ways(&[1, 2, 3]));
        assert_eq!(stuck, first, "a new end gets nobody");
        choose(&mut stuck, "shoppers", 100, &ways(&[2, 3]));
        assert_eq!(of(&stuck, 1), 0);
        assert!(first.iter().zip(&stuck).all(|(a, b)| a == b || a.0 == 1));
        assert!(of(&stuck, 3) > 10, "who has lost its end may get the new one");
    }
}
