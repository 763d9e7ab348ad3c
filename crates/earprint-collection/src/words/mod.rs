//! Words for tracks and clusters: what is usual in a collection, what stands out, and what that is called.
//!
//! Enters: descriptors of a collection. Leaves: [`Usual`], the middle and spread of every dimension; [`Telling`] words for what lies
//! beyond them, graded; [`Tags`], memberships of a track in moods and characters. The words (`words.tsv`) and the rules of the
//! tags (`tags.tsv`) are tables in this folder, each row with its reason; other tables of the same form can be parsed.
//!
//! **Words are relative.** "Loud" is louder than most of *this* collection: the quietest metal track of a metal collection is called
//! quiet, and the same track gets other words among string quartets. A dimension whose spread is too small to be heard says nothing.
//!
//! **Where words mislead**, looked at on 267 recordings and pieces of orchestral game music and 24 built-in sounds:
//! * No number hears mode or consonance. "Tense" is uneven, sharp and of many pitch classes: rain and surf are tense. "Melodic" is of few pitch
//!   classes and some onsets: Morse code is melodic. Valence is what audio features tell worst (Y. E. Kim et al., ISMIR 2010), and no tag
//!   claims happy or sad.
//! * "Intimate" is narrow and soft, "calm" soft: war drums that were mixed so are both, and "driving" beside it.
//! * The numbers are of the file. A slow fade, or silence at an end, makes a loud piece "dynamic", "gappy", "minimal".
//! * "Fast" may be twice what a foot taps (60 / 120 BPM of one piece in two encodings), "loose" a beat grid that slipped. Without onsets neither
//!   is said, but with few they still are.
//! * Soft mallets and plucked strings are "sustained" to a median filter; rain and sirens half percussive. "Airy" and "noisy" follow a
//!   lossy codec's upper edge as well as the music.
//! * An excerpt of 14 s has the words of that excerpt: pieces of one work differ as much as works do. Tracks of pure tones against
//!   the reference scale of a small collection get many tags, for no music is like them.
//! * Clusters that robust scaling of untransformed numbers finds are one large "typical" one and single odd files: their names are right
//!   and useless.

mod graded;
mod table;
mod tags;
mod usual;

pub use graded::{FAINT, Grade, PLAIN, SLIGHTLY, Telling, VERY, Word, Words};
pub use table::TableError;
pub use tags::{HAS_AT_LEAST, KNOWN_AT_LEAST, Membership, Rule, Tags};
pub(crate) use usual::heard;
pub use usual::{BEATS_AN_ONSET, HEARD_AT_LEAST, Usual};
