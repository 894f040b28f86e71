//! Patterns of `grep`: POSIX regular expressions, basic and extended, said in the words of regex-lite, which plays them in one
//! pass, so that no pattern takes long. For the small filters of the terminal.
//! Source: POSIX.1-2017 9.3, 9.4; GNU grep manual 3.3, 3.6 (`\|`, `\+`, `\?`, `\<`, `\>`).

use regex_lite::{Regex, RegexBuilder};

/// A compiled pattern in bytes at most: bounds such as `a{1000}{1000}` multiply. Ours.
const SIZE_MAX: usize = 1 << 20;

/// A pattern that was read.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Reads a pattern; `extended` as by `grep -E`, `fold` as by `grep -i`.
    ///
    /// # Errors
    /// What grep says of it where that is known, else the library's words.
    pub fn read(text: &str, extended: bool, fold: bool) -> Result<Pattern, String> {
        let text = translated(&text.chars().collect::<Vec<_>>(), extended)?;
        Self::compiled(&text, fold)
    }
    /// A text that is meant as it is, as by `grep -F`.
    ///
    /// # Errors
    /// When it is too long.
    pub fn fixed(text: &str, fold: bool) -> Result<Pattern, String> {
        Self::compiled(&regex_lite::escape(text), fold)
    }
    fn compiled(text: &str, fold: bool) -> Result<Pattern, String> {
        let built = RegexBuilder::new(text).case_insensitive(fold).size_limit(SIZE_MAX).build();
        built.map(Pattern).map_err(|error| in_greps_words(&error.to_string()))
    }
    /// Whether it is somewhere in a line.
    pub fn is_in(&self, line: &str) -> bool {
        self.0.is_match(line)
    }
}

/// Source: gnulib lib/regcomp.c, __re_error_msgid.
fn in_greps_words(words: &str) -> String {
    let known = [
        ("open group", "Unmatched ( or \\("),
        ("closing ')' without", "Unmatched ) or \\)"),
        ("unclosed counted", "Unmatched { or \\{"),
        ("with a min bigger", "Invalid content of \\{\\}"),
        ("invalid range", "Invalid range end"),
        ("size limit", "Regular expression too big"),
        ("too much nesting", "Regular expression too big"),
        ("must be applied to", "Invalid preceding regular expression"),
        ("character class", "Unmatched [, [^, [:, [., or [="),
    ];
    known.iter().find(|(part, _)| words.contains(part)).map_or(words, |(_, said)| said).to_string()
}

/// Signs that have a meaning without a backslash in an extended pattern, and with one in a basic pattern.
const SIGNS: &str = "(){}|+?";

fn translated(chars: &[char], extended: bool) -> Result<String, String> {
    let mut out = String::new();
    let mut at = 0;
    // Whether an expression begins here: behind nothing, an opened group or an alternative.
    let mut first = true;
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        let begins = std::mem::replace(&mut first, false);
        match c {
            '\\' => {
                let next = chars.get(at).copied().ok_or("Trailing backslash")?;
                at += 1;
                match next {
                    '<' | '>' | 'b' => out.push_str("\\b"),
                    'w' | 'W' | 's' | 'S' | 'B' => out.extend(['\\', next]),
                    sign if !extended && SIGNS.contains(sign) => {
                        out.push(sign);
                        first = matches!(sign, '(' | '|');
                    }
                    other => out.push_str(&regex_lite::escape(&other.to_string())),
                }
            }
            '[' => at = set(chars, at, &mut out)?,
            '*' if begins => out.push_str("\\*"),
            '^' if !extended && !begins => out.push_str("\\^"),
            '^' => {
                out.push('^');
                first = true;
            }
            '$' if !extended && !ends(&chars[at..]) => out.push_str("\\$"),
            sign if SIGNS.contains(sign) => {
                if !extended {
                    out.push('\\');
                }
                out.push(sign);
                first = extended && matches!(sign, '(' | '|');
                // Behind an opened group the library would read flags.
                if first && sign == '(' && chars.get(at) == Some(&'?') {
                    return Err("Invalid preceding regular expression".into());
                }
            }
            '.' | '*' | '$' => out.push(c),
            other => out.push_str(&regex_lite::escape(&other.to_string())),
        }
    }
    Ok(out)
}

