//! Promises of plans: order, no container lost or doubled, the same run from the same start.

use super::*;
use crate::compose::engine::{Image, Kind, Status};
use crate::sim::{Span, Time};
use crate::text::json;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::rc::Rc;

fn host(seed: u64) -> Host {
    let mut host = Host::new(seed);
    let image = Image { entrypoint: vec!["/app".into()], command: vec!["serve".into()], ..Image::default() };
    host.engine.images.put("myapp:1", image);
    host
}

fn project(services: &str) -> Rc<Project> {
    let text = format!(
        r#"{{"name":"p","services":{{{services}}},"networks":{{"default":{{"name":"p_default"}}}},"volumes":{{}}}}"#
    );
    Rc::new(Project::read(&json::parse(&text).expect("a tree"), &BTreeMap::new()))
}

/// Carries a command out; its code and lines.
fn carry_out(host: &mut Host, project: &Rc<Project>, steps: Vec<Step>) -> (Option<i32>, Vec<String>) {
    let id = host.launch(project.clone(), steps);
    let end = host.now() + Span::secs(120);
    let mut all = Vec::new();
    loop {
        let (lines, code) = host.take_lines(id);
        all.extend(lines.iter().map(|l| l.text.to_string()));
        if code.is_some() || host.now() >= end {
            return (code, all);
        }
        let due = host.next_due().unwrap_or(end).min(end).max(host.now());
        host.run_until(due);
    }
}

fn up() -> Vec<Step> {
    vec![Step::Create(CreateOptions::default()), Step::Start(None)]
}

/// The condition of an edge, and the event that meets it: a job can be waited for until it has ended well, a server until it is
/// healthy, both until they have started.
fn condition(strong: bool, job: bool) -> (&'static str, &'static str) {
    match (strong, job) {
        (false, _) => ("service_started", "start"),
        (true, false) => ("service_healthy", "health_status: healthy"),
        (true, true) => ("service_completed_successfully", "die"),
    }
}

