//! Metadata as GDAL keeps it: items of a key and a value, in domains (`GDALMultiDomainMetadata`).

use std::collections::HashMap;

/// A named set of items; the default one has the name "".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Domain {
    /// "", IMAGE_STRUCTURE, EXIF, RPC, xml:XMP, ….
    pub name: String,
    /// Keys and values, in the file's order. A domain whose name begins with `xml:` has one item, whose key is that name.
    pub items: Vec<(String, String)>,
    /// Where the items of these keys, in upper case, are: a file may have a million of them.
    places: HashMap<String, usize>,
}

impl Domain {
    /// The value of a key. GDAL does not tell upper from lower case.
    pub fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.items.get(*self.places.get(&key.to_ascii_uppercase())?)?;
        Some(value)
    }

    /// Sets an item, in the place of an earlier one of its key.
    fn set(&mut self, key: &str, value: String) {
        let place = *self.places.entry(key.to_ascii_uppercase()).or_insert(self.items.len());
        let item = (key.to_owned(), value);
        match self.items.get_mut(place) {
            Some(earlier) => *earlier = item,
            None => self.items.push(item),
        }
    }
}

/// The domains of a dataset or of a band. None is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Domains {
    domains: Vec<Domain>,
    /// As in [`Domain`].
    places: HashMap<String, usize>,
}

impl Domains {
    /// All domains; the default one, where there is one, is not always the first.
    pub fn iter(&self) -> std::slice::Iter<'_, Domain> {
        self.domains.iter()
    }

    /// The domain of a name. GDAL does not tell upper from lower case.
    pub fn get(&self, name: &str) -> Option<&Domain> {
        self.domains.get(*self.places.get(&name.to_ascii_uppercase())?)
    }

    /// The value of a key in a domain.
    pub fn item(&self, domain: &str, key: &str) -> Option<&str> {
        self.get(domain)?.get(key)
    }

    fn domain(&mut self, name: &str) -> &mut Domain {
        let place = *self.places.entry(name.to_ascii_uppercase()).or_insert(self.domains.len());
        if place == self.domains.len() {
            self.domains.push(Domain { name: name.to_owned(), ..Domain::default() });
        }
        // The place was found or has just been made.
        #[allow(clippy::indexing_slicing, reason = "see above")]
        &mut self.domains[place]
    }

    /// Sets an item, in the place of an earlier one of its key.
    pub(super) fn set(&mut self, domain: &str, key: &str, value: impl Into<String>) {
        self.domain(domain).set(key, value.into());
    }

    /// Sets an item that an earlier source has not set already.
    pub(super) fn set_unless_there(&mut self, domain: &str, key: &str, value: impl Into<String>) {
        if self.item(domain, key).is_none() {
            self.set(domain, key, value);
        }
    }

    /// Makes a text all that a domain (`xml:…`) holds.
    pub(super) fn set_text(&mut self, domain: &str, text: impl Into<String>) {
        let domain = self.domain(domain);
        domain.items.clear();
        domain.places.clear();
        domain.set(&domain.name.clone(), text.into());
    }
}

impl<'a> IntoIterator for &'a Domains {
    type Item = &'a Domain;
    type IntoIter = std::slice::Iter<'a, Domain>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_are_the_same_in_either_case() {
        let mut domains = Domains::default();
        domains.set("Other", "Key", "a");
        domains.set("OTHER", "KEY", "b");
        domains.set_unless_there("other", "key", "c");
        domains.set_text("xml:X", "<x/>");
        assert_eq!(domains.iter().count(), 2);
        assert_eq!(domains.get("other").unwrap().items, [("KEY".to_owned(), "b".to_owned())]);
        assert_eq!(domains.item("xml:x", "xml:X"), Some("<x/>"));
    }
}
