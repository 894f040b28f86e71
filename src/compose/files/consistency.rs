//! Whether a project as a whole makes sense.
//! Source: compose-go v2.16.1 loader/validate.go, checkConsistency; graph/{services,cycle}.go.

use super::notes::{Refused, refuse};
use super::project::Project;
use super::tree::{Members, Tree};
use std::collections::BTreeMap;

/// What is said at the end of most refusals. Source: errdefs.ErrInvalid.
const INVALID: &str = "invalid compose project";

/// Checks a project.
pub fn check(project: &Project) -> Refused<()> {
    for (name, service) in &project.services {
        Check { project, name, service }.all()?;
    }
    for (name, job) in project.jobs.iter().chain(&project.disabled_jobs) {
        if project.services.contains_key(name) || project.disabled.contains_key(name) {
            let words =
                format!("\"{name}\" is declared both as a service and a job: service and job names must be unique");
            return refuse("job", &job.place, format!("{words}: {INVALID}"));
        }
    }
    for (name, job) in &project.jobs {
        for (needed, how) in job.members_at(&["depends_on"]) {
            let optional = project.disabled.contains_key(needed) && how.bool_at(&["required"]) != Some(true);
            if !(project.jobs.contains_key(needed) || project.services.contains_key(needed) || optional) {
                let words = format!("job \"{name}\" depends on undefined service or job \"{needed}\": {INVALID}");
                return refuse("depends_on", &how.place, words);
            }
        }
    }
    for (name, secret) in &project.secrets {
        let given = secret.get("file").is_some() || secret.get("environment").is_some();
        if secret.bool_at(&["external"]) != Some(true) && !given {
            let words = format!("secret \"{name}\" must declare either `file` or `environment`: {INVALID}");
            return refuse("secret", &secret.place, words);
        }
    }
    graph(project)
}

struct Check<'a> {
    project: &'a Project,
    name: &'a str,
    service: &'a Tree,
}

