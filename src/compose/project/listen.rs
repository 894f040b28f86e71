//! `events`: what the engine tells of a project's containers, as it comes.
//! Source: compose v5.6 pkg/compose/events.go, cmd/compose/events.go; pkg/api/api.go, Event.String: a blank line behind each.

use super::dag::{Line, OUT};
use super::observed;
use super::wait::stamp;
use crate::compose::engine::{Engine, Event, Kind};
use crate::map;
use crate::sim::Time;
use crate::text::{Map, Value, json};
use std::rc::Rc;

/// What is listened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Services meant; empty for all.
    pub services: Vec<Rc<str>>,
    /// Whether each event is an object.
    pub json: bool,
    /// From when on.
    pub since: Time,
    /// Until when; `None` for ever.
    pub until: Option<Time>,
}

impl Listen {
    /// Lines about the events from number `first` on.
    pub(super) fn lines(&self, engine: &Engine, project: &str, first: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        for event in engine.events.iter().skip(first) {
            let in_time = event.t >= self.since && self.until.is_none_or(|until| event.t <= until);
            if event.kind != Kind::Container || !in_time {
                continue;
            }
            let Some(spec) = &event.spec else { continue };
            let mine = spec.label(observed::PROJECT) == project && spec.label(observed::ONE_OFF) != "True";
            let service: Rc<str> = spec.label(observed::SERVICE).into();
            if mine && (self.services.is_empty() || self.services.contains(&service)) {
                lines.extend(self.shown(event, &service).into_iter().map(|text| Line { t: event.t, fd: OUT, text }));
            }
        }
        lines
    }
    fn shown(&self, event: &Event, service: &Rc<str>) -> Vec<Rc<str>> {
        let mut attrs: Vec<(Rc<str>, Rc<str>)> = event.attrs.iter().map(|(k, v)| ((*k).into(), v.clone())).collect();
        attrs.push(("name".into(), event.name.clone()));
        // Labels are told with the rest, but not those of the client itself.
        let labels = event.spec.iter().flat_map(|spec| &spec.labels);
        attrs.extend(labels.filter(|(key, _)| !key.starts_with("com.docker.compose.")).cloned());
        attrs.sort();
        let micros = event.t.0 % 1_000_000;
        let at = stamp(event.t).trim_end_matches('Z').to_string();
        if self.json {
            let attributes: Map = attrs.into_iter().map(|(k, v)| (k, Value::Str(v))).collect();
            let object = map! {
                "action" => event.action.clone(), "attributes" => attributes, "id" => event.id.clone(),
                "service" => service.clone(), "time" => format!("{at}.{micros:06}Z"), "type" => "container",
            };
            return vec![json::write(&Value::from(object), json::Style::COMPACT).into()];
        }
        let list: Vec<String> = attrs.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let at = at.replace('T', " ");
        let line = format!("{at}.{micros:06} container {} {} ({})", event.action, event.id, list.join(", "));
        vec![line.into(), "".into()]
    }
}
