//! What the caller knows about a file before it is opened, and the limits that hold while it is read.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::mapping::Mapping;
use crate::values::{DateOrder, DecimalMark};

/// Limits that hold before and while a file is read (`file-intake.md` 9.2, default limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the file as it arrived.
    pub file_bytes: u64,
    /// Bytes of one record (a line, with the lines a quoted cell spans).
    pub line_bytes: u64,
    /// Columns of a record.
    pub columns: u64,
    /// Bytes that all members of a workbook may unpack to.
    pub unpacked_bytes: u64,
    /// How many times larger than packed a workbook may be unpacked.
    pub unpacked_ratio: u64,
    /// Members of a workbook archive.
    pub members: u64,
    /// Bytes of a workbook's texts, styles and lists, each: they are held in memory while it is read.
    #[serde(default = "held_bytes")]
    pub held_bytes: u64,
    /// Columns that may be mapped at once ("Too Many Fields"); `None` allows every target.
    pub mapped_columns: Option<usize>,
}

const fn held_bytes() -> u64 {
    128 << 20
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 1 << 30,
            line_bytes: 1 << 20,
            columns: 2_000,
            unpacked_bytes: 1 << 30,
            unpacked_ratio: 100,
            members: 1_000,
            held_bytes: held_bytes(),
            mapped_columns: None,
        }
    }
}

/// Known names of reps or teams, folded as [`meed_core::people::fold_alias`] does.
#[derive(Clone, Debug, Default)]
pub struct Aliases(Option<Arc<HashSet<String>>>);

impl Aliases {
    /// Folds and keeps the names.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(Some(Arc::new(names.into_iter().map(|n| meed_core::people::fold_alias(n.as_ref())).collect())))
    }

    /// Whether the text is one of the names.
    pub fn contains(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|set| set.contains(&meed_core::people::fold_alias(text)))
    }

    /// Whether there are no names.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|set| set.is_empty())
    }
}

/// What is known about a file and its source. Everything is optional.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Name of the file.
    pub file_name: Option<String>,
    /// ISO code of the currency that the source uses where a file names none.
    pub currency: Option<String>,
    /// ISO code of the currency that is assumed where neither the file nor the source names one.
    pub default_currency: Option<String>,
    /// Which ISO code a currency sign means at this source (`$` → `CAD`).
    pub symbols: BTreeMap<String, String>,
    /// Order of day and month where the file leaves it open.
    pub date_order: Option<DateOrder>,
    /// Decimal separator where the file leaves it open.
    pub decimal: Option<DecimalMark>,
    /// IANA name of the source's time zone; the day of a sale is the day there.
    pub zone: Option<String>,
    /// The day the file arrived: two-digit years are read near it, and no sale lies far beyond it.
    pub today: Option<jiff::civil::Date>,
    /// Aliases of reps.
    pub owners: Aliases,
    /// Aliases of teams and territories.
    pub teams: Aliases,
    /// Who sold the rows that name no rep, by an alias, where the source says it.
    pub owner: Option<String>,
    /// Texts that plans name. A word of a status column that is among them stays as it is written.
    pub plan_words: BTreeSet<String>,
    /// The mapping that was used for this layout before.
    pub remembered: Option<Mapping>,
    /// Encoding chosen by a person.
    pub encoding: Option<String>,
    /// Delimiter chosen by a person.
    pub delimiter: Option<char>,
    /// Line of the header chosen by a person, from 1.
    pub header_line: Option<u64>,
    /// Leaves the library of known layouts out, so that the general rules show what they can do.
    pub without_library: bool,
    /// Limits.
    pub limits: Limits,
}
