//! The chain of audit lines and its check.

use super::digest::{Digest, Hash};
use crate::id::Id;

/// The hash before the first line.
pub const GENESIS: Hash = [0; 32];

/// One line of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Dense per workspace, from 1.
    pub number: i64,
    /// The command.
    pub command: Id,
    /// When it was recorded, in microseconds UTC.
    pub recorded_us: i64,
    /// Digest of everything that the command wrote.
    pub digest: Hash,
    /// Hash of the line before; [`GENESIS`] for the first.
    pub previous: Hash,
    /// Hash of this line.
    pub hash: Hash,
}

impl AuditLine {
    /// The line that follows one with `last_number` and `previous` (0 and [`GENESIS`] at the beginning).
    #[must_use]
    pub fn next(previous: Hash, last_number: i64, command: Id, recorded_us: i64, digest: Hash) -> Self {
        let number = last_number + 1;
        let hash = line_hash(number, command, recorded_us, &digest, &previous);
        Self { number, command, recorded_us, digest, previous, hash }
    }
}

fn line_hash(number: i64, command: Id, recorded_us: i64, digest: &Hash, previous: &Hash) -> Hash {
    let mut line = Digest::new();
    line.text("audit").int(number).id(command).int(recorded_us).hash(digest).hash(previous);
    line.finish()
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The number does not follow the one before.
    Number {
        /// The number that should stand there.
        expected: i64,
    },
    /// The line does not hold the hash of the one before.
    Previous {
        /// The hash that should stand there.
        expected: Hash,
    },
    /// The hash does not fit the line's own fields.
    Hash {
        /// The hash computed from the fields.
        expected: Hash,
    },
    /// Recorded time does not increase.
    Recorded {
        /// Recorded time of the line before.
        previous_us: i64,
    },
    /// The digest does not fit what the command wrote.
    Digest {
        /// The digest computed from the journal.
        expected: Hash,
    },
    /// The chain does not end where the workspace says.
    Head {
        /// The last line's hash.
        expected: Hash,
    },
}

/// A line that does not check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainDifference {
    /// The number stored in the line.
    pub number: i64,
    /// The command stored in the line.
    pub command: Id,
    /// What is wrong.
    pub fault: Fault,
}

/// Checks a chain from its beginning (or from the line after `start`): numbers dense, hashes linked and right,
/// recorded time strictly increasing. `digest_of` computes a command's digest from the journal again; `None` skips that
/// check. `head` is the last number and hash that the workspace row holds.
pub fn verify(
    lines: impl IntoIterator<Item = AuditLine>,
    start: Option<AuditLine>,
    head: Option<(i64, Hash)>,
    mut digest_of: impl FnMut(Id) -> Option<Hash>,
) -> Vec<ChainDifference> {
    let mut found = Vec::new();
    let mut last = start.map_or((0, GENESIS, i64::MIN, Id(0)), |line| (line.number, line.hash, line.recorded_us, line.command));
    for line in lines {
        let mut report = |fault| found.push(ChainDifference { number: line.number, command: line.command, fault });
        let (last_number, last_hash, last_us, _) = last;
        if Some(line.number) != last_number.checked_add(1) {
            report(Fault::Number { expected: last_number.saturating_add(1) });
        }
        if line.previous != last_hash {
            report(Fault::Previous { expected: last_hash });
        }
        if line.recorded_us <= last_us {
            report(Fault::Recorded { previous_us: last_us });
        }
        let expected = line_hash(line.number, line.command, line.recorded_us, &line.digest, &line.previous);
        if line.hash != expected {
            report(Fault::Hash { expected });
        }
        if let Some(expected) = digest_of(line.command).filter(|digest| *digest != line.digest) {
            report(Fault::Digest { expected });
        }
        last = (line.number, line.hash, line.recorded_us, line.command);
    }
    if let Some((number, hash)) = head
        && (number, hash) != (last.0, last.1)
    {
        found.push(ChainDifference { number, command: last.3, fault: Fault::Head { expected: last.1 } });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: i64) -> Vec<AuditLine> {
        let mut lines: Vec<AuditLine> = Vec::new();
        for n in 0..length {
            let (previous, number) = lines.last().map_or((GENESIS, 0), |line| (line.hash, line.number));
            let mut digest = Digest::new();
            digest.int(n);
            lines.push(AuditLine::next(previous, number, Id(100 + n), 1_000 + n, digest.finish()));
        }
        lines
    }

    fn check(lines: &[AuditLine], head: Option<(i64, Hash)>) -> Vec<Fault> {
        verify(lines.iter().copied(), None, head, |_| None).into_iter().map(|difference| difference.fault).collect()
    }

    #[test]
    fn a_chain_checks_and_may_be_checked_from_the_middle() {
        let lines = chain(5);
        let head = lines.last().map(|line| (line.number, line.hash));
        assert_eq!(check(&lines, head), []);
        assert_eq!(verify(lines[3..].iter().copied(), Some(lines[2]), head, |_| None), []);
        assert_eq!(check(&[], Some((0, GENESIS))), []);
    }

    #[test]
    fn led_008_any_change_to_a_line_is_found() {
        let lines = chain(5);
        let mut number = lines.clone();
        number[2].number = 7;
        assert!(check(&number, None).contains(&Fault::Number { expected: 3 }));

        let mut digest = lines.clone();
        digest[2].digest[31] ^= 1;
        assert!(matches!(check(&digest, None)[..], [Fault::Hash { .. }]));

        let mut removed = lines.clone();
        removed.remove(2);
        assert!(matches!(check(&removed, None)[..], [Fault::Number { expected: 3 }, Fault::Previous { .. }]));

        // A line rewritten together with its own hash breaks the link to the next one.
        let mut rewritten = lines.clone();
        rewritten[2] = AuditLine::next(lines[1].hash, 2, Id(102), 1_002, [9; 32]);
        assert_eq!(check(&rewritten, None), [Fault::Previous { expected: rewritten[2].hash }]);

        // A tail that was cut off is found by the head, and a changed journal by the digest of the command.
        let head = (lines[4].number, lines[4].hash);
        assert_eq!(check(&lines[..4], Some(head)), [Fault::Head { expected: lines[3].hash }]);
        let journal = verify(lines.iter().copied(), None, None, |command| (command == Id(103)).then_some([7; 32]));
        assert_eq!(journal, [ChainDifference { number: 4, command: Id(103), fault: Fault::Digest { expected: [7; 32] } }]);

        let mut time = lines;
        time[3].recorded_us = 1_002;
        assert!(check(&time, None).contains(&Fault::Recorded { previous_us: 1_002 }));
    }
}
