//! `kubectl run`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/run/run.go.

use super::create::{self, map_of};
use super::output::{Teller, aggregate};
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::map;
use crate::text::go::quoted;
use crate::text::{Map, Value};

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "run",
    switches: "save-config rm stdin i tty t attach command quiet q expose privileged leave-stdin-open record",
    options: "dry-run output o image port labels l annotations env restart overrides image-pull-policy field-manager \
              pod-running-timeout timeout grace-period cascade",
    run,
}];

/// Whether an image's name is well formed. Source: distribution/reference, ReferenceRegexp.
fn is_image(name: &str) -> bool {
    let (rest, digest) = name.split_once('@').map_or((name, None), |(rest, digest)| (rest, Some(digest)));
    let colon = rest.rfind(':').filter(|at| !rest[*at..].contains('/'));
    let (path, tag) = colon.map_or((rest, None), |at| (&rest[..at], Some(&rest[at + 1..])));
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let tag_fits =
        |tag: &str| tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || matches!(c, '.' | '-'));
    let digest_fits = |digest: &str| {
        digest.split_once(':').is_some_and(|(kind, hex)| {
            kind.starts_with(|c: char| c.is_ascii_alphabetic())
                && hex.len() >= 32
                && hex.chars().all(|c| c.is_ascii_hexdigit())
        })
    };
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 1 && is_domain(parts[0]) {
        parts.remove(0);
    }
    parts.iter().all(|part| is_component(part)) && tag.is_none_or(tag_fits) && digest.is_none_or(digest_fits)
}

/// `registry.example.com:5000`
fn is_domain(part: &str) -> bool {
    let (host, port) = part.split_once(':').map_or((part, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        let edge = |c: char| c.is_ascii_alphanumeric();
        label.starts_with(edge) && label.ends_with(edge) && label.chars().all(|c| edge(c) || c == '-')
    };
    host.split('.').all(label) && port.is_none_or(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_digit()))
}

/// `my-team`: small letters and digits, parted by one dot, one or two low lines, or dashes.
fn is_component(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let between: Vec<&str> = part.split(plain).filter(|s| !s.is_empty()).collect();
    let parted = |s: &&str| matches!(*s, "." | "_" | "__") || s.chars().all(|c| c == '-');
    part.starts_with(plain) && part.ends_with(plain) && between.iter().all(parted)
}

/// Source: run.go, Complete, Validate.
fn check(args: &Args) -> Result<()> {
    let refuse = |words: String| Err(Failure::error(words));
    let restart = args.get("restart").unwrap_or("Always");
    if !matches!(restart, "" | "Always" | "OnFailure" | "Never") {
        return refuse(format!("invalid restart policy: {restart}, valid values are: Always, OnFailure, Never"));
    }
    if args.words.is_empty() {
        return refuse("NAME is required for run".into());
    }
    let image = args.get("image").unwrap_or_default();
    if image.is_empty() {
        return refuse("--image is required".into());
    }
    if !is_image(image) {
        return refuse(format!("invalid image name {}: invalid reference format", quoted(image)));
    }
    let port = args.get("port").unwrap_or_default();
    if args.on("expose") && port.is_empty() {
        return refuse("--port must be set when exposing a service".into());
    }
    if !port.is_empty() && port.parse::<i64>().is_err() {
        return refuse("--port must be a number".into());
    }
    Ok(())
}

/// The pod that the flags describe. Source: run.go, createPod.
fn pod(args: &Args, name: &str, labels: Map) -> Value {
    let image = args.get("image").unwrap_or_default();
    let mut container = map! { "image" => image, "name" => name, "resources" => Map::new() };
    let words: Vec<&String> = args.words[1..].iter().chain(&args.rest).collect();
    if !words.is_empty() {
        let key = if args.on("command") { "command" } else { "args" };
        container.set(key, words.into_iter().map(|w| Value::from(w.as_str())).collect::<Vec<_>>());
    }
    if let Some(port) = args.get("port").and_then(|p| p.parse::<i64>().ok()) {
        container.set("ports", vec![Value::Map(map! { "containerPort" => port })]);
    }
    let variable = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        Value::Map(map! { "name" => key, "value" => value })
    };
    let env: Vec<Value> = args.each("env").into_iter().map(variable).collect();
    if !env.is_empty() {
        container.set("env", env);
    }
    let mut tree = create::object("v1", "Pod", name);
    tree.set_at(&["metadata", "labels"], labels);
    for pair in args.each("annotations") {
        let (key, value) = pair.split_once('=').unwrap_or((pair.trim_end_matches('-'), ""));
        tree.set_at(&["metadata", "annotations", key], value);
    }
    let restart = args.get("restart").filter(|r| !r.is_empty()).unwrap_or("Always");
    tree.set_at(
        &["spec"],
        map! { "containers" => vec![Value::Map(container)], "dnsPolicy" => "ClusterFirst", "restartPolicy" => restart },
    );
    tree
}