impl Check<'_> {
    fn text(&self, key: &str) -> &str {
        self.service.str_at(&[key]).unwrap_or_default()
    }

    /// A refusal that ends as most do.
    fn invalid(&self, tree: &Tree, words: String) -> Refused<()> {
        refuse("invalid", &tree.place, format!("{words}: {INVALID}"))
    }

    fn all(&self) -> Refused<()> {
        let (name, service) = (self.name, self.service);
        if service.get("build").is_none() && self.text("image").is_empty() && service.get("provider").is_none() {
            return self
                .invalid(service, format!("service \"{name}\" has neither an image nor a build context specified"));
        }
        self.build()?;
        self.networks()?;
        if let [first, ..] = service.list_at(&["healthcheck", "test"])
            && !matches!(first.as_str(), Some("CMD" | "CMD-SHELL" | "NONE"))
        {
            let words = "healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"";
            return refuse("healthcheck", &first.place, words);
        }
        self.dependencies()?;
        self.resources()?;
        self.amounts()?;
        self.develop()?;
        self.mounts()
    }

    fn build(&self) -> Refused<()> {
        let (name, Some(build)) = (self.name, self.service.get("build")) else { return Ok(()) };
        if build.get("dockerfile_inline").is_some() && build.get("dockerfile").is_some() {
            let words = format!("service \"{name}\" declares mutualy exclusive dockerfile and dockerfile_inline");
            return self.invalid(build, words);
        }
        for (key, context) in build.members_at(&["additional_contexts"]) {
            let Some(target) = context.as_str().and_then(|text| text.strip_prefix("service:")) else { continue };
            let words = match self.project.services.get(target).or_else(|| self.project.disabled.get(target)) {
                None => "unknown",
                Some(other) if other.get("build").is_none() => "non-buildable",
                Some(_) => continue,
            };
            let words =
                format!("service \"{name}\" declares {words} service \"{target}\" as additional contexts {key}");
            return refuse("build", &context.place, words);
        }
        let (platforms, platform) = (build.list_at(&["platforms"]), self.text("platform"));
        if !platforms.is_empty() && !platform.is_empty() && !platforms.iter().any(|p| p.as_str() == Some(platform)) {
            return self
                .invalid(build, format!("service.build.platforms MUST include service.platform \"{platform}\""));
        }
        Ok(())
    }

    fn networks(&self) -> Refused<()> {
        let name = self.name;
        let Some(networks) = self.service.get("networks") else { return Ok(()) };
        if !self.text("network_mode").is_empty() {
            let words = format!("service {name} declares mutually exclusive `network_mode` and `networks`");
            return self.invalid(networks, words);
        }
        let unknown = self.service.members_at(&["networks"]).find(|(key, _)| !self.project.networks.contains_key(*key));
        match unknown {
            Some((key, at)) => self.invalid(at, format!("service \"{name}\" refers to undefined network {key}")),
            None => Ok(()),
        }
    }

    fn dependencies(&self) -> Refused<()> {
        let (name, project) = (self.name, self.project);
        for (needed, how) in self.service.members_at(&["depends_on"]) {
            if project.services.contains_key(needed) {
                continue;
            }
            if project.disabled.contains_key(needed) && how.bool_at(&["required"]) != Some(true) {
                continue;
            }
            if project.jobs.contains_key(needed) {
                let words = format!("service \"{name}\" cannot depend on job \"{needed}\"");
                return self.invalid(how, format!("{words}: services can only depend on other services"));
            }
            return self.invalid(how, format!("service \"{name}\" depends on undefined service \"{needed}\""));
        }
        if let Some(shared) = self.text("network_mode").strip_prefix("service:")
            && !project.services.contains_key(shared)
        {
            let words = format!("service \"{shared}\" not found for network_mode 'service:{shared}'");
            return refuse("network_mode", &self.service.place, words);
        }
        Ok(())
    }

    /// What a service refers to must be declared.
    fn resources(&self) -> Refused<()> {
        let (name, project) = (self.name, self.project);
        let volumes = self.service.list_at(&["volumes"]).iter().filter(|v| v.str_at(&["type"]) == Some("volume"));
        let build_secrets = self.service.list_at(&["build", "secrets"]).iter();
        let source = |tree: &Tree| tree.str_at(&["source"]).unwrap_or_default().to_owned();
        let mut wanted: Vec<(&str, String, &Tree, &Members)> = Vec::new();
        wanted.extend(volumes.map(|v| ("volume", source(v), v, &project.volumes)).filter(|(_, s, ..)| !s.is_empty()));
        wanted.extend(build_secrets.map(|s| ("build secret", source(s), s, &project.secrets)));
        wanted.extend(self.service.list_at(&["configs"]).iter().map(|c| ("config", source(c), c, &project.configs)));
        wanted
            .extend(self.service.members_at(&["models"]).map(|(m, at)| ("model", m.to_string(), at, &project.models)));
        wanted.extend(self.service.list_at(&["secrets"]).iter().map(|s| ("secret", source(s), s, &project.secrets)));
        match wanted.into_iter().find(|(_, source, _, known)| !known.contains_key(source.as_str())) {
            Some((kind, source, at, _)) => {
                self.invalid(at, format!("service \"{name}\" refers to undefined {kind} {source}"))
            }
            None => Ok(()),
        }
    }

    /// The same amount said twice must be one.
    fn amounts(&self) -> Refused<()> {
        let (name, service) = (self.name, self.service);
        let (scale, replicas) = (service.int_at(&["scale"]), service.int_at(&["deploy", "replicas"]));
        if let (Some(scale), Some(replicas)) = (scale, replicas)
            && scale != replicas
        {
            return self.invalid(
                service,
                format!("services.{name}: can't set distinct values on 'scale' and 'deploy.replicas'"),
            );
        }
        for (key, value) in [("scale", scale), ("deploy.replicas", replicas)] {
            if value.is_some_and(|value| value < 0) {
                let words = format!("services.{name}.{key}: must be greater than or equal to 0");
                return refuse("scale", &service.place, words);
            }
        }
        let pairs = [
            ("cpus", "limits", "cpus"),
            ("mem_limit", "limits", "memory"),
            ("mem_reservation", "reservations", "memory"),
            ("pids_limit", "limits", "pids"),
        ];
        for (key, part, amount) in pairs {
            let (own, Some(resources)) = (service.get(key), service.at(&["deploy", "resources", part])) else {
                continue;
            };
            if own.is_some() && own != resources.get(amount) {
                let path = format!("'{key}' and 'deploy.resources.{part}.{amount}'");
                return self.invalid(service, format!("services.{name}: can't set distinct values on {path}"));
            }
        }
        if scale.or(replicas).unwrap_or(1) > 1 && !self.text("container_name").is_empty() {
            let key = if scale.is_some() { "scale" } else { "deploy.replicas" };
            let words = format!("services.{key}: can't set container_name and {name} as container name must be unique");
            return self.invalid(service, words);
        }
        Ok(())
    }

    fn develop(&self) -> Refused<()> {
        for watch in self.service.list_at(&["develop", "watch"]) {
            let target = watch.str_at(&["target"]).unwrap_or_default();
            if target.is_empty() && !matches!(watch.str_at(&["action"]), Some("rebuild" | "restart")) {
                let words = format!("services.{}.develop.watch: target is required for non-rebuild actions", self.name);
                return self.invalid(watch, words);
            }
        }
        Ok(())
    }

    fn mounts(&self) -> Refused<()> {
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        let tmpfs = self.service.list_at(&["tmpfs"]).iter().enumerate().map(|(index, tree)| {
            let path = tree.as_str().unwrap_or_default().split(':').next().unwrap_or_default();
            (tree, path.to_owned(), format!("services.{}.tmpfs[{index}]", self.name))
        });
        let volumes = self.service.list_at(&["volumes"]).iter().enumerate().map(|(index, tree)| {
            let target = tree.str_at(&["target"]).unwrap_or_default();
            (tree, target.to_owned(), format!("services.{}.volumes[{index}]", self.name))
        });
        for (tree, target, here) in tmpfs.chain(volumes) {
            if let Some(other) = taken.get(&target) {
                let words = format!("{here}: target {target} already mounted as {other}");
                return refuse("mount", &tree.place, words);
            }
            taken.insert(target, here);
        }
        Ok(())
    }
}

