//! The thread that waits for clients. It sleeps in the system while there are none.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;

use super::client::serve;
use super::place;

/// So many clients are served at once.
const CLIENTS: usize = 128;

/// A socket that is listened at. Dropping it ends that; clients that are being served go on.
#[derive(Debug)]
pub(crate) struct Server {
    path: PathBuf,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    process: u32,
}

impl Server {
    /// Listens at this path, or at the one for this process.
    pub(crate) fn start(path: Option<PathBuf>) -> io::Result<Self> {
        let path = match path {
            Some(path) => path,
            None => {
                place::make_directory(&place::directory())?;
                place::socket_of(std::process::id())
            }
        };
        let listener = place::listen(&path)?;
        let closing = Arc::<AtomicBool>::default();
        let seen = Arc::clone(&closing);
        let thread = Builder::new().name("gtramp-live".to_owned()).spawn(move || {
            accept(&listener, &seen);
        })?;
        Ok(Self { path, closing, thread: Some(thread), process: std::process::id() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In a child of a fork the socket is the parent's.
        if self.process != std::process::id() {
            return;
        }
        self.closing.store(true, Ordering::Relaxed);
        // Wakes it, so that it sees.
        let woken = UnixStream::connect(&self.path);
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            // It has panicked: then it does not listen either.
            let _ = thread.join();
        }
        // Somebody may have taken it away.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn accept(listener: &UnixListener, closing: &AtomicBool) {
    let _unprobed = gtramp::ignore_current_thread();
    let clients = Arc::<AtomicUsize>::default();
    for stream in listener.incoming() {
        if closing.load(Ordering::Relaxed) {
            return;
        }
        match stream {
            Ok(stream) => welcome(stream, &clients),
            // Out of descriptors: it would fail again at once.
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// A client that is being served.
struct Served(Arc<AtomicUsize>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves a client on a thread of its own, if it may be served: the same user, or root.
fn welcome(stream: UnixStream, clients: &Arc<AtomicUsize>) {
    let Ok(peer) = socket_peercred(&stream) else { return };
    if !peer.uid.is_root() && peer.uid != geteuid() {
        return;
    }
    if clients.fetch_add(1, Ordering::Relaxed) >= CLIENTS {
        clients.fetch_sub(1, Ordering::Relaxed);
        return;
    }
    let served = Served(Arc::clone(clients));
    let who = format!("pid {}", peer.pid.as_raw_nonzero());
    // Without a thread for it, the client sees the end of its connection.
    let _ = Builder::new().name("gtramp-client".to_owned()).spawn(move || {
        let _served = served;
        let _unprobed = gtramp::ignore_current_thread();
        // What went wrong with a client is the client's own affair.
        let _ = serve(stream, &who);
    });
}
