//! What a dataset says beyond its pixels: metadata domains, ground control points, RPCs, the ICC profile.

use super::dataset::cog_dataset;
use super::structs::write_out;
use super::{borrow, boundary, cog_error, cog_status, malloc_copy, null, store, text};
use crate::dataset::{Domain, Domains};
use crate::error::{Error, Result};
use std::ffi::{CString, c_char, c_void};

/// A domain's texts as C strings.
pub(crate) struct DomainTexts {
    name: CString,
    items: Vec<(CString, CString)>,
}

/// One ground control point.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_gcp {
    /// Set by the caller: sizeof(cog_gcp).
    pub struct_size: usize,
    /// Position in the image in pixels from the left; pixel corners are whole numbers.
    pub column: f64,
    /// Position in the image in pixels from the top.
    pub row: f64,
    /// Position in the CRS (cog_crs_epsg names it).
    pub x: f64,
    /// See x.
    pub y: f64,
    /// Height.
    pub z: f64,
}

/// Rational polynomial coefficients ("RPCs in GeoTIFF"): a line is line_off + line_scale × numerator / denominator, polynomials of the third
/// degree of longitude, latitude and height, each less its offset and divided by its scale.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cog_rpc {
    /// Set by the caller: sizeof(cog_rpc).
    pub struct_size: usize,
    /// Root mean square bias error in metres; -1 where unknown.
    pub err_bias: f64,
    /// Root mean square random error in metres; -1 where unknown.
    pub err_rand: f64,
    /// Offset of lines.
    pub line_off: f64,
    /// Offset of samples (columns).
    pub samp_off: f64,
    /// Offset of latitudes, degrees.
    pub lat_off: f64,
    /// Offset of longitudes, degrees.
    pub long_off: f64,
    /// Offset of heights, metres.
    pub height_off: f64,
    /// Scale of lines.
    pub line_scale: f64,
    /// Scale of samples.
    pub samp_scale: f64,
    /// Scale of latitudes.
    pub lat_scale: f64,
    /// Scale of longitudes.
    pub long_scale: f64,
    /// Scale of heights.
    pub height_scale: f64,
    /// Numerator of the line.
    pub line_num_coeff: [f64; 20],
    /// Denominator of the line.
    pub line_den_coeff: [f64; 20],
    /// Numerator of the sample.
    pub samp_num_coeff: [f64; 20],
    /// Denominator of the sample.
    pub samp_den_coeff: [f64; 20],
}

/// The texts of the dataset (band 0) or of a band, made when first asked for.
fn domains(handle: &cog_dataset, band: u32) -> Result<&[DomainTexts]> {
    let d = &handle.dataset;
    let index = band as usize;
    let cell = handle.domain_texts.get(index).ok_or_else(|| {
        let message = format!("there is no band {band}; bands are 1 to {}, and 0 is the dataset", d.bands().len());
        Error::out_of_bounds(message).in_file(d.name())
    })?;
    if let Some(texts) = cell.get() {
        return Ok(texts);
    }
    let all: &Domains = match index.checked_sub(1).and_then(|i| d.bands().get(i)) {
        Some(band) => &band.domains,
        None => d.domains()?,
    };
    Ok(cell.get_or_init(|| all.iter().map(domain_texts).collect()))
}

fn domain_texts(domain: &Domain) -> DomainTexts {
    let c = |text: &str| CString::new(text.replace('\0', " ")).unwrap_or_default();
    DomainTexts { name: c(&domain.name), items: domain.items.iter().map(|(key, value)| (c(key), c(value))).collect() }
}

/// The domain of a name, of which the caller's NULL is the default one's.
///
/// # Safety
/// `name` is NULL or leads to a NUL-terminated string.
unsafe fn domain(handle: &cog_dataset, band: u32, name: *const c_char) -> Result<&DomainTexts> {
    // SAFETY: promised by the caller.
    let name = if name.is_null() { "" } else { unsafe { text(name, "domain")? } };
    let found = domains(handle, band)?.iter().find(|d| d.name.to_bytes().eq_ignore_ascii_case(name.as_bytes()));
    found.ok_or_else(|| Error::out_of_bounds(format!("there is no metadata domain {name:?}")).in_file(handle.dataset.name()))
}

