//! Which images there are. Nothing is downloaded: an image exists unless its name says otherwise.

use crate::sim::Span;
use crate::text::Word;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How a registry serves a part of its repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It lets everybody wait for so long.
    Slow(Span),
    /// It wants a user and a password.
    Private(Rc<str>, Rc<str>),
    /// It answers with an error until so long after the first request.
    Flaky(Span),
    /// It says that there were too many requests.
    Limited,
}

/// Who asks for an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// User and password for the image's registry.
    pub login: Option<(String, String)>,
    /// Time since anybody asked for this repository first.
    pub since: Span,
}

/// Why a pull fails, with the runtime's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullFault {
    /// As in the event and the status.
    pub message: String,
}

/// The registries of the simulated world.
///
/// An image is missing when its tag or the last part of its name holds `doesnotexist`, `does-not-exist`, `missing`,
/// `broken`, `nope` or `invalid`, when its registry is `*.invalid`, or when the scenario lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// Whether no registry answers.
    pub down: bool,
    /// Images that hold the demonstration program beside the one that is named for it: the last part of their names.
    pub programs: Vec<Rc<str>>,
    /// Users that images (canonical names) name as theirs.
    pub users: BTreeMap<Rc<str>, Rc<str>>,
    /// How repositories whose path begins so are served.
    pub manners: Vec<(Rc<str>, Manner)>,
    /// Images a scenario calls missing, as written or as canonical names.
    pub missing: BTreeSet<Rc<str>>,
    /// Sizes a scenario gives, in bytes, by canonical name.
    pub sizes: BTreeMap<Rc<str>, u64>,
    /// Images every node has from the start, by canonical name. A name that ends with `*` stands for all that begin so.
    pub preloaded: Vec<Rc<str>>,
}

/// Words in a name that make an image missing. Ours: people write them to show a broken rollout.
const MISSING_WORDS: &[&str] = &["doesnotexist", "does-not-exist", "missing", "broken", "nope", "invalid", "notfound"];

/// (part of the name, size in bytes) of well-known images. Ours: compressed sizes as Docker Hub shows them, rounded.
const SIZES: &[(&str, u64)] = &[
    ("busybox", 2_200_000),
    ("alpine", 3_800_000),
    ("pause", 320_000),
    ("nginx", 72_000_000),
    ("httpd", 60_000_000),
    ("redis", 45_000_000),
    ("postgres", 160_000_000),
    ("mysql", 230_000_000),
    ("mongo", 280_000_000),
    ("node", 380_000_000),
    ("python", 360_000_000),
];
/// Size of any other image. Ours: the middle of the above.
const SIZE_ELSE: u64 = 60_000_000;

/// The full name of an image: `nginx` is `docker.io/library/nginx:latest`.
/// Source: distribution/reference, ParseDockerRef.
pub fn canonical(image: &str) -> String {
    let (host, rest) = match image.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
        _ => ("docker.io", image),
    };
    let library = if host == "docker.io" && !rest.contains('/') { "library/" } else { "" };
    let last = rest.rsplit('/').next().unwrap_or(rest);
    let tag = if last.contains([':', '@']) { "" } else { ":latest" };
    format!("{host}/{library}{rest}{tag}")
}

/// The last part of a canonical name, without tag and digest.
fn base(name: &str) -> &str {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split([':', '@']).next().unwrap_or(last)
}

/// A canonical name without tag and digest.
fn path(name: &str) -> &str {
    let from = name.rfind('/').map_or(0, |at| at + 1);
    name[from..].find([':', '@']).map_or(name, |at| &name[..from + at])
}

