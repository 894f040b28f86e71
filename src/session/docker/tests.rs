//! What the page is told of a Docker host, through the door of the session.

use super::*;
use crate::session::{Action, Choice, Command, ContainerRow, FaultAsk, FaultRow, File, Happening, RowBody, menu};
use crate::sim::Time;
use std::collections::BTreeSet;

const SHOP: &str = "\
services:
  db:
    image: redis:7
    healthcheck:
      test: redis-cli ping
      interval: 1s
    volumes: [data:/data]
  web:
    image: nginx:1.27
    restart: always
    ports: ['8080:80']
    depends_on:
      db: {condition: service_healthy}
volumes:
  data:
";

/// What a page knows after updates.
#[derive(Default)]
struct Seen {
    rows: BTreeMap<u32, Row>,
    news: Vec<Happening>,
}

impl Seen {
    fn fold(&mut self, update: &Update) {
        if update.full {
            self.rows.clear();
        }
        update.gone.iter().for_each(|id| drop(self.rows.remove(id)));
        self.rows.extend(update.rows.iter().map(|row| (row.id, row.clone())));
        self.news.extend(update.happenings.iter().cloned());
    }
    fn container(&self, name: &str) -> (u32, ContainerRow) {
        let found = self.rows.values().find(|r| r.name == name).expect("a row of that name");
        match &found.body {
            RowBody::Container(c) => (found.id, (**c).clone()),
            other => panic!("{name} is {other:?}"),
        }
    }
}

fn opened(files: &[(&str, &str)]) -> (Session, Seen) {
    let mut session = Session::default();
    let files = files.iter().map(|(n, t)| File { name: (*n).into(), text: (*t).into() }).collect();
    let mut seen = Seen::default();
    seen.fold(&session.command(1, Command::Open { files, seed: 1, log: Vec::new(), at: 0 }));
    (session, seen)
}

fn play(session: &mut Session, seen: &mut Seen, seconds: u64) {
    for _ in 0..seconds * 4 {
        seen.fold(&session.command(2, Command::Advance { by: 250_000 }));
    }
}

fn act(session: &mut Session, seen: &mut Seen, line: &str) {
    seen.fold(&session.command(3, Command::Act(Action::Line { line: line.into() })));
}

#[test]
fn a_project_stands_there_with_its_order_and_its_parts() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP)]);
    play(&mut session, &mut seen, 20);
    let (_, web) = seen.container("app-web-1");
    assert_eq!((web.state.as_str(), web.ports), ("running", vec!["8080→80/tcp".to_string()]));
    let (_, db) = seen.container("app-db-1");
    assert_eq!((db.health.as_str(), db.mounts[0].1.as_str()), ("healthy", "app_data"));
    let services: Vec<(String, u32)> = seen
        .rows
        .values()
        .filter_map(|r| match &r.body {
            RowBody::ComposeService(s) => Some((r.name.clone(), s.order)),
            _ => None,
        })
        .collect();
    assert!(services.contains(&("db".into(), 0)) && services.contains(&("web".into(), 1)), "{services:?}");
    let kinds = seen.rows.values().filter(|r| matches!(r.body, RowBody::Network(_) | RowBody::Volume(_)));
    assert_eq!(kinds.map(|r| r.name.as_str()).collect::<BTreeSet<_>>(), ["app_data", "app_default"].into());
    assert!(seen.rows.values().all(|r| is_docker(r.id)), "no object of a cluster in a Compose-only run");
}

#[test]
fn what_was_told_bit_by_bit_is_what_is_told_at_once() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP)]);
    play(&mut session, &mut seen, 12);
    act(&mut session, &mut seen, "docker kill app-web-1");
    act(&mut session, &mut seen, "docker compose up -d --scale db=2");
    play(&mut session, &mut seen, 9);
    act(&mut session, &mut seen, "docker rm -f app-db-2");
    play(&mut session, &mut seen, 5);
    let mut whole = Seen::default();
    whole.fold(&session.command(9, Command::Refresh));
    assert_eq!(seen.rows, whole.rows);
    let quiet = session.command(10, Command::Advance { by: 1_000 });
    assert!(quiet.rows.is_empty() && quiet.happenings.is_empty(), "{quiet:?}");
}

