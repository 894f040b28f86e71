//! A template taken apart. Source: Go 1.26 text/template/parse, lex.go and parse.go.

use super::Dialect;
use crate::text::go::quoted;

/// A piece of a template.
#[derive(Debug)]
pub enum Node {
    Text(String),
    Action(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
    Break,
    Continue,
}

/// Commands whose values go one into the next, and the variables that take the last.
#[derive(Clone, Debug, Default)]
pub struct Pipe {
    /// Names with their `$`.
    pub names: Vec<String>,
    /// Whether they are set, not made.
    pub assigns: bool,
    pub commands: Vec<Command>,
}

/// A function or value with what it is given.
#[derive(Clone, Debug)]
pub struct Command {
    pub at: usize,
    /// As Go writes it.
    pub text: String,
    pub args: Vec<Arg>,
}

/// One operand.
#[derive(Clone, Debug)]
pub struct Arg {
    pub at: usize,
    /// As Go writes it.
    pub text: String,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Dot,
    Nil,
    Field(Vec<String>),
    Variable(String, Vec<String>),
    Chain(Box<Arg>, Vec<String>),
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    Function(String),
    Pipe(Pipe),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Field(String),
    Variable(String),
    Word(String),
    Number(String),
    Str(String),
    Sign(&'static str),
    Space,
}

/// One `{{ }}`: its tokens with their places.
struct Action {
    at: usize,
    tokens: Vec<(usize, Token)>,
}

enum Piece {
    Text(String),
    Action(Action),
}

/// The nodes of a template.
pub fn nodes(source: &str, dialect: Dialect) -> Result<Vec<Node>, String> {
    nodes_of(source, dialect).map_err(|(line, words)| format!("template: {}:{line}: {words}", dialect.name))
}

fn nodes_of(source: &str, dialect: Dialect) -> Result<Vec<Node>, Fault> {
    let pieces = pieces(source)?;
    let mut reader =
        Reader { source, dialect, pieces: pieces.into_iter().peekable(), variables: vec!["$".into()], loops: 0 };
    let (nodes, end) = reader.list(false)?;
    match end {
        Close::Text => Ok(nodes),
        Close::End(at) => Err(reader.error(at, "unexpected {{end}}")),
        Close::Else(at, _) => Err(reader.error(at, "unexpected {{else}}")),
    }
}

/// The line of a mistake, and its words.
type Fault = (usize, String);

fn error_at(source: &str, at: usize, words: &str) -> Fault {
    (1 + source[..at.min(source.len())].matches('\n').count(), words.into())
}

/// Text and actions. A `-` at a brace takes the blanks beside it away.
fn pieces(source: &str) -> Result<Vec<Piece>, Fault> {
    let (mut out, mut at, mut trims) = (Vec::new(), 0, false);
    while at < source.len() {
        let open = source[at..].find("{{").map(|i| at + i);
        let mut text = &source[at..open.unwrap_or(source.len())];
        text = if trims { text.trim_start() } else { text };
        let Some(open) = open else {
            out.push(Piece::Text(text.to_string()));
            break;
        };
        let mut from = open + 2;
        if source[from..].starts_with("- ") {
            text = text.trim_end();
            from += 1;
        }
        if !text.is_empty() {
            out.push(Piece::Text(text.to_string()));
        }
        let inner = source[from..].trim_start();
        if inner.starts_with("/*") {
            let end = source[from..].find("*/").ok_or_else(|| error_at(source, open, "unclosed comment"))? + from + 2;
            let close = source[end..].find("}}").ok_or_else(|| error_at(source, open, "unclosed comment"))? + end;
            trims = source[end..close].ends_with('-');
            at = close + 2;
            continue;
        }
        let (action, end, trim) = action(source, from)?;
        trims = trim;
        at = end;
        out.push(Piece::Action(action));
    }
    Ok(out)
}

const SIGNS: &[&str] = &[":=", "=", "|", ",", "(", ")"];

/// The tokens up to `}}`, where it ends, and whether it trims what follows.
fn action(source: &str, from: usize) -> Result<(Action, usize, bool), Fault> {
    let fail = |at: usize, words: String| error_at(source, at, &words);
    let (mut at, mut tokens) = (from, Vec::new());
    let word =
        |at: usize| source[at..].find(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(source.len(), |i| at + i);
    loop {
        let rest = &source[at..];
        if rest.starts_with("}}") {
            return Ok((Action { at: from, tokens }, at + 2, false));
        }
        if rest.starts_with(" -}}") {
            return Ok((Action { at: from, tokens }, at + 4, true));
        }
        let Some(c) = rest.chars().next() else { return Err(fail(from, "unclosed action".into())) };
        let begin = at;
        let token = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                if matches!(tokens.last(), Some((_, Token::Space))) {
                    continue;
                }
                Token::Space
            }
            '"' | '`' | '\'' => {
                let (text, end) = literal(source, at, c).ok_or_else(|| {
                    fail(
                        at,
                        if c == '`' { "unterminated raw quoted string" } else { "unterminated quoted string" }.into(),
                    )
                })?;
                at = end;
                Token::Str(text)
            }
            '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                at = word(at + 1);
                if at == begin + 1 { Token::Sign(".") } else { Token::Field(source[begin + 1..at].into()) }
            }
            '$' => {
                at = word(at + 1);
                Token::Variable(source[begin..at].into())
            }
            '0'..='9' | '+' | '-' | '.' => {
                let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_');
                at = source[at + 1..].find(ends).map_or(source.len(), |i| begin + 1 + i);
                Token::Number(source[begin..at].into())
            }
            c if c.is_alphanumeric() || c == '_' => {
                at = word(at);
                Token::Word(source[begin..at].into())
            }
            c => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    at += sign.len();
                    Token::Sign(sign)
                }
                None => return Err(fail(at, format!("unrecognized character in action: U+{:04X} '{c}'", c as u32))),
            },
        };
        tokens.push((begin, token));
    }
}

