//! What can be written on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// What a running program is doing, function by function
#[derive(Debug, Parser)]
#[command(name = "gtramp", version, infer_subcommands = true)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The process; the only one that can be reached, unless said
    #[arg(short, long, global = true, value_name = "PID")]
    pub(crate) pid: Option<u32>,
    /// The socket, if it is not where it usually is
    #[arg(long, global = true, value_name = "PATH", conflicts_with = "pid")]
    pub(crate) socket: Option<PathBuf>,
    /// For how long, in seconds
    #[arg(short, long, global = true, value_name = "SECONDS")]
    pub(crate) duration: Option<f64>,
    /// So much of the program's processor time its probes may take; 10, unless said
    #[arg(long, global = true, value_name = "PERCENT")]
    pub(crate) budget: Option<f64>,
    /// One JSON object a line, as the program says it
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// So many rows
    #[arg(short = 'n', long = "rows", global = true, value_name = "N")]
    pub(crate) rows: Option<usize>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Programs that can be reached
    Ps,
    /// Functions that can be traced
    List {
        /// Those that this pattern matches
        glob: Option<String>,
    },
    /// Runs a program: `bank::** /latency > 1ms/ { @[func] = hist(latency) }`
    Run {
        /// The program
        program: String,
    },
    /// How often functions are called
    Count {
        #[command(flatten)]
        which: Which,
    },
    /// How long calls take
    Hist {
        #[command(flatten)]
        which: Which,
        /// One histogram for each function
        #[arg(short = 'F', long)]
        functions: bool,
    },
    /// Calls that take long
    Slow {
        /// At least so many milliseconds
        #[arg(short, long, value_name = "MS", default_value_t = 10.0)]
        min: f64,
        /// The stack of each
        #[arg(short, long)]
        stack: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Calls that return an `Err` or panic, with their arguments and results
    Errors {
        #[command(flatten)]
        which: Which,
    },
    /// Calls as they end, with their arguments if asked for
    Trace {
        /// Arguments and results
        #[arg(short, long)]
        args: bool,
        /// The stack of each
        #[arg(short = 'U', long)]
        stack: bool,
        /// So many, then end
        #[arg(short = 'M', long, value_name = "N", default_value_t = 100)]
        max: u64,
        #[command(flatten)]
        which: Which,
    },
    /// Calls with all calls within them, as trees
    Graph {
        #[command(flatten)]
        deep: Deep,
        /// Only trees of at least so many milliseconds
        #[arg(short, long, value_name = "MS", default_value_t = 0.0)]
        min: f64,
        #[command(flatten)]
        which: Which,
    },
    /// The functions that are called most, on a screen of their own
    Top {
        #[command(flatten)]
        which: Which,
    },
    /// Writes calls to a file, for `report` and `export`
    Record {
        /// The file
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        #[command(flatten)]
        deep: Deep,
        #[command(flatten)]
        flight: Flight,
        #[command(flatten)]
        which: Which,
    },
    /// Functions of a recording: how often they were called, and how long they took
    Report {
        /// What `record` has written
        file: PathBuf,
    },
    /// Has what `record --keep` keeps written now
    Dump {
        /// The lease; all that keep something, unless said
        lease: Option<u64>,
    },
    /// What was recorded, in a form that others read
    Export {
        /// What `record` has written
        file: PathBuf,
        #[command(flatten)]
        form: Form,
    },
    /// A script that completes commands and options in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// What is attached, by whom
    Leases,
    /// Ends a lease
    Off {
        /// Its number
        #[arg(required_unless_present = "all")]
        lease: Option<u64>,
        /// All of them
        #[arg(long, conflicts_with = "lease")]
        all: bool,
    },
}

/// Functions, and which of their calls.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Patterns: `bank::**`, `!bank::audit::**`, `:src/ledger.rs`
    #[arg(required = true)]
    pub(crate) patterns: Vec<String>,
    /// Only calls of which this is true: `amount > 1000`
    #[arg(short = 'w', long = "where", value_name = "PREDICATE")]
    pub(crate) predicate: Option<String>,
}

impl Which {
    /// The program that does this with these calls.
    pub(crate) fn program(&self, also: Option<&str>, actions: &str) -> String {
        let patterns = self.patterns.join(" ");
        let predicate = match (also, &self.predicate) {
            (None, None) => String::new(),
            (Some(one), None) => format!(" /{one}/"),
            (None, Some(other)) => format!(" /{other}/"),
            (Some(one), Some(other)) => format!(" /{one} && ({other})/"),
        };
        format!("{patterns}{predicate} {{ {actions} }}")
    }
}

/// What is kept of calls within calls.
#[derive(Debug, Args)]
pub(crate) struct Deep {
    /// Arguments and results
    #[arg(short, long)]
    pub(crate) args: bool,
    /// So deep
    #[arg(short = 'D', long, value_name = "N")]
    pub(crate) depth: Option<u32>,
}

impl Deep {
    /// The program that traces these calls.
    pub(crate) fn program(&self, which: &Which) -> String {
        let depth = self.depth.map(|depth| format!("depth < {depth}"));
        which.program(depth.as_deref(), if self.args { "trace(args, ret)" } else { "trace()" })
    }
}

/// What is kept, and when it is written.
#[derive(Debug, Args)]
pub(crate) struct Flight {
    /// Keep the last so many MiB of each thread, and write them only when a call panics, or `dump` asks
    #[arg(short, long, value_name = "MIB")]
    pub(crate) keep: Option<u64>,
    /// ..or when a call that is within no other takes so many milliseconds
    #[arg(short = 'm', long, value_name = "MS", requires = "keep")]
    pub(crate) slow: Option<f64>,
}

impl Flight {
    /// As limits of a program.
    pub(crate) fn limits(&self) -> String {
        let keep = self.keep.map_or_else(String::new, |keep| format!(" keep {keep}MiB"));
        let slow = self.slow.map_or_else(String::new, |slow| format!(" slow {slow}ms"));
        keep + &slow
    }
}

/// How calls are written for others.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Form {
    /// For the viewers of Chrome and Perfetto, and for speedscope
    #[arg(long)]
    pub(crate) chrome: bool,
    /// For the viewer of Perfetto, in its own format
    #[arg(long)]
    pub(crate) perfetto: bool,
    /// Stacks and their time, for flame graphs
    #[arg(long)]
    pub(crate) folded: bool,
    /// Trees, for people
    #[arg(long)]
    pub(crate) graph: bool,
}
