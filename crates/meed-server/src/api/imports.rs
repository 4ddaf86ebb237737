//! `/v1/imports` and `/v1/mappings`: a file is uploaded, read, mapped, tried, and run.

use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use meed_app::imports::{self, Counts, Import, MappingDocument, ReadAs, RejectedRow};
use meed_app::sources::known;
use meed_core::id::{Id, Kind};
use meed_intake::{Answers, DateOrder, DecimalMark, SaleState, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

use super::answer::{FieldParams, Page, PageParams, file, json, list_params, no_content, one, page, page_of};
use super::openapi::Refusals;
use super::problem::{Answered, Problem};
use super::request::{Caller, Json, Params, id_in, id_of};
use super::sales::source_name;
use super::upload::{Incoming, keep, next_part};
use super::wire::time;
use crate::ServerState;

/// Bytes of a file at most.
const FILE_MAX: u64 = 1 << 30;

/// What happened to the rows.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImportCounts)]
#[allow(missing_docs)]
pub(crate) struct CountsOut {
    /// Rows read so far.
    rows: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    /// Rows without a unique id that equal a known one.
    ignored: u64,
    failed: u64,
    /// Sum of revenue per currency, exact.
    #[schema(example = json!({"USD": "120455.90"}))]
    revenue: BTreeMap<String, String>,
    first_day: Option<String>,
    last_day: Option<String>,
}

impl From<&Counts> for CountsOut {
    fn from(counts: &Counts) -> Self {
        Self {
            rows: counts.rows,
            created: counts.created,
            updated: counts.updated,
            unchanged: counts.unchanged,
            ignored: counts.ignored,
            failed: counts.failed,
            revenue: counts.revenue.clone(),
            first_day: counts.first_day.clone(),
            last_day: counts.last_day.clone(),
        }
    }
}

/// An import.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub(crate) struct ImportOut {
    /// The import.
    #[schema(example = "imp_01jq3v8k2m9ra")]
    id: String,
    /// The source.
    source: String,
    /// Name of the file.
    #[schema(example = "orders.csv")]
    file_name: String,
    /// Its size.
    bytes: u64,
    /// Its hash.
    sha256: String,
    /// `mapping` (its reading may be changed), `running`, `done`, `failed`, `discarded`, `undoing` or `undone`.
    #[schema(example = "mapping")]
    state: String,
    /// Whether the mapping needs no look: everything required is certain.
    certain: bool,
    /// When it was uploaded.
    created_at: String,
    /// By whom.
    created_by: String,
    /// When it ended.
    finished_at: Option<String>,
    /// Rows that the file holds.
    total_rows: u64,
    /// What happened to them so far.
    counts: CountsOut,
    /// Why it failed.
    error: Option<String>,
}

impl From<&Import> for ImportOut {
    fn from(import: &Import) -> Self {
        let document = &import.document;
        Self {
            id: import.id.text(Kind::Import),
            source: Id(document.source).text(Kind::Source),
            file_name: document.file_name.clone(),
            bytes: document.bytes,
            sha256: document.sha256.clone(),
            state: document.state.word().to_owned(),
            certain: document.is_certain,
            created_at: time(document.created_us),
            created_by: document.created_by.clone(),
            finished_at: document.finished_us.map(time),
            total_rows: document.total_rows,
            counts: CountsOut::from(&document.counts),
            error: document.error.clone(),
        }
    }
}

/// How a file is uploaded.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadParams {
    /// Where it comes from: the name or the id of a source; a new name makes a source.
    #[param(example = "Shop")]
    source: Option<String>,
    /// Name of the file, for people.
    #[param(example = "orders.csv")]
    file_name: Option<String>,
}

/// One error of a refused row.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CellError)]
#[allow(missing_docs)]
pub(crate) struct CellErrorOut {
    pub column: Option<String>,
    pub value: String,
    /// Stable code.
    #[schema(example = "number.unreadable")]
    pub code: String,
    pub text: String,
}

/// A refused row.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RejectedRow)]
pub(crate) struct RejectedOut {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The cells of the row, untouched.
    pub cells: Vec<String>,
    /// Everything that is wrong with it.
    pub errors: Vec<CellErrorOut>,
}

impl From<&RejectedRow> for RejectedOut {
    fn from(row: &RejectedRow) -> Self {
        let error = |e: &imports::RejectedCell| CellErrorOut {
            column: e.column.clone(),
            value: e.value.clone(),
            code: e.code.clone(),
            text: e.text.clone(),
        };
        Self { line: row.line, cells: row.cells.clone(), errors: row.errors.iter().map(error).collect() }
    }
}

