//! How a container behaves under load: what a request costs, how long it takes, what it keeps, whom it asks. The parameters
//! have names and are written as text, so that a scenario and a person at the inspector say the same.

use super::registry::canonical;
use crate::sim::Span;
use std::rc::Rc;

/// The parameters of one container.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// CPU time that a request takes.
    pub cpu: Span,
    /// Time that a request takes without the CPU: a disk, a lock.
    pub waits: Span,
    /// Squared coefficient of variation of a request's time: 1 exponential, 0 always the same.
    pub scv: f64,
    /// How many requests are worked on at once.
    pub concurrency: u32,
    /// How many may wait besides.
    pub queue: u32,
    /// Share of the requests that end with an error of the program's own.
    pub errors: f64,
    /// CPU that it takes without requests, in thousandths of a core.
    pub base_cpu: u32,
    /// Memory that it takes without requests, in bytes.
    pub memory: u64,
    /// Memory that each request in progress takes, in bytes.
    pub memory_each: u64,
    /// Memory that each answered request leaves behind, in bytes.
    pub leak_each: u64,
    /// Memory that it loses every second, in bytes.
    pub leak: u64,
    /// CPU that it takes while it starts up, in thousandths of a core.
    pub start_cpu: u32,
    /// How long that lasts, from its start.
    pub start_takes: Span,
    /// For how long after that requests take longer: at first three times as long.
    pub warm_up: Span,
    /// On SIGTERM: how long it still finishes what it has begun, while it takes nothing new. `None`: it drops everything.
    pub drain: Option<Span>,
    /// Whether it still takes new requests between SIGTERM and its end.
    pub serves_on: bool,
    /// CPU time after which it ends with exit code 0: a batch job's work. Zero: none.
    pub work: Span,
    /// Whom each request asks in turn.
    pub calls: Vec<Call>,
}

/// Requests that a request makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Whom: as in [`Load::target`](super::Load).
    pub target: Rc<str>,
    /// How many for each request.
    pub each: f64,
    /// How long one may take.
    pub patience: Span,
    /// How often it is tried again.
    pub retries: u32,
}

/// How much longer requests take in a program that has just started. Ours: interpreters and runtimes that compile while they
/// run are two to five times slower at first.
pub const COLD: f64 = 3.0;
/// Ours: what a call waits for when nobody says.
const CALL_PATIENCE: Span = Span::secs(2);

impl Default for Behaviour {
    /// A small server of its own: 5 ms of CPU a request.
    fn default() -> Self {
        Behaviour {
            cpu: Span::millis(5),
            waits: Span::ZERO,
            scv: 1.0,
            concurrency: 64,
            queue: 512,
            errors: 0.0,
            base_cpu: 1,
            memory: 32 << 20,
            memory_each: 64 << 10,
            leak_each: 0,
            leak: 0,
            start_cpu: 0,
            start_takes: Span::ZERO,
            warm_up: Span::ZERO,
            drain: None,
            serves_on: false,
            work: Span::ZERO,
            calls: Vec::new(),
        }
    }
}

/// (image, CPU of a request in microseconds, waiting of a request in microseconds, base memory in MiB, base CPU in
/// thousandths). Ours: the size of each program at rest and the order of a small request, as their makers tell.
const KNOWN: &[(&str, u64, u64, u64, u32)] = &[
    ("nginx", 200, 0, 8, 1),
    ("httpd", 400, 0, 12, 1),
    ("haproxy", 100, 0, 12, 1),
    ("traefik", 200, 0, 40, 1),
    ("caddy", 200, 0, 20, 1),
    ("envoy", 150, 0, 30, 2),
    ("redis", 40, 0, 8, 2),
    ("memcached", 30, 0, 6, 1),
    ("postgres", 800, 400, 48, 3),
    ("mysql", 1_000, 500, 380, 5),
    ("mongo", 800, 400, 120, 5),
    ("rabbitmq", 300, 100, 110, 10),
    ("pause", 0, 0, 1, 0),
    ("hpa-example", 100_000, 0, 12, 1),
    ("php-apache", 100_000, 0, 12, 1),
];

