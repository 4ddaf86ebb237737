//! Random numbers of the tests: the same seed gives the same order.

/// A small generator.
pub(crate) struct Random(pub(crate) u64);

// Each test has use for some of it.
#[allow(dead_code)]
impl Random {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// A place in a list of this length.
    pub(crate) fn place(&mut self, len: usize) -> usize {
        usize::try_from(self.below(1_000_003)).expect("small") % len
    }

    /// One of a list.
    pub(crate) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).expect("small")]
    }
}
