//! `docker inspect`: a container, network or volume as the API describes it, whole or through a template.

use super::look::Look;
use super::shapes;
use super::{Desk, Next};
use crate::compose::engine::{Container, Engine, Network, Status, is_predefined};
use crate::compose::project::{ERR, OUT, stamp};
use crate::console::template::{self, Go, Template};
use crate::map;
use crate::sim::Time;
use crate::text::go::quoted;
use crate::text::{Map, Value, json};
use std::rc::Rc;

/// What the API has a struct for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Container,
    Network,
    Volume,
}

/// Words that `--type` takes. Source: docker/cli v28 cli/command/system/inspect.go, allTypes.
const TYPES: [&str; 10] =
    ["config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume"];

impl Sort {
    /// The struct that the engine answers with, and the one that the client reads it into.
    const fn shapes(self) -> (&'static str, &'static str) {
        match self {
            Sort::Container => ("container.InspectResponse", "container.InspectResponse~"),
            Sort::Network => ("network.Inspect", "network.Inspect"),
            Sort::Volume => ("volume.Volume", "volume.Volume"),
        }
    }
    /// The thing of that name as the engine tells it.
    fn found(self, engine: &Engine, name: &str) -> Option<Value> {
        let tree = match self {
            Sort::Container => container(engine, engine.container(engine.find(name)?)?),
            Sort::Network => network(engine, engine.network_of(name)?.as_ref()),
            Sort::Volume => volume(name, &engine.volumes.get(name)?.labels),
        };
        Some(shapes::completed(self.shapes().0, &tree))
    }
    fn missing(self, name: &str) -> String {
        match self {
            Sort::Container => format!("Error response from daemon: No such container: {name}"),
            Sort::Network => format!("Error response from daemon: network {name} not found"),
            Sort::Volume => format!("Error response from daemon: get {name}: no such volume"),
        }
    }
}

const ANY: &[Sort] = &[Sort::Container, Sort::Network, Sort::Volume];

/// `docker inspect [--type TYPE] [-f TEMPLATE] NAME…`. Source: docker/cli v28 cli/command/system/inspect.go.
pub(super) fn inspect(look: &Look, desk: &mut Desk) -> Next {
    let sorts = match look.args.value("type") {
        None | Some("") => ANY,
        Some("container") => &[Sort::Container],
        Some("network") => &[Sort::Network],
        Some("volume") => &[Sort::Volume],
        Some(other) if TYPES.contains(&other) => {
            return Next::not_simulated(desk, &format!("docker inspect --type {other}"));
        }
        Some(other) => {
            let types = TYPES.map(|t| format!("\"{t}\"")).join(", ");
            return Next::error(1, format!("unknown type: {}: must be one of {types}", quoted(other)));
        }
    };
    shown(look, &desk.host.engine, sorts, true)
}

/// `docker container inspect`.
pub(super) fn of_containers(look: &Look, desk: &mut Desk) -> Next {
    shown(look, &desk.host.engine, &[Sort::Container], true)
}

/// `docker network inspect`.
pub(super) fn of_networks(look: &Look, desk: &mut Desk) -> Next {
    shown(look, &desk.host.engine, &[Sort::Network], true)
}

/// `docker volume inspect`, whose client keeps no answer as it came.
pub(super) fn of_volumes(look: &Look, desk: &mut Desk) -> Next {
    shown(look, &desk.host.engine, &[Sort::Volume], false)
}

/// What is found, then what went wrong. Source: docker/cli v28 cli/command/inspect/inspector.go, Inspect.
fn shown(look: &Look, engine: &Engine, sorts: &[Sort], keeps: bool) -> Next {
    let format = look.args.value("format").unwrap_or_default();
    let template = match Template::read(format, template::DOCKER) {
        Ok(template) => template,
        Err(words) => return Next::error(64, format!("template parsing error: {words}")),
    };
    let (mut trees, mut filled, mut faults) = (Vec::new(), String::new(), Vec::new());
    for name in &look.args.words {
        let found = sorts.iter().find_map(|sort| Some((*sort, sort.found(engine, name)?)));
        let Some((sort, tree)) = found else {
            faults.push(match sorts {
                [only] => only.missing(name),
                _ => format!("Error: No such object: {name}"),
            });
            continue;
        };
        match filled_in(&template, sort, &tree, keeps) {
            _ if matches!(format, "" | "json") => trees.push(tree),
            Ok(text) => filled += &(text + "\n"),
            Err(words) => faults.push(format!("template parsing error: {words}")),
        }
    }
    let style = json::Style { sorted: false, escape_html: format == "json" || !keeps, ..json::Style::KUBECTL };
    let out = match format {
        "" => json::write(&Value::from(trees), style),
        "json" => json::write(&Value::from(trees), json::Style { indent: 0, ..style }),
        _ => filled.strip_suffix('\n').unwrap_or(&filled).to_string(),
    };
    let lines = out.split('\n').map(|line| (OUT, line.to_string()));
    let code = i32::from(!faults.is_empty());
    Next::Done(lines.chain(faults.into_iter().map(|words| (ERR, words))).collect(), code)
}

