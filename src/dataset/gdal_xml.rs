//! The XML of GDAL_METADATA (tag 42112) as GDAL's own parser takes it (`CPLParseXMLString`, `CPLGetXMLValue`).
//!
//! A strict parser refuses what GDAL reads: unquoted attributes, control characters, text around the root, a stray `&`. Nor does it lose
//! what GDAL loses: text ends where an `&` begins nothing that is known, and leading white space is dropped. There are no entities but XML's
//! own five and numbers, so none can grow.

use crate::c_numbers::is_space;

/// GDAL's limit for nested elements.
const DEEPEST: usize = 1024;

/// An `Item` of the root `GDALMetadata`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Item {
    pub(super) name: Option<String>,
    pub(super) domain: String,
    pub(super) role: String,
    /// The band from 0 on; -1 for the dataset.
    pub(super) sample: Option<String>,
    /// The text, where that is all the item holds.
    pub(super) text: Option<String>,
}

enum Token<'a> {
    Open,
    Close,
    SlashClose,
    QuestionClose,
    Equal,
    Word(&'a str),
    Text(String),
    /// A comment or a document type.
    Other,
    End,
}

struct Scanner<'a> {
    rest: &'a str,
    in_tag: bool,
}

impl<'a> Scanner<'a> {
    /// Takes the text before `end`, and `end` with it; `None` where it does not come.
    fn until(&mut self, end: &str) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(taken)
    }

    fn skip(&mut self, begin: &str) -> bool {
        let found = self.rest.get(..begin.len()).is_some_and(|start| start.eq_ignore_ascii_case(begin));
        if found {
            self.rest = self.rest.get(begin.len()..).unwrap_or_default();
        }
        found
    }

    fn leave_tag(&mut self, token: Token<'a>) -> Token<'a> {
        self.in_tag = false;
        token
    }

    /// The next token; `None` where the text is not even GDAL's XML.
    fn next(&mut self) -> Option<Token<'a>> {
        self.rest = self.rest.trim_start_matches(is_space);
        if self.rest.is_empty() {
            return Some(Token::End);
        }
        if self.in_tag { self.next_in_tag() } else { self.next_in_content() }
    }

    fn next_in_content(&mut self) -> Option<Token<'a>> {
        if self.skip("<!--") {
            return self.until("-->").map(|_| Token::Other);
        }
        if self.skip("<!DOCTYPE") {
            return self.document_type();
        }
        if self.skip("<![CDATA[") {
            return self.until("]]>").map(|text| Token::Text(text.to_owned()));
        }
        if self.skip("<") {
            self.in_tag = true;
            return Some(Token::Open);
        }
        let (text, rest) = self.rest.split_at(self.rest.find('<').unwrap_or(self.rest.len()));
        self.rest = rest;
        Some(Token::Text(unescape(text)))
    }

    fn next_in_tag(&mut self) -> Option<Token<'a>> {
        if self.skip("=") {
            return Some(Token::Equal);
        }
        for (end, token) in [(">", Token::Close), ("/>", Token::SlashClose), ("?>", Token::QuestionClose)] {
            if self.skip(end) {
                return Some(self.leave_tag(token));
            }
        }
        for quote in ["\"", "'"] {
            if self.skip(quote) {
                return self.until(quote).map(|value| Token::Text(unescape(value)));
            }
        }
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':') || !c.is_ascii();
        let more = self.rest.get(first..).map_or(0, |rest| rest.find(|c| !belongs(c)).unwrap_or(rest.len()));
        let (word, rest) = self.rest.split_at(first + more);
        self.rest = rest;
        Some(Token::Word(word))
    }

    /// Passes over `<!DOCTYPE … [ … ] >`.
    fn document_type(&mut self) -> Option<Token<'a>> {
        let end = self.rest.find('>')?;
        if self.rest.get(..end)?.contains('[') {
            self.until("]")?;
        }
        self.until(">").map(|_| Token::Other)
    }
}

/// The items of the first `GDALMetadata`; none where the text is not whole.
pub(super) fn items(xml: &str) -> Vec<Item> {
    parse(xml).unwrap_or_default()
}

/// What is being read: the elements around, and the items of the root so far.
#[derive(Default)]
struct Tree<'a> {
    open: Vec<&'a str>,
    items: Vec<Item>,
    /// The item that is open, and how many children it has so far.
    item: Option<(Item, usize)>,
    root_seen: bool,
}

impl<'a> Tree<'a> {
    fn push(&mut self, name: &'a str) -> Option<()> {
        self.child(None);
        let in_root = matches!(self.open.as_slice(), [root] if root.eq_ignore_ascii_case("GDALMetadata"));
        if in_root && !self.root_seen && name.eq_ignore_ascii_case("Item") {
            self.item = Some((Item::default(), 0));
        }
        self.open.push(name);
        (self.open.len() <= DEEPEST).then_some(())
    }

    fn pop(&mut self) -> Option<()> {
        let name = self.open.pop()?;
        if self.open.len() == 1 {
            self.items.extend(self.item.take().map(|(item, _)| item));
        }
        self.root_seen |= self.open.is_empty() && name.eq_ignore_ascii_case("GDALMetadata");
        Some(())
    }

    fn attribute(&mut self, name: &str, value: String) {
        let Some((item, _)) = self.item.as_mut().filter(|_| self.open.len() == 2) else { return };
        match name.to_ascii_lowercase().as_str() {
            "name" => drop(item.name.get_or_insert(value)),
            "sample" => drop(item.sample.get_or_insert(value)),
            "domain" => item.domain = value,
            "role" => item.role = value,
            _ => {}
        }
    }

