//! The small commands behind a pipe: `grep`, `head`, `tail`, `sort`, `uniq`, `wc`, `cut`, `awk '{print $1}'`, `sed s/a/b/`. What they cannot
//! do here they say, and give the exit code of the real ones. For both terminals.

use super::words::not_simulated;
use crate::text::pattern::Pattern;

/// What comes out of a pipe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piped {
    /// Standard output of the last command.
    pub text: String,
    /// What they complained of.
    pub err: String,
    /// Exit code of the last command.
    pub code: i32,
}

/// Sends a text through filters, one after the other; what they cannot do is said in a language.
pub fn piped(text: &str, filters: &[Vec<String>], language: &str) -> Piped {
    let mut out = Piped { text: text.to_string(), ..Piped::default() };
    for filter in filters.iter().filter(|words| !words.is_empty()) {
        let (text, code) = match one(&out.text, filter) {
            Ok((lines, code)) => (lines, code),
            Err(Refused { words, code, ours }) => {
                let words = if ours { not_simulated(language, &words) } else { words };
                out.err += &format!("{words}\n");
                (String::new(), code)
            }
        };
        (out.text, out.code) = (text, code);
    }
    out
}

/// Lines and exit code, or a complaint.
type Came = Result<(String, i32), Refused>;

/// A complaint.
struct Refused {
    /// What it says; of what is not simulated, what that is.
    words: String,
    code: i32,
    /// Whether the real command would have done it.
    ours: bool,
}

/// The real command's own complaint.
fn wrong(words: impl Into<String>, code: i32) -> Refused {
    Refused { words: words.into(), code, ours: false }
}

fn one(text: &str, filter: &[String]) -> Came {
    let (name, words) = (filter[0].as_str(), &filter[1..]);
    let lines: Vec<&str> = text.lines().collect();
    match name {
        "grep" | "egrep" | "fgrep" => grep(&lines, name, words),
        "head" => {
            let count = count_of(name, words)?;
            Ok((joined(lines.iter().take(count)), 0))
        }
        "tail" => {
            let count = count_of(name, words)?;
            Ok((joined(lines.iter().skip(lines.len().saturating_sub(count))), 0))
        }
        "sort" => sort(lines, words),
        "uniq" => uniq(&lines, words),
        "wc" => wc(text, words),
        "cut" => cut(&lines, words),
        "awk" => awk(&lines, words),
        "sed" => sed(&lines, words),
        "cat" | "tee" if words.is_empty() => Ok((text.to_string(), 0)),
        other => Err(wrong(format!("sh: {other}: command not found"), 127)),
    }
}

fn joined<'a>(lines: impl Iterator<Item = &'a &'a str>) -> String {
    lines.map(|line| format!("{line}\n")).collect()
}

fn unknown(name: &str, word: &str) -> Refused {
    Refused { words: format!("{name} {word}"), code: 2, ours: true }
}

/// Flags in any form (`-iv`, `-A 3`, `-A3`) and the other words. `valued` names the flags that take a value.
fn flags(words: &[String], valued: &str) -> (Vec<(char, String)>, Vec<String>) {
    let (mut flags, mut rest) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty() && !l.starts_with('-')) else {
            rest.push(word.clone());
            continue;
        };
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            let mut value = String::new();
            if valued.contains(letter) {
                value = letters.by_ref().collect();
                if value.is_empty() {
                    value = words.next().cloned().unwrap_or_default();
                }
            }
            flags.push((letter, value));
        }
    }
    (flags, rest)
}

/// `-n 3`, `-n3`, `-3`; ten without.
fn count_of(name: &str, words: &[String]) -> Result<usize, Refused> {
    let word = match words {
        [] => return Ok(10),
        [flag, count] if flag == "-n" => count.as_str(),
        [one] => one.strip_prefix("-n").or(one.strip_prefix("--lines=")).or(one.strip_prefix('-')).unwrap_or(one),
        _ => return Err(unknown(name, &words.join(" "))),
    };
    word.parse().map_err(|_| unknown(name, &words.join(" ")))
}

/// `s/TEXT/OTHER/` with the flag `g` or none, any sign in place of the slash, and no patterns. Source: GNU sed manual, 3.3.
fn sed(lines: &[&str], words: &[String]) -> Came {
    let refused = || Err(unknown("sed", &words.join(" ")));
    let script: &[String] = if words.first().is_some_and(|w| w == "-e") { &words[1..] } else { words };
    let [script] = script else { return refused() };
    let mut letters = script.chars();
    let (Some('s'), Some(sign)) = (letters.next(), letters.next()) else { return refused() };
    let rest = letters.as_str();
    let parts: Vec<&str> = rest.split(sign).collect();
    let (text, other, all) = match parts.as_slice() {
        [text, other, flag @ ("" | "g")] => (*text, *other, *flag == "g"),
        _ => return refused(),
    };
    if text.is_empty() || text.contains(['.', '*', '[', ']', '^', '$', '\\']) || other.contains(['&', '\\']) {
        return refused();
    }
    let one = |line: &&str| if all { line.replace(text, other) } else { line.replacen(text, other, 1) };
    Ok((lines.iter().map(|line| one(line) + "\n").collect(), 0))
}

