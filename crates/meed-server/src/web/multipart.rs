//! Multipart forms: texts, and files that stream to disk while they are counted.

use axum::extract::multipart::{Field, Multipart};
use meed_app::imports::{Upload, store_file};
use meed_app::{App, AppError};
use tokio::sync::mpsc;

use super::answer::Trouble;
use super::form::{Fields, check_csrf};
use super::visit::Csrf;

/// Bytes of a text field at most.
pub(super) const TEXT_MAX: usize = 4_096;

/// An upload that broke off.
pub(super) fn broken(error: &axum::extract::multipart::MultipartError) -> Trouble {
    Trouble::unreadable("form_unreadable", &format!("the upload broke off: {}", error.body_text()))
}

/// The form behind its token, which comes first: nothing else is read before it has been compared.
pub(super) async fn checked(csrf: &Csrf, mut form: Multipart) -> Result<Multipart, Trouble> {
    let given = match form.next_field().await.map_err(|e| broken(&e))? {
        Some(field) if field.name() == Some("csrf") => text(field, TEXT_MAX).await?,
        _ => String::new(),
    };
    check_csrf(Some(csrf), &given)?;
    Ok(form)
}

/// A text field of at most so many bytes.
pub(super) async fn text(mut field: Field<'_>, bytes_max: usize) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|e| broken(&e))? {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(Trouble::unreadable("form_unreadable", "a field of the form is too long"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// Chunks of a request as a reader for a thread that may block.
struct Chunks {
    receiver: mpsc::Receiver<axum::body::Bytes>,
    rest: axum::body::Bytes,
}

impl std::io::Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.rest.is_empty() {
            match self.receiver.blocking_recv() {
                Some(chunk) => self.rest = chunk,
                None => return Ok(0),
            }
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest.split_to(count));
        Ok(count)
    }
}

/// Streams a file of at most so many bytes to disk.
pub(super) async fn keep(app: &App, mut field: Field<'_>, bytes_max: u64) -> Result<Result<Upload, AppError>, Trouble> {
    let (sender, receiver) = mpsc::channel(8);
    let folder = app.files().to_owned();
    let chunks = Chunks { receiver, rest: axum::body::Bytes::new() };
    let thread = tokio::task::spawn_blocking(move || store_file(&folder, chunks, bytes_max));
    let mut broke = None;
    loop {
        match field.chunk().await {
            Ok(Some(chunk)) => {
                // The receiver is gone when the file is too large or the disk is full: the thread says which.
                if sender.send(chunk).await.is_err() {
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => {
                broke = Some(broken(&error));
                break;
            }
        }
    }
    drop(sender);
    let kept = thread.await.map_err(|_| Trouble::from(AppError::bug("keeping the file failed")))?;
    match broke {
        Some(trouble) => Err(trouble),
        None => Ok(kept),
    }
}

/// A form with a sheet: its fields, and the file or the text that was pasted in its place.
#[derive(Default)]
pub(super) struct SheetForm {
    pub(super) fields: Fields,
    /// What holds the sheet, if there is one.
    pub(super) kept: Option<Upload>,
}

/// Bytes of a sheet at most.
const SHEET_MAX: u64 = 8 << 20;
/// Bytes of a pasted sheet at most.
const PASTE_MAX: usize = 1 << 20;

/// Reads a form with a sheet in its field `file`, else pasted into `pasted`, else kept before under the hash in `kept`. A
/// pasted list of one column gets the header `column`.
pub(super) async fn sheet_form(app: &App, csrf: &Csrf, form: Multipart, column: &str) -> Result<Result<SheetForm, AppError>, Trouble> {
    let (mut fields, mut file, mut pasted, mut before) = (Fields::default(), None, String::new(), None);
    let mut form = checked(csrf, form).await?;
    while let Some(field) = form.next_field().await.map_err(|e| broken(&e))? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" if field.file_name().is_none_or(str::is_empty) => {}
            "file" => match keep(app, field, SHEET_MAX).await? {
                Ok(upload) => file = Some(upload).filter(|upload| upload.bytes > 0),
                Err(error) => return Ok(Err(error)),
            },
            "pasted" => pasted = text(field, PASTE_MAX).await?,
            "kept" => before = kept(app, text(field, TEXT_MAX).await?),
            _ => fields.push(&name, text(field, TEXT_MAX).await?),
        }
    }
    if file.is_none() && !pasted.is_empty() {
        let (sheet, is_list) = headed(&pasted, column);
        if is_list {
            fields.push(LIST, "yes".to_owned());
        }
        fields.push("pasted", pasted);
        let folder = app.files().to_owned();
        let thread = tokio::task::spawn_blocking(move || store_file(&folder, sheet.as_bytes(), SHEET_MAX));
        match thread.await.map_err(|_| Trouble::from(AppError::bug("keeping the text failed")))? {
            Ok(upload) => file = Some(upload),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(SheetForm { fields, kept: file.or(before) }))
}

/// A file that a former answer kept.
fn kept(app: &App, hash: String) -> Option<Upload> {
    let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    let path = app.files().join(&hash);
    (is_hash && path.is_file()).then_some(Upload { path, sha256: hash, bytes: 0 })
}

/// Opens the sheet of a form.
pub(super) async fn opened(kept: Option<&Upload>) -> Result<std::fs::File, AppError> {
    let missing = || AppError::invalid("file.missing", "file", "choose a sheet, or paste its rows");
    let path = kept.ok_or_else(missing)?.path.clone();
    let opening = tokio::task::spawn_blocking(move || std::fs::File::open(path)).await;
    opening.map_err(|_| AppError::bug("opening a sheet failed"))?.map_err(|_| missing())
}

/// The field that tells that a pasted list got a header, so that its lines count from the one before.
const LIST: &str = "is_list";

impl SheetForm {
    /// Lines that stand before the first one that a person sees.
    pub(super) fn lines_before(&self) -> u64 {
        u64::from(self.fields.text(LIST) == "yes")
    }
}

/// A pasted list of one column gets its header: nobody types one for a list of ids. Answers whether it got one.
fn headed(pasted: &str, column: &str) -> (String, bool) {
    let first = pasted.lines().next().unwrap_or_default();
    let is_list = !pasted.contains([',', ';', '\t', '|']) && !column.is_empty() && !first.trim().eq_ignore_ascii_case(column);
    if is_list {
        let rows: String = pasted.lines().map(|line| format!("{},\n", line.trim())).collect();
        return (format!("{column},line\n{rows}"), true);
    }
    (format!("{}\n", pasted.trim_end()), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_ids_gets_a_header_and_a_table_keeps_its_own() {
        assert_eq!(headed("A-1\nA-2", "sale"), ("sale,line\nA-1,\nA-2,\n".to_owned(), true));
        assert_eq!(headed("Sale\tShare\nA-1\t50%", "sale"), ("Sale\tShare\nA-1\t50%\n".to_owned(), false));
        assert_eq!(headed("who,amount\nAna,5", ""), ("who,amount\nAna,5\n".to_owned(), false));
    }
}
