//! A report in words: sentences from `static/locales/<language>/duel.txt`, rules in the words of `why.txt`.

use super::judge::{percent, span};
use super::report::{Figures, Replicas, Report, Said, Step};
use crate::text::catalogue::{self, entries};
use std::fmt::Write;

/// A language with its sentences and its rules; the first is used where another is asked for.
const LANGUAGES: [(&str, &str, &str); 2] = [
    ("en", include_str!("../../static/locales/en/duel.txt"), include_str!("../../static/locales/en/why.txt")),
    ("de", include_str!("../../static/locales/de/duel.txt"), include_str!("../../static/locales/de/why.txt")),
];
/// Ours: the widest label in both languages.
const LABEL: usize = 34;
/// Ours: most figures are narrower.
const COLUMN: usize = 22;

/// Everything is said in one language.
#[derive(Clone, Copy)]
struct Words {
    language: &'static str,
    duel: &'static str,
    why: &'static str,
}

impl Words {
    fn of(language: &str) -> Words {
        let found = LANGUAGES.iter().find(|(l, ..)| *l == language).unwrap_or(&LANGUAGES[0]);
        Words { language: found.0, duel: found.1, why: found.2 }
    }
    fn say(self, key: &str, blanks: &[(&str, String)]) -> String {
        let text = entries(self.duel).find(|(k, _)| *k == key).map_or(key, |(_, text)| text);
        self.fill(text, blanks)
    }
    fn said(self, said: &Said) -> String {
        let blanks: Vec<(&str, String)> = said.args.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
        self.say(&said.key, &blanks)
    }
    /// Of two forms the first is for a count of one. A value `@word` is itself a sentence.
    fn fill(self, text: &str, blanks: &[(&str, String)]) -> String {
        let one = |second: &str| {
            let count = catalogue::counter(second);
            blanks.iter().any(|(name, value)| Some(*name) == count && value == "1")
        };
        let form = text.split_once(" | ").map_or(text, |(first, rest)| if one(rest) { first } else { rest });
        blanks.iter().fold(form.replace("\\n", "\n"), |text, (name, value)| {
            let value = match value.strip_prefix('@') {
                Some(word) => self.say(&format!("value.{word}"), &[]),
                None => self.number(value),
            };
            text.replace(&format!("{{{name}}}"), &value)
        })
    }
    /// A number as the language writes it.
    fn number(self, value: &str) -> String {
        catalogue::number(value, self.language)
    }
    /// A rule with its name and its numbers.
    fn rule(self, step: &Step) -> String {
        let sentence = |key: &str| entries(self.why).find(|(k, _)| *k == key).map(|(_, text)| text);
        let value = |n: &str, v: &String| sentence(&catalogue::value_key(n, v)).map_or_else(|| v.clone(), String::from);
        let blanks: Vec<(&str, String)> = step.args.iter().map(|(n, v)| (n.as_str(), value(n, v))).collect();
        let text = sentence(&step.reason).unwrap_or(step.reason.as_str());
        format!("{} [{}]", self.fill(text, &blanks), step.reason)
    }
    fn moment(self, micros: u64) -> String {
        self.number(&span(micros))
    }
}

/// The report as text in a language.
pub fn text(report: &Report, language: &str) -> String {
    let words = Words::of(language);
    let mut out = String::new();
    head(words, report, &mut out);
    table(words, report, &mut out);
    let _ = writeln!(out, "\n{}", words.say("title.findings", &[]));
    for finding in &report.findings {
        let _ = writeln!(out, "- {}", words.said(&finding.said));
        for (house, step) in [("compose", &finding.compose), ("kubernetes", &finding.kubernetes)] {
            if let Some(step) = step {
                let _ = writeln!(out, "  {}: {}", words.say(&format!("house.{house}"), &[]), words.rule(step));
            }
        }
    }
    for figures in &report.houses {
        house(words, report, figures, &mut out);
    }
    out
}

fn head(words: Words, report: &Report, out: &mut String) {
    let length = words.moment(report.to.saturating_sub(report.from));
    let _ = writeln!(out, "{}", words.say("title.duel", &[("length", length)]));
    for (to, shape) in &report.loads {
        let shape = words.say(&format!("shape.{shape}"), &[]);
        let _ = writeln!(out, "{}", words.say("title.load", &[("to", to.clone()), ("shape", shape)]));
    }
    for cause in &report.faults {
        let blanks = [("at", words.moment(cause.at)), ("kind", cause.kind.clone()), ("on", cause.on.clone())];
        let _ = writeln!(out, "{}", words.say("title.fault", &blanks).trim_end());
    }
}