/// Source: GNU grep manual, 2.1; exit code 1 when nothing is found, 2 after a mistake.
fn grep(lines: &[&str], name: &str, words: &[String]) -> Came {
    let (flags, mut rest) = flags(words, "eABC");
    let on = |letter: char| flags.iter().any(|(l, _)| *l == letter);
    if let Some((letter, _)) = flags.iter().find(|(letter, _)| !"eABCEFGivcnqwx".contains(*letter)) {
        return Err(unknown("grep", &format!("-{letter}")));
    }
    let mut texts: Vec<String> = flags.iter().filter(|(l, _)| *l == 'e').map(|(_, text)| text.clone()).collect();
    if texts.is_empty() {
        if rest.is_empty() {
            return Err(wrong("Usage: grep [OPTION]... PATTERNS [FILE]...", 2));
        }
        texts.push(rest.remove(0));
    }
    if let Some(file) = rest.first() {
        return Err(wrong(format!("grep: {file}: No such file or directory"), 2));
    }
    let (fixed, extended) = (on('F') || name == "fgrep", on('E') || name == "egrep");
    let read = |text: &String| match fixed {
        true => Pattern::fixed(text, on('i')),
        false => Pattern::read(&edged(text, on('w'), on('x'), extended), extended, on('i')),
    };
    let patterns: Vec<Pattern> =
        texts.iter().map(read).collect::<Result<_, _>>().map_err(|words| wrong(format!("grep: {words}"), 2))?;
    let hits: Vec<bool> = lines.iter().map(|l| patterns.iter().any(|p| p.is_in(l)) != on('v')).collect();
    let found = hits.iter().filter(|hit| **hit).count();
    let code = i32::from(found == 0);
    if on('q') {
        return Ok((String::new(), code));
    }
    if on('c') {
        return Ok((format!("{found}\n"), code));
    }
    let around = |letter: char| {
        let value = |wanted: char| flags.iter().rev().find(|(l, _)| *l == wanted).and_then(|(_, n)| n.parse().ok());
        value(letter).or(value('C')).unwrap_or(0usize)
    };
    Ok((shown(lines, &hits, around('B'), around('A'), on('n')), code))
}

/// A pattern that must be a word (`-w`) or the whole line (`-x`).
fn edged(text: &str, word: bool, whole: bool, extended: bool) -> String {
    let (open, close, or) = if extended { ("(", ")", "|") } else { ("\\(", "\\)", "\\|") };
    match (whole, word) {
        (true, _) => format!("^{open}{text}{close}$"),
        (_, true) => {
            let no = "[^[:alnum:]_]";
            format!("{open}^{or}{no}{close}{open}{text}{close}{open}${or}{no}{close}")
        }
        _ => text.to_string(),
    }
}

/// The lines that were found with those around them; `--` between parts that do not touch.
fn shown(lines: &[&str], hits: &[bool], before: usize, after: usize, numbers: bool) -> String {
    let mut out = String::new();
    let mut last: Option<usize> = None;
    for at in 0..lines.len() {
        let from = at.saturating_sub(after);
        let to = (at + before).min(lines.len() - 1);
        if !hits[from..=to].contains(&true) {
            continue;
        }
        if before + after > 0 && last.is_some_and(|last| last + 1 < at) {
            out += "--\n";
        }
        last = Some(at);
        let sign = if hits[at] { ':' } else { '-' };
        out += &if numbers { format!("{}{sign}{}\n", at + 1, lines[at]) } else { format!("{}\n", lines[at]) };
    }
    out
}