#[test]
fn why_goes_back_to_a_line_of_the_file_and_to_who_typed() {
    const LOOP: &str =
        "services:\n  worker:\n    image: busybox\n    command: sh -c 'sleep 5; exit 1'\n    restart: always\n";
    let (mut session, mut seen) = opened(&[("compose.yaml", LOOP)]);
    play(&mut session, &mut seen, 11);
    let (id, worker) = seen.container("app-worker-1");
    assert_eq!((worker.restarts, worker.state.as_str()), (1, "running"));
    let steps = session.command(4, Command::Why { id, entry: None }).why.expect("a chain");
    let said: Vec<(&str, Option<u32>)> =
        steps.iter().map(|s| (s.what.reason.as_str(), s.origin.as_ref().map(|o| o.1))).collect();
    let wanted = [
        ("docker.started", None),
        ("docker.restarts", Some(5)),
        ("docker.ended", None),
        ("docker.started", None),
        ("docker.made", Some(2)),
        ("docker.typed", None),
    ];
    assert_eq!(said, wanted);
    assert_eq!(steps.last().map(|s| s.what.actor.as_str()), Some("you"));
    let restarted = seen.news.iter().find(|h| h.reason == "docker.restarts").expect("news of it");
    assert_eq!((restarted.object, restarted.name.as_str()), (id, "container/app-worker-1"));
}

#[test]
fn a_line_that_was_typed_is_why_a_container_stopped() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP)]);
    play(&mut session, &mut seen, 12);
    act(&mut session, &mut seen, "docker stop app-web-1");
    play(&mut session, &mut seen, 12);
    let (id, web) = seen.container("app-web-1");
    assert_eq!((web.state.as_str(), web.by_hand), ("exited", true));
    let steps = session.command(4, Command::Why { id, entry: None }).why.expect("a chain");
    let last = steps.last().expect("a step");
    assert_eq!(last.what.args, [("line".to_string(), "docker stop app-web-1".to_string())]);
    assert!(steps.iter().any(|s| s.what.reason == "docker.asked_to_stop"), "{steps:?}");
}

#[test]
fn a_chain_that_goes_round_and_round_is_folded() {
    let crash = "services:\n  a:\n    image: busybox\n    command: sh -c 'exit 3'\n    restart: always\n";
    let (mut session, mut seen) = opened(&[("compose.yaml", crash)]);
    play(&mut session, &mut seen, 60);
    let (id, row) = seen.container("app-a-1");
    assert!(row.restarts > 6, "{row:?}");
    let steps = session.command(4, Command::Why { id, entry: None }).why.expect("a chain");
    assert_eq!(steps.len(), 17);
    assert_eq!(steps[12].what.reason, "session.and_so_on");
    assert_eq!(steps[16].what.reason, "docker.typed");
}

#[test]
fn the_inspector_has_events_output_and_the_real_projection() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP)]);
    play(&mut session, &mut seen, 12);
    let (id, web) = seen.container("app-web-1");
    let found = session.command(4, Command::Inspect { id }).inspect.expect("an inspection");
    assert!(found.yaml.contains("\"RestartCount\": 0") && found.describe.starts_with("Up "), "{found:?}");
    assert_eq!(found.origin, Some(("compose.yaml".into(), 8, 3)));
    assert!(found.events.iter().any(|e| e.2 == "start"), "{:?}", found.events);
    let service = seen.rows[&id].owner.expect("its service");
    let found = session.command(5, Command::Inspect { id: service }).inspect.expect("an inspection");
    assert!(found.name == "service/web" && found.yaml.contains("image: nginx:1.27"), "{found:?}");
    assert_eq!(web.service, "web");
}

#[test]
fn files_are_checked_with_places_and_classes() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP)]);
    play(&mut session, &mut seen, 12);
    let wrong = SHOP.replace("'8080:80'", "'a:b'").replace("    restart: always\n", "    tty: true\n");
    let check = |session: &mut Session, text: &str| {
        let files = vec![File { name: "compose.yaml".into(), text: text.into() }];
        session.command(6, Command::Check { files }).check.expect("a check")
    };
    let found = check(&mut session, &wrong);
    assert_eq!((found.problems[0].line, found.problems[0].error), (11, true), "{:?}", found.problems);
    let class = |line: u32| found.marks.iter().find(|m| m.line == line).map(|m| m.class);
    assert_eq!((class(9), class(10), class(11)), (Some('s'), Some('a'), Some('r')));
    let signs = |found: &crate::session::Check| -> Vec<(char, String)> {
        found.changes.iter().map(|c| (c.sign, c.object.clone())).collect()
    };
    assert_eq!(signs(&check(&mut session, SHOP)), [('=', "service/db".into()), ('=', "service/web".into())]);
    let changed = SHOP.replace("nginx:1.27", "nginx:1.28");
    assert_eq!(signs(&check(&mut session, &changed)), [('=', "service/db".into()), ('~', "service/web".into())]);
}

