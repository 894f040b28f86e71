//! What names, labels and the like may look like, with the real messages. Each function lists everything that is wrong; an
//! empty list means valid.
//! Source: kubernetes v1.37 apimachinery/pkg/util/validation/validation.go and pkg/api/validate/content.

const LABEL_1123: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_1123: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const KEY_NAME: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const KEY_WORDS: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                         alphanumeric character";

/// Longest part of a name between dots. Source: DNS1123LabelMaxLength.
pub const LABEL_MAX: usize = 63;
/// Longest name. Source: DNS1123SubdomainMaxLength.
pub const SUBDOMAIN_MAX: usize = 253;

/// `must be no more than 63 characters`
pub fn too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// The newer checks of label keys and values count the same and call it bytes. Source: content/errors.go, MaxLenError.
fn too_many_bytes(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

/// The words for text that does not match a pattern.
pub fn no_match(words: &str, pattern: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{words} (regex used for validation is '{pattern}')");
    }
    let list: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!("{words} (e.g. {}regex used for validation is '{pattern}')", list.join(" or "))
}

/// `must be between 1 and 65535, inclusive`
pub fn in_range(value: i64, min: i64, max: i64) -> Vec<String> {
    if (min..=max).contains(&value) { Vec::new() } else { vec![format!("must be between {min} and {max}, inclusive")] }
}

/// A port number. Source: IsValidPortNum.
pub fn port_number(port: i64) -> Vec<String> {
    in_range(port, 1, 65535)
}

fn problems(value: &str, max: usize, valid: bool, words: impl FnOnce() -> String) -> Vec<String> {
    let mut found = Vec::new();
    if value.len() > max {
        found.push(too_long(max));
    }
    if !valid {
        found.push(words());
    }
    found
}

fn lower_or_digit(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// Begins and ends with `edge`, holds `inner` between.
fn framed(value: &str, edge: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let bytes = value.as_bytes();
    let ends = bytes.first().is_some_and(|b| edge(*b)) && bytes.last().is_some_and(|b| edge(*b));
    ends && bytes.iter().all(|b| inner(*b))
}

fn is_label(value: &str) -> bool {
    framed(value, lower_or_digit, |b| lower_or_digit(b) || b == b'-')
}

fn is_subdomain(value: &str) -> bool {
    value.split('.').all(is_label)
}

fn is_key_name(value: &str) -> bool {
    framed(value, |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// A name without dots. Source: IsDNS1123Label.
pub fn dns1123_label(value: &str) -> Vec<String> {
    problems(value, LABEL_MAX, is_label(value), || {
        if is_subdomain(value) {
            return "must not contain dots".into();
        }
        let words = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
                     end with an alphanumeric character";
        no_match(words, LABEL_1123, &["my-name", "123-abc"])
    })
}

/// A name that may hold dots. Source: IsDNS1123Subdomain.
pub fn dns1123_subdomain(value: &str) -> Vec<String> {
    problems(value, SUBDOMAIN_MAX, is_subdomain(value), || {
        let words = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
                     start and end with an alphanumeric character";
        no_match(words, SUBDOMAIN_1123, &["example.com"])
    })
}

/// A name that begins with a letter, as services have them. Source: IsDNS1035Label.
pub fn dns1035_label(value: &str) -> Vec<String> {
    let valid = is_label(value) && value.starts_with(|c: char| c.is_ascii_lowercase());
    problems(value, LABEL_MAX, valid, || {
        let words = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
                     character, and end with an alphanumeric character";
        no_match(words, "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"])
    })
}

/// `*.example.com`. Source: IsWildcardDNS1123Subdomain.
pub fn wildcard_subdomain(value: &str) -> Vec<String> {
    let valid = value.strip_prefix("*.").is_some_and(is_subdomain);
    problems(value, SUBDOMAIN_MAX, valid, || {
        let words = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist \
                     of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
        no_match(words, &format!("\\*\\.{SUBDOMAIN_1123}"), &["*.example.com"])
    })
}

/// A key of labels and annotations: `name` or `prefix/name`. Source: IsLabelKey, formerly IsQualifiedName.
pub fn label_key(value: &str) -> Vec<String> {
    let words = || no_match(KEY_WORDS, KEY_NAME, &["MyName", "my.name", "123-abc"]);
    let mut found = Vec::new();
    let name = match value.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        [prefix, name] => {
            found.extend(prefix_problems(prefix).into_iter().map(|w| format!("prefix part {w}")));
            name
        }
        _ => {
            let hint = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {} {hint}", words())];
        }
    };
    if name.is_empty() {
        found.push("name part must be non-empty".into());
    } else if name.len() > LABEL_MAX {
        found.push(format!("name part {}", too_many_bytes(LABEL_MAX)));
    }
    if !is_key_name(name) {
        found.push(format!("name part {}", words()));
    }
    found
}

fn prefix_problems(prefix: &str) -> Vec<String> {
    let mut found = if prefix.is_empty() { vec!["must be non-empty".into()] } else { dns1123_subdomain(prefix) };
    if prefix.len() > SUBDOMAIN_MAX {
        found[0] = too_many_bytes(SUBDOMAIN_MAX);
    }
    found
}

/// The value of a label. Source: IsLabelValue, formerly IsValidLabelValue.
pub fn label_value(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    if value.len() > LABEL_MAX {
        found.push(too_many_bytes(LABEL_MAX));
    }
    if !value.is_empty() && !is_key_name(value) {
        let words = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
                     start and end with an alphanumeric character";
        found.push(no_match(words, &format!("({KEY_NAME})?"), &["MyValue", "my_value", "12345"]));
    }
    found
}

/// The name of a port. Source: IsValidPortName.
pub fn port_name(value: &str) -> Vec<String> {
    const MAX: usize = 15;
    let known = |b: u8| lower_or_digit(b) || b == b'-';
    let checks = [
        (value.len() > MAX, too_long(MAX)),
        (
            value.is_empty() || !value.bytes().all(known),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into(),
        ),
        (!value.bytes().any(|b| b.is_ascii_lowercase()), "must contain at least one letter (a-z)".into()),
        (value.contains("--"), "must not contain consecutive hyphens".into()),
        (value.starts_with('-') || value.ends_with('-'), "must not begin or end with a hyphen".into()),
    ];
    checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, words)| words).collect()
}

