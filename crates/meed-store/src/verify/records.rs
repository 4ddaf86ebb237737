//! Records against the journal of their versions.

use std::collections::BTreeMap;

use meed_core::command::{Head, RecordKind, is_configuration};
use meed_core::id::Id;

use super::Check;
use crate::batch::SET_BACK;
use crate::error::StoreError;
use crate::sql::verify as sql;

/// No database jumped before this time, the first of January 2026.
const JUMPED_SINCE_MS: i64 = 1_767_225_600_000;

impl Check<'_> {
    pub(super) fn records(&mut self, head: &Head) -> Result<(), StoreError> {
        // (kind, id) to the number of versions and the last one.
        let mut versions: BTreeMap<(i64, Id), (i64, i64)> = BTreeMap::new();
        let mut changes = 1;
        self.each(&sql::RECORD_COUNTS, &[], &mut |_, row| {
            let (kind, id, count) = (row.int(0)?, row.id(1)?, row.int(2)?);
            if RecordKind::from_code(kind).is_some_and(is_configuration) {
                changes += count;
            }
            versions.insert((kind, id), (count, row.int(3)?));
            Ok(())
        })?;
        let mut last = Id(0);
        self.each(&sql::RECORDS, &[], &mut |notes, row| {
            let (code, id, version) = (row.int(0)?, row.id(1)?, row.int(2)?);
            last = last.max(id);
            let kind = RecordKind::from_code(code).ok_or_else(|| StoreError::broken(format!("record kind {code}")))?;
            let place = format!("{} {id}", kind.word());
            let known = versions.remove(&(code, id));
            if !kind.is_journaled() {
                // Releases before kept the versions of what names a person.
                let was_kept = matches!(kind, RecordKind::Participant | RecordKind::Means);
                if known.is_some() && !was_kept {
                    notes.differ("record_version", place, "versions", "none for this kind");
                }
                return Ok(());
            }
            if known != Some((version, version)) {
                let stored = known.map_or_else(|| "none".to_owned(), |(count, last)| format!("{count} versions up to {last}"));
                notes.differ("record_version", &place, stored, format!("every version up to {version}"));
            }
            let current = (row.int(3)?, row.text(4)?, row.int(5)?);
            let same = row.opt_int(6)? == Some(current.0) && row.opt_text(7)? == Some(current.1) && row.opt_int(8)? == Some(current.2);
            if !same {
                notes.differ("record", place, format!("version {version}"), "what the journal says of that version");
            }
            Ok(())
        })?;
        for ((kind, id), _) in versions {
            self.differ("record_version", format!("record {id} of kind {kind}"), "versions", "a record");
        }
        // Where batches may have been lost with a server it jumps, to thousands that are a time in milliseconds.
        let jumped = head.config_version - changes;
        let has_jumped = jumped % SET_BACK == 0 && jumped / SET_BACK >= JUMPED_SINCE_MS;
        if jumped != 0 && !has_jumped {
            self.differ("config_version", "workspace row", head.config_version, changes);
        }
        if head.last_id < last {
            self.differ("last_id", "workspace row", head.last_id, format!("at least {last}"));
        }
        Ok(())
    }
}
