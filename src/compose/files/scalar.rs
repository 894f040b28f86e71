//! What a plain scalar means to the reader of compose files: YAML 1.2 words, but octal numbers as in 1.1.
//! Source: go.yaml.in/yaml v4.0.0-rc.6 internal/libyaml/resolver.go, resolve.

use super::tree::Data;
use crate::text::number;

/// A scalar without tag and quotes. Dates become the text that they are printed as: FID-150.
pub fn plain(text: &str) -> Data {
    named(text).or_else(|| numeric(text)).unwrap_or_else(|| Data::Str(text.into()))
}

/// Whether a plain scalar with this text would not be read as this text.
pub fn reads_as_other(text: &str) -> bool {
    !matches!(plain(text), Data::Str(same) if &*same == text)
}

/// A scalar with a tag in the short form.
pub fn tagged(tag: &str, text: &str) -> Result<Data, String> {
    let found = plain(text);
    let kind = match &found {
        Data::Null => "!!null",
        Data::Bool(_) => "!!bool",
        Data::Int(_) | Data::Big(_) => "!!int",
        Data::Float(_) => "!!float",
        _ if date(text).is_some() => "!!timestamp",
        _ => "!!str",
    };
    match (tag, found) {
        ("!!float", Data::Int(number)) => Ok(Data::Float(number as f64)),
        ("!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp", found) if tag == kind => Ok(found),
        ("!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp", _) => {
            Err(format!("cannot construct {kind} `{text}` as a {tag}"))
        }
        _ => Ok(Data::Str(text.into())),
    }
}

fn named(text: &str) -> Option<Data> {
    Some(match text {
        "true" | "True" | "TRUE" => Data::Bool(true),
        "false" | "False" | "FALSE" => Data::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Data::Null,
        ".nan" | ".NaN" | ".NAN" => Data::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Data::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Data::Float(f64::NEG_INFINITY),
        "-0" | "-0.0" => Data::Float(-0.0),
        _ => return None,
    })
}

fn numeric(text: &str) -> Option<Data> {
    match text.as_bytes().first()? {
        b'.' => super::units::float(text).ok().map(Data::Float),
        b'+' | b'-' | b'0'..=b'9' => {
            if let Some(date) = date(text) {
                return Some(Data::Str(date.into()));
            }
            let plain = text.replace('_', "");
            whole(&plain).or_else(|| number::is_float(&plain).then(|| plain.parse().ok().map(Data::Float)).flatten())
        }
        _ => None,
    }
}

/// Go's base prefixes, and a bare leading zero for octal.
fn whole(text: &str) -> Option<Data> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = digits.to_ascii_lowercase();
    let (base, body) = number::go_base(&lower);
    if !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let size = i128::from(u64::from_str_radix(body, base).ok()?);
    if text.starts_with('-') {
        return i64::try_from(-size).ok().map(Data::Int);
    }
    match i64::try_from(size) {
        Ok(number) => Some(Data::Int(number)),
        // A sign before a number that large is not read.
        Err(_) if text.starts_with('+') => None,
        Err(_) => u64::try_from(size).ok().map(Data::Big),
    }
}

/// A date without time as the real tool would print it; other timestamps stay text.
fn date(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let number = |part: &str, most: u32| {
        let fits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u32>().ok().filter(|number| fits && (1..=most).contains(number))
    };
    if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (month, day, year_number) = (number(month, 12)?, number(day, 31)?, year.parse::<u32>().ok()?);
    let leap = year_number % 4 == 0 && (year_number % 100 != 0 || year_number % 400 == 0);
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (day <= last).then(|| format!("{year}-{month:02}-{day:02} 00:00:00 +0000 UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars() {
        for (text, want) in [
            ("yes", Data::Str("yes".into())),
            ("TRUE", Data::Bool(true)),
            ("010", Data::Int(8)),
            ("0o14", Data::Int(12)),
            ("1_000", Data::Int(1000)),
            ("08", Data::Float(8.0)),
            ("1e3", Data::Float(1000.0)),
            ("18446744073709551615", Data::Big(u64::MAX)),
            ("80:80", Data::Str("80:80".into())),
            ("1.2.3", Data::Str("1.2.3".into())),
            ("~", Data::Null),
            (".5", Data::Float(0.5)),
            ("2020-01-01", Data::Str("2020-01-01 00:00:00 +0000 UTC".into())),
            ("2020-02-30", Data::Str("2020-02-30".into())),
        ] {
            assert_eq!(plain(text), want, "{text}");
        }
    }
}
