//! What plain Compose takes and does not act on, because only Swarm would.
//! Source: docker/compose v5.6.0 pkg/compose/unsupported_attributes.go.

use super::path::{ITEM, Path};
use super::tree::{Data, Members, Place, Tree};
use crate::text::go;

/// Keys that are never honoured, and why.
const NEVER: &[(&str, &str)] = &[
    ("services.*.deploy.mode", "deploy.mode is only honored in Swarm mode"),
    ("services.*.deploy.labels", "deploy.labels are only applied to Swarm services"),
    ("services.*.deploy.update_config", "deploy.update_config only applies to rolling updates in Swarm mode"),
    ("services.*.deploy.rollback_config", "deploy.rollback_config only applies to rolling updates in Swarm mode"),
    ("services.*.deploy.endpoint_mode", "deploy.endpoint_mode only applies to Swarm's routing mesh"),
    ("services.*.deploy.placement", "deploy.placement is only honored by the Swarm scheduler"),
    ("services.*.credential_spec", "credential_spec is only supported when running Windows containers under Swarm"),
    ("configs.*.labels", "configs[].labels are only applied to Swarm config objects"),
    ("secrets.*.driver_opts", "secrets[].driver_opts is only honored by Swarm secret drivers"),
    ("secrets.*.labels", "secrets[].labels are only applied to Swarm secret objects"),
];

/// Why a key at that path is not honoured.
pub fn why_ignored(path: &Path) -> Option<&'static str> {
    NEVER.iter().find(|(pattern, _)| path.fits(pattern)).map(|(_, why)| *why)
}

struct Finding {
    service: String,
    path: String,
    why: String,
    place: Place,
}

/// Everything in a model that is not honoured, in the words of the real tool, by service and path.
pub fn ignored(model: &Members) -> Vec<(String, Place)> {
    let mut found = Vec::new();
    for (key, value) in model {
        walk(value, &Path::of(&[key]), &mut found);
    }
    found.sort_by(|a, b| (&a.service, &a.path).cmp(&(&b.service, &b.path)));
    let words = |finding: &Finding| match finding.service.as_str() {
        "" => format!("{}: {}", finding.path, finding.why),
        service => format!("service {}: {}: {}", go::quoted(service), finding.path, finding.why),
    };
    found.iter().map(|finding| (words(finding), finding.place.clone())).collect()
}

/// Other keys of a device are not in the specification, but its schema lets them pass.
fn is_device_key(path: &Path) -> bool {
    const KEYS: [&str; 5] = ["capabilities", "count", "device_ids", "driver", "options"];
    path.steps().last().is_some_and(|key| KEYS.contains(&&**key) || key.starts_with("x-"))
}

fn walk(tree: &Tree, path: &Path, found: &mut Vec<Finding>) {
    let (service, inside) = match path.steps() {
        [top, name, rest @ ..] if &**top == "services" => (name.to_string(), rest.join(".")),
        _ => (String::new(), path.to_string()),
    };
    let mut add = |path: String, why: String| {
        found.push(Finding { service: service.clone(), path, why, place: tree.place.clone() });
    };
    if let Some(why) = why_ignored(path) {
        return add(inside, why.to_owned());
    }
    if path.fits("services.*.storage_opt.*") || (path.fits("services.*.gpus.[].*") && !is_device_key(path)) {
        return add(inside, "not honored by this runtime outside Swarm mode".to_owned());
    }
    let text = |key: &str| tree.get(key).map_or("<nil>".to_owned(), Tree::go_text);
    if path.fits("services.*.ports.[]") {
        if tree.str_at(&["mode"]) == Some("host") {
            let why = "ports[].mode: host is only honored by the Swarm routing mesh";
            add(format!("ports[{}/{}].mode", text("target"), text("protocol")), why.to_owned());
        }
        return;
    }
    if path.fits("services.*.volumes.[]") {
        if tree.str_at(&["type"]) == Some("cluster") {
            let why = "volumes[].type: cluster (CSI) volumes are only supported in Swarm mode";
            add(format!("volumes[{}].type", text("source")), why.to_owned());
        }
        return;
    }
    if let Some(kind) = ["configs", "secrets"].into_iter().find(|kind| path.fits(&format!("services.*.{kind}.[]"))) {
        let source = tree.str_at(&["source"]).filter(|source| !source.is_empty()).unwrap_or("(anonymous)");
        for key in ["uid", "gid", "mode"].into_iter().filter(|key| tree.get(key).is_some_and(|v| !v.is_null())) {
            add(
                format!("{kind}.{source}.{key}"),
                format!("{key} is not supported outside Swarm mode and will be ignored"),
            );
        }
        return;
    }
    match &tree.data {
        Data::Map(members) => members.iter().for_each(|(key, value)| walk(value, &path.next(key), found)),
        Data::List(items) => items.iter().for_each(|item| walk(item, &path.next(ITEM), found)),
        _ => {}
    }
}
