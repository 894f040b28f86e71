//! Lines typed at a desk, and what they answer.

use super::*;

mod inspect;
mod projects;
mod shapes;

/// A desk with one file of services.
fn desk(file: &str) -> (Host, Table) {
    let (mut host, mut table) = (Host::new(1), Table::new("/srv/shop"));
    let image = crate::compose::engine::Image {
        entrypoint: vec!["/app".into()],
        command: vec!["serve".into()],
        exposed: vec!["80/tcp".into()],
        ..Default::default()
    };
    host.engine.images.put("myapp:1", image);
    table.files.insert("compose.yaml".into(), file.into());
    (host, table)
}

fn type_line((host, table): &mut (Host, Table), line: &str) -> (i32, Vec<String>) {
    let mut desk = table.at(host);
    let id = desk.type_line(line);
    let end = desk.host.now() + Span::secs(60);
    let mut out = Vec::new();
    loop {
        let (lines, code) = desk.table.take(id);
        out.extend(lines.iter().map(|l| l.text.to_string()));
        if let Some(code) = code {
            return (code, out);
        }
        let due = desk.next_due().unwrap_or(end).min(end).max(desk.host.now());
        assert!(desk.host.now() < end, "{line} does not end");
        desk.run_until(due);
    }
}

const SHOP: &str = "services:\n  web: {image: \"myapp:1\", ports: [\"8080:80\"]}\n";

#[test]
fn up_looks_like_the_real_one_and_is_seen_by_ps() {
    let mut desk = desk(SHOP);
    let (code, lines) = type_line(&mut desk, "docker compose up -d");
    assert_eq!(code, 0);
    assert_eq!(
        lines,
        [
            " Network shop_default Creating ",
            " Network shop_default Creating ",
            " Network shop_default Created ",
            " Network shop_default Created ",
            " Container shop-web-1 Creating ",
            " Container shop-web-1 Created ",
            " Container shop-web-1 Starting ",
            " Container shop-web-1 Started ",
        ]
    );
    let (_, lines) = type_line(&mut desk, "docker compose ps");
    assert!(lines[1].starts_with("shop-web-1   myapp:1   \"/app serve\"   web"), "{lines:?}");
    assert!(lines[1].ends_with("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"));
    assert_eq!(type_line(&mut desk, "docker compose up -d").1, [" Container shop-web-1 Running "]);
}

#[test]
fn lines_are_a_shells() {
    let mut desk = desk(SHOP);
    type_line(&mut desk, "docker compose up -d");
    let inspect = "docker inspect -f '{{.Name}} {{.State.Status}}' $(docker compose ps -aq) | sort";
    assert_eq!(type_line(&mut desk, inspect), (0, vec!["/shop-web-1 running".to_string()]));
    assert_eq!(type_line(&mut desk, "docker compose exec -T web sh -c \"exit 7\"").0, 7);
    assert_eq!(type_line(&mut desk, "docker ps -q | wc -l").1, ["1"]);
    assert_eq!(type_line(&mut desk, "docker compose nonsense").0, 1);
    let (code, lines) = type_line(&mut desk, "docker compose stop nosuch");
    assert_eq!((code, lines), (1, vec!["no such service: nosuch".to_string()]));
}

#[test]
fn down_leaves_nothing_and_an_empty_folder_is_told() {
    let mut desk = desk(SHOP);
    type_line(&mut desk, "docker compose up -d");
    let (code, lines) = type_line(&mut desk, "docker compose down");
    assert_eq!((code, lines.last().map(String::as_str)), (0, Some(" Network shop_default Removed ")));
    assert!(desk.0.engine.containers.is_empty());
    desk.1.files.clear();
    let answer = type_line(&mut desk, "docker compose up -d");
    assert_eq!(answer, (1, vec!["no configuration file provided: not found".to_string()]));
}

#[test]
fn attached_up_ends_with_its_containers() {
    let mut desk = desk("services:\n  job: {image: \"myapp:1\", command: [sleepexit, \"1\", \"3\"]}\n");
    let (code, lines) = type_line(&mut desk, "docker compose up --abort-on-container-exit");
    assert_eq!(code, 3);
    assert!(lines.contains(&"Attaching to job-1".to_string()));
    assert!(lines.contains(&"job-1  | exiting with 3".to_string()));
    assert!(lines.iter().any(|l| l.contains("job-1 exited with code 3")));
}

/// Starts a line and leaves it under way; what it says is taken by [`rest`].
fn begin((host, table): &mut (Host, Table), line: &str) -> u32 {
    let mut desk = table.at(host);
    let id = desk.type_line(line);
    let soon = desk.host.now() + Span::secs(2);
    desk.run_until(soon);
    id
}

