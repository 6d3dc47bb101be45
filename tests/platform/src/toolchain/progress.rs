//! Telling how far a long build is: a counter on a terminal, a line now and then elsewhere.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a line is printed where no terminal shows the counter.
const PLAIN_EVERY: Duration = Duration::from_secs(30);
/// Counts the packages that `go install -v` names in its log.
pub(crate) struct Progress {
    started: Instant,
    terminal: bool,
    last_line: Option<Instant>,
}

impl Progress {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            started,
            terminal: std::io::stderr().is_terminal(),
            last_line: None,
        }
    }

    pub(crate) fn show(&mut self, log: &Path) {
        if !self.terminal && self.last_line.is_some_and(|at| at.elapsed() < PLAIN_EVERY) {
            return;
        }
        self.last_line = Some(Instant::now());
        let line = counted(log).unwrap_or_default().line(self.started.elapsed());
        if self.terminal {
            let mut err = std::io::stderr();
            let _ = write!(err, "\r{line}").and_then(|()| err.flush());
        } else {
            say(&line);
        }
    }

    pub(crate) fn end(&self) {
        if self.terminal && self.last_line.is_some() {
            say("");
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    downloaded: usize,
    compiled: usize,
}

impl Counted {
    fn line(&self, elapsed: Duration) -> String {
        format!(
            "control plane: downloaded {} modules, compiled {} packages, {}",
            self.downloaded,
            self.compiled,
            clock(elapsed)
        )
    }
}

fn counted(log: &Path) -> std::io::Result<Counted> {
    let mut seen = Counted::default();
    for line in BufReader::new(File::open(log)?).lines() {
        let line = line?;
        if line.starts_with("go: downloading ") {
            seen.downloaded += 1;
        } else if !line.starts_with("go: ") {
            seen.compiled += 1;
        }
    }
    Ok(seen)
}

pub(crate) fn clock(elapsed: Duration) -> String {
    format!("{:02}:{:02}", elapsed.as_secs() / 60, elapsed.as_secs() % 60)
}

pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_counts_modules_and_packages_apart() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(
            &log,
            "go: downloading a v1\ngo: downloading b v2\nk8s.io/x\nk8s.io/y\nk8s.io/z\n",
        )
        .unwrap();
        let seen = counted(&log).unwrap();
        assert_eq!(
            seen.line(Duration::from_secs(83)),
            "control plane: downloaded 2 modules, compiled 3 packages, 01:23"
        );
    }
}
