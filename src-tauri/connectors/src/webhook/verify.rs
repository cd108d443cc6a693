//! Who sent this: signatures over the raw bytes, compared in constant time, within five minutes.
//!
//! Sources: Standard Webhooks (<https://www.standardwebhooks.com>), GitHub's and Stripe's pages on validating webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::receive::Scheme;

/// A signed time may differ from ours by this, milliseconds.
const TOLERANCE_MS: i64 = 5 * 60_000;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The sender did not prove who it is.
    Unsigned(String),
    /// We cannot check: the secret is missing. Never a reason to accept.
    NotReady(String),
}

/// What is checked.
pub struct Check<'a> {
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    /// The body as it came.
    pub body: &'a [u8],
    /// The shared secret.
    pub secret: &'a str,
    /// Our clock, milliseconds since 1970 UTC.
    pub now_ms: i64,
}

impl Check<'_> {
    /// The one value of a header; a header that comes twice could be read differently by two readers, so it counts as absent.
    fn header(&self, name: &str) -> Result<&str, Refused> {
        let mut found = self.headers.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value),
            (None, _) => Err(Refused::Unsigned(format!("The header {name} is missing."))),
            (Some(_), Some(_)) => {
                Err(Refused::Unsigned(format!("The header {name} stands there more than once.")))
            }
        }
    }

    fn is_timely(&self, seconds: &str) -> Result<(), Refused> {
        let sent = seconds.trim().parse::<i64>().ok().and_then(|it| it.checked_mul(1_000));
        match sent {
            Some(sent) if self.now_ms.saturating_sub(sent).saturating_abs() <= TOLERANCE_MS => Ok(()),
            _ => Err(Refused::Unsigned("The signed time is more than five minutes from now.".into())),
        }
    }

    fn mac(&self, key: &[u8], parts: &[&[u8]]) -> Result<Hmac<Sha256>, Refused> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key)
            .map_err(|_| Refused::NotReady("The secret of this hook cannot be used as a key.".into()))?;
        for part in parts {
            mac.update(part);
        }
        Ok(mac)
    }
}

fn wrong() -> Refused {
    Refused::Unsigned("The signature does not fit the body.".into())
}

/// Checks a request; no scheme means a secret in a header.
///
/// # Errors
/// The request is refused.
pub fn check(
    request: &Check<'_>,
    scheme: Option<Scheme>,
    header: Option<&str>,
) -> Result<Option<String>, Refused> {
    match scheme {
        None => plain_secret(request, header.unwrap_or("authorization")).map(|()| None),
        Some(Scheme::StandardWebhooks) => standard(request).map(Some),
        Some(Scheme::Github) => {
            let given = request.header("x-hub-signature-256")?;
            let hex = given.strip_prefix("sha256=").ok_or_else(wrong)?;
            let mac = request.mac(request.secret.as_bytes(), &[request.body])?;
            mac.verify_slice(&unhex(hex).ok_or_else(wrong)?).map_err(|_| wrong())?;
            Ok(None)
        }
        Some(Scheme::Stripe) => {
            stripe(request)?;
            // the event's own id is in the signed body; a repetition is signed anew
            let body = model::json::parse(request.body).unwrap_or_default();
            Ok(body.as_record().and_then(|it| it.get("id")).and_then(|it| it.as_text()).map(str::to_owned))
        }
        Some(Scheme::Plain) => {
            let given = request.header(header.unwrap_or("x-signature"))?.trim();
            let bytes = unhex(given).or_else(|| STANDARD.decode(given).ok()).ok_or_else(wrong)?;
            let mac = request.mac(request.secret.as_bytes(), &[request.body])?;
            mac.verify_slice(&bytes).map_err(|_| wrong())?;
            Ok(None)
        }
    }
}

fn plain_secret(request: &Check<'_>, header: &str) -> Result<(), Refused> {
    let given = request.header(header)?;
    let given = given.strip_prefix("Bearer ").unwrap_or(given);
    // comparing keyed hashes takes the same time wherever the texts differ
    let ours = request.mac(b"compare", &[request.secret.as_bytes()])?.finalize().into_bytes();
    let theirs = request.mac(b"compare", &[given.as_bytes()])?;
    theirs
        .verify_slice(&ours)
        .map_err(|_| Refused::Unsigned(format!("The header {header} does not hold the secret.")))
}

