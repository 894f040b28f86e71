//! Lines against a small cluster: what they print and what they leave.

use crate::console::{Console, Output};
use crate::kubernetes::Cluster;
use crate::scenario::Scenario;
use crate::sim::Time;

/// A terminal before a new cluster, with a few files.
pub(super) struct Desk {
    pub cluster: Cluster,
    pub console: Console,
    files: Vec<(&'static str, &'static str)>,
}

impl Desk {
    pub(super) fn new(files: &[(&'static str, &'static str)]) -> Self {
        let world = Scenario::default().world();
        Desk { cluster: world.cluster, console: Console::default(), files: files.to_vec() }
    }
    pub(super) fn run(&mut self, line: &str) -> Output {
        let files = self.files.clone();
        let find = |name: &str| files.iter().find(|(n, _)| *n == name).map(|(_, text)| text.to_string());
        self.console.run(&mut self.cluster, &find, line)
    }
    /// What a line prints on both channels.
    pub(super) fn say(&mut self, line: &str) -> String {
        let output = self.run(line);
        output.stdout + &output.stderr
    }
    pub(super) fn go_to(&mut self, seconds: u64) {
        self.cluster.run_until(Time::secs(seconds));
    }
}

pub(super) const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: app
        image: nginx:1
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {a: b}
";

#[test]
fn apply_get_scale_delete() {
    let mut desk = Desk::new(&[("web.yaml", WEB)]);
    assert_eq!(desk.say("kubectl apply -f web.yaml"), "deployment.apps/web created\nconfigmap/conf created\n");
    assert_eq!(desk.say("kubectl apply -f web.yaml"), "deployment.apps/web unchanged\nconfigmap/conf unchanged\n");
    assert_eq!(desk.say("kubectl scale deploy/web --replicas=5"), "deployment.apps/web scaled\n");
    assert_eq!(desk.say("kubectl apply -f web.yaml"), "deployment.apps/web configured\nconfigmap/conf unchanged\n");
    assert_eq!(desk.say("kubectl get deploy web -o jsonpath={.spec.replicas}"), "2");
    assert_eq!(desk.say("kubectl get cm conf"), "NAME   DATA   AGE\nconf   1      0s\n");
    assert_eq!(
        desk.say("kubectl delete -f web.yaml"),
        "deployment.apps \"web\" deleted from default namespace\nconfigmap \"conf\" deleted from default namespace\n"
    );
    assert_eq!(desk.say("kubectl get deploy"), "No resources found in default namespace.\n");
}

#[test]
fn refusals() {
    let mut desk =
        Desk::new(&[("bad.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replica: 1}\n")]);
    assert_eq!(desk.say("kubectl get pod nope"), "Error from server (NotFound): pods \"nope\" not found\n");
    assert_eq!(desk.say("kubectl get nothing"), "error: the server doesn't have a resource type \"nothing\"\n");
    assert_eq!(
        desk.say("kubectl get pods --nope"),
        "error: unknown flag: --nope\nSee 'kubectl get --help' for usage.\n"
    );
    assert_eq!(
        desk.say("kubectl apply -f bad.yaml"),
        "Error from server (BadRequest): error when creating \"bad.yaml\": Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.replica\"\n"
    );
    assert_eq!(desk.say("kubectl apply -f no.yaml"), "error: the path \"no.yaml\" does not exist\n");
}

#[test]
fn several_types_are_parted() {
    let mut desk = Desk::new(&[("web.yaml", WEB)]);
    desk.say("kubectl apply -f web.yaml");
    let text = desk.say("kubectl get deploy,cm,rs --show-labels");
    assert!(
        text.starts_with("NAME                  READY   UP-TO-DATE   AVAILABLE   AGE   LABELS\ndeployment.apps/web   "),
        "{text}"
    );
    assert!(text.contains("\n\nNAME"), "{text}");
}

#[test]
fn a_watch_prints_changes() {
    let mut desk = Desk::new(&[("web.yaml", WEB)]);
    assert_eq!(desk.run("kubectl get cm -w").code, None);
    desk.go_to(1);
    let mut other = Console::default();
    let find = |name: &str| (name == "web.yaml").then(|| WEB.to_string());
    other.run(&mut desk.cluster, &find, "kubectl apply -f web.yaml");
    let output = desk.console.poll(&mut desk.cluster).unwrap_or_default();
    assert!(output.stdout.starts_with("NAME ") && output.stdout.contains("\nconf "), "{output:?}");
    assert_eq!(desk.console.poll(&mut desk.cluster), None);
}

