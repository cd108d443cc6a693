//! Flows: the list, one flow with its problems, saving, versions, arming.

use engine::Library;
use journal::Change;
use model::document::{self, Diagnostic, Flow as Document, parse, print};

use crate::app::{App, engine_refusal, refusal};
use crate::contract::*;
use crate::describe;
use crate::shelf::{live_key, live_version, missing};

const STRIP: u32 = 30;

/// A stored flow with its document.
pub(crate) struct Stored {
    pub(crate) row: journal::FlowRow,
    pub(crate) text: String,
    pub(crate) document: Result<Document, Vec<Diagnostic>>,
}

impl App {
    /// A stored flow by its id.
    pub(crate) async fn stored(&self, flow: &str) -> Result<Stored, Refusal> {
        let id = flow.to_owned();
        let found = self.journal.look(move |it| {
            let Some(row) = it.flow(&id)? else { return Ok(None) };
            let text = it.flow_text(&id, row.version)?;
            Ok(text.map(|text| (row, text)))
        });
        let found = found.await.map_err(|e| refusal(&e))?;
        let (row, text) = found.ok_or_else(|| no_flow(flow))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(Stored { document: parse(&text), text, row })
    }

    /// The flows of the person: without the texts that were only tried.
    pub(crate) async fn flow_rows(&self) -> Result<Vec<journal::FlowRow>, Refusal> {
        let rows = self.journal.look(|it| it.flows()).await.map_err(|e| refusal(&e))?;
        Ok(rows.into_iter().filter(|row| !row.flow.contains('~')).collect())
    }

    async fn setting_text(&self, key: String) -> Result<String, Refusal> {
        let stored = self.journal.look(move |it| it.setting(&key)).await.map_err(|e| refusal(&e))?;
        Ok(stored.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default())
    }

    pub(crate) async fn flows_list(&self, params: FlowsList) -> Result<FlowRows, Refusal> {
        let wanted = params.search.unwrap_or_default().to_lowercase();
        let rows = self.flow_rows().await?;
        let groups = self.journal.look(|it| it.letter_groups()).await.map_err(|e| refusal(&e))?;
        let last = self.journal.look(|it| it.last_runs(STRIP)).await.map_err(|e| refusal(&e))?;
        let mut flows = Vec::new();
        for row in rows {
            let stored = self.stored(&row.flow).await?;
            let failed = groups.iter().filter(|it| it.flow == row.flow).map(|it| it.count).sum();
            let bars = last.iter().filter(|it| crate::shelf::base(&it.flow) == row.flow).take(STRIP as usize);
            let last_runs: Vec<RunBar> = bars.map(|it| self.bar(it)).collect();
            let listed = self.row(&stored, (failed, last_runs)).await?;
            let haystack =
                format!("{} {} {} {}", listed.name, listed.folder, listed.note, stored.text).to_lowercase();
            if wanted.split_whitespace().all(|word| haystack.contains(word)) {
                flows.push(listed);
            }
        }
        flows.sort_by(|a, b| (&a.folder, &a.name, &a.id).cmp(&(&b.folder, &b.name, &b.id)));
        Ok(FlowRows { flows })
    }

    /// A run as a bar; what is at work counts as far as it is.
    fn bar(&self, last: &journal::LastRun) -> RunBar {
        let run = last.run.to_string();
        let records = match self.engine.active(&run) {
            Some(at_work) => crate::runs::moved(&crate::watch::counts_now(&at_work)),
            None => crate::runs::moved_in(&last.counts),
        };
        RunBar { run, state: crate::runs::state(last.state), started_ms: last.started_ms, records }
    }

