//! Between rows and the trees the API shows: metadata, conditions, timestamps.

use super::{Body, Condition, Deletion, Id, Kind, KindNames, Labels, Meta, Object, OwnerRef, Tri};
use super::{deployment, endpoint_slice, event, lease, namespace, node, pod, priority_class, replica_set, service};
use crate::map;
use crate::sim::calendar::{civil, days};
use crate::sim::{Span, Time, mix};
use crate::text::{Map, Value};
use std::rc::Rc;

/// What turns virtual moments into dates and numbers into uids: the same for a whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Calendar {
    /// The date of the run's start, in seconds since 1970.
    pub epoch: i64,
    /// Seed of the uids.
    pub seed: u64,
}

impl Default for Calendar {
    /// Ours: runs start on 1 January 2026, 09:00 UTC.
    fn default() -> Self {
        Calendar { epoch: 1_767_258_000, seed: 1 }
    }
}

impl Calendar {
    /// `2026-01-01T09:00:00Z`
    pub fn seconds(&self, t: Time) -> String {
        let (days, rest) = self.split(t);
        let (y, m, d) = civil(days);
        format!("{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
    }
    /// `2026-01-01T09:00:00.000000Z`, as leases and new-style events have it.
    pub fn micros(&self, t: Time) -> String {
        let seconds = self.seconds(t);
        format!("{}.{:06}Z", seconds.trim_end_matches('Z'), t.0 % 1_000_000)
    }
    /// `2026-01-01T09:00:00.000000000Z`, as logs have it.
    pub fn nanos(&self, t: Time) -> String {
        format!("{}000Z", self.micros(t).trim_end_matches('Z'))
    }
    /// `Thu, 01 Jan 2026 09:00:00 +0000`, as `kubectl describe` prints it.
    pub fn rfc1123(&self, t: Time) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (days, rest) = self.split(t);
        let (y, m, d) = civil(days);
        let (weekday, month) = (DAYS[days.rem_euclid(7) as usize], MONTHS[(m - 1) as usize]);
        format!("{weekday}, {d:02} {month} {y} {:02}:{:02}:{:02} +0000", rest / 3600, rest / 60 % 60, rest % 60)
    }
    /// Reads an RFC 3339 date; moments before the start become the start.
    pub fn read(&self, text: &str) -> Option<Time> {
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
        let days = days(number(0..4)?, number(5..7)?, number(8..10)?);
        let clock = number(11..13)? * 3600 + number(14..16)? * 60 + number(17..19)?;
        let mut rest = text.get(19..)?;
        let mut micros = 0i64;
        if let Some(fraction) = rest.strip_prefix('.') {
            let digits = fraction.len() - fraction.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            micros = format!("{:0<6}", &fraction[..digits]).get(..6)?.parse().ok()?;
            rest = &fraction[digits..];
        }
        let offset = match rest {
            "Z" | "z" => 0,
            _ => {
                let sign = if rest.starts_with('-') { -1 } else { 1 };
                let (hours, minutes) = (rest.get(1..3)?.parse::<i64>().ok()?, rest.get(4..6)?.parse::<i64>().ok()?);
                sign * (hours * 3600 + minutes * 60)
            }
        };
        let since = (days * 86_400 + clock - offset - self.epoch).checked_mul(1_000_000)? + micros;
        Some(Time(since.max(0) as u64))
    }
    /// The uid of an object: a version 4 UUID drawn from the seed and its number.
    pub fn uid(&self, id: Id) -> String {
        let (a, b) = self.uid_halves(id);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xffff,
            b >> 48,
            b & 0xffff_ffff_ffff
        )
    }
    /// Which of the first objects has a uid. They are compared as numbers: text would be made for each object there ever was.
    pub fn id_of(&self, uid: &str, objects: u32) -> Option<Id> {
        let wanted = u128::from_str_radix(&uid.replace('-', ""), 16).ok()?;
        let wanted = ((wanted >> 64) as u64, wanted as u64);
        let found = (0..objects).map(Id).find(|id| self.uid_halves(*id) == wanted)?;
        (self.uid(found) == uid).then_some(found)
    }
    fn uid_halves(&self, id: Id) -> (u64, u64) {
        let a = mix(self.seed ^ mix(u64::from(id.0) << 1));
        let b = mix(a ^ mix((u64::from(id.0) << 1) | 1));
        ((a & !0xf000) | 0x4000, (b & !(3 << 62)) | (2 << 62))
    }
    fn split(&self, t: Time) -> (i64, i64) {
        let at = self.epoch + t.as_secs() as i64;
        (at.div_euclid(86_400), at.rem_euclid(86_400))
    }
}

