//! Whole numbers and decimals of any size: just the operations that quantities need.
//! Source: Go math/big and gopkg.in/inf.v0 for what rounds which way.

use std::cmp::Ordering;

/// Ten to this power is one limb. Ours: the largest power of ten in 32 bits, so that printing needs no division of all.
const DIGITS: usize = 9;
const LIMB: u32 = 1_000_000_000;

/// A whole number, as sign and limbs of nine decimal digits, smallest first, without leading zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Big {
    negative: bool,
    limbs: Vec<u32>,
}

impl Big {
    fn new(negative: bool, mut limbs: Vec<u32>) -> Self {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Big { negative: negative && !limbs.is_empty(), limbs }
    }
    /// A number of 64 bits.
    pub fn from_i64(n: i64) -> Self {
        let (mut rest, mut limbs) = (n.unsigned_abs(), Vec::new());
        while rest > 0 {
            limbs.push((rest % u64::from(LIMB)) as u32);
            rest /= u64::from(LIMB);
        }
        Big::new(n < 0, limbs)
    }
    /// Decimal digits, with or without a sign; anything else is skipped.
    pub fn from_digits(text: &str) -> Self {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
        let limb = |chunk: &[u8]| chunk.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'));
        Big::new(text.starts_with('-'), digits.rchunks(DIGITS).map(limb).collect())
    }
    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        match (self.limbs.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
    /// The other sign.
    pub fn neg(mut self) -> Self {
        self.negative = !self.negative && !self.limbs.is_empty();
        self
    }
    /// Without its sign.
    pub fn abs(mut self) -> Self {
        self.negative = false;
        self
    }
    /// How many decimal digits; 0 for zero.
    pub fn digits(&self) -> usize {
        self.limbs.last().map_or(0, |top| (self.limbs.len() - 1) * DIGITS + top.ilog10() as usize + 1)
    }
    /// The lowest 64 bits, as Go's `Int64` gives them.
    pub fn low_i64(&self) -> i64 {
        let size = self
            .limbs
            .iter()
            .rev()
            .fold(0u64, |n, limb| n.wrapping_mul(u64::from(LIMB)).wrapping_add(u64::from(*limb)));
        (if self.negative { size.wrapping_neg() } else { size }) as i64
    }
    /// The number, if it fits 64 bits.
    pub fn to_i64(&self) -> Option<i64> {
        let low = self.low_i64();
        (Big::from_i64(low) == *self).then_some(low)
    }
    /// The nearest floating-point number.
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(0.0)
    }
    /// The sum.
    pub fn add(&self, other: &Big) -> Big {
        if self.negative == other.negative {
            return Big::new(self.negative, add_sizes(&self.limbs, &other.limbs));
        }
        match compare_sizes(&self.limbs, &other.limbs) {
            Ordering::Less => Big::new(other.negative, sub_sizes(&other.limbs, &self.limbs)),
            _ => Big::new(self.negative, sub_sizes(&self.limbs, &other.limbs)),
        }
    }
    /// The product.
    pub fn mul(&self, other: &Big) -> Big {
        let mut out = vec![0u64; self.limbs.len() + other.limbs.len() + 1];
        for (i, a) in self.limbs.iter().enumerate() {
            let mut carry = 0;
            for (j, b) in other.limbs.iter().chain(std::iter::once(&0)).enumerate() {
                let sum = out[i + j] + u64::from(*a) * u64::from(*b) + carry;
                out[i + j] = sum % u64::from(LIMB);
                carry = sum / u64::from(LIMB);
            }
        }
        Big::new(self.negative != other.negative, out.into_iter().map(|n| n as u32).collect())
    }
    /// Times ten to a power.
    pub fn shift(&self, power: usize) -> Big {
        if self.limbs.is_empty() {
            return Big::default();
        }
        let mut limbs = vec![0; power / DIGITS];
        limbs.extend_from_slice(&self.limbs);
        let rest = 10u32.pow((power % DIGITS) as u32);
        Big::new(self.negative, limbs).mul(&Big::from_i64(i64::from(rest)))
    }
    /// Quotient (towards zero) and size of the remainder of a division by a small number.
    pub fn div_small(&self, by: u32) -> (Big, u32) {
        let (mut limbs, mut rest) = (vec![0; self.limbs.len()], 0u64);
        for (i, limb) in self.limbs.iter().enumerate().rev() {
            let here = rest * u64::from(LIMB) + u64::from(*limb);
            limbs[i] = (here / u64::from(by)) as u32;
            rest = here % u64::from(by);
        }
        (Big::new(self.negative, limbs), rest as u32)
    }
    /// Divided by ten to a power, towards zero, and whether something was lost.
    pub fn unshift(&self, power: usize) -> (Big, bool) {
        if power >= self.digits() {
            return (Big::default(), self.sign() != 0);
        }
        let whole = power / DIGITS;
        let lost = self.limbs[..whole].iter().any(|limb| *limb != 0);
        let rest = Big::new(self.negative, self.limbs[whole..].to_vec());
        let (quotient, remainder) = rest.div_small(10u32.pow((power % DIGITS) as u32));
        (quotient, lost || remainder != 0)
    }
    /// Takes a factor out as often as it goes; the number left, and how often.
    pub fn without_factor(mut self, factor: u32) -> (Big, i32) {
        let mut times = 0;
        while self.sign() != 0 {
            let (quotient, rest) = self.div_small(factor);
            if rest != 0 {
                break;
            }
            self = quotient;
            times += 1;
        }
        (self, times)
    }
}

