//! Verbs that tell about the cluster, the context and the tool: api-resources, api-versions, version, cluster-info, config, auth,
//! top.
//! Source: kubernetes v1.37 kubectl pkg/cmd/{apiresources,version,clusterinfo,config,auth,top}.

use super::args::has;
use super::resource::resource;
use super::table::align;
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::objects::{Schema, group_of};

const VERSION: &str = "v1.37.2";

pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "api-resources",
        switches: "no-headers cached show-kind namespaced",
        options: "output o api-group verbs sort-by categories",
        run: api_resources,
    },
    Verb { name: "api-versions", switches: "", options: "", run: api_versions },
    Verb { name: "version", switches: "client short", options: "output o", run: version },
    Verb { name: "cluster-info", switches: "", options: "output-directory", run: cluster_info },
    Verb { name: "config current-context", switches: "", options: "", run: current_context },
    Verb { name: "config set-context", switches: "current", options: "cluster user", run: set_context },
    Verb { name: "config view", switches: "minify raw flatten", options: "output o", run: config_view },
    Verb { name: "config get-contexts", switches: "no-headers", options: "output o", run: contexts },
    Verb {
        name: "auth can-i",
        switches: "all-namespaces A quiet q list no-headers",
        options: "subresource",
        run: can_i,
    },
    Verb { name: "auth whoami", switches: "", options: "output o", run: who_am_i },
    Verb {
        name: "top",
        switches: "all-namespaces A containers no-headers sum use-protocol-buffers show-capacity show-swap",
        options: "selector l field-selector sort-by",
        run: top,
    },
];