/// Whether a basic expression ends here.
fn ends(rest: &[char]) -> bool {
    matches!(rest, [] | ['\\', ')' | '|', ..])
}

/// Source: POSIX.1-2017 9.3.5.
const CLASSES: [&str; 12] =
    ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit"];

/// `[a-z]`, `[^ ]`, `[]x]`, `[[:digit:]]`, from behind the bracket; the place behind it.
fn set(chars: &[char], mut at: usize, out: &mut String) -> Result<usize, String> {
    let unmatched = || "Unmatched [, [^, [:, [., or [=".to_string();
    out.push('[');
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let begin = at;
    loop {
        let c = chars.get(at).copied().ok_or_else(unmatched)?;
        at += 1;
        match c {
            ']' if at - 1 > begin => {
                out.push(']');
                return Ok(at);
            }
            '[' if chars.get(at) == Some(&':') => {
                let end = (at + 1..chars.len().saturating_sub(1)).find(|i| chars[*i] == ':' && chars[i + 1] == ']');
                let end = end.ok_or_else(unmatched)?;
                if !CLASSES.contains(&&*chars[at + 1..end].iter().collect::<String>()) {
                    return Err("Invalid character class name".into());
                }
                out.push('[');
                out.extend(&chars[at..end]);
                out.push_str(":]");
                at = end + 2;
            }
            // Between two letters it is a range; at an end it means itself.
            '-' if at - 1 > begin && chars.get(at).is_some_and(|c| *c != ']') => out.push('-'),
            c if c.is_alphanumeric() => out.push(c),
            c => out.extend(['\\', c].into_iter().skip(usize::from(!c.is_ascii_punctuation()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(pattern: &str, extended: bool, line: &str) -> bool {
        Pattern::read(pattern, extended, false).expect(pattern).is_in(line)
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
            ("[a\\]", "\\", "b"),
            ("[a-]", "-", "b"),
            ("\\<web\\>", "a web x", "webs"),
            ("*a", "*a", "a"),
        ] {
            assert!(has(pattern, true, yes), "{pattern} in {yes}");
            assert!(!has(pattern, true, no), "{pattern} not in {no}");
        }
        assert!(has("", true, "anything"));
    }

    #[test]
    fn basic_patterns_need_a_backslash() {
        assert!(has("web\\|db", false, "db") && !has("web|db", false, "db") && has("web|db", false, "web|db"));
        assert!(has("(a)", false, "(a)") && has("\\(ab\\)\\{2\\}", false, "abab"));
        assert!(has("a+", false, "a+") && !has("a+", false, "aa") && has("a\\+b", false, "aab"));
        assert!(has("x^y$z", false, "x^y$z") && has("\\(^a\\)$", false, "a") && has("*a", false, "*a"));
    }

    #[test]
    fn folding_and_fixed_text() {
        assert!(Pattern::read("READY|[A-Z]X", true, true).is_ok_and(|p| p.is_in("ready") && p.is_in("ax")));
        let fixed = |line: &str| Pattern::fixed("a.b", false).is_ok_and(|p| p.is_in(line));
        assert!(fixed("xa.bx") && !fixed("axb"));
    }

    #[test]
    fn mistakes_are_named_and_nothing_takes_long() {
        let says = |text: &str| Pattern::read(text, true, false).err().unwrap_or_default();
        assert_eq!(says("(a"), "Unmatched ( or \\(");
        assert_eq!(says("a)"), "Unmatched ) or \\)");
        assert_eq!(says("[a"), "Unmatched [, [^, [:, [., or [=");
        assert_eq!(says("[[:nope:]]"), "Invalid character class name");
        assert_eq!(says("a\\"), "Trailing backslash");
        assert_eq!(says("a{3,2}"), "Invalid content of \\{\\}");
        assert_eq!(says("(?i)a"), "Invalid preceding regular expression");
        assert_eq!(says("((a{999}){999}){999}"), "Regular expression too big");
        assert_eq!(says(&"(".repeat(1000)), "Regular expression too big");
        assert!(!has("(a*)*(a*)*(a*)*b", true, &"a".repeat(500)));
    }
}
