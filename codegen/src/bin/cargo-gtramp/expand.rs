//! `cargo gtramp gen` and `expand`: the generated text, to read or to keep.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use gtramp_codegen::{Arch, Config, Files, Plan};

use crate::common::{ConfigArg, GOOD, NOTE, Outcome, print, say};

/// What to render.
#[derive(clap::Args)]
pub(crate) struct Rendered {
    #[command(flatten)]
    config: ConfigArg,
    /// The architecture, as `x86_64` or as in `aarch64-unknown-linux-gnu`
    #[arg(long, value_name = "TARGET", default_value = std::env::consts::ARCH)]
    target: String,
}

/// Writes the generated text into a folder
#[derive(clap::Args)]
pub(crate) struct GenArgs {
    #[command(flatten)]
    rendered: Rendered,
    /// The folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Prints the generated text
#[derive(clap::Args)]
pub(crate) struct ExpandArgs {
    #[command(flatten)]
    rendered: Rendered,
    /// Only this file
    #[arg(value_parser = ["entries", "callers", "table"])]
    file: Option<String>,
}

impl Rendered {
    pub(crate) fn config(&self) -> &ConfigArg {
        &self.config
    }

    /// The configuration as seen from the current folder.
    fn found(&self) -> Result<Config, Box<dyn std::error::Error>> {
        Ok(self.config.find(&std::env::current_dir()?)?.config)
    }

    /// File names and texts, formatted if there is a rustfmt.
    fn files(
        &self,
        config: &Config,
    ) -> Result<Vec<(&'static str, String)>, Box<dyn std::error::Error>> {
        let arch = self.target.split('-').next().unwrap_or_default();
        if Arch::named(arch).is_none() {
            let all = Arch::ALL.map(|arch| arch.name).join(", ");
            anstream::eprintln!(
                "{NOTE}note{NOTE:#}: there are no stubs for `{arch}`, only for {all}: functions stay plain"
            );
        }
        let plan = Plan::new(&format!("{arch} linux"), Arch::named(arch), config);
        let files = Files::render(&plan)?;
        Ok(files.named().into_iter().map(|(name, text)| (name, formatted(text))).collect())
    }
}

/// The files of `dir` that do not hold what would be written to them.
pub(crate) fn differing(
    rendered: &Rendered,
    dir: &Path,
    config: &Config,
) -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
    let files = rendered.files(config)?.into_iter().map(|(name, text)| (dir.join(name), text));
    Ok(files
        .filter(|(path, text)| fs::read_to_string(path).ok().as_ref() != Some(text))
        .map(|(path, _)| path)
        .collect())
}

pub(crate) fn generate(args: &GenArgs) -> Outcome {
    let files = args.rendered.files(&args.rendered.found()?)?;
    fs::create_dir_all(&args.out)
        .map_err(|error| format!("cannot make {}: {error}", args.out.display()))?;
    for (name, text) in files {
        let path = args.out.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            say!("{GOOD}unchanged{GOOD:#} {}", path.display());
            continue;
        }
        fs::write(&path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        say!("{GOOD}wrote{GOOD:#}     {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn expand(args: &ExpandArgs) -> Outcome {
    for (name, text) in args.rendered.files(&args.rendered.found()?)? {
        if args.file.as_ref().is_none_or(|file| name.strip_suffix(".rs") == Some(file)) {
            print(format_args!("{text}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn formatted(text: &str) -> String {
    let rustfmt = || {
        let mut child = Command::new("rustfmt")
            .args(["--edition=2024", "--config=newline_style=Unix"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut input = child.stdin.take()?;
        let text = text.to_owned();
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
        let output = child.wait_with_output().ok()?;
        writer.join().ok()?.ok()?;
        output.status.success().then(|| String::from_utf8(output.stdout).ok())?
    };
    rustfmt().unwrap_or_else(|| text.to_owned())
}
