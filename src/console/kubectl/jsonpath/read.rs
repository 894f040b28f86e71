//! JSONPath taken apart. Source: kubernetes v1.37 client-go util/jsonpath/parser.go.

use crate::text::Value;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Text(String),
    Action(Vec<Node>),
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Text(String),
    Field(String),
    /// From, to, step; whether `to` follows from `from`.
    Array([Option<i64>; 3], bool),
    Filter(Vec<Node>, String, Vec<Node>),
    /// A number or a truth.
    Plain(Value),
    All,
    Below,
    Union(Vec<Vec<Node>>),
    Word(String),
}

/// The parts of a template.
pub fn parts(text: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let open = text[at..].find('{').map_or(text.len(), |i| at + i);
        if open > at {
            parts.push(Part::Text(text[at..open].to_string()));
        }
        if open == text.len() {
            break;
        }
        let mut reader = Reader { text, at: open + 1 };
        parts.push(Part::Action(reader.action()?));
        at = reader.at;
    }
    Ok(parts)
}

/// The steps of an action without its braces.
fn steps(text: &str) -> Result<Vec<Node>, String> {
    match parts(&format!("{{{text}}}"))?.swap_remove(0) {
        Part::Action(nodes) => Ok(nodes),
        Part::Text(_) => Ok(Vec::new()),
    }
}

fn ends_word(c: char) -> bool {
    " \t\r\n.,[]$@{}".contains(c)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }
    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }
    /// Up to what satisfies; the rest where nothing does.
    fn until(&mut self, ends: impl Fn(char) -> bool) -> String {
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        let found = self.rest()[..length].to_string();
        self.at += length;
        found
    }
    fn action(&mut self) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        loop {
            if self.rest().starts_with("[?(") {
                self.at += 3;
                nodes.push(self.filter()?);
                continue;
            }
            if self.rest().starts_with("..") {
                if nodes.last() == Some(&Node::Below) {
                    return Err("invalid multiple recursive descent".into());
                }
                self.at += 2;
                nodes.push(Node::Below);
                if self.rest().starts_with(|c: char| c == '_' || c.is_alphanumeric()) {
                    nodes.push(self.field());
                }
                continue;
            }
            let from = self.at;
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".into()),
                Some('}') => return Ok(nodes),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(Node::Text(self.quote(quote)?)),
                Some('.') => nodes.push(self.field()),
                Some(c) if c == '+' || c == '-' || c.is_numeric() => nodes.push(self.number(from)?),
                Some(c) if c == '_' || c.is_alphabetic() => {
                    self.at = from;
                    let word = self.until(ends_word);
                    nodes.push(match word.as_str() {
                        "true" | "false" => Node::Plain(Value::Bool(word == "true")),
                        _ => Node::Word(word),
                    });
                }
                Some(c) => return Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)),
            }
        }
    }
    fn field(&mut self) -> Node {
        let mut name = String::new();
        while let Some(c) = self.rest().chars().next().filter(|c| !ends_word(*c)) {
            self.at += c.len_utf8();
            match c {
                '\\' => name.extend(self.next()),
                c => name.push(c),
            }
        }
        if name == "*" { Node::All } else { Node::Field(name) }
    }
    fn number(&mut self, from: usize) -> Result<Node, String> {
        self.until(|c| c != '.' && !c.is_numeric());
        let text = &self.text[from..self.at];
        let whole = text.parse().ok().map(Value::Int);
        let number = whole.or_else(|| text.parse().ok().map(Value::Float));
        number.map(Node::Plain).ok_or_else(|| format!("cannot parse number {text}"))
    }
    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        let inner = self.until(|c| c == ']' || c == '\n');
        if self.next() != Some(']') {
            return Err("unterminated array".into());
        }
        let inner = if inner == "*" { ":" } else { &inner };
        if inner.contains(',') {
            let lists = inner.split(',').map(|one| steps(&format!("[{}]", one.trim_matches(' '))));
            nodes.push(Node::Union(lists.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = inner.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')).filter(|key| !key.contains('\''));
        if let Some(key) = key {
            nodes.extend(steps(&format!(".{key}"))?);
            return Ok(());
        }
        let pieces: Vec<&str> = inner.split(':').collect();
        let digits = |t: &&str| t.strip_prefix('-').unwrap_or(t).bytes().all(|b| b.is_ascii_digit());
        if pieces.len() > 3 || !pieces.iter().all(digits) {
            return Err(format!("invalid array index {inner}"));
        }
        let mut bounds: [Option<i64>; 3] = [None; 3];
        for (bound, piece) in bounds.iter_mut().zip(&pieces).filter(|(_, piece)| !piece.is_empty()) {
            *bound = Some(piece.parse().map_err(|_| format!("array index {piece} is not a number"))?);
        }
        let derived = pieces.len() == 1;
        if derived {
            bounds[1] = Some(bounds[0].unwrap_or(0).saturating_add(1));
        }
        nodes.push(Node::Array(bounds, derived));
        Ok(())
    }
    fn filter(&mut self) -> Result<Node, String> {
        let (from, mut quote, mut closed, mut before) = (self.at, None, false, '(');
        loop {
            let c = self.next();
            match c {
                None | Some('\n') => return Err("unterminated filter".into()),
                Some(c @ ('"' | '\'')) if quote.is_none() => quote = Some(c),
                Some(c) if Some(c) == quote && before != '\\' => closed = true,
                Some(')') if quote.is_some() == closed => break,
                _ => {}
            }
            before = c.unwrap_or_default();
        }
        let text = self.text[from..self.at - 1].to_string();
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".into());
        }
        // `^([^!<>=]+)([!<>=]+)(.+?)$`
        let sign = |c: char| "!<>=".contains(c);
        let left = text.find(sign).unwrap_or(text.len());
        let mut right = left + text[left..].find(|c| !sign(c)).unwrap_or(text.len() - left);
        if right == text.len() && right > left + 1 {
            right -= 1;
        }
        if left == 0 || left == right || right == text.len() {
            return Ok(Node::Filter(steps(&text)?, "exists".into(), Vec::new()));
        }
        Ok(Node::Filter(steps(&text[..left])?, text[left..right].into(), steps(&text[right..])?))
    }
    /// Source: parser.go, parseQuote, UnquoteExtend; Go strconv, UnquoteChar.
    fn quote(&mut self, quote: char) -> Result<String, String> {
        let (from, mut out) = (self.at - 1, Some(String::new()));
        let mut put = |c: Option<char>| match (&mut out, c) {
            (Some(out), Some(c)) => out.push(c),
            _ => out = None,
        };
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".into()),
                Some(c) if c == quote => break,
                Some('\\') => match self.next() {
                    None => return Err("unterminated quoted string".into()),
                    Some(c) => put(match c {
                        'a' => Some('\u{7}'),
                        'b' => Some('\u{8}'),
                        'f' => Some('\u{c}'),
                        'n' => Some('\n'),
                        'r' => Some('\r'),
                        't' => Some('\t'),
                        'v' => Some('\u{b}'),
                        'x' => self.coded(2),
                        'u' => self.coded(4),
                        'U' => self.coded(8),
                        '\\' => Some('\\'),
                        c => Some(c).filter(|c| *c == quote),
                    }),
                },
                Some(c) => put(Some(c)),
            }
        }
        let given = &self.text[from..self.at];
        out.ok_or_else(|| format!("unquote string {given} error invalid syntax"))
    }
    fn coded(&mut self, digits: usize) -> Option<char> {
        let code = self.rest().get(..digits).and_then(|text| u32::from_str_radix(text, 16).ok())?;
        self.at += digits;
        char::from_u32(code)
    }
}
