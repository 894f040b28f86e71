//! What a project becomes, on small examples.

use super::*;

fn read(project: &str) -> Value {
    let (node, problems) = yaml::read_one(project);
    assert!(problems.is_empty(), "{problems:?}");
    node.map(|n| n.to_value()).unwrap_or_default()
}

fn converted(project: &str) -> Converted {
    convert(&read(project), &|_| None)
}

fn document<'a>(all: &'a Converted, kind: &str, name: &str) -> &'a Value {
    let fits = |d: &&Value| d.str_at(&["kind"]) == Some(kind) && d.str_at(&["metadata", "name"]) == Some(name);
    all.documents.iter().find(fits).unwrap_or_else(|| panic!("no {kind} {name} in\n{}", all.text()))
}

fn keys(all: &Converted) -> Vec<(&str, &str)> {
    all.notes.iter().map(|n| (n.path.as_str(), n.key)).collect()
}

const SHOP: &str = "
name: shop
services:
  web:
    image: nginx:1.27
    ports: [{mode: ingress, target: 80, published: '8080', protocol: tcp}]
    environment: {DB: 'postgres://db/shop', PRICE: '$(5)'}
    depends_on: {db: {condition: service_healthy, required: true}}
    restart: always
  db:
    image: postgres:16
    expose: ['5432']
    restart: always
    healthcheck: {test: [CMD-SHELL, pg_isready], interval: 2s, timeout: 1s, retries: 5, start_period: 10s}
    volumes: [{type: volume, source: data, target: /var/lib/postgresql/data, volume: {}}]
  seed:
    image: busybox:1.37
    command: [sh, -c, echo done]
    restart: 'no'
volumes: {data: {name: shop_data}}
";

#[test]
fn a_shop_becomes_workloads_services_and_a_claim() {
    let all = converted(SHOP);
    let kinds: Vec<String> = all
        .documents
        .iter()
        .map(|d| format!("{}/{}", d.str_at(&["kind"]).unwrap_or(""), d.str_at(&["metadata", "name"]).unwrap_or("")))
        .collect();
    let expected = [
        "PersistentVolumeClaim/data",
        "Service/db",
        "Service/web",
        "Service/web-published",
        "Deployment/db",
        "Job/seed",
        "Deployment/web",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(document(&all, "Service", "web").at(&["spec", "ports"]), Some(&read("[{name: tcp-80, port: 80}]")));
    let outside = document(&all, "Service", "web-published");
    assert_eq!(outside.at(&["spec", "ports"]), Some(&read("[{name: tcp-8080, port: 8080, targetPort: 80}]")));
}

#[test]
fn a_health_check_takes_traffic_away_and_lets_others_wait() {
    let all = converted(SHOP);
    let db = document(&all, "Deployment", "db").at(&["spec", "template", "spec", "containers"]).expect("containers");
    let db = &db.as_list().expect("a list")[0];
    assert_eq!(
        db.get("readinessProbe"),
        Some(&read(
            "{exec: {command: [/bin/sh, -c, pg_isready]}, periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 5}"
        ))
    );
    // 10 s in which failures do not count, and five times 2 s behind it, asked every 5 s
    assert_eq!(db.int_at(&["startupProbe", "failureThreshold"]), Some(4));
    assert!(db.get("livenessProbe").is_none());
    let web = document(&all, "Deployment", "web");
    let wait = &web.list_at(&["spec", "template", "spec", "initContainers"])[0];
    assert_eq!(wait.list_at(&["command"])[2].as_str(), Some("until nc -z db 5432; do sleep 1; done"));
    assert!(keys(&all).contains(&("services.db.healthcheck", "decide.liveness")));
}

#[test]
fn a_port_that_nobody_tells_is_that_of_the_image() {
    let waits = |image: &str| {
        let check = "healthcheck: {test: [CMD, x]}";
        let depends = "depends_on: {db: {condition: service_healthy, required: true}}";
        let all =
            converted(&format!("{{services: {{db: {{image: '{image}', {check}}}, web: {{image: x, {depends}}}}}}}"));
        let pod = document(&all, "Deployment", "web").at(&["spec", "template", "spec"]).cloned().expect("a pod");
        pod.list_at(&["initContainers"])
            .first()
            .map(|wait| wait.list_at(&["command"])[2].as_str().unwrap_or("").to_string())
    };
    let line = |port: u16| Some(format!("until nc -z db {port}; do sleep 1; done"));
    assert_eq!(waits("mariadb:10-focal"), line(3306));
    assert_eq!(waits("docker.io/library/redis@sha256:00"), line(6379));
    assert_eq!(waits("shop/redis"), None);
}

#[test]
fn names_that_become_the_same_stay_apart() {
    let all = converted("{services: {a_b: {image: x}, a.b: {image: y}}}");
    let names: Vec<&str> = all.documents.iter().filter_map(|d| d.str_at(&["metadata", "name"])).collect();
    assert_eq!(names, ["a-b", "a-b-2"]);
    let asked = converted(
        "{services: {a: {image: x, platform: linux/arm64, runtime: kata, sysctls: {net.core.somaxconn: '1'}}}}",
    );
    let keys = keys(&asked);
    for (path, key) in [("platform", "decide.platform"), ("runtime", "decide.runtime"), ("sysctls", "decide.sysctl")] {
        assert!(keys.contains(&(format!("services.a.{path}").as_str(), key)), "{keys:?}");
    }
}

#[test]
fn nothing_is_dropped_in_silence() {
    let all = converted(
        "{services: {a: {image: x, ulimits: {nproc: 5}, gizmo: 1, volumes_from: [b], init: true, stop_signal: SIGQUIT}}}",
    );
    let said = keys(&all);
    for (path, key) in [
        ("services.a.ulimits", "none.ulimits"),
        ("services.a.gizmo", "none.key"),
        ("services.a.volumes_from", "none.volumes_from"),
        ("services.a.init", "none.init"),
        ("services.a.stop_signal", "none.stop_signal"),
    ] {
        assert!(said.contains(&(path, key)), "{path} {key} in {said:?}");
    }
}

#[test]
fn dollars_and_parentheses_stay_what_they_are() {
    let all = converted(SHOP);
    let web = document(&all, "Deployment", "web");
    let env = web.list_at(&["spec", "template", "spec", "containers"])[0].list_at(&["env"]);
    assert_eq!(env[1].str_at(&["value"]), Some("$$(5)"));
}

#[test]
fn networks_that_are_apart_stay_apart() {
    let all = converted(
        "{services: {front: {image: x, networks: {outer: null}, ports: [{target: 80, published: '80', protocol: tcp}]},
          both: {image: x, networks: {outer: null, inner: null}},
          back: {image: x, networks: {inner: {aliases: [store]}}}},
          networks: {outer: {}, inner: {internal: true}}}",
    );
    let inner = document(&all, "NetworkPolicy", "inner");
    assert_eq!(inner.at(&["spec", "podSelector"]), Some(&read("{matchLabels: {network/inner: 'true'}}")));
    document(&all, "NetworkPolicy", "front-published");
    assert_eq!(document(&all, "Service", "store").str_at(&["spec", "clusterIP"]), Some("None"));
    let one = "{image: x, networks: {default: null}}";
    let same = converted(&format!("{{services: {{a: {one}, b: {one}}}}}"));
    assert!(same.documents.iter().all(|d| d.str_at(&["kind"]) == Some("Deployment")));
}