/// Upload a file
///
/// Needs the scope `sales`. Any CSV, TSV or XLSX up to 1 GiB, as the body or as the part `file` of a form (whose part
/// `source` names the source). The file is kept untouched and read; nothing is recorded before the import is run.
#[utoipa::path(
    post, path = "/imports", tag = "Imports", operation_id = "uploadFile", params(UploadParams),
    request_body(content(("text/csv"), ("multipart/form-data"), ("application/octet-stream")), description = "The file"),
    responses((status = 201, description = "The import, to be mapped or run", body = ImportOut), Refusals),
)]
pub(crate) async fn upload(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<UploadParams>,
    request: Request,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Sales)?;
    let is_form = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).is_some_and(|v| v.starts_with("multipart/form-data"));
    let (mut source, mut file_name) = (params.source, params.file_name);
    let mut kept = None;
    if is_form {
        let unreadable = |_| Problem::unreadable("form_unreadable", "the form cannot be read");
        let mut form = Multipart::from_request(request, &state).await.map_err(unreadable)?;
        while let Some(part) = next_part(&mut form).await? {
            match part.name() {
                Some("source") => {
                    source = Some(part.text().await.map_err(|_| Problem::unreadable("form_unreadable", "the form cannot be read"))?);
                }
                Some("file") => {
                    file_name = file_name.or_else(|| part.file_name().map(str::to_owned));
                    kept = Some(keep(&state, Incoming::Part(Box::new(part)), FILE_MAX).await?);
                }
                _ => return Err(Problem::unreadable("field_unknown", "the form has the parts `source` and `file`")),
            }
        }
    } else {
        kept = Some(keep(&state, Incoming::Body(request.into_body()), FILE_MAX).await?);
    }
    if [&source, &file_name].into_iter().flatten().any(|text| text.contains('\0')) {
        return Err(Problem::unreadable("text_has_nul", "a text holds the character U+0000, which cannot be kept"));
    }
    let kept = kept.ok_or_else(|| Problem::unreadable("field_missing", "the form needs the part `file`").at("file"))?;
    let name = file_name.unwrap_or_else(|| "upload.csv".to_owned());
    let source = source.ok_or_else(|| Problem::unreadable("source_missing", "say where the file comes from").at("source"))?;
    let source = known(&state.app, &ctx, source_name(Some(&source))).await?;
    let id = imports::upload(&state.app, &ctx, source.id, &name, &kept).await?;
    Ok(json(StatusCode::CREATED, &ImportOut::from(&imports::get(&state.app, &ctx, id).await?)))
}

/// List imports
///
/// Newest first.
#[utoipa::path(
    get, path = "/imports", tag = "Imports", operation_id = "listImports", params(PageParams),
    responses((status = 200, description = "A page of imports", body = Page<ImportOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let wanted = params.stretch()?;
    let found = imports::list(&state.app, &ctx, wanted.after, wanted.rows()).await?;
    let next = wanted.next(&found, |import| import.id);
    page(found.iter().map(ImportOut::from).collect(), next, params.fields.as_deref())
}

/// Get an import
///
/// Its state and, while it runs, how far it is.
#[utoipa::path(
    get, path = "/imports/{id}", tag = "Imports", operation_id = "getImport",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The import", body = ImportOut), Refusals),
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let import = imports::get(&state.app, &ctx, id_of(&id, Kind::Import, "import")?).await?;
    one(&ImportOut::from(&import), params.fields.as_deref())
}

/// Get how a file is read
///
/// Encoding, dialect, table, and one entry per column with its target, score and reason; what is doubtful, and what keeps
/// the file from being run. Lines count from 1, columns from 0.
#[utoipa::path(
    get, path = "/imports/{id}/mapping", tag = "Imports", operation_id = "getReading",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra")),
    responses((status = 200, description = "The report of `meed import --dry-run --json`", body = Value), Refusals),
)]
pub(crate) async fn mapping(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let import = imports::get(&state.app, &ctx, id_of(&id, Kind::Import, "import")?).await?;
    let reading = imports::reading(&state.app, &ctx, &import).await?;
    Ok(json(StatusCode::OK, &reading.report()))
}

