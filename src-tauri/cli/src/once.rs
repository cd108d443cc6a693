//! `run`, `rehearse` and `check`: a flow file, once.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use engine::exec::EndSink;
use engine::{EndState, Ended};
use host::{Adopted, App, Setup};
use model::document::{Diagnostic, Flow as Document, load};
use model::{Record, Value, json};
use sdk::{Code as Failure, NodeError};

use crate::arguments::{Check, Once};
use crate::exit::{Code, Exit};
use crate::progress::Progress;

/// Input for a single run is read whole.
const MOST_INPUT_BYTES: u64 = 256 << 20;

/// What is wrong with flows; a line each.
pub(crate) fn check(arguments: &Check) -> Result<Code, Exit> {
    let mut has_errors = false;
    let mut all = Vec::new();
    for file in &arguments.flows {
        let found = match load(file) {
            Ok(loaded) => host::check(&loaded.flow),
            Err(found) => found,
        };
        has_errors |= found.iter().any(Diagnostic::is_error);
        if arguments.json {
            all.push(serde_json::json!({"file": file, "diagnostics": found}));
        } else {
            for it in &found {
                crate::out::line!("{}: {it}", file.display());
            }
        }
    }
    if arguments.json {
        crate::out::line!("{}", serde_json::Value::Array(all));
    }
    Ok(if has_errors { Code::Failed } else { Code::Done })
}

pub(crate) async fn run(arguments: &Once) -> Result<Code, Exit> {
    once(arguments, false).await.map_err(|exit| exit.in_json(arguments.json))
}

pub(crate) async fn rehearse(arguments: &Once) -> Result<Code, Exit> {
    once(arguments, true).await.map_err(|exit| exit.in_json(arguments.json))
}

async fn once(arguments: &Once, is_rehearsal: bool) -> Result<Code, Exit> {
    let document = sound(&arguments.flow)?;
    let records = match &arguments.input {
        Some(file) => records(file)?,
        None => vec![Record::empty()],
    };
    let thrown_away = match &arguments.data {
        Some(_) => None,
        None => {
            let folder = tempfile::Builder::new().prefix("arna-").tempdir();
            Some(folder.map_err(|why| Exit::unusable(format!("No folder for the run can be made: {why}.")))?)
        }
    };
    let data = match (&arguments.data, &thrown_away) {
        (Some(data), _) => data.clone(),
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => return Err(Exit::internal("The run has no folder.")),
    };
    // the keychain would outlive a folder that is thrown away
    let is_kept = thrown_away.is_none();
    let setup = Setup { data, gallery: None, passphrase: passphrase(), keychain: is_kept, durable: is_kept };
    let app = App::open(setup)?;
    let id = host::file_id(&arguments.flow);
    let adopted = Adopted { id: &id, document: &document, sets: &arguments.sets, allow: &arguments.allow };
    unknown_slots(&document, &arguments.sets)?;
    app.adopt(&adopted).await?;
    let start = (arguments.trigger.as_deref(), records);
    let progress = Progress::follow(&app);
    let outcome = if is_rehearsal {
        app.rehearse_adopted(&adopted, start).await.map(|(ended, held)| {
            if arguments.json {
                crate::out::line!("{}", serde_json::json!({"run": about(&ended), "held": held}));
            } else {
                held.iter()
                    .for_each(|it| crate::out::line!("{} would send: {} {}", it.node, it.sentence, it.body));
                crate::out::line!("{} effects held", held.len());
            }
            ended
        })
    } else {
        let printer = Arc::new(Printer { is_quiet: arguments.json, state: Mutex::default() });
        app.run_adopted(&adopted, start, printer.clone()).await.inspect(|ended| {
            if arguments.json {
                let mut run = about(ended);
                run["records"] = printer.count().into();
                crate::out::line!("{}", serde_json::json!({"run": run}));
            }
        })
    };
    drop(progress);
    app.close()?;
    finish(&outcome?, arguments.json)
}

fn finish(ended: &Ended, is_json: bool) -> Result<Code, Exit> {
    if let Some((node, error)) = &ended.error
        && !is_json
    {
        eprintln!("{node}: {error}");
    }
    Ok(match ended.state {
        EndState::Ok | EndState::Waiting => Code::Done,
        EndState::Partial => {
            if !is_json {
                eprintln!("{} records failed or wait for another attempt", ended.left_out);
            }
            Code::Partial
        }
        EndState::Failed | EndState::Cancelled | EndState::Quarantined | EndState::Skipped => {
            match &ended.error {
                Some((_, error)) if error.code == Failure::Denied => Code::NeedsYou,
                Some(_) | None => Code::Failed,
            }
        }
    })
}

