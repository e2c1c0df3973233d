//! The other place: which of its folders are backups, and of what.

use super::{Manifest, log};
use anyhow::Context;
use proof_core::Timestamp;
use std::{
    fs,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Of a folder that is not proven yet, and of one that could not be.
pub const UNPROVEN: &str = "unproven";
pub const BAD: &str = "bad";

/// What a folder's name says of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folder {
    Good,
    Bad,
    Unfinished,
    Log(Uuid),
    Other,
}

pub fn kind_of(name: &str) -> Folder {
    if let Some(log) = log::folder_log(name) {
        return Folder::Log(log);
    }
    let (time, ending) = name
        .split_once('.')
        .map_or((name, ""), |(time, rest)| (time, rest));
    if !is_time(time) {
        return Folder::Other;
    }
    match ending {
        "" => Folder::Good,
        BAD => Folder::Bad,
        UNPROVEN | "unproven.partial" => Folder::Unfinished,
        _ => Folder::Other,
    }
}

/// `2026-11-25T03-00-00Z`: a time that every file system takes.
pub fn name_of(at: Timestamp) -> String {
    at.to_contract().replace(':', "-")
}

fn is_time(name: &str) -> bool {
    let form = "dddd-dd-ddTdd-dd-ddZ";
    let fits = |(c, f): (char, char)| if f == 'd' { c.is_ascii_digit() } else { c == f };
    name.len() == form.len() && name.chars().zip(form.chars()).all(fits)
}

/// Every folder in it, with what its name says.
pub fn folders(place: &Path) -> anyhow::Result<Vec<(PathBuf, Folder)>> {
    let mut folders = Vec::new();
    let entries = fs::read_dir(place);
    for entry in entries.with_context(|| format!("cannot read {}", place.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(kind) = name.map(kind_of) {
            folders.push((path, kind));
        }
    }
    Ok(folders)
}

/// Whole backups that can be read, the oldest first. Clocks may step back: those that the server took
/// itself have numbers.
pub fn backups(place: &Path) -> anyhow::Result<Vec<(PathBuf, Manifest)>> {
    let good = folders(place)?.into_iter();
    let good = good.filter(|(_, kind)| *kind == Folder::Good);
    let mut backups: Vec<_> = good
        .filter_map(|(path, _)| Manifest::read(&path).ok().map(|manifest| (path, manifest)))
        .collect();
    backups.sort_by(|(a, one), (b, other)| (one.number, a).cmp(&(other.number, b)));
    Ok(backups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_ours() {
        let name = name_of(Timestamp::parse("2026-11-25T03:00:00Z").unwrap());
        assert_eq!(name, "2026-11-25T03-00-00Z");
        let log = Uuid::from_u128(7);
        for (name, kind) in [
            ("2026-11-25T03-00-00Z", Folder::Good),
            ("2026-11-25T03-00-00Z.bad", Folder::Bad),
            ("2026-11-25T03-00-00Z.unproven", Folder::Unfinished),
            ("2026-11-25T03-00-00Z.unproven.partial", Folder::Unfinished),
            ("2026-11-25T03-00-00Z.mine", Folder::Other),
            ("2026-11-25T03", Folder::Other),
            ("photos", Folder::Other),
            ("log-of-mine", Folder::Other),
            ("log-00000000000000000000000000000007", Folder::Log(log)),
        ] {
            assert_eq!(kind_of(name), kind, "{name}");
        }
        assert_eq!(kind_of(&log::folder_name(log)), Folder::Log(log));
    }
}
