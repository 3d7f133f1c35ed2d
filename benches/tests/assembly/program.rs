//! The functions of a program: which one an address is in, and its bytes.

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};

/// A function, as the program's file has it.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// Without the hash that makes it unique.
    pub(crate) name: String,
    pub(crate) start: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Function {
    pub(crate) fn contains(&self, address: u64) -> bool {
        (self.start..self.start + self.bytes.len() as u64).contains(&address)
    }
}

/// A program.
#[derive(Debug)]
pub(crate) struct Program {
    /// By address; of several with the same one, the first by name.
    functions: Vec<Function>,
    /// How many bytes of thread-local variables each thread has, up to where its register points.
    thread_locals: u64,
}

impl Program {
    pub(crate) fn read(path: &str) -> Self {
        let file = std::fs::read(path).expect("the program can be read");
        let file = object::File::parse(&*file).expect("it is a program");
        let function = |symbol: object::Symbol<'_, '_>| {
            let section = file.section_by_index(symbol.section_index()?).ok()?;
            let bytes = section.data_range(symbol.address(), symbol.size()).ok()??;
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name().ok()?));
            Some(Function { name, start: symbol.address(), bytes: bytes.to_vec() })
        };
        let symbols = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
        let mut functions: Vec<_> = symbols.filter_map(function).collect();
        functions.sort_by(|a, b| (a.start, &a.name).cmp(&(b.start, &b.name)));
        functions.dedup_by_key(|function| function.start);
        let locals = [".tdata", ".tbss"].iter().filter_map(|name| file.section_by_name(name));
        let locals: Vec<_> = locals.collect();
        let start = locals.iter().map(object::ObjectSection::address).min().unwrap_or(0);
        let end = locals.iter().map(|section| section.address() + section.size()).max();
        let align = locals.iter().map(object::ObjectSection::align).max().unwrap_or(1);
        let thread_locals = (end.unwrap_or(start) - start).next_multiple_of(align);
        Self { functions, thread_locals }
    }

    /// The function that an address is in.
    pub(crate) fn function(&self, address: u64) -> Option<&Function> {
        let after = self.functions.partition_point(|function| function.start <= address);
        self.functions[..after].last().filter(|function| function.contains(address))
    }

    /// Whether a number is the distance of a thread-local variable from the thread's register.
    pub(crate) fn is_thread_local(&self, value: u64) -> bool {
        (1..=self.thread_locals).contains(&value.wrapping_neg())
    }
}