fn standard(request: &Check<'_>) -> Result<String, Refused> {
    let id = request.header("webhook-id")?;
    let time = request.header("webhook-timestamp")?;
    request.is_timely(time)?;
    let encoded = request.secret.strip_prefix("whsec_").unwrap_or(request.secret);
    let key = STANDARD
        .decode(encoded)
        .map_err(|_| Refused::NotReady("The secret of this hook is not base64.".into()))?;
    let signatures = request.header("webhook-signature")?;
    for given in signatures.split(' ').take(16).filter_map(|it| it.strip_prefix("v1,")) {
        let Ok(bytes) = STANDARD.decode(given) else { continue };
        let mac = request.mac(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", request.body])?;
        if mac.verify_slice(&bytes).is_ok() {
            return Ok(id.to_owned());
        }
    }
    Err(wrong())
}

fn stripe(request: &Check<'_>) -> Result<(), Refused> {
    let given = request.header("stripe-signature")?;
    let part = |name: &str| {
        given.split(',').filter_map(|it| it.trim().split_once('=')).find(|it| it.0 == name).map(|it| it.1)
    };
    let time = part("t").ok_or_else(wrong)?;
    request.is_timely(time)?;
    let signatures = given.split(',').filter_map(|it| it.trim().strip_prefix("v1=")).take(16);
    for given in signatures {
        let Some(bytes) = unhex(given) else { continue };
        let mac = request.mac(request.secret.as_bytes(), &[time.as_bytes(), b".", request.body])?;
        if mac.verify_slice(&bytes).is_ok() {
            return Ok(());
        }
    }
    Err(wrong())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|it| it.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|it| format!("{it:02x}")).collect()
    }

    fn sign(key: &[u8], text: &[u8]) -> Vec<u8> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
        mac.update(text);
        mac.finalize().into_bytes().to_vec()
    }

    fn headers(pairs: &[(&str, String)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    const BODY: &[u8] = br#"{"id":1}"#;
    const NOW: i64 = 1_767_603_600_000;

    /// The example that GitHub's documentation gives: secret "It's a Secret to Everybody", body "Hello, World!".
    #[test]
    fn githubs_own_example_is_accepted_and_a_changed_body_is_not() {
        let given = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17".to_owned();
        let headers = headers(&[("x-hub-signature-256", given)]);
        let check_body = |body: &[u8]| {
            let request =
                Check { headers: &headers, body, secret: "It's a Secret to Everybody", now_ms: NOW };
            check(&request, Some(Scheme::Github), None)
        };
        assert_eq!(check_body(b"Hello, World!"), Ok(None));
        assert!(matches!(check_body(b"Hello, World?"), Err(Refused::Unsigned(_))));
    }

    #[test]
    fn a_standard_webhook_gives_its_id_and_an_old_one_is_refused() {
        let key = b"0123456789abcdef01234567";
        let secret = format!("whsec_{}", STANDARD.encode(key));
        let at = |seconds: i64| {
            let text = [b"msg_1.".as_slice(), seconds.to_string().as_bytes(), b".", BODY].concat();
            let headers = headers(&[
                ("webhook-id", "msg_1".into()),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", format!("v1,AAAA v1,{}", STANDARD.encode(sign(key, &text)))),
            ]);
            check(
                &Check { headers: &headers, body: BODY, secret: &secret, now_ms: NOW },
                Some(Scheme::StandardWebhooks),
                None,
            )
        };
        assert_eq!(at(NOW / 1_000), Ok(Some("msg_1".into())));
        assert_eq!(at(NOW / 1_000 - 299), Ok(Some("msg_1".into())));
        assert!(at(NOW / 1_000 - 301).is_err(), "older than five minutes");
        assert!(at(NOW / 1_000 + 301).is_err(), "from the future");
        assert!(at(i64::MAX).is_err());
        assert!(at(i64::MIN / 1_000).is_err(), "so old that the difference has no room");
    }

    #[test]
    fn a_header_that_comes_twice_or_a_wrong_secret_is_refused() {
        let twice = headers(&[("x-key", "s3cret".into()), ("x-key", "s3cret".into())]);
        let once = headers(&[("x-key", "s3cret".into())]);
        let with = |headers: &[(String, String)], secret: &str| {
            check(&Check { headers, body: BODY, secret, now_ms: NOW }, None, Some("x-key"))
        };
        assert_eq!(with(&once, "s3cret"), Ok(None));
        assert!(with(&once, "s3creT").is_err());
        assert!(with(&twice, "s3cret").is_err());
        assert!(with(&[], "s3cret").is_err());
    }

    #[test]
    fn stripe_and_plain_signatures_are_checked_over_the_raw_bytes() {
        let seconds = (NOW / 1_000).to_string();
        let event = br#"{"id":"evt_1"}"#;
        let of_event = sign(b"k", &[seconds.as_bytes(), b".", event.as_slice()].concat());
        let headers_of_event = headers(&[("stripe-signature", format!("t={seconds},v1={}", hex(&of_event)))]);
        let request = Check { headers: &headers_of_event, body: event, secret: "k", now_ms: NOW };
        assert_eq!(check(&request, Some(Scheme::Stripe), None), Ok(Some("evt_1".into())));
        let signed = sign(b"k", &[seconds.as_bytes(), b".", BODY].concat());
        let stripe = headers(&[("stripe-signature", format!("t={seconds},v1={}", hex(&signed)))]);
        let request = Check { headers: &stripe, body: BODY, secret: "k", now_ms: NOW };
        assert_eq!(check(&request, Some(Scheme::Stripe), None), Ok(None));
        for text in [hex(&sign(b"k", BODY)), STANDARD.encode(sign(b"k", BODY))] {
            let plain = headers(&[("x-sign", text)]);
            let request = Check { headers: &plain, body: BODY, secret: "k", now_ms: NOW };
            assert_eq!(check(&request, Some(Scheme::Plain), Some("x-sign")), Ok(None));
            let changed = Check { body: br#"{"id":2}"#, ..request };
            assert!(check(&changed, Some(Scheme::Plain), Some("x-sign")).is_err());
        }
    }
}
