//! Whether a file is a compose file.

use super::folder;
use super::project::{FILE_NAMES, OVERRIDE_NAMES};
use super::read::Written;

/// By its name, or because it speaks of services and of no kind.
pub fn is_compose(name: &str, text: &str) -> bool {
    let base = folder::base(name);
    if FILE_NAMES.contains(&base) || OVERRIDE_NAMES.contains(&base) {
        return true;
    }
    let written = Written::new(name, text);
    let first = written.document(0).ok().map(|read| read.tree);
    first.is_some_and(|tree| tree.get("services").is_some() && tree.get("kind").is_none())
}
