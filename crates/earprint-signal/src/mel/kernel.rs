//! The lane kernel: `W` outputs at a time, each in its own lane. Longer than most files on purpose: the order of operations,
//! from sample to stored value, is one definition and is read in one piece beside `shaders/mel/mel_fused.wgsl`.

use super::butterfly::{C, butterfly, twiddle};
use super::{Layout, Out, PcmSlice, Scratch, room};
use crate::fft::Stage;
use crate::lane::Lane;
use crate::ln::{LN_COEFFICIENTS, LN2_HI, LN2_LO};
use crate::{FrameGrid, MelTables, PostLog, RealFft, f16_from_f32};

/// Points a pass may touch before the smaller passes inside it are finished first: what a first-level cache holds.
const CACHE_BYTES: usize = 32 << 10;

/// Scales integers to full scale 1. The product with the window is exact up to the window's own rounding, because the
/// factor is a power of two.
const I16_SCALE: f32 = 1.0 / 32768.0;

/// See `MelKernel::run`.
///
/// # Safety
/// Inside a function compiled for `L`'s instruction set; lengths as `MelKernel::run` checked them.
#[inline(always)]
pub(super) unsafe fn run<L: Lane>(
    tables: &MelTables,
    grid: &FrameGrid,
    n_mels: usize,
    pcm: PcmSlice,
    outputs: usize,
    layout: Layout,
    out: &mut Out,
    scratch: &mut Scratch,
) {
    let w = L::W;
    let fft = &tables.fft;
    let bins = fft.m + 1;
    // A group of lanes reads frames at `lane * step + i * hop`, i < chunk: samples 0 .. reach of each lane's row.
    let reach = (grid.chunk - 1) * grid.hop + grid.n_fft;
    let turn = Turn::new(grid.step, reach, w);
    let whole_chunks = grid.pool_frames / grid.chunk;
    let rest = grid.pool_frames % grid.chunk;
    let pooled = grid.pool_frames > 1;
    let blocks = if pooled { outputs + grid.pool_frames.div_ceil(grid.chunk) - 1 } else { outputs };
    // Rows of sums are read a few lanes past the last group.
    let sum_row = if pooled { blocks.next_multiple_of(w) + 2 * w + whole_chunks } else { 0 };

    // SAFETY: every pointer below stays inside a buffer of the size asked for here; `L` is the caller's promise.
    unsafe {
        let turned = room(&mut scratch.turned, turn.columns * turn.row);
        let points = room(&mut scratch.points, 2 * fft.m * w);
        let power = room(&mut scratch.power, bins * w);
        let whole = room(&mut scratch.whole, bins * sum_row);
        let first = room(&mut scratch.first, if rest > 0 { bins * sum_row } else { 0 });
        let mel = room(&mut scratch.mel, n_mels.next_multiple_of(w) * w);
        turn.places(reach, &mut scratch.place);
        let place = scratch.place.as_ptr();
        let scale = match pcm {
            PcmSlice::I16(_) => I16_SCALE,
            PcmSlice::F32(_) => 1.0,
        };
        scratch.window.clear();
        scratch.window.extend(tables.half_window.iter().map(|w| scale * w));
        let window = scratch.window.as_ptr();

        for group in 0..blocks.div_ceil(w) {
            let at = group * w;
            match pcm {
                PcmSlice::I16(s) => turn.fill::<L, i16>(s, at, turned),
                PcmSlice::F32(s) => turn.fill::<L, f32>(s, at, turned),
            }
            for i in 0..grid.chunk {
                load_and_transform::<L>(fft, turned, place.add(i * grid.hop), window, points);
                if !pooled {
                    split_power::<L, false>(fft, points, power, w, tables.magnitude);
                } else if i == 0 {
                    split_power::<L, false>(fft, points, whole.add(at), sum_row, tables.magnitude);
                } else {
                    split_power::<L, true>(fft, points, whole.add(at), sum_row, tables.magnitude);
                }
                if rest > 0 && i + 1 == rest {
                    for f in 0..bins {
                        L::load(whole.add(f * sum_row + at)).store(first.add(f * sum_row + at));
                    }
                }
            }
            if !pooled {
                bank_and_log::<L>(tables, n_mels, power, mel);
                store_group::<L>(mel, n_mels, at, outputs, layout, out);
            }
        }
        if pooled {
            let mean = L::splat((1.0 / grid.pool_frames as f64) as f32);
            for at in (0..outputs).step_by(w) {
                for f in 0..bins {
                    let row = whole.add(f * sum_row + at);
                    let mut sum = L::load(row);
                    for c in 1..whole_chunks {
                        sum = sum.add(L::load(row.add(c)));
                    }
                    if rest > 0 {
                        sum = sum.add(L::load(first.add(f * sum_row + at + whole_chunks)));
                    }
                    sum.mul(mean).store(power.add(f * w));
                }
                bank_and_log::<L>(tables, n_mels, power, mel);
                store_group::<L>(mel, n_mels, at, outputs, layout, out);
            }
        }
    }
}

