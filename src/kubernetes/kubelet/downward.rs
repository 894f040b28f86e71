//! What a container is told of its own pod: variables from fields and from amounts.
//! Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, podFieldSelectorRuntimeValue; pkg/fieldpath/fieldpath.go,
//! ExtractFieldPathAsString; pkg/api/v1/resource/helpers.go, ExtractResourceValueByContainerNameAndNodeAllocatable.

use super::lifecycle::Desk;
use crate::kubernetes::objects::Object;
use crate::kubernetes::objects::parts::Quantity;
use crate::text::Value;

impl Desk<'_, '_> {
    /// The variables of a container that come from its pod.
    pub(super) fn told_of_itself(&self, at: u16) -> Vec<(String, String)> {
        let (Some(tree), Some(pod)) = (self.worker.tree(&self.spec, at), self.cx.get(self.id)) else {
            return Vec::new();
        };
        let one = |entry: &Value| {
            let from = entry.get("valueFrom")?;
            let text = match from.str_at(&["fieldRef", "fieldPath"]) {
                Some(path) => self.field(&pod, path)?,
                None => self.amount(tree, from.get("resourceFieldRef")?)?,
            };
            Some((entry.str_at(&["name"])?.to_string(), text))
        };
        tree.list_at(&["env"]).iter().filter_map(one).collect()
    }
    fn field(&self, pod: &Object, path: &str) -> Option<String> {
        let meta = &pod.meta;
        if let Some((map, key)) = path.strip_suffix("']").and_then(|p| p.split_once("['")) {
            let kept = match map {
                "metadata.labels" => meta.labels.get(key),
                "metadata.annotations" => meta.annotations.get(key),
                _ => None,
            };
            return Some(kept.map(|v| v.to_string()).unwrap_or_default());
        }
        Some(match path {
            "metadata.name" => meta.name.to_string(),
            "metadata.namespace" => meta.namespace.to_string(),
            "metadata.uid" => self.cx.api.calendar.uid(self.id).to_string(),
            "spec.nodeName" => self.kubelet.name.to_string(),
            "spec.serviceAccountName" => self.spec.tree.str_at(&["serviceAccountName"]).unwrap_or("default").into(),
            "status.hostIP" | "status.hostIPs" => self.kubelet.address.to_string(),
            "status.podIP" | "status.podIPs" => match &self.worker.ip {
                Some(ip) => ip.to_string(),
                None if self.spec.host_network => self.kubelet.address.to_string(),
                None => String::new(),
            },
            _ => return None,
        })
    }
    /// `limits.cpu` and kin, in units of the divisor, rounded up. A limit that is not set is what the node has to give.
    fn amount(&self, own: &Value, reference: &Value) -> Option<String> {
        let container = match reference.str_at(&["containerName"]).filter(|n| !n.is_empty()) {
            Some(name) => {
                let all = ["containers", "initContainers"].iter().flat_map(|list| self.spec.tree.list_at(&[list]));
                all.into_iter().find(|c| c.str_at(&["name"]) == Some(name))?
            }
            None => own,
        };
        let (what, resource) = reference.str_at(&["resource"])?.split_once('.')?;
        let asked = container.at(&["resources", what, resource]).and_then(|v| Quantity::read(v).ok());
        let node = self.cx.get(self.kubelet.id)?;
        let has = || node.node()?.allocatable_text.get(resource).and_then(|v| Quantity::read(v).ok());
        let amount = match asked {
            Some(amount) => amount,
            None if what == "limits" => has()?,
            None => Quantity::default(),
        };
        let divisor = reference.get("divisor").and_then(|v| Quantity::read(v).ok()).filter(|d| !d.is_zero());
        let units = |q: &Quantity| if resource == "cpu" { q.milli_value() } else { q.value() };
        let one = divisor.as_ref().map_or(if resource == "cpu" { 1000 } else { 1 }, units).max(1);
        Some(units(&amount).div_euclid(one).saturating_add(i64::from(units(&amount).rem_euclid(one) > 0)).to_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::kubernetes::kubelet::tests::with_pod;
    use crate::sim::Time;

    #[test]
    fn a_script_reads_what_it_is_told_of_its_pod() {
        let field =
            |name: &str, path: &str| format!("{{name: {name}, valueFrom: {{fieldRef: {{fieldPath: {path}}}}}}}");
        let amount = |name: &str, resource: &str, divisor: &str| {
            format!("{{name: {name}, valueFrom: {{resourceFieldRef: {{resource: {resource}, divisor: {divisor}}}}}}}")
        };
        let env = [
            field("NAME", "metadata.name"),
            field("S", "metadata.namespace"),
            field("W", "spec.nodeName"),
            field("A", "spec.serviceAccountName"),
            field("L", "\"metadata.labels['none']\""),
            amount("C", "limits.cpu", "'1'"),
            amount("M", "limits.memory", "1Mi"),
            amount("R", "requests.cpu", "1m"),
        ];
        let script = "echo $NAME $S $W $A [$L] $C $M $R; sleep 99";
        let resources = "{requests: {cpu: 250m}, limits: {cpu: 1500m, memory: 100M}}";
        let (mut cluster, id) = with_pod(&format!(
            "  containers:\n  - {{name: app, image: busybox, command: [sh, -c, '{script}'], resources: {resources}, env: [{}]}}",
            env.join(", ")
        ));
        cluster.run_until(Time::secs(5));
        let log = cluster.kubelet.log(id, "app", false, cluster.now()).unwrap_or_default();
        let lines: Vec<String> = log.iter().map(|(_, line)| line.to_string()).collect();
        assert_eq!(lines, ["p default node-1 default [] 2 96 250"]);
    }

    #[test]
    fn an_exit_code_may_depend_on_the_own_name() {
        let script = "sleep 1; [ \"$NAME\" != p ]";
        let env = "[{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]";
        let (mut cluster, id) = with_pod(&format!(
            "  restartPolicy: Never\n  containers: [{{name: app, image: busybox, command: [sh, -c, '{script}'], env: {env}}}]"
        ));
        cluster.run_until(Time::secs(8));
        let phase = cluster.api.store.get(id).and_then(|o| Some(o.pod()?.status.phase));
        assert_eq!(phase, Some(crate::kubernetes::objects::pod::Phase::Failed));
    }
}
