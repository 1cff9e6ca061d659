//! EXIF and GPS values in GDAL's spelling (`EXIFExtractMetadata`; the tags are those of Exif 2.31, section 4.6).

use crate::c_numbers::printf_g;
use crate::tiff::{ByteOrder, field, type_size};
use std::fmt::Write as _;

/// GDAL's longest value, in bytes of the file and as text.
pub(super) const LONGEST: u64 = 65_535;
/// GDAL takes a directory of more entries for damaged.
pub(super) const MOST_ENTRIES: u64 = 125;

/// Bytes that say how the text of UserComment is coded.
pub(super) const USER_COMMENT_CODE: u64 = 8;

/// What GDAL calls a tag, and the field type that it takes its value for.
pub(super) fn describe(tag: u16, field_type: u16, gps: bool) -> Option<(&'static str, u16)> {
    let table: &[(u16, &str)] = if gps { GPS } else { &[] };
    let name = table.iter().chain(TAGS).find(|(code, _)| *code == tag)?.1;
    let readable = matches!(name, "EXIF_UserComment" | "EXIF_ExifVersion" | "EXIF_FlashpixVersion" | "EXIF_MakerNote" | "EXIF_XmlPacket");
    Some((name, if readable { field::ASCII } else { field_type }))
}

/// Writes the values of a field as GDAL does. `bytes` holds whole values.
pub(super) fn print(field_type: u16, bytes: &[u8], order: ByteOrder) -> String {
    if field_type == field::ASCII {
        let end = bytes.iter().rposition(|b| !matches!(b, b' ' | 0)).map_or(0, |last| last + 1);
        let text = bytes.get(..end).unwrap_or_default();
        let text = text.split(|b| *b == 0).next().unwrap_or_default();
        return String::from_utf8_lossy(text).into_owned();
    }
    let size = type_size(field_type).unwrap_or(1).max(1) as usize;
    let mut text = String::new();
    for value in bytes.chunks_exact(size) {
        let separator = if text.is_empty() { "" } else { " " };
        let one = print_one(field_type, value, order);
        if text.len() + separator.len() + one.len() >= LONGEST as usize {
            break;
        }
        // Writing to a String can't fail.
        let _ = write!(text, "{separator}{one}");
    }
    text
}

fn print_one(field_type: u16, value: &[u8], order: ByteOrder) -> String {
    let number = order.uint(value, 0, value.len()).unwrap_or(0);
    let half = |at| order.uint(value, at, 4).unwrap_or(0) as u32;
    let ratio =
        |above: f64, below: f64| if above == 0.0 || below == 0.0 { "(0)".into() } else { format!("({})", printf_g(above / below, 6)) };
    match field_type {
        field::BYTE | field::UNDEFINED => format!("0x{number:02x}"),
        field::SBYTE => (number as i8).to_string(),
        field::SHORT | field::LONG => number.to_string(),
        field::SSHORT => (number as i16).to_string(),
        field::SLONG => (number as i32).to_string(),
        field::RATIONAL => ratio(half(0).into(), half(4).into()),
        field::SRATIONAL => ratio(half(0).cast_signed().into(), half(4).cast_signed().into()),
        field::FLOAT => printf_g(f32::from_bits(number as u32).into(), 6),
        field::DOUBLE => printf_g(f64::from_bits(number), 6),
        _ => String::new(),
    }
}

