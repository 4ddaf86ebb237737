//! Stored forms of spends and refunds, and those of the releases before.

use std::collections::BTreeMap;

use super::Damaged;
use super::event::{RefundBody, SpendBody, TakenBack};
use super::packed::packed;
use crate::id::Id;
use crate::money::{Exact, Minor};

const FORM: u8 = 1;

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
/// The fourth form of a spend: what is uncovered and what was paid in points follow.
const WITH_POINTS: u8 = FORM + 3;

impl SpendBody {
    /// Reads the stored form, and those before it.
    pub fn from_row(row: &[u8]) -> Result<Self, Damaged> {
        let (second, (uncovered, points)): (SecondSpend, (Minor, (Minor, Minor))) = match row.first() {
            Some(&FORM) => {
                let EarlierSpend { asked, spent, system_reference, description, balance } = super::packed::from_row(FORM, row)?;
                let (system, classification, extra) = (None, None, BTreeMap::new());
                (SecondSpend { asked, spent, system_reference, description, balance, system, classification, extra }, (0, (0, 0)))
            }
            Some(&WITH_UNCOVERED) => {
                super::packed::from_row(WITH_UNCOVERED, row).map(|(second, uncovered)| (second, (uncovered, (0, 0))))?
            }
            Some(&WITH_POINTS) => super::packed::from_row(WITH_POINTS, row)?,
            _ => (super::packed::from_row(FORM + 1, row)?, (0, (0, 0))),
        };
        let SecondSpend { asked, spent, system_reference, description, balance, system, classification, extra } = second;
        Ok(Self { asked, spent, points, uncovered, system_reference, description, balance, system, classification, extra })
    }

    /// The stored form.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        let Self { asked, spent, points, uncovered, system_reference, description, balance, system, classification, extra } = self.clone();
        let second = SecondSpend { asked, spent, system_reference, description, balance, system, classification, extra };
        match (uncovered, points) {
            (0, (0, 0)) => super::packed::to_row(FORM + 1, &second),
            (_, (0, 0)) => super::packed::to_row(WITH_UNCOVERED, &(second, uncovered)),
            _ => super::packed::to_row(WITH_POINTS, &(second, (uncovered, points))),
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

/// The second form of a refund: what came back in points follows.
const BACK_IN_POINTS: u8 = FORM + 1;

impl RefundBody {
    /// Reads the stored form, and the one before it.
    pub fn from_row(row: &[u8]) -> Result<Self, Damaged> {
        let (earlier, points): (EarlierRefund, (Minor, Minor)) = match row.first() {
            Some(&BACK_IN_POINTS) => super::packed::from_row(BACK_IN_POINTS, row)?,
            _ => (super::packed::from_row(FORM, row)?, (0, 0)),
        };
        let EarlierRefund { lines, given_back, paid_back, taken_back, granted, note, balance } = earlier;
        Ok(Self { lines, given_back, points, paid_back, taken_back, granted, note, balance })
    }

    /// The stored form.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        let Self { lines, given_back, points, paid_back, taken_back, granted, note, balance } = self.clone();
        let earlier = EarlierRefund { lines, given_back, paid_back, taken_back, granted, note, balance };
        match points {
            (0, 0) => super::packed::to_row(FORM, &earlier),
            _ => super::packed::to_row(BACK_IN_POINTS, &(earlier, points)),
        }
    }
}
