//! What a row is called, what can break there, and when the lists of rows are woken.

use super::super::docker;
use super::super::links;
use super::{Page, now_ms, topic};
use crate::session::{self, Choice, Row, RowBody};
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

    /// The application of a row that both houses have, by name; of the Docker host the first one.
    pub fn app_in_both(&self, id: u32) -> Option<String> {
        let view = self.view();
        let service = |r: &Row| matches!(r.body, RowBody::ComposeService(_));
        let workload = |r: &Row| matches!(r.body, RowBody::Workload(_)) && r.owner.is_none();
        let there = |name: &str, of: &dyn Fn(&Row) -> bool| view.rows.values().any(|r| r.name == name && of(r));
        let both = |name: &str| there(name, &service) && there(name, &workload);
        let row = view.row(id)?;
        let name = match &row.body {
            RowBody::Container(c) => c.service.clone(),
            RowBody::ComposeService(_) | RowBody::Service(_) => row.name.clone(),
            RowBody::Pod(_) | RowBody::Workload(_) => view.row(view.top_owner(id))?.name.clone(),
            RowBody::Host(_) => view.rows.values().find(|r| service(r) && both(&r.name))?.name.clone(),
            _ => return None,
        };
        both(&name).then_some(name)
    }

    /// What can break at a row, or in the whole cluster (0); the menu shows this much.
    pub fn fault_choices(&self, id: u32) -> Vec<Choice> {
        let view = self.view();
        let Some(row) = view.row(id) else {
            let cluster = !view.kinds.nodes.is_empty();
            return match (id, cluster, view.kinds.docker.is_empty()) {
                (0, true, _) => {
                    let controllers = session::menu_for(Needs::Controller, "all");
                    session::menu_for(Needs::Cluster, "").into_iter().chain(controllers).collect()
                }
                (0, false, false) => session::everywhere(),
                _ => Vec::new(),
            };
        };
        let outside = links::end(&view, row).map(|to| format!("outside->{to}"));
        let ways = outside.into_iter().chain(links::used(&view, row));
        session::menu(row).into_iter().chain(ways.flat_map(|way| session::menu_for(Needs::Link, &way))).collect()
    }

    /// The same for the form: besides the connections that are used now, those from and to everything else.
    pub fn all_fault_choices(&self, id: u32) -> Vec<Choice> {
        let mut all = self.fault_choices(id);
        let view = self.view();
        let ways = view.row(id).map(|row| links::possible(&view, row)).unwrap_or_default();
        for choice in ways.iter().flat_map(|way| session::menu_for(Needs::Link, way)) {
            if !all.iter().any(|c| c.ask == choice.ask) {
                all.push(choice);
            }
        }
        all
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
            RowBody::Zone(_) => format!("zone {}", row.name),
            _ => docker::title(row),
        })
    }
}
