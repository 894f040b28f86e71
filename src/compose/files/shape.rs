//! The types that a model is bound to: which keys there are, of what kind, in which order they are printed.
//! Source: compose-go v2.16.1 types/{types,build,develop,device,envfile,healthcheck,hooks,jobs,models,project}.go.

/// Of what kind a value is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text.
    Str,
    /// A truth value; the type's name.
    Bool(&'static str),
    /// A truth value that is not shown when it is true.
    OptOut,
    /// A whole number, and how text is read to one.
    Int(&'static str),
    /// A whole number from 0 on; the type's name.
    Uint(&'static str),
    /// A number of single precision.
    Float32,
    /// A size, shown as text.
    Bytes,
    /// A length of time.
    Duration,
    /// A number of processors.
    Cpus,
    /// Rights of a file.
    FileMode,
    /// A command line or its words.
    Shell,
    /// How health is tested.
    Test,
    /// One text or some.
    StringList,
    /// Texts or numbers.
    NumberList,
    /// Texts.
    Strings,
    /// Names with text; blank when there is none.
    Mapping,
    /// Names with text or nothing.
    MappingWithEquals,
    /// Labels.
    Labels,
    /// Options of a driver.
    Options,
    /// Options that may be repeated.
    MultiOptions,
    /// Names with text, as they are.
    StringMap,
    /// Hosts with addresses.
    Hosts,
    /// Keys for a build.
    Ssh,
    /// How many devices.
    Count,
    /// One limit or two.
    Ulimit,
    /// An object.
    Struct(&'static Shape),
    /// A list.
    List(&'static Kind),
    /// A map; whether its values may be null.
    Map(&'static Kind, bool),
}

/// When a key is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Unless its value is empty.
    Filled,
    /// Whenever it is set.
    Set,
    /// As YAML unless its value is empty, as JSON always.
    Object,
    /// Always.
    Always,
    /// As YAML whenever it is set, as JSON always.
    Command,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// The key in JSON, where it differs; empty where it is not shown there.
    pub json: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// When it is shown.
    pub shown: Shown,
}

/// An object.
#[derive(Debug)]
pub struct Shape {
    /// Its keys, in groups, in the order of printing.
    pub fields: &'static [&'static [Field]],
    /// Whether it keeps extensions.
    pub extensible: bool,
}

impl Shape {
    /// All keys, in order.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().copied().flatten()
    }
    /// The key of that name.
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.key == key)
    }
}

const fn field(key: &'static str, kind: Kind, shown: Shown) -> Field {
    Field { key, json: key, kind, shown }
}
const fn f(key: &'static str, kind: Kind) -> Field {
    field(key, kind, Shown::Filled)
}
const fn set(key: &'static str, kind: Kind) -> Field {
    field(key, kind, Shown::Set)
}
const fn always(key: &'static str, json: &'static str, kind: Kind) -> Field {
    Field { key, json, kind, shown: Shown::Always }
}

const BOOL: Kind = Kind::Bool("bool");
const EXTERNAL: Kind = Kind::Bool("types.External");
const INT: Kind = Kind::Int("Atoi");
const INT64: Kind = Kind::Int("ParseInt");
const UINT64: Kind = Kind::Uint("uint64");

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident, $extensible:literal, $($group:expr),+) => {
        $(#[$doc])*
        pub static $name: Shape = Shape { fields: &[$($group),+], extensible: $extensible };
    };
}

