//! `kubectl create ingress`. Source: kubernetes v1.37 kubectl pkg/cmd/create/create_ingress.go.

use super::create::{make, name_of, object};
use super::{Args, Cx, Failure, Result};
use crate::map;
use crate::text::{Map, Value};

/// A rule `host/path=service:port[,tls[=secret]]` taken apart.
struct Rule<'a> {
    host: &'a str,
    path: &'a str,
    service: &'a str,
    /// The secret's name; empty for none.
    tls: Option<&'a str>,
}

/// Source: create_ingress.go, regexHostPathSvc. What follows its end is not looked at by the real one either.
fn rule(text: &str) -> Option<Rule<'_>> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let slash = text.find('/')?;
    let host = &text[..slash];
    if !host.chars().all(|c| word(c) || c == '*' || c == '.') {
        return None;
    }
    let (body, tls) = text.split_once(',').map_or((text, None), |(body, tls)| (body, Some(tls)));
    let tls = tls.filter(|tls| !tls.contains(',')).map(|tls| tls.split('=').nth(1).unwrap_or_default());
    let mut parts = body[slash..].split('=');
    let (path, service) = (parts.next()?, parts.next()?);
    let (name, port) = service.split_once(':')?;
    let sound = |text: &str| text.starts_with(word);
    (name.chars().all(word) && sound(name) && sound(port)).then_some(Rule { host, path, service, tls })
}

/// Source: create_ingress.go, buildIngressBackendSvc, parseServiceBackendPort.
fn backend(service: &str) -> Value {
    let mut parts = service.split(':');
    let (name, port) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let port: Map = match port.parse::<i32>() {
        Ok(number) => map! { "number" => i64::from(number) },
        Err(_) => map! { "name" => port },
    };
    Value::Map(map! { "service" => map! { "name" => name, "port" => port } })
}

/// Hosts by secret, each host once. Source: create_ingress.go, buildTLSRules.
fn tls(rules: &[Rule]) -> Vec<Value> {
    let (mut seen, mut all): (Vec<&str>, Vec<(&str, Vec<&str>)>) = Default::default();
    for rule in rules {
        let Some(secret) = rule.tls.filter(|_| !seen.contains(&rule.host)) else { continue };
        seen.push(rule.host);
        match all.iter_mut().find(|(known, _)| *known == secret) {
            Some((_, hosts)) => hosts.push(rule.host),
            None if rule.host.is_empty() && secret.is_empty() => {}
            None => all.push((secret, Some(rule.host).filter(|host| !host.is_empty()).into_iter().collect())),
        }
    }
    let tree = |(secret, hosts): (&str, Vec<&str>)| {
        let mut one = Map::new();
        if !hosts.is_empty() {
            one.set("hosts", hosts.into_iter().map(Value::from).collect::<Vec<_>>());
        }
        if !secret.is_empty() {
            one.set("secretName", secret);
        }
        Value::Map(one)
    };
    all.into_iter().map(tree).collect()
}

/// Paths by host. Source: create_ingress.go, buildIngressRules, buildHTTPIngressPath.
fn by_host(rules: &[Rule]) -> Vec<Value> {
    let mut hosts: Vec<(&str, Vec<Value>)> = Vec::new();
    for rule in rules {
        let (path, kind) = match rule.path.strip_suffix('*') {
            Some(path) => (path, "Prefix"),
            None => (rule.path, "Exact"),
        };
        let path = Value::Map(map! { "backend" => backend(rule.service), "path" => path, "pathType" => kind });
        match hosts.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(path),
            None => hosts.push((rule.host, vec![path])),
        }
    }
    let tree = |(host, paths): (&str, Vec<Value>)| {
        let mut one = map! { "http" => map! { "paths" => paths } };
        if !host.is_empty() {
            one.set("host", host);
        }
        Value::Map(one)
    };
    hosts.into_iter().map(tree).collect()
}

pub(super) fn ingress(cx: &mut Cx, args: &Args) -> Result {
    let name = name_of(args)?;
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    if given("default-backend").is_none() && args.each("rule").is_empty() {
        return Err(Failure::error(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    let mut rules = Vec::new();
    for text in args.each("rule") {
        rules.push(rule(text).ok_or_else(|| {
            Failure::error(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        })?);
    }
    let mut tree = object("networking.k8s.io/v1", "Ingress", &name);
    for text in args.each("annotation") {
        let Some((key, value)) = text.split_once('=') else {
            let words = format!("annotation {text} is invalid and should be in format key=[value]");
            return Err(Failure::error(words));
        };
        tree.set_at(&["metadata", "annotations", key], value);
    }
    tree.set_at(&["spec"], Map::new());
    if let Some(class) = given("class") {
        tree.set_at(&["spec", "ingressClassName"], class);
    }
    if let Some(service) = given("default-backend") {
        if service.split(':').count() != 2 {
            return Err(Failure::error("default-backend should be in format servicename:serviceport"));
        }
        tree.set_at(&["spec", "defaultBackend"], backend(service));
    }
    for (key, list) in [("tls", tls(&rules)), ("rules", by_host(&rules))] {
        if !list.is_empty() {
            tree.set_at(&["spec", key], list);
        }
    }
    make(cx, args, tree, "ingress: ")
}
