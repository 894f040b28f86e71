//! What a container has printed: all its runs, with the moment of each line.

use super::{Cid, Engine};
use crate::sim::Time;
use crate::workload::Stream;
use std::rc::Rc;

/// A line that a container printed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Printed {
    /// When.
    pub t: Time,
    /// Where to.
    pub stream: Stream,
    /// The line.
    pub text: Rc<str>,
}

impl Engine {
    /// Everything a container has printed up to now.
    pub fn output(&self, cid: Cid) -> Vec<Printed> {
        let Some(c) = self.containers.get(&cid) else { return Vec::new() };
        let mut all = Vec::new();
        for run in &c.runs {
            let until = run.ended.unwrap_or(self.now).min(self.now);
            let mut lines: Vec<Printed> = run
                .process
                .printed(until.since(run.begun))
                .into_iter()
                .map(|(after, stream, text)| Printed { t: run.begun + after, stream, text: text.as_str().into() })
                .collect();
            let said = run.said.iter().filter(|(t, _)| *t <= until);
            lines.extend(said.map(|(t, text)| Printed { t: *t, stream: Stream::Out, text: text.clone() }));
            lines.sort_by_key(|l| l.t);
            all.append(&mut lines);
        }
        all
    }
}
