//! LimitRange: how much one object may ask for, and what it asks for if it says nothing.
//! Source: kubernetes v1.37 pkg/apis/core/v1/defaults.go, SetDefaults_LimitRangeItem.

use super::view::{Fill, View};
use super::{NONE, Rules, pod};
use crate::text::Value;

/// The rules of limit ranges.
pub const RULES: Rules = Rules { kind: "v1 LimitRange", simulated: &["spec.*"], defaults, ..NONE };

const LISTS: [&str; 5] = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];

fn defaults(range: &mut Value) {
    range.make("spec").each("limits", |item| {
        for list in LISTS {
            item.inside(list, pod::round);
        }
        if item.text("type") != "Container" {
            return;
        }
        for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
            let Some(known) = item.of(from).as_map().cloned() else { continue };
            let list = item.make(to);
            for (name, amount) in known {
                list.fill(&name, amount);
            }
        }
    });
}
