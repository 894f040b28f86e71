//! What the default admission plugins do to a new pod: service account, priority, tolerations.
//! Source: kubernetes v1.37 plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds,runtimeclass}/admission.go.

use super::super::Surroundings;
use super::super::view::{Fill, View};
use crate::map;
use crate::text::{Map, Value};

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const TOKEN_NAME: &str = "kube-api-access-";
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Runs the plugins in the server's order.
pub fn admit(pod: &mut Value, around: &mut dyn Surroundings) -> Result<(), String> {
    let name = match pod.of("metadata").text("name") {
        "" => pod.of("metadata").text("generateName"),
        name => name,
    };
    let forbidden = format!("pods {} is forbidden: ", crate::text::go::quoted(name));
    let ranges = around.limit_ranges(pod.of("metadata").text("namespace"));
    super::super::limits::fill(pod, &ranges);
    service_account(pod, around).map_err(|e| format!("{forbidden}{e}"))?;
    priority(pod, around).map_err(|e| format!("{forbidden}{e}"))?;
    tolerations(pod);
    overhead(pod, around).map_err(|e| format!("{forbidden}{e}"))
}

fn service_account(pod: &mut Value, around: &mut dyn Surroundings) -> Result<(), String> {
    if pod.of("metadata").of("annotations").has(MIRROR) {
        return Ok(());
    }
    let namespace = pod.of("metadata").text("namespace").to_owned();
    let spec = pod.make("spec");
    spec.fill_zero("serviceAccountName", "default");
    let name = spec.text("serviceAccountName").to_owned();
    spec.make_map().set("serviceAccount", name.as_str());
    let Some(account) = around.service_account(&namespace, &name) else {
        return Err(format!(
            "error looking up service account {namespace}/{name}: serviceaccount {} not found",
            crate::text::go::quoted(&name)
        ));
    };
    let wanted = match spec.of("automountServiceAccountToken") {
        Value::Bool(own) => *own,
        _ => account.of("automountServiceAccountToken") != &Value::Bool(false),
    };
    if wanted {
        mount_token(spec, around);
    }
    if spec.items("imagePullSecrets").is_empty() && !account.items("imagePullSecrets").is_empty() {
        spec.make_map().set("imagePullSecrets", account.of("imagePullSecrets").clone());
    }
    Ok(())
}

/// Mounts the account's token in every container that has nothing at that place.
fn mount_token(spec: &mut Value, around: &mut dyn Surroundings) {
    let existing = spec.items("volumes").iter().map(|v| v.text("name")).find(|n| n.starts_with(TOKEN_NAME));
    let had = existing.is_some();
    let name = existing.map_or_else(|| format!("{TOKEN_NAME}{}", around.suffix()), str::to_owned);
    let mut used = false;
    for list in ["initContainers", "containers"] {
        spec.each(list, |container| {
            if container.items("volumeMounts").iter().any(|m| m.text("mountPath") == TOKEN_PATH) {
                return;
            }
            used = true;
            let mut mounts = container.items("volumeMounts").to_vec();
            mounts.push(Value::Map(map! { "name" => name.as_str(), "readOnly" => true, "mountPath" => TOKEN_PATH }));
            container.make_map().set("volumeMounts", mounts);
        });
    }
    if used && !had {
        let mut volumes = spec.items("volumes").to_vec();
        volumes.push(token_volume(&name));
        spec.make_map().set("volumes", volumes);
    }
}

fn token_volume(name: &str) -> Value {
    let one = |key: &str, value: Map| Value::Map(map! { key => value });
    let field = map! { "apiVersion" => "v1", "fieldPath" => "metadata.namespace" };
    let sources = vec![
        one("serviceAccountToken", map! { "expirationSeconds" => 3607i64, "path" => "token" }),
        one(
            "configMap",
            map! {
                "name" => "kube-root-ca.crt",
                "items" => vec![Value::Map(map! { "key" => "ca.crt", "path" => "ca.crt" })],
            },
        ),
        one(
            "downwardAPI",
            map! {
                "items" => vec![Value::Map(map! { "path" => "namespace", "fieldRef" => field })],
            },
        ),
    ];
    Value::Map(map! { "name" => name, "projected" => map! { "sources" => sources, "defaultMode" => 0o644i64 } })
}

