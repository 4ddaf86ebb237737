//! Calculations: the list, one with its payees, the release and what comes after it.

use askama::Template;

use super::charts::{Gauge, RankChart};
use super::{Amount, Badge, Choice, Chrome, Fact, Figure, FormErrors, Link, Notice, Pager, Tone};

/// Where a calculation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CalculationStatus {
    /// Not run yet.
    #[default]
    Draft,
    /// Figures stand, payees see nothing.
    Calculated,
    /// Payees see their amounts as pending.
    CreditsReleased,
    /// Amounts are confirmed and nothing changes silently any more.
    Released,
    /// Paid.
    Paid,
    /// Taken back.
    Reversed,
}

impl CalculationStatus {
    /// The status in words and colour.
    pub fn badge(self) -> Badge {
        let (text, tone) = match self {
            Self::Draft => ("Draft", Tone::Neutral),
            Self::Calculated => ("Calculated", Tone::Info),
            Self::CreditsReleased => ("Credits released", Tone::Info),
            Self::Released => ("Released", Tone::Good),
            Self::Paid => ("Paid", Tone::Good),
            Self::Reversed => ("Reversed", Tone::Warn),
        };
        Badge::new(text, tone)
    }

    /// The way of a calculation as (title, state), where the state is `done`, `here` or `ahead`.
    pub fn trail(self) -> Vec<(&'static str, &'static str)> {
        let here = match self {
            Self::Draft => 0,
            Self::Calculated => 1,
            Self::CreditsReleased | Self::Released => 2,
            Self::Paid | Self::Reversed => 3,
        };
        let last = if self == Self::Reversed { "Reversed" } else { "Paid" };
        let released = if self == Self::CreditsReleased { "Credits released" } else { "Released" };
        ["Draft", "Calculated", released, last]
            .into_iter()
            .enumerate()
            .map(|(i, title)| {
                let state = match i.cmp(&here) {
                    std::cmp::Ordering::Less => "done",
                    std::cmp::Ordering::Equal => "here",
                    std::cmp::Ordering::Greater => "ahead",
                };
                (title, state)
            })
            .collect()
    }
}

/// One calculation of a list.
#[derive(Clone, Debug, Default)]
pub struct CalculationRow {
    /// Id of the calculation.
    pub id: String,
    /// Name of the program.
    pub program: String,
    /// "March 2026".
    pub period: String,
    /// Where it stands.
    pub status: CalculationStatus,
    /// Sum of its rewards, per currency.
    pub totals: Vec<Amount>,
    /// How many are paid.
    pub payees: u64,
    /// Open alerts.
    pub alerts: u64,
    /// When it was calculated last.
    pub calculated: String,
    /// Sales came or changed since.
    pub stale: bool,
}

/// `GET /calculations`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "calculations.html")]
pub struct CalculationsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Newest period first.
    pub rows: Vec<CalculationRow>,
    /// Field `program` of the form; empty hides the form.
    pub programs: Vec<Choice>,
    /// Field `period`, such as `2026-03` or `2026-Q1`.
    pub periods: Vec<Choice>,
    /// What was wrong with the form.
    pub errors: FormErrors,
    /// Neighbouring pages.
    pub pager: Pager,
}

/// One payee of a calculation.
#[derive(Clone, Debug, Default)]
pub struct PayeeRow {
    /// Name.
    pub name: String,
    /// Team; may be empty.
    pub team: String,
    /// Statement of the payee for the period.
    pub href: String,
    /// How many sales count, in words.
    pub sales: String,
    /// Sum of what is measured; an empty currency is a count or quantity.
    pub basis: Amount,
    /// Attainment, where there is a goal.
    pub attainment: Option<Gauge>,
    /// Reward, rounded.
    pub reward: Amount,
    /// Difference to the calculation before, in words: "+1,204.10"; may be empty.
    pub change: String,
    /// A mark: "Draw", "Capped", "Alert"; an empty text shows none.
    pub mark: Badge,
}

/// A team of a calculation.
#[derive(Clone, Debug, Default)]
pub struct TeamTotalRow {
    /// Its name.
    pub name: Link,
    /// "4 payees".
    pub payees: String,
    /// Attainment of the team, where the plan credits teams and it has a goal.
    pub attainment: Option<Gauge>,
    /// What its members are paid.
    pub reward: Amount,
}

/// Sales that earned nothing, by reason.
#[derive(Clone, Debug, Default)]
pub struct ReasonCount {
    /// The reason in words.
    pub reason: String,
    /// How many sales.
    pub count: u64,
    /// These sales.
    pub href: String,
    /// Warn when somebody should look, neutral when it is as meant.
    pub tone: Tone,
}

/// A difference from an earlier period, posted to this one.
#[derive(Clone, Debug, Default)]
pub struct LateRow {
    /// Who.
    pub payee: Link,
    /// The period whose released figures it belongs to.
    pub origin: Link,
    /// The sale that came late or changed.
    pub sale: Link,
    /// What happened: "Imported after the release".
    pub what: String,
    /// The difference.
    pub amount: Amount,
}

