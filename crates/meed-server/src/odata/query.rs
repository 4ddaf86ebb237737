//! The options of an address: `$filter`, `$select`, `$orderby`, `$top`, `$skip`, `$count`, `$skiptoken`.

use super::entity::Entity;
use super::filter::Filter;

/// Rows of one answer at most; more follow at `@odata.nextLink`.
pub(super) const PAGE: usize = 200;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    pub(super) filter: Option<Filter>,
    /// Places of the properties to answer; all where there is none.
    pub(super) select: Vec<usize>,
    /// Place, and whether it goes down.
    pub(super) order: Vec<(usize, bool)>,
    pub(super) top: Option<usize>,
    pub(super) skip: usize,
    pub(super) count: bool,
    /// Where the page before ended.
    pub(super) token: Option<String>,
}

/// Reads the pairs of an address. Refuses, with the option's name, what is not understood.
pub(super) fn read(pairs: &[(String, String)], entity: &Entity) -> Result<Query, (String, String)> {
    let names: Vec<&str> = entity.properties.iter().map(|(name, _)| *name).collect();
    let place = |option: &str, name: &str| {
        let unknown = || (option.to_owned(), format!("`{name}` is no property of {}", entity.name));
        names.iter().position(|known| *known == name).ok_or_else(unknown)
    };
    let number = |option: &str, text: &str| {
        text.parse::<usize>().ok().filter(|n| *n <= 10_000_000).ok_or_else(|| (option.to_owned(), format!("`{text}` is no number from 0")))
    };
    let mut query = Query::default();
    for (option, text) in pairs {
        let text = text.trim();
        match option.as_str() {
            "$filter" => query.filter = Some(Filter::parse(text, &names).map_err(|said| (option.clone(), said))?),
            "$select" if text == "*" => {}
            "$select" => {
                for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                    query.select.push(place(option, name)?);
                }
            }
            "$orderby" => {
                for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                    let (name, way) = part.split_once(' ').map_or((part, ""), |(name, way)| (name, way.trim()));
                    if !matches!(way, "" | "asc" | "desc") {
                        return Err((option.clone(), format!("`{way}` is neither `asc` nor `desc`")));
                    }
                    query.order.push((place(option, name)?, way == "desc"));
                }
            }
            "$top" => query.top = Some(number(option, text)?),
            "$skip" => query.skip = number(option, text)?,
            "$count" => match text {
                "true" => query.count = true,
                "false" => {}
                _ => return Err((option.clone(), "`$count` is `true` or `false`".to_owned())),
            },
            "$skiptoken" => query.token = Some(text.to_owned()),
            "$format" if text == "json" || text.starts_with("application/json") => {}
            _ => return Err((option.clone(), format!("`{option}` is not supported here"))),
        }
    }
    Ok(query)
}
