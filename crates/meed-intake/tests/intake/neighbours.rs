//! Columns that only their neighbours explain, and headers that are shortened, inflected or carry a currency.

use std::io::Cursor;

use meed_intake::{Hints, Reading, Target};

fn detect(text: &str) -> Reading {
    Reading::detect(&mut Cursor::new(text), &Hints::default()).unwrap()
}

/// The column of a target and whether it is automatic.
fn chosen(reading: &Reading, target: Target) -> Option<(&str, bool)> {
    reading.columns().iter().find(|c| c.target == Some(target)).map(|c| (c.column.as_str(), c.automatic))
}

#[test]
fn the_number_of_a_house_is_no_id_of_a_sale() {
    let reading = detect(
        "Transação;Data de Venda;Valor;Endereço;Número;Cidade\n\
         HP1234567890;04/03/2026;197,00;Rua A;10;Campinas\nHP1234567891;25/03/2026;177,00;Rua B;220;Santos\n",
    );
    assert_eq!(chosen(&reading, Target::UniqueId), Some(("Transação", true)));
}

#[test]
fn a_payout_is_proven_by_what_is_called_gross() {
    let reading = detect(
        "Confirmation code,Date,Guest,Amount,Service fee,Gross earnings\n\
         HMABC12345,2026-03-15,Joana Prado,388.00,12.00,400.00\nHMABC12346,2026-03-16,Pedro Lima,194.00,6.00,200.00\n",
    );
    assert_eq!(chosen(&reading, Target::Revenue).map(|c| c.0), Some("Gross earnings"));
}

#[test]
fn a_label_beside_the_customers_code_is_the_customers() {
    let rows = "FA00412;04.03.2026;C0021;Société Générique;PMP10;Pompe 10 bar;2;1280,00\n\
                FA00413;16.03.2026;C0044;Ateliers Noël;SLG2;Flexible;4;50,00\n";
    let reading = detect(&format!("N° pièce;Date;Code tiers;Intitulé;Réf. article;Désignation;Qté;Montant HT\n{rows}"));
    assert_eq!(chosen(&reading, Target::CustomerName).map(|c| c.0), Some("Intitulé"));
    assert_eq!(chosen(&reading, Target::ProductName), Some(("Désignation", true)));
}

#[test]
fn a_bare_code_in_the_lines_of_a_document_is_the_products() {
    let reading = detect(
        "Número do pedido;Data;Código;Descrição;Quantidade;Valor total\n\
         412;04/03/2026;CAN-1;Caneca;2;79,80\n412;04/03/2026;BOL-2;Bolsa;1;89,00\n413;26/03/2026;CAN-1;Caneca;1;39,90\n",
    );
    assert_eq!(chosen(&reading, Target::ProductCode).map(|c| c.0), Some("Código"));
    let items = detect(
        "Order Id,Order Item Id,Purchase Date,Merchant SKU,Title,Shipped Quantity,Item Price,Item Tax\n\
         303-1,123456789,2026-03-04,LUNA-1,Lamp,1,95.00,15.17\n303-1,123456790,2026-03-04,PIN-3,Pin,3,12.00,1.92\n",
    );
    assert_eq!(chosen(&items, Target::ProductCode).map(|c| c.0), Some("Merchant SKU"));
}

#[test]
fn what_an_item_costs_is_the_revenue_only_where_nothing_else_is() {
    let alone = detect(
        "Order#,Order Date,Customer Name,Qty,Item Cost\nA-1001,2026-03-04,Mara Quill,1,29.99\nA-1002,2026-03-05,Lia Braga,2,24.50\n",
    );
    assert_eq!(chosen(&alone, Target::Revenue), Some(("Item Cost", false)));
    let beside = detect(
        "Order#,Order Date,Customer Name,Item Cost,Item Total\nA-1001,2026-03-04,Mara Quill,12.00,29.99\n\
         A-1002,2026-03-05,Lia Braga,8.00,24.50\n",
    );
    assert_eq!(chosen(&beside, Target::Revenue).map(|c| c.0), Some("Item Total"));
}

