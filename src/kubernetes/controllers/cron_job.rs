//! CronJob controller: makes a Job at each time of a schedule, and keeps few of those that are done. Wakes on: CronJob; Job,
//! by owner; the next time of the schedule. Writes: Job, CronJob status.
//! Source: kubernetes v1.37 pkg/controller/cronjob/{cronjob_controllerv2,utils}.go, syncCronJob.

use super::owned::{controller_ref, managed};
use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, DeleteOptions, WriteOptions};
use crate::kubernetes::objects::parts::cron::{Missed, Schedule, due, look_again};
use crate::kubernetes::objects::parts::time_zone::TimeZone;
use crate::kubernetes::objects::{Body, Calendar, Id, Kind, Object};
use crate::map;
use crate::reasons;
use crate::sim::{Span, Time};
use crate::text::Value;
use crate::text::go::quoted;
use std::rc::Rc;

reasons! { "cronjob":
    /// A time of the schedule has come.
    due_now(time),
    /// More finished jobs than are kept, or the next run replaces this one.
    cleared(job),
    /// It wrote down what runs and when it last ran.
    noted(active),
}

/// The controller.
pub const CONTROLLER: Controller =
    Controller { name: "cronjob-controller", wakes: &[On::Any(on_change)], reconcile, every: None };

const KIND: &str = "CronJob";
/// Added to each pause, against clocks that differ. Source: cronjob_controllerv2.go, nextScheduleDelta.
const PADDING: Span = Span::millis(100);
/// When a job of a CronJob was meant to start. Source: api/batch/v1/types.go, CronJobScheduledTimestampAnnotation.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// Seconds since 1970.
fn unix(calendar: &Calendar, t: Time) -> i64 {
    calendar.epoch + t.as_secs() as i64
}

/// The moment of a date; what lies before the run counts as its start.
fn moment(calendar: &Calendar, unix: i64) -> Time {
    Time::secs(unix.saturating_sub(calendar.epoch).max(0) as u64)
}

fn on_change(change: &Change, wakes: &mut Wakes) {
    if !matches!(change.kind, Kind::Other(_)) {
        return;
    }
    match wakes.api.kinds.name(change.kind) {
        KIND => {
            let plan = |o: &Option<Rc<Object>>| {
                let spec = o.as_ref()?.plain()?.get("spec")?;
                Some((spec.get("schedule").cloned(), spec.get("timeZone").cloned()))
            };
            let (before, after) = (plan(&change.before), plan(&change.after));
            // Source: cronjob_controllerv2.go, updateCronJob: a new schedule is first looked at when it is due.
            match change.after.as_ref().filter(|_| before.is_some() && before != after) {
                Some(object) => {
                    let pause = object.plain().and_then(|tree| pause(&wakes.api.calendar, object, tree, change.t));
                    wakes.later.extend(pause.map(|pause| (change.id, pause)));
                }
                None => wakes.ids.push(change.id),
            }
        }
        "Job" => {
            let owner = change.object().and_then(|o| o.meta.controller()).filter(|c| c.kind == KIND);
            wakes.ids.extend(owner.and_then(|c| c.id));
        }
        _ => {}
    }
}

fn schedule(tree: &Value) -> Result<Schedule, String> {
    let text = tree.str_at(&["spec", "schedule"]).unwrap_or_default();
    Schedule::of_cron_job(text, tree.str_at(&["spec", "timeZone"]))
}

/// The last time a job was made for, or the CronJob's own making.
fn since(calendar: &Calendar, cron: &Object, tree: &Value) -> i64 {
    let last = tree.str_at(&["status", "lastScheduleTime"]).and_then(|t| calendar.read(t));
    unix(calendar, last.unwrap_or(cron.meta.created))
}

/// How long until the schedule is to be looked at again. Source: utils.go, nextScheduleTimeDuration.
fn pause(calendar: &Calendar, cron: &Object, tree: &Value, now: Time) -> Option<Span> {
    let schedule = schedule(tree).ok()?;
    let wait = look_again(&schedule, since(calendar, cron, tree), unix(calendar, now))?;
    let at = moment(calendar, unix(calendar, now) + wait) + PADDING;
    Some(at.since(now))
}

