//! Quotas at the door: a new or changed object is charged to the quotas of its namespace, or refused.
//! Source: kubernetes v1.37 apiserver/pkg/admission/plugin/resourcequota/controller.go, checkRequest.

use super::{Api, ApiError, By};
use crate::kubernetes::objects::parts::ResourceList;
use crate::kubernetes::objects::quota::{concerns, in_scopes, unnamed, usage};
use crate::kubernetes::objects::{Body, Id, Kind, Object};
use crate::reasons;
use crate::text::Value;
use std::rc::Rc;

reasons! { "quota":
    /// A new object is charged to a quota.
    charged(object),
}

/// What is to be written down once an object is let in: the quotas and what they have used then.
pub(super) type Charges = Vec<(Id, ResourceList)>;

impl Api {
    /// The quotas of a namespace, by name.
    fn quotas(&self, namespace: &str) -> Vec<Rc<Object>> {
        let Some(kind) = self.kinds.find("v1", "ResourceQuota").filter(|_| !namespace.is_empty()) else {
            return Vec::new();
        };
        let mut all: Vec<Rc<Object>> = self.store.list_in(kind, namespace).cloned().collect();
        all.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        all
    }
    /// What letting an object in would charge; refused when a quota has not enough left. `before` is the object it replaces.
    pub(super) fn charges(&self, object: &Object, before: Option<&Object>) -> Result<Charges, ApiError> {
        if matches!(object.kind, Kind::Event | Kind::Lease) {
            return Ok(Vec::new());
        }
        let quotas = self.quotas(&object.meta.namespace);
        if quotas.is_empty() {
            return Ok(Vec::new());
        }
        let resource = self.resource(object.kind);
        let tree = self.tree(object);
        let mut delta = usage(object, &tree, &resource, self.now);
        if let Some(before) = before {
            delta = less(&delta, &usage(before, &self.tree(before), &resource, self.now));
        }
        let mut out = Vec::new();
        for quota in quotas {
            let spec = quota.plain().cloned().unwrap_or_default();
            let limits = ResourceList::read(spec.at(&["status", "hard"]).unwrap_or(&Value::Null));
            let names: Vec<Rc<str>> =
                limits.iter().map(|(n, _)| n.clone()).filter(|n| concerns(&resource, n)).collect();
            if names.is_empty() || !in_scopes(&spec, object, &tree) {
                continue;
            }
            let refused = |words: String| Err(self.quota_refuses(object, &words));
            if resource == "pods"
                && before.is_none()
                && let Some(words) = unnamed(&names, &tree)
            {
                return refused(format!("failed quota: {}: {words}", quota.meta.name));
            }
            let used = ResourceList::read(spec.at(&["status", "used"]).unwrap_or(&Value::Null));
            match added(&limits, &used, &delta) {
                Ok(None) => {}
                Ok(Some(used)) => out.push((quota.meta.id, used)),
                Err(words) => return refused(format!("exceeded quota: {}, {words}", quota.meta.name)),
            }
        }
        Ok(out)
    }
    /// Writes down what was charged.
    pub(super) fn charge(&mut self, charges: Charges, name: &Rc<str>, by: &By) {
        for (quota, used) in charges {
            let by = By { why: charged(name), ..by.clone() };
            self.update_status(quota, by, |o| {
                if let Body::Plain(tree) = &mut o.body {
                    Rc::make_mut(tree).set_at(&["status", "used"], used.write());
                }
            });
        }
    }
    /// Kinds whose updates are charged too. Source: pkg/quota/v1/evaluator/core, Handles.
    pub(super) fn is_charged_again(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Service) || self.kinds.name(kind) == "PersistentVolumeClaim"
    }
    fn quota_refuses(&self, object: &Object, words: &str) -> ApiError {
        let message = format!("{} \"{}\" is forbidden: {words}", self.resource(object.kind), object.meta.name);
        ApiError { reason: "Forbidden", message }
    }
}

fn less(a: &ResourceList, b: &ResourceList) -> ResourceList {
    let mut out = a.clone();
    for (name, amount) in b.iter() {
        let mut rest = out.get(name).cloned().unwrap_or_default();
        rest.sub(amount);
        out.set(name, rest);
    }
    out
}

/// What a quota has used with `delta` more: nothing when it is not concerned, or why that is too much.
fn added(limits: &ResourceList, used: &ResourceList, delta: &ResourceList) -> Result<Option<ResourceList>, String> {
    let mut new = used.clone();
    let mut over: Vec<&str> = Vec::new();
    let mut changed = false;
    for (name, limit) in limits.iter() {
        let Some(more) = delta.get(name).filter(|d| !d.is_zero()) else { continue };
        let mut sum = used.get(name).cloned().unwrap_or_default();
        sum.add(more);
        if sum.compare(limit).is_gt() && more.sign() > 0 {
            over.push(name);
        }
        new.set(name, sum);
        changed = true;
    }
    if over.is_empty() {
        return Ok(changed.then_some(new));
    }
    let list = |from: &ResourceList| {
        let one = |name: &&str| format!("{name}={}", from.get(name).cloned().unwrap_or_default());
        over.iter().map(one).collect::<Vec<_>>().join(",")
    };
    Err(format!("requested: {}, used: {}, limited: {}", list(delta), list(used), list(limits)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml;

    fn list(text: &str) -> ResourceList {
        ResourceList::read(&yaml::read("t.yaml", text).0[0].node.to_value())
    }

    #[test]
    fn what_is_too_much_is_said_in_the_servers_words() {
        let (limits, used) = (list("{pods: '3', requests.cpu: '1'}"), list("{pods: '3', requests.cpu: 900m}"));
        let refused = added(&limits, &used, &list("{pods: 1, requests.cpu: 300m}"));
        let words =
            "requested: pods=1,requests.cpu=300m, used: pods=3,requests.cpu=900m, limited: pods=3,requests.cpu=1";
        assert_eq!(refused.err().as_deref(), Some(words));
        let fits = added(&limits, &list("{pods: '0', requests.cpu: '0'}"), &list("{pods: 1, requests.cpu: 300m}"));
        assert_eq!(fits.ok().flatten().map(|l| l.write()), Some(list("{pods: '1', requests.cpu: 300m}").write()));
    }
}
