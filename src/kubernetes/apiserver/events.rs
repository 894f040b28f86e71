//! Events: what components tell people. Alike ones are counted up, similar ones combined, too many dropped.
//! Source: kubernetes v1.37 client-go/tools/record/events_cache.go.

use super::lru::Lru;
use super::{Api, By};
use crate::journal::Why;
use crate::kubernetes::objects::event::Event;
use crate::kubernetes::objects::{Body, Id, Kind, Meta, Object};
use crate::reasons;
use crate::sim::{Span, Time};
use crate::text::Word;

reasons! { "event":
    /// A component told people something about an object.
    told(reason, message),
    /// A component warned people about an object.
    warning warned(reason, message),
}

/// From this many similar events on they are combined. Source: events_cache.go, defaultAggregateMaxEvents.
const SIMILAR_MAX: u32 = 10;
/// Similar events count together when they are this close. Source: events_cache.go, defaultAggregateIntervalInSeconds.
const SIMILAR_WITHIN: Span = Span::secs(600);
/// How many events of one source and type (`Normal`, `Warning`) about one object pass at once. Source: events_cache.go,
/// defaultSpamBurst; recorded: each type has its own.
const BURST: u32 = 25;
/// Then one in so long a time. Source: events_cache.go, defaultSpamQPS = 1/300.
const REFILL: Span = Span::secs(300);

/// What a component wants to tell.
#[derive(Clone, Debug)]
pub struct Told {
    /// About what.
    pub about: Id,
    /// A container of it, as `spec.containers{app}`, or empty.
    pub field: Word,
    /// Whether it is a `Warning`.
    pub warning: bool,
    /// Reason.
    pub reason: &'static str,
    /// Message.
    pub message: Word,
    /// Component, such as `kubelet`.
    pub component: &'static str,
    /// Its host, or empty.
    pub host: Word,
    /// Action of a new-style event (the scheduler's), or empty.
    pub action: &'static str,
}

impl Told {
    /// A normal event of a component.
    pub fn normal(component: &'static str, about: Id, reason: &'static str, message: impl Into<Word>) -> Self {
        Told {
            about,
            field: Word::EMPTY,
            warning: false,
            reason,
            message: message.into(),
            component,
            host: Word::EMPTY,
            action: "",
        }
    }
    /// A warning of a component.
    pub fn warning(component: &'static str, about: Id, reason: &'static str, message: impl Into<Word>) -> Self {
        Told { warning: true, ..Told::normal(component, about, reason, message) }
    }
}

