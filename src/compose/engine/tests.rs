//! What the engine does with single containers.

use super::*;

fn host() -> Engine {
    let mut engine = Engine::new(1);
    let image = Image {
        entrypoint: vec!["/app".into()],
        command: vec!["serve".into()],
        exposed: vec!["80/tcp".into()],
        ..Image::default()
    };
    engine.images.put("myapp:1", image);
    engine.network_create(Network { name: "n".into(), driver: "bridge".into(), ..Network::default() });
    engine.run_until(Time::secs(1));
    engine
}

fn spec(name: &str, words: &[&str]) -> Spec {
    Spec {
        name: name.into(),
        image: "myapp:1".into(),
        command: words.iter().map(|w| Rc::from(*w)).collect(),
        networks: vec![Endpoint { network: "n".into(), aliases: vec!["web".into()], ..Endpoint::default() }],
        ..Spec::default()
    }
}

/// Makes and starts; the answer of the start.
fn run(engine: &mut Engine, spec: Spec) -> (Cid, Answer) {
    let made = engine.create(spec);
    engine.run_until(engine.now + Span::secs(1));
    let cid = match engine.take(made) {
        Some(Ok(Reply::Made(cid))) => cid,
        other => panic!("not made: {other:?}"),
    };
    let started = engine.start(cid);
    engine.run_until(engine.now + Span::secs(1));
    (cid, engine.take(started).expect("an answer"))
}

fn actions(engine: &Engine, cid: Cid) -> Vec<String> {
    let own = engine.events.iter().filter(|e| e.cid == Some(cid) && e.kind == Kind::Container);
    own.map(|e| e.action.to_string()).collect()
}

fn status(engine: &Engine, cid: Cid) -> Status {
    engine.container(cid).expect("a container").status
}

#[test]
fn a_container_that_keeps_ending_waits_longer_each_time() {
    let mut engine = host();
    let (cid, _) = run(&mut engine, Spec { restart: Restart::Always, ..spec("a", &["exit", "1"]) });
    engine.run_until(Time::secs(12));
    let told = |action: &str| {
        let own = engine.events.iter().filter(|e| e.cid == Some(cid) && &*e.action == action);
        own.map(|e| e.t).collect::<Vec<_>>()
    };
    let waits: Vec<u64> =
        told("die").iter().zip(told("start").iter().skip(1)).map(|(d, s)| (*s - *d).as_millis()).collect();
    for (wait, least) in waits.iter().zip([100, 200, 400, 800, 1_600, 3_200]) {
        assert!(*wait >= least && *wait < least + 700, "{waits:?}");
    }
    assert!(waits.len() >= 5);
}

#[test]
fn killed_by_hand_stays_down_and_on_failure_counts() {
    let mut engine = host();
    let (killed, _) = run(&mut engine, Spec { restart: Restart::Always, ..spec("a", &[]) });
    engine.kill(killed, "SIGKILL");
    let (counted, _) = run(&mut engine, Spec { restart: Restart::OnFailure(2), ..spec("b", &["exit", "3"]) });
    engine.run_until(Time::secs(20));
    assert_eq!(status(&engine, killed), Status::Exited);
    let c = engine.container(counted).expect("a container");
    assert_eq!((c.status, c.exit, c.restarts), (Status::Exited, 3, 2));
}

#[test]
fn an_unhealthy_container_keeps_running_and_keeps_its_name() {
    let mut engine = host();
    let check = Healthcheck {
        test: ["CMD", "/app", "check"].map(Rc::from).to_vec(),
        interval: Span::secs(1),
        retries: 2,
        ..Healthcheck::default()
    };
    let sick = Spec {
        env: vec![("UNHEALTHY".into(), "1".into())],
        healthcheck: Some(check),
        restart: Restart::Always,
        ..spec("sick", &[])
    };
    let (sick, _) = run(&mut engine, sick);
    let (client, _) = run(&mut engine, spec("client", &[]));
    engine.run_until(Time::secs(30));
    let c = engine.container(sick).expect("a container");
    assert_eq!(
        (c.status, c.restarts, c.health.as_ref().map(|h| h.verdict)),
        (Status::Running, 0, Some(Verdict::Unhealthy))
    );
    assert!(actions(&engine, sick).contains(&"health_status: unhealthy".to_string()));
    assert_eq!(engine.resolve(client, "sick").len(), 1);
    assert_eq!(engine.resolve(client, "web").len(), 2);
}

