//! `kubectl create secret`: `generic`, `tls`, `docker-registry`.
//! Source: kubernetes v1.37 kubectl pkg/cmd/create/create_secret{,_tls,_docker}.go.

use super::create::{data, make, name_of, object};
use super::{Args, Cx, Failure, Result};
use crate::kubernetes::objects::scalar::base64_encode;
use crate::map;
use crate::text::{Map, Value, json};

fn send(cx: &mut Cx, args: &Args, kind: &str, data: Map) -> Result {
    let mut tree = object("v1", "Secret", &name_of(args)?);
    // The server names the kind of a secret without one.
    if !kind.is_empty() {
        tree.set_at(&["type"], kind);
    }
    if !data.is_empty() {
        tree.set_at(&["data"], data);
    }
    make(cx, args, tree, "secret ")
}

pub(super) fn generic(cx: &mut Cx, args: &Args) -> Result {
    let data = data(cx, args, &name_of(args)?, "Secret")?;
    send(cx, args, args.get("type").unwrap_or_default(), data)
}

/// Certificate and key are looked at for their blocks alone. Differs: FID-022.
/// Source: create_secret_tls.go, createSecretTLS; Go crypto/tls, X509KeyPair.
pub(super) fn tls(cx: &mut Cx, args: &Args) -> Result {
    name_of(args)?;
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    let (Some(cert), Some(key)) = (given("cert"), given("key")) else {
        return Err(Failure::error("key and cert must be specified"));
    };
    let read = |file: &str| {
        let words = || Failure::error(format!("Cannot read file {file}, open {file}: no such file or directory"));
        (cx.files)(file).ok_or_else(words)
    };
    let (cert, key) = (read(cert)?, read(key)?);
    for (text, mark, what) in [(&cert, "CERTIFICATE-----", "certificate"), (&key, "PRIVATE KEY-----", "key")] {
        if !text.contains("-----BEGIN ") {
            return Err(Failure::error(format!("tls: failed to find any PEM data in {what} input")));
        }
        if !text.contains(mark) {
            let words = match what {
                "key" => {
                    "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of the following types: [CERTIFICATE]"
                }
                _ => {
                    "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"
                }
            };
            return Err(Failure::error(words));
        }
    }
    let coded = |text: &str| base64_encode(text.as_bytes());
    send(cx, args, "kubernetes.io/tls", map! { "tls.crt" => coded(&cert), "tls.key" => coded(&key) })
}

/// Source: create_secret_docker.go, handleDockerCfgJSONContent.
pub(super) fn docker(cx: &mut Cx, args: &Args) -> Result {
    let name = name_of(args)?;
    let given = |flag: &str| args.get(flag).filter(|text| !text.is_empty());
    let kind = "kubernetes.io/dockerconfigjson";
    if given("from-file").is_some() {
        let data = data(cx, args, &name, "Secret")?;
        return send(cx, args, kind, data);
    }
    let (Some(user), Some(password), Some(server)) =
        (given("docker-username"), given("docker-password"), given("docker-server"))
    else {
        return Err(Failure::error(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
        ));
    };
    let mut entry = map! { "username" => user, "password" => password };
    if let Some(email) = given("docker-email") {
        entry.set("email", email);
    }
    entry.set("auth", base64_encode(format!("{user}:{password}").as_bytes()));
    let mut auths = Map::new();
    auths.set(server, Value::Map(entry));
    let text = json::write(&Value::Map(map! { "auths" => auths }), json::Style::IN_ORDER);
    send(cx, args, kind, map! { ".dockerconfigjson" => base64_encode(text.as_bytes()) })
}
