//! A guard for loops over pages. A service, or something between it and us, that hands out the same token again
//! would otherwise keep us reading until the time is up (`cases.md` W05).

use std::collections::BTreeSet;

use day2_core::{Cause, Unreadable};

/// Most pages of one list. EC2 and Auto Scaling give 100 and more per page, so this is beyond every supported size.
pub const MAX_PAGES: usize = 1_000;

/// The tokens of one list that is being read.
#[derive(Debug)]
pub struct Pages {
    action: &'static str,
    resource: String,
    seen: BTreeSet<String>,
}

impl Pages {
    /// A list read by `action` about `resource`.
    #[must_use]
    pub fn new(action: &'static str, resource: impl Into<String>) -> Self {
        Self {
            action,
            resource: resource.into(),
            seen: BTreeSet::new(),
        }
    }

    /// The token to go on with, or `None` at the end. An empty token is the end, as EC2 writes it; an empty page
    /// with a token is not.
    ///
    /// # Errors
    ///
    /// [`Cause::Partial`] when the token has come before, or after [`MAX_PAGES`]. What was read so far must not be
    /// taken for the whole list.
    pub fn next(&mut self, token: Option<&str>) -> Result<Option<String>, Unreadable> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        if self.seen.len() >= MAX_PAGES {
            return Err(self.partial(format!("more than {MAX_PAGES} pages")));
        }
        if !self.seen.insert(token.to_owned()) {
            let page = self.seen.len();
            return Err(self.partial(format!("the same page token came twice, after page {page}")));
        }
        Ok(Some(token.to_owned()))
    }

    fn partial(&self, detail: String) -> Unreadable {
        Unreadable::new(self.action, self.resource.clone(), Cause::Partial, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::new("ec2:DescribeSubnets", "vpc-1")
    }

    #[test]
    fn a_list_ends_with_no_token_or_an_empty_one() {
        let mut pages = pages();
        assert_eq!(pages.next(Some("a")).unwrap().as_deref(), Some("a"));
        assert_eq!(pages.next(Some("b")).unwrap().as_deref(), Some("b"));
        assert_eq!(pages.next(Some("")).unwrap(), None);
        assert_eq!(pages.next(None).unwrap(), None);
    }

    #[test]
    fn a_token_that_comes_again_is_an_error_also_after_others_w05() {
        let mut pages = pages();
        for token in ["a", "b"] {
            pages.next(Some(token)).unwrap();
        }
        let why = pages.next(Some("a")).unwrap_err();
        assert_eq!(why.cause, Cause::Partial);
        assert!(why.to_string().contains("same page token"), "{why}");
    }

    #[test]
    fn a_list_without_end_is_an_error_w05() {
        let mut pages = pages();
        let endless = (0..=MAX_PAGES).map(|page| pages.next(Some(&page.to_string())));
        let last = endless.last().unwrap();
        assert!(last.unwrap_err().detail.contains("1000 pages"));
    }
}
