//! `webhook.receive`: starts a run for each request to an address.

use schemars::JsonSchema;
use sdk::{Category, ConfigError, Connection, Need, Node, Ports, Start, Trigger};
use serde::{Deserialize, Serialize};

use super::verify::{self, Check, Refused};

/// A path that stands for a secret is at least this long in its last part.
const SECRET_PATH_CHARS: usize = 24;

/// Starts a run for each request to an address of this computer. Gives the fields `body`, `query`, `headers` and `method`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receive {
    /// The address, after `/hooks/`: letters, digits, dashes and slashes.
    path: String,
    /// Which requests are taken.
    #[serde(default)]
    methods: Methods,
    /// What the sender is told, and when.
    #[serde(default)]
    answer: AnswerMode,
    /// How the sender proves who it is.
    auth: Auth,
    /// The largest body taken, in KiB.
    #[serde(default = "most_kib")]
    #[schemars(range(min = 1, max = 10240))]
    most_kib: u32,
}

fn most_kib() -> u32 {
    1024
}

/// Which requests are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Methods {
    /// POST only.
    #[default]
    Post,
    /// POST, PUT and PATCH.
    Writes,
    /// All, GET too.
    All,
}

/// What the sender is told, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerMode {
    /// At once, as soon as the event is stored: 202 and the number of the run.
    #[default]
    Accepted,
    /// The result of the run: what a respond step says, else the records of the end.
    Result,
}

/// How the sender proves who it is.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// A signature over the body, made with the secret of the connection.
    Signature {
        /// How the sender signs.
        scheme: Scheme,
        /// The header that holds the signature, for the plain scheme.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        header: Option<String>,
    },
    /// A secret in a header, the same each time.
    Header {
        /// The header that holds the secret.
        header: String,
    },
    /// The path itself: nobody can guess it, for its last part is long and random.
    PathToken {},
    /// Nothing: anybody who reaches the address may send. Fit for this computer only.
    None {},
}

/// How a sender signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// GitHub: `x-hub-signature-256` with `sha256=` and hexadecimal digits.
    Github,
    /// Stripe: `stripe-signature` with a time and a signature.
    Stripe,
    /// HMAC-SHA256 of the body in hexadecimal or base64, in a header of your choice.
    Plain,
}

impl Receive {
    /// The address, after `/hooks/`.
    pub fn path(&self) -> &str {
        self.path.trim_matches('/')
    }

    /// What the sender is told.
    pub fn answer(&self) -> AnswerMode {
        self.answer
    }

    /// The largest body, bytes.
    pub fn most_bytes(&self) -> usize {
        self.most_kib as usize * 1024
    }

    /// Whether requests of a method are taken.
    pub fn takes_method(&self, method: &str) -> bool {
        match self.methods {
            Methods::Post => method == "POST",
            Methods::Writes => matches!(method, "POST" | "PUT" | "PATCH"),
            Methods::All => true,
        }
    }

    /// Checks who sent a request. Gives the sender's id of the event where the scheme signs one.
    ///
    /// # Errors
    /// The request is not signed as it must be, or the secret is missing: it is refused either way.
    pub fn verify(
        &self,
        headers: &[(String, String)],
        body: &[u8],
        connection: Option<&dyn Connection>,
        now_ms: i64,
    ) -> Result<Option<String>, Refused> {
        let (scheme, header) = match &self.auth {
            Auth::None {} | Auth::PathToken {} => return Ok(None),
            Auth::Header { header } => (None, Some(header.as_str())),
            Auth::Signature { scheme, header } => (Some(*scheme), header.as_deref()),
        };
        let connection = connection
            .ok_or_else(|| Refused::NotReady("This hook has no connection with its secret yet.".into()))?;
        let secret = connection.secret("secret").map_err(|e| Refused::NotReady(e.sentence))?;
        if secret.is_empty() {
            return Err(Refused::NotReady("The secret of this hook is empty.".into()));
        }
        verify::check(&Check { headers, body, secret: &secret, now_ms }, scheme, header)
    }
}

impl Node for Receive {
    const KIND: &'static str = "webhook.receive";
    const TITLE: &'static str = "Webhook";
    const CATEGORY: Category = Category::Starts;
    const WORDS: &'static [&'static str] = &["http", "hook", "callback", "post", "endpoint", "вебхук"];

    fn ports(&self) -> Ports {
        Ports::default().output("out", "One record a request: body, query, headers, method.")
    }

    fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        let path = self.path();
        let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '/');
        if path.is_empty() || path.len() > 200 || !path.chars().all(is_plain) {
            let sentence = "The address needs letters, digits, dashes and slashes, at most 200 of them";
            problems.push(ConfigError::new("/path", sentence));
        }
        let last = path.rsplit('/').next().unwrap_or_default();
        if matches!(self.auth, Auth::PathToken {}) && last.len() < SECRET_PATH_CHARS {
            let sentence = format!(
                "An address that proves who calls ends in a part of at least {SECRET_PATH_CHARS} random characters"
            );
            problems.push(ConfigError::new("/path", sentence));
        }
        if let Auth::Signature { scheme: Scheme::Plain, header: None } = &self.auth {
            problems.push(ConfigError::new("/auth/header", "Say which header holds the signature"));
        }
        problems
    }

    fn needs(&self) -> Vec<Need> {
        let mut needs = vec![Need::Hook { path: self.path().into() }];
        if matches!(self.auth, Auth::Header { .. } | Auth::Signature { .. }) {
            needs.push(Need::Connection { kind: "webhook".into() });
        }
        needs
    }
}

impl Trigger for Receive {
    fn start(&self) -> Start {
        Start::Hook(serde_json::to_value(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_that_is_the_secret_must_be_long_and_auth_is_never_left_open() {
        let parse = |config| sdk::Spec::trigger::<Receive>().parse(&config);
        let problems = |config| parse(config).unwrap().problems.len();
        assert_eq!(problems(json!({"path": "orders", "auth": {"by": "path_token"}})), 1);
        assert_eq!(problems(json!({"path": "o/Zk3vJ0q9Xw2mT7bLr5Yd8CfA", "auth": {"by": "path_token"}})), 0);
        assert_eq!(problems(json!({"path": "/shop/orders/", "auth": {"by": "none"}})), 0);
        assert!(parse(json!({"path": "orders"})).is_err());
    }
}
