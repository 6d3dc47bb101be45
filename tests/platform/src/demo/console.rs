//! What the demo prints: steps with the time they began at, mails indented, colours on a terminal only.

use std::io::{IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::deploy::Progress;
use crate::deploy::mailbox::Mail;

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const GREEN: &str = "1;32";
const YELLOW: &str = "1;33";
/// How often a line of progress is printed where no terminal can overwrite it.
const PLAIN_EVERY: Duration = Duration::from_secs(20);

/// Prints on standard output. A closed output ends nothing: the story is also told by the exit status.
#[derive(Debug, Clone)]
pub struct Console {
    began: Instant,
    colours: bool,
    terminal: bool,
    shown: Arc<Mutex<Shown>>,
}

#[derive(Debug, Default)]
struct Shown {
    progress: bool,
    last: Option<Instant>,
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl Console {
    /// Begins to count the time. `NO_COLOR` is honoured.
    #[must_use]
    pub fn new() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            began: Instant::now(),
            colours: terminal && !plain,
            terminal,
            shown: Arc::default(),
        }
    }

    /// A step of the story.
    pub fn step(&self, text: &str) {
        self.line(&format!(
            "{} {}",
            self.paint(DIM, &self.clock()),
            self.paint(BOLD, text)
        ));
    }

    /// Something about the step.
    pub fn note(&self, text: &str) {
        for line in text.lines() {
            self.line(&format!("           {line}"));
        }
    }

    /// A mail as its reader sees it.
    pub fn mail(&self, mail: &Mail) {
        let colour = match mail.subject.split_whitespace().nth(1) {
            Some("PASS") => GREEN,
            Some("FAIL") => RED,
            _ => YELLOW,
        };
        self.line("");
        self.line(&format!(
            "    {} {}",
            self.paint(DIM, "Subject:"),
            self.paint(colour, &mail.subject)
        ));
        self.line("");
        for line in mail.body.lines() {
            self.line(&format!("    {line}"));
        }
        self.line("");
    }

    /// A step that went as it should.
    pub fn good(&self, text: &str) {
        self.line(&format!("           {} {text}", self.paint(GREEN, "✓")));
    }

    /// Shows a line that is overwritten by the next one.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let console = self.clone();
        Progress::new(move |text| console.overwrite(text))
    }

    fn overwrite(&self, text: &str) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::stdout();
        if self.terminal {
            shown.progress = true;
            let _ = write!(out, "\r\x1b[2K{} {text}", self.clock()).and_then(|()| out.flush());
        } else if shown.last.is_none_or(|last| last.elapsed() >= PLAIN_EVERY) {
            if shown.last.is_some() {
                let _ = writeln!(out, "{} {text}", self.clock());
            }
            shown.last = Some(Instant::now());
        }
    }

    fn line(&self, text: &str) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::stdout();
        if std::mem::take(&mut shown.progress) {
            let _ = write!(out, "\r\x1b[2K");
        }
        shown.last = None;
        let _ = writeln!(out, "{text}");
    }

    fn clock(&self) -> String {
        format!("[{:6.1} s]", self.began.elapsed().as_secs_f64())
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
