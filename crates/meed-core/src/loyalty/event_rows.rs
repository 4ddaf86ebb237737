//! Stored forms of spends and refunds, and those of the releases before.

use std::collections::BTreeMap;

use super::Damaged;
use super::event::{Moved, PaidBack, PurchaseBody, RefundBody, SpendBody, TakenBack};
use super::packed::{Packed, packed};
use crate::id::Id;
use crate::money::{Exact, Minor};

const FORM: u8 = 1;

packed!(Moved { money, points });

/// The first form of a purchase: nothing of it is paid back, and it moved no other awards.
impl Packed for PurchaseBody {
    fn pack(&self, out: &mut Vec<u8>) {
        self.basket.pack(out);
        self.matched.pack(out);
        self.standing.pack(out);
        self.balance.pack(out);
        self.is_offline.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        Ok(Self {
            basket: Packed::unpack(input)?,
            matched: Packed::unpack(input)?,
            standing: Packed::unpack(input)?,
            balance: Packed::unpack(input)?,
            is_offline: Packed::unpack(input)?,
            moved: Moved::default(),
        })
    }
}

/// The second form of a purchase: what is paid back follows.
const WITH_BACK: u8 = FORM + 1;
/// The third form: what is paid back, if anything, and what it moved follow.
const WITH_MOVED: u8 = FORM + 2;

impl PurchaseBody {
    /// Reads the stored form, and those before it.
    pub fn from_row(row: &[u8]) -> Result<Self, Damaged> {
        match row.first() {
            Some(&WITH_BACK) => {
                let (mut body, back): (Self, PaidBack) = super::packed::from_row(WITH_BACK, row)?;
                body.standing.back = Some(back);
                Ok(body)
            }
            Some(&WITH_MOVED) => {
                let (mut body, (back, moved)): (Self, (Option<PaidBack>, Moved)) = super::packed::from_row(WITH_MOVED, row)?;
                (body.standing.back, body.moved) = (back, moved);
                Ok(body)
            }
            _ => super::packed::from_row(FORM, row),
        }
    }

    /// The stored form.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        let form = match (self.moved == Moved::default(), &self.standing.back) {
            (false, _) => WITH_MOVED,
            (true, Some(_)) => WITH_BACK,
            (true, None) => FORM,
        };
        let mut row = super::packed::to_row(form, self);
        match (form, &self.standing.back) {
            (WITH_MOVED, back) => (*back, self.moved).pack(&mut row),
            (_, Some(back)) => back.pack(&mut row),
            (_, None) => {}
        }
        row
    }
}

packed!(SecondSpend { asked, spent, system_reference, description, balance, system, classification, extra });
packed!(EarlierSpend { asked, spent, system_reference, description, balance });
packed!(EarlierRefund { lines, given_back, paid_back, taken_back, granted, note, balance });

/// The first form of a spend: without the sending system.
struct EarlierSpend {
    asked: Minor,
    spent: Minor,
    system_reference: Option<String>,
    description: Option<String>,
    balance: Minor,
}

/// The second form of a spend, which the wallet covers.
struct SecondSpend {
    asked: Minor,
    spent: Minor,
    system_reference: Option<String>,
    description: Option<String>,
    balance: Minor,
    system: Option<String>,
    classification: Option<String>,
    extra: BTreeMap<String, String>,
}

/// The third form of a spend: what is uncovered follows.
const WITH_UNCOVERED: u8 = FORM + 2;
/// The fourth form of a spend: what is uncovered, what was paid in points, and what it moved follow.
const WITH_POINTS: u8 = FORM + 3;

/// What was paid or came back in points, and what awards moved.
type More = ((Minor, Minor), Moved);

impl SpendBody {
    /// Reads the stored form, and those before it.
    pub fn from_row(row: &[u8]) -> Result<Self, Damaged> {
        let (second, (uncovered, (points, moved))): (SecondSpend, (Minor, More)) = match row.first() {
            Some(&FORM) => {
                let EarlierSpend { asked, spent, system_reference, description, balance } = super::packed::from_row(FORM, row)?;
                let (system, classification, extra) = (None, None, BTreeMap::new());
                (SecondSpend { asked, spent, system_reference, description, balance, system, classification, extra }, (0, More::default()))
            }
            Some(&WITH_UNCOVERED) => {
                super::packed::from_row(WITH_UNCOVERED, row).map(|(second, uncovered)| (second, (uncovered, More::default())))?
            }
            Some(&WITH_POINTS) => super::packed::from_row(WITH_POINTS, row)?,
            _ => (super::packed::from_row(FORM + 1, row)?, (0, More::default())),
        };
        let SecondSpend { asked, spent, system_reference, description, balance, system, classification, extra } = second;
        Ok(Self { asked, spent, points, moved, uncovered, system_reference, description, balance, system, classification, extra })
    }

    /// The stored form.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        let Self { asked, spent, points, moved, uncovered, system_reference, description, balance, system, classification, extra } =
            self.clone();
        let second = SecondSpend { asked, spent, system_reference, description, balance, system, classification, extra };
        match (uncovered, (points, moved) == More::default()) {
            (0, true) => super::packed::to_row(FORM + 1, &second),
            (_, true) => super::packed::to_row(WITH_UNCOVERED, &(second, uncovered)),
            _ => super::packed::to_row(WITH_POINTS, &(second, (uncovered, (points, moved)))),
        }
    }
}

/// The first form of a refund: nothing of it came back in points, or nobody wrote down how many.
struct EarlierRefund {
    lines: Vec<(u32, (Minor, Exact))>,
    given_back: Minor,
    paid_back: Minor,
    taken_back: Vec<TakenBack>,
    granted: Vec<(Id, (Id, Minor))>,
    note: Option<String>,
    balance: Minor,
}

/// The second form of a refund: what came back in points and what it moved follow.
const BACK_IN_POINTS: u8 = FORM + 1;

impl RefundBody {
    /// Reads the stored form, and the one before it.
    pub fn from_row(row: &[u8]) -> Result<Self, Damaged> {
        let (earlier, (points, moved)): (EarlierRefund, More) = match row.first() {
            Some(&BACK_IN_POINTS) => super::packed::from_row(BACK_IN_POINTS, row)?,
            _ => (super::packed::from_row(FORM, row)?, More::default()),
        };
        let EarlierRefund { lines, given_back, paid_back, taken_back, granted, note, balance } = earlier;
        Ok(Self { lines, given_back, points, moved, paid_back, taken_back, granted, note, balance })
    }

    /// The stored form.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        let Self { lines, given_back, points, moved, paid_back, taken_back, granted, note, balance } = self.clone();
        let earlier = EarlierRefund { lines, given_back, paid_back, taken_back, granted, note, balance };
        if (points, moved) == More::default() {
            return super::packed::to_row(FORM, &earlier);
        }
        super::packed::to_row(BACK_IN_POINTS, &(earlier, (points, moved)))
    }
}