#[test]
fn a_last_name_stands_in_for_a_missing_name_and_is_asked() {
    let reading = detect(
        "Bestelnummer;Besteldatum;Totaalprijs;Achternaam verzendadres\nC0001;04-03-2026;36,00;de Vries\nC0002;15-03-2026;24,50;Jansen\n",
    );
    assert_eq!(chosen(&reading, Target::CustomerName), Some(("Achternaam verzendadres", false)));
}

#[test]
fn a_full_name_is_taken_before_a_company_that_is_often_empty() {
    let reading = detect(
        "Order code,Order date,Total,Company,Name\n9ABCD,2026-03-04,59.50,,Mara Quill\n9ABCE,2026-03-15,119.00,Borealis Ltd,Tunde Okafor\n\
         9ABCF,2026-03-16,59.50,,Lia Braga\n",
    );
    assert_eq!(chosen(&reading, Target::CustomerName).map(|c| c.0), Some("Name"));
}

#[test]
fn the_only_closing_date_of_a_list_of_deals_is_its_day() {
    let reading = detect(
        "ID,Deal name,Sales Stage,Amount,Expected Close Date,Date Created,Account Name\n\
         D-1001,Licences,Closed Won,500.00,2026-03-04,2026-01-10,Aurora Bank\n\
         D-1002,Renewal,Closed Won,700.00,2026-03-28,2026-02-01,Borealis\n",
    );
    assert_eq!(chosen(&reading, Target::Date), Some(("Expected Close Date", true)));
    let both = detect(
        "ID,Deal name,Stage,Amount,Expected Close Date,Actual Close Date\n\
         D-1001,Licences,Won,500.00,2026-03-10,2026-03-04\nD-1002,Renewal,Won,700.00,2026-03-31,2026-03-28\n",
    );
    assert_eq!(chosen(&both, Target::Date), Some(("Actual Close Date", true)));
}

#[test]
fn shortened_and_inflected_words_are_known() {
    let reading = detect(
        "Faktura;Fakt.datum;Rechnungspartners;Fakt.menge;Nettowert;Vertriebsmitarb.\n\
         90001012;04.03.2026;Müller Anlagenbau;2;1280,00;Jonas Weber\n90001013;16.03.2026;Böhm Technik;1;640,00;Petra Kühn\n",
    );
    assert_eq!(chosen(&reading, Target::Date), Some(("Fakt.datum", true)));
    assert_eq!(chosen(&reading, Target::Owner), Some(("Vertriebsmitarb.", true)));
    assert_eq!(chosen(&reading, Target::Quantity), Some(("Fakt.menge", true)));
    let marked = detect("Order ID,Order Date,Subtotal (ARS)\nA-1001,2026-03-04,25980.00\nA-1002,2026-03-15,8450.50\n");
    assert_eq!(chosen(&marked, Target::Revenue), Some(("Subtotal (ARS)", true)));
}

#[test]
fn the_same_name_twice_asks_only_where_the_values_differ() {
    let same = detect("Order ID,Order Date,Total,Currency,Currency\nA-1001,2026-03-04,10.00,BRL,BRL\nA-1002,2026-03-15,12.00,BRL,BRL\n");
    assert!(chosen(&same, Target::Currency).is_some_and(|c| c.1));
    let other = detect("Order ID,Order Date,Total,Currency,Currency\nA-1001,2026-03-04,10.00,BRL,USD\nA-1002,2026-03-15,12.00,BRL,EUR\n");
    assert!(chosen(&other, Target::Currency).is_some_and(|c| !c.1));
}

#[test]
fn a_count_with_its_unit_is_a_count() {
    let text = "Voucher No.,Date,Customer,Quantity,Value\nGST-412,2026-03-04,Aurora Traders,10 nos,125000.00\n\
    GST-413,2026-03-15,Borealis,4 nos,50000.00\n";
    let reading = detect(text);
    assert_eq!(chosen(&reading, Target::Quantity).map(|c| c.0), Some("Quantity"));
    let mut rows = reading.rows(Cursor::new(text), None).unwrap();
    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.outcome.unwrap().quantity.map(|q| q.to_string()).as_deref(), Some("10"));
}

