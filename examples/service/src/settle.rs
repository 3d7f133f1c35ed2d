//! The task in the background: settles what was ordered, one after the other.

use std::sync::Arc;

use gtramp::{Scope, traceable};
use tokio::sync::mpsc::Receiver;

use crate::counts::COUNTS;
use crate::http::blocking;
use crate::stock::Stock;

/// What a request has ordered.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: String,
    pub(crate) item: u64,
    /// The request's: this task has none of its own.
    pub(crate) scope: Option<Scope>,
}

/// Settles orders until nobody is left who sends any.
pub(crate) async fn all(stock: Arc<Stock>, mut orders: Receiver<Order>) {
    while let Some(mut order) = orders.recv().await {
        let stock = Arc::clone(&stock);
        match order.scope.take() {
            Some(scope) => scope.instrument(settle(stock, order)).await,
            None => settle(stock, order).await,
        }
    }
}

#[traceable]
async fn settle(stock: Arc<Stock>, order: Order) {
    COUNTS.settle.begin();
    blocking(move || stock.note(&order.request, order.item)).await.expect("the database takes it");
    COUNTS.settle.end();
}
