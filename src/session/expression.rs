//! Assertions over a run: what `--assert`, `until` and (later) tasks ask. Described in `docs/formats/assertions.md`.
//!
//! ```text
//! deployment/web status.readyReplicas == 3          at the end (or now)
//! always deployment/web status.availableReplicas >= 2
//! ever pods app=web count > 5
//! not pod/web-1                                      no such object
//! node/node-a spec.unschedulable == true and deployment/web status.replicas == 3
//! ```

use crate::kubernetes::Cluster;
use crate::kubernetes::objects::schema::Schema;
use crate::kubernetes::objects::{Kind, Object};
use crate::text::{Step, Value, steps};

/// When a condition must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At the end of the run.
    Finally,
    /// At every moment from its first possible one on.
    Always,
    /// At one moment at least.
    Ever,
}

/// A whole assertion.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// When it must hold.
    pub when: When,
    /// As written.
    pub text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Exists { object: Name, there: bool },
    Field { object: Name, path: Vec<Step>, compare: Compare, value: String },
    Count { kind: String, labels: Vec<(String, String)>, compare: Compare, value: i64 },
}

#[derive(Clone, Debug, PartialEq)]
struct Name {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Expression {
    /// Reads an assertion; `Err` says what is not understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let (when, rest) = match text.trim().split_once(' ') {
            Some(("always", rest)) => (When::Always, rest),
            Some(("ever", rest)) => (When::Ever, rest),
            Some(("finally", rest)) => (When::Finally, rest),
            _ => (When::Finally, text.trim()),
        };
        let terms = rest.split(" and ").map(read_term).collect::<Result<Vec<_>, _>>()?;
        Ok(Expression { when, text: text.trim().to_string(), terms })
    }
    /// Whether it holds at this moment.
    pub fn holds(&self, cluster: &Cluster) -> bool {
        self.terms.iter().all(|term| term.holds(cluster))
    }
}

fn read_term(text: &str) -> Result<Term, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["not", object] => Ok(Term::Exists { object: read_name(object)?, there: false }),
        [object] => Ok(Term::Exists { object: read_name(object)?, there: true }),
        [kind, labels @ .., "count", compare, value] => Ok(Term::Count {
            kind: (*kind).to_string(),
            labels: labels.iter().flat_map(|l| l.split(',')).map(read_label).collect::<Result<_, _>>()?,
            compare: read_compare(compare)?,
            value: value.parse().map_err(|_| format!("a whole number is expected instead of \"{value}\""))?,
        }),
        [object, path, compare, value] => Ok(Term::Field {
            object: read_name(object)?,
            path: steps(path.trim_start_matches('.')),
            compare: read_compare(compare)?,
            value: value.trim_matches('"').to_string(),
        }),
        _ => Err(format!(
            "\"{text}\" is not understood: OBJECT FIELD OPERATOR VALUE, or KIND [LABELS] count OPERATOR NUMBER"
        )),
    }
}

fn read_name(text: &str) -> Result<Name, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (kind, namespace, name) = match parts.as_slice() {
        [kind, name] => (kind, "default", name),
        [kind, namespace, name] => (kind, *namespace, name),
        _ => return Err(format!("\"{text}\" is no object: KIND/NAME or KIND/NAMESPACE/NAME is expected")),
    };
    Ok(Name { kind: kind.to_string(), namespace: namespace.into(), name: name.to_string() })
}

fn read_label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("\"{text}\" is no label: KEY=VALUE is expected"))?;
    Ok((key.into(), value.trim_start_matches('=').into()))
}

fn read_compare(text: &str) -> Result<Compare, String> {
    Ok(match text {
        "==" | "=" => Compare::Equal,
        "!=" => Compare::NotEqual,
        "<" => Compare::Less,
        "<=" => Compare::LessEqual,
        ">" => Compare::Greater,
        ">=" => Compare::GreaterEqual,
        _ => return Err(format!("\"{text}\" is no comparison: == != < <= > >= are")),
    })
}

impl Compare {
    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Compare::Equal => order.is_eq(),
            Compare::NotEqual => order.is_ne(),
            Compare::Less => order.is_lt(),
            Compare::LessEqual => order.is_le(),
            Compare::Greater => order.is_gt(),
            Compare::GreaterEqual => order.is_ge(),
        }
    }
}

