//! The output stream. Whoever reads it may stop reading (`arna runs | head`): that ends the program quietly and is no failure.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};

/// Prints a line.
macro_rules! line {
    ($($part:tt)*) => { $crate::out::write(format_args!("{}\n", format_args!($($part)*))) };
}
/// Prints without ending the line.
macro_rules! part {
    ($($part:tt)*) => { $crate::out::write(format_args!($($part)*)) };
}
pub(crate) use {line, part};

/// Writes to the output, and ends the program when nobody reads it any more.
pub(crate) fn write(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    let outcome = out.write_fmt(text).and_then(|()| out.flush());
    if let Err(why) = outcome {
        // a closed pipe is the reader's choice; what was asked for is done, and the journal needs no orderly end
        std::process::exit(if why.kind() == ErrorKind::BrokenPipe { 0 } else { 4 });
    }
}
