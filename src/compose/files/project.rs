//! A project as `docker compose` sees it: files found, names and variables settled, models bound, services chosen.
//! Source: compose-go v2.16.1 cli/options.go, types/project.go; docker/compose v5.6.0 pkg/compose/loader.go.

use super::decode;
use super::dotenv::{self, Env};
use super::folder::{self, Folder};
use super::interpolate::interpolate;
use super::model::{Models, read_env, warn_unset};
use super::normalize::normalize;
use super::notes::{Refused, refusal, refuse, warning};
use super::read::Written;
use super::swarm;
use super::tree::{Data, Members, Place, Tree};
use crate::text::Problem;
use crate::text::go::quoted;
use std::collections::BTreeSet;
use std::rc::Rc;

/// What is asked for: the options of a `docker compose` line, and where and by whom it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The folder one is in.
    pub cwd: String,
    /// The environment of the command.
    pub env: Env,
    /// `-f`
    pub files: Vec<String>,
    /// `-p`
    pub name: Option<String>,
    /// `--project-directory`
    pub directory: Option<String>,
    /// `--profile`
    pub profiles: Vec<String>,
    /// `--env-file`
    pub env_files: Vec<String>,
    /// Services that are chosen; none for all.
    pub services: Vec<String>,
    /// Keep resources that no service uses.
    pub all_resources: bool,
    /// `--no-interpolate`
    pub no_interpolate: bool,
    /// `--no-normalize`
    pub no_normalize: bool,
    /// `--no-consistency`
    pub no_consistency: bool,
    /// `--no-env-resolution`
    pub no_env_resolution: bool,
    /// `--no-path-resolution`
    pub no_path_resolution: bool,
    /// The schema is not asked.
    pub no_validation: bool,
}

/// A project. Trees have the shape of `docker compose config --format json`, and their places.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// The folder that its paths are relative to.
    pub working_dir: String,
    /// The files that it was read from.
    pub files: Vec<String>,
    /// The variables that files were filled in with.
    pub env: Env,
    /// Profiles that are on.
    pub profiles: Vec<String>,
    /// Services.
    pub services: Members,
    /// Services that are off, for want of a profile or because they were not chosen.
    pub disabled: Members,
    /// Jobs.
    pub jobs: Members,
    /// Jobs that are off.
    pub disabled_jobs: Members,
    /// Networks.
    pub networks: Members,
    /// Volumes.
    pub volumes: Members,
    /// Secrets.
    pub secrets: Members,
    /// Configs.
    pub configs: Members,
    /// Models.
    pub models: Members,
    /// What begins with `x-` at the top.
    pub extensions: Members,
}

/// Names of files that are found by themselves, best first. Source: cli/options.go, DefaultFileNames.
pub const FILE_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// The same for files that are put over them. Source: DefaultOverrideFileNames.
pub const OVERRIDE_NAMES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// Reads a project, and says what there was to say on the way.
pub fn load(folder: &Folder, request: &Request) -> (Refused<Project>, Vec<Problem>) {
    let mut warnings = Vec::new();
    let project = start(folder, request, &mut warnings).and_then(|found| bound(folder, request, found, &mut warnings));
    (project, warnings)
}

/// Reads a project's model only, as `--no-interpolate` shows it.
pub fn load_model(folder: &Folder, request: &Request) -> (Refused<Members>, Vec<Problem>) {
    let mut warnings = Vec::new();
    let model = start(folder, request, &mut warnings).and_then(|found| {
        // The real tool forgets the environment on this way.
        let env = Env::from([("COMPOSE_PROJECT_NAME".into(), found.name.clone())]);
        model(folder, request, Found { env, ..found }, false, &mut warnings)
    });
    (model.map(|(model, _)| model), warnings)
}

/// What is settled before files are read as models.
struct Found {
    files: Vec<String>,
    working_dir: String,
    env: Env,
    name: String,
}

fn nowhere() -> Place {
    Place::default()
}

