//! The clients: some that ask as fast as they get answers, and one that has no patience.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use axum::http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, yield_now};

use crate::Result;
use crate::check::Check;
use crate::counts::COUNTS;
use crate::http::{REQUEST, Shop};
use crate::stock::KINDS;

const CLIENTS: u64 = 4;

/// What was asked, and how often.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    items: u64,
    orders: u64,
    reports: u64,
    /// Given up before there was an answer.
    given_up: u64,
    /// How many of these were found in the list of lives before.
    found_waiting: u64,
    failed: u64,
}

impl Asked {
    pub(crate) fn requests(&self) -> u64 {
        self.items + self.orders + self.reports + self.given_up
    }

    fn add(&mut self, other: &Self) {
        self.items += other.items;
        self.orders += other.orders;
        self.reports += other.reports;
        self.given_up += other.given_up;
        self.found_waiting += other.found_waiting;
        self.failed += other.failed;
    }

    /// Whether the service has counted what was asked.
    pub(crate) fn check(&self, check: &mut Check) {
        let served = |count: &crate::counts::Count| count.numbers();
        check.equal("asked for items", self.items, served(&COUNTS.item)[1]);
        check.equal("ordered", self.orders, served(&COUNTS.order)[1]);
        check.equal("orders settled", self.orders, served(&COUNTS.settle)[1]);
        check.equal("asked for reports", self.reports, served(&COUNTS.report)[1]);
        check.equal("given up", self.given_up, served(&COUNTS.wait)[2]);
        check.equal("found in lives() while they waited", self.given_up, self.found_waiting);
        check.equal("failed requests", 0, self.failed);
        check.at_least(
            "of each",
            1,
            self.items.min(self.orders).min(self.reports).min(self.given_up),
        );
    }
}

/// Asks for so long.
pub(crate) async fn ask(address: SocketAddr, shop: &Arc<Shop>, time: Duration) -> Result<Asked> {
    let until = Instant::now() + time;
    let clients = (0..CLIENTS).map(|_| tokio::spawn(client(address, until))).collect::<Vec<_>>();
    let mut asked = without_patience(address, shop, until).await?;
    for client in clients {
        asked.add(&client.await??);
    }
    Ok(asked)
}

/// A connection, over which one request follows the other.
struct Connection {
    sender: SendRequest<Empty<Bytes>>,
    driver: JoinHandle<()>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(async move {
            // That it was cut is what is tried.
            let _ = connection.await;
        });
        Ok(Self { sender, driver })
    }

    async fn ask(&mut self, method: Method, path: &str) -> Result<StatusCode> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Relaxed);
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::HOST, "shop").header(REQUEST, format!("r{id}"));
        let response = self.sender.send_request(request.body(Empty::new())?).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}

async fn client(address: SocketAddr, until: Instant) -> Result<Asked> {
    let mut connection = Connection::open(address).await?;
    let mut asked = Asked::default();
    let mut round = 0_u64;
    while Instant::now() < until || round < 64 {
        let item = round % KINDS;
        let (count, wanted, method, path) = match round % 32 {
            31 => (&mut asked.reports, StatusCode::OK, Method::GET, "/report".to_owned()),
            7 | 15 | 23 => {
                (&mut asked.orders, StatusCode::ACCEPTED, Method::POST, format!("/order/{item}"))
            }
            _ => (&mut asked.items, StatusCode::OK, Method::GET, format!("/item/{item}")),
        };
        *count += 1;
        if connection.ask(method, &path).await? != wanted {
            asked.failed += 1;
        }
        round += 1;
    }
    Ok(asked)
}

/// Asks what is never answered, looks whether that is under way, and goes away.
async fn without_patience(address: SocketAddr, shop: &Shop, until: Instant) -> Result<Asked> {
    let mut asked = Asked::default();
    while Instant::now() < until || asked.given_up < 3 {
        let mut connection = Connection::open(address).await?;
        {
            // Dropping it is what its server notices.
            let mut asking = pin!(connection.ask(Method::GET, "/wait"));
            tokio::select! {
                answered = &mut asking => {
                    answered?;
                    asked.failed += 1;
                }
                () = shop.waiting.notified() => asked.given_up += 1,
            }
            asked.found_waiting += u64::from(is_under_way("wait"));
        }
        connection.driver.abort();
        drop(connection);
        // Until it has: there is one at a time.
        while is_under_way("wait") {
            yield_now().await;
        }
    }
    Ok(asked)
}

fn is_under_way(name: &str) -> bool {
    gtramp::lives().iter().any(|life| life.function().name() == name)
}
