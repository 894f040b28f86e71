//! kubectl: one file a verb, one line in [`VERBS`].

mod args;
mod failure;
mod form;
mod jsonpath;
mod kyaml;
mod manifest;
mod output;
mod resource;
pub mod table;

mod apply;
mod autoscale;
mod create;
mod create_access;
mod create_ingress;
mod create_secret;
mod delete;
mod describe;
mod diff;
mod drain;
mod events;
mod explain;
mod expose;
mod get;
mod info;
mod label;
mod logs;
mod mark;
mod patch;
mod raw;
mod rollout;
mod run;
mod scale;
mod set;
mod set_env;
mod top;
mod wait;

#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

pub use args::Args;
pub use describe::describe_object;
pub use failure::Failure;

use crate::journal::EntryId;
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::By;
use crate::scenario::TextFile;
use crate::sim::Time;
use crate::text::go::quoted;
use std::fmt::Debug;
use std::rc::Rc;

/// What a verb works with.
pub struct Cx<'a> {
    /// The cluster.
    pub cluster: &'a mut Cluster,
    /// Reads a file by name.
    pub files: &'a dyn Fn(&str) -> Option<String>,
    /// The namespace of this command.
    pub namespace: String,
    /// Set by `config set-context`: the terminal's namespace from now on.
    pub new_namespace: Option<String>,
    /// The line, as the journal names it.
    pub line: String,
    /// Language of our own words; empty means English.
    pub language: Rc<str>,
    /// Who runs the line instead of a person, and because of what.
    pub actor: Option<(&'static str, Option<EntryId>)>,
    /// Files that this command has changed.
    pub edited: Vec<TextFile>,
    /// Whether objects of kinds that nobody defined are kept, as the page does.
    pub keeps_unknown_kinds: bool,
    out: String,
    err: String,
}

impl<'a> Cx<'a> {
    /// Nothing printed yet.
    pub fn new(cluster: &'a mut Cluster, files: &'a dyn Fn(&str) -> Option<String>, namespace: &str) -> Self {
        let namespace = namespace.into();
        let (out, err, line, language, edited) = Default::default();
        let (new_namespace, keeps_unknown_kinds, actor) = (None, false, None);
        Cx { cluster, files, namespace, new_namespace, actor, line, language, edited, keeps_unknown_kinds, out, err }
    }
    /// The present moment.
    pub fn now(&self) -> Time {
        self.cluster.now()
    }
    /// Prints on standard output.
    pub fn print(&mut self, text: &str) {
        self.out += text;
    }
    /// Prints on standard error.
    pub fn complain(&mut self, text: &str) {
        self.err += text;
    }
    /// A person did it by this line.
    pub fn by(&self) -> By {
        match self.actor {
            Some((actor, cause)) => By::actor(actor, super::ran(self.line.clone())).because(cause),
            None => By::actor("you", super::typed(self.line.clone())),
        }
    }
    /// A sentence of ours in the reader's language.
    pub fn say(&self, key: &str, blanks: &[(&str, &str)]) -> String {
        super::words::say(&self.language, key, blanks)
    }
    /// What was printed.
    pub fn finish(self) -> (String, String) {
        (self.out, self.err)
    }
}

/// A command that waits for the world.
pub trait Waiting: Debug {
    /// Looks again; the exit code when it has ended.
    fn poll(&mut self, cx: &mut Cx) -> Option<i32>;
    /// When it wants to look even if nothing changes.
    fn due(&self) -> Option<Time>;
    /// A copy, for checkpoints.
    fn boxed(&self) -> Box<dyn Waiting>;
}

impl Clone for Box<dyn Waiting> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

/// How a command goes on.
pub enum Flow {
    /// It has ended with this exit code.
    Done(i32),
    /// It waits.
    Wait(Box<dyn Waiting>),
}

/// What a verb returns.
pub type Result<T = Flow> = std::result::Result<T, Failure>;

/// One verb.
pub struct Verb {
    /// Its words, such as `rollout status`.
    pub name: &'static str,
    /// Flags without a value, long and short: `all-namespaces A`.
    pub switches: &'static str,
    /// Flags with a value.
    pub options: &'static str,
    /// What it does.
    pub run: fn(&mut Cx, &Args) -> Result,
}

/// Every verb.
const VERBS: &[&[Verb]] = &[
    get::VERBS,
    describe::VERBS,
    diff::VERBS,
    apply::VERBS,
    delete::VERBS,
    scale::VERBS,
    rollout::VERBS,
    set::VERBS,
    set_env::VERBS,
    label::VERBS,
    patch::VERBS,
    mark::VERBS,
    drain::VERBS,
    create::VERBS,
    run::VERBS,
    expose::VERBS,
    autoscale::VERBS,
    wait::VERBS,
    events::VERBS,
    explain::VERBS,
    info::VERBS,
    logs::VERBS,
    top::VERBS,
];

fn verbs() -> impl Iterator<Item = &'static Verb> {
    VERBS.iter().flat_map(|v| v.iter())
}

