//! The plots of a report. In: facts and a page. Out: drawings; as PNG 1200 x 800 for files, smaller and without title
//! for the page. A plot without data says so in words, so that a folder always holds the same files and never one of an
//! earlier report.

pub mod centres;
pub mod choice;
pub mod map;
pub mod sections;
pub mod sequence;
pub mod sizes;

use earprint_store::picture::encode_png;

use crate::drawing::axes::Area;
use crate::drawing::{Anchor, Drawing, Page, Paint, pixels};
use crate::facts::Facts;

/// A plot as a function of what is known and where it is drawn.
pub type Plot = fn(&Facts, Page) -> Drawing;

/// Of the files.
pub const PICTURE: Page = Page { width: 1200.0, height: 800.0, text: 20.0, titled: true };

/// The bytes of a plot's file.
pub fn png(facts: &Facts, plot: Plot) -> Vec<u8> {
    let picture = pixels::picture(&plot(facts, PICTURE)).expect("1200 x 800 pixels are few");
    encode_png(&picture)
}

/// A page with its title that says why it is empty.
fn empty(page: Page, title: &str, why: &str) -> Drawing {
    let mut drawing = Drawing::new(page, format!("{title}: {why}"));
    let area = Area::within(&mut drawing, page, title, "");
    let middle = [area.x + area.w / 2.0, area.y + area.h / 2.0];
    drawing.text(middle, page.text, Anchor::Middle, why, Paint::Quiet);
    drawing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Shape;
    use crate::made_up::collection;
    use crate::{Report, Status, Track};

    const ALL: [(&str, Plot); 6] = [
        ("map", map::draw),
        ("choice", choice::draw),
        ("sizes", sizes::draw),
        ("centres", centres::draw),
        ("sequence", sequence::draw),
        ("sections", sections::draw),
    ];

    fn reports() -> Vec<Report> {
        let mut reports: Vec<Report> = [(60, 4), (1, 1), (2, 2), (400, 70)].map(|(n, k)| collection(n, k)).into();
        for c in &mut reports[0].clusters {
            c.name = format!("{} and much more of the same, again and again", c.name);
        }
        reports.push(Report::new(""));
        let mut bare = Report::new("no numbers");
        bare.tracks.push(Track::unknown("x".into(), Status::Error));
        reports.push(bare);
        reports
    }

    #[test]
    fn letters_stay_on_the_page_and_off_each_other() {
        for (report, (name, plot)) in reports().iter().flat_map(|r| ALL.map(|p| (r, p))) {
            for page in [PICTURE, Page { width: 860.0, height: 520.0, text: 14.0, titled: false }] {
                let drawing = plot(&Facts::of(report), page);
                let reach: Vec<_> = drawing.items.iter().filter_map(|i| Some((Drawing::text_reach(i)?, i))).collect();
                assert!(!reach.is_empty(), "{name} says something");
                for (at, ([left, right, top, bottom], item)) in reach.iter().enumerate() {
                    let on = *left >= 0.0 && *right <= page.width && *top >= 0.0 && *bottom <= page.height;
                    assert!(on, "{name} of {}: {item:?}", report.title);
                    for ([l, r, t, b], other) in &reach[..at] {
                        let apart = r <= left || right <= l || b <= top || bottom <= t;
                        assert!(apart, "{name} of {}: {item:?} on {other:?}", report.title);
                    }
                }
            }
        }
    }

    #[test]
    fn no_mark_of_the_data_lies_under_the_legend() {
        let report = collection(300, 8);
        let drawing = map::draw(&Facts::of(&report), PICTURE);
        let marks = |data: bool| {
            drawing.items.iter().filter_map(move |i| match &i.shape {
                Shape::Mark { at, radius, .. } if (*radius < 0.35 * PICTURE.text) == data => Some((*at, *radius)),
                _ => None,
            })
        };
        let right = marks(true).map(|(at, r)| at[0] + r).fold(0.0, f64::max);
        let left = marks(false).map(|(at, r)| at[0] - r).fold(f64::INFINITY, f64::min);
        assert_eq!((marks(true).count(), marks(false).count()), (298, 8));
        assert!(right < left, "data up to {right}, legend from {left}");
    }

    #[test]
    fn a_large_map_is_a_stated_sample() {
        let mut report = Report::new("large");
        for i in 0..25_001u32 {
            let mut track = Track::unknown(String::new(), Status::Ok);
            track.xy = Some([f64::from(i), f64::from(i % 7)]);
            report.tracks.push(track);
        }
        let facts = Facts::of(&report);
        let places = map::places(&facts, Area { x: 0.0, y: 0.0, w: 100.0, h: 100.0 }, 10.0);
        assert_eq!((places.every, places.at.len(), places.at[1].0), (3, 8334, 3));
        assert_eq!(map::quality(&facts, 3), "every 3rd of 25,001 tracks is drawn");
    }

    #[test]
    fn longest_tracks_come_first_and_unknown_roles_have_a_colour() {
        let mut report = collection(60, 4);
        report.tracks[9].sections[0].role = "bridge".into();
        report.tracks[9].sections.last_mut().unwrap().end_s = 9000.0;
        let facts = Facts::of(&report);
        assert_eq!(sections::longest(&facts)[0], 9);
        assert_eq!(sections::longest(&facts).len(), sections::MOST);
        assert_eq!(sections::roles(&facts)[6..], ["bridge"]);
    }
}
