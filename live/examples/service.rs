//! A service that can be asked what it is doing: a few clients' threads, a ledger, a courier, and one line in `main`.
//! Each request is a scope of its own, which goes to the courier with the receipt.
//!
//! ```console
//! $ cargo run --release -p gtramp-live --example service -- 60 &
//! $ gtramp list 'service::**'
//! $ gtramp hist -F -d 3 'service::bank::**'
//! $ gtramp run 'service::bank::transfer /amount > 900/ { print(args, latency) } max 5'
//! ```

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use gtramp::Scope;

/// What the service is about.
#[gtramp::traceable]
mod bank {
    use std::sync::Mutex;
    use std::time::Duration;

    /// Why money stays where it is.
    #[derive(Debug)]
    pub(crate) enum Denied {
        /// There is not enough.
        Balance(u64),
        /// Nobody has that name.
        Unknown,
    }

    /// Accounts and what is in them.
    #[derive(Debug)]
    pub(crate) struct Ledger {
        accounts: Mutex<Vec<(&'static str, u64)>>,
    }

    impl Ledger {
        /// Three accounts.
        pub(crate) fn new() -> Self {
            Self { accounts: Mutex::new(vec![("ann", 50_000), ("bob", 50_000), ("eve", 10)]) }
        }

        /// How much is in an account.
        pub(crate) fn balance(&self, account: &str) -> Result<u64, Denied> {
            let accounts = self.accounts.lock().expect("nobody panics under it");
            let found = accounts.iter().find(|(name, _)| *name == account);
            found.map(|(_, balance)| *balance).ok_or(Denied::Unknown)
        }

        /// Takes from one and gives to another.
        pub(crate) fn post(&self, from: &str, to: &str, amount: u64) -> Result<(), Denied> {
            let mut accounts = self.accounts.lock().expect("nobody panics under it");
            for (name, balance) in accounts.iter_mut() {
                if *name == from {
                    *balance = balance.checked_sub(amount).ok_or(Denied::Balance(*balance))?;
                }
            }
            for (name, balance) in accounts.iter_mut() {
                if *name == to {
                    *balance += amount;
                }
            }
            Ok(())
        }
    }

    /// What a transfer costs.
    pub(crate) fn fee(amount: u64) -> u64 {
        amount / 100
    }

    /// One request.
    pub(crate) fn transfer(
        ledger: &Ledger,
        from: &str,
        to: &str,
        amount: u64,
    ) -> Result<u64, Denied> {
        let fee = fee(amount);
        if ledger.balance(from)? < amount + fee {
            return Err(Denied::Balance(ledger.balance(from)?));
        }
        if amount.is_multiple_of(97) {
            // Somebody has to look at it.
            std::thread::sleep(Duration::from_millis(12));
        }
        ledger.post(from, to, amount)?;
        Ok(fee)
    }
}

/// What is done for a client after the answer.
#[gtramp::traceable]
mod courier {
    /// Lets another task go first, once.
    #[traceable(skip)]
    async fn pause() {
        let mut paused = false;
        std::future::poll_fn(|_| match std::mem::replace(&mut paused, true) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        })
        .await;
    }

    /// Brings a receipt to whoever got the money.
    pub(crate) async fn deliver(to: &'static str, amount: u64) -> u64 {
        pause().await;
        stamp(to, amount)
    }

    fn stamp(to: &str, amount: u64) -> u64 {
        amount + to.len() as u64
    }
}

/// What the service has counted itself.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    requests: AtomicU64,
    denied: AtomicU64,
    of_eve: AtomicU64,
    slow: AtomicU64,
    amount: AtomicU64,
    fees: AtomicU64,
    delivered: AtomicU64,
    cancelled: AtomicU64,
    polls: AtomicU64,
}

impl Counts {
    fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}

/// Polls it until its end, or once.
fn drive(delivery: impl Future<Output = u64>, is_given_up: bool, counts: &Counts) {
    let mut delivery = std::pin::pin!(delivery);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        Counts::add(&counts.polls, 1);
        if delivery.as_mut().poll(&mut context).is_ready() {
            return Counts::add(&counts.delivered, 1);
        }
        if is_given_up {
            return Counts::add(&counts.cancelled, 1);
        }
    }
}

type Job = Box<dyn FnOnce(&Counts) + Send>;

/// One client's requests, from the first to that one; their receipts go to the courier.
fn requests(
    client: &'static str,
    numbers: impl Iterator<Item = u64>,
    ledger: &bank::Ledger,
    counts: &Counts,
    courier: &Sender<Job>,
) {
    let other = if client == "ann" { "bob" } else { "ann" };
    for number in numbers {
        let request = Scope::new().with("req", format_args!("{client}-{number}"));
        let _in_request = request.enter();
        let from = if number % 10 == 9 { "eve" } else { client };
        let amount = number % 1000;
        Counts::add(&counts.requests, 1);
        Counts::add(&counts.amount, amount);
        Counts::add(&counts.of_eve, u64::from(from == "eve"));
        match bank::transfer(ledger, from, other, amount) {
            Ok(fee) => {
                Counts::add(&counts.fees, fee);
                Counts::add(&counts.slow, u64::from(amount.is_multiple_of(97)));
                // Nobody waits for some receipts.
                let is_given_up = number % 50 == 1;
                let delivery = request.instrument(courier::deliver(other, amount));
                let job: Job = Box::new(move |counts| drive(delivery, is_given_up, counts));
                courier.send(job).expect("the courier waits for all of them");
            }
            Err(bank::Denied::Balance(left)) => {
                Counts::add(&counts.denied, 1);
                assert!(left < amount + amount / 100, "it was enough");
            }
            Err(bank::Denied::Unknown) => unreachable!("all have accounts"),
        }
    }
}

/// Both clients at once, and the courier until all is delivered.
fn serve<I: Iterator<Item = u64> + Send>(
    ledger: &bank::Ledger,
    counts: &Counts,
    numbers: impl Fn() -> I + Sync,
) {
    let (courier, jobs) = channel::<Job>();
    std::thread::scope(|scope| {
        let named = |name: String| std::thread::Builder::new().name(name);
        let deliver = move || jobs.into_iter().for_each(|job| job(counts));
        named("courier".to_owned()).spawn_scoped(scope, deliver).expect("there is room");
        for client in ["ann", "bob"] {
            let (courier, numbers) = (courier.clone(), &numbers);
            let work = move || requests(client, numbers(), ledger, counts, &courier);
            let thread = named(format!("client-{client}"));
            thread.spawn_scoped(scope, work).expect("there is room");
        }
        drop(courier);
    });
}

/// For so many seconds, or without any, so many requests of each client as each line of the input says.
pub(crate) fn main() {
    let _live = gtramp_live::start();
    let seconds = std::env::args().nth(1).and_then(|seconds| seconds.parse().ok());
    let (ledger, counts) = (bank::Ledger::new(), Counts::default());
    let Some(seconds) = seconds else {
        for line in std::io::stdin().lines() {
            let line = line.expect("it is text");
            let most: u64 = line.trim().parse().expect("a number of requests");
            serve(&ledger, &counts, || 0..most);
            println!("{counts:?}");
        }
        return;
    };
    let end = Instant::now() + Duration::from_secs(seconds);
    serve(&ledger, &counts, || {
        (0..).take_while(|_| {
            std::thread::sleep(Duration::from_micros(200));
            Instant::now() < end
        })
    });
    println!("{counts:?}");
}
