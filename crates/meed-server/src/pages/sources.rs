//! Sources: where sales come from, with their upload addresses and remembered mappings.

use askama::Template;

use super::imports::ImportRow;
use super::{Badge, Choice, Chrome, FormErrors};

/// One source of the list.
#[derive(Clone, Debug, Default)]
pub struct SourceRow {
    /// Id of the source.
    pub id: String,
    /// Name.
    pub name: String,
    /// Upload, API, pull …
    pub kind: String,
    /// How many sales it brought, in words.
    pub sales: String,
    /// When it brought something last; may be empty.
    pub last: String,
    /// Its state.
    pub status: Badge,
}

/// `GET /sources`
#[derive(Clone, Debug, Template)]
#[template(path = "sources.html")]
pub struct SourcesPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// By name.
    pub rows: Vec<SourceRow>,
}

/// A layout whose mapping is remembered.
#[derive(Clone, Debug, Default)]
pub struct RememberedLayout {
    /// Configuration hash of the layout.
    pub hash: String,
    /// First columns, in words: "Order ID, Date, Rep and 9 more".
    pub columns: String,
    /// From which import: "orders-march.csv, 3 March".
    pub learned: String,
    /// How often it was used, in words.
    pub used: String,
    /// Address to post a file of this layout to; may be empty.
    pub upload_url: String,
}

/// `GET /sources/new`, `GET /sources/{id}`, and the answer to a refused post.
#[derive(Clone, Debug, Template)]
#[template(path = "source.html")]
pub struct SourcePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the source; empty for a new one.
    pub id: String,
    /// Field `name`.
    pub name: String,
    /// Field `currency`: where a file names none; may be empty.
    pub currency: String,
    /// Field `time_zone`: an IANA name; empty for the workspace's.
    pub time_zone: String,
    /// Field `owner`: who sold what names no rep; may be empty.
    pub owner: String,
    /// Field `date_order`.
    pub date_orders: Vec<Choice>,
    /// Layouts whose mapping is remembered.
    pub layouts: Vec<RememberedLayout>,
    /// Latest imports; at most five.
    pub imports: Vec<ImportRow>,
    /// What was wrong.
    pub errors: FormErrors,
}
