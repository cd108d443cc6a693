//! Text to tokens. Names with spaces are matched against the names that are known, longest first.

use model::{Number, Text};

use crate::ast::Span;
use crate::error::FormulaError;

/// The words that are never names.
pub(crate) const KEYWORDS: [&str; 20] = [
    "if",
    "then",
    "else",
    "for",
    "in",
    "return",
    "some",
    "every",
    "satisfies",
    "and",
    "or",
    "between",
    "instance",
    "of",
    "function",
    "null",
    "true",
    "false",
    "external",
    "not",
];

/// Signs, longest first.
const SIGNS: [&str; 28] = [
    "**", "..", "<=", ">=", "!=", "->", "(", ")", "[", "]", "{", "}", ",", ":", ".", "+", "-", "*", "/", "=",
    "<", ">", "@", "?", "\u{2019}", "'", "|", "%",
];

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Number(Number),
    Text(Text),
    At(Text),
    Name(Text),
    Quoted(Text),
    Word(&'static str),
    Sign(&'static str),
    End,
}

/// Names of several words or with signs in them, longest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    known: Vec<Text>,
    /// Single-word names that hold characters a plain name has not, and functions of several words.
    functions: &'static [&'static str],
    /// Whether keys of the data are known: then functions of several words may stand without brackets.
    pub(crate) from_data: bool,
}

impl Names {
    pub(crate) fn new(functions: &'static [&'static str]) -> Names {
        Names { known: Vec::new(), functions, from_data: false }
    }

    /// Forgets the functions, until they are given back.
    pub(crate) fn without_functions(&mut self) -> &'static [&'static str] {
        std::mem::take(&mut self.functions)
    }

    /// Gives the functions back.
    pub(crate) fn with_functions(&mut self, functions: &'static [&'static str]) {
        self.functions = functions;
    }

    /// Remembers a name, if a plain scan would not find it whole. One with white space at its end is found in backticks only: of `a - b`
    /// nobody could say whether it begins with `a`.
    pub(crate) fn add(&mut self, name: &str) {
        if is_plain(name)
            || self.known.iter().any(|known| known == name)
            || name.is_empty()
            || name.trim() != name
        {
            return;
        }
        let at = self.known.partition_point(|known| known.len() >= name.len());
        self.known.insert(at, name.into());
    }

    /// The longest known name at the start of the text, with the bytes it takes there.
    fn longest(&self, text: &str) -> Option<(Text, usize)> {
        let data = self.known.iter().find_map(|name| spans(name, text).map(|length| (name.clone(), length)));
        let function = self.functions.iter().find_map(|name| {
            let length = spans(name, text)?;
            let next = text[length..].trim_start().chars().next();
            let called = next == Some('(') || (self.from_data && matches!(next, Some(',' | ')' | ']')));
            called.then(|| (Text::from(*name), length))
        });
        match (data, function) {
            (Some(data), Some(function)) => Some(if data.1 >= function.1 { data } else { function }),
            (data, function) => data.or(function),
        }
    }
}

/// How many bytes of `text` the name takes when white space may differ; none when it is not there.
fn spans(name: &str, text: &str) -> Option<usize> {
    let mut rest = text;
    let mut last = ' ';
    for part in name.chars() {
        if part.is_whitespace() {
            let trimmed = rest.trim_start();
            let joint = !is_name_part(last) || trimmed.chars().next().is_some_and(|c| !is_name_part(c));
            if trimmed.len() == rest.len() && !joint {
                return None;
            }
            rest = trimmed;
        } else {
            if !is_name_part(part) || !is_name_part(last) {
                let trimmed = rest.trim_start();
                if trimmed.len() != rest.len() && last != ' ' {
                    rest = trimmed;
                }
            }
            rest = rest.strip_prefix(part)?;
        }
        last = part;
    }
    if is_name_part(last) && rest.chars().next().is_some_and(is_name_part) {
        return None;
    }
    Some(text.len() - rest.len())
}

/// Whether a name is one plain identifier.
pub(crate) fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_part)
}

pub(crate) fn is_name_start(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '?' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
        && !c.is_whitespace()
}

