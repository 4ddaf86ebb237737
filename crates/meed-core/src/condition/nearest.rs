//! The known name nearest to a misspelt one.

/// Letters that two names must begin with to be taken for each other at a greater distance.
const PREFIX: usize = 3;

/// The name among `known` that `wanted` most likely meant; `None` when nothing is near. A name that begins alike is taken
/// before one that happens to be as short.
pub(crate) fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = wanted.chars().count().div_ceil(3).max(1);
    let folded = wanted.to_lowercase().replace('-', "_");
    let near = |name: &'a str| {
        let lower = name.to_lowercase();
        let distance = strsim::osa_distance(&folded, &lower);
        let begins_alike = folded.chars().zip(lower.chars()).take_while(|(a, b)| a == b).count() >= PREFIX;
        // One letter more is forgiven where the beginning is right.
        let distance = if begins_alike { distance.saturating_sub(1) } else { distance };
        (distance <= limit).then_some(((distance, !begins_alike), name))
    };
    known.into_iter().filter_map(near).min_by_key(|(rank, _)| *rank).map(|(_, name)| name)
}

/// `; did you mean `x`?`, or nothing.
pub(crate) fn suggestion<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wanted, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_its_neighbour_and_nonsense_finds_none() {
        let known = ["tax", "date", "revenue", "profit", "customer_name", "status"];
        assert_eq!(nearest("revnue", known), Some("revenue"));
        assert_eq!(nearest("Customer-Name", known), Some("customer_name"));
        assert_eq!(nearest("state", known), Some("status"));
        assert_eq!(nearest("stage", known), Some("status"), "not `tax`, which is as near and begins otherwise");
        assert_eq!(nearest("stag", known), Some("status"));
        assert_eq!(nearest("zzzzqqqq", known), None);
        assert_eq!(nearest("colour", known), None);
    }
}
