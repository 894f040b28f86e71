//! What a row is called, what can break there, and when the lists of rows are woken.

use super::super::docker;
use super::{Page, now_ms, topic};
use crate::session::{self, Choice, RowBody};
use crate::world::faults::Needs;

/// Rows wake the lists at most so often while the run goes on. Ours: nobody reads faster.
const ROWS_EVERY_MS: f64 = 80.0;

impl Page {
    /// Whether the lists are to be woken for rows: at once when the run stands, else not more often than one can read.
    pub(super) fn rows_topic(&self, changed: bool) -> u8 {
        let due = self.0.rows_due.replace(false) || changed;
        let now = now_ms();
        if due && self.ui().playing && now - self.0.rows_at.get() < ROWS_EVERY_MS {
            self.0.rows_due.set(true);
            return 0;
        }
        if !due {
            return 0;
        }
        self.0.rows_at.set(now);
        topic::ROWS
    }

    /// What can break at a row, or in the whole cluster (0).
    pub fn fault_choices(&self, id: u32) -> Vec<Choice> {
        let view = self.view();
        match view.row(id) {
            Some(row) => {
                let mut all = session::menu(row);
                // What clients reach it by can break as well.
                let behind = match &row.body {
                    RowBody::Service(s) => s.endpoints.first().and_then(|e| view.row(view.top_owner(e.0))),
                    RowBody::Workload(_) if row.owner.is_none() => Some(row),
                    _ => None,
                };
                all.extend(
                    behind.into_iter().flat_map(|b| session::menu_for(Needs::Link, &format!("outside->{}", b.name))),
                );
                all
            }
            None if id == 0 && !view.kinds.nodes.is_empty() => {
                let mut all = session::menu_for(Needs::Cluster, "");
                all.extend(session::menu_for(Needs::Controller, "all"));
                all
            }
            None => Vec::new(),
        }
    }

    /// Name of a row's kind as kubectl writes it.
    pub fn kubectl_name(&self, id: u32) -> Option<String> {
        let view = self.view();
        let row = view.row(id)?;
        Some(match &row.body {
            RowBody::Node(_) => format!("node {}", row.name),
            RowBody::Pod(_) => format!("pod {}", row.name),
            RowBody::Workload(w) => format!("{} {}", w.kind.to_lowercase(), row.name),
            RowBody::Service(_) => format!("service {}", row.name),
            RowBody::Autoscaler(_) => format!("hpa {}", row.name),
            RowBody::Other(o) => format!("{} {}", o.kind.to_lowercase(), row.name),
            _ => docker::title(row),
        })
    }
}