    async fn row(
        &self,
        stored: &Stored,
        (failed, mut last_runs): (u64, Vec<RunBar>),
    ) -> Result<FlowRow, Refusal> {
        // the newest stands at the right
        last_runs.reverse();
        let id = stored.row.flow.to_string();
        let (name, trigger, note, errors, open_slots) = match &stored.document {
            Ok(document) => {
                let checked = self.shelf.check(document);
                let given = self.shelf.given(&id).map_err(|e| engine_refusal(&e))?;
                let slots = describe::slots(document, &given, self.shelf.kinds());
                let errors = checked.diagnostics.iter().filter(|it| it.is_error()).count();
                let open = slots.iter().filter(|it| it.filled.is_none() && it.default.is_none()).count();
                let note = document.docs.clone().unwrap_or_default();
                (document.name.clone(), describe::triggers(document, self.shelf.kinds()), note, errors, open)
            }
            Err(found) => (id.clone(), String::new(), String::new(), found.len(), 0),
        };
        Ok(FlowRow {
            folder: self.setting_text(folder_key(&id)).await?,
            armed: stored.row.armed,
            next_fire_ms: self.engine.next_due(&id),
            records_moved: last_runs.iter().map(|it| it.records).sum(),
            last_runs,
            name,
            trigger,
            note: note.lines().next().unwrap_or_default().to_owned(),
            errors: errors as u32,
            open_slots: open_slots as u32,
            failed,
            missed: self.passed_by(&id).await?,
            changed_ms: stored.row.saved_ms,
            paused: (stored.row.armed && self.engine.armed(&id).is_none())
                .then(|| "It could not be armed at the last start.".into()),
            id,
        })
    }

