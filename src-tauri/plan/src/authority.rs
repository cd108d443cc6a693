//! What a flow would touch, in plain sentences, before anybody lets it. Computed from the document alone: nothing is opened,
//! dialled or looked up.

use model::document::{Access, Fill, Flow, Node, NodeId, quoted};
use schemars::JsonSchema;
use sdk::{Behaviour, Need, Parsed, Start};
use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::places::{Places, places};
use crate::slots;

/// One thing a node would touch; grants are given for exactly these.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// The node.
    #[schemars(with = "String")]
    pub node: NodeId,
    /// What it would touch.
    pub resource: Resource,
    /// The same for a person.
    pub sentence: String,
}

/// What a grant is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Resource {
    /// A host on the network.
    Host {
        /// The host, with its port where one is written; empty when it is made from the records.
        host: String,
    },
    /// The host of the address filled in for a slot.
    AddressSlot {
        /// The slot.
        slot: String,
    },
    /// A folder written in the flow itself.
    Folder {
        /// The path, or its beginning; empty when it is made from the records: then it may lie in any folder given to the flow.
        path: String,
        /// Whether files are written, moved or deleted there.
        writes: bool,
    },
    /// The folder chosen for a slot.
    FolderSlot {
        /// The slot.
        slot: String,
        /// Whether files are written, moved or deleted there.
        writes: bool,
    },
    /// The connection chosen for a slot.
    Connection {
        /// The slot.
        slot: String,
        /// The system: http, postgres, rabbitmq.
        system: String,
    },
    /// A path at which web requests are taken.
    Hook {
        /// The path below `/hooks/`.
        path: String,
    },
    /// The flow chosen for a slot.
    Flow {
        /// The slot.
        slot: String,
    },
    /// Starts by the clock.
    Schedule {
        /// Five cron fields, or `@every 7m`.
        cron: String,
        /// The zone they are read in.
        zone: String,
    },
    /// A kind this program does not know: what it would touch cannot be said, and it cannot run.
    Unknown {
        /// The kind.
        kind: String,
    },
}

impl Resource {
    /// The grant that allows it, as it is kept outside the flow; none for what filling a slot allows, and for what cannot run.
    #[must_use]
    pub fn grant(&self) -> Option<String> {
        match self {
            Self::Host { host } if host.is_empty() => Some("host:*".to_owned()),
            Self::Host { host } => Some(format!("host:{host}")),
            Self::Folder { path, writes } => {
                let path = if path.is_empty() { "*" } else { path };
                Some(format!("folder:{path}:{}", if *writes { "read_write" } else { "read" }))
            }
            Self::Hook { path } => Some(format!("hook:{path}")),
            Self::Schedule { .. } => Some("schedule".to_owned()),
            Self::AddressSlot { .. }
            | Self::FolderSlot { .. }
            | Self::Connection { .. }
            | Self::Flow { .. }
            | Self::Unknown { .. } => None,
        }
    }
}

/// Everything a flow would touch, node by node. Disabled nodes are included: switching one on must not widen what was shown.
#[must_use]
pub fn authority(flow: &Flow, catalogue: &dyn Catalogue) -> Vec<Item> {
    let mut items = Vec::new();
    for (id, node) in &flow.nodes {
        let Some((parsed, places)) = read(node, catalogue) else {
            let sentence = format!(
                "{} is a {} that cannot be read here, so it cannot run",
                quoted(id),
                quoted(&node.kind)
            );
            items.push(Item {
                node: id.clone(),
                resource: Resource::Unknown { kind: node.kind.clone() },
                sentence,
            });
            continue;
        };
        let mut own: Vec<Resource> = Vec::new();
        own.extend(start(flow, &parsed));
        for need in &parsed.needs {
            own.extend(resources(flow, node, need, &places));
        }
        let system = node.connection.as_ref().map(|slot| (slot, slot_system(flow, slot)));
        if let Some((slot, system)) = system
            && !own.iter().any(|resource| matches!(resource, Resource::Connection { .. }))
        {
            own.push(Resource::Connection { slot: slot.clone(), system });
        }
        for resource in own {
            let sentence = sentence(&resource);
            let item = Item { node: id.clone(), resource, sentence };
            if !items.contains(&item) {
                items.push(item);
            }
        }
    }
    items
}

/// What a newer version of a flow would touch beyond what an older one did.
#[must_use]
pub fn wider<'a>(before: &[Item], after: &'a [Item]) -> Vec<&'a Item> {
    let had = |item: &&Item| {
        before.iter().any(|old| old.node == item.node && covers(&old.resource, &item.resource))
    };
    after.iter().filter(|item| !had(item)).collect()
}

/// Whether one resource takes in another: writing takes in reading.
fn covers(old: &Resource, new: &Resource) -> bool {
    match (old, new) {
        (Resource::Folder { path, writes }, Resource::Folder { path: newer, writes: now }) => {
            path == newer && (*writes || !now)
        }
        (Resource::FolderSlot { slot, writes }, Resource::FolderSlot { slot: newer, writes: now }) => {
            slot == newer && (*writes || !now)
        }
        (old, new) => old == new,
    }
}

