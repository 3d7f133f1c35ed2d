//! A type that does not fit, and what there is to say about it when somebody asks.

use crate::site::Function;
use crate::sync::OnceLock;

use super::param::Mismatch;
use super::{Param, RetParam};

/// A probe asks for another type than a function has.
///
/// It is put into words when somebody asks: probes that try several types are none the slower.
#[derive(Clone)]
pub struct Misfit {
    function: &'static Function,
    argument: Option<usize>,
    asked: Asked,
    words: OnceLock<Box<Words>>,
}

/// What was asked for, of the argument or of the result.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Param(fn() -> Param),
    Ret(fn() -> RetParam),
    /// It is in words already.
    Said,
}

#[derive(Clone, Default)]
struct Words {
    expected: String,
    found: String,
    hint: String,
}

impl Misfit {
    /// It was found that `function` does not have what was asked for.
    pub(crate) fn new(function: &'static Function, argument: Option<usize>, asked: Asked) -> Self {
        Self { function, argument, asked, words: OnceLock::new() }
    }

    /// The same in words.
    pub(crate) fn said(
        function: &'static Function,
        argument: Option<usize>,
        expected: String,
        found: String,
        hint: String,
    ) -> Self {
        let words = OnceLock::from(Box::new(Words { expected, found, hint }));
        Self { function, argument, asked: Asked::Said, words }
    }

    fn words(&self) -> &Words {
        self.words.get_or_init(|| {
            let mismatch = match (self.asked, self.argument) {
                (Asked::Param(asked), Some(index)) => asked().check(index, self.function).err(),
                (Asked::Ret(asked), None) => asked().check(self.function).err(),
                _ => None,
            };
            Box::new(match mismatch {
                Some(Mismatch::Type { expected, found, hint, .. }) => {
                    Words { expected, found, hint }
                }
                _ => Words::default(),
            })
        })
    }

    /// The function's path.
    #[must_use]
    pub fn function(&self) -> &'static str {
        self.function.instance()
    }

    /// The argument's index from 0; `None` for the result.
    #[must_use]
    pub fn argument(&self) -> Option<usize> {
        self.argument
    }

    /// The argument's name; `None` for the result.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        Some(self.function.argument(self.argument?)?.name())
    }

    /// The type the probe asks for.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.words().expected
    }

    /// The type the function has.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.words().found
    }

    /// What can be done about it, if anything in particular.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.words().hint
    }
}

/// As part of an error's text.
impl core::fmt::Display for Misfit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let function = self.function();
        match (self.argument, self.name()) {
            (Some(index), Some(name)) => write!(f, "argument {index} (`{name}`) of `{function}`")?,
            _ => write!(f, "the result of `{function}`")?,
        }
        let Words { expected, found, hint } = self.words();
        write!(f, " is `{found}`, but the probe asks for `{expected}`")?;
        if !hint.is_empty() {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

/// As `Display`.
impl core::fmt::Debug for Misfit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}
