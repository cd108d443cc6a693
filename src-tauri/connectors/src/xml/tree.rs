//! An XML element as a value: attributes as `@name`, children by their local name, repeated children as a list, text as `#text`.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use sdk::{Code, NodeError, Record, Value};

/// Elements may stand this deep in each other.
const MAX_DEPTH: usize = 64;

/// Counts lines, and the bytes of the record at hand against a limit.
pub struct Guarded<R> {
    inner: R,
    line: u64,
    bytes: usize,
    most_bytes: usize,
}

impl<R: BufRead> Guarded<R> {
    /// A guard around a reader.
    pub fn new(inner: R, most_bytes: usize) -> Guarded<R> {
        Guarded { inner, line: 1, bytes: 0, most_bytes }
    }
}

impl<R: BufRead> Read for Guarded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let held = self.fill_buf()?;
        let count = held.len().min(into.len());
        into[..count].copy_from_slice(&held[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Guarded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes > self.most_bytes {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // what is consumed was filled before, so this reads nothing
        if let Ok(held) = self.inner.fill_buf() {
            let used = &held[..amount.min(held.len())];
            self.line += memchr::memchr_iter(b'\n', used).count() as u64;
        }
        self.bytes += amount;
        self.inner.consume(amount);
    }
}

/// Walks through an XML text and builds the elements that are records.
pub struct Elements<R> {
    reader: Reader<Guarded<R>>,
    path: String,
    wanted: Vec<String>,
    above: Vec<String>,
    buffer: Vec<u8>,
}

struct Element {
    name: String,
    fields: Vec<(String, Value)>,
    text: String,
}

impl<R: BufRead> Elements<R> {
    /// A walk that builds elements whose path ends in these names.
    pub fn new(text: Guarded<R>, path: &str, wanted: &str) -> Elements<R> {
        let wanted = wanted.split('/').filter(|it| !it.is_empty()).map(str::to_owned).collect();
        Elements {
            reader: Reader::from_reader(text),
            path: path.into(),
            wanted,
            above: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// The line that was read last.
    pub fn line(&mut self) -> u64 {
        self.reader.get_mut().line
    }

    fn damaged(&mut self, what: impl std::fmt::Display) -> NodeError {
        let line = self.line();
        NodeError::new(Code::Damaged, format!("{}, line {line}: {what}.", self.path))
    }

    fn event(&mut self) -> Result<Event<'static>, NodeError> {
        self.buffer.clear();
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(Event::DocType(_)) => Err(self.damaged(
                "the file declares a document type (<!DOCTYPE>), which can hide files and floods of text and is not read; remove the declaration",
            )),
            Ok(event) => Ok(event.into_owned()),
            Err(quick_xml::Error::Io(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
                let most = self.reader.get_mut().most_bytes >> 10;
                let line = self.line();
                Err(NodeError::new(
                    Code::Limit,
                    format!(
                        "{}, line {line}: one element is larger than {most} KiB. Raise \"max_record_kib\" if that is right.",
                        self.path
                    ),
                ))
            }
            Err(quick_xml::Error::Io(error)) => {
                Err(crate::failure::reading(&self.path, io::Error::new(error.kind(), error.to_string())))
            }
            Err(error) => Err(self.damaged(format!("this is no well-formed XML: {error}"))),
        }
    }

    fn is_record(&self, name: &str) -> bool {
        let Some((last, before)) = self.wanted.split_last() else { return false };
        last == name && self.above.ends_with(before)
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// Text that is not XML, a declared document type, a limit.
    pub fn next(&mut self) -> Result<Option<Record>, NodeError> {
        loop {
            self.reader.get_mut().bytes = 0;
            match self.event()? {
                Event::Start(start) => {
                    let name = local(&start);
                    if self.is_record(&name) {
                        return self.element(&start).map(|it| Some(as_record(it)));
                    }
                    if self.above.len() >= MAX_DEPTH {
                        return Err(self.damaged(format!("elements stand more than {MAX_DEPTH} deep in each other")));
                    }
                    self.above.push(name);
                }
                Event::Empty(start) => {
                    if self.is_record(&local(&start)) {
                        let element = self.open(&start)?;
                        return Ok(Some(as_record(closed(element))));
                    }
                }
                Event::End(_) => {
                    self.above.pop();
                }
                Event::Eof if self.above.is_empty() => return Ok(None),
                Event::Eof => {
                    let open = self.above.last().cloned().unwrap_or_default();
                    return Err(self.damaged(format!("the file ends before <{open}> is closed")));
                }
                _ => {}
            }
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<Element, NodeError> {
        let mut fields = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|e| self.damaged(format!("an attribute of <{}> is broken: {e}", local(start))))?;
            let key = attribute.key.as_ref();
            if key == "xmlns" || key.starts_with("xmlns:") {
                continue;
            }
            let name = attribute.key.local_name().as_ref().to_owned();
            let value = attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map_err(|e| self.damaged(format!("the attribute {name} cannot be read: {e}")))?;
            fields.push((format!("@{name}"), Value::text(&*value)));
        }
        Ok(Element { name: local(start), fields, text: String::new() })
    }

    /// The value of an element whose start tag was read.
    fn element(&mut self, start: &BytesStart<'_>) -> Result<Value, NodeError> {
        let mut open = vec![self.open(start)?];
        loop {
            match self.event()? {
                Event::Start(start) => {
                    if open.len() >= MAX_DEPTH {
                        return Err(self.damaged(format!("elements stand more than {MAX_DEPTH} deep in each other")));
                    }
                    open.push(self.open(&start)?);
                }
                Event::Empty(start) => {
                    let element = self.open(&start)?;
                    add(&mut open, element);
                }
                Event::Text(text) => push(&mut open, &text),
                Event::CData(text) => push(&mut open, &text),
                Event::GeneralRef(entity) => {
                    let text = self.entity(&entity)?;
                    push(&mut open, &text);
                }
                Event::End(_) => {
                    let Some(element) = open.pop() else { return Err(self.damaged("an element is closed twice")) };
                    if open.is_empty() {
                        return Ok(closed(element));
                    }
                    add(&mut open, element);
                }
                Event::Eof => {
                    let name = open.pop().map(|it| it.name).unwrap_or_default();
                    return Err(self.damaged(format!("the file ends before <{name}> is closed")));
                }
                _ => {}
            }
        }
    }

    fn entity(&mut self, entity: &BytesRef<'_>) -> Result<String, NodeError> {
        let name: &str = entity;
        let known = match name {
            "lt" => "<",
            "gt" => ">",
            "amp" => "&",
            "quot" => "\"",
            "apos" => "'",
            _ => match entity.resolve_char_ref() {
                Ok(Some(letter)) => return Ok(letter.to_string()),
                _ => {
                    let name = crate::failure::quoted(name);
                    return Err(self.damaged(format!("the entity {name} is unknown; entities of a document type are not read")));
                }
            },
        };
        Ok(known.to_owned())
    }
}

fn local(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_owned()
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn add(open: &mut [Element], child: Element) {
    let Some(parent) = open.last_mut() else { return };
    let name = child.name.clone();
    parent.fields.push((name, closed(child)));
}

fn closed(element: Element) -> Value {
    let text = element.text.trim();
    if element.fields.is_empty() {
        return Value::text(text);
    }
    // an element with very many children of many names must not cost a search for each
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in element.fields {
        let at = *places.entry(name.clone()).or_insert_with(|| {
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(value);
    }
    if !text.is_empty() {
        groups.push(("#text".into(), vec![Value::text(text)]));
    }
    let shape = crate::columns::shape_of(groups.iter().map(|it| it.0.as_str()));
    let values = groups.into_iter().map(|(_, mut values)| match values.len() {
        1 => values.pop().unwrap_or_default(),
        _ => Value::list(values),
    });
    Value::Record(Record::new(shape, values.collect()))
}

fn as_record(value: Value) -> Record {
    match value {
        Value::Record(record) => record,
        other => Record::of([("#text", other)]),
    }
}
