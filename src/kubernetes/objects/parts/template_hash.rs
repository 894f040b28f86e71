//! The hash in the names of ReplicaSets and their pods. The real code prints the whole Go structure of the pod template,
//! every field of every type in order of declaration, and hashes that text; so the order of declaration is part of the
//! behaviour and stands in `template_hash.txt`: a line a type, `|` between fields, each field with its Go type, then its
//! JSON name where that is not the Go name with a small first letter (`.` for fields whose members stand in the parent).
//! Source: kubernetes v1.37 pkg/controller/controller_utils.go, ComputeHash; pkg/util/hash/hash.go, DeepHashObject;
//! k8s.io/api v0.37 core/v1/types.go for names, types and order of the fields.

use super::quantity::{Internal, Quantity};
use crate::map;
use crate::text::{Map, Value, json};
use std::fmt::Write;

const TABLE: &str = include_str!("template_hash.txt");

/// The hash of a pod template after defaulting. A collision count of 0 is not the same as none.
pub fn pod_template_hash(template: &Value, collision_count: Option<i32>) -> String {
    let mut hash = fnv_1a(FNV_START, hash_input(template).as_bytes());
    if let Some(count) = collision_count {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&count.to_le_bytes());
        hash = fnv_1a(hash, &bytes);
    }
    safe_encode(&hash.to_string())
}

/// The text that is hashed.
pub fn hash_input(template: &Value) -> String {
    let mut out = String::from("(v1.PodTemplateSpec)");
    put_struct(&mut out, "v1.PodTemplateSpec", template);
    out
}

/// Digits to letters and digits that make no words. Source: kubernetes v1.37 apimachinery/pkg/util/rand/rand.go, SafeEncodeString.
pub fn safe_encode(text: &str) -> String {
    const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    text.bytes().map(|b| char::from(SAFE[usize::from(b) % SAFE.len()])).collect()
}

/// What a controller revision keeps of a pod template (after defaulting), as JSON: a patch that puts the template back.
/// Source: kubernetes v1.37 pkg/controller/statefulset/stateful_set_utils.go, getPatch.
pub fn revision_data(template: &Value) -> String {
    let mut template = template.clone();
    template.make_map().set("$patch", "replace");
    let data = map! { "spec" => map! { "template" => template } };
    json::write(&data.into(), json::Style::COMPACT)
}

/// The name of the job that a CronJob starts for a scheduled moment, in seconds since 1970.
/// Source: kubernetes v1.37 pkg/controller/cronjob/utils.go, getJobName.
pub fn cron_job_name(cron_job: &str, scheduled: i64) -> String {
    format!("{cron_job}-{}", scheduled.div_euclid(60))
}

/// The hash of a controller revision: its data as JSON, then the collision count as digits.
/// Source: kubernetes v1.37 pkg/controller/history/controller_history.go, HashControllerRevision.
pub fn revision_hash(data: &str, collision_count: Option<i32>) -> String {
    let digits = collision_count.map(|count| count.to_string()).unwrap_or_default();
    let bytes = data.bytes().chain(digits.bytes());
    let hash = bytes.fold(FNV_START, |hash, b| hash.wrapping_mul(FNV_PRIME) ^ u32::from(b));
    safe_encode(&hash.to_string())
}

/// The name of a controller revision. Source: same file, ControllerRevisionName.
pub fn revision_name(prefix: &str, hash: &str) -> String {
    // Names are cut in bytes; names are ASCII.
    const PREFIX_MAX: usize = 223;
    let cut = prefix.get(..PREFIX_MAX).unwrap_or(prefix);
    format!("{cut}-{hash}")
}

/// Source: Go hash/fnv, offset32 and prime32.
const FNV_START: u32 = 2_166_136_261;
const FNV_PRIME: u32 = 16_777_619;

fn fnv_1a(start: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(start, |hash, b| (hash ^ u32::from(*b)).wrapping_mul(FNV_PRIME))
}

/// The fields of a type: Go name, Go type, JSON name.
fn fields(name: &str) -> Option<impl Iterator<Item = (&'static str, &'static str, &'static str)>> {
    let line = TABLE.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('|'))?;
    Some(line.split('|').map(|field| {
        let mut words = field.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }))
}

fn small_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

