//! Ending a run early.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Cancels a run.
#[derive(Default)]
pub struct Cancel {
    is_set: AtomicBool,
    notify: Notify,
}

impl Cancel {
    /// Asks the run to end.
    pub fn cancel(&self) {
        self.is_set.store(true, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    /// Whether it was asked.
    pub fn is_cancelled(&self) -> bool {
        self.is_set.load(Ordering::SeqCst)
    }

    /// Returns once it was asked.
    pub async fn cancelled(&self) {
        loop {
            let notified = self.notify.notified();
            if self.is_cancelled() {
                return;
            }
            notified.await;
        }
    }
}