impl Term {
    fn holds(&self, cluster: &Cluster) -> bool {
        match self {
            Term::Exists { object, there } => object.find(cluster).is_some() == *there,
            Term::Field { object, path, compare, value } => {
                let found = object.find(cluster).map(|o| cluster.api.tree(o));
                let found = found.as_ref().and_then(|tree| walk(tree, path));
                compare_value(found, value).is_some_and(|order| compare.holds(order))
            }
            Term::Count { kind, labels, compare, value } => {
                let has =
                    |o: &Object| labels.iter().all(|(k, v)| o.meta.labels.get(k).is_some_and(|have| **have == **v));
                let count =
                    kind_named(cluster, kind).map_or(0, |k| cluster.api.store.list(k).filter(|o| has(o)).count());
                compare.holds((count as i64).cmp(value))
            }
        }
    }
}

/// Numbers compare as numbers (a missing one is 0, as the API leaves zeros out), everything else as text.
fn compare_value(found: Option<&Value>, wanted: &str) -> Option<std::cmp::Ordering> {
    if let Ok(number) = wanted.parse::<f64>() {
        let found = match found {
            Some(Value::Int(i)) => *i as f64,
            Some(Value::Float(f)) => *f,
            Some(Value::Str(s)) => s.parse().ok()?,
            Some(_) => return None,
            None => 0.0,
        };
        return found.partial_cmp(&number);
    }
    let text = match found {
        Some(Value::Str(s)) => s.to_string(),
        Some(Value::Bool(b)) => b.to_string(),
        Some(_) => return None,
        None if wanted == "false" => "false".into(),
        None => String::new(),
    };
    Some(text.as_str().cmp(wanted))
}

fn walk<'a>(tree: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(tree, |here, step| match step {
        Step::Key(key) => match here {
            // `status.conditions[Available].status`: an item by its type or name.
            Value::List(items) => {
                items.iter().find(|i| i.str_at(&["type"]) == Some(key) || i.str_at(&["name"]) == Some(key))
            }
            other => other.get(key),
        },
        Step::Index(i) => here.as_list()?.get(*i),
    })
}

/// The kind that a resource's name means: `deploy`, `deployment`, `deployments.apps`.
fn kind_named(cluster: &Cluster, name: &str) -> Option<Kind> {
    let resource = Schema::get().resource_by_name(&name.to_lowercase())?;
    let version = if resource.group.is_empty() {
        resource.version.to_string()
    } else {
        format!("{}/{}", resource.group, resource.version)
    };
    cluster.api.kinds.find(&version, resource.kind)
}

impl Name {
    fn find<'a>(&self, cluster: &'a Cluster) -> Option<&'a Object> {
        let kind = kind_named(cluster, &self.kind)?;
        let namespace = if cluster.api.kinds.namespaced(kind) { self.namespace.as_str() } else { "" };
        cluster.api.store.by_name(kind, namespace, &self.name).map(|rc| &**rc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_said() {
        assert!(Expression::read("deployment/web status.replicas == 3").is_ok());
        assert_eq!(Expression::read("always pods app=web count >= 2").map(|e| e.when), Ok(When::Always));
        for (text, part) in [
            ("web", "no object"),
            ("pod/a x ~ 3", "no comparison"),
            ("pods count > few", "whole number"),
            ("", "no object"),
        ] {
            let refused = Expression::read(text).expect_err(text);
            assert!(refused.contains(part) || refused.contains("not understood"), "{text}: {refused}");
        }
    }

    #[test]
    fn missing_numbers_are_zero_and_items_go_by_type() {
        let (documents, _) =
            crate::text::yaml::read("t", "status: {conditions: [{type: Available, status: 'True'}], count: 4}\n");
        let tree = documents[0].node.to_value();
        let at = |path: &str| walk(&tree, &steps(path)).cloned();
        assert_eq!(at("status.conditions[Available].status"), Some(Value::from("True")));
        assert_eq!(compare_value(at("status.count").as_ref(), "4"), Some(std::cmp::Ordering::Equal));
        assert_eq!(compare_value(at("status.none").as_ref(), "0"), Some(std::cmp::Ordering::Equal));
    }
}
