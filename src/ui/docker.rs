//! The Docker host as the page sees it: how containers look, and what stands inside of what. Needs no browser.

use super::view::View;
use crate::session::{ComposeServiceRow, ContainerRow, Row, RowBody, docker};
use std::rc::Rc;

/// How a container looks: each has a shape of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Made, not started.
    Created,
    /// Made, and its start failed.
    NotStarted,
    /// Runs without a check.
    Running,
    /// Runs, its check has not passed yet.
    Starting,
    /// Runs, its check passes.
    Healthy,
    /// Runs, its check fails.
    Unhealthy,
    /// Frozen.
    Paused,
    /// Ended, and waits to be started again.
    Restarting,
    /// Ended well, or stopped by hand.
    Stopped,
    /// Ended with another code, and nothing starts it again.
    Failed,
    /// Being removed.
    Removing,
}

impl Sight {
    /// Whether a person should look at it.
    pub fn ill(self) -> bool {
        matches!(self, Sight::NotStarted | Sight::Unhealthy | Sight::Restarting | Sight::Failed)
    }
    /// Whether its first process runs and its check, if it has one, passes.
    pub fn well(self) -> bool {
        matches!(self, Sight::Running | Sight::Healthy)
    }
}

/// How a container looks.
pub fn sight(c: &ContainerRow) -> Sight {
    match (c.state.as_str(), c.health.as_str()) {
        ("running", "healthy") => Sight::Healthy,
        ("running", "unhealthy") => Sight::Unhealthy,
        ("running", "starting") => Sight::Starting,
        ("running", _) => Sight::Running,
        ("paused", _) => Sight::Paused,
        ("restarting", _) => Sight::Restarting,
        ("removing", _) => Sight::Removing,
        ("exited", _) if c.by_hand || c.exit == 0 && !c.oom => Sight::Stopped,
        ("exited", _) => Sight::Failed,
        _ if !c.error.is_empty() => Sight::NotStarted,
        _ => Sight::Created,
    }
}

/// Whether a row is of the Docker host.
pub fn stands_there(row: &Row) -> bool {
    docker::is_docker(row.id)
}

/// Name of a file that comes without one: Compose looks for its own by name.
pub fn pasted_name(text: &str) -> &'static str {
    if docker::is_compose("pasted.yaml", text) { "compose.yaml" } else { "pasted.yaml" }
}

/// What a row is called: its kind as the command line has it, and its name.
pub fn title(row: &Row) -> String {
    let kind = match &row.body {
        RowBody::Project(_) => "project",
        RowBody::ComposeService(_) => "service",
        RowBody::Container(_) => "container",
        RowBody::Network(_) => "network",
        RowBody::Volume(_) => "volume",
        _ => return "docker".into(),
    };
    format!("{kind} {}", row.name)
}

/// Something that can be done: key of its words in [`Act::words`], and the line that does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Which.
    pub what: What,
    /// The line, as one would type it.
    pub line: String,
}

/// What can be done to things on a Docker host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the verb of its line")]
pub enum What {
    Stop,
    Start,
    Restart,
    Kill,
    Pause,
    Unpause,
    Remove,
    RemoveForced,
    More,
    Less,
    Recreate,
    Up,
    Down,
    DownVolumes,
    Engine,
    Reboot,
}

