//! How the program ends: codes for scripts, sentences for people.

use host::contract::{Refusal, RefusalCode};
use serde_json::json;

/// Exit codes; docs/guide/cli.md lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Done.
    Done = 0,
    /// The run failed, or a flow has errors.
    Failed = 1,
    /// The command line or its input makes no sense.
    Usage = 2,
    /// The run ended, but some records failed or wait.
    Partial = 3,
    /// A folder, file or other side cannot be used.
    Unusable = 4,
    /// What was named is not there, or the state does not allow it.
    Refused = 5,
    /// Something must be filled in or allowed first.
    NeedsYou = 6,
    /// A mistake of ours.
    Internal = 70,
}

impl From<Code> for std::process::ExitCode {
    fn from(code: Code) -> std::process::ExitCode {
        std::process::ExitCode::from(code as u8)
    }
}

/// An end that is not the wished one.
#[derive(Debug)]
pub(crate) struct Exit {
    code: Code,
    sentence: String,
    refusal: Option<Refusal>,
    is_json: bool,
}

impl Exit {
    pub(crate) fn new(code: Code, sentence: impl Into<String>) -> Exit {
        Exit { code, sentence: sentence.into(), refusal: None, is_json: false }
    }

    pub(crate) fn usage(sentence: impl Into<String>) -> Exit {
        Exit::new(Code::Usage, sentence)
    }

    pub(crate) fn unusable(sentence: impl Into<String>) -> Exit {
        Exit::new(Code::Unusable, sentence)
    }

    pub(crate) fn internal(sentence: impl Into<String>) -> Exit {
        Exit::new(Code::Internal, sentence)
    }

    /// Says it as JSON when the command was asked to.
    pub(crate) fn in_json(mut self, is_json: bool) -> Exit {
        self.is_json = is_json;
        self
    }

    pub(crate) fn report(self) -> std::process::ExitCode {
        if self.is_json {
            let said = match &self.refusal {
                Some(refusal) => json!({"error": refusal}),
                None => json!({"error": {"sentence": self.sentence}}),
            };
            crate::out::line!("{said}");
        } else {
            eprintln!("{}", self.sentence);
        }
        self.code.into()
    }
}

impl From<Refusal> for Exit {
    fn from(refusal: Refusal) -> Exit {
        let code = match refusal.code {
            RefusalCode::BadRequest => Code::Usage,
            RefusalCode::NotFound
            | RefusalCode::Conflict
            | RefusalCode::Refused
            | RefusalCode::NotSignedIn => Code::Refused,
            RefusalCode::NeedsYou => Code::NeedsYou,
            RefusalCode::Unavailable => Code::Unusable,
            RefusalCode::Internal => Code::Internal,
        };
        Exit { code, sentence: refusal.sentence.clone(), refusal: Some(refusal), is_json: false }
    }
}
