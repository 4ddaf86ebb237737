//! The transaction of `commissions.md` §1.1: 26 keys and `Id`.

use meed_app::sales::SaleView;
use meed_app::sources::KnownSource;
use meed_core::command::{SaleContent, SaleInput};
use meed_core::id::Id;
use meed_core::sale::{NumberField, TextField};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::problem::FieldProblem;
use crate::api::sale_patch::PatchWriter;
use crate::api::wire::{Field, JsonNumber, LooseText, Number};

/// A transaction to create or update by `uniqueId`. Absent keys keep what is stored, null clears. `Id` is ignored. Any other
/// key is refused: a misspelt one would lose its value silently.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
#[schema(as = TransactionIn)]
#[allow(missing_docs)]
pub(crate) struct TransactionIn {
    /// Always required: ISO 8601 with `Z` or an offset and up to 7 fractional digits, or a date.
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = String, example = "2018-08-06T03:31:24.0277712Z")]
    pub date: Field<String>,
    /// The same id again updates the record.
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>, example = "INV-1007")]
    pub unique_id: Field<LooseText>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<f64>, example = 1250.00)]
    pub revenue: Field<Number>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<f64>, example = 310.00)]
    pub profit: Field<Number>,
    /// ISO 4217 code, or a sign that means one currency.
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>, example = "USD")]
    pub currency: Field<String>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>, example = "Closed Won")]
    pub transaction_status: Field<LooseText>,
    /// Name, e-mail address or id.
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>, example = "Harbour Ltd")]
    pub customer: Field<LooseText>,
    /// Name, SKU or id.
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>, example = "PUMP-4")]
    pub product: Field<LooseText>,
    /// Matched against the aliases of reps; `||` between several.
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>, example = "dana@example.com")]
    pub owner1: Field<LooseText>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>)]
    pub owner2: Field<LooseText>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>)]
    pub owner3: Field<LooseText>,
    /// Matched against the aliases of teams: a name, country, state or ZIP.
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>, example = "West")]
    pub team1: Field<LooseText>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>)]
    pub team2: Field<LooseText>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>)]
    pub team3: Field<LooseText>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<f64>, example = 5)]
    pub quantity: Field<Number>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<f64>, example = 188.00)]
    pub cost_per_unit: Field<Number>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<f64>, example = 250.00)]
    pub taxes: Field<Number>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>)]
    pub other_text1: Field<LooseText>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>)]
    pub other_text2: Field<LooseText>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>)]
    pub other_text3: Field<LooseText>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<f64>)]
    pub other_numeric1: Field<Number>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<f64>)]
    pub other_numeric2: Field<Number>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<f64>)]
    pub other_numeric3: Field<Number>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>, example = "2018-09-01")]
    pub other_date1: Field<String>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>)]
    pub other_date2: Field<String>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    #[schema(value_type = Option<String>)]
    pub other_date3: Field<String>,
    /// Ignored: Meed gives it.
    #[serde(rename = "Id", skip_serializing)]
    #[schema(value_type = Option<String>)]
    pub id: Ignored,
}

/// Any value, not looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl TransactionIn {
    /// What is to be recorded, or everything that is wrong.
    pub(crate) fn input(self, source: &KnownSource) -> Result<SaleInput, Vec<FieldProblem>> {
        let mut patch = PatchWriter::new(source);
        let missing = matches!(self.date, Field::Absent | Field::Null)
            .then(|| FieldProblem::new("date", "date_missing", "a transaction needs a date"));
        let unique_id = patch.unique_id("uniqueId", self.unique_id);
        if missing.is_none() {
            patch.date("date", self.date);
        }
        patch.currency("currency", self.currency);
        let numbers = [
            (NumberField::Revenue, self.revenue),
            (NumberField::Profit, self.profit),
            (NumberField::Quantity, self.quantity),
            (NumberField::UnitCost, self.cost_per_unit),
            (NumberField::Tax, self.taxes),
            (NumberField::Other(0), self.other_numeric1),
            (NumberField::Other(1), self.other_numeric2),
            (NumberField::Other(2), self.other_numeric3),
        ];
        for (place, field) in numbers {
            patch.number(place, field);
        }
        // A customer may be a name, an e-mail address or an id: an address is kept as one beside the name.
        let email = match &self.customer {
            Field::Absent => Field::Absent,
            Field::Given(text) if is_email(&text.0) => Field::Given(text.clone()),
            Field::Null | Field::Given(_) => Field::Null,
        };
        let texts = [
            ("transactionStatus", TextField::Status, self.transaction_status),
            ("customer", TextField::CustomerName, self.customer),
            ("customer", TextField::CustomerEmail, email),
            ("product", TextField::ProductName, self.product),
            ("owner1", TextField::Owner(0), self.owner1),
            ("owner2", TextField::Owner(1), self.owner2),
            ("owner3", TextField::Owner(2), self.owner3),
            ("team1", TextField::Team(0), self.team1),
            ("team2", TextField::Team(1), self.team2),
            ("team3", TextField::Team(2), self.team3),
            ("otherText1", TextField::Other(0), self.other_text1),
            ("otherText2", TextField::Other(1), self.other_text2),
            ("otherText3", TextField::Other(2), self.other_text3),
        ];
        for (name, place, field) in texts {
            patch.text(name, place, field);
        }
        patch.other_date("otherDate1", 0, self.other_date1);
        patch.other_date("otherDate2", 1, self.other_date2);
        patch.other_date("otherDate3", 2, self.other_date3);
        match (patch.finish(), missing) {
            (Ok(patch), None) => {
                let content = SaleContent::Patch(Box::new(patch));
                Ok(SaleInput { unique_id, content, original: None, line: None })
            }
            (Ok(_), Some(missing)) => Err(vec![missing]),
            (Err(errors), missing) => Err(missing.into_iter().chain(errors).collect()),
        }
    }
}

