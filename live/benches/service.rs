//! How many requests a service answers in a second while leases look at all its functions, with the budget that they
//! have unless they say another.
//!
//! `cargo bench -p gtramp-live --bench service` prints the share of the requests without a lease, and what was said.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

#[gtramp::traceable]
mod service {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    #[derive(Debug)]
    pub(crate) struct Ledger(Mutex<BTreeMap<String, u64>>);

    #[derive(Debug)]
    pub(crate) struct Order {
        from: String,
        to: String,
        amount: u64,
    }

    impl Ledger {
        pub(crate) fn new() -> Self {
            let accounts = (0..1000).map(|number| (format!("account-{number}"), 1 << 40));
            Self(Mutex::new(accounts.collect()))
        }

        fn post(&self, order: &Order) -> Result<u64, String> {
            let mut accounts = self.0.lock().map_err(|error| error.to_string())?;
            let from = accounts.get_mut(&order.from).ok_or("nobody has that name")?;
            *from = from.checked_sub(order.amount).ok_or("there is not enough")?;
            *accounts.get_mut(&order.to).ok_or("nobody has that name")? += order.amount;
            Ok(fee(order.amount))
        }
    }

    fn fee(amount: u64) -> u64 {
        amount / 100
    }

    fn parse(text: &str) -> Result<Order, String> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let name = |key: &str| value[key].as_str().map(str::to_owned).ok_or("no account");
        let amount = value["amount"].as_u64().ok_or("no amount")?;
        Ok(Order { from: name("from")?, to: name("to")?, amount })
    }

    fn answer(order: &Order, fee: u64) -> String {
        serde_json::json!({ "from": order.from, "to": order.to, "fee": fee }).to_string()
    }

    /// One request.
    pub(crate) fn handle(ledger: &Ledger, text: &str) -> Result<String, String> {
        let order = parse(text)?;
        let fee = ledger.post(&order)?;
        Ok(answer(&order, fee))
    }
}

const ROWS: [(&str, &str); 6] = [
    ("count by function", "{ @[func] = count() }"),
    ("hist by function", "{ @[func] = hist(latency) }"),
    ("errors", "/err || panic/ { print(func, args, ret) }"),
    ("slow calls", "/latency > 10ms/ { print(func, latency, stack) }"),
    ("trace", "{ trace() }"),
    ("trace, arguments", "{ trace(args, ret) }"),
];

const SECONDS: Duration = Duration::from_secs(2);

/// Requests in a second, of as many threads as there are processors.
fn requests() -> f64 {
    let ledger = service::Ledger::new();
    let texts: Vec<String> = (0..1000)
        .map(|number| {
            let (from, to) = (number, (number * 7 + 1) % 1000);
            format!(r#"{{"from":"account-{from}","to":"account-{to}","amount":{number}}}"#)
        })
        .collect();
    let begun = Instant::now();
    let client = || {
        let mut answered = 0_u64;
        while begun.elapsed() < SECONDS {
            for text in &texts {
                assert!(black_box(service::handle(&ledger, text)).is_ok());
            }
            answered += texts.len() as u64;
        }
        answered
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let answered: u64 = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..threads).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().expect("it does not panic")).sum()
    });
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let answered = answered as f64;
    answered / begun.elapsed().as_secs_f64()
}

/// Attaches a program, answers requests meanwhile, and collects what is said of the lease.
fn asked(socket: &Path, program: &str) -> (f64, Vec<String>) {
    let mut stream = UnixStream::connect(socket).expect("it listens");
    let program = format!("service::service::** {program} for 600s");
    let ask = serde_json::json!({ "ask": "run", "program": program, "records": true });
    writeln!(stream, "{ask}").expect("it listens");
    let mut answers = BufReader::new(stream.try_clone().expect("there are descriptors"));
    let mut line = Vec::new();
    answers.read_until(b'\n', &mut line).expect("it answers");
    let first = String::from_utf8_lossy(&line).into_owned();
    assert!(first.contains("\"is\":\"lease\""), "{first}");
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        line.clear();
        while answers.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line);
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                said.extend(value["text"].as_str().or(value["why"].as_str()).map(str::to_owned));
                let records = value["bytes"].as_u64().unwrap_or(0);
                let read = std::io::copy(&mut (&mut answers).take(records), &mut std::io::sink());
                if read.is_err() {
                    break;
                }
            }
            line.clear();
        }
        said
    });
    let requests = requests();
    let _ = stream.shutdown(std::net::Shutdown::Both);
    (requests, reader.join().expect("it does not panic"))
}

fn main() {
    let plain = requests();
    let socket = std::env::temp_dir().join(format!("gtramp-service-{}.sock", std::process::id()));
    let _live = gtramp_live::start_at(&socket).expect("nobody else is there");
    println!("{plain:.0} requests/s; of those:");
    println!("{:20} {:>5.1} %", "nobody asks", 100.0 * requests() / plain);
    for (name, program) in ROWS {
        // The machine may be slower than it was.
        let before = requests();
        let (with, said) = asked(&socket, program);
        let plain = f64::midpoint(before, requests());
        println!("{name:20} {:>5.1} %  {}", 100.0 * with / plain, said.join("; "));
    }
}
