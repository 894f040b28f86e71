//! Recorded kubectl lines over odd and invalid manifests, replayed where the recordings are at hand.

use crate::console::Console;
use crate::kubernetes::Cluster;
use crate::scenario::Scenario;
use crate::text::{Value, json};

fn run(cluster: &mut Cluster, name: &str, input: &str, line: &str) -> (i64, String, String) {
    let find = |file: &str| (file == name).then(|| input.to_string());
    let output = Console::default().run(cluster, &find, line);
    (output.code.map_or(-1, i64::from), output.stdout, output.stderr)
}

/// One case: what was recorded and what we answer.
fn replay(case: &Value) -> Option<((i64, String, String), (i64, String, String))> {
    let text = |path: &[&str]| case.str_at(path).unwrap_or_default();
    let name = text(&["name"]);
    let mut cluster = Scenario::default().world().cluster;
    run(&mut cluster, "", "", "kubectl create ns val");
    cluster.run_until(crate::sim::Time::secs(2));
    let file = format!("{name}.yaml");
    if let Some(before) = case.str_at(&["before"]) {
        run(&mut cluster, &file, before, &format!("kubectl -n val apply -f {file}"));
    }
    let want = case.get("kubectl")?;
    let want_text = |key: &str| want.str_at(&[key]).unwrap_or_default().to_string();
    let line = format!("kubectl -n val apply --dry-run=server --validate=strict -f {file}");
    let got = run(&mut cluster, &file, text(&["input"]), &line);
    Some(((want.int_at(&["rc"])?, want_text("stdout"), want_text("stderr")), got))
}

#[test]
fn odd_manifests() {
    let Ok(folder) = std::env::var("ORACLE_DIR") else { return };
    let cases = std::fs::read_to_string(format!("{folder}/validation/handwritten/cases.jsonl")).unwrap_or_default();
    let (mut same, mut all) = (0, 0);
    for line in cases.lines() {
        let case = json::parse(line).unwrap_or_default();
        let Some((want, got)) = replay(&case) else { continue };
        all += 1;
        if want == got {
            same += 1;
            continue;
        }
        let name = case.str_at(&["name"]).unwrap_or_default();
        println!("{name}\n  want {} {:?} {:?}\n  got  {} {:?} {:?}", want.0, want.1, want.2, got.0, got.1, got.2);
    }
    println!("{same} of {all}");
    assert!(same * 100 >= all * 97, "{same} of {all}");
}
