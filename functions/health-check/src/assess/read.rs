//! From a list to a line: what could not be read stays unknown, and what no group looks at is left out.

use day2_core::{Observed, Unreadable};
use day2_kube::{Folded, Listed};

use super::line::Line;

/// The objects and the shortfall, or the line that says why there are none; none when there is nothing to say.
type Read<'f, T> = Option<Result<(&'f [T], Option<&'f Unreadable>), Line>>;

/// The list, or the line that says why it is not there; none when nobody looks at it.
pub(super) fn reduced<'f, S>(
    list: Option<&'f Observed<Folded<S>>>,
    code: &'static str,
    title: &'static str,
) -> Option<Result<&'f Folded<S>, Line>> {
    Some(list?.as_ref().map_err(|why| Line::unreadable(code, title, why)))
}

/// The objects, or the line that says why there are none; none when nobody looks at them. A kind that the cluster does not know
/// has no objects.
pub(super) fn served<'f, T>(
    list: Option<&'f Observed<Option<Listed<T>>>>,
    code: &'static str,
    title: &'static str,
) -> Read<'f, T> {
    match list? {
        Ok(None) => Some(Err(Line::new(code, title, 0).if_any())),
        Ok(Some(listed)) => Some(Ok((listed.items(), listed.shortfall()))),
        Err(why) => Some(Err(Line::unreadable(code, title, why))),
    }
}

/// The same for a kind that every cluster knows.
pub(super) fn listed<'f, T>(
    list: Option<&'f Observed<Listed<T>>>,
    code: &'static str,
    title: &'static str,
) -> Read<'f, T> {
    Some(match list? {
        Ok(listed) => Ok((listed.items(), listed.shortfall())),
        Err(why) => Err(Line::unreadable(code, title, why)),
    })
}
