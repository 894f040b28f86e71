//! Refusals, in kubectl's form.
//! Source: kubernetes v1.37 kubectl pkg/cmd/util/helpers.go, checkErr, StandardErrorMessage, MultilineError, statusCausesToAggrError.

use crate::kubernetes::apiserver::ApiError;

/// What kubectl says when nobody listens. Differs: FID-130.
/// Source: kubernetes v1.37 kubectl pkg/cmd/util/helpers.go, StandardErrorMessage.
pub const REFUSED: &str =
    "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?";

/// Why a command ends badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is printed on standard error.
    pub words: String,
    /// The exit code.
    pub code: i32,
}

impl Failure {
    /// `error: …`
    pub fn error(words: impl AsRef<str>) -> Self {
        Failure { words: format!("error: {}", words.as_ref()), code: 1 }
    }
    /// Words as they are.
    pub fn plain(words: impl Into<String>) -> Self {
        Failure { words: words.into(), code: 1 }
    }
    /// What the server said.
    pub fn server(error: &ApiError) -> Self {
        Failure::plain(server_words(error))
    }
}

/// `Error from server (NotFound): pods "x" not found`; validation errors list their causes.
pub fn server_words(error: &ApiError) -> String {
    match error.reason {
        "Invalid" => {
            invalid_words(&error.message).unwrap_or_else(|| format!("Error from server (Invalid): {}", error.message))
        }
        "" => format!("Error from server: {}", error.message),
        reason => format!("Error from server ({reason}): {}", error.message),
    }
}

/// The same while something was done to a file: `error when creating "a.yaml": …`.
/// Source: kubernetes v1.37 kubectl pkg/cmd/util/helpers.go, AddSourceToErr.
pub fn with_source(error: &ApiError, verb: &str, file: &str) -> ApiError {
    if error.reason == "Invalid" || verb.is_empty() {
        return error.clone();
    }
    ApiError { reason: error.reason, message: format!("error when {verb} \"{file}\": {}", error.message) }
}

/// The words of one of several refusals.
pub fn one_of_many(error: &ApiError, verb: &str, file: &str) -> String {
    if verb.is_empty() && error.reason == "Invalid" {
        return format!("Error from server (Invalid): error when patching \"{file}\": {}", error.message);
    }
    if verb.is_empty() {
        return format!("Error from server ({}): {}", error.reason, error.message);
    }
    format!("Error from server ({}): error when {verb} \"{file}\": {}", error.reason, error.message)
}

/// `Pod "x" is invalid: [a, b]` becomes `The Pod "x" is invalid: ` and the causes, one a line when there are several.
fn invalid_words(message: &str) -> Option<String> {
    let (head, causes) = message.split_once(" is invalid: ")?;
    let (kind, name) = head.split_once(' ')?;
    let kind = kind.split('.').next().unwrap_or(kind);
    let list = causes.strip_prefix('[').and_then(|c| c.strip_suffix(']'));
    let causes = list.map_or_else(|| vec![causes.to_string()], split_causes);
    Some(match causes.as_slice() {
        [one] => format!("The {kind} {name} is invalid: {one}\n"),
        many => {
            let lines: String = many.iter().map(|c| format!("* {c}\n")).collect();
            format!("The {kind} {name} is invalid: \n{lines}")
        }
    })
}

/// Causes are joined by commas that can also stand within one; a new one begins with a path and a known kind of error.
fn split_causes(list: &str) -> Vec<String> {
    const KINDS: [&str; 8] = [
        "Required value",
        "Invalid value",
        "Forbidden",
        "Duplicate value",
        "Unsupported value",
        "Too long",
        "Too many",
        "Not found",
    ];
    let begins = |text: &str| {
        let Some((path, rest)) = text.split_once(": ") else { return false };
        !path.contains(' ') && KINDS.iter().any(|k| rest.starts_with(k))
    };
    let mut causes: Vec<String> = Vec::new();
    for part in list.split(", ") {
        match causes.last_mut() {
            Some(last) if !begins(part) => {
                last.push_str(", ");
                last.push_str(part);
            }
            _ => causes.push(part.to_string()),
        }
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_listed() {
        let message = r#"Pod "x" is invalid: [spec.a: Required value, spec.b: Unsupported value: "q": supported values: "a", "b"]"#;
        let error = ApiError { reason: "Invalid", message: message.into() };
        let want = "The Pod \"x\" is invalid: \n* spec.a: Required value\n* spec.b: Unsupported value: \"q\": supported values: \"a\", \"b\"\n";
        assert_eq!(server_words(&error), want);
    }
}
