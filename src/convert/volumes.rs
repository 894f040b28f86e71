//! Volumes: claims for named ones, scratch space for temporary ones, and what is said of paths of the host.

use super::notes::Notes;
use super::service::Service;
use super::{Project, list, map, names, object};
use crate::text::Value;

/// Size of a claim. Ours: Compose knows none, a claim must have one.
const SIZE: &str = "1Gi";
/// A file from here on does not fit a ConfigMap. Source: kubernetes apimachinery validation, MaxSecretSize (also ConfigMaps).
const MAP_MAX: usize = 1024 * 1024;

/// Whether a service holds a claim that one node at a time can write.
pub(super) fn holds_claim(project: &Project, service: &Service) -> bool {
    service.list("volumes").iter().any(|mount| claim(project, service, mount).is_some())
}

/// The text of a mounted file that lies in the project's folder: small enough for a ConfigMap.
fn known(project: &Project, mount: &Value) -> Option<String> {
    let source = mount.str_at(&["source"]).filter(|_| mount.str_at(&["type"]) == Some("bind"))?;
    (project.file)(source).filter(|text| text.len() < MAP_MAX)
}

/// Name of the ConfigMap of a mounted file.
fn map_name(service: &Service, mount: &Value) -> String {
    let target = mount.str_at(&["target"]).unwrap_or_default();
    names::label(&format!("{}-{}", service.name, target.trim_matches('/')))
}

/// A ConfigMap for each mounted file whose text is known.
pub(super) fn file_maps(project: &Project, notes: &mut Notes) -> Vec<Value> {
    let mut all = Vec::new();
    for service in &project.services {
        for mount in service.list("volumes") {
            let Some(text) = known(project, mount) else { continue };
            let source = mount.str_at(&["source"]).unwrap_or_default();
            notes.assumed(service.path("volumes"), "assumed.file_map", &[("path", source)]);
            let data = map([(&*names::data_key(source), Value::str(text))]);
            all.push(object("v1", "ConfigMap", &map_name(service, mount), map([("data", data)])));
        }
    }
    all
}

/// Paths of the host that a pod takes as they are: sockets and kernel file systems.
fn socket(mount: &Value) -> bool {
    let source = mount.str_at(&["source"]).unwrap_or_default();
    mount.str_at(&["type"]) == Some("bind")
        && (source.ends_with(".sock")
            || ["/proc", "/sys", "/dev", "/run", "/var/run"].iter().any(|p| inside(source, p)))
}

