//! Reading sales.

use meed_core::command::SaleRow;
use meed_core::id::Id;
use meed_core::sale::{unpack, unpack_cells};

use super::Reader;
use crate::batch::load::{sale_row, version};
use crate::error::StoreError;
use crate::sql;
use crate::value::{RowView, Value};

/// A sale as a scan hands it on: borrowed, to be looked at at once.
pub struct SaleScan<'a> {
    /// Record id.
    pub id: Id,
    /// Where it came from.
    pub source: Id,
    /// `u:` and the unique id, or `c:` and a checksum.
    pub identity: &'a str,
    /// Business time in nanoseconds UTC.
    pub at_ns: i64,
    /// Version.
    pub version: i32,
    /// Recorded time of this version.
    pub recorded_us: i64,
    /// Packed facts.
    pub facts: &'a [u8],
}

/// A former version of a sale.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct StoredVersion {
    pub version: i32,
    pub recorded_us: i64,
    pub import: Option<Id>,
    pub line: Option<i64>,
    pub facts: Vec<u8>,
}

/// A version that was replaced: sale, version, recorded time, packed facts.
pub type Replaced = (Id, i32, i64, Vec<u8>);

fn scanned(row: &dyn RowView) -> Result<SaleScan<'_>, StoreError> {
    Ok(SaleScan {
        id: row.id(0)?,
        source: row.id(1)?,
        identity: row.text(2)?,
        at_ns: row.int(3)?,
        version: version(row.int(4)?)?,
        recorded_us: row.int(5)?,
        facts: row.bytes(6)?,
    })
}

fn business_time(facts: &[u8]) -> Result<i64, StoreError> {
    let sale = unpack(facts).map_err(|e| StoreError::broken(e.to_string()))?;
    i64::try_from(sale.at.as_nanosecond()).map_err(|e| StoreError::broken(e.to_string()))
}

