//! Web services: single calls and paged lists, with the sign-in of a connection.

mod address;
mod answer;
mod body;
pub mod oauth;
pub mod pages;
mod pick;
pub mod request;
mod send;
pub mod settings;
pub mod sign_in;

pub(crate) use address::decode as decoded;
use sdk::Spec;

/// The kinds of this connector.
pub fn nodes() -> Vec<Spec> {
    vec![Spec::action::<request::Request>(), Spec::source::<pages::Pages>()]
}
