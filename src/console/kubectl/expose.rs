//! `kubectl expose`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/expose/expose.go;
//! pkg/polymorphichelpers/{canbeexposed,mapbasedselectorforobject,portsforobject,multiprotocolsforobject}.go.

use super::create;
use super::output::{Teller, aggregate};
use super::resource::{Resource, Selection};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::objects::group_of;
use crate::map;
use crate::text::{Map, Value};

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "expose",
    switches: "save-config recursive R record",
    options: "filename f kustomize k dry-run output o protocol port type load-balancer-ip selector labels l target-port \
              external-ip name session-affinity cluster-ip field-manager overrides override-type",
    run: expose,
}];

fn expose(cx: &mut Cx, args: &Args) -> Result {
    let mut teller = Teller::new(cx, args)?;
    let (found, mut failures) = Selection::with_files(cx, args, &args.words)?.objects(cx.cluster, &cx.namespace);
    for (resource, object) in found {
        let source = cx.cluster.api.tree(&object);
        let told = service(args, &resource, &source).and_then(|mut tree| {
            args.record(&mut tree);
            let made = create::made(cx, args, tree).map_err(|e| Failure::server(&e))?;
            teller.tell(cx, &made, "exposed")
        });
        failures.extend(told.err());
    }
    aggregate(failures)?;
    Ok(Flow::Done(0))
}

/// What an object gives to choose pods by. Source: mapbasedselectorforobject.go.
fn selector_of(resource: &Resource, source: &Value) -> std::result::Result<Map, String> {
    let map = |path: &[&str]| source.at(path).and_then(Value::as_map).filter(|m| !m.is_empty()).cloned();
    match resource.kind.as_str() {
        "Pod" => map(&["metadata", "labels"]).ok_or("the pod has no labels and cannot be exposed".into()),
        "Service" => map(&["spec", "selector"]).ok_or("the service has no pod selector set".into()),
        "ReplicationController" => Ok(map(&["spec", "selector"]).unwrap_or_default()),
        kind => {
            let expressions = source.list_at(&["spec", "selector", "matchExpressions"]);
            if !expressions.is_empty() {
                let text = |v: &Value, key: &str| v.str_at(&[key]).unwrap_or_default().to_string();
                let one = |v: &Value| {
                    let values = v.list_at(&["values"]).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
                    format!("{{Key:{} Operator:{} Values:[{values}]}}", text(v, "key"), text(v, "operator"))
                };
                let all = expressions.iter().map(one).collect::<Vec<_>>().join(" ");
                return Err(format!("couldn't convert expressions - \"[{all}]\" to map-based selector format"));
            }
            map(&["spec", "selector", "matchLabels"])
                .ok_or_else(|| format!("invalid {}: no selectors, therefore cannot be exposed", kind.to_lowercase()))
        }
    }
}

/// The ports of an object's containers, or of a Service, with their protocols, in order.
fn ports_of(resource: &Resource, source: &Value) -> Vec<(i64, Vec<String>)> {
    let (lists, key): (Vec<&[Value]>, &str) = match resource.kind.as_str() {
        "Service" => (vec![source.list_at(&["spec", "ports"])], "port"),
        kind => {
            let path: &[&str] = match kind {
                "Pod" => &["spec", "containers"],
                _ => &["spec", "template", "spec", "containers"],
            };
            (source.list_at(path).iter().map(|c| c.list_at(&["ports"])).collect(), "containerPort")
        }
    };
    let mut ports: Vec<(i64, Vec<String>)> = Vec::new();
    for port in lists.into_iter().flatten() {
        let number = port.int_at(&[key]).unwrap_or(0);
        let protocol = port.str_at(&["protocol"]).filter(|p| !p.is_empty()).unwrap_or("TCP").to_string();
        match ports.iter_mut().find(|(n, _)| *n == number) {
            Some((_, protocols)) => protocols.push(protocol),
            None => ports.push((number, vec![protocol])),
        }
    }
    ports
}

/// Source: expose.go, parseLabels.
fn labels(text: &str) -> Result<Map> {
    let mut labels = Map::new();
    for spec in text.split(',') {
        match spec.split('=').collect::<Vec<_>>()[..] {
            ["", _] => return Err(Failure::error("unexpected empty label key")),
            [key, value] => labels.set(key, value),
            _ => return Err(Failure::error(format!("unexpected label spec: {spec}"))),
        }
    }
    Ok(labels)
}

