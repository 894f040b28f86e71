//! `docker inspect`, and what the `docker` client says of names that are not there.

use super::*;

#[test]
fn what_is_not_there_is_told_as_the_client_tells_it() {
    let mut desk = desk("services:\n  web: {image: \"myapp:1\"}\n");
    type_line(&mut desk, "docker compose up -d");
    let missing = "Error response from daemon: No such container: nosuch";
    let health = "{{.State.Health.Status}}";
    let no_key = "template parsing error: template: :1:8: executing \"\" at <.State.Health.Status>: map has no entry for \
                  key \"Health\"";
    for (line, code, lines) in [
        (format!("docker inspect -f '{health}' shop-web-1"), 1, vec!["", no_key]),
        ("docker inspect -f '{{.State.Status}}' shop-web-1".into(), 0, vec!["running"]),
        ("docker inspect -f '{{.HostConfig.RestartPolicy}}' shop-web-1".into(), 0, vec!["{no 0}"]),
        ("docker inspect nosuch".into(), 1, vec!["[]", "Error: No such object: nosuch"]),
        ("docker network inspect nosuch".into(), 1, vec!["[]", "Error response from daemon: network nosuch not found"]),
        (
            "docker volume inspect nosuch".into(),
            1,
            vec!["[]", "Error response from daemon: get nosuch: no such volume"],
        ),
        (
            "docker inspect --type foo shop-web-1".into(),
            1,
            vec![
                "unknown type: \"foo\": must be one of \"config\", \"container\", \"image\", \"network\", \"node\", \
                 \"plugin\", \"secret\", \"service\", \"task\", \"volume\"",
            ],
        ),
        ("docker start nosuch".into(), 1, vec![missing, "Error: failed to start containers: nosuch"]),
        ("docker rm -f nosuch".into(), 0, vec![missing]),
        (
            "docker network rm nosuch".into(),
            1,
            vec!["Error response from daemon: network nosuch not found", "exit status 1"],
        ),
        ("docker kill -s FOO shop-web-1".into(), 1, vec!["Error response from daemon: invalid signal: FOO"]),
    ] {
        let lines: Vec<String> = lines.into_iter().map(String::from).collect();
        assert_eq!(type_line(&mut desk, &line), (code, lines), "{line}");
    }
    let (code, lines) = type_line(&mut desk, "docker network rm shop_default");
    let used = "Error response from daemon: error while removing network: network shop_default has active endpoints \
                (name:\"shop-web-1\" id:\"";
    assert!(code == 1 && lines[0].starts_with(used) && lines[1] == "exit status 1", "{lines:?}");
    assert_eq!(type_line(&mut desk, "docker volume create").1[0].len(), 64);
    let (_, lines) = type_line(&mut desk, "docker stop shop-web-1");
    assert_eq!(lines, ["shop-web-1"]);
    let again = "Error response from daemon: No such container: shop-web-1";
    assert_eq!(type_line(&mut desk, "docker rm shop-web-1 shop-web-1"), (1, vec![again.into(), "shop-web-1".into()]));
}

#[test]
fn compose_shapes_what_it_is_asked_for() {
    let mut desk = desk("services:\n  web: {image: \"myapp:1\", ports: [\"18420:80\"]}\n");
    type_line(&mut desk, "docker compose up -d");
    let (_, lines) = type_line(&mut desk, "docker compose ps --format '{{.Publishers}}'");
    assert_eq!(lines, ["[80/tcp -> 0.0.0.0:18420 80/tcp -> [::]:18420]"]);
    let (_, lines) = type_line(&mut desk, "docker compose ps --format json");
    assert!(lines[0].contains(r#"{"URL":"0.0.0.0","TargetPort":80,"PublishedPort":18420,"Protocol":"tcp"}"#));
    let (code, lines) = type_line(&mut desk, "docker compose ls --format xml");
    assert_eq!((code, &*lines[0]), (1, "format value \"xml\" could not be parsed: parsing failed"));
    assert_eq!(type_line(&mut desk, "docker compose version -f json").1, [r#"{"version":"v5.6.0"}"#]);
    let (code, lines) = type_line(&mut desk, "docker compose cp web:/a b");
    assert!(code == 1 && lines[0].contains("docker compose cp"), "{lines:?}");
}

#[test]
fn the_networks_of_every_engine_are_found_and_stay() {
    let mut desk = desk("services:\n  web: {image: \"myapp:1\"}\n");
    let mut say = |line: &str| type_line(&mut desk, line);
    for name in ["bridge", "host", "none"] {
        let gone = format!("Error response from daemon: {name} is a pre-defined network and cannot be removed");
        assert_eq!(say(&format!("docker network rm {name}")), (1, vec![gone, "exit status 1".into()]));
        let made = format!("Error response from daemon: {name} is a pre-defined network and cannot be created");
        assert_eq!(say(&format!("docker network create {name}")), (1, vec![made]));
        let known = "docker network inspect -f '{{.Name}}' $(docker network ls -q --no-trunc -f name=^".to_string();
        assert_eq!(say(&(known + name + "$)")), (0, vec![name.to_string()]));
    }
    let network = |name: &str| format!("docker network inspect -f '{{{{.Driver}}}} {{{{json .IPAM.Config}}}}' {name}");
    let ranges = |name: &str| say(&network(name)).1.concat();
    let all = ["bridge", "host", "none"].map(ranges);
    assert_eq!(all, [r#"bridge [{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}]"#, "host null", "null null"]);
    let options = say("docker network inspect -f '{{index .Options \"com.docker.network.bridge.name\"}}' bridge");
    assert_eq!(options, (0, vec!["docker0".into()]));
}

#[test]
fn a_container_alone_stands_in_the_default_bridge_where_no_names_are_known() {
    let mut desk = desk("services:\n  web: {image: \"myapp:1\"}\n");
    let mut say = |line: &str| type_line(&mut desk, line);
    for line in [
        "docker run -d --name a myapp:1",
        "docker run -d --name b myapp:1",
        "docker run -d --name h --network host myapp:1",
    ] {
        assert_eq!(say(line).0, 0, "{line}");
    }
    let places = "docker network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}};{{end}}' bridge host";
    let (_, lines) = say(places);
    let mut bridge: Vec<&str> = lines[0].split_terminator(';').collect();
    bridge.sort();
    assert_eq!((bridge, lines[1].as_str()), (vec!["a 172.17.0.2/16", "b 172.17.0.3/16"], "h ;"));
    assert_ne!(say("docker exec a nslookup b").0, 0);
    let short = "docker inspect -f '{{json .NetworkSettings.Networks.bridge.DNSNames}}' a";
    assert_eq!(say(short).1, ["null"]);
}

#[test]
fn a_service_in_the_network_of_its_host_stands_there() {
    let mut desk = desk("services:\n  web: {image: \"myapp:1\", network_mode: host}\n");
    type_line(&mut desk, "docker compose up -d");
    let inside = "docker network inspect -f '{{range .Containers}}{{.Name}}{{end}}' host";
    assert_eq!(type_line(&mut desk, inside), (0, vec!["shop-web-1".into()]));
}
