//! What the shell keeps while the program runs: the engine, the window's ear, flow files that wait, where the person was.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host::contract::{Event, Refusal};
use serde::{Deserialize, Serialize};
use tauri::async_runtime::JoinHandle;
use tauri::ipc::Channel;
use tokio::sync::OnceCell;

use crate::engine::Engine;
use crate::words::Words;

/// A flow file may be as long as the import takes.
const MOST_FILE_BYTES: u64 = 10 << 20;
/// Flow files that wait for the window.
const MOST_OPENED: usize = 16;
/// The last answers, for a request that the window sends again because the first way failed under it.
const ANSWERS: usize = 16;
const MOST_ROUTE_BYTES: usize = 1 << 10;
const LEAST_ZOOM: f64 = 0.5;
const MOST_ZOOM: f64 = 3.0;

/// One per process.
pub(crate) struct Shell {
    /// Who answers.
    pub(crate) engine: Engine,
    /// The data folder.
    pub(crate) data: PathBuf,
    words: Mutex<Words>,
    ear: Mutex<Option<Ear>>,
    opened: Mutex<VecDeque<Opened>>,
    place: Mutex<Place>,
    answers: Mutex<VecDeque<(String, Answer)>>,
}

/// The answer to a request that is known by its id; who asks again waits for the same one.
pub(crate) type Answer = Arc<OnceCell<Result<String, Refusal>>>;

/// What is told to the window.
#[derive(Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// Something happened in the engine.
    Event(Box<Event>),
    /// Whether the engine of another process answers: `live` or `lost`.
    Link(&'static str),
    /// Show this screen: the part of the address after `#`.
    Go(String),
    /// A flow file waits to be taken with `opened`.
    Opened(bool),
    /// A menu item that only the window can carry out.
    Menu(&'static str),
}

/// A flow file that the program was opened with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Opened {
    /// The file's name without its folder.
    name: String,
    /// Its text, or null with a sentence why it cannot be read.
    text: Option<String>,
    sentence: Option<String>,
}

struct Ear {
    channel: Channel<Told>,
    pump: JoinHandle<()>,
}

/// Where the person was when the window closed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
struct Place {
    /// The part of the address after `#`.
    route: String,
    /// The scale of the page; 1 is its actual size.
    zoom: f64,
}

impl Default for Place {
    fn default() -> Place {
        Place { route: String::new(), zoom: 1.0 }
    }
}

impl Shell {
    /// A shell around an engine.
    pub(crate) fn new(engine: Engine, data: &Path) -> Shell {
        let kept = std::fs::read(place_file(data)).ok();
        let place = kept.and_then(|it| serde_json::from_slice::<Place>(&it).ok()).unwrap_or_default();
        Shell {
            engine,
            data: data.to_owned(),
            words: Mutex::new(Words::of("")),
            ear: Mutex::default(),
            opened: Mutex::default(),
            place: Mutex::new(place),
            answers: Mutex::default(),
        }
    }

    /// The words of the chosen language.
    pub(crate) fn words(&self) -> Words {
        lock(&self.words).clone()
    }

    /// Reads the chosen language; true when the words are others now.
    pub(crate) async fn read_language(&self) -> bool {
        let settings = self.engine.call("settings.get", serde_json::Value::Null).await.unwrap_or_default();
        let words = Words::of(settings["language"].as_str().unwrap_or_default());
        let mut now = lock(&self.words);
        let is_new = *now != words;
        *now = words;
        is_new
    }

    /// Whether the person wants notices of the system.
    pub(crate) async fn wants_notices(&self) -> bool {
        let settings = self.engine.call("settings.get", serde_json::Value::Null).await.unwrap_or_default();
        settings["notices"].as_bool().unwrap_or(true)
    }

    /// From now on this page is told, instead of the one before.
    pub(crate) fn hear(&self, channel: Channel<Told>, pump: JoinHandle<()>) {
        let before = lock(&self.ear).replace(Ear { channel, pump });
        if let Some(before) = before {
            before.pump.abort();
        }
    }

    /// The window is gone: nobody is told any more.
    pub(crate) fn deafen(&self) {
        if let Some(ear) = lock(&self.ear).take() {
            ear.pump.abort();
        }
    }

    /// Tells the window; false when there is none that listens.
    pub(crate) fn tell(&self, told: Told) -> bool {
        lock(&self.ear).as_ref().is_some_and(|ear| ear.channel.send(told).is_ok())
    }

    /// Takes in a flow file that the program was opened with. It only waits for the import screen: nothing of it runs.
    pub(crate) fn take_in(&self, file: &Path) {
        let mut opened = lock(&self.opened);
        if opened.len() < MOST_OPENED {
            opened.push_back(read(file));
        }
        drop(opened);
        self.tell(Told::Opened(true));
    }

    /// Gives the flow files that wait to the window.
    pub(crate) fn give_opened(&self) -> Vec<Opened> {
        lock(&self.opened).drain(..).collect()
    }

