//! An answer's body that gives up when the server falls silent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::fault::{Fault, chain};

/// A body with a limit on the silence between two frames and on the whole.
pub(crate) struct TimedBody {
    inner: Incoming,
    silence: Duration,
    until: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl TimedBody {
    pub(crate) fn new(inner: Incoming, silence: Duration, until: Instant) -> Self {
        let alarm = Box::pin(sleep_until(until.min(Instant::now() + silence)));
        Self {
            inner,
            silence,
            until,
            alarm,
        }
    }

    /// Counts silence from now on: nobody listened until now.
    pub(crate) fn heard_now(mut self) -> Self {
        let alarm = self.until.min(Instant::now() + self.silence);
        self.alarm.as_mut().reset(alarm);
        self
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            let alarm = self.until.min(Instant::now() + self.silence);
            self.alarm.as_mut().reset(alarm);
            return Poll::Ready(frame.map(|read| read.map_err(|error| Fault::Broken(chain(&error)))));
        }
        match self.alarm.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Fault::TimedOut("the answer stopped in the middle")))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
