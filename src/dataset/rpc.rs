//! Rational polynomial coefficients (tag 50844; "RPCs in GeoTIFF", GDAL's RFC 22, `GTiffDatasetReadRPCTag`).

use super::domains::Domains;
use crate::c_numbers::printf_g;

/// How ground coordinates become image coordinates, by ratios of polynomials of the third degree.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C)]
#[allow(missing_docs, reason = "the names are those of the specification")]
pub struct Rpc {
    /// Root mean square bias error in metres; -1 where unknown.
    pub err_bias: f64,
    /// Root mean square random error in metres; -1 where unknown.
    pub err_rand: f64,
    pub line_off: f64,
    pub samp_off: f64,
    pub lat_off: f64,
    pub long_off: f64,
    pub height_off: f64,
    pub line_scale: f64,
    pub samp_scale: f64,
    pub lat_scale: f64,
    pub long_scale: f64,
    pub height_scale: f64,
    pub line_num_coeff: [f64; 20],
    pub line_den_coeff: [f64; 20],
    pub samp_num_coeff: [f64; 20],
    pub samp_den_coeff: [f64; 20],
}

/// GDAL's names of the single numbers, in the tag's order.
const NAMES: [&str; 12] = [
    "ERR_BIAS",
    "ERR_RAND",
    "LINE_OFF",
    "SAMP_OFF",
    "LAT_OFF",
    "LONG_OFF",
    "HEIGHT_OFF",
    "LINE_SCALE",
    "SAMP_SCALE",
    "LAT_SCALE",
    "LONG_SCALE",
    "HEIGHT_SCALE",
];

impl Rpc {
    /// Reads the tag, which has 92 numbers.
    pub(super) fn new(values: &[f64]) -> Option<Self> {
        let values: &[f64; 92] = values.try_into().ok()?;
        let (single, coefficients) = values.split_first_chunk::<12>()?;
        let &[
            err_bias,
            err_rand,
            line_off,
            samp_off,
            lat_off,
            long_off,
            height_off,
            line_scale,
            samp_scale,
            lat_scale,
            long_scale,
            height_scale,
        ] = single;
        let part = |i: usize| coefficients.get(20 * i..20 * (i + 1)).and_then(|c| <[f64; 20]>::try_from(c).ok());
        Some(Self {
            err_bias,
            err_rand,
            line_off,
            samp_off,
            lat_off,
            long_off,
            height_off,
            line_scale,
            samp_scale,
            lat_scale,
            long_scale,
            height_scale,
            line_num_coeff: part(0)?,
            line_den_coeff: part(1)?,
            samp_num_coeff: part(2)?,
            samp_den_coeff: part(3)?,
        })
    }

    /// The single numbers with GDAL's names.
    pub(super) fn singles(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let values = [
            self.err_bias,
            self.err_rand,
            self.line_off,
            self.samp_off,
            self.lat_off,
            self.long_off,
            self.height_off,
            self.line_scale,
            self.samp_scale,
            self.lat_scale,
            self.long_scale,
            self.height_scale,
        ];
        NAMES.into_iter().zip(values)
    }

    /// The coefficients with GDAL's names.
    pub(super) fn coefficients(&self) -> [(&'static str, &[f64; 20]); 4] {
        [
            ("LINE_NUM_COEFF", &self.line_num_coeff),
            ("LINE_DEN_COEFF", &self.line_den_coeff),
            ("SAMP_NUM_COEFF", &self.samp_num_coeff),
            ("SAMP_DEN_COEFF", &self.samp_den_coeff),
        ]
    }

    /// Adds the domain RPC in GDAL's spelling.
    pub(super) fn add_to(&self, domains: &mut Domains) {
        for (name, value) in self.singles() {
            domains.set("RPC", name, printf_g(value, 15));
        }
        for (name, values) in self.coefficients() {
            domains.set("RPC", name, values.map(|v| printf_g(v, 15)).join(" "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_92_numbers_are_coefficients() {
        let values: Vec<f64> = (0..92).map(f64::from).collect();
        assert_eq!((Rpc::new(&values[..91]), Rpc::new(&[0.0; 93])), (None, None));
        let rpc = Rpc::new(&values).unwrap();
        assert_eq!((rpc.height_scale, rpc.line_num_coeff[0], rpc.samp_den_coeff[19]), (11.0, 12.0, 91.0));
        let mut domains = Domains::default();
        rpc.add_to(&mut domains);
        assert_eq!(domains.get("RPC").unwrap().items.len(), 16);
        assert!(domains.item("RPC", "LINE_NUM_COEFF").unwrap().starts_with("12 13 14"));
    }
}
