//! Decimal text to base units and back, without a float in between.

use super::MoneyError;

/// Longest decimal text read: the contract's bound on `amount`.
const TEXT_LENGTH_MAX: usize = 40;

/// Reads `digits[.digits]` as base units with `decimals` digits after the point. Further digits are
/// accepted only when they are zeros, since anything else would have to be rounded.
pub fn decimal_parse(text: &str, decimals: u8) -> Result<u128, MoneyError> {
    if text.is_empty() || text.len() > TEXT_LENGTH_MAX {
        return Err(MoneyError::Malformed);
    }
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) | Some(("", _)) => return Err(MoneyError::Malformed),
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|b| b.is_ascii_digit())
    {
        return Err(MoneyError::Malformed);
    }
    let decimals = usize::from(decimals);
    let kept = fraction.get(..decimals).unwrap_or(fraction);
    if fraction
        .get(decimals..)
        .unwrap_or("")
        .bytes()
        .any(|b| b != b'0')
    {
        return Err(MoneyError::Precision);
    }
    let padding = decimals.saturating_sub(kept.len());
    whole
        .bytes()
        .chain(kept.bytes())
        .chain(std::iter::repeat_n(b'0', padding))
        .try_fold(0_u128, |sum, b| {
            sum.checked_mul(10)?
                .checked_add(u128::from(b.wrapping_sub(b'0')))
        })
        .ok_or(MoneyError::Overflow)
}

/// Writes base units as a decimal with at least `digits_min` digits after the point (as far as the
/// asset has them) and no further trailing zeros.
pub fn decimal_format(base: u128, decimals: u8, digits_min: usize) -> String {
    let decimals = usize::from(decimals);
    let width = decimals.saturating_add(1);
    let digits = format!("{base:0width$}");
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
    let used = fraction.trim_end_matches('0').len();
    let shown = fraction
        .get(..used.max(digits_min.min(decimals)))
        .unwrap_or(fraction);
    if shown.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{shown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_the_contract_allows() {
        assert_eq!(decimal_parse("100", 6), Ok(100_000_000));
        assert_eq!(decimal_parse("99.50", 6), Ok(99_500_000));
        assert_eq!(decimal_parse("1.00000000000", 6), Ok(1_000_000));
        assert_eq!(decimal_parse("0001", 0), Ok(1));
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1 ", "0x1", "١", "NaN",
        ] {
            assert_eq!(
                decimal_parse(text, 6),
                Err(MoneyError::Malformed),
                "{text:?}"
            );
        }
        assert_eq!(decimal_parse("0.0000001", 6), Err(MoneyError::Precision));
        assert_eq!(decimal_parse(&"9".repeat(40), 0), Err(MoneyError::Overflow));
        assert_eq!(
            decimal_parse(&"9".repeat(41), 0),
            Err(MoneyError::Malformed)
        );
    }

    proptest! {
        #[test]
        fn printed_amounts_read_back(base in any::<u64>(), decimals in 0_u8..19, min in 0_usize..19) {
            let text = decimal_format(u128::from(base), decimals, min);
            prop_assert_eq!(decimal_parse(&text, decimals), Ok(u128::from(base)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*", decimals in 0_u8..19) {
            let _ = decimal_parse(&text, decimals);
        }
    }
}
