//! Family `names`: the names that controllers make up.

use super::{Case, Verdict, equal};
use crate::kubernetes::objects::parts::{template_hash as hash, time_zone::TimeZone};
use crate::kubernetes::objects::{Calendar, prepare_for_create, schema::Schema};
use crate::map;
use crate::text::Value;

/// Checks one case.
pub fn check(case: &Case) -> Verdict {
    let input = case.input;
    match case.name.split('/').nth(1) {
        Some("pod-template-hash") => equal(template(input), case),
        Some("statefulset-revision") => equal(revision(input), case),
        Some("cronjob-job") => equal(cron_job(input), case),
        Some("safe-encode") => {
            let encoded = hash::safe_encode(input.str_at(&["s"]).unwrap_or_default());
            equal(Value::Map(map! { "encoded" => encoded }), case)
        }
        Some("controller-revision-name") => {
            let text = |name| input.str_at(&[name]).unwrap_or_default();
            equal(Value::Map(map! { "name" => hash::revision_name(text("prefix"), text("hash")) }), case)
        }
        _ => Err("no such theme".into()),
    }
}

fn collisions(input: &Value) -> Option<i32> {
    input.int_at(&["collisionCount"]).and_then(|n| i32::try_from(n).ok())
}

fn template(input: &Value) -> Value {
    let template = input.get("defaultedTemplate").cloned().unwrap_or_default();
    map! {
        "hash" => hash::pod_template_hash(&template, collisions(input)),
        "hashInput" => hash::hash_input(&template),
    }
    .into()
}

fn revision(input: &Value) -> Value {
    let mut set = input.get("statefulSet").cloned().unwrap_or_default();
    if let Some(kind) = Schema::get().kind("apps/v1", "StatefulSet") {
        prepare_for_create(&mut set, kind);
    }
    let data = hash::revision_data(set.at(&["spec", "template"]).unwrap_or(&Value::Null));
    let digest = hash::revision_hash(&data, collisions(input));
    let name = hash::revision_name(set.str_at(&["metadata", "name"]).unwrap_or_default(), &digest);
    map! { "data" => data, "hash" => digest, "name" => name }.into()
}

fn cron_job(input: &Value) -> Value {
    let calendar = Calendar { epoch: 0, ..Calendar::default() };
    let text = input.str_at(&["scheduledTime"]).unwrap_or_default();
    let scheduled = calendar.read(text).map_or(0, |time| time.as_secs() as i64);
    let name = hash::cron_job_name(input.str_at(&["cronJob", "metadata", "name"]).unwrap_or_default(), scheduled);
    let labels = input.at(&["cronJob", "spec", "jobTemplate", "metadata", "labels"]).cloned().unwrap_or_default();
    let zone = input.str_at(&["cronJob", "spec", "timeZone"]).unwrap_or_default();
    let stamp = TimeZone::named(zone).unwrap_or_default().rfc3339(scheduled);
    let annotations = map! { "batch.kubernetes.io/cronjob-scheduled-timestamp" => stamp };
    map! { "annotations" => annotations, "jobName" => name, "labels" => labels }.into()
}
