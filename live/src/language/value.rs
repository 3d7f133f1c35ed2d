//! Values of a call: how they are read, kept and compared.

use core::cmp::Ordering;
use core::time::Duration;

use gtramp::{Entry, Exit};

use super::ast::{Comparison, Literal};
use super::cursor::LONGEST_TEXT;

/// A value while its call is looked at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'v> {
    /// There is none: the result of a call that panicked. It compares with nothing.
    Absent,
    Int(i128),
    Float(f64),
    Bool(bool),
    Text(&'v str),
}

/// A value that outlives its call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kept {
    Absent,
    Int(i128),
    Float(f64),
    Bool(bool),
    Text(String),
}

impl Value<'_> {
    pub(crate) fn keep(&self) -> Kept {
        match *self {
            Self::Absent => Kept::Absent,
            Self::Int(int) => Kept::Int(int),
            Self::Float(float) => Kept::Float(float),
            Self::Bool(bool) => Kept::Bool(bool),
            Self::Text(text) => Kept::Text(shortened(text)),
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }

    pub(crate) fn compare(&self, how: Comparison, other: &Self) -> bool {
        let ordering = match (self, other) {
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(other)),
            (Self::Bool(one), Self::Bool(other)) => Some(one.cmp(other)),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            _ => self.float().zip(other.float()).and_then(|(one, other)| one.partial_cmp(&other)),
        };
        let Some(ordering) = ordering else { return false };
        match how {
            Comparison::Equal => ordering == Ordering::Equal,
            Comparison::Unequal => ordering != Ordering::Equal,
            Comparison::Less => ordering == Ordering::Less,
            Comparison::AtMost => ordering != Ordering::Greater,
            Comparison::Greater => ordering == Ordering::Greater,
            Comparison::AtLeast => ordering != Ordering::Less,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "it is compared with a float")]
    fn float(&self) -> Option<f64> {
        match *self {
            Self::Int(int) => Some(int as f64),
            Self::Float(float) => Some(float),
            _ => None,
        }
    }

    /// As a whole number that can be added up; what is larger is as large as can be.
    #[expect(clippy::cast_possible_truncation, reason = "clamped, and floats saturate")]
    pub(crate) fn number(&self) -> Option<i64> {
        match *self {
            Self::Int(int) => Some(int.clamp(i64::MIN.into(), i64::MAX.into()) as i64),
            Self::Float(float) => Some(float.round() as i64),
            Self::Bool(bool) => Some(bool.into()),
            Self::Absent | Self::Text(_) => None,
        }
    }
}

impl Kept {
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Absent => Value::Absent,
            Self::Int(int) => Value::Int(*int),
            Self::Float(float) => Value::Float(*float),
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Text(text) => Value::Text(text),
        }
    }
}

impl core::fmt::Display for Kept {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Absent => f.write_str("-"),
            Self::Int(int) => int.fmt(f),
            Self::Float(float) => float.fmt(f),
            Self::Bool(bool) => bool.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Literal {
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Int(int) => Value::Int(*int),
            Self::Float(float) => Value::Float(*float),
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Text(text) => Value::Text(text),
        }
    }

    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Int(_) | Self::Float(_) => Class::Number,
            Self::Bool(_) => Class::Bool,
            Self::Text(_) => Class::Text,
        }
    }
}

/// As much of a text as is kept of it.
pub(crate) fn kept_part(text: &str) -> &str {
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let end = (0..=LONGEST_TEXT).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

/// The part of a text that is kept, which says by its end if it is only a part.
pub(crate) fn shortened(text: &str) -> String {
    let part = kept_part(text);
    if part.len() == text.len() { text.to_owned() } else { format!("{part}…") }
}

/// What can be compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Number,
    Bool,
    Text,
}

impl core::fmt::Display for Class {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Text => "a text",
        })
    }
}

macro_rules! readers {
    ($($variant:ident $name:literal $type:ty, $result:ty, $class:ident: |$value:ident| $read:expr;)*) => {
        /// A type whose values are read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Reader {
            $($variant,)*
        }

        impl Reader {
            /// The reader for a type, or for a reference to it, by its name.
            pub(crate) fn of(type_name: &str) -> Option<Self> {
                let name = type_name.strip_prefix('&').unwrap_or(type_name);
                let name = name.strip_prefix("mut ").unwrap_or(name);
                Some(match name {
                    $($name => Self::$variant,)*
                    _ => return None,
                })
            }

            pub(crate) fn class(self) -> Class {
                match self {
                    $(Self::$variant => Class::$class,)*
                }
            }

            /// The argument at `index`; absent if the call does not let it be read.
            pub(crate) fn argument<'c>(self, ctx: &'c Entry<'_>, index: usize) -> Value<'c> {
                match self {
                    $(Self::$variant => ctx.arg::<$type>(index).map_or(Value::Absent, |$value| $read),)*
                }
            }

            /// The result; absent if there is none, or the call does not let it be read.
            pub(crate) fn result<'c>(self, ctx: &'c Exit<'_>) -> Value<'c> {
                match self {
                    $(Self::$variant => match ctx.ret::<$result>() {
                        Ok(Some($value)) => $read,
                        _ => Value::Absent,
                    },)*
                }
            }
        }
    };
}

readers! {
    U8 "u8" u8, u8, Number: |value| Value::Int((*value).into());
    U16 "u16" u16, u16, Number: |value| Value::Int((*value).into());
    U32 "u32" u32, u32, Number: |value| Value::Int((*value).into());
    U64 "u64" u64, u64, Number: |value| Value::Int((*value).into());
    Usize "usize" usize, usize, Number: |value| Value::Int(*value as i128);
    I8 "i8" i8, i8, Number: |value| Value::Int((*value).into());
    I16 "i16" i16, i16, Number: |value| Value::Int((*value).into());
    I32 "i32" i32, i32, Number: |value| Value::Int((*value).into());
    I64 "i64" i64, i64, Number: |value| Value::Int((*value).into());
    Isize "isize" isize, isize, Number: |value| Value::Int(*value as i128);
    I128 "i128" i128, i128, Number: |value| Value::Int(*value);
    F32 "f32" f32, f32, Number: |value| Value::Float((*value).into());
    F64 "f64" f64, f64, Number: |value| Value::Float(*value);
    Bool "bool" bool, bool, Bool: |value| Value::Bool(*value);
    Duration "core::time::Duration" Duration, Duration, Number:
        |value| Value::Int(value.as_nanos().try_into().unwrap_or(i128::MAX));
    String "alloc::string::String" String, String, Text: |value| Value::Text(value);
    Str "str" str, &'static str, Text: |value| Value::Text(value);
}
