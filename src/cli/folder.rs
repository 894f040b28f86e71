//! The folder around files named on the command line, as far as a project may look into it.

use crate::compose::files::Folder;
use crate::compose::files::folder::{clean, dir, join};
use std::path::Path;

/// Most files that are read. Ours: a project's folder may be a whole repository.
const FILES_MAX: usize = 1_000;
/// Longest file that is read, in bytes. Ours: what configs, secrets and included files need at most.
const SIZE_MAX: u64 = 1 << 20;
/// How deep folders are looked into. Ours.
const DEPTH_MAX: usize = 5;
/// Folders that hold no project files.
const SKIPPED: [&str; 3] = [".git", "node_modules", "target"];

/// The named files and what lies in their folders, and the folder of the person.
pub fn around(files: &[String]) -> Result<(Folder, String), String> {
    let cwd = std::env::current_dir().map(|d| d.display().to_string()).unwrap_or_else(|_| "/".into());
    let mut folder = Folder::new();
    for file in files {
        let path = absolute(&cwd, file);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        let mut left = FILES_MAX;
        gather(Path::new(&dir(&path)), 0, &mut left, &mut folder);
        folder.put(&path, text);
    }
    Ok((folder, cwd))
}

/// A path as seen from the root.
pub fn absolute(cwd: &str, path: &str) -> String {
    if path.starts_with('/') { clean(path) } else { join(cwd, path) }
}

/// Puts the text files below a folder into another, in the order of their names.
fn gather(from: &Path, depth: usize, left: &mut usize, folder: &mut Folder) {
    let Ok(entries) = std::fs::read_dir(from) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let skipped = path.file_name().is_some_and(|name| SKIPPED.iter().any(|s| name == *s));
        if *left == 0 || skipped {
            continue;
        }
        let Ok(about) = std::fs::symlink_metadata(&path) else { continue };
        if about.is_dir() && depth < DEPTH_MAX {
            gather(&path, depth + 1, left, folder);
        } else if about.is_file() && about.len() <= SIZE_MAX {
            *left -= 1;
            if let Ok(text) = std::fs::read_to_string(&path) {
                folder.put(&path.display().to_string(), text);
            }
        }
    }
}