#[test]
fn sizes_and_times_are_written_as_kubernetes_writes_them() {
    let all = converted(
        "{services: {a: {image: x, stop_grace_period: 1m30.5s, deploy: {replicas: 2, resources: {limits: {cpus: 0.5, memory: '52428800'},
          reservations: {cpus: '0.25', memory: '1000'}}, update_config: {parallelism: 2, order: start-first, delay: 10s}}}}}",
    );
    let a = document(&all, "Deployment", "a");
    let container = &a.list_at(&["spec", "template", "spec", "containers"])[0];
    assert_eq!(
        container.get("resources"),
        Some(&read("{requests: {cpu: 250m, memory: '1000'}, limits: {cpu: 500m, memory: 50Mi}}"))
    );
    assert_eq!(a.int_at(&["spec", "template", "spec", "terminationGracePeriodSeconds"]), Some(91));
    assert_eq!(a.at(&["spec", "strategy", "rollingUpdate"]), Some(&read("{maxSurge: 2, maxUnavailable: 0}")));
    assert_eq!(a.int_at(&["spec", "minReadySeconds"]), Some(10));
}

#[test]
fn every_sentence_is_there_in_both_languages() {
    let keys = |text: &str| -> Vec<String> {
        let entries = text.lines().filter_map(|l| l.split_once(" = "));
        entries
            .map(|(key, words)| {
                let mut blanks: Vec<&str> = words.split('{').skip(1).filter_map(|t| t.split('}').next()).collect();
                blanks.sort_unstable();
                format!("{key} {blanks:?}")
            })
            .collect()
    };
    let en = include_str!("../../static/locales/en/convert.txt");
    assert_eq!(keys(en), keys(include_str!("../../static/locales/de/convert.txt")));
    // every key that the room's code uses is in the catalogue, and every entry is used
    let code = [
        include_str!("container.rs"),
        include_str!("files.rs"),
        include_str!("mod.rs"),
        include_str!("network.rs"),
        include_str!("notes.rs"),
        include_str!("pod.rs"),
        include_str!("service.rs"),
        include_str!("volumes.rs"),
        include_str!("workload.rs"),
    ]
    .concat();
    let quoted: std::collections::BTreeSet<&str> = code
        .split('"')
        .filter(|w| ["none.", "decide.", "assumed.", "sort."].iter().any(|p| w.starts_with(p)) && !w.contains(' '))
        .collect();
    let written: std::collections::BTreeSet<&str> = en.lines().filter_map(|l| Some(l.split_once(" = ")?.0)).collect();
    assert_eq!(quoted, written);
}

#[test]
fn a_mounted_file_becomes_a_config_map_where_its_text_is_known() {
    let project = "{services: {a: {image: x, volumes: [{type: bind, source: /p/nginx.conf, target: /etc/nginx.conf, read_only: true, bind: {}},
      {type: bind, source: /p/data, target: /data, bind: {}}]}}}";
    let all = convert(&read(project), &|path| (path == "/p/nginx.conf").then(|| "events {}".to_string()));
    assert_eq!(document(&all, "ConfigMap", "a-etc-nginx-conf").get("data"), Some(&read("{nginx.conf: 'events {}'}")));
    document(&all, "PersistentVolumeClaim", "a-data");
    let spec = document(&all, "Deployment", "a").at(&["spec", "template", "spec"]).expect("a pod");
    let mounts = read(
        "[{name: a-etc-nginx-conf, mountPath: /etc/nginx.conf, subPath: nginx.conf, readOnly: true}, {name: a-data, mountPath: /data}]",
    );
    assert_eq!(spec.list_at(&["containers"])[0].get("volumeMounts"), Some(&mounts));
}
