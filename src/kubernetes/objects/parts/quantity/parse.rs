//! Text to amounts, and the suffixes both ways.

use super::big::{Big, Dec};
use super::small::Small;
use super::{Amount, Format, Quantity};
use std::cmp::Ordering;
use std::rc::Rc;

/// Why text is no amount; prints the real words. Source: quantity.go, ErrFormatWrong, ErrNumeric, ErrSuffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantityError {
    /// Not digits with a suffix.
    Format,
    /// No digits to read.
    Numeric,
    /// No such suffix.
    Suffix,
}

impl std::fmt::Display for QuantityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            QuantityError::Format => {
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            }
            QuantityError::Numeric => "unable to parse numeric part of quantity",
            QuantityError::Suffix => "unable to parse quantity's suffix",
        })
    }
}

/// Finest unit kept: a billionth. Source: quantity.go, Nano.
const NANO: i32 = -9;
/// Most decimal digits that surely fit 64 bits. Source: math.go, maxInt64Factors.
const DIGITS_MAX: i64 = 18;

/// Text taken apart: sign, digits before and behind the point, all of that as written, suffix.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    places: &'a str,
    number: &'a str,
    suffix: &'a str,
}

/// Source: quantity.go, parseQuantityString.
fn take_apart(text: &str) -> Result<Parts<'_>, QuantityError> {
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let rest = unsigned.trim_start_matches('0');
    if rest.is_empty() {
        return Ok(Parts { negative, whole: "0", places: "", number: "0", suffix: "" });
    }
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = rest.split_at(digits(rest));
    let whole = if whole.is_empty() { "0" } else { whole };
    let (places, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    let number = &text[..text.len() - suffix.len()];
    let letters = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let exponent = if letters.len() == suffix.len() && suffix.is_empty() { "" } else { letters };
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if digits(exponent) != exponent.len() {
        return Err(QuantityError::Format);
    }
    Ok(Parts { negative, whole, places, number, suffix })
}

/// A suffix as base, exponent, format. Source: suffix.go, interpret.
fn interpret(suffix: &str) -> Option<(u32, i32, Format)> {
    let decimal = |exponent| Some((10, exponent, Format::DecimalSI));
    let binary = |exponent| Some((2, exponent, Format::BinarySI));
    match suffix {
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            // The real code reads 64 bits and keeps the lower 32.
            let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            Some((10, exponent as i32, Format::DecimalExponent))
        }
    }
}

/// Suffix for a power of ten; nothing where there is none, as in the real code.
pub fn decimal_suffix(power: i32, format: Format) -> String {
    if format == Format::DecimalExponent {
        return if power == 0 { String::new() } else { format!("e{power}") };
    }
    const NAMES: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    let at = usize::try_from(power.saturating_add(9) / 3).unwrap_or(usize::MAX);
    if power < NANO { String::new() } else { NAMES.get(at).copied().unwrap_or_default().into() }
}

/// Suffix for a power of 1024; nothing where there is none.
pub fn binary_suffix(times: i32) -> &'static str {
    const NAMES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    usize::try_from(times).ok().and_then(|at| NAMES.get(at)).copied().unwrap_or_default()
}

/// Source: quantity.go, ParseQuantity.
pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Format);
    }
    let parts = take_apart(text)?;
    let (base, exponent, format) = interpret(parts.suffix).ok_or(QuantityError::Suffix)?;
    if let Some(result) = short(text, &parts, base, exponent, format) {
        return result;
    }
    long(&parts, base, exponent, format)
}

/// The way for numbers that fit 64 bits; `None` sends to the long way.
fn short(
    text: &str,
    parts: &Parts,
    base: u32,
    exponent: i32,
    format: Format,
) -> Option<Result<Quantity, QuantityError>> {
    let digits = (parts.whole.len() + parts.places.len()) as i64;
    let (scale, factor, precision) = match base {
        10 => (exponent, 1, DIGITS_MAX - digits),
        _ if parts.places.is_empty() => (0, 1i64 << exponent, 15 - digits - i64::from(exponent * 3 / 10) - 1),
        _ => return None,
    };
    let scale = scale.wrapping_sub(parts.places.len() as i32);
    if precision < 0 || scale < NANO {
        return None;
    }
    let shifted = format!("{}{}", parts.whole, parts.places);
    let Ok(value) = shifted.parse::<i64>() else { return Some(Err(QuantityError::Numeric)) };
    let product = value.checked_mul(factor)?;
    let canonical = match format {
        Format::BinarySI => exponent % 10 == 0 && value & 7 != 0,
        _ => scale % 3 == 0 && !shifted.ends_with("000") && !shifted.starts_with('0'),
    };
    let value = if parts.negative { -product } else { product };
    let kept = (canonical || text == "0").then(|| Rc::from(text));
    Some(Ok(Quantity { amount: Amount::Small(Small { value, scale }), format, text: kept }))
}

/// The way for everything else: any size, cut at a billionth (rounded away from zero) and, for binary suffixes, at 2^63 - 1.
fn long(parts: &Parts, base: u32, exponent: i32, mut format: Format) -> Result<Quantity, QuantityError> {
    if !parts.number.bytes().any(|b| b.is_ascii_digit()) {
        return Err(QuantityError::Numeric);
    }
    let mut dec = Dec { unscaled: Big::from_digits(parts.number).abs(), scale: parts.places.len() as i32 };
    match base {
        10 => dec.scale = dec.scale.wrapping_sub(exponent),
        _ => dec.unscaled = dec.unscaled.mul(&Big::from_i64(1i64 << exponent)),
    }
    if dec.unscaled.sign() != 0 {
        dec = dec.round_up(-NANO).0;
    }
    let largest = Dec::from_i64(i64::MAX, 0);
    if format == Format::BinarySI {
        if dec.compare(&largest) == Ordering::Greater {
            dec = largest;
        }
        if dec.unscaled.sign() > 0 && dec.compare(&Dec::from_i64(1, 0)) == Ordering::Less {
            format = Format::DecimalSI;
        }
    }
    if parts.negative {
        dec.unscaled = dec.unscaled.neg();
    }
    Ok(Quantity { amount: Amount::Large(Box::new(dec)), format, text: None })
}
