//! The shelf: flows as the journal keeps them, compiled when somebody needs them, with the authority their person gave.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use engine::{Authority, Filled, Library, Live};
use journal::{Hash, Journal};
use model::document::{Access, Fill, Flow, parse};
use model::{Record, Value};
use plan::{Checked, Item, Kinds, Plan, Resource};
use sdk::{Code, Connection, NodeError};

use crate::accounts::Account;
use crate::contract::{Refusal, RefusalCode};
use crate::held::{Answers, Held, hold};
use crate::vault::Vault;

/// Runs of a text that was only tried stand under the flow's id with this at its end: they share no state with the real ones.
pub(crate) const TRY: &str = "~try";
/// The same for rehearsals; whatever is found under such an id is compiled with its effects held, also after a restart.
pub(crate) const REHEARSAL: &str = "~rehearsal";

/// The id of the flow itself.
pub(crate) fn base(flow: &str) -> &str {
    flow.split('~').next().unwrap_or(flow)
}

/// Compiled versions kept; the least are few, and compiling is quick.
const KEPT: usize = 256;

/// Finds flows. A clone is the same shelf.
#[derive(Clone)]
pub(crate) struct Shelf(Arc<Inner>);

struct Inner {
    journal: Journal,
    kinds: Arc<Kinds>,
    vault: Arc<Vault>,
    lives: Mutex<HashMap<(String, Hash), Arc<Live>>>,
    accounts: Mutex<HashMap<String, Arc<Account>>>,
    held: Held,
}

/// What a flow has been given.
#[derive(Default)]
pub(crate) struct Given {
    /// Slot values by name.
    pub(crate) slots: HashMap<String, serde_json::Value>,
    /// (node, resource) pairs.
    pub(crate) grants: HashSet<(String, String)>,
}

impl Shelf {
    pub(crate) fn new(journal: Journal, kinds: Arc<Kinds>, vault: Arc<Vault>) -> Shelf {
        Shelf(Arc::new(Inner {
            journal,
            kinds,
            vault,
            lives: Mutex::default(),
            accounts: Mutex::default(),
            held: Held::default(),
        }))
    }

    /// The catalogue.
    pub(crate) fn kinds(&self) -> &Arc<Kinds> {
        &self.0.kinds
    }

    /// What rehearsals held back.
    pub(crate) fn held(&self) -> &Held {
        &self.0.held
    }

    /// What a flow was given.
    pub(crate) fn given(&self, flow: &str) -> Result<Given, NodeError> {
        let flow = base(flow);
        let read = self.0.journal.read(|it| Ok((it.slots(flow)?, it.grants(flow)?)));
        let (slots, grants) = read.map_err(|e| storage(&e))?;
        Ok(Given {
            slots: slots
                .into_iter()
                .filter_map(|(name, text)| Some((name.to_string(), serde_json::from_str(&text).ok()?)))
                .collect(),
            grants: grants.into_iter().map(|it| (it.node.to_string(), it.resource.to_string())).collect(),
        })
    }

    /// A connection by its name, the same object for all flows, so that they share its pool.
    pub(crate) fn account(&self, name: &str) -> Result<Option<Arc<Account>>, NodeError> {
        if let Some(account) = self.accounts().get(name) {
            return Ok(Some(account.clone()));
        }
        let rows = self.0.journal.read(|it| it.connections()).map_err(|e| storage(&e))?;
        let Some(row) = rows.iter().find(|row| row.id == name) else { return Ok(None) };
        let account = Arc::new(Account::stored(row, self.0.vault.clone()));
        Ok(Some(self.accounts().entry(name.into()).or_insert(account).clone()))
    }

    /// Forgets a connection that changed, and every flow compiled with it.
    pub(crate) fn forget_account(&self, name: &str) {
        self.accounts().remove(name);
        self.lives().clear();
    }

    /// Forgets what was compiled of a flow: its slots, grants or text changed.
    pub(crate) fn forget(&self, flow: &str) {
        self.lives().retain(|(id, _), _| base(id) != flow);
    }

