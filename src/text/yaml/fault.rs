//! What keeps a text from being read, in the real reader's words and with the line that it would name.

use crate::text::Pos;
use saphyr_parser::{Marker, ScanError};

/// One reason why a document cannot be read. Lines count within the document's own text.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where, within the text (not the file); line 0 where only `file_pos` is known.
    pub at: Pos,
    /// Whether `at` already counts within the file.
    pub in_file: bool,
    /// The words that follow `error converting YAML to JSON: `.
    pub words: String,
}

impl Fault {
    /// A fault whose words name the line.
    pub fn at_line(mark: Marker, words: &str) -> Self {
        Fault::plain(mark, format!("line {}: {words}", mark.line()))
    }
    /// A fault whose words name no line.
    pub fn plain(mark: Marker, words: impl Into<String>) -> Self {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let at = Pos { line: count(mark.line()), col: count(mark.col()).saturating_add(1) };
        Fault { at, in_file: false, words: format!("yaml: {}", words.into()) }
    }
    /// The same for a place in the file.
    pub fn plain_at(at: Pos, words: String) -> Self {
        Fault { at, in_file: true, words: format!("yaml: {words}") }
    }
    /// A fault found while turning the tree into JSON, so without `yaml: `.
    pub fn json(at: Pos, words: String) -> Self {
        Fault { at, in_file: true, words }
    }

    /// Our parser's report in the real reader's words. The real one reports what its scanner dislikes with the line of the
    /// place, and what its parser dislikes with the line before.
    /// Source: go.yaml.in/yaml v2, decode.go, fail; words of scannerc.go and parserc.go.
    pub fn from_scan(error: &ScanError, text: &str) -> Self {
        let mark = *error.marker();
        let line = mark.line();
        let (words, line) = match translate(error.info(), character_at(text, mark.index())) {
            Said::ByScanner(words) => (words, line),
            Said::ByParser(words) => (words, line.saturating_sub(1)),
        };
        let place = if line == 0 || mark.line() == 1 { String::new() } else { format!("line {line}: ") };
        Fault::plain(mark, format!("{place}{words}"))
    }
}

enum Said {
    ByScanner(String),
    ByParser(String),
}

fn character_at(text: &str, index: usize) -> Option<char> {
    text.chars().nth(index)
}

/// Our parser's words to the real reader's.
fn translate(info: &str, at: Option<char>) -> Said {
    const NO_TOKEN: &str = "found character that cannot start any token";
    let short = info.rsplit_once(", ").map_or(info, |(_, tail)| tail);
    let scanner = |words: &str| Said::ByScanner(words.into());
    let parser = |words: &str| Said::ByParser(words.into());
    match short {
        _ if info.contains("tab") => scanner(NO_TOKEN),
        _ if info.starts_with("unexpected character") || info.contains("unexpected char") => scanner(NO_TOKEN),
        "simple key expected" | "simple key expect ':'" => scanner("could not find expected ':'"),
        "did not find expected '-' indicator" | "did not find expected key" => parser(short),
        "did not find expected ',' or '}'" | "expected ',' or ']'" if at == Some('@') || at == Some('`') => {
            scanner(NO_TOKEN)
        }
        "expected ',' or ']'" => parser("did not find expected ',' or ']'"),
        "did not find expected ',' or '}'" | "did not find expected node content" => parser(short),
        "did not find expected <document start>" | "did not find expected <document-start>" => {
            parser("did not find expected <document start>")
        }
        "found unknown anchor" => parser("unknown anchor referenced"),
        "invalid content after document end marker" => parser("did not find expected <document start>"),
        "invalid trailing content after double-quoted scalar" => parser("did not find expected key"),
        "invalid indentation" | "invalid indentation in flow construct" | "wrongly indented line in block scalar" => {
            parser("did not find expected key")
        }
        _ => Said::ByScanner(short.to_owned()),
    }
}
