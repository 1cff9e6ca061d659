//! Codes and names of tags and field types.

use std::ffi::CStr;

/// Field types (TIFF 6.0, section 2; Adobe PageMaker TN1 for IFD; BigTIFF for 16 to 18).
pub(crate) mod field {
    pub(crate) const BYTE: u16 = 1;
    pub(crate) const ASCII: u16 = 2;
    pub(crate) const SHORT: u16 = 3;
    pub(crate) const LONG: u16 = 4;
    pub(crate) const RATIONAL: u16 = 5;
    pub(crate) const SBYTE: u16 = 6;
    pub(crate) const UNDEFINED: u16 = 7;
    pub(crate) const SSHORT: u16 = 8;
    pub(crate) const SLONG: u16 = 9;
    pub(crate) const SRATIONAL: u16 = 10;
    pub(crate) const FLOAT: u16 = 11;
    pub(crate) const DOUBLE: u16 = 12;
    pub(crate) const IFD: u16 = 13;
    pub(crate) const LONG8: u16 = 16;
    pub(crate) const SLONG8: u16 = 17;
    pub(crate) const IFD8: u16 = 18;
}

/// Bytes of one value of a field type; `None` for a type that nobody has defined.
pub fn type_size(field_type: u16) -> Option<u64> {
    Some(match field_type {
        field::BYTE | field::ASCII | field::SBYTE | field::UNDEFINED => 1,
        field::SHORT | field::SSHORT => 2,
        field::LONG | field::SLONG | field::FLOAT | field::IFD => 4,
        field::RATIONAL | field::SRATIONAL | field::DOUBLE | field::LONG8 | field::SLONG8 | field::IFD8 => 8,
        _ => return None,
    })
}

/// The specification's name of a field type as a C string.
pub(crate) fn type_name_c(field_type: u16) -> &'static CStr {
    match field_type {
        field::BYTE => c"BYTE",
        field::ASCII => c"ASCII",
        field::SHORT => c"SHORT",
        field::LONG => c"LONG",
        field::RATIONAL => c"RATIONAL",
        field::SBYTE => c"SBYTE",
        field::UNDEFINED => c"UNDEFINED",
        field::SSHORT => c"SSHORT",
        field::SLONG => c"SLONG",
        field::SRATIONAL => c"SRATIONAL",
        field::FLOAT => c"FLOAT",
        field::DOUBLE => c"DOUBLE",
        field::IFD => c"IFD",
        field::LONG8 => c"LONG8",
        field::SLONG8 => c"SLONG8",
        field::IFD8 => c"IFD8",
        _ => c"UNKNOWN",
    }
}

/// The specification's name of a field type.
pub fn type_name(field_type: u16) -> &'static str {
    type_name_c(field_type).to_str().unwrap_or_default()
}

/// The specification's name of a tag, or `None` for a tag that is not in the table.
pub fn tag_name(code: u16) -> Option<&'static str> {
    tag_name_c(code)?.to_str().ok()
}

macro_rules! tags {
    ($($constant:ident $code:literal $name:literal;)*) => {
        /// Tag codes.
        #[allow(dead_code, reason = "the table is the list of known tags; not each is read by name")]
        pub(crate) mod tag {
            $(pub(crate) const $constant: u16 = $code;)*
        }
        /// The specification's name of a tag as a C string, or `None` for a tag that is not in the table.
        pub(crate) fn tag_name_c(code: u16) -> Option<&'static CStr> {
            Some(match code { $($code => $name,)* _ => return None })
        }
    };
}

