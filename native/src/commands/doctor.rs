//! `earprint doctor`: which devices, drivers and codecs work here, and why the others do not.

use anyhow::Result;
use earprint_audio::formats::{self, Support};
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
    told("reads", &formats::list(Support::Read));
    println!("           any rate from 100 to 768,000 Hz");
    told("missing", &formats::list(Support::Unread));
    println!("           files of these are failures (E_UNSUPPORTED); convert them first, for example to FLAC");
    Ok(0)
}

/// A list in lines of at most a hundred characters.
fn told(head: &str, list: &str) {
    let mut line = format!("  {head:<8}");
    for word in list.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > 100 {
            println!("{line}");
            line = " ".repeat(10);
        }
        line += " ";
        line += word;
    }
    println!("{line}");
}
