//! The compact stored form of a sale's facts.
//!
//! A version byte, a bitmap of the fields that are present, then each field: numbers as scale and variable-length
//! mantissa, texts with their length in front. The form is canonical (equal facts give equal bytes), so it also
//! serves as content for fingerprints and digests. Readers accept every version ever written.

use jiff::Timestamp;

use super::Sale;
use crate::money::{Exact, Unit};

const VERSION: u8 = 1;

/// The stored bytes are not a sale: the row was damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored sale cannot be read at byte {at}")]
pub struct UnpackError {
    /// Offset of the damage.
    pub at: usize,
}

/// Packs the facts.
#[must_use]
pub fn pack(sale: &Sale) -> Vec<u8> {
    let mut body = Vec::with_capacity(160);
    let mut present = 0u64;
    let mut bit = 0;
    let mut mark = |is_present: bool| {
        if is_present {
            present |= 1 << bit;
        }
        bit += 1;
    };
    for value in numbers(sale) {
        mark(value.is_some());
        if let Some(value) = value {
            put_exact(&mut body, value);
        }
    }
    for value in texts(sale) {
        mark(value.is_some());
        if let Some(value) = value {
            put_varint(&mut body, value.len() as u128);
            body.extend_from_slice(value.as_bytes());
        }
    }
    mark(sale.currency.is_some());
    if let Some(unit) = sale.currency {
        body.extend_from_slice(unit.code().as_bytes());
    }
    let mut out = Vec::with_capacity(body.len() + 32);
    out.push(VERSION);
    put_varint(&mut out, zigzag(sale.at.as_nanosecond()));
    put_varint(&mut out, u128::from(present));
    out.extend_from_slice(&body);
    out
}

/// Reads what [`pack`] wrote.
pub fn unpack(bytes: &[u8]) -> Result<Sale, UnpackError> {
    let mut reader = Reader { bytes, at: 0 };
    let (at, present) = header(&mut reader)?;
    let mut sale = Sale { at, ..Sale::default() };
    let mut bit = 0;
    let mut next = || {
        bit += 1;
        present >> (bit - 1) & 1 == 1
    };
    for slot in numbers_mut(&mut sale) {
        if next() {
            *slot = Some(reader.exact()?);
        }
    }
    for slot in texts_mut(&mut sale) {
        if next() {
            *slot = Some(reader.text()?.to_owned());
        }
    }
    if next() {
        sale.currency = Some(reader.unit()?);
    }
    if reader.at == bytes.len() { Ok(sale) } else { Err(reader.error()) }
}

/// Reads the business time and the bitmap of the fields that are present.
pub(super) fn header(reader: &mut Reader<'_>) -> Result<(Timestamp, u128), UnpackError> {
    if reader.byte()? != VERSION {
        return Err(UnpackError { at: 0 });
    }
    let at = Timestamp::from_nanosecond(unzigzag(reader.varint()?)).map_err(|_| reader.error())?;
    Ok((at, reader.varint()?))
}

pub(super) fn numbers(s: &Sale) -> [Option<Exact>; 8] {
    let [n1, n2, n3] = s.other_numeric;
    [s.revenue, s.profit, s.quantity, s.unit_cost, s.tax, n1, n2, n3]
}

pub(super) fn numbers_mut(s: &mut Sale) -> [&mut Option<Exact>; 8] {
    let [n1, n2, n3] = &mut s.other_numeric;
    [&mut s.revenue, &mut s.profit, &mut s.quantity, &mut s.unit_cost, &mut s.tax, n1, n2, n3]
}

pub(super) fn texts(s: &Sale) -> [Option<&str>; 20] {
    let [o1, o2, o3] = &s.owners;
    let [t1, t2, t3] = &s.teams;
    let [x1, x2, x3] = &s.other_text;
    let [d1, d2, d3] = &s.other_date;
    [
        &s.status,
        &s.customer_name,
        &s.customer_email,
        &s.customer_code,
        &s.product_code,
        &s.product_name,
        o1,
        o2,
        o3,
        t1,
        t2,
        t3,
        &s.territory,
        &s.coupon,
        x1,
        x2,
        x3,
        d1,
        d2,
        d3,
    ]
    .map(Option::as_deref)
}

