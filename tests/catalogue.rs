//! The check of the text catalogues notices what it should. The check itself is part of the build.

#[allow(dead_code, reason = "only the checking half is used here")]
#[path = "../build.rs"]
mod build;

fn faults(en: &str, de: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let languages = [build::parse("en.txt", en, &mut problems), build::parse("de.txt", de, &mut problems)];
    build::compare("ui", &languages, &mut problems);
    problems
}

#[test]
fn equal_catalogues_pass() {
    assert_eq!(faults("# remark\n\na = {n} pod | {n} pods", "a = {n} Pod | {n} Pods"), Vec::<String>::new());
}

#[test]
fn each_fault_is_named_with_its_place() {
    let check = |en: &str, de: &str, fault: &str| assert_eq!(faults(en, de), [fault]);
    check("a = x\nb = y", "a = x", "en.txt:2: `b` is missing in de/ui.txt");
    check("a = x", "a = x\nb = y", "de.txt:2: `b` is missing in en/ui.txt");
    check("a = {x}", "a = {y}", "de.txt:1: `a`: the placeholders differ from en.txt:1");
    check("a = {n} b | {n} c", "a = {n} d", "de.txt:1: `a`: the number of forms differs from en.txt:1");
    check("a = b", "a=b\na = c", "de.txt:1: not `key = text`");
    check("a = b\na = c", "a = d", "en.txt:2: `a` is there twice");
}

#[test]
fn two_forms_need_a_count() {
    let problems = faults("a = one | many", "a = eins | viele");
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("no placeholder to count by"));
}
