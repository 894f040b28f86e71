//! Whether a toleration covers a taint. The scheduler, the eviction by taints and daemon pods all ask this.

use super::Toleration;
use crate::kubernetes::objects::node::Taint;

impl Toleration {
    /// Whether it covers a taint.
    /// Source: kubernetes v1.37 component-helpers/scheduling/corev1/helpers.go; api/core/v1/toleration.go, ToleratesTaint.
    pub fn covers(&self, taint: &Taint) -> bool {
        if !self.effect.is_empty() && self.effect != taint.effect {
            return false;
        }
        if !self.key.is_empty() && self.key != taint.key {
            return false;
        }
        // `Lt` and `Gt` cover nothing while the gate TaintTolerationComparisonOperators is off, as it is by default.
        match &*self.operator {
            "" | "Equal" => self.value == taint.value,
            "Exists" => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_not_compared() {
        let taint = Taint { key: "k".into(), value: "10".into(), effect: "NoExecute".into(), ..Taint::default() };
        let covers = |operator: &'static str, value: &str| {
            let toleration =
                Toleration { key: "k".into(), operator: operator.into(), value: value.into(), ..Toleration::default() };
            toleration.covers(&taint)
        };
        assert!(covers("", "10") && covers("Exists", "") && !covers("Equal", "7"));
        assert!(!covers("Gt", "7") && !covers("Lt", "70"));
    }
}
