//! The next page of a list, asked for while the present one is still being read.
//!
//! An API server needs far longer to collect a page than we need to read it, and it names the next page's token before
//! the first object (`metadata` comes before `items` in every list that Go's API machinery writes). So the server works
//! on the next page meanwhile, and a long list takes little more than the server's own time. Never more than one page of
//! a list is asked for ahead, and never more answers than leave half of the connection to what is being read: an answer that
//! nobody reads yet fills its part of the window that all streams of a connection share, and lists that wait for that window
//! would wait for each other.

use http::Response;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::body::TimedBody;
use crate::fault::Fault;
use crate::read::Call;
use crate::transport::Transport;

/// An answer that is on its way. Dropping it takes the request back.
pub(crate) struct Ahead {
    path: String,
    /// One task; a set, because a set ends its tasks when it is dropped.
    answer: JoinSet<Result<Response<TimedBody>, Fault>>,
    /// Its part of the connection's window.
    room: OwnedSemaphorePermit,
}

impl Ahead {
    /// Sends the request of `call` now, if the connection has room for its answer.
    pub(crate) fn ask(transport: &Transport, call: &Call<'_>, until: Instant) -> Result<Option<Self>, Fault> {
        let Some(room) = transport.room_ahead() else {
            return Ok(None);
        };
        let request = call.request()?;
        let transport = transport.clone();
        let mut answer = JoinSet::new();
        answer.spawn(async move { transport.send(request, until).await });
        Ok(Some(Self {
            path: call.path.to_owned(),
            answer,
            room,
        }))
    }

    /// Whether this is the answer to a GET of `path`.
    pub(crate) fn is_of(&self, path: &str) -> bool {
        self.path == path
    }

    /// The answer, as if it had been asked for just now.
    pub(crate) async fn answer(mut self) -> Result<Response<TimedBody>, Fault> {
        let answer = self.answer.join_next().await;
        // From here on it is read.
        drop(self.room);
        match answer {
            Some(Ok(answer)) => answer.map(|answer| answer.map(TimedBody::heard_now)),
            // The runtime shuts down, or the task failed in a way of its own: another attempt shows which.
            Some(Err(error)) => Err(Fault::Broken(error.to_string())),
            None => Err(Fault::Broken("nothing was asked".to_owned())),
        }
    }
}
