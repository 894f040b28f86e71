//! A command line: flags as kubectl reads them, words, and what stands behind `--`.

use super::{Failure, Result, Verb};
use crate::kubernetes::apiserver::Writer;
use crate::sim::Span;
use crate::text::Value;
use crate::text::go::{parse_duration, quoted};
use std::collections::BTreeMap;

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

/// Flags whose value is a whole number. Source: kubernetes v1.37 kubectl pkg/cmd, IntVar and its kin.
const NUMBERS: &str = "grace-period replicas current-replicas revision to-revision tail limit-bytes max-log-requests \
                       chunk-size min max skip-wait-for-delete-timeout node-port";
/// Flags whose value is a duration. Source: the same files, DurationVar.
const SPANS: &str = "timeout since pod-running-timeout";
/// Flags of real verbs that nothing here carries out, so that they are refused; for all verbs first.
/// Differs: FID-075.
const NOT_SIMULATED: &[(&str, &str)] = &[
    ("", "kustomize"),
    ("apply", "prune prune-allowlist"),
    ("create", "edit raw append-hash external-ip load-balancer-ip session-affinity"),
    ("run", "overrides rm attach stdin tty leave-stdin-open image-pull-policy limits requests privileged"),
    ("expose", "overrides override-type external-ip load-balancer-ip session-affinity"),
    ("replace", "force raw subresource"),
    ("get", "subresource server-print output-watch-events"),
    ("delete", "raw interactive"),
    ("explain", "api-version"),
    ("label", "local resource-version"),
    ("annotate", "local resource-version"),
    ("set", "local resource-version resolve"),
    ("patch", "local"),
    ("scale", "resource-version"),
    ("wait", "local"),
    ("events", "watch"),
    ("drain", "skip-wait-for-delete-timeout"),
    ("logs", "all-pods since-time"),
    ("exec", "filename"),
    ("top", "show-swap"),
];

