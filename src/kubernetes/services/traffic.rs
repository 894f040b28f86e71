//! A stretch of time: requests come, are spread over endpoints, are served, fail, ask others. Stretches end where anything
//! on the way changes (a container begins to listen, gets SIGTERM, ends), so that what happens in milliseconds counts as such.

use super::State;
use super::figures::{End, quantiles};
use super::policy::Policies;
use super::route::{Client, Route, Spent, Why};
use crate::kubernetes::apiserver::Api;
use crate::kubernetes::objects::Kind;
use crate::sim::{Span, Time};
use crate::workload::station::Takes;
use crate::workload::{Call, Floor, Health, IN_FLIGHT, Key, News, REQUESTS, Strain, Unit};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Whoever answers more slowly than this is looked at by its probes. Ours: below it no probe's time-out of a whole second is
/// in danger.
const SLOW: f64 = 0.2;
/// The same for the share that finds no room. Ours: one probe in a hundred.
const CROWDED: f64 = 0.01;
/// Numbers for autoscalers are published every so many seconds. Ours: the scrape interval of common collectors.
const PUBLISHED: u64 = 15;
/// Less than this is nothing: a millionth of a request.
/// Ours: keeps streams that have ended from fading for ever.
const NOTHING: f64 = 1e-6;

/// What a stretch brought to one container.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    coming: f64,
    before: f64,
    done: f64,
    full: f64,
    errors: f64,
    takes: Takes,
    gone: bool,
}

/// What a container's own calls cost each of its requests.
#[derive(Clone, Copy, Debug, Default)]
struct Beside {
    takes: f64,
    fails: f64,
}

fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e6
}

