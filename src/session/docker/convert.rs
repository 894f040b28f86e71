//! A Compose project set beside its conversion: the manifests, a scenario that asks both houses at the same instant, and what
//! a person should know about it.

use super::check::{lay_out, request};
use crate::compose::files::{self, Members, Project};
use crate::convert;
use crate::map;
use crate::scenario::{Scenario, TextFile};
use crate::session::command::File;
use crate::session::update::{Converted, NoteRow};
use crate::text::{Map, Value};

/// Name of the file that holds the manifests.
const MANIFESTS: &str = "kubernetes.yaml";
/// Name of the file that holds load and machines.
const SCENARIO: &str = "duel.scenario.yaml";
/// Requests a second in both houses. Ours: seen at once, and no burden for a container of usual size.
const RATE: u32 = 40;

/// Converts the Compose project among these files; `None` where there is none.
pub(in crate::session) fn convert(texts: &[TextFile], language: &str) -> Option<Converted> {
    let (scenario, _) = Scenario::read(texts, 1);
    let here = &*scenario.folder;
    let place = lay_out(here, scenario.files.iter().chain(&scenario.around));
    let compose: Vec<&TextFile> = scenario.files.iter().filter(|f| files::is_compose(&f.name, &f.text)).collect();
    let first = compose.first()?;
    let mut request = request(here);
    if !compose.iter().any(|f| files::FILE_NAMES.contains(&&*f.name)) {
        request.files = vec![files::folder::join(here, &first.name)];
    }
    let project = match files::load(&place, &request).0 {
        Ok(project) => project,
        Err(problem) => return Some(Converted { refused: problem.message.clone(), ..Converted::default() }),
    };
    let made = convert::convert(&tree(&project), &|path| place.text(path).map(|text| text.to_string()));
    let keep = |f: &&TextFile| !matches!(&*f.name, MANIFESTS | SCENARIO);
    let mut all: Vec<File> = scenario.files.iter().chain(&scenario.around).filter(keep).map(file).collect();
    all.push(File { name: MANIFESTS.into(), text: made.text() });
    all.push(File { name: SCENARIO.into(), text: beside(&project) });
    let note = |note: &convert::Note| NoteRow {
        sort: note.sort.key().trim_start_matches("sort.").into(),
        path: note.path.clone(),
        words: note.text(language),
    };
    Some(Converted { files: all, notes: made.notes.iter().map(note).collect(), refused: String::new() })
}

fn file(file: &TextFile) -> File {
    File { name: file.name.to_string(), text: file.text.to_string() }
}

/// The scenario: clients ask the first service that publishes a port, in both houses.
fn beside(project: &Project) -> String {
    let publishes = |tree: &files::Tree| !tree.list_at(&["ports"]).is_empty();
    let asked = project.services.iter().find(|(_, tree)| publishes(tree)).map(|(name, _)| name);
    let mut out =
        format!("name: {} in both houses\ncluster:\n  nodes: {{count: 3, cpu: 4, memory: 8Gi}}\n", project.name);
    if let Some(name) = asked {
        out += &format!("load:\n- {{to: app/{name}, name: clients, at: 30s, constant: {RATE}}}\n");
    }
    out
}

/// The canonical tree of a project.
fn tree(project: &Project) -> Value {
    let part = |members: &Members| -> Map { members.iter().map(|(k, node)| (k.clone(), node.to_value())).collect() };
    Value::from(map! {
        "name" => project.name.as_str(), "services" => part(&project.services), "networks" => part(&project.networks),
        "volumes" => part(&project.volumes), "secrets" => part(&project.secrets), "configs" => part(&project.configs),
    })
}
