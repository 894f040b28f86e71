//! Lists as the Docker clients print them: as a table, as objects, or through a template.
//! Source: docker/cli v28 cli/command/formatter/formatter.go, Context.

use super::inspect::fill;
use super::table::{DOCKER, table};
use crate::text::{Map, Value, json};

/// A kind of list.
pub(super) struct Sheet {
    /// Fields of the usual table.
    pub(super) usual: &'static [&'static str],
    /// Fields and their titles.
    pub(super) titles: &'static [(&'static str, &'static str)],
}

impl Sheet {
    /// Lines of rows under `--format`.
    pub(super) fn lines(&self, format: Option<&str>, rows: &[Value]) -> Vec<String> {
        let format = format.unwrap_or_default();
        match format.strip_prefix("table").map(str::trim) {
            _ if format == "json" => rows.iter().map(|row| json::write(row, json::Style::COMPACT)).collect(),
            None if !format.is_empty() => {
                let filled = rows.iter().map(|row| fill(format.trim(), row));
                filled.flat_map(|text| text.split('\n').map(str::to_string).collect::<Vec<_>>()).collect()
            }
            None | Some("") => {
                let fields: Vec<String> = self.usual.iter().map(|field| format!("{{{{.{field}}}}}")).collect();
                self.table(&fields.join("\t"), rows)
            }
            Some(template) => self.table(template, rows),
        }
    }
    fn table(&self, template: &str, rows: &[Value]) -> Vec<String> {
        let titles: Map = self.titles.iter().map(|(field, title)| ((*field).into(), Value::from(*title))).collect();
        let titles = Value::from(titles);
        // A field without a title stands under none.
        let title = fill(template, &titles).replace("<no value>", "");
        let lines = std::iter::once(title).chain(rows.iter().map(|row| fill(template, row)));
        let cells = |line: String| line.split('\t').map(str::to_string).collect::<Vec<String>>();
        table(&lines.map(cells).collect::<Vec<_>>(), DOCKER)
    }
}

/// Names in the order people count: digits by the number they make. Source: fvbommel/sortorder natsort.go, NaturalLess.
pub(super) fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    fn parts(text: &str) -> Vec<(bool, String)> {
        let mut parts: Vec<(bool, String)> = Vec::new();
        for c in text.chars() {
            match parts.last_mut().filter(|(digits, _)| *digits == c.is_ascii_digit()) {
                Some((_, part)) => part.push(c),
                None => parts.push((c.is_ascii_digit(), c.to_string())),
            }
        }
        parts
    }
    let (left, right) = (parts(a), parts(b));
    for ((first, x), (second, y)) in left.iter().zip(&right) {
        let order = match (first, second) {
            (true, true) => {
                let (x, y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            _ => x.cmp(y),
        };
        if order.is_ne() {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    #[test]
    fn a_list_is_a_table_objects_or_a_template() {
        let sheet = Sheet { usual: &["ID", "Name"], titles: &[("ID", "CONTAINER ID"), ("Name", "NAME")] };
        let rows = [Value::from(map! { "ID" => "0123", "Name" => "web" })];
        let lines = |format| sheet.lines(format, &rows);
        assert_eq!(lines(None), ["CONTAINER ID   NAME", "0123           web"]);
        assert_eq!(lines(Some("table {{.Name}}\\t{{.ID}}")), ["NAME      CONTAINER ID", "web       0123"]);
        assert_eq!(lines(Some("json")), [r#"{"ID":"0123","Name":"web"}"#]);
        assert_eq!(lines(Some("{{.Name}}: {{.ID}}")), ["web: 0123"]);
    }

    #[test]
    fn names_are_in_the_order_people_count() {
        let mut names = ["shop_10", "shop_9", "shop", "api_1", "shop_9a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["api_1", "shop", "shop_9", "shop_9a", "shop_10"]);
    }
}
