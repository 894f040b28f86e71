//! Values to YAML text, letter for letter as kubectl prints them: members in natural order, lists not indented below their
//! key, long lines folded, text quoted where it would read as something else.
//! Source: sigs.k8s.io/yaml v1.6, JSONToYAML, with go.yaml.in/yaml v2, encode.go, emitterc.go, sorter.go.

use super::scalar;
use crate::text::{Value, number};
use std::cmp::Ordering;
use std::rc::Rc;

/// Lines are folded at the next blank behind this column. Source: go.yaml.in/yaml v2, emitterc.go, best_width.
const WIDTH: usize = 80;
/// Spaces a level. Source: same file, best_indent.
const INDENT: usize = 2;
/// Longest key, in bytes, that stands before its colon; longer ones get a `?`. Source: same file, check_simple_key.
const SIMPLE_KEY_MAX: usize = 128;

/// Whose way of writing is followed.
#[derive(Clone, Copy)]
enum Dialect {
    /// kubectl's.
    Kubectl,
    /// That of docker compose: members in their own order, lists indented below their key, quotes by YAML 1.2. Source: go.yaml.in/yaml v4.0.0-rc.6 internal/libyaml/{representer,desolver,emitter}.go.
    Compose(fn(&str) -> bool),
}

/// Writes a value as one document, with a line break at the end.
pub fn write(value: &Value) -> String {
    emit(value, Dialect::Kubectl)
}

/// The same as docker compose writes it. Members come in their own order; `reads_as_other` tells which plain text would be
/// read as something else.
pub fn write_compose(value: &Value, reads_as_other: fn(&str) -> bool) -> String {
    emit(value, Dialect::Compose(reads_as_other))
}

fn emit(value: &Value, dialect: Dialect) -> String {
    let mut emitter =
        Emitter { out: String::new(), column: 0, indent: None, whitespace: true, indention: true, dialect };
    emitter.node(value, Place::Root);
    emitter.indent = None;
    emitter.new_line();
    emitter.out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    Member,
    Key,
}

struct Emitter {
    out: String,
    column: usize,
    /// Column of the collection being written; none outside.
    indent: Option<usize>,
    /// Whether the last thing written was blank.
    whitespace: bool,
    /// Whether the line holds nothing but indentation and indicators so far.
    indention: bool,
    dialect: Dialect,
}

