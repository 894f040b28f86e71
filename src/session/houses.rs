//! What a session tells of the Docker host: rows, flat like those of the cluster.

use super::command::File;
use serde::{Deserialize, Serialize};

/// The Docker host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostRow {
    /// `on`, `restarting`, `rebooting`, `crashed`, `lost` or `starting`.
    pub power: String,
    /// Processors.
    pub cpus: u32,
    /// Containers that run.
    pub running: u32,
    /// All containers.
    pub containers: u32,
}

/// A Compose project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectRow {
    /// How many services have containers.
    pub services: u32,
    /// What stands between `docker compose` and a verb so that this project is meant; empty for the one of the folder.
    pub flags: String,
}

/// A service that another one waits for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Depends {
    /// Its name.
    pub service: String,
    /// `service_started`, `service_healthy` or `service_completed_successfully`.
    pub condition: String,
}

/// A service of a Compose project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComposeServiceRow {
    /// Its project.
    pub project: String,
    /// Containers, without those of `run`.
    pub containers: u32,
    /// Those that run.
    pub running: u32,
    /// Image of the newest one.
    pub image: String,
    /// Restart policy of the newest one, as `on-failure:3`.
    pub policy: String,
    /// How many steps of the start come before it.
    pub order: u32,
    /// What it waits for, by name.
    pub depends_on: Vec<Depends>,
    /// As of its project.
    pub flags: String,
}

/// A container on the Docker host. Its name is the row's; its owner the service, or the host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerRow {
    /// Its project; empty without one.
    pub project: String,
    /// Its service; empty without one.
    pub service: String,
    /// Its number in the service.
    pub number: u32,
    /// Whether `docker compose run` made it.
    pub one_off: bool,
    /// First twelve letters of its id.
    pub short_id: String,
    /// Image.
    pub image: String,
    /// The words of its first process.
    pub command: String,
    /// `created`, `running`, `paused`, `restarting`, `exited` or `removing`.
    pub state: String,
    /// `starting`, `healthy` or `unhealthy`; empty without a check.
    pub health: String,
    /// Failed checks in a row.
    pub failing: u32,
    /// Restarts by the engine since it was last started by hand.
    pub restarts: u32,
    /// Exit code of the last run.
    pub exit: i32,
    /// Whether the kernel ended something in it for its memory.
    pub oom: bool,
    /// Stopped by hand since its last start.
    pub by_hand: bool,
    /// Words of a failed start.
    pub error: String,
    /// Restart policy, as `on-failure:3`.
    pub policy: String,
    /// From when to when the engine waits before it starts it again.
    pub span: Option<(u64, u64)>,
    /// When it was last started.
    pub started: Option<u64>,
    /// When it last ended.
    pub finished: Option<u64>,
    /// Published ports in force, as `8080→80/tcp`.
    pub ports: Vec<String>,
    /// Published ports that were asked for.
    pub wanted_ports: Vec<String>,
    /// Networks: (name, address while it runs).
    pub networks: Vec<(String, String)>,
    /// Mounts: (kind, source, path in the container).
    pub mounts: Vec<(String, String, String)>,
    /// Limit of processors in thousandths; 0 for none.
    pub cpu_limit: u64,
    /// Limit of memory in bytes; 0 for none.
    pub memory_limit: u64,
}

/// A network on the Docker host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkRow {
    /// Driver.
    pub driver: String,
    /// Its addresses.
    pub subnet: String,
    /// Whether it has no way out.
    pub internal: bool,
    /// Row ids of the containers in it.
    pub containers: Vec<u32>,
}

/// A volume on the Docker host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VolumeRow {
    /// Whether it was made for one container.
    pub anonymous: bool,
    /// Row ids of the containers that mount it.
    pub containers: Vec<u32>,
}

/// A line that a container printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogRow {
    /// When.
    pub at: u64,
    /// The container.
    pub from: String,
    /// Whether it went to standard error.
    pub error: bool,
    /// The line.
    pub text: String,
}

/// A Compose project with its conversion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Converted {
    /// Everything that was there, the manifests, and a scenario for both houses.
    pub files: Vec<File>,
    /// What a person should know, gravest first.
    pub notes: Vec<NoteRow>,
    /// Why there is none, in the real tool's words.
    pub refused: String,
}

/// A remark on a conversion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NoteRow {
    /// `none`: no counterpart; `decide`: a person has to decide; `assumed`: it may be wrong.
    pub sort: String,
    /// Where in the project.
    pub path: String,
    /// The sentence.
    pub words: String,
}
