//! The project that a command is about: from the files of the desk, or from what runs when only a name is given.

use super::args::{Args, Flag};
use super::verbs::{Cx, give_up, work};
use super::{Desk, Next, not_simulated};
use crate::compose::files::{self, config, config::Show};
use crate::compose::project::{OUT, Project, Step, observed};
use crate::map;
use crate::text::go::quoted;
use crate::text::{Problem, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Flags before the verb. Source: compose v5.6 cmd/compose/compose.go, addProjectFlags, RootCommand.
pub(super) const GLOBAL: &[Flag] = &[
    ("profile", ' ', true),
    ("project-name", 'p', true),
    ("file", 'f', true),
    ("env-file", ' ', true),
    ("project-directory", ' ', true),
    ("workdir", ' ', true),
    ("compatibility", ' ', false),
    ("progress", ' ', true),
    ("ansi", ' ', true),
    ("no-ansi", ' ', false),
    ("verbose", ' ', false),
    ("dry-run", ' ', false),
    ("parallel", ' ', true),
    ("all-resources", ' ', false),
];

/// What a project is read with.
pub(super) struct Ask<'a> {
    pub(super) global: &'a Args,
    pub(super) env: &'a BTreeMap<String, String>,
}

/// A project and what is said while it is read.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) project: Project,
    pub(super) warnings: Vec<String>,
    /// Jobs with a schedule.
    pub(super) schedules: Vec<String>,
}

impl Loaded {
    /// What refuses jobs with a schedule. Source: compose v5.6 cmd/compose/up.go, rejectScheduledJobs.
    pub(super) fn scheduled(&self) -> Option<String> {
        let names = self.schedules.join(", ");
        (!names.is_empty()).then(|| format!("scheduled jobs are not supported in this version: {names}"))
    }
}

/// Why there is no project: everything that is printed before the end.
pub(super) struct NotLoaded {
    pub(super) warnings: Vec<String>,
    pub(super) words: String,
}

