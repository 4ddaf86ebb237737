//! The three exports, each in the shape of its system: encoding, delimiter, dates, decimals, titles.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::company::{PRODUCTS, SELLERS};
use super::sales::{DemoSale, Owner, System, corrected};
use crate::failure::Failure;

/// A file of the demo and the source it comes from.
pub(super) struct DemoFile {
    pub(super) path: PathBuf,
    pub(super) source: &'static str,
}

/// The files of the demo.
pub(super) struct DemoFiles {
    /// The three exports of the quarter.
    pub(super) exports: [DemoFile; 3],
    /// One deal of January, exported again after somebody corrected it.
    pub(super) correction: DemoFile,
}

pub(super) const CRM: &str = "CRM";
const ORDERS: &str = "Order system";
const PORTAL: &str = "Partner portal";

/// Writes the files. Those that are there with the same content are written again to the same bytes.
pub(super) fn write(folder: &Path, all: &[DemoSale]) -> Result<DemoFiles, Failure> {
    std::fs::create_dir_all(folder).map_err(|e| Failure::file(folder, &e))?;
    let of = |system| all.iter().filter(move |s| s.system == system);
    let put = |name: &str, source: &'static str, bytes: Vec<u8>| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(|e| Failure::file(&path, &e))?;
        Ok::<_, Failure>(DemoFile { path, source })
    };
    let late = corrected(all).map(|sale| DemoSale { revenue: sale.revenue * 3 / 4, profit: sale.profit / 4, ..sale.clone() });
    Ok(DemoFiles {
        exports: [
            put("crm-deals.csv", CRM, crm(of(System::Crm), true).into_bytes())?,
            put("auftraege.csv", ORDERS, windows_1252(&orders(of(System::Orders))))?,
            put("partner-portal.txt", PORTAL, portal(of(System::Portal)).into_bytes())?,
        ],
        correction: put("crm-deals-corrected.csv", CRM, crm(late.iter(), false).into_bytes())?,
    })
}

/// Cents as text: `1,234.50` with marks `,` and `.`.
fn decimal(cents: i64, group: &str, mark: char) -> String {
    let whole = (cents.abs() / 100).to_string();
    let mut out = String::from(if cents < 0 { "-" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push_str(group);
        }
        out.push(digit);
    }
    out.push(mark);
    let _ = write!(out, "{:02}", cents.abs() % 100);
    out
}

