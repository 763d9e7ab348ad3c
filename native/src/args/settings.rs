//! Settings that need not be typed: every flag that the environment can set, a file can set too.
//!
//! Flags come before the environment, which comes before `earprint.toml` in the current folder or in the nearest one above
//! it, which comes before the user's own file, which comes before the defaults. A setting becomes the default of its flag, so
//! that `--help` shows what holds here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Arg, Command, CommandFactory, FromArgMatches};
use toml::{Table, Value};

use super::Args;
use crate::job::Usage;

/// The file of a project.
const NAME: &str = "earprint.toml";

/// Names another file in the place of all others; empty: none.
pub const INSTEAD: &str = "EARPRINT_CONFIG";

/// Settings that are paths: relative ones begin where the file is.
const PATHS: [&str; 1] = ["library"];

/// What was typed, completed by the environment and by files. Ends the process where clap does: after help and after what
/// cannot be typed.
///
/// # Errors
/// A file that cannot be read, or says what no flag understands. Help is given all the same.
pub fn args() -> Result<Args, Usage> {
    let settled = files().and_then(|files| files.iter().try_fold(Args::command(), |c, file| with_file(c, file)));
    let typed = match settled {
        Ok(command) => command.get_matches(),
        Err(wrong) => {
            help_all_the_same();
            return Err(wrong);
        }
    };
    Ok(Args::from_arg_matches(&typed).unwrap_or_else(|e| e.exit()))
}

/// Ends the process if help or the version is what was asked for.
fn help_all_the_same() {
    if let Err(asked) = Args::command().try_get_matches()
        && matches!(asked.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
    {
        asked.exit();
    }
}

/// The files that are read, the one that counts most last.
///
/// # Errors
/// A file that `EARPRINT_CONFIG` names and that is not there.
pub fn files() -> Result<Vec<PathBuf>, Usage> {
    match std::env::var_os(INSTEAD).map(PathBuf::from) {
        Some(none) if none.as_os_str().is_empty() => Ok(Vec::new()),
        Some(named) if named.is_file() => Ok(vec![named]),
        Some(named) => {
            Err(Usage(format!("{INSTEAD} names {}, which is no file; leave it empty for none", named.display())))
        }
        None => Ok(users().filter(|f| f.is_file()).into_iter().chain(nearest()).collect()),
    }
}

/// The user's own file, there or not.
pub fn users() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let folder = if cfg!(windows) { variable("APPDATA") } else { variable("XDG_CONFIG_HOME") };
    let folder = folder.or_else(|| std::env::home_dir().map(|home| home.join(".config")));
    Some(folder?.join("earprint").join("config.toml"))
}

/// The project's file: here, or in the nearest folder above.
fn nearest() -> Option<PathBuf> {
    let here = PathBuf::from(NAME);
    if here.is_file() {
        return Some(here);
    }
    let folder = std::env::current_dir().ok()?;
    folder.ancestors().skip(1).map(|above| above.join(NAME)).find(|file| file.is_file())
}

fn with_file(command: Command, file: &Path) -> Result<Command, Usage> {
    let named = |why: String| Usage(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|e| named(e.to_string()))?;
    with_text(command, &text, file.parent().unwrap_or(Path::new(""))).map_err(named)
}

/// Defaults from the text of a file in `folder`: what stands above all tables is for every verb that has such a flag, a table
/// for the verb it is named after.
fn with_text(mut command: Command, text: &str, folder: &Path) -> Result<Command, String> {
    let all: Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let (tables, plain): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, value)| value.is_table());
    for (key, value) in plain {
        let verbs = verbs(&command, |sub| setting(sub, &key).is_some());
        if verbs.is_empty() {
            let known = known(command.get_subcommands());
            return Err(format!("nothing is called {key:?}; what can be set: {known}"));
        }
        for verb in verbs {
            command = with_setting(command, &verb, &key, &value, folder)?;
        }
    }
    for (verb, settings) in tables {
        let Some(sub) = command.find_subcommand(&verb) else {
            let verbs = verbs(&command, |sub| sub.get_arguments().any(can_be_set)).join(", ");
            return Err(format!("[{verb}] is no command; those that can be set: {verbs}"));
        };
        let known = known([sub]);
        for (key, value) in settings.as_table().into_iter().flatten() {
            if setting(command.find_subcommand(&verb).expect("found above"), key).is_none() {
                return Err(format!("nothing of [{verb}] is called {key:?}; what can be set there: {known}"));
            }
            command = with_setting(command, &verb, key, value, folder)?;
        }
    }
    Ok(command)
}

