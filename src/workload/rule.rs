//! What a scenario or a person changes of containers. Every parameter has a name and is written as text, so that a file, a
//! typed line and the inspector say the same; a change holds for what is started later and, where that makes sense, at once.

use super::behaviour::{Behaviour, span_text};
use super::profile::{Ask, End, Profile, Term};
use crate::sim::Span;
use std::rc::Rc;

/// Times between which a program is not well; an open end is `None`.
type Spells = Vec<(Span, Option<Span>)>;

/// A change of what containers do, by a scenario or a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Image it is about, as written or canonical, `*` at the end for all that begin so; empty for any.
    pub image: Rc<str>,
    /// Container name it is about; empty for any.
    pub container: Rc<str>,
    /// Name of what the container belongs to, or of its group; empty for any.
    pub unit: Rc<str>,
    /// Parameters of its behaviour under load by name, as [`Behaviour::set`] reads them.
    pub set: Vec<(Rc<str>, Rc<str>)>,
    /// When it listens; `Some(None)`: never.
    pub listens_after: Option<Option<Span>>,
    /// Times between which it is not well.
    pub unwell: Option<Spells>,
    /// How it ends by itself; `Some(None)`: it does not.
    pub end: Option<Option<End>>,
    /// What it does on SIGTERM.
    pub term: Option<Term>,
}

impl Rule {
    /// The parameters of a run that are none of its behaviour under load.
    pub const OF_A_RUN: &'static [&'static str] = &["start", "term", "exit", "unwell"];
    /// All parameters that [`Rule::read`] reads.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Behaviour::NAMES.iter().chain(Self::OF_A_RUN).copied()
    }
    /// Adds a parameter by its name; the error says what is expected.
    pub fn read(&mut self, name: &str, value: &str) -> Result<(), String> {
        let value = value.trim();
        match name {
            "start" => {
                let read = if value == "never" { Some(None) } else { Span::read(value).map(Some) };
                self.listens_after = Some(read.ok_or("start: a time such as 5s, or never is expected")?);
            }
            "term" => {
                let words = "term: ignore, or a time such as 2s, perhaps with `code N`, is expected";
                self.term = Some(match value {
                    "ignore" => Term::Ignores,
                    _ => ends(value, 0).map(|(after, code)| Term::Ends { after, code }).ok_or(words)?,
                });
            }
            "exit" => {
                let words = "exit: no, or a time such as 30s, perhaps with `code N`, is expected";
                self.end = Some(match value {
                    "no" => None,
                    _ => Some(ends(value, 1).map(|(after, code)| End { after, code, oom: false }).ok_or(words)?),
                });
            }
            "unwell" => {
                let words = "unwell: no, or times such as 10s-20s, 60s- is expected";
                self.unwell = Some(spells(value).ok_or(words)?);
            }
            _ => {
                Behaviour::default().set(name, value)?;
                self.set.push((name.into(), value.into()));
            }
        }
        Ok(())
    }
    /// A parameter of [`Rule::OF_A_RUN`] as text that [`Rule::read`] reads.
    pub fn shown(profile: &Profile, name: &str) -> Option<String> {
        let with_code = |after: Span, code: i32, usual: i32| match code == usual {
            true => span_text(after),
            false => format!("{} code {code}", span_text(after)),
        };
        Some(match name {
            "start" => profile.listens_after.map_or("never".into(), span_text),
            "term" => match profile.term {
                Term::Ignores => "ignore".into(),
                Term::Ends { after, code } => with_code(after, code, 0),
            },
            "exit" => profile.end.map_or("no".into(), |end| with_code(end.after, end.code, 1)),
            "unwell" if profile.unwell.is_empty() => "no".into(),
            "unwell" => {
                let one = |(from, to): &(Span, Option<Span>)| {
                    format!("{}-{}", span_text(*from), to.map(span_text).unwrap_or_default())
                };
                profile.unwell.iter().map(one).collect::<Vec<_>>().join(", ")
            }
            _ => return None,
        })
    }
    pub(super) fn fits(&self, ask: &Ask, name: &str) -> bool {
        let image = self.image.is_empty()
            || self.image.strip_suffix('*').is_some_and(|b| ask.image.starts_with(b) || name.starts_with(b))
            || *self.image == *ask.image
            || *self.image == *name;
        let unit = self.unit.is_empty() || *self.unit == *ask.unit || *self.unit == *ask.group;
        image && unit && (self.container.is_empty() || *self.container == *ask.container)
    }
    /// Changes how a run that begins goes.
    pub(super) fn apply(&self, profile: &mut Profile) {
        profile.listens_after = self.listens_after.unwrap_or(profile.listens_after);
        if let Some(unwell) = &self.unwell {
            profile.unwell.clone_from(unwell);
        }
        profile.end = self.end.unwrap_or(profile.end);
        profile.term = self.term.unwrap_or(profile.term);
    }
    /// How a run goes on that is so old: what listens goes on listening. `None` when nothing is different.
    pub fn amended(&self, profile: &Profile, age: Span) -> Option<Profile> {
        let mut new = profile.clone();
        self.apply(&mut new);
        if profile.listens_after.is_some_and(|from| from <= age) {
            new.listens_after = profile.listens_after;
        }
        (new != *profile).then_some(new)
    }
    /// What requests cost from now on; `None` when nothing is different.
    pub fn changed(&self, behaviour: &Behaviour) -> Option<Behaviour> {
        let mut new = behaviour.clone();
        // A parameter that cannot be read was refused where it was written.
        self.set.iter().for_each(|(name, value)| drop(new.set(name, value)));
        (new != *behaviour).then_some(new)
    }
}

