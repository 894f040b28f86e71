//! The text of one compose file to trees: merge keys merged, tags obeyed, keys checked.
//! Source: compose-go v2.16.1 loader/reset.go, loader/loader.go, convertToStringKeysRecursive; go.yaml.in/yaml
//! v4.0.0-rc.6 internal/libyaml/constructor.go.

use super::notes::{Refused, refusal, refuse};
use super::path::Path;
use super::scalar;
use super::tree::{Data, Members, Place, Tree};
use crate::text::go::quoted;
use crate::text::yaml::raw::{self, Raw, RawKind, Unreadable};
use crate::text::{Pos, Problem};
use std::collections::BTreeMap;
use std::rc::Rc;

/// One document of a file.
#[derive(Clone, Debug)]
pub struct Read {
    /// What it holds.
    pub tree: Tree,
    /// Paths that carry `!reset` or `!override`: what earlier files say there is forgotten.
    pub cleared: Vec<Path>,
}

/// A file's documents as they are written.
pub struct Written {
    file: Rc<str>,
    nodes: Vec<Rc<Raw>>,
    fault: Option<Unreadable>,
}

/// Most steps over nodes in one document. Source: loader/reset.go, defaultMaxNodeVisits.
const VISITS_MAX: usize = 100_000;

/// Largest tree that aliases may blow a document up to. Ours: the real reader weighs copies against the rest.
const NODES_MAX: usize = 400_000;

impl Written {
    /// Cuts the text into nodes.
    pub fn new(file: &str, text: &str) -> Self {
        let (nodes, fault) = raw::read(text);
        Written { file: file.into(), nodes, fault }
    }

    /// What the real tool looks at before all else: whether the first document has a name. Its words then name no file.
    /// Source: compose-go v2.16.1 cli/options.go, prepare.
    pub fn named(&self) -> Refused<bool> {
        let Some(first) = self.nodes.first() else {
            return match &self.fault {
                Some(fault) => refuse("yaml", &self.place(fault.at), fault.words.clone()),
                None => Ok(false),
            };
        };
        let wrong = shape_faults(first);
        if !wrong.is_empty() {
            let words = format!("yaml: construct errors: {}", wrong.join("; "));
            return refuse("yaml", &self.place(first.extent.start), words);
        }
        Ok(name_of(first).is_some_and(|name| !name.is_empty()))
    }

    /// The last name that a document gives, and where.
    pub fn name(&self) -> Option<(Rc<str>, Place)> {
        let readable = self.nodes.iter().take_while(|node| shape_faults(node).is_empty());
        let names = readable.filter_map(|node| Some((name_of(node)?, self.place(node.extent.start))));
        names.filter(|(name, _)| !name.is_empty()).last()
    }

    /// How many documents can be read.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// What keeps the rest from being read.
    pub fn fault(&self) -> Option<Box<Problem>> {
        let fault = self.fault.as_ref()?;
        Some(refusal("yaml", &self.place(fault.at), format!("failed to parse {}: {}", self.file, fault.words)))
    }

    fn place(&self, pos: Pos) -> Place {
        Place { file: self.file.clone(), pos }
    }

    /// One document as a tree.
    pub fn document(&self, index: usize) -> Refused<Read> {
        let Some(root) = self.nodes.get(index) else { return Ok(Read { tree: Tree::default(), cleared: Vec::new() }) };
        let wrong = |fault: Fault| {
            let line = root.extent.start.line;
            let words = format!("failed to parse {}: yaml: construct errors: line {line}: {}", self.file, fault.words);
            refusal("yaml", &self.place(fault.at), words)
        };
        let mut marks = Marks::default();
        marks.node(root, &Path::default()).map_err(wrong)?;
        let mut maker = Maker { file: self.file.clone(), made: 0, odd_key: None };
        let tree = maker.tree(root, root.extent.start, "").map_err(wrong)?;
        if let Some((location, key, at)) = maker.odd_key {
            let location = if location.is_empty() { "at top level".into() } else { format!("in {location}") };
            return refuse("key", &self.place(at), format!("non-string key {location}: {key}"));
        }
        Ok(Read { tree, cleared: marks.cleared })
    }
}

