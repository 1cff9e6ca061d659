//! What a dataset is: size, levels, bands, place on Earth, palette, JSON.

use super::dataset::{BandTexts, cog_dataset};
use super::structs::write_out;
use super::{borrow, boundary, cog_error, cog_status, infallible, malloc_copy, null, store};
use crate::error::{Error, Result};
use crate::geo::Crs;
use crate::raster::DType;
use std::ffi::{CString, c_char};

/// Type of a sample.
pub type cog_dtype = i32;
/// As destination: the file's own type.
pub const COG_NATIVE: cog_dtype = 0;
/// Unsigned, 8 bits. Files of 1 to 7 bits are read as this.
pub const COG_UINT8: cog_dtype = 1;
/// Signed, 8 bits.
pub const COG_INT8: cog_dtype = 2;
/// Unsigned, 16 bits. Files of 9 to 15 bits are read as this.
pub const COG_UINT16: cog_dtype = 3;
/// Signed, 16 bits.
pub const COG_INT16: cog_dtype = 4;
/// Unsigned, 32 bits. Files of 17 to 31 bits are read as this.
pub const COG_UINT32: cog_dtype = 5;
/// Signed, 32 bits.
pub const COG_INT32: cog_dtype = 6;
/// Unsigned, 64 bits.
pub const COG_UINT64: cog_dtype = 7;
/// Signed, 64 bits.
pub const COG_INT64: cog_dtype = 8;
/// IEEE half precision; as destination only (files of 16-bit floats are read as COG_FLOAT32).
pub const COG_FLOAT16: cog_dtype = 9;
/// IEEE single precision.
pub const COG_FLOAT32: cog_dtype = 10;
/// IEEE double precision.
pub const COG_FLOAT64: cog_dtype = 11;
/// Two COG_INT16: real and imaginary part.
pub const COG_CINT16: cog_dtype = 12;
/// Two COG_INT32.
pub const COG_CINT32: cog_dtype = 13;
/// Two COG_FLOAT32.
pub const COG_CFLOAT32: cog_dtype = 14;
/// Two COG_FLOAT64.
pub const COG_CFLOAT64: cog_dtype = 15;

/// A dataset as its first IFD describes it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_dataset_info {
    /// Set by the caller: sizeof(cog_dataset_info).
    pub struct_size: usize,
    /// Columns of level 0.
    pub width: u64,
    /// Rows of level 0.
    pub height: u64,
    /// The file's size in bytes.
    pub file_size: u64,
    /// The nodata value; 0 where has_nodata is 0.
    pub nodata: f64,
    /// Number of bands.
    pub bands: u32,
    /// Type of the samples as they are read.
    pub dtype: cog_dtype,
    /// EPSG code of the CRS, as cog_crs_epsg gives it.
    pub epsg: u32,
    /// The Compression tag of level 0: 1 none, 5 LZW, 7 JPEG, 8 Deflate, ….
    pub compression: u32,
    /// The PhotometricInterpretation tag.
    pub photometric: u32,
    /// 1 where each block holds one band (PlanarConfiguration 2).
    pub planar: i32,
    /// 1 for tiles, 0 for strips.
    pub tiled: i32,
    /// 1 for a BigTIFF.
    pub big_tiff: i32,
    /// 1 where the file's numbers are big-endian. What is read has the machine's order.
    pub big_endian: i32,
    /// 1 where there is a nodata value that the samples can have.
    pub has_nodata: i32,
    /// 1 where cog_geotransform and cog_bounds succeed.
    pub has_transform: i32,
    /// Ground control points, where there is no transform (cog_gcp_at).
    pub gcp_count: u32,
    /// The nodata value of a dataset of COG_INT64, exactly; 0 elsewhere.
    pub nodata_int64: i64,
    /// The nodata value of a dataset of COG_UINT64, exactly; 0 elsewhere.
    pub nodata_uint64: u64,
    /// The epoch of the coordinates in decimal years, where the CRS moves with time; 0 where the file names none.
    pub coordinate_epoch: f64,
}

