//! An object's JSON with places to fill in: read once, written many times.

use anyhow::{Context as _, Result};

/// What differs from object to object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    App,
    Bound,
    Created,
    Index,
    Lately,
    Name,
    Namespace,
    Node,
    Nodes,
    Owner,
    Ready,
    Serial,
    Status,
    Uid,
    Version,
    Zone,
}

const FIELDS: [(&str, Field); 16] = [
    ("app", Field::App),
    ("bound", Field::Bound),
    ("created", Field::Created),
    ("index", Field::Index),
    ("lately", Field::Lately),
    ("name", Field::Name),
    ("namespace", Field::Namespace),
    ("node", Field::Node),
    ("nodes", Field::Nodes),
    ("owner", Field::Owner),
    ("ready", Field::Ready),
    ("serial", Field::Serial),
    ("status", Field::Status),
    ("uid", Field::Uid),
    ("version", Field::Version),
    ("zone", Field::Zone),
];

#[derive(Debug)]
enum Part {
    Text(Vec<u8>),
    Field(Field),
}

/// JSON with fields.
#[derive(Debug)]
pub(crate) struct Template(Vec<Part>);

impl Template {
    /// Reads `%field%` in a text; white space between the JSON values goes, as an API server sends none.
    ///
    /// # Errors
    ///
    /// Names the field that is not known.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        for (at, part) in compact(text).split('%').enumerate() {
            parts.push(if at % 2 == 0 {
                Part::Text(part.as_bytes().to_vec())
            } else {
                let field = FIELDS.iter().find(|(name, _)| *name == part);
                Part::Field(field.with_context(|| format!("no field %{part}%"))?.1)
            });
        }
        Ok(Self(parts))
    }

    /// Writes the text; `fill` writes the fields.
    pub(crate) fn write(&self, out: &mut Vec<u8>, mut fill: impl FnMut(Field, &mut Vec<u8>)) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Field(field) => fill(*field, out),
            }
        }
    }
}

fn compact(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let (mut inside, mut escaped) = (false, false);
    for one in text.chars() {
        if inside || !one.is_whitespace() {
            made.push(one);
        }
        match one {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_filled_and_white_space_stays_in_texts_only() {
        let template = Template::read("{ \"a b\": \"%name% \\\" c\",\n \"d\": %index% }").unwrap();
        let mut out = Vec::new();
        template.write(&mut out, |field, out| {
            out.extend_from_slice(if field == Field::Name { b"web" } else { b"7" });
        });
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"a b\":\"web \\\" c\",\"d\":7}"
        );
    }

    #[test]
    fn a_field_that_nobody_fills_is_named() {
        let why = Template::read("{\"a\": \"%colour%\"}").unwrap_err().to_string();
        assert!(why.contains("%colour%"), "{why}");
    }
}
