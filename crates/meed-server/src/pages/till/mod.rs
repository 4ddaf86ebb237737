//! The pages of loyalty: the till, its receipts, participants with their wallets, offers with the simulator, products and
//! settlement.

mod shop;

use askama::Template;

pub use shop::*;

use super::charts::BarChart;
use super::{Amount, Badge, Choice, Chrome, Fact, FormErrors, Link, Pager};

/// The customer at the till.
#[derive(Clone, Debug, Default)]
pub struct TillCustomer {
    /// Name.
    pub name: String,
    /// Number that people see.
    pub number: String,
    /// Name of the tier; may be empty.
    pub tier: String,
    /// What may be spent.
    pub balance: Amount,
    /// Points, in words; may be empty.
    pub points: String,
    /// Why nothing may be spent; may be empty.
    pub blocked: String,
}

/// A line of the basket as it was typed.
#[derive(Clone, Debug, Default)]
pub struct TillLine {
    /// Place, from 1: the fields are `product1`, `quantity1`, `price1`, `vat1`.
    pub place: usize,
    /// Code of the product.
    pub product: String,
    /// Its name.
    pub name: String,
    /// How many.
    pub quantity: String,
    /// Price of one, tax included.
    pub price: String,
    /// Percentage of value-added tax.
    pub vat: String,
    /// Total of the line.
    pub total: Amount,
}

/// A product to tap.
#[derive(Clone, Debug, Default)]
pub struct ProductTile {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Price of one.
    pub price: String,
}

/// What one offer says.
#[derive(Clone, Debug, Default)]
pub struct OfferSays {
    /// Its name.
    pub name: String,
    /// Whether it gives something.
    pub applies: bool,
    /// What it gives, or why nothing.
    pub text: String,
    /// Marks the draft of the simulator.
    pub is_draft: bool,
}

/// What a sale would earn and what may be spent on it.
#[derive(Clone, Debug, Default)]
pub struct TillPreview {
    /// Total of the basket.
    pub total: Amount,
    /// What it would earn.
    pub awarded: Amount,
    /// Points that it would earn, in words; may be empty.
    pub points: String,
    /// Taken off at once by offers.
    pub at_once: Amount,
    /// What may still be spent from the wallet.
    pub spendable: Amount,
    /// Whether anything may be.
    pub can_spend: bool,
    /// What the customer spends from the wallet.
    pub spent: Amount,
    /// What is to pay.
    pub due: Amount,
    /// The same as a number, so that nobody pays another sum than they saw.
    pub due_seen: String,
    /// Whether what is off at once is paid back later instead.
    pub pays_back: bool,
    /// Limits of a spend, in words; may be empty.
    pub limits: String,
    /// What each offer says.
    pub offers: Vec<OfferSays>,
}

/// `GET /till`, and the answers to its forms that do not lead on.
#[derive(Clone, Debug, Template)]
#[template(path = "till/till.html")]
pub struct TillPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Stores to choose from, field `unit`.
    pub units: Vec<Choice>,
    /// Field `code`: card, phone, e-mail, number or one-time code as it was typed.
    pub code: String,
    /// Id of the customer, once found: field `who`.
    pub who: String,
    /// The one-time code by which they were found, field `otp`; may be empty.
    pub one_time: String,
    /// The customer, once found.
    pub customer: Option<TillCustomer>,
    /// Products to suggest: code and name.
    pub products: Vec<(String, String)>,
    /// Products to tap.
    pub tiles: Vec<ProductTile>,
    /// The basket.
    pub lines: Vec<TillLine>,
    /// Rates of tax to choose from; none: no tax is shown.
    pub vat_rates: Vec<String>,
    /// What was typed into the field for the next product.
    pub add: String,
    /// Field to go on in.
    pub focus: String,
    /// Field `promo_code`.
    pub promo_code: String,
    /// Field `spend`.
    pub spend: String,
    /// Field `paid_by`: `cash` or `card`.
    pub paid_by: String,
    /// Field `given`: cash handed over.
    pub given: String,
    /// Names this sale, so that sending it twice sells once.
    pub sale: String,
    /// When this sale was begun.
    pub begun: String,
    /// What it earns and costs, once there is a customer and a basket.
    pub preview: Option<TillPreview>,
    /// Code of the workspace's currency.
    pub currency: String,
    /// What was wrong.
    pub errors: FormErrors,
}

