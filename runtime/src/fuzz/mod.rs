//! What fuzz targets run, and unit tests with the bytes of a generator: one function for each part, which
//! takes any bytes for a sequence of operations and compares what happens with a model.
//!
//! `GTRAMP_RUNS` says how many sequences a unit test makes. The fuzzer is run by `ci/fuzz.sh`.

#![cfg_attr(not(fuzzing), allow(unreachable_pub, reason = "fuzz targets reach it"))]

pub mod glob;
#[cfg(gtramp_stubs)]
pub mod links;
pub mod table;

/// Decisions, made of bytes. When these are used up, every decision is the first choice.
struct Bytes<'d>(&'d [u8]);

impl Bytes<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        debug_assert!((1..=1 << 8).contains(&end), "one byte decides");
        usize::from(self.next()) % end
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

/// Calls `run` with the bytes of as many random inputs as the environment says, or this many.
#[cfg(test)]
fn with_random_bytes(default: u64, longest: usize, run: fn(&[u8])) {
    let given = std::env::var("GTRAMP_RUNS").ok();
    let runs = given.map_or(default, |given| given.parse().expect("GTRAMP_RUNS is a number"));
    for seed in 0..runs {
        let mut state = seed;
        // SplitMix64.
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let len = usize::try_from(next() % longest as u64).expect("below a usize");
        let bytes: Vec<u8> = (0..len).map(|_| next().to_le_bytes()[0]).collect();
        if let Err(panic) = std::panic::catch_unwind(|| run(&bytes)) {
            eprintln!("run {seed} of {runs}, of the bytes {bytes:?}");
            std::panic::resume_unwind(panic);
        }
    }
    println!("{runs} runs");
}
