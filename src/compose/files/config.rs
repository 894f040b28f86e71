//! `docker compose config`: what a project comes to, printed.
//! Source: docker/compose v5.6.0 cmd/compose/config.go.

use super::folder::Folder;
use super::notes::Refused;
use super::project::{Project, Request, load, load_model};
use super::tree::Tree;
use super::{hash, variables, write};
use crate::text::{Problem, go};
use std::collections::BTreeSet;

/// What the command shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// The whole project.
    #[default]
    All,
    /// `--services`
    Services,
    /// `--volumes`
    Volumes,
    /// `--networks`
    Networks,
    /// `--models`
    Models,
    /// `--profiles`
    Profiles,
    /// `--images`
    Images,
    /// `--variables`
    Variables,
    /// `--environment`
    Environment,
    /// `--hash`, with the services that it names.
    Hash(String),
}

/// The options of the command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `--format`
    pub format: String,
    /// `--quiet`
    pub quiet: bool,
    /// What is shown.
    pub show: Show,
}

/// Reads a command line behind `docker compose`: what belongs to all commands goes to `request`.
pub fn parse(args: &[&str], request: &mut Request) -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = args.iter().flat_map(|arg| match arg.split_once('=') {
        Some((name, value)) if name.starts_with("--") => vec![name, value],
        _ => vec![*arg],
    });
    while let Some(arg) = args.next() {
        let mut value = || args.next().map(str::to_owned).ok_or_else(|| format!("flag needs an argument: {arg}"));
        match arg {
            "config" => {}
            "-f" | "--file" => request.files.push(value()?),
            "-p" | "--project-name" => request.name = Some(value()?),
            "--project-directory" | "--workdir" => request.directory = Some(value()?),
            "--profile" => request.profiles.push(value()?),
            "--env-file" => request.env_files.push(value()?),
            "--all-resources" => request.all_resources = true,
            "--no-interpolate" => request.no_interpolate = true,
            "--no-normalize" | "--compatibility" => request.no_normalize = true,
            "--no-consistency" => request.no_consistency = true,
            "--no-env-resolution" => request.no_env_resolution = true,
            "--no-path-resolution" => request.no_path_resolution = true,
            "--format" => options.format = value()?,
            "-q" | "--quiet" => options.quiet = true,
            "--services" => options.show = Show::Services,
            "--volumes" => options.show = Show::Volumes,
            "--networks" => options.show = Show::Networks,
            "--models" => options.show = Show::Models,
            "--profiles" => options.show = Show::Profiles,
            "--images" => options.show = Show::Images,
            "--variables" => options.show = Show::Variables,
            "--environment" => options.show = Show::Environment,
            "--hash" => options.show = Show::Hash(value()?),
            flag if flag.starts_with('-') => return Err(format!("unknown flag: {flag}")),
            service => request.services.push(service.to_owned()),
        }
    }
    Ok(options)
}

/// What the command leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// For standard output.
    pub out: String,
    /// What was said on the way.
    pub warnings: Vec<Problem>,
    /// Why it failed.
    pub refused: Option<Problem>,
}

/// Runs the command.
pub fn run(folder: &Folder, request: &Request, options: &Options) -> Printed {
    let mut warnings = Vec::new();
    let out = match print(folder, request, options, &mut warnings) {
        Ok(out) => out,
        Err(refused) => return Printed { out: String::new(), warnings, refused: Some(*refused) },
    };
    // Only what goes to the process's own standard output is silenced.
    let silent = options.quiet && matches!(options.show, Show::All | Show::Environment);
    Printed { out: if silent { String::new() } else { out }, warnings, refused: None }
}

fn print(folder: &Folder, request: &Request, options: &Options, warnings: &mut Vec<Problem>) -> Refused<String> {
    if options.show == Show::Variables {
        return variables_of(folder, request, options, warnings);
    }
    let json = match options.format.as_str() {
        _ if options.show != Show::All => false,
        "" | "yaml" => false,
        "json" => true,
        other => {
            let words = format!("unsupported format {}", go::quoted(other));
            return super::notes::refuse("format", &super::Place::default(), words);
        }
    };
    if request.no_interpolate && matches!(options.show, Show::All | Show::Services) {
        let (model, said) = load_model(folder, request);
        warnings.extend(said);
        let model = model?;
        if options.show == Show::Services {
            let names = model.get("services").and_then(Tree::as_map).into_iter().flat_map(|all| all.keys());
            return Ok(lines(names));
        }
        return Ok(if json { write::model_json(&model) } else { write::model_yaml(&model) });
    }
    let bare = !matches!(options.show, Show::All | Show::Profiles | Show::Images | Show::Environment);
    let services = if bare { Vec::new() } else { request.services.clone() };
    let request = Request { no_env_resolution: request.no_env_resolution || bare, services, ..request.clone() };
    let (project, said) = load(folder, &request);
    warnings.extend(said);
    let mut project = project?;
    match &options.show {
        Show::All => {
            if !request.no_consistency {
                project.check_container_names()?;
            }
            if json {
                no_key_paths(&project)?;
            }
            let text = if json { write::json(&project) } else { write::yaml(&project) };
            Ok(text.replace('$', "$$"))
        }
        Show::Hash(names) => hashes(folder, &mut project, names, warnings),
        show => Ok(listed(&project, show)),
    }
}

