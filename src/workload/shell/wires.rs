//! Commands of a script that ask the network: whether a name exists, whether somebody listens, whether a page comes. What the
//! answer is, and when it changes, is known to whoever runs the script.

use super::{Flow, Run};
use crate::sim::Span;

/// What a command asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// Whether a name is known.
    Name(String),
    /// Whether somebody takes connections: host, port.
    Port(String, u16),
    /// Whether a page comes: host, port, path.
    Page(String, u16, String),
}

/// An answer, and from when on it holds.
pub type Answer = (Span, Question, bool);

/// How long such a command takes. Ours: a name and a connection within one machine room.
const TAKES: Span = Span::millis(5);

impl Question {
    /// The host it is about.
    pub fn host(&self) -> &str {
        match self {
            Question::Name(host) | Question::Port(host, _) | Question::Page(host, ..) => host,
        }
    }
    /// What a command asks, if it is one that asks.
    pub fn of(name: &str, args: &[&str]) -> Option<Question> {
        let option = |keys: &[&str]| {
            args.iter().enumerate().find_map(|(at, arg)| {
                let key = keys.iter().find(|k| arg.starts_with(**k))?;
                let rest = &arg[key.len()..];
                if rest.is_empty() { args.get(at + 1).copied() } else { Some(rest.trim_start_matches('=')) }
            })
        };
        let server = |default: u16, port: &[&str]| {
            let host = option(&["-h", "--host"]).unwrap_or("localhost").to_string();
            let port = option(port).and_then(|p| p.parse().ok()).unwrap_or(default);
            Some(Question::Port(host, port))
        };
        match name {
            "nc" | "ncat" | "netcat" => {
                let plain = plain(args, &["-w", "-i", "-p", "-s", "-q"]);
                Some(Question::Port((*plain.first()?).into(), plain.get(1)?.parse().ok()?))
            }
            "nslookup" | "host" => Some(Question::Name((*plain(args, &[]).first()?).into())),
            "dig" => {
                let host = plain(args, &[]).into_iter().find(|a| !a.starts_with(['+', '@']))?;
                Some(Question::Name(host.into()))
            }
            "getent" if args.first().is_some_and(|a| a.ends_with("hosts")) => {
                Some(Question::Name((*args.get(1)?).into()))
            }
            "ping" => Some(Question::Name((*plain(args, &["-c", "-w", "-W", "-i", "-s"]).last()?).into())),
            "wget" => page(plain(args, &["-O", "-T", "-t", "-o", "-U", "-P"]).first()?),
            "curl" => page(plain(args, CURL_VALUES).first()?),
            "pg_isready" => server(5432, &["-p", "--port"]),
            "mysqladmin" if args.contains(&"ping") => server(3306, &["-P", "--port"]),
            "redis-cli" => server(6379, &["-p"]),
            _ => None,
        }
    }
}

/// Options of curl that take a value. Source: curl's manual page.
const CURL_VALUES: &[&str] = &[
    "-o",
    "-m",
    "-H",
    "-X",
    "-d",
    "-w",
    "-u",
    "-A",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--retry-delay",
    "--data",
];

/// Arguments that are no options and no values of these options.
fn plain<'a>(args: &[&'a str], valued: &[&str]) -> Vec<&'a str> {
    let mut skip = false;
    let mut found = Vec::new();
    for arg in args {
        if std::mem::take(&mut skip) {
            continue;
        }
        match arg.strip_prefix('-') {
            // `-zw1` and `-w1` hold their value, `-w` and `-zw` do not.
            Some(rest) if !rest.is_empty() => {
                let last = format!("-{}", rest.chars().last().unwrap_or('-'));
                skip = valued.contains(arg) || (!arg.starts_with("--") && rest.len() > 1 && valued.contains(&&*last));
            }
            _ => found.push(*arg),
        }
    }
    found
}

/// `[http[s]://]HOST[:PORT][/PATH]`
fn page(url: &str) -> Option<Question> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let usual = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (host, usual),
    };
    (!host.is_empty()).then(|| Question::Page(host.into(), port, format!("/{path}")))
}

impl Run<'_> {
    /// Runs a command that asks the network; `None` when it is none, or nobody here knows the network.
    pub(super) fn wire_command(&mut self, name: &str, args: &[&str], file: Option<&str>) -> Option<Flow> {
        let known = self.around.wires?;
        if name == "nc" && args.iter().any(|a| a.starts_with('-') && a.contains('l')) {
            return Some(Flow::Forever);
        }
        let question = match file.and_then(|f| f.trim_start_matches(super::APPEND).strip_prefix("/dev/tcp/")) {
            Some(end) => {
                let (host, port) = end.split_once('/')?;
                Question::Port(host.into(), port.parse().ok()?)
            }
            None => Question::of(name, args)?,
        };
        // curl is content with any answer unless it is told otherwise.
        let strict = name != "curl"
            || args.iter().any(|a| *a == "--fail" || (a.starts_with('-') && !a.starts_with("--") && a.contains('f')));
        let question = match question {
            Question::Page(host, port, _) if !strict => Question::Port(host, port),
            other => other,
        };
        self.now = self.now + TAKES;
        let now = self.now;
        let answer = known.iter().rev().find(|(from, q, _)| *from <= now && *q == question);
        let well = answer.is_some_and(|(.., well)| *well);
        self.asked.insert(question);
        Some(self.done(i32::from(!well)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Around, Files, follow_in};
    use super::*;

    fn runs(script: &str, known: &[Answer]) -> (Option<Span>, Vec<Question>) {
        let around = Around { wires: Some(known), ..Around::default() };
        let outcome = follow_in(script, &[], &mut Files::new(), around);
        (outcome.ends, outcome.asked.into_iter().collect())
    }

    #[test]
    fn a_loop_waits_until_somebody_listens() {
        let db = Question::Port("db".into(), 5432);
        let script = "until nc -z -w1 db 5432; do echo waiting; sleep 1; done; echo there";
        assert_eq!(runs(script, &[]), (None, vec![db.clone()]));
        let known = [(Span::ZERO, db.clone(), false), (Span::secs(10), db, true)];
        let ends = runs(script, &known).0.expect("it ends");
        assert!(ends >= Span::secs(10) && ends < Span::secs(12), "{ends:?}");
    }

    #[test]
    fn commands_are_read() {
        let asks = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            Question::of(words[0], &words[1..])
        };
        let page = |h: &str, p, path: &str| Some(Question::Page(h.into(), p, path.into()));
        assert_eq!(asks("wget -qO- http://web:8080/ready"), page("web", 8080, "/ready"));
        assert_eq!(asks("curl -sf -m 2 https://web.shop.svc"), page("web.shop.svc", 443, "/"));
        assert_eq!(
            asks("nslookup db.default.svc.cluster.local"),
            Some(Question::Name("db.default.svc.cluster.local".into()))
        );
        assert_eq!(asks("pg_isready -h db -p 5433"), Some(Question::Port("db".into(), 5433)));
        assert_eq!(asks("nc -zv db 3306"), Some(Question::Port("db".into(), 3306)));
        assert_eq!(asks("echo hello"), None);
    }

    #[test]
    fn without_a_network_they_succeed_at_once() {
        let outcome = super::super::follow("until nc -z db 5432; do sleep 1; done", &[], &mut Files::new());
        assert_eq!((outcome.ends, outcome.asked.len()), (Some(Span::ZERO), 0));
    }
}
