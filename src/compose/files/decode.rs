//! A merged model bound to its types: text read to numbers and sizes, what is empty left out.
//! Source: compose-go v2.16.1 loader/mapstructure.go and types/, DecodeMapstructure; go-viper/mapstructure v2.5.0.

use super::interpolate::Cast;
use super::normalize::SECRET_VALUE;
use super::notes::{Refused, refuse};
use super::path::Path;
use super::shape::{Field, Kind, PROJECT, Shape, Shown};
use super::tree::{Data, Members, Place, Tree};
use super::units;
use crate::text::{Problem, go};

/// The key under which extensions of an object are kept. Source: consts.Extensions.
pub const EXTENSIONS: &str = "#extensions";

/// Binds a whole model.
pub fn project(model: Members, warnings: &mut Vec<Problem>) -> Refused<Members> {
    let model = set_aside(model, &Path::default());
    let mut model = model;
    for (name, job) in model.get_mut("jobs").and_then(Tree::as_map_mut).into_iter().flatten() {
        job.as_map_mut().map(|job| job.insert("name".into(), name.clone().into()));
    }
    let mut decoder = Decoder { wrong: Vec::new(), warnings };
    let out = decoder.object(&PROJECT, &model, "");
    match decoder.wrong.first() {
        None => Ok(out),
        Some((place, _)) => {
            let lines: Vec<&str> = decoder.wrong.iter().map(|(_, words)| words.as_str()).collect();
            let words = format!("decoding failed due to the following error(s):\n\n{}", lines.join("\n"));
            refuse("decode", place, words)
        }
    }
}

/// Moves what begins with `x-` aside. Source: loader/loader.go, processExtensions.
fn set_aside(members: Members, path: &Path) -> Members {
    const NAMED_BY_USER: [&str; 6] = ["services", "services.*.depends_on", "volumes", "networks", "secrets", "configs"];
    let keep = NAMED_BY_USER.iter().any(|pattern| path.fits(pattern));
    let (mut out, mut extras) = (Members::new(), Members::new());
    for (key, value) in members {
        if &*key == SECRET_VALUE && path.fits("secrets.*") {
            continue;
        }
        if !keep && key.starts_with("x-") {
            extras.insert(key, value);
            continue;
        }
        let next = path.next(&key);
        let place = value.place;
        let data = match value.data {
            Data::Map(inside) => Data::Map(set_aside(inside, &next)),
            Data::List(items) => {
                let item = |(index, item): (usize, Tree)| match item.data {
                    Data::Map(inside) => {
                        Tree { place: item.place, data: Data::Map(set_aside(inside, &next.next(&index.to_string()))) }
                    }
                    data => Tree { place: item.place, data },
                };
                Data::List(items.into_iter().enumerate().map(item).collect())
            }
            data => data,
        };
        out.insert(key, Tree { place, data });
    }
    if !extras.is_empty() {
        out.insert(EXTENSIONS.into(), extras.into());
    }
    out
}

struct Decoder<'a> {
    wrong: Vec<(Place, String)>,
    warnings: &'a mut Vec<Problem>,
}

/// A value, nothing where the type has nothing, or why not.
type Made = Result<Option<Data>, String>;

fn text(text: impl AsRef<str>) -> Data {
    Data::Str(text.as_ref().into())
}

