//! libFuzzer's door to the body `paths`.
#![no_main]

#[path = "../bodies.rs"]
#[expect(dead_code, reason = "each target uses one of the bodies")]
mod bodies;
#[path = "../memory.rs"]
mod memory;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    memory::limited();
    bodies::paths(input);
});
