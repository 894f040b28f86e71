//! CronJob: jobs by the clock.
//! Source: kubernetes v1.37 pkg/apis/batch/v1/defaults.go, SetDefaults_CronJob.

use super::super::field_error::{Errors, Path};
use super::super::parts::cron::Schedule;
use super::view::{Fill, View};
use super::{NONE, Rules, job, pod, workload};
use crate::text::Value;

/// The rules of cron jobs.
pub const RULES: Rules = Rules {
    kind: "batch/v1 CronJob",
    simulated: &["spec.*"],
    defaults,
    strategy: super::fresh,
    create,
    update: |new, _| create(new),
    warnings,
    ..NONE
};

fn defaults(cron: &mut Value) {
    let spec = cron.make("spec");
    spec.fill_zero("concurrencyPolicy", "Allow");
    spec.fill("suspend", false);
    spec.fill("successfulJobsHistoryLimit", 3i64);
    spec.fill("failedJobsHistoryLimit", 1i64);
    let job = spec.make("jobTemplate").make("spec");
    job::failure_conditions(job);
    pod::template(job.make("template"));
}

/// Source: kubernetes v1.37 pkg/apis/batch/validation/validation.go, validateCronJobSpec.
fn create(cron: &Value) -> Errors {
    let (spec, path) = (cron.of("spec"), Path::new("spec"));
    let mut out = Errors::new();
    let name = cron.of("metadata").text("name");
    if name.len() > 52 {
        out.push(Path::new("metadata").child("name").invalid(name, "must be no more than 52 characters"));
    }
    let (schedule, at) = (spec.text("schedule"), path.child("schedule"));
    if schedule.contains("TZ") {
        out.push(at.invalid(schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
    } else if !schedule.is_empty()
        && let Err(words) = Schedule::parse(schedule)
    {
        out.push(at.invalid(schedule, words));
    }
    out.extend(workload::non_negative(spec, &["startingDeadlineSeconds"], &path));
    if spec.has("timeZone") {
        out.extend(zone(spec.text("timeZone"), &path.child("timeZone")));
    }
    out.extend(pod::one_of(spec, "concurrencyPolicy", &["Allow", "Forbid", "Replace"], &path));
    let template = path.child("jobTemplate").child("spec");
    let inner = spec.of("jobTemplate").of("spec");
    out.extend(job::check(inner, false, &template));
    if inner.has("selector") {
        out.push(template.child("selector").invalid(inner.of("selector"), "`selector` will be auto-generated"));
    }
    if inner.yes("manualSelector") {
        out.push(template.child("manualSelector").not_supported(Value::Bool(true), &["nil", "false"]));
    }
    out.extend(workload::non_negative(spec, &["successfulJobsHistoryLimit", "failedJobsHistoryLimit"], &path));
    if schedule.is_empty() {
        out.push(path.child("schedule").required(""));
    }
    out
}

/// Differs: FID-021, zones are known by their area, not one by one.
fn zone(zone: &str, path: &Path) -> Errors {
    const AREAS: [&str; 16] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Brazil",
        "Canada",
        "Chile",
        "Etc",
        "Europe",
        "Indian",
        "Mexico",
        "Pacific",
        "US",
    ];
    const ALONE: [&str; 26] = [
        "UTC",
        "GMT",
        "UCT",
        "Zulu",
        "Universal",
        "Greenwich",
        "CET",
        "CST6CDT",
        "Cuba",
        "EET",
        "EST",
        "EST5EDT",
        "Egypt",
        "Eire",
        "GB",
        "Hongkong",
        "Iceland",
        "Iran",
        "Israel",
        "Japan",
        "MET",
        "MST",
        "PST8PDT",
        "Singapore",
        "Turkey",
        "WET",
    ];
    if zone.is_empty() {
        return vec![path.invalid(zone, "timeZone must be nil or non-empty string")];
    }
    if zone.eq_ignore_ascii_case("local") {
        return vec![
            path.invalid(zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"),
        ];
    }
    let known = match zone.split_once('/') {
        Some((area, place)) => AREAS.contains(&area) && place.starts_with(|c: char| c.is_ascii_uppercase()),
        None => ALONE.contains(&zone),
    };
    if known { Errors::new() } else { vec![path.invalid(zone, format!("unknown time zone {zone}"))] }
}

fn warnings(cron: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let words = super::formats::dns_label(cron.of("metadata").text("name"));
    if !words.is_empty() {
        out.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            words.join(" ")
        ));
    }
    let path = Path::new("spec").child("jobTemplate").child("spec");
    out.extend(job::spec_warnings(cron.of("spec").of("jobTemplate").of("spec"), &path));
    out
}