    fn accounts(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Account>>> {
        self.0.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lives(&self) -> std::sync::MutexGuard<'_, HashMap<(String, Hash), Arc<Live>>> {
        self.0.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks a document.
    pub(crate) fn check(&self, document: &Flow) -> Checked {
        plan::compile(document, &*self.0.kinds)
    }

    /// What a document would touch.
    pub(crate) fn touches(&self, document: &Flow) -> Vec<Item> {
        plan::authority(document, &*self.0.kinds)
    }

    /// The authority a flow has, for the engine.
    pub(crate) fn authority(&self, document: &Flow, given: &Given) -> Result<Authority, NodeError> {
        let mut slots = HashMap::new();
        for (name, slot) in &document.slots {
            if let Some(filled) = self.filled(&slot.fill, given.slots.get(name.as_str()))? {
                slots.insert(name.to_string(), filled);
            }
        }
        let mut grants = given.grants.clone();
        for item in self.touches(document) {
            // filling in an address lets its step call that address, and no other
            if let Resource::AddressSlot { slot } = &item.resource
                && let Some(address) = given.slots.get(slot).and_then(|it| it.as_str())
                && let Some((host, port)) = crate::connections::host_and_port(address, None, 443)
            {
                grants.insert((item.node.to_string(), format!("host:{host}:{port}")));
                if crate::sharing::is_near(&host) {
                    grants.insert((item.node.to_string(), "local".into()));
                }
            }
        }
        Ok(Authority { slots, grants })
    }

    fn filled(&self, fill: &Fill, value: Option<&serde_json::Value>) -> Result<Option<Filled>, NodeError> {
        let text = value.and_then(|it| it.as_str());
        Ok(match fill {
            Fill::Connection(_) => match text {
                Some(name) => self.account(name)?.map(|it| Filled::Connection(it as Arc<dyn Connection>)),
                None => None,
            },
            Fill::Folder(access) => text.map(|path| Filled::Folder {
                path: path.into(),
                reads: *access != Access::Write,
                writes: *access != Access::Read,
            }),
            Fill::Flow(_) => text.map(|id| Filled::Flow(id.into())),
            Fill::Number(default) => {
                let default = default.as_ref().map(|it| serde_json::Value::Number(it.clone()));
                value.cloned().or(default).map(|it| Filled::Plain(plain(&it)))
            }
            Fill::Text(default) => {
                let default = default.as_ref().map(|it| serde_json::Value::from(it.as_str()));
                value.cloned().or(default).map(|it| Filled::Plain(plain(&it)))
            }
            Fill::Bool(default) => {
                let default = default.map(serde_json::Value::from);
                value.cloned().or(default).map(|it| Filled::Plain(plain(&it)))
            }
        })
    }

    /// A document ready to run under what its flow was given.
    pub(crate) fn ready(&self, flow: &str, document: &Flow) -> Result<Arc<Live>, NodeError> {
        let checked = self.check(document);
        let Some(plan) = checked.plan else {
            let first = checked.diagnostics.iter().find(|it| it.is_error()).map(ToString::to_string);
            let why = first.unwrap_or_else(|| "it cannot be planned".into());
            return Err(NodeError::new(
                Code::Config,
                format!("The flow {} cannot run: {why}", document.name),
            ));
        };
        let authority = self.authority(document, &self.given(flow)?)?;
        if flow.ends_with(REHEARSAL) {
            let answers = self.answers(flow, document, &plan)?;
            return Ok(Arc::new(Live::new(flow, &hold(&plan, &self.0.held, &answers), authority)));
        }
        Ok(Arc::new(Live::new(flow, &plan, authority)))
    }

    /// What held steps answer: what is pinned to them, else what the first case that knows gives for them.
    fn answers(&self, flow: &str, document: &Flow, plan: &Plan) -> Result<Answers, NodeError> {
        let pins = self.0.journal.read(|it| it.pins(base(flow))).map_err(|e| storage(&e))?;
        let mut answers = Answers::new();
        for case in document.cases.values() {
            let given = model::json::parse(case.given.as_str().as_bytes()).ok();
            let stand_ins = given.as_ref().and_then(Value::as_record).and_then(|it| it.get("stand_ins"));
            for (node, values) in stand_ins.and_then(Value::as_record).into_iter().flat_map(Record::iter) {
                let values = values.as_list().unwrap_or_default();
                let values = values.iter().filter_map(|it| engine::case::unmarked(it).ok()).collect();
                answers.entry(node.to_string()).or_insert(values);
            }
        }
        for (node, _, bytes) in pins {
            let Some(step) = plan.steps.iter().find(|step| step.id == node) else { continue };
            let records = model::codec::decode_records(&bytes).unwrap_or_default();
            let answer = |record: &Record| record.get(&step.answer_field).cloned();
            answers.insert(node.to_string(), records.iter().filter_map(answer).collect());
        }
        answers.retain(|_, values| !values.is_empty());
        Ok(answers)
    }

    /// The text of a version: by hash, or the live one, or the newest.
    fn text(&self, flow: &str, hash: Option<&Hash>) -> Result<Option<(Hash, String)>, NodeError> {
        let live = live_version(&self.0.journal, flow)?;
        let found = self.0.journal.read(|it| match hash {
            Some(hash) => Ok(it.flow_by_hash(flow, hash)?.map(|text| (*hash, text))),
            None => {
                let versions = it.versions(flow)?;
                let row = versions.iter().find(|row| Some(row.version) == live).or(versions.first());
                let Some(row) = row else { return Ok(None) };
                Ok(it.flow_text(flow, row.version)?.map(|text| (row.hash, text)))
            }
        });
        let found = found.map_err(|e| storage(&e))?;
        Ok(found.map(|(hash, text)| (hash, String::from_utf8_lossy(&text).into_owned())))
    }
}

impl Library for Shelf {
    fn live(&self, flow: &str, hash: Option<&Hash>) -> Result<Arc<Live>, NodeError> {
        if let Some(hash) = hash
            && let Some(live) = self.lives().get(&(flow.to_owned(), *hash))
        {
            return Ok(live.clone());
        }
        let missing = || NodeError::new(Code::NotFound, format!("There is no flow {flow} any more."));
        let (hash, text) = self.text(flow, hash)?.ok_or_else(missing)?;
        if let Some(live) = self.lives().get(&(flow.to_owned(), hash)) {
            return Ok(live.clone());
        }
        let document = parse(&text).map_err(|found| {
            let first = found.first().map(ToString::to_string).unwrap_or_default();
            NodeError::new(Code::Damaged, format!("The stored text of flow {flow} cannot be read: {first}"))
        })?;
        let live = self.ready(flow, &document)?;
        let mut lives = self.lives();
        if lives.len() >= KEPT {
            lives.clear();
        }
        Ok(lives.entry((flow.to_owned(), hash)).or_insert(live).clone())
    }
}

/// The name of the setting that tells which version of a flow is live.
pub(crate) fn live_key(flow: &str) -> String {
    format!("flow/{flow}/live")
}

/// The version of a flow that is live, when one was made so.
pub(crate) fn live_version(journal: &Journal, flow: &str) -> Result<Option<u32>, NodeError> {
    let stored = journal.read(|it| it.setting(&live_key(flow))).map_err(|e| storage(&e))?;
    Ok(stored.and_then(|bytes| String::from_utf8_lossy(&bytes).parse().ok()))
}

fn plain(value: &serde_json::Value) -> Value {
    model::json::from_serde(value)
}

fn storage(error: &journal::Error) -> NodeError {
    NodeError::new(Code::Unavailable, error.to_string())
}

/// The grant's text for a resource; none for what filling a slot or arming allows, and for what cannot be allowed at all.
pub(crate) fn grant_text(resource: &Resource) -> Option<String> {
    match resource {
        Resource::Schedule { .. } => None,
        other => other.grant(),
    }
}

/// Whether a flow may touch a thing now.
pub(crate) fn is_granted(item: &Item, given: &Given) -> bool {
    match &item.resource {
        // who arms a flow lets its clock run
        Resource::Schedule { .. } => true,
        Resource::FolderSlot { slot, .. }
        | Resource::AddressSlot { slot, .. }
        | Resource::Connection { slot, .. }
        | Resource::Flow { slot } => given.slots.contains_key(slot),
        Resource::Unknown { .. } => false,
        Resource::Host { .. } | Resource::Folder { .. } | Resource::Hook { .. } => grant_text(&item.resource)
            .is_some_and(|text| {
                given.grants.contains(&(item.node.to_string(), text.clone()))
                    || given.grants.contains(&("*".into(), text))
            }),
    }
}

/// The first thing that has to be filled or allowed before a flow may run.
pub(crate) fn missing(document: &Flow, touches: &[Item], given: &Given) -> Option<Refusal> {
    let open = document.slots.iter().find(|(name, slot)| {
        let has_default = match &slot.fill {
            Fill::Number(default) => default.is_some(),
            Fill::Text(default) => default.is_some(),
            Fill::Bool(default) => default.is_some(),
            Fill::Connection(_) | Fill::Folder(_) | Fill::Flow(_) => false,
        };
        !has_default && !given.slots.contains_key(name.as_str())
    });
    if let Some((name, slot)) = open {
        let sentence = format!("Fill {name} first: {} is needed.", slot.fill.noun());
        return Some(Refusal::new(RefusalCode::NeedsYou, sentence).at(format!("/slots/{name}")));
    }
    let item = touches.iter().find(|item| !is_granted(item, given))?;
    let sentence = format!("The step {} {}. Allow it first.", item.node, item.sentence);
    Some(Refusal::new(RefusalCode::NeedsYou, sentence).at(format!("/nodes/{}", item.node)))
}