/// The name in small letters, without what a name may not have. Source: loader/loader.go, NormalizeProjectName.
pub fn normal_name(name: &str) -> String {
    let kept: String = name
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        .collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

fn check_name(name: &str) -> Refused<()> {
    if normal_name(name) == name {
        return Ok(());
    }
    let name = quoted(name);
    let words = format!(
        "invalid project name {name}: must consist only of lowercase alphanumeric characters, hyphens, and underscores \
         as well as start with a letter or number"
    );
    refuse("name", &nowhere(), words)
}

fn start(folder: &Folder, request: &Request, warnings: &mut Vec<Problem>) -> Refused<Found> {
    let absolute =
        |path: &str| if path.starts_with('/') { folder::clean(path) } else { folder::join(&request.cwd, path) };
    let directory = request.directory.as_deref().filter(|dir| !dir.is_empty()).map(absolute);
    let mut files: Vec<(String, &str)> = request.files.iter().map(|file| (absolute(file), "")).collect();
    let dir_of = |files: &[(String, &str)]| match (&directory, files.first()) {
        (Some(dir), _) => dir.clone(),
        (None, Some((file, _))) => folder::dir(file),
        (None, None) => request.cwd.clone(),
    };
    let mut env = request.env.clone();
    env.entry("PWD".into()).or_insert_with(|| request.cwd.clone());
    let env_files: Vec<String> = env_files(request).iter().map(|file| absolute(file)).collect();
    let disabled = dot_env_disabled(request)?;
    let mut dot_env = |env: &mut Env, dir: &str| -> Refused<()> {
        let default = folder::join(dir, ".env");
        let default = (!disabled && folder.text(&default).is_some()).then_some(default);
        let files: Vec<String> = if env_files.is_empty() { default.into_iter().collect() } else { env_files.clone() };
        for (key, value) in read_env(folder, &files, env, warnings, &nowhere())? {
            env.entry(key).or_insert(value);
        }
        Ok(())
    };
    dot_env(&mut env, &dir_of(&files))?;
    if files.is_empty() {
        files = discovered(folder, &env, &dir_of(&[]), &absolute)?;
        dot_env(&mut env, &dir_of(&files))?;
    }
    if let Some(name) = &request.name {
        check_name(name)?;
    }
    let working_dir = dir_of(&files);
    if files.is_empty() {
        return refuse("no_file", &nowhere(), "no configuration file provided: not found");
    }
    for (file, origin) in &files {
        if folder.text(file).is_none() {
            let why = if folder.is_dir(file) {
                format!("{file} is a directory")
            } else {
                format!("open {file}: no such file or directory")
            };
            let words = format!("compose file {}{origin} is invalid: {why}", quoted(file));
            return refuse("file", &nowhere(), words);
        }
    }
    let files: Vec<String> = files.into_iter().map(|(file, _)| file).collect();
    let name = project_name(folder, request, &files, &working_dir, &env, warnings)?;
    env.insert("COMPOSE_PROJECT_NAME".into(), name.clone());
    Ok(Found { files, working_dir, env, name })
}

/// Environment files that are named, or set by the environment. Source: compose v5.6 cmd/compose/compose.go, addProjectFlags.
fn env_files(request: &Request) -> Vec<String> {
    let set = || request.env.get("COMPOSE_ENV_FILES").map_or("", String::as_str);
    match request.env_files.is_empty() {
        true => set().split(',').filter(|file| !file.is_empty()).map(str::to_owned).collect(),
        false => request.env_files.clone(),
    }
}

/// Source: cli/options.go, WithEnvFiles.
fn dot_env_disabled(request: &Request) -> Refused<bool> {
    match request.env.get("COMPOSE_DISABLE_ENV_FILE").filter(|_| env_files(request).is_empty()).map(String::as_str) {
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some(text) => {
            let words = format!("strconv.ParseBool: parsing {}: invalid syntax", quoted(text));
            refuse("env_file", &nowhere(), words)
        }
    }
}

/// Files that nobody named, and how they came to be read.
fn discovered(
    folder: &Folder,
    env: &Env,
    dir: &str,
    absolute: &dyn Fn(&str) -> String,
) -> Refused<Vec<(String, &'static str)>> {
    if let Some(list) = env.get("COMPOSE_FILE") {
        let separator = env.get("COMPOSE_PATH_SEPARATOR").filter(|text| !text.is_empty()).map_or(":", String::as_str);
        let mut files = Vec::new();
        for entry in list.split(separator) {
            let path = absolute(entry);
            if folder.text(&path).is_none() {
                let why = if folder.is_dir(&path) {
                    format!("{path} is a directory")
                } else {
                    format!("stat {path}: no such file or directory")
                };
                let entry = quoted(entry);
                let words = format!("compose file {entry} set by COMPOSE_FILE environment variable is invalid: {why}");
                return refuse("file", &nowhere(), words);
            }
            files.push((path, " set by COMPOSE_FILE environment variable"));
        }
        return Ok(files);
    }
    let mut dir = dir.to_owned();
    loop {
        let find = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| folder::join(&dir, name)).filter(|path| folder.text(path).is_some()).collect()
        };
        if let Some(first) = find(&FILE_NAMES).into_iter().next() {
            let over = find(&OVERRIDE_NAMES).into_iter().next();
            return Ok([first]
                .into_iter()
                .chain(over)
                .map(|file| (file, " found by default file discovery"))
                .collect());
        }
        let parent = folder::dir(&dir);
        if parent == dir {
            return Ok(Vec::new());
        }
        dir = parent;
    }
}

