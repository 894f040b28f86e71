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

/// Keys and sentences as they are written.
pub fn entries(catalogue: &str) -> impl Iterator<Item = (&str, &str)> {
    catalogue.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once(" = "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_filled_and_languages_found() {
        let words = Catalogue(&[("en", "# no = sentence\nhello = Hello {name}"), ("de", "hello = Hallo {name}")]);
        assert_eq!(words.say("de", "hello", &[("name", "Ada")]), "Hallo Ada");
        assert_eq!(words.say("fr", "hello", &[("name", "Ada")]), "Hello Ada");
        assert_eq!(words.say("en", "# no", &[]), "# no");
    }
}
