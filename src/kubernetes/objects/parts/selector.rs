//! Selectors as people type them (`-l app=web,tier!=db`, `--field-selector status.phase=Running`) and as the API turns
//! label selectors into them: the same words on errors, the same text back.
//! Source: kubernetes v1.37 apimachinery/pkg/labels/selector.go, pkg/fields/selector.go, pkg/apis/meta/v1/helpers.go.

use super::LabelSelector;
use super::validate_names::{label_key, label_value};
use crate::text::go::quoted;
use crate::text::{Value, json};
use std::fmt;
use std::rc::Rc;

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Operator {
    In,
    NotIn,
    Equals,
    DoubleEquals,
    NotEquals,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

impl Operator {
    /// Its name in the real code.
    pub const fn name(self) -> &'static str {
        match self {
            Operator::In => "in",
            Operator::NotIn => "notin",
            Operator::Equals => "=",
            Operator::DoubleEquals => "==",
            Operator::NotEquals => "!=",
            Operator::Exists => "exists",
            Operator::DoesNotExist => "!",
            Operator::GreaterThan => "gt",
            Operator::LessThan => "lt",
        }
    }
}

/// One thing that labels must fulfil.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// The label's key.
    pub key: Rc<str>,
    /// How it compares.
    pub operator: Operator,
    /// With what.
    pub values: Vec<Rc<str>>,
}

impl Requirement {
    /// A requirement, if key, operator and values go together; else the real words.
    /// Source: labels/selector.go, NewRequirement.
    pub fn new(key: &str, operator: Operator, values: Vec<Rc<str>>) -> Result<Self, String> {
        let mut wrong = Vec::new();
        let bad_key = label_key(key);
        if !bad_key.is_empty() {
            wrong.push(format!("key: Invalid value: {}: {}", quoted(key), bad_key.join("; ")));
        }
        let list = || {
            let list: Vec<Value> = values.iter().cloned().map(Value::Str).collect();
            if list.is_empty() { "null".into() } else { json::write(&Value::List(list), json::Style::COMPACT) }
        };
        let count_words = match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                "for 'in', 'notin' operators, values set can't be empty"
            }
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals if values.len() != 1 => {
                "exact-match compatibility requires one single value"
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                "values set must be empty for exists and does not exist"
            }
            Operator::GreaterThan | Operator::LessThan if values.len() != 1 => {
                "for 'Gt', 'Lt' operators, exactly one value is required"
            }
            _ => "",
        };
        if !count_words.is_empty() {
            wrong.push(format!("values: Invalid value: {}: {count_words}", list()));
        }
        if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
            let not_whole = values.iter().enumerate().filter(|(_, v)| whole(v).is_none());
            let words = "for 'Gt', 'Lt' operators, the value must be an integer";
            wrong.extend(not_whole.map(|(i, v)| format!("values[{i}]: Invalid value: {}: {words}", quoted(v))));
        }
        for (i, value) in values.iter().enumerate() {
            let bad = label_value(value);
            if !bad.is_empty() {
                wrong.push(format!("values[{i}][{key}]: Invalid value: {}: {}", quoted(value), bad.join("; ")));
            }
        }
        match wrong.as_slice() {
            [] => Ok(Requirement { key: key.into(), operator, values }),
            [one] => Err(one.clone()),
            many => {
                let mut unique: Vec<&String> = Vec::new();
                many.iter().for_each(|w| {
                    if !unique.contains(&w) {
                        unique.push(w);
                    }
                });
                let all: Vec<&str> = unique.into_iter().map(String::as_str).collect();
                Err(if let [one] = all[..] { one.into() } else { format!("[{}]", all.join(", ")) })
            }
        }
    }
    /// Whether labels fulfil it; `look_up` gives the value of a label.
    pub fn matches<'a>(&self, look_up: impl Fn(&str) -> Option<&'a str>) -> bool {
        let value = look_up(&self.key);
        let among = |v: &str| self.values.iter().any(|mine| **mine == *v);
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => value.is_some_and(among),
            Operator::NotIn | Operator::NotEquals => !value.is_some_and(among),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan | Operator::LessThan => {
                let (Some(theirs), [mine]) = (value.and_then(whole), self.values.as_slice()) else { return false };
                whole(mine).is_some_and(|mine| match self.operator {
                    Operator::GreaterThan => theirs > mine,
                    _ => theirs < mine,
                })
            }
        }
    }
}

