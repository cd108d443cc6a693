//! The memory budget of a fuzz target: an allocation past it ends the process, which libFuzzer reports with its input.

use std::alloc::System;

use cap::Cap;

/// Bytes that may be alive at once. The language's own budget is 16 MiB of values and 8 MiB of output as counted; this
/// leaves room for growing buffers, compiled patterns and the tables of the first use.
const MOST: usize = 128 * 1024 * 1024;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Sets the limit; doing it again changes nothing.
pub fn limited() {
    ALLOCATOR.set_limit(MOST).expect("the targets start far below the limit");
}
