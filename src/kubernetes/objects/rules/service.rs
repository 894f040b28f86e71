//! Service: one name and address for many pods.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_Service.

mod allocation;

pub use allocation::{Held, allocate, taken};

use super::super::field_error::{Errors, Path};
use super::view::{Fill, View};
use super::{Rules, formats, meta};
use crate::map;
use crate::text::Value;

/// The rules of services.
pub const RULES: Rules = Rules {
    kind: "v1 Service",
    simulated: &["spec.*"],
    defaults,
    strategy,
    name: meta::NameRule::Label,
    create: check,
    update,
    warnings,
    carry,
};

fn defaults(service: &mut Value) {
    let spec = service.make("spec");
    spec.fill_zero("sessionAffinity", "None");
    match spec.text("sessionAffinity") {
        "None" => {
            spec.remove_at(&["sessionAffinityConfig"]);
        }
        "ClientIP" if spec.at(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"]).is_none() => {
            let config = map! { "clientIP" => map! { "timeoutSeconds" => 10_800i64 } };
            spec.make_map().set("sessionAffinityConfig", config);
        }
        _ => {}
    }
    spec.fill_zero("type", "ClusterIP");
    spec.each("ports", |port| {
        port.fill_zero("protocol", "TCP");
        let own = port.num("port");
        port.fill_zero("targetPort", own);
    });
    let kind = spec.text("type").to_owned();
    let outside = matches!(kind.as_str(), "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && !spec.items("externalIPs").is_empty());
    if outside {
        spec.fill_zero("externalTrafficPolicy", "Cluster");
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        spec.fill("internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        spec.fill("allocateLoadBalancerNodePorts", true);
    }
}

/// Source: kubernetes v1.37 pkg/registry/core/service/strategy.go, normalizeClusterIPs.
fn strategy(service: &mut Value) {
    super::no_status(service);
    let spec = service.make("spec");
    let ip = spec.text("clusterIP").to_owned();
    if !ip.is_empty() && spec.items("clusterIPs").is_empty() {
        spec.make_map().set("clusterIPs", vec![Value::str(ip)]);
    }
}

fn is_headless(spec: &Value) -> bool {
    matches!(spec.items("clusterIPs"), [one] if one.as_str() == Some("None"))
}

/// Whether somebody outside the cluster can reach it.
fn reachable(spec: &Value) -> bool {
    match spec.text("type") {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => !spec.items("externalIPs").is_empty(),
        _ => false,
    }
}

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateService.
fn check(service: &Value) -> Errors {
    let (spec, path) = (service.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    let kind = spec.text("type");
    if spec.items("ports").is_empty() && !is_headless(spec) && kind != "ExternalName" {
        out.push(path.child("ports").required(""));
    }
    out.extend(by_type(spec, &path));
    out.extend(ports(spec, &path.child("ports")));
    out.extend(meta::labels(spec.of("selector"), &path.child("selector")));
    out.extend(affinity(spec, &path));
    out.extend(cluster_ips(spec, &path));
    for (i, ip) in spec.items("externalIPs").iter().filter_map(Value::as_str).enumerate() {
        let at = path.child("externalIPs").index(i);
        let wrong = formats::valid_ip(&at, ip);
        out.extend(if wrong.is_empty() { formats::not_special(&at, ip) } else { wrong });
    }
    match kind {
        "" => out.push(path.child("type").required("")),
        "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName" => {}
        _ => {
            out.push(path.child("type").not_supported(kind, &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]))
        }
    }
    out.extend(port_clashes(spec, &path.child("ports")));
    out.extend(load_balancer(service, spec, &path));
    out.extend(traffic(spec, &path));
    out
}

/// What the server finds wrong with the families before it looks at anything else: the cluster has IPv4 addresses only.
/// Source: kubernetes v1.37 pkg/registry/core/service/storage/alloc.go, initIPFamilyFields.
pub fn families(service: &Value) -> Errors {
    let (spec, path) = (service.of("spec"), &Path::new("spec"));
    if spec.text("type") == "ExternalName" {
        return Errors::new();
    }
    let mut out = cluster_ips(spec, path);
    if !out.is_empty() {
        return out;
    }
    let anything = spec.text("clusterIP") == "None" && spec.of("selector").is_void();
    let policy = match spec.text("ipFamilyPolicy") {
        "" if anything => "RequireDualStack",
        "" => "SingleStack",
        given => given,
    };
    let (ips, given) = (spec.items("clusterIPs"), spec.items("ipFamilies"));
    if policy == "SingleStack" {
        for (list, what) in [(ips, "cluster IPs"), (given, "IP families")] {
            if list.len() == 2 {
                let words =
                    format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
                out.push(path.child("ipFamilyPolicy").invalid(policy, words));
            }
        }
    }
    for (i, ip) in ips.iter().filter_map(Value::as_str).enumerate().skip(given.len()) {
        if ip.contains(':') {
            let at = path.child("clusterIPs").index(i);
            out.push(at.invalid(spec.of("clusterIPs"), "IPv6 is not configured on this cluster"));
        }
    }
    if !out.is_empty() {
        return out;
    }
    if spec.text("ipFamilyPolicy") == "RequireDualStack" && !anything {
        let words = "this cluster is not configured for dual-stack services";
        out.push(path.child("ipFamilyPolicy").invalid("RequireDualStack", words));
    }
    for (i, family) in spec.items("ipFamilies").iter().filter_map(Value::as_str).enumerate() {
        if family != "IPv4" && !anything {
            out.push(path.child("ipFamilies").index(i).invalid(family, "not configured on this cluster"));
        }
    }
    out
}

fn by_type(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let kind = spec.text("type");
    match kind {
        "LoadBalancer" | "NodePort" if is_headless(spec) => {
            let words = format!("may not be set to 'None' for {kind} services");
            out.push(path.child("clusterIPs").index(0).invalid("None", words));
        }
        "ExternalName" => {
            for member in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if !spec.of(member).is_void() {
                    out.push(path.child(member).forbidden("may not be set for ExternalName services"));
                }
            }
            let name = spec.text("externalName");
            match name.strip_suffix('.').unwrap_or(name) {
                "" => out.push(path.child("externalName").required("")),
                name => out.extend(formats::at(&path.child("externalName"), name, formats::dns_subdomain(name))),
            }
        }
        _ => {}
    }
    out
}

fn ports(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let mut names: Vec<&str> = Vec::new();
    let ports = spec.items("ports");
    for (i, port) in ports.iter().enumerate() {
        let at = path.index(i);
        let name = port.text("name");
        if name.is_empty() && ports.len() > 1 {
            out.push(at.child("name").required(""));
        } else if !name.is_empty() {
            out.extend(formats::at(&at.child("name"), name, formats::dns_label(name)));
            if names.contains(&name) {
                out.push(at.child("name").duplicate(name));
            }
            names.push(name);
        }
        let number = port.num("port");
        out.extend(formats::port(number).into_iter().map(|w| at.child("port").invalid(number, w)));
        let protocol = port.text("protocol");
        if !matches!(protocol, "TCP" | "UDP" | "SCTP") {
            out.push(at.child("protocol").not_supported(protocol, &["SCTP", "TCP", "UDP"]));
        }
        out.extend(port_or_name(port.of("targetPort"), &at.child("targetPort")));
        if port.has("appProtocol") {
            let protocol = port.text("appProtocol");
            out.extend(formats::at(&at.child("appProtocol"), protocol, formats::label_key(protocol)));
        }
    }
    out
}

/// A port by number or by name.
pub fn port_or_name(port: &Value, path: &Path) -> Errors {
    match port {
        Value::Str(name) => formats::at(path, name, formats::port_name(name)),
        other => {
            let number = other.as_int().unwrap_or(0);
            formats::port(number).into_iter().map(|w| path.invalid(number, w)).collect()
        }
    }
}

fn affinity(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let (affinity, config) = (spec.text("sessionAffinity"), spec.of("sessionAffinityConfig"));
    match affinity {
        "" => out.push(path.child("sessionAffinity").required("")),
        "ClientIP" => {
            let at = path.child("sessionAffinityConfig").child("clientIP").child("timeoutSeconds");
            let seconds = config.of("clientIP").num("timeoutSeconds");
            if !(1..=86_400).contains(&seconds) {
                out.push(at.invalid(seconds, "must be greater than 0 and less than 86400"));
            }
        }
        "None" if !config.is_null() => {
            let words = "must not be set when session affinity is None";
            out.push(path.child("sessionAffinityConfig").forbidden(words));
        }
        "None" => {}
        other => out.push(path.child("sessionAffinity").not_supported(other, &["ClientIP", "None"])),
    }
    out
}

/// Source: ValidateServiceClusterIPsRelatedFields.
fn cluster_ips(spec: &Value, path: &Path) -> Errors {
    if spec.text("type") == "ExternalName" {
        return Errors::new();
    }
    let (one, all) = (spec.text("clusterIP"), spec.items("clusterIPs"));
    let (ips_path, families_path) = (path.child("clusterIPs"), path.child("ipFamilies"));
    let mut out = Errors::new();
    match (one.is_empty(), all.first().and_then(Value::as_str)) {
        (false, Some(first)) if first != one => {
            out.push(ips_path.invalid(spec.of("clusterIPs"), "first value must match `clusterIP`"));
        }
        (true, Some(_)) => {
            out.push(ips_path.invalid(spec.of("clusterIPs"), "must be empty when `clusterIP` is not specified"));
        }
        _ => {}
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, family) in spec.items("ipFamilies").iter().filter_map(Value::as_str).enumerate() {
        if !matches!(family, "IPv4" | "IPv6") {
            out.push(families_path.index(i).not_supported(family, &["IPv4", "IPv6"]));
        }
        if seen.contains(&family) {
            out.push(families_path.index(i).duplicate(family));
        }
        seen.push(family);
    }
    let policy = spec.text("ipFamilyPolicy");
    const POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];
    if spec.has("ipFamilyPolicy") && !POLICIES.contains(&policy) {
        out.push(path.child("ipFamilyPolicy").not_supported(policy, &POLICIES));
    }
    let mut broken = false;
    for (i, ip) in all.iter().filter_map(Value::as_str).enumerate() {
        if i == 0 && ip == "None" {
            if all.len() > 1 {
                broken = true;
                out.push(ips_path.invalid(spec.of("clusterIPs"), "'None' must be the first and only value"));
            }
            continue;
        }
        let wrong = formats::valid_ip(&ips_path.index(i), ip);
        broken |= !wrong.is_empty();
        out.extend(wrong);
    }
    if all.len() > 2 {
        out.push(ips_path.invalid(spec.of("clusterIPs"), "may only hold up to 2 values"));
    }
    if broken {
        return out;
    }
    let six = all.iter().filter(|ip| ip.as_str().is_some_and(|ip| ip.contains(':'))).count();
    if all.len() > 1 && (six == 0 || six == all.len()) {
        out.push(ips_path.invalid(spec.of("clusterIPs"), "may specify no more than one IP for each IP family"));
    }
    if is_headless(spec) {
        return out;
    }
    for (i, (ip, family)) in all.iter().zip(spec.items("ipFamilies")).enumerate() {
        let (ip, family) = (ip.as_str().unwrap_or_default(), family.as_str().unwrap_or_default());
        if (family == "IPv4") == ip.contains(':') {
            let words = format!("expected an {family} value as indicated by `ipFamilies[{i}]`");
            out.push(ips_path.index(i).invalid(ip, words));
        }
    }
    out
}

