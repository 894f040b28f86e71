//! A stream on its ways: to the endpoints at the beginning of a stretch, and home again at its end.

use super::serve::Stretch;
use super::{Client, Route, Why, seconds};
use crate::sim::Time;
use crate::workload::floor::{Floor, Key};
use std::collections::BTreeMap;

/// Who has failed asks again after so many seconds, in the mean. Ours: what clients pause at first.
pub const PAUSE: f64 = 1.0;

/// What is inside endpoints is there when the stretch begins.
pub fn enter<G>(route: &mut Route<G>, work: &mut BTreeMap<Key, Stretch>) {
    for (key, lane) in &mut route.lanes {
        lane.coming = 0.0;
        if lane.inside > 0.0 {
            work.entry(*key).or_default().before += lane.inside;
        }
    }
}

/// Sends a stream on its ways.
pub fn spread<G>(
    client: &Client,
    route: &mut Route<G>,
    fresh: f64,
    floor: &Floor,
    (from, span): (Time, f64),
    work: &mut BTreeMap<Key, Stretch>,
) {
    let rounds = route.arrive(fresh, (span / PAUSE).min(1.0));
    let all: f64 = rounds.iter().sum();
    if all <= 0.0 {
        return;
    }
    route.second.sent += all;
    let group = match client {
        Client::Load(_) => "",
        Client::Call(group, _) => group,
    };
    let nameless = floor.names_broken && matches!(client, Client::Call(..));
    if route.ways.is_empty() || nameless {
        route.second.failed[Why::Refused as usize] += all;
        return route.fail(&rounds, 1.0);
    }
    let whole: u32 = route.ways.iter().map(|way| way.weight).sum();
    let (mut lost, mut refused) = (0.0, 0.0);
    for way in route.ways.clone().iter().filter(|way| way.weight > 0) {
        let share = f64::from(way.weight) / f64::from(whole);
        let lane = route.lanes.entry(way.key).or_default();
        lane.sent += all * share;
        let unit = floor.standing(way.key, from);
        let joined = unit.is_none_or(|u| floor.joins(group, &u.group));
        if !way.allowed || !joined || !floor.reaches("", &way.host) || unit.is_some_and(|u| u.twist.stuck()) {
            lost += share;
            lane.failed += all * share;
        } else if unit.is_some_and(|u| u.listens(from, Some(way.port))) {
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

/// Brings home what the endpoints of a stream did with it.
pub fn settle<G>(route: &mut Route<G>, work: &BTreeMap<Key, Stretch>) {
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
        let full = if stretch.coming > 0.0 { stretch.full * lane.coming / stretch.coming } else { 0.0 };
        // Who found no room is not among those that were served.
        let (mine, all) = (mass - full, stretch.before + stretch.coming - stretch.full);
        let done = stretch.done * mine / all.max(1e-300);
        let late = done * stretch.takes.beyond(patience);
        let wrong = (done - late) * stretch.errors;
        let well = (done - late - wrong).max(0.0);
        lane.inside = (mass - done - full).max(0.0);
        lane.coming = 0.0;
        lane.answered += well;
        lane.failed += full + late + wrong;
        answered += well;
        failed += full + late + wrong;
        let took = well * stretch.takes.whole().min(patience);
        route.second.took += took;
        route.waited += took + late * patience + wrong * stretch.takes.whole().min(patience);
        for (why, count) in [(Why::Full, full), (Why::Late, late), (Why::Error, wrong)] {
            route.second.failed[why as usize] += count;
        }
    }
    route.second.answered += answered;
    route.leave(answered, failed);
}
