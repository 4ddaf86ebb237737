//! A sale as callers of `/v1` send it.

use meed_app::sources::KnownSource;
use meed_core::command::{SaleContent, SaleInput};
use meed_core::sale::{NumberField, TextField};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::FieldProblem;
use super::sale_patch::PatchWriter;
use super::wire::{Field, LooseText, Number};

macro_rules! sale_in {
    (
        text { $($text:ident => $text_field:expr, $text_example:literal, $text_doc:literal;)* }
        number { $($number:ident => $number_field:expr, $number_example:literal, $number_doc:literal;)* }
        other_date { $($other:ident => $other_place:literal;)* }
    ) => {
        /// A sale to record. Only what is named changes: an absent field keeps what is stored, null clears it. A new sale
        /// needs a date. Amounts are exact decimals in major units, as JSON number or text.
        #[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields, default)]
        #[schema(as = SaleIn)]
        pub(crate) struct SaleIn {
            /// Where it comes from: the name or the id of a source. A new name makes a source; `API` if not given.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(example = "Shop")]
            pub source: Option<String>,
            /// The source's own id of the sale. The same id again updates the sale; without one, an equal sale is ignored.
            #[serde(skip_serializing_if = "Field::is_absent")]
            #[schema(value_type = Option<String>, example = "INV-1007")]
            pub unique_id: Field<LooseText>,
            /// When it was sold: RFC 3339, or a date, which is the start of that day in the source's zone.
            #[serde(skip_serializing_if = "Field::is_absent")]
            #[schema(value_type = Option<String>, example = "2026-03-31T14:05:00Z")]
            pub date: Field<String>,
            /// ISO 4217 code, or a sign that means one currency.
            #[serde(skip_serializing_if = "Field::is_absent")]
            #[schema(value_type = Option<String>, example = "USD")]
            pub currency: Field<String>,
            $(
                #[doc = $number_doc]
                #[serde(skip_serializing_if = "Field::is_absent")]
                #[schema(value_type = Option<String>, example = $number_example)]
                pub $number: Field<Number>,
            )*
            $(
                #[doc = $text_doc]
                #[serde(skip_serializing_if = "Field::is_absent")]
                #[schema(value_type = Option<String>, example = $text_example)]
                pub $text: Field<LooseText>,
            )*
            $(
                /// A further date, with the meaning that plans give it.
                #[serde(skip_serializing_if = "Field::is_absent")]
                #[schema(value_type = Option<String>, example = "2026-04-15")]
                pub $other: Field<String>,
            )*
        }

        impl SaleIn {
            /// What is to be recorded, or everything that is wrong.
            pub(crate) fn input(self, source: &KnownSource) -> Result<SaleInput, Vec<FieldProblem>> {
                let mut patch = PatchWriter::new(source);
                let unique_id = patch.unique_id("unique_id", self.unique_id);
                patch.date("date", self.date);
                patch.currency("currency", self.currency);
                $(patch.number($number_field, self.$number);)*
                $(patch.text(stringify!($text), $text_field, self.$text);)*
                $(patch.other_date(stringify!($other), $other_place, self.$other);)*
                let content = SaleContent::Patch(Box::new(patch.finish()?));
                Ok(SaleInput { unique_id, content, original: None, line: None })
            }
        }
    };
}

sale_in! {
    text {
        status => TextField::Status, "won", "State at the source, such as `won` or `refunded`.";
        customer_name => TextField::CustomerName, "Harbour Ltd", "Who bought.";
        customer_email => TextField::CustomerEmail, "orders@harbour.example", "Their e-mail address.";
        customer_code => TextField::CustomerCode, "C-204", "The source's id of them.";
        product_code => TextField::ProductCode, "PUMP-4", "What was bought: SKU or id.";
        product_name => TextField::ProductName, "Pump, 4 bar", "What was bought: name.";
        owner => TextField::Owner(0), "dana@example.com", "Who sold, by alias; `||` between several.";
        owner2 => TextField::Owner(1), "Lee", "A second rep.";
        owner3 => TextField::Owner(2), "Ada", "A third rep.";
        team => TextField::Team(0), "West", "The team, by alias.";
        team2 => TextField::Team(1), "Marine", "A second team.";
        team3 => TextField::Team(2), "Service", "A third team.";
        territory => TextField::Territory, "FR", "Territory or country, by alias of a team.";
        coupon => TextField::Coupon, "SPRING", "Coupon or referral code.";
        other_text1 => TextField::Other(0), "renewal", "Free text.";
        other_text2 => TextField::Other(1), "", "Free text.";
        other_text3 => TextField::Other(2), "", "Free text.";
    }
    number {
        revenue => NumberField::Revenue, "1250.00", "Sale value, may be negative.";
        profit => NumberField::Profit, "310.00", "Margin, may be negative.";
        quantity => NumberField::Quantity, "5", "Units sold.";
        unit_cost => NumberField::UnitCost, "188.00", "The seller's cost of one unit.";
        tax => NumberField::Tax, "250.00", "Tax amount.";
        other_numeric1 => NumberField::Other(0), "0", "Free number.";
        other_numeric2 => NumberField::Other(1), "0", "Free number.";
        other_numeric3 => NumberField::Other(2), "0", "Free number.";
    }
    other_date {
        other_date1 => 0;
        other_date2 => 1;
        other_date3 => 2;
    }
}
