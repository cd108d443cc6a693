//! The `arna` program.
fn main() {}
