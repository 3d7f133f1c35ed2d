//! What the process has mapped where.

use std::ops::Range;

/// A line of `/proc/self/maps`.
pub(super) struct Mapping {
    pub(super) range: Range<usize>,
    /// Where in the file it begins.
    pub(super) offset: u64,
    /// The file, or what else it is; empty if it is neither.
    pub(super) path: String,
}

/// The mapping that an address is in.
pub(super) fn mapping(address: usize) -> Result<Mapping, String> {
    let maps = std::fs::read_to_string("/proc/self/maps").map_err(|error| error.to_string())?;
    let mapping = maps.lines().filter_map(parse).find(|it| it.range.contains(&address));
    mapping.ok_or_else(|| format!("{address:#x} is not among the process's mappings"))
}

fn parse(line: &str) -> Option<Mapping> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    // After the protection.
    let offset = u64::from_str_radix(fields.nth(1)?, 16).ok()?;
    // After the device and the file's number.
    let path = fields.nth(2).unwrap_or_default().to_owned();
    Some(Mapping { range: address(start)?..address(end)?, offset, path })
}