/// A column on its target.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ColumnTargetIn)]
pub(crate) struct ColumnIn {
    /// The column, from 0.
    #[schema(example = 3)]
    index: usize,
    /// The target, such as `date`, `revenue` or `owner`; null leaves the column alone.
    #[schema(example = "revenue")]
    target: Option<String>,
}

/// Columns to put on targets, and what the file does not say. What is not named stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ColumnTargetsIn)]
pub(crate) struct ColumnsIn {
    /// The columns.
    #[serde(default)]
    columns: Vec<ColumnIn>,
    /// Who sold the rows that name no rep, by an alias; the whole file where no column names one. Empty for nobody.
    #[serde(default)]
    #[schema(example = "dana@example.com")]
    owner: Option<String>,
    /// What words of the status column mean: `open`, `won`, `paid`, `lost`, `cancelled`, `refunded`, `partly_refunded`; null
    /// keeps a word as it is written. Words that are not named stay as they are.
    #[serde(default)]
    #[schema(example = json!({"Versandt": "won", "Muster": null}))]
    statuses: BTreeMap<String, Option<String>>,
    /// The year of days that are written without one. It is asked for every file.
    #[serde(default)]
    #[schema(example = 2026)]
    year: Option<i16>,
}

impl ColumnsIn {
    /// What is said about the file beside its columns.
    fn answers(&self) -> Answered<Answers> {
        let mut statuses = Vec::with_capacity(self.statuses.len());
        for (word, state) in &self.statuses {
            let known = state.as_deref().map(|name| SaleState::from_word(name).ok_or(name)).transpose();
            let state = known.map_err(|name| {
                let all = SaleState::ALL.map(SaleState::word).join(", ");
                let text = format!("`{name}` is no state; a state is one of: {all}");
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "state_unknown", text).at(format!("statuses.{word}"))
            })?;
            statuses.push((word.clone(), state));
        }
        Ok(Answers { owner: self.owner.clone(), statuses, year: self.year })
    }
}

/// Put columns on targets
///
/// Needs the scope `sales`. Only while the import is in the state `mapping`. With what the file does not say: who sold all of
/// it, what its status words mean, the year of its days. The choice is remembered for the next file of this source with the
/// same columns, once the import is done; the year is not.
#[utoipa::path(
    put, path = "/imports/{id}/mapping", tag = "Imports", operation_id = "putMapping",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra")),
    request_body(content = ColumnsIn, example = json!({"columns": [{"index": 3, "target": "revenue"}, {"index": 4, "target": null}], "owner": "dana@example.com", "statuses": {"Versandt": "won"}})),
    responses((status = 200, description = "How the file is read now", body = Value), Refusals),
)]
pub(crate) async fn put_mapping(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ColumnsIn>,
) -> Answered<Response> {
    let id = id_of(&id, Kind::Import, "import")?;
    let import = imports::get(&state.app, &ctx, id).await?;
    let width = imports::reading(&state.app, &ctx, &import).await?.columns().len();
    let mut choices = Vec::with_capacity(body.columns.len());
    for (place, column) in body.columns.iter().enumerate() {
        let wrong = |name: &str, code: &'static str, text: String| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, text).at(format!("columns[{place}].{name}"))
        };
        if column.index >= width {
            return Err(wrong("index", "column_unknown", format!("the file has {width} columns, counted from 0")));
        }
        let target = match column.target.as_deref() {
            None => None,
            Some(name) => Some(Target::from_name(name).ok_or_else(|| {
                let all: Vec<&str> = Target::ALL.iter().map(|t| t.name()).collect();
                wrong("target", "target_unknown", format!("a target is one of: {}", all.join(", ")))
            })?),
        };
        choices.push((column.index, target));
    }
    let reading = imports::set_mapping(&state.app, &ctx, id, &choices, &body.answers()?).await?;
    Ok(json(StatusCode::OK, &reading.report()))
}

/// Answers about how a file is written.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ReadAsIn)]
pub(crate) struct ReadAsIn {
    /// Name of the encoding.
    #[schema(example = "windows-1252")]
    encoding: Option<String>,
    /// What separates cells: one character.
    #[schema(example = ";")]
    delimiter: Option<char>,
    /// Line of the header, from 1.
    #[schema(example = 4)]
    header_line: Option<u64>,
    /// `ymd`, `dmy` or `mdy`.
    #[schema(example = "dmy")]
    date_order: Option<String>,
    /// `.` or `,`.
    #[schema(example = ",")]
    decimal: Option<String>,
    /// ISO 4217 code of amounts that name none.
    #[schema(example = "EUR")]
    currency: Option<String>,
}

