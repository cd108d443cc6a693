//! Functions on ranges: how two ranges, or a value and a range, lie to each other.

use std::cmp::Ordering;

use model::Value;

use super::{Answer, Decl, Trouble, arg};
use crate::ast::Kind;
use crate::cx::{Cx, Scope};
use crate::eval::compare::order;
use crate::lex::Names;
use crate::parse::Parser;
use crate::special::{self, Range};

macro_rules! relation {
    ($name:literal, $takes:literal, $run:expr, $example:literal, $result:literal, $help:expr) => {
        Decl {
            name: $name,
            takes: $takes,
            gives: "boolean",
            run: |_, args| relate(args, $run),
            example: ($example, $result),
            help: $help,
        }
    };
}

pub(super) const LIST: &[Decl] = &[
    Decl {
        name: "range",
        takes: "from: string",
        gives: "range",
        run: range,
        example: ("range(\"[1..3]\")", "[1..3]"),
        help: ["A range from a text.", "Диапазон из текста.", "Мәтіннен алынған аралық."],
    },
    relation!(
        "before",
        "point1: any, point2: any",
        before,
        "before(1, [2..5])",
        "true",
        [
            "Whether the first ends before the second begins.",
            "Заканчивается ли первое до начала второго.",
            "Біріншісі екіншісі басталғанша аяқтала ма."
        ]
    ),
    relation!(
        "after",
        "point1: any, point2: any",
        |a, b| before(b, a),
        "after(6, [2..5])",
        "true",
        [
            "Whether the first begins after the second ends.",
            "Начинается ли первое после конца второго.",
            "Біріншісі екіншісі аяқталған соң бастала ма."
        ]
    ),
    relation!(
        "meets",
        "range1: range, range2: range",
        meets,
        "meets([1..5], [5..9])",
        "true",
        [
            "Whether the first ends where the second begins.",
            "Кончается ли первый там, где начинается второй.",
            "Бірінші екіншісі басталған жерде бітеді ме."
        ]
    ),
    relation!(
        "met by",
        "range1: range, range2: range",
        |a, b| meets(b, a),
        "met by([5..9], [1..5])",
        "true",
        [
            "Whether the first begins where the second ends.",
            "Начинается ли первый там, где кончается второй.",
            "Бірінші екіншісі біткен жерде бастала ма."
        ]
    ),
    relation!(
        "overlaps",
        "range1: range, range2: range",
        overlaps,
        "overlaps([1..5], [3..9])",
        "true",
        [
            "Whether two ranges have something in common.",
            "Есть ли у диапазонов общее.",
            "Екі аралықтың ортағы бар ма."
        ]
    ),
    relation!(
        "overlaps before",
        "range1: range, range2: range",
        overlaps_before,
        "overlaps before([1..5], [3..9])",
        "true",
        [
            "Whether the first begins earlier and ends inside the second.",
            "Начинается ли первый раньше и кончается внутри второго.",
            "Бірінші ертерек басталып, екіншінің ішінде бітеді ме."
        ]
    ),
    relation!(
        "overlaps after",
        "range1: range, range2: range",
        |a, b| overlaps_before(b, a),
        "overlaps after([3..9], [1..5])",
        "true",
        [
            "Whether the first begins inside the second and ends later.",
            "Начинается ли первый внутри второго и кончается позже.",
            "Бірінші екіншінің ішінде басталып, кейінірек бітеді ме."
        ]
    ),
    relation!(
        "finishes",
        "point: any, range: range",
        finishes,
        "finishes(5, [1..5])",
        "true",
        [
            "Whether the first ends together with the second.",
            "Кончается ли первое вместе со вторым.",
            "Біріншісі екіншісімен бірге бітеді ме."
        ]
    ),
    relation!(
        "finished by",
        "range: range, point: any",
        |a, b| finishes(b, a),
        "finished by([1..5], 5)",
        "true",
        [
            "Whether the second ends together with the first.",
            "Кончается ли второе вместе с первым.",
            "Екіншісі біріншісімен бірге бітеді ме."
        ]
    ),
    relation!(
        "includes",
        "range: range, point: any",
        includes,
        "includes([1..5], 3)",
        "true",
        [
            "Whether the second lies inside the first.",
            "Лежит ли второе внутри первого.",
            "Екіншісі біріншінің ішінде ме."
        ]
    ),
    relation!(
        "during",
        "point: any, range: range",
        |a, b| includes(b, a),
        "during(3, [1..5])",
        "true",
        [
            "Whether the first lies inside the second.",
            "Лежит ли первое внутри второго.",
            "Біріншісі екіншінің ішінде ме."
        ]
    ),
    relation!(
        "starts",
        "point: any, range: range",
        starts,
        "starts(1, [1..5])",
        "true",
        [
            "Whether the first begins together with the second.",
            "Начинается ли первое вместе со вторым.",
            "Біріншісі екіншісімен бірге бастала ма."
        ]
    ),
    relation!(
        "started by",
        "range: range, point: any",
        |a, b| starts(b, a),
        "started by([1..5], 1)",
        "true",
        [
            "Whether the second begins together with the first.",
            "Начинается ли второе вместе с первым.",
            "Екіншісі біріншісімен бірге бастала ма."
        ]
    ),
    relation!(
        "coincides",
        "point1: any, point2: any",
        coincides,
        "coincides([1..5], [1..5])",
        "true",
        ["Whether both are the same.", "Совпадают ли оба.", "Екеуі бірдей ме."]
    ),
];

/// A range, or a point as the range from itself to itself.
struct Ends<'v> {
    low: &'v Value,
    high: &'v Value,
    low_in: bool,
    high_in: bool,
}