fn priority(pod: &mut Value, around: &mut dyn Surroundings) -> Result<(), String> {
    let spec = pod.make("spec");
    let name = spec.text("priorityClassName").to_owned();
    let class = match name.as_str() {
        "" => around.default_priority_class(),
        "system-cluster-critical" => Some(system_class(2_000_000_000)),
        "system-node-critical" => Some(system_class(2_000_001_000)),
        _ => Some(around.priority_class(&name).ok_or_else(|| format!("no PriorityClass with name {name} was found"))?),
    };
    let value = class.as_ref().map_or(0, |c| c.num("value"));
    let policy = class.as_ref().map_or("", |c| c.text("preemptionPolicy"));
    let policy = if policy.is_empty() { "PreemptLowerPriority" } else { policy };
    if let Some(own) = spec.int("priority").filter(|own| *own != value) {
        return Err(format!(
            "the integer value of priority ({own}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
        ));
    }
    let own = spec.text("preemptionPolicy");
    if !own.is_empty() && own != policy {
        return Err(format!(
            "the string value of PreemptionPolicy ({own}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        ));
    }
    if name.is_empty()
        && let Some(class) = &class
    {
        let default = class.of("metadata").text("name").to_owned();
        spec.make_map().set("priorityClassName", default);
    }
    spec.make_map().set("priority", value);
    spec.make_map().set("preemptionPolicy", policy);
    Ok(())
}

fn system_class(value: i64) -> Value {
    Value::Map(map! { "value" => value, "preemptionPolicy" => "PreemptLowerPriority" })
}

/// Every pod bears a lost node for five minutes, unless it says otherwise.
pub fn tolerations(pod: &mut Value) {
    const SECONDS: i64 = 300;
    let spec = pod.make("spec");
    let mut all = spec.items("tolerations").to_vec();
    let bears = |key: &str| {
        all.iter()
            .any(|t| (t.text("key").is_empty() || t.text("key") == key) && matches!(t.text("effect"), "" | "NoExecute"))
    };
    let missing: Vec<&str> =
        ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].into_iter().filter(|k| !bears(k)).collect();
    if missing.is_empty() {
        return;
    }
    for key in missing {
        all.push(Value::Map(map! {
            "key" => key, "operator" => "Exists", "effect" => "NoExecute", "tolerationSeconds" => SECONDS,
        }));
    }
    spec.make_map().set("tolerations", all);
}

/// What admission asks of a pod that is valid: what it costs beside its containers is its class's to say.
/// Source: kubernetes v1.37 plugin/pkg/admission/runtimeclass/admission.go, validateOverhead.
pub fn judge(pod: &Value, around: &dyn Surroundings) -> Result<(), String> {
    let (spec, metadata) = (pod.of("spec"), pod.of("metadata"));
    let class = around.runtime_class(spec.text("runtimeClassName")).unwrap_or_default();
    if !spec.has("overhead") || !class.of("overhead").of("podFixed").is_void() {
        return Ok(());
    }
    let name = crate::text::go::quoted(metadata.text("name"));
    Err(format!(
        "pods {name} is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
    ))
}

fn overhead(pod: &mut Value, around: &mut dyn Surroundings) -> Result<(), String> {
    let name = pod.of("spec").text("runtimeClassName").to_owned();
    let own = pod.of("spec").of("overhead").clone();
    if name.is_empty() {
        return Ok(());
    }
    let Some(class) = around.runtime_class(&name) else {
        return Err(format!("pod rejected: RuntimeClass {} not found", crate::text::go::quoted(&name)));
    };
    let fixed = class.of("overhead").of("podFixed").clone();
    if fixed.is_void() {
        return Ok(());
    }
    if !own.is_void() && own != fixed {
        return Err("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead".into());
    }
    pod.make("spec").make_map().set("overhead", fixed);
    Ok(())
}
