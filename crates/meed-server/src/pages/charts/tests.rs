//! What the charts draw.

use rust_decimal::Decimal;

use super::*;

fn bars(values: &[i64]) -> BarChart {
    BarChart {
        title: "Credited <by> month".into(),
        description: "d".into(),
        label_head: "Month".into(),
        value_head: "EUR".into(),
        bars: values
            .iter()
            .enumerate()
            .map(|(i, v)| Bar { label: format!("m{i}"), value: Decimal::from(*v), shown: v.to_string(), ..Bar::default() })
            .collect(),
    }
}

#[test]
fn scale_ends_are_round() {
    let end = |text: &str| axis::round_up(text.parse().unwrap()).to_string();
    assert_eq!(end("97"), "100");
    assert_eq!(end("100"), "100");
    assert_eq!(end("101"), "150");
    assert_eq!(end("0.07"), "0.08");
    assert_eq!(end("164850.12"), "200000");
    assert_eq!(end("0"), "1");
}

#[test]
fn tick_labels_are_short() {
    assert_eq!(axis::compact(Decimal::from(1_200)), "1.2k");
    assert_eq!(axis::compact(Decimal::from(3_500_000)), "3.5M");
    assert_eq!(axis::compact(Decimal::from(-40_000)), "-40k");
    assert_eq!(axis::compact(Decimal::new(25, 1)), "2.5");
}

#[test]
fn a_bar_of_half_the_scale_is_half_as_tall() {
    let svg = bars(&[100, 50]).to_string();
    assert!(svg.contains("y=\"22\" width=\"29.44%\" height=\"150\""), "{svg}");
    assert!(svg.contains("y=\"97\" width=\"29.44%\" height=\"75\""), "{svg}");
}

#[test]
fn negative_bars_hang_below_the_base_line() {
    let svg = bars(&[50, -50]).to_string();
    assert!(svg.contains("class=\"bar below\" x=\"62.28%\" y=\"97\" width=\"29.44%\" height=\"75\""), "{svg}");
}

#[test]
fn texts_are_escaped_and_the_table_holds_the_same_numbers() {
    let svg = bars(&[7]).to_string();
    assert!(svg.contains("Credited &lt;by&gt; month") && !svg.contains("<by>"));
    assert!(svg.contains("<td class=\"num\">7</td>"));
}

#[test]
fn extremes_do_not_panic() {
    let huge = Bar { value: Decimal::MAX, ..Bar::default() };
    let deep = Bar { value: Decimal::MIN, ..Bar::default() };
    let _ = BarChart { bars: vec![huge, deep], ..BarChart::default() }.to_string();
    let _ = bars(&[0, 0]).to_string();
    assert_eq!(bars(&[]).to_string(), "");
    let _ = Sparkline { title: String::new(), points: vec![Decimal::MAX, Decimal::MIN] }.to_string();
    let _ = Gauge { percent: Decimal::MIN, ..Gauge::default() }.to_string();
    let _ = StepChart { steps: vec![TierStep { from: Decimal::MAX, ..TierStep::default() }], ..StepChart::default() }.to_string();
    let _ = TierPieces { bands: vec![TierBand::default()], after: Decimal::MAX, ..TierPieces::default() }.to_string();
}

#[test]
fn a_link_outside_the_site_leads_nowhere() {
    let chart = RankChart {
        rows: vec![Rank { label: "x".into(), value: Decimal::ONE, shown: "1".into(), href: "javascript:alert(1)".into() }],
        ..RankChart::default()
    };
    assert!(!chart.to_string().contains("javascript:"));
}

#[test]
fn the_gauge_marks_the_goal_at_two_thirds() {
    let gauge = Gauge { label: "Attainment".into(), percent: Decimal::from(75), shown: "75%".into(), note: String::new() };
    let svg = gauge.to_string();
    assert!(svg.contains("width=\"50%\"") && svg.contains("x1=\"66.667%\""), "{svg}");
    assert!(!svg.contains("reached"));
}

#[test]
fn the_part_of_a_sale_lies_between_before_and_after() {
    let band = |from: i64, to: Option<i64>| TierBand { from: from.into(), to: to.map(Decimal::from), ..TierBand::default() };
    let svg = TierPieces { title: "t".into(), bands: vec![band(0, Some(1000)), band(1000, None)], before: 250.into(), after: 1000.into() }
        .to_string();
    // The scale ends at 1,250, so 250 stands at 20 % and 1,000 at 80 %.
    assert!(svg.contains("class=\"fill\" x=\"20%\" y=\"16\" width=\"60%\""), "{svg}");
}
