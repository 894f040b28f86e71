//! Numbers, sizes, lengths of time and command lines in text, with the words of the libraries that the real tool uses.

use crate::text::go::{self, quoted};

/// Reads a whole number. `reader` is the function that the real tool calls, which it names in its words.
/// Source: Go strconv, atoi.go, ParseInt with base 10.
pub fn whole(reader: &str, text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("strconv.{reader}: parsing {}: invalid syntax", quoted(text)));
    }
    text.parse().map_err(|_| format!("strconv.{reader}: parsing {}: value out of range", quoted(text)))
}

/// Reads a number. Source: Go strconv, atof.go, ParseFloat; hexadecimal ones are not read.
pub fn float(text: &str) -> Result<f64, String> {
    let wrong = || format!("strconv.ParseFloat: parsing {}: invalid syntax", quoted(text));
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let word = matches!(bare.to_ascii_lowercase().as_str(), "inf" | "infinity" | "nan");
    let digits = bare.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !(word || digits) {
        return Err(wrong());
    }
    let number: f64 = text.parse().map_err(|_| wrong())?;
    if number.is_infinite() && !word {
        return Err(format!("strconv.ParseFloat: parsing {}: value out of range", quoted(text)));
    }
    Ok(number)
}

/// The same with single precision.
pub fn float32(text: &str) -> Result<f64, String> {
    float(text)?;
    Ok(text.parse::<f32>().map_or(0.0, f64::from))
}

/// A size in bytes: `512`, `-1`, `1.5g`, `64 MiB`.
/// Source: compose-go v2.16.1 types/bytes.go, parseString; docker/go-units v0.5.0 size.go, parseSize.
pub fn bytes(text: &str) -> Result<i64, String> {
    if let Ok(number) = whole("ParseInt", text) {
        return Ok(number);
    }
    let Some(last) = text.rfind(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' ')) else {
        return Err(format!("invalid size: '{text}'"));
    };
    let blank = text[last..].starts_with(' ');
    let (number, suffix) = (&text[..if blank { last } else { last + 1 }], &text[last + 1..]);
    let size = float(number)?;
    if size < 0.0 {
        return Err(format!("invalid size: '{text}'"));
    }
    if suffix.is_empty() {
        return Ok(size as i64);
    }
    // Suffixes that are too long are shown as they are, others in small letters.
    if suffix.len() > 3 {
        return Err(format!("invalid suffix: '{suffix}'"));
    }
    let suffix = suffix.to_lowercase();
    let wrong = || format!("invalid suffix: '{suffix}'");
    let power = match suffix.as_bytes() {
        [b'b'] => return Ok(size as i64),
        [unit] | [unit, b'b'] | [unit, b'i', b'b'] => "kmgtp".bytes().position(|b| b == *unit).ok_or_else(wrong)?,
        _ => return Err(wrong()),
    };
    Ok((size * (1u64 << (10 * (power + 1))) as f64) as i64)
}

/// Units that Go does not know. Source: xhit/go-str2duration v2.1.0, unitMap.
const DAYS: [(&str, u64); 2] = [("d", 86_400_000_000_000), ("w", 604_800_000_000_000)];

/// A length of time in nanoseconds: `1m30s`, `2d`. Source: xhit/go-str2duration v2.1.0, ParseDuration: Go's with days and weeks.
pub fn duration(text: &str) -> Result<i64, String> {
    go::parse_duration_with(text, &DAYS)
}

/// Cuts a command line into words, as a shell would, but for what only a shell can do.
/// Source: mattn/go-shellwords v1.0.15, Parser.Parse without environment and backticks.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut reader = Words::default();
    for c in line.chars() {
        if !reader.take(c)? {
            break;
        }
    }
    reader.flush();
    if reader.escaped || reader.single || reader.double || reader.back || reader.dollar {
        return Err(BAD_LINE.into());
    }
    Ok(reader.words)
}

const BAD_LINE: &str = "invalid command line string";

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Got {
    #[default]
    Nothing,
    Some,
    Quoted,
}

#[derive(Default)]
struct Words {
    words: Vec<String>,
    word: String,
    got: Got,
    escaped: bool,
    double: bool,
    single: bool,
    back: bool,
    dollar: bool,
}

impl Words {
    fn flush(&mut self) {
        let word = std::mem::take(&mut self.word);
        if self.got == Got::Quoted || (self.got != Got::Nothing && !word.is_empty()) {
            self.words.push(word);
        }
        self.got = Got::Nothing;
    }