/// What is wrong with the outermost map when only a name is looked for.
fn shape_faults(node: &Raw) -> Vec<String> {
    let line = node.extent.start.line;
    let into = |what: &str, target: &str, line: u32| format!("line {line}: cannot construct {what} into {target}");
    match &node.kind {
        RawKind::List(_) => vec![into("!!seq", "cli.named", line)],
        RawKind::Scalar(text, plain) => match if *plain { scalar::plain(text) } else { Data::Str(text.clone()) } {
            Data::Null => Vec::new(),
            data => vec![into(&format!("{} `{}`", tag_of(&data), shortened(text)), "cli.named", line)],
        },
        RawKind::Map(members) => {
            let twice = twice(members);
            if !twice.is_empty() {
                return twice.into_iter().map(|(line, words)| format!("line {line}: {words}")).collect();
            }
            let mut wrong = Vec::new();
            for (key, value) in members {
                let odd = |node: &Raw| match node.kind {
                    RawKind::List(_) => Some("!!seq"),
                    RawKind::Map(_) => Some("!!map"),
                    _ => None,
                };
                let bad = match &key.kind {
                    RawKind::Scalar(text, _) if &**text == "name" => odd(value).map(|tag| (tag, value)),
                    RawKind::Scalar(..) => None,
                    _ => odd(key).map(|tag| (tag, key)),
                };
                wrong.extend(bad.map(|(tag, at)| into(tag, "string", at.extent.start.line)));
            }
            wrong
        }
        RawKind::Alias(..) => Vec::new(),
    }
}

fn tag_of(data: &Data) -> &'static str {
    match data {
        Data::Bool(_) => "!!bool",
        Data::Int(_) | Data::Big(_) => "!!int",
        Data::Float(_) => "!!float",
        _ => "!!str",
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() > 10 { text.chars().take(7).collect::<String>() + "..." } else { text.to_owned() }
}

fn name_of(node: &Raw) -> Option<Rc<str>> {
    let RawKind::Map(members) = &node.kind else { return None };
    members.iter().find_map(|(key, value)| match (&key.kind, &value.kind) {
        (RawKind::Scalar(key, _), RawKind::Scalar(text, plain)) if &**key == "name" => {
            (!*plain || scalar::plain(text) != Data::Null).then(|| text.clone())
        }
        _ => None,
    })
}

/// Keys that stand twice: line, and the words behind it.
fn twice(members: &[(Rc<Raw>, Rc<Raw>)]) -> Vec<(u32, String)> {
    let mut lines: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut found = Vec::new();
    for (key, _) in members {
        let RawKind::Scalar(text, _) = &key.kind else { continue };
        lines.entry(text).or_default().push(key.extent.start.line);
    }
    for (key, _) in members {
        let RawKind::Scalar(text, _) = &key.kind else { continue };
        let (first, all) = (key.extent.start.line, lines.get(&**text).map(Vec::as_slice).unwrap_or_default());
        let later = all.iter().filter(|line| **line > first);
        found
            .extend(later.map(|line| (*line, format!("mapping key {} already defined at line {first}", quoted(text)))));
    }
    found
}

/// What is wrong, and where.
struct Fault {
    words: String,
    at: Pos,
}

/// Finds the tags that clear what earlier files say. A node that aliases name is walked once.
#[derive(Default)]
struct Marks {
    cleared: Vec<Path>,
    visits: usize,
    /// Nodes that were walked, with the paths found below them.
    done: Vec<(Rc<Raw>, Vec<Vec<Rc<str>>>)>,
    /// Where aliases of a node stand.
    aliased: Vec<(Rc<Raw>, Vec<Path>)>,
    /// Anchors of the nodes around.
    open: Vec<(Rc<str>, Path)>,
}