impl Registry {
    /// Whether every node has this image from the start.
    pub fn is_preloaded(&self, name: &str) -> bool {
        !self.missing.contains(name)
            && self.preloaded.iter().any(|p| p.strip_suffix('*').map_or(&**p == name, |begin| name.starts_with(begin)))
    }
    /// Size in bytes of an image (canonical name).
    pub fn size(&self, name: &str) -> u64 {
        if let Some(size) = self.sizes.get(name) {
            return *size;
        }
        let base = base(name);
        SIZES.iter().find(|(part, _)| *part == base).map_or(SIZE_ELSE, |(_, size)| *size)
    }
    /// Whether an image (canonical name) holds the demonstration program.
    pub fn holds_program(&self, name: &str) -> bool {
        let (path, base) = (path(name), base(name));
        path == super::program::IMAGE || self.programs.iter().any(|p| **p == *base)
    }
    /// Whether an image (canonical name) runs as root when nobody says otherwise. Ours: the well-known official images do,
    /// and so do the shells; of any other nothing is known, and a container that must not run as root is let run.
    pub fn runs_as_root(&self, name: &str) -> bool {
        let base = base(name);
        path(name) == super::program::IMAGE || (SIZES.iter().any(|(known, _)| *known == base) && base != "pause")
    }
    /// How long the bytes of an image take.
    pub fn transfer(&self, name: &str) -> Span {
        Span::millis(self.size(name) * 1000 / super::latencies::PULL_BYTES_PER_SECOND)
    }
    /// Why an image cannot be pulled, if so. The words are containerd's.
    /// Source: recorded, kubelet v1.37 with containerd 2.4: an unknown tag is answered with 404, an unknown repository of
    /// Docker Hub with a denied token.
    pub fn fault(&self, image: &str) -> Option<PullFault> {
        let name = canonical(image);
        let host = name.split('/').next().unwrap_or_default();
        if self.down {
            let words = format!(
                "failed to resolve image: failed to do request: Head \"{}\": dial tcp: lookup {host}: i/o timeout",
                manifest_url(&name)
            );
            return Some(self.failed(image, &name, &words));
        }
        if let Some(rest) = host.strip_prefix("127.0.0.1").or_else(|| host.strip_prefix("localhost")) {
            let address = format!("127.0.0.1{}", if rest.is_empty() { ":443" } else { rest });
            return Some(self.failed(image, &name, &format!("failed to resolve image: failed to do request: Head \"{}\": dial tcp {address}: connect: connection refused", manifest_url(&name))));
        }
        if host.ends_with(".invalid") {
            let words = format!(
                "failed to resolve image: failed to do request: Head \"{}\": dial tcp: lookup {host}: no such host",
                manifest_url(&name)
            );
            return Some(self.failed(image, &name, &words));
        }
        let listed = self.missing.iter().any(|m| &**m == image || **m == *name);
        let last = name.rsplit('/').next().unwrap_or(&name);
        let (base, tag) = last.split_once(':').unwrap_or((last, ""));
        let wrong = |part: &str| MISSING_WORDS.iter().any(|w| part.contains(w));
        if !(listed || wrong(tag) || wrong(base)) {
            return None;
        }
        if host == "docker.io" && wrong(base) {
            return Some(self.failed(image, &name, "failed to resolve image: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"));
        }
        Some(PullFault {
            message: format!(
                "rpc error: code = NotFound desc = failed to pull and unpack image \"{name}\": failed to resolve image: {name}: not found"
            ),
        })
    }
    /// How a repository (canonical name) is served, if not as usual.
    fn manner(&self, name: &str) -> Option<&Manner> {
        let path = name.split_once('/').map_or(name, |(_, path)| path);
        self.manners.iter().find(|(begin, _)| path.starts_with(&**begin)).map(|(_, manner)| manner)
    }
    /// How long a registry lets people wait for an image (canonical name), beside the usual.
    pub fn delay(&self, name: &str) -> Span {
        match self.manner(name) {
            Some(Manner::Slow(wait)) => *wait,
            _ => Span::ZERO,
        }
    }
    /// Whether only some may have an image (canonical name).
    pub fn is_private(&self, name: &str) -> bool {
        matches!(self.manner(name), Some(Manner::Private(..)))
    }
    /// Why this asker cannot pull an image, if so.
    /// Source: recorded, containerd 2.4: how a registry's refusals are told.
    pub fn refusal(&self, image: &str, asker: &Asker) -> Option<PullFault> {
        let fault = self.fault(image);
        if fault.is_some() {
            return fault;
        }
        let name = canonical(image);
        let host = name.split('/').next().unwrap_or_default();
        let answered = |status: &str| {
            let url = manifest_url(&name);
            let words =
                format!("failed to resolve image: unexpected status from HEAD request to {url}?ns={host}: {status}");
            Some(self.failed(image, &name, &words))
        };
        match (self.manner(&name)?, &asker.login) {
            (Manner::Slow(_), _) => None,
            (Manner::Private(user, password), Some(login)) if login.0 == **user && login.1 == **password => None,
            (Manner::Private(..), Some(_)) => answered("401 Unauthorized"),
            (Manner::Private(..), None) => Some(self.failed(image, &name, "failed to resolve image: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials")),
            (Manner::Flaky(until), _) => answered("500 Internal Server Error").filter(|_| asker.since < *until),
            (Manner::Limited, _) => answered("429 Too Many Requests"),
        }
    }
    fn failed(&self, _image: &str, name: &str, words: &str) -> PullFault {
        PullFault { message: format!("failed to pull and unpack image \"{name}\": {words}") }
    }
    /// A made-up digest: the same for the same name.
    pub fn digest(name: &str) -> Word {
        let mut out = String::from("sha256:");
        let mut state =
            name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        for _ in 0..4 {
            state = crate::sim::mix(state);
            out += &format!("{state:016x}");
        }
        out.into()
    }
}

