//! Templates of the `docker` clients: what `--format` fills in.
//! Source: Go 1.26 text/template; docker/cli v28 templates/templates.go.
//!
//! `parse` takes a template apart, `exec` fills it in, `functions` is what it can call; `value` is what Go makes of data, and
//! `shapes` the structs of the API. Ours: `define`, `template`, `block`, `call`, `html`, `js` and `urlquery` are not known.

mod exec;
mod functions;
mod parse;
mod shapes;
mod value;

pub(super) use shapes::{completed, typed};
pub(super) use value::Go;

use parse::Node;

/// A template that was read.
pub(super) struct Template {
    source: String,
    nodes: Vec<Node>,
}

impl Template {
    /// Reads a template; the words of Go without one.
    pub(super) fn read(source: &str) -> Result<Template, String> {
        Ok(Template { source: source.to_string(), nodes: parse::nodes(source)? })
    }
    /// Fills it in; an unknown key of a map is nothing, or with `strict` an error.
    pub(super) fn fill(&self, dot: &Go, strict: bool) -> Result<String, String> {
        exec::run(&self.source, &self.nodes, dot, exec::Way { strict, heading: false }).map_err(|(_, words)| words)
    }
    /// Fills in the titles of a table; what comes before something that cannot be.
    pub(super) fn heading(&self, dot: &Go) -> String {
        exec::run(&self.source, &self.nodes, dot, exec::Way { strict: false, heading: true })
            .unwrap_or_else(|(before, _)| before)
    }
}

#[cfg(test)]
mod tests;