fn port_clashes(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let ports = spec.items("ports");
    for (i, port) in ports.iter().enumerate() {
        if spec.text("type") == "ClusterIP" && port.num("nodePort") != 0 {
            out.push(path.index(i).child("nodePort").forbidden("may not be used when `type` is 'ClusterIP'"));
        }
    }
    for member in ["nodePort", "port"] {
        for (i, port) in ports.iter().enumerate() {
            let (number, protocol) = (port.num(member), port.text("protocol"));
            let twin = |p: &Value| p.num(member) == number && p.text("protocol") == protocol;
            if (member == "nodePort" && number == 0) || !ports[..i].iter().any(twin) {
                continue;
            }
            out.push(if member == "nodePort" {
                path.index(i).child("nodePort").duplicate(number)
            } else {
                path.index(i).duplicate(Value::Map(map! {
                    "Name" => "", "Protocol" => protocol, "AppProtocol" => Value::Null, "Port" => number,
                    "TargetPort" => 0i64, "NodePort" => 0i64,
                }))
            });
        }
    }
    out
}

fn load_balancer(service: &Value, spec: &Value, path: &Path) -> Errors {
    const ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
    const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
    let is_balancer = spec.text("type") == "LoadBalancer";
    let mut out = Errors::new();
    let ranges = spec.items("loadBalancerSourceRanges");
    let annotations = service.of("metadata").of("annotations");
    if !ranges.is_empty() {
        let at = path.child("LoadBalancerSourceRanges");
        if !is_balancer {
            out.push(at.forbidden(ONLY));
        }
        for (i, range) in ranges.iter().filter_map(Value::as_str).enumerate() {
            out.extend(formats::valid_cidr(&at.index(i), range.trim()));
        }
    } else if annotations.has(RANGES) {
        let at = Path::new("metadata").child("annotations").key(RANGES);
        if !is_balancer {
            out.push(at.forbidden(ONLY));
        }
        for range in annotations.text(RANGES).trim().split(',').map(str::trim).filter(|r| !r.is_empty()) {
            out.extend(formats::valid_cidr(&at, range));
        }
    }
    if spec.has("allocateLoadBalancerNodePorts") && !is_balancer {
        out.push(path.child("allocateLoadBalancerNodePorts").forbidden(ONLY));
    }
    if spec.has("loadBalancerClass") {
        let (class, at) = (spec.text("loadBalancerClass"), path.child("loadBalancerClass"));
        if is_balancer {
            out.extend(formats::at(&at, class, formats::label_key(class)));
        } else {
            out.push(at.forbidden(ONLY));
        }
    }
    out
}

