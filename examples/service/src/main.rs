//! A service that is traced while it is under load: HTTP on loopback, a repository on an embedded database, a task in the
//! background, and a client in the same program.
//!
//! `cargo run --release --manifest-path examples/service/Cargo.toml` takes ten seconds; `-- --seconds 2` less.
//!
//! The service counts its calls itself. Probes count them too, and at the end both must agree:
//!
//! - each request is a scope with its id, which is carried to blocking threads, to a task of its own and to the one in the
//!   background; so what was done for a request is found by its id, on whichever thread it was;
//! - of all functions, the one that blocks a thread of the runtime is found by its longest poll;
//! - a request whose client goes away is seen as cancelled, and while it is stuck, [`gtramp::lives`] lists it;
//! - other links come and go all the time.
//!
//! [`http`], [`stock`] and [`settle`] do the work and know nothing of probes; [`load`] is the client; [`trace`] has the
//! probes that stay, and [`passing`] those that come and go.

mod check;
mod counts;
mod http;
mod load;
mod passing;
mod settle;
mod stock;
mod trace;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};

use check::Check;
use http::Shop;
use passing::Passing;
use stock::Stock;
use trace::Trace;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// How many orders may wait for the task in the background.
const ORDERS: usize = 64;

fn main() -> ExitCode {
    match seconds().and_then(service) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("service: {error}");
            ExitCode::from(2)
        }
    }
}

/// For how many seconds there is load.
fn seconds() -> Result<u64> {
    use lexopt::prelude::{Long, ValueExt as _};
    let (mut arguments, mut seconds) = (lexopt::Parser::from_env(), 10);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("seconds") => seconds = arguments.value()?.parse()?,
            other => return Err(format!("{} (there is --seconds N)", other.unexpected()).into()),
        }
    }
    Ok(seconds)
}

/// Serves, asks and traces for so long; whether the probes' counts are the program's.
fn service(seconds: u64) -> Result<bool> {
    let started = Instant::now();
    let trace = Trace::attach()?;
    let passing = Passing::start();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build()?;
    let asked = runtime.block_on(serve(Duration::from_secs(seconds)))?;
    // Everything that was begun has ended then: no task is left.
    drop(runtime);
    let passed = passing.stop();
    let mut check = Check::default();
    asked.check(&mut check);
    trace.check(&mut check);
    passed.check(&mut check);
    check.say(asked.requests(), started.elapsed());
    Ok(check.agrees())
}

/// Serves until the client has had enough, and until all that it has ordered is done.
async fn serve(time: Duration) -> Result<load::Asked> {
    let stock = Arc::new(Stock::open()?);
    let (orders, ordered) = mpsc::channel(ORDERS);
    let shop = Arc::new(Shop { stock: Arc::clone(&stock), orders, waiting: Notify::new() });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (enough, is_enough) = oneshot::channel::<()>();
    let app = http::app(Arc::clone(&shop));
    let server = axum::serve(listener, app).with_graceful_shutdown(async {
        let _ = is_enough.await;
    });
    let server = tokio::spawn(server.into_future());
    let background = tokio::spawn(settle::all(stock, ordered));
    let asked = load::ask(address, &shop, time).await?;
    let _ = enough.send(());
    server.await??;
    // The last to send orders.
    drop(shop);
    background.await?;
    Ok(asked)
}
