//! Removing, renaming and updating a container. Source: moby v29 daemon/delete.go, ContainerRm; rename.go; update.go.

use super::life::name_taken;
use super::*;

impl Engine {
    /// `docker rm`; by force it kills a running container first.
    pub fn remove(&mut self, cid: Cid, force: bool, volumes: bool) -> Ticket {
        let ticket = self.ticket();
        let Some(c) = self.containers.get(&cid).cloned().filter(|_| self.power != Power::Lost) else {
            self.answer_soon(ticket, Err(self.no_container(cid)));
            return ticket;
        };
        match c.status {
            Status::Running | Status::Paused if force => {
                if let Some(c) = self.edit(cid) {
                    c.by_hand = true;
                }
                self.ends.push((cid, AfterEnd::Remove(ticket, volumes)));
                self.signal(cid, 9);
            }
            Status::Running | Status::Paused | Status::Restarting if !force => {
                let state = c.status.word();
                let words = format!(
                    "cannot remove container \"{}\": container is {state}: stop the container before removing or force remove",
                    c.name
                );
                self.answer_soon(ticket, Err(Refusal::new(Fault::Conflict, words)));
            }
            Status::Restarting => {
                self.lay_down(cid);
                self.destroy_soon(ticket, cid, volumes);
            }
            _ => self.destroy_soon(ticket, cid, volumes),
        }
        ticket
    }
    pub(super) fn destroy_soon(&mut self, ticket: Ticket, cid: Cid, volumes: bool) {
        let span = self.draw(|p| p.remove);
        self.work(span, Timer::Destroy(ticket, cid, volumes));
    }
    pub(super) fn destroy(&mut self, ticket: Ticket, cid: Cid, volumes: bool) {
        let Some(c) = self.containers.get(&cid).cloned() else {
            return self.answer(ticket, Err(Refusal::new(Fault::NotFound, format!("No such container: {cid}"))));
        };
        self.leave_networks(cid);
        self.tell(cid, "destroy", &[]);
        self.note(cid, removed(c.name.clone()));
        self.containers.remove(&cid);
        if volumes {
            for mount in c.mounts.iter().filter(|m| &*m.kind == "volume") {
                let used = self.containers.values().any(|o| o.mounts.iter().any(|m| m.source == mount.source));
                if !used && self.volumes.get(&mount.source).is_some_and(|v| v.anonymous) {
                    self.volumes.remove(&mount.source);
                }
            }
        }
        self.answer(ticket, Ok(Reply::Done));
    }
    /// `docker rename`.
    pub fn rename(&mut self, cid: Cid, name: &str) -> Ticket {
        let ticket = self.ticket();
        let answer = match (self.containers.get(&cid).cloned(), self.name_refused(cid, name)) {
            (None, _) => Err(Refusal::new(Fault::NotFound, format!("No such container: {cid}"))),
            (_, Some(words)) => Err(Refusal::new(Fault::Conflict, words)),
            (Some(old), None) => {
                if let Some(c) = self.edit(cid) {
                    c.name = name.into();
                }
                self.tell(cid, "rename", &[("oldName", format!("/{}", old.name).as_str().into())]);
                Ok(Reply::Done)
            }
        };
        self.answer_soon(ticket, answer);
        ticket
    }
    /// Why a container cannot be renamed so. Source: moby v29 daemon/rename.go, ContainerRename; names.go, reserveName.
    pub fn name_refused(&self, cid: Cid, name: &str) -> Option<String> {
        let own = self.containers.get(&cid).is_some_and(|c| *c.name == *name);
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let sound = name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(fits);
        let holder = self.containers.values().find(|c| *c.name == *name);
        let why = match holder {
            _ if own => return Some("Renaming a container with the same name as its current name".into()),
            _ if !sound => format!("Invalid container name (/{name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
            Some(holder) => name_taken(name, &holder.id),
            None => return None,
        };
        Some(format!("Error when allocating new name: {why}"))
    }
    /// `docker update --restart`. Source: moby v29 daemon/update.go; daemon/container/container_unix.go, UpdateContainer.
    pub fn set_policy(&mut self, cid: Cid, policy: Restart) -> Result<(), String> {
        let Some(c) = self.edit(cid) else { return Err(format!("No such container: {cid}")) };
        if c.spec.auto_remove && policy != Restart::No {
            let why = "Restart policy cannot be updated because AutoRemove is enabled for the container";
            return Err(format!("Cannot update container {}: {why}", c.id));
        }
        Rc::make_mut(&mut c.spec).restart = policy;
        self.tell(cid, "update", &[]);
        Ok(())
    }
}
