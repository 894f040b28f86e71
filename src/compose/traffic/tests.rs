//! Requests on whole hosts: what clients see when containers come, go, fill up and fail, and what that does to the containers.

use crate::compose::engine::{Cid, Image, Power, Status, Verdict};
use crate::compose::project::{CreateOptions, Host, Project, Step};
use crate::sim::{Span, Time};
use crate::text::json;
use crate::workload::streams::{Client, Why};
use crate::workload::{Load, Rule, Shape};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A project `p` that was brought up; `services` are members of a JSON object.
fn host(services: &str, rules: Vec<Rule>) -> Host {
    let mut host = Host::new(7);
    let image = Image { entrypoint: vec!["/app".into()], command: vec!["serve".into()], ..Image::default() };
    host.engine.images.put("myapp:1", image);
    host.engine.workloads.rules = rules;
    up(&mut host, services);
    host.run_until(Time::secs(20));
    host
}

fn up(host: &mut Host, services: &str) {
    let text = format!(
        r#"{{"name":"p","services":{{{services}}},"networks":{{"default":{{"name":"p_default"}}}},"volumes":{{}}}}"#
    );
    let project = Rc::new(Project::read(&json::parse(&text).expect("a tree"), &BTreeMap::new()));
    host.launch(project, [Step::Create(CreateOptions::default()), Step::Start(None)]);
}