tags! {
    NEW_SUBFILE_TYPE 254 c"NewSubfileType";
    SUBFILE_TYPE 255 c"SubfileType";
    IMAGE_WIDTH 256 c"ImageWidth";
    IMAGE_LENGTH 257 c"ImageLength";
    BITS_PER_SAMPLE 258 c"BitsPerSample";
    COMPRESSION 259 c"Compression";
    PHOTOMETRIC_INTERPRETATION 262 c"PhotometricInterpretation";
    THRESHHOLDING 263 c"Threshholding";
    FILL_ORDER 266 c"FillOrder";
    DOCUMENT_NAME 269 c"DocumentName";
    IMAGE_DESCRIPTION 270 c"ImageDescription";
    MAKE 271 c"Make";
    MODEL 272 c"Model";
    STRIP_OFFSETS 273 c"StripOffsets";
    ORIENTATION 274 c"Orientation";
    SAMPLES_PER_PIXEL 277 c"SamplesPerPixel";
    ROWS_PER_STRIP 278 c"RowsPerStrip";
    STRIP_BYTE_COUNTS 279 c"StripByteCounts";
    MIN_SAMPLE_VALUE 280 c"MinSampleValue";
    MAX_SAMPLE_VALUE 281 c"MaxSampleValue";
    X_RESOLUTION 282 c"XResolution";
    Y_RESOLUTION 283 c"YResolution";
    PLANAR_CONFIGURATION 284 c"PlanarConfiguration";
    PAGE_NAME 285 c"PageName";
    T4_OPTIONS 292 c"T4Options";
    T6_OPTIONS 293 c"T6Options";
    RESOLUTION_UNIT 296 c"ResolutionUnit";
    PAGE_NUMBER 297 c"PageNumber";
    TRANSFER_FUNCTION 301 c"TransferFunction";
    SOFTWARE 305 c"Software";
    DATE_TIME 306 c"DateTime";
    ARTIST 315 c"Artist";
    HOST_COMPUTER 316 c"HostComputer";
    PREDICTOR 317 c"Predictor";
    WHITE_POINT 318 c"WhitePoint";
    PRIMARY_CHROMATICITIES 319 c"PrimaryChromaticities";
    COLOR_MAP 320 c"ColorMap";
    TILE_WIDTH 322 c"TileWidth";
    TILE_LENGTH 323 c"TileLength";
    TILE_OFFSETS 324 c"TileOffsets";
    TILE_BYTE_COUNTS 325 c"TileByteCounts";
    SUB_IFDS 330 c"SubIFDs";
    INK_SET 332 c"InkSet";
    EXTRA_SAMPLES 338 c"ExtraSamples";
    SAMPLE_FORMAT 339 c"SampleFormat";
    S_MIN_SAMPLE_VALUE 340 c"SMinSampleValue";
    S_MAX_SAMPLE_VALUE 341 c"SMaxSampleValue";
    TRANSFER_RANGE 342 c"TransferRange";
    JPEG_TABLES 347 c"JPEGTables";
    JPEG_PROC 512 c"JPEGProc";
    JPEG_INTERCHANGE_FORMAT 513 c"JPEGInterchangeFormat";
    JPEG_INTERCHANGE_FORMAT_LENGTH 514 c"JPEGInterchangeFormatLength";
    JPEG_RESTART_INTERVAL 515 c"JPEGRestartInterval";
    JPEG_Q_TABLES 519 c"JPEGQTables";
    JPEG_DC_TABLES 520 c"JPEGDCTables";
    JPEG_AC_TABLES 521 c"JPEGACTables";
    YCBCR_COEFFICIENTS 529 c"YCbCrCoefficients";
    YCBCR_SUB_SAMPLING 530 c"YCbCrSubSampling";
    YCBCR_POSITIONING 531 c"YCbCrPositioning";
    REFERENCE_BLACK_WHITE 532 c"ReferenceBlackWhite";
    XMP 700 c"XMP";
    COPYRIGHT 33432 c"Copyright";
    MODEL_PIXEL_SCALE 33550 c"ModelPixelScale";
    IPTC 33723 c"IPTC";
    MODEL_TIEPOINT 33922 c"ModelTiepoint";
    MODEL_TRANSFORMATION 34264 c"ModelTransformation";
    PHOTOSHOP 34377 c"Photoshop";
    EXIF_IFD 34665 c"ExifIFD";
    ICC_PROFILE 34675 c"ICCProfile";
    GEO_KEY_DIRECTORY 34735 c"GeoKeyDirectory";
    GEO_DOUBLE_PARAMS 34736 c"GeoDoubleParams";
    GEO_ASCII_PARAMS 34737 c"GeoAsciiParams";
    GPS_IFD 34853 c"GPSIFD";
    GDAL_METADATA 42112 c"GDAL_METADATA";
    GDAL_NODATA 42113 c"GDAL_NODATA";
    RPC_COEFFICIENTS 50844 c"RPCCoefficients";
    TIFF_RSID 50908 c"TIFF_RSID";
    GEO_METADATA 50909 c"GEO_METADATA";
    LERC_PARAMETERS 50674 c"LercParameters";
}