/// Read a file again
///
/// Needs the scope `sales`. With answers about how it is written; what is not answered is detected. Columns are mapped anew.
#[utoipa::path(
    post, path = "/imports/{id}/read", tag = "Imports", operation_id = "readAgain",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra")),
    request_body(content = ReadAsIn, example = json!({"delimiter": ";", "decimal": ",", "date_order": "dmy"})),
    responses((status = 200, description = "How the file is read now", body = Value), Refusals),
)]
pub(crate) async fn read_again(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ReadAsIn>,
) -> Answered<Response> {
    let wrong = |field: &str, text: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "value_invalid", text).at(field);
    let date_order = match body.date_order.as_deref() {
        None => None,
        Some("ymd") => Some(DateOrder::YearFirst),
        Some("dmy") => Some(DateOrder::DayFirst),
        Some("mdy") => Some(DateOrder::MonthFirst),
        Some(_) => return Err(wrong("date_order", "the date order is ymd, dmy or mdy")),
    };
    let decimal = match body.decimal.as_deref() {
        None => None,
        Some(".") => Some(DecimalMark::Point),
        Some(",") => Some(DecimalMark::Comma),
        Some(_) => return Err(wrong("decimal", "the decimal mark is `.` or `,`")),
    };
    let choices = ReadAs {
        encoding: body.encoding,
        delimiter: body.delimiter,
        header_line: body.header_line,
        date_order,
        decimal,
        currency: body.currency,
    };
    let reading = imports::reread(&state.app, &ctx, id_of(&id, Kind::Import, "import")?, choices, &Answers::default()).await?;
    Ok(json(StatusCode::OK, &reading.report()))
}

/// What an import would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DryRun)]
pub(crate) struct DryRunOut {
    /// What would become of the rows.
    counts: CountsOut,
    /// The first hundred refused rows with their errors.
    rejected: Vec<RejectedOut>,
}

/// Try an import
///
/// Needs the scope `sales`. Reads the whole file, compares it with what is stored, and records nothing.
#[utoipa::path(
    post, path = "/imports/{id}/dry-run", tag = "Imports", operation_id = "dryRun",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra")),
    responses((status = 200, description = "Exactly what running it would do", body = DryRunOut), Refusals),
)]
pub(crate) async fn dry_run(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let found = imports::dry_run(&state.app, &ctx, id_of(&id, Kind::Import, "import")?).await?;
    let out = DryRunOut { counts: CountsOut::from(&found.counts), rejected: found.rejected.iter().map(RejectedOut::from).collect() };
    Ok(json(StatusCode::OK, &out))
}

/// Run an import
///
/// Needs the scope `sales`. Answers at once; `GET /v1/imports/{id}` tells how far it is. An import that is interrupted goes
/// on when the server starts again, without duplicates.
#[utoipa::path(
    post, path = "/imports/{id}/run", tag = "Imports", operation_id = "runImport",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra")),
    responses((status = 202, description = "It runs", body = ImportOut), Refusals),
)]
pub(crate) async fn run(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let id = id_of(&id, Kind::Import, "import")?;
    imports::start(&state.app, &ctx, id).await?;
    Ok(json(StatusCode::ACCEPTED, &ImportOut::from(&imports::get(&state.app, &ctx, id).await?)))
}

/// Discard an import
///
/// Needs the scope `sales`. Only before it ran; the file stays kept.
#[utoipa::path(
    post, path = "/imports/{id}/discard", tag = "Imports", operation_id = "discardImport",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra")),
    responses((status = 200, description = "It is discarded", body = ImportOut), Refusals),
)]
pub(crate) async fn discard(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let id = id_of(&id, Kind::Import, "import")?;
    imports::discard(&state.app, &ctx, id).await?;
    Ok(json(StatusCode::OK, &ImportOut::from(&imports::get(&state.app, &ctx, id).await?)))
}

/// Undo an import
///
/// Needs the scope `sales`. Every sale says again what it said before, as a new version; a sale that there was not before
/// keeps its day and loses everything else. Released figures never change: differences go to the open period. Refused where
/// something else changed the sales since. The remembered mapping is forgotten.
#[utoipa::path(
    post, path = "/imports/{id}/undo", tag = "Imports", operation_id = "undoImport",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra")),
    responses((status = 200, description = "It is taken back", body = ImportOut), Refusals),
)]
pub(crate) async fn undo(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let import = imports::undo(&state.app, &ctx, id_of(&id, Kind::Import, "import")?).await?;
    Ok(json(StatusCode::OK, &ImportOut::from(&import)))
}

