//! What a connector author imports: the four contracts (transform, action, source, trigger), the world behind [`Cx`], ports,
//! configuration types and errors.
//!
//! A node's configuration struct is the node: its doc comments are the help in the inspector. Nodes know this crate and nothing
//! else of Arna. The engine is not here; neither is any particular connector.

pub mod action;
pub mod config;
pub mod cx;
pub mod error;
pub mod node;
pub mod source;
pub mod testing;
pub mod transform;
pub mod trigger;

pub use action::{Action, Call, Effect, Scope, Writing};
pub use config::{Formula, Template};
pub use cx::{Connection, Cx, Folder, HttpAnswer, HttpCall, Level, Replace};
pub use error::{Code, NodeError};
pub use node::{Behaviour, Category, ConfigError, Contract, Need, Node, Parsed, Port, Ports, Spec};
pub use source::{Cursor, Page, Replay, Source};
pub use transform::{Flowing, Out, Sink, Transform};
pub use trigger::{Accepted, Event, Inbox, Start, Trigger};

pub use async_trait::async_trait;
pub use formula::Roots;
pub use model::{Batch, Number, Record, RecordBuilder, Shape, Text, Value};
