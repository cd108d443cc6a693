//! What the document promises to people who open files of others, and to those who compare two versions.

use super::*;

pub(super) const EXAMPLE: &str = r#"{ "arna": 1, "name": "Paid orders to the ledger", "zone": "Asia/Almaty",
  "nodes": {
    "morning": { "kind": "schedule.cron", "config": { "cron": "0 9 * * MON-FRI", "missed": "latest" } },
    "orders":  { "kind": "csv.read", "config": { "path": "{{ slots.inbox }}/orders.csv", "columns": { "total": "number", "qty": "number", "price": "number" } } },
    "paid":    { "kind": "list.filter", "config": { "keep": "= status = \"paid\" and total > 0" } },
    "post":    { "kind": "http.request", "connection": "ledger",
                 "config": { "method": "POST", "url": "/invoices", "body": "= {number: id, sum: qty * price}" },
                 "policy": { "retry": "patient", "timeout_s": 30 } } },
  "wires": [ ["morning", "orders"], ["orders", "paid"], ["paid.kept", "post"] ],
  "slots": { "ledger": { "connection": "http" }, "inbox": { "folder": "read" }, "limit": { "number": 100 } },
  "expect": { "by": "10:00", "records": [50, 5000] },
  "layout": { "morning": [0, 0], "orders": [240, 0] } }"#;

fn example() -> Flow {
    parse(EXAMPLE).expect("the example of the architecture is a flow")
}

fn problems(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(_) => panic!("this was taken for a flow: {text:.200}"),
        Err(found) => found.iter().map(ToString::to_string).collect(),
    }
}

fn only_problem(text: &str) -> String {
    let found = problems(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().unwrap_or_default()
}

fn with_node(node: &str) -> String {
    format!("{{\"arna\":1,\"name\":\"x\",\"nodes\":{{\"one\":{node}}}}}")
}

#[test]
fn the_example_of_the_architecture_reads_as_it_says() {
    let flow = example();
    assert_eq!(
        flow.nodes.keys().map(NodeId::as_str).collect::<Vec<_>>(),
        ["morning", "orders", "paid", "post"]
    );
    assert_eq!(flow.wires[2].from, End { node: "paid".into(), port: Some("kept".into()) });
    assert_eq!(flow.nodes["post"].policy.retry, Some(Retry::Named(RetryName::Patient)));
    assert_eq!(flow.slots["inbox"].fill, Fill::Folder(Access::Read));
    assert_eq!(
        flow.expect,
        Some(Expect { by: Some("10:00".into()), records: Some([50, 5000]), within_s: None })
    );
}

#[test]
fn printing_is_canonical() {
    let printed = print(&example());
    let expected = r#"{
  "arna": 1,
  "name": "Paid orders to the ledger",
  "zone": "Asia/Almaty",
  "nodes": {
    "morning": { "kind": "schedule.cron", "config": { "cron": "0 9 * * MON-FRI", "missed": "latest" } },
    "orders": {
      "kind": "csv.read",
      "config": {
        "columns": { "price": "number", "qty": "number", "total": "number" },
        "path": "{{ slots.inbox }}/orders.csv"
      }
    },
    "paid": { "kind": "list.filter", "config": { "keep": "= status = \"paid\" and total > 0" } },
    "post": {
      "kind": "http.request",
      "connection": "ledger",
      "config": { "body": "= {number: id, sum: qty * price}", "method": "POST", "url": "/invoices" },
      "policy": { "retry": "patient", "timeout_s": 30 }
    }
  },
  "wires": [
    ["morning", "orders"],
    ["orders", "paid"],
    ["paid.kept", "post"]
  ],
  "slots": {
    "ledger": { "connection": "http" },
    "inbox": { "folder": "read" },
    "limit": { "number": 100 }
  },
  "expect": { "by": "10:00", "records": [50, 5000] },
  "layout": {
    "morning": [0, 0],
    "orders": [240, 0]
  }
}
"#;
    assert_eq!(printed, expected);
    assert_eq!(parse(&printed).expect("printed text reads"), example());
}