fn traffic(spec: &Value, path: &Path) -> Errors {
    let mut out = Errors::new();
    let external = spec.text("externalTrafficPolicy");
    let at = path.child("externalTrafficPolicy");
    match (reachable(spec), external) {
        (false, "") | (true, "Cluster" | "Local") => {}
        (false, _) => out.push(at.invalid(external, "may only be set for externally-accessible services")),
        (true, "") => out.push(at.required("")),
        (true, _) => out.push(at.not_supported(external, &["Cluster", "Local"])),
    }
    let checked = spec.text("type") == "LoadBalancer" && external == "Local";
    let health = spec.num("healthCheckNodePort");
    if health != 0 {
        let at = path.child("healthCheckNodePort");
        if checked {
            out.extend(formats::port(health).into_iter().map(|w| at.invalid(health, w)));
        } else {
            let words = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            out.push(at.invalid(health, words));
        }
    }
    let internal = spec.text("internalTrafficPolicy");
    if spec.has("internalTrafficPolicy") && !matches!(internal, "Cluster" | "Local") {
        out.push(path.child("internalTrafficPolicy").not_supported(internal, &["Cluster", "Local"]));
    }
    const SPREADS: [&str; 3] = ["PreferClose", "PreferSameNode", "PreferSameZone"];
    let spread = spec.text("trafficDistribution");
    if spec.has("trafficDistribution") && !SPREADS.contains(&spread) {
        out.push(
            path.child("trafficDistribution")
                .not_supported(spread, &["PreferClose", "PreferSameZone", "PreferSameNode"]),
        );
    }
    out
}

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateServiceUpdate.
fn update(new: &Value, old: &Value) -> Errors {
    let (spec, before) = (new.of("spec"), old.of("spec"));
    let path = Path::new("spec");
    let mut out = Errors::new();
    let named = spec.text("type") == "ExternalName" || before.text("type") == "ExternalName";
    if !named {
        out.extend(kept(spec, before, "clusterIPs", is_headless(spec) && is_headless(before), &path));
        out.extend(kept(spec, before, "ipFamilies", is_headless(spec) || is_headless(before), &path));
    }
    let class = path.child("loadBalancerClass");
    if spec.text("type") == "LoadBalancer" && before.text("type") == "LoadBalancer" {
        let (now, was) = (spec.of("loadBalancerClass"), before.of("loadBalancerClass"));
        if now != was {
            out.push(class.invalid(now, "may not change once set"));
        }
    }
    out.extend(check(new));
    out
}

