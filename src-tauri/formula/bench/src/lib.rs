//! Nothing but the bench target.
