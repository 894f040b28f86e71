//! The machine on which the scenarios were recorded: its images, all made of one program.

use crate::compose::Host;
use crate::compose::engine::{Healthcheck, Image};
use crate::console::compose::{Desk, Table};
use crate::sim::Span;
use std::rc::Rc;

/// (name, command, port, volume, stop signal) of the images. Source: the recordings' own description.
const IMAGES: &[(&str, &str, &str, &str, &str)] = &[
    ("nginx", "nginx", "80/tcp", "", "SIGQUIT"),
    ("postgres", "postgres", "5432/tcp", "/var/lib/postgresql/data", "SIGINT"),
    ("redis", "redis-server", "6379/tcp", "/data", ""),
    ("mysql", "mysqld", "3306/tcp", "/var/lib/mysql", ""),
    ("myapp", "serve", "80/tcp", "", ""),
    ("api", "serve", "80/tcp", "", ""),
    ("web", "serve", "80/tcp", "", ""),
    ("worker", "serve", "80/tcp", "", ""),
    ("healthy", "serve", "80/tcp", "", ""),
];

/// Size of every image. Source: the recordings.
const SIZE: u64 = 12_200_000;

/// A host and a person before it.
pub(super) struct Lab {
    /// The host.
    pub(super) host: Host,
    /// What the person has.
    pub(super) table: Table,
}

impl Lab {
    /// The person at the host.
    pub(super) fn desk(&mut self) -> Desk<'_> {
        self.table.at(&mut self.host)
    }
}

/// A person in the scenario's folder, with its files and the images that they name.
pub(super) fn lab(name: &str, files: &[(String, String)], actions: &str) -> Lab {
    let mut host = Host::new(1);
    let mut table = Table::new(&format!("/srv/w/{name}"));
    table.env.insert("HOME".into(), "/root".into());
    // A secret of one scenario comes from the recorder's environment.
    table.env.insert("S2".into(), "secret two".into());
    let mut texts: Vec<&str> = files.iter().map(|(_, text)| text.as_str()).collect();
    texts.push(actions);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '/' | '-');
    for word in texts.iter().flat_map(|text| text.split(move |c| !fits(c))) {
        let base = word.split(':').next().unwrap_or(word);
        if let Some((_, command, port, volume, signal)) = IMAGES.iter().find(|(known, ..)| *known == base) {
            host.engine.images.put(word, image(word, command, port, volume, signal));
        }
        // A variable's default and its other values name images too.
        for tag in ["1", "2"] {
            let word = format!("{base}:{tag}");
            if let Some((_, command, port, volume, signal)) = IMAGES.iter().find(|(known, ..)| *known == base) {
                host.engine.images.put(&word, image(&word, command, port, volume, signal));
            }
        }
    }
    let shell = Image { command: vec!["sh".into()], size: SIZE, ..Image::default() };
    host.engine.images.put("busybox:1.36", shell);
    for (name, text) in files {
        table.files.insert(name.clone(), text.as_str().into());
    }
    Lab { host, table }
}

fn image(name: &str, command: &str, port: &str, volume: &str, signal: &str) -> Image {
    let check = Healthcheck {
        test: ["CMD", "/app", "check"].map(Rc::from).to_vec(),
        interval: Span::secs(2),
        timeout: Span::secs(1),
        retries: 2,
        ..Healthcheck::default()
    };
    Image {
        entrypoint: vec!["/app".into()],
        command: vec![command.into()],
        env: vec![("IMAGE".into(), name.into())],
        exposed: vec![port.into()],
        volumes: if volume.is_empty() { Vec::new() } else { vec![volume.into()] },
        stop_signal: signal.into(),
        healthcheck: name.starts_with("healthy").then_some(check),
        size: SIZE,
    }
}
