//! A list that is read page by page.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// What `after` of the next page is; nothing at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Of rows of which one more than `limit` was asked for.
    pub(crate) fn cut(mut rows: Vec<T>, limit: i64, cursor: impl FnOnce(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Self {
            next_cursor: rows.last().filter(|_| more).map(cursor),
            data: rows,
        }
    }

    pub fn map<U>(self, into: impl FnMut(T) -> U) -> Page<U> {
        Page {
            data: self.data.into_iter().map(into).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = |n: u8| Page::cut((1..=n).collect(), 2, u8::to_string);
        assert_eq!(page(3).data, [1, 2]);
        assert_eq!(page(3).next_cursor.as_deref(), Some("2"));
        assert_eq!((page(2).data.len(), page(2).next_cursor), (2, None));
        assert_eq!(page(0).next_cursor, None);
    }
}
