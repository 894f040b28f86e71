//! What a reader makes of a file: a tree in which every node and every key knows its place. Turned into a plain
//! [`Value`] for storing; asked for the place of a path when somebody wants to see the line.

use super::{Map, Value};
use std::rc::Rc;

/// A place in a file: line and column count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pos {
    /// Line, from 1; 0 means unknown.
    pub line: u32,
    /// Column, from 1, in characters.
    pub col: u32,
}

/// From the first character to behind the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Where it begins.
    pub start: Pos,
    /// Just behind its end. For block collections this is clamped to the last line that holds text of it.
    pub end: Pos,
}

/// One node with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands.
    pub extent: Extent,
    /// What it is.
    pub kind: NodeKind,
}

/// What stands at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A scalar: its value by the rules of the format, the text as written, and whether it was quoted.
    Scalar {
        /// The value as Kubernetes' YAML 1.1 reader (or JSON) understands it.
        value: Value,
        /// The text as it stands in the file, without quotes and escapes.
        plain: Rc<str>,
        /// Whether quotes (or a block style) make it text in any case.
        quoted: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file; duplicate keys have been reported and the last one kept.
    Map(Vec<Member>),
}

/// One key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The key as text (YAML 1.1 keys like `on` or `1` become "true" and "1", as in the real reader).
    pub key: Rc<str>,
    /// Where the key stands.
    pub at: Extent,
    /// Its value.
    pub node: Node,
}

/// One step of a path into a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A member of a map.
    Key(Rc<str>),
    /// An item of a list, from 0.
    Index(usize),
}

impl Node {
    /// The tree without places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar { value, .. } => value.clone(),
            NodeKind::List(items) => Value::List(items.iter().map(Node::to_value).collect()),
            NodeKind::Map(members) => {
                Value::Map(members.iter().map(|m| (m.key.clone(), m.node.to_value())).collect::<Map>())
            }
        }
    }
    /// The member `key`, if this is a map that has it.
    pub fn member(&self, key: &str) -> Option<&Member> {
        match &self.kind {
            NodeKind::Map(members) => members.iter().find(|m| &*m.key == key),
            _ => None,
        }
    }
    /// The value of member `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.member(key).map(|m| &m.node)
    }
    /// The text, if this is a text scalar.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { value, .. } => value.as_str(),
            _ => None,
        }
    }
    /// The place of the deepest node on `path` that exists: the key of a member, the start of an item.
    pub fn place(&self, path: &[Step]) -> Pos {
        let mut here = self;
        let mut at = self.extent.start;
        for step in path {
            let next = match (step, &here.kind) {
                (Step::Key(key), NodeKind::Map(_)) => here.member(key).map(|m| (m.at.start, &m.node)),
                (Step::Index(i), NodeKind::List(items)) => items.get(*i).map(|n| (n.extent.start, n)),
                _ => None,
            };
            let Some((pos, node)) = next else { break };
            (at, here) = (pos, node);
        }
        at
    }
}

/// Reads `spec.containers[0].image` into steps; what stands in brackets may hold dots (`metadata.labels[app.io/x]`). Used
/// for paths that the real tools print.
pub fn steps(path: &str) -> Vec<Step> {
    let mut out = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let (step, after) = match rest.strip_prefix('[') {
            Some(inside) => {
                let (index, after) = inside.split_once(']').unwrap_or((inside, ""));
                (index.parse().map_or_else(|_| Step::Key(index.into()), Step::Index), after)
            }
            None => {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                (Step::Key(rest[..end].into()), &rest[end..])
            }
        };
        if step != Step::Key("".into()) {
            out.push(step);
        }
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_to_steps() {
        let key = |k: &str| Step::Key(k.into());
        assert_eq!(
            steps("a.b[0].c[x.y/z][1]"),
            [key("a"), key("b"), Step::Index(0), key("c"), key("x.y/z"), Step::Index(1)]
        );
        assert_eq!(steps(""), []);
        assert_eq!(steps(".a..b[]"), [key("a"), key("b")]);
    }
}
