//! How much memory one input took, from the kernel: `VmHWM` of `/proc/self/status`, set back before each input.

/// The process's memory now and its peak since the last [`reset`], in bytes; `None` on other systems than Linux.
pub fn current_and_peak() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}

/// Sets the peak back to what is in use now.
pub fn reset() {
    // Refused in some containers; then the peak is that of the whole run, and still bounded.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