fn is_email(text: &str) -> bool {
    let text = text.trim();
    !text.contains(char::is_whitespace)
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}

/// A record id in the form of a GUID. The lower half is the id; the upper half marks it as one of Meed's (version 8).
pub(crate) fn guid(id: Id) -> String {
    let bits = id.0.cast_unsigned();
    format!("6d656564-0000-8000-{:04x}-{:012x}", bits >> 48, bits & 0xffff_ffff_ffff)
}

/// A transaction as the sample list answers it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Transaction)]
#[allow(missing_docs)]
pub(crate) struct TransactionOut {
    #[serde(rename = "Id")]
    #[schema(example = "6d656564-0000-8000-0664-f8a1c2000001")]
    pub id: String,
    pub date: String,
    pub unique_id: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub revenue: Option<JsonNumber>,
    #[schema(value_type = Option<f64>)]
    pub profit: Option<JsonNumber>,
    pub currency: Option<String>,
    pub transaction_status: Option<String>,
    pub customer: Option<String>,
    pub product: Option<String>,
    pub owner1: Option<String>,
    pub owner2: Option<String>,
    pub owner3: Option<String>,
    pub team1: Option<String>,
    pub team2: Option<String>,
    pub team3: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub quantity: Option<JsonNumber>,
    #[schema(value_type = Option<f64>)]
    pub cost_per_unit: Option<JsonNumber>,
    #[schema(value_type = Option<f64>)]
    pub taxes: Option<JsonNumber>,
    pub other_text1: Option<String>,
    pub other_text2: Option<String>,
    pub other_text3: Option<String>,
    #[schema(value_type = Option<f64>)]
    pub other_numeric1: Option<JsonNumber>,
    #[schema(value_type = Option<f64>)]
    pub other_numeric2: Option<JsonNumber>,
    #[schema(value_type = Option<f64>)]
    pub other_numeric3: Option<JsonNumber>,
    pub other_date1: Option<String>,
    pub other_date2: Option<String>,
    pub other_date3: Option<String>,
}

impl From<&SaleView> for TransactionOut {
    fn from(view: &SaleView) -> Self {
        let sale = &view.stored.sale;
        let number = |value: Option<meed_core::money::Exact>| value.map(JsonNumber);
        let [owner1, owner2, owner3] = sale.owners.clone();
        let [team1, team2, team3] = sale.teams.clone();
        let [other_text1, other_text2, other_text3] = sale.other_text.clone();
        let [other_numeric1, other_numeric2, other_numeric3] = sale.other_numeric.map(number);
        let [other_date1, other_date2, other_date3] = sale.other_date.clone();
        Self {
            id: guid(view.stored.id),
            date: sale.at.to_string(),
            unique_id: view.stored.unique_id.clone(),
            revenue: number(sale.revenue),
            profit: number(sale.profit),
            currency: sale.currency.map(|unit| unit.code().to_owned()),
            transaction_status: sale.status.clone(),
            customer: sale.customer_name.clone().or_else(|| sale.customer_email.clone()).or_else(|| sale.customer_code.clone()),
            product: sale.product_name.clone().or_else(|| sale.product_code.clone()),
            owner1,
            owner2,
            owner3,
            team1: team1.or_else(|| sale.territory.clone()),
            team2,
            team3,
            quantity: number(sale.quantity),
            cost_per_unit: number(sale.unit_cost),
            taxes: number(sale.tax),
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