/// The Service of `--expose`; it has labels of its own only if the line gives some. Source: run.go, createService.
fn service(args: &Args, name: &str, own: Option<Map>, labels: Map) -> Value {
    let port = args.get("port").and_then(|p| p.parse::<i64>().ok()).unwrap_or(0);
    let mut tree = create::object("v1", "Service", name);
    if let Some(own) = own {
        tree.set_at(&["metadata", "labels"], own);
    }
    let port = map! { "port" => port, "protocol" => "TCP", "targetPort" => port };
    tree.set_at(&["spec"], map! { "ports" => vec![Value::Map(port)], "selector" => labels });
    tree
}

fn run(cx: &mut Cx, args: &Args) -> Result {
    if args.get("image").is_none() {
        return Err(Failure::error("required flag(s) \"image\" not set"));
    }
    check(args)?;
    let name = args.words[0].clone();
    let own = args.get("labels").filter(|l| !l.is_empty()).map(map_of);
    let labels = own.clone().unwrap_or_else(|| map! { "run" => name.as_str() });
    let mut teller = Teller::new(cx, args)?;
    let mut pod = pod(args, &name, labels.clone());
    args.record(&mut pod);
    let mut made = vec![create::made(cx, args, pod).map_err(|e| Failure::server(&e))?];
    let mut failures = Vec::new();
    if args.on("expose") {
        let mut service = service(args, &name, own, labels);
        args.record(&mut service);
        match create::made(cx, args, service) {
            Ok(service) => made.push(service),
            Err(error) => failures.push(Failure::server(&error)),
        }
    }
    for tree in &made {
        teller.tell(cx, tree, "created")?;
    }
    aggregate(failures)?;
    Ok(Flow::Done(0))
}

#[cfg(test)]
mod tests {
    use super::super::tests::Desk;

    #[test]
    fn names_of_images_are_looked_at() {
        for good in ["nginx", "nginx:1.27", "a.b:5000/team/web-x:v1", "team/a__b.c", "localhost/x"] {
            assert!(super::is_image(good), "{good}");
        }
        for bad in ["Nginx", "nginx:", "a b", "nginx:-x", "a//b", "-a", "a@sha256:12"] {
            assert!(!super::is_image(bad), "{bad}");
        }
    }

    #[test]
    fn a_pod_and_its_service() {
        let mut desk = Desk::new(&[]);
        let says = [
            ("kubectl run p --image=nginx --expose", "error: --port must be set when exposing a service\n"),
            ("kubectl run p --image=Nginx", "error: invalid image name \"Nginx\": invalid reference format\n"),
            (
                "kubectl run p --image=nginx --restart=Foo",
                "error: invalid restart policy: Foo, valid values are: Always, OnFailure, Never\n",
            ),
            (
                "kubectl run p --image=nginx --port=80 --expose --annotations=a=b --annotations=c=d",
                "pod/p created\nservice/p created\n",
            ),
            ("kubectl get pod p -o jsonpath='{.metadata.annotations.a} {.metadata.annotations.c}'", "b d"),
            ("kubectl get svc p -o jsonpath='{.spec.selector} {.spec.ports[0].port}'", "{\"run\":\"p\"} 80"),
            ("kubectl run p --image=nginx", "Error from server (AlreadyExists): pods \"p\" already exists\n"),
        ];
        for (line, words) in says {
            assert_eq!(desk.say(line), words, "{line}");
        }
    }
}
