//! What the subcommands share: cargo's own options, the configuration, errors, progress.

use std::error::Error;
use std::fmt::Arguments;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use anstyle::{AnsiColor, Style};
use gtramp_codegen::Config;
use gtramp_codegen::config::CONFIG_VARIABLE;
use gtramp_codegen::workspace::{Search, Workspace};
use indicatif::{ProgressBar, ProgressStyle};

/// What a subcommand ends with.
pub(crate) type Outcome = Result<ExitCode, Box<dyn Error>>;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const HEAD: Style = Style::new().bold();

/// The file name of the configuration where no variable names another.
pub(crate) const CONFIG_FILE: &str = "gtramp.toml";

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    pub(crate) fn choose(self) {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::AlwaysAnsi,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// Which sources to read.
#[derive(clap::Args)]
#[command(next_help_heading = "Package selection")]
pub(crate) struct Sources {
    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// Only this package of the workspace; may be given several times
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// Also the packages that they depend on
    #[arg(long)]
    dependencies: bool,
    /// Features to activate, as for cargo's own commands
    #[arg(short = 'F', long, value_name = "FEATURES")]
    features: Vec<String>,
    /// Activate all features
    #[arg(long)]
    all_features: bool,
    /// Do not activate the default features
    #[arg(long)]
    no_default_features: bool,
    /// Run without accessing the network
    #[arg(long)]
    offline: bool,
}

impl Sources {
    /// Reads them, with a count on the terminal when it takes a while.
    pub(crate) fn read(&self) -> Result<Workspace, Box<dyn Error>> {
        let mut cargo_args = Vec::new();
        for features in &self.features {
            cargo_args.extend(["--features".to_owned(), features.clone()]);
        }
        let flags = [
            (self.all_features, "--all-features"),
            (self.no_default_features, "--no-default-features"),
            (self.offline, "--offline"),
        ];
        cargo_args.extend(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| (*flag).to_owned()));
        let search = Search {
            manifest_path: self.manifest_path.clone(),
            packages: self.package.clone(),
            dependencies: self.dependencies,
            cargo_args,
        };
        let bar = progress("files read");
        let workspace = Workspace::read(&search, &|files| bar.set_position(files as u64));
        bar.finish_and_clear();
        Ok(workspace?)
    }
}

/// The configuration in force.
#[derive(clap::Args)]
pub(crate) struct ConfigArg {
    /// The configuration [default: what GTRAMP_CONFIG names, in the environment or in
    /// .cargo/config.toml; gtramp.toml in the workspace's folder]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

/// A configuration and where it is from.
pub(crate) struct Found {
    /// The file it is in, or would be written to.
    pub(crate) path: PathBuf,
    /// Its text, if there is such a file.
    pub(crate) text: Option<String>,
    pub(crate) config: Config,
}

impl ConfigArg {
    /// Finds and reads it; `root` is the folder of the workspace.
    pub(crate) fn find(&self, root: &Path) -> Result<Found, Box<dyn Error>> {
        let named = self
            .config
            .clone()
            .or_else(|| named_by_environment(root))
            .or_else(|| named_by_cargo(root));
        let path = named.clone().unwrap_or_else(|| root.join(CONFIG_FILE));
        if !path.exists() && self.config.is_none() {
            return Ok(Found { path, text: None, config: Config::default() });
        }
        let config = Config::read(&path)?;
        Ok(Found { text: Some(fs::read_to_string(&path)?), path, config })
    }
}

fn named_by_environment(root: &Path) -> Option<PathBuf> {
    let path = env::var_os(CONFIG_VARIABLE).filter(|path| !path.is_empty())?;
    Some(root.join(path))
}

/// What `[env]` of a `.cargo/config.toml` says, in the workspace's folder or above.
fn named_by_cargo(root: &Path) -> Option<PathBuf> {
    root.ancestors().find_map(|folder| {
        let text = fs::read_to_string(folder.join(".cargo/config.toml")).ok()?;
        let document: toml_edit::DocumentMut = text.parse().ok()?;
        let value = document.get("env")?.get(CONFIG_VARIABLE)?;
        let path = value.as_str().or_else(|| value.get("value")?.as_str())?;
        // `relative = true`: from the folder that holds `.cargo`.
        Some(folder.join(path))
    })
}

/// A counter that appears when it is needed for longer than a moment, on a terminal.
pub(crate) fn progress(what: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {{human_pos}} {what}")) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Prints a line.
macro_rules! say {
    ($($line:tt)*) => {
        $crate::common::print(format_args!("{}\n", format_args!($($line)*)))
    };
}

pub(crate) use say;

/// Prints to the standard output, and ends as a signal would have it when nobody reads on.
pub(crate) fn print(text: Arguments<'_>) {
    if let Err(error) = anstream::stdout().lock().write_fmt(text) {
        let code = if error.kind() == ErrorKind::BrokenPipe { 141 } else { 1 };
        std::process::exit(code);
    }
}

/// Prints an error and what caused it.
pub(crate) fn print_error(error: &dyn Error) {
    anstream::eprintln!("{BAD}error{BAD:#}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        anstream::eprintln!("  {DIM}because{DIM:#}: {}", error.to_string().replace('\n', "\n  "));
        cause = error.source();
    }
}

/// Prints what a program reads.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Box<dyn Error>> {
    say!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// `1 function`, `2 functions`.
pub(crate) fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Argument counts as a reader would say them: `0 to 3, 5`.
pub(crate) fn ranges(numbers: impl IntoIterator<Item = usize>) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let texts = ranges.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    });
    let text = texts.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "none".to_owned() } else { text }
}