/// What can be done to a row, in the order of its menu.
pub fn acts(row: &Row) -> Vec<Act> {
    let name = &row.name;
    let act = |what: What, line: String| Act { what, line };
    match &row.body {
        RowBody::Host(_) => {
            vec![act(What::Engine, "systemctl restart docker".into()), act(What::Reboot, "reboot".into())]
        }
        RowBody::Project(p) => {
            let line = |verb: &str| format!("docker compose{} {verb}", p.flags);
            vec![
                act(What::Up, line("up -d")),
                act(What::Restart, line("restart")),
                act(What::Stop, line("stop")),
                act(What::Start, line("start")),
                act(What::Down, line("down")),
                act(What::DownVolumes, line("down -v")),
            ]
        }
        RowBody::ComposeService(s) => {
            let line = |verb: &str| format!("docker compose{} {verb} {name}", s.flags);
            let mut all = vec![act(What::More, scale(s, name, s.containers + 1))];
            if s.containers > 0 {
                all.push(act(What::Less, scale(s, name, s.containers - 1)));
            }
            all.push(act(What::Restart, line("restart")));
            all.push(if s.running > 0 { act(What::Stop, line("stop")) } else { act(What::Start, line("start")) });
            all.push(act(What::Recreate, line("up -d --force-recreate --no-deps")));
            all
        }
        RowBody::Container(c) => container_acts(name, c),
        RowBody::Network(_) => vec![act(What::Remove, format!("docker network rm {name}"))],
        RowBody::Volume(_) => vec![act(What::Remove, format!("docker volume rm {name}"))],
        _ => Vec::new(),
    }
}

fn container_acts(name: &str, c: &ContainerRow) -> Vec<Act> {
    let act = |what: What, verb: &str| Act { what, line: format!("docker {verb} {name}") };
    match c.state.as_str() {
        "running" => vec![
            act(What::Stop, "stop"),
            act(What::Kill, "kill"),
            act(What::Restart, "restart"),
            act(What::Pause, "pause"),
            act(What::RemoveForced, "rm -f"),
        ],
        "paused" => vec![act(What::Unpause, "unpause"), act(What::RemoveForced, "rm -f")],
        "restarting" => vec![act(What::Stop, "stop"), act(What::RemoveForced, "rm -f")],
        "removing" => Vec::new(),
        _ => vec![act(What::Start, "start"), act(What::Remove, "rm")],
    }
}

/// The line that gives a service so many containers.
pub fn scale(s: &ComposeServiceRow, name: &str, to: u32) -> String {
    format!("docker compose{} scale {name}={to}", s.flags)
}

/// A service with its containers, in order of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Row id; nothing for containers without a project.
    pub id: Option<u32>,
    /// Its turn at the start.
    pub order: u32,
    /// Row ids.
    pub containers: Vec<u32>,
}

/// A project with its services: those that start first stand first.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Row id; nothing for what has no project.
    pub id: Option<u32>,
    /// Its services.
    pub services: Vec<Service>,
}

/// Everything on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct House {
    /// Projects by name; what has none stands last.
    pub projects: Vec<Project>,
    /// Networks by name.
    pub networks: Vec<u32>,
    /// Volumes by name.
    pub volumes: Vec<u32>,
}

/// What stands on the host; `None` without one.
pub fn house(view: &View) -> Option<House> {
    view.row(docker::HOST)?;
    let mut rows: Vec<&Rc<Row>> = view.kinds.docker.iter().filter_map(|id| view.rows.get(id)).collect();
    rows.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let of = |fits: fn(&RowBody) -> bool| rows.iter().filter(move |r| fits(&r.body)).map(|r| r.id);
    let services: Vec<(u32, u32, &ComposeServiceRow)> = rows
        .iter()
        .filter_map(|r| match &r.body {
            RowBody::ComposeService(s) => Some((r.id, r.owner.unwrap_or(0), s)),
            _ => None,
        })
        .collect();
    let containers = |owner: u32| {
        let mut own: Vec<(bool, u32, u32)> = rows
            .iter()
            .filter(|r| r.owner == Some(owner))
            .filter_map(|r| match &r.body {
                RowBody::Container(c) => Some((c.one_off, c.number, r.id)),
                _ => None,
            })
            .collect();
        own.sort_unstable();
        own.into_iter().map(|o| o.2).collect::<Vec<u32>>()
    };
    let mut projects: Vec<Project> = of(|b| matches!(b, RowBody::Project(_)))
        .map(|id| {
            let mut own: Vec<Service> = services
                .iter()
                .filter(|s| s.1 == id)
                .map(|(id, _, s)| Service { id: Some(*id), order: s.order, containers: containers(*id) })
                .collect();
            own.sort_by_key(|s| s.order);
            Project { id: Some(id), services: own }
        })
        .collect();
    let loose = containers(docker::HOST);
    if !loose.is_empty() {
        projects.push(Project { id: None, services: vec![Service { id: None, order: 0, containers: loose }] });
    }
    Some(House {
        projects,
        networks: of(|b| matches!(b, RowBody::Network(_))).collect(),
        volumes: of(|b| matches!(b, RowBody::Volume(_))).collect(),
    })
}

