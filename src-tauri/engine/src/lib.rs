//! When a run starts, how it runs, how it resumes.
//!
//! [`decide`] is pure; [`exec`] works through one run; [`engine`] keeps armed flows, starts runs and brings interrupted ones to their
//! end. What a flow may touch stands in [`authority`]; [`net`] and [`folder`] are the only doors to the world.

pub mod alerts;
mod attached;
pub mod authority;
mod awake;
mod begin;
mod calling;
pub mod case;
pub mod clock;
pub mod decide;
pub mod due;
mod durable;
mod ending;
pub mod engine;
pub mod exec;
mod expect;
pub mod folder;
mod followup;
pub mod hook;
mod interrupted;
mod kept;
pub mod limits;
mod line;
pub mod live;
pub mod net;
mod overlap;
pub mod pace;
mod parked;
mod people;
pub mod probe;
pub mod program;
mod resume;
mod room;
mod schedule;
mod turn;
pub mod watched;
mod world;

pub use authority::{Authority, Filled, FolderGrant};
pub use clock::{Clock, SystemClock};
pub use decide::EndState;
pub use engine::{Ended, Engine, EngineEvent, Library, Setup, Start};
pub use live::Live;
