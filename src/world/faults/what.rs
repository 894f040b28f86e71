//! The kinds of faults.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $key:literal $needs:ident $timed:literal,)*) => {
        /// What breaks.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum What {
            $($(#[$doc])* $name,)*
        }

        impl What {
            /// All kinds, in the order of menus.
            pub const ALL: &'static [What] = &[$(What::$name),*];
            /// Its name in files and lines, such as `node-crash`. The catalogues have it with `_`.
            pub const fn key(self) -> &'static str {
                match self { $(What::$name => $key,)* }
            }
            /// What it is done to.
            pub const fn needs(self) -> Needs {
                match self { $(What::$name => Needs::$needs,)* }
            }
            /// Whether it lasts for a while; the others happen in a moment.
            pub const fn lasts(self) -> bool {
                match self { $(What::$name => $timed,)* }
            }
        }
    };
}

/// What a kind of fault is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Containers: of pods, or of a Docker host.
    Pods,
    /// Machines.
    Nodes,
    /// All machines of a zone.
    Zone,
    /// An image by name.
    Image,
    /// A controller by name, or all of them.
    Controller,
    /// Two ends of a connection.
    Link,
    /// The cluster as a whole.
    Cluster,
}

kinds! {
    /// The container's process is killed from outside (exit code 137).
    #[default]
    Kill "kill" Pods false,
    /// The program ends by itself (exit code 1).
    Crash "crash" Pods false,
    /// The program lives and answers nothing, not even SIGTERM.
    Hang "hang" Pods true,
    /// The readiness probe gets a bad answer.
    FailReadiness "fail-readiness" Pods true,
    /// The liveness probe gets a bad answer.
    FailLiveness "fail-liveness" Pods true,
    /// The program takes more and more memory, until the kernel ends it.
    Leak "leak" Pods true,
    /// The program takes longer for each answer.
    Slow "slow" Pods true,
    /// An image can no longer be pulled; what a node has it keeps.
    ImageMissing "image-missing" Image true,
    /// No registry answers.
    RegistryDown "registry-down" Cluster true,
    /// The machine loses its power; its containers die with it.
    NodeCrash "node-crash" Nodes true,
    /// The machine goes down and comes back.
    NodeReboot "node-reboot" Nodes true,
    /// The machine is cut off from the network: its containers go on, nobody hears of them.
    NodePartition "node-partition" Nodes true,
    /// The machine's disk is nearly full.
    DiskPressure "disk-pressure" Nodes true,
    /// Something outside of Kubernetes takes the machine's memory.
    MemoryPressure "memory-pressure" Nodes true,
    /// All machines of a zone lose their power.
    ZoneOutage "zone-outage" Zone true,
    /// The API server does not answer: nothing is written, containers and traffic go on.
    ApiDown "api-down" Cluster true,
    /// The scheduler is stopped: new pods get no node.
    SchedulerStopped "scheduler-stopped" Cluster true,
    /// A controller is stopped, or all of them.
    ControllerStopped "controller-stopped" Controller true,
    /// Names of Services are not resolved.
    DnsBroken "dns-broken" Cluster true,
    /// Packets from one place to another are lost.
    LinkBroken "link-broken" Link true,
}

impl What {
    /// Whether it can be done to a Docker host: nobody evicts anything there.
    pub const fn hits_hosts(self) -> bool {
        matches!(self, What::NodeCrash | What::NodeReboot | What::NodePartition)
    }
    /// The kind of this name, with `-` or `_`.
    pub fn named(name: &str) -> Option<What> {
        let name = name.replace('_', "-");
        What::ALL.iter().copied().find(|w| w.key() == name)
    }
}