/// What the recorders remember: counts of alike and similar events, and the tokens left.
#[derive(Clone, Debug, Default)]
pub struct EventSpam {
    alike: Lru<(Id, Word, &'static str, Word, &'static str), Option<Id>>,
    similar: Lru<(Id, &'static str, bool, &'static str), Similar>,
    tokens: Lru<(Id, &'static str, bool), Tokens>,
    series: Lru<(Id, u64, &'static str, &'static str), Option<Id>>,
}

#[derive(Clone, Debug)]
struct Similar {
    messages: Vec<Word>,
    last: Time,
}

#[derive(Clone, Copy, Debug)]
struct Tokens {
    left: u32,
    since: Time,
}

impl Api {
    /// Tells people something about an object. Returns the event's number unless it was dropped.
    pub fn tell(&mut self, told: Told) -> Option<Id> {
        if !told.action.is_empty() {
            return self.tell_series(told);
        }
        let combined = self.is_similar(&told);
        if !self.spend_token(&told) {
            return None;
        }
        let message = match combined {
            true => Word::from(format!("(combined from similar events): {}", told.message)),
            false => told.message.clone(),
        };
        let now = self.now;
        // Alike events are one object that counts up; combined ones are alike whatever they say.
        let key_message = if combined { Word::Fixed("(combined)") } else { message.clone() };
        let key = (told.about, told.field.clone(), told.reason, key_message, told.component);
        let why = event_why(&told, &message);
        let cause = self.newest_about(told.about);
        let by = By::actor(told.component, why).because(cause);
        if let Some(id) = self.spam.alike.peek(&key).copied().flatten().filter(|id| self.store.get(*id).is_some()) {
            self.update_status(id, by, |o| {
                let Some(event) = o.event_mut() else { return };
                event.count += 1;
                event.last = now;
                event.message = message;
            });
            return Some(id);
        }
        let made = self.create_event(told, message, by)?;
        *self.spam.alike.entry(&key, || None) = Some(made);
        Some(made)
    }
    /// A new-style event. Those about one version of an object, for one reason, are one series that keeps the first words.
    /// Source: kubernetes v1.37 client-go/tools/events/event_broadcaster.go, recordToSink, getKey.
    fn tell_series(&mut self, told: Told) -> Option<Id> {
        let now = self.now;
        let version = self.store.get(told.about).map_or(0, |o| o.meta.version);
        let key = (told.about, version, told.reason, told.component);
        let why = event_why(&told, &told.message);
        let by = By::actor(told.component, why).because(self.newest_about(told.about));
        if let Some(id) = self.spam.series.peek(&key).copied().flatten().filter(|id| self.store.get(*id).is_some()) {
            self.update_status(id, by, |o| {
                let Some(event) = o.event_mut() else { return };
                event.count += 1;
                event.last = now;
            });
            return Some(id);
        }
        let (warning, message) = (told.warning, told.message.clone());
        let made = self.create_event(told, message, by)?;
        if warning {
            *self.spam.series.entry(&key, || None) = Some(made);
        }
        Some(made)
    }
    fn create_event(&mut self, told: Told, message: Word, by: By) -> Option<Id> {
        let now = self.now;
        let card = self.store.card(told.about)?.clone();
        let namespace = if card.namespace.is_empty() { "default".into() } else { card.namespace.clone() };
        let event = Event {
            about_kind: self.kinds.name(card.kind).to_string().into(),
            about_api_version: self.kinds.api_version(card.kind).to_string().into(),
            about_name: card.name.clone(),
            about: told.about,
            field: told.field,
            kind: if told.warning { "Warning".into() } else { "Normal".into() },
            reason: told.reason.into(),
            message,
            count: 1,
            first: now,
            last: now,
            component: told.component.into(),
            host: told.host,
            action: told.action.into(),
        };
        let name = format!("{}.{:016x}", card.name, self.chance("events").bits());
        let object = Object { kind: Kind::Event, meta: Meta::named(namespace, name), body: Body::Event(event) };
        Some(self.create(object, by).ok()?.meta.id)
    }
    /// Whether enough similar events (same object, reason, source; other words) came in a row to combine them.
    fn is_similar(&mut self, told: &Told) -> bool {
        let now = self.now;
        let key = (told.about, told.reason, told.warning, told.component);
        let similar = self.spam.similar.entry(&key, || Similar { messages: Vec::new(), last: now });
        if now.since(similar.last) > SIMILAR_WITHIN {
            similar.messages.clear();
        }
        similar.last = now;
        if !similar.messages.contains(&told.message) {
            similar.messages.push(told.message.clone());
        }
        similar.messages.len() as u32 >= SIMILAR_MAX
    }
    fn spend_token(&mut self, told: &Told) -> bool {
        let now = self.now;
        let tokens =
            self.spam.tokens.entry(&(told.about, told.component, told.warning), || Tokens { left: BURST, since: now });
        let refilled = (now.since(tokens.since).0 / REFILL.0) as u32;
        tokens.left = (tokens.left + refilled).min(BURST);
        tokens.since += REFILL * u64::from(refilled);
        if tokens.left == 0 {
            return false;
        }
        tokens.left -= 1;
        true
    }
}

fn event_why(told: &Told, message: &Word) -> Why {
    match told.warning {
        true => warned(told.reason, message),
        false => self::told(told.reason, message),
    }
}
