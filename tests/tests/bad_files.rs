//! Files that are not what they should be, read by the real program: the sentence says what, where and what to do; the record or the
//! run fails and nothing else does; memory stays within bounds.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use arna_tests::once::{Ran, run};
use serde_json::{Value as Json, json};

/// A program with everything in it, a run, its journal: whatever the file holds, it takes no more than this.
const MOST_MIB: u64 = 150;

/// A file read by a step of a kind. Good records come as they are, failed ones with the field `why`.
fn flow(kind: &str, config: &Json, handles: bool) -> Json {
    let mut config = config.clone();
    config["path"] = json!("{{ slots.folder }}/in");
    let mut flow = json!({"arna": 1, "name": "bad file", "nodes": {
        "start": {"kind": "flow.input"},
        "rows": {"kind": kind, "config": config}},
        "wires": [["start", "rows"]], "slots": {"folder": {"folder": "read"}}});
    if handles {
        let fields = json!([{"name": "why", "value": "= error.message"}]);
        flow["nodes"]["failed"] = json!({"kind": "list.map", "config": {"fields": fields}});
        flow["nodes"]["good"] = json!({"kind": "list.filter", "config": {"keep": "= true"}});
        flow["wires"] = json!([["start", "rows"], ["rows", "good"], ["rows.error", "failed"]]);
    }
    flow
}

fn read(kind: &str, config: Json, make: impl FnOnce(&Path)) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    make(&folder.path().join("in"));
    let ran = run(folder.path(), &flow(kind, &config, true), &[("folder", "{}")]);
    assert!(ran.peak_mib < MOST_MIB, "{} MiB: {}", ran.peak_mib, ran.said);
    ran
}

fn bytes(kind: &str, config: Json, content: &[u8]) -> Ran {
    read(kind, config, |file| std::fs::write(file, content).unwrap())
}

/// The run failed at the step with a sentence that holds all of these.
fn fails(ran: &Ran, parts: &[&str]) {
    assert_eq!(ran.code, Some(1), "{} {:?}", ran.said, ran.ends);
    let line = ran.said.lines().find(|it| it.starts_with("rows: ")).unwrap_or_else(|| panic!("{}", ran.said));
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in: {line}");
    }
}

/// Exactly one record failed, with a sentence that holds all of these; so many others came through.
fn one_fails(ran: &Ran, parts: &[&str], others: usize) {
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let why = ran.texts("why");
    assert_eq!((why.len(), ran.ends.len() - why.len()), (1, others), "{:?}", ran.ends);
    for part in parts {
        assert!(why[0].contains(part), "{part:?} is not in: {}", why[0]);
    }
}

/// Writes a piece again and again.
fn repeat(file: &Path, before: &[u8], piece: &[u8], times: usize, after: &[u8]) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    out.write_all(before).unwrap();
    for _ in 0..times {
        out.write_all(piece).unwrap();
    }
    out.write_all(after).unwrap();
    out.flush().unwrap();
}

#[test]
fn a_ragged_row_of_a_csv_file_fails_alone_and_stays_in_the_inbox_when_nobody_takes_it() {
    let text = b"id,name\n1,a\n2,b,c\n3,d\n";
    one_fails(&bytes("csv.read", json!({}), text), &["in, line 3", "3 cells, the header 2", "separator"], 2);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), text).unwrap();
    let ran = run(folder.path(), &flow("csv.read", &json!({}), false), &[("folder", "{}")]);
    assert_eq!((ran.code, ran.ends.len()), (Some(3), 2), "{}", ran.said);
    assert!(ran.said.contains("1 records failed"), "{}", ran.said);
}

#[test]
fn a_quote_that_is_never_closed_is_told_with_the_line_where_it_opens() {
    let ran = read("csv.read", json!({}), |file| {
        repeat(file, b"id,name\n1,a\n2,\"b\n", b"3,a long row that the quote swallows\n", 100_000, b"");
    });
    fails(&ran, &["in, line 3", "quote", "\"quotes\""]);
    let short = bytes("csv.read", json!({}), b"id,name\n1,a\n2,\"b\n3,c\n");
    fails(&short, &["in, line 3", "quote"]);
}

#[test]
fn nul_bytes_in_a_csv_file_are_told_with_their_line() {
    let ran = bytes("csv.read", json!({}), b"id,name\n1,a\0b\n2,c\n");
    fails(&ran, &["in, line 2", "zero byte", "\"encoding\""]);
}

