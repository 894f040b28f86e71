//! The order of ports in a slice: that of the hashes of their Go structures, so it is neither the Service's nor by name.
//! Source: kubernetes v1.37 staging/src/k8s.io/endpointslice/util/controller_utils.go, NewPortMapKey, portsInOrder,
//! deepHashObjectToString; k8s.io/api v0.37 discovery/v1/types.go for names, types and order of the fields.

use crate::text::Value;

/// FNV-1a of 128 bits. Source: Go hash/fnv, offset128 and prime128.
const FNV_START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
/// See [`FNV_START`].
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// Ports as a slice keeps them.
pub(super) fn in_order(mut ports: Vec<Value>) -> Vec<Value> {
    ports.sort_by_cached_key(hash);
    ports
}

fn hash(port: &Value) -> u128 {
    hash_input(port).bytes().fold(FNV_START, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(FNV_PRIME))
}

/// The text that is hashed.
fn hash_input(port: &Value) -> String {
    let text = |key: &str| port.str_at(&[key]).unwrap_or("<nil>").to_string();
    let number = port.int_at(&["port"]).map_or("<nil>".to_string(), |n| n.to_string());
    let (name, protocol, app) = (text("name"), text("protocol"), text("appProtocol"));
    format!(
        "(v1.EndpointPort){{Name:(*string){name} Protocol:(*v1.Protocol){protocol} Port:(*int32){number} \
         AppProtocol:(*string){app}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    fn port(name: &str, number: i64, protocol: &str) -> Value {
        Value::Map(map! { "name" => name, "port" => number, "protocol" => protocol })
    }

    #[test]
    fn the_hash_is_that_of_go() {
        // Of nothing it is the start; of the letter a it is in the published test vectors of FNV.
        let of =
            |text: &str| text.bytes().fold(FNV_START, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(FNV_PRIME));
        assert_eq!(format!("{:032x}", of("a")), "d228cb696f1a8caf78912b704e4a8964");
    }

    #[test]
    fn ports_stand_as_in_a_recorded_slice() {
        let (web, dns) = (port("web", 8080, "TCP"), port("d", 53, "UDP"));
        assert_eq!(in_order(vec![web.clone(), dns.clone()]), [dns.clone(), web.clone()]);
        assert_eq!(in_order(vec![dns.clone(), web.clone()]), [dns, web]);
    }

    #[test]
    fn what_is_hashed_is_the_go_structure() {
        let want =
            "(v1.EndpointPort){Name:(*string)d Protocol:(*v1.Protocol)UDP Port:(*int32)53 AppProtocol:(*string)<nil>}";
        assert_eq!(hash_input(&port("d", 53, "UDP")), want);
    }
}