impl Ord for Big {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => compare_sizes(&self.limbs, &other.limbs),
            (true, true) => compare_sizes(&other.limbs, &self.limbs),
        }
    }
}
impl PartialOrd for Big {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for Big {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut limbs = self.limbs.iter().rev();
        let Some(top) = limbs.next() else { return f.write_str("0") };
        write!(f, "{}{top}", if self.negative { "-" } else { "" })?;
        limbs.try_for_each(|limb| write!(f, "{limb:09}"))
    }
}

fn compare_sizes(a: &[u32], b: &[u32]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

fn add_sizes(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut carry = 0;
    let mut out: Vec<u32> = (0..a.len().max(b.len()))
        .map(|i| {
            let sum = a.get(i).unwrap_or(&0) + b.get(i).unwrap_or(&0) + carry;
            carry = sum / LIMB;
            sum % LIMB
        })
        .collect();
    out.push(carry);
    out
}

/// `a - b` for `a >= b`.
fn sub_sizes(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut borrow = 0;
    (0..a.len())
        .map(|i| {
            let take = b.get(i).unwrap_or(&0) + borrow;
            borrow = u32::from(a[i] < take);
            a[i] + borrow * LIMB - take
        })
        .collect()
}

/// `unscaled / 10^scale`, like Go's `inf.Dec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dec {
    /// The digits.
    pub unscaled: Big,
    /// How many of them stand behind the point.
    pub scale: i32,
}

/// Widest gap between two scales that is written out in zeros. Ours: the real code writes out any, and stalls; beyond this
/// gap the smaller number does not count. FID-011.
const GAP_MAX: u32 = 4_096;

impl Dec {
    /// A whole number times ten to `power`.
    pub fn from_i64(n: i64, power: i32) -> Self {
        Dec { unscaled: Big::from_i64(n), scale: power.saturating_neg() }
    }
    /// Rounded away from zero to exactly `scale` places, and whether that changed nothing.
    pub fn round_up(&self, scale: i32) -> (Dec, bool) {
        let gap = i64::from(scale) - i64::from(self.scale);
        let power = usize::try_from(gap.unsigned_abs()).unwrap_or(usize::MAX);
        if gap >= 0 {
            let power = power.min(GAP_MAX as usize);
            return (Dec { unscaled: self.unscaled.shift(power), scale }, true);
        }
        let (quotient, lost) = self.unscaled.unshift(power);
        let step = if lost { i64::from(self.unscaled.sign()) } else { 0 };
        (Dec { unscaled: quotient.add(&Big::from_i64(step)), scale }, !lost)
    }
    /// Both numbers with the same scale.
    fn aligned(&self, other: &Dec) -> (Big, Big, i32) {
        let scale = self.scale.max(other.scale);
        let widen = |d: &Dec| match (i64::from(scale) - i64::from(d.scale)).unsigned_abs() {
            gap if gap <= u64::from(GAP_MAX) => d.unscaled.shift(gap as usize),
            _ => d.unscaled.shift(GAP_MAX as usize),
        };
        (widen(self), widen(other), scale)
    }
    /// The sum, with the larger of the two scales.
    pub fn add(&self, other: &Dec) -> Dec {
        let (a, b, scale) = self.aligned(other);
        Dec { unscaled: a.add(&b), scale }
    }
    /// Compared as numbers.
    pub fn compare(&self, other: &Dec) -> Ordering {
        let (a, b, _) = self.aligned(other);
        a.cmp(&b)
    }
}

/// The number without an exponent; as in Go, places behind the point are kept even when they are zeros.
impl std::fmt::Display for Dec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.scale <= 0 {
            let zeros = self.scale.unsigned_abs().min(GAP_MAX) as usize;
            return write!(f, "{}", self.unscaled.shift(zeros));
        }
        let digits = self.unscaled.to_string();
        let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |d| ("-", d));
        let places = self.scale as usize;
        let padded = format!("{digits:0>width$}", width = places.min(GAP_MAX as usize) + 1);
        let (whole, fraction) = padded.split_at(padded.len().saturating_sub(places).max(1));
        write!(f, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_128_bits_do(a in any::<i64>(), b in any::<i64>(), power in 0usize..20) {
            let (x, y) = (Big::from_i64(a), Big::from_i64(b));
            prop_assert_eq!(x.add(&y).to_string(), (i128::from(a) + i128::from(b)).to_string());
            prop_assert_eq!(x.mul(&y).to_string(), (i128::from(a) * i128::from(b)).to_string());
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            let ten = 10i128.pow(power as u32);
            prop_assert_eq!(x.shift(power).to_string(), (i128::from(a) * ten).to_string());
            let (quotient, lost) = x.unshift(power);
            prop_assert_eq!(quotient.to_string(), (i128::from(a) / ten).to_string());
            prop_assert_eq!(lost, i128::from(a) % ten != 0);
            prop_assert_eq!(x.to_i64(), Some(a));
            prop_assert_eq!(Big::from_digits(&a.to_string()), x);
        }
    }
}
