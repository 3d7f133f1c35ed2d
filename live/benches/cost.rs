//! What a call costs while a lease is attached to its function, asked for through the socket as the command does.
//!
//! `cargo bench -p gtramp-live` prints nanoseconds above the plain call, the least of several rounds.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

#[gtramp::traceable]
mod asked {
    #[inline(never)]
    pub(super) fn add(account: &str, amount: u64) -> u64 {
        amount + account.len() as u64
    }
}

#[inline(never)]
fn plain(account: &str, amount: u64) -> u64 {
    amount + account.len() as u64
}

const ROWS: [(&str, &str); 9] = [
    ("count", "cost::asked::add { count() }"),
    ("count by function", "cost::asked::add { @[func] = count() }"),
    ("predicate false", "cost::asked::add /amount > 1000000/ { count() }"),
    ("predicate false, text", "cost::asked::add /account == \"bob\"/ { count() }"),
    ("hist(latency)", "cost::asked::add { @[func] = hist(latency) }"),
    ("sum by argument", "cost::asked::add { @[account] = sum(amount) }"),
    ("none is slow", "cost::asked::add /latency > 1s/ { print(func) }"),
    ("trace", "cost::asked::add { trace() }"),
    ("trace, two arguments", "cost::asked::add { trace(account, amount) }"),
];

/// Few, so that some rounds are not interrupted.
const CALLS: u32 = 1_000;
const ROUNDS: usize = 2_000;

/// A lease that ends when it is dropped.
struct Lease(BufReader<UnixStream>);

impl Lease {
    fn of(program: &str, socket: &Path) -> Self {
        let mut stream = UnixStream::connect(socket).expect("it listens");
        let program = format!("{program} budget 100% for 600s rate 1000000000/s max 1000000000000");
        let ask = serde_json::json!({ "ask": "run", "program": program });
        writeln!(stream, "{ask}").expect("it listens");
        let mut lease = Self(BufReader::new(stream));
        let mut line = String::new();
        lease.0.read_line(&mut line).expect("it answers");
        assert!(line.contains("\"is\":\"lease\""), "{line}");
        lease
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // It ends with the connection, within a tick.
        let _ = self.0.get_ref().shutdown(std::net::Shutdown::Both);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Nanoseconds of a call, the least of several rounds, on so many threads at once.
fn time(threads: usize, call: impl Fn() -> u64 + Sync) -> f64 {
    let round = || {
        let begun = Instant::now();
        (0..CALLS).for_each(|_| _ = black_box(call()));
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    };
    let least = || (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(least)).collect();
        let times = running.into_iter().map(|thread| thread.join().expect("it does not panic"));
        times.fold(0.0, f64::max)
    })
}

fn main() {
    let socket = std::env::temp_dir().join(format!("gtramp-cost-{}.sock", std::process::id()));
    let _live = gtramp_live::start_at(&socket).expect("nobody else is there");
    let call = || asked::add(black_box("ann"), black_box(700));
    let floor = time(1, || plain(black_box("ann"), black_box(700)));
    println!("{:24} {:>10} {:>10}", "ns above a plain call", "1 thread", "2 threads");
    println!("{:24} {:>10.1} {:>10.1}", "off", time(1, call) - floor, time(2, call) - floor);
    let asked = std::env::args().nth(1).filter(|name| !name.starts_with("--"));
    let rows = ROWS
        .iter()
        .filter(|(name, _)| asked.as_ref().is_none_or(|asked| name.contains(asked.as_str())));
    for (name, program) in rows {
        let lease = Lease::of(program, &socket);
        // Somebody reads what is shown.
        let reader = lease.0.get_ref().try_clone().expect("there are descriptors");
        let reader = std::thread::spawn(move || {
            _ = std::io::copy(&mut BufReader::new(reader), &mut std::io::sink());
        });
        println!("{name:24} {:>10.1} {:>10.1}", time(1, call) - floor, time(2, call) - floor);
        drop(lease);
        reader.join().expect("it does not panic");
    }
}
