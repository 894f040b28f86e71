//! Family `compose-config`: what `docker compose config` prints for recorded files. Exit code and error text must be equal;
//! warnings in any order and without their time; output as text, or as data where it was recorded as such.
//! The real tool walks maps in random order: which of several services a refusal names, and in which order surplus keys come,
//! is not compared (FID-151). Cases that read files which were not recorded are told apart and not counted.

use super::{Report, Request, Verdict};
use crate::cli::Outcome;
use crate::compose::files::{Env, Folder, Request as Asked, config, folder, hash};
use crate::text::{Problem, Value, json, yaml};

/// The command.
pub fn run(request: &Request) -> Outcome {
    let mut report = Report::default();
    let mut lacking = Vec::new();
    for file in &request.files {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return Outcome::usage(format!("{file}: {error}")),
        };
        lacking.extend(add(&text, request.only.as_deref(), &mut report));
    }
    let mut outcome = report.print(request.why);
    if !lacking.is_empty() {
        let names: String = lacking.iter().map(|name| format!("  {name}\n")).collect();
        let said = format!("{} not counted, they read files that were not recorded:\n{names}", lacking.len());
        outcome.out.insert_str(0, &said);
    }
    outcome
}

/// Runs the cases of a text with one case a line. Gives the names of those that cannot be judged.
pub fn add(text: &str, only: Option<&str>, report: &mut Report) -> Vec<String> {
    let mut lacking = Vec::new();
    let cases: Vec<Value> = text.lines().filter_map(|line| json::parse(line).ok()).collect();
    // Files of one recording may name each other.
    let mut around = Folder::new();
    for case in &cases {
        if let (Some(dir), Some(path), Some(text)) =
            (case.str_at(&["dir"]), case.str_at(&["path"]), case.str_at(&["file"]))
        {
            around.put(&folder::join(dir, folder::base(path)), text);
        }
    }
    for case in &cases {
        let name = match (case.str_at(&["case"]), case.str_at(&["repo"]), case.str_at(&["path"])) {
            (Some(name), ..) => name.to_owned(),
            (None, Some(repo), Some(path)) => format!("{repo}/{path}"),
            _ => continue,
        };
        let readable = case.get("files").is_some() || case.get("file").is_some();
        if !readable || only.is_some_and(|prefix| !name.starts_with(prefix)) {
            continue;
        }
        match check(case, &around) {
            Ok(()) => report.passed += 1,
            Err(why) if why == LACKING => lacking.push(name),
            Err(why) => report.failed.push((name, why)),
        }
    }
    lacking
}

/// The verdict over a case that cannot be judged.
const LACKING: &str = "reads a file that was not recorded";

/// Whether we missed a file that the real tool had: it read one that we could not open, or knew variables that only a
/// `.env` can have given.
fn lacks_files(failed: &str, warned: &[String], printed: &config::Printed) -> bool {
    let words = printed.refused.as_ref().map(|problem| problem.message.as_str()).unwrap_or_default();
    let unset = printed.warnings.iter().map(said).filter(|words| words.ends_with("Defaulting to a blank string."));
    let unknown = unset.filter(|words| !warned.contains(words)).count();
    words != failed && (words.ends_with("no such file or directory") || words.contains("env file")) || unknown > 0
}

/// Whether the real tool shows services of profiles that nobody asked for: only a `.env` that was not recorded can have done so.
fn lacks_profiles(run: &Value, printed: &config::Printed) -> bool {
    let services = |text: &str| {
        let (node, _) = yaml::read_one(text);
        let tree = node.map(|node| node.to_value()).unwrap_or_default();
        tree.get("services").and_then(Value::as_map).cloned().unwrap_or_default()
    };
    let (theirs, ours) = (services(run.str_at(&["stdout"]).unwrap_or_default()), services(&printed.out));
    let mut further = theirs.iter().filter(|(name, _)| ours.get(name).is_none()).peekable();
    further.peek().is_some() && further.all(|(_, node)| !node.list_at(&["profiles"]).is_empty())
}

