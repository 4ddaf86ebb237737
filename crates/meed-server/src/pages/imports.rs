//! Imports: the list, the upload, the dry run, the progress and the result. The mapping has its own module.

use askama::Template;

use super::{Amount, Badge, Choice, Chrome, FormErrors, NextStep, Notice, Pager, Tone};

/// Where an import stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImportStatus {
    /// Columns wait for a person.
    #[default]
    NeedsMapping,
    /// Mapped, waiting for the word to run.
    Ready,
    /// Rows are being stored.
    Running,
    /// All rows stored.
    Done,
    /// Stored, with rejected rows.
    DoneWithRejects,
    /// Stopped; the text on its page says why.
    Failed,
    /// Its sales are being taken back.
    Undoing,
    /// Its sales were taken back.
    Undone,
    /// Put away before it ran.
    Discarded,
}

impl ImportStatus {
    /// The status in words and colour.
    pub fn badge(self) -> Badge {
        let (text, tone) = match self {
            Self::NeedsMapping => ("Needs mapping", Tone::Warn),
            Self::Ready => ("Ready to run", Tone::Info),
            Self::Running => ("Running", Tone::Info),
            Self::Done => ("Done", Tone::Good),
            Self::DoneWithRejects => ("Done, with rejects", Tone::Warn),
            Self::Failed => ("Failed", Tone::Bad),
            Self::Undoing => ("Taking back", Tone::Info),
            Self::Undone => ("Undone", Tone::Neutral),
            Self::Discarded => ("Discarded", Tone::Neutral),
        };
        Badge::new(text, tone)
    }
}

/// How many rows did what, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// New sales.
    pub create: u64,
    /// Sales that change.
    pub update: u64,
    /// Rows that are known already.
    pub ignore: u64,
    /// Rows that cannot be read.
    pub fail: u64,
}

impl ImportCounts {
    /// All rows.
    pub fn total(&self) -> u64 {
        self.create.saturating_add(self.update).saturating_add(self.ignore).saturating_add(self.fail)
    }
}

/// One import in a list.
#[derive(Clone, Debug, Default)]
pub struct ImportRow {
    /// Id of the import.
    pub id: String,
    /// Name of the file.
    pub file: String,
    /// Name of the source.
    pub source: String,
    /// When it was uploaded.
    pub when: String,
    /// Who uploaded it: a person, or "API".
    pub who: String,
    /// Where it stands.
    pub status: ImportStatus,
    /// Counts so far.
    pub counts: ImportCounts,
}

/// `GET /imports`
#[derive(Clone, Debug, Template)]
#[template(path = "imports.html")]
pub struct ImportsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Newest first.
    pub rows: Vec<ImportRow>,
    /// Neighbouring pages.
    pub pager: Pager,
}

/// `GET /imports/new`, and the answer to a refused `POST /imports`.
#[derive(Clone, Debug, Template)]
#[template(path = "upload.html")]
pub struct UploadPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Sources to choose from; `file` leaves it to the file, `new` asks for a new one by `source_name`.
    pub sources: Vec<Choice>,
    /// Name of a new source as typed before.
    pub source_name: String,
    /// Largest file in words: "1 GB".
    pub max_size: String,
    /// Latest imports; at most five.
    pub recent: Vec<ImportRow>,
    /// What was wrong with `file`, `source` or `source_name`.
    pub errors: FormErrors,
}

/// The steps of the wizard, for the trail at its top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WizardStep {
    /// Choose a file.
    #[default]
    Upload,
    /// Say what its columns mean.
    Mapping,
    /// See what would happen.
    Preview,
    /// Store it.
    Run,
    /// Done.
    Result,
}

impl WizardStep {
    /// All steps as (number, title, state), where the state is `done`, `here` or `ahead`.
    pub fn trail(self) -> Vec<(usize, &'static str, &'static str)> {
        [(Self::Upload, "File"), (Self::Mapping, "Columns"), (Self::Preview, "Dry run"), (Self::Run, "Import"), (Self::Result, "Result")]
            .into_iter()
            .enumerate()
            .map(|(i, (step, title))| {
                let state = match step.cmp(&self) {
                    std::cmp::Ordering::Less => "done",
                    std::cmp::Ordering::Equal => "here",
                    std::cmp::Ordering::Greater => "ahead",
                };
                (i + 1, title, state)
            })
            .collect()
    }
}

