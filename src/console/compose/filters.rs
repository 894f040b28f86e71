//! `--filter` of the lists of `docker`: values of one key are alternatives, labels must all fit.
//! Source: moby v29 daemon/internal/filters/parse.go; daemon/list.go; daemon/network/filter.go; daemon/volume/service.

use crate::compose::engine::{Container, Engine, Status};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Keys of `docker ps`. Source: moby v29 daemon/list.go, acceptedPsFilterTags.
pub(super) const PS: &[&str] = &[
    "ancestor",
    "before",
    "exited",
    "health",
    "id",
    "is-task",
    "isolation",
    "label",
    "name",
    "network",
    "since",
    "status",
    "volume",
    "publish",
    "expose",
];
/// Those of them that are not simulated.
const PS_NOT: &[&str] = &["is-task", "isolation", "publish", "expose"];
/// Keys of `docker network ls`.
pub(super) const NETWORKS: &[&str] = &["dangling", "driver", "id", "label", "name", "scope", "type"];
/// Keys of `docker volume ls`.
pub(super) const VOLUMES: &[&str] = &["dangling", "driver", "label", "name"];

/// What was asked for.
pub(super) struct Filters(BTreeMap<String, Vec<String>>);

impl Filters {
    /// Reads `KEY=VALUE` words. Source: docker/cli v28 opts/opts.go, FilterOpt.
    pub(super) fn read(words: &[String], known: &[&str]) -> Result<Filters, String> {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for word in words.iter().filter(|w| !w.is_empty()) {
            let Some((key, value)) = word.split_once('=') else { continue };
            all.entry(key.trim().to_lowercase()).or_default().push(value.trim().to_string());
        }
        if let Some(key) = all.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("Error response from daemon: invalid filter '{key}'"));
        }
        Ok(Filters(all))
    }
    /// Whether there is a value for a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }
    fn values(&self, key: &str) -> &[String] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }
    fn any(&self, key: &str, fits: impl Fn(&str) -> bool) -> bool {
        self.0.get(key).is_none_or(|values| values.iter().any(|value| fits(value)))
    }
    /// Whether a name passes: a value is a part of it, or with `^` and `$` its start and end.
    pub(super) fn name(&self, name: &str) -> bool {
        let slashed = format!("/{name}");
        self.any("name", |value| part_of(value, name) || part_of(value, &slashed))
    }
    /// Whether an id passes.
    pub(super) fn id(&self, id: &str) -> bool {
        self.any("id", |value| part_of(value, id))
    }
    /// Whether a word is one of those asked for.
    pub(super) fn word(&self, key: &str, word: &str) -> bool {
        self.any(key, |value| value == word)
    }
    /// Whether labels pass: each one asked for is there, with its value if one is given.
    pub(super) fn labels(&self, labels: &[(Rc<str>, Rc<str>)]) -> bool {
        self.values("label").iter().all(|asked| match asked.split_once('=') {
            Some((key, value)) => labels.iter().any(|(k, v)| **k == *key && **v == *value),
            None => labels.iter().any(|(k, _)| **k == **asked),
        })
    }
    /// What must be true of `dangling`; `None` where nobody asks.
    pub(super) fn dangling(&self) -> Result<Option<bool>, String> {
        match self.values("dangling") {
            [] => Ok(None),
            [one] if matches!(one.as_str(), "1" | "true") => Ok(Some(true)),
            [one] if matches!(one.as_str(), "0" | "false") => Ok(Some(false)),
            _ => {
                Err("Error response from daemon: invalid value for filter 'dangling', must be \"true\" (or \"1\"), or \
                      \"false\" (or \"0\")"
                    .into())
            }
        }
    }
    /// A key of `docker ps` that is real but not simulated.
    pub(super) fn not_simulated(&self) -> Option<&'static str> {
        PS_NOT.iter().find(|key| self.has(key)).copied()
    }
    /// The containers that pass, of a list whose newest comes first. Source: moby v29 daemon/list.go, foldFilter.
    pub(super) fn containers(&self, engine: &Engine, list: Vec<Rc<Container>>) -> Result<Vec<Rc<Container>>, String> {
        let daemon = |words: String| format!("Error response from daemon: {words}");
        const STATES: [&str; 7] = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];
        if let Some(bad) = self.values("status").iter().find(|value| !STATES.contains(&value.as_str())) {
            let all = STATES.join(", ");
            let why = format!("invalid value for state ({bad}): must be one of {all}");
            return Err(daemon(format!("invalid filter 'status={bad}': {why}")));
        }
        const HEALTH: [&str; 4] = ["none", "starting", "healthy", "unhealthy"];
        if let Some(bad) = self.values("health").iter().find(|value| !HEALTH.contains(&value.as_str())) {
            let all = HEALTH.join(", ");
            let why = format!("invalid value for health ({bad}): must be one of {all}");
            return Err(daemon(format!("invalid filter 'health={bad}': {why}")));
        }
        if let Some(bad) = self.values("exited").iter().find(|value| value.parse::<i32>().is_err()) {
            let why = format!("strconv.Atoi: parsing \"{bad}\": invalid syntax");
            return Err(daemon(format!("invalid filter 'exited={bad}': {why}")));
        }
        let at = |key: &str| match self.values(key).last() {
            None => Ok(None),
            Some(name) => match engine.find(name).and_then(|cid| engine.container(cid)) {
                Some(c) => Ok(list.iter().position(|other| other.id == c.id)),
                None => Err(daemon(format!("No such container: {name}"))),
            },
        };
        let (before, since) = (at("before")?, at("since")?);
        let range = before.map_or(0, |at| at + 1)..since.unwrap_or(list.len());
        let kept = list.get(range).unwrap_or_default().iter();
        Ok(kept.filter(|c| self.container(engine, c)).cloned().collect())
    }
    /// Source: moby v29 daemon/list.go, includeContainerInList.
    fn container(&self, engine: &Engine, c: &Container) -> bool {
        let health = match c.status {
            Status::Running => c.health.as_ref().map_or("none", |h| h.verdict.word()),
            _ => "none",
        };
        let image = |name: &str| engine.images.get(name).is_some_and(|(id, _)| id == c.image_id);
        let ended = !c.alive() && c.status != Status::Restarting && c.started.is_some();
        self.name(&c.name)
            && self.any("id", |value| c.id.starts_with(value))
            && self.labels(&c.spec.labels)
            && self.word("status", c.status.word())
            && self.word("health", health)
            && self.any("exited", |code| ended && code.parse() == Ok(c.exit))
            && self.any("ancestor", image)
            && self.any("volume", |name| c.mounts.iter().any(|m| *m.source == *name || *m.target == *name))
            && self.any("network", |name| {
                let id = engine.networks.get(name).map(|n| n.id.clone());
                let by_id = engine.networks.values().find(|n| *n.id == *name).map(|n| n.name.clone());
                let known = |e: &Rc<str>| **e == *name || by_id.as_ref() == Some(e);
                (id.is_some() || by_id.is_some()) && c.endpoints.iter().any(|e| known(&e.network))
            })
    }
}