/// How samples are turned so that one load gives sample `o` of `W` neighbouring outputs: column `o % step` of a table
/// whose rows are `step` samples apart; `o / step` shifts the lanes.
struct Turn {
    step: usize,
    /// Columns kept: `step`, or fewer where frames leave gaps.
    columns: usize,
    /// Values per column: the group's own `W` rows and as many groups as the farthest shift reaches into.
    row: usize,
}

impl Turn {
    fn new(step: usize, reach: usize, w: usize) -> Self {
        let farthest = (reach - 1) / step;
        Self { step, columns: step.min(reach), row: w + farthest.next_multiple_of(w) }
    }

    /// Fills `places[o]` for every sample `o` of a lane's reach.
    fn places(&self, reach: usize, places: &mut Vec<u32>) {
        places.clear();
        places.extend((0..reach).map(|o| ((o % self.step) * self.row + o / self.step) as u32));
    }

    /// Brings rows `at ..` into the table: all of them for the first group, the last `W` for the ones after it.
    #[inline(always)]
    unsafe fn fill<L: Lane, S: Sample>(&self, pcm: &[S], at: usize, turned: *mut f32) {
        let w = L::W;
        // SAFETY: columns * row values are writable; rows beyond the samples are zeros.
        unsafe {
            let fresh = if at == 0 {
                0
            } else {
                for c in 0..self.columns {
                    let row = turned.add(c * self.row);
                    for l in (0..self.row - w).step_by(w) {
                        L::load(row.add(l + w)).store(row.add(l));
                    }
                }
                self.row - w
            };
            for lane in (fresh..self.row).step_by(w) {
                self.fill_block::<L, S>(pcm, at + lane, turned.add(lane));
            }
        }
    }

    /// `W` rows from row `first`, written to lanes `to[0..W]` of every column.
    #[inline(always)]
    unsafe fn fill_block<L: Lane, S: Sample>(&self, pcm: &[S], first: usize, to: *mut f32) {
        let w = L::W;
        let start = first * self.step;
        let inside = start + (w - 1) * self.step + self.columns <= pcm.len();
        // SAFETY: loads are inside `pcm` by `inside`; stores as in `fill`.
        unsafe {
            let mut c = 0;
            if inside {
                while c + w <= self.columns {
                    let mut rows = [L::splat(0.0); 16];
                    for r in 0..w {
                        rows[r] = S::load::<L>(pcm.as_ptr().add(start + r * self.step + c));
                    }
                    L::transpose(&mut rows[..w]);
                    for r in 0..w {
                        rows[r].store(to.add((c + r) * self.row));
                    }
                    c += w;
                }
            }
            for c in c..self.columns {
                for r in 0..w {
                    let o = start + r * self.step + c;
                    to.add(c * self.row + r).write(if o < pcm.len() { pcm[o].as_f32() } else { 0.0 });
                }
            }
        }
    }
}

/// A sample type the kernel loads.
trait Sample: Copy {
    unsafe fn load<L: Lane>(p: *const Self) -> L;
    fn as_f32(self) -> f32;
}

impl Sample for i16 {
    #[inline(always)]
    unsafe fn load<L: Lane>(p: *const Self) -> L {
        // SAFETY: as `Lane::load_i16`.
        unsafe { L::load_i16(p) }
    }
    #[inline(always)]
    fn as_f32(self) -> f32 {
        f32::from(self)
    }
}

impl Sample for f32 {
    #[inline(always)]
    unsafe fn load<L: Lane>(p: *const Self) -> L {
        // SAFETY: as `Lane::load`.
        unsafe { L::load(p) }
    }
    #[inline(always)]
    fn as_f32(self) -> f32 {
        self
    }
}

