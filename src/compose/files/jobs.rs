//! A job in the place of a service: what `compose run JOB` runs.
//! Source: docker/compose v5.6 cmd/compose/run.go, materializeManualJob; compose-go v2.16.1 types/project.go, WithSelectedJob.

use super::Place;
use super::notes::{Refused, refusal};
use super::project::Project;
use super::tree::Tree;
use crate::text::go::quoted;
use std::rc::Rc;

impl Project {
    /// Puts a job in the place of a service, with the jobs and services it depends on and without all others. Tells whether
    /// there is such a job.
    pub fn with_job(&mut self, name: &str) -> Refused<bool> {
        if let Some(job) = self.disabled_jobs.get(name) {
            let own = job.list_at(&["profiles"]).iter().filter_map(Tree::as_str).map(str::to_owned);
            let profiles = self.profiles.iter().cloned().chain(own).collect();
            self.with_profiles(profiles);
        }
        let (mut jobs, mut services): (Vec<Rc<str>>, Vec<String>) = (Vec::new(), Vec::new());
        let mut open: Vec<Rc<str>> = vec![name.into()];
        while let Some(at) = open.pop() {
            let Some(job) = self.jobs.get(&at).or(self.disabled_jobs.get(&at)) else {
                services.push(at.to_string());
                continue;
            };
            if job.bool_at(&["triggers", "manual"]) == Some(false) {
                let cannot = match *at == *name {
                    true => "run manually",
                    false => "triggered even as a dependency of another job",
                };
                let words = format!("job {} is declared with manual: false, it cannot be {cannot}", quoted(&at));
                return Err(refusal("job", &Place::default(), words));
            }
            if !jobs.contains(&at) {
                open.extend(job.members_at(&["depends_on"]).map(|(needed, _)| needed.clone()));
                jobs.push(at);
            }
        }
        if jobs.is_empty() {
            return Ok(false);
        }
        services.sort();
        match services.is_empty() {
            true => {
                let mut all = std::mem::take(&mut self.services);
                self.disabled.append(&mut all);
            }
            false => self.select(&services, true)?,
        }
        for job in jobs {
            let Some(mut tree) = self.jobs.get(&job).or(self.disabled_jobs.get(&job)).cloned() else { continue };
            tree.as_map_mut().into_iter().for_each(|members| {
                members.remove("triggers");
            });
            self.services.insert(job, tree);
        }
        Ok(true)
    }
}