/// Dependencies must not go in circles.
fn graph(project: &Project) -> Refused<()> {
    let needs: BTreeMap<&str, Vec<&str>> = project
        .services
        .iter()
        .map(|(name, service)| {
            let known = service.members_at(&["depends_on"]).map(|(needed, _)| &**needed);
            (&**name, known.filter(|needed| project.services.contains_key(*needed)).collect())
        })
        .collect();
    let mut done = Vec::new();
    for (name, service) in &project.services {
        if let Some(words) = circle(&mut vec![name], &needs, &mut done) {
            return refuse("circle", &service.place, words);
        }
    }
    Ok(())
}

/// Services from which no circle can be reached are gone through once.
fn circle<'a>(
    way: &mut Vec<&'a str>,
    needs: &BTreeMap<&'a str, Vec<&'a str>>,
    done: &mut Vec<&'a str>,
) -> Option<String> {
    let here = *way.last()?;
    if done.contains(&here) {
        return None;
    }
    for next in needs.get(here).into_iter().flatten() {
        if let Some(at) = way.iter().position(|name| name == next) {
            return Some(format!("dependency cycle detected: {} -> {next}", way[at..].join(" -> ")));
        }
        way.push(next);
        let found = circle(way, needs, done);
        way.pop();
        if found.is_some() {
            return found;
        }
    }
    done.push(here);
    None
}
