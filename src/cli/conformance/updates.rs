//! What the API server makes of a change: `kubectl apply` over an object that was applied before, and `kubectl replace`.

use super::Report;
use super::objects::{Figures, Recorded, decoded};
use crate::kubernetes::objects::{FieldError, KindInfo, Refusal, patch, rules};
use crate::text::Value;

/// One recorded update: the words of both commands are compared.
pub fn check(case: &Value, name: &str, figures: &mut Figures, report: &mut Report) {
    let text = |path: &[&str]| case.str_at(path).unwrap_or_default();
    let accepted = text(&["verdict"]) == "accepted";
    let (applied, replaced) = replay(text(&["before"]), text(&["input"]));
    let want = text(&["kubectl", "stderr"]);
    figures.documents += 1;
    figures.verdicts += usize::from(applied.is_empty() == accepted);
    if !accepted {
        figures.refusals += 1;
        figures.messages += usize::from(applied == want);
    }
    let mut why = String::new();
    let other = text(&["kubectl_replace", "stderr"]);
    for (got, want, what) in [(&applied, want, "apply"), (&replaced, other, "replace")] {
        if *got != same_letters(want) {
            why.push_str(&format!("{what}\ngot  {got}\nwant {want}\n"));
        }
    }
    if why.is_empty() {
        report.passed += 1;
    } else {
        report.failed.push((name.to_owned(), why));
    }
}

/// The letters drawn for a volume's name are others each time.
fn same_letters(text: &str) -> String {
    const NAME: &str = "kube-api-access-";
    let mut parts = text.split(NAME);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(NAME);
        out.push_str("zzzzz");
        out.push_str(part.get(5..).unwrap_or_default());
    }
    out
}

/// What both commands print on standard error.
fn replay(before: &str, input: &str) -> (String, String) {
    let (Some((mut old, kind)), Some((new, _))) = (decoded(before), decoded(input)) else {
        return ("not read".into(), "not read".into());
    };
    let original = old.clone();
    let mut world = Recorded;
    if let Err(refusal) = rules::create(&mut old, kind, &mut world) {
        return (refusal.message.clone(), refusal.message);
    }
    let merged = match patch::three_way(&original, &new, &old, Some(kind.shape())) {
        Ok(merged) => merged,
        Err(words) => return (words, String::new()),
    };
    let applied = merged.map_or(Ok(Vec::new()), |mut merged| rules::update(&mut merged, &old, kind));
    let mut whole = new;
    let replaced = rules::update(&mut whole, &old, kind);
    let name = old.str_at(&["metadata", "name"]).unwrap_or_default();
    (told(applied, kind, name), told(replaced, kind, name))
}

/// A refusal as kubectl prints it.
/// Source: kubernetes v1.37 kubectl pkg/cmd/util/helpers.go, checkErr.
fn told(result: Result<Vec<String>, Refusal>, kind: &KindInfo, name: &str) -> String {
    let Err(refusal) = result else { return String::new() };
    let head = format!("The {} {name:?} is invalid: ", kind.kind);
    let mut causes: Vec<String> = Vec::new();
    for cause in refusal.causes.iter().map(FieldError::to_string) {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    match causes.as_slice() {
        [one] => format!("{head}{one}\n"),
        many => format!("{head}{}\n", many.iter().map(|c| format!("\n* {c}")).collect::<String>()),
    }
}
