//! Keeps one token and replaces it when it ages or is refused.

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use tokio::sync::Mutex;

use crate::Clock;
use crate::fault::{Fault, chain};
use crate::token::Token;
use day2_core::arn::Partition;

/// Signs tokens for one cluster, one at a time.
pub(crate) struct TokenSource {
    pub(crate) credentials: SharedCredentialsProvider,
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) partition: Partition,
    pub(crate) clock: Clock,
    /// Held while signing, so that requests that start together share one signature.
    pub(crate) current: Mutex<Option<Token>>,
}

impl TokenSource {
    /// The present token, or a new one when it is too old.
    pub(crate) async fn token(&self) -> Result<Token, Fault> {
        let mut current = self.current.lock().await;
        match current.as_ref() {
            Some(token) if token.is_fresh((self.clock)()) => Ok(token.clone()),
            _ => {
                let token = self.sign().await?;
                *current = Some(token.clone());
                Ok(token)
            }
        }
    }

    /// A token to use instead of `refused`. If another request has replaced it already, that one.
    pub(crate) async fn instead_of(&self, refused: &Token) -> Result<Token, Fault> {
        let mut current = self.current.lock().await;
        match current.as_ref() {
            Some(token) if token.header() != refused.header() => Ok(token.clone()),
            _ => {
                let token = self.sign().await?;
                *current = Some(token.clone());
                Ok(token)
            }
        }
    }

    async fn sign(&self) -> Result<Token, Fault> {
        let credentials = self.credentials.provide_credentials().await.map_err(|error| {
            Fault::Token(format!("no credentials to sign a token with: {}", chain(&error)))
        })?;
        Token::sign(
            &credentials,
            &self.cluster,
            &self.region,
            self.partition,
            (self.clock)(),
        )
        .map_err(|error| Fault::Token(error.to_string()))
    }
}
