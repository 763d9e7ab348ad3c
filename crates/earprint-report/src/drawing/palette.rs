//! Colours by role.
//!
//! Clusters: the eight of M. Okabe, K. Ito, "Color Universal Design" (2002, 2008), which people with any usual colour
//! vision tell apart, the strongest on white first. Deviations: from its blue over near white to its vermilion,
//! straight in RGB.

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Paint {
    /// Paper.
    Ground,
    /// Letters and axes.
    Ink,
    /// Letters that step back.
    Quiet,
    /// Lines behind the data.
    Grid,
    /// A band that stands out a little.
    Raised,
    /// Data that belong to no cluster.
    Plain,
    /// A cluster, by its index.
    Cluster(usize),
    /// The Okabe-Ito colour of a number, whatever it stands for.
    Hue(usize),
    /// Letters on a hue.
    OnHue(usize),
    /// A deviation: -1 far below, 0 at, 1 far above the mean.
    Deviation(f64),
    /// Letters on a deviation.
    OnDeviation(f64),
}

/// Okabe-Ito: blue, vermilion, bluish green, reddish purple, orange, sky blue, black, yellow.
pub const HUES: [[u8; 3]; 8] = [
    [0, 114, 178],
    [213, 94, 0],
    [0, 158, 115],
    [204, 121, 167],
    [230, 159, 0],
    [86, 180, 233],
    [0, 0, 0],
    [240, 228, 66],
];

const MIDDLE: [u8; 3] = [247, 247, 247];

impl Paint {
    /// The colour on paper.
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Self::Ground => [255; 3],
            Self::Ink => [28, 30, 36],
            Self::Quiet => [84, 88, 100],
            Self::Grid => [222, 224, 230],
            Self::Raised => [238, 240, 245],
            Self::Plain => [140, 144, 154],
            Self::Cluster(i) | Self::Hue(i) => HUES[i % HUES.len()],
            // The dark ones are the first, 5.2, and the seventh.
            Self::OnHue(i) => {
                if matches!(i % HUES.len(), 0 | 6) {
                    [255; 3]
                } else {
                    [0; 3]
                }
            }
            Self::Deviation(part) => {
                let end = if part < 0.0 { HUES[0] } else { HUES[1] };
                let part = part.abs().min(1.0);
                std::array::from_fn(|c| {
                    (f64::from(MIDDLE[c]) + part * (f64::from(end[c]) - f64::from(MIDDLE[c])) + 0.5) as u8
                })
            }
            // White has a contrast of 5.2 to the blue end; from here on black has more, 5.3 to the vermilion end.
            Self::OnDeviation(part) if part < -0.93 => [255; 3],
            Self::OnDeviation(_) => [0; 3],
        }
    }

    /// The class of the page's style sheet; `None`: the same colour in dark and light.
    pub fn class(self) -> Option<String> {
        Some(match self {
            Self::Ground => "p-ground".into(),
            Self::Ink => "p-ink".into(),
            Self::Quiet => "p-quiet".into(),
            Self::Grid => "p-grid".into(),
            Self::Raised => "p-raised".into(),
            Self::Plain => "p-plain".into(),
            Self::Cluster(i) | Self::Hue(i) => format!("h{}", i % HUES.len()),
            Self::OnHue(i) => format!("o{}", i % HUES.len()),
            Self::Deviation(_) | Self::OnDeviation(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio of WCAG 2.2.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let light = |c: [u8; 3]| {
            let part = |v: u8| {
                let v = f64::from(v) / 255.0;
                if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2])
        };
        let (a, b) = (light(a), light(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn letters_can_be_read_on_what_they_stand_on() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        for paint in [Paint::Ink, Paint::Quiet] {
            assert!(contrast(paint.rgb(), Paint::Ground.rgb()) >= 4.5);
        }
        for i in 0..HUES.len() {
            assert!(contrast(Paint::OnHue(i).rgb(), Paint::Hue(i).rgb()) >= 4.5, "{i}");
        }
        for i in -100..=100 {
            let part = f64::from(i) / 100.0;
            let ratio = contrast(Paint::OnDeviation(part).rgb(), Paint::Deviation(part).rgb());
            assert!(ratio >= 4.5, "{part}: {ratio}");
        }
    }

    #[test]
    fn hues_differ() {
        for (i, a) in HUES.iter().enumerate() {
            for b in &HUES[..i] {
                let d: i32 = (0..3).map(|c| (i32::from(a[c]) - i32::from(b[c])).pow(2)).sum();
                assert!(d > 60 * 60, "{a:?} {b:?}");
            }
        }
    }
}
