//! Patterns of `grep`: POSIX regular expressions, basic and extended, without back references. A pattern is played over a
//! text in one pass, so no pattern takes long. For the small filters of the terminal; regex-lite would weigh ten times as much.
//! Source: POSIX.1-2017 9.3 and 9.4, with GNU's `\|`, `\+`, `\?`, `\w`, `\b` left out but for the first three.

use std::collections::BTreeSet;

/// Instructions at most: bounds such as `a{1000}{1000}` multiply. Ours.
const SIZE_MAX: usize = 20_000;
/// How often one thing may be asked for by a bound. Source: POSIX, RE_DUP_MAX.
const TIMES_MAX: u32 = 255;
/// Groups within each other at most. Ours.
const DEPTH_MAX: usize = 50;

/// A pattern that was read.
#[derive(Clone, Debug)]
pub struct Pattern {
    code: Vec<Op>,
    fold: bool,
}

#[derive(Clone, Debug)]
enum Op {
    One(char),
    Any,
    Set(Vec<(char, char)>, bool),
    Start,
    End,
    Split(usize, usize),
    Jump(usize),
    Found,
}

#[derive(Clone, Debug)]
enum Node {
    Op(Op),
    Cat(Vec<Node>),
    Alt(Vec<Node>),
    Times(Box<Node>, u32, Option<u32>),
}

impl Pattern {
    /// Reads a pattern; `extended` as by `grep -E`, `fold` as by `grep -i`.
    ///
    /// # Errors
    /// What grep says of it.
    pub fn read(text: &str, extended: bool, fold: bool) -> Result<Pattern, String> {
        let text = if fold { text.to_lowercase() } else { text.to_string() };
        let mut reader = Reader { chars: text.chars().collect(), at: 0, extended, depth: 0 };
        let node = reader.alternatives()?;
        if reader.at < reader.chars.len() {
            return Err("Unmatched ) or \\)".into());
        }
        let mut code = Vec::new();
        write(&node, &mut code)?;
        code.push(Op::Found);
        Ok(Pattern { code, fold })
    }
    /// A text that is meant as it is, as by `grep -F`.
    pub fn fixed(text: &str, fold: bool) -> Pattern {
        let text = if fold { text.to_lowercase() } else { text.to_string() };
        Pattern { code: text.chars().map(Op::One).chain([Op::Found]).collect(), fold }
    }
    /// Whether it is somewhere in a line.
    pub fn is_in(&self, line: &str) -> bool {
        let line: Vec<char> = if self.fold { line.to_lowercase().chars().collect() } else { line.chars().collect() };
        let mut here = BTreeSet::new();
        for at in 0..=line.len() {
            let (first, last) = (at == 0, at == line.len());
            self.enter(0, first, last, &mut here);
            if here.iter().any(|op| matches!(self.code[*op], Op::Found)) {
                return true;
            }
            let Some(c) = line.get(at) else { break };
            let mut next = BTreeSet::new();
            for op in here.iter().filter(|op| takes(&self.code[**op], *c)) {
                self.enter(op + 1, false, at + 1 == line.len(), &mut next);
            }
            here = next;
        }
        false
    }
    /// Follows jumps to the operations that take a letter.
    fn enter(&self, op: usize, first: bool, last: bool, here: &mut BTreeSet<usize>) {
        let mut open = vec![op];
        let mut seen = BTreeSet::new();
        while let Some(op) = open.pop() {
            if here.contains(&op) || !seen.insert(op) {
                continue;
            }
            match &self.code[op] {
                Op::Jump(to) => open.push(*to),
                Op::Split(a, b) => open.extend([*b, *a]),
                Op::Start if first => open.push(op + 1),
                Op::End if last => open.push(op + 1),
                Op::Start | Op::End => {}
                _ => {
                    here.insert(op);
                }
            }
        }
    }
}

fn takes(op: &Op, c: char) -> bool {
    match op {
        Op::One(wanted) => *wanted == c,
        Op::Any => true,
        Op::Set(ranges, not) => ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *not,
        _ => false,
    }
}

fn write(node: &Node, code: &mut Vec<Op>) -> Result<(), String> {
    if code.len() > SIZE_MAX {
        return Err("Regular expression too big".into());
    }
    match node {
        Node::Op(op) => code.push(op.clone()),
        Node::Cat(parts) => parts.iter().try_for_each(|part| write(part, code))?,
        Node::Alt(choices) => write_choices(choices, code)?,
        Node::Times(inner, least, most) => write_times(inner, *least, *most, code)?,
    }
    Ok(())
}

