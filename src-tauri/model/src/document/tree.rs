//! JSON text into a tree that still knows where everything stood. Kept apart from the reader of records because a
//! flow file needs what data does not: positions, the order of keys, and a refusal of doubled keys.

use std::collections::HashMap;

use super::{MAX_DEPTH, MAX_FILE_BYTES, MAX_TEXT_BYTES, MAX_VALUES, quoted};

/// A value and the byte it starts at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

/// What a value is. Numbers keep their text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Box<str>),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) at: usize,
    pub(crate) value: Tree,
}

/// What is wrong with the text, and at which byte.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) code: &'static str,
    pub(crate) sentence: String,
}

impl Kind {
    /// What to call it in a sentence.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads a whole text; the first fault ends it.
pub(crate) fn read(text: &str) -> Result<Tree, Fault> {
    if text.len() > MAX_FILE_BYTES {
        let sentence = format!(
            "The file has {} bytes; a flow file may have {MAX_FILE_BYTES} (10 MiB). Keep data in files that the flow reads.",
            text.len()
        );
        return Err(Fault { at: 0, code: "document.too-large", sentence });
    }
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, values: 0, is_own: false };
    reader.space();
    if reader.at == reader.bytes.len() {
        return Err(reader.fault("The file is empty; a flow file starts with {."));
    }
    let tree = reader.value(0)?;
    reader.space();
    match reader.peek() {
        None => Ok(tree),
        Some(_) => Err(reader.fault("Something follows the end of the flow; a file holds one flow.")),
    }
}

/// Reads text that this program has just written, to which the limits for files of others do not apply.
pub(crate) fn read_own(text: &str) -> Tree {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, values: 0, is_own: true };
    reader.value(0).expect("text written by serde_json is JSON")
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    values: usize,
    is_own: bool,
}