impl Ask<'_> {
    /// The project of the files, with only some services when they are named, and what those depend on.
    pub(super) fn project(&self, desk: &Desk, services: &[String]) -> Result<Loaded, NotLoaded> {
        self.read(desk, services, true)
    }
    /// `makes`: whether containers may be made; commands that make none do not warn of keys that only Swarm honours.
    fn read(&self, desk: &Desk, services: &[String], makes: bool) -> Result<Loaded, NotLoaded> {
        let folder = desk.table.folder();
        let request = files::Request { services: services.to_vec(), ..self.request(desk) };
        let (read, said) = files::load(&folder, &request);
        let mut said: Vec<Problem> = said;
        said.retain(|p| makes || p.code != "ignored");
        let refused = |said: &[Problem], problem: &Problem| NotLoaded {
            warnings: said.iter().map(|p| p.message.clone()).collect(),
            words: problem.message.clone(),
        };
        let mut read = read.map_err(|problem| refused(&said, &problem))?;
        if let Err(problem) = read.check_container_names() {
            return Err(refused(&said, &problem));
        }
        // Only what makes containers reads the files of variables, and only those of the services that are meant.
        // Source: compose v5.6 cmd/compose/compose.go, WithServices, projectOrName.
        if let Err(problem) = if makes { read.resolve_env_files(&folder, &mut said) } else { Ok(()) } {
            return Err(refused(&said, &problem));
        }
        let schedules = read.jobs.iter().filter(|(_, job)| !job.list_at(&["triggers", "schedule"]).is_empty());
        let schedules = schedules.map(|(name, _)| name.to_string()).collect();
        let warnings = said.iter().map(|p| p.message.clone()).collect();
        Ok(Loaded { project: rows(&read), warnings, schedules })
    }
    /// Where no service of a name was found and a job has it, that is told.
    /// Source: compose v5.6 cmd/compose/run.go, jobTargetErr.
    pub(super) fn or_job(&self, desk: &Desk, names: &[String], not: NotLoaded) -> NotLoaded {
        let job = |name: &&String| not.words.contains(&format!("no such service: {name}"));
        let Some(name) = names.iter().find(job) else { return not };
        let Ok(read) = files::load(&desk.table.folder(), &self.request(desk)).0 else { return not };
        match read.jobs.contains_key(name.as_str()) || read.disabled_jobs.contains_key(name.as_str()) {
            true => {
                let words = format!("job {} can only be triggered with \"docker compose run\"", quoted(name));
                NotLoaded { words, ..not }
            }
            false => not,
        }
    }
    /// The project of a single run: of a service, or of a job with what it depends on.
    /// Source: compose v5.6 cmd/compose/run.go, runProject.
    pub(super) fn run_target(&self, desk: &Desk, name: &str) -> Result<Loaded, NotLoaded> {
        let not = match self.read(desk, &[name.to_string()], true) {
            Err(not) if not.words.contains("no such service") => not,
            loaded => return loaded,
        };
        let folder = desk.table.folder();
        let (Ok(mut read), _) = files::load(&folder, &self.request(desk)) else { return Err(not) };
        match read.with_job(name) {
            Ok(true) => {}
            Ok(false) => return Err(not),
            Err(problem) => return Err(NotLoaded { words: problem.message.clone(), ..not }),
        }
        let mut said = Vec::new();
        if let Err(problem) = read.resolve_env_files(&folder, &mut said) {
            return Err(NotLoaded { words: problem.message.clone(), ..not });
        }
        Ok(Loaded { project: rows(&read), warnings: not.warnings, schedules: Vec::new() })
    }
    /// The project of the files, or of what runs when a name is given and no file; also when there are no files but the
    /// environment knows a name. Source: compose v5.6 cmd/compose/compose.go, projectOrName.
    pub(super) fn project_or_name(&self, desk: &Desk, services: &[String]) -> Result<Loaded, NotLoaded> {
        let named = self.global.value("project-name").filter(|_| self.global.all("file").is_empty());
        match named {
            Some(name) => Ok(Self::by_name(desk, name, services)),
            None => {
                let not = match self.read(desk, services, false) {
                    Ok(loaded) => return Ok(loaded),
                    Err(not) => not,
                };
                let found = not.words.clone();
                let not = self.or_job(desk, services, not);
                match self.name_around() {
                    Some(name) if not.words == found => Ok(Self::by_name(desk, name, &[])),
                    _ => Err(not),
                }
            }
        }
    }
    /// The project of a name that is given or in the environment; otherwise that of the files.
    /// Source: see above, toProjectName.
    pub(super) fn project_by_name(&self, desk: &Desk) -> Result<Loaded, NotLoaded> {
        match self.global.value("project-name").or_else(|| self.name_around()) {
            Some(name) => Ok(Self::by_name(desk, name, &[])),
            None => self.read(desk, &[], false),
        }
    }
    fn name_around(&self) -> Option<&str> {
        self.env.get("COMPOSE_PROJECT_NAME").map(String::as_str).filter(|name| !name.is_empty())
    }
    fn by_name(desk: &Desk, name: &str, services: &[String]) -> Loaded {
        let mut project = observed::project_of(&desk.host.engine, &name.to_lowercase());
        let names: Vec<Rc<str>> = services.iter().map(|s| s.as_str().into()).collect();
        if let Ok(chosen) = project.with_selected(&names, true) {
            project = chosen;
        }
        Loaded { project, ..Loaded::default() }
    }
    fn request(&self, desk: &Desk) -> files::Request {
        let all = |name: &str| self.global.all(name).to_vec();
        files::Request {
            cwd: desk.table.folder.to_string(),
            env: self.env.clone(),
            files: all("file"),
            name: self.global.value("project-name").map(str::to_string),
            directory: self.global.value("project-directory").or(self.global.value("workdir")).map(str::to_string),
            profiles: all("profile"),
            env_files: all("env-file"),
            all_resources: self.global.on("all-resources"),
            no_env_resolution: true,
            ..files::Request::default()
        }
    }
}

