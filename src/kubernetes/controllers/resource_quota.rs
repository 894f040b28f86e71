//! ResourceQuota controller: how much of each quota is used. New objects are charged at the door; what goes, and what a
//! person changes in a quota, is counted here. Wakes on: ResourceQuota, whatever is deleted, pods that end.
//! Writes: ResourceQuota status.
//! Source: kubernetes v1.37 pkg/controller/resourcequota/{resource_quota_controller,resource_quota_monitor}.go.

use super::{Controller, Ctl, Done, Every, On, Wakes};
use crate::kubernetes::apiserver::{Change, ChangeKind};
use crate::kubernetes::objects::parts::quantity::Format;
use crate::kubernetes::objects::parts::{Quantity, ResourceList};
use crate::kubernetes::objects::quota::{concerns, counts, in_scopes, usage};
use crate::kubernetes::objects::{Body, Id, Kind, Object};
use crate::reasons;
use crate::sim::Span;
use crate::text::Value;
use std::rc::Rc;

reasons! { "quotas":
    /// What is used was counted anew.
    counted(),
}

/// The controller.
pub const CONTROLLER: Controller = Controller {
    name: "resourcequotas",
    wakes: &[On::Any(on_change)],
    reconcile,
    every: Some(Every { period: RESYNC, act: look_at_all }),
};

const KIND: &str = "ResourceQuota";
/// How often all quotas are counted anew. Source: kubernetes v1.37 pkg/controller/resourcequota/config/v1alpha1/defaults.go,
/// ResourceQuotaSyncPeriod.
const RESYNC: Span = Span::secs(300);

fn on_change(change: &Change, wakes: &mut Wakes) {
    let Some(kind) = wakes.api.kinds.find("v1", KIND) else { return };
    if change.kind == kind && change.after.is_some() {
        let hard = |o: &Option<Rc<Object>>| o.as_ref()?.plain()?.at(&["spec", "hard"]).cloned();
        if change.before.is_none() || hard(&change.before) != hard(&change.after) {
            wakes.ids.push(change.id);
        }
        return;
    }
    let gone = change.what == ChangeKind::Deleted;
    if !gone && !ended(change) || matches!(change.kind, Kind::Event | Kind::Lease) {
        return;
    }
    let Some(object) = change.object() else { return };
    let resource = wakes.api.resource(change.kind);
    for quota in wakes.api.store.list_in(kind, &object.meta.namespace) {
        let hard = quota.plain().and_then(|t| t.at(&["status", "hard"])?.as_map());
        if hard.is_some_and(|h| h.iter().any(|(name, _)| concerns(&resource, name))) {
            wakes.ids.push(quota.meta.id);
        }
    }
}

/// Whether a pod counted before and does no longer. Source: pkg/quota/v1/install/update_filter.go, DefaultUpdateFilter.
fn ended(change: &Change) -> bool {
    let counts =
        |o: &Option<Rc<Object>>| o.as_ref().is_some_and(|o| o.pod().is_some_and(|pod| counts(&o.meta, pod, change.t)));
    change.kind == Kind::Pod && change.after.is_some() && counts(&change.before) && !counts(&change.after)
}

fn look_at_all(ctl: &mut Ctl) {
    let Some(kind) = ctl.api.kinds.find("v1", KIND) else { return };
    let all: Vec<Id> = ctl.api.store.list(kind).map(|o| o.meta.id).collect();
    for id in all {
        reconcile(id, ctl);
    }
}

/// Source: resource_quota_controller.go, syncResourceQuota.
fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(quota) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let tree = quota.plain().cloned().unwrap_or_default();
    let hard = tree.at(&["spec", "hard"]).cloned().unwrap_or_default();
    let used = count(ctl, &quota, &tree, &ResourceList::read(&hard)).write();
    let status = |key: &str| tree.at(&["status", key]);
    if status("hard") == Some(&hard) && status("used") == Some(&used) {
        return Done::Settled;
    }
    let by = ctl.by(counted()).reading(&quota, "spec.hard");
    ctl.api.update_status(id, by, |o| {
        if let Body::Plain(tree) = &mut o.body {
            let tree = Rc::make_mut(tree);
            tree.set_at(&["status", "hard"], hard);
            tree.set_at(&["status", "used"], used);
        }
    });
    Done::Settled
}

/// What the objects of a quota's namespace use of what it limits. Source: pkg/quota/v1/resources.go, CalculateUsage.
fn count(ctl: &Ctl, quota: &Object, tree: &Value, hard: &ResourceList) -> ResourceList {
    let api = &ctl.api;
    let mut out = ResourceList::default();
    for (name, _) in hard.iter() {
        out.set(name, Quantity::new(0, Format::DecimalSI));
    }
    for kind in api.kinds.all().filter(|k| api.kinds.namespaced(*k)) {
        let resource = api.resource(kind);
        if !hard.iter().any(|(name, _)| concerns(&resource, name)) {
            continue;
        }
        for object in api.store.list_in(kind, &quota.meta.namespace) {
            let shown = api.tree(object);
            if in_scopes(tree, object, &shown) {
                let all = usage(object, &shown, &resource, api.now);
                let mut mine = ResourceList::default();
                for (name, amount) in all.iter().filter(|(n, _)| hard.get(n).is_some()) {
                    mine.set(name, amount.clone());
                }
                out.add(&mine);
            }
        }
    }
    out
}
