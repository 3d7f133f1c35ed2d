//! What is asked over HTTP.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use gtramp::{Scope, traceable};
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;
use tokio::task::{spawn_blocking, yield_now};

use crate::counts::COUNTS;
use crate::settle::Order;
use crate::stock::Stock;

/// The header with a request's id.
pub(crate) const REQUEST: &str = "x-request-id";

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) stock: Arc<Stock>,
    pub(crate) orders: Sender<Order>,
    /// Told when a request waits for ever.
    pub(crate) waiting: Notify,
}

pub(crate) fn app(shop: Arc<Shop>) -> Router {
    Router::new()
        .route("/item/{id}", get(item))
        .route("/order/{id}", post(order))
        .route("/report", get(report))
        .route("/wait", get(wait))
        .layer(from_fn(in_scope))
        .with_state(shop)
}

/// Each request is a scope with its id.
async fn in_scope(request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST).and_then(|id| id.to_str().ok()).unwrap_or("none");
    let scope = Scope::new().with("req", id);
    scope.instrument(next.run(request)).await
}

/// Runs on a thread that may block what the database does, in the scope that is in force.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let work = match Scope::current() {
        Some(scope) => spawn_blocking(scope.wrap(work)),
        None => spawn_blocking(work),
    };
    work.await.expect("it does not panic")
}

#[traceable]
pub(crate) async fn item(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<u64>,
) -> (StatusCode, String) {
    COUNTS.item.begin();
    let quantity = blocking(move || shop.stock.quantity(id)).await;
    let answer = match quantity {
        Ok(Some(quantity)) => (StatusCode::OK, quantity.to_string()),
        Ok(None) => (StatusCode::NOT_FOUND, String::new()),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    };
    COUNTS.item.end();
    answer
}

/// Takes an order, and leaves the rest to a task.
#[traceable]
async fn order(State(shop): State<Arc<Shop>>, Path(id): Path<u64>) -> StatusCode {
    COUNTS.order.begin();
    let stock = Arc::clone(&shop.stock);
    let status = match blocking(move || stock.reserve(id)).await {
        Ok(true) => {
            let scope = Scope::current();
            let confirmed = confirm(shop, id);
            match scope {
                Some(scope) => tokio::spawn(scope.instrument(confirmed)),
                None => tokio::spawn(confirmed),
            };
            StatusCode::ACCEPTED
        }
        Ok(false) => StatusCode::CONFLICT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    COUNTS.order.end();
    status
}

/// Hands the order to the task in the background.
#[traceable]
async fn confirm(shop: Arc<Shop>, item: u64) {
    COUNTS.confirm.begin();
    yield_now().await;
    let scope = Scope::current();
    let request = scope.as_ref().and_then(|scope| scope.get("req")).unwrap_or("none").to_owned();
    shop.orders.send(Order { request, item, scope }).await.expect("it is there till the end");
    COUNTS.confirm.end();
}

/// Who wrote this did not know that it keeps a thread of the runtime from everything else.
#[traceable]
async fn report() -> &'static str {
    COUNTS.report.begin();
    yield_now().await;
    std::thread::sleep(Duration::from_millis(10));
    COUNTS.report.end();
    "all is well"
}

/// Has an answer when its client is gone: never.
#[traceable]
async fn wait(State(shop): State<Arc<Shop>>) -> &'static str {
    COUNTS.wait.begin();
    shop.waiting.notify_one();
    pending::<()>().await;
    COUNTS.wait.end();
    "at last"
}