impl Behaviour {
    /// What is assumed of an image.
    pub fn of_image(image: &str) -> Self {
        let name = canonical(image);
        let last = name.rsplit('/').next().unwrap_or(&name);
        let base = last.split([':', '@']).next().unwrap_or(last);
        let Some((_, cpu, waits, memory, base_cpu)) = KNOWN.iter().find(|(known, ..)| *known == base) else {
            return Behaviour::default();
        };
        Behaviour {
            cpu: Span(*cpu),
            waits: Span(*waits),
            memory: memory << 20,
            base_cpu: *base_cpu,
            ..Behaviour::default()
        }
    }
    /// Whether memory grows or work is done without any request.
    pub fn lively(&self) -> bool {
        self.leak > 0 || self.work > Span::ZERO
    }
    /// The names of all parameters that [`Behaviour::set`] knows.
    pub const NAMES: &'static [&'static str] = &[
        "cpu",
        "waits",
        "spread",
        "concurrency",
        "queue",
        "errors",
        "base-cpu",
        "memory",
        "memory-per-request",
        "leak-per-request",
        "leak",
        "start-cpu",
        "start-takes",
        "warm-up",
        "drain",
        "serves-on",
        "work",
        "calls",
    ];
    /// Sets a parameter by its name; the error says what is expected.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let value = value.trim();
        let a_span = || Span::read(value).ok_or_else(|| format!("{name}: a time such as 5ms or 2s is expected"));
        let a_cpu = || milli(value).ok_or_else(|| format!("{name}: an amount of CPU such as 250m or 0.5 is expected"));
        let a_size = || bytes(value).ok_or_else(|| format!("{name}: a size such as 64Mi is expected"));
        let a_share = || share(value).ok_or_else(|| format!("{name}: a share such as 1% or 0.01 is expected"));
        let a_count = || value.parse::<u32>().ok().filter(|n| *n <= 1_000_000);
        let a_count = || a_count().ok_or_else(|| format!("{name}: a whole number up to a million is expected"));
        match name {
            "cpu" => self.cpu = a_span()?,
            "waits" => self.waits = a_span()?,
            "spread" => {
                self.scv = spread(value).ok_or("spread: fixed, exponential or a number up to 10 is expected")?
            }
            "concurrency" => self.concurrency = a_count()?.max(1),
            "queue" => self.queue = a_count()?,
            "errors" => self.errors = a_share()?,
            "base-cpu" => self.base_cpu = a_cpu()?,
            "memory" => self.memory = a_size()?,
            "memory-per-request" => self.memory_each = a_size()?,
            "leak-per-request" => self.leak_each = a_size()?,
            "leak" => self.leak = a_size()?,
            "start-cpu" => self.start_cpu = a_cpu()?,
            "start-takes" => self.start_takes = a_span()?,
            "warm-up" => self.warm_up = a_span()?,
            "drain" => self.drain = if value == "no" || value == "false" { None } else { Some(a_span()?) },
            "serves-on" => self.serves_on = matches!(value, "true" | "yes"),
            "work" => self.work = a_span()?,
            "calls" => self.calls = calls(value)?,
            _ => return Err(format!("unknown parameter \"{name}\"")),
        }
        Ok(())
    }
    /// A parameter as text that [`Behaviour::set`] reads.
    pub fn get(&self, name: &str) -> Option<String> {
        Some(match name {
            "cpu" => span_text(self.cpu),
            "waits" => span_text(self.waits),
            "spread" => match self.scv {
                0.0 => "fixed".into(),
                1.0 => "exponential".into(),
                s => format!("{}", libm::round(libm::sqrt(s) * 1000.0) / 1000.0),
            },
            "concurrency" => self.concurrency.to_string(),
            "queue" => self.queue.to_string(),
            "errors" => format!("{}%", libm::round(self.errors * 1e6) / 1e4),
            "base-cpu" => format!("{}m", self.base_cpu),
            "memory" => size_text(self.memory),
            "memory-per-request" => size_text(self.memory_each),
            "leak-per-request" => size_text(self.leak_each),
            "leak" => size_text(self.leak),
            "start-cpu" => format!("{}m", self.start_cpu),
            "start-takes" => span_text(self.start_takes),
            "warm-up" => span_text(self.warm_up),
            "drain" => self.drain.map_or("no".into(), span_text),
            "serves-on" => self.serves_on.to_string(),
            "work" => span_text(self.work),
            "calls" => self.calls.iter().map(Call::text).collect::<Vec<_>>().join(", "),
            _ => return None,
        })
    }
}

impl Call {
    /// `2 service/db timeout 1s retries 2`
    fn text(&self) -> String {
        let mut out = format!("{} {} timeout {}", self.each, self.target, span_text(self.patience));
        if self.retries > 0 {
            out += &format!(" retries {}", self.retries);
        }
        out
    }
}

