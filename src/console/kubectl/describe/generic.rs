//! Configuration, accounts, and every kind without a form of its own.
//! Source: describe.go, ConfigMapDescriber, describeSecret, describeServiceAccount, genericDescriber.

use super::Subject;
use super::any_text;
use super::page::Page;
use crate::text::Value;

pub(super) fn config_map(s: &Subject, page: &mut Page) {
    s.head(page);
    s.marks(page);
    page.line(0, "\nData\n====");
    for (key, value) in members(s, "data") {
        page.line(0, format!("{key}:\n----\n{}\n", any_text(value)));
    }
    page.line(0, "\nBinaryData\n====");
    for (key, value) in members(s, "binaryData") {
        page.line(0, format!("{key}: {} bytes", bytes(value)));
    }
    page.line(0, "");
    s.events(page);
}

pub(super) fn secret(s: &Subject, page: &mut Page) {
    s.head(page);
    s.marks(page);
    page.line(0, format!("\nType:\t{}", s.text(&["type"])));
    page.line(0, "\nData\n====");
    for (key, value) in members(s, "data") {
        page.line(0, format!("{key}:\t{} bytes", bytes(value)));
    }
}

fn members<'a>(s: &'a Subject, key: &str) -> Vec<(&'a std::rc::Rc<str>, &'a Value)> {
    s.tree.get(key).and_then(Value::as_map).map(|m| m.sorted()).unwrap_or_default()
}

/// How many bytes a base64 text stands for.
fn bytes(value: &Value) -> usize {
    let text = value.as_str().unwrap_or_default();
    let signs = text.bytes().filter(|b| !b.is_ascii_whitespace() && *b != b'=').count();
    signs * 3 / 4
}

pub(super) fn service_account(s: &Subject, page: &mut Page) {
    s.head(page);
    s.marks(page);
    let secrets = s.tree.list_at(&["imagePullSecrets"]);
    if secrets.is_empty() {
        page.line(0, "Image pull secrets:\t<none>");
    }
    for (i, secret) in secrets.iter().enumerate() {
        let title = if i == 0 { "Image pull secrets:" } else { "                   " };
        page.line(0, format!("{title}\t{}", secret.str_at(&["name"]).unwrap_or_default()));
    }
    s.events(page);
}

pub(super) fn any(s: &Subject, page: &mut Page) {
    page.line(0, format!("Name:\t{}", s.text(&["metadata", "name"])));
    page.line(0, format!("Namespace:\t{}", s.text(&["metadata", "namespace"])));
    s.marks(page);
    let mut tree = s.tree.clone();
    for key in ["name", "namespace", "labels", "annotations", "managedFields"] {
        tree.remove_at(&["metadata", key]);
    }
    content(page, 0, &tree);
    s.events(page);
}

/// A tree with its members' names as titles. Source: describe.go, printUnstructuredContent.
fn content(page: &mut Page, level: usize, tree: &Value) {
    for (key, value) in tree.as_map().map(|m| m.sorted()).unwrap_or_default() {
        let title = title(key);
        match value {
            Value::Map(_) => {
                page.line(level, format!("{title}:"));
                content(page, level + 1, value);
            }
            Value::List(items) => {
                page.line(level, format!("{title}:"));
                for item in items {
                    match item {
                        Value::Map(_) => content(page, level + 1, item),
                        other => page.line(level + 1, any_text(other)),
                    }
                }
            }
            Value::Null => page.line(level, format!("{title}:\t<nil>")),
            other => page.line(level, format!("{title}:\t{}", any_text(other))),
        }
    }
}

/// `creationTimestamp` to `Creation Timestamp`. Source: describe.go, smartLabelFor.
fn title(field: &str) -> String {
    const WHOLE: [&str; 8] = ["API", "URL", "UID", "OSB", "GUID", "ID", "IP", "URI"];
    let mut words: Vec<String> = Vec::new();
    for c in field.chars() {
        match words.last_mut() {
            Some(word) if !c.is_uppercase() || word.chars().last().is_some_and(char::is_uppercase) => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let word = |w: &String| {
        let upper = w.to_uppercase();
        if WHOLE.contains(&upper.as_str()) {
            return upper;
        }
        let mut chars = w.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
    };
    words.iter().map(word).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn titles() {
        assert_eq!(super::title("apiVersion"), "API Version");
        assert_eq!(super::title("creationTimestamp"), "Creation Timestamp");
        assert_eq!(super::bytes(&"cQ==".into()), 1);
    }
}
