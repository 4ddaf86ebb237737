//! The audit chain, with the digest of every command computed again from the rows that it wrote.

use std::fmt::Write;

use meed_core::audit::{self, AuditLine, ChainDifference, Fault, GENESIS, Hash};
use meed_core::command::{CommandDigest, Head, RecordPart, SalePart, record_hash, reward_hash, sale_hash, statement_hash};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::event_hash;

use super::tills::move_row;
use super::{Check, Notes, WINDOW};
use crate::batch::load::{reward_row, version};
use crate::batch::load_till::{event_row, lot_row};
use crate::error::StoreError;
use crate::read::transfer_row;
use crate::sql::{till, verify as sql};
use crate::value::RowView;

/// An audit line with its digest in the making.
struct Line {
    line: AuditLine,
    digest: CommandDigest,
}

/// A stretch of the chain, in order of recorded time.
struct Window {
    lines: Vec<Line>,
    after_us: i64,
    until_us: i64,
}

impl Window {
    /// The line of the command that was recorded then. A row without one is a difference.
    fn at(&mut self, notes: &mut Notes<'_>, recorded_us: i64, what: &str, id: Id) -> Option<&mut Line> {
        let found = self.lines.binary_search_by_key(&recorded_us, |line| line.line.recorded_us);
        if found.is_err() {
            notes.differ("audit", format!("{what} {id}"), format!("recorded at {recorded_us}"), "no audit line of that time");
        }
        found.ok().and_then(|index| self.lines.get_mut(index))
    }
}

