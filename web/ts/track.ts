// The record of one track, field by field as `earprint analyze --json` prints it.

/** What `describe` returns. `null` stands where a number is unknown, never a default; `why_null` says why. */
export interface TrackRecord {
  /** Version of this layout. */
  v: 1;
  /** The path in Node, the name of a `File`, else empty. */
  path: string;
  /** `partial`: the input ended early or held samples that are no numbers; `code` and `detail` say what. */
  status: 'ok' | 'partial';
  /** Stable, such as `E_DECODE_TRUNCATED`. */
  code: string | null;
  detail: string | null;
  /** Hash of the encoded packets, 32 hexadecimal digits: the same for a renamed or retagged copy. */
  audio_id: string | null;
  /** What decoded it, such as `symphonia-flac`. */
  decoder: string;
  /** What computed it: `cpu`. */
  backend: string;
  /** Version of the definition. Numbers of two versions are never compared. */
  schema: 'trk-1';
  descriptor: TrackDescriptor;
  /** A reason for each `null` of the descriptor, and nothing else. */
  why_null: Partial<Record<keyof TrackDescriptor, WhyNull>>;
  table: TrackTable;
}

/**
 * - `silence`: nothing but zeros where it would be measured (for numbers of the mono mix: the channels cancel)
 * - `too_short`: the track is shorter than the number needs
 * - `above_nyquist`: the band starts above half the source's sample rate
 * - `no_beats`: fewer than four beats
 * - `unvoiced`: fewer than ten frames with a pitch
 * - `below_gate`: never louder than -70 LUFS
 * - `non_finite`: the source holds NaN or infinite samples
 * - `undefined`: a ratio of two zeros
 */
export type WhyNull =
  | 'silence'
  | 'too_short'
  | 'above_nyquist'
  | 'no_beats'
  | 'unvoiced'
  | 'below_gate'
  | 'non_finite'
  | 'undefined';

/** The 25 numbers of `trk-1`, in their order. Shares and consistencies have no unit. */
export interface TrackDescriptor {
  /** Share of the power in 20-60 Hz, 0 to 1; the seven shares add up to 1. */
  sub_bass: number | null;
  /** Share of the power in 60-250 Hz, 0 to 1. */
  bass: number | null;
  /** Share of the power in 250-500 Hz, 0 to 1. */
  low_mid: number | null;
  /** Share of the power in 500-2,000 Hz, 0 to 1. */
  mid: number | null;
  /** Share of the power in 2,000-4,000 Hz, 0 to 1. */
  upper_mid: number | null;
  /** Share of the power in 4,000-6,000 Hz, 0 to 1. */
  presence: number | null;
  /** Share of the power in 6,000-20,000 Hz, 0 to 1. */
  air: number | null;
  /** Integrated loudness, LUFS, -70 and above, seldom over 0 (ITU-R BS.1770-4, all channels). */
  loudness: number | null;
  /** Sample peak over RMS of the whole track, dB, 0 and above. */
  crest: number | null;
  /** Power of 60-250 over that of 250-2,000 Hz, dB, any sign. */
  bass_mid_ratio: number | null;
  /** Tempo of the beat grid, BPM; searched from 40 to 240. */
  tempo: number | null;
  /** Evenness of the beats, 0 to 1 (perfectly even). */
  rhythm_stability: number | null;
  /** Onsets per second, 1/s, 0 and above. */
  onset_rate: number | null;
  /** Share of frames more than 40 dB below the loudest, 0 to 1. */
  silence_ratio: number | null;
  /** Median centroid of the power spectrum, Hz, 0 to 22,050: brightness. */
  centroid: number | null;
  /** Median frequency below which 85 % of the power lies, Hz, 0 to 22,050. */
  rolloff: number | null;
  /** Median spectral flatness, 0 (a tone) to 1 (white noise). */
  flatness: number | null;
  /** Energy of the harmonic part over harmonic and percussive, 0 to 1. */
  harmonic_ratio: number | null;
  /** Steadiness of the pitch, 0 to 1 (perfectly steady). */
  pitch_stability: number | null;
  /** How few pitch classes share the energy, 0 (all equally) to 1 (one). */
  chroma_concentration: number | null;
  /** Standard deviation of the crest of half seconds, dB, 0 and above. */
  crest_variation: number | null;
  /** Standard deviation of the momentary loudness, LU, 0 and above. */
  loudness_variation: number | null;
  /** Evenness of the peaks of half seconds, 0 to 1 (all equal). */
  peak_consistency: number | null;
  /** Energy of the side over mid and side, 0 (mono) to 1 (the channels cancel). */
  stereo_width: number | null;
  /** Correlation of left and right, -1 (opposite) to 1 (mono). */
  phase_correlation: number | null;
}

