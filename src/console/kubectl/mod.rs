//! kubectl.

pub mod table;

use super::{Console, FindFile, Output};
use crate::kubernetes::Cluster;
use crate::kubernetes::apiserver::{By, WriteOptions};
use crate::kubernetes::objects::decode::decode;
use crate::kubernetes::objects::{Id, Source};
use crate::scenario::TextFile;
use crate::text::yaml;
use std::rc::Rc;

/// A command that waits or watches.
#[derive(Clone, Debug)]
pub struct Pending {}

/// Runs a kubectl line.
pub fn run(_: &mut Console, _: &mut Cluster, _: FindFile<'_>, line: &str, _: &By) -> Output {
    Output { stderr: format!("error: unknown command \"{line}\"\n"), code: Some(1), ..Output::default() }
}

/// Goes on with a waiting command.
pub fn go_on(_: Pending, _: &mut Cluster) -> (Option<Output>, Option<Pending>) {
    (None, None)
}

/// Whether a line only reads.
pub fn only_reads(line: &str) -> bool {
    let verb = line.split_whitespace().nth(1).unwrap_or_default();
    matches!(verb, "get" | "describe" | "explain" | "api-resources" | "events" | "logs" | "top" | "version")
}

/// Completions of a line.
pub fn complete(_: &Cluster, _: &str) -> Vec<String> {
    Vec::new()
}

/// `kubectl describe` of one object.
pub fn describe_object(_: &Cluster, _: Id) -> String {
    String::new()
}

/// Applies every document of these files.
pub fn apply_files(_: &mut Console, cluster: &mut Cluster, files: &[TextFile], by: &By) -> Output {
    let mut output = Output { code: Some(0), ..Output::default() };
    let (documents, _) = yaml::read_all(files.iter().map(|f| (&*f.name, &*f.text)));
    for document in documents {
        let decoded = decode(&document.node, &[]);
        let source = Some(Rc::new(Source { file: document.file.clone(), document: document.node }));
        let options = WriteOptions { source, ..WriteOptions::default() };
        match cluster.api.create_tree(decoded.object, by.clone(), &options) {
            Ok(written) => output.stdout.push_str(&format!("{} created\n", cluster.api.label(written.object.meta.id))),
            Err(refused) => {
                output.stderr.push_str(&format!("{}\n", refused.message));
                output.code = Some(1);
            }
        }
    }
    output
}
