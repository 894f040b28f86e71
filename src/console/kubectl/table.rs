//! Tables as kubectl lays them out: columns three blanks apart, the last one as it is.

use crate::kubernetes::objects::Calendar;
use crate::kubernetes::objects::columns::{Column, View, table_of};
use crate::sim::Time;
use crate::text::{Value, json};

/// Narrowest column and the blanks behind one.
/// Source: kubernetes v1.37 cli-runtime pkg/printers/tabwriter.go, tabwriterMinWidth, tabwriterPadding.
const WIDTH_MIN: usize = 6;
const PADDING: usize = 3;

/// Lays rows out; `widths` remembers the widest cells over several calls, as one run of kubectl does.
pub fn align(rows: &[Vec<String>], widths: &mut Vec<usize>) -> String {
    align_with(rows, widths, WIDTH_MIN, PADDING)
}

/// Lays rows out with a least width and a padding of its own.
pub fn align_with(rows: &[Vec<String>], widths: &mut Vec<usize>, least: usize, padding: usize) -> String {
    for row in rows {
        for (i, cell) in row.iter().enumerate().take(row.len().saturating_sub(1)) {
            let width = (cell.chars().count() + padding).max(least);
            match widths.get_mut(i) {
                Some(w) => *w = (*w).max(width),
                None => widths.push(width),
            }
        }
    }
    let mut out = String::new();
    for row in rows {
        for (i, cell) in row.iter().enumerate() {
            out.push_str(cell);
            if i + 1 < row.len() {
                out.extend(std::iter::repeat_n(' ', widths[i] - cell.chars().count()));
            }
        }
        out.push('\n');
    }
    out
}

/// What to show beside the kind's own columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `-o wide`
    pub wide: bool,
    /// `--no-headers`
    pub no_headers: bool,
    /// `--show-labels`
    pub show_labels: bool,
    /// `-L`
    pub label_columns: Vec<String>,
    /// A namespace column in front.
    pub with_namespace: bool,
    /// `deployment.apps/` before names.
    pub with_kind: bool,
}

/// A printer of one run: it knows whether the header is out already.
#[derive(Clone, Debug, Default)]
pub struct Printer {
    /// What to show.
    pub options: Options,
    header: Vec<String>,
}

impl Printer {
    /// A printer that has printed nothing.
    pub fn new(options: Options) -> Self {
        Printer { options, header: Vec::new() }
    }
    /// The lines of some objects, with a header where the columns are new.
    /// Source: kubernetes v1.37 cli-runtime pkg/printers/tableprinter.go, PrintObj, decorateTable, printTable.
    pub fn lines(&mut self, trees: &[Value], now: Time, calendar: &Calendar) -> Vec<Vec<String>> {
        let mut lines = Vec::new();
        for tree in trees {
            let text = |key: &str| tree.str_at(&[key]).unwrap_or_default();
            let table = table_of(text("apiVersion"), text("kind"));
            let header = self.header_of(&table.shown(self.options.wide));
            if self.header != header {
                if !self.options.no_headers {
                    lines.push(header.clone());
                }
                self.header = header;
            }
            let view = View { tree, now, calendar, wide: self.options.wide };
            lines.push(self.row(&view, &table.shown(self.options.wide), table.row(&view)));
        }
        lines
    }
    fn header_of(&self, columns: &[Column]) -> Vec<String> {
        let o = &self.options;
        let namespace = o.with_namespace.then(|| "NAMESPACE".to_string());
        let labels = o.label_columns.iter().map(|l| l.rsplit('/').next().unwrap_or_default().to_uppercase());
        let all = o.show_labels.then(|| "LABELS".to_string());
        namespace.into_iter().chain(columns.iter().map(|c| c.name.to_uppercase())).chain(labels).chain(all).collect()
    }
    fn row(&self, view: &View, columns: &[Column], cells: Vec<Value>) -> Vec<String> {
        let o = &self.options;
        let meta = |key: &str| view.tree.str_at(&["metadata", key]).unwrap_or_default();
        let mut row: Vec<String> = cells.iter().take(columns.len()).map(cell_text).collect();
        if let Some(at) = columns.iter().position(|c| c.name == "Name").filter(|_| o.with_kind) {
            row[at] = format!("{}/{}", kind_prefix(view.tree), row[at]);
        }
        if o.with_namespace {
            row.insert(0, meta("namespace").to_string());
        }
        let label = |key: &str| view.tree.str_at(&["metadata", "labels", key]).unwrap_or_default().to_string();
        row.extend(o.label_columns.iter().map(|key| label(key)));
        if o.show_labels {
            row.push(crate::kubernetes::objects::columns::label_text(view.tree.at(&["metadata", "labels"])));
        }
        row
    }
}

/// `deployment.apps`, `pod`: how kubectl names the kind of an object.
pub fn kind_prefix(tree: &Value) -> String {
    let group = crate::kubernetes::objects::group_of(tree.str_at(&["apiVersion"]).unwrap_or_default());
    let kind = tree.str_at(&["kind"]).unwrap_or_default().to_lowercase();
    if group.is_empty() { kind } else { format!("{kind}.{group}") }
}

/// A cell as text: cut at the first line break.
fn cell_text(cell: &Value) -> String {
    match cell {
        Value::Str(text) => match text.find(['\n', '\r', '\u{c}']) {
            Some(at) => format!("{}...", &text[..at]),
            None => text.to_string(),
        },
        Value::Null => "<nil>".to_string(),
        other => json::write(other, json::Style::COMPACT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_three_apart() {
        let rows = [vec!["NAME".to_string(), "AGE".into()], vec!["a-longer-name".into(), "5s".into()]];
        assert_eq!(align(&rows, &mut Vec::new()), "NAME            AGE\na-longer-name   5s\n");
    }

    #[test]
    fn long_text_is_cut_at_a_line_break() {
        assert_eq!(cell_text(&Value::str("one\ntwo")), "one...");
    }
}
