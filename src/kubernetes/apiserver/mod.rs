//! The API server: the books, and the only way to change them. Every write names who wrote, why, and what led to it; every
//! write is a watch event. Actors stand on this and never call each other.

mod admission;
mod apply;
pub mod bootstrap;
mod change;
pub mod events;
mod evict;
mod lru;
pub mod quota;
mod resize;
mod store;
mod tree;
mod write;

pub use apply::Writer;
pub use bootstrap::NodeSpec;
pub use change::{By, Change, ChangeKind};
pub use events::{EventSpam, Told};
pub use store::{NameCard, Store};
pub use tree::{WriteOptions, Written, info_of};
pub use write::{ApiError, DeleteOptions, FOREGROUND, ORPHAN, Propagation};

use crate::journal::{Entry, EntryId, Journal, Verb, Why};
use crate::kubernetes::objects::{Calendar, Id, KindNames, Object};
use crate::sim::{Chance, Span, Time};
use crate::workload::Floor;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The API server and what it stands on: the clock, the journal, chance.
#[derive(Clone, Debug)]
pub struct Api {
    /// The present moment.
    pub now: Time,
    /// Whether it does not answer.
    pub down: bool,
    /// Dates and uids.
    pub calendar: Calendar,
    /// Kinds without a row of their own.
    pub kinds: KindNames,
    /// The books. Read freely; only this room writes.
    pub store: Store,
    /// What happened and why.
    pub journal: Journal,
    /// Below the books: what really runs, and how it stands under load.
    pub floor: Floor,
    /// Aggregation and rate limits of events.
    pub(super) spam: EventSpam,
    /// Streams of chance by actor.
    chance: BTreeMap<&'static str, Chance>,
    /// Seed of all streams.
    seed: u64,
    /// Writes not yet shown to the watchers.
    pub(super) changes: Vec<Change>,
    /// Newest entry about each object: the default cause of what follows from it.
    newest: Vec<Option<EntryId>>,
    /// Specs of pods made from templates, admitted once.
    admitted: admission::Admitted,
}

impl Api {
    /// An empty cluster's API server.
    pub fn new(calendar: Calendar, seed: u64) -> Self {
        Api {
            now: Time::ZERO,
            down: false,
            calendar,
            kinds: KindNames::default(),
            store: Store::default(),
            journal: Journal::default(),
            floor: Floor::default(),
            spam: EventSpam::default(),
            chance: BTreeMap::new(),
            seed,
            changes: Vec::new(),
            newest: Vec::new(),
            admitted: admission::Admitted::default(),
        }
    }
    /// The stream of chance of an actor.
    pub fn chance(&mut self, actor: &'static str) -> &mut Chance {
        let seed = self.seed;
        self.chance.entry(actor).or_insert_with(|| {
            let stream =
                actor.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
            Chance::new(seed, stream)
        })
    }
    /// Writes a journal entry; `by.cause` or else the newest entry about the object is its cause.
    pub fn note(&mut self, id: Id, verb: Verb, by: By) -> EntryId {
        let cause = by.cause.or_else(|| self.newest_about(id));
        self.enter(id, verb, by, cause)
    }
    /// Writes a journal entry that nothing led to: somebody or something acts from outside. Chains of causes end there.
    pub fn act(&mut self, id: Id, by: By) -> EntryId {
        self.enter(id, Verb::Note, by, None)
    }
    fn enter(&mut self, id: Id, verb: Verb, by: By, cause: Option<EntryId>) -> EntryId {
        let origin = by.origin;
        let entry = Entry { t: self.now, cause, actor: by.actor, verb, object: id.0, why: by.why, origin };
        let entry = self.journal.push(entry);
        let at = id.0 as usize;
        if self.newest.len() <= at {
            self.newest.resize(at + 1, None);
        }
        self.newest[at] = Some(entry);
        entry
    }
    /// The newest journal entry about an object.
    pub fn newest_about(&self, id: Id) -> Option<EntryId> {
        self.newest.get(id.0 as usize).copied().flatten()
    }
    /// Takes the writes that the watchers have not seen.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }
    /// `pod/web-1`, also of objects that are gone.
    pub fn label(&self, id: Id) -> String {
        match self.store.card(id) {
            Some(card) => format!("{}/{}", self.kinds.name(card.kind).to_lowercase(), card.name),
            None => String::new(),
        }
    }
}

/// What an actor holds while it acts: the API server, and a list for its own timers.
pub struct Cx<'a, T> {
    /// The API server.
    pub api: &'a mut Api,
    /// Timers to set: when, and what.
    pub timers: &'a mut Vec<(Time, T)>,
}

