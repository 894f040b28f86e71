//! Family `backoff`: how long the real components wait before they try again.

use super::{Case, Verdict, equal};
use crate::kubernetes::objects::parts::backoff::{Backoff, QueueLimiter, item_delay, job_remaining, pod_delay};
use crate::map;
use crate::sim::{Span, Time};
use crate::text::{Value, number};

/// Recorded times count from a start and may lie before it. Ours: later than any of them is early.
const START: i64 = 1_000_000;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    let theme = case.name.split('/').nth(1).unwrap_or_default();
    let input = case.input;
    match theme {
        "flowcontrol" => equal(flowcontrol(input), case),
        "job" => equal(job(input), case),
        "workqueue-exponential" => equal(exponential(input), case),
        _ if theme.starts_with("scheduler-pod-size") => near(scheduler(input), "seconds", case),
        _ if theme.starts_with("workqueue-default-controller") => near(queue(input), "whenSeconds", case),
        _ => Err("no such theme".into()),
    }
}

/// Our clock counts whole microseconds (FID-012); parts of one do not count.
fn near(got: Value, name: &str, case: &Case) -> Verdict {
    let number = |value: &Value| match value {
        Value::Int(whole) => *whole as f64,
        Value::Float(part) => *part,
        _ => f64::NAN,
    };
    let (ours, theirs) = (got.list_at(&[name]), case.output.list_at(&[name]));
    let close = ours.iter().zip(theirs).all(|(a, b)| (number(a) - number(b)).abs() < 1e-6);
    if close && ours.len() == theirs.len() { Ok(()) } else { equal(got, case) }
}

fn moment(seconds: i64) -> Time {
    Time::secs(u64::try_from(START.saturating_add(seconds)).unwrap_or_default())
}

fn span(input: &Value, name: &str) -> Span {
    let seconds = match input.get(name) {
        Some(Value::Int(whole)) => *whole as f64,
        Some(Value::Float(part)) => *part,
        _ => 0.0,
    };
    Span(libm::round(seconds * 1e6) as u64)
}

fn seconds(span: Span) -> Value {
    number::from_float(span.0 as f64 / 1e6)
}

fn whole(input: &Value, name: &str) -> u32 {
    input.int_at(&[name]).and_then(|n| u32::try_from(n).ok()).unwrap_or_default()
}

fn flowcontrol(input: &Value) -> Value {
    let mut backoff = Backoff::new(span(input, "initialSeconds"), span(input, "maxSeconds"));
    let mut now = moment(0);
    let answers = input.list_at(&["ops"]).iter().map(|op| {
        now += span(op, "advanceSeconds");
        let event = moment(op.int_at(&["eventAtSeconds"]).unwrap_or_default());
        let mut answer = map! {};
        match op.str_at(&["op"]) {
            Some("next") => backoff.next("k", event, now),
            Some("reset") => backoff.reset(&"k"),
            Some("gc") => backoff.collect_garbage(now),
            _ => {
                answer.set("inBackOffSince", backoff.waits_since(&"k", event, now));
                answer.set("inBackOffSinceUpdate", backoff.waits_since_raised(&"k", event));
            }
        }
        answer.set("get", seconds(backoff.get(&"k")));
        Value::Map(answer)
    });
    Value::List(answers.collect())
}

fn job(input: &Value) -> Value {
    let (first, max) = (span(input, "defaultSeconds"), span(input, "maxSeconds"));
    let last = moment(-input.int_at(&["lastFailureSecondsAgo"]).unwrap_or_default());
    let remaining = job_remaining(first, max, whole(input, "failures"), last, moment(0));
    map! { "remainingSeconds" => seconds(remaining) }.into()
}

fn exponential(input: &Value) -> Value {
    let (first, max) = (span(input, "baseSeconds"), span(input, "maxSeconds"));
    let delays = (0..whole(input, "calls")).map(|failures| seconds(item_delay(first, max, failures)));
    map! { "whenSeconds" => delays.collect::<Vec<_>>() }.into()
}

fn scheduler(input: &Value) -> Value {
    let size = whole(input, "entitySize");
    let (from, to) = input.str_at(&["unschedulableCounts"]).and_then(|s| s.split_once("..")).unwrap_or_default();
    let (from, to) = (from.parse().unwrap_or(0), to.parse().unwrap_or(0));
    let delays = (from..=to).map(|attempts| seconds(pod_delay(attempts, size)));
    map! { "seconds" => delays.collect::<Vec<_>>() }.into()
}

fn queue(input: &Value) -> Value {
    let mut limiter = QueueLimiter::default();
    let delays = (0..whole(input, "items")).map(|item| seconds(limiter.when(item, moment(0))));
    map! { "whenSeconds" => delays.collect::<Vec<_>>() }.into()
}
