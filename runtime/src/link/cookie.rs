//! How cookies are said.

use core::fmt;
use std::collections::HashMap;
use std::sync::Arc;

use crate::site::Function;

pub(crate) use sealed::Cookies;

/// What says the cookies of functions: see [`LinkBuilder::cookie`](super::LinkBuilder::cookie).
///
/// It cannot be implemented elsewhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say cookies",
    label = "it is a number (`u64`), a closure `|function: &Function| -> u64`, or numbers by path",
    note = "a closure is `Send + Sync + 'static`, because functions that come to the link are asked for as well: one that captures says `move`"
)]
pub trait Cookie<M>: sealed::Cookie<M> {}

impl<C: sealed::Cookie<M>, M> Cookie<M> for C {}

/// Tells what says each function's cookie from what says some by path.
#[derive(Debug)]
pub enum ByPath {}

mod sealed {
    use super::{Arc, ByPath, Function, HashMap, fmt};

    /// The cookies of a link's functions.
    #[derive(Clone)]
    pub enum Cookies {
        /// Every function has this one.
        Same(u64),
        /// Each is asked for once, when its function is attached to.
        Each(Arc<dyn Fn(&Function) -> u64 + Send + Sync>),
    }

    impl Cookies {
        /// Runs a user's code.
        pub(crate) fn of(&self, function: &Function) -> u64 {
            match self {
                Self::Same(cookie) => *cookie,
                Self::Each(cookie) => cookie(function),
            }
        }
    }

    impl fmt::Debug for Cookies {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::Same(cookie) => write!(f, "{cookie}"),
                Self::Each(_) => f.write_str("one for each function"),
            }
        }
    }

    pub trait Cookie<M> {
        /// These cookies, and where they say nothing, those that were said before.
        fn after(self, before: Cookies) -> Cookies;
    }

    impl Cookie<u64> for u64 {
        fn after(self, _: Cookies) -> Cookies {
            Cookies::Same(self)
        }
    }

    impl<F: Fn(&Function) -> u64 + Send + Sync + 'static> Cookie<fn(&Function)> for F {
        fn after(self, _: Cookies) -> Cookies {
            Cookies::Each(Arc::new(self))
        }
    }

    impl<P: Into<String>, S> Cookie<ByPath> for HashMap<P, u64, S> {
        fn after(self, before: Cookies) -> Cookies {
            by_path(self, before)
        }
    }

    impl<P: Into<String>> Cookie<ByPath> for Vec<(P, u64)> {
        fn after(self, before: Cookies) -> Cookies {
            by_path(self, before)
        }
    }

    impl<P: Into<String>, const N: usize> Cookie<ByPath> for [(P, u64); N] {
        fn after(self, before: Cookies) -> Cookies {
            by_path(self, before)
        }
    }

    fn by_path<P: Into<String>>(
        cookies: impl IntoIterator<Item = (P, u64)>,
        before: Cookies,
    ) -> Cookies {
        let by_path: HashMap<String, u64> =
            cookies.into_iter().map(|(path, cookie)| (path.into(), cookie)).collect();
        Cookies::Each(Arc::new(move |function| {
            by_path.get(function.path()).copied().unwrap_or_else(|| before.of(function))
        }))
    }
}