/// Tags of an EXIF directory and GDAL's names of them.
#[rustfmt::skip]
const TAGS: &[(u16, &str)] = &[
    (0x0102, "EXIF_BitsPerSample"), (0x0103, "EXIF_Compression"), (0x0106, "EXIF_PhotometricInterpretation"), (0x010a, "EXIF_Fill_Order"),
    (0x010d, "EXIF_Document_Name"), (0x010e, "EXIF_ImageDescription"), (0x010f, "EXIF_Make"), (0x0110, "EXIF_Model"),
    (0x0111, "EXIF_StripOffsets"), (0x0112, "EXIF_Orientation"), (0x0115, "EXIF_SamplesPerPixel"), (0x0116, "EXIF_RowsPerStrip"),
    (0x0117, "EXIF_StripByteCounts"), (0x011a, "EXIF_XResolution"), (0x011b, "EXIF_YResolution"), (0x011c, "EXIF_PlanarConfiguration"),
    (0x0128, "EXIF_ResolutionUnit"), (0x012d, "EXIF_TransferFunction"), (0x0131, "EXIF_Software"), (0x0132, "EXIF_DateTime"),
    (0x013b, "EXIF_Artist"), (0x013e, "EXIF_WhitePoint"), (0x013f, "EXIF_PrimaryChromaticities"), (0x0156, "EXIF_Transfer_Range"),
    (0x0200, "EXIF_JPEG_Proc"), (0x0201, "EXIF_JPEGInterchangeFormat"), (0x0202, "EXIF_JPEGInterchangeFormatLength"),
    (0x0211, "EXIF_YCbCrCoefficients"), (0x0212, "EXIF_YCbCrSubSampling"), (0x0213, "EXIF_YCbCrPositioning"),
    (0x0214, "EXIF_ReferenceBlackWhite"), (0x02bc, "EXIF_XmlPacket"), (0x828d, "EXIF_CFA_Repeat_Pattern_Dim"),
    (0x828e, "EXIF_CFA_Pattern"), (0x828f, "EXIF_Battery_Level"), (0x8298, "EXIF_Copyright"), (0x829a, "EXIF_ExposureTime"),
    (0x829d, "EXIF_FNumber"), (0x83bb, "EXIF_IPTC/NAA"), (0x8773, "EXIF_Inter_Color_Profile"), (0x8822, "EXIF_ExposureProgram"),
    (0x8824, "EXIF_SpectralSensitivity"), (0x8827, "EXIF_ISOSpeedRatings"), (0x8828, "EXIF_OECF"), (0x8830, "EXIF_SensitivityType"),
    (0x8831, "EXIF_StandardOutputSensitivity"), (0x8832, "EXIF_RecommendedExposureIndex"), (0x8833, "EXIF_ISOSpeed"),
    (0x8834, "EXIF_ISOSpeedLatitudeyyy"), (0x8835, "EXIF_ISOSpeedLatitudezzz"), (0x9000, "EXIF_ExifVersion"),
    (0x9003, "EXIF_DateTimeOriginal"), (0x9004, "EXIF_DateTimeDigitized"), (0x9010, "EXIF_OffsetTime"),
    (0x9011, "EXIF_OffsetTimeOriginal"), (0x9012, "EXIF_OffsetTimeDigitized"), (0x9101, "EXIF_ComponentsConfiguration"),
    (0x9102, "EXIF_CompressedBitsPerPixel"), (0x9201, "EXIF_ShutterSpeedValue"), (0x9202, "EXIF_ApertureValue"),
    (0x9203, "EXIF_BrightnessValue"), (0x9204, "EXIF_ExposureBiasValue"), (0x9205, "EXIF_MaxApertureValue"),
    (0x9206, "EXIF_SubjectDistance"), (0x9207, "EXIF_MeteringMode"), (0x9208, "EXIF_LightSource"), (0x9209, "EXIF_Flash"),
    (0x920a, "EXIF_FocalLength"), (0x9214, "EXIF_SubjectArea"), (0x927c, "EXIF_MakerNote"), (0x9286, "EXIF_UserComment"),
    (0x9290, "EXIF_SubSecTime"), (0x9291, "EXIF_SubSecTime_Original"), (0x9292, "EXIF_SubSecTime_Digitized"),
    (0xa000, "EXIF_FlashpixVersion"), (0xa001, "EXIF_ColorSpace"), (0xa002, "EXIF_PixelXDimension"), (0xa003, "EXIF_PixelYDimension"),
    (0xa004, "EXIF_RelatedSoundFile"), (0xa20b, "EXIF_FlashEnergy"), (0xa20c, "EXIF_SpatialFrequencyResponse"),
    (0xa20e, "EXIF_FocalPlaneXResolution"), (0xa20f, "EXIF_FocalPlaneYResolution"), (0xa210, "EXIF_FocalPlaneResolutionUnit"),
    (0xa214, "EXIF_SubjectLocation"), (0xa215, "EXIF_ExposureIndex"), (0xa217, "EXIF_SensingMethod"), (0xa300, "EXIF_FileSource"),
    (0xa301, "EXIF_SceneType"), (0xa302, "EXIF_CFAPattern"), (0xa401, "EXIF_CustomRendered"), (0xa402, "EXIF_ExposureMode"),
    (0xa403, "EXIF_WhiteBalance"), (0xa404, "EXIF_DigitalZoomRatio"), (0xa405, "EXIF_FocalLengthIn35mmFilm"),
    (0xa406, "EXIF_SceneCaptureType"), (0xa407, "EXIF_GainControl"), (0xa408, "EXIF_Contrast"), (0xa409, "EXIF_Saturation"),
    (0xa40a, "EXIF_Sharpness"), (0xa40b, "EXIF_DeviceSettingDescription"), (0xa40c, "EXIF_SubjectDistanceRange"),
    (0xa420, "EXIF_ImageUniqueID"), (0xa430, "EXIF_CameraOwnerName"), (0xa431, "EXIF_BodySerialNumber"),
    (0xa432, "EXIF_LensSpecification"), (0xa433, "EXIF_LensMake"), (0xa434, "EXIF_LensModel"), (0xa435, "EXIF_LensSerialNumber"),
    (0xc614, "DNG_UniqueCameraModel"), (0xc62f, "DNG_CameraSerialNumber"),
];

