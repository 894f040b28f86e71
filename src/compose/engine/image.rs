//! Images: what is known of them when a container is made.

use super::Healthcheck;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Image {
    /// Entry point.
    pub entrypoint: Vec<Rc<str>>,
    /// Command.
    pub command: Vec<Rc<str>>,
    /// Environment.
    pub env: Vec<(Rc<str>, Rc<str>)>,
    /// Ports, as `80/tcp`.
    pub exposed: Vec<Rc<str>>,
    /// Paths that become anonymous volumes.
    pub volumes: Vec<Rc<str>>,
    /// Signal that asks it to stop; empty for SIGTERM.
    pub stop_signal: Rc<str>,
    /// Health check.
    pub healthcheck: Option<Healthcheck>,
    /// Bytes.
    pub size: u64,
}

/// The images of a host. What nobody named is made up from what is known of common images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    named: BTreeMap<Rc<str>, (Rc<str>, Rc<Image>)>,
    /// Whether only the named ones exist.
    pub closed: bool,
    /// Whether no registry answers: what is not on the host cannot be had.
    pub down: bool,
    /// Those that no registry has any more.
    lost: BTreeSet<Rc<str>>,
    /// Those that are on the host, because something was made from them.
    kept: BTreeSet<Rc<str>>,
}

/// (name, entry point, command, port, volume, stop signal) of common images. Ours: as their public descriptions say.
const COMMON: &[(&str, &[&str], &[&str], &str, &str, &str)] = &[
    ("nginx", &["/docker-entrypoint.sh"], &["nginx", "-g", "daemon off;"], "80/tcp", "", "SIGQUIT"),
    ("httpd", &[], &["httpd-foreground"], "80/tcp", "", "SIGWINCH"),
    ("postgres", &["docker-entrypoint.sh"], &["postgres"], "5432/tcp", "/var/lib/postgresql/data", "SIGINT"),
    ("redis", &["docker-entrypoint.sh"], &["redis-server"], "6379/tcp", "/data", ""),
    ("mysql", &["docker-entrypoint.sh"], &["mysqld"], "3306/tcp", "/var/lib/mysql", ""),
    ("mongo", &["docker-entrypoint.sh"], &["mongod"], "27017/tcp", "/data/db", ""),
    ("busybox", &[], &["sh"], "", "", ""),
    ("alpine", &[], &["/bin/sh"], "", "", ""),
    ("ubuntu", &[], &["/bin/bash"], "", "", ""),
    ("debian", &[], &["bash"], "", "", ""),
];

/// Names that stand for an image that cannot be had, as everywhere in this simulation (FID-061).
const MISSING: &[&str] = &["doesnotexist", "missing", "broken", "nope", "invalid"];

impl Images {
    /// An image can no longer be had, or can be again; what is on the host stays there.
    pub fn lose(&mut self, name: &str, lost: bool) {
        match lost {
            true => self.lost.insert(with_tag(name)),
            false => self.lost.remove(&with_tag(name)),
        };
    }
    /// An image is on the host from now on.
    pub(super) fn keep(&mut self, name: &str) {
        self.kept.insert(with_tag(name));
    }
    fn out_of_reach(&self, name: &str) -> bool {
        let name = with_tag(name);
        (self.down || self.lost.contains(&name)) && !self.kept.contains(&name)
    }
    /// Names an image.
    pub fn put(&mut self, name: &str, image: Image) {
        self.named.insert(with_tag(name), (made_up_id(name), image.into()));
    }
    /// Gives an image another name: `docker tag`. Tells whether there is such an image.
    pub fn tag(&mut self, from: &str, to: &str) -> bool {
        let Some(found) = self.get(from) else { return false };
        self.named.insert(with_tag(to), found);
        true
    }
    /// Id and description of an image; `None` when it is not there and cannot be had.
    pub fn get(&self, name: &str) -> Option<(Rc<str>, Rc<Image>)> {
        if let Some(found) = self.named.get(&with_tag(name)) {
            return Some(found.clone());
        }
        if let Some(found) = self.named.values().find(|(id, _)| &**id == name) {
            return Some(found.clone());
        }
        let base = name.rsplit('/').next().unwrap_or(name).split([':', '@']).next().unwrap_or(name);
        if self.closed || self.out_of_reach(name) || MISSING.iter().any(|word| base.contains(word)) {
            return None;
        }
        let text = |words: &[&str]| words.iter().map(|w| Rc::from(*w)).collect();
        let some = |word: &str| if word.is_empty() { Vec::new() } else { vec![Rc::from(word)] };
        let image = match COMMON.iter().find(|(known, ..)| *known == base) {
            Some((_, entry, command, port, volume, signal)) => Image {
                entrypoint: text(entry),
                command: text(command),
                exposed: some(port),
                volumes: some(volume),
                stop_signal: (*signal).into(),
                ..Image::default()
            },
            None => Image::default(),
        };
        Some((made_up_id(name), image.into()))
    }
}

fn with_tag(name: &str) -> Rc<str> {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains([':', '@']) { name.into() } else { format!("{name}:latest").into() }
}

/// An id that depends on the name alone.
fn made_up_id(name: &str) -> Rc<str> {
    let name = with_tag(name);
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let parts = (0..4u64).map(|i| format!("{:016x}", crate::sim::mix(seed.wrapping_add(i))));
    format!("sha256:{}", parts.collect::<String>()).into()
}