impl Check<'_> {
    /// Checks the chain from its beginning, window by window.
    pub(super) fn chain(&mut self, head: &Head) -> Result<(), StoreError> {
        let mut last: Option<AuditLine> = None;
        loop {
            let (mut window, is_last) = self.window(last)?;
            self.digest_rows(&mut window)?;
            self.report.commands += window.lines.len() as u64;
            let end = window.lines.last().map(|line| line.line);
            let mut digests = std::collections::HashMap::with_capacity(window.lines.len());
            let mut lines = Vec::with_capacity(window.lines.len());
            for Line { line, digest } in window.lines {
                digests.insert(line.command, digest.finish());
                lines.push(line);
            }
            // Sorted by time to find them; the chain is judged in order of number.
            lines.sort_unstable_by_key(|line| line.number);
            let end_head = is_last.then_some((head.audit_number, head.audit_hash));
            for found in audit::verify(lines.iter().copied(), last, end_head, |command| digests.get(&command).copied()) {
                let recorded = lines.iter().find(|line| line.number == found.number && line.command == found.command);
                self.chain_difference(&found, recorded, head)?;
            }
            last = lines.last().copied().or(last);
            if is_last {
                let recorded_us = end.map_or(0, |line| line.recorded_us);
                if head.last_recorded_us < recorded_us {
                    self.differ("last_recorded_us", "workspace row", head.last_recorded_us, format!("at least {recorded_us}"));
                }
                return Ok(());
            }
        }
    }

    /// The next lines behind `last`, and whether no more follow.
    fn window(&mut self, last: Option<AuditLine>) -> Result<(Window, bool), StoreError> {
        let mut lines = Vec::new();
        let mut previous = last.map_or(GENESIS, |line| line.hash);
        self.each(&sql::LINES, &[last.map_or(i64::MIN, |line| line.number), WINDOW], &mut |_, row| {
            let hash = hash_of(row, 7)?;
            let line =
                AuditLine { number: row.int(0)?, command: row.id(1)?, recorded_us: row.int(2)?, digest: hash_of(row, 6)?, previous, hash };
            previous = hash;
            lines.push(Line { line, digest: CommandDigest::new(row.text(3)?, row.text(4)?, row.text(5)?) });
            Ok(())
        })?;
        let is_last = i64::try_from(lines.len()).is_ok_and(|count| count < WINDOW);
        lines.sort_by_key(|line| line.line.recorded_us);
        let until_us = if is_last { i64::MAX } else { lines.last().map_or(i64::MAX, |line| line.line.recorded_us) };
        Ok((Window { lines, after_us: last.map_or(i64::MIN, |line| line.recorded_us), until_us }, is_last))
    }

    /// Puts every journal row of the window into the digest of its command, in the order of the encoding.
    fn digest_rows(&mut self, window: &mut Window) -> Result<(), StoreError> {
        let range = [window.after_us, window.until_us];
        self.digest_commands(window)?;
        self.each(&sql::SALES, &range, &mut |notes, row| {
            let (id, recorded_us, salt) = (row.id(0)?, row.int(2)?, row.int(7)?);
            let content = sale_hash(salt, row.text(4)?, row.bytes(8)?);
            let (version, source, import, line) = (version(row.int(1)?)?, row.id(3)?, row.opt_id(5)?, row.opt_int(6)?);
            if let Some(of) = window.at(notes, recorded_us, "sale", id) {
                of.digest.sale(&SalePart { id, version, source, import, line, content });
            }
            Ok(())
        })?;
        self.each(&sql::RECORD_VERSIONS, &range, &mut |notes, row| {
            let (kind, id, deleted) = (row.int(0)?, row.id(1)?, row.int(3)? != 0);
            let part = RecordPart { kind, id, version: version(row.int(2)?)?, deleted, content: record_hash(row.int(4)?, row.text(5)?) };
            let command = row.id(7)?;
            if let Some(of) = window.at(notes, row.int(6)?, "record", id) {
                of.digest.record(&part);
                let expected = of.line.command;
                notes.equal("command", format!("version {} of record {id}", part.version), command, expected);
            }
            Ok(())
        })?;
        self.each(&sql::REWARDS, &range, &mut |notes, row| {
            let reward = reward_row(row)?;
            let place = reward.id.text(Kind::Reward);
            let Some(explanation) = row.opt_text(18)? else {
                notes.differ("explanation", place, "none", "one");
                return Ok(());
            };
            if let Some(of) = window.at(notes, reward.recorded_us, "reward", reward.id) {
                of.digest.reward(reward.id, &reward_hash(&reward, explanation));
            }
            Ok(())
        })?;
        self.each(&sql::STATEMENTS, &range, &mut |notes, row| {
            let statement = crate::read::statement_row(row)?;
            let place = statement.id.text(Kind::Statement);
            if let Some(of) = window.at(notes, statement.recorded_us, "statement", statement.id) {
                of.digest.statement(statement.id, &statement_hash(&statement));
                let number = of.line.number;
                notes.equal("audit_to", place, statement.audit_to, number);
            }
            Ok(())
        })?;
        self.each(&till::EVENTS, &range, &mut |notes, row| {
            let event = event_row(row)?;
            if let Some(of) = window.at(notes, event.recorded_us, "till event", event.id) {
                of.digest.till_event(event.id, &event_hash(&event));
            }
            Ok(())
        })?;
        self.each(&sql::TRANSFERS, &range, &mut |notes, row| {
            let transfer = transfer_row(row)?;
            if let Some(of) = window.at(notes, transfer.recorded_us, "transfer", transfer.id) {
                of.digest.transfer(&transfer);
                let (command, place) = (of.line.command, transfer.id.text(Kind::Transfer));
                notes.equal("command", place, transfer.command, command);
            }
            Ok(())
        })?;
        self.each(&till::LOTS, &range, &mut |notes, row| {
            let lot = lot_row(row)?;
            if let Some(of) = window.at(notes, lot.recorded_us, "lot", lot.id) {
                of.digest.lot(&lot);
            }
            Ok(())
        })?;
        self.each(&till::MOVES, &range, &mut |notes, row| {
            let step = move_row(row)?;
            if let Some(of) = window.at(notes, step.recorded_us, "lot move", step.transfer) {
                of.digest.lot_move(&step);
            }
            Ok(())
        })
    }

    /// Identities. One without an audit line belongs to a command that had no effect: a stored refusal.
    fn digest_commands(&mut self, window: &mut Window) -> Result<(), StoreError> {
        let mut last = None;
        self.each(&sql::COMMANDS, &[window.after_us, window.until_us], &mut |notes, row| {
            let (recorded_us, source, key) = (row.int(0)?, row.id(1)?, row.text(2)?);
            if last.replace(recorded_us) == Some(recorded_us) {
                notes.differ("twin", format!("command `{key}`"), format!("recorded at {recorded_us}"), "one command at a time");
            }
            let fingerprint = hash_of(row, 3)?;
            if let Ok(index) = window.lines.binary_search_by_key(&recorded_us, |line| line.line.recorded_us) {
                window.lines[index].digest.identity(source, key, &fingerprint);
            }
            Ok(())
        })
    }

    fn chain_difference(&mut self, found: &ChainDifference, recorded: Option<&AuditLine>, head: &Head) -> Result<(), StoreError> {
        let mut place = format!("audit line {}", found.number);
        // The first eight bytes are enough to tell hashes apart.
        let hex = |hash: &Hash| format!("{:016x}…", u64::from_be_bytes(hash[..8].try_into().unwrap_or_default()));
        let line = recorded.copied();
        let (what, stored, computed) = match found.fault {
            Fault::Number { expected } => ("audit_number", found.number.to_string(), expected.to_string()),
            Fault::Recorded { previous_us } => {
                ("recorded_time", line.map_or(0, |line| line.recorded_us).to_string(), format!("above {previous_us}"))
            }
            Fault::Previous { expected } => ("audit_previous", line.map_or(String::new(), |line| hex(&line.previous)), hex(&expected)),
            Fault::Hash { expected } => ("audit_hash", line.map_or(String::new(), |line| hex(&line.hash)), hex(&expected)),
            Fault::Head { expected } => ("audit_head", format!("{} {}", head.audit_number, hex(&head.audit_hash)), hex(&expected)),
            Fault::Digest { expected } => {
                if let Some(line) = line {
                    place.push_str(&self.rows_of(line.recorded_us)?);
                }
                ("digest", line.map_or(String::new(), |line| hex(&line.digest)), hex(&expected))
            }
        };
        self.differ(what, place, stored, computed);
        Ok(())
    }

    /// The rows that a command wrote, for whoever looks for the one that was changed.
    fn rows_of(&mut self, recorded_us: i64) -> Result<String, StoreError> {
        let range = [recorded_us - 1, recorded_us];
        let mut rows = Vec::new();
        for (statement, column, kind) in [
            (&sql::TRANSFERS, 0, Some(Kind::Transfer)),
            (&sql::SALES, 0, Some(Kind::Sale)),
            (&sql::REWARDS, 0, Some(Kind::Reward)),
            (&sql::STATEMENTS, 0, Some(Kind::Statement)),
            (&till::EVENTS, 0, Some(Kind::Purchase)),
            (&till::LOTS, 0, Some(Kind::Lot)),
            (&sql::RECORD_VERSIONS, 1, None),
        ] {
            self.each(statement, &range, &mut |_, row| {
                let id = row.id(column)?;
                rows.push(kind.map_or_else(|| format!("record {id}"), |kind| id.text(kind)));
                Ok(())
            })?;
        }
        let more = rows.len().saturating_sub(8);
        rows.truncate(8);
        let mut text = format!(", which wrote {}", if rows.is_empty() { "nothing that is left".to_owned() } else { rows.join(", ") });
        if more > 0 {
            let _ = write!(text, " and {more} more rows");
        }
        Ok(text)
    }
}

fn hash_of(row: &dyn RowView, column: usize) -> Result<Hash, StoreError> {
    row.bytes(column)?.try_into().map_err(|_| StoreError::broken(format!("column {column} is not a hash")))
}
