//! The one value that holds a whole cluster: the API server, what every actor remembers, and the agenda. Cloning it is a
//! checkpoint, playing it on is a pure function of what it holds.
//!
//! Every actor room has the same four doors, and nothing else is called from here:
//! `State` (what it remembers) · `Timer` (what it wakes up for) · `observe` (a write it may care about) · `fire` (a timer).

use super::apiserver::{Api, By, Change, ChangeKind, Cx};
use super::objects::{Calendar, Id};
use crate::journal::{EntryId, Verb};
use crate::reasons;
use crate::sim::{Agenda, Span, Time};
use std::collections::BTreeSet;

reasons! { "cluster":
    /// Nobody looks for a node: the scheduler is stopped.
    warning no_scheduler(),
}

/// Components that do not act at the moment.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    scheduler: bool,
    controllers: bool,
}

macro_rules! actors {
    ($($(#[$doc:meta])* $name:ident $variant:ident),* $(,)?) => {
        /// A timer of one of the actor rooms.
        #[derive(Clone, Debug)]
        enum Due {$(
            $variant(super::$name::Timer),
        )*}

        /// A cluster at one moment.
        #[derive(Clone, Debug)]
        pub struct Cluster {
            /// The API server and its books.
            pub api: Api,
            agenda: Agenda<Due>,
            /// Writes since somebody last asked; kept only when `keep_changes` says so.
            seen: Vec<Change>,
            /// Which components do not act at the moment.
            held: Held,
            /// The entry that tells why they do not.
            pub held_because: Option<EntryId>,
            /// What is due for them.
            waiting: Vec<Due>,
            /// Whether writes are kept for [`Cluster::take_seen`].
            pub keep_changes: bool,
            /// How long a client takes from one of its requests to the next. Nothing in the playground, where a line acts at
            /// one moment; recorded comparisons set what was measured.
            pub request_gap: Span,
            $( $(#[$doc])* pub $name: super::$name::State, )*
        }

        impl Cluster {
            /// An empty cluster; actors are started by the first write they see.
            pub fn new(calendar: Calendar, seed: u64) -> Self {
                Cluster {
                    api: Api::new(calendar, seed),
                    agenda: Agenda::default(),
                    seen: Vec::new(),
                    held: Held::default(),
                    held_because: None,
                    waiting: Vec::new(),
                    keep_changes: false,
                    request_gap: Span::ZERO,
                    $( $name: Default::default(), )*
                }
            }
            /// Shows the writes of the last step to every actor, until nothing new is written.
            pub fn settle(&mut self) {
                loop {
                    let changes = self.api.take_changes();
                    if changes.is_empty() {
                        return;
                    }
                    for change in &changes {
                        self.note_waiting(change);
                        $({
                            let mut timers = Vec::new();
                            let mut cx = Cx { api: &mut self.api, timers: &mut timers };
                            super::$name::observe(&mut self.$name, change, &mut cx);
                            for (at, timer) in timers {
                                self.agenda.add(at, Due::$variant(timer));
                            }
                        })*
                    }
                    if self.keep_changes {
                        self.seen.extend(changes);
                    }
                }
            }
            fn fire(&mut self, due: Due) {
                match due {$(
                    Due::$variant(timer) => {
                        let mut timers = Vec::new();
                        let mut cx = Cx { api: &mut self.api, timers: &mut timers };
                        super::$name::fire(&mut self.$name, timer, &mut cx);
                        for (at, timer) in timers {
                            self.agenda.add(at, Due::$variant(timer));
                        }
                    }
                )*}
            }
        }

        $(
            impl Cluster {
                #[doc = concat!("Lets a person's act reach the room `", stringify!($name), "` directly: faults, not API calls.")]
                pub fn $name<R>(
                    &mut self,
                    act: impl FnOnce(&mut super::$name::State, &mut Cx<super::$name::Timer>) -> R,
                ) -> R {
                    let mut timers = Vec::new();
                    let mut cx = Cx { api: &mut self.api, timers: &mut timers };
                    let result = act(&mut self.$name, &mut cx);
                    for (at, timer) in timers {
                        self.agenda.add(at, Due::$variant(timer));
                    }
                    self.settle();
                    result
                }
            }
        )*
    };
}

actors! {
    /// The controllers' queues and memory.
    controllers Controllers,
    /// The scheduler's queues, caches and attempts.
    scheduler Scheduler,
    /// The kubelets.
    kubelet Kubelet,
    /// The fake kubelets of recorded comparisons; idle unless a node asks for them.
    kwok Kwok,
    /// Proxies and traffic.
    services Services,
}

impl Cluster {
    fn holds(&self, due: &Due) -> bool {
        match due {
            Due::Controllers(_) => self.held.controllers || self.api.down,
            Due::Scheduler(_) => self.held.scheduler || self.api.down,
            Due::Kwok(_) => self.api.down,
            _ => false,
        }
    }
    /// Stops (or starts) the scheduler and the controllers; `None` leaves one as it is. What they missed they do then.
    pub fn hold(&mut self, scheduler: Option<bool>, controllers: Option<bool>) {
        self.held.scheduler = scheduler.unwrap_or(self.held.scheduler);
        self.held.controllers = controllers.unwrap_or(self.held.controllers);
        for due in std::mem::take(&mut self.waiting) {
            if self.holds(&due) {
                self.waiting.push(due);
            } else {
                self.agenda.add(self.api.now, due);
            }
        }
    }
    /// The API server does not answer any more: whoever writes waits, kubelets and containers go on.
    pub fn lose_api(&mut self) {
        self.held = Held { scheduler: true, controllers: true };
        self.kubelet(|kubelets, cx| kubelets.api_lost(cx));
        self.api.down = true;
    }
    /// It answers again. Scheduler and controllers go on when [`Cluster::hold`] says so; after a `long` time they are new
    /// processes.
    pub fn find_api(&mut self, long: bool) {
        self.api.down = false;
        if long {
            self.controllers(|controllers, _| controllers.started_anew());
        }
        self.kubelet(|kubelets, cx| kubelets.api_found(cx));
        self.hold(None, None);
    }
    /// A pod that comes while nobody schedules waits for that reason.
    fn note_waiting(&mut self, change: &Change) {
        let waits = self.held.scheduler && change.what == ChangeKind::Added;
        if waits && change.object().and_then(|o| o.pod()).is_some_and(|p| p.node.is_none()) {
            let by = By::actor("kube-scheduler", no_scheduler()).because(self.held_because);
            self.api.note(change.id, Verb::Note, by);
        }
    }
    /// The present moment.
    pub fn now(&self) -> Time {
        self.api.now
    }
    /// The pods that an object stands for: itself, the endpoints of a Service, what a workload owns.
    pub fn pods_behind(&self, id: Id) -> Vec<Id> {
        let mut pods = BTreeSet::new();
        self.gather_pods(id, &mut pods);
        pods.into_iter().collect()
    }
    fn gather_pods(&self, id: Id, pods: &mut BTreeSet<Id>) {
        let Some(object) = self.api.store.get(id) else { return };
        if object.pod().is_some() {
            pods.insert(id);
        } else if let Some(slice) = object.endpoint_slice() {
            pods.extend(slice.endpoints.iter().filter_map(|e| Some(e.target.as_ref()?.1)));
        } else {
            self.api.store.owned_by(id).for_each(|owned| self.gather_pods(owned.meta.id, pods));
        }
    }
    /// When something is due next.
    pub fn next_due(&self) -> Option<Time> {
        self.agenda.next_at()
    }
    /// Plays everything due up to and including `t`, and stands at `t` then.
    pub fn run_until(&mut self, t: Time) {
        self.settle();
        while let Some((at, due)) = self.agenda.pop_until(t) {
            self.api.now = self.api.now.max(at);
            if self.holds(&due) {
                self.waiting.push(due);
                continue;
            }
            self.fire(due);
            self.settle();
            self.hear();
        }
        self.api.now = self.api.now.max(t);
    }
    /// Lets the kubelets hear what the floor says.
    fn hear(&mut self) {
        for news in self.api.floor.take_news() {
            self.kubelet(|kubelets, cx| kubelets.hear(news, cx));
        }
    }
    /// A client has its answer and sends its next request.
    pub fn next_request(&mut self) {
        self.settle();
        if self.request_gap > Span::ZERO {
            self.run_until(self.now() + self.request_gap);
        }
    }
    /// Takes the writes since the last call.
    pub fn take_seen(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.seen)
    }
}
