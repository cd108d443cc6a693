//! The side of a join that is read first: a table in memory, or on disk past the share.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use sdk::{NodeError, Out, Record, Value};

use crate::failure::spilling;
use crate::keys::{KeyTable, fingerprint};
use crate::spill::{Keyed, Sorter, frame_shape, natural, read_frame, write_frame};

const NONE: u32 = u32::MAX;
const FRAME_RECORDS: usize = 64;
/// Frames of the table on disk that are kept in memory.
const KEPT_FRAMES: usize = 64;

/// The right side of a join.
#[derive(Default)]
pub struct Right {
    records: Vec<Record>,
    /// First and last record of each key; `next` links those between.
    heads: KeyTable<(u32, u32)>,
    next: Vec<u32>,
    is_later: Vec<bool>,
    is_matched: Vec<bool>,
    count: usize,
    held_bytes: usize,
    sorter: Option<Sorter>,
    disk: Option<Disk>,
}

/// The table on disk: frames sorted by the fingerprint of the key, and where each begins.
struct Disk {
    file: File,
    frames: Vec<(String, u64)>,
    kept: HashMap<usize, Arc<Vec<Keyed>>>,
}

fn hex(values: &[Value]) -> String {
    fingerprint(values).iter().map(|it| format!("{it:02x}")).collect()
}

impl Right {
    /// Adds a record. A key with a null in it matches nothing.
    pub fn push(&mut self, key: Vec<Value>, record: Record, out: &mut Out<'_>) -> Result<(), NodeError> {
        let has_null = key.iter().any(Value::is_null);
        let at = self.count;
        self.count += 1;
        self.is_matched.push(false);
        if let Some(sorter) = &mut self.sorter {
            let keys = disk_keys(&key, has_null, at);
            return sorter.push(Keyed { keys, record }, out);
        }
        self.held_bytes += 96 + record.size_bytes() + key.iter().map(Value::size_bytes).sum::<usize>();
        self.records.push(record);
        self.next.push(NONE);
        self.is_later.push(false);
        if !has_null {
            let here = at as u32;
            let hash = self.heads.hash(key.iter());
            match self.heads.get_mut(hash, key.iter()) {
                Some((_, last)) => {
                    self.next[*last as usize] = here;
                    self.is_later[at] = true;
                    *last = here;
                }
                None => {
                    self.heads.insert(hash, key.into(), (here, here));
                }
            }
        }
        if self.held_bytes >= out.share_bytes() / 2 || self.count >= NONE as usize {
            self.move_to_disk(out)?;
        }
        Ok(())
    }

    fn move_to_disk(&mut self, out: &mut Out<'_>) -> Result<(), NodeError> {
        let mut keys_of: Vec<Option<Vec<Value>>> = vec![None; self.records.len()];
        for (key, (first, _)) in self.heads.drain() {
            let key = key.into_vec();
            let mut at = first;
            while at != NONE {
                keys_of[at as usize] = Some(key.clone());
                at = self.next[at as usize];
            }
        }
        let mut sorter = Sorter::new(natural());
        for (at, (record, key)) in self.records.drain(..).zip(keys_of).enumerate() {
            let keys = disk_keys(key.as_deref().unwrap_or_default(), key.is_none(), at);
            sorter.push(Keyed { keys, record }, out)?;
        }
        self.next = Vec::new();
        self.is_later = Vec::new();
        self.sorter = Some(sorter);
        Ok(())
    }

    /// All records have come. Gives every record whose key came before to `duplicate`, in input order.
    pub fn end(&mut self, out: &mut Out<'_>, port: usize) -> Result<(), NodeError> {
        let Some(sorter) = self.sorter.take() else {
            for at in 0..self.records.len() {
                if self.is_later[at] {
                    out.emit(port, self.records[at].clone())?;
                }
            }
            return Ok(());
        };
        let mut sorted = sorter.finish();
        let mut file = BufWriter::with_capacity(256 << 10, out.spill()?);
        let shape = frame_shape();
        let (mut frames, mut frame, mut at) = (Vec::new(), Vec::<Keyed>::with_capacity(FRAME_RECORDS), 0);
        let mut later = Sorter::new(natural());
        let mut last = String::new();
        loop {
            let next = sorted.pop()?;
            if next.is_none() || frame.len() == FRAME_RECORDS {
                if let Some(first) = frame.first() {
                    frames.push((print_of(first).to_owned(), at));
                    at += write_frame(&mut file, &frame, &shape)?;
                }
                frame.clear();
            }
            let Some(it) = next else { break };
            let print = print_of(&it);
            if !print.is_empty() && print == last {
                let keys = it.keys[1..].to_vec();
                later.push(Keyed { keys, record: it.record.clone() }, out)?;
            } else {
                print.clone_into(&mut last);
            }
            frame.push(it);
        }
        file.flush().map_err(spilling)?;
        let file = file.into_inner().map_err(spilling)?;
        self.disk = Some(Disk { file, frames, kept: HashMap::new() });
        let mut later = later.finish();
        while let Some(it) = later.pop()? {
            out.emit(port, it.record)?;
        }
        Ok(())
    }

