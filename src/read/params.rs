//! What the caller asks of one read.

use crate::cancel::{CancelToken, Stop};
use crate::dataset::Dataset;
use crate::raster::resample::{Filter, Kernel};
use std::time::Duration;

/// How pixels are made where the output is not the size of the window. The numbers are those of `cog_resampling`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
#[allow(missing_docs, reason = "GDAL's names")]
pub enum Resampling {
    #[default]
    Nearest = 0,
    Bilinear = 1,
    Cubic = 2,
    CubicSpline = 3,
    Lanczos = 4,
    Average = 5,
    Rms = 6,
    Mode = 7,
    Gauss = 8,
}

impl Resampling {
    /// The kernel; `None` for nearest.
    pub(super) fn kernel(self) -> Option<Kernel> {
        Some(match self {
            Self::Nearest => return None,
            Self::Bilinear => Kernel::Convolution(Filter::Bilinear),
            Self::Cubic => Kernel::Convolution(Filter::Cubic),
            Self::CubicSpline => Kernel::Convolution(Filter::CubicSpline),
            Self::Lanczos => Kernel::Convolution(Filter::Lanczos),
            Self::Average => Kernel::Average,
            Self::Rms => Kernel::Rms,
            Self::Mode => Kernel::Mode,
            Self::Gauss => Kernel::Gauss,
        })
    }

    /// The method of this number in `cog_resampling`.
    pub fn from_code(code: i32) -> Option<Self> {
        use Resampling::{Average, Bilinear, Cubic, CubicSpline, Gauss, Lanczos, Mode, Nearest, Rms};
        [Nearest, Bilinear, Cubic, CubicSpline, Lanczos, Average, Rms, Mode, Gauss].into_iter().find(|r| *r as i32 == code)
    }
}

/// One read. The default is the whole of level 0, all bands.
#[derive(Debug, Clone, Default)]
pub struct ReadParams {
    /// x, y, width, height in pixels of `level` (of level 0 where that is chosen by output size); `None`: the whole level.
    pub window: Option<[f64; 4]>,
    /// `None`: chosen by the output size, as GDAL chooses it.
    pub level: Option<usize>,
    /// Output width and height; 0: as the window.
    pub out_size: (u64, u64),
    /// Bands from 1 on, in any order, also repeated; `None`: all.
    pub bands: Option<Vec<u32>>,
    /// How pixels are made where the output size differs from the window, or the window lies between the pixels.
    pub resampling: Resampling,
    /// A window may reach beyond the image, where the output is `fill` and its mask 0; else that is an error. Reads by bounds may anyway.
    /// The setting `read.boundless` switches it off for all.
    pub boundless: bool,
    /// What lies beyond the image; `None`: the setting `read.fill_value`. Converted to the output's type as a sample would be.
    pub fill: Option<f64>,
    /// Gives sample × scale + offset of each band instead of the samples, as floats unless another type is asked for.
    pub unscale: bool,
    /// The call's time limit.
    pub timeout: Option<Duration>,
    /// Stops this call.
    pub cancel: Option<CancelToken>,
}

impl ReadParams {
    /// What ends the call early: its own token and limit, or else the handle's token.
    pub(crate) fn stop(&self, dataset: &Dataset) -> Stop {
        Stop::new(self.cancel.clone().or_else(|| dataset.reader.settings.cancel.clone()), self.timeout)
    }
}
