//! A sale as `/v1` answers it.

use meed_app::sales::{SaleHistory, SaleView};
use meed_core::id::Kind;
use meed_core::sale::Sale;
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::time;

/// The facts of a sale. Amounts are exact decimals in major units, as text.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SaleFacts)]
#[allow(missing_docs)]
pub(crate) struct FactsOut {
    /// When it was sold.
    #[schema(example = "2026-03-31T14:05:00Z")]
    pub date: String,
    #[schema(example = "USD")]
    pub currency: Option<String>,
    #[schema(example = "1250.00")]
    pub revenue: Option<String>,
    #[schema(example = "310.00")]
    pub profit: Option<String>,
    #[schema(example = "5")]
    pub quantity: Option<String>,
    pub unit_cost: Option<String>,
    pub tax: Option<String>,
    #[schema(example = "won")]
    pub status: Option<String>,
    pub customer_name: Option<String>,
    pub customer_email: Option<String>,
    pub customer_code: Option<String>,
    pub product_code: Option<String>,
    pub product_name: Option<String>,
    #[schema(example = "dana@example.com")]
    pub owner: Option<String>,
    pub owner2: Option<String>,
    pub owner3: Option<String>,
    pub team: Option<String>,
    pub team2: Option<String>,
    pub team3: Option<String>,
    pub territory: Option<String>,
    pub coupon: Option<String>,
    pub other_text1: Option<String>,
    pub other_text2: Option<String>,
    pub other_text3: Option<String>,
    pub other_numeric1: Option<String>,
    pub other_numeric2: Option<String>,
    pub other_numeric3: Option<String>,
    pub other_date1: Option<String>,
    pub other_date2: Option<String>,
    pub other_date3: Option<String>,
}

impl From<&Sale> for FactsOut {
    fn from(sale: &Sale) -> Self {
        let exact = |value: Option<meed_core::money::Exact>| value.map(|v| v.to_string());
        let [owner, owner2, owner3] = sale.owners.clone();
        let [team, team2, team3] = sale.teams.clone();
        let [other_text1, other_text2, other_text3] = sale.other_text.clone();
        let [other_numeric1, other_numeric2, other_numeric3] = sale.other_numeric.map(exact);
        let [other_date1, other_date2, other_date3] = sale.other_date.clone();
        Self {
            date: sale.at.to_string(),
            currency: sale.currency.map(|unit| unit.code().to_owned()),
            revenue: exact(sale.revenue),
            profit: exact(sale.profit),
            quantity: exact(sale.quantity),
            unit_cost: exact(sale.unit_cost),
            tax: exact(sale.tax),
            status: sale.status.clone(),
            customer_name: sale.customer_name.clone(),
            customer_email: sale.customer_email.clone(),
            customer_code: sale.customer_code.clone(),
            product_code: sale.product_code.clone(),
            product_name: sale.product_name.clone(),
            owner,
            owner2,
            owner3,
            team,
            team2,
            team3,
            territory: sale.territory.clone(),
            coupon: sale.coupon.clone(),
            other_text1,
            other_text2,
            other_text3,
            other_numeric1,
            other_numeric2,
            other_numeric3,
            other_date1,
            other_date2,
            other_date3,
        }
    }
}

/// A column of the file as it came in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OriginalColumn)]
pub(crate) struct OriginalOut {
    /// Its name in the file.
    #[schema(example = "ARR")]
    pub column: String,
    /// The cell, untouched.
    #[schema(example = "1,250.00")]
    pub value: String,
}

/// A former version of a sale.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SaleVersion)]
pub(crate) struct VersionOut {
    /// Counts the changes, from 1.
    pub version: i32,
    /// When Meed learned of it.
    pub recorded_at: String,
    /// What it said.
    pub facts: FactsOut,
}

/// A sale.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Sale)]
pub(crate) struct SaleOut {
    /// Record id given by Meed.
    #[schema(example = "sale_01jq3v8k2m9ra")]
    pub id: String,
    /// The source.
    #[schema(example = "src_01jq3v8k2m000")]
    pub source: String,
    /// The source's own id.
    #[schema(example = "INV-1007")]
    pub unique_id: Option<String>,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub version: i32,
    /// The import that brought this version.
    pub import: Option<String>,
    /// Its line in the file, from 1.
    pub line: Option<i64>,
    /// When Meed first learned of the sale.
    pub created_at: String,
    /// When Meed learned of this version.
    pub updated_at: String,
    #[serde(flatten)]
    #[schema(inline)]
    #[allow(missing_docs)]
    pub facts: FactsOut,
    /// The columns of the file, untouched; only for a single sale that came in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<Vec<OriginalOut>>,
    /// Former versions, oldest first; only for a single sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<Vec<VersionOut>>,
}

impl From<&SaleView> for SaleOut {
    fn from(view: &SaleView) -> Self {
        Self {
            id: view.stored.id.text(Kind::Sale),
            source: view.stored.source.text(Kind::Source),
            unique_id: view.stored.unique_id.clone(),
            version: view.stored.version,
            import: view.import.map(|id| id.text(Kind::Import)),
            line: view.line,
            created_at: time(view.created_us),
            updated_at: time(view.recorded_us),
            facts: FactsOut::from(&view.stored.sale),
            original: None,
            history: None,
        }
    }
}

impl From<&SaleHistory> for SaleOut {
    fn from(sale: &SaleHistory) -> Self {
        let original: Vec<OriginalOut> =
            sale.original.iter().map(|(column, value)| OriginalOut { column: column.clone(), value: value.clone() }).collect();
        let history = sale.former.iter().map(|former| VersionOut {
            version: former.version,
            recorded_at: time(former.recorded_us),
            facts: FactsOut::from(&former.sale),
        });
        Self { original: (!original.is_empty()).then_some(original), history: Some(history.collect()), ..Self::from(&sale.sale) }
    }
}
