//! Days, times and durations as the formula language knows them: years of up to nine digits, nanoseconds, zones by
//! offset or IANA name. Only zones are asked of jiff; the calendar is our own.

mod date;
mod duration;
mod moment;
mod time;
mod zone;

pub use date::Date;
pub use duration::{DaysDuration, MonthsDuration};
pub use moment::DateTime;
pub use time::Time;
pub use zone::Zone;

/// Nanoseconds in a second.
pub const NANOS: i64 = 1_000_000_000;
/// Seconds in a day.
pub const DAY_SECONDS: i64 = 86_400;
/// Nanoseconds in a day.
pub const DAY_NANOS: u64 = 86_400_000_000_000;
/// Largest year, in both directions.
pub const MAX_YEAR: i32 = 999_999_999;

/// A run of exactly `min..=max` ASCII digits at the start, and the rest.
fn digits(text: &str, min: usize, max: usize) -> Option<(i64, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    if length < min || length > max {
        return None;
    }
    let (number, rest) = text.split_at(length);
    Some((number.parse().ok()?, rest))
}