/// Reads `metadata` of a decoded object. Owners are found by uid through `owner`.
pub fn read_meta(tree: &Value, calendar: &Calendar, owner: impl Fn(&str) -> Option<Id>) -> Meta {
    let meta = tree.get("metadata").unwrap_or(&Value::Null);
    let text = |key: &str| -> Rc<str> { meta.str_at(&[key]).unwrap_or_default().into() };
    let pairs = |key: &str| -> Labels {
        let members = meta.get(key).and_then(Value::as_map);
        members.into_iter().flat_map(|m| m.iter()).map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default())).collect()
    };
    let read_owner = |o: &Value| {
        let uid = o.str_at(&["uid"]).unwrap_or_default();
        let id = owner(uid);
        OwnerRef {
            api_version: o.str_at(&["apiVersion"]).unwrap_or_default().to_string().into(),
            kind: o.str_at(&["kind"]).unwrap_or_default().to_string().into(),
            name: o.str_at(&["name"]).unwrap_or_default().into(),
            id,
            foreign_uid: id.is_none().then(|| uid.into()),
            controller: o.bool_at(&["controller"]).unwrap_or(false),
            block_owner_deletion: o.bool_at(&["blockOwnerDeletion"]).unwrap_or(false),
        }
    };
    let deletion = meta.str_at(&["deletionTimestamp"]).and_then(|t| calendar.read(t)).map(|at| Deletion {
        at,
        grace: Span::secs(meta.int_at(&["deletionGracePeriodSeconds"]).unwrap_or(0).max(0) as u64),
    });
    Meta {
        name: text("name"),
        namespace: text("namespace"),
        generate_name: meta.str_at(&["generateName"]).map(Rc::from),
        labels: pairs("labels"),
        annotations: pairs("annotations"),
        owners: meta.list_at(&["ownerReferences"]).iter().map(read_owner).collect(),
        finalizers: meta
            .list_at(&["finalizers"])
            .iter()
            .filter_map(Value::as_str)
            .map(|f| f.to_string().into())
            .collect(),
        generation: meta.int_at(&["generation"]).unwrap_or(0),
        created: meta.str_at(&["creationTimestamp"]).and_then(|t| calendar.read(t)).unwrap_or_default(),
        deletion,
        ..Meta::default()
    }
}

/// Reads what is particular to a kind from a decoded and defaulted object.
pub fn read_body(kind: Kind, tree: &Value, calendar: &Calendar) -> Body {
    match kind {
        Kind::Namespace => Body::Namespace(namespace::Namespace::read(tree, calendar)),
        Kind::Node => Body::Node(node::Node::read(tree, calendar)),
        Kind::Pod => Body::Pod(pod::Pod::read(tree, calendar)),
        Kind::ReplicaSet => Body::ReplicaSet(replica_set::ReplicaSet::read(tree, calendar)),
        Kind::Deployment => Body::Deployment(deployment::Deployment::read(tree, calendar)),
        Kind::Service => Body::Service(service::Service::read(tree, calendar)),
        Kind::EndpointSlice => Body::EndpointSlice(endpoint_slice::EndpointSlice::read(tree, calendar)),
        Kind::Event => Body::Event(event::Event::read(tree, calendar)),
        Kind::Lease => Body::Lease(lease::Lease::read(tree, calendar)),
        Kind::PriorityClass => Body::PriorityClass(priority_class::PriorityClass::read(tree, calendar)),
        Kind::ConfigMap | Kind::Secret | Kind::ServiceAccount | Kind::Other(_) => Body::Plain(Rc::new(body_only(tree))),
    }
}