impl Emitter {
    fn is_kubectl(&self) -> bool {
        matches!(self.dialect, Dialect::Kubectl)
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn line_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    fn new_line(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, blank_before: bool, indents: bool) {
        if blank_before && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.whitespace = false;
        self.indention &= indents;
    }

    fn node(&mut self, value: &Value, place: Place) {
        match value {
            Value::List(items) if items.is_empty() => self.indicator("[]", true, false),
            Value::Map(members) if members.is_empty() => self.indicator("{}", true, false),
            Value::List(items) => self.list(items, place),
            Value::Map(members) => {
                let mut all: Vec<_> = members.iter().collect();
                if self.is_kubectl() {
                    all.sort_by(|a, b| natural(a.0, b.0, false));
                }
                self.map(&all);
            }
            Value::Str(text) => self.text(text, place),
            Value::Null => self.plain("null", place),
            Value::Bool(b) => self.plain(if *b { "true" } else { "false" }, place),
            Value::Int(i) => self.plain(&i.to_string(), place),
            Value::Float(f) => self.plain(&number::go_g(*f), place),
        }
    }

    fn list(&mut self, items: &[Value], place: Place) {
        let outer = self.indent;
        let stays = place == Place::Member && !self.indention && self.is_kubectl();
        self.indent = Some(match outer {
            None => 0,
            Some(indent) if stays => indent,
            Some(indent) => indent + INDENT,
        });
        for item in items {
            self.new_line();
            self.indicator("-", true, true);
            self.node(item, Place::Item);
        }
        self.indent = outer;
    }

    fn map(&mut self, members: &[(&Rc<str>, &Value)]) {
        let outer = self.indent;
        self.indent = Some(outer.map_or(0, |indent| indent + INDENT));
        for (key, value) in members {
            self.new_line();
            if key.len() <= SIMPLE_KEY_MAX && !key.chars().any(is_break) {
                self.text(key, Place::Key);
                self.indicator(":", false, false);
            } else {
                self.indicator("?", true, true);
                self.text(key, Place::Member);
                self.new_line();
                self.indicator(":", true, true);
            }
            self.node(value, Place::Member);
        }
        self.indent = outer;
    }

    /// Continued lines of a scalar stand one level deeper than the collection that holds it.
    fn text(&mut self, text: &str, place: Place) {
        let outer = self.indent;
        self.indent = Some(outer.unwrap_or(0) + INDENT);
        self.styled(text, place);
        self.indent = outer;
    }

    fn styled(&mut self, text: &str, place: Place) {
        let mut shape = Shape::of(text);
        if !self.is_kubectl() && text.contains('\t') {
            // The newer writer lets tabs stand in blocks.
            shape.block = Shape::of(&text.replace('\t', "x")).block;
        }
        let style = match self.dialect {
            Dialect::Kubectl if text.contains('\n') => Style::Literal,
            Dialect::Kubectl => plain_or_double(text),
            Dialect::Compose(reads_as_other) => compose_style(text, reads_as_other),
        };
        match style {
            Style::Literal if shape.block && place != Place::Key => self.literal(text),
            Style::Literal | Style::Double => self.double(text, place),
            Style::Single if shape.single => self.single(text, place),
            Style::Single => self.double(text, place),
            Style::Plain if shape.plain => self.plain(text, place),
            Style::Plain if shape.single => self.single(text, place),
            Style::Plain => self.double(text, place),
        }
    }

    /// Puts a blank of folded text, or a line break in its place.
    fn blank(&mut self, may_fold: bool) {
        if may_fold && self.column > WIDTH {
            self.new_line();
        } else {
            self.put(' ');
        }
    }

    fn plain(&mut self, text: &str, place: Place) {
        if !self.whitespace {
            self.put(' ');
        }
        let mut after_blank = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c == ' ' {
                self.blank(place != Place::Key && !after_blank && chars.peek() != Some(&' '));
            } else {
                self.put(c);
                self.indention = false;
            }
            after_blank = c == ' ';
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single(&mut self, text: &str, place: Place) {
        self.indicator("'", true, false);
        let (mut after_blank, mut after_break) = (false, false);
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            if c == ' ' {
                let inside = i > 0 && next.is_some_and(|c| c != ' ');
                self.blank(place != Place::Key && !after_blank && inside);
                after_blank = true;
            } else if is_break(c) {
                self.line_break(c);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.new_line();
                }
                if c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                (after_blank, after_break) = (false, false);
            }
        }
        self.indicator("'", false, false);
    }

    fn double(&mut self, text: &str, place: Place) {
        self.indicator("\"", true, false);
        let mut after_blank = false;
        let all_escaped = text.starts_with('\u{feff}');
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            if all_escaped || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                escape(c).chars().for_each(|c| self.put(c));
                after_blank = false;
            } else if c == ' ' {
                if place != Place::Key && !after_blank && self.column > WIDTH && i > 0 && next.is_some() {
                    self.new_line();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                after_blank = true;
            } else {
                self.put(c);
                after_blank = false;
            }
        }
        self.indicator("\"", false, false);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false);
        // The newer writer needs no hint before an empty line.
        if text.starts_with(|c| c == ' ' || (is_break(c) && self.is_kubectl())) {
            self.indicator("2", false, false);
        }
        let mut last = text.chars().rev();
        match (last.next().is_some_and(is_break), last.next()) {
            (false, _) => self.indicator("-", false, false),
            (true, None) => self.indicator("+", false, false),
            (true, Some(c)) if is_break(c) => self.indicator("+", false, false),
            _ => {}
        }
        self.line_break('\n');
        self.indention = true;
        self.whitespace = true;
        let mut after_break = true;
        for c in text.chars() {
            if is_break(c) {
                self.line_break(c);
                self.indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.new_line();
                }
                self.put(c);
                self.indention = false;
                after_break = false;
            }
        }
    }
}

