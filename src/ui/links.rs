//! Connections that can break: between what runs behind Services, workloads and services of Compose projects. Needs no browser;
//! tested natively.

use super::view::View;
use crate::session::{FaultRow, Row, RowBody};
use std::collections::BTreeSet;

/// More than this many other ends are not offered. Ours: a list that one can still read.
const ENDS_MAX: usize = 40;

/// The name of what runs behind a row, as faults of links name it: of a workload or a service that a client can reach.
pub fn end(view: &View, row: &Row) -> Option<String> {
    let row = match &row.body {
        RowBody::Service(s) => s.endpoints.first().and_then(|e| view.row(view.top_owner(e.0)))?,
        RowBody::Workload(_) if row.owner.is_none() => row,
        RowBody::ComposeService(_) => row,
        _ => return None,
    };
    Some(match row.namespace.as_str() {
        "" | "default" => row.name.clone(),
        namespace => format!("{namespace}/{}", row.name),
    })
}

/// The connections that requests take now, from and to a row.
pub fn used(view: &View, row: &Row) -> Vec<String> {
    let Some(own) = end(view, row) else { return Vec::new() };
    let name = |id: u32| view.row(id).and_then(|r| end(view, r));
    let mut ways = BTreeSet::new();
    for flow in &view.live.traffic.flows {
        let Some(to) = name(flow.service) else { continue };
        let from = flow.from.iter().filter_map(|id| name(*id));
        ways.extend(from.filter(|from| *from == own || to == own).map(|from| format!("{from}->{to}")));
    }
    ways.into_iter().collect()
}

/// All connections from and to a row, whether anybody uses them or not.
pub fn possible(view: &View, row: &Row) -> Vec<String> {
    let Some(own) = end(view, row) else { return Vec::new() };
    let rows = view.workloads().into_iter().map(|w| w.0);
    let services = view.kinds.docker.iter().filter_map(|id| view.row(*id));
    let others: BTreeSet<String> = rows.chain(services).filter_map(|r| end(view, r)).filter(|o| *o != own).collect();
    others.iter().take(ENDS_MAX).flat_map(|o| [format!("{o}->{own}"), format!("{own}->{o}")]).collect()
}

/// What is broken at a row: faults that befall it, a connection from or to it, an image that it runs.
pub fn faults_at(view: &View, id: u32) -> impl Iterator<Item = &FaultRow> {
    let row = view.row(id);
    let own = row.and_then(|row| end(view, row));
    let touches = move |fault: &FaultRow| match fault.name.split_once('/') {
        Some(("link", way)) => way.split("->").any(|side| own.as_deref() == Some(side)),
        Some(("image", image)) => row.is_some_and(|row| runs(row, image)),
        _ => false,
    };
    let there = move |f: &&FaultRow| f.object == id || f.objects.contains(&id) || touches(f);
    view.live.faults.iter().filter(|f| f.ended.is_none()).filter(there)
}

/// Whether a row runs an image.
fn runs(row: &Row, image: &str) -> bool {
    match &row.body {
        RowBody::Pod(pod) => pod.parts.iter().any(|part| part.image == image),
        RowBody::Workload(workload) => workload.images.iter().any(|(_, own)| own == image),
        RowBody::Container(container) => container.image == image,
        RowBody::ComposeService(service) => service.image == image,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{FlowRow, PodRow, ServiceRow, Traffic, Update, WorkloadRow};

    fn row(id: u32, name: &str, namespace: &str, owner: Option<u32>, body: RowBody) -> Row {
        Row { id, name: name.into(), namespace: namespace.into(), owner, created: 0, body }
    }

    #[test]
    fn ways_are_named_by_what_runs_at_their_ends() {
        let workload = || RowBody::Workload(WorkloadRow { kind: "Deployment".into(), ..WorkloadRow::default() });
        let service = |pod| RowBody::Service(ServiceRow { endpoints: vec![(pod, true)], ..ServiceRow::default() });
        let images = vec![("db".to_string(), "redis:7".to_string())];
        let stores = RowBody::Workload(WorkloadRow { kind: "Deployment".into(), images, ..WorkloadRow::default() });
        let mut view = View::default();
        view.fold(Update {
            rows: vec![
                row(1, "web", "default", None, workload()),
                row(2, "data", "shop", None, stores),
                row(3, "web-1", "default", Some(1), RowBody::Pod(PodRow::default())),
                row(4, "data-1", "shop", Some(2), RowBody::Pod(PodRow::default())),
                row(5, "front", "default", None, service(3)),
                row(6, "db", "shop", None, service(4)),
            ],
            traffic: Some(Traffic {
                flows: vec![FlowRow { service: 6, from: vec![5], rate: 3.0, ..FlowRow::default() }],
                ..Traffic::default()
            }),
            ..Update::default()
        });
        let of = |id: u32| view.row(id).expect("a row");
        assert_eq!(end(&view, of(5)).as_deref(), Some("web"));
        for id in [1, 2, 5, 6] {
            assert_eq!(used(&view, of(id)), ["web->shop/data"], "{id}");
        }
        assert_eq!(possible(&view, of(6)), ["web->shop/data", "shop/data->web"]);
        assert_eq!(used(&view, of(3)), Vec::<String>::new());
        let fault = |number, name: &str| FaultRow { number, name: name.into(), ..FaultRow::default() };
        let faults = vec![fault(1, "link/web->shop/data"), fault(2, "link/outside->web"), fault(3, "image/redis:7")];
        view.fold(Update { faults: Some(faults), ..Update::default() });
        let at = |id: u32| faults_at(&view, id).map(|f| f.number).collect::<Vec<_>>();
        assert_eq!([at(1), at(2), at(5), at(6), at(3)], [vec![1, 2], vec![1, 3], vec![1, 2], vec![1], vec![]]);
    }
}