impl TillPage {
    /// Whether a field is the one to go on in.
    fn goes_on_in(&self, field: &str) -> bool {
        self.focus == field
    }
}

/// `GET /till/settings`
#[derive(Clone, Debug, Template)]
#[template(path = "till/settings.html")]
pub struct TillSettingsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Stores: name and code.
    pub units: Vec<(String, String)>,
    /// Rates of tax as typed: code and percentage, with room for more.
    pub vat_rates: Vec<(String, String)>,
    /// Fields `receipt_head` and `receipt_foot`.
    pub receipt: [String; 2],
    /// Whether purchases are sales of commission plans, field `sales_owner`.
    pub sales_owners: Vec<Choice>,
    /// Fields `minimum_spend` and `maximum_spend`.
    pub limits: [String; 2],
    /// Field `evaluation_hour`.
    pub evaluation_hour: String,
    /// Field `unit_name`.
    pub unit_name: String,
    /// Code of the workspace's currency.
    pub currency: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// A line of a receipt.
#[derive(Clone, Debug, Default)]
pub struct ReceiptLine {
    /// Place, from 0: the field is `back0`.
    pub place: usize,
    /// What it is.
    pub product: String,
    /// How many.
    pub quantity: String,
    /// Total of the line.
    pub amount: Amount,
    /// What came back of it; nothing if none.
    pub returned: Option<Amount>,
    /// What may still come back, for the field.
    pub left: String,
    /// How many pieces may still come back; empty where they are not counted.
    pub pieces: String,
    /// Price of one; empty where there is one only.
    pub each: String,
    /// Percentage of tax; may be empty.
    pub vat: String,
    /// Whether anything may still come back.
    pub has_left: bool,
    /// Pieces and amount to take back, as typed.
    pub typed: [String; 2],
}

/// `GET /till/receipts/{id}`
#[derive(Clone, Debug, Template)]
#[template(path = "till/receipt.html")]
pub struct ReceiptPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the purchase.
    pub id: String,
    /// Receipt number.
    pub number: String,
    /// Shop.
    pub shop: String,
    /// When.
    pub at: String,
    /// Name of the customer.
    pub customer: String,
    /// Number of the customer.
    pub customer_number: String,
    /// Id of the customer.
    pub participant: String,
    /// Posted or cancelled.
    pub status: Badge,
    /// Lines.
    pub lines: Vec<ReceiptLine>,
    /// What stands above, line by line.
    pub head: Vec<String>,
    /// What stands below, line by line.
    pub foot: Vec<String>,
    /// Tax by rate: percentage (may be empty), net, tax, gross.
    pub vat: Vec<(String, Amount, Amount, Amount)>,
    /// How it was paid, in words; may be empty.
    pub paid_by: String,
    /// Cash handed over and change; nothing if not known.
    pub cash: Option<(Amount, Amount)>,
    /// Total.
    pub total: Amount,
    /// Redeemed at the till.
    pub redeemed: Amount,
    /// Whether anything was.
    pub has_redeemed: bool,
    /// Paid back later; nothing if none.
    pub paid_back_later: Option<Amount>,
    /// What was to pay.
    pub due: Amount,
    /// What came back, in all; nothing if none.
    pub returned: Option<Amount>,
    /// Of it, what is in the wallet again.
    pub in_wallet: Option<Amount>,
    /// Of it, what was paid back in money.
    pub paid_out: Option<Amount>,
    /// Earned by it.
    pub awarded: Amount,
    /// Points earned, in words; may be empty.
    pub points: String,
    /// What is in the wallet now.
    pub balance: Amount,
    /// What each offer said.
    pub offers: Vec<OfferSays>,
    /// Whether goods may come back.
    pub can_return: bool,
    /// Names the return, so that sending it twice returns once.
    pub token: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One participant of the list.