/// The rows of a project that was read.
fn rows(read: &files::Project) -> Project {
    let value = |members: &files::Members| {
        let list = members.iter().map(|(key, tree)| (key.clone(), tree.to_value()));
        Value::Map(list.collect())
    };
    let tree = |services: &files::Members| {
        Value::from(map! {
            "name" => read.name.as_str(), "services" => value(services), "networks" => value(&read.networks),
            "volumes" => value(&read.volumes), "secrets" => value(&read.secrets), "configs" => value(&read.configs),
        })
    };
    let hashes: BTreeMap<Rc<str>, Rc<str>> =
        read.services.iter().map(|(name, tree)| (name.clone(), files::hash::service(tree).into())).collect();
    let mut project = Project::read(&tree(&read.services), &hashes);
    project.disabled = Project::read(&tree(&read.disabled), &BTreeMap::new()).services;
    for (key, row) in &mut project.networks {
        row.hash = read.networks.get(key).map(files::hash::network).unwrap_or_default().into();
    }
    for (key, row) in &mut project.volumes {
        row.hash = read.volumes.get(key).map(files::hash::volume).unwrap_or_default().into();
    }
    project.folder = read.working_dir.as_str().into();
    project.files = read.files.iter().map(|f| f.as_str().into()).collect();
    project.environment = read.env.iter().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect();
    let names: Vec<Rc<str>> = project.services.keys().cloned().collect();
    project.services.values_mut().for_each(|s| s.depends_on.retain(|dep, _| names.contains(dep)));
    project
}

/// Flags of `config`. Source: compose v5.6 cmd/compose/config.go.
pub(super) const CONFIG: &[Flag] = &[
    ("format", ' ', true),
    ("resolve-image-digests", ' ', false),
    ("lock-image-digests", ' ', false),
    ("quiet", 'q', false),
    ("no-interpolate", ' ', false),
    ("no-normalize", ' ', false),
    ("no-path-resolution", ' ', false),
    ("no-consistency", ' ', false),
    ("no-env-resolution", ' ', false),
    ("services", ' ', false),
    ("volumes", ' ', false),
    ("networks", ' ', false),
    ("models", ' ', false),
    ("profiles", ' ', false),
    ("images", ' ', false),
    ("hash", ' ', true),
    ("output", 'o', true),
    ("environment", ' ', false),
    ("variables", ' ', false),
];

/// `config`.
pub(super) fn config(cx: &Cx) -> Next {
    let on = |name| cx.args.on(name);
    let missing = ["output", "resolve-image-digests", "lock-image-digests"];
    let given = |flag: &&str| cx.args.on(flag) || (*flag == "output" && cx.args.value(flag).is_some());
    if let Some(flag) = missing.into_iter().find(given) {
        let words = not_simulated(&cx.desk.table.language, &format!("config --{flag}"));
        return give_up(cx, NotLoaded { warnings: Vec::new(), words });
    }
    let request = files::Request {
        services: cx.args.words.clone(),
        no_interpolate: on("no-interpolate"),
        no_normalize: on("no-normalize"),
        no_consistency: on("no-consistency"),
        no_env_resolution: on("no-env-resolution"),
        no_path_resolution: on("no-path-resolution"),
        ..cx.ask.request(cx.desk)
    };
    let hash = cx.args.value("hash").unwrap_or_default();
    // The first one that is asked for counts.
    let show = match () {
        () if on("services") => Show::Services,
        () if on("volumes") => Show::Volumes,
        () if on("networks") => Show::Networks,
        () if on("models") => Show::Models,
        () if !hash.is_empty() => Show::Hash(hash.to_string()),
        () if on("profiles") => Show::Profiles,
        () if on("images") => Show::Images,
        () if on("variables") => Show::Variables,
        () if on("environment") => Show::Environment,
        () => Show::All,
    };
    let format = cx.args.value("format").unwrap_or_default().to_string();
    let options = config::Options { format, quiet: on("quiet"), show };
    let printed = config::run(&cx.desk.table.folder(), &request, &options);
    let warnings: Vec<String> = printed.warnings.iter().map(|p| p.message.clone()).collect();
    if let Some(problem) = printed.refused {
        return give_up(cx, NotLoaded { warnings, words: problem.message });
    }
    let loaded = Loaded { warnings, ..Loaded::default() };
    let steps = printed.out.lines().map(|l| Step::Say(OUT, l.into())).collect();
    work(cx, loaded, steps, None)
}