/// Source: cli/options.go, prepare and withNamePrecedenceLoad; loader/loader.go, projectName.
fn project_name(
    folder: &Folder,
    request: &Request,
    files: &[String],
    dir: &str,
    env: &Env,
    warnings: &mut Vec<Problem>,
) -> Refused<String> {
    let given = request.name.clone().filter(|name| !name.is_empty());
    let written: Vec<Written> = files.iter().filter_map(|file| Some(Written::new(file, &folder.text(file)?))).collect();
    let mut named = false;
    if given.is_none() {
        for file in &written {
            named = file.named()?;
            if named {
                break;
            }
        }
    }
    if let Some(name) = given.or_else(|| env.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty()).cloned()) {
        check_name(&name)?;
        return Ok(name);
    }
    let from_dir = if named { String::new() } else { normal_name(folder::base(dir)) };
    let Some((name, place)) = written.iter().filter_map(Written::name).next_back() else { return Ok(from_dir) };
    let mut name = name.to_string();
    if !request.no_interpolate {
        let only = Members::from([("name".into(), Tree { place, data: Data::Str(name.into()) })]);
        let filled = interpolate(only, env, warnings)?;
        name = filled.get("name").map(Tree::go_text).unwrap_or_default();
    }
    let name = if request.no_normalize { name } else { normal_name(&name) };
    Ok(if name.is_empty() { from_dir } else { name })
}

/// The merged model, completed; with it what plain Compose will not do.
fn model(
    folder: &Folder,
    request: &Request,
    found: Found,
    tell: bool,
    warnings: &mut Vec<Problem>,
) -> Refused<(Members, Found)> {
    let home = request.env.get("HOME").cloned();
    let mut models = Models::new(folder, !request.no_interpolate, home);
    (models.as_written, models.unchecked) = (request.no_path_resolution, request.no_validation);
    let model = models.load(&found.files, &found.working_dir, &found.env);
    warnings.append(&mut models.warnings);
    let mut model = model?;
    if model.is_empty() {
        return refuse("empty", &nowhere(), "empty compose file");
    }
    if found.name.is_empty() {
        return refuse("name", &nowhere(), "project name must not be empty");
    }
    if tell {
        warnings.extend(swarm::ignored(&model).into_iter().map(|(words, place)| warning("ignored", &place, words)));
    }
    if !request.no_normalize {
        model.insert("name".into(), found.name.as_str().into());
        normalize(&mut model, &found.env, &found.name)?;
    }
    Ok((model, found))
}

fn bound(folder: &Folder, request: &Request, found: Found, warnings: &mut Vec<Problem>) -> Refused<Project> {
    let (mut model, found) = model(folder, request, found, true, warnings)?;
    model.remove("name");
    let mut model = decode::project(model, warnings)?;
    let mut take = |key: &str| match model.remove(key).map(|tree| tree.data) {
        Some(Data::Map(members)) => members,
        _ => Members::new(),
    };
    let mut project = Project {
        name: found.name,
        working_dir: found.working_dir,
        files: found.files,
        services: take("services"),
        jobs: take("jobs"),
        networks: take("networks"),
        volumes: take("volumes"),
        secrets: take("secrets"),
        configs: take("configs"),
        models: take("models"),
        extensions: take(decode::EXTENSIONS),
        ..Project::default()
    };
    let default = found.env.get("COMPOSE_PROFILES").map(String::as_str).unwrap_or_default();
    let profiles = match request.profiles.as_slice() {
        [] => default.split(',').map(|profile| profile.trim().to_owned()).collect(),
        some => some.to_vec(),
    };
    project.env = found.env;
    project.with_profiles(profiles);
    if !request.no_consistency {
        super::consistency::check(&project)?;
    }
    if !request.no_env_resolution {
        project.resolve_env_files(folder, warnings)?;
    }
    project.resolve_label_files(folder, warnings)?;
    project.enable(&request.services);
    project.select(&request.services, true)?;
    if !request.no_env_resolution {
        // Services that were turned on by name have not been looked at yet.
        project.resolve_env_files(folder, warnings)?;
    }
    if !request.all_resources {
        project.drop_unused();
    }
    Ok(project)
}

