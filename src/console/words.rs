//! What the terminal says in our own words, in the reader's language. The real tools' words stay as they are.

/// The languages; the first is used where another is asked for.
const LANGUAGES: [(&str, &str); 2] = [
    ("en", include_str!("../../static/locales/en/terminal.txt")),
    ("de", include_str!("../../static/locales/de/terminal.txt")),
];

/// The sentence of a key with its blanks filled in; the key itself where there is none.
pub fn say(language: &str, key: &str, blanks: &[(&str, &str)]) -> String {
    let catalogue = LANGUAGES.iter().find(|(l, _)| *l == language).unwrap_or(&LANGUAGES[0]).1;
    let found = entries(catalogue).find(|(k, _)| *k == key).map_or(key, |(_, text)| text);
    blanks.iter().fold(found.to_string(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn entries(catalogue: &str) -> impl Iterator<Item = (&str, &str)> {
    catalogue.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once(" = "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same() {
        let blanks = |text: &str| {
            let mut all: Vec<String> =
                text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(n, _)| n.to_string()).collect();
            all.sort();
            all
        };
        let shape = |catalogue: &'static str| entries(catalogue).map(|(k, t)| (k, blanks(t))).collect::<Vec<_>>();
        assert_eq!(shape(LANGUAGES[0].1), shape(LANGUAGES[1].1));
        assert_eq!(say("de", "logs.started", &[("time", "12:00")]), "12:00 gestartet");
        assert_eq!(say("", "nope", &[]), "nope");
    }
}
