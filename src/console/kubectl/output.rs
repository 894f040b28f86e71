//! What a verb tells of an object that it changed: a sentence, or with `-o` the object itself.
//! Source: kubernetes v1.37 cli-runtime pkg/genericclioptions/print_flags.go, ToPrinter; pkg/printers/{name,yaml}.go.

use super::args::DryRun;
use super::form::Form;
use super::{Args, Cx, Failure, Result, manifest};
use crate::text::Value;

/// One printer of a run. Verbs that make one for each object print YAML without `---` between them.
pub(super) struct Teller {
    form: Form,
    dry_run: DryRun,
    told: usize,
}

impl Teller {
    /// A printer that has printed nothing; a form that nobody knows is refused.
    pub(super) fn new(cx: &Cx, args: &Args) -> Result<Self> {
        Ok(Teller { form: Form::read(cx, args, false)?, dry_run: args.dry_run()?, told: 0 })
    }
    /// `deployment.apps/web scaled (dry run)`, or the object.
    pub(super) fn tell(&mut self, cx: &mut Cx, tree: &Value, operation: &str) -> Result<()> {
        if matches!(self.form, Form::Own) {
            cx.print(&format!("{} {operation}{}\n", manifest::label(tree), self.dry_run.suffix()));
            return Ok(());
        }
        self.told += 1;
        self.form.print(cx, tree, self.told - 1)
    }
}

/// Tells of one object with a printer of its own.
pub(super) fn tell(cx: &mut Cx, args: &Args, tree: &Value, operation: &str) -> Result<()> {
    Teller::new(cx, args)?.tell(cx, tree, operation)
}

/// Several errors as one: where there are several, kubectl's own lose their prefix.
/// Source: kubernetes v1.37 kubectl pkg/cmd/util/helpers.go, checkErr, MultipleErrors.
pub(super) fn aggregate(mut failures: Vec<Failure>) -> Result<()> {
    if failures.len() > 1 {
        for failure in &mut failures {
            if let Some(bare) = failure.words.strip_prefix("error: ") {
                failure.words = bare.to_string();
            }
        }
    }
    super::resource::together(failures).map_or(Ok(()), Err)
}
