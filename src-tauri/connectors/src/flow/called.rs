//! `flow.called`: another flow starts this one.

use schemars::JsonSchema;
use sdk::{Category, Node, Ports, Start, Trigger};
use serde::{Deserialize, Serialize};

/// Starts the flow when another flow calls it. The records that reach its ends are the answer.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Called {}

impl Node for Called {
    const KIND: &'static str = "flow.called";
    const TITLE: &'static str = "When called";
    const CATEGORY: Category = Category::Starts;
    const WORDS: &'static [&'static str] = &["sub-flow", "function", "reuse", "execute"];

    fn ports(&self) -> Ports {
        Ports::default().output("out", "The records of the call.")
    }
}

impl Trigger for Called {
    fn start(&self) -> Start {
        Start::Called
    }
}