/// One resolution.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_level_description {
    /// Set by the caller: sizeof(cog_level_description).
    pub struct_size: usize,
    /// Columns.
    pub width: u64,
    /// Rows.
    pub height: u64,
    /// Columns of one tile; a strip is as wide as the image.
    pub tile_width: u64,
    /// Rows of one tile or strip.
    pub tile_height: u64,
    /// Columns of tiles.
    pub tiles_across: u64,
    /// Rows of tiles.
    pub tiles_down: u64,
    /// The Compression tag.
    pub compression: u32,
    /// The Predictor tag.
    pub predictor: u32,
    /// 1 for tiles, 0 for strips.
    pub tiled: i32,
    /// 1 where a mask belongs to the level, in the file or beside it.
    pub has_mask: i32,
    /// The level's IFD, for cog_tag_at and its kin.
    pub ifd: u32,
}

/// One band.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_band_description {
    /// Set by the caller: sizeof(cog_band_description).
    pub struct_size: usize,
    /// Real value = sample × scale + offset.
    pub scale: f64,
    /// See scale.
    pub offset: f64,
    /// GDAL's word: "gray", "red", "alpha", "palette", "undefined", ….
    pub color_interpretation: *const c_char,
    /// The unit of the real value; "" where the file says none.
    pub unit: *const c_char,
    /// The band's name; "" where the file says none.
    pub description: *const c_char,
    /// Type of the samples; the same for all bands.
    pub dtype: cog_dtype,
}

/// Describes the dataset by its first IFD.
///
/// Ownership: info is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any. Blocking: no.
/// Errors: COG_ERR_INVALID_ARGUMENT for NULL or a struct_size that is none.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_info(dataset: *const cog_dataset, info: *mut cog_dataset_info, error: *mut *mut cog_error) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = &unsafe { borrow(dataset, "dataset")? }.dataset;
        let (image, (width, height)) = (d.first_image(), d.size());
        let value = cog_dataset_info {
            struct_size: 0,
            width,
            height,
            file_size: d.file_size(),
            nodata: d.nodata().unwrap_or(0.0),
            bands: d.bands().len() as u32,
            dtype: d.dtype() as cog_dtype,
            epsg: d.epsg().unwrap_or(0),
            compression: u32::from(image.compression),
            photometric: u32::from(image.photometric),
            planar: i32::from(image.planar),
            tiled: i32::from(image.tiling.tiled),
            big_tiff: i32::from(d.is_big_tiff()),
            big_endian: i32::from(d.is_big_endian()),
            has_nodata: i32::from(d.nodata().is_some()),
            has_transform: i32::from(d.transform().is_some()),
            gcp_count: d.gcps().len() as u32,
            nodata_int64: d.nodata_integer().and_then(|n| n.try_into().ok()).filter(|_| d.dtype() == DType::Int64).unwrap_or(0),
            nodata_uint64: d.nodata_integer().and_then(|n| n.try_into().ok()).filter(|_| d.dtype() == DType::UInt64).unwrap_or(0),
            coordinate_epoch: d.coordinate_epoch().unwrap_or(0.0),
        };
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { write_out(info, value, "info") }
    })
}

/// Gives the number of resolutions: 1 and the overviews.
///
/// Ownership: count is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
/// Blocking: the first time, on the IFDs that the open did not read. Errors: as reading the file; a damaged IFD ends the list.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_level_count(dataset: *const cog_dataset, count: *mut u32, error: *mut *mut cog_error) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let d = unsafe { borrow(dataset, "dataset")? };
        if count.is_null() {
            return Err(null("count"));
        }
        // SAFETY: as above.
        unsafe { store(count, d.dataset.level_count()? as u32, "count") }
    })
}

/// Describes one resolution; 0 is the full one.
///
/// Ownership: info is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
/// Blocking: the first time, as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS for a level that is not there; as cog_level_count.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_level_info(
    dataset: *const cog_dataset,
    level: u32,
    info: *mut cog_level_description,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let described = unsafe { borrow(dataset, "dataset")? }.dataset.level_info(level as usize)?;
        let value = cog_level_description {
            struct_size: 0,
            width: described.width,
            height: described.height,
            tile_width: described.block_width,
            tile_height: described.block_height,
            tiles_across: described.blocks_across,
            tiles_down: described.blocks_down,
            compression: u32::from(described.compression),
            predictor: u32::from(described.predictor),
            tiled: i32::from(described.tiled),
            has_mask: i32::from(described.has_mask),
            ifd: described.ifd as u32,
        };
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { write_out(info, value, "info") }
    })
}

