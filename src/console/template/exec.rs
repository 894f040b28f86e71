//! A template filled in. Source: Go 1.26 text/template, exec.go.

use super::parse::{Arg, Command, Kind, Node, Pipe};
use super::value::Go;
use super::{Dialect, functions};
use crate::text::go::quoted;
use std::rc::Rc;

/// Why filling in goes no further.
enum Stop {
    Error(String),
    Break,
    Continue,
}

type Run<T> = Result<T, Stop>;

/// How a template is filled in.
#[derive(Clone, Copy)]
pub struct Way {
    /// Who reads it.
    pub dialect: Dialect,
    /// Whether an unknown key of a map is an error.
    pub strict: bool,
    /// Whether titles are filled in, which functions leave alone.
    pub heading: bool,
}

/// Fills nodes in; what was printed before an error, and its words.
pub fn run(source: &str, nodes: &[Node], dot: &Go, way: Way) -> Result<String, (String, String)> {
    let mut exec = Exec { source, way, out: String::new(), variables: vec![("$".into(), dot.clone())] };
    match exec.walk(nodes, dot) {
        Err(Stop::Error(words)) => Err((exec.out, words)),
        _ => Ok(exec.out),
    }
}

struct Exec<'a> {
    source: &'a str,
    way: Way,
    out: String,
    variables: Vec<(String, Go)>,
}

