//! Reading a file's text and parsing it.

use std::fs;
use std::io;
use std::ops::AddAssign;
use std::path::Path;
use std::string::FromUtf8Error;

use gtramp::traceable;

use crate::trace::own::ran;

/// How many lines a file has, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) code: u64,
    pub(crate) comment: u64,
    pub(crate) blank: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    Comment,
    Blank,
}

#[traceable]
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    ran!("read");
    fs::read(path)
}

#[traceable]
pub(crate) fn decode(bytes: Vec<u8>) -> Result<String, FromUtf8Error> {
    ran!("decode");
    String::from_utf8(bytes)
}

/// Parses a whole file. The text is given up: nothing needs it afterwards.
#[traceable]
pub(crate) fn parse(text: String) -> syn::Result<syn::File> {
    ran!("parse");
    syn::parse_file(&text)
}

#[traceable]
pub(crate) fn measure(text: &str) -> Lines {
    ran!("measure");
    let mut lines = Lines::default();
    let mut inside = 0;
    for line in text.lines() {
        lines += kind(line, &mut inside);
    }
    lines
}

/// What a line is, by its first characters. `inside` is how many block comments are open, quotes
/// not considered.
#[traceable]
fn kind(line: &str, inside: &mut u32) -> Kind {
    ran!("kind");
    let line = line.trim();
    let was_inside = *inside > 0;
    if was_inside || line.starts_with("/*") {
        let (opened, closed) = (line.matches("/*").count(), line.matches("*/").count());
        *inside = (*inside + opened as u32).saturating_sub(closed as u32);
    }
    match line {
        "" => Kind::Blank,
        _ if was_inside || line.starts_with("//") || line.starts_with("/*") => Kind::Comment,
        _ => Kind::Code,
    }
}

#[traceable]
impl AddAssign<Kind> for Lines {
    fn add_assign(&mut self, kind: Kind) {
        ran!("Lines::add_assign");
        match kind {
            Kind::Code => self.code += 1,
            Kind::Comment => self.comment += 1,
            Kind::Blank => self.blank += 1,
        }
    }
}

#[traceable]
impl Lines {
    pub(crate) fn plus(self, more: Self) -> Self {
        ran!("Lines::plus");
        Self {
            code: self.code + more.code,
            comment: self.comment + more.comment,
            blank: self.blank + more.blank,
        }
    }

    pub(crate) fn total(&self) -> u64 {
        ran!("Lines::total");
        self.code + self.comment + self.blank
    }
}
