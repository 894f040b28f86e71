//! What the API server says about a field, in its words.
//! Source: kubernetes v1.37 apimachinery pkg/util/validation/field/errors.go, Error.ErrorBody; pkg/api/errors, NewInvalid.

use super::schema::KindInfo;
use crate::text::go::quoted;
use crate::text::{Value, json};
use std::fmt::{Display, Formatter, Result};

/// A path into an object as the server prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(String);

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are in `words`")]
pub enum ErrorKind {
    NotFound,
    Required,
    Duplicate,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooMany,
    TooFew,
    Internal,
}

/// One complaint.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// Where.
    pub path: String,
    /// What.
    pub kind: ErrorKind,
    /// The value as printed; empty where none is printed.
    pub value: String,
    /// The rest of the sentence.
    pub detail: String,
}

/// Complaints in the order in which the server finds them.
pub type Errors = Vec<FieldError>;

/// A value in a message: text in quotes, numbers plain, everything else as JSON.
pub trait Bad {
    /// As printed.
    fn shown(&self) -> String;
}

impl Path {
    /// The path of a top-level field.
    pub fn new(name: &str) -> Path {
        Path(name.to_owned())
    }
    /// A member: `spec.replicas`.
    pub fn child(&self, name: &str) -> Path {
        if self.0.is_empty() { Path(name.to_owned()) } else { Path(format!("{}.{name}", self.0)) }
    }
    /// An item: `containers[0]`.
    pub fn index(&self, i: usize) -> Path {
        Path(format!("{}[{i}]", self.0))
    }
    /// A map's member: `limits[cpu]`.
    pub fn key(&self, key: &str) -> Path {
        Path(format!("{}[{key}]", self.0))
    }
    /// `Required value`.
    pub fn required(&self, detail: impl Into<String>) -> FieldError {
        self.bare(ErrorKind::Required, detail)
    }
    /// `Forbidden`.
    pub fn forbidden(&self, detail: impl Into<String>) -> FieldError {
        self.bare(ErrorKind::Forbidden, detail)
    }
    /// `Invalid value`.
    pub fn invalid(&self, value: impl Bad, detail: impl Into<String>) -> FieldError {
        self.error(ErrorKind::Invalid, &value, detail)
    }
    /// `Duplicate value`.
    pub fn duplicate(&self, value: impl Bad) -> FieldError {
        self.error(ErrorKind::Duplicate, &value, "")
    }
    /// `Not found`.
    pub fn not_found(&self, value: impl Bad) -> FieldError {
        self.error(ErrorKind::NotFound, &value, "")
    }
    /// `Unsupported value`, with the values that are.
    pub fn not_supported(&self, value: impl Bad, allowed: &[&str]) -> FieldError {
        let all: Vec<String> = allowed.iter().map(|a| quoted(a)).collect();
        self.error(ErrorKind::NotSupported, &value, format!("supported values: {}", all.join(", ")))
    }
    /// `Too long`.
    pub fn too_long(&self, max: usize) -> FieldError {
        let bytes = if max == 1 { "byte" } else { "bytes" };
        self.bare(ErrorKind::TooLong, format!("may not be more than {max} {bytes}"))
    }
    /// `Too many`.
    pub fn too_many(&self, have: usize, max: usize) -> FieldError {
        let items = if max == 1 { "item" } else { "items" };
        self.error(ErrorKind::TooMany, &(have as i64), format!("must have at most {max} {items}"))
    }
    fn bare(&self, kind: ErrorKind, detail: impl Into<String>) -> FieldError {
        FieldError { path: self.0.clone(), kind, value: String::new(), detail: detail.into() }
    }
    fn error(&self, kind: ErrorKind, value: &dyn Bad, detail: impl Into<String>) -> FieldError {
        FieldError { path: self.0.clone(), kind, value: value.shown(), detail: detail.into() }
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.0)
    }
}

