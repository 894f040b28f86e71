//! Amounts such as `250m`, `1.5Gi`, `3e6`: never floating point, any size, and printed the way they were written as far as
//! the canonical form allows. The common case is one 64-bit number and a power of ten.
//! Source: kubernetes v1.37 apimachinery/pkg/api/resource, quantity.go, amount.go, suffix.go, math.go, scale_int.go.

mod big;
mod parse;
mod small;

use crate::text::{Value, json};
use big::{Big, Dec};
use small::Small;
use std::cmp::Ordering;
use std::rc::Rc;

pub use parse::QuantityError;

/// In which family of suffixes an amount is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// `12e6`
    DecimalExponent,
    /// `12Mi`
    BinarySI,
    /// `12M`
    #[default]
    DecimalSI,
}

impl Format {
    /// The name Go prints.
    pub const fn name(self) -> &'static str {
        match self {
            Format::DecimalExponent => "DecimalExponent",
            Format::BinarySI => "BinarySI",
            Format::DecimalSI => "DecimalSI",
        }
    }
}

/// An amount. Equality, order and hash-free comparison go by number, not by text.
#[derive(Clone, Debug, Default)]
pub struct Quantity {
    amount: Amount,
    format: Format,
    /// The text it was read from, while that is canonical.
    text: Option<Rc<str>>,
}

#[derive(Clone, Debug)]
enum Amount {
    Small(Small),
    Large(Box<Dec>),
}

impl Default for Amount {
    fn default() -> Self {
        Amount::Small(Small::default())
    }
}

impl Amount {
    fn to_dec(&self) -> Dec {
        match self {
            Amount::Small(small) => small.to_dec(),
            Amount::Large(dec) => (**dec).clone(),
        }
    }
}

/// The fields of the real structure. Source: quantity.go, Quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Internal {
    /// Digits.
    pub value: i64,
    /// Power of ten.
    pub scale: i32,
    /// The text that is kept.
    pub text: String,
}

