//! Protocol buffers as another library reads them: fields by number, whatever they mean.

use std::collections::BTreeMap;

use protobuf::CodedInputStream;

/// The fields of a message.
pub(crate) type Message = BTreeMap<u32, Vec<Field>>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

/// The fields of the message in these bytes.
pub(crate) fn message(bytes: &[u8]) -> Message {
    let mut stream = CodedInputStream::from_bytes(bytes);
    let mut fields = Message::new();
    while let Some(tag) = stream.read_raw_tag_or_eof().expect("it is a message") {
        let field = match tag & 7 {
            0 => Field::Number(stream.read_raw_varint64().expect("it is a number")),
            1 => Field::Number(stream.read_fixed64().expect("it is a number")),
            2 => Field::Bytes(stream.read_bytes().expect("there are as many")),
            other => panic!("a field of type {other}"),
        };
        fields.entry(tag >> 3).or_default().push(field);
    }
    fields
}

/// All messages in a field.
pub(crate) fn messages(of: &Message, field: u32) -> Vec<Message> {
    let fields = of.get(&field).into_iter().flatten();
    fields
        .map(|field| match field {
            Field::Bytes(bytes) => message(bytes),
            Field::Number(number) => panic!("{number} is no message"),
        })
        .collect()
}

/// The number in a field, if there is one.
pub(crate) fn number(of: &Message, field: u32) -> Option<u64> {
    match of.get(&field)?.as_slice() {
        [Field::Number(number)] => Some(*number),
        other => panic!("{other:?}"),
    }
}

/// The text in a field, if there is one.
pub(crate) fn text(of: &Message, field: u32) -> Option<String> {
    match of.get(&field)?.as_slice() {
        [Field::Bytes(bytes)] => Some(String::from_utf8(bytes.clone()).expect("it is text")),
        other => panic!("{other:?}"),
    }
}
