//! What flows through Arna and what a flow is: values, records, batches, the flow document and questions about its graph.
//!
//! Nothing here does I/O. Everything that crosses a crate boundary as data is defined here.

pub mod batch;
pub mod codec;
pub mod document;
pub mod graph;
pub mod json;
pub mod migrate;
pub mod number;
pub mod record;
pub mod temporal;
pub mod value;

pub use batch::{Batch, MAX_BATCH_BYTES, MAX_BATCH_RECORDS};
pub use number::Number;
pub use record::{Record, RecordBuilder, Shape};
pub use temporal::{Date, DateTime, DaysDuration, MonthsDuration, Time};
pub use value::{Special, Text, Value};