/// Go's ParseInt in base 10.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok()
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values: Vec<&str> = self.values.iter().map(|v| &**v).collect();
        values.sort_unstable();
        let (key, values) = (&self.key, values.join(","));
        match self.operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

/// Requirements that must all hold, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selector {
    /// The requirements; none selects everything.
    pub requirements: Vec<Requirement>,
    /// Whether nothing at all is selected, which is what a missing label selector means.
    pub nothing: bool,
}

impl Selector {
    /// Selects nothing.
    pub const NOTHING: Selector = Selector { requirements: Vec::new(), nothing: true };

    /// Reads what a person types behind `-l`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = Parser::new(text).all()?;
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Selector { requirements, nothing: false })
    }
    /// The selector of an object; `None` selects nothing. Source: helpers.go, LabelSelectorAsSelector.
    pub fn of(selector: Option<&LabelSelector>) -> Result<Self, String> {
        let Some(selector) = selector else { return Ok(Selector::NOTHING) };
        let mut requirements = Vec::new();
        for (key, value) in &selector.labels {
            requirements.push(Requirement::new(key, Operator::Equals, vec![value.clone()])?);
        }
        for expression in &selector.expressions {
            let operator = match &*expression.operator {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(format!("{} is not a valid label selector operator", quoted(other))),
            };
            requirements.push(Requirement::new(&expression.key, operator, expression.values.clone())?);
        }
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Selector { requirements, nothing: false })
    }
    /// As tables show the selector of an object. Source: helpers.go, FormatLabelSelector.
    pub fn format(selector: Option<&LabelSelector>) -> String {
        match Selector::of(selector) {
            Err(_) => "<error>".into(),
            Ok(selector) if selector.requirements.is_empty() => "<none>".into(),
            Ok(selector) => selector.to_string(),
        }
    }
    /// Whether labels fulfil everything; `look_up` gives the value of a label.
    pub fn matches<'a>(&self, look_up: impl Fn(&str) -> Option<&'a str>) -> bool {
        !self.nothing && self.requirements.iter().all(|r| r.matches(&look_up))
    }
    /// Whether it selects everything.
    pub fn is_empty(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, requirement) in self.requirements.iter().enumerate() {
            write!(f, "{}{requirement}", if i > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Error,
    End,
    Close,
    Comma,
    Not,
    Compare(Operator),
    Word,
    Open,
}

/// Where a token stands decides whether `in` and `notin` are words or operators.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Operator,
    Value,
}

struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

fn token(text: &str) -> Option<Token> {
    Some(match text {
        ")" => Token::Close,
        "," => Token::Comma,
        "!" => Token::Not,
        "==" => Token::Compare(Operator::DoubleEquals),
        "=" => Token::Compare(Operator::Equals),
        ">" => Token::Compare(Operator::GreaterThan),
        "in" => Token::Compare(Operator::In),
        "<" => Token::Compare(Operator::LessThan),
        "!=" => Token::Compare(Operator::NotEquals),
        "notin" => Token::Compare(Operator::NotIn),
        "(" => Token::Open,
        _ => return None,
    })
}

fn is_special(c: char) -> bool {
    "=!(),><".contains(c)
}

fn is_blank(c: char) -> bool {
    " \t\r\n".contains(c)
}

/// Everything behind a NUL is not there for the real lexer either.
fn tokens(text: &str) -> Vec<(Token, String)> {
    let mut rest = text.split('\0').next().unwrap_or_default();
    let mut out = Vec::new();
    loop {
        rest = rest.trim_start_matches(is_blank);
        let Some(first) = rest.chars().next() else {
            out.push((Token::End, String::new()));
            return out;
        };
        let (kind, literal, length) = if is_special(first) {
            special(rest)
        } else {
            let end = rest.find(|c| is_special(c) || is_blank(c)).unwrap_or(rest.len());
            (token(&rest[..end]).unwrap_or(Token::Word), rest[..end].to_owned(), end)
        };
        out.push((kind, literal));
        rest = &rest[length..];
    }
}

