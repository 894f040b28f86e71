//! What `kubectl get` shows of each kind: column names and one row an object. Tables are data, one list a concern; kinds
//! without a table of their own show name and age.
//! Source: kubernetes v1.37 pkg/printers/internalversion/printers.go, AddHandlers.

mod batch;
mod cluster;
mod control;
mod network;
pub mod pod;
mod policy;
mod storage;
mod workload;

pub use super::parts::duration::human;
pub use cluster::node_roles;
pub use pod::status_word;
pub use storage::access_modes;

use super::{Calendar, group_of};
use crate::sim::Time;
use crate::text::Value;

/// A column: its name, and whether only `-o wide` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name as the API server sends it; tables print it in capitals.
    pub name: &'static str,
    /// Shown with `-o wide` only.
    pub wide: bool,
}

/// A column that is always shown.
pub(crate) const fn col(name: &'static str) -> Column {
    Column { name, wide: false }
}
/// A column of the wide table.
pub(crate) const fn wide(name: &'static str) -> Column {
    Column { name, wide: true }
}

/// One object seen at one moment.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The whole object.
    pub tree: &'a Value,
    /// The present moment.
    pub now: Time,
    /// Dates.
    pub calendar: &'a Calendar,
    /// Whether the wide table is wanted.
    pub wide: bool,
}

/// The table of a kind.
#[derive(Clone, Copy)]
pub struct Columns {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// `kind`.
    pub kind: &'static str,
    /// The columns, wide ones among them.
    pub columns: &'static [Column],
    /// One cell for every column.
    pub cells: fn(&View) -> Vec<Value>,
}

/// All tables.
const TABLES: &[&[Columns]] = &[
    pod::TABLES,
    workload::TABLES,
    batch::TABLES,
    network::TABLES,
    storage::TABLES,
    cluster::TABLES,
    control::TABLES,
    policy::TABLES,
];

/// Kinds whose table is name and creation date, because their storage asks for the generic converter.
/// Source: kubernetes v1.37 apiserver/pkg/registry/rest/table.go, NewDefaultTableConvertor.
const DATED: &[&str] =
    &["LimitRange", "Role", "ClusterRole", "CustomResourceDefinition", "ValidatingAdmissionPolicyBinding"];

const AGE_TABLE: Columns =
    Columns { group: "", kind: "", columns: &[col("Name"), col("Age")], cells: |v| vec![v.name(), v.age()] };
const DATE_TABLE: Columns = Columns {
    group: "",
    kind: "",
    columns: &[col("Name"), col("Created At")],
    cells: |v| vec![v.name(), v.text(&["metadata", "creationTimestamp"]).into()],
};

/// The table of a kind.
pub fn table_of(api_version: &str, kind: &str) -> Columns {
    let group = group_of(api_version);
    let own = TABLES.iter().flat_map(|t| t.iter()).find(|t| t.kind == kind && t.group == group).copied();
    own.unwrap_or(if DATED.contains(&kind) { DATE_TABLE } else { AGE_TABLE })
}

impl Columns {
    /// The columns shown.
    pub fn shown(&self, wide: bool) -> Vec<Column> {
        self.columns.iter().copied().filter(|c| wide || !c.wide).collect()
    }
    /// The cells of one object as the API server sends them. Volumes and claims send their last, wide cell always; printers
    /// cut it off. Source: printers.go, printPersistentVolume, printPersistentVolumeClaim.
    pub fn row(&self, view: &View) -> Vec<Value> {
        let cells = (self.cells)(view);
        if self.kind.starts_with("PersistentVolume") {
            return cells;
        }
        cells.into_iter().zip(self.columns).filter(|(_, c)| view.wide || !c.wide).map(|(cell, _)| cell).collect()
    }
}

