//! `earprint doctor`: which devices, drivers and codecs work here, and why the others do not.

use anyhow::Result;
use earprint_pipeline::disk::Backends;
use earprint_signal::Width;

use crate::args::settings;
use crate::device;

/// Runs the verb; returns the exit code.
pub fn run() -> Result<u8> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let widths: Vec<&str> = Width::available().iter().map(|w| w.name()).collect();
    println!("earprint {} ({})", earprint_core::TOOL_VERSION, earprint_core::MEL_SCHEMA);
    println!("\ndevices");
    println!("  works    cpu: {threads} threads, {} (in use: {})", widths.join(", "), Width::best().name());
    let (found, missing) = device::gpus();
    for gpu in found {
        let software = if gpu.software { "; a software device, used only when asked for" } else { "" };
        match gpu.chosen.open() {
            Ok(_) => println!("  works    {}{software}", gpu.name),
            Err(e) => println!("  fails    {}: {e}", gpu.name),
        }
    }
    for why in missing {
        println!("  missing  {why}");
    }
    println!("\nsettings");
    for file in settings::files()? {
        println!("  read     {}", file.display());
    }
    if std::env::var_os(settings::INSTEAD).is_some() {
        println!("  because  {} is set: no other file is looked for", settings::INSTEAD);
    } else if let Some(own) = settings::users().filter(|own| !own.is_file()) {
        println!("  missing  {}, where settings for every folder could stand", own.display());
    }
    println!("\nformats");
    println!("  reads    WAV (8, 16, 24, 32-bit, float, A-law, mu-law, RF64), AIFF, CAF, FLAC, MP3, MP2, Ogg Vorbis,");
    println!("           AAC-LC and ALAC in M4A/MP4 or ADTS; any rate from 100 to 768,000 Hz");
    println!("  missing  Opus, HE-AAC, WMA: convert them first, for example to FLAC");
    Ok(0)
}
