//! Automatic means certain: thin evidence asks, and what lies outside the table is not loaded.

use std::fmt::Write as _;
use std::io::Cursor;

use meed_intake::{DateOrder, Hints, Reading, SkipReason, Target};

fn detect(text: &str) -> Reading {
    Reading::detect(&mut Cursor::new(text), &Hints::default()).unwrap()
}

/// The column of a target and whether it is automatic.
fn chosen(reading: &Reading, target: Target) -> Option<(&str, bool)> {
    reading.columns().iter().find(|c| c.target == Some(target)).map(|c| (c.column.as_str(), c.automatic))
}

#[test]
fn the_end_of_an_invoice_is_not_its_date_but_the_end_of_a_deal_is() {
    let invoices = detect(
        "invoice_number,invoice_created_at,invoice_closed_at,total,currency\n\
         1001,2026-03-04 10:12:40 UTC,2026-03-04 10:12:50 UTC,100.00,USD\n\
         1002,2026-03-15 18:40:00 UTC,,290.00,EUR\n",
    );
    assert_eq!(chosen(&invoices, Target::Date).map(|c| c.0), Some("invoice_created_at"));
    let deals = detect(
        "Id,Deal name,Stage,Amount,Created date,Closed date,Deal owner\n\
         D-11,Licences,Won,500.00,2026-01-10,2026-03-04,Dana Reyes\n\
         D-12,Renewal,Open,700.00,2026-02-01,,Lee Moss\n",
    );
    assert_eq!(chosen(&deals, Target::Date), Some(("Closed date", true)));
}

#[test]
fn an_empty_or_constant_zero_column_is_no_evidence() {
    let reading = detect(
        "DocNum,DocDate,CardName,SlpName,DocTotal,VatSum,DiscSum\n\
         26000017,04.03.2026,Aurora Bank AG,Dana Reyes,\"1.190,00\",\"190,00\",\"0,00\"\n\
         26000018,16.03.2026,Hafen GmbH,Lee Moss,\"595,00\",\"95,00\",\"0,00\"\n",
    );
    assert_eq!(chosen(&reading, Target::Revenue).map(|c| c.0), Some("DocTotal"));
    let promotion = detect("order id,order date,total,item-promotion-id\nA-1001,2026-03-04,10.00,\nA-1002,2026-03-05,12.00,\n");
    assert!(chosen(&promotion, Target::Coupon).is_none_or(|c| !c.1), "an empty column is a question at most");
    let reference = detect("Date,Confirmation Code,Reference,Amount\n2026-03-04,HM2AB3,,10.00\n2026-03-05,HM2AB4,,12.00\n");
    assert_eq!(chosen(&reference, Target::UniqueId).map(|c| c.0), Some("Confirmation Code"));
}

#[test]
fn a_flag_is_no_tax_and_a_word_in_brackets_is_no_team() {
    let reading = detect(
        "orderNumber,orderTime,invoiceAmountNet,taxFree,Sales Person (Sales Team)\n\
         20001,2026-03-04 10:00:00,100.00,0,Dana Reyes\n20002,2026-03-05 10:00:00,80.00,1,Lee Moss\n",
    );
    assert_eq!(chosen(&reading, Target::Tax), None);
    assert_eq!(chosen(&reading, Target::Team), None);
    assert_eq!(chosen(&reading, Target::Owner), Some(("Sales Person (Sales Team)", true)));
}

#[test]
fn an_unknown_word_in_a_header_asks() {
    let plain = detect("Order ID,Order Date,Amount\nA-1001,2026-03-04,10.00\nA-1002,2026-03-05,12.00\n");
    assert_eq!(chosen(&plain, Target::Revenue), Some(("Amount", true)));
    let strange = detect("Order ID,Order Date,Zorbly Amount\nA-1001,2026-03-04,10.00\nA-1002,2026-03-05,12.00\n");
    assert_eq!(chosen(&strange, Target::Revenue), Some(("Zorbly Amount", false)));
}

#[test]
fn a_selling_price_is_no_cost_and_a_machine_is_no_seller() {
    let reading = detect(
        "Order ID,Order Date,Customer Name,SKU,Quantity,Item Cost,Line Total,User\n\
         A-1001,2026-03-04,Mara Quill,TOTE-BL,2,40.00,80.00,api_user\n\
         A-1002,2026-03-05,Tunde Okafor,MUG-01,3,12.00,36.00,api_user\n",
    );
    assert_eq!(chosen(&reading, Target::UnitCost), None);
    assert_eq!(chosen(&reading, Target::Owner), None);
}

#[test]
fn the_name_of_a_deal_is_not_the_customer() {
    let reading = detect(
        "Name,Account,Deal stage,Amount,Closed date,Owner\n\
         Aurora licences,Aurora Bank,Won,500.00,2026-03-04,Dana Reyes\n\
         Borealis renewal,Borealis Ltd,Won,700.00,2026-03-28,Lee Moss\n",
    );
    assert_eq!(chosen(&reading, Target::CustomerName), Some(("Account", true)));
}

