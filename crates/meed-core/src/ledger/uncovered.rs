//! What an offline till gave away and no lot covers: it waits in `suspense` until a person says who bears it (`ledger.md` §7).

use super::account::{AccountKey, Owner, Purpose};
use super::coded;
use super::refusal::Refusal;
use super::transfer::{Origin, TransferKind};
use super::wallet::{Earning, Wallet, Wallets};
use crate::id::Id;
use crate::money::{Amount, Minor, Unit};

coded! {
    /// Who bears what no lot covered.
    Bearer {
        /// The program, as goodwill.
        Program = 1 "written_off",
        /// The customer: netted from the next earnings.
        Customer = 2 "recovered",
        /// The store, which is not paid for it.
        Store = 3 "store_bears",
    }
}

impl Wallets<'_> {
    /// Books what an offline till gave away and no lot covers: goods are gone, a person decides.
    pub fn uncovered(&mut self, program: Id, amount: Amount, origin: Origin) -> Result<Id, Refusal> {
        let (suspense, redeemed) = (self.suspense(amount.unit), redeemed(program, amount.unit));
        self.post(TransferKind::Uncovered, suspense, redeemed, amount.minor, origin)
    }

    /// Takes an amount out of `suspense`: `bearer` bears it. `original` is the transfer that put it there.
    pub fn bear(
        &mut self,
        (program, wallet): (Id, Wallet),
        bearer: Bearer,
        original: Id,
        minor: Minor,
        origin: Origin,
    ) -> Result<(), Refusal> {
        let suspense = self.suspense(wallet.unit);
        let borne = TransferKind::UncoveredBorne;
        match bearer {
            Bearer::Program => self.post(borne, expense(program, wallet.unit), suspense, minor, origin),
            Bearer::Customer => self.post(borne, wallet.account(Purpose::Recoverable), suspense, minor, origin),
            Bearer::Store => {
                self.reverse(TransferKind::UncoveredReversed, redeemed(program, wallet.unit), suspense, minor, original, origin)
            }
        }
        .map(|_| ())
    }

    /// Takes back part of what no lot covered: its goods came back. Who bore it gets it back; what the customer has paid
    /// already comes into the wallet again. Answers how much that is.
    pub fn uncovered_back(
        &mut self,
        (program, wallet): (Id, Wallet),
        bearer: Option<Bearer>,
        original: Id,
        minor: Minor,
        origin: Origin,
    ) -> Result<Minor, Refusal> {
        let suspense = self.suspense(wallet.unit);
        if bearer != Some(Bearer::Store) {
            self.reverse(TransferKind::UncoveredReversed, redeemed(program, wallet.unit), suspense, minor, original, origin)?;
        }
        let still_owed = match bearer {
            Some(Bearer::Customer) => self.book().posted(&wallet.account(Purpose::Recoverable)).clamp(0, minor),
            _ => 0,
        };
        if still_owed > 0 {
            self.post(TransferKind::UncoveredBorne, suspense, wallet.account(Purpose::Recoverable), still_owed, origin)?;
        }
        let rest = minor - still_owed;
        if rest == 0 || matches!(bearer, None | Some(Bearer::Store)) {
            return Ok(0);
        }
        self.post(TransferKind::UncoveredBorne, suspense, expense(program, wallet.unit), rest, origin)?;
        if bearer != Some(Bearer::Customer) {
            return Ok(0);
        }
        self.earn(&Earning {
            wallet,
            program,
            version: None,
            amount: rest,
            active_us: None,
            expires_us: None,
            rank: 0,
            cost: 0,
            draws: None,
            kind: TransferKind::Goodwill,
            nets: false,
            origin,
        })?;
        Ok(rest)
    }

    fn suspense(&self, unit: Unit) -> AccountKey {
        Owner::workspace(self.workspace).account(Purpose::Suspense, unit)
    }
}

fn redeemed(program: Id, unit: Unit) -> AccountKey {
    Owner::program(program).account(Purpose::Redeemed, unit)
}

fn expense(program: Id, unit: Unit) -> AccountKey {
    Owner::program(program).account(Purpose::Expense, unit)
}