/// All containers: how many, how many run well, how many run unwell, how many do not run.
pub fn counts(view: &View) -> [u32; 4] {
    let mut all = [0; 4];
    for row in view.kinds.docker.iter().filter_map(|id| view.row(*id)) {
        let RowBody::Container(c) = &row.body else { continue };
        let sight = sight(c);
        let place = match sight {
            s if s.well() => 1,
            Sight::Starting | Sight::Unhealthy => 2,
            _ => 3,
        };
        all[0] += 1;
        all[place] += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{HostRow, ProjectRow, Update};

    fn row(id: u32, name: &str, owner: u32, body: RowBody) -> Row {
        Row { id, name: name.into(), namespace: String::new(), owner: Some(owner), created: 0, body }
    }

    fn container(state: &str, health: &str, exit: i32, number: u32) -> ContainerRow {
        ContainerRow { state: state.into(), health: health.into(), exit, number, ..ContainerRow::default() }
    }

    #[test]
    fn a_container_looks_as_it_is() {
        let looks = |state, health, exit| sight(&container(state, health, exit, 1));
        assert_eq!(looks("running", "", 0), Sight::Running);
        assert_eq!(looks("running", "unhealthy", 0), Sight::Unhealthy);
        assert_eq!(looks("exited", "unhealthy", 1), Sight::Failed);
        assert_eq!(looks("exited", "", 0), Sight::Stopped);
        let by_hand = ContainerRow { by_hand: true, ..container("exited", "", 137, 1) };
        assert_eq!(sight(&by_hand), Sight::Stopped);
        let refused = ContainerRow { error: "port is already allocated".into(), ..container("created", "", 0, 1) };
        assert_eq!(sight(&refused), Sight::NotStarted);
    }

    #[test]
    fn pasted_compose_files_get_the_name_that_compose_looks_for() {
        assert_eq!(pasted_name("services:\n  web: {image: nginx}\n"), "compose.yaml");
        assert_eq!(pasted_name("kind: Service\nmetadata: {name: web}\n"), "pasted.yaml");
    }

    #[test]
    fn services_stand_in_the_order_of_their_start_and_containers_by_number() {
        const H: u32 = docker::HOST;
        let service = |order| RowBody::ComposeService(ComposeServiceRow { order, ..ComposeServiceRow::default() });
        let mut view = View::default();
        view.fold(Update {
            rows: vec![
                Row {
                    owner: None,
                    ..row(H, "docker", 0, RowBody::Host(HostRow { power: "on".into(), ..HostRow::default() }))
                },
                row(H | 900, "app", H, RowBody::Project(ProjectRow::default())),
                row(H | 901, "api", H | 900, service(1)),
                row(H | 902, "db", H | 900, service(0)),
                row(H | 1, "app-api-10", H | 901, RowBody::Container(Box::new(container("running", "", 0, 10)))),
                row(H | 2, "app-api-2", H | 901, RowBody::Container(Box::new(container("running", "starting", 0, 2)))),
                row(H | 3, "lonely", H, RowBody::Container(Box::new(container("exited", "", 1, 0)))),
            ],
            ..Update::default()
        });
        let house = house(&view).expect("a host");
        let names: Vec<Option<u32>> = house.projects[0].services.iter().map(|s| s.id).collect();
        assert_eq!(names, [Some(H | 902), Some(H | 901)]);
        assert_eq!(house.projects[0].services[1].containers, [H | 2, H | 1]);
        assert_eq!(house.projects[1].services[0].containers, [H | 3]);
        assert_eq!(counts(&view), [3, 1, 1, 1]);
        assert_eq!(view.troubles.iter().copied().collect::<Vec<_>>(), [H | 3]);
    }
}
