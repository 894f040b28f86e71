//! A command line: flags as kubectl reads them, words, and what stands behind `--`.

use super::{Failure, Result, Verb};

/// Flags every verb knows; they change nothing here but the namespace.
const GLOBAL_OPTIONS: &str = "namespace n context kubeconfig request-timeout v cluster user as field-manager";
const GLOBAL_SWITCHES: &str = "help h warnings-as-errors";
/// What short flags stand for.
const LONG: &[(&str, &str)] = &[
    ("n", "namespace"),
    ("o", "output"),
    ("l", "selector"),
    ("A", "all-namespaces"),
    ("w", "watch"),
    ("L", "label-columns"),
    ("c", "container"),
    ("k", "kustomize"),
    ("R", "recursive"),
    ("e", "env"),
    ("h", "help"),
];

/// A parsed command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// Words that are no flags.
    pub words: Vec<String>,
    /// What stands behind `--`.
    pub rest: Vec<String>,
    flags: Vec<(String, String)>,
    verb: &'static str,
}

/// The words before the first flag (the verb is among them) and everything else; flags may stand before the verb.
pub(super) fn verb_words(words: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        if !word.starts_with('-') {
            head.push(word.clone());
            continue;
        }
        tail.push(word.clone());
        if !head.is_empty() {
            tail.extend_from_slice(&words[at..]);
            break;
        }
        if let Some(value) = words.get(at).filter(|_| has(GLOBAL_OPTIONS, word.trim_start_matches('-'))) {
            tail.push(value.clone());
            at += 1;
        }
    }
    (head, tail)
}

impl Args {
    /// Reads the words behind a verb.
    pub fn parse(verb: &'static Verb, words: &[String]) -> Result<Args> {
        let mut args = Args { verb: verb.name, ..Args::default() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                args.rest = words.cloned().collect();
                break;
            }
            if let Some(flag) = word.strip_prefix("--") {
                let (name, value) = flag.split_once('=').map_or((flag, None), |(n, v)| (n, Some(v.to_string())));
                args.take(verb, name, value, &mut words, false)?;
            } else if word.len() > 1 && word.starts_with('-') {
                args.shorts(verb, &word[1..], &mut words)?;
            } else {
                args.words.push(word.clone());
            }
        }
        Ok(args)
    }
    /// `-owide`, `-o=wide`, `-o wide`, `-it`.
    fn shorts(&mut self, verb: &Verb, flags: &str, words: &mut std::slice::Iter<String>) -> Result<()> {
        let mut rest = flags;
        while let Some(c) = rest.chars().next() {
            let name = &rest[..c.len_utf8()];
            rest = &rest[c.len_utf8()..];
            if is_switch(verb, name) {
                self.flags.push((long(verb, name), "true".into()));
                continue;
            }
            let value = (!rest.is_empty()).then(|| rest.trim_start_matches('=').to_string());
            return self.take(verb, name, value, words, true);
        }
        Ok(())
    }
    fn take(
        &mut self,
        verb: &Verb,
        name: &str,
        value: Option<String>,
        words: &mut std::slice::Iter<String>,
        short: bool,
    ) -> Result<()> {
        let value = match value {
            Some(value) => value,
            None if is_switch(verb, name) => "true".into(),
            None if !is_option(verb, name) => "true".into(),
            None => match words.next() {
                Some(value) => value.clone(),
                None if short => {
                    return Err(Failure::error(format!(
                        "flag needs an argument: '{name}' in -{name}\nSee 'kubectl {} --help' for usage.",
                        verb.name
                    )));
                }
                None => {
                    return Err(Failure::error(format!(
                        "flag needs an argument: --{name}\nSee 'kubectl {} --help' for usage.",
                        verb.name
                    )));
                }
            },
        };
        if !is_switch(verb, name) && !is_option(verb, name) {
            let words = match short {
                true => format!("unknown shorthand flag: '{name}' in -{name}"),
                false => format!("unknown flag: --{name}"),
            };
            return Err(Failure::error(format!("{words}\nSee 'kubectl {} --help' for usage.", verb.name)));
        }
        self.flags.push((long(verb, name), value));
        Ok(())
    }
    /// The last value of a flag.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
    /// Every value of a flag, those with commas taken apart.
    pub fn list(&self, name: &str) -> Vec<String> {
        let values = self.flags.iter().filter(|(n, _)| n == name);
        values.flat_map(|(_, v)| v.split(',')).filter(|v| !v.is_empty()).map(String::from).collect()
    }
    /// Every value of a flag as given.
    pub fn each(&self, name: &str) -> Vec<&str> {
        self.flags.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }
    /// Whether a switch is on.
    pub fn on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| v == "true" || v == "1")
    }
    /// Whether a switch that is on by default still is.
    pub fn on_unless(&self, name: &str) -> bool {
        self.get(name).is_none_or(|v| v != "false" && v != "0")
    }
    /// The verb's name.
    pub fn verb(&self) -> &'static str {
        self.verb
    }
    /// How `--dry-run` was asked for.
    pub fn dry_run(&self) -> Result<DryRun> {
        match self.get("dry-run") {
            None | Some("none") => Ok(DryRun::No),
            Some("client" | "true" | "unchanged") => Ok(DryRun::Client),
            Some("server") => Ok(DryRun::Server),
            Some(other) => Err(Failure::error(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
        }
    }
}

/// `--dry-run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// It is meant.
    No,
    /// kubectl alone looks.
    Client,
    /// The server looks.
    Server,
}

