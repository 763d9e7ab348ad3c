use super::*;
use sha2::{Digest, Sha256};

fn gray(low: f32, high: f32) -> PictureOptions {
    PictureOptions { color_map: ColorMap::Gray, range: Range::Fixed { low, high }, ..PictureOptions::default() }
}

fn axes(n_mels: usize) -> Axes {
    Axes {
        title: "Title".into(),
        seconds_per_frame: 0.01,
        first_frame_s: 0.0,
        band_hz: (0..n_mels).map(|m| 100.0 + 100.0 * m as f64).collect(),
        unit: "dB".into(),
        text_scale: None,
    }
}

#[test]
fn two_by_two_by_hand() {
    // Band 0: 0, 1 (black, white); band 1: 2/5, 1/5 of the range. Band 0 is the bottom line.
    let picture = render(&[0.0, 5.0, 2.0, 1.0], 2, 2, &gray(0.0, 5.0)).unwrap();
    assert_eq!((picture.width, picture.height), (2, 2));
    assert_eq!(picture.rgb, [102, 102, 102, 51, 51, 51, 0, 0, 0, 255, 255, 255]);
}

#[test]
fn range_clips_and_defects_show() {
    let picture = render(&[-1.0, 9.0, f32::NAN, f32::NEG_INFINITY], 1, 4, &gray(0.0, 5.0)).unwrap();
    assert_eq!(picture.rgb, [[0; 3], [255; 3], NON_FINITE, NON_FINITE].concat());
    let auto = PictureOptions { color_map: ColorMap::Gray, ..PictureOptions::default() };
    assert_eq!(render(&[-100.0, -80.0, 0.0], 1, 3, &auto).unwrap().rgb, [[0; 3], [0; 3], [255; 3]].concat());
    assert_eq!(render(&[7.0; 4], 2, 2, &auto).unwrap().rgb, [0; 12]);
}

#[test]
fn fitting_keeps_orientation_and_the_click() {
    let mut values = vec![0.0; 2 * 1000];
    values[500] = 1.0; // band 0, frame 500
    let size = Size::Fit { width: 10, height: 4 };
    let picture = render(&values, 2, 1000, &PictureOptions { size, ..gray(0.0, 1.0) }).unwrap();
    let lit: Vec<usize> = (0..40).filter(|i| picture.rgb[i * 3] == 255).collect();
    assert_eq!(lit, [25, 35]); // column 5 of the two lower lines
}

#[test]
fn shapes_that_do_not_agree_are_named() {
    let e = render(&[0.0; 5], 2, 3, &PictureOptions::default()).unwrap_err();
    assert_eq!(e.to_string(), "5 values; expected 2 bands x 3 frames = 6, all frames of a band together");
    assert!(matches!(render(&[], 0, 3, &PictureOptions::default()), Err(PictureError::Empty { n_mels: 0, frames: 3 })));
    assert!(matches!(render(&[0.0], usize::MAX, usize::MAX, &gray(0.0, 1.0)), Err(PictureError::Shape { .. })));
    let with = |axes: Axes, size| render(&[0.0; 6], 2, 3, &PictureOptions { axes: Some(axes), size, ..gray(0.0, 1.0) });
    assert_eq!(with(axes(3), Size::Exact).unwrap_err(), PictureError::Bands { expected: 2, got: 3 });
    let down = Axes { band_hz: vec![200.0, 100.0], ..axes(2) };
    assert_eq!(with(down, Size::Exact).unwrap_err(), PictureError::BandOrder { index: 1, hz: 100.0 });
    for (seconds_per_frame, first_frame_s) in [(0.0, 0.0), (f64::NAN, 0.0), (0.01, f64::INFINITY)] {
        let e = with(Axes { seconds_per_frame, first_frame_s, ..axes(2) }, Size::Exact);
        assert!(matches!(e, Err(PictureError::Time { .. })));
    }
    let small = Size::Fit { width: 60, height: 500 };
    let Err(PictureError::TooSmall { min_width, min_height, .. }) = with(axes(2), small) else { panic!("fits") };
    let least = Size::Fit { width: min_width, height: min_height };
    assert!(with(axes(2), least).is_ok(), "the size the error names suffices");
    let none = PictureOptions { size: Size::Fit { width: 0, height: 9 }, ..gray(0.0, 1.0) };
    assert!(matches!(render(&[0.0], 1, 1, &none), Err(PictureError::TooSmall { .. })));
}

#[test]
fn every_shape_and_size_works() {
    for (n_mels, frames) in [(1, 1), (1, 7), (5, 1), (80, 313), (2, 100_000), (300, 2)] {
        let values: Vec<f32> = (0..n_mels * frames).map(|i| (i % 97) as f32 - 80.0).collect();
        for size in [Size::Exact, Size::Fit { width: 300, height: 200 }, Size::Fit { width: 1200, height: 900 }] {
            for text_scale in [None, Some(1), Some(2)] {
                let options = PictureOptions {
                    axes: Some(Axes { text_scale, ..axes(n_mels) }),
                    size,
                    ..PictureOptions::default()
                };
                let picture = render(&values, n_mels, frames, &options).unwrap();
                assert_eq!(picture.rgb.len(), picture.width as usize * picture.height as usize * 3);
                if let Size::Fit { width, height } = size {
                    assert_eq!((picture.width, picture.height), (width, height));
                }
            }
        }
    }
}

#[test]
fn nothing_is_drawn_on_the_outer_edge() {
    // Labels at the outermost places: a tick on the first and on the last frame, long numbers, a long title.
    let values: Vec<f32> = (0..40 * 101).map(|i| i as f32).collect();
    for first_frame_s in [0.0, -1e5, 359_999.0] {
        for size in [Size::Exact, Size::Fit { width: 400, height: 130 }, Size::Fit { width: 900, height: 500 }] {
            let axes = Axes { title: "long ".repeat(60), first_frame_s, ..axes(40) };
            let options = PictureOptions { axes: Some(axes), size, ..PictureOptions::default() };
            let p = render(&values, 40, 101, &options).unwrap();
            let (w, h) = (p.width as usize, p.height as usize);
            let white = |x: usize, y: usize| p.rgb[(y * w + x) * 3..][..3] == [255; 3];
            assert!((0..w).all(|x| white(x, 0) && white(x, h - 1)), "{first_frame_s} {size:?}");
            assert!((0..h).all(|y| white(0, y) && white(w - 1, y)), "{first_frame_s} {size:?}");
        }
    }
}

/// A snapshot of our own: whoever changes the look changes this line, and looks at the picture first.
#[test]
fn golden_picture() {
    let values: Vec<f32> = (0..8 * 20).map(|i| -((i * 7 % 83) as f32)).collect();
    let size = Size::Fit { width: 200, height: 120 };
    let options = PictureOptions { axes: Some(axes(8)), size, ..PictureOptions::default() };
    let picture = render(&values, 8, 20, &options).unwrap();
    let hash: String = Sha256::digest(&picture.rgb).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hash, "743b418e2008f83cb10ea1f18edce60f2a4c77f09cc1e94b36a584389ba82f23");
}