/// The whole object as the API shows it. `managedFields` are left out, as kubectl shows objects without them.
pub fn to_value(object: &Object, names: &KindNames, calendar: &Calendar) -> Value {
    let mut out = map! { "apiVersion" => names.api_version(object.kind), "kind" => names.name(object.kind) };
    out.set("metadata", write_meta(&object.meta, calendar));
    let namespace = &object.meta.namespace;
    match &object.body {
        Body::Namespace(it) => it.write(&mut out, calendar),
        Body::Node(it) => it.write(&mut out, calendar),
        Body::Pod(it) => it.write(&mut out, &object.meta, calendar),
        Body::ReplicaSet(it) => it.write(&mut out, calendar),
        Body::Deployment(it) => it.write(&mut out, calendar),
        Body::Service(it) => it.write(&mut out, calendar),
        Body::EndpointSlice(it) => it.write(&mut out, calendar, namespace),
        Body::Event(it) => it.write(&mut out, calendar, namespace),
        Body::Lease(it) => it.write(&mut out, calendar),
        Body::PriorityClass(it) => it.write(&mut out, calendar),
        Body::Plain(it) => set_all(&mut out, it),
    }
    Value::Map(out)
}

fn write_meta(meta: &Meta, calendar: &Calendar) -> Map {
    let mut out = Map::new();
    let pairs = |labels: &Labels| labels.iter().map(|(k, v)| (k.clone(), Value::Str(v.clone()))).collect::<Map>();
    if !meta.annotations.is_empty() {
        out.set("annotations", pairs(&meta.annotations));
    }
    out.set("creationTimestamp", calendar.seconds(meta.created));
    if let Some(deletion) = meta.deletion {
        out.set("deletionGracePeriodSeconds", deletion.grace.as_secs() as i64);
        out.set("deletionTimestamp", calendar.seconds(deletion.at));
    }
    if !meta.finalizers.is_empty() {
        out.set("finalizers", meta.finalizers.iter().map(Value::from).collect::<Vec<_>>());
    }
    if let Some(prefix) = &meta.generate_name {
        out.set("generateName", prefix.clone());
    }
    set_generation_named(&mut out, "generation", meta.generation);
    if !meta.labels.is_empty() {
        out.set("labels", pairs(&meta.labels));
    }
    out.set("name", meta.name.clone());
    if !meta.namespace.is_empty() {
        out.set("namespace", meta.namespace.clone());
    }
    if !meta.owners.is_empty() {
        out.set("ownerReferences", meta.owners.iter().map(|o| write_owner(o, calendar)).collect::<Vec<_>>());
    }
    out.set("resourceVersion", meta.version.to_string());
    out.set("uid", calendar.uid(meta.id));
    out
}

fn write_owner(owner: &OwnerRef, calendar: &Calendar) -> Value {
    let mut out = map! { "apiVersion" => &owner.api_version };
    if owner.block_owner_deletion {
        out.set("blockOwnerDeletion", true);
    }
    if owner.controller {
        out.set("controller", true);
    }
    out.set("kind", &owner.kind);
    out.set("name", owner.name.clone());
    let foreign = owner.foreign_uid.as_deref().unwrap_or_default();
    out.set("uid", owner.id.map_or_else(|| foreign.to_string(), |id| calendar.uid(id)));
    Value::Map(out)
}

/// Which times a kind's conditions show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConditionTimes {
    /// `lastTransitionTime`
    Changed,
    /// The same and `lastUpdateTime`
    ChangedAndUpdated,
    /// The same and `lastHeartbeatTime`
    ChangedAndHeartbeat,
    /// The same and an empty `lastProbeTime`, as pods have it.
    ChangedAndProbe,
}