impl Marks {
    fn node(&mut self, node: &Rc<Raw>, path: &Path) -> Result<(), Fault> {
        self.visits += 1;
        let fault = |words: String| Err(Fault { words, at: node.extent.start });
        if self.visits > VISITS_MAX {
            return fault(format!("compose file exceeds maximum node visit limit ({VISITS_MAX})"));
        }
        let path = &without_merge(path);
        let target = match &node.kind {
            _ if is_clearing(node) => None,
            RawKind::Alias(name, None) => {
                let opened = self.open.iter().rev().find(|(anchor, _)| anchor == name);
                let behind =
                    opened.map_or(&[][..], |(_, from)| &path.steps()[from.steps().len().min(path.steps().len())..]);
                let deeper = behind.iter().fold(path.clone(), |path, step| path.next(step));
                return fault(format!("cycle detected: node at path {deeper} references node at path {path}"));
            }
            RawKind::Alias(_, Some(target)) => {
                self.no_cycle(target, path).map_err(|words| Fault { words, at: node.extent.start })?;
                Some(target)
            }
            _ => Some(node),
        };
        let Some(target) = target.filter(|target| !is_clearing(target)) else {
            self.cleared.push(path.clone());
            return Ok(());
        };
        match &target.kind {
            RawKind::List(_) | RawKind::Map(_) => self.collection(target, path),
            _ => Ok(()),
        }
    }

    /// Source: loader/reset.go, checkForCycle.
    fn no_cycle(&mut self, target: &Rc<Raw>, path: &Path) -> Result<(), String> {
        let at = self.aliased.iter().position(|(node, _)| Rc::ptr_eq(node, target)).unwrap_or_else(|| {
            self.aliased.push((target.clone(), Vec::new()));
            self.aliased.len() - 1
        });
        let before = &mut self.aliased[at].1;
        for other in before.iter().filter(|other| *other != path) {
            let (a, b) = (path.steps(), other.steps());
            let merges = |steps: &[Rc<str>]| steps.iter().any(|step| step.contains("<<"));
            if !merges(a) && !merges(b) && (a.starts_with(b) || b.starts_with(a)) && !in_different_services(a, b) {
                return Err(format!("cycle detected: node at path {path} references node at path {other}"));
            }
        }
        before.push(path.clone());
        Ok(())
    }

    fn collection(&mut self, node: &Rc<Raw>, path: &Path) -> Result<(), Fault> {
        if let Some((_, found)) = self.done.iter().find(|(done, _)| Rc::ptr_eq(done, node)) {
            let paths = found.iter().map(|steps| steps.iter().fold(path.clone(), |path, step| path.next(step)));
            self.cleared.extend(paths.collect::<Vec<_>>());
            return Ok(());
        }
        let first = self.cleared.len();
        let anchored = node.anchor.clone().map(|anchor| self.open.push((anchor, path.clone()))).is_some();
        match &node.kind {
            RawKind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.node(item, &path.next(&index.to_string()))?;
                }
            }
            RawKind::Map(members) => {
                let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
                for (key, value) in members {
                    let (at, name) =
                        (key.extent.start, if let RawKind::Scalar(text, _) = &key.kind { text } else { "" });
                    if let Some(first) = seen.insert(name, at.line) {
                        let (line, name) = (at.line, quoted(name));
                        let words = format!("line {line}: mapping key {name} already defined at line {first}");
                        return Err(Fault { words, at });
                    }
                    self.node(value, &path.next(name))?;
                }
            }
            _ => {}
        }
        if anchored {
            self.open.pop();
            // Only what has an anchor can be met again.
            let depth = path.steps().len();
            let found = self.cleared[first..].iter().map(|path| path.steps()[depth.min(path.steps().len())..].to_vec());
            self.done.push((node.clone(), found.collect()));
        }
        Ok(())
    }
}

