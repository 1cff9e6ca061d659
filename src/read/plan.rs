//! Which blocks a read needs, and where each goes in the output. No I/O.

use super::ReadSize;
use super::target::Target;
use crate::dataset::{Dataset, Level, MaskSource};
use crate::error::Result;
use crate::raster::{Axis, Nodata};
use crate::tiff::Image;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Blocks along one axis: block number, and the output positions that it serves.
type Spans = Arc<Vec<(u64, Range<usize>)>>;

/// What the blocks of a pass are read for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    /// Pixels: (sample within the block's pixels, band of the output). Empty where a plane is read for the mask alone.
    Bands(Vec<(usize, usize)>),
    /// The internal mask.
    Mask,
}

/// What a block of pixels says of the mask.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MaskFrom {
    Nothing,
    /// A pixel is valid where any of these samples of the block's pixels is not its nodata value.
    Nodata(Vec<(usize, Nodata)>),
    /// This sample is the mask.
    Alpha(usize),
}

/// Blocks of one image and plane.
pub(crate) struct Pass {
    pub(crate) image: Arc<Image>,
    /// The sidecar that has the image; `None`: the file itself.
    pub(super) file: Option<Arc<Dataset>>,
    pub(crate) plane: usize,
    pub(crate) role: Role,
    pub(crate) mask: MaskFrom,
    pub(crate) columns: Spans,
    pub(crate) rows: Spans,
    /// Number in the plan of the first block.
    pub(super) first: usize,
}

impl Pass {
    pub(super) fn blocks(&self) -> usize {
        self.columns.len() * self.rows.len()
    }
}

/// Passes whose blocks are in one file.
pub(crate) struct FilePart {
    /// A sidecar; `None`: the file itself.
    pub(crate) file: Option<Arc<Dataset>>,
    pub(crate) passes: Range<usize>,
    /// Their blocks, by their numbers in the plan.
    pub(crate) blocks: Range<usize>,
}

/// A read, planned.
pub(crate) struct Plan {
    /// Of the part that lies inside the image.
    pub(crate) size: ReadSize,
    pub(crate) columns: Axis,
    pub(crate) rows: Axis,
    /// What the mask is filled with before any block is read.
    pub(crate) mask_start: u8,
    pub(crate) passes: Vec<Pass>,
    /// Fills sparse blocks.
    pub(crate) fill: Option<Nodata>,
    /// Width and height of the level: beyond it the mask is 0.
    pub(crate) image_size: (u64, u64),
}

impl Plan {
    /// Plans a read, with the mask or without.
    pub(crate) fn new(dataset: &Dataset, target: &Target, mask: bool) -> Result<Self> {
        let (columns, rows) = target.axes()?;
        let level = &target.level;
        let mask_of = if mask { MaskKind::of(dataset, level, &target.bands) } else { MaskKind::AllValid };
        let across = Arc::new(columns.blocks(level.image.tiling.width)?);
        let down = Arc::new(rows.blocks(level.image.tiling.height)?);
        let mut passes: Vec<Pass> = Vec::new();
        let mut push = |(image, file): (&Arc<Image>, &Option<Arc<Dataset>>), plane, (role, mask), columns: &Spans, rows: &Spans| {
            let first = passes.last().map_or(0, |last| last.first + last.blocks());
            let (image, file, columns, rows) = (Arc::clone(image), file.clone(), Arc::clone(columns), Arc::clone(rows));
            passes.push(Pass { image, file, plane, role, mask, columns, rows, first });
        };
        for (plane, (bands, mask)) in planes(&level.image, &target.bands, &mask_of) {
            push((&level.image, &level.file), plane, (Role::Bands(bands), mask), &across, &down);
        }
        if let (MaskKind::Internal, Some(mask)) = (&mask_of, &level.mask) {
            let image = &mask.image;
            let (mut across, mut down) = (columns.blocks(image.tiling.width)?, rows.blocks(image.tiling.height)?);
            // A tile may reach beyond the image, where the mask has no blocks.
            across.retain(|(block, _)| *block < image.tiling.across);
            down.retain(|(block, _)| *block < image.tiling.down);
            let role = if mask.as_stored { (Role::Bands(Vec::new()), MaskFrom::Alpha(0)) } else { (Role::Mask, MaskFrom::Nothing) };
            push((image, &mask.file), 0, role, &Arc::new(across), &Arc::new(down));
        }
        let mask_start = if mask_of == MaskKind::AllValid { 255 } else { 0 };
        let image_size = (level.image.width, level.image.height);
        let size = ReadSize { width: columns.len(), height: rows.len(), ..target.size };
        Ok(Self { size, columns, rows, mask_start, passes, fill: dataset.nodata_value(), image_size })
    }

