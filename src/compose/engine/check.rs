//! What the engine refuses to make a container from.
//! Source: moby v29 daemon/create.go, containerCreate; container.go, verifyContainerSettings; daemon_unix.go.

use super::*;
use crate::text::Value;
use crate::text::go::quoted;

/// Smallest memory limit. Source: moby v29 daemon/daemon_unix.go, linuxMinMemory.
const MIN_MEMORY: i64 = 6 << 20;
/// Shortest time of a health check. Source: moby v29 api/types/container/config.go, MinimumDuration.
const MIN_SPAN: Span = Span::millis(1);
/// Longest name of a host. Source: moby v29 daemon/daemon_unix.go, maxHostnameLen.
const MAX_HOSTNAME: usize = 64;
/// Most processors that a list may name. Source: moby v29 pkg/parsers/parsers.go, ParseUintListMaximum's caller.
const MAX_CPU: u32 = 8192;

/// Runtimes of a host as it is installed. Source: moby v29 daemon/config/config_linux.go, StockRuntimeName; runtime_unix.go.
const RUNTIMES: [&str; 3] = ["", "runc", "io.containerd.runc.v2"];
/// Source: moby v29 daemon/logdrivers_linux.go.
const LOG_DRIVERS: [&str; 11] =
    ["", "awslogs", "fluentd", "gcplogs", "gelf", "journald", "json-file", "local", "none", "splunk", "syslog"];
/// Source: moby v29 daemon/pkg/oci/caps/utils_linux.go; Linux capability.h.
const CAPABILITIES: [&str; 42] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

type Sound = Result<(), String>;

impl Engine {
    pub(super) fn check_spec(&self, spec: &Spec) -> Result<(Rc<str>, Rc<Image>), Refusal> {
        let other = |words: String| Refusal::new(Fault::Other, words);
        check_config(spec).map_err(other)?;
        self.check_host_config(spec).map_err(other)?;
        self.check_resources(spec).map_err(other)?;
        check_platform(spec).map_err(other)?;
        let holder = self.containers.values().find(|c| c.name == spec.name);
        if let Some(holder) = holder {
            return Err(Refusal::new(Fault::Conflict, life::name_taken(&spec.name, &holder.id)));
        }
        let missing = || Refusal::new(Fault::NotFound, format!("No such image: {}", spec.image));
        let found = self.images.get(&spec.image).ok_or_else(missing)?;
        check_log(spec).map_err(other)?;
        check_security(spec).map_err(other)?;
        match spec.networks.iter().find(|e| self.network_named(&e.network).is_none()) {
            Some(endpoint) => Err(Refusal::new(Fault::NotFound, format!("network {} not found", endpoint.network))),
            None => Ok(found),
        }
    }
    /// Source: container.go, validateHostConfig.
    fn check_host_config(&self, spec: &Spec) -> Sound {
        for mount in spec.mounts.iter().filter(|m| &*m.kind == "bind" && m.must_exist) {
            if self.path_missing(&mount.source) {
                let path = &mount.source;
                return Err(format!("invalid mount config for type \"bind\": bind source path does not exist: {path}"));
            }
        }
        if spec.bad_attempts {
            return Err("invalid restart policy: maximum retry count can only be used with 'on-failure'".into());
        }
        check_capabilities(spec, "CapAdd")?;
        check_capabilities(spec, "CapDrop")
    }
    /// Source: daemon_unix.go, verifyPlatformContainerResources.
    fn check_resources(&self, spec: &Spec) -> Sound {
        let limits = spec.limits;
        let swap = spec.host_int("MemorySwap").unwrap_or(0);
        let (period, quota) = (spec.host_int("CpuPeriod").unwrap_or(0), spec.host_int("CpuQuota").unwrap_or(0));
        let refused = |bad: bool, words: &str| if bad { Err(words.to_string()) } else { Ok(()) };
        refused(limits.memory != 0 && limits.memory < MIN_MEMORY, "Minimum memory limit allowed is 6MB")?;
        refused(
            limits.memory > 0 && swap > 0 && swap < limits.memory,
            "Minimum memoryswap limit should be larger than memory limit, see usage",
        )?;
        refused(
            limits.memory == 0 && swap > 0,
            "You should always set the Memory limit when using Memoryswap limit, see usage",
        )?;
        if let Some(n) = spec.host_int("MemorySwappiness").filter(|n| *n != -1 && !(0..=100).contains(n)) {
            return Err(format!("Invalid value: {n}, valid memory swappiness range is 0-100"));
        }
        refused(
            limits.reservation > 0 && limits.reservation < MIN_MEMORY,
            "Minimum memory reservation allowed is 6MB",
        )?;
        refused(
            limits.memory > 0 && limits.reservation > limits.memory,
            "Minimum memory limit can not be less than memory reservation limit, see usage",
        )?;
        let cpus = limits.nano_cpus > 0;
        refused(cpus && period > 0, "Conflicting options: Nano CPUs and CPU Period cannot both be set")?;
        refused(cpus && quota > 0, "Conflicting options: Nano CPUs and CPU Quota cannot both be set")?;
        if !(0..=i64::from(self.cpus) * 1_000_000_000).contains(&limits.nano_cpus) {
            let n = self.cpus;
            return Err(format!("range of CPUs is from 0.01 to {n}.00, as there are only {n} CPUs available"));
        }
        refused(
            period != 0 && !(1_000..=1_000_000).contains(&period),
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
        )?;
        refused(quota > 0 && quota < 1_000, "CPU cfs quota can not be less than 1ms (i.e. 1000)")?;
        self.check_cpuset(spec.host_text("CpusetCpus"))
    }
    /// Source: moby v29 pkg/parsers/parsers.go, parseUintList; sysinfo.go, IsCpusetCpusAvailable.
    fn check_cpuset(&self, asked: &str) -> Sound {
        let invalid = || format!("Invalid value {asked} for cpuset cpus: invalid format: {asked}");
        for part in asked.split(',').filter(|_| !asked.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.parse::<u32>().ok().filter(|n| *n <= MAX_CPU).ok_or_else(invalid);
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return Err(invalid());
            }
            if last >= self.cpus {
                let all = if self.cpus == 1 { "0".to_string() } else { format!("0-{}", self.cpus - 1) };
                return Err(format!("Requested CPUs are not available - requested {asked}, available: {all}"));
            }
        }
        Ok(())
    }
}

