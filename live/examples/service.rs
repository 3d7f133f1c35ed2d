//! A service that can be asked what it is doing: a few clients' threads, a ledger, and one line in `main`.
//!
//! ```console
//! $ cargo run --release -p gtramp-live --example service -- 60 &
//! $ gtramp list 'service::**'
//! $ gtramp hist -F -d 3 'service::bank::**'
//! $ gtramp run 'service::bank::transfer /amount > 900/ { print(args, latency) } max 5'
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

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

fn main() {
    let _live = gtramp_live::start();
    let seconds = std::env::args().nth(1).and_then(|seconds| seconds.parse().ok()).unwrap_or(10);
    let ledger = bank::Ledger::new();
    let closing = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for client in ["ann", "bob"] {
            let (ledger, closing) = (&ledger, &closing);
            let requests = move || {
                let other = if client == "ann" { "bob" } else { "ann" };
                let (mut requests, mut denied, mut least) = (0_u64, 0_u64, u64::MAX);
                while !closing.load(Ordering::Relaxed) {
                    let from = if requests % 10 == 9 { "eve" } else { client };
                    match bank::transfer(ledger, from, other, requests % 1000) {
                        Ok(_) => {}
                        Err(bank::Denied::Balance(left)) => {
                            denied += 1;
                            least = least.min(left);
                        }
                        Err(bank::Denied::Unknown) => unreachable!("all have accounts"),
                    }
                    requests += 1;
                    std::thread::sleep(Duration::from_micros(200));
                }
                println!("{client}: {requests} requests, {denied} denied, once with {least} left");
            };
            let thread = std::thread::Builder::new().name(format!("client-{client}"));
            thread.spawn_scoped(scope, requests).expect("there is room for a thread");
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) {
            std::thread::sleep(Duration::from_millis(50));
        }
        closing.store(true, Ordering::Relaxed);
    });
}
