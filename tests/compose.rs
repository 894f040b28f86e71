//! Compose files against the real tool: recorded runs of `docker compose config` (`config.jsonl`), runs of compose-go v2.16.1
//! with the same options (`more.jsonl`), runs of the client itself (`client.jsonl`), and whatever recordings the environment names.

use orchestrion::cli::conformance::{Report, compose_config};
use orchestrion::compose::Host;
use orchestrion::compose::files::{Env, Folder, Request, classes, config, load};
use orchestrion::console::compose::Table;
use orchestrion::sim::Span;
use orchestrion::text::{Value, json};
use proptest::prelude::*;
use std::path::PathBuf;

fn data(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "data", "compose", name].iter().collect();
    std::fs::read_to_string(&path).expect("a file of cases")
}

#[track_caller]
fn all_agree(text: &str, least: usize) {
    let mut report = Report::default();
    compose_config::add(text, None, &mut report);
    assert_eq!(report.failed.first(), None);
    assert!(report.passed >= least, "{} cases, at least {least} expected", report.passed);
}

#[test]
fn recorded_runs_agree() {
    all_agree(&data("config.jsonl"), 157);
}

#[test]
fn further_runs_agree() {
    all_agree(&data("more.jsonl"), 316);
}

#[test]
fn runs_of_the_client_agree() {
    all_agree(&data("client.jsonl"), 346);
}

/// Public files, where the environment names them: (folder, name, text, whether the real tool took it).
fn public_files() -> Vec<(String, String, String, bool)> {
    let Some(folder) = std::env::var_os("ORACLE_DIR") else { return Vec::new() };
    let file = PathBuf::from(folder).join("compose/config/public.jsonl");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let one = |row: Value| {
        let text = |key: &str| row.str_at(&[key]).map(str::to_owned);
        let name = text("path")?.rsplit('/').next()?.to_owned();
        let taken = row.list_at(&["runs"]).first()?.int_at(&["rc"]) == Some(0);
        Some((text("dir")?, name, text("file")?, taken))
    };
    text.lines().filter_map(|line| one(json::parse(line).ok()?)).collect()
}

/// Brings a file up on a Docker host, looks, and takes it down: whatever it says, each line ends.
fn up_and_down(dir: &str, name: &str, text: &str) {
    let (mut host, mut table) = (Host::new(1), Table::new(dir));
    table.files.insert(name.to_owned(), text.into());
    for verb in ["up -d --wait --wait-timeout 30", "ps -a", "restart -t 1", "logs --tail 1", "down -v -t 1"] {
        let mut desk = table.at(&mut host);
        let id = desk.type_line(&format!("docker compose -f '{name}' {verb}"));
        let soon = desk.host.now() + Span::secs(120);
        desk.run_until(soon);
        let over = !table.busy(id);
        assert!(over, "{dir}/{name}: {verb} is still under way");
        table.take(id);
    }
}

/// A file is taken or refused as the real tool did, for 97 of a hundred at least, and none stops the engine. Files that read
/// others which were not recorded are refused here.
#[test]
fn public_files_are_taken_or_refused_as_recorded_and_come_up() {
    let files = public_files();
    let (mut same, mut other) = (0, Vec::new());
    for (dir, name, text, taken) in &files {
        let mut folder = Folder::new();
        folder.put(&format!("{dir}/{name}"), text.as_str());
        let env = Env::from([("HOME".into(), "/root".into())]);
        let request = Request { cwd: dir.clone(), env, files: vec![name.clone()], ..Request::default() };
        let printed = config::run(&folder, &request, &config::Options::default());
        let words = printed.refused.map(|refused| refused.message);
        let lacking =
            words.as_deref().is_some_and(|words| words.contains("no such file") || words.contains("not found"));
        match words.is_none() == *taken {
            true => same += 1,
            false if lacking => {}
            false => other.push((format!("{dir}/{name}"), words)),
        }
        up_and_down(dir, name, text);
    }
    let all = same + other.len();
    assert!(same * 100 >= all * 97, "{same} of {all}: {other:?}");
}