#[test]
fn a_file_with_another_name_comes_up_by_its_name() {
    let (mut session, mut seen) = opened(&[("stack.yaml", "services:\n  web: {image: nginx}\n")]);
    play(&mut session, &mut seen, 8);
    let (id, _) = seen.container("app-web-1");
    let service = seen.rows[&id].owner.expect("its service");
    match &seen.rows[&service].body {
        RowBody::ComposeService(s) => assert_eq!(s.flags, " -f stack.yaml"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn steps_go_from_entry_to_entry_of_the_host() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP)]);
    play(&mut session, &mut seen, 12);
    let now = session.command(7, Command::StepEvent { back: true }).clock.now;
    assert!(now < Time::secs(12).0 && now > 0);
    let forward = session.command(8, Command::StepEvent { back: false }).clock.now;
    assert!(forward >= now);
    let entries = session.run().world.host.as_ref().map_or(0, |h| h.engine.journal.len());
    assert!(entries > 4, "{entries}");
}

#[test]
fn a_project_is_set_beside_its_conversion_under_one_load() {
    let (mut session, _) = opened(&[("compose.yaml", SHOP)]);
    let files = vec![File { name: "compose.yaml".into(), text: SHOP.into() }];
    let ask = Command::Convert { files, language: "de".into() };
    let made = session.command(2, ask).converted.expect("a conversion");
    let names: Vec<&str> = made.files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["compose.yaml", "kubernetes.yaml", "duel.scenario.yaml"]);
    assert!(made.files[2].text.contains("to: app/web"), "{}", made.files[2].text);
    assert!(!made.notes.is_empty() && made.notes.iter().all(|n| !n.words.is_empty()), "{:?}", made.notes);
    let mut seen = Seen::default();
    seen.fold(&session.command(3, Command::Open { files: made.files, seed: 1, log: Vec::new(), at: 0 }));
    play(&mut session, &mut seen, 40);
    seen.container("app-web-1");
    assert!(seen.rows.values().any(|r| matches!(&r.body, RowBody::Pod(_)) && r.name.starts_with("web-")));
    let report = session.command(4, Command::Duel).duel.expect("a report");
    assert_eq!(report.houses.iter().map(|h| h.house.as_str()).collect::<Vec<_>>(), ["compose", "kubernetes"]);
}

const BUSY: &str = "\
load:
- {to: app/web, constant: 20}
- {to: 'http://db:6379', constant: 5}
until: 1m
";

#[test]
fn requests_are_told_by_service_and_container_and_a_load_stays_one() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP), ("busy.scenario.yaml", BUSY)]);
    play(&mut session, &mut seen, 20);
    let told = |session: &mut Session| session.command(9, Command::Refresh).traffic.expect("traffic");
    let traffic = told(&mut session);
    let (web, row) = seen.container("app-web-1");
    let service = seen.rows[&web].owner;
    assert_eq!(row.service, "web");
    let load = traffic.loads.iter().find(|l| l.target == service).expect("the load on web");
    assert_eq!((load.to.as_str(), load.rate, load.inside), ("app/web", 20.0, false));
    assert!(traffic.loads.iter().any(|l| l.to == "app/db" && l.inside), "{:?}", traffic.loads);
    let flow = traffic.flows.iter().find(|f| Some(f.service) == service).expect("its flow");
    assert_eq!((flow.ends.len(), flow.ends[0].pod, flow.rate.round()), (1, web, 20.0));
    assert!(traffic.used.iter().any(|u| u.0 == web), "{:?}", traffic.used);

    let shape = crate::session::Shape { kind: "constant".into(), base: 50.0, ..Default::default() };
    let act = Action::SetLoad { name: load.name.clone(), to: load.target.unwrap_or(0), shape };
    session.command(3, Command::Act(act));
    play(&mut session, &mut seen, 3);
    let after = told(&mut session);
    assert_eq!(after.loads.len(), 2, "{:?}", after.loads);
    let flow = after.flows.iter().find(|f| Some(f.service) == service).expect("its flow");
    assert_eq!(flow.rate.round(), 50.0);
}

