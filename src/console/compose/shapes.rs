//! The structs of the API that templates and `inspect` go through.
//! Source: moby v29 api/types (what the engine answers with); docker v28 api/types (what the client reads it into).

use crate::console::template::{Field, Go, Struct};
use crate::text::{Map, Value};
use std::rc::Rc;

/// Fields of a struct: `Go=Json?:type`. `=Json` where JSON has another name, `?` where JSON leaves out what is empty, `+` before
/// an embedded struct. A name that ends in `~` is the client's form of a struct that the engine has changed.
const SHAPES: &[(&str, &str)] = &[
    (
        "container.InspectResponse",
        "ID=Id:string Created:string Path:string Args:[]string State:*container.State Image:string \
         ResolvConfPath:string HostnamePath:string HostsPath:string LogPath:string Name:string \
         RestartCount:int Driver:string Platform:string MountLabel:string ProcessLabel:string \
         AppArmorProfile:string ExecIDs:[]string HostConfig:*container.HostConfig Storage?:*storage.Storage \
         SizeRw?:*int SizeRootFs?:*int Mounts:[]container.MountPoint Config:*container.Config \
         NetworkSettings:*container.NetworkSettings",
    ),
    (
        "container.InspectResponse~",
        "+ContainerJSONBase:*container.ContainerJSONBase Mounts:[]container.MountPoint \
         Config:*container.Config~ NetworkSettings:*container.NetworkSettings~ \
         ImageManifestDescriptor?:*storage.Storage",
    ),
    (
        "container.ContainerJSONBase",
        "ID=Id:string Created:string Path:string Args:[]string State:*container.State Image:string \
         ResolvConfPath:string HostnamePath:string HostsPath:string LogPath:string Name:string \
         RestartCount:int Driver:string Platform:string MountLabel:string ProcessLabel:string \
         AppArmorProfile:string ExecIDs:[]string HostConfig:*container.HostConfig \
         GraphDriver:storage.DriverData SizeRw?:*int SizeRootFs?:*int",
    ),
    ("api.PortPublisher", "URL:string TargetPort:int PublishedPort:int Protocol:string"),
    ("storage.DriverData", "Data:map[string]string Name:string"),
    ("storage.Storage", "RootFS?:*storage.RootFSStorage"),
    ("storage.RootFSStorage", "Snapshot?:*storage.RootFSStorageSnapshot"),
    ("storage.RootFSStorageSnapshot", "Name:string"),
    (
        "container.State",
        "Status:string Running:bool Paused:bool Restarting:bool OOMKilled:bool Dead:bool Pid:int ExitCode:int \
         Error:string StartedAt:string FinishedAt:string Health?:*container.Health",
    ),
    ("container.Health", "Status:string FailingStreak:int Log:[]*container.HealthcheckResult"),
    ("container.HealthcheckResult", "Start:time End:time ExitCode:int Output:string"),
    (
        "container.MountPoint",
        "Type?:string Name?:string Source:string Destination:string Driver?:string Mode:string RW:bool \
         Propagation:string",
    ),
    (
        "container.HostConfig",
        "Binds:[]string ContainerIDFile:string LogConfig:container.LogConfig NetworkMode:string \
         PortBindings:map[string][]nat.PortBinding RestartPolicy:container.RestartPolicy AutoRemove:bool \
         VolumeDriver:string VolumesFrom:[]string ConsoleSize:[]int Annotations?:map[string]string \
         CapAdd:[]string CapDrop:[]string CgroupnsMode:string DNS=Dns:[]string DNSOptions=DnsOptions:[]string \
         DNSSearch=DnsSearch:[]string ExtraHosts:[]string GroupAdd:[]string IpcMode:string Cgroup:string \
         Links:[]string OomScoreAdj:int PidMode:string Privileged:bool PublishAllPorts:bool \
         ReadonlyRootfs:bool SecurityOpt:[]string StorageOpt?:map[string]string Tmpfs?:map[string]string \
         UTSMode:string UsernsMode:string ShmSize:int Sysctls?:map[string]string Runtime?:string \
         Isolation:string +Resources:container.Resources Mounts?:[]mount.Mount MaskedPaths:[]string \
         ReadonlyPaths:[]string Init?:*bool",
    ),
    ("container.LogConfig", "Type:string Config:map[string]string"),
    ("container.RestartPolicy", "Name:string MaximumRetryCount:int"),
    ("nat.PortBinding", "HostIP=HostIp:string HostPort:string"),
    ("mount.Mount", "Type?:string Source?:string Target?:string ReadOnly?:bool"),
    (
        "container.Resources",
        "CPUShares=CpuShares:int Memory:int NanoCPUs=NanoCpus:int CgroupParent:string BlkioWeight:int \
         BlkioWeightDevice:[]any BlkioDeviceReadBps:[]any BlkioDeviceWriteBps:[]any BlkioDeviceReadIOps:[]any \
         BlkioDeviceWriteIOps:[]any CPUPeriod=CpuPeriod:int CPUQuota=CpuQuota:int \
         CPURealtimePeriod=CpuRealtimePeriod:int CPURealtimeRuntime=CpuRealtimeRuntime:int CpusetCpus:string \
         CpusetMems:string Devices:[]any DeviceCgroupRules:[]string DeviceRequests:[]any \
         MemoryReservation:int MemorySwap:int MemorySwappiness:*int OomKillDisable:*bool PidsLimit:*int \
         Ulimits:[]any CPUCount=CpuCount:int CPUPercent=CpuPercent:int IOMaximumIOps:int \
         IOMaximumBandwidth:int",
    ),
    (
        "container.Config",
        "Hostname:string Domainname:string User:string AttachStdin:bool AttachStdout:bool AttachStderr:bool \
         ExposedPorts?:map[string]struct Tty:bool OpenStdin:bool StdinOnce:bool Env:[]string Cmd:[]string \
         Healthcheck?:*container.HealthConfig Image:string Volumes:map[string]struct WorkingDir:string \
         Entrypoint:[]string NetworkDisabled?:bool OnBuild?:[]string Labels:map[string]string \
         StopSignal?:string StopTimeout?:*int Shell?:[]string",
    ),
    (
        "container.Config~",
        "Hostname:string Domainname:string User:string AttachStdin:bool AttachStdout:bool AttachStderr:bool \
         ExposedPorts?:map[string]struct Tty:bool OpenStdin:bool StdinOnce:bool Env:[]string Cmd:[]string \
         Healthcheck?:*container.HealthConfig ArgsEscaped?:bool Image:string Volumes:map[string]struct \
         WorkingDir:string Entrypoint:[]string NetworkDisabled?:bool MacAddress?:string OnBuild:[]string \
         Labels:map[string]string StopSignal?:string StopTimeout?:*int Shell?:[]string",
    ),
    (
        "container.HealthConfig",
        "Test?:[]string Interval?:duration Timeout?:duration StartPeriod?:duration StartInterval?:duration \
         Retries?:int",
    ),
    (
        "container.NetworkSettings",
        "SandboxID:string SandboxKey:string Ports:map[string][]nat.PortBinding \
         Networks:map[string]*network.EndpointSettings",
    ),
    (
        "container.NetworkSettings~",
        "+NetworkSettingsBase:container.NetworkSettingsBase \
         +DefaultNetworkSettings:container.DefaultNetworkSettings \
         Networks:map[string]*network.EndpointSettings",
    ),
    (
        "container.NetworkSettingsBase",
        "Bridge:string SandboxID:string SandboxKey:string Ports:map[string][]nat.PortBinding HairpinMode:bool \
         LinkLocalIPv6Address:string LinkLocalIPv6PrefixLen:int SecondaryIPAddresses:[]any \
         SecondaryIPv6Addresses:[]any",
    ),
    (
        "container.DefaultNetworkSettings",
        "EndpointID:string Gateway:string GlobalIPv6Address:string GlobalIPv6PrefixLen:int IPAddress:string \
         IPPrefixLen:int IPv6Gateway:string MacAddress:string",
    ),
    (
        "network.EndpointSettings",
        "IPAMConfig:*network.EndpointIPAMConfig Links:[]string Aliases:[]string MacAddress:string \
         DriverOpts:map[string]string GwPriority:int NetworkID:string EndpointID:string Gateway:string \
         IPAddress:string IPPrefixLen:int IPv6Gateway:string GlobalIPv6Address:string GlobalIPv6PrefixLen:int \
         DNSNames:[]string",
    ),
    ("network.EndpointIPAMConfig", "IPv4Address?:string IPv6Address?:string LinkLocalIPs?:[]string"),
    (
        "network.Inspect",
        "Name:string ID=Id:string Created:time Scope:string Driver:string EnableIPv4:bool EnableIPv6:bool \
         IPAM:network.IPAM Internal:bool Attachable:bool Ingress:bool ConfigFrom:network.ConfigReference \
         ConfigOnly:bool Containers:map[string]network.EndpointResource Options:map[string]string \
         Labels:map[string]string",
    ),
    ("network.IPAM", "Driver:string Options:map[string]string Config:[]network.IPAMConfig"),
    (
        "network.IPAMConfig",
        "Subnet?:string IPRange?:string Gateway?:string AuxAddress=AuxiliaryAddresses?:map[string]string",
    ),
    ("network.ConfigReference", "Network:string"),
    (
        "network.EndpointResource",
        "Name:string EndpointID:string MacAddress:string IPv4Address:string IPv6Address:string",
    ),
    (
        "volume.Volume",
        "CreatedAt?:string Driver:string Labels:map[string]string Mountpoint:string Name:string \
         Options:map[string]string Scope:string",
    ),
];

