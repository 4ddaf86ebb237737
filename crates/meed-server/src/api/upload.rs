//! Taking the bytes of a file in: from a body or a part of a form to the disk, without holding them.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::extract::Multipart;
use axum::extract::multipart::Field;
use axum::http::StatusCode;
use futures_util::StreamExt;
use meed_app::AppError;
use meed_app::imports::{Upload, store_file};
use tokio::sync::mpsc;

use super::problem::{Answered, Problem};
use super::request::too_large;
use crate::ServerState;

/// Pieces that wait for the disk.
const WAITING: usize = 8;

/// Hands pieces that arrive to a reader that blocks.
struct Pieces {
    receiver: mpsc::Receiver<Result<Bytes, ()>>,
    current: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.current.is_empty() {
            match self.receiver.blocking_recv() {
                None => return Ok(0),
                Some(Ok(piece)) => self.current = piece,
                Some(Err(())) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = self.current.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.current.split_to(count));
        Ok(count)
    }
}

/// Where the bytes come from.
pub(crate) enum Incoming<'a> {
    /// The body of a request.
    Body(Body),
    /// A part of a form.
    Part(Box<Field<'a>>),
}

/// Keeps the bytes under their hash.
pub(crate) async fn keep(state: &ServerState, incoming: Incoming<'_>, bytes_max: u64) -> Answered<Upload> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let folder = state.app.files().to_owned();
    let writing = tokio::task::spawn_blocking(move || store_file(&folder, Pieces { receiver, current: Bytes::new() }, bytes_max));
    let mut is_broken = false;
    match incoming {
        Incoming::Body(body) => {
            let mut pieces = body.into_data_stream();
            while let Some(piece) = pieces.next().await {
                is_broken = piece.is_err();
                if sender.send(piece.map_err(|_| ())).await.is_err() || is_broken {
                    break;
                }
            }
        }
        Incoming::Part(mut part) => loop {
            let piece = match part.chunk().await {
                Ok(Some(piece)) => Ok(piece),
                Ok(None) => break,
                Err(_) => Err(()),
            };
            is_broken = piece.is_err();
            if sender.send(piece).await.is_err() || is_broken {
                break;
            }
        },
    }
    drop(sender);
    let kept = writing.await.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "keeping the file failed"))?;
    match kept {
        Ok(upload) => Ok(upload),
        Err(_) if is_broken => Err(Problem::unreadable("body_unreadable", "the body ended before it was complete")),
        Err(AppError::Refused(refused)) if refused.code == "file.too_large" => Err(Problem { detail: refused.text, ..too_large() }),
        Err(error) => Err(error.into()),
    }
}

/// The next part of a form.
pub(crate) async fn next_part(form: &mut Multipart) -> Answered<Option<Field<'_>>> {
    form.next_field().await.map_err(|_| Problem::unreadable("form_unreadable", "the form cannot be read"))
}
