//! How the Docker clients speak of times, states, ports and commands.

use crate::compose::engine::{Container, Status, Verdict};
use crate::sim::{Span, Time};
use std::rc::Rc;

/// Source: github.com/docker/go-units duration.go, HumanDuration.
pub fn human(span: Span) -> String {
    let seconds = span.as_secs();
    let minutes = seconds / 60;
    // Hours are rounded to the nearest.
    let hours = (seconds + 1_800) / 3_600;
    match () {
        () if seconds < 1 => "Less than a second".into(),
        () if seconds == 1 => "1 second".into(),
        () if seconds < 60 => format!("{seconds} seconds"),
        () if minutes == 1 => "About a minute".into(),
        () if minutes < 60 => format!("{minutes} minutes"),
        () if hours == 1 => "About an hour".into(),
        () if hours < 48 => format!("{hours} hours"),
        () if hours < 24 * 7 * 2 => format!("{} days", hours / 24),
        () if hours < 24 * 30 * 2 => format!("{} weeks", hours / 24 / 7),
        () if hours < 24 * 365 * 2 => format!("{} months", hours / 24 / 30),
        () => format!("{} years", hours / 24 / 365),
    }
}

/// Source: moby v29 daemon/container/state.go, String.
pub fn status(c: &Container, now: Time) -> String {
    let since = |t: Option<Time>| human(now.since(t.unwrap_or(now)));
    match c.status {
        Status::Paused => format!("Up {} (Paused)", since(c.started)),
        Status::Restarting => format!("Restarting ({}) {} ago", c.exit, since(c.finished)),
        Status::Running => match c.health.as_ref().map(|h| h.verdict) {
            Some(Verdict::Starting) => format!("Up {} (health: starting)", since(c.started)),
            Some(verdict) => format!("Up {} ({})", since(c.started), verdict.word()),
            None => format!("Up {}", since(c.started)),
        },
        Status::Created => "Created".into(),
        Status::Removing => "Removal In Progress".into(),
        Status::Exited => format!("Exited ({}) {} ago", c.exit, since(c.finished)),
    }
}

/// The words of the first process, quoted where they hold blanks.
/// Source: moby v29 daemon/internal/..., container path and args; daemon/list.go.
pub fn command(c: &Container) -> String {
    let quote = |w: &Rc<str>| if w.contains(char::is_whitespace) { format!("'{w}'") } else { w.to_string() };
    c.spec.words().iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// Cut to so many letters. Source: docker/cli v28 cli/command/formatter/displayutils.go, Ellipsis.
pub fn ellipsis(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text.chars().take(most - 1).chain(['…']).collect(),
        false => text.to_string(),
    }
}

/// A port as the API lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// Port in the container.
    pub target: u16,
    /// Port of the host; 0 for one that is only exposed.
    pub public: u16,
    /// `tcp` or `udp`.
    pub protocol: Rc<str>,
    /// Address of the host; empty for one that is only exposed.
    pub ip: Rc<str>,
}

/// The ports of a running container: what is exposed and what is bound.
pub fn ports(c: &Container) -> Vec<Port> {
    if !c.alive() || c.endpoints.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for exposed in &c.spec.exposed {
        let (port, protocol) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
        let (low, high) = port.split_once('-').unwrap_or((port, port));
        let (Ok(low), Ok(high)) = (low.parse::<u16>(), high.parse::<u16>()) else { continue };
        for target in low..=high {
            let bound = c.bindings.iter().filter(|b| b.target == target && *b.protocol == *protocol);
            let bound: Vec<Port> =
                bound.map(|b| Port { target, public: b.port, protocol: protocol.into(), ip: b.ip.clone() }).collect();
            match bound.is_empty() {
                true => all.push(Port { target, public: 0, protocol: protocol.into(), ip: "".into() }),
                false => all.extend(bound),
            }
        }
    }
    all
}

/// Ports as a column shows them: neighbours together.
/// Source: docker/cli v28 cli/command/formatter/container.go, DisplayablePorts.
pub fn shown_ports(ports: &[Port]) -> String {
    let mut sorted = ports.to_vec();
    sorted.sort_by(|a, b| (a.target, &a.ip, a.public, &a.protocol).cmp(&(b.target, &b.ip, b.public, &b.protocol)));
    let (mut plain, mut bound): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut groups: Vec<(String, Rc<str>, u16, u16)> = Vec::new();
    for port in &sorted {
        let ip = if port.ip.contains(':') { format!("[{}]", port.ip) } else { port.ip.to_string() };
        if port.public != 0 && port.public != port.target {
            bound.push(format!("{ip}:{}->{}/{}", port.public, port.target, port.protocol));
            continue;
        }
        let key = if port.public == 0 { String::new() } else { ip };
        let next = groups.iter_mut().find(|g| g.0 == key && g.1 == port.protocol && g.3 + 1 == port.target);
        match next {
            Some(group) => group.3 = port.target,
            None => groups.push((key, port.protocol.clone(), port.target, port.target)),
        }
    }
    for (ip, protocol, first, last) in groups {
        let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
        plain.push(match ip.is_empty() {
            true => format!("{range}/{protocol}"),
            false => format!("{ip}:{range}->{range}/{protocol}"),
        });
    }
    plain.extend(bound);
    plain.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spoken_as_the_client_does() {
        let said = [0, 1, 59, 60, 119, 120, 3_599, 3_600, 7_200, 200_000].map(|s| human(Span::secs(s)));
        assert_eq!(
            said,
            [
                "Less than a second",
                "1 second",
                "59 seconds",
                "About a minute",
                "About a minute",
                "2 minutes",
                "59 minutes",
                "About an hour",
                "2 hours",
                "2 days"
            ]
        );
    }

    #[test]
    fn bound_ports_come_behind_exposed_ones() {
        let port = |target, public, protocol: &str, ip: &str| Port {
            target,
            public,
            protocol: protocol.into(),
            ip: ip.into(),
        };
        let all = [
            port(80, 18106, "udp", "0.0.0.0"),
            port(80, 18106, "udp", "::"),
            port(9000, 0, "tcp", ""),
            port(80, 18105, "tcp", "127.0.0.1"),
        ];
        assert_eq!(shown_ports(&all), "9000/tcp, 0.0.0.0:18106->80/udp, 127.0.0.1:18105->80/tcp, [::]:18106->80/udp");
    }
}