    pub(crate) async fn flow_get(&self, params: FlowId) -> Result<Flow, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let live = self.live(&stored.row).await?;
        let given = self.shelf.given(&params.flow).map_err(|e| engine_refusal(&e))?;
        let (problems, facts) = self.checked(&stored.document);
        let flow = params.flow.clone();
        let pins = self.journal.look(move |it| it.pins(&flow)).await.map_err(|e| refusal(&e))?;
        Ok(Flow {
            folder: self.setting_text(folder_key(&params.flow)).await?,
            hash: hex(&stored.row.hash),
            version: stored.row.version,
            armed: stored.row.armed,
            live,
            problems,
            facts,
            slots: stored
                .document
                .as_ref()
                .map(|it| describe::slots(it, &given, self.shelf.kinds()))
                .unwrap_or_default(),
            pinned: pins.into_iter().map(|(node, _, _)| node.to_string()).collect(),
            text: stored.text,
            id: params.flow,
        })
    }

    fn checked(&self, document: &Result<Document, Vec<Diagnostic>>) -> (Vec<Problem>, FlowFacts) {
        match document {
            Ok(document) => {
                let checked = self.shelf.check(document);
                let problems = checked.diagnostics.iter().map(describe::problem).collect();
                (problems, describe::facts(document, self.shelf.kinds(), checked.plan.as_ref()))
            }
            Err(found) => (found.iter().map(describe::problem).collect(), FlowFacts::default()),
        }
    }

    pub(crate) async fn flow_check(&self, params: FlowCheck) -> Result<FlowChecked, Refusal> {
        let (problems, facts) = self.checked(&parse(&params.text));
        Ok(FlowChecked { problems, facts })
    }

    pub(crate) async fn flow_save(&self, params: FlowSave) -> Result<FlowSaved, Refusal> {
        let document = parse(&params.text).map_err(|found| unreadable(&found))?;
        let id = match &params.flow {
            Some(flow) => {
                let there = self.stored(flow).await?.row.version;
                if params.expected_version.is_some_and(|expected| expected != there) {
                    let sentence = format!("Somebody saved version {there} of this flow meanwhile.");
                    return Err(Refusal::new(RefusalCode::Conflict, sentence).at("/expected_version"));
                }
                flow.clone()
            }
            None => self.journal.fresh::<journal::RunId>().to_string(),
        };
        let version = self.save(&id, &document, params.note).await?;
        if let Some(folder) = &params.folder {
            self.commit(vec![setting(folder_key(&id), folder)]).await?;
        }
        self.tell_flow(&id).await;
        let (problems, facts) = self.checked(&Ok(document.clone()));
        let given = self.shelf.given(&id).map_err(|e| engine_refusal(&e))?;
        let slots = describe::slots(&document, &given, self.shelf.kinds());
        let hash = hex(&document::hash(&document).0);
        Ok(FlowSaved { flow: id, version, hash, problems, facts, slots })
    }

    /// Saves a document as the newest version; the same text again is no new version.
    pub(crate) async fn save(
        &self,
        id: &str,
        document: &Document,
        note: Option<String>,
    ) -> Result<u32, Refusal> {
        let text = print(document);
        let flow = id.to_owned();
        let newest = self.journal.look(move |it| {
            let Some(row) = it.versions(&flow)?.into_iter().next() else { return Ok(None) };
            Ok(it.flow_text(&flow, row.version)?.map(|text| (row.version, text)))
        });
        let newest = newest.await.map_err(|e| refusal(&e))?;
        let version = match newest {
            Some((version, stored)) if stored == text.as_bytes() => return Ok(version),
            Some((version, _)) => version + 1,
            None => 1,
        };
        let mut changes = vec![Change::SaveFlow {
            flow: id.into(),
            version,
            hash: document::hash(document).0,
            text: text.into_bytes().into(),
            at_ms: self.clock.now_ms(),
        }];
        changes.extend(note.map(|note| setting(note_key(id, version), &note)));
        self.commit(changes).await?;
        self.shelf.forget(id);
        Ok(version)
    }

    pub(crate) async fn flow_arm(&self, params: FlowArm) -> Result<FlowArmed, Refusal> {
        let stored = self.stored(&params.flow).await?;
        if params.armed {
            let document = stored.document.as_ref().map_err(|found| unreadable(found))?;
            if let Some(refusal) = self.broken(document) {
                return Err(refusal);
            }
            let given = self.shelf.given(&params.flow).map_err(|e| engine_refusal(&e))?;
            if let Some(refusal) = missing(document, &self.shelf.touches(document), &given) {
                return Err(refusal);
            }
            if !params.accept_differences {
                let held_back = self.differing_cases(&stored, document).await?;
                if !held_back.is_empty() {
                    let next_fire_ms = self.engine.next_due(&params.flow);
                    return Ok(FlowArmed { armed: stored.row.armed, next_fire_ms, held_back });
                }
            }
            let live =
                self.shelf.live(&params.flow, Some(&stored.row.hash)).map_err(|e| engine_refusal(&e))?;
            let before = stored.row.armed.then(|| self.shelf.live(&params.flow, None).ok()).flatten();
            let marks = self.engine.marks_from_now(&live, before.as_deref());
            if !marks.is_empty() {
                self.commit(marks).await?;
            }
            if !self.is_paused() {
                self.engine.arm(live).map_err(|e| engine_refusal(&e))?;
            }
            let armed = Change::ArmFlow { flow: stored.row.flow.clone(), armed: true };
            let live = setting(live_key(&params.flow), &stored.row.version.to_string());
            let line = self.audited("flow.arm", &params.flow, &stored.row.version.to_string());
            self.commit(vec![armed, live, line]).await?;
        } else {
            self.engine.disarm(&params.flow);
            let off = Change::ArmFlow { flow: stored.row.flow.clone(), armed: false };
            self.commit(vec![off, self.audited("flow.disarm", &params.flow, "")]).await?;
        }
        self.tell_flow(&params.flow).await;
        let next_fire_ms = self.engine.next_due(&params.flow);
        Ok(FlowArmed { armed: params.armed, next_fire_ms, held_back: Vec::new() })
    }

    /// What keeps a document from running at all: said before anything is asked for, since nothing that is allowed mends it.
    fn broken(&self, document: &Document) -> Option<Refusal> {
        let checked = self.shelf.check(document);
        let first = checked.diagnostics.iter().find(|it| it.is_error()).filter(|_| checked.plan.is_none())?;
        let at = first.node.as_ref().map(|node| format!("/nodes/{node}")).unwrap_or_default();
        Some(Refusal::new(RefusalCode::Refused, format!("The flow cannot go live: {first}")).at(at))
    }

    /// After slots or grants changed: what is armed runs under what holds now, or not at all.
    pub(crate) async fn rearm(&self, flow: &str) -> Result<(), Refusal> {
        self.shelf.forget(flow);
        if self.engine.armed(flow).is_some() {
            let stored = self.stored(flow).await?;
            let live = self.shelf.live(flow, None).and_then(|live| self.engine.arm(live));
            if live.is_err() {
                self.engine.disarm(flow);
                self.commit(vec![Change::ArmFlow { flow: stored.row.flow, armed: false }]).await?;
            }
        }
        self.tell_flow(flow).await;
        Ok(())
    }

    pub(crate) async fn flow_delete(&self, params: FlowId) -> Result<Nothing, Refusal> {
        let stored = self.stored(&params.flow).await?;
        self.engine.disarm(&params.flow);
        let name = stored.document.as_ref().map_or("", |it| it.name.as_str());
        let line = self.audited("flow.delete", &params.flow, name);
        self.commit(vec![Change::RemoveFlow { flow: stored.row.flow }, line]).await?;
        self.shelf.forget(&params.flow);
        self.tell(Event::FlowChanged { flow: params.flow, version: None, armed: false, live: None });
        Ok(Nothing {})
    }

    pub(crate) async fn flow_versions(&self, params: FlowId) -> Result<FlowVersions, Refusal> {
        let live = live_version(&self.journal, &params.flow).map_err(|e| engine_refusal(&e))?;
        let armed = self.stored(&params.flow).await?.row.armed;
        let flow = params.flow.clone();
        let rows = self.journal.look(move |it| it.versions(&flow)).await.map_err(|e| refusal(&e))?;
        let mut versions = Vec::with_capacity(rows.len());
        for row in rows {
            versions.push(VersionRow {
                version: row.version,
                saved_ms: row.saved_ms,
                hash: hex(&row.hash),
                note: self.setting_text(note_key(&params.flow, row.version)).await?,
                live: armed && live == Some(row.version),
            });
        }
        Ok(FlowVersions { versions })
    }

    pub(crate) async fn flow_version_get(&self, params: FlowVersionId) -> Result<FlowVersion, Refusal> {
        let FlowVersionId { flow, version } = params;
        let id = flow.clone();
        let text = self.journal.look(move |it| it.flow_text(&id, version)).await.map_err(|e| refusal(&e))?;
        let text = text.ok_or_else(|| {
            Refusal::new(RefusalCode::NotFound, format!("The flow {flow} has no version {version}."))
                .at("/version")
        })?;
        Ok(FlowVersion { version, text: String::from_utf8_lossy(&text).into_owned() })
    }

    pub(crate) async fn flow_restore(&self, params: FlowVersionId) -> Result<FlowSaved, Refusal> {
        let old = self.flow_version_get(params.clone()).await?;
        let note = Some(format!("Version {} restored", old.version));
        let save =
            FlowSave { flow: Some(params.flow), text: old.text, expected_version: None, folder: None, note };
        self.flow_save(save).await
    }

    pub(crate) async fn tell_flow(&self, flow: &str) {
        if let Ok(stored) = self.stored(flow).await {
            let version = Some(stored.row.version);
            let live = self.live(&stored.row).await.ok().flatten();
            self.tell(Event::FlowChanged { flow: flow.into(), version, armed: stored.row.armed, live });
        }
    }

    /// The version of an armed flow that is live.
    async fn live(&self, row: &journal::FlowRow) -> Result<Option<LiveVersion>, Refusal> {
        if !row.armed {
            return Ok(None);
        }
        let version = live_version(&self.journal, &row.flow).map_err(|e| engine_refusal(&e))?;
        if version == Some(row.version) {
            return Ok(Some(LiveVersion { version: row.version, hash: hex(&row.hash) }));
        }
        let flow = row.flow.clone();
        let versions = self.journal.look(move |it| it.versions(&flow)).await.map_err(|e| refusal(&e))?;
        let found = versions.into_iter().find(|it| Some(it.version) == version);
        Ok(found.map(|it| LiveVersion { version: it.version, hash: hex(&it.hash) }))
    }
}

pub(crate) fn no_flow(flow: &str) -> Refusal {
    Refusal::new(RefusalCode::NotFound, format!("There is no flow {flow}.")).at("/flow")
}

/// A text that is no flow document.
pub(crate) fn unreadable(found: &[Diagnostic]) -> Refusal {
    let first = found.first().map(|it| match it.place {
        Some(at) => format!("{} (line {}, column {})", it.sentence, at.line, at.column),
        None => it.sentence.clone(),
    });
    let sentence = format!("The text is no flow: {}", first.unwrap_or_default());
    Refusal::new(RefusalCode::BadRequest, sentence).at("/text")
}

pub(crate) fn setting(key: String, value: &str) -> Change {
    Change::Setting { key: key.into(), value: Some(value.as_bytes().to_vec().into()) }
}

pub(crate) fn folder_key(flow: &str) -> String {
    format!("flow/{flow}/folder")
}

fn note_key(flow: &str, version: u32) -> String {
    format!("flow/{flow}/note/{version}")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
