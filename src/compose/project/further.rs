//! What a service asks of the engine that nothing here carries out: the engine checks it and `inspect` shows it, by the names of
//! the API. Source: compose v5.6 pkg/compose/create.go, getCreateConfigs, getDeployResources.

use crate::text::{Map, Value};

/// Keys of a service and the fields of `Config` that they fill.
const CONFIG: &[(&str, &str)] =
    &[("working_dir", "WorkingDir"), ("user", "User"), ("domainname", "Domainname"), ("stdin_open", "OpenStdin")];

/// Keys of a service and the fields of `HostConfig` that they fill.
const HOST: &[(&str, &str)] = &[
    ("cap_add", "CapAdd"),
    ("cap_drop", "CapDrop"),
    ("cgroup_parent", "CgroupParent"),
    ("cpu_period", "CpuPeriod"),
    ("cpu_quota", "CpuQuota"),
    ("cpuset", "CpusetCpus"),
    ("dns", "Dns"),
    ("dns_opt", "DnsOptions"),
    ("dns_search", "DnsSearch"),
    ("group_add", "GroupAdd"),
    ("init", "Init"),
    ("memswap_limit", "MemorySwap"),
    ("mem_swappiness", "MemorySwappiness"),
    ("oom_kill_disable", "OomKillDisable"),
    ("oom_score_adj", "OomScoreAdj"),
    ("privileged", "Privileged"),
    ("read_only", "ReadonlyRootfs"),
    ("runtime", "Runtime"),
    ("security_opt", "SecurityOpt"),
    ("shm_size", "ShmSize"),
    ("sysctls", "Sysctls"),
    ("userns_mode", "UsernsMode"),
    ("uts", "UTSMode"),
];

/// Fields that hold whole numbers, which the canonical file may hold as texts.
const NUMBERS: &[&str] = &["CpuPeriod", "CpuQuota", "MemorySwap", "MemorySwappiness", "OomScoreAdj", "ShmSize"];

/// The settings of a service.
pub(super) fn further(node: &Value) -> Value {
    let mut host = taken(node, HOST);
    if let Some(driver) = node.str_at(&["logging", "driver"]) {
        let mut log = Map::new();
        log.set("Type", driver);
        log.set("Config", node.at(&["logging", "options"]).cloned().unwrap_or_else(|| Value::from(Map::new())));
        host.set("LogConfig", Value::from(log));
    }
    let mut all = Map::new();
    all.set("Config", Value::from(taken(node, CONFIG)));
    all.set("HostConfig", Value::from(host));
    Value::from(all)
}

fn taken(node: &Value, keys: &[(&str, &str)]) -> Map {
    let mut map = Map::new();
    for (key, field) in keys {
        let Some(value) = node.get(key).filter(|value| !value.is_null()) else { continue };
        let whole = value.as_str().filter(|_| NUMBERS.contains(field)).and_then(|text| text.parse::<i64>().ok());
        map.set(*field, whole.map_or_else(|| value.clone(), Value::from));
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    #[test]
    fn keys_become_fields_of_the_api() {
        let node = Value::from(map! {
            "working_dir" => "/app", "memswap_limit" => "1048576", "privileged" => true, "user" => Value::Null,
            "logging" => map! { "driver" => "local" },
        });
        let found = further(&node);
        assert_eq!(found.str_at(&["Config", "WorkingDir"]), Some("/app"));
        assert_eq!(found.int_at(&["HostConfig", "MemorySwap"]), Some(1_048_576));
        assert_eq!(found.str_at(&["HostConfig", "LogConfig", "Type"]), Some("local"));
        assert!(found.at(&["Config", "User"]).is_none());
    }
}
