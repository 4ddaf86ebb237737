//! Lots: what a wallet is made of (`ledger.md` §1.7, §4). Points and money alike.
//!
//! A lot's id is the id of the transfer that opened it. Every later movement of a wallet names the lots that it changes by
//! lot moves beside its transfer, so the balance of a wallet is the sum of what remains in its lots.

use super::coded::coded;
use crate::audit::Digest;
use crate::id::Id;
use crate::money::{Exact, Minor, Overflow, Rounding, Unit, to_minor};

/// A credit of a wallet with its own expiry and conditions of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// The transfer that opened it.
    pub id: Id,
    /// The participant whose wallet it is in.
    pub participant: Id,
    /// What it counts.
    pub unit: Unit,
    /// What it held at first.
    pub amount: Minor,
    /// The program that gave it, and answers for its use and its expiry.
    pub program: Id,
    /// The program version that says where it may be used; without one it may be used anywhere.
    pub version: Option<Id>,
    /// The sale that earned it.
    pub sale: Option<Id>,
    /// Recorded time from which it may be used, in microseconds UTC.
    pub active_us: i64,
    /// Recorded time from which it may not be used any more, in microseconds UTC.
    pub expires_us: Option<i64>,
    /// The same as it was opened, before anybody extended it.
    pub first_expires_us: Option<i64>,
    /// Number of kinds of condition on it: the more restricted is used first.
    pub rank: i16,
    /// The money value of the whole lot, where its program states a unit cost for points.
    pub cost: Minor,
    /// Recorded time of its opening.
    pub recorded_us: i64,
    /// What is still in it, held or not.
    pub remaining: Minor,
    /// What open holds reserve of it.
    pub held: Minor,
    /// What expired of it and was not used before.
    pub expired: Minor,
    /// Earned, but not matured: still in `pending`.
    pub is_pending: bool,
}

impl Lot {
    /// A lot that stands for an amount without a condition or an end, to reckon with; it is in no wallet.
    #[must_use]
    pub const fn plain(participant: Id, unit: Unit, amount: Minor) -> Self {
        Self {
            id: Id(0),
            participant,
            unit,
            amount,
            program: Id(0),
            version: None,
            sale: None,
            active_us: 0,
            expires_us: None,
            first_expires_us: None,
            rank: 0,
            cost: 0,
            recorded_us: 0,
            remaining: amount,
            held: 0,
            expired: 0,
            is_pending: false,
        }
    }

    /// What may be moved out of it.
    #[must_use]
    pub const fn free(&self) -> Minor {
        self.remaining - self.held
    }

    /// The lot as it was before what is left of it expired.
    #[must_use]
    pub const fn revived(&self) -> Self {
        Self { remaining: self.remaining + self.expired, expired: 0, ..*self }
    }

    /// Whether a spend at `now_us` may use it.
    #[must_use]
    pub fn is_usable(&self, now_us: i64) -> bool {
        !self.is_pending && self.active_us <= now_us && self.expires_us.is_none_or(|expires| now_us < expires)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now_us: i64) -> bool {
        self.expires_us.is_some_and(|expires| expires <= now_us)
    }

    /// The instant at which it must be looked at again: it matures or expires.
    #[must_use]
    pub fn due_us(&self) -> Option<i64> {
        if self.remaining == 0 {
            return None;
        }
        if self.is_pending { Some(self.active_us) } else { self.expires_us }
    }

    /// The money value of the first `used` units of it: rounded cumulatively, so that any parts sum to the whole.
    pub fn worth(&self, used: Minor) -> Result<Minor, Overflow> {
        if self.cost == 0 || self.amount == 0 {
            return Ok(0);
        }
        share(self.cost, used, self.amount)
    }

    /// Adds what never changes to the digest of the command that opened it.
    pub fn digest_into(&self, digest: &mut Digest) {
        digest.text("lot").id(self.id).id(self.participant).text(self.unit.code()).int(self.amount).id(self.program);
        digest.maybe_id(self.version).maybe_id(self.sale).int(self.active_us).maybe_int(self.first_expires_us);
        digest.int(self.rank.into()).int(self.cost);
    }

