//! `serialize!`: what `#[derive(Serialize)]` would write, without a procedural macro in every
//! user's build.

/// Serialises the named fields of a struct, in the order given.
macro_rules! serialize {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;
                let fields = [$(stringify!($field)),+].len();
                let mut row = serializer.serialize_struct(stringify!($name), fields)?;
                $(row.serialize_field(stringify!($field), &self.$field)?;)+
                row.end()
            }
        }
    };
}

pub(crate) use serialize;
