//! What keeps a text from being read, in the real reader's words and with the line that it would name.

use super::token::Mark;
use crate::text::Pos;

/// One reason why a document cannot be read. Boxed, so that the parser's deep recursion carries a pointer only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(Box<Told>);

impl std::ops::Deref for Fault {
    type Target = Told;
    fn deref(&self) -> &Told {
        &self.0
    }
}

/// What a fault tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where.
    pub at: At,
    /// The words that follow `error converting YAML to JSON: `.
    pub words: String,
    /// Who found it.
    pub stage: Stage,
    /// The words without any place.
    pub message: String,
    /// What was being read, and where that began.
    pub within: Option<(&'static str, Mark)>,
}

/// The part of the reader that gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Characters to tokens.
    Scanner,
    /// Tokens to nodes.
    Parser,
    /// Nodes to values.
    Later,
}

/// A place in the document's own text, or in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Within the text.
    Text(Mark),
    /// Within the file.
    File(Pos),
}

impl Fault {
    /// What the scanner dislikes. The real reader names the line of the place, except for the first one.
    /// Source: go.yaml.in/yaml v2, decode.go, fail.
    pub fn scanner(mark: Mark, words: &str) -> Self {
        Fault::numbered(mark, if mark.line == 0 { 0 } else { mark.line + 1 }, words, Stage::Scanner)
    }
    /// What the parser dislikes. The real reader names the line before the place. Source: same function.
    pub fn parser(mark: Mark, words: &str) -> Self {
        Fault::numbered(mark, mark.line, words, Stage::Parser)
    }
    fn numbered(mark: Mark, line: u32, words: &str, stage: Stage) -> Self {
        let place = if line == 0 { String::new() } else { format!("line {line}: ") };
        let at = At::Text(mark);
        let message = words.to_owned();
        Fault(Box::new(Told { at, words: format!("yaml: {place}{words}"), stage, message, within: None }))
    }
    fn later(at: At, words: String, message: String) -> Self {
        Fault(Box::new(Told { at, words, stage: Stage::Later, message, within: None }))
    }
    /// Tells what was being read, unless that is known already.
    pub fn within(mut self, what: &'static str, start: Mark) -> Self {
        self.0.within.get_or_insert((what, start));
        self
    }
    /// A fault whose words name no line.
    pub fn plain(mark: Mark, words: impl Into<String>) -> Self {
        let words = words.into();
        Fault::later(At::Text(mark), format!("yaml: {words}"), words)
    }
    /// The same for a place in the file.
    pub fn plain_at(at: Pos, words: impl Into<String>) -> Self {
        let words = words.into();
        Fault::later(At::File(at), format!("yaml: {words}"), words)
    }
    /// A fault found while turning the tree into JSON, so without `yaml: `.
    pub fn json(at: Pos, words: String) -> Self {
        Fault::later(At::File(at), words.clone(), words)
    }
    /// Its place in the file.
    pub fn pos(&self, lines_before: u32) -> Pos {
        match self.at {
            At::Text(mark) => mark.pos(lines_before),
            At::File(pos) => pos,
        }
    }
}
