//! Family `compose-config`: what `docker compose config` prints for recorded files. Exit code and error text must be equal;
//! warnings in any order and without their time; output as text, or as data where it was recorded as such.

use super::{Report, Request, Verdict};
use crate::cli::Outcome;
use crate::compose::files::{Env, Folder, Request as Asked, config, folder, hash};
use crate::text::{Problem, Value, json};

/// The command.
pub fn run(request: &Request) -> Outcome {
    let mut report = Report::default();
    for file in &request.files {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return Outcome::usage(format!("{file}: {error}")),
        };
        add(&text, request.only.as_deref(), &mut report);
    }
    report.print(request.why)
}

/// Runs the cases of a text with one case a line.
pub fn add(text: &str, only: Option<&str>, report: &mut Report) {
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
            Err(why) => report.failed.push((name, why)),
        }
    }
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
    if Some(code) != run.int_at(&["rc"]) || words.trim_end() != failed.trim_end() {
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
