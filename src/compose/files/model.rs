//! Files to one model: each read, filled in, extended, merged over the one before, and checked.
//! Source: compose-go v2.16.1 loader/loader.go, loader/extends.go, loader/include.go.

use super::canonical::{self, Forms};
use super::dotenv::{self, Env};
use super::folder::{self, Folder};
use super::interpolate::interpolate;
use super::merge::{clear, enforce_unique, merge, merge_members};
use super::normalize::resolve_environment;
use super::notes::{Refused, refuse, warning};
use super::path::Path;
use super::places::{self, Base};
use super::read::Written;
use super::rules;
use super::schema::Schema;
use super::tree::{Data, Members, Place, Tree};
use crate::text::Problem;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Reads files into models.
pub struct Models<'a> {
    /// What there is to read.
    pub folder: &'a Folder,
    /// Whether variables are filled in.
    pub interpolate: bool,
    /// What `~` means.
    pub home: Option<String>,
    /// What was said.
    pub warnings: Vec<Problem>,
    schema: Schema,
    versions: BTreeSet<String>,
    depth: usize,
    /// Whether paths of the files themselves, not of what they include, stay as they are.
    pub as_written: bool,
    /// Whether the schema is not asked.
    pub unchecked: bool,
}

/// Most files that lie within each other. Ours: the real tool goes on until its stack ends.
const DEPTH_MAX: usize = 60;

/// Where a file is read from, and what that means for it.
#[derive(Clone)]
struct Scope<'a> {
    /// What relative paths in the model are relative to in the end.
    working_dir: String,
    /// What files that are named in it are relative to.
    loader_dir: String,
    env: &'a Env,
    /// Files that led here by `include`.
    included: Vec<String>,
    /// The file itself.
    file: String,
}

/// Services that were extended to come here: file and service.
type Chain = Vec<(String, String)>;

/// What a refused file says when it is not there.
fn missing(path: &str, folder: &Folder) -> String {
    if folder.is_dir(path) {
        format!("read {path}: is a directory")
    } else {
        format!("open {path}: no such file or directory")
    }
}

impl<'a> Models<'a> {
    /// Nothing read yet.
    pub fn new(folder: &'a Folder, interpolate: bool, home: Option<String>) -> Self {
        let (warnings, schema, versions) = (Vec::new(), Schema::default(), BTreeSet::new());
        Models { folder, interpolate, home, warnings, schema, versions, depth: 0, as_written: false, unchecked: false }
    }

    /// Merges files to one model, without what `normalize` adds. Paths are absolute when `working_dir` is.
    pub fn load(&mut self, files: &[String], working_dir: &str, env: &Env) -> Refused<Members> {
        self.model(files, working_dir, working_dir, env, &[])
    }

    fn model(
        &mut self,
        files: &[String],
        working_dir: &str,
        loader_dir: &str,
        env: &Env,
        included: &[String],
    ) -> Refused<Members> {
        let mut model = Members::new();
        for file in files {
            let scope = Scope {
                working_dir: working_dir.to_owned(),
                loader_dir: loader_dir.to_owned(),
                env,
                included: included.to_vec(),
                file: file.clone(),
            };
            model = self.file(&scope, model)?;
        }
        canonical::set_defaults(&mut model)?;
        rules::check(&model)?;
        if !self.as_written || self.depth > 0 {
            places::resolve(&mut model, &Base { dir: working_dir, home: self.home.as_deref() })?;
        }
        resolve_environment(&mut model, env);
        Ok(model)
    }

    fn written(&self, file: &str, from: &Place) -> Refused<Written> {
        match self.folder.text(file) {
            Some(text) => Ok(Written::new(file, &text)),
            None => refuse("file", from, missing(file, self.folder)),
        }
    }

