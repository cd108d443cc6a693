//! The connection kind `webhook`: the secret shared with a sender.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A system that calls us.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSettings {
    /// The secret that both sides know.
    #[schemars(extend("x-secret" = true))]
    pub secret: Option<String>,
}
