//! Compose files against the real tool: recorded runs of `docker compose config` (`config.jsonl`), runs of compose-go v2.16.1
//! with the same options (`more.jsonl`), and whatever recordings the environment names.

use orchestrion::cli::conformance::{Report, compose_config};
use orchestrion::compose::files::{Env, Folder, Request, classes, config, load};
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
