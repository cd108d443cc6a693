//! Formulas as they are typed: value, problems, what could follow.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Datum;

/// What is being typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormulaForm {
    /// A formula, with or without its `=`.
    #[default]
    Formula,
    /// A text with `{{ formula }}` parts, or a whole formula after `=`.
    Template,
}

/// Parameters of `formula.eval`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormulaEval {
    /// The text.
    pub text: String,
    /// The sample record; when left out, the first one that arrives at `node`, as `node.fields` shows it.
    #[serde(default)]
    pub record: Datum,
    /// What the text is.
    #[serde(default)]
    pub form: FormulaForm,
    /// The flow, so that `slots` has values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The node of that flow whose sample is taken when no record is handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// The answer to `formula.eval`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FormulaEvaluated {
    /// The value, null when there is none.
    pub value: Datum,
    /// The value's type in words, such as `number`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong: it is no formula, or it met a fault on this record.
    pub fault: Option<FormulaFault>,
    /// Paths of the fields it reads.
    pub reads: Vec<String>,
}

/// What is wrong with a formula.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FormulaFault {
    /// The sentence, with a proposal where one is near.
    pub sentence: String,
    /// Where it begins: UTF-16 units from the start of the text.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// Whether the text is no formula at all.
    pub is_syntax: bool,
}

/// Parameters of `formula.complete`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FormulaComplete {
    /// The text so far.
    pub text: String,
    /// The caret: UTF-16 units from the start.
    pub at: u32,
    /// The sample record.
    pub record: Datum,
    /// What the text is.
    #[serde(default)]
    pub form: FormulaForm,
    /// Names of the flow's slots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<String>,
}

/// The answer to `formula.complete`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Completions {
    /// Where the replaced part begins: UTF-16 units from the start.
    pub from: u32,
    /// Best first, 50 at most.
    pub options: Vec<Completion>,
}

/// Something that could stand at the caret.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Completion {
    /// What the list shows.
    pub label: String,
    /// What is put into the text.
    pub insert: String,
    /// `field`, `function`, `slot`, `word`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A sample value, or what the function does.
    pub detail: String,
}

/// The answer to `formula.functions`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FormulaFunctions {
    /// By group and name.
    pub functions: Vec<FormulaFunction>,
}

/// A function of the formula language.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FormulaFunction {
    /// Its name.
    pub name: String,
    /// The group it is listed under.
    pub group: String,
    /// How it is written, such as `round half up(n, scale)`.
    pub signature: String,
    /// What it does, one sentence.
    pub help: String,
    /// A formula that shows it.
    pub example: String,
    /// What that gives.
    pub gives: String,
}
