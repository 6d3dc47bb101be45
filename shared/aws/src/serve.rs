//! The loop: from Lambda's runtime interface to [`crate::app::handle`] and back.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use lambda_runtime::layers::TracingLayer;
use lambda_runtime::tower::{Layer, Service};
use lambda_runtime::{Error, LambdaEvent, LambdaInvocation, Runtime, service_fn};
use serde_json::Value;

use aws_config::SdkConfig;

use crate::action::{Action, ActionApp, handle_action};
use crate::app::{App, Invocation, handle};
use crate::boot::{self, Environment};
use crate::check::Check;
use crate::error::OpsError;

/// Runs a check as a Lambda function until the sandbox ends.
///
/// Bad settings do not end the process: every invocation then fails with the whole list of mistakes, which is where
/// somebody looks for them.
///
/// # Errors
///
/// Only when the runtime interface itself fails.
pub async fn serve<C: Check>() -> Result<(), Error> {
    run::<App<C>>(C::NAME).await
}

/// Runs an action as a Lambda function until the sandbox ends. As [`serve`].
///
/// # Errors
///
/// Only when the runtime interface itself fails.
pub async fn serve_action<A: Action>() -> Result<(), Error> {
    run::<ActionApp<A>>(A::NAME).await
}

/// What the loop needs of an app.
#[expect(
    async_fn_in_trait,
    reason = "only the current-thread runtime of this loop awaits these futures, so they need not be Send"
)]
pub trait Served: Sized {
    /// Loads the settings and builds the clients.
    ///
    /// # Errors
    ///
    /// In words; the next event tries again.
    async fn start(aws: SdkConfig, environment: &Environment) -> Result<Self, OpsError>;

    /// Takes one event and returns what the invocation answers.
    ///
    /// # Errors
    ///
    /// What Lambda shall deliver again, or keep at the failure destination.
    async fn handle(&self, event: &[u8], invocation: &Invocation) -> Result<Value, OpsError>;
}

impl<C: Check> Served for App<C> {
    async fn start(aws: SdkConfig, environment: &Environment) -> Result<Self, OpsError> {
        Self::start(aws, environment).await
    }

    async fn handle(&self, event: &[u8], invocation: &Invocation) -> Result<Value, OpsError> {
        handle(self, event, invocation).await
    }
}

impl<A: Action> Served for ActionApp<A> {
    async fn start(aws: SdkConfig, environment: &Environment) -> Result<Self, OpsError> {
        Self::start(aws, environment).await
    }

    async fn handle(&self, event: &[u8], invocation: &Invocation) -> Result<Value, OpsError> {
        handle_action(self, event, invocation).await
    }
}

/// Runs an app with a runner of its own as a Lambda function until the sandbox ends. As [`serve`].
///
/// # Errors
///
/// Only when the runtime interface itself fails.
pub async fn serve_app<S: Served>(name: &'static str) -> Result<(), Error> {
    run::<S>(name).await
}

async fn run<S: Served>(name: &'static str) -> Result<(), Error> {
    boot::init_logs();
    let aws = boot::sdk_config().await;
    let sandbox = Sandbox::<S> {
        aws,
        app: Mutex::new(None),
    };
    // The time before the first event is not billed by event and has the full processor.
    if let Err(error) = sandbox.app().await {
        tracing::error!(function = name, error = ?error, "not ready, each event tries again");
    }
    let sandbox = &sandbox;
    let handler = service_fn(move |event: LambdaEvent<String>| async move {
        let invocation = Invocation::new(&event.context, boot::now());
        let app = sandbox.app().await?;
        app.handle(event.payload.as_bytes(), &invocation).await
    });
    Runtime::new(handler)
        .layer(Verbatim)
        .layer(TracingLayer::new())
        .run()
        .await
}

/// What lives as long as the process.
struct Sandbox<S> {
    aws: SdkConfig,
    app: Mutex<Option<Arc<S>>>,
}

impl<S: Served> Sandbox<S> {
    /// The app, made at the first call that succeeds.
    async fn app(&self) -> Result<Arc<S>, OpsError> {
        let made = self.app.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(app) = made {
            return Ok(app);
        }
        let app = Arc::new(S::start(self.aws.clone(), &boot::environment()).await?);
        *self.app.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&app));
        Ok(app)
    }
}

/// Hands the body of an event over as one JSON string, so that the runtime has nothing to parse: an event that is no
/// JSON, or not the JSON that a type expects, would otherwise never reach the handler, and its words would be lost.
#[derive(Debug, Clone, Copy)]
struct Verbatim;

impl<S> Layer<S> for Verbatim {
    type Service = VerbatimService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        VerbatimService(inner)
    }
}

#[derive(Debug, Clone)]
struct VerbatimService<S>(S);

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for VerbatimService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut event: LambdaInvocation) -> Self::Future {
        // What is not UTF-8 gets replacement characters, and is then refused as no JSON.
        let text = String::from_utf8_lossy(&event.body).into_owned();
        event.body = Value::String(text).to_string().into();
        self.0.call(event)
    }
}

#[cfg(test)]
mod tests;