/// One pass over a CronJob.
struct Pass<'a, 'b> {
    ctl: &'a mut Ctl<'b>,
    cron: Rc<Object>,
    tree: Value,
    active: Vec<Value>,
}

fn reconcile(id: Id, ctl: &mut Ctl) -> Done {
    let Some(cron) = ctl.api.store.get(id).cloned() else { return Done::Settled };
    let Some(tree) = cron.plain().map(|t| (**t).clone()) else { return Done::Settled };
    let active = tree.list_at(&["status", "active"]).to_vec();
    let mut pass = Pass { ctl, cron, tree, active };
    let jobs = pass.jobs();
    pass.clear(&jobs);
    let result = pass.sync(&jobs);
    pass.write();
    match result {
        Ok(Some(pause)) => Done::Again(pause),
        Ok(None) => Done::Settled,
        Err(()) => Done::Retry,
    }
}

/// `Complete` or `Failed`, of a job that has ended.
fn ended(job: &Object) -> Option<&str> {
    let conditions = job.plain()?.list_at(&["status", "conditions"]);
    let over = conditions.iter().filter(|c| c.str_at(&["status"]) == Some("True"));
    over.filter_map(|c| c.str_at(&["type"])).find(|kind| matches!(*kind, "Complete" | "Failed"))
}

