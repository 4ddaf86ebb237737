//! Several queries as one statement of PostgreSQL. An answer of its own costs a packet and a wake on both sides, which is more than
//! most look-ups cost themselves.
//!
//! Each row comes as the place of its query and a record of that query's columns.

use std::error::Error;
use std::fmt::Write;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use crate::error::StoreError;
use crate::statement::Statement;
use crate::value::RowView;

/// The text that asks these queries, by place. Their parameters follow each other.
pub(super) fn text_of(asked: &[(usize, &'static Statement, usize)]) -> String {
    let (mut text, mut offset) = (String::new(), 0);
    for (index, (place, statement, params)) in asked.iter().enumerate() {
        let between = if index == 0 { "" } else { " union all " };
        let query = shifted(statement.postgres, offset);
        let _ = write!(text, "{between}(select {place}::bigint, row(q.*) from ({query}) as q)");
        offset += params;
    }
    text
}

/// An error of such a statement that names its queries.
pub(super) fn told(error: StoreError, asked: &[(usize, &'static Statement, usize)]) -> StoreError {
    let names: Vec<&str> = asked.iter().map(|(_, statement, _)| statement.name).collect();
    StoreError { detail: format!("{} (one of {})", error.detail, names.join(", ")), ..error }
}

/// A text whose parameters begin after the first `offset`.
fn shifted(text: &str, offset: usize) -> String {
    let mut parts = text.split('$');
    let mut shifted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().expect("a parameter of a statement has a number");
        let _ = write!(shifted, "${}{rest}", number + offset);
    }
    shifted
}

/// A row of such a statement.
pub(super) struct PlacedRow<'a> {
    pub(super) place: usize,
    fields: Vec<Field<'a>>,
}

/// The number of a column's type, and its bytes unless it is null.
type Field<'a> = (u32, Option<&'a [u8]>);

impl<'a> PlacedRow<'a> {
    pub(super) fn read(row: &'a Row) -> Result<Self, StoreError> {
        let broken = |e: tokio_postgres::Error| StoreError::bug(e.to_string());
        let place: i64 = row.try_get(0).map_err(broken)?;
        let Record(fields) = row.try_get(1).map_err(broken)?;
        Ok(Self { place: usize::try_from(place).map_err(|e| StoreError::bug(e.to_string()))?, fields })
    }

    fn field(&self, column: usize, wanted: &Type) -> Result<Option<&'a [u8]>, StoreError> {
        match self.fields.get(column) {
            Some((oid, bytes)) if *oid == wanted.oid() => Ok(*bytes),
            Some((oid, _)) => Err(StoreError::bug(format!("column {column} has the type {oid} and not {wanted}"))),
            None => Err(StoreError::bug(format!("there is no column {column}"))),
        }
    }
}

impl RowView for PlacedRow<'_> {
    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        let read = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes);
        self.field(column, &Type::INT8)?.map(read).transpose().map_err(|_| StoreError::bug(format!("column {column} is no bigint")))
    }

    fn opt_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        self.field(column, &Type::TEXT)?
            .map(std::str::from_utf8)
            .transpose()
            .map_err(|_| StoreError::bug(format!("column {column} is no text")))
    }

    fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        self.field(column, &Type::BYTEA)
    }
}

/// The columns of a record in PostgreSQL's binary form: their count, and for each its type, its length (-1: null) and its bytes.
struct Record<'a>(Vec<Field<'a>>);

impl<'a> FromSql<'a> for Record<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let (mut rest, count) = number(raw)?;
        let mut fields = Vec::with_capacity(usize::try_from(count)?);
        for _ in 0..count {
            let (after_type, oid) = number(rest)?;
            let (after_length, length) = number(after_type)?;
            let length = usize::try_from(length).ok();
            let (field, others) = after_length.split_at_checked(length.unwrap_or(0)).ok_or("a record ends early")?;
            fields.push((oid.cast_unsigned(), length.map(|_| field)));
            rest = others;
        }
        Ok(Self(fields))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::RECORD
    }
}

fn number(raw: &[u8]) -> Result<(&[u8], i32), Box<dyn Error + Sync + Send>> {
    let (number, rest) = raw.split_first_chunk().ok_or("a record ends early")?;
    Ok((rest, i32::from_be_bytes(*number)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Kind::Int;

    static ONE: Statement = Statement::same("one", "select a from t where b = $1 and c = $12", &[Int]);
    static TWO: Statement = Statement::same("two", "select $2::bigint, $1::text", &[Int]);

    #[test]
    fn parameters_follow_each_other() {
        let text = text_of(&[(3, &ONE, 12), (7, &TWO, 2)]);
        let wanted = "(select 3::bigint, row(q.*) from (select a from t where b = $1 and c = $12) as q) union all \
                      (select 7::bigint, row(q.*) from (select $14::bigint, $13::text) as q)";
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_record_is_read_to_its_end_and_no_further() {
        let raw = [&2_i32.to_be_bytes()[..], &[0, 0, 0, 20, 0, 0, 0, 2, 7, 8], &[0, 0, 0, 25, 255, 255, 255, 255]].concat();
        let Record(fields) = Record::from_sql(&Type::RECORD, &raw).expect("a record");
        assert_eq!(fields, [(20, Some(&[7_u8, 8][..])), (25, None)]);
        let row = PlacedRow { place: 0, fields };
        assert!(row.opt_int(0).is_err() && row.opt_text(0).is_err() && row.opt_text(2).is_err(), "too short, no text, not there");
        assert_eq!(row.opt_text(1).expect("a text"), None);
        assert!(row.opt_bytes(1).is_err(), "null is of a kind too");
        for end in 0..raw.len() {
            assert!(Record::from_sql(&Type::RECORD, &raw[..end]).is_err(), "{end}");
        }
    }
}
