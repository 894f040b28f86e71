//! What a person should know about a conversion, each with its place in the project and a sentence in both languages.

use crate::text::Catalogue;

/// What kind of remark it is, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Kubernetes has nothing like it.
    NoCounterpart,
    /// A person has to decide or do something.
    Decide,
    /// It was assumed, and may be wrong.
    Assumed,
}

impl Sort {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Sort; 3] = [Sort::NoCounterpart, Sort::Decide, Sort::Assumed];
    /// The key of its heading.
    pub fn key(self) -> &'static str {
        match self {
            Sort::NoCounterpart => "sort.none",
            Sort::Decide => "sort.decide",
            Sort::Assumed => "sort.assumed",
        }
    }
}

/// One remark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// What kind.
    pub sort: Sort,
    /// Where in the project, such as `services.web.depends_on`.
    pub path: String,
    /// Key of the sentence.
    pub key: &'static str,
    /// What fills its blanks.
    pub blanks: Vec<(&'static str, String)>,
}

impl Note {
    /// The sentence in a language.
    pub fn text(&self, language: &str) -> String {
        let blanks: Vec<(&str, &str)> = self.blanks.iter().map(|(name, value)| (*name, value.as_str())).collect();
        say(language, self.key, &blanks)
    }
}

/// What this room says.
const WORDS: Catalogue = Catalogue(&[
    ("en", include_str!("../../static/locales/en/convert.txt")),
    ("de", include_str!("../../static/locales/de/convert.txt")),
]);

/// A sentence of this room with its blanks filled in.
pub fn say(language: &str, key: &str, blanks: &[(&str, &str)]) -> String {
    WORDS.say(language, key, blanks)
}

/// Remarks as they come.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

impl Notes {
    pub(super) fn none(&mut self, path: impl Into<String>, key: &'static str, blanks: &[(&'static str, &str)]) {
        self.add(Sort::NoCounterpart, path.into(), key, blanks);
    }
    pub(super) fn decide(&mut self, path: impl Into<String>, key: &'static str, blanks: &[(&'static str, &str)]) {
        self.add(Sort::Decide, path.into(), key, blanks);
    }
    pub(super) fn assumed(&mut self, path: impl Into<String>, key: &'static str, blanks: &[(&'static str, &str)]) {
        self.add(Sort::Assumed, path.into(), key, blanks);
    }
    fn add(&mut self, sort: Sort, path: String, key: &'static str, blanks: &[(&'static str, &str)]) {
        let blanks = blanks.iter().map(|(name, value)| (*name, value.to_string())).collect();
        self.0.push(Note { sort, path, key, blanks });
    }
    /// Gravest first, then by place; each once.
    pub(super) fn sorted(mut self) -> Vec<Note> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}
