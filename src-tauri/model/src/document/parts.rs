//! The smaller parts of a flow: slots, policies, cases, and what stands on the canvas.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Number;
use serde_json::value::RawValue;
use smol_str::SmolStr;

use crate::{Value, json};

/// What a flow leaves open for its user to fill.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Slot {
    /// What fits, and what is taken when nothing is filled in.
    #[serde(flatten)]
    pub fill: Fill,
    /// What to fill in, for the person who opens the flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// What fits into a slot.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// A connection of this system: `http`, `postgres`.
    Connection(String),
    /// A folder, and what is done in it.
    Folder(Access),
    /// A number; the value is taken when nothing is filled in.
    #[schemars(with = "Option<f64>")]
    Number(#[schemars(with = "Option<f64>")] Option<Number>),
    /// A text; the value is taken when nothing is filled in.
    Text(Option<String>),
    /// Yes or no; the value is taken when nothing is filled in.
    Bool(Option<bool>),
    /// Another flow; the text says which is meant.
    Flow(Option<String>),
}

impl Fill {
    /// What to call it in a sentence.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Connection(_) => "a connection",
            Self::Folder(_) => "a folder",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Bool(_) => "a yes or no",
            Self::Flow(_) => "a flow",
        }
    }
}

/// What a flow may do in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Read what is there.
    Read,
    /// Put new files there.
    Write,
    /// Both, also moving and deleting.
    ReadWrite,
}

/// What becomes of an event that comes while earlier runs of its flow go on; of those with its order key where the flow has an order.
/// With anything but `queue` one run goes on at once, unless `concurrency` says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It waits for its turn.
    #[default]
    Queue,
    /// It is written down as skipped, and nothing runs for it.
    Skip,
    /// The earlier runs are stopped and it takes their turn.
    Replace,
    /// It waits; of those that wait only the newest runs, the earlier ones are written down as skipped.
    Latest,
}

impl Overlap {
    /// Every rule, with its name in a flow file.
    pub const ALL: [(&'static str, Self); 4] =
        [("queue", Self::Queue), ("skip", Self::Skip), ("replace", Self::Replace), ("latest", Self::Latest)];
}

/// What is normal for a flow; anything else raises an alert.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// By this time of day (HH:MM in the flow's zone) a run has ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// A run moves at least and at most this many records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<[u64; 2]>,
    /// A run is through within so many seconds; unless said, three times the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 31_536_000))]
    pub within_s: Option<u32>,
}

/// How hard a node tries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What happens after a failure that may pass; the kind says unless this does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long one attempt may take, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86400))]
    pub timeout_s: Option<u32>,
    /// How many calls may be under way at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub in_flight: Option<u16>,
}

impl Policy {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What happens after a failure that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Retry {
    /// One of the ready-made ways.
    Named(RetryName),
    /// So many times, so far apart.
    Every {
        /// How often to try again before the record fails.
        #[schemars(range(min = 1, max = 100))]
        times: u16,
        /// Seconds between two attempts.
        #[schemars(range(min = 1, max = 86400))]
        every_s: u32,
    },
}

/// The ready-made ways to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryName {
    /// Not at all.
    Never,
    /// A few times within a minute, inside the run.
    Quick,
    /// Quickly first, then for up to three days from its own row.
    Patient,
}

/// A note stuck on the canvas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What it says, in Markdown.
    pub text: String,
    /// Where it is.
    pub at: [i32; 2],
    /// How large it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[i32; 2]>,
    /// Its colour, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// A frame around nodes that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What stands on it.
    pub title: String,
    /// Its colour, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The nodes inside.
    #[schemars(with = "Vec<String>")]
    pub nodes: Vec<SmolStr>,
}

/// One case: what is given to the flow, and what must come out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The event, the time, the answers of the network, the files.
    pub given: JsonText,
    /// The records of the end ports, the calls in order. Absent in a case that is still being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<JsonText>,
}

/// A JSON value kept as its text, so that the numbers in it stay exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText(pub(super) String);

impl JsonText {
    /// A value as JSON on one line. Numbers keep their digits; dates and durations become texts.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let mut text = Vec::new();
        json::write(value, &mut text);
        Self(String::from_utf8_lossy(&text).into_owned())
    }

    /// The text, valid JSON on one line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl JsonSchema for JsonText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        true.into()
    }
}