    fn file(&mut self, scope: &Scope, mut model: Members) -> Refused<Members> {
        let written = self.written(&scope.file, &Place { file: scope.file.as_str().into(), ..Place::default() })?;
        let mut included = scope.included.clone();
        for index in 0..written.count() {
            let read = written.document(index)?;
            let mut members = self.opened(read.tree, scope)?;
            canonical::promote(&mut members)?;
            included.push(scope.file.clone());
            self.include(&mut members, scope, &included, &read.cleared)?;
            clear(&mut model, &read.cleared, &Path::default());
            self.extend_all(&mut members, scope, &read.cleared)?;
            model = merge_members(model, members, &Path::default())?;
            model = self.settled(model, scope)?;
        }
        written.fault().map_or(Ok(model), Err)
    }

    /// A document as a map with its variables filled in.
    fn opened(&mut self, tree: Tree, scope: &Scope) -> Refused<Members> {
        let place = Place { file: scope.file.as_str().into(), pos: tree.place.pos };
        let Data::Map(members) = tree.data else { return refuse("top", &place, "top-level object must be a mapping") };
        if self.interpolate { interpolate(members, scope.env, &mut self.warnings) } else { Ok(members) }
    }

    /// A merged model checked against the schema and brought to long forms.
    fn settled(&mut self, model: Members, scope: &Scope) -> Refused<Members> {
        let mut tree = enforce_unique(model.into(), &Path::default())?;
        if let Some(wrong) = self.schema.check(&tree).filter(|_| !self.unchecked) {
            return refuse("schema", &wrong.place, format!("validating {}: {}", scope.file, wrong.words));
        }
        if let Some(version) = tree.as_map_mut().and_then(|members| members.remove("version"))
            && self.versions.insert(scope.file.clone())
        {
            let words = "the attribute `version` is obsolete, it will be ignored, \
                         please remove it to avoid potential confusion";
            self.warnings.push(warning("version", &version.place, format!("{}: {words}", scope.file)));
        }
        self.long_forms(tree)
    }

    fn long_forms(&mut self, tree: Tree) -> Refused<Members> {
        let mut forms = Forms { lenient: !self.interpolate, warnings: &mut self.warnings };
        let mut tree = canonical::canonical(tree, &Path::default(), &mut forms)?;
        if let Some(members) = tree.as_map_mut() {
            canonical::omit_empty(members);
        }
        match enforce_unique(tree, &Path::default())?.data {
            Data::Map(members) => Ok(members),
            _ => Ok(Members::new()),
        }
    }

    fn extend_all(&mut self, members: &mut Members, scope: &Scope, cleared: &[Path]) -> Refused<()> {
        for kind in ["services", "jobs"] {
            let Some(tree) = members.get_mut(kind) else { continue };
            let place = tree.place.clone();
            let Some(all) = tree.as_map_mut() else {
                return refuse("top", &place, format!("{kind} must be a mapping"));
            };
            for name in all.keys().cloned().collect::<Vec<_>>() {
                let merged = self.extended(&name, all, scope, cleared, &Chain::new())?;
                all.insert(name, merged);
            }
        }
        Ok(())
    }