/// Where the manifest of an image is asked for.
fn manifest_url(name: &str) -> String {
    let (host, rest) = name.split_once('/').unwrap_or((name, ""));
    let (repo, tag) = rest.rsplit_once(':').unwrap_or((rest, "latest"));
    format!("https://{host}/v2/{repo}/manifests/{tag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_full() {
        for (short, full) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.27", "docker.io/library/nginx:1.27"),
            ("bitnami/redis", "docker.io/bitnami/redis:latest"),
            ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
            ("localhost:5000/x", "localhost:5000/x:latest"),
        ] {
            assert_eq!(canonical(short), full);
        }
    }

    #[test]
    fn only_the_plain_name_holds_the_demonstration_program() {
        let mut registry = Registry::default();
        let holds = |registry: &Registry, image: &str| registry.holds_program(&canonical(image));
        assert!(holds(&registry, "app:1") && holds(&registry, "app@sha256:0"));
        assert!(
            !holds(&registry, "ghcr.io/team/app:1") && !holds(&registry, "app2:1") && !holds(&registry, "team/app")
        );
        registry.programs.push("app2".into());
        assert!(holds(&registry, "lab.example/app2:1"));
    }

    #[test]
    fn repositories_have_their_manners() {
        let mut registry = Registry::default();
        registry.manners.push(("private/".into(), Manner::Private("user".into(), "pass".into())));
        registry.manners.push(("flaky/".into(), Manner::Flaky(Span::secs(150))));
        registry.manners.push(("slow/".into(), Manner::Slow(Span::secs(20))));
        let words = |image: &str, login: Option<(&str, &str)>, since: u64| {
            let login = login.map(|(u, p)| (u.to_string(), p.to_string()));
            registry.refusal(image, &Asker { login, since: Span::secs(since) }).map(|f| f.message)
        };
        assert!(words("r.example/private/app:1", None, 0).is_some_and(|w| w.ends_with("no basic auth credentials")));
        assert!(
            words("r.example/private/app:1", Some(("user", "nope")), 0)
                .is_some_and(|w| w.ends_with("401 Unauthorized"))
        );
        assert_eq!(words("r.example/private/app:1", Some(("user", "pass")), 0), None);
        assert!(words("r.example/flaky/app:1", None, 149).is_some_and(|w| w.ends_with("500 Internal Server Error")));
        assert_eq!(words("r.example/flaky/app:1", None, 150), None);
        assert_eq!(registry.delay("r.example/slow/app:1"), Span::secs(20));
    }

    #[test]
    fn missing_images_say_so_in_their_name() {
        let mut registry = Registry::default();
        assert!(registry.fault("nginx:doesnotexist").is_some_and(|f| f.message.ends_with("not found")));
        assert!(registry.fault("registry.invalid/app:1").is_some_and(|f| f.message.contains("no such host")));
        assert!(registry.fault("127.0.0.1:5999/app:1").is_some_and(|f| f.message.contains("connection refused")));
        assert_eq!(registry.fault("app:2"), None);
        registry.missing.insert("app:2".into());
        assert!(registry.fault("app:2").is_some());
    }
}
