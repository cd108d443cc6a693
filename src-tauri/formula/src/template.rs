//! Texts of a configuration: a formula after `=`, or literal text with `{{ formula }}` parts.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use model::{Record, Value};

use crate::ast::Span;
use crate::cx::Roots;
use crate::error::{Fault, FaultKind, FormulaError};
use crate::fields::FieldSet;
use crate::formula::Formula;
use crate::parse::MAX_TEXT;
use crate::reads::Read;

/// Bytes a rendered text may have.
pub const MAX_OUTPUT: usize = 8 * 1024 * 1024;

/// How what is filled in is escaped for the place it goes to. There is none for SQL: values go there as parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// As it is.
    None,
    /// Into any part of a web address: everything but letters, digits and `-._~` as %XX. Empty values are refused.
    Url,
    /// Into one segment of the path of a web address; a slash becomes %2F. Empty values are refused.
    UrlPath,
    /// Into the query of a web address.
    UrlQuery,
    /// Into an HTTP header: line breaks are refused.
    Header,
    /// Into HTML text or an attribute in quotes.
    Html,
    /// Into JSON written by hand: inside quotes as part of the text, elsewhere as a JSON value.
    Json,
}

/// A text with formulas in it, ready to run. A clone shares it.
#[derive(Clone)]
pub struct Template(Arc<Inner>);

struct Inner {
    text: Box<str>,
    parts: Vec<Part>,
    /// The whole text is one formula after `=`.
    lone: bool,
    fields: FieldSet,
}

enum Part {
    Literal(Box<str>),
    /// The formula, where it starts in the text, and whether it stands inside double quotes.
    Formula {
        formula: Formula,
        at: usize,
        quoted: bool,
    },
}

impl Template {
    /// Reads a text: a formula if it starts with `=`, else literal text with `{{ formula }}` parts.
    ///
    /// # Errors
    ///
    /// The part that cannot be read, with its place in the whole text.
    pub fn parse(text: &str) -> Result<Template, FormulaError> {
        let trimmed = text.trim_start();
        if let Some(body) = trimmed.strip_prefix('=') {
            let at = text.len() - body.len();
            let formula = Formula::parse(body).map_err(|error| moved(error, at).within(text))?;
            let fields = formula.fields().clone();
            let parts = vec![Part::Formula { formula, at, quoted: false }];
            return Ok(Template(Arc::new(Inner { text: text.into(), parts, lone: true, fields })));
        }
        if text.len() > MAX_TEXT {
            let span = Span { start: MAX_TEXT, end: text.len() };
            return Err(FormulaError::new("The text is longer than 256 KiB.", span).within(text));
        }
        let parts = parts(text).map_err(|error| error.within(text))?;
        let fields = union(&parts);
        Ok(Template(Arc::new(Inner { text: text.into(), parts, lone: false, fields })))
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether it holds no formula at all.
    pub fn is_literal(&self) -> bool {
        self.0.parts.iter().all(|part| matches!(part, Part::Literal(_)))
    }

    /// The fields of the record that it reads.
    pub fn fields(&self) -> &FieldSet {
        &self.0.fields
    }

    /// Every place that it reads, of the record and of the reserved names.
    pub fn reads(&self) -> Vec<Read> {
        self.formulas().flat_map(|formula| formula.reads().to_vec()).collect()
    }

    /// The formulas in it, in order.
    pub fn formulas(&self) -> impl Iterator<Item = &Formula> {
        self.0.parts.iter().filter_map(|part| match part {
            Part::Formula { formula, .. } => Some(formula),
            Part::Literal(_) => None,
        })
    }

    /// The field whose value this text gives as it stands, when it is nothing but a field.
    pub fn lone_field(&self) -> Option<&str> {
        match self.0.parts.as_slice() {
            [Part::Formula { formula, .. }] => formula.lone_field(),
            _ => None,
        }
    }

    /// The value for a record: of a formula after `=`, or of a text that is nothing but one part, with its type; else
    /// the text.
    ///
    /// # Errors
    ///
    /// The first fault.
    pub fn value(&self, record: &Record, roots: &Roots) -> Result<Value, Fault> {
        match self.0.parts.as_slice() {
            [Part::Formula { formula, at, .. }] => {
                formula.eval_record(record, roots).map_err(|fault| shifted(fault, *at))
            }
            [Part::Literal(text)] => Ok(Value::from(&**text)),
            _ => self.render(record, roots, Escape::None).map(Value::from),
        }
    }

    /// The text for a record, with every part escaped for its place. A formula after `=` gives its value as text.
    ///
    /// # Errors
    ///
    /// The first fault, a part that may not stand in its place, or more than 8 MiB.
    pub fn render(&self, record: &Record, roots: &Roots, escape: Escape) -> Result<String, Fault> {
        let mut out = String::with_capacity(self.0.text.len());
        for part in &self.0.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Formula { formula, at, quoted } => {
                    let value = formula.eval_record(record, roots).map_err(|fault| shifted(fault, *at))?;
                    let span = Span { start: *at, end: at + formula.text().len() };
                    push(&value, escape, *quoted, &mut out).map_err(|reason| Fault {
                        kind: FaultKind::Value,
                        message: format!("{{{{ {} }}}} {reason}", formula.text().trim()),
                        span,
                    })?;
                }
            }
            if out.len() > MAX_OUTPUT {
                return Err(Fault {
                    kind: FaultKind::Budget,
                    message: "The text is longer than 8 MiB.".into(),
                    span: Span::default(),
                });
            }
        }
        Ok(out)
    }

    /// Whether the whole text is one formula after `=`.
    pub fn is_formula(&self) -> bool {
        self.0.lone
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.text()).finish()
    }
}

