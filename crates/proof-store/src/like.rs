//! Words that are looked for within a column.

/// A pattern that finds this text anywhere; what means something in a pattern is itself in it. Both sides are made
/// small by the engine, which says `LOWER` of each.
pub(crate) fn within(text: Option<&str>) -> Option<String> {
    let mut pattern = String::from("%");
    for one in text?.chars() {
        if matches!(one, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(one);
    }
    pattern.push('%');
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn what_means_something_in_a_pattern_is_itself() {
        assert_eq!(
            within(Some("50%_a\\b")).as_deref(),
            Some("%50\\%\\_a\\\\b%")
        );
        assert_eq!(within(None), None);
    }
}
