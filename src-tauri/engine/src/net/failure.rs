//! What went wrong on the wire, in the words of a person, with the code that decides about retries.

use std::error::Error;

use sdk::{Code, NodeError};

/// Where a call stood when it failed.
pub(super) struct Place<'a> {
    /// Host and port; never the path, which may carry secrets.
    pub(super) at: &'a str,
    /// Whether repeating the request can change nothing on the other side (GET, HEAD, OPTIONS).
    pub(super) is_safe: bool,
}

impl Place<'_> {
    /// A failure after bytes have left.
    pub(super) fn after(&self, code: Code, sentence: String) -> NodeError {
        if self.is_safe {
            return NodeError::new(code, sentence);
        }
        NodeError::new(Code::Ambiguous, format!("{sentence} Whether the request took effect is not known."))
    }

    /// No answer, or no more of it, in time.
    pub(super) fn silent(&self, seconds: u64, what: &str) -> NodeError {
        self.after(Code::Timeout, format!("{} sent no {what} within {seconds} seconds.", self.at))
    }

    /// What reqwest reports.
    pub(super) fn failed(&self, error: reqwest::Error) -> NodeError {
        let error = error.without_url();
        let cause = chain(&error);
        let at = self.at;
        if error.is_connect() {
            let sentence = if cause.contains("certificate") || cause.contains("UnknownIssuer") {
                format!(
                    "The certificate of {at} was not accepted. Check the address, or add the authority to the connection."
                )
            } else if error.is_timeout() {
                format!("{at} could not be reached within 5 seconds.")
            } else {
                format!("{at} could not be reached. Check the address and the network.")
            };
            return NodeError::new(Code::Unavailable, sentence).because(cause);
        }
        if error.is_builder() {
            return NodeError::new(Code::Input, format!("The request to {at} cannot be written."))
                .because(cause);
        }
        if error.is_timeout() {
            return self.after(Code::Timeout, format!("{at} did not answer in time.")).because(cause);
        }
        let below = cause.to_ascii_lowercase();
        let is_garbage = ["invalid http", "parse", "invalid chunk"].iter().any(|it| below.contains(it));
        let failure = if cause.contains("too large") || cause.contains("too many headers") {
            self.after(Code::Limit, format!("The headers of the answer of {at} are larger than 64 KiB."))
        } else if is_garbage {
            self.after(Code::Damaged, format!("What {at} sends is not HTTP."))
        } else if cause.contains("certificate") {
            NodeError::new(Code::Auth, format!("{at} did not accept our certificate."))
        } else {
            self.after(
                Code::Unavailable,
                format!("{at} broke off the connection before its answer was complete."),
            )
        };
        failure.because(cause)
    }
}

/// The failure with all that lies below it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(it) = below {
        text.push_str(": ");
        text.push_str(&it.to_string());
        below = it.source();
    }
    text
}