pub(super) fn texts_mut(s: &mut Sale) -> [&mut Option<String>; 20] {
    let [o1, o2, o3] = &mut s.owners;
    let [t1, t2, t3] = &mut s.teams;
    let [x1, x2, x3] = &mut s.other_text;
    let [d1, d2, d3] = &mut s.other_date;
    [
        &mut s.status,
        &mut s.customer_name,
        &mut s.customer_email,
        &mut s.customer_code,
        &mut s.product_code,
        &mut s.product_name,
        o1,
        o2,
        o3,
        t1,
        t2,
        t3,
        &mut s.territory,
        &mut s.coupon,
        x1,
        x2,
        x3,
        d1,
        d2,
        d3,
    ]
}

/// Scale and mantissa as written, so that `1.50` comes back as `1.50`.
fn put_exact(out: &mut Vec<u8>, value: Exact) {
    out.push(u8::try_from(value.scale()).unwrap_or(u8::MAX));
    put_varint(out, zigzag(value.mantissa()));
}

fn zigzag(value: i128) -> u128 {
    ((value << 1) ^ (value >> 127)).cast_unsigned()
}

fn unzigzag(value: u128) -> i128 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn put_varint(out: &mut Vec<u8>, mut value: u128) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or_default());
}

pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn error(&self) -> UnpackError {
        UnpackError { at: self.at }
    }

    fn byte(&mut self) -> Result<u8, UnpackError> {
        let byte = *self.bytes.get(self.at).ok_or(self.error())?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], UnpackError> {
        let end = self.at.checked_add(len).ok_or(self.error())?;
        let slice = self.bytes.get(self.at..end).ok_or(self.error())?;
        self.at = end;
        Ok(slice)
    }

    fn varint(&mut self) -> Result<u128, UnpackError> {
        let mut value = 0u128;
        for shift in (0..126).step_by(7) {
            let byte = self.byte()?;
            value |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.error())
    }

    pub(super) fn unit(&mut self) -> Result<Unit, UnpackError> {
        let code = self.take(3)?;
        std::str::from_utf8(code).ok().and_then(|c| c.parse().ok()).ok_or(self.error())
    }

    pub(super) fn text(&mut self) -> Result<&'a str, UnpackError> {
        let len = usize::try_from(self.varint()?).map_err(|_| self.error())?;
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map_err(|_| self.error())
    }

    pub(super) fn exact(&mut self) -> Result<Exact, UnpackError> {
        let scale = u32::from(self.byte()?);
        let mantissa = unzigzag(self.varint()?);
        Exact::try_from_i128_with_scale(mantissa, scale).map_err(|_| self.error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = Option<String>> {
        prop::option::of(".{0,20}")
    }

    prop_compose! {
        fn sale()(
            nanos in i64::MIN..i64::MAX, mantissas in prop::array::uniform8(prop::option::of((any::<i64>(), 0u32..9))),
            texts in prop::collection::vec(text(), 20), currency in prop::option::of(prop::sample::select(vec!["USD", "JPY", "KWD"]))
        ) -> Sale {
            let mut sale = Sale { at: Timestamp::from_nanosecond(i128::from(nanos)).expect("in range"), ..Sale::default() };
            for (slot, value) in numbers_mut(&mut sale).into_iter().zip(mantissas) {
                *slot = value.map(|(m, s)| Exact::new(m, s));
            }
            for (slot, value) in texts_mut(&mut sale).into_iter().zip(texts) {
                *slot = value;
            }
            sale.currency = currency.map(|c| c.parse().expect("a unit"));
            sale
        }
    }

    proptest! {
        #[test]
        fn com_008_negative_amounts_and_fractions_of_a_second_round_trip_exactly(sale in sale()) {
            let bytes = pack(&sale);
            let back = unpack(&bytes).expect("what was packed");
            prop_assert_eq!(&back, &sale);
            prop_assert_eq!(pack(&back), bytes);
        }

        #[test]
        fn damaged_bytes_are_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = unpack(&bytes);
        }
    }
}
