//! `orchestrion duel`: one application in both houses, under one load and one timeline of faults; prints what differed. Where
//! no manifests are named, those that `orchestrion convert` makes of the Compose file are used.

use super::run::{DEFAULT_LENGTH, judge, open, play, start, take_asserts, take_length, take_seed, take_up};
use super::{Outcome, convert, take_option};
use crate::compose::files::Request;
use crate::compose::files::is_compose;
use crate::duel::text;
use crate::scenario::{Scenario, TextFile, default_nodes};
use crate::sim::Time;
use crate::text::json;

/// How it is called.
pub const USAGE: &str = "duel COMPOSE [MANIFEST...] [--scenario FILE] [--for 10m] [--seed N] [--assert 'EXPR']... [--format json] \
                         [--lang de]";

/// Carries it out.
pub fn run(args: &[String]) -> Outcome {
    match try_run(args.to_vec()) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn try_run(mut args: Vec<String>) -> Result<Outcome, Outcome> {
    let length = take_length(&mut args)?;
    let seed = take_seed(&mut args)?;
    let language = take_option(&mut args, "--lang").unwrap_or_default();
    let json = match take_option(&mut args, "--format").as_deref() {
        None | Some("text") => false,
        Some("json") => true,
        Some(other) => return Err(Outcome::usage(format!("no format {other}: text or json"))),
    };
    let mut asked = take_asserts(&mut args)?;
    let script = take_option(&mut args, "--scenario");
    if args.is_empty() || args.iter().any(|arg| arg.starts_with("--")) {
        return Err(Outcome::usage(USAGE));
    }
    let mut outcome = Outcome::default();
    let compose = args[..1].to_vec();
    args.extend(script);
    let mut scenario = open(&args, seed, &mut outcome)?;
    beside(&mut scenario, &compose, &mut outcome)?;
    let end = Time::ZERO + length.or(scenario.until).unwrap_or(DEFAULT_LENGTH);
    // What the console says is no part of the report.
    let mut said = Outcome::default();
    let mut run = start(&scenario, &mut said);
    play(&mut run, end, &mut asked);
    take_up(&mut run, &mut said);
    if said.code != 0 {
        outcome.err += &said.err;
        outcome.code = said.code;
    }
    let report = run.duel();
    outcome.out += &match json {
        true => json::write(&report.to_value(), json::Style { indent: 2, ..json::Style::IN_ORDER }) + "\n",
        false => text(&report, &language),
    };
    let mut verdicts = Outcome::default();
    judge(&asked, &mut verdicts);
    outcome.code = outcome.code.max(verdicts.code);
    if json {
        outcome.err += &verdicts.out
    } else {
        outcome.out += &verdicts.out
    }
    Ok(outcome)
}

/// Puts the other house beside a Compose project: the manifests that are named, or those it converts to.
fn beside(scenario: &mut Scenario, compose: &[String], outcome: &mut Outcome) -> Result<(), Outcome> {
    if !scenario.files.iter().any(|file| is_compose(&file.name, &file.text)) {
        return Err(Outcome::usage(format!("{}: no Compose file", compose.join(" "))));
    }
    if scenario.manifests().is_empty() {
        let request = Request { files: compose.to_vec(), ..Request::default() };
        let (_, converted, warnings) = convert::converted(request)?;
        outcome.err += &warnings;
        scenario.files.push(TextFile { name: "converted.yaml".into(), text: converted.text().into() });
    }
    if scenario.nodes.is_empty() {
        scenario.nodes = default_nodes();
        scenario.metrics = true;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compose_file_alone_fights_against_its_own_conversion() {
        let home = std::env::temp_dir().join(format!("duel-{}", std::process::id()));
        std::fs::create_dir_all(&home).expect("a folder");
        let path = |name: &str| home.join(name).display().to_string();
        let compose = "services:\n  web:\n    image: nginx\n    ports: ['8080:80']\n    restart: always\n";
        std::fs::write(path("compose.yaml"), compose).expect("a file");
        let script = "load: [{to: app/web, constant: 20, at: 20s}]\ninputs: [{at: 60s, fault: crash, on: app/web}]\n";
        std::fs::write(path("x.scenario.yaml"), script).expect("a file");
        let call = |more: &[&str]| {
            let own = [path("compose.yaml"), "--scenario".into(), path("x.scenario.yaml"), "--for".into(), "2m".into()];
            run(&own.into_iter().chain(more.iter().map(|word| word.to_string())).collect::<Vec<_>>())
        };
        let good = "compose availability > 90% and cluster availability > 90% and compose/web restarts == 1";
        let text = call(&["--assert", good]);
        assert_eq!(text.code, 0, "{} {}", text.out, text.err);
        assert!(text.out.contains("restart policy always") && text.out.contains("[docker.restarts]"), "{}", text.out);
        assert!(call(&["--lang", "de"]).out.contains("Verfügbarkeit"));
        let tree = call(&["--format", "json", "--assert", "compose failed == 0"]);
        assert_eq!(tree.code, 1);
        let tree = json::parse(&tree.out).expect("JSON");
        for house in ["compose", "kubernetes"] {
            assert_eq!(tree.int_at(&[house, "restarts"]), Some(1), "{house}");
        }
        assert_eq!(run(&[path("x.scenario.yaml")]).code, 2);
    }
}
