//! What the scanner makes of the characters.

use crate::text::Pos;

/// A place in the text: characters, lines and columns from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Characters before it.
    pub index: usize,
    /// Lines before it.
    pub line: u32,
    /// Characters before it on its line.
    pub col: u32,
}

impl Mark {
    /// As people count, with the lines of the file that stand before the text.
    pub fn pos(self, lines_before: u32) -> Pos {
        Pos { line: self.line.saturating_add(lines_before).saturating_add(1), col: self.col.saturating_add(1) }
    }
}

/// One token with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub start: Mark,
    /// Just behind it.
    pub end: Mark,
}

/// Kinds of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    StreamEnd,
    /// `%YAML`, major and minor number.
    Version(u32, u32),
    /// `%TAG`, handle and prefix.
    TagPrefix(String, String),
    DocumentStart,
    DocumentEnd,
    BlockListStart,
    BlockMapStart,
    BlockEnd,
    FlowListStart,
    FlowListEnd,
    FlowMapStart,
    FlowMapEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    /// Handle and suffix.
    Tag(String, String),
    /// Text, and whether it is plain: without quotes and not in a block.
    Scalar(String, bool),
}
