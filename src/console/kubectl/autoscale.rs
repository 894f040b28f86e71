//! `kubectl autoscale`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/autoscale/autoscale.go.

use super::args::DryRun;
use super::create;
use super::output::{aggregate, tell};
use super::resource::{Resource, Selection};
use super::scale::SCALABLE;
use super::{Args, Cx, Failure, Flow, Result, Verb};
use crate::kubernetes::objects::scalar;
use crate::map;
use crate::text::{Map, Value};

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "autoscale",
    switches: "save-config recursive R record",
    options: "filename f kustomize k dry-run output o min max cpu cpu-percent memory name field-manager",
    run: autoscale,
}];

/// What a metric aims at: the use of what is asked for, or an amount.
type Target = Map;

/// `70%`, `500m`; a bare number counts thousandths of a processor or MiB. Source: parseResourceInput.
fn target(text: &str, resource: &str) -> Result<Target> {
    let text = text.trim();
    if let Some(percent) = text.strip_suffix('%') {
        return match percent.parse::<i32>() {
            Ok(n) if n >= 0 => Ok(map! { "averageUtilization" => i64::from(n), "type" => "Utilization" }),
            _ => Err(Failure::error(format!("invalid percentage value: {percent}"))),
        };
    }
    let bare = text.parse::<f64>().is_ok_and(f64::is_finite);
    let amount = match (bare, resource) {
        (true, "cpu") => format!("{text}m"),
        (true, _) => format!("{text}Mi"),
        (false, _) => text.to_string(),
    };
    let amount = scalar::quantity(&Value::from(amount))
        .map_err(|_| Failure::error(format!("invalid resource {resource} value: {text}")))?;
    Ok(map! { "averageValue" => amount, "type" => "AverageValue" })
}

/// Source: Validate, createHorizontalPodAutoscalerV2: the metrics in their order.
fn metrics(args: &Args) -> Result<Vec<Value>> {
    let percent = args.get("cpu-percent").and_then(|p| p.parse::<i64>().ok()).filter(|p| *p > 0);
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    if percent.is_some() && given("cpu").is_some() {
        return Err(Failure::error("--cpu-percent and --cpu are mutually exclusive"));
    }
    let mut targets: Vec<(&str, Target)> = Vec::new();
    if let Some(percent) = percent {
        targets.push(("cpu", map! { "averageUtilization" => percent, "type" => "Utilization" }));
    }
    for resource in ["cpu", "memory"] {
        if let Some(text) = given(resource) {
            targets.push((resource, target(text, resource)?));
        }
    }
    let metric = |(name, target)| {
        Value::Map(map! { "type" => "Resource", "resource" => map! { "name" => name, "target" => target } })
    };
    Ok(targets.into_iter().map(metric).collect())
}

fn autoscale(cx: &mut Cx, args: &Args) -> Result {
    let number = |flag: &str| args.get(flag).and_then(|n| n.parse::<i64>().ok());
    let Some(most) = number("max") else { return Err(Failure::error("required flag(s) \"max\" not set")) };
    let least = number("min").unwrap_or(-1);
    if most < 1 {
        return Err(Failure::error(format!("--max=MAXPODS is required and must be at least 1, max: {most}")));
    }
    if most < least {
        return Err(Failure::error(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {most}, min: {least}"
        )));
    }
    let metrics = metrics(args)?;
    let (found, mut failures) = Selection::with_files(cx, args, &args.words)?.objects(cx.cluster, &cx.namespace);
    if found.is_empty() && failures.is_empty() {
        return Err(Failure::error("no objects passed to autoscale"));
    }
    for (resource, object) in found {
        let told = scaler(args, &resource, &object.meta.name, (least, most), &metrics)
            .and_then(|tree| deliver(cx, args, tree));
        failures.extend(told.err());
    }
    aggregate(failures)?;
    Ok(Flow::Done(0))
}

