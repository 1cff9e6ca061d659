//! Files that change while they are open.

use super::{FILES, PATH, fixture, open, read, serve, tile, truth};
use crate::server::Behaviour;
use cog::error::Status;

#[test]
fn a_file_replaced_while_open_is_modified_and_not_mixed() {
    for name in FILES {
        let bytes = fixture(name);
        let mut same_size = bytes.clone();
        same_size[500..].iter_mut().for_each(|b| *b ^= 0x55);
        for other in [same_size, bytes[..bytes.len() - 1].to_vec(), [bytes.clone(), vec![0]].concat(), Vec::new()] {
            let server = serve(&bytes, Behaviour::ChangeAfter { requests: 1, body: other });
            let dataset = open(&server, &[]).unwrap();
            for e in [tile(&dataset, 2, 1).unwrap_err(), read(&dataset).unwrap_err()] {
                assert_eq!((e.status(), e.place().http_status), (Status::Modified, Some(412)), "{e}");
                assert!(e.to_string().contains(PATH) && e.to_string().contains("open it again"), "{e}");
            }
            assert_eq!(tile(&dataset, 2, 1).unwrap_err().place().tile, Some((2, 1)));
        }
    }
}

#[test]
fn a_file_replaced_by_itself_is_read_on() {
    let bytes = fixture(FILES[0]);
    let server = serve(&bytes, Behaviour::ChangeAfter { requests: 1, body: bytes.clone() });
    assert_eq!(read(&open(&server, &[]).unwrap()).unwrap(), read(&truth(&bytes)).unwrap());
}
