//! Files that no one would write: see `ci/fuzz.sh` for many more.

#[path = "support/config_text.rs"]
mod config_text;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[test]
fn a_file_that_is_read_is_toml_and_means_what_toml_says() {
    let mut random = Random(1);
    for _ in 0..200_000 {
        let len = random.next() % 12;
        let bytes: Vec<u8> = (0..len).map(|_| random.next().to_le_bytes()[0]).collect();
        config_text::run(&bytes);
    }
}