    /// Where the person was.
    pub(crate) fn route(&self) -> String {
        lock(&self.place).route.clone()
    }

    /// Keeps where the person is, for the next window and the next start.
    pub(crate) fn keep_route(&self, route: &str) {
        if route.len() <= MOST_ROUTE_BYTES {
            self.keep_place(|place| place.route = route.to_owned());
        }
    }

    /// The scale of the page.
    pub(crate) fn scale(&self) -> f64 {
        lock(&self.place).zoom.clamp(LEAST_ZOOM, MOST_ZOOM)
    }

    /// The scale of the page after zooming by a factor; 0 is its actual size. It is kept as the place is.
    pub(crate) fn zoom(&self, factor: f64) -> f64 {
        let scale = if factor == 0.0 { 1.0 } else { self.scale() * factor };
        self.keep_place(|place| place.zoom = scale.clamp(LEAST_ZOOM, MOST_ZOOM));
        self.scale()
    }

    fn keep_place(&self, change: impl FnOnce(&mut Place)) {
        let mut place = lock(&self.place);
        change(&mut place);
        let text = serde_json::to_vec(&*place).unwrap_or_default();
        if let Err(why) = std::fs::write(place_file(&self.data), text) {
            tracing::warn!(%why, "where the person was is not kept");
        }
    }

    /// The answer to a request by its id: a fresh one, or the one that is there or on its way.
    pub(crate) fn answer(&self, request: &str) -> Answer {
        let mut answers = lock(&self.answers);
        if let Some((_, answer)) = answers.iter().find(|(id, _)| id == request) {
            return answer.clone();
        }
        if answers.len() == ANSWERS {
            answers.pop_front();
        }
        let answer = Answer::default();
        answers.push_back((request.to_owned(), answer.clone()));
        answer
    }
}

fn place_file(data: &Path) -> PathBuf {
    data.join("place.json")
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(file: &Path) -> Opened {
    let name = file.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let cannot = |sentence: String| Opened { name: name.clone(), text: None, sentence: Some(sentence) };
    match std::fs::metadata(file) {
        Err(why) => return cannot(format!("The file {} cannot be read: {why}.", file.display())),
        Ok(it) if !it.is_file() => return cannot(format!("{} is no file.", file.display())),
        Ok(it) if it.len() > MOST_FILE_BYTES => {
            return cannot(format!("The file {} is longer than 10 MiB, so it is no flow.", file.display()));
        }
        Ok(_) => {}
    }
    match std::fs::read_to_string(file) {
        Ok(text) => Opened { name: name.clone(), text: Some(text), sentence: None },
        Err(why) => cannot(format!("The file {} cannot be read: {why}.", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use host::contract::RefusalCode;

    use super::*;

    fn shell(folder: &Path) -> Shell {
        Shell::new(Engine::Shut(Refusal::new(RefusalCode::Refused, "shut")), folder)
    }

    #[test]
    fn where_the_person_was_outlives_the_program() {
        let folder = tempfile::tempdir().expect("a folder");
        shell(folder.path()).keep_route("/flow/abc");
        assert_eq!(shell(folder.path()).route(), "/flow/abc");
        shell(folder.path()).zoom(2.0);
        assert_eq!((shell(folder.path()).scale(), shell(folder.path()).route()), (2.0, "/flow/abc".into()));
        assert_eq!(shell(folder.path()).zoom(100.0), MOST_ZOOM);
        assert_eq!(shell(folder.path()).zoom(0.0), 1.0);
        std::fs::write(folder.path().join("place.json"), "not json").expect("written");
        assert_eq!(shell(folder.path()).route(), "", "a damaged note is as none");
    }

    #[test]
    fn a_flow_file_waits_for_the_window_and_an_unreadable_one_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("orders.flow.json");
        std::fs::write(&file, "{}").expect("written");
        let shell = shell(folder.path());
        shell.take_in(&file);
        shell.take_in(&folder.path().join("gone.flow.json"));
        shell.take_in(folder.path());
        let opened = shell.give_opened();
        assert_eq!((opened[0].name.as_str(), opened[0].text.as_deref()), ("orders.flow.json", Some("{}")));
        assert!(opened[1].sentence.as_deref().is_some_and(|it| it.contains("gone.flow.json")), "{opened:?}");
        assert!(opened[2].sentence.as_deref().is_some_and(|it| it.contains("no file")), "{opened:?}");
        assert!(shell.give_opened().is_empty(), "each is given once");
    }

    #[test]
    fn a_request_sent_again_meets_its_first_answer_and_old_answers_are_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let shell = shell(folder.path());
        let first = shell.answer("a");
        assert!(Arc::ptr_eq(&first, &shell.answer("a")));
        for other in 0..ANSWERS {
            shell.answer(&other.to_string());
        }
        assert!(!Arc::ptr_eq(&first, &shell.answer("a")));
    }
}