impl<'a> View<'a> {
    pub(crate) fn text(&self, path: &[&str]) -> &'a str {
        self.tree.str_at(path).unwrap_or_default()
    }
    pub(crate) fn int(&self, path: &[&str]) -> i64 {
        self.tree.int_at(path).unwrap_or(0)
    }
    pub(crate) fn name(&self) -> Value {
        self.text(&["metadata", "name"]).into()
    }
    pub(crate) fn age(&self) -> Value {
        self.since(self.text(&["metadata", "creationTimestamp"])).into()
    }
    /// The time since a date; `<unknown>` without one.
    pub(crate) fn since(&self, date: &str) -> String {
        match self.seconds_since(date) {
            Some(seconds) => human(seconds),
            None => "<unknown>".to_string(),
        }
    }
    /// Whole seconds since a date.
    pub(crate) fn seconds_since(&self, date: &str) -> Option<i64> {
        let at = self.calendar.read(date)?;
        let micros = self.now.0 as i64 - at.0 as i64;
        Some(micros / 1_000_000)
    }
    pub(crate) fn deleting(&self) -> bool {
        self.tree.at(&["metadata", "deletionTimestamp"]).is_some()
    }
    /// Whether a condition of this type is True.
    pub(crate) fn has_condition(&self, kind: &str) -> bool {
        let conditions = self.tree.list_at(&["status", "conditions"]);
        conditions.iter().any(|c| c.str_at(&["type"]) == Some(kind) && c.str_at(&["status"]) == Some("True"))
    }
}

/// Names and images of the containers of a template, joined by commas.
pub(crate) fn containers(view: &View, path: &[&str]) -> [Value; 2] {
    let list = view.tree.list_at(path);
    let join =
        |key: &str| list.iter().map(|c| c.str_at(&[key]).unwrap_or_default()).collect::<Vec<_>>().join(",").into();
    [join("name"), join("image")]
}

/// `a=b,c=d`, `<none>` when empty. Source: kubernetes v1.37 apimachinery/pkg/labels/labels.go, FormatLabels.
pub fn label_text(labels: Option<&Value>) -> String {
    let Some(map) = labels.and_then(Value::as_map).filter(|m| !m.is_empty()) else { return "<none>".to_string() };
    let pairs = map.sorted().into_iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(",")
}

/// A label selector as text: `<none>` for everything, `<error>` for a broken one.
/// Source: kubernetes v1.37 apimachinery/pkg/apis/meta/v1/helpers.go, FormatLabelSelector.
pub fn selector_text(selector: Option<&Value>) -> String {
    let Some(selector) = selector else { return "<none>".to_string() };
    let mut parts: Vec<(String, String)> = Vec::new();
    for (key, value) in selector.get("matchLabels").and_then(Value::as_map).into_iter().flat_map(|m| m.iter()) {
        parts.push((key.to_string(), format!("{key}={}", value.as_str().unwrap_or_default())));
    }
    for e in selector.list_at(&["matchExpressions"]) {
        let key = e.str_at(&["key"]).unwrap_or_default();
        let mut values: Vec<&str> = e.list_at(&["values"]).iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let text = match e.str_at(&["operator"]) {
            Some("In") => format!("{key} in ({values})"),
            Some("NotIn") => format!("{key} notin ({values})"),
            Some("Exists") => key.to_string(),
            Some("DoesNotExist") => format!("!{key}"),
            _ => return "<error>".to_string(),
        };
        parts.push((key.to_string(), text));
    }
    if parts.is_empty() {
        return "<none>".to_string();
    }
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
}

/// The first few of a list: `a,b,c + 2 more...`.
pub(crate) fn first_of(list: &[String], max: usize, empty: &str) -> String {
    let text = list.iter().take(max).cloned().collect::<Vec<_>>().join(",");
    match list.len() {
        n if n > max => format!("{text} + {} more...", n - max),
        // An only port without a name and a number is nothing to show either.
        _ if text.is_empty() => empty.to_string(),
        _ => text,
    }
}

/// A number or text as text.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Int(i) => i.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Str(s) => s.to_string(),
        _ => String::new(),
    }
}
