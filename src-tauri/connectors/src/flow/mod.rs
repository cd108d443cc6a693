//! Flows among each other: starts by hand, by call and by failure; calling, waiting.

use sdk::Spec;

pub mod call;
pub mod called;
pub mod each;
pub mod failed;
pub mod input;
pub mod wait;

/// The kinds of this folder.
pub fn nodes() -> Vec<Spec> {
    vec![
        Spec::trigger::<input::Input>(),
        Spec::trigger::<called::Called>(),
        Spec::trigger::<failed::Failed>(),
        Spec::action::<call::Calling>(),
        Spec::action::<each::Each>(),
        Spec::action::<wait::Wait>(),
    ]
}