#[test]
fn ids_and_dates_without_a_usual_name_are_asked() {
    let reading = detect(
        "Psp Reference,Booked,Amount,Taken By\n8836183819713023,3/14/2026,10.00,Dana Reyes\n8836183819713024,3/16/2026,12.00,Lee Moss\n",
    );
    assert_eq!(chosen(&reading, Target::UniqueId), Some(("Psp Reference", false)));
    assert_eq!(chosen(&reading, Target::Date).map(|c| c.0), Some("Booked"));
    assert_eq!(chosen(&reading, Target::Owner), Some(("Taken By", true)));
}

#[test]
fn com_013_a_column_of_countries_is_proposed_as_territory() {
    let reading = detect("N° commande,Date,Total,Livraison\nC-1001,04/03/2026,\"10,00\",France\nC-1002,16/03/2026,\"12,00\",Belgique\n");
    assert_eq!(chosen(&reading, Target::Territory), Some(("Livraison", false)));
}

#[test]
fn a_sum_without_a_word_behind_thousands_of_rows_is_not_loaded() {
    let mut text = String::from("Order ID,Order Date,Amount\n");
    for n in 0..2_500 {
        writeln!(text, "A-{n:05},2026-03-04,2.50").unwrap();
    }
    text.push_str(",,6250.00\n");
    let reading = detect(&text);
    assert_eq!(reading.row_count(), 2_500);
    assert!(reading.skipped().0.iter().any(|s| s.line == 2_502 && s.reason == SkipReason::Total));
    let loaded = reading.rows(Cursor::new(&text), None).unwrap().count();
    assert_eq!(loaded, 2_500);
    // Another figure there is a row that lacks its date, and is refused as one.
    assert_eq!(detect(&text.replace("6250.00", "6251.00")).row_count(), 2_501);
}

#[test]
fn a_line_that_counts_the_records_is_a_footer() {
    let text = "Order ID,Order Date,Buyer Name,Item,Quantity,Amount\n\
                A-1001,Mar-04-26,Mara Quill,Tote,1,10.00\nA-1002,Mar-15-26,Tunde Okafor,Mug,2,12.00\n\
                2,\"record(s) downloaded,\",from Mar-01-26\n";
    let reading = detect(text);
    assert_eq!(reading.row_count(), 2);
    assert!(reading.skipped().0.iter().any(|s| s.reason == SkipReason::Footer));
}

#[test]
fn the_order_of_written_months_is_reported() {
    for (day, order) in [("Mar-04-26", DateOrder::MonthFirst), ("04-Mar-2026", DateOrder::DayFirst), ("2026-03-04", DateOrder::YearFirst)] {
        let reading = detect(&format!("Order ID,Order Date,Amount\nA-1001,{day},10.00\nA-1002,{day},12.00\n"));
        assert_eq!(reading.report().values.date_order, Some(order), "{day}");
    }
}

#[test]
fn an_amount_that_with_the_tax_gives_the_total_is_the_revenue() {
    let reading = detect(
        "Ticket,Fecha,Zorbly,IVA,Total\nT-001,04/03/2026,\"41,32\",\"8,68\",\"50,00\"\nT-002,16/03/2026,\"9,92\",\"2,08\",\"12,00\"\n",
    );
    assert_eq!(chosen(&reading, Target::Revenue), Some(("Zorbly", false)));
}

#[test]
fn the_id_of_a_line_is_not_the_products_code() {
    let reading =
        detect("line_item_id,invoice_date,product_name,quantity,amount\nil_1A,2026-03-04,Pro,1,99.00\nil_1B,2026-03-16,Basic,3,87.00\n");
    assert_eq!(chosen(&reading, Target::ProductCode), None);
    assert_eq!(chosen(&reading, Target::UniqueId).map(|c| c.0), Some("line_item_id"));
}

#[test]
fn a_name_beside_a_customer_and_a_commission_is_asked_as_the_seller() {
    let reading =
        detect("Name,Date,Client,Amount,Commission\nDana Reyes,3/14/2026,Aurora Bank,1000,50\nLee Moss,3/16/2026,Borealis Ltd,500,25\n");
    assert_eq!(chosen(&reading, Target::Owner), Some(("Name", false)));
    assert_eq!(chosen(&reading, Target::CustomerName).map(|c| c.0), Some("Client"));
}

#[test]
fn an_order_number_with_a_letter_is_no_amount_and_amounts_are_no_ids() {
    let orders = detect("Order,Date,Rep,Amount\nR1001,2026-03-04,Dana Reyes,20.00\nR1002,2026-03-05,Lee Moss,22.00\n");
    assert_eq!(chosen(&orders, Target::UniqueId), Some(("Order", true)));
    let sums = detect("Agent,Month,Gross Sales,Net Sales\nDana Reyes,2026-03,5000,4900\nLee Moss,2026-03,4000,4000\n");
    assert_eq!(chosen(&sums, Target::UniqueId), None);
}
