//! `docker inspect`: a container, network or volume as the API describes it, whole or through a template.

use super::look::Look;
use super::{Desk, Next};
use crate::compose::engine::{Container, Engine, Network, Status};
use crate::compose::project::stamp;
use crate::map;
use crate::sim::Time;
use crate::text::{Map, Value, json};
use std::rc::Rc;

/// `docker inspect [-f TEMPLATE] NAME…`.
pub(super) fn inspect(look: &Look, desk: &mut Desk) -> Next {
    let engine = &desk.host.engine;
    let (mut trees, mut lines, mut code) = (Vec::new(), Vec::new(), 0);
    for name in &look.args.words {
        let found = engine.find(name).and_then(|cid| engine.container(cid)).map(|c| container(engine, c));
        let network = || engine.networks.get(name.as_str()).map(|n| self::network(engine, n));
        let volume = || engine.volumes.get(name.as_str()).map(|v| self::volume(name, &v.labels));
        match found.or_else(network).or_else(volume) {
            Some(tree) => trees.push(tree),
            None => {
                lines.push((crate::compose::project::ERR, format!("Error: No such object: {name}")));
                code = 1;
            }
        }
    }
    let mut out: Vec<String> = match look.args.value("format") {
        Some(template) => trees.iter().map(|tree| fill(template, tree)).collect(),
        None => {
            let text = json::write(&Value::from(trees), json::Style { sorted: false, ..json::Style::KUBECTL });
            text.lines().map(str::to_string).collect()
        }
    };
    lines.extend(out.drain(..).map(|line| (crate::compose::project::OUT, line)));
    Next::Done(lines, code)
}

