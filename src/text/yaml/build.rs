//! What the parser found to nodes: scalars resolved, keys made text, aliases copied, merge keys merged. What is wrong here
//! is told only if the whole text could be parsed, as in the real reader.
//! Source: go.yaml.in/yaml v2, decode.go; sigs.k8s.io/yaml v1.6, convertToJSONableObject.

use super::fault::Fault;
use super::scalar;
use super::token::Mark;
use crate::text::{Extent, Member, Node, NodeKind, Pos, Value, go, number};
use std::collections::BTreeMap;
use std::rc::Rc;

/// An anchored node and how many steps decoding it takes; `None` while it is being read.
type Anchored = Option<(Node, u64)>;

/// Makes nodes.
#[derive(Default)]
pub struct Builder {
    /// Lines of the file before this text.
    pub lines_before: u32,
    /// Keys that stand twice in one map: place of the second value, line within the text, and key as Go prints it.
    pub duplicates: Vec<(Pos, u32, String)>,
    /// The first thing that is wrong although the text could be parsed.
    pub late: Option<Fault>,
    anchors: BTreeMap<String, Anchored>,
    /// Steps so far, and those of them that copied aliased nodes.
    decoded: u64,
    copied: u64,
}

/// The members of a map while it is read. Maps with many members get an index, or a long file would take for ever.
#[derive(Default)]
pub struct Members {
    list: Vec<Member>,
    index: BTreeMap<Rc<str>, usize>,
}

/// From so many members on an index pays. Ours: below it a walk over the list is as fast.
const INDEX_FROM: usize = 16;

impl Members {
    /// The members, in the order of the file.
    pub fn into_list(self) -> Vec<Member> {
        self.list
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.list.len() < INDEX_FROM {
            return self.list.iter().position(|m| &*m.key == key);
        }
        self.index.get(key).copied()
    }

    fn push(&mut self, member: Member) {
        self.list.push(member);
        let count = self.list.len();
        if count == INDEX_FROM {
            self.index = self.list.iter().enumerate().map(|(i, m)| (m.key.clone(), i)).collect();
        } else if count > INDEX_FROM {
            self.index.insert(self.list[count - 1].key.clone(), count - 1);
        }
    }
}

/// What stands before a node: its anchor, and its tag in the short form.
#[derive(Default)]
pub struct Properties {
    /// Name of the anchor.
    pub anchor: Option<String>,
    /// The tag.
    pub tag: Option<String>,
}

/// What a tree is made of, as the parser goes along.
pub trait Build {
    /// A node.
    type Node;
    /// The members of a map while it is read.
    type Members: Default;
    /// A node begins. Gives the number of steps so far.
    fn begin(&mut self, properties: &Properties) -> u64;
    /// A node that began with `steps` is complete.
    fn finish(&mut self, properties: Properties, steps: u64, node: Self::Node) -> Self::Node;
    /// An alias of an anchored node.
    fn alias(&mut self, name: &str, start: Mark, end: Mark) -> Result<Self::Node, Fault>;
    /// A scalar; `plain` tells that it stands without quotes and not in a block.
    fn scalar(&mut self, text: &str, plain: bool, tag: Option<&str>, extent: Extent) -> Self::Node;
    /// A list.
    fn list(&mut self, items: Vec<Self::Node>, extent: Extent) -> Self::Node;
    /// A map.
    fn map(&mut self, members: Self::Members, extent: Extent) -> Self::Node;
    /// Adds a key with its value to a map. `aliased` tells that the value is an alias, which matters for merge keys.
    fn member(&mut self, members: &mut Self::Members, key: Self::Node, merges: bool, node: Self::Node, aliased: bool);
    /// From mark to mark, in the file.
    fn extent(&self, start: Mark, end: Mark) -> Extent;
    /// Where a node stands.
    fn extent_of(node: &Self::Node) -> Extent;
}

impl Build for Builder {
    type Node = Node;
    type Members = Members;

    fn begin(&mut self, properties: &Properties) -> u64 {
        self.decoded += 1;
        if let Some(name) = &properties.anchor {
            self.anchors.insert(name.clone(), None);
        }
        self.decoded
    }

    fn finish(&mut self, properties: Properties, steps: u64, node: Node) -> Node {
        if let Some(name) = properties.anchor {
            self.anchors.insert(name, Some((node.clone(), self.decoded - steps + 1)));
        }
        node
    }

    fn alias(&mut self, name: &str, start: Mark, end: Mark) -> Result<Node, Fault> {
        let extent = self.extent(start, end);
        self.decoded += 1;
        let Some(anchored) = self.anchors.get(name) else {
            return Err(Fault::plain(start, format!("unknown anchor '{name}' referenced")));
        };
        let Some((node, steps)) = anchored else {
            self.wrong(Fault::plain(start, format!("anchor '{name}' value contains itself")));
            return Ok(Node { extent, kind: NodeKind::List(Vec::new()) });
        };
        (self.decoded, self.copied) = (self.decoded + steps, self.copied + steps);
        if self.copied > 100 && self.decoded > 1000 && self.too_many_copies() {
            // The real reader parses on, but copies are made here already: a bomb must end now.
            return Err(self.late.take().unwrap_or(Fault::plain(start, "document contains excessive aliasing")));
        }
        Ok(Node { extent, kind: node.kind.clone() })
    }