/// A text in quotes, and where it ends.
fn literal(source: &str, from: usize, quote: char) -> Option<(String, usize)> {
    let (mut text, mut chars) = (String::new(), source[from + 1..].char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((text, from + 1 + at + 1)),
            '\n' if quote != '`' => return None,
            '\\' if quote != '`' => text.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                c => c,
            }),
            c => text.push(c),
        }
    }
    None
}

/// What ends a list of nodes.
enum Close {
    Text,
    End(usize),
    Else(usize, Action),
}

struct Reader<'a> {
    source: &'a str,
    dialect: Dialect,
    pieces: std::iter::Peekable<std::vec::IntoIter<Piece>>,
    variables: Vec<String>,
    loops: usize,
}

impl Reader<'_> {
    fn error(&self, at: usize, words: &str) -> Fault {
        error_at(self.source, at, words)
    }
    fn list(&mut self, inner: bool) -> Result<(Vec<Node>, Close), Fault> {
        let mut out = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let mut action = match piece {
                Piece::Text(text) => {
                    out.push(Node::Text(text));
                    continue;
                }
                Piece::Action(action) => action,
            };
            action.tokens.drain(..usize::from(matches!(action.tokens.first(), Some((_, Token::Space)))));
            let word = match action.tokens.first() {
                Some((_, Token::Word(word))) => word.clone(),
                _ => String::new(),
            };
            match word.as_str() {
                "end" => return Ok((out, Close::End(action.at))),
                "else" => {
                    action.tokens.remove(0);
                    return Ok((out, Close::Else(action.at, action)));
                }
                "if" | "with" | "range" => {
                    action.tokens.remove(0);
                    out.push(self.control(&word, action)?);
                }
                "break" | "continue" if self.loops == 0 => {
                    return Err(self.error(action.at, &format!("{{{{{word}}}}} outside {{{{range}}}}")));
                }
                "break" => out.push(Node::Break),
                "continue" => out.push(Node::Continue),
                "define" | "template" | "block" => {
                    return Err(self.error(action.at, &format!("unexpected {{{{{word}}}}} clause")));
                }
                _ => out.push(Node::Action(self.pipe(&action, "command")?)),
            }
        }
        if inner { Err(self.error(self.source.len(), "unexpected EOF")) } else { Ok((out, Close::Text)) }
    }
    fn control(&mut self, word: &str, action: Action) -> Result<Node, Fault> {
        let known = self.variables.len();
        let pipe = self.pipe(&action, word)?;
        self.loops += usize::from(word == "range");
        let (body, end) = self.list(true)?;
        self.loops -= usize::from(word == "range");
        let other = match end {
            Close::Else(_, action) => self.otherwise(word, action)?,
            _ => Vec::new(),
        };
        self.variables.truncate(known);
        Ok(match word {
            "if" => Node::If(pipe, body, other),
            "with" => Node::With(pipe, body, other),
            _ => Node::Range(pipe, body, other),
        })
    }
    /// What stands behind `else`; `else if` is an `if` of its own whose end is the same.
    fn otherwise(&mut self, word: &str, mut action: Action) -> Result<Vec<Node>, Fault> {
        let blanks = action.tokens.iter().take_while(|(_, token)| *token == Token::Space).count();
        action.tokens.drain(..blanks);
        match action.tokens.first() {
            Some((_, Token::Word(next))) if next == word && word != "range" => {
                action.tokens.remove(0);
                Ok(vec![self.control(word, action)?])
            }
            Some(_) => Err(self.error(action.at, "unexpected token in else")),
            None => match self.list(true)? {
                (nodes, Close::End(_)) => Ok(nodes),
                (_, Close::Else(at, _)) => Err(self.error(at, "expected end; found {{else}}")),
                (_, Close::Text) => Err(self.error(self.source.len(), "unexpected EOF")),
            },
        }
    }
    fn pipe(&mut self, action: &Action, context: &str) -> Result<Pipe, Fault> {
        let mut at = 0;
        let pipe = self.pipeline(&action.tokens, &mut at, context, action.at)?;
        match action.tokens.get(at) {
            Some((place, _)) => Err(self.error(*place, &format!("unexpected \")\" in {context}"))),
            None => Ok(pipe),
        }
    }
    /// Reads up to the end, or to the bracket that closes.
    fn pipeline(&mut self, all: &[(usize, Token)], at: &mut usize, within: &str, from: usize) -> Result<Pipe, Fault> {
        let mut pipe = Pipe::default();
        self.declared(all, at, &mut pipe, within == "range");
        loop {
            while matches!(all.get(*at), Some((_, Token::Space))) {
                *at += 1;
            }
            match all.get(*at) {
                None | Some((_, Token::Sign(")"))) => break,
                Some(_) => {}
            }
            let command = self.command(all, at, within)?;
            let first = command.args.first().map(|a| &a.kind);
            if !pipe.commands.is_empty()
                && matches!(first, Some(Kind::Bool(_) | Kind::Int(_) | Kind::Str(_) | Kind::Dot))
            {
                let words = format!("non executable command in pipeline stage {}", pipe.commands.len() + 1);
                return Err(self.error(command.at, &words));
            }
            pipe.commands.push(command);
        }
        if pipe.commands.is_empty() {
            return Err(self.error(from, &format!("missing value for {within}")));
        }
        Ok(pipe)
    }
    /// `$a, $b :=` before a pipeline.
    fn declared(&mut self, all: &[(usize, Token)], at: &mut usize, pipe: &mut Pipe, two: bool) {
        let (mut look, mut names) = (*at, Vec::new());
        let skip = |look: &mut usize| {
            while matches!(all.get(*look), Some((_, Token::Space))) {
                *look += 1;
            }
        };
        loop {
            skip(&mut look);
            let Some((_, Token::Variable(name))) = all.get(look) else { return };
            names.push(name.clone());
            look += 1;
            skip(&mut look);
            match all.get(look) {
                Some((_, Token::Sign(","))) if two => look += 1,
                Some((_, Token::Sign(sign @ (":=" | "=")))) => {
                    pipe.assigns = *sign == "=";
                    break;
                }
                _ => return,
            }
        }
        if !pipe.assigns {
            self.variables.extend(names.iter().cloned());
        }
        pipe.names = names;
        *at = look + 1;
    }
    fn command(&mut self, all: &[(usize, Token)], at: &mut usize, within: &str) -> Result<Command, Fault> {
        let mut args: Vec<Arg> = Vec::new();
        loop {
            while matches!(all.get(*at), Some((_, Token::Space))) {
                *at += 1;
            }
            match all.get(*at) {
                None | Some((_, Token::Sign(")"))) => break,
                Some((place, Token::Sign("|"))) => {
                    *at += 1;
                    if args.is_empty() {
                        return Err(self.error(*place, "empty command"));
                    }
                    if all[*at..].iter().all(|(_, t)| *t == Token::Space) {
                        return Err(self.error(*place, &format!("missing value for {within}")));
                    }
                    break;
                }
                Some(_) => args.push(self.operand(all, at, within)?),
            }
        }
        let text = args.iter().map(|a| a.text.as_str()).collect::<Vec<_>>().join(" ");
        Ok(Command { at: args.first().map_or(0, |a| a.at), text, args })
    }
    /// A term and the fields behind it.
    fn operand(&mut self, all: &[(usize, Token)], at: &mut usize, within: &str) -> Result<Arg, Fault> {
        let mut arg = self.term(all, at, within)?;
        let (chained, mut names) = (all.get(*at).map_or(0, |t| t.0), Vec::new());
        while let Some((_, Token::Field(name))) = all.get(*at) {
            names.push(name.clone());
            *at += 1;
        }
        if names.is_empty() {
            return Ok(arg);
        }
        let text = format!("{}.{}", arg.text, names.join("."));
        match &mut arg.kind {
            Kind::Field(own) | Kind::Variable(_, own) => own.append(&mut names),
            Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) | Kind::Str(_) | Kind::Nil | Kind::Dot => {
                return Err(self.error(chained, &format!("unexpected . after term {}", quoted(&arg.text))));
            }
            _ => {
                let inner = Box::new(arg);
                return Ok(Arg { at: chained, text, kind: Kind::Chain(inner, names) });
            }
        }
        Ok(Arg { at: chained, text, kind: arg.kind })
    }
    fn term(&mut self, all: &[(usize, Token)], at: &mut usize, within: &str) -> Result<Arg, Fault> {
        let Some((place, token)) = all.get(*at) else { return Err(self.error(0, "unexpected EOF")) };
        *at += 1;
        let (text, kind) = match token {
            Token::Field(name) => (format!(".{name}"), Kind::Field(vec![name.clone()])),
            Token::Sign(".") => (".".into(), Kind::Dot),
            Token::Variable(name) if !self.variables.contains(name) => {
                return Err(self.error(*place, &format!("undefined variable {}", quoted(name))));
            }
            Token::Variable(name) => (name.clone(), Kind::Variable(name.clone(), Vec::new())),
            Token::Word(word) => match word.as_str() {
                "true" | "false" => (word.clone(), Kind::Bool(word == "true")),
                "nil" => (word.clone(), Kind::Nil),
                _ if !super::functions::known(word, self.dialect) => {
                    return Err(self.error(*place, &format!("function {} not defined", quoted(word))));
                }
                _ => (word.clone(), Kind::Function(word.clone())),
            },
            Token::Number(text) => {
                let whole = || text.parse().ok().map(Kind::Int);
                let kind = whole().or_else(|| text.parse().ok().map(Kind::Float));
                let bad = || self.error(*place, &format!("bad number syntax: {}", quoted(text)));
                (text.clone(), kind.ok_or_else(bad)?)
            }
            Token::Str(text) => (quoted(text), Kind::Str(text.clone())),
            Token::Sign("(") => {
                let pipe = self.pipeline(all, at, "parenthesized pipeline", *place + 1)?;
                if !matches!(all.get(*at), Some((_, Token::Sign(")")))) {
                    return Err(self.error(*place, "unclosed left paren"));
                }
                *at += 1;
                let texts: Vec<&str> = pipe.commands.iter().map(|c| c.text.as_str()).collect();
                (format!("({})", texts.join(" | ")), Kind::Pipe(pipe))
            }
            Token::Sign(sign) => return Err(self.error(*place, &format!("unexpected <{sign}> in {within}"))),
            Token::Space => return Err(self.error(*place, &format!("unexpected space in {within}"))),
        };
        Ok(Arg { at: *place, text, kind })
    }
}
