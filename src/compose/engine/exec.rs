//! Commands in a running container: `docker exec` and probes. What they do is a small shell, the demonstration program's own
//! questions, and the usual tools that ask a name or fetch a page.

use super::*;
use crate::workload::{Health as Answering, Stream};

/// A line a command printed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Said {
    /// When, after its start.
    pub after: Span,
    /// Where to.
    pub stream: Stream,
    /// The line.
    pub text: Rc<str>,
}

/// Most rounds of one question. Ours: bounds the work for a number that somebody types.
const TIMES_MAX: u64 = 10_000;

/// How often a question is to be asked.
fn times(words: &[&str]) -> u64 {
    words.first().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// How a command goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) takes: Span,
    pub(super) said: Vec<Said>,
}

impl Ran {
    fn line(mut self, text: impl Into<Rc<str>>) -> Self {
        self.said.push(Said { after: self.takes, stream: Stream::Out, text: text.into() });
        self
    }
    /// Says so when it was asked for more rounds than are followed.
    fn at_most(self, times: u64) -> Self {
        if times <= TIMES_MAX {
            return self;
        }
        Ran { code: 1, ..self.line(format!("error: only {TIMES_MAX} rounds are followed here")) }
    }
    fn error(code: i32, text: impl Into<Rc<str>>) -> Self {
        let text = text.into();
        // The demonstration program tells of its errors on standard output.
        let stream = if text.starts_with("error: ") { Stream::Out } else { Stream::Err };
        let said = vec![Said { after: Span::ZERO, stream, text }];
        Ran { code, takes: Span::ZERO, said }
    }
}

