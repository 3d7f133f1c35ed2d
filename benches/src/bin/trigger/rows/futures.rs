//! Async functions, off and with a probe that sees their lives, beside the same without the attribute: one that is
//! ready at its first poll, and one that is pending once.

use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use gtramp::{Entry, Exit, traceable};
use gtramp_bench::row::{Can, Row, Run};

use crate::check::{self, Seen};
use crate::target::calls;

use super::twins::twins;

/// Both rows of an async function, and that of its lives.
macro_rules! asynchronous {
    ($module:ident, $plain:literal, $life:literal, $polls:literal) => {
        mod $module {
            use super::*;

            pub(super) const TWINS: [Row; 2] =
        twins!($plain, PLAIN, calls!(traced_call; a), PATH, 1);

            pub(super) const LIFE: Row = Row {
                name: $life,
                floor: concat!("plain/", $plain),
                can: Can::GTRAMP,
                setup: || {
                    let link = gtramp::link()
                        .functions(concat!(module_path!(), "::probed"))
                        .fentry(|_: &Entry<'_>| ())
                        .fexit(|_: &Exit<'_>| ())
                        .attach();
                    let link = link.map_err(|error| error.to_string())?;
            Ok(check::armed(calls!(probed_call; a), PLAIN, Seen::Same(PLAIN), link))
                },
            };

    const PLAIN: Run = calls!(plain_call; a);

            const PATH: &str = concat!(module_path!(), "::traced");

            async fn plain(number: u64) -> u64 {
                Pending($polls).await;
                number.wrapping_mul(3)
            }

            #[traceable]
            async fn traced(number: u64) -> u64 {
                Pending($polls).await;
                number.wrapping_mul(3)
            }

            #[traceable]
            async fn probed(number: u64) -> u64 {
                Pending($polls).await;
                number.wrapping_mul(3)
            }

            #[inline(never)]
            fn plain_call(number: u64) -> u64 {
                run(plain(number))
            }

            #[inline(never)]
            fn traced_call(number: u64) -> u64 {
                run(traced(number))
            }

            #[inline(never)]
            fn probed_call(number: u64) -> u64 {
                run(probed(number))
            }
        }
    };
}

asynchronous!(ready, "ready", "life/ready", 0);

asynchronous!(pending, "pending", "life/pending", 1);

pub(super) const ROWS: &[Row] = {
    const SETS: [[Row; 3]; 2] = [
        [ready::TWINS[0], ready::TWINS[1], ready::LIFE],
        [pending::TWINS[0], pending::TWINS[1], pending::LIFE],
    ];
    SETS.as_flattened()
};

/// Is pending so many times.
struct Pending(u32);

impl Future for Pending {
    type Output = ();

    #[inline]
    fn poll(mut self: core::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if black_box(self.0) == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        Poll::Pending
    }
}

/// All polls of a future.
#[inline(always)]
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}
