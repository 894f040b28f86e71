//! How names, keys, ports and addresses must look, with the words said when they do not.
//! Source: kubernetes v1.37 apimachinery pkg/util/validation/{validation,ip}.go, pkg/api/validate/content.

use super::super::field_error::{Errors, Path};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Complaints without a place.
pub type Words = Vec<String>;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

fn too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

fn too_many_bytes(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

/// A sentence about a form, with examples.
pub fn form(message: &str, pattern: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{message} (regex used for validation is '{pattern}')");
    }
    let examples: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!("{message} (e.g. {}regex used for validation is '{pattern}')", examples.join(" or "))
}

/// At least one byte; the ends and the inner bytes are judged apart.
fn ends(text: &str, end: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    match text.as_bytes() {
        [] => false,
        [one] => end(*one),
        [first, middle @ .., last] => end(*first) && end(*last) && middle.iter().all(|b| inner(*b)),
    }
}

fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    ends(text, lower, |b| lower(b) || b == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_key(text: &str) -> bool {
    ends(text, |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// A DNS label: `my-name`.
pub fn dns_label(text: &str) -> Words {
    let mut out = Words::new();
    if text.len() > 63 {
        out.push(too_long(63));
    }
    if !is_label(text) {
        out.push(if is_subdomain(text) {
            "must not contain dots".into()
        } else {
            let words = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                         start and end with an alphanumeric character";
            form(words, LABEL, &["my-name", "123-abc"])
        });
    }
    out
}

/// A DNS subdomain: `example.com`.
pub fn dns_subdomain(text: &str) -> Words {
    let mut out = Words::new();
    if text.len() > 253 {
        out.push(too_long(253));
    }
    if !is_subdomain(text) {
        let words = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
                     must start and end with an alphanumeric character";
        out.push(form(words, SUBDOMAIN, &["example.com"]));
    }
    out
}

/// A domain in which short names are looked for: a subdomain whose labels may begin with and hold underscores.
pub fn dns_search(text: &str) -> Words {
    const FORM: &str = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
    let part = |p: &str| ends(p.strip_prefix('_').unwrap_or(p), lower, |b| lower(b) || matches!(b, b'-' | b'_'));
    let mut out = Words::new();
    if text.len() > 253 {
        out.push(too_long(253));
    }
    if !text.split('.').all(part) {
        let words = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and \
                     must start and end with an alphanumeric character";
        out.push(form(words, FORM, &["example.com"]));
    }
    out
}

/// A DNS label that begins with a letter.
pub fn dns_1035_label(text: &str) -> Words {
    let mut out = Words::new();
    if text.len() > 63 {
        out.push(too_long(63));
    }
    if !is_label(text) || !text.as_bytes().first().is_some_and(u8::is_ascii_lowercase) {
        let words = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
                     character, and end with an alphanumeric character";
        out.push(form(words, "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"]));
    }
    out
}

/// A subdomain that begins with `*.`.
pub fn wildcard_subdomain(text: &str) -> Words {
    let mut out = Words::new();
    if text.len() > 253 {
        out.push(too_long(253));
    }
    if !text.strip_prefix("*.").is_some_and(is_subdomain) {
        let words = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must \
                     consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
        out.push(form(words, &format!("\\*\\.{SUBDOMAIN}"), &["*.example.com"]));
    }
    out
}

/// The key of a label: `example.com/name`.
pub fn label_key(text: &str) -> Words {
    const WORDS: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let examples = &["MyName", "my.name", "123-abc"];
    let mut out = Words::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                out.push("prefix part must be non-empty".into());
            } else {
                let found = dns_subdomain(prefix).into_iter();
                out.extend(found.map(|w| format!("prefix part {}", w.replace("253 characters", "253 bytes"))));
            }
            name
        }
        _ => {
            let key = form(WORDS, KEY, examples);
            return vec![format!(
                "a valid label key {key} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        out.push("name part must be non-empty".into());
    } else if name.len() > 63 {
        out.push(format!("name part {}", too_many_bytes(63)));
    }
    if !is_key(name) {
        out.push(format!("name part {}", form(WORDS, KEY, examples)));
    }
    out
}

/// The value of a label.
pub fn label_value(text: &str) -> Words {
    let mut out = Words::new();
    if text.len() > 63 {
        out.push(too_many_bytes(63));
    }
    if !text.is_empty() && !is_key(text) {
        let words = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
                     start and end with an alphanumeric character";
        out.push(form(words, &format!("({KEY})?"), &["MyValue", "my_value", "12345"]));
    }
    out
}

/// The name of a port.
pub fn port_name(text: &str) -> Words {
    let mut out = Words::new();
    if text.len() > 15 {
        out.push(too_long(15));
    }
    if text.is_empty() || !text.bytes().all(|b| lower(b) || b == b'-') {
        out.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        out.push("must contain at least one letter (a-z)".into());
    }
    if text.contains("--") {
        out.push("must not contain consecutive hyphens".into());
    }
    if text.starts_with('-') || text.ends_with('-') {
        out.push("must not begin or end with a hyphen".into());
    }
    out
}

/// A number within bounds.
pub fn in_range(value: i64, min: i64, max: i64) -> Words {
    if (min..=max).contains(&value) {
        Words::new()
    } else {
        vec![format!("must be between {min} and {max}, inclusive")]
    }
}

/// A port number.
pub fn port(value: i64) -> Words {
    in_range(value, 1, 65_535)
}

/// `25%`.
pub fn percent(text: &str) -> Words {
    if text.strip_suffix('%').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
        return Words::new();
    }
    let words = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![form(words, "[0-9]+%", &["1%", "93%"])]
}

/// The name of an HTTP header.
pub fn http_header(text: &str) -> Words {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Words::new();
    }
    let words = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![form(words, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// The name of an environment variable.
pub fn env_name(text: &str) -> Words {
    let mut out = Words::new();
    if text.is_empty() {
        out.push("environment variable name must be non-empty".into());
    }
    if text.chars().any(|c| !(' '..='~').contains(&c) || c == '=') {
        out.push(
            "a valid environment variable name must consist only of printable ASCII characters other than '='".into(),
        );
    }
    out
}

/// A key of a config map or secret.
pub fn config_key(text: &str) -> Words {
    let mut out = Words::new();
    if text.len() > 253 {
        out.push(too_long(253));
    }
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        let words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        out.push(form(words, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    if text == "." || text == ".." {
        out.push(format!("must not be '{text}'"));
    } else if text.starts_with("..") {
        out.push("must not start with '..'".into());
    }
    out
}

/// A segment of an URL.
pub fn path_segment(text: &str) -> Words {
    if text == "." || text == ".." {
        return vec![format!("may not be '{text}'")];
    }
    ["/", "%"].iter().filter(|c| text.contains(**c)).map(|c| format!("may not contain '{c}'")).collect()
}

/// Puts each complaint at a place.
pub fn at(path: &Path, value: &str, words: Words) -> Errors {
    words.into_iter().map(|w| path.invalid(value, w)).collect()
}

/// An address as the sloppy reader takes it: leading zeros are decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ip {
    /// Four numbers.
    V4(Ipv4Addr),
    /// Eight groups.
    V6(Ipv6Addr),
}

/// Reads an address, as sloppily as the server does.
pub fn ip(text: &str) -> Option<Ip> {
    if text.contains(':') {
        let v6: Ipv6Addr = text.parse().ok()?;
        return Some(v6.to_ipv4_mapped().map_or(Ip::V6(v6), Ip::V4));
    }
    let number = |p: &str| -> Option<u8> {
        if p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let plain = p.trim_start_matches('0');
        if plain.is_empty() { Some(0) } else { plain.parse().ok() }
    };
    let parts: Vec<&str> = text.split('.').collect();
    let [a, b, c, d] = parts.as_slice() else { return None };
    Some(Ip::V4(Ipv4Addr::new(number(a)?, number(b)?, number(c)?, number(d)?)))
}

/// Reads `address/length`.
pub fn cidr(text: &str) -> Option<(Ip, u8)> {
    let (address, length) = text.split_once('/')?;
    let read = ip(address)?;
    if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let length: u8 = length.parse().ok()?;
    let max = if address.contains(':') { 128 } else { 32 };
    (length <= max).then_some((read, length))
}

/// Whether the second network is a smaller part of the first.
pub fn strictly_within(outer: (Ip, u8), inner: (Ip, u8)) -> bool {
    let bits = |ip: Ip| match ip {
        Ip::V4(v4) => (u128::from(u32::from(v4)) << 96, false),
        Ip::V6(v6) => (u128::from(v6), true),
    };
    let ((a, a6), (b, b6)) = (bits(outer.0), bits(inner.0));
    let top = |x: u128| x.checked_shr(128 - u32::from(outer.1)).unwrap_or(0);
    a6 == b6 && inner.1 > outer.1 && top(a) == top(b)
}

/// An address.
pub fn valid_ip(path: &Path, text: &str) -> Errors {
    if ip(text).is_none() {
        return vec![path.invalid(text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")];
    }
    let mut out = Errors::new();
    if !text.contains(':') && text.parse::<Ipv4Addr>().is_err() {
        out.push(path.invalid(text, "must not have leading 0s"));
    }
    if text.parse::<Ipv6Addr>().is_ok_and(|v6| v6.to_ipv4_mapped().is_some()) {
        out.push(path.invalid(text, "must not be an IPv4-mapped IPv6 address"));
    }
    out
}

/// An address that somebody else can have.
/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateNonSpecialIP.
pub fn not_special(path: &Path, text: &str) -> Errors {
    let Some(ip) = ip(text) else { return vec![path.invalid(text, "must be a valid IP address")] };
    let (nothing, own, link, group) = match ip {
        Ip::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            (v4.is_unspecified(), v4.is_loopback(), v4.is_link_local(), a == 224 && b == 0 && c == 0)
        }
        Ip::V6(v6) => {
            let first = v6.segments()[0];
            (v6.is_unspecified(), v6.is_loopback(), first & 0xffc0 == 0xfe80, first & 0xff0f == 0xff02)
        }
    };
    let mut out = Errors::new();
    if nothing {
        out.push(path.invalid(text, format!("may not be unspecified ({text})")));
    }
    if own {
        out.push(path.invalid(text, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
    }
    if link {
        out.push(path.invalid(text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
    }
    if group {
        out.push(path.invalid(text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"));
    }
    out
}

/// A network.
pub fn valid_cidr(path: &Path, text: &str) -> Errors {
    let Some((address, length)) = cidr(text) else {
        return vec![path.invalid(text, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")];
    };
    let (plain, digits) = text.split_once('/').unwrap_or((text, ""));
    if (!plain.contains(':') && plain.parse::<Ipv4Addr>().is_err()) || (digits.len() > 1 && digits.starts_with('0')) {
        return vec![path.invalid(text, "must not have leading 0s in IP or prefix length")];
    }
    if plain.contains(':') && matches!(address, Ip::V4(_)) {
        return vec![path.invalid(text, "must not have an IPv4-mapped IPv6 address")];
    }
    let beyond = match address {
        Ip::V4(v4) => u32::from(v4).checked_shl(u32::from(length)).unwrap_or(0) != 0,
        Ip::V6(v6) => u128::from(v6).checked_shl(u32::from(length)).unwrap_or(0) != 0,
    };
    if beyond { vec![path.invalid(text, "must not have bits set beyond the prefix length")] } else { Errors::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged() {
        assert!(dns_label("my-name").is_empty() && dns_subdomain("a.b-c.1").is_empty() && label_value("").is_empty());
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
        assert_eq!(dns_label("-a").len(), 1);
        assert_eq!(dns_subdomain("web.").len(), 1);
        assert_eq!(label_key("bad type").len(), 1);
        assert_eq!(label_key("a/b/c").len(), 1);
        assert_eq!(label_key("/").len(), 3);
        assert_eq!(port_name("8080"), ["must contain at least one letter (a-z)"]);
        assert_eq!(config_key("..a"), ["must not start with '..'"]);
    }

    #[test]
    fn networks_are_judged() {
        let p = Path::new("p");
        assert!(valid_cidr(&p, "10.0.0.0/8").is_empty() && valid_cidr(&p, "2001:db8::/64").is_empty());
        let words = |t: &str| valid_cidr(&p, t).first().map(|e| e.detail.clone()).unwrap_or_default();
        assert_eq!(words("10.0.0.1/24"), "must not have bits set beyond the prefix length");
        assert_eq!(words("10.0.0.0/33"), "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        assert!(valid_cidr(&p, "0.0.0.0/0").is_empty() && valid_cidr(&p, "::/0").is_empty());
        assert_eq!(ip("010.0.0.1"), Some(Ip::V4(Ipv4Addr::new(10, 0, 0, 1))));
    }
}
