//! PodTemplate: a template that nobody uses.

use super::view::Fill;
use super::{NONE, Rules, pod};

/// The rules of pod templates.
pub const RULES: Rules = Rules {
    kind: "v1 PodTemplate",
    defaults: |object| pod::template(object.make("template")),
    strategy: super::first_generation,
    ..NONE
};