/// Gives the number of metadata domains that have items, of the dataset (band 0) or of a band (from 1 on). They are GDAL's, with its names and
/// its spelling of values: "" (the default one), IMAGE_STRUCTURE, EXIF, RPC, COLOR_PROFILE, SUBDATASETS, xml:XMP and those of GDAL_METADATA.
///
/// Ownership: count is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
/// Blocking: the first time for band 0, on tags that the open did not read, and as cog_level_count; else no.
/// Errors: COG_ERR_OUT_OF_BOUNDS for a band that is not there; COG_ERR_LIMIT_EXCEEDED beyond limits.tag_bytes; as reading the file.
/// Example: examples-c/metadata.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_metadata_domain_count(
    dataset: *const cog_dataset,
    band: u32,
    count: *mut u32,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let handle = unsafe { borrow(dataset, "dataset")? };
        if count.is_null() {
            return Err(null("count"));
        }
        // SAFETY: not NULL, and valid as documented.
        unsafe { store(count, domains(handle, band)?.len() as u32, "count") }
    })
}

/// Gives the name of metadata domain `index` (from 0 on) and the number of its items.
///
/// Ownership: *name belongs to the dataset, *items is the caller's. Lifetime: the name lives until the dataset's last reference is freed.
/// NULL: items and error may be NULL, the others not. Threads: any. Blocking: as cog_metadata_domain_count.
/// Errors: COG_ERR_OUT_OF_BOUNDS for a band or a domain that is not there; as cog_metadata_domain_count.
/// Example: examples-c/metadata.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_metadata_domain_at(
    dataset: *const cog_dataset,
    band: u32,
    index: u32,
    name: *mut *const c_char,
    items: *mut u32,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let handle = unsafe { borrow(dataset, "dataset")? };
        let all = domains(handle, band)?;
        let missing = || Error::out_of_bounds(format!("there is no metadata domain number {index}; there are {}", all.len()));
        let found = all.get(index as usize).ok_or_else(missing)?;
        // SAFETY: NULL or valid, as documented.
        unsafe {
            store(name, found.name.as_ptr(), "name")?;
            if items.is_null() { Ok(()) } else { store(items, found.items.len() as u32, "items") }
        }
    })
}

/// Gives key and value of item `index` (from 0 on) of a metadata domain. A domain whose name begins with "xml:" has one item, whose value is
/// the whole text.
///
/// Ownership: *key and *value belong to the dataset. Lifetime: they live until the dataset's last reference is freed. NULL: domain (the
/// default one) and error may be NULL, the others not. Threads: any. Blocking: as cog_metadata_domain_count.
/// Errors: COG_ERR_OUT_OF_BOUNDS for a band, a domain or an item that is not there; as cog_metadata_domain_count.
/// Example: examples-c/metadata.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_metadata_at(
    dataset: *const cog_dataset,
    band: u32,
    domain: *const c_char,
    index: u32,
    key: *mut *const c_char,
    value: *mut *const c_char,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let items = unsafe { &self::domain(borrow(dataset, "dataset")?, band, domain)?.items };
        let missing = || Error::out_of_bounds(format!("there is no metadata item number {index}; there are {}", items.len()));
        let (k, v) = items.get(index as usize).ok_or_else(missing)?;
        // SAFETY: NULL or valid, as documented.
        unsafe {
            store(key, k.as_ptr(), "key")?;
            store(value, v.as_ptr(), "value")
        }
    })
}

/// Gives the value of a metadata item. Upper and lower case of domains and keys are the same.
///
/// Ownership: *value belongs to the dataset. Lifetime: it lives until the dataset's last reference is freed. NULL: domain (the default one)
/// and error may be NULL, the others not. Threads: any. Blocking: as cog_metadata_domain_count.
/// Errors: COG_ERR_OUT_OF_BOUNDS for a band, a domain or an item that is not there; as cog_metadata_domain_count.
/// Example: examples-c/metadata.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_metadata_item(
    dataset: *const cog_dataset,
    band: u32,
    domain: *const c_char,
    key: *const c_char,
    value: *mut *const c_char,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or valid, as documented.
        let (items, key) = unsafe { (&self::domain(borrow(dataset, "dataset")?, band, domain)?.items, text(key, "key")?) };
        let found = items.iter().find(|(k, _)| k.to_bytes().eq_ignore_ascii_case(key.as_bytes()));
        let (_, found) = found.ok_or_else(|| Error::out_of_bounds(format!("there is no metadata item {key:?}")))?;
        // SAFETY: NULL or valid, as documented.
        unsafe { store(value, found.as_ptr(), "value") }
    })
}

