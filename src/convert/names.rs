//! Names that Kubernetes takes, made from names that Compose takes.

/// Longest name of an object that becomes part of a DNS name. Source: kubernetes apimachinery validation,
/// DNS1035LabelMaxLength and DNS1123LabelMaxLength.
const LABEL_MAX: usize = 63;

/// A DNS label: lower case letters, digits and hyphens, a letter first (Services want that).
/// Source: kubernetes apimachinery validation, IsDNS1035Label.
pub(super) fn label(name: &str) -> String {
    let mapped: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let mut out = mapped.trim_matches('-').to_string();
    if !out.starts_with(|c: char| c.is_ascii_lowercase()) {
        out = format!("x{}{out}", if out.is_empty() { "" } else { "-" });
    }
    out.truncate(LABEL_MAX);
    out.trim_end_matches('-').to_string()
}

/// The name, or with the first number behind it that makes it another than those taken.
pub(super) fn free(name: &str, taken: &[String]) -> String {
    let numbered = (2..).map(|number| {
        let end = format!("-{number}");
        format!("{}{end}", &name[..name.len().min(LABEL_MAX - end.len())])
    });
    std::iter::once(name.to_string()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// A key of a ConfigMap or Secret: letters, digits, `-`, `_`, `.`. Source: apimachinery validation, IsConfigMapKey.
pub(super) fn data_key(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or(path);
    let key: String =
        last.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    if key.is_empty() || key == "." || key == ".." { "data".into() } else { key }
}

/// Whether something can be the name of an environment variable.
/// Source: apimachinery validation, IsEnvVarName with RelaxedEnvironmentVariableValidation: printable ASCII but `=`.
pub(super) fn is_env_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| (' '..='~').contains(&c) && c != '=')
}

/// Text in which Kubernetes finds no `$(NAME)` to replace. Source: kubernetes third_party/forked/golang/expansion, Expand.
pub(super) fn literal(text: &str) -> String {
    text.replace("$(", "$$(")
}
