//! The one value that holds a whole cluster: the API server, what every actor remembers, and the agenda. Cloning it is a
//! checkpoint, playing it on is a pure function of what it holds.
//!
//! Every actor room has the same four doors, and nothing else is called from here:
//! `State` (what it remembers) · `Timer` (what it wakes up for) · `observe` (a write it may care about) · `fire` (a timer).

use super::apiserver::{Api, Change, Cx};
use super::objects::Calendar;
use crate::sim::{Agenda, Time};

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
            /// Whether writes are kept for [`Cluster::take_seen`].
            pub keep_changes: bool,
            $( $(#[$doc])* pub $name: super::$name::State, )*
        }

        impl Cluster {
            /// An empty cluster; actors are started by the first write they see.
            pub fn new(calendar: Calendar, seed: u64) -> Self {
                Cluster {
                    api: Api::new(calendar, seed),
                    agenda: Agenda::default(),
                    seen: Vec::new(),
                    keep_changes: false,
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
}

impl Cluster {
    /// The present moment.
    pub fn now(&self) -> Time {
        self.api.now
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
            self.fire(due);
            self.settle();
        }
        self.api.now = self.api.now.max(t);
    }
    /// Takes the writes since the last call.
    pub fn take_seen(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.seen)
    }
}
