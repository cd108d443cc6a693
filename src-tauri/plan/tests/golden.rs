//! Flows beside what is planned and found for them. `UPDATE_GOLDEN=1` writes the expected side anew; a person reads the change.

mod kinds;

use std::fmt::Write;
use std::path::Path;

use arna_plan::{authority, compile};
use model::document;

/// Everything a plan says about a flow: findings, what it would touch, and the plan itself.
fn report(flow: &document::Flow) -> String {
    let kinds = kinds::kinds();
    let checked = compile(flow, &kinds);
    let mut out = String::new();
    for finding in &checked.diagnostics {
        writeln!(out, "{finding}").expect("a text takes more text");
        if let Some(span) = finding.span {
            writeln!(out, "    at bytes {} to {}", span.start, span.end).expect("a text takes more text");
        }
        if let Some(fix) = &finding.fix {
            writeln!(out, "    fix: {}", fix.label).expect("a text takes more text");
        }
    }
    for item in authority(flow, &kinds) {
        writeln!(out, "touches: {} {}", item.node, item.sentence).expect("a text takes more text");
    }
    match &checked.plan {
        Some(plan) => out.push_str(&plan.to_text()),
        None => out.push_str("no plan\n"),
    }
    out
}

fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let flow = document::load(&folder.join(format!("{name}.flow.json"))).expect("the flow opens").flow;
    let got = report(&flow);
    let file = folder.join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &got).expect("the golden file is written");
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(got == expected, "{} differs. Got:\n{got}", file.display());
}

#[test]
fn a_line_of_transforms_is_fused_and_only_read_fields_are_wanted() {
    check("line");
}

#[test]
fn a_diamond_into_a_join_spills_the_wire_that_is_read_late() {
    check("diamond");
}

#[test]
fn a_sealed_sort_before_a_call_and_none_before_a_file() {
    check("sort");
}

#[test]
fn disabled_nodes_are_passed_by() {
    check("disabled");
}

#[test]
fn error_ports_and_policies_are_part_of_the_plan() {
    check("errors");
}

#[test]
fn everything_wrong_with_a_flow_is_found_at_once() {
    check("wrong");
}

#[test]
fn a_circle_is_named_by_the_nodes_along_it() {
    check("circle");
}

#[test]
fn kinds_and_versions_from_elsewhere_open_but_do_not_run() {
    check("elsewhere");
}

#[test]
fn formulas_that_name_what_cannot_be_there_are_found() {
    check("fields");
}

#[test]
fn a_schedule_without_a_zone_is_warned_about_and_several_triggers_are_allowed() {
    check("zoneless");
}

#[test]
fn what_a_newer_version_touches_beyond_the_older_one_is_told_apart() {
    let kinds = kinds::kinds();
    let flow = |path: &str, kind: &str| {
        let text = format!(
            "{{\"arna\":1,\"name\":\"x\",\"nodes\":{{\"a\":{{\"kind\":\"{kind}\",\"config\":{{\"path\":\"{path}\"}}}}}}}}"
        );
        authority(&document::parse(&text).expect("a flow"), &kinds)
    };
    let read = flow("/in", "test.file");
    let write = flow("/in", "test.save");
    let elsewhere = flow("/out", "test.file");
    assert!(arna_plan::wider(&read, &read).is_empty());
    assert!(arna_plan::wider(&write, &read).is_empty(), "writing takes in reading");
    assert_eq!(arna_plan::wider(&read, &write).len(), 1);
    assert_eq!(arna_plan::wider(&read, &elsewhere).len(), 1);
}

#[test]
fn the_largest_flow_allowed_is_planned() {
    let mut flow = document::Flow::new("large");
    for number in 0..document::MAX_NODES {
        let keep = format!("= field{number} > 1");
        let node = document::Node::new("test.filter", serde_json::json!({ "keep": keep }));
        flow.nodes.insert(format!("n{number}").into(), node);
    }
    flow.nodes[0] = document::Node::new("test.by_hand", serde_json::json!({}));
    flow.nodes[1] = document::Node::new("test.file", serde_json::json!({ "path": "/x" }));
    let end = |number: usize| document::End { node: format!("n{number}").into(), port: None };
    flow.wires = (1..flow.nodes.len()).map(|to| document::Wire { from: end(to - 1), to: end(to) }).collect();
    let checked = compile(&flow, &kinds::kinds());
    assert!(checked.diagnostics.is_empty(), "{:?}", checked.diagnostics.first());
    let plan = checked.plan.expect("a plan");
    assert_eq!(plan.stages.iter().map(|stage| stage.steps.len()).max(), Some(128), "stages are bounded");
    assert_eq!(plan.steps.len(), document::MAX_NODES);
}

#[test]
fn what_a_flow_would_touch_is_said_in_sentences() {
    check("touches");
}