impl Quantity {
    /// A whole number.
    pub fn new(value: i64, format: Format) -> Self {
        Quantity { amount: Amount::Small(Small { value, scale: 0 }), format, text: None }
    }
    /// Thousandths.
    pub fn milli(value: i64, format: Format) -> Self {
        Quantity { amount: Amount::Small(Small { value, scale: -3 }), format, text: None }
    }
    /// Reads text.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        parse::parse(text)
    }
    /// Reads the text of a JSON value: quotes are optional, blanks around the text are not part of it, `null` is 0.
    pub fn from_json(json: &str) -> Result<Self, QuantityError> {
        if json == "null" {
            return Ok(Quantity { format: Format::DecimalExponent, ..Quantity::default() });
        }
        let inner = json.strip_prefix('"').and_then(|j| j.strip_suffix('"')).unwrap_or(json);
        Quantity::parse(inner.trim())
    }
    /// Reads a member of an object: text or a number.
    pub fn read(tree: &Value) -> Result<Self, QuantityError> {
        match tree {
            Value::Str(text) => Quantity::parse(text.trim()),
            Value::Null => Ok(Quantity::default()),
            other => Quantity::from_json(&json::write(other, json::Style::COMPACT)),
        }
    }
    /// How the real code keeps it. Amounts of any size are not told apart: nothing that is hashed has one.
    pub fn internal(&self) -> Internal {
        let text = self.text.as_deref().unwrap_or_default().to_owned();
        match &self.amount {
            Amount::Small(small) => Internal { value: small.value, scale: small.scale, text },
            Amount::Large(_) => Internal { value: self.value(), scale: 0, text },
        }
    }
    /// In which family of suffixes it is printed.
    pub fn format(&self) -> Format {
        self.format
    }
    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        match &self.amount {
            Amount::Small(small) => small.value.signum() as i32,
            Amount::Large(dec) => dec.unscaled.sign(),
        }
    }
    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.sign() == 0
    }
    /// The whole number, if it is one and kept in the small form.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.amount {
            Amount::Small(small) => small.as_i64(),
            Amount::Large(_) => None,
        }
    }
    /// Rounded up to a whole number. Too large numbers overflow as in the real code.
    pub fn value(&self) -> i64 {
        self.scaled_value(0)
    }
    /// Rounded up to whole thousandths.
    pub fn milli_value(&self) -> i64 {
        self.scaled_value(-3)
    }
    /// In units of ten to `scale`, rounded up.
    pub fn scaled_value(&self, scale: i32) -> i64 {
        match &self.amount {
            Amount::Small(small) => small.scaled(scale),
            Amount::Large(dec) => scaled_dec(dec, scale),
        }
    }
    /// Rounds up (away from zero) to units of ten to `scale`; whether that changed nothing.
    pub fn round_up(&mut self, scale: i32) -> bool {
        match &mut self.amount {
            Amount::Small(small) if small.scale >= scale => true,
            Amount::Small(small) => {
                self.text = None;
                let (rounded, exact) = small.round_up(scale);
                *small = rounded;
                exact
            }
            Amount::Large(dec) => {
                self.text = None;
                let (rounded, _) = dec.round_up(scale.saturating_neg());
                let exact = rounded.compare(dec) == Ordering::Equal;
                **dec = rounded;
                exact
            }
        }
    }
    /// The number without an exponent, with as many places as it is kept with.
    pub fn as_decimal(&self) -> String {
        self.amount.to_dec().to_string()
    }
    /// Adds; nothing takes over the format of what is added to it.
    pub fn add(&mut self, other: &Quantity) {
        self.text = None;
        if self.is_zero() {
            self.format = other.format;
        }
        if let (Amount::Small(a), Amount::Small(b)) = (&self.amount, &other.amount)
            && let Some(sum) = a.add(*b)
        {
            self.amount = Amount::Small(sum);
            return;
        }
        self.amount = Amount::Large(Box::new(self.amount.to_dec().add(&other.amount.to_dec())));
    }
    /// Takes away; nothing takes over the format of what is taken from it.
    pub fn sub(&mut self, other: &Quantity) {
        let mut less = other.clone();
        less.negate();
        self.add(&less);
    }
    /// The other sign.
    pub fn negate(&mut self) {
        self.text = None;
        match &mut self.amount {
            Amount::Small(small) => small.value = small.value.wrapping_neg(),
            Amount::Large(dec) => dec.unscaled = std::mem::take(&mut dec.unscaled).neg(),
        }
    }
    /// Multiplies; false when the digits no longer fit 64 bits.
    pub fn mul(&mut self, by: i64) -> bool {
        self.text = None;
        if let Amount::Small(small) = &self.amount
            && let Some(product) = small.mul(by)
        {
            self.amount = Amount::Small(product);
            return true;
        }
        let mut dec = self.amount.to_dec();
        dec.unscaled = dec.unscaled.mul(&Big::from_i64(by));
        let fits = dec.unscaled.to_i64().is_some();
        self.amount = Amount::Large(Box::new(dec));
        fits
    }
    /// Compared as numbers.
    pub fn compare(&self, other: &Quantity) -> Ordering {
        if let (Amount::Small(a), Amount::Small(b)) = (&self.amount, &other.amount)
            && a.scale == b.scale
        {
            return a.value.cmp(&b.value);
        }
        self.amount.to_dec().compare(&other.amount.to_dec())
    }
    /// The floating-point number that the real code computes: digits times a power of ten, so not always the nearest.
    pub fn as_approximate_f64(&self) -> f64 {
        let (base, power) = match &self.amount {
            Amount::Small(small) => (small.value as f64, small.scale),
            Amount::Large(dec) => (dec.unscaled.to_f64(), dec.scale.saturating_neg()),
        };
        if power == 0 { base } else { base * power_of_ten(power) }
    }
    /// The canonical form, whatever text it was read from.
    pub fn canonical(&self) -> String {
        if self.is_zero() {
            return "0".into();
        }
        if self.format == Format::BinarySI && !self.is_less_than_1024() {
            let (rounded, exact) = match &self.amount {
                Amount::Small(small) => {
                    let (rounded, exact) = small.round_up(0);
                    (Amount::Small(rounded), exact)
                }
                Amount::Large(dec) => {
                    let (rounded, exact) = dec.round_up(0);
                    (Amount::Large(Box::new(rounded)), exact)
                }
            };
            if exact {
                return binary(&rounded);
            }
        }
        let format = if self.format == Format::BinarySI { Format::DecimalSI } else { self.format };
        let (digits, power) = match &self.amount {
            Amount::Small(small) => small.canonical().unwrap_or_else(|| canonical_dec(&small.to_dec())),
            Amount::Large(dec) => canonical_dec(dec),
        };
        format!("{digits}{}", parse::decimal_suffix(power, format))
    }
    fn is_less_than_1024(&self) -> bool {
        let limit = |n| Dec::from_i64(n, 0);
        match &self.amount {
            Amount::Small(Small { value, scale: 0 }) => (-1023..1024).contains(value),
            amount => {
                let dec = amount.to_dec();
                dec.compare(&limit(-1024)) == Ordering::Greater && dec.compare(&limit(1024)) == Ordering::Less
            }
        }
    }
}

/// Digits in units of a power of 1024.
fn binary(amount: &Amount) -> String {
    let (digits, times) = match amount {
        Amount::Small(small) if small.scale == 0 || small.as_i64().is_some() => {
            let (mut rest, mut times) = (small.as_i64().unwrap_or(small.value), 0);
            // The least number has no positive counterpart, and so the real code finds no factor in it.
            while rest != i64::MIN && rest.unsigned_abs() >= 1024 && rest % 1024 == 0 {
                (rest, times) = (rest / 1024, times + 1);
            }
            (rest.to_string(), times)
        }
        amount => {
            let (big, times) = amount.to_dec().round_up(0).0.unscaled.without_factor(1024);
            (big.to_string(), times)
        }
    };
    format!("{digits}{}", parse::binary_suffix(times))
}

