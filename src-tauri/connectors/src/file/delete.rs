//! `file.delete`: deletes a file.

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{Action, Call, Category, Code, Cx, Effect, Need, Node, NodeError, Ports, Template, Value};
use serde::{Deserialize, Serialize};

/// Deletes a file for each record. Its field is true when the file was there.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delete {
    /// The file.
    #[schemars(extend("x-widget" = "file"))]
    path: Template,
    /// Fail the record when the file is not there.
    #[serde(default)]
    must_exist: bool,
}

impl Node for Delete {
    const KIND: &'static str = "file.delete";
    const TITLE: &'static str = "Delete a file";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["remove", "erase", "clean up"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Each record names a file.").output("out", "The same records.")
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.path, true)]
    }
}

#[async_trait]
impl Action for Delete {
    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn notes_beginning(&self) -> bool {
        self.must_exist
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let path = crate::paths::of(&self.path, call.record, cx.roots())?;
        let was_there = cx.folder().remove(&path)?;
        // a step that was cut off may have deleted it already
        if self.must_exist && !was_there && !call.is_repeat() {
            return Err(NodeError::new(Code::NotFound, format!("There is no file {path} to delete.")));
        }
        Ok(Value::Bool(was_there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::node;
    use sdk::Record;
    use sdk::testing::World;

    #[tokio::test]
    async fn the_answer_says_whether_it_was_there() {
        let world = World::default().with_file("a", "1");
        let empty = Record::empty();
        let call = Call { record: &empty, key: "k", attempt: 1 };
        let it: Delete = node(r#"{"path":"a"}"#);
        assert_eq!(it.run(call, &world).await.unwrap(), Value::Bool(true));
        assert_eq!(it.run(call, &world).await.unwrap(), Value::Bool(false));
        let strict: Delete = node(r#"{"path":"a","must_exist":true}"#);
        assert_eq!(strict.run(call, &world).await.unwrap_err().code, Code::NotFound);
    }
}
