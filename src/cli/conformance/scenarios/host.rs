//! What was done to the machines of a recorded scenario, as its words tell: kubelets stopped and started, processes killed.

use crate::kubernetes::Cluster;
use crate::kubernetes::kubelet::{Least, Outage, Settings};
use crate::kubernetes::objects::{Id, Kind};
use crate::sim::Span;
use crate::text::Value;
use crate::workload::Manner;
use std::rc::Rc;

/// Images that the recorded machines had from the start, with their sizes in bytes. Source: recorded.
const IMAGES: [(&str, u64); 6] = [
    ("docker.io/library/app:1", 6_488_040),
    ("docker.io/library/app:2", 6_488_039),
    ("docker.io/library/nginx:1.27", 6_488_001),
    ("docker.io/library/nginx:latest", 6_488_001),
    ("docker.io/library/busybox:1.36", 1_095_157),
    ("registry.k8s.io/pause:3.10.2", 328_099),
];

/// Sizes of images that the recordings pull, in bytes. Source: recorded.
const SIZES: [(&str, u64); 9] = [
    ("docker.io/library/big:1", 69_422_443),
    ("docker.io/library/named:1", 6_488_046),
    ("docker.io/library/nonroot:1", 6_488_039),
    ("docker.io/library/app:4", 6_488_039),
    ("docker.io/library/app:5", 6_488_039),
    ("registry.example/private/app:1", 6_488_023),
    ("registry.example/slow/app:1", 6_488_018),
    ("registry.example/slow/app2:1", 6_488_035),
    ("registry.example/slow/app3:1", 6_488_035),
];

/// Images of the recorded machines that hold the demonstration program. Source: recorded, the recordings' own notes.
const PROGRAMS: [&str; 5] = ["app", "app2", "big", "named", "nonroot"];

/// Sets up the registries and what the kubelets are told.
pub fn prepare(cluster: &mut Cluster, scenario: &Value) {
    let registry = &mut Rc::make_mut(&mut cluster.kubelet.workloads).registry;
    registry.missing = (90..100).map(|n| Rc::from(format!("docker.io/library/app:{n}"))).collect();
    registry.sizes = IMAGES.iter().chain(&SIZES).map(|(name, size)| (Rc::from(*name), *size)).collect();
    registry.programs = PROGRAMS.map(Rc::from).into();
    registry.users = [("docker.io/library/named:1", "app")].map(|(i, u)| (Rc::from(i), Rc::from(u))).into();
    registry.manners = vec![
        ("slow/".into(), Manner::Slow(Span::secs(20))),
        ("private/".into(), Manner::Private("user".into(), "pass".into())),
        ("flaky/".into(), Manner::Flaky(Span::secs(150))),
        ("limited/".into(), Manner::Limited),
    ];
    let told = Settings { pod_ranges: false, cgroup_v1: true, ..settings(scenario) };
    cluster.kubelet.settings = Rc::new(told);
}

/// `kubeletSettings`: a map, or a list of lines.
fn settings(scenario: &Value) -> Settings {
    // Source: recorded: what the machines were told besides.
    let (memory_least, disk_least) = (Least::Bytes(100 << 20), Least::Percent(3));
    let (shutdown_grace, shutdown_grace_critical) = (Span::secs(20), Span::secs(6));
    let mut told =
        Settings { memory_least, disk_least, shutdown_grace, shutdown_grace_critical, ..Settings::default() };
    let lines: Vec<Value> = match scenario.get("kubeletSettings") {
        Some(Value::List(lines)) => lines.iter().map(line).collect(),
        Some(Value::Str(text)) => vec![line(&Value::Str(text.clone()))],
        Some(map) => vec![map.clone()],
        None => Vec::new(),
    };
    for tree in lines {
        told.take(&tree);
    }
    told
}

fn line(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    let (documents, _) = crate::text::yaml::read("settings", text);
    documents.first().map(|d| d.node.to_value()).unwrap_or_default()
}

