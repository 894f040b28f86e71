//! What the terminal says in our own words, in the reader's language. The real tools' words stay as they are.

use crate::text::Catalogue;

const WORDS: Catalogue = Catalogue(&[
    ("en", include_str!("../../static/locales/en/terminal.txt")),
    ("de", include_str!("../../static/locales/de/terminal.txt")),
]);

/// The sentence of a key with its blanks filled in; the key itself where there is none.
pub fn say(language: &str, key: &str, blanks: &[(&str, &str)]) -> String {
    WORDS.say(language, key, blanks)
}

/// A real thing that does nothing here.
pub fn not_simulated(language: &str, what: &str) -> String {
    say(language, "not_simulated", &[("what", what)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::entries;

    #[test]
    fn both_languages_say_the_same() {
        let blanks = |text: &str| {
            let mut all: Vec<String> =
                text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(n, _)| n.to_string()).collect();
            all.sort();
            all
        };
        let shape = |catalogue: &'static str| entries(catalogue).map(|(k, t)| (k, blanks(t))).collect::<Vec<_>>();
        assert_eq!(shape(WORDS.0[0].1), shape(WORDS.0[1].1));
        assert_eq!(say("de", "logs.started", &[("time", "12:00")]), "12:00 gestartet");
        assert_eq!(say("", "nope", &[]), "nope");
    }
}
