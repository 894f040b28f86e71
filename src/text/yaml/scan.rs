//! Characters to tokens by the rules of YAML 1.1, with indentation and simple keys turned into tokens of their own.
//! Source: go.yaml.in/yaml v2, scannerc.go (which follows libyaml): what is a token, what is refused, and its words.

use super::fault::Fault;
use super::token::{Kind, Mark, Token};
use std::collections::{BTreeMap, VecDeque};

/// Deepest nesting that the scanner follows. Source: go.yaml.in/yaml v2, scannerc.go, max_flow_level, max_indents.
const DEPTH_MAX: usize = 10_000;
/// Longest simple key, in characters. Source: same file, yaml_simple_key_is_valid.
const SIMPLE_KEY_MAX: usize = 1024;

/// What scanning gives.
pub type Scanned<T> = Result<T, Fault>;

/// A place where a key without `?` may have begun.
#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token: usize,
    mark: Mark,
}

/// Tokens that the newer reader wants to see before it hands one out, for the sake of comments.
/// Source: go.yaml.in/yaml v4.0.0-rc.6 internal/libyaml/scanner.go, fetchMoreTokens.
const AHEAD: usize = 3;

/// The state of scanning one text.
pub struct Scanner {
    pub(super) chars: Vec<char>,
    pub(super) mark: Mark,
    /// Column of the block collection; -1 outside.
    pub(super) indent: i64,
    indents: Vec<i64>,
    pub(super) flow_level: usize,
    pub(super) simple_key_allowed: bool,
    /// One for each level of flow collections, the block first.
    simple_keys: Vec<SimpleKey>,
    /// Tokens with which a simple key may begin, and its level. Entries go and stay exactly as in the real scanner: it decides
    /// which of two faults is found first.
    key_tokens: BTreeMap<usize, usize>,
    queue: VecDeque<Token>,
    /// Tokens handed out so far.
    taken: usize,
    last_end: Mark,
    ended: bool,
    /// Whether to scan as go.yaml.in/yaml v4 does: three tokens ahead, and with flow collections of YAML 1.2.
    pub(super) newer: bool,
}

/// Blank or tab.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}
/// Line breaks of YAML 1.1.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
/// Line break or end.
pub(super) fn is_break_or_end(c: char) -> bool {
    is_break(c) || c == '\0'
}
/// Blank, line break or end.
pub(super) fn is_space_or_end(c: char) -> bool {
    is_blank(c) || is_break_or_end(c)
}

impl Scanner {
    /// At the start of a text.
    pub fn new(text: &str) -> Self {
        Scanner {
            chars: text.chars().collect(),
            mark: Mark::default(),
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            key_tokens: BTreeMap::new(),
            queue: VecDeque::new(),
            taken: 0,
            last_end: Mark::default(),
            ended: false,
            newer: false,
        }
    }

    /// The next token, which stays.
    pub fn peek(&mut self) -> Scanned<&Token> {
        while self.needs_more()? {
            self.fetch()?;
        }
        // The queue holds a token now; behind the end there is the end again.
        if self.queue.is_empty() {
            self.queue.push_back(Token { kind: Kind::StreamEnd, start: self.mark, end: self.mark });
        }
        Ok(&self.queue[0])
    }

    /// Takes the token that was looked at.
    pub fn take(&mut self) -> Option<Token> {
        let token = self.queue.pop_front()?;
        self.taken += 1;
        self.last_end = token.end;
        Some(token)
    }

    /// Passes the token that was looked at.
    pub fn skip(&mut self) {
        self.take();
    }

    /// Just behind the token that was taken last.
    pub fn last_end(&self) -> Mark {
        self.last_end
    }

    /// Whether the first token could still turn out to be a key, or there is none.
    fn needs_more(&mut self) -> Scanned<bool> {
        if self.newer {
            let first = self.simple_keys.iter().find(|key| key.possible).map(|key| key.token);
            return Ok(!self.ended && (self.queue.len() < AHEAD || first == Some(self.taken)));
        }
        if self.queue.is_empty() {
            return Ok(!self.ended);
        }
        match self.key_tokens.get(&self.taken) {
            Some(at) if *at < self.simple_keys.len() => self.is_valid(*at),
            _ => Ok(false),
        }
    }

    pub(super) fn at(&self, ahead: usize) -> char {
        self.chars.get(self.mark.index + ahead).copied().unwrap_or('\0')
    }

    pub(super) fn advance(&mut self) {
        self.mark.index += 1;
        self.mark.col += 1;
    }

    /// Takes the character at the cursor into `text`.
    pub(super) fn read(&mut self, text: &mut String) {
        text.push(self.at(0));
        self.advance();
    }

    /// Passes a line break; what it counts as in text.
    pub(super) fn line_break(&mut self) -> Option<char> {
        let (length, counts_as) = match (self.at(0), self.at(1)) {
            ('\r', '\n') => (2, '\n'),
            ('\r' | '\n' | '\u{85}', _) => (1, '\n'),
            (c @ ('\u{2028}' | '\u{2029}'), _) => (1, c),
            _ => return None,
        };
        self.mark = Mark { index: self.mark.index + length, line: self.mark.line + 1, col: 0 };
        Some(counts_as)
    }

