//! Colours. In: a value and its range. Out: 8-bit sRGB.
//!
//! Magma and viridis: "BIDS colormaps" by Stéfan van der Walt and Nathaniel Smith (matplotlib `_cm_listed.py`, CC0),
//! lightness rises evenly, so equal steps in dB look equal, also in print and to the colour-blind. 33 knots taken from
//! the 256 published entries, straight lines between: at most 2 of 255 away from any of them.

/// Entries of a colour table.
const LEVELS: usize = 256;
const KNOTS: usize = 33;

/// Colour of NaN and infinities: cyan, at least 150 of 442 (Euclidean, RGB) away from every colour of every map.
pub const NON_FINITE: [u8; 3] = [0, 255, 255];

/// Colours from low to high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorMap {
    /// Black, purple, orange, pale yellow.
    #[default]
    Magma,
    /// Dark purple, teal, yellow.
    Viridis,
    /// Black to white.
    Gray,
}

impl ColorMap {
    /// The 256 colours, lowest first.
    pub fn table(self) -> [[u8; 3]; LEVELS] {
        let knots = match self {
            Self::Magma => &MAGMA,
            Self::Viridis => &VIRIDIS,
            Self::Gray => return std::array::from_fn(|i| [i as u8; 3]),
        };
        // Integers throughout: entry i lies at knot i * 32 / 255.
        std::array::from_fn(|i| {
            let at = i * (KNOTS - 1);
            let (k, part) = (at / (LEVELS - 1), at % (LEVELS - 1));
            let next = (k + 1).min(KNOTS - 1);
            std::array::from_fn(|c| {
                let (a, b) = (knots[k][c] as usize, knots[next][c] as usize);
                ((a * (LEVELS - 1 - part) + b * part + (LEVELS - 1) / 2) / (LEVELS - 1)) as u8
            })
        })
    }
}

/// The colour of `value` where `low` has the first and `high` the last colour; values beyond have those too.
pub fn pick(table: &[[u8; 3]; LEVELS], value: f32, low: f32, high: f32) -> [u8; 3] {
    if !value.is_finite() {
        return NON_FINITE;
    }
    let (value, low, high) = (f64::from(value), f64::from(low), f64::from(high));
    let part = ((value - low) / (high - low)).clamp(0.0, 1.0);
    table[(part * (LEVELS - 1) as f64 + 0.5) as usize]
}

#[rustfmt::skip]
const MAGMA: [[u8; 3]; KNOTS] = [
    [0, 0, 4], [3, 3, 17], [10, 8, 34], [19, 13, 51], [29, 17, 70], [40, 17, 90],
    [54, 16, 106], [67, 15, 118], [80, 18, 124], [93, 23, 127], [105, 28, 129], [118, 33, 129],
    [130, 38, 129], [143, 42, 129], [156, 46, 127], [169, 50, 125], [182, 55, 121], [195, 59, 117],
    [207, 65, 112], [219, 72, 106], [230, 81, 99], [238, 92, 94], [245, 105, 92], [249, 120, 93],
    [251, 135, 97], [253, 150, 104], [254, 165, 113], [254, 180, 123], [254, 195, 135], [254, 209, 148],
    [253, 224, 162], [252, 238, 176], [252, 253, 191],
];

#[rustfmt::skip]
const VIRIDIS: [[u8; 3]; KNOTS] = [
    [68, 1, 84], [71, 13, 96], [72, 24, 106], [72, 35, 116], [71, 45, 123], [69, 54, 129],
    [66, 64, 134], [63, 73, 137], [59, 82, 139], [55, 90, 141], [51, 99, 141], [47, 106, 142],
    [44, 114, 142], [41, 122, 142], [38, 129, 142], [35, 137, 142], [33, 144, 140], [31, 152, 139],
    [31, 159, 136], [33, 166, 133], [40, 174, 128], [49, 181, 123], [62, 188, 116], [76, 194, 108],
    [93, 201, 99], [110, 206, 88], [130, 211, 76], [150, 216, 63], [171, 220, 50], [192, 223, 36],
    [213, 226, 26], [234, 229, 26], [253, 231, 37],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of matplotlib 3.11 (`colormaps[name].colors`, times 255, rounded) between the knots' places.
    #[test]
    fn tables_follow_the_published_ones() {
        let published = [
            (ColorMap::Magma, 0, [0, 0, 4]),
            (ColorMap::Magma, 255, [252, 253, 191]),
            (ColorMap::Viridis, 0, [68, 1, 84]),
            (ColorMap::Viridis, 255, [253, 231, 37]),
            (ColorMap::Magma, 4, [2, 1, 9]),
            (ColorMap::Magma, 52, [61, 15, 113]),
            (ColorMap::Magma, 100, [137, 40, 129]),
            (ColorMap::Magma, 133, [191, 58, 119]),
            (ColorMap::Magma, 187, [250, 127, 94]),
            (ColorMap::Magma, 220, [254, 189, 130]),
            (ColorMap::Viridis, 4, [70, 7, 90]),
            (ColorMap::Viridis, 52, [64, 69, 136]),
            (ColorMap::Viridis, 100, [42, 118, 142]),
            (ColorMap::Viridis, 133, [31, 149, 139]),
            (ColorMap::Viridis, 187, [84, 197, 104]),
            (ColorMap::Viridis, 220, [162, 218, 55]),
        ];
        for (map, i, want) in published {
            let got = map.table()[i];
            for c in 0..3 {
                assert!(got[c].abs_diff(want[c]) <= 2, "{map:?} {i}: {got:?}, published {want:?}");
            }
        }
    }

    #[test]
    fn maps_rise_in_lightness_and_never_meet_the_warning_colour() {
        for map in [ColorMap::Magma, ColorMap::Viridis, ColorMap::Gray] {
            let light = |c: &[u8; 3]| 0.2126 * f64::from(c[0]) + 0.7152 * f64::from(c[1]) + 0.0722 * f64::from(c[2]);
            let table = map.table();
            assert!(table.windows(2).all(|w| light(&w[1]) >= light(&w[0]) - 0.8), "{map:?}");
            for c in table {
                let d: i32 = (0..3).map(|i| (i32::from(c[i]) - i32::from(NON_FINITE[i])).pow(2)).sum();
                assert!(d > 150 * 150, "{map:?} {c:?}");
            }
        }
    }

    #[test]
    fn a_value_takes_the_nearest_level() {
        let gray = ColorMap::Gray.table();
        let at = |v| pick(&gray, v, -80.0, 0.0);
        assert_eq!([at(-80.0), at(-40.0), at(0.0)], [[0; 3], [128; 3], [255; 3]]); // 127.5 + 0.5 = 128
        assert_eq!([at(-1e30), at(1e30)], [[0; 3], [255; 3]]);
        assert_eq!(at(-80.0 + 80.0 * 10.4 / 255.0), [10; 3]);
        for v in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(at(v), NON_FINITE);
        }
        assert_eq!(pick(&gray, 0.0, f32::MIN, f32::MAX), [128; 3]); // the span overflows f32
    }
}
