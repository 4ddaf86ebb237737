//! The stream of mapped rows.

mod convert;
mod stream;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub(crate) use convert::{ColumnReading, Converter, YearlessColumn};
pub(crate) use stream::Plan;
pub use stream::{Position, Rows};

use crate::values::When;

/// One data row of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Line of its first character, from 1 (the row of the sheet in a workbook).
    pub line: u64,
    /// Number among the data rows, from 0.
    pub number: u64,
    /// Its cells as they stand in the file; a group label is filled in where the row belongs to a group.
    pub cells: Vec<String>,
    /// The values, or everything that is wrong with the row.
    pub outcome: Result<Box<Mapped>, Vec<CellError>>,
}

/// Typed values of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Key for updates: the id, with `#2`, `#3` … for further lines of the same record. `None` without an id.
    pub row_key: Option<String>,
    /// The id.
    pub unique_id: Option<String>,
    /// The moment of the sale as written.
    pub date: When,
    /// The day of the sale in the source's zone.
    pub day: Date,
    /// Sale value.
    pub revenue: Option<Decimal>,
    /// The revenue is quantity × price: the file has no total (`com_017`).
    pub revenue_derived: bool,
    /// Margin amount.
    pub profit: Option<Decimal>,
    /// How many.
    pub quantity: Option<Decimal>,
    /// Cost of one.
    pub unit_cost: Option<Decimal>,
    /// Price of one.
    pub unit_price: Option<Decimal>,
    /// Tax amount.
    pub tax: Option<Decimal>,
    /// Tax as a percentage, where the cell says `19%`.
    pub tax_percent: Option<Decimal>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// State of the sale.
    pub status: Option<String>,
    /// Who bought.
    pub customer_name: Option<String>,
    /// Who bought.
    pub customer_email: Option<String>,
    /// Who bought.
    pub customer_code: Option<String>,
    /// What was bought.
    pub product_code: Option<String>,
    /// What was bought.
    pub product_name: Option<String>,
    /// Territory or country.
    pub territory: Option<String>,
    /// Coupon or referral code.
    pub coupon: Option<String>,
    /// Who sold; `||` stays inside.
    pub owners: [Option<String>; 3],
    /// Whose team sold.
    pub teams: [Option<String>; 3],
    /// Free texts.
    pub other_text: [Option<String>; 3],
    /// Free numbers.
    pub other_numeric: [Option<Decimal>; 3],
    /// Free dates.
    pub other_date: [Option<When>; 3],
}

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellError {
    /// Line, from 1.
    pub line: u64,
    /// Column, from 0; `None` where the whole row is meant.
    pub column: Option<usize>,
    /// Name of the column.
    pub column_name: String,
    /// The cell as it stands in the file.
    pub value: String,
    /// Stable code.
    pub code: String,
    /// What is wrong, in words.
    pub text: String,
}
