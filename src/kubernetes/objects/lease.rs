//! Lease: a node's heartbeat.

use super::Calendar;
use crate::sim::{Span, Time};
use crate::text::{Map, Value, Word};

/// A Lease's body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lease {
    /// `holderIdentity`
    pub holder: Word,
    /// `leaseDurationSeconds`
    pub duration: Span,
    /// `renewTime`
    pub renewed: Option<Time>,
    /// `acquireTime`
    pub acquired: Option<Time>,
    /// `leaseTransitions`
    pub transitions: Option<i64>,
    /// The holder is alive and renews so often, counted from `renewed`, without a write each time. `None`: it is silent
    /// since `renewed`. Ours: five thousand nodes would otherwise write five hundred leases a second.
    pub renewing: Option<Span>,
}

impl Lease {
    /// Reads a defaulted object.
    pub fn read(tree: &Value, calendar: &Calendar) -> Self {
        let time = |key: &str| tree.str_at(&["spec", key]).and_then(|t| calendar.read(t));
        Lease {
            holder: tree.str_at(&["spec", "holderIdentity"]).unwrap_or_default().to_string().into(),
            duration: Span::secs(tree.int_at(&["spec", "leaseDurationSeconds"]).unwrap_or(0).max(0) as u64),
            renewed: time("renewTime"),
            acquired: time("acquireTime"),
            transitions: tree.int_at(&["spec", "leaseTransitions"]),
            renewing: None,
        }
    }
    /// The last renewal as of `now`.
    pub fn renewed_at(&self, now: Time) -> Option<Time> {
        let from = self.renewed?;
        match self.renewing {
            Some(every) if every > Span::ZERO => Some(from + every * (now.since(from).0 / every.0)),
            _ => Some(from),
        }
    }
    /// `spec` as the API shows it.
    pub fn write(&self, out: &mut Map, calendar: &Calendar) {
        let mut spec = Map::new();
        if !self.holder.is_empty() {
            spec.set("holderIdentity", &self.holder);
        }
        if self.duration > Span::ZERO {
            spec.set("leaseDurationSeconds", self.duration.as_secs() as i64);
        }
        for (key, time) in [("acquireTime", self.acquired), ("renewTime", self.renewed)] {
            if let Some(t) = time {
                spec.set(key, calendar.micros(t));
            }
        }
        if let Some(n) = self.transitions {
            spec.set("leaseTransitions", n);
        }
        out.set("spec", spec);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_holder_renews_without_writing() {
        let mut lease = Lease { renewed: Some(Time::secs(3)), renewing: Some(Span::secs(10)), ..Lease::default() };
        assert_eq!(lease.renewed_at(Time::secs(12)), Some(Time::secs(3)));
        assert_eq!(lease.renewed_at(Time::secs(33)), Some(Time::secs(33)));
        lease.renewing = None;
        assert_eq!(lease.renewed_at(Time::secs(99)), Some(Time::secs(3)));
    }
}
