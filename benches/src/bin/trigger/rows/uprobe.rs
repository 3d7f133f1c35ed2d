//! A probe of the kernel's that counts: the program traps into the kernel.

use std::ffi::CString;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::FromRawFd as _;
use std::sync::OnceLock;

use gtramp_bench::row::{Can, Row};

use crate::check;
use crate::target::calls;

use super::maps::mapping;
use super::patched::target;

pub(super) const ROWS: &[Row] = &[Row {
    name: "uprobe",
    floor: "hand-fentry",
    can: Can { arguments: true, exit: true, result: true, many: true, live: true, decide: false },
    setup: || {
        if COUNTER.get().is_none() {
            let _ = COUNTER.set(open()?);
        }
        Ok(check::counted(calls!(counted; a b), (), count, 1))
    },
}];

target!(counted);

static COUNTER: OnceLock<File> = OnceLock::new();

fn count() -> u64 {
    let mut bytes = [0; 8];
    let read = COUNTER.get().map(|mut counter| counter.read_exact(&mut bytes));
    if let Some(Ok(())) = read { u64::from_ne_bytes(bytes) } else { 0 }
}

/// Asks the kernel for a probe at the function, as `perf_event_open(2)` describes it.
fn open() -> Result<File, String> {
    const KIND: &str = "/sys/bus/event_source/devices/uprobe/type";
    let kind = std::fs::read_to_string(KIND).map_err(|error| format!("{KIND}: {error}"))?;
    let kind: u32 = kind.trim().parse().map_err(|_| format!("{KIND} is not a number"))?;
    let (path, offset) = place(counted as *const () as usize)?;
    let mut attributes = [0u8; 128];
    attributes[..4].copy_from_slice(&kind.to_ne_bytes());
    attributes[4..8].copy_from_slice(&128u32.to_ne_bytes());
    let path_address = path.as_ptr().expose_provenance();
    attributes[56..64].copy_from_slice(&path_address.to_ne_bytes());
    attributes[64..72].copy_from_slice(&offset.to_ne_bytes());
    // SAFETY: the attributes are of the size they say, and name a path that is still there.
    let fd = unsafe { libc::syscall(libc::SYS_perf_event_open, attributes.as_ptr(), 0, -1, -1, 0) };
    let fd = i32::try_from(fd).map_err(|error| error.to_string())?;
    if fd < 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    // SAFETY: a new descriptor that nobody else has.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// The file that has the code at `address`, and where in it.
fn place(address: usize) -> Result<(CString, u64), String> {
    let mapping = mapping(address)?;
    let path = CString::new(mapping.path).map_err(|error| error.to_string())?;
    Ok((path, (address - mapping.range.start) as u64 + mapping.offset))
}