/// Window and all stages for one frame per lane: `points` holds the transform, bin `k` at `fft.position[k]`.
///
/// The sizes of the presets are spelled out, so that the compiler knows every stride; the generic way below them does
/// the same operations.
#[inline(always)]
unsafe fn load_and_transform<L: Lane>(
    fft: &RealFft,
    turned: *const f32,
    place: *const u32,
    window: *const f32,
    points: *mut f32,
) {
    let from = Samples { turned, place, window };
    // SAFETY: place has n_fft entries from here on, points 2 * m * W values; lengths below multiply to m.
    unsafe {
        macro_rules! tw {
            ($stage:literal) => {
                fft.twiddles.as_ptr().add(fft.stages[$stage].twiddle_offset)
            };
        }
        match fft.m {
            32 => {
                first_pass::<L, 8>(&from, 32, tw!(0), points);
                pass::<L, 4>(4, tw!(1), 0, 32, points);
            }
            200 => {
                first_pass::<L, 5>(&from, 200, tw!(0), points);
                for base in (0..200).step_by(40) {
                    pass::<L, 5>(40, tw!(1), base, base + 40, points);
                    pass::<L, 8>(8, tw!(2), base, base + 40, points);
                }
            }
            256 => {
                first_pass::<L, 8>(&from, 256, tw!(0), points);
                for base in (0..256).step_by(32) {
                    pass::<L, 8>(32, tw!(1), base, base + 32, points);
                    pass::<L, 4>(4, tw!(2), base, base + 32, points);
                }
            }
            1024 => {
                first_pass::<L, 8>(&from, 1024, tw!(0), points);
                for base in (0..1024).step_by(128) {
                    pass::<L, 8>(128, tw!(1), base, base + 128, points);
                    pass::<L, 4>(16, tw!(2), base, base + 128, points);
                    pass::<L, 4>(4, tw!(3), base, base + 128, points);
                }
            }
            _ => any_size::<L>(fft, &from, points),
        }
    }
}

/// [`load_and_transform`] for a plan of any size.
#[inline(always)]
unsafe fn any_size<L: Lane>(fft: &RealFft, from: &Samples, points: *mut f32) {
    let Some((outer, inner)) = fft.stages.split_first() else {
        return;
    };
    // SAFETY: as `load_and_transform`.
    unsafe {
        let tw = fft.twiddles.as_ptr();
        match outer.radix {
            2 => first_pass::<L, 2>(from, outer.len, tw, points),
            3 => first_pass::<L, 3>(from, outer.len, tw, points),
            4 => first_pass::<L, 4>(from, outer.len, tw, points),
            5 => first_pass::<L, 5>(from, outer.len, tw, points),
            _ => first_pass::<L, 8>(from, outer.len, tw, points),
        }
        // Whole passes while a block outgrows the cache, then each block to its end.
        let deep = inner.iter().position(|s| s.len * L::W * 8 <= CACHE_BYTES).unwrap_or(inner.len());
        for stage in &inner[..deep] {
            any_pass::<L>(stage, tw, 0, fft.m, points);
        }
        if let Some(block) = inner.get(deep) {
            for base in (0..fft.m).step_by(block.len) {
                for stage in &inner[deep..] {
                    any_pass::<L>(stage, tw, base, base + block.len, points);
                }
            }
        }
    }
}

/// [`pass`] with the radix of `stage`.
#[inline(always)]
unsafe fn any_pass<L: Lane>(stage: &Stage, twiddles: *const [f32; 2], from: usize, to: usize, points: *mut f32) {
    // SAFETY: as `pass`.
    unsafe {
        let tw = twiddles.add(stage.twiddle_offset);
        match stage.radix {
            2 => pass::<L, 2>(stage.len, tw, from, to, points),
            3 => pass::<L, 3>(stage.len, tw, from, to, points),
            4 => pass::<L, 4>(stage.len, tw, from, to, points),
            5 => pass::<L, 5>(stage.len, tw, from, to, points),
            _ => pass::<L, 8>(stage.len, tw, from, to, points),
        }
    }
}

/// Where a frame's samples come from: turned samples, their places, the window in their scale.
struct Samples {
    turned: *const f32,
    place: *const u32,
    window: *const f32,
}

