//! Server-side apply and the managers of fields.
//! Source: kubernetes v1.37 apimachinery/pkg/util/managedfields/internal/{structuredmerge,conflict}.go.

use super::tree::{WriteOptions, Written, info_of};
use super::{Api, ApiError, By};
use crate::kubernetes::objects::field_set::{FieldPath, FieldSet, fields_of, merged, remove, shown, value_at};
use crate::kubernetes::objects::schema::KindInfo;
use crate::kubernetes::objects::{Id, ManagedFields};
use crate::sim::Time;
use crate::text::{Value, Word};
use std::collections::BTreeMap;
use std::rc::Rc;

impl Api {
    /// Server-side apply: creates the object, or merges the fields of this manager into it. Fields that another manager owns
    /// with another value are conflicts unless `force` takes them over.
    pub fn apply_tree(
        &mut self,
        mut tree: Value,
        manager: &str,
        force: bool,
        by: By,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let kind = self.kind_of(&tree);
        let namespace = match self.kinds.namespaced(kind) {
            true => tree.str_at(&["metadata", "namespace"]).filter(|n| !n.is_empty()).unwrap_or("default").to_string(),
            false => String::new(),
        };
        tree.remove_at(&["metadata", "managedFields"]);
        let info = info_of(&tree);
        let wanted = fields_of(&tree, info);
        let name = tree.str_at(&["metadata", "name"]).unwrap_or_default().to_string();
        let Some(id) = self.store.find(kind, &namespace, &name) else {
            let written = self.create_tree(tree, by, options)?;
            if !options.dry_run {
                self.set_manager(written.object.meta.id, Writer::plain(manager), "Apply", wanted);
            }
            return Ok(written);
        };
        let Some(object) = self.store.get(id).cloned() else { return Err(ApiError::gone()) };
        let stored = self.tree(&object);
        let managers = object.meta.managed.clone().unwrap_or_default();
        if !force {
            refuse_conflicts(&managers, manager, &wanted, &stored, &tree, info)?;
        }
        let mut result = merged(&stored, &tree, info);
        let kept = |path: &FieldPath| {
            wanted.0.contains(path) || managers.iter().any(|m| &*m.manager != manager && m.fields.0.contains(path))
        };
        let before = managers.iter().filter(|m| &*m.manager == manager && &*m.operation == "Apply");
        let dropped: Vec<FieldPath> = before.flat_map(|m| m.fields.0.iter()).filter(|p| !kept(p)).cloned().collect();
        for path in &dropped {
            remove(&mut result, path, info);
        }
        let written = self.update_tree(id, result, by, options)?;
        if !options.dry_run {
            self.set_manager(id, Writer::plain(manager), "Apply", wanted);
        }
        Ok(written)
    }
    /// An ordinary update by somebody: what it changes is theirs from then on.
    pub fn update_by(
        &mut self,
        id: Id,
        tree: Value,
        writer: Writer,
        by: By,
        options: &WriteOptions,
    ) -> Result<Written, ApiError> {
        let before = self.store.get(id).cloned().map(|object| self.tree(&object));
        let written = self.update_tree(id, tree, by, options)?;
        if !options.dry_run {
            self.note_update(id, writer, before.as_ref());
        }
        Ok(written)
    }
    /// Notes that a manager wrote these fields: it owns them now, and only for those whose value changed nobody else does.
    pub fn set_manager(&mut self, id: Id, writer: Writer, operation: &'static str, fields: FieldSet) {
        let Some(object) = self.store.get(id).cloned() else { return };
        let mut managers = object.meta.managed.as_deref().cloned().unwrap_or_default();
        managers.retain(|m| !(writer.is(m) && m.operation == operation));
        let api_version: Rc<str> = self.kinds.api_version(object.kind).into();
        managers.push(ManagedFields {
            manager: writer.manager.into(),
            operation: Word::Fixed(operation),
            time: self.now.whole_seconds(),
            subresource: Word::Fixed(writer.subresource),
            api_version,
            fields: Rc::new(fields),
        });
        self.store.set_managed(id, Rc::new(managers));
    }
    /// Notes what an ordinary update changed: the changed fields go over to its manager.
    pub fn note_update(&mut self, id: Id, writer: Writer, before: Option<&Value>) {
        let Some(object) = self.store.get(id).cloned() else { return };
        let after = self.tree(&object);
        let info = info_of(&after);
        let mut changed = fields_of(&after, info);
        changed.0.retain(|p| p.first().is_none_or(|f| **f != *"f:status"));
        if let Some(before) = before {
            changed.0.retain(|p| value_at(before, p, info) != value_at(&after, p, info));
        }
        if changed.0.is_empty() {
            return;
        }
        let mut managers = object.meta.managed.as_deref().cloned().unwrap_or_default();
        let mut own = FieldSet::default();
        for m in &mut managers {
            if writer.is(m) && &*m.operation == "Update" {
                own = (*m.fields).clone();
            } else {
                Rc::make_mut(&mut m.fields).0.retain(|p| !changed.0.contains(p));
            }
        }
        managers.retain(|m| !m.fields.0.is_empty());
        own.0.extend(changed.0);
        self.store.set_managed(id, Rc::new(managers));
        self.set_manager(id, writer, "Update", own);
    }
}

