//! The known name nearest to a misspelt one.

/// The name among `known` that `wanted` most likely meant; `None` when nothing is near.
pub(crate) fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = wanted.chars().count().div_ceil(3).max(1) + 1;
    let folded = wanted.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&folded, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
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
        let known = ["revenue", "profit", "customer_name", "status"];
        assert_eq!(nearest("revnue", known), Some("revenue"));
        assert_eq!(nearest("Customer-Name", known), Some("customer_name"));
        assert_eq!(nearest("state", known), Some("status"));
        assert_eq!(nearest("zzzzqqqq", known), None);
    }
}
