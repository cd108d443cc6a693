//! Named points at which a test can end the process, as a crash would.
//!
//! `ARNA_FAILPOINT=commit.after:3` aborts when `commit.after` is reached for the third time; the name `*` counts every point, so a
//! loop over n = 1, 2, 3... visits all of them. In a build without debug assertions (a release) this compiles to nothing: tests kill the
//! very program that was built for them, without a second build with other features.

#[cfg(debug_assertions)]
pub(crate) fn reach(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("ARNA_FAILPOINT").ok()?;
        let (name, count) = text.rsplit_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), count.parse().ok()?))
    });
    let Some((point, count)) = wanted else { return };
    if (point == "*" || point == name) && SEEN.fetch_add(1, Ordering::SeqCst) + 1 == *count {
        eprintln!("failpoint {name} reached");
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn reach(_name: &str) {}
