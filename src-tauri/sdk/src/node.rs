//! What every node kind declares, and the catalogue entry made from it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::source::Source;
use crate::transform::Transform;
use crate::trigger::Trigger;

/// Which of the four contracts a kind keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Contract {
    /// Listens and hands events to the inbox.
    Trigger,
    /// Reads something large behind a cursor.
    Source,
    /// Pure: recomputed, never journaled.
    Transform,
    /// One effect on the world, journaled.
    Action,
}

/// The shelf of the palette a kind stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// What starts a run.
    Starts,
    /// Files and formats.
    Files,
    /// Filtering, shaping, joining records.
    Records,
    /// Branching, waiting, calling other flows.
    Control,
    /// Web services.
    Web,
    /// Databases.
    Databases,
    /// Message queues.
    Queues,
}

/// A place where wires end or begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Port {
    /// The name in wires: lower case, one word.
    pub name: String,
    /// What arrives or leaves here, one sentence.
    pub help: String,
    /// For inputs: read to its end before the other inputs are read (the build side of a join).
    #[serde(default)]
    pub is_read_first: bool,
}

/// The inputs and outputs of a node. Every node but a trigger also has the output `error`, which the engine adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ports {
    /// In order; a wire without a port name goes to the first.
    pub inputs: Vec<Port>,
    /// In order; a wire without a port name comes from the first.
    pub outputs: Vec<Port>,
}

impl Ports {
    /// Adds an input.
    #[must_use]
    pub fn input(mut self, name: &str, help: &str) -> Ports {
        self.inputs.push(Port { name: name.into(), help: help.into(), is_read_first: false });
        self
    }

    /// Adds an input that is read to its end before the others.
    #[must_use]
    pub fn input_first(mut self, name: &str, help: &str) -> Ports {
        self.inputs.push(Port { name: name.into(), help: help.into(), is_read_first: true });
        self
    }

    /// Adds an output.
    #[must_use]
    pub fn output(mut self, name: &str, help: &str) -> Ports {
        self.outputs.push(Port { name: name.into(), help: help.into(), is_read_first: false });
        self
    }

    /// One input `in`, one output `out`.
    pub fn through() -> Ports {
        Ports::default().input("in", "Records to work on.").output("out", "Records that went through.")
    }
}

/// What a node wants to touch, computed from its configuration without running it. Shown before a stranger's flow is armed and
/// enforced by the engine: what is not granted is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Need {
    /// Files below a folder; the text is the literal part of the path, empty when it is built from data.
    Folder {
        /// The literal path, or its beginning.
        path: String,
        /// Whether files are written, moved or deleted.
        writes: bool,
    },
    /// A network host.
    Host {
        /// The literal host (with port where given), or empty when it is built from data.
        host: String,
    },
    /// A connection slot of the flow.
    Connection {
        /// The connection kind that fits: http, postgres, sqlite, rabbitmq.
        kind: String,
    },
    /// A path of the webhook listener.
    Hook {
        /// The path below `/hooks/`.
        path: String,
    },
    /// Another flow.
    Flow {
        /// The slot that names it.
        slot: String,
    },
}

/// The declaration of a node kind. The configuration struct implements this and one of the four contracts.
pub trait Node: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// `<connector>.<verb or noun>`.
    const KIND: &'static str;
    /// The name in the palette.
    const TITLE: &'static str;
    /// The shelf.
    const CATEGORY: Category;
    /// Grows when the shape of the configuration changes; older shapes are migrated.
    const VERSION: u32 = 1;
    /// Other words people search by.
    const WORDS: &'static [&'static str] = &[];

    /// Inputs and outputs under this configuration.
    fn ports(&self) -> Ports;

    /// What serde cannot check: sentences with the field they concern.
    fn problems(&self) -> Vec<ConfigError> {
        Vec::new()
    }

    /// What the node wants to touch.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }
}

/// A configuration that does not fit its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct ConfigError {
    /// The field, as a JSON pointer into `config`; empty for the whole.
    pub field: String,
    /// What is wrong and what would be right.
    pub sentence: String,
}