/// `sort`, `-r`, `-n`, `-u`, `-k 2`.
fn sort(mut lines: Vec<&str>, words: &[String]) -> Came {
    let (flags, rest) = flags(words, "k");
    if let Some(word) = rest.first() {
        return Err(wrong(format!("sort: cannot read: {word}: No such file or directory"), 2));
    }
    if let Some((letter, _)) = flags.iter().find(|(letter, _)| !"rnuk".contains(*letter)) {
        return Err(unknown("sort", &format!("-{letter}")));
    }
    let on = |letter: char| flags.iter().any(|(l, _)| *l == letter);
    let column: usize = match flags.iter().find(|(l, _)| *l == 'k') {
        None => 0,
        Some((_, key)) => {
            let digits: String = key.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok().filter(|n| *n > 0).ok_or_else(|| unknown("sort", &format!("-k {key}")))?
        }
    };
    let key = |line: &str| -> String {
        let fields = line.split_whitespace().skip(column.saturating_sub(1)).collect::<Vec<_>>();
        if column == 0 { line.to_string() } else { fields.join(" ") }
    };
    let number = |line: &str| -> i64 {
        let key = key(line);
        let digits: String = key.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
        digits.parse().unwrap_or(0)
    };
    match on('n') {
        true => lines.sort_by_key(|line| (number(line), line.to_string())),
        false => lines.sort_by_key(|line| (key(line), line.to_string())),
    }
    if on('r') {
        lines.reverse();
    }
    if on('u') {
        lines.dedup();
    }
    Ok((joined(lines.iter()), 0))
}

fn uniq(lines: &[&str], words: &[String]) -> Came {
    let counts = match words {
        [] => false,
        [flag] if flag == "-c" => true,
        _ => return Err(unknown("uniq", &words.join(" "))),
    };
    let mut runs: Vec<(usize, &str)> = Vec::new();
    for line in lines {
        match runs.last_mut() {
            Some((count, last)) if last == line => *count += 1,
            _ => runs.push((1, line)),
        }
    }
    let line =
        |(count, line): &(usize, &str)| if counts { format!("{count:>7} {line}\n") } else { format!("{line}\n") };
    Ok((runs.iter().map(line).collect(), 0))
}

fn wc(text: &str, words: &[String]) -> Came {
    let (lines, parts, bytes) = (text.matches('\n').count(), text.split_whitespace().count(), text.len());
    let said = match words {
        [] => format!("{lines:>7} {parts:>7} {bytes:>7}\n"),
        [flag] if flag == "-l" || flag == "--lines" => format!("{lines}\n"),
        [flag] if flag == "-w" => format!("{parts}\n"),
        [flag] if flag == "-c" => format!("{bytes}\n"),
        _ => return Err(unknown("wc", &words.join(" "))),
    };
    Ok((said, 0))
}

/// `cut -d X -f 1,3`
fn cut(lines: &[&str], words: &[String]) -> Came {
    let (flags, rest) = flags(words, "df");
    let value = |letter: char| flags.iter().find(|(l, _)| *l == letter).map(|(_, value)| value.as_str());
    let Some(fields) = value('f').filter(|_| rest.is_empty() && flags.iter().all(|(l, _)| "df".contains(*l))) else {
        return Err(unknown("cut", &words.join(" ")));
    };
    let wanted: Vec<usize> = fields.split(',').filter_map(|n| n.parse().ok()).filter(|n| *n > 0).collect();
    if wanted.len() != fields.split(',').count() {
        return Err(unknown("cut", &format!("-f {fields}")));
    }
    let by = value('d').and_then(|d| d.chars().next()).unwrap_or('\t');
    let line = |line: &&str| {
        if !line.contains(by) {
            return format!("{line}\n");
        }
        let parts: Vec<&str> = line.split(by).collect();
        let kept: Vec<&str> = wanted.iter().filter_map(|n| parts.get(n - 1)).copied().collect();
        format!("{}\n", kept.join(&by.to_string()))
    };
    Ok((lines.iter().map(line).collect(), 0))
}

