//! Places for runs, and the line of those that wait for one: the runs of a flow share a room, and so do those with one order key.
//!
//! A run that waits costs its id. What it starts with stands in the journal and is read when its turn comes. Only the first few that
//! wait, and those whose end somebody awaits, are kept whole.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use journal::RunId;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::engine::Inner;
use crate::live::Live;

/// A room with a number of places.
pub(crate) struct Room(Mutex<Places>);

struct Places {
    free: usize,
    line: VecDeque<Waiting>,
}

enum Waiting {
    /// A task that holds all it needs.
    Task(oneshot::Sender<Place>),
    /// A run of which only the id is known here.
    Row(Box<Row>),
}

/// A place in a room. Dropped, the next in line has it.
pub(crate) struct Place(Option<Arc<Room>>);

/// A stored run that waits by its id.
pub(crate) struct Row {
    pub(crate) run: RunId,
    pub(crate) live: Arc<Live>,
    pub(crate) engine: Weak<Inner>,
    /// It was open when the engine started.
    pub(crate) is_resumed: bool,
    /// Its place among the runs with its order key, once it has one.
    pub(crate) key: Option<Place>,
    /// It waits for the place of its order key.
    pub(crate) is_for_key: bool,
    _counted: Counted,
}

/// Counts as long as it lives.
pub(crate) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(crate) fn one(of: &Arc<AtomicUsize>) -> Counted {
        of.fetch_add(1, Ordering::SeqCst);
        Counted(of.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Row {
    pub(crate) fn new(run: RunId, live: &Arc<Live>, engine: &Weak<Inner>) -> Box<Row> {
        Box::new(Row {
            run,
            engine: engine.clone(),
            is_resumed: false,
            key: None,
            is_for_key: false,
            _counted: live.crowd.row(),
            live: live.clone(),
        })
    }
}

/// Stands in a line, or has a place already.
pub(crate) enum Standing {
    Has(Place),
    Waits(oneshot::Receiver<Place>),
}

impl Standing {
    /// Waits for the place.
    pub(crate) async fn place(self) -> Place {
        match self {
            Standing::Has(place) => place,
            // the line is never dropped while somebody stands in it
            Standing::Waits(place) => place.await.unwrap_or(Place(None)),
        }
    }
}

impl Room {
    pub(crate) fn new(places: usize) -> Arc<Room> {
        Arc::new(Room(Mutex::new(Places { free: places.max(1), line: VecDeque::new() })))
    }

    fn places(&self) -> std::sync::MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, or the end of the line.
    pub(crate) fn stand(self: &Arc<Room>) -> Standing {
        let mut places = self.places();
        if places.free > 0 {
            places.free -= 1;
            return Standing::Has(Place(Some(self.clone())));
        }
        let (sender, receiver) = oneshot::channel();
        places.line.push_back(Waiting::Task(sender));
        Standing::Waits(receiver)
    }

    /// A run takes a place, or the end of the line, by its id.
    pub(crate) fn line_up(self: &Arc<Room>, row: Box<Row>) {
        let mut places = self.places();
        if places.free == 0 {
            places.line.push_back(Waiting::Row(row));
            return;
        }
        places.free -= 1;
        drop(places);
        self.take_up(row);
    }

    /// Whether nobody has a place or waits for one.
    pub(crate) fn is_empty(self: &Arc<Room>) -> bool {
        // whoever has a place, or is about to ask for one, holds the room
        Arc::strong_count(self) == 1
    }

    fn take_up(self: &Arc<Room>, row: Box<Row>) {
        // without a runtime the program is ending: the run stays open in the journal
        let (Some(engine), Ok(runtime)) = (row.engine.upgrade(), Handle::try_current()) else { return };
        let room = self.clone();
        // the place is made inside the task: a task that is dropped before it began must not hand its place on to the next one
        runtime.spawn(async move { engine.take_up(row, Place(Some(room))).await });
    }

    /// Gives a place that got free to the next in line.
    fn next(self: &Arc<Room>) {
        loop {
            let mut places = self.places();
            match places.line.pop_front() {
                None => {
                    places.free += 1;
                    return;
                }
                Some(Waiting::Row(row)) => {
                    drop(places);
                    self.take_up(row);
                    return;
                }
                Some(Waiting::Task(task)) => {
                    drop(places);
                    match task.send(Place(Some(self.clone()))) {
                        Ok(()) => return,
                        // whoever waited is gone
                        Err(mut place) => place.0 = None,
                    }
                }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(room) = self.0.take() {
            room.next();
        }
    }
}

/// How many runs of a flow wait for a place.
#[derive(Default)]
pub(crate) struct Crowd {
    held: Arc<AtomicUsize>,
    rows: Arc<AtomicUsize>,
}

/// So many runs of a flow are kept whole while they wait: they need not be read again.
const MOST_HELD: usize = 256;
/// Of runs with large events so many.
const MOST_LARGE_HELD: usize = 8;
/// So many runs of a flow may wait; beyond it events are refused until some are through.
const MOST_WAITING: usize = 250_000;

impl Crowd {
    /// Counts a run that is kept whole while it waits.
    pub(crate) fn hold(&self) -> Counted {
        Counted::one(&self.held)
    }

    fn row(&self) -> Counted {
        Counted::one(&self.rows)
    }

    /// Whether one more run waits by its id.
    pub(crate) fn is_large(&self, is_large_event: bool) -> bool {
        self.held.load(Ordering::SeqCst) >= if is_large_event { MOST_LARGE_HELD } else { MOST_HELD }
    }

    /// How many wait, when they are too many to take one more.
    pub(crate) fn too_many(&self) -> Option<usize> {
        Some(self.rows.load(Ordering::SeqCst)).filter(|it| *it >= MOST_WAITING)
    }

    /// Runs that wait whole, and runs that wait by their id.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.held.load(Ordering::SeqCst), self.rows.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn whoever_stood_first_has_the_first_place_however_late_it_waits() {
        let room = Room::new(1);
        let first = room.stand().place().await;
        let second = room.stand();
        let third = room.stand();
        drop(first);
        assert!(third.place().now_or_never().is_none(), "the second has it, though it did not wait yet");
        let place = second.place().await;
        drop(place);
        assert!(room.stand().place().now_or_never().is_some(), "one that left the line does not block it");
        assert!(room.is_empty());
    }

    #[tokio::test]
    async fn as_many_as_there_are_places_are_in_at_once() {
        let room = Room::new(2);
        let first = room.stand().place().await;
        let _second = room.stand().place().await;
        let third = room.stand();
        drop(first);
        assert!(third.place().now_or_never().is_some());
        assert!(!room.is_empty());
    }
}
