//! A line as a shell takes it apart: quotes, `;`, `&&`, `||`, pipes, `$( )`, assignments before a command, `>` to a file, and
//! `for NAME in WORDS; do … done`, which is written out.

/// How a command follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glue {
    Always,
    IfWell,
    IfNot,
}

/// One word, with what `$( )` in it says still to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    /// Whether it was quoted: it stays one word then.
    pub(super) quoted: bool,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Variable(String),
    Command(String),
}

/// A pipeline and what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) glue: Glue,
    pub(super) pipeline: Vec<Vec<Word>>,
    /// File its output goes to.
    pub(super) into: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    Op(&'static str),
}

/// Takes a line apart.
pub(super) fn split(line: &str) -> Result<Vec<Command>, String> {
    let tokens = tokens(line)?;
    let mut out = Vec::new();
    commands(&tokens, &mut out)?;
    Ok(out)
}

const OPS: &[&str] = &["&&", "||", ">>", "2>&1", "2>/dev/null", ";", "|", ">", "\n", "&"];

fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = line.chars().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    let mut word: Option<Word> = None;
    while at < chars.len() {
        let rest: String = chars[at..chars.len().min(at + 12)].iter().collect();
        let c = chars[at];
        let op = OPS.iter().find(|op| rest.starts_with(**op) && (word.is_none() || !op.starts_with('2')));
        if let Some(op) = op {
            out.extend(word.take().map(Token::Word));
            out.push(Token::Op(if *op == "\n" { ";" } else { op }));
            at += op.chars().count();
            continue;
        }
        match c {
            ' ' | '\t' => {
                out.extend(word.take().map(Token::Word));
                at += 1;
            }
            '\'' => {
                let end = find(&chars, at + 1, '\'')?;
                let text: String = chars[at + 1..end].iter().collect();
                let word = word.get_or_insert_default();
                word.quoted = true;
                word.parts.push(Part::Text(text));
                at = end + 1;
            }
            '"' => at = quoted(&chars, at + 1, word.get_or_insert_default())?,
            '$' => at = dollar(&chars, at, word.get_or_insert_default())?,
            '\\' if at + 1 < chars.len() => {
                push(word.get_or_insert_default(), chars[at + 1]);
                at += 2;
            }
            c => {
                push(word.get_or_insert_default(), c);
                at += 1;
            }
        }
    }
    out.extend(word.map(Token::Word));
    Ok(out)
}

fn push(word: &mut Word, c: char) {
    match word.parts.last_mut() {
        Some(Part::Text(text)) => text.push(c),
        _ => word.parts.push(Part::Text(c.to_string())),
    }
}

fn find(chars: &[char], from: usize, what: char) -> Result<usize, String> {
    (from..chars.len()).find(|i| chars[*i] == what).ok_or_else(|| "unterminated quoted string".to_string())
}

fn quoted(chars: &[char], from: usize, word: &mut Word) -> Result<usize, String> {
    word.quoted = true;
    let mut at = from;
    if word.parts.is_empty() {
        word.parts.push(Part::Text(String::new()));
    }
    while at < chars.len() {
        match chars[at] {
            '"' => return Ok(at + 1),
            '\\' if at + 1 < chars.len() && matches!(chars[at + 1], '"' | '\\' | '$' | '`') => {
                push(word, chars[at + 1]);
                at += 2;
            }
            '$' => at = dollar(chars, at, word)?,
            c => {
                push(word, c);
                at += 1;
            }
        }
    }
    Err("unterminated quoted string".to_string())
}

fn dollar(chars: &[char], at: usize, word: &mut Word) -> Result<usize, String> {
    match chars.get(at + 1) {
        Some('(') => {
            let mut depth = 0;
            for (i, c) in chars.iter().enumerate().skip(at + 1) {
                depth += i32::from(*c == '(') - i32::from(*c == ')');
                if depth == 0 {
                    word.parts.push(Part::Command(chars[at + 2..i].iter().collect()));
                    return Ok(i + 1);
                }
            }
            Err("unterminated $(".to_string())
        }
        Some(c) if c.is_alphabetic() || *c == '_' || *c == '{' => {
            let braced = *c == '{';
            let start = at + 1 + usize::from(braced);
            let end = (start..chars.len())
                .find(|i| !(chars[*i].is_alphanumeric() || chars[*i] == '_'))
                .unwrap_or(chars.len());
            word.parts.push(Part::Variable(chars[start..end].iter().collect()));
            Ok(end + usize::from(braced && chars.get(end) == Some(&'}')))
        }
        _ => {
            push(word, '$');
            Ok(at + 1)
        }
    }
}

