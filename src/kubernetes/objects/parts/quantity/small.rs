//! The common case: a 64-bit number times a power of ten. Every operation answers `None` when it would not fit.

use super::big::Dec;

/// `value * 10^scale`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Small {
    /// The digits.
    pub value: i64,
    /// The power of ten.
    pub scale: i32,
}

impl Small {
    /// As a decimal of any size.
    pub fn to_dec(self) -> Dec {
        Dec::from_i64(self.value, self.scale)
    }
    /// The whole number; `None` for anything with places, even zeros.
    pub fn as_i64(self) -> Option<i64> {
        if self.scale < 0 { None } else { up(self.value, self.scale) }
    }
    /// In units of ten to `scale`, rounded away from zero. Where that overflows the answer is as wrong as the real one: for
    /// the usual scales the lower 64 bits, else 0. Source: math.go, positiveScaleInt64.
    pub fn scaled(self, scale: i32) -> i64 {
        if self.scale < scale {
            return down(self.value, scale.saturating_sub(self.scale)).0;
        }
        let power = self.scale.saturating_sub(scale);
        match up(self.value, power) {
            Some(value) => value,
            None if matches!(power, 1 | 2 | 3 | 6 | 9) && self.value != i64::MIN => {
                self.value.wrapping_mul(10i64.pow(power.unsigned_abs()))
            }
            None => 0,
        }
    }
    /// Rounded away from zero to units of at least ten to `scale`, and whether that changed nothing.
    pub fn round_up(self, scale: i32) -> (Small, bool) {
        if self.scale >= scale {
            return (self, true);
        }
        let (value, exact) = down(self.value, scale.saturating_sub(self.scale));
        (Small { value, scale }, exact)
    }
    /// The sum, with the smaller of the two scales.
    pub fn add(self, other: Small) -> Option<Small> {
        match (self.value, other.value) {
            (_, 0) => return Some(self),
            (0, _) => return Some(other),
            _ => {}
        }
        let scale = self.scale.min(other.scale);
        let a = up(self.value, self.scale.saturating_sub(scale))?;
        let b = up(other.value, other.scale.saturating_sub(scale))?;
        Some(Small { value: a.checked_add(b)?, scale })
    }
    /// The product.
    pub fn mul(self, by: i64) -> Option<Small> {
        if self.value == 0 {
            return Some(self);
        }
        if by == 0 {
            return Some(Small::default());
        }
        let refused = |n: i64, other: i64| n == i64::MIN && other != 1;
        if refused(self.value, by) || refused(by, self.value) {
            return None;
        }
        let value = self.value.checked_mul(by)?;
        // The real code asks here whether it fits written out, or divides without rest, and takes the long way if not.
        if self.scale > 0 {
            up(value, self.scale)?;
        } else if !down(value, self.scale.saturating_neg()).1 {
            return None;
        }
        Some(Small { value, ..self })
    }
    /// Digits and a power of ten that is a multiple of three.
    pub fn canonical(self) -> Option<(String, i32)> {
        let (mut value, mut power) = (self.value, self.scale);
        while value.unsigned_abs() >= 10 && value % 10 == 0 {
            (value, power) = (value / 10, power.checked_add(1)?);
        }
        let shift = power.rem_euclid(3);
        Some((up(value, shift)?.to_string(), power.checked_sub(shift)?))
    }
}

/// Times ten to `power`.
fn up(value: i64, power: i32) -> Option<i64> {
    if value == 0 {
        return Some(0);
    }
    value.checked_mul(10i64.checked_pow(u32::try_from(power).ok()?)?)
}

/// Divided by ten to `power`, rounded away from zero, and whether nothing was lost.
fn down(value: i64, power: i32) -> (i64, bool) {
    let divisor = u32::try_from(power).ok().and_then(|p| 10i64.checked_pow(p));
    let (quotient, rest) = divisor.map_or((0, value), |d| (value / d, value % d));
    (quotient + rest.signum(), rest == 0)
}