/// `awk '{print $1}'`, `awk 'NR>1 {print $1, $NF}'`, `awk '/x/ {print $2}'`. Other programs are refused.
fn awk(lines: &[&str], words: &[String]) -> Came {
    let refused = || unknown("awk", &words.join(" "));
    let [program] = words else { return Err(refused()) };
    let (when, action) = program.trim().split_once('{').ok_or_else(refused)?;
    let fields =
        action.trim().strip_suffix('}').map(str::trim).and_then(|a| a.strip_prefix("print")).ok_or_else(refused)?;
    let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
    let known =
        |f: &&str| f.is_empty() || *f == "$NF" || f.strip_prefix('$').is_some_and(|n| n.parse::<usize>().is_ok());
    if !fields.iter().all(known) || (fields.len() > 1 && fields.contains(&"")) {
        return Err(refused());
    }
    let when = when.trim();
    let pattern = when.strip_prefix('/').and_then(|w| w.strip_suffix('/'));
    let pattern = pattern.map(|text| Pattern::read(text, true, false)).transpose();
    let pattern = pattern.map_err(|words| wrong(format!("awk: {words}"), 2))?;
    let line_after = when.strip_prefix("NR>").or(when.strip_prefix("NR > ")).map(str::parse::<usize>);
    let skip = match (&pattern, line_after, when) {
        (Some(_), _, _) | (_, _, "") => 0,
        (None, Some(Ok(skip)), _) => skip,
        _ => return Err(refused()),
    };
    let cell = |line: &str, field: &str| -> String {
        let parts: Vec<&str> = line.split_whitespace().collect();
        match field.strip_prefix('$').map(|n| (n, n.parse::<usize>())) {
            None | Some((_, Ok(0))) => line.to_string(),
            Some((_, Ok(n))) => parts.get(n - 1).copied().unwrap_or_default().to_string(),
            Some(_) => parts.last().copied().unwrap_or_default().to_string(),
        }
    };
    let chosen = lines.iter().skip(skip).filter(|line| pattern.as_ref().is_none_or(|p| p.is_in(line)));
    let line = |line: &&str| fields.iter().map(|f| cell(line, f)).collect::<Vec<_>>().join(" ") + "\n";
    Ok((chosen.map(line).collect(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: &str = "NAME READY STATUS\nweb-1 1/1 Running\nweb-2 0/1 Pending\ndb-0 1/1 Running\n";

    fn pipe(line: &str) -> Piped {
        let words = |part: &str| -> Vec<String> {
            // Single quotes hold a word together.
            let parts = part.split('\'').enumerate();
            let words = parts.flat_map(|(i, p)| match i % 2 {
                0 => p.split_whitespace().map(String::from).collect::<Vec<_>>(),
                _ => vec![p.to_string()],
            });
            words.collect()
        };
        piped(PODS, &line.split(" | ").map(words).collect::<Vec<_>>(), "")
    }
    fn text(line: &str) -> String {
        let out = pipe(line);
        out.err + &out.text
    }

    #[test]
    fn lines_are_chosen() {
        assert_eq!(text("grep -E '^(web|db)-[02]'"), "web-2 0/1 Pending\ndb-0 1/1 Running\n");
        assert_eq!(text("grep -v Running | grep -c ."), "2\n");
        assert_eq!(text("grep -in PENDING"), "3:web-2 0/1 Pending\n");
        assert_eq!(text("grep -A1 web-2"), "web-2 0/1 Pending\ndb-0 1/1 Running\n");
        assert_eq!(text("grep -w web"), "web-1 1/1 Running\nweb-2 0/1 Pending\n");
        assert_eq!(text("grep -x web"), "");
        assert_eq!((pipe("grep nothing").code, pipe("grep -q web").code), (1, 0));
        assert_eq!(text("head -n 1"), "NAME READY STATUS\n");
        assert_eq!(text("tail -1"), "db-0 1/1 Running\n");
    }

    #[test]
    fn lines_are_ordered_counted_and_cut() {
        assert_eq!(text("tail -n 3 | sort -r | head -1"), "web-2 0/1 Pending\n");
        assert_eq!(text("tail -3 | sort -k3 | head -1"), "web-2 0/1 Pending\n");
        assert_eq!(text("awk 'NR>1 {print $3}' | sort | uniq -c"), "      1 Pending\n      2 Running\n");
        assert_eq!(text("wc -l"), "4\n");
        assert_eq!(text("cut -d ' ' -f 1,3 | tail -1"), "db-0 Running\n");
        assert_eq!(text("sed s/web/app/ | head -n 2 | tail -1"), "app-1 1/1 Running\n");
        assert_eq!(text("sed -e s|1/1|all|g | tail -1"), "db-0 all Running\n");
        assert_eq!(text("sed s/n/N/g | tail -1"), "db-0 1/1 RuNNiNg\n");
        assert_eq!(text("sed s/n/N/ | tail -1"), "db-0 1/1 RuNning\n");
        assert_eq!(text("awk '/web/ {print $1, $NF}'"), "web-1 Running\nweb-2 Pending\n");
    }

    #[test]
    fn what_is_not_there_is_said() {
        assert_eq!(text("jq ."), "sh: jq: command not found\n");
        assert_eq!(pipe("jq . | wc -l").text, "0\n");
        assert_eq!((pipe("grep -P x").code, text("grep -P x")), (2, "grep -P is not simulated\n".into()));
        assert_eq!(text("grep -E '('"), "grep: Unmatched ( or \\(\n");
        assert_eq!(text("awk 'BEGIN {x=1}'"), "awk BEGIN {x=1} is not simulated\n");
        assert_eq!(text("sed s/w.b/x/"), "sed s/w.b/x/ is not simulated\n");
        assert_eq!(text("sed p"), "sed p is not simulated\n");
        assert_eq!(text("sort -z"), "sort -z is not simulated\n");
    }
}
