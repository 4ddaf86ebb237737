//! Sales against their identities, their former versions and their own facts.

use jiff::Timestamp;
use meed_core::command::{Head, day_number, is_taken_back};
use meed_core::id::{Id, Kind};
use meed_core::sale::unpack;

use super::Check;
use super::ledger::ALWAYS;
use crate::error::StoreError;
use crate::sql::verify as sql;

impl Check<'_> {
    pub(super) fn sales(&mut self, head: &Head) -> Result<(), StoreError> {
        let (mut count, mut all, mut last) = (0i64, 0u64, Id(0));
        // (sale, recorded time of its first version), until its present one was read.
        let mut first: Option<(Id, i64)> = None;
        self.each(&sql::SALES, &ALWAYS, &mut |notes, row| {
            let (id, version, recorded_us) = (row.id(0)?, row.int(1)?, row.int(2)?);
            let place = id.text(Kind::Sale);
            if first.is_none_or(|(sale, _)| sale != id) {
                first = Some((id, recorded_us));
            }
            let created_us = first.map_or(recorded_us, |(_, created_us)| created_us);
            notes.equal("created_us", &place, row.int(11)?, created_us);
            let sale = match unpack(row.bytes(8)?) {
                Ok(sale) => sale,
                Err(error) => {
                    notes.differ("facts", format!("version {version} of {place}"), error, "a readable sale");
                    return Ok(());
                }
            };
            // Former versions keep neither day nor business time.
            if let Some(day) = row.opt_int(9)? {
                count += i64::from(!is_taken_back(row.bytes(8)?));
                all += 1;
                last = last.max(id);
                notes.equal("day", &place, day, day_of(sale.at, head));
                notes.equal("at_ns", &place, i128::from(row.int(10)?), sale.at.as_nanosecond());
            }
            Ok(())
        })?;
        if head.sale_count != count {
            self.differ("sale_count", "workspace row", head.sale_count, count);
        }
        if head.last_id < last {
            self.differ("last_id", "workspace row", head.last_id, format!("at least {last}"));
        }
        self.report.sales += all;
        self.none_of(&sql::LOST_IDENTITIES, &[], "sale_identity", "no sale of this identity")?;
        self.none_of(&sql::TWIN_SALES, &[], "twin", "one sale for one identity")?;
        self.none_of(&sql::LOST_ORIGINALS, &[], "sale_original", "no such sale")?;
        self.none_of(&sql::LOST_VERSIONS, &[], "sale_version", "no such sale, or a later version of it")?;
        self.none_of(&sql::MISSING_VERSIONS, &[], "sale_version", "each version before the present one")
    }
}

fn day_of(at: Timestamp, head: &Head) -> i64 {
    day_number(at.to_zoned(head.zone.clone()).date())
}
