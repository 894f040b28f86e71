//! The container of a service, its probes and hooks, and the containers that wait for what it depends on.

use super::notes::Notes;
use super::service::Service;
use super::{Project, list, map, names, pod, scalar};
use crate::text::{Map, Value, go};

/// Defaults of a health check. Source: moby daemon/health.go, defaultProbeInterval, defaultProbeTimeout,
/// defaultProbeRetries, defaultStartInterval; whole seconds.
const INTERVAL: i64 = 30;
const TIMEOUT: i64 = 30;
const RETRIES: i64 = 3;
const START_INTERVAL: i64 = 5;
/// Ports of images that many files name without a word of their port.
/// Source: EXPOSE in the Dockerfiles of the Docker Official Images.
const IMAGE_PORTS: [(&str, u16); 11] = [
    ("elasticsearch", 9200),
    ("httpd", 80),
    ("mariadb", 3306),
    ("memcached", 11211),
    ("mongo", 27017),
    ("mysql", 3306),
    ("nginx", 80),
    ("postgres", 5432),
    ("rabbitmq", 5672),
    ("redis", 6379),
    ("tomcat", 8080),
];
/// What a device plugin calls its cards. Source: github.com/NVIDIA/k8s-device-plugin, README.
const GPU: &str = "nvidia.com/gpu";
/// The image whose shell waits. Ours: small, and has `nc`.
const WAITER: &str = "busybox:1.37";

/// The service's container.
pub(super) fn container(service: &Service, mounts: Value, notes: &mut Notes) -> Value {
    let (readiness, startup) = probes(service, notes);
    let ports = service.listens().into_iter().map(|(number, protocol, _)| {
        let protocol = if protocol == "TCP" { Value::Null } else { Value::str(protocol) };
        map([("containerPort", Value::Int(number.into())), ("protocol", protocol)])
    });
    let words = |member: &str| {
        let texts = service.texts(member);
        list(texts.iter().map(|text| names::literal(text)))
    };
    let container = map([
        ("name", Value::str(&*service.name)),
        ("image", Value::str(image(service, notes))),
        ("imagePullPolicy", Value::str(pull_policy(service, notes))),
        ("command", words("entrypoint")),
        ("args", words("command")),
        ("workingDir", Value::str(service.text("working_dir"))),
        ("ports", Value::List(ports.collect())),
        ("env", environment(service, notes)),
        ("resources", resources(service, notes)),
        ("startupProbe", startup),
        ("readinessProbe", readiness),
        ("lifecycle", hooks(service, notes)),
        ("securityContext", security(service, notes)),
        ("stdin", on(service.flag("stdin_open"))),
        ("tty", on(service.flag("tty"))),
        ("volumeMounts", mounts),
    ]);
    pod::without_blank(container)
}

fn on(yes: bool) -> Value {
    if yes { Value::Bool(true) } else { Value::Null }
}

fn image(service: &Service, notes: &mut Notes) -> String {
    let image = service.text("image");
    if service.get("build").is_some() {
        let name = if image.is_empty() { service.name.clone() } else { image.clone() };
        notes.decide(service.path("build"), "decide.build", &[("image", &name)]);
        return name;
    }
    image
}

/// Source: Compose specification, pull_policy.
fn pull_policy(service: &Service, notes: &mut Notes) -> String {
    let policy = service.text("pull_policy");
    let known = match policy.as_str() {
        "always" => "Always",
        "never" => "Never",
        "missing" | "if_not_present" => "IfNotPresent",
        "" | "build" => "",
        _ => {
            notes.none(service.path("pull_policy"), "none.pull_policy", &[("policy", &policy)]);
            ""
        }
    };
    known.to_string()
}

fn environment(service: &Service, notes: &mut Notes) -> Value {
    let mut all = Vec::new();
    for (name, value) in service.members("environment").into_iter().filter(|(_, v)| !v.is_null()) {
        if names::is_env_name(name) {
            let value = names::literal(&scalar(value));
            all.push(map([("name", Value::str(name)), ("value", Value::str(value))]));
        } else {
            notes.none(service.path("environment"), "none.env_name", &[("name", name)]);
        }
    }
    Value::List(all)
}

