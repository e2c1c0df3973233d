//! `proof scan`: looks into an iOS or Android project for what the checklist wants of it.

use super::{API_URL, ApiArgs, read};
use crate::say::say;
use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};
use url::Url;

/// Files that are looked into, and how large one may be: enough for an app, not for a disk.
const FILES_MAX: usize = 20_000;
const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Folders that are nobody's own code.
const SKIPPED: [&str; 7] = [
    "node_modules",
    "Pods",
    "build",
    "target",
    "DerivedData",
    ".gradle",
    ".git",
];

#[derive(Args, Debug)]
pub struct ScanArgs {
    /// The app's folder.
    path: PathBuf,
    /// Only print; the checklist is not told.
    #[arg(long)]
    dry_run: bool,
    /// The API's URL.
    #[arg(long, env = "PROOF_URL", default_value = API_URL)]
    url: Url,
    /// Your client token; without one the checklist is not told either.
    #[arg(long, env = "PROOF_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// A line of the checklist that files can show.
struct Wanted {
    line: &'static str,
    what: &'static str,
    files: &'static [&'static str],
    text: &'static [&'static str],
    /// What to do where it is missing.
    fix: &'static str,
}

const WANTED: [Wanted; 3] = [
    Wanted {
        line: "MOB-1",
        what: "NSCameraUsageDescription in Info.plist",
        files: &["plist"],
        text: &["NSCameraUsageDescription"],
        fix: "Add NSCameraUsageDescription to Info.plist with a sentence that says why: without it iOS ends the app when the camera opens.",
    },
    Wanted {
        line: "MOB-2",
        what: "allowsInlineMediaPlayback on the WKWebView configuration",
        files: &["swift", "m", "mm"],
        text: &[
            "allowsInlineMediaPlayback = true",
            "allowsInlineMediaPlayback = YES",
        ],
        fix: "Set configuration.allowsInlineMediaPlayback = true before the WKWebView is made: otherwise the camera's picture takes the whole screen.",
    },
    Wanted {
        line: "MOB-5",
        what: "the widget opened in Chrome Custom Tabs",
        files: &["kt", "java"],
        text: &["CustomTabsIntent"],
        fix: "Open the page with androidx.browser's CustomTabsIntent and not in a WebView: Google Pay and the camera need it.",
    },
];

pub async fn scan(args: ScanArgs) -> anyhow::Result<()> {
    let mut files = Vec::new();
    walk(&args.path, &mut files)?;
    let ios = files
        .iter()
        .any(|file| has_ending(file, &["swift", "m", "mm", "pbxproj"]));
    let android = files
        .iter()
        .any(|file| has_ending(file, &["kt", "java", "gradle", "kts"]));
    if !ios && !android {
        bail!("{} holds no iOS or Android project", args.path.display());
    }
    let (mut text, mut scans, mut missing) = (String::new(), Vec::new(), Vec::new());
    for wanted in &WANTED {
        let applies = if wanted.line == "MOB-5" { android } else { ios };
        if !applies {
            continue;
        }
        let found = files.iter().find(|file| shows(file, wanted));
        match found {
            Some(file) => writeln!(
                text,
                "{}  found    {} ({})",
                wanted.line,
                wanted.what,
                file.display()
            )?,
            None => {
                writeln!(
                    text,
                    "{}  missing  {}\n       → {}",
                    wanted.line, wanted.what, wanted.fix
                )?;
                missing.push(wanted.line);
            }
        }
        let note = found.and_then(|file| file.file_name()?.to_str().map(str::to_owned));
        scans.push(json!({ "line": wanted.line, "good": found.is_some(), "note": note.unwrap_or_default() }));
    }
    say(&text)?;
    if let Some(token) = args.token.filter(|_| !args.dry_run) {
        let api = ApiArgs {
            url: args.url,
            token,
        };
        let body = json!({ "scans": scans });
        let answer = api
            .api()?
            .post(&["widget", "checklist", "scans"], &body)
            .await?;
        let _list: Value = read(&answer)?;
        say("The checklist knows.\n")?;
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!("missing: {}", missing.join(", "))
}

fn has_ending(file: &Path, endings: &[&str]) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}

/// Whether a file of the right kind says it, outside of a comment line.
fn shows(file: &Path, wanted: &Wanted) -> bool {
    if !has_ending(file, wanted.files) {
        return false;
    }
    let small = fs::metadata(file).is_ok_and(|meta| meta.len() <= FILE_BYTES_MAX);
    let Some(text) = small.then(|| fs::read(file).ok()).flatten() else {
        return false;
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut lines = text.lines().map(str::trim_start);
    lines.any(|line| !line.starts_with("//") && wanted.text.iter().any(|text| line.contains(text)))
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let name = entry.file_name();
            if !SKIPPED.iter().any(|skipped| name == *skipped) {
                walk(&entry.path(), files)?;
            }
        } else if kind.is_file() {
            if files.len() >= FILES_MAX {
                bail!("more than {FILES_MAX} files; name the app's own folder");
            }
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_found_and_a_comment_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let app = dir.path().join("App");
        fs::create_dir_all(app.join("Pods")).unwrap();
        fs::write(
            app.join("Info.plist"),
            "<key>NSCameraUsageDescription</key>",
        )
        .unwrap();
        fs::write(
            app.join("View.swift"),
            "  // c.allowsInlineMediaPlayback = true\n",
        )
        .unwrap();
        fs::write(
            app.join("Pods/Other.swift"),
            "c.allowsInlineMediaPlayback = true\n",
        )
        .unwrap();
        let mut files = Vec::new();
        walk(dir.path(), &mut files).unwrap();
        let found = |n: usize| files.iter().any(|file| shows(file, &WANTED[n]));
        assert_eq!((files.len(), found(0), found(1)), (2, true, false));
        fs::write(
            app.join("View.swift"),
            "c.allowsInlineMediaPlayback = true\n",
        )
        .unwrap();
        assert!(files.iter().any(|file| shows(file, &WANTED[1])));
    }
}
