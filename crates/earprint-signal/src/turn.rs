//! Samples turned for the lane kernels: a frame per lane, one load for sample `o` of all of them.

use earprint_lanes::Lane;

/// How samples are turned so that one load gives sample `o` of `W` neighbouring outputs: column `o % step` of a table
/// whose rows are `step` samples apart; `o / step` shifts the lanes.
pub(crate) struct Turn {
    pub(crate) step: usize,
    /// Columns kept: `step`, or fewer where frames leave gaps.
    pub(crate) columns: usize,
    /// Values per column: the group's own `W` rows and as many groups as the farthest shift reaches into.
    pub(crate) row: usize,
}

impl Turn {
    pub(crate) fn new(step: usize, reach: usize, w: usize) -> Self {
        let farthest = (reach - 1) / step;
        Self { step, columns: step.min(reach), row: w + farthest.next_multiple_of(w) }
    }

    /// Fills `places[o]` for every sample `o` of a lane's reach.
    pub(crate) fn places(&self, reach: usize, places: &mut Vec<u32>) {
        places.clear();
        places.extend((0..reach).map(|o| ((o % self.step) * self.row + o / self.step) as u32));
    }

    /// Brings rows `at ..` into the table: all of them for the first group, the last `W` for the ones after it.
    #[inline(always)]
    pub(crate) unsafe fn fill<L: Lane, S: Sample>(&self, pcm: &[S], at: usize, turned: *mut f32) {
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
pub(crate) trait Sample: Copy {
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