/// A template goes through the client's struct; where that fails, through the answer as it came.
/// Source: docker/cli v28 cli/command/inspect/inspector.go, TemplateInspector.
fn filled_in(template: &Template, sort: Sort, tree: &Value, keeps: bool) -> Result<String, String> {
    let typed = template.fill(&shapes::typed(sort.shapes().1, tree), false);
    if typed.is_ok() || !keeps { typed } else { template.fill(&Go::raw(tree), true) }
}

/// What `docker inspect` prints of the container, network or volume of that name; nothing without one.
pub fn described(engine: &Engine, name: &str) -> Option<String> {
    let tree = ANY.iter().find_map(|sort| sort.found(engine, name))?;
    Some(json::write(&Value::List(vec![tree]), json::Style { sorted: false, ..json::Style::KUBECTL }))
}

fn time(t: Option<Time>) -> String {
    match t {
        Some(t) => format!("{}.{:06}000Z", stamp(t).trim_end_matches('Z'), t.0 % 1_000_000),
        None => "0001-01-01T00:00:00Z".into(),
    }
}

fn list<'a>(items: impl IntoIterator<Item = &'a Rc<str>>) -> Value {
    Value::List(items.into_iter().map(|i| Value::Str(i.clone())).collect())
}

fn labels(labels: &[(Rc<str>, Rc<str>)]) -> Value {
    Value::Map(labels.iter().map(|(k, v)| (k.clone(), Value::Str(v.clone()))).collect())
}

/// A container. Source: moby v29 api/types/container, InspectResponse.
pub(super) fn container(engine: &Engine, c: &Container) -> Value {
    let words = c.spec.words();
    let (path, args) = words.split_first().map_or(("".into(), &[][..]), |(path, args)| (path.clone(), args));
    let file = |name: &str| match c.started {
        Some(_) => format!("/var/lib/docker/containers/{}/{name}", c.id),
        None => String::new(),
    };
    Value::from(map! {
        "Id" => c.id.clone(),
        "Created" => time(Some(c.created)),
        "Path" => path,
        "Args" => list(args),
        "State" => state(c),
        "Image" => c.image_id.clone(),
        "ResolvConfPath" => file("resolv.conf"),
        "HostnamePath" => file("hostname"),
        "HostsPath" => file("hosts"),
        "LogPath" => file(&format!("{}-json.log", c.id)),
        "Name" => format!("/{}", c.name),
        "RestartCount" => c.restarts,
        "Driver" => "overlayfs",
        "Platform" => "linux",
        "HostConfig" => host_config(c),
        "Storage" => map! { "RootFS" => map! { "Snapshot" => map! { "Name" => "overlayfs" } } },
        "Mounts" => Value::List(c.mounts.iter().map(mount).collect()),
        "Config" => config(engine, c),
        "NetworkSettings" => networks(engine, c),
    })
}

fn state(c: &Container) -> Value {
    let mut state = map! {
        "Status" => c.status.word(),
        "Running" => matches!(c.status, Status::Running | Status::Paused | Status::Restarting),
        "Paused" => c.status == Status::Paused,
        "Restarting" => c.status == Status::Restarting,
        "OOMKilled" => c.oom,
        "Dead" => false,
        "Pid" => c.pid,
        "ExitCode" => c.exit,
        "Error" => c.error.clone(),
        "StartedAt" => time(c.started),
        "FinishedAt" => time(c.finished),
    };
    if let Some(health) = &c.health {
        let log = health.last.as_ref().map(|p| {
            Value::from(map! {
                "Start" => time(Some(p.start)), "End" => time(Some(p.end)), "ExitCode" => p.exit, "Output" => p.output.clone(),
            })
        });
        state.set(
            "Health",
            map! {
                "Status" => health.verdict.word(),
                "FailingStreak" => health.failing,
                "Log" => Value::List(log.into_iter().collect()),
            },
        );
    }
    Value::from(state)
}

