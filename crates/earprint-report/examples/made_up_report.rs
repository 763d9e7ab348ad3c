//! Writes the report of a made-up collection: `made_up_report FOLDER [TRACKS [CLUSTERS]]`, and says how large each file
//! is.

#[path = "../tests/made_up/mod.rs"]
mod made_up;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("expected a folder to write to")?;
    let tracks: usize = arguments.next().map_or(Ok(60), |n| n.parse())?;
    let clusters: usize = arguments.next().map_or(Ok(4), |n| n.parse())?;
    let report =
        if tracks == 0 { earprint_report::Report::new("Nothing") } else { made_up::collection(tracks, clusters) };
    let start = std::time::Instant::now();
    let written = earprint_report::write_all(&report, folder.as_ref())?;
    let took = start.elapsed();
    for path in written {
        println!("{:>12} {}", std::fs::metadata(&path)?.len(), path.display());
    }
    println!("{} tracks of {} awkward names at most, {took:.2?}", tracks, made_up::AWKWARD.len());
    Ok(())
}