fn moved(mut error: FormulaError, by: usize) -> FormulaError {
    error.span = Span { start: error.span.start + by, end: error.span.end + by };
    error
}

fn shifted(mut fault: Fault, by: usize) -> Fault {
    fault.span = Span { start: fault.span.start + by, end: fault.span.end + by };
    fault
}

fn parts(text: &str) -> Result<Vec<Part>, FormulaError> {
    let mut parts = Vec::new();
    let mut at = 0;
    let mut quoted = false;
    while let Some(open) = text[at..].find("{{") {
        let start = at + open;
        if start > at {
            let literal = &text[at..start];
            quoted = quotes(literal, quoted);
            parts.push(Part::Literal(literal.into()));
        }
        let body = start + 2;
        let Some(length) = closing(&text[body..]) else {
            let span = Span { start, end: text.len() };
            return Err(FormulaError::new("{{ has no closing }}.", span));
        };
        let formula = Formula::parse(&text[body..body + length]).map_err(|error| moved(error, body))?;
        parts.push(Part::Formula { formula, at: body, quoted });
        at = body + length + 2;
    }
    if at < text.len() || parts.is_empty() {
        parts.push(Part::Literal(text[at..].into()));
    }
    Ok(parts)
}

/// Whether the end of a literal is inside double quotes.
fn quotes(literal: &str, mut inside: bool) -> bool {
    let mut escaped = false;
    for byte in literal.bytes() {
        match byte {
            b'"' if !escaped => inside = !inside,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped && inside;
    }
    inside
}

/// Where the `}}` of a part stands: outside of texts and of records in braces.
fn closing(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let (mut at, mut depth, mut quote) = (0, 0_u32, None);
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'`')) => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn union(parts: &[Part]) -> FieldSet {
    let mut all = BTreeSet::new();
    for part in parts {
        if let Part::Formula { formula, .. } = part {
            match formula.fields() {
                FieldSet::All => return FieldSet::All,
                FieldSet::Only(names) => all.extend(names.iter().cloned()),
            }
        }
    }
    FieldSet::Only(all)
}

