//! Tokens to nodes, by the grammar of YAML 1.1.
//! Source: go.yaml.in/yaml v2, parserc.go (which follows libyaml): what may follow what, what is refused, and its words.

use super::build::{Build, Builder, Properties, short_tag};
use super::fault::Fault;
use super::scan::Scanner;
use super::token::{Kind, Mark, Token};
use crate::text::{Extent, Node, Pos};
use std::collections::BTreeMap;

/// Deepest nesting read. Ours: the real reader allows 10,000, but nothing real is deeper than 30, and every later walk over
/// a tree may recurse. FID-010.
const DEPTH_MAX: usize = 200;

/// What the real reader says about a nesting that is too deep. Source: go.yaml.in/yaml v2, scannerc.go, max_indents.
const TOO_DEEP: &str = "exceeded max depth of 10000";

/// The real reader looks at the text in pieces of so many bytes, and refuses a character when it comes to its piece.
/// Source: go.yaml.in/yaml v2, apic.go, input_raw_buffer_size.
const PIECE: usize = 512;

/// One tree and what was noticed on the way.
pub struct Parsed {
    /// The document; `None` when the text holds none.
    pub node: Option<Node>,
    /// Keys that stand twice in one map: place of the second value, line within the text, and key as Go prints it.
    pub duplicates: Vec<(Pos, u32, String)>,
}

struct Parser<B> {
    scanner: Scanner,
    /// How deep the text goes within the node being read, with what its aliases stand for.
    deepest: usize,
    /// How many levels lie below an anchored node.
    heights: BTreeMap<String, usize>,
    build: B,
    /// Handles of tags and what they stand for.
    handles: Vec<(String, String)>,
}

/// Where a node stands decides what it may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Within brackets.
    Flow,
    /// In a block.
    Block,
    /// Behind a key of a block, where a list may begin without indentation.
    Value,
}

/// Reads the first document of `text`, as the real reader does: whatever follows it within the text is not looked at.
pub fn parse(text: &str, lines_before: u32) -> Result<Parsed, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new(text, Builder::new(lines_before));
    let found = parser.document();
    if control_character(text).is_some_and(|bad| bad / PIECE <= parser.scanner.mark.index / PIECE) {
        return Err(Fault::plain(Mark::default(), "control characters are not allowed"));
    }
    let node = found?;
    match parser.build.late {
        Some(fault) => Err(fault),
        None => Ok(Parsed { node, duplicates: parser.build.duplicates }),
    }
}

/// Reads all documents of `text`, one after the other, up to the first fault; what they are made of is `build`'s choice.
pub fn parse_stream<B: Build>(text: &str, build: B) -> (Vec<B::Node>, Option<Fault>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new(text, build);
    parser.scanner.newer = true;
    let mut nodes = Vec::new();
    let mut fault = parser.stream(&mut nodes).err();
    // The newer reader lets DEL pass, and tells which character it refuses.
    let bad = control_character(&text.replace('\u{7f}', " "));
    if let Some(bad) = bad.filter(|bad| bad / PIECE <= parser.scanner.mark.index / PIECE) {
        let value = text.chars().nth(bad).map_or(0, |c| c as u32);
        nodes.clear();
        let words = format!("control characters are not allowed (value: {value})");
        fault = Some(Fault::plain(Mark::default(), words));
    }
    (nodes, fault)
}

/// Index of the first character that YAML does not allow. Source: go.yaml.in/yaml v2, readerc.go, yaml_parser_update_buffer.
fn control_character(text: &str) -> Option<usize> {
    let refused = |c: char| match c {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        c => c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'),
    };
    text.chars().position(refused)
}

impl<B: Build> Parser<B> {
    fn new(text: &str, build: B) -> Self {
        let handle = |handle: &str, prefix: &str| (handle.to_owned(), prefix.to_owned());
        Parser {
            scanner: Scanner::new(text),
            deepest: 0,
            heights: BTreeMap::new(),
            build,
            handles: vec![handle("!", "!"), handle("!!", "tag:yaml.org,2002:")],
        }
    }

    /// Documents up to the end. Only the first one may begin without a separator.
    fn stream(&mut self, nodes: &mut Vec<B::Node>) -> Result<(), Fault> {
        loop {
            while self.take(&Kind::DocumentEnd)?.is_some() {}
            let (kind, start) = (self.kind()?, self.peek()?.start);
            let begins = matches!(kind, Kind::Version(..) | Kind::TagPrefix(..) | Kind::DocumentStart);
            if kind != Kind::StreamEnd && !nodes.is_empty() && !begins {
                return Err(Fault::parser(start, "did not find expected <document start>"));
            }
            match self.document()? {
                Some(node) => nodes.push(node),
                None => return Ok(()),
            }
        }
    }

