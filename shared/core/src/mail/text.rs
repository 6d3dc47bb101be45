//! Lines of a mail: wrapped at words, indented, and a name longer than a line left whole so that it can be copied.

/// Columns of a mail. 78 is what RFC 5322 section 2.1.1 recommends.
pub(super) const WIDTH: usize = 78;

/// A text under construction.
#[derive(Debug, Default)]
pub(super) struct Text {
    out: String,
}

impl Text {
    /// One line as it is, for what must not be wrapped: links, commands, headings.
    pub(super) fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    /// A paragraph: `first` before its first line, as many spaces before the others.
    pub(super) fn para(&mut self, first: &str, text: &str) {
        let indent = " ".repeat(first.chars().count());
        let mut line = first.to_owned();
        let mut columns = first.chars().count();
        let start = columns;
        for word in text.split_whitespace() {
            let length = word.chars().count();
            if columns > start && columns + 1 + length > WIDTH {
                self.line(&line);
                line = format!("{indent}{word}");
                columns = start + length;
            } else {
                if columns > start {
                    line.push(' ');
                    columns += 1;
                }
                line.push_str(word);
                columns += length;
            }
        }
        self.line(&line);
    }

    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.out
    }
}
