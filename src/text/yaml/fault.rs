//! What keeps a text from being read, in the real reader's words and with the line that it would name.

use super::token::Mark;
use crate::text::Pos;

/// One reason why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: At,
    /// The words that follow `error converting YAML to JSON: `.
    pub words: String,
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
        Fault::numbered(mark, if mark.line == 0 { 0 } else { mark.line + 1 }, words)
    }
    /// What the parser dislikes. The real reader names the line before the place. Source: same function.
    pub fn parser(mark: Mark, words: &str) -> Self {
        Fault::numbered(mark, mark.line, words)
    }
    fn numbered(mark: Mark, line: u32, words: &str) -> Self {
        let place = if line == 0 { String::new() } else { format!("line {line}: ") };
        Fault { at: At::Text(mark), words: format!("yaml: {place}{words}") }
    }
    /// A fault whose words name no line.
    pub fn plain(mark: Mark, words: impl Into<String>) -> Self {
        Fault { at: At::Text(mark), words: format!("yaml: {}", words.into()) }
    }
    /// The same for a place in the file.
    pub fn plain_at(at: Pos, words: impl Into<String>) -> Self {
        Fault { at: At::File(at), words: format!("yaml: {}", words.into()) }
    }
    /// A fault found while turning the tree into JSON, so without `yaml: `.
    pub fn json(at: Pos, words: String) -> Self {
        Fault { at: At::File(at), words }
    }
    /// Its place in the file.
    pub fn pos(&self, lines_before: u32) -> Pos {
        match self.at {
            At::Text(mark) => mark.pos(lines_before),
            At::File(pos) => pos,
        }
    }
}