#[derive(Clone, Debug, Default)]
pub struct ParticipantRow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Number.
    pub number: String,
    /// How to reach them; may be empty.
    pub contact: String,
    /// Tier; may be empty.
    pub tier: String,
    /// Since when.
    pub since: String,
    /// Takes part, blocked, left.
    pub status: Badge,
}

/// `GET /participants`
#[derive(Clone, Debug, Template)]
#[template(path = "till/participants.html")]
pub struct ParticipantsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Newest first.
    pub rows: Vec<ParticipantRow>,
    /// Field `q`: card, phone, e-mail or number.
    pub q: String,
    /// Neighbouring pages.
    pub pager: Pager,
    /// Fields of the form for a new one, as typed: name, card, phone, e-mail.
    pub typed: [String; 4],
    /// What was wrong.
    pub errors: FormErrors,
}

/// A lot of a wallet.
#[derive(Clone, Debug, Default)]
pub struct LotRow {
    /// The offer that gave it, or the reason.
    pub from: String,
    /// What it held at first.
    pub amount: Amount,
    /// What is in it.
    pub remaining: Amount,
    /// Reserved; nothing if none.
    pub held: Option<Amount>,
    /// From when; empty: now.
    pub usable: String,
    /// Until when; empty: for ever.
    pub expires: String,
    /// Where it may be used; empty: anywhere.
    pub bound: String,
}

/// A change of tier.
#[derive(Clone, Debug, Default)]
pub struct TierRow {
    /// When.
    pub day: String,
    /// From which to which.
    pub text: String,
    /// What caused it: why, and the purchases.
    pub causes: Vec<(String, Vec<Link>)>,
}

/// What may be done with a wallet by hand, as typed.
#[derive(Clone, Debug, Default)]
pub struct HandsForms {
    /// Fields `to`, `transfer_amount`, `transfer_reason`.
    pub transfer: [String; 3],
    /// Lots that expire, field `lot`.
    pub lots: Vec<Choice>,
    /// Fields `until`, `extend_reason`.
    pub extend: [String; 2],
    /// Limits of the customer's own: what, and how much.
    pub limits: Vec<(String, String)>,
    /// Field `kind`.
    pub limit_kinds: Vec<Choice>,
    /// Field `per`.
    pub limit_periods: Vec<Choice>,
    /// Fields `limit_number`, `limit_amount`.
    pub limit: [String; 2],
    /// Field `activity`.
    pub activities: Vec<Choice>,
    /// Stores, field `unit`.
    pub units: Vec<Choice>,
    /// Fields `class`, `activity_amount`, `reference`, `referred`.
    pub activity: [String; 4],
    /// Tiers to set by hand, field `tier`.
    pub tiers: Vec<Choice>,
    /// Fields `tier_until`, `tier_reason`.
    pub tier: [String; 2],
    /// Field `tier_fixed`.
    pub is_tier_fixed: bool,
    /// Whether the customer has left or is erased.
    pub is_gone: bool,
}

/// An event of the journal.
#[derive(Clone, Debug, Default)]
pub struct JournalRow {
    /// When.
    pub when: String,
    /// What happened.
    pub what: String,
    /// Receipt or reason.
    pub text: String,
    /// Where it leads; may be empty.
    pub href: String,
    /// What came in; nothing if none.
    pub credit: Option<Amount>,
    /// What went out; nothing if none.
    pub debit: Option<Amount>,
}

