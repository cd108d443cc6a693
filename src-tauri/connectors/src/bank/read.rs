//! `bank.read`: the documents of a `1CClientBankExchange` statement.
//!
//! `Key=Value` lines, windows-1251 or cp866 as the file itself says, sections for accounts and documents, ended by `КонецФайла`.

use std::io::{BufReader, Read as _, Seek, SeekFrom};

use async_trait::async_trait;
use formula::FieldSet;
use schemars::JsonSchema;
use sdk::cx::Reading;
use sdk::source::Replay;
use sdk::{
    Category, Code, ConfigError, Cursor, Cx, Need, Node, NodeError, Page, Ports, Record, RecordBuilder,
    Source, Template, Value,
};
use serde::{Deserialize, Serialize};

use crate::columns::ColumnType;
use crate::encoding::{self, Decoding};
use crate::failure;
use crate::opening::OpenText;
use crate::text::lines::Lines;

const MOST_LINE_BYTES: usize = 64 << 10;
/// More lines in one section are damage.
const MOST_FIELDS: usize = 500;
const HEAD: &str = "1CClientBankExchange";

/// Reads a bank statement in the form 1CClientBankExchange and makes one record of each document.
///
/// Fields keep the names of the file. Dates and sums are read as such; empty ones are null.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// What to read.
    #[serde(default)]
    sections: Sections,
    /// The code page; left out, the file says whether it is windows-1251 or cp866.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
}

/// What to read of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sections {
    /// Payments.
    #[default]
    Documents,
    /// Accounts with their balances.
    Accounts,
}

impl Node for Read {
    const KIND: &'static str = "bank.read";
    const TITLE: &'static str = "Read a bank statement";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] =
        &["1c", "client bank", "payments", "выписка", "клиент-банк", "1CClientBankExchange"];

    fn ports(&self) -> Ports {
        Ports::default()
            .input("in", "Each record opens the file once.")
            .output("out", "One record for each document.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        encoding::check("/encoding", self.encoding.as_deref()).into_iter().collect()
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.path, false)]
    }
}

#[async_trait]
impl Source for Read {
    fn replay(&self) -> Replay {
        Replay::Replayable
    }

    async fn open(
        &self,
        opening: &Record,
        _wanted: &FieldSet,
        cx: &dyn Cx,
    ) -> Result<Box<dyn Cursor>, NodeError> {
        let OpenText { path, text, print } =
            OpenText::new(&self.path, opening, cx, |file, path| match &self.encoding {
                Some(label) => encoding::chosen(Some(label)).map(Some),
                None => declared(file, path).map(Some),
            })?;
        let mut lines = Lines::new(BufReader::new(text), &path, MOST_LINE_BYTES);
        if lines.read()?.map(str::trim) != Some(HEAD) {
            return Err(NodeError::new(
                Code::Damaged,
                format!("{path} is no bank statement of this form: its first line must be {HEAD}."),
            ));
        }
        Ok(Box::new(Reader { print, lines, path, sections: self.sections, is_done: false }))
    }
}

/// The code page that the file names in its head, in bytes that are the same in all of them but for the key.
fn declared(file: &mut Box<dyn Reading>, path: &str) -> Result<&'static encoding_rs::Encoding, NodeError> {
    let mut head = Vec::with_capacity(1024);
    let reading = |e| failure::reading(path, e);
    file.by_ref().take(1024).read_to_end(&mut head).map_err(reading)?;
    file.seek(SeekFrom::Start(0)).map_err(reading)?;
    let says = |word: &str| memchr::memmem::find(&head, word.as_bytes()).is_some();
    if says("=DOS") {
        return Ok(encoding_rs::IBM866);
    }
    // some banks write UTF-8 and still say Windows
    let whole = match std::str::from_utf8(&head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    Ok(if whole && !head.is_ascii() { encoding_rs::UTF_8 } else { encoding_rs::WINDOWS_1251 })
}

struct Reader {
    print: Option<String>,
    lines: Lines<BufReader<Decoding<Box<dyn Reading>>>>,
    path: String,
    sections: Sections,
    is_done: bool,
}

/// A record, or one that failed and why.
type Outcome = Result<Record, (Record, NodeError)>;

/// A section being read.
struct Section {
    kind: Sections,
    line: u64,
    fields: RecordBuilder,
    count: usize,
    fault: Option<NodeError>,
}

/// The key and value of a line; keys in any case, values perhaps in doubled quotes.
fn pair(line: &str) -> Option<(&str, String)> {
    let (key, value) = line.split_once('=')?;
    let value = value.trim();
    let inner = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let value = match inner {
        Some(inner) if value.len() > 1 => inner.replace("\"\"", "\""),
        _ => value.to_owned(),
    };
    Some((key.trim(), value))
}

fn type_of(key: &str) -> ColumnType {
    let key = key.to_lowercase();
    let is_date = key.starts_with("дата");
    let is_sum = key.starts_with("сумма") || key.ends_with("остаток") || key.starts_with("всего");
    if is_date {
        ColumnType::DateDmy
    } else if is_sum {
        ColumnType::Number
    } else {
        ColumnType::Text
    }
}

impl Reader {
    fn damaged(&self, what: &str) -> NodeError {
        NodeError::new(Code::Damaged, format!("{}, line {}: {what}.", self.path, self.lines.line()))
    }

