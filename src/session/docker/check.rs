//! Compose files read without touching the host: problems at their lines, what becomes of each key, and what bringing the
//! project up would change.

use super::super::update::{ChangeRow, MarkRow};
use crate::compose::Host;
use crate::compose::engine::Engine;
use crate::compose::files::{self, Class, Env, FILE_NAMES, Folder, OVERRIDE_NAMES, Project, Request, folder, hash};
use crate::compose::project::observed::{self, Seen};
use crate::scenario::{Scenario, TextFile};
use crate::text::{Problem, Severity};

/// What was found in the compose files of a scenario.
#[derive(Default)]
pub(in crate::session) struct Found {
    pub(in crate::session) problems: Vec<Problem>,
    pub(in crate::session) marks: Vec<MarkRow>,
    pub(in crate::session) changes: Vec<ChangeRow>,
}

/// Where a person's files lie, for those who look for them by full path.
pub(in crate::session) fn lay_out<'a>(here: &str, texts: impl Iterator<Item = &'a TextFile>) -> Folder {
    let mut all = Folder::new();
    for file in texts {
        all.put(&folder::join(here, &file.name), file.text.to_string());
    }
    all
}

/// A request from that folder, as a person there has it.
pub(in crate::session) fn request(here: &str) -> Request {
    let home = here.rsplit_once('/').map_or("/", |(home, _)| home);
    let env: Env = [("HOME".to_string(), home.to_string())].into_iter().collect();
    Request { cwd: here.into(), env, ..Request::default() }
}

/// Reads all compose files: those with usual names as one project, every other one over it.
pub(in crate::session) fn check(host: Option<&Host>, scenario: &Scenario) -> Found {
    let here = &*scenario.folder;
    let place = lay_out(here, scenario.files.iter().chain(&scenario.around));
    let mine: Vec<&TextFile> = scenario.files.iter().filter(|f| files::is_compose(&f.name, &f.text)).collect();
    let usual = |name: &str, names: &[&str]| names.contains(&name);
    let base: Vec<&TextFile> = names(&mine, &FILE_NAMES).into_iter().chain(names(&mine, &OVERRIDE_NAMES)).collect();
    let others = mine.iter().filter(|f| !usual(&f.name, &FILE_NAMES) && !usual(&f.name, &OVERRIDE_NAMES));
    let mut found = Found::default();
    let full = |files: &[&TextFile]| files.iter().map(|f| folder::join(here, &f.name)).collect::<Vec<_>>();
    let mut readings: Vec<(Vec<&TextFile>, Vec<&TextFile>)> = Vec::new();
    if !base.is_empty() {
        readings.push((base.clone(), base.clone()));
    }
    readings.extend(others.map(|f| (base.iter().chain([f]).copied().collect(), vec![*f])));
    for (at, (read, told)) in readings.into_iter().enumerate() {
        let (mut project, mut problems) = files::load(&place, &Request { files: full(&read), ..request(here) });
        if let Ok(whole) = &mut project {
            problems.extend(whole.resolve_env_files(&place, &mut Vec::new()).err().map(|refused| *refused));
        }
        if let (Ok(project), true) = (&project, at == 0) {
            found.changes = changes(host, project);
        }
        problems.extend(project.err().map(|refused| *refused));
        for problem in &mut problems {
            let inside = problem.file.strip_prefix(here).and_then(|f| f.strip_prefix('/'));
            problem.file = inside.map_or_else(|| problem.file.clone(), Into::into);
        }
        for file in &told {
            found.marks.extend(marks(file, &problems));
        }
        let here = |p: &Problem| p.file.is_empty() || told.iter().any(|f| f.name == p.file);
        found.problems.extend(problems.into_iter().filter(here).filter(|p| p.code != "ignored"));
    }
    found
}

/// The first of the files that has one of these names.
fn names<'a>(files: &[&'a TextFile], wanted: &[&str]) -> Option<&'a TextFile> {
    wanted.iter().find_map(|name| files.iter().find(|f| *f.name == **name).copied())
}

/// One mark a line: its worst class.
fn marks(file: &TextFile, problems: &[Problem]) -> Vec<MarkRow> {
    let mut all: Vec<MarkRow> = Vec::new();
    let rank = |class: char| "sar".find(class).unwrap_or(0);
    for key in files::classes(&file.name, &file.text, problems) {
        let class = match key.class {
            Class::Simulated => 's',
            Class::Accepted | Class::Ignored => 'a',
            Class::Rejected => 'r',
        };
        let note = key.why.unwrap_or_default().to_string();
        let mark = MarkRow { file: file.name.to_string(), line: key.at.line, class, path: key.path, note };
        match all.last_mut().filter(|last| last.line == mark.line) {
            Some(last) if rank(last.class) < rank(class) => *last = mark,
            Some(_) => {}
            None => all.push(mark),
        }
    }
    for problem in problems.iter().filter(|p| p.severity == Severity::Error && p.file == file.name) {
        if let Some(mark) = all.iter_mut().find(|m| m.line == problem.at.line) {
            mark.class = 'r';
        }
    }
    all
}

/// What `docker compose up -d` would do to each service: made, recreated because its configuration differs, or left alone.
fn changes(host: Option<&Host>, project: &Project) -> Vec<ChangeRow> {
    let none = Engine::new(0);
    let engine = host.map_or(&none, |host| &host.engine);
    let seen = observed::of_project(engine, &project.name);
    let one = |(name, tree): (&std::rc::Rc<str>, &files::Tree)| {
        let own: Vec<&Seen> = observed::of_service(&seen, name);
        let wanted = scale(tree);
        let now = hash::service(tree);
        let old = own.iter().filter(|s| s.container.spec.label(observed::HASH) != now).count();
        let mut fields = Vec::new();
        if !own.is_empty() && own.len() as i64 != wanted {
            fields.push(format!("scale: {} → {wanted}", own.len()));
        }
        if old > 0 {
            fields.push("config-hash".to_string());
        }
        let sign = match (own.is_empty(), fields.is_empty()) {
            (true, _) => '+',
            (false, true) => '=',
            (false, false) => '~',
        };
        ChangeRow { sign, object: format!("service/{name}"), fields, rollout: false }
    };
    let mut all: Vec<ChangeRow> = project.services.iter().map(one).collect();
    for orphan in seen.iter().filter(|s| !s.one_off && !project.services.contains_key(&s.service)) {
        let object = format!("service/{}", orphan.service);
        if !all.iter().any(|c| c.object == object) {
            all.push(ChangeRow { sign: '-', object, ..ChangeRow::default() });
        }
    }
    all
}

/// How many containers a service wants. Source: compose v5.6, types.ServiceConfig.GetScale: `scale`, else `deploy.replicas`.
fn scale(tree: &files::Tree) -> i64 {
    tree.int_at(&["scale"]).or(tree.int_at(&["deploy", "replicas"])).unwrap_or(1)
}
