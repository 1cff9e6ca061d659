//! Numbers as C's library reads and prints them, which is how GDAL reads and prints the numbers in a file's texts.

/// Reads the number at the start of a text; 0 where there is none (GDAL's `CPLAtofM`).
///
/// Only the spellings of NaN and infinity that GDAL knows are taken, and only where nothing follows them. A comma that comes before any
/// point is a decimal point. Hexadecimal digits are not read.
pub(crate) fn atof(text: &str) -> f64 {
    let text = text.trim_start_matches(is_space);
    if let Some(special) = not_finite(text) {
        return special;
    }
    let decimal = text.bytes().take(50).find(|b| matches!(b, b',' | b'.'));
    let text = if decimal == Some(b',') { text.replacen(',', ".", 1) } else { text.to_owned() };
    // GDAL's parser takes one sign after a plus.
    let text = text.strip_prefix('+').filter(|rest| rest.starts_with('-')).unwrap_or(&text);
    text.get(..float_length(text)).and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

/// The spellings that `CPLStrtodDelim` knows, those of old Microsoft libraries among them.
fn not_finite(text: &str) -> Option<f64> {
    let begins = |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    match text {
        "nan" | "NaN" => return Some(f64::NAN),
        "inf" | "Inf" | "INF" | "Infinity" | "+inf" | "+Inf" | "+INF" | "+Infinity" => return Some(f64::INFINITY),
        "-inf" | "-Inf" | "-INF" | "-Infinity" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    if ["-1.#QNAN", "-1.#IND", "1.#QNAN", "1.#SNAN"].iter().any(|word| text.starts_with(word)) {
        return Some(f64::NAN);
    }
    match (begins("1.#INF"), begins("-1.#INF")) {
        (true, _) => Some(f64::INFINITY),
        (_, true) => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// How many bytes of a text are a decimal number: sign, digits with a point, exponent.
fn float_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits_from = |at: usize| bytes.iter().skip(at).take_while(|b| b.is_ascii_digit()).count();
    let sign = |at: usize| usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
    let mut at = sign(0);
    let whole = digits_from(at);
    at += whole;
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        fraction = digits_from(at + 1);
        at += 1 + fraction;
    }
    if whole + fraction == 0 {
        return 0;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let exponent = at + 1 + sign(at + 1);
        let digits = digits_from(exponent);
        if digits > 0 {
            at = exponent + digits;
        }
    }
    at
}

/// The sign and the digits at the start of a text.
fn whole(text: &str) -> (bool, &str) {
    let text = text.trim_start_matches(is_space);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    (text.starts_with('-'), digits.get(..end).unwrap_or_default())
}

/// Reads the whole number at the start of a text; 0 where there is none, the nearest that fits where it is too large (C's `strtoll`).
pub(crate) fn strtoll(text: &str) -> i64 {
    let (negative, digits) = whole(text);
    let size = strtoull(digits);
    if negative { 0i64.checked_sub_unsigned(size).unwrap_or(i64::MIN) } else { i64::try_from(size).unwrap_or(i64::MAX) }
}

/// The same for `strtoull`, where a minus sign counts down from 2^64.
pub(crate) fn strtoull(text: &str) -> u64 {
    let (negative, digits) = whole(text);
    let size = if digits.is_empty() { Some(0) } else { digits.parse::<u64>().ok() };
    match size {
        Some(size) if negative => size.wrapping_neg(),
        Some(size) => size,
        None => u64::MAX,
    }
}

/// C's `isspace`.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// C's `%.{digits}g`.
pub(crate) fn printf_g(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "nan".into() } else { value.to_string() };
    }
    let digits = digits.max(1);
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..digits as i32).contains(&exponent) {
        return without_zeros(&format!("{value:.*}", (digits as i32 - 1 - exponent).max(0) as usize)).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(mantissa), exponent.abs())
}

fn without_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What GDAL 3.10.3 reads in a nodata tag of a float64 file, measured.
    #[test]
    fn atof_is_that_of_gdal() {
        for (text, value) in [
            ("-9999", -9999.0),
            ("  7 ", 7.0),
            ("\t7 metres", 7.0),
            ("1,5", 1.5),
            ("4,294,967,295", 4.294),
            ("1.2,3", 1.2),
            ("1,2.3", 1.2),
            (".5", 0.5),
            ("5.", 5.0),
            ("+5", 5.0),
            ("+-5", -5.0),
            ("--5", 0.0),
            ("1e", 1.0),
            ("1e+", 1.0),
            ("e5", 0.0),
            ("1d5", 1.0),
            ("0x10", 0.0),
            ("1e400", f64::INFINITY),
            ("-1e400", f64::NEG_INFINITY),
            ("1e-400", 0.0),
            ("Infinity", f64::INFINITY),
            ("infinity", 0.0),
            ("inf ", 0.0),
            (" inf", f64::INFINITY),
            ("-1.#inf", f64::NEG_INFINITY),
            ("1.#IND", 1.0),
            ("NAN", 0.0),
            ("-nan", 0.0),
            ("nan ", 0.0),
            ("abc", 0.0),
            ("", 0.0),
            ("\u{a0}5", 0.0),
            ("1.2.3", 1.2),
        ] {
            assert_eq!(atof(text), value, "{text:?}");
        }
        for text in ["nan", "NaN", " nan", "1.#QNANx", "-1.#IND", "1.#SNAN"] {
            assert!(atof(text).is_nan(), "{text:?}");
        }
    }

    #[test]
    fn whole_numbers_saturate_and_unsigned_ones_wrap() {
        assert_eq!(strtoll("-9223372036854775808"), i64::MIN);
        assert_eq!((strtoll("99999999999999999999"), strtoll("-99999999999999999999")), (i64::MAX, i64::MIN));
        assert_eq!((strtoll("-9.2e18"), strtoll(" +5x"), strtoll("nan"), strtoll("+-5")), (-9, 5, 0, 0));
        assert_eq!((strtoull("18446744073709551615"), strtoull("99999999999999999999"), strtoull("-1")), (u64::MAX, u64::MAX, u64::MAX));
        assert_eq!((strtoull("-70000"), strtoull("-"), strtoull("7 m")), (u64::MAX - 69_999, 0, 7));
    }

    #[test]
    fn printf_g_is_that_of_c() {
        for (value, digits, text) in [
            (72.0, 8, "72"),
            (0.1, 8, "0.1"),
            (1.0 / 3.0, 8, "0.33333333"),
            (1e9, 8, "1e+09"),
            (123_456_789.0, 8, "1.2345679e+08"),
            (1e-5, 8, "1e-05"),
            (0.0, 8, "0"),
            (-0.0, 6, "-0"),
            (999_999.5, 6, "1e+06"),
            (0.0001, 6, "0.0001"),
            (15834.0, 15, "15834"),
            (0.1, 15, "0.1"),
            (f64::INFINITY, 6, "inf"),
            (f64::NAN, 6, "nan"),
        ] {
            assert_eq!(printf_g(value, digits), text);
        }
    }
}