impl Engine {
    /// `docker exec`.
    pub fn exec(&mut self, cid: Cid, words: &[Rc<str>], env: &[(Rc<str>, Rc<str>)]) -> Ticket {
        let ticket = self.ticket();
        let Some(c) = self.containers.get(&cid).cloned().filter(|_| self.power != Power::Lost) else {
            self.answer_soon(ticket, Err(self.no_container(cid)));
            return ticket;
        };
        let refused = match c.status {
            Status::Running => None,
            Status::Paused => Some(format!("container {} is paused, unpause the container before exec", c.id)),
            Status::Restarting => {
                Some(format!("Container {} is restarting, wait until the container is running", c.id))
            }
            _ => Some(format!("container {} is not running", c.id)),
        };
        if let Some(text) = refused {
            self.answer_soon(ticket, Err(Refusal::new(Fault::Conflict, text)));
            return ticket;
        }
        let line = words.join(" ");
        let id = self.new_id();
        self.tell(cid, format!("exec_create: {line}"), &[("execID", id.clone())]);
        self.tell(cid, format!("exec_start: {line}"), &[("execID", id.clone())]);
        let ran = self.what_happens(cid, words, env);
        let overhead = self.draw(|p| p.exec);
        self.after(ran.takes + overhead, Timer::ExecEnds(ticket, cid, id, ran.code, ran.said));
        ticket
    }
    pub(super) fn exec_ends(&mut self, ticket: Ticket, cid: Cid, id: Rc<str>, code: i32, said: Vec<Said>) {
        let alive = self.containers.get(&cid).is_some_and(|c| c.alive());
        let code = if alive { code } else { 137 };
        self.tell(cid, "exec_die", &[("execID", id), ("exitCode", code.to_string().as_str().into())]);
        self.answer(ticket, Ok(Reply::Ran { code, said }));
    }
    /// What a command in a container does and says, from this moment on.
    pub(super) fn what_happens(&mut self, cid: Cid, words: &[Rc<str>], env: &[(Rc<str>, Rc<str>)]) -> Ran {
        let Some(c) = self.containers.get(&cid).cloned() else { return Ran::default() };
        let list: Vec<&str> = words.iter().map(|w| &**w).collect();
        match list.as_slice() {
            ["/app", rest @ ..] => self.ask(cid, &c, rest),
            [shell, "-c", script] if shell.ends_with("sh") => self.script(cid, &c, script, env),
            [name, rest @ ..] => self.tool(cid, &c, name, rest, env),
            [] => Ran::default(),
        }
    }
    /// The demonstration program as a client.
    fn ask(&mut self, cid: Cid, c: &Container, words: &[&str]) -> Ran {
        match words {
            ["check", ..] => self.check(cid),
            ["get", url, rest @ ..] => {
                let times = times(rest);
                let mut all = Ran::default();
                for _ in 0..times.min(TIMES_MAX) {
                    let one = self.get(cid, url);
                    all.code = all.code.max(one.code);
                    all.said.extend(one.said);
                    all.takes = all.takes + one.takes + Span::millis(3);
                }
                all.at_most(times)
            }
            ["resolve", name, rest @ ..] => {
                let times = times(rest);
                let ran = (0..times.min(TIMES_MAX)).fold(Ran::default(), |ran, _| {
                    let found = self.resolve(cid, name);
                    let list: Vec<&str> = found.iter().map(|(_, ip)| &**ip).collect();
                    let ttl = if list.is_empty() { "rcode=3 ttl=0" } else { "rcode=0 ttl=600" };
                    ran.line(format!("{name} {ttl} {}", list.join(" ")))
                });
                ran.at_most(times)
            }
            ["exit", code, ..] => {
                Ran { code: code.parse().unwrap_or(0), ..Ran::default() }.line(format!("exiting with {code}"))
            }
            ["sleepexit", time, code, ..] => {
                let takes = parse_seconds(time);
                Ran { code: code.parse().unwrap_or(0), takes, ..Ran::default() }.line(format!("exiting with {code}"))
            }
            ["env", ..] => self.env_of(c).iter().fold(Ran::default(), |ran, (k, v)| ran.line(format!("{k}={v}"))),
            _ => Ran::default(),
        }
    }
    /// The container asks itself whether it is well.
    fn check(&mut self, cid: Cid) -> Ran {
        let Some(port) = self.own_port(cid) else { return Ran { code: 1, ..Ran::default() } };
        if self.unit(cid).is_some_and(|unit| unit.twist.not_ready) {
            return Ran { code: 1, ..Ran::default() }.line("unhealthy");
        }
        match self.answers(cid, port, false) {
            Answering::Good => Ran::default().line("ok"),
            Answering::Slow(takes) => Ran { takes, ..Ran::default() }.line("ok"),
            Answering::Bad => Ran { code: 1, ..Ran::default() }.line("unhealthy"),
            Answering::Refused => Ran { code: 1, ..Ran::default() }.line(format!(
                "check: Get \"http://127.0.0.1:{port}/healthz\": dial tcp 127.0.0.1:{port}: connect: connection refused"
            )),
        }
    }
    /// One request by name; each asks the name anew.
    fn get(&mut self, cid: Cid, url: &str) -> Ran {
        let (host, port) = host_and_port(url);
        let own = matches!(host.as_str(), "localhost" | "127.0.0.1");
        let found = if own { vec![(cid, "127.0.0.1".into())] } else { self.resolve(cid, &host) };
        let Some((target, ip)) = found.first().cloned() else {
            return Ran::error(
                1,
                format!("error: Get \"{url}\": dial tcp: lookup {host} on 127.0.0.11:53: no such host"),
            );
        };
        match self.listens(target, port) {
            false => Ran::error(1, format!("error: Get \"{url}\": dial tcp {ip}:{port}: connect: connection refused")),
            true => {
                let takes = self.holds_up(target);
                Ran { takes, ..Ran::default() }.line(format!("200 {}", self.page(target)))
            }
        }
    }
    /// What the demonstration program answers: its host name and its tag.
    fn page(&self, cid: Cid) -> String {
        let Some(c) = self.containers.get(&cid) else { return String::new() };
        let tag = c.spec.env.iter().find(|(k, _)| &**k == "TAG").map(|(_, v)| format!(" {v}"));
        format!("{}{}", c.hostname(), tag.unwrap_or_default())
    }
    /// A request from the host to a published port.
    pub fn get_published(&self, port: u16) -> Option<String> {
        let found = self.containers.iter().find_map(|(cid, c)| {
            let binding = c.bindings.iter().find(|b| b.port == port && &*b.protocol == "tcp")?;
            Some((*cid, binding.target))
        });
        match found {
            Some((cid, target)) if self.listens(cid, target) => Some(self.page(cid)),
            _ => None,
        }
    }
    fn script(&mut self, cid: Cid, c: &Container, script: &str, env: &[(Rc<str>, Rc<str>)]) -> Ran {
        let simple: Vec<Rc<str>> = script.split_whitespace().map(Rc::from).collect();
        let plain = !script.contains([';', '&', '|', '$', '`', '"', '\'', '>', '<']);
        if plain && simple.first().is_some_and(|w| matches!(&**w, "/app" | "pg_isready" | "wget" | "nslookup")) {
            return self.what_happens(cid, &simple, env);
        }
        if asks_itself(script) {
            // What the program does not answer well, or not soon, the script makes nothing better of.
            let ran = self.check(cid);
            if ran.code != 0 || ran.takes > Span::ZERO {
                return Ran { said: Vec::new(), ..ran };
            }
        }
        if let Some((times, body)) = loop_of(script) {
            let words: Vec<Rc<str>> = body.split_whitespace().map(Rc::from).collect();
            return (0..times).fold(Ran::default(), |mut all, _| {
                let one = self.what_happens(cid, &words, env);
                all.said.extend(one.said);
                all.code = one.code;
                all
            });
        }
        let vars: Vec<(String, String)> =
            self.env_of(c).iter().chain(env).map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let mut files = self.files_of(c);
        let outcome = crate::workload::follow(script, &vars, &mut files);
        self.keep_files(c, &files);
        let mut ran = Ran { code: outcome.code, takes: outcome.ends.unwrap_or(Span::secs(86_400)), said: Vec::new() };
        for (after, line) in outcome.lines {
            ran.said.push(Said { after, stream: Stream::Out, text: line.as_str().into() });
        }
        ran
    }
    fn tool(&mut self, cid: Cid, c: &Container, name: &str, rest: &[&str], env: &[(Rc<str>, Rc<str>)]) -> Ran {
        let base = name.rsplit('/').next().unwrap_or(name);
        match base {
            "pg_isready" | "redis-cli" | "mysqladmin" => self.check(cid),
            "wget" | "curl" => match rest.iter().find(|w| w.contains("://")) {
                Some(url) if own_url(url) => {
                    let check = self.check(cid);
                    Ran { said: Vec::new(), ..check }
                }
                Some(url) => match self.get(cid, url) {
                    Ran { code: 0, said, takes } => {
                        let page = said.first().map(|s| s.text.trim_start_matches("200 ").to_string());
                        let tagged = page.unwrap_or_default();
                        let page = if tagged.contains(' ') { tagged } else { format!("{tagged} ") };
                        Ran { takes, ..Ran::default() }.line(page)
                    }
                    _ => Ran::error(1, format!("wget: bad address '{}'", host_and_port(url).0)),
                },
                None => Ran::default(),
            },
            "nslookup" | "getent" | "ping" => {
                let asked = rest.iter().rev().find(|w| !w.starts_with('-')).copied().unwrap_or_default();
                let found = self.resolve(cid, asked);
                match found.is_empty() {
                    true => Ran { code: 1, ..Ran::default() }.line(format!("** server can't find {asked}: NXDOMAIN")),
                    false => found.iter().fold(Ran::default(), |ran, (_, ip)| ran.line(format!("Address: {ip}"))),
                }
            }
            "env" | "printenv" if rest.is_empty() => {
                self.env_of(c).iter().chain(env).fold(Ran::default(), |ran, (k, v)| ran.line(format!("{k}={v}")))
            }
            "printenv" => {
                let all = self.env_of(c);
                match all.iter().chain(env).find(|(k, _)| **k == *rest[0]) {
                    Some((_, v)) => Ran::default().line(v.clone()),
                    None => Ran { code: 1, ..Ran::default() },
                }
            }
            "hostname" => Ran::default().line(c.hostname()),
            "sh" | "bash" => Ran::default(),
            "ls" | "cat" | "echo" | "sleep" | "true" | "false" | "test" | "touch" | "rm" | "exit" => {
                let script = std::iter::once(base).chain(rest.iter().copied());
                // A word may hold quotes of its own; the small shell joins pieces that stand together.
                let quoted: Vec<String> = script.map(|w| format!("'{}'", w.replace('\'', r"'\''"))).collect();
                self.script(cid, c, &quoted.join(" "), env)
            }
            _ => Ran::error(
                127,
                format!(
                    "OCI runtime exec failed: exec failed: unable to start container process: exec: \"{name}\": executable file not found in $PATH"
                ),
            ),
        }
    }
}

