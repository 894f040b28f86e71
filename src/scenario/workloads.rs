//! `workloads:` and `load:` of a scenario: what requests cost, and who asks when.

use super::{Reader, Scenario, Scripted, scalar_text};
use crate::sim::Span;
use crate::text::{Node, NodeKind};
use crate::workload::{Load, Rule, SHAPES, Shape};
use std::rc::Rc;

impl Reader<'_> {
    /// A list of what containers do, by image, by name of what they belong to, or by their own name.
    pub(super) fn workloads(&mut self, node: &Node, into: &mut Scenario) {
        let NodeKind::List(items) = &node.kind else {
            return self.complain(node, "workloads: a list is expected".into());
        };
        for item in items {
            let NodeKind::Map(members) = &item.kind else {
                self.complain(item, "workloads: a map is expected".into());
                continue;
            };
            let mut rule = Rule::default();
            for member in members {
                self.parameter(&member.key, &member.node, &mut rule);
            }
            if rule.image.is_empty() && rule.container.is_empty() && rule.unit.is_empty() {
                self.complain(item, "workloads: `image`, `name` or `container` is expected".into());
                continue;
            }
            into.workloads.push(rule);
        }
    }
    fn parameter(&mut self, key: &str, node: &Node, rule: &mut Rule) {
        let text = |node: &Node| scalar_text(&node.to_value());
        match key {
            "image" => rule.image = text(node).unwrap_or_default().into(),
            "container" => rule.container = text(node).unwrap_or_default().into(),
            "name" => rule.unit = text(node).unwrap_or_default().into(),
            "exit" if matches!(node.kind, NodeKind::Map(_)) => {
                let (after, code) = (node.get("after").and_then(text), node.get("code").and_then(text));
                let code = code.map(|code| format!(" code {code}")).unwrap_or_default();
                match after {
                    Some(after) => self.set(key, node, &format!("{after}{code}"), rule),
                    None => self.complain(node, "exit: `after` (a time) and `code` are expected".into()),
                }
            }
            "unwell" if matches!(node.kind, NodeKind::List(_)) => {
                let NodeKind::List(items) = &node.kind else { return };
                let time = |item: &Node, key| item.get(key).and_then(text).unwrap_or_default();
                let spells: Vec<String> =
                    items.iter().map(|item| format!("{}-{}", time(item, "from"), time(item, "to"))).collect();
                let spells = if spells.is_empty() { "no".into() } else { spells.join(", ") };
                self.set(key, node, &spells, rule);
            }
            "calls" if matches!(node.kind, NodeKind::List(_)) => {
                let NodeKind::List(items) = &node.kind else { return };
                let words: Vec<String> = items.iter().filter_map(call_text).collect();
                self.set(key, node, &words.join(", "), rule);
            }
            _ => match text(node) {
                Some(value) => self.set(key, node, &value, rule),
                None => self.complain(node, format!("{key}: a value is expected")),
            },
        }
    }
    fn set(&mut self, key: &str, node: &Node, value: &str, rule: &mut Rule) {
        if let Err(words) = rule.read(key, value) {
            self.complain(node, words);
        }
    }
    /// A list of loads.
    pub(super) fn loads(&mut self, node: &Node, into: &mut Scenario) {
        let NodeKind::List(items) = &node.kind else {
            return self.complain(node, "load: a list is expected".into());
        };
        for item in items {
            let NodeKind::Map(members) = &item.kind else {
                self.complain(item, "load: a map is expected".into());
                continue;
            };
            let known = |key: &str| {
                matches!(key, "to" | "name" | "at" | "until" | "timeout" | "retries")
                    || SHAPES.iter().any(|(shape, _)| *shape == key)
            };
            for member in members.iter().filter(|m| !known(&m.key)) {
                self.complain(&member.node, format!("unknown field \"{}\"", member.key));
            }
            let at = item.get("at").and_then(|n| self.span(n)).unwrap_or(Span::ZERO);
            let until = item.get("until").and_then(|n| self.span(n));
            let Some(load) = self.load(item) else { continue };
            if let Some(end) = until {
                let line: Rc<str> = format!("end load {}", load.name).into();
                into.inputs.push(Scripted { at: end, line, order: None });
            }
            into.loads.push((at, load));
        }
        into.inputs.sort_by_key(|i| i.at);
        into.loads.sort_by_key(|(at, _)| *at);
    }
    fn load(&mut self, item: &Node) -> Option<Load> {
        let text = |key: &str| item.get(key).and_then(|n| scalar_text(&n.to_value()));
        let Some((word, node)) = SHAPES.iter().find_map(|(word, _)| item.get(word).map(|node| (*word, node))) else {
            let words: Vec<&str> = SHAPES.iter().map(|(word, _)| *word).collect();
            self.complain(item, format!("load: one of {} is expected", words.join(", ")));
            return None;
        };
        let member = |key: &str| {
            let found = node.get(key).and_then(|n| scalar_text(&n.to_value()));
            found.or_else(|| scalar_text(&node.to_value()).filter(|_| matches!(key, "rate" | "points")))
        };
        let shape = match Shape::build(word, &member) {
            Ok(shape) => shape,
            Err(words) => {
                self.complain(node, words);
                return None;
            }
        };
        let Some(to) = text("to").filter(|t| Load::is_target(t)) else {
            self.complain(item, "load: `to` is expected, such as service/web, ingress/HOST or port/30080".into());
            return None;
        };
        let mut load = Load::new(&to, shape);
        if let Some(name) = text("name") {
            load.name = name;
        }
        if let Some(patience) = item.get("timeout").and_then(|n| self.span(n)) {
            load.patience = patience;
        }
        if let Some(node) = item.get("retries") {
            match node.to_value().as_int().and_then(|n| u32::try_from(n).ok()) {
                Some(n) if n <= crate::workload::RETRIES_MAX => load.retries = n,
                _ => {
                    self.complain(node, format!("retries: a number up to {} is expected", crate::workload::RETRIES_MAX))
                }
            }
        }
        Some(load)
    }
}

