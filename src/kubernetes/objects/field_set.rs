//! Sets of fields as server-side apply counts them: which fields a tree sets, how an applied tree is merged into a stored
//! one, and how a field that nobody wants any more is taken out.
//! Source: sigs.k8s.io/structured-merge-diff v6 fieldpath/element.go and merge/update.go; kubernetes v1.37 list types of the schema.

use super::schema::{Field, KindInfo, Schema, Struct, Type};
use crate::map;
use crate::text::{Map, Value, json};
use std::collections::BTreeSet;
use std::rc::Rc;

/// One step: `f:spec`, `k:{"name":"app"}` or `v:"x"`, as `fieldsV1` writes it.
pub type Piece = Rc<str>;
/// A field.
pub type FieldPath = Vec<Piece>;

/// A set of fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldSet(pub BTreeSet<FieldPath>);

/// What a value is by the schema: what its members are and whether it is taken as one.
#[derive(Clone, Copy)]
enum Shape {
    Struct(&'static Struct),
    /// A field's type with the field that says how its list or map is to be taken.
    Of(&'static Type, Option<&'static Field>),
    Free,
}

impl Shape {
    fn of_kind(kind: Option<&'static KindInfo>) -> Shape {
        kind.map_or(Shape::Free, |k| Shape::Struct(k.shape()))
    }
    fn resolved(self) -> Shape {
        match self {
            Shape::Of(Type::Ref(n), field) => {
                let of = Schema::get().type_of(*n);
                // Types with a form of their own (quantities, times) have no fields and are leaves.
                if of.fields.is_empty() { Shape::Of(&Type::Any, field) } else { Shape::Struct(of) }
            }
            other => other,
        }
    }
    fn member(self, name: &str) -> Shape {
        match self.resolved() {
            Shape::Struct(of) => of.field(name).map_or(Shape::Free, |f| Shape::Of(&f.of, Some(f))),
            Shape::Of(Type::Map(item), _) => Shape::Of(item, None),
            _ => Shape::Free,
        }
    }
    fn item(self) -> Shape {
        match self.resolved() {
            Shape::Of(Type::List(item), _) => Shape::Of(item, None),
            _ => Shape::Free,
        }
    }
    /// Whether a map is one value.
    fn atomic_map(self) -> bool {
        match self {
            Shape::Of(Type::Ref(n), field) => {
                let of = Schema::get().type_of(*n);
                of.atomic || of.fields.is_empty() || field.is_some_and(|f| f.list_type == Some("atomic"))
            }
            Shape::Of(_, Some(field)) => field.list_type == Some("atomic"),
            Shape::Struct(of) => of.atomic,
            _ => false,
        }
    }
    fn list(self) -> ListKind {
        match self {
            Shape::Of(_, Some(field)) if field.list_type == Some("map") => ListKind::Keyed(&field.list_map_keys),
            Shape::Of(_, Some(field)) if field.list_type == Some("set") => ListKind::Set,
            _ => ListKind::Atomic,
        }
    }
}

enum ListKind {
    Keyed(&'static [&'static str]),
    Set,
    Atomic,
}

/// Fields that every applied tree carries and nobody owns.
/// Source: kubernetes v1.37 apimachinery/pkg/util/managedfields/internal/stripmeta.go.
const NOT_OWNED: &[&[&str]] = &[
    &["f:apiVersion"],
    &["f:kind"],
    &["f:metadata", "f:name"],
    &["f:metadata", "f:namespace"],
    &["f:metadata", "f:creationTimestamp"],
    &["f:metadata", "f:uid"],
    &["f:metadata", "f:resourceVersion"],
    &["f:metadata", "f:generation"],
    &["f:metadata", "f:managedFields"],
];

/// The fields that a tree sets.
pub fn fields_of(tree: &Value, kind: Option<&'static KindInfo>) -> FieldSet {
    let mut out = BTreeSet::new();
    collect(tree, Shape::of_kind(kind), &mut Vec::new(), &mut out);
    out.retain(|path| {
        !NOT_OWNED.iter().any(|no| path.len() >= no.len() && path.iter().zip(*no).all(|(a, b)| **a == **b))
    });
    FieldSet(out)
}

fn collect(value: &Value, shape: Shape, here: &mut FieldPath, out: &mut BTreeSet<FieldPath>) {
    match value {
        Value::Map(members) if !shape.atomic_map() && !members.is_empty() => {
            for (key, member) in members.iter() {
                here.push(format!("f:{key}").into());
                collect(member, shape.member(key), here, out);
                here.pop();
            }
        }
        Value::List(items) if !items.is_empty() && !matches!(shape.list(), ListKind::Atomic) => {
            for item in items {
                here.push(piece_of(item, &shape.list()));
                // The item itself is owned, beside what stands in it.
                out.insert(here.clone());
                collect(item, shape.item(), here, out);
                here.pop();
            }
        }
        _ => drop(out.insert(here.clone())),
    }
}

fn piece_of(item: &Value, list: &ListKind) -> Piece {
    let text = |v: &Value| json::write(v, json::Style::COMPACT);
    match list {
        ListKind::Keyed(keys) => {
            let mut key = Map::new();
            for name in *keys {
                if let Some(value) = item.get(name) {
                    key.set(*name, value.clone());
                }
            }
            format!("k:{}", text(&Value::Map(key))).into()
        }
        _ => format!("v:{}", text(item)).into(),
    }
}

