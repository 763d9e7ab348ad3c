//! PNG bytes. In: a picture. Out: 8-bit RGB PNG, no time stamp, no text: equal pixels give equal bytes.

use ::png::{BitDepth, ColorType, Compression, Encoder};

use super::Picture;

/// The bytes of a `.png` file. Fast compression: spectrograms are noise, a slow encoder gains little on them.
///
/// # Panics
/// Where `rgb` is not `(height, width, 3)` or a side is 0 or above 2^31 - 1; [`render`](super::render) makes no such picture.
pub fn encode_png(picture: &Picture) -> Vec<u8> {
    let Picture { width, height, rgb } = picture;
    assert_eq!(rgb.len() as u64, u64::from(*width) * u64::from(*height) * 3, "rgb must be (height, width, 3)");
    let mut bytes = Vec::with_capacity(rgb.len() / 2 + 1024);
    let mut encoder = Encoder::new(&mut bytes, *width, *height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().expect("sides within PNG's limits");
    writer.write_image_data(rgb).expect("rgb has its length, memory cannot fail to be written");
    writer.finish().expect("image data is whole");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_independent_reader_finds_the_pixels() {
        let rgb: Vec<u8> = (0..7 * 5 * 3).map(|i| (i * 37 % 251) as u8).collect();
        let picture = Picture { width: 7, height: 5, rgb };
        let bytes = encode_png(&picture);
        assert_eq!(bytes, encode_png(&picture));
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
        let mut back = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut back).unwrap();
        assert_eq!((info.width, info.height, info.color_type), (7, 5, ColorType::Rgb));
        assert_eq!(back, picture.rgb);
    }
}
