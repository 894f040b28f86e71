//! Family `printers`: the table of an object, plain and wide: columns, cells, text.

use super::{Case, Verdict, equal};
use crate::console::kubectl::table::{Options, Printer, align};
use crate::kubernetes::objects::Calendar;
use crate::kubernetes::objects::columns::{View, table_of};
use crate::map;
use crate::text::Value;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    // The cases lie before and after 2000; a calendar that begins in 1970 holds them all.
    let calendar = Calendar { epoch: 0, seed: 1 };
    let now = case.input.str_at(&["now"]).and_then(|t| calendar.read(t)).ok_or("no moment")?;
    let object = case.input.get("object").ok_or("no object")?;
    let trees = items(object);
    // Asked for the plain table, printPriorityClass leaves out its last cell; the API server always asks for the wide one.
    let table = |wide: bool| {
        let first = trees.first().unwrap_or(&Value::Null);
        let text = |key: &str| first.str_at(&[key]).unwrap_or_default();
        let columns = table_of(text("apiVersion"), text("kind"));
        let cut = usize::from(!wide && text("kind") == "PriorityClass");
        let row = |tree: &Value| {
            let mut cells = columns.row(&View { tree, now, calendar: &calendar, wide });
            cells.truncate(cells.len() - cut);
            Value::from(cells)
        };
        let mut printer = Printer::new(Options { wide, ..Options::default() });
        let mut lines = printer.lines(&trees, now, &calendar);
        for line in lines.iter_mut().skip(1) {
            line.truncate(line.len() - cut);
        }
        Value::Map(map! {
            "columns" => columns.shown(wide).iter().map(|c| Value::from(c.name)).collect::<Vec<_>>(),
            "rows" => trees.iter().map(row).collect::<Vec<_>>(),
            "text" => align(&lines, &mut Vec::new()),
        })
    };
    equal(map! { "default" => table(false), "wide" => table(true) }, case)
}

/// The objects of a list, each with its kind; any other object alone.
fn items(object: &Value) -> Vec<Value> {
    let kind = object.str_at(&["kind"]).unwrap_or_default();
    let Some(item_kind) = kind.strip_suffix("List") else { return vec![object.clone()] };
    let mut items = object.list_at(&["items"]).to_vec();
    for item in &mut items {
        item.make_map().set("apiVersion", object.str_at(&["apiVersion"]).unwrap_or_default());
        item.make_map().set("kind", item_kind);
    }
    items
}

#[cfg(test)]
mod tests {
    #[test]
    fn recorded_tables() {
        let report = super::super::run_lines("printers", include_str!("../../../tests/data/printers.jsonl"), None);
        let report = report.expect("the family");
        assert_eq!(report.failed, []);
        assert!(report.passed > 100);
    }
}
