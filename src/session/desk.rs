//! The seat before the Docker host: lines typed there, and what they have answered. Called by [`super::run`] alone, which
//! looks at every moment while a line is under way, so that what a line does never depends on who watches.

use super::run::Answer;
use crate::compose::Host;
use crate::compose::project::OUT;
use crate::console::compose::Table;
use crate::scenario::TextFile;
use crate::sim::Time;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Who sits there.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    table: Table,
    /// Lines under way: number, text.
    lines: Vec<(u32, Rc<str>)>,
    answers: Vec<Answer>,
}

impl Seat {
    /// A seat in a folder in which these files lie.
    pub(super) fn new(folder: &str, around: &[TextFile]) -> Self {
        let mut table = Table::new(folder);
        let home = folder.rsplit_once('/').map_or("/", |(home, _)| home);
        table.env.insert("HOME".into(), home.into());
        let mut seat = Seat { table, lines: Vec::new(), answers: Vec::new() };
        seat.lay_out(around);
        seat
    }
    /// Puts files on the table; what lay there under another name stays.
    pub(super) fn lay_out(&mut self, files: &[TextFile]) {
        for file in files {
            self.table.files.insert(file.name.to_string(), file.text.clone());
        }
    }
    /// The language of our own words.
    pub(super) fn speak(&mut self, language: &str) {
        self.table.language = language.into();
    }
    /// The folder one sits in.
    pub(super) fn folder(&self) -> &str {
        &self.table.folder
    }
    /// The files there.
    pub(super) fn files(&self) -> &BTreeMap<String, Rc<str>> {
        &self.table.files
    }
    /// How many commands of lines that change something were refused or failed.
    pub(super) fn refused(&self) -> u32 {
        self.table.refused
    }
    /// Whether a line is under way.
    pub(super) fn busy(&self) -> bool {
        !self.lines.is_empty()
    }
    /// When a line goes on by itself.
    pub(super) fn due(&self) -> Option<Time> {
        self.table.next_due()
    }
    /// Types a line.
    pub(super) fn type_line(&mut self, host: &mut Host, line: &str, by: &'static str) {
        self.table.by = by;
        let id = self.table.at(host).type_line(line);
        self.lines.push((id, line.into()));
        self.gather();
    }
    /// Lets lines do what they can now.
    pub(super) fn poll(&mut self, host: &mut Host) {
        if self.busy() {
            self.table.at(host).go_on();
            self.gather();
        }
    }
    /// Ctrl-C on the newest line.
    pub(super) fn interrupt(&mut self, host: &mut Host) {
        if let Some((id, _)) = self.lines.last() {
            self.table.at(host).interrupt(*id);
            self.gather();
        }
    }
    /// Takes what lines have answered since the last call.
    pub(super) fn answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.answers)
    }
    fn gather(&mut self) {
        let Seat { table, lines, answers } = self;
        lines.retain(|(id, line)| {
            let (said, code) = table.take(*id);
            let mut answer = Answer { line: line.clone(), code, ..Answer::default() };
            for line in said {
                let to = if line.fd == OUT { &mut answer.stdout } else { &mut answer.stderr };
                to.push_str(&line.text);
                to.push('\n');
            }
            if code.is_some() || !answer.stdout.is_empty() || !answer.stderr.is_empty() {
                answers.push(answer);
            }
            code.is_none()
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Scenario, TextFile};
    use crate::session::run::{Input, Run};
    use crate::sim::{Rewindable, Span, Time};

    const SHOP: &str = "services:\n  web: {image: nginx, ports: ['8080:80']}\n";
    const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: nginx}]}}";

    fn run(files: &[(&str, &str)]) -> Run {
        let files: Vec<TextFile> =
            files.iter().map(|(n, t)| TextFile { name: (*n).into(), text: (*t).into() }).collect();
        let scenario = Scenario::read(&files, 1).0;
        let mut run = Run::new(&scenario);
        run.apply(&Input::Apply(files.iter().map(|f| (f.name.to_string(), f.text.to_string())).collect()));
        run
    }

    #[test]
    fn a_project_comes_up_on_a_host_of_its_own_without_machines_of_a_cluster() {
        let mut run = run(&[("compose.yaml", SHOP), (".env", "A=1\n")]);
        run.finish_line(Span::secs(30));
        let answer = run.take_answers().pop().expect("an answer");
        assert_eq!((&*answer.line, answer.code), ("docker compose up -d", Some(0)), "{answer:?}");
        assert!(answer.stderr.contains("Container app-web-1 Started"), "{answer:?}");
        assert_eq!(run.world.cluster.api.store.list(crate::kubernetes::objects::Kind::Node).count(), 0);
        run.apply(&Input::Line("docker compose ps --format '{{.Name}}'".into()));
        run.finish_line(Span::secs(5));
        assert_eq!(run.take_answers().pop().map(|a| a.stdout), Some("app-web-1\n".into()));
    }

    #[test]
    fn both_houses_go_in_step_and_how_far_one_looks_ahead_changes_nothing() {
        let files = [("compose.yaml", SHOP), ("pod.yaml", POD)];
        let (mut one, mut many) = (run(&files), run(&files));
        one.run_until(Time::secs(30));
        (1..=3_000).for_each(|i| many.run_until(Time(i * 10_000)));
        assert_eq!(one.world.digest(), many.world.digest());
        assert_eq!(one.world.host.as_ref().map(|h| h.now()), Some(Time::secs(30)));
        assert!(one.world.cluster.api.store.list(crate::kubernetes::objects::Kind::Pod).count() > 0);
    }
}
