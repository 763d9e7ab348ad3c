//! `cargo xtask goldens`: makes the outside goldens again with the programs they come from, in an environment below the
//! build folder. Our own code never writes them; a difference afterwards is another program's, to be looked at.

use std::process::Command;

use crate::process::{root, run};

/// Several gigabytes the first time (PyTorch). Tracks also need `ffmpeg` on the path.
pub fn chore() -> Result<(), String> {
    let goldens = root().join("tests/golden/outside");
    let environment = root().join("target/goldens");
    let python = environment.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let scripts: [(&str, &[&[&str]]); 2] = [
        ("mel", &[&["clips.py"], &["torchaudio_mel.py"], &["librosa_mel.py"], &["whisper_mel.py"]]),
        // The clips stay: their numbers belong to these bytes, and another encoder writes others.
        ("track", &[&["reference.py", "rendered.json", "clips"]]),
    ];
    for (folder, scripts) in scripts {
        let folder = goldens.join(folder);
        run(Command::new(&python).args(["-m", "pip", "install", "-q", "-r"]).arg(folder.join("requirements.txt")))?;
        for script in scripts {
            run(Command::new(&python).args(*script).current_dir(&folder))?;
        }
    }
    run(Command::new("git").args(["status", "--short", "tests/golden"]).current_dir(root()))
}
