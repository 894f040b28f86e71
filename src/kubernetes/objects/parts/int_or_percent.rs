//! `3` or `25%`: a count, or a share of one.
//! Source: kubernetes v1.37 apimachinery/pkg/util/intstr/intstr.go, IntOrString, GetScaledValueFromIntOrPercent.

use crate::text::Value;
use std::fmt;
use std::rc::Rc;

/// A count, or a share of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum IntOrPercent {
    /// A count.
    Count(i64),
    /// Hundredths.
    Percent(i64),
    /// Text that is neither; kept as it was written.
    Text(Rc<str>),
}

impl IntOrPercent {
    /// Reads a member of an object.
    pub fn read(tree: &Value) -> Option<Self> {
        match tree {
            Value::Int(count) => Some(IntOrPercent::Count(*count)),
            Value::Str(text) => {
                let percent = text.strip_suffix('%').and_then(|digits| digits.parse().ok());
                Some(percent.map_or(IntOrPercent::Text(text.clone()), IntOrPercent::Percent))
            }
            _ => None,
        }
    }
    /// The count that it means of `total`; `None` for text that is neither.
    pub fn of(&self, total: i64, round_up: bool) -> Option<i64> {
        match self {
            IntOrPercent::Count(count) => Some(*count),
            IntOrPercent::Percent(percent) => {
                let share = i128::from(*percent) * i128::from(total);
                let down = share.div_euclid(100);
                let up = i128::from(round_up && share.rem_euclid(100) != 0);
                i64::try_from(down + up).ok()
            }
            IntOrPercent::Text(_) => None,
        }
    }
    /// The same, 0 for text that is neither.
    pub fn of_or_zero(&self, total: i64, round_up: bool) -> i64 {
        self.of(total, round_up).unwrap_or(0)
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrPercent::Count(count) => write!(f, "{count}"),
            IntOrPercent::Percent(percent) => write!(f, "{percent}%"),
            IntOrPercent::Text(text) => f.write_str(text),
        }
    }
}

impl From<&IntOrPercent> for Value {
    fn from(it: &IntOrPercent) -> Self {
        match it {
            IntOrPercent::Count(count) => Value::Int(*count),
            other => Value::from(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_total() {
        let of = |text: &str, total, up| IntOrPercent::read(&text.into()).and_then(|it| it.of(total, up));
        assert_eq!(of("25%", 10, true), Some(3));
        assert_eq!(of("25%", 10, false), Some(2));
        assert_eq!(of("100%", 7, false), Some(7));
        assert_eq!(of("0%", 7, true), Some(0));
        assert_eq!(of("many", 7, true), None);
        assert_eq!(IntOrPercent::read(&Value::Int(4)).and_then(|it| it.of(10, true)), Some(4));
        assert_eq!(IntOrPercent::Percent(25).to_string(), "25%");
    }
}
