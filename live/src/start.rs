//! The line in `main`.

use std::io;
use std::path::{Path, PathBuf};

use crate::serve::Server;
use crate::unasked::Unasked;

/// While it lives, the program can be asked.
#[must_use = "dropping it ends the listening"]
#[derive(Debug)]
pub struct Live {
    server: Option<Server>,
    /// Dropped to write its results.
    _unasked: Option<Unasked>,
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
/// - `GTRAMP=PROGRAM`: runs this program from now on until what is returned is dropped, and writes what it finds
///   to standard error, or to the file that `GTRAMP_OUTPUT` names.
///
/// It never fails: what is wrong is said on standard error, once, and the program goes on without.
pub fn start() -> Live {
    let unasked = std::env::var("GTRAMP").ok().filter(|program| !program.trim().is_empty());
    let unasked = unasked.and_then(|program| {
        let output = std::env::var_os("GTRAMP_OUTPUT").map(PathBuf::from);
        let started = Unasked::start(program, output);
        started.map_err(|error| eprintln!("gtramp: GTRAMP is not run: {error}")).ok()
    });
    let path = match std::env::var_os("GTRAMP_SOCKET") {
        Some(off) if off == "off" => return Live { server: None, _unasked: unasked },
        Some(path) if !path.is_empty() => Some(PathBuf::from(path)),
        _ => None,
    };
    let server = Server::start(path);
    let server = server.map_err(|error| eprintln!("gtramp: nobody can ask this program: {error}"));
    Live { server: server.ok(), _unasked: unasked }
}

/// Listens at this path, whatever the environment says.
///
/// # Errors
///
/// The path exists and is not a socket of this user's that nobody listens at, or it cannot be made.
pub fn start_at(path: impl Into<PathBuf>) -> io::Result<Live> {
    Ok(Live { server: Some(Server::start(Some(path.into()))?), _unasked: None })
}