fn write_choices(choices: &[Node], code: &mut Vec<Op>) -> Result<(), String> {
    let mut ends = Vec::new();
    for (i, choice) in choices.iter().enumerate() {
        let split = code.len();
        if i + 1 < choices.len() {
            code.push(Op::Split(split + 1, 0));
        }
        write(choice, code)?;
        if i + 1 < choices.len() {
            ends.push(code.len());
            code.push(Op::Jump(0));
            code[split] = Op::Split(split + 1, code.len());
        }
    }
    let after = code.len();
    ends.into_iter().for_each(|end| code[end] = Op::Jump(after));
    Ok(())
}

fn write_times(inner: &Node, least: u32, most: Option<u32>, code: &mut Vec<Op>) -> Result<(), String> {
    for _ in 0..least {
        write(inner, code)?;
    }
    let Some(most) = most else {
        let split = code.len();
        code.push(Op::Split(split + 1, 0));
        write(inner, code)?;
        code.push(Op::Jump(split));
        code[split] = Op::Split(split + 1, code.len());
        return Ok(());
    };
    let mut splits = Vec::new();
    for _ in least..most {
        splits.push(code.len());
        code.push(Op::Split(0, 0));
        write(inner, code)?;
    }
    let after = code.len();
    splits.into_iter().for_each(|split| code[split] = Op::Split(split + 1, after));
    Ok(())
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    extended: bool,
    depth: usize,
}

impl Reader {
    /// Whether a sign with a meaning stands here: `|` in extended patterns, `\|` in basic ones.
    fn sign(&self, sign: char) -> bool {
        match self.extended {
            true => self.chars.get(self.at) == Some(&sign),
            false => self.chars.get(self.at) == Some(&'\\') && self.chars.get(self.at + 1) == Some(&sign),
        }
    }
    fn skip_sign(&mut self) {
        self.at += if self.extended { 1 } else { 2 };
    }
    fn alternatives(&mut self) -> Result<Node, String> {
        let mut choices = vec![self.row()?];
        while self.sign('|') {
            self.skip_sign();
            choices.push(self.row()?);
        }
        Ok(Node::Alt(choices))
    }
    fn row(&mut self) -> Result<Node, String> {
        let mut parts = Vec::new();
        while self.at < self.chars.len() && !self.sign('|') && !self.sign(')') {
            let one = self.one(parts.is_empty())?;
            parts.push(self.times(one)?);
        }
        Ok(Node::Cat(parts))
    }
    fn one(&mut self, first: bool) -> Result<Node, String> {
        if self.sign('(') {
            self.skip_sign();
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err("Regular expression too big".into());
            }
            let inner = self.alternatives()?;
            if !self.sign(')') {
                return Err("Unmatched ( or \\(".into());
            }
            self.skip_sign();
            self.depth -= 1;
            return Ok(inner);
        }
        let c = self.chars[self.at];
        self.at += 1;
        let last = self.at == self.chars.len() || self.sign('|') || self.sign(')');
        Ok(Node::Op(match c {
            '.' => Op::Any,
            '^' if first || self.extended => Op::Start,
            '$' if last || self.extended => Op::End,
            '[' => self.set()?,
            '\\' => {
                let Some(c) = self.chars.get(self.at).copied() else { return Err("Trailing backslash".into()) };
                self.at += 1;
                Op::One(c)
            }
            c => Op::One(c),
        }))
    }
    /// What stands behind a thing: `*`, `+`, `?`, `{2,3}`.
    fn times(&mut self, mut node: Node) -> Result<Node, String> {
        loop {
            let (least, most) = if self.chars.get(self.at) == Some(&'*') {
                self.at += 1;
                (0, None)
            } else if self.sign('+') {
                self.skip_sign();
                (1, None)
            } else if self.sign('?') {
                self.skip_sign();
                (0, Some(1))
            } else if self.sign('{') {
                self.skip_sign();
                self.bound()?
            } else {
                return Ok(node);
            };
            node = Node::Times(Box::new(node), least, most);
        }
    }
    fn bound(&mut self) -> Result<(u32, Option<u32>), String> {
        let wrong = || "Invalid content of \\{\\}".to_string();
        let number = |reader: &mut Self| {
            let from = reader.at;
            while reader.chars.get(reader.at).is_some_and(char::is_ascii_digit) {
                reader.at += 1;
            }
            let digits: String = reader.chars[from..reader.at].iter().collect();
            digits.parse::<u32>().ok()
        };
        let least = number(self);
        let range = self.chars.get(self.at) == Some(&',');
        if range {
            self.at += 1;
        }
        let most = if range { number(self) } else { least };
        if !self.sign('}') {
            return Err("Unmatched { or \\{".into());
        }
        self.skip_sign();
        let least = least.or(range.then_some(0)).ok_or_else(wrong)?;
        if least > TIMES_MAX || most.is_some_and(|most| most > TIMES_MAX || most < least) {
            return Err(wrong());
        }
        Ok((least, most))
    }
    /// `[a-z]`, `[^ ]`, `[[:digit:]]`; the bracket is read.
    fn set(&mut self) -> Result<Op, String> {
        let unmatched = || "Unmatched [, [^, [:, [., or [=".to_string();
        let not = self.chars.get(self.at) == Some(&'^');
        self.at += usize::from(not);
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            let c = *self.chars.get(self.at).ok_or_else(unmatched)?;
            self.at += 1;
            if c == ']' && !first {
                return Ok(Op::Set(ranges, not));
            }
            first = false;
            if c == '[' && self.chars.get(self.at) == Some(&':') {
                let rest: String = self.chars[self.at + 1..].iter().collect();
                let (name, _) = rest.split_once(":]").ok_or_else(unmatched)?;
                ranges.extend(class(name).ok_or("Invalid character class name")?);
                self.at += name.chars().count() + 3;
            } else if self.chars.get(self.at) == Some(&'-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']') {
                ranges.push((c, self.chars[self.at + 1]));
                self.at += 2;
            } else {
                ranges.push((c, c));
            }
        }
    }
}