fn check(case: &Value, around: &Folder) -> Verdict {
    let dir = case.str_at(&["dir"]).unwrap_or_default();
    let mut folder = around.clone();
    for (name, text) in case.get("files").and_then(Value::as_map).into_iter().flat_map(|files| files.iter()) {
        folder.put(&folder::join(dir, name), text.as_str().unwrap_or_default());
    }
    let mut env = Env::from([("HOME".into(), "/root".into()), ("PATH".into(), "/usr/bin:/bin".into())]);
    for (key, value) in case.get("env").and_then(Value::as_map).into_iter().flat_map(|env| env.iter()) {
        env.insert(key.to_string(), value.as_str().unwrap_or_default().to_owned());
    }
    let main = case.str_at(&["path"]).map(|path| folder::base(path).to_owned());
    let mut wrong = Vec::new();
    for run in case.list_at(&["runs"]) {
        let mut asked = Asked {
            cwd: dir.to_owned(),
            env: env.clone(),
            files: main.clone().into_iter().collect(),
            ..Asked::default()
        };
        let args: Vec<&str> = run.list_at(&["args"]).iter().filter_map(Value::as_str).collect();
        let printed = match config::parse(&args, &mut asked) {
            Ok(options) => config::run(&folder, &asked, &options),
            Err(words) => return Err(words),
        };
        if let Err(why) = compare(run, &printed) {
            let (warned, failed) = split(run.str_at(&["stderr"]).unwrap_or_default());
            let lacking = lacks_files(&failed, &warned, &printed) || lacks_profiles(run, &printed);
            if case.get("files").is_none() && lacking {
                return Err(LACKING.into());
            }
            wrong.push(format!("{}: {why}", args.join(" ")));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn compare(run: &Value, printed: &config::Printed) -> Verdict {
    let (mut warned, failed) = split(run.str_at(&["stderr"]).unwrap_or_default());
    let mut ours: Vec<String> = printed.warnings.iter().map(said).collect();
    let words = printed.refused.as_ref().map(|problem| problem.message.clone()).unwrap_or_default();
    let code = i64::from(printed.refused.is_some());
    if Some(code) != run.int_at(&["rc"]) || anyone(words.trim_end()) != anyone(failed.trim_end()) {
        return Err(format!("failure\ngot  {words}\nwant {failed}"));
    }
    warned.sort();
    ours.sort();
    if ours != warned {
        return Err(format!("warnings\ngot  {}\nwant {}", ours.join("\n     "), warned.join("\n     ")));
    }
    let equal = match run.get("stdout") {
        Some(Value::Str(text)) if text.is_empty() => printed.out.is_empty(),
        Some(Value::Str(text)) => **text == *printed.out,
        Some(data) => json::parse(&printed.out).ok().as_ref() == Some(data),
        None => Some(hash::sha256(printed.out.as_bytes()).as_str()) == run.str_at(&["stdout_sha256"]),
    };
    if equal {
        return Ok(());
    }
    let want =
        run.get("stdout").map(|out| out.as_str().map_or_else(|| json::write(out, json::Style::COMPACT), str::to_owned));
    Err(format!("output\n{}", difference(&printed.out, &want.unwrap_or_default())))
}

/// A refusal without what the real tool picks at random: the service it names first, the order of surplus keys.
fn anyone(words: &str) -> String {
    if let Some((before, keys)) =
        words.strip_suffix(" not allowed").and_then(|w| w.split_once("additional properties "))
    {
        let mut keys: Vec<&str> = keys.split(", ").collect();
        keys.sort_unstable();
        return format!("{before}additional properties {}", keys.join(", "));
    }
    if let Some(at) = words.strip_suffix(" false schema") {
        return format!("{} false schema", at.rsplit_once('.').map_or(at, |(before, _)| before));
    }
    let mut words = words.to_owned();
    for (before, after) in [("service \"", "\""), (": services.", "."), ("compose file \"", "\"")] {
        if let Some((head, rest)) = words.split_once(before)
            && let Some((_, tail)) = rest.split_once(after)
        {
            words = format!("{head}{before}{after}{tail}");
        }
    }
    words
}

fn said(problem: &Problem) -> String {
    problem.message.clone()
}

/// Warnings without their time, and the rest.
fn split(stderr: &str) -> (Vec<String>, String) {
    let (mut warnings, mut rest) = (Vec::new(), Vec::new());
    for line in stderr.lines() {
        match line.split_once(" level=warning msg=").filter(|_| line.starts_with("time=")) {
            Some((_, message)) => warnings
                .push(json::parse(message).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or(message.into())),
            None => rest.push(line),
        }
    }
    (warnings, rest.join("\n"))
}

/// The first lines that differ.
fn difference(got: &str, want: &str) -> String {
    let (got, want): (Vec<&str>, Vec<&str>) = (got.lines().collect(), want.lines().collect());
    let first = got.iter().zip(&want).position(|(a, b)| a != b).unwrap_or(got.len().min(want.len()));
    let show = |lines: &[&str]| {
        lines.iter().skip(first.saturating_sub(1)).take(4).copied().collect::<Vec<_>>().join("\n       ")
    };
    format!("line {}\n  got  {}\n  want {}", first + 1, show(&got), show(&want))
}