    /// The order of consumption (`ledger.md` §4.1): soonest expiry, most restricted, oldest, id.
    #[must_use]
    pub fn consumption_key(&self) -> (i64, i16, i64, Id) {
        (self.expires_us.unwrap_or(i64::MAX), -self.rank, self.active_us.min(self.recorded_us), self.id)
    }
}

/// `whole × part ÷ of`, rounded half up: the cumulative rule for a stream of parts (`ledger.md` §1.4).
pub fn share(whole: Minor, part: Minor, of: Minor) -> Result<Minor, Overflow> {
    if of == 0 {
        return Ok(0);
    }
    let product = i128::from(whole).checked_mul(i128::from(part)).ok_or(Overflow)?;
    let (of, negative) = (i128::from(of), (product < 0) != (of < 0));
    let (magnitude, of) = (product.unsigned_abs(), of.unsigned_abs());
    let rounded = (magnitude + of / 2) / of;
    let rounded = Minor::try_from(rounded).map_err(|_| Overflow)?;
    Ok(if negative { -rounded } else { rounded })
}

/// An exact amount of major units in the minor unit of `unit`, half up.
pub(crate) fn minor_of(exact: Exact, unit: Unit) -> Result<Minor, Overflow> {
    to_minor(exact, unit, Rounding::HalfUp)
}

coded! {
    /// What a lot move does to its lot.
    MoveKind {
        /// Reserved by a hold.
        Hold = 1 "hold",
        /// Freed from a hold, used or not.
        Release = 2 "release",
        /// Used.
        Spend = 3 "spend",
        /// Came back from a use.
        Return = 4 "return",
        /// Expired.
        Expire = 5 "expire",
        /// Taken back.
        Claw = 6 "claw",
        /// Netted against what was taken back earlier.
        Net = 7 "net",
        /// Matured: moved from `pending` to `available`.
        Mature = 9 "mature",
        /// Came back from expiry.
        Revive = 10 "revive",
        /// Went to another wallet.
        Transfer = 11 "transfer",
    }
}

/// A change of one lot by one transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotMove {
    /// The transfer.
    pub transfer: Id,
    /// The lot.
    pub lot: Id,
    /// What it does.
    pub kind: MoveKind,
    /// How much, above 0.
    pub amount: Minor,
    /// Recorded time, that of the transfer.
    pub recorded_us: i64,
}

impl LotMove {
    /// Adds it to the digest of its command.
    pub fn digest_into(&self, digest: &mut Digest) {
        digest.text("lot_move").id(self.transfer).id(self.lot).int(self.kind.code().into()).int(self.amount);
    }

    /// What it does to the totals of its lot.
    pub const fn apply(&self, lot: &mut Lot) {
        match self.kind {
            MoveKind::Hold => lot.held += self.amount,
            MoveKind::Release => lot.held -= self.amount,
            MoveKind::Spend | MoveKind::Claw | MoveKind::Net | MoveKind::Transfer => lot.remaining -= self.amount,
            MoveKind::Return => lot.remaining += self.amount,
            MoveKind::Expire => {
                lot.remaining -= self.amount;
                lot.expired += self.amount;
            }
            MoveKind::Revive => {
                lot.remaining += self.amount;
                lot.expired -= self.amount;
            }
            MoveKind::Mature => lot.is_pending = false,
        }
    }
}

/// A lot to write, with its final totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotChange {
    /// The lot.
    pub lot: Lot,
    /// Whether it was opened by this batch.
    pub is_new: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_of_any_parts_sum_to_the_whole(whole in 0i64..1_000_000, parts in prop::collection::vec(1i64..500, 1..12)) {
            let of: i64 = parts.iter().sum();
            let (mut used, mut taken) = (0, 0);
            for part in parts {
                let before = share(whole, used, of).expect("in range");
                used += part;
                let after = share(whole, used, of).expect("in range");
                prop_assert!(after >= before);
                taken += after - before;
            }
            prop_assert_eq!(taken, whole);
        }
    }
}