/// Describes one band; the first is 1.
///
/// Ownership: info is the caller's, the texts in it belong to the dataset. Lifetime: the texts live until the dataset's last reference is
/// freed. NULL: error may be NULL, the others not. Threads: any. Blocking: no. Errors: COG_ERR_OUT_OF_BOUNDS for a band that is not there.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_band_info(
    dataset: *const cog_dataset,
    band: u32,
    info: *mut cog_band_description,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let handle = unsafe { borrow(dataset, "dataset")? };
        let bands = handle.dataset.bands();
        let texts = handle.band_texts.get_or_init(|| bands.iter().map(band_texts).collect());
        let index = (band as usize).wrapping_sub(1);
        let missing = || Error::out_of_bounds(format!("there is no band {band}; bands are 1 to {}", bands.len()));
        let (described, texts) = bands.get(index).zip(texts.get(index)).ok_or_else(missing)?;
        let value = cog_band_description {
            struct_size: 0,
            scale: described.scale,
            offset: described.offset,
            color_interpretation: texts.color_interpretation.as_ptr(),
            unit: texts.unit.as_ptr(),
            description: texts.description.as_ptr(),
            dtype: handle.dataset.dtype() as cog_dtype,
        };
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { write_out(info, value, "info") }
    })
}

fn band_texts(band: &crate::dataset::Band) -> BandTexts {
    let c = |text: &str| CString::new(text.replace('\0', " ")).unwrap_or_default();
    BandTexts {
        color_interpretation: c(&band.color_interpretation),
        unit: c(band.unit.as_deref().unwrap_or_default()),
        description: c(band.description.as_deref().unwrap_or_default()),
    }
}

/// The EPSG code of the CRS, or 0 where it has none. A CRS that the file gives by parameters has the code of the registered CRS which is
/// the same but for its names, as rasterio's to_epsg finds it.
///
/// Ownership: takes nothing. Lifetime: none. NULL: gives 0. Threads: any. Blocking: no. Errors: none.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_crs_epsg(dataset: *const cog_dataset) -> u32 {
    // SAFETY: NULL or a handle of this library, as documented.
    infallible(0, || unsafe { dataset.as_ref() }.and_then(|d| d.dataset.epsg()).unwrap_or(0))
}

/// Gives the affine transform of a level in GDAL's order: x = t[0] + column·t[1] + row·t[2], y = t[3] + column·t[4] + row·t[5], where whole
/// numbers are corners of pixels (also in a PixelIsPoint file, whose half pixel is taken into account).
///
/// Ownership: transform, an array of 6, is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
/// Blocking: for level 0 no; else as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS where the file has no transform or no such level.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_geotransform(
    dataset: *const cog_dataset,
    level: u32,
    transform: *mut f64,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = &unsafe { borrow(dataset, "dataset")? }.dataset;
        let found = if level == 0 { d.transform() } else { d.level_transform(level as usize)? };
        let found = found.ok_or_else(|| not_placed(d.name()))?;
        // SAFETY: NULL or an array of six, as documented.
        unsafe { store(transform.cast::<[f64; 6]>(), found.0, "transform") }
    })
}

/// Gives left, bottom, right and top of the image in its CRS. In a south-up image bottom is above top; around a rotated one it is a box.
///
/// Ownership: bounds, an array of 4, is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any. Blocking: no.
/// Errors: COG_ERR_OUT_OF_BOUNDS where the file has no transform.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_bounds(dataset: *const cog_dataset, bounds: *mut f64, error: *mut *mut cog_error) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = &unsafe { borrow(dataset, "dataset")? }.dataset;
        let found = d.bounds().ok_or_else(|| not_placed(d.name()))?;
        // SAFETY: NULL or an array of four, as documented.
        unsafe { store(bounds.cast::<[f64; 4]>(), found, "bounds") }
    })
}

fn not_placed(name: &str) -> Error {
    Error::out_of_bounds("the file has no geotransform").in_file(name)
}

/// Gives the palette of a paletted image: red, green, blue and alpha of each sample value, 0 to 255 each.
///
/// Ownership: rgba, with room for capacity × 4 bytes, is the caller's. Lifetime: none. NULL: rgba may be NULL where capacity is 0, to learn
/// *count; error may be NULL. Threads: any. Blocking: no. Errors: COG_ERR_OUT_OF_BOUNDS where there is no palette;
/// COG_ERR_BUFFER_TOO_SMALL where capacity is neither 0 nor enough.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_colormap(
    dataset: *const cog_dataset,
    rgba: *mut u8,
    capacity: usize,
    count: *mut usize,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = &unsafe { borrow(dataset, "dataset")? }.dataset;
        let palette = d.palette().ok_or_else(|| Error::out_of_bounds("the image has no palette").in_file(d.name()))?;
        // SAFETY: NULL or valid, as documented.
        unsafe { store(count, palette.len(), "count")? };
        if capacity == 0 {
            return Ok(());
        }
        if rgba.is_null() {
            return Err(null("rgba"));
        }
        let bytes: &[u8] = palette.as_flattened();
        if capacity < palette.len() {
            let (needed, given) = (bytes.len() as u64, capacity as u64 * 4);
            return Err(crate::error::Reason::BufferTooSmall { what: "rgba", needed, given }.into());
        }
        // SAFETY: the caller's array has room for `capacity` entries, which is enough.
        unsafe { rgba.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Ok(())
    })
}