impl ErrorKind {
    /// As printed.
    pub fn words(self) -> &'static str {
        match self {
            ErrorKind::NotFound => "Not found",
            ErrorKind::Required => "Required value",
            ErrorKind::Duplicate => "Duplicate value",
            ErrorKind::Invalid => "Invalid value",
            ErrorKind::NotSupported => "Unsupported value",
            ErrorKind::Forbidden => "Forbidden",
            ErrorKind::TooLong => "Too long",
            ErrorKind::TooMany => "Too many",
            ErrorKind::TooFew => "Too few",
            ErrorKind::Internal => "Internal error",
        }
    }
    /// As the cause of a status names it.
    pub fn reason(self) -> &'static str {
        match self {
            ErrorKind::NotFound => "FieldValueNotFound",
            ErrorKind::Required => "FieldValueRequired",
            ErrorKind::Duplicate => "FieldValueDuplicate",
            ErrorKind::Invalid => "FieldValueInvalid",
            ErrorKind::NotSupported => "FieldValueNotSupported",
            ErrorKind::Forbidden => "FieldValueForbidden",
            ErrorKind::TooLong => "FieldValueTooLong",
            ErrorKind::TooMany => "FieldValueTooMany",
            ErrorKind::TooFew => "FieldValueTooFew",
            ErrorKind::Internal => "InternalError",
        }
    }
}

impl FieldError {
    /// The message without the path.
    pub fn body(&self) -> String {
        let mut out = self.kind.words().to_owned();
        for part in [&self.value, &self.detail] {
            if !part.is_empty() {
                out.push_str(": ");
                out.push_str(part);
            }
        }
        out
    }
}

impl Display for FieldError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}: {}", self.path, self.body())
    }
}

/// The message of a refusal: `Deployment.apps "web" is invalid: [a, b]`. Equal complaints are told once.
pub fn invalid_message(kind: &KindInfo, name: &str, errors: &[FieldError]) -> String {
    let mut told: Vec<String> = Vec::new();
    for error in errors {
        let text = error.to_string();
        if !told.contains(&text) {
            told.push(text);
        }
    }
    let all = if told.len() == 1 { told.remove(0) } else { format!("[{}]", told.join(", ")) };
    format!("{} {} is invalid: {all}", kind.group_kind(), quoted(name))
}

impl Bad for &str {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl Bad for String {
    fn shown(&self) -> String {
        quoted(self)
    }
}

impl Bad for i64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Bad for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Bad for &Value {
    fn shown(&self) -> String {
        match self {
            Value::Str(s) => quoted(s),
            other => json::write(other, json::Style::IN_ORDER),
        }
    }
}

impl Bad for Value {
    fn shown(&self) -> String {
        (&self).shown()
    }
}

/// Something printed as it stands.
pub struct Raw(pub String);

impl Bad for Raw {
    fn shown(&self) -> String {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::Schema;
    use super::*;

    #[test]
    fn messages_read_as_the_servers() {
        let spec = Path::new("spec");
        let one = spec.child("replicas").invalid(-1i64, "must be greater than or equal to 0");
        let kind = Schema::get().kind("apps/v1", "Deployment").expect("a kind");
        assert_eq!(
            invalid_message(kind, "web", std::slice::from_ref(&one)),
            "Deployment.apps \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0"
        );
        let two = spec.child("selector").required("");
        assert_eq!(
            invalid_message(kind, "web", &[two.clone(), one, two]),
            "Deployment.apps \"web\" is invalid: [spec.selector: Required value, \
             spec.replicas: Invalid value: -1: must be greater than or equal to 0]"
        );
    }

    #[test]
    fn values_are_quoted_as_go_quotes() {
        let at = Path::new("a").key("b c").index(0);
        assert_eq!(
            at.not_supported("x\n", &["A", "B"]).to_string(),
            "a[b c][0]: Unsupported value: \"x\\n\": supported values: \"A\", \"B\""
        );
        assert_eq!(at.invalid(&Value::Null, "no").to_string(), "a[b c][0]: Invalid value: null: no");
        assert_eq!(at.too_many(3, 2).to_string(), "a[b c][0]: Too many: 3: must have at most 2 items");
    }
}