impl<T> Cx<'_, T> {
    /// The present moment.
    pub fn now(&self) -> Time {
        self.api.now
    }
    /// Sets a timer for a while from now.
    pub fn after(&mut self, span: Span, timer: T) {
        self.timers.push((self.api.now + span, timer));
    }
    /// The object with this number.
    pub fn get(&self, id: Id) -> Option<Rc<Object>> {
        self.api.store.get(id).cloned()
    }
    /// The stream of chance of an actor.
    pub fn chance(&mut self, actor: &'static str) -> &mut Chance {
        self.api.chance(actor)
    }
}

/// Who writes and why.
impl By {
    /// An actor with its reason; the cause is what last happened to the object.
    pub fn actor(actor: &'static str, why: Why) -> Self {
        By { actor, why, cause: None, origin: None }
    }
    /// Names the cause.
    pub fn because(mut self, cause: Option<EntryId>) -> Self {
        self.cause = cause.or(self.cause);
        self
    }
    /// Names the line of a person's file that the rule read, such as `spec.replicas` of the object's document.
    pub fn reading(mut self, object: &Object, field: &str) -> Self {
        self.origin = object.meta.origin(field);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::objects::{Calendar, Id, Kind};
    use crate::text::{Value, yaml};

    crate::reasons! { "test":
        /// Somebody did it.
        did(),
    }

    fn tree(text: &str) -> Value {
        let (documents, _) = yaml::read("t.yaml", text);
        documents[0].node.to_value()
    }
    fn by() -> By {
        By::actor("test", did())
    }
    fn api() -> Api {
        let mut api = Api::new(Calendar::default(), 1);
        api.bootstrap();
        assert_eq!(REASONS.len(), 1);
        api
    }
    const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: c, image: nginx}]}\n";

    #[test]
    fn a_created_deployment_is_defaulted_versioned_and_journaled() {
        let mut api = api();
        let written = api.create_tree(tree(WEB), by(), &WriteOptions::default()).expect("created");
        let row = written.object.deployment().expect("a deployment");
        assert_eq!((row.replicas, row.history_limit, written.object.meta.generation), (2, 10, 1));
        assert_eq!(api.tree(&written.object).str_at(&["spec", "strategy", "rollingUpdate", "maxSurge"]), Some("25%"));
        let again = api.create_tree(tree(WEB), by(), &WriteOptions::default()).expect_err("name is taken");
        assert_eq!(again.message, "deployments.apps \"web\" already exists");
        assert!(api.newest_about(written.object.meta.id).is_some());
    }

    #[test]
    fn an_update_that_changes_nothing_is_no_write_and_a_new_wish_counts_up() {
        let mut api = api();
        let id = api.create_tree(tree(WEB), by(), &WriteOptions::default()).expect("created").object.meta.id;
        let same = api.update_tree(id, tree(WEB), by(), &WriteOptions::default()).expect("read");
        assert!(!same.changed);
        let more = WEB.replace("replicas: 2", "replicas: 3");
        let written = api.update_tree(id, tree(&more), by(), &WriteOptions::default()).expect("changed");
        assert_eq!((written.changed, written.object.meta.generation), (true, 2));
    }

    #[test]
    fn missing_namespaces_and_bad_objects_are_refused_in_the_servers_words() {
        let mut api = api();
        let away = WEB.replace("{name: web}", "{name: web, namespace: nowhere}");
        let refused = api.create_tree(tree(&away), by(), &WriteOptions::default()).expect_err("no such namespace");
        assert_eq!(refused.message, "namespaces \"nowhere\" not found");
        let bad = WEB.replace("name: web", "name: Web");
        let refused = api.create_tree(tree(&bad), by(), &WriteOptions::default()).expect_err("bad name");
        assert!(
            refused.message.starts_with("Deployment.apps \"Web\" is invalid: metadata.name: Invalid value: \"Web\"")
        );
    }

    #[test]
    fn node_ports_run_out() {
        let mut api = api();
        let mut make = |name: usize, ports: usize, kind: &str| {
            let ports: Vec<String> = (1..=ports).map(|n| format!("{{name: p{n}, port: {n}}}")).collect();
            let spec = format!("type: {kind}, externalTrafficPolicy: Local, ports: [{}]", ports.join(", "));
            let text = format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s{name}}}\nspec: {{{spec}}}\n");
            api.create_tree(tree(&text), by(), &WriteOptions::default())
        };
        let words = |what: &str| format!("Internal error occurred: failed to allocate a {what}: range is full");
        let refused = make(1, 2_769, "NodePort").expect_err("too many");
        assert_eq!((refused.reason, refused.message), ("InternalError", words("nodePort")));
        assert!(make(2, 2_767, "NodePort").is_ok());
        assert_eq!(make(3, 1, "LoadBalancer").expect_err("two are wanted").message, words("HealthCheck NodePort 0"));
        let last = make(4, 1, "NodePort").expect("one is left").object;
        assert!(last.service().is_some_and(|s| (30_000..30_086).contains(&s.ports[0].node_port)));
    }

    #[test]
    fn a_service_of_another_type_gets_a_node_port_and_no_two_have_one() {
        let mut api = api();
        let text = |name: &str, spec: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
        };
        let plain = tree(&text("a", "ports: [{port: 80}]"));
        let made = api.create_tree(plain, by(), &WriteOptions::default()).expect("it is new").object;
        let mut changed = api.tree(&made);
        changed.set_at(&["spec", "type"], "NodePort");
        let changed = api.update_tree(made.meta.id, changed, by(), &WriteOptions::default()).expect("it may change");
        let port = changed.object.service().map_or(0, |s| s.ports[0].node_port);
        assert!((30_086..32_768).contains(&port), "{port}");
        let again = api.update_tree(made.meta.id, api.tree(&changed.object), by(), &WriteOptions::default());
        assert!(again.is_ok_and(|w| !w.changed), "its own port is no other's");
        let clash = tree(&text("b", &format!("type: NodePort, ports: [{{port: 80, nodePort: {port}}}]")));
        let refused = api.create_tree(clash, by(), &WriteOptions::default()).expect_err("the port is taken");
        let words = format!("spec.ports[0].nodePort: Invalid value: {port}: provided port is already allocated");
        assert_eq!(refused.message, format!("Service \"b\" is invalid: {words}"));
    }

    #[test]
    fn ports_and_addresses_that_cannot_be_given_are_refused() {
        let mut api = api();
        let mut ask = |spec: &str, dry_run: bool| {
            let text = format!("apiVersion: v1\nkind: Service\nmetadata: {{name: q}}\nspec: {{{spec}}}\n");
            let options = WriteOptions { dry_run, ..WriteOptions::default() };
            api.create_tree(tree(&text), by(), &options).map_or_else(|e| e.message, |_| "created".into())
        };
        let invalid = |words: &str| format!("Service \"q\" is invalid: {words}");
        let port = "type: NodePort, ports: [{port: 80, nodePort: 80}]";
        let words = "provided port is not in the valid range. The range of valid ports is 30000-32767";
        assert_eq!(ask(port, false), invalid(&format!("spec.ports[0].nodePort: Invalid value: 80: {words}")));
        assert_eq!(ask(port, true), "created");
        let address = |ip: &str| format!("clusterIP: {ip}, ports: [{{port: 80}}]");
        let refused = |ip: &str, words: &str| {
            invalid(&format!("spec.clusterIPs: Invalid value: [\"{ip}\"]: failed to allocate IP {ip}: {words}"))
        };
        let network = "the provided network does not match the current range";
        for ip in ["9.9.9.9", "10.96.0.0", "10.96.255.255"] {
            assert_eq!(ask(&address(ip), false), refused(ip, network));
        }
        let range = "the provided IP (9.9.9.9) is not in the valid range. The range of valid IPs is 10.96.0.0/16";
        assert_eq!(ask(&address("9.9.9.9"), true), refused("9.9.9.9", range));
        assert_eq!(ask(&address("10.96.0.1"), false), refused("10.96.0.1", "provided IP is already allocated"));
        assert_eq!(ask(&address("10.96.0.1"), true), "created");
        // Two ports of one number share a node port, whichever names it; two of different numbers cannot.
        let first = "{name: a, port: 53, protocol: UDP, nodePort: 30053}";
        let two = format!("type: NodePort, ports: [{first}, {{name: b, port: 54, nodePort: 30053}}]");
        let words = "spec.ports[1].nodePort: Invalid value: 30053: provided port is already allocated";
        assert_eq!(ask(&two, false), invalid(words));
        let checked = "type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 80, ports: [{port: 80}]";
        let words = "provided port is not in the valid range. The range of valid ports is 30000-32767";
        let words = format!("failed to allocate requested HealthCheck NodePort 80: {words}");
        assert_eq!(ask(checked, false), format!("Internal error occurred: {words}"));
        let shared = format!("type: NodePort, ports: [{{name: b, port: 53}}, {first}]");
        assert_eq!(ask(&shared, false), "created");
        let made = api.store.by_name(Kind::Service, "default", "q").and_then(|o| o.service()).cloned();
        assert_eq!(made.map(|s| s.ports[0].node_port), Some(30_053));
    }

    #[test]
    fn three_namespaces_stay() {
        let mut api = api();
        let find = |api: &Api, name: &str| api.store.find(Kind::Namespace, "", name).expect("it is there");
        let stays = find(&api, "kube-public");
        assert!(!api.delete(stays, by(), DeleteOptions::default()));
        let goes = find(&api, "kube-node-lease");
        assert!(api.delete(goes, by(), DeleteOptions::default()));
        let object = api.store.get(stays).cloned().expect("it stays");
        let words = "namespaces \"kube-public\" is forbidden: this namespace may not be deleted";
        assert_eq!(api.may_delete(&object).expect_err("refused").message, words);
    }

    #[test]
    fn a_claim_grows_only_where_its_class_allows_it() {
        let mut api = api();
        for (name, grows) in [("fixed", false), ("free", true)] {
            let class = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nprovisioner: x.io/y";
            let class = format!("{class}\nmetadata: {{name: {name}}}\nallowVolumeExpansion: {grows}\n");
            api.create_tree(tree(&class), by(), &WriteOptions::default()).expect("a class");
            let wish = "volumeName: v, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}";
            let claim = "apiVersion: v1\nkind: PersistentVolumeClaim";
            let claim = format!("{claim}\nmetadata: {{name: {name}}}\nspec: {{storageClassName: {name}, {wish}}}\n");
            let id = api.create_tree(tree(&claim), by(), &WriteOptions::default()).expect("a claim").object.meta.id;
            let grow = |api: &mut Api| {
                let mut more = api.tree(api.store.get(id).expect("it is there"));
                more.set_at(&["spec", "resources", "requests", "storage"], "2Gi");
                api.update_tree(id, more, by(), &WriteOptions::default()).map_or_else(|e| e.message, |_| "grown".into())
            };
            let mut bound = api.tree(api.store.get(id).expect("it is there"));
            bound.set_at(&["status", "phase"], "Bound");
            api.update_status_tree(id, &bound, by());
            let words = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc";
            let words = format!("persistentvolumeclaims \"fixed\" is forbidden: {words} must support resize");
            assert_eq!(grow(&mut api), if grows { "grown" } else { &words });
        }
    }

    #[test]
    fn an_owner_is_found_by_its_uid() {
        let calendar = Calendar::default();
        let uid = calendar.uid(Id(70));
        assert_eq!((calendar.id_of(&uid, 100), calendar.id_of(&uid, 70)), (Some(Id(70)), None));
        assert_eq!((calendar.id_of("", 100), calendar.id_of(&uid.replace('-', ""), 100)), (None, None));
    }

    #[test]
    fn pods_of_one_template_share_one_wish() {
        let mut api = api();
        let web = api.create_tree(tree(WEB), by(), &WriteOptions::default()).expect("created").object;
        let template = web.deployment().expect("a deployment").template.clone();
        let (a, b) = (api.admit_pod("default", "a", &template), api.admit_pod("default", "b", &template));
        let (a, b) = (a.expect("admitted"), b.expect("admitted"));
        assert!(std::rc::Rc::ptr_eq(&a.spec, &b.spec));
        assert_eq!(a.spec.tolerations.len(), 2);
    }

    #[test]
    fn a_field_of_another_manager_is_a_conflict_until_it_is_taken_by_force() {
        let mut api = api();
        let options = WriteOptions::default();
        let id = api.create_tree(tree(WEB), by(), &options).expect("created").object.meta.id;
        api.note_update(id, Writer::plain("kubectl-client-side-apply"), None);
        let mine = tree(&WEB.replace("replicas: 2", "replicas: 5"));
        let refused = api.apply_tree(mine.clone(), "kubectl", false, by(), &options).expect_err("conflict");
        let words =
            "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: .spec.replicas";
        assert_eq!(refused.message, words);
        let written = api.apply_tree(mine, "kubectl", true, by(), &options).expect("forced");
        assert_eq!(written.object.deployment().map(|d| d.replicas), Some(5));
    }

    #[test]
    fn a_field_that_its_only_manager_no_longer_applies_goes() {
        let mut api = api();
        let options = WriteOptions::default();
        let labelled = WEB.replace("{name: web}", "{name: web, labels: {x: y}}");
        let id = api.apply_tree(tree(&labelled), "kubectl", false, by(), &options).expect("created").object.meta.id;
        api.apply_tree(tree(WEB), "kubectl", false, by(), &options).expect("applied");
        assert!(api.store.get(id).is_some_and(|o| o.meta.labels.is_empty()));
    }

    #[test]
    fn a_finalizer_holds_a_deleted_object_until_it_is_taken_away() {
        let mut api = api();
        let held = tree("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, finalizers: [x.io/hold]}\n");
        let id = api.create_tree(held, by(), &WriteOptions::default()).expect("created").object.meta.id;
        api.delete(id, by(), DeleteOptions::default());
        assert!(api.store.get(id).is_some_and(|o| o.meta.deleting()));
        api.update(id, by(), |o| o.meta.finalizers.clear());
        assert!(api.store.get(id).is_none());
        assert_eq!(api.store.find(Kind::ConfigMap, "default", "c"), None);
    }
}