/// `for i in 1 2 3; do BODY; done` with a plain body.
fn loop_of(script: &str) -> Option<(usize, &str)> {
    let (head, rest) = script.trim().strip_prefix("for ")?.split_once(';')?;
    let body = rest.trim().strip_prefix("do ")?.strip_suffix("done")?.trim().trim_end_matches(';');
    let times = head.split_once(" in ")?.1.split_whitespace().count();
    let plain = !body.contains([';', '&', '|', '$']);
    let asks = body.starts_with("wget") || body.starts_with("/app") || body.starts_with("curl");
    (plain && asks).then_some((times, body))
}

/// Whether a script asks the container's own program how it is: by the tools that common health checks use.
fn asks_itself(script: &str) -> bool {
    const CLIENTS: &[&str] =
        &["pg_isready", "redis-cli", "valkey-cli", "mysqladmin", "mariadb-admin", "mongosh", "rabbitmq-diagnostics"];
    let words: Vec<&str> = script.split([' ', '\n', '\t', ';', '|', '&', '(', ')', '"', '\'', '$']).collect();
    let local = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let elsewhere = words.windows(2).any(|pair| matches!(pair[0], "-h" | "--host") && !local(pair[1]));
    let fetches = words.iter().any(|w| matches!(*w, "curl" | "wget"));
    let own = words.iter().any(|w| own_url(w));
    (words.iter().any(|w| CLIENTS.contains(w)) && !elsewhere) || (fetches && own)
}