/// Text that YAML 1.1 would take for a truth value gets single quotes, what reads as something else double ones.
/// Source: go.yaml.in/yaml v4.0.0-rc.6 internal/libyaml/representer.go, stringv; desolver.go, desolveScalar.
fn compose_style(text: &str, reads_as_other: fn(&str) -> bool) -> Style {
    const OLD: [&str; 16] =
        ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"];
    if text.contains('\n') {
        return if text.trim().is_empty() { Style::Double } else { Style::Literal };
    }
    if OLD.contains(&text) || text == "<<" || is_base_60(text) {
        return Style::Single;
    }
    if reads_as_other(text) { Style::Double } else { Style::Plain }
}

enum Style {
    Single,
    Plain,
    Double,
    Literal,
}

/// Text that would read as something else without quotes gets double ones.
fn plain_or_double(text: &str) -> Style {
    let reads_as_text = matches!(scalar::plain(text), Value::Str(_)) && !scalar::is_date(text);
    if reads_as_text && !is_base_60(text) { Style::Plain } else { Style::Double }
}

/// Which styles the characters of a text allow outside flow collections.
struct Shape {
    plain: bool,
    single: bool,
    block: bool,
}

impl Shape {
    /// Source: go.yaml.in/yaml v2, emitterc.go, analyze_scalar.
    fn of(text: &str) -> Shape {
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut breaks, mut break_blank, mut blank_break) = (false, false, false, false);
        let mut before: Option<char> = None;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let blank_follows = chars.peek().is_none_or(|n| matches!(n, ' ' | '\t'));
            indicators |= match (c, before) {
                (
                    '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`',
                    None,
                ) => true,
                ('?' | '-', None) | (':', _) => blank_follows,
                ('#', Some(b)) => matches!(b, ' ' | '\t' | '\0') || is_break(b),
                _ => false,
            };
            special |= !is_printable(c);
            breaks |= is_break(c);
            break_blank |= c == ' ' && before.is_some_and(is_break);
            blank_break |= is_break(c) && before == Some(' ');
            before = Some(c);
        }
        let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
        let ends_blank = text.ends_with(' ');
        let no_quotes = break_blank || blank_break || special;
        Shape {
            plain: !(edge(text.chars().next()) || edge(text.chars().next_back()) || no_quotes || breaks || indicators),
            single: !no_quotes,
            block: !(text.is_empty() || ends_blank || blank_break || special),
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Source: go.yaml.in/yaml v2, yamlprivateh.go, is_printable: nothing beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn escape(c: char) -> String {
    match c {
        '\0' => "\\0".into(),
        '\u{7}' => "\\a".into(),
        '\u{8}' => "\\b".into(),
        '\t' => "\\t".into(),
        '\n' => "\\n".into(),
        '\u{b}' => "\\v".into(),
        '\u{c}' => "\\f".into(),
        '\r' => "\\r".into(),
        '\u{1b}' => "\\e".into(),
        '"' => "\\\"".into(),
        '\\' => "\\\\".into(),
        '\u{85}' => "\\N".into(),
        '\u{a0}' => "\\_".into(),
        '\u{2028}' => "\\L".into(),
        '\u{2029}' => "\\P".into(),
        c if (c as u32) <= 0xFF => format!("\\x{:02X}", c as u32),
        c if (c as u32) <= 0xFFFF => format!("\\u{:04X}", c as u32),
        c => format!("\\U{:08X}", c as u32),
    }
}

/// `1:30` and the like, which other YAML 1.1 readers take for a number in base 60:
/// `[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?`
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let sixtieth = |s: &str| match s.as_bytes() {
        [b] => b.is_ascii_digit(),
        [a, b] => (b'0'..=b'5').contains(a) && b.is_ascii_digit(),
        _ => false,
    };
    whole.contains(':')
        && first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && parts.all(sixtieth)
        && digits(fraction)
}

