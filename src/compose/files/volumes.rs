//! The short form of mounts: `source:target:options`.
//! Source: compose-go v2.16.1 format/volume.go.

use super::tree::{Data, Members, Tree};

/// A mount written short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Short {
    /// What is mounted; empty for an anonymous volume.
    pub source: String,
    /// Where.
    pub target: String,
    read_only: bool,
    no_copy: bool,
    selinux: Option<String>,
    propagation: Option<String>,
    whole: bool,
}

/// Reads a mount.
pub fn parse(spec: &str) -> Result<Short, String> {
    let mut volume = Short::default();
    if spec.is_empty() {
        return Err("invalid empty volume spec".into());
    }
    if spec.len() <= 2 {
        return Ok(Short { target: spec.to_owned(), whole: true, ..volume });
    }
    let (mut section, mut braces) = (String::new(), 0usize);
    let chars = spec.char_indices().map(|(i, c)| (i, Some(c))).chain([(spec.len(), None)]);
    for (i, c) in chars {
        match c {
            Some('$') if spec.as_bytes().get(i + 1) == Some(&b'{') => {
                braces += 1;
                section.push('$');
            }
            Some('}') if braces > 0 => {
                braces -= 1;
                section.push('}');
            }
            Some(':') if is_drive(&section) => section.push(':'),
            // The real code looks for a character that it appends, and finds it in the text as well.
            Some(':' | '\0') | None if braces == 0 => {
                volume.take(&section, c == Some(':')).map_err(|why| format!("invalid spec: {spec}: {why}"))?;
                section.clear();
            }
            Some(c) => section.push(c),
            None => {}
        }
    }
    Ok(volume)
}

fn is_drive(section: &str) -> bool {
    let mut chars = section.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none()
}

impl Short {
    fn take(&mut self, section: &str, more: bool) -> Result<(), &'static str> {
        if section.is_empty() {
            return Err("empty section between colons");
        }
        if self.source.is_empty() && !more {
            self.target = section.to_owned();
        } else if self.source.is_empty() {
            self.source = section.to_owned();
        } else if self.target.is_empty() {
            self.target = section.to_owned();
        } else if more {
            return Err("too many colons");
        } else {
            for option in section.split(',') {
                match option {
                    "ro" => self.read_only = true,
                    "rw" => self.read_only = false,
                    "nocopy" => self.no_copy = true,
                    "z" | "Z" => self.selinux = Some(option.to_owned()),
                    "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                        self.propagation = Some(option.to_owned());
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The long form.
    pub fn long(self) -> Members {
        let mut out = Members::new();
        let text = |text: String| Tree::from(text);
        let bind = is_file_path(&self.source);
        out.insert("type".into(), if bind { "bind" } else { "volume" }.into());
        if !self.source.is_empty() {
            out.insert("source".into(), text(self.source));
        }
        if !self.target.is_empty() {
            out.insert("target".into(), text(super::folder::clean(&self.target)));
        }
        if self.read_only {
            out.insert("read_only".into(), true.into());
        }
        if bind || self.selinux.is_some() || self.propagation.is_some() {
            let mut options = Members::new();
            options.extend(self.selinux.map(|z| ("selinux".into(), text(z))));
            options.extend(self.propagation.map(|p| ("propagation".into(), text(p))));
            options.extend(bind.then(|| ("create_host_path".into(), Tree::from(true))));
            out.insert("bind".into(), options.into());
        }
        if self.no_copy || (!bind && !self.whole) {
            let mut options = Members::new();
            options.extend(self.no_copy.then(|| ("nocopy".into(), Data::Bool(true).into())));
            out.insert("volume".into(), options.into());
        }
        out
    }
}

fn is_file_path(source: &str) -> bool {
    if source.starts_with(['.', '/', '~']) || source.starts_with("\\\\") {
        return true;
    }
    let mut chars = source.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.next() == Some(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(spec: &str) -> Result<String, String> {
        parse(spec).map(|volume| Tree::from(volume.long()).go_text())
    }

    #[test]
    fn forms() {
        for (spec, want) in [
            ("/a", "map[target:/a type:volume]"),
            ("/data", "map[target:/data type:volume volume:map[]]"),
            (
                "./a:/b:ro,z",
                "map[bind:map[create_host_path:true selinux:z] read_only:true source:./a target:/b type:bind]",
            ),
            ("vol:/b/:nocopy", "map[source:vol target:/b type:volume volume:map[nocopy:true]]"),
            ("C:\\x:/b", "map[bind:map[create_host_path:true] source:C:\\x target:/b type:bind]"),
            ("${A:-b}:/c", "map[source:${A:-b} target:/c type:volume volume:map[]]"),
        ] {
            assert_eq!(long(spec).as_deref(), Ok(want), "{spec}");
        }
        assert_eq!(long("data:"), Err("invalid spec: data:: empty section between colons".into()));
        assert_eq!(long("aa:/b:ro:z"), Err("invalid spec: aa:/b:ro:z: too many colons".into()));
    }
}
