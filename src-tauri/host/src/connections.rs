//! Connections: making, changing, testing. Secrets are sealed before they are stored and never read back out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use journal::{Change, ConnectionRow as StoredConnection};
use model::Value;
use model::graph::Graph;
use sdk::Connection as _;
use tokio::net::TcpStream;

use crate::accounts::{Account, sealed, settings};
use crate::app::{App, engine_refusal, refusal};
use crate::contract::*;
use crate::datum;

/// The systems there are connections for.
const SYSTEMS: [(&str, u16); 5] =
    [("http", 443), ("postgres", 5432), ("sqlite", 0), ("rabbitmq", 5672), ("webhook", 0)];
const TEST_WITHIN: Duration = Duration::from_secs(10);
const MOST_CONFIG_BYTES: usize = 64 << 10;
const MOST_SECRET_BYTES: usize = 64 << 10;
/// Names of settings that would be secrets: they belong into `secrets`.
const SECRET_WORDS: [&str; 6] = ["password", "secret", "token", "api_key", "private_key", "passphrase"];

impl App {
    pub(crate) async fn connections_list(&self, _: Nothing) -> Result<Connections, Refusal> {
        let rows = self.journal.look(|it| it.connections()).await.map_err(|e| refusal(&e))?;
        let mut users = self.connection_users().await?;
        let connections = rows.into_iter().map(|row| ConnectionRow {
            used_by: users.remove(row.id.as_str()).unwrap_or_default(),
            secrets: sealed(&row).into_keys().collect(),
            config: datum::of_record(&settings(&row.config)),
            kind: row.kind.to_string(),
            health: health(self.engine.answering(&row.id)),
            last_use_ms: self.engine.answering(&row.id).map(|it| it.last_use_ms),
            paced_until_ms: self.engine.answering(&row.id).and_then(|it| it.paced_until_ms),
            rate: crate::accounts::rate(&row.config),
            name: row.id.to_string(),
        });
        Ok(Connections { connections: connections.collect() })
    }

    /// The flows that use connections, by the connections' names.
    async fn connection_users(&self) -> Result<BTreeMap<String, Vec<ConnectionUser>>, Refusal> {
        let mut users: BTreeMap<String, Vec<ConnectionUser>> = BTreeMap::new();
        for row in self.flow_rows().await? {
            let given = self.shelf.given(&row.flow).map_err(|e| engine_refusal(&e))?;
            // most flows use none: only the others are read
            if given.slots.is_empty() {
                continue;
            }
            let Ok(document) = self.stored(&row.flow).await?.document else { continue };
            let graph = Graph::of(&document);
            let mut uses: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (id, node) in document.nodes.iter().filter(|(_, node)| !node.disabled) {
                let filled = node.connection.as_ref().and_then(|slot| given.slots.get(slot.as_str()));
                if let Some(name) = filled.and_then(|it| it.as_str()) {
                    uses.entry(name).or_default().push(id);
                }
            }
            for (name, nodes) in uses {
                let halt = graph.halt(nodes);
                let titles = |ids: Vec<model::document::NodeId>| {
                    ids.iter().map(|id| crate::describe::title(&document, self.shelf.kinds(), id)).collect()
                };
                users.entry(name.to_owned()).or_default().push(ConnectionUser {
                    flow: row.flow.to_string(),
                    name: document.name.clone(),
                    armed: row.armed,
                    stops: titles(halt.stops),
                    suffers: titles(halt.suffers),
                });
            }
        }
        Ok(users)
    }

    async fn connection_row(&self, name: &str) -> Result<Option<StoredConnection>, Refusal> {
        let rows = self.journal.look(|it| it.connections()).await.map_err(|e| refusal(&e))?;
        Ok(rows.into_iter().find(|it| it.id == name))
    }

    pub(crate) async fn connections_save(&self, mut params: ConnectionSave) -> Result<Nothing, Refusal> {
        check(&params)?;
        seal_address(&mut params);
        let there = self.connection_row(&params.name).await?;
        if let Some(there) = &there
            && there.kind != params.kind.as_str()
        {
            let sentence = format!(
                "{} is a connection to {}. Make a new one for {}.",
                params.name, there.kind, params.kind
            );
            return Err(Refusal::new(RefusalCode::Conflict, sentence).at("/kind"));
        }
        let mut secrets = there.as_ref().map(sealed).unwrap_or_default();
        for (field, secret) in &params.secrets {
            match secret {
                None => drop(secrets.remove(field)),
                Some(secret) => {
                    let sealed = self.vault.seal((&params.name, field), secret);
                    let sealed = sealed.map_err(|e| Refusal::new(RefusalCode::Internal, e.to_string()))?;
                    secrets.insert(field.clone(), sealed);
                }
            }
        }
        let config = datum::read(&params.config)
            .map_err(|why| Refusal::new(RefusalCode::BadRequest, why).at("/config"))?;
        let mut text = Vec::new();
        model::json::write(&config, &mut text);
        let secret = serde_json::to_vec(&secrets)
            .map_err(|e| Refusal::new(RefusalCode::Internal, "The secrets cannot be written.").because(e))?;
        let row = StoredConnection {
            id: params.name.as_str().into(),
            kind: params.kind.as_str().into(),
            config: String::from_utf8_lossy(&text).into_owned(),
            secret: (!secrets.is_empty()).then(|| secret.into()),
            changed_ms: self.clock.now_ms(),
        };
        let line = self.audited("connection.save", &params.name, &params.kind);
        self.commit(vec![Change::Connection(row), line]).await?;
        self.connection_changed(&params.name).await?;
        Ok(Nothing {})
    }

