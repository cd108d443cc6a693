//! `arna formula`: JSON lines in, JSON lines out.

use std::io::{BufReader, BufWriter};

use formula::lines::{self, Mode};
use model::DateTime;

use crate::arguments::Formula;
use crate::exit::{Code, Exit};

pub(crate) fn run(arguments: &Formula) -> Result<Code, Exit> {
    let now = match &arguments.now {
        Some(text) => {
            let now = DateTime::parse(text);
            Some(now.ok_or_else(|| Exit::usage(format!("--now {text}: a time is written 2026-01-05T09:00:00Z.")))?)
        }
        None => None,
    };
    let mode = Mode { paths: arguments.jsonpath, now };
    let (input, output) = (BufReader::new(std::io::stdin().lock()), BufWriter::new(std::io::stdout().lock()));
    match lines::run(input, output, &mode) {
        Ok(()) => Ok(Code::Done),
        // the reader went away: nobody is left to tell
        Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => Ok(Code::Done),
        Err(why) => Err(Exit::unusable(format!("Lines cannot be read or written: {why}."))),
    }
}
