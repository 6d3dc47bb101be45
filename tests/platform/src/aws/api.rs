//! Signed calls to services for which the workspace has no SDK crate (IAM, Scheduler, …).
//!
//! For setting the stage only: what the product calls is tested with the SDK crate that the product uses.

use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningInstructions, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::{REGION, ROOT_KEY, http};

/// Signs and sends calls as one caller.
#[derive(Debug, Clone)]
pub struct Api {
    port: u16,
    credentials: Credentials,
}

impl Api {
    pub(super) const fn new(port: u16, credentials: Credentials) -> Self {
        Self { port, credentials }
    }

    /// Signs as the root user of the platform whose emulator listens on this port of 127.0.0.1.
    #[must_use]
    pub fn as_root(port: u16) -> Self {
        Self::new(port, Credentials::new(ROOT_KEY, ROOT_KEY, None, None, "platform"))
    }

    /// A GET of a REST service (S3, Lambda, …); gives the text of the answer.
    ///
    /// # Errors
    ///
    /// When the call cannot be made or is answered by an error, which is then the text.
    pub async fn get(&self, service: &str, path: &str) -> Result<String> {
        let answer = self.send(service, "GET", path, &[], &[]).await?;
        String::from_utf8(answer).context("the answer is not text")
    }

    /// A call of a query-protocol service (IAM, STS, …); gives the XML.
    ///
    /// # Errors
    ///
    /// When the call cannot be made or is answered by an error, which is then the text.
    pub async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String> {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", action)
            .append_pair("Version", version)
            .extend_pairs(parameters);
        let body = form.finish();
        let content = ("content-type", "application/x-www-form-urlencoded");
        let answer = self
            .send(service, "POST", "/", &[content], body.as_bytes())
            .await?;
        String::from_utf8(answer).context("the answer is not text")
    }

    /// A call of a REST-JSON service (Scheduler, EKS, …); gives the document, null for an empty answer.
    ///
    /// # Errors
    ///
    /// When the call cannot be made or is answered by an error, which is then the text.
    pub async fn rest(&self, service: &str, method: &str, path: &str, document: &Value) -> Result<Value> {
        let body = if document.is_null() {
            Vec::new()
        } else {
            serde_json::to_vec(document)?
        };
        let answer = self
            .send(
                service,
                method,
                path,
                &[("content-type", "application/json")],
                &body,
            )
            .await?;
        if answer.is_empty() {
            Ok(Value::Null)
        } else {
            Ok(serde_json::from_slice(&answer)?)
        }
    }

    /// A call of a JSON-protocol service by its target header (`Logs_20140328.GetLogEvents`, `TrentService.CreateKey`).
    ///
    /// # Errors
    ///
    /// When the call cannot be made or is answered by an error, which is then the text.
    pub async fn json(&self, service: &str, target: &str, document: &Value) -> Result<Value> {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
        ];
        let answer = self
            .send(service, "POST", "/", &headers, &serde_json::to_vec(document)?)
            .await?;
        if answer.is_empty() {
            Ok(Value::Null)
        } else {
            Ok(serde_json::from_slice(&answer)?)
        }
    }

    async fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Vec<u8>> {
        let host = format!("127.0.0.1:{}", self.port);
        let mut all: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        all.push(("host".to_owned(), host.clone()));
        let signed = self.sign(service, method, &format!("http://{host}{path}"), &all, body)?;
        all.extend(
            signed
                .headers()
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let (status, answer) = http::exchange(self.port, method, path, &all, body).await?;
        if status >= 400 {
            bail!(
                "{service} answers {method} {path} with {status}: {}",
                String::from_utf8_lossy(&answer)
            );
        }
        Ok(answer)
    }

    fn sign(
        &self,
        service: &str,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<SigningInstructions> {
        let identity = self.credentials.clone().into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::Headers;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name(service)
            .time(now())
            .settings(settings)
            .build()?
            .into();
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let request = SignableRequest::new(method, url, headers, SignableBody::Bytes(body))?;
        Ok(sign(request, &parameters)?.into_parts().0)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a signature carries the real time; the platform is not the product"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
