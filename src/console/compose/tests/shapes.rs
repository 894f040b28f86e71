//! Lists, events, configurations and single runs, in the shapes and words of the real clients.

use super::*;

#[test]
fn lists_are_filtered_and_shaped() {
    let mut desk = desk(
        "services:\n  web: {image: \"myapp:1\", labels: {tier: front}, volumes: [\"data:/data\"]}\n\
                         \x20 db: {image: \"myapp:1\"}\nvolumes: {data: }\n",
    );
    type_line(&mut desk, "docker compose up -d");
    type_line(&mut desk, "docker compose stop db");
    let mut shown = |line: &str, lines: &[&str]| assert_eq!(type_line(&mut desk, line).1, lines, "{line}");
    shown("docker ps --format '{{.Names}}: {{.State}}'", &["shop-web-1: running"]);
    shown("docker ps -f name=^shop-db --format '{{.Names}}'", &[]);
    shown("docker ps -f status=exited --format '{{.Names}}'", &["shop-db-1"]);
    shown("docker ps -a -f exited=0 -f label=tier --format '{{.Names}}'", &[]);
    shown(
        "docker ps -a -f volume=shop_data --format 'table {{.Names}}\\t{{.State}}'",
        &["NAMES        STATE", "shop-web-1   running"],
    );
    shown("docker ps -l --format '{{.Names}}'", &["shop-web-1"]);
    shown("docker ps -f colour=red", &["Error response from daemon: invalid filter 'colour'"]);
    shown(
        "docker volume ls --format '{{.Name}} {{.Mountpoint}}'",
        &["shop_data /var/lib/docker/volumes/shop_data/_data"],
    );
    shown("docker compose volumes -q web", &["shop_data"]);
    shown("docker network ls -f type=custom --format '{{.Name}}'", &["shop_default"]);
    shown(
        "docker network ls --format '{{.Name}} {{.Driver}}'",
        &["bridge bridge", "host host", "none null", "shop_default bridge"],
    );
    shown(
        "docker compose ps -a --format 'table {{.Service}}\\t{{.ExitCode}}'",
        &["SERVICE   <no value>", "db        0", "web       0"],
    );
    let (_, stats) = type_line(&mut desk, "docker compose stats --no-stream --format '{{.Name}} {{.PIDs}}'");
    assert_eq!(stats, ["shop-web-1 1"]);
    let (_, images) = type_line(&mut desk, "docker compose images --format json web");
    let (_, projects) = type_line(&mut desk, "docker compose ls --format json");
    let project = r#"[{"Name":"shop","Status":"running(1)","ConfigFiles":"/srv/shop/compose.yaml"}]"#;
    assert_eq!(projects, [project]);
    assert!(images[0].contains(r#""ContainerName":"shop-web-1","Repository":"myapp","Tag":"1""#), "{images:?}");
}

#[test]
fn events_tell_own_labels_and_of_what_is_gone() {
    let mut desk = desk("services:\n  web: {image: \"myapp:1\", labels: {tier: front}, container_name: odd}\n");
    let id = begin(&mut desk, "docker compose events --json");
    type_line(&mut desk, "docker compose up -d");
    type_line(&mut desk, "docker compose down");
    let (_, lines) = rest(&mut desk, id);
    let gone = lines.iter().find(|l| l.contains(r#""action":"destroy""#)).expect("told, though the name is its own");
    assert!(gone.contains(r#""attributes":{"image":"myapp:1","name":"odd","tier":"front"}"#), "{gone}");
    assert!(gone.contains(r#""service":"web""#) && gone.contains(r#""type":"container""#), "{gone}");
}

/// Source: compose v5.6 cmd/compose/config.go; recorded from its client.
#[test]
fn a_configuration_shows_its_variables_and_the_first_thing_that_is_asked_for() {
    let mut desk =
        desk("services:\n  web: {image: \"myapp:${TAG:-1}\", labels: {a: \"${L?need}\"}, scale: \"${N}\"}\n");
    let (code, lines) = type_line(&mut desk, "docker compose config --variables -q");
    let row = |cells: [&str; 3], last: &str| cells.map(|cell| format!("{cell:20}")).concat() + last;
    assert_eq!(
        (code, lines),
        (
            0,
            vec![
                row(["NAME", "REQUIRED", "DEFAULT VALUE"], "ALTERNATE VALUE"),
                row(["L", "true", ""], ""),
                row(["N", "false", ""], ""),
                row(["TAG", "false", "1"], ""),
            ]
        )
    );
    let (_, lines) = type_line(&mut desk, "docker compose config --variables --format yaml");
    assert_eq!(
        lines[..5],
        ["L:", "    name: L", "    defaultvalue: \"\"", "    presencevalue: \"\"", "    required: true"]
    );
    let (code, lines) = type_line(&mut desk, "docker compose config --variables --format odd");
    assert_eq!((code, lines), (1, vec!["format value \"odd\" could not be parsed: parsing failed".to_string()]));
    let (_, lines) = type_line(&mut desk, "L=1 N=1 docker compose config -q --services --images --format odd");
    assert_eq!(lines, ["web"]);
}

const JOBS: &str = "services:\n  db: {image: \"myapp:1\"}\n  web: {image: \"myapp:1\"}\njobs:\n  \
                    seed: {image: \"myapp:1\", command: [sleepexit, \"1\", \"3\"], depends_on: [db], triggers: {manual: true}}\n  \
                    auto: {image: \"myapp:1\", triggers: {manual: false}}\n";

/// Source: compose v5.6 cmd/compose/run.go; recorded from its client.
#[test]
fn a_job_is_run_with_what_it_depends_on_and_no_other_verb_takes_it() {
    let mut desk = desk(JOBS);
    let only = "job \"seed\" can only be triggered with \"docker compose run\"";
    for (line, words) in [
        ("ps seed", only),
        ("create seed", only),
        ("logs web seed", only),
        ("up -d seed", "no such service: seed"),
        ("scale seed=2", "no such service: seed"),
        ("run auto", "job \"auto\" is declared with manual: false, it cannot be run manually"),
        ("run nosuch", "no such service: nosuch"),
    ] {
        assert_eq!(type_line(&mut desk, &format!("docker compose {line}")), (1, vec![words.to_string()]), "{line}");
    }
    assert_eq!(type_line(&mut desk, "docker compose run -T --rm seed").0, 3);
    assert_eq!(type_line(&mut desk, "docker compose ps -a --services").1, ["db"]);
    desk.1
        .files
        .insert("compose.yaml".into(), JOBS.replace("{manual: false}", "{schedule: [\"@daily\"]}").as_str().into());
    let refused = "scheduled jobs are not supported in this version: auto";
    assert_eq!(type_line(&mut desk, "docker compose up -d"), (1, vec![refused.to_string()]));
}

/// Source: compose v5.6 cmd/compose/run.go; recorded from its client.
#[test]
fn a_single_run_takes_its_flags() {
    let mut desk = desk(SHOP);
    desk.1.files.insert("more.env".into(), "A=file\nB=file\n".into());
    for (line, words) in [
        ("run -l a web", "label must be set as KEY=VALUE"),
        ("run -p x web", "invalid containerPort: x"),
        ("run --pull x web", "invalid --pull option \"x\""),
        ("run --tty -T web", "--tty and --no-tty can't be used together"),
        ("run --entrypoint \"a 'b\" web", "invalid command line string"),
        ("run --env-from-file no.env web", "open no.env: no such file or directory"),
    ] {
        assert_eq!(type_line(&mut desk, &format!("docker compose {line}")), (1, vec![words.to_string()]), "{line}");
    }
    let flags = "-d -q --name one -l tier=front -e A=line --env-from-file more.env -v cache:/cache -p 9000:80";
    let (code, lines) = type_line(&mut desk, &format!("docker compose run {flags} web"));
    assert_eq!((code, lines.len()), (0, 1), "only the id: {lines:?}");
    let inspect = "{{index .Config.Labels \"tier\"}} {{json .Config.Env}} {{range .Mounts}}{{.Name}}{{end}}";
    let (_, lines) = type_line(&mut desk, &format!("docker inspect -f '{inspect}' one"));
    assert_eq!(lines, ["front [\"PATH=/usr/local/bin:/bin\",\"A=line\",\"B=file\"] cache"]);
    assert_eq!(type_line(&mut desk, "docker port one").1[0], "80/tcp -> 0.0.0.0:9000");
    assert_eq!(type_line(&mut desk, "docker compose run -T --rm --entrypoint '/app sleepexit' web 1 5").0, 5);
}

#[test]
fn output_is_cut_by_dates_and_orphans_are_killed_when_asked() {
    let mut desk =
        desk("services:\n  a: {image: \"myapp:1\", environment: {LOG_EVERY: \"1\"}}\n  b: {image: \"myapp:1\"}\n");
    type_line(&mut desk, "docker compose up -d");
    type_line(&mut desk, "sleep 4");
    let (_, all) = type_line(&mut desk, "docker compose logs --no-log-prefix --since 2025-12-31 a");
    let (_, late) = type_line(&mut desk, "docker compose logs --no-log-prefix --since 2026-01-01T00:00:04Z a");
    assert!(all.len() > late.len() && !late.is_empty() && all.ends_with(&late), "{all:?} {late:?}");
    let words = "invalid value for \"since\": failed to parse value as time or duration: \"soon\"";
    assert_eq!(type_line(&mut desk, "docker logs --since soon shop-a-1"), (1, vec![words.to_string()]));
    desk.1.files.insert("compose.yaml".into(), "services:\n  a: {image: \"myapp:1\"}\n".into());
    type_line(&mut desk, "docker compose kill");
    assert_eq!(type_line(&mut desk, "docker compose ps --services").1, ["b"]);
    assert_eq!(type_line(&mut desk, "docker compose kill --remove-orphans").0, 0);
    assert_eq!(type_line(&mut desk, "docker compose ps --services").1, [""]);
}