impl Project {
    /// The service of that name, if it is on.
    pub fn service(&self, name: &str) -> Option<&Tree> {
        self.services.get(name)
    }

    /// Turns services on and off by the profiles that are on. Source: types/project.go, WithProfiles.
    pub fn with_profiles(&mut self, profiles: Vec<String>) {
        let on = |tree: &Tree| {
            let declared = tree.list_at(&["profiles"]);
            let named = |profile: &String| declared.iter().any(|own| own.as_str() == Some(profile));
            declared.is_empty() || profiles.iter().any(|profile| profile == "*" || named(profile))
        };
        for (enabled, disabled) in [(&mut self.services, &mut self.disabled), (&mut self.jobs, &mut self.disabled_jobs)]
        {
            let mut all = std::mem::take(enabled);
            all.append(disabled);
            (*enabled, *disabled) = all.into_iter().partition(|(_, tree)| on(tree));
        }
        self.profiles = profiles;
    }

    /// Turns the profiles of named services on. Source: WithServicesEnabled.
    pub fn enable(&mut self, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let mut profiles = self.profiles.clone();
        for service in names.iter().filter_map(|name| self.disabled.get(name.as_str())) {
            profiles.extend(service.list_at(&["profiles"]).iter().filter_map(Tree::as_str).map(str::to_owned));
        }
        self.with_profiles(profiles);
    }

    /// Keeps named services and, if wanted, what they depend on. Source: WithSelectedServices.
    pub fn select(&mut self, names: &[String], with_dependencies: bool) -> Refused<()> {
        if names.is_empty() {
            return Ok(());
        }
        let mut kept: BTreeSet<Rc<str>> = BTreeSet::new();
        let mut open: Vec<(Rc<str>, bool)> = names.iter().rev().map(|name| (name.as_str().into(), true)).collect();
        while let Some((name, required)) = open.pop() {
            let Some(service) = self.services.get(&name) else {
                if required {
                    return Err(refusal("no_service", &nowhere(), format!("no such service: {name}")));
                }
                continue;
            };
            if kept.insert(name.clone()) && with_dependencies {
                let needs = service.members_at(&["depends_on"]);
                open.extend(needs.map(|(name, how)| (name.clone(), how.bool_at(&["required"]) == Some(true))));
            }
        }
        let all = std::mem::take(&mut self.services);
        for (name, mut service) in all {
            if !kept.contains(&name) {
                self.disabled.insert(name, service);
                continue;
            }
            if let Some(service) = service.as_map_mut() {
                let needs = service.get_mut("depends_on").and_then(Tree::as_map_mut);
                let none_left = needs.is_some_and(|needs| {
                    needs.retain(|name, _| kept.contains(name));
                    needs.is_empty()
                });
                if none_left {
                    service.remove("depends_on");
                }
            }
            self.services.insert(name, service);
        }
        Ok(())
    }

