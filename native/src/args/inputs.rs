//! What is read.

use std::path::{Component, Path, PathBuf};

use earprint_audio::PcmFormat;

/// What is read, and how.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct InputArgs {
    /// Files and folders; `-` reads stdin: sound, or a list of files as of --files-from.
    #[arg(required_unless_present = "files_from", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Also the files listed here (`-`: stdin), one per line; lines that begin with # are left out. In a playlist
    /// (.m3u8, .m3u) relative paths begin where the list is.
    #[arg(long, value_name = "FILE")]
    pub files_from: Option<PathBuf>,
    /// Names in lists end with a NUL byte, as `find -print0` writes them.
    #[arg(short = '0', long)]
    pub null: bool,
    /// Read named files and stdin as raw PCM without a header, for example 48000,2,s16. Formats: u8, s16, s24, s32,
    /// f32, f64, alaw, mulaw; big-endian: s16be and so on.
    #[arg(long, value_name = "RATE,CHANNELS,FORMAT", value_parser = pcm)]
    pub pcm: Option<PcmFormat>,
    /// Read only the first S seconds of every input; a live stream ends there.
    #[arg(id = "first_seconds", long = "seconds", value_name = "S", value_parser = seconds)]
    pub seconds: Option<f64>,
    /// What sound on stdin is called in records and output files [default: stdin].
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub name: Option<String>,
}

fn pcm(text: &str) -> Result<PcmFormat, String> {
    text.parse()
}

/// A day is the longest; what is longer than a file changes nothing.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(s) if (0.001..=86_400.0).contains(&s) => Ok(s),
        _ => Err("expected seconds from 0.001 to 86400, for example 30 or 2.5".into()),
    }
}

/// The name becomes a part of paths below output folders: it must not lead out of them.
fn name(text: &str) -> Result<String, String> {
    let inside = Path::new(text).components().all(|part| matches!(part, Component::Normal(_)));
    if text.is_empty() || !inside || text.contains(char::is_control) || text.ends_with('/') {
        return Err("expected a name or a relative path without . and .., for example radio.wav".into());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_and_say_what_is_expected() {
        assert_eq!(seconds("2.5"), Ok(2.5));
        for bad in ["", "0", "-1", "nan", "inf", "86401", "1m"] {
            assert!(seconds(bad).unwrap_err().contains("0.001 to 86400"), "{bad}");
        }
        assert_eq!(name("live/radio 1").as_deref(), Ok("live/radio 1"));
        for bad in ["", "/a", "../a", "a/../../b", "./a", "a\nb", "a/"] {
            assert!(name(bad).is_err(), "{bad}");
        }
        assert!(pcm("48000").unwrap_err().contains("48000,2,s16"));
    }
}
