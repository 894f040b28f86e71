use super::*;
use crate::text::{Step, steps};

fn one(text: &str) -> Node {
    let (documents, problems) = read("x.yaml", text);
    assert_eq!(problems, [], "{text}");
    documents.into_iter().next().expect("a document").node
}

fn value(text: &str) -> Value {
    one(text).to_value()
}

fn problem(text: &str) -> String {
    let (_, problems) = read("x.yaml", text);
    problems.first().map(Problem::to_string).unwrap_or_default()
}

#[test]
fn places_of_keys_and_values() {
    let node = one("spec:\n  containers:\n  - name: a\n    image: x:1\n  - name: b\n");
    let place = |path: &str| node.place(&steps(path));
    assert_eq!(place("spec.containers"), Pos { line: 2, col: 3 });
    assert_eq!(place("spec.containers[1]"), Pos { line: 5, col: 5 });
    assert_eq!(place("spec.containers[0].image"), Pos { line: 4, col: 5 });
    assert_eq!(place("spec.nothing.here"), Pos { line: 1, col: 1 });
    let spec = node.get("spec").expect("spec");
    assert_eq!(spec.extent.end, Pos { line: 5, col: 12 });
    assert_eq!(node.place(&[Step::Key("spec".into())]), Pos { line: 1, col: 1 });
}

#[test]
fn documents_keep_index_and_lines() {
    let text = "# nothing\n---\na: 1\n---\n---\n# only words\n---\nb: [\n---\nc: 3\n";
    let (documents, problems) = read("x.yaml", text);
    let seen: Vec<_> = documents.iter().map(|d| (d.index, d.first_line, d.node.extent.start.line)).collect();
    assert_eq!(seen, [(1, 3, 3), (4, 10, 10)]);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].at.line, 9);
}

#[test]
fn a_leading_separator_counts_as_a_line() {
    assert_eq!(
        problem("---\na: b: c\n"),
        "x.yaml:2:5: error: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context"
    );
}

#[test]
fn words_of_the_real_reader() {
    let check = |text: &str, want: &str| {
        let (_, problems) = read("x.yaml", text);
        let got = problems.first().map(|p| p.message.clone()).unwrap_or_default();
        assert_eq!(got.strip_prefix("error converting YAML to JSON: ").unwrap_or(&got), want, "{text:?}");
    };
    check("a:\n\tb: c\n", "yaml: line 2: found character that cannot start any token");
    check("a:\n  b: @x\n", "yaml: line 2: found character that cannot start any token");
    check("a: b\n  c: d\n", "yaml: line 2: mapping values are not allowed in this context");
    check("a:\n  - b:\n    c: 1\n   - d\n", "yaml: line 3: did not find expected '-' indicator");
    check("%YAML 1.1\n", "yaml: line 1: did not find expected <document start>");
    check("--- foo\n", "invalid Yaml document separator: foo");
    check("a: .inf\n", "json: unsupported value: +Inf");
}

#[test]
fn duplicate_keys_warn_and_the_last_one_counts() {
    let (documents, problems) = read("x.yaml", "a: 1\nb:\n  c: 1\n  c: 2\na:\n  d: 3\n");
    let said: Vec<_> = problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "yaml: unmarshal errors:\n  line 4: key \"c\" already set in map",
            "yaml: unmarshal errors:\n  line 6: key \"a\" already set in map"
        ]
    );
    assert_eq!(documents[0].node.to_value().int_at(&["a", "d"]), Some(3));
}

#[test]
fn keys_become_text() {
    let map = value("1: a\ntrue: b\n~x: c\n0x10: d\n1.5: e\n");
    let keys: Vec<_> = map.as_map().map(|m| m.iter().map(|(k, _)| k.to_string()).collect()).unwrap_or_default();
    assert_eq!(keys, ["1", "true", "~x", "16", "1.5"]);
}

#[test]
fn merge_keys_and_aliases() {
    let map = value("base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  w: 3\nagain: *b\n");
    assert_eq!(map.int_at(&["use", "x"]), Some(1));
    assert_eq!(map.int_at(&["use", "w"]), Some(3));
    assert_eq!(map.int_at(&["again", "z"]), Some(2));
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let items = vec![format!("*a{}", i - 1); 10].join(", ");
        text.push_str(&format!("a{i}: &a{i} [{items}]\n"));
    }
    assert!(problem(&text).ends_with("yaml: document contains excessive aliasing"), "{}", problem(&text));
}

#[test]
fn deep_nesting_is_refused() {
    assert!(problem(&format!("{}{}", "[".repeat(220), "]".repeat(220))).contains("exceeded max depth"));
    assert!(problem(&"- ".repeat(500)).contains("exceeded max depth"));
}

#[test]
fn big_files_are_refused() {
    assert!(problem(&"#".repeat(FILE_BYTES_MAX + 1)).contains("bytes"));
}

#[test]
fn empty_values_and_block_text() {
    let map = value("a:\nb: |\n  one\n  two\nc: >-\n  three\n  four\nd: ''\n");
    assert_eq!(map.get("a"), Some(&Value::Null));
    assert_eq!(map.str_at(&["b"]), Some("one\ntwo\n"));
    assert_eq!(map.str_at(&["c"]), Some("three four"));
    assert_eq!(map.str_at(&["d"]), Some(""));
}
