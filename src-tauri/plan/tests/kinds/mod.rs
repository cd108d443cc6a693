//! A handful of kinds to plan with: one of each contract, and the shapes that matter to a plan. They do nothing.

use arna_plan::Kinds;
use schemars::JsonSchema;
use sdk::{
    Action, Batch, Call, Category, Cursor, Cx, Effect, Flowing, Formula, Need, Node, NodeError, Out, Ports,
    Record, Replay, Roots, Scope, Source, Spec, Start, Template, Transform, Trigger, Value, async_trait,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) fn kinds() -> Kinds {
    [
        Spec::trigger::<ByHand>(),
        Spec::trigger::<Cron>(),
        Spec::trigger::<Failed>(),
        Spec::source::<File>(),
        Spec::transform::<Filter>(),
        Spec::transform::<Map>(),
        Spec::transform::<Sort>(),
        Spec::transform::<Join>(),
        Spec::transform::<Opaque>(),
        Spec::action::<Post>(),
        Spec::action::<Save>(),
        Spec::action::<CallFlow>(),
    ]
    .into_iter()
    .collect()
}

macro_rules! config {
    ($name:ident { $($fields:tt)* }) => {
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name { $($fields)* }
    };
}

config!(ByHand {});
config!(Cron { cron: String, zone: Option<String> });
config!(Failed { flow: String });
config!(File { path: Template });
config!(Filter { keep: Formula });
config!(Map { fields: BTreeMap<String, Formula> });
config!(Sort { by: String });
config!(Join { on: String });
config!(Opaque {});
config!(Post { url: Template, body: Option<Formula>, again: Option<String> });
config!(Save { path: Template });
config!(CallFlow { flow: String });

impl Node for ByHand {
    const KIND: &'static str = "test.by_hand";
    const TITLE: &'static str = "By hand";
    const CATEGORY: Category = Category::Starts;
    fn ports(&self) -> Ports {
        Ports::default().output("out", "The input.")
    }
}

impl Trigger for ByHand {
    fn start(&self) -> Start {
        Start::Manual
    }
}

impl Node for Cron {
    const KIND: &'static str = "test.cron";
    const TITLE: &'static str = "Schedule";
    const CATEGORY: Category = Category::Starts;
    fn ports(&self) -> Ports {
        Ports::default().output("out", "The due time.")
    }
}

impl Trigger for Cron {
    fn start(&self) -> Start {
        Start::Schedule { cron: self.cron.clone(), zone: self.zone.clone(), missed: "latest".into() }
    }
}

impl Node for Failed {
    const KIND: &'static str = "test.failed";
    const TITLE: &'static str = "On failure";
    const CATEGORY: Category = Category::Starts;
    fn ports(&self) -> Ports {
        Ports::default().output("out", "The failure.")
    }
}

impl Trigger for Failed {
    fn start(&self) -> Start {
        Start::Failure { slot: Some(self.flow.clone()) }
    }
}

impl Node for File {
    const KIND: &'static str = "test.file";
    const TITLE: &'static str = "Read a file";
    const CATEGORY: Category = Category::Files;
    const VERSION: u32 = 2;
    fn ports(&self) -> Ports {
        Ports::through()
    }
    fn needs(&self) -> Vec<Need> {
        let literal = self.path.text().split("{{").next().unwrap_or_default();
        vec![Need::Folder { path: literal.to_owned(), writes: false }]
    }
}

#[async_trait]
impl Source for File {
    fn replay(&self) -> Replay {
        Replay::Replayable
    }
    async fn open(
        &self,
        _: &Record,
        _: &formula::FieldSet,
        _: &dyn Cx,
    ) -> Result<Box<dyn Cursor>, NodeError> {
        unreachable!("plans are not run")
    }
}

struct Still;

impl Flowing for Still {
    fn take(&mut self, _: usize, _: Batch, _: &mut Out<'_>) -> Result<(), NodeError> {
        Ok(())
    }
}

