//! `kubectl create role`, `clusterrole`, `rolebinding`, `clusterrolebinding`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/create/create_{role,clusterrole,rolebinding,clusterrolebinding}.go.

use super::create::{make, map_of, name_of, object, required};
use super::resource::resource;
use super::{Args, Cx, Failure, Result};
use crate::kubernetes::objects::group_of;
use crate::map;
use crate::text::go::quoted;
use crate::text::{Map, Value};
use std::collections::BTreeMap;

const VERSION: &str = "rbac.authorization.k8s.io/v1";
const GROUP: &str = "rbac.authorization.k8s.io";

/// Source: create_role.go, validResourceVerbs; create_clusterrole.go, validNonResourceVerbs.
const VERBS: &[&str] = &[
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];
const VERBS_OF_URLS: &[&str] = &["*", "get", "post", "put", "delete", "patch", "head", "options"];

/// Verbs that only some resources know. Source: create_role.go, specialVerbs.
const SPECIAL: &[(&str, &[(&str, &str)])] = &[
    ("use", &[("podsecuritypolicies", "policy"), ("podsecuritypolicies", "extensions")]),
    ("bind", &[("roles", GROUP), ("clusterroles", GROUP)]),
    ("escalate", &[("roles", GROUP), ("clusterroles", GROUP)]),
    ("impersonate", &[("users", ""), ("serviceaccounts", ""), ("groups", ""), ("userextras", "authentication.k8s.io")]),
];

/// What `--resource` names: resource, group, part.
type Wanted<'a> = (&'a str, &'a str, Option<&'a str>);

fn wanted(texts: &[String]) -> Vec<Wanted<'_>> {
    let mut all = Vec::new();
    for text in texts {
        let (head, part) = text.split_once('/').map_or((text.as_str(), None), |(h, p)| (h, Some(p)));
        let (name, group) = head.split_once('.').unwrap_or((head, ""));
        if text == "*" {
            return vec![(name, group, part)];
        }
        all.push((name, group, part));
    }
    all
}

fn once(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

fn list(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| Value::from(text.as_str())).collect()
}

/// The full name of a resource and its group; what nobody knows stays as it is.
fn full(cx: &Cx, (name, group, _): Wanted) -> Result<(String, String)> {
    let dotted = if group.is_empty() { name.to_string() } else { format!("{name}.{group}") };
    let found = resource(cx.cluster, &dotted).map_err(|_| {
        let of = if group.is_empty() { String::new() } else { format!(" in group {}", quoted(group)) };
        Failure::plain(format!("the server doesn't have a resource type {}{of}", quoted(name)))
    })?;
    Ok((found.plural.clone(), group_of(&found.api_version).to_string()))
}

/// Source: create_role.go, validateResource.
fn sound(cx: &Cx, verbs: &[String], all: &[Wanted]) -> Result<()> {
    for one in all {
        if one.0.is_empty() {
            return Err(Failure::error("resource must be specified if apiGroup/subresource specified"));
        }
        if one.0 == "*" {
            return Ok(());
        }
        let found = full(cx, *one);
        let (name, group) = found.clone().unwrap_or((one.0.to_string(), one.1.to_string()));
        let mut special = false;
        for (verb, of) in SPECIAL.iter().filter(|(verb, _)| verbs.iter().any(|v| v == verb)) {
            special = of.contains(&(name.as_str(), group.as_str()));
            if !special {
                return Err(Failure::error(format!("can not perform '{verb}' on '{name}' in group '{group}'")));
            }
        }
        if !special {
            found?;
        }
    }
    Ok(())
}

/// A rule a group. Source: create_role.go, generateResourcePolicyRules.
fn rules(cx: &Cx, args: &Args, verbs: &[String], all: &[Wanted]) -> Vec<Value> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in all {
        let (name, group) = full(cx, *one).unwrap_or((one.0.to_string(), one.1.to_string()));
        let name = one.2.filter(|part| !part.is_empty()).map_or(name.clone(), |part| format!("{name}/{part}"));
        let names = groups.entry(group).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let names = once(args.each("resource-name").into_iter().map(String::from));
    let mut rules: Vec<Value> = Vec::new();
    for (group, resources) in groups {
        let mut rule = map! {
            "apiGroups" => vec![Value::from(group)], "resources" => list(&resources), "verbs" => list(verbs)
        };
        if !names.is_empty() {
            rule.set("resourceNames", list(&names));
        }
        rules.push(Value::Map(rule));
    }
    let urls = args.list("non-resource-url");
    if !urls.is_empty() {
        rules.push(Value::Map(map! { "nonResourceURLs" => list(&urls), "verbs" => list(verbs) }));
    }
    rules
}

fn verbs_of(args: &Args) -> Vec<String> {
    let verbs = args.list("verb");
    if verbs.iter().any(|verb| verb == "*") { vec!["*".into()] } else { once(verbs) }
}

