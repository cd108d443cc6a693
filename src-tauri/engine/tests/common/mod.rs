//! An engine in a temporary folder, with flows given as text.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arna_engine::{Authority, Clock, Engine, Filled, Library, Live, Setup, SystemClock};
use journal::{Change, Journal, OpenRun, Options};
use plan::Kinds;
use sdk::{Code, NodeError};

/// Flows by id.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<HashMap<String, Arc<Live>>>);

impl Library for Shelf {
    fn live(&self, flow: &str, _hash: Option<&journal::Hash>) -> Result<Arc<Live>, NodeError> {
        let found = self.0.lock().unwrap().get(flow).cloned();
        found.ok_or_else(|| NodeError::new(Code::NotFound, format!("There is no flow {flow}.")))
    }
}

/// An engine and its folder.
pub(crate) struct Bench {
    pub(crate) folder: PathBuf,
    pub(crate) engine: Engine,
    pub(crate) journal: Journal,
    pub(crate) open: Vec<OpenRun>,
    shelf: Arc<Shelf>,
    parked: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop_parked();
    }
}

impl Bench {
    /// An engine over a folder that may hold an earlier journal.
    pub(crate) fn open(folder: &Path) -> Bench {
        Bench::at(folder, Arc::new(SystemClock))
    }

    /// The same, on a clock.
    pub(crate) fn at(folder: &Path, clock: Arc<dyn Clock>) -> Bench {
        let options = Options { ballast_bytes: 0, ..Options::default() };
        let (journal, recovered) = Journal::open(&folder.join("journal"), &options).unwrap();
        let shelf = Arc::new(Shelf::default());
        let engine = Engine::new(Setup {
            journal: journal.clone(),
            library: shelf.clone(),
            clock,
            spill_folder: folder.to_owned(),
        });
        Bench {
            folder: folder.to_owned(),
            engine,
            journal,
            open: recovered.open_runs,
            shelf,
            parked: Mutex::default(),
        }
    }

    /// Lets parked records go on, until this is dropped.
    #[allow(dead_code, reason = "not every test target parks records")]
    pub(crate) fn keep_parked(&self) {
        let engine = self.engine.clone();
        self.parked.lock().unwrap().push(tokio::spawn(async move { engine.keep_parked().await }));
    }

    /// Parked records go on no more.
    pub(crate) fn stop_parked(&self) {
        for task in self.parked.lock().unwrap().drain(..) {
            task.abort();
        }
    }

    /// Puts a flow on the shelf that calls another by its slot `child`.
    #[allow(dead_code, reason = "not every test target calls flows")]
    pub(crate) async fn flow_calling(&self, id: &str, text: &str, child: &str) -> Arc<Live> {
        let mut authority = Authority::default();
        authority.slots.insert("child".into(), Filled::Flow(child.into()));
        self.flow_with(id, text, authority).await
    }

    /// Puts a flow on the shelf; the slot `work` is the folder.
    pub(crate) async fn flow(&self, id: &str, text: &str) -> Arc<Live> {
        self.flow_with(id, text, Authority::default()).await
    }

    /// Puts a flow with more authority on the shelf.
    pub(crate) async fn flow_with(&self, id: &str, text: &str, mut authority: Authority) -> Arc<Live> {
        let flow = model::document::parse(text).unwrap_or_else(|e| panic!("{e:#?}"));
        let kinds: Kinds = connectors::catalogue().into_iter().collect();
        let checked = plan::compile(&flow, &kinds);
        let plan = checked.plan.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
        let work = Filled::Folder { path: self.folder.clone(), reads: true, writes: true };
        authority.slots.insert("work".into(), work);
        let live = Arc::new(Live::new(id, &plan, authority));
        self.shelf.0.lock().unwrap().insert(id.into(), live.clone());
        let versions = self.journal.read(|it| it.versions(id)).unwrap();
        let same = versions.iter().find(|it| it.hash == live.program.hash).map(|it| it.version);
        let save = Change::SaveFlow {
            flow: id.into(),
            version: same.unwrap_or(versions.len() as u32 + 1),
            hash: live.program.hash,
            text: text.to_owned().into_bytes().into(),
            at_ms: 0,
        };
        self.journal.commit(vec![save]).await.unwrap();
        live
    }

    /// The text of a file in the folder.
    #[allow(dead_code, reason = "not every test target reads files")]
    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }
}
