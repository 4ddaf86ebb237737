//! Imports: a file is kept untouched, read, mapped, tried, and recorded in chunks that commit with their progress.
//!
//! States: `mapping` (a person may change how it is read) → `running` → `done`, or `failed`, or `discarded`; and from `done`
//! or `failed` on to `undoing` → `undone`. Every chunk
//! of up to 1,000 rows is one command that writes sales, rejected rows, counts and the position in the file together; an
//! interrupted import goes on from its last position without duplicates. Two runners of one import cannot both advance
//! it: each chunk insists on the version of the import's record that it has seen.

mod answers;
mod batch;
mod document;
mod dry_run;
mod expected;
mod first_rows;
mod read_file;
mod rejects;
mod row;
mod run;
mod source;
mod undo;
mod upload;

pub(crate) use answers::check_owner;
pub use answers::owner_doubt;
pub use batch::{BatchDocument, batch, prepare_batch, upload_to_batch};
pub use document::{Counts, ImportDocument, ImportState, LayoutDocument, MappingDocument, RejectDocument, RejectedCell, RejectedRow};
pub use dry_run::{DryRun, TriedSale, dry_run, try_rows};
pub use expected::{configuration_hash, find_configuration, running_count, upload_expected};
pub use first_rows::{FirstRow, first_rows};
pub use read_file::{
    Import, ReadAs, all_mappings, discard, forget_mapping, get, list, look_at, mapping_memory, prepare, reading, reread, set_mapping,
    source_layouts,
};
pub use rejects::{rejects, rejects_csv};
pub use run::{is_under_way, resume, resume_all, run, start};
pub use source::{LikelySource, likely_source, likely_source_of_kept};
pub use undo::{UndoPreview, undo, undo_preview};
pub use upload::{Upload, store_file, upload};
