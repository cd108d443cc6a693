//! The program under load while it is ended again and again: senders post numbered events to its hooks, a sink behind it notes what
//! arrives, a watcher notes which runs the program itself calls done. At the end all of it is compared.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::arna::{Server, free_port, post};
use crate::sink::Sink;

const SENDERS: usize = 8;
/// After the last start all that was acknowledged must arrive; the wait ends early when it has, and at this at the latest.
const SETTLE: Duration = Duration::from_secs(180);
const READY: Duration = Duration::from_secs(60);
const TOKEN: &str = "a token of the crash tests";
/// Every so many events one is too large to lie inside the database.
const LARGE_EVERY: u64 = 9;
const LARGE: usize = 80_000;

/// Two calls with a key, one after the other: when the second arrives, the first had been finished.
const ORDERS: &str = r#"{ "arna": 1, "name": "Hand orders on",
  "nodes": {
    "order": { "kind": "webhook.receive", "config": { "path": "orders", "auth": { "by": "none" }, "answer": "accepted" } },
    "first": { "kind": "http.request", "connection": "sink",
               "config": { "method": "POST", "url": "/first", "body": "= {orderId: body.id}", "again": "same_key" } },
    "second": { "kind": "http.request", "connection": "sink",
                "config": { "method": "POST", "url": "/second", "body": "= {orderId: body.id}", "again": "same_key" } } },
  "wires": [["order", "first"], ["first", "second"]],
  "slots": { "sink": { "connection": "http" } } }"#;

/// A call that must not be repeated unasked.
const LETTERS: &str = r#"{ "arna": 1, "name": "Send letters",
  "nodes": {
    "letter": { "kind": "webhook.receive", "config": { "path": "letters", "auth": { "by": "none" }, "answer": "accepted" } },
    "send": { "kind": "http.request", "connection": "sink",
              "config": { "method": "POST", "url": "/letters", "body": "= {orderId: body.id}", "again": "ask" } } },
  "wires": [["letter", "send"]],
  "slots": { "sink": { "connection": "http" } } }"#;

/// Hooks, and the place at the sink where their events end.
const HOOKS: [(&str, &str, &str); 2] = [("orders", "second", ORDERS), ("letters", "letters", LETTERS)];

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers that look random and are the same every time.
pub struct Dice(pub u64);

impl Dice {
    /// A number from one to another, both included.
    pub fn roll(&mut self, from: u64, to: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        from + self.0 % (to - from + 1)
    }
}

#[derive(Default)]
struct Load {
    /// Runs of acknowledged events by order.
    acknowledged: Mutex<HashMap<String, String>>,
    /// What the sink had of an order when the program first said that its run was done.
    done: Mutex<BTreeMap<String, usize>>,
    sent: AtomicU64,
    is_over: AtomicBool,
}

impl Load {
    fn send(&self, port: u16) {
        while !self.is_over.load(Ordering::SeqCst) {
            let number = self.sent.fetch_add(1, Ordering::SeqCst);
            let hook = HOOKS[number as usize % 2].0;
            let order = format!("{hook}-{number}");
            let padding = if number.is_multiple_of(LARGE_EVERY) { LARGE } else { 0 };
            let body = json!({ "id": order, "padding": "x".repeat(padding) });
            if let Ok((200..300, answer)) = post(port, &format!("/hooks/{hook}"), None, &body) {
                let run = answer["run"].as_str().unwrap_or_default().to_owned();
                lock(&self.acknowledged).insert(order, run);
            }
            std::thread::sleep(Duration::from_millis(4));
        }
    }

    /// Notes how often the orders of runs that are done now had arrived.
    fn watch(&self, admin: u16, sink: &Sink) {
        while !self.is_over.load(Ordering::SeqCst) {
            let asked = json!({ "states": ["ok"], "limit": 500 });
            if let Ok((200, answer)) = post(admin, "/api/runs.list", Some(TOKEN), &asked) {
                let runs: BTreeSet<&str> = answer["runs"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|it| it["run"].as_str())
                    .collect();
                let (counts, acknowledged) = (sink.counts(), lock(&self.acknowledged));
                let mut done = lock(&self.done);
                for (order, _) in acknowledged.iter().filter(|(_, run)| runs.contains(run.as_str())) {
                    done.entry(order.clone())
                        .or_insert_with(|| counts.get(order).copied().unwrap_or_default());
                }
            }
            std::thread::sleep(Duration::from_millis(60));
        }
    }
}

