//! Roles and bindings: who may do what. Kept and shown; nothing is denied here.
//! Source: kubernetes v1.37 pkg/apis/rbac/v1/defaults.go.

use super::view::{Fill, View};
use super::{NONE, Rules, meta};
use crate::text::Value;

const GROUP: &str = "rbac.authorization.k8s.io";

/// The rules of roles.
pub const ROLE: Rules = Rules { kind: "rbac.authorization.k8s.io/v1 Role", name: meta::NameRule::PathSegment, ..NONE };

/// The rules of cluster roles.
pub const CLUSTER_ROLE: Rules = Rules { kind: "rbac.authorization.k8s.io/v1 ClusterRole", ..ROLE };

/// The rules of bindings.
pub const BINDING: Rules = Rules { kind: "rbac.authorization.k8s.io/v1 RoleBinding", defaults, ..ROLE };

/// The rules of cluster-wide bindings.
pub const CLUSTER_BINDING: Rules = Rules { kind: "rbac.authorization.k8s.io/v1 ClusterRoleBinding", defaults, ..ROLE };

fn defaults(binding: &mut Value) {
    binding.make("roleRef").fill_zero("apiGroup", GROUP);
    binding.each("subjects", |subject| {
        if matches!(subject.text("kind"), "User" | "Group") {
            subject.fill_zero("apiGroup", GROUP);
        }
    });
}