fn rest((host, table): &mut (Host, Table), id: u32) -> (Option<i32>, Vec<String>) {
    let mut desk = table.at(host);
    let soon = desk.host.now() + Span::secs(2);
    desk.run_until(soon);
    let (lines, code) = desk.table.take(id);
    (code, lines.iter().map(|l| l.text.trim_start_matches("\r\u{1b}[K").to_string()).collect())
}

#[test]
fn followed_logs_end_with_the_last_container_and_tell_a_restarted_one_twice() {
    let mut desk =
        desk("services:\n  a: {image: \"myapp:1\", environment: {LOG_EVERY: \"1\"}}\n  b: {image: \"myapp:1\"}\n");
    type_line(&mut desk, "docker compose up -d");
    let all = begin(&mut desk, "docker compose logs -f --tail 1 a b");
    type_line(&mut desk, "docker compose stop b");
    let (code, lines) = rest(&mut desk, all);
    assert_eq!(code, None, "a still runs");
    assert_eq!(lines.iter().filter(|l| *l == "b-1 exited with code 0").count(), 1);
    type_line(&mut desk, "docker restart -t 1 shop-a-1");
    let (_, lines) = rest(&mut desk, all);
    assert!(lines.contains(&"a-1 exited with code 0 (restarting)".to_string()), "{lines:?}");
    assert!(!lines.iter().any(|l| l.contains("start serve")), "only the last line of those already there: {lines:?}");
    type_line(&mut desk, "docker compose stop a");
    let (code, lines) = rest(&mut desk, all);
    assert_eq!((code, lines.iter().filter(|l| *l == "a-1 exited with code 0").count()), (Some(0), 2), "{lines:?}");
}

#[test]
fn an_end_counts_for_an_attached_up_also_where_the_policy_starts_again() {
    let mut desk =
        desk("services:\n  job: {image: \"myapp:1\", command: [sleepexit, \"1\", \"3\"], restart: always}\n");
    let (code, lines) = type_line(&mut desk, "docker compose up --abort-on-container-exit");
    assert_eq!(code, 3);
    assert!(lines.iter().any(|l| l.contains("job-1 exited with code 3 (restarting)")), "{lines:?}");
}

#[test]
fn waiting_ends_at_the_first_end_and_takes_one_that_was_before() {
    let mut desk =
        desk("services:\n  job: {image: \"myapp:1\", command: [sleepexit, \"3\", \"4\"], restart: always}\n");
    type_line(&mut desk, "docker compose up -d");
    let (code, lines) = type_line(&mut desk, "docker compose wait job");
    assert_eq!((code, lines.len()), (4, 1), "{lines:?}");
    assert!(lines[0].ends_with("exited with status code 4"));
    type_line(&mut desk, "docker compose stop");
    assert_eq!(type_line(&mut desk, "docker compose wait job").1.len(), 1, "it has ended already");
    let none = (1, vec!["no containers for project \"shop\"".to_string()]);
    assert_eq!(type_line(&mut desk, "docker compose wait nobody"), none);
    assert_eq!(type_line(&mut desk, "docker compose wait --down-project job").0, 4);
    assert!(desk.0.engine.containers.is_empty());
}

#[test]
fn named_services_alone_are_killed_not_what_they_depend_on() {
    let depends = "services:\n  db: {image: \"myapp:1\"}\n  web: {image: \"myapp:1\", depends_on: [db]}\n  \
                   api: {image: \"myapp:1\", depends_on: [db]}\n";
    let mut desk = desk(depends);
    type_line(&mut desk, "docker compose up -d");
    type_line(&mut desk, "docker compose kill web api");
    assert_eq!(type_line(&mut desk, "docker compose ps --services").1, ["db"]);
}

/// Source: compose v5.6 cmd/compose/*.go; spf13/cobra args.go, pflag errors.go.
#[test]
fn what_does_not_fit_is_refused_in_the_clients_words() {
    let mut desk = desk(SHOP);
    type_line(&mut desk, "docker compose up -d");
    for (line, words) in [
        ("exec web", "requires at least 2 arg(s), only received 1"),
        ("run", "requires at least 1 arg(s), only received 0"),
        ("scale", "requires at least 1 arg(s), only received 0"),
        ("port", "accepts between 1 and 2 arg(s), received 0"),
        ("stats a b", "accepts at most 1 arg(s), received 2"),
        ("ls now", "unknown command \"now\" for \"docker compose ls\""),
        ("port web x", "strconv.ParseUint: parsing \"x\": invalid syntax"),
        ("port web 70000", "strconv.ParseUint: parsing \"70000\": value out of range"),
        ("ps --filter running", "arguments to --filter should be in form KEY=VAL"),
        ("ps --filter name=web", "unknown filter name"),
        ("ls --filter label=x", "invalid filter 'label'"),
        ("down --rmi some", "invalid value for --rmi: \"some\""),
        ("logs --index 1", "--index requires one service to be selected"),
        ("create --timeout 3", "unknown flag: --timeout"),
        ("create --force-recreate --no-recreate", "--force-recreate and --no-recreate are incompatible"),
        ("run -P -p 80:80 web", "--service-ports and --publish are incompatible"),
        ("up -d --wait-timeout -1", "--wait-timeout must be a non-negative integer"),
        ("up -d --pull sometimes", "invalid --pull option \"sometimes\""),
        ("up --attach db", "cannot attach to services not included in up: db"),
        ("up --attach web --attach-dependencies", "cannot combine --attach and --attach-dependencies"),
        ("volumes db", "no such service: db"),
    ] {
        assert_eq!(type_line(&mut desk, &format!("docker compose {line}")), (1, vec![words.to_string()]), "{line}");
    }
    let all = ["80/tcp -> 0.0.0.0:8080", "80/tcp -> [::]:8080"].map(String::from).to_vec();
    assert_eq!(type_line(&mut desk, "docker compose port web"), (0, all));
}

