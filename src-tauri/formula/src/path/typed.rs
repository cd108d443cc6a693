//! Whether the functions of a path are well typed (RFC 9535, section 2.4.3), which the parser leaves open.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, Test, TestFunction,
};

type Checked = Result<(), String>;

pub(super) fn check(query: &JpQuery) -> Checked {
    segments(&query.segments)
}

fn segments(list: &[Segment]) -> Checked {
    list.iter().try_for_each(segment)
}

fn segment(segment: &Segment) -> Checked {
    match segment {
        Segment::Descendant(inner) => self::segment(inner),
        Segment::Selector(selector) => self::selector(selector),
        Segment::Selectors(list) => list.iter().try_for_each(selector),
    }
}

fn selector(selector: &Selector) -> Checked {
    if let Selector::Filter(inner) = selector { filter(inner) } else { Ok(()) }
}

fn filter(filter: &Filter) -> Checked {
    match filter {
        Filter::Or(parts) | Filter::And(parts) => parts.iter().try_for_each(self::filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => self::filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => test(expr),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = sides(comparison);
            comparable(left)?;
            comparable(right)
        }
    }
}

pub(super) fn sides(comparison: &Comparison) -> (&Comparable, &Comparable) {
    comparison.vals()
}

fn test(test: &Test) -> Checked {
    match test {
        Test::RelQuery(list) => segments(list),
        Test::AbsQuery(query) => check(query),
        Test::Function(function) => {
            self::function(function)?;
            match **function {
                TestFunction::Match(..) | TestFunction::Search(..) => Ok(()),
                _ => Err("The result of this function has to be compared with something.".into()),
            }
        }
    }
}

fn comparable(side: &Comparable) -> Checked {
    if let Comparable::Function(inner) = side {
        function(inner)?;
        if matches!(inner, TestFunction::Match(..) | TestFunction::Search(..)) {
            return Err("match and search are true or false and cannot be compared.".into());
        }
    }
    Ok(())
}

fn function(function: &TestFunction) -> Checked {
    match function {
        TestFunction::Length(arg) => value(arg, "length"),
        TestFunction::Value(arg) => nodes(arg, "value"),
        TestFunction::Count(arg) => nodes(arg, "count"),
        TestFunction::Search(text, pattern) => value(text, "search").and_then(|()| value(pattern, "search")),
        TestFunction::Match(text, pattern) => value(text, "match").and_then(|()| value(pattern, "match")),
        TestFunction::Custom(name, _) => Err(format!("There is no function {name} in paths.")),
    }
}

/// An argument that has to be one value: a literal, a path to one place, or a function that gives a value.
fn value(arg: &FnArg, name: &str) -> Checked {
    let single = |list: &[Segment]| {
        list.iter().all(|segment| match segment {
            Segment::Selector(Selector::Name(_) | Selector::Index(_)) => true,
            Segment::Selectors(many) => matches!(many.as_slice(), [Selector::Name(_) | Selector::Index(_)]),
            _ => false,
        })
    };
    let fits = match arg {
        FnArg::Literal(_) => true,
        FnArg::Filter(_) => false,
        FnArg::Test(test) => match &**test {
            Test::RelQuery(list) => single(list),
            Test::AbsQuery(query) => single(&query.segments),
            Test::Function(inner) => {
                function(inner)?;
                !matches!(**inner, TestFunction::Match(..) | TestFunction::Search(..))
            }
        },
    };
    if fits { Ok(()) } else { Err(format!("{name} takes one value, not a path to several.")) }
}

/// An argument that has to be a path.
fn nodes(arg: &FnArg, name: &str) -> Checked {
    match arg {
        FnArg::Test(test) => match &**test {
            Test::RelQuery(list) => segments(list),
            Test::AbsQuery(query) => check(query),
            Test::Function(_) => Err(format!("{name} takes a path.")),
        },
        _ => Err(format!("{name} takes a path.")),
    }
}
