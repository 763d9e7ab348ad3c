//! `cargo xtask goldens`: makes the outside goldens again with the programs they come from, in an environment below the
//! build folder. Our own code never writes them; a difference afterwards is another program's, to be looked at.

use std::process::Command;

use crate::process::{root, run};

/// Several gigabytes the first time (PyTorch).
pub fn chore() -> Result<(), String> {
    let folder = root().join("tests/golden/outside/mel");
    let environment = root().join("target/goldens");
    let python = environment.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    run(Command::new(&python).args(["-m", "pip", "install", "-q", "-r"]).arg(folder.join("requirements.txt")))?;
    for script in ["clips.py", "torchaudio_mel.py", "librosa_mel.py", "whisper_mel.py"] {
        run(Command::new(&python).arg(script).current_dir(&folder))?;
    }
    run(Command::new("git").args(["status", "--short", "tests/golden"]).current_dir(root()))
}