static CONTAINER_FIELDS: &[Field] = &[
    f("annotations", Kind::Mapping),
    set("blkio_config", Kind::Struct(&BLKIO)),
    f("cap_add", Kind::Strings),
    f("cap_drop", Kind::Strings),
    f("cgroup_parent", Kind::Str),
    f("cgroup", Kind::Str),
    f("cpu_count", INT64),
    f("cpu_percent", Kind::Float32),
    f("cpu_period", INT64),
    f("cpu_quota", INT64),
    f("cpu_rt_period", INT64),
    f("cpu_rt_runtime", INT64),
    f("cpus", Kind::Float32),
    f("cpuset", Kind::Str),
    f("cpu_shares", INT64),
    field("command", Kind::Shell, Shown::Command),
    f("configs", Kind::List(&Kind::Struct(&FILE_REFERENCE))),
    set("credential_spec", Kind::Struct(&CREDENTIAL_SPEC)),
    f("device_cgroup_rules", Kind::Strings),
    f("devices", Kind::List(&Kind::Struct(&DEVICE))),
    f("dns", Kind::StringList),
    f("dns_opt", Kind::Strings),
    f("dns_search", Kind::StringList),
    f("domainname", Kind::Str),
    field("entrypoint", Kind::Shell, Shown::Command),
    f("environment", Kind::MappingWithEquals),
    f("env_file", Kind::List(&Kind::Struct(&ENV_FILE))),
    f("extra_hosts", Kind::Hosts),
    f("group_add", Kind::Strings),
    f("gpus", Kind::List(&Kind::Struct(&DEVICE_REQUEST))),
    f("hostname", Kind::Str),
    f("image", Kind::Str),
    set("init", BOOL),
    f("ipc", Kind::Str),
    f("isolation", Kind::Str),
    f("labels", Kind::Labels),
    f("label_file", Kind::Strings),
    set("logging", Kind::Struct(&LOGGING)),
    f("log_driver", Kind::Str),
    f("log_opt", Kind::StringMap),
    f("mem_limit", Kind::Bytes),
    f("mem_reservation", Kind::Bytes),
    f("memswap_limit", Kind::Bytes),
    f("mem_swappiness", Kind::Bytes),
    f("mac_address", Kind::Str),
    f("models", Kind::Map(&Kind::Struct(&SERVICE_MODEL), true)),
    f("network_mode", Kind::Str),
    f("networks", Kind::Map(&Kind::Struct(&SERVICE_NETWORK), true)),
    f("oom_kill_disable", BOOL),
    f("oom_score_adj", INT64),
    f("pid", Kind::Str),
    f("pids_limit", INT64),
    f("platform", Kind::Str),
    f("privileged", BOOL),
    f("pull_policy", Kind::Str),
    f("pull_refresh_after", Kind::Str),
    f("read_only", BOOL),
    f("runtime", Kind::Str),
    f("secrets", Kind::List(&Kind::Struct(&FILE_REFERENCE))),
    f("security_opt", Kind::Strings),
    f("shm_size", Kind::Bytes),
    set("stop_grace_period", Kind::Duration),
    f("stop_signal", Kind::Str),
    f("storage_opt", Kind::StringMap),
    f("sysctls", Kind::Mapping),
    f("tmpfs", Kind::StringList),
    f("ulimits", Kind::Map(&Kind::Ulimit, true)),
    f("use_api_socket", BOOL),
    f("user", Kind::Str),
    f("userns_mode", Kind::Str),
    f("uts", Kind::Str),
    f("volume_driver", Kind::Str),
    f("volumes", Kind::List(&Kind::Struct(&MOUNT))),
    f("volumes_from", Kind::Strings),
    f("working_dir", Kind::Str),
];

static WORKLOAD_FIELDS: &[Field] = &[
    set("build", Kind::Struct(&BUILD)),
    f("depends_on", Kind::Map(&Kind::Struct(&DEPENDENCY), false)),
    f("dockerfile", Kind::Str),
    f("expose", Kind::NumberList),
    set("healthcheck", Kind::Struct(&HEALTHCHECK)),
    f("ports", Kind::List(&Kind::Struct(&PORT))),
    f("stdin_open", BOOL),
    f("tty", BOOL),
];

static SERVICE_FIELDS: &[Field] = &[
    f("profiles", Kind::Strings),
    set("deploy", Kind::Struct(&DEPLOY)),
    set("develop", Kind::Struct(&DEVELOP)),
    f("restart", Kind::Str),
    set("scale", INT),
    set("attach", BOOL),
    f("container_name", Kind::Str),
    set("provider", Kind::Struct(&PROVIDER)),
    set("extends", Kind::Struct(&EXTENDS)),
    f("external_links", Kind::Strings),
    f("links", Kind::Strings),
    f("net", Kind::Str),
    f("pre_start", Kind::List(&Kind::Struct(&PRE_START))),
    f("post_start", Kind::List(&Kind::Struct(&HOOK))),
    f("pre_stop", Kind::List(&Kind::Struct(&HOOK))),
];

