//! The functions of the language: one declaration each, which feeds calls, completion, documentation and tests.

mod context;
mod convert;
mod list;
mod list_parts;
mod number;
mod own_data;
mod own_format;
mod own_text;
mod pattern;
mod range;
mod signature;
mod temporal;
mod text;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use model::Value;

use crate::cx::Cx;
use crate::eval::describe;
pub(crate) use convert::write_range;
pub use signature::{Kind, Param};

/// Why a function has no result, as the rest of a sentence that starts with its name.
pub(crate) struct Trouble {
    pub(crate) text: Cow<'static, str>,
    /// The text is a whole sentence.
    pub(crate) bare: bool,
}

impl From<&'static str> for Trouble {
    fn from(text: &'static str) -> Trouble {
        Trouble { text: text.into(), bare: false }
    }
}

impl From<String> for Trouble {
    fn from(text: String) -> Trouble {
        Trouble { text: text.into(), bare: false }
    }
}

pub(crate) type Answer = Result<Value, Trouble>;
type Run = fn(&mut Cx<'_>, &[Value]) -> Answer;

/// The declaration of a function.
pub(crate) struct Decl {
    pub(crate) name: &'static str,
    /// `text: string, length?: number`; forms separated by `|`; `...` after a name takes any number of values.
    pub(crate) takes: &'static str,
    pub(crate) gives: &'static str,
    pub(crate) run: Run,
    /// An example and its result, both as formulas.
    pub(crate) example: (&'static str, &'static str),
    /// One sentence in English, Russian and Kazakh.
    pub(crate) help: [&'static str; 3],
}

/// A function of the language.
pub struct Builtin {
    /// Its name; may hold spaces.
    pub name: &'static str,
    /// What it is about: the heading it stands under.
    pub group: &'static str,
    /// Its forms: the parameters of each.
    pub forms: Vec<Vec<Param>>,
    /// The type of its result.
    pub gives: &'static str,
    /// A formula that uses it.
    pub example: &'static str,
    /// The result of the example, as a formula.
    pub result: &'static str,
    /// One sentence in English, Russian and Kazakh.
    pub help: [&'static str; 3],
    /// It is Arna's own, not part of the standard.
    pub ours: bool,
    pub(crate) run: Run,
    /// The same arguments always give the same result.
    pub(crate) pure: bool,
    /// Its result may be larger than its arguments by more than a little.
    pub(crate) grows: bool,
}

impl std::fmt::Debug for Builtin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "function {}", self.name)
    }
}

/// The groups in the order of the guide: heading, whether they are ours, declarations.
const GROUPS: [(&str, bool, &[&[Decl]]); 10] = [
    ("Text", false, &[text::LIST]),
    ("Numbers", false, &[number::LIST]),
    ("Lists", false, &[list::LIST, list_parts::LIST]),
    ("Dates and times", false, &[temporal::LIST]),
    ("Conversion", false, &[convert::LIST]),
    ("Records", false, &[context::LIST]),
    ("Ranges", false, &[range::LIST]),
    ("More on text", true, &[own_text::LIST]),
    ("Formats and locales", true, &[own_format::LIST]),
    ("Data and checks", true, &[own_data::LIST]),
];

static TABLE: LazyLock<Vec<Builtin>> = LazyLock::new(|| {
    let mut table = Vec::new();
    for (group, ours, lists) in GROUPS {
        for decl in lists.iter().flat_map(|list| list.iter()) {
            table.push(Builtin {
                name: decl.name,
                group,
                forms: signature::forms(decl.takes),
                gives: decl.gives,
                example: decl.example.0,
                result: decl.example.1,
                help: decl.help,
                ours,
                run: decl.run,
                pure: !matches!(decl.name, "now" | "today" | "uuid" | "sort" | "group by" | "index by"),
                grows: matches!(decl.gives, "string" | "list" | "context" | "any"),
            });
        }
    }
    table
});

static BY_NAME: LazyLock<HashMap<&'static str, &'static Builtin>> =
    LazyLock::new(|| TABLE.iter().map(|function| (function.name, function)).collect());

static FAIL: LazyLock<Builtin> = LazyLock::new(|| Builtin {
    name: "a call",
    group: "",
    forms: signature::forms("message: any"),
    gives: "any",
    example: "",
    result: "",
    help: ["", "", ""],
    ours: true,
    run: |_, args| Err(Trouble { text: args[0].as_text().unwrap_or_default().to_owned().into(), bare: true }),
    pure: false,
    grows: false,
});