/// Gives ground control point `index`, from 0 on; cog_dataset_info has their number. Their CRS is the one that cog_crs_epsg names.
///
/// Ownership: gcp is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any. Blocking: no.
/// Errors: COG_ERR_OUT_OF_BOUNDS for a point that is not there.
/// Example: examples-c/metadata.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_gcp_at(dataset: *const cog_dataset, index: u32, gcp: *mut cog_gcp, error: *mut *mut cog_error) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let gcps = unsafe { borrow(dataset, "dataset")? }.dataset.gcps();
        let missing = || Error::out_of_bounds(format!("there is no ground control point {index}; there are {}", gcps.len()));
        let p = gcps.get(index as usize).ok_or_else(missing)?;
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { write_out(gcp, cog_gcp { struct_size: 0, column: p.column, row: p.row, x: p.x, y: p.y, z: p.z }, "gcp") }
    })
}

/// Gives the rational polynomial coefficients (tag 50844).
///
/// Ownership: rpc is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
/// Blocking: as cog_metadata_domain_count. Errors: COG_ERR_OUT_OF_BOUNDS where the file has none; as cog_metadata_domain_count.
/// Example: examples-c/metadata.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_rpc_coefficients(dataset: *const cog_dataset, rpc: *mut cog_rpc, error: *mut *mut cog_error) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = &unsafe { borrow(dataset, "dataset")? }.dataset;
        let r = d.rpc()?.ok_or_else(|| Error::out_of_bounds("the file has no RPCs").in_file(d.name()))?;
        let value = cog_rpc {
            struct_size: 0,
            err_bias: r.err_bias,
            err_rand: r.err_rand,
            line_off: r.line_off,
            samp_off: r.samp_off,
            lat_off: r.lat_off,
            long_off: r.long_off,
            height_off: r.height_off,
            line_scale: r.line_scale,
            samp_scale: r.samp_scale,
            lat_scale: r.lat_scale,
            long_scale: r.long_scale,
            height_scale: r.height_scale,
            line_num_coeff: r.line_num_coeff,
            line_den_coeff: r.line_den_coeff,
            samp_num_coeff: r.samp_num_coeff,
            samp_den_coeff: r.samp_den_coeff,
        };
        // SAFETY: NULL or a struct of its struct_size, as documented.
        unsafe { write_out(rpc, value, "rpc") }
    })
}

/// Gives the ICC profile (tag 34675), as the file has it.
///
/// Ownership: *profile is the caller's, freed with cog_buffer_free. Lifetime: until freed. NULL: error may be NULL, the others not.
/// Threads: any. Blocking: as cog_metadata_domain_count. Errors: COG_ERR_OUT_OF_BOUNDS where the file has none; as
/// cog_metadata_domain_count.
/// Example: examples-c/metadata.c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cog_icc_profile(
    dataset: *const cog_dataset,
    profile: *mut *mut c_void,
    len: *mut usize,
    error: *mut *mut cog_error,
) -> cog_status {
    boundary(error, || {
        // SAFETY: NULL or a handle of this library, as documented.
        let d = &unsafe { borrow(dataset, "dataset")? }.dataset;
        if profile.is_null() || len.is_null() {
            return Err(null("profile or len"));
        }
        let bytes = d.icc_profile()?.ok_or_else(|| Error::out_of_bounds("the file has no ICC profile").in_file(d.name()))?;
        let copy = malloc_copy(bytes)?;
        // SAFETY: neither is NULL, and each is a valid place, as documented.
        unsafe {
            profile.write(copy.cast());
            len.write(bytes.len());
        }
        Ok(())
    })
}
