//! Events of the parser to a tree: scalars resolved, keys made text, aliases copied, merge keys merged.
//! Source: go.yaml.in/yaml v2, decode.go; sigs.k8s.io/yaml v1.6, convertToJSONableObject.

use super::fault::Fault;
use super::scalar;
use crate::text::{Extent, Member, Node, NodeKind, Pos, Value, number};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Deepest nesting read. Ours: the real reader allows 10,000, but nothing real is deeper than 30, and every later walk over
/// a tree may recurse. FID-010.
const DEPTH_MAX: usize = 200;

/// What the real reader calls a nesting that is too deep. Source: go.yaml.in/yaml v2, scannerc.go, max_indents.
const TOO_DEEP: &str = "exceeded max depth of 10000";

/// One tree and what was noticed on the way.
pub struct Built {
    /// The document; `None` when the text holds none.
    pub node: Option<Node>,
    /// Keys that stand twice in one map: place of the second value, line within the text, and key as Go prints it.
    pub duplicates: Vec<(Pos, u32, String)>,
}

/// An anchored node and how many steps decoding it takes; `None` while it is being read.
type Anchored = Option<(Node, u64)>;

struct Builder<'a> {
    events: Parser<'a, StrInput<'a>>,
    text: &'a str,
    /// Lines of the file before this text.
    lines_before: u32,
    anchors: BTreeMap<usize, Anchored>,
    duplicates: Vec<(Pos, u32, String)>,
    /// Steps so far, and those of them that copied aliased nodes.
    decoded: u64,
    copied: u64,
}

/// Reads the first document of `text`, as the real reader does: whatever follows it within the text is not looked at.
pub fn build(text: &str, lines_before: u32) -> Result<Built, Fault> {
    let mut builder = Builder {
        events: Parser::new_from_str(text),
        text,
        lines_before,
        anchors: BTreeMap::new(),
        duplicates: Vec::new(),
        decoded: 0,
        copied: 0,
    };
    let node = builder.document()?;
    Ok(Built { node, duplicates: builder.duplicates })
}

