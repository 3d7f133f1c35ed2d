//! A scope, and the one that is in force on a thread.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::marker::PhantomData;
use core::num::NonZero;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

std::thread_local! {
    /// The number of the scope in force; 0 if there is none.
    static NUMBER: Cell<u64> = const { Cell::new(0) };
    /// The scope in force.
    static CURRENT: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

/// What links can be limited to: one request, one task, one test.
///
/// A scope is in force on a thread between [`Scope::enter`] and the end of its guard, and nowhere else: nothing is
/// guessed. It is handed to threads with [`Scope::wrap`], and goes with a future that [`Scope::instrument`] has made.
/// A clone is the same scope.
///
/// ```
/// use std::ops::ControlFlow;
/// use gtramp::{ModRet, Scope, site, traceable};
///
/// #[traceable]
/// fn today() -> u32 {
///     20261130
/// }
///
/// let test = Scope::new().with("test", "leap day");
/// let link = site!(today)
///     .link()
///     .within(&test)
///     .fmod_ret(|_: &ModRet| ControlFlow::<u32>::Break(20280229))
///     .attach()?;
/// assert_eq!(today(), 20261130);
/// let entered = test.enter();
/// assert_eq!(today(), 20280229);
/// drop(entered);
/// assert_eq!(today(), 20261130);
/// # Ok::<(), gtramp::Error>(())
/// ```
#[derive(Clone)]
pub struct Scope(Arc<Inner>);

struct Inner {
    number: NonZero<u64>,
    values: Vec<(String, String)>,
    parent: Option<Scope>,
}

impl Scope {
    /// A scope of its own, without values.
    #[must_use]
    pub fn new() -> Self {
        Self::inside(None)
    }

    fn inside(parent: Option<Self>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NonZero::new(NEXT.fetch_add(1, Ordering::Relaxed));
        let number = number.unwrap_or(NonZero::<u64>::MIN);
        Self(Arc::new(Inner { number, values: Vec::new(), parent }))
    }

    /// A scope inside this one: where it is in force, links within this one run as well, and this one's values are
    /// found behind its own.
    #[must_use]
    pub fn child(&self) -> Self {
        Self::inside(Some(self.clone()))
    }

    /// The scope with one value more, by which it can be found. It is a scope of its own if the one it was made of has
    /// been handed out already.
    #[must_use]
    pub fn with(self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        let value = (key.into(), value.to_string());
        let mut inner = match Arc::try_unwrap(self.0) {
            Ok(inner) => inner,
            Err(shared) => {
                let copy = Self::inside(shared.parent.clone());
                let mut inner =
                    Arc::into_inner(copy.0).unwrap_or_else(|| unreachable!("it is new"));
                inner.values.clone_from(&shared.values);
                inner
            }
        };
        inner.values.push(value);
        Self(Arc::new(inner))
    }

    /// The value that was given last under this key, to this scope or one around it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let own = self.0.values.iter().rev().find(|(own, _)| own == key);
        match own {
            Some((_, value)) => Some(value),
            None => self.0.parent.as_ref().and_then(|parent| parent.get(key)),
        }
    }

    /// Its own values, as they were given.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The scope in force on this thread, to be handed on; `None` if there is none.
    #[must_use]
    pub fn current() -> Option<Self> {
        if NUMBER.get() == 0 {
            return None;
        }
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// Puts it in force on this thread, until the guard is dropped.
    pub fn enter(&self) -> EnteredScope {
        EnteredScope { outer: exchange(Some(self.clone())), _of_this_thread: PhantomData }
    }

    pub(super) fn number(&self) -> NonZero<u64> {
        self.0.number
    }

    /// Whether it is the scope of this number, or inside it.
    fn is_within(&self, number: NonZero<u64>) -> bool {
        self.0.number == number
            || self.0.parent.as_ref().is_some_and(|parent| parent.is_within(number))
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for Scope {}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.values()).finish()
    }
}

/// Puts another scope in force; hands back the one before.
pub(super) fn exchange(scope: Option<Scope>) -> Option<Scope> {
    let number = scope.as_ref().map_or(0, |scope| scope.0.number.get());
    // At the very end of a thread there is none any more.
    let outer = CURRENT.try_with(|current| current.replace(scope));
    NUMBER.set(if outer.is_ok() { number } else { 0 });
    outer.ok().flatten()
}

/// Whether any scope is in force on the calling thread.
#[inline(always)]
pub(crate) fn is_in_any() -> bool {
    NUMBER.get() != 0
}

/// Whether the scope of this number is the one in force. `None` if another one is, which may be inside it.
#[inline(always)]
pub(super) fn is_innermost(number: NonZero<u64>) -> Option<bool> {
    match NUMBER.get() {
        0 => Some(false),
        current => (current == number.get()).then_some(true),
    }
}

/// Whether the scope of this number, or one inside it, is in force.
pub(super) fn is_in_force(number: NonZero<u64>) -> bool {
    is_innermost(number).unwrap_or_else(|| is_around(number))
}

fn is_around(number: NonZero<u64>) -> bool {
    let within =
        |scope: &Option<Scope>| scope.as_ref().is_some_and(|scope| scope.is_within(number));
    CURRENT.try_with(|current| within(&current.borrow())).unwrap_or(false)
}

/// A scope is in force on the thread while this lives: see [`Scope::enter`].
#[must_use = "the scope is in force while this lives"]
#[derive(Debug)]
pub struct EnteredScope {
    outer: Option<Scope>,
    _of_this_thread: PhantomData<*const ()>,
}

impl Drop for EnteredScope {
    fn drop(&mut self) {
        drop(exchange(self.outer.take()));
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, is_in_force};

    #[test]
    fn the_innermost_scope_is_in_force_and_those_around_it() {
        let (outer, other) = (Scope::new().with("req", 7), Scope::new());
        let inner = outer.child().with("step", "two");
        let in_force = || [&outer, &inner, &other].map(|scope| is_in_force(scope.number()));
        assert_eq!(in_force(), [false; 3]);
        let first = outer.enter();
        assert_eq!(in_force(), [true, false, false]);
        {
            let _second = inner.enter();
            assert_eq!(in_force(), [true, true, false]);
            let _third = other.enter();
            assert_eq!(in_force(), [false, false, true]);
        }
        assert_eq!(Scope::current(), Some(outer.clone()));
        drop(first);
        assert_eq!(in_force(), [false; 3]);
        assert_eq!(Scope::current(), None);
    }

    #[test]
    fn values_are_found_from_the_inside_out_and_a_shared_scope_is_not_changed() {
        let outer = Scope::new().with("req", 7).with("user", "ann");
        let inner = outer.child().with("user", "bob");
        assert_eq!((inner.get("req"), inner.get("user")), (Some("7"), Some("bob")));
        assert_eq!((outer.get("user"), outer.get("nothing")), (Some("ann"), None));
        let more = outer.clone().with("more", 1);
        assert_ne!(more, outer);
        assert_eq!((outer.get("more"), more.get("req")), (None, Some("7")));
        assert_eq!(format!("{more:?}"), r#"{"req": "7", "user": "ann", "more": "1"}"#);
    }

    #[test]
    fn guards_that_are_dropped_out_of_order_leave_nothing_behind_that_is_gone() {
        let (one, two) = (Scope::new(), Scope::new());
        let (first, second) = (one.enter(), two.enter());
        drop(first);
        drop(one);
        drop(second);
        // The second has put back what was in force when it was entered.
        assert!(Scope::current().is_some_and(|scope| scope != two));
        drop(super::exchange(None));
    }
}
