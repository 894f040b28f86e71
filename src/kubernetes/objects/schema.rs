//! The shape of every built-in kind: fields with type, order of declaration, required, enum, list and merge keys; resources
//! with their names and verbs. A constant table made by `schema/make.py` from a running server's OpenAPI and discovery
//! (v1.37.2) and the Go declarations of k8s.io/api, parsed once.
//!
//! One line a fact, words parted by blanks:
//! `@type [atomic]` opens a type; then one line a field: `name code marks` and, where they differ from the usual,
//! `=Go type`, `<embedded structs`, `!enum|values`, `?default`, `&patch strategy`, `~merge key`, `#list type:keys`, `*` (required).
//! Codes: `s` text, `i` int32, `l` int64, `b` bool, `n` float64, `y` bytes, `o` anything, a number = that type (in order),
//! `[` list of, `{` map of. Marks: `o` left out when empty, `z` left out when zero, `p` pointer, `-` none.
//! `Kgroup version kind type`; `Vverbs`; `Rgroup/version plural kind n|c singular short verbs categories`.

use std::sync::LazyLock;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Str,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A truth value.
    Bool,
    /// A floating-point number.
    Double,
    /// Bytes, written in base64.
    Bytes,
    /// Anything.
    Any,
    /// Another type of the table.
    Ref(usize),
    /// A list.
    List(Box<Type>),
    /// A map with text keys.
    Map(Box<Type>),
}

/// One field of a type.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its JSON name.
    pub name: &'static str,
    /// What it holds.
    pub of: Type,
    /// Whether an empty value is left out when printed.
    pub omitempty: bool,
    /// Whether a zero struct is left out when printed.
    pub omitzero: bool,
    /// Whether absence and emptiness differ.
    pub pointer: bool,
    /// Whether OpenAPI calls it required.
    pub required: bool,
    /// The Go type where it is not the plain one of `of`, as decoding errors print it.
    pub go: Option<&'static str>,
    /// The embedded structs it stands in, as decoding errors print them: `VolumeSource`.
    pub embedded: Option<&'static str>,
    /// The values allowed, or none if free.
    pub values: Vec<&'static str>,
    /// A default that OpenAPI declares.
    pub default: Option<&'static str>,
    /// `merge`, `retainKeys`, `merge,retainKeys` for strategic merge patches.
    pub patch_strategy: Option<&'static str>,
    /// The key that tells items apart in strategic merge patches.
    pub merge_key: Option<&'static str>,
    /// `map`, `set` or `atomic` (also for maps) for server-side apply.
    pub list_type: Option<&'static str>,
    /// The keys of a list of type `map`.
    pub list_map_keys: Vec<&'static str>,
}

/// One type: a struct, or one of the few with a form of their own (`Quantity`, `IntOrString`, `Time`, ...).
#[derive(Clone, Debug)]
pub struct Struct {
    /// Its full name, such as `core.v1.Container`.
    pub name: &'static str,
    /// Whether server-side apply takes it as one value.
    pub atomic: bool,
    /// Its fields in order of declaration.
    pub fields: Vec<Field>,
}

/// One kind.
#[derive(Clone, Debug)]
pub struct KindInfo {
    /// The group; empty for the core group.
    pub group: &'static str,
    /// The version.
    pub version: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// Its type in the table.
    pub of: usize,
    /// Its resource, if it can be stored.
    pub resource: Option<usize>,
}

/// One resource as discovery tells it; subresources are named `pods/status`.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The group; empty for the core group.
    pub group: &'static str,
    /// The version.
    pub version: &'static str,
    /// The plural name.
    pub plural: &'static str,
    /// The kind it serves.
    pub kind: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// The singular name; empty for subresources.
    pub singular: &'static str,
    /// The short names.
    pub short: Vec<&'static str>,
    /// What can be done with it.
    pub verbs: Vec<&'static str>,
    /// The groups of resources it is in, such as `all`.
    pub categories: Vec<&'static str>,
}

/// The whole table.
#[derive(Debug)]
pub struct Schema {
    types: Vec<Struct>,
    kinds: Vec<KindInfo>,
    resources: Vec<Resource>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::parse(include_str!("schema/kinds.txt")));

impl Field {
    /// The Go type, as decoding errors print it.
    pub fn go_type(&self) -> String {
        self.go.map_or_else(|| self.of.go_type(), str::to_owned)
    }
    /// What a list or map field holds, with the Go type of one item.
    pub fn item(&self) -> Option<(&Type, String)> {
        let (Type::List(item) | Type::Map(item)) = &self.of else { return None };
        let named =
            self.go.and_then(|g| g.strip_prefix("[]").or_else(|| Some(g.strip_prefix("map[")?.split_once(']')?.1)));
        Some((item, named.map_or_else(|| item.go_type(), |n| n.trim_start_matches('*').to_owned())))
    }
}