fn scaler(args: &Args, resource: &Resource, name: &str, bounds: (i64, i64), metrics: &[Value]) -> Result<Value> {
    let version = &resource.api_version;
    if !SCALABLE.contains(&resource.kind.as_str()) {
        let slash = if version.contains('/') { "" } else { "/" };
        return Err(Failure::error(format!(
            "cannot autoscale a {}: could not find scale subresource for {slash}{version}, Resource={} in discovery information",
            resource.kind, resource.plural
        )));
    }
    let own = args.get("name").filter(|n| !n.is_empty()).unwrap_or(name);
    let mut tree = create::object("autoscaling/v2", "HorizontalPodAutoscaler", own);
    let target = map! { "apiVersion" => version.as_str(), "kind" => resource.kind.as_str(), "name" => name };
    let (least, most) = bounds;
    tree.set_at(&["spec"], map! { "maxReplicas" => most, "scaleTargetRef" => target });
    if least > 0 {
        tree.set_at(&["spec", "minReplicas"], least);
    }
    if !metrics.is_empty() {
        tree.set_at(&["spec", "metrics"], metrics.to_vec());
    }
    args.record(&mut tree);
    Ok(tree)
}

fn deliver(cx: &mut Cx, args: &Args, tree: Value) -> Result<()> {
    let made = create::made(cx, args, tree).map_err(|error| fallback(args, Failure::server(&error)))?;
    let word = if args.dry_run()? == DryRun::Client { "created" } else { "autoscaled" };
    tell(cx, args, &made, word)
}

/// After a refusal kubectl tries `autoscaling/v1`, where that can say the same: it is refused alike. Elsewhere the
/// refusal is lost behind words about that. Source: Run, canCreateHPAV1.
fn fallback(args: &Args, refused: Failure) -> Failure {
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    let words = "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: ";
    let Some(cpu) = given("cpu") else { return Failure::error(format!("{words}empty input")) };
    let in_percent = cpu.trim().ends_with('%') || args.get("cpu-percent").is_some_and(|p| !p.starts_with('-'));
    match in_percent && given("memory").is_none() {
        true => refused,
        false => Failure::error(format!("{words}%!w(<nil>)")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Desk, WEB};

    #[test]
    fn bounds_and_targets_are_looked_at() {
        let mut desk = Desk::new(&[("web.yaml", WEB)]);
        desk.say("kubectl apply -f web.yaml");
        desk.say("kubectl create service clusterip s --tcp=80");
        let path = "{range .spec.metrics[*]}{.resource.target.averageValue} {end}";
        let old = "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).\n";
        let says = [
            ("kubectl autoscale deploy web".to_string(), "error: required flag(s) \"max\" not set\n".to_string()),
            (
                "kubectl autoscale deploy web --max=3 --min=5".into(),
                "error: --max=MAXPODS must be larger or equal to --min=MINPODS, max: 3, min: 5\n".into(),
            ),
            (
                format!("kubectl autoscale deploy web --max=3 --cpu=500 --memory=200 --dry-run=client -o jsonpath='{path}'"),
                "500m 200Mi ".into(),
            ),
            (
                "kubectl autoscale svc s --max=3".into(),
                "error: cannot autoscale a Service: could not find scale subresource for /v1, Resource=services in discovery information\n".into(),
            ),
            (
                "kubectl autoscale deploy web --max=3 --cpu=70% --dry-run=client".into(),
                "horizontalpodautoscaler.autoscaling/web created (dry run)\n".into(),
            ),
            (
                "kubectl autoscale deploy web --max=3 --cpu-percent=70".into(),
                format!("horizontalpodautoscaler.autoscaling/web autoscaled\n{old}"),
            ),
            (
                "kubectl autoscale deploy web --max=3 --cpu=70%".into(),
                "Error from server (AlreadyExists): horizontalpodautoscalers.autoscaling \"web\" already exists\n".into(),
            ),
        ];
        for (line, words) in says {
            assert_eq!(desk.say(&line), words, "{line}");
        }
    }
}