/// The stored tree with the applied one merged in.
pub fn merged(stored: &Value, applied: &Value, kind: Option<&'static KindInfo>) -> Value {
    merge(stored, applied, Shape::of_kind(kind))
}

fn merge(stored: &Value, applied: &Value, shape: Shape) -> Value {
    match (stored, applied) {
        (Value::Map(old), Value::Map(new)) if !shape.atomic_map() => {
            let mut out = old.clone();
            for (key, value) in new.iter() {
                let value = old.get(key).map_or_else(|| value.clone(), |o| merge(o, value, shape.member(key)));
                out.set(key.clone(), value);
            }
            Value::Map(out)
        }
        (Value::List(old), Value::List(new)) if !matches!(shape.list(), ListKind::Atomic) => {
            let list = shape.list();
            let mut out = old.clone();
            for item in new {
                let piece = piece_of(item, &list);
                match out.iter_mut().find(|o| piece_of(o, &list) == piece) {
                    Some(there) => *there = merge(there, item, shape.item()),
                    None => out.push(item.clone()),
                }
            }
            Value::List(out)
        }
        _ => applied.clone(),
    }
}

/// The value of a field.
pub fn value_at<'a>(tree: &'a Value, path: &[Piece], kind: Option<&'static KindInfo>) -> Option<&'a Value> {
    let (mut here, mut shape) = (tree, Shape::of_kind(kind));
    for piece in path {
        (here, shape) = match piece.strip_prefix("f:") {
            Some(name) => (here.get(name)?, shape.member(name)),
            None => {
                let list = shape.list();
                (here.as_list()?.iter().find(|i| piece_of(i, &list) == *piece)?, shape.item())
            }
        };
    }
    Some(here)
}

/// Takes a field out of a tree; maps and lists that are empty then go as well. Of several fields the shorter comes first: an
/// item takes what stands in it along.
pub fn remove(tree: &mut Value, path: &[Piece], kind: Option<&'static KindInfo>) {
    take_out(tree, path, Shape::of_kind(kind));
}

fn take_out(here: &mut Value, path: &[Piece], shape: Shape) {
    let Some((first, rest)) = path.split_first() else { return };
    if let Some(name) = first.strip_prefix("f:") {
        let Some(members) = here.as_map_mut() else { return };
        if rest.is_empty() {
            members.remove(name);
            return;
        }
        let Some(member) = members.get_mut(name) else { return };
        take_out(member, rest, shape.member(name));
        let empty = matches!(member, Value::Map(m) if m.is_empty()) || matches!(member, Value::List(l) if l.is_empty());
        if empty {
            members.remove(name);
        }
        return;
    }
    let Value::List(items) = here else { return };
    let list = shape.list();
    let Some(at) = items.iter().position(|i| piece_of(i, &list) == *first) else { return };
    match rest {
        [] => drop(items.remove(at)),
        _ => take_out(&mut items[at], rest, shape.item()),
    }
}

/// A field as conflicts print it: `.spec.template.spec.containers[name="app"].image`.
pub fn shown(path: &[Piece]) -> String {
    let mut out = String::new();
    for piece in path {
        match piece.split_once(':') {
            Some(("f", name)) => out.push_str(&format!(".{name}")),
            Some(("k", key)) => {
                let key = json::parse(key).unwrap_or_default();
                let pairs = key.as_map().into_iter().flat_map(|m| m.iter());
                let pairs = pairs.map(|(k, v)| format!("{k}={}", json::write(v, json::Style::COMPACT)));
                out.push_str(&format!("[{}]", pairs.collect::<Vec<_>>().join(",")));
            }
            Some((_, value)) => out.push_str(&format!("[={value}]")),
            None => {}
        }
    }
    out
}

impl FieldSet {
    /// As `fieldsV1` nests it.
    pub fn to_value(&self) -> Value {
        let mut out = Value::Map(map! {});
        for path in &self.0 {
            let mut here = &mut out;
            for piece in path {
                here = here.make_map().entry(piece);
                here.make_map();
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml;

    fn tree(text: &str) -> Value {
        yaml::read("t", text).0[0].node.to_value()
    }
    fn deployment() -> Option<&'static KindInfo> {
        Schema::get().kind("apps/v1", "Deployment")
    }
    const WEB: &str = "spec: {replicas: 2, template: {spec: {containers: [{name: a, image: x}, {name: b, image: y}]}}}";

    #[test]
    fn containers_are_told_apart_by_name() {
        let set = fields_of(&tree(WEB), deployment());
        let shown: Vec<_> = set.0.iter().map(|p| shown(p)).collect();
        assert!(shown.contains(&".spec.template.spec.containers[name=\"a\"].image".to_string()), "{shown:?}");
        assert!(shown.contains(&".spec.replicas".to_string()));
    }

    #[test]
    fn merging_keeps_what_is_not_applied_and_removing_cleans_up() {
        let applied = tree("spec: {template: {spec: {containers: [{name: b, image: z}]}}}");
        let mut both = merged(&tree(WEB), &applied, deployment());
        assert_eq!(both.list_at(&["spec", "template", "spec", "containers"])[1].str_at(&["image"]), Some("z"));
        assert_eq!(both.int_at(&["spec", "replicas"]), Some(2));
        for path in &fields_of(&applied, deployment()).0 {
            remove(&mut both, path, deployment());
        }
        assert_eq!(both.list_at(&["spec", "template", "spec", "containers"]).len(), 1);
    }
}
