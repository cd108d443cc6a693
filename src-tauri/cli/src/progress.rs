//! How far a run is, on one line that is written over: only for a person at a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use host::App;
use host::contract::{Event, RunCounts};
use tokio::task::JoinHandle;

/// A run that ends sooner needs no line.
const LONG: Duration = Duration::from_secs(1);
const BAR: usize = 24;

/// A line on the error stream for as long as it lives.
pub(crate) struct Progress(Option<JoinHandle<()>>);

impl Progress {
    /// Follows the run that is started next; does nothing when nobody watches.
    pub(crate) fn follow(app: &Arc<App>) -> Progress {
        if !std::io::stderr().is_terminal() {
            return Progress(None);
        }
        app.tell_runs();
        let mut events = app.events();
        Progress(Some(tokio::spawn(async move {
            let began = Instant::now();
            while let Ok(event) = events.recv().await {
                if let Event::RunProgress { counts, done, .. } = event
                    && began.elapsed() >= LONG
                {
                    show(&line(&counts, done, began.elapsed()));
                }
            }
        })))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
            show("");
        }
    }
}

fn show(line: &str) {
    let mut err = std::io::stderr().lock();
    // a terminal that is gone is nobody's loss
    let _shown = write!(err, "\r\x1b[2K{line}").and_then(|()| err.flush()).is_ok();
}

fn line(counts: &RunCounts, done: Option<f64>, since: Duration) -> String {
    let records = counts.nodes.values().map(|it| it.records_in.max(it.records_out)).max().unwrap_or(0);
    let failed: u64 = counts.nodes.values().map(|it| it.failed).sum();
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let seconds = since.as_secs();
    match done.map(|it| it.clamp(0.0, 1.0)) {
        Some(done) => {
            let full = (done * BAR as f64) as usize;
            let bar = "#".repeat(full) + &"-".repeat(BAR - full);
            let left = if done > 0.02 {
                format!(", {:.0} s left", since.as_secs_f64() * (1.0 - done) / done)
            } else {
                String::new()
            };
            format!("[{bar}] {:.0} %  {records} records{failed}, {seconds} s{left}", done * 100.0)
        }
        None => format!("{records} records{failed}, {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_shows_how_much_is_done_and_how_long_it_may_take() {
        let shown = line(&RunCounts::default(), Some(0.25), Duration::from_secs(10));
        assert_eq!(shown, "[######------------------] 25 %  0 records, 10 s, 30 s left");
        assert_eq!(line(&RunCounts::default(), None, Duration::from_secs(3)), "0 records, 3 s");
    }
}