fn class(name: &str) -> Option<Vec<(char, char)>> {
    Some(match name {
        "digit" => vec![('0', '9')],
        "lower" => vec![('a', 'z')],
        "upper" => vec![('A', 'Z')],
        "alpha" => vec![('a', 'z'), ('A', 'Z')],
        "alnum" => vec![('a', 'z'), ('A', 'Z'), ('0', '9')],
        "space" => vec![(' ', ' '), ('\t', '\r')],
        "blank" => vec![(' ', ' '), ('\t', '\t')],
        "punct" => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(pattern: &str, extended: bool, line: &str) -> bool {
        Pattern::read(pattern, extended, false).is_ok_and(|p| p.is_in(line))
    }

    #[test]
    fn extended_patterns() {
        for (pattern, yes, no) in [
            ("web|db", "the db", "the cache"),
            ("^(web|db)-[0-9]+$", "web-12", "web-x"),
            ("a.*b", "a--b", "b--a"),
            ("ab?c", "ac", "abbc"),
            ("(ab){2}c", "xababc", "abc"),
            ("x{2,3}y", "xxy", "xy"),
            ("[^ ]+ +Running", "web   Running", "  Running"),
            ("[[:digit:]]/1", "0/1", "x/1"),
            ("a\\.b", "a.b", "axb"),
            ("[]x]", "]", "["),
            ("", "anything", "\u{0}never"),
        ] {
            assert!(has(pattern, true, yes), "{pattern} in {yes}");
            assert!(pattern.is_empty() || !has(pattern, true, no), "{pattern} not in {no}");
        }
    }

    #[test]
    fn basic_patterns_need_a_backslash() {
        assert!(has("web\\|db", false, "db") && !has("web|db", false, "db") && has("web|db", false, "web|db"));
        assert!(has("(a)", false, "(a)") && has("\\(ab\\)\\{2\\}", false, "abab"));
        assert!(has("a+", false, "a+") && !has("a+", false, "aa") && has("a\\+b", false, "aab"));
        assert!(has("x^y$z", false, "x^y$z"));
    }

    #[test]
    fn folding_and_fixed_text() {
        assert!(Pattern::read("READY", true, true).is_ok_and(|p| p.is_in("ready")));
        assert!(Pattern::fixed("a.b", false).is_in("xa.bx") && !Pattern::fixed("a.b", false).is_in("axb"));
    }

    #[test]
    fn mistakes_are_named_and_nothing_takes_long() {
        let says = |text: &str| Pattern::read(text, true, false).err().unwrap_or_default();
        assert_eq!(says("(a"), "Unmatched ( or \\(");
        assert_eq!(says("a)"), "Unmatched ) or \\)");
        assert_eq!(says("[a"), "Unmatched [, [^, [:, [., or [=");
        assert_eq!(says("a\\"), "Trailing backslash");
        assert_eq!(says("a{300}"), "Invalid content of \\{\\}");
        assert_eq!(says("((a{255}){255}){255}"), "Regular expression too big");
        assert_eq!(says(&"(".repeat(100)), "Regular expression too big");
        assert!(!has("(a*)*(a*)*(a*)*b", true, &"a".repeat(500)));
    }
}