/// Source: moby v29 daemon/config/config.go, DefaultShmSize.
const SHM_SIZE: i64 = 64 << 20;
/// Source: moby v29 daemon/pkg/oci/defaults.go, defaultLinuxMaskedPaths.
const MASKED: &[&str] = &[
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];
/// Source: see above, defaultLinuxReadonlyPaths.
const READ_ONLY: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

fn host_config(c: &Container) -> Value {
    let limits = c.spec.limits;
    let paths = |list: &[&str]| Value::List(list.iter().map(|path| Value::from(*path)).collect());
    let mut config = map! {
        "LogConfig" => map! { "Type" => "json-file", "Config" => Map::new() },
        "ConsoleSize" => vec![Value::Int(0), Value::Int(0)],
        "CgroupnsMode" => "host",
        "IpcMode" => "private",
        "ShmSize" => SHM_SIZE,
        "Runtime" => "runc",
        "MaskedPaths" => paths(MASKED),
        "ReadonlyPaths" => paths(READ_ONLY),
        "NetworkMode" => c.endpoints.first().map_or("default".into(), |e| e.network.clone()),
        "RestartPolicy" => map! { "MaximumRetryCount" => c.spec.restart.most(), "Name" => c.spec.restart.name() },
        "AutoRemove" => c.spec.auto_remove,
        "Memory" => limits.memory,
        "MemoryReservation" => limits.reservation,
        "MemorySwap" => limits.memory * 2,
        "NanoCpus" => limits.nano_cpus,
        "CpuShares" => limits.cpu_shares,
        "PortBindings" => bindings(c),
    };
    if limits.pids != 0 {
        config.set("PidsLimit", limits.pids);
    }
    asked_for(&mut config, c, "HostConfig");
    Value::from(config)
}

/// What was asked for and is only shown.
fn asked_for(config: &mut Map, c: &Container, part: &str) {
    let further = c.spec.further.get(part).and_then(Value::as_map);
    further.into_iter().flat_map(Map::iter).for_each(|(key, value)| config.set(key.clone(), value.clone()));
}