impl Type {
    /// The Go type that this alone tells.
    pub fn go_type(&self) -> String {
        match self {
            Type::Str => "string".into(),
            Type::Int32 => "int32".into(),
            Type::Int64 => "int64".into(),
            Type::Bool => "bool".into(),
            Type::Double => "float64".into(),
            Type::Bytes => "[]uint8".into(),
            Type::Any => "interface {}".into(),
            Type::Ref(n) => Schema::get().type_of(*n).go_name(),
            Type::List(item) => format!("[]{}", item.go_type()),
            Type::Map(item) => format!("map[string]{}", item.go_type()),
        }
    }
}

impl Struct {
    /// The field named `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }
    /// `v1.Container`.
    pub fn go_name(&self) -> String {
        let mut parts = self.name.rsplit('.');
        let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("{before}.{last}")
    }
    /// `Container`.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

impl KindInfo {
    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
    /// Its resource, if it can be stored.
    pub fn resource(&self) -> Option<&'static Resource> {
        Schema::get().resources.get(self.resource?)
    }
    /// Whether its objects live in namespaces.
    pub fn namespaced(&self) -> bool {
        self.resource().is_some_and(|r| r.namespaced)
    }
    /// Its type.
    pub fn shape(&self) -> &'static Struct {
        Schema::get().type_of(self.of)
    }
    /// `Deployment.apps`, or `Pod` for the core group: how errors name it.
    pub fn group_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.group) }
    }
    /// `deployments.apps`, or `pods` for the core group.
    pub fn group_resource(&self) -> String {
        let plural = self.resource().map_or("", |r| r.plural);
        if self.group.is_empty() { plural.to_owned() } else { format!("{plural}.{}", self.group) }
    }
}

impl Schema {
    /// The table.
    pub fn get() -> &'static Schema {
        &SCHEMA
    }
    /// The type with number `n`.
    pub fn type_of(&self, n: usize) -> &Struct {
        &self.types[n]
    }
    /// The type named `name`, such as `core.v1.PodSpec`.
    pub fn type_named(&self, name: &str) -> Option<&Struct> {
        self.types.binary_search_by(|t| t.name.cmp(name)).ok().map(|n| &self.types[n])
    }
    /// The number of the type named `name`.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.types.binary_search_by(|t| t.name.cmp(name)).ok()
    }
    /// All kinds.
    pub fn kinds(&self) -> &[KindInfo] {
        &self.kinds
    }
    /// All resources and subresources.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }
    /// The kind of an `apiVersion` and `kind`.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&KindInfo> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.kinds.iter().find(|k| k.kind == kind && k.group == group && k.version == version)
    }
    /// The resource that a person means by a plural, singular, short or kind name, with or without `.group` or
    /// `.version.group` behind it. The first in discovery order wins, as in kubectl.
    pub fn resource_by_name(&self, name: &str) -> Option<&Resource> {
        let name = name.to_ascii_lowercase();
        let whole = |r: &&Resource, n: &str| {
            r.plural == n
                || r.singular == n
                || r.short.contains(&n)
                || (!r.singular.is_empty() && r.kind.eq_ignore_ascii_case(n))
        };
        let stored = || self.resources.iter().filter(|r| !r.plural.contains('/'));
        if let Some(found) = stored().find(|r| whole(r, &name)) {
            return Some(found);
        }
        let (head, group) = name.split_once('.')?;
        let in_group = |r: &&Resource| {
            r.group == group || group.split_once('.').is_some_and(|(v, g)| r.version == v && r.group == g)
        };
        stored().find(|r| whole(r, head) && in_group(r))
    }
    /// The kind that a resource serves.
    pub fn kind_of(&self, resource: &Resource) -> Option<&KindInfo> {
        self.kinds
            .iter()
            .find(|k| k.kind == resource.kind && k.group == resource.group && k.version == resource.version)
    }

    fn parse(text: &'static str) -> Schema {
        let mut schema = Schema { types: Vec::new(), kinds: Vec::new(), resources: Vec::new() };
        let mut verbs: Vec<&'static str> = Vec::new();
        for line in text.lines() {
            let mut words = line.split(' ');
            let first = words.next().unwrap_or_default();
            match first.as_bytes().first() {
                Some(b'@') => {
                    let atomic = words.next() == Some("atomic");
                    schema.types.push(Struct { name: &first[1..], atomic, fields: Vec::new() });
                }
                Some(b'K') if first.len() > 1 => schema.kinds.extend(read_kind(first, &mut words)),
                Some(b'V') => verbs = std::iter::once(&first[1..]).chain(words).collect(),
                Some(b'R') => schema.resources.extend(read_resource(first, &mut words, &verbs)),
                _ => {
                    let field = read_field(first, &mut words);
                    if let Some(of) = schema.types.last_mut() {
                        of.fields.extend(field);
                    }
                }
            }
        }
        for kind in &mut schema.kinds {
            kind.resource = schema.resources.iter().position(|r| {
                r.kind == kind.kind && r.group == kind.group && r.version == kind.version && !r.plural.contains('/')
            });
        }
        schema
    }
}

