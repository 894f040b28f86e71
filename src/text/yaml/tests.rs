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
fn aliases_are_as_deep_as_what_they_stand_for() {
    let tower = |levels: usize, stories: usize| {
        let nested = |within: &str| format!("{}{within}{}", "[".repeat(levels), "]".repeat(levels));
        let rest = (1..stories).map(|i| format!("a{i}: &a{i} {}\n", nested(&format!("*a{}", i - 1))));
        format!("a0: &a0 {}\n{}", nested("x"), rest.collect::<String>())
    };
    assert!(value(&tower(30, 6)).get("a5").is_some());
    for text in [tower(30, 7), tower(190, 60)] {
        assert!(problem(&text).contains("exceeded max depth"), "{}", problem(&text));
        let said = super::raw::read(&text).1.map(|fault| fault.words).unwrap_or_default();
        assert!(said.contains("exceeded max depth"), "{said}");
    }
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

#[test]
fn faults_are_found_in_the_order_of_the_real_reader() {
    let check = |text: &str, want: &str| {
        let got = read_one(text).1.first().map(|p| p.message.clone()).unwrap_or_default();
        assert_eq!(got.strip_prefix("error converting YAML to JSON: ").unwrap_or(&got), want, "{text:?}");
    };
    check("  template:\n  [  metadata: ", "yaml: line 3: could not find expected ':'");
    check("a: >\n{}\n  b:\n", "yaml: line 1: did not find expected key");
    check("a: \"x\n", "yaml: line 2: found unexpected end of stream");
    check("a: 'b' c\n", "yaml: did not find expected key");
    check("a: [1, 2\nb: 3\n", "yaml: line 1: did not find expected ',' or ']'");
    check("a: `x\n", "yaml: found character that cannot start any token");
    check("a: 1\n\tb: 2\n", "yaml: line 2: found a tab character that violates indentation");
    check("a: |\n  x\n y\n", "yaml: line 2: did not find expected key");
    check("a: *x\n", "yaml: unknown anchor 'x' referenced");
    check("a: &x [*x]\n", "yaml: anchor 'x' value contains itself");
    check("a\u{1}: 1", "yaml: control characters are not allowed");
    check("? {a: 1}\n: 2\n", "yaml: invalid map key: map[interface {}]interface {}{\"a\":1}");
    check("~: x\n", "unsupported map key of type: %!s(<nil>), key: <nil>, value: \"x\"");
    check("a: !!int x\nb: {c\n", "yaml: line 2: did not find expected ',' or '}'");
}

#[test]
fn what_follows_the_document_is_not_looked_at() {
    assert_eq!(read_one("a: 1\n...\nb: [\n").0.map(|n| n.to_value().int_at(&["a"])), Some(Some(1)));
}

/// A manifest with a bit of everything, to break.
const SAMPLE: &str = "apiVersion: v1 # words\nkind: &k \"Pod\"\nmetadata: {name: a, labels: {x: 'y', z: *k}}\nspec:\n  containers:\n  \
    - name: a\n    args: [1, \"b\\n\", c]\n    env: |\n      one\n\n       two\n  - <<: {b: 2}\n    name: >-\n      folded\n      text\n  ? k\n  : v\n";

mod never_panics {
    use super::*;
    use proptest::prelude::*;

    fn sane(text: &str) {
        let (documents, problems) = read("x.yaml", text);
        let last = text.chars().count() as u32 + 2;
        for document in &documents {
            check_extents(&document.node, last);
            let value = document.node.to_value();
            let (again, refused) = read_one(&write(&value));
            assert_eq!(refused, [], "{value:?}");
            assert_eq!(again.map(|n| n.to_value()), Some(value));
        }
        assert!(problems.iter().all(|p| p.at.line <= last), "{problems:?}");
    }

    fn check_extents(node: &Node, last: u32) {
        assert!(node.extent.start <= node.extent.end && node.extent.end.line <= last, "{node:?}");
        match &node.kind {
            NodeKind::List(items) => items.iter().for_each(|n| check_extents(n, last)),
            NodeKind::Map(members) => members.iter().for_each(|m| check_extents(&m.node, last)),
            NodeKind::Scalar { .. } => {}
        }
    }

    proptest! {
        #[test]
        fn on_any_text(text in "\\PC{0,60}") {
            sane(&text);
        }
        #[test]
        fn on_indicators(text in "[-?:,\\[\\]{}#&*!|>'\"%@` \t\r\na1~<.]{0,60}") {
            sane(&text);
        }
        #[test]
        fn on_broken_manifests(cuts in proptest::collection::vec((0usize..400, 0usize..12, "[-:\\[{'\"|>&* \t\n#a]{0,3}"), 1..6)) {
            let mut chars: Vec<char> = SAMPLE.chars().collect();
            for (at, length, put) in cuts {
                let at = at.min(chars.len());
                let end = (at + length).min(chars.len());
                chars.splice(at..end, put.chars());
            }
            sane(&chars.into_iter().collect::<String>());
        }
        #[test]
        fn json_on_any_text(text in "[-{}\\[\\],:\"\\\\utrfn0-9eE. ]{0,40}") {
            let _ = crate::text::json::parse(&text);
            let _ = crate::text::json::read(&text);
        }
    }
}

#[test]
fn json_files() {
    let (documents, problems) = read("x.json", "{\"a\": 1}\n{\"a\": 2} {\"a\": 3}");
    assert_eq!(problems, []);
    let seen: Vec<_> = documents.iter().map(|d| (d.index, d.first_line, d.node.to_value().int_at(&["a"]))).collect();
    assert_eq!(seen, [(0, 1, Some(1)), (1, 2, Some(2)), (2, 2, Some(3))]);
    // What only looks like JSON is YAML, and may go on as such.
    let (documents, problems) = read("x.json", "{\"a\": 1}\n---\na: [\n---\nb: 2\n");
    assert_eq!((documents.len(), problems.len()), (2, 1));
    assert_eq!(problems[0].message, "json: offset 11: invalid character '-' in numeric literal");
    assert_eq!(read("x.json", "{a: 1,}").0.len(), 1);
    assert_eq!(
        problem("{\"a\": [1, 2}"),
        "x.yaml:1:12: error: json: offset 12: invalid character '}' after array element"
    );
    assert_eq!(problem("{\"a\": "), "x.yaml:1:6: error: unexpected EOF");
}

#[test]
fn maps_with_very_many_keys_are_read() {
    let text: String = (0..100_000).map(|i| format!("k{i}: {i}\n")).chain(["k7: x\n".to_owned()]).collect();
    let (node, problems) = read_one(&text);
    assert_eq!(problems.len(), 1);
    let NodeKind::Map(members) = node.expect("a map").kind else { unreachable!("a map") };
    assert_eq!((members.len(), members[7].node.as_str()), (100_000, Some("x")));
    let json: String = (0..100_000).map(|i| format!("\"k{i}\": {i},")).collect();
    assert!(crate::text::json::parse(&format!("{{{json}\"k7\": 1}}")).is_ok());
}