/// Half-typed files: the recorded ones, cut off at many places, with what a person types next.
#[test]
fn half_typed_files_get_an_answer() {
    let cases = data("config.jsonl");
    let texts = cases.lines().filter_map(|line| json::parse(line).ok());
    let mut bytes = 0;
    for (number, case) in texts.enumerate() {
        let files = case.get("files").and_then(Value::as_map);
        let Some(text) = files.and_then(|files| files.iter().next()).and_then(|(_, text)| text.as_str()) else {
            continue;
        };
        for (at, _) in text.char_indices().skip(number % 29).step_by(29) {
            for next in ["", "\n  ", ": {", " [\"", "${", "\n- &a *a", "\t", "\u{0}", "!!", "\n? "] {
                let mut folder = Folder::new();
                folder.put("/p/compose.yaml", format!("{}{next}", &text[..at]));
                let request = Request { cwd: "/p".into(), ..Request::default() };
                let printed = config::run(&folder, &request, &config::Options::default());
                assert!(printed.refused.is_none_or(|refused| !refused.message.is_empty()));
                bytes += at;
            }
        }
        up_and_down("/p", "compose.yaml", text);
    }
    assert!(bytes > 40_000, "{bytes}");
}

#[test]
fn public_files_agree() {
    let Some(folder) = std::env::var_os("ORACLE_DIR") else { return };
    let file = PathBuf::from(folder).join("compose/config/public.jsonl");
    let Ok(text) = std::fs::read_to_string(file) else { return };
    let mut report = Report::default();
    compose_config::add(&text, None, &mut report);
    let share = report.passed as f64 / (report.passed + report.failed.len()) as f64;
    assert!(share >= 0.97, "{} agree, {} do not: {:?}", report.passed, report.failed.len(), report.failed.first());
}

/// Lines that tests put together: some good, some bad.
const LINES: &[&str] = &[
    "services:",
    "  web:",
    "    image: nginx",
    "    image: ${A:-x}${B",
    "    <<: *base",
    "x-base: &base {tty: true}",
    "    ports: [\"80:80\", {target: 1}]",
    "    environment: {A: 1, B: }",
    "    environment: [A=1]",
    "    depends_on: [web]",
    "    extends: web",
    "    extends: {file: b.yaml, service: web}",
    "    volumes: [\"./a:/b\", \"c:/d\"]",
    "    networks: {n: {aliases: [x]}}",
    "    deploy: {replicas: !reset 2, resources: {limits: {cpus: \"0.5\", memory: 1g}}}",
    "    healthcheck: {test: [CMD, x], interval: 1m}",
    "    logging: x",
    "networks: {n: }",
    "volumes: {c: !override {external: true}}",
    "include: [b.yaml]",
    "---",
    "    build: {context: ., args: [A]}",
    "    ulimits: {nofile: {soft: 1, hard: 2}}",
    "  - a",
    "    env_file: [.env]",
    "    secrets: [s]",
    "secrets: {s: {environment: A}}",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(LINES), 0..14).prop_map(|lines| lines.join("\n") + "\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever files say, an answer comes: a project or a refusal with words; and the same again for the same files.
    #[test]
    fn any_files_get_an_answer(a in text(), b in text(), plain in any::<bool>()) {
        let mut folder = Folder::new();
        for (name, text) in [("/p/a.yaml", &a), ("/p/b.yaml", &b), ("/p/.env", &"A=1\n".to_owned())] {
            folder.put(name, text.as_str());
        }
        let request = Request {
            cwd: "/p".into(),
            env: Env::from([("HOME".into(), "/home/me".into())]),
            files: vec!["a.yaml".into(), "b.yaml".into()],
            no_interpolate: plain,
            ..Request::default()
        };
        let printed = config::run(&folder, &request, &config::Options::default());
        prop_assert!(printed.refused.as_ref().is_none_or(|refused| !refused.message.is_empty()));
        prop_assert_eq!(&printed, &config::run(&folder, &request, &config::Options::default()));
        classes("/p/a.yaml", &a, &printed.warnings);
        if let (Ok(project), _) = load(&folder, &request) {
            // What is printed is a compose file that comes to the same project.
            let filled = Request { no_interpolate: false, ..request.clone() };
            let again = config::run(&folder, &filled, &config::Options::default());
            let mut once_more = Folder::new();
            once_more.put("/p/compose.yaml", again.out.as_str());
            let request = Request { files: Vec::new(), ..request };
            let (read, _) = load(&once_more, &Request { no_interpolate: false, ..request });
            prop_assert_eq!(read.map(|read| read.services).ok(), Some(project.services));
        }
    }
}