fn owner(sale: &DemoSale, name: fn(usize) -> &'static str, stranger: &str) -> String {
    match sale.owner {
        Owner::Seller(seller) => name(seller).to_owned(),
        Owner::Shared(one, two) => format!("{} || {}", name(one), name(two)),
        Owner::Ambiguous => "S. Brandt".to_owned(),
        Owner::Stranger => stranger.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Rows that no import can take, after the sale with this place in its file.
const CRM_TROUBLE: [(usize, &str); 3] = [
    (311, "D-59001,\"Typed by hand\",Closed Won,2/30/2026,\"Jonas Feld\",\"1,180.00\",EUR,HD-310,Data logger,\"Linden Labor\",North\n"),
    (
        902,
        "D-59002,\"Waits for a price\",Closed Won,3/12/2026,\"Clara Boyle\",to be agreed,EUR,HD-450,Control unit,\"Ventura Klima\",West\n",
    ),
    (1_400, "D-59003,\"No date yet\",Closed Won,,\"Ida Weiß\",\"540.00\",EUR,SV-20,Service plan,\"Isar Medizintechnik\",South\n"),
];
const ORDERS_TROUBLE: [(usize, &str); 2] = [
    (577, "RE-299001;17.02.2026;Stahlhandel Kühn;HD-120;Pressure gauge;2;siehe Anlage;81,20;EUR;Moser, Lukas;Süd;bezahlt\r\n"),
    (1_650, "RE-299002;31.04.2026;Jura Präzision;HD-100;Flow sensor;1;180,00;81,00;EUR;Demir, Yusuf;West;bezahlt\r\n"),
];
const PORTAL_TROUBLE: [(usize, &str); 1] =
    [(640, "PP-99001\t2026-13-02\tOrion Sensorik\tHD-100\tFlow sensor\t1\t180.00\tEUR\tV-201\tR-S\tpaid\n")];

fn trouble(rows: &[(usize, &'static str)], after: usize) -> &'static str {
    rows.iter().find(|(place, _)| *place == after).map_or("", |(_, row)| row)
}

/// Comma, quotes, US dates, decimal point; UTF-8.
fn crm<'a>(sales: impl Iterator<Item = &'a DemoSale>, with_trouble: bool) -> String {
    let mut out =
        String::from("Deal ID,Deal Name,Stage,Close Date,Deal Owner,Amount,Currency,Product Code,Product,Account Name,Sales Region\n");
    for (index, sale) in sales.enumerate() {
        let (code, product, ..) = PRODUCTS[sale.product];
        let day = sale.day;
        let stage = if sale.refunds.is_some() { "Refunded" } else { "Closed Won" };
        let line = [
            sale.crm_id(),
            quoted(&format!("{} for {}", product, sale.customer)),
            stage.to_owned(),
            format!("{}/{}/{}", day.month(), day.day(), day.year()),
            quoted(&owner(sale, |s| SELLERS[s].name, "Temp Agency 3")),
            quoted(&decimal(sale.revenue, ",", '.')),
            sale.currency.to_owned(),
            code.to_owned(),
            product.to_owned(),
            quoted(sale.customer),
            sale.region.english().to_owned(),
        ];
        out.push_str(&line.join(","));
        out.push('\n');
        if with_trouble {
            out.push_str(trouble(&CRM_TROUBLE, index));
        }
    }
    out
}

/// Semicolon, German dates, decimal comma, German words.
fn orders<'a>(sales: impl Iterator<Item = &'a DemoSale>) -> String {
    let mut out = String::from(
        "Belegnummer;Belegdatum;Kunde;Artikelnummer;Artikelbezeichnung;Menge;Nettobetrag;Rohertrag;Währung;Verkäufer;Gebiet;Status\r\n",
    );
    for (index, sale) in sales.enumerate() {
        let (code, product, ..) = PRODUCTS[sale.product];
        let day = sale.day;
        let line = [
            format!("{}-{}", if sale.refunds.is_some() { "GS" } else { "RE" }, 260_001 + sale.number),
            format!("{:02}.{:02}.{}", day.day(), day.month(), day.year()),
            sale.customer.to_owned(),
            code.to_owned(),
            product.to_owned(),
            sale.quantity.to_string(),
            decimal(sale.revenue, ".", ','),
            decimal(sale.profit, ".", ','),
            sale.currency.to_owned(),
            owner(sale, |s| SELLERS[s].reversed, "Aushilfe Messe"),
            sale.region.german().to_owned(),
            if sale.refunds.is_some() { "Gutschrift" } else { "bezahlt" }.to_owned(),
        ];
        out.push_str(&line.join(";"));
        out.push_str("\r\n");
        out.push_str(trouble(&ORDERS_TROUBLE, index));
    }
    out
}

/// Tab, three lines of titles, ISO dates, a line of totals at the end.
fn portal<'a>(sales: impl Iterator<Item = &'a DemoSale>) -> String {
    let mut out = String::from(
        "Halden Partner Portal\nSales report\nPeriod: 2026-01-01 to 2026-03-31\n\nOrder No\tOrder Date\tPartner\tSKU\tItem\tQty\tTotal\tCurrency\tSales Rep\tSales Region\tOrder Status\n",
    );
    let (mut quantity, mut total) = (0, 0);
    for (index, sale) in sales.enumerate() {
        let (code, product, ..) = PRODUCTS[sale.product];
        quantity += sale.quantity;
        total += sale.revenue;
        let line = [
            format!("PP-{:05}", 7_001 + sale.number),
            sale.day.to_string(),
            sale.customer.to_owned(),
            code.to_owned(),
            product.to_owned(),
            sale.quantity.to_string(),
            decimal(sale.revenue, "", '.'),
            sale.currency.to_owned(),
            owner(sale, |s| SELLERS[s].code, "V-999"),
            sale.region.code().to_owned(),
            if sale.refunds.is_some() { "refunded" } else { "paid" }.to_owned(),
        ];
        out.push_str(&line.join("\t"));
        out.push('\n');
        out.push_str(trouble(&PORTAL_TROUBLE, index));
    }
    let _ = writeln!(out, "Total\t\t\t\t\t{quantity}\t{}\t\t\t\t", decimal(total, "", '.'));
    out
}

/// The characters of these files stand at the same places as in Latin 1.
fn windows_1252(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sales::sales;

    #[test]
    fn each_export_has_the_shape_of_its_system() {
        let all = sales();
        let folder = tempfile::tempdir().expect("folder");
        let files = write(folder.path(), &all).expect("written");
        let bytes: Vec<Vec<u8>> = files.exports.iter().map(|f| std::fs::read(&f.path).expect("read")).collect();
        assert!(bytes[0].starts_with(b"Deal ID,"));
        assert!(std::str::from_utf8(&bytes[1]).is_err());
        assert!(!bytes[1].contains(&b'?'));
        assert!(bytes[2].starts_with(b"Halden Partner Portal\n"));
        let late = std::fs::read_to_string(&files.correction.path).expect("read");
        assert_eq!(late.lines().count(), 2);
    }

    #[test]
    fn cents_are_written_with_the_marks_of_a_country() {
        assert_eq!(decimal(123_456_789, ",", '.'), "1,234,567.89");
        assert_eq!(decimal(-5, ".", ','), "-0,05");
    }
}
