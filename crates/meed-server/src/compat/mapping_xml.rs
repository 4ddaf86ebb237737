//! The XML mappings of `commissions.md` §1.2.

use meed_intake::Target;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::api::problem::{Answered, Problem};

/// Bytes of the XML at most.
pub(super) const XML_MAX: usize = 64 * 1024;

/// Elements with their targets, in the order of their places.
const ELEMENTS: &[(&str, &[Target])] = &[
    ("OrderIdField", &[Target::UniqueId]),
    ("TransactionDateField", &[Target::Date]),
    ("CurrencyField", &[Target::Currency]),
    ("CustomerField", &[Target::CustomerName]),
    ("CreditToUserField", &[Target::Owner, Target::Owner2, Target::Owner3]),
    ("CreditToTeamField", &[Target::Team, Target::Team2, Target::Team3]),
    ("ProductField", &[Target::ProductName]),
    // Purchase, refund and the like: a sale has one status, so a mapping names one of the two.
    ("TransactionTypeField", &[Target::Status]),
    ("TransactionStatusField", &[Target::Status]),
    ("TaxesField", &[Target::Tax]),
    ("QuantityField", &[Target::Quantity]),
    ("PricePerUnitField", &[Target::UnitPrice]),
    ("CostPerUnitField", &[Target::UnitCost]),
    ("ProfitField", &[Target::Profit]),
    ("RevenueField", &[Target::Revenue]),
    ("OtherTextField", &[Target::OtherText1, Target::OtherText2, Target::OtherText3]),
    ("OtherNumericField", &[Target::OtherNumeric1, Target::OtherNumeric2, Target::OtherNumeric3]),
    ("OtherDateField", &[Target::OtherDate1, Target::OtherDate2, Target::OtherDate3]),
];

fn unreadable(detail: impl Into<String>) -> Problem {
    Problem::unreadable("xml_unreadable", detail)
}

/// Reads the mapping: columns with their targets, in the order in which they stand.
pub(super) fn read(text: &str) -> Answered<Vec<(String, Target)>> {
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut is_found = false;
    let mut columns: Vec<(String, Target)> = Vec::new();
    let mut field: Option<FieldElement> = None;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| unreadable(format!("the XML cannot be read at byte {}: {error}", reader.error_position())))?;
        match event {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_owned();
                open(&name, path.len(), &mut is_found, &mut field)?;
                path.push(name);
            }
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                open(&name, path.len(), &mut is_found, &mut field)?;
                if path.len() == 1 {
                    close(field.take(), &mut columns)?;
                }
            }
            Event::Text(text) => {
                put(&path, field.as_mut(), &text)?;
            }
            Event::GeneralRef(reference) => {
                put(&path, field.as_mut(), &resolved(&reference)?)?;
            }
            Event::CData(data) => {
                put(&path, field.as_mut(), &data)?;
            }
            Event::End(_) => {
                path.pop();
                if path.len() == 1 {
                    close(field.take(), &mut columns)?;
                }
            }
            Event::DocType(_) => return Err(unreadable("a document type is not taken")),
            Event::Eof => break,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
    if !path.is_empty() || !is_found {
        return Err(unreadable("the XML is one element `Mappings` with elements such as `TransactionDateField`"));
    }
    Ok(columns)
}

/// The characters that XML names.
fn resolved(name: &str) -> Answered<String> {
    let found = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix("#x").map(|hex| u32::from_str_radix(hex, 16)).or_else(|| name.strip_prefix('#').map(str::parse));
            number.and_then(Result::ok).and_then(char::from_u32).filter(|c| *c != '\0')
        }
    };
    found.map(String::from).ok_or_else(|| unreadable("the XML names a character that is not known"))
}

struct FieldElement {
    name: String,
    targets: &'static [Target],
    column: String,
    includes_currency: String,
}

