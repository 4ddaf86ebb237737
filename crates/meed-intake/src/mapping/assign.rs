//! The best assignment of columns to targets: one column per target, one target per column.

/// Solves the assignment that maximises the sum of `weights[target][column]`; entries of 0 or less are never used.
///
/// Successive shortest augmenting paths (the Hungarian method); targets are few, columns may be many.
pub(super) fn solve(weights: &[Vec<i32>]) -> Vec<Option<usize>> {
    let rows = weights.len();
    let columns = weights.first().map_or(0, Vec::len);
    // Every target also has a private dummy column of weight 0: staying empty.
    let width = columns + rows;
    let cost = |row: usize, column: usize| -> i64 {
        let weight = match weights.get(row).and_then(|w| w.get(column)) {
            Some(weight) if *weight > 0 => i64::from(*weight),
            None if column == columns + row => 0,
            Some(_) | None => -1_000_000,
        };
        -weight
    };
    let mut u = vec![0_i64; rows + 1];
    let mut v = vec![0_i64; width + 1];
    let mut matched = vec![0_usize; width + 1];
    let mut way = vec![0_usize; width + 1];
    for row in 1..=rows {
        matched[0] = row;
        let mut at = 0;
        let mut least = vec![i64::MAX; width + 1];
        let mut done = vec![false; width + 1];
        loop {
            done[at] = true;
            let (mut delta, mut next) = (i64::MAX, 0);
            for column in 1..=width {
                if done[column] {
                    continue;
                }
                let reduced = cost(matched[at] - 1, column - 1) - u[matched[at]] - v[column];
                if reduced < least[column] {
                    least[column] = reduced;
                    way[column] = at;
                }
                if least[column] < delta {
                    delta = least[column];
                    next = column;
                }
            }
            for column in 0..=width {
                if done[column] {
                    u[matched[column]] += delta;
                    v[column] -= delta;
                } else {
                    least[column] -= delta;
                }
            }
            at = next;
            if matched[at] == 0 {
                break;
            }
        }
        while at != 0 {
            let before = way[at];
            matched[at] = matched[before];
            at = before;
        }
    }
    let mut out = vec![None; rows];
    for column in 1..=columns {
        if matched[column] > 0 && weights[matched[column] - 1][column - 1] > 0 {
            out[matched[column] - 1] = Some(column - 1);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_decides_and_targets_may_stay_empty() {
        assert_eq!(solve(&[vec![90, 80], vec![85, 0]]), [Some(1), Some(0)]);
        assert_eq!(solve(&[vec![0, 0], vec![10, 20]]), [None, Some(1)]);
        assert_eq!(solve(&[]), []);
    }
}