impl Decoder<'_> {
    fn object(&mut self, shape: &Shape, members: &Members, name: &str) -> Members {
        let mut out = Members::new();
        for field in shape.fields() {
            let Some(value) = members.get(field.key) else { continue };
            let name = if name.is_empty() { field.key.to_owned() } else { format!("{name}.{}", field.key) };
            if let Some(made) = self.value(&field.kind, value, &name)
                && is_kept(field, &made)
            {
                out.insert(field.key.into(), Tree { place: value.place.clone(), data: made });
            }
        }
        for field in shape.fields().filter(|field| field.shown == Shown::Always) {
            let zero = match field.kind {
                _ if out.contains_key(field.key) => continue,
                Kind::Str => continue,
                Kind::Map(..) => Data::Map(Members::new()),
                Kind::Bytes => text("0"),
                Kind::Bool(_) => Data::Bool(false),
                _ => Data::Int(0),
            };
            out.insert(field.key.into(), zero.into());
        }
        if let Some(extensions) = members.get(EXTENSIONS).filter(|_| shape.extensible) {
            out.insert(EXTENSIONS.into(), extensions.clone());
        }
        out
    }

    fn value(&mut self, kind: &Kind, tree: &Tree, name: &str) -> Option<Data> {
        if tree.is_null() {
            return None;
        }
        match (kind, &tree.data) {
            (Kind::Struct(shape), Data::Map(members)) => Some(Data::Map(self.object(shape, members, name))),
            (Kind::List(inside), Data::List(items)) => {
                let mut out = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let made = self.value(inside, item, &format!("{name}[{index}]"));
                    out.push(Tree { place: item.place.clone(), data: made.unwrap_or(Data::Map(Members::new())) });
                }
                Some(Data::List(out))
            }
            (Kind::Map(inside, nullable), Data::Map(members)) => {
                let mut out = Members::new();
                for (key, value) in members {
                    let made = self.value(inside, value, &format!("{name}[{key}]"));
                    let none = if *nullable { Data::Null } else { self.value(inside, &Members::new().into(), name)? };
                    out.insert(key.clone(), Tree { place: value.place.clone(), data: made.unwrap_or(none) });
                }
                Some(Data::Map(out))
            }
            (Kind::Struct(_), _) => {
                self.fail(tree, name, format!("expected a map or struct, got \"{}\"", go_kind(tree)))
            }
            (Kind::List(_), _) => {
                self.fail(tree, name, format!("source data must be an array or slice, got {}", go_kind(tree)))
            }
            (Kind::Map(..), _) => self.fail(tree, name, format!("expected a map, got '{}'", go_kind(tree))),
            _ => match self.leaf(kind, tree) {
                Ok(made) => made,
                Err(words) => self.fail(tree, name, words),
            },
        }
    }

    fn fail(&mut self, tree: &Tree, name: &str, words: String) -> Option<Data> {
        self.wrong.push((tree.place.clone(), format!("'{name}' {words}")));
        None
    }

    fn leaf(&mut self, kind: &Kind, tree: &Tree) -> Made {
        let unfit =
            |wanted: &str| Err(format!("expected type '{wanted}', got unconvertible type '{}'", tree.go_type()));
        let unexpected = |what: &str| Err(format!("unexpected value type {} for {what}", tree.go_type()));
        match kind {
            Kind::Str => match &tree.data {
                Data::Str(_) | Data::Int(_) => Ok(Some(text(tree.go_text()))),
                _ => unfit("string"),
            },
            Kind::Bool(wanted) => self.boolean(tree, wanted),
            Kind::OptOut => self.boolean(tree, "types.OptOut"),
            Kind::Int(reader) => match &tree.data {
                Data::Int(_) => Ok(Some(tree.data.clone())),
                Data::Float(number) => Ok(Some(Data::Int(*number as i64))),
                Data::Str(text) => units::whole(reader, text).map(|number| Some(Data::Int(number))),
                _ => unfit(if *reader == "Atoi" { "int" } else { "int64" }),
            },
            Kind::Uint(wanted) => match &tree.data {
                Data::Int(number) if *number < 0 => {
                    Err(format!("cannot parse value as '{wanted}': {number} overflows uint"))
                }
                Data::Int(_) | Data::Big(_) => Ok(Some(tree.data.clone())),
                Data::Float(number) if *number < 0.0 => {
                    Err(format!("cannot parse value as '{wanted}': {number:.6} overflows uint"))
                }
                Data::Float(number) => Ok(Some(Data::Int(*number as i64))),
                _ => unfit(wanted),
            },
            Kind::Float32 => match &tree.data {
                Data::Int(number) => Ok(Some(single(*number as f64))),
                Data::Float(number) => Ok(Some(single(*number))),
                Data::Str(text) => units::float32(text).map(|number| Some(single(number))),
                _ => unfit("float32"),
            },
            Kind::Cpus => match &tree.data {
                Data::Int(number) => Ok(Some(single(*number as f64))),
                Data::Float(number) => Ok(Some(single(*number))),
                Data::Str(text) => units::float(text).map(|number| Some(single(number))),
                _ => unexpected("cpus"),
            },
            Kind::Bytes => match &tree.data {
                Data::Int(_) => Ok(Some(text(tree.go_text()))),
                Data::Str(size) => units::bytes(size).map(|number| Some(text(number.to_string()))),
                _ => Ok(Some(text("0"))),
            },
            Kind::Duration => units::duration(&tree.go_text()).map(|nanos| Some(text(go::duration(nanos)))),
            Kind::FileMode | Kind::Count | Kind::Ulimit => special(kind, tree),
            _ => texts(kind, tree),
        }
    }

    fn boolean(&mut self, tree: &Tree, wanted: &str) -> Made {
        match &tree.data {
            Data::Bool(_) => Ok(Some(tree.data.clone())),
            Data::Str(text) => Cast::Bool.apply(text, &tree.place, self.warnings).map(Some),
            _ => Err(format!("expected type '{wanted}', got unconvertible type '{}'", tree.go_type())),
        }
    }
}

