//! The heart of the wizard: what was detected, and what each column means.

use askama::Template;

use super::{Choice, Chrome, Notice, Tone};

/// Who put a column on its target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MappingState {
    /// Certain enough to need no question.
    Automatic,
    /// Proposed, waiting for a nod.
    Ask,
    /// Left alone.
    #[default]
    Empty,
    /// A person chose it just now.
    Chosen,
    /// Taken from an earlier import of the same layout.
    Remembered,
}

impl MappingState {
    /// Class name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Ask => "ask",
            Self::Empty => "unused",
            Self::Chosen => "chosen",
            Self::Remembered => "remembered",
        }
    }

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Automatic => "Automatic",
            Self::Ask => "Please check",
            Self::Empty => "Not used",
            Self::Chosen => "Your choice",
            Self::Remembered => "Remembered",
        }
    }
}

/// One target field that a column can be put on.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Value that the form sends: `unique_id`.
    pub code: String,
    /// Name: "Unique id".
    pub label: String,
    /// Heading it is listed under: "Sale", "Money", "Customer", "Product", "Who".
    pub group: String,
    /// What it means, in a few words.
    pub meaning: String,
    /// How many columns it takes; 1 for most.
    pub places: u8,
}

/// One column of the file.
#[derive(Clone, Debug, Default)]
pub struct MappingColumn {
    /// Number from 0; the form field is `target_{index}`.
    pub index: usize,
    /// Name in the file, or its position name.
    pub name: String,
    /// Up to three different values.
    pub samples: Vec<String>,
    /// Code of its target; empty when it is left alone.
    pub target: String,
    /// How sure the proposal is, 0 to 100.
    pub score: u8,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub state: MappingState,
}

/// A rep who can be said to have sold everything.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// An alias that is theirs alone.
    pub alias: String,
    /// Their name.
    pub name: String,
}

/// A word of the status column.
#[derive(Clone, Debug, Default)]
pub struct StatusRow {
    /// Number from 0; the form fields are `word_{number}` and `state_{number}`.
    pub number: usize,
    /// As it is written in the file.
    pub word: String,
    /// How often, in words.
    pub rows: String,
    /// The states to choose from, the first for none.
    pub states: Vec<Choice>,
    /// Why it has its state.
    pub reason: String,
    /// Nobody knows yet what it means.
    pub is_unknown: bool,
}

/// The year of days that are written without one.
#[derive(Clone, Debug, Default)]
pub struct YearField {
    /// Name of the column.
    pub column: String,
    /// Form field `year`; may be empty.
    pub value: String,
    /// Who says so; empty while nobody does.
    pub reason: String,
}

/// What a person says about the file beside its columns.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Form field `owner`: an alias; may be empty.
    pub owner: String,
    /// What is doubtful about it; may be empty.
    pub doubt: String,
    /// Whether a column names the rep, so that this is for the rows without.
    pub names_owner: bool,
    /// Who can be chosen.
    pub people: Vec<Person>,
    /// Number of the status column; empty where there is none.
    pub status_column: String,
    /// Its words, the commonest first.
    pub statuses: Vec<StatusRow>,
    /// Asked where days have no year.
    pub year: Option<YearField>,
}

/// One row of the raw preview.
#[derive(Clone, Debug, Default)]
pub struct RawRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// Cells in order.
    pub cells: Vec<String>,
}

/// A line that is not data.
#[derive(Clone, Debug, Default)]
pub struct SkippedLine {
    /// Line in the file, from 1.
    pub line: u64,
    /// Why: "title line", "blank", "total".
    pub reason: String,
    /// Its text, cut.
    pub text: String,
}

/// The five ways in which a mapping cannot work, money of no known currency, and days of no known year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappingError {
    /// Nothing is mapped.
    NoFieldMappings,
    /// More columns are mapped than the workspace allows.
    TooManyFields {
        /// Columns mapped.
        mapped: usize,
        /// Columns allowed.
        limit: usize,
    },
    /// Two columns on a target that takes only one.
    DuplicateMappings {
        /// Label of the target.
        target: String,
        /// Names of the columns.
        columns: Vec<String>,
    },
    /// No column is the date.
    CannotDate,
    /// Neither owner nor team nor territory.
    CannotCredit,
    /// Amounts with a sign that several currencies share.
    CurrencyUnknown {
        /// The sign.
        sign: String,
    },
    /// Days without a year.
    YearUnknown {
        /// Name of the column.
        column: String,
    },
}

impl MappingError {
    /// Stable code, the same that the intake reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFieldMappings => "mapping.none",
            Self::TooManyFields { .. } => "mapping.too_many_fields",
            Self::DuplicateMappings { .. } => "mapping.duplicate",
            Self::CannotDate => "mapping.no_date",
            Self::CannotCredit => "mapping.no_credit",
            Self::CurrencyUnknown { .. } => "mapping.currency",
            Self::YearUnknown { .. } => "mapping.year",
        }
    }

    /// The name by which users of such imports know it.
    pub fn title(&self) -> &'static str {
        match self {
            Self::NoFieldMappings => "No field mappings",
            Self::TooManyFields { .. } => "Too many fields",
            Self::DuplicateMappings { .. } => "Duplicate mappings",
            Self::CannotDate => "Can’t date transactions",
            Self::CannotCredit => "Can’t credit transactions",
            Self::CurrencyUnknown { .. } => "Currency not known",
            Self::YearUnknown { .. } => "Year not known",
        }
    }

    /// What to do about it.
    pub fn text(&self) -> String {
        match self {
            Self::NoFieldMappings => "No column has a meaning yet. Choose at least the date and who sold.".to_owned(),
            Self::TooManyFields { mapped, limit } => {
                format!("{mapped} columns are mapped; this workspace allows {limit}. Leave some unused.")
            }
            Self::DuplicateMappings { target, columns } => {
                format!("{target} takes one column, but {} are put on it. Keep one.", columns.join(" and "))
            }
            Self::CannotDate => "No column says when the sale happened. Choose the column with the date of the sale.".to_owned(),
            Self::CannotCredit => {
                let text = "No column says who sold. Choose a column for the owner, the team or the territory";
                format!("{text}, or say below who sold everything in this file.")
            }
            Self::YearUnknown { column } => format!("The days in “{column}” are written without a year. Say below which one it is."),
            Self::CurrencyUnknown { sign } => {
                format!("“{sign}” is the sign of several currencies. Say which one under “Change”, or choose the column that names it.")
            }
        }
    }
}

