//! TLS to PostgreSQL: the server's certificate and name are verified, or there is no connection.
//!
//! What an address asks for: `sslmode=disable` is plain; `require`, `verify-ca` and `verify-full` are all verified TLS, and
//! so is an address without `sslmode` unless it leads to this machine. `sslrootcert=FILE` names the certificates to trust
//! instead of those of the machine.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use crate::error::StoreError;

/// Reads an address, and what its connections are to be protected with.
pub(super) fn read_address(url: &str) -> Result<(Config, Protection), StoreError> {
    let broken = |detail: String| StoreError::broken(format!("the PostgreSQL address cannot be read: {detail}"));
    let (address, root) = take_root(url);
    let mut config: Config = address.parse().map_err(|e: tokio_postgres::Error| broken(e.to_string()))?;
    let plain = match config.get_ssl_mode() {
        SslMode::Disable => true,
        SslMode::Prefer => root.is_none() && config.get_hosts().iter().all(is_here),
        _ => false,
    };
    if plain {
        config.ssl_mode(SslMode::Disable);
        return Ok((config, Protection { connector: None }));
    }
    config.ssl_mode(SslMode::Require);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| broken(e.to_string()))?
        .with_root_certificates(roots(root.as_deref())?)
        .with_no_client_auth();
    Ok((config, Protection { connector: Some(TlsConnector::from(Arc::new(client))) }))
}

/// Takes `sslrootcert` out of an address, and turns the names of verified modes into the one that the driver knows.
fn take_root(url: &str) -> (String, Option<String>) {
    let Some((address, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut root = None;
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslrootcert", file)) => root = Some(unescape(file)),
            Some(("sslmode", "verify-ca" | "verify-full")) => kept.push("sslmode=require"),
            _ => kept.push(pair),
        }
    }
    (if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) }, root)
}

/// Resolves `%2F` and the like.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn roots(file: Option<&str>) -> Result<RootCertStore, StoreError> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = file {
        let unreadable = |why: String| StoreError::broken(format!("the certificates in {file} (sslrootcert) cannot be read: {why}"));
        let certificates = CertificateDer::pem_file_iter(file).map_err(|e| unreadable(e.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|e| unreadable(e.to_string()))?;
            roots.add(certificate).map_err(|e| unreadable(e.to_string()))?;
        }
        if roots.is_empty() {
            return Err(unreadable("there is none".to_owned()));
        }
    } else {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let text = "this machine has no certificates to trust; install ca-certificates, or name a file: ?sslrootcert=FILE";
            return Err(StoreError::broken(text));
        }
    }
    Ok(roots)
}

/// How the connections of an address are protected.
#[derive(Clone)]
pub(super) struct Protection {
    connector: Option<TlsConnector>,
}

impl<S> MakeTlsConnect<S> for Protection
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Protected<S>;
    type TlsConnect = Handshake;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> io::Result<Handshake> {
        // A plain connection, such as that to a socket, needs no name.
        let Some(connector) = self.connector.clone() else { return Ok(Handshake { protected: None }) };
        let name = ServerName::try_from(domain.to_owned()).map_err(io::Error::other)?;
        Ok(Handshake { protected: Some((connector, name)) })
    }
}

/// One connection about to be protected.
pub(super) struct Handshake {
    protected: Option<(TlsConnector, ServerName<'static>)>,
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Protected<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Protected<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let (connector, name) = self.protected.ok_or_else(|| io::Error::other("this connection is plain"))?;
            connector.connect(name, stream).await.map(|stream| Protected(Box::new(stream)))
        })
    }
}

/// A protected connection.
pub(super) struct Protected<S>(Box<tokio_rustls::client::TlsStream<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Protected<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Protected<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Protected<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_in_the_clear_unless_the_address_says_so() {
        let mode = |url: &str| read_address(url).unwrap().0.get_ssl_mode();
        assert_eq!(mode("postgres://m@localhost/x"), SslMode::Disable);
        assert_eq!(mode("postgres://m@127.0.0.1:5433/x"), SslMode::Disable);
        assert_eq!(mode("postgres://m@db.internal/x?sslmode=disable"), SslMode::Disable);
        assert_eq!(
            take_root("postgres://m@db/x?sslmode=verify-full&connect_timeout=3").0,
            "postgres://m@db/x?sslmode=require&connect_timeout=3"
        );
        assert_eq!(take_root("postgres://m@db/x?sslrootcert=a%2Fb.pem"), ("postgres://m@db/x".to_owned(), Some("a/b.pem".to_owned())));
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let error = read_address("postgres://m@db/x?sslrootcert=/does/not/exist.pem").err().unwrap();
        assert!(error.to_string().contains("/does/not/exist.pem"), "{error}");
    }
}
