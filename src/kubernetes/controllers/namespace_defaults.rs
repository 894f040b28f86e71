//! What every namespace gets: the service account `default` and the certificate to trust the API server with.
//! Source: kubernetes v1.37 pkg/controller/serviceaccount/serviceaccounts_controller.go;
//! pkg/controller/certificates/rootcacertpublisher/publisher.go.

use super::{Controller, Ctl, Done, On, Wakes};
use crate::kubernetes::apiserver::{Change, ChangeKind};
use crate::kubernetes::objects::{Body, Id, Kind, Meta, Object};
use crate::map;
use crate::reasons;
use crate::text::{Map, Value};
use std::rc::Rc;

reasons! { "namespace_defaults":
    /// Pods that name no service account run as this one.
    service_account(namespace),
    /// Pods trust the API server by this certificate.
    certificate(namespace),
}

/// Keeps the service account `default` in every namespace.
pub const SERVICE_ACCOUNTS: Controller = Controller {
    name: "serviceaccount-controller",
    wakes: &[On::Itself(Kind::Namespace), On::Rule(Kind::ServiceAccount, on_lost)],
    reconcile: keep_account,
    every: None,
};

/// Keeps the ConfigMap `kube-root-ca.crt` in every namespace.
pub const ROOT_CA: Controller = Controller {
    name: "root-ca-certificate-publisher-controller",
    wakes: &[On::Itself(Kind::Namespace), On::Rule(Kind::ConfigMap, on_lost)],
    reconcile: keep_certificate,
    every: None,
};

/// Name of the account. Source: serviceaccounts_controller.go, DefaultServiceAccountsControllerOptions.
const ACCOUNT: &str = "default";
/// Name of the map. Source: publisher.go, RootCACertConfigMapName.
const CERTIFICATE: &str = "kube-root-ca.crt";
/// Source: publisher.go, DescriptionAnnotation and Description.
const DESCRIPTION: (&str, &str) = (
    "kubernetes.io/description",
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal \
     service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
);

fn on_lost(change: &Change, wakes: &mut Wakes) {
    let Some(object) = change.object().filter(|_| change.what == ChangeKind::Deleted) else { return };
    let wanted = [ACCOUNT, CERTIFICATE].contains(&&*object.meta.name);
    wakes.ids =
        wakes.api.store.find(Kind::Namespace, "", &object.meta.namespace).filter(|_| wanted).into_iter().collect();
}

/// The name of a namespace that is there to stay.
fn name_of(ctl: &Ctl, id: Id) -> Option<Rc<str>> {
    ctl.api.store.get(id).filter(|o| !o.meta.deleting()).map(|o| o.meta.name.clone())
}

fn keep_account(id: Id, ctl: &mut Ctl) -> Done {
    let Some(namespace) = name_of(ctl, id) else { return Done::Settled };
    if ctl.api.store.find(Kind::ServiceAccount, &namespace, ACCOUNT).is_none() {
        let meta = Meta::named(namespace.clone(), ACCOUNT);
        let by = ctl.by(service_account(&namespace));
        let body = Body::Plain(Rc::new(Value::Map(Map::new())));
        // The name was free a line ago.
        drop(ctl.api.create(Object { kind: Kind::ServiceAccount, meta, body }, by));
    }
    Done::Settled
}

fn keep_certificate(id: Id, ctl: &mut Ctl) -> Done {
    let Some(namespace) = name_of(ctl, id) else { return Done::Settled };
    if ctl.api.store.find(Kind::ConfigMap, &namespace, CERTIFICATE).is_none() {
        let mut meta = Meta::named(namespace.clone(), CERTIFICATE);
        meta.annotations.set(DESCRIPTION.0, DESCRIPTION.1);
        let text = "-----BEGIN CERTIFICATE-----\n(simulated)\n-----END CERTIFICATE-----\n";
        let body = Body::Plain(Rc::new(Value::Map(map! { "data" => map! { "ca.crt" => text } })));
        let by = ctl.by(certificate(&namespace));
        drop(ctl.api.create(Object { kind: Kind::ConfigMap, meta, body }, by));
    }
    Done::Settled
}
