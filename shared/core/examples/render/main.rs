//! Writes the renderings of sample reports, of a check and of an action, into a folder: `cargo run -p day2-core --example render -- FOLDER`.

mod sample;
mod sample_action;
mod sample_board;

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
    let check = |report| (sample::rendering(&report), report);
    let action = |report| (sample_action::rendering(&report), report);
    for (name, (rendering, report)) in [
        ("failing", check(sample::failing())),
        ("recovered", check(sample::recovered())),
        ("planned", action(sample_action::planned())),
        ("applied", action(sample_action::applied())),
        ("failed", action(sample_action::failed())),
        ("refused", action(sample_action::refused())),
    ] {
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
    fs::write(
        folder.join("index.html"),
        day2_core::html::index(&sample_board::board()),
    )?;
    Ok(())
}