    /// The passes by file: those of pixels, and that of a mask in another file.
    pub(crate) fn parts(&self) -> Vec<FilePart> {
        let same_file = |a: &Pass, b: &Pass| match (&a.file, &b.file) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        let mut parts = Vec::new();
        let mut start = 0;
        for passes in self.passes.chunk_by(same_file) {
            let (Some(first), Some(last)) = (passes.first(), passes.last()) else { continue };
            let (range, blocks) = (start..start + passes.len(), first.first..last.first + last.blocks());
            start = range.end;
            parts.push(FilePart { file: first.file.clone(), passes: range, blocks });
        }
        parts
    }

    /// The pass of block `i`, with the block's number in the pass.
    pub(crate) fn pass_of(&self, i: usize) -> Option<(&Pass, usize)> {
        let after = self.passes.partition_point(|pass| pass.first <= i);
        let pass = self.passes.get(after.checked_sub(1)?)?;
        Some((pass, i - pass.first)).filter(|(pass, i)| *i < pass.blocks())
    }
}

/// The planes to read: of each, which samples go to which bands of the output, and what it says of the mask.
pub(super) fn planes(image: &Image, bands: &[usize], mask: &MaskKind) -> BTreeMap<usize, (Vec<(usize, usize)>, MaskFrom)> {
    // A band's plane, and its sample there.
    let place = |band: usize| if image.planar { (band, 0) } else { (0, band) };
    let mut planes: BTreeMap<usize, (Vec<(usize, usize)>, MaskFrom)> = BTreeMap::new();
    let nothing = || (Vec::new(), MaskFrom::Nothing);
    for (out, band) in bands.iter().enumerate() {
        let (plane, sample) = place(*band);
        planes.entry(plane).or_insert_with(nothing).0.push((sample, out));
    }
    match mask {
        MaskKind::Internal | MaskKind::AllValid => {}
        MaskKind::Alpha(band) => {
            let (plane, sample) = place(*band);
            planes.entry(plane).or_insert_with(nothing).1 = MaskFrom::Alpha(sample);
        }
        MaskKind::Nodata(values) | MaskKind::NodataValues(values) => {
            for (band, value) in values {
                let (plane, sample) = place(*band);
                match &mut planes.entry(plane).or_insert_with(nothing).1 {
                    MaskFrom::Nodata(samples) => samples.push((sample, *value)),
                    other => *other = MaskFrom::Nodata(vec![(sample, *value)]),
                }
            }
        }
    }
    planes
}

/// What the mask of a dataset is made of, in GDAL's and rasterio's order (`dataset_mask`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MaskKind {
    Internal,
    /// Valid where any band has not its own value, for all bands in common: GDAL's item NODATA_VALUES.
    NodataValues(Vec<(usize, Nodata)>),
    /// Valid where any of these bands has not its nodata value; each band leaves out its own.
    Nodata(Vec<(usize, Nodata)>),
    Alpha(usize),
    AllValid,
}

impl MaskKind {
    pub(super) fn of(dataset: &Dataset, level: &Level, bands: &[usize]) -> Self {
        if level.mask.is_some() {
            return Self::Internal;
        }
        let nodata = |value| Self::Nodata(deciding_bands(dataset, bands).into_iter().map(|band| (band, value)).collect());
        match &dataset.description().mask {
            // Whichever bands are read, all decide. Of an overview GDAL knows no such values.
            MaskSource::NodataValues(values) if level.is_base() => Self::NodataValues(values.iter().copied().enumerate().collect()),
            MaskSource::NodataValues(_) => {
                dataset.nodata_value().filter(|value| value.masks(level.image.dtype)).map_or(Self::AllValid, nodata)
            }
            MaskSource::Nodata(value) => nodata(*value),
            MaskSource::Alpha(band) => Self::Alpha(*band),
            MaskSource::AllValid => Self::AllValid,
        }
    }

    /// Whether the file stores the mask, for all bands in common.
    pub(crate) fn is_stored(&self) -> bool {
        matches!(self, Self::Internal | Self::Alpha(_))
    }
}

impl Dataset {
    /// What the mask of a level is made of.
    pub(crate) fn mask_kind(&self, level: usize) -> Result<MaskKind> {
        let bands: Vec<usize> = (0..self.bands().len()).collect();
        self.wait(async { Ok(MaskKind::of(self, self.level(level, &self.stop()).await?, &bands)) })
    }
}

/// The bands whose nodata makes the mask of a read of `bands`: these, or by rasterio's rule for four bands that begin with red, the fourth.
fn deciding_bands(dataset: &Dataset, bands: &[usize]) -> Vec<usize> {
    let begins_with_red = dataset.bands().first().is_some_and(|b| b.color_interpretation == "red");
    if dataset.bands().len() == 4 && begins_with_red && (0..4).all(|band| bands.contains(&band)) {
        return vec![3];
    }
    let mut deciding = bands.to_vec();
    deciding.sort_unstable();
    deciding.dedup();
    deciding
}