/// `30s`, `30s code 3`.
fn ends(text: &str, usual: i32) -> Option<(Span, i32)> {
    let (after, code) = text.split_once(" code ").map_or((text, None), |(after, code)| (after, Some(code)));
    let code = code.map_or(Some(usual), |code| code.trim().parse::<u8>().ok().map(i32::from))?;
    Some((Span::read(after)?, code))
}

/// `no`, `10s-20s`, `10s-20s, 60s-`.
fn spells(text: &str) -> Option<Spells> {
    let one = |text: &str| {
        let (from, to) = text.trim().split_once('-')?;
        let to = if to.trim().is_empty() { None } else { Some(Span::read(to)?) };
        let from = if from.trim().is_empty() { Span::ZERO } else { Span::read(from)? };
        to.is_none_or(|to| to > from).then_some((from, to))
    };
    if text == "no" { Some(Vec::new()) } else { text.split(',').map(one).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_changed_by_what_is_shown_of_it() {
        let mut profile = Profile::default();
        let shown =
            |profile: &Profile| Rule::OF_A_RUN.iter().map(|n| Rule::shown(profile, n)).collect::<Option<Vec<_>>>();
        assert_eq!(shown(&profile).expect("all are shown"), ["0s", "0s", "no", "no"]);
        for values in [
            ["5s", "2s code 143", "30s", "10s-20s, 60s-"],
            ["never", "ignore", "500ms code 0", "0s-4s"],
            ["0s", "1s", "no", "no"],
        ] {
            let mut rule = Rule::default();
            for (name, value) in Rule::OF_A_RUN.iter().zip(values) {
                rule.read(name, value).expect(value);
            }
            rule.apply(&mut profile);
            assert_eq!(shown(&profile).expect("all are shown"), values);
        }
        for (name, bad) in [
            ("start", "soon"),
            ("term", "ignored"),
            ("exit", "30s code 256"),
            ("exit", "code 3"),
            ("unwell", "20s-10s"),
            ("unwell", "10s"),
            ("colour", "red"),
        ] {
            assert!(Rule::default().read(name, bad).is_err(), "{name} {bad}");
        }
    }

    #[test]
    fn what_listens_goes_on_listening() {
        let mut rule = Rule::default();
        rule.read("start", "40s").expect("a time");
        let profile = Profile { listens_after: Some(Span::secs(10)), ..Profile::default() };
        assert_eq!(rule.amended(&profile, Span::secs(10)), None);
        let later = rule.amended(&profile, Span::secs(9)).and_then(|p| p.listens_after);
        assert_eq!(later, Some(Span::secs(40)));
    }
}
