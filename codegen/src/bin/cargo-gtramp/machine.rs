//! A built program as it would lie in memory.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction};
use object::{Architecture, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget};

/// An ELF file whose addresses are resolved as if it were loaded at zero.
pub(crate) struct Image {
    pub(crate) architecture: Architecture,
    sections: Vec<Section>,
    /// Words that the loader fills in.
    relocated: HashMap<u64, u64>,
    /// Functions by address: demangled name without hash, and size.
    symbols: HashMap<u64, (String, u64)>,
}

struct Section {
    name: String,
    start: u64,
    bytes: Vec<u8>,
}

impl Image {
    pub(crate) fn read(path: &Path) -> Result<Image, Box<dyn Error>> {
        let at = |error: &dyn Error| format!("{}: {error}", path.display());
        let bytes = fs::read(path).map_err(|error| at(&error))?;
        let file = object::File::parse(bytes.as_slice()).map_err(|error| at(&error))?;
        if file.format() != object::BinaryFormat::Elf || !file.is_64() {
            return Err(format!("{}: not a 64-bit ELF file", path.display()).into());
        }
        let section = |section: object::Section<'_, '_>| {
            Some(Section {
                name: section.name().ok()?.to_owned(),
                start: section.address(),
                bytes: section.uncompressed_data().ok()?.into_owned(),
            })
        };
        let loaded = file.sections().filter(|section| section.address() != 0);
        let mut relocated = HashMap::new();
        for (address, relocation) in file.dynamic_relocations().into_iter().flatten() {
            let symbol = match relocation.target() {
                RelocationTarget::Symbol(index) => {
                    let found = file.dynamic_symbol_table().and_then(|table| {
                        use object::ObjectSymbolTable as _;
                        table.symbol_by_index(index).ok()
                    });
                    found.map_or(0, |symbol| symbol.address())
                }
                _ => 0,
            };
            relocated.insert(address, symbol.wrapping_add_signed(relocation.addend()));
        }
        let symbol = |symbol: object::Symbol<'_, '_>| {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?));
            (symbol.kind() == object::SymbolKind::Text)
                .then(|| (symbol.address(), (name, symbol.size())))
        };
        Ok(Image {
            architecture: file.architecture(),
            sections: loaded.filter_map(section).collect(),
            relocated,
            symbols: file.symbols().filter_map(symbol).collect(),
        })
    }

    /// Address and bytes of a section.
    pub(crate) fn section(&self, name: &str) -> Option<(u64, &[u8])> {
        let section = self.sections.iter().find(|section| section.name == name)?;
        Some((section.start, &section.bytes))
    }

    pub(crate) fn bytes(&self, address: u64, len: u64) -> Option<&[u8]> {
        self.sections.iter().find_map(|section| {
            let start = usize::try_from(address.checked_sub(section.start)?).ok()?;
            section.bytes.get(start..start.checked_add(usize::try_from(len).ok()?)?)
        })
    }

    /// The bytes from `address` to the end of its section, at most `len`.
    fn bytes_up_to(&self, address: u64, len: usize) -> &[u8] {
        let found = self.sections.iter().find_map(|section| {
            let start = usize::try_from(address.checked_sub(section.start)?).ok()?;
            section.bytes.get(start..)
        });
        let bytes = found.unwrap_or_default();
        &bytes[..bytes.len().min(len)]
    }

    /// A word, as the loader leaves it.
    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        if let Some(word) = self.relocated.get(&address) {
            return Some(*word);
        }
        Some(u64::from_le_bytes(self.bytes(address, 8)?.try_into().ok()?))
    }

    /// A half word.
    pub(crate) fn half(&self, address: u64) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(address, 4)?.try_into().ok()?))
    }

    /// Text of a length that makes sense for a name.
    pub(crate) fn text(&self, address: u64, len: u64) -> Option<&str> {
        if len > 1 << 16 {
            return None;
        }
        std::str::from_utf8(self.bytes(address, len)?).ok()
    }

    /// The text that a `&str` at `address` is.
    pub(crate) fn text_at(&self, address: u64) -> Option<&str> {
        self.text(self.word(address)?, self.word(address + 8)?)
    }

    /// The functions whose names `wanted` takes, without path and generic arguments: name, address,
    /// size.
    pub(crate) fn functions(&self, wanted: impl Fn(&str) -> bool) -> Vec<(&str, u64, u64)> {
        let all = self
            .symbols
            .iter()
            .map(|(address, (name, size))| (last_segment(name), *address, *size));
        all.filter(|(segment, ..)| wanted(segment)).collect()
    }

    /// The name of the function at `address`, without path and generic arguments.
    pub(crate) fn symbol(&self, address: u64) -> Option<&str> {
        self.symbols.get(&address).map(|(name, _)| last_segment(name))
    }

    /// The instructions of the function at `address`, as far as they can be reached in a line.
    pub(crate) fn instructions(&self, address: u64) -> Vec<Instruction> {
        let size = self.symbols.get(&address).map_or(0, |(_, size)| *size);
        let known = usize::try_from(size).ok().filter(|size| *size > 0);
        let code = self.bytes_up_to(address, known.unwrap_or(1024));
        let mut instructions = Vec::new();
        for one in Decoder::with_ip(64, code, address, DecoderOptions::NONE) {
            instructions.push(one);
            // Without a symbol, the function ends where nothing can go on.
            let ends = matches!(
                one.flow_control(),
                FlowControl::Return | FlowControl::UnconditionalBranch | FlowControl::Exception
            );
            if one.is_invalid() || (ends && known.is_none()) {
                break;
            }
        }
        instructions
    }
}

/// `fee` of `bank::Ledger::fee`, and of `bank::fee::<u64>`: with the newer mangling, generic
/// arguments follow the name.
fn last_segment(name: &str) -> &str {
    let name = name.find('<').filter(|at| *at > 0).map_or(name, |at| &name[..at]);
    let name = name.trim_end_matches("::");
    name.rsplit("::").next().unwrap_or(name)
}
