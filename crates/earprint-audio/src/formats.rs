//! The known formats of audio and video files, read here or not: names, extensions, first bytes.
//!
//! One row a format. Whether a file is taken for audio, what a refusal calls it, and what messages, `doctor` and the
//! documents list all come from here. A format gains support by one word: [`unread`] becomes [`read`] in its row (and
//! [`crate::sniff`] names its container). Rows without first bytes are known by extension alone.
//!
//! Sources: the formats' public documents, among them ASF 01.20.06 (Microsoft), SV7/SV8 (musepack.net), DSF 1.01 (Sony),
//! DSDIFF 1.5 (Philips), ATSC A/52, ETSI TS 102 114, ISO/IEC 11172-1 and 13818-1, RFC 4867, RFC 9559, RFC 7845,
//! Standard MIDI Files 1.0, and the signatures of PRONOM (The National Archives) for trackers and recorders.

/// Whether this build reads a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Files are opened; a codec inside may still be refused.
    Read,
    /// Files are refused with the format's name.
    Unread,
}

/// One known format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Name for people, as in "12 WMA".
    pub name: &'static str,
    /// Whether this build reads it.
    pub support: Support,
    /// Extensions, lower case, that no other kind of file has: such a file is audio without a look inside.
    pub extensions: &'static [&'static str],
    /// Extensions that other kinds of files have too (`.ts` is TypeScript as well): the first bytes decide.
    pub shared: &'static [&'static str],
    /// What of a format is read, for lists.
    pub about: &'static str,
    /// True where files hold notes instead of samples: they are rendered, not converted.
    pub notes: bool,
    magic: &'static [&'static [(usize, &'static [u8])]],
    check: Option<fn(&[u8]) -> bool>,
    /// True where the first bytes are too short or too common to decide without the extension.
    weak: bool,
    /// Whether messages name it among what is read.
    named: bool,
}

/// A format that this build reads.
const fn read(name: &'static str, extensions: &'static [&'static str]) -> Format {
    Format {
        name,
        support: Support::Read,
        extensions,
        shared: &[],
        about: "",
        notes: false,
        magic: &[],
        check: None,
        weak: false,
        named: true,
    }
}

/// A format that this build knows and does not read.
const fn unread(name: &'static str, extensions: &'static [&'static str]) -> Format {
    Format { support: Support::Unread, named: false, ..read(name, extensions) }
}

/// A format of the decoders besides WAV: read where the build has them.
const fn decoded(name: &'static str, extensions: &'static [&'static str]) -> Format {
    if cfg!(feature = "codecs") { read(name, extensions) } else { unread(name, extensions) }
}

/// As [`decoded`], of the decoders that a page loads when the first such file comes.
const fn more(name: &'static str, extensions: &'static [&'static str]) -> Format {
    let support = if cfg!(feature = "more-codecs") { Support::Read } else { Support::Unread };
    // A page that has the other decoders loads these when they are asked for, so its messages name them too.
    Format { support, named: cfg!(feature = "codecs"), ..read(name, extensions) }
}

impl Format {
    /// First bytes: one of these lists, every `(offset, bytes)` of it.
    const fn magic(self, magic: &'static [&'static [(usize, &'static [u8])]]) -> Format {
        Format { magic, ..self }
    }

    /// First bytes told by a function, beside the lists.
    const fn check(self, check: fn(&[u8]) -> bool) -> Format {
        Format { check: Some(check), ..self }
    }

    const fn shared(self, shared: &'static [&'static str]) -> Format {
        Format { shared, ..self }
    }

    const fn about(self, about: &'static str) -> Format {
        Format { about, ..self }
    }

    const fn notes(self) -> Format {
        Format { notes: true, ..self }
    }

    const fn weak(self) -> Format {
        Format { weak: true, ..self }
    }

    /// Whether these first bytes are the format's; false for formats that have none. Containers of [`crate::sniff`] are
    /// told there.
    pub fn starts(&self, prefix: &[u8]) -> bool {
        let at = |&(offset, magic): &(usize, &[u8])| prefix.get(offset..).is_some_and(|rest| rest.starts_with(magic));
        self.magic.iter().any(|all| all.iter().all(at)) || self.check.is_some_and(|check| check(prefix))
    }

    fn is_named(&self, extension: &str) -> bool {
        self.extensions.iter().chain(self.shared).any(|known| known.eq_ignore_ascii_case(extension))
    }
}

/// An Ogg page header of 27 bytes and a table of one segment stand before the codec's own first bytes.
const OGG: usize = 28;

/// Every known format; those that are read first.
#[rustfmt::skip]
pub const FORMATS: &[Format] = &[
    read("WAV", &["wav", "wave", "bwf", "rf64"]).about("integers to 32 bits, floats of 32 and 64, A-law, mu-law, ADPCM, RF64"),
    read("W64", &["w64"]),
    read("AU", &["au", "snd"]),
    decoded("FLAC", &["flac"]),
    more("WavPack", &["wv"]),
    decoded("MP3", &["mp3", "mpga"]),
    decoded("MP2", &["mp2", "mp1", "m2a", "mpa"]).about("and MP1"),
    decoded("Ogg Vorbis", &["ogg", "oga", "ogx", "ogv"]).about("and FLAC in Ogg"),
    more("Opus", &["opus"]).about("1 to 8 channels; also in WebM, Matroska and MP4"),
    more("AAC", &["aac", "adts"]).about("AAC-LC and HE-AAC in ADTS, up to 7.1"),
    more("MP4", &["mp4", "m4a", "m4b", "m4r", "m4v", "3gp", "3g2", "f4a", "alac"]).about("AAC, ALAC, Opus, FLAC, MP3"),
    more("QuickTime", &["mov"]).shared(&["qt"]).about("AAC, ALAC, PCM"),
    more("Matroska", &["mka", "mkv", "mk3d", "webm"]).about("and WebM: Opus, Vorbis, FLAC, AAC, MP3, ALAC, PCM"),
    more("AIFF", &["aif", "aifc", "aiff"]),
    more("CAF", &["caf"]),

    unread("WMA", &["wma"]).check(asf),
    unread("WMV", &["wmv", "asf"]).check(asf),
    unread("Monkey's Audio", &["ape"]).shared(&["mac"]).magic(&[&[(0, b"MAC ")], &[(0, b"MACF")]]),
    unread("Musepack", &["mpc", "mp+"]).shared(&["mpp"]).magic(&[&[(0, b"MP+")], &[(0, b"MPCK")]]),
    unread("TTA", &["tta"]).magic(&[&[(0, b"TTA1")], &[(0, b"TTA2")]]),
    unread("DSD", &["dsf", "dff"]).magic(&[&[(0, b"DSD ")], &[(0, b"FRM8"), (12, b"DSD ")]]),
    unread("AC-3", &["ac3", "eac3", "ec3"]).magic(&[&[(0, b"\x0B\x77")]]).weak(),
    unread("AC-4", &["ac4"]),
    unread("DTS", &["dtshd"]).shared(&["dts"]).magic(&[&[(0, b"\x7F\xFE\x80\x01")], &[(0, b"\xFE\x7F\x01\x80")],
        &[(0, b"\x1F\xFF\xE8\x00")], &[(0, b"\xFF\x1F\x00\xE8")], &[(0, b"DTSHDHDR")]]),
    unread("TrueHD", &["thd", "truehd"]).shared(&["mlp"]).magic(&[&[(4, b"\xF8\x72\x6F\xBA")], &[(4, b"\xF8\x72\x6F\xBB")]]),
    unread("Speex", &["spx"]).magic(&[&[(0, b"OggS"), (OGG, b"Speex   ")]]),
    unread("CELT", &["celt"]).magic(&[&[(0, b"OggS"), (OGG, b"CELT    ")]]),
    unread("AMR", &["amr", "awb"]).magic(&[&[(0, b"#!AMR")]]),
    unread("GSM", &[]).shared(&["gsm"]).check(gsm).weak(),
    unread("iLBC", &["lbc", "ilbc"]).magic(&[&[(0, b"#!iLBC")]]),
    unread("SILK", &["silk"]).magic(&[&[(0, b"#!SILK")], &[(0, b"\x02#!SILK")]]),
    unread("EVRC", &["evc", "qcp"]).magic(&[&[(0, b"#!EVRC")], &[(0, b"RIFF"), (8, b"QLCM")]]),
    unread("G.722", &["g722", "g723", "g726", "g729"]),
    unread("RealAudio", &["rm", "rmvb"]).shared(&["ra"]).magic(&[&[(0, b".RMF")], &[(0, b".ra\xFD")]]),
    unread("VOC", &[]).shared(&["voc"]).magic(&[&[(0, b"Creative Voice File\x1A")]]),
    unread("8SVX", &["8svx"]).shared(&["iff", "svx"]).magic(&[&[(0, b"FORM"), (8, b"8SVX")], &[(0, b"FORM"), (8, b"16SV")]]),
    unread("IRCAM", &["ircam"]).shared(&["sf"]).magic(&[&[(0, b"\x64\xA3\x01\x00")], &[(0, b"\x64\xA3\x02\x00")],
        &[(0, b"\x64\xA3\x03\x00")], &[(0, b"\x64\xA3\x04\x00")], &[(0, b"\x00\x01\xA3\x64")],
        &[(0, b"\x00\x02\xA3\x64")], &[(0, b"\x00\x03\xA3\x64")], &[(0, b"\x00\x04\xA3\x64")]]),
    unread("NIST SPHERE", &[]).shared(&["sph", "nist"]).magic(&[&[(0, b"NIST_1A")]]),
    unread("PVF", &["pvf"]).magic(&[&[(0, b"PVF1\n")], &[(0, b"PVF2\n")]]),
    unread("AVR", &["avr"]).magic(&[&[(0, b"2BIT")]]),
    unread("Sound Designer II", &["sd2"]),
    unread("RIFX", &[]).magic(&[&[(0, b"RIFX"), (8, b"WAVE")]]),
    unread("Dialogic VOX", &[]).shared(&["vox"]).check(vox).weak(),
    unread("raw PCM", &["pcm", "ulaw", "alaw", "sln"]),
    unread("Shorten", &["shn"]).magic(&[&[(0, b"ajkg")]]),
    unread("OptimFROG", &["ofr", "ofs"]).magic(&[&[(0, b"OFR ")]]),
    unread("TAK", &["tak"]).magic(&[&[(0, b"tBaK")]]),
    unread("LA", &[]).shared(&["la"]).magic(&[&[(0, b"LA02")], &[(0, b"LA03")], &[(0, b"LA04")]]),
    unread("QOA", &["qoa"]).magic(&[&[(0, b"qoaf")]]),
    unread("TwinVQ", &["vqf"]).magic(&[&[(0, b"TWIN9")], &[(0, b"TWIN0")]]),
    unread("ATRAC", &["oma", "aa3", "at3", "at9"]).magic(&[&[(0, b"EA3\x01")], &[(0, b"ea3\x03")]]),
    unread("Audible", &["aax", "aaxc"]).shared(&["aa"]).magic(&[&[(4, b"ftypaax")], &[(4, b"\x57\x90\x75\x36")]]),
    unread("DSS", &["ds2"]).shared(&["dss"]).magic(&[&[(0, b"\x02dss")], &[(0, b"\x03ds2")]]),
    unread("ADX", &["adx"]),
    unread("MIDI", &["midi", "rmi"]).shared(&["mid", "kar"]).notes()
        .magic(&[&[(0, b"MThd")], &[(0, b"RIFF"), (8, b"RMID")], &[(0, b"FORM"), (8, b"XDIR")], &[(0, b"XMF_")]]),
    unread("tracker module", &["xm", "s3m", "mptm", "mo3", "mtm", "umx"]).notes()
        .shared(&["mod", "it", "stm", "med", "okt", "far", "ult", "ptm", "669", "amf", "psm"]).check(module),
    unread("chip music", &["vgm", "gbs"]).shared(&["nsf", "spc", "hes", "ay", "sid", "ym", "ahx"]).notes()
        .magic(&[&[(0, b"NESM\x1A")], &[(0, b"SNES-SPC700")], &[(0, b"Vgm ")], &[(0, b"GBS\x01")], &[(0, b"HESM")],
            &[(0, b"ZXAYEMUL")], &[(0, b"PSID\x00")], &[(0, b"RSID\x00")], &[(2, b"-lh5-"), (22, b".ym")], &[(0, b"THX\x00")]]),

    unread("AVI", &["avi", "divx"]).magic(&[&[(0, b"RIFF"), (8, b"AVI ")]]),
    unread("MPEG-TS", &["m2ts", "m2t"]).shared(&["tod", "ts", "mts", "trp"]).check(mpeg_ts),
    unread("MPEG-PS", &["mpg", "mpeg", "vob", "m2p"]).shared(&["dat", "mod", "ps", "vdr"])
        .magic(&[&[(0, b"\x00\x00\x01\xBA")], &[(0, b"RIFF"), (8, b"CDXA")]]),
    unread("FLV", &["flv"]).magic(&[&[(0, b"FLV\x01")]]),
    unread("MXF", &["mxf"]).magic(&[&[(0, b"\x06\x0E\x2B\x34\x02\x05\x01\x01")]]),
    unread("DV", &[]).shared(&["dv"]).magic(&[&[(0, b"\x1F\x07\x00\x3F")], &[(0, b"\x1F\x07\x00\xBF")]]),
    unread("NUT", &[]).shared(&["nut"]).magic(&[&[(0, b"nut/multimedia container")]]),
    unread("Bink", &["bik", "bk2"]).magic(&[&[(0, b"BIKi")], &[(0, b"BIKf")], &[(0, b"KB2")]]),
    unread("Smacker", &["smk"]).magic(&[&[(0, b"SMK2")], &[(0, b"SMK4")]]),
];

/// The formats that an extension may belong to.
pub fn by_extension(extension: &str) -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(move |format| format.is_named(extension))
}

/// Whether a file of this extension is audio or video, whatever it holds.
pub fn is_certain(extension: &str) -> bool {
    FORMATS.iter().flat_map(|format| format.extensions).any(|known| known.eq_ignore_ascii_case(extension))
}

/// The format that is known, not read, and begins with these bytes. `extension`: that of the name, where there is one; it
/// decides between formats with the same first bytes, and lets weak ones count.
pub fn unread_by_bytes(prefix: &[u8], extension: Option<&str>) -> Option<&'static Format> {
    let named = |format: &Format| extension.is_some_and(|extension| format.is_named(extension));
    let fits = |format: &&Format| format.support == Support::Unread && format.starts(prefix);
    let own = FORMATS.iter().filter(fits).find(|format| named(format));
    own.or_else(|| FORMATS.iter().filter(fits).find(|format| !format.weak))
}

/// The format of an extension, where no format of that extension is read.
pub fn unread_by_extension(extension: &str) -> Option<&'static Format> {
    let mut formats = by_extension(extension).peekable();
    let first = *formats.peek()?;
    formats.all(|format| format.support == Support::Unread).then_some(first)
}

/// What to do about a format that is not read; `name` as messages begin: "WMA", "Opus in Ogg", "MIDI (by its name)".
pub fn cure(name: &str) -> &'static str {
    let first = first_words(name);
    if FORMATS.iter().any(|format| format.notes && format.name == first) {
        "render it to a sound file with a player or synthesizer, for example to FLAC"
    } else {
        "convert the file, for example to FLAC or 16-bit WAV"
    }
}

/// How an `E_UNSUPPORTED` sentence begins.
pub(crate) const UNSUPPORTED: &str = "unsupported: ";

/// The format that an `E_UNSUPPORTED` sentence names, for counting: "Opus" of "unsupported: Opus in Ogg; expected …".
/// Stored records have the sentence alone. `None` for other sentences.
pub fn named_in(sentence: &str) -> Option<&str> {
    let name = first_words(sentence.strip_prefix(UNSUPPORTED)?);
    (!name.is_empty()).then_some(name)
}

/// The name before what is said about it.
fn first_words(text: &str) -> &str {
    let end = [" (", " in ", ";", ": "].iter().filter_map(|stop| text.find(stop)).min();
    text[..end.unwrap_or(text.len())].trim()
}

/// The formats this build reads, as messages name them: "WAV, FLAC or MP3".
pub const READ_NAMES: &str = match str::from_utf8(&READ_NAMES_BYTES) {
    Ok(text) => text,
    Err(_) => panic!("names are UTF-8"),
};

const READ_NAMES_BYTES: [u8; read_names(&mut [0; 2048])] = {
    let mut bytes = [0; 2048];
    let length = read_names(&mut bytes);
    let mut out = [0; read_names(&mut [0; 2048])];
    let mut i = 0;
    while i < length {
        out[i] = bytes[i];
        i += 1;
    }
    out
};

/// Writes the names with commas and an "or" between them; returns the length.
const fn read_names(out: &mut [u8; 2048]) -> usize {
    let (mut row, mut left) = (0, 0);
    while row < FORMATS.len() {
        left += FORMATS[row].named as usize;
        row += 1;
    }
    let (mut row, mut at) = (0, 0);
    while row < FORMATS.len() {
        if FORMATS[row].named {
            at = append(out, at, FORMATS[row].name);
            left -= 1;
            at = append(
                out,
                at,
                match left {
                    0 => "",
                    1 => " or ",
                    _ => ", ",
                },
            );
        }
        row += 1;
    }
    at
}

const fn append(out: &mut [u8; 2048], mut at: usize, text: &str) -> usize {
    let mut i = 0;
    while i < text.len() {
        out[at] = text.as_bytes()[i];
        (i, at) = (i + 1, at + 1);
    }
    at
}

/// The formats of one kind as documents and `doctor` list them: "WAV (8 to 64 bits, float), FLAC".
pub fn list(support: Support) -> String {
    let words = |format: &Format| match format.about {
        "" => format.name.to_owned(),
        about => format!("{} ({about})", format.name),
    };
    let rows = FORMATS.iter().filter(|format| format.support == support);
    rows.map(words).collect::<Vec<_>>().join(", ")
}

/// The header object of ASF, which holds WMA and WMV.
fn asf(prefix: &[u8]) -> bool {
    prefix.starts_with(b"\x30\x26\xB2\x75\x8E\x66\xCF\x11")
}

/// Raw GSM 06.10: every frame of 33 bytes begins with the nibble 13. Four frames must be there.
fn gsm(prefix: &[u8]) -> bool {
    prefix.len() > 99 && prefix.iter().step_by(33).take(16).all(|byte| byte >> 4 == 0xD)
}

/// Headerless ADPCM: anything but texts, pictures and the voxel models that share the extension.
fn vox(prefix: &[u8]) -> bool {
    prefix.len() > 16 && !prefix.starts_with(b"VOX ") && crate::other_kinds::other_kind(prefix).is_none()
}

/// Transport packets of 188 bytes, or of 192 with a time stamp in front: three sync bytes in a row.
fn mpeg_ts(prefix: &[u8]) -> bool {
    let syncs = |first: usize, step: usize| (0..3).all(|k| prefix.get(first + k * step) == Some(&0x47));
    syncs(0, 188) || syncs(4, 192)
}

/// Modules of the trackers: ProTracker and its kin name their number of channels at byte 1,080.
fn module(prefix: &[u8]) -> bool {
    const STARTS: [(usize, &[u8]); 16] = [
        (0, b"Extended Module: "),
        (0, b"IMPM"),
        (44, b"SCRM"),
        (44, b"PTMF"),
        (20, b"!Scream!"),
        (0, b"MTM\x10"),
        (0, b"OKTASONG"),
        (0, b"FAR\xFE"),
        (0, b"MAS_UTrack_V00"),
        (0, b"MMD0"),
        (0, b"MMD1"),
        (0, b"MMD2"),
        (0, b"MMD3"),
        (0, b"PSM "),
        (0, b"MO3"),
        (0, b"\xC1\x83\x2A\x9E"),
    ];
    let tag = prefix.get(1080..1084);
    let protracker = tag.is_some_and(|tag| match tag {
        b"M.K." | b"M!K!" | b"M&K!" | b"N.T." | b"FLT4" | b"FLT8" | b"OKTA" | b"OCTA" | b"CD81" => true,
        [n, b'C', b'H', b'N'] => n.is_ascii_digit(),
        [a, b, b'C', b'H' | b'N'] => a.is_ascii_digit() && b.is_ascii_digit(),
        _ => false,
    });
    protracker || STARTS.iter().any(|(offset, magic)| prefix.get(*offset..).is_some_and(|r| r.starts_with(magic)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_distinct_and_lower_case() {
        let mut certain: Vec<&str> = FORMATS.iter().flat_map(|f| f.extensions).copied().collect();
        assert!(certain.iter().all(|e| e.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '+')));
        let shared: Vec<&str> = FORMATS.iter().flat_map(|f| f.shared).copied().collect();
        assert!(shared.iter().all(|e| !is_certain(e)), "{shared:?}");
        let all = certain.len();
        certain.sort_unstable();
        certain.dedup();
        assert_eq!(certain.len(), all);
        let mut names: Vec<&str> = FORMATS.iter().map(|f| f.name).collect();
        // Counting takes the name back out of a sentence.
        assert!(names.iter().all(|name| first_words(name) == *name));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FORMATS.len());
    }

    #[test]
    fn first_bytes_tell_formats_and_weak_ones_need_their_extension() {
        let name = |prefix: &[u8], extension| unread_by_bytes(prefix, extension).map(|f| f.name);
        assert_eq!(name(b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9", None), Some("WMA"));
        assert_eq!(name(b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9", Some("WMV")), Some("WMV"));
        assert_eq!(name(b"\x0B\x77\x01\x02", None), None);
        assert_eq!(name(b"\x0B\x77\x01\x02", Some("ac3")), Some("AC-3"));
        let mut module = vec![0; 1080];
        module.extend(b"6CHN");
        assert_eq!(name(&module, None), Some("tracker module"));
        let mut ts = vec![0; 600];
        for at in [0, 188, 376] {
            ts[at] = 0x47;
        }
        assert_eq!(name(&ts, Some("ts")), Some("MPEG-TS"));
        ts[188] = 0;
        assert_eq!(name(&ts, Some("ts")), None);
        let gsm: Vec<u8> = (0..132).map(|i| if i % 33 == 0 { 0xD3 } else { 7 }).collect();
        assert_eq!((name(&gsm, None), name(&gsm, Some("gsm"))), (None, Some("GSM")));
        assert_eq!(name(b"import { x } from 'y';\n", Some("ts")), None);
    }

    #[test]
    fn extensions_are_certain_or_shared() {
        assert!(is_certain("WMA") && is_certain("ogv") && !is_certain("ts") && !is_certain("png"));
        assert_eq!(unread_by_extension("Ape").map(|f| f.name), Some("Monkey's Audio"));
        assert!(unread_by_extension("wav").is_none() && unread_by_extension("png").is_none());
    }

    #[test]
    fn a_sentence_gives_its_format_back() {
        let sentence =
            |actual: &str| crate::AudioError::Unsupported { expected: "WAV", actual: actual.into() }.to_string();
        assert_eq!(named_in(&sentence("WMA")), Some("WMA"));
        assert_eq!(named_in(&sentence("Opus in Ogg")), Some("Opus"));
        assert_eq!(named_in(&sentence("MP4 (no decoder)")), Some("MP4"));
        assert_eq!(named_in("damaged WAV file: x"), None);
        assert!(
            sentence("MIDI").ends_with("render it to a sound file with a player or synthesizer, for example to FLAC")
        );
        assert!(sentence("WMA").ends_with("convert the file, for example to FLAC or 16-bit WAV"));
    }
}