#[test]
fn products_above_groups_are_not_who_sold() {
    let reading = detect(
        "Sales by Product/Service Detail\n\n,Date,Num,Customer,Quantity,Amount\nTree removal,,,,,\n,2026-03-04,2001,Mara Quill,1,2000.00\n\
         ,2026-03-15,2004,Tunde Okafor,2,800.00\nStump grinding,,,,,\n,2026-03-28,2003,Mara Quill,1,50.00\n",
    );
    assert_eq!(chosen(&reading, Target::Owner), None);
    assert_eq!(reading.columns()[0].target, Some(Target::ProductName));
}

#[test]
fn nights_are_asked_for_as_a_quantity_and_do_not_multiply() {
    let reading = detect(
        "Book number,Booked on,Guest name,Price,Nights\n3817740346,2026-03-04,Patrick Quinn,412.5 EUR,3\n\
         3817740412,2026-03-16,Lotta Berg,1260 EUR,7\n",
    );
    assert_eq!(chosen(&reading, Target::Quantity), Some(("Nights", false)));
    assert_eq!(chosen(&reading, Target::Revenue).map(|c| c.0), Some("Price"));
}

#[test]
fn what_is_written_like_a_login_is_no_name() {
    let reading = detect(
        "order_num,order_date,buyer,total\n112233-401,2026-03-04,vinylmara,33.50\n112233-402,2026-03-15,tokafor,18.00\n\
         112233-410,2026-03-16,lbraga,25.00\n",
    );
    assert_eq!(chosen(&reading, Target::CustomerCode), Some(("buyer", false)));
    assert_eq!(chosen(&reading, Target::CustomerName), None);
}

#[test]
fn an_event_before_its_record_is_the_sale_and_one_after_it_is_not() {
    let sale = detect(
        "Action Id,Event Date,Creation Date,Sale Amount\n556677,2026-03-04T10:12:40,2026-03-04T10:13:00,120.00\n\
         556678,2026-03-15T23:40:02,2026-03-15T23:41:00,30.00\n",
    );
    assert_eq!(chosen(&sale, Target::Date).map(|c| c.0), Some("Event Date"));
    let concert =
        detect("Order Id,Event Date,Creation Date,Total\n556677,2026-06-04,2026-03-04,120.00\n556678,2026-06-04,2026-03-15,30.00\n");
    assert_eq!(chosen(&concert, Target::Date).map(|c| c.0), Some("Creation Date"));
}

#[test]
fn a_net_amount_that_is_quantity_times_price_is_no_payout() {
    let reading = detect(
        "Num. doc.;Data doc.;Cod. articolo;Descrizione;Q.tà;Prezzo netto;Importo netto;Agente;Provvigione\n\
         1412;04/03/2026;PMP10;Pompa;2;640,00;1.280,00;Giulia Conti;64,00\n1413;16/03/2026;SLG2;Tubo;4;12,50;50,00;Marco Riva;2,50\n",
    );
    assert_eq!(chosen(&reading, Target::Revenue).map(|c| c.0), Some("Importo netto"));
}

#[test]
fn row_numbers_are_no_products_and_numbers_may_look_like_days() {
    let sales = detect(
        "#;N.º de venta;Fecha;Cliente;Productos;Unidades;Total\n1;V-000412;04/03/2026;Mara Quintana;Taza;2;59,50\n\
         2;V-000413;26/03/2026;Lía Bravo;Bolso;1;95,20\n",
    );
    assert_eq!(chosen(&sales, Target::ProductCode), None);
    assert_eq!(chosen(&sales, Target::UniqueId).map(|c| c.0), Some("N.º de venta"));
    let invoices = detect(
        "Numer faktury;Data wystawienia;Klient;Netto (zł);VAT (zł)\n12/03/2026;2026-03-04;Jan Kowalski;1200,00;276,00\n\
         13/03/2026;2026-03-16;Ewa Łoś;349,50;80,39\n",
    );
    assert_eq!(chosen(&invoices, Target::UniqueId), Some(("Numer faktury", true)));
    assert_eq!(chosen(&invoices, Target::Date), Some(("Data wystawienia", true)));
    assert_eq!(chosen(&invoices, Target::Revenue), Some(("Netto (zł)", true)));
}
