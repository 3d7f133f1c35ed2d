//! Attaching to the one function that `site!` names.

use crate::error::Error;
use crate::probe::{EntryProbe, ExitProbe, ModRetProbe, PollProbe, SessionEntry, SessionExit};
use crate::registry::Site;

use super::builder::{LinkBuilder, link};
use super::handle::Link;

/// What the compiler knows of a function item: what it returns for arguments `Args`.
pub trait Signature<Args> {
    /// What it returns.
    type Ret;
}

macro_rules! signature {
    ($($t:ident)*) => {
        impl<F: Fn($($t),*) -> R, R, $($t),*> Signature<($($t,)*)> for F {
            type Ret = R;
        }
    };
}

signature!();
signature!(A);
signature!(A B);
signature!(A B C);
signature!(A B C D);
signature!(A B C D E);
signature!(A B C D E G);
signature!(A B C D E G H);
signature!(A B C D E G H I);
signature!(A B C D E G H I J);
signature!(A B C D E G H I J K);
signature!(A B C D E G H I J K L);
signature!(A B C D E G H I J K L N);

impl<F> Site<F> {
    /// Starts a link to this function.
    pub fn link(self) -> LinkBuilder {
        link().functions(self)
    }

    /// Attaches an entry probe, see [`fentry`](fn@crate::fentry).
    ///
    /// # Errors
    ///
    /// As [`LinkBuilder::attach`].
    pub fn fentry<M: 'static>(self, probe: impl EntryProbe<M>) -> Result<Link, Error> {
        self.link().fentry(probe).attach()
    }

    /// Attaches an exit probe, see [`fexit`](fn@crate::fexit).
    ///
    /// # Errors
    ///
    /// As [`LinkBuilder::attach`].
    pub fn fexit<M: 'static>(self, probe: impl ExitProbe<M>) -> Result<Link, Error> {
        self.link().fexit(probe).attach()
    }

    /// Attaches a probe around each poll of an async function's future, see [`poll`](fn@crate::poll).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn poll<M: 'static>(self, probe: impl PollProbe<M>) -> Result<Link, Error> {
        self.link().poll(probe).attach()
    }

    /// Attaches a session, see [`fsession`](fn@crate::fsession).
    ///
    /// # Errors
    ///
    /// As [`LinkBuilder::attach`].
    pub fn fsession<EM, E, XM, X>(self, entry: E, exit: X) -> Result<Link, Error>
    where
        EM: 'static,
        E: SessionEntry<EM>,
        XM: 'static,
        X: SessionExit<E::State, XM>,
    {
        self.link().fsession(entry, exit).attach()
    }

    /// Attaches a modify-return probe, see [`fmod_ret`](fn@crate::fmod_ret). That it decides a
    /// value of the function's own type is checked by the compiler.
    ///
    /// # Errors
    ///
    /// As [`LinkBuilder::attach`].
    pub fn fmod_ret<M: 'static, P, Args>(self, probe: P) -> Result<Link, Error>
    where
        P: ModRetProbe<M>,
        F: Signature<Args, Ret = P::Ret>,
    {
        self.link().fmod_ret(probe).attach()
    }

    /// As [`Site::fmod_ret`], of an async function: the probe runs at the first poll of its future, and what it
    /// decides is what the future gives then.
    ///
    /// # Errors
    ///
    /// As [`LinkBuilder::attach`].
    pub fn fmod_ret_async<M: 'static, P, Args>(self, probe: P) -> Result<Link, Error>
    where
        P: ModRetProbe<M>,
        F: Signature<Args, Ret: Future<Output = P::Ret>>,
    {
        self.link().fmod_ret(probe).attach()
    }

    /// As [`Site::fmod_ret_async`], with a future that is awaited in the function's place: see
    /// [`LinkBuilder::fmod_ret_future`].
    ///
    /// # Errors
    ///
    /// As [`LinkBuilder::attach`].
    pub fn fmod_ret_future<M: 'static, P, Args>(self, probe: P) -> Result<Link, Error>
    where
        P: ModRetProbe<M, Ret: Future<Output: 'static> + Send>,
        F: Signature<Args, Ret: Future<Output = <P::Ret as Future>::Output>>,
    {
        self.link().fmod_ret_future(probe).attach()
    }
}
