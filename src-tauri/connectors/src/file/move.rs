//! `file.move`: moves a file.

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{Action, Call, Category, Cx, Effect, Need, Node, NodeError, Ports, Record, Template, Value};
use serde::{Deserialize, Serialize};

/// Moves a file for each record. Missing folders of the target are made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The file as it is now.
    #[schemars(extend("x-widget" = "file"))]
    from: Template,
    /// Where it goes, with its name.
    #[schemars(extend("x-widget" = "file"))]
    to: Template,
    /// Replace a file that is there already.
    #[serde(default)]
    overwrite: bool,
}

impl Node for Move {
    const KIND: &'static str = "file.move";
    const TITLE: &'static str = "Move a file";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["file", "rename", "archive", "folder"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Each record names a file.").output("out", "The same records.")
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.from, true), crate::paths::need(&self.to, true)]
    }
}

#[async_trait]
impl Action for Move {
    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn notes_beginning(&self) -> bool {
        true
    }

    fn concurrency(&self) -> usize {
        1
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let from = crate::paths::of(&self.from, call.record, cx.roots())?;
        let to = crate::paths::of(&self.to, call.record, cx.roots())?;
        if let Err(error) = cx.folder().rename(&from, &to, self.overwrite) {
            // a step that was cut off after the move finds the file in its new place
            let is_moved =
                call.is_repeat() && cx.folder().entry(&from)?.is_none() && cx.folder().entry(&to)?.is_some();
            if !is_moved {
                return Err(error);
            }
        }
        Ok(Value::Record(Record::of([("from", Value::from(from)), ("to", Value::from(to))])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;
    use sdk::testing::World;

    fn call(record: &Record) -> Call<'_> {
        Call { record, key: "k", attempt: 1 }
    }

    #[tokio::test]
    async fn the_file_stands_in_its_new_place_and_repeating_the_step_changes_nothing() {
        let world = World::default().with_file("in/a", "1");
        let it: Move = node(r#"{"from":"in/a","to":"done/a"}"#);
        it.run(call(&Record::empty()), &world).await.unwrap();
        assert_eq!((world.file("in/a"), world.file("done/a")), (None, Some(b"1".to_vec())));
        it.run(Call { attempt: 2, ..call(&Record::empty()) }, &world).await.unwrap();
        assert!(it.run(call(&Record::empty()), &world).await.is_err());
    }

    #[tokio::test]
    async fn a_file_in_the_way_is_not_replaced_unless_asked() {
        let world = World::default().with_file("a", "1").with_file("b", "2");
        assert!(node::<Move>(r#"{"from":"a","to":"b"}"#).run(call(&Record::empty()), &world).await.is_err());
        assert_eq!(world.file("a"), Some(b"1".to_vec()));
        let it: Move = node(r#"{"from":"a","to":"b","overwrite":true}"#);
        it.run(call(&Record::empty()), &world).await.unwrap();
        assert_eq!(world.file("b"), Some(b"1".to_vec()));
    }
}