/// `{to: service/db, each: 2, timeout: 1s, retries: 1}` as one line; text stays as it is.
fn call_text(node: &Node) -> Option<String> {
    if let Some(text) = node.as_str() {
        return Some(text.to_string());
    }
    let text = |key: &str| node.get(key).and_then(|n| scalar_text(&n.to_value()));
    let mut out = format!("{} {}", text("each").unwrap_or_else(|| "1".into()), text("to").unwrap_or_default());
    for key in ["timeout", "retries"] {
        if let Some(value) = text(key) {
            out += &format!(" {key} {value}");
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Scenario, TextFile};
    use crate::sim::Span;
    use crate::text::Problem;
    use crate::workload::{End, Shape, Term};

    fn read(text: &str) -> (Scenario, Vec<Problem>) {
        Scenario::read(&[TextFile { name: "x.scenario.yaml".into(), text: text.into() }], 1)
    }

    #[test]
    fn workloads_and_loads_are_read() {
        let (s, problems) = read(
            "workloads:\n- image: shop/web:*\n  cpu: 8ms\n  memory: 64Mi\n  start: 5s\n  term: ignore\n  \
             unwell: [{from: 10s, to: 20}, {from: 1m}]\n  exit: {after: 30, code: 7}\n  \
             calls: [{to: service/db, each: 2, timeout: 1s}]\n\
             load:\n- {to: service/web, at: 10s, until: 5m, ramp: {to: 200, over: 2m}, retries: 2}\n\
             - {to: ingress/shop.example.com/, constant: 40}\n",
        );
        assert!(problems.is_empty(), "{problems:?}");
        let rule = &s.workloads[0];
        assert_eq!((rule.listens_after, rule.term), (Some(Some(Span::secs(5))), Some(Term::Ignores)));
        assert_eq!(rule.set.len(), 3);
        assert_eq!(rule.unwell, Some(vec![(Span::secs(10), Some(Span::secs(20))), (Span::secs(60), None)]));
        assert_eq!(rule.end, Some(Some(End { after: Span::secs(30), code: 7, oom: false })));
        assert_eq!(s.loads[0].1.shape, Shape::Constant { rate: 40.0 });
        assert_eq!((s.loads[1].0, s.loads[1].1.retries), (Span::secs(10), 2));
        assert_eq!(&*s.inputs[0].line, "end load service/web");
    }

    #[test]
    fn mistakes_have_a_place() {
        let (s, problems) = read(
            "workloads:\n- image: web\n  cpu: fast\n  colour: red\n- cpu: 5ms\nload:\n- to: web\n  constant: 4\n\
             - to: service/web\n- to: service/web\n  sine: {low: 1}\n  speed: 3\n",
        );
        let lines: Vec<_> = problems.iter().map(|p| (p.at.line, p.message.clone())).collect();
        let lines: Vec<u32> = lines.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 7, 9, 12, 11]);
        assert!(s.loads.is_empty() && s.workloads.len() == 1);
    }
}