    /// What uses a connection must see its change.
    async fn connection_changed(&self, name: &str) -> Result<(), Refusal> {
        self.shelf.forget_account(name);
        for flow in self.flow_rows().await? {
            let given = self.shelf.given(&flow.flow).map_err(|e| engine_refusal(&e))?;
            if given.slots.values().any(|it| it.as_str() == Some(name)) {
                self.rearm(&flow.flow).await?;
            }
        }
        self.tell(Event::ConnectionChanged { name: name.into() });
        Ok(())
    }

    pub(crate) async fn connections_delete(&self, params: ConnectionName) -> Result<Nothing, Refusal> {
        let row = self.connection_row(&params.name).await?.ok_or_else(|| no_connection(&params.name))?;
        let line = self.audited("connection.delete", &params.name, "");
        self.commit(vec![Change::RemoveConnection { id: row.id }, line]).await?;
        self.connection_changed(&params.name).await?;
        Ok(Nothing {})
    }

    pub(crate) async fn connections_test(&self, params: ConnectionName) -> Result<ConnectionTested, Refusal> {
        let account = self.shelf.account(&params.name).map_err(|e| engine_refusal(&e))?;
        let account = account.ok_or_else(|| no_connection(&params.name))?;
        let began = Instant::now();
        let outcome = tokio::time::timeout(TEST_WITHIN, reach(account)).await;
        let (ok, sentence) = match outcome {
            Ok(Ok(sentence)) => (true, sentence),
            Ok(Err(sentence)) => (false, sentence),
            Err(_) => (false, format!("No answer within {} seconds.", TEST_WITHIN.as_secs())),
        };
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(ConnectionTested { ok, sentence, took_ms })
    }
}

fn health(answering: Option<engine::limits::Answering>) -> ConnectionHealth {
    let Some(it) = answering else { return ConnectionHealth::Unknown {} };
    let silence =
        || Failure { code: "unavailable".into(), sentence: "It does not answer.".into(), cause: None };
    let error = it.last_error.as_ref().map(crate::watch::failure);
    match (it.held_until_ms, error) {
        (Some(retry_ms), error) => ConnectionHealth::Open { retry_ms, error: error.unwrap_or_else(silence) },
        (None, Some(error)) => ConnectionHealth::Poor { error },
        (None, None) => ConnectionHealth::Good {},
    }
}

fn no_connection(name: &str) -> Refusal {
    Refusal::new(RefusalCode::NotFound, format!("There is no connection {name}.")).at("/name")
}

fn check(params: &ConnectionSave) -> Result<(), Refusal> {
    let wrong =
        |field: &str, sentence: String| Err(Refusal::new(RefusalCode::BadRequest, sentence).at(field));
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    if params.name.trim().is_empty() || params.name.chars().count() > 64 || !params.name.chars().all(is_plain)
    {
        return wrong(
            "/name",
            "A connection's name has up to 64 letters, digits, spaces, dots, - and _.".into(),
        );
    }
    if !SYSTEMS.iter().any(|(system, _)| *system == params.kind) {
        let systems: Vec<&str> = SYSTEMS.iter().map(|(system, _)| *system).collect();
        return wrong(
            "/kind",
            format!("There are connections to {}; not to {}.", systems.join(", "), params.kind),
        );
    }
    let Some(config) = params.config.as_object() else {
        return wrong("/config", "The settings of a connection are an object.".into());
    };
    if params.config.to_string().len() > MOST_CONFIG_BYTES {
        return wrong("/config", "The settings of a connection are at most 64 KiB.".into());
    }
    let rate = config.get("rate").filter(|it| !it.is_null());
    if rate.is_some_and(|it| it.as_str().is_none_or(|it| engine::pace::Rate::parse(it).is_none())) {
        let sentence =
            "A rate is a number of calls in a second, a minute or an hour: \"10/s\", \"600/min\", \"100/h\".";
        return wrong("/config/rate", sentence.into());
    }
    if let Some(name) = config.keys().find(|name| SECRET_WORDS.contains(&name.as_str())) {
        return wrong(
            &format!("/config/{name}"),
            format!("{name} is a secret: send it with the secrets, which are sealed."),
        );
    }
    if let Some((name, _)) =
        params.secrets.iter().find(|(_, it)| it.as_ref().is_some_and(|it| it.len() > MOST_SECRET_BYTES))
    {
        return wrong(&format!("/secrets/{name}"), "A secret is at most 64 KiB.".into());
    }
    Ok(())
}

