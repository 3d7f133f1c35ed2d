//! What is said over the socket: one JSON object a line, in both directions. A client asks once, and reads replies
//! until [`Reply::Done`], [`Reply::End`] or [`Reply::Wrong`].

use serde::{Deserialize, Serialize};

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ask {
    /// Who is there.
    Hello,
    /// The functions that can be traced; those that a pattern matches, if there is one.
    List {
        /// A pattern, as a program begins with.
        #[serde(default)]
        glob: Option<String>,
    },
    /// Attaches a program, until its end or that of the connection.
    Run {
        /// The program's text.
        program: String,
        /// For how long, in the place of what the program says.
        #[serde(default)]
        seconds: Option<f64>,
        /// Who asks, for those who look at the leases.
        #[serde(default)]
        who: String,
        /// Whether traced calls are told as [`Reply::Records`], and not as events.
        #[serde(default)]
        records: bool,
    },
    /// What is attached.
    Leases,
    /// Has what leases keep told to whoever has asked for them: of one lease, or of all.
    Dump {
        /// Which.
        #[serde(default)]
        lease: Option<u64>,
    },
    /// Ends one lease, or all.
    Off {
        /// Which.
        #[serde(default)]
        lease: Option<u64>,
    },
}

/// What a program answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reply {
    /// To [`Ask::Hello`].
    Hello {
        /// The process.
        pid: u32,
        /// The name of its program.
        name: String,
        /// How many functions can be traced.
        functions: usize,
        /// How many leases there are.
        leases: usize,
    },
    /// One function.
    Function(Function),
    /// A program is attached, or was before.
    Lease(Lease),
    /// One call.
    Event(Event),
    /// One aggregate, as it is now.
    Table(Table),
    /// What the numbers in records mean.
    Names(Names),
    /// Traced calls: so many bytes of them follow this line, as `live/src/record.rs` describes them, each word with
    /// its lowest byte first. Times are in nanoseconds since the lease began.
    Records {
        /// How many.
        bytes: u64,
    },
    /// Something that whoever reads the results has to know.
    Note {
        /// A sentence.
        text: String,
    },
    /// A lease has ended: nothing of it is attached any more.
    End(End),
    /// It was not done; nothing was changed.
    Wrong {
        /// What is wrong.
        message: String,
        /// Where in the program's text, from 1.
        column: Option<usize>,
    },
    /// There is no more.
    Done,
}

/// The name of this program.
pub(crate) fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// A function that can be traced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its path with generic arguments.
    pub path: String,
    /// Its signature, from the parenthesis on.
    pub signature: String,
    /// The source file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// How many copies the compiler has made of it.
    pub copies: usize,
    /// The leases that are attached to it.
    pub leases: Vec<u64>,
}

/// A program that is attached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// Its number.
    pub id: u64,
    /// The program's text.
    pub program: String,
    /// Who asked for it.
    pub who: String,
    /// To how many functions.
    pub functions: usize,
    /// Its bounds, as they would be written.
    pub limits: String,
    /// When it ends, in seconds from now.
    pub seconds: f64,
}

/// What the numbers in records mean, by their places.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Names {
    /// The process.
    pub pid: u32,
    /// The name of its program.
    pub name: String,
    /// The functions.
    pub functions: Vec<String>,
    /// Of each action, what it shows.
    pub items: Vec<Vec<String>>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it began, in nanoseconds since the lease.
    pub at: u64,
    /// The function.
    pub func: String,
    /// The system's number of the thread.
    pub thread: u32,
    /// How deep it is in other calls of the lease.
    pub depth: u32,
    /// Whether it is the life of an async function's future: then it is within no other call, and none within it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub life: bool,
    /// Of a life: its number among the futures of the process; 0 if that was not told.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub id: u64,
    /// Of a life: the number of the one around it; 0 if there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub parent: u64,
    /// How long it took, in nanoseconds; 0 if its end was not awaited.
    pub latency: u64,
    /// `entered`, `returned`, `failed`, `panicked` or `cancelled`.
    pub outcome: String,
    /// What is printed of it: names and texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(String, String)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One aggregate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Its name; empty for `@`.
    pub name: String,
    /// `count`, `sum`, `avg`, `min`, `max`, `hist` or `lhist`.
    pub function: String,
    /// What it is of: `latency` is in nanoseconds.
    pub of: String,
    /// The names of its keys.
    pub keys: Vec<String>,
    /// The most first.
    pub rows: Vec<Row>,
}

/// An aggregate of one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The key.
    pub key: Vec<String>,
    /// How many values.
    pub count: u64,
    /// Their sum.
    #[serde(default)]
    pub sum: i64,
    /// The smallest.
    #[serde(default)]
    pub min: i64,
    /// The largest.
    #[serde(default)]
    pub max: i64,
    /// Half of the values are no larger, to within an eighth; of a `hist`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<u64>,
    /// 90 % are no larger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<u64>,
    /// 99 % are no larger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<u64>,
    /// Buckets that are not empty: from, up to and including, how many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<(u64, u64, u64)>,
}

/// How a lease ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// A sentence.
    pub why: String,
    /// Calls of its functions.
    pub calls: u64,
    /// Calls that its predicate kept.
    pub kept: u64,
    /// Calls that were not looked at, because it was thinned out.
    pub thinned: u64,
    /// Events over the rate.
    pub held_back: u64,
    /// Calls and events for which there was no room.
    pub lost: u64,
    /// Calls from within its own probes.
    pub missed: u64,
    /// How long it lasted.
    pub seconds: f64,
    /// What its probes took of the processor, estimated.
    pub spent: f64,
}
