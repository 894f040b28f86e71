//! Reading objects as the real server's code reads its structs: what is absent is the zero value.

use crate::text::{Map, Value};

const EMPTY: &Value = &Value::Null;

/// Readers that never fail.
pub trait View {
    /// The member `key`, or null.
    fn of(&self, key: &str) -> &Value;
    /// The text of member `key`, or none at all.
    fn text(&self, key: &str) -> &str;
    /// The whole number of member `key`, if there is one.
    fn int(&self, key: &str) -> Option<i64>;
    /// The whole number of member `key`, or 0.
    fn num(&self, key: &str) -> i64;
    /// Whether member `key` is true.
    fn yes(&self, key: &str) -> bool;
    /// The items of member `key`.
    fn items(&self, key: &str) -> &[Value];
    /// The members of member `key`, by name as Go prints maps.
    fn pairs(&self, key: &str) -> Vec<(&str, &Value)>;
    /// Whether member `key` is there and not null.
    fn has(&self, key: &str) -> bool;
    /// Whether there is nothing in it: null, no text, no items, no members.
    fn is_void(&self) -> bool;
}

impl View for Value {
    fn of(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(EMPTY)
    }
    fn text(&self, key: &str) -> &str {
        self.of(key).as_str().unwrap_or_default()
    }
    fn int(&self, key: &str) -> Option<i64> {
        self.of(key).as_int()
    }
    fn num(&self, key: &str) -> i64 {
        self.int(key).unwrap_or(0)
    }
    fn yes(&self, key: &str) -> bool {
        matches!(self.of(key), Value::Bool(true))
    }
    fn items(&self, key: &str) -> &[Value] {
        self.of(key).as_list().unwrap_or_default()
    }
    fn pairs(&self, key: &str) -> Vec<(&str, &Value)> {
        self.of(key).as_map().map_or_else(Vec::new, |m| m.sorted().into_iter().map(|(k, v)| (&**k, v)).collect())
    }
    fn has(&self, key: &str) -> bool {
        !self.of(key).is_null()
    }
    fn is_void(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Str(s) => s.is_empty(),
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.iter().all(|(_, v)| v.is_null()),
            _ => false,
        }
    }
}

/// Writers for defaults.
pub trait Fill {
    /// Sets member `key` unless it is there.
    fn fill(&mut self, key: &str, value: impl Into<Value>);
    /// Sets member `key` unless it is there and not the zero value.
    fn fill_zero(&mut self, key: &str, value: impl Into<Value>);
    /// Runs `f` on the member `key`, if it is there.
    fn inside(&mut self, key: &str, f: impl FnMut(&mut Value));
    /// Runs `f` on each item of member `key`.
    fn each(&mut self, key: &str, f: impl FnMut(&mut Value));
    /// The member `key` as a map, made if it is missing.
    fn make(&mut self, key: &str) -> &mut Value;
}

impl Fill for Value {
    fn fill(&mut self, key: &str, value: impl Into<Value>) {
        if !self.has(key) {
            self.make_map().set(key, value);
        }
    }
    fn fill_zero(&mut self, key: &str, value: impl Into<Value>) {
        let zero = self.of(key).is_void() || matches!(self.of(key), Value::Int(0) | Value::Bool(false));
        if zero {
            self.make_map().set(key, value);
        }
    }
    fn inside(&mut self, key: &str, mut f: impl FnMut(&mut Value)) {
        if let Some(value) = self.as_map_mut().and_then(|m| m.get_mut(key)).filter(|v| !v.is_null()) {
            f(value);
        }
    }
    fn each(&mut self, key: &str, f: impl FnMut(&mut Value)) {
        if let Some(Value::List(items)) = self.as_map_mut().and_then(|m| m.get_mut(key)) {
            items.iter_mut().for_each(f);
        }
    }
    fn make(&mut self, key: &str) -> &mut Value {
        let value = self.make_map().entry(key);
        if value.is_null() {
            *value = Value::Map(Map::new());
        }
        value
    }
}
