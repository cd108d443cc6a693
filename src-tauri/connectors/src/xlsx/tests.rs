use std::io::Write as _;

use super::*;
use crate::testing::{node, read, rows, write};
use crate::xlsx::write::Write;
use sdk::testing::World;
use sdk::{Action, Writing};

async fn round(records: &[Record], config: &str) -> (Vec<Record>, Vec<(Record, NodeError)>, Option<NodeError>) {
    let world = World::default();
    let it: Write = node(r#"{"path":"a.xlsx","sheet":"Цены"}"#);
    let opened: Result<Box<dyn Writing>, NodeError> = it.open(&Record::empty(), &world).await;
    write(opened, records, &world).await.unwrap();
    read(&node::<Read>(&format!(r#"{{"path":"a.xlsx"{config}}}"#)), &world).await
}

#[tokio::test]
async fn what_was_written_is_read_with_its_types() {
    let day = Value::Date(model::Date::new(2026, 2, 28).unwrap());
    let moment = Value::DateTime(Arc::new(model::DateTime::parse("2026-02-28T10:30:00").unwrap()));
    let record = Record::of([
        ("name", Value::text("Стул")),
        ("price", Value::Number(Number::parse("18990.5").unwrap())),
        ("day", day),
        ("at", moment),
        ("ok", Value::Bool(true)),
        ("none", Value::Null),
        ("big", Value::Number(Number::parse("12345678901234567890").unwrap())),
    ]);
    let (got, failed, end) = round(std::slice::from_ref(&record), "").await;
    assert!(failed.is_empty() && end.is_none(), "{failed:?} {end:?}");
    let expected = record.with("big", Value::text("12345678901234567890"));
    assert_eq!(got, [expected]);
}

#[tokio::test]
async fn sheets_are_found_by_name_and_number_and_a_missing_one_is_named() {
    let records = rows(r#"[{"a":1}]"#);
    assert_eq!(round(&records, r#","sheet":"Цены""#).await.0, records);
    assert_eq!(round(&records, r#","sheet":"1""#).await.0, records);
    let error = round(&records, r#","sheet":"Prices""#).await.2.unwrap();
    assert!(error.sentence.contains("It has: Цены"), "{error}");
}

#[tokio::test]
async fn without_header_columns_are_letters_and_text_can_be_typed() {
    let records = rows(r#"[{"d":"28.02.2026"},{"d":"x"}]"#);
    let (got, failed, _) = round(&records, r#","columns":{"d":"date_dmy"}"#).await;
    assert_eq!(got[0].get("d").unwrap().type_name(), "date");
    assert!(failed[0].1.sentence.contains("row 3, column d: \"x\""), "{}", failed[0].1);
    assert_eq!(round(&records, r#","header_row":0"#).await.0[0], rows(r#"[{"A":"d"}]"#)[0]);
    assert_eq!((letters(0), letters(25), letters(26), letters(701)), ("A".into(), "Z".into(), "AA".into(), "ZZ".into()));
}

#[tokio::test]
async fn many_rows_stream_through() {
    let records: Vec<_> = (0..5_000_i64).map(|at| Record::of([("n", Value::from(at)), ("t", "x".into())])).collect();
    assert_eq!(round(&records, "").await.0, records);
}

fn zipped(name: &str, parts: usize, part: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    for _ in 0..parts {
        archive.write_all(part).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[tokio::test]
async fn bombs_and_other_files_are_refused_before_they_are_read() {
    let sheet = zipped("xl/worksheets/sheet1.xml", 100, &b"<c>1</c>".repeat(64 << 10));
    eprintln!("packed {}", sheet.len());
    let cell = zipped("xl/worksheets/sheet1.xml", 2, &vec![b'x'; 1 << 20]);
    for (bytes, part) in
        [(sheet, "times its size"), (cell, "larger than a cell"), (b"a,b\n1,2\n".to_vec(), "no Excel workbook")]
    {
        let world = World::default().with_file("a.xlsx", bytes);
        let error = read(&node::<Read>(r#"{"path":"a.xlsx"}"#), &world).await.2.unwrap();
        assert!(error.sentence.contains(part), "{error}");
    }
}
