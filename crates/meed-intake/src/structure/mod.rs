//! Where the table is inside the file: title lines, header, data, totals, footer (`file-intake.md` section 4).

mod classify;
mod continuation;
mod header;
mod repair;
mod sums;

use serde::{Deserialize, Serialize};

pub(crate) use classify::{Class, classify};
pub(crate) use continuation::{Blocks, is_later_line};
pub(crate) use header::find;
pub(crate) use sums::{Sums, Totals, find_sums};

use crate::records::Record;
use crate::values::cell::{CellKind, kind};

/// What the cells of a column look like, to judge whether a row fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// Anything.
    Free,
    /// Numbers.
    Number,
    /// Dates.
    Date,
    /// E-mail addresses.
    Email,
}

impl Shape {
    /// Whether a cell can stand in the column. Empty cells and spreadsheet errors always can.
    pub(crate) fn fits(self, cell: &str) -> bool {
        if self == Self::Free || cell.trim().is_empty() {
            return true;
        }
        let found = kind(cell);
        match self {
            Self::Free => true,
            Self::Number => found.is_number() || matches!(found, CellKind::Percent | CellKind::SheetError),
            Self::Date => matches!(found, CellKind::Date | CellKind::SheetError) || crate::values::date::scan(cell).is_some(),
            Self::Email => found == CellKind::Email,
        }
    }
}

/// Where the table is and how its rows are told from everything else.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Structure {
    /// Line of the first header record; `None` without a header.
    pub(crate) header_line: Option<u64>,
    /// Number of the first record after the header.
    pub(crate) first_record: u64,
    /// Cells of a proper record.
    pub(crate) width: usize,
    /// What separates cells, for cells that are put together again.
    pub(crate) delimiter: String,
    /// Header texts as they stand in the file (the joined text where there are several header rows).
    pub(crate) headers: Vec<String>,
    /// Other names of each column: the levels of a header of several rows.
    pub(crate) levels: Vec<Vec<String>>,
    /// Header cells of the lowest level, to recognise a repeated header.
    pub(crate) repeated: Vec<String>,
    /// Shape of each column.
    pub(crate) shapes: Vec<Shape>,
    /// Columns that are often empty.
    pub(crate) sparse: Vec<bool>,
    /// Column whose label rows name the group of the rows below.
    pub(crate) group: Option<usize>,
    /// Columns that hold dates.
    pub(crate) dates: Vec<usize>,
    /// Lines that hold sums of rows above without saying so.
    pub(crate) sums: Vec<u64>,
    /// Column of the record key, where one is known.
    pub(crate) key: Option<usize>,
    /// Columns that only the first line of a record fills; the others inherit their texts.
    pub(crate) record_level: Vec<usize>,
    /// Lines above the header that are not part of the table.
    pub(crate) titles: Vec<(u64, String)>,
    /// Per mille.
    pub(crate) confidence: i32,
}

/// Why a record is not loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// A line above the header.
    Title,
    /// Nothing in any cell.
    Blank,
    /// A label for the rows below.
    Group,
    /// A subtotal or total.
    Total,
    /// The header again.
    RepeatedHeader,
    /// Text after the table.
    Footer,
    /// A row of another table in the same file.
    OtherTable,
}

impl SkipReason {
    /// The stable word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Blank => "blank",
            Self::Group => "group",
            Self::Total => "total",
            Self::RepeatedHeader => "repeated_header",
            Self::Footer => "footer",
            Self::OtherTable => "other_table",
        }
    }
}

/// What the walk over the rows remembers from one record to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Walk {
    pub(crate) group: Option<String>,
    pub(crate) after_blank: bool,
    pub(crate) other_table: bool,
}

impl Structure {
    /// Learns shapes, date columns, sparse columns and groups from the first records of the body.
    pub(crate) fn learn(&mut self, body: &[Record]) {
        let width = self.width;
        let is_row = |r: &&Record| r.len() == width && r.filled().count() > 1;
        let rows: Vec<&Record> = body.iter().filter(is_row).collect();
        // Shapes are those of the first run of rows: after a blank record another table may follow.
        let end = body.iter().enumerate().position(|(i, r)| r.is_blank() && body[..i].iter().filter(is_row).count() >= 2);
        let first: Vec<&Record> = body[..end.unwrap_or(body.len())].iter().filter(is_row).collect();
        let counts = count_kinds(&first, width);
        let filled = |c: &[u32; 4]| c.iter().sum::<u32>();
        self.shapes = counts
            .iter()
            .map(|c| match filled(c) {
                0 | 1 => Shape::Free,
                n if c[1] * 10 >= n * 9 => Shape::Date,
                n if c[2] * 10 >= n * 9 => Shape::Email,
                n if c[3] * 10 >= n * 9 => Shape::Number,
                _ => Shape::Free,
            })
            .collect();
        let all = count_kinds(&rows, width);
        self.sparse = all.iter().map(|c| (filled(c) as usize) < rows.len()).collect();
        self.dates = (0..width).filter(|i| counts[*i][1] * 10 >= filled(&counts[*i]) * 6 && counts[*i][1] > 0).collect();
        self.group = self.group_column(body);
    }

    /// A column with lone labels above rows where it is empty.
    fn group_column(&self, body: &[Record]) -> Option<usize> {
        let mut column = None;
        let mut labels = 0;
        for pair in body.windows(2) {
            let Some((at, text)) = lone_label(&pair[0]) else { continue };
            if pair[0].len() != self.width || crate::values::words::is_total(text) || kind(text).is_value() {
                continue;
            }
            let below = &pair[1];
            let opens = below.filled().count() > 1 && below.get(at).trim().is_empty() || lone_label(below).is_some_and(|(n, _)| n == at);
            if !opens || column.is_some_and(|c| c != at) {
                continue;
            }
            column = Some(at);
            labels += 1;
        }
        let column = column.filter(|_| labels > 0 && self.width >= 3)?;
        // The rows of the groups leave the column empty; a subtotal may repeat the label there.
        let rows: Vec<&Record> = body
            .iter()
            .filter(|r| r.len() == self.width && r.filled().count() > 1 && self.dates.iter().all(|d| !r.get(*d).trim().is_empty()))
            .collect();
        let empty = rows.iter().filter(|r| r.get(column).trim().is_empty()).count();
        (empty * 10 >= rows.len() * 8).then_some(column)
    }
}

/// Cells per column by kind: text, dates, e-mail addresses, numbers.
fn count_kinds(rows: &[&Record], width: usize) -> Vec<[u32; 4]> {
    let mut counts = vec![[0_u32; 4]; width];
    for record in rows {
        for (i, cell) in record.iter().enumerate() {
            let found = kind(cell);
            let slot = match found {
                CellKind::Empty => continue,
                CellKind::Date => 1,
                CellKind::Email => 2,
                k if k.is_number() || matches!(k, CellKind::Percent | CellKind::SheetError) => 3,
                _ => 0,
            };
            counts[i][slot] += 1;
        }
    }
    counts
}

/// The only filled cell of a record.
fn lone_label(record: &Record) -> Option<(usize, &str)> {
    let mut filled = record.filled();
    let first = filled.next()?;
    filled.next().is_none().then_some(first)
}
