//! Getting the image of a container onto the node.
//! Source: kubernetes v1.37 pkg/kubelet/images/image_manager.go, EnsureImageExists, pullImage.

use super::cannot_start;
use super::lifecycle::{Desk, RETRY};
use super::restart::Backoff;
use super::worker::Step;
use crate::kubernetes::objects::pod::PullPolicy;
use crate::sim::{Span, Time};
use crate::text::Word;
use crate::workload::canonical;
use std::rc::Rc;

impl Desk<'_, '_> {
    /// Makes the container once its image is there.
    pub(super) fn ensure_image(&mut self, at: u16) {
        let Some(container) = self.worker.container(&self.spec, at) else { return self.next_start() };
        let (image, policy) = (container.image.clone(), container.pull_policy);
        let name: Rc<str> = canonical(&image).into();
        let here = self.kubelet.images.contains(&name) || self.workloads.registry.is_preloaded(&name);
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
        let fault = self.workloads.registry.fault(image).is_some();
        let mut takes = self.draw(|l| if fault { l.pull_refused } else { l.pull_answer });
        // What is on the node already is not transferred again.
        if !fault && !here {
            takes = takes + self.workloads.registry.transfer(name);
        }
        let began = now.max(self.kubelet.pulls_until);
        Rc::make_mut(self.kubelet).pulls_until = began + takes;
        let wait = (began + takes).since(now);
        self.begin(Step::Pull(at, now, began), wait);
    }
    pub(super) fn pulled(&mut self, at: u16, since: Time, began: Time) {
        let Some(container) = self.worker.container(&self.spec, at) else { return self.next_start() };
        let image = container.image.clone();
        let name = canonical(&image);
        let now = self.now();
        if let Some(fault) = self.workloads.registry.fault(&image) {
            self.tell(at, true, "Failed", format!("Failed to pull image \"{image}\": {}", fault.message));
            let before = self.worker.slots[at as usize].pull.take().map(|(entry, _)| entry);
            let message = Word::from(fault.message.clone());
            self.worker.slots[at as usize].pull = Some((Backoff::next(before, now, now), message));
            return self.cannot_start(at, "ErrImagePull", fault.message, RETRY);
        }
        let (took, waited) = (go_duration(now - began), go_duration(now - since));
        let size = self.workloads.registry.size(&name);
        let words = format!(
            "Successfully pulled image \"{image}\" in {took} ({waited} including waiting). Image size: {size} bytes."
        );
        self.tell(at, false, "Pulled", words);
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

/// A length as Go prints it, to the millisecond: `431ms`, `2.36s`, `1m3.5s`.
/// Source: Go time.Duration.String; pkg/kubelet/images/image_manager.go truncates to milliseconds.
fn go_duration(span: Span) -> String {
    let ms = span.as_millis();
    if ms < 1000 {
        return format!("{ms}ms");
    }
    let (minutes, rest) = (ms / 60_000, ms % 60_000);
    let seconds = format!("{}.{:03}", rest / 1000, rest % 1000);
    let seconds = seconds.trim_end_matches('0').trim_end_matches('.');
    if minutes == 0 { format!("{seconds}s") } else { format!("{minutes}m{seconds}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_print_as_go_prints_them() {
        for (ms, want) in [(431, "431ms"), (2_360, "2.36s"), (20_000, "20s"), (63_500, "1m3.5s")] {
            assert_eq!(go_duration(Span::millis(ms)), want);
        }
    }
}