fn is(token: Option<&Token>, text: &str) -> bool {
    matches!(token, Some(Token::Word(w)) if !w.quoted && w.parts == [Part::Text(text.to_string())])
}

/// Ours: a loop is written out at most so often.
const ROUNDS_MAX: usize = 500;

fn commands(tokens: &[Token], out: &mut Vec<Command>) -> Result<(), String> {
    let (mut at, mut glue) = (0, Glue::Always);
    while at < tokens.len() {
        if is(tokens.get(at), "for") {
            at = round(tokens, at, out)?;
        } else {
            let mut command = Command { glue, pipeline: vec![Vec::new()], into: None };
            while let Some(token) = tokens.get(at) {
                match token {
                    Token::Op(";" | "&&" | "||" | "&") => break,
                    Token::Op("|") => command.pipeline.push(Vec::new()),
                    Token::Op(">" | ">>") => {
                        at += 1;
                        if let Some(Token::Word(w)) = tokens.get(at) {
                            command.into = Some(plain(w));
                        }
                    }
                    Token::Op(_) => {}
                    Token::Word(w) => command.pipeline.last_mut().into_iter().for_each(|c| c.push(w.clone())),
                }
                at += 1;
            }
            if command.pipeline.first().is_some_and(|c| !c.is_empty()) {
                out.push(command);
            }
        }
        glue = match tokens.get(at) {
            Some(Token::Op("&&")) => Glue::IfWell,
            Some(Token::Op("||")) => Glue::IfNot,
            _ => Glue::Always,
        };
        at += 1;
    }
    Ok(())
}

fn plain(word: &Word) -> String {
    word.parts.iter().map(|p| if let Part::Text(t) = p { t.as_str() } else { "" }).collect()
}

/// Writes a loop out; gives where it ends.
fn round(tokens: &[Token], from: usize, out: &mut Vec<Command>) -> Result<usize, String> {
    let unfinished = || "syntax error: unexpected end of file".to_string();
    let body = (from..tokens.len()).find(|i| is(tokens.get(*i), "do")).ok_or_else(unfinished)?;
    let done = (body..tokens.len()).rev().find(|i| is(tokens.get(*i), "done")).ok_or_else(unfinished)?;
    let items: Vec<String> = tokens[from + 3..body]
        .iter()
        .filter_map(|t| if let Token::Word(w) = t { Some(w) } else { None })
        .flat_map(listed)
        .collect();
    for _ in items.iter().take(ROUNDS_MAX) {
        commands(&tokens[body + 1..done], out)?;
    }
    Ok(done + 1)
}

/// The words of a loop's list; `$(seq N)` counts.
fn listed(word: &Word) -> Vec<String> {
    match word.parts.as_slice() {
        [Part::Command(command)] => {
            let mut words = command.split_whitespace();
            match (words.next(), words.next().and_then(|n| n.parse::<usize>().ok())) {
                (Some("seq"), Some(n)) => (1..=n.min(ROUNDS_MAX)).map(|i| i.to_string()).collect(),
                _ => vec![String::new()],
            }
        }
        _ => vec![plain(word)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(line: &str) -> Vec<(Glue, usize, Vec<String>)> {
        let commands = split(line).expect("a line");
        commands.iter().map(|c| (c.glue, c.pipeline.len(), c.pipeline[0].iter().map(plain).collect())).collect()
    }

    #[test]
    fn lines_come_apart() {
        let words = |list: &[&str]| list.iter().map(|w| w.to_string()).collect::<Vec<_>>();
        assert_eq!(
            shape("docker stop a && docker rm a; docker ps -q | wc -l"),
            [
                (Glue::Always, 1, words(&["docker", "stop", "a"])),
                (Glue::IfWell, 1, words(&["docker", "rm", "a"])),
                (Glue::Always, 2, words(&["docker", "ps", "-q"]))
            ]
        );
        assert_eq!(shape("for i in $(seq 3); do docker exec a ls; sleep 0.2; done").len(), 6);
        assert_eq!(shape("sh -c \"exit 7\""), [(Glue::Always, 1, words(&["sh", "-c", "exit 7"]))]);
        assert_eq!(split("echo x >f").expect("a line")[0].into.as_deref(), Some("f"));
        assert!(split("echo 'x").is_err());
    }
}
