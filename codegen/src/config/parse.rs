//! The part of TOML that `gtramp.toml` needs: keys with strings, whole numbers, booleans and
//! arrays of them. It is read here, rather than by a crate, because every user's first build
//! waits for this one.

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// From 1.
    pub(super) line: usize,
    /// What, and what is allowed instead.
    pub(super) message: String,
}

/// `key = value`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) value: Value,
}

/// A value, with the line of every element of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(u64),
    Bool(bool),
    Array(Vec<(usize, Value)>),
}

/// The entries of a file, in its order.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut reader = Reader { rest: text, line: 1 };
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        reader.skip_blank();
        if reader.rest.is_empty() {
            return Ok(entries);
        }
        let entry = reader.entry()?;
        if let Some(first) = entries.iter().find(|other| other.key == entry.key) {
            let message = format!("`{}` is already set in line {}", entry.key, first.line);
            return Err(Fault { line: entry.line, message });
        }
        entries.push(entry);
    }
}

/// What TOML allows nowhere but at the end of a line, and a tab.
fn is_control(found: char) -> bool {
    found.is_ascii_control() && found != '\t'
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    fn entry(&mut self) -> Result<Entry, Fault> {
        let line = self.line;
        if self.rest.starts_with('[') {
            return Err(self.fault("there are no tables here: expected `key = value`"));
        }
        let key = self.word();
        if key.is_empty() {
            return Err(self.fault("expected `key = value`"));
        }
        self.skip_spaces();
        if !self.eat('=') {
            return Err(self.fault(&format!("expected `=` after `{key}`")));
        }
        self.skip_spaces();
        let value = self.value()?;
        self.skip_spaces();
        match self.rest.chars().next() {
            None | Some('\n' | '#') => Ok(Entry { line, key, value }),
            Some('\r') if self.rest.starts_with("\r\n") => Ok(Entry { line, key, value }),
            Some(other) => Err(self
                .fault(&format!("expected the end of the line, found `{}`", other.escape_debug()))),
        }
    }

    fn value(&mut self) -> Result<Value, Fault> {
        match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.text(quote),
            Some('[') => self.array(),
            Some('0'..='9') => self.number(),
            _ => {
                let word = self.word();
                match word.as_str() {
                    "true" => Ok(Value::Bool(true)),
                    "false" => Ok(Value::Bool(false)),
                    "" => Err(self.fault(
                        "expected a value: \"text\", a whole number, true, false or an [array]",
                    )),
                    _ => Err(self.fault(&format!("text is written in quotes: \"{word}\""))),
                }
            }
        }
    }

    fn text(&mut self, quote: char) -> Result<Value, Fault> {
        let inner = &self.rest[1..];
        let end = inner.find([quote, '\n']).filter(|&end| inner[end..].starts_with(quote));
        let Some(end) = end else {
            return Err(self.fault(&format!("the text that starts here has no closing {quote}")));
        };
        let text = &inner[..end];
        if text.contains(is_control) {
            return Err(self.fault("no value here contains a control character"));
        }
        if quote == '"' && text.contains('\\') {
            return Err(self.fault("no value here contains a backslash"));
        }
        self.rest = &inner[end + 1..];
        Ok(Value::Text(text.to_owned()))
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let word = self.word();
        // As in TOML: no zeros before a number, and underscores only between digits.
        let is_strange =
            word.len() > 1 && word.starts_with('0') || word.ends_with('_') || word.contains("__");
        let number = word.replace('_', "").parse().ok().filter(|_| !is_strange);
        let number = number.map(Value::Number);
        number.ok_or_else(|| self.fault(&format!("`{word}` is not a whole number")))
    }

    fn array(&mut self) -> Result<Value, Fault> {
        self.eat('[');
        let mut items = Vec::new();
        loop {
            self.skip_blank();
            if self.eat(']') {
                return Ok(Value::Array(items));
            }
            if self.rest.starts_with('[') {
                return Err(self.fault("there are no arrays of arrays here"));
            }
            let line = self.line;
            items.push((line, self.value()?));
            self.skip_blank();
            if !self.eat(',') && !self.rest.starts_with(']') {
                return Err(self.fault("expected `,` or `]` in an array"));
            }
        }
    }

    /// A bare key, a number or a keyword.
    fn word(&mut self) -> String {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn eat(&mut self, expected: char) -> bool {
        let rest = self.rest.strip_prefix(expected);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    /// Skips spaces, ends of lines and comments.
    fn skip_blank(&mut self) {
        loop {
            self.skip_spaces();
            if let Some(rest) =
                self.rest.strip_prefix('\n').or_else(|| self.rest.strip_prefix("\r\n"))
            {
                self.rest = rest;
                self.line += 1;
            } else if self.rest.starts_with('#') {
                let end = self.rest.find(is_control).unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
            } else {
                return;
            }
        }
    }

    fn fault(&self, message: &str) -> Fault {
        Fault { line: self.line, message: message.to_owned() }
    }
}
