//! Cuts the elements out of a list while it arrives.
//!
//! An API server may ignore `limit` (it does when it answers from its watch cache), and a list of 50,000 pods is
//! 400 MB of JSON. So neither the body nor a vector of full objects is ever held: this reader keeps the bytes of
//! one element, hands it over, and goes on. It finds where values begin and end; `serde_json` reads them.

mod value;

use serde::Deserialize;

use value::{Seen, Value};

/// The largest element. etcd refuses objects above 1.5 MiB by default; their JSON is larger than what etcd holds.
const ELEMENT_BYTES: usize = 8 * 1024 * 1024;

/// The largest list metadata. A continue token is a few hundred bytes.
const METADATA_BYTES: usize = 64 * 1024;

/// The longest key of the list object itself.
const KEY_BYTES: usize = 256;

/// `metadata` of a list.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListMeta {
    /// Token for the next page; empty or absent on the last.
    pub(crate) r#continue: Option<String>,
}

/// Reads one list.
pub(crate) struct ListReader {
    place: Place,
    value: Value,
    /// The key, the metadata or the element being read.
    held: Vec<u8>,
    meta: ListMeta,
    had_items: bool,
}

/// Where in the list the next byte belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the list's `{`.
    Before,
    /// Before a key, or the list's `}`.
    BeforeKey,
    /// Inside a key.
    Key { escaped: bool },
    /// Before the `:` that follows a key.
    Colon(Field),
    /// Before the value of a field.
    BeforeValue(Field),
    /// Inside the value of a field that is not `items`.
    Value(Field),
    /// Between elements.
    Items,
    /// Inside an element.
    Element,
    /// After a field's value: a `,` or the list's `}`.
    AfterValue,
    /// After the list's `}`.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Items,
    Metadata,
    Other,
}

impl ListReader {
    pub(crate) const fn new() -> Self {
        Self {
            place: Place::Before,
            value: Value::new(),
            held: Vec::new(),
            meta: ListMeta { r#continue: None },
            had_items: false,
        }
    }

    /// Takes the next bytes of the body and hands over each element that they complete.
    ///
    /// # Errors
    ///
    /// In words, when this is not a list, or when `element` refuses one.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        element: &mut impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = match self.place {
                Place::Value(field) => self.in_value(field, bytes)?,
                Place::Element => self.in_element(bytes, element)?,
                Place::Key { escaped } => {
                    self.in_key(byte, escaped)?;
                    rest
                }
                _ if byte.is_ascii_whitespace() => rest,
                Place::BeforeValue(field) => self.begin_value(field, byte, bytes, rest)?,
                Place::Items => match byte {
                    b',' => rest,
                    b']' => {
                        self.place = Place::AfterValue;
                        rest
                    }
                    _ => {
                        self.begin(Place::Element);
                        bytes
                    }
                },
                _ => {
                    self.between(byte)?;
                    rest
                }
            };
        }
        Ok(())
    }

    /// The token of the next page, as soon as the list's metadata was seen.
    pub(crate) fn next_page(&self) -> Option<&str> {
        self.meta.r#continue.as_deref().filter(|token| !token.is_empty())
    }

    /// Whether the list was seen to its end.
    pub(crate) const fn is_whole(&self) -> bool {
        matches!(self.place, Place::End)
    }

    /// The list's metadata.
    ///
    /// # Errors
    ///
    /// In words, when what was read is not a whole list.
    pub(crate) fn finish(&mut self) -> Result<ListMeta, String> {
        if !self.is_whole() {
            return Err("the list ends in the middle".to_owned());
        }
        if !self.had_items {
            return Err("the answer is not a list: it has no `items`".to_owned());
        }
        Ok(std::mem::take(&mut self.meta))
    }

    fn between(&mut self, byte: u8) -> Result<(), String> {
        self.place = match (self.place, byte) {
            (Place::Before, b'{') | (Place::AfterValue, b',') => Place::BeforeKey,
            (Place::BeforeKey, b'"') => {
                self.held.clear();
                Place::Key { escaped: false }
            }
            (Place::BeforeKey | Place::AfterValue, b'}') => Place::End,
            (Place::Colon(field), b':') => Place::BeforeValue(field),
            _ => return Err(unexpected(byte)),
        };
        Ok(())
    }

    fn in_key(&mut self, byte: u8, escaped: bool) -> Result<(), String> {
        if byte == b'"' && !escaped {
            self.place = Place::Colon(match self.held.as_slice() {
                b"items" => Field::Items,
                b"metadata" => Field::Metadata,
                _ => Field::Other,
            });
            return Ok(());
        }
        self.hold(&[byte], KEY_BYTES)?;
        self.place = Place::Key {
            escaped: byte == b'\\' && !escaped,
        };
        Ok(())
    }

    fn begin_value<'b>(
        &mut self,
        field: Field,
        byte: u8,
        bytes: &'b [u8],
        rest: &'b [u8],
    ) -> Result<&'b [u8], String> {
        if field == Field::Items {
            self.had_items = true;
            match byte {
                b'[' => {
                    self.place = Place::Items;
                    return Ok(rest);
                }
                b'n' => {}
                _ => return Err("`items` is not a list".to_owned()),
            }
        }
        self.begin(Place::Value(field));
        Ok(bytes)
    }

    fn begin(&mut self, place: Place) {
        self.place = place;
        self.value = Value::new();
        self.held.clear();
    }

    fn in_value<'b>(&mut self, field: Field, bytes: &'b [u8]) -> Result<&'b [u8], String> {
        let (mine, rest, ended) = self.split(bytes)?;
        if field == Field::Metadata {
            self.hold(mine, METADATA_BYTES)?;
        }
        if ended {
            if field == Field::Metadata {
                self.meta = serde_json::from_slice::<Option<ListMeta>>(&self.held)
                    .map_err(|error| format!("the list's metadata is unreadable: {error}"))?
                    .unwrap_or_default();
            }
            self.place = Place::AfterValue;
        }
        Ok(rest)
    }

    fn in_element<'b>(
        &mut self,
        bytes: &'b [u8],
        element: &mut impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<&'b [u8], String> {
        let (mine, rest, ended) = self.split(bytes)?;
        if ended && self.held.is_empty() {
            if mine.is_empty() {
                return Err("the answer is not a JSON list: an element is empty".to_owned());
            }
            // The whole element lies in this piece of the body: no need to copy it.
            element(mine)?;
        } else {
            self.hold(mine, ELEMENT_BYTES)?;
            if ended {
                element(&self.held)?;
            }
        }
        if ended {
            self.place = Place::Items;
        }
        Ok(rest)
    }

    /// The bytes that belong to the present value, those after it, and whether it ends here.
    fn split<'b>(&mut self, bytes: &'b [u8]) -> Result<(&'b [u8], &'b [u8], bool), String> {
        Ok(match self.value.look(bytes)? {
            Seen::GoesOn => (bytes, &[], false),
            Seen::Ends(at) => {
                let (mine, rest) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
                (mine, rest, true)
            }
        })
    }

    fn hold(&mut self, bytes: &[u8], at_most: usize) -> Result<(), String> {
        if self.held.len() + bytes.len() > at_most {
            return Err(format!("a value of the list is larger than {at_most} bytes"));
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }
}

fn unexpected(byte: u8) -> String {
    format!(
        "the answer is not a JSON list: unexpected `{}`",
        char::from(byte).escape_default()
    )
}

#[cfg(test)]
mod tests;