/// Makes `value` the default of a flag of `verb`, which has it.
fn with_setting(command: Command, verb: &str, key: &str, value: &Value, folder: &Path) -> Result<Command, String> {
    let text: OsString = match value {
        Value::String(path) if PATHS.contains(&key) => folder.join(path).into(),
        Value::String(text) => text.into(),
        Value::Integer(number) => number.to_string().into(),
        other => return Err(format!("{key} = {other}; expected a text or a whole number")),
    };
    let flag = setting(command.find_subcommand(verb).expect("a verb"), key).expect("a flag of it").clone();
    // clap takes it for granted that a default is good.
    let id = flag.get_id().clone();
    let alone = Command::new("earprint").no_binary_name(true).arg(flag);
    if let Err(e) = alone.try_get_matches_from([OsString::from(format!("--{key}")), text.clone()]) {
        let words = e.to_string();
        let about = |line: &&str| !line.is_empty() && !line.starts_with("For more");
        let words: Vec<&str> = words.lines().map(str::trim).filter(about).collect();
        return Err(format!("{key} = {value}: {}", words.join(" ").trim_start_matches("error: ")));
    }
    Ok(command.mut_subcommand(verb, |sub| sub.mut_arg(id, |flag| flag.default_value(text))))
}

/// A file may set what the environment may.
fn can_be_set(flag: &Arg) -> bool {
    flag.get_env().is_some()
}

fn setting<'a>(verb: &'a Command, key: &str) -> Option<&'a Arg> {
    verb.get_arguments().find(|flag| can_be_set(flag) && flag.get_long() == Some(key))
}

fn verbs(command: &Command, which: impl Fn(&Command) -> bool) -> Vec<String> {
    command.get_subcommands().filter(|sub| which(sub)).map(|sub| sub.get_name().to_owned()).collect()
}

/// Names of what can be set for any of these verbs.
fn known<'a>(verbs: impl IntoIterator<Item = &'a Command>) -> String {
    let flags = verbs.into_iter().flat_map(Command::get_arguments).filter(|flag| can_be_set(flag));
    let names: std::collections::BTreeSet<&str> = flags.filter_map(Arg::get_long).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of one flag of `words` after each text has been read, the one that counts most last.
    fn value(texts: &[&str], words: &str, id: &str) -> Option<String> {
        let read = |c, text: &&str| with_text(c, text, Path::new("place"));
        let command = texts.iter().try_fold(Args::command(), read).unwrap();
        command.clone().debug_assert();
        let matches = command.try_get_matches_from(words.split(' ')).unwrap();
        let raw = matches.subcommand().unwrap().1.get_raw(id)?.next()?;
        Some(raw.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_file_sets_what_the_environment_sets() {
        let file = "library = 'my.db'\njobs = 3\n[mel]\nmemory = '1G'\npreset = 'leak'\n";
        assert_eq!(value(&[file], "earprint analyze a", "library").unwrap(), "place/my.db");
        assert_eq!(value(&["library = '/far/my.db'"], "earprint list", "library").unwrap(), "/far/my.db");
        assert_eq!(value(&[file], "earprint analyze a", "jobs").unwrap(), "3");
        assert_eq!(value(&[file], "earprint analyze a", "memory").unwrap(), "500M");
        assert_eq!(value(&[file], "earprint mel a -o b", "memory").unwrap(), "1G");
        assert_eq!(value(&[file], "earprint mel a -o b --preset whisper", "preset").unwrap(), "whisper");
        assert_eq!(value(&[""], "earprint analyze a", "library"), None);
    }

    #[test]
    fn the_nearer_file_counts_more() {
        let (user, project) = ("jobs = 3\n[mel]\njobs = 5", "jobs = 4");
        assert_eq!(value(&[user], "earprint mel a -o b", "jobs").unwrap(), "5");
        assert_eq!(value(&[user, project], "earprint mel a -o b", "jobs").unwrap(), "4");
        assert_eq!(value(&[project, user], "earprint spec a -o b", "jobs").unwrap(), "3");
    }

    #[test]
    fn what_no_flag_understands_is_said() {
        for (text, words) in [
            ("jobs = ", "line 1"),
            ("threads = 3", "\"threads\"; what can be set: device, dtype, fail-on, jobs, library, memory"),
            ("retry-failed = true", "nothing is called \"retry-failed\""),
            ("[analyse]\njobs = 1", "[analyse] is no command; those that can be set: analyze, watch, list"),
            ("[stats]\njobs = 1", "nothing of [stats] is called \"jobs\"; what can be set there: library"),
            ("jobs = 0", "jobs = 0: invalid value '0' for '--jobs <N>': 0 is not in 1..=1024"),
            ("device = 'abacus'", "[possible values: auto, cpu, vulkan, cuda]"),
            ("memory = [1]", "memory = [1]; expected a text or a whole number"),
            ("jobs = true", "jobs = true; expected"),
        ] {
            let wrong =
                with_text(Args::command(), text, Path::new("")).err().unwrap_or_else(|| panic!("{text} was read"));
            assert!(wrong.contains(words), "{text}: {wrong}");
        }
    }
}