/// Every function, in the order of the guide.
pub fn all() -> &'static [Builtin] {
    &TABLE
}

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Builtin> {
    BY_NAME.get(name).copied()
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|function| function.name)
}

/// Names that a plain scan would not find whole, longest first.
pub(crate) fn long_names() -> &'static [&'static str] {
    static LONG: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let mut long: Vec<&str> = names().filter(|name| name.contains(' ')).collect();
        long.sort_by_key(|name| std::cmp::Reverse(name.len()));
        long
    });
    &LONG
}

/// A function that always fails with its argument as the sentence.
pub(crate) fn fail(_message: &str) -> &'static Builtin {
    &FAIL
}

impl Builtin {
    /// Whether some form takes so many arguments.
    pub(crate) fn takes(&self, count: usize) -> bool {
        self.forms.iter().any(|form| signature::takes(form, count))
    }

    /// The form with these argument names and their places in it; none when no form has them.
    pub(crate) fn places(&self, names: &[&str]) -> Option<(usize, Vec<usize>)> {
        self.forms.iter().enumerate().find_map(|(at, form)| Some((at, signature::places(form, names)?)))
    }

    /// Brings arguments to the types of the form they fit, with the conversions of the standard.
    pub(crate) fn fit(&self, args: &mut [Value], form: Option<usize>) -> Result<(), String> {
        // Most calls have just what the only form asks for.
        if let [only] = self.forms.as_slice()
            && only.len() == args.len()
            && only.iter().zip(args.iter()).all(|(param, arg)| param.kind.is(arg))
        {
            return Ok(());
        }
        let mut first = None;
        let forms = self.forms.iter().enumerate().filter(|(at, _)| form.is_none_or(|form| form == *at));
        for (_, form) in forms.filter(|(_, form)| signature::takes(form, args.len())) {
            match form_misfit(form, args) {
                None => {
                    for (at, arg) in args.iter_mut().enumerate() {
                        if let Some(param) = signature::param(form, at) {
                            param.kind.convert(arg);
                        }
                    }
                    return Ok(());
                }
                Some(misfit) => {
                    first.get_or_insert(misfit);
                }
            }
        }
        match first {
            Some((param, kind, at)) => Err(format!(
                "{}: {param} has to be {}, but is {}.",
                self.name,
                kind.words(),
                describe(&args[at])
            )),
            None => Err(self.count_message(args.len())),
        }
    }

    pub(crate) fn count_message(&self, count: usize) -> String {
        let forms: Vec<String> = self.forms.iter().map(|form| signature::show(self.name, form)).collect();
        let given = if count == 1 { "1 argument does".to_owned() } else { format!("{count} arguments do") };
        format!("{given} not fit {}.", forms.join(" or "))
    }

    pub(crate) fn names_message(&self, names: &[&str]) -> String {
        let forms: Vec<String> = self.forms.iter().map(|form| signature::show(self.name, form)).collect();
        let known = |name: &&&str| self.forms.iter().flatten().any(|param| param.name == **name);
        match names.iter().find(|name| !known(name)) {
            Some(stranger) => {
                format!("{} has no argument named {stranger}; it is {}.", self.name, forms.join(" or "))
            }
            None => format!("The argument names {} do not fit {}.", names.join(", "), forms.join(" or ")),
        }
    }

    /// Its forms as a person reads them: `substring(string, start position, length?)`.
    pub fn signatures(&self) -> Vec<String> {
        self.forms.iter().map(|form| signature::show(self.name, form)).collect()
    }
}

/// The first argument that does not fit a form: its name, what it has to be, its place.
fn form_misfit<'f>(form: &'f [Param], args: &[Value]) -> Option<(&'f str, Kind, usize)> {
    args.iter().enumerate().find_map(|(at, arg)| {
        let param = signature::param(form, at)?;
        let fits = param.kind.fits(arg) || (arg.is_null() && (param.nullable || param.optional));
        (!fits).then_some((param.name, param.kind, at))
    })
}

/// Argument `at`, null when it was not given.
pub(crate) fn arg(args: &[Value], at: usize) -> &Value {
    static NULL: Value = Value::Null;
    args.get(at).unwrap_or(&NULL)
}
