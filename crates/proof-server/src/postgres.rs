//! PostgreSQL's own programs: its dumps are made and read by those who know how.

use anyhow::{Context, bail};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
};
use url::Url;

/// Bytes that are handed on at a time.
const CHUNK: usize = 64 * 1024;

/// Where the programs are, and which database they speak to.
#[derive(Clone, Debug)]
pub struct Tools {
    folder: Option<PathBuf>,
    url: Url,
}

impl Tools {
    pub fn new(folder: Option<PathBuf>, url: &str) -> anyhow::Result<Self> {
        // The URL may carry a password: it is not repeated.
        let url = Url::parse(url).context("the database's URL cannot be read")?;
        Ok(Self { folder, url })
    }

    /// The same server's database of another name.
    pub fn database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.url.set_path(name);
        other
    }

    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    fn command(&self, name: &str) -> Command {
        let program = match &self.folder {
            None => PathBuf::from(name),
            Some(folder) => folder.join(name),
        };
        let mut command = Command::new(program);
        // Not as arguments: those are visible to everybody on the machine.
        command
            .envs(environment(&self.url))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Writes what a snapshot sees, in PostgreSQL's custom format.
    pub async fn dump(&self, snapshot: &str, to: &Path) -> anyhow::Result<()> {
        let mut command = self.command("pg_dump");
        command
            .args(["--format=custom", "--no-owner", "--no-privileges"])
            .arg(format!("--snapshot={snapshot}"))
            .arg(format!("--file={}", to.display()));
        let output = command.output().await.map_err(|e| missing("pg_dump", &e))?;
        if !output.status.success() {
            bail!("pg_dump failed: {}", said(&output.stderr));
        }
        Ok(())
    }

    /// Fills a database from a dump and runs one statement more, in one database transaction: there
    /// is never a restored database without it.
    pub async fn restore(&self, from: &Path, and_then: &str) -> anyhow::Result<()> {
        let mut reader = self.command("pg_restore");
        reader
            .args(["--no-owner", "--no-privileges", "--file=-"])
            .arg(from)
            .stdout(Stdio::piped());
        let mut reader = reader.spawn().map_err(|e| missing("pg_restore", &e))?;
        let mut writer = self.command("psql");
        writer
            .args(["--no-psqlrc", "--quiet", "--single-transaction"])
            .args(["--set=ON_ERROR_STOP=1", "--file=-"])
            .stdin(Stdio::piped());
        let mut writer = writer.spawn().map_err(|e| missing("psql", &e))?;
        let (Some(mut script), Some(mut input)) = (reader.stdout.take(), writer.stdin.take())
        else {
            bail!("pg_restore and psql have no pipes");
        };
        let mut chunk = vec![0; CHUNK];
        let handed = loop {
            let read = script.read(&mut chunk).await?;
            if read == 0 {
                break Ok(());
            }
            if let Err(error) = input.write_all(&chunk[..read]).await {
                break Err(error);
            }
        };
        // The end of the input is what commits: a script that is not whole must not see it.
        drop(script);
        let read = reader.wait_with_output().await?;
        if handed.is_ok() && read.status.success() {
            input.write_all(and_then.as_bytes()).await?;
        } else if handed.is_ok() {
            writer.kill().await?;
            bail!("pg_restore failed: {}", said(&read.stderr));
        }
        drop(input);
        let written = writer.wait_with_output().await?;
        if !written.status.success() || handed.is_err() {
            bail!("psql failed: {}", said(&written.stderr));
        }
        Ok(())
    }

    /// One statement outside of any database transaction.
    pub async fn say(&self, statement: &str) -> anyhow::Result<()> {
        let mut command = self.command("psql");
        command
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"])
            .arg(format!("--command={statement}"));
        let output = command.output().await.map_err(|e| missing("psql", &e))?;
        if !output.status.success() {
            bail!("psql failed: {}", said(&output.stderr));
        }
        Ok(())
    }
}

fn missing(name: &str, error: &std::io::Error) -> anyhow::Error {
    anyhow::anyhow!(
        "{name} cannot be started ({error}): install PostgreSQL's client programs, of the server's version or later, or name their folder with postgres_tools in the configuration"
    )
}

/// The end of what a program said: that is where it says why.
fn said(bytes: &[u8]) -> String {
    const LENGTH_MAX: usize = 2_000;
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    let from = text.len().saturating_sub(LENGTH_MAX);
    let from = (from..=text.len()).find(|i| text.is_char_boundary(*i));
    text.get(from.unwrap_or(0)..).unwrap_or_default().to_owned()
}

/// A database's URL as libpq's programs read it from their environment.
fn environment(url: &Url) -> Vec<(&'static str, String)> {
    let plain = |text: &str| {
        let form = format!("v={}", text.replace('+', "%2B"));
        let mut pairs = url::form_urlencoded::parse(form.as_bytes());
        pairs
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let mut found = Vec::new();
    if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        found.push(("PGHOST", plain(host)));
    }
    if let Some(port) = url.port() {
        found.push(("PGPORT", port.to_string()));
    }
    if !url.username().is_empty() {
        found.push(("PGUSER", plain(url.username())));
    }
    if let Some(password) = url.password() {
        found.push(("PGPASSWORD", plain(password)));
    }
    let name = url.path().trim_start_matches('/');
    if !name.is_empty() {
        found.push(("PGDATABASE", plain(name)));
    }
    for (name, value) in url.query_pairs() {
        let variable = match &*name {
            "host" | "hostaddr" => "PGHOST",
            "port" => "PGPORT",
            "user" => "PGUSER",
            "password" => "PGPASSWORD",
            "dbname" => "PGDATABASE",
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            _ => continue,
        };
        found.push((variable, value.into_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_what_libpq_reads() {
        let url = "postgres://pro%40of:se+cret%2F@db.example:5433/ramp?sslmode=require&x=1";
        let expected = [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGUSER", "pro@of"),
            ("PGPASSWORD", "se+cret/"),
            ("PGDATABASE", "ramp"),
            ("PGSSLMODE", "require"),
        ];
        let found = environment(&Url::parse(url).unwrap());
        let found: Vec<_> = found.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(found, expected);
        let socket = Url::parse("postgres:///ramp?host=/run/postgresql").unwrap();
        let found = environment(&socket);
        assert!(found.contains(&("PGHOST", "/run/postgresql".to_owned())));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = missing("pg_dump", &std::io::ErrorKind::NotFound.into());
        assert!(error.to_string().contains("postgres_tools"));
    }
}
