//! The eviction subresource: a delete that asks the disruption budgets first.
//! Source: kubernetes v1.37 pkg/registry/core/pod/storage/eviction.go.

use super::{Api, ApiError, By, DeleteOptions};
use crate::kubernetes::objects::parts::LabelSelector;
use crate::kubernetes::objects::{Body, Condition, Id, Object, set_condition};
use crate::text::Value;
use std::rc::Rc;

impl Api {
    /// Evicts a pod, or says why not: `TooManyRequests` when a budget has nothing left.
    pub fn evict(&mut self, id: Id, by: By, options: DeleteOptions) -> Result<(), ApiError> {
        let Some(pod) = self.store.get(id).cloned() else { return Err(ApiError::gone()) };
        let budgets = self.budgets_of(&pod);
        match budgets.as_slice() {
            [] => {}
            _ if ignores_budgets(&pod) => {}
            [budget] => self.spend(budget, &pod, &by)?,
            _ => {
                let message =
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                return Err(ApiError { reason: "InternalError", message: message.into() });
            }
        }
        let now = self.now.whole_seconds();
        self.update_status(id, by.clone(), |o| {
            if let Some(row) = o.pod_mut() {
                let words = "Eviction API: evicting";
                let condition = Condition::new("DisruptionTarget", true, "EvictionByEvictionAPI", words, now);
                set_condition(&mut row.status.conditions, condition);
            }
        });
        self.delete(id, by, options);
        Ok(())
    }
    /// The budgets whose selector fits a pod.
    fn budgets_of(&self, pod: &Object) -> Vec<Rc<Object>> {
        let Some(kind) = self.kinds.find("policy/v1", "PodDisruptionBudget") else { return Vec::new() };
        let fits = |o: &&Rc<Object>| {
            let selector = o.plain().and_then(|t| t.at(&["spec", "selector"]));
            selector.is_some_and(|s| LabelSelector::read(s).matches(&pod.meta.labels))
        };
        self.store.list_in(kind, &pod.meta.namespace).filter(fits).cloned().collect()
    }
    /// Takes one disruption off a budget and remembers the pod there.
    fn spend(&mut self, budget: &Rc<Object>, pod: &Object, by: &By) -> Result<(), ApiError> {
        let tree = budget.plain().cloned().unwrap_or_default();
        let count = |key: &str| tree.int_at(&["status", key]).unwrap_or(0);
        let ready = pod.pod().is_some_and(|p| p.status.conditions.iter().any(|c| c.kind == "Ready" && c.is_true()));
        if !ready {
            let always = tree.str_at(&["spec", "unhealthyPodEvictionPolicy"]) == Some("AlwaysAllow");
            let (current, desired) = (count("currentHealthy"), count("desiredHealthy"));
            if always || (current >= desired && desired > 0) {
                return Ok(());
            }
        }
        let allowed = count("disruptionsAllowed");
        if count("observedGeneration") < budget.meta.generation || allowed <= 0 {
            let message = "Cannot evict pod as it would violate the pod's disruption budget.";
            return Err(ApiError { reason: "TooManyRequests", message: message.into() });
        }
        let now = Value::from(self.calendar.seconds(self.now));
        let name = pod.meta.name.clone();
        self.update_status(budget.meta.id, by.clone(), |o| {
            if let Body::Plain(tree) = &mut o.body {
                let mut new = (**tree).clone();
                new.set_at(&["status", "disruptionsAllowed"], allowed - 1);
                new.set_at(&["status", "disruptedPods", &name], now);
                *tree = Rc::new(new);
            }
        });
        Ok(())
    }
}

/// Whether the budgets do not matter: the pod has ended, has not begun, or goes already.
/// Source: eviction.go, canIgnorePDB.
fn ignores_budgets(pod: &Object) -> bool {
    let phase = pod.pod().map(|p| p.status.phase.word()).unwrap_or_default();
    matches!(phase, "Succeeded" | "Failed" | "Pending") || pod.meta.deleting()
}