/// The program under load.
pub struct Siege {
    arguments: Vec<String>,
    log: PathBuf,
    sink: Sink,
    admin: u16,
    load: Arc<Load>,
    threads: Vec<JoinHandle<()>>,
}

/// What a siege found, in figures. Every figure that must be zero was checked before.
pub struct Found {
    /// Events the program acknowledged.
    pub acknowledged: usize,
    /// Runs that were seen done while the siege went on; none of their calls came again.
    pub done: usize,
    /// Calls that arrived.
    pub calls: usize,
    /// Calls that came more than once, all with the same key.
    pub repeated: usize,
    /// Calls whose outcome was unknown and that a person was asked about.
    pub asked: usize,
    /// Runs that were at work at three crashes in a row, were held back, and went on when a person let them.
    pub held: usize,
}

impl Siege {
    /// Prepares flows and sink in a folder and sets the senders to work; the program is not started yet.
    ///
    /// # Panics
    /// When the folder cannot be written or no port is free.
    pub fn begin(folder: &Path) -> Siege {
        let (sink, hooks, admin) = (Sink::start().expect("a sink"), free_port(), free_port());
        let mut arguments: Vec<String> = vec![
            "--data".into(),
            folder.join("data").to_string_lossy().into(),
            "--hooks".into(),
            format!("127.0.0.1:{hooks}"),
            "--admin".into(),
            format!("127.0.0.1:{admin}"),
            "--set".into(),
            format!("sink={}", sink.url()),
        ];
        for (name, _, text) in HOOKS {
            let file = folder.join(format!("{name}.flow.json"));
            std::fs::write(&file, text).expect("a flow file");
            arguments.extend(["--flow".into(), file.to_string_lossy().into()]);
        }
        let load = Arc::new(Load::default());
        let mut threads: Vec<JoinHandle<()>> = (0..SENDERS)
            .map(|_| {
                let load = load.clone();
                std::thread::spawn(move || load.send(hooks))
            })
            .collect();
        let (watched, seen) = (load.clone(), sink.clone());
        threads.push(std::thread::spawn(move || watched.watch(admin, &seen)));
        Siege { arguments, log: folder.join("log"), sink, admin, load, threads }
    }

    /// Starts the program; `failpoint` says where it is to end by itself.
    pub fn start(&self, failpoint: Option<&str>) -> Server {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut variables = vec![("ARNA_TOKEN", TOKEN)];
        variables.extend(failpoint.map(|it| ("ARNA_FAILPOINT", it)));
        Server::start_with(&arguments, &variables, &self.log)
    }

