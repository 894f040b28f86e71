//! Duels of small worlds.

use super::{House, Record, Report, text};
use crate::scenario::{Scenario, TextFile};
use crate::sim::Time;

fn scenario(files: &[(&str, &str)]) -> Scenario {
    let files: Vec<TextFile> = files.iter().map(|(n, t)| TextFile { name: (*n).into(), text: (*t).into() }).collect();
    Scenario::read(&files, 1).0
}

#[test]
fn without_a_docker_host_nothing_is_kept() {
    let world = scenario(&[("web.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")]).world();
    let record = Record::default();
    assert_eq!(record.due(&world), None);
    let report = Report::of(&world, &record, [0, 0]);
    assert_eq!(report.houses.iter().map(|f| f.house.as_str()).collect::<Vec<_>>(), ["kubernetes"]);
}

#[test]
fn looks_come_every_second_and_lines_are_kept_by_house() {
    let mut world = scenario(&[
        ("compose.yaml", "services: {web: {image: nginx}}\n"),
        ("web.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"),
    ])
    .world();
    let mut record = Record::default();
    for second in 0..3 {
        assert_eq!(record.due(&world), Some(Time::secs(second)));
        world.run_until(Time::secs(second));
        record.look(&world);
    }
    record.typed(Time::secs(2), House::Compose, "docker compose stop");
    let report = Report::of(&world, &record, [2, 1]);
    assert_eq!(report.houses.iter().map(|f| f.refused).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((report.from, report.to, report.start), (0, 2_000_000, Some(2_000_000)));
    let commands: Vec<usize> = report.houses.iter().map(|f| f.commands.len()).collect();
    assert_eq!(commands, [1, 0]);
    let words = text(&report, "de");
    assert!(
        words.contains("abgelehnte, gescheiterte Befehle                       2                     1"),
        "{words}"
    );
    assert!(words.contains("eingetippt bei 2,0 s: docker compose stop"), "{words}");
}
