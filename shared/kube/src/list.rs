//! Lists, read in pages into few fields, complete or marked as not.

use day2_core::{Observed, Unreadable};
use jiff::Timestamp;
use url::form_urlencoded::Serializer;

use crate::ClusterClient;
use crate::fault::Fault;
use crate::fold::Reduce;
use crate::objects::Kind;
use crate::path;

/// Objects per page, as `kubectl` asks for. Memory is bounded by the page.
const PAGE: u32 = 500;

/// Which objects of a kind are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// One namespace; none for all, or for kinds that have no namespace.
    pub namespace: Option<String>,
    /// For example `app=web,tier in (a,b)`.
    pub label_selector: Option<String>,
    /// For example `spec.nodeName=ip-10-0-0-1.ec2.internal`.
    pub field_selector: Option<String>,
    /// Objects per page.
    pub limit: u32,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            namespace: None,
            label_selector: None,
            field_selector: None,
            limit: PAGE,
        }
    }
}

impl ListQuery {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only this namespace.
    #[must_use]
    pub fn in_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Only what this label selector selects.
    #[must_use]
    pub fn labelled(mut self, selector: impl Into<String>) -> Self {
        self.label_selector = Some(selector.into());
        self
    }

    /// Only what this field selector selects.
    #[must_use]
    pub fn with_fields(mut self, selector: impl Into<String>) -> Self {
        self.field_selector = Some(selector.into());
        self
    }

    /// Path and query of one page.
    pub(crate) fn path<K: Kind>(&self, continue_token: Option<&str>) -> Result<String, Fault> {
        let mut path = path::collection::<K>(self.namespace.as_deref())?;
        path.push('?');
        let start = path.len();
        let mut query = Serializer::for_suffix(path, start);
        query.append_pair("limit", &self.limit.to_string());
        for (name, value) in [
            ("labelSelector", self.label_selector.as_deref()),
            ("fieldSelector", self.field_selector.as_deref()),
            ("continue", continue_token),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        Ok(query.finish())
    }
}

/// What a list gave: everything, or a part and the reason why the rest is missing.
///
/// A part may prove that something is wrong, never that nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    items: Vec<T>,
    shortfall: Option<Unreadable>,
}

impl<T> Listed<T> {
    /// A list that was read to its end.
    #[must_use]
    pub const fn whole(items: Vec<T>) -> Self {
        Self {
            items,
            shortfall: None,
        }
    }

    /// A list of which only this much was read.
    #[must_use]
    pub const fn part(items: Vec<T>, why: Unreadable) -> Self {
        Self {
            items,
            shortfall: Some(why),
        }
    }

    /// The items, if the list was read to its end.
    ///
    /// # Errors
    ///
    /// Why it was not.
    pub fn complete(self) -> Observed<Vec<T>> {
        match self.shortfall {
            None => Ok(self.items),
            Some(why) => Err(why),
        }
    }

    /// What was read, perhaps not everything.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Why something is missing; none when the list was read to its end.
    #[must_use]
    pub const fn shortfall(&self) -> Option<&Unreadable> {
        self.shortfall.as_ref()
    }

    /// What was read, and why the rest is missing, if it is.
    #[must_use]
    pub fn into_parts(self) -> (Vec<T>, Option<Unreadable>) {
        (self.items, self.shortfall)
    }
}

impl ClusterClient {
    /// Reads all objects of a kind.
    ///
    /// # Errors
    ///
    /// When not even one page could be read. What fails later gives a [`Listed`] with a shortfall.
    pub async fn list<K: Kind>(&self, query: &ListQuery, deadline: Timestamp) -> Observed<Listed<K::Object>> {
        self.list_map::<K, _>(query, deadline, Some).await
    }

    /// Reads all objects of a kind and keeps of each what `keep` makes of it, so that memory is bounded by what is
    /// kept, however many objects there are. `keep` is called again for a page that had to be read again.
    ///
    /// The pages are one consistent snapshot. A page that breaks is read again; a continue token that expires
    /// begins the list again, at most twice, and what was kept is dropped.
    ///
    /// # Errors
    ///
    /// When not even one page could be read. What fails later gives a [`Listed`] with a shortfall.
    pub async fn list_map<K: Kind, T>(
        &self,
        query: &ListQuery,
        deadline: Timestamp,
        keep: impl Fn(K::Object) -> Option<T>,
    ) -> Observed<Listed<T>> {
        let folded = self.fold::<K, _>(query, &Keep(keep), deadline).await?;
        Ok(match folded.shortfall {
            None => Listed::whole(folded.sum),
            Some(why) => Listed::part(folded.sum, why),
        })
    }
}

/// Keeps of each object what the function makes of it.
struct Keep<F>(F);

impl<O, T, F: Fn(O) -> Option<T>> Reduce<O> for Keep<F> {
    type Sum = Vec<T>;

    fn empty(&self) -> Vec<T> {
        Vec::new()
    }

    fn take(&self, sum: &mut Vec<T>, object: O) {
        sum.extend((self.0)(object));
    }

    fn join(&self, sum: &mut Vec<T>, page: Vec<T>) {
        sum.extend(page);
    }
}