/// Rights, counts and limits.
fn special(kind: &Kind, tree: &Tree) -> Made {
    let unexpected = |what: &str| Err(format!("unexpected value type {} for {what}", tree.go_type()));
    match kind {
        Kind::FileMode => match &tree.data {
            Data::Int(mode) => Ok(Some(text(format!("0{mode:o}")))),
            Data::Str(mode) => match i64::from_str_radix(mode, 8) {
                Ok(mode) => Ok(Some(text(format!("0{mode:o}")))),
                Err(_) => Err(format!("strconv.ParseInt: parsing {}: invalid syntax", go::quoted(mode))),
            },
            _ => unexpected("mode"),
        },
        Kind::Count => match &tree.data {
            Data::Int(_) => Ok(Some(tree.data.clone())),
            Data::Str(all) if all.to_lowercase() == "all" => Ok(Some(Data::Int(-1))),
            Data::Str(count) => units::whole("ParseInt", count).map(|number| Some(Data::Int(number))).map_err(|_| {
                let count = go::quoted(count);
                format!("invalid value {count}, the only value allowed is 'all' or a number")
            }),
            _ => Err(format!("invalid type {} for device count", tree.go_type())),
        },
        Kind::Ulimit => match &tree.data {
            Data::Int(_) => Ok(Some(tree.data.clone())),
            Data::Map(members) => {
                let limit = |key: &str| Tree::from(members.get(key).and_then(Tree::as_int).unwrap_or(0));
                Ok(Some(Data::Map(super::tree::members([("soft", limit("soft")), ("hard", limit("hard"))]))))
            }
            _ => unexpected("ulimit"),
        },
        _ => Ok(None),
    }
}

/// The number that single precision keeps, with the digits that it is printed with.
fn single(number: f64) -> Data {
    let short = (number as f32).to_string();
    Data::Float(short.parse().unwrap_or(number))
}

fn go_kind(tree: &Tree) -> &'static str {
    match tree.data {
        Data::Map(_) => "map",
        Data::List(_) => "slice",
        _ => tree.go_type(),
    }
}

/// Whether a value of a key is kept.
fn is_kept(field: &Field, made: &Data) -> bool {
    let filled = match made {
        Data::Null => false,
        Data::Bool(yes) => *yes != matches!(field.kind, Kind::OptOut),
        Data::Int(number) => *number != 0,
        Data::Float(number) => *number != 0.0,
        Data::Str(text) => {
            !(text.is_empty() || (&**text == "0s" && matches!(field.kind, Kind::Duration)) || is_no_size(field, text))
        }
        Data::List(items) => !items.is_empty(),
        Data::Map(members) => !members.is_empty(),
        Data::Big(_) => true,
    };
    match field.shown {
        Shown::Filled | Shown::Object => filled,
        Shown::Set | Shown::Always | Shown::Command => true,
    }
}

fn is_no_size(field: &Field, text: &str) -> bool {
    text == "0" && matches!(field.kind, Kind::Bytes)
}

/// Lists and maps of text.
fn texts(kind: &Kind, tree: &Tree) -> Made {
    let unexpected = |what: &str| Err(format!("unexpected value type {} for {what}", tree.go_type()));
    match kind {
        Kind::Shell => match &tree.data {
            Data::Str(line) => Ok(Some(list(units::words(line)?, tree))),
            _ => Ok(tree.as_list().map(|items| list(items.iter().map(Tree::go_text), tree))),
        },
        Kind::Test => match &tree.data {
            Data::Str(line) => Ok(Some(list(["CMD-SHELL".to_owned(), line.to_string()], tree))),
            Data::List(items) => Ok(Some(list(items.iter().map(Tree::go_text), tree))),
            _ => unexpected("healthcheck.test"),
        },
        Kind::StringList | Kind::NumberList => {
            let wrong = || Err(format!("invalid type {} for string list", tree.go_type()));
            match &tree.data {
                Data::Str(_) => Ok(Some(Data::List(vec![tree.clone()]))),
                Data::List(items) => {
                    let odd = items.iter().any(|item| item.as_str().is_none());
                    if odd && matches!(kind, Kind::StringList) {
                        return wrong();
                    }
                    Ok(Some(list(items.iter().map(Tree::go_text), tree)))
                }
                _ => wrong(),
            }
        }
        Kind::Strings => match &tree.data {
            Data::List(items) => Ok(Some(list(items.iter().map(Tree::go_text), tree))),
            _ => Err(format!("source data must be an array or slice, got {}", go_kind(tree))),
        },
        Kind::MultiOptions => {
            let Data::Map(members) = &tree.data else {
                return Err(format!("invalid type {} for options", tree.go_type()));
            };
            let all = members.iter().map(|(key, value)| {
                let texts: Vec<String> = match &value.data {
                    Data::List(items) => items.iter().map(Tree::go_text).collect(),
                    _ => vec![value.go_text()],
                };
                (key.clone(), Tree { place: value.place.clone(), data: list(texts, value) })
            });
            Ok(Some(Data::Map(all.collect())))
        }
        Kind::Hosts => hosts(tree),
        Kind::Ssh => {
            let Data::Map(members) = &tree.data else {
                return Err(format!("invalid ssh config type {}", tree.go_type()));
            };
            let all = members.iter().map(|(id, path)| match path.go_text() {
                path if path.is_empty() || path == "<nil>" => id.to_string(),
                path => format!("{id}: {path}"),
            });
            Ok(Some(list(all, tree)))
        }
        _ => pairs(kind, tree),
    }
}