impl Exec<'_> {
    /// Words with the place of what they are about. Source: parse.go, ErrorContext.
    fn fail<T>(&self, at: usize, text: &str, words: &str) -> Run<T> {
        let before = &self.source[..at.min(self.source.len())];
        let line = 1 + before.matches('\n').count();
        let column = before.rfind('\n').map_or(before.len(), |i| before.len() - i - 1);
        let name = self.way.dialect.name;
        Err(Stop::Error(format!("template: {name}:{line}:{column}: executing {} at <{text}>: {words}", quoted(name))))
    }
    fn walk(&mut self, nodes: &[Node], dot: &Go) -> Run<()> {
        for node in nodes {
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Action(pipe) => {
                    let value = self.pipe(dot, pipe)?;
                    if pipe.names.is_empty() {
                        self.out.push_str(&value.printed());
                    }
                }
                Node::If(pipe, body, other) => self.branch(dot, pipe, body, other, false)?,
                Node::With(pipe, body, other) => self.branch(dot, pipe, body, other, true)?,
                Node::Range(pipe, body, other) => self.range(dot, pipe, body, other)?,
                Node::Break => return Err(Stop::Break),
                Node::Continue => return Err(Stop::Continue),
            }
        }
        Ok(())
    }
    fn branch(&mut self, dot: &Go, pipe: &Pipe, body: &[Node], other: &[Node], with: bool) -> Run<()> {
        let known = self.variables.len();
        let value = self.pipe(dot, pipe)?;
        let done = match value.holds() {
            true if with => self.walk(body, &value),
            true => self.walk(body, dot),
            false => self.walk(other, dot),
        };
        self.variables.truncate(known);
        done
    }
    fn range(&mut self, dot: &Go, pipe: &Pipe, body: &[Node], other: &[Node]) -> Run<()> {
        let known = self.variables.len();
        let value = self.bare(dot, pipe)?;
        let pairs: Vec<(Go, Go)> = match value.target() {
            Go::List(items, _) => {
                let items = items.iter().flat_map(|items| items.iter().cloned());
                items.enumerate().map(|(i, item)| (Go::Int(i as i64), item)).collect()
            }
            Go::Map(map, ..) => {
                map.iter().flat_map(|map| map.iter()).map(|(k, v)| (Go::Str(k.clone()), v.clone())).collect()
            }
            Go::Int(n) => (0..(*n).clamp(0, ROUNDS_MAX)).map(|i| (Go::Int(i), Go::Int(i))).collect(),
            Go::Missing | Go::Nil => Vec::new(),
            other => {
                let (at, text) = pipe.commands.first().map_or((0, ""), |c| (c.at, c.text.as_str()));
                return self.fail(at, text, &format!("range can't iterate over {}", other.inside()));
            }
        };
        if pairs.is_empty() {
            return self.walk(other, dot);
        }
        for (key, item) in pairs {
            match &pipe.names[..] {
                [only] => self.take(only, item.clone(), pipe.assigns),
                [first, second] => {
                    self.take(first, key, pipe.assigns);
                    self.take(second, item.clone(), pipe.assigns);
                }
                _ => {}
            }
            let done = self.walk(body, &item);
            self.variables.truncate(known);
            match done {
                Err(Stop::Break) => break,
                Ok(()) | Err(Stop::Continue) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
    fn take(&mut self, name: &str, value: Go, assigns: bool) {
        match self.variables.iter_mut().rev().find(|(known, _)| assigns && known == name) {
            Some((_, old)) => *old = value,
            None => self.variables.push((name.into(), value)),
        }
    }
    fn pipe(&mut self, dot: &Go, pipe: &Pipe) -> Run<Go> {
        let value = self.bare(dot, pipe)?;
        for name in &pipe.names {
            self.take(name, value.clone(), pipe.assigns);
        }
        Ok(value)
    }
    /// The value of a pipeline; its variables are left alone.
    fn bare(&mut self, dot: &Go, pipe: &Pipe) -> Run<Go> {
        let mut last = None;
        for command in &pipe.commands {
            last = Some(self.command(dot, command, last)?);
        }
        Ok(last.unwrap_or(Go::Missing))
    }
    fn command(&mut self, dot: &Go, command: &Command, last: Option<Go>) -> Run<Go> {
        let Some((first, rest)) = command.args.split_first() else { return Ok(Go::Missing) };
        let more = !rest.is_empty() || last.is_some();
        match &first.kind {
            Kind::Function(name) => return self.call(dot, command, name, rest, last),
            Kind::Field(names) => return self.chain(dot, dot.clone(), names, first, Some((rest, last))),
            Kind::Chain(inner, names) => {
                let start = self.arg(dot, inner)?;
                return self.chain(dot, start, names, first, Some((rest, last)));
            }
            Kind::Variable(name, names) => {
                let start = self.variable(name);
                if !names.is_empty() {
                    return self.chain(dot, start, names, first, Some((rest, last)));
                }
            }
            Kind::Nil => return self.fail(first.at, &first.text, "nil is not a command"),
            _ => {}
        }
        if more {
            let words = format!("can't give argument to non-function {}", first.text);
            return self.fail(first.at, &first.text, &words);
        }
        self.arg(dot, first)
    }
    fn variable(&self, name: &str) -> Go {
        self.variables.iter().rev().find(|(known, _)| known == name).map_or(Go::Missing, |(_, value)| value.clone())
    }
    fn arg(&mut self, dot: &Go, arg: &Arg) -> Run<Go> {
        Ok(match &arg.kind {
            Kind::Dot => dot.clone(),
            Kind::Nil => Go::Nil,
            Kind::Bool(b) => Go::Bool(*b),
            Kind::Int(i) => Go::Int(*i),
            Kind::Float(f) => Go::Float(*f),
            Kind::Str(text) => Go::str(text.as_str()),
            Kind::Field(names) => return self.chain(dot, dot.clone(), names, arg, None),
            Kind::Variable(name, names) => return self.chain(dot, self.variable(name), names, arg, None),
            Kind::Chain(inner, names) => {
                let start = self.arg(dot, inner)?;
                return self.chain(dot, start, names, arg, None);
            }
            Kind::Function(name) => {
                let command = Command { at: arg.at, text: arg.text.clone(), args: vec![arg.clone()] };
                return self.call(dot, &command, name, &[], None);
            }
            Kind::Pipe(pipe) => return self.pipe(dot, pipe),
        })
    }
    /// Fields of fields; the last may be a method that takes what is given.
    fn chain(
        &mut self,
        dot: &Go,
        start: Go,
        names: &[String],
        node: &Arg,
        given: Option<(&[Arg], Option<Go>)>,
    ) -> Run<Go> {
        let (mut value, mut given) = (start, given);
        for (at, name) in names.iter().enumerate() {
            let given = given.take_if(|_| at + 1 == names.len());
            let mut args = Vec::new();
            if let Some((rest, last)) = given {
                for arg in rest {
                    args.push(self.arg(dot, arg)?);
                }
                args.extend(last);
            }
            value = self.field(&value, name, node, &args)?;
        }
        Ok(value)
    }
    /// Source: exec.go, evalField.
    fn field(&self, value: &Go, name: &str, node: &Arg, args: &[Go]) -> Run<Go> {
        let fail = |words: String| self.fail(node.at, &node.text, &words);
        let target = value.target();
        match target {
            Go::Missing if self.way.strict => return fail(format!("nil data; no entry for key {}", quoted(name))),
            Go::Missing => return Ok(Go::Missing),
            Go::Nil => return fail(format!("nil pointer evaluating interface {{}}.{name}")),
            Go::Row(_, methods) => match (methods.get(name), name, args) {
                (Some(found), _, []) => return Ok(found.clone()),
                (Some(_), ..) => {
                    return fail(format!("wrong number of args for {name}: want 0 got {}", args.len()));
                }
                (None, "Label", [key]) if methods.contains_key("Labels") => return Ok(label(methods, key)),
                (None, "Label", _) if methods.contains_key("Labels") => {
                    return fail(format!("wrong number of args for Label: want 1 got {}", args.len()));
                }
                _ => {}
            },
            Go::Struct(inner) => match inner.field(name) {
                Some(_) if !args.is_empty() => {
                    return fail(format!("{name} has arguments but cannot be invoked as function"));
                }
                Some(found) => return Ok(found),
                None => {}
            },
            Go::Map(..) if !args.is_empty() => return fail(format!("{name} is not a method but has arguments")),
            Go::Map(map, ..) => match map.as_ref().and_then(|map| map.get(name)) {
                Some(found) => return Ok(found.clone()),
                None if self.way.strict => return fail(format!("map has no entry for key {}", quoted(name))),
                None => return Ok(Go::Missing),
            },
            Go::Pointer(of, None) => return fail(format!("nil pointer evaluating *{of}.{name}")),
            _ => {}
        }
        // What was read without a type lies in interfaces.
        let of =
            if self.way.strict || self.way.dialect.untyped { "interface {}".to_string() } else { value.type_name() };
        fail(format!("can't evaluate field {name} in type {of}"))
    }
    fn call(&mut self, dot: &Go, command: &Command, name: &str, rest: &[Arg], last: Option<Go>) -> Run<Go> {
        let mut args = Vec::new();
        for arg in rest {
            let value = self.arg(dot, arg)?;
            // Source: exec.go, evalCall: both stop at what decides.
            if matches!(name, "and" | "or") && value.holds() == (name == "or") {
                return Ok(value);
            }
            args.push(value);
        }
        args.extend(last);
        // Source: docker/cli v28 templates/templates.go, HeaderFunctions.
        let kept = matches!(name, "json" | "split" | "join" | "title" | "lower" | "upper" | "truncate");
        if let (true, true, Some(first)) = (self.way.heading, kept, args.first()) {
            return Ok(first.clone());
        }
        match functions::call(name, &args) {
            Ok(value) => Ok(value),
            Err(functions::Fault::Given(words)) => self.fail(command.at, &command.text, &words),
            Err(functions::Fault::Found(words)) => {
                self.fail(command.at, &command.text, &format!("error calling {name}: {words}"))
            }
        }
    }
}

/// A `range` over a number goes round so often at most. Ours: what it prints needs room.
const ROUNDS_MAX: i64 = 10_000;

/// One label of a row. Source: docker/cli v28 cli/command/formatter/container.go, Label.
fn label(methods: &Rc<std::collections::BTreeMap<Rc<str>, Go>>, key: &Go) -> Go {
    let (key, all) = (key.printed(), methods.get("Labels").map(Go::printed).unwrap_or_default());
    let found = all.split(',').find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == key).map(|(_, v)| v));
    Go::str(found.unwrap_or_default())
}
