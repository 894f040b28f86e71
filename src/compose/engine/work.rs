//! What the machine works on at one moment. Making, starting, burying and removing a container is work of the machine: what is
//! under way at the same time shares it equally, clients that are busy beside it take their share, and so thirty containers that
//! stop together take much longer than one.
//!
//! Ours: recorded. A container that its policy starts again was up 0.1 s behind the wait where nothing else was under way, 0.2 s
//! beside a client, 0.3 to 0.4 s beside four others, 0.6 to 0.8 s beside eight; thirty containers that stopped together had
//! stopped after 3.3 to 5 s, one alone after 0.15 s. That is the work of one machine that does one thing at a time: the network
//! settings of the kernel, its mounts and the store of containerd have one lock each.

use super::*;

/// Pieces of work, by how far the work shared by all must have come for each to be done.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    under_way: BTreeMap<(Span, u64), Timer>,
    /// How far each piece has come that was there from the start.
    come: Span,
    /// When that was.
    at: Time,
    seq: u64,
    /// Clients that are busy beside it.
    clients: u64,
    /// Which timer counts.
    round: u64,
    last_made: Span,
}

impl Work {
    /// Brings what has been done up to the present moment.
    fn catch_up(&mut self, now: Time) {
        if !self.under_way.is_empty() {
            self.come = self.come + Span(now.since(self.at).0 / self.shares());
        }
        self.at = now;
    }
    /// In how many parts the machine is shared.
    fn shares(&self) -> u64 {
        self.under_way.len() as u64 + self.clients
    }
    fn add(&mut self, until: Span, timer: Timer) {
        self.seq += 1;
        self.under_way.insert((until, self.seq), timer);
    }
    /// When the next piece is done, if nothing comes between.
    fn next(&self) -> Option<Span> {
        let (until, _) = self.under_way.first_key_value()?.0;
        Some((*until - self.come) * self.shares())
    }
    fn take(&mut self) -> Option<Timer> {
        let first = self.under_way.first_entry()?;
        (first.key().0 <= self.come).then(|| first.remove())
    }
}

impl Engine {
    /// Begins a piece of work that takes this long when nothing else is under way.
    pub(super) fn work(&mut self, span: Span, timer: Timer) {
        self.work.catch_up(self.now);
        self.work.add(self.work.come + span, timer);
        self.look_after_work();
    }
    /// The same for a container that is made: what was asked for first is made first.
    pub(super) fn work_in_turn(&mut self, span: Span, timer: Timer) {
        self.work.catch_up(self.now);
        let until = (self.work.come + span).max(self.work.last_made);
        self.work.last_made = until;
        self.work.add(until, timer);
        self.look_after_work();
    }
    /// How many clients are busy from now on; each takes its share of the machine too.
    pub fn clients(&mut self, busy: usize) {
        if self.work.clients != busy as u64 {
            self.work.catch_up(self.now);
            self.work.clients = busy as u64;
            self.look_after_work();
        }
    }
    fn look_after_work(&mut self) {
        self.work.round += 1;
        if let Some(span) = self.work.next() {
            self.after(span, Timer::Worked(self.work.round));
        }
    }
    /// The next piece is done.
    pub(super) fn worked(&mut self, round: u64) {
        if round != self.work.round {
            return;
        }
        self.work.catch_up(self.now);
        let done = self.work.take();
        self.look_after_work();
        if let Some(timer) = done {
            self.play(timer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of these pieces is done, on a host that does nothing else.
    fn done(pieces: &[u64], clients: usize) -> Vec<u64> {
        let mut engine = Engine::new(1);
        engine.clients(clients);
        let tickets: Vec<Ticket> = pieces.iter().map(|_| engine.ticket()).collect();
        for (ticket, ms) in tickets.iter().zip(pieces) {
            engine.work(Span::millis(*ms), Timer::Answer(*ticket, Ok(Reply::Done)));
        }
        let mut ends = vec![0; pieces.len()];
        while let Some(t) = engine.next_due() {
            engine.run_until(t);
            for (at, ticket) in tickets.iter().enumerate() {
                if engine.take(*ticket).is_some() {
                    ends[at] = engine.now.as_millis();
                }
            }
        }
        ends
    }

    #[test]
    fn pieces_share_the_machine_equally() {
        assert_eq!(done(&[100], 0), [100]);
        assert_eq!(done(&[100, 100, 100], 0), [300, 300, 300]);
        // The short one is done when each has come 30 ms far; the other has the machine for itself then.
        assert_eq!(done(&[100, 30], 0), [130, 60]);
        assert_eq!(done(&[100], 1), [200]);
    }

    #[test]
    fn containers_are_made_in_the_order_in_which_they_were_asked_for() {
        let mut engine = Engine::new(1);
        for (ticket, ms) in [(1, 90), (2, 20), (3, 50)] {
            engine.work_in_turn(Span::millis(ms), Timer::Answer(ticket, Ok(Reply::Done)));
        }
        let mut order = Vec::new();
        while engine.step(Time::secs(9)) {
            order.extend((1..=3).filter(|ticket| engine.take(*ticket).is_some()));
        }
        assert_eq!(order, [1, 2, 3]);
    }
}