/// `25%`. Source: IsValidPercent.
pub fn percent(value: &str) -> Vec<String> {
    let digits = value.strip_suffix('%').unwrap_or_default();
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    let words = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![no_match(words, "[0-9]+%", &["1%", "93%"])]
}

/// The name of an environment variable as it may be since v1.34. Source: IsRelaxedEnvVarName.
pub fn env_var_name(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    if value.is_empty() {
        found.push("environment variable name must be non-empty".into());
    }
    if !value.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=') {
        found.push(
            "a valid environment variable name must consist only of printable ASCII characters other than '='".into(),
        );
    }
    found
}

/// The name of an environment variable in its old, strict form. Source: IsEnvVarName.
pub fn strict_env_var_name(value: &str) -> Vec<String> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let valid = value.bytes().all(inner) && value.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    let mut found = problems(value, usize::MAX, valid, || {
        let words = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and \
                     must not start with a digit";
        no_match(words, "[-._a-zA-Z][-._a-zA-Z0-9]*", &["my.env-name", "MY_ENV.NAME", "MyEnvName1"])
    });
    found.extend(parent_folder(value));
    found
}

/// A key of a config map or secret. Source: IsConfigMapKey.
pub fn config_key(value: &str) -> Vec<String> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let valid = !value.is_empty() && value.bytes().all(inner);
    let mut found = problems(value, SUBDOMAIN_MAX, valid, || {
        let words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        no_match(words, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"])
    });
    found.extend(parent_folder(value));
    found
}

/// Source: hasChDirPrefix.
fn parent_folder(value: &str) -> Option<String> {
    match value {
        "." => Some("must not be '.'".into()),
        ".." => Some("must not be '..'".into()),
        _ if value.starts_with("..") => Some("must not start with '..'".into()),
        _ => None,
    }
}

/// The name of an HTTP header. Source: IsHTTPHeaderName.
pub fn http_header_name(value: &str) -> Vec<String> {
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Vec::new();
    }
    let words = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![no_match(words, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_pass() {
        assert_eq!(dns1123_label("a-1"), [""; 0]);
        assert_eq!(dns1123_subdomain("a.b-c.1"), [""; 0]);
        assert_eq!(dns1035_label("web"), [""; 0]);
        assert_eq!(label_key("example.com/My_name.x"), [""; 0]);
        assert_eq!(label_value(""), [""; 0]);
        assert_eq!(port_name("http-2"), [""; 0]);
        assert_eq!(config_key("a.b_C-1"), [""; 0]);
        assert_eq!(percent("25%"), [""; 0]);
    }

    #[test]
    fn bad_names_say_why() {
        assert_eq!(dns1123_label("a.b"), ["must not contain dots"]);
        assert_eq!(dns1123_label(&"a".repeat(64)), ["must be no more than 63 characters"]);
        assert!(dns1123_subdomain("A")[0].starts_with("a lowercase RFC 1123 subdomain must consist"));
        assert_eq!(label_key("/x"), ["prefix part must be non-empty"]);
        assert_eq!(label_key("a/").len(), 2);
        assert_eq!(port_name("-").len(), 2);
        assert_eq!(config_key("..x"), ["must not start with '..'"]);
    }
}
