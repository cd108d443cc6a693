//! Lists of records: choosing, shaping, ordering, grouping, joining.

use sdk::Spec;

pub mod aggregate;
pub mod append;
pub mod batch;
pub mod decide;
pub mod dedupe;
pub mod filter;
pub mod group;
pub mod join;
pub mod limit;
pub mod log;
pub mod map;
pub mod right;
pub mod seen;
pub mod sort;
pub mod split;
pub mod switch;
pub mod validate;

/// The kinds of this folder.
pub fn nodes() -> Vec<Spec> {
    vec![
        Spec::transform::<filter::Filter>(),
        Spec::transform::<map::Map>(),
        Spec::transform::<sort::Sort>(),
        Spec::transform::<limit::Limit>(),
        Spec::transform::<dedupe::Dedupe>(),
        Spec::action::<seen::Seen>(),
        Spec::transform::<split::Split>(),
        Spec::transform::<group::Group>(),
        Spec::transform::<join::Join>(),
        Spec::transform::<append::Append>(),
        Spec::transform::<batch::Group>(),
        Spec::transform::<switch::Switch>(),
        Spec::transform::<decide::Decide>(),
        Spec::transform::<validate::Validate>(),
        Spec::action::<log::Log>(),
    ]
}
