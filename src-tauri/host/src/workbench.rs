//! What the window needs beside flows and runs: health, the catalogue, settings, schedules in words.

use std::ops::RangeInclusive;

use engine::due::Schedule;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use journal::Retention;
use plan::Kinds;

use crate::app::{App, refusal};
use crate::contract::*;
use crate::describe::{contract_word, usual_ports};
use crate::flows::setting;

const SETTINGS: &str = "settings";
const NEXT: usize = 5;
/// Less free space than this is told, bytes.
pub(crate) const LITTLE_ROOM: u64 = 1 << 30;
const MOST_EDITOR_BYTES: usize = 64 << 10;
const DAY_MS: i64 = 86_400_000;
/// Days that runs may be kept.
const DAYS: RangeInclusive<u32> = 1..=3650;
/// Space the journal may be given, GiB.
const GIBS: RangeInclusive<u32> = 1..=1000;

impl App {
    pub(crate) async fn health(&self, _: Nothing) -> Result<Health, Refusal> {
        let stats = self.journal.look(|it| it.stats()).await.map_err(|e| refusal(&e))?;
        let in_state = |wanted: journal::RunState| -> u64 {
            stats.runs.iter().filter(|(_, state, _)| *state == wanted).map(|(_, _, count)| *count).sum()
        };
        let mut troubles = Vec::new();
        // failed records and questions are told in numbers: they are work, not trouble of the engine
        if self.is_paused() {
            troubles.push("The engine is paused: no flow starts by itself.".to_owned());
        }
        // what the system does not tell is no trouble of the engine's
        let disk_free_bytes = self.journal.room().unwrap_or(None);
        if disk_free_bytes.is_some_and(|free| free < LITTLE_ROOM) {
            troubles.push("The disk is nearly full: make room before events have to be refused.".into());
        }
        let rows = self.flow_rows().await?;
        let armed: Vec<String> = rows.iter().filter(|it| it.armed).map(|it| it.flow.to_string()).collect();
        let connections = self.connections_list(Nothing {}).await?.connections;
        let held = connections.into_iter().filter(|it| matches!(it.health, ConnectionHealth::Open { .. }));
        let held_connections: Vec<String> = held.map(|it| it.name).collect();
        for name in &held_connections {
            troubles.push(format!("{name} does not answer; calls to it wait."));
        }
        Ok(Health {
            version: env!("CARGO_PKG_VERSION").into(),
            started_ms: self.started_ms,
            queue: in_state(journal::RunState::Queued),
            running: u32::try_from(in_state(journal::RunState::Running)).unwrap_or(u32::MAX),
            disk_free_bytes,
            disk_used_bytes: stats.bytes,
            disk_budget_bytes: self.retention().await?.budget_bytes,
            memory_bytes: memory_bytes(),
            armed: u32::try_from(armed.len()).unwrap_or(u32::MAX),
            next_fire_ms: armed.iter().filter_map(|flow| self.engine.next_due(flow)).min(),
            held_connections,
            failed: stats.letters,
            questions: stats.questions,
            troubles,
            vault: self.vault.keeping().words().into(),
            hooks: self.hooks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
            paused: self.is_paused(),
        })
    }

    pub(crate) async fn catalogue(&self, _: Nothing) -> Result<Catalogue, Refusal> {
        Ok(catalogue(self.shelf.kinds()))
    }

