//! Files in the code pages that firms really have, read and written by the real program; Python's codecs are the judge.

use std::path::Path;
use std::process::Command;

use arna_tests::once::run;
use serde_json::json;

const TEXT: &str = "номер;товар\n1;Стул «ёжик»\n2;Ключ\n";
/// The label in the flow, Python's name for it, and whether a mark opens the file.
const PAGES: [(&str, &str, bool); 9] = [
    ("windows-1251", "cp1251", false),
    ("cp1251", "cp1251", false),
    ("cp866", "cp866", false),
    ("koi8-r", "koi8_r", false),
    ("utf-8", "utf-8", false),
    ("utf-8", "utf-8-sig", true),
    ("utf-16le", "utf-16-le", false),
    ("utf-16be", "utf-16-be", false),
    ("utf-16", "utf-16", true),
];

fn python(script: &str, file: &Path, page: &str, text: &str) -> String {
    let out = Command::new("python3").args(["-c", script]).arg(file).args([page, text]).output().unwrap();
    assert!(out.status.success(), "{page}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn a_table_in_each_code_page_is_read_and_written_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for (label, page, has_mark) in PAGES {
        // What a code page lacks cannot be in its file.
        let text =
            if matches!(label, "cp866" | "koi8-r") { TEXT.replace(['«', '»'], "\"") } else { TEXT.into() };
        let text = text.replace("\"ёжик\"", "ёжик");
        let write = "import sys; open(sys.argv[1], 'w', encoding=sys.argv[2], newline='').write(sys.argv[3])";
        python(write, &folder.path().join("in.csv"), page, &text);
        let flow = json!({"arna": 1, "name": "pages", "nodes": {
            "start": {"kind": "flow.input"},
            "rows": {"kind": "csv.read", "config": {"path": "{{ slots.folder }}/in.csv", "encoding": label}},
            "out": {"kind": "csv.write", "config": {"path": "{{ slots.folder }}/out.csv", "encoding": label,
                "delimiter": ";", "mark": has_mark, "columns": ["номер", "товар"]}}},
            "wires": [["start", "rows"], ["rows", "out"]], "slots": {"folder": {"folder": "read_write"}}});
        let ran = run(folder.path(), &flow, &[("folder", "{}")]);
        assert_eq!(ran.code, Some(0), "{label}: {}", ran.said);
        let read = "import sys; sys.stdout.buffer.write(open(sys.argv[1], encoding=sys.argv[2], newline='').read().encode())";
        let page = if page == "utf-8-sig" { page } else { page.trim_end_matches("-sig") };
        let came = python(read, &folder.path().join("out.csv"), page, "");
        assert_eq!(came.trim_start_matches('\u{feff}'), text, "{label}");
    }
}

#[test]
fn a_mark_decides_over_the_label_and_utf_16_is_known_by_its_mark_alone() {
    let folder = tempfile::tempdir().unwrap();
    let write = "import sys; open(sys.argv[1], 'w', encoding=sys.argv[2], newline='').write(sys.argv[3])";
    for (page, label) in [("utf-16", None), ("utf-16", Some("windows-1251")), ("utf-8-sig", Some("cp866"))] {
        python(write, &folder.path().join("in.csv"), page, TEXT);
        let mut config = json!({"path": "{{ slots.folder }}/in.csv"});
        config["encoding"] = json!(label);
        let flow = json!({"arna": 1, "name": "mark", "nodes": {
            "start": {"kind": "flow.input"}, "rows": {"kind": "csv.read", "config": config}},
            "wires": [["start", "rows"]], "slots": {"folder": {"folder": "read"}}});
        let ran = run(folder.path(), &flow, &[("folder", "{}")]);
        assert_eq!(ran.texts("товар"), ["Стул «ёжик»", "Ключ"], "{page} {label:?}: {}", ran.said);
    }
}

#[test]
fn a_letter_that_the_code_page_lacks_is_named_and_no_file_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let flow = json!({"arna": 1, "name": "letter", "nodes": {
        "start": {"kind": "flow.input"},
        "row": {"kind": "list.map", "config": {"fields": [{"name": "sum", "value": "= \"5 ₸\""}]}},
        "out": {"kind": "csv.write", "config": {"path": "{{ slots.folder }}/out.csv", "encoding": "cp866"}}},
        "wires": [["start", "row"], ["row", "out"]], "slots": {"folder": {"folder": "write"}}});
    let ran = run(folder.path(), &flow, &[("folder", "{}")]);
    assert_eq!(ran.code, Some(1), "{}", ran.said);
    assert!(ran.said.contains('₸') && ran.said.contains("utf-8"), "{}", ran.said);
    assert!(!folder.path().join("out.csv").exists());
}
