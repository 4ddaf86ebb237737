//! Reading records.

use meed_core::command::{Record, RecordKind};
use meed_core::id::Id;

use super::Reader;
use crate::batch::load::record_row;
use crate::error::StoreError;
use crate::sql;
use crate::statement::Statement;
use crate::value::Value;

impl Reader<'_> {
    fn record_list(&mut self, statement: &'static Statement, params: &[Value]) -> Result<Vec<Record>, StoreError> {
        let mut records = Vec::new();
        self.session.query(statement, params, &mut |row| {
            records.push(record_row(row)?);
            Ok(())
        })?;
        Ok(records)
    }

    /// All records of a kind that are not deleted, by id.
    pub fn records(&mut self, workspace: Id, kind: RecordKind) -> Result<Vec<Record>, StoreError> {
        self.record_list(&sql::record::LIST, &[workspace.into(), kind.code().into()])
    }

    /// Records of a kind that were written after a recorded time, deleted ones among them, by id.
    pub fn records_changed_since(&mut self, workspace: Id, kind: RecordKind, since_us: i64) -> Result<Vec<Record>, StoreError> {
        self.record_list(&sql::record::CHANGED_SINCE, &[workspace.into(), kind.code().into(), since_us.into()])
    }

    /// Records whose natural key begins with `prefix`, by key.
    pub fn records_by_key_prefix(&mut self, workspace: Id, kind: RecordKind, prefix: &str) -> Result<Vec<Record>, StoreError> {
        let end = format!("{prefix}\u{10ffff}");
        self.record_list(&sql::record::KEY_RANGE, &[workspace.into(), kind.code().into(), prefix.into(), end.into()])
    }

    /// A page of records, newest first, before the id `before`.
    pub fn records_back(&mut self, workspace: Id, kind: RecordKind, before: Option<Id>, limit: i64) -> Result<Vec<Record>, StoreError> {
        let before = before.map_or(i64::MAX, |id| id.0);
        self.record_list(&sql::record::PAGE_BACK, &[workspace.into(), kind.code().into(), before.into(), limit.into()])
    }

    /// A record by id. Deleted ones are not found.
    pub fn record(&mut self, workspace: Id, kind: RecordKind, id: Id) -> Result<Option<Record>, StoreError> {
        Ok(self.record_even_removed(workspace, kind, id)?.filter(|record| !record.deleted))
    }

    /// A record by id, as it was last if it was removed.
    pub fn record_even_removed(&mut self, workspace: Id, kind: RecordKind, id: Id) -> Result<Option<Record>, StoreError> {
        let key = vec![vec![kind.code().into(), id.into()]];
        let mut found = None;
        self.session.query_set(&sql::record::BY_ID_SET, workspace.0, &key, &mut |row| {
            found = Some(record_row(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// A record by its natural key.
    pub fn record_by_key(&mut self, workspace: Id, kind: RecordKind, key: &str) -> Result<Option<Record>, StoreError> {
        let key = vec![vec![kind.code().into(), key.into()]];
        let mut found = None;
        self.session.query_set(&sql::record::BY_KEY_SET, workspace.0, &key, &mut |row| {
            found = Some(record_row(row)?).filter(|r: &Record| !r.deleted);
            Ok(())
        })?;
        Ok(found)
    }

    /// Every version of a journaled record, oldest first.
    pub fn record_versions(&mut self, workspace: Id, kind: RecordKind, id: Id) -> Result<Vec<Record>, StoreError> {
        self.record_list(&sql::record::VERSIONS, &[workspace.into(), kind.code().into(), id.into()])
    }

    /// Every version recorded within a stretch of recorded time, for the audit log's before and after.
    pub fn record_versions_between(&mut self, workspace: Id, from_us: i64, to_us: i64) -> Result<Vec<Record>, StoreError> {
        self.record_list(&sql::record::VERSIONS_BY_TIME, &[workspace.into(), from_us.into(), to_us.into()])
    }
}
