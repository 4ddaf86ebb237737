//! The difference between two texts, line by line: the longest common sequence stays, the rest came or went.

use crate::pages::what_if::DiffLine;

/// Unchanged lines shown around a change.
const AROUND: usize = 3;
/// Lines of a side beyond which only the equal start and end are kept; a plan has a few hundred.
const LINES_MAX: usize = 4_000;

/// The lines of both texts in order, and how many were added and taken away.
pub(super) fn diff(old: &str, new: &str) -> (Vec<DiffLine>, usize, usize) {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (mid_a, mid_b) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    let kept = if mid_a.len().max(mid_b.len()) > LINES_MAX { Vec::new() } else { common(mid_a, mid_b) };
    let mut lines = Vec::new();
    let same = |old: usize, new: usize| DiffLine { old: old + 1, new: new + 1, text: a[old].to_owned(), kind: "same" };
    lines.extend((0..start).map(|at| same(at, at)));
    let (mut x, mut y) = (0, 0);
    for (kept_x, kept_y) in kept.into_iter().chain([(mid_a.len(), mid_b.len())]) {
        lines.extend((x..kept_x).map(|at| DiffLine { old: start + at + 1, new: 0, text: mid_a[at].to_owned(), kind: "gone" }));
        lines.extend((y..kept_y).map(|at| DiffLine { old: 0, new: start + at + 1, text: mid_b[at].to_owned(), kind: "added" }));
        if kept_x < mid_a.len() && kept_y < mid_b.len() {
            lines.push(same(start + kept_x, start + kept_y));
        }
        (x, y) = (kept_x + 1, kept_y + 1);
    }
    lines.extend((0..end).map(|at| same(a.len() - end + at, b.len() - end + at)));
    let count = |kind: &str| lines.iter().filter(|line| line.kind == kind).count();
    let (added, gone) = (count("added"), count("gone"));
    (cut(lines), added, gone)
}

/// Places of a longest common sequence, as pairs of indices.
fn common(a: &[&str], b: &[&str]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    let mut lengths = vec![0u32; (a.len() + 1) * width];
    for x in (0..a.len()).rev() {
        for y in (0..b.len()).rev() {
            lengths[x * width + y] = if a[x] == b[y] {
                lengths[(x + 1) * width + y + 1] + 1
            } else {
                lengths[(x + 1) * width + y].max(lengths[x * width + y + 1])
            };
        }
    }
    let (mut x, mut y, mut kept) = (0, 0, Vec::new());
    while x < a.len() && y < b.len() {
        if a[x] == b[y] {
            kept.push((x, y));
            (x, y) = (x + 1, y + 1);
        } else if lengths[(x + 1) * width + y] >= lengths[x * width + y + 1] {
            x += 1;
        } else {
            y += 1;
        }
    }
    kept
}

/// Leaves out what is the same far from any change.
fn cut(lines: Vec<DiffLine>) -> Vec<DiffLine> {
    let changed: Vec<usize> = lines.iter().enumerate().filter(|(_, line)| line.kind != "same").map(|(at, _)| at).collect();
    if changed.is_empty() {
        return Vec::new();
    }
    let is_near = |at: usize| {
        let after = changed.partition_point(|change| *change < at);
        changed.get(after).is_some_and(|change| change - at <= AROUND) || after > 0 && at - changed[after - 1] <= AROUND
    };
    let mut shown = Vec::new();
    let mut skipped = 0usize;
    let skip = |skipped: usize| DiffLine { text: format!("… {skipped} equal lines"), kind: "skip", ..DiffLine::default() };
    for (at, line) in lines.into_iter().enumerate() {
        if is_near(at) {
            if skipped > 0 {
                shown.push(skip(std::mem::take(&mut skipped)));
            }
            shown.push(line);
        } else {
            skipped += 1;
        }
    }
    if skipped > 0 {
        shown.push(skip(skipped));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> Vec<String> {
        let mark = |line: &DiffLine| match line.kind {
            "added" => format!("+{} {}", line.new, line.text),
            "gone" => format!("-{} {}", line.old, line.text),
            "skip" => line.text.clone(),
            _ => format!(" {}/{} {}", line.old, line.new, line.text),
        };
        diff(old, new).0.iter().map(mark).collect()
    }

    #[test]
    fn lines_that_came_and_went_stand_in_their_places() {
        assert_eq!(shown("a\nb\nc", "a\nB\nc\nd"), [" 1/1 a", "-2 b", "+2 B", " 3/3 c", "+4 d"]);
        assert_eq!(shown("x", "x"), [] as [String; 0]);
        assert_eq!(shown("", "a"), ["+1 a"]);
        assert_eq!(shown("1\n2\n3\n4\n5\n6\n7\n8", "1\n2\n3\n4\n5\n6\n7\n9")[0], "… 4 equal lines");
        assert_eq!(shown("k\nm", "m\nk"), ["-1 k", " 2/1 m", "+2 k"]);
    }
}