pub(crate) fn is_name_part(c: char) -> bool {
    is_name_start(c) || matches!(c, '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The next token from `from` on, with its place.
pub(crate) fn next(text: &str, from: usize, names: &Names) -> Result<(Token, Span), FormulaError> {
    let start = skip_blank(text, from)?;
    let rest = &text[start..];
    let Some(first) = rest.chars().next() else {
        return Ok((Token::End, Span { start, end: start }));
    };
    let span = |length: usize| Span { start, end: start + length };
    let bytes = rest.as_bytes();
    if first.is_ascii_digit() || (first == '.' && bytes.get(1).is_some_and(u8::is_ascii_digit)) {
        let length = number_length(bytes);
        let number = Number::parse(&rest[..length])
            .ok_or_else(|| FormulaError::new("This number is too large.", span(length)))?;
        return Ok((Token::Number(number), span(length)));
    }
    match first {
        '"' => {
            let (text, length) = string(rest, start)?;
            return Ok((Token::Text(text), span(length)));
        }
        '@' if rest[1..].trim_start().starts_with('"') => {
            let blank = rest.len() - 1 - rest[1..].trim_start().len();
            let (text, length) = string(&rest[1 + blank..], start + 1 + blank)?;
            return Ok((Token::At(text), span(1 + blank + length)));
        }
        '`' => {
            let Some(end) = rest[1..].find('`') else {
                return Err(FormulaError::new("The name in backticks has no closing `.", span(rest.len())));
            };
            return Ok((Token::Quoted(rest[1..1 + end].into()), span(end + 2)));
        }
        _ => {}
    }
    if is_name_start(first) {
        let plain: usize = rest.chars().take_while(|c| is_name_part(*c)).map(char::len_utf8).sum();
        if let Some((name, length)) = names.longest(rest)
            && length > plain
        {
            return Ok((Token::Name(name), span(length)));
        }
        let word = &rest[..plain];
        return Ok(match KEYWORDS.iter().find(|keyword| **keyword == word) {
            Some(keyword) => (Token::Word(keyword), span(plain)),
            None => (Token::Name(word.into()), span(plain)),
        });
    }
    if let Some(error) = foreign(rest, start) {
        return Err(error);
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => Ok((Token::Sign(sign), span(sign.len()))),
        None => {
            Err(FormulaError::new(format!("The sign {first} has no meaning here."), span(first.len_utf8())))
        }
    }
}

/// Signs of other languages, with what to write instead.
fn foreign(rest: &str, start: usize) -> Option<FormulaError> {
    const SIGNS: [(&str, &str); 15] = [
        ("==", "Equality is one sign: ="),
        ("&&", "Write the word and instead of &&."),
        ("||", "Write the word or instead of ||."),
        ("<>", "Write != for not equal."),
        ("=>", "Write >= for at least."),
        ("=<", "Write <= for at most."),
        (";", "Arguments and list items are separated by commas."),
        ("%", "For a remainder write modulo(a, b); for percent divide by 100."),
        ("&", "Texts are joined with +."),
        ("\u{ab}", "Text stands in straight double quotes: \"text\"."),
        ("\u{201c}", "Text stands in straight double quotes: \"text\"."),
        ("\u{201d}", "Text stands in straight double quotes: \"text\"."),
        ("'", "Text stands in double quotes: \"text\"."),
        ("\u{2212}", "This minus is a typographic one; use the one on the keyboard: -"),
        ("\u{d7}", "Multiplication is written *."),
    ];
    if rest.starts_with('!') && !rest.starts_with("!=") {
        let span = Span { start, end: start + 1 };
        return Some(FormulaError::new("Write not(..) for the opposite.", span));
    }
    let (sign, advice) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign))?;
    Some(
        FormulaError::new(
            format!("{sign} is not a sign of the formula language."),
            Span { start, end: start + sign.len() },
        )
        .suggest(Some((*advice).to_owned())),
    )
}

/// Where the next token starts: past white space and comments.
fn skip_blank(text: &str, from: usize) -> Result<usize, FormulaError> {
    let mut at = from;
    loop {
        let rest = &text[at..];
        let trimmed =
            rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c == '\u{180E}');
        at += rest.len() - trimmed.len();
        if trimmed.starts_with("//") {
            at += trimmed.find('\n').unwrap_or(trimmed.len());
        } else if trimmed.starts_with("/*") {
            match trimmed.find("*/") {
                Some(end) => at += end + 2,
                None => {
                    let span = Span { start: at, end: text.len() };
                    return Err(FormulaError::new("The comment /* has no end */.", span));
                }
            }
        } else {
            return Ok(at);
        }
    }
}

fn number_length(bytes: &[u8]) -> usize {
    let digits =
        |from: usize| bytes[from.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = digits(0);
    if bytes.get(at) == Some(&b'.') && digits(at + 1) > 0 {
        at += 1 + digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

/// A string literal at the start of `rest`, with the bytes it takes.
fn string(rest: &str, start: usize) -> Result<(Text, usize), FormulaError> {
    let body = &rest[1..];
    // Most strings have no escape and are one slice.
    if let Some(end) = body.find(['"', '\\'])
        && body.as_bytes()[end] == b'"'
    {
        return Ok((body[..end].into(), end + 2));
    }
    let mut out = String::new();
    let mut chars = body.char_indices();
    let mut high: Option<u32> = None;
    while let Some((at, c)) = chars.next() {
        let code = match c {
            '"' => return Ok((out.into(), at + 2)),
            '\\' => {
                let Some((_, escape)) = chars.next() else { break };
                match escape {
                    'n' => Some(0x0A),
                    'r' => Some(0x0D),
                    't' => Some(0x09),
                    '"' | '\'' | '\\' | '/' => Some(escape as u32),
                    'u' | 'U' => {
                        let length = if escape == 'u' { 4 } else { 6 };
                        let digits = body
                            .get(at + 2..at + 2 + length)
                            .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                        if code.is_some() {
                            for _ in 0..length {
                                chars.next();
                            }
                        }
                        code
                    }
                    // Patterns are full of them: "\\d" is a backslash and a d.
                    _ => {
                        out.push('\\');
                        Some(escape as u32)
                    }
                }
            }
            c => Some(c as u32),
        };
        let span = Span { start: start + 1 + at, end: start + 1 + at + 2 };
        let code = code.ok_or_else(|| {
            FormulaError::new(
                "After \\ comes one of n, r, t, \", \\ or u with four hexadecimal digits.",
                span,
            )
        })?;
        match (high.take(), code) {
            (None, 0xD800..=0xDBFF) => high = Some(code),
            (Some(first), 0xDC00..=0xDFFF) => {
                let code = 0x10000 + ((first - 0xD800) << 10) + (code - 0xDC00);
                out.extend(char::from_u32(code));
            }
            (None, code) => match char::from_u32(code) {
                Some(c) => out.push(c),
                None => return Err(FormulaError::new("There is no such character.", span)),
            },
            (Some(_), _) => {
                return Err(FormulaError::new("Half a character: \\uD8.. needs \\uDC.. after it.", span));
            }
        }
    }
    Err(FormulaError::new("The text has no closing quote \".", Span { start, end: start + rest.len() }))
}
