//! What words come to: variables, quotes, `$( )` and sums.

use super::{Run, TEXT_MAX, close, close_paren};

impl Run<'_> {
    /// Fills in variables, `$( )` and `$(( ))`, and takes the quotes off.
    pub(super) fn expand(&mut self, word: &str) -> String {
        let chars: Vec<char> = word.chars().collect();
        let (mut out, mut at) = (String::new(), 0);
        while at < chars.len() && self.text + out.len() <= TEXT_MAX {
            match chars[at] {
                '\'' => {
                    let end = close(&chars, at, |c, _| c == '\'');
                    out.extend(&chars[at + 1..end.min(chars.len())]);
                    at = end + 1;
                }
                '"' => at += 1,
                '\\' if at + 1 < chars.len() => {
                    out.push(chars[at + 1]);
                    at += 2;
                }
                '$' => at = self.dollar(&chars, at, &mut out),
                c => {
                    out.push(c);
                    at += 1;
                }
            }
        }
        self.text += out.len();
        out
    }
    fn dollar(&mut self, chars: &[char], at: usize, out: &mut String) -> usize {
        let text = |from: usize, to: usize| {
            chars.get(from..to.min(chars.len())).unwrap_or_default().iter().collect::<String>()
        };
        match chars.get(at + 1) {
            Some('(') => {
                let end = close_paren(chars, at + 1);
                let inner = text(at + 2, end);
                match inner.strip_prefix('(').and_then(|i| i.strip_suffix(')')) {
                    Some(sum) => *out += &self.arithmetic(sum).to_string(),
                    None => *out += &self.captured(&inner),
                }
                end + 1
            }
            Some('{') => {
                let end = close(chars, at + 1, |c, _| c == '}');
                let inner = text(at + 2, end);
                let (name, default) = inner.split_once(":-").unwrap_or((&inner, ""));
                let value = self.vars.get(name).filter(|v| !v.is_empty()).cloned();
                *out += &value.unwrap_or_else(|| default.to_string());
                end + 1
            }
            Some('?') => {
                *out += &self.last.to_string();
                at + 2
            }
            _ => {
                let end = (at + 1..chars.len())
                    .find(|i| !(chars[*i].is_alphanumeric() || chars[*i] == '_'))
                    .unwrap_or(chars.len());
                let name = text(at + 1, end);
                if name.is_empty() {
                    out.push('$');
                }
                *out += self.vars.get(&name).map_or("", String::as_str);
                end.max(at + 1)
            }
        }
    }
    /// Output of a command in `$( )`.
    fn captured(&mut self, script: &str) -> String {
        let outer = std::mem::take(&mut self.lines);
        let last = self.last;
        self.script(script);
        let inner = std::mem::replace(&mut self.lines, outer);
        self.last = if self.last == 0 { last } else { self.last };
        inner.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
    }
    /// Sums and differences of whole numbers and variables.
    fn arithmetic(&mut self, text: &str) -> i64 {
        let (mut total, mut sign, mut item) = (0i64, 1i64, String::new());
        for c in text.chars().chain(['+']) {
            match c {
                '+' | '-' => {
                    let item = std::mem::take(&mut item);
                    let name = item.trim_start_matches('$');
                    let value = name.parse().ok().or_else(|| self.vars.get(name)?.trim().parse::<i64>().ok());
                    total = total.saturating_add(value.unwrap_or(0).saturating_mul(sign));
                    sign = if c == '+' { 1 } else { -1 };
                }
                c if c.is_whitespace() => {}
                c => item.push(c),
            }
        }
        total
    }
}
