//! YAML files to documents. A file is cut at its separators first and each piece is read on its own, as kubectl does; so a
//! broken document does not take the others with it.
//! Source: kubernetes v1.37 apimachinery pkg/util/yaml/decoder.go, YAMLReader.

mod build;
mod fault;
mod parse;
pub mod raw;
pub mod scalar;
mod scan;
mod scan_text;
mod token;
mod write;

use super::{Node, NodeKind, Pos, Problem, Severity, Value, json};
use std::rc::Rc;

pub use scalar::is_date;
pub use write::{natural, write, write_compose};

/// Largest file that is read, in bytes. Ours: above it a browser tab would stall; real manifests stay below.
pub const FILE_BYTES_MAX: usize = 2 << 20;

/// Largest sum of all files, in bytes. Ours, for the same reason.
pub const ALL_BYTES_MAX: usize = 20 << 20;

/// One document of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Position among the pieces of the file, from 0; pieces without content count too.
    pub index: usize,
    /// What it holds.
    pub node: Node,
    /// The file it stands in.
    pub file: Rc<str>,
    /// Line of the file at which its text begins, from 1. Words of the real tool count lines from there.
    pub first_line: u32,
}

/// One piece of a file between separators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The text, as the real tool hands it to its YAML reader.
    pub text: &'a str,
    /// Line of the file at which it begins, from 1.
    pub first_line: u32,
}

/// Cuts a file at lines that begin with `---`. A separator line before which nothing stands stays part of what follows.
/// A separator with anything but a comment behind it is reported, and cuts all the same.
pub fn split(text: &str) -> (Vec<Piece<'_>>, Vec<Problem>) {
    let (mut pieces, mut problems) = (Vec::new(), Vec::new());
    let (mut start, mut first_line) = (0, 1u32);
    let (mut at, mut line) = (0, 1u32);
    for row in text.split_inclusive('\n') {
        if let Some(rest) = row.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let words = format!("invalid Yaml document separator: {rest}");
                problems.push(Problem::error("bad_separator", Pos { line, col: 1 }, words));
            }
            if at > start {
                pieces.push(Piece { text: &text[start..at], first_line });
                (start, first_line) = (at + row.len(), line.saturating_add(1));
            }
        }
        at += row.len();
        line = line.saturating_add(1);
    }
    if at > start {
        pieces.push(Piece { text: &text[start..at], first_line });
    }
    (pieces, problems)
}

/// Reads as much of a file as can be read; what cannot becomes problems. Messages are what kubectl prints behind
/// `error: error parsing FILE: `.
pub fn read(file: &str, text: &str) -> (Vec<Document>, Vec<Problem>) {
    let file: Rc<str> = file.into();
    if text.len() > FILE_BYTES_MAX {
        let problem =
            too_big("file_too_big", &format!("file has {} bytes, at most {FILE_BYTES_MAX} are read", text.len()));
        return (Vec::new(), vec![Problem { file, ..problem }]);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut documents, mut problems) =
        if text.trim_start().starts_with('{') { read_json_first(text) } else { read_pieces(text, 1) };
    documents.iter_mut().for_each(|d| d.file = file.clone());
    problems.iter_mut().for_each(|p| p.file = file.clone());
    problems.sort_by_key(|p| p.at);
    (documents, problems)
}

/// Reads the pieces of a text that begins on a line of the file.
fn read_pieces(text: &str, first_line: u32) -> (Vec<Document>, Vec<Problem>) {
    let (pieces, mut problems) = split(text);
    let lines = first_line - 1;
    problems.iter_mut().for_each(|p| p.at.line = p.at.line.saturating_add(lines));
    let mut documents = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        let first_line = piece.first_line.saturating_add(lines);
        let (node, found) = read_piece(Piece { first_line, ..piece });
        problems.extend(found);
        documents.extend(node.map(|node| Document { index, node, file: "".into(), first_line }));
    }
    (documents, problems)
}

/// A text that looks like JSON: a stream of values. Where it stops being JSON, the rest is read as YAML; if that fails too,
/// the complaint about the JSON counts.
/// Source: kubernetes v1.37 apimachinery pkg/util/yaml/decoder.go, YAMLOrJSONDecoder.
fn read_json_first(text: &str) -> (Vec<Document>, Vec<Problem>) {
    let stream = json::read_stream(text);
    let make = |(index, node): (usize, Node)| {
        let first_line = node.extent.start.line;
        Document { index, node, file: "".into(), first_line }
    };
    let count = stream.nodes.len();
    let mut documents: Vec<Document> = stream.nodes.into_iter().enumerate().map(make).collect();
    let mut problems = stream.problems;
    let Some((at, error)) = stream.error else { return (documents, problems) };
    // After two values it is surely JSON.
    let words = if count > 1 || error.is_end() {
        error.short_words().to_owned()
    } else {
        format!("json: offset {}: {}", error.offset, error.words)
    };
    let complaint = Problem::error("json", at, words);
    if count > 1 {
        problems.push(complaint);
        return (documents, problems);
    }
    let (done, rest) = text.split_at(stream.length);
    let first_line = u32::try_from(done.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(1);
    let (more, found) = read_pieces(rest, first_line);
    let broken = found.iter().any(|p| p.severity == Severity::Error);
    documents.extend(more.into_iter().map(|d| Document { index: d.index + count, ..d }));
    problems.extend(if broken { vec![complaint] } else { found });
    (documents, problems)
}

/// Reads several files, up to [`ALL_BYTES_MAX`] in all.
pub fn read_all<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Vec<Document>, Vec<Problem>) {
    let (mut documents, mut problems, mut bytes) = (Vec::new(), Vec::new(), 0usize);
    for (file, text) in files {
        bytes = bytes.saturating_add(text.len());
        if bytes > ALL_BYTES_MAX {
            let problem = too_big("files_too_big", &format!("files have more than {ALL_BYTES_MAX} bytes in all"));
            problems.push(Problem { file: file.into(), ..problem });
            break;
        }
        let (more, found) = read(file, text);
        documents.extend(more);
        problems.extend(found);
    }
    (documents, problems)
}

fn too_big(code: &'static str, words: &str) -> Problem {
    Problem::error(code, Pos { line: 1, col: 1 }, words).hint("hint.too_big", Vec::new())
}

/// Reads a text that is one document, as an API server does with what it is sent.
pub fn read_one(text: &str) -> (Option<Node>, Vec<Problem>) {
    read_piece(Piece { text, first_line: 1 })
}

/// Reads one piece: its tree, unless it is empty, nothing but comments, or broken.
fn read_piece(piece: Piece<'_>) -> (Option<Node>, Vec<Problem>) {
    let lines_before = piece.first_line - 1;
    let parsed = match parse::parse(piece.text, lines_before) {
        Ok(parsed) => parsed,
        Err(fault) => {
            let words = format!("error converting YAML to JSON: {}", fault.words);
            return (None, vec![Problem::error("yaml", fault.pos(lines_before), words)]);
        }
    };
    let node = parsed.node.filter(|n| !matches!(n.kind, NodeKind::Scalar { value: Value::Null, .. }));
    (node, duplicate_keys(&parsed.duplicates))
}

/// kubectl keeps the last of two equal keys in silence; a strict server refuses with these words. So they are warnings
/// here, one a key.
fn duplicate_keys(found: &[(Pos, u32, String)]) -> Vec<Problem> {
    let words = |line: &u32, key: &str| format!("yaml: unmarshal errors:\n  line {line}: key {key} already set in map");
    found.iter().map(|(at, line, key)| Problem::warning("duplicate_key", *at, words(line, key))).collect()
}

#[cfg(test)]
mod tests;
