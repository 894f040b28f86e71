//! The page a description is written on: lines with tabs that become columns at the end.
//! Source: Go 1.26 text/tabwriter; kubernetes v1.37 kubectl pkg/describe/describe.go, tabbedString.

use crate::text::Value;
use std::fmt::Write;

/// Blanks behind a column. Source: describe.go, tabbedString.
const PADDING: usize = 2;
/// Longest annotation on one line. Source: describe.go, maxAnnotationLen.
pub(super) const ANNOTATION_MAX: usize = 140;

/// A description being written.
#[derive(Clone, Debug, Default)]
pub struct Page {
    done: String,
    text: String,
}

impl Page {
    /// A line, indented by two blanks a level.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.more(level, text);
        self.text.push('\n');
    }
    /// The same without a line break.
    pub fn more(&mut self, level: usize, text: impl AsRef<str>) {
        self.text.extend(std::iter::repeat_n(' ', 2 * level));
        self.text.push_str(text.as_ref());
    }
    /// Columns do not reach beyond this point.
    pub fn part(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.done += &elastic(&text, 0, PADDING);
    }
    /// The page with its columns laid out.
    pub fn finish(mut self) -> String {
        self.part();
        self.done
    }
    /// The page with its tabs.
    pub fn raw(self) -> String {
        self.done + &self.text
    }
    /// Labels, one a line. Source: describe.go, printLabelsMultiline.
    pub fn labels(&mut self, indent: &str, title: &str, labels: Option<&Value>) {
        let pairs = labels.and_then(Value::as_map).map(|m| m.sorted()).unwrap_or_default();
        let _ = write!(self.text, "{indent}{title}:\t");
        if pairs.is_empty() {
            self.text.push_str("<none>\n");
        }
        for (i, (key, value)) in pairs.into_iter().enumerate() {
            if i > 0 {
                let _ = write!(self.text, "{indent}\t");
            }
            let _ = writeln!(self.text, "{key}={}", super::any_text(value));
        }
    }
    /// Annotations, one a line, long ones below their key. Source: describe.go, printAnnotationsMultiline.
    pub fn annotations(&mut self, title: &str, annotations: Option<&Value>) {
        let pairs = annotations.and_then(Value::as_map).map(|m| m.sorted()).unwrap_or_default();
        let shown = pairs.into_iter().filter(|(key, _)| &***key != super::super::apply::LAST_APPLIED);
        let _ = write!(self.text, "{title}:\t");
        let mut any = false;
        for (key, value) in shown {
            if any {
                self.text.push('\t');
            }
            any = true;
            let value = super::any_text(value);
            let value = value.strip_suffix('\n').unwrap_or(&value);
            if value.len() + key.len() + 2 <= ANNOTATION_MAX && !value.contains('\n') {
                let _ = writeln!(self.text, "{key}: {value}");
                continue;
            }
            let _ = writeln!(self.text, "{key}:");
            for line in value.split('\n') {
                let cut = line.char_indices().map(|(at, _)| at).find(|at| *at >= ANNOTATION_MAX - 2);
                match cut {
                    Some(at) => drop(writeln!(self.text, "\t  {}...", &line[..at])),
                    None => drop(writeln!(self.text, "\t  {line}")),
                }
            }
        }
        if !any {
            self.text.push_str("<none>\n");
        }
    }
}

/// Lays out text whose cells end in tabs: a column is as wide as its widest cell in neighbouring lines.
pub fn elastic(text: &str, least: usize, padding: usize) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|cells| vec![0; cells.len().saturating_sub(1)]).collect();
    let deepest = widths.iter().map(Vec::len).max().unwrap_or(0);
    for column in 0..deepest {
        let mut at = 0;
        while at < lines.len() {
            if widths[at].len() <= column {
                at += 1;
                continue;
            }
            let end = (at..lines.len()).find(|i| widths[*i].len() <= column).unwrap_or(lines.len());
            let widest = lines[at..end].iter().map(|l| l[column].chars().count() + padding).max().unwrap_or(0);
            widths[at..end].iter_mut().for_each(|w| w[column] = widest.max(least));
            at = end;
        }
    }
    let mut out = String::with_capacity(text.len() * 2);
    for (i, (cells, widths)) in lines.iter().zip(&widths).enumerate() {
        if i > 0 {
            out.push('\n');
        }
        for (cell, width) in cells.iter().zip(widths) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width - cell.chars().count()));
        }
        out.push_str(cells.last().copied().unwrap_or_default());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_end_where_lines_lack_them() {
        assert_eq!(elastic("a:\tb\nlonger:\tc\nx\ny:\tz\n", 0, 2), "a:       b\nlonger:  c\nx\ny:  z\n");
        assert_eq!(elastic("h\tk\tl\n\tk2\tl2\n", 0, 2), "h  k   l\n   k2  l2\n");
    }
}