    /// The next section of the wanted kind: its record, or why it failed.
    fn section(&mut self) -> Result<Option<Outcome>, NodeError> {
        let mut open: Option<Section> = None;
        loop {
            let Some(line) = self.lines.read()? else {
                return Err(self.damaged("the file ends before КонецФайла: it is cut off, ask for it again"));
            };
            let line = line.trim().to_owned();
            let low = line.to_lowercase();
            let here = self.lines.line();
            if low.is_empty() {
                continue;
            }
            if low == "конецфайла" {
                if open.is_some() {
                    return Err(self.damaged("the file ends inside a section"));
                }
                self.is_done = true;
                return Ok(None);
            }
            if low.starts_with("секция") {
                if open.is_some() {
                    return Err(self.damaged("a section begins inside another"));
                }
                let kind = if low.starts_with("секциядокумент") {
                    Sections::Documents
                } else {
                    Sections::Accounts
                };
                let mut fields = RecordBuilder::default();
                if let (Sections::Documents, Some((_, name))) = (kind, pair(&line)) {
                    fields.set("Документ", Value::from(name));
                }
                open = Some(Section { kind, line: here, fields, count: 0, fault: None });
            } else if low.starts_with("конец") {
                let Some(Section { kind, line, mut fields, fault, .. }) = open.take() else {
                    return Err(self.damaged("a section ends that did not begin"));
                };
                if kind == self.sections {
                    fields.set("line", Value::from(i64::try_from(line).unwrap_or(i64::MAX)));
                    let record = std::mem::take(&mut fields).build();
                    return Ok(Some(match fault {
                        None => Ok(record),
                        Some(error) => Err((record, error)),
                    }));
                }
            } else if let Some(section) = &mut open {
                let Some((key, value)) = pair(&line) else {
                    return Err(self.damaged("a line Key=Value is expected"));
                };
                section.count += 1;
                if section.count > MOST_FIELDS {
                    return Err(self.damaged(&format!("a section has more than {MOST_FIELDS} lines")));
                }
                let kind = type_of(key);
                match kind.read(&value) {
                    Some(read) => section.fields.set(key, read),
                    None => {
                        let sentence = format!(
                            "{}, line {here}, {key}: {} is not {}.",
                            self.path,
                            failure::quoted(&value),
                            kind.example()
                        );
                        section.fault.get_or_insert(NodeError::new(Code::Input, sentence));
                        section.fields.set(key, Value::from(value))
                    }
                };
            }
        }
    }
}

#[async_trait]
impl Cursor for Reader {
    async fn next(&mut self, _cx: &dyn Cx) -> Result<Option<Page>, NodeError> {
        let mut page = Page::default();
        while !self.is_done && page.records.len() + page.failed.len() < 200 {
            match self.section()? {
                None => break,
                Some(Ok(record)) => page.records.push(record),
                Some(Err(failed)) => page.failed.push(failed),
            }
        }
        let is_end = page.records.is_empty() && page.failed.is_empty();
        Ok((!is_end).then_some(page))
    }

    fn fingerprint(&self) -> Option<String> {
        self.print.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{node, read};
    use sdk::testing::World;

    const STATEMENT: &str = "1CClientBankExchange\r\nВерсияФормата=2.00\r\nКодировка=Windows\r\nСекцияРасчСчет\r\nРасчСчет=KZ1\r\nНачальныйОстаток=100.00\r\nКонецРасчСчет\r\n\
        СекцияДокумент=ПлатежноеПоручение\r\nНомерДокумента=007\r\nДатаОперации=28.02.2026\r\nСуммаПриход=1500.50\r\nсуммарасход=\r\n\
        ПлательщикНаименование=\"ТОО \"\"Пример\"\"\"\r\nКонецДокумента\r\nСекцияДокумент=Прочее\r\nСуммаРасход=много\r\nКонецДокумента\r\nКонецФайла\r\n";

    async fn of(config: &str, bytes: Vec<u8>) -> (Vec<Record>, Vec<(Record, NodeError)>, Option<NodeError>) {
        let it: Read = node(&format!(r#"{{"path":"kl_to_1c.txt"{config}}}"#));
        read(&it, &World::default().with_file("kl_to_1c.txt", bytes)).await
    }

    #[tokio::test]
    async fn documents_come_with_dates_sums_and_unwrapped_names_in_both_code_pages() {
        for (page, word) in [
            (encoding_rs::WINDOWS_1251, "Windows"),
            (encoding_rs::IBM866, "DOS"),
            (encoding_rs::UTF_8, "Windows"),
        ] {
            let bytes = encoding::encode(&STATEMENT.replace("=Windows", &format!("={word}")), page).unwrap();
            let (got, failed, end) = of("", bytes).await;
            assert!(end.is_none(), "{end:?}");
            assert_eq!(got[0].get("НомерДокумента"), Some(&"007".into()));
            assert_eq!(got[0].get("ДатаОперации").unwrap().type_name(), "date");
            assert_eq!(got[0].get("СуммаПриход").unwrap().to_string(), "1500.5");
            assert_eq!(got[0].get("суммарасход"), Some(&Value::Null));
            assert_eq!(got[0].get("ПлательщикНаименование"), Some(&"ТОО \"Пример\"".into()));
            assert!(failed[0].1.sentence.contains("line 16, СуммаРасход: \"много\""), "{}", failed[0].1);
        }
    }

    #[tokio::test]
    async fn accounts_can_be_read_instead() {
        let bytes = encoding::encode(STATEMENT, encoding_rs::WINDOWS_1251).unwrap();
        let (got, ..) = of(r#","sections":"accounts""#, bytes).await;
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].get("НачальныйОстаток"), Some(&Value::from(100)));
    }

    #[tokio::test]
    async fn other_files_and_files_cut_off_are_refused() {
        assert!(of("", b"a,b\n1,2\n".to_vec()).await.2.unwrap().sentence.contains("first line"));
        let cut = STATEMENT.split("КонецФайла").next().unwrap();
        let bytes = encoding::encode(cut, encoding_rs::WINDOWS_1251).unwrap();
        assert!(of("", bytes).await.2.unwrap().sentence.contains("cut off"));
    }
}