fn list(texts: impl IntoIterator<Item = String>, tree: &Tree) -> Data {
    let items = tree.as_list().unwrap_or_default();
    let place = |index: usize| items.get(index).map_or(&tree.place, |item| &item.place).clone();
    let item = |(index, text): (usize, String)| Tree { place: place(index), data: Data::Str(text.into()) };
    Data::List(texts.into_iter().enumerate().map(item).collect())
}

/// Maps of text, also written as lists of `KEY=VALUE`.
fn pairs(kind: &Kind, tree: &Tree) -> Made {
    let nullable = matches!(kind, Kind::MappingWithEquals);
    let what = if matches!(kind, Kind::Labels) { "labels" } else { "mapping" };
    let mut out = Members::new();
    match &tree.data {
        Data::Map(members) => {
            for (key, value) in members {
                let data = match &value.data {
                    Data::Null if nullable => Data::Null,
                    Data::Null => text(""),
                    _ => text(value.go_text()),
                };
                out.insert(key.clone(), Tree { place: value.place.clone(), data });
            }
        }
        Data::List(items) if !matches!(kind, Kind::Options | Kind::StringMap) => {
            for item in items {
                let written = item.go_text();
                let (key, value) = match written.split_once('=') {
                    Some((key, value)) => (key, Some(value)),
                    None => (written.as_str(), None),
                };
                if nullable && key.ends_with(char::is_whitespace) {
                    return Err(format!("environment variable {key} is declared with a trailing space"));
                }
                let data = match value {
                    None if nullable => Data::Null,
                    value => text(value.unwrap_or_default()),
                };
                out.insert(key.into(), Tree { place: item.place.clone(), data });
            }
        }
        _ if matches!(kind, Kind::Options) => return Err(format!("invalid type {} for options", tree.go_type())),
        _ => return Err(format!("unexpected value type {} for {what}", tree.go_type())),
    }
    Ok(Some(Data::Map(out)))
}

/// Hosts as `name=address`, by text. Source: types/hostList.go.
fn hosts(tree: &Tree) -> Made {
    let mut out: Vec<String> = Vec::new();
    let mut add = |host: &str, ip: &str| {
        if host.is_empty() || host.contains([':', '=']) {
            return Err(format!("bad host name '{host}'"));
        }
        let inside = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).filter(|ip| !ip.is_empty());
        out.push(format!("{host}={}", inside.unwrap_or(ip)));
        Ok(())
    };
    match &tree.data {
        Data::Map(members) => {
            for (host, value) in members {
                match &value.data {
                    Data::Null => add(host, "")?,
                    Data::Str(ip) => add(host, ip)?,
                    Data::List(items) => items.iter().try_for_each(|item| add(host, &item.go_text()))?,
                    _ => return Err(format!("unexpected value type {} for extra_hosts entry", tree.go_type())),
                }
            }
        }
        Data::List(items) => {
            for item in items {
                let written = item.go_text();
                let Some((host, ips)) = written.split_once('=').or_else(|| written.split_once(':')) else {
                    return Err(format!("invalid additional host, missing IP: {written}"));
                };
                ips.split(',').try_for_each(|ip| add(host, ip))?;
            }
        }
        _ => return Err(format!("unexpected value type {} for extra_hosts", tree.go_type())),
    }
    out.sort();
    Ok(Some(list(out, tree)))
}