impl DryRun {
    /// What is printed behind the verb's word.
    pub fn suffix(self) -> &'static str {
        match self {
            DryRun::No => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }
    /// Whether nothing may be written.
    pub fn on(self) -> bool {
        self != DryRun::No
    }
}

fn has(list: &str, name: &str) -> bool {
    list.split(' ').any(|w| w == name)
}

fn is_switch(verb: &Verb, name: &str) -> bool {
    has(verb.switches, name) || (has(GLOBAL_SWITCHES, name) && !has(verb.options, name))
}

fn is_option(verb: &Verb, name: &str) -> bool {
    has(verb.options, name) || (has(GLOBAL_OPTIONS, name) && !has(verb.switches, name))
}

/// The long name of a flag. `f` and `p` differ from verb to verb: the word before them in the verb's list is the long one.
fn long(verb: &Verb, name: &str) -> String {
    if name.len() > 1 {
        return name.to_string();
    }
    for list in [verb.switches, verb.options] {
        let words: Vec<&str> = list.split(' ').collect();
        if let Some(at) = words.iter().position(|w| *w == name).filter(|at| *at > 0) {
            return words[at - 1].to_string();
        }
    }
    LONG.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| long).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Verb = Verb {
        name: "get",
        switches: "all-namespaces A watch w",
        options: "output o selector l filename f",
        run: |_, _| Ok(super::super::Flow::Done(0)),
    };
    static VERB: &Verb = &GET;

    fn parse(line: &str) -> Result<Args> {
        Args::parse(VERB, &line.split(' ').map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn flags_in_every_form() {
        let args = parse("pods -owide -A -l app=x --selector=y -f a -f b -- c -d").unwrap_or_default();
        assert_eq!(
            (args.get("output"), args.on("all-namespaces"), args.get("selector")),
            (Some("wide"), true, Some("y"))
        );
        assert_eq!((args.words, args.rest), (vec!["pods".to_string()], vec!["c".to_string(), "-d".into()]));
    }

    #[test]
    fn unknown_flags_are_refused() {
        let words = parse("pods --nope").err().map(|f| f.words);
        assert_eq!(words.as_deref(), Some("error: unknown flag: --nope\nSee 'kubectl get --help' for usage."));
    }
}
