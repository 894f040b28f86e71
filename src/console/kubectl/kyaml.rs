//! KYAML: YAML in braces that nothing can misread.
//! Source: sigs.k8s.io/yaml v1.6 kyaml/kyaml.go.

use crate::text::go::quoted;
use crate::text::{Value, json, number, yaml};

/// A document with its head.
pub fn write(value: &Value) -> String {
    let mut out = "---\n".to_string();
    node(value, 0, &mut out);
    out + "\n"
}

fn indent(level: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", level));
}

fn node(value: &Value, level: usize, out: &mut String) {
    match value {
        Value::Str(text) => string(text, level + 1, out),
        Value::List(items) if items.is_empty() => out.push_str("[]"),
        Value::List(items) if items.iter().all(|i| matches!(i, Value::List(_) | Value::Map(_))) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                node(item, level, out);
            }
            out.push(']');
        }
        Value::List(items) => {
            out.push_str("[\n");
            for item in items {
                indent(level + 1, out);
                node(item, level + 1, out);
                out.push_str(",\n");
            }
            indent(level, out);
            out.push(']');
        }
        Value::Map(members) if members.is_empty() => out.push_str("{}"),
        Value::Map(members) => {
            out.push_str("{\n");
            for (key, member) in members.sorted() {
                indent(level + 1, out);
                out.push_str(&if ambiguous(key) { quoted(key) } else { key.to_string() });
                out.push_str(": ");
                node(member, level + 1, out);
                out.push_str(",\n");
            }
            indent(level, out);
            out.push('}');
        }
        other => out.push_str(&json::write(other, json::Style::COMPACT)),
    }
}

/// Whether a key needs quotes. Source: kyaml.go, needsQuotes, isTypeAmbiguous.
fn ambiguous(key: &str) -> bool {
    let lower = key.to_lowercase();
    let words = ["null", "~", "", "1", "t", "true", "0", "f", "false", "y", "yes", "on", "n", "no", "off"];
    let bare = lower.replace('_', "");
    let digits = bare.strip_prefix(['+', '-']).unwrap_or(&bare);
    let (base, whole) = number::go_base(digits);
    let is_number = u64::from_str_radix(whole, base).is_ok()
        || number::is_float(digits)
        || matches!(digits, "inf" | "infinity" | "nan")
        || yaml::is_date(key);
    let last = key.chars().count().saturating_sub(1);
    let plain = |(at, c): (usize, char)| {
        c.is_alphanumeric() || c == '_' || (at > 0 && at < last && matches!(c, '-' | '.' | '/'))
    };
    words.contains(&lower.as_str()) || is_number || !key.chars().enumerate().all(plain)
}

/// A text; one of several lines goes over lines. Source: kyaml.go, renderString, appendEscapedRune.
fn string(text: &str, level: usize, out: &mut String) {
    let several = text.contains('\n');
    out.push_str(if several { "\"\\\n" } else { "\"" });
    for c in text.chars() {
        if out.ends_with('\n') {
            indent(level, out);
            out.push(if c.is_whitespace() && c != '\n' { '\\' } else { ' ' });
        }
        match c {
            '\n' => out.push_str("\\n\\\n"),
            '\t' => out.push('\t'),
            '\0' => out.push_str("\\0"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{a0}' => out.push_str("\\_"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            c => {
                let shown = quoted(c.encode_utf8(&mut [0; 4]));
                out.push_str(&shown[1..shown.len() - 1]);
            }
        }
    }
    if several {
        out.push_str(if out.ends_with('\n') { "" } else { "\\\n" });
        indent(level, out);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_keys_only_where_they_must_be() {
        let tree = r#"{"a":{"n":null,"x.y/z":"1","t":true,"-b":[],"011":{},"2026-01-02":1.5},
            "c":[{"p":[1,"x"]},{}],"m":"a\n b\nc\"d"}"#;
        let text = "---\n{\n  a: {\n    \"-b\": [],\n    \"011\": {},\n    \"2026-01-02\": 1.5,\n    \"n\": null,\n    \"t\": true,\n    x.y/z: \"1\",\n  },\n  c: [{\n    p: [\n      1,\n      \"x\",\n    ],\n  }, {}],\n  m: \"\\\n     a\\n\\\n    \\ b\\n\\\n     c\\\"d\\\n    \",\n}\n";
        assert_eq!(write(&json::parse(tree).unwrap_or_default()), text);
    }
}