fn open(name: &str, depth: usize, is_found: &mut bool, field: &mut Option<FieldElement>) -> Answered<()> {
    match depth {
        0 if name == "Mappings" && !*is_found => *is_found = true,
        1 => {
            let (_, targets) = ELEMENTS.iter().find(|(known, _)| *known == name).ok_or_else(|| {
                let known: Vec<&str> = ELEMENTS.iter().map(|(name, _)| *name).collect();
                Problem::unreadable("element_unknown", format!("`{}` is none of: {}", short(name), known.join(", "))).at(short(name))
            })?;
            *field = Some(FieldElement { name: name.to_owned(), targets, column: String::new(), includes_currency: String::new() });
        }
        2 if name == "FieldName" || name == "IncludesCurrency" => {}
        _ => {
            let text = format!("`{}` does not stand here; a field holds `FieldName` and `IncludesCurrency`", short(name));
            return Err(Problem::unreadable("element_unknown", text).at(short(name)));
        }
    }
    Ok(())
}

fn put(path: &[String], field: Option<&mut FieldElement>, text: &str) -> Answered<()> {
    match (path.get(2).map(String::as_str), field) {
        (Some("FieldName"), Some(field)) => field.column.push_str(text),
        (Some("IncludesCurrency"), Some(field)) => field.includes_currency.push_str(text),
        _ if text.trim().is_empty() => {}
        _ => return Err(unreadable(format!("`{}` stands between elements", short(text.trim())))),
    }
    Ok(())
}

fn close(field: Option<FieldElement>, columns: &mut Vec<(String, Target)>) -> Answered<()> {
    let Some(field) = field else { return Ok(()) };
    let column = field.column.trim().to_owned();
    if column.is_empty() {
        return Err(Problem::unreadable("field_missing", format!("`{}` names no column: it needs `FieldName`", field.name)).at(field.name));
    }
    // Whether a cell carries its currency is seen in the cell itself; the element is only checked.
    if !["", "true", "false"].contains(&field.includes_currency.trim().to_lowercase().as_str()) {
        return Err(Problem::unreadable("value_invalid", "`IncludesCurrency` is true or false").at(field.name));
    }
    // The next free place; the last one again when there is none, so that it is found to be mapped twice.
    let free = field.targets.iter().find(|target| !columns.iter().any(|(_, taken)| taken == *target));
    if let Some(target) = free.or(field.targets.last()) {
        columns.push((column, *target));
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, &'static str)> {
        read(text).expect("a mapping").into_iter().map(|(column, target)| (column, target.name())).collect()
    }

    #[test]
    fn com_009_a_mapping_is_read_with_its_places_in_order() {
        let text = "<?xml version=\"1.0\"?>\n<Mappings><!-- ours -->
            <TransactionDateField><FieldName>Day</FieldName></TransactionDateField>
            <CreditToUserField><FieldName>Rep</FieldName></CreditToUserField>
            <CreditToUserField><FieldName>Co-rep</FieldName></CreditToUserField>
            <RevenueField><FieldName>R &amp; D &#8364;</FieldName><IncludesCurrency>true</IncludesCurrency></RevenueField>
        </Mappings>";
        let wanted = [("Day", "date"), ("Rep", "owner"), ("Co-rep", "owner2"), ("R & D €", "revenue")];
        assert_eq!(names(text), wanted.map(|(column, target)| (column.to_owned(), target)));
    }

    #[test]
    fn what_is_no_mapping_is_refused_with_a_code() {
        for (text, code) in [
            ("", "xml_unreadable"),
            ("Mappings", "xml_unreadable"),
            ("<Mappings>", "xml_unreadable"),
            ("<Mappings></Mapping>", "xml_unreadable"),
            ("<Other/>", "element_unknown"),
            ("<Mappings><DateField><FieldName>x</FieldName></DateField></Mappings>", "element_unknown"),
            ("<Mappings><RevenueField/></Mappings>", "field_missing"),
            ("<Mappings><RevenueField><FieldName> </FieldName></RevenueField></Mappings>", "field_missing"),
            (
                "<Mappings><RevenueField><FieldName>x</FieldName><IncludesCurrency>2</IncludesCurrency></RevenueField></Mappings>",
                "value_invalid",
            ),
            ("<Mappings>text</Mappings>", "xml_unreadable"),
            ("<!DOCTYPE m [<!ENTITY a \"b\">]><Mappings/>", "xml_unreadable"),
            ("<Mappings><RevenueField><FieldName>&a;</FieldName></RevenueField></Mappings>", "xml_unreadable"),
        ] {
            assert_eq!(read(text).expect_err("a refusal").code, code, "{text}");
        }
    }
}