/// `GET /participants/{id}`
#[derive(Clone, Debug, Template)]
#[template(path = "till/participant.html")]
pub struct ParticipantPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Takes part, blocked, left.
    pub status: Badge,
    /// What is known.
    pub facts: Vec<Fact>,
    /// Means of identification: kind, code, whether it is effective.
    pub means: Vec<(String, String, bool)>,
    /// What may be used.
    pub balance: Amount,
    /// Of it bound, held, pending, owed: label and amount.
    pub parts: Vec<(String, Amount)>,
    /// Points, in words; may be empty.
    pub points: String,
    /// What expires when.
    pub expiring: BarChart,
    /// Lots in the order of their use.
    pub lots: Vec<LotRow>,
    /// Further ones: their number in words, and they.
    pub more_lots: (String, Vec<LotRow>),
    /// Newest first.
    pub journal: Vec<JournalRow>,
    /// Neighbouring pages of the journal.
    pub pager: Pager,
    /// Progress: offer, reached, needed.
    pub progress: Vec<(String, String, String)>,
    /// Changes of tier, newest first.
    pub tiers: Vec<TierRow>,
    /// What else may be done by hand.
    pub hands: HandsForms,
    /// Amount and reason of an adjustment as typed.
    pub typed: [String; 2],
    /// Names what is done, so that sending it twice books once.
    pub token: String,
    /// Code of the workspace's currency.
    pub currency: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One offer of the list.
#[derive(Clone, Debug, Default)]
pub struct OfferRow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it gives and for what, in words.
    pub gives: String,
    /// Version.
    pub version: u32,
    /// What may still be granted; empty: no budget.
    pub budgets: Vec<Amount>,
    /// On or off.
    pub status: Badge,
}

/// `GET /offers`
#[derive(Clone, Debug, Template)]
#[template(path = "till/offers.html")]
pub struct OffersPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// All of them.
    pub rows: Vec<OfferRow>,
    /// The last run that evaluated offers and when the next is due, in words; empty where no offer is evaluated by runs.
    pub runs: Vec<Fact>,
    /// Whether the visitor may begin one.
    pub may_run: bool,
}

/// One line of a replay: an offer or a shopper, as it is and with the draft.
#[derive(Clone, Debug, Default)]
pub struct ReplayRow {
    /// Name.
    pub name: String,
    /// Where it leads; may be empty.
    pub href: String,
    /// Marks the draft.
    pub is_draft: bool,
    /// Purchases: before and after for an offer, the same for a shopper.
    pub purchases: (String, String),
    /// What it gave, what it would give, and the difference.
    pub before: Amount,
    /// See above.
    pub after: Amount,
    /// See above.
    pub difference: Amount,
    /// The same in points, in words; may be empty.
    pub points: String,
}

/// What a replay found.
#[derive(Clone, Debug, Default)]
pub struct ReplayView {
    /// In words: "1,204 purchases of March 2026".
    pub looked_at: String,
    /// For how many the draft gives something.
    pub matched: String,
    /// How many would be refused today; empty if none.
    pub refused: String,
    /// What the offers give as they are.
    pub before: Amount,
    /// What they would give.
    pub after: Amount,
    /// The difference.
    pub difference: Amount,
    /// What the draft itself would give.
    pub draft: Vec<Amount>,
    /// By offer.
    pub offers: Vec<ReplayRow>,
    /// By shopper, the largest difference first.
    pub shoppers: Vec<ReplayRow>,
    /// How many more shoppers there are; empty if none.
    pub more_shoppers: String,
    /// Whether not all purchases were looked at.
    pub is_cut: bool,
}

/// `GET /offers/new` and `/offers/{id}`: the document with its simulator.
#[derive(Clone, Debug, Template)]
#[template(path = "till/offer.html")]
pub struct OfferPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id; empty for a new one.
    pub id: String,
    /// Name.
    pub name: String,
    /// On or off; an empty text shows none.
    pub status: Badge,
    /// Whether it is effective.
    pub is_effective: bool,
    /// Counts versions; 0 for a new one.
    pub version: u32,
    /// The document, field `text`.
    pub text: String,
    /// What it says, in words; empty where it cannot be read.
    pub words: Vec<Fact>,
    /// Field `note`.
    pub note: String,
    /// What is wrong with the document: line and text.
    pub findings: Vec<(u32, String)>,
    /// Stores, field `unit`.
    pub units: Vec<Choice>,
    /// Products to suggest: code and name.
    pub products: Vec<(String, String)>,
    /// The basket of the simulator, with room for more.
    pub lines: Vec<TillLine>,
    /// Field `code`: for whom; somebody new if empty.
    pub code: String,
    /// What each offer says, once asked.
    pub says: Vec<OfferSays>,
    /// Periods to replay, field `period`.
    pub periods: Vec<Choice>,
    /// Field `budget`: what the draft may grant in a replay.
    pub budget: String,
    /// Code of the workspace's currency.
    pub currency: String,
    /// What the draft would have given, once asked.
    pub replay: Option<ReplayView>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One product of the list.
