//! Nodes, and what their pods ask of them. Source: describe.go, describeNode, describeNodeResource.

use super::page::Page;
use super::{Subject, any_text, date, or_none};
use crate::kubernetes::objects::columns::{human, node_roles};
use crate::kubernetes::objects::parts::Quantity;
use crate::kubernetes::objects::{Kind, Object};
use crate::text::Value;
use std::rc::Rc;

pub(super) fn node(s: &Subject, page: &mut Page) {
    let name = s.text(&["metadata", "name"]);
    page.line(0, format!("Name:\t{name}"));
    page.line(0, format!("Roles:\t{}", or_none(node_roles(&s.tree).join(","))));
    s.marks(page);
    page.line(0, format!("CreationTimestamp:\t{}", s.date(&["metadata", "creationTimestamp"])));
    taints(s, page);
    page.line(0, format!("Unschedulable:\t{}", s.tree.bool_at(&["spec", "unschedulable"]).unwrap_or(false)));
    lease(s, page, name);
    conditions(s, page);
    page.line(0, "Addresses:");
    for address in s.tree.list_at(&["status", "addresses"]) {
        let text = |key: &str| address.str_at(&[key]).unwrap_or_default();
        page.line(1, format!("{}:\t{}", text("type"), text("address")));
    }
    for (title, key) in [("Capacity:", "capacity"), ("Allocatable:", "allocatable")] {
        if let Some(Value::Map(amounts)) = s.tree.at(&["status", key]) {
            page.line(0, title);
            amounts.sorted().into_iter().for_each(|(n, a)| page.line(1, format!("{n}:\t{}", any_text(a))));
        }
    }
    page.line(0, "System Info:");
    for (title, key) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        page.line(1, format!("{title}:\t{}", s.text(&["status", "nodeInfo", key])));
    }
    let list = s.tree.list_at(&["spec", "podCIDRs"]).iter().map(any_text).collect::<Vec<_>>().join(",");
    for (title, text) in
        [("PodCIDR", s.any(&["spec", "podCIDR"])), ("PodCIDRs", list), ("ProviderID", s.any(&["spec", "providerID"]))]
    {
        if !text.is_empty() {
            page.line(0, format!("{title}:\t{text}"));
        }
    }
    pods(s, page, name);
    s.events(page);
}

fn taints(s: &Subject, page: &mut Page) {
    let mut list = s.object.node().map(|n| n.taints.clone()).unwrap_or_default();
    list.sort_by_key(|t| format!("{},{}", t.effect, t.key));
    page.more(0, "Taints:\t");
    if list.is_empty() {
        page.line(0, "<none>");
    }
    for (i, taint) in list.iter().enumerate() {
        page.line(0, format!("{}{}", if i > 0 { "\t" } else { "" }, taint.text()));
    }
}

fn lease(s: &Subject, page: &mut Page, name: &str) {
    let api = &s.cluster.api;
    let Some(lease) = api.store.by_name(Kind::Lease, "kube-node-lease", name) else {
        page.line(0, format!("Lease:\tFailed to get lease: leases.coordination.k8s.io \"{name}\" not found"));
        return;
    };
    let tree = api.tree(lease);
    let unset = |text: String| if text.is_empty() { "<unset>".to_string() } else { text };
    let text = |key: &str| tree.str_at(&["spec", key]).unwrap_or_default().to_string();
    page.line(0, "Lease:");
    page.line(1, format!("HolderIdentity:\t{}", unset(text("holderIdentity"))));
    page.line(1, format!("AcquireTime:\t{}", unset(date(s.cluster, &text("acquireTime")))));
    page.line(1, format!("RenewTime:\t{}", unset(date(s.cluster, &text("renewTime")))));
}

fn conditions(s: &Subject, page: &mut Page) {
    let list = s.tree.list_at(&["status", "conditions"]);
    if list.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for c in list {
        let text = |key: &str| c.str_at(&[key]).unwrap_or_default();
        let (beat, changed) = (date(s.cluster, text("lastHeartbeatTime")), date(s.cluster, text("lastTransitionTime")));
        let (reason, message) = (text("reason"), text("message"));
        page.line(1, format!("{} \t{} \t{beat} \t{changed} \t{reason} \t{message}", text("type"), text("status")));
    }
}

/// Requests and limits of a pod as whole units: thousandths of a core, bytes, bytes.
struct Asked {
    requests: [Quantity; 3],
    limits: [Quantity; 3],
}

const NAMES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

fn asked(tree: &Value) -> Asked {
    let sums = |what: &str| NAMES.map(|name| sum(tree, what, name));
    Asked { requests: sums("requests"), limits: sums("limits") }
}

