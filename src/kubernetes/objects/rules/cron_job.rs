//! CronJob: jobs by the clock.
//! Source: kubernetes v1.37 pkg/apis/batch/v1/defaults.go, SetDefaults_CronJob.

use super::view::Fill;
use super::{NONE, Rules, job, pod};
use crate::text::Value;

/// The rules of cron jobs.
pub const RULES: Rules =
    Rules { kind: "batch/v1 CronJob", simulated: &["spec.*"], defaults, strategy: super::fresh, ..NONE };

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
