//! Codes and names of tags and field types.

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

/// The specification's name of a field type.
pub fn type_name(field_type: u16) -> &'static str {
    match field_type {
        field::BYTE => "BYTE",
        field::ASCII => "ASCII",
        field::SHORT => "SHORT",
        field::LONG => "LONG",
        field::RATIONAL => "RATIONAL",
        field::SBYTE => "SBYTE",
        field::UNDEFINED => "UNDEFINED",
        field::SSHORT => "SSHORT",
        field::SLONG => "SLONG",
        field::SRATIONAL => "SRATIONAL",
        field::FLOAT => "FLOAT",
        field::DOUBLE => "DOUBLE",
        field::IFD => "IFD",
        field::LONG8 => "LONG8",
        field::SLONG8 => "SLONG8",
        field::IFD8 => "IFD8",
        _ => "UNKNOWN",
    }
}

macro_rules! tags {
    ($($constant:ident $code:literal $name:literal;)*) => {
        /// Tag codes.
        #[allow(dead_code, reason = "the table is the list of known tags; not each is read by name")]
        pub(crate) mod tag {
            $(pub(crate) const $constant: u16 = $code;)*
        }
        /// The specification's name of a tag, or `None` for a tag that is not in the table.
        pub fn tag_name(code: u16) -> Option<&'static str> {
            Some(match code { $($code => $name,)* _ => return None })
        }
    };
}

tags! {
    NEW_SUBFILE_TYPE 254 "NewSubfileType";
    SUBFILE_TYPE 255 "SubfileType";
    IMAGE_WIDTH 256 "ImageWidth";
    IMAGE_LENGTH 257 "ImageLength";
    BITS_PER_SAMPLE 258 "BitsPerSample";
    COMPRESSION 259 "Compression";
    PHOTOMETRIC_INTERPRETATION 262 "PhotometricInterpretation";
    THRESHHOLDING 263 "Threshholding";
    FILL_ORDER 266 "FillOrder";
    DOCUMENT_NAME 269 "DocumentName";
    IMAGE_DESCRIPTION 270 "ImageDescription";
    MAKE 271 "Make";
    MODEL 272 "Model";
    STRIP_OFFSETS 273 "StripOffsets";
    ORIENTATION 274 "Orientation";
    SAMPLES_PER_PIXEL 277 "SamplesPerPixel";
    ROWS_PER_STRIP 278 "RowsPerStrip";
    STRIP_BYTE_COUNTS 279 "StripByteCounts";
    MIN_SAMPLE_VALUE 280 "MinSampleValue";
    MAX_SAMPLE_VALUE 281 "MaxSampleValue";
    X_RESOLUTION 282 "XResolution";
    Y_RESOLUTION 283 "YResolution";
    PLANAR_CONFIGURATION 284 "PlanarConfiguration";
    PAGE_NAME 285 "PageName";
    T4_OPTIONS 292 "T4Options";
    T6_OPTIONS 293 "T6Options";
    RESOLUTION_UNIT 296 "ResolutionUnit";
    PAGE_NUMBER 297 "PageNumber";
    TRANSFER_FUNCTION 301 "TransferFunction";
    SOFTWARE 305 "Software";
    DATE_TIME 306 "DateTime";
    ARTIST 315 "Artist";
    HOST_COMPUTER 316 "HostComputer";
    PREDICTOR 317 "Predictor";
    WHITE_POINT 318 "WhitePoint";
    PRIMARY_CHROMATICITIES 319 "PrimaryChromaticities";
    COLOR_MAP 320 "ColorMap";
    TILE_WIDTH 322 "TileWidth";
    TILE_LENGTH 323 "TileLength";
    TILE_OFFSETS 324 "TileOffsets";
    TILE_BYTE_COUNTS 325 "TileByteCounts";
    SUB_IFDS 330 "SubIFDs";
    INK_SET 332 "InkSet";
    EXTRA_SAMPLES 338 "ExtraSamples";
    SAMPLE_FORMAT 339 "SampleFormat";
    S_MIN_SAMPLE_VALUE 340 "SMinSampleValue";
    S_MAX_SAMPLE_VALUE 341 "SMaxSampleValue";
    JPEG_TABLES 347 "JPEGTables";
    YCBCR_COEFFICIENTS 529 "YCbCrCoefficients";
    YCBCR_SUB_SAMPLING 530 "YCbCrSubSampling";
    YCBCR_POSITIONING 531 "YCbCrPositioning";
    REFERENCE_BLACK_WHITE 532 "ReferenceBlackWhite";
    XMP 700 "XMP";
    COPYRIGHT 33432 "Copyright";
    MODEL_PIXEL_SCALE 33550 "ModelPixelScale";
    IPTC 33723 "IPTC";
    MODEL_TIEPOINT 33922 "ModelTiepoint";
    MODEL_TRANSFORMATION 34264 "ModelTransformation";
    PHOTOSHOP 34377 "Photoshop";
    EXIF_IFD 34665 "ExifIFD";
    ICC_PROFILE 34675 "ICCProfile";
    GEO_KEY_DIRECTORY 34735 "GeoKeyDirectory";
    GEO_DOUBLE_PARAMS 34736 "GeoDoubleParams";
    GEO_ASCII_PARAMS 34737 "GeoAsciiParams";
    GPS_IFD 34853 "GPSIFD";
    GDAL_METADATA 42112 "GDAL_METADATA";
    GDAL_NODATA 42113 "GDAL_NODATA";
    RPC_COEFFICIENTS 50844 "RPCCoefficients";
    TIFF_RSID 50908 "TIFF_RSID";
    GEO_METADATA 50909 "GEO_METADATA";
    LERC_PARAMETERS 50674 "LercParameters";
}
