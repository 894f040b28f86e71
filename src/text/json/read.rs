//! JSON text to values, or to trees with places.

use crate::text::{Extent, Member, Node, NodeKind, Pos, Problem, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Deepest nesting read. Ours: Go allows 10,000; see the YAML reader. FID-010.
const DEPTH_MAX: usize = 200;

/// Why text is not JSON, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// How many bytes Go had read, counting the one it did not like.
    pub offset: usize,
    /// Go's words.
    pub words: String,
}

impl JsonError {
    /// Whether the text ended too early.
    pub fn is_end(&self) -> bool {
        self.words == END
    }
    /// What Go's decoder of a stream says.
    pub fn short_words(&self) -> &str {
        if self.is_end() { "unexpected EOF" } else { &self.words }
    }
}

/// Source: Go encoding/json, scanner.go, checkValid.
const END: &str = "unexpected end of JSON input";

/// What a reader makes of the parts: values alone, or trees with places.
trait Make {
    type Out;
    fn scalar(&self, value: Value, from: usize, to: usize) -> Self::Out;
    fn list(&self, items: Vec<Self::Out>, from: usize, to: usize) -> Self::Out;
    fn map(&self, members: Vec<(Key, Self::Out)>, from: usize, to: usize) -> Self::Out;
}

struct Key {
    text: Rc<str>,
    from: usize,
    to: usize,
}

/// Reads one value; nothing but blanks may follow it.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, make: Values };
    let value = reader.value(0)?;
    reader.end()?;
    Ok(value)
}

/// Reads one value after the other, as long as they can be read: the values, and what stopped it.
pub fn parse_stream(text: &str) -> (Vec<Value>, Option<JsonError>) {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, make: Values };
    let mut values = Vec::new();
    loop {
        reader.blanks();
        if reader.at == text.len() {
            return (values, None);
        }
        match reader.value(0) {
            Ok(value) => values.push(value),
            Err(error) => return (values, Some(error)),
        }
    }
}

/// Reads one value with the places of everything in it. Keys that stand twice are warnings; the last one counts.
pub fn read(text: &str) -> Result<(Node, Vec<Problem>), (Pos, JsonError)> {
    let places = Places::new(text);
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, make: &places };
    let node = reader.value(0).and_then(|node| reader.end().map(|()| node));
    let node = node.map_err(|error| (places.pos(error.offset.saturating_sub(1)), error))?;
    Ok((node, places.twice.take()))
}

/// What a stream of JSON values gave before it ended or stopped being JSON.
#[derive(Debug, Default)]
pub struct Stream {
    /// The values, with places.
    pub nodes: Vec<Node>,
    /// Keys that stand twice.
    pub problems: Vec<Problem>,
    /// What stopped it, and where.
    pub error: Option<(Pos, JsonError)>,
    /// Bytes of the values and what stands between them.
    pub length: usize,
}

/// Reads one value after the other, with places, as far as that goes.
pub fn read_stream(text: &str) -> Stream {
    let places = Places::new(text);
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, make: &places };
    let mut stream = Stream::default();
    loop {
        stream.length = reader.at;
        reader.blanks();
        if reader.at == text.len() {
            break;
        }
        match reader.value(0) {
            Ok(node) => stream.nodes.push(node),
            Err(error) => {
                stream.error = Some((places.pos(error.offset.saturating_sub(1)), error));
                break;
            }
        }
    }
    stream.problems = places.twice.take();
    stream
}

struct Values;

impl Make for Values {
    type Out = Value;
    fn scalar(&self, value: Value, _: usize, _: usize) -> Value {
        value
    }
    fn list(&self, items: Vec<Value>, _: usize, _: usize) -> Value {
        Value::List(items)
    }
    fn map(&self, members: Vec<(Key, Value)>, _: usize, _: usize) -> Value {
        let last = last_of_each(&members);
        let kept = members.into_iter().enumerate().filter(|(i, _)| last.as_ref().is_none_or(|last| last.contains(i)));
        Value::Map(kept.map(|(_, (key, value))| (key.text, value)).collect())
    }
}

/// Which members count: of equal keys the last. `None` when no key stands twice.
fn last_of_each<T>(members: &[(Key, T)]) -> Option<BTreeSet<usize>> {
    let last: BTreeMap<&str, usize> = members.iter().enumerate().map(|(i, (key, _))| (&*key.text, i)).collect();
    (last.len() < members.len()).then(|| last.into_values().collect())
}