/// The verbs of a rule about resources.
fn odd_verbs(cx: &mut Cx, verbs: &[String]) {
    for verb in verbs.iter().filter(|verb| !VERBS.contains(&verb.as_str())) {
        cx.complain(&format!("Warning: '{verb}' is not a standard resource verb\n"));
    }
}

pub(super) fn role(cx: &mut Cx, args: &Args) -> Result {
    let name = name_of(args)?;
    let (verbs, resources) = (verbs_of(args), args.list("resource"));
    let all = wanted(&resources);
    if verbs.is_empty() {
        return Err(Failure::error("at least one verb must be specified"));
    }
    odd_verbs(cx, &verbs);
    if all.is_empty() {
        return Err(Failure::error("at least one resource must be specified"));
    }
    sound(cx, &verbs, &all)?;
    let mut tree = object(VERSION, "Role", &name);
    tree.set_at(&["rules"], rules(cx, args, &verbs, &all));
    make(cx, args, tree, "")
}

/// Source: create_clusterrole.go, Validate.
pub(super) fn cluster_role(cx: &mut Cx, args: &Args) -> Result {
    let name = name_of(args)?;
    let (verbs, resources, urls) = (verbs_of(args), args.list("resource"), args.list("non-resource-url"));
    let all = wanted(&resources);
    let mut tree = object(VERSION, "ClusterRole", &name);
    let none = Value::Null;
    if let Some(labels) = args.get("aggregation-rule") {
        if !(verbs.is_empty() && all.is_empty() && urls.is_empty() && args.each("resource-name").is_empty()) {
            return Err(Failure::error(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
            ));
        }
        let selector = Value::Map(map! { "matchLabels" => map_of(labels) });
        tree.set_at(&["aggregationRule", "clusterRoleSelectors"], vec![selector]);
        tree.set_at(&["rules"], none);
        return make(cx, args, tree, "");
    }
    if verbs.is_empty() {
        return Err(Failure::error("at least one verb must be specified"));
    }
    if all.is_empty() && urls.is_empty() {
        return Err(Failure::error("one of resource or nonResourceURL must be specified"));
    }
    if !all.is_empty() {
        odd_verbs(cx, &verbs);
        sound(cx, &verbs, &all)?;
    }
    if let Some(verb) = verbs.iter().find(|v| !urls.is_empty() && !VERBS_OF_URLS.contains(&v.as_str())) {
        return Err(Failure::error(format!("invalid verb: '{verb}' for nonResourceURL")));
    }
    for url in urls.iter().filter(|url| *url != "*") {
        if !url.starts_with('/') {
            return Err(Failure::error("nonResourceURL should start with /"));
        }
        if url.find('*').is_some_and(|at| at + 1 < url.len()) {
            return Err(Failure::error("nonResourceURL only supports wildcard matches when '*' is at the end"));
        }
    }
    tree.set_at(&["rules"], rules(cx, args, &verbs, &all));
    make(cx, args, tree, "")
}

fn subjects(args: &Args) -> Result<Vec<Value>> {
    let named = |flag: &str, kind: &'static str| {
        let one = move |name| Value::Map(map! { "apiGroup" => GROUP, "kind" => kind, "name" => name });
        args.each(flag).into_iter().map(one).collect::<Vec<_>>()
    };
    let mut all = named("user", "User");
    all.extend(named("group", "Group"));
    for account in args.each("serviceaccount") {
        match account.split(':').collect::<Vec<_>>()[..] {
            [namespace, name] if !namespace.is_empty() && !name.is_empty() => all.push(Value::Map(map! {
                "kind" => "ServiceAccount", "name" => name, "namespace" => namespace
            })),
            _ => return Err(Failure::error("serviceaccount must be <namespace>:<name>")),
        }
    }
    Ok(all)
}

fn bind(cx: &mut Cx, args: &Args, kind: &str, role: (&str, &str), what: &str) -> Result {
    let mut tree = object(VERSION, kind, &name_of(args)?);
    let role: Map = map! { "apiGroup" => GROUP, "kind" => role.0, "name" => role.1 };
    tree.set_at(&["roleRef"], role);
    let subjects = subjects(args)?;
    if !subjects.is_empty() {
        tree.set_at(&["subjects"], subjects);
    }
    make(cx, args, tree, what)
}

pub(super) fn role_binding(cx: &mut Cx, args: &Args) -> Result {
    name_of(args)?;
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    let role = match (given("clusterrole"), given("role")) {
        (Some(name), None) => ("ClusterRole", name),
        (None, Some(name)) => ("Role", name),
        _ => return Err(Failure::error("exactly one of clusterrole or role must be specified")),
    };
    bind(cx, args, "RoleBinding", role, "rolebinding: ")
}

pub(super) fn cluster_role_binding(cx: &mut Cx, args: &Args) -> Result {
    required(args, &["clusterrole"])?;
    let name = args.get("clusterrole").unwrap_or_default().to_string();
    bind(cx, args, "ClusterRoleBinding", ("ClusterRole", &name), "clusterrolebinding: ")
}