#[test]
fn the_hash_leaves_out_what_only_people_look_at() {
    let flow = example();
    let mut looks = flow.clone();
    looks.layout.insert("post".into(), [9, 9]);
    looks.nodes["post"].title = Some("Send".into());
    looks.nodes["post"].note = Some("ask Aigul".into());
    looks.notes.push(Note { text: "hm".into(), at: [1, 1], size: None, color: None });
    looks.groups.push(Group { title: "g".into(), color: None, nodes: vec!["post".into()] });
    assert_eq!(hash(&looks), hash(&flow));
    let mut logic = flow.clone();
    logic.nodes["post"].config["url"] = "/other".into();
    assert_ne!(hash(&logic), hash(&flow));
    let mut wires = flow.clone();
    wires.wires.swap(0, 1);
    assert_ne!(hash(&wires), hash(&flow), "the order of wires matters to append");
    assert_eq!(hash(&flow).to_string().parse::<Hash>().expect("a hash reads back"), hash(&flow));
}

#[test]
fn a_difference_names_nodes_fields_and_wires_and_keeps_looks_apart() {
    let before = example();
    let mut after = before.clone();
    after.nodes["post"].config["url"] = "/bills".into();
    after.nodes["post"].title = Some("Bills".into());
    after.nodes.shift_remove("morning");
    after.nodes.insert("hook".into(), Node::new("webhook.listen", serde_json::json!({"path": "in"})));
    after.wires[0].from = End::parse("hook").expect("an end");
    after.slots.insert("more".into(), Slot { fill: Fill::Text(None), help: None });
    after.layout.insert("post".into(), [5, 5]);
    let diff = diff(&before, &after);
    let text = serde_json::to_value(&diff).expect("a difference is JSON");
    assert_eq!(
        text,
        serde_json::json!({
            "nodes": [
                { "change": "changed", "node": "post",
                  "fields": [{ "pointer": "/config/url", "before": "/invoices", "after": "/bills" }] },
                { "change": "added", "node": "hook", "kind": "webhook.listen" },
                { "change": "removed", "node": "morning", "kind": "schedule.cron" },
            ],
            "wires_added": [["hook", "orders"]], "wires_removed": [["morning", "orders"]], "wires_reordered": false,
            "flow": [{ "pointer": "/slots/more", "after": { "text": null } }],
            "looks": [
                { "pointer": "/nodes/post/title", "after": "Bills" },
                { "pointer": "/layout/post", "after": [5, 5] },
            ],
        })
    );
    assert!(super::diff(&before, &before).is_empty());
}

#[test]
fn broken_json_is_named_by_line_and_column() {
    let cases = [
        ("", "line 1 column 1: The file is empty"),
        ("{\"arna\": 1,\n  \"name\" \"x\"}", "line 2 column 10: A colon is expected after \"name\""),
        ("{\"arna\": 1,\n}", "line 2 column 1: There is a comma before this closing brace"),
        ("{\"arna\": 1, // v\n}", "A name in double quotes is expected here, but there is \"/\""),
        ("{\"a\": \"C:\\Orders\"}", "A backslash in a text must be written twice"),
        ("{\"a\": 'x'}", "double quotes, not in single ones"),
        ("{\"a\": \"\\ud800\"}", "half of a character"),
        ("{\"a\": 01}", "not a number"),
        ("{\"a\": \"x\ny\"}", "no closing quote"),
        ("{\"a\": [1, 2", "the list opened in line 1, column 7 is not closed"),
        ("{} {}", "Something follows the end of the flow"),
        ("{\"arna\": 1, \"arna\": 1}", "\"arna\" stands twice in this object, first in line 1"),
    ];
    for (text, sentence) in cases {
        let found = only_problem(text);
        assert!(found.contains(sentence), "{text}\n{found}");
    }
}

