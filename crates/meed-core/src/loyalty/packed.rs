//! The packed form of what the till stores: fields one after the other, numbers in as few bytes as they need.
//!
//! A row begins with the number of its form; an unknown one is refused. The form of a row is never changed, only followed
//! by another.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::Id;
use crate::money::{Exact, Unit};

/// A stored row that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a packed row is damaged")]
pub struct Damaged;

/// What can be written into a row and read back.
pub(crate) trait Packed: Sized {
    fn pack(&self, out: &mut Vec<u8>);
    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged>;
}

/// A whole row: the number of its form, then the value.
pub(crate) fn to_row<T: Packed>(form: u8, value: &T) -> Vec<u8> {
    let mut out = vec![form];
    value.pack(&mut out);
    out
}

/// Reads a whole row.
pub(crate) fn from_row<T: Packed>(form: u8, row: &[u8]) -> Result<T, Damaged> {
    let (first, mut rest) = row.split_first().ok_or(Damaged)?;
    if *first != form {
        return Err(Damaged);
    }
    let value = T::unpack(&mut rest)?;
    if rest.is_empty() { Ok(value) } else { Err(Damaged) }
}

fn put_unsigned(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or_default());
}

fn take_unsigned(input: &mut &[u8]) -> Result<u64, Damaged> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = input.split_first().ok_or(Damaged)?;
        *input = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Damaged)
}

impl Packed for i64 {
    fn pack(&self, out: &mut Vec<u8>) {
        // Small numbers of either sign are short.
        put_unsigned(((self << 1) ^ (self >> 63)).cast_unsigned(), out);
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        let bits = take_unsigned(input)?;
        Ok((bits >> 1).cast_signed() ^ -((bits & 1).cast_signed()))
    }
}

macro_rules! narrow {
    ($($kind:ty),*) => { $(
        impl Packed for $kind {
            fn pack(&self, out: &mut Vec<u8>) {
                i64::from(*self).pack(out);
            }

            fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
                <$kind>::try_from(i64::unpack(input)?).map_err(|_| Damaged)
            }
        }
    )* };
}
narrow!(i16, u16, u32);

impl Packed for bool {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        match i64::from(take(input, 1)?[0]) {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damaged),
        }
    }
}

fn take<'a>(input: &mut &'a [u8], length: usize) -> Result<&'a [u8], Damaged> {
    let (taken, rest) = input.split_at_checked(length).ok_or(Damaged)?;
    *input = rest;
    Ok(taken)
}

impl Packed for String {
    fn pack(&self, out: &mut Vec<u8>) {
        put_unsigned(self.len() as u64, out);
        out.extend_from_slice(self.as_bytes());
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        let length = usize::try_from(take_unsigned(input)?).map_err(|_| Damaged)?;
        String::from_utf8(take(input, length)?.to_vec()).map_err(|_| Damaged)
    }
}

impl Packed for Id {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        i64::unpack(input).map(Self)
    }
}

impl Packed for Unit {
    fn pack(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.code().as_bytes());
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        std::str::from_utf8(take(input, 3)?).ok().and_then(|code| code.parse().ok()).ok_or(Damaged)
    }
}

impl Packed for Exact {
    fn pack(&self, out: &mut Vec<u8>) {
        match i64::try_from(self.mantissa()) {
            // Scales end at 28, so 29 says that the digits follow as text.
            Ok(mantissa) => {
                i64::from(self.scale()).pack(out);
                mantissa.pack(out);
            }
            Err(_) => {
                29i64.pack(out);
                self.to_string().pack(out);
            }
        }
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        match i64::unpack(input)? {
            29 => String::unpack(input)?.parse().map_err(|_| Damaged),
            scale => Exact::try_new(i64::unpack(input)?, u32::try_from(scale).map_err(|_| Damaged)?).map_err(|_| Damaged),
        }
    }
}

impl Packed for Timestamp {
    fn pack(&self, out: &mut Vec<u8>) {
        self.as_microsecond().pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        Timestamp::from_microsecond(i64::unpack(input)?).map_err(|_| Damaged)
    }
}

impl<T: Packed> Packed for Option<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.is_some().pack(out);
        if let Some(value) = self {
            value.pack(out);
        }
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        if bool::unpack(input)? { T::unpack(input).map(Some) } else { Ok(None) }
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        put_unsigned(self.len() as u64, out);
        for value in self {
            value.pack(out);
        }
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        let count = usize::try_from(take_unsigned(input)?).map_err(|_| Damaged)?;
        // Nothing packs into less than a byte, so a damaged count cannot ask for more memory than the row has.
        if count > input.len() {
            return Err(Damaged);
        }
        (0..count).map(|_| T::unpack(input)).collect()
    }
}

impl<A: Packed, B: Packed> Packed for (A, B) {
    fn pack(&self, out: &mut Vec<u8>) {
        self.0.pack(out);
        self.1.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        Ok((A::unpack(input)?, B::unpack(input)?))
    }
}

impl<K: Packed + Ord, V: Packed> Packed for BTreeMap<K, V> {
    fn pack(&self, out: &mut Vec<u8>) {
        put_unsigned(self.len() as u64, out);
        for (key, value) in self {
            key.pack(out);
            value.pack(out);
        }
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, Damaged> {
        Ok(Vec::<(K, V)>::unpack(input)?.into_iter().collect())
    }
}

/// Packs a struct field by field, in the order of the list.
macro_rules! packed {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl crate::loyalty::packed::Packed for $name {
            fn pack(&self, out: &mut Vec<u8>) {
                $( crate::loyalty::packed::Packed::pack(&self.$field, out); )*
            }

            fn unpack(input: &mut &[u8]) -> Result<Self, crate::loyalty::packed::Damaged> {
                Ok(Self { $( $field: crate::loyalty::packed::Packed::unpack(input)?, )* })
            }
        }
    };
}

/// Packs a closed list by its stored code.
macro_rules! packed_code {
    ($name:ident) => {
        impl crate::loyalty::packed::Packed for $name {
            fn pack(&self, out: &mut Vec<u8>) {
                self.code().pack(out);
            }

            fn unpack(input: &mut &[u8]) -> Result<Self, crate::loyalty::packed::Damaged> {
                $name::from_code(i16::unpack(input)?).ok_or(crate::loyalty::packed::Damaged)
            }
        }
    };
}

pub(crate) use {packed, packed_code};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(number in any::<i64>(), text in ".{0,12}", list in prop::collection::vec(any::<i64>(), 0..5), scale in 0u32..28) {
            let value = ((number, text), (list, Some(Exact::new(number, scale))));
            let row = to_row(1, &value);
            prop_assert_eq!(from_row::<((i64, String), (Vec<i64>, Option<Exact>))>(1, &row), Ok(value));
        }

        #[test]
        fn a_damaged_row_is_refused_and_never_panics(row in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = from_row::<(Vec<String>, BTreeMap<i64, Option<Exact>>)>(1, &row);
        }
    }
}
