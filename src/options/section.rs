//! The settings of one section as texts, for what is handed on to a library that reads them by name.

use super::{is_secret, parse_bool};
use std::fmt;

/// The settings `aws.*`, `gcs.*` or `azure.*` that have a value. Two equal ones may share a store.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Section {
    name: &'static str,
    values: Vec<(&'static str, String)>,
}

impl Section {
    /// The settings `name.*`, those with an empty value left out.
    pub(crate) fn new(name: &'static str, values: impl Iterator<Item = (&'static str, String)>) -> Self {
        Self { name, values: values.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// The value of a setting (without its section's name); empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        parse_bool(self.get(name)) == Some(true)
    }

    /// Sets a value where there is none.
    pub(crate) fn or_set(&mut self, name: &'static str, value: &str) {
        if !self.has(name) && !value.is_empty() {
            self.values.push((name, value.to_owned()));
        }
    }

    /// The text without those of these settings that are secret.
    pub(crate) fn redact(&self, text: &str) -> String {
        let secret = self.values.iter().filter(|(name, _)| is_secret(self.name, name));
        secret.fold(text.to_owned(), |text, (_, value)| text.replace(value.as_str(), "***"))
    }

    /// Every setting with its value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// Names only: many of the values are secret.
impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}
