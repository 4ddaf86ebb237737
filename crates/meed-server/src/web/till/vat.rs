//! Value-added tax on prices that include it: computed per rate on the whole receipt, as tax offices want it, and dealt out
//! to the lines so that they sum to it.

use std::collections::BTreeMap;

use meed_app::loyalty::TillConfig;
use meed_core::ledger::share;
use meed_core::loyalty::{Basket, Line, Product};
use meed_core::money::{Exact, Minor};

/// The free field of a purchase that names the percentages of its lines.
const RATES: &str = "vat_rates";

/// The percentage of a product: of the rate that it names, its own number, or the usual rate.
pub(super) fn percent(config: &TillConfig, product: Option<&Product>) -> Exact {
    let rates = &config.settings.vat_rates;
    let named = product.and_then(|product| product.vat_rate.as_deref());
    let by_code = named.and_then(|name| rates.iter().find(|rate| rate.code == name)).map(|rate| rate.percent);
    let by_number = || named.and_then(|name| name.trim_end_matches('%').trim().parse::<Exact>().ok());
    let fits = |percent: &Exact| *percent >= Exact::ZERO && *percent <= Exact::ONE_HUNDRED;
    by_code.or_else(by_number).filter(fits).or_else(|| rates.first().map(|rate| rate.percent)).unwrap_or(Exact::ZERO)
}

/// The tax within a gross amount, half up: `gross × percent ÷ (100 + percent)`.
fn within(gross: Minor, percent: Exact) -> Minor {
    let percent = percent.normalize();
    // In whole numbers: the quotient alone may have no end.
    let (Ok(part), Some(hundred)) = (i64::try_from(percent.mantissa()), 10i64.checked_pow(percent.scale() + 2)) else { return 0 };
    part.checked_add(hundred).and_then(|of| share(gross, part, of).ok()).unwrap_or_default()
}

/// Splits the totals of lines into net and tax.
pub(super) fn split(lines: &mut [Line], rates: &[Exact]) {
    let mut gross: BTreeMap<Exact, Minor> = BTreeMap::new();
    for (line, rate) in lines.iter().zip(rates) {
        let sum = gross.entry(rate.normalize()).or_default();
        *sum = sum.saturating_add(line.total);
    }
    let mut dealt: BTreeMap<Exact, (Minor, Minor)> = BTreeMap::new();
    for (line, rate) in lines.iter_mut().zip(rates) {
        let all = gross.get(&rate.normalize()).copied().unwrap_or_default();
        let (so_far, given) = dealt.entry(rate.normalize()).or_default();
        *so_far = so_far.saturating_add(line.total);
        let until = share(within(all, *rate), *so_far, all).unwrap_or(*given);
        line.vat = until - *given;
        line.net = line.total - line.vat;
        *given = until;
    }
}

/// Keeps the percentages with the purchase.
pub(super) fn keep(extra: &mut BTreeMap<String, String>, rates: &[Exact]) {
    if rates.iter().any(|rate| !rate.is_zero()) {
        let all: Vec<String> = rates.iter().map(|rate| rate.normalize().to_string()).collect();
        extra.insert(RATES.to_owned(), all.join("|"));
    }
}

/// The percentages of a purchase's lines, where they were kept.
pub(super) fn rates(basket: &Basket) -> Vec<Option<Exact>> {
    basket.extra.get(RATES).map(|text| text.split('|').map(|rate| rate.parse().ok()).collect()).unwrap_or_default()
}

/// The tax of a receipt by rate: percentage (none: not known), net, tax, gross.
pub(super) fn table(basket: &Basket) -> Vec<(Option<Exact>, Minor, Minor, Minor)> {
    let kept = rates(basket);
    let mut table: BTreeMap<Option<Exact>, (Minor, Minor, Minor)> = BTreeMap::new();
    for (place, line) in basket.lines.iter().enumerate() {
        let rate = kept.get(place).copied().flatten();
        let (net, tax, gross) = table.entry(rate).or_default();
        (*net, *tax, *gross) = (*net + line.net, *tax + line.vat, *gross + line.total);
    }
    let has_tax = table.iter().any(|(rate, (_, tax, _))| rate.is_some() || *tax != 0);
    let rows = table.into_iter().rev().map(|(rate, (net, tax, gross))| (rate, net, tax, gross));
    if has_tax { rows.collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_is_reckoned_per_rate_on_the_receipt_and_the_lines_sum_to_it() {
        let line = |total: Minor| Line { total, ..Product::default().line() };
        let mut lines = vec![line(199), line(199), line(199), line(350), line(0)];
        let rates: Vec<Exact> = [19, 19, 19, 7, 19].into_iter().map(Exact::from).collect();
        split(&mut lines, &rates);
        let tax: Vec<Minor> = lines.iter().map(|line| line.vat).collect();
        // 19 % within 5.97 is 0.95; line by line it would have been 3 × 0.32.
        assert_eq!((tax[0] + tax[1] + tax[2], tax[3], tax[4]), (95, 23, 0), "{tax:?}");
        assert!(lines.iter().all(|line| line.net + line.vat == line.total));
    }

    #[test]
    fn a_product_names_a_rate_a_number_or_nothing() {
        assert_eq!(within(11_900, Exact::from(19)), 1_900);
        assert_eq!(within(1, Exact::from(19)), 0);
        assert_eq!((within(1_639, Exact::from(19)), within(897, Exact::from(7))), (262, 59), "quotients without end");
        assert_eq!(within(1_255, "25.5".parse().expect("a decimal")), 255);
        assert_eq!(within(i64::MAX, Exact::ZERO), 0);
    }
}
