//! Country names and ISO 3166 codes in the header languages (`com_013`).

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::values::words::fold;

/// ISO 3166-1 alpha-2 codes.
const ALPHA2: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW UK EU";

/// Names in several languages, one line of text per group, separated by commas; compared without case and accents.
const NAMES: &str = include_str!("../../data/countries.txt");

static CODES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| ALPHA2.split(' ').collect());
static FOLDED: LazyLock<HashSet<String>> = LazyLock::new(|| {
    NAMES.lines().filter(|l| !l.starts_with('#')).flat_map(|l| l.split(',')).map(|n| fold(n.trim())).filter(|n| !n.is_empty()).collect()
});

/// Whether the text names a country: a name of four letters or more, or an upper-case ISO code.
pub(crate) fn is_country(text: &str) -> bool {
    let text = text.trim();
    match text.len() {
        2 => CODES.contains(text),
        3 => ALPHA3.split(' ').any(|c| c == text),
        4..=60 => FOLDED.contains(&fold(text)),
        _ => false,
    }
}

/// The ISO 3166-1 alpha-3 codes that are met in files.
const ALPHA3: &str = "USA GBR DEU FRA ESP ITA PRT NLD BEL AUT CHE IRL DNK SWE NOR FIN ISL POL CZE SVK HUN ROU BGR GRC HRV SVN EST LVA LTU LUX MLT CYP CAN MEX BRA ARG CHL COL PER URY VEN ECU AUS NZL JPN CHN HKG TWN KOR SGP MYS THA VNM PHL IDN IND PAK BGD LKA ARE SAU QAT KWT OMN BHR ISR TUR EGY ZAF NGA KEN GHA MAR TUN DZA UKR RUS KAZ GEO SRB BIH MKD ALB MNE";
