//! Values of a call: how they are read, kept and compared.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

use gtramp::{Entry, Exit, Field, Function, TypedArgument, TypedReturn};

use crate::record::cut;

use super::ast::Comparison;
use super::cursor::LONGEST_TEXT;

/// A value while its call is looked at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'v> {
    /// There is none: the result of a call that panicked. It compares with nothing.
    Absent,
    Int(i128),
    Float(f64),
    Bool(bool),
    Text(Cow<'v, str>),
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

impl<'v> Value<'v> {
    /// What a member is: its text, unless it is of a type that is compared otherwise.
    pub(crate) fn of_member(field: &Field<'v>) -> Self {
        if let Some(value) = read_member(field) {
            return value;
        }
        if let Some(text) = field.as_str() {
            return Self::Text(Cow::Borrowed(text));
        }
        if field.is_shown() { Self::Text(Cow::Owned(field.to_string())) } else { Self::Absent }
    }

    pub(crate) fn keep(&self) -> Kept {
        match self {
            Self::Absent => Kept::Absent,
            Self::Int(int) => Kept::Int(*int),
            Self::Float(float) => Kept::Float(*float),
            Self::Bool(bool) => Kept::Bool(*bool),
            Self::Text(text) => Kept::Text(shortened(text)),
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }

    #[inline(always)]
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

    #[cold]
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
    pub(super) fn class(&self) -> Class {
        match self {
            Self::Absent | Self::Int(_) | Self::Float(_) => Class::Number,
            Self::Bool(_) => Class::Bool,
            Self::Text(_) => Class::Text,
        }
    }

    #[inline]
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Absent => Value::Absent,
            Self::Int(int) => Value::Int(*int),
            Self::Float(float) => Value::Float(*float),
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
        }
    }
}

impl core::fmt::Display for Kept {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.value().fmt(f)
    }
}

impl core::fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Absent => f.write_str("-"),
            Self::Int(int) => match i64::try_from(*int) {
                // Which is much faster.
                Ok(small) => small.fmt(f),
                Err(_) => int.fmt(f),
            },
            Self::Float(float) => float.fmt(f),
            Self::Bool(bool) => bool.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// As much of a text as is kept of it.
pub(crate) fn kept_part(text: &str) -> &str {
    cut(text, LONGEST_TEXT)
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
    ($($variant:ident $type:ty, $result:ty, $class:ident: |$value:ident| $read:expr;)*) => {
        /// How an argument of one function is read, which is of one of these types or a reference to one.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Argument {
            $($variant(TypedArgument<$type>),)*
        }

        impl Argument {
            /// For the argument at `index`; `None` if it is of another type.
            pub(crate) fn of(function: &'static Function, index: usize) -> Option<Self> {
                $(if let Ok(argument) = function.typed_argument::<$type>(index) {
                    return Some(Self::$variant(argument));
                })*
                None
            }

            pub(crate) fn class(&self) -> Class {
                match self {
                    $(Self::$variant(_) => Class::$class,)*
                }
            }

            /// What it is in this call.
            #[inline(always)]
            pub(crate) fn read<'c>(&self, ctx: &'c Entry<'_>) -> Value<'c> {
                match self {
                    $(Self::$variant(argument) => ctx.read(argument).map_or(Value::Absent, |$value| $read),)*
                }
            }
        }

        /// A member that is of one of these types.
        fn read_member<'v>(field: &Field<'v>) -> Option<Value<'v>> {
            $(if let Some($value) = field.get::<$result>() {
                return Some($read);
            })*
            None
        }

        /// How the result of one function is read, which is of one of these types.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Return {
            $($variant(TypedReturn<$result>),)*
        }

        impl Return {
            /// `None` if it is of another type, or not to be shown.
            pub(crate) fn of(function: &'static Function) -> Option<Self> {
                if function.is_result_redacted() {
                    return None;
                }
                $(if let Ok(result) = function.typed_return::<$result>() {
                    return Some(Self::$variant(result));
                })*
                None
            }

            pub(crate) fn class(&self) -> Class {
                match self {
                    $(Self::$variant(_) => Class::$class,)*
                }
            }

            /// What it is in this call; absent if there is none.
            #[inline]
            pub(crate) fn read<'c>(&self, ctx: &'c Exit<'_>) -> Value<'c> {
                match self {
                    $(Self::$variant(result) => ctx.read(result).map_or(Value::Absent, |$value| $read),)*
                }
            }
        }
    };
}

readers! {
    U8 u8, u8, Number: |value| Value::Int((*value).into());
    U16 u16, u16, Number: |value| Value::Int((*value).into());
    U32 u32, u32, Number: |value| Value::Int((*value).into());
    U64 u64, u64, Number: |value| Value::Int((*value).into());
    Usize usize, usize, Number: |value| Value::Int(*value as i128);
    I8 i8, i8, Number: |value| Value::Int((*value).into());
    I16 i16, i16, Number: |value| Value::Int((*value).into());
    I32 i32, i32, Number: |value| Value::Int((*value).into());
    I64 i64, i64, Number: |value| Value::Int((*value).into());
    Isize isize, isize, Number: |value| Value::Int(*value as i128);
    I128 i128, i128, Number: |value| Value::Int(*value);
    F32 f32, f32, Number: |value| Value::Float((*value).into());
    F64 f64, f64, Number: |value| Value::Float(*value);
    Bool bool, bool, Bool: |value| Value::Bool(*value);
    Duration Duration, Duration, Number:
        |value| Value::Int(value.as_nanos().try_into().unwrap_or(i128::MAX));
    String String, String, Text: |value| Value::Text(Cow::Borrowed(value));
    Str str, &'static str, Text: |value| Value::Text(Cow::Borrowed(value));
}
