//! From a container back to the line of a compose file.

use super::super::run::Run;
use super::check;
use super::rows::home;
use crate::compose::engine::Container;
use crate::compose::files::{self, Folder, Request};
use crate::compose::project::observed;

/// A file's line: (file, line, column).
pub(super) type Line = (String, u32, u32);

/// The line of a key of a service, else of the service itself; in the last file that has it.
pub(super) fn of_service(run: &Run, c: &Container, key: &str) -> Option<Line> {
    let (_, service) = home(c);
    let wanted = if key.is_empty() { format!("services.{service}") } else { format!("services.{service}.{key}") };
    let mut found = None;
    for path in c.spec.label(observed::FILES).split(',').filter(|_| !service.is_empty()) {
        let name = path.strip_prefix(run.folder()).and_then(|p| p.strip_prefix('/')).unwrap_or(path);
        let Some(text) = run.seat_files().get(name) else { continue };
        let keys = files::classes(name, text, &[]);
        let at = keys.iter().find(|k| k.path == wanted).map(|k| (name.to_string(), k.at.line, k.at.col));
        found = at.or(found);
    }
    match found {
        None if !key.is_empty() => of_service(run, c, ""),
        found => found,
    }
}

/// What reads a container's project again.
pub(super) fn request_of(run: &Run, c: &Container, project: &str) -> Request {
    let files = c.spec.label(observed::FILES).split(',').filter(|f| !f.is_empty()).map(str::to_string).collect();
    Request { files, name: Some(project.into()), ..check::request(run.folder()) }
}

/// The files of the seat by full path.
pub(super) fn folder_of(run: &Run) -> Folder {
    let mut all = Folder::new();
    for (name, text) in run.seat_files() {
        all.put(&files::folder::join(run.folder(), name), text.clone());
    }
    all
}

/// The key of a service that decides what happened, by the reason's name.
pub(super) fn key_of(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "docker.made" => "",
        "docker.restarts" | "docker.stays_down" => "restart",
        "docker.healthy" | "docker.unhealthy" => "healthcheck",
        "docker.not_started" => "ports",
        "docker.out_of_memory" => "mem_limit",
        "docker.grace_over" => "stop_grace_period",
        _ => return None,
    })
}