/// A tree with everything the engine says of such a thing, in its order; what the tree lacks is empty.
pub fn completed(shape: &'static str, tree: &Value) -> Value {
    made(shape, Some(tree)).tree()
}

/// What the client's struct holds after a tree was read into it.
pub fn typed(shape: &'static str, tree: &Value) -> Go {
    made(shape, Some(tree))
}

/// A row of a list.
pub fn row(name: &'static str, value: &Value) -> Go {
    let plain = |value: &Value| match value {
        Value::Int(i) => Go::Int(*i),
        Value::Bool(b) => Go::Bool(*b),
        // Source: compose v5.6 cmd/formatter/container.go, Publishers.
        Value::List(_) => typed("[]api.PortPublisher", value),
        other => Go::raw(other),
    };
    let entries = value.as_map().into_iter().flat_map(Map::iter).map(|(k, v)| (k.clone(), plain(v)));
    Go::Row(name, Rc::new(entries.collect()))
}

fn fields_of(name: &str) -> Option<&'static str> {
    SHAPES.iter().find(|(known, _)| *known == name).map(|(_, fields)| *fields)
}

/// A tree as a value of a type.
fn made(kind: &'static str, tree: Option<&Value>) -> Go {
    let tree = tree.filter(|tree| !tree.is_null());
    if let Some(inner) = kind.strip_prefix('*') {
        return Go::Pointer(plain(inner), tree.map(|_| Rc::new(made(inner, tree))));
    }
    if let Some(inner) = kind.strip_prefix("[]") {
        let items = tree.and_then(Value::as_list);
        return Go::List(items.map(|list| Rc::new(list.iter().map(|i| made(inner, Some(i))).collect())), plain(inner));
    }
    if let Some(inner) = kind.strip_prefix("map[string]") {
        let entry = |(k, v): (&Rc<str>, &Value)| (k.clone(), made(inner, Some(v)));
        let map = tree.and_then(Value::as_map).map(|map| Rc::new(map.iter().map(entry).collect()));
        return Go::Map(map, Rc::new(made(inner, None)), plain(inner));
    }
    match kind {
        "bool" => Go::Bool(matches!(tree, Some(Value::Bool(true)))),
        "int" => Go::Int(tree.and_then(Value::as_int).unwrap_or(0)),
        "duration" => Go::Duration(tree.and_then(Value::as_int).unwrap_or(0)),
        "string" => Go::str(tree.and_then(Value::as_str).unwrap_or_default()),
        "time" => Go::Time(tree.and_then(Value::as_str).unwrap_or("0001-01-01T00:00:00Z").into()),
        "any" => tree.map_or(Go::Nil, Go::raw),
        "struct" => Go::Struct(Rc::new(Struct { name: "struct {}", fields: Vec::new() })),
        name => {
            let fields = fields_of(name).unwrap_or_default().split_whitespace();
            Go::Struct(Rc::new(Struct { name: plain(name), fields: fields.map(|f| field(f, tree)).collect() }))
        }
    }
}

fn plain(name: &'static str) -> &'static str {
    name.trim_end_matches('~')
}

fn field(text: &'static str, tree: Option<&Value>) -> Field {
    let (name, kind) = text.split_once(':').unwrap_or((text, "any"));
    let (omit, name) = (name.ends_with('?'), name.trim_end_matches('?'));
    let (embedded, name) = (name.starts_with('+'), name.trim_start_matches('+'));
    let (name, json) = name.split_once('=').unwrap_or((name, name));
    let own = tree.and_then(Value::as_map).and_then(|map| Map::get(map, json));
    Field { name, json, omit, embedded, value: made(kind, if embedded { tree } else { own }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_struct_that_a_field_names_is_there() {
        let known = ["bool", "int", "duration", "string", "time", "any", "struct"];
        for (name, fields) in SHAPES {
            for field in fields.split_whitespace() {
                let (_, mut kind) = field.split_once(':').unwrap_or((field, ""));
                for prefix in ["*", "[]", "map[string]", "[]", "*"] {
                    kind = kind.strip_prefix(prefix).unwrap_or(kind);
                }
                assert!(known.contains(&kind) || fields_of(kind).is_some(), "{name}: {field}");
            }
        }
    }
}
