//! A link is made: of its probes, and of who it is.

use std::sync::{Arc, Weak};

use crate::caller::choose;
use crate::probe::{LinkState, Needs, Tally};
use crate::sync::{AtomicBool, AtomicU64, Mutex};

use super::cookie::Cookies;
use super::core::{Fit, LinkCore, Settings};
use super::detach::poison;
use super::probes::Probes;

/// Which link probes are of.
pub(super) struct Identity {
    pub(super) number: u64,
    pub(super) rank: (i32, u64),
    pub(super) tally: Arc<Tally>,
}

/// A link that is attached to nothing yet.
pub(super) fn new_link(
    probes: Probes,
    Identity { number, rank, tally }: Identity,
    settings: Settings,
    cookies: Cookies,
    fits: Vec<Fit>,
    enabled: Arc<AtomicBool>,
) -> Arc<LinkCore> {
    let sleepable = settings.sleepable || probes.list.iter().any(|probe| probe.is_sleepable());
    let sleep = if sleepable { Needs::SLEEP } else { Needs::NOTHING };
    let needs = sleep.and(if probes.sessions { Needs::SESSION } else { Needs::NOTHING });
    let pair = choose::typed_pair(&probes.list, probes.pair);
    Arc::new_cyclic(|link: &Weak<LinkCore>| {
        let link = Weak::clone(link);
        let suspend = move |message| {
            if let Some(link) = link.upgrade() {
                poison(&link, message);
            }
        };
        let (limit, hashed, suspend) = (settings.limit, settings.is_hashed(), Box::new(suspend));
        LinkCore {
            state: Arc::new(LinkState::new(
                number, rank, tally, limit, needs, hashed, pair, suspend,
            )),
            probes: probes.list,
            settings,
            cookies,
            fits: Mutex::new(fits),
            members: Mutex::new(Vec::new()),
            changes: AtomicU64::new(0),
            enabled,
            gone: AtomicBool::new(false),
            refused: Mutex::new(Vec::new()),
        }
    })
}
