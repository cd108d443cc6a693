//! The disk: what is written, what is synced, and what survives.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

const SECTOR: usize = 512;
/// Locks of a shared memory file.
const SLOTS: usize = 8;

/// The error an operation on a dead or failing machine gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Io,
    Busy,
    Missing,
}

enum Unsynced {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

#[derive(Default)]
pub(crate) struct Slot {
    pub(crate) shared: HashSet<u64>,
    pub(crate) exclusive: Option<u64>,
}

/// One file.
#[derive(Default)]
pub(crate) struct File {
    current: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<Unsynced>,
    was_synced: bool,
    pub(crate) regions: Vec<usize>,
    pub(crate) slots: [Slot; SLOTS],
    pub(crate) shared: HashSet<u64>,
    pub(crate) reserved: Option<u64>,
    pub(crate) exclusive: Option<u64>,
}

#[derive(Default)]
struct Machine {
    operations: u64,
    cut_at: Option<u64>,
    fail_sync_in: Option<u64>,
    is_dead: bool,
}

#[derive(Default)]
pub(crate) struct World {
    machines: BTreeMap<String, Machine>,
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) opened: u64,
}

static WORLD: Mutex<Option<World>> = Mutex::new(None);

pub(crate) struct Held(MutexGuard<'static, Option<World>>);

impl Held {
    pub(crate) fn world(&mut self) -> &mut World {
        self.0.get_or_insert_with(World::default)
    }
}

pub(crate) fn hold() -> Held {
    Held(WORLD.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Cuts the power of the machine `folder` at its `count`-th write, truncation or sync from its first.
pub fn cut_after(folder: &str, count: u64) {
    hold().world().machines.entry(folder.to_owned()).or_default().cut_at = Some(count);
}

/// Lets the `count`-th sync from now fail, once, without cutting the power.
pub fn fail_sync_after(folder: &str, count: u64) {
    hold().world().machines.entry(folder.to_owned()).or_default().fail_sync_in = Some(count);
}

/// False once the power is cut.
pub fn has_power(folder: &str) -> bool {
    hold().world().machines.get(folder).is_none_or(|machine| !machine.is_dead)
}

/// Writes, truncations and syncs so far.
pub fn operations(folder: &str) -> u64 {
    hold().world().machines.get(folder).map_or(0, |machine| machine.operations)
}

/// Puts what survives of machine `from` under machine `to`, by the dice of `seed`; the dead machine is forgotten.
pub fn restore(from: &str, to: &str, seed: u64) {
    let mut held = hold();
    let world = held.world();
    world.machines.remove(from);
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let chance = [0, 30, 50, 70, 100][(dice.next() % 5) as usize];
    let names: Vec<String> = world.files.keys().filter(|name| name.starts_with(from)).cloned().collect();
    for name in names {
        let Some(file) = world.files.remove(&name) else { continue };
        if !file.was_synced && dice.next() % 100 >= chance {
            continue;
        }
        let image = file.survivor(&mut dice, chance);
        let file = File { synced: image.clone(), current: image, was_synced: true, ..File::default() };
        world.files.insert(name.replacen(from, to, 1), file);
    }
}

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }
}

fn put(image: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if image.len() < offset + bytes.len() {
        image.resize(offset + bytes.len(), 0);
    }
    image[offset..offset + bytes.len()].copy_from_slice(bytes);
}

impl File {
    fn survivor(self, dice: &mut Dice, chance: u64) -> Vec<u8> {
        let mut image = self.synced;
        for change in self.unsynced {
            match change {
                Unsynced::Truncate(length) => {
                    if dice.next() % 100 < chance {
                        image.resize(length, 0);
                    }
                }
                Unsynced::Write(offset, bytes) => {
                    let mut done = 0;
                    while done < bytes.len() {
                        let place = offset + done;
                        let part = (SECTOR - place % SECTOR).min(bytes.len() - done);
                        if dice.next() % 100 < chance {
                            put(&mut image, place, &bytes[done..done + part]);
                        }
                        done += part;
                    }
                }
            }
        }
        image
    }

    pub(crate) fn is_free_for(&self, id: u64) -> bool {
        self.shared.iter().all(|other| *other == id)
    }
}

impl World {
    /// Counts an operation; an error once the machine is dead. The operation at which it dies is still tried.
    fn tick(&mut self, path: &str) -> Result<bool, Refused> {
        let Some((_, machine)) =
            self.machines.iter_mut().find(|(folder, _)| path.starts_with(folder.as_str()))
        else {
            return Ok(true);
        };
        if machine.is_dead {
            return Err(Refused::Io);
        }
        machine.operations += 1;
        machine.is_dead = machine.cut_at.is_some_and(|at| machine.operations >= at);
        Ok(!machine.is_dead)
    }

    pub(crate) fn check_power(&self, path: &str) -> Result<(), Refused> {
        let is_dead = self
            .machines
            .iter()
            .any(|(folder, machine)| machine.is_dead && path.starts_with(folder.as_str()));
        if is_dead { Err(Refused::Io) } else { Ok(()) }
    }

    pub(crate) fn file(&mut self, path: &str) -> Result<&mut File, Refused> {
        self.files.get_mut(path).ok_or(Refused::Missing)
    }

    pub(crate) fn write(&mut self, path: &str, offset: usize, bytes: &[u8]) -> Result<(), Refused> {
        let lives = self.tick(path)?;
        let file = self.file(path)?;
        put(&mut file.current, offset, bytes);
        file.unsynced.push(Unsynced::Write(offset, bytes.to_vec()));
        if lives { Ok(()) } else { Err(Refused::Io) }
    }

    pub(crate) fn truncate(&mut self, path: &str, length: usize) -> Result<(), Refused> {
        let lives = self.tick(path)?;
        let file = self.file(path)?;
        file.current.resize(length, 0);
        file.unsynced.push(Unsynced::Truncate(length));
        if lives { Ok(()) } else { Err(Refused::Io) }
    }

    pub(crate) fn sync(&mut self, path: &str) -> Result<(), Refused> {
        if !self.tick(path)? {
            return Err(Refused::Io);
        }
        let machine = self.machines.iter_mut().find(|(folder, _)| path.starts_with(folder.as_str()));
        if let Some(left) = machine.and_then(|(_, machine)| machine.fail_sync_in.as_mut()) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.machines.values_mut().for_each(|machine| machine.fail_sync_in = None);
                return Err(Refused::Io);
            }
        }
        let file = self.file(path)?;
        file.synced.clone_from(&file.current);
        file.unsynced.clear();
        file.was_synced = true;
        Ok(())
    }

    pub(crate) fn size(&mut self, path: &str) -> Result<usize, Refused> {
        self.check_power(path)?;
        Ok(self.file(path)?.current.len())
    }

    /// Copies what is there; returns how much.
    pub(crate) fn read(&mut self, path: &str, offset: usize, into: &mut [u8]) -> Result<usize, Refused> {
        self.check_power(path)?;
        let current = &self.file(path)?.current;
        let from = offset.min(current.len());
        let count = into.len().min(current.len() - from);
        into[..count].copy_from_slice(&current[from..from + count]);
        into[count..].fill(0);
        Ok(count)
    }
}