    /// Gives the records with a key to `each`, in input order; they count as matched. The answer is how many there are.
    pub fn find<'k>(
        &mut self,
        key: impl Iterator<Item = &'k Value> + Clone,
        mut each: impl FnMut(&Record) -> Result<(), NodeError>,
    ) -> Result<usize, NodeError> {
        if key.clone().any(Value::is_null) {
            return Ok(0);
        }
        if let Some(disk) = &mut self.disk {
            let values: Vec<Value> = key.cloned().collect();
            let found = disk.find(&hex(&values), &mut self.is_matched)?;
            found.iter().try_for_each(&mut each)?;
            return Ok(found.len());
        }
        let hash = self.heads.hash(key.clone());
        let Some((first, _)) = self.heads.get_mut(hash, key) else { return Ok(0) };
        let (mut at, mut count) = (*first, 0);
        while at != NONE {
            self.is_matched[at as usize] = true;
            each(&self.records[at as usize])?;
            count += 1;
            at = self.next[at as usize];
        }
        Ok(count)
    }

    /// Gives every record that nothing matched to `each`, in input order.
    pub fn unmatched(
        &mut self,
        out: &mut Out<'_>,
        mut each: impl FnMut(Record, &mut Out<'_>) -> Result<(), NodeError>,
    ) -> Result<(), NodeError> {
        let Some(disk) = &mut self.disk else {
            for (record, is_matched) in self.records.iter().zip(&self.is_matched) {
                if !is_matched {
                    each(record.clone(), out)?;
                }
            }
            return Ok(());
        };
        let mut rest = Sorter::new(natural());
        for (_, at) in &disk.frames {
            for it in read_frame(&mut disk.file, *at)?.0 {
                if self.is_matched.get(place_of(&it)) == Some(&false) {
                    rest.push(Keyed { keys: it.keys[1..].to_vec(), record: it.record }, out)?;
                }
            }
        }
        let mut rest = rest.finish();
        while let Some(it) = rest.pop()? {
            each(it.record, out)?;
        }
        Ok(())
    }
}

fn disk_keys(key: &[Value], has_null: bool, at: usize) -> Vec<Value> {
    let print = if has_null { String::new() } else { hex(key) };
    vec![Value::from(print), Value::Number(at.into())]
}

fn print_of(it: &Keyed) -> &str {
    it.keys.first().and_then(Value::as_text).unwrap_or_default()
}

fn place_of(it: &Keyed) -> usize {
    let place = it.keys.get(1).and_then(Value::as_number).and_then(model::Number::to_i64);
    place.and_then(|it| usize::try_from(it).ok()).unwrap_or(usize::MAX)
}

impl Disk {
    fn frame(&mut self, at: usize) -> Result<Arc<Vec<Keyed>>, NodeError> {
        if let Some(frame) = self.kept.get(&at) {
            return Ok(frame.clone());
        }
        let frame = Arc::new(read_frame(&mut self.file, self.frames[at].1)?.0);
        if self.kept.len() >= KEPT_FRAMES {
            self.kept.clear();
        }
        self.kept.insert(at, frame.clone());
        Ok(frame)
    }

    fn find(&mut self, print: &str, is_matched: &mut [bool]) -> Result<Vec<Record>, NodeError> {
        let mut found = Vec::new();
        // equal keys may begin in the frame before the first one that starts with them
        let mut at = self.frames.partition_point(|it| it.0.as_str() < print).saturating_sub(1);
        while at < self.frames.len() && self.frames[at].0.as_str() <= print {
            let frame = self.frame(at)?;
            let from = frame.partition_point(|it| print_of(it) < print);
            for it in frame[from..].iter().take_while(|it| print_of(it) == print) {
                if let Some(flag) = is_matched.get_mut(place_of(it)) {
                    *flag = true;
                }
                found.push(it.record.clone());
            }
            at += 1;
        }
        Ok(found)
    }
}
