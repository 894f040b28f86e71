//! PodTemplate: a template that nobody uses.

use super::super::field_error::Path;
use super::view::{Fill, View};
use super::{NONE, Rules, pod};

/// The rules of pod templates.
pub const RULES: Rules = Rules {
    kind: "v1 PodTemplate",
    defaults: |object| pod::template(object.make("template")),
    strategy: super::first_generation,
    create: |object| pod::check_template(object.of("template"), &Path::new("template")),
    update: |new, _| pod::check_template(new.of("template"), &Path::new("template")),
    ..NONE
};
