//! The command `orchestrion`: the engine without a page. The shapes of its output are stable.

pub mod check;
mod compose;
pub mod conformance;
pub mod convert;
mod duel;
mod folder;
mod junit;
mod run;
mod shell;

use std::fmt::Write;

/// What a command leaves behind: what it prints, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// For standard output.
    pub out: String,
    /// For standard error.
    pub err: String,
    /// Exit code: 0 all is well, 1 something was found, 2 the command was not understood.
    pub code: u8,
}

impl Outcome {
    /// The command was not understood or could not begin.
    pub fn usage(words: impl Into<String>) -> Self {
        Outcome { err: words.into() + "\n", code: 2, ..Outcome::default() }
    }
}

/// One command.
struct Verb {
    name: &'static str,
    usage: &'static str,
    run: fn(&[String]) -> Outcome,
}

/// Every command, in the order of the help text.
const VERBS: &[Verb] = &[
    Verb { name: "check", usage: "check FILE... [--format json]", run: check::run },
    Verb { name: "run", usage: run::USAGE, run: run::run },
    Verb { name: "shell", usage: shell::USAGE, run: shell::run },
    Verb { name: "duel", usage: duel::USAGE, run: duel::run },
    Verb { name: "convert", usage: convert::USAGE, run: convert::run },
    Verb {
        name: "conformance",
        usage: "conformance FAMILY FILE... [--only PREFIX] [--seed N] [--why] [--emit DIR [--planned]]",
        run: conformance::run,
    },
];

/// Runs a command line, without the program's name.
pub fn run(args: &[String]) -> Outcome {
    let verb = args.first().and_then(|name| VERBS.iter().find(|verb| verb.name == name));
    match (verb, args) {
        (Some(verb), [_, rest @ ..]) => (verb.run)(rest),
        (None, [help]) if help == "--help" || help == "help" => Outcome { out: help_text(), ..Outcome::default() },
        _ => Outcome::usage(help_text().trim_end()),
    }
}

fn help_text() -> String {
    let mut text = String::from("Usage:\n");
    for verb in VERBS {
        let _ = writeln!(text, "  orchestrion {}", verb.usage);
    }
    text
}

/// Runs the process's own command line, prints, and gives the exit code.
pub fn main() -> std::process::ExitCode {
    use std::io::Write;
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = run(&args);
    // A reader that has gone away (`| head`) is no reason to complain.
    let _ = std::io::stdout().write_all(outcome.out.as_bytes());
    let _ = std::io::stderr().write_all(outcome.err.as_bytes());
    outcome.code.into()
}

/// Takes `--name VALUE` out of the arguments. Without a value the name stays, and is refused where files are expected.
fn take_option(args: &mut Vec<String>, name: &str) -> Option<String> {
    let at = args.iter().position(|arg| arg == name).filter(|at| at + 1 < args.len())?;
    args.remove(at);
    Some(args.remove(at))
}

/// Takes the switch `--name` out of the arguments; whether it was there.
fn take_switch(args: &mut Vec<String>, name: &str) -> bool {
    let at = args.iter().position(|arg| arg == name);
    at.map(|at| args.remove(at)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_commands_get_the_usage() {
        let outcome = run(&["nonsense".into()]);
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
        assert!(outcome.err.starts_with("Usage:"));
        assert_eq!(run(&["help".into()]).code, 0);
    }
}