struct Places<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    twice: std::cell::RefCell<Vec<Problem>>,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        Places { text, line_starts: std::iter::once(0).chain(breaks).collect(), twice: Default::default() }
    }
    fn pos(&self, at: usize) -> Pos {
        let line = self.line_starts.partition_point(|start| *start <= at).max(1);
        let start = self.line_starts[line - 1];
        let before = self.text.as_bytes().get(start..at).unwrap_or_default();
        let col = before.iter().filter(|b| **b & 0xC0 != 0x80).count() + 1;
        Pos { line: u32::try_from(line).unwrap_or(u32::MAX), col: u32::try_from(col).unwrap_or(u32::MAX) }
    }
    fn extent(&self, from: usize, to: usize) -> Extent {
        Extent { start: self.pos(from), end: self.pos(to) }
    }
}

impl Make for &Places<'_> {
    type Out = Node;
    fn scalar(&self, value: Value, from: usize, to: usize) -> Node {
        let (plain, quoted) = match &value {
            Value::Str(text) => (text.clone(), true),
            _ => (self.text.get(from..to).unwrap_or_default().into(), false),
        };
        Node { extent: self.extent(from, to), kind: NodeKind::Scalar { value, plain, quoted } }
    }
    fn list(&self, items: Vec<Node>, from: usize, to: usize) -> Node {
        Node { extent: self.extent(from, to), kind: NodeKind::List(items) }
    }
    fn map(&self, members: Vec<(Key, Node)>, from: usize, to: usize) -> Node {
        let last = last_of_each(&members);
        let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
        for (i, (key, node)) in members.into_iter().enumerate() {
            let member = Member { at: self.extent(key.from, key.to), key: key.text, node };
            if last.is_some() && !seen.insert(member.key.clone()) {
                let words = format!("duplicate field \"{}\"", member.key);
                self.twice.borrow_mut().push(Problem::warning("duplicate_key", member.at.start, words));
            }
            if last.as_ref().is_none_or(|last| last.contains(&i)) {
                out.push(member);
            }
        }
        Node { extent: self.extent(from, to), kind: NodeKind::Map(out) }
    }
}

struct Reader<'a, M> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    make: M,
}

