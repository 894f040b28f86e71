//! `-o`: the forms in which objects are printed.
//! Source: kubernetes v1.37 cli-runtime pkg/genericclioptions/{print,json_yaml,template,jsonpath}_flags.go, pkg/printers;
//! kubectl pkg/cmd/get/{get_flags,customcolumn_flags,customcolumn}.go.

use super::table::align;
use super::{Args, Cx, Failure, Result, jsonpath, kyaml, manifest};
use crate::console::template::{Go, KUBECTL, Template};
use crate::map;
use crate::text::go::quoted;
use crate::text::{Value, json, yaml};
use std::rc::Rc;

/// A form that was read.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// What the verb prints by itself.
    Own,
    Json,
    Yaml,
    Kyaml,
    Name,
    /// As it was given, and whether each part is printed as a list of JSON.
    Path(String, jsonpath::Template, bool),
    /// As it was given, and whether what is missing is an error.
    Go(String, Rc<Template>, bool),
    /// Titles and paths, and whether the titles are left out.
    Columns(Vec<(String, jsonpath::Template)>, bool),
}

/// What every verb with `-o` knows, and what `get` knows beside. Source: print_flags.go, AllowedFormats.
const FORMS: &[&str] = &[
    "go-template",
    "go-template-file",
    "json",
    "jsonpath",
    "jsonpath-as-json",
    "jsonpath-file",
    "kyaml",
    "name",
    "template",
    "templatefile",
    "yaml",
];
const FORMS_OF_GET: &[&str] = &["custom-columns", "custom-columns-file", "wide"];

impl Form {
    /// The form that a line asks for; `table` where the verb prints tables.
    pub(super) fn read(cx: &Cx, args: &Args, table: bool) -> Result<Form> {
        let (asked, given) = (args.get("output").unwrap_or_default(), args.get("template").unwrap_or_default());
        let output = if asked.is_empty() && !given.is_empty() { "go-template" } else { asked };
        match output.to_lowercase().as_str() {
            "" => return Ok(Form::Own),
            "json" => return Ok(Form::Json),
            "yaml" => return Ok(Form::Yaml),
            "kyaml" => return Ok(Form::Kyaml),
            "name" => return Ok(Form::Name),
            "wide" if table => return Ok(Form::Own),
            _ => {}
        }
        let (head, template) = match given {
            "" => output.split_once('=').unwrap_or((output, "")),
            given => (output, given),
        };
        let columns = table && head.starts_with("custom-columns");
        let known = FORMS.contains(&head) || columns && FORMS_OF_GET.contains(&head);
        if !known {
            return Err(unknown(output, table));
        }
        if template.is_empty() {
            return Err(Failure::error(match columns {
                true => "custom-columns format specified but no custom columns given",
                false => "template format specified but no template given",
            }));
        }
        let text = match head.ends_with("file") {
            false => template.to_string(),
            true => (cx.files)(template).ok_or_else(|| {
                let flag = if columns { "template" } else { "--template" };
                Failure::error(format!("error reading {flag} {template}, open {template}: no such file or directory"))
            })?,
        };
        let strict = !args.on_unless("allow-missing-template-keys");
        if columns {
            let columns = if head.ends_with("file") { columns_of_file(&text) } else { columns_of(&text) };
            let no_headers = args.on("no-headers") && !head.ends_with("file");
            return Ok(Form::Columns(columns.map_err(Failure::error)?, no_headers));
        }
        if head.starts_with("jsonpath") {
            let read = jsonpath::Template::parse(&text);
            let read = read.map_err(|e| Failure::error(format!("error parsing jsonpath {text}, {e}")))?;
            return Ok(Form::Path(text, read.strict(strict), head == "jsonpath-as-json"));
        }
        let read = Template::read(&text, KUBECTL);
        let read = read.map_err(|e| Failure::error(format!("error parsing template {text}, {e}")))?;
        Ok(Form::Go(text, Rc::new(read), strict))
    }
    /// Prints one object, or a list of objects, after as many others.
    pub(super) fn print(&self, cx: &mut Cx, tree: &Value, told: usize) -> Result<()> {
        let text = match self {
            Form::Own => String::new(),
            Form::Json => json::write(tree, json::Style::KUBECTL) + "\n",
            Form::Yaml if told > 0 => "---\n".to_string() + &yaml::write(tree),
            Form::Yaml => yaml::write(tree),
            Form::Kyaml => kyaml::write(tree),
            Form::Name => members(tree).iter().map(|t| manifest::label(t) + "\n").collect(),
            Form::Path(given, template, as_json) => {
                template.print(tree, *as_json).map_err(|why| path_fails(given, tree, &why))?
            }
            Form::Go(given, template, strict) => match template.run(&Go::of(tree), *strict) {
                Ok(text) => text,
                Err((before, why)) => {
                    cx.print(&before);
                    return Err(go_fails(cx, given, tree, &why));
                }
            },
            Form::Columns(columns, no_headers) => {
                rows(columns, members(tree), *no_headers || told > 0).map_err(Failure::error)?
            }
        };
        cx.print(&text);
        Ok(())
    }
}

