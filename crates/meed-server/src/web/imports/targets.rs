//! The targets in the words of the mapping page.

use std::collections::HashMap;

use crate::pages::mapping::Target;

/// Every target with its heading and meaning, those of one heading together.
pub(super) fn targets() -> Vec<Target> {
    let of = |(group, code, label, meaning): &(&str, &str, &str, &str)| Target {
        group: (*group).to_owned(),
        code: (*code).to_owned(),
        label: (*label).to_owned(),
        meaning: (*meaning).to_owned(),
        places: 1,
    };
    TARGETS.iter().map(of).collect()
}

/// The names of the targets by their codes.
pub(in crate::web) fn target_labels() -> HashMap<&'static str, String> {
    TARGETS.iter().map(|(_, code, label, _)| (*code, (*label).to_owned())).collect()
}

const TARGETS: [(&str, &str, &str, &str); 33] = [
    ("Sale", "unique_id", "Unique id", "The row’s stable id: order, invoice, deal"),
    ("Sale", "date", "Date", "The day of the sale"),
    ("Sale", "time", "Time", "Time of day, joined with the date"),
    ("Sale", "status", "Status", "State of the sale: paid, refunded, won"),
    ("Money", "revenue", "Revenue", "Sale value of the row, before tax and shipping"),
    ("Money", "profit", "Profit", "Margin of the row"),
    ("Money", "currency", "Currency", "ISO currency of the row"),
    ("Money", "tax", "Tax", "Tax amount of the row"),
    ("Who sold", "owner", "Owner", "The sales rep; || between names shares the sale"),
    ("Who sold", "owner2", "Second owner", "Another rep on the same sale"),
    ("Who sold", "owner3", "Third owner", "Another rep on the same sale"),
    ("Who sold", "team", "Team", "The sales team"),
    ("Who sold", "team2", "Second team", "Another team on the same sale"),
    ("Who sold", "team3", "Third team", "Another team on the same sale"),
    ("Who sold", "territory", "Territory", "Territory or country, by which a team is found"),
    ("Customer", "customer_name", "Customer name", "Who bought"),
    ("Customer", "customer_email", "Customer e-mail", "Their address"),
    ("Customer", "customer_code", "Customer number", "Their number at the source"),
    ("Product", "product_code", "Product number", "What was bought, by number"),
    ("Product", "product_name", "Product", "What was bought"),
    ("Product", "quantity", "Quantity", "How many"),
    ("Product", "unit_price", "Price per unit", "With a quantity it stands in for a missing total"),
    ("Product", "unit_cost", "Cost per unit", "What one cost the seller"),
    ("Product", "coupon", "Coupon", "Coupon or referral code"),
    ("Other", "other_text1", "Text 1", "A text for conditions of plans"),
    ("Other", "other_text2", "Text 2", "A text for conditions of plans"),
    ("Other", "other_text3", "Text 3", "A text for conditions of plans"),
    ("Other", "other_numeric1", "Number 1", "A number for formulas of plans"),
    ("Other", "other_numeric2", "Number 2", "A number for formulas of plans"),
    ("Other", "other_numeric3", "Number 3", "A number for formulas of plans"),
    ("Other", "other_date1", "Date 1", "A date for conditions of plans"),
    ("Other", "other_date2", "Date 2", "A date for conditions of plans"),
    ("Other", "other_date3", "Date 3", "A date for conditions of plans"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_of_the_intake_can_be_chosen() {
        let mut codes: Vec<String> = targets().into_iter().map(|target| target.code).collect();
        let mut known: Vec<&str> = meed_intake::Target::ALL.iter().map(|target| target.name()).collect();
        codes.sort_unstable();
        known.sort_unstable();
        assert_eq!(codes, known);
    }
}
