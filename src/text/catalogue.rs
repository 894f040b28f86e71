//! Sentences by key, `key = text with {blanks}`, a language each: what rooms say in our own words.

/// The same sentences in several languages; the first is used where another is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue(pub &'static [(&'static str, &'static str)]);

impl Catalogue {
    /// The sentence of a key with its blanks filled in; the key itself where there is none.
    pub fn say(self, language: &str, key: &str, blanks: &[(&str, &str)]) -> String {
        let catalogue = self.0.iter().find(|(l, _)| *l == language).unwrap_or(&self.0[0]).1;
        let found = entries(catalogue).find(|(k, _)| *k == key).map_or(key, |(_, text)| text);
        blanks.iter().fold(found.to_string(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }
}

/// A whole number of fewer digits is written without marks. Ours: below lie years and most codes.
const GROUPED_FROM: usize = 5;

/// A number as a language writes it: `1.66` or `1,66`, with a unit or without, and from five digits on `10,000` or `10.000`.
/// Other words stay as they are.
pub fn number(text: &str, language: &str) -> String {
    let (point, mark) = if language == "de" { (",", '.') } else { (".", ',') };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unit = |c: char| c.is_whitespace() || matches!(c, '%' | 's' | 'm');
    if text.split_once('.').is_some_and(|(whole, rest)| digits(whole) && digits(rest.trim_end_matches(unit))) {
        return text.replace('.', point);
    }
    if !digits(text) || text.len() < GROUPED_FROM {
        return text.into();
    }
    grouped(text, mark)
}

/// Digits with a mark before every three of them.
pub fn grouped(digits: &str, mark: char) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

/// The key of the words for one value of a reason's argument, such as `value.pressed.1`, where the catalogue has them.
pub fn value_key(name: &str, value: &str) -> String {
    format!("value.{name}.{}", value.to_lowercase().replace('-', "_"))
}

/// The blank that decides between two forms: `n`, else the first one of the second form. Of two forms the first is for one.
pub fn counter(second: &str) -> Option<&str> {
    let mut blanks = second.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    blanks.clone().find(|name| *name == "n").or(blanks.next())
}

/// Keys and sentences as they are written.
pub fn entries(catalogue: &str) -> impl Iterator<Item = (&str, &str)> {
    catalogue.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once(" = "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_language_has_them() {
        let de = ["1.66", "127.0 s", "1048576", "9999", "nginx:1.27", "148 ms"].map(|text| number(text, "de"));
        assert_eq!(de, ["1,66", "127,0 s", "1.048.576", "9999", "nginx:1.27", "148 ms"]);
        assert_eq!([number("1.66", "en"), number("10000", "en")], ["1.66", "10,000"]);
    }

    #[test]
    fn one_blank_counts() {
        assert_eq!([counter("{a} of {n}"), counter("{a} of {b}"), counter("none")], [Some("n"), Some("a"), None]);
    }

    #[test]
    fn blanks_are_filled_and_languages_found() {
        let words = Catalogue(&[("en", "# no = sentence\nhello = Hello {name}"), ("de", "hello = Hallo {name}")]);
        assert_eq!(words.say("de", "hello", &[("name", "Ada")]), "Hallo Ada");
        assert_eq!(words.say("fr", "hello", &[("name", "Ada")]), "Hello Ada");
        assert_eq!(words.say("en", "# no", &[]), "# no");
    }
}