impl Pass<'_, '_> {
    fn jobs(&self) -> Vec<Rc<Object>> {
        let Some(kind) = self.ctl.api.kinds.find("batch/v1", "Job") else { return Vec::new() };
        managed(self.ctl, self.cron.meta.id, kind).cloned().collect()
    }
    fn is_active(&self, job: Id) -> bool {
        let uid = self.ctl.api.calendar.uid(job);
        self.active.iter().any(|a| a.str_at(&["uid"]) == Some(&uid))
    }
    fn drop_active(&mut self, job: Id) {
        let uid = self.ctl.api.calendar.uid(job);
        self.active.retain(|a| a.str_at(&["uid"]) != Some(&uid));
    }
    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.tree.set_at(&["status", key], value);
    }
    /// Deletes the oldest finished jobs beyond what is kept. Source: cronjob_controllerv2.go, cleanupFinishedJobs.
    fn clear(&mut self, jobs: &[Rc<Object>]) {
        for (kind, limit) in [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")] {
            let Some(limit) = self.tree.int_at(&["spec", limit]) else { continue };
            let mut done: Vec<&Rc<Object>> = jobs.iter().filter(|j| ended(j) == Some(kind)).collect();
            let started = |j: &Object| j.plain().and_then(|t| t.str_at(&["status", "startTime"]).map(str::to_string));
            done.sort_by_key(|j| (started(j).is_none(), started(j), j.meta.name.clone()));
            let surplus = done.len().saturating_sub(limit.max(0) as usize);
            for job in &done[..surplus] {
                self.delete(job);
            }
        }
    }
    /// Source: cronjob_controllerv2.go, deleteJob.
    fn delete(&mut self, job: &Object) {
        let by = self.ctl.by(cleared(&job.meta.name)).reading(&self.cron, "spec");
        self.ctl.api.delete(job.meta.id, by, DeleteOptions::default());
        self.drop_active(job.meta.id);
        self.ctl.normal(self.cron.meta.id, "SuccessfulDelete", format!("Deleted job {}", job.meta.name));
    }
    /// Tells how long to wait. Source: syncCronJob.
    fn sync(&mut self, jobs: &[Rc<Object>]) -> Result<Option<Span>, ()> {
        jobs.iter().for_each(|job| self.look_at(job));
        self.forget_missing();
        let id = self.cron.meta.id;
        if self.cron.meta.deleting() {
            return Ok(None);
        }
        if let Some(zone) = self.tree.str_at(&["spec", "timeZone"]).map(str::to_string)
            && let Err(words) = TimeZone::named(&zone)
        {
            self.ctl.warn(id, "UnknownTimeZone", format!("invalid timeZone: {}: {words}", quoted(&zone)));
            return Ok(None);
        }
        if self.tree.bool_at(&["spec", "suspend"]) == Some(true) {
            return Ok(None);
        }
        let text = self.tree.str_at(&["spec", "schedule"]).unwrap_or_default().to_string();
        let schedule = match schedule(&self.tree) {
            Ok(schedule) => schedule,
            Err(words) => {
                self.ctl.warn(id, "UnparseableSchedule", format!("unparseable schedule: {} : {words}", quoted(&text)));
                return Ok(None);
            }
        };
        let (calendar, now) = (self.ctl.api.calendar, self.ctl.now());
        let deadline = self.tree.int_at(&["spec", "startingDeadlineSeconds"]);
        let due = due(&schedule, since(&calendar, &self.cron, &self.tree), deadline, unix(&calendar, now));
        if let Some(words) = due.error {
            self.ctl.warn(id, "InvalidSchedule", format!("invalid schedule: {text} : {words}"));
            return Ok(None);
        }
        let Some(time) = due.time else { return Ok(self.pause()) };
        if due.missed == Missed::Many {
            let words =
                "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            self.ctl.warn(id, "TooManyMissedTimes", words);
        }
        self.start(time, deadline)
    }
    fn pause(&self) -> Option<Span> {
        pause(&self.ctl.api.calendar, &self.cron, &self.tree, self.ctl.now())
    }
    /// What became of one job.
    fn look_at(&mut self, job: &Rc<Object>) {
        let (id, found) = (self.cron.meta.id, self.is_active(job.meta.id));
        let Some(condition) = ended(job).map(str::to_string) else {
            if !found {
                let words = format!("Saw a job that the controller did not create or forgot: {}", job.meta.name);
                self.ctl.warn(id, "UnexpectedJob", words);
            }
            return;
        };
        if found {
            self.drop_active(job.meta.id);
            let words = format!("Saw completed job: {}, condition: {condition}", job.meta.name);
            self.ctl.normal(id, "SawCompletedJob", words);
        }
        let done = job.plain().and_then(|t| t.str_at(&["status", "completionTime"]).map(str::to_string));
        if condition == "Complete"
            && let Some(done) = done
            && self.tree.str_at(&["status", "lastSuccessfulTime"]).is_none_or(|last| last < done.as_str())
        {
            self.set("lastSuccessfulTime", done);
        }
    }
    fn forget_missing(&mut self) {
        let calendar = self.ctl.api.calendar;
        let there: Vec<String> = self.jobs().iter().map(|j| calendar.uid(j.meta.id)).collect();
        let (kept, missing): (Vec<Value>, Vec<Value>) = std::mem::take(&mut self.active)
            .into_iter()
            .partition(|a| a.str_at(&["uid"]).is_some_and(|uid| there.iter().any(|t| t == uid)));
        self.active = kept;
        for job in missing {
            let words = format!("Active job went missing: {}", job.str_at(&["name"]).unwrap_or_default());
            self.ctl.normal(self.cron.meta.id, "MissingJob", words);
        }
    }
    /// Starts the job of a time, unless something speaks against it.
    fn start(&mut self, time: i64, deadline: Option<i64>) -> Result<Option<Span>, ()> {
        let (calendar, now, id) = (self.ctl.api.calendar, self.ctl.now(), self.cron.meta.id);
        if deadline.is_some_and(|d| moment(&calendar, time.saturating_add(d)) < now) {
            let words = format!("Missed scheduled time to start a job: {}", calendar.rfc1123(moment(&calendar, time)));
            self.ctl.warn(id, "MissSchedule", words);
            return Ok(self.pause());
        }
        let name = format!("{}-{}", self.cron.meta.name, time / 60);
        let last = self.tree.str_at(&["status", "lastScheduleTime"]).and_then(|t| calendar.read(t));
        let listed = self.active.iter().any(|a| a.str_at(&["name"]) == Some(&name));
        if listed || last.is_some_and(|t| unix(&calendar, t) == time) {
            return Ok(self.pause());
        }
        match self.tree.str_at(&["spec", "concurrencyPolicy"]) {
            Some("Forbid") if !self.active.is_empty() => {
                let words = "Not starting job because prior execution is running and concurrency policy is Forbid";
                self.ctl.normal(id, "JobAlreadyActive", words);
                return Ok(self.pause());
            }
            Some("Replace") => {
                let running: Vec<Rc<Object>> = self.jobs().into_iter().filter(|j| self.is_active(j.meta.id)).collect();
                running.iter().for_each(|job| self.delete(job));
            }
            _ => {}
        }
        self.create(&name, time)?;
        Ok(self.pause())
    }
    fn create(&mut self, name: &str, time: i64) -> Result<(), ()> {
        let id = self.cron.meta.id;
        let when = moment(&self.ctl.api.calendar, time);
        let by = self.ctl.by(due_now(self.ctl.api.calendar.seconds(when))).reading(&self.cron, "spec.schedule");
        let tree = self.job(name, time);
        let kind = self.ctl.api.kind_of(&tree);
        let namespace = self.cron.meta.namespace.clone();
        let job = match self.ctl.api.create_tree(tree, by, &WriteOptions::default()) {
            Ok(written) => {
                self.ctl.normal(id, "SuccessfulCreate", format!("Created job {name}"));
                written.object
            }
            Err(error) if error.reason == "AlreadyExists" => {
                let there = self.ctl.api.store.by_name(kind, &namespace, name).cloned();
                let mine = |j: &Rc<Object>| j.meta.controller().and_then(|c| c.id) == Some(id);
                let Some(job) = there.filter(mine).filter(|j| !self.is_active(j.meta.id)) else { return Ok(()) };
                job
            }
            Err(_) if self.ctl.api.is_terminating(&namespace) => return Err(()),
            Err(error) => {
                self.ctl.warn(id, "FailedCreate", format!("Error creating job: {}", error.message));
                return Err(());
            }
        };
        self.active.push(Value::Map(map! {
            "apiVersion" => "batch/v1", "kind" => "Job", "name" => name, "namespace" => namespace,
            "resourceVersion" => job.meta.version.to_string(), "uid" => self.ctl.api.calendar.uid(job.meta.id),
        }));
        let time = self.ctl.api.calendar.seconds(when);
        self.set("lastScheduleTime", time);
        Ok(())
    }
    /// Source: utils.go, getJobFromTemplate2.
    fn job(&self, name: &str, time: i64) -> Value {
        let template = self.tree.at(&["spec", "jobTemplate"]).cloned().unwrap_or_default();
        let mut tree = Value::Map(map! { "apiVersion" => "batch/v1", "kind" => "Job" });
        for key in ["labels", "annotations"] {
            if let Some(value) = template.at(&["metadata", key]) {
                tree.set_at(&["metadata", key], value.clone());
            }
        }
        let zone = self.tree.str_at(&["spec", "timeZone"]).and_then(|z| TimeZone::named(z).ok()).unwrap_or_default();
        tree.set_at(&["metadata", "annotations", SCHEDULED], zone.rfc3339(time));
        tree.set_at(&["metadata", "name"], name);
        tree.set_at(&["metadata", "namespace"], self.cron.meta.namespace.clone());
        let owner = controller_ref(self.ctl, &self.cron);
        tree.set_at(
            &["metadata", "ownerReferences"],
            vec![Value::Map(map! {
                "apiVersion" => &owner.api_version, "blockOwnerDeletion" => true, "controller" => true,
                "kind" => KIND, "name" => owner.name.clone(), "uid" => self.ctl.api.calendar.uid(self.cron.meta.id),
            })],
        );
        tree.set_at(&["spec"], template.get("spec").cloned().unwrap_or_default());
        tree
    }
    fn write(&mut self) {
        let count = self.active.len() as i64;
        let mut status = self.tree.get("status").cloned().unwrap_or_default();
        match self.active.is_empty() {
            true => drop(status.make_map().remove("active")),
            false => status.set_at(&["active"], std::mem::take(&mut self.active)),
        }
        let by = self.ctl.by(noted(count)).reading(&self.cron, "spec.schedule");
        self.ctl.api.update_status(self.cron.meta.id, by, |o| {
            if let Body::Plain(tree) = &mut o.body
                && tree.get("status").cloned().unwrap_or_default() != status
            {
                Rc::make_mut(tree).set_at(&["status"], status);
            }
        });
    }
}
