//! The configuration file `meed.toml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;

/// What the file may say. Everything is optional; an unknown name is refused with its line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// Folder of the data, relative to this file.
    pub(crate) data: Option<PathBuf>,
    /// `postgres://…` instead of the embedded database.
    pub(crate) database: Option<String>,
    /// File with the master key, relative to this file.
    pub(crate) key_file: Option<PathBuf>,
    /// Encryption of the embedded database.
    pub(crate) encryption: Option<bool>,
    /// Slug of the workspace that commands work in.
    pub(crate) workspace: Option<String>,
    /// Filter of the log.
    pub(crate) log: Option<String>,
    /// How the server is reached.
    pub(crate) server: ServerTable,
}

/// The table `[server]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServerTable {
    pub(crate) listen: Option<String>,
    pub(crate) tls_cert: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) allow_plain: Option<bool>,
    pub(crate) public_url: Option<String>,
}

impl ConfigFile {
    /// Reads a file. Paths in it are relative to its folder.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::file(path, &e))?;
        let mut file = Self::parse(&text)
            .map_err(|(line, reason)| Failure::usage("config_invalid", reason).at(format!("{}, line {line}", path.display())))?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let paths = [&mut file.data, &mut file.key_file, &mut file.server.tls_cert, &mut file.server.tls_key];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
        Ok(file)
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            (line, error.message().to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_refused_with_its_line() {
        let (line, reason) = ConfigFile::parse("data = \"x\"\n\n[server]\nlisten_on = \"y\"\n").expect_err("unknown");
        assert_eq!(line, 4);
        assert!(reason.contains("listen_on"), "{reason}");
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("meed.toml");
        std::fs::write(&path, "data = \"d\"\nkey_file = \"/etc/key\"\n[server]\nlisten = \"9000\"\n").expect("written");
        let file = ConfigFile::read(&path).expect("read");
        assert_eq!(file.data, Some(folder.path().join("d")));
        assert_eq!(file.key_file, Some("/etc/key".into()));
        assert_eq!(file.server.listen.as_deref(), Some("9000"));
    }
}
