//! Requests that a recorded scenario sends past kubectl: evictions and writes of a node's report.

use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::{ApiError, By, DeleteOptions, info_of};
use crate::kubernetes::objects::patch::{self, PatchKind};
use crate::kubernetes::objects::{Id, Kind};
use crate::sim::Span;
use crate::text::Value;

/// A request: `POST /api/v1/namespaces/NS/pods/NAME/eviction`.
#[derive(Debug)]
pub struct Request<'a> {
    method: &'a str,
    namespace: &'a str,
    plural: &'a str,
    name: &'a str,
    part: &'a str,
}

impl<'a> Request<'a> {
    /// Reads `METHOD /path`.
    pub fn read(line: &'a str) -> Option<Self> {
        let (method, path) = line.trim().split_once(' ')?;
        let mut steps = path.trim_start_matches('/').split('/');
        match steps.next()? {
            "api" => steps.next()?,
            "apis" => steps.nth(1)?,
            _ => return None,
        };
        let mut steps: Vec<&str> = steps.collect();
        let mut namespace = "";
        if let ["namespaces", there, _, ..] = steps[..] {
            namespace = there;
            steps.drain(..2);
        }
        let at = |n: usize| steps.get(n).copied().unwrap_or_default();
        Some(Request { method, namespace, plural: at(0), name: at(1), part: at(2) })
    }
    /// Sends it; gives the status of the answer.
    pub fn send(&self, cluster: &mut Cluster, body: &Value, content: &str, by: By) -> i64 {
        let answer = match (self.method, self.plural, self.part) {
            ("POST", "pods", "eviction") => self.evict(cluster, body, by).map(|()| 201),
            ("PATCH", "nodes", "status") => self.report(cluster, body, content, by).map(|()| 200),
            _ => return 404,
        };
        cluster.settle();
        answer.unwrap_or_else(|e| code(&e))
    }
    fn find(&self, cluster: &Cluster, kind: Kind) -> Result<Id, ApiError> {
        let api = &cluster.api;
        api.store.find(kind, self.namespace, self.name).ok_or_else(|| api.not_found(kind, self.name))
    }
    fn evict(&self, cluster: &mut Cluster, body: &Value, by: By) -> Result<(), ApiError> {
        let id = self.find(cluster, Kind::Pod)?;
        let grace = body.int_at(&["deleteOptions", "gracePeriodSeconds"]);
        if !body.list_at(&["deleteOptions", "dryRun"]).is_empty() {
            // A trial leaves nothing behind that anybody here looks at.
            return cluster.clone().api.evict(id, by, DeleteOptions::default());
        }
        let options = DeleteOptions { grace: grace.map(|s| Span::secs(s.max(0) as u64)), ..DeleteOptions::default() };
        cluster.api.evict(id, by, options)
    }
    fn report(&self, cluster: &mut Cluster, body: &Value, content: &str, by: By) -> Result<(), ApiError> {
        let id = self.find(cluster, Kind::Node)?;
        let Some(object) = cluster.api.store.get(id).cloned() else { return Err(ApiError::gone()) };
        let tree = cluster.api.tree(&object);
        let kind = if content.contains("strategic") { PatchKind::Strategic } else { PatchKind::Merge };
        let shape = info_of(&tree).map(|info| info.shape());
        let patched =
            patch::apply(kind, &tree, body, shape).map_err(|message| ApiError { reason: "BadRequest", message })?;
        cluster.api.update_status_tree(id, &patched, by);
        Ok(())
    }
}

/// Source: kubernetes v1.37 apimachinery/pkg/api/errors/errors.go.
fn code(error: &ApiError) -> i64 {
    match error.reason {
        "NotFound" => 404,
        "AlreadyExists" | "Conflict" => 409,
        "Forbidden" => 403,
        "Invalid" => 422,
        "TooManyRequests" => 429,
        "BadRequest" => 400,
        _ => 500,
    }
}