fn is_clearing(node: &Raw) -> bool {
    matches!(node.tag.as_deref(), Some("!reset" | "!override"))
}

/// The first merge key on the way is left out.
fn without_merge(path: &Path) -> Path {
    let Some(at) = path.steps().iter().skip(1).position(|step| &**step == "<<") else { return path.clone() };
    let kept = path.steps().iter().enumerate().filter(|(i, _)| *i != at + 1);
    kept.fold(Path::default(), |path, (_, step)| path.next(step))
}

fn in_different_services(a: &[Rc<str>], b: &[Rc<str>]) -> bool {
    let same = a.iter().zip(b).position(|(x, y)| &**x == "services" && &**y == "services");
    same.and_then(|at| Some((a.get(at + 1)?, b.get(at + 1)?))).is_some_and(|(x, y)| x != y)
}

/// Makes trees of nodes.
struct Maker {
    file: Rc<str>,
    made: usize,
    /// The first key that is no text: where it lies, as it is shown, and its place.
    odd_key: Option<(String, String, Pos)>,
}

impl Maker {
    /// `at` is the place that the tree gets; `location` is what words would call it.
    fn tree(&mut self, node: &Rc<Raw>, at: Pos, location: &str) -> Result<Tree, Fault> {
        self.made += 1;
        if self.made > NODES_MAX {
            return Err(Fault { words: "yaml: document contains excessive aliasing".into(), at });
        }
        let place = Place { file: self.file.clone(), pos: at };
        let data = match &node.kind {
            RawKind::Alias(_, Some(target)) => return self.tree(&target.clone(), at, location),
            RawKind::Alias(_, None) => Data::Null,
            RawKind::Scalar(text, plain) => self.scalar(node, text, *plain)?,
            RawKind::List(items) => {
                let kept = items.iter().filter(|item| !is_reset(item));
                let mut list = Vec::new();
                for (index, item) in kept.enumerate() {
                    list.push(self.tree(item, item.extent.start, &format!("{location}[{index}]"))?);
                }
                Data::List(list)
            }
            RawKind::Map(members) => Data::Map(self.map(members, location)?),
        };
        Ok(Tree { place, data })
    }

    fn scalar(&self, node: &Raw, text: &Rc<str>, plain: bool) -> Result<Data, Fault> {
        match node.tag.as_deref() {
            None if plain => Ok(scalar::plain(text)),
            None | Some("!") => Ok(Data::Str(text.clone())),
            Some(tag) => scalar::tagged(tag, text).map_err(|words| Fault {
                words: format!("go-yaml load error in resolver at <unknown position>: {words}"),
                at: node.extent.start,
            }),
        }
    }

    fn map(&mut self, members: &[(Rc<Raw>, Rc<Raw>)], location: &str) -> Result<Members, Fault> {
        let mut out = Members::new();
        let mut merged = None;
        for (key, value) in members.iter().filter(|(_, value)| !is_reset(value)) {
            if matches!(&key.kind, RawKind::Scalar(text, true) if &**text == "<<") {
                merged = Some(value);
                continue;
            }
            let name = self.key(key, location)?;
            let inside = if location.is_empty() { name.to_string() } else { format!("{location}.{name}") };
            let value = self.tree(value, key.extent.start, &inside)?;
            out.insert(name, value);
        }
        if let Some(value) = merged {
            self.merge(value, location, &mut out)?;
        }
        Ok(out)
    }

