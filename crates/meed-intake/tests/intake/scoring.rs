//! Scores proposals against truth files, as `tests/samples/README.md` defines it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use meed_intake::{Hints, Reading};
use serde::Deserialize;

/// A truth file.
#[derive(Deserialize)]
pub(crate) struct Truth {
    #[serde(rename = "truth_by_index")]
    pub(crate) by_index: Vec<Option<String>>,
    #[serde(default)]
    pub(crate) acceptable: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) ambiguous_columns: Vec<String>,
}

/// Counts over files.
#[derive(Default, Debug)]
pub(crate) struct Score {
    pub(crate) targets: usize,
    pub(crate) right: usize,
    pub(crate) right_automatic: usize,
    pub(crate) wrong: usize,
    pub(crate) wrong_automatic: usize,
    pub(crate) files: usize,
    pub(crate) fully_right: usize,
    pub(crate) notes: Vec<String>,
}

impl Score {
    pub(crate) fn recall_permille(&self) -> usize {
        self.right * 1000 / self.targets.max(1)
    }

    pub(crate) fn print(&self, name: &str) {
        println!(
            "{name}: {} files, {} targets, recall {}.{} %, automatic only {}.{} %, wrong {} (automatic {}), fully right {}",
            self.files,
            self.targets,
            self.recall_permille() / 10,
            self.recall_permille() % 10,
            self.right_automatic * 1000 / self.targets.max(1) / 10,
            self.right_automatic * 1000 / self.targets.max(1) % 10,
            self.wrong,
            self.wrong_automatic,
            self.fully_right
        );
        for note in &self.notes {
            println!("  {note}");
        }
    }
}

/// The folder of fixtures.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The files of a folder that have a truth beside them.
pub(crate) fn layouts(name: &str) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "csv") && p.with_extension("meta.json").exists())
        .collect();
    out.sort();
    out
}

/// Scores one file.
pub(crate) fn score(path: &Path, hints: &Hints, total: &mut Score) {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let truth: Truth = serde_json::from_reader(File::open(path.with_extension("meta.json")).unwrap()).unwrap();
    let reading = Reading::detect(&mut File::open(path).unwrap(), hints).unwrap();
    assert_eq!(reading.columns().len(), truth.by_index.len(), "{name}: number of columns");
    assert!(reading.warnings().iter().all(|w| w.code != "total.differs"), "{name}: {:?}", reading.total());
    let column_name = |index: usize| reading.headers()[index].clone();
    let (mut misses, mut wrongs, mut asked) = (0, 0, 0);
    for (index, target) in truth.by_index.iter().enumerate() {
        let Some(target) = target else { continue };
        total.targets += 1;
        let acceptable = truth.acceptable.get(target).cloned().unwrap_or_default();
        let chosen = reading.columns().iter().find(|c| c.target.is_some_and(|t| t.name() == target));
        match chosen {
            Some(c) if c.index == index || acceptable.contains(&column_name(c.index)) => {
                total.right += 1;
                total.right_automatic += usize::from(c.automatic);
                if !c.automatic {
                    asked += 1;
                    total.notes.push(format!("{name}: asks {target} on `{}` ({})", c.column, c.score));
                }
            }
            Some(c) => {
                misses += 1;
                total.notes.push(format!(
                    "{name}: MISS {target} is `{}`, put on `{}` ({}: {})",
                    column_name(index),
                    c.column,
                    c.score,
                    c.reason
                ));
            }
            None => {
                misses += 1;
                total.notes.push(format!("{name}: MISS {target} is `{}` ({})", column_name(index), reading.columns()[index].reason));
            }
        }
    }
    for choice in reading.columns() {
        let Some(target) = choice.target else { continue };
        let header = column_name(choice.index);
        let right = truth.by_index[choice.index].as_deref() == Some(target.name())
            || truth.acceptable.get(target.name()).is_some_and(|a| a.contains(&header))
            || (truth.by_index[choice.index].is_none() && truth.ambiguous_columns.contains(&header));
        if !right {
            wrongs += 1;
            total.wrong += 1;
            total.wrong_automatic += usize::from(choice.automatic);
            total.notes.push(format!(
                "{name}: WRONG {} on `{}` ({}, automatic {})",
                target.name(),
                choice.column,
                choice.score,
                choice.automatic
            ));
        }
    }
    total.files += 1;
    total.fully_right += usize::from(misses == 0 && wrongs == 0 && asked == 0);
}
