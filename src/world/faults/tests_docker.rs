//! Faults strike both houses at the same instant, and each finds out by itself.

use crate::assertion::Expression;
use crate::compose::engine::Power;
use crate::scenario::{Scenario, TextFile};
use crate::session::run::{Input, Run};
use crate::sim::{Rewindable, Span};

const COMPOSE: &str = "\
services:
  web:
    image: nginx:1.27
    restart: always
    ports: ['8080:80']
    healthcheck: {test: [CMD, curl, -f, 'http://localhost/'], interval: 2s, timeout: 1s, retries: 2}
";
const CLUSTER: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: 'nginx:1.27', livenessProbe: {httpGet: {port: 80}, periodSeconds: 2, timeoutSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

fn both() -> Run {
    let file = |name: &str, text: &str| TextFile { name: name.into(), text: text.into() };
    let files = [file("compose.yaml", COMPOSE), file("web.yaml", CLUSTER)];
    let mut run = Run::new(&Scenario::read(&files, 1).0);
    run.apply(&Input::Apply(files.iter().map(|f| (f.name.to_string(), f.text.to_string())).collect()));
    on(&mut run, 30);
    run.take_answers();
    run
}

fn on(run: &mut Run, seconds: u64) {
    let to = run.now() + Span::secs(seconds);
    run.run_until(to);
}

fn line(run: &mut Run, text: &str) -> String {
    run.apply(&Input::Line(text.into()));
    run.take_answers().pop().map(|answer| answer.stderr).unwrap_or_default()
}

#[track_caller]
fn holds(run: &Run, text: &str) {
    assert!(Expression::read(text).expect(text).holds(&run.world), "{text}");
}

#[test]
fn a_crash_of_an_application_is_mended_in_both_houses() {
    let mut run = both();
    line(&mut run, "fault crash app/web");
    on(&mut run, 30);
    holds(&run, "compose/web restarts == 1 and deployment/web restarts == 2 and deployment/web ready == 2");
    let journal = &run.world.host.as_ref().expect("a host").engine.journal;
    let chain = |key: &str| {
        let (id, _) = journal.since(0).find(|(_, e)| e.why.reason.key == key).expect(key);
        journal.chain(id).into_iter().filter_map(|id| journal.get(id)).map(|e| e.why.reason.key).collect::<Vec<_>>()
    };
    assert_eq!(chain("docker.restarts"), ["docker.restarts", "docker.ended", "fault.crash"]);
}

#[test]
fn a_hang_is_seen_by_both_and_mended_by_one() {
    let mut run = both();
    line(&mut run, "fault hang app/web");
    on(&mut run, 60);
    holds(&run, "container/app-web-1 health == unhealthy and compose/web restarts == 0");
    holds(&run, "deployment/web restarts == 2 and deployment/web ready == 2");
    // Not even SIGTERM is answered: the grace of ten seconds is over first.
    run.apply(&Input::Line("docker compose restart".into()));
    on(&mut run, 8);
    holds(&run, "container/app-web-1 health == unhealthy");
    on(&mut run, 12);
    holds(&run, "container/app-web-1 health == healthy and containers count == 1");
}

#[test]
fn what_lasts_is_there_again_after_a_restart_and_ends_with_the_fault() {
    let mut run = both();
    line(&mut run, "fault fail-liveness compose/web for 1m");
    on(&mut run, 10);
    holds(&run, "container/app-web-1 health == unhealthy and deployment/web restarts == 0");
    line(&mut run, "fault kill container/app-web-*");
    on(&mut run, 15);
    holds(&run, "compose/web restarts == 1 and container/app-web-1 health == unhealthy");
    on(&mut run, 45);
    holds(&run, "container/app-web-1 health == healthy");
}

#[test]
fn a_lost_host_stays_lost_until_the_fault_is_over() {
    let mut run = both();
    line(&mut run, "load app/web constant 20");
    line(&mut run, "fault node-crash app/web");
    let power = |run: &Run| run.world.host.as_ref().map(|host| host.engine.power);
    assert_eq!(power(&run), Some(Power::Lost));
    on(&mut run, 120);
    holds(&run, "compose availability < 5% and cluster availability > 60%");
    line(&mut run, "heal");
    on(&mut run, 30);
    assert_eq!(power(&run), Some(Power::On));
    holds(&run, "compose/web ready == 1 and compose rate >= 20");
    line(&mut run, "fault node-reboot host");
    on(&mut run, 100);
    holds(&run, "compose/web ready == 1");
    assert_eq!(power(&run), Some(Power::On));
}

#[test]
fn a_host_without_a_network_goes_on_unheard() {
    let mut run = both();
    line(&mut run, "load app/web constant 20");
    on(&mut run, 10);
    line(&mut run, "fault node-partition host for 30s");
    on(&mut run, 28);
    holds(&run, "container/app-web-1 status == running and compose/web restarts == 0 and compose failed > 100");
    on(&mut run, 10);
    holds(&run, "compose rate >= 20 and cluster failed == 0");
}

#[test]
fn an_image_that_is_gone_is_missed_only_where_it_is_not_yet() {
    let mut run = both();
    line(&mut run, "fault registry-down for 1m");
    run.apply(&Input::Line("docker compose up -d --force-recreate".into()));
    run.finish_line(Span::secs(40));
    assert_eq!(run.take_answers().pop().and_then(|answer| answer.code), Some(0));
    run.apply(&Input::Line("docker run -d shop/new:1".into()));
    run.finish_line(Span::secs(40));
    assert_ne!(run.take_answers().pop().and_then(|answer| answer.code), Some(0));
    on(&mut run, 60);
    line(&mut run, "fault image-missing image/shop/new:1");
    run.apply(&Input::Line("docker run -d shop/new:1".into()));
    run.finish_line(Span::secs(40));
    assert_ne!(run.take_answers().pop().and_then(|answer| answer.code), Some(0));
    line(&mut run, "heal");
    run.apply(&Input::Line("docker run -d shop/new:1".into()));
    run.finish_line(Span::secs(40));
    assert_eq!(run.take_answers().pop().and_then(|answer| answer.code), Some(0));
}

#[test]
fn what_cannot_be_is_said() {
    let mut run = both();
    for (text, says) in [
        ("fault disk-pressure host", "node/NAME or zone/NAME is expected"),
        ("fault crash container/nobody", "nothing is found"),
        ("fault node-crash compose/web", "host or app/NAME is expected"),
        ("fault kill host", "app/NAME is expected"),
    ] {
        let words = line(&mut run, text);
        assert!(words.contains(says), "{text}: {words}");
    }
}