/// Gives the whole description as a JSON object: the same that `cogtool info --json` prints; README.md names the keys.
///
/// Ownership: *text is the caller's, freed with cog_buffer_free; it ends with a NUL that *len does not count. Lifetime: until freed.
/// NULL: len and error may be NULL, the others not. Threads: any. Blocking: the first time, as cog_level_count.
/// Errors: as cog_level_count.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_metadata_json(
    dataset: *const cog_dataset,
    text: *mut *mut c_char,
    len: *mut usize,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = unsafe { borrow(dataset, "dataset")? };
        if text.is_null() {
            return Err(null("text"));
        }
        let json = d.dataset.metadata_json()?.to_string();
        // SAFETY: `text` is not NULL; `len` is NULL or valid.
        unsafe { give_text(&json, text, len) }
    })
}

/// Stores a copy of a text for the caller.
///
/// # Safety
/// `text` is valid for a write; `len` is NULL or valid.
unsafe fn give_text(value: &str, text: *mut *mut c_char, len: *mut usize) -> Result<()> {
    let copy = malloc_copy(value.as_bytes())?;
    // SAFETY: promised by the caller.
    unsafe {
        if !len.is_null() {
            len.write(value.len());
        }
        text.write(copy.cast());
    }
    Ok(())
}

/// Gives the CRS as WKT2:2019 (OGC 18-010r7), on one line; PROJ and GDAL read it. It is the CRS that GDAL makes of the file's GeoKeys:
/// by an EPSG code, by parameters, or a local (engineering) one where the file says no more.
///
/// Ownership: *text is the caller's, freed with cog_buffer_free; it ends with a NUL that *len does not count. Lifetime: until freed.
/// NULL: len and error may be NULL, the others not. Threads: any. Blocking: no.
/// Errors: COG_ERR_OUT_OF_BOUNDS where the file has no CRS; COG_ERR_UNSUPPORTED, with the reason, where its GeoKeys can't be expressed.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_crs_wkt(
    dataset: *const cog_dataset,
    text: *mut *mut c_char,
    len: *mut usize,
    error: *mut *mut cog_error,
) -> cog_status {
    // SAFETY: as documented.
    unsafe { give_crs(dataset, text, len, error, Crs::to_wkt) }
}

/// Gives the CRS as PROJJSON (version 0.7 of its schema): the same as cog_crs_wkt gives, in JSON.
///
/// Ownership: *text is the caller's, freed with cog_buffer_free; it ends with a NUL that *len does not count. Lifetime: until freed.
/// NULL: len and error may be NULL, the others not. Threads: any. Blocking: no. Errors: as cog_crs_wkt.
/// Example: examples-c/describe.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_crs_projjson(
    dataset: *const cog_dataset,
    text: *mut *mut c_char,
    len: *mut usize,
    error: *mut *mut cog_error,
) -> cog_status {
    // SAFETY: as documented.
    unsafe { give_crs(dataset, text, len, error, |crs| crs.to_projjson().to_string()) }
}

/// Gives the CRS in one of its forms.
///
/// # Safety
/// The pointers are as [`cog_crs_wkt`] documents them.
unsafe fn give_crs(
    dataset: *const cog_dataset,
    text: *mut *mut c_char,
    len: *mut usize,
    error: *mut *mut cog_error,
    form: fn(&Crs) -> String,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = &unsafe { borrow(dataset, "dataset")? }.dataset;
        if text.is_null() {
            return Err(null("text"));
        }
        let crs = d.crs()?.ok_or_else(|| Error::out_of_bounds("the file has no CRS").in_file(d.name()))?;
        // SAFETY: `text` is not NULL; `len` is NULL or valid.
        unsafe { give_text(&form(crs), text, len) }
    })
}
