//! A mapping that was used before, and how it is put on a file again (`file-intake.md` section 8).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::states::SaleState;
use super::target::Target;
use super::words::normalise;
use crate::values::{DateOrder, DecimalMark};

/// What is kept per layout after a completed import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Key of the layout.
    pub fingerprint: String,
    /// Every column by its normalised name, with its target.
    pub columns: Vec<Remembered>,
    /// Order of day and month.
    pub date_order: Option<DateOrder>,
    /// Decimal separator.
    pub decimal: Option<DecimalMark>,
    /// ISO code of amounts that name no currency, where the source or a person said it.
    #[serde(default)]
    pub currency: Option<String>,
    /// Who sold the rows that name no rep, by an alias.
    #[serde(default)]
    pub owner: Option<String>,
    /// What words of the status column mean; a word without a state is kept as it is written. `None` where the layout was
    /// last imported before words had states.
    #[serde(default)]
    pub statuses: Option<BTreeMap<String, Option<SaleState>>>,
}

/// One remembered column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Normalised name; repeats carry `#2`, `#3`.
    pub name: String,
    /// Its target.
    pub target: Option<Target>,
}

impl Mapping {
    pub(crate) fn new(headers: &[String], targets: &[Option<Target>], date_order: Option<DateOrder>, decimal: Option<DecimalMark>) -> Self {
        let columns = names(headers).into_iter().zip(targets).map(|(name, target)| Remembered { name, target: *target }).collect();
        Self { fingerprint: fingerprint(headers), columns, date_order, decimal, currency: None, owner: None, statuses: None }
    }

    /// The remembered target of every column of a file, and the names of mapped columns that the file lacks.
    pub(crate) fn apply(&self, headers: &[String]) -> (Vec<Option<&Remembered>>, Vec<String>) {
        let names = names(headers);
        let found = names.iter().map(|n| self.columns.iter().find(|c| c.name == *n)).collect();
        let missing = self.columns.iter().filter(|c| c.target.is_some() && !names.contains(&c.name)).map(|c| c.name.clone()).collect();
        (found, missing)
    }
}

/// Normalised names, repeats numbered.
fn names(headers: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(headers.len());
    for header in headers {
        let base = normalise(header);
        let same = out.iter().filter(|n| **n == base || n.strip_prefix(&base).is_some_and(|r| r.starts_with(" #"))).count();
        out.push(if same == 0 { base } else { format!("{base} #{}", same + 1) });
    }
    out
}

/// Key of a layout: the hex SHA-256 of its set of normalised names, so that moved columns do not change it.
pub(crate) fn fingerprint(headers: &[String]) -> String {
    let mut names = names(headers);
    names.sort_unstable();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|d| char::from_digit(u32::from(d), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_known_by_its_names_in_any_order() {
        let headers = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let one = headers(&["Order ID", "Date", "Amount"]);
        let two = headers(&["date", "AMOUNT", "order_id"]);
        assert_eq!(fingerprint(&one), fingerprint(&two));
        assert_ne!(fingerprint(&one), fingerprint(&headers(&["Order ID", "Date"])));
        let mapping = Mapping::new(&one, &[Some(Target::UniqueId), Some(Target::Date), None], None, None);
        let (found, missing) = mapping.apply(&headers(&["date", "New", "Amount"]));
        let targets: Vec<_> = found.iter().map(|f| f.map(|r| r.target)).collect();
        assert_eq!(targets, [Some(Some(Target::Date)), None, Some(None)]);
        assert_eq!(missing, ["order id"]);
    }
}