impl<'a> Builder<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(Fault::from_scan(&error, self.text)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn document(&mut self) -> Result<Option<Node>, Fault> {
        loop {
            match self.next()? {
                (Event::DocumentStart(_), _) => break,
                (Event::StreamEnd, _) => return Ok(None),
                _ => {}
            }
        }
        let (event, span) = self.next()?;
        let node = self.node(event, span, 0)?;
        self.next()?;
        Ok(Some(node))
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Fault> {
        if depth > DEPTH_MAX {
            return Err(Fault::at_line(span.start, TOO_DEEP));
        }
        self.decoded += 1;
        let before = self.decoded;
        let (anchor, node) = match event {
            Event::Alias(id) => return self.alias(id, span),
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, self.scalar(text.into(), style, tag.as_deref(), self.extent(span))?)
            }
            Event::SequenceStart(anchor, _) => {
                self.open(anchor);
                (anchor, self.list(span, depth)?)
            }
            Event::MappingStart(anchor, _) => {
                self.open(anchor);
                (anchor, self.map(span, depth)?)
            }
            _ => return Err(Fault::at_line(span.start, "did not find expected node content")),
        };
        if anchor != 0 {
            let steps = self.decoded - before + 1;
            self.anchors.insert(anchor, Some((node.clone(), steps)));
        }
        Ok(node)
    }

    fn open(&mut self, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<Node, Fault> {
        let Some(Some((node, steps))) = self.anchors.get(&id) else {
            let name = self.word_at(span);
            return Err(Fault::plain(span.start, format!("anchor '{name}' value contains itself")));
        };
        (self.decoded, self.copied) = (self.decoded + steps, self.copied + steps);
        if self.copied > 100 && self.decoded > 1000 && self.too_many_copies() {
            return Err(Fault::plain(span.start, "document contains excessive aliasing"));
        }
        Ok(Node { extent: self.extent(span), kind: node.kind.clone() })
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

    fn scalar(&self, text: Rc<str>, style: ScalarStyle, tag: Option<&Tag>, extent: Extent) -> Result<Node, Fault> {
        let quoted = style != ScalarStyle::Plain;
        let value = match tag.map(short_tag) {
            None if quoted => Value::Str(text.clone()),
            Some(tag) if tag == "!" => Value::Str(text.clone()),
            None => scalar::plain(&text),
            Some(tag) => scalar::tagged(&tag, &text).map_err(|words| Fault::plain_at(extent.start, words))?,
        };
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
            return Err(Fault::json(extent.start, format!("json: unsupported value: {name}")));
        }
        let quoted = quoted || matches!((tag, &value), (Some(_), Value::Str(_)));
        Ok(Node { extent, kind: NodeKind::Scalar { value, plain: text, quoted } })
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node, Fault> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, end) => {
                    let extent = self.collection(start, end, items.last());
                    return Ok(Node { extent, kind: NodeKind::List(items) });
                }
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Node, Fault> {
        let mut members: Vec<Member> = Vec::new();
        let mut last: Option<Node> = None;
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let extent = self.collection(start, span, last.as_ref());
                return Ok(Node { extent, kind: NodeKind::Map(members) });
            }
            let merges = is_merge(&event);
            let key = self.node(event, span, depth + 1)?;
            let (event, span) = self.next()?;
            let aliased = matches!(event, Event::Alias(_));
            let node = self.node(event, span, depth + 1)?;
            let ends = Node { extent: node.extent, kind: NodeKind::List(Vec::new()) };
            if merges {
                self.merge(node, aliased, &mut members)?;
            } else {
                let (text, shown) = key_text(&key, &node)?;
                self.set(&mut members, Member { key: text, at: key.extent, node }, shown);
            }
            last = Some(ends);
        }
    }

    fn set(&mut self, members: &mut Vec<Member>, member: Member, shown: String) {
        let Some(old) = members.iter_mut().find(|m| m.key == member.key) else {
            members.push(member);
            return;
        };
        let at = member.node.extent.start;
        self.duplicates.push((at, at.line.saturating_sub(self.lines_before), shown));
        *old = member;
    }

    /// `<<: *base`: members of the merged maps are set where the key stands, so later keys win, and earlier ones lose.
    fn merge(&mut self, node: Node, aliased: bool, into: &mut Vec<Member>) -> Result<(), Fault> {
        let wrong = |at: Pos| Fault::plain_at(at, "map merge requires map or sequence of maps as the value".into());
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

    fn pos(&self, mark: Marker) -> Pos {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Pos { line: count(mark.line()).saturating_add(self.lines_before), col: count(mark.col()).saturating_add(1) }
    }

    fn extent(&self, span: Span) -> Extent {
        Extent { start: self.pos(span.start), end: self.pos(span.end) }
    }

    /// A flow collection ends at its bracket; a block collection with its last item, not where the next token begins.
    fn collection(&self, start: Span, end: Span, last: Option<&Node>) -> Extent {
        let extent = Extent { start: self.pos(start.start), end: self.pos(end.end) };
        match last {
            Some(last) if end.is_empty() => Extent { end: last.extent.end, ..extent },
            None if end.is_empty() => Extent { end: extent.start, ..extent },
            _ => extent,
        }
    }

    /// The name of the alias at `span`, without its asterisk.
    fn word_at(&self, span: Span) -> String {
        self.text.chars().skip(span.start.index() + 1).take(span.len().saturating_sub(1)).collect()
    }
}

fn is_merge(event: &Event) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<")
        || matches!(event, Event::Scalar(text, _, _, Some(tag)) if text == "<<" && short_tag(tag) == "!!merge")
}

/// `!!int` for the tags of YAML itself, whatever handle was used.
fn short_tag(tag: &Tag) -> String {
    const LONG: &str = "tag:yaml.org,2002:";
    let whole = format!("{}{}", tag.handle, tag.suffix);
    match whole.strip_prefix(LONG) {
        Some(name) => format!("!!{name}"),
        None => whole,
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
            let words = "unsupported map key of type: %!s(<nil>), key: <nil>, value: ";
            return Err(Fault::json(at, format!("{words}{}", go_syntax(&value.to_value()))));
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
        Value::Str(text) => format!("{text:?}"),
        Value::List(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Map(members) => {
            let pairs = members.sorted().into_iter().map(|(k, v)| format!("{k:?}:{}", go_syntax(v)));
            format!("map[interface {{}}]interface {{}}{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}
