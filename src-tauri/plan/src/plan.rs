//! The plan: what the engine runs.

use formula::FieldSet;
use model::document::{Expect, Hash, NodeId, Overlap, Retry};
use schemars::JsonSchema;
use sdk::{Behaviour, Contract, Effect, Port, Replay};
use serde::{Deserialize, Serialize};

/// A checked flow, ready to run.
#[derive(Clone)]
pub struct Plan {
    /// The flow's name.
    pub name: String,
    /// The hash of the document it was made from.
    pub hash: Hash,
    /// The zone of its schedules and dates.
    pub zone: Option<String>,
    /// The nodes that take part, each after all that lead to it. Disabled ones are left out.
    pub steps: Vec<Step>,
    /// The wires between them, in the order of the file.
    pub wires: Vec<Wire>,
    /// What runs as one task, in the order of their first steps. Triggers are in none.
    pub stages: Vec<Stage>,
    /// The steps that start runs.
    pub triggers: Vec<usize>,
    /// Runs with an equal key go one after another.
    pub order_key: Option<sdk::Formula>,
    /// How many runs may go on at once.
    pub concurrency: Option<u16>,
    /// What becomes of an event that comes while earlier runs go on.
    pub overlap: Overlap,
    /// What is normal; anything else raises an alert.
    pub expect: Option<Expect>,
    /// The fields, or paths into them, by whose values runs can be found.
    pub search: Vec<String>,
    /// Whether the flow gave up surviving a crash.
    pub is_volatile: bool,
    /// What the whole flow promises.
    pub badge: Badge,
}

impl Plan {
    /// The number of a node's step.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }

    /// Whether anything in it has to be remembered.
    #[must_use]
    pub fn has_effects(&self) -> bool {
        self.steps.iter().any(Step::has_effect)
    }
}

/// A node of a plan.
#[derive(Clone)]
pub struct Step {
    /// The id in the flow file.
    pub id: NodeId,
    /// Its kind.
    pub kind: &'static str,
    /// What its card says.
    pub title: String,
    /// Which contract it keeps.
    pub contract: Contract,
    /// Fields that records coming to it can have; none where that cannot be known.
    pub arriving: Option<Vec<String>>,
    /// What it does.
    pub behaviour: Behaviour,
    /// Its inputs.
    pub inputs: Vec<Port>,
    /// Its outputs. The port `error`, which every step has, is numbered after the last of them.
    pub outputs: Vec<Port>,
    /// The field that takes an action's answer.
    pub answer_field: String,
    /// The field in which a source keeps the record that opened it.
    pub keep_as: Option<String>,
    /// What happens after a failure that may pass; the kind's own way unless said.
    pub retry: Option<Retry>,
    /// How long one attempt may take, in seconds.
    pub timeout_s: Option<u32>,
    /// How many calls may be under way at once.
    pub in_flight: Option<u16>,
    /// The slot of the connection it uses.
    pub connection: Option<String>,
    /// For a source: the fields that anything after it reads.
    pub wanted: FieldSet,
    /// Whether it needs all its input before it emits.
    pub is_whole_stream: bool,
    /// Whether its output is put aside whole before the first effect that follows from it.
    pub seals: bool,
    /// Whether a step that takes the whole stream, or several inputs, comes after it: then a failing record cannot go on later
    /// on its own.
    pub feeds_whole_stream: bool,
}

impl Step {
    /// Whether what comes of one record hangs on the others of its run: it takes the whole stream, or has several inputs.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        let is_stream = matches!(&self.behaviour, Behaviour::Action(it) if it.scope() == sdk::Scope::Stream);
        self.is_whole_stream || self.inputs.len() > 1 || is_stream
    }

    /// The number of its port for failed records.
    #[must_use]
    pub fn error_port(&self) -> usize {
        self.outputs.len()
    }

    /// What may happen when it is repeated; none for steps that touch nothing.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        match &self.behaviour {
            Behaviour::Action(action) => Some(action.effect()),
            Behaviour::Source(source) => match source.replay() {
                Replay::Recorded | Replay::Sealed => Some(Effect::Read),
                Replay::Replayable => None,
            },
            Behaviour::Transform(_) | Behaviour::Trigger(_) => None,
        }
    }

    /// Whether its result has to be remembered.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        self.effect().is_some()
    }

    /// What it promises.
    #[must_use]
    pub fn badge(&self) -> Badge {
        self.effect().map_or(Badge::ExactlyOnce, Badge::of)
    }
}

/// A wire between steps by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    /// The step it comes from.
    pub from: usize,
    /// The output there; the error port is numbered after the last.
    pub output: usize,
    /// The step it goes to.
    pub to: usize,
    /// The input there.
    pub input: usize,
}

/// What runs as one task: a source or an action alone, or transforms one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The steps, in order.
    pub steps: Vec<usize>,
    /// The wires that enter the first step, in the order in which they are read.
    pub entries: Vec<Entry>,
}

/// A wire that enters a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The number of the wire.
    pub wire: usize,
    /// Whether it must never stop what is before it: it is read late, and waits for the same step as one read earlier.
    pub spills: bool,
}

/// What is promised about a step after a crash; the weakest step makes the promise of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Badge {
    /// The effect and our record of it commit together.
    ExactlyOnce,
    /// Once, if the other side honours the key.
    OncePerKey,
    /// It may repeat, or a person is asked.
    AtLeastOnce,
}

impl Badge {
    /// What an effect class promises.
    #[must_use]
    pub fn of(effect: Effect) -> Self {
        match effect {
            Effect::Engine | Effect::Read | Effect::Transactional => Self::ExactlyOnce,
            Effect::Idempotent => Self::OncePerKey,
            Effect::Ambiguous => Self::AtLeastOnce,
        }
    }

    /// What stands on the badge.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::ExactlyOnce => "exactly once",
            Self::OncePerKey => "once, if the other side honours the key",
            Self::AtLeastOnce => "at least once, or a person is asked",
        }
    }
}