/// The longest run of special characters that means something. Source: labels/selector.go, scanSpecialSymbol.
fn special(text: &str) -> (Token, String, usize) {
    let run = text.find(|c| !is_special(c)).unwrap_or(text.len());
    let mut best: Option<(Token, usize)> = None;
    for end in 1..=run {
        match (token(&text[..end]), best) {
            (Some(kind), _) => best = Some((kind, end)),
            (None, Some(_)) => break,
            (None, None) => {}
        }
    }
    match best {
        Some((kind, end)) => (kind, text[..end].to_owned(), end),
        None => (Token::Error, format!("error expected: keyword found '{}'", &text[..run]), run),
    }
}

impl Parser {
    fn new(text: &str) -> Self {
        Parser { tokens: tokens(text), at: 0 }
    }

    fn peek(&self, how: As) -> (Token, String) {
        let (kind, literal) = self.tokens.get(self.at).cloned().unwrap_or((Token::End, String::new()));
        match kind {
            Token::Compare(Operator::In | Operator::NotIn) if how == As::Value => (Token::Word, literal),
            _ => (kind, literal),
        }
    }

    fn next(&mut self, how: As) -> (Token, String) {
        let found = self.peek(how);
        self.at += 1;
        found
    }

    fn all(&mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        loop {
            match self.peek(As::Value) {
                (Token::Word | Token::Not, _) => {
                    requirements.push(self.requirement().map_err(|e| format!("unable to parse requirement: {e}"))?);
                }
                (Token::End, _) => return Ok(requirements),
                (_, literal) => return Err(format!("found '{literal}', expected: !, identifier, or 'end of string'")),
            }
            match self.next(As::Value) {
                (Token::End, _) => return Ok(requirements),
                (Token::Comma, _) => match self.peek(As::Value) {
                    (Token::Word | Token::Not, _) => {}
                    (_, literal) => return Err(format!("found '{literal}', expected: identifier after ','")),
                },
                (_, literal) => return Err(format!("found '{literal}', expected: ',' or 'end of string'")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut found = self.next(As::Value);
        let negated = found.0 == Token::Not;
        if negated {
            found = self.next(As::Value);
        }
        let (Token::Word, key) = found else { return Err(format!("found '{}', expected: identifier", found.1)) };
        let bad = label_key(&key);
        if !bad.is_empty() {
            return Err(format!("<nil>: Invalid value: {}: {}", quoted(&key), bad.join("; ")));
        }
        let ends = matches!(self.peek(As::Value).0, Token::End | Token::Comma);
        if negated || ends {
            let operator = if negated { Operator::DoesNotExist } else { Operator::Exists };
            return Requirement::new(&key, operator, Vec::new());
        }
        let operator = match self.next(As::Operator) {
            (Token::Compare(operator), _) => operator,
            (_, literal) => {
                return Err(format!("found '{literal}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        };
        let mut values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        values.sort();
        values.dedup();
        Requirement::new(&key, operator, values.into_iter().map(Rc::from).collect())
    }

    fn exact_value(&mut self) -> Result<String, String> {
        if matches!(self.peek(As::Value).0, Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.next(As::Value) {
            (Token::Word, literal) => Ok(literal),
            (_, literal) => Err(format!("found '{literal}', expected: identifier")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next(As::Value) {
            (Token::Open, _) => {}
            (_, literal) => return Err(format!("found '{literal}' expected: '('")),
        }
        let (first, literal) = self.peek(As::Value);
        match first {
            Token::Word | Token::Comma => {
                let values = self.value_list()?;
                match self.next(As::Value).0 {
                    Token::Close => Ok(values),
                    _ => Err(format!("found '{literal}', expected: ')'")),
                }
            }
            Token::Close => {
                self.next(As::Value);
                Ok(vec![String::new()])
            }
            _ => Err(format!("found '{literal}', expected: ',', ')' or identifier")),
        }
    }

    /// `a,,b`: what is left out between commas counts as empty text.
    fn value_list(&mut self) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        loop {
            match self.next(As::Value) {
                (Token::Word, literal) => {
                    values.push(literal);
                    match self.peek(As::Value) {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => return Ok(values),
                        (_, literal) => return Err(format!("found '{literal}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    if values.is_empty() {
                        values.push(String::new());
                    }
                    match self.peek(As::Value).0 {
                        Token::Close => {
                            values.push(String::new());
                            return Ok(values);
                        }
                        Token::Comma => values.push(String::new()),
                        _ => {}
                    }
                }
                (_, literal) => return Err(format!("found '{literal}', expected: ',', or identifier")),
            }
        }
    }
}

/// What fields must be, as typed behind `--field-selector`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldSelector {
    /// Field, whether it must be equal (else unequal), value.
    pub terms: Vec<(String, bool, String)>,
}

impl FieldSelector {
    /// Reads what a person types. Source: fields/selector.go, ParseSelector.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = split_terms(text);
        parts.sort_unstable();
        let mut terms = Vec::new();
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let Some((field, equal, value)) = split_term(part) else {
                return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
            };
            terms.push((field.to_owned(), equal, unescape(value)?));
        }
        Ok(FieldSelector { terms })
    }
    /// The fields that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|(field, _, _)| field.as_str())
    }
    /// Whether fields are so; `look_up` gives the text of a field, empty where there is none.
    pub fn matches(&self, look_up: impl Fn(&str) -> String) -> bool {
        self.terms.iter().all(|(field, equal, value)| (look_up(field) == *value) == *equal)
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (field, equal, value)) in self.terms.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
            write!(f, "{}{field}{}{value}", if i > 0 { "," } else { "" }, if *equal { "=" } else { "!=" })?;
        }
        Ok(())
    }
}

fn split_terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == ',' {
            terms.push(&text[start..i]);
            start = i + 1;
        }
    }
    terms.push(&text[start..]);
    terms
}

fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    let at =
        term.char_indices().map(|(i, _)| i).find(|i| term[*i..].starts_with("!=") || term[*i..].starts_with('='))?;
    let rest = &term[at..];
    let value = |operator| rest.strip_prefix(operator);
    match (value("!="), value("=="), value("=")) {
        (Some(v), _, _) => Some((&term[..at], false, v)),
        (_, Some(v), _) | (_, _, Some(v)) => Some((&term[..at], true, v)),
        _ => None,
    }
}

fn unescape(text: &str) -> Result<String, String> {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                other => {
                    let sequence: String = std::iter::once('\\').chain(other).collect();
                    return Err(format!("invalid field selector: invalid escape sequence: {sequence}"));
                }
            },
            ',' | '=' => {
                return Err(format!("invalid field selector: unescaped character in value: {}", c as u32));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(s: &str) -> String {
        Selector::parse(s).map_or_else(|e| e, |s| s.to_string())
    }

    #[test]
    fn typed_selectors() {
        assert_eq!(text("b!=1, a in (y,,x) ,!c,d"), "a in (,x,y),b!=1,!c,d");
        assert_eq!(text("a in (in,notin)"), "a in (in,notin)");
        assert_eq!(text("in in (in)"), "in in (in)");
        assert_eq!(text("a=1,"), "found '', expected: identifier after ','");
        assert_eq!(text("a b"), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
        assert_eq!(FieldSelector::parse("b!=2,a=1").map(|s| s.to_string()), Ok("a=1,b!=2".into()));
    }

    #[test]
    fn matching() {
        let look = |k: &str| [("a", "1"), ("n", "10")].iter().find(|(key, _)| *key == k).map(|(_, v)| *v);
        for (selector, want) in
            [("a=1", true), ("a!=1", false), ("b!=1", true), ("n>9", true), ("n<9", false), ("!b", true)]
        {
            assert_eq!(Selector::parse(selector).map(|s| s.matches(look)), Ok(want), "{selector}");
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_or_is_refused(s in ".{0,40}") {
            if let Ok(selector) = Selector::parse(&s) {
                let text = selector.to_string();
                prop_assert_eq!(Selector::parse(&text).map(|s| s.to_string()), Ok(text));
            }
            let _ = FieldSelector::parse(&s);
        }
    }
}
