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
    /// More arguments were asked for than a stub can be rendered for.
    TooManyArgs {
        /// What was asked for.
        asked: usize,
        /// The most that can be.
        most: usize,
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
                "the environment has no `{variable}`: `Builder::from_env` is for build scripts, which cargo runs"
            ),
            Error::TooManyArgs { asked, most } => {
                write!(f, "a maximum of {asked} arguments was asked for, but {most} is the most that stubs can have")
            }
            Error::Template { name, .. } => write!(f, "the template `{name}` cannot be rendered"),
            Error::File { action, path, .. } => write!(f, "cannot {action} {}", path.display()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Error::Environment { .. } | Error::TooManyArgs { .. } => None,
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
