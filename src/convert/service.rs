//! One Compose service as the conversion reads it, and the list of its keys: what becomes of each.

use super::notes::Notes;
use super::{scalar, texts};
use crate::text::Value;

/// A service.
pub(super) struct Service<'a> {
    /// Its key in the project.
    pub key: &'a str,
    /// The name of what is made of it.
    pub name: String,
    /// Its members.
    pub node: &'a Value,
}

/// What becomes of a key.
enum Fate {
    /// A rule of this room turns it into something.
    Converted,
    /// It matters to Compose only, and nothing is lost.
    Moot,
    /// Nothing like it; the key of the sentence that says so.
    Lost(&'static str),
}

use Fate::{Converted, Lost, Moot};

/// Every key of a service that has a fate of its own; a key that is not here is reported as lost.
const KEYS: &[(&str, Fate)] = &[
    ("annotations", Converted),
    ("attach", Moot),
    ("blkio_config", Lost("none.blkio")),
    ("build", Converted),
    ("cap_add", Converted),
    ("cap_drop", Converted),
    ("command", Converted),
    ("configs", Converted),
    ("container_name", Converted),
    ("cpus", Converted),
    ("depends_on", Converted),
    ("deploy", Converted),
    ("dns", Converted),
    ("dns_opt", Converted),
    ("dns_search", Converted),
    ("domainname", Converted),
    ("entrypoint", Converted),
    ("env_file", Moot),
    ("environment", Converted),
    ("expose", Converted),
    ("external_links", Lost("none.external_links")),
    ("extra_hosts", Converted),
    ("group_add", Converted),
    ("healthcheck", Converted),
    ("hostname", Converted),
    ("image", Converted),
    ("init", Lost("none.init")),
    ("ipc", Converted),
    ("labels", Converted),
    ("links", Converted),
    ("logging", Lost("none.logging")),
    ("mem_limit", Converted),
    ("mem_reservation", Converted),
    ("memswap_limit", Lost("none.swap")),
    ("network_mode", Converted),
    ("networks", Converted),
    ("oom_kill_disable", Lost("none.oom")),
    ("oom_score_adj", Lost("none.oom")),
    ("pid", Converted),
    ("pids_limit", Lost("none.pids")),
    ("platform", Converted),
    ("ports", Converted),
    ("post_start", Converted),
    ("pre_stop", Converted),
    ("privileged", Converted),
    ("profiles", Moot),
    ("pull_policy", Converted),
    ("read_only", Converted),
    ("restart", Converted),
    ("runtime", Converted),
    ("scale", Converted),
    ("secrets", Converted),
    ("security_opt", Converted),
    ("shm_size", Converted),
    ("stdin_open", Converted),
    ("stop_grace_period", Converted),
    ("stop_signal", Lost("none.stop_signal")),
    ("sysctls", Converted),
    ("tmpfs", Converted),
    ("tty", Converted),
    ("ulimits", Lost("none.ulimits")),
    ("user", Converted),
    ("volumes", Converted),
    ("volumes_from", Lost("none.volumes_from")),
    ("working_dir", Converted),
];

impl<'a> Service<'a> {
    pub(super) fn read(key: &'a str, name: String, node: &'a Value, notes: &mut Notes) -> Self {
        let service = Service { key, name, node };
        if service.name != key {
            notes.decide(format!("services.{key}"), "decide.renamed", &[("name", &service.name)]);
        }
        for (member, value) in node.as_map().into_iter().flat_map(|map| map.iter()) {
            let fate = KEYS.iter().find(|(k, _)| **k == **member).map(|(_, fate)| fate);
            let idle = super::is_empty(value) || *value == Value::Bool(false);
            match fate {
                _ if idle || member.starts_with("x-") => {}
                Some(Converted | Moot) => {}
                Some(Lost(sentence)) => notes.none(service.path(member), sentence, &[]),
                None => notes.none(service.path(member), "none.key", &[("key", member)]),
            }
        }
        service
    }
    /// `services.web.ports`
    pub(super) fn path(&self, member: &str) -> String {
        format!("services.{}.{member}", self.key)
    }
    pub(super) fn get(&self, member: &str) -> Option<&'a Value> {
        self.node.get(member).filter(|v| !v.is_null())
    }
    pub(super) fn text(&self, member: &str) -> String {
        self.get(member).map(scalar).unwrap_or_default()
    }
    pub(super) fn texts(&self, member: &str) -> Vec<String> {
        texts(self.get(member))
    }
    pub(super) fn flag(&self, member: &str) -> bool {
        self.node.bool_at(&[member]).unwrap_or(false)
    }
    pub(super) fn list(&self, member: &str) -> &'a [Value] {
        self.node.list_at(&[member])
    }
    /// Members of a map, by name.
    pub(super) fn members(&self, member: &str) -> Vec<(&'a str, &'a Value)> {
        let map = self.get(member).and_then(Value::as_map);
        map.into_iter().flat_map(|map| map.sorted()).map(|(k, v)| (&**k, v)).collect()
    }
    /// What it depends on, with the condition.
    pub(super) fn depends_on(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let all = self.members("depends_on").into_iter();
        all.map(|(name, node)| (name, node.str_at(&["condition"]).unwrap_or("service_started")))
    }
    /// `service_started` dependencies and whatever else is in `deploy`.
    pub(super) fn deploy(&self, path: &[&str]) -> Option<&'a Value> {
        self.get("deploy")?.at(path).filter(|v| !v.is_null())
    }
    /// How many containers it asks for.
    pub(super) fn replicas(&self) -> i64 {
        let asked = self.get("scale").or_else(|| self.deploy(&["replicas"]));
        asked.and_then(Value::as_int).unwrap_or(1)
    }
    /// Ports it listens on, as far as the file tells: (number, protocol, application protocol), each once.
    pub(super) fn listens(&self) -> Vec<(u16, &'static str, String)> {
        let published = self.list("ports").iter().filter_map(|port| {
            let target = u16::try_from(port.int_at(&["target"])?).ok()?;
            let app = port.str_at(&["app_protocol"]).unwrap_or_default();
            Some((target, protocol(port.str_at(&["protocol"]).unwrap_or("tcp")), app.to_string()))
        });
        let exposed = self.texts("expose").into_iter().flat_map(|text| exposed(&text));
        let mut all: Vec<(u16, &'static str, String)> = Vec::new();
        for port in published.chain(exposed) {
            if !all.iter().any(|(number, protocol, _)| (*number, *protocol) == (port.0, port.1)) {
                all.push(port);
            }
        }
        all
    }
}

/// `80`, `53/udp`, `100-102`
fn exposed(text: &str) -> Vec<(u16, &'static str, String)> {
    let (numbers, kind) = text.split_once('/').unwrap_or((text, "tcp"));
    let (from, to) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let (Ok(from), Ok(to)) = (from.parse::<u16>(), to.parse::<u16>()) else { return Vec::new() };
    (from..=to).map(|number| (number, protocol(kind), String::new())).collect()
}

/// A protocol as Kubernetes writes it.
pub(super) fn protocol(text: &str) -> &'static str {
    match text.to_ascii_lowercase().as_str() {
        "udp" => "UDP",
        "sctp" => "SCTP",
        _ => "TCP",
    }
}
