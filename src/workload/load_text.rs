//! Loads as people write them: `service/web ramp from=0 to=200 over=5m timeout=2s retries=1 name=shoppers`. Scenarios use the
//! same words.

use super::load::{Load, RETRIES_MAX, Shape};
use crate::sim::Span;

/// Rates above this are refused. Ours: no cluster on a page is asked more often.
const RATE_MAX: f64 = 1e7;

/// (shape, its members).
pub const SHAPES: &[(&str, &str)] = &[
    ("constant", "rate"),
    ("step", "from to at"),
    ("ramp", "from to over"),
    ("sine", "low high period"),
    ("spike", "base peak at lasts"),
    ("daily", "low high day"),
    ("replay", "points"),
];

impl Shape {
    /// A shape by its word; `get` gives its members as text.
    pub fn build(word: &str, get: &dyn Fn(&str) -> Option<String>) -> Result<Shape, String> {
        let rate = |key: &str| {
            let text = get(key).ok_or_else(|| format!("{word}: {key} is missing"))?;
            let text = text.trim().trim_end_matches("/s");
            let rate = text.parse::<f64>().ok().filter(|r| (0.0..=RATE_MAX).contains(r));
            rate.ok_or_else(|| format!("{word}: {key}: a number of requests a second is expected"))
        };
        let time = |key: &str, default: Option<Span>| match (get(key), default) {
            (Some(text), _) => {
                Span::read(&text).ok_or_else(|| format!("{word}: {key}: a time such as 30s is expected"))
            }
            (None, Some(default)) => Ok(default),
            (None, None) => Err(format!("{word}: {key} is missing")),
        };
        // Ours: a minute is enough to see a shape.
        let minute = Some(Span::secs(60));
        Ok(match word {
            "constant" => Shape::Constant { rate: rate("rate")? },
            "step" => Shape::Step { from: rate("from").unwrap_or(0.0), to: rate("to")?, at: time("at", None)? },
            "ramp" => Shape::Ramp { from: rate("from").unwrap_or(0.0), to: rate("to")?, over: time("over", None)? },
            "sine" => Shape::Sine { low: rate("low")?, high: rate("high")?, period: time("period", minute)? },
            "spike" => Shape::Spike {
                base: rate("base")?,
                peak: rate("peak")?,
                at: time("at", None)?,
                lasts: time("lasts", Some(Span::secs(30)))?,
            },
            // Ours: a day in a quarter of an hour.
            "daily" => {
                Shape::Daily { low: rate("low")?, high: rate("high")?, day: time("day", Some(Span::secs(900)))? }
            }
            "replay" => {
                let text = get("points").ok_or("replay: points are missing")?;
                let table = text.replace(',', "\n").replace(':', ",");
                let table = if text.contains('\n') { text } else { table };
                Shape::from_csv(&table).map_err(|line| format!("replay: line {line}: `seconds,rate` is expected"))?
            }
            other => {
                let known: Vec<&str> = SHAPES.iter().map(|(name, _)| *name).collect();
                return Err(format!("unknown shape \"{other}\": one of {} is expected", known.join(", ")));
            }
        })
    }
}

impl Load {
    /// Reads a load from words.
    pub fn read(words: &[&str]) -> Result<Load, String> {
        let [target, shape, rest @ ..] = words else {
            return Err("load TARGET SHAPE NUMBERS is expected, such as `load service/web constant 40`".into());
        };
        if !Load::is_target(target) {
            return Err(format!("{target}: a target such as service/web, ingress/HOST or port/30080 is expected"));
        }
        let bare = rest.iter().find(|w| !w.contains('=')).copied();
        let member = |key: &str| {
            let found =
                rest.iter().find_map(|w| w.split_once('=').filter(|(k, _)| *k == key).map(|(_, v)| v.to_string()));
            found.or_else(|| bare.filter(|_| matches!(key, "rate" | "points")).map(str::to_string))
        };
        let members = SHAPES.iter().find(|(name, _)| name == shape).map_or("", |(_, members)| members);
        let known = |key: &str| {
            matches!(key, "timeout" | "retries" | "name") || members.split_whitespace().any(|member| member == key)
        };
        let mut load = Load::new(target, Shape::build(shape, &member)?);
        if let Some((key, _)) = rest.iter().filter_map(|w| w.split_once('=')).find(|(key, _)| !known(key)) {
            return Err(format!("{shape} has no \"{key}\""));
        }
        if let Some(text) = member("timeout") {
            load.patience = Span::read(&text).ok_or("timeout: a time such as 2s is expected")?;
        }
        if let Some(text) = member("retries") {
            let retries = text.parse::<u32>().ok().filter(|n| *n <= RETRIES_MAX);
            load.retries = retries.ok_or_else(|| format!("retries: a number up to {RETRIES_MAX} is expected"))?;
        }
        if let Some(name) = member("name") {
            load.name = name;
        }
        Ok(load)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Load, String> {
        Load::read(&line.split_whitespace().collect::<Vec<_>>())
    }

    #[test]
    fn loads_are_read_and_mistakes_named() {
        let load = read("service/web ramp from=5 to=200 over=5m timeout=2s retries=1 name=shoppers").expect("read");
        assert_eq!((load.name.as_str(), load.patience, load.retries), ("shoppers", Span::secs(2), 1));
        assert_eq!(load.shape, Shape::Ramp { from: 5.0, to: 200.0, over: Span::secs(300) });
        assert_eq!(read("localhost:8080 constant 40").map(|l| l.target), Ok("localhost:8080".into()));
        assert_eq!(read("port/30080 constant 40").map(|l| l.shape), Ok(Shape::Constant { rate: 40.0 }));
        let replay = read("service/web replay 0:10,60:20").expect("read").shape;
        assert_eq!(replay.rate(Span::secs(30)), 15.0);
        for (line, says) in [
            ("web constant 4", "a target such as"),
            ("service/web constant fast", "requests a second"),
            ("service/web step to=3", "step: at is missing"),
            ("service/web wave low=1", "unknown shape"),
            ("service/web constant 4 peak=7", "constant has no \"peak\""),
            ("service/web constant 4 retries=99", "retries"),
            ("service/web", "is expected"),
        ] {
            let words = read(line).expect_err(line);
            assert!(words.contains(says), "{line}: {words}");
        }
    }
}
