//! Removing and renaming a container. Source: moby v29 daemon/delete.go, ContainerRm; rename.go.

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
        let taken = self.containers.iter().any(|(other, c)| *other != cid && *c.name == *name);
        let answer = match self.containers.get(&cid).cloned() {
            None => Err(Refusal::new(Fault::NotFound, format!("No such container: {cid}"))),
            Some(_) if taken => {
                let words = format!(
                    "Error when allocating new name: Conflict. The container name \"/{name}\" is already in use"
                );
                Err(Refusal::new(Fault::Conflict, words))
            }
            Some(old) => {
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
}
