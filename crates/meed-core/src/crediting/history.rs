//! What a calculation knows of earlier periods. The caller reads it; the engine only asks.

use std::collections::BTreeMap;

use crate::id::Id;
use crate::money::Exact;

/// Facts of earlier periods that the results of this one depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// What each rep or team attained in the period before: the credited value, not the percentage.
    pub attained: BTreeMap<Id, Exact>,
}