    /// Drops what no service uses. Source: WithoutUnnecessaryResources.
    pub fn drop_unused(&mut self) {
        let mut used: BTreeSet<(&str, String)> = BTreeSet::new();
        for service in self.services.values() {
            used.extend(service.members_at(&["networks"]).map(|(key, _)| ("networks", key.to_string())));
            used.extend(service.members_at(&["models"]).map(|(key, _)| ("models", key.to_string())));
            let volumes = service.list_at(&["volumes"]).iter().filter(|v| v.str_at(&["type"]) == Some("volume"));
            let sources = |kind: &'static str, items: &[Tree]| -> Vec<(&'static str, String)> {
                let texts = items.iter().filter_map(|item| item.str_at(&["source"]));
                texts.map(|source| (kind, source.to_owned())).collect()
            };
            used.extend(volumes.filter_map(|v| v.str_at(&["source"])).map(|source| ("volumes", source.to_owned())));
            used.extend(sources("secrets", service.list_at(&["secrets"])));
            used.extend(sources("secrets", service.list_at(&["build", "secrets"])));
            used.extend(sources("configs", service.list_at(&["configs"])));
        }
        let keep = |kind: &'static str, members: &mut Members| {
            members.retain(|key, _| used.contains(&(kind, key.to_string())));
        };
        keep("networks", &mut self.networks);
        keep("volumes", &mut self.volumes);
        keep("secrets", &mut self.secrets);
        keep("configs", &mut self.configs);
        keep("models", &mut self.models);
    }

    /// Reads the files of variables that services name into their environments.
    /// Source: WithServicesEnvironmentResolved with the files discarded.
    pub fn resolve_env_files(&mut self, folder: &Folder, warnings: &mut Vec<Problem>) -> Refused<()> {
        for service in self.services.values_mut() {
            let place = service.place.clone();
            let files = service.list_at(&["env_file"]).to_vec();
            let Some(service) = service.as_map_mut() else { continue };
            service.remove("env_file");
            let mut own = match service.remove("environment") {
                Some(Tree { data: Data::Map(members), .. }) => members,
                _ => Members::new(),
            };
            for (key, value) in own.iter_mut().filter(|(_, value)| value.is_null()) {
                if let Some(found) = self.env.get(&**key) {
                    value.data = Data::Str(found.as_str().into());
                }
            }
            let texts = own.iter().filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned())));
            let around: Env = texts.collect();
            let mut out = around.clone();
            for file in &files {
                env_file(folder, file, &self.env, &around, &mut out, warnings)?;
            }
            for (key, value) in out {
                own.entry(key.as_str().into()).or_insert_with(|| Tree::from(value).at_place(&place));
            }
            if !own.is_empty() {
                service.insert("environment".into(), own.into());
            }
        }
        Ok(())
    }

    /// Reads the files of labels that services name. Source: WithServicesLabelsResolved.
    pub fn resolve_label_files(&mut self, folder: &Folder, warnings: &mut Vec<Problem>) -> Refused<()> {
        for service in self.services.values_mut() {
            let files = service.list_at(&["label_file"]).to_vec();
            let Some(service) = service.as_map_mut().filter(|_| !files.is_empty()) else { continue };
            let mut labels = Env::new();
            for file in &files {
                let path = file.as_str().unwrap_or_default();
                let Some(text) = folder.text(path) else {
                    let words = format!("label file {path} not found: stat {path}: no such file or directory");
                    return refuse("label_file", &file.place, words);
                };
                let (so_far, mut unset) = (labels.clone(), Vec::new());
                let read = dotenv::read(&text, &mut labels, &|name: &str| so_far.get(name).cloned(), &mut unset);
                warn_unset(unset, &file.place, warnings);
                read.or_else(|words| refuse("label_file", &file.place, format!("failed to read {path}: {words}")))?;
            }
            let own = service.entry("labels".into()).or_insert_with(|| Members::new().into());
            if let Some(own) = own.as_map_mut() {
                for (key, value) in labels {
                    own.entry(key.as_str().into()).or_insert_with(|| value.into());
                }
            }
        }
        Ok(())
    }

    /// Two services may not give one name to their containers. Source: CheckContainerNameUnicity.
    pub fn check_container_names(&self) -> Refused<()> {
        let mut taken = BTreeSet::new();
        for (name, service) in &self.services {
            let Some(own) = service.get("container_name") else { continue };
            if !taken.insert(own.go_text()) {
                let own_name = quoted(&own.go_text());
                let words = format!("services.{name}: container name {own_name} is already in use by service {{}}\"");
                return refuse("container_name", &own.place, words);
            }
        }
        Ok(())
    }
}

fn env_file(
    folder: &Folder,
    file: &Tree,
    env: &Env,
    around: &Env,
    out: &mut Env,
    warnings: &mut Vec<Problem>,
) -> Refused<()> {
    let path = file.str_at(&["path"]).unwrap_or_default();
    let Some(text) = folder.text(path) else {
        if file.bool_at(&["required"]) == Some(false) {
            return Ok(());
        }
        let words = format!("env file {path} not found: stat {path}: no such file or directory");
        return refuse("env_file", &file.place, words);
    };
    let lookup = |name: &str| env.get(name).or_else(|| around.get(name)).cloned();
    let mut unset = Vec::new();
    let read = match file.str_at(&["format"]).unwrap_or_default() {
        "" | ".env" => {
            dotenv::read(&text, out, &lookup, &mut unset).map_err(|words| format!("failed to read {path}: {words}"))
        }
        "raw" => {
            dotenv::read_raw(&text, out, &lookup).map_err(|words| format!("failed to parse env_file {path}: {words}"))
        }
        other => Err(format!("unsupported env_file format {}", quoted(other))),
    };
    warn_unset(unset, &file.place, warnings);
    read.or_else(|words| refuse("env_file", &file.place, words))
}