fn put_struct(out: &mut String, name: &str, tree: &Value) {
    match name {
        "resource.Quantity" => return put_quantity(out, tree),
        "intstr.IntOrString" => return put_int_or_string(out, tree),
        // Templates carry no moments; the zero one is what every template has.
        "v1.Time" => return out.push_str("{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"),
        _ => {}
    }
    out.push('{');
    for (i, (field, kind, json)) in fields(name).into_iter().flatten().enumerate() {
        let _ = write!(out, "{}{field}:({kind})", if i > 0 { " " } else { "" });
        match json {
            "." => put(out, kind, Some(tree)),
            "" => put(out, kind, tree.get(&small_first(field))),
            json => put(out, kind, tree.get(json)),
        }
    }
    out.push('}');
}

/// A value without its type in front.
fn put(out: &mut String, kind: &str, tree: Option<&Value>) {
    let tree = tree.filter(|tree| !tree.is_null());
    if let Some(inner) = kind.strip_prefix('*') {
        return match tree {
            Some(tree) => put(out, inner, Some(tree)),
            None => out.push_str("<nil>"),
        };
    }
    if let Some(inner) = kind.strip_prefix("[]") {
        return put_list(out, inner, tree.and_then(Value::as_list).unwrap_or_default());
    }
    let map_of = match kind {
        "v1.ResourceList" => Some("resource.Quantity"),
        _ => kind.strip_prefix("map[string]"),
    };
    if let Some(inner) = map_of {
        return put_map(out, inner, tree.and_then(Value::as_map));
    }
    match kind {
        "bool" => out.push_str(if tree == Some(&Value::Bool(true)) { "true" } else { "false" }),
        "int32" | "int64" => {
            let _ = write!(out, "{}", tree.and_then(Value::as_int).unwrap_or(0));
        }
        "string" => out.push_str(tree.and_then(Value::as_str).unwrap_or_default()),
        _ if fields(kind).is_some() || matches!(kind, "resource.Quantity" | "intstr.IntOrString" | "v1.Time") => {
            put_struct(out, kind, tree.unwrap_or(&Value::Null));
        }
        // Every other named type is text.
        _ => out.push_str(tree.and_then(Value::as_str).unwrap_or_default()),
    }
}

/// Empty lists and maps do not survive the way through the server's storage.
fn put_list(out: &mut String, inner: &str, items: &[Value]) {
    if items.is_empty() {
        return out.push_str("<nil>");
    }
    for (i, item) in items.iter().enumerate() {
        out.push(if i > 0 { ' ' } else { '[' });
        put(out, inner, Some(item));
    }
    out.push(']');
}

fn put_map(out: &mut String, inner: &str, members: Option<&Map>) {
    let members = members.map(Map::sorted).unwrap_or_default();
    if members.is_empty() {
        return out.push_str("<nil>");
    }
    out.push_str("map[");
    for (i, (key, value)) in members.into_iter().enumerate() {
        let _ = write!(out, "{}{key}:", if i > 0 { " " } else { "" });
        put(out, inner, Some(value));
    }
    out.push(']');
}

fn put_quantity(out: &mut String, tree: &Value) {
    let quantity = Quantity::read(tree).unwrap_or_default();
    let Internal { value, scale, text } = quantity.internal();
    let format = quantity.format().name();
    let _ = write!(
        out,
        "{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}} \
         d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){text} Format:(resource.Format){format}}}"
    );
}

fn put_int_or_string(out: &mut String, tree: &Value) {
    let (kind, number) = (i32::from(tree.as_str().is_some()), tree.as_int().unwrap_or(0));
    let text = tree.as_str().unwrap_or_default();
    let _ = write!(out, "{{Type:(intstr.Type){kind} IntVal:(int32){number} StrVal:(string){text}}}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_is_known() {
        let scalars = ["bool", "int32", "int64", "string", "uint8"];
        let special = ["resource.Quantity", "intstr.IntOrString", "v1.Time", "v1.FieldsV1", "v1.ResourceList"];
        for line in TABLE.lines().filter(|line| line.contains('|')) {
            for field in line.split('|').skip(1) {
                let kind = field.split(' ').nth(1).unwrap_or_default().trim_start_matches(['*', '[', ']']);
                let known = scalars.contains(&kind) || special.contains(&kind) || kind.starts_with("map[");
                assert!(known || kind.starts_with("v1.") || kind == "types.UID", "{kind} in {line}");
            }
        }
    }

    #[test]
    fn encoding() {
        assert_eq!(safe_encode("2656116272"), "6b9b55b6c6");
        assert_eq!(revision_name("x", "5d4f8c7b9"), "x-5d4f8c7b9");
    }
}
