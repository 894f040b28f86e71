//! The words of the page, in every language. `build.rs` checks `static/locales` and writes a function for each key of
//! `ui.txt` (`pods.waiting` becomes [`Texts::pods_waiting`]); reasons and hints are looked up by key. All languages are in
//! the one file that is loaded anyway: a switch needs no request and cannot fail (sizes: `docs/performance.md`).

use crate::text::catalogue;
use std::fmt::Display;

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Language {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// The tag for `lang=""`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// Its name in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// The best one for a browser's wish such as `de-AT`; English for any other.
    pub fn of_tag(tag: &str) -> Self {
        let wanted = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(wanted)).unwrap_or_default()
    }
}

/// All texts in one language. Copy it freely: it is only the choice of the language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Texts(pub Language);

/// Key, counting placeholder (or empty), forms in each language.
type Entry = (&'static str, &'static str, [&'static [&'static str]; 2]);

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

impl Texts {
    /// The sentence of a journal reason. A key without a sentence is shown as it is, with its arguments.
    pub fn why(self, key: &str, args: &[(String, String)]) -> String {
        let values: Vec<(&str, String)> = args.iter().map(|(name, text)| (&**name, self.value(name, text))).collect();
        let values: Vec<(&str, &dyn Display)> = values.iter().map(|(name, value)| (*name, value as _)).collect();
        self.look_up(WHY, key, &values)
    }

    /// One value of a reason: what is broken or a state has words of its own, a number is written as the language has it.
    fn value(self, name: &str, text: &str) -> String {
        let key = catalogue::value_key(name, text);
        let fault = || text.replace('-', "_");
        if WHY.binary_search_by_key(&&*key, |entry| entry.0).is_ok() {
            self.look_up(WHY, &key, &[])
        } else if name == "what" && FAULTS.binary_search_by_key(&&*fault(), |entry| entry.0).is_ok() {
            self.fault(&fault())
        } else {
            super::format::number(text, self.0)
        }
    }

    /// The hint of a problem, with `{0}`, `{1}`, … for its arguments.
    pub fn problem(self, key: &str, args: &[String]) -> String {
        let names: Vec<String> = (0..args.len()).map(|index| index.to_string()).collect();
        let values: Vec<(&str, &dyn Display)> = names.iter().zip(args).map(|(n, value)| (&**n, value as _)).collect();
        self.look_up(PROBLEMS, key, &values)
    }

    /// The label of a kind of fault (`node_crash`), or what it does (`node_crash.about`).
    pub fn fault(self, key: &str) -> String {
        self.look_up(FAULTS, key, &[])
    }

    /// A sentence of a duel's report; a value `@word` is a sentence of its own, a number is written as the language has it.
    pub fn duel(self, key: &str, args: &[(String, String)]) -> String {
        let value = |value: &String| match value.strip_prefix('@') {
            Some(word) => self.look_up(DUEL, &format!("value.{word}"), &[]),
            None => super::format::number(value, self.0),
        };
        let values: Vec<(&str, String)> = args.iter().map(|(name, text)| (&**name, value(text))).collect();
        let values: Vec<(&str, &dyn Display)> = values.iter().map(|(name, value)| (*name, value as _)).collect();
        self.look_up(DUEL, key, &values)
    }

    fn look_up(self, table: &[Entry], key: &str, values: &[(&str, &dyn Display)]) -> String {
        match table.binary_search_by_key(&key, |entry| entry.0) {
            Ok(index) => fill(table[index].2[self.0 as usize], table[index].1, values),
            Err(_) => values.iter().fold(key.to_string(), |line, (name, value)| format!("{line} {name}={value}")),
        }
    }

    fn pick<T>(self, en: T, de: T) -> T {
        match self.0 {
            Language::En => en,
            Language::De => de,
        }
    }
}

/// Puts the values in place. Of two forms the first is for a count of exactly 1, as English and German have it.
fn fill(forms: &[&str], count: &str, values: &[(&str, &dyn Display)]) -> String {
    let one = values.iter().any(|(name, value)| *name == count && value.to_string() == "1");
    let form = if one { forms.first() } else { forms.last() };
    let mut rest = form.copied().unwrap_or_default();
    let mut out = String::new();
    while let Some((head, tail)) = rest.split_once('{') {
        out += head;
        let Some((name, tail)) = tail.split_once('}') else { break };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            out += &value.to_string();
        }
        rest = tail;
    }
    out + rest
}

/// The texts in the language that the app's root provides.
#[cfg(target_arch = "wasm32")]
#[yew::hook]
pub fn use_texts() -> Texts {
    yew::use_context::<Texts>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_decides_the_form() {
        let forms = ["{n} pod waits", "{n} pods wait"];
        let say = |n: u32| fill(&forms, "n", &[("n", &n)]);
        assert_eq!([say(0), say(1), say(2)], ["0 pods wait", "1 pod waits", "2 pods wait"]);
    }

    #[test]
    fn values_stand_where_the_language_wants_them() {
        assert_eq!(fill(&["{b}, {a} and {b}"], "", &[("a", &1), ("b", &"x")]), "x, 1 and x");
    }

    #[test]
    fn an_unknown_reason_shows_its_key() {
        let args = [("have".to_string(), "1".to_string())];
        assert_eq!(Texts::default().why("nobody.knows", &args), "nobody.knows have=1");
    }

    #[test]
    fn values_of_a_reason_are_said_in_the_language() {
        let say = |key: &str, args: &[(&str, &str)], language| {
            let args: Vec<(String, String)> = args.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
            Texts(language).why(key, &args)
        };
        let pressed = |n| say("kubelet.starved", &[("resource", "ephemeral-storage"), ("pressed", n)], Language::En);
        assert_eq!(pressed("1"), "The machine is now short of disk space.");
        assert_eq!(pressed("0"), "The machine is no longer short of disk space.");
        let probed = say("kubelet.probed", &[("container", "web"), ("ready", "True")], Language::De);
        assert!(probed.ends_with("Ergebnis: bestanden."), "{probed}");
        let leak = say("fault.leak", &[("container", "web"), ("rate", "1048576")], Language::De);
        assert!(leak.contains("1.048.576 Byte"), "{leak}");
        assert!(say("rung.outside", &[("ratio", "1.66")], Language::De).contains("1,66"));
        assert!(say("fault.ended", &[("what", "node-crash")], Language::De).contains("Strom abschalten"));
        let unplaced = |n| say("alert.unplaced", &[("pods", n), ("seconds", "30")], Language::De);
        assert!(unplaced("1").starts_with("1 Pod findet") && unplaced("2").starts_with("2 Pods finden"));
    }

    #[test]
    fn numbers_of_a_report_are_written_in_its_language() {
        let args = ["compose", "kubernetes"].map(|name| (name.to_string(), "127.0 s".to_string()));
        let said = |language| Texts(language).duel("find.recovered", &args);
        assert!(said(Language::En).ends_with("Kubernetes 127.0 s."), "{}", said(Language::En));
        assert!(said(Language::De).ends_with("Kubernetes 127,0 s."), "{}", said(Language::De));
    }

    #[test]
    fn a_browser_gets_its_language() {
        assert_eq!(["de-AT", "DE", "fr", ""].map(Language::of_tag).map(Language::tag), ["de", "de", "en", "en"]);
    }
}
