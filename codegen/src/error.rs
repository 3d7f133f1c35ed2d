//! What can go wrong, and how it is told.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;

/// Why nothing was generated.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A variable that cargo sets for build scripts is missing.
    Environment {
        /// Its name.
        variable: &'static str,
    },
    /// The configuration file says something that cannot be.
    Config {
        /// The file.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// cargo does not tell what is in the workspace.
    #[cfg(feature = "workspace")]
    Metadata {
        /// Why.
        source: cargo_metadata::Error,
    },
    /// The workspace has no such package.
    #[cfg(feature = "workspace")]
    NoPackage {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        members: Vec<String>,
    },
    /// What should be the path of a probe is none.
    Path {
        /// What it is.
        path: String,
    },
    /// A template is wrong.
    Template {
        /// Its name.
        name: &'static str,
        /// What the template engine says.
        source: tera::Error,
    },
    /// A file could not be read or written.
    File {
        /// What was tried: "read", "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Environment { variable } => write!(
                f,
                "the environment has no `{variable}`: `from_env` is for build scripts, which cargo runs"
            ),
            Error::Config { path, line, message } => {
                write!(f, "{}:{line}: {message}", path.display())
            }
            #[cfg(feature = "workspace")]
            Error::Metadata { .. } => write!(f, "cargo cannot tell what is in the workspace"),
            #[cfg(feature = "workspace")]
            Error::NoPackage { name, members } => {
                write!(f, "the workspace has no package `{name}`; it has {}", members.join(", "))
            }
            Error::Path { path } => write!(
                f,
                "`{path}` is not the path of a probe: write it as in `crate::latency::begin`, without generic arguments"
            ),
            Error::Template { name, .. } => write!(f, "the template `{name}` cannot be rendered"),
            Error::File { action, path, .. } => write!(f, "cannot {action} {}", path.display()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Error::Environment { .. } | Error::Config { .. } | Error::Path { .. } => None,
            #[cfg(feature = "workspace")]
            Error::Metadata { source } => Some(source),
            #[cfg(feature = "workspace")]
            Error::NoPackage { .. } => None,
            Error::Template { source, .. } => Some(source),
            Error::File { source, .. } => Some(source),
        }
    }
}

impl Error {
    /// The error and everything that caused it, one per line.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str("\n  because: ");
            text.push_str(&error.to_string().replace('\n', "\n  "));
            cause = error.source();
        }
        text
    }
}