fn about(ended: &Ended) -> serde_json::Value {
    let nodes: serde_json::Map<String, serde_json::Value> = ended
        .counts
        .iter()
        .map(|(node, (taken, emitted, failed))| {
            (node.clone(), serde_json::json!({"in": taken, "out": emitted, "failed": failed}))
        })
        .collect();
    serde_json::json!({
        "id": ended.run,
        "state": ended.state.name(),
        "left_out": ended.left_out,
        "nodes": nodes,
        "error": ended.error.as_ref().map(|(node, error)| serde_json::json!({"node": node, "error": error})),
    })
}

/// The flow in a file or folder; it may have errors that can be mended in the editor.
pub(crate) fn document(file: &Path) -> Result<Document, Exit> {
    load(file).map(|it| it.flow).map_err(|found| broken(file, &found))
}

/// The flow in a file or folder, without errors: what has some is refused before any folder is opened for it.
pub(crate) fn sound(file: &Path) -> Result<Document, Exit> {
    let flow = document(file)?;
    let mut found = host::check(&flow);
    found.retain(Diagnostic::is_error);
    if found.is_empty() { Ok(flow) } else { Err(broken(file, &found)) }
}

fn broken(file: &Path, found: &[Diagnostic]) -> Exit {
    let lines: Vec<String> = found.iter().map(|it| format!("{}: {it}", file.display())).collect();
    Exit::new(Code::Failed, lines.join("\n"))
}

/// A `--set` for a slot that no flow has is a slip of the pen.
pub(crate) fn unknown_slots(document: &Document, sets: &[(String, String)]) -> Result<(), Exit> {
    let unknown = sets.iter().find(|(name, _)| !document.slots.contains_key(name.as_str()));
    match unknown {
        Some((name, _)) => {
            Err(Exit::usage(format!("--set {name}: the flow {} has no such slot.", document.name)))
        }
        None => Ok(()),
    }
}

/// The passphrase of the vault.
pub(crate) fn passphrase() -> Option<String> {
    std::env::var("ARNA_PASSPHRASE").ok().filter(|it| !it.is_empty())
}

pub(crate) fn records(file: &Path) -> Result<Vec<Record>, Exit> {
    let unreadable =
        |why: std::io::Error| Exit::unusable(format!("{} cannot be read: {why}.", file.display()));
    let mut bytes = Vec::new();
    let reader: Box<dyn std::io::Read> = match file.to_str() {
        Some("-") => Box::new(std::io::stdin().lock()),
        Some(_) | None => Box::new(std::fs::File::open(file).map_err(unreadable)?),
    };
    reader.take(MOST_INPUT_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MOST_INPUT_BYTES {
        return Err(Exit::usage("The input is longer than 256 MiB; let the flow read it from a file."));
    }
    let mut reader = json::Reader::new(&bytes);
    let mut found = Vec::new();
    loop {
        if reader.end().is_ok() {
            return Ok(found);
        }
        let wrong = |why: &dyn std::fmt::Display| Exit::usage(format!("{}: {why}.", file.display()));
        match reader.value().map_err(|e| wrong(&e))? {
            Value::Record(record) => found.push(record),
            Value::List(items) => {
                for item in items.iter() {
                    let record = item.as_record().cloned();
                    found.push(record.ok_or_else(|| {
                        wrong(&format!("a record is an object, this is a {}", item.type_name()))
                    })?);
                }
            }
            other => return Err(wrong(&format!("a record is an object, this is a {}", other.type_name()))),
        }
    }
}

/// Prints end records as they come, one JSON line each.
struct Printer {
    is_quiet: bool,
    state: Mutex<u64>,
}

impl Printer {
    fn count(&self) -> u64 {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EndSink for Printer {
    fn take(&self, _node: usize, _port: usize, records: &[Record]) -> Result<(), NodeError> {
        let mut count = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *count += records.len() as u64;
        if self.is_quiet {
            return Ok(());
        }
        let mut lines = Vec::new();
        for record in records {
            json::write_record(record, &mut lines);
            lines.push(b'\n');
        }
        std::io::stdout().write_all(&lines).map_err(|why| {
            NodeError::new(Failure::Cancelled, "Nobody reads the output any more.").because(why)
        })
    }
}
