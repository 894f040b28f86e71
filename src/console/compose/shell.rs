//! A line as a shell takes it apart: quotes, `;`, `&&`, `||`, pipes, `$( )`, assignments before a command, `>` to a file, and
//! `for NAME in WORDS; do … done`, whose rounds are made when its turn comes.

use std::rc::Rc;

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

/// A pipeline and what stands around it, or a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) glue: Glue,
    pub(super) pipeline: Vec<Vec<Word>>,
    /// File its output goes to.
    pub(super) into: Option<Word>,
    /// The loop that stands in place of a pipeline.
    pub(super) each: Option<Rc<Each>>,
}

/// A loop over words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Each {
    name: String,
    /// What is gone through.
    pub(super) list: Vec<Word>,
    body: Vec<Command>,
}

impl Each {
    /// How many commands one round has.
    pub(super) fn len(&self) -> usize {
        self.body.len()
    }
    /// The commands of one round.
    pub(super) fn round(&self, item: &str) -> Vec<Command> {
        self.body_with(&self.name, item)
    }
    fn body_with(&self, name: &str, item: &str) -> Vec<Command> {
        self.body.iter().map(|command| command.with(name, item)).collect()
    }
}

impl Command {
    /// The command with a loop's variable filled in.
    fn with(&self, name: &str, item: &str) -> Command {
        let words = |list: &Vec<Word>| list.iter().map(|word| word.with(name, item)).collect::<Vec<_>>();
        let inner = |each: &Rc<Each>| {
            let body = if each.name == name { each.body.clone() } else { each.body_with(name, item) };
            Rc::new(Each { name: each.name.clone(), list: words(&each.list), body })
        };
        Command {
            glue: self.glue,
            pipeline: self.pipeline.iter().map(words).collect(),
            into: self.into.as_ref().map(|word| word.with(name, item)),
            each: self.each.as_ref().map(inner),
        }
    }
}

impl Word {
    fn with(&self, name: &str, item: &str) -> Word {
        let part = |part: &Part| match part {
            Part::Variable(own) if own == name => Part::Text(item.to_string()),
            Part::Command(line) => Part::Command(filled(line, name, item)),
            other => other.clone(),
        };
        Word { parts: self.parts.iter().map(part).collect(), quoted: self.quoted }
    }
}