    /// A service with all that it extends below it; `cleared` is what its own file clears.
    fn extended(
        &mut self,
        name: &str,
        all: &mut Members,
        scope: &Scope,
        cleared: &[Path],
        chain: &Chain,
    ) -> Refused<Tree> {
        let Some(service) = all.get(name).filter(|service| !service.is_null()).cloned() else {
            return Ok(all.get(name).cloned().unwrap_or_default());
        };
        let Some(members) = service.as_map() else {
            return refuse("type", &service.place, format!("services.{name} must be a mapping"));
        };
        let Some(extends) = members.get("extends").cloned() else { return Ok(service) };
        let (base_name, file) = match &extends.data {
            Data::Map(inside) => match inside.get("service").and_then(Tree::as_str) {
                Some(base) => (base.to_owned(), inside.get("file").and_then(Tree::as_str)),
                None => return refuse("extends", &extends.place, format!("extends.{name}.service is required")),
            },
            Data::Str(base) => (base.to_string(), None),
            _ => (String::new(), None),
        };
        let filename = file.unwrap_or(&scope.file).to_owned();
        let mut chain = chain.clone();
        let (base, place) = match file {
            Some(file) => {
                let (mut services, base_cleared) = self.base_file(name, file, scope, &extends.place)?;
                if !services.contains_key(base_name.as_str()) {
                    let words = format!(
                        "cannot extend service \"{name}\" in {}: service \"{base_name}\" not found in {file}",
                        scope.file
                    );
                    return refuse("extends", &extends.place, words);
                }
                add_link(&mut chain, filename, name, &extends.place)?;
                let base = self.extended(&base_name, &mut services, scope, &base_cleared, &chain)?;
                (base, extends.place.clone())
            }
            None => {
                if !all.contains_key(base_name.as_str()) {
                    let words =
                        format!("cannot extend service \"{name}\" in {filename}: service \"{base_name}\" not found");
                    return refuse("extends", &extends.place, words);
                }
                add_link(&mut chain, filename, name, &extends.place)?;
                (self.extended(&base_name, all, scope, cleared, &chain)?, extends.place.clone())
            }
        };
        if base.is_null() {
            return Ok(service);
        }
        let Data::Map(mut base) = base.data else { return refuse("type", &place, "services must be a mapping") };
        forget(&mut base, cleared, "services", name);
        let own = Tree { place: service.place.clone(), data: service.data };
        let mut merged = merge(Tree::from(base), own, &Path::of(&["services", "x"]))?;
        if let Some(members) = merged.as_map_mut() {
            members.remove("extends");
        }
        all.insert(name.into(), merged.clone());
        Ok(merged)
    }

