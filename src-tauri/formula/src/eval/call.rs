//! Calls: of the language's functions and of those written in formulas.

use model::{Text, Value};

use super::{describe, eval};
use crate::ast::Span;
use crate::builtins::Builtin;
use crate::cx::Cx;
use crate::error::FaultKind;
use crate::node::{Code, Node};
use crate::special::{self, Function, Own};
use crate::suggest;

/// A function of the language, and which of its forms where that is known.
type Target = (&'static Builtin, Option<usize>);

/// A call of a function of the language, with its arguments in order.
pub(super) fn builtin(function: Target, args: &[Node], span: Span, cx: &mut Cx<'_>) -> Value {
    // Up to three arguments stand on the stack.
    match args {
        [] => run(function, &mut [], span, cx),
        [a] => {
            let mut values = [eval(a, cx)];
            run(function, &mut values, span, cx)
        }
        [a, b] => {
            let mut values = [eval(a, cx), eval(b, cx)];
            run(function, &mut values, span, cx)
        }
        [a, b, c] => {
            let mut values = [eval(a, cx), eval(b, cx), eval(c, cx)];
            run(function, &mut values, span, cx)
        }
        _ => {
            let mut values: Vec<Value> = args.iter().map(|arg| eval(arg, cx)).collect();
            run(function, &mut values, span, cx)
        }
    }
}

fn run((function, form): Target, args: &mut [Value], span: Span, cx: &mut Cx<'_>) -> Value {
    if cx.dead {
        return Value::Null;
    }
    if let Err(message) = function.fit(args, form) {
        return cx.fault(span, || message);
    }
    let base = cx.locals.len();
    match (function.run)(cx, args) {
        Ok(value) => {
            if function.grows && !cx.spend(value.size_bytes(), span) {
                return Value::Null;
            }
            value
        }
        Err(trouble) => {
            cx.locals.truncate(base);
            cx.fault(span, || {
                if trouble.bare {
                    trouble.text.into_owned()
                } else {
                    format!("{}: {}", function.name, trouble.text)
                }
            })
        }
    }
}

pub(super) fn call(
    callee: &Node,
    args: &[Node],
    names: Option<&[Text]>,
    span: Span,
    cx: &mut Cx<'_>,
) -> Value {
    let target = match &callee.code {
        // A name that is no field is a function that does not exist.
        Code::Field(field) if field.of(cx.record).is_none() => {
            return match crate::compile::function_value(&field.name) {
                Some(function) => values(&function, args, names, span, cx),
                None => cx.fault_of(FaultKind::Name, callee.span, || {
                    let advice =
                        suggest::function(&field.name).map_or(String::new(), |advice| format!(" {advice}"));
                    format!("There is no function {}.{advice}", field.name)
                }),
            };
        }
        _ => eval(callee, cx),
    };
    values(&target, args, names, span, cx)
}

fn values(target: &Value, args: &[Node], names: Option<&[Text]>, span: Span, cx: &mut Cx<'_>) -> Value {
    let Some(function) = special::of::<Function>(target) else {
        let what = describe(target);
        return cx.fault(span, || format!("What stands before the brackets is no function but {what}."));
    };
    let mut given: Vec<Value> = args.iter().map(|arg| eval(arg, cx)).collect();
    if let Some(names) = names {
        let ordered = match function {
            Function::Builtin(builtin) => {
                let names: Vec<&str> = names.iter().map(Text::as_str).collect();
                builtin.places(&names).map(|(_, places)| order(places, given))
            }
            Function::Own(own, _) => own_places(own, names).map(|places| order(places, given)),
        };
        given = match ordered {
            Some(ordered) => ordered,
            None => {
                return cx.fault(span, || "The names of the arguments are not those of the function.".into());
            }
        };
    }
    invoke(target, given, span, cx)
}

fn own_places(own: &Own, names: &[Text]) -> Option<Vec<usize>> {
    if names.len() != own.params.len() {
        return None;
    }
    names.iter().map(|name| own.params.iter().position(|(param, _)| param == name)).collect()
}

fn order(places: Vec<usize>, given: Vec<Value>) -> Vec<Value> {
    let mut ordered = vec![Value::Null; places.iter().max().map_or(0, |last| last + 1)];
    for (place, value) in places.into_iter().zip(given) {
        ordered[place] = value;
    }
    ordered
}

/// Calls a function value with arguments in order.
pub(crate) fn invoke(target: &Value, mut args: Vec<Value>, span: Span, cx: &mut Cx<'_>) -> Value {
    match special::of::<Function>(target) {
        Some(Function::Builtin(builtin)) => {
            if !builtin.takes(args.len()) {
                let message = builtin.count_message(args.len());
                return cx.fault(span, || message);
            }
            run((builtin, None), &mut args, span, cx)
        }
        Some(Function::Own(own, captured)) => {
            if own.params.len() != args.len() {
                let (wants, has) = (own.params.len(), args.len());
                return cx
                    .fault(span, || format!("The function takes {wants} arguments, but {has} are given."));
            }
            let mut locals = captured.clone();
            if own.named {
                locals.push(target.clone());
            }
            for ((name, of), value) in own.params.iter().zip(args) {
                let fitted = match of {
                    Some(of) => of.coerce(value.clone()),
                    None => Some(value.clone()),
                };
                match fitted {
                    Some(fitted) => locals.push(fitted),
                    None => {
                        let of = of.as_ref().map(ToString::to_string).unwrap_or_default();
                        return cx
                            .fault(span, || format!("{name} has to be {of}, but is {}.", describe(&value)));
                    }
                }
            }
            let result = if cx.call(span) {
                let outer = std::mem::replace(&mut cx.locals, locals);
                let result = eval(&own.body, cx);
                cx.locals = outer;
                result
            } else {
                Value::Null
            };
            cx.uncall();
            result
        }
        None => cx.fault(span, || format!("A function is needed here, not {}.", describe(target))),
    }
}
