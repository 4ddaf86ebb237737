//! A load generator of keep-alive connections with one request under way each: a closed loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::Failure;

/// What a round gave.
pub(super) struct Round {
    /// Requests answered with success.
    pub(super) answered: u64,
    /// How long it took.
    pub(super) elapsed: Duration,
    /// Latencies in microseconds, sorted.
    pub(super) latencies: Vec<u64>,
    /// Requests answered otherwise.
    pub(super) failed: u64,
}

impl Round {
    /// Requests a second.
    pub(super) fn rate(&self) -> u64 {
        let us = u64::try_from(self.elapsed.as_micros()).unwrap_or(u64::MAX).max(1);
        self.answered.saturating_mul(1_000_000) / us
    }

    /// A percentile of the latencies, in microseconds.
    pub(super) fn percentile(&self, percent: usize) -> u64 {
        let index = self.latencies.len().saturating_sub(1) * percent / 100;
        self.latencies.get(index).copied().unwrap_or(0)
    }
}

/// One connection that speaks just enough HTTP/1.1.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and answers status and body.
    pub(super) async fn send(&mut self, request: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if let Some(head) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
                let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
                let length: usize =
                    text.lines().find_map(|l| l.strip_prefix("content-length:")).and_then(|v| v.trim().parse().ok()).unwrap_or(0);
                let whole = head + 4 + length;
                while self.buffer.len() < whole {
                    self.fill().await?;
                }
                return Ok((status, self.buffer[head + 4..whole].to_vec()));
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> std::io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the server closed the connection"));
        }
        Ok(())
    }
}

/// A GET.
pub(super) fn get(path: &str, key: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\n\r\n").into_bytes()
}

/// A POST with a JSON body.
pub(super) fn post(path: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A POST without a body, with a key as the user name of HTTP Basic.
pub(super) fn basic(path: &str, key: &str) -> Vec<u8> {
    let encoded = BASE64_STANDARD.encode(format!("{key}:"));
    format!("POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Basic {encoded}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

/// Runs `clients` loops for a while. `request` makes the n-th request; numbers never repeat within a server.
pub(super) async fn drive(
    address: &str,
    clients: usize,
    seconds: u64,
    next: &Arc<AtomicU64>,
    request: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
) -> Result<Round, Failure> {
    let request = Arc::new(request);
    let mut tasks = Vec::with_capacity(clients);
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    for _ in 0..clients {
        let (address, next, request) = (address.to_owned(), Arc::clone(next), Arc::clone(&request));
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let (mut latencies, mut failed) = (Vec::with_capacity(100_000), 0u64);
            while Instant::now() < end {
                let bytes = request(next.fetch_add(1, Ordering::Relaxed));
                let sent = Instant::now();
                let (status, _) = connection.send(&bytes).await?;
                if (200..300).contains(&status) {
                    latencies.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
                } else {
                    failed += 1;
                }
            }
            Ok::<_, std::io::Error>((latencies, failed))
        }));
    }
    let (mut latencies, mut failed) = (Vec::new(), 0);
    for task in tasks {
        let (own, own_failed) = task
            .await
            .map_err(|e| Failure::fault("bench_client", e.to_string()))?
            .map_err(|e| Failure::fault("bench_client", e.to_string()))?;
        latencies.extend(own);
        failed += own_failed;
    }
    let elapsed = start.elapsed();
    latencies.sort_unstable();
    Ok(Round { answered: latencies.len() as u64, elapsed, latencies, failed })
}