    fn peek(&mut self) -> Result<&Token, Fault> {
        self.scanner.peek()
    }

    fn kind(&mut self) -> Result<Kind, Fault> {
        Ok(self.peek()?.kind.clone())
    }

    /// Takes the next token if it is of a kind; where it ends.
    fn take(&mut self, kind: &Kind) -> Result<Option<Mark>, Fault> {
        let token = self.peek()?;
        if token.kind != *kind {
            return Ok(None);
        }
        let end = token.end;
        self.scanner.skip();
        Ok(Some(end))
    }

    fn document(&mut self) -> Result<Option<B::Node>, Fault> {
        match self.peek()?.kind {
            Kind::StreamEnd => return Ok(None),
            Kind::Version(..) | Kind::TagPrefix(..) | Kind::DocumentStart => {
                self.directives()?;
                let start = self.peek()?.start;
                if self.take(&Kind::DocumentStart)?.is_none() {
                    return Err(Fault::parser(start, "did not find expected <document start>"));
                }
                let empty = matches!(
                    self.peek()?.kind,
                    Kind::Version(..) | Kind::TagPrefix(..) | Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd
                );
                if empty {
                    return Ok(Some(self.nothing()?));
                }
            }
            _ => {}
        }
        let node = self.node(Place::Block, 0)?;
        self.peek()?;
        Ok(Some(node))
    }

    fn directives(&mut self) -> Result<(), Fault> {
        let mut versions = 0;
        loop {
            let start = self.peek()?.start;
            match self.kind()? {
                Kind::Version(..) if versions > 0 => {
                    return Err(Fault::parser(start, "found duplicate %YAML directive"));
                }
                Kind::Version(1, 1) => versions += 1,
                Kind::Version(..) => return Err(Fault::parser(start, "found incompatible YAML document")),
                Kind::TagPrefix(handle, prefix) => {
                    let defaults = ["!", "!!"];
                    let known = self.handles.iter().position(|(h, _)| *h == handle);
                    match known {
                        Some(at) if defaults.contains(&handle.as_str()) => self.handles[at].1 = prefix,
                        Some(_) => return Err(Fault::parser(start, "found duplicate %TAG directive")),
                        None => self.handles.push((handle, prefix)),
                    }
                }
                _ => return Ok(()),
            }
            self.scanner.skip();
        }
    }

    /// The empty scalar before the next token.
    fn nothing(&mut self) -> Result<B::Node, Fault> {
        let at = self.peek()?.start;
        Ok(self.nothing_at(at))
    }

    fn nothing_at(&mut self, at: Mark) -> B::Node {
        self.build.begin(&Properties::default());
        let extent = self.build.extent(at, at);
        self.build.scalar("", true, None, extent)
    }

    /// Anchor and tag, in either order, and where they begin and end.
    fn properties(&mut self) -> Result<(Properties, Mark, Mark), Fault> {
        let mut found = Properties::default();
        let (first, mut end) = (self.peek()?.start, self.peek()?.start);
        loop {
            let (start, token_end) = (self.peek()?.start, self.peek()?.end);
            if !matches!(self.peek()?.kind, Kind::Anchor(_) | Kind::Tag(..)) {
                return Ok((found, first, end));
            }
            match self.kind()? {
                Kind::Anchor(name) if found.anchor.is_none() => found.anchor = Some(name),
                Kind::Tag(handle, suffix) if found.tag.is_none() => {
                    let prefix = self.handles.iter().find(|(h, _)| *h == handle).map(|(_, prefix)| prefix.as_str());
                    let tag = match (handle.as_str(), prefix) {
                        ("", _) => suffix,
                        (_, Some(prefix)) => format!("{prefix}{suffix}"),
                        (_, None) => {
                            return Err(Fault::parser(start, "found undefined tag handle")
                                .within("while parsing a node", first));
                        }
                    };
                    found.tag = Some(short_tag(&tag));
                }
                _ => return Ok((found, first, end)),
            }
            end = token_end;
            self.scanner.skip();
        }
    }

