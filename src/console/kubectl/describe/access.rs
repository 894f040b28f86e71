//! Who may do what, and which controller serves Ingresses.
//! Source: describe.go, RoleDescriber, RoleBindingDescriber, describeIngressClassV1; kubectl pkg/util/rbac/rbac.go.

use super::Subject;
use super::page::Page;
use crate::text::Value;

/// One line of a role's table.
#[derive(Clone, Debug, PartialEq)]
struct Rule {
    group: String,
    resource: String,
    names: String,
    urls: String,
    verbs: Vec<String>,
}

fn words(rule: &Value, key: &str) -> Vec<String> {
    rule.list_at(&[key]).iter().filter_map(Value::as_str).map(String::from).collect()
}

/// Rules of one resource or address each, with all that may be done to it. Source: rbac.go, BreakdownRule, CompactRules.
fn compact(rules: &[Value]) -> Vec<Rule> {
    let mut lines: Vec<Rule> = Vec::new();
    for rule in rules {
        let verbs = words(rule, "verbs");
        let mut names = words(rule, "resourceNames");
        if names.is_empty() {
            names.push(String::new());
        }
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for name in verbs.iter().flat_map(|verb| names.iter().map(move |name| (verb, name))) {
                    let (verb, name) = name;
                    let (group, resource) = (group.clone(), resource.clone());
                    let line = Rule { group, resource, names: name.clone(), urls: String::new(), verbs: Vec::new() };
                    let same = |l: &&mut Rule| Rule { verbs: Vec::new(), ..(**l).clone() } == line && l.urls.is_empty();
                    match lines.iter_mut().find(same) {
                        Some(known) if known.verbs.contains(verb) => {}
                        Some(known) => known.verbs.push(verb.clone()),
                        None => lines.push(Rule { verbs: vec![verb.clone()], ..line }),
                    }
                }
            }
        }
        for url in words(rule, "nonResourceURLs") {
            lines.extend(verbs.iter().map(|verb| Rule {
                group: String::new(),
                resource: String::new(),
                names: String::new(),
                urls: url.clone(),
                verbs: vec![verb.clone()],
            }));
        }
    }
    lines.sort_by_key(|rule| {
        let Rule { group, resource, names, urls, verbs } = rule;
        let verbs = verbs.join(" ");
        format!("Verbs:[{verbs}],APIGroups:[{group}],Resources:[{resource}],ResourceNames:[{names}],NonResourceURLs:[{urls}],")
    });
    lines
}

pub(super) fn role(s: &Subject, page: &mut Page) {
    page.line(0, format!("Name:\t{}", s.text(&["metadata", "name"])));
    s.marks(page);
    page.line(0, "PolicyRule:");
    page.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    page.line(1, "---------\t-----------------\t--------------\t-----");
    for rule in compact(s.tree.list_at(&["rules"])) {
        let (head, part) = rule.resource.split_once('/').map_or((rule.resource.as_str(), ""), |(a, b)| (a, b));
        let group = if rule.group.is_empty() { String::new() } else { format!(".{}", rule.group) };
        let part = if part.is_empty() { String::new() } else { format!("/{part}") };
        let verbs = rule.verbs.join(" ");
        page.line(1, format!("{head}{group}{part}\t[{}]\t[{}]\t[{verbs}]", rule.urls, rule.names));
    }
}

pub(super) fn binding(s: &Subject, page: &mut Page) {
    page.line(0, format!("Name:\t{}", s.text(&["metadata", "name"])));
    s.marks(page);
    page.line(0, "Role:");
    page.line(1, format!("Kind:\t{}", s.text(&["roleRef", "kind"])));
    page.line(1, format!("Name:\t{}", s.text(&["roleRef", "name"])));
    page.line(0, "Subjects:");
    page.line(1, "Kind\tName\tNamespace");
    page.line(1, "----\t----\t---------");
    for subject in s.tree.list_at(&["subjects"]) {
        let text = |key: &str| subject.str_at(&[key]).unwrap_or_default();
        page.line(1, format!("{}\t{}\t{}", text("kind"), text("name"), text("namespace")));
    }
}

pub(super) fn ingress_class(s: &Subject, page: &mut Page) {
    page.line(0, format!("Name:\t{}", s.text(&["metadata", "name"])));
    s.marks(page);
    page.line(0, format!("Controller:\t{}", s.text(&["spec", "controller"])));
    if let Some(parameters) = s.tree.at(&["spec", "parameters"]) {
        page.line(0, "Parameters:");
        for (title, key) in [("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")] {
            if let Some(text) = parameters.str_at(&[key]) {
                page.line(1, format!("{title}:\t{text}"));
            }
        }
    }
    s.events(page);
}