/// Point `k`: samples `2 k` and `2 k + 1` under the window.
#[inline(always)]
unsafe fn read_point<L: Lane>(from: &Samples, k: usize) -> C<L> {
    // SAFETY: as `load_and_transform`.
    unsafe {
        let re = L::load(from.turned.add(*from.place.add(2 * k) as usize));
        let im = L::load(from.turned.add(*from.place.add(2 * k + 1) as usize));
        C { re: re.mul(L::splat(*from.window.add(2 * k))), im: im.mul(L::splat(*from.window.add(2 * k + 1))) }
    }
}

/// The first stage: reads the samples, never `points`.
#[inline(always)]
unsafe fn first_pass<L: Lane, const R: usize>(from: &Samples, len: usize, tw: *const [f32; 2], points: *mut f32) {
    let sub = len / R;
    // SAFETY: as `load_and_transform`.
    unsafe {
        for j in 0..sub {
            let mut x = [C { re: L::splat(0.0), im: L::splat(0.0) }; R];
            for q in 0..R {
                x[q] = read_point(from, j + q * sub);
            }
            butterfly::<L, R>(&mut x);
            write_stage::<L, R>(sub, tw, 0, j, &x, points);
        }
    }
}

/// One stage of blocks of `len` over points `from .. to`.
#[inline(always)]
unsafe fn pass<L: Lane, const R: usize>(len: usize, tw: *const [f32; 2], from: usize, to: usize, points: *mut f32) {
    let sub = len / R;
    // SAFETY: from .. to are whole blocks inside the m points.
    unsafe {
        for base in (from..to).step_by(len) {
            for j in 0..sub {
                let mut x = [C { re: L::splat(0.0), im: L::splat(0.0) }; R];
                for q in 0..R {
                    let p = points.add(2 * (base + j + q * sub) * L::W);
                    x[q] = C { re: L::load(p), im: L::load(p.add(L::W)) };
                }
                butterfly::<L, R>(&mut x);
                write_stage::<L, R>(sub, tw, base, j, &x, points);
            }
        }
    }
}

/// Turns the outputs of butterfly `j` by their twiddles and puts them back.
#[inline(always)]
unsafe fn write_stage<L: Lane, const R: usize>(
    sub: usize,
    tw: *const [f32; 2],
    base: usize,
    j: usize,
    x: &[C<L>; R],
    points: *mut f32,
) {
    // SAFETY: base + j + p * sub < m; twiddles of the stage have (R - 1) * sub entries.
    unsafe {
        for p in 0..R {
            // At j = 0 all twiddles are 1: leaving the product out changes no value.
            let y = if p == 0 || j == 0 {
                x[p]
            } else {
                let [wr, wi] = *tw.add((p - 1) * sub + j);
                twiddle(x[p], L::splat(wr), L::splat(wi))
            };
            let to = points.add(2 * (base + j + p * sub) * L::W);
            y.re.store(to);
            y.im.store(to.add(L::W));
        }
    }
}

/// Power of bins 0 ..= m of the real frame into `power[f * row ..]`, set or added.
///
/// With Z the transform of the packed points and a = Z[k], b = conj Z[m - k]: X[k] = (a + b) / 2 + W (a - b) / 2i, and
/// X[m - k] is the conjugate of the same with a minus. The halves were folded into the window.
#[inline(always)]
unsafe fn split_power<L: Lane, const ADD: bool>(
    fft: &RealFft,
    points: *const f32,
    power: *mut f32,
    row: usize,
    magnitude: bool,
) {
    let m = fft.m;
    let position = fft.position.as_ptr();
    // SAFETY: k and m - k are bins of the transform, or 0 for k = 0; power has m + 1 rows.
    unsafe {
        for k in 0..=m / 2 {
            let a = points.add(2 * *position.add(k) as usize * L::W);
            let b = points.add(2 * *position.add(if k == 0 { 0 } else { m - k }) as usize * L::W);
            let (ar, ai) = (L::load(a), L::load(a.add(L::W)));
            let (br, bi) = (L::load(b), L::load(b.add(L::W)));
            let [c, s] = *fft.split.as_ptr().add(k);
            let (c, s) = (L::splat(c), L::splat(s));
            let (er, ei) = (ar.add(br), ai.sub(bi));
            let (or, oi) = (ai.add(bi), br.sub(ar));
            let (tr, ti) = (c.mul(or).add(s.mul(oi)), c.mul(oi).sub(s.mul(or)));
            let (xr, xi) = (er.add(tr), ei.add(ti));
            let (yr, yi) = (er.sub(tr), ei.sub(ti));
            let mut low = xr.mul(xr).add(xi.mul(xi));
            let mut high = yr.mul(yr).add(yi.mul(yi));
            if magnitude {
                (low, high) = (low.sqrt(), high.sqrt());
            }
            let (to_low, to_high) = (power.add(k * row), power.add((m - k) * row));
            if ADD {
                L::load(to_low).add(low).store(to_low);
                // At k = m / 2 both are the same bin: it is added once.
                if k != m - k {
                    L::load(to_high).add(high).store(to_high);
                }
            } else {
                high.store(to_high);
                low.store(to_low);
            }
        }
    }
}

