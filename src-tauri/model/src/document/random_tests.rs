//! Random documents: printing loses nothing, and no text breaks the reader.

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("a number", |f| f.is_finite()).prop_map(|f| json!(f)),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(".{0,12}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn id() -> impl Strategy<Value = NodeId> {
    "[a-z][a-z0-9_]{0,8}".prop_filter("an id", |id| id_problem(id).is_none()).prop_map(NodeId::from)
}

prop_compose! {
    fn node()(
        kind in "[a-z]{1,6}\\.[a-z]{1,6}",
        version in 1u32..5,
        disabled: bool,
        title in proptest::option::of("[a-zA-Zа-я ]{0,10}x"),
        note in proptest::option::of(".{0,20}"),
        config in proptest::collection::btree_map("[a-z]{1,6}", json_value(), 0..4),
        timeout_s in proptest::option::of(1u32..86_400),
    ) -> Node {
        Node {
            version, disabled, title, note,
            policy: Policy { timeout_s, ..Policy::default() },
            ..Node::new(kind, Value::Object(config.into_iter().collect()))
        }
    }
}

prop_compose! {
    fn flow()(
        name in "[a-zA-Z \"\\\\]{0,20}x",
        nodes in proptest::collection::vec((id(), node()), 0..6),
        wires in proptest::collection::vec((id(), id(), proptest::option::of(id())), 0..6),
        volatile: bool,
        layout in proptest::collection::vec((id(), any::<[i32; 2]>()), 0..4),
    ) -> Flow {
        let wire = |(from, to, port): (NodeId, NodeId, Option<NodeId>)| Wire {
            from: End { node: from, port },
            to: End { node: to, port: None },
        };
        Flow {
            nodes: nodes.into_iter().collect::<IndexMap<_, _>>(),
            wires: wires.into_iter().map(wire).collect(),
            volatile,
            layout: layout.into_iter().collect(),
            ..Flow::new(name)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back_as_the_same_flow(flow in flow()) {
        let text = print(&flow);
        let again = parse(&text).map_err(|found| TestCaseError::fail(format!("{found:?}\n{text}")))?;
        prop_assert_eq!(&again, &flow);
        prop_assert_eq!(print(&again), text);
    }

    #[test]
    fn any_text_at_all_gives_a_flow_or_sentences(text in "[{}\\[\\],:\"a-z0-9\\\\ \n.eE+-]{0,200}") {
        if let Err(found) = parse(&text) {
            prop_assert!(!found.is_empty());
            prop_assert!(found.iter().all(|found| found.place.is_some()));
        }
    }

    #[test]
    fn a_torn_or_changed_file_never_breaks_the_reader(at in 0usize..1100, byte in any::<u8>()) {
        let mut bytes = super::tests::EXAMPLE.as_bytes().to_vec();
        let at = at.min(bytes.len() - 1);
        bytes[at] = byte;
        let _ = parse(&String::from_utf8_lossy(&bytes)).is_ok();
        let _ = parse(&String::from_utf8_lossy(&bytes[..at])).is_ok();
    }
}