    fn push(&mut self, c: char) {
        self.got = Got::Some;
        self.word.push(c);
    }

    /// Whether the line goes on.
    fn take(&mut self, c: char) -> Result<bool, String> {
        if self.escaped {
            self.escaped = false;
            if self.back || self.dollar {
                self.word.push('\\');
                self.push(c);
            } else {
                self.push(match c {
                    't' => '\t',
                    'n' => '\n',
                    c => c,
                });
            }
            return Ok(true);
        }
        match c {
            '\\' if self.single => self.word.push('\\'),
            '\\' => self.escaped = true,
            ' ' | '\t' | '\r' | '\n' if self.single || self.double || self.back || self.dollar => self.word.push(c),
            ' ' | '\t' | '\r' | '\n' => self.flush(),
            _ => return self.sign(c),
        }
        Ok(true)
    }

    fn sign(&mut self, c: char) -> Result<bool, String> {
        match c {
            '`' if !self.single && !self.double && !self.dollar => self.back = !self.back,
            ')' if !self.single && !self.double && !self.back => {
                if !self.dollar {
                    return Err(BAD_LINE.into());
                }
                self.dollar = false;
            }
            '(' if !self.single && !self.double && !self.back => {
                let opens = self.word.ends_with('$') && !self.word.ends_with("\\$");
                if self.dollar || !opens {
                    return Err(BAD_LINE.into());
                }
                self.dollar = true;
                self.word.push('(');
                return Ok(true);
            }
            '"' if !self.single && !self.dollar && !self.back => {
                if self.double {
                    self.got = Got::Quoted;
                }
                self.double = !self.double;
                return Ok(true);
            }
            '\'' if !self.double && !self.dollar && !self.back => {
                if self.single {
                    self.got = Got::Quoted;
                }
                self.single = !self.single;
                return Ok(true);
            }
            ';' | '&' | '|' | '<' | '>' if !(self.single || self.double || self.back || self.dollar) => {
                let number = !self.word.is_empty() && self.word.bytes().all(|b| b.is_ascii_digit());
                if c == '>' && number {
                    self.got = Got::Nothing;
                }
                return Ok(false);
            }
            _ => {}
        }
        self.push(c);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes() {
        for (text, want) in
            [("1", 1), ("-1", -1), ("1.5g", 1_610_612_736), ("64 MiB", 67_108_864), ("12mb", 12_582_912)]
        {
            assert_eq!(bytes(text), Ok(want), "{text}");
        }
        assert_eq!(bytes("lots"), Err("invalid size: 'lots'".into()));
        assert_eq!(bytes("1Gi"), Err("invalid suffix: 'gi'".into()));
    }

    #[test]
    fn lengths_of_time() {
        for (text, want) in [
            ("1m30.5s", "1m30.5s"),
            ("1h", "1h0m0s"),
            ("0.5s", "500ms"),
            ("2d", "48h0m0s"),
            ("1500us", "1.5ms"),
            ("0", "0s"),
            ("-90s", "-1m30s"),
        ] {
            assert_eq!(duration(text).map(go::duration).as_deref(), Ok(want), "{text}");
        }
        assert_eq!(duration("ten"), Err("time: invalid duration \"ten\"".into()));
        assert_eq!(duration("10"), Err("time: missing unit in duration \"10\"".into()));
        assert_eq!(duration("1x"), Err("time: unknown unit \"x\" in duration \"1x\"".into()));
    }

    #[test]
    fn command_lines() {
        let cut = |line: &str| words(line).map(|words| words.join("|"));
        assert_eq!(cut("sh -c 'a b' \"c\\\"d\" ''"), Ok("sh|-c|a b|c\"d|".into()));
        assert_eq!(cut("a && b"), Ok("a".into()));
        assert_eq!(cut("echo $(x y) z"), Ok("echo|$(x y)|z".into()));
        assert_eq!(cut("'a"), Err(BAD_LINE.into()));
        assert_eq!(cut("a (b)"), Err(BAD_LINE.into()));
    }

    proptest! {
        #[test]
        fn nothing_makes_them_panic(text in "[ -~\u{b5}\u{e4}]{0,20}") {
            let _ = (bytes(&text), duration(&text), words(&text), float(&text), whole("Atoi", &text));
        }
    }
}