#[test]
fn a_single_run_leaves_nothing_with_rm_also_when_it_fails() {
    let mut desk = desk(SHOP);
    for (command, code) in [("sleepexit 1 5", 5), ("sleepexit 1 0", 0)] {
        let line = format!("docker compose run --rm -T web {command}");
        assert_eq!(type_line(&mut desk, &line).0, code, "{line}");
        assert!(desk.0.engine.containers.is_empty(), "{line}");
    }
    assert_eq!(type_line(&mut desk, "docker compose run -T web sleepexit 1 6").0, 6);
    assert_eq!(desk.0.engine.containers.len(), 1);
}

#[test]
fn a_single_container_leaves_nothing_with_rm_and_its_code_counts() {
    let mut desk = desk(SHOP);
    let (code, lines) = type_line(&mut desk, "docker run --rm myapp:1 sleepexit 1 4");
    assert_eq!((code, lines), (4, vec!["exiting with 4".to_string()]));
    assert!(desk.0.engine.containers.is_empty());
}

#[test]
fn a_service_of_a_profile_that_is_off_is_seen_by_its_name() {
    let mut desk = desk("services:\n  web: {image: \"myapp:1\", profiles: [x]}\n");
    type_line(&mut desk, "docker compose up -d web");
    assert_eq!(type_line(&mut desk, "docker compose ps --services web"), (0, vec!["web".to_string()]));
    let (_, lines) = type_line(&mut desk, "docker compose ps nosuch");
    assert_eq!(lines, ["no such service: nosuch"]);
    assert_eq!(type_line(&mut desk, "docker compose -p shop ps -q nosuch"), (0, Vec::new()));
    desk.1.files.clear();
    desk.1.env.insert("COMPOSE_PROJECT_NAME".into(), "shop".into());
    let (code, lines) = type_line(&mut desk, "docker compose exec -T web sh -c \"exit 3\"");
    assert_eq!((code, lines.len()), (3, 0), "a name is enough: {lines:?}");
    assert_eq!(type_line(&mut desk, "docker compose ps -q").1.len(), 1);
}

/// Source: docker/cli v28 cli/command/container; moby v29 daemon.
#[test]
fn verbs_about_one_container() {
    let mut desk = desk(SHOP);
    type_line(&mut desk, "docker compose up -d");
    let both = ["80/tcp -> 0.0.0.0:8080", "80/tcp -> [::]:8080"].map(String::from).to_vec();
    assert_eq!(type_line(&mut desk, "docker port shop-web-1"), (0, both));
    assert_eq!(type_line(&mut desk, "docker port shop-web-1 80").1, ["0.0.0.0:8080", "[::]:8080"]);
    let mut refused = |line: &str, words: &str| {
        let (code, lines) = type_line(&mut desk, &format!("docker {line}"));
        assert_eq!((code, lines.first().map(String::as_str)), (1, Some(words)), "{line}");
    };
    refused("port shop-web-1 81", "Error: No public port '81' published for shop-web-1");
    refused("port shop-web-1 x", "Error: invalid port (x): strconv.ParseUint: parsing \"x\": invalid syntax");
    refused("port", "docker: 'docker port' requires at least 1 and at most 2 arguments");
    refused("stop", "docker: 'docker stop' requires at least 1 argument");
    refused("tag one", "docker: 'docker tag' requires 2 arguments");
    refused("ps web", "docker: 'docker ps' accepts no arguments");
    refused("nonsense", "docker: unknown command: docker nonsense");
    refused("cp a b", "docker cp is not simulated");
    refused("port nobody", "Error response from daemon: No such container: nobody");
    refused("update shop-web-1", "you must provide one or more flags when using this command");
    let policy = "unknown policy 'ever'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'";
    refused("update --restart ever a", &format!("Error response from daemon: invalid restart policy: {policy}"));
    refused("network connect nowhere nobody", "Error response from daemon: network nowhere not found");
    let twice = "endpoint with name shop-web-1 already exists in network shop_default";
    refused("network connect shop_default shop-web-1", &format!("Error response from daemon: {twice}"));
}