fn inside(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The claim's name of a mount, and the key of its volume; anonymous ones are named after service and target.
fn claim(project: &Project, service: &Service, mount: &Value) -> Option<String> {
    let source = mount.str_at(&["source"]).unwrap_or_default();
    let target = mount.str_at(&["target"]).unwrap_or_default();
    match mount.str_at(&["type"])? {
        "volume" if source.is_empty() => Some(names::label(&format!("{}-{}", service.name, target.trim_matches('/')))),
        "volume" => {
            let external = project.part("volumes", source).filter(|v| v.bool_at(&["external"]) == Some(true));
            let real = external.and_then(|v| v.str_at(&["name"])).unwrap_or(source);
            Some(names::label(real))
        }
        "bind" if !socket(mount) && known(project, mount).is_none() => {
            Some(names::label(&format!("{}-{}", service.name, target.trim_matches('/'))))
        }
        _ => None,
    }
}

/// One claim for each named volume, anonymous volume and path of the host.
pub(super) fn claims(project: &Project, notes: &mut Notes) -> Vec<Value> {
    let mut made: Vec<String> = Vec::new();
    let mut all = Vec::new();
    for service in &project.services {
        for mount in service.list("volumes") {
            let Some(name) = claim(project, service, mount) else { continue };
            let source = mount.str_at(&["source"]).unwrap_or_default();
            let volume = project.part("volumes", source).filter(|_| mount.str_at(&["type"]) == Some("volume"));
            if volume.is_some_and(|v| v.bool_at(&["external"]) == Some(true)) {
                notes.decide(format!("volumes.{source}"), "decide.external_volume", &[("name", &name)]);
                continue;
            }
            if made.contains(&name) {
                continue;
            }
            remark(service, mount, volume, source, notes);
            let spec = map([
                ("accessModes", list(["ReadWriteOnce"])),
                ("resources", map([("requests", map([("storage", Value::str(SIZE))]))])),
            ]);
            all.push(object("v1", "PersistentVolumeClaim", &name, map([("spec", spec)])));
            made.push(name);
        }
    }
    all
}

fn remark(service: &Service, mount: &Value, volume: Option<&Value>, source: &str, notes: &mut Notes) {
    if mount.str_at(&["type"]) == Some("bind") {
        return notes.decide(service.path("volumes"), "decide.bind", &[("path", source)]);
    }
    let path = if source.is_empty() { service.path("volumes") } else { format!("volumes.{source}") };
    notes.assumed(path.clone(), "assumed.size", &[("size", SIZE)]);
    if let Some(options) = volume.and_then(|v| v.get("driver_opts")).filter(|o| !super::is_empty(o)) {
        let kind = options.str_at(&["type"]).unwrap_or("local");
        notes.decide(path, "decide.driver", &[("kind", kind)]);
    }
}

/// The volumes of a pod and where its container sees them.
pub(super) fn of(project: &Project, service: &Service, notes: &mut Notes) -> (Vec<Value>, Vec<Value>) {
    let mut all = Places::default();
    for mount in service.list("volumes") {
        let target = mount.str_at(&["target"]).unwrap_or_default();
        let read_only = mount.bool_at(&["read_only"]) == Some(true);
        let source = mount.str_at(&["source"]).unwrap_or_default();
        match (mount.str_at(&["type"]).unwrap_or_default(), claim(project, service, mount)) {
            (_, Some(name)) => {
                let store = map([("persistentVolumeClaim", map([("claimName", Value::str(&*name))]))]);
                let sub = mount.str_at(&["volume", "subpath"]).unwrap_or_default();
                all.add(&name, store, target, read_only, sub);
            }
            ("bind", None) if known(project, mount).is_some() => {
                let name = map_name(service, mount);
                let store = map([("configMap", map([("name", Value::str(&*name))]))]);
                all.add(&name, store, target, read_only, &names::data_key(source));
            }
            ("bind", None) => {
                notes.decide(service.path("volumes"), "decide.host_path", &[("path", source)]);
                let name = names::label(&format!("host-{}", source.trim_matches('/')));
                all.add(&name, map([("hostPath", map([("path", Value::str(source))]))]), target, read_only, "");
            }
            ("tmpfs", None) => {
                let size = mount.int_at(&["tmpfs", "size"]).filter(|n| *n > 0).map(|n| n.to_string());
                all.add(&scratch(target), memory(size), target, read_only, "");
            }
            (kind, None) => notes.none(service.path("volumes"), "none.volume_kind", &[("kind", kind)]),
        }
    }
    for text in service.texts("tmpfs") {
        let (target, options) = text.split_once(':').unwrap_or((&text, ""));
        if !options.is_empty() {
            notes.none(service.path("tmpfs"), "none.tmpfs_options", &[("options", options)]);
        }
        all.add(&scratch(target), memory(None), target, false, "");
    }
    if let Some(size) = service.get("shm_size") {
        all.add("shared-memory", memory(Some(super::scalar(size))), "/dev/shm", false, "");
    }
    (all.stores, all.mounts)
}

fn scratch(target: &str) -> String {
    names::label(&format!("tmp-{}", target.trim_matches('/')))
}

fn memory(size: Option<String>) -> Value {
    let limit = size.map_or(Value::Null, Value::str);
    map([("emptyDir", map([("medium", Value::str("Memory")), ("sizeLimit", limit)]))])
}

/// Volumes and mounts as they come together; a volume that is mounted twice is there once.
#[derive(Default)]
struct Places {
    stores: Vec<Value>,
    mounts: Vec<Value>,
}

impl Places {
    fn add(&mut self, name: &str, store: Value, target: &str, read_only: bool, sub: &str) {
        if !self.stores.iter().any(|s| s.str_at(&["name"]) == Some(name)) {
            let mut volume = map([("name", Value::str(name))]);
            for (key, value) in store.as_map().into_iter().flat_map(|map| map.iter()) {
                volume.make_map().set(key.clone(), value.clone());
            }
            self.stores.push(volume);
        }
        // A path can be mounted once only; Compose takes the last.
        self.mounts.retain(|m| m.str_at(&["mountPath"]) != Some(target));
        self.mounts.push(map([
            ("name", Value::str(name)),
            ("mountPath", Value::str(target)),
            ("subPath", if sub.is_empty() { Value::Null } else { Value::str(sub) }),
            ("readOnly", if read_only { Value::Bool(true) } else { Value::Null }),
        ]));
    }
}
