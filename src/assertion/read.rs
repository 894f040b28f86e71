//! The language of assertions.

use super::{Compare, Expression, Extreme, Figure, Name, Subject, Term, When, docker};
use crate::sim::{Span, Time};
use crate::text::steps;

impl Expression {
    /// Reads an assertion; `Err` says what is not understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let when = match words.first() {
            Some(&"always") => Some(When::Always),
            Some(&"ever") => Some(When::Ever),
            Some(&"never") => Some(When::Never),
            Some(&"finally") => Some(When::Finally),
            _ => None,
        };
        if when.is_some() {
            words.remove(0);
        }
        let from = take_time(&mut words, "from")?;
        let to = take_time(&mut words, "to")?;
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            return Err(format!("\"{text}\": it ends before it begins"));
        }
        let terms = words.split(|w| *w == "and").map(read_term).collect::<Result<Vec<_>, _>>()?;
        Ok(Expression { when: when.unwrap_or(When::Finally), from, to, text: text.trim().to_string(), terms })
    }
}

fn take_time(words: &mut Vec<&str>, key: &str) -> Result<Option<Time>, String> {
    if words.first() != Some(&key) || words.len() < 2 {
        return Ok(None);
    }
    let span = Span::read(words[1]).ok_or_else(|| format!("{key}: \"{}\" is no time", words[1]))?;
    words.drain(..2);
    Ok(Some(Time::ZERO + span))
}

fn read_term(words: &[&str]) -> Result<Term, String> {
    let not_understood = || {
        let text = words.join(" ");
        format!("\"{text}\" is not understood: OBJECT FIELD OPERATOR VALUE, or KIND [LABELS] count OPERATOR NUMBER")
    };
    let (extreme, rest) = match words {
        ["min", rest @ ..] => (Some(Extreme::Min), rest),
        ["max", rest @ ..] => (Some(Extreme::Max), rest),
        rest => (None, rest),
    };
    let (what, compare, value) = match rest {
        [] => return Err("no object is named".into()),
        ["not", object] => return Ok(Term::Exists { object: read_name(object)?, there: false }),
        [object] => return Ok(Term::Exists { object: read_name(object)?, there: true }),
        [kind, labels @ .., "count", compare, value] => {
            let labels = labels.iter().flat_map(|l| l.split(',')).map(read_label).collect::<Result<Vec<_>, _>>()?;
            docker::check_labels(kind, &labels)?;
            (Subject::Count { kind: (*kind).to_string(), labels }, compare, value)
        }
        ["cluster", figure, compare, value] => {
            (Subject::Figure(None, Figure::named(figure).ok_or_else(not_understood)?), compare, value)
        }
        ["compose", figure, compare, value] => {
            let name = Name { kind: "compose".into(), namespace: "default".into(), name: String::new() };
            (Subject::Figure(Some(name), Figure::named(figure).ok_or_else(not_understood)?), compare, value)
        }
        [object, path, compare, value] => {
            let name = read_name(object)?;
            if Figure::named(path).is_none() {
                docker::check_field(&name.kind, path)?;
            }
            let what = match Figure::named(path) {
                Some(figure) => Subject::Figure(Some(name), figure),
                None => Subject::Field(name, steps(path.trim_start_matches('.'))),
            };
            (what, compare, value)
        }
        _ => return Err(not_understood()),
    };
    let wanted = value.trim_matches('"').to_string();
    let numbers_only = extreme.is_some() || !matches!(what, Subject::Field(..));
    if numbers_only && number(&wanted).is_none() {
        return Err(format!("a number is expected instead of \"{value}\""));
    }
    Ok(Term::Value { what, extreme, compare: read_compare(compare)?, wanted })
}

fn read_name(text: &str) -> Result<Name, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (kind, namespace, name) = match parts.as_slice() {
        [kind, name] => (kind, "default", name),
        [kind, namespace, name] => (kind, *namespace, name),
        _ => return Err(format!("\"{text}\" is no object: KIND/NAME or KIND/NAMESPACE/NAME is expected")),
    };
    Ok(Name { kind: kind.to_string(), namespace: namespace.into(), name: name.to_string() })
}

fn read_label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("\"{text}\" is no label: KEY=VALUE is expected"))?;
    Ok((key.into(), value.trim_start_matches('=').into()))
}

fn read_compare(text: &str) -> Result<Compare, String> {
    Ok(match text {
        "==" | "=" => Compare::Equal,
        "!=" => Compare::NotEqual,
        "<" => Compare::Less,
        "<=" => Compare::LessEqual,
        ">" => Compare::Greater,
        ">=" => Compare::GreaterEqual,
        _ => return Err(format!("\"{text}\" is no comparison: == != < <= > >= are")),
    })
}

/// A number with its unit: `99.9%` is a share, times are milliseconds, `10Mi` bytes.
pub(super) fn number(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    if let Some(percent) = text.strip_suffix('%') {
        return percent.parse::<f64>().ok().map(|p| p / 100.0);
    }
    for (unit, factor) in [("Ki", 1024.0), ("Mi", 1_048_576.0), ("Gi", 1_073_741_824.0)] {
        if let Some(amount) = text.strip_suffix(unit) {
            return amount.parse::<f64>().ok().map(|a| a * factor);
        }
    }
    Span::read(text).map(|s| s.0 as f64 / 1e3)
}

/// Figures by name.
const FIGURES: &[(&str, Figure)] = &[
    ("desired", Figure::Desired),
    ("replicas", Figure::Replicas),
    ("ready", Figure::Ready),
    ("available", Figure::Available),
    ("updated", Figure::Updated),
    ("restarts", Figure::Restarts),
    ("requests", Figure::Requests),
    ("answered", Figure::Answered),
    ("failed", Figure::Failed),
    ("availability", Figure::Availability),
    ("rate", Figure::Rate),
    ("latency.p50", Figure::Latency(0)),
    ("latency.p95", Figure::Latency(1)),
    ("latency.p99", Figure::Latency(2)),
];

impl Figure {
    /// The figure of this name.
    pub(super) fn named(name: &str) -> Option<Figure> {
        FIGURES.iter().find(|(known, _)| *known == name).map(|(_, figure)| *figure)
    }
    /// Its name.
    pub(super) fn word(self) -> &'static str {
        FIGURES.iter().find(|(_, figure)| *figure == self).map_or("", |(name, _)| name)
    }
}
