//! Variables filled in over a whole file, and text turned into the numbers and truth values that stand behind it.
//! Source: compose-go v2.16.1 interpolation/interpolation.go, loader/interpolate.go.

use super::dotenv::Env;
use super::notes::{Refused, refusal, warning};
use super::path::{ITEM, Path};
use super::template::{self, Refusal, Variables};
use super::tree::{Data, Members, Place, Tree};
use super::units;
use crate::text::{Problem, go};

struct Here<'a> {
    env: &'a Env,
    place: &'a Place,
    warnings: &'a mut Vec<Problem>,
}

impl Variables for Here<'_> {
    fn value(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }
    fn unset(&mut self, name: &str) {
        let words = format!("The {} variable is not set. Defaulting to a blank string.", go::quoted(name));
        self.warnings.push(warning("variable_not_set", self.place, words));
    }
}

/// Fills all variables of a file in.
pub fn interpolate(file: Members, env: &Env, warnings: &mut Vec<Problem>) -> Refused<Members> {
    let mut walk = Walk { env, warnings, wrong: Vec::new() };
    let out = walk.members(file, &Path::default());
    match walk.wrong.first() {
        None => Ok(out),
        Some((place, _)) => {
            let words: Vec<&str> = walk.wrong.iter().map(|(_, words)| words.as_str()).collect();
            Err(refusal("interpolation", place, words.join("\n")))
        }
    }
}

struct Walk<'a> {
    env: &'a Env,
    warnings: &'a mut Vec<Problem>,
    wrong: Vec<(Place, String)>,
}

impl Walk<'_> {
    fn members(&mut self, members: Members, path: &Path) -> Members {
        members
            .into_iter()
            .map(|(key, value)| {
                let value = self.tree(value, &path.next(&key));
                (key, value)
            })
            .collect()
    }

    fn tree(&mut self, tree: Tree, path: &Path) -> Tree {
        let place = tree.place;
        let data = match tree.data {
            Data::Map(members) => Data::Map(self.members(members, path)),
            Data::List(items) => {
                let inside = path.next(ITEM);
                Data::List(items.into_iter().map(|item| self.tree(item, &inside)).collect())
            }
            Data::Str(text) => match self.text(&text, path, &place) {
                Ok(data) => data,
                Err(words) => {
                    self.wrong.push((place.clone(), words));
                    Data::Str(text)
                }
            },
            other => other,
        };
        Tree { place, data }
    }

    fn text(&mut self, text: &str, path: &Path, place: &Place) -> Result<Data, String> {
        let mut here = Here { env: self.env, place, warnings: self.warnings };
        let text = template::substitute(text, &mut here).map_err(|why| match why {
            Refusal::Invalid(text) => format!(
                "invalid interpolation format for {path}.\nYou may need to escape any $ with another $.\n{text}"
            ),
            why => format!("error while interpolating {path}: {why}"),
        })?;
        let Some(cast) = cast_of(path) else { return Ok(Data::Str(text.into())) };
        cast.apply(&text, place, self.warnings)
            .map_err(|why| format!("error while interpolating {path}: failed to cast to expected type: {why}"))
    }
}

/// What text becomes at some paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// A whole number, read as Go's `Atoi` does.
    Int,
    /// A whole number, read as Go's `ParseInt` does.
    Int64,
    /// A number.
    Float,
    /// A number of single precision.
    Float32,
    /// A truth value.
    Bool,
}

impl Cast {
    /// Reads the text.
    pub fn apply(self, text: &str, place: &Place, warnings: &mut Vec<Problem>) -> Result<Data, String> {
        match self {
            Cast::Int => units::whole("Atoi", text).map(Data::Int),
            Cast::Int64 => units::whole("ParseInt", text).map(Data::Int),
            Cast::Float => units::float(text).map(Data::Float),
            Cast::Float32 => units::float32(text).map(Data::Float),
            Cast::Bool => boolean(text, place, warnings).map(Data::Bool),
        }
    }
}