/// Service number `at` of a random project: what it depends on, and how strongly; `jobs` says which services end.
fn service(at: usize, on: &[(usize, bool)], jobs: &[bool]) -> String {
    let deps: Vec<String> = on
        .iter()
        .map(|(n, strong)| {
            let (condition, _) = condition(*strong, jobs[*n]);
            format!(r#""s{n}":{{"condition":"{condition}","required":true}}"#)
        })
        .collect();
    let does = match jobs[at] {
        true => r#""command":["exit","0"]"#.to_string(),
        false => format!(
            r#""environment":{{"START_DELAY":"{}"}},
            "healthcheck":{{"test":["CMD","/app","check"],"interval":"1s","retries":10}}"#,
            at % 3
        ),
    };
    let deps = deps.join(",");
    format!(r#""s{at}":{{"image":"myapp:1","networks":{{"default":null}},{does},"depends_on":{{{deps}}}}}"#)
}

/// Random edges to earlier services.
fn edges() -> impl Strategy<Value = Vec<Vec<(usize, bool)>>> {
    proptest::collection::vec(proptest::collection::vec((any::<proptest::sample::Index>(), any::<bool>()), 0..3), 1..6)
        .prop_map(|all| {
            let mut out = Vec::new();
            for (at, list) in all.into_iter().enumerate() {
                let mut on: BTreeMap<usize, bool> = BTreeMap::new();
                if at > 0 {
                    on.extend(list.into_iter().map(|(index, healthy)| (index.index(at), healthy)));
                }
                out.push(on.into_iter().collect());
            }
            out
        })
}

/// When something was first told of a container.
fn told(host: &Host, name: &str, action: &str) -> Option<Time> {
    let fits =
        |e: &&crate::compose::engine::Event| e.kind == Kind::Container && *e.name == *name && *e.action == *action;
    host.engine.events.iter().find(fits).map(|e| e.t)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_service_starts_behind_what_it_depends_on(
        edges in edges(),
        jobs in proptest::collection::vec(any::<bool>(), 6),
        seed: u64,
    ) {
        let services: Vec<String> = edges.iter().enumerate().map(|(at, on)| service(at, on, &jobs)).collect();
        let (mut host, project) = (host(seed), project(&services.join(",")));
        let (code, lines) = carry_out(&mut host, &project, up());
        prop_assert_eq!(code, Some(0), "{:?}", lines);
        for (at, on) in edges.iter().enumerate() {
            let mine = told(&host, &format!("p-s{at}-1"), "start");
            for (dep, strong) in on {
                let (_, action) = condition(*strong, jobs[*dep]);
                let before = told(&host, &format!("p-s{dep}-1"), action);
                prop_assert!(before.is_some() && before < mine, "{action} of s{dep}: {before:?}, start of s{at}: {mine:?}");
            }
        }
    }

    #[test]
    fn no_container_is_lost_or_doubled(acts in proptest::collection::vec((0u8..7, 0i64..5), 1..9), seed: u64) {
        let mut host = host(seed);
        let base = project(r#""web":{"image":"myapp:1","networks":{"default":null}},"db":{"image":"myapp:1","networks":{"default":null}}"#);
        for (act, n) in acts {
            let mut scaled = (*base).clone();
            if let Some(web) = scaled.services.get_mut("web") {
                web.scale = n;
                if act == 6 {
                    // Another configuration: every container is made anew.
                    web.hash = format!("hash{n}").into();
                }
            }
            let scaled = Rc::new(scaled);
            let steps = match act {
                0 | 1 | 6 => up(),
                2 => vec![Step::Kill(vec!["web".into()], "SIGKILL".into(), false)],
                3 => vec![Step::Down(DownOptions::default())],
                4 => vec![Step::Stop(Vec::new(), None)],
                _ => vec![Step::Restart(Vec::new(), false, None)],
            };
            let (code, lines) = carry_out(&mut host, &scaled, steps);
            prop_assert_eq!(code, Some(0), "{:?}", lines);
            let seen = observed::of_project(&host.engine, "p");
            let mut names: Vec<Rc<str>> = seen.iter().map(|s| s.container.name.clone()).collect();
            names.sort();
            let count = names.len();
            names.dedup();
            prop_assert_eq!(names.len(), count);
            prop_assert_eq!(seen.len(), host.engine.containers.len());
            prop_assert!(names.iter().all(|name| !name.contains('_')));
            let of = |service: &str| observed::of_service(&seen, service).len() as i64;
            match act {
                0 | 1 | 6 => {
                    prop_assert_eq!((of("web"), of("db")), (n, 1));
                    prop_assert!(seen.iter().all(|s| s.container.status == Status::Running));
                }
                3 => prop_assert_eq!(count, 0),
                _ => {}
            }
        }
    }

    #[test]
    fn the_same_start_gives_the_same_run(seed: u64, cut in 0u64..4_000) {
        let project = project(r#""a":{"image":"myapp:1","command":["exit","1"],"restart":"always","networks":{"default":null}},"b":{"image":"myapp:1","scale":3,"networks":{"default":null}}"#);
        let mut first = host(seed);
        first.launch(project.clone(), up());
        first.run_until(Time::millis(cut));
        let mut second = first.clone();
        for t in [4_500, 9_000, 20_000] {
            first.run_until(Time::millis(t));
        }
        second.run_until(Time::secs(20));
        prop_assert_eq!(&first.engine.events, &second.engine.events);
        prop_assert_eq!(&first.engine.containers, &second.engine.containers);
        let mut third = host(seed);
        third.launch(project, up());
        third.run_until(Time::secs(20));
        prop_assert_eq!(&first.engine.events, &third.engine.events);
    }
}

#[test]
fn a_scaled_service_clashes_on_its_port() {
    let mut host = host(1);
    let project = project(
        r#""web":{"image":"myapp:1","scale":2,"networks":{"default":null},"ports":[{"target":80,"published":"8080","protocol":"tcp"}]}"#,
    );
    let (code, lines) = carry_out(&mut host, &project, up());
    assert_eq!(code, Some(1));
    assert!(lines.last().is_some_and(|l| l.ends_with("failed: port is already allocated")), "{lines:?}");
}

#[test]
fn services_come_behind_what_they_need_and_by_name() {
    let one = |name: &str, needs: &[&str]| {
        let needs: Vec<String> = needs.iter().map(|n| format!(r#""{n}":{{"condition":"service_started"}}"#)).collect();
        format!(r#""{name}":{{"image":"myapp:1","depends_on":{{{}}}}}"#, needs.join(","))
    };
    let services = [
        one("a", &["d", "gone"]),
        one("b", &[]),
        one("c", &["a", "b"]),
        one("d", &["b"]),
        one("e", &["f"]),
        one("f", &["e"]),
    ];
    let order = in_order(&project(&services.join(",")));
    assert_eq!(order.iter().map(|n| &**n).collect::<Vec<_>>(), ["b", "d", "a", "c"]);
}

#[test]
fn a_scale_beyond_all_bounds_is_refused() {
    let web = project(r#""web":{"image":"myapp:1","scale":100000000}"#);
    let (code, lines) = carry_out(&mut host(1), &web, up());
    assert_eq!(code, Some(1));
    let words = "service \"web\": more than 2000 containers are not simulated";
    assert!(lines.iter().any(|l| l.ends_with(words)), "{lines:?}");
}