/// What a pod asks of one resource: its containers together, or the most of its init containers.
/// Source: kubernetes v1.37 component-helpers/resource/helpers.go, PodRequests.
fn sum(tree: &Value, what: &str, name: &str) -> Quantity {
    let amount = |c: &Value| c.at(&["resources", what, name]).map(any_text).and_then(|t| Quantity::parse(&t).ok());
    let mut main = Quantity::default();
    tree.list_at(&["spec", "containers"]).iter().filter_map(amount).for_each(|q| main.add(&q));
    let mut sidecars = Quantity::default();
    let mut peak = Quantity::default();
    for container in tree.list_at(&["spec", "initContainers"]) {
        let Some(own) = amount(container) else { continue };
        let mut now = sidecars.clone();
        now.add(&own);
        if container.str_at(&["restartPolicy"]) == Some("Always") {
            sidecars = now.clone();
            main.add(&own);
        }
        if now.compare(&peak).is_gt() {
            peak = now;
        }
    }
    let mut most = if peak.compare(&main).is_gt() { peak } else { main };
    let overhead = tree.at(&["spec", "overhead", name]).map(any_text).and_then(|t| Quantity::parse(&t).ok());
    if let Some(overhead) = overhead {
        most.add(&overhead);
    }
    most
}

/// `150m (3%)`
fn share(amount: &Quantity, of: &Quantity, cpu: bool) -> String {
    let units = |q: &Quantity| if cpu { q.milli_value() } else { q.value() };
    let percent = match units(of) {
        0 => 0,
        whole => (units(amount) as f64 / whole as f64 * 100.0) as i64,
    };
    format!("{amount} ({percent}%)")
}

fn pods(s: &Subject, page: &mut Page, node: &str) {
    let api = &s.cluster.api;
    let mut pods: Vec<Rc<Object>> = api.store.pods_on(node).cloned().collect();
    pods.retain(|p| p.pod().is_some_and(|row| !row.status.phase.ended()));
    pods.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
    let allocatable = s.tree.at(&["status", "allocatable"]).or(s.tree.at(&["status", "capacity"]));
    let whole = NAMES.map(|name| {
        let text = allocatable.and_then(|a| a.get(name)).map(any_text).unwrap_or_default();
        Quantity::parse(&text).unwrap_or_default()
    });
    page.line(0, format!("Non-terminated Pods:\t({} in total)", pods.len()));
    page.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    page.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let mut totals: Option<Asked> = None;
    for pod in &pods {
        let asked = asked(&api.tree(pod));
        let [cpu, memory] = [0, 1].map(|i| {
            let cells = [&asked.requests[i], &asked.limits[i]].map(|q| share(q, &whole[i], i == 0));
            cells.join("\t")
        });
        let age = human(s.cluster.now().since(pod.meta.created).as_secs() as i64);
        page.line(1, format!("{}\t{}\t\t{cpu}\t{memory}\t{age}", pod.meta.namespace, pod.meta.name));
        match &mut totals {
            None => totals = Some(asked),
            Some(sum) => (0..NAMES.len()).for_each(|i| {
                sum.requests[i].add(&asked.requests[i]);
                sum.limits[i].add(&asked.limits[i]);
            }),
        }
    }
    let totals = totals.unwrap_or_else(|| asked(&Value::Null));
    page.line(0, "Allocated resources:");
    page.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    page.line(1, "Resource\tRequests\tLimits");
    page.line(1, "--------\t--------\t------");
    for (i, name) in NAMES.iter().enumerate() {
        let cells = [&totals.requests[i], &totals.limits[i]].map(|q| share(q, &whole[i], i == 0));
        page.line(1, format!("{name}\t{}", cells.join("\t")));
    }
    others(s, page, &pods, allocatable);
}

/// Large pages with their shares, then everything else the node has, as amounts.
fn others(s: &Subject, page: &mut Page, pods: &[Rc<Object>], allocatable: Option<&Value>) {
    let all = allocatable.and_then(Value::as_map).map(|m| m.sorted()).unwrap_or_default();
    let listed = |name: &str| NAMES.contains(&name) || name == "pods";
    let rest: Vec<_> = all.into_iter().filter(|(n, _)| !listed(n)).collect();
    let (pages, extended): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(n, _)| n.starts_with("hugepages-"));
    for (huge, list) in [(true, pages), (false, extended)] {
        for (name, have) in list {
            let whole = Quantity::parse(&any_text(have)).unwrap_or_default();
            let cells = ["requests", "limits"].map(|what| {
                let mut total = Quantity::default();
                pods.iter().for_each(|p| total.add(&sum(&s.cluster.api.tree(p), what, name)));
                if huge { share(&total, &whole, false) } else { total.to_string() }
            });
            page.line(1, format!("{name}\t{}", cells.join("\t")));
        }
    }
}