/// Source: container.go, validateContainerConfig, validateHealthCheck.
fn check_config(spec: &Spec) -> Sound {
    let folder = spec.further.str_at(&["Config", "WorkingDir"]).unwrap_or_default();
    if !folder.is_empty() && !folder.starts_with('/') {
        return Err(format!("the working directory '{folder}' is invalid, it needs to be an absolute path"));
    }
    if !spec.stop_signal.is_empty() {
        stop::signal_of(&spec.stop_signal)?;
    }
    let Some(check) = &spec.healthcheck else { return Ok(()) };
    for (name, span) in [
        ("Interval", check.interval),
        ("Timeout", check.timeout),
        ("StartPeriod", check.start_period),
        ("StartInterval", check.start_interval),
    ] {
        if span != Span::ZERO && span < MIN_SPAN {
            return Err(format!("{name} in Healthcheck cannot be less than 1ms"));
        }
    }
    Ok(())
}

/// Source: daemon_unix.go, verifyPlatformContainerSettings.
fn check_platform(spec: &Spec) -> Sound {
    if spec.hostname.len() > MAX_HOSTNAME {
        let name = quoted(&spec.hostname);
        return Err(format!("hostname {name} is too long (maximum {MAX_HOSTNAME} bytes)"));
    }
    if spec.host_int("ShmSize").is_some_and(|n| n < 0) {
        return Err("SHM size can not be less than 0".into());
    }
    if let Some(n) = spec.host_int("OomScoreAdj").filter(|n| !(-1_000..=1_000).contains(n)) {
        return Err(format!("Invalid value {n}, range for oom score adj is [-1000, 1000]"));
    }
    let runtime = spec.host_text("Runtime");
    let shim = !runtime.contains('/') && runtime.split_once('.').is_some_and(|(prefix, _)| !prefix.is_empty());
    if !RUNTIMES.contains(&runtime) && !shim {
        return Err(format!("unknown or invalid runtime name: {runtime}"));
    }
    Ok(())
}

/// Source: daemon/pkg/oci/caps/utils.go, NormalizeLegacyCapabilities.
fn check_capabilities(spec: &Spec, list: &str) -> Sound {
    for word in spec.host_words(list) {
        let upper = word.to_uppercase();
        let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
        if !CAPABILITIES.contains(&name) || upper == "CAP_ALL" {
            return Err(format!("invalid {list}: unknown capability: {}", quoted(&format!("CAP_{name}"))));
        }
    }
    Ok(())
}

/// Source: daemon/logger/factory.go, ValidateLogOpts.
fn check_log(spec: &Spec) -> Sound {
    let driver = spec.further.str_at(&["HostConfig", "LogConfig", "Type"]).unwrap_or_default();
    match LOG_DRIVERS.contains(&driver) {
        true => Ok(()),
        false => Err(format!("logger: no log driver named '{driver}' is registered")),
    }
}

