//! What can be asked of a call, by name: in predicates, as keys, as values, and for showing.

use super::value::{Class, Kept};

/// Something that a call has. `A` is an argument: as it is written, or where it is found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term<A = Named> {
    /// What has this value in every call.
    Literal(Kept),
    Word(Word),
    /// What the scope in force has under this key.
    Scope(String),
    Arg(A),
}

/// An argument by name, or a member of it by its path. Functions without the argument are left out if it is optional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// `account`, `self.owner.id`.
    pub(crate) name: String,
    pub(crate) optional: bool,
}

macro_rules! words {
    ($($variant:ident $name:literal $class:ident $when:ident: $doc:literal;)*) => {
        /// What every call has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Word {
            $(#[doc = $doc] $variant,)*
        }

        impl Word {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// As it is written.
            pub(crate) fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What it is compared with.
            pub(super) fn class(self) -> Compared {
                match self {
                    $(Self::$variant => Compared::$class,)*
                }
            }

            fn when(self) -> When {
                match self {
                    $(Self::$variant => When::$when,)*
                }
            }
        }
    };
}

words! {
    Func "func" Text Always: "The function.";
    Thread "thread" Text Always: "The name of the thread.";
    Latency "latency" Time End: "From its beginning to its end.";
    SelfTime "self_time" Time End: "The latency without that of calls within it.";
    Depth "depth" Number Always: "Within how many other calls of the lease it is.";
    Panic "panic" Bool End: "Whether it unwound.";
    Cancelled "cancelled" Bool End: "Whether it is a life that was dropped before its end.";
    Err "err" Bool End: "Whether the result is an `Err`.";
    Ret "ret" Result End: "The result.";
    Args "args" Shown Always: "All arguments, as text.";
    Stack "stack" Shown Always: "The frames that led to the call, as text.";
    Polls "polls" Number Life: "How often the future was polled.";
    Busy "busy" Time Life: "How long it was being polled.";
    Idle "idle" Time Life: "How long it waited between its polls.";
    LongestPoll "longest_poll" Time Life: "The longest of its polls.";
    Ready "ready" Bool Poll: "Whether the future was ready: it was its last poll.";
}

/// How a word can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Number,
    /// A number of nanoseconds.
    Time,
    Bool,
    Text,
    /// As each function's result can.
    Result,
    /// Not at all.
    Shown,
}

/// When a word is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    End,
    /// At the end of the life of an async function's future, and of a poll of it as far as it has come.
    Life,
    /// At the end of a poll.
    Poll,
}

impl Word {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.text() == name)
    }

    /// Whether only the end of a call tells.
    pub(crate) fn is_of_end(self) -> bool {
        self.when() != When::Always
    }

    /// Whether only polls have it.
    pub(crate) fn is_of_polls(self) -> bool {
        self.when() == When::Poll
    }

    /// Whether a poll has it as well as a call.
    pub(crate) fn is_known_of_polls(self) -> bool {
        match self {
            Self::SelfTime | Self::Depth | Self::Cancelled | Self::Err | Self::Ret | Self::Args => {
                false
            }
            Self::Func | Self::Thread | Self::Latency | Self::Panic | Self::Stack => true,
            Self::Polls | Self::Busy | Self::Idle | Self::LongestPoll | Self::Ready => true,
        }
    }

    /// Whether only async functions have it.
    pub(crate) fn is_of_lives(self) -> bool {
        self.when() == When::Life
    }

    /// Whether it has too many values to be a key.
    pub(super) fn is_fleeting(self) -> bool {
        matches!(self.class(), Compared::Time | Compared::Shown)
    }
}

/// The argument's own name, and whether what is meant is a member of it.
pub(super) fn root(path: &str) -> (&str, bool) {
    path.split_once('.').map_or((path, false), |(root, _)| (root, true))
}

impl<A> Term<A> {
    /// Whether only the end of a call tells.
    pub(crate) fn is_of_end(&self) -> bool {
        matches!(self, Self::Word(word) if word.is_of_end())
    }

    /// With arguments as this says.
    pub(super) fn map<B>(&self, argument: impl FnOnce(&A) -> B) -> Term<B> {
        match self {
            Self::Literal(literal) => Term::Literal(literal.clone()),
            Self::Word(word) => Term::Word(*word),
            Self::Scope(key) => Term::Scope(key.clone()),
            Self::Arg(of) => Term::Arg(argument(of)),
        }
    }
}

impl Term {
    /// As it is written.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Literal(literal) => literal.to_string(),
            Self::Word(word) => word.text().to_owned(),
            Self::Scope(key) => format!("scope.{key}"),
            Self::Arg(argument) => argument.name.clone(),
        }
    }
}

impl Compared {
    /// The class of its values, if all functions have the same.
    pub(super) fn class(self) -> Option<Class> {
        Some(match self {
            Self::Number | Self::Time => Class::Number,
            Self::Bool => Class::Bool,
            Self::Text => Class::Text,
            Self::Result | Self::Shown => return None,
        })
    }
}