/// A row that was or would be refused.
#[derive(Clone, Debug, Default)]
pub struct RowError {
    /// Line in the file, from 1.
    pub line: u64,
    /// Name of the column; may be empty.
    pub column: String,
    /// The cell as it stands.
    pub value: String,
    /// Stable code.
    pub code: String,
    /// What is wrong and how to put it right.
    pub text: String,
}

/// One sale as the import reads it.
#[derive(Clone, Debug, Default)]
pub struct PreviewSale {
    /// Line in the file, from 1.
    pub line: u64,
    /// What would happen: Create, Update, Ignore.
    pub outcome: Badge,
    /// Day of the sale.
    pub date: String,
    /// Unique id; may be empty.
    pub unique_id: String,
    /// Customer.
    pub customer: String,
    /// Owners, separated by commas.
    pub owners: String,
    /// Revenue.
    pub revenue: Amount,
}

/// `GET /imports/{id}/preview`: what would happen, with nothing written.
#[derive(Clone, Debug, Template)]
#[template(path = "dry_run.html")]
pub struct DryRunPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the import.
    pub id: String,
    /// Name of the file.
    pub file: String,
    /// Name of the source.
    pub source: String,
    /// What the rows would do.
    pub counts: ImportCounts,
    /// Revenue of the rows that would be stored, per currency.
    pub revenue: Vec<Amount>,
    /// First and last day of sale; empty without rows.
    pub first_day: String,
    /// See `first_day`.
    pub last_day: String,
    /// Checks and warnings: "total agrees: 2,350.00", "2 equal rows collapse into one".
    pub notices: Vec<Notice>,
    /// First sales as they were read.
    pub sales: Vec<PreviewSale>,
    /// First refused rows.
    pub errors: Vec<RowError>,
}

impl DryRunPage {
    /// Whether running would store anything.
    pub fn can_run(&self) -> bool {
        self.counts.create > 0 || self.counts.update > 0 || self.counts.ignore > 0
    }
}

/// How far a run is.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "progress_fragment.html")]
pub struct ImportProgress {
    /// Id of the import.
    pub id: String,
    /// Rows handled.
    pub rows: u64,
    /// Rows in all; `None` while unknown.
    pub total: Option<u64>,
    /// 0 to 100.
    pub percent: u8,
    /// Counts so far.
    pub counts: ImportCounts,
    /// What is being done: "Storing rows".
    pub stage: String,
    /// Nothing more to wait for.
    pub finished: bool,
}

impl ImportProgress {
    /// What a screen reader says: the stage and every tenth percent, so that it does not talk without pause.
    pub fn spoken(&self) -> String {
        if self.finished { "Import done.".to_owned() } else { format!("{}, {} percent", self.stage, self.percent / 10 * 10) }
    }
}

/// `GET /imports/{id}/progress`. The page asks for `GET /imports/{id}/progress/part` every second, which answers with
/// [`ImportProgress`]; without scripts the whole page reloads.
#[derive(Clone, Debug, Template)]
#[template(path = "progress.html")]
pub struct ProgressPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Name of the file.
    pub file: String,
    /// The part that changes.
    pub progress: ImportProgress,
}

/// `GET /imports/{id}` of an import that ended.
#[derive(Clone, Debug, Template)]
#[template(path = "import_result.html")]
pub struct ImportResultPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the import.
    pub id: String,
    /// Name of the file.
    pub file: String,
    /// Name of the source.
    pub source: String,
    /// How it ended.
    pub status: ImportStatus,
    /// What the rows did.
    pub counts: ImportCounts,
    /// Revenue stored, per currency.
    pub revenue: Vec<Amount>,
    /// First and last day of sale; empty without rows.
    pub first_day: String,
    /// See `first_day`.
    pub last_day: String,
    /// When it ran and how long it took.
    pub ran: String,
    /// Checks, warnings and, if it failed, the reason.
    pub notices: Vec<Notice>,
    /// First refused rows.
    pub errors: Vec<RowError>,
    /// What makes sense now.
    pub steps: Vec<NextStep>,
    /// Whether its sales can still be taken back.
    pub can_undo: bool,
}

impl ImportResultPage {
    /// The sales that this import stored.
    pub fn sales_href(&self) -> String {
        format!("/sales?import={}", self.id)
    }
}
