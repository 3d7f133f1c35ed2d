//! Where probes count: a cell per row and function.
//!
//! A probe finds its cell through its cookie. So one probe serves many attachments and many
//! functions, and looks nothing up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use gtramp::Function;

use super::own::Counts;
use super::sharded::Sharded;

/// What is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Row {
    /// Every call of the whole run.
    Always,
    /// Calls that the stopwatch saw begin.
    Started,
    /// Calls that the stopwatch saw end.
    Stopped,
    /// The first of two attachments of one probe.
    Red,
    /// The second.
    Blue,
    /// Calls seen by a probe that itself calls a traced function.
    Nosy,
    /// Attachments that come and go while the workers work.
    Passing,
}

const ROWS: usize = Row::Passing as usize + 1;

/// What a cookie says: the row, and the function's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) row: Row,
    pub(crate) function: u16,
}

struct Board {
    /// The paths of all traceable functions; instantiations of one generic function share one.
    paths: Vec<&'static str>,
    cells: Vec<Sharded>,
}

static BOARD: OnceLock<Board> = OnceLock::new();

/// Cookies for a link that counts in `row`: one for each function.
pub(crate) fn cookies(row: Row) -> impl Fn(&Function) -> u64 + Send + Sync + 'static {
    move |function| Tag { row, function: index(function.path()) }.into()
}

/// Counts one call. Called by probes.
#[inline]
pub(crate) fn hit(tag: Tag) {
    let board = board();
    board.cells[board.paths.len() * tag.row as usize + tag.function as usize].add(1);
}

/// What was counted in `row` until now; functions without a call are left out.
pub(crate) fn counts(row: Row) -> Counts {
    let board = board();
    let cells =
        board.cells.chunks(board.paths.len().max(1)).nth(row as usize).into_iter().flatten();
    let sums = cells.map(Sharded::sum);
    board.paths.iter().copied().zip(sums).filter(|&(_, sum)| sum > 0).collect()
}

/// The paths of this program's traceable functions.
pub(crate) fn paths() -> &'static [&'static str] {
    &board().paths
}

fn board() -> &'static Board {
    BOARD.get_or_init(|| {
        let paths: BTreeSet<_> = gtramp::functions().iter().map(Function::path).collect();
        let cells = (0..ROWS * paths.len()).map(|_| Sharded::new()).collect();
        Board { paths: paths.into_iter().collect(), cells }
    })
}

fn index(path: &str) -> u16 {
    let place = board().paths.binary_search(&path).expect("every traceable function is listed");
    place.try_into().expect("fewer than 65,536 functions")
}

impl From<Tag> for u64 {
    fn from(tag: Tag) -> Self {
        Self::from(tag.row as u8) << 16 | Self::from(tag.function)
    }
}

impl Tag {
    pub(crate) fn of_cookie(cookie: u64) -> Self {
        const ROW: [Row; ROWS] =
            [Row::Always, Row::Started, Row::Stopped, Row::Red, Row::Blue, Row::Nosy, Row::Passing];
        Self { row: ROW[(cookie >> 16) as u8 as usize], function: cookie as u16 }
    }
}

/// What `later` counts more than `earlier`.
pub(crate) fn difference(later: &Counts, earlier: &Counts) -> Counts {
    let growth = |(&path, &count)| (path, count - earlier.get(path).copied().unwrap_or(0));
    later.iter().map(growth).filter(|&(_, count)| count > 0).collect::<BTreeMap<_, _>>()
}
