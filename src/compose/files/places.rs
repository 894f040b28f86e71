//! Relative paths in a model made absolute, seen from the project's folder.
//! Source: compose-go v2.16.1 paths/resolve.go, unix.go, context.go, home.go.

use super::folder::join;
use super::notes::{Refused, refuse};
use super::path::{ITEM, Path};
use super::tree::{Data, Members, Tree};

/// What a path is relative to.
pub struct Base<'a> {
    /// The folder; may itself be relative.
    pub dir: &'a str,
    /// What `~` means.
    pub home: Option<&'a str>,
}

#[derive(Clone, Copy)]
enum How {
    Path,
    MaybePath,
    Context,
    Mount,
    DriverOptions,
}

const CONTAINER: &[(&str, How)] = &[
    ("build.context", How::Context),
    ("build.additional_contexts.*", How::Context),
    ("build.ssh.*", How::MaybePath),
    ("env_file.*.path", How::Path),
    ("label_file.*", How::Path),
    ("extends.file", How::Path),
    ("develop.watch.*.path", How::Path),
    ("volumes.*", How::Mount),
    ("pre_start.*.env_file.*.path", How::Path),
    ("pre_start.*.label_file.*", How::Path),
    ("pre_start.*.volumes.*", How::Mount),
];
const TOP: &[(&str, How)] =
    &[("configs.*.file", How::MaybePath), ("secrets.*.file", How::MaybePath), ("volumes.*", How::DriverOptions)];

fn find(path: &Path) -> Option<How> {
    let steps: Vec<&str> = path.steps().iter().map(|step| &**step).collect();
    let (table, inside) = match steps.as_slice() {
        ["services" | "jobs", _, rest @ ..] => (CONTAINER, Path::of(rest)),
        _ => (TOP, path.clone()),
    };
    table.iter().find(|(pattern, _)| inside.fits(pattern)).map(|(_, how)| *how)
}

/// Makes all paths of a model absolute, or at least relative to what the base is relative to.
pub fn resolve(file: &mut Members, base: &Base) -> Refused<()> {
    for (key, value) in file.iter_mut() {
        base.walk(value, &Path::of(&[key]))?;
    }
    Ok(())
}

impl Base<'_> {
    fn walk(&self, tree: &mut Tree, path: &Path) -> Refused<()> {
        if let Some(how) = find(path) {
            return self.one(tree, how);
        }
        match &mut tree.data {
            Data::Map(members) => {
                for (key, value) in members.iter_mut() {
                    self.walk(value, &path.next(key))?;
                }
            }
            Data::List(items) => {
                let inside = path.next(ITEM);
                for item in items {
                    self.walk(item, &inside)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn one(&self, tree: &mut Tree, how: How) -> Refused<()> {
        match how {
            How::Path => self.plain(tree),
            How::MaybePath => {
                self.maybe(tree);
                Ok(())
            }
            How::Context => {
                let text = tree.as_str().unwrap_or_default();
                let prefixes = ["service:", "https://", "http://", "git://", "ssh://", "github.com/", "git@"];
                let remote = text.contains("://") || prefixes.iter().any(|prefix| text.starts_with(prefix));
                if remote { Ok(()) } else { self.plain(tree) }
            }
            How::Mount => self.mount(tree),
            How::DriverOptions => {
                self.driver_options(tree);
                Ok(())
            }
        }
    }

    fn expand(&self, path: &str) -> String {
        match (path.strip_prefix('~'), self.home) {
            (Some(rest), Some(home)) => join(home, rest),
            _ => path.to_owned(),
        }
    }

    fn plain(&self, tree: &mut Tree) -> Refused<()> {
        match &mut tree.data {
            Data::Str(text) => {
                let path = self.expand(text);
                let path = if path.starts_with('/') || path.is_empty() { path } else { join(self.dir, &path) };
                *text = path.into();
                Ok(())
            }
            Data::List(items) => items.iter_mut().try_for_each(|item| self.plain(item)),
            _ => refuse("path", &tree.place.clone(), format!("unexpected type {}", tree.go_type())),
        }
    }

    fn maybe(&self, tree: &mut Tree) {
        if let Data::Str(text) = &mut tree.data {
            let path = self.expand(text);
            let absolute = path.starts_with('/') || is_windows_absolute(&path);
            *text = if absolute { path } else { join(self.dir, &path) }.into();
        }
    }

    fn mount(&self, tree: &mut Tree) -> Refused<()> {
        if tree.str_at(&["type"]) != Some("bind") {
            return Ok(());
        }
        let place = tree.place.clone();
        match tree.as_map_mut().and_then(|members| members.get_mut("source")) {
            Some(source) => {
                self.maybe(source);
                Ok(())
            }
            None => refuse("mount", &place, "invalid mount config for type \"bind\": field Source must not be empty"),
        }
    }

    fn driver_options(&self, tree: &mut Tree) {
        let bind = tree.str_at(&["driver"]) == Some("local") && tree.str_at(&["driver_opts", "o"]) == Some("bind");
        let options = tree.as_map_mut().and_then(|members| members.get_mut("driver_opts")).and_then(Tree::as_map_mut);
        if let Some(device) = options.filter(|_| bind).and_then(|options| options.get_mut("device")) {
            self.maybe(device);
        }
    }
}

/// `C:\…`, `C:/…` or a share. Source: paths/windows_path.go, IsWindowsAbs.
fn is_windows_absolute(path: &str) -> bool {
    let slash = |b: u8| b == b'/' || b == b'\\';
    match path.as_bytes() {
        [drive, b':', third, ..] => drive.is_ascii_alphabetic() && slash(*third),
        [first, second, third, ..] => {
            let share = slash(*first) && slash(*second) && !slash(*third) && *third != b'.';
            share && path[3..].bytes().any(slash)
        }
        _ => false,
    }
}