#[derive(Clone, Debug, Default)]
pub struct ProductRow {
    /// Code.
    pub code: String,
    /// Description.
    pub description: String,
    /// Type, brand, family and categories, in words.
    pub groups: String,
    /// Price of one; empty if not known.
    pub price: String,
    /// Percentage of its tax.
    pub vat: String,
}

impl ProductRow {
    /// The address that fills the form with it.
    fn edit(&self) -> String {
        let query = serde_urlencoded::to_string([("code", &self.code)]).unwrap_or_default();
        format!("/products?{query}#h-new")
    }
}

/// `GET /products`
#[derive(Clone, Debug, Template)]
#[template(path = "till/products.html")]
pub struct ProductsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// By code.
    pub rows: Vec<ProductRow>,
    /// How many there are, in words.
    pub found: String,
    /// Field `q`.
    pub q: String,
    /// Whether tax is shown.
    pub has_vat: bool,
    /// Rates of tax, field `vat_rate`.
    pub vat_rates: Vec<Choice>,
    /// Code of the workspace's currency.
    pub currency: String,
    /// Fields of the form as typed: code, description, family, price.
    pub typed: [String; 4],
    /// What was wrong.
    pub errors: FormErrors,
}

/// Something that a till without a connection did.
#[derive(Clone, Debug, Default)]
pub struct ReviewRow {
    /// Id of the review.
    pub id: String,
    /// Id of the purchase.
    pub purchase: String,
    /// Receipt number.
    pub receipt: String,
    /// Id of the customer.
    pub participant: String,
    /// Name of the customer.
    pub name: String,
    /// The store.
    pub store: String,
    /// When it was sold.
    pub at: String,
    /// When it came in.
    pub came: String,
    /// What is the matter.
    pub what: String,
    /// What the wallet did not cover.
    pub uncovered: Option<Amount>,
    /// Of it, what nobody has decided about.
    pub open: Option<Amount>,
    /// Where it stands.
    pub status: Badge,
    /// Why it was decided so.
    pub note: String,
    /// Whether somebody has to decide.
    pub needs_somebody: bool,
}

/// `GET /reviews`
#[derive(Clone, Debug, Template)]
#[template(path = "till/reviews.html")]
pub struct ReviewsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Newest first.
    pub rows: Vec<ReviewRow>,
    /// Whether what is decided is shown, too.
    pub shows_all: bool,
    /// Older ones.
    pub pager: Pager,
    /// Ids of those that only came late, fields `late`.
    pub late: Vec<String>,
    /// Whether this person may decide.
    pub may_decide: bool,
    /// The review whose form was wrong.
    pub failed: String,
    /// Field `note` of it.
    pub note: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One purchase to settle.
#[derive(Clone, Debug, Default)]
pub struct SettlementRow {
    /// Id of the purchase.
    pub id: String,
    /// Receipt number.
    pub number: String,
    /// When.
    pub at: String,
    /// Merchant.
    pub merchant: String,
    /// What was awarded.
    pub awarded: Amount,
    /// What the merchant pays of it.
    pub contribution: Amount,
    /// Settled or open.
    pub status: Badge,
    /// Whether it is open.
    pub is_open: bool,
}

/// `GET /settlement`
#[derive(Clone, Debug, Template)]
#[template(path = "till/settlement.html")]
pub struct SettlementPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Newest first.
    pub rows: Vec<SettlementRow>,
    /// How many of them are listed, where not all are; may be empty.
    pub listed: String,
    /// What is open, by merchant: name, number of purchases in words, amount.
    pub open: Vec<(String, String, Amount)>,
    /// Older purchases than were looked at, and newer ones.
    pub pager: Pager,
    /// Field `before`: the page that is settled.
    pub before: String,
}
