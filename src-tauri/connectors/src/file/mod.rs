//! Files as they are: listing, reading and writing whole ones, moving, copying, deleting.

use sdk::Spec;

pub mod copy;
pub mod delete;
pub mod list;
pub mod r#move;
pub mod read;
pub mod write;

/// The kinds of this folder.
pub fn nodes() -> Vec<Spec> {
    vec![
        Spec::source::<list::List>(),
        Spec::action::<read::Read>(),
        Spec::action::<write::Write>(),
        Spec::action::<r#move::Move>(),
        Spec::action::<copy::Copy>(),
        Spec::action::<delete::Delete>(),
    ]
}
