//! Flows beside what is planned and found for them. `UPDATE_GOLDEN=1` writes the expected side anew; a person reads the change.

mod kinds;

use std::fmt::Write;
use std::path::Path;

use model::document;
use plan::{authority, compile};

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
