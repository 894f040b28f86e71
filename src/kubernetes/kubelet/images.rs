//! Getting the image of a container onto the node.
//! Source: kubernetes v1.37 pkg/kubelet/images/image_manager.go, EnsureImageExists, pullImage.

use super::lifecycle::{Desk, RETRY};
use super::restart::{BACKOFF_MAX, Backoff};
use super::worker::Step;
use super::{KUBELET, cannot_start};
use crate::kubernetes::apiserver::Told;
use crate::kubernetes::objects::Kind;
use crate::kubernetes::objects::pod::PullPolicy;
use crate::kubernetes::objects::scalar::base64_decode;
use crate::sim::{Span, Time};
use crate::text::{Word, go, json};
use crate::workload::{Asker, canonical};
use std::rc::Rc;

impl Desk<'_, '_> {
    /// Makes the container once its image is there.
    pub(super) fn ensure_image(&mut self, at: u16) {
        let Some(container) = self.worker.container(&self.spec, at) else { return self.next_start() };
        let (image, policy) = (container.image.clone(), container.pull_policy);
        let name: Rc<str> = canonical(&image).into();
        let here = self.has_image(&name);
        match (policy, here) {
            (PullPolicy::IfNotPresent | PullPolicy::Never, true) => {
                let words =
                    format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
                self.tell(at, false, "Pulled", words);
                self.make(at);
            }
            (PullPolicy::Never, false) => {
                let words = format!("Container image \"{image}\" is not present with pull policy of Never");
                self.tell(at, true, "ErrImageNeverPull", words.clone());
                self.cannot_start(at, "ErrImageNeverPull", words, RETRY);
            }
            _ => self.pull(at, &image, &name, here),
        }
    }
    /// Whether the image is on the node, for this pod too: what was pulled with a secret is only for those who know it.
    /// Source: kubernetes v1.37 pkg/kubelet/images/pullmanager/image_pull_manager.go, MustAttemptImagePull.
    fn has_image(&self, name: &str) -> bool {
        let here = self.kubelet.images.contains(name) || self.workloads.registry.is_preloaded(name);
        if !here || !self.workloads.registry.is_private(name) {
            return here;
        }
        let login = self.asker(name).login.unwrap_or_default();
        self.kubelet.logins.contains(&(name.into(), login))
    }
    /// Who asks for an image: the pod's pull secrets for its registry, and since when it is asked for.
    /// Source: kubernetes v1.37 pkg/credentialprovider/keyring.go, BasicDockerKeyring.
    fn asker(&self, name: &str) -> Asker {
        let host = name.split('/').next().unwrap_or_default();
        let since = self.kubelet.asked.get(name).map_or(Span::ZERO, |first| self.now().since(*first));
        let login = self.pull_secrets().iter().filter_map(|secret| self.login(secret, host)).next();
        Asker { login, since }
    }
    fn pull_secrets(&self) -> Vec<String> {
        let all = self.spec.tree.list_at(&["imagePullSecrets"]);
        all.iter().filter_map(|s| s.str_at(&["name"])).map(str::to_string).collect()
    }
    fn login(&self, secret: &str, host: &str) -> Option<(String, String)> {
        let data = self.data(Kind::Secret, secret)?;
        let bytes = base64_decode(data.str_at(&["data", ".dockerconfigjson"])?).ok()?;
        let config = json::parse(&String::from_utf8(bytes).ok()?).ok()?;
        let entry = config.at(&["auths", host])?;
        let member = |key: &str| entry.str_at(&[key]).map(str::to_string);
        if let Some(user) = member("username") {
            return Some((user, member("password").unwrap_or_default()));
        }
        let both = String::from_utf8(base64_decode(entry.str_at(&["auth"])?).ok()?).ok()?;
        both.split_once(':').map(|(user, password)| (user.into(), password.into()))
    }
    /// Tells of pull secrets that are not there.
    /// Source: kubernetes v1.37 pkg/kubelet/kubelet_pods.go, getPullSecretsForPod.
    pub(super) fn miss_secrets(&mut self) {
        let missing: Vec<String> =
            self.pull_secrets().into_iter().filter(|name| self.data(Kind::Secret, name).is_none()).collect();
        if missing.is_empty() {
            return;
        }
        let words = format!(
            "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
            missing.join(", ")
        );
        let told = Told::warning(KUBELET, self.id, "FailedToRetrieveImagePullSecret", words);
        let host = (&self.kubelet.name).into();
        self.send(Told { host, ..told });
    }
    fn pull(&mut self, at: u16, image: &str, name: &str, here: bool) {
        let now = self.now();
        if let Some((entry, failure)) = self.worker.slots[at as usize].pull.clone()
            && now.since(entry.raised) < entry.pause
        {
            self.tell(at, false, "BackOff", format!("Back-off pulling image \"{image}\""));
            let words = format!("Back-off pulling image \"{image}\": ErrImagePull: {failure}");
            return self.cannot_start(at, "ImagePullBackOff", words, RETRY);
        }
        self.tell(at, false, "Pulling", format!("Pulling image \"{image}\""));
        Rc::make_mut(self.kubelet).asked.entry(name.into()).or_insert(now);
        let fault = self.workloads.registry.refusal(image, &self.asker(name)).is_some();
        let mut takes = self.draw(|l| if fault { l.pull_refused } else { l.pull_answer });
        takes = takes + self.workloads.registry.delay(name);
        // What is on the node already is not transferred again.
        if !fault && !here {
            takes = takes + self.workloads.registry.transfer(name);
        }
        let mut began = now;
        if self.settings.one_pull_at_a_time {
            began = now.max(self.kubelet.pulls_until);
            Rc::make_mut(self.kubelet).pulls_until = began + takes;
        }
        let wait = (began + takes).since(now);
        self.begin(Step::Pull(at, now, began), wait);
    }
    pub(super) fn pulled(&mut self, at: u16, since: Time, began: Time) {
        let Some(container) = self.worker.container(&self.spec, at) else { return self.next_start() };
        let image = container.image.clone();
        let name = canonical(&image);
        let now = self.now();
        if let Some(fault) = self.workloads.registry.refusal(&image, &self.asker(&name)) {
            self.tell(at, true, "Failed", format!("Failed to pull image \"{image}\": {}", fault.message));
            let before = self.worker.slots[at as usize].pull.take().map(|(entry, _)| entry);
            let message = Word::from(fault.message.clone());
            self.worker.slots[at as usize].pull = Some((Backoff::next(before, now, now, BACKOFF_MAX), message));
            return self.cannot_start(at, "ErrImagePull", fault.message, RETRY);
        }
        let (took, waited) = (whole_millis(now - began), whole_millis(now - since));
        let size = self.workloads.registry.size(&name);
        let words = format!(
            "Successfully pulled image \"{image}\" in {took} ({waited} including waiting). Image size: {size} bytes."
        );
        self.tell(at, false, "Pulled", words);
        if self.workloads.registry.is_private(&name) {
            let login = self.asker(&name).login;
            Rc::make_mut(self.kubelet).logins.insert((name.clone().into(), login.unwrap_or_default()));
        }
        Rc::make_mut(self.kubelet).images.insert(name.into());
        self.worker.slots[at as usize].pull = None;
        self.make(at);
    }
    fn make(&mut self, at: u16) {
        if let Some(fault) = self.config_fault(at) {
            self.tell(at, true, "Failed", format!("Error: {fault}"));
            return self.not_started(at, "CreateContainerConfigError", fault, RETRY);
        }
        let takes = self.draw(|l| l.create);
        self.begin(Step::Create(at), takes);
    }
    /// Reports why a container cannot be started, and tries the others.
    pub(super) fn cannot_start(&mut self, at: u16, reason: &'static str, message: String, pause: Span) {
        self.tell(at, true, "Failed", format!("Error: {reason}"));
        self.not_started(at, reason, message, pause);
    }
    /// Keeps why a container cannot be started for the next report, and tries the others.
    pub(super) fn not_started(&mut self, at: u16, reason: &'static str, message: String, pause: Span) {
        let name = self.worker.container(&self.spec, at).map_or_else(Rc::default, |c| c.name.clone());
        self.worker.slots[at as usize].waiting = Some((reason.into(), message.into()));
        self.worker.why = Some(cannot_start(&name, reason));
        self.failed(at, pause);
    }
}

/// Source: pkg/kubelet/images/image_manager.go, EnsureImageExists truncates to milliseconds.
fn whole_millis(span: Span) -> String {
    go::duration_of_micros(span.as_millis() * 1_000)
}