/// Whether a pattern is found in a text; the engine takes it as a regular expression, of which `^` and `$` act here.
pub(super) fn part_of(pattern: &str, text: &str) -> bool {
    let (start, rest) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
    let (end, rest) = rest.strip_suffix('$').map_or((false, rest), |rest| (true, rest));
    match (start, end) {
        (true, true) => text == rest,
        (true, false) => text.starts_with(rest),
        (false, true) => text.ends_with(rest),
        (false, false) => text.contains(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_key_are_alternatives_and_labels_must_all_fit() {
        let words = ["name=^web-1$", "name=db", "label=a=1", "label=b"].map(String::from);
        let filters = Filters::read(&words, PS).expect("known keys");
        assert_eq!(["web-1", "web-11", "my-db-2"].map(|name| filters.name(name)), [true, false, true]);
        let label = |k: &str, v: &str| (Rc::from(k), Rc::from(v));
        assert!(filters.labels(&[label("a", "1"), label("b", "x")]));
        assert!(!filters.labels(&[label("a", "1")]) && !filters.labels(&[label("a", "2"), label("b", "")]));
        let unknown = Filters::read(&["colour=red".into()], PS).err();
        assert_eq!(unknown.as_deref(), Some("Error response from daemon: invalid filter 'colour'"));
    }
}
