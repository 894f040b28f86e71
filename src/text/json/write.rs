//! Values to JSON text.

use crate::text::{Map, Value, number};
use std::rc::Rc;

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Spaces a level; 0 writes everything on one line without blanks.
    pub indent: usize,
    /// Members by name, as Go writes maps; otherwise in their own order, as Go writes structs.
    pub sorted: bool,
    /// Whether `<`, `>` and `&` are written as escapes, which is Go's default.
    pub escape_html: bool,
}

impl Style {
    /// One line, members by name: what is stored in annotations and hashed.
    pub const COMPACT: Style = Style { indent: 0, sorted: true, escape_html: true };
    /// As `kubectl -o json` prints. Source: kubernetes v1.37 cli-runtime pkg/printers/json.go, JSONPrinter.
    pub const KUBECTL: Style = Style { indent: 4, sorted: true, escape_html: true };
    /// One line, members in their own order.
    pub const IN_ORDER: Style = Style { indent: 0, sorted: false, escape_html: true };
}

/// Writes a value, without a line break at the end.
pub fn write(value: &Value, style: Style) -> String {
    let mut out = String::new();
    put(&mut out, value, style, 0);
    out
}

fn put(out: &mut String, value: &Value, style: Style, level: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&number::json_text(*f)),
        Value::Str(text) => put_text(out, text, style),
        Value::List(items) if items.is_empty() => out.push_str("[]"),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                separate(out, i, style, level + 1);
                put(out, item, style, level + 1);
            }
            new_line(out, style, level);
            out.push(']');
        }
        Value::Map(members) if members.is_empty() => out.push_str("{}"),
        Value::Map(members) => {
            out.push('{');
            for (i, (key, value)) in ordered(members, style).into_iter().enumerate() {
                separate(out, i, style, level + 1);
                put_text(out, key, style);
                out.push_str(if style.indent == 0 { ":" } else { ": " });
                put(out, value, style, level + 1);
            }
            new_line(out, style, level);
            out.push('}');
        }
    }
}

fn ordered(members: &Map, style: Style) -> Vec<(&Rc<str>, &Value)> {
    if style.sorted { members.sorted() } else { members.iter().collect() }
}

fn separate(out: &mut String, index: usize, style: Style, level: usize) {
    if index > 0 {
        out.push(',');
    }
    new_line(out, style, level);
}

fn new_line(out: &mut String, style: Style, level: usize) {
    if style.indent > 0 {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', style.indent * level));
    }
}

fn put_text(out: &mut String, text: &str, style: Style) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if style.escape_html => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if c < ' ' || matches!(c, '\u{2028}' | '\u{2029}') => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    #[test]
    fn layouts() {
        let value = Value::Map(map! {
            "b" => vec![Value::Int(1), Value::Float(0.5)], "a" => map! {}, "c" => map! { "x" => Value::Null }
        });
        assert_eq!(write(&value, Style::COMPACT), r#"{"a":{},"b":[1,0.5],"c":{"x":null}}"#);
        assert_eq!(write(&value, Style::IN_ORDER), r#"{"b":[1,0.5],"a":{},"c":{"x":null}}"#);
        let pretty = "{\n    \"a\": {},\n    \"b\": [\n        1,\n        0.5\n    ],\n    \"c\": {\n        \"x\": null\n    }\n}";
        assert_eq!(write(&value, Style::KUBECTL), pretty);
    }

    #[test]
    fn escapes() {
        let text = Value::str("a\"\\\n\t\u{1}<&>\u{7f}\u{2028}ü");
        assert_eq!(write(&text, Style::COMPACT), "\"a\\\"\\\\\\n\\t\\u0001\\u003c\\u0026\\u003e\u{7f}\\u2028ü\"");
    }
}
