//! Lists as the Docker clients print them: as a table, as objects, or through a template.
//! Source: docker/cli v28 cli/command/formatter/formatter.go, Context.

use super::Next;
use super::shapes;
use super::table::{DOCKER, table};
use crate::console::template::{self, Go, Template};
use crate::text::{Map, Value};

/// A kind of list.
pub(super) struct Sheet {
    /// The client's type of a row.
    pub(super) row: &'static str,
    /// Fields of the usual table.
    pub(super) usual: &'static [&'static str],
    /// Fields and their titles.
    pub(super) titles: &'static [(&'static str, &'static str)],
}

impl Sheet {
    /// Rows under `--format`, or what is wrong with it.
    pub(super) fn shown(&self, format: Option<&str>, rows: &[Value]) -> Next {
        match self.lines(format, rows) {
            Ok(lines) => Next::out(lines),
            Err(words) => Next::error(1, format!("template parsing error: {words}")),
        }
    }
    fn lines(&self, format: Option<&str>, rows: &[Value]) -> Result<Vec<String>, String> {
        // Source: formatter.go, preFormat.
        let format = format.unwrap_or_default().replace("\\t", "\t").replace("\\n", "\n");
        match format.strip_prefix("table").map(str::trim) {
            _ if format == "json" => Ok(rows.iter().map(|row| shapes::row(self.row, row).json()).collect()),
            None if !format.is_empty() => {
                let template = Template::read(format.trim(), template::DOCKER)?;
                let filled: Vec<String> = self.filled(&template, rows)?;
                Ok(filled.iter().flat_map(|text| text.split('\n').map(str::to_string)).collect())
            }
            None | Some("") => {
                let fields: Vec<String> = self.usual.iter().map(|field| format!("{{{{.{field}}}}}")).collect();
                self.table(&fields.join("\t"), rows)
            }
            Some(template) => self.table(template, rows),
        }
    }
    fn filled(&self, template: &Template, rows: &[Value]) -> Result<Vec<String>, String> {
        rows.iter().map(|row| template.fill(&shapes::row(self.row, row), false)).collect()
    }
    fn table(&self, template: &str, rows: &[Value]) -> Result<Vec<String>, String> {
        let template = Template::read(template, template::DOCKER)?;
        let rows = self.filled(&template, rows)?;
        let titles: Map = self.titles.iter().map(|(field, title)| ((*field).into(), Value::from(*title))).collect();
        // A title that cannot be made is left out, and so is what stands behind it.
        let title = template.heading(&Go::titles(&Value::from(titles)));
        let cells = |line: String| line.split('\t').map(str::to_string).collect::<Vec<String>>();
        Ok(table(&std::iter::once(title).chain(rows).map(cells).collect::<Vec<_>>(), DOCKER))
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
        let sheet = Sheet { row: "row", usual: &["ID", "Name"], titles: &[("ID", "CONTAINER ID"), ("Name", "NAME")] };
        let rows = [Value::from(map! { "ID" => "0123", "Name" => "web" })];
        let lines = |format| sheet.lines(format, &rows).unwrap_or_else(|words| vec![words]);
        assert_eq!(lines(None), ["CONTAINER ID   NAME", "0123           web"]);
        assert_eq!(lines(Some("table {{.Name}}\\t{{.ID}}")), ["NAME      CONTAINER ID", "web       0123"]);
        assert_eq!(lines(Some("json")), [r#"{"ID":"0123","Name":"web"}"#]);
        assert_eq!(lines(Some("{{.Name}}: {{.ID}}")), ["web: 0123"]);
        assert_eq!(
            lines(Some("{{.Nope}}")),
            ["template: :1:2: executing \"\" at <.Nope>: can't evaluate field Nope in type *row"]
        );
        assert_eq!(lines(Some("table {{upper .Name}}\\t{{.Nope}}")).len(), 1);
        assert_eq!(lines(Some("table {{upper .Name}}\\t{{len .ID}}")), ["NAME      12", "WEB       4"]);
    }

    #[test]
    fn names_are_in_the_order_people_count() {
        let mut names = ["shop_10", "shop_9", "shop", "api_1", "shop_9a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["api_1", "shop", "shop_9", "shop_9a", "shop_10"]);
    }
}