fn kept(spec: &Value, before: &Value, list: &str, free: bool, path: &Path) -> Errors {
    let (now, was) = (spec.items(list), before.items(list));
    let at = |i: usize| path.child(list).index(i);
    if free {
        return Errors::new();
    }
    if now.len() == was.len() {
        let changed = now.iter().zip(was).enumerate().filter(|(_, (a, b))| a != b);
        return changed
            .map(|(i, _)| {
                at(if list == "clusterIPs" { i } else { 0 }).invalid(spec.of(list), "may not change once set")
            })
            .collect();
    }
    let mut out = Errors::new();
    match (now.first(), was.first()) {
        (None, Some(_)) => {
            let what = if list == "clusterIPs" { "primary clusterIP" } else { "primary ipFamily" };
            let none = if spec.has(list) { spec.of(list) } else { &Value::Null };
            out.push(at(0).invalid(none, format!("{what} can not be unset")));
        }
        (Some(a), Some(b)) if a != b => out.push(at(0).invalid(spec.of(list), "may not change once set")),
        _ => {}
    }
    out
}

/// Source: kubernetes v1.37 pkg/api/service/warnings.go, GetWarningsForService.
fn warnings(service: &Value) -> Vec<String> {
    let spec = service.of("spec");
    let mut out = Vec::new();
    let mut tell = |yes: bool, words: &str| {
        if yes {
            out.push(words.to_owned());
        }
    };
    let outside = !spec.items("externalIPs").is_empty();
    let renamed = spec.text("type") == "ExternalName";
    let headless = spec.text("type") == "ClusterIP" && spec.text("clusterIP") == "None";
    tell(
        service.of("metadata").of("annotations").has("service.kubernetes.io/topology-aware-hints"),
        "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
    );
    if headless {
        tell(!spec.text("loadBalancerIP").is_empty(), "spec.loadBalancerIP is ignored for headless services");
        tell(outside, "spec.externalIPs is ignored for headless services");
        tell(spec.text("sessionAffinity") != "None", "spec.SessionAffinity is ignored for headless services");
    }
    tell(
        outside && !headless && !renamed,
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
    );
    tell(outside && renamed, "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
    tell(
        !renamed && !spec.text("externalName").is_empty(),
        "spec.externalName is ignored when spec.type is not \"ExternalName\"",
    );
    tell(
        spec.text("trafficDistribution") == "PreferClose",
        "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"",
    );
    out
}

/// Source: kubernetes v1.37 pkg/registry/core/service/storage/storage.go, patchAllocatedValues, normalizeClusterIPs.
fn carry(service: &mut Value, old: &Value) {
    let was = old.of("spec").clone();
    let spec = service.make("spec");
    let addressed = |spec: &Value| spec.text("type") != "ExternalName";
    if addressed(&was) && addressed(spec) {
        for member in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            if spec.of(member).is_void() && was.has(member) {
                spec.make_map().set(member, was.of(member).clone());
            }
        }
    }
    let wants = |spec: &Value| matches!(spec.text("type"), "NodePort" | "LoadBalancer");
    if wants(&was) && wants(spec) {
        let known: Vec<Value> = was.items("ports").to_vec();
        spec.each("ports", |port| {
            let twin =
                known.iter().find(|k| k.num("port") == port.num("port") && k.text("protocol") == port.text("protocol"));
            if let Some(number) = twin.map(|k| k.num("nodePort")).filter(|n| *n != 0) {
                port.fill_zero("nodePort", number);
            }
        });
    }
    let same_list = spec.items("clusterIPs") == was.items("clusterIPs");
    if spec.text("clusterIP") != was.text("clusterIP") && (same_list || spec.items("clusterIPs").is_empty()) {
        let ip = spec.of("clusterIP").clone();
        let ips = if ip.is_void() { Value::Null } else { Value::List(vec![ip]) };
        spec.make_map().set("clusterIPs", ips);
    }
    let checked = |s: &Value| s.text("type") == "LoadBalancer" && s.text("externalTrafficPolicy") == "Local";
    if checked(&was) && checked(spec) && spec.num("healthCheckNodePort") == 0 && was.num("healthCheckNodePort") != 0 {
        spec.make_map().set("healthCheckNodePort", was.num("healthCheckNodePort"));
    }
    drop_of_type(spec, &was);
}

