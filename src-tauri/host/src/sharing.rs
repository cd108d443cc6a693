//! Getting flows in and out; what a flow may touch.

use std::path::{Path, PathBuf};

use journal::{Change, Grant};
use model::document::{Fill, Flow as Document, load, parse, print};

use crate::app::{App, engine_refusal};
use crate::contract::*;
use crate::describe;
use crate::flows::unreadable;
use crate::shelf::{grant_text, is_granted};

/// The gallery is a short list; a folder with more in it is not one.
const MOST_OFFERED: usize = 500;
const README_BYTES: u64 = 256 << 10;

impl App {
    pub(crate) async fn flow_import(&self, params: FlowImport) -> Result<FlowImported, Refusal> {
        let document = parse(&params.text).map_err(|found| unreadable(&found))?;
        let save = FlowSave {
            flow: None,
            text: params.text,
            expected_version: None,
            folder: params.folder,
            note: Some("Imported".into()),
        };
        let saved = self.flow_save(save).await?;
        self.audit("flow.import", &saved.flow, &document.name).await?;
        let given = self.shelf.given(&saved.flow).map_err(|e| engine_refusal(&e))?;
        Ok(FlowImported {
            name: document.name.clone(),
            problems: saved.problems,
            authority: self.authorities(&document, &saved.flow)?,
            slots: describe::slots(&document, &given, self.shelf.kinds()),
            flow: saved.flow,
        })
    }

    fn authorities(&self, document: &Document, flow: &str) -> Result<Vec<Authority>, Refusal> {
        let given = self.shelf.given(flow).map_err(|e| engine_refusal(&e))?;
        let items = self.shelf.touches(document);
        Ok(items
            .into_iter()
            .map(|item| Authority {
                granted: is_granted(&item, &given),
                title: describe::title(document, self.shelf.kinds(), &item.node),
                node: item.node.to_string(),
                resource: item.resource,
                sentence: item.sentence,
            })
            .collect())
    }

