//! A list reduced while it is read, so that memory holds the result and one object and never the list.

use std::collections::HashSet;
use std::marker::PhantomData;

use day2_core::{Cause, Observed, Unreadable};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::ClusterClient;
use crate::ahead::Ahead;
use crate::fault::Fault;
use crate::items::{ListMeta, ListReader};
use crate::list::ListQuery;
use crate::objects::Kind;
use crate::read::{Call, Consumer};
use crate::transport::Transport;

/// How often a list begins again when its continue token has expired (the API server forgets old versions about
/// five minutes after they were replaced).
const RESTARTS: u32 = 2;

/// Makes one sum of many objects.
///
/// A page is summed for itself and joined to the rest when it has come whole: one that breaks in the middle is read again
/// and counts once.
pub trait Reduce<O> {
    /// What becomes of the objects.
    type Sum;
    /// The sum of none.
    fn empty(&self) -> Self::Sum;
    /// Adds one object.
    fn take(&self, sum: &mut Self::Sum, object: O);
    /// Adds the sum of a page that was read to its end.
    fn join(&self, sum: &mut Self::Sum, page: Self::Sum);
}

/// What a list was reduced to, and how much of it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded<S> {
    /// The sum of what was read.
    pub sum: S,
    /// Objects in the sum.
    pub read: usize,
    /// Why something is missing; none when the list was read to its end. A part may prove that something is wrong, never
    /// that nothing is.
    pub shortfall: Option<Unreadable>,
}

impl<S> Folded<S> {
    /// The sum, if the list was read to its end.
    ///
    /// # Errors
    ///
    /// Why it was not.
    pub fn complete(self) -> Observed<S> {
        match self.shortfall {
            None => Ok(self.sum),
            Some(why) => Err(why),
        }
    }
}

impl ClusterClient {
    /// Reads all objects of a kind into one sum.
    ///
    /// The pages are one consistent snapshot. A page that breaks is read again; a continue token that expires begins the
    /// list again, at most twice, and the sum begins again with it.
    ///
    /// # Errors
    ///
    /// When not even one page could be read. What fails later gives a [`Folded`] with a shortfall.
    pub async fn fold<K: Kind, R: Reduce<K::Object>>(
        &self,
        query: &ListQuery,
        reduce: &R,
        deadline: Timestamp,
    ) -> Observed<Folded<R::Sum>> {
        let operation = format!("list {}", K::PLURAL);
        let until = self.transport().until(deadline);
        let mut page = Page::<K, R>::new(self.transport(), query, until, reduce);
        let (mut sum, mut count) = (reduce.empty(), 0);
        let mut tokens = HashSet::new();
        let mut next: Option<String> = None;
        let mut restarts = 0;
        let fault = loop {
            let path = match query.path::<K>(next.as_deref()) {
                Ok(path) => path,
                Err(fault) => break fault,
            };
            let ahead = page.ahead.take();
            page.token.clone_from(&next);
            let read = self
                .transport()
                .read(&call::<K>(&path), until, ahead, &mut page)
                .await;
            match read {
                Ok((of_page, read, meta)) => {
                    reduce.join(&mut sum, of_page);
                    count += read;
                    match meta.r#continue.filter(|token| !token.is_empty()) {
                        None => {
                            return Ok(Folded {
                                sum,
                                read: count,
                                shortfall: None,
                            });
                        }
                        Some(token) if !tokens.insert(token.clone()) => {
                            break Fault::Malformed("the API server repeats a continue token".to_owned());
                        }
                        Some(token) => next = Some(token),
                    }
                }
                Err(fault) if fault.is_gone() && restarts < RESTARTS => {
                    restarts += 1;
                    next = None;
                    tokens.clear();
                    (sum, count) = (reduce.empty(), 0);
                }
                Err(fault) => break fault,
            }
        };
        if next.is_none() {
            return Err(fault.unreadable(&operation, self.name()));
        }
        let cause = if fault.is_gone() {
            Cause::Partial
        } else {
            fault.cause()
        };
        let detail = format!("only the first {count} were read: {fault}");
        Ok(Folded {
            sum,
            read: count,
            shortfall: Some(Unreadable::new(operation, self.name(), cause, detail)),
        })
    }
}

fn call<K: Kind>(path: &str) -> Call<'_> {
    Call {
        metadata_only: K::METADATA_ONLY,
        ..Call::get(path)
    }
}

/// Reads one page, and asks for the one after it as soon as its token is known.
struct Page<'r, K: Kind, R: Reduce<K::Object>> {
    transport: &'r Transport,
    query: &'r ListQuery,
    until: Instant,
    /// The token of this page; none for the first.
    token: Option<String>,
    ahead: Option<Ahead>,
    reader: ListReader,
    sum: R::Sum,
    read: usize,
    reduce: &'r R,
    kind: PhantomData<fn() -> K>,
}

impl<'r, K: Kind, R: Reduce<K::Object>> Page<'r, K, R> {
    fn new(transport: &'r Transport, query: &'r ListQuery, until: Instant, reduce: &'r R) -> Self {
        Self {
            transport,
            query,
            until,
            token: None,
            ahead: None,
            reader: ListReader::new(),
            sum: reduce.empty(),
            read: 0,
            reduce,
            kind: PhantomData,
        }
    }

    /// Asks for the next page, once. A server that names the present page again is not asked.
    fn ask_ahead(&mut self) -> Result<(), Fault> {
        let next = self.reader.next_page();
        if self.ahead.is_some() || next.is_none() || next == self.token.as_deref() {
            return Ok(());
        }
        let path = self.query.path::<K>(next)?;
        self.ahead = Ahead::ask(self.transport, &call::<K>(&path), self.until)?;
        Ok(())
    }
}

impl<K: Kind, R: Reduce<K::Object>> Consumer for Page<'_, K, R> {
    type Output = (R::Sum, usize, ListMeta);

    fn reset(&mut self) {
        // What broke this page has most often broken the next one too: they share a connection.
        self.ahead = None;
        self.reader = ListReader::new();
        self.sum = self.reduce.empty();
        self.read = 0;
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Self {
            reader,
            sum,
            read,
            reduce,
            ..
        } = self;
        reader
            .push(bytes, &mut |element| {
                let object = serde_json::from_slice::<K::Object>(element)
                    .map_err(|error| format!("one of the {} is unreadable: {error}", K::PLURAL))?;
                reduce.take(sum, object);
                *read += 1;
                Ok(())
            })
            .map_err(Fault::Malformed)?;
        self.ask_ahead()
    }

    fn finish(&mut self) -> Result<Self::Output, Fault> {
        let whole = self.reader.is_whole();
        // A body that ends early without an HTTP error was cut by something in between: worth another attempt.
        let fault = if whole { Fault::Malformed } else { Fault::Broken };
        let meta = self.reader.finish().map_err(fault)?;
        let sum = std::mem::replace(&mut self.sum, self.reduce.empty());
        Ok((sum, self.read, meta))
    }
}
