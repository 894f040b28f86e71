//! What a template can call. Source: Go 1.26 text/template, funcs.go; docker/cli v28 templates/templates.go.

use super::Dialect;
use super::value::Go;
use crate::kubernetes::objects::scalar::base64_decode;
use crate::text::go::quoted;
use std::cmp::Ordering;
use std::rc::Rc;

/// Why a call has no value.
pub enum Fault {
    /// It was given what it does not take.
    Given(String),
    /// It found no value.
    Found(String),
}

type Called = Result<Go, Fault>;

/// Names, and how many arguments they take: at least, at most.
const NAMES: &[(&str, usize, usize)] = &[
    ("and", 1, usize::MAX),
    ("or", 1, usize::MAX),
    ("not", 1, 1),
    ("eq", 1, usize::MAX),
    ("ne", 2, 2),
    ("lt", 2, 2),
    ("le", 2, 2),
    ("gt", 2, 2),
    ("ge", 2, 2),
    ("len", 1, 1),
    ("index", 1, usize::MAX),
    ("slice", 1, 4),
    ("print", 0, usize::MAX),
    ("println", 0, usize::MAX),
    ("printf", 1, usize::MAX),
    ("json", 1, 1),
    ("split", 2, 2),
    ("join", 2, 2),
    ("title", 1, 1),
    ("lower", 1, 1),
    ("upper", 1, 1),
    ("pad", 3, 3),
    ("truncate", 2, 2),
    ("exists", 1, usize::MAX),
    ("base64decode", 1, 1),
];

/// How many of them are Go's own: they come first.
const OWN: usize = 15; // Source: funcs.go, builtins.

/// Whether there is such a function.
pub fn known(name: &str, dialect: Dialect) -> bool {
    NAMES[..OWN].iter().any(|(known, ..)| *known == name) || dialect.functions.contains(&name)
}

/// The value of a call.
pub fn call(name: &str, args: &[Go]) -> Called {
    let (least, most) = NAMES.iter().find(|(known, ..)| *known == name).map_or((0, 0), |(_, a, b)| (*a, *b));
    if !(least..=most).contains(&args.len()) {
        let want = if most == usize::MAX { format!("at least {least}") } else { most.to_string() };
        return Err(Fault::Given(format!("wrong number of args for {name}: want {want} got {}", args.len())));
    }
    let joined = |with: &str| args.iter().map(Go::printed).collect::<Vec<_>>().join(with);
    Ok(match (name, args) {
        ("and" | "or", args) => args.last().cloned().unwrap_or(Go::Missing),
        ("not", [a]) => Go::Bool(!a.holds()),
        ("eq", [_]) => return Err(Fault::Found("missing argument for comparison".into())),
        ("eq", [a, rest @ ..]) => return rest.iter().try_fold(false, |any, b| Ok(any || equal(a, b)?)).map(Go::Bool),
        ("ne", [a, b]) => Go::Bool(!equal(a, b)?),
        ("lt", [a, b]) => Go::Bool(order(a, b)?.is_lt()),
        ("le", [a, b]) => Go::Bool(order(a, b)?.is_le()),
        ("gt", [a, b]) => Go::Bool(order(a, b)?.is_gt()),
        ("ge", [a, b]) => Go::Bool(order(a, b)?.is_ge()),
        ("len", [a]) => return length(a),
        ("index", [a, keys @ ..]) => return keys.iter().try_fold(a.clone(), |item, key| index(&item, key)),
        ("slice", [a, bounds @ ..]) => return slice(a, bounds),
        ("print", args) => Go::str(print(args)),
        ("println", _) => Go::str(joined(" ") + "\n"),
        ("printf", [format, rest @ ..]) => Go::str(printf(text(format)?, rest)),
        ("json", [a]) => Go::str(a.json()),
        ("split", [a, by]) => {
            let parts = text(a)?.split(text(by)?).map(Go::str).collect();
            Go::List(Some(Rc::new(parts)), "string")
        }
        ("join", [Go::List(items, "string"), with]) => {
            let parts: Vec<String> = items.iter().flat_map(|i| i.iter()).map(Go::printed).collect();
            Go::str(parts.join(text(with)?))
        }
        ("join", [a, _]) => return Err(wrong("[]string", a)),
        ("title", [a]) => Go::str(title(text(a)?)),
        ("lower", [a]) => Go::str(text(a)?.to_lowercase()),
        ("upper", [a]) => Go::str(text(a)?.to_uppercase()),
        ("pad", [a, before, behind]) => match text(a)? {
            "" => Go::str(""),
            source => Go::str(" ".repeat(number(before)?) + source + &" ".repeat(number(behind)?)),
        },
        ("truncate", [a, most]) => Go::str(text(a)?.chars().take(number(most)?).collect::<String>()),
        ("exists", [a, keys @ ..]) => Go::Bool(exists(a, keys)),
        ("base64decode", [a]) => match base64_decode(text(a)?) {
            Ok(bytes) => Go::str(String::from_utf8_lossy(&bytes)),
            Err(at) => {
                let words = format!("base64 decode failed: illegal base64 data at input byte {at}");
                return Err(Fault::Found(words));
            }
        },
        _ => Go::Missing,
    })
}