/// Mel of `power (F, W)`, bins ascending, and its logarithm into `mel (M, W)`.
#[inline(always)]
unsafe fn bank_and_log<L: Lane>(tables: &MelTables, n_mels: usize, power: *const f32, mel: *mut f32) {
    let bank = &tables.bank;
    // SAFETY: first_bin + run length <= bins for every band.
    unsafe {
        for m in 0..n_mels {
            let weights = &bank.weights[bank.offset[m] as usize..bank.offset[m + 1] as usize];
            let mut p = power.add(bank.first_bin[m] as usize * L::W);
            let mut sum = L::splat(0.0);
            for &weight in weights {
                sum = sum.add(L::splat(weight).mul(L::load(p)));
                p = p.add(L::W);
            }
            if tables.post.on {
                sum = post_log(sum, &tables.post);
            }
            sum.store(mel.add(m * L::W));
        }
    }
}

/// See `ln.rs`, whose order this repeats.
#[inline(always)]
unsafe fn post_log<L: Lane>(x: L, post: &PostLog) -> L {
    // SAFETY: as `Lane`.
    unsafe {
        let (e, m) = x.max(L::splat(post.amin)).split_exponent();
        let f = m.sub(L::splat(1.0));
        let mut q = L::splat(LN_COEFFICIENTS[8]);
        for i in (0..8).rev() {
            q = q.mul(f).add(L::splat(LN_COEFFICIENTS[i]));
        }
        let s = f.add(f.mul(f).mul(q));
        let ln = s.add(e.mul(L::splat(LN2_LO))).add(e.mul(L::splat(LN2_HI)));
        ln.mul(L::splat(post.scale)).add(L::splat(post.offset))
    }
}

/// Writes the outputs `at .. at + W` that exist.
#[inline(always)]
unsafe fn store_group<L: Lane>(mel: *mut f32, n_mels: usize, at: usize, outputs: usize, layout: Layout, out: &mut Out) {
    let w = L::W;
    let valid = w.min(outputs - at);
    // SAFETY: full vectors are stored only where W values of a row exist.
    unsafe {
        if layout == Layout::BandMajor {
            for m in 0..n_mels {
                let from = mel.add(m * w);
                let to = m * outputs + at;
                match out {
                    Out::F32(o) if valid == w => L::load(from).store(o.as_mut_ptr().add(to)),
                    Out::F16(o) if valid == w => L::load(from).store_f16(o.as_mut_ptr().add(to)),
                    Out::F32(o) => {
                        for t in 0..valid {
                            o[to + t] = *from.add(t);
                        }
                    }
                    Out::F16(o) => {
                        for t in 0..valid {
                            o[to + t] = f16_from_f32(*from.add(t));
                        }
                    }
                }
            }
            return;
        }
        let mut m = 0;
        while m + w <= n_mels {
            let mut rows = [L::splat(0.0); 16];
            for r in 0..w {
                rows[r] = L::load(mel.add((m + r) * w));
            }
            L::transpose(&mut rows[..w]);
            for t in 0..valid {
                let to = (at + t) * n_mels + m;
                match out {
                    Out::F32(o) => rows[t].store(o.as_mut_ptr().add(to)),
                    Out::F16(o) => rows[t].store_f16(o.as_mut_ptr().add(to)),
                }
            }
            m += w;
        }
        for m in m..n_mels {
            for t in 0..valid {
                let (v, to) = (*mel.add(m * w + t), (at + t) * n_mels + m);
                match out {
                    Out::F32(o) => o[to] = v,
                    Out::F16(o) => o[to] = f16_from_f32(v),
                }
            }
        }
    }
}
