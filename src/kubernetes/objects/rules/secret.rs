//! Secret: settings that are not shown.
//! Source: kubernetes v1.37 pkg/apis/core/v1/{defaults,conversion}.go.

use super::super::field_error::{Errors, Path};
use super::super::scalar::{base64_decode, base64_encode};
use super::config_map::{BYTES_MAX, sealed};
use super::view::{Fill, View};
use super::{NONE, Rules, formats, meta};
use crate::text::Value;

/// The rules of secrets.
pub const RULES: Rules = Rules {
    kind: "v1 Secret",
    simulated: &["data", "data.*", "stringData", "stringData.*", "type", "immutable"],
    defaults,
    create: check,
    update: |new, old| {
        let mut out = meta::immutable(new.of("type"), old.of("type"), &Path::new("type"));
        out.extend(sealed(new, old, &["data"]));
        out.extend(check(new));
        out
    },
    warnings,
    ..NONE
};

fn defaults(secret: &mut Value) {
    secret.fill_zero("type", "Opaque");
    let Some(Value::Map(plain)) = secret.remove_at(&["stringData"]) else { return };
    if plain.is_empty() {
        return;
    }
    let data = secret.make("data").make_map();
    for (key, value) in plain {
        data.set(key, base64_encode(value.as_str().unwrap_or_default().as_bytes()));
    }
}

/// Source: kubernetes v1.37 pkg/apis/core/validation/validation.go, ValidateSecret.
fn check(secret: &Value) -> Errors {
    const ACCOUNT: &str = "kubernetes.io/service-account.name";
    let (data, path) = (secret.of("data"), Path::new("data"));
    let mut out = Errors::new();
    let mut size = 0;
    for (key, value) in secret.pairs("data") {
        out.extend(formats::at(&path.key(key), key, formats::config_key(key)));
        size += value.as_str().and_then(|v| base64_decode(v).ok()).map_or(0, |b| b.len());
    }
    if size > BYTES_MAX {
        out.push(path.too_long(BYTES_MAX));
    }
    let need = |key: &str| (!data.has(key)).then(|| path.key(key).required(""));
    match secret.text("type") {
        "kubernetes.io/service-account-token" => {
            if secret.of("metadata").of("annotations").text(ACCOUNT).is_empty() {
                out.push(Path::new("metadata").child("annotations").key(ACCOUNT).required(""));
            }
        }
        "kubernetes.io/dockercfg" => out.extend(docker(data, ".dockercfg", &path)),
        "kubernetes.io/dockerconfigjson" => out.extend(docker(data, ".dockerconfigjson", &path)),
        "kubernetes.io/basic-auth" => {
            if !data.has("username") && !data.has("password") {
                out.extend(need("username"));
                out.extend(need("password"));
            }
        }
        "kubernetes.io/ssh-auth" => {
            if data.text("ssh-privatekey").is_empty() {
                out.push(path.key("ssh-privatekey").required(""));
            }
        }
        "kubernetes.io/tls" => {
            out.extend(need("tls.crt"));
            out.extend(need("tls.key"));
        }
        _ => {}
    }
    out
}

fn docker(data: &Value, key: &str, path: &Path) -> Errors {
    let Some(text) = data.of(key).as_str() else { return vec![path.key(key).required("")] };
    let bytes = base64_decode(text).unwrap_or_default();
    match crate::text::json::parse(&String::from_utf8_lossy(&bytes)) {
        Ok(Value::Map(_) | Value::Null) => Errors::new(),
        Ok(other) => {
            let what = crate::kubernetes::objects::decode::kind_of(&other);
            let words = format!("json: cannot unmarshal {what} into Go value of type map[string]interface {{}}");
            vec![path.key(key).invalid("<secret contents redacted>", words)]
        }
        Err(error) => vec![path.key(key).invalid("<secret contents redacted>", error.words)],
    }
}

/// Source: kubernetes v1.37 pkg/api/secret/warnings.go, GetWarningsForSecret; Go crypto/tls, X509KeyPair.
/// Differs: FID-022, only whether there is a certificate at all is looked at.
fn warnings(secret: &Value) -> Vec<String> {
    if secret.text("type") != "kubernetes.io/tls" {
        return Vec::new();
    }
    let text = |key: &str| base64_decode(secret.of("data").text(key)).map(|b| String::from_utf8_lossy(&b).into_owned());
    let block = |text: &str| text.lines().any(|l| l.starts_with("-----BEGIN ")) && text.contains("-----END ");
    if !text("tls.crt").is_ok_and(|t| block(&t)) {
        return vec!["tls: failed to find any PEM data in certificate input".to_owned()];
    }
    if !text("tls.key").is_ok_and(|t| block(&t)) {
        return vec!["tls: failed to find any PEM data in key input".to_owned()];
    }
    Vec::new()
}
