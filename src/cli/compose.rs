//! Compose files on the command line: a project may look at everything in its folder, so that is read too.

use super::Outcome;
use crate::compose::files::FILE_NAMES;
use crate::compose::files::folder::{base, dir};
use crate::scenario::{TextFile, has_compose};
use std::rc::Rc;

/// What lies beside the named files of a project.
#[derive(Debug, Default)]
pub struct Around {
    /// Full path of the project's folder.
    pub folder: Rc<str>,
    /// What lies there, named as seen from the folder.
    pub files: Vec<TextFile>,
}

/// What lies around the first Compose file among these; a project file of another name than the usual ones is called
/// `compose.yaml`, as if it were named with `-f`. `None` where no file is of Compose.
pub fn around(paths: &[String], files: &mut [TextFile]) -> Result<Option<Around>, Outcome> {
    let Some(at) = files.iter().position(|file| has_compose(std::slice::from_ref(file))) else { return Ok(None) };
    let (folder, cwd) = super::folder::around(&paths[at..=at]).map_err(Outcome::usage)?;
    let main = super::folder::absolute(&cwd, &paths[at]);
    let home = dir(&main);
    if !FILE_NAMES.contains(&base(&main)) {
        files[at].name = FILE_NAMES[0].into();
    }
    let inside = |path: &str| path.strip_prefix(&*home)?.strip_prefix('/').map(Rc::from);
    let others = folder.iter().filter(|(path, _)| *path != main);
    let files = others.filter_map(|(path, text)| Some(TextFile { name: inside(path)?, text: text.clone() })).collect();
    Ok(Some(Around { folder: home.as_str().into(), files }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> TextFile {
        TextFile { name: name.into(), text: text.into() }
    }

    #[test]
    fn compose_files_are_known_and_run() {
        let shop = file("shop.yaml", "services:\n  web: {image: nginx}\n  job: {image: busybox, command: sleep 5}\n");
        assert!(has_compose(std::slice::from_ref(&shop)));
        assert!(!has_compose(&[file("pod.yaml", "kind: Pod\nservices: {}\n")]));
        let home = std::env::temp_dir().join(format!("shop-{}", std::process::id())).join("shop");
        std::fs::create_dir_all(&home).expect("a folder");
        let path = home.join("shop.yaml");
        std::fs::write(&path, &*shop.text).expect("a file");
        let outcome = crate::cli::run::run(&[path.display().to_string(), "--for".into(), "20s".into()]);
        assert_eq!(outcome.code, 0, "{}", outcome.err);
        assert!(outcome.out.contains("shop-web-1"), "{}", outcome.out);
        assert!(outcome.out.contains("Exited (0)"), "{}", outcome.out);
    }
}