/// Sets `conditions` when there are some.
pub(super) fn set_conditions(status: &mut Map, list: &[Condition], calendar: &Calendar, times: ConditionTimes) {
    if list.is_empty() {
        return;
    }
    let write = |c: &Condition| {
        let mut out = Map::new();
        match times {
            // Source: recorded: only a resize that is put off tells when it was looked at.
            ConditionTimes::ChangedAndProbe if c.kind == "PodResizePending" => {
                out.set("lastProbeTime", calendar.seconds(c.updated));
            }
            ConditionTimes::ChangedAndProbe => out.set("lastProbeTime", Value::Null),
            ConditionTimes::ChangedAndHeartbeat => out.set("lastHeartbeatTime", calendar.seconds(c.updated)),
            _ => {}
        }
        out.set("lastTransitionTime", calendar.seconds(c.changed));
        if times == ConditionTimes::ChangedAndUpdated {
            out.set("lastUpdateTime", calendar.seconds(c.updated));
        }
        for (key, word) in [("message", &c.message), ("reason", &c.reason)] {
            if !word.is_empty() {
                out.set(key, word);
            }
        }
        set_generation(&mut out, c.generation);
        out.set("status", c.status.word());
        out.set("type", &c.kind);
        Value::Map(out)
    };
    status.set("conditions", list.iter().map(write).collect::<Vec<_>>());
}

/// Reads `conditions` of a status.
pub(super) fn read_conditions(status: &Value, calendar: &Calendar) -> Vec<Condition> {
    let read = |c: &Value| {
        let word = |key: &str| c.str_at(&[key]).unwrap_or_default().to_string();
        let time = |key: &str| c.str_at(&[key]).and_then(|t| calendar.read(t));
        let changed = time("lastTransitionTime").unwrap_or_default();
        Condition {
            kind: word("type").into(),
            status: Tri::read(c.str_at(&["status"]).unwrap_or_default()),
            reason: word("reason").into(),
            message: word("message").into(),
            changed,
            updated: time("lastUpdateTime").or(time("lastHeartbeatTime")).unwrap_or(changed),
            generation: c.int_at(&["observedGeneration"]).unwrap_or(0),
        }
    };
    status.list_at(&["conditions"]).iter().map(read).collect()
}

/// Sets the counts that are not 0, as the API leaves zeros out.
pub(super) fn set_counts(status: &mut Map, counts: &[(&'static str, i32)]) {
    for (key, n) in counts.iter().filter(|(_, n)| *n != 0) {
        status.set(*key, *n);
    }
}

/// Sets `observedGeneration` when it is not 0.
pub(super) fn set_generation(status: &mut Map, generation: i64) {
    set_generation_named(status, "observedGeneration", generation);
}

fn set_generation_named(out: &mut Map, key: &'static str, generation: i64) {
    if generation != 0 {
        out.set(key, generation);
    }
}

/// A copy of a map without some members.
pub(super) fn without(tree: &Value, keys: &[&str]) -> Value {
    let mut out = tree.clone();
    out.make_map().retain(|k, _| !keys.contains(&k));
    out
}

/// A copy of an object without `apiVersion`, `kind` and `metadata`.
pub(super) fn body_only(tree: &Value) -> Value {
    without(tree, &["apiVersion", "kind", "metadata"])
}

/// Sets every member of `from`.
pub(super) fn set_all(out: &mut Map, from: &Value) {
    for (key, value) in from.as_map().into_iter().flat_map(Map::iter) {
        out.set(key.clone(), value.clone());
    }
}

/// Takes members out that are `null`.
pub(super) fn drop_nulls(out: &mut Map) {
    out.retain(|_, v| !v.is_null());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_there_and_back() {
        let calendar = Calendar::default();
        for secs in [0, 1, 59, 3_600, 86_399, 5_000_000, 40_000_000, 100_000_000] {
            let t = Time::secs(secs);
            assert_eq!(calendar.read(&calendar.seconds(t)), Some(t));
        }
        assert_eq!(calendar.seconds(Time::ZERO), "2026-01-01T09:00:00Z");
        assert_eq!(calendar.micros(Time::millis(1_500)), "2026-01-01T09:00:01.500000Z");
        assert_eq!(calendar.rfc1123(Time::ZERO), "Thu, 01 Jan 2026 09:00:00 +0000");
        assert_eq!(calendar.read("2026-01-01T10:00:02.25+01:00"), Some(Time::millis(2_250)));
        assert_eq!(calendar.read("yesterday"), None);
    }

    #[test]
    fn uids_are_version_4_and_differ() {
        let calendar = Calendar::default();
        let (a, b) = (calendar.uid(Id(1)), calendar.uid(Id(2)));
        assert_ne!(a, b);
        assert_eq!((a.len(), &a[14..15]), (36, "4"));
        assert!("89ab".contains(&a[19..20]));
    }
}