#[test]
fn changes_say_what_they_did() {
    let mut desk = Desk::new(&[("web.yaml", WEB)]);
    desk.say("kubectl apply -f web.yaml");
    assert_eq!(desk.say("kubectl set image deploy/web app=nginx:2"), "deployment.apps/web image updated\n");
    assert_eq!(desk.say("kubectl set image deploy/web x=nginx:2"), "error: unable to find container named \"x\"\n");
    assert_eq!(desk.say("kubectl set env deploy/web A=b"), "deployment.apps/web env updated\n");
    assert_eq!(desk.say("kubectl label deploy web tier=front"), "deployment.apps/web labeled\n");
    assert_eq!(
        desk.say("kubectl label deploy web tier=back"),
        "error: 'tier' already has a value (front), and --overwrite is false\n"
    );
    assert_eq!(desk.say("kubectl annotate deploy web a=b"), "deployment.apps/web annotated\n");
    assert_eq!(desk.say("kubectl patch deploy web -p '{\"spec\":{\"replicas\":7}}'"), "deployment.apps/web patched\n");
    assert_eq!(
        desk.say("kubectl get deploy web -o jsonpath='{.spec.replicas} {.spec.template.spec.containers[0].image}'"),
        "7 nginx:2"
    );
    assert_eq!(desk.say("kubectl rollout pause deploy/web"), "deployment.apps/web paused\n");
    assert_eq!(desk.say("kubectl rollout pause deploy/web"), "error: deployments.apps \"web\" is already paused\n");
    assert_eq!(desk.say("kubectl cordon node-a"), "node/node-a cordoned\n");
    assert_eq!(desk.say("kubectl cordon node-a"), "node/node-a already cordoned\n");
    assert_eq!(desk.say("kubectl taint nodes node-a x=1:NoSchedule"), "node/node-a tainted\n");
    assert_eq!(desk.say("kubectl taint nodes node-a x-"), "node/node-a untainted\n");
    assert_eq!(desk.say("kubectl taint nodes node-a x-"), "error: taint \"x\" not found\n");
}

#[test]
fn descriptions() {
    let mut desk = Desk::new(&[("web.yaml", WEB)]);
    desk.say("kubectl apply -f web.yaml");
    let text = desk.say("kubectl describe cm conf");
    let want = "Name:         conf\nNamespace:    default\nLabels:       <none>\nAnnotations:  <none>\n\nData\n====\na:\n----\nb\n\n\nBinaryData\n====\n\nEvents:  <none>\n";
    assert_eq!(text, want);
    let text = desk.say("kubectl describe deploy web");
    assert!(text.contains("RollingUpdateStrategy:  25% max unavailable, 25% max surge\n"), "{text}");
    assert!(desk.say("kubectl describe node node-a").contains("Allocated resources:\n"));
}

#[test]
fn a_field_of_another_manager_is_a_conflict() {
    let mut desk = Desk::new(&[("web.yaml", WEB)]);
    desk.say("kubectl apply -f web.yaml");
    let mut other = Desk {
        files: vec![("web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: c}\n")],
        ..desk
    };
    let words = other.say("kubectl apply --server-side -f web.yaml");
    assert!(
        words.starts_with("error: Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\""),
        "{words}"
    );
    assert_eq!(
        other.say("kubectl apply --server-side --force-conflicts -f web.yaml"),
        "configmap/conf serverside-applied\n"
    );
}

#[test]
fn each_verb_writes_under_a_name_of_its_own() {
    let mut desk = Desk::new(&[("web.yaml", WEB)]);
    desk.say("kubectl apply -f web.yaml");
    desk.say("kubectl scale deployment/web --replicas=5");
    desk.say("kubectl set image deployment/web app=nginx:9");
    let words = desk.say("kubectl apply --server-side --field-manager=release -f web.yaml");
    let first = "error: Apply failed with 2 conflicts: conflict with \"kubectl\" with subresource \"scale\" using apps/v1: \
                 .spec.replicas\nconflict with \"kubectl-set\" using apps/v1: \
                 .spec.template.spec.containers[name=\"app\"].image\n";
    assert!(words.starts_with(first), "{words}");
    desk.say("kubectl patch deployment web --field-manager=robot -p '{\"spec\":{\"replicas\":4}}'");
    let words = desk.say("kubectl apply --server-side --field-manager=release -f web.yaml");
    assert!(words.contains("conflict with \"robot\" using apps/v1: .spec.replicas"), "{words}");
}

/// Objects of another namespace, and two of one file.
const OTHER: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop, labels: {tier: one}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b, namespace: shop, labels: {tier: two}}
";

