//! The flows of a story: fixed shapes, with effects, retries and order drawn by its seed.

use crate::dice::Dice;

/// A flow, and what becomes of what it takes in.
#[derive(Clone)]
pub(crate) struct Drawn {
    pub(crate) id: &'static str,
    pub(crate) text: String,
    /// Events are for orders with so many lines; 0: the order as a whole.
    pub(crate) has_lines: bool,
    /// The steps at one of which every order or line must have arrived, unless it failed, waits or was asked about.
    pub(crate) last: &'static [&'static str],
}

const EFFECTS: [&str; 4] = ["read", "idempotent", "transactional", "ambiguous"];
const RETRIES: [&str; 5] =
    [r#""patient""#, r#""quick""#, r#""never""#, r#"{"times":2,"every_s":3}"#, r#""patient""#];

fn call(dice: &mut Dice, name: &str, server: &str, after: &str) -> String {
    let (effect, retry) = (*dice.pick(&EFFECTS), *dice.pick(&RETRIES));
    let timeout = dice.of(2, 20);
    format!(
        r#"{{ "kind": "sim.call", "connection": "{server}", "config": {{ "name": "{name}", "effect": "{effect}", "after": [{after}] }},
             "policy": {{ "retry": {retry}, "timeout_s": {timeout} }} }}"#
    )
}

fn hook(path: &str) -> String {
    format!(
        r#"{{ "kind": "webhook.receive", "config": {{ "path": "{path}", "auth": {{ "by": "none" }} }} }}"#
    )
}

const SHAPE: &str = r#"{ "kind": "list.map", "config": { "fields": [ { "name": "order", "value": "= body.order" },
    { "name": "bad", "value": "= body.bad" }, { "name": "lines", "value": "= body.lines" } ] } }"#;

const SLOTS: &str = r#""slots": { "one": { "connection": "http" }, "two": { "connection": "http" }, "sub": { "flow": null } }"#;

fn about(dice: &mut Dice, is_ordered: bool) -> String {
    let order = if is_ordered { r#""order": "= body.key", "# } else { "" };
    format!(r#"{order}"concurrency": {}, "#, dice.of(2, 10))
}

/// One call after another.
fn chain(dice: &mut Dice) -> Drawn {
    let is_ordered = dice.chance(600);
    let (about, a, b) = (
        about(dice, is_ordered),
        call(dice, "chain.a", "one", ""),
        call(dice, "chain.b", "two", r#""chain.a""#),
    );
    let c = call(dice, "chain.c", "one", r#""chain.a", "chain.b""#);
    let text = format!(
        r#"{{ "arna": 1, "name": "Chain", {about} "nodes": {{ "start": {}, "shape": {SHAPE}, "a": {a}, "b": {b}, "c": {c} }},
            "wires": [["start", "shape"], ["shape", "a"], ["a", "b"], ["b", "c"]], {SLOTS} }}"#,
        hook("chain")
    );
    Drawn { id: "chain", text, has_lines: false, last: &["chain.c"] }
}

/// An order becomes lines, the lines go two ways and come together again; perhaps each meets its order in a join.
fn lines(dice: &mut Dice) -> Drawn {
    let (c, d) = (call(dice, "lines.c", "one", ""), call(dice, "lines.d", "two", ""));
    let (e, about) = (call(dice, "lines.e", "two", r#""lines.c", "lines.d""#), about(dice, false));
    let is_joined = dice.chance(500);
    let (join, wires) = if is_joined {
        (
            r#""join": { "kind": "list.join", "config": { "on": [{ "left": "= order", "right": "= order" }], "right_into": "head" } },"#,
            r#"["c", "join.left"], ["d", "join.left"], ["shape", "join.right"], ["join.matched", "e"]"#,
        )
    } else {
        ("", r#"["c", "e"], ["d", "e"]"#)
    };
    let text = format!(
        r#"{{ "arna": 1, "name": "Lines", {about} "nodes": {{ "start": {}, "shape": {SHAPE},
            "split": {{ "kind": "list.split", "config": {{ "list": "= lines", "into": "line", "keep": ["order", "bad"] }} }},
            "ways": {{ "kind": "list.switch", "config": {{ "rules": [{{ "name": "odd", "when": "= modulo(line, 2) = 1" }}] }} }}, {join}
            "c": {c}, "d": {d}, "e": {e} }},
            "wires": [["start", "shape"], ["shape", "split"], ["split", "ways"], ["ways.odd", "c"], ["ways.rest", "d"], {wires}], {SLOTS} }}"#,
        hook("lines")
    );
    Drawn { id: "lines", text, has_lines: true, last: &["lines.e"] }
}

/// What is refused goes another way.
fn errors(dice: &mut Dice) -> Drawn {
    let (a, b) = (call(dice, "errors.a", "one", ""), call(dice, "errors.b", "two", r#""errors.a""#));
    let (alert, about) = (call(dice, "errors.alert", "two", ""), about(dice, false));
    // whoever alerts must not be refused as well
    let text = format!(
        r#"{{ "arna": 1, "name": "Errors", {about} "nodes": {{ "start": {}, "shape": {SHAPE}, "a": {a}, "b": {b},
            "why": {{ "kind": "list.map", "config": {{ "fields": [{{ "name": "order", "value": "= order" }}] }} }}, "alert": {alert} }},
            "wires": [["start", "shape"], ["shape", "a"], ["a", "b"], ["a.error", "why"], ["why", "alert"]], {SLOTS} }}"#,
        hook("errors")
    );
    Drawn { id: "errors", text, has_lines: false, last: &["errors.b", "errors.alert"] }
}

