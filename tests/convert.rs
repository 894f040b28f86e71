//! Converted manifests are taken by our own API server: every Compose project that the real tool resolved, converted, and
//! checked. The projects are recorded outputs of `docker compose config`; more of them lie where `ORACLE_DIR` points.

use orchestrion::cli::check::check;
use orchestrion::convert::convert;
use orchestrion::text::{Severity, Value, json, yaml};
use std::fs;
use std::path::{Path, PathBuf};

/// The canonical projects in a file of recorded `config` runs, with a name for each.
fn projects(file: &Path) -> Vec<(String, Value)> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut all = Vec::new();
    for line in text.lines() {
        let case = json::parse(line).expect("a recorded case");
        let name = case.str_at(&["case"]).or(case.str_at(&["path"])).unwrap_or_default().to_string();
        for run in case.list_at(&["runs"]).iter().filter(|run| run.int_at(&["rc"]) == Some(0)) {
            let args: Vec<&str> = run.list_at(&["args"]).iter().filter_map(Value::as_str).collect();
            match (args.as_slice(), run.get("stdout")) {
                (["config"], Some(Value::Str(text))) => {
                    let (node, _) = yaml::read_one(&text.replace("$$", "$"));
                    all.extend(node.map(|node| (name.clone(), node.to_value())));
                }
                _ => continue,
            }
        }
    }
    all
}

#[test]
fn converted_projects_pass_our_own_check() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/compose/config.jsonl");
    let mut all = projects(&own);
    if let Ok(folder) = std::env::var("ORACLE_DIR") {
        for file in ["own.jsonl", "public.jsonl"] {
            all.extend(projects(&Path::new(&folder).join("compose/config").join(file)));
        }
    }
    let mut faults = Vec::new();
    for (name, project) in &all {
        let text = convert(project, &|_| None).text();
        let findings = check([("converted.yaml", text.as_str())]);
        for problem in findings.problems.iter().filter(|p| p.severity == Severity::Error) {
            let line = text.lines().nth(problem.at.line.saturating_sub(1) as usize).unwrap_or_default();
            faults.push(format!("{name}: {}: {line}", problem.message));
        }
    }
    assert!(all.len() > 50, "only {} projects were found", all.len());
    assert!(faults.is_empty(), "{} faults, such as\n{}", faults.len(), faults[..faults.len().min(60)].join("\n"));
}
