//! Rows whose cell count differs from the header: repaired only where exactly one reading fits, never shifted silently.

use super::classify::Class;
use super::{Shape, Structure};
use crate::records::Record;

/// Brings a record to the table's width, or says that it cannot be.
pub(crate) fn to_width(record: &mut Record, structure: &Structure) -> Class {
    let width = structure.width;
    let cells = record.cells();
    if cells.len() > width {
        if cells[width..].iter().all(|c| c.trim().is_empty()) {
            record.replace(&cells[..width]);
            return Class::Data(None);
        }
        if cells.len() == width + 1
            && let Some(merged) = only_merge(&cells, structure)
        {
            record.replace(&merged);
            return Class::Data(Some("two cells were one: the delimiter stood inside the text".into()));
        }
        return Class::Ragged;
    }
    let missing_are_sparse = structure.sparse[cells.len().min(structure.sparse.len())..].iter().all(|s| *s);
    let mut padded = cells.clone();
    padded.resize(width, String::new());
    if missing_are_sparse && fits(&padded, structure) {
        record.replace(&padded);
        return Class::Data(None);
    }
    if cells.len() + 1 == width
        && let Some(shifted) = only_shift(&cells, structure)
    {
        record.replace(&shifted);
        return Class::Data(Some("one empty cell was missing".into()));
    }
    Class::Ragged
}

fn fits(cells: &[String], structure: &Structure) -> bool {
    cells.iter().zip(&structure.shapes).all(|(c, s)| s.fits(c))
}

/// The single way to join two neighbours so that every typed column fits and every column that is never empty is filled.
fn only_merge(cells: &[String], structure: &Structure) -> Option<Vec<String>> {
    let mut found = None;
    for at in 0..cells.len() - 1 {
        // A number cut in two is not put together: what it was is a guess.
        if structure.shapes.get(at).is_some_and(|s| *s != Shape::Free) {
            continue;
        }
        let mut merged = cells.to_vec();
        let tail = merged.remove(at + 1);
        merged[at] = format!("{}{}{tail}", merged[at], structure.delimiter);
        if complete(&merged, structure) {
            if found.is_some() {
                return None;
            }
            found = Some(merged);
        }
    }
    found
}

/// The single place for an empty cell so that every typed column fits.
fn only_shift(cells: &[String], structure: &Structure) -> Option<Vec<String>> {
    let mut found = None;
    for at in 0..=cells.len() {
        if !structure.sparse.get(at).copied().unwrap_or(false) {
            continue;
        }
        let mut shifted = cells.to_vec();
        shifted.insert(at, String::new());
        if complete(&shifted, structure) {
            if found.is_some() {
                return None;
            }
            found = Some(shifted);
        }
    }
    found
}

fn complete(cells: &[String], structure: &Structure) -> bool {
    let typed = structure.shapes.iter().filter(|s| **s != Shape::Free).count();
    typed >= 2 && fits(cells, structure) && cells.iter().zip(&structure.sparse).all(|(c, sparse)| *sparse || !c.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structure() -> Structure {
        Structure {
            width: 4,
            shapes: vec![Shape::Date, Shape::Free, Shape::Free, Shape::Number],
            sparse: vec![false, false, true, false],
            ..Structure::default()
        }
    }

    #[test]
    fn a_row_is_repaired_only_where_one_reading_fits() {
        let mut record = Record::of(&["2026-03-04", "Mug", "5.00"]);
        assert!(matches!(to_width(&mut record, &structure()), Class::Data(Some(_))));
        assert_eq!(record.cells(), ["2026-03-04", "Mug", "", "5.00"]);
        let mut record = Record::of(&["2026-03-04", "Mug", "x", "5.00", ""]);
        assert_eq!(to_width(&mut record, &structure()), Class::Data(None));
        let mut record = Record::of(&["2026-03-04", "Mug", "blue", "big", "5.00"]);
        assert_eq!(to_width(&mut record, &structure()), Class::Ragged, "two merges fit, so neither is taken");
        let mut record = Record::of(&["2026-03-04", "Mug"]);
        assert_eq!(to_width(&mut record, &structure()), Class::Ragged, "the amount is missing");
    }
}