macro_rules! transform {
    ($name:ident, $kind:literal, $ports:expr, { $($rest:tt)* }) => {
        impl Node for $name {
            const KIND: &'static str = $kind;
            const TITLE: &'static str = stringify!($name);
            const CATEGORY: Category = Category::Records;
            fn ports(&self) -> Ports {
                $ports
            }
        }

        impl Transform for $name {
            fn open(&self, _: &Roots) -> Result<Box<dyn Flowing>, NodeError> {
                Ok(Box::new(Still))
            }
            $($rest)*
        }
    };
}

transform!(
    Filter,
    "test.filter",
    Ports::default().input("in", "All.").output("kept", "Kept.").output("rest", "Rest."),
    {
        fn reads_only_named(&self) -> bool {
            true
        }
    }
);
transform!(Map, "test.map", Ports::through(), {
    fn rebuilds_records(&self) -> bool {
        true
    }
    fn makes_fields(&self) -> Option<Vec<String>> {
        Some(self.fields.keys().cloned().collect())
    }
});
transform!(Sort, "test.sort", Ports::through(), {
    fn reads_only_named(&self) -> bool {
        !self.by.is_empty()
    }
    fn is_whole_stream(&self) -> bool {
        true
    }
});
transform!(
    Join,
    "test.join",
    Ports::default().input("left", "Streamed.").input_first("right", "Looked up.").output("matched", "Both."),
    {
        fn reads_only_named(&self) -> bool {
            !self.on.is_empty()
        }
    }
);
transform!(Opaque, "test.opaque", Ports::through(), {});

impl Node for Post {
    const KIND: &'static str = "test.post";
    const TITLE: &'static str = "Send";
    const CATEGORY: Category = Category::Web;
    fn ports(&self) -> Ports {
        Ports::through()
    }
    fn needs(&self) -> Vec<Need> {
        let host = self.url.text().strip_prefix("https://").and_then(|rest| rest.split('/').next());
        if self.url.text().starts_with("sql:") {
            return vec![Need::Connection { kind: "sql".into() }];
        }
        vec![match host {
            Some(host) if host.contains("{{") => Need::Host { host: String::new() },
            Some(host) => Need::Host { host: host.to_owned() },
            None => Need::Connection { kind: "http".into() },
        }]
    }
}

#[async_trait]
impl Action for Post {
    fn effect(&self) -> Effect {
        let _ = &self.body;
        match self.again.as_deref() {
            Some("same_key") => Effect::Idempotent,
            Some(_) | None => Effect::Ambiguous,
        }
    }
    async fn run(&self, _: Call<'_>, _: &dyn Cx) -> Result<Value, NodeError> {
        unreachable!("plans are not run")
    }
}

impl Node for Save {
    const KIND: &'static str = "test.save";
    const TITLE: &'static str = "Write a file";
    const CATEGORY: Category = Category::Files;
    fn ports(&self) -> Ports {
        Ports::through()
    }
    fn needs(&self) -> Vec<Need> {
        let literal = self.path.text().split("{{").next().unwrap_or_default();
        vec![Need::Folder { path: literal.to_owned(), writes: true }]
    }
}

#[async_trait]
impl Action for Save {
    fn scope(&self) -> Scope {
        Scope::Stream
    }
    fn effect(&self) -> Effect {
        Effect::Transactional
    }
    async fn run(&self, _: Call<'_>, _: &dyn Cx) -> Result<Value, NodeError> {
        unreachable!("plans are not run")
    }
}

impl Node for CallFlow {
    const KIND: &'static str = "test.call";
    const TITLE: &'static str = "Call a flow";
    const CATEGORY: Category = Category::Control;
    fn ports(&self) -> Ports {
        Ports::through()
    }
    fn needs(&self) -> Vec<Need> {
        vec![Need::Flow { slot: self.flow.clone() }]
    }
}

#[async_trait]
impl Action for CallFlow {
    fn effect(&self) -> Effect {
        Effect::Engine
    }
    async fn run(&self, _: Call<'_>, _: &dyn Cx) -> Result<Value, NodeError> {
        unreachable!("plans are not run")
    }
}
