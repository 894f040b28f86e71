//! Objects as the server prints its own structs in messages: other names than in files, some in another order, nothing
//! left out.
//! Source: kubernetes v1.37 pkg/apis/core/types.go (names and order of the fields; all others are declared as in the API).

use super::super::schema::{Field, Schema, Struct, Type};
use super::difference::unified;
use super::view::View;
use crate::text::{Map, Value, json};
use std::rc::Rc;

/// The part of a volume's spec that says where its bytes are; printed alone.
pub const VOLUME_SOURCE: &str = "core.v1.PersistentVolumeSpec";

/// Structs whose fields stand in another order than in the API; `+` marks fields that the API does not have.
const ORDERS: &[(&str, &str)] = &[
    (
        VOLUME_SOURCE,
        "gcePersistentDisk awsElasticBlockStore hostPath glusterfs nfs rbd iscsi cinder cephfs fc flocker flexVolume \
         azureFile vsphereVolume quobyte azureDisk photonPersistentDisk portworxVolume scaleIO local storageos csi",
    ),
    (
        "core.v1.PodSpec",
        "volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds \
         activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount \
         automountServiceAccountToken nodeName hostNetwork hostPID hostIPC shareProcessNamespace securityContext \
         imagePullSecrets hostname subdomain affinity schedulerName tolerations hostAliases \
         priorityClassName priority dnsConfig readinessGates \
         runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os \
         hostUsers schedulingGates resourceClaims resources hostnameOverride schedulingGroup evictionResponders",
    ),
    (
        "core.v1.PodSecurityContext",
        "seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot supplementalGroups supplementalGroupsPolicy \
         fsGroup sysctls fsGroupChangePolicy seccompProfile appArmorProfile seLinuxChangePolicy",
    ),
    (
        "core.v1.Volume",
        "name hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi glusterfs \
         persistentVolumeClaim rbd flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume \
         quobyte azureDisk photonPersistentDisk projected portworxVolume scaleIO storageos csi ephemeral image",
    ),
    (
        "core.v1.VolumeMount",
        "name readOnly recursiveReadOnly mountPath subPath mountPropagation subPathExpr bindMountOptions",
    ),
    ("core.v1.VolumeProjection", "secret downwardAPI configMap serviceAccountToken clusterTrustBundle podCertificate"),
    ("core.v1.ServiceAccountTokenProjection", "audience expirationSeconds path user"),
    ("core.v1.ConfigMapProjection", "name items optional"),
    ("core.v1.SecretProjection", "name items optional"),
    ("core.v1.KeyToPath", "key path mode user"),
    ("core.v1.DownwardAPIVolumeFile", "path fieldRef resourceFieldRef mode user"),
    ("core.v1.ProjectedVolumeSource", "sources defaultMode defaultUser"),
    ("core.v1.VolumeResourceRequirements", "limits requests"),
    (
        "core.v1.PersistentVolumeClaimSpec",
        "accessModes selector resources volumeName storageClassName volumeMode dataSource dataSourceRef \
         volumeAttributesClassName",
    ),
];

/// Go names that are not the API's with a capital letter.
const NAMES: &[(&str, &str)] = &[
    ("serviceAccount", "DeprecatedServiceAccount"),
    ("apiVersion", "APIVersion"),
    ("apiGroup", "APIGroup"),
    ("uid", "UID"),
    ("dnsPolicy", "DNSPolicy"),
    ("dnsConfig", "DNSConfig"),
    ("httpGet", "HTTPGet"),
    ("httpHeaders", "HTTPHeaders"),
    ("tcpSocket", "TCPSocket"),
    ("grpc", "GRPC"),
    ("tty", "TTY"),
    ("os", "OS"),
    ("seLinuxOptions", "SELinuxOptions"),
    ("seLinuxChangePolicy", "SELinuxChangePolicy"),
    ("fsGroup", "FSGroup"),
    ("fsGroupChangePolicy", "FSGroupChangePolicy"),
    ("fsType", "FSType"),
    ("ip", "IP"),
    ("nfs", "NFS"),
    ("iscsi", "ISCSI"),
    ("iqn", "IQN"),
    ("iscsiInterface", "ISCSIInterface"),
    ("chapAuthDiscovery", "DiscoveryCHAPAuth"),
    ("chapAuthSession", "SessionCHAPAuth"),
    ("wwids", "WWIDs"),
    ("sslEnabled", "SSLEnabled"),
    ("rbd", "RBD"),
    ("fc", "FC"),
    ("csi", "CSI"),
    ("cephfs", "CephFS"),
    ("storageos", "StorageOS"),
    ("gcePersistentDisk", "GCEPersistentDisk"),
    ("pdName", "PDName"),
    ("awsElasticBlockStore", "AWSElasticBlockStore"),
    ("gmsaCredentialSpecName", "GMSACredentialSpecName"),
    ("gmsaCredentialSpec", "GMSACredentialSpec"),
    ("diskURI", "DataDiskURI"),
];

