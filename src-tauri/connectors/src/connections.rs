//! The kinds of connections: what a person fills in to reach a system.

use schemars::JsonSchema;
use serde_json::Value as Json;

/// A kind of connection. Fields of its schema that are marked `x-secret` go to the vault and never to the settings.
#[derive(Clone)]
pub struct ConnectionKind {
    /// http, postgres, sqlite, rabbitmq, webhook.
    pub kind: &'static str,
    /// The name in the list.
    pub title: &'static str,
    schema: fn() -> Json,
}

impl ConnectionKind {
    fn of<S: JsonSchema>(kind: &'static str, title: &'static str) -> ConnectionKind {
        let schema = || serde_json::to_value(schemars::schema_for!(S)).unwrap_or_default();
        ConnectionKind { kind, title, schema }
    }

    /// The JSON schema of its settings and secrets; the descriptions are the help.
    pub fn schema(&self) -> Json {
        (self.schema)()
    }

    /// The names of the fields that are secrets.
    pub fn secrets(&self) -> Vec<String> {
        let schema = self.schema();
        let fields = schema.get("properties").and_then(Json::as_object);
        let is_secret = |field: &Json| field.get("x-secret").and_then(Json::as_bool) == Some(true);
        fields.into_iter().flatten().filter(|(_, it)| is_secret(it)).map(|(name, _)| name.clone()).collect()
    }
}

/// All kinds of connections, in the order in which they are offered.
pub fn kinds() -> Vec<ConnectionKind> {
    vec![
        ConnectionKind::of::<crate::http::settings::HttpSettings>("http", "Web service"),
        ConnectionKind::of::<crate::sql::settings::PostgresSettings>("postgres", "PostgreSQL"),
        ConnectionKind::of::<crate::sql::settings::SqliteSettings>("sqlite", "SQLite file"),
        ConnectionKind::of::<crate::rabbitmq::settings::RabbitSettings>("rabbitmq", "RabbitMQ"),
        ConnectionKind::of::<crate::webhook::settings::WebhookSettings>("webhook", "Webhook sender"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_marks_its_secrets_and_describes_its_fields() {
        let secrets: Vec<_> = kinds().iter().map(|it| (it.kind, it.secrets().join(" "))).collect();
        let expected = [
            ("http", "client_identity client_secret key password token"),
            ("postgres", "password"),
            ("sqlite", ""),
            ("rabbitmq", "password"),
            ("webhook", "secret"),
        ];
        assert_eq!(secrets, expected.map(|(kind, it)| (kind, it.to_owned())));
        for kind in kinds() {
            let schema = kind.schema();
            for (name, field) in schema["properties"].as_object().unwrap() {
                assert!(
                    field.to_string().contains("description") || field.get("$ref").is_some(),
                    "{}: {name}",
                    kind.kind
                );
            }
        }
    }
}
