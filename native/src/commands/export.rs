//! `earprint export`: a library in another form.

use anyhow::Result;
use earprint_core::TRACK_SCHEMA;
use earprint_library::{Library, export};

use crate::args::{ExportArgs, ExportFormat};
use crate::job::usage;

/// Runs the verb.
pub fn run(args: &ExportArgs) -> Result<u8> {
    let ending = args.out.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let format = match (args.format, ending.as_deref()) {
        (Some(format), _) => format,
        (None, Some("csv")) => ExportFormat::Csv,
        (None, Some("ndjson" | "jsonl" | "json")) => ExportFormat::Ndjson,
        (None, Some("parquet")) => ExportFormat::Parquet,
        (None, Some("npy")) => ExportFormat::Npy,
        (None, _) => {
            return usage(format!(
                "{}: expected a name that ends in .csv, .ndjson, .parquet or .npy, or --format",
                args.out.display()
            ));
        }
    };
    let library = Library::open_read_only(&args.library.library)?;
    let rows = match format {
        ExportFormat::Csv => export::csv(&library, TRACK_SCHEMA, &args.out)?,
        ExportFormat::Ndjson => export::ndjson(&library, TRACK_SCHEMA, &args.out)?,
        ExportFormat::Parquet => export::parquet(&library, TRACK_SCHEMA, &args.out)?,
        ExportFormat::Npy => export::npy(&library, TRACK_SCHEMA, &args.out)?,
    };
    if !args.quiet {
        eprintln!("{rows} rows in {}", args.out.display());
    }
    Ok(0)
}
