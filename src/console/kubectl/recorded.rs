//! Recorded kubectl lines over odd and invalid manifests, replayed where the recordings are at hand.

use crate::console::Console;
use crate::kubernetes::Cluster;
use crate::scenario::Scenario;
use crate::text::{Value, json};

fn run(cluster: &mut Cluster, name: &str, input: &str, line: &str) -> Said {
    let find = |file: &str| (file == name).then(|| input.to_string());
    let output = Console::default().run(cluster, &find, line);
    (output.code.map_or(-1, i64::from), output.stdout, output.stderr)
}

/// Exit code, standard output, standard error.
type Said = (i64, String, String);

/// One case: what was recorded and what we answer.
fn replay(case: &Value) -> Option<(Said, Said)> {
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

#[test]
fn public_manifests() {
    let Ok(folder) = std::env::var("ORACLE_DIR") else { return };
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("{folder}/validation/public/{name}")).unwrap_or_default();
        text.lines().map(|l| json::parse(l).unwrap_or_default()).collect::<Vec<Value>>()
    };
    let text = |v: &Value, path: &[&str]| v.str_at(path).unwrap_or_default().to_string();
    let (mut same, mut all) = (0, 0);
    for (manifest, result) in read("manifests.jsonl").iter().zip(read("results.jsonl")) {
        assert_eq!(text(manifest, &["path"]), text(&result, &["path"]));
        let mut cluster = Scenario::default().world().cluster;
        for doc in result.list_at(&["docs"]) {
            let namespace = text(doc, &["namespace"]);
            run(&mut cluster, "", "", &format!("kubectl create ns {namespace}"));
        }
        cluster.run_until(crate::sim::Time::secs(2));
        let input = text(manifest, &["text"]);
        let got = run(&mut cluster, "-", &input, "kubectl apply --dry-run=server --validate=strict -f -");
        let code = result.int_at(&["kubectl", "rc"]).unwrap_or(-1);
        let want = (code, text(&result, &["kubectl", "stdout"]), text(&result, &["kubectl", "stderr"]));
        all += 1;
        if want == got {
            same += 1;
            continue;
        }
        let name = text(manifest, &["repo"]) + "/" + &text(manifest, &["path"]);
        println!("{name}\n  want {} {:?} {:?}\n  got  {} {:?} {:?}", want.0, want.1, want.2, got.0, got.1, got.2);
    }
    println!("{same} of {all}");
    assert!(same * 100 >= all * 97, "{same} of {all}");
}