/// Limits and reservations, of `deploy` or in their older places.
fn resources(service: &Service, notes: &mut Notes) -> Value {
    let cpu = |value: &Value| scalar(value).parse::<f64>().ok().filter(|n| *n > 0.0).map(millis);
    let bytes = |value: &Value| scalar(value).parse::<i64>().ok().filter(|n| *n > 0).map(quantity);
    let part = |path: &str, old_cpu: &str, old_memory: &str| {
        let of = |member: &str, old: &str| service.deploy(&["resources", path, member]).or_else(|| service.get(old));
        let mut out = Map::new();
        if let Some(cpu) = of("cpus", old_cpu).and_then(cpu) {
            out.set("cpu", Value::str(cpu));
        }
        if let Some(memory) = of("memory", old_memory).and_then(bytes) {
            out.set("memory", Value::str(memory));
        }
        out
    };
    let mut limits = part("limits", "cpus", "mem_limit");
    let devices = service.deploy(&["resources", "reservations", "devices"]).and_then(Value::as_list);
    for device in devices.unwrap_or_default() {
        match gpus(device) {
            Some(count) => {
                limits.set(GPU, Value::Int(count));
                notes.decide(service.path("deploy.resources.reservations.devices"), "decide.gpu", &[("resource", GPU)]);
            }
            None => notes.none(service.path("deploy.resources.reservations.devices"), "none.device", &[]),
        }
    }
    if service.deploy(&["resources", "limits", "pids"]).is_some() {
        notes.none(service.path("deploy.resources.limits.pids"), "none.pids", &[]);
    }
    let mut requests = part("reservations", "", "mem_reservation");
    for name in ["cpu", "memory"] {
        if exceeds(&requests, &limits, name) {
            notes.decide(service.path("deploy.resources"), "decide.reservation", &[("resource", name)]);
            let limit = limits.get(name).cloned().unwrap_or_default();
            requests.set(name, limit);
        }
    }
    map([("requests", Value::Map(requests)), ("limits", Value::Map(limits))])
}

/// Whether more is requested than the limit allows: Compose takes that, Kubernetes refuses it.
fn exceeds(requests: &Map, limits: &Map, name: &str) -> bool {
    let amount = |map: &Map| {
        let text = map.get(name).map(scalar)?;
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "m" => 0.001,
            "Ki" => 1024.0,
            "Mi" => 1_048_576.0,
            "Gi" => 1_073_741_824.0,
            _ => 1.0,
        };
        Some(digits.parse::<f64>().ok()? * unit)
    };
    matches!((amount(requests), amount(limits)), (Some(asked), Some(most)) if asked > most)
}

fn gpus(device: &Value) -> Option<i64> {
    let capabilities = super::texts(device.get("capabilities"));
    capabilities.iter().any(|c| c == "gpu" || c == "nvidia").then(|| device.int_at(&["count"]).unwrap_or(1).max(1))
}

/// `0.5` cores as `500m`.
fn millis(cores: f64) -> String {
    let millis = (cores * 1000.0 + 0.5) as i64;
    if millis % 1000 == 0 { (millis / 1000).to_string() } else { format!("{}m", millis.max(1)) }
}