    fn scalar(&mut self, text: &str, plain: bool, tag: Option<&str>, extent: Extent) -> Node {
        let resolved = match tag {
            Some("!") => Ok(Value::str(text)),
            None if !plain => Ok(Value::str(text)),
            None => Ok(scalar::plain(text)),
            Some(tag) => scalar::tagged(tag, text),
        };
        let value = resolved.unwrap_or_else(|words| {
            self.wrong(Fault::plain_at(extent.start, words));
            Value::Null
        });
        if let Value::Float(f) = value
            && !f.is_finite()
        {
            let name = if f.is_nan() {
                "NaN"
            } else if f > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            self.wrong(Fault::json(extent.start, format!("json: unsupported value: {name}")));
        }
        let quoted = !plain || (tag.is_some() && matches!(value, Value::Str(_)));
        Node { extent, kind: NodeKind::Scalar { value, plain: text.into(), quoted } }
    }

    fn member(&mut self, members: &mut Members, key: Node, merges: bool, node: Node, aliased: bool) {
        let added = if merges {
            self.merge(node, aliased, members)
        } else {
            key_text(&key, &node)
                .map(|(text, shown)| self.set(members, Member { key: text, at: key.extent, node }, shown))
        };
        if let Err(fault) = added {
            self.wrong(fault);
        }
    }

    fn extent(&self, start: Mark, end: Mark) -> Extent {
        Extent { start: start.pos(self.lines_before), end: end.pos(self.lines_before) }
    }

    fn extent_of(node: &Node) -> Extent {
        node.extent
    }

    fn list(&mut self, items: Vec<Node>, extent: Extent) -> Node {
        Node { extent, kind: NodeKind::List(items) }
    }

    fn map(&mut self, members: Members, extent: Extent) -> Node {
        Node { extent, kind: NodeKind::Map(members.into_list()) }
    }
}

impl Builder {
    /// Knows nothing yet. `lines_before` of the file stand before the text.
    pub fn new(lines_before: u32) -> Self {
        Builder { lines_before, ..Builder::default() }
    }

    fn wrong(&mut self, fault: Fault) {
        self.late.get_or_insert(fault);
    }

    /// Source: go.yaml.in/yaml v2, decode.go, allowedAliasRatio.
    fn too_many_copies(&self) -> bool {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        let decoded = self.decoded as f64;
        let allowed = match decoded {
            d if d <= LOW => 0.99,
            d if d >= HIGH => 0.10,
            d => 0.99 - 0.89 * ((d - LOW) / (HIGH - LOW)),
        };
        self.copied as f64 / decoded > allowed
    }

    fn set(&mut self, members: &mut Members, member: Member, shown: String) {
        let Some(at) = members.position(&member.key) else { return members.push(member) };
        let place = member.node.extent.start;
        self.duplicates.push((place, place.line.saturating_sub(self.lines_before), shown));
        members.list[at] = member;
    }

    /// `<<: *base`: members of the merged maps are set where the key stands, so later keys win, and earlier ones lose.
    fn merge(&mut self, node: Node, aliased: bool, into: &mut Members) -> Result<(), Fault> {
        let wrong = |at: Pos| Fault::plain_at(at, "map merge requires map or sequence of maps as the value");
        let at = node.extent.start;
        let maps = match node.kind {
            NodeKind::Map(members) => vec![members],
            NodeKind::List(items) if !aliased => {
                let maps = items.into_iter().rev().map(|item| match item.kind {
                    NodeKind::Map(members) => Ok(members),
                    _ => Err(wrong(item.extent.start)),
                });
                maps.collect::<Result<Vec<_>, _>>()?
            }
            _ => return Err(wrong(at)),
        };
        for member in maps.into_iter().flatten() {
            let shown = format!("{:?}", member.key);
            self.set(into, member, shown);
        }
        Ok(())
    }
}

/// `!!int` for the tags of YAML itself, whatever handle was used.
pub fn short_tag(tag: &str) -> String {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => format!("!!{name}"),
        None => tag.to_owned(),
    }
}

/// The key as text, and as Go's `%#v` shows it.
fn key_text(key: &Node, value: &Node) -> Result<(Rc<str>, String), Fault> {
    let at = key.extent.start;
    let NodeKind::Scalar { value: resolved, .. } = &key.kind else {
        return Err(Fault::plain_at(at, format!("invalid map key: {}", go_syntax(&key.to_value()))));
    };
    Ok(match resolved {
        Value::Str(text) => (text.clone(), go_syntax(resolved)),
        Value::Bool(_) | Value::Int(_) => (go_syntax(resolved).into(), go_syntax(resolved)),
        Value::Float(f) => (number::json_text(*f).into(), go_syntax(resolved)),
        _ => {
            let value = value.to_value();
            let shown = if value.is_null() { "<nil>".into() } else { go_syntax(&value) };
            return Err(Fault::json(
                at,
                format!("unsupported map key of type: %!s(<nil>), key: <nil>, value: {shown}"),
            ));
        }
    })
}

/// A value as Go's `%#v` shows it.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => number::json_text(*f),
        Value::Str(text) => go::quoted(text),
        Value::List(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Map(members) => {
            let pairs = members.sorted().into_iter().map(|(k, v)| format!("{}:{}", go::quoted(k), go_syntax(v)));
            format!("map[interface {{}}]interface {{}}{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}