fn push(value: &Value, escape: Escape, quoted: bool, out: &mut String) -> Result<(), &'static str> {
    match escape {
        Escape::None => out.push_str(&value.to_plain()),
        Escape::Url | Escape::UrlPath => {
            let text = value.to_plain();
            if text.is_empty() {
                return Err("is empty, so the address would lead somewhere else.");
            }
            if escape == Escape::UrlPath && matches!(text.as_str(), "." | "..") {
                return Err("is a step to another folder of the address.");
            }
            percent(&text, out);
        }
        Escape::UrlQuery => percent(&value.to_plain(), out),
        Escape::Header => {
            let text = value.to_plain();
            if text.contains(['\r', '\n', '\0']) {
                return Err("holds a line break, which a header may not have.");
            }
            out.push_str(&text);
        }
        Escape::Html => {
            for c in value.to_plain().chars() {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&#39;"),
                    c => out.push(c),
                }
            }
        }
        Escape::Json if quoted => {
            let mut text = Vec::new();
            model::json::write_text(&value.to_plain(), &mut text);
            let text = String::from_utf8_lossy(&text);
            out.push_str(text.get(1..text.len() - 1).unwrap_or_default());
        }
        Escape::Json => out.push_str(&value.to_string()),
    }
    Ok(())
}

/// Percent-encodes everything but the unreserved characters.
pub(crate) fn percent(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::of([
            ("name", Value::from("O'Hara & \"Sons\"")),
            ("id", Value::from("a/b c")),
            ("qty", Value::from(3_i64)),
            ("none", Value::Null),
        ])
    }

    fn render(text: &str, escape: Escape) -> Result<String, String> {
        let template = Template::parse(text).map_err(|error| error.to_string())?;
        template.render(&record(), &Roots::default(), escape).map_err(|fault| fault.message)
    }

    #[test]
    fn parts_are_escaped_for_their_place() {
        assert_eq!(render("Dear {{ name }}!", Escape::None).as_deref(), Ok("Dear O'Hara & \"Sons\"!"));
        assert_eq!(render("/x/{{ id }}?q={{ qty }}", Escape::Url).as_deref(), Ok("/x/a%2Fb%20c?q=3"));
        assert_eq!(
            render("<b>{{name}}</b>", Escape::Html).as_deref(),
            Ok("<b>O&#39;Hara &amp; &quot;Sons&quot;</b>")
        );
        assert_eq!(
            render(r#"{"n": "{{ name }}", "q": {{ qty }}, "t": {{ id }}, "z": {{ none }}}"#, Escape::Json)
                .as_deref(),
            Ok(r#"{"n": "O'Hara & \"Sons\"", "q": 3, "t": "a/b c", "z": null}"#)
        );
        assert!(render("/x/{{ none }}", Escape::Url).is_err_and(|message| message.contains("empty")));
        assert!(render("{{ \"a\\nb\" }}", Escape::Header).is_err());
    }

    #[test]
    fn a_lone_formula_keeps_its_type() {
        let value =
            |text: &str| Template::parse(text).expect("a template").value(&record(), &Roots::default());
        assert_eq!(value("= qty + 1"), Ok(Value::from(4_i64)));
        assert_eq!(value("{{ qty }}"), Ok(Value::from(3_i64)));
        assert_eq!(value("{{ qty }} pcs"), Ok(Value::from("3 pcs")));
        assert_eq!(value("{{ {a: {b: \"}}\"}}.a.b }}"), Ok(Value::from("}}")));
        assert_eq!(value("plain"), Ok(Value::from("plain")));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place_in_the_whole_text() {
        let error = Template::parse("Hello {{ a + }}").expect_err("a broken part");
        assert!(error.span.start >= 13, "{error:?}");
        assert!(Template::parse("Hello {{ a").is_err());
    }

    #[test]
    fn a_template_tells_which_fields_it_reads() {
        let template = Template::parse("{{ name }} {{ qty * 2 }}").expect("a template");
        assert_eq!(*template.fields(), FieldSet::Only(["name".into(), "qty".into()].into()));
    }
}