/// Tags of a GPS directory.
#[rustfmt::skip]
const GPS: &[(u16, &str)] = &[
    (0x00, "EXIF_GPSVersionID"), (0x01, "EXIF_GPSLatitudeRef"), (0x02, "EXIF_GPSLatitude"), (0x03, "EXIF_GPSLongitudeRef"),
    (0x04, "EXIF_GPSLongitude"), (0x05, "EXIF_GPSAltitudeRef"), (0x06, "EXIF_GPSAltitude"), (0x07, "EXIF_GPSTimeStamp"),
    (0x08, "EXIF_GPSSatellites"), (0x09, "EXIF_GPSStatus"), (0x0a, "EXIF_GPSMeasureMode"), (0x0b, "EXIF_GPSDOP"),
    (0x0c, "EXIF_GPSSpeedRef"), (0x0d, "EXIF_GPSSpeed"), (0x0e, "EXIF_GPSTrackRef"), (0x0f, "EXIF_GPSTrack"),
    (0x10, "EXIF_GPSImgDirectionRef"), (0x11, "EXIF_GPSImgDirection"), (0x12, "EXIF_GPSMapDatum"), (0x13, "EXIF_GPSDestLatitudeRef"),
    (0x14, "EXIF_GPSDestLatitude"), (0x15, "EXIF_GPSDestLongitudeRef"), (0x16, "EXIF_GPSDestLongitude"), (0x17, "EXIF_GPSDestBearingRef"),
    (0x18, "EXIF_GPSDestBearing"), (0x19, "EXIF_GPSDestDistanceRef"), (0x1a, "EXIF_GPSDestDistance"), (0x1b, "EXIF_GPSProcessingMethod"),
    (0x1c, "EXIF_GPSAreaInformation"), (0x1d, "EXIF_GPSDateStamp"), (0x1e, "EXIF_GPSDifferential"), (0x1f, "EXIF_GPSHPositioningError"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spelled_as_gdal_spells_them() {
        let print = |t, bytes: &[u8]| print(t, bytes, ByteOrder::Big);
        assert_eq!(print(field::UNDEFINED, &[1, 2, 0, 0xff]), "0x01 0x02 0x00 0xff");
        assert_eq!(print(field::RATIONAL, &[0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0]), "(0.333333) (0)");
        assert_eq!(print(field::SRATIONAL, &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2]), "(-0.5)");
        assert_eq!(print(field::SHORT, &[1, 0, 0, 7]), "256 7");
        assert_eq!(print(field::ASCII, b"N\0\0"), "N");
        assert_eq!(print(field::ASCII, b"two words \0x \0"), "two words ");
        assert_eq!(print(field::DOUBLE, &1e7f64.to_be_bytes()), "1e+07");
    }

    #[test]
    fn some_bytes_are_text_and_gps_tags_have_names_of_their_own() {
        assert_eq!(describe(0x9000, field::UNDEFINED, false), Some(("EXIF_ExifVersion", field::ASCII)));
        assert_eq!(describe(2, field::RATIONAL, true), Some(("EXIF_GPSLatitude", field::RATIONAL)));
        assert_eq!(describe(2, field::RATIONAL, false), None);
        assert_eq!(describe(0x829a, field::RATIONAL, true).map(|(name, _)| name), Some("EXIF_ExposureTime"));
    }

    #[test]
    fn a_long_value_ends_before_gdals_limit() {
        assert!(print(field::UNDEFINED, &vec![0; 65_000], ByteOrder::Little).len() < 65_535);
    }
}
