//! Cases: remembered runs that a changed flow is compared with before it goes live.

mod mask;
mod take;

use std::collections::{BTreeMap, BTreeSet};

use engine::case::{Difference, Seen, run_cases};
use model::document::{Case, Flow as Document, JsonText, parse};
use model::{Value, json};

use crate::app::{App, refusal};
use crate::contract::*;
use crate::datum;
use crate::flows::{Stored, setting, unreadable};
use crate::shelf::live_version;

impl App {
    pub(crate) async fn cases_list(&self, params: FlowId) -> Result<Cases, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let document = stored.document.map_err(|found| unreadable(&found))?;
        let outcomes = self.outcomes(&params.flow).await?;
        let row = |(name, case): (&String, &Case)| CaseRow {
            records_in: records_in(case.given.as_str()),
            last: outcomes.get(name).copied(),
            name: name.clone(),
        };
        Ok(Cases { cases: document.cases.iter().map(row).collect() })
    }

    pub(crate) async fn cases_save(&self, params: CaseSave) -> Result<CaseSaved, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let mut document = stored.document.map_err(|found| unreadable(&found))?;
        let (given, ran) = match &params.run {
            Some(run) => self.given_of_run(&params, run, &document).await?,
            None => (self.given_of_pins(&params, &document).await?, document.clone()),
        };
        let (given, masked) = mask::masked(&given, params.masked.as_deref());
        let case = Case { given: JsonText::of(&engine::case::marked(&given)), expected: None };
        // what is expected is what the version that ran does: a later change then shows as a difference
        let mut alone = ran;
        alone.cases.clear();
        alone.cases.insert(params.name.clone(), case.clone());
        let seen = self.seen(&alone).await?;
        let expected = seen.get(&params.name).map(|it| JsonText::of(it.value()));
        document.cases.insert(params.name.clone(), Case { given: case.given, expected });
        self.keep_cases(&params.flow, document, (format!("Case {} saved", params.name), masked)).await
    }

    pub(crate) async fn cases_accept(&self, params: CasesAccept) -> Result<CaseSaved, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let mut document = stored.document.map_err(|found| unreadable(&found))?;
        let wanted = only(&document, params.name.as_deref())?;
        for (name, seen) in self.seen(&wanted).await? {
            if let Some(case) = document.cases.get_mut(&name) {
                case.expected = Some(JsonText::of(seen.value()));
            }
        }
        self.keep_cases(&params.flow, document, ("Differences accepted".into(), Vec::new())).await
    }

    pub(crate) async fn cases_delete(&self, params: CaseName) -> Result<CaseSaved, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let mut document = stored.document.map_err(|found| unreadable(&found))?;
        document.cases.shift_remove(&params.name).ok_or_else(|| no_case(&params.name))?;
        self.keep_cases(&params.flow, document, (format!("Case {} deleted", params.name), Vec::new())).await
    }

    async fn keep_cases(
        &self,
        flow: &str,
        document: Document,
        (note, masked): (String, Vec<String>),
    ) -> Result<CaseSaved, Refusal> {
        let text = model::document::print(&document);
        // what a file may hold bounds what a case may: the same rules as for any flow
        parse(&text).map_err(|found| {
            let first = found.first().map(ToString::to_string).unwrap_or_default();
            Refusal::new(RefusalCode::BadRequest, format!("The case cannot be kept: {first}")).at("/name")
        })?;
        let version = self.save(flow, &document, Some(note)).await?;
        self.tell_flow(flow).await;
        Ok(CaseSaved { version, text, masked })
    }

    pub(crate) async fn cases_run(&self, params: CasesRun) -> Result<CaseResults, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let mut document = match &params.text {
            Some(text) => parse(text).map_err(|found| unreadable(&found))?,
            None => stored.document.clone().map_err(|found| unreadable(&found))?,
        };
        if document.cases.is_empty()
            && let Ok(saved) = stored.document
        {
            document.cases = saved.cases;
        }
        let results = self.results(&only(&document, params.name.as_deref())?).await?;
        let mut outcomes = self.outcomes(&params.flow).await?;
        outcomes.retain(|name, _| document.cases.contains_key(name));
        outcomes.extend(results.iter().map(|it| (it.name.clone(), it.outcome)));
        let text = serde_json::to_string(&outcomes).unwrap_or_default();
        self.commit(vec![setting(outcomes_key(&params.flow), &text)]).await?;
        Ok(CaseResults { results })
    }

    /// Cases that come out differently under a version that is about to go live; none when it is live already.
    pub(crate) async fn differing_cases(
        &self,
        stored: &Stored,
        document: &Document,
    ) -> Result<Vec<CaseResult>, Refusal> {
        let mut expecting = document.clone();
        expecting.cases.retain(|_, case| case.expected.is_some());
        if expecting.cases.is_empty() || self.is_live(stored).await? {
            return Ok(Vec::new());
        }
        let mut results = self.results(&expecting).await?;
        results.retain(|it| it.outcome != CaseOutcome::Same);
        Ok(results)
    }

    async fn is_live(&self, stored: &Stored) -> Result<bool, Refusal> {
        let flow = stored.row.flow.to_string();
        let live = live_version(&self.journal, &flow).map_err(|e| crate::app::engine_refusal(&e))?;
        let versions = self.journal.look(move |it| it.versions(&flow)).await.map_err(|e| refusal(&e))?;
        Ok(versions.iter().any(|it| Some(it.version) == live && it.hash == stored.row.hash))
    }

    async fn results(&self, document: &Document) -> Result<Vec<CaseResult>, Refusal> {
        Ok(self.run_all(document).await?.iter().map(result).collect())
    }

    async fn seen(&self, document: &Document) -> Result<BTreeMap<String, Seen>, Refusal> {
        let mut all = BTreeMap::new();
        for result in self.run_all(document).await? {
            let (name, problem) = (result.name, result.problem);
            let seen = result.seen.ok_or_else(|| {
                let why = problem.unwrap_or_else(|| "it could not be run".into());
                Refusal::new(RefusalCode::Refused, format!("The case {name} cannot be run: {why}"))
                    .at("/name")
            })?;
            all.insert(name, seen);
        }
        Ok(all)
    }

    async fn run_all(&self, document: &Document) -> Result<Vec<engine::case::CaseResult>, Refusal> {
        let checked = self.shelf.check(document);
        let plan = checked.plan.ok_or_else(|| {
            let first = checked.diagnostics.iter().find(|it| it.is_error()).map(ToString::to_string);
            let why = first.unwrap_or_else(|| "it cannot be planned".into());
            Refusal::new(RefusalCode::Refused, format!("The cases cannot run: {why}")).at("/text")
        })?;
        Ok(run_cases(document, &plan, &**self.shelf.kinds(), None).await)
    }

    async fn outcomes(&self, flow: &str) -> Result<BTreeMap<String, CaseOutcome>, Refusal> {
        let key = outcomes_key(flow);
        let stored = self.journal.look(move |it| it.setting(&key)).await.map_err(|e| refusal(&e))?;
        Ok(stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }
}