fn table(words: Words, report: &Report, out: &mut String) {
    let mut row = |label: String, of: &dyn Fn(&Figures) -> String| {
        let mut line = format!("{label:LABEL$}");
        report.houses.iter().for_each(|figures| line += &format!("{:>COLUMN$}", of(figures)));
        let _ = writeln!(out, "{}", line.trim_end());
    };
    row(String::new(), &|f| words.say(&format!("house.{}", f.house), &[]));
    let label = |key: &str| words.say(&format!("row.{key}"), &[]);
    if report.houses.iter().any(|f| f.requests > 0.0) {
        let none = || words.say("value.unmeasured", &[]);
        row(label("availability"), &|f| f.availability.map_or_else(none, |share| words.number(&percent(share))));
        row(label("requests"), &|f| format!("{:.0}", f.requests));
        row(label("failed"), &|f| format!("{:.0}", f.failed));
        row(label("latency"), &|f| f.p95.map_or_else(none, |ms| format!("{ms:.0} ms")));
    }
    row(label("bad_seconds"), &|f| f.bad_seconds.to_string());
    if report.start.is_some() {
        let never = || words.say("value.never", &[]);
        row(label("detected"), &|f| match (f.disturbed, f.detected) {
            (false, None) => words.say("value.undisturbed", &[]),
            (_, noticed) => noticed.map_or_else(never, |t| words.moment(t)),
        });
        row(label("recovered"), &|f| match (f.disturbed, f.recovered) {
            (false, _) => words.say("value.undisturbed", &[]),
            (true, again) => again.map_or_else(never, |t| words.moment(t)),
        });
    }
    row(label("restarts"), &|f| f.restarts.to_string());
    row(label("made"), &|f| f.made.to_string());
    row(label("machines"), &|f| format!("{}/{}", f.machines_left, f.machines));
    row(label("commands"), &|f| f.commands.len().to_string());
    if report.houses.iter().any(|f| f.refused > 0) {
        row(label("refused"), &|f| f.refused.to_string());
    }
}

fn house(words: Words, report: &Report, figures: &Figures, out: &mut String) {
    let _ = writeln!(out, "\n{}", words.say(&format!("house.{}", figures.house), &[]));
    for (service, course) in courses(&figures.replicas) {
        let blanks = [("service", service.to_string()), ("course", course)];
        let _ = writeln!(out, "  {}", words.say("line.replicas", &blanks));
    }
    for command in &figures.commands {
        let blanks = [("at", words.moment(command.at)), ("line", command.line.clone())];
        let _ = writeln!(out, "  {}", words.say("line.typed", &blanks));
    }
    let start = report.start.unwrap_or(0);
    for step in &figures.steps {
        let times = if step.times > 1 { format!(" ({}×)", step.times) } else { String::new() };
        let _ = writeln!(out, "  +{}: {}{times}", words.moment(step.at.saturating_sub(start)), words.rule(step));
    }
    match figures.by_hand.as_slice() {
        [] => {
            let _ = writeln!(out, "  {}", words.say("line.nothing_left", &[]));
        }
        left => left.iter().for_each(|said| {
            let _ = writeln!(out, "  {}", words.said(said));
        }),
    }
}

/// Ready replicas of each service over time: `3 → 2 → 3`, from the moment at which it first had all.
fn courses(replicas: &[Replicas]) -> Vec<(&str, String)> {
    let mut courses: Vec<(&str, Vec<u32>)> = Vec::new();
    for one in replicas {
        match courses.iter_mut().find(|(service, _)| *service == one.service) {
            Some((_, course)) => {
                if course.last() != Some(&one.ready) {
                    course.push(one.ready);
                }
            }
            None => courses.push((&one.service, vec![one.ready])),
        }
    }
    courses.sort();
    courses.into_iter().map(|(service, course)| (service, line(&course))).collect()
}

/// A long course is cut in the middle.
fn line(course: &[u32]) -> String {
    // Ours: what fits into a line of text.
    const ENDS: usize = 6;
    let join = |part: &[u32]| part.iter().map(u32::to_string).collect::<Vec<_>>().join(" → ");
    if course.len() <= 2 * ENDS {
        return join(course);
    }
    format!("{} → … → {}", join(&course[..ENDS]), join(&course[course.len() - ENDS..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same() {
        let blanks = |text: &str| {
            let names = text.split('{').skip(1).filter_map(|t| t.split_once('}'));
            let mut all: Vec<String> = names.map(|(n, _)| n.to_string()).collect();
            all.sort();
            all
        };
        let shape = |words: &'static str| entries(words).map(|(k, t)| (k, blanks(t))).collect::<Vec<_>>();
        assert_eq!(shape(LANGUAGES[0].1), shape(LANGUAGES[1].1));
    }

    #[test]
    fn german_writes_numbers_its_way_and_values_are_sentences() {
        let (de, en) = (Words::of("de"), Words::of(""));
        assert_eq!((de.number("41.2 s"), en.number("41.2 s")), ("41,2 s".into(), "41.2 s".into()));
        assert_eq!((de.number("99.87 %"), de.number("nginx:1.27")), ("99,87 %".into(), "nginx:1.27".into()));
        assert_eq!(de.fill("{a}", &[("a", "@never".into())]), "nie");
        assert_eq!(en.fill("{n} pod | {n} pods", &[("n", "1".into())]), "1 pod");
        assert_eq!(en.fill("{n} pod | {n} pods", &[("n", "3".into())]), "3 pods");
    }

    #[test]
    fn a_long_course_is_cut() {
        assert_eq!(line(&[1, 3]), "1 → 3");
        assert_eq!(line(&(0..20).collect::<Vec<_>>()), "0 → 1 → 2 → 3 → 4 → 5 → … → 14 → 15 → 16 → 17 → 18 → 19");
    }
}
