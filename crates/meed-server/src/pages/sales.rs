//! The list of sales, and one sale with everything known about it.

use askama::Template;

use super::explain::{CreditView, Miss};
use super::{Amount, Badge, Change, Choice, Chrome, Fact, FormErrors, Link, Pager};

/// A part of the filter that a link set and no field shows: one import, one reason. Kept as a hidden field.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Name of the query field: `import`.
    pub field: String,
    /// Its value.
    pub value: String,
    /// In words: "from orders-march.csv".
    pub words: String,
}

/// The filter above the list; its fields are the query of the address.
#[derive(Clone, Debug, Default)]
pub struct SalesFilter {
    /// Field `q`: text in id, customer, product or owner.
    pub q: String,
    /// Field `from`: first day, `YYYY-MM-DD`.
    pub from: String,
    /// Field `to`: last day.
    pub to: String,
    /// Field `source`; the first choice is all.
    pub sources: Vec<Choice>,
    /// Field `credited`: empty, `yes`, `no`.
    pub credited: Vec<Choice>,
    /// What a link set besides.
    pub scopes: Vec<Scope>,
    /// What was wrong with a field.
    pub errors: FormErrors,
    /// Whether anything is filtered.
    pub active: bool,
}

/// One sale of the list.
#[derive(Clone, Debug, Default)]
pub struct SaleRow {
    /// Id of the sale.
    pub id: String,
    /// Day of the sale.
    pub date: String,
    /// Unique id of the source; may be empty.
    pub unique_id: String,
    /// Customer.
    pub customer: String,
    /// Product.
    pub product: String,
    /// Owners as the source names them.
    pub owners: String,
    /// Revenue.
    pub revenue: Amount,
    /// Name of the source.
    pub source: String,
    /// "Credited", "Not credited" with tone, or "Not calculated".
    pub credited: Badge,
}

/// `GET /sales`
#[derive(Clone, Debug, Template)]
#[template(path = "sales.html")]
pub struct SalesPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Filter as set.
    pub filter: SalesFilter,
    /// Newest first.
    pub rows: Vec<SaleRow>,
    /// How many match in words: "5,000 sales"; may be empty.
    pub found: String,
    /// Revenue of all that match, per currency; may be empty.
    pub sums: Vec<Amount>,
    /// Neighbouring pages.
    pub pager: Pager,
}

/// One original column of the row.
#[derive(Clone, Debug, Default)]
pub struct OriginalColumn {
    /// Name in the file.
    pub name: String,
    /// Cell as it stands.
    pub value: String,
    /// Target it was put on, in words; empty when it was left alone.
    pub target: String,
}

/// One version of the sale.
#[derive(Clone, Debug, Default)]
pub struct SaleVersion {
    /// Number from 1.
    pub number: u32,
    /// When it was stored.
    pub when: String,
    /// By which import, key or person.
    pub by: Link,
    /// What changed; empty for the first.
    pub changes: Vec<Change>,
}

/// What was changed or taken back of a sale by hand.
#[derive(Clone, Debug)]
pub struct SaleAdjustment {
    /// Whose, with the statement that it stands on.
    pub payee: Link,
    /// What it is for.
    pub label: String,
    /// "Clawback, earned in January 2026"
    pub kind: String,
    /// The period that it is booked in.
    pub period: String,
    /// What it adds.
    pub amount: Amount,
}

/// `GET /sales/{id}`
#[derive(Clone, Debug, Template)]
#[template(path = "sale.html")]
pub struct SalePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the sale.
    pub id: String,
    /// Name to show: its unique id, or its customer and day.
    pub title: String,
    /// Customer and day, or what else tells the sale apart; may be empty.
    pub about: String,
    /// Revenue.
    pub revenue: Amount,
    /// Status of the sale at its source; an empty text shows none.
    pub status: Badge,
    /// All canonical fields that are filled.
    pub facts: Vec<Fact>,
    /// Where it came from: file and line, or API.
    pub origin: Vec<Fact>,
    /// Original columns.
    pub original: Vec<OriginalColumn>,
    /// Newest first.
    pub versions: Vec<SaleVersion>,
    /// Credits with explanation.
    pub credits: Vec<CreditView>,
    /// Rules that gave nothing.
    pub misses: Vec<Miss>,
    /// Not calculated since it was stored or changed.
    pub pending: bool,
    /// What was changed or taken back of it by hand.
    pub adjustments: Vec<SaleAdjustment>,
    /// Where what it earned can be taken back; empty where nothing was earned, and for who may not.
    pub clawback: String,
}
