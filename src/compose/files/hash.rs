//! What tells a service, network or volume from what it was: the hash that Compose keeps in a label.
//! Source: docker/compose v5.6.0 pkg/compose/hash.go.

use super::shape::{NETWORK, SERVICE, VOLUME};
use super::tree::{Members, Tree};
use super::write::compact;
use crate::text::{Map, Value, json};

/// Keys in the order that they once had in the type; others follow by name.
const ORDER: &str = "
    profiles annotations attach build develop blkio_config cap_add cap_drop cgroup_parent cgroup cpu_count
    cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset cpu_shares command configs
    container_name credential_spec depends_on deploy device_cgroup_rules devices dns dns_opt dns_search
    dockerfile domainname entrypoint provider environment env_file expose extends external_links extra_hosts
    group_add gpus hostname healthcheck image init ipc isolation labels label_file links logging log_driver
    log_opt mem_limit mem_reservation memswap_limit mem_swappiness mac_address models net network_mode networks
    oom_kill_disable oom_score_adj pid pids_limit platform ports privileged pull_policy read_only restart
    runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls
    tmpfs tty ulimits use_api_socket user userns_mode uts volume_driver volumes volumes_from working_dir
    pre_start post_start pre_stop pull_refresh_after";

/// The hash of a service; what does not make a new container is left out.
pub fn service(service: &Tree) -> String {
    let mut members = service.as_map().cloned().unwrap_or_default();
    for key in ["build", "pull_policy", "scale", "depends_on", "profiles"] {
        members.remove(key);
    }
    if let Some(deploy) = members.get_mut("deploy").and_then(Tree::as_map_mut) {
        deploy.remove("replicas");
    }
    let mut all = compact(&SERVICE, &members);
    let mut ordered = Map::new();
    for key in ORDER.split_whitespace() {
        if let Some(value) = all.remove(key) {
            ordered.set(key, value);
        }
    }
    for (key, value) in all.sorted() {
        ordered.set(key.clone(), value.clone());
    }
    of(ordered)
}

/// The hash of a network.
pub fn network(network: &Tree) -> String {
    of(compact(&NETWORK, network.as_map().unwrap_or(&Members::new())))
}

/// The hash of a volume.
pub fn volume(volume: &Tree) -> String {
    let mut members = volume.as_map().cloned().unwrap_or_default();
    members.entry("driver".into()).or_insert_with(|| "local".into());
    of(compact(&VOLUME, &members))
}

fn of(members: Map) -> String {
    sha256(json::write(&Value::Map(members), json::Style::IN_ORDER).as_bytes())
}

/// First 32 bits of the fractional parts of the cube roots of the first 64 primes. Source: FIPS 180-4.
#[rustfmt::skip]
const ROUNDS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// The SHA-256 of some bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    let mut state: [u32; 8] =
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((bytes.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words = [0u32; 64];
        for (word, four) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = u32::from_be_bytes([four[0], four[1], four[2], four[3]]);
        }
        for i in 16..64 {
            let (a, b) = (words[i - 15], words[i - 2]);
            let (x, y) = (
                a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3),
                b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10),
            );
            words[i] = words[i - 16].wrapping_add(x).wrapping_add(words[i - 7]).wrapping_add(y);
        }
        let mut s = state;
        for (word, round) in words.iter().zip(ROUNDS) {
            let big = s[4].rotate_right(6) ^ s[4].rotate_right(11) ^ s[4].rotate_right(25);
            let choice = (s[4] & s[5]) ^ (!s[4] & s[6]);
            let first = s[7].wrapping_add(big).wrapping_add(choice).wrapping_add(round).wrapping_add(*word);
            let small = s[0].rotate_right(2) ^ s[0].rotate_right(13) ^ s[0].rotate_right(22);
            let second = small.wrapping_add((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            s = [first.wrapping_add(second), s[0], s[1], s[2], s[3].wrapping_add(first), s[4], s[5], s[6]];
        }
        for (sum, part) in state.iter_mut().zip(s) {
            *sum = sum.wrapping_add(part);
        }
    }
    state.iter().map(|word| format!("{word:08x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sha256(&[b'a'; 64]), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
    }
}
