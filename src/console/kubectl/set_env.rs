//! `kubectl set env`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/set/set_env.go, pkg/cmd/set/env/{env_parse,env_resolve}.go.

use super::set::{Words, all_of, change_all, fits, for_containers, need_resources, select};
use super::{Args, Cx, Failure, Result, Verb};
use crate::kubernetes::objects::parts::validate_names::env_var_name;
use crate::map;
use crate::text::Value;
use crate::text::go::quoted;

pub(super) const VERBS: &[Verb] = &[Verb {
    name: "set env",
    switches: "all local recursive R overwrite list resolve",
    options: "filename f kustomize k selector l output o dry-run field-manager containers c env e from keys prefix",
    run: env,
}];

/// What is asked for: variables to set, names to take out.
#[derive(Default)]
struct Wanted {
    set: Vec<(String, Value)>,
    gone: Vec<String>,
}

/// Source: env_parse.go, SplitEnvironmentFromResources.
fn words_and_variables(args: &Args) -> Result<(Vec<String>, Vec<String>)> {
    let (mut words, mut variables) = (Vec::new(), Vec::new());
    for word in &args.words {
        match (word.find('=').is_some_and(|at| at > 0) || word.ends_with('-'), variables.is_empty()) {
            (true, _) => variables.push(word.clone()),
            (false, true) => words.push(word.clone()),
            (false, false) => {
                let all = args.words.join(" ");
                return Err(Failure::error(format!(
                    "all resources must be specified before environment changes: {all}"
                )));
            }
        }
    }
    Ok((words, variables))
}

/// Source: env_parse.go, parseIntoEnvVar.
fn parse(specs: &[String]) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    for spec in specs {
        match (spec.split_once('='), spec.strip_suffix('-')) {
            (Some((name, value)), _) => {
                let problems = env_var_name(name);
                if !problems.is_empty() {
                    let problems = problems.join(";");
                    return Err(Failure::error(format!("{} is not a valid key name: {problems}", quoted(name))));
                }
                wanted.set.push((name.into(), Value::Map(map! { "name" => name, "value" => value })));
            }
            (None, Some(name)) => wanted.gone.push(name.to_string()),
            (None, None) => return Err(Failure::error(format!("unknown environment variable: {spec}"))),
        }
    }
    if wanted.gone.iter().any(|name| wanted.set.iter().any(|(set, _)| set == name)) {
        let words = "can not both modify and remove the same environment variable in the same command";
        return Err(Failure::error(words));
    }
    Ok(wanted)
}

/// The keys of a ConfigMap or Secret as variables; kubectl takes them in no order, here they come by their names.
/// Source: set_env.go, RunEnv, keyToEnvName.
fn from(cx: &mut Cx, args: &Args, source: &str) -> Result<Vec<(String, Value)>> {
    let only = args.list("keys");
    let mut variables = Vec::new();
    for (resource, object) in select(cx, args, &[source.to_string()])? {
        let reference = match resource.kind.as_str() {
            "Secret" => "secretKeyRef",
            "ConfigMap" => "configMapKeyRef",
            _ => return Err(Failure::error("unsupported resource specified in --from")),
        };
        let tree = cx.cluster.api.tree(&object);
        let data = tree.at(&["data"]).and_then(Value::as_map).cloned().unwrap_or_default();
        for (key, _) in
            data.sorted().into_iter().filter(|(key, _)| only.is_empty() || only.iter().any(|o| **o == ***key))
        {
            let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_uppercase() } else { '_' };
            let name: String = key.chars().map(plain).collect();
            if name != **key {
                cx.complain(&format!("Warning: key {key} transferred to {name}\n"));
            }
            let place = map! { "name" => object.meta.name.clone(), "key" => key.clone() };
            let variable = map! { "name" => name.as_str(), "valueFrom" => map! { reference => place } };
            variables.push((name, Value::Map(variable)));
        }
    }
    Ok(variables)
}

