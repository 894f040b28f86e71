//! The short form of ports: `ip:host:container/protocol`, with ranges.
//! Source: docker/go-connections v0.8.1 nat/nat.go, ParsePortSpec; compose-go v2.16.1 types/types.go, ParsePortConfig.

use super::tree::{Members, Tree, members};
use std::net::IpAddr;

/// Reads one entry to its long forms, by container port as text.
pub fn parse(spec: &str) -> Result<Vec<Members>, String> {
    let (ip, host, container) = split(spec);
    let (container, protocol) = container.split_once('/').unwrap_or((container, ""));
    if container.is_empty() {
        return Err(format!("no port specified: {spec}<empty>"));
    }
    let protocol = if protocol.is_empty() { "tcp".to_owned() } else { protocol.to_lowercase() };
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("invalid proto: {protocol}"));
    }
    let bare = match ip.strip_prefix('[') {
        Some(inside) => inside
            .strip_suffix(']')
            .ok_or_else(|| format!("invalid IP address {ip}: address {ip}:: missing ']' in address"))?,
        None => &ip,
    };
    if !bare.is_empty() && !is_ip(bare) {
        return Err(format!("invalid IP address: {bare}"));
    }
    let (first, last) = range(container).ok_or_else(|| format!("invalid containerPort: {container}"))?;
    let published = match host {
        "" => None,
        host => Some(range(host).ok_or_else(|| format!("invalid hostPort: {host}"))?),
    };
    if let Some((low, high)) = published
        && last - first != high - low
        && last != first
    {
        return Err(format!("invalid ranges specified for container and host Ports: {container} and {host}"));
    }
    let mut out: Vec<(String, Members)> = Vec::new();
    for (offset, port) in (first..=last).enumerate() {
        let mut entry = members([
            ("mode", "ingress".into()),
            ("target", Tree::from(i64::from(port))),
            ("protocol", protocol.as_str().into()),
        ]);
        if let Some((low, high)) = published {
            let start = low + offset as u32;
            let dynamic = first == last && low != high;
            let text = if dynamic { format!("{start}-{high}") } else { start.to_string() };
            entry.insert("published".into(), text.into());
        }
        if !bare.is_empty() {
            entry.insert("host_ip".into(), bare.into());
        }
        out.push((format!("{port}/{protocol}"), entry));
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(out.into_iter().map(|(_, entry)| entry).collect())
}

/// Whether the text is an address as Go reads it: without zone.
pub fn is_ip(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn split(spec: &str) -> (String, &str, &str) {
    let parts: Vec<&str> = spec.split(':').collect();
    match parts.as_slice() {
        [container] => (String::new(), "", container),
        [host, container] => (String::new(), host, container),
        [ip @ .., host, container] => (ip.join(":"), host, container),
        [] => (String::new(), "", ""),
    }
}

/// Highest port. Source: nat/parse.go, parsePortNumber.
const PORT_MAX: i64 = 65535;

fn range(text: &str) -> Option<(u32, u32)> {
    let port = |text: &str| {
        let number = super::units::whole("Atoi", text).ok()?;
        u32::try_from(number).ok().filter(|_| number <= PORT_MAX)
    };
    match text.split_once('-') {
        None => port(text).map(|port| (port, port)),
        Some((first, last)) => {
            let (first, last) = (port(first)?, port(last)?);
            (first <= last).then_some((first, last))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(spec: &str) -> Result<String, String> {
        parse(spec).map(|all| all.into_iter().map(|entry| Tree::from(entry).go_text()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn forms() {
        assert_eq!(said("80"), Ok("map[mode:ingress protocol:tcp target:80]".into()));
        assert_eq!(
            said("127.0.0.1:8080:80/UDP"),
            Ok("map[host_ip:127.0.0.1 mode:ingress protocol:udp published:8080 target:80]".into())
        );
        assert_eq!(said("[::1]:1:2"), Ok("map[host_ip:::1 mode:ingress protocol:tcp published:1 target:2]".into()));
        assert_eq!(said("9000-9002:80"), Ok("map[mode:ingress protocol:tcp published:9000-9002 target:80]".into()));
        let both = said("9-10:9-10").unwrap_or_default();
        assert!(both.starts_with("map[mode:ingress protocol:tcp published:10 target:10]"), "{both}");
        assert_eq!(said("a:b"), Err("invalid containerPort: b".into()));
        assert_eq!(said("70000:80"), Err("invalid hostPort: 70000".into()));
        assert_eq!(said("1.2.3:1:2"), Err("invalid IP address: 1.2.3".into()));
        assert_eq!(said("80:"), Err("no port specified: 80:<empty>".into()));
    }
}
