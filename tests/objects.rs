//! What the real API server made of a document, and what we make of it: the recorded defaults and our own odd and invalid
//! documents, created and changed. A floor is raised when more agree, and never lowered.

use orchestrion::cli::conformance::objects::{Figures, check_defaults, check_handwritten, check_public};
use std::path::PathBuf;

fn recorded(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "data", "objects", name].iter().collect();
    std::fs::read_to_string(path).expect(name)
}

#[test]
fn every_default_is_filled_in() {
    let report = check_defaults(&recorded("defaults.json"), None);
    assert_eq!((report.passed, report.failed.first()), (48, None));
}

#[test]
fn every_odd_document_gets_the_servers_answer() {
    let mut figures = Figures::default();
    let report = check_handwritten(&recorded("handwritten.jsonl"), None, &mut figures);
    assert_eq!((report.passed, report.failed.first()), (243, None));
    assert_eq!((figures.verdicts, figures.messages), (figures.documents, figures.refusals));
}

/// Documents with a member dropped, doubled, renamed or changed at random, one for each rule that was wrong once.
#[test]
fn every_mutated_document_gets_the_servers_answer() {
    let mut figures = Figures::default();
    let report = check_handwritten(&recorded("mutated.jsonl"), None, &mut figures);
    assert_eq!((report.passed, report.failed.first()), (117, None));
    assert_eq!((figures.verdicts, figures.messages), (figures.documents, figures.refusals));
}

/// The public manifests are not ours to keep; where the recordings are at hand, they are replayed.
#[test]
fn public_manifests_get_the_servers_verdict() {
    let Ok(folder) = std::env::var("ORACLE_DIR") else { return };
    let read = |name: &str| std::fs::read_to_string(PathBuf::from(&folder).join("validation/public").join(name));
    let (Ok(results), Ok(manifests)) = (read("results.jsonl"), read("manifests.jsonl")) else { return };
    let mut figures = Figures::default();
    check_public(&results, &manifests, None, &mut figures);
    assert!(figures.documents > 0 && figures.verdicts * 100 >= figures.documents * 99, "{figures}");
    assert!(figures.messages * 100 >= figures.refusals * 95, "{figures}");
}