#[test]
fn a_file_nested_ten_thousand_deep_or_of_fifty_mebibytes_gets_a_sentence() {
    let deep = with_node(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
    assert!(only_problem(&deep).contains("deeper than 64 levels"));
    let objects = "{\"a\":".repeat(10_000);
    assert!(only_problem(&objects).contains("deeper than 64 levels"));
    let large = " ".repeat(50 << 20);
    assert!(only_problem(&large).contains("a flow file may have 10485760 (10 MiB)"));
    let long = with_node(&format!("{{\"kind\":\"x\",\"note\":\"{}\"}}", "a".repeat(MAX_TEXT_BYTES + 1)));
    assert!(only_problem(&long).contains("longer than 1 MiB"));
    let many =
        format!("{{\"arna\":1,\"name\":\"x\",\"nodes\":{{}},\"search\":[{}0]}}", "0,".repeat(MAX_VALUES));
    assert!(only_problem(&many).contains("more than 1000000 values"));
    let nodes = (0..=MAX_NODES).map(|n| format!("\"n{n}\":{{\"kind\":\"x\"}}")).collect::<Vec<_>>().join(",");
    let nodes = format!("{{\"arna\":1,\"name\":\"x\",\"nodes\":{{{nodes}}}}}");
    assert!(only_problem(&nodes).contains("The flow has 5001 nodes"));
}

#[test]
fn unknown_fields_are_refused_with_what_was_probably_meant() {
    let found = only_problem(&with_node("{\"kind\":\"x\",\"conifg\":{}}"));
    assert_eq!(
        found,
        "error [document.unknown-field] one line 1 column 49: A node has no field \"conifg\". Did you mean \"config\"?"
    );
    let found = only_problem("{\"arna\":1,\"name\":\"x\",\"nodes\":{},\"elephant\":1}");
    assert!(found.contains("has no field \"elephant\". It can have: "), "{found}");
}

#[test]
fn wrong_shapes_are_refused_at_their_place_all_at_once() {
    let text = r#"{"arna":1, "name":"", "zone":7, "nodes":{"A":{}, "slots":{"kind":"x"}, "a":{"kind":5, "config":[],
        "policy":{"retry":"pateint","timeout_s":0}}, "b":[]}, "wires":[["a"],["a","b.c.d"]],
        "slots":{"s":{"folder":"reed"},"t":{}}, "expect":{"by":"25:00","records":[2,1]},
        "layout":{"a":[1.5,2]}, "concurrency":0, "overlap":"skipp", "search":["a","b","c","d"], "cases":{"a/b":{"given":1}}}"#;
    let found = problems(text);
    let sentences = [
        "\"name\" is empty",
        "\"zone\" must be a text in quotes, but is a number",
        "\"A\" cannot be an id",
        "\"slots\" is a word of the formula language",
        "\"kind\" must be a text in quotes, but is a number",
        "\"config\" must be an object in braces, but is a list",
        "\"pateint\" is not known here. Did you mean \"patient\"?",
        "\"timeout_s\" must be a whole number from 1 to 86400",
        "A node must be an object in braces",
        "A wire is a list of two texts",
        "\"reed\" is not known here. Did you mean \"read\"?",
        "A slot says one thing that fits it",
        "\"25:00\" is not a time of day",
        "\"records\" must be two whole numbers",
        "The place of \"a\" must be two whole numbers",
        "\"concurrency\" must be a whole number from 1 to 1000",
        "\"skipp\" is not known here. Did you mean \"skip\"?",
        "\"search\" names 4 fields",
        "\"a/b\" cannot be the name of a case",
    ];
    for sentence in sentences {
        assert!(found.iter().any(|found| found.contains(sentence)), "{sentence}\n{found:#?}");
    }
}

#[test]
fn a_file_of_a_newer_shape_says_so_instead_of_naming_its_fields() {
    let found = only_problem("{\"arna\":2,\"name\":\"x\",\"nodes\":{},\"lanes\":[]}");
    assert!(found.contains("made by a newer Arna"), "{found}");
}

#[test]
fn numbers_that_would_change_are_refused_and_others_kept() {
    let found = only_problem(&with_node("{\"kind\":\"x\",\"config\":{\"id\":12345678901234567890123}}"));
    assert!(found.contains("write it as a formula: \"= 12345678901234567890123\""), "{found}");
    let found = only_problem(&with_node("{\"kind\":\"x\",\"config\":{\"id\":0.1234567890123456789}}"));
    assert!(found.contains("more digits"), "{found}");
    assert!(
        parse(&with_node("{\"kind\":\"x\",\"config\":{\"a\":[18446744073709551615,0.10,1e3,-0.0,1.50E-7]}}"))
            .is_ok()
    );
}

