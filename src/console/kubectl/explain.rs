//! `kubectl explain`: the fields of a kind, from the schema.
//! Source: kubernetes v1.37 kubectl pkg/explain/v2/templates/plaintext.tmpl (layout); the words are ours (FID-070).

use super::resource::resource;
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::objects::{Field, Schema, Struct, Type};

pub(super) const VERBS: &[Verb] =
    &[Verb { name: "explain", switches: "recursive", options: "api-version output o", run: explain }];

/// How deep `--recursive` goes. Ours: types that contain themselves (JSON schemas) would never end.
const DEPTH_MAX: usize = 12;

fn explain(cx: &mut Cx, args: &Args) -> Result {
    let [word] = args.words.as_slice() else {
        return Err(Failure::error(
            "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.\n",
        ));
    };
    let schema = Schema::get();
    let mut path = word.split('.');
    let name = path.next().unwrap_or_default();
    let found = resource(cx.cluster, name)
        .map_err(|_| Failure::plain(format!("the server doesn't have a resource type \"{name}\"")))?;
    let Some(info) = schema.kind(&found.api_version, &found.kind) else {
        return Err(Failure::error(format!("couldn't find resource for \"{name}\"")));
    };
    let group = if info.group.is_empty() { String::new() } else { format!("GROUP:      {}\n", info.group) };
    let mut out = format!("{group}KIND:       {}\nVERSION:    {}\n\n", info.kind, info.version);
    let mut here = Some(info.shape());
    let mut last: Option<&Field> = None;
    for step in path {
        let field = here.and_then(|s| s.field(step));
        let Some(field) = field else {
            // The head is printed before the field is looked for.
            cx.print(&out);
            return Err(Failure::error(format!("field \"{step}\" does not exist")));
        };
        last = Some(field);
        here = struct_of(&field.of);
    }
    if let Some(field) = last {
        out += &format!("FIELD: {} <{}>\n", field.name, type_name(&field.of));
        if !field.values.is_empty() {
            out += &format!("ENUM:\n{}", field.values.iter().map(|v| format!("    {v}\n")).collect::<String>());
        }
        out += "\n";
    }
    out += &format!("\nDESCRIPTION:\n    {}\n    \n", words(cx, info.kind, last));
    match here.filter(|s| !s.fields.is_empty()) {
        Some(shape) => {
            out += "FIELDS:\n";
            fields(&mut out, shape, 1, args.on("recursive"));
            out += "\n";
        }
        None => out += "\n",
    }
    cx.print(&out);
    Ok(Flow::Done(0))
}

/// The sentence about a kind or a field.
fn words(cx: &Cx, kind: &str, field: Option<&Field>) -> String {
    match field {
        Some(field) => cx.say("explain.field", &[("field", field.name), ("kind", kind)]),
        None => cx.say("explain.kind", &[("kind", kind)]),
    }
}

fn fields(out: &mut String, shape: &Struct, level: usize, recursive: bool) {
    let indent = "  ".repeat(level);
    let mut sorted: Vec<&Field> = shape.fields.iter().collect();
    sorted.sort_by_key(|f| f.name);
    for field in sorted {
        let required = if field.required { " -required-" } else { "" };
        *out += &format!("{indent}{}\t<{}>{required}\n", field.name, type_name(&field.of));
        if !field.values.is_empty() {
            *out += &format!("{indent}enum: {}\n", some_values(&field.values));
        }
        match struct_of(&field.of) {
            Some(inner) if recursive && level < DEPTH_MAX => fields(out, inner, level + 1, true),
            _ if recursive => {}
            _ => out.push('\n'),
        }
    }
}

/// The first few values; an empty one in quotes. Source: kubectl pkg/explain/v2/templates/plaintext.tmpl.
fn some_values(values: &[&str]) -> String {
    const SHOWN_MAX: usize = 4;
    let word = |v: &&str| if v.is_empty() { "\"\"".to_string() } else { v.to_string() };
    let shown = values.iter().take(SHOWN_MAX).map(word).collect::<Vec<_>>().join(", ");
    if values.len() > SHOWN_MAX { shown + ", ...." } else { shown }
}

/// Types that are one value although they are structs.
const PLAIN: [&str; 6] = ["Quantity", "IntOrString", "Time", "MicroTime", "FieldsV1", "RawExtension"];

fn struct_of(of: &Type) -> Option<&'static Struct> {
    match of {
        Type::Ref(n) => Some(Schema::get().type_of(*n)).filter(|s| !PLAIN.contains(&s.short_name())),
        Type::List(item) | Type::Map(item) => struct_of(item),
        _ => None,
    }
}

/// A type as explain names it.
fn type_name(of: &Type) -> String {
    match of {
        Type::Str | Type::Bytes => "string".into(),
        Type::Int32 | Type::Int64 => "integer".into(),
        Type::Bool => "boolean".into(),
        Type::Double => "number".into(),
        Type::Any => "Object".into(),
        Type::Ref(n) => match Schema::get().type_of(*n).short_name() {
            "Quantity" => "Quantity".into(),
            "Time" | "MicroTime" => "string".into(),
            name => name.into(),
        },
        Type::List(item) => format!("[]{}", type_name(item)),
        Type::Map(item) => format!("map[string]{}", type_name(item)),
    }
}