/// A service of another type gives up what only the type before had, unless the user changes it.
/// Source: kubernetes v1.37 pkg/registry/core/service/strategy.go, dropTypeDependentFields.
fn drop_of_type(spec: &mut Value, was: &Value) {
    let balances = |s: &Value| s.text("type") == "LoadBalancer";
    let checked = |s: &Value| balances(s) && s.text("externalTrafficPolicy") == "Local";
    let numbered = |s: &Value| matches!(s.text("type"), "NodePort" | "LoadBalancer");
    let addressed = |s: &Value| s.text("type") != "ExternalName";
    let mut gone: Vec<&str> = Vec::new();
    if addressed(was) && !addressed(spec) {
        if spec.of("clusterIP") == was.of("clusterIP") && spec.of("clusterIPs") == was.of("clusterIPs") {
            gone.extend(["clusterIP", "clusterIPs"]);
        }
        gone.extend(["ipFamilies", "ipFamilyPolicy"].iter().filter(|m| spec.of(m) == was.of(m)));
    }
    if checked(was) && !checked(spec) && spec.of("healthCheckNodePort") == was.of("healthCheckNodePort") {
        gone.push("healthCheckNodePort");
    }
    if balances(was) && !balances(spec) {
        let members = ["allocateLoadBalancerNodePorts", "loadBalancerClass"];
        gone.extend(members.iter().filter(|m| spec.of(m) == was.of(m)));
    }
    if reachable(was) && !reachable(spec) && spec.of("externalTrafficPolicy") == was.of("externalTrafficPolicy") {
        gone.push("externalTrafficPolicy");
    }
    let ports = |s: &Value| -> std::collections::BTreeSet<i64> {
        s.items("ports").iter().map(|p| p.num("nodePort")).filter(|n| *n != 0).collect()
    };
    if numbered(was) && !numbered(spec) && ports(was) == ports(spec) {
        spec.each("ports", |port| {
            port.remove_at(&["nodePort"]);
        });
    }
    for member in gone {
        spec.remove_at(&[member]);
    }
}