    /// The services of a file that is extended, with paths seen from the project, and what that file clears.
    fn base_file(&mut self, name: &str, file: &str, scope: &Scope, from: &Place) -> Refused<(Members, Vec<Path>)> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return refuse("extends", from, format!("cannot read {file}"));
        }
        let local = absolute(file, &scope.loader_dir);
        let dir = self.dir_of(file, &scope.loader_dir);
        let written = self.written(&local, from)?;
        let inner = Scope { working_dir: dir.clone(), file: local.clone(), ..scope.clone() };
        let (mut model, mut cleared) = (Members::new(), Vec::new());
        for index in 0..written.count() {
            let read = written.document(index)?;
            let mut members = self.opened(read.tree, &inner)?;
            canonical::promote(&mut members)?;
            clear(&mut model, &read.cleared, &Path::default());
            model = merge_members(model, members, &Path::default())?;
            let tree = enforce_unique(model.into(), &Path::default())?;
            model = self.long_forms(tree)?;
            cleared = read.cleared;
        }
        if let Some(fault) = written.fault() {
            return Err(fault);
        }
        let refusal =
            |words: &str| refuse("extends", from, format!("cannot extend service \"{name}\" in {local}: {words}"));
        match model.get("services") {
            None => return refusal("no services section"),
            Some(services) if services.as_map().is_none() => return refusal("services must be a mapping"),
            _ => {}
        }
        places::resolve(&mut model, &Base { dir: &dir, home: self.home.as_deref() })?;
        self.depth -= 1;
        let services = model.remove("services").map(|services| services.data);
        let Some(Data::Map(services)) = services else { return Ok((Members::new(), cleared)) };
        Ok((services, cleared))
    }

    /// The folder of a file as seen from the loader's own. Source: loader.go, localResourceLoader.Dir.
    fn dir_of(&self, path: &str, loader_dir: &str) -> String {
        let whole = absolute(path, loader_dir);
        let dir = if self.folder.is_dir(&whole) { whole } else { absolute(&folder::dir(path), loader_dir) };
        if loader_dir.starts_with('/') == dir.starts_with('/') { folder::relative(loader_dir, &dir) } else { dir }
    }

    fn include(&mut self, model: &mut Members, scope: &Scope, included: &[String], cleared: &[Path]) -> Refused<()> {
        let Some(include) = model.get("include").filter(|include| !include.is_null()).cloned() else {
            model.remove("include");
            return Ok(());
        };
        let Some(entries) = include.as_list() else {
            let words = format!("`include` must be a list, got {}", include.go_text());
            return refuse("include", &include.place, words);
        };
        undecodable(entries, &include.place)?;
        for entry in entries {
            let imported = self.imported(entry, scope, included)?;
            take_over(imported, model, cleared)?;
        }
        model.remove("include");
        Ok(())
    }

    fn imported(&mut self, entry: &Tree, scope: &Scope, included: &[String]) -> Refused<Members> {
        let texts = |tree: Option<&Tree>| -> Vec<String> {
            match tree.map(|tree| &tree.data) {
                Some(Data::Str(text)) => vec![text.to_string()],
                Some(Data::List(items)) => items.iter().filter_map(Tree::as_str).map(str::to_owned).collect(),
                _ => Vec::new(),
            }
        };
        let paths = if entry.as_str().is_some() { texts(Some(entry)) } else { texts(entry.get("path")) };
        let files: Vec<String> = paths.iter().map(|path| absolute(path, &scope.loader_dir)).collect();
        let Some(main) = files.first() else {
            self.include_env(texts(entry.get("env_file")), &scope.working_dir, scope, &entry.place)?;
            return Ok(Members::new());
        };
        let asked = entry.str_at(&["project_directory"]).unwrap_or_default();
        let (project, working_dir) = match asked {
            "" => (folder::dir(main), self.dir_of(main, &scope.loader_dir)),
            dir if dir.starts_with('/') => (dir.to_owned(), dir.to_owned()),
            dir => (folder::join(&scope.working_dir, dir), self.dir_of(dir, &scope.loader_dir)),
        };
        if included.contains(main) || self.depth >= DEPTH_MAX {
            let way: Vec<&str> = included.iter().skip(1).map(String::as_str).chain([main.as_str()]).collect();
            let first = included.first().map(String::as_str).unwrap_or_default();
            return refuse(
                "include",
                &entry.place,
                format!("include cycle detected:\n{first}\n include {}", way.join("\n include ")),
            );
        }
        let env = self.include_env(texts(entry.get("env_file")), &project, scope, &entry.place)?;
        if let Some(gone) = files.iter().find(|file| self.folder.text(file).is_none()) {
            return refuse("file", &entry.place, missing(gone, self.folder));
        }
        self.depth += 1;
        let model = self.model(&files, &working_dir, &project, &env, included);
        self.depth -= 1;
        model
    }

    fn include_env(&mut self, asked: Vec<String>, project: &str, scope: &Scope, from: &Place) -> Refused<Env> {
        let default = folder::join(project, ".env");
        let mut files = Vec::new();
        if asked.is_empty() {
            files.extend(self.folder.text(&default).is_some().then_some(default));
        }
        for file in asked.iter().filter(|file| *file != "/dev/null") {
            let path = absolute(file, &scope.working_dir);
            if self.folder.is_dir(&path) {
                return refuse("env_file", from, format!("{path} is not a file"));
            }
            if self.folder.text(&path).is_none() && !file.starts_with('/') {
                return refuse("env_file", from, format!("stat {path}: no such file or directory"));
            }
            files.push(path);
        }
        let mut env = scope.env.clone();
        for (key, value) in read_env(self.folder, &files, scope.env, &mut self.warnings, from)? {
            env.entry(key).or_insert(value);
        }
        Ok(env)
    }
}