#[test]
fn marks_that_turn_text_around_are_refused_in_names_and_reported_in_configs() {
    let found = only_problem("{\"arna\":1,\"name\":\"a\u{202E}b\",\"nodes\":{}}");
    assert!(found.contains("invisible mark U+202E"), "{found}");
    let flow = parse(&with_node("{\"kind\":\"x\",\"config\":{\"f\":\"= a\u{2066}b\"}}")).expect("a flow");
    let found = notices(&flow);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].field.as_deref(), Some("/f"));
    assert_eq!(found[0].span, Some(Span { start: 3, end: 6 }));
}

#[test]
fn cases_keep_their_numbers_exact() {
    let text = "{\"arna\":1,\"name\":\"x\",\"nodes\":{},\"cases\":{\"one\":{\"given\":{\"id\":12345678901234567890123, \"b\":1.10}}}}";
    let flow = parse(text).expect("a flow");
    assert_eq!(flow.cases["one"].given.as_str(), "{\"id\":12345678901234567890123,\"b\":1.10}");
    assert_eq!(parse(&print(&flow)).expect("printed text reads"), flow);
}

#[test]
fn the_folder_form_and_the_file_form_open_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("paid");
    std::fs::create_dir_all(inside.join("cases")).expect("a folder");
    std::fs::write(inside.join("flow.json"), EXAMPLE).expect("a file");
    std::fs::write(inside.join("cases/one.given.json"), "{ \"a\": 1 }").expect("a file");
    std::fs::write(inside.join("cases/one.expected.json"), "[]").expect("a file");
    let unpacked = load(&inside).expect("the folder opens");
    assert!(unpacked.is_unpacked);
    assert_eq!(unpacked.flow.cases["one"].given.as_str(), "{\"a\":1}");
    let packed = folder.path().join("paid.flow.json");
    std::fs::write(&packed, print(&unpacked.flow)).expect("a file");
    let packed = load(&packed).expect("the file opens");
    assert!(!packed.is_unpacked);
    assert_eq!(packed.flow, unpacked.flow);

    std::fs::write(inside.join("cases/one.given.json"), "{").expect("a file");
    let found = load(&inside).expect_err("the case is broken");
    assert!(found[0].sentence.contains("one.given.json\", line 1, column 2: "), "{}", found[0]);
    let found = load(&folder.path().join("none.flow.json")).expect_err("no such file");
    assert!(found[0].sentence.contains("none.flow.json\" cannot be read"), "{}", found[0]);
    std::fs::write(inside.join("flow.json"), b"{\"a\": \"\xff\"}").expect("a file");
    let found = load(&inside).expect_err("not UTF-8");
    assert!(found[0].sentence.contains("byte 7 is not UTF-8"), "{}", found[0]);
}

#[test]
fn the_schema_and_the_reader_know_the_same_fields() {
    let schema = schema();
    let names = |of: &serde_json::Value| {
        let mut names: Vec<String> =
            of["properties"].as_object().expect("properties").keys().cloned().collect();
        names.sort_unstable();
        names
    };
    let told = |text: &str| {
        let found = only_problem(text);
        let list =
            found.split("It can have: ").nth(1).expect("a list of names").trim_end_matches('.').to_owned();
        let mut names: Vec<String> = list.split(", ").map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let odd = "\"qqqqqqqqqqqqqqqq\":1";
    assert_eq!(names(&schema), told(&format!("{{\"arna\":1,\"name\":\"x\",\"nodes\":{{}},{odd}}}")));
    assert_eq!(names(&schema["$defs"]["Node"]), told(&with_node(&format!("{{\"kind\":\"x\",{odd}}}"))));
    let policy = with_node(&format!("{{\"kind\":\"x\",\"policy\":{{{odd}}}}}"));
    assert_eq!(names(&schema["$defs"]["Policy"]), told(&policy));
}

#[test]
fn the_example_of_the_guide_is_canonical() {
    let guide = include_str!("../../../../docs/guide/flow-file.md");
    let example =
        guide.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    assert_eq!(print(&parse(example).expect("the example reads")), example);
}
