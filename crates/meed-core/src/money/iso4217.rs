//! ISO 4217 active currency codes and the decimal places of their minor units.

use std::cmp::Ordering;

const NONE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";
const TWO: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD \
KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD \
PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD \
TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

/// Whether a sorted list names the code. Every row that is read asks this, so it is searched by halves.
fn listed(list: &str, code: [u8; 3]) -> bool {
    let (mut low, mut high) = (0, list.len().div_ceil(4));
    while low < high {
        let middle = usize::midpoint(low, high);
        match list.as_bytes()[middle * 4..middle * 4 + 3].cmp(&code) {
            Ordering::Less => low = middle + 1,
            Ordering::Equal => return true,
            Ordering::Greater => high = middle,
        }
    }
    false
}

/// Whether the code (upper case) is an active currency.
pub(super) fn is_known(code: [u8; 3]) -> bool {
    code.is_ascii() && (listed(TWO, code) || listed(NONE, code) || listed(THREE, code))
}

/// Decimal places of the minor unit.
pub(super) fn exponent(code: [u8; 3]) -> u32 {
    if listed(NONE, code) {
        0
    } else if listed(THREE, code) {
        3
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_read_in_steps_of_four() {
        for list in [NONE, TWO, THREE] {
            assert!(list.split(' ').all(|code| code.len() == 3), "each entry is three letters");
            assert_eq!(list.len() % 4, 3);
            assert!(list.split(' ').is_sorted(), "it is searched by halves");
            assert!(list.split(' ').all(|code| listed(list, code.as_bytes().try_into().expect("three letters"))));
        }
        assert!(is_known(*b"USD") && is_known(*b"ZWG") && is_known(*b"AED") && !is_known(*b"XXX") && !is_known(*b"D A"));
        assert_eq!([exponent(*b"JPY"), exponent(*b"EUR"), exponent(*b"KWD")], [0, 2, 3]);
    }
}
