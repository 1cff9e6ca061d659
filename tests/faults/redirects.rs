//! Redirects, and what goes along.

use super::{FILES, PATH, fixture, open, read, refused, serve, truth};
use crate::server::{Behaviour, Server};

#[test]
fn a_redirect_is_followed() {
    for name in FILES {
        let bytes = fixture(name);
        let target = serve(&bytes, Behaviour::Normal);
        let server = Server::builder().behaviour(PATH, Behaviour::RedirectTo(target.url(PATH))).start().unwrap();
        assert_eq!(read(&open(&server, &[]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
    }
}

#[test]
fn a_redirect_loop_ends_after_five() {
    let server = serve(&[], Behaviour::RedirectLoop);
    refused(&server, &[]);
    assert_eq!(server.requests().len(), 6, "the first request and five that it led to");
}

#[test]
fn credentials_do_not_follow_a_redirect_to_another_origin() {
    let bytes = fixture(FILES[0]);
    for settings in [("http.bearer_token", "TOKEN-7f3a"), ("http.headers", "Authorization: Basic VE9LRU4tN2YzYQ==\nCookie: key=TOKEN-7f3a")]
    {
        let target = serve(&bytes, Behaviour::Normal);
        let server = Server::builder().behaviour(PATH, Behaviour::RedirectTo(target.url(PATH))).start().unwrap();
        read(&open(&server, &[settings]).unwrap()).unwrap();
        assert!(server.requests().iter().all(|r| r.header("authorization").is_some()));
        for request in target.requests() {
            assert_eq!((request.header("authorization"), request.header("cookie")), (None, None));
        }
    }
}

#[test]
fn credentials_follow_a_redirect_within_their_origin() {
    let bytes = fixture(FILES[0]);
    let server = Server::builder().file("/b.tif", bytes).behaviour(PATH, Behaviour::RedirectTo("/b.tif".to_owned())).start().unwrap();
    read(&open(&server, &[("http.bearer_token", "TOKEN-7f3a")]).unwrap()).unwrap();
    assert!(server.requests().iter().all(|r| r.header("authorization") == Some("Bearer TOKEN-7f3a")));
}
