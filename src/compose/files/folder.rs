//! The files that a person has, by absolute path, and paths as the real tool joins and cleans them.
//! Source: Go path/filepath on Linux, Clean, Join and Dir.

use std::collections::BTreeMap;
use std::rc::Rc;

/// Texts by absolute path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    files: BTreeMap<String, Rc<str>>,
}

impl Folder {
    /// Nothing in it.
    pub fn new() -> Self {
        Folder::default()
    }

    /// Puts a file at an absolute path.
    pub fn put(&mut self, path: &str, text: impl Into<Rc<str>>) {
        self.files.insert(clean(path), text.into());
    }

    /// All files, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Rc<str>)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text))
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<Rc<str>> {
        self.files.get(path).cloned()
    }

    /// Whether some file lies below the path.
    pub fn is_dir(&self, path: &str) -> bool {
        let prefix = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
        path == "/" || self.files.range(prefix.clone()..).next().is_some_and(|(file, _)| file.starts_with(&prefix))
    }
}

/// The shortest path that means the same.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

/// One path below another; empty ones do not count.
pub fn join(base: &str, path: &str) -> String {
    match (base.is_empty(), path.is_empty()) {
        (true, true) => String::new(),
        (true, false) => clean(path),
        (false, true) => clean(base),
        (false, false) => clean(&format!("{base}/{path}")),
    }
}

/// The folder that a path lies in.
pub fn dir(path: &str) -> String {
    match path.rfind('/') {
        Some(at) => clean(&path[..=at]),
        None => ".".into(),
    }
}

/// The last part of a path.
pub fn base(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    match path.rsplit('/').next() {
        Some("") | None => "/",
        Some(last) => last,
    }
}

/// `path` as seen from `base`; both absolute or both relative.
pub fn relative(base: &str, path: &str) -> String {
    let (base, path) = (clean(base), clean(path));
    let parts =
        |path: &str| path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
    let (from, to): (Vec<String>, Vec<String>) = (parts(&base), parts(&path));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[same..].iter().map(|_| "..".to_owned());
    let way: Vec<String> = up.chain(to[same..].iter().cloned()).collect();
    if way.is_empty() { ".".into() } else { way.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, want) in [("/a/./b/../c/", "/a/c"), ("../x", "../x"), ("", "."), ("/..", "/"), ("a//b", "a/b")] {
            assert_eq!(clean(path), want);
        }
        assert_eq!(
            (join("/a", "../b"), dir("/a/b"), base("/a/b/"), dir("x")),
            ("/b".into(), "/a".into(), "b", ".".into())
        );
        assert_eq!((relative("/a/b", "/a/c/d"), relative("/a", "/a")), ("../c/d".into(), ".".into()));
    }

    #[test]
    fn folders_are_where_files_are() {
        let mut folder = Folder::new();
        folder.put("/a/b/c.yaml", "x");
        assert!(
            folder.is_dir("/a") && folder.is_dir("/a/b") && !folder.is_dir("/a/b/c.yaml") && !folder.is_dir("/a/bb")
        );
    }
}