/// Flags that are still there but should not be, with what pflag says of them.
const DEPRECATED: &[(&str, &str)] = &[
    ("record", "--record will be removed in the future"),
    (
        "cpu-percent",
        "Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).",
    ),
];
/// The annotation in which `--record` keeps the line; `rollout history` shows it.
/// Source: kubernetes v1.37 cli-runtime pkg/genericclioptions/record_flags.go, ChangeCauseAnnotation.
pub(super) const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

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
    /// Who writes: `--field-manager`, or the verb's own name for it. Source: kubectl pkg/cmd/*, AddFieldManagerFlagVar.
    pub fn writer<'a>(&'a self, verb: &'a str) -> Writer<'a> {
        Writer::plain(self.get("field-manager").filter(|name| !name.is_empty()).unwrap_or(verb))
    }
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
        let long = long(verb, name);
        if let Err(words) = sound(&long, is_switch(verb, name), &value) {
            let shown = short_of(verb, &long).map_or(format!("--{long}"), |short| format!("-{short}, --{long}"));
            let words = format!("invalid argument {} for {} flag: {words}", quoted(&value), quoted(&shown));
            return Err(Failure::error(format!("{words}\nSee 'kubectl {} --help' for usage.", verb.name)));
        }
        self.flags.push((long, value));
        Ok(())
    }
    /// A flag on the line that is real but not carried out here.
    pub fn not_simulated(&self) -> Option<&str> {
        let verb = self.verb.split(' ').next().unwrap_or_default();
        let meant = |name: &str| {
            let listed = |(of, flags): &(&str, &str)| (of.is_empty() || *of == verb) && has(flags, name);
            NOT_SIMULATED.iter().any(listed)
        };
        let on = |value: &str| !matches!(value, "false" | "0");
        self.flags.iter().find(|(name, value)| meant(name) && (on(value) || name == "server-print")).map(|(n, _)| &**n)
    }
    /// What is said of flags that should not be used any more, each time they stand on the line.
    pub fn deprecated(&self) -> String {
        let said = |(name, _): &(String, String)| {
            let (_, words) = DEPRECATED.iter().find(|(n, _)| n == name)?;
            Some(format!("Flag --{name} has been deprecated, {words}\n"))
        };
        self.flags.iter().filter_map(said).collect()
    }
    /// With `--record`, notes the line on an object: its words first, then its flags by their long names.
    /// Source: kubernetes v1.37 cli-runtime pkg/genericclioptions/record_flags.go, parseCommandArguments, Record.
    pub fn record(&self, tree: &mut Value) {
        if !self.on("record") {
            return;
        }
        let words = self.words.iter().chain(&self.rest).map(|w| format!(" {w}"));
        let flags = self.flags.iter().map(|(name, value)| format!(" --{name}={value}"));
        let cause = format!("kubectl {}{}", self.verb, words.chain(flags).collect::<String>());
        tree.set_at(&["metadata", "annotations", CHANGE_CAUSE], cause);
    }
    /// A duration; a negative one is none at all.
    pub fn span(&self, name: &str) -> Option<Span> {
        let nanos = parse_duration(self.get(name)?).ok()?;
        Some(Span(u64::try_from(nanos).unwrap_or_default() / 1_000))
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

/// Parts words into those that name objects and the changes `KEY=VALUE`, `KEY-` behind them.
/// Source: kubernetes v1.37 kubectl pkg/cmd/util/helpers.go, GetResourcesAndPairs.
pub(super) fn resources_and_pairs(words: &[String], what: &str) -> Result<(Vec<String>, Vec<String>)> {
    let (mut resources, mut pairs) = (Vec::new(), Vec::new());
    for word in words {
        if is_pair(word) || (word.ends_with('-') && word != "-") {
            pairs.push(word.clone());
        } else if pairs.is_empty() {
            resources.push(word.clone());
        } else {
            return Err(Failure::error(format!("all resources must be specified before {what} changes: {word}")));
        }
    }
    Ok((resources, pairs))
}

fn is_pair(word: &str) -> bool {
    word.contains('=') && !word.starts_with('=')
}

/// The keys to set and, where that may be asked for, the keys to take out. Source: helpers.go, ParsePairs.
pub(super) fn parse_pairs(
    pairs: &[String],
    what: &str,
    removes: bool,
) -> Result<(BTreeMap<String, String>, Vec<String>)> {
    let (mut set, mut gone, mut odd) = (BTreeMap::new(), Vec::new(), Vec::new());
    for pair in pairs {
        match (pair.split_once('='), pair.strip_suffix('-')) {
            (Some((key, value)), _) if is_pair(pair) => drop(set.insert(key.to_string(), value.to_string())),
            (_, Some(key)) if removes && !key.is_empty() => gone.push(key.to_string()),
            _ => odd.push(pair.as_str()),
        }
    }
    match odd.is_empty() {
        true => Ok((set, gone)),
        false => Err(Failure::error(format!("invalid {what} format: {}", odd.join(", ")))),
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

/// Whether a flag takes a value. Source: pflag v1.0 flag.go, Set; Go strconv, time.
fn sound(name: &str, switch: bool, value: &str) -> std::result::Result<(), String> {
    let invalid = |what: &str| format!("strconv.{what}: parsing {}: invalid syntax", quoted(value));
    if switch {
        let known = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
        return if known.contains(&value) { Ok(()) } else { Err(invalid("ParseBool")) };
    }
    if has(NUMBERS, name) {
        return value.parse::<i64>().map(|_| ()).map_err(|_| invalid("ParseInt"));
    }
    if has(SPANS, name) {
        return parse_duration(value).map(|_| ());
    }
    Ok(())
}

pub(super) fn has(list: &str, name: &str) -> bool {
    list.split(' ').any(|w| w == name)
}

/// What goes with `-o`. Source: kubernetes v1.37 cli-runtime pkg/genericclioptions/print_flags.go, AddFlags.
fn of_forms(verb: &Verb, name: &str, flags: &str) -> bool {
    let others = matches!(verb.name, "version" | "explain" | "api-resources");
    !others && has(verb.options, "output") && has(flags, name)
}

fn is_switch(verb: &Verb, name: &str) -> bool {
    of_forms(verb, name, "allow-missing-template-keys show-managed-fields")
        || has(verb.switches, name)
        || (has(GLOBAL_SWITCHES, name) && !has(verb.options, name))
}

fn is_option(verb: &Verb, name: &str) -> bool {
    of_forms(verb, name, "template")
        || has(verb.options, name)
        || (has(GLOBAL_OPTIONS, name) && !has(verb.switches, name))
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

/// The short name of a flag: in the verb's list it follows the long one.
fn short_of(verb: &Verb, long: &str) -> Option<&'static str> {
    let beside = |list: &'static str| list.split(' ').skip_while(|w| *w != long).nth(1).filter(|w| w.len() == 1);
    let known = || LONG.iter().find(|(_, name)| *name == long).map(|(short, _)| *short);
    beside(verb.switches).or_else(|| beside(verb.options)).or_else(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Verb = Verb {
        name: "get",
        switches: "all-namespaces A watch w",
        options: "output o selector l filename f chunk-size timeout subresource",
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
    fn values_are_looked_at_and_what_is_not_simulated_is_named() {
        let says = |line: &str| parse(line).err().map(|f| f.words.lines().next().unwrap_or_default().to_string());
        let words =
            "error: invalid argument \"x\" for \"--chunk-size\" flag: strconv.ParseInt: parsing \"x\": invalid syntax";
        assert_eq!(says("pods --chunk-size=x").as_deref(), Some(words));
        let words =
            "error: invalid argument \"x\" for \"-w, --watch\" flag: strconv.ParseBool: parsing \"x\": invalid syntax";
        assert_eq!(says("pods --watch=x").as_deref(), Some(words));
        let words = "error: invalid argument \"3\" for \"--timeout\" flag: time: missing unit in duration \"3\"";
        assert_eq!(says("pods --timeout 3").as_deref(), Some(words));
        assert_eq!(parse("pods --timeout 1m30s").map(|a| a.span("timeout")).ok().flatten(), Some(Span::secs(90)));
        assert_eq!(parse("pods --subresource=status").unwrap_or_default().not_simulated(), Some("subresource"));
        assert_eq!(parse("pods -A").unwrap_or_default().not_simulated(), None);
    }

    #[test]
    fn unknown_flags_are_refused() {
        let words = parse("pods --nope").err().map(|f| f.words);
        assert_eq!(words.as_deref(), Some("error: unknown flag: --nope\nSee 'kubectl get --help' for usage."));
    }
}