/// A line with `$NAME` and `${NAME}` filled in.
fn filled(line: &str, name: &str, item: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find('$') {
        let (before, behind) = (&rest[..at], &rest[at + 1..]);
        let braced = behind.strip_prefix('{').and_then(|r| r.strip_prefix(name)?.strip_prefix('}'));
        let goes_on = |r: &&str| !r.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let found = braced.or_else(|| behind.strip_prefix(name).filter(goes_on));
        out += before;
        out += if found.is_some() { item } else { "$" };
        rest = found.unwrap_or(behind);
    }
    out + rest
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    Op(&'static str),
}

/// Takes a line apart.
pub(super) fn split(line: &str) -> Result<Vec<Command>, String> {
    commands(&tokens(line)?, 0)
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
            let goes_on = *op == "\n" && matches!(out.last(), Some(Token::Op("|" | "&&" | "||")));
            if !goes_on {
                out.push(Token::Op(if *op == "\n" { ";" } else { op }));
            }
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
            '\\' if chars.get(at + 1) == Some(&'\n') => at += 2,
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
                if depth > DEPTH_MAX as i32 {
                    return Err(format!("more than {DEPTH_MAX} brackets within each other are not followed here"));
                }
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

/// Loops and `$( )` may stand within each other so often. Ours: each needs room on the stack.
const DEPTH_MAX: usize = 20;

/// What busybox says to a word that cannot stand where it stands.
fn unexpected(token: Option<&Token>) -> String {
    match token {
        Some(Token::Op(op)) => format!("syntax error: unexpected \"{op}\""),
        Some(Token::Word(word)) => format!("syntax error: unexpected \"{}\"", plain(word)),
        None => "syntax error: unexpected end of file".to_string(),
    }
}

fn ends_command(token: Option<&Token>) -> bool {
    matches!(token, None | Some(Token::Op(";" | "&&" | "||" | "&")))
}

fn commands(tokens: &[Token], depth: usize) -> Result<Vec<Command>, String> {
    let (mut at, mut glue, mut out) = (0, Glue::Always, Vec::new());
    while at < tokens.len() {
        let (command, end) =
            if is(tokens.get(at), "for") { looped(tokens, at, glue, depth)? } else { pipeline(tokens, at, glue)? };
        if command.each.is_some() || command.pipeline.first().is_some_and(|c| !c.is_empty()) {
            out.push(command);
        }
        glue = match tokens.get(end) {
            Some(Token::Op("&&")) => Glue::IfWell,
            Some(Token::Op("||")) => Glue::IfNot,
            _ => Glue::Always,
        };
        at = end + 1;
    }
    Ok(out)
}

/// The pipeline that begins at a token, and where it ends.
fn pipeline(tokens: &[Token], from: usize, glue: Glue) -> Result<(Command, usize), String> {
    let (mut at, mut parts, mut into) = (from, vec![Vec::new()], None);
    let empty = |parts: &Vec<Vec<Word>>| parts.last().is_none_or(Vec::is_empty);
    while !ends_command(tokens.get(at)) {
        match &tokens[at] {
            Token::Op("|") if empty(&parts) => return Err(unexpected(tokens.get(at))),
            Token::Op("|") => parts.push(Vec::new()),
            Token::Op(">" | ">>") => {
                at += 1;
                match tokens.get(at) {
                    Some(Token::Word(word)) => into = Some(word.clone()),
                    other => return Err(unexpected(other)),
                }
            }
            Token::Op(_) => {}
            Token::Word(word) => parts.last_mut().into_iter().for_each(|part| part.push(word.clone())),
        }
        at += 1;
    }
    if parts.len() > 1 && empty(&parts) {
        return Err(unexpected(tokens.get(at)));
    }
    Ok((Command { glue, pipeline: parts, into, each: None }, at))
}

fn plain(word: &Word) -> String {
    word.parts.iter().map(|p| if let Part::Text(t) = p { t.as_str() } else { "" }).collect()
}

/// The loop that begins at a token, and where it ends.
fn looped(tokens: &[Token], from: usize, glue: Glue, depth: usize) -> Result<(Command, usize), String> {
    if depth >= DEPTH_MAX {
        return Err(format!("more than {DEPTH_MAX} loops within each other are not followed here"));
    }
    let Some(Token::Word(name)) = tokens.get(from + 1) else { return Err(unexpected(tokens.get(from + 1))) };
    let (mut at, mut list) = (from + 2, Vec::new());
    if is(tokens.get(at), "in") {
        at += 1;
        while let Some(Token::Word(word)) = tokens.get(at) {
            list.push(word.clone());
            at += 1;
        }
    }
    while tokens.get(at) == Some(&Token::Op(";")) {
        at += 1;
    }
    if !is(tokens.get(at), "do") {
        return Err(unexpected(tokens.get(at)));
    }
    let done = done_of(tokens, at + 1).ok_or_else(|| unexpected(None))?;
    let body = commands(&tokens[at + 1..done], depth + 1)?;
    if !ends_command(tokens.get(done + 1)) {
        return Err("what a loop prints can go to no other command and no file here".to_string());
    }
    let each = Each { name: plain(name), list, body };
    Ok((Command { glue, pipeline: Vec::new(), into: None, each: Some(Rc::new(each)) }, done + 1))
}

/// Where the loop ends whose body begins at a token.
fn done_of(tokens: &[Token], from: usize) -> Option<usize> {
    let mut inner = 0;
    (from..tokens.len()).find(|&at| {
        let begins = at == from || matches!(tokens[at - 1], Token::Op(_)) || is(tokens.get(at - 1), "do");
        let ends = begins && is(tokens.get(at), "done");
        let over = ends && inner == 0;
        inner += usize::from(begins && is(tokens.get(at), "for"));
        inner -= usize::from(ends && !over);
        over
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(line: &str) -> Vec<(Glue, usize, Vec<String>)> {
        let commands = split(line).unwrap_or_default();
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
        assert_eq!(shape("sh -c \"exit 7\""), [(Glue::Always, 1, words(&["sh", "-c", "exit 7"]))]);
        assert_eq!(split("echo x >f").unwrap_or_default()[0].into.as_ref().map(plain), Some("f".to_string()));
        assert_eq!(shape("docker ps |\n  wc -l")[0].1, 2);
        assert!(split("echo 'x").is_err());
    }

    /// What a line's loops come to, with lists of plain words.
    fn written_out(commands: Vec<Command>) -> Vec<String> {
        let one = |command: Command| match &command.each {
            Some(each) => each.list.iter().flat_map(|word| written_out(each.round(&plain(word)))).collect(),
            None => vec![command.pipeline.iter().flatten().map(plain).collect::<Vec<_>>().join(" ")],
        };
        commands.into_iter().flat_map(one).collect()
    }

    #[test]
    fn loops_fill_in_their_variable() {
        let lines = |line: &str| written_out(split(line).unwrap_or_default());
        assert_eq!(
            lines("for i in a b; do echo $i ${i}x; echo; done; echo end"),
            ["echo a ax", "echo", "echo b bx", "echo", "echo end"]
        );
        assert_eq!(
            lines("for i in a; do echo $i; done; for j in b c; do echo $j; done"),
            ["echo a", "echo b", "echo c"]
        );
        assert_eq!(lines("for i in a b; do for j in 1 2; do echo $i$j done; done; done").len(), 4);
        assert_eq!(filled("docker inspect $i ${i} $id $", "i", "web"), "docker inspect web web $id $");
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for (line, words) in [
            ("docker ps |", "syntax error: unexpected end of file"),
            ("docker ps | | wc", "syntax error: unexpected \"|\""),
            ("| wc", "syntax error: unexpected \"|\""),
            ("docker ps |; true", "syntax error: unexpected \";\""),
            ("docker ps >", "syntax error: unexpected end of file"),
            ("for", "syntax error: unexpected end of file"),
            ("for x do docker ps", "syntax error: unexpected end of file"),
            ("for x in a; docker ps; done", "syntax error: unexpected \"docker\""),
        ] {
            assert_eq!(split(line), Err(words.to_string()), "{line}");
        }
        assert_eq!(split("docker ps; for x do docker ps; done").map(|c| c.len()), Ok(2));
        let (deep, open) = ("for i in a; do ".repeat(5_000), "echo ".to_string() + &"$(".repeat(5_000));
        assert!(split(&(deep + &"done; ".repeat(5_000))).is_err() && split(&(open + &")".repeat(5_000))).is_err());
    }
}
