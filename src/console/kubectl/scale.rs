//! `kubectl scale`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/scale/scale.go, pkg/scale/scale.go.

use super::args::DryRun;
use super::output::{Teller, aggregate};
use super::resource::{Resource, Selection};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::apiserver::{WriteOptions, Writer};
use crate::kubernetes::objects::{Object, group_of};
use crate::text::Value;

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "scale",
    switches: "all recursive R record",
    options: "replicas current-replicas resource-version timeout filename f kustomize k selector l dry-run output o",
    run: scale,
}];

/// Kinds with a scale subresource.
pub(super) const SCALABLE: [&str; 4] = ["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"];

fn scale(cx: &mut Cx, args: &Args) -> Result {
    let Some(replicas) = args.get("replicas").and_then(|r| r.parse::<i64>().ok()) else {
        return Err(Failure::error("required flag(s) \"replicas\" not set"));
    };
    if replicas < 0 {
        return Err(Failure::error(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    if args.get("current-replicas").and_then(|c| c.parse::<i64>().ok()).is_some_and(|c| c < -1) {
        return Err(Failure::error("The --current-replicas must specify an integer of -1 or greater"));
    }
    let mut teller = Teller::new(cx, args)?;
    let (found, missing) = Selection::with_files(cx, args, &args.words)?.objects(cx.cluster, &cx.namespace);
    if found.is_empty() && missing.is_empty() {
        return Err(Failure::error("no objects passed to scale"));
    }
    let dry_run = args.dry_run()?;
    for (resource, object) in found {
        let mut tree = cx.cluster.api.tree(&object);
        if dry_run != DryRun::Client {
            scale_one(cx, args, &resource, &object, replicas)?;
        }
        // Source: scale.go, updateReplicas: kubectl shows the object as it was, with the new number.
        if matches!(group_of(&resource.api_version), "apps" | "") {
            tree.set_at(&["spec", "replicas"], replicas);
        }
        if dry_run != DryRun::Client {
            note(cx, args, &object);
        }
        teller.tell(cx, &tree, "scaled")?;
    }
    aggregate(missing)?;
    Ok(Flow::Done(0))
}

/// With `--record`, notes the line on the object by a patch of its own.
fn note(cx: &mut Cx, args: &Args, object: &Object) {
    let Some(now) = cx.cluster.api.store.get(object.meta.id).cloned() else { return };
    let before = cx.cluster.api.tree(&now);
    let mut tree: Value = before.clone();
    args.record(&mut tree);
    if tree != before {
        let by = cx.by();
        // As in the source, a refusal of the note alone is no failure of the command.
        drop(cx.cluster.api.update_tree(object.meta.id, tree, by, &WriteOptions::default()));
        cx.cluster.settle();
    }
}

fn scale_one(cx: &mut Cx, args: &Args, resource: &Resource, object: &Object, replicas: i64) -> Result<()> {
    if !SCALABLE.contains(&resource.kind.as_str()) {
        return Err(Failure::plain("Error from server (NotFound): the server could not find the requested resource"));
    }
    let mut tree = cx.cluster.api.tree(object);
    let current = tree.int_at(&["spec", "replicas"]).unwrap_or(0);
    if let Some(wanted) = args.get("current-replicas").and_then(|c| c.parse::<i64>().ok()).filter(|c| *c >= 0)
        && wanted != current
    {
        return Err(Failure::error(format!("Expected replicas to be {wanted}, was {current}")));
    }
    tree.set_at(&["spec", "replicas"], replicas);
    let by = cx.by();
    let options = WriteOptions { dry_run: args.dry_run()?.on(), source: None };
    let writer = Writer { manager: "kubectl", subresource: "scale" };
    cx.cluster.api.update_by(object.meta.id, tree, writer, by, &options).map_err(|e| Failure::server(&e))?;
    cx.cluster.settle();
    Ok(())
}