/// Runs a kubectl command line, without the word `kubectl`.
pub fn run(cx: &mut Cx, words: &[String]) -> Flow {
    cx.line = std::iter::once("kubectl").chain(words.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
    let result = try_run(cx, words);
    cx.cluster.settle();
    match result {
        Ok(flow) => flow,
        Err(failure) => {
            cx.complain(&failure.words);
            if !failure.words.is_empty() && !failure.words.ends_with('\n') {
                cx.complain("\n");
            }
            Flow::Done(failure.code)
        }
    }
}

/// The verb of a line, and the words behind it.
fn verb_of(words: &[String]) -> Result<(&'static Verb, Vec<String>)> {
    let (head, rest) = args::verb_words(words);
    let found = verbs().filter(|v| head.len() >= v.name.split(' ').count()).filter(|v| {
        let name: Vec<&str> = v.name.split(' ').collect();
        head.iter().map(String::as_str).take(name.len()).eq(name)
    });
    let Some(verb) = found.max_by_key(|v| v.name.len()) else {
        let word = head.first().map(String::as_str).unwrap_or_default();
        return match verbs().any(|v| v.name.split(' ').next() == Some(word)) {
            true => {
                let rest = quoted(&head[1..].join(" "));
                Err(Failure::error(format!("unknown command {rest}\nSee 'kubectl {word} -h' for help and examples")))
            }
            false => Err(Failure::error(format!("unknown command {} for \"kubectl\"{}", quoted(word), like(word)))),
        };
    };
    let used = verb.name.split(' ').count();
    Ok((verb, head[used..].iter().cloned().chain(rest).collect()))
}

/// Every command of kubectl in the order in which it is made known. Source: kubernetes v1.37 kubectl pkg/cmd/cmd.go.
const COMMANDS: &str = "create expose run set explain get edit delete rollout scale autoscale certificate cluster-info top \
                        cordon uncordon drain taint describe logs attach exec port-forward proxy cp auth debug events \
                        diff apply patch replace wait kustomize label annotate completion alpha config plugin version \
                        api-versions api-resources options";

/// Furthest that a word may be from a command. Source: spf13/cobra command.go, SuggestionsMinimumDistance.
const FAR: usize = 2;

/// Commands that may have been meant. Source: spf13/cobra command.go, SuggestionsFor, findSuggestions.
fn like(word: &str) -> String {
    let near = |command: &&str| command.starts_with(word) || distance(word, command) <= FAR;
    let found: String = COMMANDS.split(' ').filter(near).map(|command| format!("\t{command}\n")).collect();
    if found.is_empty() || word.is_empty() { String::new() } else { format!("\n\nDid you mean this?\n{found}") }
}

/// How many letters differ. Source: spf13/cobra cobra.go, ld.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.to_lowercase().chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let least = row[j].min(row[j + 1]).min(corner);
            corner = std::mem::replace(&mut row[j + 1], if x == y { corner } else { least + 1 });
        }
    }
    row.last().copied().unwrap_or_default()
}

fn try_run(cx: &mut Cx, words: &[String]) -> Result {
    let (verb, words) = verb_of(words)?;
    let args = Args::parse(verb, &words)?;
    cx.complain(&args.deprecated());
    if let Some(flag) = args.not_simulated() {
        return Err(Failure::error(cx.say("flag.refused", &[("flag", flag)])));
    }
    if cx.cluster.api.down && !verb.name.starts_with("config") {
        return Err(Failure::plain(failure::REFUSED));
    }
    if let Some(namespace) = args.get("namespace") {
        cx.namespace = namespace.to_string();
    }
    (verb.run)(cx, &args)
}

/// What may follow the line: verbs, resource types, names.
pub fn complete(cluster: &Cluster, namespace: &str, line: &str) -> Vec<String> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let last = if line.ends_with(' ') { "" } else { words.pop().unwrap_or_default() };
    let mut found: Vec<String> = match words.as_slice() {
        [] => vec!["kubectl".into()],
        ["kubectl"] => verbs().filter_map(|v| v.name.split(' ').next()).map(String::from).collect(),
        ["kubectl", verb, rest @ ..] => {
            let second = verbs().filter(|v| v.name.split(' ').next() == Some(verb));
            let seconds: Vec<String> = second.filter_map(|v| v.name.split(' ').nth(1)).map(String::from).collect();
            match (seconds.is_empty(), rest) {
                (false, []) => seconds,
                _ => resource::complete(cluster, namespace, rest.last().copied().unwrap_or_default(), last),
            }
        }
        _ => Vec::new(),
    };
    found.retain(|w| w.starts_with(last));
    found.sort();
    found.dedup();
    found
}

/// Whether a kubectl line (without the word `kubectl`) writes nothing and ends at once.
pub fn only_reads(words: &[String]) -> bool {
    let (head, _) = args::verb_words(words);
    let verb = head.first().map(String::as_str).unwrap_or_default();
    let reads = matches!(
        verb,
        "get"
            | "describe"
            | "explain"
            | "api-resources"
            | "api-versions"
            | "events"
            | "logs"
            | "top"
            | "version"
            | "auth"
            | "cluster-info"
    ) || head.starts_with(&["rollout".to_string(), "history".to_string()]);
    let waits = |args: &Args| ["watch", "watch-only", "follow"].iter().any(|flag| args.on(flag));
    let rehearses = |args: &Args| args.dry_run().is_ok_and(args::DryRun::on);
    parsed(words).map_or(reads, |args| (reads && !waits(&args)) || rehearses(&args))
}

/// The line as its verb reads it.
fn parsed(words: &[String]) -> Option<Args> {
    let (verb, words) = verb_of(words).ok()?;
    Args::parse(verb, &words).ok()
}
