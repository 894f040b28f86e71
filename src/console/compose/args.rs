//! Flags of the Docker clients: long and short ones, with and without values.

use crate::text::go::quoted;
use std::collections::BTreeMap;

/// Source: Go strconv, ParseBool.
const YES: [&str; 6] = ["1", "t", "T", "true", "TRUE", "True"];
/// Source: see above.
const NO: [&str; 6] = ["0", "f", "F", "false", "FALSE", "False"];
/// Flags whose values are whole numbers. Source: compose v5.6 cmd/compose/*.go, IntVar; docker/cli v28 container/*.go.
const WHOLE: [&str; 6] = ["timeout", "time", "wait-timeout", "index", "parallel", "last"];

/// A flag: long name, short one or `' '`, whether a value follows.
pub(super) type Flag = (&'static str, char, bool);

/// What a command line holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Args {
    flags: BTreeMap<&'static str, Vec<String>>,
    /// What is no flag.
    pub(super) words: Vec<String>,
}

impl Args {
    /// Reads words; with `mixed`, flags may stand behind other words.
    pub(super) fn read(words: &[String], known: &[Flag], mixed: bool) -> Result<Args, String> {
        let mut args = Args::default();
        let mut at = 0;
        while at < words.len() {
            let word = &words[at];
            at += 1;
            if word == "--" {
                args.words.extend(words[at..].iter().cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_string())),
                    None => (long, None),
                };
                let Some((name, _, takes)) = known.iter().find(|(known, ..)| *known == name) else {
                    return Err(format!("unknown flag: --{name}"));
                };
                let value = match (value, takes) {
                    (Some(value), _) => value,
                    (None, false) => "true".to_string(),
                    (None, true) => {
                        at += 1;
                        words.get(at - 1).cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?
                    }
                };
                args.flags.entry(name).or_default().push(value);
            } else if let Some(short) = word.strip_prefix('-').filter(|s| !s.is_empty()) {
                at = args.short(short, words, at, known)?;
            } else if mixed {
                args.words.push(word.clone());
            } else {
                args.words.extend(words[at - 1..].iter().cloned());
                break;
            }
        }
        args.sound(known)?;
        Ok(args)
    }
    /// Switches take yes or no, some flags whole numbers. Source: spf13/pflag errors.go, InvalidValueError.
    fn sound(&self, known: &[Flag]) -> Result<(), String> {
        for (name, short, takes) in known {
            for value in self.all(name) {
                let kind = match takes {
                    false if !YES.contains(&value.as_str()) && !NO.contains(&value.as_str()) => "Bool",
                    true if WHOLE.contains(name) && value.parse::<i64>().is_err() => "Int",
                    _ => continue,
                };
                let flag = if *short == ' ' { format!("--{name}") } else { format!("-{short}, --{name}") };
                let value = quoted(value);
                return Err(format!(
                    "invalid argument {value} for \"{flag}\" flag: strconv.Parse{kind}: parsing {value}: invalid syntax"
                ));
            }
        }
        Ok(())
    }
    fn short(&mut self, letters: &str, words: &[String], mut at: usize, known: &[Flag]) -> Result<usize, String> {
        for (index, letter) in letters.char_indices() {
            let Some((name, _, takes)) = known.iter().find(|(_, short, _)| *short == letter) else {
                return Err(format!("unknown shorthand flag: '{letter}' in -{letters}"));
            };
            if !takes {
                self.flags.entry(name).or_default().push("true".to_string());
                continue;
            }
            let rest = letters[index + letter.len_utf8()..].trim_start_matches('=');
            let value = if rest.is_empty() {
                at += 1;
                words.get(at - 1).cloned().ok_or_else(|| format!("flag needs an argument: '{letter}' in -{letters}"))?
            } else {
                rest.to_string()
            };
            self.flags.entry(name).or_default().push(value);
            break;
        }
        Ok(at)
    }
    /// Whether a switch is on.
    pub(super) fn on(&self, name: &str) -> bool {
        self.flags.get(name).and_then(|v| v.last()).is_some_and(|v| YES.contains(&v.as_str()))
    }
    /// The last value of a flag.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.flags.get(name).and_then(|v| v.last()).map(String::as_str)
    }
    /// Every value of a flag.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.flags.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_in_every_form() {
        let words: Vec<String> = ["-dt", "3", "--scale=web=2", "--scale", "api=3", "web"].map(String::from).to_vec();
        let known: &[Flag] = &[("detach", 'd', false), ("timeout", 't', true), ("scale", ' ', true)];
        let args = Args::read(&words, known, true).expect("known flags");
        assert!(args.on("detach"));
        assert_eq!((args.value("timeout"), args.all("scale").len(), args.words.len()), (Some("3"), 2, 1));
        assert_eq!(Args::read(&["--nope".into()], known, true), Err("unknown flag: --nope".to_string()));
        let refused = |word: &str| Args::read(&[word.into()], known, true).expect_err("refused");
        assert_eq!(
            refused("-tx"),
            r#"invalid argument "x" for "-t, --timeout" flag: strconv.ParseInt: parsing "x": invalid syntax"#
        );
        assert_eq!(
            refused("--detach=maybe"),
            r#"invalid argument "maybe" for "-d, --detach" flag: strconv.ParseBool: parsing "maybe": invalid syntax"#
        );
    }
}
