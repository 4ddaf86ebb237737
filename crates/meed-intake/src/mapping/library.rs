//! Known export layouts as data: recognised by their header set, tolerant of added, missing and moved columns.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::target::Target;
use super::words::normalise;

const LAYOUTS: &str = include_str!("../../data/layouts.txt");
/// Jaccard similarity per mille from which a header set is a known layout.
const SIMILAR: usize = 600;

struct Layout {
    name: &'static str,
    headers: HashSet<String>,
    mapped: Vec<(String, Target)>,
}

/// A known layout put on a file.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) columns: Vec<(usize, Target)>,
}

static KNOWN: LazyLock<Vec<Layout>> = LazyLock::new(|| read(LAYOUTS));

/// Reads `[name]`, then lines `header` or `header = target`.
fn read(text: &'static str) -> Vec<Layout> {
    let mut out: Vec<Layout> = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("//")) {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            out.push(Layout { name, headers: HashSet::new(), mapped: Vec::new() });
            continue;
        }
        let Some(layout) = out.last_mut() else { continue };
        match line.split_once(" = ") {
            Some((header, target)) => {
                let header = normalise(header);
                layout.headers.insert(header.clone());
                layout.mapped.extend(Target::from_name(target.trim()).map(|t| (header, t)));
            }
            None => layout.headers.extend(line.split(',').map(normalise).filter(|h| !h.is_empty())),
        }
    }
    out
}

/// The layout whose header set is most like the file's.
pub(super) fn recognise(headers: &[String]) -> Option<Known> {
    let names: Vec<String> = headers.iter().map(|h| normalise(h)).collect();
    let set: HashSet<&String> = names.iter().filter(|n| !n.is_empty()).collect();
    let (likeness, layout) = KNOWN
        .iter()
        .map(|layout| {
            let common = layout.headers.iter().filter(|h| set.contains(h)).count();
            let all = layout.headers.len() + set.len() - common;
            (common * 1000 / all.max(1), layout)
        })
        .max_by_key(|(likeness, _)| *likeness)?;
    if likeness < SIMILAR {
        return None;
    }
    let columns =
        layout.mapped.iter().filter_map(|(header, target)| names.iter().position(|n| n == header).map(|at| (at, *target))).collect();
    Some(Known { name: layout.name, columns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_recognised_with_columns_moved_and_added() {
        for layout in KNOWN.iter() {
            assert!(layout.mapped.len() >= 3, "{}", layout.name);
            let mut headers: Vec<String> = layout.headers.iter().cloned().collect();
            headers.push("Something new".into());
            assert_eq!(recognise(&headers).map(|k| k.name), Some(layout.name));
        }
        assert!(recognise(&["Date".into(), "Amount".into()]).is_none());
    }
}