fn unknown(output: &str, table: bool) -> Failure {
    let mut known = FORMS.to_vec();
    known.extend(FORMS_OF_GET.iter().filter(|_| table));
    known.sort_unstable();
    Failure::error(format!(
        "unable to match a printer suitable for the output format {}, allowed formats are: {}",
        quoted(output),
        known.join(",")
    ))
}

/// The objects of a list, or the object itself.
fn members(tree: &Value) -> &[Value] {
    match tree.get("items") {
        Some(Value::List(items)) => items,
        _ => std::slice::from_ref(tree),
    }
}

/// Several objects as one. Source: get.go, printGeneric.
pub(super) fn list_of(trees: &[Value]) -> Value {
    Value::Map(map! {
        "apiVersion" => "v1",
        "items" => trees.to_vec(),
        "kind" => "List",
        "metadata" => map! { "resourceVersion" => "" },
    })
}

/// The same as a struct of the API. Source: apply.go, printObjects; kubectl pkg/cmd/events/events.go, Run.
pub(super) fn typed_list(kind: &str, trees: &[Value]) -> Value {
    Value::Map(map! { "apiVersion" => "v1", "items" => trees.to_vec(), "kind" => kind, "metadata" => map! {} })
}

/// Source: kubernetes v1.37 cli-runtime pkg/printers/jsonpath.go, PrintObj.
fn path_fails(template: &str, tree: &Value, why: &str) -> Failure {
    let given = jsonpath::go_syntax(tree);
    Failure::error(format!(
        "error executing jsonpath {}: Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine was:\n\t\t{given}\n\n\n",
        quoted(template)
    ))
}

/// Source: kubernetes v1.37 cli-runtime pkg/printers/template.go, PrintObj.
fn go_fails(cx: &mut Cx, template: &str, tree: &Value, why: &str) -> Failure {
    let (raw, given) = (json::write(tree, json::Style::COMPACT), Go::of(tree).inside());
    cx.print(&format!(
        "Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\traw data was:\n\t\t{raw}\n\tobject given to template engine was:\n\t\t{given}\n\n"
    ));
    Failure::error(format!("error executing template {}: {why}", quoted(template)))
}

type Columns = std::result::Result<Vec<(String, jsonpath::Template)>, String>;

/// `NAME:.metadata.name,NODE:.spec.nodeName`. Source: customcolumn.go, NewCustomColumnsPrinterFromSpec.
fn columns_of(spec: &str) -> Columns {
    let column = |part: &str| match part.split_once(':') {
        Some((title, path)) => Ok((title.to_string(), jsonpath::relaxed(path)?)),
        None => Err(format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")),
    };
    spec.split(',').map(column).collect()
}

/// A line of titles and a line of paths. Source: customcolumn.go, NewCustomColumnsPrinterFromTemplate.
fn columns_of_file(text: &str) -> Columns {
    let mut lines = text.lines();
    let mut line = |what: &str| {
        let words = lines.next().map(|line| line.split_whitespace().collect::<Vec<_>>());
        words.ok_or_else(|| {
            format!("invalid template, missing {what} line. Expected format is one line of space separated headers, one line of space separated column specs.")
        })
    };
    let (titles, paths) = (line("header")?, line("spec")?);
    if titles.len() != paths.len() {
        let (titles, paths) = (titles.len(), paths.len());
        return Err(format!("number of headers ({titles}) and field specifications ({paths}) don't match"));
    }
    titles.into_iter().zip(paths).map(|(title, path)| Ok((title.to_string(), jsonpath::relaxed(path)?))).collect()
}

/// Source: customcolumn.go, PrintObj, printOneObject.
fn rows(
    columns: &[(String, jsonpath::Template)],
    trees: &[Value],
    no_headers: bool,
) -> std::result::Result<String, String> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !no_headers {
        rows.push(columns.iter().map(|(title, _)| title.clone()).collect());
    }
    for tree in trees {
        let cell = |path: &jsonpath::Template| {
            let found = path.find(tree)?;
            let none = found.first().is_none_or(Vec::is_empty).then(|| "<none>".to_string());
            let shown = found.iter().flatten().map(|value| Go::of(value).inside());
            Ok(none.into_iter().chain(shown).collect::<Vec<_>>().join(","))
        };
        rows.push(columns.iter().map(|(_, path)| cell(path)).collect::<std::result::Result<_, String>>()?);
    }
    Ok(align(&rows, &mut Vec::new()))
}
