//! Where sockets are: in a directory of the user's own.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// The directory of this user's sockets: `$XDG_RUNTIME_DIR/gtramp`, or `/tmp/gtramp-UID`.
#[must_use]
pub fn directory() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(runtime) if !runtime.is_empty() => Path::new(&runtime).join("gtramp"),
        _ => std::env::temp_dir().join(format!("gtramp-{}", geteuid().as_raw())),
    }
}

/// The socket of a process of this user's, unless it was told another place.
#[must_use]
pub fn socket_of(pid: u32) -> PathBuf {
    directory().join(format!("{pid}.sock"))
}

fn other(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

/// Makes the directory if it is not there, and refuses one that others can write to or own.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).recursive(true).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(path)?;
    let own = geteuid().as_raw();
    if !found.is_dir() || found.uid() != own || found.mode() & 0o077 != 0 {
        let (path, mode, owner) = (path.display(), found.mode() & 0o7777, found.uid());
        return Err(other(format!(
            "{path} has to be a directory of user {own} with mode 0700; it is of user {owner}, mode {mode:04o}"
        )));
    }
    Ok(())
}

/// Listens at a path, where there is nothing, or a socket that nobody listens at any more.
pub(super) fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
        Ok(found) => {
            let shown = path.display();
            if !found.file_type().is_socket() {
                return Err(other(format!("{shown} is there and is no socket: name another path")));
            }
            if found.uid() != geteuid().as_raw() {
                return Err(other(format!(
                    "{shown} is of user {}: name another path",
                    found.uid()
                )));
            }
            if UnixStream::connect(path).is_ok() {
                return Err(other(format!("{shown}: somebody listens there: name another path")));
            }
            fs::remove_file(path)?;
        }
    }
    // Nobody gets at it before it has its mode: the directory lets nobody in, or whoever connects is asked
    // who he is.
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::{listen, make_directory};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("gtramp-place-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let path = scratch("open");
        make_directory(&path).expect("it is made");
        make_directory(&path).expect("it is there");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let error = make_directory(&path).expect_err("others can enter").to_string();
        assert!(error.contains("0700"), "{error}");
        fs::remove_dir(&path).expect("it is empty");
    }

    #[test]
    fn a_file_is_not_taken_away_for_a_socket() {
        let path = scratch("file");
        fs::write(&path, "precious").expect("it is written");
        let error = listen(&path).expect_err("it is a file").to_string();
        assert!(error.contains("no socket"), "{error}");
        assert_eq!(fs::read(&path).expect("it is there"), b"precious");
        fs::remove_file(&path).expect("it is there");
    }

    #[test]
    fn a_socket_is_taken_over_only_when_nobody_listens() {
        let path = scratch("socket");
        let first = listen(&path).expect("nothing is there");
        assert!(listen(&path).is_err());
        drop(first);
        drop(listen(&path).expect("nobody listens"));
        fs::remove_file(&path).expect("it is there");
    }
}
