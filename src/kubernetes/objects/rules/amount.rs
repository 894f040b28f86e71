//! Quantities as validation compares and prints them.

use super::super::parts::quantity::Quantity;

/// A quantity that was read from JSON: its text is always the canonical one.
#[derive(Clone, Debug)]
pub struct Amount(Quantity);

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.0.compare(&other.0).is_eq()
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.0.compare(&other.0))
    }
}

impl Amount {
    /// Reads a quantity; the error is the real parser's.
    pub fn parse(text: &str) -> Result<Amount, String> {
        Quantity::parse(text).map(Amount).map_err(|e| e.to_string())
    }
    /// The amount that a member holds, or nothing where there is none.
    pub fn of(value: &crate::text::Value) -> Amount {
        Amount::parse(value.as_str().unwrap_or("0")).unwrap_or_else(|_| Amount(Quantity::default()))
    }
    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        self.0.sign()
    }
    /// Whether it is a whole number.
    pub fn is_whole(&self) -> bool {
        self.0.clone().round_up(0)
    }
    /// Whether it is a whole number of thousandths.
    pub fn is_whole_milli(&self) -> bool {
        self.0.clone().round_up(-3)
    }
    /// The whole number, rounded up.
    pub fn value(&self) -> i64 {
        self.0.value()
    }
    /// Thousandths, rounded up.
    pub fn milli(&self) -> i64 {
        self.0.milli_value()
    }
    /// Rounded up to whole thousandths.
    pub fn rounded_to_milli(&self) -> Amount {
        let mut out = self.0.clone();
        out.round_up(-3);
        Amount(out)
    }
    /// The text the server prints.
    pub fn canonical(&self) -> String {
        self.0.canonical()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_canonical() {
        for (text, want) in [("1000m", "1"), ("0.5", "500m"), ("1.5Gi", "1536Mi"), ("1024Ki", "1Mi"), ("+1", "1")] {
            assert_eq!(Amount::parse(text).map(|a| a.canonical()).as_deref(), Ok(want), "{text}");
        }
        assert!(Amount::parse("1500m").is_ok_and(|a| !a.is_whole() && a.is_whole_milli() && a.value() == 2));
    }
}
