//! What one service takes from another, programs that are not there, and what a client tells when something fails.

use super::*;

fn lines(desk: &mut (Host, Table), line: &str) -> Vec<String> {
    type_line(desk, line).1
}

/// One value of a container, as `docker inspect -f` prints it.
fn shown(desk: &mut (Host, Table), name: &str, template: &str) -> String {
    lines(desk, &format!("docker inspect -f '{template}' {name}")).join("\n")
}

const SHARED: &str = "services:
  a: {image: 'myapp:1', volumes: ['data:/data']}
  b: {image: 'myapp:1', volumes_from: [a]}
  c: {image: 'myapp:1', network_mode: 'service:a'}
volumes: {data: }
";

#[test]
fn volumes_of_another_service_are_there_from_the_first_start() {
    let mut desk = desk(SHARED);
    let (code, said) = type_line(&mut desk, "docker compose up -d");
    assert_eq!(code, 0, "{said:?}");
    let taken = "{{range .Mounts}}{{.Name}} {{.Destination}}{{end}}";
    assert_eq!(shown(&mut desk, "shop-b-1", taken), "shop_data /data");
    let again = lines(&mut desk, "docker compose up -d");
    assert!(again.iter().all(|line| line.ends_with("Running ")), "{again:?}");
}

#[test]
fn who_took_from_a_container_that_is_another_now_is_made_anew() {
    let mut desk = desk(SHARED);
    type_line(&mut desk, "docker compose up -d");
    type_line(&mut desk, "docker compose up -d --no-deps --force-recreate a");
    let said = lines(&mut desk, "docker compose up -d");
    for one in ["shop-b-1", "shop-c-1"] {
        assert!(said.contains(&format!(" Container {one} Recreated ")), "{said:?}");
    }
    assert!(said.contains(&" Container shop-a-1 Running ".to_string()), "{said:?}");
    let restarted = lines(&mut desk, "docker compose restart a");
    assert!(!restarted.iter().any(|line| line.contains("shop-b-1")), "volumes alone restart nobody: {restarted:?}");
}

#[test]
fn volumes_can_come_from_a_container_outside() {
    let mut desk = desk("services: {b: {image: 'myapp:1', volumes_from: ['container:box']}}");
    let (code, said) = type_line(&mut desk, "docker compose up -d");
    assert_eq!(
        (code, said.last().map(String::as_str)),
        (1, Some("Error response from daemon: No such container: box"))
    );
    type_line(&mut desk, "docker run -d --name box -v kept:/kept myapp:1");
    assert_eq!(type_line(&mut desk, "docker compose up -d").0, 0);
    assert_eq!(shown(&mut desk, "shop-b-1", "{{range .Mounts}}{{.Name}}{{end}}"), "kept");
}

#[test]
fn a_program_that_is_not_there_leaves_the_container_as_it_was_made() {
    let file = "services:
  a: {image: 'myapp:1', entrypoint: [nosuch], restart: always}
  b: {image: 'myapp:1', depends_on: [a]}
";
    let mut desk = desk(file);
    let (code, said) = type_line(&mut desk, "docker compose up -d");
    let words = said.last().cloned().unwrap_or_default();
    assert_eq!(code, 1);
    assert!(words.ends_with("exec: \"nosuch\": executable file not found in $PATH"), "{words}");
    let state = "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}";
    assert_eq!(shown(&mut desk, "shop-a-1", state), "created 127 0");
    assert_eq!(shown(&mut desk, "shop-b-1", "{{.State.Status}}"), "created");
}

#[test]
fn a_hook_that_fails_tells_its_service_and_its_last_words() {
    let hook = "services: {web: {image: 'myapp:1', post_start: [{command: [sh, -c, 'echo oops; exit 3']}]}}";
    let said = lines(&mut desk(hook), "docker compose up -d");
    assert_eq!(said.last().map(String::as_str), Some("web hook exited with status 3: oops"));
    let quiet = "services: {web: {image: 'myapp:1', post_start: [{command: [sh, -c, 'exit 4']}]}}";
    let said = lines(&mut desk(quiet), "docker compose up -d");
    assert_eq!(said.last().map(String::as_str), Some("web hook exited with status 4"));
}

#[test]
fn files_of_variables_are_read_by_what_makes_containers_alone() {
    let mut desk = desk("services: {a: {image: 'myapp:1', env_file: nosuch.env}, b: {image: 'myapp:1'}}");
    let (code, said) = type_line(&mut desk, "docker compose up -d");
    assert!(code == 1 && said[0].contains("nosuch.env not found"), "{said:?}");
    assert_eq!(type_line(&mut desk, "docker compose up -d b").0, 0);
    for line in ["ps", "logs", "stop", "down"] {
        assert_eq!(type_line(&mut desk, &format!("docker compose {line}")).0, 0, "{line}");
    }
    let (code, said) = type_line(&mut desk, "docker compose config");
    assert!(code == 1 && said[0].contains("nosuch.env not found"), "{said:?}");
}

#[test]
fn down_tells_when_there_is_nothing() {
    let mut desk = desk("services: {a: {image: 'myapp:1', network_mode: none}}");
    let (code, said) = type_line(&mut desk, "docker compose down");
    assert_eq!(code, 0);
    assert!(said[0].ends_with("msg=\"Warning: No resource found to remove for project \\\"shop\\\".\""), "{said:?}");
    type_line(&mut desk, "docker compose up -d");
    let said = lines(&mut desk, "docker compose down");
    assert!(said.iter().all(|line| !line.contains("No resource")), "{said:?}");
}

#[test]
fn single_runs_tell_how_they_ended() {
    let mut desk = desk(SHOP);
    assert_eq!(type_line(&mut desk, "docker compose run --rm web exit 3").0, 3);
    assert_eq!(lines(&mut desk, "docker compose run --rm web exit 3").last().map(String::as_str), Some(""));
    type_line(&mut desk, "docker compose up -d");
    let (code, said) = type_line(&mut desk, "docker compose run -d --service-ports --name twin web");
    let id = shown(&mut desk, "twin", "{{.Id}}");
    assert_eq!((code, said.last().cloned()), (1, Some(format!("failed to start containers: {id}"))));
    assert_eq!(lines(&mut desk, "docker compose up -d --scale nosuch=2"), ["no such service: nosuch: not found"]);
    let env = "docker compose run --rm -e GONE -e HERE=1 web env";
    assert!(lines(&mut desk, env).iter().all(|line| !line.starts_with("GONE")));
}

#[test]
fn the_environment_can_ask_for_orphans_to_go() {
    let mut desk = desk(SHOP);
    type_line(&mut desk, "docker compose up -d");
    desk.1.files.insert("compose.yaml".into(), "services: {other: {image: 'myapp:1'}}".into());
    let said = lines(&mut desk, "COMPOSE_REMOVE_ORPHANS=1 docker compose up -d");
    assert!(said.contains(&" Container shop-web-1 Removed ".to_string()), "{said:?}");
}
