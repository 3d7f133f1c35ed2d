//! The line in `main`.

use std::io;
use std::path::{Path, PathBuf};

use crate::serve::Server;

/// While it lives, the program can be asked.
#[must_use = "dropping it ends the listening"]
#[derive(Debug)]
pub struct Live {
    server: Option<Server>,
}

impl Live {
    /// Where it listens; `None` if it does not.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        self.server.as_ref().map(Server::path)
    }
}

/// Lets the program be asked from outside, as its environment says:
///
/// - `GTRAMP_SOCKET=off`: it does not listen; `GTRAMP_SOCKET=PATH`: it listens there. Unless said, it listens in
///   the [directory](crate::directory) of the user's sockets.
///
/// It never fails: what is wrong is said on standard error, once, and the program goes on without.
pub fn start() -> Live {
    let path = match std::env::var_os("GTRAMP_SOCKET") {
        Some(off) if off == "off" => return Live { server: None },
        Some(path) if !path.is_empty() => Some(PathBuf::from(path)),
        _ => None,
    };
    listen(path).unwrap_or_else(|error| {
        eprintln!("gtramp: nobody can ask this program: {error}");
        Live { server: None }
    })
}

/// As [`start`], but at this path, whatever the environment says.
///
/// # Errors
///
/// The path exists and is not a socket of this user's that nobody listens at, or it cannot be made.
pub fn start_at(path: impl Into<PathBuf>) -> io::Result<Live> {
    listen(Some(path.into()))
}

fn listen(path: Option<PathBuf>) -> io::Result<Live> {
    Ok(Live { server: Some(Server::start(path)?) })
}
