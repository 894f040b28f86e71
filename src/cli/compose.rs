//! `orchestrion shell` and `orchestrion run` for Compose files: a Docker host and lines typed before it.

use super::Outcome;
use crate::compose::engine::Power;
use crate::compose::files::FILE_NAMES;
use crate::compose::files::folder::{base, dir};
use crate::compose::project::{Line, OUT, go_span};
use crate::console::compose::Desk;
use crate::scenario::TextFile;
use crate::sim::{Span, Time};
use crate::text::yaml;
use std::fmt::Write as _;
use std::io::{BufRead, Write as _};

/// Ours: how long a line may take in virtual time.
const PATIENCE: Span = Span::secs(3_600);
/// Ours: how long a run is when nobody says.
const DEFAULT_LENGTH: Span = Span::secs(120);

/// Whether files are those of Compose: the first one has services at its top and is no Kubernetes object.
pub fn is_compose(files: &[TextFile]) -> bool {
    files.first().is_some_and(|file| {
        let (documents, _) = yaml::read(&file.name, &file.text);
        let value = documents.first().map(|d| d.node.to_value()).unwrap_or_default();
        value.get("services").is_some() && value.get("kind").is_none()
    })
}

/// A desk in the folder of the first file, with all that lies there. The project is named after that folder, as ever.
fn desk(paths: &[String], seed: u64) -> Result<Desk, Outcome> {
    let (folder, cwd) = super::folder::around(paths).map_err(Outcome::usage)?;
    let first = paths.first().map(|path| super::folder::absolute(&cwd, path)).unwrap_or_default();
    let home = dir(&first);
    let mut desk = Desk::new(seed, &home);
    for (path, text) in folder.iter() {
        if let Some(inside) = path.strip_prefix(&*home).and_then(|rest| rest.strip_prefix('/')) {
            desk.files.insert(inside.into(), text.clone());
        }
    }
    // A file of another name is taken as the project's.
    if let Some(text) = folder.text(&first).filter(|_| !FILE_NAMES.contains(&base(&first))) {
        desk.files.insert(FILE_NAMES[0].into(), text);
    }
    Ok(desk)
}

/// `shell`: lines from standard input, answered as they come; `wait 30s` lets time pass, `engine restart`, `engine reboot` and
/// `engine crash` do that to the host.
pub fn shell(paths: &[String], seed: u64) -> Outcome {
    let mut desk = match desk(paths, seed) {
        Ok(desk) => desk,
        Err(outcome) => return outcome,
    };
    let mut outcome = Outcome::default();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let line = line.trim();
        if matches!(line, "exit" | "quit") {
            break;
        }
        if !line.is_empty() && !line.starts_with('#') {
            one_line(&mut desk, line, &mut outcome);
        }
    }
    outcome
}

fn one_line(desk: &mut Desk, line: &str, outcome: &mut Outcome) {
    if let Some(what) = line.strip_prefix("engine ") {
        let how = match what.trim() {
            "reboot" => Power::Rebooting,
            "crash" => Power::Crashed,
            _ => Power::Restarting,
        };
        desk.host.engine.power_cycle(how);
        let end = desk.host.now() + PATIENCE;
        while desk.host.engine.power != Power::On && desk.host.now() < end {
            let due = desk.next_due().unwrap_or(end);
            desk.run_until(due);
        }
        return;
    }
    if let Some(span) = line.strip_prefix("wait ").and_then(|t| go_span(t.trim())) {
        let t = desk.host.now() + span;
        return desk.run_until(t);
    }
    let code = carry_out(desk, line, &mut |line| {
        // A reader that has gone away is no reason to complain.
        let _ = match line.fd == OUT {
            true => writeln!(std::io::stdout(), "{}", line.text),
            false => writeln!(std::io::stderr(), "{}", line.text),
        };
    });
    if code != 0 {
        outcome.code = code.clamp(1, 255) as u8;
    }
}

/// Types a line and plays until it is over; its exit code.
fn carry_out(desk: &mut Desk, line: &str, say: &mut dyn FnMut(&Line)) -> i32 {
    let id = desk.type_line(line);
    let end = desk.host.now() + PATIENCE;
    loop {
        let (lines, code) = desk.take(id);
        lines.iter().for_each(&mut *say);
        if let Some(code) = code {
            return code;
        }
        match desk.next_due().filter(|due| *due <= end) {
            Some(due) => desk.run_until(due.max(desk.host.now())),
            None => desk.interrupt(id),
        }
    }
}

/// `run`: `docker compose up -d`, then time, then what came of it.
pub fn run(paths: &[String], seed: u64, length: Option<Span>) -> Outcome {
    let mut desk = match desk(paths, seed) {
        Ok(desk) => desk,
        Err(outcome) => return outcome,
    };
    let mut outcome = Outcome::default();
    let mut said = (String::new(), String::new());
    let code = carry_out(&mut desk, "docker compose up -d", &mut |line| {
        let to = if line.fd == OUT { &mut said.0 } else { &mut said.1 };
        let _ = writeln!(to, "{}", line.text);
    });
    outcome.err.push_str(&said.1);
    outcome.code = code.clamp(0, 255) as u8;
    let end = Time::ZERO + length.unwrap_or(DEFAULT_LENGTH);
    desk.run_until(end);
    let (now, events) = (desk.host.now(), desk.host.engine.events.len());
    let _ = writeln!(outcome.out, "at {}.{:03} s, {events} engine events", now.as_secs(), now.as_millis() % 1000);
    carry_out(&mut desk, "docker compose ps -a", &mut |line| {
        let _ = writeln!(outcome.out, "{}", line.text);
    });
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> TextFile {
        TextFile { name: name.into(), text: text.into() }
    }

    #[test]
    fn compose_files_are_known_and_run() {
        let shop = file("shop.yaml", "services:\n  web: {image: nginx}\n  job: {image: busybox, command: sleep 5}\n");
        assert!(is_compose(std::slice::from_ref(&shop)));
        assert!(!is_compose(&[file("pod.yaml", "kind: Pod\nservices: {}\n")]));
        let home = std::env::temp_dir().join(format!("shop-{}", std::process::id())).join("shop");
        std::fs::create_dir_all(&home).expect("a folder");
        let path = home.join("shop.yaml");
        std::fs::write(&path, &*shop.text).expect("a file");
        let outcome = run(&[path.display().to_string()], 1, Some(Span::secs(20)));
        assert_eq!(outcome.code, 0, "{}", outcome.err);
        assert!(outcome.out.contains("shop-web-1"), "{}", outcome.out);
        assert!(outcome.out.contains("Exited (0)"), "{}", outcome.out);
    }
}
