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
        let numbers = || Some((integer(&self.value)?, integer(&taint.value)?));
        match &*self.operator {
            "" | "Equal" => self.value == taint.value,
            "Exists" => true,
            "Lt" => numbers().is_some_and(|(mine, node)| node < mine),
            "Gt" => numbers().is_some_and(|(mine, node)| node > mine),
            _ => false,
        }
    }
}

/// A number as the numeric operators read it: plain digits, no plus sign, no leading zeros.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok().filter(|n: &i64| n.to_string() == *text)
}