type Relation = fn(&Ends<'_>, &Ends<'_>) -> Option<bool>;

fn relate(args: &[Value], relation: Relation) -> Answer {
    let (a, b) = (ends(arg(args, 0))?, ends(arg(args, 1))?);
    relation(&a, &b).map(Value::Bool).ok_or_else(|| "the two cannot be compared.".into())
}

fn ends(value: &Value) -> Result<Ends<'_>, Trouble> {
    static NULL: Value = Value::Null;
    match special::of::<Range>(value) {
        Some(range) if range.test == Some(crate::ast::Op::Ne) => {
            Err("a range with a hole has no ends.".into())
        }
        Some(range) => Ok(Ends {
            low: range.low.as_ref().unwrap_or(&NULL),
            high: range.high.as_ref().unwrap_or(&NULL),
            low_in: range.low_in,
            high_in: range.high_in,
        }),
        None if value.is_null() => Err("a value is empty (null).".into()),
        None => Ok(Ends { low: value, high: value, low_in: true, high_in: true }),
    }
}

/// The order of two ends; an open end lies beyond every value.
fn end_order(a: &Value, b: &Value, open: Ordering) -> Option<Ordering> {
    match (a.is_null(), b.is_null()) {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(open),
        (false, true) => Some(open.reverse()),
        (false, false) => order(a, b),
    }
}

/// The order of two lower ends, with what is included.
fn low_order(a: &Ends<'_>, b: &Ends<'_>) -> Option<Ordering> {
    Some(end_order(a.low, b.low, Ordering::Less)?.then(b.low_in.cmp(&a.low_in)))
}

fn high_order(a: &Ends<'_>, b: &Ends<'_>) -> Option<Ordering> {
    Some(end_order(a.high, b.high, Ordering::Greater)?.then(a.high_in.cmp(&b.high_in)))
}

/// Where the upper end of one lies to the lower end of the other.
fn gap(a: &Ends<'_>, b: &Ends<'_>) -> Option<Ordering> {
    if a.high.is_null() || b.low.is_null() {
        return Some(Ordering::Greater);
    }
    order(a.high, b.low)
}

fn before(a: &Ends<'_>, b: &Ends<'_>) -> Option<bool> {
    let gap = gap(a, b)?;
    Some(gap.is_lt() || (gap.is_eq() && !(a.high_in && b.low_in)))
}

fn meets(a: &Ends<'_>, b: &Ends<'_>) -> Option<bool> {
    Some(gap(a, b)?.is_eq() && a.high_in && b.low_in)
}

fn overlaps(a: &Ends<'_>, b: &Ends<'_>) -> Option<bool> {
    Some(!before(a, b)? && !before(b, a)?)
}

fn overlaps_before(a: &Ends<'_>, b: &Ends<'_>) -> Option<bool> {
    Some(overlaps(a, b)? && low_order(a, b)?.is_lt() && high_order(a, b)?.is_le())
}

fn finishes(a: &Ends<'_>, b: &Ends<'_>) -> Option<bool> {
    Some(high_order(a, b)?.is_eq() && low_order(a, b)?.is_ge())
}

fn starts(a: &Ends<'_>, b: &Ends<'_>) -> Option<bool> {
    Some(low_order(a, b)?.is_eq() && high_order(a, b)?.is_le())
}

fn includes(a: &Ends<'_>, b: &Ends<'_>) -> Option<bool> {
    Some(low_order(a, b)?.is_le() && high_order(a, b)?.is_ge())
}

fn coincides(a: &Ends<'_>, b: &Ends<'_>) -> Option<bool> {
    Some(low_order(a, b)?.is_eq() && high_order(a, b)?.is_eq())
}

/// A range whose ends are literals.
fn range(_: &mut Cx<'_>, args: &[Value]) -> Answer {
    let text = super::text::text(args, 0);
    let trouble = || Trouble::from(format!("\"{text}\" is no range; write [1..3]."));
    let expr =
        Parser::new(text, Names::new(super::long_names())).and_then(Parser::whole).map_err(|_| trouble())?;
    let Kind::Range { low, high, .. } = &expr.kind else { return Err(trouble()) };
    if !literal(&low.kind) || !literal(&high.kind) {
        return Err("the ends have to be written out: numbers, texts, dates, times or durations.".into());
    }
    let node =
        crate::compile::Compiler::new(crate::compile::Mode::Standard).node(&expr).map_err(|_| trouble())?;
    let empty = model::Record::empty();
    let mut cx = Cx::new(&Scope::new(&empty));
    let value = crate::eval::eval(&node, &mut cx);
    let range = special::of::<Range>(&value).ok_or_else(trouble)?;
    match (&range.low, &range.high) {
        (Some(low), Some(high))
            if crate::eval::compare::same_kind(low, high)
                && order(low, high).is_some_and(Ordering::is_le) =>
        {
            Ok(value.clone())
        }
        _ => Err("the ends have to be of one type and in order.".into()),
    }
}

fn literal(kind: &Kind) -> bool {
    match kind {
        Kind::Number(_) | Kind::Text(_) | Kind::At(_) => true,
        Kind::Neg(value) => matches!(value.kind, Kind::Number(_)),
        Kind::Call { callee, args: crate::ast::Args::Positional(args) } => {
            let known = matches!(&callee.kind, Kind::Name { name, .. }
                if matches!(name.as_str(), "date" | "time" | "date and time" | "duration"));
            known && args.iter().all(|arg| matches!(arg.kind, Kind::Text(_) | Kind::Number(_)))
        }
        _ => false,
    }
}