/// `service/db`, `2 service/db timeout 1s retries 2, service/cache`
fn calls(text: &str) -> Result<Vec<Call>, String> {
    let words = "calls: `[COUNT] TARGET [timeout TIME] [retries N]`, separated by commas, is expected";
    let one = |text: &str| {
        let mut words = text.split_whitespace().peekable();
        let each = words.peek()?.parse::<f64>().ok();
        if each.is_some() {
            words.next();
        }
        let each = each.unwrap_or(1.0);
        let target: Rc<str> = words.next().filter(|t| t.contains('/'))?.into();
        let mut call = Call { target, each, patience: CALL_PATIENCE, retries: 0 };
        while let Some(word) = words.next() {
            let value = words.next()?;
            match word {
                "timeout" => call.patience = Span::read(value)?,
                "retries" => call.retries = value.parse::<u32>().ok()?.min(super::load::RETRIES_MAX),
                _ => return None,
            }
        }
        (0.0..=1_000.0).contains(&each).then_some(call)
    };
    let parts = text.split(',').filter(|p| !p.trim().is_empty());
    parts.map(|p| one(p).ok_or_else(|| words.to_string())).collect()
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0 && *n < 1e15)
}

pub(super) fn span_text(span: Span) -> String {
    match span.0 {
        0 => "0s".into(),
        us if us % 1_000_000 == 0 => format!("{}s", us / 1_000_000),
        us if us % 1_000 == 0 => format!("{}ms", us / 1_000),
        us => format!("{us}us"),
    }
}

/// Thousandths of a core: `250m`, `0.5`, `2`.
fn milli(text: &str) -> Option<u32> {
    let milli = match text.strip_suffix('m') {
        Some(milli) => number(milli)?,
        None => number(text)? * 1e3,
    };
    (milli < 1e9).then_some(libm::round(milli) as u32)
}

/// Bytes: `64Mi`, `1.5Gi`, `100k`, `4096`.
fn bytes(text: &str) -> Option<u64> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let unit = match &text[letters..] {
        "" => 1.0,
        "k" | "K" | "kB" => 1e3,
        "M" | "MB" => 1e6,
        "G" | "GB" => 1e9,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        _ => return None,
    };
    let bytes = number(&text[..letters])? * unit;
    (bytes < 1e16).then_some(libm::round(bytes) as u64)
}

fn size_text(bytes: u64) -> String {
    match bytes {
        b if b > 0 && b % (1 << 30) == 0 => format!("{}Gi", b >> 30),
        b if b > 0 && b % (1 << 20) == 0 => format!("{}Mi", b >> 20),
        b if b > 0 && b % (1 << 10) == 0 => format!("{}Ki", b >> 10),
        b => b.to_string(),
    }
}

fn share(text: &str) -> Option<f64> {
    let share = match text.strip_suffix('%') {
        Some(percent) => number(percent.trim())? / 100.0,
        None => number(text)?,
    };
    (share <= 1.0).then_some(share)
}

/// A coefficient of variation, squared.
fn spread(text: &str) -> Option<f64> {
    match text {
        "fixed" => Some(0.0),
        "exponential" => Some(1.0),
        text => number(text).filter(|cv| *cv <= 10.0).map(|cv| cv * cv),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_read_as_it_is_shown() {
        let mut it = Behaviour::default();
        let values = [
            ("cpu", "750us"),
            ("waits", "20ms"),
            ("spread", "0.5"),
            ("concurrency", "7"),
            ("queue", "0"),
            ("errors", "0.25%"),
            ("base-cpu", "20m"),
            ("memory", "96Mi"),
            ("memory-per-request", "3Ki"),
            ("leak-per-request", "100"),
            ("leak", "1Mi"),
            ("start-cpu", "900m"),
            ("start-takes", "4s"),
            ("warm-up", "30s"),
            ("drain", "5s"),
            ("serves-on", "true"),
            ("work", "90s"),
            ("calls", "2 service/db timeout 500ms retries 2, 1 service/shop/cache:6379 timeout 2s"),
        ];
        assert_eq!(values.map(|(name, _)| name).as_slice(), Behaviour::NAMES);
        for (name, value) in values {
            assert_ne!(it.get(name).as_deref(), Some(value), "{name}: the test must change it");
            it.set(name, value).expect(name);
            assert_eq!(it.get(name).as_deref(), Some(value), "{name}");
        }
        assert!(it.set("colour", "1").is_err() && it.get("colour").is_none());
        for (name, bad) in
            [("cpu", "fast"), ("errors", "200%"), ("memory", "3Qi"), ("calls", "db"), ("calls", "service/x timeout")]
        {
            assert!(it.set(name, bad).is_err(), "{name} {bad}");
        }
    }

    #[test]
    fn well_known_images_are_known() {
        assert_eq!(Behaviour::of_image("nginx:1.27").memory, 8 << 20);
        assert_eq!(Behaviour::of_image("registry.k8s.io/hpa-example").cpu, Span::millis(100));
        assert_eq!(Behaviour::of_image("shop/web:2"), Behaviour::default());
    }
}