/** The wider table. */
export interface TrackTable {
  /** Length of what was decoded, seconds. */
  duration: number;
  /** The source's own rate, Hz. */
  sample_rate: number;
  channels: number;
  /** As the decoder names it, such as `flac`. */
  codec: string;
  /** Tonic: `C`, `C#` ... `B`. */
  key: string | null;
  mode: 'major' | 'minor' | null;
  /** Correlation with the best key profile minus that with the second best, 0 to 2. */
  key_margin: number | null;
  /** Against A4 = 440 Hz, cents, -50 to 50. */
  tuning: number | null;
  /** Means of 13 MFCC. */
  mfcc_mean: number[] | null;
  /** Standard deviations of 13 MFCC. */
  mfcc_std: number[] | null;
  /** Mean share of each of 12 pitch classes, C first, 0 to 1. */
  chroma: number[] | null;
  /** Tonnetz of the mean chroma: fifths, minor thirds, major thirds, each (sin, cos), -1 to 1. */
  tonnetz: number[] | null;
  /** Zero crossings of the mono mix, 1/s. */
  zero_crossing_rate: number | null;
  /** Mean RMS of frames, full scale 1. */
  rms_mean: number | null;
  /** Standard deviation of the RMS of frames, full scale 1. */
  rms_std: number | null;
  /** Median spread of the spectrum around its centroid, Hz. */
  bandwidth: number | null;
  /** Mean rise of the mel spectrum from frame to frame, dB a band. */
  flux: number | null;
  /** True peak of all channels, dBTP (ITU-R BS.1770-4, annex 2). */
  true_peak: number | null;
  /** Loudness range, LU, 0 and above (EBU Tech 3342). */
  loudness_range: number | null;
  /** Sections, one after another without gap; null for a track that is silent or too short. */
  sections: Section[] | null;
}

/** A stretch of a track that is of one kind. All but the times is relative to the track. */
export interface Section {
  /** Seconds from the start of the track. */
  start: number;
  end: number;
  /** Sections that sound alike share a letter, `A` first. */
  letter: string;
  /** A word for energy, density and place, not for verse or chorus. */
  role: 'intro' | 'build-up' | 'steady' | 'climax' | 'breakdown' | 'outro';
  /** How well the role fits, 0 to 1; near 0.5 it is a guess. */
  membership: number;
  /** Mean power over that of the track, dB. */
  energy: number | null;
  /** Median centroid over that of the track. */
  brightness: number | null;
  /** Mean onset flux over that of the track. */
  density: number | null;
  /** Energy of the last third over that of the first, dB. */
  slope_db: number | null;
  /** How far it is from the section before, 0 to 1; null for the first. */
  novelty: number | null;
  /** How it takes over from the section before; null for the first. */
  transition: Transition | null;
}

/** From one section to the next. */
export interface Transition {
  /** At once at about the same level, louder, quieter; or little by little. */
  kind: 'cut' | 'rise' | 'drop' | 'fade';
  /** How long it takes, seconds. */
  seconds: number;
  change_db: number | null;
  brightness_ratio: number | null;
  density_ratio: number | null;
}

export interface DescribeOptions {
  /** Stops within a tenth of a second, inside an input too; the call rejects at once with the signal's reason. */
  signal?: AbortSignal;
  /** Called after each 12 s of sound and after each input. */
  onProgress?: (progress: TrackProgress) => void;
}

export interface TrackProgress {
  /** Inputs that are through. */
  done: number;
  total: number;
  /** How much of the next one has been read, 0 to 1. */
  part: number;
}
