//! Calls: of functions of the language, whose arguments get their order here, and of everything else.

use crate::ast::{Args, Expr, Kind, Span};
use crate::builtins::{self, Builtin};
use crate::error::FormulaError;
use crate::node::{Code, Node};
use crate::suggest;

use super::{Compiler, Mode, Place};
use model::Value;

impl Compiler {
    /// Whether a name may be a field of a filter's item here.
    fn in_filter(&self) -> bool {
        self.places.iter().any(|place| matches!(place, Place::Item))
    }

    fn is_local(&self, name: &str) -> bool {
        self.places.iter().any(|place| matches!(place, Place::Local(local) if local == name))
    }

    pub(super) fn call(&mut self, callee: &Expr, args: &Args, span: Span) -> Result<Code, FormulaError> {
        if let Kind::Name { name, quoted: false } = &callee.kind
            && !self.is_local(name)
        {
            if let Some(function) = builtins::find(name) {
                return self.builtin(function, args, span);
            }
            if self.mode == Mode::Flow && !self.in_filter() {
                return Err(FormulaError::new(format!("There is no function {name}."), callee.span)
                    .suggest(suggest::function(name)));
            }
        }
        let callee = self.boxed(callee)?;
        let (args, names) = match args {
            Args::Positional(parts) => (self.nodes(parts)?, None),
            Args::Named(parts) => {
                let nodes = parts.iter().map(|(_, part)| self.node(part)).collect::<Result<_, _>>()?;
                (nodes, Some(parts.iter().map(|(name, _)| name.clone()).collect()))
            }
        };
        Ok(Code::Call { callee, args, names })
    }

    fn builtin(&mut self, function: &'static Builtin, args: &Args, span: Span) -> Result<Code, FormulaError> {
        let mut form = None;
        let args = match args {
            Args::Positional(parts) => {
                let parts = self.nodes(parts)?;
                if !function.takes(parts.len()) {
                    return self.misfit(function.count_message(parts.len()), span);
                }
                parts
            }
            Args::Named(parts) => {
                let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
                let Some((found, places)) = function.places(&names) else {
                    return self.misfit(function.names_message(&names), span);
                };
                form = Some(found);
                let count = places.iter().max().map_or(0, |last| last + 1);
                let mut ordered: Vec<Node> =
                    (0..count).map(|_| Node { code: Code::Const(Value::Null), span }).collect();
                for (place, (_, part)) in places.into_iter().zip(parts) {
                    ordered[place] = self.node(part)?;
                }
                ordered
            }
        };
        if function.name == "try" {
            let mut args = args.into_iter();
            if let (Some(value), Some(default)) = (args.next(), args.next()) {
                return Ok(Code::Try { value: Box::new(value), default: Box::new(default) });
            }
            return self.misfit("try takes a formula and a default.".into(), span);
        }
        Ok(Code::Builtin { function, args, form })
    }

    /// A call that can never work: an error in a flow, null with a fault by the standard.
    fn misfit(&self, message: String, span: Span) -> Result<Code, FormulaError> {
        match self.mode {
            Mode::Flow => Err(FormulaError::new(message, span)),
            Mode::Standard => {
                let fail = builtins::fail(&message);
                Ok(Code::Builtin {
                    function: fail,
                    args: vec![Node { code: Code::Const(message.into()), span }],
                    form: None,
                })
            }
        }
    }
}