impl Reader<'_> {
    fn fault(&self, sentence: impl Into<String>) -> Fault {
        self.fault_at(self.at, sentence)
    }

    fn fault_at(&self, at: usize, sentence: impl Into<String>) -> Fault {
        Fault { at, code: "document.not-json", sentence: sentence.into() }
    }

    fn limit(&self, code: &'static str, sentence: String) -> Fault {
        Fault { at: self.at, code, sentence }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// What stands here, in words, for sentences.
    fn found(&self) -> String {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => "the file ends".to_owned(),
            Some(c) => format!("there is {}", quoted(&c.to_string())),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Tree, Fault> {
        self.values += 1;
        if self.values > MAX_VALUES && !self.is_own {
            let sentence = format!(
                "The file holds more than {MAX_VALUES} values; keep data in files that the flow reads."
            );
            return Err(self.limit("document.too-many-values", sentence));
        }
        let at = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.object(self.deeper(depth)?)?,
            Some(b'[') => self.list(self.deeper(depth)?)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Kind::Bool(true))?,
            Some(b'f') => self.word("false", Kind::Bool(false))?,
            Some(b'n') => self.word("null", Kind::Null)?,
            Some(b'/' | b'#') => {
                return Err(self.fault("A flow file has no comments; use \"note\" on a node."));
            }
            Some(b'\'') => return Err(self.fault("Texts stand in double quotes, not in single ones.")),
            Some(_) | None => {
                return Err(self.fault(format!("A value is expected here, but {}.", self.found())));
            }
        };
        Ok(Tree { at, kind })
    }

    fn deeper(&self, depth: usize) -> Result<usize, Fault> {
        if depth >= MAX_DEPTH && !self.is_own {
            let sentence =
                format!("Lists and objects stand in each other deeper than {MAX_DEPTH} levels here.");
            return Err(self.limit("document.too-deep", sentence));
        }
        Ok(depth + 1)
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, Fault> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fault("A value is expected here: a text in quotes, a number, true, false, null, a list or an object."));
        }
        self.at += word.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits();
        let leading_zero = whole > 1 && self.bytes[self.at - whole] == b'0';
        if whole == 0 || leading_zero {
            return Err(self.fault_at(start, "This is not a number as JSON writes it."));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.fault("Digits are expected after the decimal point."));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.fault("Digits are expected in the exponent."));
            }
        }
        Ok(Kind::Number(self.text[start..self.at].into()))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn string(&mut self) -> Result<String, Fault> {
        let open = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            if out.len() > MAX_TEXT_BYTES && !self.is_own {
                let sentence =
                    "This text is longer than 1 MiB; keep data in files that the flow reads.".to_owned();
                return Err(Fault { at: open, code: "document.text-too-long", sentence });
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    let c = self.escape()?;
                    out.push(c);
                }
                Some(b'\n' | b'\r') => {
                    return Err(self.fault_at(open, "This text has no closing quote on its line."));
                }
                Some(_) => {
                    return Err(
                        self.fault("A control character stands in a text; write it as \\u and four digits.")
                    );
                }
                None => return Err(self.fault_at(open, "The file ends inside the text that starts here.")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            Some(_) | None => {
                let sentence = "A backslash in a text must be written twice: \\\\ (as in C:\\\\Orders).";
                return Err(self.fault_at(start, sentence));
            }
        })
    }

    fn unicode(&mut self, start: usize) -> Result<char, Fault> {
        let half = "This \\u code is half of a character; its other half is missing.";
        let first = self.hex4(start)?;
        let code = match first {
            0xD800..=0xDBFF => {
                if !self.bytes[self.at..].starts_with(b"\\u") {
                    return Err(self.fault_at(start, half));
                }
                self.at += 2;
                let second = self.hex4(start)?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(self.fault_at(start, half));
                }
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            _ => first,
        };
        char::from_u32(code).ok_or_else(|| self.fault_at(start, half))
    }

    fn hex4(&mut self, start: usize) -> Result<u32, Fault> {
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
        let code =
            digits.iter().try_fold(0u32, |code, byte| Some(code * 16 + char::from(*byte).to_digit(16)?));
        match code {
            Some(code) if digits.len() == 4 => {
                self.at += 4;
                Ok(code)
            }
            Some(_) | None => Err(self.fault_at(start, "Four hexadecimal digits are expected after \\u.")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Fault> {
        let open = self.at;
        self.at += 1;
        let mut list = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Kind::List(list));
        }
        loop {
            self.space();
            list.push(self.value(depth)?);
            if self.ends(b']', open)? {
                return Ok(Kind::List(list));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Kind, Fault> {
        let open = self.at;
        self.at += 1;
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Kind::Object(entries));
        }
        loop {
            self.space();
            let at = self.at;
            if self.peek() != Some(b'"') {
                let after_comma = !entries.is_empty() && self.peek() == Some(b'}');
                return Err(self.fault(match after_comma {
                    true => "There is a comma before this closing brace; take it away.".to_owned(),
                    false => format!("A name in double quotes is expected here, but {}.", self.found()),
                }));
            }
            let name = self.string()?;
            if let Some(first) = seen.insert(name.clone(), at) {
                let line = place_of(self.text, first).0;
                let sentence =
                    format!("{} stands twice in this object, first in line {line}; keep one.", quoted(&name));
                return Err(Fault { at, code: "document.duplicate", sentence });
            }
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.fault(format!(
                    "A colon is expected after {}, but {}.",
                    quoted(&name),
                    self.found()
                )));
            }
            self.at += 1;
            self.space();
            let value = self.value(depth)?;
            entries.push(Entry { name, at, value });
            if self.ends(b'}', open)? {
                return Ok(Kind::Object(entries));
            }
        }
    }

    /// After an element: a comma goes on, the closing mark ends, anything else is a fault.
    fn ends(&mut self, close: u8, open: usize) -> Result<bool, Fault> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            None => {
                let (line, column) = place_of(self.text, open);
                let sentence = format!(
                    "The file ends, but the {} opened in line {line}, column {column} is not closed.",
                    if close == b']' { "list" } else { "object" }
                );
                Err(self.fault(sentence))
            }
            Some(_) => {
                let close = if close == b']' { "]" } else { "}" };
                Err(self.fault(format!("A comma or {close} is expected here, but {}.", self.found())))
            }
        }
    }
}

/// Line and column, both from 1, of a byte in a text.
pub(crate) fn place_of(text: &str, at: usize) -> (u32, u32) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    // Bytes that continue a character do not count as a column.
    let column = before[line_start..].iter().filter(|byte| (**byte & 0xC0) != 0x80).count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}
