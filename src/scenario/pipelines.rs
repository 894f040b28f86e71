//! `pipelines:` of a scenario: stages of lines, waits and checks, and what is done when one fails.

use super::Reader;
use crate::assertion::Expression;
use crate::sim::Span;
use crate::text::{Node, NodeKind, Value};
use std::rc::Rc;

/// A pipeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipeline {
    /// Its name.
    pub name: Rc<str>,
    /// When it starts; without a time somebody starts it.
    pub at: Option<Span>,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
    /// What is done when a stage fails after something was run.
    pub rollback: Option<Stage>,
}

/// One stage. Its lines are run, then its time passes, then its checks are held against what happens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: Rc<str>,
    /// Console lines; each must end well.
    pub run: Vec<Rc<str>>,
    /// How long it takes besides.
    pub takes: Span,
    /// How long it is watched.
    pub watch: Span,
    /// What must hold then.
    pub check: Vec<Expression>,
    /// Whether it fails by itself: a test that is red.
    pub fails: bool,
}

impl Reader<'_> {
    pub(super) fn pipelines(&mut self, node: &Node) -> Vec<Pipeline> {
        let NodeKind::List(items) = &node.kind else {
            self.complain(node, "pipelines: a list is expected".into());
            return Vec::new();
        };
        items.iter().filter_map(|item| self.pipeline(item)).collect()
    }
    fn pipeline(&mut self, node: &Node) -> Option<Pipeline> {
        let NodeKind::Map(members) = &node.kind else {
            self.complain(node, "pipelines: a map with `name` and `stages` is expected".into());
            return None;
        };
        let mut pipeline = Pipeline::default();
        for member in members {
            let value = &member.node;
            match &*member.key {
                "name" => pipeline.name = value.as_str().unwrap_or_default().into(),
                "at" => pipeline.at = self.span(value),
                "stages" => match &value.kind {
                    NodeKind::List(items) => pipeline.stages = items.iter().map(|i| self.stage(i)).collect(),
                    _ => self.complain(value, "stages: a list is expected".into()),
                },
                "rollback" => pipeline.rollback = Some(self.stage(value)),
                other => self.complain(value, format!("pipelines: unknown field \"{other}\"")),
            }
        }
        if pipeline.name.is_empty() || pipeline.stages.is_empty() {
            self.complain(node, "pipelines: `name` and `stages` are expected".into());
            return None;
        }
        Some(pipeline)
    }
    fn stage(&mut self, node: &Node) -> Stage {
        let mut stage = Stage::default();
        let NodeKind::Map(members) = &node.kind else {
            self.complain(node, "stages: a map is expected".into());
            return stage;
        };
        for member in members {
            let value = &member.node;
            match &*member.key {
                "name" => stage.name = value.as_str().unwrap_or_default().into(),
                "run" => stage.run = texts(value).into_iter().map(|(_, line)| line).collect(),
                "takes" => stage.takes = self.span(value).unwrap_or_default(),
                "for" => stage.watch = self.span(value).unwrap_or_default(),
                "fails" => stage.fails = value.to_value() == Value::Bool(true),
                "check" => {
                    for (place, text) in texts(value) {
                        match Expression::read(&text) {
                            Ok(expression) => stage.check.push(expression),
                            Err(words) => self.complain(place, format!("check: {words}")),
                        }
                    }
                }
                other => self.complain(value, format!("stages: unknown field \"{other}\"")),
            }
        }
        stage
    }
}

/// One text or a list of texts.
fn texts(node: &Node) -> Vec<(&Node, Rc<str>)> {
    match &node.kind {
        NodeKind::List(items) => items.iter().filter_map(|n| Some((n, n.as_str()?.into()))).collect(),
        _ => node.as_str().map(|text| (node, text.into())).into_iter().collect(),
    }
}