/// Go names that a field has in one struct only; the structs by the end of their names.
const OWN_NAMES: &[(&str, &str, &str)] = &[
    ("GlusterfsVolumeSource", "endpoints", "EndpointsName"),
    ("GlusterfsPersistentVolumeSource", "endpoints", "EndpointsName"),
    ("RBDVolumeSource", "monitors", "CephMonitors"),
    ("RBDVolumeSource", "image", "RBDImage"),
    ("RBDVolumeSource", "pool", "RBDPool"),
    ("RBDVolumeSource", "user", "RadosUser"),
    ("RBDPersistentVolumeSource", "monitors", "CephMonitors"),
    ("RBDPersistentVolumeSource", "image", "RBDImage"),
    ("RBDPersistentVolumeSource", "pool", "RBDPool"),
    ("RBDPersistentVolumeSource", "user", "RadosUser"),
];

/// The difference between two structs of a type.
pub fn diff(before: &Value, after: &Value, of: &str) -> String {
    let text = |value: &Value| json::write(&shown(value, of), json::Style { indent: 1, ..json::Style::IN_ORDER });
    unified(&text(before), &text(after))
}

/// A struct as the server prints it; null stays null.
pub fn shown(value: &Value, of: &str) -> Value {
    match Schema::get().type_named(of) {
        Some(of) if !value.is_null() => structure(value, of),
        _ => value.clone(),
    }
}

/// A struct that prints as in files, such as a selector: what is empty is left out.
pub fn plain(value: &Value) -> Value {
    let Value::Map(map) = value else { return value.clone() };
    Value::Map(map.iter().filter(|(_, v)| !v.is_void()).map(|(k, v)| (k.clone(), v.clone())).collect())
}

/// A pod template: its metadata prints as in files, without a name of its own.
pub fn template(template: &Value) -> Value {
    let mut out = template.of("metadata").as_map().cloned().unwrap_or_default();
    out.set(
        "Spec",
        Schema::get().type_named("core.v1.PodSpec").map_or(Value::Null, |of| structure(template.of("spec"), of)),
    );
    Value::Map(out)
}

/// A claim: its metadata prints as in files.
pub fn claim(claim: &Value) -> Value {
    let mut out = claim.of("metadata").as_map().cloned().unwrap_or_default();
    for (member, of) in
        [("spec", "core.v1.PersistentVolumeClaimSpec"), ("status", "core.v1.PersistentVolumeClaimStatus")]
    {
        let of = Schema::get().type_named(of);
        out.set(go_name(member), of.map_or(Value::Null, |of| structure(claim.of(member), of)));
    }
    Value::Map(out)
}

fn structure(value: &Value, of: &Struct) -> Value {
    if of.name.starts_with("apimachinery.") {
        return plain(value);
    }
    let order = ORDERS.iter().find(|(name, _)| *name == of.name).map(|(_, fields)| *fields);
    let mut out = Map::new();
    match order {
        Some(fields) => {
            for name in fields.split_whitespace() {
                let field = of.field(name);
                out.set(own_name(of, name), field.map_or(Value::Null, |f| member(value.of(name), f)));
            }
        }
        None => {
            for field in &of.fields {
                out.set(own_name(of, field.name), member(value.of(field.name), field));
            }
        }
    }
    Value::Map(out)
}

fn own_name(of: &Struct, name: &str) -> Rc<str> {
    let own = OWN_NAMES.iter().find(|(end, field, _)| *field == name && of.name.ends_with(end));
    own.map_or_else(|| go_name(name), |(_, _, go)| (*go).into())
}

fn go_name(name: &str) -> Rc<str> {
    if let Some((_, go)) = NAMES.iter().find(|(own, _)| *own == name) {
        return (*go).into();
    }
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect::<String>().into()
}

fn member(value: &Value, field: &Field) -> Value {
    if !value.is_null() {
        return inside(value, &field.of);
    }
    match &field.of {
        _ if field.pointer => Value::Null,
        Type::Ref(n) => {
            let of = Schema::get().type_of(*n);
            match of.short_name() {
                "Quantity" => Value::str("0"),
                "IntOrString" => Value::Int(0),
                _ if of.fields.is_empty() => Value::Null,
                _ => structure(&Value::Map(Map::new()), of),
            }
        }
        Type::Str => Value::str(""),
        Type::Int32 | Type::Int64 | Type::Double => Value::Int(0),
        Type::Bool => Value::Bool(false),
        _ => Value::Null,
    }
}

fn inside(value: &Value, of: &Type) -> Value {
    match (of, value) {
        (Type::Ref(n), Value::Map(_)) => {
            let of = Schema::get().type_of(*n);
            if of.fields.is_empty() { value.clone() } else { structure(value, of) }
        }
        (Type::List(item), Value::List(items)) => Value::List(items.iter().map(|v| inside(v, item)).collect()),
        (Type::Map(_), Value::Map(map)) => {
            Value::Map(map.sorted().into_iter().map(|(k, v)| (k.clone(), v.clone())).collect())
        }
        _ => value.clone(),
    }
}
