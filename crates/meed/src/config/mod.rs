//! Configuration: flags before environment before `meed.toml`, one structure per concern.

mod file;
mod key;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use meed_app::App;

pub(crate) use file::ConfigFile;
pub(crate) use key::{KeyMaking, MasterKey, read_key};

use crate::cli::Global;
use crate::failure::Failure;

/// Where the data lies when nothing else is said.
const DATA_DEFAULT: &str = "./meed-data";
/// The file that is read when no other is named.
const CONFIG_DEFAULT: &str = "meed.toml";
/// Warnings only, until somebody asks for more.
const LOG_DEFAULT: &str = "warn";
/// Where the server listens when nothing else is said.
const LISTEN_DEFAULT: &str = "127.0.0.1:8080";

/// Everything that is configured.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) storage: StorageSettings,
    pub(crate) workspace: WorkspaceChoice,
    /// What the configuration file says; commands take their own part of it.
    pub(crate) file: ConfigFile,
    /// Filter of the log.
    pub(crate) log: String,
    /// The data once a command has opened it, so that the process can close it when the command has ended.
    pub(crate) opened: Arc<OnceLock<Arc<App>>>,
}

/// Where the data is and how it is opened.
#[derive(Clone, Debug)]
pub(crate) struct StorageSettings {
    /// Folder of the embedded database, the key file and uploaded files.
    pub(crate) data: PathBuf,
    /// A PostgreSQL database instead of the embedded one.
    pub(crate) database: Option<String>,
    /// File that holds the master key, where it is not beside the data.
    pub(crate) key_file: Option<PathBuf>,
    /// The master key itself, from the environment.
    pub(crate) key: Option<[u8; 32]>,
    /// Whether the embedded database is encrypted at rest.
    pub(crate) is_encrypted: bool,
}

impl StorageSettings {
    /// The embedded, encrypted database in a folder, with its key beside it.
    #[cfg(test)]
    pub(crate) fn for_testing(data: &Path) -> Self {
        Self { data: data.to_owned(), database: None, key_file: None, key: None, is_encrypted: true }
    }

    /// The embedded database.
    pub(crate) fn sqlite_path(&self) -> PathBuf {
        self.data.join("meed.db")
    }

    /// Where the key lies unless it is given otherwise.
    pub(crate) fn key_path(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data.join("meed.key"))
    }

    /// Where uploaded files are kept.
    pub(crate) fn files(&self) -> PathBuf {
        self.data.join("files")
    }
}

/// Which workspace a command works in.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkspaceChoice {
    /// Its slug; the only one, or `main`, where none is named.
    pub(crate) slug: Option<String>,
    /// The sandbox side instead of the live one.
    pub(crate) is_sandbox: bool,
}

/// How the server is reached.
#[derive(Clone, Debug)]
pub(crate) struct ServerSettings {
    /// Address to listen on.
    pub(crate) listen: SocketAddr,
    /// Certificate chain and private key, PEM.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// Plain HTTP beyond loopback.
    pub(crate) allow_plain: bool,
    /// The address people use, without a trailing slash.
    pub(crate) public_url: Option<String>,
}

impl ServerSettings {
    /// Any free port of this machine.
    #[cfg(test)]
    pub(crate) fn for_testing() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), tls: None, allow_plain: false, public_url: None }
    }

    /// Flags and environment over the file over defaults.
    pub(crate) fn gather(flags: &crate::cli::ServerFlags, file: &ConfigFile) -> Result<Self, Failure> {
        let listen = flags.listen.clone().or_else(|| file.server.listen.clone()).unwrap_or_else(|| LISTEN_DEFAULT.to_owned());
        let tls = match (
            flags.tls_cert.clone().or_else(|| file.server.tls_cert.clone()),
            flags.tls_key.clone().or_else(|| file.server.tls_key.clone()),
        ) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(Failure::usage("config_invalid", "a certificate needs its private key").at("tls_key")),
            (None, Some(_)) => return Err(Failure::usage("config_invalid", "a private key needs its certificate").at("tls_cert")),
        };
        let public_url = flags.public_url.clone().or_else(|| file.server.public_url.clone());
        Ok(Self {
            listen: address(&listen)?,
            tls,
            allow_plain: flags.allow_plain || file.server.allow_plain.unwrap_or(false),
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
        })
    }

    /// The address that is shown to people when `bound` is listened on.
    pub(crate) fn url(&self, bound: SocketAddr) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        if bound.ip().is_unspecified() { format!("{scheme}://localhost:{}", bound.port()) } else { format!("{scheme}://{bound}") }
    }
}