/// Puts the images on the machines.
pub fn load(cluster: &mut Cluster) {
    cluster.settle();
    for (at, (name, _)) in IMAGES.iter().enumerate() {
        cluster.kubelet(|kubelet, cx| kubelet.load_image("node-1", name, cx));
        // The second machine never saw the second version.
        if at != 1 {
            cluster.kubelet(|kubelet, cx| kubelet.load_image("node-2", name, cx));
        }
    }
}

/// Does to the machines what the words say; words it does not know do nothing.
pub fn act(cluster: &mut Cluster, namespace: &str, words: &str) {
    let node =
        words.split([' ', '(']).find(|w| w.starts_with("node-")).unwrap_or("node-1").trim_end_matches([',', '.']);
    if words.contains("shutdown") || words.contains("PrepareForShutdown") {
        let stays = ["cancel", "false", "called off"].iter().any(|w| words.contains(w));
        cluster.kubelet(|kubelet, cx| match stays {
            true => kubelet.stay_up(node, cx),
            false => drop(kubelet.shut_down(node, false, cx)),
        });
    } else if words.contains("kubelet") && words.contains("stopped") {
        cluster.kubelet(|kubelet, cx| kubelet.fail_node(node, Outage::Silent, cx));
    } else if words.contains("kubelet") && words.contains("restarted") {
        cluster.kubelet(|kubelet, cx| kubelet.fail_node(node, Outage::Silent, cx));
        cluster.kubelet(|kubelet, cx| kubelet.recover_node(node, cx));
    } else if words.contains("kubelet") && words.contains("started") {
        cluster.kubelet(|kubelet, cx| kubelet.recover_node(node, cx));
    } else if words.contains("manifest") {
        manifests(cluster, namespace, words);
    } else if words.contains("SIGKILL") {
        kill(cluster, namespace, words);
    }
}

/// `write a manifest of pod "web" (image app:1) …`, `change the manifest: image app:2`, `add a manifest of a crashing pod "bad"`,
/// `remove both manifests`.
fn manifests(cluster: &mut Cluster, namespace: &str, words: &str) {
    const NODE: &str = "node-1";
    if words.starts_with("remove") {
        return cluster.kubelet(|kubelet, cx| kubelet.clear_folder(NODE, cx));
    }
    let quoted = words.split('"').nth(1);
    let image = words.split_whitespace().skip_while(|w| *w != "image" && *w != "(image").nth(1);
    let (name, image, command) = match (quoted, image.map(|i| i.trim_end_matches(')'))) {
        (Some(name), None) => (name, "busybox:1.36", ", command: [sh, -c, exit 1]"),
        (name, image) => (name.unwrap_or("web"), image.unwrap_or("app:1"), ""),
    };
    // Source: recorded: what the manifests held.
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  terminationGracePeriodSeconds: 3\n  containers:\n  - {{name: app, image: '{image}'{command}}}\n"
    );
    // A manifest that is refused shows in every later line.
    drop(cluster.kubelet(|kubelet, cx| kubelet.put_manifest(NODE, &format!("{name}.yaml"), &text, cx)));
}

/// `SIGKILL to the process of container a`, `… of pod p`.
fn kill(cluster: &mut Cluster, namespace: &str, words: &str) {
    let after = |word: &str| {
        let mut rest = words.split_whitespace().skip_while(|w| *w != word);
        rest.nth(1).map(|w| w.trim_matches(['"', ',', '.']).to_string())
    };
    let (container, pod) = (after("container"), after("pod"));
    let found: Vec<(Id, String)> = cluster
        .api
        .store
        .list_in(Kind::Pod, namespace)
        .filter(|o| pod.as_ref().is_none_or(|p| *o.meta.name == **p))
        .flat_map(|o| {
            let spec = o.pod().map(|p| p.spec.clone());
            let names: Vec<String> =
                spec.iter().flat_map(|s| s.containers.iter().map(|c| c.name.to_string())).collect();
            names.into_iter().map(|n| (o.meta.id, n)).collect::<Vec<_>>()
        })
        .filter(|(_, name)| container.as_ref().is_none_or(|c| c == name))
        .collect();
    for (id, name) in found {
        if cluster.kubelet(|kubelet, cx| kubelet.kill_container(id, &name, 137, cx)) {
            return;
        }
    }
}