fn env(cx: &mut Cx, args: &Args) -> Result {
    let (words, specs) = words_and_variables(args)?;
    need_resources(args, &words)?;
    if args.on("list") && args.get("output").is_some_and(|o| !o.is_empty()) {
        return Err(Failure::error("--list and --output may not be specified together"));
    }
    let source = args.get("from").unwrap_or_default().to_string();
    if args.get("keys").is_some() && source.is_empty() {
        return Err(Failure::error("when specifying --keys, a configmap or secret must be provided with --from"));
    }
    let given: Vec<String> = args.each("env").into_iter().map(String::from).chain(specs).collect();
    let mut wanted = parse(&given)?;
    if !source.is_empty() {
        wanted.set.extend(from(cx, args, &source)?);
    }
    let prefix = args.get("prefix").unwrap_or_default();
    for (name, variable) in wanted.set.iter_mut().filter(|_| !prefix.is_empty()) {
        *name = format!("{prefix}{name}");
        variable.set_at(&["name"], name.as_str());
    }
    let found = select(cx, args, &words)?;
    if args.on("list") {
        let mut trees = Vec::new();
        for (_, object) in &found {
            trees.push(cx.cluster.api.tree(object));
        }
        return list(cx, args, trees, &wanted);
    }
    let words = Words { done: "env updated", refused: "failed to patch env update to pod template: " };
    change_all(cx, args, found, &words, &mut |cx, tree, path, errors| {
        let mut changed = tree.clone();
        match update(cx, args, &mut changed, path, &wanted) {
            Ok(_) => *tree = changed,
            Err(why) => {
                let text = |path: &[&str]| tree.str_at(path).unwrap_or_default();
                let plural = crate::kubernetes::objects::plural(text(&["kind"]));
                errors.push(format!("error: {plural}/{} {why}", text(&["metadata", "name"])));
            }
        }
        false
    })
}

/// Sets the variables in the containers that `-c` names, main ones first; what each of them has then.
fn update(
    cx: &mut Cx,
    args: &Args,
    tree: &mut Value,
    path: &[&str],
    wanted: &Wanted,
) -> std::result::Result<Vec<(String, Vec<Value>)>, String> {
    let only = args.get("containers").unwrap_or("*");
    let overwrite = args.on_unless("overwrite");
    let mut seen = Vec::new();
    let mut taken = None;
    for_containers(tree, path, &["containers", "initContainers"], |name, container| {
        if !fits(name, only) || taken.is_some() {
            return;
        }
        let old = container.list_at(&["env"]).to_vec();
        if !overwrite {
            taken = overwritten(&old, wanted);
        }
        let new = updated(old, wanted);
        seen.push((name.to_string(), new.clone()));
        match new.is_empty() {
            true => drop(container.make_map().remove("env")),
            false => container.make_map().set("env", new),
        }
    });
    if let Some(words) = taken {
        return Err(words);
    }
    if seen.is_empty() {
        let (kind, only) = (tree.str_at(&["kind"]).unwrap_or_default(), quoted(only));
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default();
        cx.complain(&format!("Warning: {kind}/{name} does not have any containers matching {only}\n"));
    }
    Ok(seen)
}

/// Source: set_env.go, validateNoOverwrites.
fn overwritten(old: &[Value], wanted: &Wanted) -> Option<String> {
    let text = |v: &Value, key: &str| v.str_at(&[key]).unwrap_or_default().to_string();
    wanted.set.iter().find_map(|(name, new)| {
        let current = old.iter().find(|v| text(v, "name") == *name)?;
        let value = text(current, "value");
        (value != text(new, "value"))
            .then(|| format!("'{name}' already has a value ({value}), and --overwrite is false"))
    })
}