    pub(crate) async fn settings_get(&self, _: Nothing) -> Result<Settings, Refusal> {
        let stored = self.journal.look(|it| it.setting(SETTINGS)).await.map_err(|e| refusal(&e))?;
        // settings of another version: what is still known holds, the rest is as at first
        Ok(stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    pub(crate) async fn settings_set(&self, settings: Settings) -> Result<Settings, Refusal> {
        let wrong =
            |field: &str, sentence: &str| Err(Refusal::new(RefusalCode::BadRequest, sentence).at(field));
        if !["", "en", "ru", "kk"].contains(&settings.language.as_str()) {
            return wrong("/language", "The languages are en, ru and kk.");
        }
        if !["light", "dark", "system"].contains(&settings.theme.as_str()) {
            return wrong("/theme", "The themes are light, dark and system.");
        }
        if !settings.zone.is_empty() && TimeZone::get(&settings.zone).is_err() {
            return wrong("/zone", "There is no such time zone; use a name like Asia/Almaty.");
        }
        if !DAYS.contains(&settings.keep_days) {
            return wrong("/keep_days", "Runs are kept for 1 to 3650 days.");
        }
        if !GIBS.contains(&settings.budget_gib) {
            return wrong("/budget_gib", "The journal may take 1 to 1000 GiB.");
        }
        if settings.editor.to_string().len() > MOST_EDITOR_BYTES {
            return wrong("/editor", "The editor may remember 64 KiB.");
        }
        let text = serde_json::to_string(&settings)
            .map_err(|e| Refusal::new(RefusalCode::Internal, "The settings cannot be written.").because(e))?;
        self.commit(vec![setting(SETTINGS.into(), &text)]).await?;
        Ok(settings)
    }

    /// How long what is kept is kept, by the person's choice.
    pub(crate) async fn retention(&self) -> Result<Retention, Refusal> {
        let settings = self.settings_get(Nothing {}).await?;
        let usual = Retention::default();
        let kept_ms = i64::from(settings.keep_days) * DAY_MS;
        Ok(Retention {
            failure_ms: kept_ms,
            success_ms: usual.success_ms.min(kept_ms),
            sample_ms: usual.sample_ms.min(kept_ms),
            budget_bytes: u64::from(settings.budget_gib) << 30,
            ..usual
        })
    }

    pub(crate) async fn schedule_next(&self, params: ScheduleNext) -> Result<ScheduleTimes, Refusal> {
        let wrong =
            |sentence: String| Refusal::new(RefusalCode::BadRequest, format!("{sentence}.")).at("/cron");
        let schedule = Schedule::parse(&params.cron, &params.zone).map_err(wrong)?;
        let zone = TimeZone::get(&params.zone).unwrap_or(TimeZone::UTC);
        let mut next = Vec::with_capacity(NEXT);
        let mut at_ms = self.clock.now_ms();
        while next.len() < NEXT {
            let Some(due_ms) = schedule.next_after(at_ms) else { break };
            at_ms = due_ms;
            let local = Timestamp::from_millisecond(due_ms).map(|it| it.to_zoned(zone.clone()));
            let local = local.map(|it| it.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()).unwrap_or_default();
            next.push(ScheduleTime { at_ms: due_ms, local });
        }
        Ok(ScheduleTimes { words: schedule.describe(), next })
    }
}

/// Memory of this process that lies in the computer's own, bytes.
fn memory_bytes() -> Option<u64> {
    // Linux tells it in kB here; the other systems tell it only through calls that are not worth a crate
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// The catalogue of these kinds, by shelf and title.
pub fn catalogue(kinds: &Kinds) -> Catalogue {
    let mut rows: Vec<(usize, KindRow)> =
        kinds.iter().map(|spec| (spec.category as usize, row(spec))).collect();
    rows.sort_by(|(a, left), (b, right)| (a, &left.title).cmp(&(b, &right.title)));
    Catalogue { kinds: rows.into_iter().map(|(_, row)| row).collect() }
}

fn row(spec: &sdk::Spec) -> KindRow {
    let schema = spec.schema();
    let ports = usual_ports(spec);
    let rows = |ports: &[sdk::Port]| -> Vec<PortRow> {
        ports.iter().map(|port| PortRow { name: port.name.clone(), help: port.help.clone() }).collect()
    };
    let connector = spec.kind.split('.').next().unwrap_or(spec.kind);
    KindRow {
        kind: spec.kind.into(),
        title: spec.title.into(),
        help: schema.get("description").and_then(|it| it.as_str()).unwrap_or_default().to_owned(),
        category: category_word(spec.category).into(),
        contract: contract_word(spec.contract).into(),
        version: spec.version,
        inputs: rows(&ports.inputs),
        outputs: rows(&ports.outputs),
        words: spec.words.iter().map(|it| (*it).to_owned()).collect(),
        icon: connector.into(),
        connection: match connector {
            "http" | "rabbitmq" => Some(connector.to_owned()),
            // or sqlite: the slot of the flow says which
            "sql" => Some("postgres".to_owned()),
            _ => None,
        },
        schema,
    }
}

fn category_word(category: sdk::Category) -> &'static str {
    match category {
        sdk::Category::Starts => "starts",
        sdk::Category::Files => "files",
        sdk::Category::Records => "records",
        sdk::Category::Control => "control",
        sdk::Category::Web => "web",
        sdk::Category::Databases => "databases",
        sdk::Category::Queues => "queues",
    }
}