fn own_url(url: &str) -> bool {
    matches!(host_and_port(url).0.as_str(), "localhost" | "127.0.0.1" | "0.0.0.0")
}

fn host_and_port(url: &str) -> (String, u16) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or(rest);
    match host.rsplit_once(':') {
        Some((host, port)) => (host.to_string(), port.parse().unwrap_or(80)),
        None => (host.to_string(), 80),
    }
}

fn parse_seconds(text: &str) -> Span {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let micros = format!("{part:0<6}").get(..6).and_then(|p| p.parse().ok()).unwrap_or(0u64);
    Span::micros(whole.parse::<u64>().unwrap_or(0).saturating_mul(1_000_000).saturating_add(micros))
}

impl Engine {
    /// Puts a file into a container, as `docker cp` does.
    pub fn put_file(&mut self, cid: Cid, path: &str, text: &str) {
        self.tell(cid, "extract-to-dir", &[]);
        if let Some(c) = self.edit(cid) {
            let spec = Rc::make_mut(&mut c.spec);
            spec.files.retain(|(p, _)| **p != *path);
            spec.files.push((path.into(), text.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_checks_ask_the_container_itself() {
        for (script, own) in [
            ("curl -f http://localhost/ || exit 1", true),
            ("curl --fail localhost:3000/healthz", true),
            ("wget -q --spider http://127.0.0.1:8080/ || exit 1", true),
            ("pg_isready -U postgres -d shop", true),
            ("pg_isready -h localhost -U postgres", true),
            ("redis-cli ping | grep PONG", true),
            ("pg_isready -h db -U postgres", false),
            ("curl -f http://api:3000/ || exit 1", false),
            ("test -f /tmp/ready", false),
        ] {
            assert_eq!(asks_itself(script), own, "{script}");
        }
    }
}
