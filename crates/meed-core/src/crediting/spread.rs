//! Cutting the folding of cells into jobs that may run beside each other.

/// A piece of folding that does not touch any other: the caller of [`super::Run::finish_with`] runs it where it likes.
pub type Job<'j> = Box<dyn FnOnce() + Send + 'j>;

/// How the caller runs jobs: all of them, each once, before it returns.
#[derive(Clone, Copy)]
pub(super) struct Spread<'s> {
    /// Into how many jobs the work is cut.
    pub(super) parts: usize,
    pub(super) run: &'s dyn Fn(Vec<Job<'_>>),
}

/// Runs a step for every cell, cut into contiguous ranges of about equal weight; the answers stay in the order of cells.
pub(super) fn in_parts<T: Send, R: Send>(
    spread: Spread<'_>,
    total: usize,
    items: Vec<T>,
    weight: impl Fn(&T) -> usize,
    step: &(dyn Fn(u32, T) -> R + Sync),
) -> Vec<R> {
    let count = items.len();
    let share = total.div_ceil(spread.parts.max(1));
    let mut ranges: Vec<(u32, Vec<T>)> = vec![(0, Vec::new())];
    let mut filled = 0;
    for (rep, item) in (0u32..).zip(items) {
        filled += weight(&item);
        match ranges.last_mut() {
            Some((_, range)) if filled <= share || range.is_empty() => range.push(item),
            _ => {
                filled = weight(&item);
                ranges.push((rep, vec![item]));
            }
        }
    }
    let mut answers: Vec<Vec<R>> = ranges.iter().map(|_| Vec::new()).collect();
    let job = |((first, range), answer): ((u32, Vec<T>), &mut Vec<R>)| {
        answer.extend((first..).zip(range).map(|(rep, item)| step(rep, item)));
    };
    (spread.run)(ranges.into_iter().zip(&mut answers).map(|work| Box::new(move || job(work)) as Job<'_>).collect());
    let answers: Vec<R> = answers.into_iter().flatten().collect();
    // A job left out would be a reward left out.
    assert_eq!(answers.len(), count, "every job is run, and once");
    answers
}