/// Who writes fields.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Field manager.
    pub manager: &'a str,
    /// The subresource written through; empty for the object itself.
    pub subresource: &'static str,
}

impl<'a> Writer<'a> {
    /// One who writes the object itself.
    pub fn plain(manager: &'a str) -> Self {
        Writer { manager, subresource: "" }
    }
    fn is(self, m: &ManagedFields) -> bool {
        *m.manager == *self.manager && &*m.subresource == self.subresource
    }
}

/// Manager, operation, subresource, version and time of a set of fields: who is named in a conflict.
type Owner = (Rc<str>, Word, Word, Rc<str>, Time);

/// Refuses when another manager owns a wanted field with another value.
fn refuse_conflicts(
    managers: &[ManagedFields],
    manager: &str,
    wanted: &FieldSet,
    stored: &Value,
    tree: &Value,
    info: Option<&'static KindInfo>,
) -> Result<(), ApiError> {
    let mut conflicts: BTreeMap<Owner, Vec<String>> = BTreeMap::new();
    let mut count = 0;
    for m in managers.iter().filter(|m| &*m.manager != manager) {
        for path in wanted.0.iter().filter(|p| m.fields.0.contains(*p)) {
            let item = path.last().is_some_and(|p| p.starts_with("k:"));
            if !item && value_at(stored, path, info) != value_at(tree, path, info) {
                let who = (m.manager.clone(), m.operation.clone(), m.subresource.clone());
                let key = (who.0, who.1, who.2, m.api_version.clone(), m.time);
                conflicts.entry(key).or_default().push(shown(path));
                count += 1;
            }
        }
    }
    if conflicts.is_empty() {
        return Ok(());
    }
    // Source: conflict.go, printManager.
    let one = |((manager, operation, subresource, version, _), fields): (&Owner, &Vec<String>)| {
        let through =
            if subresource.is_empty() { String::new() } else { format!(" with subresource \"{subresource}\"") };
        let using = if operation == "Update" { format!("{through} using {version}") } else { through };
        match fields.as_slice() {
            [field] => format!("conflict with \"{manager}\"{using}: {field}"),
            many => format!("conflicts with \"{manager}\"{using}:\n- {}", many.join("\n- ")),
        }
    };
    let words: Vec<String> = conflicts.iter().map(one).collect();
    let plural = if count == 1 { "conflict" } else { "conflicts" };
    let message = format!("Apply failed with {count} {plural}: {}", words.join("\n"));
    Err(ApiError { reason: "Conflict", message })
}