/// The real tool cannot write keys of builds that have a path as JSON. Source: types/ssh.go, MarshalJSON.
fn no_key_paths(project: &Project) -> Refused<()> {
    let keys = project.services.values().flat_map(|service| service.list_at(&["build", "ssh"]));
    match keys.into_iter().find(|key| key.as_str().is_some_and(|text| text.contains(": "))) {
        Some(key) => {
            let words =
                "json: error calling MarshalJSON for type types.SSHKey: invalid character ':' after top-level value";
            super::notes::refuse("ssh", &key.place, words)
        }
        None => Ok(()),
    }
}

fn listed(project: &Project, show: &Show) -> String {
    match show {
        Show::Services => in_order(project),
        Show::Volumes => lines(project.volumes.keys()),
        Show::Networks => lines(project.networks.keys()),
        Show::Models => lines(project.models.values().filter_map(|model| model.str_at(&["model"]))),
        Show::Profiles => {
            let all = project.services.values().chain(project.disabled.values());
            let profiles: BTreeSet<&str> =
                all.flat_map(|service| service.list_at(&["profiles"])).filter_map(Tree::as_str).collect();
            lines(profiles)
        }
        Show::Images => {
            lines(project.services.iter().chain(&project.jobs).flat_map(|(name, of)| images(project, name, of)))
        }
        Show::Environment => lines(project.env.iter().map(|(key, value)| format!("{key}={value}"))),
        Show::All | Show::Hash(_) | Show::Variables => String::new(),
    }
}

/// The image of a service or job, and those of what runs before it. Source: pkg/api/api.go, GetDependentImages.
fn images(project: &Project, name: &str, of: &Tree) -> Vec<String> {
    let own = of.str_at(&["image"]).map_or_else(|| format!("{}-{name}", project.name), str::to_owned);
    let hooks = of.list_at(&["pre_start"]).iter().filter_map(|hook| hook.str_at(&["image"]));
    let others: Vec<String> = hooks.filter(|image| !image.is_empty() && *image != own).map(str::to_owned).collect();
    std::iter::once(own).chain(others).collect()
}

/// Source: runVariables: the model is not filled in, and not held against the schema.
fn variables_of(folder: &Folder, request: &Request, options: &Options, warnings: &mut Vec<Problem>) -> Refused<String> {
    if !request.services.is_empty() {
        let words = "service filtering is not applied when --variables is set, variables from the full model will be \
                     rendered";
        warnings.push(super::notes::warning("filtering", &super::Place::default(), words));
    }
    let request = Request { no_interpolate: true, no_validation: true, ..request.clone() };
    let (model, said) = load_model(folder, &request);
    warnings.extend(said);
    let variables = variables::of_model(&model?);
    match options.format.to_lowercase().as_str() {
        "" | "table" | "pretty" => {
            let cells = |name: &str, v: &variables::Variable| {
                [name.to_owned(), v.required.to_string(), v.default.clone(), v.presence.clone()]
            };
            let title = ["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"].map(str::to_owned);
            let rows = std::iter::once(title).chain(variables.iter().map(|(name, v)| cells(name, v)));
            Ok(columns(&rows.collect::<Vec<_>>()))
        }
        "yaml" => Ok(write::variables_yaml(&variables)),
        "json" => Ok(write::variables_json(&variables)),
        _ => {
            let words = format!("format value {} could not be parsed: parsing failed", go::quoted(&options.format));
            super::notes::refuse("format", &super::Place::default(), words)
        }
    }
}

/// Rows in columns of at least twenty letters. Source: cmd/formatter/pretty.go, PrintPrettySection.
fn columns(rows: &[[String; 4]]) -> String {
    let widest = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..3).map(|at| (widest(at) + 3).max(20)).collect();
    let pad = |cell: &str, width: usize| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count())));
    let line = |row: &[String; 4]| {
        let cells: String = widths.iter().zip(row).map(|(width, cell)| pad(cell, *width)).collect();
        format!("{cells}{}\n", row[3])
    };
    rows.iter().map(line).collect()
}

fn hashes(folder: &Folder, project: &mut Project, names: &str, warnings: &mut Vec<Problem>) -> Refused<String> {
    if names != "*" {
        let names: Vec<String> = names.split(',').map(str::to_owned).collect();
        project.select(&names, false)?;
    }
    project.resolve_env_files(folder, warnings)?;
    Ok(lines(project.services.iter().map(|(name, service)| format!("{name} {}", hash::service(service)))))
}

/// Services, each behind those that it depends on. Source: types/project.go, ForEachService.
fn in_order(project: &Project) -> String {
    fn visit<'a>(project: &'a Project, name: &'a str, seen: &mut BTreeSet<&'a str>, out: &mut Vec<&'a str>) {
        let Some(service) = project.services.get(name) else { return };
        if !seen.insert(name) {
            return;
        }
        for (needed, _) in service.members_at(&["depends_on"]) {
            visit(project, needed, seen, out);
        }
        out.push(name);
    }
    let (mut seen, mut out) = (BTreeSet::new(), Vec::new());
    for name in project.services.keys() {
        visit(project, name, &mut seen, &mut out);
    }
    lines(out)
}

fn lines(items: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    items.into_iter().map(|item| format!("{item}\n")).collect()
}
