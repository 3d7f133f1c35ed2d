//! Calls of a function that a lease is attached to: what the actions of the live language cost, in a program that
//! is asked through its socket.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

#[gtramp::traceable]
mod asked {
    #[inline(never)]
    pub(super) fn add(account: &str, amount: u64) -> u64 {
        amount + account.len() as u64
    }

    pub(super) fn outer(amount: u64) -> u64 {
        add("ann", amount)
    }
}

#[inline(never)]
fn plain(account: &str, amount: u64) -> u64 {
    amount + account.len() as u64
}

const ROWS: [(&str, &str); 9] = [
    ("count", "live::asked::add { count() }"),
    ("count-func", "live::asked::add { @[func] = count() }"),
    ("predicate-false", "live::asked::add /amount > 1000000/ { count() }"),
    ("predicate-text-false", "live::asked::add /account == \"bob\"/ { count() }"),
    ("hist-latency", "live::asked::add { @[func] = hist(latency) }"),
    ("sum-by-account", "live::asked::add { @[account] = sum(amount) }"),
    ("slow-none", "live::asked::add /latency > 1s/ { print(func, args) }"),
    ("trace", "live::asked::add { trace() }"),
    ("trace-args", "live::asked::add { trace(account, amount) }"),
];

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
        // It ends with the connection; whoever comes next finds it detached.
        let _ = self.0.get_ref().shutdown(std::net::Shutdown::Both);
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn live(criterion: &mut Criterion) {
    let socket = std::env::temp_dir().join(format!("gtramp-bench-{}.sock", std::process::id()));
    let _live = gtramp_live::start_at(&socket).expect("nobody else is there");
    let mut group = criterion.benchmark_group("live");
    group.sample_size(20).measurement_time(Duration::from_secs(1));
    group.warm_up_time(Duration::from_millis(300));
    group.bench_function("plain", |bencher| {
        bencher.iter(|| plain(black_box("ann"), black_box(700)));
    });
    let call = || asked::add(black_box("ann"), black_box(700));
    group.bench_function("off", |bencher| bencher.iter(call));
    for (name, program) in ROWS {
        let lease = Lease::of(program, &socket);
        // Somebody reads what is shown.
        let reader = lease.0.get_ref().try_clone().expect("there are descriptors");
        let reader = std::thread::spawn(move || {
            _ = std::io::copy(&mut BufReader::new(reader), &mut std::io::sink());
        });
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(call));
        drop(lease);
        reader.join().expect("it does not panic");
    }
    assert_eq!(asked::outer(1), 4);
    group.finish();
}

criterion_group!(benches, live);
criterion_main!(benches);