/// `GET /calculations/{id}`
#[derive(Clone, Debug, Template)]
#[template(path = "calculation.html")]
pub struct CalculationPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the calculation.
    pub id: String,
    /// The program.
    pub program: Link,
    /// Version of the program frozen with the run: `v3`.
    pub version: String,
    /// "March 2026".
    pub period: String,
    /// "1 – 31 March 2026, Europe/Berlin".
    pub range: String,
    /// Where it stands.
    pub status: CalculationStatus,
    /// When and by whom it was calculated, released, paid.
    pub history: Vec<Fact>,
    /// Headline numbers.
    pub figures: Vec<Figure>,
    /// Being calculated right now: the page reloads itself until it is done.
    pub running: bool,
    /// Text searched for among the payees; query field `q`.
    pub q: String,
    /// How many payees are listed of how many: "the first 100 of 1,204"; empty when all are.
    pub payees_shown: String,
    /// Payees, largest reward first.
    pub payees: Vec<PayeeRow>,
    /// Totals by team; fewer than two show none.
    pub teams: Vec<TeamTotalRow>,
    /// Field `from` of the form that calculates again: this period, or an earlier one to begin with. One choice hides it.
    pub again_from: Vec<Choice>,
    /// How many adjustments of single sales there are, which may be forgotten by field `forget`.
    pub tied: usize,
    /// Neighbouring pages of payees.
    pub pager: Pager,
    /// Sum of the rewards, per currency.
    pub totals: Vec<Amount>,
    /// Largest rewards, as a picture; no rows draw nothing.
    pub chart: RankChart,
    /// Open alerts.
    pub alerts: Vec<Notice>,
    /// Sales that earned nothing.
    pub not_credited: Vec<ReasonCount>,
    /// Differences from earlier periods.
    pub late: Vec<LateRow>,
    /// Sales came or changed since it was calculated; in words, may be empty.
    pub stale: String,
    /// Whether `POST /calculations/{id}/recalculate` is possible.
    pub can_recalculate: bool,
    /// Whether the release can be asked for.
    pub can_release: bool,
    /// Whether it can be marked paid.
    pub can_pay: bool,
    /// Whether the release of its credits can be taken back.
    pub can_withdraw: bool,
    /// Whether the release of its rewards can be taken back.
    pub can_reverse: bool,
    /// Whether it can be deleted.
    pub can_delete: bool,
}

/// One thing that was looked at before a release.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// Good: fine. Warn: may go on. Bad: may not.
    pub tone: Tone,
    /// What was found.
    pub text: String,
    /// The entries behind it; may be empty.
    pub href: String,
}

/// `GET /calculations/{id}/release`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "release.html")]
pub struct ReleasePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the calculation.
    pub id: String,
    /// Name of the program.
    pub program: String,
    /// "March 2026".
    pub period: String,
    /// What would be released, per currency.
    pub totals: Vec<Amount>,
    /// How many are paid.
    pub payees: u64,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Field `scope`: `credits`, `rewards`. One choice or none hides the field.
    pub scopes: Vec<Choice>,
    /// Field `release_date`, `YYYY-MM-DD`.
    pub release_date: String,
    /// Field `held`, repeated: who is paid later. Empty hides the three fields.
    pub payee_rows: Vec<Choice>,
    /// Field `held_until`, `YYYY-MM-DD`; empty marks them as unpaid.
    pub held_until: String,
    /// Field `held_reason`.
    pub held_reason: String,
    /// What was wrong.
    pub errors: FormErrors,
}

impl ReleasePage {
    /// Whether nothing forbids the release.
    pub fn allowed(&self) -> bool {
        self.checks.iter().all(|check| check.tone != Tone::Bad)
    }

    /// Whether somebody is chosen to be paid later.
    pub fn opened(&self) -> bool {
        self.payee_rows.iter().any(|choice| choice.selected)
    }

    /// Whether something wants a nod before the release (field `acknowledged`).
    pub fn needs_nod(&self) -> bool {
        self.checks.iter().any(|check| check.tone == Tone::Warn)
    }
}

/// `GET /calculations/{id}/released`: what was done and what comes next.
#[derive(Clone, Debug, Template)]
#[template(path = "released.html")]
pub struct ReleasedPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the calculation.
    pub id: String,
    /// Name of the program.
    pub program: String,
    /// "March 2026".
    pub period: String,
    /// What was released, per currency.
    pub totals: Vec<Amount>,
    /// How many are paid.
    pub payees: u64,
    /// Release id, when and by whom.
    pub facts: Vec<Fact>,
}

/// `GET /calculations/{id}/reverse`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "reverse.html")]
pub struct ReversePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the calculation.
    pub id: String,
    /// Name of the program.
    pub program: String,
    /// "March 2026".
    pub period: String,
    /// What was released, per currency.
    pub totals: Vec<Amount>,
    /// How many payees.
    pub payees: u64,
    /// Field `reason`.
    pub reason: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// A payee of a release. The form sends the field `payee` once for each that is ticked.
#[derive(Clone, Debug, Default)]
pub struct TermsRow {
    /// Id of the payee.
    pub id: String,
    /// Name.
    pub name: String,
    /// Due, Later, Unpaid, Paid.
    pub state: Badge,
    /// "from 30 Apr 2026"; may be empty.
    pub day: String,
    /// Why they are paid apart; may be empty.
    pub reason: String,
    /// Who said so, and when.
    pub who: String,
    /// What the release gives them.
    pub amount: Amount,
    /// Not paid yet, so it can be changed.
    pub open: bool,
    /// Ticked.
    pub selected: bool,
}

/// `GET /calculations/{id}/terms`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "payment_terms.html")]
pub struct PaymentTermsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the calculation.
    pub id: String,
    /// Name of the program.
    pub program: String,
    /// "March 2026".
    pub period: String,
    /// From when the release may be paid, in words.
    pub release_date: String,
    /// Payees by name.
    pub rows: Vec<TermsRow>,
    /// Field `release_date`.
    pub day: String,
    /// Field `reason`.
    pub reason: String,
    /// What was wrong.
    pub errors: FormErrors,
}

impl PaymentTermsPage {
    /// Whether anybody is not paid yet.
    pub fn open(&self) -> bool {
        self.rows.iter().any(|row| row.open)
    }
}
