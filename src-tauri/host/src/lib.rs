//! The use cases of Arna behind one contract: what the editor, the command line and other machines may ask, and how it is answered.
//!
//! Transports carry the contract and add nothing to it. Running flows is the engine's; keeping them is the journal's.

mod accounts;
mod app;
mod cases;
mod connections;
pub mod contract;
pub mod datum;
mod describe;
mod dispatch;
mod failed;
mod flows;
mod formulas;
mod held;
pub mod http;
mod keychain;
mod local;
mod owner;
mod pause;
mod place;
mod places;
mod runs;
mod scan;
mod sharing;
mod shelf;
mod trail;
mod tries;
pub mod vault;
mod watch;
mod workbench;

pub use app::{App, Setup};
pub use dispatch::call;
pub use local::{Remote, RemoteEvents, serve_local};
pub use owner::{Adopted, check, file_id};
pub use place::data_folder;
pub use workbench::catalogue;
