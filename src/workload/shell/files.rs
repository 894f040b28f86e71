//! Files as a script finds, writes and reads them.

use super::{Flow, Run};

impl Run<'_> {
    /// Whether a command is about files.
    pub(super) fn is_about_files(&self, name: &str, args: &[&str]) -> bool {
        let asks = matches!(args, ["-f" | "-e", _] | ["-f" | "-e", _, "]"]);
        matches!(name, "touch" | "mkdir" | "rm" | "ls" | "stat" | "cat") || (matches!(name, "test" | "[") && asks)
    }
    /// Runs such a command.
    pub(super) fn file_command(&mut self, name: &str, args: &[&str], file: Option<&str>) -> Flow {
        match (name, args) {
            ("touch", args) => {
                if args.iter().any(|name| self.locked("touch", name)) {
                    return self.done(1);
                }
                args.iter().for_each(|name| self.put(name, String::new()));
            }
            ("mkdir", args) => {
                let Some(name) = args.iter().find(|a| !a.starts_with('-')) else { return self.done(1) };
                let there = self.files.contains_key(*name);
                self.put(name, String::new());
                return self.done(i32::from(there && !args.contains(&"-p")));
            }
            ("rm", args) => args.iter().for_each(|name| self.take(name)),
            ("ls" | "stat", args) => {
                let known = |name: &&str| name.starts_with('-') || self.files.contains_key(*name);
                let all = args.iter().all(known);
                return self.done(i32::from(!all));
            }
            ("test", ["-f" | "-e", name]) | ("[", ["-f" | "-e", name, "]"]) => {
                let there = self.files.contains_key(*name);
                return self.done(i32::from(!there));
            }
            ("cat", args) => return self.cat(args, file),
            _ => {}
        }
        self.done(0)
    }
    /// Files that have changed by now.
    pub(super) fn catch_up(&mut self) {
        let changes = self.around.changes;
        while let Some((_, name, text)) = changes.get(self.changed).filter(|c| c.0 <= self.now) {
            self.files.insert(name.clone(), text.clone());
            self.changed += 1;
        }
    }
    /// Whether a file cannot be written; says so as the command does.
    pub(super) fn locked(&mut self, command: &str, name: &str) -> bool {
        let Some(folders) = self.around.writable else { return false };
        let open = name.starts_with("/dev/") || folders.iter().any(|f| name.starts_with(f.as_str()));
        if !open {
            self.print(&format!("{command}: {name}: Read-only file system"), None);
        }
        !open
    }
    pub(super) fn put(&mut self, name: &str, text: String) {
        if self.files.insert(name.to_string(), text).is_none() {
            self.made.push((self.now, None, name.to_string()));
        }
    }
    pub(super) fn take(&mut self, name: &str) {
        if self.files.remove(name).is_some() {
            let now = self.now;
            self.made.iter_mut().filter(|(_, to, n)| to.is_none() && n == name).for_each(|(_, to, _)| *to = Some(now));
        }
    }
    pub(super) fn cat(&mut self, names: &[&str], file: Option<&str>) -> Flow {
        let mut code = 0;
        for name in names {
            match self.files.get(*name).cloned() {
                Some(text) => self.print(text.trim_end_matches('\n'), file),
                None => code = 1,
            }
        }
        self.done(code)
    }
}
