//! Volumes, and the files that scripts leave in them.

use super::{Answer, Cid, Container, Engine, Fault, Mount, Refusal, Reply, Ticket, Timer};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Volume {
    /// Labels, sorted.
    pub labels: Vec<(Rc<str>, Rc<str>)>,
    /// Whether it was made for one container.
    pub anonymous: bool,
    /// Files by path inside of it.
    pub files: BTreeMap<String, String>,
}

impl Engine {
    /// `docker volume create`.
    pub fn volume_create(&mut self, name: &str, labels: Vec<(Rc<str>, Rc<str>)>) -> Ticket {
        let ticket = self.ticket();
        if !self.volumes.contains_key(name) {
            self.volumes.insert(name.into(), Volume { labels, ..Volume::default() });
            self.tell_volume(name, "create", None);
        }
        let span = self.draw(|p| p.volume);
        self.after(span, Timer::Answer(ticket, Ok(Reply::Done)));
        ticket
    }
    /// `docker volume rm`.
    pub fn volume_remove(&mut self, name: &str) -> Ticket {
        let ticket = self.ticket();
        let answer = self.volume_gone(name);
        let span = self.draw(|p| p.volume);
        self.after(span, Timer::Answer(ticket, answer));
        ticket
    }
    fn volume_gone(&mut self, name: &str) -> Answer {
        if !self.volumes.contains_key(name) {
            return Err(Refusal::new(Fault::NotFound, format!("get {name}: no such volume")));
        }
        let users: Vec<&str> = self
            .containers
            .values()
            .filter(|c| c.mounts.iter().any(|m| &*m.kind == "volume" && &*m.source == name))
            .map(|c| &*c.id)
            .collect();
        if !users.is_empty() {
            let words = format!("remove {name}: volume is in use - [{}]", users.join(", "));
            return Err(Refusal::new(Fault::Conflict, words));
        }
        self.volumes.remove(name);
        self.tell_volume(name, "destroy", None);
        Ok(Reply::Done)
    }
    /// Gives every anonymous mount a volume, and makes the named ones that are missing.
    pub(super) fn make_volumes(&mut self, mounts: &[Mount]) -> Vec<Mount> {
        let mut out = Vec::new();
        for mount in mounts {
            let mut mount = mount.clone();
            if &*mount.kind == "volume" {
                let anonymous = mount.source.is_empty();
                if anonymous {
                    mount.source = self.new_id();
                }
                self.volumes.entry(mount.source.clone()).or_insert_with(|| Volume { anonymous, ..Volume::default() });
            }
            out.push(mount);
        }
        out
    }
    /// Whether a path of the host is known not to be there.
    pub fn path_missing(&self, path: &str) -> bool {
        let below =
            |file: &Rc<str>| **file == *path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        !self.home.is_empty() && path.starts_with(&*self.home) && *path != *self.home && !self.files.keys().any(below)
    }
    pub(super) fn tell_mounts(&mut self, cid: Cid, action: &str) {
        let Some(c) = self.containers.get(&cid).cloned() else { return };
        for mount in c.mounts.iter().filter(|m| &*m.kind == "volume") {
            self.tell_volume(&mount.source, action, Some((cid, &mount.target, mount.read_only)));
        }
    }
    /// The files a process sees: those of its volumes under their paths, and what was put in.
    pub(super) fn files_of(&self, c: &Container) -> BTreeMap<String, String> {
        let mut files: BTreeMap<String, String> =
            c.spec.files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
        for mount in &c.mounts {
            if let Some(text) = self.files.get(&mount.source).filter(|_| &*mount.kind == "bind") {
                files.insert(mount.target.to_string(), text.to_string());
            }
            if let Some(volume) = self.volumes.get(&mount.source) {
                files.extend(volume.files.iter().map(|(path, text)| (format!("{}{path}", mount.target), text.clone())));
            }
        }
        files
    }
    /// Keeps what a process left in its volumes.
    pub(super) fn keep_files(&mut self, c: &Container, files: &BTreeMap<String, String>) {
        for mount in c.mounts.iter().filter(|m| &*m.kind == "volume") {
            let Some(volume) = self.volumes.get_mut(&mount.source) else { continue };
            let inside = |(path, text): (&String, &String)| {
                let rest = path.strip_prefix(&*mount.target)?;
                rest.starts_with('/').then(|| (rest.to_string(), text.clone()))
            };
            volume.files = files.iter().filter_map(inside).collect();
        }
    }
}
