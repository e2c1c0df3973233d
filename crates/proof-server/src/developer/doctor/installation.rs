//! What usually goes wrong with an installation, seen from its own machine: does the server run, and what
//! would be left if this machine died now?

use super::{Check, outbound};
use crate::{
    backup::{EngineName, place::backups, schedule::BackupConfig},
    clock::SystemClock,
    config::{Config, database_reading, sqlite_folder},
};
use proof_core::{Clock, Timestamp, time::span_words};
use proof_store::Archiving;
use std::{fs, net::IpAddr, os::unix::fs::MetadataExt, path::Path};
use url::Url;

const SHIPPING: &str = "continuous backup: ";

pub async fn look(path: &Path) -> anyhow::Result<Vec<Check>> {
    let config = match Config::read(path) {
        Ok(config) => config,
        Err(error) => {
            let next = "Put it right; the server does not start with it.";
            return Ok(vec![Check::problem("config", format!("{error:#}"), next)]);
        }
    };
    let mut checks = vec![Check::ok("config", format!("{} is right", path.display()))];
    let told = readiness(&config).await;
    checks.push(server(told.as_deref()));
    match EngineName::of(&config.database) {
        EngineName::Sqlite => sqlite(&config, told.as_deref(), &mut checks),
        EngineName::Postgres => checks.push(postgres(&config).await),
    }
    if let Some(backup) = &config.backup {
        checks.push(whole(backup));
    }
    Ok(checks)
}

/// What `/readyz` says; nothing, if nobody answers.
async fn readiness(config: &Config) -> Option<String> {
    let mut url = Url::parse("http://localhost").ok()?;
    let ip = config.listen.ip();
    let here: IpAddr = match ip {
        IpAddr::V4(any) if any.is_unspecified() => [127, 0, 0, 1].into(),
        IpAddr::V6(any) if any.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => ip,
    };
    url.set_ip_host(here).ok()?;
    url.set_port(Some(config.listen.port())).ok()?;
    let server = outbound().ok()?.configured("proof", url, None);
    let answer = server.get(&["readyz"], &[]).await.ok()?;
    String::from_utf8(answer.into_bytes().to_vec()).ok()
}

fn server(told: Option<&str>) -> Check {
    let Some(told) = told else {
        let next = "Start it, if it should run.";
        return Check::skipped("server", "does not answer", next);
    };
    let lines = told.lines().filter(|line| !line.starts_with(SHIPPING));
    let mut lines = lines.map(str::to_owned);
    if lines.next().as_deref() == Some("ready") {
        return Check::ok("server", "is ready");
    }
    let missing: Vec<String> = lines.collect();
    Check::problem(
        "server",
        format!("is not ready: {}", missing.join("; ")),
        "The console's page Health says more.",
    )
}

fn sqlite(config: &Config, told: Option<&str>, checks: &mut Vec<Check>) {
    let Some(backup) = &config.backup else {
        checks.push(Check::problem(
            "backup",
            "the server takes none by itself",
            "Name a folder on another machine as `to` under [backup], with continuous = true.",
        ));
        return;
    };
    checks.push(other_place(config, backup));
    if !backup.continuous {
        let minutes = backup.every_minutes;
        checks.push(Check::warning(
            "backup",
            format!("what is written in up to {minutes} min is on this machine only"),
            "Set continuous = true under [backup]; live rails are refused without it.",
        ));
        return;
    }
    let line = told.and_then(|told| told.lines().find_map(|line| line.strip_prefix(SHIPPING)));
    let late = told.is_some_and(|told| told.contains("\nbackup: "));
    checks.push(match line {
        Some(line) if late => Check::problem(
            "backup",
            line,
            "Is the other place mounted, and is there room? The server goes on by itself.",
        ),
        Some(line) => Check::ok("backup", line),
        None => Check::skipped(
            "backup",
            "continuous; its age is not known",
            "The running server tells it.",
        ),
    });
}

fn other_place(config: &Config, backup: &BackupConfig) -> Check {
    let place = backup.to.display();
    let there = match fs::metadata(&backup.to) {
        Ok(there) if there.is_dir() => there,
        Ok(_) => return Check::problem("place", format!("{place} is no folder"), MOUNT),
        Err(error) => return Check::problem("place", format!("{place}: {error}"), MOUNT),
    };
    let folder = sqlite_folder(&config.database);
    let own = folder.and_then(|folder| fs::metadata(folder).ok());
    match own {
        Some(own) if own.dev() == there.dev() => Check::warning(
            "place",
            format!("{place} is on the database's own file system"),
            "What this disk loses is lost in both. Mount a folder of another machine or disk.",
        ),
        Some(_) | None => Check::ok("place", format!("{place} is another file system")),
    }
}

const MOUNT: &str = "Mount it, or name another one as `to` under [backup].";

/// The last one that is proven.
fn whole(backup: &BackupConfig) -> Check {
    const NAME: &str = "whole";
    let last = match backups(&backup.to) {
        Ok(all) => all.into_iter().next_back(),
        Err(error) => return Check::problem(NAME, format!("{error:#}"), MOUNT),
    };
    let taken = last.and_then(|(_, manifest)| Timestamp::parse(&manifest.taken_at));
    let Some(taken) = taken else {
        let next = "The server takes the first one when it starts.";
        return Check::problem(NAME, "there is no proven backup yet", next);
    };
    let age = SystemClock.now().seconds() - taken.seconds();
    let what = format!("the last proven backup is {} old", span_words(age.max(0)));
    // One may be under way; a second one is missing.
    if age > 2 * 60 * i64::from(backup.every_minutes) {
        let next = "See the page Health for why; take one with proof backup.";
        return Check::problem(NAME, what, next);
    }
    Check::ok(NAME, what)
}

async fn postgres(config: &Config) -> Check {
    const NAME: &str = "archive";
    let asked = async {
        let db = database_reading(&config.database).await?;
        let archiving = db.archiving().await;
        db.close().await;
        anyhow::Ok(archiving?)
    };
    match asked.await {
        Ok(Some(archiving)) => archived(archiving),
        Ok(None) => Check::skipped(NAME, "this is no PostgreSQL", "Look at the configuration."),
        Err(error) => Check::problem(NAME, format!("{error:#}"), "Is PostgreSQL running?"),
    }
}

fn archived(archiving: Archiving) -> Check {
    const NAME: &str = "archive";
    let last = archiving.last_seconds.map(span_words);
    match (archiving.is_on, archiving.fails, last) {
        (false, _, _) => Check::warning(
            NAME,
            "PostgreSQL does not archive its log: what is newer than the last backup is on this machine only",
            "Set archive_mode and archive_command, or have a replica.",
        ),
        (true, true, _) => Check::problem(
            NAME,
            "PostgreSQL's archive_command fails",
            "PostgreSQL's own log says why.",
        ),
        (true, false, Some(last)) => {
            Check::ok(NAME, format!("PostgreSQL archived its log {last} ago"))
        }
        (true, false, None) => Check::ok(NAME, "PostgreSQL archives its log; nothing was due yet"),
    }
}