/// What `docker inspect` prints of the container, network or volume of that name; nothing without one.
pub fn described(engine: &Engine, name: &str) -> Option<String> {
    let found = engine.find(name).and_then(|cid| engine.container(cid)).map(|c| container(engine, c));
    let network = || engine.networks.get(name).map(|n| self::network(engine, n));
    let volume = || engine.volumes.get(name).map(|v| self::volume(name, &v.labels));
    let tree = found.or_else(network).or_else(volume)?;
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
    Value::from(map! {
        "Id" => c.id.clone(),
        "Created" => time(Some(c.created)),
        "Path" => path,
        "Args" => list(args),
        "State" => state(c),
        "Image" => c.image_id.clone(),
        "Name" => format!("/{}", c.name),
        "RestartCount" => c.restarts,
        "Driver" => "overlayfs",
        "Platform" => "linux",
        "HostConfig" => host_config(c),
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

fn host_config(c: &Container) -> Value {
    let limits = c.spec.limits;
    let mut config = map! {
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
    Value::from(config)
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
    tree.set("RW", !m.read_only);
    Value::from(tree)
}

fn config(engine: &Engine, c: &Container) -> Value {
    let env = engine.env_of(c).into_iter().filter(|(k, _)| !matches!(&**k, "HOSTNAME" | "HOME"));
    let mut config = map! {
        "Hostname" => c.hostname(),
        "Env" => Value::List(env.map(|(k, v)| Value::from(format!("{k}={v}"))).collect()),
        "Cmd" => list(&c.spec.command),
        "Entrypoint" => list(&c.spec.entrypoint),
        "Image" => c.spec.image.clone(),
        "Tty" => c.spec.tty,
        "Labels" => labels(&c.spec.labels),
        "ExposedPorts" => Value::Map(c.spec.exposed.iter().map(|p| (p.clone(), Value::from(Map::new()))).collect()),
    };
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
    for e in &c.endpoints {
        let id = engine.networks.get(&e.network).map_or("".into(), |n| n.id.clone());
        let mut names = e.aliases.clone();
        names.push(c.short());
        all.set(
            e.network.clone(),
            map! {
                "Aliases" => list(&e.aliases), "DNSNames" => list(&names), "NetworkID" => id,
                "IPAddress" => e.ip.clone().unwrap_or_default(),
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

fn network(engine: &Engine, n: &Network) -> Value {
    let mut inside = Map::new();
    for cid in engine.in_network(&n.name) {
        let Some(c) = engine.container(cid) else { continue };
        let ip = c.endpoints.iter().find(|e| e.network == n.name).and_then(|e| e.ip.clone()).unwrap_or_default();
        inside.set(c.id.clone(), map! { "Name" => c.name.clone(), "IPv4Address" => format!("{ip}/16") });
    }
    Value::from(map! {
        "Name" => n.name.clone(), "Id" => n.id.clone(), "Scope" => "local", "Driver" => n.driver.clone(), "Internal" => n.internal,
        "Containers" => inside, "Labels" => labels(&n.labels),
    })
}

fn volume(name: &str, of: &[(Rc<str>, Rc<str>)]) -> Value {
    Value::from(map! {
        "Driver" => "local", "Labels" => labels(of), "Mountpoint" => format!("/var/lib/docker/volumes/{name}/_data"),
        "Name" => name, "Scope" => "local",
    })
}

/// Fills a template in: `{{.A.B}}`, `{{json .A}}`, `{{len .A}}`, `{{index .A "key"}}`, `{{range $k, $v := .A}}…{{end}}`,
/// `{{if .A}}…{{else}}…{{end}}`. Source: Go text/template; docker/cli v28 templates.
pub(super) fn fill(template: &str, tree: &Value) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((action, after)) = after.split_once("}}") else { break };
        let action = action.trim().trim_start_matches('-').trim_end_matches('-').trim();
        rest = after;
        if let Some(head) = action.strip_prefix("range ") {
            let (body, _, behind) = block(after);
            rest = behind;
            out.push_str(&ranged(head, body, tree));
        } else if let Some(condition) = action.strip_prefix("if ") {
            let (body, other, behind) = block(after);
            rest = behind;
            let holds = match value(condition, tree) {
                Value::Null | Value::Bool(false) | Value::Int(0) => false,
                Value::Str(s) => !s.is_empty(),
                Value::List(l) => !l.is_empty(),
                Value::Map(m) => !m.is_empty(),
                _ => true,
            };
            out.push_str(&fill(if holds { body } else { other }, tree));
        } else {
            out.push_str(&shown(action, tree));
        }
    }
    out.push_str(rest);
    out.replace("\\n", "\n").replace("\\t", "\t")
}

/// What stands before `{{else}}`, behind it, and behind the matching `{{end}}`.
fn block(text: &str) -> (&str, &str, &str) {
    let (mut depth, mut at, mut other) = (1, 0, None);
    while let Some(found) = text[at..].find("{{") {
        let start = at + found;
        let Some(length) = text[start..].find("}}") else { break };
        let action = text[start + 2..start + length].trim();
        match action.split_whitespace().next().unwrap_or_default() {
            "range" | "if" | "with" => depth += 1,
            "else" if depth == 1 => other = Some((start, start + length + 2)),
            "end" => depth -= 1,
            _ => {}
        }
        at = start + length + 2;
        if depth == 0 {
            return match other {
                Some((end, begin)) => (&text[..end], &text[begin..start], &text[at..]),
                None => (&text[..start], "", &text[at..]),
            };
        }
    }
    (text, "", "")
}

fn ranged(head: &str, body: &str, tree: &Value) -> String {
    let (names, path) = head.split_once(":=").unwrap_or(("", head));
    let mut names = names.split(',').map(str::trim).filter(|n| !n.is_empty());
    let (first, second) = (names.next(), names.next());
    let each = |key: Value, item: &Value| {
        let mut scope = match item {
            Value::Map(m) => m.clone(),
            _ => Map::new(),
        };
        if let Some(map) = tree.as_map() {
            map.iter().for_each(|(k, v)| scope.set(k.clone(), v.clone()));
        }
        match (first, second) {
            (Some(k), Some(v)) => {
                scope.set(k, key);
                scope.set(v, item.clone());
            }
            (Some(v), None) => scope.set(v, item.clone()),
            _ => {
                if let Value::Map(m) = item {
                    m.iter().for_each(|(k, v)| scope.set(k.clone(), v.clone()));
                }
                scope.set(".", item.clone());
            }
        }
        fill(body, &Value::from(scope))
    };
    match value(path, tree) {
        Value::List(items) => items.iter().enumerate().map(|(i, item)| each(Value::Int(i as i64), item)).collect(),
        Value::Map(map) => map.sorted().into_iter().map(|(k, v)| each(Value::Str(k.clone()), v)).collect(),
        _ => String::new(),
    }
}

fn shown(action: &str, tree: &Value) -> String {
    if let Some(path) = action.strip_prefix("json ") {
        return json::write(&value(path, tree), json::Style::COMPACT);
    }
    if let Some(path) = action.strip_prefix("len ") {
        return match value(path, tree) {
            Value::List(l) => l.len().to_string(),
            Value::Map(m) => m.len().to_string(),
            Value::Str(s) => s.len().to_string(),
            _ => "0".into(),
        };
    }
    plain(&value(action, tree))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Str(s) => s.to_string(),
        Value::List(l) => format!("[{}]", l.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Value::Map(m) => {
            let pairs: Vec<String> = m.sorted().into_iter().map(|(k, v)| format!("{k}:{}", plain(v))).collect();
            format!("map[{}]", pairs.join(" "))
        }
    }
}

fn value(path: &str, tree: &Value) -> Value {
    let path = path.trim();
    if let Some(rest) = path.strip_prefix("index ") {
        let mut words = rest.split_whitespace();
        let base = value(words.next().unwrap_or_default(), tree);
        return words.fold(base, |base, key| {
            let key = key.trim_matches('"');
            match &base {
                Value::List(l) => key.parse::<usize>().ok().and_then(|i| l.get(i).cloned()).unwrap_or_default(),
                other => other.get(key).cloned().unwrap_or_default(),
            }
        });
    }
    if path == "." {
        return tree.get(".").cloned().unwrap_or_else(|| tree.clone());
    }
    let (start, path) = match path.strip_prefix('$') {
        Some(rest) => {
            let (name, rest) = rest.split_once('.').unwrap_or((rest, ""));
            (tree.get(&format!("${name}")).cloned().unwrap_or_default(), rest)
        }
        None => (tree.clone(), path.trim_start_matches('.')),
    };
    path.split('.').filter(|k| !k.is_empty()).fold(start, |v, key| v.get(key).cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let tree = Value::from(map! {
            "Name" => "/a", "State" => map! { "ExitCode" => 3i64, "OOMKilled" => false },
            "Networks" => map! { "n" => map! { "IPAddress" => "172.18.0.2" } },
        });
        assert_eq!(fill("{{.Name}} exit={{.State.ExitCode}} {{.Nope}}", &tree), "/a exit=3 <no value>");
        assert_eq!(fill("{{json .State}}", &tree), "{\"ExitCode\":3,\"OOMKilled\":false}");
        assert_eq!(fill("{{range $k, $v := .Networks}}{{$k}}={{$v.IPAddress}} {{end}}.", &tree), "n=172.18.0.2 .");
        assert_eq!(fill("{{range .Networks}}{{.IPAddress}}{{end}}", &tree), "172.18.0.2");
        assert_eq!(fill("{{if .State.OOMKilled}}yes{{else}}no{{end}}", &tree), "no");
    }
}