fn bindings(c: &Container) -> Value {
    let mut all = Map::new();
    for p in &c.spec.publish {
        let port = p
            .range
            .map_or(String::new(), |(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") });
        let item = Value::from(map! { "HostIp" => p.ip.clone(), "HostPort" => port });
        match all.entry(&format!("{}/{}", p.target, p.protocol)) {
            Value::List(list) => list.push(item),
            empty => *empty = Value::List(vec![item]),
        }
    }
    Value::from(all)
}

fn mount(m: &crate::compose::engine::Mount) -> Value {
    let mut tree = map! { "Type" => m.kind.clone() };
    if &*m.kind == "volume" {
        tree.set("Name", m.source.clone());
        tree.set("Driver", "local");
    }
    tree.set("Source", m.source.clone());
    tree.set("Destination", m.target.clone());
    tree.set("Mode", if m.read_only { "ro" } else { "rw" });
    tree.set("RW", !m.read_only);
    if &*m.kind == "bind" {
        tree.set("Propagation", "rprivate");
    }
    Value::from(tree)
}

fn config(engine: &Engine, c: &Container) -> Value {
    let env = engine.env_of(c).into_iter().filter(|(k, _)| !matches!(&**k, "HOSTNAME" | "HOME"));
    let mut config = map! {
        "Hostname" => c.hostname(),
        "AttachStdout" => true,
        "AttachStderr" => true,
        "Env" => Value::List(env.map(|(k, v)| Value::from(format!("{k}={v}"))).collect()),
        "Cmd" => list(&c.spec.command),
        "Entrypoint" => list(&c.spec.entrypoint),
        "Image" => c.spec.image.clone(),
        "Tty" => c.spec.tty,
        "Labels" => labels(&c.spec.labels),
        "ExposedPorts" => Value::Map(c.spec.exposed.iter().map(|p| (p.clone(), Value::from(Map::new()))).collect()),
    };
    asked_for(&mut config, c, "Config");
    if !c.spec.stop_signal.is_empty() {
        config.set("StopSignal", c.spec.stop_signal.clone());
    }
    if let Some(grace) = c.spec.stop_grace {
        config.set("StopTimeout", grace.as_secs() as i64);
    }
    if let Some(check) = &c.spec.healthcheck {
        let ns = |span: crate::sim::Span| (span.0 * 1_000) as i64;
        config.set(
            "Healthcheck",
            map! {
                "Test" => list(&check.test), "Interval" => ns(check.interval), "Timeout" => ns(check.timeout),
                "StartPeriod" => ns(check.start_period), "StartInterval" => ns(check.start_interval), "Retries" => check.retries,
            },
        );
    }
    Value::from(config)
}

fn networks(engine: &Engine, c: &Container) -> Value {
    let mut all = Map::new();
    let cid = engine.find(&c.id);
    let endpoint =
        |network: &str, up: bool| cid.filter(|_| up).map_or(String::new(), |cid| engine.endpoint_id(network, cid));
    for e in &c.endpoints {
        let network = engine.network_named(&e.network);
        let id = network.as_ref().map_or("".into(), |n| n.id.clone());
        let known = network.filter(|n| e.ip.is_some() && n.subnet > 0);
        let gateway = known.map(|n| format!("172.{}.0.1", n.subnet));
        let mut names = e.aliases.clone();
        names.push(c.short());
        // Networks that every engine has know no names.
        let names = if is_predefined(&e.network) { Value::Null } else { list(&names) };
        all.set(
            e.network.clone(),
            map! {
                "Aliases" => list(&e.aliases), "DNSNames" => names, "NetworkID" => id.clone(),
                "EndpointID" => endpoint(&id, e.ip.is_some()),
                "IPAddress" => e.ip.clone().unwrap_or_default(),
                "IPPrefixLen" => if e.ip.as_ref().is_some_and(|ip| !ip.is_empty()) { 16 } else { 0 },
                "Gateway" => gateway.unwrap_or_default(),
            },
        );
    }
    let mut ports = Map::new();
    for b in &c.bindings {
        let item = Value::from(map! { "HostIp" => b.ip.clone(), "HostPort" => b.port.to_string() });
        match ports.entry(&format!("{}/{}", b.target, b.protocol)) {
            Value::List(list) => list.push(item),
            empty => *empty = Value::List(vec![item]),
        }
    }
    Value::from(map! { "Ports" => ports, "Networks" => all })
}

/// Options of the default bridge, as an engine without a configuration of its own makes it.
/// Source: moby v29 daemon/daemon_unix.go, initBridgeDriver.
fn options(network: &str) -> Map {
    let mut all = Map::new();
    if network == "bridge" {
        for (key, value) in [
            ("bridge.default_bridge", "true"),
            ("bridge.enable_icc", "true"),
            ("bridge.enable_ip_masquerade", "true"),
            ("bridge.host_binding_ipv4", "0.0.0.0"),
            ("bridge.name", "docker0"),
            ("driver.mtu", "1500"),
        ] {
            all.set(format!("com.docker.network.{key}"), value);
        }
    }
    all
}

fn network(engine: &Engine, n: &Network) -> Value {
    let mut inside = Map::new();
    for cid in engine.in_network(&n.name) {
        let Some(c) = engine.container(cid) else { continue };
        let ip = c.endpoints.iter().find(|e| e.network == n.name).and_then(|e| e.ip.clone()).unwrap_or_default();
        let address = if ip.is_empty() { String::new() } else { format!("{ip}/16") };
        inside.set(
            c.id.clone(),
            map! {
                "Name" => c.name.clone(), "EndpointID" => engine.endpoint_id(&n.id, cid), "IPv4Address" => address,
            },
        );
    }
    let (range, gateway) = (format!("172.{}.0.0/16", n.subnet), format!("172.{}.0.1", n.subnet));
    let ranges = vec![Value::from(map! { "Subnet" => range, "Gateway" => gateway })];
    Value::from(map! {
        "Name" => n.name.clone(),
        "Id" => n.id.clone(),
        "Created" => time(Some(n.created)),
        "Scope" => "local",
        "Driver" => n.driver.clone(),
        "EnableIPv4" => true,
        "IPAM" => map! {
            "Driver" => "default",
            "Config" => if n.subnet > 0 { Value::from(ranges) } else { Value::Null },
        },
        "Internal" => n.internal,
        "Containers" => inside,
        "Options" => options(&n.name),
        "Labels" => labels(&n.labels),
    })
}

fn volume(name: &str, of: &[(Rc<str>, Rc<str>)]) -> Value {
    Value::from(map! {
        "Driver" => "local", "Labels" => labels(of), "Mountpoint" => format!("/var/lib/docker/volumes/{name}/_data"),
        "Name" => name, "Scope" => "local",
    })
}