/// Whether keys lead to something. Source: kubernetes v1.37 cli-runtime pkg/printers/template.go, exists.
fn exists(item: &Go, keys: &[Go]) -> bool {
    let found = keys.iter().try_fold(item.clone(), |item, key| index(&item, key).ok());
    found.is_some_and(|found| !matches!(found.target(), Go::Missing | Go::Nil | Go::Pointer(_, None)))
}

fn wrong(wanted: &str, got: &Go) -> Fault {
    Fault::Given(format!("wrong type for value; expected {wanted}; got {}", got.type_name()))
}

fn text(value: &Go) -> Result<&str, Fault> {
    match value {
        Go::Str(text) | Go::Number(text) => Ok(text),
        other => Err(wrong("string", other)),
    }
}

/// Widest blank that is written. Ours: a page has to show it.
const WIDE: i64 = 4_096;

fn number(value: &Go) -> Result<usize, Fault> {
    match value {
        Go::Int(i) => Ok((*i).clamp(0, WIDE) as usize),
        other => Err(wrong("int", other)),
    }
}

/// Source: funcs.go, eq, basicKind.
fn equal(a: &Go, b: &Go) -> Result<bool, Fault> {
    Ok(match (a.target(), b.target()) {
        (Go::Missing | Go::Nil, Go::Missing | Go::Nil) => true,
        (Go::Missing | Go::Nil, _) | (_, Go::Missing | Go::Nil) => false,
        (Go::List(..) | Go::Map(..), _) | (_, Go::List(..) | Go::Map(..)) => {
            let map = if matches!(a, Go::List(..) | Go::Map(..)) { a } else { b };
            return Err(Fault::Found(format!("non-comparable type {}: {}", map.inside(), map.type_name())));
        }
        (Go::Str(a) | Go::Number(a), Go::Str(b) | Go::Number(b)) => a == b,
        (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => a == b,
        _ => return Err(Fault::Found("incompatible types for comparison".into())),
    })
}

fn order(a: &Go, b: &Go) -> Result<Ordering, Fault> {
    let kind = || Fault::Found("invalid type for comparison".into());
    Ok(match (a.target(), b.target()) {
        (Go::Int(a), Go::Int(b)) => a.cmp(b),
        (Go::Float(a), Go::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Greater),
        (Go::Str(a) | Go::Number(a), Go::Str(b) | Go::Number(b)) => a.cmp(b),
        (
            Go::Int(_) | Go::Float(_) | Go::Str(_) | Go::Number(_),
            Go::Int(_) | Go::Float(_) | Go::Str(_) | Go::Number(_),
        ) => {
            return Err(Fault::Found("incompatible types for comparison".into()));
        }
        _ => return Err(kind()),
    })
}

fn length(value: &Go) -> Called {
    Ok(Go::Int(match value.target() {
        Go::List(items, _) => items.as_ref().map_or(0, |items| items.len()),
        Go::Map(map, ..) => map.as_ref().map_or(0, |map| map.len()),
        Go::Str(text) | Go::Number(text) => text.len(),
        Go::Pointer(_, None) | Go::Missing | Go::Nil => return Err(Fault::Found("len of nil pointer".into())),
        other => return Err(Fault::Found(format!("len of type {}", other.type_name()))),
    } as i64))
}

/// Source: funcs.go, index.
fn index(item: &Go, key: &Go) -> Called {
    let place = |length: usize| match key {
        Go::Int(i) if (0..length as i64).contains(i) => Ok(*i as usize),
        Go::Int(i) => Err(Fault::Found(format!("index out of range: {i}"))),
        other => Err(Fault::Found(format!("cannot index slice/array with type {}", other.type_name()))),
    };
    match item.target() {
        Go::Missing | Go::Nil => Err(Fault::Found("index of untyped nil".into())),
        Go::Pointer(..) => Err(Fault::Found("index of nil pointer".into())),
        Go::List(items, _) => {
            let at = place(items.as_ref().map_or(0, |items| items.len()))?;
            Ok(items.as_ref().and_then(|items| items.get(at).cloned()).unwrap_or(Go::Missing))
        }
        Go::Str(text) => Ok(Go::Int(i64::from(text.as_bytes()[place(text.len())?]))),
        Go::Map(.., "[]nat.PortBinding") if matches!(key, Go::Str(_)) => {
            Err(Fault::Found("value has type string; should be nat.Port".into()))
        }
        Go::Map(map, zero, _) => match key {
            Go::Str(key) => Ok(map.as_ref().and_then(|map| map.get(key)).unwrap_or(zero).clone()),
            other => Err(Fault::Found(format!("value has type {}; should be string", other.type_name()))),
        },
        other => Err(Fault::Found(format!("can't index item of type {}", other.type_name()))),
    }
}

/// Source: funcs.go, slice.
fn slice(item: &Go, bounds: &[Go]) -> Called {
    let length = match length(item)? {
        Go::Int(i) => i,
        _ => 0,
    };
    let (mut from, mut to) = (0, length);
    for (at, bound) in bounds.iter().enumerate() {
        let Go::Int(i) = bound else {
            return Err(Fault::Found(format!("cannot index slice/array with type {}", bound.type_name())));
        };
        if !(0..=length).contains(i) {
            return Err(Fault::Found(format!("index out of range: {i}")));
        }
        *(if at == 0 { &mut from } else { &mut to }) = *i;
    }
    if from > to {
        return Err(Fault::Found(format!("invalid slice index: {from} > {to}")));
    }
    match item.target() {
        Go::Str(text) => Ok(Go::str(text.get(from as usize..to as usize).unwrap_or_default())),
        Go::List(items, of) => {
            let part = items.iter().flat_map(|items| items[from as usize..to as usize].iter().cloned()).collect();
            Ok(Go::List(Some(Rc::new(part)), of))
        }
        other => Err(Fault::Found(format!("can't slice item of type {}", other.type_name()))),
    }
}

/// Blanks stand between two that are no texts. Source: Go fmt, print.go, Print.
fn print(args: &[Go]) -> String {
    let mut out = String::new();
    for (at, arg) in args.iter().enumerate() {
        let texts = |value: &Go| matches!(value, Go::Str(_));
        if at > 0 && !texts(arg) && !texts(&args[at - 1]) {
            out.push(' ');
        }
        out += &arg.printed();
    }
    out
}

/// Every word with a capital. Source: Go strings, Title.
fn title(text: &str) -> String {
    let mut begins = true;
    let capital = |c: char| {
        let begun = std::mem::replace(&mut begins, !(c.is_alphanumeric() || c == '_' || c == '\''));
        if begun { c.to_uppercase().collect::<String>() } else { c.to_string() }
    };
    text.chars().map(capital).collect()
}

/// Source: Go fmt, print.go, doPrintf.
fn printf(format: &str, args: &[Go]) -> String {
    let (mut out, mut chars, mut next) = (String::new(), format.chars().peekable(), 0);
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        while let Some(c) = chars.next_if(|c| "+-# 0".contains(*c)) {
            flags.push(c);
        }
        let width = whole(&mut chars);
        let places = chars.next_if_eq(&'.').map(|_| whole(&mut chars));
        let Some(verb) = chars.next() else {
            out += "%!(NOVERB)";
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let Some(arg) = args.get(next) else {
            out += &format!("%!{verb}(MISSING)");
            continue;
        };
        next += 1;
        out += &padded(&formatted(verb, arg, places), width, &flags);
    }
    if let Some(rest) = args.get(next..).filter(|rest| !rest.is_empty()) {
        let one = |arg: &Go| format!("{}={}", arg.type_name(), arg.inside());
        out += &format!("%!(EXTRA {})", rest.iter().map(one).collect::<Vec<_>>().join(", "));
    }
    out
}

/// A number of a format; 0 without one.
fn whole(chars: &mut std::iter::Peekable<std::str::Chars>) -> usize {
    let mut n = 0;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        n = (n * 10 + i64::from(digit)).min(WIDE);
    }
    n as usize
}