/// A password that stands in an address becomes the secret `password`, and its user the setting `user`.
fn seal_address(params: &mut ConnectionSave) {
    let Some(config) = params.config.as_object_mut() else { return };
    for field in ["address", "base_url", "url", "host"] {
        let Some(address) = config.get(field).and_then(|it| it.as_str()) else { continue };
        if !crate::scan::has_password(address) {
            continue;
        }
        let Some((scheme, rest)) = address.split_once("://") else { continue };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        let Some((account, host)) = authority.rsplit_once('@') else { continue };
        let (user, password) = account.split_once(':').unwrap_or((account, ""));
        let (user, password) = (decoded(user), decoded(password));
        let bare = format!("{scheme}://{host}{after}");
        config.insert(field.into(), bare.into());
        if !user.is_empty() {
            config.entry("user").or_insert_with(|| user.into());
        }
        params.secrets.entry("password".into()).or_insert(Some(password));
        return;
    }
}

/// A part of an address with its %-signs resolved; as it stands where they mean nothing.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|it| std::str::from_utf8(it).ok());
        match code.and_then(|it| u8::from_str_radix(it, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}

/// Whether somebody answers at the connection's address. Signing in is left to the first use: a test must not lock an account.
async fn reach(account: Arc<Account>) -> Result<String, String> {
    let settings = account.settings();
    let text = |field: &str| settings.get(field).map(Value::to_plain).filter(|it| !it.is_empty());
    let kind = account.kind().to_owned();
    if kind == "webhook" {
        return Ok("Senders come to Arna here; there is nobody to ask.".into());
    }
    if kind == "sqlite" {
        let path = text("path").or_else(|| text("address")).ok_or("The connection names no file.")?;
        return match std::fs::metadata(&path) {
            Ok(about) if about.is_file() => Ok(format!("{path} is there, {} bytes.", about.len())),
            Ok(_) => Err(format!("{path} is not a file.")),
            Err(why) => Err(format!("{path} cannot be used: {why}.")),
        };
    }
    let address =
        text("address").or_else(|| text("base_url")).or_else(|| text("url")).or_else(|| text("host"));
    let address = address.ok_or("The connection names no address.")?;
    let default = SYSTEMS.iter().find(|(system, _)| *system == kind).map_or(443, |(_, port)| *port);
    let port = text("port").and_then(|it| it.parse().ok());
    let (host, port) =
        host_and_port(&address, port, default).ok_or_else(|| format!("{address} is no address."))?;
    let dialled = TcpStream::connect((host.as_str(), port)).await;
    dialled
        .map(|_| format!("{host} answers at port {port}."))
        .map_err(|why| format!("{host} does not answer at port {port}: {why}."))
}

/// Host and port of an address, by its scheme where it names no port.
pub(crate) fn host_and_port(address: &str, port: Option<u16>, default: u16) -> Option<(String, u16)> {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let by_scheme = match scheme {
        "http" => 80,
        "https" => 443,
        "amqps" => 5671,
        _ => default,
    };
    let (host, own) = match authority.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').and_then(|it| it.parse().ok())),
        None => match authority.rsplit_once(':') {
            Some((host, own)) => (host, Some(own.parse().ok()?)),
            None => (authority, None),
        },
    };
    (!host.is_empty()).then(|| (host.to_owned(), own.or(port).unwrap_or(by_scheme)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gives_its_host_and_port_however_it_is_written() {
        let cases = [
            ("https://api.shop.kz/v1", None, 443, Some(("api.shop.kz", 443))),
            ("http://127.0.0.1:8080", None, 443, Some(("127.0.0.1", 8080))),
            ("postgres://me@db:6543/shop", None, 5432, Some(("db", 6543))),
            ("db", Some(6000), 5432, Some(("db", 6000))),
            ("[::1]:5672", None, 5672, Some(("::1", 5672))),
            ("db:port", None, 5432, None),
        ];
        for (address, port, default, expected) in cases {
            let expected = expected.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(host_and_port(address, port, default), expected, "{address}");
        }
    }

    #[test]
    fn a_rate_that_means_nothing_is_refused_and_one_that_does_is_kept() {
        let params = |rate: serde_json::Value| ConnectionSave {
            name: "ledger".into(),
            kind: "http".into(),
            config: serde_json::json!({"address": "https://ledger.example", "rate": rate}),
            secrets: Default::default(),
        };
        assert!(check(&params("10/s".into())).is_ok());
        for rate in [serde_json::json!("often"), serde_json::json!(10)] {
            assert_eq!(check(&params(rate)).expect_err("refused").field, "/config/rate");
        }
    }

    #[test]
    fn a_secret_among_the_settings_is_refused() {
        let params = ConnectionSave {
            name: "ledger".into(),
            kind: "http".into(),
            config: serde_json::json!({"address": "https://ledger.example", "password": "x"}),
            secrets: Default::default(),
        };
        assert_eq!(check(&params).expect_err("refused").field, "/config/password");
    }
}
