//! From a command's name and JSON to its use case and back: made from the table, so that no command can be forgotten.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::app::App;
use crate::command_table;
use crate::contract::{Refusal, RefusalCode};

macro_rules! dispatch {
    ($($name:literal $method:ident($params:ty) -> $answer:ty: $about:literal;)*) => {
        /// Carries out a command.
        ///
        /// # Errors
        /// Unknown command, parameters of another form, or what the use case refuses.
        pub async fn call(app: &App, name: &str, params: Json) -> Result<Json, Refusal> {
            use crate::contract::*;
            match name {
                $($name => {
                    let params: $params = parse(params)?;
                    let answer: $answer = app.$method(params).await?;
                    write(&answer)
                })*
                _ => Err(Refusal::new(RefusalCode::NotFound, format!("There is no command {name}."))),
            }
        }
    };
}

command_table!(dispatch);

fn parse<T: DeserializeOwned>(params: Json) -> Result<T, Refusal> {
    // commands without parameters may be called with nothing at all
    let params = if params.is_null() { Json::Object(serde_json::Map::new()) } else { params };
    serde_json::from_value(params)
        .map_err(|e| Refusal::new(RefusalCode::BadRequest, format!("The parameters do not fit: {e}.")))
}

fn write<T: Serialize>(answer: &T) -> Result<Json, Refusal> {
    serde_json::to_value(answer)
        .map_err(|e| Refusal::new(RefusalCode::Internal, "The answer cannot be written.").because(e))
}
