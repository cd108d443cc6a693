//! What a record takes along when it leaves its run, as bytes, and failures as the journal keeps them.

use bytes::Bytes;
use journal::Failure;
use model::{Record, Text, Value, codec};
use sdk::{Code, NodeError};

use crate::exec::{Kept, Place};

pub(crate) fn encode_error(error: &NodeError) -> Vec<u8> {
    serde_json::to_vec(error).unwrap_or_default()
}

pub(crate) fn decode_error(bytes: &[u8]) -> NodeError {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|e| NodeError::new(Code::Damaged, "A stored failure cannot be read.").because(e))
}

/// A record that left a run, as bytes.
pub(crate) fn encode_kept(kept: &Kept) -> Bytes {
    let text = |it: Vec<u8>| Value::from(String::from_utf8_lossy(&it).into_owned());
    let whole = Record::of([
        ("record", Value::Record(kept.record.clone())),
        ("port", Value::from(kept.port as i64)),
        ("key", Value::from(kept.key.as_str())),
        ("slow", Value::from(i64::from(kept.slow))),
        ("parked_ms", Value::from(kept.parked_ms)),
        ("error", text(encode_error(&kept.error))),
        ("is_cut", Value::from(kept.is_cut)),
    ]);
    let whole = match &kept.answer {
        Some(answer) => whole.with("answer", answer.clone()),
        None => whole,
    };
    Bytes::from(codec::encode(&Value::Record(whole)))
}

/// What [`encode_kept`] wrote; place and attempts stand beside it in the row.
pub(crate) fn decode_kept(bytes: &[u8], place: Place, attempts: u32) -> Option<Kept> {
    let Ok(Value::Record(whole)) = codec::decode(bytes) else { return None };
    let number = |field: &str| {
        whole.get(field).and_then(Value::as_number).and_then(|it| it.to_i64()).unwrap_or_default()
    };
    Some(Kept {
        place,
        port: usize::try_from(number("port")).unwrap_or_default(),
        record: whole.get("record")?.as_record()?.clone(),
        key: whole.get("key")?.as_text()?.to_owned(),
        attempts,
        slow: u32::try_from(number("slow")).unwrap_or_default(),
        parked_ms: number("parked_ms"),
        error: decode_error(whole.get("error")?.as_text()?.as_bytes()),
        answer: whole.get("answer").cloned(),
        is_cut: matches!(whole.get("is_cut"), Some(Value::Bool(true))),
    })
}

/// A failure as the journal keeps it.
pub(crate) fn failure(error: &NodeError) -> Failure {
    Failure { code: Text::from(error.code.name()), message: error.sentence.clone() }
}
