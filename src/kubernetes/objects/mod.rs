//! What things are: one folder or file a kind. Everything here is a function of one object (perhaps its old self, perhaps
//! the moment); nothing here looks into the store.

mod condition;
pub mod decode;
pub mod field_error;
pub mod field_set;
mod kind;
mod meta;
pub mod parts;

pub mod columns;
pub mod patch;
pub mod rules;
pub mod scalar;
pub mod schema;
mod shape;

pub mod deployment;
pub mod endpoint_slice;
pub mod event;
pub mod lease;
pub mod namespace;
pub mod node;
pub mod pod;
pub mod priority_class;
pub mod quota;
pub mod replica_set;
pub mod service;
pub mod template;

mod tree;

pub use decode::{Class, Decoded, FieldClass, decode};
pub use field_error::{Bad, ErrorKind, Errors, FieldError, Path, Raw, invalid_message};
pub use rules::{
    Refusal, Surroundings, admit, allocate, default_object, prepare_for_create, validate_create, validate_update,
    warnings,
};
pub use schema::{Field, KindInfo, Resource, Schema, Struct, Type};
pub use shape::complete;

pub use condition::{Condition, Tri, set_condition};
pub use kind::{Kind, KindNames, group_of, plural};
pub use meta::{Deletion, Id, Labels, ManagedFields, Meta, OwnerRef, Source};
pub use tree::{Calendar, read_body, read_meta, to_value};

use crate::text::Value;
use std::rc::Rc;

/// One object of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its metadata.
    pub meta: Meta,
    /// The rest.
    pub body: Body,
}

/// What is particular to a kind. A kind without a row of its own is kept as the tree it is (without `apiVersion`, `kind`,
/// `metadata`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Body {
    Namespace(namespace::Namespace),
    Node(node::Node),
    Pod(pod::Pod),
    ReplicaSet(replica_set::ReplicaSet),
    Deployment(deployment::Deployment),
    Service(service::Service),
    EndpointSlice(endpoint_slice::EndpointSlice),
    Event(event::Event),
    Lease(lease::Lease),
    PriorityClass(priority_class::PriorityClass),
    Plain(Rc<Value>),
}

macro_rules! body_doors {
    ($($get:ident $get_mut:ident $variant:ident $row:ty),* $(,)?) => {
        impl Object {$(
            #[doc = concat!("The ", stringify!($variant), " row, if this is one.")]
            pub fn $get(&self) -> Option<&$row> {
                match &self.body { Body::$variant(it) => Some(it), _ => None }
            }
            #[doc = concat!("The ", stringify!($variant), " row, to change, if this is one.")]
            pub fn $get_mut(&mut self) -> Option<&mut $row> {
                match &mut self.body { Body::$variant(it) => Some(it), _ => None }
            }
        )*}
    };
}
body_doors! {
    namespace namespace_mut Namespace namespace::Namespace,
    node node_mut Node node::Node,
    pod pod_mut Pod pod::Pod,
    replica_set replica_set_mut ReplicaSet replica_set::ReplicaSet,
    deployment deployment_mut Deployment deployment::Deployment,
    service service_mut Service service::Service,
    endpoint_slice endpoint_slice_mut EndpointSlice endpoint_slice::EndpointSlice,
    event event_mut Event event::Event,
    lease lease_mut Lease lease::Lease,
    priority_class priority_class_mut PriorityClass priority_class::PriorityClass,
    plain plain_mut Plain Rc<Value>,
}
