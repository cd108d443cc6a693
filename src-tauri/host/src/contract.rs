//! The contract: every command with its parameters and its answer, and the one stream of events.
//!
//! The table in [`table`] is the only list of commands. The dispatcher, the TypeScript client and the documentation are made from it.
//! Types here are plain shapes that cross a process border; they hold no behaviour. Times are milliseconds since 1970 UTC and end in `_ms`.

mod cases;
mod common;
mod connections;
mod events;
mod failed;
mod flows;
mod formulas;
mod runs;
mod sharing;
pub mod table;
mod trail;
mod tries;
mod workbench;

pub use cases::*;
pub use common::*;
pub use connections::*;
pub use events::*;
pub use failed::*;
pub use flows::*;
pub use formulas::*;
pub use runs::*;
pub use sharing::*;
pub use trail::*;
pub use tries::*;
pub use workbench::*;