/// How the file was read, each with its alternatives as choices.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Form field `encoding`.
    pub encodings: Vec<Choice>,
    /// Form field `delimiter`: `comma`, `semicolon`, `tab`, `pipe`, `space` …
    pub delimiters: Vec<Choice>,
    /// Form field `header_row`: line of the header from 1, 0 for none.
    pub header_row: u64,
    /// Form field `date_order`: `dmy`, `mdy`, `ymd`.
    pub date_orders: Vec<Choice>,
    /// Form field `decimal`: `point` or `comma`.
    pub decimals: Vec<Choice>,
    /// Form field `currency`: used where the file names none.
    pub currency: String,
    /// Why encoding and dialect were chosen, in a sentence.
    pub reason: String,
    /// A question that only a person can answer, with a changed cell; may be empty.
    pub question: String,
}

/// `GET /imports/{id}/mapping`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "mapping.html")]
pub struct MappingPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the import.
    pub id: String,
    /// Name of the file.
    pub file: String,
    /// Size in words: "1.2 MB".
    pub size: String,
    /// Name of the source.
    pub source: String,
    /// Data rows found.
    pub rows_found: String,
    /// How it was read.
    pub reading: Reading,
    /// First data rows, with the header's names taken from `columns`.
    pub rows: Vec<RawRow>,
    /// Lines that are not data; at most twenty.
    pub skipped: Vec<SkippedLine>,
    /// How many lines were skipped in all.
    pub skipped_total: usize,
    /// All columns in order.
    pub columns: Vec<MappingColumn>,
    /// All targets, those of one group together.
    pub targets: Vec<Target>,
    /// What a person says about the file beside its columns.
    pub said: Said,
    /// Warnings about the file or its values.
    pub warnings: Vec<Notice>,
    /// Why this mapping cannot work; all that apply.
    pub errors: Vec<MappingError>,
    /// Where a remembered mapping comes from: "orders-february.csv, 3 March"; may be empty.
    pub remembered: String,
}

impl MappingPage {
    /// Targets under their headings, in order of appearance.
    pub fn target_groups(&self) -> Vec<(&str, Vec<&Target>)> {
        let mut groups: Vec<(&str, Vec<&Target>)> = Vec::new();
        for target in &self.targets {
            match groups.iter_mut().find(|(title, _)| *title == target.group) {
                Some((_, list)) => list.push(target),
                None => groups.push((&target.group, vec![target])),
            }
        }
        groups
    }

    /// Whether the unused columns are put behind a fold: from this many on they bury the others.
    fn folds(&self) -> bool {
        self.in_state(MappingState::Empty) > 8
    }

    /// Columns that are listed at once.
    pub fn columns_shown(&self) -> Vec<&MappingColumn> {
        self.columns.iter().filter(|column| !self.folds() || column.state != MappingState::Empty).collect()
    }

    /// Unused columns behind the fold.
    pub fn columns_folded(&self) -> Vec<&MappingColumn> {
        self.columns.iter().filter(|column| self.folds() && column.state == MappingState::Empty).collect()
    }

    /// Columns in a state.
    fn in_state(&self, state: MappingState) -> usize {
        self.columns.iter().filter(|column| column.state == state).count()
    }

    /// The counts above the table, as (words, class name); states without columns are left out.
    pub fn tally(&self) -> Vec<(String, &'static str)> {
        [
            (MappingState::Remembered, "remembered"),
            (MappingState::Automatic, "automatic"),
            (MappingState::Chosen, "chosen by you"),
            (MappingState::Ask, "to check"),
            (MappingState::Empty, "not used"),
        ]
        .into_iter()
        .filter_map(|(state, words)| match self.in_state(state) {
            0 => None,
            n => Some((format!("{n} {words}"), state.code())),
        })
        .collect()
    }

    fn has(&self, code: &str) -> bool {
        self.columns.iter().any(|column| column.target == code)
    }

    /// What a working mapping needs, as (words, codes that satisfy it, satisfied).
    pub fn needs(&self) -> Vec<(&'static str, &'static str, bool)> {
        [
            ("When it was sold", "date"),
            ("How much", "revenue quantity profit"),
            ("Who sold it", "owner team territory"),
            ("Which sale it is", "unique_id"),
        ]
        .into_iter()
        .map(|(words, codes)| {
            let is_said = codes.contains("owner") && !self.said.owner.is_empty();
            (words, codes, is_said || codes.split(' ').any(|code| self.has(code)))
        })
        .collect()
    }

    /// Tone of a column's state.
    pub fn tone(&self, column: &MappingColumn) -> &'static str {
        match column.state {
            MappingState::Automatic | MappingState::Remembered | MappingState::Chosen => Tone::Good.code(),
            MappingState::Ask => Tone::Warn.code(),
            MappingState::Empty => Tone::Neutral.code(),
        }
    }
}