#[test]
fn a_file_in_another_code_page_is_told_with_the_code_page_to_try() {
    let name = b"id,name\n1,a\n2,\xd1\xf2\xf3\xeb\n3,c\n";
    fails(&bytes("csv.read", json!({}), name), &["in, line 3", "utf-8", "windows-1251"]);
    let right = bytes("csv.read", json!({"encoding": "windows-1251"}), name);
    assert_eq!((right.code, right.texts("name")), (Some(0), vec!["a", "Стул", "c"]));
    // Half a character at the end of a UTF-16 file means nothing.
    let cut = bytes("csv.read", json!({"encoding": "utf-16le"}), b"i\0d\0\n\x001\0\n\x002");
    fails(&cut, &["in", "UTF-16LE", "\"encoding\""]);
    let xml = bytes("xml.read", json!({"record": "i"}), b"<r><i>\xd1\xf2\xf3\xeb</i></r>");
    fails(&xml, &["in", "utf-8"]);
    let text = bytes("text.read", json!({}), b"a\n\xd1\xf2\xf3\xeb\nb\n");
    assert!(
        text.said.contains("windows-1251") || text.texts("why").join("").contains("windows-1251"),
        "{}",
        text.said
    );
    let json = bytes("json.read", json!({}), b"[{\"a\": \"\xd1\xf2\"}]");
    fails(&json, &["in", "line 1"]);
}

#[test]
fn a_line_of_a_hundred_megabytes_ends_the_reading_with_the_limit_to_raise() {
    let line = |file: &Path| repeat(file, b"id,name\n1,", &[b'x'; 1 << 16], 1_600, b"\n");
    fails(&read("csv.read", json!({}), line), &["in, line 2", "1024 KiB", "max_row_kib"]);
    let first = |file: &Path| repeat(file, b"", &[b'x'; 1 << 16], 1_600, b"\n");
    fails(&read("csv.read", json!({}), first), &["in, line 1", "KiB"]);
    fails(&read("text.read", json!({}), first), &["in, line 1", "KiB"]);
    let element = |file: &Path| repeat(file, b"<r>\n<i>", &[b'x'; 1 << 16], 1_600, b"</i></r>");
    fails(&read("xml.read", json!({"record": "i"}), element), &["in, line 2", "KiB"]);
    let value = |file: &Path| repeat(file, b"[1,\n\"", &[b'x'; 1 << 16], 1_600, b"\"]");
    fails(&read("json.read", json!({}), value), &["in, line 2", "KiB", "max_record_kib"]);
}

#[test]
fn entities_and_document_types_of_xml_are_never_read() {
    let laughs =
        "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\n<l><i>&b;</i></l>";
    fails(&bytes("xml.read", json!({"record": "i"}), laughs.as_bytes()), &["in, line 1", "document type"]);
    let outside = "<!DOCTYPE l [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<l><i>&x;</i></l>";
    let ran = bytes("xml.read", json!({"record": "i"}), outside.as_bytes());
    fails(&ran, &["in, line 1", "document type"]);
    assert!(!ran.said.contains("root:"), "{}", ran.said);
    fails(
        &bytes("xml.read", json!({"record": "i"}), b"<l>\n<i>&x;</i></l>"),
        &["in, line 2", "\"x\" is unknown"],
    );
}

#[test]
fn xml_and_json_nested_without_end_are_told_and_cost_no_stack() {
    let xml = |file: &Path| repeat(file, b"<r>", b"<i>", 1_000_000, b"");
    fails(&read("xml.read", json!({"record": "i"}), xml), &["in, line 1", "deep"]);
    let json = |file: &Path| repeat(file, b"[", b"[", 1_000_000, b"");
    fails(&read("json.read", json!({}), json), &["in, line 1", "deep"]);
    let object = |file: &Path| repeat(file, b"[", b"{\"a\":", 500_000, b"");
    fails(&read("json.read", json!({}), object), &["in, line 1", "deep"]);
}

#[test]
fn broken_json_is_told_with_its_line_and_a_broken_line_of_many_fails_alone() {
    fails(&bytes("json.read", json!({}), b"[{\"a\": 1},\n{\"a\": }]"), &["in, line 2"]);
    fails(&bytes("json.read", json!({}), b"[{\"a\": 1},\n"), &["in, line 2"]);
    let lines = bytes("json.read", json!({"lines": true}), b"{\"a\": 1}\n{\"a\": \n{\"a\": 3}\n");
    one_fails(&lines, &["in, line 2"], 2);
}