    fn node(&mut self, place: Place, depth: usize) -> Result<B::Node, Fault> {
        let (start, end) = (self.peek()?.start, self.peek()?.end);
        if depth > DEPTH_MAX {
            return Err(Fault::scanner(start, TOO_DEEP));
        }
        if matches!(self.peek()?.kind, Kind::Alias(_)) {
            let Some(Token { kind: Kind::Alias(name), .. }) = self.scanner.take() else { return self.nothing() };
            let bottom = depth + self.heights.get(&name).copied().unwrap_or_default();
            if bottom > DEPTH_MAX {
                return Err(Fault::scanner(start, TOO_DEEP));
            }
            self.deepest = self.deepest.max(bottom);
            return self.build.alias(&name, start, end);
        }
        let around = std::mem::replace(&mut self.deepest, depth);
        let (properties, start, properties_end) = self.properties()?;
        let steps = self.build.begin(&properties);
        let (token_start, token_end) = (self.peek()?.start, self.peek()?.end);
        let node = match &self.peek()?.kind {
            Kind::BlockEntry if place == Place::Value => self.indentless_list(start, depth)?,
            Kind::Scalar(..) => {
                let Some(Token { kind: Kind::Scalar(text, plain), .. }) = self.scanner.take() else {
                    return self.nothing();
                };
                let extent = self.build.extent(token_start, token_end);
                self.build.scalar(&text, plain, properties.tag.as_deref(), extent)
            }
            Kind::FlowListStart => self.flow_list(start, depth)?,
            Kind::FlowMapStart => self.flow_map(start, depth)?,
            Kind::BlockListStart if place != Place::Flow => self.block_list(start, depth)?,
            Kind::BlockMapStart if place != Place::Flow => self.block_map(start, depth)?,
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                let extent = self.build.extent(start, properties_end);
                self.build.scalar("", true, properties.tag.as_deref(), extent)
            }
            _ => {
                let what =
                    if place == Place::Flow { "while parsing a flow node" } else { "while parsing a block node" };
                return Err(Fault::parser(token_start, "did not find expected node content").within(what, start));
            }
        };
        if let Some(name) = &properties.anchor {
            self.heights.insert(name.clone(), self.deepest - depth);
        }
        self.deepest = self.deepest.max(around);
        Ok(self.build.finish(properties, steps, node))
    }

    /// A block collection ends with its last item, not where the next token begins.
    fn block_extent(&self, start: Mark, last: Option<Extent>) -> Extent {
        let extent = self.build.extent(start, start);
        last.map_or(extent, |last| Extent { end: last.end, ..extent })
    }

    fn block_list(&mut self, start: Mark, depth: usize) -> Result<B::Node, Fault> {
        self.scanner.skip();
        let mut items: Vec<B::Node> = Vec::new();
        loop {
            if let Some(entry) = self.take(&Kind::BlockEntry)? {
                items.push(match self.peek()?.kind {
                    Kind::BlockEntry | Kind::BlockEnd => self.nothing_at(entry),
                    _ => self.node(Place::Block, depth + 1)?,
                });
            } else if self.take(&Kind::BlockEnd)?.is_some() {
                let extent = self.block_extent(start, items.last().map(B::extent_of));
                return Ok(self.build.list(items, extent));
            } else {
                let fault = Fault::parser(self.peek()?.start, "did not find expected '-' indicator");
                return Err(fault.within("while parsing a block collection", start));
            }
        }
    }

    fn indentless_list(&mut self, start: Mark, depth: usize) -> Result<B::Node, Fault> {
        let mut items: Vec<B::Node> = Vec::new();
        while let Some(entry) = self.take(&Kind::BlockEntry)? {
            items.push(match self.peek()?.kind {
                Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => self.nothing_at(entry),
                _ => self.node(Place::Block, depth + 1)?,
            });
        }
        let extent = self.block_extent(start, items.last().map(B::extent_of));
        Ok(self.build.list(items, extent))
    }

    fn block_map(&mut self, start: Mark, depth: usize) -> Result<B::Node, Fault> {
        self.scanner.skip();
        let (mut members, mut last) = (B::Members::default(), None);
        loop {
            if let Some(mark) = self.take(&Kind::Key)? {
                let merges = self.is_merge()?;
                let key = match self.peek()?.kind {
                    Kind::Key | Kind::Value | Kind::BlockEnd => self.nothing_at(mark),
                    _ => self.node(Place::Value, depth + 1)?,
                };
                let (node, aliased) = self.block_value(depth)?;
                last = Some(B::extent_of(&node));
                self.build.member(&mut members, key, merges, node, aliased);
            } else if self.take(&Kind::BlockEnd)?.is_some() {
                let extent = self.block_extent(start, last);
                return Ok(self.build.map(members, extent));
            } else {
                let fault = Fault::parser(self.peek()?.start, "did not find expected key");
                return Err(fault.within("while parsing a block mapping", start));
            }
        }
    }

    /// The value behind a key of a block, and whether it is an alias.
    fn block_value(&mut self, depth: usize) -> Result<(B::Node, bool), Fault> {
        let Some(mark) = self.take(&Kind::Value)? else { return Ok((self.nothing()?, false)) };
        match self.peek()?.kind {
            Kind::Key | Kind::Value | Kind::BlockEnd => Ok((self.nothing_at(mark), false)),
            Kind::Alias(_) => Ok((self.node(Place::Value, depth + 1)?, true)),
            _ => Ok((self.node(Place::Value, depth + 1)?, false)),
        }
    }

    /// Whether the next token is a plain `<<`.
    fn is_merge(&mut self) -> Result<bool, Fault> {
        Ok(matches!(&self.peek()?.kind, Kind::Scalar(text, true) if text == "<<"))
    }

    fn flow_list(&mut self, start: Mark, depth: usize) -> Result<B::Node, Fault> {
        self.scanner.skip();
        let mut items = Vec::new();
        loop {
            if self.take(&Kind::FlowListEnd)?.is_none() {
                if !items.is_empty() {
                    let at = self.peek()?.start;
                    if self.take(&Kind::FlowEntry)?.is_none() {
                        let fault = Fault::parser(at, "did not find expected ',' or ']'");
                        return Err(fault.within("while parsing a flow sequence", start));
                    }
                }
                match self.peek()?.kind {
                    Kind::FlowListEnd => continue,
                    Kind::Key => items.push(self.flow_pair(depth + 1)?),
                    _ => items.push(self.node(Place::Flow, depth + 1)?),
                }
                continue;
            }
            let extent = self.build.extent(start, self.scanner_end());
            return Ok(self.build.list(items, extent));
        }
    }

    /// Just behind the token that was taken last.
    fn scanner_end(&self) -> Mark {
        self.scanner.last_end()
    }

    /// `[a: b]`: a map of one key without braces.
    fn flow_pair(&mut self, depth: usize) -> Result<B::Node, Fault> {
        let start = self.peek()?.start;
        self.build.begin(&Properties::default());
        self.scanner.skip();
        let merges = self.is_merge()?;
        let key = match self.peek()?.kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowListEnd => {
                // The real parser passes over the token here.
                let end = self.peek()?.end;
                self.scanner.skip();
                self.nothing_at(end)
            }
            _ => self.node(Place::Flow, depth)?,
        };
        let (node, aliased) = self.flow_value(&Kind::FlowListEnd, depth)?;
        let extent = Extent { end: B::extent_of(&node).end, ..self.build.extent(start, start) };
        let mut members = B::Members::default();
        self.build.member(&mut members, key, merges, node, aliased);
        Ok(self.build.map(members, extent))
    }

    fn flow_value(&mut self, close: &Kind, depth: usize) -> Result<(B::Node, bool), Fault> {
        if self.take(&Kind::Value)?.is_some() {
            let kind = &self.peek()?.kind;
            let aliased = matches!(kind, Kind::Alias(_));
            if *kind != Kind::FlowEntry && kind != close {
                return Ok((self.node(Place::Flow, depth + 1)?, aliased));
            }
        }
        Ok((self.nothing()?, false))
    }

    fn flow_map(&mut self, start: Mark, depth: usize) -> Result<B::Node, Fault> {
        self.scanner.skip();
        let (mut members, mut first) = (B::Members::default(), true);
        while self.take(&Kind::FlowMapEnd)?.is_none() {
            if !first {
                let at = self.peek()?.start;
                if self.take(&Kind::FlowEntry)?.is_none() {
                    let fault = Fault::parser(at, "did not find expected ',' or '}'");
                    return Err(fault.within("while parsing a flow mapping", start));
                }
            }
            first = false;
            if self.take(&Kind::Key)?.is_some() {
                let merges = self.is_merge()?;
                let key = match self.peek()?.kind {
                    Kind::Value | Kind::FlowEntry | Kind::FlowMapEnd => self.nothing()?,
                    _ => self.node(Place::Flow, depth + 1)?,
                };
                let (node, aliased) = self.flow_value(&Kind::FlowMapEnd, depth)?;
                self.build.member(&mut members, key, merges, node, aliased);
            } else if self.peek()?.kind != Kind::FlowMapEnd {
                let merges = self.is_merge()?;
                let key = self.node(Place::Flow, depth + 1)?;
                let node = self.nothing()?;
                self.build.member(&mut members, key, merges, node, false);
            }
        }
        let extent = self.build.extent(start, self.scanner_end());
        Ok(self.build.map(members, extent))
    }
}