#[test]
fn a_taken_port_fails_the_start_and_costs_the_network() {
    let mut engine = host();
    let publish = vec![Publish { target: 80, protocol: "tcp".into(), ip: "".into(), range: Some((8080, 8080)) }];
    let (first, _) = run(&mut engine, Spec { publish: publish.clone(), ..spec("a", &[]) });
    let (second, answer) = run(&mut engine, Spec { publish, ..spec("b", &[]) });
    assert!(answer.is_err_and(|r| r.words.contains("port is already allocated")));
    assert_eq!(status(&engine, second), Status::Created);
    engine.remove(first, true, false);
    engine.run_until(engine.now + Span::secs(2));
    engine.start(second);
    engine.run_until(engine.now + Span::secs(2));
    let c = engine.container(second).expect("a container");
    assert_eq!((c.status, c.bindings.len(), c.endpoints.len()), (Status::Running, 0, 0));
}

#[test]
fn commands_keep_their_words_and_end() {
    let mut engine = host();
    let (cid, _) = run(&mut engine, spec("a", &[]));
    let mut say = |words: &[&str]| {
        let words: Vec<Rc<str>> = words.iter().map(|w| Rc::from(*w)).collect();
        let ran = engine.what_happens(cid, &words, &[]);
        (ran.code, ran.said.len(), ran.said.last().map(|s| s.text.to_string()).unwrap_or_default())
    };
    assert_eq!(say(&["echo", "it's", "$HOME; 'x'"]), (0, 1, "it's $HOME; 'x'".into()));
    assert_eq!(say(&["/app", "get", "http://localhost/", "2"]).1, 2);
    let words = "error: only 10000 rounds are followed here";
    for question in [["/app", "get", "http://localhost/", "2000000000"], ["/app", "resolve", "web", "2000000000"]] {
        assert_eq!(say(&question), (1, 10_001, words.into()));
    }
}

#[test]
fn ports_run_out() {
    let mut engine = host();
    let publish = |low: u16, high: u16| -> Vec<Publish> {
        let one = |port| Publish { target: 80, protocol: "tcp".into(), ip: "".into(), range: Some((port, port)) };
        (low..=high).map(one).collect()
    };
    let any = |range| vec![Publish { target: 80, protocol: "tcp".into(), ip: "".into(), range }];
    let (_, answer) = run(&mut engine, Spec { publish: publish(32_768, 60_998), ..spec("a", &[]) });
    assert_eq!(answer, Ok(Reply::Done));
    let (last, answer) = run(&mut engine, Spec { publish: any(None), ..spec("b", &[]) });
    let port = engine.container(last).and_then(|c| Some(c.bindings.first()?.port));
    assert_eq!((answer, port), (Ok(Reply::Done), Some(60_999)));
    for (name, range) in [("c", None), ("d", Some((40_000, 40_002)))] {
        let (_, answer) = run(&mut engine, Spec { publish: any(range), ..spec(name, &[]) });
        assert!(answer.is_err_and(|r| r.words.ends_with("all ports are allocated")), "{range:?}");
    }
}

#[test]
fn a_stop_waits_for_its_grace_and_then_kills() {
    let mut engine = host();
    let deaf = Spec { env: vec![("IGNORE_TERM".into(), "1".into())], ..spec("deaf", &[]) };
    let (cid, _) = run(&mut engine, deaf);
    let asked = engine.now;
    let ticket = engine.stop(cid, Some(Span::secs(3)));
    engine.run_until(asked + Span::millis(2_900));
    assert_eq!(engine.take(ticket), None);
    engine.run_until(asked + Span::secs(5));
    assert_eq!(engine.take(ticket), Some(Ok(Reply::Done)));
    assert_eq!(engine.container(cid).map(|c| c.exit), Some(137));
    assert_eq!(actions(&engine, cid)[2..], ["kill", "kill", "stop", "die"]);
}

#[test]
fn after_a_reboot_policies_alone_decide() {
    let mut engine = host();
    let policies =
        [Restart::No, Restart::Always, Restart::UnlessStopped, Restart::OnFailure(0), Restart::UnlessStopped];
    let all: Vec<Cid> = policies
        .iter()
        .enumerate()
        .map(|(i, restart)| run(&mut engine, Spec { restart: *restart, ..spec(&format!("c{i}"), &[]) }).0)
        .collect();
    engine.stop(all[4], None);
    engine.run_until(engine.now + Span::secs(2));
    engine.power_cycle(Power::Rebooting);
    engine.run_until(engine.now + Span::secs(30));
    let up: Vec<bool> = all.iter().map(|cid| status(&engine, *cid) == Status::Running).collect();
    assert_eq!(up, [false, true, true, false, false]);
    assert_eq!(engine.power, Power::On);
}

#[test]
fn every_cause_is_older_and_chains_end() {
    let mut engine = host();
    let (cid, _) = run(&mut engine, Spec { restart: Restart::Always, ..spec("a", &["exit", "1"]) });
    engine.run_until(Time::secs(5));
    let last = engine.reason(cid).expect("a reason");
    let chain = engine.journal.chain(last);
    assert!(chain.len() > 5);
    assert!(chain.windows(2).all(|pair| pair[1] < pair[0]));
}