    /// Notes a child of the element that is open. GDAL gives an element's text only where it has no other child.
    fn child(&mut self, text: Option<String>) {
        if let Some((item, children)) = self.item.as_mut().filter(|_| self.open.len() == 2) {
            item.text = text.filter(|_| *children == 0);
            *children += 1;
        }
    }
}

fn parse(xml: &str) -> Option<Vec<Item>> {
    let mut scanner = Scanner { rest: xml, in_tag: false };
    let mut tree = Tree::default();
    loop {
        match scanner.next()? {
            Token::Open => match scanner.next()? {
                Token::Word(name) => match name.strip_prefix('/') {
                    None => tree.push(name)?,
                    Some(closed) => {
                        tree.open.last().filter(|open| open.eq_ignore_ascii_case(closed))?;
                        let Token::Close = scanner.next()? else { return None };
                        tree.pop()?;
                    }
                },
                _ => return None,
            },
            Token::Word(name) => {
                let Token::Equal = scanner.next()? else { return None };
                match scanner.next()? {
                    Token::Word(value) => tree.attribute(name, value.to_owned()),
                    Token::Text(value) => tree.attribute(name, value),
                    _ => return None,
                }
            }
            Token::Close => drop(tree.open.last()?),
            Token::SlashClose => tree.pop()?,
            Token::QuestionClose => {
                tree.open.last().filter(|name| name.starts_with('?'))?;
                tree.pop()?;
            }
            Token::Text(text) if !scanner.in_tag => tree.child(Some(text)),
            Token::Other => tree.child(None),
            Token::End => return tree.open.is_empty().then_some(tree.items),
            Token::Text(_) | Token::Equal => return None,
        }
    }
}

/// Replaces entities (`CPLUnescapeString`). What follows an `&` that begins none is lost.
pub(super) fn unescape(text: &str) -> String {
    const ENTITIES: [(&str, char); 5] = [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\'')];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('&') {
        out.push_str(before);
        let Some((entity, after)) = from.split_once(';') else { return out };
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().filter(|n| *n != 0).and_then(char::from_u32);
        let character = match entity.strip_prefix('#') {
            Some(digits) => match digits.strip_prefix(['x', 'X']) {
                Some(digits) => number(digits, 16),
                None => number(digits, 10),
            },
            None => ENTITIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(entity)).map(|(_, c)| *c),
        };
        let Some(character) = character else { return out };
        out.push(character);
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(xml: &str) -> Vec<(String, String)> {
        items(xml).into_iter().filter_map(|i| Some((i.name?, i.text?))).collect()
    }

    /// What GDAL 3.10.3 gives for these, measured.
    #[test]
    fn texts_are_those_that_gdal_gives() {
        let one = |item: &str| texts(&format!("<GDALMetadata>{item}</GDALMetadata>")).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(one(r#"<Item name="A">  lead and trail  </Item>"#), ["lead and trail  "]);
        assert_eq!(
            one(r#"<Item name="B">   </Item><Item name="C"/><Item name="D">a<b/></Item><Item name="F">a<!-- c -->b</Item>"#),
            [""; 0]
        );
        assert_eq!(one(r#"<Item name="E"><![CDATA[x <y> ]]></Item>"#), ["x <y> "]);
        assert_eq!(one(r#"<Item name="A">a & b &nbsp; &amp;lt;</Item>"#), ["a "]);
        assert_eq!(one(r#"<Item name="A">&#65;&#x42; &amp;amp; &LT;</Item>"#), ["AB &amp; <"]);
        assert_eq!(one("<Item name=N>\x01v</Item>"), ["\x01v"]);
        assert_eq!(one(r#"<x><Item name="N">v</Item></x>"#), [""; 0]);
        assert_eq!(one(r"<item NAME='N'>v</ITEM>"), ["v"]);
    }

    #[test]
    fn roots_and_broken_texts_are_taken_as_gdal_takes_them() {
        let whole = r#"<GDALMetadata><Item name="N">v</Item></GDALMetadata>"#;
        let doctype = r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY b "BB">]>"#;
        for before in ["junk", "<a/>", doctype, "  "] {
            assert_eq!(texts(&format!("{before}{whole}<b/>")).len(), 1, "{before}");
        }
        for broken in [
            r#"<GDALMetadata><Item name="N">v</Item>"#,
            r#"<GDALMetadata><Item name="N">v</x></GDALMetadata>"#,
            "<",
            "<a",
            "<a b",
            "<a b=",
            "<!--",
            "</a>",
            ">",
            "",
        ] {
            assert_eq!(texts(broken), [], "{broken}");
        }
        assert_eq!(texts(&whole.replace("GDALMetadata", "Other")), []);
        assert_eq!(texts(&format!("{whole}{}", whole.replace('v', "w"))), [("N".to_owned(), "v".to_owned())]);
    }

    #[test]
    fn deep_nesting_and_entities_cost_nothing() {
        let deep = "<a>".repeat(200_000) + &"</a>".repeat(200_000);
        assert_eq!(items(&deep), []);
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><GDALMetadata><Item name="N">&b;</Item></GDALMetadata>"#;
        assert_eq!(texts(bomb), [("N".to_owned(), String::new())]);
    }
}
