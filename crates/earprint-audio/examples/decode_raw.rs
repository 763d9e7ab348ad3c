//! Decodes files and says what came out, one JSON line a file; with `-o FILE` the samples of the last one are written as
//! interleaved 32-bit floats, little-endian.
//!
//! `cargo run --release -p earprint-audio --example decode_raw -- [-o OUT.f32] FILE...`

use std::io::{BufWriter, Write};
use std::path::Path;

use earprint_audio::{AudioError, Limits, Stream};

fn main() -> std::io::Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut out = None;
    if args.first().is_some_and(|a| a == "-o") && args.len() > 2 {
        out = Some(args.remove(1));
        args.remove(0);
    }
    // A contained panic is told in the line of its file.
    std::panic::set_hook(Box::new(|_| {}));
    for path in &args {
        let mut sink = match &out {
            Some(out) => Some(BufWriter::new(std::fs::File::create(out)?)),
            None => None,
        };
        println!("{}", line(path, sink.as_mut())?);
    }
    Ok(())
}

/// Decodes one file block by block.
fn line(path: &str, mut sink: Option<&mut BufWriter<std::fs::File>>) -> std::io::Result<String> {
    let mut stream = match Stream::open_path(Path::new(path), &Limits::default()) {
        Ok(stream) => stream,
        Err(error) => return Ok(failed(path, &error)),
    };
    loop {
        match stream.next_block() {
            Ok(Some(block)) => {
                if let Some(sink) = sink.as_mut() {
                    for n in 0..block.planar[0].len() {
                        for plane in &block.planar {
                            sink.write_all(&plane[n].to_le_bytes())?;
                        }
                    }
                }
            }
            Ok(None) => break,
            Err(error) => return Ok(failed(path, &error)),
        }
    }
    let note = stream.note().map_or("null".into(), |note| format!("{:?}", note.to_string()));
    Ok(format!(
        "{{\"path\":{path:?},\"rate_hz\":{},\"channels\":{},\"frames\":{},\"decoder\":{:?},\"note\":{note}}}",
        stream.rate_hz(),
        stream.channels(),
        stream.frames(),
        stream.decoder()
    ))
}

fn failed(path: &str, error: &AudioError) -> String {
    format!("{{\"path\":{path:?},\"code\":{:?},\"detail\":{:?}}}", error.code(), error.to_string())
}
