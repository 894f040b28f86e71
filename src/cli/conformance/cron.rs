//! Family `cron`: schedules, their next times in a zone, and what a CronJob has missed.

use super::{Case, Verdict, equal};
use crate::kubernetes::objects::Calendar;
use crate::kubernetes::objects::parts::cron::{Missed, Schedule, due, look_again};
use crate::kubernetes::objects::parts::time_zone::TimeZone;
use crate::map;
use crate::text::{Value, number};

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    let input = case.input;
    let text = input.str_at(&["schedule"]).unwrap_or_default();
    let spec = match input.str_at(&["timeZone"]) {
        Some(zone) => format!("TZ={zone} {text}"),
        None => text.to_owned(),
    };
    let schedule = match Schedule::parse(&spec) {
        Ok(schedule) => schedule,
        Err(words) => return equal(Value::Map(map! { "error" => words }), case),
    };
    if let Some(note) = case.output.get("note") {
        return equal(Value::Map(map! { "error" => Value::Null, "note" => note.clone() }), case);
    }
    match case.name.split('/').nth(1) {
        Some("missed") => equal(missed(input, &schedule), case),
        _ => equal(next(input, &schedule), case),
    }
}

fn moment(text: &str) -> i64 {
    let calendar = Calendar { epoch: 0, ..Calendar::default() };
    calendar.read(text).map_or(0, |time| time.as_secs() as i64)
}

fn shown(unix: i64) -> Value {
    TimeZone::default().rfc3339(unix).into()
}

fn next(input: &Value, schedule: &Schedule) -> Value {
    let count = input.int_at(&["count"]).unwrap_or_default();
    let from = |start: &Value| {
        let mut at = Some(moment(start.as_str().unwrap_or_default()));
        let times = (0..count).map(|_| {
            at = at.and_then(|at| schedule.next(at));
            at.map_or(Value::Null, shown)
        });
        let mut times: Vec<Value> = times.collect();
        // The recorder stopped at the first time that never comes.
        if let Some(never) = times.iter().position(Value::is_null) {
            times.truncate(never + 1);
        }
        Value::List(times)
    };
    map! { "next" => input.list_at(&["from"]).iter().map(from).collect::<Vec<_>>() }.into()
}

fn missed(input: &Value, schedule: &Schedule) -> Value {
    /// Added to each pause. Source: kubernetes v1.37 pkg/controller/cronjob/cronjob_controllerv2.go, nextScheduleDelta.
    const PADDING: f64 = 0.1;
    /// What Go makes of a moment that is not there: the shortest duration.
    const NEVER: f64 = -9_223_372_036.854_776;
    let time = |name: &str| input.str_at(&[name]).map(moment);
    let now = time("now").unwrap_or_default();
    let since = time("lastScheduleTime").or(time("creationTimestamp")).unwrap_or_default();
    let due = due(schedule, since, input.int_at(&["startingDeadlineSeconds"]), now);
    let pause = look_again(schedule, since, now);
    let pause = pause.map_or(NEVER, |seconds| (seconds as f64 * 10.0 + PADDING * 10.0) / 10.0);
    let missed = match due.missed {
        Missed::None => "none",
        Missed::Few => "few",
        Missed::Many => "many",
    };
    let mut out = map! { "earliestTime" => shown(due.earliest), "missed" => missed, "requeueAfterSeconds" => number::from_float(pause) };
    if let Some(error) = due.error {
        out.set("error", error);
    }
    if let Some(time) = due.time {
        out.set("mostRecentScheduleTime", shown(time));
    }
    out.into()
}