fn outcomes_key(flow: &str) -> String {
    format!("flow/{flow}/cases")
}

fn no_case(name: &str) -> Refusal {
    Refusal::new(RefusalCode::NotFound, format!("The flow has no case {name}.")).at("/name")
}

/// The document with one case only, or with all.
fn only(document: &Document, name: Option<&str>) -> Result<Document, Refusal> {
    let mut document = document.clone();
    if let Some(name) = name {
        let case = document.cases.shift_remove(name).ok_or_else(|| no_case(name))?;
        document.cases.clear();
        document.cases.insert(name.into(), case);
    }
    Ok(document)
}

/// Records a case hands in: by its trigger, or by what stands in for its widest source.
fn records_in(given: &str) -> u64 {
    let Ok(Value::Record(given)) = json::parse(given.as_bytes()) else { return 0 };
    let length = |value: &Value| value.as_list().map_or(0, <[Value]>::len);
    let by_trigger = given.get("records").map_or(1, length);
    let stand_ins = given.get("stand_ins").and_then(Value::as_record);
    let by_sources = stand_ins.and_then(|it| it.values().iter().map(length).max()).unwrap_or(0);
    by_trigger.max(by_sources) as u64
}

fn result(it: &engine::case::CaseResult) -> CaseResult {
    let differences: Vec<CaseDifference> = it.differences.iter().map(difference).collect();
    let places: BTreeSet<(&str, u64)> = differences.iter().map(|it| (it.place.as_str(), it.index)).collect();
    let outcome = match &it.problem {
        Some(_) => CaseOutcome::Broken,
        None if it.is_same() => CaseOutcome::Same,
        None => CaseOutcome::Different,
    };
    CaseResult {
        name: it.name.clone(),
        outcome,
        records: it.seen.as_ref().map_or(0, |it| it.records),
        different: places.len() as u64,
        error: it.problem.as_ref().map(|sentence| Failure {
            code: "config".into(),
            sentence: sentence.clone(),
            cause: None,
        }),
        differences,
    }
}

/// `/ends/kept.out/3/total` is the field `total` of record 3 at `kept.out`.
fn difference(it: &Difference) -> CaseDifference {
    let shown = |value: &Option<Value>| value.as_ref().map(datum::of).unwrap_or_default();
    let mut parts = it.pointer.split('/').skip(1).peekable();
    let mut place = parts.next().unwrap_or_default().to_owned();
    if matches!(place.as_str(), "ends" | "files" | "kept")
        && let Some(name) = parts.next()
    {
        let name = name.replace("~1", "/").replace("~0", "~");
        place = if place == "ends" { name } else { format!("{place} {name}") };
    }
    let index = parts.peek().and_then(|it| it.parse::<u64>().ok());
    if index.is_some() {
        parts.next();
    }
    CaseDifference {
        place,
        index: index.unwrap_or(0),
        pointer: parts.map(|part| format!("/{part}")).collect(),
        expected: shown(&it.expected),
        came: shown(&it.came),
    }
}