/// Bytes in the largest unit that leaves no rest.
fn quantity(bytes: i64) -> String {
    let units = [("Gi", 1i64 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    let unit = units.iter().find(|(_, size)| bytes % size == 0);
    unit.map_or_else(|| bytes.to_string(), |(unit, size)| format!("{}{unit}", bytes / size))
}

/// A duration such as `1m30.5s` in whole seconds, rounded up.
pub(super) fn seconds(text: &str) -> Option<i64> {
    go::micros(text).and_then(|micros| i64::try_from(micros.div_ceil(1_000_000)).ok())
}

/// A health check becomes a readiness probe: Compose, too, only takes the container out of what waits for it.
fn probes(service: &Service, notes: &mut Notes) -> (Value, Value) {
    let Some(check) = service.get("healthcheck") else { return Default::default() };
    let test = super::texts(check.get("test"));
    let command = match test.split_first() {
        _ if check.bool_at(&["disable"]) == Some(true) => return Default::default(),
        None => {
            notes.decide(service.path("healthcheck"), "decide.image_check", &[]);
            return Default::default();
        }
        Some((first, _)) if first == "NONE" => return Default::default(),
        Some((first, rest)) if first == "CMD" => rest.to_vec(),
        Some((first, rest)) if first == "CMD-SHELL" => vec!["/bin/sh".into(), "-c".into(), rest.join(" ")],
        Some(_) => vec!["/bin/sh".into(), "-c".into(), test.join(" ")],
    };
    notes.decide(service.path("healthcheck"), "decide.liveness", &[]);
    let span = |member: &str| seconds(check.str_at(&[member]).unwrap_or_default()).filter(|n| *n > 0);
    let interval = span("interval").unwrap_or(INTERVAL);
    let action = map([("command", list(&command))]);
    let probe = |period: i64, failures: i64| {
        map([
            ("exec", action.clone()),
            ("periodSeconds", Value::Int(period)),
            ("timeoutSeconds", Value::Int(span("timeout").unwrap_or(TIMEOUT))),
            ("failureThreshold", Value::Int(failures)),
        ])
    };
    let retries = check.int_at(&["retries"]).filter(|n| *n > 0).unwrap_or(RETRIES);
    let readiness = probe(interval, retries);
    let Some(start) = span("start_period") else { return (readiness, Value::Null) };
    // Within the start period failures do not count; behind it, `retries` of them do. A startup probe that runs out restarts
    // the container, so it gets the time of both.
    let period = span("start_interval").unwrap_or(START_INTERVAL).min(start);
    let tries = start.saturating_add(interval.saturating_mul(retries)).saturating_add(period - 1) / period;
    (readiness, probe(period, tries))
}

/// Hooks run one after the other in Compose; Kubernetes takes one command.
fn hooks(service: &Service, notes: &mut Notes) -> Value {
    let mut hook = |member: &str| {
        let all: Vec<Vec<String>> = service.list(member).iter().map(|h| super::texts(h.get("command"))).collect();
        if service.list(member).iter().any(|h| h.get("user").is_some() || h.get("privileged").is_some()) {
            notes.none(service.path(member), "none.hook_user", &[]);
        }
        let command = match all.as_slice() {
            [] => return Value::Null,
            [one] => one.clone(),
            many => {
                let lines: Vec<String> = many.iter().map(|words| shell_words(words)).collect();
                vec!["/bin/sh".into(), "-c".into(), lines.join(" && ")]
            }
        };
        map([("exec", map([("command", list(command))]))])
    };
    let (start, stop) = (hook("post_start"), hook("pre_stop"));
    map([("postStart", start), ("preStop", stop)])
}

fn shell_words(words: &[String]) -> String {
    let quoted = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''")));
    quoted.collect::<Vec<_>>().join(" ")
}

fn security(service: &Service, notes: &mut Notes) -> Value {
    let user = service.text("user");
    let (id, group) = user.split_once(':').unwrap_or((&user, ""));
    let number = |text: &str| text.parse::<i64>().map_or(Value::Null, Value::Int);
    if [id, group].iter().any(|part| !part.is_empty() && part.parse::<i64>().is_err()) {
        notes.decide(service.path("user"), "decide.user", &[("user", &user)]);
    }
    let bare = |member: &str| {
        let texts = service.texts(member);
        list(texts.iter().map(|c| c.strip_prefix("CAP_").unwrap_or(c).to_string()))
    };
    let mut fixed = false;
    for option in service.texts("security_opt") {
        match option.replace('=', ":").as_str() {
            "no-new-privileges:true" | "no-new-privileges" => fixed = true,
            _ => notes.none(service.path("security_opt"), "none.security_opt", &[("option", &option)]),
        }
    }
    map([
        ("runAsUser", number(id)),
        ("runAsGroup", number(group)),
        ("privileged", on(service.flag("privileged"))),
        ("readOnlyRootFilesystem", on(service.flag("read_only"))),
        ("allowPrivilegeEscalation", if fixed { Value::Bool(false) } else { Value::Null }),
        ("capabilities", map([("add", bare("cap_add")), ("drop", bare("cap_drop"))])),
    ])
}

/// The port of a well-known image: `postgres:16`, `docker.io/library/redis`.
fn port_of_image(image: &str) -> Option<u16> {
    let bare = image.split('@').next().unwrap_or(image);
    let bare = bare.strip_prefix("docker.io/").unwrap_or(bare);
    let bare = bare.strip_prefix("library/").unwrap_or(bare);
    let name = bare.split(':').next().unwrap_or(bare);
    IMAGE_PORTS.iter().find(|(known, _)| *known == name).map(|(_, port)| *port)
}

/// Containers that wait until what the service depends on can be reached. A Service only leads to ready pods, so a port that
/// answers means healthy.
pub(super) fn waits(project: &Project, service: &Service, notes: &mut Notes) -> Vec<Value> {
    let mut all = Vec::new();
    for (name, condition) in service.depends_on() {
        let path = service.path(&format!("depends_on.{name}"));
        // Source: compose v5.6 pkg/compose/convergence.go, shouldWaitForDependency: nobody waits for what has no containers.
        let Some(other) = project.service(name).filter(|other| other.replicas() > 0) else { continue };
        let told = other.listens().into_iter().find(|(_, protocol, _)| *protocol == "TCP").map(|(number, ..)| number);
        match (condition, told.or_else(|| port_of_image(&other.text("image")))) {
            ("service_healthy", Some(port)) => {
                notes.assumed(path, "assumed.wait", &[("service", &other.name), ("port", &port.to_string())]);
                let line = format!("until nc -z {} {port}; do sleep 1; done", other.name);
                all.push(map([
                    ("name", Value::str(names::label(&format!("wait-for-{}", other.name)))),
                    ("image", Value::str(WAITER)),
                    ("command", list(["/bin/sh", "-c", &line])),
                ]));
            }
            ("service_healthy", None) => notes.decide(path, "decide.wait_port", &[("service", name)]),
            ("service_completed_successfully", _) => notes.decide(path, "decide.wait_job", &[("service", name)]),
            _ => notes.none(path, "none.order", &[("service", name)]),
        }
    }
    all
}
