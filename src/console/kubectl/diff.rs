//! `kubectl diff`: what an apply would change, as `diff -u -N` shows two folders.
//! Source: kubernetes v1.37 kubectl pkg/cmd/diff/diff.go, InfoObject, Differ; GNU diffutils 3.

use super::apply::{One, merged};
use super::manifest::{self, Manifest};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::objects::group_of;
use crate::kubernetes::objects::rules::difference::unified;
use crate::text::{Value, yaml};

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "diff",
    switches: "server-side force-conflicts recursive R show-managed-fields prune",
    options: "filename f kustomize k selector l field-manager concurrency prune-allowlist",
    run: diff,
}];

fn diff(cx: &mut Cx, args: &Args) -> Result {
    let manifests = manifest::selected(args, manifest::read(cx, args)?)?;
    let (ready, unread) = manifest::prepare_all(cx, args, &manifests);
    if let Some(failure) = unread.into_iter().next() {
        return Err(failure);
    }
    let mut files = Vec::new();
    for (manifest, tree) in ready {
        let (mut live, mut merged) = sides(cx, args, manifest, &tree)?;
        if tree.str_at(&["kind"]) == Some("Secret") {
            mask(&mut live, &mut merged);
        }
        let text = |tree: &Value| if tree.is_null() { String::new() } else { yaml::write(tree) };
        files.push((file_name(&merged), text(&live), text(&merged)));
        cx.cluster.next_request();
    }
    files.sort();
    let stamp = cx.cluster.api.calendar.nanos(cx.now()).replacen('T', " ", 1).replacen('Z', " +0000", 1);
    // Ours: the folders' names, which are drawn at random there, are always the same.
    let (from, to) = ("/tmp/LIVE-1000000001", "/tmp/MERGED-1000000002");
    let mut differs = false;
    for (name, live, merged) in files.iter().filter(|(_, live, merged)| live != merged) {
        differs = true;
        cx.print(&format!(
            "diff -u -N {from}/{name} {to}/{name}\n--- {from}/{name}\t{stamp}\n+++ {to}/{name}\t{stamp}\n"
        ));
        cx.print(&match live.as_str() {
            "" => {
                let lines: String = merged.lines().map(|line| format!("+{line}\n")).collect();
                format!("@@ -0,0 +1,{} @@\n{lines}", merged.lines().count())
            }
            live => unified(live.trim_end_matches('\n'), merged.trim_end_matches('\n')),
        });
    }
    Ok(Flow::Done(i32::from(differs)))
}

/// What is there and what would be, without what is said of managers.
fn sides(cx: &mut Cx, args: &Args, manifest: &Manifest, tree: &Value) -> Result<(Value, Value)> {
    let kind = cx.cluster.api.kind_of(tree);
    let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
    let (namespace, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
    let live = cx.cluster.api.store.by_name(kind, namespace, name).cloned();
    let live = live.map(|object| cx.cluster.api.tree(&object)).unwrap_or_default();
    let merged = match merged(cx, args, manifest, tree) {
        Ok(merged) => merged,
        Err(One::Refused(error, _)) => return Err(Failure::server(&error)),
        Err(One::Failed(failure)) => return Err(failure),
    };
    let without = |mut tree: Value| {
        tree.remove_at(&["metadata", "managedFields"]);
        tree
    };
    Ok((without(live), without(merged)))
}

/// Source: diff.go, InfoObject.Name.
fn file_name(tree: &Value) -> String {
    let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
    let version = text(&["apiVersion"]);
    let group = group_of(version);
    let dot = if group.is_empty() { "" } else { "." };
    let version = version.rsplit('/').next().unwrap_or_default();
    let (namespace, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
    format!("{group}{dot}{version}.{}.{namespace}.{name}", text(&["kind"]))
}

/// Values of secrets are never shown. Source: diff.go, Masker.
fn mask(live: &mut Value, merged: &mut Value) {
    const SAME: &str = "***";
    let value = |tree: &Value, key: &str| tree.at(&["data", key]).cloned();
    let keys = |tree: &Value| -> Vec<String> {
        let data = tree.get("data").and_then(Value::as_map);
        data.into_iter().flat_map(|data| data.iter()).map(|(key, _)| key.to_string()).collect()
    };
    for key in keys(live).into_iter().chain(keys(merged)) {
        let (before, after) = (value(live, &key), value(merged, &key));
        let changes = before.is_some() && after.is_some() && before != after;
        for (tree, known, word) in [(&mut *live, before, "*** (before)"), (&mut *merged, after, "*** (after)")] {
            if known.as_ref().and_then(Value::as_str).is_some_and(|text| !text.starts_with(SAME)) {
                tree.set_at(&["data", key.as_str()], if changes { word } else { SAME });
            }
        }
    }
}