/// The ports of the new Service. Source: expose.go, createService.
fn service_ports(args: &Args, resource: &Resource, source: &Value) -> Result<Vec<Value>> {
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    let own = ports_of(resource, source);
    let numbers: Vec<String> = match given("port") {
        Some(list) => list.split(',').map(String::from).collect(),
        None => own.iter().map(|(port, _)| port.to_string()).collect(),
    };
    if numbers.is_empty() && given("cluster-ip") != Some("None") {
        return Err(Failure::error("couldn't find port via --port flag or introspection"));
    }
    let target = given("target-port").map(create::number_or_text);
    let one = |name: String, port: i64, protocol: &str| {
        let target = target.clone().unwrap_or_else(|| Value::from(port));
        let mut it = map! { "port" => port, "protocol" => protocol, "targetPort" => target };
        if !name.is_empty() {
            it.set("name", name);
        }
        Value::Map(it)
    };
    let mut ports = Vec::new();
    for (i, text) in numbers.iter().enumerate() {
        let Ok(port) = text.parse::<i64>() else {
            let text = crate::text::go::quoted(text);
            return Err(Failure::error(format!("strconv.Atoi: parsing {text}: invalid syntax")));
        };
        let name = if numbers.len() > 1 { format!("port-{}", i + 1) } else { String::new() };
        let protocols = own.iter().find(|(own, _)| *own == port).map(|(_, p)| p.as_slice()).unwrap_or_default();
        match (given("protocol"), protocols) {
            (Some(protocol), _) => ports.push(one(name, port, protocol)),
            (None, []) => ports.push(one(name, port, "TCP")),
            (None, [protocol]) => ports.push(one(name, port, protocol)),
            (None, several) => {
                ports.extend(several.iter().map(|p| one(format!("port-{}-{}", i + 1, p.to_lowercase()), port, p)))
            }
        }
    }
    Ok(ports)
}

fn service(args: &Args, resource: &Resource, source: &Value) -> Result<Value> {
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    if !matches!(resource.kind.as_str(), "ReplicationController" | "Service" | "Pod" | "Deployment" | "ReplicaSet") {
        let group = group_of(&resource.api_version);
        let dot = if group.is_empty() { "" } else { "." };
        return Err(Failure::error(format!("cannot expose a {}{dot}{group}", resource.kind)));
    }
    let selector = match given("selector") {
        Some(text) => labels(text)?,
        None => selector_of(resource, source).map_err(|why| {
            Failure::error(format!("couldn't retrieve selectors via --selector flag or introspection: {why}"))
        })?,
    };
    let ports = service_ports(args, resource, source)?;
    let name: String = source.str_at(&["metadata", "name"]).unwrap_or_default().chars().take(63).collect();
    let mut tree = create::object("v1", "Service", given("name").unwrap_or(&name));
    let own = source.at(&["metadata", "labels"]).and_then(Value::as_map).filter(|m| !m.is_empty()).cloned();
    let labels = given("labels").map(labels).transpose()?.or(own);
    if let Some(labels) = labels {
        tree.set_at(&["metadata", "labels"], labels);
    }
    tree.set_at(&["spec"], map! { "ports" => ports, "selector" => selector });
    for (flag, key) in [("type", "type"), ("cluster-ip", "clusterIP")] {
        if let Some(value) = given(flag) {
            tree.set_at(&["spec", key], value);
        }
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Desk, WEB};

    const DNS: &str = "apiVersion: v1
kind: Pod
metadata: {name: dns, labels: {a: b}}
spec:
  containers:
  - name: c
    image: nginx
    ports:
    - {containerPort: 53, protocol: UDP}
    - {containerPort: 53, protocol: TCP}
    - {containerPort: 9153}
";

    #[test]
    fn ports_and_protocols_come_from_the_containers() {
        let mut desk = Desk::new(&[("web.yaml", WEB), ("dns.yaml", DNS)]);
        desk.say("kubectl apply -f web.yaml -f dns.yaml");
        let path = "{range .spec.ports[*]}{.name} {.port}/{.protocol},{end}";
        let says = [
            (
                format!("kubectl expose pod dns --dry-run=client -o jsonpath='{path}'"),
                "port-1-udp 53/UDP,port-1-tcp 53/TCP,port-2 9153/TCP,",
            ),
            (format!("kubectl expose pod dns --port=9153 --protocol=UDP -o jsonpath='{path}'"), " 9153/UDP,"),
            ("kubectl expose deploy web".into(), "error: couldn't find port via --port flag or introspection\n"),
            ("kubectl expose deploy web --cluster-ip=None -l x=y".into(), "service/web exposed\n"),
            ("kubectl get svc web -o jsonpath='{.spec.clusterIP} {.metadata.labels}'".into(), "None {\"x\":\"y\"}"),
            ("kubectl expose cm conf --port=1".into(), "error: cannot expose a ConfigMap\n"),
            ("kubectl expose -f dns.yaml --name=two --port=1".into(), "service/two exposed\n"),
        ];
        for (line, words) in says {
            assert_eq!(desk.say(&line), words, "{line}");
        }
    }
}