fn formatted(verb: char, arg: &Go, places: Option<usize>) -> String {
    let cut = |text: &str| places.map_or(text.to_string(), |n| text.chars().take(n).collect());
    match (verb, arg.target()) {
        ('v', value) => value.inside(),
        ('s', Go::Str(text) | Go::Number(text)) => cut(text),
        ('s', value @ (Go::List(..) | Go::Time(_))) => value.inside(),
        ('q', Go::Str(text) | Go::Number(text)) => quoted(&cut(text)),
        ('d', Go::Int(i)) => i.to_string(),
        ('x', Go::Int(i)) => format!("{i:x}"),
        ('x', Go::Str(text)) => text.bytes().map(|b| format!("{b:02x}")).collect(),
        ('t', Go::Bool(b)) => b.to_string(),
        ('f', Go::Float(f)) => format!("{f:.*}", places.unwrap_or(6)),
        ('T', value) => value.type_name(),
        (verb, value) => format!("%!{verb}({}={})", value.type_name(), value.inside()),
    }
}

fn padded(text: &str, width: usize, flags: &str) -> String {
    let lacks = width.saturating_sub(text.chars().count());
    match () {
        () if flags.contains('-') => format!("{text}{}", " ".repeat(lacks)),
        () if flags.contains('0') && text.starts_with('-') => format!("-{}{}", "0".repeat(lacks), &text[1..]),
        () if flags.contains('0') => format!("{}{text}", "0".repeat(lacks)),
        () => format!("{}{text}", " ".repeat(lacks)),
    }
}