/// Whether a key describes a container, whoever runs it. Source: types/container_spec_attributes.gen.go.
pub fn is_container_key(key: &str) -> bool {
    CONTAINER_FIELDS.iter().any(|field| field.key == key)
}

shape! {
    /// A service.
    SERVICE, true, SERVICE_FIELDS, CONTAINER_FIELDS, WORKLOAD_FIELDS
}
shape! {
    /// A job.
    JOB, true,
    &[Field { json: "", ..f("name", Kind::Str) }, f("profiles", Kind::Strings), set("triggers", Kind::Struct(&TRIGGERS))],
    CONTAINER_FIELDS, WORKLOAD_FIELDS
}
shape! {
    /// What starts a job.
    TRIGGERS, true, &[set("manual", BOOL), f("schedule", Kind::List(&Kind::Struct(&SCHEDULE)))]
}
shape! {
    /// One time of a job.
    SCHEDULE, true,
    &[f("cron", Kind::Str), f("timezone", Kind::Str), f("concurrency", Kind::Str), f("missed_fires", Kind::Str)]
}
shape! {
    /// What runs before a service.
    PRE_START, true, CONTAINER_FIELDS, &[f("per_replica", BOOL)]
}
shape! {
    /// A command at a turn of a container's life.
    HOOK, true,
    &[field("command", Kind::Shell, Shown::Command), f("user", Kind::Str), f("privileged", BOOL),
      f("working_dir", Kind::Str), f("environment", Kind::MappingWithEquals)]
}
shape! {
    /// A provider.
    PROVIDER, true, &[f("type", Kind::Str), f("options", Kind::MultiOptions)]
}
shape! {
    /// Weights of devices.
    BLKIO, true,
    &[f("weight", Kind::Uint("uint16")), f("weight_device", Kind::List(&Kind::Struct(&WEIGHT_DEVICE))),
      f("device_read_bps", Kind::List(&Kind::Struct(&THROTTLE))), f("device_read_iops", Kind::List(&Kind::Struct(&THROTTLE))),
      f("device_write_bps", Kind::List(&Kind::Struct(&THROTTLE))), f("device_write_iops", Kind::List(&Kind::Struct(&THROTTLE)))]
}
shape! {
    /// The weight of a device.
    WEIGHT_DEVICE, true, &[always("path", "Path", Kind::Str), always("weight", "Weight", Kind::Uint("uint16"))]
}
shape! {
    /// The rate of a device.
    THROTTLE, true, &[always("path", "Path", Kind::Str), always("rate", "Rate", Kind::Bytes)]
}
shape! {
    /// A device.
    DEVICE, true, &[f("source", Kind::Str), f("target", Kind::Str), f("permissions", Kind::Str)]
}
shape! {
    /// Where output goes.
    LOGGING, true, &[f("driver", Kind::Str), f("options", Kind::Options)]
}
shape! {
    /// What Swarm would do.
    DEPLOY, true,
    &[f("mode", Kind::Str), set("replicas", INT), f("labels", Kind::Labels), set("update_config", Kind::Struct(&UPDATE)),
      set("rollback_config", Kind::Struct(&UPDATE)), field("resources", Kind::Struct(&RESOURCES), Shown::Object),
      set("restart_policy", Kind::Struct(&RESTART_POLICY)), field("placement", Kind::Struct(&PLACEMENT), Shown::Object),
      f("endpoint_mode", Kind::Str)]
}
shape! {
    /// How an update goes.
    UPDATE, true,
    &[set("parallelism", UINT64), f("delay", Kind::Duration), f("failure_action", Kind::Str), f("monitor", Kind::Duration),
      f("max_failure_ratio", Kind::Float32), f("order", Kind::Str)]
}
shape! {
    /// Limits and reservations.
    RESOURCES, true, &[set("limits", Kind::Struct(&RESOURCE)), set("reservations", Kind::Struct(&RESOURCE))]
}
shape! {
    /// Amounts.
    RESOURCE, true,
    &[f("cpus", Kind::Cpus), f("memory", Kind::Bytes), f("pids", INT64), f("devices", Kind::List(&Kind::Struct(&DEVICE_REQUEST))),
      f("generic_resources", Kind::List(&Kind::Struct(&GENERIC)))]
}
shape! {
    /// An amount of something else.
    GENERIC, true, &[set("discrete_resource_spec", Kind::Struct(&DISCRETE))]
}
shape! {
    /// A count of something else.
    DISCRETE, true, &[always("kind", "kind", Kind::Str), always("value", "value", INT64)]
}
shape! {
    /// When Swarm restarts.
    RESTART_POLICY, true,
    &[f("condition", Kind::Str), set("delay", Kind::Duration), set("max_attempts", UINT64), set("window", Kind::Duration)]
}
shape! {
    /// Where Swarm places.
    PLACEMENT, true,
    &[f("constraints", Kind::Strings), f("preferences", Kind::List(&Kind::Struct(&PREFERENCE))),
      f("max_replicas_per_node", UINT64)]
}
shape! {
    /// A wish of placement.
    PREFERENCE, true, &[f("spread", Kind::Str)]
}
shape! {
    /// A service on a network.
    SERVICE_NETWORK, true,
    &[f("aliases", Kind::Strings), f("driver_opts", Kind::Options), f("gw_priority", INT), f("interface_name", Kind::Str),
      f("ipv4_address", Kind::Str), f("ipv6_address", Kind::Str), f("link_local_ips", Kind::Strings),
      f("mac_address", Kind::Str), f("priority", INT)]
}
shape! {
    /// A port.
    PORT, true,
    &[f("name", Kind::Str), f("mode", Kind::Str), f("host_ip", Kind::Str), f("target", Kind::Uint("uint32")),
      f("published", Kind::Str), f("protocol", Kind::Str), f("app_protocol", Kind::Str)]
}
shape! {
    /// A mount.
    MOUNT, true,
    &[f("type", Kind::Str), f("source", Kind::Str), f("target", Kind::Str), f("read_only", BOOL), f("consistency", Kind::Str),
      set("bind", Kind::Struct(&MOUNT_BIND)), set("volume", Kind::Struct(&MOUNT_VOLUME)),
      set("tmpfs", Kind::Struct(&MOUNT_TMPFS)), set("image", Kind::Struct(&MOUNT_IMAGE))]
}
shape! {
    /// Options of a bind mount.
    MOUNT_BIND, true,
    &[f("selinux", Kind::Str), f("propagation", Kind::Str), f("create_host_path", Kind::OptOut), f("recursive", Kind::Str)]
}
shape! {
    /// Options of a volume.
    MOUNT_VOLUME, true, &[f("labels", Kind::Mapping), f("nocopy", BOOL), f("subpath", Kind::Str)]
}
shape! {
    /// Options of memory.
    MOUNT_TMPFS, true, &[f("size", Kind::Bytes), f("mode", Kind::Uint("uint32"))]
}
shape! {
    /// Options of an image.
    MOUNT_IMAGE, true, &[f("subpath", Kind::Str)]
}
shape! {
    /// A secret or config within a service.
    FILE_REFERENCE, true,
    &[f("source", Kind::Str), f("target", Kind::Str), f("uid", Kind::Str), f("gid", Kind::Str), set("mode", Kind::FileMode)]
}
shape! {
    /// Windows credentials.
    CREDENTIAL_SPEC, true, &[f("config", Kind::Str), f("file", Kind::Str), f("registry", Kind::Str)]
}
shape! {
    /// A file of variables.
    ENV_FILE, false, &[f("path", Kind::Str), f("required", Kind::OptOut), f("format", Kind::Str)]
}
shape! {
    /// Devices asked for.
    DEVICE_REQUEST, false,
    &[f("capabilities", Kind::Strings), f("driver", Kind::Str), f("count", Kind::Count), f("device_ids", Kind::Strings),
      f("options", Kind::Mapping)]
}
shape! {
    /// A model of a service.
    SERVICE_MODEL, true, &[f("endpoint_var", Kind::Str), f("model_var", Kind::Str)]
}
shape! {
    /// How an image is built.
    BUILD, true,
    &[f("context", Kind::Str), f("dockerfile", Kind::Str), f("dockerfile_inline", Kind::Str), f("entitlements", Kind::Strings),
      f("args", Kind::MappingWithEquals), f("provenance", Kind::Str), f("sbom", Kind::Str), f("ssh", Kind::Ssh),
      f("labels", Kind::Labels), f("cache_from", Kind::StringList), f("cache_to", Kind::StringList), f("no_cache", BOOL),
      f("no_cache_filter", Kind::StringList), f("additional_contexts", Kind::Mapping), f("pull", BOOL),
      f("extra_hosts", Kind::Hosts), f("isolation", Kind::Str), f("network", Kind::Str), f("target", Kind::Str),
      f("secrets", Kind::List(&Kind::Struct(&FILE_REFERENCE))), f("shm_size", Kind::Bytes), f("tags", Kind::StringList),
      f("ulimits", Kind::Map(&Kind::Ulimit, true)), f("platforms", Kind::StringList), f("privileged", BOOL)]
}
shape! {
    /// What a service waits for.
    DEPENDENCY, true, &[f("condition", Kind::Str), f("restart", BOOL), always("required", "required", BOOL)]
}
shape! {
    /// What a service extends.
    EXTENDS, false, &[f("file", Kind::Str), f("service", Kind::Str)]
}
shape! {
    /// How health is looked at.
    HEALTHCHECK, true,
    &[f("test", Kind::Test), set("timeout", Kind::Duration), set("interval", Kind::Duration), set("retries", UINT64),
      set("start_period", Kind::Duration), set("start_interval", Kind::Duration), f("disable", BOOL)]
}
shape! {
    /// What development watches.
    DEVELOP, true, &[f("watch", Kind::List(&Kind::Struct(&WATCH)))]
}
shape! {
    /// One watched path.
    WATCH, true,
    &[always("path", "path", Kind::Str), always("action", "action", Kind::Str), f("target", Kind::Str),
      field("exec", Kind::Struct(&HOOK), Shown::Object), f("include", Kind::Strings), f("ignore", Kind::Strings),
      f("initial_sync", BOOL)]
}
shape! {
    /// A network.
    NETWORK, true,
    &[f("name", Kind::Str), f("driver", Kind::Str), f("driver_opts", Kind::Options),
      field("ipam", Kind::Struct(&IPAM), Shown::Object), f("external", EXTERNAL), f("internal", BOOL), f("attachable", BOOL),
      f("labels", Kind::Labels), set("enable_ipv4", BOOL), set("enable_ipv6", BOOL)]
}
shape! {
    /// Addresses of a network.
    IPAM, true, &[f("driver", Kind::Str), f("config", Kind::List(&Kind::Struct(&POOL))), f("options", Kind::Options)]
}
shape! {
    /// A pool of addresses.
    POOL, false,
    &[f("subnet", Kind::Str), f("gateway", Kind::Str), f("ip_range", Kind::Str), f("aux_addresses", Kind::Mapping)]
}
shape! {
    /// A volume.
    VOLUME, true,
    &[f("name", Kind::Str), f("driver", Kind::Str), f("driver_opts", Kind::Options), f("external", EXTERNAL),
      f("labels", Kind::Labels)]
}
shape! {
    /// A secret or config.
    FILE_OBJECT, true,
    &[f("name", Kind::Str), f("file", Kind::Str), f("environment", Kind::Str), f("content", Kind::Str), f("external", EXTERNAL),
      f("labels", Kind::Labels), f("driver", Kind::Str), f("driver_opts", Kind::StringMap), f("template_driver", Kind::Str)]
}
shape! {
    /// A model.
    MODEL, true,
    &[f("name", Kind::Str), f("model", Kind::Str), f("context_size", INT), f("runtime_flags", Kind::Strings)]
}
shape! {
    /// A whole project.
    PROJECT, true,
    &[f("name", Kind::Str), field("services", Kind::Map(&Kind::Struct(&SERVICE), false), Shown::Always),
      f("jobs", Kind::Map(&Kind::Struct(&JOB), false)), f("networks", Kind::Map(&Kind::Struct(&NETWORK), false)),
      f("volumes", Kind::Map(&Kind::Struct(&VOLUME), false)), f("secrets", Kind::Map(&Kind::Struct(&FILE_OBJECT), false)),
      f("configs", Kind::Map(&Kind::Struct(&FILE_OBJECT), false)), f("models", Kind::Map(&Kind::Struct(&MODEL), false))]
}
