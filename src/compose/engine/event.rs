//! What the engine tells to who listens: `docker events`.

use super::{Cid, Engine, Spec};
use crate::sim::Time;
use std::rc::Rc;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A container.
    Container,
    /// A network.
    Network,
    /// A volume.
    Volume,
}

impl Kind {
    /// Word in the API.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Container => "container",
            Kind::Network => "network",
            Kind::Volume => "volume",
        }
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// When.
    pub t: Time,
    /// About what.
    pub kind: Kind,
    /// What happened.
    pub action: Rc<str>,
    /// Id of what it is about; a volume's name.
    pub id: Rc<str>,
    /// Name of what it is about; empty for volumes.
    pub name: Rc<str>,
    /// More, sorted by name.
    pub attrs: Vec<(&'static str, Rc<str>)>,
    /// The container, for events about one.
    pub cid: Option<Cid>,
    /// What that container was asked to be, with its labels; `None` for events about something else.
    pub spec: Option<Rc<Spec>>,
}

impl Engine {
    /// An event about a container.
    pub(super) fn tell(&mut self, cid: Cid, action: impl Into<Rc<str>>, more: &[(&'static str, Rc<str>)]) {
        let Some(c) = self.containers.get(&cid) else { return };
        let mut attrs = vec![("image", c.spec.image.clone())];
        attrs.extend(more.iter().cloned());
        attrs.sort_by_key(|(key, _)| *key);
        self.events.push(Event {
            t: self.now,
            kind: Kind::Container,
            action: action.into(),
            id: c.id.clone(),
            name: c.name.clone(),
            attrs,
            cid: Some(cid),
            spec: Some(c.spec.clone()),
        });
    }
    /// An event about a network, and of a container in it.
    pub(super) fn tell_network(&mut self, name: &str, action: &str, container: Option<Cid>) {
        let Some(network) = self.network_named(name) else { return };
        let kind = if super::network::is_predefined(name) { network.driver.clone() } else { Rc::from("bridge") };
        let mut attrs = vec![("type", kind)];
        if let Some(c) = container.and_then(|cid| self.containers.get(&cid)) {
            attrs.insert(0, ("container", c.id.clone()));
        }
        self.events.push(Event {
            t: self.now,
            kind: Kind::Network,
            action: action.into(),
            id: network.id.clone(),
            name: network.name.clone(),
            attrs,
            cid: container,
            spec: None,
        });
    }
    /// An event about a volume.
    pub(super) fn tell_volume(&mut self, name: &str, action: &str, container: Option<(Cid, &str, bool)>) {
        let mut attrs = vec![("driver", Rc::from("local"))];
        if let Some((cid, target, read_only)) = container
            && let Some(c) = self.containers.get(&cid)
        {
            attrs.insert(0, ("container", c.id.clone()));
            if action == "mount" {
                attrs.push(("destination", target.into()));
                attrs.push(("propagation", "".into()));
                attrs.push(("read/write", if read_only { "false" } else { "true" }.into()));
                attrs.sort_by_key(|(key, _)| *key);
            }
        }
        let cid = container.map(|(cid, ..)| cid);
        let event = Event {
            t: self.now,
            kind: Kind::Volume,
            action: action.into(),
            id: name.into(),
            name: "".into(),
            attrs,
            cid,
            spec: None,
        };
        self.events.push(event);
    }
}