#[test]
fn a_container_is_renamed_updated_and_waited_for() {
    let mut desk = desk(SHOP);
    type_line(&mut desk, "docker compose up -d");
    assert_eq!(type_line(&mut desk, "docker rename shop-web-1 old"), (0, Vec::new()));
    let (code, lines) = type_line(&mut desk, "docker rename old old");
    assert_eq!((code, lines.last().map(String::as_str)), (1, Some("Error: failed to rename container named old")));
    assert!(type_line(&mut desk, "docker top old").1[1].ends_with("/app serve"));
    assert_eq!(type_line(&mut desk, "docker update --restart=always old"), (0, vec!["old".to_string()]));
    let policy = "docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' old";
    assert_eq!(type_line(&mut desk, policy).1, ["always"]);
    type_line(&mut desk, "docker container stop old");
    let missing = "Error response from daemon: No such container: nobody";
    assert_eq!(type_line(&mut desk, "docker wait nobody old"), (1, vec!["0".to_string(), missing.to_string()]));
    assert!(type_line(&mut desk, "docker top old").1[0].ends_with("is not running"));
}

#[test]
fn the_output_of_one_container_is_cut_stamped_and_followed() {
    let vars = "{LOG_EVERY: \"1\", EXIT_AFTER: \"4\", EXIT_CODE: \"3\"}";
    let mut desk = desk(&format!("services:\n  a: {{image: \"myapp:1\", environment: {vars}}}\n"));
    type_line(&mut desk, "docker compose up -d");
    let (_, lines) = type_line(&mut desk, "docker logs -t --tail 1 shop-a-1");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("2026-"), "{lines:?}");
    let (code, lines) = type_line(&mut desk, "docker logs -ft --tail 0 shop-a-1");
    assert_eq!(code, 0, "the code of the container does not count");
    assert!(lines.iter().any(|l| l.starts_with("2026-") && l.ends_with("Z line 3")), "{lines:?}");
}

#[test]
fn loops_go_round_with_their_words_and_end() {
    let mut desk = desk(SHOP);
    let mut say = |line: &str| type_line(&mut desk, line);
    assert_eq!(say("for i in $(seq 2); do echo $i; done; echo end"), (0, vec!["1".into(), "2".into(), "end".into()]));
    assert_eq!(say("echo $(for i in a b; do echo $i; done)").1, ["a b"]);
    assert_eq!(say("echo $(seq 5 | head -n 2)").1, ["1 2"]);
    let around = "for a in $(seq 500); do for b in $(seq 500); do for c in $(seq 500); do true; done; done; done";
    let (code, lines) = say(around);
    assert_eq!((code, lines), (2, vec!["sh: more than 5000 commands of a line are not followed here".to_string()]));
    assert_eq!(say("docker ps |"), (2, vec!["sh: syntax error: unexpected end of file".to_string()]));
    assert_eq!(say("echo a | $NOTHING").1, ["a"]);
}

#[test]
fn a_dry_run_is_refused_in_the_readers_language_and_does_nothing() {
    let mut desk = desk(SHOP);
    type_line(&mut desk, "docker compose up -d");
    let there = desk.0.engine.containers.len();
    let refused = |what: &str| (1, vec![what.to_string()]);
    let line = "docker compose --dry-run down -v";
    assert_eq!(type_line(&mut desk, line), refused("docker compose --dry-run is not simulated"));
    desk.1.language = "de".into();
    assert_eq!(type_line(&mut desk, line), refused("docker compose --dry-run ist hier nicht simuliert"));
    assert_eq!(desk.0.engine.containers.len(), there);
}

#[test]
fn loops_over_docker_lines_are_for_the_docker_host() {
    let lines = [
        "TAG=2 docker compose up -d",
        "sudo reboot",
        "for c in $(docker compose ps -q); do docker stop $c; done",
        "for n in node-1; do kubectl drain $n; done",
        "kubectl get pods",
    ];
    assert_eq!(lines.map(super::is_for_docker), [true, true, true, false, false]);
}

#[test]
fn commands_that_fail_in_lines_that_change_something_are_counted() {
    let mut desk = desk(SHOP);
    for line in ["docker stop a || docker rm b", "docker inspect a", "docker ps", "false", "docker compose up -d"] {
        type_line(&mut desk, line);
    }
    assert_eq!(desk.1.refused, 2);
}
