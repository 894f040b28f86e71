//! Event: what a component told people about an object.

use super::{Calendar, Id};
use crate::map;
use crate::sim::Time;
use crate::text::{Map, Value, Word};
use std::rc::Rc;

/// An Event's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Kind of the object it is about.
    pub about_kind: Word,
    /// Its `apiVersion`.
    pub about_api_version: Word,
    /// Its name.
    pub about_name: Rc<str>,
    /// Its number.
    pub about: Id,
    /// `involvedObject.fieldPath`, such as `spec.containers{app}`.
    pub field: Word,
    /// `Normal` or `Warning`.
    pub kind: Word,
    /// Reason.
    pub reason: Word,
    /// Message.
    pub message: Word,
    /// How often; series events count in `series`.
    pub count: u32,
    /// First time.
    pub first: Time,
    /// Last time.
    pub last: Time,
    /// Reporting component.
    pub component: Word,
    /// Host of the component (a kubelet's node).
    pub host: Word,
    /// Whether it was written through events.k8s.io (the scheduler's): `action` and `eventTime` instead of counts.
    pub action: Word,
}

impl Event {
    /// Reads an object a person wrote.
    pub fn read(tree: &Value, calendar: &Calendar) -> Self {
        let word = |path: &[&str]| -> Word { tree.str_at(path).unwrap_or_default().to_string().into() };
        let time = |key: &str| tree.str_at(&[key]).and_then(|t| calendar.read(t)).unwrap_or_default();
        Event {
            about_kind: word(&["involvedObject", "kind"]),
            about_api_version: word(&["involvedObject", "apiVersion"]),
            about_name: word(&["involvedObject", "name"]).to_rc(),
            about: Id::default(),
            field: word(&["involvedObject", "fieldPath"]),
            kind: word(&["type"]),
            reason: word(&["reason"]),
            message: word(&["message"]),
            count: tree.int_at(&["count"]).unwrap_or(0) as u32,
            first: time("firstTimestamp"),
            last: time("lastTimestamp"),
            component: word(&["source", "component"]),
            host: word(&["source", "host"]),
            action: word(&["action"]),
        }
    }
    /// Its members as the API shows them.
    pub fn write(&self, out: &mut Map, calendar: &Calendar, namespace: &str) {
        let mut about = map! { "kind" => &self.about_kind, "name" => self.about_name.clone() };
        if !namespace.is_empty() {
            about.set("namespace", namespace);
        }
        about.set("uid", calendar.uid(self.about));
        about.set("apiVersion", &self.about_api_version);
        if !self.field.is_empty() {
            about.set("fieldPath", &self.field);
        }
        out.set("involvedObject", about);
        out.set("reason", &self.reason);
        out.set("message", &self.message);
        out.set("type", &self.kind);
        let legacy = self.action.is_empty();
        let time = |t: Time| if legacy { Value::from(calendar.seconds(t)) } else { Value::Null };
        out.set("firstTimestamp", time(self.first));
        out.set("lastTimestamp", time(self.last));
        out.set("eventTime", if legacy { Value::Null } else { Value::from(calendar.micros(self.first)) });
        let mut source = Map::new();
        if legacy {
            source.set("component", &self.component);
            out.set("count", self.count);
            if !self.host.is_empty() {
                source.set("host", &self.host);
            }
        } else {
            out.set("action", &self.action);
            if self.count > 1 {
                let last = calendar.micros(self.last);
                out.set("series", map! { "count" => self.count, "lastObservedTime" => last });
            }
        }
        out.set("source", source);
        out.set("reportingComponent", &self.component);
        out.set("reportingInstance", &self.host);
    }
}