/// Source: daemon_unix.go, parseSecurityOpt; Go strconv, ParseBool.
fn check_security(spec: &Spec) -> Sound {
    for word in spec.host_words("SecurityOpt") {
        if matches!(word, "no-new-privileges" | "writable-cgroups" | "disable") {
            continue;
        }
        let Some((key, value)) = word.split_once('=').or_else(|| word.split_once(':')) else {
            return Err(format!("invalid --security-opt 1: {}", quoted(word)));
        };
        let switch = ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"];
        let sound = match key {
            "label" | "apparmor" | "seccomp" => true,
            "no-new-privileges" | "writable-cgroups" => switch.contains(&value),
            _ => false,
        };
        if !sound {
            return Err(format!("invalid --security-opt 2: {}", quoted(word)));
        }
    }
    Ok(())
}

impl Spec {
    fn host(&self, key: &str) -> Option<&Value> {
        self.further.at(&["HostConfig", key])
    }
    fn host_int(&self, key: &str) -> Option<i64> {
        self.host(key).and_then(Value::as_int)
    }
    fn host_text(&self, key: &str) -> &str {
        self.host(key).and_then(Value::as_str).unwrap_or_default()
    }
    fn host_words(&self, key: &str) -> impl Iterator<Item = &str> {
        self.host(key).and_then(Value::as_list).into_iter().flatten().filter_map(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    /// What the engine says to a container of that image with such settings of its host.
    fn said(key: &str, value: impl Into<Value>) -> String {
        let further = Value::from(map! { "HostConfig" => map! { key => value.into() } });
        refused(Spec { further: further.into(), ..Spec::default() })
    }
    fn refused(spec: Spec) -> String {
        let mut engine = Engine::new(1);
        engine.cpus = 4;
        let spec = Spec { image: "myapp:1".into(), name: "a".into(), ..spec };
        engine.check_spec(&spec).map_or_else(|refusal| refusal.words.to_string(), |_| "made".into())
    }
    fn words(list: &[&str]) -> Value {
        Value::List(list.iter().map(|w| Value::from(*w)).collect())
    }

    #[test]
    fn what_cannot_be_is_refused_in_the_words_of_the_engine() {
        let memory = |swap: i64, memory: i64| {
            let further = Value::from(map! { "HostConfig" => map! { "MemorySwap" => swap } });
            refused(Spec { further: further.into(), limits: Limits { memory, ..Limits::default() }, ..Spec::default() })
        };
        let nano = |nano_cpus| refused(Spec { limits: Limits { nano_cpus, ..Limits::default() }, ..Spec::default() });
        let folder = |path: &str| {
            let further = Value::from(map! { "Config" => map! { "WorkingDir" => path } });
            refused(Spec { further: further.into(), ..Spec::default() })
        };
        let check = Healthcheck { interval: Span(1), ..Healthcheck::default() };
        for (words, expected) in [
            (refused(Spec { stop_signal: "FOO".into(), ..Spec::default() }), "invalid signal: FOO"),
            (folder("rel"), "the working directory 'rel' is invalid, it needs to be an absolute path"),
            (
                refused(Spec { healthcheck: Some(check), ..Spec::default() }),
                "Interval in Healthcheck cannot be less than 1ms",
            ),
            (memory(8 << 20, 16 << 20), "Minimum memoryswap limit should be larger than memory limit, see usage"),
            (memory(8 << 20, 0), "You should always set the Memory limit when using Memoryswap limit, see usage"),
            (nano(-1), "range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"),
            (said("CpusetCpus", "99"), "Requested CPUs are not available - requested 99, available: 0-3"),
            (said("CpusetCpus", "0-x"), "Invalid value 0-x for cpuset cpus: invalid format: 0-x"),
            (said("MemorySwappiness", 200), "Invalid value: 200, valid memory swappiness range is 0-100"),
            (said("Runtime", "nosuch"), "unknown or invalid runtime name: nosuch"),
            (said("LogConfig", map! { "Type" => "nosuch" }), "logger: no log driver named 'nosuch' is registered"),
            (said("CapAdd", words(&["chown", "FOO"])), "invalid CapAdd: unknown capability: \"CAP_FOO\""),
            (said("SecurityOpt", words(&["foo:bar"])), "invalid --security-opt 2: \"foo:bar\""),
        ] {
            assert_eq!(words, expected);
        }
    }

    #[test]
    fn what_can_be_is_made() {
        for words in [
            said("CpusetCpus", "0,2-3"),
            said("MemorySwappiness", 100),
            said("Runtime", "io.containerd.kata.v2"),
            said("LogConfig", map! { "Type" => "local" }),
            said("CapDrop", words(&["ALL", "cap_net_raw"])),
            said("SecurityOpt", words(&["no-new-privileges:true", "seccomp=unconfined", "label=disable"])),
            refused(Spec { stop_signal: "sigquit".into(), ..Spec::default() }),
        ] {
            assert_eq!(words, "made");
        }
    }
}