/// Digits and a power of ten that is a multiple of three.
fn canonical_dec(dec: &Dec) -> (String, i32) {
    let (big, times) = dec.unscaled.clone().without_factor(10);
    let power = dec.scale.saturating_neg().saturating_add(times);
    let shift = power.rem_euclid(3);
    (big.shift(shift as usize).to_string(), power.saturating_sub(shift))
}

/// Source: scale_int.go, scaledValue. Rounds up towards positive numbers, and overflows where the real code does.
fn scaled_dec(dec: &Dec, scale: i32) -> i64 {
    let gap = dec.scale.saturating_add(scale);
    match gap {
        0 => dec.unscaled.low_i64(),
        ..0 => {
            let factor = power_of_ten(gap.saturating_neg());
            let factor = if factor < 9_223_372_036_854_775_808.0 { factor as i64 } else { i64::MIN };
            dec.unscaled.low_i64().wrapping_mul(factor)
        }
        1..19 if dec.unscaled < Big::from_i64(i64::MAX) => {
            let (number, divisor) = (dec.unscaled.low_i64(), 10i64.pow(gap as u32));
            number / divisor + i64::from(number % divisor != 0)
        }
        _ => {
            let (quotient, lost) = dec.unscaled.unshift(gap as usize);
            let floor_step = i64::from(lost && dec.unscaled.sign() < 0);
            quotient.low_i64().wrapping_sub(floor_step).wrapping_add(i64::from(lost))
        }
    }
}

/// Source: Go math, Pow10: two tables and one operation, so that the last digit is the same.
pub(crate) fn power_of_ten(power: i32) -> f64 {
    const UNITS: [f64; 32] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
    ];
    const UP: [f64; 10] = [1e0, 1e32, 1e64, 1e96, 1e128, 1e160, 1e192, 1e224, 1e256, 1e288];
    const DOWN: [f64; 11] = [1e0, 1e-32, 1e-64, 1e-96, 1e-128, 1e-160, 1e-192, 1e-224, 1e-256, 1e-288, 1e-320];
    let size = power.unsigned_abs() as usize;
    match power {
        0..=308 => UP[size / 32] * UNITS[size % 32],
        -323..0 => DOWN[size / 32] / UNITS[size % 32],
        309.. => f64::INFINITY,
        _ => 0.0,
    }
}

/// The text it was read from as long as that is canonical, else the canonical form.
impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.text {
            Some(text) => f.pad(text),
            None => f.pad(&self.canonical()),
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Equal
    }
}
impl Eq for Quantity {}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(s: &str) -> String {
        Quantity::parse(s).map_or_else(|e| e.to_string(), |q| q.to_string())
    }

    #[test]
    fn canonical_forms() {
        for (given, want) in [
            ("1.5", "1500m"),
            ("1.5Gi", "1536Mi"),
            ("1024", "1024"),
            ("2048Ki", "2Mi"),
            ("0.5Ki", "512"),
            ("1000k", "1M"),
            ("12e6", "12e6"),
            ("1e3", "1e3"),
            ("100000m", "100"),
            ("8Ei", "9223372036854775807"),
            ("0.1n", "1n"),
            ("+1", "+1"),
            ("Ki", "0"),
        ] {
            assert_eq!(text(given), want, "{given}");
        }
        assert!(text("1GB").starts_with("quantities must match"));
        assert_eq!(text("1K"), "unable to parse quantity's suffix");
        assert_eq!(text("1e9999999999"), "10e1410065406");
    }

    #[test]
    fn sums_keep_every_digit() {
        let mut sum = Quantity::parse("9223372036854775807").expect("a quantity");
        sum.add(&Quantity::parse("1n").expect("a quantity"));
        assert_eq!(sum.to_string(), "9223372036854775807000000001n");
        sum.sub(&Quantity::parse("1n").expect("a quantity"));
        assert_eq!(sum.value(), i64::MAX);
    }

    proptest! {
        #[test]
        fn any_text_reads_or_is_refused(s in "[-+]?[0-9.]{0,30}[eEinumkKMGTP]{0,3}[-+]?[0-9]{0,12}") {
            if let Ok(quantity) = Quantity::parse(&s) {
                let again = Quantity::parse(&quantity.canonical());
                let same = again.as_ref().map(|q| q.compare(&quantity));
                let beyond_suffixes = quantity.as_approximate_f64().abs() > 1e20;
                prop_assert!(beyond_suffixes || same == Ok(Ordering::Equal), "{s} {quantity} {again:?}");
                let _ = (quantity.value(), quantity.milli_value(), quantity.as_decimal().len());
            }
        }
        #[test]
        fn adding_and_taking_away_gives_back(a in any::<i32>(), b in any::<i64>(), sa in -9i32..6, sb in -9i32..6) {
            let q = |value, scale| Quantity { amount: Amount::Small(Small { value, scale }), ..Quantity::default() };
            let (mut sum, other) = (q(i64::from(a), sa), q(b, sb));
            let before = sum.clone();
            sum.add(&other);
            sum.sub(&other);
            prop_assert_eq!(sum, before);
        }
    }
}
