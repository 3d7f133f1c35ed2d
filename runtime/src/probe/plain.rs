//! Types that are known to borrow nothing.
//!
//! Where the source does not tell which lifetimes an argument's type has (its type is a
//! type parameter, or `Self`), only its identity without lifetimes is known, and that of `&'a str`
//! is that of `&'static str`. A probe may then ask for one of these types alone.

use core::any::TypeId;
use core::time::Duration;
use std::collections::HashSet;
use std::ffi::{CString, OsString};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

/// Whether the type with this identity is known to contain no lifetime.
pub(crate) fn is_plain(id: TypeId) -> bool {
    static PLAIN: OnceLock<HashSet<TypeId>> = OnceLock::new();
    PLAIN.get_or_init(plain).contains(&id)
}

fn plain() -> HashSet<TypeId> {
    let mut ids = HashSet::new();
    macro_rules! add {
        ($($t:ty),* $(,)?) => { $(
            ids.insert(TypeId::of::<$t>());
            ids.insert(TypeId::of::<[$t]>());
            ids.insert(TypeId::of::<Option<$t>>());
            ids.insert(TypeId::of::<Vec<$t>>());
            ids.insert(TypeId::of::<Box<$t>>());
            ids.insert(TypeId::of::<Box<[$t]>>());
            ids.insert(TypeId::of::<std::sync::Arc<$t>>());
            ids.insert(TypeId::of::<*const $t>());
            ids.insert(TypeId::of::<*mut $t>());
        )* };
    }
    add!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool, char, ());
    add!(String, PathBuf, OsString, CString, Duration, Instant, SystemTime);
    add!(core::cmp::Ordering, core::net::IpAddr, core::net::SocketAddr);
    ids.extend([
        TypeId::of::<str>(),
        TypeId::of::<std::path::Path>(),
        TypeId::of::<std::ffi::OsStr>(),
        TypeId::of::<core::ffi::CStr>(),
    ]);
    ids
}