/// Refuses entries of `include` that are neither a path nor members. Source: loader/include.go, loadIncludeConfig; mapstructure.
fn undecodable(entries: &[Tree], place: &Place) -> Refused<()> {
    let kind = |entry: &Tree| match &entry.data {
        Data::Str(_) | Data::Map(_) | Data::Null => None,
        Data::List(_) => Some("slice"),
        _ => Some(entry.go_type()),
    };
    let bad = entries.iter().enumerate().filter_map(|(at, entry)| Some((at, kind(entry)?)));
    let lines: Vec<String> =
        bad.map(|(at, kind)| format!("'[{at}]' expected a map or struct, got \"{kind}\"")).collect();
    match lines.is_empty() {
        true => Ok(()),
        false => {
            let words = format!("decoding failed due to the following error(s):\n\n{}", lines.join("\n"));
            refuse("include", place, words)
        }
    }
}

/// Variables of files, in order; what `around` says counts first within them. Source: dotenv/env.go, GetEnvFromFile.
pub fn read_env(
    folder: &Folder,
    files: &[String],
    around: &Env,
    warnings: &mut Vec<Problem>,
    from: &Place,
) -> Refused<Env> {
    let mut out = Env::new();
    for file in files {
        let Some(text) = folder.text(file) else {
            let words = if folder.is_dir(file) {
                format!("{file} is a directory")
            } else {
                format!("couldn't find env file: {file}")
            };
            return refuse("env_file", from, words);
        };
        let mut unset = Vec::new();
        // What files before said counts as if it stood in this one.
        let lookup = |name: &str| around.get(name).cloned();
        let read = dotenv::read(&text, &mut out, &lookup, &mut unset);
        let place = Place { file: Rc::from(file.as_str()), ..Place::default() };
        warn_unset(unset, &place, warnings);
        if let Err(words) = read {
            return refuse("env_file", &place, format!("failed to read {file}: {words}"));
        }
    }
    Ok(out)
}

/// Warns of variables that were blank.
pub fn warn_unset(names: Vec<String>, place: &Place, warnings: &mut Vec<Problem>) {
    for name in names {
        let words = format!("The \"{name}\" variable is not set. Defaulting to a blank string.");
        warnings.push(warning("variable_not_set", place, words));
    }
}

fn absolute(path: &str, dir: &str) -> String {
    if path.starts_with('/') { folder::clean(path) } else { folder::join(dir, path) }
}

/// Takes out of a service what its file clears.
fn forget(service: &mut Members, cleared: &[Path], kind: &str, name: &str) {
    clear(service, cleared, &Path::of(&[kind, name]));
}

fn add_link(chain: &mut Chain, file: String, service: &str, place: &Place) -> Refused<()> {
    let link = (file, service.to_owned());
    if chain.contains(&link) {
        let mut lines = vec!["Circular reference:".to_owned()];
        for (index, (file, service)) in chain.iter().chain([&link]).enumerate() {
            let word = if index == 0 { "" } else { "extends " };
            lines.push(format!("  {word}{service} in {file}"));
        }
        return refuse("extends", place, lines.join("\n"));
    }
    chain.push(link);
    Ok(())
}

/// Puts what an included model declares below what the model itself does. Source: loader/include.go, importResources.
fn take_over(imported: Members, model: &mut Members, cleared: &[Path]) -> Refused<()> {
    const KINDS: [&str; 7] = ["services", "jobs", "volumes", "networks", "secrets", "configs", "models"];
    for (kind, from) in imported.into_iter().filter(|(kind, _)| KINDS.contains(&&**kind)) {
        let Data::Map(from) = from.data else { continue };
        let target = model.entry(kind.clone()).or_insert_with(|| Members::new().into());
        let Some(to) = target.as_map_mut() else {
            return refuse("top", &target.place.clone(), format!("{kind} must be a mapping"));
        };
        for (name, mut value) in from {
            let own = to.remove(&name);
            let merged = match own {
                None => value,
                Some(own) if own == value => own,
                Some(own) => {
                    if let Some(members) = value.as_map_mut() {
                        forget(members, cleared, &kind, &name);
                    }
                    merge(value, own, &Path::of(&[&kind, &name]))?
                }
            };
            to.insert(name, merged);
        }
    }
    Ok(())
}