/// A flow that calls another, and goes on with its answer.
fn calls(dice: &mut Dice) -> Drawn {
    let (k, about) = (call(dice, "calls.k", "two", r#""called.s""#), about(dice, false));
    let text = format!(
        r#"{{ "arna": 1, "name": "Calls", {about} "nodes": {{ "start": {}, "shape": {SHAPE},
            "call": {{ "kind": "flow.call", "config": {{ "slot": "sub" }} }},
            "answered": {{ "kind": "list.filter", "config": {{ "keep": "= count > 0" }} }},
            "back": {{ "kind": "list.map", "config": {{ "fields": [{{ "name": "order", "value": "= records[1].order" }}] }} }}, "k": {k} }},
            "wires": [["start", "shape"], ["shape", "call"], ["call", "answered"], ["answered.kept", "back"], ["back", "k"]], {SLOTS} }}"#,
        hook("calls")
    );
    Drawn { id: "calls", text, has_lines: false, last: &["calls.k"] }
}

fn called(dice: &mut Dice) -> Drawn {
    let s = call(dice, "called.s", "one", "");
    let text = format!(
        r#"{{ "arna": 1, "name": "Called", "nodes": {{ "start": {{ "kind": "flow.called", "config": {{}} }}, "s": {s} }},
            "wires": [["start", "s"]], {SLOTS} }}"#
    );
    Drawn { id: "called", text, has_lines: false, last: &[] }
}

/// A schedule: every due time calls once.
fn clock(dice: &mut Dice) -> Drawn {
    let missed = *dice.pick(&["latest", "all", "skip"]);
    let trigger = if dice.chance(500) {
        format!(
            r#"{{ "kind": "schedule.every", "config": {{ "every": "{}s", "missed": "{missed}" }} }}"#,
            dice.of(30, 300)
        )
    } else {
        let zone = *dice.pick(&["Europe/Berlin", "Asia/Almaty", "America/New_York"]);
        format!(
            r#"{{ "kind": "schedule.cron", "config": {{ "cron": "*/{} * * * *", "zone": "{zone}", "missed": "{missed}" }} }}"#,
            dice.of(2, 20)
        )
    };
    let t = call(dice, "clock.t", "one", "");
    let text = format!(
        r#"{{ "arna": 1, "name": "Clock", "zone": "UTC", "nodes": {{ "start": {trigger},
            "shape": {{ "kind": "list.map", "config": {{ "fields": [{{ "name": "order", "value": "= due" }}] }} }}, "t": {t} }},
            "wires": [["start", "shape"], ["shape", "t"]], {SLOTS} }}"#
    );
    Drawn { id: "clock", text, has_lines: false, last: &["clock.t"] }
}

/// The flows of a seed.
pub(crate) fn draw(dice: &mut Dice) -> Vec<Drawn> {
    vec![chain(dice), lines(dice), errors(dice), called(dice), calls(dice), clock(dice)]
}
