//! Faults as people write them: a line of words, or a member of a scenario's `inputs:`.
//!
//! ```text
//! fault kill pod/web-1 container app
//! fault node-partition node/node-a for 2m
//! fault crash deployment/web pick 1 every 30s times 5
//! chaos kill,hang on pods app=web rate 2/m for 20s during 10m
//! heal                     everything
//! heal node-partition node/node-a
//! ```

use super::{Fault, Repeat, What};
use crate::sim::Span;
use crate::text::{Node, NodeKind, Value};

/// What a line or an input asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Something breaks.
    Break(Fault),
    /// Something (or everything) is well again.
    Heal(Option<What>, String),
}

/// Members of one input or words of one line, still as text.
#[derive(Default)]
struct Parts {
    kinds: Vec<What>,
    chaos: bool,
    on: String,
    container: String,
    pick: u32,
    amount: u64,
    lasts: Option<Span>,
    every: Option<Span>,
    times: u32,
    rate: Option<Span>,
    during: Option<Span>,
}

impl Parts {
    fn set(&mut self, key: &str, text: &str) -> Result<(), String> {
        let whole =
            |t: &str| t.parse::<u32>().map_err(|_| format!("{key}: a whole number is expected instead of \"{t}\""));
        match key {
            "fault" | "chaos" => {
                self.chaos = key == "chaos";
                for name in text.split([',', ' ']).filter(|n| !n.is_empty()) {
                    self.kinds.push(What::named(name).ok_or_else(|| unknown_kind(name))?);
                }
            }
            "on" => self.on = text.into(),
            "container" => self.container = text.into(),
            "pick" => self.pick = whole(text)?,
            "times" => self.times = whole(text)?,
            "amount" => {
                self.amount =
                    amount(text).ok_or_else(|| format!("amount: 10Mi or a number is expected instead of \"{text}\""))?
            }
            "for" => self.lasts = Some(time(key, text)?),
            "every" => self.every = Some(time(key, text)?),
            "during" => self.during = Some(time(key, text)?),
            "rate" => {
                self.rate =
                    Some(rate(text).ok_or_else(|| format!("rate: 2/m or 1/30s is expected instead of \"{text}\""))?)
            }
            _ => return Err(format!("unknown field \"{key}\"")),
        }
        Ok(())
    }
    fn fault(self) -> Result<Fault, String> {
        let Some((what, also)) = self.kinds.split_first() else { return Err(unknown_kind("")) };
        let repeat = match (self.chaos, self.every) {
            (true, every) => Repeat::Chaos {
                mean: self.rate.or(every).ok_or("chaos: `rate` (such as 2/m) is expected")?,
                also: also.to_vec(),
                during: self.during,
            },
            (false, Some(gap)) => Repeat::Every { gap, times: self.times },
            (false, None) => Repeat::Once,
        };
        if !self.chaos && !also.is_empty() {
            return Err("fault: one kind is expected; `chaos` takes several".into());
        }
        let Parts { on, container, pick, amount, lasts, .. } = self;
        let fault = Fault { what: *what, on, container, pick, amount, lasts, repeat };
        fault.check()?;
        Ok(fault)
    }
}

fn unknown_kind(name: &str) -> String {
    let all: Vec<&str> = What::ALL.iter().map(|w| w.key()).collect();
    format!("\"{name}\" is no fault: there are {}", all.join(", "))
}

/// A line of words; `None` when it is about something else.
pub fn read_line(line: &str) -> Option<Result<Order, String>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (first, rest) = words.split_first()?;
    match *first {
        "fault" | "chaos" => Some(words_to_fault(first, rest).map(Order::Break)),
        "heal" => Some(words_to_heal(rest)),
        _ => None,
    }
}

fn words_to_heal(words: &[&str]) -> Result<Order, String> {
    let Some((what, on)) = words.split_first() else { return Ok(Order::Heal(None, String::new())) };
    match (What::named(what), *what) {
        (None, "all") => Ok(Order::Heal(None, on.join(" "))),
        (Some(what), _) => Ok(Order::Heal(Some(what), on.join(" "))),
        (None, name) => Err(unknown_kind(name)),
    }
}

const KEYS: [&str; 9] = ["on", "container", "pick", "amount", "for", "every", "times", "rate", "during"];

fn words_to_fault(first: &str, words: &[&str]) -> Result<Fault, String> {
    let mut parts = Parts::default();
    let Some((kinds, rest)) = words.split_first() else { return Err(unknown_kind("")) };
    parts.set(first, kinds)?;
    // Until the first key everything is the place.
    let mut key = "on";
    let mut value: Vec<&str> = Vec::new();
    for word in rest.iter().chain(&[""]) {
        if !word.is_empty() && !KEYS.contains(word) {
            value.push(word);
            continue;
        }
        if !value.is_empty() {
            parts.set(key, &value.join(" "))?;
        }
        (key, value) = (word, Vec::new());
    }
    parts.fault()
}

/// A member of `inputs:` that has `fault`, `chaos` or `heal`; `None` when it has none. Problems come with their places.
pub fn from_yaml(item: &Node) -> Option<Result<Order, (&Node, String)>> {
    let NodeKind::Map(members) = &item.kind else { return None };
    if let Some(heal) = item.get("heal") {
        // YAML 1.1 reads a plain `on` as true.
        let on = item.get("on").or(item.get("true"));
        let words = [heal.as_str().unwrap_or("all"), on.and_then(Node::as_str).unwrap_or_default()];
        let words: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
        return Some(words_to_heal(&words).map_err(|words| (heal, words)));
    }
    item.get("fault").or(item.get("chaos"))?;
    let mut parts = Parts::default();
    for member in members.iter().filter(|m| !matches!(&*m.key, "at" | "t")) {
        let text = match member.node.to_value() {
            Value::List(items) => items.iter().filter_map(scalar).collect::<Vec<_>>().join(","),
            other => scalar(&other).unwrap_or_default(),
        };
        let key = if &*member.key == "true" { "on" } else { &*member.key };
        if let Err(words) = parts.set(key, &text) {
            return Some(Err((&member.node, words)));
        }
    }
    Some(parts.fault().map(Order::Break).map_err(|words| (item, words)))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Str(s) => Some(s.to_string()),
        Value::Int(i) => Some(i.to_string()),
        Value::Float(f) => Some(f.to_string()),
        _ => None,
    }
}

fn time(key: &str, text: &str) -> Result<Span, String> {
    Span::read(text)
        .ok_or_else(|| format!("{key}: a time such as 90s, 1m30s or 500ms is expected instead of \"{text}\""))
}

/// `2/m`, `30/h`, `1/20s`: the mean time from one to the next.
fn rate(text: &str) -> Option<Span> {
    let (count, per) = text.split_once('/')?;
    let per = if per.starts_with(|c: char| c.is_ascii_digit()) { per.to_string() } else { format!("1{per}") };
    let (count, per) = (count.trim().parse::<u64>().ok()?, Span::read(&per)?);
    (count > 0 && per > Span::ZERO).then(|| Span((per.0 / count).max(1_000)))
}

/// Bytes (`10Mi`), or a plain number.
pub fn amount(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    for (suffix, shift) in [("Ki", 10), ("Mi", 20), ("Gi", 30)] {
        if let Some(number) = text.strip_suffix(suffix) {
            return number.parse::<u64>().ok()?.checked_mul(1 << shift);
        }
    }
    None
}