/// An address, or a port of this machine.
fn address(text: &str) -> Result<SocketAddr, Failure> {
    let text = text.replace("localhost", "127.0.0.1");
    let full = if text.bytes().all(|b| b.is_ascii_digit()) { format!("127.0.0.1:{text}") } else { text };
    full.parse().map_err(|_| {
        Failure::usage("config_invalid", format!("`{full}` is not an address with a port"))
            .at("listen")
            .advise("write 127.0.0.1:8080, or 8080 alone")
    })
}

impl Settings {
    /// Puts flags, environment and file together.
    pub(crate) fn gather(flags: &Global) -> Result<Self, Failure> {
        let file = match &flags.config {
            Some(path) => ConfigFile::read(path)?,
            None if Path::new(CONFIG_DEFAULT).exists() => ConfigFile::read(Path::new(CONFIG_DEFAULT))?,
            None => ConfigFile::default(),
        };
        let key = match std::env::var("MEED_KEY") {
            Ok(text) if !text.trim().is_empty() => Some(read_key(&text).ok_or_else(|| {
                Failure::usage("key_unreadable", "the master key is 32 bytes, as 64 hex digits or in base64").at("MEED_KEY")
            })?),
            _ => None,
        };
        let storage = StorageSettings {
            data: flags.data.clone().or_else(|| file.data.clone()).unwrap_or_else(|| DATA_DEFAULT.into()),
            database: flags.database.clone().filter(|url| !url.is_empty()).or_else(|| file.database.clone()),
            key_file: flags.key_file.clone().or_else(|| file.key_file.clone()),
            key,
            is_encrypted: flags.encryption.map_or_else(|| file.encryption.unwrap_or(true), crate::cli::OnOff::is_on),
        };
        let workspace = WorkspaceChoice { slug: flags.workspace.clone().or_else(|| file.workspace.clone()), is_sandbox: flags.sandbox };
        let log = flags.log.clone().or_else(|| file.log.clone()).unwrap_or_else(|| LOG_DEFAULT.to_owned());
        Ok(Self { storage, workspace, file, log, opened: Arc::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_means_this_machine() {
        assert_eq!(address("9000").expect("address").to_string(), "127.0.0.1:9000");
        assert_eq!(address("localhost:9000").expect("address").to_string(), "127.0.0.1:9000");
        assert_eq!(address("[::1]:80").expect("address").to_string(), "[::1]:80");
        assert!(address("nonsense").is_err());
    }

    #[test]
    fn the_address_for_people_follows_what_is_configured() {
        let mut server = ServerSettings::for_testing();
        let bound = SocketAddr::from(([0, 0, 0, 0], 8443));
        assert_eq!(server.url(bound), "http://localhost:8443");
        server.tls = Some(("a".into(), "b".into()));
        assert_eq!(server.url(SocketAddr::from(([10, 0, 0, 1], 443))), "https://10.0.0.1:443");
        server.public_url = Some("https://meed.example".into());
        assert_eq!(server.url(bound), "https://meed.example");
    }

    #[test]
    fn data_key_and_files_lie_together() {
        let storage = StorageSettings::for_testing(Path::new("/x"));
        assert_eq!(storage.sqlite_path(), Path::new("/x/meed.db"));
        assert_eq!(storage.key_path(), Path::new("/x/meed.key"));
        assert_eq!(storage.files(), Path::new("/x/files"));
    }
}
