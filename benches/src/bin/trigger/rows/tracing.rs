//! The crate `tracing`: `#[instrument]`, without and with a subscriber that wants the span.
//!
//! The subscriber is the plainest there can be: it keeps nothing but the fields it is told. It is
//! the program's own, so "off" is a span that nobody wants, beside one that somebody does.

use core::fmt::Debug;

use gtramp_bench::row::{Can, Row};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, instrument};

use crate::cells::hit;
use crate::check;
use crate::target::{body, calls};

const CAN: Can = Can { decide: false, ..Can::GTRAMP };

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "tracing-off",
        floor: "plain",
        can: CAN,
        setup: || Ok(check::nothing(calls!(unwanted; a b), ())),
    },
    Row {
        name: "tracing",
        floor: "hand-fentry",
        can: CAN,
        setup: || {
            // Setting it again is refused, and changes nothing.
            let _ = tracing::subscriber::set_global_default(Counting);
            Ok(check::before(calls!(wanted; a b), ()))
        },
    },
];

#[inline(never)]
#[instrument]
fn unwanted(a: u64, b: u64) -> u64 {
    body([a, b])
}

#[inline(never)]
#[instrument]
fn wanted(a: u64, b: u64) -> u64 {
    body([a, b])
}

struct Counting;

impl Subscriber for Counting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "wanted"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        hit(fields.values);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The first two fields.
#[derive(Default)]
struct Fields {
    values: [u64; 2],
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if let Some(place) = self.values.get_mut(field.index()) {
            *place = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
