//! Files of variables: `.env`, `env_file` and `label_file`.
//! Source: compose-go v2.16.1 dotenv/{parser,godotenv}.go; docker/cli v29 pkg/kvfile for the format `raw`.

use super::template::{self, Variables};
use crate::text::go;
use std::collections::BTreeMap;

/// Names and values.
pub type Env = BTreeMap<String, String>;

/// What a reader of variables asks: the surroundings first, then what the file said so far.
struct Lookup<'a, F> {
    around: &'a F,
    so_far: &'a Env,
    unset: &'a mut Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Variables for Lookup<'_, F> {
    fn value(&self, name: &str) -> Option<String> {
        (self.around)(name).or_else(|| self.so_far.get(name).cloned())
    }
    fn unset(&mut self, name: &str) {
        self.unset.push(name.to_owned());
    }
}

/// Reads a file's text into `out`. `unset` takes the variables that were asked for and not found.
pub fn read<F: Fn(&str) -> Option<String>>(
    text: &str,
    out: &mut Env,
    around: &F,
    unset: &mut Vec<String>,
) -> Result<(), String> {
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    while reader.find_statement() {
        let (key, inherited) = reader.key()?;
        if key.contains(' ') {
            return Err(format!("line {}: key cannot contain a space", reader.line));
        }
        if inherited {
            if let Some(value) = around(&key) {
                out.insert(key, value);
            }
            continue;
        }
        let value = reader.value(&mut Lookup { around, so_far: out, unset })?;
        out.insert(key, value);
    }
    Ok(())
}

/// Reads the format `raw`: nothing is quoted, nothing filled in.
pub fn read_raw<F: Fn(&str) -> Option<String>>(text: &str, out: &mut Env, around: &F) -> Result<(), String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for line in text.lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (line, around(line)),
        };
        if key.is_empty() {
            return Err(format!("no variable name on line '{line}'"));
        }
        if key.contains([' ', '\t']) {
            return Err(format!("variable '{key}' contains whitespaces"));
        }
        if let Some(value) = value {
            out.insert(key.to_owned(), value);
        }
    }
    Ok(())
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

impl<'a> Reader<'a> {
    /// Goes to the next statement; whether there is one.
    fn find_statement(&mut self) -> bool {
        loop {
            let start = self.rest.find(|c: char| !c.is_whitespace()).unwrap_or(self.rest.len());
            self.line += self.rest[..start].matches('\n').count();
            self.rest = &self.rest[start..];
            if !self.rest.starts_with('#') {
                return !self.rest.is_empty();
            }
            self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
        }
    }

    /// A key, and whether its value is that of the surroundings.
    fn key(&mut self) -> Result<(String, bool), String> {
        if let Some(rest) = self.rest.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace)) {
            self.rest = rest.trim_start_matches(is_blank);
        }
        let src = self.rest;
        let mut found = None;
        for (i, c) in src.char_indices().filter(|(_, c)| !is_blank(*c)) {
            match c {
                '=' | ':' | '\n' => {
                    found = Some((i, c));
                    break;
                }
                '_' | '.' | '-' | '[' | ']' => {}
                c if c.is_alphabetic() || c.is_numeric() => {}
                c => {
                    let shown = src.split('\n').next().unwrap_or_default();
                    let (c, shown) = (go::quoted(&c.to_string()), go::quoted(shown));
                    return Err(format!("line {}: unexpected character {c} in variable name {shown}", self.line));
                }
            }
        }
        if src.is_empty() {
            return Err("zero length string".into());
        }
        // At the end of the text nothing is found, and the rest is read as a value.
        let (key, offset, inherited) = found.map_or(("", 0, false), |(i, c)| (&src[..i], i + 1, c == '\n'));
        if inherited && !key.contains(' ') {
            self.line += 1;
        }
        self.rest = src[offset..].trim_start_matches(is_blank);
        Ok((key.trim_end().to_owned(), inherited))
    }

    fn value(&mut self, variables: &mut impl Variables) -> Result<String, String> {
        let src = self.rest;
        let quote = match src.bytes().next() {
            Some(quote @ (b'"' | b'\'')) => quote,
            _ => {
                let (value, rest) = src.split_once('\n').unwrap_or((src, ""));
                self.line += 1;
                self.rest = rest;
                let value = value.split(" #").next().unwrap_or_default().trim_end();
                return template::substitute(value, variables).map_err(|why| why.to_string());
            }
        };
        let (mut text, mut escaped) = (Vec::new(), false);
        for (i, b) in src.bytes().enumerate().skip(1) {
            self.line += usize::from(b == b'\n');
            if b == quote && !escaped {
                let text = String::from_utf8_lossy(&text).into_owned();
                self.rest = &src[i + 1..];
                if quote == b'\'' {
                    return Ok(text);
                }
                return template::substitute(&escapes(&text), variables).map_err(|why| why.to_string());
            }
            if b != quote && !escaped && b == b'\\' {
                escaped = true;
                continue;
            }
            if escaped && b != quote {
                text.push(b'\\');
            }
            escaped = false;
            text.push(b);
        }
        let shown = src.split('\n').next().unwrap_or_default();
        Err(format!("line {}: unterminated quoted value {shown}", self.line))
    }
}

/// Replaces what a backslash marks within double quotes; `\$` becomes `$$`, which is filled in as a dollar.
fn escapes(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let marked = &rest[at + 1..];
        let c = marked.chars().next();
        let plain = match c {
            Some('a') => Some('\u{7}'),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('v') => Some('\u{b}'),
            Some(c @ ('"' | '\\')) => Some(c),
            _ => None,
        };
        let taken = match (c, plain) {
            (_, Some(plain)) => {
                out.push(plain);
                1
            }
            (Some('$'), _) => {
                out.push_str("$$");
                1
            }
            (Some('0'), _) => {
                let digits: String = marked[1..].chars().take(3).take_while(char::is_ascii_digit).collect();
                let code = u32::from_str_radix(&digits, 8).ok().filter(|code| digits.len() == 3 && *code < 256);
                match code.and_then(char::from_u32) {
                    Some(c) => out.push(c),
                    None => out.push_str(&rest[at..at + 2 + digits.len()]),
                }
                1 + digits.len()
            }
            _ => {
                out.push('\\');
                0
            }
        };
        rest = &marked[taken..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(text: &str) -> Result<String, String> {
        let (mut out, mut unset) = (Env::new(), Vec::new());
        read(text, &mut out, &|name: &str| (name == "SHELL").then(|| "sh".to_owned()), &mut unset)?;
        Ok(out.into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(";"))
    }

    #[test]
    fn statements() {
        for (text, want) in [
            ("A=1\n# no\nexport B = 2 # x\nC: 3\n", "A=1;B=2;C=3"),
            ("A='x $B'\nB=\"y\\n${A}\\$z\"\n", "A=x $B;B=y\nx $B$z"),
            ("SHELL\nNONE\nD=${SHELL}#x\n", "D=sh#x;SHELL=sh"),
            ("A=\nB=\"a\nb\"\n", "A=;B=a\nb"),
            ("A=${B:-c}", "A=c"),
        ] {
            assert_eq!(said(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn refusals() {
        assert_eq!(said("A B=1"), Err("line 1: key cannot contain a space".into()));
        assert_eq!(said("\n1+=2"), Err("line 2: unexpected character \"+\" in variable name \"1+=2\"".into()));
        assert_eq!(said("A='x"), Err("line 1: unterminated quoted value 'x".into()));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[ -~\n\t\\\\\"'$#=\u{e4}]{0,60}") {
            let _ = said(&text);
        }
    }
}