/// A workbook with its parts as Python's zipfile packs them: `parts` is a list of names with what stands in them.
fn workbook(file: &Path, parts: &str) {
    let script = format!(
        "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)\n\
         def part(name, *pieces):\n    with z.open(name, 'w', force_zip64=True) as out:\n        for text, times in pieces:\n            for _ in range(times): out.write(text.encode())\n\
         rels = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'\nmain = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'\n\
         part('[Content_Types].xml', ('<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>', 1))\n\
         part('_rels/.rels', (f'<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{{rels}}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>', 1))\n\
         part('xl/workbook.xml', (f'<workbook xmlns=\"{{main}}\" xmlns:r=\"{{rels}}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>', 1))\n\
         part('xl/_rels/workbook.xml.rels', (f'<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{{rels}}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" Type=\"{{rels}}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>', 1))\n\
         {parts}\nz.close()\n"
    );
    let made = Command::new("python3").args(["-c", &script]).arg(file).output().expect("python3 is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

const SMALL_SHEET: &str = "part('xl/worksheets/sheet1.xml', (f'<worksheet xmlns=\"{main}\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row><row r=\"2\"><c r=\"A2\"><v>7</v></c></row></sheetData></worksheet>', 1))";
const SMALL_TEXTS: &str =
    "part('xl/sharedStrings.xml', (f'<sst xmlns=\"{main}\"><si><t>id</t></si></sst>', 1))";

#[test]
fn a_workbook_made_by_hand_is_read_so_that_the_bombs_below_are_workbooks_too() {
    let ran = read("xlsx.read", json!({}), |file| workbook(file, &format!("{SMALL_SHEET}\n{SMALL_TEXTS}")));
    assert_eq!((ran.code, ran.ends), (Some(0), vec![json!({"id": 7})]), "{}", ran.said);
}

#[test]
fn workbooks_that_unpack_to_far_more_than_they_are_do_not_get_read() {
    let row = "('<row><c><v>1</v></c></row>' * 4000, 4000)";
    let sheet =
        format!("part('xl/worksheets/sheet1.xml', ('<worksheet><sheetData>', 1), {row})\n{SMALL_TEXTS}");
    fails(
        &read("xlsx.read", json!({}), |file| workbook(file, &sheet)),
        &["in is not read", "sheet1.xml", "times its size"],
    );
    let texts = format!(
        "{SMALL_SHEET}\npart('xl/sharedStrings.xml', ('<sst>', 1), ('<si><t>bomb</t></si>' * 4000, 4000))"
    );
    fails(
        &read("xlsx.read", json!({}), |file| workbook(file, &texts)),
        &["in is not read", "sharedStrings.xml"],
    );
    let cell = format!(
        "part('xl/worksheets/sheet1.xml', ('<worksheet><sheetData><row><c><v>', 1), ('1' * 65536, 100))\n{SMALL_TEXTS}"
    );
    fails(
        &read("xlsx.read", json!({}), |file| workbook(file, &cell)),
        &["in is not read", "larger than a cell"],
    );
}

#[test]
fn what_is_no_workbook_or_is_cut_off_is_told() {
    fails(&bytes("xlsx.read", json!({}), b"id;name\n1;a\n"), &["in is no Excel workbook", "saved as xlsx"]);
    fails(&bytes("xlsx.read", json!({}), b""), &["in is no Excel workbook"]);
    let cut = |file: &Path| {
        workbook(file, &format!("{SMALL_SHEET}\n{SMALL_TEXTS}"));
        let whole = std::fs::read(file).unwrap();
        std::fs::write(file, &whole[..whole.len() / 2]).unwrap();
    };
    fails(&read("xlsx.read", json!({}), cut), &["in is no Excel workbook"]);
    let empty = |file: &Path| workbook(file, "");
    fails(&read("xlsx.read", json!({}), empty), &["in cannot be read as an Excel workbook"]);
}

#[test]
fn a_file_that_is_not_there_is_told_with_its_place() {
    let ran = read("csv.read", json!({}), |_| {});
    fails(&ran, &["/in"]);
}