#[test]
fn manifests_say_which_objects_are_meant_and_where() {
    let mut desk = Desk::new(&[("a.yaml", OTHER)]);
    desk.say("kubectl create ns shop");
    assert_eq!(desk.say("kubectl apply -l tier=one -f a.yaml"), "configmap/a created\n");
    assert_eq!(desk.say("kubectl apply -f a.yaml"), "configmap/a unchanged\nconfigmap/b created\n");
    assert_eq!(desk.say("kubectl get -f a.yaml -o name"), "configmap/a\nconfigmap/b\n");
    assert_eq!(desk.say("kubectl get -f a.yaml -l tier=two -o name"), "configmap/b\n");
    assert_eq!(desk.say("kubectl label -f a.yaml new=1"), "configmap/a labeled\nconfigmap/b labeled\n");
    assert_eq!(desk.say("kubectl wait -f a.yaml --for=jsonpath={.metadata.labels.new}=1").lines().count(), 2);
    let words =
        "error: when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well\n";
    assert_eq!(desk.say("kubectl get cm -f a.yaml"), words);
}

#[test]
fn what_cannot_be_done_is_said() {
    let mut desk = Desk::new(&[("a.yaml", OTHER)]);
    assert_eq!(desk.say("kubectl apply --prune -f a.yaml"), "error: --prune is not simulated: nothing was done\n");
    let words = desk.say("kubectl get pods --field-selector metadata.labels.app=web");
    assert_eq!(
        words,
        "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \"\", field selector \"metadata.labels.app=web\": field label not supported: metadata.labels.app\n"
    );
    let words = desk.say("kubectl get deploy --field-selector status.replicas=1");
    assert!(
        words.ends_with("is not a known field selector: only \"metadata.name\", \"metadata.namespace\"\n"),
        "{words}"
    );
    let output = desk.run("kubectl get pods -l app=none -o jsonpath='x{.items[0].metadata.name}'");
    assert_eq!((output.stdout.as_str(), output.code), ("", Some(1)));
    assert!(output.stderr.starts_with("error: error executing jsonpath \"x{.items[0].metadata.name}\": Error executing template: array index out of bounds: index 0, length 0."));
    assert!(output.stderr.contains("map[string]interface {}{\"apiVersion\":\"v1\", \"items\":[]interface {}{}, "));
    let words = desk.say("kubectl delete pod x --grace-period=soon");
    assert!(
        words.starts_with("error: invalid argument \"soon\" for \"--grace-period\" flag: strconv.ParseInt"),
        "{words}"
    );
}

#[test]
fn a_drain_takes_only_the_pods_it_is_told_to() {
    let mut desk = Desk::new(&[("web.yaml", WEB)]);
    desk.say("kubectl apply -f web.yaml");
    desk.say("kubectl run alone --image=nginx:1 --labels=app=alone");
    desk.go_to(30);
    for node in ["node-a", "node-b", "node-c"] {
        let words = desk.say(&format!("kubectl drain {node} --pod-selector=app=alone --force"));
        assert!(!words.contains("evicting pod default/web-"), "{words}");
    }
    assert_eq!(desk.say("kubectl get pods -o name").matches("pod/web-").count(), 2);
    assert!(desk.say("kubectl drain node-a --pod-selector=a=b=c").contains("must be a valid label selector"));
}

#[test]
fn a_watch_is_no_look_whatever_it_is_written_like() {
    let reads = |line: &str| super::only_reads(&line.split(' ').map(String::from).collect::<Vec<_>>());
    assert!(reads("get po -A") && reads("logs web --tail=3") && reads("get po --watch=false"));
    assert!(!reads("get po -Aw") && !reads("get po --watch=true") && !reads("logs -f web") && !reads("delete po x"));
}

#[test]
fn a_pipe_feeds_kubectl_and_says_what_is_not_there() {
    let mut desk = Desk::new(&[("a.yaml", OTHER)]);
    let words = desk.say("kubectl create deploy x --image=nginx --dry-run=client -o yaml | kubectl apply -f -");
    assert_eq!(words, "deployment.apps/x created\n");
    assert_eq!(
        desk.say("kubectl create ns shop; cat a.yaml | k apply -f - | grep -c created").lines().last(),
        Some("2")
    );
    let output = desk.run("kubectl get cm -n shop -o name | jq . ");
    assert_eq!((output.stderr.as_str(), output.code), ("sh: jq: command not found\n", Some(127)));
    assert_eq!(desk.say("kubectl get cm -n shop --no-headers | awk '{print $1}' | sort -r | head -1"), "b\n");
    assert_eq!(desk.run("kubectl get cm -n shop | grep -q nothing").code, Some(1));
    assert!(!crate::console::only_reads("cat a.yaml | kubectl apply -f -"));
    let output = desk.run("kubectl get pods -w | kubectl apply -f -");
    assert_eq!(output.code, Some(2));
}
