//! What a disk holds when power fails: the log of `disk.c`, read back and cut at any place.
//!
//! What was written before a flush began is there for certain when the flush ended before the cut. Of what was written since, a
//! disk may keep any part, in any order, and of a write any sectors. Names of files are taken to be on disk at once.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

const SECTOR: usize = 512;

/// One entry of the log.
enum Entry {
    Write { file: String, offset: usize, data: Vec<u8> },
    Truncate { file: String, length: usize },
    FlushBegun { file: String, thread: u64 },
    FlushEnded { file: String, thread: u64 },
    Rename { from: String, to: String },
    Remove { file: String },
    Sent(Vec<u8>),
}

/// All that happened to a folder, in order.
pub(super) struct Log {
    entries: Vec<Entry>,
    folder: String,
}

/// A file: what is certain, and what was written to it since.
#[derive(Default)]
struct Content {
    certain: Vec<u8>,
    /// By place in the log.
    since: Vec<(usize, Change)>,
}

enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Truncate(length) => content.resize(*length, 0),
            Self::Write(offset, data) => {
                let end = offset + data.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(data);
            }
        }
    }
}

/// Numbers that look random and are the same for a seed.
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }
}

impl Log {
    /// Reads a log of what happened below `folder`.
    pub(super) fn read(path: &Path, folder: &Path) -> Self {
        let bytes = std::fs::read(path).expect("a log");
        let (mut rest, mut entries) = (bytes.as_slice(), Vec::new());
        // A process that is killed may leave half an entry at the end.
        while is_whole(rest) {
            let (kind, name) = (small(&mut rest), small(&mut rest));
            let (offset, length) = (long(&mut rest), long(&mut rest));
            let file = String::from_utf8(take(&mut rest, name).to_vec()).expect("a name");
            let data = take(&mut rest, usize::try_from(length).expect("a length")).to_vec();
            let place = || usize::try_from(offset).expect("an offset");
            entries.push(match char::from(u8::try_from(kind).expect("a kind")) {
                'W' => Entry::Write { file, offset: place(), data },
                'T' => Entry::Truncate { file, length: place() },
                'B' => Entry::FlushBegun { file, thread: offset },
                'E' => Entry::FlushEnded { file, thread: offset },
                'R' => Entry::Rename { from: file, to: String::from_utf8(data).expect("a name") },
                'U' => Entry::Remove { file },
                'A' => Entry::Sent(data),
                other => panic!("the log has an entry of kind {other:?}"),
            });
        }
        Self { entries, folder: folder.to_str().expect("a name").to_owned() }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Where each id was sent first.
    pub(super) fn sent(&self) -> HashMap<&str, usize> {
        const BEFORE: &[u8] = br#""id":""#;
        let mut places = HashMap::new();
        for (place, entry) in self.entries.iter().enumerate() {
            let Entry::Sent(data) = entry else { continue };
            let begins = data.windows(BEFORE.len()).enumerate().filter(|(_, part)| *part == BEFORE).map(|(at, _)| at + BEFORE.len());
            for begin in begins {
                let length = data[begin..].iter().position(|byte| *byte == b'"');
                let id = length.and_then(|length| std::str::from_utf8(&data[begin..begin + length]).ok());
                places.entry(id.expect("an id is sent whole")).or_insert(place);
            }
        }
        places
    }

    /// Where the write-ahead log was begun anew.
    pub(super) fn log_begins(&self) -> Vec<usize> {
        let is_head = |entry: &Entry| matches!(entry, Entry::Write { file, offset: 0, .. } if file.ends_with("-wal"));
        let heads = self.entries.iter().enumerate().filter(|(_, entry)| is_head(entry)).map(|(place, _)| place);
        heads.skip(1).collect()
    }

    /// Writes into `folder` what the disk holds when power fails behind the first `cut` entries. Answers how many writes were
    /// not certain. What of them is kept, `draw` says; without it nothing is.
    pub(super) fn cut(&self, cut: usize, mut draw: Option<Draw>, folder: &Path) -> usize {
        let mut files: BTreeMap<String, Content> = BTreeMap::new();
        let mut flushes: BTreeMap<(&str, u64), usize> = BTreeMap::new();
        for (place, entry) in self.entries[..cut].iter().enumerate() {
            match entry {
                Entry::Write { file, offset, data } => {
                    files.entry(file.clone()).or_default().since.push((place, Change::Write(*offset, data.clone())));
                }
                Entry::Truncate { file, length } => files.entry(file.clone()).or_default().since.push((place, Change::Truncate(*length))),
                Entry::FlushBegun { file, thread } => {
                    flushes.insert((file, *thread), place);
                }
                Entry::FlushEnded { file, thread } => {
                    let begun = flushes.remove(&(file.as_str(), *thread)).expect("what ended was begun");
                    // Folders are flushed, too.
                    let Some(content) = files.get_mut(file.as_str()) else { continue };
                    let later = content.since.partition_point(|(at, _)| *at < begun);
                    for (_, change) in content.since.drain(..later) {
                        change.apply(&mut content.certain);
                    }
                }
                Entry::Rename { from, to } => {
                    let is_moved =
                        |name: &str| name.strip_prefix(from.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                    let moved: Vec<String> = files.keys().filter(|name| is_moved(name)).cloned().collect();
                    for name in moved {
                        let content = files.remove(&name).unwrap_or_default();
                        files.insert(format!("{to}{}", &name[from.len()..]), content);
                    }
                }
                Entry::Remove { file } => {
                    files.remove(file.as_str());
                }
                Entry::Sent(_) => {}
            }
        }
        let mut uncertain = 0;
        // What threads share about the log is memory: it is made anew.
        for (name, content) in files.into_iter().filter(|(name, _)| !name.ends_with("-shm")) {
            let mut bytes = content.certain;
            uncertain += content.since.len();
            for (_, change) in content.since {
                let Some(draw) = &mut draw else { continue };
                match (draw.below(3), &change) {
                    (0, _) => {}
                    (1, Change::Write(offset, data)) => torn(draw, *offset, data, &mut bytes),
                    _ => change.apply(&mut bytes),
                }
            }
            let path = folder.join(name.strip_prefix(&self.folder).expect("it is below the folder").trim_start_matches('/'));
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
            std::fs::write(path, bytes).expect("written");
        }
        uncertain
    }
}

/// Keeps some sectors of a write.
fn torn(draw: &mut Draw, offset: usize, data: &[u8], content: &mut Vec<u8>) {
    for (number, sector) in data.chunks(SECTOR).enumerate() {
        if draw.below(2) == 0 {
            Change::Write(offset + number * SECTOR, sector.to_vec()).apply(content);
        }
    }
}

/// Whether an entry stands there, from its kind to the end of its data.
fn is_whole(mut rest: &[u8]) -> bool {
    if rest.len() < 24 {
        return false;
    }
    let (_, name) = (small(&mut rest), small(&mut rest));
    let (_, length) = (long(&mut rest), long(&mut rest));
    usize::try_from(length).is_ok_and(|length| rest.len() >= name + length)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (part, more) = rest.split_at(length);
    *rest = more;
    part
}

fn small(rest: &mut &[u8]) -> usize {
    let number = u32::from_ne_bytes(take(rest, 4).try_into().expect("4 bytes"));
    usize::try_from(number).expect("a number")
}

fn long(rest: &mut &[u8]) -> u64 {
    u64::from_ne_bytes(take(rest, 8).try_into().expect("8 bytes"))
}