/// A service; `more` are further members.
fn service(name: &str, more: &str) -> String {
    format!(r#""{name}":{{"image":"myapp:1","networks":{{"default":null}}{more}}}"#)
}

const PORT: &str = r#","ports":[{"mode":"ingress","target":80,"published":"8080","protocol":"tcp"}]"#;
const ALWAYS: &str = r#","restart":"always""#;
const CURL: &str = r#","healthcheck":{"test":["CMD-SHELL","curl -f http://localhost/ || exit 1"],"interval":"2s","timeout":"1s","retries":2}"#;
const CHECK: &str = r#","healthcheck":{"test":["CMD","/app","check"],"interval":"2s","timeout":"1s","retries":2}"#;

fn set(unit: &str, values: &[(&str, &str)]) -> Rule {
    let set = values.iter().map(|(name, value)| (Rc::from(*name), Rc::from(*value))).collect();
    Rule { unit: unit.into(), set, ..Rule::default() }
}

fn constant(target: &str, rate: f64) -> Load {
    Load::new(target, Shape::Constant { rate })
}

fn on(host: &mut Host, seconds: u64) {
    let to = host.now() + Span::secs(seconds);
    host.run_until(to);
}

fn cid(host: &Host, name: &str) -> Cid {
    host.engine.find(name).expect("a container")
}

fn status(host: &Host, name: &str) -> Status {
    host.engine.container(cid(host, name)).expect("a container").status
}

/// Answered and failed a second, of a service.
fn rates(host: &Host, goal: &str) -> (f64, f64) {
    host.streams().flows().get(goal).map_or((0.0, 0.0), |flow| (flow.answered, flow.failed))
}

/// Failed requests of a service by reason.
fn failed(host: &Host, goal: &str) -> Vec<(&'static str, f64)> {
    let why = host.streams().flows().get(goal).map(|flow| flow.why).unwrap_or_default();
    Why::ALL.map(Why::word).into_iter().zip(why).filter(|(_, n)| *n > 1e-3).collect()
}

fn told(host: &Host, name: &str, action: &str) -> usize {
    let cid = cid(host, name);
    host.engine.events.iter().filter(|e| e.cid == Some(cid) && &*e.action == action).count()
}

#[test]
fn a_published_port_leads_to_its_one_container_and_to_nobody_while_that_is_down() {
    let mut host = host(&service("web", &(PORT.to_string() + ALWAYS)), vec![]);
    host.set_load(constant("localhost:8080", 100.0));
    on(&mut host, 10);
    let (answered, lost) = rates(&host, "p/web");
    assert!((answered - 100.0).abs() < 1.0 && lost == 0.0, "{answered} {lost}");
    let ticket = host.engine.restart(cid(&host, "p-web-1"), None);
    on(&mut host, 10);
    assert!(host.engine.take(ticket).is_some_and(|a| a.is_ok()));
    let lost = failed(&host, "p/web");
    // About a second without anybody who listens.
    assert!(lost.iter().all(|(why, n)| matches!(*why, "refused" | "aborted") && *n < 200.0), "{lost:?}");
    assert!(lost.iter().any(|(why, n)| *why == "refused" && *n > 20.0), "{lost:?}");
    assert!((rates(&host, "p/web").0 - 100.0).abs() < 1.0);
    host.engine.stop(cid(&host, "p-web-1"), None);
    on(&mut host, 15);
    assert_eq!(rates(&host, "p/web"), (0.0, 100.0));
}

#[test]
fn a_name_leads_to_every_running_container_healthy_or_not() {
    let services = service("web", &format!(r#","scale":3{CHECK}"#));
    let mut host = host(&services, vec![]);
    host.set_load(constant("http://web:80", 90.0));
    on(&mut host, 5);
    let even = |host: &Host| {
        let ends: Vec<f64> = host.streams().flows()["p/web"].ends.iter().map(|e| libm::round(e.rate)).collect();
        ends
    };
    assert_eq!(even(&host), [30.0, 30.0, 30.0]);
    let sick = cid(&host, "p-web-2");
    host.engine.twist(sick, |t| t.unwell = true);
    on(&mut host, 12);
    let health = host.engine.container(sick).and_then(|c| c.health.as_ref().map(|h| h.verdict));
    assert_eq!((health, even(&host)), (Some(Verdict::Unhealthy), vec![30.0, 30.0, 30.0]));
    assert!((rates(&host, "p/web").1 - 30.0).abs() < 1.0);
    host.engine.stop(sick, None);
    on(&mut host, 15);
    assert_eq!(even(&host), [45.0, 45.0]);
}

#[test]
fn a_hanging_program_fails_its_check_by_time_out_and_its_clients_wait_in_vain() {
    for check in [CHECK, CURL] {
        hangs(check);
    }
}

fn hangs(check: &str) {
    let mut host = host(&service("web", &(PORT.to_string() + check)), vec![]);
    host.set_load(constant("localhost:8080", 10.0));
    on(&mut host, 5);
    let web = cid(&host, "p-web-1");
    assert!(host.engine.twist(web, |t| t.hangs = true));
    on(&mut host, 30);
    let c = host.engine.container(web).expect("a container");
    let health = c.health.as_ref().expect("a check");
    assert_eq!((c.status, health.verdict), (Status::Running, Verdict::Unhealthy));
    let words = health.last.as_ref().map(|p| p.output.to_string()).unwrap_or_default();
    assert_eq!(words, "Health check exceeded timeout (1s)");
    assert!(failed(&host, "p/web").iter().any(|(why, n)| *why == "lost" && *n > 100.0));
}

#[test]
fn a_saturated_container_fails_its_check() {
    let more = format!(r#"{PORT}{CHECK},"deploy":{{"resources":{{"limits":{{"cpus":0.2}}}}}}"#);
    let mut host = host(&service("web", &more), vec![]);
    host.set_load(constant("localhost:8080", 20.0));
    on(&mut host, 20);
    let web = cid(&host, "p-web-1");
    let verdict = |host: &Host| host.engine.container(web).and_then(|c| c.health.as_ref().map(|h| h.verdict));
    assert_eq!(verdict(&host), Some(Verdict::Healthy));
    // A fifth of a core at 5 ms a request: 40 a second at most.
    host.set_load(Load { patience: Span::secs(60), ..constant("localhost:8080", 200.0) });
    on(&mut host, 60);
    assert_eq!(verdict(&host), Some(Verdict::Unhealthy));
    let answered = rates(&host, "p/web").0;
    assert!((answered / 40.0 - 1.0).abs() < 0.03, "{answered}");
}

#[test]
fn memory_beyond_the_limit_is_killed_and_the_policy_starts_it_again() {
    let more = format!(r#"{PORT}{ALWAYS},"mem_limit":"67108864""#);
    let mut host = host(&service("web", &more), vec![set("web", &[("memory", "30Mi"), ("leak-per-request", "100Ki")])]);
    host.set_load(constant("localhost:8080", 50.0));
    on(&mut host, 20);
    // 34 MiB are gone after 350 requests: seven seconds.
    assert!(told(&host, "p-web-1", "oom") >= 2, "{}", told(&host, "p-web-1", "oom"));
    assert_eq!(told(&host, "p-web-1", "oom"), told(&host, "p-web-1", "die"));
    host.end_load("localhost:8080");
    on(&mut host, 30);
    assert_eq!(status(&host, "p-web-1"), Status::Running);
    let web = cid(&host, "p-web-1");
    let ooms = told(&host, "p-web-1", "oom");
    host.engine.twist(web, |t| t.leak = 8 << 20);
    on(&mut host, 10);
    assert_eq!(told(&host, "p-web-1", "oom"), ooms + 1, "a leak needs no client");
}

#[test]
fn a_full_machine_kills_whoever_takes_most() {
    let services = [service("hog", ALWAYS), service("calm", "")].join(",");
    let mut host = host(&services, vec![set("hog", &[("leak", "1Gi")])]);
    on(&mut host, 30);
    assert!((3..=7).contains(&told(&host, "p-hog-1", "oom")), "{}", told(&host, "p-hog-1", "oom"));
    assert_eq!((told(&host, "p-calm-1", "oom"), status(&host, "p-calm-1")), (0, Status::Running));
}

#[test]
fn a_crash_swallows_requests_and_a_lost_host_does_so_until_it_is_repaired() {
    let mut host = host(&service("web", &(PORT.to_string() + ALWAYS)), vec![]);
    host.set_load(constant("host:8080", 50.0));
    on(&mut host, 5);
    host.engine.power_cycle(Power::Crashed);
    on(&mut host, 3);
    assert_eq!(rates(&host, "p/web").0, 0.0);
    on(&mut host, 20);
    assert!((rates(&host, "p/web").0 - 50.0).abs() < 1.0, "it came back");
    let lost = failed(&host, "p/web");
    assert!(lost.iter().any(|(why, n)| *why == "lost" && *n > 50.0), "{lost:?}");
    host.engine.power_cycle(Power::Lost);
    on(&mut host, 120);
    let answer = host.engine.start(cid(&host, "p-web-1"));
    on(&mut host, 1);
    let words = host.engine.take(answer).and_then(Result::err).map(|r| r.words).unwrap_or_default();
    assert!(words.starts_with("Cannot connect to the Docker daemon"), "{words}");
    assert_eq!((host.engine.power, rates(&host, "p/web").0), (Power::Lost, 0.0));
    host.engine.repair();
    on(&mut host, 20);
    assert_eq!(host.engine.power, Power::On);
    assert!((rates(&host, "p/web").0 - 50.0).abs() < 1.0);
}

#[test]
fn a_proxy_asks_the_containers_behind_a_name() {
    let services = [service("proxy", PORT), service("app", r#","scale":3"#)].join(",");
    let mut host = host(&services, vec![set("proxy", &[("cpu", "200us")])]);
    assert!(host.engine.behave(set("proxy", &[("calls", "1 http://app:80 timeout 5s")])).len() == 1);
    host.set_load(constant("localhost:8080", 60.0));
    on(&mut host, 10);
    let ends: Vec<f64> = host.streams().flows()["p/app"].ends.iter().map(|e| libm::round(e.rate)).collect();
    assert_eq!(ends, [20.0, 20.0, 20.0]);
    let mean = host.streams().flows()["p/proxy"].mean;
    // Its own fifth of a millisecond and the 5 ms behind it.
    assert!((mean - 0.0052).abs() < 0.0005, "{mean}");
    for n in 1..=3 {
        host.engine.kill(cid(&host, &format!("p-app-{n}")), "SIGKILL");
    }
    on(&mut host, 5);
    assert!(rates(&host, "p/proxy").1 > 59.0, "who asks nobody answers nobody");
}

#[test]
fn the_same_load_twice_is_the_same_run() {
    let play = || {
        let mut host =
            host(&service("web", &format!(r#"{PORT}{ALWAYS}{CHECK}"#)), vec![set("web", &[("cpu", "30ms")])]);
        host.set_load(constant("localhost:8080", 120.0));
        on(&mut host, 40);
        format!("{:?} {:?}", host.streams().totals(), host.engine.events)
    };
    assert_eq!(play(), play());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn every_client_is_answered_gave_up_or_waits(acts in proptest::collection::vec((0u8..8, 1u64..3_000), 1..24)) {
        let services = [service("web", &format!(r#"{PORT}{ALWAYS},"mem_limit":"67108864""#)), service("app", r#","scale":2,"restart":"always""#)];
        let rules = vec![set("web", &[("calls", "1 http://app:80 timeout 1s retries 1"), ("memory-per-request", "1Mi")])];
        let mut host = host(&services.join(","), rules);
        host.set_load(Load { retries: 2, ..constant("localhost:8080", 80.0) });
        host.set_load(constant("http://app:80", 300.0));
        for (act, wait) in acts {
            let app = host.engine.find("p-app-1").expect("a container");
            match act {
                0 | 1 => drop(host.engine.kill(app, "SIGKILL")),
                2 => drop(host.engine.restart(app, None)),
                3 => drop(host.engine.start(app)),
                4 => drop(host.engine.twist(app, |t| t.hangs = !t.hangs)),
                5 => host.engine.power_cycle(Power::Crashed),
                // Its memory is gone: it ends and is back in between two seconds.
                6 => drop(host.engine.twist(app, |t| t.leak += 40 << 20)),
                _ => drop(host.engine.freeze(app, true)),
            }
            let to = host.now() + Span::millis(wait);
            host.run_until(to);
            for (client, route) in host.streams().routes() {
                let sum = route.answered + route.failed + route.waiting();
                prop_assert!((route.came - sum).abs() < 1e-6 * (1.0 + route.came), "{client:?}: {} {sum}", route.came);
                let inside: f64 = route.lanes.values().map(|l| l.inside).sum();
                prop_assert!((inside - route.inside.iter().sum::<f64>()).abs() < 1e-6 * (1.0 + inside), "{client:?}");
            }
        }
        let load = host.streams().route(&Client::Load("localhost:8080".into())).expect("the stream");
        prop_assert!(load.came > 0.0 || host.now() < Time::secs(21));
    }
}