#[test]
fn curves_of_a_lone_host_are_those_of_everything() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP), ("busy.scenario.yaml", BUSY)]);
    play(&mut session, &mut seen, 30);
    let (web, _) = seen.container("app-web-1");
    let mut last = |id: Option<u32>, name: &str| {
        let series = session.command(4, Command::Series { id, columns: 30 }).series.expect("curves");
        assert_eq!(series.id, id);
        series.curves.iter().find(|c| c.name == name).map(|c| c.values[28]).expect(name)
    };
    assert_eq!((last(None, "containers.all"), last(None, "containers.well")), (2.0, 2.0));
    assert_eq!((last(None, "load").round(), last(Some(web), "load").round()), (25.0, 20.0));
    assert!(last(Some(HOST), "memory.used") > last(Some(web), "memory.used"));
    let service = seen.rows[&web].owner;
    assert_eq!((last(service, "containers.running"), last(service, "restarts")), (1.0, 0.0));
}

/// Does what a line of a row's menu says, for a short while; the fault as the page is told of it.
fn done(session: &mut Session, seen: &mut Seen, choice: &Choice) -> Result<FaultRow, String> {
    let lasts = if choice.lasts { 5_000_000 } else { 0 };
    let update = session.command(5, Command::Act(Action::Fault(FaultAsk { lasts, ..choice.ask.clone() })));
    seen.fold(&update);
    match (update.refused, update.faults) {
        (Some(words), _) => Err(words),
        (None, faults) => Ok(faults.into_iter().flatten().next_back().expect("a fault that is told")),
    }
}

/// Every line of every menu of the Docker host does what it says, to what it stands at, and it is over in time.
#[test]
fn whatever_a_menu_of_the_docker_host_holds_can_be_done() {
    for name in ["app-web-1", "web", "docker host"] {
        let (mut session, mut seen) = opened(&[("compose.yaml", SHOP)]);
        play(&mut session, &mut seen, 12);
        let fits = |row: &&Row| match &row.body {
            RowBody::Host(_) => name == "docker host",
            RowBody::Container(_) | RowBody::ComposeService(_) => row.name == name,
            _ => false,
        };
        let row = seen.rows.values().find(fits).expect(name).clone();
        let web = seen.container("app-web-1").0;
        let choices = menu(&row);
        let keys: Vec<&str> = choices.iter().map(|c| c.ask.kind.as_str()).collect();
        match name {
            "docker host" => {
                assert_eq!(keys, ["node-crash", "node-reboot", "node-partition", "registry-down", "dns-broken"]);
            }
            _ => assert!(["crash", "kill", "hang", "slow", "leak"].iter().all(|k| keys.contains(k)), "{keys:?}"),
        }
        for choice in &choices {
            let kind = &choice.ask.kind;
            let told = done(&mut session, &mut seen, choice);
            let told = told.unwrap_or_else(|words| panic!("{name}, {kind}: {words}"));
            let hit = if name == "docker host" { HOST } else { web };
            let everywhere = ["dns-broken", "registry-down", "image-missing"].contains(&kind.as_str());
            let hit = if everywhere { Vec::new() } else { vec![hit] };
            assert_eq!((told.kind.as_str(), told.objects), (kind.as_str(), hit), "{name}");
            play(&mut session, &mut seen, 25);
            // What lasts is over, a machine is up again, and policies have started what was ended.
            let (_, row) = seen.container("app-web-1");
            assert_eq!(row.state, "running", "{name}: after {kind}");
        }
    }
}

#[test]
fn rows_of_the_docker_host_that_cannot_break_have_no_menu_and_refuse() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP)]);
    play(&mut session, &mut seen, 12);
    let breaks = |row: &&Row| {
        matches!(row.body, RowBody::Container(_) | RowBody::ComposeService(_) | RowBody::Host(_) | RowBody::Node(_))
    };
    let others: Vec<Row> = seen.rows.values().filter(|row| is_docker(row.id) && !breaks(row)).cloned().collect();
    assert!(others.len() >= 3, "a project, a network, a volume");
    for row in others {
        assert_eq!(menu(&row), [], "{}", row.name);
        let ask = FaultAsk { kind: "crash".into(), id: row.id, ..FaultAsk::default() };
        let choice = Choice { ask, lasts: false, line: String::new() };
        let words = done(&mut session, &mut seen, &choice).expect_err("a refusal");
        assert!(words.contains("expected") || words.contains("nothing is found"), "{}: {words}", row.name);
    }
    let nonsense = FaultAsk { kind: "sneeze".into(), id: HOST, ..FaultAsk::default() };
    let choice = Choice { ask: nonsense, lasts: false, line: String::new() };
    assert_eq!(done(&mut session, &mut seen, &choice), Err("\"sneeze\" is no fault".to_string()));
}