    /// Waits until the program has acknowledged something more.
    ///
    /// # Panics
    /// When it ends by itself or never becomes ready.
    pub fn wait_for_more(&self, server: &mut Server) {
        let (before, started) = (lock(&self.load.acknowledged).len(), Instant::now());
        while lock(&self.load.acknowledged).len() == before {
            assert!(!server.has_ended(), "the program ended by itself:\n{}", self.story());
            assert!(started.elapsed() < READY, "the program never became ready:\n{}", self.story());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until another run was seen done: on a quick machine the kills follow each other before any is.
    ///
    /// # Panics
    /// When no run ends.
    pub fn wait_for_done(&self, server: &mut Server) {
        let (before, started) = (lock(&self.load.done).len(), Instant::now());
        while lock(&self.load.done).len() == before {
            assert!(!server.has_ended(), "the program ended by itself:\n{}", self.story());
            assert!(started.elapsed() < READY, "no run was seen done:\n{}", self.story());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until the program has ended by itself, up to a time. False when it has not.
    pub fn wait_for_end(&self, server: &mut Server, most: Duration) -> bool {
        let started = Instant::now();
        while started.elapsed() < most {
            if server.has_ended() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }

    /// The end of what the program printed.
    pub fn story(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let skipped = text.lines().count().saturating_sub(40);
        text.lines().skip(skipped).collect::<Vec<_>>().join("\n")
    }

    fn ask(&self, name: &str, params: &Json) -> Json {
        match post(self.admin, &format!("/api/{name}"), Some(TOKEN), params) {
            Ok((200, answer)) => answer,
            other => panic!("{name} was answered with {other:?}\n{}", self.story()),
        }
    }

    fn is_at_rest(&self) -> bool {
        let asked = json!({ "states": ["waiting", "running"], "limit": 1 });
        self.ask("runs.list", &asked)["runs"].as_array().is_some_and(Vec::is_empty)
    }

    /// Sets runs to work again that were held back because so many crashes met them, as a person would. Gives how many there were.
    fn release_held(&self) -> usize {
        let held = self.ask("runs.list", &json!({ "states": ["held"], "limit": 500 }));
        let runs = held["runs"].as_array().cloned().unwrap_or_default();
        for run in &runs {
            self.ask("run.release", &json!({ "run": run["run"] }));
        }
        runs.len()
    }

    /// Answers open questions with the truth: it happened when it stands in the sink's list. Gives how many there were.
    fn answer_questions(&self) -> usize {
        let open = self.ask("questions.list", &json!({}));
        let questions = open["questions"].as_array().cloned().unwrap_or_default();
        let arrived = self.sink.by_order("letters");
        for question in &questions {
            let record = question["record"].to_string();
            let order = order_in(&record);
            let times = arrived.get(&order).map_or(0, Vec::len);
            assert!(times <= 1, "{order} was sent {times} times without a question");
            let answer = if times == 1 { "happened" } else { "repeat" };
            self.ask("questions.answer", &json!({ "id": question["id"], "answer": answer }));
        }
        questions.len()
    }

    /// Ends the load, lets the running program come to rest, answers its questions with the truth and compares.
    ///
    /// # Panics
    /// Something acknowledged was lost, something finished was repeated, a repetition had another key, or something that may have
    /// happened was repeated without a question.
    pub fn judge(self, server: &mut Server) -> Found {
        self.wait_for_more(server);
        self.load.is_over.store(true, Ordering::SeqCst);
        let mut this = self;
        for thread in std::mem::take(&mut this.threads) {
            thread.join().expect("a sender");
        }
        let acknowledged: BTreeSet<String> = lock(&this.load.acknowledged).keys().cloned().collect();
        let settling = Instant::now();
        let (mut asked, mut held) = (0, 0);
        let lost = loop {
            asked += this.answer_questions();
            held += this.release_held();
            let lost = this.lost(&acknowledged);
            if (lost.is_empty() && this.is_at_rest()) || settling.elapsed() > SETTLE {
                break lost;
            }
            assert!(!server.has_ended(), "the program ended by itself:\n{}", this.story());
            std::thread::sleep(Duration::from_millis(100));
        };
        assert!(lost.is_empty(), "{} lost: {:?}\n{}", lost.len(), &lost[..lost.len().min(10)], this.story());
        let repeated = this.compare();
        let done = lock(&this.load.done).len();
        Found { acknowledged: acknowledged.len(), done, calls: this.sink.count(), repeated, asked, held }
    }

    /// Orders that were acknowledged and have not come to their last place.
    fn lost(&self, acknowledged: &BTreeSet<String>) -> Vec<String> {
        let mut lost = Vec::new();
        for (hook, last, _) in HOOKS {
            let arrived = self.sink.by_order(last);
            let own = acknowledged.iter().filter(|it| it.starts_with(hook));
            lost.extend(own.filter(|it| !arrived.contains_key(*it)).cloned());
        }
        lost
    }

    /// Compares what the sink got with what it may have got. Gives how many calls came more than once.
    fn compare(&self) -> usize {
        // a finished effect: what follows from it was seen by the sink, or the run was seen done
        let mut has_second = BTreeSet::new();
        for it in self.sink.arrived() {
            match it.place.as_str() {
                "second" => drop(has_second.insert(it.order)),
                "first" => {
                    assert!(!has_second.contains(&it.order), "{}: a finished call came again", it.order)
                }
                _ => {}
            }
        }
        let counts = self.sink.counts();
        for (order, before) in lock(&self.load.done).iter() {
            let now = counts.get(order).copied().unwrap_or_default();
            assert_eq!(now, *before, "{order}: a call of a run that was done came again");
        }
        // a repetition: only where a key makes it safe, and only with that key
        let mut repeated = 0;
        for place in ["first", "second"] {
            for (order, keys) in self.sink.by_order(place) {
                let different: BTreeSet<_> = keys.iter().collect();
                assert!(different.len() == 1 && keys[0].is_some(), "{order} arrived with the keys {keys:?}");
                repeated += usize::from(keys.len() > 1);
            }
        }
        for (order, keys) in self.sink.by_order("letters") {
            assert_eq!(keys.len(), 1, "{order} was sent again, though it may have happened");
        }
        repeated
    }
}

/// The name of an order inside the text of a record.
fn order_in(text: &str) -> String {
    let from = text.find("letters-").unwrap_or(text.len());
    text[from..].chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '-').collect()
}
