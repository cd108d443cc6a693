//! `file.copy`: copies a file.

use async_trait::async_trait;
use schemars::JsonSchema;
use sdk::{Action, Call, Category, Cx, Effect, Need, Node, NodeError, Ports, Record, Template, Value};
use serde::{Deserialize, Serialize};

/// Copies a file for each record. Missing folders of the target are made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Copy {
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

impl Node for Copy {
    const KIND: &'static str = "file.copy";
    const TITLE: &'static str = "Copy a file";
    const CATEGORY: Category = Category::Files;
    const WORDS: &'static [&'static str] = &["file", "rename", "archive", "folder"];

    fn ports(&self) -> Ports {
        Ports::default().input("in", "Each record names a file.").output("out", "The same records.")
    }

    fn needs(&self) -> Vec<Need> {
        vec![crate::paths::need(&self.from, false), crate::paths::need(&self.to, true)]
    }
}

#[async_trait]
impl Action for Copy {
    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn notes_beginning(&self) -> bool {
        !self.overwrite
    }

    fn concurrency(&self) -> usize {
        1
    }

    async fn run(&self, call: Call<'_>, cx: &dyn Cx) -> Result<Value, NodeError> {
        let from = crate::paths::of(&self.from, call.record, cx.roots())?;
        let to = crate::paths::of(&self.to, call.record, cx.roots())?;
        // a step that was cut off may have left its own copy, so a repeated one replaces it
        let overwrite = self.overwrite || call.is_repeat() && is_same_size(&from, &to, cx)?;
        cx.folder().copy(&from, &to, overwrite)?;
        Ok(Value::Record(Record::of([("from", Value::from(from)), ("to", Value::from(to))])))
    }
}

fn is_same_size(from: &str, to: &str, cx: &dyn Cx) -> Result<bool, NodeError> {
    let (from, to) = (cx.folder().entry(from)?, cx.folder().entry(to)?);
    Ok(from.zip(to).is_some_and(|(from, to)| from.size_bytes == to.size_bytes))
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
    async fn both_files_stand_afterwards_and_one_in_the_way_is_kept() {
        let world = World::default().with_file("a", "1").with_file("c", "other");
        node::<Copy>(r#"{"from":"a","to":"b"}"#).run(call(&Record::empty()), &world).await.unwrap();
        assert_eq!((world.file("a"), world.file("b")), (Some(b"1".to_vec()), Some(b"1".to_vec())));
        assert!(node::<Copy>(r#"{"from":"a","to":"c"}"#).run(call(&Record::empty()), &world).await.is_err());
        assert_eq!(world.file("c"), Some(b"other".to_vec()));
    }
}
