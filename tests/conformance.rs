//! Recorded cases of the real code that lie beside this file, and the least number of each that must agree. A floor is
//! raised when more agree, and never lowered.

use orchestrion::cli::conformance::run_lines;
use std::path::PathBuf;

/// Family and floor.
const FLOORS: &[(&str, usize)] = &[
    ("backoff", 73),
    ("controller_history", 23),
    ("cron", 174),
    ("deployment", 111),
    ("durations", 90),
    ("eviction_toleration", 106),
    ("hpa", 178),
    ("labels", 158),
    ("names", 153),
    ("preemption", 117),
    ("qos", 85),
    ("quantity", 396),
    ("scheduling", 128),
];

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "conformance"].iter().collect()
}

#[test]
fn recorded_cases_agree() {
    for (family, floor) in FLOORS {
        let text = std::fs::read_to_string(folder().join(format!("{family}.jsonl"))).expect(family);
        let report = run_lines(family, &text, None).expect(family);
        let first = report.failed.first();
        assert!(
            report.passed >= *floor,
            "{family}: {} of at least {floor} agree, first other: {first:?}",
            report.passed
        );
    }
}

#[test]
fn every_file_of_cases_has_a_floor() {
    for entry in std::fs::read_dir(folder()).expect("tests/conformance") {
        let name = entry.expect("a file").file_name().to_string_lossy().into_owned();
        let family = name.trim_end_matches(".jsonl");
        assert!(FLOORS.iter().any(|(known, _)| *known == family), "{name} is not run");
    }
}