impl State {
    /// Accounts for everything until now.
    pub(super) fn advance(&mut self, api: &mut Api) {
        let to = api.now;
        if to <= self.at {
            return;
        }
        if !self.flowing() && !api.floor.is_lively() {
            self.at = to;
            return;
        }
        for edge in self.edges(&api.floor, to) {
            let from = self.at;
            self.at = edge;
            self.stretch(api, from, edge);
        }
    }
    /// The moments until `to` at which something on the way changes by itself, and `to`.
    fn edges(&self, floor: &Floor, to: Time) -> Vec<Time> {
        let keys = self.routes.values().flat_map(|r| r.ways.iter().map(|w| w.key).chain(r.lanes.keys().copied()));
        let units = keys.chain(floor.lively()).filter_map(|key| floor.get(key));
        let mut edges: Vec<Time> = units.flat_map(|u| u.edges(self.at)).filter(|t| *t < to).collect();
        edges.push(to);
        edges.sort_unstable();
        edges.dedup();
        edges
    }
    fn stretch(&mut self, api: &mut Api, from: Time, to: Time) {
        let span = seconds(to.since(from));
        let mut work: BTreeMap<Key, Stretch> = api.floor.lively().map(|key| (key, Stretch::default())).collect();
        for (client, route) in &mut self.routes {
            let fresh = match client {
                Client::Load(name) => self.loads.get(name).map_or(0.0, |(load, since)| load.between(*since, from, to)),
                Client::Call(..) => std::mem::take(&mut route.asked),
            };
            spread(client, route, fresh, &api.floor, from, &mut work);
        }
        for key in &self.busy {
            work.entry(*key).or_default();
        }
        let cores = shares(api, &work, from, span);
        let mut asked: BTreeMap<Client, (Call, f64)> = BTreeMap::new();
        for (key, stretch) in &mut work {
            let Some(unit) = api.floor.get_mut(*key) else {
                stretch.gone = true;
                continue;
            };
            let beside = beside(&self.routes, unit);
            let cores = cores.get(key).copied().unwrap_or(f64::from(u32::MAX));
            let news = serve(unit, stretch, from, to, cores, beside);
            for (at, call) in unit.behaviour.calls.iter().enumerate() {
                let client = Client::Call(unit.group.clone(), at as u16);
                asked.entry(client).or_insert_with(|| (call.clone(), 0.0)).1 += stretch.done * call.each;
            }
            news.into_iter().flatten().for_each(|which| api.floor.say(which(*key)));
        }
        for route in self.routes.values_mut() {
            settle(route, &work);
            route.give_up(span);
        }
        self.ask(api, asked);
        for (key, _) in work.iter().filter(|(_, s)| s.gone) {
            if api.floor.get(*key).is_some_and(|u| u.ended.is_some()) {
                api.floor.forget(*key);
            }
        }
        self.busy =
            work.into_iter().filter(|(_, s)| s.coming + s.before > 0.0 && !s.gone).map(|(key, _)| key).collect();
    }
    /// What containers ask others for is sent in the next stretch.
    fn ask(&mut self, api: &Api, asked: BTreeMap<Client, (Call, f64)>) {
        for (client, (call, count)) in asked.into_iter().filter(|(_, (_, count))| *count > 0.0) {
            let Client::Call(group, _) = &client else { continue };
            let namespace = group.split_once('/').map_or("default", |(namespace, _)| namespace);
            let fresh = self.routes.get(&client).is_none_or(|r| *r.target != *call.target);
            if fresh {
                let mut route = Route::new(&call.target, namespace, call.patience, call.retries);
                super::target::follow(api, &Policies::read(api), &client, &mut route);
                self.routes.insert(client.clone(), route);
            }
            if let Some(route) = self.routes.get_mut(&client) {
                route.asked += count;
            }
        }
    }
    /// A second is over: rates and latencies of it.
    pub(super) fn second_over(&mut self, api: &mut Api) {
        let length = seconds(self.at.since(self.tick_from)).max(1e-6);
        self.tick_from = self.at;
        for flow in self.flows.values_mut() {
            (flow.rate, flow.answered, flow.failed, flow.mean) = (0.0, 0.0, 0.0, 0.0);
            flow.ends.clear();
        }
        let mut ends: BTreeMap<(crate::kubernetes::objects::Id, Key), End> = BTreeMap::new();
        for (client, route) in &mut self.routes {
            let spent = std::mem::take(&mut route.second);
            sum_up(route, &spent, length);
            if matches!(client, Client::Load(_)) {
                self.totals.came += route.rates[0] * length;
                self.totals.answered += route.rates[1] * length;
                self.totals.failed += route.rates[2] * length;
            }
            let Some(service) = route.service else { continue };
            let flow = self.flows.entry(service).or_default();
            flow.add(&spent);
            flow.rate += spent.sent / length;
            flow.answered += spent.answered / length;
            flow.failed += spent.failed.iter().sum::<f64>() / length;
            flow.mean += spent.took / length;
            for (key, lane) in &mut route.lanes {
                let end = ends.entry((service, *key)).or_default();
                end.rate += lane.sent / length;
                end.failed += lane.failed / length;
                end.waiting += lane.inside;
                (lane.sent, lane.answered, lane.failed) = (0.0, 0.0, 0.0);
            }
        }
        for ((service, key), mut end) in ends {
            let Some(flow) = self.flows.get_mut(&service) else { continue };
            end.key = key;
            if let Some(strain) = api.floor.get(key).and_then(|u| u.strain.as_ref()) {
                (end.busy, end.takes) = (strain.busy, strain.takes);
            }
            flow.ends.push(end);
        }
        for flow in self.flows.values_mut() {
            let parts: Vec<(f64, Takes)> = flow.ends.iter().map(|e| ((e.rate - e.failed).max(0.0), e.takes)).collect();
            flow.latency = quantiles(&parts);
            flow.mean = if flow.answered > 0.0 { flow.mean / flow.answered } else { 0.0 };
        }
        if self.at.as_secs() / PUBLISHED != self.published {
            self.published = self.at.as_secs() / PUBLISHED;
            self.publish(api);
        }
        self.tidy();
        // What has ended is accounted for until now.
        api.floor.sweep();
    }
    /// Numbers for autoscalers: about pods, Services, and the queue of all clients.
    fn publish(&self, api: &mut Api) {
        let mut numbers: BTreeMap<(u32, &'static str), f64> = BTreeMap::new();
        for (id, flow) in &self.flows {
            let inside: f64 = flow.ends.iter().map(|e| e.waiting).sum();
            *numbers.entry((id.0, REQUESTS)).or_default() += flow.rate;
            *numbers.entry((id.0, IN_FLIGHT)).or_default() += inside;
            for end in &flow.ends {
                *numbers.entry((end.key.0, REQUESTS)).or_default() += end.rate;
                *numbers.entry((end.key.0, IN_FLIGHT)).or_default() += end.waiting;
            }
        }
        let loads = self.routes.iter().filter(|(client, _)| matches!(client, Client::Load(_)));
        for (_, route) in loads {
            *numbers.entry((0, REQUESTS)).or_default() += route.rates[0];
            *numbers.entry((0, IN_FLIGHT)).or_default() += route.waiting();
        }
        api.floor.published = Rc::new(numbers);
    }
    /// Forgets streams that have ended and lanes that lead nowhere.
    fn tidy(&mut self) {
        for route in self.routes.values_mut() {
            let ways = route.ways.clone();
            let mut rest = 0.0;
            route.lanes.retain(|key, lane| {
                let keep = lane.inside > NOTHING || ways.iter().any(|w| w.key == *key);
                rest += if keep { 0.0 } else { lane.inside };
                keep
            });
            route.leave(rest, 0.0);
        }
        let loads = &self.loads;
        self.routes.retain(|client, route| match client {
            Client::Load(name) => loads.contains_key(name) || route.waiting() > NOTHING,
            Client::Call(..) => route.waiting() + route.asked + route.rates[0] > NOTHING,
        });
    }
}

/// The figures of a stream's last second.
fn sum_up(route: &mut Route, spent: &Spent, length: f64) {
    let now = [route.came, route.answered, route.failed];
    for (slot, (now, before)) in route.rates.iter_mut().zip(now.iter().zip(route.marks)) {
        *slot = (now - before) / length;
    }
    route.marks = now;
    let patience = seconds(route.patience);
    let slow = spent.failed[Why::Late as usize] + spent.failed[Why::Lost as usize];
    let over = spent.answered + spent.failed.iter().sum::<f64>();
    if over > NOTHING {
        route.takes = (spent.took + slow * patience) / over;
    }
    let ended = route.rates[1] + route.rates[2];
    route.failing = if ended > NOTHING { route.rates[2] / ended } else { 0.0 };
}

/// Sends a stream on its ways.
fn spread(client: &Client, route: &mut Route, fresh: f64, floor: &Floor, now: Time, work: &mut BTreeMap<Key, Stretch>) {
    let rounds = route.arrive(fresh);
    let all: f64 = rounds.iter().sum();
    for (key, lane) in &mut route.lanes {
        lane.coming = 0.0;
        if lane.inside > 0.0 {
            work.entry(*key).or_default().before += lane.inside;
        }
    }
    if all <= 0.0 {
        return;
    }
    route.second.sent += all;
    let from = match client {
        Client::Load(_) => "",
        Client::Call(group, _) => group,
    };
    let nameless = floor.names_broken && matches!(client, Client::Call(..));
    if route.ways.is_empty() || nameless {
        route.second.failed[Why::Refused as usize] += all;
        return route.fail(&rounds, 1.0);
    }
    let share = 1.0 / route.ways.len() as f64;
    let (mut lost, mut refused) = (0.0, 0.0);
    for way in route.ways.clone().iter() {
        let lane = route.lanes.entry(way.key).or_default();
        lane.sent += all * share;
        let unit = floor.get(way.key);
        let joined = unit.is_none_or(|u| floor.joins(from, &u.group));
        if !way.allowed || !joined || !floor.reaches("", &way.host) || unit.is_some_and(|u| u.twist.hangs) {
            lost += share;
            lane.failed += all * share;
        } else if unit.is_some_and(|u| u.listens(now, Some(way.port))) {
            lane.coming = all * share;
            work.entry(way.key).or_default().coming += lane.coming;
        } else {
            refused += share;
            lane.failed += all * share;
        }
    }
    route.lose(&rounds, lost);
    route.second.failed[Why::Refused as usize] += all * refused;
    route.fail(&rounds, refused);
    route.enter(&rounds, (1.0 - lost - refused).max(0.0));
}

/// What the calls of a container's requests cost.
fn beside(routes: &BTreeMap<Client, Route>, unit: &Unit) -> Beside {
    let mut out = Beside::default();
    let mut well = 1.0;
    for (at, call) in unit.behaviour.calls.iter().enumerate() {
        if let Some(route) = routes.get(&Client::Call(unit.group.clone(), at as u16)) {
            out.takes += call.each * route.takes;
            well *= libm::pow(1.0 - route.failing.clamp(0.0, 1.0), call.each);
        }
    }
    out.fails = 1.0 - well;
    out
}

/// CPU that each container may take: its limit, and on a full machine its share by what it asks for.
/// Source: Linux cgroups: cpu.max and cpu.weight; kubernetes v1.37 pkg/kubelet/cm/helpers_linux.go, MilliCPUToShares.
fn shares(api: &Api, work: &BTreeMap<Key, Stretch>, now: Time, span: f64) -> BTreeMap<Key, f64> {
    let mut hosts: BTreeMap<Rc<str>, Vec<(Key, f64, f64)>> = BTreeMap::new();
    for (key, stretch) in work {
        let Some(unit) = api.floor.get(*key) else { continue };
        let limit = if unit.cpu_limit > 0 { f64::from(unit.cpu_limit) / 1e3 } else { f64::INFINITY };
        let each = seconds(unit.behaviour.cpu) * unit.slowness(now);
        let wish = (stretch.coming + stretch.before) / span * each + unit.idle_cores(now);
        let busy = if unit.behaviour.work > Span::ZERO { 1.0 } else { 0.0 };
        let weight = f64::from(unit.cpu_asked).max(2.0);
        hosts.entry(unit.host.clone()).or_default().push((*key, (wish + busy).min(limit), weight));
    }
    let mut out = BTreeMap::new();
    for (host, mut units) in hosts {
        let node = api.store.by_name(Kind::Node, "", &host).and_then(|o| o.node());
        let mut left = node.map_or(1.0, |n| n.allocatable.cpu as f64 / 1e3).max(0.001);
        let whole: f64 = units.iter().map(|(_, wish, _)| wish).sum();
        let limit = |key: &Key| {
            let limit = api.floor.get(*key).map_or(0, |u| u.cpu_limit);
            if limit > 0 { f64::from(limit) / 1e3 } else { f64::INFINITY }
        };
        if whole <= left {
            out.extend(units.iter().map(|(key, ..)| (*key, limit(key).min(left))));
            continue;
        }
        // Who wants less than its share gets that; the others divide the rest.
        units.sort_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
        let mut weights: f64 = units.iter().map(|(.., weight)| weight).sum();
        for (key, wish, weight) in units {
            let got = wish.min(left * weight / weights.max(1e-9));
            (left, weights) = (left - got, weights - weight);
            out.insert(key, got.max(0.001));
        }
    }
    out
}

type Saying = fn(Key) -> News;

/// Lets a container work for a stretch.
fn serve(
    unit: &mut Unit,
    stretch: &mut Stretch,
    now: Time,
    to: Time,
    cores: f64,
    beside: Beside,
) -> [Option<Saying>; 2] {
    let span = seconds(to.since(now));
    // It has ended, or what was inside belonged to the run before.
    if unit.since > now || unit.ended.is_some_and(|end| end <= now) {
        stretch.gone = true;
        return [None, None];
    }
    let station = unit.station(now, cores, beside.takes);
    let station =
        if unit.twist.hangs { crate::workload::station::Station { service: 1e9, ..station } } else { station };
    let passed = station.pass(stretch.before, stretch.coming, span);
    let rate = (stretch.coming - passed.refused).max(0.0) / span;
    let unwell = unit.twist.unwell || unit.profile.answer(now.since(unit.since), None, false) == Health::Bad;
    stretch.done = passed.done;
    stretch.full = passed.refused;
    stretch.errors = if unwell { 1.0 } else { 1.0 - (1.0 - unit.behaviour.errors) * (1.0 - beside.fails) };
    stretch.takes = station.takes(rate, passed.inside);
    let each = seconds(unit.behaviour.cpu) * unit.slowness(now);
    let it = unit.behaviour.clone();
    let strain = Rc::make_mut(unit.strain.get_or_insert_with(Rc::default));
    let work = if it.work > Span::ZERO { cores.min(1.0) } else { 0.0 };
    let used = passed.done * each;
    strain.cores = used / span + work;
    if station.capacity() < (stretch.coming + stretch.before) / span && it.waits.0 + (beside.takes * 1e6) as u64 == 0 {
        strain.throttled += ((stretch.coming + stretch.before) * each - used).clamp(0.0, span);
    }
    let leak = (it.leak + unit.twist.leak) as f64 * span + passed.done * it.leak_each as f64;
    strain.kept += leak;
    strain.memory = it.memory as f64 + strain.kept + passed.inside * it.memory_each as f64;
    strain.spend(unit.since, now, to, used + work * span, strain.memory);
    strain.inside = passed.inside;
    (strain.offered, strain.answered) = (stretch.coming / span, passed.done / span * (1.0 - stretch.errors));
    strain.failed = (passed.refused + passed.done * stretch.errors) / span;
    strain.begun = passed.done / span;
    strain.busy =
        (rate / station.capacity()).max(if passed.inside > f64::from(station.servers) { 1.0 } else { 0.0 }).min(1.0);
    strain.full = if stretch.coming > 0.0 { passed.refused / stretch.coming } else { 0.0 };
    strain.takes = stretch.takes;
    tell(strain, &it, unit.memory_limit)
}

/// What whoever runs a container must know of it.
fn tell(strain: &mut Strain, it: &crate::workload::Behaviour, limit: u64) -> [Option<Saying>; 2] {
    let pressed = strain.takes.whole() > SLOW || strain.full > CROWDED;
    let changed = std::mem::replace(&mut strain.pressed, pressed) != pressed;
    let done = it.work > Span::ZERO && strain.cpu >= seconds(it.work);
    let first: Option<Saying> = if limit > 0 && strain.memory > limit as f64 {
        Some(News::OutOfMemory)
    } else if done {
        Some(News::Done)
    } else {
        None
    };
    [first, changed.then_some(News::Pressed)]
}

/// Brings home what the endpoints of a stream did with it.
fn settle(route: &mut Route, work: &BTreeMap<Key, Stretch>) {
    let patience = seconds(route.patience);
    let (mut answered, mut failed) = (0.0, 0.0);
    for (key, lane) in &mut route.lanes {
        let mass = lane.inside + lane.coming;
        if mass <= 0.0 {
            continue;
        }
        let stretch = work.get(key).copied().unwrap_or(Stretch { gone: true, ..Stretch::default() });
        if stretch.gone {
            route.second.failed[Why::Aborted as usize] += mass;
            lane.failed += mass;
            failed += mass;
            (lane.inside, lane.coming) = (0.0, 0.0);
            continue;
        }
        let done = stretch.done * mass / (stretch.before + stretch.coming).max(1e-300);
        let full = if stretch.coming > 0.0 { stretch.full * lane.coming / stretch.coming } else { 0.0 };
        let late = done * stretch.takes.beyond(patience);
        let wrong = (done - late) * stretch.errors;
        let well = (done - late - wrong).max(0.0);
        lane.inside = (mass - done - full).max(0.0);
        lane.coming = 0.0;
        lane.answered += well;
        lane.failed += full + late + wrong;
        answered += well;
        failed += full + late + wrong;
        route.second.took += well * stretch.takes.whole().min(patience);
        for (why, count) in [(Why::Full, full), (Why::Late, late), (Why::Error, wrong)] {
            route.second.failed[why as usize] += count;
        }
    }
    route.second.answered += answered;
    route.leave(answered, failed);
}
