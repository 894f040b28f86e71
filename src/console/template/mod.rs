//! Go's templates: what `docker --format` and `kubectl -o go-template` fill in.
//! Source: Go 1.26 text/template; docker/cli v28 templates/templates.go; kubernetes v1.37 cli-runtime pkg/printers/template.go.
//!
//! `parse` takes a template apart, `exec` fills it in, `functions` is what it can call; `value` is what Go makes of data. Ours: `define`, `template`, `block`, `call`, `html`, `js` and `urlquery` are not known.

mod exec;
mod functions;
mod parse;
mod value;

pub(super) use value::{Field, Go, Struct};

use parse::Node;

/// Who reads a template: the name it goes by in errors, and what it can call beside Go's own functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    name: &'static str,
    functions: &'static [&'static str],
    /// Whether what is in maps and lists has no type but lies in interfaces.
    untyped: bool,
}

/// Source: docker/cli v28 templates/templates.go, basicFunctions.
pub(super) const DOCKER: Dialect = Dialect {
    name: "",
    functions: &["json", "split", "join", "title", "lower", "upper", "pad", "truncate"],
    untyped: false,
};

/// Source: kubernetes v1.37 cli-runtime pkg/printers/template.go, NewGoTemplatePrinter.
pub(super) const KUBECTL: Dialect = Dialect { name: "output", functions: &["exists", "base64decode"], untyped: true };

/// A template that was read.
#[derive(Debug)]
pub(super) struct Template {
    source: String,
    dialect: Dialect,
    nodes: Vec<Node>,
}

impl Template {
    /// Reads a template; the words of Go without one.
    pub(super) fn read(source: &str, dialect: Dialect) -> Result<Template, String> {
        Ok(Template { source: source.to_string(), dialect, nodes: parse::nodes(source, dialect)? })
    }
    /// Fills it in; an unknown key of a map is nothing, or with `strict` an error.
    pub(super) fn fill(&self, dot: &Go, strict: bool) -> Result<String, String> {
        self.run(dot, strict).map_err(|(_, words)| words)
    }
    /// The same; with an error comes what was printed before.
    pub(super) fn run(&self, dot: &Go, strict: bool) -> Result<String, (String, String)> {
        exec::run(&self.source, &self.nodes, dot, exec::Way { dialect: self.dialect, strict, heading: false })
    }
    /// Fills in the titles of a table; what comes before something that cannot be.
    pub(super) fn heading(&self, dot: &Go) -> String {
        let way = exec::Way { dialect: self.dialect, strict: false, heading: true };
        exec::run(&self.source, &self.nodes, dot, way).unwrap_or_else(|(before, _)| before)
    }
}

#[cfg(test)]
mod tests;
