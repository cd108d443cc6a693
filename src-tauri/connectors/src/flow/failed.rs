//! `flow.failed`: the failure of another flow starts this one.

use schemars::JsonSchema;
use sdk::{Category, Need, Node, Ports, Start, Trigger};
use serde::{Deserialize, Serialize};

/// Starts the flow when a run of another flow fails, with a record that says which and why.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// The slot that names the flow to watch; left out, every flow is watched.
    #[serde(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-widget" = "flow"))]
    slot: Option<String>,
}

impl Node for Failed {
    const KIND: &'static str = "flow.failed";
    const TITLE: &'static str = "When a flow fails";
    const CATEGORY: Category = Category::Starts;
    const WORDS: &'static [&'static str] = &["error", "alert", "catch", "failure"];

    fn ports(&self) -> Ports {
        Ports::default().output("out", "One record for each failed run.")
    }

    fn needs(&self) -> Vec<Need> {
        self.slot.iter().map(|slot| Need::Flow { slot: slot.clone() }).collect()
    }
}

impl Trigger for Failed {
    fn start(&self) -> Start {
        Start::Failure { slot: self.slot.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;

    #[test]
    fn it_watches_the_flow_of_its_slot_or_all() {
        assert_eq!(node::<Failed>("{}").start(), Start::Failure { slot: None });
        assert_eq!(node::<Failed>(r#"{"slot":"sync"}"#).needs(), [Need::Flow { slot: "sync".into() }]);
    }
}
