//! `cargo gtramp check`: for CI.

use std::path::PathBuf;
use std::process::ExitCode;

use gtramp_codegen::workspace::{Refused, Workspace};
use serde_json::json;

use crate::common::{BAD, Found, GOOD, Outcome, Sources, print_json, ranges, say};
use crate::expand::{self, Rendered};
use crate::plan::{Comparison, WRITTEN, exact, place};

/// Fails if a traceable function has no callers or is refused, or if something generated is stale
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    rendered: Rendered,
    /// A folder that `cargo gtramp gen` wrote and that is kept
    #[arg(long, value_name = "DIR")]
    vendored: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let workspace = args.sources.read()?;
    let found = args.rendered.config().find(&workspace.root)?;
    let mut problems = missing(&workspace, &found);
    problems.extend(workspace.refused.iter().map(refused));
    problems.extend(stale(&workspace, &found));
    if let Some(dir) = &args.vendored {
        for path in expand::differing(&args.rendered, dir, &found.config)? {
            problems.push(format!(
                "{} is not what `cargo gtramp gen --out {}` writes",
                path.display(),
                dir.display()
            ));
        }
    }
    for one in &workspace.skipped {
        problems.push(format!("{} was not read: {}", place(one), one.reason));
    }
    if args.json {
        print_json(&json!({ "functions": workspace.functions.len(), "problems": problems }))?;
    } else if problems.is_empty() {
        say!(
            "{GOOD}good{GOOD:#}: every traceable function has its callers ({})",
            workspace.functions.len()
        );
    } else {
        for problem in &problems {
            say!("{BAD}bad{BAD:#}: {problem}");
        }
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Functions without callers.
fn missing(workspace: &Workspace, found: &Found) -> Vec<String> {
    let comparison = Comparison::new(workspace, &found.config);
    let functions =
        workspace.functions.iter().filter(|function| comparison.missing.contains(&function.args));
    functions
        .map(|function| {
            format!(
                "{} ({}:{}) takes {} arguments; callers are configured for {}",
                function.path,
                function.file.display(),
                function.line,
                function.args,
                ranges(found.config.args.iter().copied())
            )
        })
        .collect()
}

/// A function that does not compile.
fn refused(one: &Refused) -> String {
    format!(
        "{} ({}:{}) cannot be traced: {}; take the attribute off, or put `#[traceable(skip)]` on it",
        one.path,
        one.file.display(),
        one.line,
        one.reason
    )
}

/// A configuration that `plan --write` wrote and would write differently now.
fn stale(workspace: &Workspace, found: &Found) -> Option<String> {
    let text = found.text.as_ref().filter(|text| text.starts_with(WRITTEN))?;
    let expected = exact(workspace, &found.config);
    (*text != expected).then(|| {
        format!("{} is out of date; `cargo gtramp plan --write` updates it", found.path.display())
    })
}
