//! YAML as it is written: tags, aliases and plain scalars are told, nothing is resolved yet. For readers that follow newer
//! rules than Kubernetes' own.
//! Source: go.yaml.in/yaml v4.0.0-rc.6, internal/libyaml/{composer,errors}.go.

use super::build::{Build, Properties};
use super::fault::{At, Fault, Stage};
use super::parse;
use super::token::Mark;
use crate::text::{Extent, Pos};
use std::collections::BTreeMap;
use std::rc::Rc;

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub struct Raw {
    /// Where it stands.
    pub extent: Extent,
    /// Its tag in the short form, if it carries one.
    pub tag: Option<Rc<str>>,
    /// Its anchor, if it carries one.
    pub anchor: Option<Rc<str>>,
    /// What it is.
    pub kind: RawKind,
}

/// What stands at a node.
#[derive(Clone, Debug, PartialEq)]
pub enum RawKind {
    /// Text, and whether it is plain: without quotes and not in a block.
    Scalar(Rc<str>, bool),
    /// A sequence.
    List(Vec<Rc<Raw>>),
    /// A mapping, in the order of the file; keys may stand twice.
    Map(Vec<(Rc<Raw>, Rc<Raw>)>),
    /// What an alias stands for; `None` when it stands within the node it names.
    Alias(Rc<str>, Option<Rc<Raw>>),
}

/// Why a text cannot be read: the real reader's words, and the place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The words.
    pub words: String,
    /// The place.
    pub at: Pos,
}

/// Reads the documents of a text, up to where it cannot be read.
pub fn read(text: &str) -> (Vec<Rc<Raw>>, Option<Unreadable>) {
    let (nodes, fault) = parse::parse_stream(text, Builder::default());
    (nodes, fault.map(|fault| Unreadable { at: fault.pos(0), words: words(&fault) }))
}

fn words(fault: &Fault) -> String {
    let stage = match fault.stage {
        Stage::Scanner => "scanner",
        Stage::Parser => "parser",
        Stage::Later if fault.message.starts_with("control") => "reader",
        Stage::Later => "composer",
    };
    let message = fault.message.replace("hexdecimal", "hexadecimal");
    let At::Text(mark) = fault.at else { return message };
    let place = match fault.within {
        _ if stage == "reader" => "at <unknown position>".into(),
        Some((what, start)) => format!("({what}) at {}", range(start, mark)),
        None => format!("at {}", short(mark)),
    };
    format!("go-yaml load error in {stage} {place}: {message}")
}

fn short(mark: Mark) -> String {
    format!("L{}.C{}", mark.line + 1, mark.col + 1)
}

fn range(start: Mark, end: Mark) -> String {
    if start.line != end.line {
        format!("{}-{}", short(start), short(end))
    } else if start.col == end.col {
        short(start)
    } else {
        format!("{}-C{}", short(start), end.col + 1)
    }
}

#[derive(Default)]
struct Builder {
    anchors: BTreeMap<String, Option<Rc<Raw>>>,
}

fn node(extent: Extent, tag: Option<&str>, kind: RawKind) -> Rc<Raw> {
    Rc::new(Raw { extent, tag: tag.map(Into::into), anchor: None, kind })
}

impl Build for Builder {
    type Node = Rc<Raw>;
    type Members = Vec<(Rc<Raw>, Rc<Raw>)>;

    fn begin(&mut self, properties: &Properties) -> u64 {
        if let Some(name) = &properties.anchor {
            self.anchors.insert(name.clone(), None);
        }
        0
    }

    fn finish(&mut self, properties: Properties, _: u64, mut node: Rc<Raw>) -> Rc<Raw> {
        if let Some(tag) = properties.tag {
            Rc::make_mut(&mut node).tag = Some(tag.into());
        }
        if let Some(name) = properties.anchor {
            Rc::make_mut(&mut node).anchor = Some(name.as_str().into());
            self.anchors.insert(name, Some(node.clone()));
        }
        node
    }

    fn alias(&mut self, name: &str, start: Mark, end: Mark) -> Result<Rc<Raw>, Fault> {
        let Some(anchored) = self.anchors.get(name) else {
            return Err(Fault::plain(start, format!("unknown anchor '{name}' referenced")));
        };
        Ok(node(self.extent(start, end), None, RawKind::Alias(name.into(), anchored.clone())))
    }

    fn scalar(&mut self, text: &str, plain: bool, tag: Option<&str>, extent: Extent) -> Rc<Raw> {
        node(extent, tag, RawKind::Scalar(text.into(), plain))
    }

    fn list(&mut self, items: Vec<Rc<Raw>>, extent: Extent) -> Rc<Raw> {
        node(extent, None, RawKind::List(items))
    }

    fn map(&mut self, members: Self::Members, extent: Extent) -> Rc<Raw> {
        node(extent, None, RawKind::Map(members))
    }

    fn member(&mut self, members: &mut Self::Members, key: Rc<Raw>, _: bool, node: Rc<Raw>, _: bool) {
        members.push((key, node));
    }

    fn extent(&self, start: Mark, end: Mark) -> Extent {
        Extent { start: start.pos(0), end: end.pos(0) }
    }

    fn extent_of(node: &Rc<Raw>) -> Extent {
        node.extent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_name_what_was_read() {
        let said = |text| read(text).1.map(|fault| fault.words).unwrap_or_default();
        assert_eq!(
            said("services:\n  web: {image: x\n"),
            "go-yaml load error in parser (while parsing a flow mapping) at L2.C8-L3.C1: did not find expected ',' or '}'"
        );
        assert_eq!(
            said("services:\n\tweb: x\n"),
            "go-yaml load error in scanner (while scanning for the next token) at L2.C1: \
             found character that cannot start any token"
        );
        assert_eq!(
            said("name: a\nsummary\nx: 1\n"),
            "go-yaml load error in scanner (while scanning a simple key) at L2.C1-L3.C1: could not find expected ':'"
        );
    }

    #[test]
    fn documents_follow_each_other_and_keep_their_tags() {
        let (nodes, fault) = read("a: !reset &x [1]\n---\nb: *y\n");
        assert_eq!(nodes.len(), 1);
        assert!(fault.is_some_and(|fault| fault.words.contains("unknown anchor 'y' referenced")));
        let RawKind::Map(members) = &nodes[0].kind else { panic!("no map") };
        assert_eq!(members[0].1.tag.as_deref(), Some("!reset"));
    }
}