impl ConfigError {
    /// A problem of one field.
    pub fn new(field: &str, sentence: impl Into<String>) -> ConfigError {
        ConfigError { field: field.into(), sentence: sentence.into() }
    }
}

/// What a parsed node does.
#[derive(Clone)]
pub enum Behaviour {
    /// Listens.
    Trigger(Arc<dyn Trigger>),
    /// Reads.
    Source(Arc<dyn Source>),
    /// Transforms.
    Transform(Arc<dyn Transform>),
    /// Acts.
    Action(Arc<dyn Action>),
}

/// A node whose configuration was read.
#[derive(Clone)]
pub struct Parsed {
    /// Inputs and outputs under this configuration.
    pub ports: Ports,
    /// What it wants to touch.
    pub needs: Vec<Need>,
    /// Problems beyond the shape.
    pub problems: Vec<ConfigError>,
    /// What it does.
    pub behaviour: Behaviour,
}

type Parse = fn(&serde_json::Value) -> Result<Parsed, ConfigError>;

/// The catalogue entry of a kind, made from its declaration.
#[derive(Clone)]
pub struct Spec {
    /// `<connector>.<verb or noun>`.
    pub kind: &'static str,
    /// The name in the palette.
    pub title: &'static str,
    /// The shelf.
    pub category: Category,
    /// The contract.
    pub contract: Contract,
    /// Version of the configuration's shape.
    pub version: u32,
    /// Other words people search by.
    pub words: &'static [&'static str],
    schema: fn() -> serde_json::Value,
    parse: Parse,
}

impl Spec {
    fn of<N: Node>(contract: Contract, parse: Parse) -> Spec {
        Spec {
            kind: N::KIND,
            title: N::TITLE,
            category: N::CATEGORY,
            contract,
            version: N::VERSION,
            words: N::WORDS,
            schema: || serde_json::to_value(schemars::schema_for!(N)).unwrap_or_default(),
            parse,
        }
    }

    /// The entry of a trigger.
    pub fn trigger<N: Node + Trigger>() -> Spec {
        Spec::of::<N>(Contract::Trigger, |config| parse::<N>(config, |it| Behaviour::Trigger(it)))
    }

    /// The entry of a source.
    pub fn source<N: Node + Source>() -> Spec {
        Spec::of::<N>(Contract::Source, |config| parse::<N>(config, |it| Behaviour::Source(it)))
    }

    /// The entry of a transform.
    pub fn transform<N: Node + Transform>() -> Spec {
        Spec::of::<N>(Contract::Transform, |config| parse::<N>(config, |it| Behaviour::Transform(it)))
    }

    /// The entry of an action.
    pub fn action<N: Node + Action>() -> Spec {
        Spec::of::<N>(Contract::Action, |config| parse::<N>(config, |it| Behaviour::Action(it)))
    }

    /// The JSON schema of the configuration; its descriptions are the help.
    pub fn schema(&self) -> serde_json::Value {
        (self.schema)()
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// The first field that does not fit, with a sentence.
    pub fn parse(&self, config: &serde_json::Value) -> Result<Parsed, ConfigError> {
        (self.parse)(config)
    }
}

fn parse<N: Node>(
    config: &serde_json::Value,
    behaviour: fn(Arc<N>) -> Behaviour,
) -> Result<Parsed, ConfigError> {
    let node: N = serde_path_to_error::deserialize(config).map_err(|e| {
        let field: String = e.path().iter().fold(String::new(), |path, part| match part {
            serde_path_to_error::Segment::Seq { index } => format!("{path}/{index}"),
            serde_path_to_error::Segment::Map { key } => format!("{path}/{key}"),
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => path,
        });
        ConfigError { field, sentence: e.inner().to_string() }
    })?;
    let node = Arc::new(node);
    Ok(Parsed {
        ports: node.ports(),
        needs: node.needs(),
        problems: node.problems(),
        behaviour: behaviour(node),
    })
}