impl Reader<'_> {
    /// A sale by record id.
    pub fn sale(&mut self, workspace: Id, id: Id) -> Result<Option<SaleRow>, StoreError> {
        let mut found = None;
        self.session.query(&sql::sale::BY_ID, &[workspace.into(), id.into()], &mut |row| {
            found = Some(sale_row(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Sales by record id, in any order.
    pub fn sales_by_id(&mut self, workspace: Id, ids: &[Id]) -> Result<Vec<SaleRow>, StoreError> {
        let keys: Vec<Vec<Value>> = ids.iter().map(|id| vec![(*id).into()]).collect();
        let mut found = Vec::new();
        self.session.query_set(&sql::sale::BY_ID_SET, workspace.0, &keys, &mut |row| {
            found.push(sale_row(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Sales by identity within a source, in any order; those that do not exist are left out.
    pub fn sales_by_identity(&mut self, workspace: Id, source: Id, identities: &[String]) -> Result<Vec<SaleRow>, StoreError> {
        let keys: Vec<Vec<Value>> = identities.iter().map(|identity| vec![source.into(), identity.as_str().into()]).collect();
        let mut found = Vec::new();
        self.session.query_set(&sql::sale::BY_IDENTITY_SET, workspace.0, &keys, &mut |row| {
            found.push(sale_row(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// A page of the sales of some days, latest day first. `after` is the (day, id) of the last one seen.
    pub fn sales_page(
        &mut self,
        workspace: Id,
        days: (i64, i64),
        after: Option<(i64, Id)>,
        limit: i64,
    ) -> Result<Vec<SaleRow>, StoreError> {
        let (day, id) = after.map_or((i64::MAX, i64::MAX), |(day, id)| (day, id.0));
        let params = [workspace.into(), days.0.into(), days.1.into(), day.into(), id.into(), limit.into()];
        let mut page = Vec::new();
        self.session.query(&sql::sale::PAGE, &params, &mut |row| {
            page.push(sale_row(row)?);
            Ok(())
        })?;
        Ok(page)
    }

    /// How many sales lie within some days.
    pub fn count_sales(&mut self, workspace: Id, days: (i64, i64)) -> Result<i64, StoreError> {
        let mut count = 0;
        self.session.query(&sql::sale::COUNT_DAYS, &[workspace.into(), days.0.into(), days.1.into()], &mut |row| {
            count = row.int(0)?;
            Ok(())
        })?;
        Ok(count)
    }

    /// How many sales of some days were recorded or changed after a point in recorded time.
    pub fn count_changed_sales(&mut self, workspace: Id, days: (i64, i64), after_us: i64) -> Result<i64, StoreError> {
        let mut count = 0;
        let params = [workspace.into(), days.0.into(), days.1.into(), after_us.into()];
        self.session.query(&sql::sale::CHANGED_IN_DAYS, &params, &mut |row| {
            count = row.int(0)?;
            Ok(())
        })?;
        Ok(count)
    }

    /// Sales per day, for charts.
    pub fn sales_per_day(&mut self, workspace: Id, days: (i64, i64)) -> Result<Vec<(i64, i64)>, StoreError> {
        let mut counts = Vec::new();
        self.session.query(&sql::sale::PER_DAY, &[workspace.into(), days.0.into(), days.1.into()], &mut |row| {
            counts.push((row.int(0)?, row.int(1)?));
            Ok(())
        })?;
        Ok(counts)
    }

    /// The smallest and the greatest record id.
    pub fn sale_id_bounds(&mut self, workspace: Id) -> Result<(Id, Id), StoreError> {
        let mut bounds = (Id(0), Id(0));
        self.session.query(&sql::sale::ID_BOUNDS, &[workspace.into()], &mut |row| {
            bounds = (row.id(0)?, row.id(1)?);
            Ok(())
        })?;
        Ok(bounds)
    }

    /// Hands on every sale with `after < id <= until`, in record order: one pass over the table.
    pub fn scan_sales(
        &mut self,
        workspace: Id,
        after: Id,
        until: Id,
        each: &mut dyn FnMut(&SaleScan<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.session.query(&sql::sale::SCAN, &[workspace.into(), after.into(), until.into()], &mut |row| each(&scanned(row)?))
    }

    /// The same for so many of the first of them, or of the last from the last on.
    pub fn scan_sales_page(
        &mut self,
        workspace: Id,
        (after, until): (Id, Id),
        (is_upward, limit): (bool, usize),
        each: &mut dyn FnMut(&SaleScan<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let statement = if is_upward { &sql::sale::SCAN_UP } else { &sql::sale::SCAN_DOWN };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [workspace.into(), after.into(), until.into(), Value::Int(limit)];
        self.session.query(statement, &values, &mut |row| each(&scanned(row)?))
    }

    /// Hands on every sale of some days, by day: for a period that is a small part of the history.
    pub fn scan_days(
        &mut self,
        workspace: Id,
        days: (i64, i64),
        each: &mut dyn FnMut(&SaleScan<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.session.query(&sql::sale::BY_DAYS, &[workspace.into(), days.0.into(), days.1.into()], &mut |row| each(&scanned(row)?))
    }

    /// Hands on every sale as it was known at `known_us`, in record order. What was recorded later is not seen.
    pub fn scan_sales_known_at(
        &mut self,
        workspace: Id,
        known_us: i64,
        each: &mut dyn FnMut(&SaleScan<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.session.query(&sql::sale::KNOWN_AT, &[workspace.into(), known_us.into()], &mut |row| {
            let facts = row.bytes(6)?;
            let at_ns = match row.opt_int(3)? {
                Some(at_ns) => at_ns,
                None => business_time(facts)?,
            };
            let (id, source, identity) = (row.id(0)?, row.id(1)?, row.text(2)?);
            each(&SaleScan { id, source, identity, at_ns, version: version(row.int(4)?)?, recorded_us: row.int(5)?, facts })
        })
    }

    /// Layout and original cells of a sale.
    pub fn original(&mut self, workspace: Id, sale: Id) -> Result<Option<(Id, Vec<String>)>, StoreError> {
        Ok(self.originals(workspace, &[sale])?.pop().map(|(_, layout, cells)| (layout, cells)))
    }

    /// Layout and original cells of several sales, in any order.
    pub fn originals(&mut self, workspace: Id, sales: &[Id]) -> Result<Vec<(Id, Id, Vec<String>)>, StoreError> {
        let keys: Vec<Vec<Value>> = sales.iter().map(|id| vec![(*id).into()]).collect();
        let mut found = Vec::new();
        self.session.query_set(&sql::sale::ORIGINALS, workspace.0, &keys, &mut |row| {
            let cells = unpack_cells(row.bytes(2)?).map_err(|e| StoreError::broken(e.to_string()))?;
            found.push((row.id(0)?, row.id(1)?, cells));
            Ok(())
        })?;
        Ok(found)
    }

    /// Former versions of a sale, oldest first.
    pub fn sale_versions(&mut self, workspace: Id, sale: Id) -> Result<Vec<StoredVersion>, StoreError> {
        let mut versions = Vec::new();
        self.session.query(&sql::sale::VERSIONS, &[workspace.into(), sale.into()], &mut |row| {
            versions.push(StoredVersion {
                version: version(row.int(0)?)?,
                recorded_us: row.int(1)?,
                import: row.opt_id(2)?,
                line: row.opt_int(3)?,
                facts: row.bytes(4)?.to_vec(),
            });
            Ok(())
        })?;
        Ok(versions)
    }

    /// Former versions of several sales; those of one sale oldest first.
    pub fn versions_of(&mut self, workspace: Id, sales: &[Id]) -> Result<Vec<(Id, StoredVersion)>, StoreError> {
        let keys: Vec<Vec<Value>> = sales.iter().map(|id| vec![(*id).into()]).collect();
        let mut found = Vec::new();
        self.session.query_set(&sql::sale::VERSIONS_SET, workspace.0, &keys, &mut |row| {
            let stored = StoredVersion {
                version: version(row.int(1)?)?,
                recorded_us: row.int(2)?,
                import: row.opt_id(3)?,
                line: row.opt_int(4)?,
                facts: row.bytes(5)?.to_vec(),
            };
            found.push((row.id(0)?, stored));
            Ok(())
        })?;
        Ok(found)
    }

    /// Sales whose present version an import brought, in record order from after `after`.
    pub fn sales_of_import(&mut self, workspace: Id, import: Id, after: Id, limit: i64) -> Result<Vec<SaleRow>, StoreError> {
        let mut page = Vec::new();
        self.session.query(&sql::sale::OF_IMPORT, &[workspace.into(), import.into(), after.into(), limit.into()], &mut |row| {
            page.push(sale_row(row)?);
            Ok(())
        })?;
        Ok(page)
    }

    /// Sales that an import brought and something else changed later, at most `limit`.
    pub fn changed_since_import(&mut self, workspace: Id, import: Id, limit: i64) -> Result<Vec<Id>, StoreError> {
        let mut ids = Vec::new();
        self.session.query(&sql::sale::CHANGED_SINCE_IMPORT, &[workspace.into(), import.into(), limit.into()], &mut |row| {
            ids.push(row.id(0)?);
            Ok(())
        })?;
        Ok(ids)
    }

    /// Versions that were current at `as_of_us` and have been replaced since: (sale, version, recorded time, facts), by
    /// sale and version. With the current rows not younger than that time they are the pool as it was known then.
    pub fn replaced_since(&mut self, workspace: Id, as_of_us: i64) -> Result<Vec<Replaced>, StoreError> {
        let mut rows = Vec::new();
        self.session.query(&sql::sale::REPLACED_SINCE, &[workspace.into(), as_of_us.into()], &mut |row| {
            rows.push((row.id(0)?, version(row.int(1)?)?, row.int(2)?, row.bytes(3)?.to_vec()));
            Ok(())
        })?;
        // Of several former versions the last one not after that time was current.
        rows.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        Ok(rows)
    }
}
