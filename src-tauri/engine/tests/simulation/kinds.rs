//! The one node kind of the simulation: a call to a server of the simulated world. All other kinds are the real ones.

use std::sync::Arc;

use model::{Record, Value};
use schemars::JsonSchema;
use sdk::cx::{Connection, Kept};
use sdk::testing::KeptMap;
use sdk::{Action, Call, Category, Code, Cx, Effect, Need, Node, NodeError, Ports, async_trait};
use serde::{Deserialize, Serialize};

use crate::world::{Asked, World};

/// Calls a server once for each record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallServer {
    /// What a repetition may do.
    effect: Effect,
    /// The name under which the world knows this step.
    name: String,
    /// Steps that were finished when a record comes here.
    #[serde(default)]
    after: Vec<String>,
}

impl Node for CallServer {
    const KIND: &'static str = "sim.call";
    const TITLE: &'static str = "Call a simulated server";
    const CATEGORY: Category = Category::Web;

    fn ports(&self) -> Ports {
        Ports::through()
    }

    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }
}

/// What a record is about: its order, and its line where it has one.
pub(crate) fn unit(record: &Record) -> String {
    let text = |field: &str| record.get(field).map(Value::to_plain).filter(|it| !it.is_empty());
    let order = text("order").unwrap_or_default();
    match text("line") {
        Some(line) => format!("{order}/{line}"),
        None => order,
    }
}

#[async_trait]
impl Action for CallServer {
    fn effect(&self) -> Effect {
        self.effect
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let connection = cx.connection()?;
        let world = connection.kept().get("world").and_then(|it| it.downcast::<World>().ok());
        let world = world.ok_or_else(|| NodeError::new(Code::Internal, "no world"))?;
        let unit = unit(call.record);
        for node in &self.after {
            world.finish(node, &unit);
        }
        let asked = Asked {
            server: connection.name(),
            node: &self.name,
            unit: &unit,
            key: call.key,
            effect: self.effect,
            is_refused: call.record.get("bad") == Some(&Value::from(true)),
        };
        world.call(asked).await.map(Value::from)
    }
}

/// A connection to a simulated server.
pub(crate) struct Server {
    name: String,
    settings: Record,
    kept: KeptMap,
}

impl Server {
    pub(crate) fn new(name: &str, world: Arc<World>) -> Arc<Server> {
        let kept = KeptMap::default();
        kept.put("world", world);
        Arc::new(Server { name: name.into(), settings: Record::empty(), kept })
    }
}

impl Connection for Server {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &str {
        "http"
    }

    fn settings(&self) -> &Record {
        &self.settings
    }

    fn secret(&self, field: &str) -> Result<String, NodeError> {
        Err(NodeError::new(Code::Auth, format!("There is no secret {field}.")))
    }

    fn kept(&self) -> &dyn Kept {
        &self.kept
    }
}