fn dash(word: &'static str) -> &'static str {
    if word == "-" { "" } else { word }
}

fn list(word: &'static str) -> Vec<&'static str> {
    dash(word).split(',').filter(|w| !w.is_empty()).collect()
}

fn read_kind(first: &'static str, words: &mut std::str::Split<'static, char>) -> Option<KindInfo> {
    let group = dash(&first[1..]);
    Some(KindInfo {
        group,
        version: words.next()?,
        kind: words.next()?,
        of: words.next()?.parse().ok()?,
        resource: None,
    })
}

fn read_resource(
    first: &'static str,
    words: &mut std::str::Split<'static, char>,
    verbs: &[&'static str],
) -> Option<Resource> {
    let (group, version) = first[1..].split_once('/').unwrap_or(("", &first[1..]));
    Some(Resource {
        group,
        version,
        plural: words.next()?,
        kind: words.next()?,
        namespaced: words.next()? == "n",
        singular: dash(words.next()?),
        short: list(words.next()?),
        verbs: dash(words.next()?).bytes().filter_map(|b| verbs.get(usize::from(b - b'a')).copied()).collect(),
        categories: list(words.next()?),
    })
}

fn read_field(name: &'static str, words: &mut std::str::Split<'static, char>) -> Option<Field> {
    let of = read_type(words.next()?)?;
    let marks = words.next()?;
    let mut field = Field {
        name,
        of,
        omitempty: marks.contains('o'),
        omitzero: marks.contains('z'),
        pointer: marks.contains('p'),
        required: false,
        go: None,
        embedded: None,
        values: Vec::new(),
        default: None,
        patch_strategy: None,
        merge_key: None,
        list_type: None,
        list_map_keys: Vec::new(),
    };
    for word in words {
        let rest = &word[1..];
        match word.as_bytes()[0] {
            b'=' => field.go = Some(rest),
            b'<' => field.embedded = Some(rest),
            b'!' => field.values = rest.split('|').collect(),
            b'?' => field.default = Some(rest),
            b'&' => field.patch_strategy = Some(rest),
            b'~' => field.merge_key = Some(rest),
            b'#' => {
                let (kind, keys) = rest.split_once(':').unwrap_or((rest, ""));
                field.list_type = Some(kind);
                field.list_map_keys = list(keys);
            }
            _ => field.required = true,
        }
    }
    Some(field)
}

fn read_type(code: &'static str) -> Option<Type> {
    Some(match code.as_bytes().first()? {
        b's' => Type::Str,
        b'i' => Type::Int32,
        b'l' => Type::Int64,
        b'b' => Type::Bool,
        b'n' => Type::Double,
        b'y' => Type::Bytes,
        b'o' => Type::Any,
        b'[' => Type::List(Box::new(read_type(&code[1..])?)),
        b'{' => Type::Map(Box::new(read_type(&code[1..])?)),
        _ => Type::Ref(code.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let schema = Schema::get();
        assert_eq!((schema.types.len(), schema.kinds.len(), schema.resources.len()), (618, 76, 121));
        let lines = include_str!("schema/kinds.txt").lines();
        let fields = lines.filter(|l| !l.starts_with(['@', 'K', 'V', 'R'])).count();
        assert_eq!(schema.types.iter().map(|t| t.fields.len()).sum::<usize>(), fields);
        for t in &schema.types {
            for f in &t.fields {
                assert!(!f.go_type().is_empty());
            }
        }
    }

    #[test]
    fn kinds_and_resources_are_found_by_every_name() {
        let schema = Schema::get();
        let deployment = schema.kind("apps/v1", "Deployment").expect("a kind");
        assert_eq!(deployment.group_kind(), "Deployment.apps");
        assert_eq!(deployment.group_resource(), "deployments.apps");
        assert!(deployment.namespaced());
        assert!(schema.kind("extensions/v1beta1", "Deployment").is_none());
        for name in ["deploy", "deployment", "deployments", "Deployment", "deployments.apps", "deployments.v1.apps"] {
            assert_eq!(schema.resource_by_name(name).map(|r| r.plural), Some("deployments"), "{name}");
        }
        assert!(schema.resource_by_name("deployments.batch").is_none());
        assert_eq!(schema.resource_by_name("po").map(|r| r.verbs.contains(&"deletecollection")), Some(true));
    }

    #[test]
    fn fields_know_their_keys_and_their_go_types() {
        let container = Schema::get().type_named("core.v1.Container").expect("a type");
        assert_eq!(container.fields.first().map(|f| f.name), Some("name"));
        let ports = container.field("ports").expect("a field");
        assert_eq!(ports.merge_key, Some("containerPort"));
        assert_eq!(ports.list_map_keys, ["containerPort", "protocol"]);
        assert_eq!(ports.go_type(), "[]v1.ContainerPort");
        assert_eq!(container.field("imagePullPolicy").map(Field::go_type).as_deref(), Some("v1.PullPolicy"));
        let volume = Schema::get().type_named("core.v1.Volume").expect("a type");
        assert_eq!(volume.field("configMap").and_then(|f| f.embedded), Some("VolumeSource"));
    }
}
