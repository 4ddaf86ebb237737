//! The digest of one command: every journal row that it wrote, in an order that stored rows give back (`ledger.md` §10).
//!
//! Opened by actor, action and subject; then the identity, if the command carried one; then sales by (id, version), records
//! by (kind, id, version), rewards with their explanations by id, statements by id, till events by id, transfers by id, lots
//! by id, lot moves by (transfer, lot, kind). The posting path and
//! `meed verify` share this encoding and nothing else.

use super::{Record, RewardRow, StatementRow};
use crate::audit::{Digest, Hash};
use crate::crediting::RewardKind;
use crate::id::Id;
use crate::ledger::{Lot, LotMove, Transfer};
use crate::loyalty::{TillEvent, event_hash};

/// The digest of one command in the making. Rows must be added in the order above.
#[derive(Clone)]
pub struct CommandDigest(Digest);

/// A version of a sale, as the digest covers it. Facts and identity are covered by a salted hash, so that erasing them
/// together with the salt leaves nothing to guess (`ledger.md` §12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct SalePart {
    pub id: Id,
    pub version: i32,
    pub source: Id,
    pub import: Option<Id>,
    pub line: Option<i64>,
    pub content: Hash,
}

/// A version of a record, as the digest covers it; the body by a salted hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RecordPart {
    pub kind: i64,
    pub id: Id,
    pub version: i32,
    pub deleted: bool,
    pub content: Hash,
}

impl CommandDigest {
    /// Opens the digest of a command.
    #[must_use]
    pub fn new(actor: &str, action: &str, subject: &str) -> Self {
        let mut digest = Digest::new();
        digest.text(actor).text(action).text(subject);
        Self(digest)
    }

    /// Adds the identity under which the command will be known for ever.
    pub fn identity(&mut self, source: Id, key: &str, fingerprint: &Hash) {
        self.0.text("identity").id(source).text(key).hash(fingerprint);
    }

    /// Adds a version of a sale.
    pub fn sale(&mut self, part: &SalePart) {
        self.0.text("sale").id(part.id).int(part.version.into()).id(part.source);
        self.0.maybe_id(part.import).maybe_int(part.line).hash(&part.content);
    }

    /// Adds a version of a record.
    pub fn record(&mut self, part: &RecordPart) {
        self.0.text("record").int(part.kind).id(part.id).int(part.version.into()).int(part.deleted.into()).hash(&part.content);
    }

    /// Adds a reward by its [`reward_hash`].
    pub fn reward(&mut self, id: Id, content: &Hash) {
        self.0.text("reward").id(id).hash(content);
    }

    /// Adds a statement by its [`statement_hash`].
    pub fn statement(&mut self, id: Id, content: &Hash) {
        self.0.text("statement").id(id).hash(content);
    }

    /// Adds a till event by its [`event_hash`].
    pub fn till_event(&mut self, id: Id, content: &Hash) {
        self.0.text("till_event").id(id).hash(content);
    }

    /// Adds a lot as it was opened.
    pub fn lot(&mut self, lot: &Lot) {
        lot.digest_into(&mut self.0);
    }

    /// Adds a lot move.
    pub fn lot_move(&mut self, step: &LotMove) {
        step.digest_into(&mut self.0);
    }

    /// Adds a transfer.
    pub fn transfer(&mut self, transfer: &Transfer) {
        transfer.digest_into(&mut self.0);
    }

    /// The digest.
    #[must_use]
    pub fn finish(self) -> Hash {
        self.0.finish()
    }
}

/// The salted hash of a sale's identity and packed facts.
#[must_use]
pub fn sale_hash(salt: i64, identity: &str, facts: &[u8]) -> Hash {
    let mut digest = Digest::new();
    digest.int(salt).text(identity).bytes(facts);
    digest.finish()
}

/// The salted hash of a record's body.
#[must_use]
pub fn record_hash(salt: i64, body: &str) -> Hash {
    let mut digest = Digest::new();
    digest.int(salt).text(body);
    digest.finish()
}

/// The hash of what never changes of a reward, and of its explanation.
#[must_use]
pub fn reward_hash(row: &RewardRow, explanation: &str) -> Hash {
    let mut digest = Digest::new();
    digest.id(row.program).id(row.version).id(row.calculation).int(row.cell_day).int(row.booked_day);
    digest.int(row.owner.kind.code().into()).id(row.owner.id).text(row.unit.code()).int(row.amount).text(&row.exact);
    digest.text(explanation);
    // A plain line is hashed as it was before lines had kinds.
    if row.kind != RewardKind::Commission || !row.line.is_empty() || row.due_day != row.cell_day {
        digest.int(row.kind.code()).text(&row.line).int(row.due_day);
    }
    digest.finish()
}

