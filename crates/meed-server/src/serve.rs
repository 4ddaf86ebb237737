//! Binding, TLS and shutting down.
//!
//! Plain HTTP is served on loopback only, unless told otherwise: keys and passwords travel here.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;

use crate::{ServerState, api, odata, web};

/// Certificate and key, PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// Certificate chain.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Certificate files; plain HTTP without them.
    pub tls: Option<TlsFiles>,
    /// Serve plain HTTP beyond loopback, for example behind a proxy that ends TLS.
    pub allow_plain: bool,
}

/// All routes.
pub fn router(state: ServerState) -> Router {
    Router::new().merge(api::router(&state)).merge(odata::router()).merge(web::router(&state)).with_state(state)
}

/// Binds the address. Refuses plain HTTP beyond loopback unless it is allowed.
pub fn bind(options: &ServeOptions) -> std::io::Result<TcpListener> {
    if options.tls.is_none() && !options.allow_plain && !options.listen.ip().is_loopback() {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            format!(
                "{} is reachable from other machines and there is no certificate: give --tls-cert and --tls-key, or --allow-plain behind a proxy that ends TLS",
                options.listen
            ),
        ));
    }
    let listener = TcpListener::bind(options.listen)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until `stop` completes, then lets requests under way finish for up to ten seconds.
pub fn serve(
    listener: TcpListener,
    state: ServerState,
    tls: Option<TlsFiles>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Boxed<std::io::Result<()>> {
    run_boxed(listener, state, tls, Box::pin(stop))
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Knows no types of its caller, so that the server is compiled here and not once more by who runs it.
fn run_boxed(listener: TcpListener, state: ServerState, tls: Option<TlsFiles>, stop: Boxed<()>) -> Boxed<std::io::Result<()>> {
    Box::pin(run(listener, state, tls, stop))
}

async fn run(listener: TcpListener, state: ServerState, tls: Option<TlsFiles>, stop: Boxed<()>) -> std::io::Result<()> {
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::new();
    let stopping = handle.clone();
    tokio::spawn(async move {
        stop.await;
        stopping.graceful_shutdown(Some(Duration::from_secs(10)));
    });
    match tls {
        None => axum_server::from_tcp(listener)?.handle(handle).serve(service).await,
        Some(files) => {
            // Installing it twice is harmless: the first one stays.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let config = RustlsConfig::from_pem_file(&files.certificate, &files.key).await?;
            let config = RustlsConfig::from_config(Arc::clone(&config.get_inner()));
            axum_server::from_tcp_rustls(listener, config)?.handle(handle).serve(service).await
        }
    }
}
