//! What a verb tells of an object that it changed: a sentence, or with `-o` the object itself.
//! Source: kubernetes v1.37 cli-runtime pkg/genericclioptions/print_flags.go, ToPrinter; pkg/printers/{name,yaml}.go.

use super::args::DryRun;
use super::{Args, Cx, Failure, Result, manifest};
use crate::text::Value;
use crate::text::go::quoted;

/// Every form of `-o` that verbs with a sentence know. Source: print_flags.go, AllowedFormats.
const FORMS: &str =
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";

/// One printer of a run. Verbs that make one for each object print YAML without `---` between them.
pub(super) struct Teller<'a> {
    args: &'a Args,
    dry_run: DryRun,
    told: usize,
}

impl<'a> Teller<'a> {
    /// A printer that has printed nothing; a form that nobody knows is refused.
    pub(super) fn new(args: &'a Args) -> Result<Self> {
        let form = args.get("output").unwrap_or_default();
        let head = form.split('=').next().unwrap_or_default();
        if !head.is_empty() && !FORMS.split(',').any(|known| known == head) {
            return Err(Failure::error(format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: {FORMS}",
                quoted(form)
            )));
        }
        Ok(Teller { args, dry_run: args.dry_run()?, told: 0 })
    }
    /// `deployment.apps/web scaled (dry run)`, or the object.
    pub(super) fn tell(&mut self, cx: &mut Cx, tree: &Value, operation: &str) -> Result<()> {
        let form = self.args.get("output").unwrap_or_default();
        if form.is_empty() {
            cx.print(&format!("{} {operation}{}\n", manifest::label(tree), self.dry_run.suffix()));
            return Ok(());
        }
        if form == "yaml" && self.told > 0 {
            cx.print("---\n");
        }
        self.told += 1;
        super::get::print_trees(cx, self.args, std::slice::from_ref(tree))
    }
}

/// Tells of one object with a printer of its own.
pub(super) fn tell(cx: &mut Cx, args: &Args, tree: &Value, operation: &str) -> Result<()> {
    Teller::new(args)?.tell(cx, tree, operation)
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