fn read(node: &Node, catalogue: &dyn Catalogue) -> Option<(Parsed, Places)> {
    let spec = catalogue.spec(&node.kind).filter(|spec| node.version <= spec.version)?;
    Some((spec.parse(&node.config).ok()?, places(&spec.schema(), &node.config)))
}

fn start(flow: &Flow, parsed: &Parsed) -> Option<Resource> {
    let Behaviour::Trigger(trigger) = &parsed.behaviour else { return None };
    match trigger.start() {
        Start::Schedule { cron, zone, missed: _ } => {
            let zone = zone.or_else(|| flow.zone.clone()).unwrap_or_else(|| "UTC".to_owned());
            Some(Resource::Schedule { cron, zone })
        }
        Start::Failure { slot: Some(slot) } => Some(Resource::Flow { slot }),
        Start::Failure { slot: None } | Start::Manual | Start::Hook(_) | Start::Listen | Start::Called => {
            None
        }
    }
}

fn slot_system(flow: &Flow, slot: &str) -> String {
    match flow.slots.get(slot).map(|slot| &slot.fill) {
        Some(Fill::Connection(system)) => system.clone(),
        Some(_) | None => String::new(),
    }
}

fn resources(flow: &Flow, node: &Node, need: &Need, places: &Places) -> Vec<Resource> {
    match need {
        Need::Host { host } if host.is_empty() => {
            let named = slots::texts(flow, places);
            if named.is_empty() {
                return vec![Resource::Host { host: String::new() }];
            }
            named.into_iter().map(|slot| Resource::AddressSlot { slot }).collect()
        }
        Need::Host { host } => vec![Resource::Host { host: host.clone() }],
        Need::Hook { path } => vec![Resource::Hook { path: path.clone() }],
        Need::Flow { slot } => vec![Resource::Flow { slot: slot.clone() }],
        Need::Connection { kind } => {
            let slot = node.connection.clone().unwrap_or_default();
            let filled = slot_system(flow, &slot);
            let system = if filled.is_empty() { kind.clone() } else { filled };
            vec![Resource::Connection { slot, system }]
        }
        Need::Folder { path, writes } if path.is_empty() => {
            let named = slots::folders(flow, places);
            if named.is_empty() {
                return vec![Resource::Folder { path: String::new(), writes: *writes }];
            }
            let of_slot = |(slot, _): (String, Access)| Resource::FolderSlot { slot, writes: *writes };
            named.into_iter().map(of_slot).collect()
        }
        Need::Folder { path, writes } => vec![Resource::Folder { path: path.clone(), writes: *writes }],
    }
}

fn sentence(resource: &Resource) -> String {
    let verb = |writes: bool| if writes { "writes, moves or deletes files" } else { "reads files" };
    match resource {
        Resource::Host { host } if host.is_empty() => {
            "calls a web address that is made from the records as they come".to_owned()
        }
        Resource::Host { host } => format!("calls {host}"),
        Resource::AddressSlot { slot } => format!("calls the address you fill in for {}", quoted(slot)),
        Resource::Folder { path, writes } if path.is_empty() => {
            format!("{} wherever the records point, below the folders given to this flow", verb(*writes))
        }
        Resource::Folder { path, writes } => format!("{} below {}", verb(*writes), quoted(path)),
        Resource::FolderSlot { slot, writes } => {
            format!("{} in the folder you choose for {}", verb(*writes), quoted(slot))
        }
        Resource::Connection { slot, system } if slot.is_empty() => {
            format!("uses a connection to {system}, not yet named")
        }
        Resource::Connection { slot, system } => {
            format!("uses the connection to {system} you choose for {}", quoted(slot))
        }
        Resource::Hook { path } => format!("takes web requests at /hooks/{path}"),
        Resource::Flow { slot } => format!("works with the flow you choose for {}", quoted(slot)),
        Resource::Schedule { cron, zone } => format!("starts by itself: {cron} in {zone}"),
        Resource::Unknown { kind } => {
            format!("is a {} that cannot be read here, so it cannot run", quoted(kind))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_flow_needs_a_grant_and_what_a_slot_names_needs_its_slot_filled() {
        let host = |host: &str| Resource::Host { host: host.into() };
        assert_eq!(host("api.shop.kz").grant().as_deref(), Some("host:api.shop.kz"));
        assert_eq!(host("").grant().as_deref(), Some("host:*"));
        let folder = Resource::Folder { path: "/in".into(), writes: false };
        assert_eq!(folder.grant().as_deref(), Some("folder:/in:read"));
        let anywhere = Resource::Folder { path: String::new(), writes: true };
        assert_eq!(anywhere.grant().as_deref(), Some("folder:*:read_write"));
        assert_eq!(Resource::FolderSlot { slot: "in_".into(), writes: true }.grant(), None);
    }
}