    pub(super) fn skip_comment(&mut self) {
        if self.at(0) == '#' {
            while !is_break_or_end(self.at(0)) {
                self.advance();
            }
        }
    }

    pub(super) fn col(&self) -> i64 {
        i64::from(self.mark.col)
    }

    /// Whether a line begins here with `---` or `...` on its own.
    pub(super) fn at_document_mark(&self) -> bool {
        let three = |c| (0..3).all(|i| self.at(i) == c);
        self.mark.col == 0 && (three('-') || three('.')) && is_space_or_end(self.at(3))
    }

    fn push(&mut self, kind: Kind, start: Mark) {
        self.queue.push_back(Token { kind, start, end: self.mark });
    }

    /// A token of `length` characters.
    fn indicator(&mut self, kind: Kind, length: usize) {
        let start = self.mark;
        (0..length).for_each(|_| self.advance());
        self.push(kind, start);
    }

    fn pass_blanks(&mut self) {
        loop {
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.at(0) == ' ' || (tabs && self.at(0) == '\t') {
                self.advance();
            }
            self.skip_comment();
            if self.line_break().is_none() {
                return;
            }
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn fetch(&mut self) -> Scanned<()> {
        self.pass_blanks();
        self.unroll(self.col());
        let (c, next) = (self.at(0), self.at(1));
        let in_flow = self.flow_level > 0;
        let alone = is_space_or_end(next);
        match c {
            '\0' => self.stream_end(),
            '%' if self.mark.col == 0 => self.directive(),
            _ if self.at_document_mark() => self.document_mark(),
            '[' => self.flow_start(Kind::FlowListStart),
            '{' => self.flow_start(Kind::FlowMapStart),
            ']' => self.flow_end(Kind::FlowListEnd),
            '}' => self.flow_end(Kind::FlowMapEnd),
            ',' => self.flow_entry(),
            '-' if alone => self.block_entry(),
            '?' if (in_flow && !self.newer) || alone => self.key(),
            ':' if (in_flow && !(self.newer && self.begins_item())) || alone => self.value(),
            '*' | '&' => self.anchor(c == '&'),
            '!' => self.tag(),
            '|' | '>' if !in_flow => self.block_scalar(c == '|'),
            '\'' | '"' => self.flow_scalar(c == '\''),
            _ if starts_plain(c, next, in_flow && !self.newer) => self.plain_scalar(),
            _ => {
                let fault = Fault::scanner(self.mark, "found character that cannot start any token");
                Err(fault.within("while scanning for the next token", self.mark))
            }
        }
    }

    /// Whether the last token begins an item of a flow list.
    fn begins_item(&self) -> bool {
        self.queue.back().is_some_and(|token| matches!(token.kind, Kind::FlowEntry | Kind::FlowListStart))
    }

    fn is_valid(&mut self, at: usize) -> Scanned<bool> {
        let key = self.simple_keys[at];
        if !key.possible || self.newer {
            return Ok(key.possible && key.mark.line == self.mark.line);
        }
        if key.mark.line < self.mark.line || key.mark.index + SIMPLE_KEY_MAX < self.mark.index {
            if key.required {
                return Err(self.no_colon(key.mark));
            }
            self.simple_keys[at].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn no_colon(&self, key: Mark) -> Fault {
        Fault::scanner(self.mark, "could not find expected ':'").within("while scanning a simple key", key)
    }

    fn save_simple_key(&mut self) -> Scanned<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == self.col();
        let token = self.taken + self.queue.len();
        self.remove_simple_key()?;
        let level = self.simple_keys.len() - 1;
        self.simple_keys[level] = SimpleKey { possible: true, required, token, mark: self.mark };
        self.key_tokens.insert(token, level);
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Scanned<()> {
        match self.simple_keys.last_mut() {
            Some(key) if key.possible && key.required => {
                let start = key.mark;
                Err(self.no_colon(start))
            }
            Some(key) if key.possible => {
                key.possible = false;
                self.key_tokens.remove(&key.token);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Opens a block collection if the column lies deeper than the one that is open; its token goes before token `before`.
    fn roll(&mut self, col: i64, before: Option<usize>, kind: Kind, mark: Mark) -> Scanned<()> {
        if self.flow_level > 0 || self.indent >= col {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = col;
        if self.indents.len() > DEPTH_MAX {
            return Err(Fault::scanner(self.mark, &format!("exceeded max depth of {DEPTH_MAX}")));
        }
        let at = before.map_or(self.queue.len(), |token| token.saturating_sub(self.taken).min(self.queue.len()));
        self.queue.insert(at, Token { kind, start: mark, end: mark });
        Ok(())
    }

    /// Closes block collections that lie deeper than a column.
    fn unroll(&mut self, col: i64) {
        while self.flow_level == 0 && self.indent > col {
            self.push(Kind::BlockEnd, self.mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn stream_end(&mut self) -> Scanned<()> {
        if self.mark.col != 0 {
            self.mark.col = 0;
            self.mark.line += 1;
        }
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.ended = true;
        self.push(Kind::StreamEnd, self.mark);
        Ok(())
    }

    fn directive(&mut self) -> Scanned<()> {
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        let kind = self.scan_directive().map_err(|fault| fault.within("while scanning a directive", start))?;
        self.push(kind, start);
        Ok(())
    }

    fn document_mark(&mut self) -> Scanned<()> {
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let kind = if self.at(0) == '-' { Kind::DocumentStart } else { Kind::DocumentEnd };
        self.indicator(kind, 3);
        Ok(())
    }

    fn flow_start(&mut self, kind: Kind) -> Scanned<()> {
        self.save_simple_key()?;
        let token = self.taken + self.queue.len();
        self.simple_keys.push(SimpleKey { token, mark: self.mark, ..SimpleKey::default() });
        self.flow_level += 1;
        if self.flow_level > DEPTH_MAX {
            return Err(Fault::scanner(self.mark, &format!("exceeded max depth of {DEPTH_MAX}")));
        }
        self.simple_key_allowed = true;
        self.indicator(kind, 1);
        Ok(())
    }

    fn flow_end(&mut self, kind: Kind) -> Scanned<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.simple_keys.pop() {
                self.key_tokens.remove(&key.token);
            }
        }
        self.simple_key_allowed = false;
        self.indicator(kind, 1);
        Ok(())
    }

    fn flow_entry(&mut self) -> Scanned<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.indicator(Kind::FlowEntry, 1);
        Ok(())
    }

    fn block_entry(&mut self) -> Scanned<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(Fault::scanner(self.mark, "block sequence entries are not allowed in this context"));
            }
            self.roll(self.col(), None, Kind::BlockListStart, self.mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.indicator(Kind::BlockEntry, 1);
        Ok(())
    }

    fn key(&mut self) -> Scanned<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(Fault::scanner(self.mark, "mapping keys are not allowed in this context"));
            }
            self.roll(self.col(), None, Kind::BlockMapStart, self.mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.indicator(Kind::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Scanned<()> {
        let last = self.simple_keys.len() - 1;
        if self.is_valid(last)? {
            let key = self.simple_keys[last];
            let at = key.token.saturating_sub(self.taken).min(self.queue.len());
            self.queue.insert(at, Token { kind: Kind::Key, start: key.mark, end: key.mark });
            self.roll(i64::from(key.mark.col), Some(key.token), Kind::BlockMapStart, key.mark)?;
            self.simple_keys[last].possible = false;
            self.key_tokens.remove(&key.token);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(Fault::scanner(self.mark, "mapping values are not allowed in this context"));
                }
                self.roll(self.col(), None, Kind::BlockMapStart, self.mark)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.indicator(Kind::Value, 1);
        Ok(())
    }

    fn anchor(&mut self, anchor: bool) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let (start, what) = (self.mark, if anchor { "while scanning an anchor" } else { "while scanning an alias" });
        let name = self.scan_anchor().map_err(|fault| fault.within(what, start))?;
        self.push(if anchor { Kind::Anchor(name) } else { Kind::Alias(name) }, start);
        Ok(())
    }

    fn tag(&mut self) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        let (handle, suffix) = self.scan_tag().map_err(|fault| fault.within("while scanning a tag", start))?;
        self.push(Kind::Tag(handle, suffix), start);
        Ok(())
    }

    fn block_scalar(&mut self, literal: bool) -> Scanned<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let start = self.mark;
        let (text, end) =
            self.scan_block_scalar(literal).map_err(|fault| fault.within("while scanning a block scalar", start))?;
        self.queue.push_back(Token { kind: Kind::Scalar(text, false), start, end });
        Ok(())
    }

    fn flow_scalar(&mut self, single: bool) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        let text =
            self.scan_flow_scalar(single).map_err(|fault| fault.within("while scanning a quoted scalar", start))?;
        self.push(Kind::Scalar(text, false), start);
        Ok(())
    }

    fn plain_scalar(&mut self) -> Scanned<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        let (text, end) =
            self.scan_plain_scalar().map_err(|fault| fault.within("while scanning a plain scalar", start))?;
        self.queue.push_back(Token { kind: Kind::Scalar(text, true), start, end });
        Ok(())
    }
}

/// Whether plain text may begin with `c`, followed by `next`.
fn starts_plain(c: char, next: char, in_flow: bool) -> bool {
    const INDICATORS: &str = "-?:,[]{}#&*!|>'\"%@`";
    !(is_space_or_end(c) || INDICATORS.contains(c))
        || (c == '-' && !is_blank(next))
        || (!in_flow && matches!(c, '?' | ':') && !is_space_or_end(next))
}
