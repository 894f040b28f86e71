//! Pods. Source: describe.go, describePod.

use super::container::{containers, resources, spread, tolerations};
use super::page::Page;
use super::{Subject, volume};
use crate::kubernetes::objects::columns::human;

pub(super) fn pod(s: &Subject, page: &mut Page) {
    s.head(page);
    if let Some(priority) = s.tree.int_at(&["spec", "priority"]) {
        page.line(0, format!("Priority:\t{priority}"));
    }
    for (title, key) in [
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ] {
        let text = s.text(&["spec", key]);
        if !text.is_empty() {
            page.line(0, format!("{title}:\t{text}"));
        }
    }
    match s.text(&["spec", "nodeName"]) {
        "" => page.line(0, "Node:\t<none>"),
        node => page.line(0, format!("Node:\t{node}/{}", s.text(&["status", "hostIP"]))),
    }
    if !s.text(&["status", "startTime"]).is_empty() {
        page.line(0, format!("Start Time:\t{}", s.date(&["status", "startTime"])));
    }
    s.marks(page);
    state(s, page);
    page.line(0, format!("IP:\t{}", s.text(&["status", "podIP"])));
    let ips = s.tree.list_at(&["status", "podIPs"]);
    page.line(0, if ips.is_empty() { "IPs:\t<none>" } else { "IPs:" });
    for ip in ips {
        page.line(1, format!("IP:\t{}", ip.str_at(&["ip"]).unwrap_or_default()));
    }
    s.controlled_by(page);
    if !s.text(&["status", "nominatedNodeName"]).is_empty() {
        page.line(0, format!("NominatedNodeName:\t{}", s.text(&["status", "nominatedNodeName"])));
    }
    if let Some(own) = s.tree.at(&["spec", "resources"]) {
        page.line(0, "Resources:");
        resources(page, Some(own), 1);
    }
    let spec = |key: &str| s.tree.list_at(&["spec", key]);
    let status = |key: &str| s.tree.list_at(&["status", key]);
    if !spec("initContainers").is_empty() {
        containers(s, page, "Init Containers", spec("initContainers"), status("initContainerStatuses"), "");
    }
    containers(s, page, "Containers", spec("containers"), status("containerStatuses"), "");
    conditions(s, page);
    volume::volumes(page, spec("volumes"), "");
    page.line(0, format!("QoS Class:\t{}", s.text(&["status", "qosClass"])));
    page.labels("", "Node-Selectors", s.tree.at(&["spec", "nodeSelector"]));
    tolerations(page, "Tolerations", spec("tolerations"));
    spread(page, s.tree.get("spec").unwrap_or(&crate::text::Value::Null), "");
    s.events(page);
}

fn state(s: &Subject, page: &mut Page) {
    let phase = s.text(&["status", "phase"]);
    let deleting = s.text(&["metadata", "deletionTimestamp"]);
    if !deleting.is_empty() && phase != "Failed" && phase != "Succeeded" {
        let at = s.cluster.api.calendar.read(deleting).unwrap_or_default();
        let passed = (s.cluster.now().0 as i64 - at.0 as i64) / 1_000_000;
        page.line(0, format!("Status:\tTerminating (lasts {})", human(passed)));
        let grace = s.int(&["metadata", "deletionGracePeriodSeconds"]);
        page.line(0, format!("Termination Grace Period:\t{grace}s"));
    } else {
        page.line(0, format!("Status:\t{phase}"));
    }
    for (title, key) in [("Reason", "reason"), ("Message", "message")] {
        if !s.text(&["status", key]).is_empty() {
            page.line(0, format!("{title}:\t{}", s.text(&["status", key])));
        }
    }
    if let Some(profile) = s.tree.str_at(&["spec", "securityContext", "seccompProfile", "type"]) {
        page.line(0, format!("SeccompProfile:\t{profile}"));
    }
}

fn conditions(s: &Subject, page: &mut Page) {
    let list = s.tree.list_at(&["status", "conditions"]);
    let text = |c: &crate::text::Value, key: &str| c.str_at(&[key]).unwrap_or_default().to_string();
    let gates = s.tree.list_at(&["spec", "readinessGates"]);
    if !gates.is_empty() {
        page.line(0, "Readiness Gates:");
        page.line(1, "Type\tStatus");
        for gate in gates {
            let kind = text(gate, "conditionType");
            let found = list.iter().find(|c| text(c, "type") == kind).map(|c| text(c, "status"));
            page.line(1, format!("{kind} \t{} ", found.unwrap_or_else(|| "<none>".into())));
        }
    }
    if !list.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus");
        list.iter().for_each(|c| page.line(1, format!("{} \t{} ", text(c, "type"), text(c, "status"))));
    }
}
