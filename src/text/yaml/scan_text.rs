//! The tokens that hold text: scalars of all styles, anchors, tags, directives.
//! Source: go.yaml.in/yaml v2, scannerc.go.

use super::fault::Fault;
use super::scan::{Scanned, Scanner, is_blank, is_break, is_break_or_end, is_space_or_end};
use super::token::{Kind, Mark};

/// Line breaks between two pieces of text: the first one, and those behind it.
#[derive(Default)]
struct Breaks {
    first: Option<char>,
    more: String,
}

impl Breaks {
    fn push(&mut self, c: char) {
        match self.first {
            None => self.first = Some(c),
            Some(_) => self.more.push(c),
        }
    }
    /// One break folds to a blank, more lose their first; breaks that are no line feed stay.
    fn fold_into(&mut self, text: &mut String) {
        match self.first.take() {
            Some('\n') if self.more.is_empty() => text.push(' '),
            Some('\n') | None => text.push_str(&self.more),
            Some(c) => {
                text.push(c);
                text.push_str(&self.more);
            }
        }
        self.more.clear();
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

impl Scanner {
    fn refuse<T>(&self, words: &str) -> Scanned<T> {
        Err(Fault::scanner(self.mark, words))
    }

    pub(super) fn scan_anchor(&mut self) -> Scanned<String> {
        self.advance();
        let mut name = self.scan_name();
        while self.newer && self.at(0).is_ascii_graphic() && !"[]{},:".contains(self.at(0)) {
            self.read(&mut name);
        }
        if name.is_empty() || !(is_space_or_end(self.at(0)) || "?:,]}%@`".contains(self.at(0))) {
            return self.refuse("did not find expected alphabetic or numeric character");
        }
        Ok(name)
    }

    fn scan_name(&mut self) -> String {
        let mut name = String::new();
        while is_name(self.at(0)) {
            self.read(&mut name);
        }
        name
    }

    /// Handle and suffix.
    pub(super) fn scan_tag(&mut self) -> Scanned<(String, String)> {
        let (mut handle, mut suffix) = (String::new(), String::new());
        if self.at(1) == '<' {
            self.advance();
            self.advance();
            suffix = self.scan_tag_uri("")?;
            if self.at(0) != '>' {
                return self.refuse("did not find the expected '>'");
            }
            self.advance();
        } else {
            handle = self.scan_tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                suffix = self.scan_tag_uri("")?;
            } else {
                suffix.push_str(&self.scan_tag_uri(&handle)?);
                handle = "!".into();
                if suffix.is_empty() {
                    std::mem::swap(&mut handle, &mut suffix);
                }
            }
        }
        if !is_space_or_end(self.at(0)) {
            return self.refuse("did not find expected whitespace or line break");
        }
        Ok((handle, suffix))
    }

    fn scan_tag_handle(&mut self, directive: bool) -> Scanned<String> {
        const NO_MARK: &str = "did not find expected '!'";
        if self.at(0) != '!' {
            return self.refuse(NO_MARK);
        }
        let mut handle = String::new();
        self.read(&mut handle);
        handle.push_str(&self.scan_name());
        if self.at(0) == '!' {
            self.read(&mut handle);
        } else if directive && handle != "!" {
            return self.refuse(NO_MARK);
        }
        Ok(handle)
    }

    /// The rest of a tag; `head` is what was read as a handle and may belong to it.
    fn scan_tag_uri(&mut self, head: &str) -> Scanned<String> {
        let mut uri: Vec<u8> = head.bytes().skip(1).collect();
        let mut found = !head.is_empty();
        while is_name(self.at(0)) || ";/?:@&=+$,.!~*'()[]%".contains(self.at(0)) {
            match self.at(0) {
                '%' => uri.push(self.scan_octet()?),
                c => {
                    uri.extend(c.to_string().bytes());
                    self.advance();
                }
            }
            found = true;
        }
        if !found {
            return self.refuse("did not find expected tag URI");
        }
        Ok(String::from_utf8_lossy(&uri).into_owned())
    }

    fn scan_octet(&mut self) -> Scanned<u8> {
        match (self.at(1).to_digit(16), self.at(2).to_digit(16)) {
            (Some(high), Some(low)) => {
                (0..3).for_each(|_| self.advance());
                Ok((high * 16 + low) as u8)
            }
            _ => self.refuse("did not find URI escaped octet"),
        }
    }

    pub(super) fn scan_directive(&mut self) -> Scanned<Kind> {
        self.advance();
        let name = self.scan_name();
        if name.is_empty() {
            return self.refuse("could not find expected directive name");
        }
        if !is_space_or_end(self.at(0)) {
            return self.refuse("found unexpected non-alphabetical character");
        }
        let kind = match name.as_str() {
            "YAML" => self.scan_version()?,
            "TAG" => self.scan_tag_prefix()?,
            _ => return self.refuse("found unknown directive name"),
        };
        self.skip_blanks();
        self.skip_comment();
        if !is_break_or_end(self.at(0)) {
            return self.refuse("did not find expected comment or line break");
        }
        self.line_break();
        Ok(kind)
    }

    fn skip_blanks(&mut self) {
        while is_blank(self.at(0)) {
            self.advance();
        }
    }

    fn scan_version(&mut self) -> Scanned<Kind> {
        self.skip_blanks();
        let major = self.scan_version_number()?;
        if self.at(0) != '.' {
            return self.refuse("did not find expected digit or '.' character");
        }
        self.advance();
        Ok(Kind::Version(major, self.scan_version_number()?))
    }

    fn scan_version_number(&mut self) -> Scanned<u32> {
        const DIGITS_MAX: u32 = 2;
        let (mut number, mut digits) = (0, 0);
        while let Some(digit) = self.at(0).to_digit(10) {
            digits += 1;
            if digits > DIGITS_MAX {
                return self.refuse("found extremely long version number");
            }
            number = number * 10 + digit;
            self.advance();
        }
        if digits == 0 { self.refuse("did not find expected version number") } else { Ok(number) }
    }

    fn scan_tag_prefix(&mut self) -> Scanned<Kind> {
        self.skip_blanks();
        let handle = self.scan_tag_handle(true)?;
        if !is_blank(self.at(0)) {
            return self.refuse("did not find expected whitespace");
        }
        self.skip_blanks();
        let prefix = self.scan_tag_uri("")?;
        if !is_space_or_end(self.at(0)) {
            return self.refuse("did not find expected whitespace or line break");
        }
        Ok(Kind::TagPrefix(handle, prefix))
    }

    /// What stands behind `|` or `>`: whether to strip or to keep the last breaks, and the indentation.
    fn scan_block_header(&mut self) -> Scanned<(Option<bool>, i64)> {
        let (mut keep, mut increment) = (None, 0);
        for _ in 0..2 {
            match self.at(0) {
                c @ ('+' | '-') if keep.is_none() => keep = Some(c == '+'),
                '0' if increment == 0 => return self.refuse("found an indentation indicator equal to 0"),
                c @ '1'..='9' if increment == 0 => increment = i64::from(c.to_digit(10).unwrap_or(1)),
                _ => break,
            }
            self.advance();
        }
        self.skip_blanks();
        self.skip_comment();
        if !is_break_or_end(self.at(0)) {
            return self.refuse("did not find expected comment or line break");
        }
        self.line_break();
        Ok((keep, increment))
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Scanned<(String, Mark)> {
        self.advance();
        let (keep, increment) = self.scan_block_header()?;
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let (mut text, mut first, mut more) = (String::new(), None, String::new());
        let mut end = self.scan_block_breaks(&mut indent, &mut more)?;
        let mut after_blank = false;
        while self.col() == indent && self.at(0) != '\0' {
            let blank = is_blank(self.at(0));
            if !literal && !after_blank && !blank && first == Some('\n') {
                if more.is_empty() {
                    text.push(' ');
                }
            } else {
                text.extend(first);
            }
            text.push_str(&more);
            more.clear();
            after_blank = blank;
            while !is_break_or_end(self.at(0)) {
                self.read(&mut text);
            }
            first = self.line_break();
            end = self.scan_block_breaks(&mut indent, &mut more)?;
        }
        if keep != Some(false) {
            text.extend(first);
        }
        if keep == Some(true) {
            text.push_str(&more);
        }
        Ok((text, end))
    }

    /// Empty lines and the indentation of the next one; finds the indentation out if it is 0. Gives the end of what counts.
    fn scan_block_breaks(&mut self, indent: &mut i64, breaks: &mut String) -> Scanned<Mark> {
        let (mut end, mut widest) = (self.mark, 0);
        loop {
            while (*indent == 0 || self.col() < *indent) && self.at(0) == ' ' {
                self.advance();
            }
            widest = self.col().max(widest);
            if (*indent == 0 || self.col() < *indent) && self.at(0) == '\t' {
                return self.refuse("found a tab character where an indentation space is expected");
            }
            let Some(c) = self.line_break() else { break };
            breaks.push(c);
            end = self.mark;
        }
        if *indent == 0 {
            *indent = widest.max(self.indent + 1).max(1);
        }
        Ok(end)
    }

    pub(super) fn scan_flow_scalar(&mut self, single: bool) -> Scanned<String> {
        self.advance();
        let quote = if single { '\'' } else { '"' };
        let mut text = String::new();
        loop {
            if self.at_document_mark() {
                return self.refuse("found unexpected document indicator");
            }
            if self.at(0) == '\0' {
                return self.refuse("found unexpected end of stream");
            }
            let broken = self.scan_quoted_run(single, &mut text)?;
            if self.at(0) == quote {
                self.advance();
                return Ok(text);
            }
            self.scan_quoted_blanks(broken, &mut text);
        }
    }

    /// Text up to a blank, a break or the closing quote. Whether it ended with an escaped line break.
    fn scan_quoted_run(&mut self, single: bool, text: &mut String) -> Scanned<bool> {
        while !is_space_or_end(self.at(0)) {
            match (self.at(0), self.at(1)) {
                ('\'', '\'') if single => {
                    text.push('\'');
                    self.advance();
                    self.advance();
                }
                ('\'', _) if single => break,
                ('"', _) if !single => break,
                ('\\', next) if !single && is_break(next) => {
                    self.advance();
                    self.line_break();
                    return Ok(true);
                }
                ('\\', _) if !single => text.push(self.scan_escape()?),
                _ => self.read(text),
            }
        }
        Ok(false)
    }

    /// Blanks and breaks within quotes; `broken` tells that an escaped break came before.
    fn scan_quoted_blanks(&mut self, broken: bool, text: &mut String) {
        let (mut blanks, mut breaks, mut in_breaks) = (String::new(), Breaks::default(), broken);
        loop {
            if is_blank(self.at(0)) {
                if in_breaks {
                    self.advance();
                } else {
                    self.read(&mut blanks);
                }
            } else if let Some(c) = self.line_break() {
                if !in_breaks {
                    blanks.clear();
                    breaks.push(c);
                } else if broken {
                    breaks.more.push(c);
                } else {
                    breaks.push(c);
                }
                in_breaks = true;
            } else {
                break;
            }
        }
        if in_breaks {
            breaks.fold_into(text);
        } else {
            text.push_str(&blanks);
        }
    }

    fn scan_escape(&mut self) -> Scanned<char> {
        let c = match self.at(1) {
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            c @ (' ' | '"' | '\'' | '\\') => c,
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            'x' => return self.scan_code(2),
            'u' => return self.scan_code(4),
            'U' => return self.scan_code(8),
            _ => return self.refuse("found unknown escape character"),
        };
        self.advance();
        self.advance();
        Ok(c)
    }

    fn scan_code(&mut self, digits: usize) -> Scanned<char> {
        self.advance();
        self.advance();
        let mut code = 0u32;
        for i in 0..digits {
            let Some(digit) = self.at(i).to_digit(16) else {
                return self.refuse("did not find expected hexdecimal number");
            };
            code = code.wrapping_mul(16).wrapping_add(digit);
        }
        let Some(c) = char::from_u32(code) else {
            return self.refuse("found invalid Unicode character escape code");
        };
        (0..digits).for_each(|_| self.advance());
        Ok(c)
    }

    pub(super) fn scan_plain_scalar(&mut self) -> Scanned<(String, Mark)> {
        let (mut text, mut blanks, mut breaks) = (String::new(), String::new(), Breaks::default());
        let (indent, mut in_breaks, mut end) = (self.indent + 1, false, self.mark);
        loop {
            if self.at_document_mark() || self.at(0) == '#' {
                break;
            }
            while !is_space_or_end(self.at(0)) && !self.ends_plain() {
                if in_breaks {
                    breaks.fold_into(&mut text);
                    in_breaks = false;
                } else {
                    text.push_str(&blanks);
                }
                blanks.clear();
                self.read(&mut text);
                end = self.mark;
            }
            if !(is_blank(self.at(0)) || is_break(self.at(0))) {
                break;
            }
            loop {
                if is_blank(self.at(0)) {
                    if in_breaks && self.col() < indent && self.at(0) == '\t' {
                        return self.refuse("found a tab character that violates indentation");
                    }
                    if in_breaks {
                        self.advance();
                    } else {
                        self.read(&mut blanks);
                    }
                } else if let Some(c) = self.line_break() {
                    blanks.clear();
                    breaks.push(c);
                    in_breaks = true;
                } else {
                    break;
                }
            }
            if self.flow_level == 0 && self.col() < indent {
                break;
            }
        }
        if in_breaks {
            self.simple_key_allowed = true;
        }
        Ok((text, end))
    }

    fn ends_plain(&self) -> bool {
        let c = self.at(0);
        let ends_flow = if self.newer {
            let next = self.at(1);
            ",[]{}".contains(c) || (c == '?' && is_space_or_end(next)) || (c == ':' && " ,]}".contains(next))
        } else {
            ",?[]{}".contains(c)
        };
        (c == ':' && is_space_or_end(self.at(1))) || (self.flow_level > 0 && ends_flow)
    }
}
