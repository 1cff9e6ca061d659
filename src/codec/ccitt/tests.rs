//! Tests of the CCITT codings.

use super::super::Backend;
use super::super::testing::{self, layout};
use super::*;

const WIDTH: usize = 70;
const HEIGHT: usize = 11;

// What libtiff 4.5 wrote (`TIFFWriteEncodedStrip` with the compression and the `T4Options` of the test) of the pixels that
// `expected` makes.

const RUNS: &[u8] = &[
    53, 61, 79, 83, 212, 240, 53, 61, 79, 83, 212, 240, 229, 51, 212, 245, 51, 128, 162, 195, 212, 245, 51, 128, 57, 234, 122, 158, 160,
    57, 104, 122, 158, 160, 195, 154, 227, 212, 245, 48, 195, 66, 131, 212, 245, 48, 53, 61, 79, 83, 212, 240, 53, 61, 77, 209, 7, 169,
    224, 212, 206, 172, 245, 51, 128,
];

const GROUP_3: &[u8] = &[
    0, 19, 83, 212, 245, 61, 79, 0, 4, 212, 245, 61, 79, 83, 192, 1, 229, 51, 212, 245, 51, 128, 13, 22, 30, 167, 169, 156, 0, 78, 122,
    158, 167, 168, 0, 156, 180, 61, 79, 80, 1, 195, 154, 227, 212, 245, 48, 1, 195, 66, 131, 212, 245, 48, 1, 53, 61, 79, 83, 212, 240, 0,
    77, 79, 83, 116, 65, 234, 120, 0, 58, 153, 213, 158, 166, 112,
];

const GROUP_3_FILLED: &[u8] = &[
    0, 1, 53, 61, 79, 83, 212, 240, 0, 1, 53, 61, 79, 83, 212, 240, 0, 1, 229, 51, 212, 245, 51, 128, 1, 162, 195, 212, 245, 51, 128, 1,
    57, 234, 122, 158, 160, 1, 57, 104, 122, 158, 160, 1, 195, 154, 227, 212, 245, 48, 1, 195, 66, 131, 212, 245, 48, 1, 53, 61, 79, 83,
    212, 240, 0, 1, 53, 61, 77, 209, 7, 169, 224, 0, 1, 212, 206, 172, 245, 51, 128,
];

const GROUP_3_2D: &[u8] = &[
    0, 25, 169, 234, 122, 158, 167, 128, 2, 255, 128, 15, 148, 207, 83, 212, 206, 0, 33, 46, 191, 128, 12, 231, 169, 234, 122, 128, 10,
    254, 0, 60, 57, 174, 61, 79, 83, 0, 22, 37, 215, 224, 3, 53, 61, 79, 83, 212, 240, 0, 94, 93, 124, 0, 122, 153, 213, 158, 166, 112,
];

const GROUP_4: &[u8] = &[
    38, 166, 117, 51, 169, 157, 79, 255, 18, 58, 51, 51, 169, 157, 78, 37, 215, 246, 79, 82, 122, 147, 214, 254, 112, 204, 209, 227, 58,
    153, 212, 241, 46, 191, 38, 166, 129, 157, 76, 234, 127, 46, 190, 36, 230, 37, 209, 179, 58, 156, 0, 64, 4,
];

fn expected() -> Vec<u8> {
    let black = |x: usize, y: usize| x < WIDTH && ((x / 5 + y / 2).is_multiple_of(4) || x == 3 * y);
    let byte = |i: usize| (0..8).fold(0, |byte, bit| byte << 1 | u8::from(black(i % 9 * 8 + bit, i / 9)));
    (0..HEIGHT * 9).map(byte).collect()
}

fn bilevel(width: usize, height: usize, t4_options: u32) -> BlockLayout<'static> {
    BlockLayout { bits: 1, t4_options, ..layout(width, height, 1) }
}

fn decode(codec: &Ccitt, input: &[u8], options: u32) -> Result<Vec<u8>, CodecError> {
    testing::decode(codec, input, &bilevel(WIDTH, HEIGHT, options), Backend::Native, HEIGHT * 9)
}

#[test]
fn reads_what_libtiff_wrote() {
    assert_eq!(decode(&Ccitt::Runs, RUNS, 0), Ok(expected()));
    assert_eq!(decode(&Ccitt::Group3, GROUP_3, 0), Ok(expected()));
    assert_eq!(decode(&Ccitt::Group3, GROUP_3_FILLED, 4), Ok(expected()));
    assert_eq!(decode(&Ccitt::Group3, GROUP_3_2D, 1), Ok(expected()));
    assert_eq!(decode(&Ccitt::Group4, GROUP_4, 0), Ok(expected()));
}

#[test]
fn lines_may_come_without_their_ends() {
    // Two white pixels (0111) and six black ones (0010), three times.
    let read = testing::decode(&Ccitt::Group3, &[0b0111_0010; 3], &bilevel(8, 3, 0), Backend::Native, 3);
    assert_eq!(read, Ok(vec![0b0011_1111; 3]));
}

#[test]
fn a_damaged_line_of_group_3_costs_only_itself() {
    let mut damaged = GROUP_3.to_vec();
    // In the third line; more than seven zeros begin no code word.
    let line = GROUP_3.len() * 2 / HEIGHT + 4;
    damaged[line] = 0x01;
    let (got, want) = (decode(&Ccitt::Group3, &damaged, 0).unwrap(), expected());
    let wrong: Vec<usize> = (0..HEIGHT).filter(|y| got[y * 9..y * 9 + 9] != want[y * 9..y * 9 + 9]).collect();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
}

#[test]
fn a_group_4_block_that_ends_early_is_white_from_there_on() {
    let got = decode(&Ccitt::Group4, &GROUP_4[..GROUP_4.len() / 2], 0).unwrap();
    let whole = got.iter().zip(expected()).take_while(|(got, want)| *got == want).count() / 9;
    assert!((3..HEIGHT - 2).contains(&whole), "{whole}");
    assert!(got[(whole + 1) * 9..].iter().all(|byte| *byte == 0));
    assert!(decode(&Ccitt::Group4, &[], 0).is_err());
    assert!(decode(&Ccitt::Group3, &GROUP_3[..GROUP_3.len() / 2], 0).is_err());
    assert!(decode(&Ccitt::Runs, &RUNS[..RUNS.len() / 2], 0).is_err());
}

#[test]
fn deeper_samples_are_refused() {
    assert!(matches!(Ccitt::Runs.decode(RUNS, &layout(8, 8, 1), &mut [0; 64]), Err(CodecError::Unsupported(_))));
}

#[test]
fn damaged_streams_never_panic() {
    let all = [
        (Ccitt::Runs, RUNS, 0),
        (Ccitt::Group3, GROUP_3, 0),
        (Ccitt::Group3, GROUP_3_FILLED, 4),
        (Ccitt::Group3, GROUP_3_2D, 1),
        (Ccitt::Group4, GROUP_4, 0),
    ];
    for (codec, stream, options) in all {
        for width in [1, WIDTH, 3000] {
            let layout = bilevel(width, HEIGHT, options);
            testing::torture(&codec, stream, &layout, width.div_ceil(8) * HEIGHT);
            testing::torture(&codec, &testing::Noise::new(width as u64).bytes(300), &layout, width.div_ceil(8) * HEIGHT);
        }
    }
}
