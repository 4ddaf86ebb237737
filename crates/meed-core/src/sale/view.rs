//! A packed sale, read without copying: for scans of millions.

use jiff::Timestamp;

use super::pack::{Reader, UnpackError, header};
use super::{NumberField, TextField};
use crate::condition::SaleFacts;
use crate::money::{Exact, Unit};

/// The facts of a packed sale, borrowed from its bytes.
#[derive(Clone, Copy, Debug)]
pub struct SaleView<'a> {
    at: Timestamp,
    currency: Option<Unit>,
    numbers: [Option<Exact>; 8],
    texts: [Option<&'a str>; 20],
}

impl<'a> SaleView<'a> {
    /// Reads what `pack` wrote.
    pub fn read(bytes: &'a [u8]) -> Result<Self, UnpackError> {
        let mut reader = Reader { bytes, at: 0 };
        let (at, present) = header(&mut reader)?;
        let mut view = Self { at, currency: None, numbers: [None; 8], texts: [None; 20] };
        for (bit, slot) in view.numbers.iter_mut().enumerate() {
            if present >> bit & 1 == 1 {
                *slot = Some(reader.exact()?);
            }
        }
        for (bit, slot) in view.texts.iter_mut().enumerate() {
            if present >> (bit + 8) & 1 == 1 {
                *slot = Some(reader.text()?);
            }
        }
        if present >> 28 & 1 == 1 {
            view.currency = Some(reader.unit()?);
        }
        if reader.at == bytes.len() { Ok(view) } else { Err(reader.error()) }
    }
}

impl SaleFacts for SaleView<'_> {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn currency(&self) -> Option<Unit> {
        self.currency
    }

    fn number(&self, field: NumberField) -> Option<Exact> {
        self.numbers.get(field.place()).copied().flatten()
    }

    fn text(&self, field: TextField) -> Option<&str> {
        self.texts.get(field.place()).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sale::{Sale, pack};

    #[test]
    fn a_view_says_what_the_sale_says() {
        let mut sale = Sale { currency: "EUR".parse().ok(), revenue: Some(Exact::new(-1250, 2)), ..Sale::default() };
        sale.status = Some("won".into());
        sale.owners[1] = Some("Dana".into());
        sale.other_date[2] = Some("2026-03-04".into());
        let bytes = pack(&sale);
        let view = SaleView::read(&bytes).expect("what was packed");
        assert_eq!(view.number(NumberField::Revenue), sale.revenue);
        assert_eq!(view.number(NumberField::Tax), None);
        assert_eq!(SaleFacts::text(&view, TextField::Status), Some("won"));
        assert_eq!(SaleFacts::text(&view, TextField::Owner(1)), Some("Dana"));
        assert_eq!(SaleFacts::text(&view, TextField::OtherDate(2)), Some("2026-03-04"));
        assert_eq!(view.currency, sale.currency);
        assert!(SaleView::read(&bytes[..bytes.len() - 1]).is_err());
    }
}