/// Order of keys: letters by code, digits before letters, runs of digits by the number that they write.
/// The newer order puts letters first behind a digit.
/// Source: go.yaml.in/yaml v2, sorter.go, keyList.Less; v4.0.0-rc.6 internal/libyaml/representer.go, keyList.Less.
pub fn natural(a: &str, b: &str, newer: bool) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(i) = (0..a.len().min(b.len())).find(|i| a[*i] != b[*i]) else { return a.len().cmp(&b.len()) };
    let behind_digit = newer && i > 0 && a[i - 1].is_numeric();
    match (a[i].is_alphabetic(), b[i].is_alphabetic()) {
        (true, false) if behind_digit => return Ordering::Less,
        (false, true) if behind_digit => return Ordering::Greater,
        (true, true) => return a[i].cmp(&b[i]),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        _ => {}
    }
    // Behind a number that has begun with another digit, a zero counts as a digit and not as padding.
    let inside_number =
        (a[i] == '0' || b[i] == '0') && a[..i].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let run = |chars: &[char]| {
        let digits = chars[i..].iter().map_while(|c| c.to_digit(10));
        let start = (i64::from(inside_number), i);
        digits.fold(start, |(n, end), d| (n.wrapping_mul(10).wrapping_add(i64::from(d)), end + 1))
    };
    let ((an, ai), (bn, bi)) = (run(&a), run(&b));
    an.cmp(&bn).then(ai.cmp(&bi)).then(a[i].cmp(&b[i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json;

    fn check(value: &str, want: &str) {
        let value = json::parse(value).expect("JSON");
        assert_eq!(write(&value), want);
    }

    #[test]
    fn collections() {
        check(
            r#"{"b":[1,{"x":1,"a":[]}],"a":{"m":{}},"c":[[1,2],[{"z":null}]]}"#,
            "a:\n  m: {}\nb:\n- 1\n- a: []\n  x: 1\nc:\n- - 1\n  - 2\n- - z: null\n",
        );
        check("[]", "[]\n");
        check("\"x\"", "x\n");
    }

    #[test]
    fn quotes_where_needed() {
        check(
            r#"["true","1","null","","y","1.5","0x1f","1:30","2026-11-24","2026-13-24","~","<<","a: b","- #"]"#,
            concat!(
                "- \"true\"\n- \"1\"\n- \"null\"\n- \"\"\n- \"y\"\n- \"1.5\"\n- \"0x1f\"\n- \"1:30\"\n",
                "- \"2026-11-24\"\n- 2026-13-24\n- \"~\"\n- <<\n- 'a: b'\n- '- #'\n"
            ),
        );
        check(
            r#"[" a","it's","- x","a\tb","a\\b","*","😀","a #b","a:b","100m"]"#,
            "- ' a'\n- it's\n- '- x'\n- \"a\\tb\"\n- a\\b\n- '*'\n- \"\\U0001F600\"\n- 'a #b'\n- a:b\n- 100m\n",
        );
    }

    #[test]
    fn blocks() {
        check(
            r#"{"a":"x\ny\n","b":"x\ny","c":"x\n\n","d":" x\ny\n","e":"x \ny","f":["a\nb\n"]}"#,
            "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2\n   x\n  y\ne: \"x \\ny\"\nf:\n- |\n  a\n  b\n",
        );
    }

    #[test]
    fn keys_in_natural_order() {
        check(
            r#"{"a10":1,"a2":2,"B":3,"b":4,"a-1":5,"_":6,"1":7}"#,
            "_: 6\n\"1\": 7\nB: 3\na-1: 5\na2: 2\na10: 1\nb: 4\n",
        );
    }
}