    pub(crate) async fn flow_export(&self, params: FlowId) -> Result<FlowExported, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let document = stored.document.map_err(|found| unreadable(&found))?;
        if let Some(refusal) = leaks(&crate::scan::secrets(&document)) {
            return Err(refusal);
        }
        self.audit("flow.export", &params.flow, &document.name).await?;
        let letters = document.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' });
        let name: String = letters.collect::<String>().to_lowercase();
        let name = name.split('-').filter(|it| !it.is_empty()).collect::<Vec<_>>().join("-");
        Ok(FlowExported { name: format!("{name}.flow.json"), text: print(&document) })
    }

    pub(crate) async fn slots_fill(&self, params: SlotsFill) -> Result<Slots, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let document = stored.document.map_err(|found| unreadable(&found))?;
        let slot = document.slots.get(params.slot.as_str()).ok_or_else(|| {
            Refusal::new(RefusalCode::NotFound, format!("The flow has no slot {}.", params.slot)).at("/slot")
        })?;
        let value = match (&slot.fill, &params.value) {
            (_, serde_json::Value::Null) => None,
            (Fill::Flow(_), serde_json::Value::String(wanted)) => Some(self.flow_named(wanted).await?.into()),
            (fill, value) => Some(self.fits(fill, value)?),
        };
        let change = Change::Slot {
            flow: stored.row.flow,
            slot: params.slot.as_str().into(),
            value: value.map(|it| it.to_string()),
        };
        self.commit(vec![change, self.audited("slot.fill", &params.flow, &params.slot)]).await?;
        self.rearm(&params.flow).await?;
        let given = self.shelf.given(&params.flow).map_err(|e| engine_refusal(&e))?;
        Ok(Slots { slots: describe::slots(&document, &given, self.shelf.kinds()) })
    }

    /// A value in the form its slot needs, or why it does not fit.
    pub(crate) fn fits(&self, fill: &Fill, value: &serde_json::Value) -> Result<serde_json::Value, Refusal> {
        let wrong = |sentence: String| Refusal::new(RefusalCode::BadRequest, sentence).at("/value");
        let needed = || wrong(format!("{value} does not fit: {} is needed.", fill.noun()));
        match fill {
            Fill::Connection(system) => {
                let name = value.as_str().ok_or_else(needed)?;
                let account = self.shelf.account(name).map_err(|e| engine_refusal(&e))?;
                let account = account.ok_or_else(|| wrong(format!("There is no connection {name}.")))?;
                let kind = sdk::Connection::kind(&*account);
                if kind != system {
                    return Err(wrong(format!(
                        "The connection {name} is for {kind}; the slot needs {system}."
                    )));
                }
            }
            Fill::Folder(_) => {
                let path = value.as_str().map(Path::new).ok_or_else(needed)?;
                let whole = std::fs::canonicalize(path)
                    .map_err(|why| wrong(format!("The folder {} cannot be used: {why}.", path.display())))?;
                if !whole.is_dir() {
                    return Err(wrong(format!("{} is not a folder.", whole.display())));
                }
                if whole.starts_with(self.journal.folder()) || self.journal.folder().starts_with(&whole) {
                    return Err(wrong(
                        "Arna's own data folder is never given to a flow. Choose another one.".into(),
                    ));
                }
                return Ok(whole.to_string_lossy().into_owned().into());
            }
            Fill::Number(_) if !value.is_number() => return Err(needed()),
            Fill::Text(_) | Fill::Flow(_) if !value.is_string() => return Err(needed()),
            Fill::Bool(_) if !value.is_boolean() => return Err(needed()),
            Fill::Number(_) | Fill::Text(_) | Fill::Flow(_) | Fill::Bool(_) => {}
        }
        Ok(value.clone())
    }

    pub(crate) async fn grants_list(&self, params: FlowId) -> Result<Authorities, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let document = stored.document.map_err(|found| unreadable(&found))?;
        Ok(Authorities { authority: self.authorities(&document, &params.flow)? })
    }

    pub(crate) async fn grants_set(&self, params: GrantsSet) -> Result<Authorities, Refusal> {
        let stored = self.stored(&params.flow).await?;
        let document = stored.document.map_err(|found| unreadable(&found))?;
        let texts = grant_texts(&params.resource).ok_or_else(|| {
            let sentence = "This is allowed by filling its slot, or cannot be allowed at all.";
            Refusal::new(RefusalCode::Refused, sentence).at("/resource")
        })?;
        let asked = self.shelf.touches(&document);
        if params.granted && !asked.iter().any(|it| it.node == params.node && it.resource == params.resource)
        {
            let sentence = format!("The step {} does not ask for this.", params.node);
            return Err(Refusal::new(RefusalCode::BadRequest, sentence).at("/resource"));
        }
        let mut changes = Vec::new();
        for text in texts {
            let grant = Grant {
                flow: stored.row.flow.clone(),
                node: params.node.as_str().into(),
                resource: text.as_str().into(),
            };
            let action = if params.granted { "grant.give" } else { "grant.take" };
            changes.push(self.audited(action, &params.flow, &format!("{} {text}", params.node)));
            changes.push(match params.granted {
                true => Change::Grant(grant, self.clock.now_ms()),
                false => Change::Revoke(grant),
            });
        }
        self.commit(changes).await?;
        self.rearm(&params.flow).await?;
        Ok(Authorities { authority: self.authorities(&document, &params.flow)? })
    }

    fn offered(&self) -> Vec<PathBuf> {
        let Some(gallery) = &self.gallery else { return Vec::new() };
        let Ok(entries) = gallery.read_dir() else { return Vec::new() };
        let mut folders: Vec<PathBuf> = entries
            .flatten()
            .map(|it| it.path())
            .filter(|it| it.join("flow.json").is_file())
            .take(MOST_OFFERED)
            .collect();
        folders.sort();
        folders
    }

    pub(crate) async fn gallery_list(&self, _: Nothing) -> Result<Gallery, Refusal> {
        let row = |folder: PathBuf| {
            let loaded = load(&folder).ok()?;
            let mut kinds: Vec<String> = loaded.flow.nodes.values().map(|it| it.kind.clone()).collect();
            kinds.dedup();
            let needs_account = loaded.flow.slots.values().any(|it| matches!(it.fill, Fill::Connection(_)));
            Some(GalleryRow {
                slug: folder.file_name()?.to_string_lossy().into_owned(),
                about: about(&loaded.flow, &readme(&folder)),
                name: loaded.flow.name,
                kinds,
                runs_at_once: !needs_account,
            })
        };
        Ok(Gallery { flows: self.offered().into_iter().filter_map(row).collect() })
    }

    pub(crate) async fn gallery_get(&self, params: GalleryGet) -> Result<GalleryFlow, Refusal> {
        let missing = || {
            Refusal::new(RefusalCode::NotFound, format!("The gallery has no flow {}.", params.slug))
                .at("/slug")
        };
        // the slug is looked up in the list, so that it never becomes a path
        let folder =
            self.offered().into_iter().find(|it| it.file_name().is_some_and(|it| it == params.slug.as_str()));
        let folder = folder.ok_or_else(missing)?;
        let mut loaded = load(&folder).map_err(|found| unreadable(&found))?;
        // a flow that is taken leaves its folder, and its cases go with it
        engine::case::pack(&mut loaded.flow, &folder)
            .map_err(|sentence| Refusal::new(RefusalCode::Unavailable, sentence).at("/slug"))?;
        Ok(GalleryFlow { slug: params.slug, text: print(&loaded.flow), readme: readme(&folder) })
    }
}

/// Refuses to let a secret leave in a file.
fn leaks(found: &[crate::scan::Finding]) -> Option<Refusal> {
    let first = found.first()?;
    let others = match found.len() - 1 {
        0 => String::new(),
        more => format!(" {more} more such values follow."),
    };
    let sentence = format!(
        "The value at {} looks like {}. Move it to a connection, where it is sealed, and export again.{others}",
        first.pointer, first.what
    );
    Some(Refusal::new(RefusalCode::Refused, sentence).at(&first.pointer))
}

/// What stands in the journal for a resource. A host of this machine or network needs both: its name, and that it may be near.
pub(crate) fn grant_texts(resource: &Resource) -> Option<Vec<String>> {
    let text = grant_text(resource)?;
    let is_near = matches!(resource, Resource::Host { host } if is_near(host));
    Some(if is_near { vec![text, "local".into()] } else { vec![text] })
}

/// Whether a host is this machine or one of its own network.
pub(crate) fn is_near(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    match name.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(it)) => it.is_loopback() || it.is_private() || it.is_link_local(),
        Ok(std::net::IpAddr::V6(it)) => {
            it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local()
        }
        Err(_) => name == "localhost" || name.ends_with(".localhost") || name.ends_with(".local"),
    }
}

fn readme(folder: &Path) -> String {
    let file = folder.join("README.md");
    match std::fs::metadata(&file) {
        Ok(about) if about.len() <= README_BYTES => std::fs::read_to_string(&file).unwrap_or_default(),
        Ok(_) | Err(_) => String::new(),
    }
}

/// What an offered flow is for: its own words, or the first paragraph of its page.
fn about(document: &Document, readme: &str) -> String {
    if let Some(docs) = &document.docs {
        return docs.lines().next().unwrap_or_default().to_owned();
    }
    let body = readme.lines().skip_while(|line| line.starts_with('#') || line.trim().is_empty());
    body.take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ")
}