    fn key(&mut self, key: &Rc<Raw>, location: &str) -> Result<Rc<str>, Fault> {
        let key = match &key.kind {
            RawKind::Alias(_, Some(target)) => target,
            _ => key,
        };
        let at = key.extent.start;
        let (RawKind::Scalar(text, plain), tag) = (&key.kind, &key.tag) else {
            let shown = self.tree(key, at, location)?.go_syntax();
            let words = format!("cannot use '{shown}' as a map key; try decoding into yaml.Node");
            let words = format!("go-yaml load error in constructor at L{}.C{}: {words}", at.line, at.col);
            return Err(Fault { words, at });
        };
        let data = if *plain && tag.is_none() { scalar::plain(text) } else { Data::Str(text.clone()) };
        let shown = match &data {
            Data::Str(_) => return Ok(text.clone()),
            _ => Tree::from(data).go_text(),
        };
        self.odd_key.get_or_insert((location.to_owned(), shown, at));
        Ok(text.clone())
    }

    /// Own keys win over merged ones, earlier merged maps over later ones.
    fn merge(&mut self, node: &Rc<Raw>, location: &str, into: &mut Members) -> Result<(), Fault> {
        let node = match &node.kind {
            RawKind::Alias(_, Some(target)) => target.clone(),
            _ => node.clone(),
        };
        let wrong = |node: &Raw| {
            let at = node.extent.start;
            let words = "map merge requires map or sequence of maps as the value";
            Fault { words: format!("go-yaml load error in constructor at L{}.C{}: {words}", at.line, at.col), at }
        };
        match &node.kind {
            RawKind::Map(members) => {
                for (key, value) in self.map(members, location)? {
                    into.entry(key).or_insert(value);
                }
                Ok(())
            }
            RawKind::List(items) => {
                for item in items {
                    let target = if let RawKind::Alias(_, Some(target)) = &item.kind { target } else { item };
                    let RawKind::Map(_) = &target.kind else { return Err(wrong(target)) };
                    self.merge(item, location, into)?;
                }
                Ok(())
            }
            _ => Err(wrong(&node)),
        }
    }
}

fn is_reset(node: &Raw) -> bool {
    let tag = match &node.kind {
        RawKind::Alias(_, Some(target)) => &target.tag,
        _ => &node.tag,
    };
    tag.as_deref() == Some("!reset")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let written = Written::new("f.yaml", text);
        written.named().map_err(|p| p.message)?;
        written.document(0).map(|read| read.tree.go_text()).map_err(|p| p.message)
    }

    #[test]
    fn own_keys_win_over_merged_ones() {
        let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {c: 3, <<: [*x, *y]}\n";
        assert_eq!(read(text), Ok("map[x:map[a:1 b:1] y:map[b:2 c:2] z:map[a:1 b:1 c:3]]".into()));
    }

    #[test]
    fn words_for_what_cannot_be_read() {
        assert_eq!(
            read("a: {b: 1,\n b: 2}\n"),
            Err("failed to parse f.yaml: yaml: construct errors: line 1: \
                 line 2: mapping key \"b\" already defined at line 1"
                .into())
        );
        assert_eq!(
            read("a: 1\na: 2"),
            Err("yaml: construct errors: line 2: mapping key \"a\" already defined at line 1".into())
        );
        assert_eq!(read("- a"), Err("yaml: construct errors: line 1: cannot construct !!seq into cli.named".into()));
        assert_eq!(read("a: {1: b}"), Err("non-string key in a: 1".into()));
        assert_eq!(
            read("s: {w: &w {l: *w}}"),
            Err("failed to parse f.yaml: yaml: construct errors: line 1: \
                 cycle detected: node at path s.w.l.l references node at path s.w.l"
                .into())
        );
    }

    #[test]
    fn tags_clear_what_came_before() {
        let written = Written::new("f.yaml", "s:\n  w:\n    p: !override [1]\n    e: !reset null\n");
        let read = written.document(0).expect("readable");
        let cleared: Vec<String> = read.cleared.iter().map(Path::to_string).collect();
        assert_eq!(cleared, ["s.w.p", "s.w.e"]);
        assert_eq!(read.tree.go_text(), "map[s:map[w:map[p:[1]]]]");
    }
}
