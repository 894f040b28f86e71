//! What the limit ranges of a namespace do to a new object: amounts for containers that name none, and the refusal of what
//! asks for too little or too much.
//! Source: kubernetes v1.37 plugin/pkg/admission/limitranger/admission.go.

use super::view::{Fill, View};
use crate::kubernetes::objects::parts::{Quantity, ResourceList};
use crate::kubernetes::objects::pod::effective::Sums;
use crate::text::Value;
use std::cmp::Ordering;

/// Tells which amounts came from a limit range. Source: admission.go, limitRangerAnnotation.
pub const ANNOTATION: &str = "kubernetes.io/limit-ranger";
/// Amounts up to here are compared in thousandths. Source: apimachinery/pkg/api/resource/quantity.go, MaxMilliValue.
const MAX_MILLI: i64 = i64::MAX / 1000;

/// Gives containers the amounts they do not name. Source: admission.go, mergePodResourceRequirements.
pub fn fill(pod: &mut Value, ranges: &[Value]) {
    for range in ranges {
        let mut set: Vec<String> = Vec::new();
        let items: Vec<&Value> =
            range.of("spec").items("limits").iter().filter(|i| i.text("type") == "Container").collect();
        for (list, word) in [("containers", "container"), ("initContainers", "init container")] {
            pod.make("spec").each(list, |container| {
                let name = container.text("name").to_owned();
                for (member, from, what) in [("requests", "defaultRequest", "request"), ("limits", "default", "limit")]
                {
                    let names = fill_list(container, member, from, &items);
                    if !names.is_empty() {
                        set.push(format!("{} {what} for {word} {name}", names.join(", ")));
                    }
                }
            });
        }
        if !set.is_empty() {
            let words = format!("LimitRanger plugin set: {}", set.join("; "));
            pod.set_at(&["metadata", "annotations", ANNOTATION], words);
        }
    }
}

