//! Machine images.

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::Control;

/// A machine image as it shall be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Image {
    /// Id.
    pub image_id: String,
    /// `arm64`, `x86_64`, …
    pub architecture: String,
    /// `available`, which it also is when absent, `disabled`, `failed`, …
    pub state: Option<String>,
    /// From when on it is deprecated.
    pub deprecation_time: Option<Timestamp>,
}

/// Every method fails when the emulator is gone or refuses; the error says what it refused.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them, above")]
impl Control {
    /// Places an image, or changes it.
    pub async fn place_image(&self, image: &Image) -> Result<()> {
        self.call::<Value>("images", image).await.map(drop)
    }

    /// Deregisters an image: nobody knows its id any more.
    pub async fn forget_image(&self, image_id: &str) -> Result<()> {
        let request = json!({"image_id": image_id});
        self.call::<Value>("images/forget", &request).await.map(drop)
    }
}
