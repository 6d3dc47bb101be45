//! Writes the renderings of a sample report into a folder: `cargo run -p day2-core --example render -- FOLDER`.

mod sample;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "target/sample-report".to_owned()),
    );
    fs::create_dir_all(&folder)?;
    for (name, report) in [("failing", sample::failing()), ("recovered", sample::recovered())] {
        let rendering = sample::rendering(&report);
        let mail = day2_core::mail::write(&report, &rendering);
        fs::write(
            folder.join(format!("{name}.html")),
            day2_core::html::page(&report, &rendering),
        )?;
        fs::write(
            folder.join(format!("{name}.txt")),
            format!("{}\n\n{}", mail.subject, mail.body),
        )?;
        fs::write(
            folder.join(format!("{name}.json")),
            serde_json::to_string_pretty(&report)?,
        )?;
    }
    Ok(())
}