/// Fills one list of a container; tells which resources were missing.
fn fill_list(container: &mut Value, member: &str, from: &str, items: &[&Value]) -> Vec<String> {
    let mut names = Vec::new();
    for (name, amount) in items.iter().flat_map(|item| item.pairs(from)) {
        if !container.of("resources").of(member).has(name) {
            container.set_at(&["resources", member, name], amount.clone());
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Why the limit ranges refuse a pod or a claim. Source: admission.go, ValidateLimit: the first range that refuses speaks.
pub fn refusal(object: &Value, kind: &str, ranges: &[Value]) -> Option<String> {
    ranges.iter().find_map(|range| {
        let mut errors: Vec<String> = Vec::new();
        for item in range.of("spec").items("limits") {
            match (kind, item.text("type")) {
                ("Pod", "Container") => containers(object, item, &mut errors),
                ("Pod", "Pod") => {
                    let sums = Sums::of(object.of("spec"));
                    bounds(item, &Asked { requests: sums.requests, limits: sums.limits }, &mut errors);
                }
                ("PersistentVolumeClaim", "PersistentVolumeClaim") => claim(object, item, &mut errors),
                _ => {}
            }
        }
        aggregate(errors)
    })
}

/// Several errors in one. Source: apimachinery/pkg/util/errors/errors.go, aggregate.Error.
fn aggregate(errors: Vec<String>) -> Option<String> {
    let mut unlike: Vec<String> = Vec::new();
    for error in errors {
        if !unlike.contains(&error) {
            unlike.push(error);
        }
    }
    match unlike.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => Some(format!("[{}]", many.join(", "))),
    }
}

/// What something asks for.
struct Asked {
    requests: ResourceList,
    limits: ResourceList,
}

fn containers(pod: &Value, item: &Value, errors: &mut Vec<String>) {
    let spec = pod.of("spec");
    for container in spec.items("containers").iter().chain(spec.items("initContainers")) {
        let list = |member: &str| ResourceList::read(container.of("resources").of(member));
        bounds(item, &Asked { requests: list("requests"), limits: list("limits") }, errors);
    }
}

fn bounds(item: &Value, asked: &Asked, errors: &mut Vec<String>) {
    let kind = item.text("type");
    for (list, judge) in [("min", min as Judge), ("max", max), ("maxLimitRequestRatio", ratio)] {
        for (name, amount) in ResourceList::read(item.of(list)).iter() {
            let (request, limit) = (asked.requests.get(name), asked.limits.get(name));
            errors.extend(judge(kind, name, amount, request, limit));
        }
    }
}

type Judge = fn(&str, &str, &Quantity, Option<&Quantity>, Option<&Quantity>) -> Option<String>;

/// Source: admission.go, requestLimitEnforcedValues: in thousandths unless one of them is too large.
fn order(a: &Quantity, b: &Quantity) -> Ordering {
    if a.value() <= MAX_MILLI && b.value() <= MAX_MILLI {
        a.milli_value().cmp(&b.milli_value())
    } else {
        a.value().cmp(&b.value())
    }
}

/// Source: admission.go, minConstraint.
fn min(
    kind: &str,
    name: &str,
    least: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let head = format!("minimum {name} usage per {kind} is {least}");
    let Some(request) = request else { return Some(format!("{head}.  No request is specified")) };
    if order(request, least).is_lt() {
        return Some(format!("{head}, but request is {request}"));
    }
    let limit = limit.filter(|l| order(l, least).is_lt())?;
    Some(format!("{head}, but limit is {limit}"))
}

/// Source: admission.go, maxConstraint.
fn max(
    kind: &str,
    name: &str,
    most: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let head = format!("maximum {name} usage per {kind} is {most}");
    let Some(limit) = limit else { return Some(format!("{head}.  No limit is specified")) };
    if order(limit, most).is_gt() {
        return Some(format!("{head}, but limit is {limit}"));
    }
    let request = request.filter(|r| order(r, most).is_gt())?;
    Some(format!("{head}, but request is {request}"))
}

/// Source: admission.go, limitRequestRatioConstraint.
fn ratio(
    kind: &str,
    name: &str,
    most: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let head = format!("{name} max limit to request ratio per {kind} is {most}");
    let Some(request) = request.filter(|r| !r.is_zero()) else {
        return Some(format!("{head}, but no request is specified or request is 0"));
    };
    let Some(limit) = limit.filter(|l| !l.is_zero()) else {
        return Some(format!("{head}, but no limit is specified or limit is 0"));
    };
    let number = |q: &Quantity| if q.value() <= MAX_MILLI { q.milli_value() as f64 / 1000.0 } else { q.value() as f64 };
    let provided = number(limit) / number(request);
    (provided > number(most)).then(|| format!("{head}, but provided ratio is {provided:.6}"))
}

/// Source: admission.go, PersistentVolumeClaimValidateLimitFunc.
fn claim(claim: &Value, item: &Value, errors: &mut Vec<String>) {
    let asked = ResourceList::read(claim.of("spec").of("resources").of("requests"));
    let kind = item.text("type");
    for (name, least) in ResourceList::read(item.of("min")).iter() {
        errors.extend(min(kind, name, least, asked.get(name), None));
    }
    for (name, most) in ResourceList::read(item.of("max")).iter() {
        let head = format!("maximum {name} usage per {kind} is {most}");
        match asked.get(name) {
            None => errors.push(format!("{head}.  No request is specified")),
            Some(request) if order(request, most).is_gt() => errors.push(format!("{head}, but request is {request}")),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml;

    fn tree(text: &str) -> Value {
        yaml::read("t.yaml", text).0[0].node.to_value()
    }

    const RANGE: &str = "spec: {limits: [{type: Container, min: {cpu: 50m}, max: {cpu: '1', memory: 1Gi}, \
        default: {cpu: 300m, memory: 200Mi}, defaultRequest: {cpu: 100m}, maxLimitRequestRatio: {cpu: '4'}}, \
        {type: Pod, max: {cpu: 1500m}}]}";

    fn pod(containers: &str) -> Value {
        tree(&format!("metadata: {{name: p}}\nspec: {{containers: [{containers}]}}"))
    }

    #[test]
    fn what_a_container_does_not_name_is_filled_in_and_said() {
        let mut plain = pod("{name: app}");
        fill(&mut plain, &[tree(RANGE)]);
        let words = "LimitRanger plugin set: cpu request for container app; cpu, memory limit for container app";
        assert_eq!(plain.str_at(&["metadata", "annotations", ANNOTATION]), Some(words));
    }

    #[test]
    fn refusals_use_the_servers_words() {
        let refuse = |containers: &str| {
            let mut pod = pod(containers);
            fill(&mut pod, &[tree(RANGE)]);
            refusal(&pod, "Pod", &[tree(RANGE)])
        };
        assert_eq!(refuse("{name: app}"), None);
        let tiny = "[minimum cpu usage per Container is 50m, but request is 10m, cpu max limit to request ratio per \
                    Container is 4, but provided ratio is 30.000000]";
        assert_eq!(refuse("{name: app, resources: {requests: {cpu: 10m}}}").as_deref(), Some(tiny));
        let one = "resources: {requests: {cpu: 900m}, limits: {cpu: 900m}}";
        let two = "maximum cpu usage per Pod is 1500m, but limit is 1800m";
        assert_eq!(refuse(&format!("{{name: c, {one}}}, {{name: d, {one}}}")).as_deref(), Some(two));
    }
}
