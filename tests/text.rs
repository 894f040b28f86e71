//! What kubectl printed is read and written again without a change.

use orchestrion::text::{json, yaml};

#[test]
fn printed_yaml_survives_a_round_trip() {
    let cases = include_str!("data/yaml/kubectl_get.jsonl");
    for line in cases.lines() {
        let case = json::parse(line).expect("a case");
        let (name, text) = (case.str_at(&["name"]).expect("name"), case.str_at(&["text"]).expect("text"));
        let (node, problems) = yaml::read_one(text);
        assert_eq!(problems, [], "{name}");
        assert_eq!(yaml::write(&node.expect("a document").to_value()), text, "{name}");
    }
    assert!(cases.lines().count() > 20);
}