impl<M: Make> Reader<'_, M> {
    fn blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The error for the byte at the cursor, or for the end of the text.
    fn wrong<T>(&self, where_it_stands: &str) -> Result<T, JsonError> {
        Err(match self.bytes.get(self.at) {
            None => JsonError { offset: self.bytes.len(), words: END.into() },
            Some(b) => {
                let words = format!("invalid character {} {where_it_stands}", quoted_byte(*b));
                JsonError { offset: self.at + 1, words }
            }
        })
    }

    fn end(&mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.at == self.bytes.len() { Ok(()) } else { self.wrong("after top-level value") }
    }

    fn value(&mut self, depth: usize) -> Result<M::Out, JsonError> {
        self.blanks();
        let from = self.at;
        if depth > DEPTH_MAX {
            return Err(JsonError { offset: from + 1, words: "exceeded max depth".into() });
        }
        let value = match self.bytes.get(self.at) {
            Some(b'{') => return self.map(depth),
            Some(b'[') => return self.list(depth),
            Some(b'"') => Value::Str(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return self.wrong("looking for beginning of value"),
        };
        Ok(self.make.scalar(value, from, self.at))
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        for (i, expected) in word.bytes().enumerate() {
            if self.bytes.get(self.at) != Some(&expected) {
                debug_assert!(i > 0);
                return self.wrong(&format!("in literal {word} (expecting {})", quoted_byte(expected)));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Result<M::Out, JsonError> {
        let from = self.at;
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.bytes.get(self.at) != Some(&b']') {
            loop {
                items.push(self.value(depth + 1)?);
                self.blanks();
                match self.bytes.get(self.at) {
                    Some(b',') => self.at += 1,
                    Some(b']') => break,
                    _ => return self.wrong("after array element"),
                }
            }
        }
        self.at += 1;
        Ok(self.make.list(items, from, self.at))
    }

    fn map(&mut self, depth: usize) -> Result<M::Out, JsonError> {
        let from = self.at;
        self.at += 1;
        let mut members = Vec::new();
        self.blanks();
        if self.bytes.get(self.at) != Some(&b'}') {
            loop {
                self.blanks();
                if self.bytes.get(self.at) != Some(&b'"') {
                    return self.wrong("looking for beginning of object key string");
                }
                let key_from = self.at;
                let key = Key { text: self.string()?, from: key_from, to: self.at };
                self.blanks();
                if self.bytes.get(self.at) != Some(&b':') {
                    return self.wrong("after object key");
                }
                self.at += 1;
                members.push((key, self.value(depth + 1)?));
                self.blanks();
                match self.bytes.get(self.at) {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break,
                    _ => return self.wrong("after object key:value pair"),
                }
            }
        }
        self.at += 1;
        Ok(self.make.map(members, from, self.at))
    }

    fn digits(&mut self, wanted: &str) -> Result<(), JsonError> {
        if !matches!(self.bytes.get(self.at), Some(b'0'..=b'9')) {
            return self.wrong(wanted);
        }
        while matches!(self.bytes.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    /// Whole numbers that fit 64 bits stay whole. Source: kubernetes apimachinery pkg/util/json, ConvertInterfaceNumbers.
    fn number(&mut self) -> Result<Value, JsonError> {
        let from = self.at;
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = &self.text[from..self.at];
        Ok(match text.parse::<i64>() {
            Ok(i) => Value::Int(i),
            Err(_) => Value::Float(text.parse::<f64>().unwrap_or_default()),
        })
    }

    fn string(&mut self) -> Result<Rc<str>, JsonError> {
        self.at += 1;
        let from = self.at;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(self.text[from..self.at - 1].into());
                }
                Some(b'\\') => return self.escaped_string(from),
                Some(0..0x20) | None => return self.wrong("in string literal"),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escaped_string(&mut self, from: usize) -> Result<Rc<str>, JsonError> {
        let mut out = String::from(&self.text[from..self.at]);
        loop {
            let run = self.at;
            while !matches!(self.bytes.get(self.at), Some(b'"' | b'\\' | 0..0x20) | None) {
                self.at += 1;
            }
            out.push_str(&self.text[run..self.at]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out.into());
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return self.wrong("in string literal"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let c = match self.bytes.get(self.at) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.wrong("in string escape code"),
        };
        self.at += 1;
        Ok(c)
    }

    /// Halves of a pair that stand alone become the replacement character.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.hex()?;
        if (0xD800..0xDC00).contains(&first) && self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xDC00..0xE000).contains(&second) {
                let c = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let mut value = 0;
        for _ in 0..4 {
            match self.bytes.get(self.at).and_then(|b| char::from(*b).to_digit(16)) {
                Some(digit) => value = value * 16 + digit,
                None => return self.wrong("in \\u hexadecimal character escape"),
            }
            self.at += 1;
        }
        Ok(value)
    }
}

/// A byte in single quotes, as Go shows it. Source: Go encoding/json, quoteChar.
fn quoted_byte(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".into(),
        b'"' => "'\"'".into(),
        b'\\' => "'\\\\'".into(),
        b'\n' => "'\\n'".into(),
        b'\r' => "'\\r'".into(),
        b'\t' => "'\\t'".into(),
        0..0x20 | 0x7f => format!("'\\x{byte:02x}'"),
        0x80..=0x9f => format!("'\\u{:04x}'", byte),
        _ => format!("'{}'", char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::steps;

    #[test]
    fn words_of_go() {
        let check = |text: &str, offset: usize, want: &str| {
            assert_eq!(parse(text), Err(JsonError { offset, words: want.into() }), "{text:?}");
        };
        check("", 0, "unexpected end of JSON input");
        check("{", 1, "unexpected end of JSON input");
        check("{a", 2, "invalid character 'a' looking for beginning of object key string");
        check("{\"a\" 1", 6, "invalid character '1' after object key");
        check("{\"a\":1 2", 8, "invalid character '2' after object key:value pair");
        check("[1 2]", 4, "invalid character '2' after array element");
        check("[1,]", 4, "invalid character ']' looking for beginning of value");
        check("tru!", 4, "invalid character '!' in literal true (expecting 'e')");
        check("-x", 2, "invalid character 'x' in numeric literal");
        check("1.x", 3, "invalid character 'x' after decimal point in numeric literal");
        check("1ex", 3, "invalid character 'x' in exponent of numeric literal");
        check("01", 2, "invalid character '1' after top-level value");
        check("\"\n\"", 2, "invalid character '\\n' in string literal");
        check("\"\\q\"", 3, "invalid character 'q' in string escape code");
        check("\"\\u12x4\"", 6, "invalid character 'x' in \\u hexadecimal character escape");
        check("'a'", 1, "invalid character '\\'' looking for beginning of value");
    }

    #[test]
    fn values() {
        assert_eq!(parse("\"a\\u00e9\\ud83d\\ude00\\ud800x\\/\""), Ok(Value::str("aé😀\u{fffd}x/")));
        assert_eq!(parse(" [1, -0, 1.0, 9223372036854775808] ").map(|v| v.as_list().map(<[_]>::len)), Ok(Some(4)));
        assert_eq!(parse("{\"a\":1,\"a\":2}").map(|v| v.int_at(&["a"])), Ok(Some(2)));
    }

    #[test]
    fn places() {
        let (node, problems) = read("{\n  \"ü\": {\"b\": [1,\n 2]}, \"ü\": {\"b\": [3, 4]}}").expect("JSON");
        assert_eq!(node.place(&steps("ü.b[1]")), Pos { line: 3, col: 22 });
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].at, Pos { line: 3, col: 7 });
    }

    #[test]
    fn depth_is_bounded() {
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