/// The hash of a statement.
#[must_use]
pub fn statement_hash(row: &StatementRow) -> Hash {
    let mut digest = Digest::new();
    digest.id(row.release).id(row.program).int(row.booked_day).int(row.owner.kind.code().into()).id(row.owner.id);
    digest.int(row.audit_from).int(row.audit_to).text(&row.body);
    digest.finish()
}

/// What a command wrote so far, gathered in any order.
#[derive(Debug, Default)]
pub(super) struct Parts {
    sales: Vec<SalePart>,
    records: Vec<RecordPart>,
    rewards: Vec<(Id, Hash)>,
    statements: Vec<(Id, Hash)>,
    till_events: Vec<(Id, Hash)>,
}

impl Parts {
    pub(super) fn sale(&mut self, row: &super::SaleRow) {
        let content = sale_hash(row.salt, &row.identity, &row.facts);
        self.sales.push(SalePart { id: row.id, version: row.version, source: row.source, import: row.import, line: row.line, content });
    }

    pub(super) fn record(&mut self, record: &Record, salt: i64) {
        let Record { kind, id, version, deleted, ref body, .. } = *record;
        self.records.push(RecordPart { kind: kind.code(), id, version, deleted, content: record_hash(salt, body) });
    }

    pub(super) fn reward(&mut self, row: &RewardRow, explanation: &str) {
        self.rewards.push((row.id, reward_hash(row, explanation)));
    }

    pub(super) fn statement(&mut self, row: &StatementRow) {
        self.statements.push((row.id, statement_hash(row)));
    }

    pub(super) fn till_event(&mut self, event: &TillEvent) {
        self.till_events.push((event.id, event_hash(event)));
    }

    /// Puts everything into the digest, in canonical order.
    pub(super) fn digest_into(mut self, digest: &mut CommandDigest, transfers: &[Transfer]) {
        self.sales.sort_unstable_by_key(|part| (part.id, part.version));
        self.records.sort_unstable_by_key(|part| (part.kind, part.id, part.version));
        self.rewards.sort_unstable();
        self.statements.sort_unstable();
        self.till_events.sort_unstable();
        for part in &self.sales {
            digest.sale(part);
        }
        for part in &self.records {
            digest.record(part);
        }
        for (id, content) in &self.rewards {
            digest.reward(*id, content);
        }
        for (id, content) in &self.statements {
            digest.statement(*id, content);
        }
        for (id, content) in &self.till_events {
            digest.till_event(*id, content);
        }
        for transfer in transfers {
            digest.transfer(transfer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: i64, version: i32) -> SalePart {
        let content = sale_hash(1, "u:A", b"facts");
        SalePart { id: Id(id), version, source: Id(1), import: None, line: Some(3), content }
    }

    fn digest(parts: Parts) -> Hash {
        let mut digest = CommandDigest::new("user:1", "test", "a sale");
        parts.digest_into(&mut digest, &[]);
        digest.finish()
    }

    #[test]
    fn the_order_in_which_a_command_writes_does_not_matter() {
        let forth = Parts { sales: vec![part(1, 1), part(1, 2), part(2, 1)], ..Parts::default() };
        let back = Parts { sales: vec![part(2, 1), part(1, 2), part(1, 1)], ..Parts::default() };
        assert_eq!(digest(forth), digest(back));
    }

    #[test]
    fn every_field_counts() {
        let one = |part: SalePart| digest(Parts { sales: vec![part], ..Parts::default() });
        let whole = one(part(1, 1));
        let others = [
            SalePart { id: Id(2), ..part(1, 1) },
            SalePart { version: 2, ..part(1, 1) },
            SalePart { source: Id(2), ..part(1, 1) },
            SalePart { import: Some(Id(1)), ..part(1, 1) },
            SalePart { line: None, ..part(1, 1) },
            SalePart { content: sale_hash(2, "u:A", b"facts"), ..part(1, 1) },
            SalePart { content: sale_hash(1, "u:B", b"facts"), ..part(1, 1) },
            SalePart { content: sale_hash(1, "u:A", b"fact"), ..part(1, 1) },
        ];
        for other in others {
            assert_ne!(one(other), whole, "{other:?}");
        }
        // A sale and a record, or two kinds of row with the same hash, are not taken for one another.
        let reward = digest(Parts { rewards: vec![(Id(1), [0; 32])], ..Parts::default() });
        let statement = digest(Parts { statements: vec![(Id(1), [0; 32])], ..Parts::default() });
        assert_ne!(reward, statement);
    }
}