/// One order befalls an application in both houses at the same moment: everything of it, or one at a single row.
#[test]
fn a_fault_befalls_an_application_in_both_houses() {
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: \
               {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: web, image: nginx}]}\n";
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP), ("web.yaml", web)]);
    play(&mut session, &mut seen, 12);
    let (container, _) = seen.container("app-web-1");
    let service = seen.rows[&container].owner.expect("a service");
    for (id, pods) in [(container, 1), (service, 2)] {
        let ask = FaultAsk { kind: "hang".into(), id, app: "web".into(), ..FaultAsk::default() };
        let told = done(&mut session, &mut seen, &Choice { ask, lasts: true, line: String::new() }).expect("a fault");
        let here: Vec<bool> = told.objects.iter().map(|id| is_docker(*id)).collect();
        assert_eq!((told.name.as_str(), here.iter().filter(|d| !**d).count()), ("app/web", pods));
        assert!(here.contains(&true));
    }
}

/// A container that is no longer there, or does not run, cannot break: it is said.
#[test]
fn a_fault_at_a_container_that_is_gone_is_refused() {
    let (mut session, mut seen) = opened(&[("compose.yaml", SHOP)]);
    play(&mut session, &mut seen, 12);
    let (id, _) = seen.container("app-web-1");
    act(&mut session, &mut seen, "docker rm -f app-web-1");
    play(&mut session, &mut seen, 3);
    let ask = FaultAsk { kind: "kill".into(), id, ..FaultAsk::default() };
    let before = session.command(6, Command::Refresh).faults.map_or(0, |faults| faults.len());
    let answer = done(&mut session, &mut seen, &Choice { ask, lasts: false, line: String::new() });
    assert!(answer.is_err(), "{answer:?}");
    let after = session.command(7, Command::Refresh).faults.map_or(0, |faults| faults.len());
    assert_eq!(before, after);
}

#[test]
fn what_a_container_does_is_changed_by_its_row_and_by_a_line() {
    const WEB: &str = "services:\n  web:\n    image: myapp:1\n    restart: always\n  db:\n    image: postgres:16\n";
    let (mut session, mut seen) = opened(&[("compose.yaml", WEB)]);
    play(&mut session, &mut seen, 12);
    let shown = |session: &mut Session, id: u32, name: &str| {
        let inspect = session.command(3, Command::Inspect { id }).inspect.expect("it is there");
        inspect.behaviour.into_iter().find(|b| b.1 == name).map(|b| b.2)
    };
    let (web, _) = seen.container("app-web-1");
    assert_eq!(shown(&mut session, web, "exit").as_deref(), Some("no"));
    let service = service_id("app", "web");
    let values = vec![("exit".to_string(), "20s code 4".to_string()), ("cpu".to_string(), "7ms".to_string())];
    let change = Action::SetBehaviour { id: service, container: String::new(), values };
    seen.fold(&session.command(4, Command::Act(change)));
    assert_eq!(shown(&mut session, service, "cpu").as_deref(), Some("7ms"));
    assert_eq!(shown(&mut session, web, "exit").as_deref(), Some("20s code 4"));
    play(&mut session, &mut seen, 12);
    assert_eq!(seen.container("app-web-1").1.restarts, 1, "it ended by itself and came back");
    act(&mut session, &mut seen, "behave compose/web exit=no");
    play(&mut session, &mut seen, 40);
    assert_eq!(seen.container("app-web-1").1.restarts, 1, "it runs on");
    act(&mut session, &mut seen, "behave container/app-db-1 term=ignore start=9s");
    let (db, _) = seen.container("app-db-1");
    assert_eq!(shown(&mut session, db, "term").as_deref(), Some("ignore"));
    assert_eq!(shown(&mut session, db, "start").as_deref(), Some("9s"), "as it will be, though it listens now");
}
