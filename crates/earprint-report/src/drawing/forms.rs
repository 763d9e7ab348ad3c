//! Marks that differ in shape as well as in colour: what cannot be told by colour is told by form. All have about the
//! same area.

use std::f64::consts::FRAC_1_SQRT_2;

use super::palette::HUES;

/// Shape of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Circle,
    Square,
    Up,
    Diamond,
    Down,
    Plus,
    Cross,
    Hexagon,
}

impl Form {
    /// All, the plainest first.
    pub const ALL: [Self; 8] =
        [Self::Circle, Self::Square, Self::Up, Self::Diamond, Self::Down, Self::Plus, Self::Cross, Self::Hexagon];

    /// Form of a cluster by its index: with the colour of the same index, the first 64 clusters look different.
    pub fn of(cluster: usize) -> Self {
        Self::ALL[(cluster + cluster / HUES.len()) % Self::ALL.len()]
    }

    /// Corners around (0, 0), for a mark as large as a circle of radius 1; `None` for the circle.
    pub fn corners(self) -> Option<Vec<[f64; 2]>> {
        // Area of the circle: 3.14.
        let arms = |a: f64, b: f64| {
            [[-a, -b], [-a, -a], [-b, -a], [-b, a], [-a, a], [-a, b], [a, b], [a, a], [b, a], [b, -a], [a, -a], [a, -b]]
        };
        Some(match self {
            Self::Circle => return None,
            Self::Square => vec![[-0.89, -0.89], [0.89, -0.89], [0.89, 0.89], [-0.89, 0.89]],
            Self::Up => vec![[0.0, -1.4], [1.27, 0.86], [-1.27, 0.86]],
            Self::Down => vec![[0.0, 1.4], [1.27, -0.86], [-1.27, -0.86]],
            Self::Diamond => vec![[0.0, -1.27], [1.27, 0.0], [0.0, 1.27], [-1.27, 0.0]],
            Self::Plus => arms(0.44, 1.2).to_vec(),
            // The same, an eighth of a turn on.
            Self::Cross => arms(0.44, 1.2).map(|[x, y]| [(x - y) * FRAC_1_SQRT_2, (x + y) * FRAC_1_SQRT_2]).to_vec(),
            Self::Hexagon => {
                vec![[1.1, 0.0], [0.55, 0.953], [-0.55, 0.953], [-1.1, 0.0], [-0.55, -0.953], [0.55, -0.953]]
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_have_about_one_area_and_no_crossing_corners() {
        for form in Form::ALL {
            let Some(p) = form.corners() else { continue };
            let area: f64 =
                (0..p.len()).map(|i| (p[i], p[(i + 1) % p.len()])).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
            assert!((2.8..3.6).contains(&(area.abs() / 2.0)), "{form:?} {}", area / 2.0);
        }
    }

    #[test]
    fn sixty_four_clusters_look_different() {
        let mut looks: Vec<_> = (0..64).map(|i| (i % HUES.len(), Form::of(i) as u8)).collect();
        looks.sort_unstable();
        looks.dedup();
        assert_eq!(looks.len(), 64);
    }
}