fn api_resources(cx: &mut Cx, args: &Args) -> Result {
    let mut all: Vec<_> = Schema::get().resources().iter().filter(|r| !r.plural.contains('/')).collect();
    let fits = |r: &&crate::kubernetes::objects::Resource| {
        args.get("api-group").is_none_or(|g| g == r.group)
            && args.get("namespaced").is_none_or(|n| (n == "true") == r.namespaced)
            && args.list("verbs").iter().all(|v| r.verbs.contains(&v.as_str()))
            && args.list("categories").iter().all(|c| r.categories.contains(&c.as_str()))
    };
    all.retain(fits);
    let mut seen: Vec<(&str, &str)> = Vec::new();
    all.retain(|r| {
        let new = !seen.contains(&(r.group, r.plural));
        seen.push((r.group, r.plural));
        new
    });
    all.sort_by_key(|r| (r.group, r.plural));
    if args.get("output") == Some("name") {
        let lines: String = all
            .iter()
            .map(|r| if r.group.is_empty() { format!("{}\n", r.plural) } else { format!("{}.{}\n", r.plural, r.group) })
            .collect();
        cx.print(&lines);
        return Ok(Flow::Done(0));
    }
    let wide = args.get("output") == Some("wide");
    let mut rows = Vec::new();
    if !args.on("no-headers") {
        let mut head = vec!["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
        if wide {
            head.extend(["VERBS", "CATEGORIES"]);
        }
        rows.push(head.into_iter().map(String::from).collect());
    }
    for r in all {
        let version = if r.group.is_empty() { r.version.to_string() } else { format!("{}/{}", r.group, r.version) };
        let mut row =
            vec![r.plural.to_string(), r.short.join(","), version, r.namespaced.to_string(), r.kind.to_string()];
        if wide {
            row.push(r.verbs.join(","));
            row.push(r.categories.join(","));
        }
        rows.push(row);
    }
    cx.print(&align(&rows, &mut Vec::new()));
    Ok(Flow::Done(0))
}

fn api_versions(cx: &mut Cx, _: &Args) -> Result {
    let kinds = Schema::get().resources().iter();
    let mut all: Vec<String> = kinds
        .map(|r| if r.group.is_empty() { r.version.to_string() } else { format!("{}/{}", r.group, r.version) })
        .collect();
    all.sort();
    all.dedup();
    cx.print(&all.iter().map(|v| format!("{v}\n")).collect::<String>());
    Ok(Flow::Done(0))
}

fn version(cx: &mut Cx, args: &Args) -> Result {
    cx.print(&format!("Client Version: {VERSION}\nKustomize Version: v5.8.1\n"));
    if !args.on("client") {
        cx.print(&format!("Server Version: {VERSION}\n"));
    }
    Ok(Flow::Done(0))
}

fn cluster_info(cx: &mut Cx, _: &Args) -> Result {
    cx.print("Kubernetes control plane is running at https://127.0.0.1:6443\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    Ok(Flow::Done(0))
}

fn current_context(cx: &mut Cx, _: &Args) -> Result {
    cx.print("orchestrion\n");
    Ok(Flow::Done(0))
}

fn set_context(cx: &mut Cx, args: &Args) -> Result {
    let Some(namespace) = args.get("namespace") else {
        return Err(Failure::error("you must specify a non-empty context name or --current"));
    };
    cx.new_namespace = Some(namespace.to_string());
    cx.print("Context \"orchestrion\" modified.\n");
    Ok(Flow::Done(0))
}

fn config_view(cx: &mut Cx, _: &Args) -> Result {
    let namespace = cx.namespace.clone();
    cx.print(&format!("apiVersion: v1\nclusters:\n- cluster:\n    server: https://127.0.0.1:6443\n  name: orchestrion\ncontexts:\n- context:\n    cluster: orchestrion\n    namespace: {namespace}\n    user: you\n  name: orchestrion\ncurrent-context: orchestrion\nkind: Config\nusers:\n- name: you\n  user: {{}}\n"));
    Ok(Flow::Done(0))
}

fn contexts(cx: &mut Cx, _: &Args) -> Result {
    let rows = [
        ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"].map(String::from).to_vec(),
        vec!["*".into(), "orchestrion".into(), "orchestrion".into(), "you".into(), cx.namespace.clone()],
    ];
    cx.print(&align(&rows, &mut Vec::new()));
    Ok(Flow::Done(0))
}

/// Everybody may do everything here.
/// Source: kubernetes v1.37 kubectl pkg/cmd/auth/cani.go, resourceVerbs, nonResourceURLVerbs.
const VERBS_OF_RESOURCES: &str = "get list watch create update patch delete deletecollection use bind impersonate * \
                                  approve sign escalate attest";
const VERBS_OF_URLS: &str = "get put post head options delete patch *";

/// Nobody is refused anything. Differs: FID-072.
/// Source: kubernetes v1.37 kubectl pkg/cmd/auth/cani.go, Complete, Validate.
fn can_i(cx: &mut Cx, args: &Args) -> Result {
    let rows = |cells: [&str; 4]| cells.map(String::from).to_vec();
    if args.on("list") {
        if !args.words.is_empty() {
            return Err(Failure::error("list option must be specified with no arguments"));
        }
        let head = rows(["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]);
        let all = [head, rows(["*.*", "[]", "[]", "[*]"]), rows(["", "[*]", "[]", "[*]"])];
        cx.print(&align(&all[usize::from(args.on("no-headers"))..], &mut Vec::new()));
        return Ok(Flow::Done(0));
    }
    let [verb, of] = &args.words[..] else {
        return Err(Failure::error(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        ));
    };
    let name = of.split('/').next().unwrap_or_default();
    let verbs = if of.starts_with('/') { VERBS_OF_URLS } else { VERBS_OF_RESOURCES };
    match resource(cx.cluster, name) {
        Ok(found) if !found.namespaced && !args.on("all-namespaces") => {
            let group = group_of(&found.api_version);
            let within = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
            cx.complain(&format!("Warning: resource '{}' is not namespace scoped{within}\n\n", found.plural));
        }
        Err(_) if !of.starts_with('/') && !matches!(name, "*" | "users" | "groups") => {
            cx.complain(&match name.split_once('.') {
                Some((name, group)) => {
                    format!("Warning: the server doesn't have a resource type '{name}' in group '{group}'\n\n")
                }
                None => format!("Warning: the server doesn't have a resource type '{name}'\n\n"),
            });
        }
        _ => {}
    }
    if !has(verbs, verb) {
        cx.complain(&format!("Warning: verb '{verb}' is not a known verb\n\n"));
    }
    if args.on("no-headers") {
        return Err(Failure::error("--no-headers cannot be set without --list specified"));
    }
    if !args.on("quiet") {
        cx.print("yes\n");
    }
    Ok(Flow::Done(0))
}

fn who_am_i(cx: &mut Cx, _: &Args) -> Result {
    cx.print(&align(
        &[vec!["ATTRIBUTE".into(), "VALUE".into()], vec!["Username".into(), "you".into()]],
        &mut Vec::new(),
    ));
    Ok(Flow::Done(0))
}

fn top(_: &mut Cx, _: &Args) -> Result {
    Err(Failure::error("Metrics API not available"))
}
