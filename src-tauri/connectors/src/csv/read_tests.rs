use super::*;
use crate::testing::{node, read, rows};
use sdk::testing::World;

async fn of(config: &str, bytes: &[u8]) -> (Vec<Record>, Vec<(Record, NodeError)>, Option<NodeError>) {
    let it: Read = node(&format!(r#"{{"path":"in.csv"{config}}}"#));
    read(&it, &World::default().with_file("in.csv", bytes)).await
}

#[tokio::test]
async fn cells_are_text_unless_their_column_has_a_type() {
    let config = r#","columns":{"total":"number","paid_at":"date"}"#;
    let (got, failed, end) = of(config, b"bin,total,paid_at\n007,1.50,2026-02-28\r\n008,,\n").await;
    assert_eq!((failed.len(), end.is_none()), (0, true));
    assert_eq!(got[1], rows(r#"[{"bin":"008","total":null,"paid_at":null}]"#)[0]);
    assert_eq!(got[0].get("bin"), Some(&"007".into()));
    assert_eq!(got[0].get("total"), Some(&Value::Number(model::Number::parse("1.5").unwrap())));
    assert_eq!(got[0].get("paid_at").unwrap().type_name(), "date");
}

#[tokio::test]
async fn quoted_cells_hold_separators_quotes_and_line_breaks() {
    let (got, failed, end) =
        of("", b"a,b\n\"x,1\",\"say \"\"hi\"\"\"\n\"two\nlines\",\"\"\r\nlast,\"end\"").await;
    assert_eq!((failed.len(), end.is_none()), (0, true));
    assert_eq!(
        got,
        rows(r#"[{"a":"x,1","b":"say \"hi\""},{"a":"two\nlines","b":""},{"a":"last","b":"end"}]"#)
    );
}

#[tokio::test]
async fn the_separator_is_taken_from_the_first_line() {
    for text in ["a;b\n1;2,5\n", "a\tb\n1\t2,5\n", "a|b\n1|2,5\n"] {
        assert_eq!(of("", text.as_bytes()).await.0, rows(r#"[{"a":"1","b":"2,5"}]"#), "{text}");
    }
}

#[tokio::test]
async fn a_ragged_row_fails_alone_with_its_file_and_line() {
    let (got, failed, _) = of("", b"a,b\n1,2\n3\n\"x\ny\",5\n6,7,8\n").await;
    assert_eq!(got.len(), 2);
    assert_eq!(failed[0].0.get("line"), Some(&Value::from(3)));
    assert!(failed[1].1.sentence.contains("in.csv, line 6: the row has 3 cells"), "{}", failed[1].1);
}

#[tokio::test]
async fn a_cell_that_does_not_fit_names_line_column_and_text() {
    let (_, failed, _) = of(r#","columns":{"n":"number"}"#, b"n\n1\nabc\n").await;
    assert_eq!(failed[0].1.sentence, "in.csv, line 3, column n: \"abc\" is not a number such as 1250.50.");
}

#[tokio::test]
async fn code_pages_are_decoded_and_a_wrong_one_is_noticed_with_its_line() {
    let bytes = encoding::encode("имя;цена\nСтул;5\n", encoding_rs::WINDOWS_1251).unwrap();
    let (got, ..) = of(r#","encoding":"windows-1251""#, &bytes).await;
    assert_eq!(got, rows(r#"[{"имя":"Стул","цена":"5"}]"#));
    let mut late = b"a\nok\n".to_vec();
    late.extend(&bytes);
    let (got, _, end) = of("", &late).await;
    let sentence = end.unwrap().sentence;
    assert!(sentence.contains("line 3") && sentence.contains("windows-1251"), "{sentence}");
    assert_eq!(got.len(), 0);
    let wide = encoding::encode("\u{feff}a,b\n1,2\n", encoding_rs::UTF_16LE).unwrap();
    assert_eq!(of("", &wide).await.0, rows(r#"[{"a":"1","b":"2"}]"#));
}

#[tokio::test]
async fn broken_files_end_with_a_sentence_that_says_where() {
    let (_, _, end) = of("", b"a,b\n1,2\n3,\"open\nmore\n").await;
    assert!(end.unwrap().sentence.contains("in.csv, line 3: a quote opens here"));
    let (_, _, end) = of("", b"a,b\n1,\0\n").await;
    assert!(end.unwrap().sentence.contains("line 2: there is a zero byte"));
    let long = vec![b'x'; 3 << 20];
    let (_, _, end) = of("", &long).await;
    assert_eq!(end.unwrap().code, Code::Limit);
    let open: Vec<u8> = b"a\n\"".iter().copied().chain(std::iter::repeat_n(b'\n', 3 << 20)).collect();
    let (_, _, end) = of("", &open).await;
    assert!(end.unwrap().sentence.contains("line 2"));
    let (_, _, end) = of("", b"a,a\n1,2\n").await;
    assert!(end.unwrap().sentence.contains("stands twice"));
    let (_, failed, _) = of("", b"a,b\n\"x\"y,2\n").await;
    assert!(failed[0].1.sentence.contains("after a closing quote"));
}

#[tokio::test]
async fn a_declared_column_that_is_missing_is_named_with_those_that_are_there() {
    let (_, _, end) = of(r#","columns":{"total":"number"}"#, b"id,sum\n1,2\n").await;
    assert_eq!(end.unwrap().sentence, "in.csv has no column \"total\". It has: id, sum.");
}

#[tokio::test]
async fn a_file_without_header_has_numbered_or_given_names() {
    assert_eq!(
        of(r#","header":false"#, b"1,2\n3,4").await.0,
        rows(r#"[{"column_1":"1","column_2":"2"},{"column_1":"3","column_2":"4"}]"#)
    );
    assert_eq!(of(r#","header":false,"names":["a","b"]"#, b"1,2\n").await.0, rows(r#"[{"a":"1","b":"2"}]"#));
    assert_eq!(of("", b"").await.0.len(), 0);
}

#[tokio::test]
async fn a_file_of_many_blocks_is_read_to_its_last_row() {
    let mut text = String::from("n,t\n");
    for at in 0..60_000 {
        text += &format!("{at},{}\n", if at % 7 == 0 { "\"q,q\"" } else { "plain" });
    }
    let (got, failed, end) = of(r#","columns":{"n":"number"}"#, text.as_bytes()).await;
    assert!(failed.is_empty() && end.is_none());
    assert_eq!(got.len(), 60_000);
    assert!(got.iter().enumerate().all(|(at, it)| it.get("n") == Some(&Value::from(at as i64))));
}

/// Rows of random cells, in quotes where they need them (RFC 4180).
fn random_rows(seed: u64) -> (Vec<Vec<String>>, Vec<u8>) {
    const PARTS: [&str; 8] = ["a", ",", "\"", "\n", "ж", "", " ", "\"\""];
    let mut state = seed;
    let mut next = |most: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    let mut cells = vec![vec!["x".to_owned(), "y".into(), "z".into()]];
    for _ in 0..200 {
        let cell = |next: &mut dyn FnMut(u64) -> u64| {
            (0..next(5)).map(|_| PARTS[next(PARTS.len() as u64) as usize]).collect::<String>()
        };
        // a row of nothing but an empty cell would be an empty line
        cells.push(vec![format!("r{}", cell(&mut next)), cell(&mut next), cell(&mut next)]);
    }
    let quoted = |cell: &String| match cell.contains(['"', ',', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    let lines: Vec<String> =
        cells.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",")).collect();
    (cells, (lines.join("\n") + "\n").into_bytes())
}

#[tokio::test]
async fn whatever_stands_in_cells_comes_back_as_it_was_written() {
    for seed in 0..50 {
        let (cells, bytes) = random_rows(seed);
        let (got, failed, end) = of("", &bytes).await;
        assert_eq!((failed.len(), end.is_none()), (0, true), "seed {seed}");
        let back: Vec<Vec<String>> =
            got.iter().map(|it| it.values().iter().map(|cell| cell.to_plain()).collect()).collect();
        assert_eq!(back, cells[1..], "seed {seed}");
    }
}
