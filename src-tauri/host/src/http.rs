//! HTTP: the same commands and events as in the window, for the browser, another machine and scripts; and the webhook listener.
//!
//! Two listeners, never one. The admin listener answers only who has the token, under a host name it knows, without an origin of somebody
//! else; the hook listener answers at `/hooks/<path>` and nowhere else.

mod admin;
mod editor;
mod guard;
mod hooks;

pub(crate) use admin::local_router;
pub use admin::{Admin, serve_admin};
pub use guard::fresh_token;
pub use hooks::serve_hooks;
