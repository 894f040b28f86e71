//! A script cut into words and operators.

/// One token: a word as written (quotes and all) or an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// As written, quotes and all.
    Word(String),
    /// An operator.
    Op(&'static str),
}

const OPERATORS: &[&str] = &["&&", "||", ";;", ">>", "2>&1", ">&2", ";", "&", "|", "\n", "2>", ">", "<", "(", ")"];

/// Cuts a script into tokens. Quotes and `$( )` keep their contents together.
pub fn tokens(script: &str) -> Vec<Token> {
    let chars: Vec<char> = script.chars().collect();
    let (mut out, mut word, mut at, mut in_word) = (Vec::new(), String::new(), 0, false);
    while at < chars.len() {
        let rest: String = chars[at..chars.len().min(at + 4)].iter().collect();
        let c = chars[at];
        if c == '#' && !in_word {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
            continue;
        }
        let op = OPERATORS.iter().find(|op| rest.starts_with(**op) && (!op.starts_with('2') || !in_word));
        if let Some(op) = op {
            flush(&mut out, &mut word, &mut in_word);
            out.push(Token::Op(if *op == "\n" { ";" } else { op }));
            at += op.chars().count();
            continue;
        }
        if c.is_whitespace() {
            flush(&mut out, &mut word, &mut in_word);
            at += 1;
            continue;
        }
        in_word = true;
        let end = match c {
            '\'' => close(&chars, at, |c, _| c == '\''),
            '"' => close(&chars, at, |c, before| c == '"' && before != '\\'),
            '$' if chars.get(at + 1) == Some(&'(') => close_paren(&chars, at + 1),
            '\\' => at + 1,
            _ => at,
        };
        word.extend(&chars[at..(end + 1).min(chars.len())]);
        at = end + 1;
    }
    flush(&mut out, &mut word, &mut in_word);
    out
}

fn flush(out: &mut Vec<Token>, word: &mut String, in_word: &mut bool) {
    if *in_word {
        out.push(Token::Word(std::mem::take(word)));
    }
    *in_word = false;
}

/// Where what begins at `from` ends: the first place that `is_end` (of a character and the one before it).
pub fn close(chars: &[char], from: usize, is_end: impl Fn(char, char) -> bool) -> usize {
    (from + 1..chars.len()).find(|i| is_end(chars[*i], chars[*i - 1])).unwrap_or(chars.len())
}

/// Where the parenthesis that opens at `from` is shut.
pub fn close_paren(chars: &[char], from: usize) -> usize {
    let mut depth = 0;
    for (i, c) in chars.iter().enumerate().skip(from) {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

/// Where the first command ends: before `;`, `&`, `&&`, `||` that stand outside of loops, branches and parentheses.
pub fn command_end(tokens: &[Token]) -> usize {
    let (mut depth, mut cases) = (0i32, 0i32);
    let mut first = true;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Word(w) => {
                // `do` and `fi` are words of the language only where a command may begin.
                match w.as_str() {
                    "while" | "until" | "for" | "if" if first => depth += 1,
                    "done" | "fi" if first => depth -= 1,
                    "case" if first => (depth, cases) = (depth + 1, cases + 1),
                    "esac" => (depth, cases) = (depth - 1, cases - 1),
                    _ => {}
                }
                first = first && matches!(w.as_str(), "do" | "then" | "else" | "elif" | "while" | "until" | "if");
            }
            Token::Op("(" | ")") if cases > 0 => first = true,
            Token::Op("(") => depth += 1,
            Token::Op(")") => depth -= 1,
            Token::Op(";" | "&" | "&&" | "||") if depth <= 0 => return at,
            Token::Op(_) => first = true,
        }
    }
    tokens.len()
}

/// Whether a token is this word.
pub fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(w) if w == word)
}

/// Where a word stands first.
pub fn word_at(tokens: &[Token], word: &str) -> Option<usize> {
    tokens.iter().position(|t| is_word(t, word))
}

/// What stands before the first `open`, and between it and the last `shut`.
pub fn between<'a>(tokens: &'a [Token], open: &str, shut: &str) -> Option<(&'a [Token], &'a [Token])> {
    let from = word_at(tokens, open)?;
    let to = tokens.iter().rposition(|t| is_word(t, shut))?;
    Some((&tokens[..from], tokens.get(from + 1..to)?))
}