/// Source: set/helper.go, updateEnv.
fn updated(old: Vec<Value>, wanted: &Wanted) -> Vec<Value> {
    let mut covered: Vec<String> = wanted.gone.clone();
    let mut out = Vec::new();
    for variable in old {
        let name = variable.str_at(&["name"]).unwrap_or_default().to_string();
        if covered.contains(&name) {
            continue;
        }
        match wanted.set.iter().find(|(set, _)| *set == name) {
            Some((_, new)) => {
                covered.push(name);
                out.push(new.clone());
            }
            None => out.push(variable),
        }
    }
    for (name, new) in &wanted.set {
        if !covered.contains(name) {
            covered.push(name.clone());
            out.push(new.clone());
        }
    }
    out
}

/// `--list`: what the containers would have.
fn list(cx: &mut Cx, args: &Args, trees: Vec<Value>, wanted: &Wanted) -> Result {
    for mut tree in trees {
        let kind = tree.str_at(&["kind"]).unwrap_or_default().to_string();
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default().to_string();
        let Some(path) = super::set::pod_spec(&kind) else { continue };
        let Ok(seen) = update(cx, args, &mut tree, path, wanted) else { continue };
        for (container, variables) in seen {
            cx.print(&format!("# {kind} {name}, container {container}\n"));
            for variable in variables {
                let name = variable.str_at(&["name"]).unwrap_or_default();
                let value = variable.str_at(&["value"]).unwrap_or_default();
                let line = match variable.get("valueFrom") {
                    None => format!("{name}={value}\n"),
                    Some(from) => format!("# {name} from {}\n", reference(from)),
                };
                cx.print(&line);
            }
        }
    }
    all_of(Vec::new())
}

/// Source: env_resolve.go, GetEnvVarRefString.
fn reference(from: &Value) -> String {
    let text = |path: &[&str]| from.str_at(path).unwrap_or_default().to_string();
    for (key, what) in [("configMapKeyRef", "configmap"), ("secretKeyRef", "secret")] {
        if from.get(key).is_some() {
            return format!("{what} {}, key {}", text(&[key, "name"]), text(&[key, "key"]));
        }
    }
    if from.get("fieldRef").is_some() {
        return format!("field path {}", text(&["fieldRef", "fieldPath"]));
    }
    if from.get("resourceFieldRef").is_some() {
        let container = text(&["resourceFieldRef", "containerName"]);
        let slash = if container.is_empty() { "" } else { "/" };
        return format!("resource field {container}{slash}{}", text(&["resourceFieldRef", "resource"]));
    }
    "invalid valueFrom".into()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Desk, WEB};

    #[test]
    fn variables_come_from_config_maps_and_are_listed() {
        let mut desk = Desk::new(&[("web.yaml", WEB)]);
        desk.say("kubectl apply -f web.yaml");
        let says = [
            ("kubectl set env deploy/web A=1 B=2", "deployment.apps/web env updated\n"),
            ("kubectl set env deploy/web", ""),
            (
                "kubectl set env deploy/web --from=cm/conf --prefix=C_",
                "deployment.apps/web env updated\nWarning: key a transferred to A\n",
            ),
            (
                "kubectl set env deploy/web B- --list",
                "# Deployment web, container app\nA=1\n# C_A from configmap conf, key a\n",
            ),
            (
                "kubectl set env deploy/web A=9 --overwrite=false",
                "error: deployments/web 'A' already has a value (1), and --overwrite is false\n",
            ),
            (
                "kubectl set env deploy/web A=9 -c nope",
                "Warning: Deployment/web does not have any containers matching \"nope\"\n",
            ),
            (
                "kubectl set env deploy/web A=9 B",
                "error: all resources must be specified before environment changes: deploy/web A=9 B\n",
            ),
            (
                "kubectl set env deploy/web --keys=a",
                "error: when specifying --keys, a configmap or secret must be provided with --from\n",
            ),
        ];
        for (line, words) in says {
            assert_eq!(desk.say(line), words, "{line}");
        }
    }
}