/// List refused rows
///
/// By line, with the cells untouched and everything that is wrong.
#[utoipa::path(
    get, path = "/imports/{id}/rejects", tag = "Imports", operation_id = "listRejects",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra"), PageParams),
    responses((status = 200, description = "A page of refused rows", body = Page<RejectedOut>), Refusals),
)]
pub(crate) async fn rejects(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let import = imports::get(&state.app, &ctx, id_of(&id, Kind::Import, "import")?).await?;
    let all = imports::rejects(&state.app, &ctx, import.id).await?;
    let (rows, next) = page_of(all, &params, |row| row.line)?;
    page(rows.iter().map(RejectedOut::from).collect(), next, params.fields.as_deref())
}

/// Download refused rows
///
/// As CSV with the original columns: correct it and upload it again.
#[utoipa::path(
    get, path = "/imports/{id}/rejects.csv", tag = "Imports", operation_id = "downloadRejects",
    params(("id" = String, Path, description = "The import", example = "imp_01jq3v8k2m9ra")),
    responses((status = 200, description = "UTF-8 with BOM, comma, CRLF", body = String, content_type = "text/csv"), Refusals),
)]
pub(crate) async fn rejects_csv(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let import = imports::get(&state.app, &ctx, id_of(&id, Kind::Import, "import")?).await?;
    let csv = imports::rejects_csv(&state.app, &ctx, import.id).await?;
    Ok(file("text/csv; charset=utf-8", &format!("rejects {}.csv", import.document.file_name), csv))
}

/// A mapping that is remembered for a source and a set of columns.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Mapping)]
pub(crate) struct MappingOut {
    /// The mapping.
    #[schema(example = "map_01jq3v8k2m9ra")]
    id: String,
    /// The source.
    source: String,
    /// The columns in the order in which they were first seen.
    headers: Vec<String>,
    /// What stands for source and columns in the address for uploads, `/app/Api/UploadCsv?config=…`.
    configuration_hash: String,
    /// The import that last used it.
    from_import: String,
    /// When it was last used.
    saved_at: String,
    /// Which column feeds which target, and how its values are written.
    #[schema(value_type = Object)]
    mapping: Value,
}

fn mapping_out((id, document): &(Id, MappingDocument)) -> MappingOut {
    MappingOut {
        id: id.text(Kind::Mapping),
        source: Id(document.source).text(Kind::Source),
        headers: document.headers.clone(),
        configuration_hash: imports::configuration_hash(document),
        from_import: Id(document.from_import).text(Kind::Import),
        saved_at: time(document.saved_us),
        mapping: document.mapping.clone(),
    }
}

list_params! {
    /// Which mappings a list shows.
    MappingsParams, fields like "id,headers" {
        /// Only those of this source, by id.
        source: Option<String>,
    }
}

/// List remembered mappings
///
/// A file of the same source with the same columns is read by its mapping without a question.
#[utoipa::path(
    get, path = "/mappings", tag = "Imports", operation_id = "listMappings", params(MappingsParams),
    responses((status = 200, description = "A page of mappings", body = Page<MappingOut>), Refusals),
)]
pub(crate) async fn mappings(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<MappingsParams>,
) -> Answered<Response> {
    let source = params.source.as_deref().map(|text| id_in(text, Kind::Source, "source")).transpose()?;
    let mut all = imports::all_mappings(&state.app, &ctx).await?;
    all.retain(|(_, mapping)| source.is_none_or(|source| source.0 == mapping.source));
    let (found, next) = page_of(all, &params.paging(), |(id, _)| *id)?;
    page(found.iter().map(mapping_out).collect(), next, params.fields.as_deref())
}

/// Forget a mapping
///
/// Needs the scope `plans`. The next file of these columns is read as if it were the first.
#[utoipa::path(
    delete, path = "/mappings/{id}", tag = "Imports", operation_id = "forgetMapping",
    params(("id" = String, Path, description = "The mapping", example = "map_01jq3v8k2m9ra")),
    responses((status = 204, description = "It is forgotten"), Refusals),
)]
pub(crate) async fn forget(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let id = id_of(&id, Kind::Mapping, "mapping")?;
    imports::forget_mapping(&state.app, &ctx, id).await?;
    Ok(no_content())
}