/// Source: loader/interpolate.go, toBoolean.
fn boolean(text: &str, place: &Place, warnings: &mut Vec<Problem>) -> Result<bool, String> {
    let mut old = |yes: bool| {
        let words = format!("{} for boolean is not supported by YAML 1.2, please use `{yes}`", go::quoted(text));
        warnings.push(warning("old_boolean", place, words));
        Ok(yes)
    };
    match text.to_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        "y" | "yes" | "on" => old(true),
        "n" | "no" | "off" => old(false),
        _ => Err(format!("invalid boolean: {text}")),
    }
}

/// Where containers are described. Source: loader/interpolate.go, buildInterpolateTypeCastMapping.
const CONTAINER: &[(&str, Cast)] = &[
    ("cpu_count", Cast::Int64),
    ("cpu_percent", Cast::Float),
    ("cpu_period", Cast::Int64),
    ("cpu_quota", Cast::Int64),
    ("cpu_rt_period", Cast::Int64),
    ("cpu_rt_runtime", Cast::Int64),
    ("cpus", Cast::Float32),
    ("cpu_shares", Cast::Int64),
    ("init", Cast::Bool),
    ("oom_kill_disable", Cast::Bool),
    ("oom_score_adj", Cast::Int64),
    ("pids_limit", Cast::Int64),
    ("privileged", Cast::Bool),
    ("read_only", Cast::Bool),
    ("ulimits.*", Cast::Int),
    ("ulimits.*.hard", Cast::Int),
    ("ulimits.*.soft", Cast::Int),
    ("volumes.[].read_only", Cast::Bool),
    ("volumes.[].volume.nocopy", Cast::Bool),
];
const WORKLOAD: &[(&str, Cast)] = &[
    ("depends_on.*.required", Cast::Bool),
    ("depends_on.*.restart", Cast::Bool),
    ("healthcheck.retries", Cast::Int),
    ("healthcheck.disable", Cast::Bool),
    ("ports.[].target", Cast::Int),
    ("stdin_open", Cast::Bool),
    ("tty", Cast::Bool),
];
const SERVICE: &[(&str, Cast)] = &[
    ("deploy.replicas", Cast::Int),
    ("deploy.update_config.parallelism", Cast::Int),
    ("deploy.update_config.max_failure_ratio", Cast::Float),
    ("deploy.rollback_config.parallelism", Cast::Int),
    ("deploy.rollback_config.max_failure_ratio", Cast::Float),
    ("deploy.restart_policy.max_attempts", Cast::Int),
    ("deploy.placement.max_replicas_per_node", Cast::Int),
    ("scale", Cast::Int),
];
const TOP: &[&str] = &[
    "networks.*.external",
    "networks.*.internal",
    "networks.*.attachable",
    "networks.*.enable_ipv4",
    "networks.*.enable_ipv6",
    "volumes.*.external",
    "secrets.*.external",
    "configs.*.external",
];

fn cast_of(path: &Path) -> Option<Cast> {
    let steps: Vec<&str> = path.steps().iter().map(|step| &**step).collect();
    let find = |tables: &[&[(&str, Cast)]], steps: &[&str]| {
        let inside = Path::of(steps);
        tables.iter().copied().flatten().find(|(pattern, _)| inside.fits(pattern)).map(|(_, cast)| *cast)
    };
    match steps.as_slice() {
        ["services", _, rest @ ..] => find(&[CONTAINER, WORKLOAD, SERVICE], rest).or_else(|| match rest {
            ["pre_start", _, hook @ ..] => find(&[CONTAINER], hook),
            _ => None,
        }),
        ["jobs", _, rest @ ..] => find(&[CONTAINER, WORKLOAD], rest),
        _ => TOP.iter().any(|pattern| path.fits(pattern)).then_some(Cast::Bool),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_follow_the_path() {
        let of = |path: &str| cast_of(&Path::of(&path.split('.').collect::<Vec<_>>()));
        assert_eq!(of("services.web.scale"), Some(Cast::Int));
        assert_eq!(of("jobs.web.scale"), None);
        assert_eq!(of("services.web.pre_start.[].cpus"), Some(Cast::Float32));
        assert_eq!(of("networks.n.external"), Some(Cast::Bool));
        assert_eq!(of("services.web.environment.scale"), None);
    }
}
